/* frontend/picture.c -- see the header. */
#include "frontend/picture.h"

#include <stdio.h>

/* --- size ----------------------------------------------------------------------------------
 */

/* Up to 720 pixels wide a mode filled a 4:3 monitor, whatever the shape of its pixels. */
static void shape(unsigned w, unsigned h, uint64_t *aw, uint64_t *ah)
{
    bool monitor = w <= 720 && h <= 576;
    *aw = monitor ? 4 : w;
    *ah = monitor ? 3 : h;
}

struct picture_size picture_fit(unsigned w, unsigned h, unsigned columns, unsigned lines)
{
    uint64_t aw, ah, most_w = columns ? columns : 1, most_h = lines ? 2 * (uint64_t)lines : 2;
    shape(w ? w : 1, h ? h : 1, &aw, &ah);
    uint64_t out_w = most_w, out_h = (most_w * ah + aw / 2) / aw;
    if (out_h > most_h) {
        out_h = most_h;
        out_w = (most_h * aw + ah / 2) / ah;
    }
    out_w = out_w > most_w ? most_w : out_w ? out_w : 1;
    out_h = out_h < 2 ? 2 : out_h & ~UINT64_C(1);
    return (struct picture_size){(unsigned)out_w, (unsigned)out_h};
}

/* --- scale ---------------------------------------------------------------------------------
 */

/* The source pixels [from, to) of output pixel i: at least one. */
static void span(unsigned i, unsigned in, unsigned out, unsigned *from, unsigned *to)
{
    *from = (unsigned)((uint64_t)i * in / out);
    *to = (unsigned)((uint64_t)(i + 1) * in / out);
    *to = *to > *from ? *to : *from + 1;
}

static uint32_t average(const uint32_t *pixels, unsigned pitch, unsigned x0, unsigned x1,
                        unsigned y0, unsigned y1)
{
    uint64_t r = 0, g = 0, b = 0, n = (uint64_t)(x1 - x0) * (y1 - y0);
    for (unsigned y = y0; y < y1; y++) {
        const uint32_t *row = pixels + (size_t)y * pitch;
        for (unsigned x = x0; x < x1; x++) {
            r += row[x] >> 16 & 0xFF;
            g += row[x] >> 8 & 0xFF;
            b += row[x] & 0xFF;
        }
    }
    return (uint32_t)((r + n / 2) / n << 16 | (g + n / 2) / n << 8 | (b + n / 2) / n);
}

void picture_scale(const uint32_t *pixels, struct picture_size from, uint32_t *out,
                   struct picture_size to)
{
    for (unsigned y = 0; y < to.h; y++) {
        unsigned y0, y1;
        span(y, from.h, to.h, &y0, &y1);
        for (unsigned x = 0; x < to.w; x++) {
            unsigned x0, x1;
            span(x, from.w, to.w, &x0, &x1);
            out[(size_t)y * to.w + x] = average(pixels, from.w, x0, x1, y0, y1);
        }
    }
}

/* --- colours -------------------------------------------------------------------------------
 */

static unsigned distance(uint32_t a, uint32_t b)
{
    unsigned sum = 0;
    for (unsigned shift = 0; shift < 24; shift += 8) {
        int d = (int)(a >> shift & 0xFF) - (int)(b >> shift & 0xFF);
        sum += (unsigned)(d * d);
    }
    return sum;
}

/* xterm's colours 16 to 231 are a cube of 6 levels, 232 to 255 greys in steps of 10. */
static uint32_t of_256(uint32_t rgb)
{
    static const uint8_t level[6] = {0, 95, 135, 175, 215, 255};
    uint32_t code = 0, cube = 0, sum = 0;
    for (int shift = 16; shift >= 0; shift -= 8) {
        unsigned v = rgb >> shift & 0xFF;
        unsigned i = v < 48 ? 0 : v < 115 ? 1 : (v - 35) / 40;
        code = code * 6 + i;
        cube = cube << 8 | level[i];
        sum += v;
    }
    unsigned mean = sum / 3, step = mean < 8 ? 0 : mean > 238 ? 23 : (mean - 3) / 10;
    uint32_t grey = (8 + 10 * step) * UINT32_C(0x010101);
    return distance(rgb, grey) < distance(rgb, cube) ? 232 + step : 16 + code;
}

/* ANSI's colours as terminals commonly show them: red 1, green 2, blue 4, bright 8. */
static uint32_t of_16(uint32_t rgb, unsigned n)
{
    static const uint32_t ansi[16] = {
        0x000000, 0xCD0000, 0x00CD00, 0xCDCD00, 0x0000EE, 0xCD00CD, 0x00CDCD, 0xE5E5E5,
        0x7F7F7F, 0xFF0000, 0x00FF00, 0xFFFF00, 0x5C5CFF, 0xFF00FF, 0x00FFFF, 0xFFFFFF};
    uint32_t best = 0;
    for (uint32_t i = 1; i < n; i++) {
        if (distance(rgb, ansi[i]) < distance(rgb, ansi[best])) {
            best = i;
        }
    }
    return best;
}

/* Ordered dither by a 4 x 4 Bayer matrix. */
static uint32_t of_2(uint32_t rgb, unsigned x, unsigned y)
{
    static const uint8_t bayer[4][4] = {
        {0, 8, 2, 10}, {12, 4, 14, 6}, {3, 11, 1, 9}, {15, 7, 13, 5}};
    unsigned light =
        (30 * (rgb >> 16 & 0xFF) + 59 * (rgb >> 8 & 0xFF) + 11 * (rgb & 0xFF)) / 100;
    return light >= bayer[y & 3][x & 3] * 16U + 8;
}

uint32_t picture_colour(enum picture_depth depth, uint32_t rgb, unsigned x, unsigned y)
{
    switch (depth) {
    case PICTURE_MONO: return of_2(rgb, x, y);
    case PICTURE_8: return of_16(rgb, 8);
    case PICTURE_16: return of_16(rgb, 16);
    case PICTURE_256: return of_256(rgb);
    case PICTURE_TRUE: break;
    }
    return rgb & 0xFFFFFF;
}

unsigned picture_sgr(enum picture_depth depth, bool background, uint32_t colour,
                     char out[PICTURE_SGR])
{
    unsigned c = (unsigned)colour, base = background ? 40 : 30;
    int n = 0;
    out[0] = '\0';
    switch (depth) {
    case PICTURE_MONO: break;
    case PICTURE_8:
    case PICTURE_16:
        n = snprintf(out, PICTURE_SGR, "\x1B[%um", base + (c & 7) + (c & 8 ? 60 : 0));
        break;
    case PICTURE_256: n = snprintf(out, PICTURE_SGR, "\x1B[%u;5;%um", base + 8, c); break;
    case PICTURE_TRUE:
        n = snprintf(out, PICTURE_SGR, "\x1B[%u;2;%u;%u;%um", base + 8, c >> 16 & 0xFF,
                     c >> 8 & 0xFF, c & 0xFF);
        break;
    }
    return (unsigned)n;
}
