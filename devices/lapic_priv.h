/* devices/lapic_priv.h -- the local APIC from inside; for lapic.c, lapic_regs.c, lapic_timer.c.
 */
#ifndef TERRAPIN_DEVICES_LAPIC_PRIV_H
#define TERRAPIN_DEVICES_LAPIC_PRIV_H

#include "devices/lapic.h"

/* The timer's clock, before TDCR divides it: a front-side bus of 100 MHz. */
enum { LAPIC_BUS_HZ = 100000000 };

/* In the order of the registers at 320h. A P6 has no thermal sensor entry (330h). */
enum lapic_lvt { LVT_TIMER, LVT_PERF, LVT_LINT0, LVT_LINT1, LVT_ERROR, LVT_ENTRIES };

enum {
    LVT_VECTOR = 0xFF,
    LVT_MODE = 7 << 8, /* enum apic_delivery */
    LVT_POLARITY = 1 << 13,
    LVT_REMOTE_IRR = 1 << 14,
    LVT_LEVEL = 1 << 15,
    LVT_MASKED = 1 << 16,
    LVT_PERIODIC = 1 << 17,
};
enum { SVR_VECTOR = 0xFF, SVR_ENABLE = 1 << 8, SVR_FOCUS = 1 << 9 };
enum {
    ESR_SEND_ACCEPT = 1 << 2,
    ESR_SEND_VECTOR = 1 << 5,
    ESR_RECEIVE_VECTOR = 1 << 6,
    ESR_REGISTER = 1 << 7,
};
enum {
    ICR_LOGICAL = 1 << 11,
    ICR_ASSERT = 1 << 14,
    ICR_LEVEL = 1 << 15,
    ICR_SELF = 1 << 18,
    ICR_ALL = 2 << 18,
    ICR_OTHERS = 3 << 18,
    ICR_SHORTHAND = 3 << 18,
    ICR_WRITABLE = 0xCCFFF,
};
enum { FIRST_VECTOR = 16, VECTOR_WORDS = 8 };

struct lapic {
    struct device dev;
    struct lapic_links link;
    struct event timer;    /* the count reaches 0 */
    uint64_t base;         /* IA32_APIC_BASE; 0: the processor has no APIC */
    uint64_t started;      /* bus cycle at which the timer held `count` */
    uint32_t id, ldr, dfr; /* in their registers' positions */
    uint32_t tpr, svr;
    uint32_t esr, errors; /* as read; collected since it was last written */
    uint32_t icr_low, icr_high;
    uint32_t lvt[LVT_ENTRIES];
    uint32_t initial, count, divide; /* TMICT, see `started`, TDCR */
    uint32_t irr[VECTOR_WORDS], isr[VECTOR_WORDS], tmr[VECTOR_WORDS];
    bool lint[2];
    bool extint; /* an ExtINT message waits for its acknowledge */
    bool out;    /* intr, as driven */
};

/* lapic.c */
bool lapic_is_on(const struct lapic *a);             /* the global enable flag */
int lapic_highest(const uint32_t set[VECTOR_WORDS]); /* vector, or -1 */
uint8_t lapic_ppr(const struct lapic *a);
uint8_t lapic_apr(const struct lapic *a);
void lapic_update(struct lapic *a); /* after any change of state: drives intr */
void lapic_error(struct lapic *a, uint32_t esr_bits);
void lapic_local(struct lapic *a, enum lapic_lvt n); /* an edge of a source behind the LVT */
void lapic_lvt_written(struct lapic *a, enum lapic_lvt n);
void lapic_eoi(struct lapic *a);
void lapic_send(struct lapic *a); /* what ICR says */
void lapic_svr_written(struct lapic *a);
void lapic_ready(const struct lapic *a); /* messages that were refused may pass now */

/* lapic_regs.c: the page at the base address */
extern const struct region_ops lapic_page;

/* lapic_timer.c */
uint32_t lapic_timer_count(const struct lapic *a);
void lapic_timer_start(struct lapic *a); /* TMICT was written */
void lapic_timer_divide(struct lapic *a, uint32_t tdcr);
void lapic_timer_schedule(struct lapic *a);
void lapic_timer_fire(void *ctx, uint64_t when);

#endif
