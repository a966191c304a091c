/* tests/unit/test_vt_page.c -- the small terminal of the serial view. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "frontend/vt_page.h"

static struct vt_page t;

static void put(const char *text)
{
    for (; *text; text++) {
        vt_page_put(&t, (uint8_t)*text);
    }
}

static void row_is(unsigned y, const char *want)
{
    char got[VT_PAGE_COLUMNS + 1] = "";
    size_t n = 0;
    for (unsigned x = 0; x < VT_PAGE_COLUMNS; x++) {
        got[x] = t.cell[y][x] ? (char)t.cell[y][x] : ' ';
        n = got[x] != ' ' ? x + 1 : n;
    }
    got[n] = '\0';
    ck_assert_str_eq(got, want);
}

START_TEST(text_goes_line_by_line)
{
    vt_page_clear(&t);
    put("one\r\ntwo\n x\b\by\ttab\r>");
    row_is(0, "one");
    row_is(1, "two");
    row_is(2, ">  yx   tab");
    ck_assert_uint_eq(t.x, 1);
}
END_TEST

START_TEST(long_lines_wrap_and_the_page_scrolls)
{
    vt_page_clear(&t);
    for (unsigned i = 0; i < VT_PAGE_COLUMNS; i++) {
        put("a");
    }
    ck_assert_uint_eq(t.y, 0); /* not before there is something to put there */
    put("b");
    row_is(1, "b");
    for (unsigned i = 0; i < VT_PAGE_ROWS; i++) {
        put("\r\nz");
    }
    row_is(0, "z");
    row_is(VT_PAGE_ROWS - 1, "z");
    ck_assert_uint_eq(t.y, VT_PAGE_ROWS - 1);
}
END_TEST

START_TEST(sequences_of_ecma_48)
{
    vt_page_clear(&t);
    put("abcdef\x1B[3D!\x1B[K");
    row_is(0, "abc!");
    put("\x1B[5;3Hx\x1B[Ay\x1B[2Bz\x1B[10Gc");
    row_is(4, "  x");
    row_is(3, "   y");
    row_is(5, "    z    c");
    put("\x1B[1;31mred\x1B[0m\x1B]0;title\x07 \x1B(Bend\x1B[?25l");
    row_is(5, "    z    cred end");
    put("\x1B[1K.");
    row_is(5, "                 .");
    put("\x1B[2J\x1B[H$");
    row_is(0, "$");
    row_is(5, "");
    put("\x1B[999;999H\x1B[9999999999999999999C#");
    row_is(VT_PAGE_ROWS - 1,
           "                                                                   "
           "            #");
}
END_TEST

/* Whatever a guest sends stays on the grid. */
START_TEST(noise_does_no_harm)
{
    uint32_t seed = 1;
    vt_page_clear(&t);
    for (unsigned i = 0; i < 2000000; i++) {
        static const char often[] = "\x1B[;123456789ABCDGHJKfm\n\r\b\t";
        seed = seed * 1664525 + 1013904223;
        uint8_t byte = (uint8_t)(seed >> 24);
        vt_page_put(&t, seed >> 16 & 1 ? (uint8_t)often[byte % (sizeof often - 1)] : byte);
        ck_assert_uint_le(t.x, VT_PAGE_COLUMNS);
        ck_assert_uint_lt(t.y, VT_PAGE_ROWS);
        ck_assert_uint_lt(t.parameters, VT_PAGE_PARAMETERS);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("vt_page");
    TCase *tc = tcase_create("vt_page");
    tcase_add_test(tc, text_goes_line_by_line);
    tcase_add_test(tc, long_lines_wrap_and_the_page_scrolls);
    tcase_add_test(tc, sequences_of_ecma_48);
    tcase_add_test(tc, noise_does_no_harm);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
