/* test_edit.c -- the line editor of the monitors, and completion. */
#include "frontend/complete.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct edit e;

static void setup(void)
{
    memset(&e, 0, sizeof e);
}

/* Types bytes as a terminal sends them; Return enters. The result of the last key. */
static enum edit_result types(const char *bytes)
{
    enum edit_result r = EDIT_SAME;
    for (; *bytes; bytes++) {
        unsigned key = edit_decode(&e, (uint8_t)*bytes);
        if (key != EDIT_NONE) {
            r = edit_key(&e, key);
            ck_assert_uint_eq(e.len, strlen(e.line));
            ck_assert_uint_le(e.at, e.len);
            if (r == EDIT_ENTERED && bytes[1]) {
                edit_next(&e);
            }
        }
    }
    return r;
}

static void gives(const char *bytes, const char *line)
{
    setup();
    types(bytes);
    ck_assert_str_eq(e.line, line);
}

START_TEST(keys)
{
    gives("abc\x7F\bd", "ad");
    gives("bc\x1B[Da\x1B[Hx\x1B[Fy", "xbacy");
    gives("abc\x01\x04", "bc");
    gives("abc\x1BOD\x1BOD\x1B[3~", "ac");
    gives("one two\x17", "one ");
    gives("one two\x15", "");
    gives("one two\x01\x06\x0B", "o");
    gives("one two\x1B[1;5Dx\x1B"
          "by",
          "one yxtwo");
    gives("abc\x03z", "z");
    gives("a\x1B[99~b\x1B[Zc", "abc"); /* unknown sequences are nothing */
    gives("\xC3\xA4\xE2\x96\x80\x7F", "\xC3\xA4");
    gives("\xC3\xA4\xC3\xB6\x1B[D\x1B[Dx", "x\xC3\xA4\xC3\xB6");
    ck_assert_uint_eq(edit_columns("a\xC3\xA4\xE2\x96\x80", 6), 3);
}
END_TEST

START_TEST(results)
{
    ck_assert_int_eq(types("abc\r"), EDIT_ENTERED);
    ck_assert_str_eq(e.line, "abc");
    edit_next(&e);
    ck_assert_str_eq(e.line, "");
    ck_assert_int_eq(types("\x04"), EDIT_CLOSED);
    ck_assert_int_eq(types("x\x04"), EDIT_CHANGED);
    ck_assert_int_eq(types("\t"), EDIT_TAB);
    ck_assert_int_eq(types("\x0C"), EDIT_CLEAR);
}
END_TEST

START_TEST(history)
{
    types("one\rtwo\rtwo\r\rnew");
    types("\x1B[A");
    ck_assert_str_eq(e.line, "two"); /* neither twice nor empty */
    types("\x10");
    ck_assert_str_eq(e.line, "one");
    ck_assert_int_eq(types("\x1B[A"), EDIT_SAME);
    ck_assert_str_eq(e.line, "one");
    types("\x1B[B\x0E");
    ck_assert_str_eq(e.line, "new");
    ck_assert_int_eq(types("\x0E"), EDIT_SAME);
    setup();
    for (int i = 0; i < 3 * EDIT_HISTORY; i++) {
        char line[16];
        snprintf(line, sizeof line, "l%d\rx", i);
        types(line);
        types("\x15");
    }
    for (int i = 0; i < 2 * EDIT_HISTORY; i++) {
        types("\x1B[A");
    }
    char oldest[16];
    snprintf(oldest, sizeof oldest, "l%d", 2 * EDIT_HISTORY);
    ck_assert_str_eq(e.line, oldest);
}
END_TEST

/* Whatever comes, the line stays a line. */
START_TEST(hostile)
{
    static const char often[] = "\x1B[A[B[C[D\x04\x05\x01\x0B\x17\r\t~;5O";
    uint32_t seed = 1;
    for (int i = 0; i < 500000; i++) {
        seed = seed * 1664525 + 1013904223;
        uint8_t byte = (uint8_t)(seed >> 24);
        byte = byte < 64 ? (uint8_t)often[byte % (sizeof often - 1)] : byte;
        unsigned key = edit_decode(&e, byte);
        char text[COMPLETE_TEXT];
        switch (key == EDIT_NONE ? EDIT_SAME : edit_key(&e, key)) {
        case EDIT_ENTERED: edit_next(&e); break;
        case EDIT_TAB: complete_line(&e, text); break;
        default: break;
        }
        ck_assert_uint_lt(e.len, EDIT_LINE);
        ck_assert_uint_le(e.at, e.len);
        ck_assert_int_eq(e.line[e.len], 0);
    }
    setup();
    for (int i = 0; i < 2 * EDIT_LINE; i++) {
        types("x");
    }
    ck_assert_uint_eq(e.len, EDIT_LINE - 1);
}
END_TEST

static void completes(const char *typed, const char *line, const char *candidates)
{
    char text[COMPLETE_TEXT];
    setup();
    types(typed);
    complete_line(&e, text);
    ck_assert_str_eq(e.line, line);
    ck_assert_str_eq(text, candidates);
}

START_TEST(completion)
{
    completes("scr", "screendump ", "");
    completes("sys", "system_", "");
    completes("system_", "system_", "system_reset system_powerdown ");
    completes("inf", "info ", "");
    completes("info reg", "info registers ", "");
    completes("  change flo", "  change floppy", "");
    completes("help eje", "help eject ", "");
    completes("nosuch", "nosuch", "");
    completes("nosuch a", "nosuch a", "");
    completes("quit ", "quit ", "");
    completes("savevm CMakeL", "savevm CMakeLists.txt ", "");
    completes("savevm -incremental CMakeL", "savevm -incremental CMakeLists.txt ", "");
    completes("savevm -incremental x CMakeL", "savevm -incremental x CMakeLists.txt ", "");
    completes("savevm -disk-only CMakeL", "savevm -disk-only CMakeLists.txt ", "");
    completes("savevm -r", "savevm -raw ", "");
    completes("change cdrom frontend/comp", "change cdrom frontend/complete.", "");
    completes("loadvm front", "loadvm frontend/", "");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("edit");
    TCase *tc = tcase_create("edit");
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, keys);
    tcase_add_test(tc, results);
    tcase_add_test(tc, history);
    tcase_add_test(tc, hostile);
    tcase_add_test(tc, completion);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
