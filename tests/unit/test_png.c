/* test_png.c -- a PNG is taken apart again: signature, chunks, CRCs, and every pixel. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "frontend/png.h"

enum { W = 37, H = 11 };

static uint32_t pixel(unsigned x, unsigned y)
{
    return (x * 7919 + y * 104729 + x * y * 31) & 0xFFFFFF;
}

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Checks the chunk at p and returns its data; *next: behind it. */
static const uint8_t *chunk(const uint8_t *p, const char *type, uint32_t *n,
                            const uint8_t **next)
{
    *n = be32(p);
    ck_assert_int_eq(memcmp(p + 4, type, 4), 0);
    ck_assert_uint_eq(be32(p + 8 + *n), crc32(0, p + 4, *n + 4));
    *next = p + 12 + *n;
    return p + 8;
}

static void check_rows(const uint8_t *packed, uint32_t n)
{
    uint8_t rows[H][W * 3 + 1], above[W * 3] = {0};
    uLongf size = sizeof rows;
    ck_assert_int_eq(uncompress(rows[0], &size, packed, n), Z_OK);
    ck_assert_uint_eq(size, sizeof rows);
    for (unsigned y = 0; y < H; y++) {
        ck_assert_uint_eq(rows[y][0], 2); /* filter Up */
        for (unsigned i = 0; i < W * 3; i++) {
            above[i] = (uint8_t)(above[i] + rows[y][1 + i]);
            ck_assert_uint_eq(above[i], pixel(i / 3, y) >> (16 - i % 3 * 8) & 0xFF);
        }
    }
}

static uint32_t *picture(void)
{
    static uint32_t pixels[W * H];
    for (unsigned i = 0; i < W * H; i++) {
        pixels[i] = pixel(i % W, i / W);
    }
    return pixels;
}

START_TEST(png)
{
    size_t size = 0;
    uint8_t *file = png_encode(picture(), W, H, &size);
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(memcmp(file, "\x89PNG\r\n\x1A\n", 8), 0);
    uint32_t n;
    const uint8_t *next, *data = chunk(file + 8, "IHDR", &n, &next);
    ck_assert_uint_eq(n, 13);
    ck_assert_uint_eq(be32(data), W);
    ck_assert_uint_eq(be32(data + 4), H);
    ck_assert_int_eq(memcmp(data + 8, "\x08\x02\x00\x00\x00", 5), 0);
    data = chunk(next, "IDAT", &n, &next);
    check_rows(data, n);
    chunk(next, "IEND", &n, &next);
    ck_assert_uint_eq(n, 0);
    ck_assert_uint_eq((size_t)(next - file), size);
    free(file);
}
END_TEST

START_TEST(ppm)
{
    size_t size = 0;
    uint8_t *file = ppm_encode(picture(), W, H, &size);
    ck_assert_ptr_nonnull(file);
    const char head[] = "P6\n37 11\n255\n";
    ck_assert_uint_eq(size, sizeof head - 1 + W * H * 3);
    ck_assert_int_eq(memcmp(file, head, sizeof head - 1), 0);
    const uint8_t *last = file + size - 3;
    ck_assert_uint_eq((uint32_t)last[0] << 16 | (uint32_t)last[1] << 8 | last[2],
                      pixel(W - 1, H - 1));
    free(file);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("png");
    TCase *tc = tcase_create("png");
    tcase_add_test(tc, png);
    tcase_add_test(tc, ppm);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
