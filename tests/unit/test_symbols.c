/* tests/unit/test_symbols.c -- names for addresses. */
#include "frontend/posix.h"

#include "frontend/symbols.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[] = "/tmp/terrapin-symbols-XXXXXX";

static struct symbols *load(const char *text, struct error *err)
{
    snprintf(path, sizeof path, "%s", "/tmp/terrapin-symbols-XXXXXX");
    int fd = mkstemp(path);
    FILE *f = fdopen(fd, "w");
    fputs(text, f);
    fclose(f);
    struct symbols *s = symbols_load(path, err);
    unlink(path);
    return s;
}

START_TEST(names)
{
    struct error err = {""};
    char name[SYMBOL_TEXT];
    struct symbols *s = load("c0001000 T second\nc0000010 t first\nc0000800 D data\nnonsense\n"
                             "c0001000 T alias\n         U elsewhere\n",
                             &err);
    ck_assert_ptr_ne(s, NULL);
    ck_assert(!symbols_name(s, 0xC000000F, name));
    ck_assert(symbols_name(s, 0xC0000010, name));
    ck_assert_str_eq(name, "first+0x0");
    ck_assert(symbols_name(s, 0xC0000FFF, name));
    ck_assert_str_eq(name, "first+0xfef");
    ck_assert(symbols_name(s, 0xC0001002, name));
    ck_assert_str_eq(name, "second+0x2");
    ck_assert(!symbols_name(s, 0xC0101000, name)); /* too far from anything */
    char *text = symbols_annotate(s, "heading\nc0000012 5 times\n00000010 none\nc0001002 last");
    ck_assert_str_eq(text, "heading\nc0000012 5 times  first+0x2\n00000010 none\n"
                           "c0001002 last  second+0x2");
    free(text);
    text = symbols_annotate(NULL, "c0000012 x\n");
    ck_assert_str_eq(text, "c0000012 x\n");
    free(text);
    symbols_free(s);
}
END_TEST

START_TEST(refused)
{
    struct error err = {""};
    ck_assert_ptr_eq(load("", &err), NULL);
    ck_assert_ptr_ne(strstr(err.text, "ADDRESS t NAME"), NULL);
    ck_assert_ptr_eq(symbols_load("/nonexistent/map", &err), NULL);
    ck_assert_ptr_ne(strstr(err.text, "cannot read"), NULL);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("symbols");
    TCase *tc = tcase_create("symbols");
    tcase_add_test(tc, names);
    tcase_add_test(tc, refused);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
