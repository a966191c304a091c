/* tests/unit/test_speaker.c -- port 61h with a real 8254 behind it. */
#include "devices/i8254.h"
#include "devices/speaker.h"
#include "tests/support/board_fixture.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { EDGES = 256 };

struct bench {
    struct fixture fx;
    struct device *pit, *spk;
    unsigned edges;
    uint64_t tick[EDGES];
    bool level[EDGES];
};

static const struct slot pit_slot = {&i8254_class, 0x40, 0, -1};
static const struct slot spk_slot = {&speaker_class, 0x61, -1, -1};

static void heard(void *ctx, uint64_t tick, bool level)
{
    struct bench *t = (struct bench *)ctx; /* fx is its first member */
    t->tick[t->edges % EDGES] = tick;
    t->level[t->edges % EDGES] = level;
    t->edges++;
}

static struct bench *bench_new(bool listen)
{
    struct bench *t = calloc(1, sizeof *t);
    ck_assert_ptr_nonnull(t);
    fixture_init(&t->fx);
    t->fx.host.speaker = listen ? heard : NULL;
    t->pit = fixture_attach(&t->fx, &pit_slot);
    t->spk = fixture_attach(&t->fx, &spk_slot);
    speaker_connect(t->spk, t->pit);
    board_reset(&t->fx.board, RESET_POWER);
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

static uint8_t in(struct bench *t)
{
    return fixture_in(&t->fx, 0x61);
}

static uint64_t tick_of(struct bench *t, uint64_t pulse)
{
    return clock_tick_of(&t->fx.board.clock, pulse, I8254_HZ);
}

static void tone(struct bench *t, uint16_t n)
{
    out(t, 0x43, 0xB6);
    out(t, 0x42, (uint8_t)n);
    out(t, 0x42, (uint8_t)(n >> 8));
}

START_TEST(port_bits)
{
    struct bench *t = bench_new(false);
    ck_assert_uint_eq(in(t)&0xCF, 0x00);
    out(t, 0x61, 0xFF);
    ck_assert_uint_eq(in(t)&0xCF, 0x0F); /* 6 and 7 read 0 */
    out(t, 0x61, 0xF4);
    ck_assert_uint_eq(in(t)&0xCF, 0x04);
    bench_free(t);
}
END_TEST

START_TEST(refresh_toggles)
{
    struct bench *t = bench_new(false);
    for (unsigned i = 0; i < 50; i++) {
        fixture_run_to(&t->fx, tick_of(t, 18 * i));
        ck_assert_uint_eq(in(t) >> 4 & 1, i & 1);
        fixture_run_to(&t->fx, tick_of(t, 18 * i + 18) - 1);
        ck_assert_uint_eq(in(t) >> 4 & 1, i & 1);
    }
    bench_free(t);
}
END_TEST

START_TEST(plays_a_tone)
{
    struct bench *t = bench_new(true);
    uint64_t want[8];
    for (unsigned i = 0; i < 8; i++) {
        want[i] = i ? tick_of(t, 1 + 500 * i) : 0;
    }
    tone(t, 1000);
    out(t, 0x61, 0x03); /* GATE2 rises at pulse 0: the first half begins at pulse 1 */
    fixture_run_to(&t->fx, want[7]);
    ck_assert_uint_eq(t->edges, 8);
    for (unsigned i = 0; i < 8; i++) {
        ck_assert_uint_eq(t->tick[i], want[i]);
        ck_assert_uint_eq(t->level[i], i % 2 == 0);
    }
    ck_assert_uint_eq(in(t)&0x20, 0);
    out(t, 0x61, 0x00);
    ck_assert_uint_eq(t->edges, 8); /* it was low */
    fixture_run_to(&t->fx, want[7] * 10);
    ck_assert_uint_eq(t->edges, 8);
    ck_assert_uint_eq(in(t)&0x20, 0x20); /* GATE2 low: OUT2 high */
    bench_free(t);
}
END_TEST

START_TEST(data_bit_alone)
{
    struct bench *t = bench_new(true);
    tone(t, 1000); /* gated off: OUT2 rests high */
    for (unsigned i = 0; i < 10; i++) {
        fixture_run_to(&t->fx, 1000u * i + 1000);
        out(t, 0x61, i % 2 ? 0x00 : 0x02);
        ck_assert_uint_eq(t->edges, i + 1);
        ck_assert_uint_eq(t->tick[i], 1000u * i + 1000);
    }
    out(t, 0x61, 0x02);
    out(t, 0x61, 0x02);
    ck_assert_uint_eq(t->edges, 11);
    board_reset(&t->fx.board, RESET_HARD);
    ck_assert_uint_eq(t->edges, 12); /* reset silences it */
    bench_free(t);
}
END_TEST

START_TEST(silent_without_data)
{
    struct bench *t = bench_new(true);
    tone(t, 100);
    out(t, 0x61, 0x01);
    fixture_run_to(&t->fx, 1000000);
    ck_assert_uint_eq(t->edges, 0);
    bench_free(t);
}
END_TEST

static uint64_t hash(struct bench *t)
{
    uint64_t h = state_hash(&clock_schema, &t->fx.board.clock, 0);
    h = state_hash(t->pit->cls->state, t->pit, h);
    return state_hash(t->spk->cls->state, t->spk, h);
}

static void traffic(struct bench *t, uint64_t *seed)
{
    uint32_t r = test_random(seed);
    switch (r & 7) {
    case 0: fixture_run_to(&t->fx, t->fx.board.clock.now + (r >> 8 & 0xFFFF)); break;
    case 1:
    case 2: (void)in(t); break;
    case 3: tone(t, (uint16_t)(2 + (r >> 8 & 0xFFF))); break;
    case 4: out(t, (uint16_t)(0x40 + (r >> 8 & 3)), (uint8_t)(r >> 16)); break;
    default: out(t, 0x61, (uint8_t)(r >> 16)); break;
    }
}

START_TEST(a_listener_changes_nothing)
{
    struct bench *a = bench_new(true), *b = bench_new(false);
    uint64_t seed_a = 61, seed_b = 61;
    for (unsigned i = 0; i < 5000; i++) {
        traffic(a, &seed_a);
        traffic(b, &seed_b);
    }
    ck_assert_uint_gt(a->edges, 100);
    ck_assert_uint_eq(hash(a), hash(b));
    bench_free(a);
    bench_free(b);
}
END_TEST

START_TEST(save_and_load)
{
    struct bench *a = bench_new(true), *b = bench_new(true);
    uint64_t seed = 610, seed_b;
    for (unsigned round = 0; round < 30; round++) {
        for (unsigned i = 0; i < 100; i++) {
            traffic(a, &seed);
        }
        b->fx.board.clock.now = a->fx.board.clock.now;
        b->fx.board.clock.seq = a->fx.board.clock.seq;
        fixture_clone(a->pit, b->pit);
        fixture_clone(a->spk, b->spk);
        unsigned a_edges = a->edges, b_edges = b->edges;
        seed_b = seed;
        for (unsigned i = 0; i < 100; i++) {
            traffic(a, &seed);
            traffic(b, &seed_b);
        }
        ck_assert_uint_eq(hash(a), hash(b));
        ck_assert_uint_eq(a->edges - a_edges, b->edges - b_edges);
    }
    bench_free(a);
    bench_free(b);
}
END_TEST

START_TEST(coverage)
{
    struct error err = {{0}};
    ck_assert_msg(state_coverage(speaker_class.state, &err) == 0, "%s", err.text);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("speaker");
    TCase *tc = tcase_create("speaker");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, port_bits);
    tcase_add_test(tc, refresh_toggles);
    tcase_add_test(tc, plays_a_tone);
    tcase_add_test(tc, data_bit_alone);
    tcase_add_test(tc, silent_without_data);
    tcase_add_test(tc, a_listener_changes_nothing);
    tcase_add_test(tc, save_and_load);
    tcase_add_test(tc, coverage);
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
