/* test_script.c -- words and escapes, what a script may hold, and the rows of a screen. */
#include "frontend/posix.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frontend/commands.h"
#include "frontend/screen_text.h"
#include "frontend/script.h"

static struct words w;
static struct error err;

static void split(const char *line, unsigned n)
{
    words_free(&w);
    ck_assert_msg(words_split(&w, line, &err) == 0, "%s: %s", line, err.text);
    ck_assert_uint_eq(w.n, n);
}

START_TEST(words)
{
    split("", 0);
    split("   # all of it\n", 0);
    split("run 5", 2);
    ck_assert_str_eq(w.word[0], "run");
    ck_assert_str_eq(w.word[1], "5");
    split(" change\tfloppy0  disk#1.img # another\r\n", 3);
    ck_assert_str_eq(w.word[2], "disk#1.img");
}
END_TEST

START_TEST(escapes)
{
    split("type \"dir\\n\\t\\e\\\"\\\\\\x41\\xfe\\q\\x4\\C:\\\\\"", 2);
    ck_assert_str_eq(w.word[1], "dir\n\t\x1B\"\\A\xFE\\q\\x4\\C:\\");
}
END_TEST

START_TEST(strings_that_are_refused)
{
    static const char *const bad[] = {"print \"abc", "print \"a # b\"#", "print \"abc\\\"",
                                      "print \"a\"b", "print \"\\x00\""};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        words_free(&w);
        ck_assert_msg(words_split(&w, bad[i], &err) < 0, "%s is accepted", bad[i]);
    }
    char many[400];
    memset(many, 0, sizeof many);
    for (unsigned i = 0; i < LINE_WORDS + 1; i++) {
        strcat(many, "a ");
    }
    ck_assert_int_lt(words_split(&w, many, &err), 0);
}
END_TEST

static void refused(const char *line, bool script, const char *why)
{
    words_free(&w);
    ck_assert_int_eq(words_split(&w, line, &err), 0);
    ck_assert_msg(command_check(&w, script, &err) < 0, "%s is accepted", line);
    ck_assert_msg(strstr(err.text, why) != NULL, "%s: %s", line, err.text);
}

static void accepted(const char *line, bool script)
{
    words_free(&w);
    ck_assert_int_eq(words_split(&w, line, &err), 0);
    ck_assert_msg(command_check(&w, script, &err) == 0, "%s: %s", line, err.text);
}

START_TEST(commands)
{
    static const char *const good[] = {"wait-screen \"A:\\\\>\"",
                                       "wait-screen x 5",
                                       "run 1",
                                       "run-to 100",
                                       "type \"dir\\n\"",
                                       "sendkey ret",
                                       "mouse_move 1 2",
                                       "mouse_button 0",
                                       "screendump a.png",
                                       "eject floppy0",
                                       "change floppy0 f",
                                       "system_reset",
                                       "info pic",
                                       "x/4xb $eip",
                                       "xp 0 + 4",
                                       "hash",
                                       "print a b c",
                                       "quit",
                                       "quit 3"};
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        accepted(good[i], true);
        accepted(good[i], false);
    }
    accepted("stop", false);
    accepted("cont", false);
    refused("stop", true, "script");
    refused("cont", true, "script");
    accepted("savevm f", true);
    accepted("loadvm f", true);
    accepted("system_powerdown", true);
    refused("jump", true, "jump: unknown command");
    refused("run", true, "missing");
    refused("run 1 2", true, "too many");
    refused("run/4 1", true, "unknown");
}
END_TEST

/* A script of this text; NULL and err, or the caller's to free. */
static struct script *load(const char *text)
{
    static char path[] = "/tmp/script-XXXXXX";
    memcpy(path + sizeof path - 7, "XXXXXX", 6);
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq((int)write(fd, text, strlen(text)), (int)strlen(text));
    close(fd);
    struct script *sc = script_load(path, &err);
    unlink(path);
    return sc;
}

START_TEST(scripts)
{
    struct script *sc = load("# nothing yet\n\nrun 1\r\n  print \"a\"");
    ck_assert_msg(sc != NULL, "%s", err.text);
    script_free(sc);
    sc = load("");
    ck_assert_ptr_nonnull(sc);
    script_free(sc);
    ck_assert_ptr_null(load("run 1\n\nstop\n"));
    ck_assert_msg(strstr(err.text, ":3: stop") != NULL, "%s", err.text);
    ck_assert_ptr_null(load("run 1\nprint \"x\n"));
    ck_assert_msg(strstr(err.text, ":2: ") != NULL, "%s", err.text);
    ck_assert_ptr_null(script_load("/nonexistent/script", &err));
    ck_assert_msg(strstr(err.text, "/nonexistent/script") != NULL, "%s", err.text);
}
END_TEST

static struct screen sc;

static void put(unsigned x, unsigned y, const char *cp437)
{
    for (; *cp437; cp437++, x++) {
        sc.cells[y * sc.columns + x][0] = (uint8_t)*cp437;
    }
}

START_TEST(screen_rows)
{
    char row[SCREEN_ROW_BYTES];
    sc = (struct screen){.text = true, .columns = 80, .rows = 25};
    put(0, 0, "A:\\>dir   ");
    put(2, 3, "\xC9\xCD\xBB \x01 caf\x82\xFF");
    put(78, 4, "en");
    put(0, 5, "d");
    screen_row(&sc, 0, row);
    ck_assert_str_eq(row, "A:\\>dir");
    screen_row(&sc, 3, row);
    ck_assert_str_eq(row, "  \u2554\u2550\u2557 \u263A caf\u00E9");
    screen_row(&sc, 1, row);
    ck_assert_str_eq(row, "");
    ck_assert(screen_has(&sc, "A:\\>"));
    ck_assert(screen_has(&sc, "caf\u00E9"));
    ck_assert(!screen_has(&sc, "a:\\>")); /* case counts */
    ck_assert(!screen_has(&sc, "end"));   /* one row at a time */
    ck_assert(!screen_has(&sc, "dir "));  /* trailing blanks are cut */
    sc.text = false;
    ck_assert(!screen_has(&sc, "A:\\>"));
}
END_TEST

START_TEST(widest_row_fits)
{
    char row[SCREEN_ROW_BYTES];
    sc = (struct screen){.text = true, .columns = 132, .rows = 60};
    memset(sc.cells, 0xDB, sizeof sc.cells); /* full blocks: three bytes each */
    screen_row(&sc, 59, row);
    ck_assert_uint_eq(strlen(row), SCREEN_ROW_BYTES - 1);
    char *all = screen_all(&sc);
    ck_assert_uint_eq(strlen(all), 60 * SCREEN_ROW_BYTES);
    free(all);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("script");
    TCase *tc = tcase_create("script");
    tcase_add_test(tc, words);
    tcase_add_test(tc, escapes);
    tcase_add_test(tc, strings_that_are_refused);
    tcase_add_test(tc, commands);
    tcase_add_test(tc, scripts);
    tcase_add_test(tc, screen_rows);
    tcase_add_test(tc, widest_row_fits);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    words_free(&w);
    return failed != 0;
}
