/* tests/unit/test_notes.c -- notes are told once and counted always. */
#include <check.h>
#include <string.h>

#include "mem/notes.h"

struct told {
    unsigned lines;
    char last[128];
};

static void tell(void *ctx, const char *line)
{
    struct told *t = ctx;
    t->lines++;
    ck_assert_uint_lt(strlen(line), sizeof t->last);
    memcpy(t->last, line, strlen(line) + 1);
}

START_TEST(first_is_told_later_ones_count)
{
    struct told t = {0};
    struct notes notes = {.tell = tell, .ctx = &t};
    for (unsigned n = 0; n < 5; n++) {
        note(&notes, (enum note_id)0);
    }
    ck_assert_uint_eq(t.lines, 1);
    ck_assert_str_eq(t.last, note_text((enum note_id)0));
    ck_assert_uint_eq(notes.count[0], 5);
    note(&notes, (enum note_id)(NOTE_COUNT - 1));
    ck_assert_uint_eq(t.lines, 2);
    ck_assert_uint_eq(notes.count[NOTE_COUNT - 1], 1);
}
END_TEST

START_TEST(nobody_need_listen)
{
    struct notes notes = {.tell = NULL};
    note(&notes, (enum note_id)0);
    ck_assert_uint_eq(notes.count[0], 1);
    note(&notes, NOTE_COUNT); /* no such note: ignored */
    ck_assert_str_eq(note_text(NOTE_COUNT), "unknown note");
}
END_TEST

/* "UNIMP i8254: ..." or "GUEST_BUG i8254: ...", one line, each text once. */
START_TEST(texts_are_well_formed)
{
    for (unsigned n = 0; n < NOTE_COUNT; n++) {
        const char *s = note_text((enum note_id)n);
        ck_assert_ptr_nonnull(s);
        ck_assert_msg(strncmp(s, "UNIMP ", 6) == 0 || strncmp(s, "GUEST_BUG ", 10) == 0, "%s",
                      s);
        ck_assert_msg(strstr(s, ": ") != NULL && strchr(s, '\n') == NULL, "%s", s);
        for (unsigned k = 0; k < n; k++) {
            ck_assert_str_ne(s, note_text((enum note_id)k));
        }
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("notes");
    TCase *tc = tcase_create("notes");
    tcase_add_test(tc, first_is_told_later_ones_count);
    tcase_add_test(tc, nobody_need_listen);
    tcase_add_test(tc, texts_are_well_formed);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? 1 : 0;
}
