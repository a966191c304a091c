/* tests/unit/test_i8259.c -- the 8259A pair, driven through its ports and lines. */
#include "devices/i8259.h"
#include "tests/support/board_fixture.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { M = 0x20, S = 0xA0 };

struct bench {
    struct fixture fx;
    struct device *pic;
    bool intr;
    unsigned intr_edges;
};

static const struct slot slot = {&i8259_class, 0x20, -1, -1};

static void intr_set(void *ctx, unsigned n, bool level)
{
    struct bench *t = ctx;
    (void)n;
    t->intr_edges += level && !t->intr;
    t->intr = level;
}

static void out(struct bench *t, uint16_t port, uint8_t v)
{
    fixture_out(&t->fx, port, v);
}

static uint8_t in(struct bench *t, uint16_t port)
{
    return fixture_in(&t->fx, port);
}

static void irq(struct bench *t, unsigned n, bool level)
{
    i8259_set_irq(t->pic, n, level);
}

static void irq_pulse(struct bench *t, unsigned n)
{
    irq(t, n, false);
    irq(t, n, true);
}

static uint8_t ack(struct bench *t)
{
    return i8259_ack(t->pic);
}

static uint8_t read_irr(struct bench *t, uint16_t port)
{
    out(t, port, 0x0A);
    return in(t, port);
}

static uint8_t read_isr(struct bench *t, uint16_t port)
{
    out(t, port, 0x0B);
    return in(t, port);
}

/* The PC's sequence: vectors 08h and 70h, cascade on IR2. */
static void program(struct bench *t, uint8_t icw4_master, uint8_t icw4_slave)
{
    out(t, M, 0x11);
    out(t, M + 1, 0x08);
    out(t, M + 1, 0x04);
    out(t, M + 1, icw4_master);
    out(t, S, 0x11);
    out(t, S + 1, 0x70);
    out(t, S + 1, 0x02);
    out(t, S + 1, icw4_slave);
}

static struct bench *bench_new(void)
{
    struct bench *t = calloc(1, sizeof *t);
    ck_assert_ptr_nonnull(t);
    fixture_init(&t->fx);
    t->pic = fixture_attach(&t->fx, &slot);
    i8259_connect_intr(t->pic, (struct wire){intr_set, t, 0});
    return t;
}

static struct bench *bench_programmed(void)
{
    struct bench *t = bench_new();
    program(t, 0x01, 0x01);
    return t;
}

static void bench_free(struct bench *t)
{
    fixture_free(&t->fx);
    free(t);
}

START_TEST(silent_until_initialised)
{
    struct bench *t = bench_new();
    irq(t, 1, true);
    ck_assert(!t->intr);
    out(t, M, 0x11);
    out(t, M + 1, 0x08);
    out(t, M + 1, 0x04);
    irq_pulse(t, 1);
    ck_assert(!t->intr); /* ICW4 is still missing */
    out(t, M + 1, 0x01);
    ck_assert(t->intr);
    ck_assert_uint_eq(ack(t), 0x09);
    bench_free(t);
}
END_TEST

START_TEST(icw1_resets)
{
    struct bench *t = bench_programmed();
    out(t, M + 1, 0x5A);
    ck_assert_uint_eq(in(t, M + 1), 0x5A);
    irq(t, 0, true);
    (void)ack(t);
    irq(t, 3, true);
    out(t, M, 0x0B); /* read ISR */
    ck_assert_uint_eq(in(t, M), 0x01);
    program(t, 0x01, 0x01);
    ck_assert_uint_eq(in(t, M + 1), 0x00);
    ck_assert_uint_eq(in(t, M), 0x00); /* IRR again, and the edges are forgotten */
    ck_assert_uint_eq(read_isr(t, M), 0x00);
    ck_assert(!t->intr); /* the lines are still high, but there was no edge */
    irq_pulse(t, 3);
    ck_assert_uint_eq(ack(t), 0x0B);
    bench_free(t);
}
END_TEST

START_TEST(fixed_priority_and_eoi)
{
    struct bench *t = bench_programmed();
    irq(t, 5, true);
    irq(t, 3, true);
    ck_assert_uint_eq(read_irr(t, M), 0x28);
    ck_assert_uint_eq(ack(t), 0x0B);
    ck_assert(!t->intr); /* 5 is lower than 3 in service */
    ck_assert_uint_eq(read_irr(t, M), 0x20);
    ck_assert_uint_eq(read_isr(t, M), 0x08);
    irq(t, 1, true); /* nests */
    ck_assert(t->intr);
    ck_assert_uint_eq(ack(t), 0x09);
    ck_assert_uint_eq(read_isr(t, M), 0x0A);
    out(t, M, 0x20); /* non-specific: the highest, 1 */
    ck_assert_uint_eq(read_isr(t, M), 0x08);
    out(t, M, 0x63); /* specific: 3 */
    ck_assert_uint_eq(read_isr(t, M), 0x00);
    ck_assert_uint_eq(ack(t), 0x0D);
    bench_free(t);
}
END_TEST

START_TEST(mask)
{
    struct bench *t = bench_programmed();
    out(t, M + 1, 0x10);
    irq(t, 4, true);
    ck_assert(!t->intr);
    ck_assert_uint_eq(read_irr(t, M), 0x10); /* IRR is before the mask */
    out(t, M + 1, 0x00);
    ck_assert(t->intr);
    out(t, M + 1, 0x10);
    ck_assert(!t->intr);
    bench_free(t);
}
END_TEST

START_TEST(edge_mode)
{
    struct bench *t = bench_programmed();
    irq(t, 4, true);
    (void)ack(t);
    out(t, M, 0x20);
    ck_assert(!t->intr); /* still high: no new edge */
    irq_pulse(t, 4);
    ck_assert(t->intr);
    irq(t, 4, false); /* must stay high until acknowledged */
    ck_assert(!t->intr);
    ck_assert_uint_eq(read_irr(t, M), 0x00);
    bench_free(t);
}
END_TEST

START_TEST(level_mode_by_elcr)
{
    struct bench *t = bench_programmed();
    out(t, 0x4D0, 0xFF);
    out(t, 0x4D1, 0xFF);
    ck_assert_uint_eq(in(t, 0x4D0), 0xF8);
    ck_assert_uint_eq(in(t, 0x4D1), 0xDE);
    irq(t, 5, true);
    ck_assert_uint_eq(ack(t), 0x0D);
    ck_assert_uint_eq(read_irr(t, M), 0x20);
    out(t, M, 0x20);
    ck_assert(t->intr); /* the level asks again */
    irq(t, 5, false);
    ck_assert(!t->intr);
    irq(t, 11, true);
    ck_assert_uint_eq(ack(t), 0x73);
    out(t, S, 0x20);
    out(t, M, 0x20);
    ck_assert_uint_eq(ack(t), 0x73);
    bench_free(t);
}
END_TEST

START_TEST(level_mode_by_ltim)
{
    struct bench *t = bench_new();
    out(t, M, 0x19);
    out(t, M + 1, 0x08);
    out(t, M + 1, 0x04);
    out(t, M + 1, 0x01);
    irq(t, 0, true);
    (void)ack(t);
    out(t, M, 0x20);
    ck_assert(t->intr);
    bench_free(t);
}
END_TEST

START_TEST(slave)
{
    struct bench *t = bench_programmed();
    irq(t, 12, true);
    irq(t, 8, true);
    ck_assert_uint_eq(read_irr(t, M), 0x04);
    ck_assert_uint_eq(ack(t), 0x70);
    ck_assert_uint_eq(read_isr(t, M), 0x04);
    ck_assert_uint_eq(read_isr(t, S), 0x01);
    irq(t, 3, true);
    ck_assert(!t->intr); /* IR2 is above IR3 */
    out(t, S, 0x20);     /* now the slave asks for 12: a new edge on IR2 */
    out(t, M, 0x20);
    ck_assert_uint_eq(ack(t), 0x74);
    out(t, S, 0x20);
    out(t, M, 0x20);
    ck_assert_uint_eq(ack(t), 0x0B);
    bench_free(t);
}
END_TEST

START_TEST(irq2_is_not_a_pin)
{
    struct bench *t = bench_programmed();
    irq(t, 2, true);
    irq(t, 16, true);
    irq(t, 1000, true);
    ck_assert(!t->intr);
    ck_assert_uint_eq(read_irr(t, M), 0x00);
    bench_free(t);
}
END_TEST

START_TEST(slave_must_answer_to_its_number)
{
    struct bench *t = bench_programmed();
    out(t, S, 0x11);
    out(t, S + 1, 0x70);
    out(t, S + 1, 0x05); /* not the number that IR2 calls */
    out(t, S + 1, 0x01);
    irq(t, 9, true);
    ck_assert_uint_eq(ack(t), 0xFF);
    bench_free(t);
}
END_TEST

START_TEST(single_mode)
{
    struct bench *t = bench_programmed();
    out(t, M, 0x13);
    out(t, M + 1, 0x40);
    out(t, M + 1, 0x01); /* ICW4 at once: there is no ICW3 */
    out(t, M + 1, 0x80);
    ck_assert_uint_eq(in(t, M + 1), 0x80);
    irq(t, 9, true);
    ck_assert_uint_eq(ack(t), 0x42); /* IR2 is an input like the others */
    bench_free(t);
}
END_TEST

START_TEST(spurious_master)
{
    struct bench *t = bench_programmed();
    ck_assert_uint_eq(ack(t), 0x0F);
    ck_assert_uint_eq(read_isr(t, M), 0x00);
    irq(t, 7, true); /* the real one is told by its ISR bit */
    ck_assert_uint_eq(ack(t), 0x0F);
    ck_assert_uint_eq(read_isr(t, M), 0x80);
    bench_free(t);
}
END_TEST

/* A member of one of the two chips, found through the field table as a debugger would. */
static uint8_t *member(struct device *dev, unsigned chip, const char *name)
{
    const struct field *f = dev->cls->state->fields;
    while (strcmp(f->name, "pic") != 0) {
        f++;
    }
    const struct field *g = f->sub->fields;
    while (strcmp(g->name, name) != 0) {
        g++;
    }
    return (uint8_t *)dev + f->offset + chip * f->size + g->offset;
}

START_TEST(spurious_slave)
{
    struct bench *t = bench_programmed();
    /* INT follows the slave's requests at once, so that only a race inside the INTA cycle gets
     * here: the master has seen IR2, and the slave's line falls before its own turn. */
    *member(t->pic, 0, "lines") |= 0x04;
    *member(t->pic, 0, "latch") |= 0x04;
    ck_assert_uint_eq(ack(t), 0x77);
    ck_assert_uint_eq(read_isr(t, S), 0x00);
    ck_assert_uint_eq(read_isr(t, M), 0x04); /* the handler owes the master an EOI */
    bench_free(t);
}
END_TEST

START_TEST(auto_eoi)
{
    struct bench *t = bench_new();
    program(t, 0x03, 0x03);
    irq(t, 4, true);
    irq(t, 6, true);
    ck_assert_uint_eq(ack(t), 0x0C);
    ck_assert_uint_eq(read_isr(t, M), 0x00);
    ck_assert(t->intr);
    ck_assert_uint_eq(ack(t), 0x0E);
    irq(t, 9, true);
    irq(t, 10, true);
    unsigned edges = t->intr_edges;
    ck_assert_uint_eq(ack(t), 0x71);
    ck_assert_uint_eq(t->intr_edges, edges + 1); /* the next one is a new edge of INT */
    ck_assert_uint_eq(ack(t), 0x72);
    ck_assert(!t->intr);
    bench_free(t);
}
END_TEST

START_TEST(rotation)
{
    struct bench *t = bench_programmed();
    irq(t, 4, true);
    irq(t, 6, true);
    ck_assert_uint_eq(ack(t), 0x0C);
    out(t, M, 0xA0); /* rotate on non-specific EOI: 4 is the lowest, 5 the highest */
    ck_assert_uint_eq(ack(t), 0x0E);
    irq_pulse(t, 4);
    irq_pulse(t, 5);
    ck_assert_uint_eq(ack(t), 0x0D);
    out(t, M, 0xE5); /* rotate on specific EOI 5: order 6 7 0 1 2 3 4 5 */
    ck_assert_uint_eq(read_isr(t, M), 0x40);
    ck_assert(!t->intr);
    out(t, M, 0xC3); /* set priority: 3 is the lowest, 4 the highest */
    ck_assert(t->intr);
    ck_assert_uint_eq(ack(t), 0x0C);
    out(t, M, 0x20); /* the highest in service is 4, not 6 */
    ck_assert_uint_eq(read_isr(t, M), 0x40);
    out(t, M, 0x46); /* SL alone: no operation */
    ck_assert_uint_eq(read_isr(t, M), 0x40);
    bench_free(t);
}
END_TEST

START_TEST(rotation_on_auto_eoi)
{
    struct bench *t = bench_new();
    program(t, 0x03, 0x01);
    out(t, M, 0x80);
    irq(t, 0, true);
    irq(t, 1, true);
    ck_assert_uint_eq(ack(t), 0x08);
    irq_pulse(t, 0);
    ck_assert_uint_eq(ack(t), 0x09); /* 0 went to the end of the queue */
    ck_assert_uint_eq(ack(t), 0x08);
    out(t, M, 0x00); /* clear: the order stays as it is, 1 is the highest */
    irq_pulse(t, 1);
    irq_pulse(t, 0);
    ck_assert_uint_eq(ack(t), 0x09);
    irq_pulse(t, 1);
    ck_assert_uint_eq(ack(t), 0x09);
    bench_free(t);
}
END_TEST

START_TEST(special_mask)
{
    struct bench *t = bench_programmed();
    irq(t, 3, true);
    (void)ack(t);
    irq(t, 5, true);
    ck_assert(!t->intr);
    out(t, M, 0x68);     /* set special mask mode */
    ck_assert(!t->intr); /* 3 is not masked */
    out(t, M + 1, 0x08);
    ck_assert(t->intr); /* now lower levels pass */
    ck_assert_uint_eq(ack(t), 0x0D);
    out(t, M, 0x20);
    ck_assert_uint_eq(read_isr(t, M), 0x08); /* a masked level is not the EOI's */
    out(t, M, 0x20);
    ck_assert_uint_eq(read_isr(t, M), 0x08);
    out(t, M, 0x08); /* ESMM=0: SMM is ignored */
    irq_pulse(t, 6);
    ck_assert(t->intr);
    out(t, M, 0x48); /* clear special mask mode */
    ck_assert(!t->intr);
    out(t, M, 0x20);
    ck_assert_uint_eq(read_isr(t, M), 0x00);
    ck_assert(t->intr);
    bench_free(t);
}
END_TEST

START_TEST(poll)
{
    struct bench *t = bench_programmed();
    out(t, M, 0x0C);
    ck_assert_uint_eq(in(t, M), 0x00);
    ck_assert_uint_eq(in(t, M), 0x00); /* IRR */
    irq(t, 6, true);
    out(t, M, 0x0C);
    ck_assert_uint_eq(in(t, M + 1), 0x86); /* either address */
    ck_assert(!t->intr);
    ck_assert_uint_eq(read_isr(t, M), 0x40);
    irq(t, 12, true);
    out(t, M, 0x0C);
    ck_assert_uint_eq(in(t, M), 0x82);
    out(t, S, 0x0C);
    ck_assert_uint_eq(in(t, S), 0x84);
    ck_assert_uint_eq(read_isr(t, S), 0x10);
    bench_free(t);
}
END_TEST

START_TEST(special_fully_nested)
{
    struct bench *t = bench_new();
    program(t, 0x11, 0x01);
    irq(t, 12, true);
    ck_assert_uint_eq(ack(t), 0x74);
    irq(t, 9, true); /* higher within the slave: passes the master */
    ck_assert(t->intr);
    ck_assert_uint_eq(ack(t), 0x71);
    ck_assert_uint_eq(read_isr(t, S), 0x12);
    irq(t, 13, true);
    ck_assert(!t->intr);
    program(t, 0x01, 0x01); /* without SFNM it does not */
    irq_pulse(t, 12);
    (void)ack(t);
    irq_pulse(t, 9);
    ck_assert(!t->intr);
    bench_free(t);
}
END_TEST

START_TEST(mode_8080_is_counted)
{
    struct bench *t = bench_programmed();
    ck_assert_uint_eq(t->fx.board.notes.count[NOTE_i8259_8080], 0);
    program(t, 0x00, 0x01);
    ck_assert_uint_eq(t->fx.board.notes.count[NOTE_i8259_8080], 1);
    out(t, M, 0x12); /* single, no ICW4 at all */
    out(t, M + 1, 0x20);
    ck_assert_uint_eq(t->fx.board.notes.count[NOTE_i8259_8080], 2);
    irq(t, 0, false);
    irq(t, 0, true);
    ck_assert_uint_eq(ack(t), 0x20);
    bench_free(t);
}
END_TEST

START_TEST(reset)
{
    struct bench *t = bench_programmed();
    uint64_t fresh, after;
    out(t, 0x4D0, 0x20);
    out(t, M + 1, 0x0F);
    irq(t, 6, true);
    ck_assert(t->intr);
    i8259_class.reset(t->pic, RESET_HARD);
    ck_assert(!t->intr);
    ck_assert_uint_eq(in(t, 0x4D0), 0x00);
    program(t, 0x01, 0x01);
    ck_assert(!t->intr);
    i8259_class.reset(t->pic, RESET_POWER);
    after = state_hash(i8259_class.state, t->pic, 0);
    struct bench *u = bench_new();
    fresh = state_hash(i8259_class.state, u->pic, 0);
    ck_assert_uint_eq(fresh, after);
    bench_free(t);
    bench_free(u);
}
END_TEST

START_TEST(coverage_and_info)
{
    struct error err = {{0}};
    struct text text = {0};
    struct bench *t = bench_programmed();
    ck_assert_msg(state_coverage(i8259_class.state, &err) == 0, "%s", err.text);
    out(t, M + 1, 0xB8);
    i8259_class.info(t->pic, &text);
    ck_assert_ptr_nonnull(strstr(text.s, "pic0: irr=00 imr=b8"));
    ck_assert_ptr_nonnull(strstr(text.s, "irq_base=70"));
    free(text.s);
    bench_free(t);
}
END_TEST

/* Random traffic: nothing crashes, and a loaded copy goes on like the original. */
static void traffic(struct bench *t, uint64_t *seed)
{
    static const uint16_t ports[] = {0x20, 0x21, 0xA0, 0xA1, 0x4D0, 0x4D1};
    uint32_t r = test_random(seed);
    switch (r & 7) {
    case 0:
    case 1: irq(t, r >> 8 & 15, r >> 16 & 1); break;
    case 2: (void)in(t, ports[(r >> 8) % ARRAY_LEN(ports)]); break;
    case 3:
        if (t->intr) {
            (void)ack(t);
        }
        break;
    case 4: program(t, (uint8_t)(r >> 8), (uint8_t)(r >> 16)); break;
    default: out(t, ports[(r >> 8) % ARRAY_LEN(ports)], (uint8_t)(r >> 16)); break;
    }
}

START_TEST(random_traffic)
{
    struct bench *a = bench_new(), *b = bench_new();
    uint64_t seed = 8259, seed_b;
    for (unsigned round = 0; round < 50; round++) {
        for (unsigned i = 0; i < 400; i++) {
            traffic(a, &seed);
        }
        fixture_clone(a->pic, b->pic);
        b->intr = a->intr;
        seed_b = seed;
        for (unsigned i = 0; i < 100; i++) {
            traffic(a, &seed);
            traffic(b, &seed_b);
        }
        ck_assert_uint_eq(a->intr, b->intr);
        ck_assert_uint_eq(state_hash(i8259_class.state, a->pic, 0),
                          state_hash(i8259_class.state, b->pic, 0));
    }
    bench_free(a);
    bench_free(b);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("i8259");
    TCase *tc = tcase_create("i8259");
    tcase_add_test(tc, silent_until_initialised);
    tcase_add_test(tc, icw1_resets);
    tcase_add_test(tc, fixed_priority_and_eoi);
    tcase_add_test(tc, mask);
    tcase_add_test(tc, edge_mode);
    tcase_add_test(tc, level_mode_by_elcr);
    tcase_add_test(tc, level_mode_by_ltim);
    tcase_add_test(tc, slave);
    tcase_add_test(tc, irq2_is_not_a_pin);
    tcase_add_test(tc, slave_must_answer_to_its_number);
    tcase_add_test(tc, single_mode);
    tcase_add_test(tc, spurious_master);
    tcase_add_test(tc, spurious_slave);
    tcase_add_test(tc, auto_eoi);
    tcase_add_test(tc, rotation);
    tcase_add_test(tc, rotation_on_auto_eoi);
    tcase_add_test(tc, special_mask);
    tcase_add_test(tc, poll);
    tcase_add_test(tc, special_fully_nested);
    tcase_add_test(tc, mode_8080_is_counted);
    tcase_add_test(tc, reset);
    tcase_add_test(tc, coverage_and_info);
    tcase_add_test(tc, random_traffic);
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
