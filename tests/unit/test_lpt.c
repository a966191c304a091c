/* test_lpt.c -- the printer port: strobe, busy, ACK#, the interrupt. */
#include "devices/chips.h"
#include "tests/support/board_fixture.h"

#include <check.h>
#include <stdlib.h>

enum { DATA = 0x378, STATUS, CONTROL, US = 100 };

struct bench {
    struct fixture fx;
    struct device *dev;
    unsigned printed;
    uint8_t byte[16];
};

static const struct slot lpt1 = {&lpt_class, DATA, 7, -1};

static void prints(void *ctx, uint8_t byte)
{
    struct bench *t = (struct bench *)ctx; /* fx is its first member */
    t->byte[t->printed++ % 16] = byte;
}

static struct bench *bench_new(void)
{
    struct bench *t = calloc(1, sizeof *t);
    ck_assert_ptr_nonnull(t);
    fixture_init(&t->fx);
    t->fx.host.parallel = prints;
    t->fx.board.config.parallel = true;
    t->dev = fixture_attach(&t->fx, &lpt1);
    return t;
}

static void bench_free(struct bench *t)
{
    fixture_free(&t->fx);
    free(t);
}

static void out(struct bench *t, uint16_t port, unsigned v)
{
    fixture_out(&t->fx, port, (uint8_t)v);
}

static uint8_t in(struct bench *t, uint16_t port)
{
    return fixture_in(&t->fx, port);
}

static void run(struct bench *t, uint64_t ticks)
{
    fixture_run_to(&t->fx, t->fx.board.clock.now + ticks);
}

START_TEST(registers)
{
    struct bench *t = bench_new();
    ck_assert_uint_eq(in(t, STATUS), 0xDF);
    ck_assert_uint_eq(in(t, CONTROL), 0xEC);
    out(t, DATA, 0xAA);
    ck_assert_uint_eq(in(t, DATA), 0xAA);
    out(t, CONTROL, 0xFE);
    ck_assert_uint_eq(in(t, CONTROL), 0xFE);
    out(t, STATUS, 0);
    ck_assert_uint_eq(in(t, STATUS), 0xDF);
    ck_assert_uint_eq(t->printed, 0);
    board_reset(&t->fx.board, RESET_HARD);
    ck_assert_uint_eq(in(t, DATA), 0);
    ck_assert_uint_eq(in(t, CONTROL), 0xEC);
    bench_free(t);
}
END_TEST

START_TEST(strobe_prints_once)
{
    struct bench *t = bench_new();
    out(t, DATA, 'p');
    out(t, CONTROL, 0x0D);
    ck_assert_uint_eq(t->printed, 1);
    ck_assert_uint_eq(t->byte[0], 'p');
    out(t, CONTROL, 0x0D); /* still on */
    ck_assert_uint_eq(in(t, STATUS), 0x5F);
    out(t, CONTROL, 0x0C);
    ck_assert_uint_eq(t->printed, 1);
    run(t, 15 * US - 1);
    ck_assert_uint_eq(in(t, STATUS), 0x5F);
    run(t, 1);
    ck_assert_uint_eq(in(t, STATUS), 0x1F); /* ACK# */
    run(t, 5 * US);
    ck_assert_uint_eq(in(t, STATUS), 0xDF);
    ck_assert_uint_eq(t->fx.irq_edges[7], 0);
    bench_free(t);
}
END_TEST

START_TEST(interrupt)
{
    struct bench *t = bench_new();
    out(t, CONTROL, 0x1D);
    out(t, CONTROL, 0x1C);
    run(t, 20 * US - 1);
    ck_assert(!t->fx.irq[7]);
    run(t, 1);
    ck_assert(t->fx.irq[7]);
    ck_assert_uint_eq(in(t, STATUS), 0xDB);
    ck_assert(!t->fx.irq[7]); /* reading took it back */
    ck_assert_uint_eq(in(t, STATUS), 0xDF);
    out(t, CONTROL, 0x1D);
    run(t, 20 * US);
    ck_assert(t->fx.irq[7]);
    out(t, CONTROL, 0x0C); /* disabled */
    ck_assert(!t->fx.irq[7]);
    ck_assert_uint_eq(t->fx.irq_edges[7], 2);
    bench_free(t);
}
END_TEST

START_TEST(haste_and_init)
{
    struct bench *t = bench_new();
    for (unsigned i = 0; i < 10; i++) {
        out(t, DATA, '0' + i);
        out(t, CONTROL, 0x0D);
        out(t, CONTROL, 0x0C);
    }
    ck_assert_uint_eq(t->printed, 10);
    ck_assert_mem_eq(t->byte, "0123456789", 10);
    out(t, CONTROL, 0x08); /* INIT# */
    ck_assert_uint_eq(in(t, STATUS), 0xDF);
    ck_assert_uint_eq(clock_next(&t->fx.board.clock), EVENT_IDLE);
    out(t, CONTROL, 0x09); /* a strobe meanwhile is not heard */
    ck_assert_uint_eq(t->printed, 10);
    bench_free(t);
}
END_TEST

START_TEST(absent)
{
    struct bench *t = calloc(1, sizeof *t);
    fixture_init(&t->fx);
    t->dev = fixture_attach(&t->fx, &lpt1);
    out(t, DATA, 0x55);
    ck_assert_uint_eq(in(t, DATA), 0xFF);
    bench_free(t);
}
END_TEST

static void traffic(struct bench *t, uint64_t *seed)
{
    uint32_t r = test_random(seed);
    switch (r & 3) {
    case 0: run(t, r >> 8 & 0x7FF); break;
    case 1: (void)in(t, (uint16_t)(DATA + (r >> 8) % 3)); break;
    case 2: out(t, CONTROL, r >> 16); break;
    default: out(t, (uint16_t)(DATA + (r >> 8) % 3), r >> 16); break;
    }
}

START_TEST(save_and_load)
{
    struct bench *a = bench_new(), *b = bench_new();
    uint64_t seed = 378;
    for (unsigned round = 0; round < 100; round++) {
        for (unsigned i = 0; i < 50; i++) {
            traffic(a, &seed);
        }
        b->fx.board.clock.now = a->fx.board.clock.now;
        b->fx.board.clock.seq = a->fx.board.clock.seq;
        fixture_clone(a->dev, b->dev);
        unsigned printed = a->printed - b->printed;
        uint64_t again = seed;
        for (unsigned i = 0; i < 50; i++) {
            traffic(a, &seed);
            traffic(b, &again);
        }
        ck_assert_uint_eq(a->printed - b->printed, printed);
        ck_assert_uint_eq(state_hash(a->dev->cls->state, a->dev, 0),
                          state_hash(b->dev->cls->state, b->dev, 0));
    }
    struct error err = {{0}};
    ck_assert_msg(state_coverage(lpt_class.state, &err) == 0, "%s", err.text);
    bench_free(a);
    bench_free(b);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("lpt");
    TCase *tc = tcase_create("lpt");
    tcase_add_test(tc, registers);
    tcase_add_test(tc, strobe_prints_once);
    tcase_add_test(tc, interrupt);
    tcase_add_test(tc, haste_and_init);
    tcase_add_test(tc, absent);
    tcase_add_test(tc, save_and_load);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
