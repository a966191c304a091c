/* test_keymap.c -- characters and key names to set-1 codes, against the keyboard's own layout.
 */
#include <check.h>
#include <string.h>

#include "devices/input.h"
#include "frontend/keymap.h"

/* A US keyboard's main block: code, and both legends. */
static const struct {
    uint16_t code;
    char plain, shifted;
} us[] = {
    {0x02, '1', '!'}, {0x03, '2', '@'},  {0x04, '3', '#'}, {0x05, '4', '$'}, {0x06, '5', '%'},
    {0x07, '6', '^'}, {0x08, '7', '&'},  {0x09, '8', '*'}, {0x0A, '9', '('}, {0x0B, '0', ')'},
    {0x0C, '-', '_'}, {0x0D, '=', '+'},  {0x10, 'q', 'Q'}, {0x19, 'p', 'P'}, {0x1A, '[', '{'},
    {0x1B, ']', '}'}, {0x1E, 'a', 'A'},  {0x26, 'l', 'L'}, {0x27, ';', ':'}, {0x28, '\'', '"'},
    {0x29, '`', '~'}, {0x2B, '\\', '|'}, {0x2C, 'z', 'Z'}, {0x32, 'm', 'M'}, {0x33, ',', '<'},
    {0x34, '.', '>'}, {0x35, '/', '?'},
};

START_TEST(characters)
{
    struct chord ch;
    for (size_t i = 0; i < ARRAY_LEN(us); i++) {
        ck_assert(keymap_char((unsigned char)us[i].plain, &ch));
        ck_assert_uint_eq(ch.n, 1);
        ck_assert_uint_eq(ch.code[0], us[i].code);
        ck_assert(keymap_char((unsigned char)us[i].shifted, &ch));
        ck_assert_uint_eq(ch.n, 2);
        ck_assert_uint_eq(ch.code[0], KEY_SHIFT);
        ck_assert_uint_eq(ch.code[1], us[i].code);
    }
}
END_TEST

START_TEST(every_printable_character_has_a_key)
{
    struct chord ch;
    for (unsigned c = 0x20; c < 0x7F; c++) {
        ck_assert_msg(keymap_char((unsigned char)c, &ch), "no key for %c", (char)c);
    }
    ck_assert(keymap_char('\n', &ch) && ch.code[0] == KEY_ENTER);
    ck_assert(keymap_char('\t', &ch) && ch.code[0] == 0x0F);
    ck_assert(keymap_char(0x1B, &ch) && ch.code[0] == KEY_ESC);
    ck_assert(keymap_char('\b', &ch) && ch.code[0] == 0x0E);
    ck_assert(!keymap_char(0x01, &ch));
    ck_assert(!keymap_char(0x7F, &ch));
    ck_assert(!keymap_char(0xE4, &ch));
}
END_TEST

START_TEST(chords)
{
    struct chord ch;
    const char *bad;
    size_t len;
    ck_assert(keymap_chord("ctrl-alt-delete", &ch, &bad, &len));
    ck_assert_uint_eq(ch.n, 3);
    ck_assert_uint_eq(ch.code[0], KEY_CTRL);
    ck_assert_uint_eq(ch.code[1], KEY_ALT);
    ck_assert_uint_eq(ch.code[2], 0xE053);
    ck_assert(keymap_chord("x", &ch, &bad, &len) && ch.n == 1 && ch.code[0] == 0x2D);
    ck_assert(keymap_chord("0x1c", &ch, &bad, &len) && ch.code[0] == KEY_ENTER);
    ck_assert(!keymap_chord("ctrl-nosuch-a", &ch, &bad, &len));
    ck_assert_uint_eq(len, 6);
    ck_assert_int_eq(memcmp(bad, "nosuch", len), 0);
    ck_assert(!keymap_chord("", &ch, &bad, &len));
    ck_assert(!keymap_chord("a-", &ch, &bad, &len));
    ck_assert(!keymap_chord("a-b-c-d-e-f-g-h-i", &ch, &bad, &len)); /* too many */
    ck_assert(keymap_chord("a-a", &ch, &bad, &len) && ch.n == 1);
}
END_TEST

START_TEST(names)
{
    static const struct {
        const char *name;
        uint16_t code;
    } some[] = {{"ret", 0x1C},        {"spc", 0x39},        {"esc", 1},
                {"f1", 0x3B},         {"f10", 0x44},        {"f11", 0x57},
                {"f12", 0x58},        {"up", 0xE048},       {"pgdn", 0xE051},
                {"insert", 0xE052},   {"kp_0", 0x52},       {"kp_enter", 0xE01C},
                {"pause", KEY_PAUSE}, {"print", KEY_PRINT}, {"caps_lock", 0x3A},
                {"alt_r", 0xE038},    {"5", 0x06}};
    for (size_t i = 0; i < ARRAY_LEN(some); i++) {
        ck_assert_uint_eq(keymap_name(some[i].name, strlen(some[i].name)), some[i].code);
    }
    ck_assert_uint_eq(keymap_name("F1", 2), 0);
    ck_assert_uint_eq(keymap_name("f1", 1), 0x21); /* the letter f */
}
END_TEST

int main(void)
{
    Suite *s = suite_create("keymap");
    TCase *tc = tcase_create("keymap");
    tcase_add_test(tc, characters);
    tcase_add_test(tc, every_printable_character_has_a_key);
    tcase_add_test(tc, chords);
    tcase_add_test(tc, names);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
