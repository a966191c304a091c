/* tests/support/lapic_bench.h -- a board with a local APIC, its links heard, and the words in
 * which its tests are written. Header only. A tick is a cycle of the APIC's bus clock.
 */
#ifndef TERRAPIN_TESTS_LAPIC_BENCH_H
#define TERRAPIN_TESTS_LAPIC_BENCH_H

#include "devices/lapic.h"
#include "tests/support/board_fixture.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum {
    ID = 0x020,
    VERSION = 0x030,
    TPR = 0x080,
    APR = 0x090,
    PPR = 0x0A0,
    EOI = 0x0B0,
    LDR = 0x0D0,
    DFR = 0x0E0,
    SVR = 0x0F0,
    ISR = 0x100,
    TMR = 0x180,
    IRR = 0x200,
    ESR = 0x280,
    ICR = 0x300,
    ICR_HIGH = 0x310,
    TIMER = 0x320,
    PERF = 0x340,
    LINT0 = 0x350,
    LINT1 = 0x360,
    ERROR = 0x370,
    TMICT = 0x380,
    TMCCT = 0x390,
    TDCR = 0x3E0,
};
enum { MASKED = 0x10000, PERIODIC = 0x20000, BY_1 = 0xB, BY_2 = 0, BY_16 = 3 };
enum { EXTINT = 0x700, NMI = 0x400, SELF = 0x40000, ALL = 0x80000, OTHERS = 0xC0000 };
#define BASE UINT32_C(0xFEE00000)

struct bench {
    struct fixture fx;
    struct device *apic;
    bool intr;
    unsigned nmis, eois, readies;
    uint8_t eoi_vector;
    paddr base;
};
static struct bench *bench; /* for the EOI, which comes with another context */

static const struct slot slot = {&lapic_class, 0, -1, -1};

static inline void intr_set(void *ctx, unsigned n, bool level)
{
    (void)n;
    ((struct bench *)ctx)->intr = level;
}

static inline void nmi_set(void *ctx, unsigned n, bool level)
{
    (void)n;
    ((struct bench *)ctx)->nmis += level;
}

static inline void eoi_heard(struct device *ctx, uint8_t vector)
{
    (void)ctx;
    bench->eois++;
    bench->eoi_vector = vector;
}

static inline void ready_heard(struct device *ctx)
{
    (void)ctx;
    bench->readies++;
}

static inline uint32_t rd(struct bench *t, uint32_t reg)
{
    return phys_read(t->fx.board.phys, t->base + reg, 4);
}

static inline void wr(struct bench *t, uint32_t reg, uint32_t v)
{
    bench = t;
    phys_write(t->fx.board.phys, t->base + reg, v, 4);
    clock_fire(&t->fx.board.clock);
}

static inline bool in_set(struct bench *t, uint32_t set, unsigned v)
{
    return rd(t, set + (v >> 5) * 16) >> (v & 31) & 1;
}

static inline int ack(struct bench *t)
{
    return lapic_ack(t->apic);
}

static inline bool message(struct bench *t, uint8_t mode, uint8_t vector, uint8_t dest,
                           bool logical, bool level)
{
    return lapic_accept(t->apic, &(struct apic_message){mode, vector, dest, logical, level});
}

static inline bool fixed(struct bench *t, uint8_t vector)
{
    return message(t, APIC_FIXED, vector, 0, false, false);
}

static inline struct bench *bench_new(void)
{
    struct bench *t = calloc(1, sizeof *t);
    ck_assert_ptr_nonnull(t);
    bench = t;
    fixture_init(&t->fx);
    t->base = BASE;
    t->apic = fixture_attach(&t->fx, &slot);
    lapic_connect(t->apic, &(struct lapic_links){.intr = {intr_set, t, 0},
                                                 .nmi = {nmi_set, t, 0},
                                                 .eoi = eoi_heard,
                                                 .ready = ready_heard});
    lapic_set_base(t->apic, BASE | 0x900);
    return t;
}

static inline struct bench *bench_enabled(void)
{
    struct bench *t = bench_new();
    wr(t, SVR, 0x1FF);
    return t;
}

static inline void bench_free(struct bench *t)
{
    fixture_free(&t->fx);
    free(t);
}

#endif
