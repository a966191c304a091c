/* tests/unit/test_ioapic.c -- the I/O APIC by its page and its pins; the bus is the test's, and
 * at the end a local APIC's. Expectations: 82093AA data sheet. */
#include "devices/ioapic.h"
#include "devices/lapic.h"
#include "tests/support/board_fixture.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { LEVEL = 0x8000, LOW = 0x2000, LOGICAL = 0x800, MASKED = 0x10000, REMOTE_IRR = 0x4000 };
enum { PENDING = 0x1000 };
#define BASE  UINT32_C(0xFEC00000)
#define LAPIC UINT32_C(0xFEE00000)

struct bench {
    struct fixture fx;
    struct device *io;
    struct apic_message last;
    unsigned sent;
    bool refuses;
};
static struct bench *bench;

static const struct slot slot = {&ioapic_class, 0, -1, -1};
static const struct slot lapic_slot = {&lapic_class, 0, -1, -1};

static bool take(struct device *ctx, const struct apic_message *msg)
{
    (void)ctx;
    bench->last = *msg;
    bench->sent++;
    return !bench->refuses;
}

static uint32_t rd(struct bench *t, unsigned reg)
{
    phys_write(t->fx.board.phys, BASE, reg, 4);
    return phys_read(t->fx.board.phys, BASE + 0x10, 4);
}

static void wr(struct bench *t, unsigned reg, uint32_t v)
{
    bench = t;
    phys_write(t->fx.board.phys, BASE, reg, 4);
    phys_write(t->fx.board.phys, BASE + 0x10, v, 4);
}

static uint32_t low(struct bench *t, unsigned n)
{
    return rd(t, 0x10 + 2 * n);
}

static void entry(struct bench *t, unsigned n, uint32_t v)
{
    wr(t, 0x10 + 2 * n, v);
}

static void pin(struct bench *t, unsigned n, bool level)
{
    bench = t;
    ioapic_set_pin(t->io, n, level);
}

static struct bench *bench_new(void)
{
    struct bench *t = calloc(1, sizeof *t);
    ck_assert_ptr_nonnull(t);
    bench = t;
    fixture_init(&t->fx);
    t->io = fixture_attach(&t->fx, &slot);
    ioapic_connect(t->io, take, NULL);
    return t;
}

static void bench_free(struct bench *t)
{
    fixture_free(&t->fx);
    free(t);
}

START_TEST(registers)
{
    struct bench *t = bench_new();
    struct phys *ph = t->fx.board.phys;
    ck_assert_uint_eq(rd(t, 0), 0);
    ck_assert_uint_eq(rd(t, 1), 0x00170011);
    wr(t, 0, 0xFFFFFFFF);
    wr(t, 1, 0xFFFFFFFF);
    ck_assert_uint_eq(rd(t, 0), 0x0F000000);
    ck_assert_uint_eq(rd(t, 1), 0x00170011);
    ck_assert_uint_eq(rd(t, 2), 0x0F000000);
    for (unsigned n = 0; n < 24; n++) {
        ck_assert_uint_eq(low(t, n), MASKED);
        ck_assert_uint_eq(rd(t, 0x11 + 2 * n), 0);
        wr(t, 0x11 + 2 * n, 0xFFFFFFFF);
        entry(t, n, 0xFFFFFFFF);
        ck_assert_uint_eq(low(t, n), 0x1AFFF); /* mode 7 is always an edge: no remote IRR */
        ck_assert_uint_eq(rd(t, 0x11 + 2 * n), 0xFF000000);
    }
    wr(t, 0x40, 0xFFFFFFFF);
    ck_assert_uint_eq(rd(t, 0x40), 0);
    ck_assert_uint_eq(rd(t, 0xFF), 0);
    ck_assert_uint_eq(phys_read(ph, BASE, 1), 0xFF); /* IOREGSEL */
    phys_write(ph, BASE, 0x13, 1);
    ck_assert_uint_eq(phys_read(ph, BASE + 0x13, 1), 0xFF); /* IOWIN's highest byte */
    phys_write(ph, BASE + 0x10, 0, 1);
    ck_assert_uint_eq(phys_read(ph, BASE + 0x10, 4), 0xFF000000);
    phys_write(ph, BASE + 0xFFC, 0, 4);
    ck_assert_uint_eq(phys_read(ph, BASE + 0xFFC, 4), 0);
    ck_assert_uint_eq(t->sent, 0);
    bench_free(t);
}
END_TEST

START_TEST(edge)
{
    struct bench *t = bench_new();
    wr(t, 0x10 + 2 * 4 + 1, 0x05000000);
    entry(t, 4, 0x31 | LOGICAL);
    pin(t, 4, true);
    ck_assert_uint_eq(t->sent, 1);
    ck_assert_uint_eq(t->last.vector, 0x31);
    ck_assert_uint_eq(t->last.dest, 5);
    ck_assert(t->last.logical);
    ck_assert(!t->last.level);
    ck_assert_uint_eq(t->last.mode, APIC_FIXED);
    pin(t, 4, true); /* no edge */
    ioapic_eoi(t->io, 0x31);
    ck_assert_uint_eq(t->sent, 1);
    pin(t, 4, false);
    pin(t, 4, true);
    ck_assert_uint_eq(t->sent, 2);
    pin(t, 4, false);
    entry(t, 4, 0x31 | MASKED);
    pin(t, 4, true);
    entry(t, 4, 0x31); /* an edge at a masked pin is lost */
    ck_assert_uint_eq(t->sent, 2);
    ck_assert_uint_eq(low(t, 4), 0x31);
    pin(t, 24, true);
    pin(t, 1000, true);
    bench_free(t);
}
END_TEST

START_TEST(level)
{
    struct bench *t = bench_new();
    entry(t, 11, 0x60 | LEVEL | LOW | 0x100);
    pin(t, 11, true);
    ck_assert_uint_eq(t->sent, 1);
    ck_assert(t->last.level);
    ck_assert_uint_eq(t->last.mode, APIC_LOWEST);
    ck_assert_uint_eq(low(t, 11), 0x60 | LEVEL | LOW | 0x100 | REMOTE_IRR);
    pin(t, 11, false);
    pin(t, 11, true); /* held back until the EOI */
    ck_assert_uint_eq(t->sent, 1);
    ioapic_eoi(t->io, 0x61); /* somebody else's */
    ck_assert_uint_eq(t->sent, 1);
    ioapic_eoi(t->io, 0x60); /* asserted still */
    ck_assert_uint_eq(t->sent, 2);
    pin(t, 11, false);
    ioapic_eoi(t->io, 0x60);
    ck_assert_uint_eq(t->sent, 2);
    ck_assert_uint_eq(low(t, 11) & REMOTE_IRR, 0);
    entry(t, 11, 0x60 | LEVEL | MASKED);
    pin(t, 11, true);
    ck_assert_uint_eq(t->sent, 2);
    entry(t, 11, 0x60 | LEVEL); /* a level waits for the mask to go */
    ck_assert_uint_eq(t->sent, 3);
    entry(t, 11, 0x60 | LEVEL | MASKED);
    ioapic_eoi(t->io, 0x60); /* while masked: nothing, and remote IRR goes */
    ck_assert_uint_eq(t->sent, 3);
    ck_assert_uint_eq(low(t, 11) & REMOTE_IRR, 0);
    entry(t, 11, 0x60 | LEVEL);
    ck_assert_uint_eq(t->sent, 4);
    bench_free(t);
}
END_TEST

/* Software without a directed EOI masks the entry, turns it to edge, and back. */
START_TEST(remote_irr_goes_with_edge)
{
    struct bench *t = bench_new();
    entry(t, 9, 0x52 | LEVEL);
    pin(t, 9, true);
    ck_assert_uint_eq(low(t, 9) & REMOTE_IRR, REMOTE_IRR);
    entry(t, 9, 0x52 | MASKED | LEVEL);
    ck_assert_uint_eq(low(t, 9) & REMOTE_IRR, REMOTE_IRR);
    entry(t, 9, 0x52 | MASKED);
    ck_assert_uint_eq(low(t, 9), 0x52 | MASKED);
    entry(t, 9, 0x52 | MASKED | LEVEL);
    ck_assert_uint_eq(low(t, 9), 0x52 | MASKED | LEVEL);
    ck_assert_uint_eq(t->sent, 1);
    entry(t, 9, 0x52 | LEVEL);
    ck_assert_uint_eq(t->sent, 2);
    entry(t, 9, 0x52 | LEVEL | REMOTE_IRR | PENDING); /* read only */
    ck_assert_uint_eq(low(t, 9), 0x52 | LEVEL | REMOTE_IRR);
    bench_free(t);
}
END_TEST

START_TEST(modes)
{
    static const uint8_t mode[] = {APIC_SMI, APIC_NMI, APIC_INIT, APIC_EXTINT};
    struct bench *t = bench_new();
    for (unsigned n = 0; n < ARRAY_LEN(mode); n++) {
        entry(t, 3, (uint32_t)mode[n] << 8 | LEVEL); /* an edge, whatever is said */
        pin(t, 3, false);
        pin(t, 3, true);
        ck_assert_uint_eq(t->sent, n + 1);
        ck_assert_uint_eq(t->last.mode, mode[n]);
        ck_assert(!t->last.level);
        ck_assert_uint_eq(low(t, 3) & REMOTE_IRR, 0);
    }
    bench_free(t);
}
END_TEST

START_TEST(refused)
{
    struct bench *t = bench_new();
    t->refuses = true;
    entry(t, 5, 0x55 | LEVEL);
    entry(t, 6, 0x56);
    pin(t, 5, true);
    pin(t, 6, true);
    ck_assert_uint_eq(low(t, 5), 0x55 | LEVEL | PENDING);
    ck_assert_uint_eq(low(t, 6), 0x56);
    t->refuses = false;
    t->sent = 0;
    ioapic_retry(t->io);
    ck_assert_uint_eq(t->sent, 1);
    ck_assert_uint_eq(t->last.vector, 0x55);
    ck_assert_uint_eq(low(t, 5), 0x55 | LEVEL | REMOTE_IRR);
    t->refuses = true;
    ioapic_eoi(t->io, 0x55);
    ck_assert_uint_eq(low(t, 5), 0x55 | LEVEL | PENDING);
    pin(t, 5, false);
    ck_assert_uint_eq(low(t, 5), 0x55 | LEVEL);
    bench_free(t);
}
END_TEST

START_TEST(reset)
{
    struct bench *t = bench_new();
    entry(t, 5, 0x55 | LEVEL);
    wr(t, 0, 0x03000000);
    pin(t, 5, true);
    ioapic_class.reset(t->io, RESET_HARD);
    ck_assert_uint_eq(low(t, 5), MASKED);
    ck_assert_uint_eq(rd(t, 0), 0);
    ck_assert_uint_eq(t->sent, 1);
    entry(t, 5, 0x55 | LEVEL); /* the pin is driven by another chip, and still is */
    ck_assert_uint_eq(t->sent, 2);
    ioapic_class.reset(t->io, RESET_POWER);
    entry(t, 5, 0x55 | LEVEL);
    ck_assert_uint_eq(t->sent, 2);
    bench_free(t);
}
END_TEST

/* Both chips: a level-triggered line from assertion to the EOI, and again. */
START_TEST(with_local_apic)
{
    struct bench *t = bench_new();
    struct phys *ph = t->fx.board.phys;
    struct device *apic = fixture_attach(&t->fx, &lapic_slot);
    ioapic_connect(t->io, lapic_accept, apic);
    lapic_connect(
        apic, &(struct lapic_links){.ioapic = t->io, .eoi = ioapic_eoi, .ready = ioapic_retry});
    lapic_set_base(apic, LAPIC | 0x900);
    entry(t, 10, 0x71 | LEVEL);
    pin(t, 10, true);
    ck_assert_uint_eq(low(t, 10), 0x71 | LEVEL | PENDING); /* software disabled */
    phys_write(ph, LAPIC + 0xF0, 0x1FF, 4);
    ck_assert_uint_eq(low(t, 10), 0x71 | LEVEL | REMOTE_IRR);
    ck_assert_int_eq(lapic_ack(apic), 0x71);
    phys_write(ph, LAPIC + 0xB0, 0, 4);
    ck_assert_int_eq(lapic_ack(apic), 0x71); /* asserted still */
    pin(t, 10, false);
    phys_write(ph, LAPIC + 0xB0, 0, 4);
    ck_assert_uint_eq(low(t, 10), 0x71 | LEVEL);
    ck_assert_int_eq(lapic_ack(apic), 0xFF);
    wr(t, 0x11 + 20, 0x02000000); /* nobody of that name, until there is */
    pin(t, 10, true);
    ck_assert_uint_eq(low(t, 10), 0x71 | LEVEL | PENDING);
    phys_write(ph, LAPIC + 0x20, 0x02000000, 4);
    ck_assert_int_eq(lapic_ack(apic), 0x71);
    bench_free(t);
}
END_TEST

START_TEST(coverage_and_info)
{
    struct error err = {{0}};
    struct text text = {0};
    struct bench *t = bench_new();
    ck_assert_msg(state_coverage(ioapic_class.state, &err) == 0, "%s", err.text);
    entry(t, 9, 0x52 | LEVEL);
    pin(t, 9, true);
    ioapic_class.info(t->io, &text);
    ck_assert_ptr_nonnull(strstr(text.s, "pin 9  vector=52 fixed"));
    ck_assert_ptr_nonnull(strstr(text.s, "remote-irr"));
    free(text.s);
    bench_free(t);
}
END_TEST

static void traffic(struct bench *t, uint64_t *seed)
{
    uint32_t r = test_random(seed), v = test_random(seed);
    bench = t;
    switch (r & 7) {
    case 0:
    case 1:
    case 2: pin(t, r >> 8 & 31, v & 1); break;
    case 3: ioapic_eoi(t->io, (uint8_t)(v & 7)); break;
    case 4: t->refuses = v & 1; break;
    case 5: ioapic_retry(t->io); break;
    case 6: wr(t, r >> 8 & 0x7F, v); break;
    default: entry(t, (r >> 8) % 24, v & 0x1FFFF & ~0x106F8u); break;
    }
}

START_TEST(random_traffic)
{
    struct bench *a = bench_new(), *b = bench_new();
    uint64_t seed = 82093, seed_b;
    for (unsigned round = 0; round < 50; round++) {
        for (unsigned i = 0; i < 400; i++) {
            traffic(a, &seed);
        }
        fixture_clone(a->io, b->io);
        b->refuses = a->refuses;
        a->sent = b->sent = 0;
        seed_b = seed;
        for (unsigned i = 0; i < 100; i++) {
            traffic(a, &seed);
            traffic(b, &seed_b);
        }
        ck_assert_uint_gt(a->sent, 0);
        ck_assert_uint_eq(a->sent, b->sent);
        ck_assert_uint_eq(state_hash(ioapic_class.state, a->io, 0),
                          state_hash(ioapic_class.state, b->io, 0));
    }
    bench_free(a);
    bench_free(b);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("ioapic");
    TCase *tc = tcase_create("ioapic");
    tcase_add_test(tc, registers);
    tcase_add_test(tc, edge);
    tcase_add_test(tc, level);
    tcase_add_test(tc, remote_irr_goes_with_edge);
    tcase_add_test(tc, modes);
    tcase_add_test(tc, refused);
    tcase_add_test(tc, reset);
    tcase_add_test(tc, with_local_apic);
    tcase_add_test(tc, coverage_and_info);
    tcase_add_test(tc, random_traffic);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_set_fork_status(sr, CK_NOFORK);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
