/* test_picture.c -- pictures for a grid of character cells. */
#include "frontend/picture.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static void fits(unsigned w, unsigned h, unsigned columns, unsigned lines, unsigned want_w,
                 unsigned want_h)
{
    struct picture_size got = picture_fit(w, h, columns, lines);
    ck_assert_uint_eq(got.w, want_w);
    ck_assert_uint_eq(got.h, want_h);
}

START_TEST(fit)
{
    fits(320, 200, 80, 25, 67, 50);  /* 4:3, the height decides */
    fits(640, 400, 80, 100, 80, 60); /* the width does */
    fits(640, 480, 160, 60, 160, 120);
    fits(1600, 800, 100, 50, 100, 50); /* square pixels */
    fits(1, 1, 1, 1, 1, 2);
    fits(0, 0, 0, 0, 1, 2);
    for (unsigned c = 1; c < 200; c += 7) {
        for (unsigned l = 1; l < 90; l += 5) {
            struct picture_size s = picture_fit(1600, 1200, c, l);
            ck_assert(s.w >= 1 && s.w <= c && s.h >= 2 && s.h <= 2 * l && s.h % 2 == 0);
        }
    }
}
END_TEST

START_TEST(scale)
{
    static const uint32_t four[4] = {0x000000, 0x102030, 0x204060, 0x306090};
    uint32_t out[36];
    picture_scale(four, (struct picture_size){2, 2}, out, (struct picture_size){1, 1});
    ck_assert_uint_eq(out[0], 0x183048); /* the mean */
    picture_scale(four, (struct picture_size){2, 2}, out, (struct picture_size){6, 6});
    ck_assert_uint_eq(out[0], four[0]);
    ck_assert_uint_eq(out[2], four[0]);
    ck_assert_uint_eq(out[3], four[1]);
    ck_assert_uint_eq(out[35], four[3]);
    picture_scale(four, (struct picture_size){4, 1}, out, (struct picture_size){2, 1});
    ck_assert_uint_eq(out[0], 0x081018);
    ck_assert_uint_eq(out[1], 0x285078);
}
END_TEST

/* xterm's 256 colours, by its documentation (256colres.h): 16 + 36 r + 6 g + b; greys from 232.
 */
START_TEST(colours)
{
    ck_assert_uint_eq(picture_colour(PICTURE_256, 0x000000, 0, 0), 16);
    ck_assert_uint_eq(picture_colour(PICTURE_256, 0xFFFFFF, 0, 0), 231);
    ck_assert_uint_eq(picture_colour(PICTURE_256, 0xFF0000, 0, 0), 196);
    ck_assert_uint_eq(picture_colour(PICTURE_256, 0x5F87AF, 0, 0), 16 + 36 + 12 + 3);
    ck_assert_uint_eq(picture_colour(PICTURE_256, 0x080808, 0, 0), 232);
    ck_assert_uint_eq(picture_colour(PICTURE_256, 0xEEEEEE, 0, 0), 255);
    ck_assert_uint_eq(picture_colour(PICTURE_256, 0x767676, 0, 0), 243);
    ck_assert_uint_eq(picture_colour(PICTURE_TRUE, 0xAB123456, 0, 0), 0x123456);
    ck_assert_uint_eq(picture_colour(PICTURE_8, 0xAA0000, 0, 0), 1);
    ck_assert_uint_eq(picture_colour(PICTURE_16, 0xFF5555, 0, 0), 9);
    unsigned bright = 0;
    for (unsigned i = 0; i < 16; i++) {
        bright += picture_colour(PICTURE_MONO, 0x808080, i % 4, i / 4);
        ck_assert_uint_eq(picture_colour(PICTURE_MONO, 0xFFFFFF, i % 4, i / 4), 1);
        ck_assert_uint_eq(picture_colour(PICTURE_MONO, 0x000000, i % 4, i / 4), 0);
    }
    ck_assert_uint_eq(bright, 8);
}
END_TEST

static void chooses(enum picture_depth depth, bool background, uint32_t colour,
                    const char *want)
{
    char got[PICTURE_SGR];
    ck_assert_uint_eq(picture_sgr(depth, background, colour, got), strlen(want));
    ck_assert_str_eq(got, want);
}

START_TEST(sequences)
{
    chooses(PICTURE_TRUE, false, 0xFF8001, "\x1B[38;2;255;128;1m");
    chooses(PICTURE_TRUE, true, 0xFFFFFF, "\x1B[48;2;255;255;255m");
    chooses(PICTURE_256, true, 231, "\x1B[48;5;231m");
    chooses(PICTURE_16, false, 9, "\x1B[91m");
    chooses(PICTURE_16, true, 15, "\x1B[107m");
    chooses(PICTURE_8, true, 4, "\x1B[44m");
    chooses(PICTURE_MONO, true, 1, "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("picture");
    TCase *tc = tcase_create("picture");
    tcase_add_test(tc, fit);
    tcase_add_test(tc, scale);
    tcase_add_test(tc, colours);
    tcase_add_test(tc, sequences);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
