/* test_clock.c -- virtual time: order of events, exactness of conversions. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "devices/clock.h"
#include "tests/support/board_fixture.h"

/* ---- events */

struct trace {
    struct clock ck;
    struct event a, b, c;
    char order[32];
    unsigned n;
    uint64_t when[32];
    unsigned nearer;
};

static void log_event(struct trace *t, char name, uint64_t when)
{
    ck_assert_uint_lt(t->n, 31);
    t->when[t->n] = when;
    t->order[t->n++] = name;
}

static void fire_a(void *ctx, uint64_t when)
{
    log_event(ctx, 'a', when);
}

static void fire_b(void *ctx, uint64_t when)
{
    log_event(ctx, 'b', when);
}

/* c is periodic: every 10 ticks from the scheduled tick, not from now. */
static void fire_c(void *ctx, uint64_t when)
{
    struct trace *t = ctx;
    log_event(t, 'c', when);
    clock_at(&t->ck, &t->c, when + 10);
}

static void count_nearer(void *ctx)
{
    ((struct trace *)ctx)->nearer++;
}

static void trace_init(struct trace *t)
{
    memset(t, 0, sizeof *t);
    clock_init(&t->ck, 100);
    t->ck.nearer = count_nearer;
    t->ck.ctx = t;
    event_init(&t->ck, &t->a, "a", fire_a, t);
    event_init(&t->ck, &t->b, "b", fire_b, t);
    event_init(&t->ck, &t->c, "c", fire_c, t);
}

static void run_to(struct trace *t, uint64_t tick)
{
    t->ck.now = tick;
    clock_fire(&t->ck);
}

START_TEST(test_order)
{
    struct trace t;
    trace_init(&t);
    ck_assert_uint_eq(clock_next(&t.ck), EVENT_IDLE);
    clock_at(&t.ck, &t.b, 50);
    clock_at(&t.ck, &t.a, 20);
    ck_assert_uint_eq(clock_next(&t.ck), 20);
    run_to(&t, 19);
    ck_assert_str_eq(t.order, "");
    run_to(&t, 20);
    ck_assert_str_eq(t.order, "a");
    ck_assert_uint_eq(t.a.at.when, EVENT_IDLE);
    run_to(&t, 100);
    ck_assert_str_eq(t.order, "ab");
    ck_assert_uint_eq(t.when[1], 50);
}
END_TEST

START_TEST(test_equal_ticks_in_order_of_scheduling)
{
    struct trace t;
    trace_init(&t);
    clock_at(&t.ck, &t.a, 5);
    clock_at(&t.ck, &t.b, 5);
    clock_at(&t.ck, &t.a, 5); /* anew: now behind b */
    run_to(&t, 5);
    ck_assert_str_eq(t.order, "ba");
}
END_TEST

START_TEST(test_periods_do_not_drift)
{
    struct trace t;
    trace_init(&t);
    clock_at(&t.ck, &t.c, 10);
    run_to(&t, 37); /* late: 10, 20 and 30 fire now */
    ck_assert_str_eq(t.order, "ccc");
    ck_assert_uint_eq(t.when[2], 30);
    ck_assert_uint_eq(clock_next(&t.ck), 40);
}
END_TEST

START_TEST(test_cancel)
{
    struct trace t;
    trace_init(&t);
    clock_at(&t.ck, &t.a, 5);
    clock_at(&t.ck, &t.b, 6);
    clock_cancel(&t.ck, &t.a);
    clock_cancel(&t.ck, &t.a);
    clock_at(&t.ck, &t.b, EVENT_IDLE); /* the same */
    ck_assert_uint_eq(clock_next(&t.ck), EVENT_IDLE);
    run_to(&t, 10);
    ck_assert_str_eq(t.order, "");
}
END_TEST

START_TEST(test_nearer_is_told)
{
    struct trace t;
    trace_init(&t);
    clock_at(&t.ck, &t.a, 50);
    ck_assert_uint_eq(t.nearer, 1);
    clock_at(&t.ck, &t.b, 60);
    ck_assert_uint_eq(t.nearer, 1);
    clock_at(&t.ck, &t.c, 40);
    ck_assert_uint_eq(t.nearer, 2);
}
END_TEST

START_TEST(test_rebuild)
{
    struct trace t, u;
    trace_init(&t);
    trace_init(&u);
    clock_at(&t.ck, &t.b, 7);
    clock_at(&t.ck, &t.a, 7);
    clock_at(&t.ck, &t.c, 3);
    u.ck.now = t.ck.now;
    u.ck.seq = t.ck.seq;
    u.a.at = t.a.at; /* as a load would */
    u.b.at = t.b.at;
    u.c.at = t.c.at;
    clock_rebuild(&u.ck);
    run_to(&t, 7);
    run_to(&u, 7);
    ck_assert_str_eq(t.order, "cba");
    ck_assert_str_eq(u.order, "cba");
}
END_TEST

/* ---- conversions */

START_TEST(test_known_values)
{
    struct clock ck;
    clock_init(&ck, 0);
    ck_assert_uint_eq(ck.mips, MIPS_DEFAULT);
    clock_init(&ck, 100);
    ck_assert_uint_eq(clock_us(&ck, 10), 1000);
    ck_assert_uint_eq(clock_cycles_at(&ck, 100000000, 1193182), 1193182); /* a second */
    ck_assert_uint_eq(clock_cycles_at(&ck, 99999999, 1193182), 1193181);
    ck_assert_uint_eq(clock_tick_of(&ck, 1193182, 1193182), 100000000);
    /* 65536 periods of the PIT are 54.925 ms: 65536 * 1e8 / 1193182 = 5492540.05 ticks */
    ck_assert_uint_eq(clock_tick_of(&ck, 65536, 1193182), 5492541);
    ck_assert_uint_eq(clock_tick_of(&ck, 1, 32768), 3052); /* 3051.76 */
    ck.now = 250;
    ck_assert_uint_eq(clock_ns_now(&ck), 2500);
    ck_assert_uint_eq(clock_tick_of(&ck, 1, 100000000), 250); /* past: now */
    ck_assert_uint_eq(clock_tick_of(&ck, UINT64_MAX, 1), EVENT_IDLE);
}
END_TEST

/* Against the definition in plain 64-bit arithmetic, where that is wide enough. */
START_TEST(test_definition)
{
    uint64_t seed = (uint64_t)_i + 1;
    for (int i = 0; i < 2000; i++) {
        struct clock ck;
        clock_init(&ck, 1 + test_random(&seed) % 300);
        ck.epoch_ns = test_random(&seed) % 100000;
        ck.epoch_tick = ck.now = test_random(&seed) % 1000;
        uint32_t hz = 1 + test_random(&seed) % 100000;
        uint64_t t = ck.now + test_random(&seed) % 1000000;
        /* T = (epoch_ns * mips + dt * 1000) / (mips * 10^9), at most 10^9 * 10^5 < 2^64 */
        uint64_t num = ck.epoch_ns * ck.mips + (t - ck.epoch_tick) * 1000;
        uint64_t want = num * hz / (ck.mips * UINT64_C(1000000000));
        ck_assert_uint_eq(clock_cycles_at(&ck, t, hz), want);
    }
}
END_TEST

/* The inverse is exact at any magnitude: the tick before has fewer cycles. */
START_TEST(test_inverse)
{
    uint64_t seed = (uint64_t)_i + 77;
    for (int i = 0; i < 2000; i++) {
        struct clock ck;
        clock_init(&ck, 1 + test_random(&seed) % MIPS_MAX);
        ck.epoch_ns = (uint64_t)test_random(&seed) << (test_random(&seed) % 24);
        ck.epoch_tick = ck.now = (uint64_t)test_random(&seed) << (test_random(&seed) % 24);
        uint32_t hz = 1 + test_random(&seed) % 100000000;
        uint64_t far = (uint64_t)test_random(&seed) << (test_random(&seed) % 20);
        uint64_t cycles = clock_cycles_at(&ck, ck.now + far, hz) + test_random(&seed) % 3;
        uint64_t t = clock_tick_of(&ck, cycles, hz);
        ck_assert_uint_ge(t, ck.now);
        ck_assert_uint_ge(clock_cycles_at(&ck, t, hz), cycles);
        if (t > ck.now) {
            ck_assert_uint_lt(clock_cycles_at(&ck, t - 1, hz), cycles);
        }
    }
}
END_TEST

START_TEST(test_mips_change_keeps_time_monotonic)
{
    uint64_t seed = 5;
    struct clock ck;
    clock_init(&ck, 100);
    uint64_t ns = 0, cycles = 0;
    for (int i = 0; i < 1000; i++) {
        ck.now += test_random(&seed) % 100000;
        ck_assert_uint_ge(clock_ns_now(&ck), ns);
        ck_assert_uint_ge(clock_cycles(&ck, 14318180), cycles);
        ns = clock_ns_now(&ck);
        cycles = clock_cycles(&ck, 14318180);
        clock_set_mips(&ck, 1 + test_random(&seed) % MIPS_MAX);
        ck_assert_uint_ge(clock_ns_now(&ck), ns);
        ck_assert_uint_le(clock_ns_now(&ck), ns + 1);
        ck_assert_uint_ge(clock_cycles(&ck, 14318180), cycles);
    }
}
END_TEST

START_TEST(test_schema)
{
    struct error err;
    ck_assert_msg(state_coverage(&clock_schema, &err) == 0, "%s", err.text);
    struct clock a, b;
    clock_init(&a, 250);
    a.now = 1000;
    clock_set_mips(&a, 33);
    clock_init(&b, 1);
    struct writer w = {0};
    state_save(&clock_schema, &a, &w);
    struct reader r = {w.bytes, w.len, 0};
    ck_assert_int_eq(state_load(&clock_schema, &b, &r, &err), 0);
    ck_assert_uint_eq(state_hash(&clock_schema, &a, 1), state_hash(&clock_schema, &b, 1));
    writer_free(&w);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("clock");
    TCase *t = tcase_create("clock");
    tcase_add_test(t, test_order);
    tcase_add_test(t, test_equal_ticks_in_order_of_scheduling);
    tcase_add_test(t, test_periods_do_not_drift);
    tcase_add_test(t, test_cancel);
    tcase_add_test(t, test_nearer_is_told);
    tcase_add_test(t, test_rebuild);
    tcase_add_test(t, test_known_values);
    tcase_add_loop_test(t, test_definition, 0, 4);
    tcase_add_loop_test(t, test_inverse, 0, 8);
    tcase_add_test(t, test_mips_change_keeps_time_monotonic);
    tcase_add_test(t, test_schema);
    suite_add_tcase(s, t);
    SRunner *sr = srunner_create(s);
    srunner_set_fork_status(sr, CK_NOFORK);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
