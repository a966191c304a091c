/* tests/unit/test_lapic.c -- the local APIC, driven through its page, its pins and messages.
 * Expectations: SDM 3A chapter 10. */
#include "tests/support/lapic_bench.h"

/* ---- registers and enabling */

START_TEST(reset_values)
{
    static const struct {
        uint32_t reg, value;
    } want[] = {
        {ID, 0},         {VERSION, 0x00040014},
        {TPR, 0},        {APR, 0},
        {PPR, 0},        {EOI, 0},
        {LDR, 0},        {DFR, 0xFFFFFFFF},
        {SVR, 0xFF},     {ISR, 0},
        {ISR + 0x70, 0}, {TMR, 0},
        {IRR, 0},        {IRR + 0x70, 0},
        {ESR, 0},        {ICR, 0},
        {ICR_HIGH, 0},   {TIMER, MASKED},
        {PERF, MASKED},  {LINT0, EXTINT},
        {LINT1, MASKED}, {ERROR, MASKED},
        {TMICT, 0},      {TMCCT, 0},
        {TDCR, 0},
    };
    struct bench *t = bench_new();
    ck_assert_uint_eq(rd(t, want[_i].reg), want[_i].value);
    /* RESET# from any state gives the same. */
    wr(t, SVR, 0x1FF);
    for (uint32_t reg = ID; reg <= TDCR; reg += 16) {
        if (reg != ICR) {
            wr(t, reg, 0x0102030B);
        }
    }
    lapic_class.reset(t->apic, RESET_HARD);
    ck_assert_uint_eq(rd(t, want[_i].reg), want[_i].value);
    bench_free(t);
}
END_TEST

START_TEST(writable_bits)
{
    static const struct {
        uint32_t reg, ones;
    } want[] = {
        {ID, 0x0F000000},       {VERSION, 0x00040014}, {TPR, 0xFF},
        {LDR, 0xFF000000},      {DFR, 0xFFFFFFFF},     {SVR, 0x3FF},
        {ICR_HIGH, 0xFF000000}, {TIMER, 0x300FF},      {PERF, 0x107FF},
        {LINT0, 0x1A7FF},       {LINT1, 0x1A7FF},      {ERROR, 0x100FF},
        {TMICT, 0xFFFFFFFF},    {TDCR, 0x0B},
    };
    struct bench *t = bench_enabled();
    wr(t, want[_i].reg, 0xFFFFFFFF);
    ck_assert_uint_eq(rd(t, want[_i].reg), want[_i].ones);
    wr(t, DFR, 0);
    ck_assert_uint_eq(rd(t, DFR), 0x0FFFFFFF);
    wr(t, SVR, 0x100);
    ck_assert_uint_eq(rd(t, SVR), 0x10F); /* P6: the low four bits are wired */
    bench_free(t);
}
END_TEST

START_TEST(odd_accesses)
{
    struct bench *t = bench_enabled();
    struct phys *ph = t->fx.board.phys;
    wr(t, TPR, 0x5A);
    ck_assert_uint_eq(phys_read(ph, BASE + TPR, 1), 0x5A);
    ck_assert_uint_eq(phys_read(ph, BASE + VERSION + 2, 1), 0x04);
    phys_write(ph, BASE + TPR, 0x11, 1);
    phys_write(ph, BASE + TPR + 4, 0x11, 4);
    phys_write(ph, BASE + TPR + 2, 0x1111, 2);
    (void)phys_read(ph, BASE + TPR + 6, 2);
    ck_assert_uint_eq(rd(t, TPR), 0x5A);
    ck_assert_uint_eq(t->fx.board.notes.count[NOTE_lapic_access], 4);
    ck_assert_uint_eq(rd(t, ESR), 0);
    bench_free(t);
}
END_TEST

START_TEST(page_moves)
{
    struct bench *t = bench_enabled();
    struct phys *ph = t->fx.board.phys;
    uint8_t byte = 0x77, got[2] = {0};
    ck_assert_uint_eq(phys_dma_write(ph, 0x5030, &byte, 1), 1);
    ck_assert(phys_is_io(ph, BASE));
    lapic_set_base(t->apic, 0x5900); /* over RAM */
    ck_assert(!phys_is_io(ph, BASE));
    ck_assert_uint_eq(phys_read(ph, BASE + VERSION, 4), 0xFFFFFFFF);
    ck_assert_uint_eq(phys_read(ph, 0x5030, 4), 0x00040014);
    ck_assert_uint_eq(phys_read(ph, 0x50F0, 4), 0x1FF); /* a move changes nothing else */
    ck_assert_ptr_null(phys_page(ph, 0x5000).rd);
    ck_assert_uint_eq(phys_dma_read(ph, 0x5030, got, 1), 1); /* DMA sees the RAM behind */
    ck_assert_uint_eq(got[0], 0x77);
    ck_assert(!phys_peek(ph, 0x5030, got, 1));
    ck_assert(!phys_peek(ph, 0x4FFF, got, 2));
    lapic_set_base(t->apic, UINT64_C(0xF00000900)); /* beyond what the bus has */
    ck_assert_uint_eq(phys_read(ph, 0x5030, 1), 0x77);
    lapic_set_base(t->apic, 0x5100); /* globally disabled */
    ck_assert_uint_eq(phys_read(ph, 0x5030, 1), 0x77);
    ck_assert(!phys_is_io(ph, BASE));
    lapic_set_base(t->apic, BASE | 0x900);
    ck_assert_uint_eq(rd(t, SVR), 0xFF); /* … and all was forgotten */
    bench_free(t);
}
END_TEST

START_TEST(without_apic)
{
    struct bench *t = bench_enabled();
    ck_assert(fixed(t, 0x40));
    lapic_set_base(t->apic, 0);
    ck_assert(!t->intr);
    ck_assert(!fixed(t, 0x40));
    lapic_set_lint(t->apic, LAPIC_LINT0, true); /* the pins are INTR and NMI */
    ck_assert(t->intr);
    ck_assert_int_eq(ack(t), LAPIC_EXTINT);
    lapic_set_lint(t->apic, LAPIC_LINT0, false);
    ck_assert(!t->intr);
    lapic_set_lint(t->apic, LAPIC_LINT1, true);
    lapic_set_lint(t->apic, LAPIC_LINT1, true);
    ck_assert_uint_eq(t->nmis, 1);
    bench_free(t);
}
END_TEST

START_TEST(software_disabled)
{
    struct bench *t = bench_enabled();
    wr(t, TIMER, 0x50);
    ck_assert(fixed(t, 0x40));
    unsigned readies = t->readies;
    wr(t, SVR, 0xFF);
    ck_assert_uint_eq(rd(t, TIMER), MASKED | 0x50);
    ck_assert_uint_eq(rd(t, LINT0), MASKED | EXTINT);
    wr(t, TIMER, 0x50); /* cannot be unmasked */
    ck_assert_uint_eq(rd(t, TIMER), MASKED | 0x50);
    ck_assert(!fixed(t, 0x41));
    ck_assert(message(t, APIC_NMI, 0, 0, false, false));
    ck_assert_uint_eq(t->nmis, 1);
    ck_assert_uint_eq(t->readies, readies);
    ck_assert(t->intr); /* what was accepted is still there */
    ck_assert_int_eq(ack(t), 0x40);
    ck_assert(in_set(t, ISR, 0x40));
    wr(t, SVR, 0x1FF);
    ck_assert_uint_eq(t->readies, readies + 1);
    ck_assert_uint_eq(rd(t, TIMER), MASKED | 0x50); /* stays masked */
    bench_free(t);
}
END_TEST

START_TEST(init_pin)
{
    struct bench *t = bench_enabled();
    wr(t, ID, 0x03000000);
    wr(t, TPR, 0x20);
    wr(t, TIMER, 0x60);
    wr(t, TMICT, 1000);
    ck_assert(message(t, APIC_FIXED, 0x40, 3, false, false));
    lapic_init_pin(t->apic);
    ck_assert(!t->intr);
    ck_assert_uint_eq(rd(t, ID), 0x03000000);
    ck_assert_uint_eq(rd(t, SVR), 0xFF);
    ck_assert_uint_eq(rd(t, TPR), 0);
    ck_assert_uint_eq(rd(t, TMICT), 0);
    ck_assert_uint_eq(rd(t, LINT0), EXTINT);
    ck_assert_uint_eq(clock_next(&t->fx.board.clock), EVENT_IDLE);
    lapic_class.reset(t->apic, RESET_HARD);
    ck_assert_uint_eq(rd(t, ID), 0);
    bench_free(t);
}
END_TEST

/* ---- priorities */

START_TEST(highest_first)
{
    struct bench *t = bench_enabled();
    static const uint8_t vectors[] = {0x31, 0xFE, 0x10, 0x3F, 0x80};
    static const uint8_t order[] = {0xFE, 0x80, 0x3F, 0x31, 0x10};
    for (unsigned n = 0; n < ARRAY_LEN(vectors); n++) {
        ck_assert(fixed(t, vectors[n]));
        ck_assert(in_set(t, IRR, vectors[n]));
    }
    for (unsigned n = 0; n < ARRAY_LEN(order); n++) {
        ck_assert(t->intr);
        ck_assert_int_eq(ack(t), order[n]);
        ck_assert(in_set(t, ISR, order[n]));
        ck_assert(!in_set(t, IRR, order[n]));
        ck_assert_uint_eq(rd(t, PPR), order[n] & 0xF0);
        wr(t, EOI, 0);
        ck_assert(!in_set(t, ISR, order[n]));
    }
    ck_assert(!t->intr);
    ck_assert_uint_eq(t->eois, 0); /* edges only */
    wr(t, EOI, 0);                 /* nothing in service: nothing happens */
    ck_assert_uint_eq(rd(t, PPR), 0);
    bench_free(t);
}
END_TEST

START_TEST(nesting_by_class)
{
    struct bench *t = bench_enabled();
    ck_assert(fixed(t, 0x52));
    ck_assert_int_eq(ack(t), 0x52);
    ck_assert(fixed(t, 0x5F)); /* the same class waits */
    ck_assert(!t->intr);
    ck_assert(fixed(t, 0x60));
    ck_assert(t->intr);
    ck_assert_int_eq(ack(t), 0x60);
    ck_assert_uint_eq(rd(t, PPR), 0x60);
    wr(t, EOI, 0); /* of the highest: 60h */
    ck_assert(in_set(t, ISR, 0x52));
    ck_assert(!in_set(t, ISR, 0x60));
    ck_assert(!t->intr);
    ck_assert(fixed(t, 0x52)); /* once more while in service */
    wr(t, EOI, 0);
    ck_assert_int_eq(ack(t), 0x5F);
    wr(t, EOI, 0);
    ck_assert_int_eq(ack(t), 0x52);
    bench_free(t);
}
END_TEST

START_TEST(task_priority)
{
    struct bench *t = bench_enabled();
    wr(t, TPR, 0x45);
    ck_assert_uint_eq(rd(t, PPR), 0x45);
    ck_assert(fixed(t, 0x4F));
    ck_assert(!t->intr);
    ck_assert_uint_eq(rd(t, APR), 0x45); /* TPR class >= IRR class, > ISR class */
    ck_assert(fixed(t, 0x61));
    ck_assert(t->intr);
    ck_assert_uint_eq(rd(t, APR), 0x60);
    wr(t, TPR, 0x6F);
    ck_assert(!t->intr); /* taken back */
    wr(t, TPR, 0x50);
    ck_assert_int_eq(ack(t), 0x61);
    ck_assert_uint_eq(rd(t, PPR), 0x60);
    wr(t, TPR, 0x6A); /* the same class as in service: PPR is TPR, with its low bits */
    ck_assert_uint_eq(rd(t, PPR), 0x6A);
    wr(t, TPR, 0);
    wr(t, EOI, 0);
    ck_assert_int_eq(ack(t), 0x4F);
    wr(t, TPR, 0xFF);
    ck_assert(fixed(t, 0xFE));
    ck_assert(!t->intr);
    bench_free(t);
}
END_TEST

START_TEST(spurious)
{
    struct bench *t = bench_enabled();
    wr(t, SVR, 0x1CF);
    ck_assert(fixed(t, 0x40));
    wr(t, TPR, 0x40); /* between the request and its acknowledge */
    ck_assert_int_eq(ack(t), 0xCF);
    ck_assert(!in_set(t, ISR, 0xCF));
    ck_assert(in_set(t, IRR, 0x40));
    bench_free(t);
}
END_TEST

START_TEST(level_triggered_eoi)
{
    struct bench *t = bench_enabled();
    ck_assert(message(t, APIC_FIXED, 0x61, 0, false, true));
    ck_assert(in_set(t, TMR, 0x61));
    ck_assert_int_eq(ack(t), 0x61);
    wr(t, EOI, 0);
    ck_assert_uint_eq(t->eois, 1);
    ck_assert_uint_eq(t->eoi_vector, 0x61);
    ck_assert(fixed(t, 0x61)); /* the next one is an edge */
    ck_assert(!in_set(t, TMR, 0x61));
    (void)ack(t);
    wr(t, EOI, 0);
    ck_assert_uint_eq(t->eois, 1);
    bench_free(t);
}
END_TEST

/* ---- destinations */

START_TEST(destinations)
{
    struct bench *t = bench_enabled();
    wr(t, ID, 0x02000000);
    wr(t, LDR, 0x24000000);
    ck_assert(message(t, APIC_FIXED, 0x40, 2, false, false));
    ck_assert(!message(t, APIC_FIXED, 0x40, 3, false, false));
    ck_assert(message(t, APIC_FIXED, 0x40, 0xFF, false, false));
    ck_assert(message(t, APIC_FIXED, 0x40, 0x0F, false, false));
    ck_assert(message(t, APIC_LOWEST, 0x40, 0x04, true, false)); /* flat: any common bit */
    ck_assert(message(t, APIC_LOWEST, 0x40, 0x20, true, false));
    ck_assert(!message(t, APIC_LOWEST, 0x40, 0xDB, true, false));
    wr(t, DFR, 0x0FFFFFFF); /* cluster 2, member bit 2 */
    ck_assert(message(t, APIC_FIXED, 0x40, 0x2F, true, false));
    ck_assert(message(t, APIC_FIXED, 0x40, 0x24, true, false));
    ck_assert(!message(t, APIC_FIXED, 0x40, 0x2B, true, false));
    ck_assert(!message(t, APIC_FIXED, 0x40, 0x34, true, false));
    ck_assert(message(t, APIC_FIXED, 0x40, 0xFF, true, false));
    ck_assert(!message(t, APIC_REMOTE_READ, 0x40, 2, false, false));
    bench_free(t);
}
END_TEST

START_TEST(other_modes)
{
    struct bench *t = bench_new(); /* software disabled: these come all the same */
    wr(t, LINT0, MASKED);
    ck_assert(message(t, APIC_NMI, 0x55, 0, false, false));
    ck_assert_uint_eq(t->nmis, 1);
    ck_assert(message(t, APIC_STARTUP, 0x10, 0, false, false));
    ck_assert_uint_eq(t->fx.power_events, 0);
    ck_assert(message(t, APIC_INIT, 0, 0, false, false));
    ck_assert_uint_eq(t->fx.power_events, 1);
    ck_assert_int_eq(t->fx.power_what, POWER_INIT);
    ck_assert(message(t, APIC_SMI, 0, 0, false, false));
    ck_assert_uint_eq(t->fx.board.notes.count[NOTE_lapic_smi], 1);
    ck_assert(!t->intr);
    ck_assert(message(t, APIC_EXTINT, 0, 0, false, false));
    ck_assert(t->intr);
    ck_assert_int_eq(ack(t), LAPIC_EXTINT);
    ck_assert(!t->intr);
    bench_free(t);
}
END_TEST

/* ---- IPIs */

START_TEST(ipi_to_self)
{
    static const struct {
        uint32_t high, low;
        bool arrives;
        uint32_t esr;
    } want[] = {
        {0x05000000, SELF | 0x71, true, 0},
        {0x05000000, ALL | 0x71, true, 0},
        {0x05000000, OTHERS | 0x71, false, 0x04},
        {0x00000000, 0x4071, true, 0},
        {0xFF000000, 0x0071, true, 0},
        {0x05000000, 0x4071, false, 0x04},
        {0x01000000, 0x4871, true, 0}, /* logical */
        {0x02000000, 0x4871, false, 0x04},
        {0x00000000, 0xC071, true, 0},  /* level, assert: as an edge */
        {0x00000000, 0x8071, false, 0}, /* level, deassert */
        {0x00000000, 0x4171, true, 0},  /* lowest priority */
        {0x00000000, SELF | 0x0F, false, 0x40},
        {0x00000000, 0x4003, false, 0x20},
        {0x00000000, OTHERS | 0x4500, false,
         0x04}, /* INIT, STARTUP: SeaBIOS looks for others */
        {0x00000000, OTHERS | 0x4610, false, 0x04},
        {0x00000000, OTHERS | 0x8500, false, 0}, /* INIT level de-assert */
        {0x00000000, SELF | 0x4471, false, 0},   /* NMI by shorthand: not on a P6 */
    };
    struct bench *t = bench_enabled();
    wr(t, LDR, 0x01000000);
    wr(t, ICR_HIGH, want[_i].high);
    wr(t, ICR, want[_i].low);
    ck_assert_uint_eq(rd(t, ICR), want[_i].low & 0xCCFFF); /* idle */
    ck_assert_uint_eq(rd(t, ICR_HIGH), want[_i].high);
    ck_assert_uint_eq(t->intr, want[_i].arrives);
    ck_assert_uint_eq(in_set(t, IRR, 0x71), want[_i].arrives);
    ck_assert(!in_set(t, TMR, 0x71));
    ck_assert_uint_eq(rd(t, ESR), 0);
    wr(t, ESR, 0);
    ck_assert_uint_eq(rd(t, ESR), want[_i].esr);
    ck_assert_uint_eq(t->nmis, 0);
    ck_assert_uint_eq(t->fx.power_events, 0);
    bench_free(t);
}
END_TEST

START_TEST(ipi_nmi_init)
{
    struct bench *t = bench_enabled();
    wr(t, ICR, 0x4400);
    ck_assert_uint_eq(t->nmis, 1);
    wr(t, ICR, 0x4500);
    ck_assert_uint_eq(t->fx.power_events, 1);
    ck_assert_int_eq(t->fx.power_what, POWER_INIT);
    bench_free(t);
}
END_TEST

/* ---- errors */

START_TEST(errors)
{
    struct bench *t = bench_enabled();
    wr(t, ERROR, 0xE3);
    (void)rd(t, 0x040); /* no such register */
    ck_assert_int_eq(ack(t), 0xE3);
    wr(t, EOI, 0);
    (void)rd(t, 0x330); /* a P6 has no thermal entry; the bit is set already: no interrupt */
    ck_assert(!t->intr);
    ck_assert_uint_eq(rd(t, ESR), 0);
    wr(t, ESR, 0xFFFFFFFF);
    ck_assert_uint_eq(rd(t, ESR), 0x80);
    wr(t, ESR, 0);
    ck_assert_uint_eq(rd(t, ESR), 0); /* nothing since */
    wr(t, 0x3F0, 1);
    ck_assert_int_eq(ack(t), 0xE3);
    wr(t, EOI, 0);
    ck_assert(message(t, APIC_FIXED, 0x0F, 0, false, false));
    ck_assert_int_eq(ack(t), 0xE3);
    wr(t, EOI, 0);
    wr(t, ESR, 0);
    ck_assert_uint_eq(rd(t, ESR), 0xC0);
    wr(t, ERROR, 0x05); /* the error's own vector is none */
    (void)rd(t, 0x040);
    wr(t, ESR, 0);
    ck_assert_uint_eq(rd(t, ESR), 0xC0);
    ck_assert(!t->intr);
    bench_free(t);
}
END_TEST

/* ---- local interrupts */

START_TEST(virtual_wire)
{
    struct bench *t = bench_new(); /* as after reset: ExtINT, unmasked */
    lapic_set_lint(t->apic, LAPIC_LINT0, true);
    ck_assert(t->intr);
    ck_assert_int_eq(ack(t), LAPIC_EXTINT);
    ck_assert(t->intr); /* a level; the 8259A pair takes it back */
    lapic_set_lint(t->apic, LAPIC_LINT0, false);
    ck_assert(!t->intr);
    wr(t, SVR, 0x1FF);
    wr(t, TPR, 0xFF); /* does not matter to ExtINT */
    lapic_set_lint(t->apic, LAPIC_LINT0, true);
    ck_assert(t->intr);
    wr(t, LINT0, MASKED | EXTINT);
    ck_assert(!t->intr);
    wr(t, LINT0, EXTINT);
    ck_assert(t->intr);
    wr(t, TPR, 0);
    ck_assert(fixed(t, 0x20)); /* the APIC's own go first */
    ck_assert_int_eq(ack(t), 0x20);
    ck_assert_int_eq(ack(t), LAPIC_EXTINT);
    ck_assert_uint_eq(rd(t, IRR + 0x20), 0);
    bench_free(t);
}
END_TEST

START_TEST(lint_edges)
{
    struct bench *t = bench_enabled();
    wr(t, LINT0, 0x48);
    wr(t, LINT1, NMI);
    lapic_set_lint(t->apic, LAPIC_LINT1, true);
    ck_assert_uint_eq(t->nmis, 1);
    lapic_set_lint(t->apic, LAPIC_LINT0, true);
    ck_assert_int_eq(ack(t), 0x48);
    wr(t, EOI, 0);
    ck_assert(!t->intr);
    wr(t, LINT0, MASKED | 0x48);
    lapic_set_lint(t->apic, LAPIC_LINT0, false);
    lapic_set_lint(t->apic, LAPIC_LINT0, true);
    wr(t, LINT0, 0x48);
    ck_assert(!t->intr);  /* an edge while masked is lost */
    wr(t, LINT1, 0x8049); /* LINT1 is an edge all the same */
    lapic_set_lint(t->apic, LAPIC_LINT1, false);
    lapic_set_lint(t->apic, LAPIC_LINT1, true);
    ck_assert_int_eq(ack(t), 0x49);
    wr(t, EOI, 0);
    ck_assert(!t->intr);
    wr(t, LINT1, 0x500);
    lapic_set_lint(t->apic, LAPIC_LINT1, false);
    lapic_set_lint(t->apic, LAPIC_LINT1, true);
    ck_assert_int_eq(t->fx.power_what, POWER_INIT);
    bench_free(t);
}
END_TEST

START_TEST(lint0_level)
{
    struct bench *t = bench_enabled();
    wr(t, LINT0, 0x8048);
    lapic_set_lint(t->apic, LAPIC_LINT0, true);
    ck_assert_uint_eq(rd(t, LINT0), 0xC048); /* remote IRR */
    ck_assert(in_set(t, TMR, 0x48));
    ck_assert_int_eq(ack(t), 0x48);
    wr(t, EOI, 0);
    ck_assert(t->intr); /* asserted still */
    ck_assert_int_eq(ack(t), 0x48);
    lapic_set_lint(t->apic, LAPIC_LINT0, false);
    ck_assert_uint_eq(rd(t, LINT0), 0xC048);
    wr(t, EOI, 0);
    ck_assert_uint_eq(rd(t, LINT0), 0x8048);
    ck_assert(!t->intr);
    wr(t, LINT0, MASKED | 0x8048);
    lapic_set_lint(t->apic, LAPIC_LINT0, true);
    ck_assert(!t->intr);
    wr(t, LINT0, 0x8048); /* a level waits for the mask to go */
    ck_assert(t->intr);
    wr(t, LINT0, EXTINT);
    ck_assert_uint_eq(rd(t, LINT0), EXTINT); /* remote IRR has no meaning there */
    bench_free(t);
}
END_TEST

/* ---- state */

START_TEST(coverage_and_info)
{
    struct error err = {{0}};
    struct text text = {0};
    struct bench *t = bench_enabled();
    ck_assert_msg(state_coverage(lapic_class.state, &err) == 0, "%s", err.text);
    ck_assert(fixed(t, 0xA5));
    lapic_class.info(t->apic, &text);
    ck_assert_ptr_nonnull(strstr(text.s, "base=0fee00000"));
    ck_assert_ptr_nonnull(strstr(text.s, "irr: a5"));
    free(text.s);
    bench_free(t);
}
END_TEST

static void traffic(struct bench *t, uint64_t *seed)
{
    static const uint16_t regs[] = {TPR,   EOI,   EOI,  LDR,      DFR,   SVR,   SVR,
                                    ESR,   ICR,   ICR,  ICR_HIGH, TIMER, LINT0, LINT1,
                                    ERROR, TMICT, TDCR, ID,       PERF,  0x330};
    uint32_t r = test_random(seed), v = test_random(seed);
    switch (r & 15) {
    case 0: lapic_set_lint(t->apic, LAPIC_LINT0, v & 1); break;
    case 1: lapic_set_lint(t->apic, LAPIC_LINT1, v & 1); break;
    case 2: (void)rd(t, (v & 0x3F) << 4); break;
    case 3:
    case 4:
        if (t->intr) {
            (void)ack(t);
        }
        break;
    case 5:
        (void)message(t, v & 7, (uint8_t)(v >> 8), v >> 16 & 0x0F, v >> 24 & 1, v >> 25 & 1);
        break;
    case 6: fixture_run_to(&t->fx, t->fx.board.clock.now + (v & 0xFFF)); break;
    case 7:
        if ((v & 0xF0) == 0) {
            t->base = v & 0x100 ? BASE : 0x200000;
            lapic_set_base(t->apic, t->base | (v & 0x200 ? 0x900u : 0x100u));
        }
        break;
    case 8: wr(t, SVR, v | 0x100); break;
    case 9: wr(t, TMICT, v & 0x3FF); break;
    default: wr(t, regs[(r >> 8) % ARRAY_LEN(regs)], v); break;
    }
}

START_TEST(random_traffic)
{
    struct bench *a = bench_new(), *b = bench_new();
    uint64_t seed = 82489, seed_b;
    for (unsigned round = 0; round < 60; round++) {
        for (unsigned i = 0; i < 400; i++) {
            traffic(a, &seed);
        }
        b->fx.board.clock.now = a->fx.board.clock.now;
        fixture_clone(a->apic, b->apic);
        b->base = a->base;
        b->intr = a->intr;
        seed_b = seed;
        for (unsigned i = 0; i < 100; i++) {
            traffic(a, &seed);
            traffic(b, &seed_b);
            ck_assert_uint_eq(a->intr, b->intr);
        }
        ck_assert_uint_eq(phys_is_io(a->fx.board.phys, BASE),
                          phys_is_io(b->fx.board.phys, BASE));
        ck_assert_uint_eq(phys_is_io(a->fx.board.phys, 0x200000),
                          phys_is_io(b->fx.board.phys, 0x200000));
        for (uint32_t reg = 0; reg < 0x400; reg += 16) {
            ck_assert_uint_eq(rd(a, reg), rd(b, reg));
        }
    }
    ck_assert_uint_gt(a->nmis, 0);
    bench_free(a);
    bench_free(b);
}
END_TEST

static void *member(struct bench *t, const char *name)
{
    const struct field *f = lapic_class.state->fields;
    while (strcmp(f->name, name) != 0) {
        f++;
    }
    return (char *)t->apic + f->offset;
}

/* What only a made-up state holds: a count without TMICT; a vector that IRR never takes. */
START_TEST(hostile_state)
{
    struct bench *a = bench_enabled(), *b = bench_new();
    struct writer w = {0};
    struct error err = {{0}};
    wr(a, TIMER, PERIODIC | 0x30);
    wr(a, TDCR, BY_1);
    wr(a, TMICT, 10);
    *(uint32_t *)member(a, "initial") = 0;
    fixture_run_to(&a->fx, 100);
    ck_assert_int_eq(ack(a), 0x30);
    ck_assert_uint_eq(clock_next(&a->fx.board.clock), EVENT_IDLE);
    *(uint32_t *)member(a, "irr") = 4;
    state_save(lapic_class.state, a->apic, &w);
    struct reader r = {w.bytes, w.len, 0};
    ck_assert_int_eq(state_load(lapic_class.state, b->apic, &r, &err), -1);
    writer_free(&w);
    bench_free(a);
    bench_free(b);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("lapic");
    TCase *tc = tcase_create("lapic");
    tcase_add_loop_test(tc, reset_values, 0, 25);
    tcase_add_loop_test(tc, writable_bits, 0, 14);
    tcase_add_test(tc, odd_accesses);
    tcase_add_test(tc, page_moves);
    tcase_add_test(tc, without_apic);
    tcase_add_test(tc, software_disabled);
    tcase_add_test(tc, init_pin);
    tcase_add_test(tc, highest_first);
    tcase_add_test(tc, nesting_by_class);
    tcase_add_test(tc, task_priority);
    tcase_add_test(tc, spurious);
    tcase_add_test(tc, level_triggered_eoi);
    tcase_add_test(tc, destinations);
    tcase_add_test(tc, other_modes);
    tcase_add_loop_test(tc, ipi_to_self, 0, 17);
    tcase_add_test(tc, ipi_nmi_init);
    tcase_add_test(tc, errors);
    tcase_add_test(tc, virtual_wire);
    tcase_add_test(tc, lint_edges);
    tcase_add_test(tc, lint0_level);
    tcase_add_test(tc, coverage_and_info);
    tcase_add_test(tc, random_traffic);
    tcase_add_test(tc, hostile_state);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_set_fork_status(sr, CK_NOFORK);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
