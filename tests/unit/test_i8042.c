/* tests/unit/test_i8042.c -- keyboard controller, keyboard and mouse, through ports 60h and
 * 64h. */
#include "devices/i8042.h"
#include "devices/input.h"
#include "devices/ps2.h"
#include "tests/support/board_fixture.h"

#include <check.h>
#include <stdlib.h>

enum { MS = 100000, NOTHING = -1, AUX = 0x100 };
enum { OBF = 0x01, IBF = 0x02, SYS = 0x04, CD = 0x08, AUX_OBF = 0x20 };

static struct fixture fx;
static struct device *kbc;
static unsigned a20_changes;
static bool a20_level;
static const struct slot slot = {&i8042_class, 0x60, 1, -1};

static void a20_set(void *ctx, unsigned n, bool level)
{
    (void)ctx, (void)n;
    a20_changes++;
    a20_level = level;
}

static void setup(void)
{
    fixture_init(&fx);
    kbc = fixture_attach(&fx, &slot);
    a20_changes = 0;
    i8042_connect_a20(kbc, (struct wire){a20_set, NULL, 0});
}

static void teardown(void)
{
    fixture_free(&fx);
}

static void run_ms(unsigned ms)
{
    fixture_run_to(&fx, fx.board.clock.now + (uint64_t)ms * MS);
}

static uint8_t status(void)
{
    return fixture_in(&fx, 0x64);
}

/* The next byte from the output buffer, within 300 ms; the mouse's with AUX. */
static int next(void)
{
    for (unsigned i = 0; i < 3000; i++) {
        uint8_t st = status();
        if (st & OBF) {
            return fixture_in(&fx, 0x60) | (st & AUX_OBF ? AUX : 0);
        }
        fixture_run_to(&fx, fx.board.clock.now + MS / 10);
    }
    return NOTHING;
}

static void command(uint8_t byte)
{
    fixture_out(&fx, 0x64, byte);
}

static void data(uint8_t byte)
{
    for (unsigned i = 0; i < 100 && (status() & IBF); i++) {
        fixture_run_to(&fx, fx.board.clock.now + MS / 10);
    }
    ck_assert_uint_eq(status() & IBF, 0);
    fixture_out(&fx, 0x60, byte);
}

static void mouse(uint8_t byte)
{
    command(0xD4);
    data(byte);
}

static void set_control(uint8_t val)
{
    command(0x60);
    data(val);
}

#define EXPECT(...)                                                                            \
    do {                                                                                       \
        static const int want[] = {__VA_ARGS__};                                               \
        for (size_t i_ = 0; i_ < sizeof want / sizeof want[0]; i_++) {                         \
            ck_assert_int_eq(next(), want[i_]);                                                \
        }                                                                                      \
    } while (0)
#define EXPECT_NOTHING() ck_assert_int_eq(next(), NOTHING)

static void press(uint16_t code)
{
    i8042_key(kbc, code, true);
}

static void release(uint16_t code)
{
    i8042_key(kbc, code, false);
}

/* --- controller -------------------------------------------------------------------------- */

START_TEST(self_tests)
{
    ck_assert_uint_eq(status(), 0x10);
    command(0xAA);
    ck_assert_uint_eq(status(), 0x10 | OBF | SYS | CD);
    EXPECT(0x55);
    command(0xA9);
    EXPECT(0x00);
    command(0xAB);
    EXPECT(0x00);
    command(0xA4);
    EXPECT(0xF1);
    command(0xC0);
    EXPECT(0xB0);
    EXPECT_NOTHING();
    ck_assert_uint_eq(fixture_in(&fx, 0x60), 0xB0); /* the buffer keeps its last byte */
}
END_TEST

START_TEST(ram_and_command_byte)
{
    for (unsigned i = 1; i < 32; i++) {
        command((uint8_t)(0x60 + i));
        data((uint8_t)(i * 7));
    }
    for (unsigned i = 1; i < 32; i++) {
        command((uint8_t)(0x20 + i));
        ck_assert_int_eq(next(), (uint8_t)(i * 7));
    }
    set_control(0x74);
    ck_assert_uint_eq(status() & (SYS | CD), SYS);
    command(0x20);
    EXPECT(0x74);
    command(0xAE);
    command(0xA8);
    command(0x20);
    EXPECT(0x44);
    command(0xA7);
    command(0x20);
    EXPECT(0x64);
    command(0xAD);
    command(0xE0);
    EXPECT(0x00);
    command(0x20);
    EXPECT(0x74);
}
END_TEST

START_TEST(output_port)
{
    ck_assert(a20_level);
    command(0xDD);
    ck_assert(!a20_level);
    command(0xD0);
    EXPECT(0xCD);
    command(0xDF);
    ck_assert(a20_level);
    command(0xD1);
    data(0xDD);
    ck_assert(!a20_level);
    command(0xD1);
    data(0xDF);
    ck_assert(a20_level);
    ck_assert_uint_eq(fx.power_events, 0);
    command(0xFE);
    ck_assert_uint_eq(fx.power_events, 1);
    ck_assert_int_eq(fx.power_what, POWER_INIT);
    command(0xFF); /* pulses nothing */
    ck_assert_uint_eq(fx.power_events, 1);
    command(0xD1);
    data(0xDE);
    ck_assert_uint_eq(fx.power_events, 2);
    command(0xD2);
    data(0x12);
    command(0xD0);      /* waits behind the byte that is there */
    EXPECT(0x12, 0xDF); /* bit 4: it was full */
}
END_TEST

START_TEST(loop_back)
{
    command(0xD2);
    data(0x5A);
    ck_assert(fx.irq[1]);
    ck_assert(!fx.irq[12]);
    EXPECT(0x5A);
    ck_assert(!fx.irq[1]);
    command(0xA7);
    command(0xD3); /* answers even while the mouse is off, as Linux's test wants it */
    data(0xA5);
    ck_assert(fx.irq[12]);
    EXPECT(AUX | 0xA5);
    ck_assert(!fx.irq[12]);
    set_control(0x00);
    command(0xD2);
    data(0x11);
    ck_assert(!fx.irq[1]);
    EXPECT(0x11);
    ck_assert_uint_eq(fx.irq_edges[1], 1);
    ck_assert_uint_eq(fx.irq_edges[12], 1);
}
END_TEST

START_TEST(poll_and_password)
{
    command(0xC2);
    ck_assert_uint_eq(status() & 0xF0, 0xB0);
    command(0xC1);
    ck_assert_uint_eq(status() & 0xF0, 0x00);
    command(0xA5);
    data(0x1E);
    data(0x30);
    data(0x00);
    ck_assert_uint_eq(status() & 0xF0, 0x10);
    data(0xEE); /* after the zero, bytes go to the keyboard again */
    EXPECT(0xEE);
    command(0xAC);
    EXPECT_NOTHING();
    ck_assert_uint_eq(fx.board.notes.count[NOTE_i8042_command], 1);
}
END_TEST

/* --- keyboard ---------------------------------------------------------------------------- */

START_TEST(keyboard_commands)
{
    data(0xFF);
    EXPECT(0xFA, 0xAA);
    data(0xF2);
    EXPECT(0xFA, 0xAB, 0x83);
    data(0xEE);
    EXPECT(0xEE);
    data(0xFE);
    EXPECT(0xEE);
    data(0xF0);
    EXPECT(0xFA);
    data(0x00);
    EXPECT(0xFA, 0x02);
    data(0xF0);
    EXPECT(0xFA);
    data(0x07);
    EXPECT(0xFE);
    data(0xF1);
    EXPECT(0xFE);
    data(0xED);
    EXPECT(0xFA);
    data(0xF4); /* a command instead of the argument */
    EXPECT(0xFA);
    data(0x02); /* … which is no command by itself */
    EXPECT(0xFE);
    set_control(0x41);
    data(0xF2);
    EXPECT(0xFA, 0xAB, 0x41);
    EXPECT_NOTHING();
}
END_TEST

START_TEST(all_keys_translated)
{
    set_control(0x41);
    for (int code = 1; code < 0x80; code++) {
        if (code == 0x55 || code == 0x54) {
            continue;
        }
        press((uint16_t)code);
        release((uint16_t)code);
        ck_assert_int_eq(next(), code);
        ck_assert_int_eq(next(), code | 0x80);
    }
    for (int code = 0x10; code < 0x70; code++) {
        if (code == 0x2A || code == 0x36 || code == 0x37 || code == 0x45) {
            continue;
        }
        press((uint16_t)(0xE000 | code));
        release((uint16_t)(0xE000 | code));
        ck_assert_int_eq(next(), 0xE0);
        ck_assert_int_eq(next(), code);
        ck_assert_int_eq(next(), 0xE0);
        ck_assert_int_eq(next(), code | 0x80);
    }
    EXPECT_NOTHING();
}
END_TEST

START_TEST(scan_code_sets)
{
    press(0x1E);
    release(0x1E);
    EXPECT(0x1C, 0xF0, 0x1C);
    press(0xE048);
    release(0xE048);
    EXPECT(0xE0, 0x75, 0xE0, 0xF0, 0x75);
    press(0x41); /* F7 */
    EXPECT(0x83);
    release(0x41);
    EXPECT(0xF0, 0x83);
    data(0xF0);
    data(0x01);
    EXPECT(0xFA, 0xFA);
    press(0xE048);
    release(0xE048);
    EXPECT(0xE0, 0x48, 0xE0, 0xC8);
    data(0xF0);
    data(0x03);
    EXPECT(0xFA, 0xFA);
    press(0x1E); /* letters: no break code by default */
    release(0x1E);
    press(0x2A);
    release(0x2A);
    press(0xE048);
    EXPECT(0x1C, 0x12, 0xF0, 0x12, 0x63);
    release(0xE048);
    data(0xF8);
    EXPECT(0xFA);
    press(0x1E);
    release(0x1E);
    EXPECT(0x1C, 0xF0, 0x1C);
    data(0xFD); /* make only: A */
    data(0x1C);
    data(0xF4);
    EXPECT(0xFA, 0xFA, 0xFA);
    press(0x1E);
    release(0x1E);
    press(KEY_PAUSE);
    EXPECT(0x1C, 0x62);
    EXPECT_NOTHING();
}
END_TEST

START_TEST(pause_and_print_screen)
{
    press(KEY_PAUSE);
    release(KEY_PAUSE);
    EXPECT(0xE1, 0x14, 0x77, 0xE1, 0xF0, 0x14, 0xF0, 0x77);
    press(KEY_PRINT);
    release(KEY_PRINT);
    EXPECT(0xE0, 0x12, 0xE0, 0x7C, 0xE0, 0xF0, 0x7C, 0xE0, 0xF0, 0x12);
    set_control(0x41);
    press(KEY_PAUSE);
    release(KEY_PAUSE);
    EXPECT(0xE1, 0x1D, 0x45, 0xE1, 0x9D, 0xC5);
    press(KEY_PRINT);
    release(KEY_PRINT);
    EXPECT(0xE0, 0x2A, 0xE0, 0x37, 0xE0, 0xB7, 0xE0, 0xAA);
    press(0x1D);
    press(KEY_PAUSE);
    release(KEY_PAUSE);
    press(KEY_PRINT);
    release(KEY_PRINT);
    release(0x1D);
    EXPECT(0x1D, 0xE0, 0x46, 0xE0, 0xC6, 0xE0, 0x37, 0xE0, 0xB7, 0x9D);
    press(0x38);
    press(KEY_PRINT);
    release(0x38);
    release(KEY_PRINT); /* the break code is that of the make code */
    EXPECT(0x38, 0x54, 0xB8, 0xD4);
    EXPECT_NOTHING();
}
END_TEST

START_TEST(make_believe_shifts)
{
    set_control(0x41);
    press(0x2A);
    press(0xE048);
    release(0xE048);
    press(0xE035);
    release(0xE035);
    release(0x2A);
    EXPECT(0x2A, 0xE0, 0xAA, 0xE0, 0x48, 0xE0, 0xC8, 0xE0, 0x2A);
    EXPECT(0xE0, 0xAA, 0xE0, 0x35, 0xE0, 0xB5, 0xE0, 0x2A, 0xAA);
    data(0xED);
    data(0x02); /* Num Lock */
    EXPECT(0xFA, 0xFA);
    press(0xE048);
    release(0xE048);
    EXPECT(0xE0, 0x2A, 0xE0, 0x48, 0xE0, 0xC8, 0xE0, 0xAA);
    press(0x36);
    press(0xE048);
    release(0xE048);
    release(0x36);
    EXPECT(0x36, 0xE0, 0x48, 0xE0, 0xC8, 0xB6);
    EXPECT_NOTHING();
}
END_TEST

START_TEST(one_byte_at_a_time)
{
    set_control(0x41);
    press(0x1E);
    press(0x30);
    ck_assert_uint_eq(status() & OBF, 0); /* not yet: a byte takes its time */
    run_ms(1);
    ck_assert_uint_eq(status() & OBF, OBF);
    ck_assert(fx.irq[1]);
    run_ms(50);
    ck_assert(!i8042_keyboard_idle(kbc));
    ck_assert_uint_eq(fixture_in(&fx, 0x60), 0x1E);
    ck_assert(!fx.irq[1]);
    ck_assert_uint_eq(status() & OBF, 0);
    ck_assert(!i8042_keyboard_idle(kbc));
    run_ms(1);
    ck_assert(fx.irq[1]);
    ck_assert_uint_eq(fixture_in(&fx, 0x60), 0x30);
    ck_assert(i8042_keyboard_idle(kbc));
    ck_assert_uint_eq(fx.irq_edges[1], 2);
    release(0x1E); /* on the line while the controller answers: neither is lost */
    command(0x20);
    run_ms(5);
    EXPECT(0x41, 0x9E);
}
END_TEST

START_TEST(switched_off)
{
    set_control(0x51);
    press(0x1E);
    EXPECT_NOTHING();
    ck_assert(!i8042_keyboard_idle(kbc));
    command(0xAE);
    EXPECT(0x1E);
    release(0x1E);
    EXPECT(0x9E);
    data(0xF5);
    EXPECT(0xFA);
    press(0x1E);
    release(0x1E);
    EXPECT_NOTHING();
    data(0xF4);
    EXPECT(0xFA);
    press(0x1E);
    press(0x1E); /* a host's repetition */
    release(0x1E);
    release(0x1E);
    EXPECT(0x1E, 0x9E);
    EXPECT_NOTHING();
    press(0x1234); /* no such key */
    press(0xE080);
    EXPECT_NOTHING();
}
END_TEST

static unsigned count_within(unsigned ms)
{
    unsigned n = 0;
    for (unsigned i = 0; i < ms; i++) {
        run_ms(1);
        if (status() & OBF) {
            (void)fixture_in(&fx, 0x60);
            n++;
        }
    }
    return n;
}

START_TEST(typematic)
{
    set_control(0x41);
    press(0x1E);
    ck_assert_uint_eq(count_within(490), 1);
    ck_assert_uint_eq(count_within(1000), 11); /* at 500, 592, 683 … */
    press(0x30);                               /* the last key repeats */
    ck_assert_uint_eq(count_within(490), 1);
    EXPECT(0x30);
    release(0x1E);
    EXPECT(0x9E, 0x30);
    release(0x30);
    EXPECT(0xB0);
    ck_assert_uint_eq(count_within(1000), 0);
    data(0xF3);
    data(0x00); /* 250 ms, 30 a second */
    EXPECT(0xFA, 0xFA);
    press(0x1E);
    ck_assert_uint_eq(count_within(240), 1);
    unsigned fast = count_within(1000);
    ck_assert_uint_ge(fast, 29);
    ck_assert_uint_le(fast, 31);
    run_ms(1000); /* nobody reads: nothing piles up */
    release(0x1E);
    EXPECT(0x1E, 0x1E, 0x9E);
    EXPECT_NOTHING();
}
END_TEST

START_TEST(overrun)
{
    set_control(0x41);
    for (unsigned i = 0; i < 100; i++) {
        press((uint16_t)(2 + i % 8));
        release((uint16_t)(2 + i % 8));
    }
    unsigned n = 0;
    int byte, last = 0;
    while ((byte = next()) != NOTHING) {
        last = byte;
        n++;
        ck_assert_uint_lt(n, 100);
    }
    ck_assert_int_eq(last, 0xFF);
    ck_assert_uint_gt(n, 32);
    press(0x1E); /* and it goes on */
    EXPECT(0x1E);
}
END_TEST

/* --- mouse ------------------------------------------------------------------------------- */

START_TEST(mouse_commands)
{
    mouse(0xFF);
    EXPECT(AUX | 0xFA, AUX | 0xAA, AUX | 0x00);
    ck_assert_uint_ge(fx.irq_edges[12], 3);
    mouse(0xF2);
    EXPECT(AUX | 0xFA, AUX | 0x00);
    mouse(0xE9);
    EXPECT(AUX | 0xFA, AUX | 0x00, AUX | 0x02, AUX | 100);
    mouse(0xE8);
    EXPECT(AUX | 0xFA);
    mouse(0x03);
    EXPECT(AUX | 0xFA);
    mouse(0xE7);
    EXPECT(AUX | 0xFA);
    mouse(0xF4);
    EXPECT(AUX | 0xFA);
    mouse(0xE9);
    EXPECT(AUX | 0xFA, AUX | 0x30, AUX | 0x03, AUX | 100);
    mouse(0xFE);
    EXPECT(AUX | 0x30, AUX | 0x03, AUX | 100);
    mouse(0xEE);
    EXPECT(AUX | 0xFA);
    mouse(0xF2);
    EXPECT(AUX | 0xF2);
    mouse(0xEC);
    EXPECT(AUX | 0xFA);
    mouse(0x12);
    EXPECT(AUX | 0xFE);
    mouse(0x12);
    EXPECT(AUX | 0xFC);
    mouse(0xF6);
    EXPECT(AUX | 0xFA);
    mouse(0xF3);
    EXPECT(AUX | 0xFA);
    mouse(0x51); /* no such rate */
    EXPECT(AUX | 0xFE);
    mouse(0x50);
    EXPECT(AUX | 0xFA);
    EXPECT_NOTHING();
}
END_TEST

static void knock(uint8_t a, uint8_t b, uint8_t c)
{
    const uint8_t rates[] = {a, b, c};
    for (unsigned i = 0; i < 3; i++) {
        mouse(0xF3);
        EXPECT(AUX | 0xFA);
        mouse(rates[i]);
        EXPECT(AUX | 0xFA);
    }
}

START_TEST(mouse_packets)
{
    i8042_mouse(kbc, 5, 5, 0, 1);
    EXPECT_NOTHING(); /* not enabled */
    mouse(0xF4);
    EXPECT(AUX | 0xFA);
    i8042_mouse(kbc, 5, 3, 1, 1); /* the button was down already, the wheel is unknown */
    EXPECT(AUX | 0x29, AUX | 0x05, AUX | 0xFD);
    i8042_mouse(kbc, 0, 0, 0, MOUSE_RIGHT | MOUSE_MIDDLE);
    EXPECT(AUX | 0x0E, AUX | 0, AUX | 0);
    i8042_mouse(kbc, -300, 0, 0, 0); /* 255 and the rest */
    EXPECT(AUX | 0x18, AUX | 0x01, AUX | 0, AUX | 0x18, AUX | 0xD3, AUX | 0);
    knock(200, 100, 80);
    mouse(0xF2);
    EXPECT(AUX | 0xFA, AUX | 0x03);
    i8042_mouse(kbc, 0, 0, 2, 0);
    EXPECT(AUX | 0x08, AUX | 0, AUX | 0, AUX | 0xFE);
    knock(200, 200, 80);
    mouse(0xF2);
    EXPECT(AUX | 0xFA, AUX | 0x04);
    i8042_mouse(kbc, 0, 0, -1, 0x18);
    EXPECT(AUX | 0x08, AUX | 0, AUX | 0, AUX | 0x31);
    i8042_mouse(kbc, 0, 0, 0, 0x18);
    EXPECT_NOTHING();
}
END_TEST

START_TEST(mouse_accumulates)
{
    mouse(0xF4);
    EXPECT(AUX | 0xFA);
    for (unsigned i = 0; i < 20; i++) {
        i8042_mouse(kbc, 1, -1, 0, 0);
    }
    EXPECT(AUX | 0x08, AUX | 1, AUX | 1, AUX | 0x08, AUX | 19, AUX | 19);
    run_ms(20);
    for (unsigned i = 0; i < 50; i++) {
        i8042_mouse(kbc, 100, 0, 0, 0);
    }
    EXPECT(AUX | 0x08, AUX | 100, AUX | 0); /* taken before it overflowed */
    EXPECT(AUX | 0xC8, AUX | 255, AUX | 0); /* movement was lost */
    for (unsigned i = 0; i < 15; i++) {
        EXPECT(AUX | 0x08, AUX | 255, AUX | 0);
    }
    EXPECT(AUX | 0x08, AUX | 15, AUX | 0); /* 4095 = 16 * 255 + 15 */
    mouse(0xE7);
    EXPECT(AUX | 0xFA);
    static const int16_t moves[][2] = {{1, 1}, {2, 1}, {3, 3}, {4, 6}, {5, 9}, {6, 12}};
    for (unsigned i = 0; i < 6; i++) {
        i8042_mouse(kbc, moves[i][0], 0, 0, 0);
        ck_assert_int_eq(next(), AUX | 0x08);
        ck_assert_int_eq(next(), AUX | moves[i][1]);
        EXPECT(AUX | 0);
        run_ms(20);
    }
    mouse(0xF0);
    EXPECT(AUX | 0xFA);
    i8042_mouse(kbc, 6, 0, 0, 0);
    EXPECT_NOTHING();
    mouse(0xEB); /* no scaling here */
    EXPECT(AUX | 0xFA, AUX | 0x08, AUX | 6, AUX | 0);
}
END_TEST

START_TEST(mouse_and_keyboard_take_turns)
{
    set_control(0x43);
    mouse(0xF4);
    EXPECT(AUX | 0xFA);
    i8042_mouse(kbc, 1, 0, 0, 0);
    press(0x1E);
    EXPECT(0x1E, AUX | 0x08, AUX | 1, AUX | 0);
    command(0xA7);
    i8042_mouse(kbc, 1, 0, 0, 0);
    EXPECT_NOTHING();
    command(0xA8);
    EXPECT(AUX | 0x08);
}
END_TEST

/* --- whole chip -------------------------------------------------------------------------- */

START_TEST(reset_is_complete)
{
    uint64_t seed = 5;
    uint64_t fresh = state_hash(i8042_class.state, kbc, 0);
    ck_assert_uint_ne(fresh, 0);
    for (unsigned i = 0; i < 300; i++) {
        fixture_out(&fx, test_random(&seed) & 1 ? 0x64 : 0x60, (uint8_t)test_random(&seed));
    }
    press(0x1E);
    i8042_class.reset(kbc, RESET_HARD);
    ck_assert_uint_eq(status(), 0x10);
    ck_assert(a20_level);
    command(0x20);
    EXPECT(0x03);
    i8042_class.reset(kbc, RESET_POWER);
    EXPECT_NOTHING();
    ck_assert(!fx.irq[1] && !fx.irq[12]);
    press(0x1E); /* held keys are forgotten at power-on */
    EXPECT(0x1C);
}
END_TEST

START_TEST(fields_cover_the_struct)
{
    struct error err = {{0}};
    ck_assert_msg(state_coverage(i8042_class.state, &err) == 0, "%s", err.text);
    ck_assert_msg(state_coverage(&ps2kbd_schema, &err) == 0, "%s", err.text);
    ck_assert_msg(state_coverage(&ps2mouse_schema, &err) == 0, "%s", err.text);
    ck_assert_msg(state_coverage(&ps2_fifo_schema, &err) == 0, "%s", err.text);
}
END_TEST

static void random_step(struct fixture *f, struct device *d, uint64_t *seed)
{
    static const uint8_t useful[] = {0x60, 0xD4, 0xD4, 0xF3, 0xF4, 0xF0, 0xAE,
                                     0xA8, 0xFF, 0xD2, 0xD3, 0x20, 0xED, 0xEB,
                                     0xE7, 0xAA, 0xAD, 0xA7, 0xF2, 0xF5};
    uint32_t r = test_random(seed);
    uint8_t byte = r & 0x100 ? (uint8_t)r : useful[(r & 0xFF) % sizeof useful];
    switch (r >> 16 & 7) {
    case 0: fixture_out(f, 0x64, byte); break;
    case 1:
    case 2: fixture_out(f, 0x60, byte); break;
    case 3: (void)fixture_in(f, 0x60); break;
    case 4: i8042_key(d, (uint16_t)(r & 0x8000 ? 0xE000 | byte : byte), r >> 20 & 1); break;
    case 5: i8042_mouse(d, (int8_t)r, (int8_t)(r >> 3), (int8_t)(r >> 5) / 16, r >> 8); break;
    case 6: (void)fixture_in(f, 0x64); break;
    default: fixture_run_to(f, f->board.clock.now + (r & 0xFFFFF)); break;
    }
}

START_TEST(random_traffic)
{
    uint64_t seed = 42;
    for (unsigned i = 0; i < 40000; i++) {
        random_step(&fx, kbc, &seed);
    }
}
END_TEST

START_TEST(save_and_load)
{
    static struct fixture other;
    uint64_t seed = 7;
    fixture_init(&other);
    struct device *copy = fixture_attach(&other, &slot);
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned i = 0; i < 200; i++) {
            random_step(&fx, kbc, &seed);
        }
        other.board.clock.now = fx.board.clock.now;
        other.board.clock.seq = fx.board.clock.seq;
        fixture_clone(kbc, copy);
        uint64_t a = seed, b = seed;
        for (unsigned i = 0; i < 200; i++) {
            random_step(&fx, kbc, &a);
            random_step(&other, copy, &b);
        }
        ck_assert_uint_eq(state_hash(i8042_class.state, kbc, 0),
                          state_hash(i8042_class.state, copy, 0));
        seed = a;
    }
    fixture_free(&other);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("i8042");
    TCase *tc = tcase_create("i8042");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, self_tests);
    tcase_add_test(tc, ram_and_command_byte);
    tcase_add_test(tc, output_port);
    tcase_add_test(tc, loop_back);
    tcase_add_test(tc, poll_and_password);
    tcase_add_test(tc, keyboard_commands);
    tcase_add_test(tc, all_keys_translated);
    tcase_add_test(tc, scan_code_sets);
    tcase_add_test(tc, pause_and_print_screen);
    tcase_add_test(tc, make_believe_shifts);
    tcase_add_test(tc, one_byte_at_a_time);
    tcase_add_test(tc, switched_off);
    tcase_add_test(tc, typematic);
    tcase_add_test(tc, overrun);
    tcase_add_test(tc, mouse_commands);
    tcase_add_test(tc, mouse_packets);
    tcase_add_test(tc, mouse_accumulates);
    tcase_add_test(tc, mouse_and_keyboard_take_turns);
    tcase_add_test(tc, reset_is_complete);
    tcase_add_test(tc, fields_cover_the_struct);
    tcase_add_test(tc, random_traffic);
    tcase_add_test(tc, save_and_load);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_set_fork_status(sr, CK_NOFORK);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
