/* tests/unit/test_lapic_timer.c -- the local APIC's timer (SDM 3A 10.5.4). */
#include "tests/support/lapic_bench.h"

START_TEST(timer_one_shot)
{
    struct bench *t = bench_enabled();
    wr(t, TDCR, BY_1);
    wr(t, TIMER, 0x30);
    fixture_run_to(&t->fx, 5);
    wr(t, TMICT, 1000);
    ck_assert_uint_eq(rd(t, TMCCT), 1000);
    fixture_run_to(&t->fx, 5 + 400);
    ck_assert_uint_eq(rd(t, TMCCT), 600);
    fixture_run_to(&t->fx, 5 + 999);
    ck_assert_uint_eq(rd(t, TMCCT), 1);
    ck_assert(!t->intr);
    fixture_run_to(&t->fx, 5 + 1000);
    ck_assert_uint_eq(rd(t, TMCCT), 0);
    ck_assert_int_eq(ack(t), 0x30);
    wr(t, EOI, 0);
    ck_assert_uint_eq(clock_next(&t->fx.board.clock), EVENT_IDLE);
    ck_assert_uint_eq(rd(t, TMICT), 1000);
    bench_free(t);
}
END_TEST

START_TEST(timer_divisors)
{
    static const struct {
        uint32_t tdcr, by;
    } want[] = {{0, 2}, {1, 4}, {2, 8}, {3, 16}, {8, 32}, {9, 64}, {10, 128}, {11, 1}};
    struct bench *t = bench_enabled();
    wr(t, TDCR, want[_i].tdcr);
    wr(t, TIMER, 0x30);
    wr(t, TMICT, 100);
    fixture_run_to(&t->fx, 50 * want[_i].by - 1);
    ck_assert_uint_eq(rd(t, TMCCT), 51);
    fixture_run_to(&t->fx, 50 * want[_i].by);
    ck_assert_uint_eq(rd(t, TMCCT), 50);
    fixture_run_to(&t->fx, 100 * want[_i].by - 1);
    ck_assert(!t->intr);
    fixture_run_to(&t->fx, 100 * want[_i].by);
    ck_assert(t->intr);
    bench_free(t);
}
END_TEST

START_TEST(timer_periodic)
{
    struct bench *t = bench_enabled();
    wr(t, TDCR, BY_2);
    wr(t, TIMER, PERIODIC | 0x30);
    wr(t, TMICT, 50);
    for (unsigned n = 1; n <= 20; n++) {
        fixture_run_to(&t->fx, n * 100 - 1);
        ck_assert(!t->intr);
        ck_assert_uint_eq(rd(t, TMCCT), 1);
        fixture_run_to(&t->fx, n * 100);
        ck_assert_uint_eq(rd(t, TMCCT), 50);
        ck_assert_int_eq(ack(t), 0x30);
        wr(t, EOI, 0);
    }
    wr(t, TIMER, PERIODIC | MASKED | 0x30);
    fixture_run_to(&t->fx, 2150);
    ck_assert(!t->intr);
    ck_assert_uint_eq(rd(t, TMCCT), 25); /* it counts behind the mask */
    wr(t, TIMER, 0x30); /* from now on one-shot: the running count is the last */
    fixture_run_to(&t->fx, 2200);
    ck_assert_int_eq(ack(t), 0x30);
    wr(t, EOI, 0);
    fixture_run_to(&t->fx, 3000);
    ck_assert(!t->intr);
    ck_assert_uint_eq(rd(t, TMCCT), 0);
    wr(t, TIMER, PERIODIC | 0x30); /* a count that has ended stays so */
    fixture_run_to(&t->fx, 4000);
    ck_assert(!t->intr);
    bench_free(t);
}
END_TEST

START_TEST(timer_rewritten)
{
    struct bench *t = bench_enabled();
    wr(t, TDCR, BY_1);
    wr(t, TIMER, 0x30);
    wr(t, TMICT, 100);
    fixture_run_to(&t->fx, 60);
    wr(t, TMICT, 100); /* anew */
    fixture_run_to(&t->fx, 159);
    ck_assert(!t->intr);
    wr(t, TMICT, 0); /* stop */
    fixture_run_to(&t->fx, 500);
    ck_assert(!t->intr);
    ck_assert_uint_eq(rd(t, TMCCT), 0);
    wr(t, TMICT, 100);
    fixture_run_to(&t->fx, 540);
    wr(t, TDCR, BY_16); /* 60 left, each 16 times as long */
    ck_assert_uint_eq(rd(t, TMCCT), 60);
    fixture_run_to(&t->fx, 540 + 959);
    ck_assert(!t->intr);
    fixture_run_to(&t->fx, 540 + 960);
    ck_assert(t->intr);
    bench_free(t);
}
END_TEST

/* At 4 ticks a microsecond a tick is 25 cycles; periods of 10 cycles cannot all be seen, time
 * goes on, and the phase is kept. */
START_TEST(timer_faster_than_ticks)
{
    struct bench *t = bench_enabled();
    clock_set_mips(&t->fx.board.clock, 4);
    wr(t, TDCR, BY_1);
    wr(t, TIMER, PERIODIC | 0x30);
    wr(t, TMICT, 10);
    fixture_run_to(&t->fx, 1);
    ck_assert_int_eq(ack(t), 0x30);
    ck_assert_uint_eq(rd(t, TMCCT), 5); /* cycle 25: two and a half periods */
    wr(t, EOI, 0);
    fixture_run_to(&t->fx, 1000001);
    ck_assert_int_eq(ack(t), 0x30);
    ck_assert_uint_eq(rd(t, TMCCT), 5);
    bench_free(t);
}
END_TEST

START_TEST(timer_longest)
{
    struct bench *t = bench_enabled();
    wr(t, TDCR, 10);
    wr(t, TIMER, 0x30);
    wr(t, TMICT, 0xFFFFFFFF);
    uint64_t end = UINT64_C(0xFFFFFFFF) * 128;
    ck_assert_uint_eq(clock_next(&t->fx.board.clock), end);
    fixture_run_to(&t->fx, end - 128);
    ck_assert_uint_eq(rd(t, TMCCT), 1);
    fixture_run_to(&t->fx, end);
    ck_assert(t->intr);
    bench_free(t);
}
END_TEST

START_TEST(timer_retimed)
{
    struct bench *t = bench_enabled();
    wr(t, TDCR, BY_1);
    wr(t, TIMER, 0x30);
    wr(t, TMICT, 1000);
    fixture_run_to(&t->fx, 500);
    clock_set_mips(&t->fx.board.clock, 50); /* two cycles a tick */
    lapic_class.retime(t->apic);
    fixture_run_to(&t->fx, 749);
    ck_assert(!t->intr);
    fixture_run_to(&t->fx, 750);
    ck_assert(t->intr);
    bench_free(t);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("lapic_timer");
    TCase *tc = tcase_create("lapic_timer");
    tcase_add_test(tc, timer_one_shot);
    tcase_add_loop_test(tc, timer_divisors, 0, 8);
    tcase_add_test(tc, timer_periodic);
    tcase_add_test(tc, timer_rewritten);
    tcase_add_test(tc, timer_faster_than_ticks);
    tcase_add_test(tc, timer_longest);
    tcase_add_test(tc, timer_retimed);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_set_fork_status(sr, CK_NOFORK);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
