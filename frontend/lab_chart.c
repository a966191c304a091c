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

static int write_picture(const char *path, const uint32_t *pixels, unsigned height,
                         struct error *err)
{
    size_t size = 0;
    uint8_t *bytes = pixels ? png_encode(pixels, PNG_WIDTH, height, &size) : NULL;
    FILE *f = bytes ? fopen(path, "wb") : NULL;
    bool failed = !f || fwrite(bytes, 1, size, f) != size;
    failed |= f && fclose(f) != 0;
    free(bytes);
    return failed ? error_set(err, "-chart %s: cannot write", short_path(path)) : 0;
}

static uint32_t *white(unsigned height)
{
    size_t n = (size_t)PNG_WIDTH * height;
    uint32_t *pixels = malloc(n * sizeof *pixels);
    for (size_t k = 0; pixels && k < n; k++) {
        pixels[k] = WHITE;
    }
    return pixels;
}

int chart_png(const char *path, const struct bar *bars, unsigned n, struct error *err)
{
    uint32_t *pixels = white(n * ROW_HEIGHT);
    if (pixels) {
        draw(pixels, bars, n);
    }
    int result = write_picture(path, pixels, n * ROW_HEIGHT, err);
    free(pixels);
    return result;
}

/* ---- curves */

void curves_text(const struct curve *curves, unsigned n,
                 void (*put)(void *ctx, const char *piece), void *ctx)
{
    char cell[64];
    put(ctx, "exit + entry");
    for (unsigned k = 0; k < n; k++) {
        snprintf(cell, sizeof cell, " %14s", curves[k].name);
        put(ctx, cell);
    }
    put(ctx, "\n");
    for (unsigned x = 0; x < CURVE_POINTS; x++) {
        snprintf(cell, sizeof cell, "%12u", x * CURVE_STEP);
        put(ctx, cell);
        for (unsigned k = 0; k < n; k++) {
            snprintf(cell, sizeof cell, " %14" PRIu64, curves[k].y[x]);
            put(ctx, cell);
        }
        put(ctx, "\n");
    }
}

enum { CURVE_HEIGHT = 360, CURVE_BOTTOM = 320, CURVE_LEFT = 20, CURVE_WIDTH = 500 };

static void draw_curve(uint32_t *pixels, const struct curve *c, uint64_t most, uint32_t colour)
{
    unsigned last = CURVE_BOTTOM;
    for (unsigned x = 0; x <= CURVE_WIDTH; x++) {
        unsigned point = x * (CURVE_POINTS - 1) / CURVE_WIDTH;
        unsigned part = x * (CURVE_POINTS - 1) % CURVE_WIDTH;
        unsigned from = length(c->y[point], most, CURVE_BOTTOM - 20);
        unsigned to = part ? length(c->y[point + 1], most, CURVE_BOTTOM - 20) : from;
        unsigned y = CURVE_BOTTOM - (from * (CURVE_WIDTH - part) + to * part) / CURVE_WIDTH;
        unsigned low = x && last > y ? last : y;
        for (unsigned k = y; k <= low; k++) {
            pixels[k * PNG_WIDTH + CURVE_LEFT + x] = colour;
            pixels[k * PNG_WIDTH + CURVE_LEFT + x + 1] = colour;
        }
        last = y;
    }
    text_at(pixels, CURVE_LEFT + CURVE_WIDTH + 8, last - GLYPH_ROWS / 2, c->name);
}

int curves_png(const char *path, const struct curve *curves, unsigned n, struct error *err)
{
    static const uint32_t colours[] = {RED, BLUE, 0x308040};
    uint32_t *pixels = white(CURVE_HEIGHT);
    uint64_t most = 1;
    char number[32];
    for (unsigned k = 0; k < n; k++) {
        uint64_t y = curves[k].y[CURVE_POINTS - 1];
        most = y > most ? y : most;
    }
    if (pixels) {
        for (unsigned x = 0; x <= CURVE_WIDTH; x++) {
            pixels[(CURVE_BOTTOM + 1) * PNG_WIDTH + CURVE_LEFT + x] = BLACK;
        }
        for (unsigned k = 0; k < n; k++) {
            draw_curve(pixels, &curves[k], most, colours[k % ARRAY_LEN(colours)]);
        }
        snprintf(number, sizeof number, "%u", (CURVE_POINTS - 1) * CURVE_STEP);
        text_at(pixels, CURVE_LEFT, CURVE_BOTTOM + 8, "0");
        text_at(pixels, CURVE_LEFT + CURVE_WIDTH - 32, CURVE_BOTTOM + 8, number);
        text_at(pixels, CURVE_LEFT + 120, CURVE_BOTTOM + 8, "cycles an exit and entry");
        text_at(pixels, CURVE_LEFT, 2, "cycles, all");
    }
    int result = write_picture(path, pixels, CURVE_HEIGHT, err);
    free(pixels);
    return result;
}
