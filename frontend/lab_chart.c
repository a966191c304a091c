/* frontend/lab_chart.c -- see the header. */
#include "frontend/lab_chart.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/font.h"
#include "frontend/png.h"
#include "frontend/report.h"

static uint64_t longest(const struct bar *bars, unsigned n)
{
    uint64_t most = 1;
    for (unsigned k = 0; k < n; k++) {
        most = bars[k].cycles > most ? bars[k].cycles : most;
    }
    return most;
}

/* cycles * width / most, without overflow where there are very many cycles. */
static unsigned length(uint64_t cycles, uint64_t most, unsigned width)
{
    while (most > UINT32_MAX) {
        most >>= 1;
        cycles >>= 1;
    }
    return (unsigned)(cycles * width / most);
}

void chart_text(const struct bar *bars, unsigned n, void (*put)(void *ctx, const char *piece),
                void *ctx)
{
    enum { WIDTH = 50 };
    uint64_t most = longest(bars, n);
    for (unsigned k = 0; k < n; k++) {
        char line[160], mark[WIDTH + 1];
        unsigned len = length(bars[k].cycles, most, WIDTH);
        memset(mark, bars[k].right ? '#' : 'x', WIDTH);
        mark[len] = '\0';
        snprintf(line, sizeof line, "%-12s |%-50s %" PRIu64 "%s\n", bars[k].name, mark,
                 bars[k].cycles, bars[k].right ? "" : " (the guest failed)");
        put(ctx, line);
    }
}

/* ---- PNG */

enum {
    PNG_WIDTH = 640,
    ROW_HEIGHT = 32,
    LEFT = 112,
    BAR_MOST = 380,
    GLYPH = 8,
    GLYPH_ROWS = 16
};
enum { WHITE = 0xFFFFFF, BLACK = 0x202020, BLUE = 0x3060A0, RED = 0xB04030 };

static void text_at(uint32_t *pixels, unsigned x, unsigned y, const char *s)
{
    for (; *s && x + GLYPH <= PNG_WIDTH; s++, x += GLYPH) {
        const uint8_t *g = font_glyph((uint8_t)*s);
        for (unsigned row = 0; row < GLYPH_ROWS; row++) {
            for (unsigned bit = 0; bit < GLYPH; bit++) {
                if (g[row] >> (7 - bit) & 1) {
                    pixels[(y + row) * PNG_WIDTH + x + bit] = BLACK;
                }
            }
        }
    }
}

static void draw(uint32_t *pixels, const struct bar *bars, unsigned n)
{
    uint64_t most = longest(bars, n);
    for (unsigned k = 0; k < n; k++) {
        unsigned top = k * ROW_HEIGHT + 6, len = length(bars[k].cycles, most, BAR_MOST) + 1;
        char number[24];
        for (unsigned y = top; y < top + 20; y++) {
            for (unsigned x = LEFT; x < LEFT + len; x++) {
                pixels[y * PNG_WIDTH + x] = bars[k].right ? BLUE : RED;
            }
        }
        snprintf(number, sizeof number, "%" PRIu64, bars[k].cycles);
        text_at(pixels, 8, top + 2, bars[k].name);
        text_at(pixels, LEFT + len + 8, top + 2, number);
    }
}

int chart_png(const char *path, const struct bar *bars, unsigned n, struct error *err)
{
    unsigned height = n * ROW_HEIGHT;
    size_t size = 0, pixels_n = (size_t)PNG_WIDTH * height;
    uint32_t *pixels = malloc(pixels_n * sizeof *pixels);
    uint8_t *bytes = NULL;
    if (pixels) {
        for (size_t k = 0; k < pixels_n; k++) {
            pixels[k] = WHITE;
        }
        draw(pixels, bars, n);
        bytes = png_encode(pixels, PNG_WIDTH, height, &size);
    }
    FILE *f = bytes ? fopen(path, "wb") : NULL;
    bool failed = !f || fwrite(bytes, 1, size, f) != size;
    failed |= f && fclose(f) != 0;
    free(bytes);
    free(pixels);
    return failed ? error_set(err, "-chart %s: cannot write", short_path(path)) : 0;
}
