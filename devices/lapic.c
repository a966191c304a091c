/* lapic.c -- the local APIC of a P6 processor: priorities, messages, local interrupts.
 *
 * One page of registers, at FEE00000h or where IA32_APIC_BASE puts it; each is 32 bits on a
 * multiple of 16 and is accessed as an aligned doubleword (SDM 3A table 10-1):
 *
 *   020 ID     r/w  bits 27:24            0F0 SVR    r/w  vector (3:0 are ones), enable(8),
 * focus(9) 030 VER    r    00040014h: 5 LVTs     100-170 ISR, 180-1F0 TMR, 200-270 IRR: r 080
 * TPR    r/w  bits 7:0              280 ESR    a write latches and restarts, then read 090 APR
 * r                          300 ICR    r/w  low: a write sends; 310 high: destination 0A0 PPR
 * r                          320 LVT timer, 340 perf. counters, 350 LINT0, 0B0 EOI    w 360
 * LINT1, 370 error: r/w 0C0 RRR    r    0                     380 TMICT  r/w 0D0 LDR    r/w
 * bits 31:24            390 TMCCT  r 0E0 DFR    r/w  bits 31:28            3E0 TDCR   r/w  bits
 * 3, 1, 0
 *
 * An interrupt's way (SDM 3A 10.8): accepted into IRR, with TMR telling level from edge;
 * presented while its class (vector / 16) is above that of PPR, which is the higher of TPR's
 * and of the highest in ISR; moved to ISR at the acknowledge; EOI clears the highest in ISR,
 * and tells the I/O APICs if it was level-triggered.
 *
 * ExtINT (virtual wire mode): while LINT0's entry says so, the pin's level goes through to the
 * processor beside all priorities, and the acknowledge is passed on to the 8259A pair. A vector
 * of the APIC's own goes first.
 *
 * Enabling: with the global flag of IA32_APIC_BASE clear there is no APIC: LINT0 is INTR, LINT1
 * is NMI, the page is not there, and all state returns to that of reset. With SVR's flag clear
 * ("software disabled") all LVT entries are masked and no fixed interrupt is accepted; what is
 * in IRR and ISR is still delivered; NMI, INIT, ExtINT and sending go on.
 *
 * Errors: ESR bits 2 (sent, and nobody accepted it), 5 and 6 (vector 0..15 sent, received), 7
 * (no such register); each newly set bit raises LVT error.
 *
 * IPIs: there is one processor. Sent to itself, by name or by shorthand, they arrive at once;
 * to others nobody accepts them. INIT is the board's INIT# (the processor is the bootstrap
 * processor and starts at the reset vector, SDM 3A 8.4.2); STARTUP means nothing to a processor
 * that does not wait for it. P6 allows other modes than fixed with a shorthand only to "all but
 * self" (SDM 3A table 10-4); the rest is dropped and counted. Level-triggered with assert
 * counts as edge, deassert as nothing.
 *
 * Lines: LINT0, LINT1 in; intr, nmi out; the two ends of the APIC bus. A pin asserted is high
 * here, whatever its polarity bit. Clock: 100 MHz bus (lapic_timer.c).
 * Reset: RESET# sets everything; INIT# all but the ID (SDM 3A 10.4.7). In both LINT0's entry
 * becomes 00000700h, unmasked ExtINT, where the P6 says 00010000h: board firmware that knows of
 * the APIC sets it so before it needs INTR, and firmware that does not know of it runs, too
 * (QEMU does the same).
 *
 * NOT IMPLEMENTED: SMI (dropped and counted); remote read; the wait for STARTUP of a processor
 * whose BSP flag software has cleared; focus processor checking and arbitration, which take a
 * second processor.
 *
 * References: SDM 3A chapter 10; SDM 3B 22.27 on P6; 82093AA data sheet.
 */
#include "devices/lapic_priv.h"

#include <string.h>

#define BASE_ENABLE UINT64_C(0x800)
#define BASE_PAGE   UINT64_C(0xFFFFFF000)
enum { LVT_EXTINT = APIC_EXTINT << 8 };

/* ---- sets of vectors */

static bool set_has(const uint32_t set[VECTOR_WORDS], unsigned v)
{
    return set[v >> 5 & 7] >> (v & 31) & 1;
}

static void set_put(uint32_t set[VECTOR_WORDS], unsigned v, bool in)
{
    uint32_t bit = UINT32_C(1) << (v & 31), *word = &set[v >> 5 & 7];
    *word = in ? *word | bit : *word & ~bit;
}

int lapic_highest(const uint32_t set[VECTOR_WORDS])
{
    for (int n = VECTOR_WORDS - 1; n >= 0; n--) {
        uint32_t word = set[n];
        if (word != 0) {
            int bit = 0;
            for (int step = 16; step != 0; step >>= 1) {
                if (word >> step != 0) {
                    word >>= step;
                    bit += step;
                }
            }
            return n * 32 + bit;
        }
    }
    return -1;
}

/* ---- priorities (SDM 3A 10.8.3) */

static unsigned class_of(int vector)
{
    return vector < 0 ? 0 : (unsigned)vector >> 4;
}

uint8_t lapic_ppr(const struct lapic *a)
{
    unsigned isr = class_of(lapic_highest(a->isr));
    return (uint8_t)(a->tpr >> 4 >= isr ? a->tpr : isr << 4);
}

uint8_t lapic_apr(const struct lapic *a)
{
    unsigned isr = class_of(lapic_highest(a->isr)), irr = class_of(lapic_highest(a->irr));
    unsigned tpr = a->tpr >> 4;
    if (tpr >= irr && tpr > isr) {
        return (uint8_t)a->tpr;
    }
    return (uint8_t)((irr > isr ? (irr > tpr ? irr : tpr) : (isr > tpr ? isr : tpr)) << 4);
}

/* The vector that waits for its acknowledge, or -1. */
static int due(const struct lapic *a)
{
    int v = lapic_highest(a->irr);
    return class_of(v) > (unsigned)lapic_ppr(a) >> 4 ? v : -1;
}

/* ---- towards the processor */

bool lapic_is_on(const struct lapic *a)
{
    return a->base & BASE_ENABLE;
}

static bool lvt_mode_is(const struct lapic *a, enum lapic_lvt n, enum apic_delivery mode)
{
    return (a->lvt[n] & (LVT_MASKED | LVT_MODE)) == (uint32_t)mode << 8;
}

static bool extint_due(const struct lapic *a)
{
    return a->extint || (a->lint[LAPIC_LINT0] && lvt_mode_is(a, LVT_LINT0, APIC_EXTINT)) ||
           (a->lint[LAPIC_LINT1] && lvt_mode_is(a, LVT_LINT1, APIC_EXTINT));
}

void lapic_update(struct lapic *a)
{
    bool out = lapic_is_on(a) ? due(a) >= 0 || extint_due(a) : a->lint[LAPIC_LINT0];
    if (out != a->out) {
        a->out = out;
        wire_set(&a->link.intr, out);
    }
}

int lapic_ack(struct device *dev)
{
    struct lapic *a = (struct lapic *)dev;
    int v = lapic_is_on(a) ? due(a) : -1;
    if (v >= 0) {
        set_put(a->irr, (unsigned)v, false);
        set_put(a->isr, (unsigned)v, true);
    } else if (lapic_is_on(a) && !extint_due(a)) {
        v = (int)(a->svr & SVR_VECTOR); /* spurious: no ISR bit, no EOI (SDM 3A 10.9) */
    } else {
        a->extint = false;
        v = LAPIC_EXTINT;
    }
    lapic_update(a);
    return v;
}

static void nmi(const struct lapic *a)
{
    wire_set(&a->link.nmi, true);
    wire_set(&a->link.nmi, false);
}

/* ---- acceptance */

static bool accept_fixed(struct lapic *a, uint8_t vector, bool level)
{
    if (!(a->svr & SVR_ENABLE)) {
        return false;
    }
    if (vector < FIRST_VECTOR) {
        lapic_error(a, ESR_RECEIVE_VECTOR);
        return true;
    }
    set_put(a->irr, vector, true);
    set_put(a->tmr, vector, level);
    lapic_update(a);
    return true;
}

static bool accept(struct lapic *a, unsigned mode, uint8_t vector, bool level)
{
    switch (mode) {
    case APIC_FIXED:
    case APIC_LOWEST: return accept_fixed(a, vector, level);
    case APIC_NMI: nmi(a); return true;
    case APIC_INIT: board_power(a->dev.board, POWER_INIT, 0); return true;
    case APIC_STARTUP: return true;
    case APIC_EXTINT:
        a->extint = true;
        lapic_update(a);
        return true;
    case APIC_SMI: note(&a->dev.board->notes, NOTE_lapic_smi); return true;
    default: return false;
    }
}

/* SDM 3A 10.6.2. An APIC ID has 4 bits on a P6; all ones is everybody. */
static bool is_for_us(const struct lapic *a, uint8_t dest, bool logical)
{
    unsigned ldr = a->ldr >> 24;
    if (!logical) {
        return (dest & 0x0F) == a->id >> 24 || (dest & 0x0F) == 0x0F;
    }
    if (a->dfr >> 28 == 0x0F) {
        return dest & ldr;
    }
    return dest == 0xFF || (dest >> 4 == ldr >> 4 && (dest & ldr & 0x0F));
}

bool lapic_accept(struct device *dev, const struct apic_message *msg)
{
    struct lapic *a = (struct lapic *)dev;
    return lapic_is_on(a) && is_for_us(a, msg->dest, msg->logical) &&
           accept(a, msg->mode, msg->vector, msg->level);
}

/* A bit that is set already has had its interrupt: so this ends, whatever LVT error says. */
void lapic_error(struct lapic *a, uint32_t esr_bits)
{
    bool fresh = esr_bits & ~a->errors;
    a->errors |= esr_bits;
    if (fresh) {
        lapic_local(a, LVT_ERROR);
    }
}

/* ---- local interrupts */

void lapic_local(struct lapic *a, enum lapic_lvt n)
{
    uint32_t lvt = a->lvt[n];
    unsigned mode = lvt >> 8 & 7;
    /* ExtINT follows the pin (extint_due); INIT and SMI come as edges like NMI. */
    if (!(lvt & LVT_MASKED) && mode != APIC_EXTINT) {
        (void)accept(a, mode, (uint8_t)lvt, false);
    }
}

void lapic_perf(struct device *dev)
{
    struct lapic *a = (struct lapic *)dev;
    if (lapic_is_on(a)) {
        lapic_local(a, LVT_PERF);
        lapic_update(a);
    }
}

/* LINT0 as a level-triggered fixed interrupt: again after each EOI while it is asserted. LINT1
 * is always edge-triggered (SDM 3A 10.5.1). */
static bool is_level_pin(const struct lapic *a, enum lapic_lvt n)
{
    return n == LVT_LINT0 && (a->lvt[n] & (LVT_LEVEL | LVT_MODE)) == LVT_LEVEL;
}

static void level_pin(struct lapic *a)
{
    uint32_t *lvt = &a->lvt[LVT_LINT0];
    if (is_level_pin(a, LVT_LINT0) && a->lint[LAPIC_LINT0] &&
        !(*lvt & (LVT_MASKED | LVT_REMOTE_IRR)) && accept_fixed(a, (uint8_t)*lvt, true)) {
        *lvt |= LVT_REMOTE_IRR;
    }
}

void lapic_set_lint(struct device *dev, enum lapic_pin pin, bool level)
{
    struct lapic *a = (struct lapic *)dev;
    enum lapic_lvt n = pin == LAPIC_LINT0 ? LVT_LINT0 : LVT_LINT1;
    bool rises = level && !a->lint[pin];
    a->lint[pin] = level;
    if (!lapic_is_on(a)) {
        if (rises && pin == LAPIC_LINT1) {
            nmi(a);
        }
    } else if (is_level_pin(a, n)) {
        level_pin(a);
    } else if (rises) {
        lapic_local(a, n);
    }
    lapic_update(a);
}

void lapic_lvt_written(struct lapic *a, enum lapic_lvt n)
{
    uint32_t *lvt = &a->lvt[n];
    if (!(a->svr & SVR_ENABLE)) {
        *lvt |= LVT_MASKED;
    }
    if (n == LVT_LINT0 && !is_level_pin(a, n)) {
        *lvt &= ~(uint32_t)LVT_REMOTE_IRR;
    }
    level_pin(a);
    lapic_update(a);
}

void lapic_ready(const struct lapic *a)
{
    if (a->link.ready) {
        a->link.ready(a->link.ioapic);
    }
}

void lapic_svr_written(struct lapic *a)
{
    if (a->svr & SVR_ENABLE) {
        level_pin(a);
        lapic_ready(a);
    } else {
        for (unsigned n = 0; n < LVT_ENTRIES; n++) {
            a->lvt[n] |= LVT_MASKED;
        }
    }
    lapic_update(a);
}

void lapic_eoi(struct lapic *a)
{
    int v = lapic_highest(a->isr);
    if (v < 0) {
        return;
    }
    set_put(a->isr, (unsigned)v, false);
    if (set_has(a->tmr, (unsigned)v)) {
        if ((a->lvt[LVT_LINT0] & LVT_VECTOR) == (uint32_t)v) {
            a->lvt[LVT_LINT0] &= ~(uint32_t)LVT_REMOTE_IRR;
            level_pin(a);
        }
        if (a->link.eoi) {
            a->link.eoi(a->link.ioapic, (uint8_t)v);
        }
    }
    lapic_update(a);
}

/* ---- interprocessor interrupts (SDM 3A 10.6.1) */

static bool shorthand_allows(uint32_t shorthand, unsigned mode)
{
    return shorthand == 0 || shorthand == ICR_OTHERS || mode == APIC_FIXED;
}

void lapic_send(struct lapic *a)
{
    uint32_t icr = a->icr_low, shorthand = icr & ICR_SHORTHAND;
    unsigned mode = icr >> 8 & 7;
    uint8_t vector = (uint8_t)icr;
    if ((icr & ICR_LEVEL) && !(icr & ICR_ASSERT)) {
        return; /* INIT level de-assert: APICs copy their IDs into Arb ID */
    }
    if (!shorthand_allows(shorthand, mode)) {
        note(&a->dev.board->notes, NOTE_lapic_shorthand);
        return;
    }
    /* What it sends to itself without the bus, it only receives. */
    if (mode <= APIC_LOWEST && vector < FIRST_VECTOR && shorthand != ICR_SELF) {
        lapic_error(a, ESR_SEND_VECTOR);
        return;
    }
    bool here =
        shorthand == ICR_SELF || shorthand == ICR_ALL ||
        (shorthand == 0 && is_for_us(a, (uint8_t)(a->icr_high >> 24), icr & ICR_LOGICAL));
    if (!here || !accept(a, mode, vector, false)) {
        lapic_error(a, ESR_SEND_ACCEPT);
    }
}

/* ---- life */

/* SDM 3A 10.4.7.1 and 10.4.7.3. */
static void to_reset_state(struct lapic *a)
{
    a->tpr = a->ldr = a->esr = a->errors = a->icr_low = a->icr_high = 0;
    a->initial = a->count = a->divide = 0;
    a->dfr = UINT32_MAX;
    a->svr = SVR_VECTOR;
    a->extint = false;
    for (unsigned n = 0; n < LVT_ENTRIES; n++) {
        a->lvt[n] = n == LVT_LINT0 ? LVT_EXTINT : LVT_MASKED;
    }
    memset(a->irr, 0, sizeof a->irr);
    memset(a->isr, 0, sizeof a->isr);
    memset(a->tmr, 0, sizeof a->tmr);
    lapic_timer_start(a);
}

static void map_page(struct lapic *a)
{
    paddr page = a->base & BASE_PAGE;
    phys_set_inner(a->dev.board->phys, lapic_is_on(a) ? page : PHYS_NOWHERE, &lapic_page, a);
}

void lapic_set_base(struct device *dev, uint64_t value)
{
    struct lapic *a = (struct lapic *)dev;
    bool was_on = lapic_is_on(a);
    a->base = value;
    if (was_on && !lapic_is_on(a)) {
        to_reset_state(a);
    }
    map_page(a);
    lapic_update(a);
}

void lapic_init_pin(struct device *dev)
{
    struct lapic *a = (struct lapic *)dev;
    to_reset_state(a);
    lapic_update(a);
}

void lapic_connect(struct device *dev, const struct lapic_links *links)
{
    ((struct lapic *)dev)->link = *links;
}

static int lapic_init(struct device *dev, struct error *err)
{
    struct lapic *a = (struct lapic *)dev;
    (void)err;
    event_init(&dev->board->clock, &a->timer, "lapic timer", lapic_timer_fire, a);
    return 0;
}

static void lapic_reset(struct device *dev, enum reset how)
{
    struct lapic *a = (struct lapic *)dev;
    if (how == RESET_POWER) { /* the pins are other chips' outputs */
        a->lint[LAPIC_LINT0] = a->lint[LAPIC_LINT1] = false;
    }
    a->id = 0;
    to_reset_state(a);
    lapic_update(a);
}

static void lapic_fini(struct device *dev)
{
    phys_set_inner(dev->board->phys, PHYS_NOWHERE, NULL, NULL);
}

static void lapic_retime(struct device *dev)
{
    lapic_timer_schedule((struct lapic *)dev);
}

static void show_set(struct text *out, const char *name, const uint32_t set[VECTOR_WORDS])
{
    text_add(out, "%s:", name);
    for (unsigned v = 0; v < VECTOR_WORDS * 32; v++) {
        if (set_has(set, v)) {
            text_add(out, " %02x", v);
        }
    }
    text_add(out, "\n");
}

static void lapic_info(struct device *dev, struct text *out)
{
    static const char *const entry[LVT_ENTRIES] = {"timer", "perf", "lint0", "lint1", "error"};
    const struct lapic *a = (const struct lapic *)dev;
    text_add(out,
             "lapic: base=%09llx%s%s id=%u ldr=%02x dfr=%x svr=%03x tpr=%02x ppr=%02x int=%u\n",
             (unsigned long long)(a->base & BASE_PAGE), lapic_is_on(a) ? "" : " off",
             a->svr & SVR_ENABLE ? "" : " software-disabled", (unsigned)(a->id >> 24),
             (unsigned)(a->ldr >> 24), (unsigned)(a->dfr >> 28), (unsigned)a->svr,
             (unsigned)a->tpr, lapic_ppr(a), (unsigned)a->out);
    for (unsigned n = 0; n < LVT_ENTRIES; n++) {
        text_add(out, "  lvt %s=%05x\n", entry[n], (unsigned)a->lvt[n]);
    }
    text_add(out, "  timer initial=%08x current=%08x divide=%x icr=%02x:%05x esr=%02x\n",
             (unsigned)a->initial, (unsigned)lapic_timer_count(a), (unsigned)a->divide,
             (unsigned)(a->icr_high >> 24), (unsigned)a->icr_low, (unsigned)a->esr);
    show_set(out, "  irr", a->irr);
    show_set(out, "  isr", a->isr);
    show_set(out, "  tmr", a->tmr);
}

/* ---- state */

/* The registers have no bits that their writes would not have left. */
static bool lapic_loaded(void *obj)
{
    struct lapic *a = obj;
    bool fits = !(a->id & ~0x0F000000u) && !(a->ldr & ~0xFF000000u) &&
                !(~a->dfr & 0x0FFFFFFFu) && (a->svr & 0x0F) == 0x0F &&
                !(a->icr_low & ~(uint32_t)ICR_WRITABLE) && !(a->divide & ~0x0Bu) &&
                !((a->irr[0] | a->isr[0]) & 0xFFFF);
    if (fits) {
        map_page(a);
    }
    return fits;
}

static const struct field lapic_fields[] = {
    DERIVED(struct lapic, dev),
    DERIVED(struct lapic, link),
    FIELD_EVENT(struct lapic, timer),
    FIELD_R(struct lapic, base, 0, UINT64_C(0xFFFFFFFFF)),
    FIELD(struct lapic, started),
    FIELD(struct lapic, id),
    FIELD(struct lapic, ldr),
    FIELD(struct lapic, dfr),
    FIELD_R(struct lapic, tpr, 0, 0xFF),
    FIELD_R(struct lapic, svr, 0, SVR_VECTOR | SVR_ENABLE | SVR_FOCUS),
    FIELD_R(struct lapic, esr, 0, 0xFF),
    FIELD_R(struct lapic, errors, 0, 0xFF),
    FIELD(struct lapic, icr_low),
    FIELD(struct lapic, icr_high),
    FIELD_AR(struct lapic, lvt, 0, 0x3FFFF),
    FIELD(struct lapic, initial),
    FIELD(struct lapic, count),
    FIELD(struct lapic, divide),
    FIELD_A(struct lapic, irr),
    FIELD_A(struct lapic, isr),
    FIELD_A(struct lapic, tmr),
    FIELD_A(struct lapic, lint),
    FIELD(struct lapic, extint),
    FIELD(struct lapic, out),
    FIELDS_END,
};
static const struct schema lapic_schema = {"lapic", sizeof(struct lapic), 1,
                                           1,       lapic_fields,         lapic_loaded};

bool lapic_is_unmaskable(const struct device *dev)
{
    const struct lapic *a = (const struct lapic *)dev;
    uint32_t lint0 = a->lvt[LVT_LINT0], mode = lint0 >> 8 & 7;
    return lapic_is_on(a) && !(lint0 & LVT_MASKED) && (mode == APIC_NMI || mode == APIC_INIT);
}

const struct device_class lapic_class = {
    .name = "lapic",
    .size = sizeof(struct lapic),
    .state = &lapic_schema,
    .init = lapic_init,
    .reset = lapic_reset,
    .fini = lapic_fini,
    .retime = lapic_retime,
    .info = lapic_info,
};
