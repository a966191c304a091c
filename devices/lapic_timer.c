/* lapic_timer.c -- the local APIC's timer: TMICT, TMCCT, TDCR (SDM 3A 10.5.4).
 *
 * The count goes down by one every `divisor` cycles of the bus clock from the write of TMICT
 * on, and the interrupt comes when it reaches 0. One-shot: it stays there. Periodic: at that
 * moment it is TMICT again, so that the period is exactly TMICT * divisor cycles, and 0 is
 * never read. A write of TMICT starts anew, of 0 stops. TDCR acts at once upon the count as it
 * stands; what the divider had of the present step is lost. LVT's mode counts when the count
 * ends; its mask holds back the interrupt and not the count.
 *
 * Periods shorter than a tick give one interrupt a tick: IRR could not hold more anyway.
 */
#include "devices/lapic_priv.h"

static uint64_t divisor(const struct lapic *a)
{
    unsigned n = (a->divide & 3) | (a->divide >> 1 & 4); /* bits 3, 1, 0 */
    return n == 7 ? 1 : UINT64_C(2) << n;
}

static uint64_t cycles_now(const struct lapic *a)
{
    return clock_cycles(&a->dev.board->clock, LAPIC_BUS_HZ);
}

uint32_t lapic_timer_count(const struct lapic *a)
{
    uint64_t steps = (cycles_now(a) - a->started) / divisor(a);
    return steps < a->count ? a->count - (uint32_t)steps : 0;
}

void lapic_timer_schedule(struct lapic *a)
{
    struct clock *ck = &a->dev.board->clock;
    if (a->count == 0) {
        clock_cancel(ck, &a->timer);
        return;
    }
    uint64_t end = a->started + a->count * divisor(a);
    clock_at(ck, &a->timer, clock_tick_of(ck, end, LAPIC_BUS_HZ));
}

void lapic_timer_start(struct lapic *a)
{
    a->started = cycles_now(a);
    a->count = a->initial;
    lapic_timer_schedule(a);
}

void lapic_timer_divide(struct lapic *a, uint32_t tdcr)
{
    uint32_t left = lapic_timer_count(a);
    a->started = cycles_now(a);
    a->count = left;
    a->divide = tdcr & 0x0B;
    lapic_timer_schedule(a);
}

void lapic_timer_fire(void *ctx, uint64_t when)
{
    struct lapic *a = ctx;
    (void)when;
    if ((a->lvt[LVT_TIMER] & LVT_PERIODIC) && a->initial != 0) {
        /* `now` may be some periods on: a tick can be longer than one. */
        uint64_t end = a->started + a->count * divisor(a), now = cycles_now(a);
        uint64_t period = a->initial * divisor(a);
        a->started = end + (now - end) / period * period;
        a->count = a->initial;
    } else {
        a->count = 0;
    }
    lapic_timer_schedule(a);
    lapic_local(a, LVT_TIMER);
}
