/* test_vt_filter.c -- what of a guest's output reaches a terminal. */
#include "frontend/vt_filter.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct vt_filter f;

static const char *through(const char *text)
{
    static char out[4096];
    size_t n = 0;
    for (; *text; text++) {
        uint8_t piece[VT_LONGEST];
        size_t len = vt_filter(&f, (uint8_t)*text, piece);
        ck_assert_uint_le(len, VT_LONGEST);
        memcpy(out + n, piece, len);
        n += len;
    }
    out[n] = '\0';
    return out;
}

static void gives(const char *text, const char *want)
{
    f = (struct vt_filter){0};
    const char *got = through(text);
    ck_assert_msg(strcmp(got, want) == 0, "%s", got);
}

START_TEST(passes)
{
    static const char *const same[] = {
        "plain text\r\n\ttab\b\a\f\v\x0E\x0F",
        "\x1B[2J\x1B[H\x1B[1;31mred\x1B[0m\x1B[K",
        "\x1B[12;40H\x1B[6n\x1B[c\x1B[?25l\x1B[?1049h\x1B[4;20r\x1B[3A\x1B[2L",
        "\x1B"
        "7\x1B"
        "8\x1BM\x1B(0\x1B)B\x1B=\x1B>\x1B"
        "c\x1B#8",
        "\x1B[2 q\x1B[!p",
        "caf\xC3\xA9 \xE2\x94\x80 \xF0\x9F\x90\xA2 \xC2\xA0\xC2\xBF", /* UTF-8 */
        "\xE4\xF6\xFC",                                               /* Latin-1 */
        "\x1B[3\r1m",                                                 /* CR acts at once */
    };
    for (unsigned i = 0; i + 1 < ARRAY_LEN(same); i++) {
        gives(same[i], same[i]);
    }
    gives(same[ARRAY_LEN(same) - 1], "\r\x1B[31m");
}
END_TEST

START_TEST(does_not_pass)
{
    static const struct {
        const char *text, *want;
    } row[] = {
        {"a\x1B]0;title\ab", "ab"},           /* window title */
        {"a\x1B]52;c;cm0gLXJm\x1B\\b", "ab"}, /* clipboard */
        {"a\x1BP$q\"p\x1B\\b", "ab"},         /* DECRQSS */
        {"a\x1B_x\x1B\\\x1B^y\x1B\\\x1BXz\x1B\\b", "ab"},
        {"a\x1B]0;x\x1B[31mb", "a\x1B[31mb"}, /* broken off */
        {"a\x1B[21tb\x1B[8;1;1t", "ab"},      /* window reports */
        {"a\x1B[5i\x1B[4ib", "ab"},           /* printer */
        {"a\x1B[>c\x1B[=c\x1B[>qb", "ab"},
        {"a\x1B[1;1;1;1;1;1*yb\x1B[1$p", "ab"}, /* checksum of the screen */
        {"a\x05\x11\x13\x7F\x01\x1C"
         "b",
         "ab"},
        {"a\x1B[31\x18mb", "amb"}, /* CAN */
        {"a\x1BZb\x1B%Gc\x1B Gd", "abcd"},
        {"a\x9B"
         "31mb",
         "a?31mb"}, /* C1: CSI */
        {"a\xC2\x9B"
         "31mb\xC2\x9D",
         "a?31mb?"},              /* the same in UTF-8 */
        {"\xC3\x9B", "\xC3\x9B"}, /* which is a letter */
        {"a\xC2"
         "b",
         "ab"},
        {"a\x1B\x1B[31mb", "a\x1B[31mb"},
    };
    for (unsigned i = 0; i < ARRAY_LEN(row); i++) {
        gives(row[i].text, row[i].want);
    }
}
END_TEST

START_TEST(endless_sequences)
{
    static char text[400] = "\x1B[";
    memset(text + 2, '1', 300);
    strcpy(text + 302, "mrest");
    gives(text, "rest");
    memset(text + 2, ' ', 300);
    text[1] = '(';
    gives(text, &"mrest"[1]);
    f = (struct vt_filter){0};
    through("\x1B]");
    for (unsigned i = 0; i < 100; i++) {
        ck_assert_str_eq(through("endless string"), "");
    }
    ck_assert_str_eq(through("\x1B\\end"), "end");
}
END_TEST

START_TEST(reset_undoes)
{
    gives("plain", "plain");
    ck_assert_str_eq(vt_filter_reset(&f), "");
    through("\x1B[31m");
    ck_assert_ptr_nonnull(strstr(vt_filter_reset(&f), "\x1B[0m"));
    ck_assert_ptr_null(strstr(vt_filter_reset(&f), "1049"));
    through("\x1B[?1049h");
    ck_assert_ptr_nonnull(strstr(vt_filter_reset(&f), "\x1B[?1049l"));
    through("\x1B[?1049l");
    ck_assert_ptr_null(strstr(vt_filter_reset(&f), "1049"));
}
END_TEST

/* Whatever comes in: no ESC but at the start of a known sequence, no C1, and never too much. */
START_TEST(random_bytes)
{
    static const char likely[] = "\x1B\x1B[]P?;0159$*m \\\a\xC2\x9B";
    uint64_t seed = 8;
    f = (struct vt_filter){0};
    bool c2 = false;
    for (unsigned i = 0; i < 300000; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        uint32_t r = (uint32_t)(seed >> 33);
        uint8_t byte =
            r & 1 ? (uint8_t)likely[(r >> 8) % (sizeof likely - 1)] : (uint8_t)(r >> 8);
        uint8_t out[VT_LONGEST];
        size_t n = vt_filter(&f, byte, out);
        ck_assert_uint_le(n, VT_LONGEST);
        for (size_t k = 0; k < n; k++) {
            ck_assert(out[k] != 0x1B || (k == 0 && n > 1));
            ck_assert(!(c2 && out[k] >= 0x80 && out[k] < 0xA0));
            c2 = out[k] == 0xC2;
        }
        if (n > 1 && out[0] == 0x1B) {
            ck_assert(!strchr("]PX^_Z", out[1]));
        }
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("vt_filter");
    TCase *tc = tcase_create("vt_filter");
    tcase_add_test(tc, passes);
    tcase_add_test(tc, does_not_pass);
    tcase_add_test(tc, endless_sequences);
    tcase_add_test(tc, reset_undoes);
    tcase_add_test(tc, random_bytes);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
