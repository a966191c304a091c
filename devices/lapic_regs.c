/* lapic_regs.c -- the local APIC's page of registers (SDM 3A 10.4.1; see lapic.c).
 *
 * Reads of less than a doubleword get their part of it; other than that only aligned
 * doublewords are defined, and what is not is dropped and counted.
 */
#include "devices/lapic_priv.h"

enum {
    REG_ID = 0x02,
    REG_VERSION = 0x03,
    REG_TPR = 0x08,
    REG_APR = 0x09,
    REG_PPR = 0x0A,
    REG_EOI = 0x0B,
    REG_RRR = 0x0C,
    REG_LDR = 0x0D,
    REG_DFR = 0x0E,
    REG_SVR = 0x0F,
    REG_ISR = 0x10,
    REG_TMR = 0x18,
    REG_IRR = 0x20,
    REG_ESR = 0x28,
    REG_ICR_LOW = 0x30,
    REG_ICR_HIGH = 0x31,
    REG_LVT_TIMER = 0x32,
    REG_LVT_THERMAL = 0x33,
    REG_LVT_PERF = 0x34,
    REG_LVT_ERROR = 0x37,
    REG_TMICT = 0x38,
    REG_TMCCT = 0x39,
    REG_TDCR = 0x3E,
};
/* A P6's is 11h. SeaBIOS numbers the I/O APIC 0, as the processor's own; that is good on the
 * bus of version 14h alone, where the two have nothing to do with each other. With 11h Linux
 * renumbers the I/O APIC, and then no entry of the MP table fits it. */
enum { VERSION = (LVT_ENTRIES - 1) << 16 | 0x14 };

static bool is_lvt(unsigned reg)
{
    return reg >= REG_LVT_TIMER && reg <= REG_LVT_ERROR && reg != REG_LVT_THERMAL;
}

static enum lapic_lvt lvt_of(unsigned reg)
{
    return reg == REG_LVT_TIMER ? LVT_TIMER : (enum lapic_lvt)(reg - REG_LVT_PERF + LVT_PERF);
}

static uint32_t reg_read(struct lapic *a, unsigned reg)
{
    if (reg >= REG_ISR && reg < REG_ESR) {
        const uint32_t *set = reg < REG_TMR ? a->isr : reg < REG_IRR ? a->tmr : a->irr;
        return set[reg & 7];
    }
    if (is_lvt(reg)) {
        return a->lvt[lvt_of(reg)];
    }
    switch (reg) {
    case REG_ID: return a->id;
    case REG_VERSION: return VERSION;
    case REG_TPR: return a->tpr;
    case REG_APR: return lapic_apr(a);
    case REG_PPR: return lapic_ppr(a);
    case REG_EOI:
    case REG_RRR: return 0;
    case REG_LDR: return a->ldr;
    case REG_DFR: return a->dfr;
    case REG_SVR: return a->svr;
    case REG_ESR: return a->esr;
    case REG_ICR_LOW: return a->icr_low;
    case REG_ICR_HIGH: return a->icr_high;
    case REG_TMICT: return a->initial;
    case REG_TMCCT: return lapic_timer_count(a);
    case REG_TDCR: return a->divide;
    default: lapic_error(a, ESR_REGISTER); return 0;
    }
}

static void lvt_write(struct lapic *a, enum lapic_lvt n, uint32_t val)
{
    static const uint32_t writable[LVT_ENTRIES] = {
        [LVT_TIMER] = LVT_VECTOR | LVT_MASKED | LVT_PERIODIC,
        [LVT_PERF] = LVT_VECTOR | LVT_MODE | LVT_MASKED,
        [LVT_LINT0] = LVT_VECTOR | LVT_MODE | LVT_POLARITY | LVT_LEVEL | LVT_MASKED,
        [LVT_LINT1] = LVT_VECTOR | LVT_MODE | LVT_POLARITY | LVT_LEVEL | LVT_MASKED,
        [LVT_ERROR] = LVT_VECTOR | LVT_MASKED,
    };
    a->lvt[n] = (a->lvt[n] & ~writable[n]) | (val & writable[n]);
    lapic_lvt_written(a, n);
}

/* Writes without further consequences than a new look at priorities. */
static uint32_t *plain_reg(struct lapic *a, unsigned reg, uint32_t *writable)
{
    switch (reg) {
    case REG_ID: *writable = 0x0F000000; return &a->id;
    case REG_TPR: *writable = 0xFF; return &a->tpr;
    case REG_LDR: *writable = 0xFF000000; return &a->ldr;
    case REG_DFR: *writable = 0xF0000000; return &a->dfr;
    case REG_ICR_HIGH: *writable = 0xFF000000; return &a->icr_high;
    default: return NULL;
    }
}

static void reg_write(struct lapic *a, unsigned reg, uint32_t val)
{
    uint32_t writable, *plain = plain_reg(a, reg, &writable);
    if (plain != NULL) {
        *plain = (*plain & ~writable) | (val & writable);
        if (reg == REG_ID || reg == REG_LDR || reg == REG_DFR) {
            lapic_ready(a); /* it answers to another name */
        }
        lapic_update(a);
        return;
    }
    if (is_lvt(reg)) {
        lvt_write(a, lvt_of(reg), val);
        return;
    }
    switch (reg) {
    case REG_EOI: lapic_eoi(a); break;
    case REG_SVR: /* on a P6 the low four bits are wired */
        a->svr = (val & (SVR_VECTOR | SVR_ENABLE | SVR_FOCUS)) | 0x0F;
        lapic_svr_written(a);
        break;
    case REG_ESR:
        a->esr = a->errors;
        a->errors = 0;
        break;
    case REG_ICR_LOW:
        a->icr_low = val & ICR_WRITABLE; /* delivery status stays 0: idle */
        lapic_send(a);
        break;
    case REG_TMICT:
        a->initial = val;
        lapic_timer_start(a);
        break;
    case REG_TDCR: lapic_timer_divide(a, val); break;
    case REG_VERSION:
    case REG_APR:
    case REG_PPR:
    case REG_RRR:
    case REG_TMCCT: break; /* read only */
    default:
        if (reg < REG_ISR || reg >= REG_ESR) {
            lapic_error(a, ESR_REGISTER);
        }
        break;
    }
}

static uint32_t page_read(void *ctx, uint32_t off, unsigned size)
{
    struct lapic *a = ctx;
    unsigned at = off & 15;
    if (at + size > 4) {
        note(&a->dev.board->notes, NOTE_lapic_access);
        return 0;
    }
    return reg_read(a, off >> 4) >> 8 * at & UINT32_MAX >> (32 - 8 * size);
}

static void page_write(void *ctx, uint32_t off, uint32_t val, unsigned size)
{
    struct lapic *a = ctx;
    if ((off & 15) != 0 || size != 4) {
        note(&a->dev.board->notes, NOTE_lapic_access);
        return;
    }
    reg_write(a, off >> 4, val);
}

const struct region_ops lapic_page = {page_read, page_write};
