/* tests/unit/test_scaling.c -- a picture's size and place in a window. */
#include <check.h>

#include "frontend/scaling.h"

static void natural(unsigned w, unsigned h, int width, int height)
{
    int got_w, got_h;
    scaling_natural(w, h, &got_w, &got_h);
    ck_assert_msg(got_w == width && got_h == height, "%ux%u: %dx%d instead of %dx%d", w, h,
                  got_w, got_h, width, height);
}

START_TEST(windows_have_the_monitors_shape)
{
    natural(720, 400, 720, 540);
    natural(640, 480, 640, 480);
    natural(640, 350, 640, 480);
    natural(320, 200, 640, 480);
    natural(360, 400, 720, 540);
    natural(800, 600, 800, 600);
    natural(1024, 768, 1024, 768);
    natural(1280, 1024, 1280, 1024); /* 5:4, square pixels */
    natural(1280, 720, 1280, 720);
}
END_TEST

static void placed(unsigned w, unsigned h, int area_w, int area_h, bool integer,
                   struct box want)
{
    struct box b = scaling_place(w, h, area_w, area_h, integer);
    ck_assert_msg(b.x == want.x && b.y == want.y && b.w == want.w && b.h == want.h,
                  "%ux%u in %dx%d: %d,%d %dx%d", w, h, area_w, area_h, b.x, b.y, b.w, b.h);
}

START_TEST(parts_scale_by_themselves)
{
    ck_assert_uint_eq(scaling_parts(400, 540), 20); /* 20 lines become 27 */
    ck_assert_uint_eq(scaling_parts(400, 800), 400);
    ck_assert_uint_eq(scaling_parts(200, 481), 1);
    ck_assert_uint_eq(scaling_parts(480, 480), 480);
}
END_TEST

START_TEST(pictures_keep_their_shape)
{
    placed(720, 400, 720, 540, false, (struct box){0, 0, 720, 540});
    placed(320, 200, 1920, 1080, false, (struct box){240, 0, 1440, 1080});
    placed(640, 480, 480, 640, false, (struct box){0, 140, 480, 360});
    placed(1280, 720, 1000, 1000, false, (struct box){0, 218, 1000, 563});
    placed(800, 600, 0, 600, false, (struct box){0, 0, 0, 0});
    placed(0, 0, 800, 600, false, (struct box){0, 0, 0, 0});
    placed(800, 600, 1, 1, false, (struct box){0, 0, 1, 1});
}
END_TEST

START_TEST(whole_multiples)
{
    placed(320, 200, 1000, 1000, true, (struct box){20, 200, 960, 600});
    placed(720, 400, 1500, 801, true, (struct box){30, 0, 1440, 800});
    placed(800, 600, 799, 600, true, (struct box){0, 0, 799, 599}); /* none fits */
    ck_assert_int_eq(scaling_sharp(320, 640), 640);
    ck_assert_int_eq(scaling_sharp(320, 641), 960);
    ck_assert_int_eq(scaling_sharp(400, 540), 800);
    ck_assert_int_eq(scaling_sharp(400, 100), 400);
    ck_assert_int_eq(scaling_sharp(400, 0), 400);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("scaling");
    TCase *tc = tcase_create("scaling");
    tcase_add_test(tc, parts_scale_by_themselves);
    tcase_add_test(tc, windows_have_the_monitors_shape);
    tcase_add_test(tc, pictures_keep_their_shape);
    tcase_add_test(tc, whole_multiples);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
