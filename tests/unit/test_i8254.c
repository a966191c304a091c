/* tests/unit/test_i8254.c -- the 8254 against its data sheet, and against a naive model that is
 * clocked pulse by pulse. */
#include "devices/i8254.h"
#include "tests/support/board_fixture.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

struct bench {
    struct fixture fx;
    struct device *pit;
};

static const struct slot slot = {&i8254_class, 0x40, 0, -1};

static struct bench *bench_new(uint32_t mips)
{
    struct bench *t = calloc(1, sizeof *t);
    ck_assert_ptr_nonnull(t);
    fixture_init(&t->fx);
    clock_set_mips(&t->fx.board.clock, mips);
    t->pit = fixture_attach(&t->fx, &slot);
    return t;
}

static void bench_free(struct bench *t)
{
    fixture_free(&t->fx);
    free(t);
}

static void out(struct bench *t, uint16_t port, uint8_t v)
{
    fixture_out(&t->fx, port, v);
}

static uint8_t in(struct bench *t, uint16_t port)
{
    return fixture_in(&t->fx, port);
}

static uint64_t pulse(struct bench *t)
{
    return clock_cycles(&t->fx.board.clock, I8254_HZ);
}

static void to_pulse(struct bench *t, uint64_t p)
{
    fixture_run_to(&t->fx, clock_tick_of(&t->fx.board.clock, p, I8254_HZ));
    ck_assert_uint_eq(pulse(t), p);
}

/* Control word and two-byte count (or LSB only, if the control word says so). */
static void program(struct bench *t, uint8_t cw, uint16_t n)
{
    uint16_t port = (uint16_t)(0x40 + (cw >> 6));
    out(t, 0x43, cw);
    out(t, port, (uint8_t)n);
    if ((cw & 0x30) == 0x30) {
        out(t, port, (uint8_t)(n >> 8));
    }
}

static uint16_t latched(struct bench *t, unsigned ch)
{
    out(t, 0x43, (uint8_t)(ch << 6));
    uint8_t low = in(t, (uint16_t)(0x40 + ch));
    return (uint16_t)(low | in(t, (uint16_t)(0x40 + ch)) << 8);
}

static uint8_t status(struct bench *t, unsigned ch)
{
    out(t, 0x43, (uint8_t)(0xE0 | 2u << ch));
    return in(t, (uint16_t)(0x40 + ch));
}

START_TEST(mode0)
{
    struct bench *t = bench_new(100);
    uint64_t c = pulse(t);
    program(t, 0x30, 4);
    ck_assert(!t->fx.irq[0]);
    ck_assert_uint_eq(status(t, 0), 0x70); /* OUT low, null count */
    to_pulse(t, c + 1);
    ck_assert_uint_eq(latched(t, 0), 4);
    ck_assert_uint_eq(status(t, 0), 0x30);
    to_pulse(t, c + 4);
    ck_assert_uint_eq(latched(t, 0), 1);
    ck_assert(!t->fx.irq[0]);
    to_pulse(t, c + 5); /* N + 1 pulses after the write */
    ck_assert(t->fx.irq[0]);
    ck_assert_uint_eq(latched(t, 0), 0);
    to_pulse(t, c + 7);
    ck_assert_uint_eq(latched(t, 0), 0xFFFE);
    ck_assert_uint_eq(clock_next(&t->fx.board.clock), EVENT_IDLE);
    bench_free(t);
}
END_TEST

START_TEST(mode0_two_byte_write_stops)
{
    struct bench *t = bench_new(100);
    program(t, 0x30, 100);
    to_pulse(t, 11);
    ck_assert_uint_eq(latched(t, 0), 90);
    out(t, 0x40, 50);
    to_pulse(t, 60);
    ck_assert_uint_eq(latched(t, 0), 90);
    out(t, 0x40, 0);
    to_pulse(t, 61);
    ck_assert_uint_eq(latched(t, 0), 50);
    to_pulse(t, 110);
    ck_assert(!t->fx.irq[0]);
    to_pulse(t, 111);
    ck_assert(t->fx.irq[0]);
    out(t, 0x40, 1); /* the first byte of the next count takes OUT low at once */
    ck_assert(!t->fx.irq[0]);
    bench_free(t);
}
END_TEST

START_TEST(mode0_gate)
{
    struct bench *t = bench_new(100);
    i8254_set_gate(t->pit, 0, false);
    program(t, 0x30, 10);
    to_pulse(t, 20);
    ck_assert_uint_eq(latched(t, 0), 10); /* loaded without GATE, not counted */
    i8254_set_gate(t->pit, 0, true);
    to_pulse(t, 23);
    ck_assert_uint_eq(latched(t, 0), 7);
    i8254_set_gate(t->pit, 0, false);
    to_pulse(t, 40);
    ck_assert_uint_eq(latched(t, 0), 7);
    i8254_set_gate(t->pit, 0, true);
    to_pulse(t, 46);
    ck_assert(!t->fx.irq[0]);
    to_pulse(t, 47);
    ck_assert(t->fx.irq[0]);
    bench_free(t);
}
END_TEST

static void trigger(struct bench *t, unsigned ch)
{
    i8254_set_gate(t->pit, ch, false);
    i8254_set_gate(t->pit, ch, true);
}

START_TEST(mode1)
{
    struct bench *t = bench_new(100);
    program(t, 0xB2, 3);
    to_pulse(t, 10);
    ck_assert(i8254_out(t->pit, 2));
    trigger(t, 2);
    ck_assert(i8254_out(t->pit, 2));
    to_pulse(t, 11);
    ck_assert(!i8254_out(t->pit, 2));
    to_pulse(t, 13);
    trigger(t, 2); /* retriggerable */
    to_pulse(t, 16);
    ck_assert(!i8254_out(t->pit, 2));
    ck_assert_uint_eq(latched(t, 2), 1);
    to_pulse(t, 17);
    ck_assert(i8254_out(t->pit, 2));
    trigger(t, 2);
    to_pulse(t, 18);
    out(t, 0x42, 9); /* waits for the next trigger */
    out(t, 0x42, 0);
    to_pulse(t, 20);
    ck_assert(!i8254_out(t->pit, 2));
    to_pulse(t, 21);
    ck_assert(i8254_out(t->pit, 2));
    trigger(t, 2);
    to_pulse(t, 30);
    ck_assert(!i8254_out(t->pit, 2));
    to_pulse(t, 31);
    ck_assert(i8254_out(t->pit, 2));
    bench_free(t);
}
END_TEST

START_TEST(mode2)
{
    struct bench *t = bench_new(100);
    program(t, 0x34, 4);
    ck_assert(t->fx.irq[0]);
    to_pulse(t, 3);
    ck_assert_uint_eq(latched(t, 0), 2);
    ck_assert(t->fx.irq[0]);
    to_pulse(t, 4);
    ck_assert_uint_eq(latched(t, 0), 1);
    ck_assert(!t->fx.irq[0]);
    to_pulse(t, 5);
    ck_assert_uint_eq(latched(t, 0), 4);
    ck_assert(t->fx.irq[0]);
    to_pulse(t, 6);
    out(t, 0x40, 6); /* takes effect at the end of this period */
    out(t, 0x40, 0);
    ck_assert_uint_eq(status(t, 0) & 0x40, 0x40);
    to_pulse(t, 8);
    ck_assert(!t->fx.irq[0]);
    ck_assert_uint_eq(latched(t, 0), 1);
    to_pulse(t, 9);
    ck_assert_uint_eq(status(t, 0) & 0x40, 0);
    ck_assert_uint_eq(latched(t, 0), 6);
    to_pulse(t, 14);
    ck_assert(!t->fx.irq[0]);
    i8254_set_gate(t->pit, 0, false); /* OUT high at once */
    ck_assert(t->fx.irq[0]);
    to_pulse(t, 50);
    i8254_set_gate(t->pit, 0, true); /* and the count starts over */
    to_pulse(t, 51);
    ck_assert_uint_eq(latched(t, 0), 6);
    to_pulse(t, 56);
    ck_assert(!t->fx.irq[0]);
    bench_free(t);
}
END_TEST

START_TEST(mode2_does_not_drift)
{
    struct bench *t = bench_new(100);
    struct clock *ck = &t->fx.board.clock;
    program(t, 0x34, 1193);
    unsigned edges = t->fx.irq_edges[0];
    uint64_t k = 100000;
    fixture_run_to(&t->fx, clock_tick_of(ck, 1 + k * 1193, I8254_HZ) - 1);
    ck_assert_uint_eq(t->fx.irq_edges[0] - edges, k - 1);
    fixture_run_to(&t->fx, ck->now + 1);
    ck_assert_uint_eq(t->fx.irq_edges[0] - edges, k);
    bench_free(t);
}
END_TEST

START_TEST(mode3)
{
    static const uint8_t even[] = {4, 2, 4, 2, 4}, odd[] = {4, 2, 0, 4, 2, 4};
    static const bool even_out[] = {1, 1, 0, 0, 1}, odd_out[] = {1, 1, 1, 0, 0, 1};
    struct bench *t = bench_new(100);
    program(t, 0x36, 4);
    for (unsigned i = 0; i < ARRAY_LEN(even); i++) {
        to_pulse(t, 1 + i);
        ck_assert_uint_eq(latched(t, 0), even[i]);
        ck_assert_uint_eq(t->fx.irq[0], even_out[i]);
    }
    to_pulse(t, 100);
    program(t, 0x36, 5);
    for (unsigned i = 0; i < ARRAY_LEN(odd); i++) {
        to_pulse(t, 101 + i);
        ck_assert_uint_eq(latched(t, 0), odd[i]);
        ck_assert_uint_eq(t->fx.irq[0], odd_out[i]);
    }
    out(t, 0x40, 8); /* in the high half: new count at its end, as a low half of 4 */
    out(t, 0x40, 0);
    to_pulse(t, 109);
    ck_assert(!t->fx.irq[0]);
    ck_assert_uint_eq(latched(t, 0), 8);
    to_pulse(t, 112);
    ck_assert(!t->fx.irq[0]);
    to_pulse(t, 113);
    ck_assert(t->fx.irq[0]);
    to_pulse(t, 117);
    ck_assert(!t->fx.irq[0]);
    bench_free(t);
}
END_TEST

START_TEST(mode4)
{
    struct bench *t = bench_new(100);
    program(t, 0x38, 3);
    to_pulse(t, 3);
    ck_assert(t->fx.irq[0]);
    to_pulse(t, 4);
    ck_assert(!t->fx.irq[0]);
    to_pulse(t, 5);
    ck_assert(t->fx.irq[0]);
    to_pulse(t, 100000);
    ck_assert_uint_eq(t->fx.irq_edges[0], 2); /* at reset, and after one strobe */
    out(t, 0x40, 2);
    out(t, 0x40, 0); /* "software triggered" */
    to_pulse(t, 100003);
    ck_assert(!t->fx.irq[0]);
    bench_free(t);
}
END_TEST

START_TEST(mode5)
{
    struct bench *t = bench_new(100);
    program(t, 0x3A, 3);
    to_pulse(t, 50);
    ck_assert(t->fx.irq[0]);
    trigger(t, 0);
    to_pulse(t, 53);
    ck_assert(t->fx.irq[0]);
    to_pulse(t, 54); /* N + 1 pulses after the trigger */
    ck_assert(!t->fx.irq[0]);
    to_pulse(t, 55);
    ck_assert(t->fx.irq[0]);
    bench_free(t);
}
END_TEST

START_TEST(full_counts_and_bcd)
{
    struct bench *t = bench_new(100);
    program(t, 0x34, 0);
    program(t, 0xB5, 0); /* BCD */
    program(t, 0x71, 0x1000);
    to_pulse(t, 1);
    ck_assert_uint_eq(latched(t, 0), 0);
    ck_assert_uint_eq(latched(t, 2), 0);
    to_pulse(t, 2);
    ck_assert_uint_eq(latched(t, 0), 0xFFFF);
    ck_assert_uint_eq(latched(t, 2), 0x9999);
    ck_assert_uint_eq(latched(t, 1), 0x0999);
    to_pulse(t, 1 + 65535);
    ck_assert_uint_eq(latched(t, 0), 1);
    ck_assert(!t->fx.irq[0]);
    ck_assert_uint_eq(latched(t, 2), 0x4465);
    to_pulse(t, 1 + 65536);
    ck_assert(t->fx.irq[0]);
    bench_free(t);
}
END_TEST

START_TEST(access_modes)
{
    struct bench *t = bench_new(100);
    program(t, 0x10, 0x77); /* LSB only: MSB is 0 */
    to_pulse(t, 1);
    ck_assert_uint_eq(in(t, 0x40), 0x77);
    ck_assert_uint_eq(in(t, 0x40), 0x77);
    program(t, 0x20, 0x12); /* MSB only: LSB is 0 */
    to_pulse(t, 2);
    ck_assert_uint_eq(in(t, 0x40), 0x12);
    to_pulse(t, 3);
    ck_assert_uint_eq(in(t, 0x40), 0x11);
    program(t, 0x30, 0x1234);
    to_pulse(t, 4);
    ck_assert_uint_eq(in(t, 0x40), 0x34);
    ck_assert_uint_eq(in(t, 0x40), 0x12);
    ck_assert_uint_eq(in(t, 0x40), 0x34);
    out(t, 0x43, 0x30); /* resets the flip-flops */
    out(t, 0x40, 0x78);
    out(t, 0x43, 0x30);
    out(t, 0x40, 0x78);
    out(t, 0x40, 0x56);
    to_pulse(t, 5);
    ck_assert_uint_eq(latched(t, 0), 0x5678);
    ck_assert_uint_eq(in(t, 0x43), 0xFF);
    bench_free(t);
}
END_TEST

START_TEST(latches)
{
    struct bench *t = bench_new(100);
    program(t, 0x34, 0x1000);
    to_pulse(t, 1);
    out(t, 0x43, 0x00);
    to_pulse(t, 10);
    out(t, 0x43, 0x00); /* ignored: not read yet */
    ck_assert_uint_eq(in(t, 0x40), 0x00);
    to_pulse(t, 20);
    ck_assert_uint_eq(in(t, 0x40), 0x10);
    ck_assert_uint_eq(in(t, 0x40), 0xED); /* live again */
    (void)in(t, 0x40);
    out(t, 0x43, 0xC2); /* status and count of counter 0: status comes first */
    to_pulse(t, 30);
    out(t, 0x43, 0xC2);
    ck_assert_uint_eq(in(t, 0x40), 0xB4);
    ck_assert_uint_eq(in(t, 0x40), 0xED);
    ck_assert_uint_eq(in(t, 0x40), 0x0F);
    out(t, 0x43, 0xDE); /* count of all three */
    to_pulse(t, 40);
    ck_assert_uint_eq(in(t, 0x40), 0xE3);
    ck_assert_uint_eq(in(t, 0x40), 0x0F);
    out(t, 0x43, 0x00);
    out(t, 0x43, 0x34); /* a control word drops the latch */
    out(t, 0x40, 0x00);
    out(t, 0x40, 0x20);
    to_pulse(t, 41);
    ck_assert_uint_eq(in(t, 0x40), 0x00);
    ck_assert_uint_eq(in(t, 0x40), 0x20);
    bench_free(t);
}
END_TEST

START_TEST(illegal_count)
{
    struct bench *t = bench_new(100);
    program(t, 0x34, 1);
    program(t, 0xB6, 1);
    ck_assert_uint_eq(t->fx.board.notes.count[NOTE_i8254_count], 2);
    to_pulse(t, 1000);
    ck_assert(t->fx.irq[0]);
    ck_assert_uint_eq(clock_next(&t->fx.board.clock), EVENT_IDLE);
    out(t, 0x40, 3); /* recovers */
    out(t, 0x40, 0);
    to_pulse(t, 1003);
    ck_assert(!t->fx.irq[0]);
    bench_free(t);
}
END_TEST

START_TEST(mips_change_keeps_the_pulses)
{
    struct bench *t = bench_new(100);
    program(t, 0x34, 1000);
    to_pulse(t, 500);
    clock_set_mips(&t->fx.board.clock, 7);
    i8254_class.retime(t->pit);
    fixture_run_to(&t->fx, clock_tick_of(&t->fx.board.clock, 1000, I8254_HZ) - 1);
    ck_assert(t->fx.irq[0]);
    to_pulse(t, 1000);
    ck_assert(!t->fx.irq[0]);
    bench_free(t);
}
END_TEST

START_TEST(idle_without_a_listener)
{
    struct bench *t = bench_new(100);
    program(t, 0xB6, 1000);
    ck_assert_uint_eq(clock_next(&t->fx.board.clock), EVENT_IDLE);
    to_pulse(t, 501);
    ck_assert(!i8254_out(t->pit, 2));
    bench_free(t);
}
END_TEST

/* ---- the naive model: one call a pulse, as the data sheet tells it ---- */

struct model {
    unsigned mode, modulus;
    uint32_t cr, ce; /* ce: 1..modulus when just loaded, else 0..modulus-1 */
    bool gate, out, load, loaded, written, null_count, armed, strobe, half_written, odd;
    unsigned rises;
};

static void model_out(struct model *m, bool level)
{
    m->rises += level && !m->out;
    m->out = level;
}

static void model_load(struct model *m)
{
    m->load = false;
    m->loaded = true;
    m->null_count = false;
    m->odd = m->mode == 3 && (m->cr & 1);
    m->ce = m->cr - (m->odd ? 1 : 0);
}

static void model_down(struct model *m)
{
    m->ce = m->ce == 0 ? m->modulus - 1 : m->ce - 1;
}

static bool model_counts(const struct model *m)
{
    return m->loaded && m->gate && !(m->mode == 0 && m->half_written);
}

static void model_square(struct model *m)
{
    if (m->odd && m->out && m->ce == 0) {
        model_load(m);
        model_out(m, false);
        return;
    }
    m->ce -= 2;
    if (m->ce == 0 && !(m->odd && m->out)) {
        model_load(m);
        model_out(m, !m->out);
    }
}

static void model_pulse(struct model *m)
{
    bool was_low_strobe = m->strobe;
    m->strobe = false;
    if (was_low_strobe) {
        model_out(m, true);
    }
    if (m->load) {
        model_load(m);
        m->armed = !(m->mode == 0 && m->half_written);
        model_out(m, m->mode > 1);
        return;
    }
    switch (m->mode) {
    case 0:
    case 1:
        if (m->mode == 1 ? m->loaded : model_counts(m)) {
            model_down(m);
            if (m->ce == 0 && m->armed) {
                m->armed = false;
                model_out(m, true);
            }
        }
        break;
    case 2:
        if (model_counts(m)) {
            if (m->ce == 1) {
                model_load(m);
                model_out(m, true);
            } else {
                model_down(m);
                if (m->ce == 1) {
                    model_out(m, false);
                }
            }
        }
        break;
    case 3:
        if (model_counts(m)) {
            model_square(m);
        }
        break;
    default:
        if (m->mode == 5 ? m->loaded : model_counts(m)) {
            model_down(m);
            if (m->ce == 0 && m->armed) {
                m->armed = false;
                m->strobe = true;
                model_out(m, false);
            }
        }
        break;
    }
}

static void model_control(struct model *m, unsigned mode, bool bcd)
{
    bool gate = m->gate, out_now = m->out;
    unsigned rises = m->rises;
    *m = (struct model){.mode = mode, .modulus = bcd ? 10000 : 65536, .gate = gate};
    m->null_count = true;
    m->out = out_now;
    m->rises = rises;
    model_out(m, mode != 0);
}

static void model_first_byte(struct model *m)
{
    m->half_written = true;
    if (m->mode == 0) {
        m->armed = false;
        model_out(m, false);
    }
}

static void model_count(struct model *m, uint32_t n)
{
    m->half_written = false;
    m->cr = n;
    m->null_count = true;
    m->written = true;
    if (m->mode == 0) {
        m->armed = false;
        model_out(m, false);
    }
    if (m->mode == 0 || m->mode == 4 || ((m->mode == 2 || m->mode == 3) && !m->loaded)) {
        m->load = true;
    }
}

static void model_gate(struct model *m, bool level)
{
    if (level && !m->gate && m->mode != 0 && m->mode != 4 && m->written) {
        m->load = true;
        if (m->mode == 2 || m->mode == 3) {
            m->loaded = true;
        }
    }
    if (!level && (m->mode == 2 || m->mode == 3)) {
        model_out(m, true);
    }
    m->gate = level;
}

static uint16_t bcd(uint32_t v)
{
    return (uint16_t)(v / 1000 << 12 | v / 100 % 10 << 8 | v / 10 % 10 << 4 | v % 10);
}

static void compare(struct bench *t, const struct model *m, unsigned ch)
{
    out(t, 0x43, (uint8_t)(0xC0 | 2u << ch));
    uint8_t st = in(t, (uint16_t)(0x40 + ch));
    uint16_t count = in(t, (uint16_t)(0x40 + ch));
    count |= (uint16_t)(in(t, (uint16_t)(0x40 + ch)) << 8);
    ck_assert_msg((st >> 7) == m->out, "channel %u mode %u: OUT at pulse %llu", ch, m->mode,
                  (unsigned long long)pulse(t));
    ck_assert_msg((st >> 6 & 1) == m->null_count,
                  "channel %u mode %u: null count at pulse %llu", ch, m->mode,
                  (unsigned long long)pulse(t));
    if (m->loaded) {
        uint32_t v = m->ce % m->modulus;
        ck_assert_msg(count == (m->modulus == 10000 ? bcd(v) : v),
                      "channel %u mode %u: count %x, model %x", ch, m->mode, count, v);
    }
    ck_assert_uint_eq(i8254_out(t->pit, ch), m->out);
}

struct pair {
    struct bench *t;
    struct model m[3];
    uint64_t at; /* pulse of the models */
};

static void random_count(struct pair *p, unsigned ch, uint32_t r)
{
    struct model *m = &p->m[ch];
    uint32_t n = r >> 8 & 1 ? 2 + (r >> 9 & 15) : 2 + (r >> 9 & 0x3FFF) % 9998;
    uint16_t raw = m->modulus == 10000 ? bcd(n) : (uint16_t)n;
    if ((r >> 24 & 15) == 0) {
        raw = 0;
        n = m->modulus;
    }
    if (!m->half_written) {
        out(p->t, (uint16_t)(0x40 + ch), (uint8_t)raw);
        model_first_byte(m);
        if (r >> 28 & 1) {
            return; /* the second byte comes later, whatever it will be */
        }
        out(p->t, (uint16_t)(0x40 + ch), (uint8_t)(raw >> 8));
        model_count(m, n);
        return;
    }
    out(p->t, 0x43, (uint8_t)(ch << 6 | 0x30 | m->mode << 1 | (m->modulus == 10000)));
    model_control(m, m->mode, m->modulus == 10000);
}

static void random_step(struct pair *p, uint64_t *seed)
{
    uint32_t r = test_random(seed);
    unsigned ch = (r >> 4) % 3;
    switch (r & 15) {
    case 0: {
        unsigned mode = (r >> 8) % 6;
        out(p->t, 0x43, (uint8_t)(ch << 6 | 0x30 | mode << 1 | (r >> 16 & 1)));
        model_control(&p->m[ch], mode, r >> 16 & 1);
        break;
    }
    case 1:
    case 2:
    case 3: random_count(p, ch, r); break;
    case 4:
    case 5:
        i8254_set_gate(p->t->pit, ch, r >> 8 & 1);
        model_gate(&p->m[ch], r >> 8 & 1);
        break;
    case 6:
    case 7:
    case 8: compare(p->t, &p->m[ch], ch); break;
    default: {
        uint64_t ticks = (r >> 8 & 3) == 0 ? (r >> 10 & 0xFFFF) : (r >> 10 & 0xFF);
        fixture_run_to(&p->t->fx,
                       p->t->fx.board.clock.now + ticks * p->t->fx.board.clock.mips / 4);
        for (; p->at < pulse(p->t); p->at++) {
            for (unsigned i = 0; i < 3; i++) {
                model_pulse(&p->m[i]);
            }
        }
        break;
    }
    }
    ck_assert_uint_eq(p->t->fx.irq[0], p->m[0].out);
    ck_assert_uint_eq(p->t->fx.irq_edges[0], p->m[0].rises);
}

/* At 100 ticks a microsecond a pulse has 84 ticks; at 1, some ticks hold two pulses. */
START_TEST(equals_the_naive_model)
{
    struct pair p = {.t = bench_new(_i ? 1 : 100)};
    uint64_t seed = 8254u + (unsigned)_i;
    for (unsigned i = 0; i < 3; i++) {
        p.m[i].gate = true;
        out(p.t, 0x43, (uint8_t)(i << 6 | 0x30));
        model_control(&p.m[i], 0, false);
    }
    p.m[0].rises = p.t->fx.irq_edges[0];
    for (unsigned i = 0; i < 20000; i++) {
        random_step(&p, &seed);
    }
    bench_free(p.t);
}
END_TEST

static void traffic(struct bench *t, uint64_t *seed)
{
    uint32_t r = test_random(seed);
    switch (r & 7) {
    case 0: fixture_run_to(&t->fx, t->fx.board.clock.now + (r >> 8 & 0xFFF)); break;
    case 1: i8254_set_gate(t->pit, r >> 8 & 3, r >> 16 & 1); break;
    case 2:
    case 3: (void)in(t, (uint16_t)(0x40 + (r >> 8 & 3))); break;
    default: out(t, (uint16_t)(0x40 + (r >> 8 & 3)), (uint8_t)(r >> 16)); break;
    }
}

START_TEST(random_traffic)
{
    struct bench *a = bench_new(100), *b = bench_new(100);
    uint64_t seed = 82540, seed_b;
    for (unsigned round = 0; round < 50; round++) {
        for (unsigned i = 0; i < 400; i++) {
            traffic(a, &seed);
        }
        b->fx.board.clock.now = a->fx.board.clock.now;
        b->fx.board.clock.seq = a->fx.board.clock.seq;
        fixture_clone(a->pit, b->pit);
        seed_b = seed;
        for (unsigned i = 0; i < 100; i++) {
            traffic(a, &seed);
            traffic(b, &seed_b);
        }
        ck_assert_uint_eq(a->fx.board.clock.now, b->fx.board.clock.now);
        ck_assert_uint_eq(state_hash(i8254_class.state, a->pit, 0),
                          state_hash(i8254_class.state, b->pit, 0));
    }
    bench_free(a);
    bench_free(b);
}
END_TEST

START_TEST(reset_coverage_info)
{
    struct error err = {{0}};
    struct text text = {0};
    struct bench *t = bench_new(100), *u = bench_new(100);
    ck_assert_msg(state_coverage(i8254_class.state, &err) == 0, "%s", err.text);
    ck_assert(t->fx.irq[0]);
    program(t, 0x30, 100);
    program(t, 0xB6, 100);
    i8254_class.info(t->pit, &text);
    ck_assert_ptr_nonnull(strstr(text.s, "pit2: mode=3"));
    free(text.s);
    i8254_class.reset(t->pit, RESET_POWER);
    ck_assert(t->fx.irq[0]);
    ck_assert_uint_eq(clock_next(&t->fx.board.clock), EVENT_IDLE);
    i8254_class.reset(u->pit, RESET_HARD);
    struct text a = {0}, b = {0};
    i8254_class.info(t->pit, &a);
    i8254_class.info(u->pit, &b);
    ck_assert_str_eq(a.s, b.s);
    free(a.s);
    free(b.s);
    bench_free(t);
    bench_free(u);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("i8254");
    TCase *tc = tcase_create("i8254");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, mode0);
    tcase_add_test(tc, mode0_two_byte_write_stops);
    tcase_add_test(tc, mode0_gate);
    tcase_add_test(tc, mode1);
    tcase_add_test(tc, mode2);
    tcase_add_test(tc, mode2_does_not_drift);
    tcase_add_test(tc, mode3);
    tcase_add_test(tc, mode4);
    tcase_add_test(tc, mode5);
    tcase_add_test(tc, full_counts_and_bcd);
    tcase_add_test(tc, access_modes);
    tcase_add_test(tc, latches);
    tcase_add_test(tc, illegal_count);
    tcase_add_test(tc, mips_change_keeps_the_pulses);
    tcase_add_test(tc, idle_without_a_listener);
    tcase_add_loop_test(tc, equals_the_naive_model, 0, 2);
    tcase_add_test(tc, random_traffic);
    tcase_add_test(tc, reset_coverage_info);
    suite_add_tcase(s, tc);
    return s;
}

int main(void)
{
    SRunner *sr = srunner_create(suite());
    srunner_set_fork_status(sr, CK_NOFORK);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
