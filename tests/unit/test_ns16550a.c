/* test_ns16550a.c -- the serial port, from its ports, its two pins and its far end.
 *
 * Expectations: PC16550D data sheet. 9600 baud is divisor 12: 192 cycles of the crystal a bit.
 */
#include "devices/chips.h"
#include "devices/ns16550a.h"
#include "tests/support/board_fixture.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { SENT = 4096, COM1 = 0x3F8 };
enum { DATA, IER, IIR, LCR, MCR, LSR, MSR, SCR, FCR = IIR };

struct bench {
    struct fixture fx;
    struct device *dev;
    unsigned sent;
    uint8_t byte[SENT];
    uint64_t tick[SENT];
};

static const struct slot com1 = {&ns16550a_class, COM1, 4, -1};

static void heard(void *ctx, unsigned n, uint8_t byte)
{
    struct bench *t = (struct bench *)ctx; /* fx is its first member */
    ck_assert_uint_eq(n, 0);
    t->byte[t->sent % SENT] = byte;
    t->tick[t->sent % SENT] = t->fx.board.clock.now;
    t->sent++;
}

static struct bench *bench_new(void)
{
    struct bench *t = calloc(1, sizeof *t);
    ck_assert_ptr_nonnull(t);
    fixture_init(&t->fx);
    t->fx.host.serial = heard;
    t->fx.board.config.serial[0] = true;
    t->dev = fixture_attach(&t->fx, &com1);
    return t;
}

static void bench_free(struct bench *t)
{
    fixture_free(&t->fx);
    free(t);
}

static void out(struct bench *t, unsigned reg, unsigned v)
{
    fixture_out(&t->fx, (uint16_t)(COM1 + reg), (uint8_t)v);
}

static uint8_t in(struct bench *t, unsigned reg)
{
    return fixture_in(&t->fx, (uint16_t)(COM1 + reg));
}

static uint64_t tick_of(struct bench *t, uint64_t cycle)
{
    return clock_tick_of(&t->fx.board.clock, cycle, NS16550A_HZ);
}

static void run_to_cycle(struct bench *t, uint64_t cycle)
{
    fixture_run_to(&t->fx, tick_of(t, cycle));
}

static uint64_t cycles(struct bench *t)
{
    return clock_cycles(&t->fx.board.clock, NS16550A_HZ);
}

static void run(struct bench *t, uint64_t more)
{
    run_to_cycle(t, cycles(t) + more);
}

static void set_divisor(struct bench *t, unsigned divisor, unsigned lcr)
{
    out(t, LCR, lcr | 0x80);
    out(t, DATA, divisor & 0xFF);
    out(t, IER, divisor >> 8);
    out(t, LCR, lcr);
}

static bool irq(struct bench *t)
{
    return t->fx.irq[4];
}

static void type(struct bench *t, const char *text)
{
    for (; *text; text++) {
        ck_assert(ns16550a_input(t->dev, (uint8_t)*text));
    }
}

/* ---- registers */

START_TEST(reset_values)
{
    struct bench *t = bench_new();
    static const uint8_t want[8] = {0x00, 0x00, 0x01, 0x00, 0x00, 0x60, 0xB0, 0x00};
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < 8; i++) {
            ck_assert_msg(in(t, i) == want[i], "register %u: %02x", i, in(t, i));
        }
        out(t, IER, 0x0F);
        out(t, FCR, 0xC1);
        out(t, LCR, 0x1B);
        out(t, MCR, 0x1F);
        board_reset(&t->fx.board, round ? RESET_HARD : RESET_POWER);
    }
    bench_free(t);
}
END_TEST

START_TEST(what_reset_leaves)
{
    struct bench *t = bench_new();
    set_divisor(t, 0x1234, 3);
    out(t, SCR, 0x5A);
    board_reset(&t->fx.board, RESET_HARD);
    ck_assert_uint_eq(in(t, SCR), 0x5A);
    out(t, LCR, 0x80);
    ck_assert_uint_eq(in(t, DATA), 0x34);
    ck_assert_uint_eq(in(t, IER), 0x12);
    board_reset(&t->fx.board, RESET_POWER);
    ck_assert_uint_eq(in(t, SCR), 0);
    bench_free(t);
}
END_TEST

START_TEST(bits_that_stick)
{
    struct bench *t = bench_new();
    out(t, IER, 0xFF);
    ck_assert_uint_eq(in(t, IER), 0x0F);
    out(t, IER, 0);
    out(t, LCR, 0x7F);
    ck_assert_uint_eq(in(t, LCR), 0x7F);
    out(t, LCR, 0);
    out(t, MCR, 0xFF);
    ck_assert_uint_eq(in(t, MCR), 0x1F);
    out(t, MCR, 0);
    out(t, FCR, 0xC8); /* without bit 0 nothing else is programmed */
    ck_assert_uint_eq(in(t, IIR), 0x01);
    out(t, FCR, 0x01);
    ck_assert_uint_eq(in(t, IIR), 0xC1);
    out(t, SCR, 0xA5);
    ck_assert_uint_eq(in(t, SCR), 0xA5);
    out(t, LSR, 0); /* read-only */
    ck_assert_uint_eq(in(t, LSR), 0x60);
    bench_free(t);
}
END_TEST

START_TEST(absent_port)
{
    struct bench *t = calloc(1, sizeof *t);
    fixture_init(&t->fx);
    t->dev = fixture_attach(&t->fx, &com1);
    ck_assert_uint_eq(in(t, SCR), 0xFF);
    ck_assert(!ns16550a_present(t->dev));
    ck_assert(!ns16550a_input(t->dev, 'x'));
    ck_assert_uint_eq(ns16550a_room(t->dev), 0);
    bench_free(t);
}
END_TEST

/* ---- sending */

/* Every format's length, in half bits. */
START_TEST(baud_rate)
{
    static const struct {
        unsigned divisor, lcr, halves;
    } row[] = {
        {12, 0x03, 20}, {1, 0x03, 20},     {12, 0x07, 22}, {12, 0x0B, 22},
        {12, 0x1F, 24}, {12, 0x02, 18},    {96, 0x00, 14}, {384, 0x04, 15},
        {12, 0x05, 18}, {65535, 0x03, 20}, {0, 0x03, 20}, /* counts as 65536 */
    };
    for (unsigned i = 0; i < ARRAY_LEN(row); i++) {
        struct bench *t = bench_new();
        uint64_t bit = 16 * (uint64_t)(row[i].divisor ? row[i].divisor : 65536);
        uint64_t start = 1000;
        set_divisor(t, row[i].divisor, row[i].lcr);
        run_to_cycle(t, start);
        out(t, DATA, 'a');
        ck_assert_uint_eq(in(t, LSR), 0x00);
        uint64_t loaded = start + bit, end = loaded + bit * row[i].halves / 2;
        fixture_run_to(&t->fx, tick_of(t, loaded) - 1);
        ck_assert_uint_eq(in(t, LSR), 0x00);
        run_to_cycle(t, loaded);
        ck_assert_uint_eq(in(t, LSR), 0x20); /* THRE */
        out(t, DATA, 'b');
        fixture_run_to(&t->fx, tick_of(t, end) - 1);
        ck_assert_uint_eq(t->sent, 0);
        run_to_cycle(t, end);
        ck_assert_uint_eq(t->sent, 1);
        ck_assert_uint_eq(in(t, LSR), 0x20);
        run_to_cycle(t, end + (end - loaded)); /* no gap */
        ck_assert_uint_eq(t->sent, 2);
        ck_assert_uint_eq(in(t, LSR), 0x60);
        ck_assert_uint_eq(t->tick[1], tick_of(t, end + (end - loaded)));
        bench_free(t);
    }
}
END_TEST

START_TEST(word_length_cuts)
{
    struct bench *t = bench_new();
    static const uint8_t want[4] = {0x1F, 0x3F, 0x7F, 0xFF};
    for (unsigned i = 0; i < 4; i++) {
        set_divisor(t, 1, i);
        out(t, DATA, 0xFF);
        run(t, 1000);
        ck_assert_uint_eq(t->byte[i], want[i]);
        ck_assert(ns16550a_input(t->dev, 0xFF));
        run(t, 1000);
        ck_assert_uint_eq(in(t, DATA), want[i]);
    }
    bench_free(t);
}
END_TEST

START_TEST(fifo_sends_sixteen)
{
    struct bench *t = bench_new();
    set_divisor(t, 12, 3);
    out(t, FCR, 0x01);
    for (unsigned i = 0; i < 16; i++) {
        out(t, DATA, 'a' + i);
    }
    run(t, 192 + 16 * 1920 - 1);
    ck_assert_uint_eq(t->sent, 15);
    ck_assert_uint_eq(in(t, LSR), 0x20);
    run(t, 1);
    ck_assert_uint_eq(t->sent, 16);
    ck_assert_mem_eq(t->byte, "abcdefghijklmnop", 16);
    ck_assert_uint_eq(in(t, LSR), 0x60);
    bench_free(t);
}
END_TEST

/* Written too early, the oldest character goes out at once: none is lost, none overtakes. */
START_TEST(full_transmitter)
{
    for (unsigned fifo = 0; fifo < 2; fifo++) {
        struct bench *t = bench_new();
        set_divisor(t, 12, 3);
        out(t, FCR, fifo);
        for (unsigned i = 0; i < 100; i++) {
            out(t, DATA, i);
        }
        unsigned inside = fifo ? 17 : 2;
        ck_assert_uint_eq(t->sent, 100 - inside);
        run(t, 192 + 1920 * 17);
        ck_assert_uint_eq(t->sent, 100);
        for (unsigned i = 0; i < 100; i++) {
            ck_assert_uint_eq(t->byte[i], i);
        }
        bench_free(t);
    }
}
END_TEST

START_TEST(thre_interrupt)
{
    struct bench *t = bench_new();
    set_divisor(t, 12, 3);
    out(t, MCR, 0x08);
    out(t, IER, 0x02); /* enabled while empty: at once */
    ck_assert(irq(t));
    ck_assert_uint_eq(in(t, IIR), 0x02);
    ck_assert(!irq(t)); /* reading IIR took it back */
    ck_assert_uint_eq(in(t, IIR), 0x01);
    out(t, IER, 0x02); /* was on already */
    ck_assert(!irq(t));
    out(t, IER, 0x00);
    out(t, IER, 0x02); /* off and on: again */
    ck_assert(irq(t));
    out(t, DATA, 'x'); /* THR written: gone … */
    ck_assert(!irq(t));
    run(t, 191);
    ck_assert(!irq(t));
    run(t, 1); /* … until it is in the shift register */
    ck_assert(irq(t));
    out(t, IER, 0x00);
    ck_assert(!irq(t));
    out(t, DATA, 'y');
    out(t, IER, 0x02); /* not empty */
    ck_assert(!irq(t));
    run(t, 1920);
    ck_assert(irq(t));
    bench_free(t);
}
END_TEST

START_TEST(break_holds_the_line)
{
    struct bench *t = bench_new();
    set_divisor(t, 12, 0x43);
    out(t, DATA, 'x');
    run(t, 3000);
    ck_assert_uint_eq(t->sent, 0);
    ck_assert_uint_eq(in(t, LSR), 0x60);
    out(t, LCR, 0x03);
    out(t, DATA, 'y');
    run(t, 3000);
    ck_assert_uint_eq(t->sent, 1);
    ck_assert_uint_eq(t->byte[0], 'y');
    bench_free(t);
}
END_TEST

/* ---- receiving */

START_TEST(receives_at_line_speed)
{
    struct bench *t = bench_new();
    set_divisor(t, 12, 3);
    out(t, MCR, 0x08);
    out(t, IER, 0x01);
    run_to_cycle(t, 500);
    type(t, "ab");
    run_to_cycle(t, 500 + 1919);
    ck_assert_uint_eq(in(t, LSR), 0x60);
    ck_assert(!irq(t));
    run_to_cycle(t, 500 + 1920);
    ck_assert(irq(t));
    ck_assert_uint_eq(in(t, IIR), 0x04);
    ck_assert_uint_eq(in(t, LSR), 0x61);
    run(t, 100000); /* the far end waits for room */
    ck_assert_uint_eq(in(t, LSR), 0x61);
    ck_assert_uint_eq(ns16550a_room(t->dev), NS16550A_LINE - 1);
    uint64_t read_at = cycles(t);
    ck_assert_uint_eq(in(t, DATA), 'a');
    ck_assert(!irq(t));
    run_to_cycle(t, read_at + 1920);
    ck_assert(irq(t));
    ck_assert_uint_eq(in(t, DATA), 'b');
    ck_assert_uint_eq(in(t, DATA), 'b'); /* RBR keeps it */
    ck_assert_uint_eq(in(t, LSR), 0x60);
    bench_free(t);
}
END_TEST

START_TEST(trigger_levels)
{
    static const uint8_t level[4] = {1, 4, 8, 14};
    for (unsigned i = 0; i < 4; i++) {
        struct bench *t = bench_new();
        set_divisor(t, 1, 3);
        out(t, FCR, i << 6 | 1);
        out(t, MCR, 0x08);
        out(t, IER, 0x01);
        type(t, "abcdefghijklmnopqrst");
        run(t, 160u * level[i] - 1);
        ck_assert(!irq(t));
        run(t, 1);
        ck_assert(irq(t));
        ck_assert_uint_eq(in(t, IIR), 0xC4);
        run(t, 160 * 30); /* sixteen are in, the rest wait, no overrun */
        ck_assert_uint_eq(in(t, LSR), 0x61);
        ck_assert_uint_eq(ns16550a_room(t->dev), NS16550A_LINE - 4);
        bench_free(t);
    }
}
END_TEST

/* Below the trigger level: four characters' time after the last one came or was read. */
START_TEST(character_timeout)
{
    struct bench *t = bench_new();
    set_divisor(t, 12, 3);
    out(t, FCR, 0x81);
    out(t, MCR, 0x08);
    out(t, IER, 0x01);
    type(t, "abc");
    run(t, 3 * 1920 + 4 * 1920 - 1);
    ck_assert(!irq(t));
    ck_assert_uint_eq(in(t, IIR), 0xC1);
    run(t, 1);
    ck_assert(irq(t));
    ck_assert_uint_eq(in(t, IIR), 0xCC);
    ck_assert_uint_eq(in(t, IIR), 0xCC); /* reading IIR does not clear it */
    ck_assert_uint_eq(in(t, DATA), 'a'); /* reading a character does */
    ck_assert(!irq(t));
    run(t, 4 * 1920 - 1);
    ck_assert(!irq(t));
    run(t, 1);
    ck_assert(irq(t));
    ck_assert_uint_eq(in(t, DATA), 'b');
    ck_assert_uint_eq(in(t, DATA), 'c');
    run(t, 100000);
    ck_assert(!irq(t)); /* nothing left */
    bench_free(t);
}
END_TEST

START_TEST(break_arrives)
{
    struct bench *t = bench_new();
    set_divisor(t, 1, 0x0B); /* odd parity: a 0 where 1 is due */
    out(t, FCR, 1);
    out(t, MCR, 0x08);
    out(t, IER, 0x05);
    type(t, "a");
    ck_assert(ns16550a_input(t->dev, NS16550A_BREAK));
    type(t, "b");
    run(t, 1000);
    ck_assert_uint_eq(in(t, LSR), 0xE1); /* in the FIFO, not yet on top */
    ck_assert_uint_eq(in(t, IIR), 0xC4);
    ck_assert_uint_eq(in(t, DATA), 'a');
    ck_assert_uint_eq(in(t, IIR), 0xC6);
    ck_assert_uint_eq(in(t, LSR), 0xE1 | 0x1C); /* BI FE PE */
    ck_assert_uint_eq(in(t, LSR), 0x61);
    ck_assert_uint_eq(in(t, IIR), 0xC4);
    ck_assert_uint_eq(in(t, DATA), 0);
    ck_assert_uint_eq(in(t, DATA), 'b');
    bench_free(t);
}
END_TEST

START_TEST(clearing_fifos)
{
    struct bench *t = bench_new();
    set_divisor(t, 1, 3);
    out(t, FCR, 1);
    type(t, "abc");
    run(t, 3 * 160);
    out(t, DATA, 'x');
    out(t, FCR, 3); /* the receiver's */
    ck_assert_uint_eq(in(t, LSR), 0x00);
    out(t, FCR, 5); /* the transmitter's, before anything was sent */
    ck_assert_uint_eq(in(t, LSR), 0x60);
    run(t, 1000);
    ck_assert_uint_eq(t->sent, 0);
    type(t, "d");
    run(t, 160);
    out(t, FCR, 0); /* a change of mode clears, too */
    ck_assert_uint_eq(in(t, LSR), 0x60);
    bench_free(t);
}
END_TEST

START_TEST(line_is_bounded)
{
    struct bench *t = bench_new();
    set_divisor(t, 1, 3);
    for (unsigned i = 0; i < NS16550A_LINE; i++) {
        ck_assert_uint_eq(ns16550a_room(t->dev), NS16550A_LINE - i);
        ck_assert(ns16550a_input(t->dev, (uint16_t)(i & 0xFF)));
    }
    ck_assert(!ns16550a_input(t->dev, 1));
    for (unsigned i = 0; i < NS16550A_LINE; i++) {
        run(t, 160);
        ck_assert_uint_eq(in(t, LSR), 0x61);
        ck_assert_uint_eq(in(t, DATA), i & 0xFF);
    }
    run(t, 1000);
    ck_assert_uint_eq(in(t, LSR), 0x60);
    bench_free(t);
}
END_TEST

/* ---- loopback and modem lines */

START_TEST(loopback_data)
{
    struct bench *t = bench_new();
    set_divisor(t, 12, 3);
    out(t, MCR, 0x10);
    type(t, "far");
    out(t, DATA, 'x');
    run(t, 192 + 1920);
    ck_assert_uint_eq(in(t, LSR), 0x61);
    ck_assert_uint_eq(in(t, DATA), 'x');
    ck_assert_uint_eq(t->sent, 0);
    run(t, 10000);
    ck_assert_uint_eq(in(t, LSR), 0x60); /* the far end is cut off … */
    out(t, MCR, 0);
    run(t, 1920);
    ck_assert_uint_eq(in(t, DATA), 'f'); /* … and has lost nothing */
    bench_free(t);
}
END_TEST

START_TEST(overrun)
{
    struct bench *t = bench_new();
    set_divisor(t, 1, 3);
    out(t, MCR, 0x10);
    out(t, DATA, 'a');
    run(t, 200);
    out(t, DATA, 'b');
    run(t, 200);
    ck_assert_uint_eq(in(t, LSR), 0x63); /* OE */
    ck_assert_uint_eq(in(t, LSR), 0x61);
    out(t, FCR, 6);                      /* without bit 0 the others are not programmed */
    ck_assert_uint_eq(in(t, DATA), 'b'); /* RBR was overwritten */
    out(t, FCR, 1);
    for (unsigned i = 0; i < 18; i++) {
        out(t, DATA, 'a' + i);
        run(t, 200);
    }
    ck_assert_uint_eq(in(t, LSR), 0x63);
    for (unsigned i = 0; i < 16; i++) {
        ck_assert_uint_eq(in(t, DATA), 'a' + i); /* the FIFO was not */
    }
    ck_assert_uint_eq(in(t, LSR), 0x60);
    bench_free(t);
}
END_TEST

START_TEST(loopback_modem_lines)
{
    struct bench *t = bench_new();
    static const uint8_t want[16] = {0x00, 0x20, 0x10, 0x30, 0x40, 0x60, 0x50, 0x70,
                                     0x80, 0xA0, 0x90, 0xB0, 0xC0, 0xE0, 0xD0, 0xF0};
    ck_assert_uint_eq(in(t, MSR), 0xB0);
    out(t, MCR, 0x10);
    ck_assert_uint_eq(in(t, MSR), 0x0B); /* CTS, DSR, DCD went */
    for (unsigned i = 0; i < 16; i++) {
        out(t, MCR, 0x10 | i);
        ck_assert_uint_eq(in(t, MSR) & 0xF0, want[i]);
        ck_assert_uint_eq(in(t, MSR) & 0x0F, 0);
    }
    out(t, MCR, 0x10);
    (void)in(t, MSR);
    out(t, MCR, 0x14); /* RI comes: not told */
    ck_assert_uint_eq(in(t, MSR), 0x40);
    out(t, MCR, 0x10); /* RI goes: TERI */
    ck_assert_uint_eq(in(t, MSR), 0x04);
    out(t, MCR, 0x00);
    ck_assert_uint_eq(in(t, MSR), 0xBB);
    ck_assert_uint_eq(in(t, MSR), 0xB0);
    bench_free(t);
}
END_TEST

START_TEST(priorities)
{
    struct bench *t = bench_new();
    set_divisor(t, 1, 3);
    out(t, IER, 0x0F);
    out(t, MCR, 0x10); /* modem changes; the gate was never used */
    out(t, DATA, 'a');
    run(t, 200);
    out(t, DATA, 'b');
    run(t, 200);
    ck_assert(irq(t));
    ck_assert_uint_eq(in(t, IIR), 0x06);
    (void)in(t, LSR);
    ck_assert_uint_eq(in(t, IIR), 0x04);
    (void)in(t, DATA);
    ck_assert_uint_eq(in(t, IIR), 0x02);
    ck_assert_uint_eq(in(t, IIR), 0x00);
    (void)in(t, MSR);
    ck_assert_uint_eq(in(t, IIR), 0x01);
    ck_assert(!irq(t));
    bench_free(t);
}
END_TEST

START_TEST(out2_gates)
{
    struct bench *t = bench_new();
    out(t, IER, 0x02);
    ck_assert(irq(t)); /* a guest that has never used OUT2 */
    out(t, MCR, 0x08);
    ck_assert(irq(t));
    out(t, MCR, 0x00);
    ck_assert(!irq(t));
    ck_assert_uint_eq(t->fx.irq_edges[4], 1);
    out(t, MCR, 0x18); /* in loopback the pin is off */
    ck_assert(!irq(t));
    out(t, MCR, 0x08);
    ck_assert(irq(t));
    board_reset(&t->fx.board, RESET_HARD);
    ck_assert(!irq(t));
    out(t, IER, 0x02);
    ck_assert(irq(t));
    bench_free(t);
}
END_TEST

/* ---- properties */

static void traffic(struct bench *t, uint64_t *seed)
{
    uint32_t r = test_random(seed);
    switch (r & 7) {
    case 0: fixture_run_to(&t->fx, t->fx.board.clock.now + (r >> 8 & 0x3FFFF)); break;
    case 1:
    case 2: out(t, r >> 8 & 7, r >> 16); break;
    case 3: (void)ns16550a_input(t->dev, (uint16_t)(r >> 16)); break;
    case 4: set_divisor(t, 1 + (r >> 8 & 15), r >> 16 & 0x5F); break;
    case 5: out(t, DATA, r >> 16); break;
    case 6:
        if ((r >> 8 & 0x3F) == 0) {
            clock_set_mips(&t->fx.board.clock, 1 + (r >> 16 & 0xFF));
            ns16550a_class.retime(t->dev);
        }
        break;
    default: (void)in(t, r >> 8 & 7); break;
    }
}

static uint64_t hash(struct bench *t)
{
    uint64_t h = state_hash(&clock_schema, &t->fx.board.clock, 0);
    return state_hash(t->dev->cls->state, t->dev, h);
}

START_TEST(save_and_load)
{
    struct bench *a = bench_new(), *b = bench_new();
    uint64_t seed = 16550;
    for (unsigned round = 0; round < 200; round++) {
        for (unsigned i = 0; i < 60; i++) {
            traffic(a, &seed);
        }
        struct clock *to = &b->fx.board.clock, *from = &a->fx.board.clock;
        to->now = from->now;
        to->seq = from->seq;
        to->mips = from->mips;
        to->epoch_tick = from->epoch_tick;
        to->epoch_ns = from->epoch_ns;
        fixture_clone(a->dev, b->dev);
        unsigned a_sent = a->sent, b_sent = b->sent;
        uint64_t seed_b = seed;
        for (unsigned i = 0; i < 60; i++) {
            traffic(a, &seed);
            traffic(b, &seed_b);
            ck_assert_uint_eq(hash(a), hash(b));
        }
        ck_assert_uint_eq(a->sent - a_sent, b->sent - b_sent);
    }
    ck_assert_uint_gt(a->sent, 100);
    bench_free(a);
    bench_free(b);
}
END_TEST

START_TEST(power_on_is_new)
{
    struct bench *a = bench_new(), *b = bench_new();
    uint64_t seed = 1;
    for (unsigned i = 0; i < 5000; i++) {
        traffic(a, &seed);
    }
    board_reset(&a->fx.board, RESET_POWER);
    for (unsigned i = 0; i < 8; i++) {
        ck_assert_uint_eq(in(a, i), in(b, i));
    }
    ck_assert_uint_eq(clock_next(&a->fx.board.clock), EVENT_IDLE);
    ck_assert_uint_eq(ns16550a_room(a->dev), NS16550A_LINE);
    bench_free(a);
    bench_free(b);
}
END_TEST

/* With or without somebody who listens: the same machine. */
START_TEST(a_listener_changes_nothing)
{
    struct bench *a = bench_new(), *b = bench_new();
    b->fx.host.serial = NULL;
    uint64_t seed_a = 7, seed_b = 7;
    for (unsigned i = 0; i < 20000; i++) {
        traffic(a, &seed_a);
        traffic(b, &seed_b);
    }
    ck_assert_uint_gt(a->sent, 100);
    ck_assert_uint_eq(hash(a), hash(b));
    bench_free(a);
    bench_free(b);
}
END_TEST

START_TEST(coverage)
{
    struct error err = {{0}};
    ck_assert_msg(state_coverage(ns16550a_class.state, &err) == 0, "%s", err.text);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("ns16550a");
    TCase *tc = tcase_create("registers");
    tcase_add_test(tc, reset_values);
    tcase_add_test(tc, what_reset_leaves);
    tcase_add_test(tc, bits_that_stick);
    tcase_add_test(tc, absent_port);
    suite_add_tcase(s, tc);
    tc = tcase_create("sending");
    tcase_add_test(tc, baud_rate);
    tcase_add_test(tc, word_length_cuts);
    tcase_add_test(tc, fifo_sends_sixteen);
    tcase_add_test(tc, full_transmitter);
    tcase_add_test(tc, thre_interrupt);
    tcase_add_test(tc, break_holds_the_line);
    suite_add_tcase(s, tc);
    tc = tcase_create("receiving");
    tcase_add_test(tc, receives_at_line_speed);
    tcase_add_test(tc, trigger_levels);
    tcase_add_test(tc, character_timeout);
    tcase_add_test(tc, break_arrives);
    tcase_add_test(tc, clearing_fifos);
    tcase_add_test(tc, line_is_bounded);
    suite_add_tcase(s, tc);
    tc = tcase_create("loopback");
    tcase_add_test(tc, loopback_data);
    tcase_add_test(tc, overrun);
    tcase_add_test(tc, loopback_modem_lines);
    tcase_add_test(tc, priorities);
    tcase_add_test(tc, out2_gates);
    suite_add_tcase(s, tc);
    tc = tcase_create("properties");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, save_and_load);
    tcase_add_test(tc, power_on_is_new);
    tcase_add_test(tc, a_listener_changes_nothing);
    tcase_add_test(tc, coverage);
    suite_add_tcase(s, tc);
    return s;
}

int main(void)
{
    SRunner *sr = srunner_create(suite());
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
