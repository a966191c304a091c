/* tests/unit/test_sdl.c -- the window with SDL's driver that shows nothing: key codes, events
 * to inputs, what stays down. The host's keys are events of our own making.
 */
#include "frontend/posix.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if TERRAPIN_HAVE_SDL

#include "frontend/keymap.h"
#include "frontend/sdl_priv.h"

/* --- scan codes ----------------------------------------------------------------------------
 */

/* SDL's name of a place on the US keyboard, and QEMU's of the same key: two tables that know
 * nothing of each other. */
static const struct {
    SDL_Scancode scancode;
    const char *name;
} pairs[] = {
    {SDL_SCANCODE_ESCAPE, "esc"},
    {SDL_SCANCODE_MINUS, "minus"},
    {SDL_SCANCODE_EQUALS, "equal"},
    {SDL_SCANCODE_BACKSPACE, "backspace"},
    {SDL_SCANCODE_TAB, "tab"},
    {SDL_SCANCODE_LEFTBRACKET, "bracket_left"},
    {SDL_SCANCODE_RIGHTBRACKET, "bracket_right"},
    {SDL_SCANCODE_RETURN, "ret"},
    {SDL_SCANCODE_LCTRL, "ctrl"},
    {SDL_SCANCODE_RCTRL, "ctrl_r"},
    {SDL_SCANCODE_LSHIFT, "shift"},
    {SDL_SCANCODE_RSHIFT, "shift_r"},
    {SDL_SCANCODE_LALT, "alt"},
    {SDL_SCANCODE_RALT, "alt_r"},
    {SDL_SCANCODE_LGUI, "meta_l"},
    {SDL_SCANCODE_RGUI, "meta_r"},
    {SDL_SCANCODE_APPLICATION, "menu"},
    {SDL_SCANCODE_SEMICOLON, "semicolon"},
    {SDL_SCANCODE_APOSTROPHE, "apostrophe"},
    {SDL_SCANCODE_GRAVE, "grave_accent"},
    {SDL_SCANCODE_BACKSLASH, "backslash"},
    {SDL_SCANCODE_NONUSBACKSLASH, "less"},
    {SDL_SCANCODE_COMMA, "comma"},
    {SDL_SCANCODE_PERIOD, "dot"},
    {SDL_SCANCODE_SLASH, "slash"},
    {SDL_SCANCODE_SPACE, "spc"},
    {SDL_SCANCODE_CAPSLOCK, "caps_lock"},
    {SDL_SCANCODE_NUMLOCKCLEAR, "num_lock"},
    {SDL_SCANCODE_SCROLLLOCK, "scroll_lock"},
    {SDL_SCANCODE_KP_MULTIPLY, "kp_multiply"},
    {SDL_SCANCODE_KP_DIVIDE, "kp_divide"},
    {SDL_SCANCODE_KP_MINUS, "kp_subtract"},
    {SDL_SCANCODE_KP_PLUS, "kp_add"},
    {SDL_SCANCODE_KP_ENTER, "kp_enter"},
    {SDL_SCANCODE_KP_PERIOD, "kp_decimal"},
    {SDL_SCANCODE_PRINTSCREEN, "print"},
    {SDL_SCANCODE_PAUSE, "pause"},
    {SDL_SCANCODE_HOME, "home"},
    {SDL_SCANCODE_UP, "up"},
    {SDL_SCANCODE_PAGEUP, "pgup"},
    {SDL_SCANCODE_LEFT, "left"},
    {SDL_SCANCODE_RIGHT, "right"},
    {SDL_SCANCODE_END, "end"},
    {SDL_SCANCODE_DOWN, "down"},
    {SDL_SCANCODE_PAGEDOWN, "pgdn"},
    {SDL_SCANCODE_INSERT, "insert"},
    {SDL_SCANCODE_DELETE, "delete"},
};

static void same(SDL_Scancode scancode, const char *name)
{
    ck_assert_msg(sdl_key_code(scancode) == keymap_name(name, strlen(name)), "%s: %X", name,
                  sdl_key_code(scancode));
}

START_TEST(scan_codes_agree_with_the_names)
{
    char name[8] = "";
    for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
        same(pairs[i].scancode, pairs[i].name);
    }
    for (int i = 0; i < 26; i++) {
        name[0] = (char)('a' + i);
        same((SDL_Scancode)(SDL_SCANCODE_A + i), name);
    }
    for (int i = 0; i < 10; i++) { /* SDL counts 1 … 9, 0 */
        snprintf(name, sizeof name, "%d", (i + 1) % 10);
        same((SDL_Scancode)(SDL_SCANCODE_1 + i), name);
        snprintf(name, sizeof name, "kp_%d", (i + 1) % 10);
        same((SDL_Scancode)(SDL_SCANCODE_KP_1 + i), name);
    }
    for (int i = 0; i < 12; i++) {
        snprintf(name, sizeof name, "f%d", i + 1);
        same((SDL_Scancode)(SDL_SCANCODE_F1 + i), name);
    }
    ck_assert_uint_eq(sdl_key_code(SDL_SCANCODE_UNKNOWN), 0);
    ck_assert_uint_eq(sdl_key_code(SDL_SCANCODE_AUDIOMUTE), 0);
}
END_TEST

/* --- a session in a window that nobody sees ------------------------------------------------
 */

static struct session session;
static struct options o;
static struct input heard[64];
static unsigned count;

static void record(void *ctx, const struct input *in)
{
    (void)ctx;
    ck_assert_uint_lt(count, ARRAY_LEN(heard));
    heard[count++] = *in;
}

static void begin(void)
{
    static uint8_t rom[64 << 10];
    char bios[] = "/tmp/terrapin-sdl-XXXXXX";
    struct error err = {""};
    const char *topic;
    char words[] = "terrapin -vgabios none -m 1 -mips 1 -display sdl -audio none -bios";
    char *argv[16];
    int argc = 0;
    /* takes what the keyboard sends: in al,64h; test al,1; jz; in al,60h; jmp */
    static const uint8_t code[] = {0xE4, 0x64, 0xA8, 0x01, 0x74, 0xFA, 0xE4, 0x60, 0xEB, 0xF6};
    memcpy(rom + 0xFFF0, code, sizeof code);
    FILE *f = fdopen(mkstemp(bios), "wb");
    ck_assert(f && fwrite(rom, 1, sizeof rom, f) == sizeof rom && fclose(f) == 0);
    for (char *w = strtok(words, " "); w; w = strtok(NULL, " ")) {
        argv[argc++] = w;
    }
    argv[argc++] = bios;
    setenv("SDL_VIDEODRIVER", "dummy", 1);
    ck_assert_msg(options_parse(&o, argc, argv, &topic, &err) == OPTIONS_RUN, "%s", err.text);
    ck_assert_msg(session_start(&session, &o, &err) == 0, "%s", err.text);
    remove(bios);
    session.display = display_open(&session, &err);
    ck_assert_msg(session.display != NULL, "%s", err.text);
    machine_set_recorder(session.machine, record, NULL);
    count = 0;
}

/* Some updates, with ten virtual milliseconds for the guest behind each. */
static void look(void)
{
    for (unsigned i = 0; i < 5; i++) {
        wall_sleep(20000000);
        display_update(session.display, &session);
        machine_run(session.machine, session_after(&session, 10000));
    }
}

static void press(SDL_Scancode key, SDL_Keycode sym, uint16_t mod, bool down)
{
    SDL_Event e = {.key = {.type = down ? SDL_KEYDOWN : SDL_KEYUP,
                           .state = down ? SDL_PRESSED : SDL_RELEASED,
                           .keysym = {.scancode = key, .sym = sym, .mod = mod}}};
    SDL_PushEvent(&e);
}

static void was(unsigned i, uint16_t code, bool down)
{
    ck_assert_uint_lt(i, count);
    ck_assert_int_eq(heard[i].kind, INPUT_KEY);
    ck_assert_uint_eq(heard[i].code, code);
    ck_assert_int_eq(heard[i].down, down);
}

START_TEST(keys_are_inputs)
{
    begin();
    press(SDL_SCANCODE_Z, SDLK_y, 0, true); /* a German's Y */
    press(SDL_SCANCODE_Z, SDLK_y, 0, true); /* repeated: the guest's affair */
    press(SDL_SCANCODE_Z, SDLK_y, 0, false);
    press(SDL_SCANCODE_Z, SDLK_y, 0, false);
    press(SDL_SCANCODE_AUDIOMUTE, SDLK_AUDIOMUTE, 0, true);
    look();
    ck_assert_uint_eq(count, 2);
    was(0, 0x2C, true);
    was(1, 0x2C, false);
    ck_assert_uint_gt(heard[1].tick,
                      heard[0].tick); /* at once, but the guest has time to see */
    session_finish(&session);
}
END_TEST

START_TEST(many_keys_at_once_wait)
{
    begin();
    for (unsigned i = 0; i < 12; i++) {
        press(SDL_SCANCODE_A, SDLK_a, 0, true);
        press(SDL_SCANCODE_A, SDLK_a, 0, false);
    }
    display_update(session.display, &session);
    ck_assert_uint_eq(count, 1); /* the guest has not taken it */
    for (unsigned i = 0; i < 4; i++) {
        look();
    }
    ck_assert_uint_eq(count, 24);
    for (unsigned i = 0; i < count; i++) {
        was(i, 0x1E, i % 2 == 0);
    }
    session_finish(&session);
}
END_TEST

START_TEST(who_looks_away_lets_go)
{
    begin();
    SDL_Event away = {.window = {.type = SDL_WINDOWEVENT, .event = SDL_WINDOWEVENT_FOCUS_LOST}};
    press(SDL_SCANCODE_LSHIFT, SDLK_LSHIFT, 0, true);
    press(SDL_SCANCODE_RALT, SDLK_RALT, 0, true);
    SDL_PushEvent(&away);
    press(SDL_SCANCODE_LSHIFT, SDLK_LSHIFT, 0, false);
    look();
    ck_assert_uint_eq(count, 4);
    was(0, 0x2A, true);
    was(1, 0xE038, true);
    ck_assert(!heard[2].down && !heard[3].down);
    ck_assert_uint_ne(heard[2].code, heard[3].code);
    session_finish(&session);
}
END_TEST

START_TEST(our_chords_are_not_the_guests)
{
    begin();
    press(SDL_SCANCODE_G, SDLK_g, KMOD_LCTRL | KMOD_LALT, true);
    press(SDL_SCANCODE_G, SDLK_g, KMOD_LCTRL | KMOD_LALT, false);
    press(SDL_SCANCODE_2, SDLK_2, KMOD_LCTRL | KMOD_LALT, true);
    press(SDL_SCANCODE_A, SDLK_a, 0, true); /* typed at the monitor */
    press(SDL_SCANCODE_A, SDLK_a, 0, false);
    press(SDL_SCANCODE_1, SDLK_1, KMOD_LCTRL | KMOD_LALT, true);
    look();
    ck_assert_uint_eq(count, 0);
    press(SDL_SCANCODE_G, SDLK_g, KMOD_LCTRL | KMOD_RALT, true); /* AltGr is the guest's */
    look();
    ck_assert_uint_eq(count, 1);
    session.scripted = true; /* a script has the keyboard */
    press(SDL_SCANCODE_A, SDLK_a, 0, true);
    look();
    ck_assert_uint_eq(count, 1);
    session_finish(&session);
}
END_TEST

START_TEST(closing_the_window_quits)
{
    begin();
    SDL_Event quit = {.type = SDL_QUIT};
    SDL_PushEvent(&quit);
    look();
    ck_assert(session.over);
    ck_assert_int_eq(session_finish(&session), 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("sdl");
    TCase *tc = tcase_create("sdl");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, scan_codes_agree_with_the_names);
    tcase_add_test(tc, keys_are_inputs);
    tcase_add_test(tc, many_keys_at_once_wait);
    tcase_add_test(tc, who_looks_away_lets_go);
    tcase_add_test(tc, our_chords_are_not_the_guests);
    tcase_add_test(tc, closing_the_window_quits);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}

#else

int main(void)
{
    return 0;
}

#endif
