/* frontend/png.c -- see the header.
 *
 * A PNG is a signature and chunks: length, type, data, CRC of type and data, all big-endian.
 * IHDR (size, 8 bits, colour type 2), one IDAT (zlib stream of rows, each behind its filter
 * byte) and IEND are enough. Rows use filter 2 (difference to the row above): screens are full
 * of equal rows.
 */
#include "frontend/png.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static const uint8_t signature[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

static uint8_t *put_be32(uint8_t *to, uint32_t v)
{
    for (int shift = 24; shift >= 0; shift -= 8) {
        *to++ = (uint8_t)(v >> shift);
    }
    return to;
}

/* The data is in place already, 8 bytes behind `to`. */
static uint8_t *put_chunk(uint8_t *to, const char *type, uint32_t n)
{
    uint8_t *name = put_be32(to, n);
    memcpy(name, type, 4);
    return put_be32(name + 4 + n, (uint32_t)crc32(crc32(0, NULL, 0), name, n + 4));
}

static void put_rgb(uint8_t *to, const uint32_t *pixels, size_t n)
{
    for (size_t i = 0; i < n; i++, to += 3) {
        to[0] = (uint8_t)(pixels[i] >> 16);
        to[1] = (uint8_t)(pixels[i] >> 8);
        to[2] = (uint8_t)pixels[i];
    }
}

/* Filtered rows, malloc'ed. */
static uint8_t *filter_rows(const uint32_t *pixels, unsigned width, unsigned height)
{
    enum { FILTER_UP = 2 };
    size_t row = (size_t)width * 3;
    uint8_t *rows = malloc((row + 1) * height + 1);
    for (unsigned y = height; rows && y-- > 0;) {
        uint8_t *to = rows + (row + 1) * y;
        to[0] = FILTER_UP;
        put_rgb(to + 1, pixels + (size_t)width * y, width);
        for (size_t i = 0; y + 1 < height && i < row; i++) {
            uint8_t *below = to + row + 2 + i; /* done before, unfiltered */
            *below = (uint8_t)(*below - to[1 + i]);
        }
    }
    return rows;
}

uint8_t *png_encode(const uint32_t *pixels, unsigned width, unsigned height, size_t *size)
{
    enum { CHUNK_OVERHEAD = 12, IHDR = 13 };
    uLong raw = (uLong)((size_t)width * 3 + 1) * height;
    uLongf packed = compressBound(raw);
    uint8_t *rows = filter_rows(pixels, width, height);
    uint8_t *png = malloc(sizeof signature + 3 * CHUNK_OVERHEAD + IHDR + packed);
    if (!rows || !png) {
        free(rows);
        free(png);
        return NULL;
    }
    uint8_t *to = png;
    memcpy(to, signature, sizeof signature);
    to += sizeof signature;
    put_be32(to + 8, width);
    put_be32(to + 12, height);
    memcpy(to + 16, "\x08\x02\x00\x00\x00", 5); /* 8 bits, truecolour, the only methods */
    to = put_chunk(to, "IHDR", IHDR);
    int rc = compress2(to + 8, &packed, rows, raw, Z_DEFAULT_COMPRESSION);
    free(rows);
    if (rc != Z_OK) {
        free(png);
        return NULL;
    }
    to = put_chunk(to, "IDAT", (uint32_t)packed);
    to = put_chunk(to, "IEND", 0);
    *size = (size_t)(to - png);
    return png;
}

uint8_t *ppm_encode(const uint32_t *pixels, unsigned width, unsigned height, size_t *size)
{
    char head[64];
    int n = snprintf(head, sizeof head, "P6\n%u %u\n255\n", width, height);
    size_t count = (size_t)width * height;
    uint8_t *ppm = malloc((size_t)n + count * 3);
    if (ppm) {
        memcpy(ppm, head, (size_t)n);
        put_rgb(ppm + n, pixels, count);
        *size = (size_t)n + count * 3;
    }
    return ppm;
}
