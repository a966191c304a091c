/* clock.c -- the queue of events, and the conversions between ticks and everybody else's units.
 *
 * The queue is a sorted list: a PC has some twenty events, most of them idle, so that a walk is
 * shorter than a heap's bookkeeping, and the order among equals (seq) comes for nothing.
 *
 * Conversions are exact rational arithmetic in 64 bits. At tick t the virtual time in seconds
 * is
 *
 *     T(t) = epoch_ns / 10^9  +  (t - epoch_tick) / (mips * 10^6)
 *
 * and a chip that runs at hz has done floor(T(t) * hz) cycles. clock_tick_of() is the inverse:
 * the least t with T(t) * hz >= cycles. No intermediate is rounded, so that a chip which asks
 * "when is cycle N" and, at that tick, "which cycle is it" always hears N.
 */
#include "devices/clock.h"

_Static_assert(offsetof(struct event, at) == 0, "state_* reads an event's first member");

enum { NS_PER_S = 1000000000, US_PER_S = 1000000, NS_PER_US = 1000 };

static bool clock_loaded(void *obj)
{
    const struct clock *ck = obj;
    return ck->epoch_tick <= ck->now;
}

static const struct field clock_fields[] = {
    FIELD(struct clock, now),
    FIELD(struct clock, seq),
    FIELD(struct clock, epoch_tick),
    FIELD(struct clock, epoch_ns),
    FIELD_R(struct clock, mips, 1, MIPS_MAX),
    DERIVED(struct clock, head), /* from each event's at */
    DERIVED(struct clock, events),
    DERIVED(struct clock, nearer),
    DERIVED(struct clock, ctx),
    FIELDS_END,
};
const struct schema clock_schema = {"clock", sizeof(struct clock), 1,
                                    1,       clock_fields,         clock_loaded};

static uint32_t mips_clamp(uint32_t mips)
{
    return mips == 0 ? MIPS_DEFAULT : mips > MIPS_MAX ? MIPS_MAX : mips;
}

void clock_init(struct clock *ck, uint32_t mips)
{
    *ck = (struct clock){.mips = mips_clamp(mips)};
}

void event_init(struct clock *ck, struct event *ev, const char *name,
                void (*fire)(void *ctx, uint64_t when), void *ctx)
{
    *ev = (struct event){
        .at = {EVENT_IDLE, 0}, .name = name, .fire = fire, .ctx = ctx, .all = ck->events};
    ck->events = ev;
}

/* ---- the queue */

static bool sooner(const struct event *a, const struct event *b)
{
    return a->at.when != b->at.when ? a->at.when < b->at.when : a->at.seq < b->at.seq;
}

static void queue_insert(struct clock *ck, struct event *ev)
{
    struct event **link = &ck->head;
    while (*link && sooner(*link, ev)) {
        link = &(*link)->next;
    }
    ev->next = *link;
    *link = ev;
}

void clock_cancel(struct clock *ck, struct event *ev)
{
    if (ev->at.when == EVENT_IDLE) {
        return;
    }
    for (struct event **link = &ck->head; *link; link = &(*link)->next) {
        if (*link == ev) {
            *link = ev->next;
            break;
        }
    }
    ev->next = NULL;
    ev->at.when = EVENT_IDLE;
}

void clock_at(struct clock *ck, struct event *ev, uint64_t when)
{
    clock_cancel(ck, ev);
    if (when == EVENT_IDLE) {
        return;
    }
    ev->at = (struct event_state){when, ck->seq++};
    queue_insert(ck, ev);
    if (ck->head == ev && ck->nearer) {
        ck->nearer(ck->ctx);
    }
}

uint64_t clock_next(const struct clock *ck)
{
    return ck->head ? ck->head->at.when : EVENT_IDLE;
}

void clock_fire(struct clock *ck)
{
    while (ck->head && ck->head->at.when <= ck->now) {
        struct event *ev = ck->head;
        uint64_t when = ev->at.when;
        ck->head = ev->next;
        ev->next = NULL;
        ev->at.when = EVENT_IDLE; /* so that fire() may schedule it anew */
        ev->fire(ev->ctx, when);
    }
}

void clock_rebuild(struct clock *ck)
{
    ck->head = NULL;
    for (struct event *ev = ck->events; ev; ev = ev->all) {
        ev->next = NULL;
        if (ev->at.when != EVENT_IDLE) {
            queue_insert(ck, ev);
        }
    }
}

/* ---- conversions */

/* floor(a * b / d) for a < d < 2^49 and b < 2^28, in two steps of 14 bits of b. */
static uint64_t mul_div(uint64_t a, uint32_t b, uint64_t d)
{
    if (a >> 42 == 0 &&
        b >> 22 == 0) { /* the product is no longer than 64 bits: nearly always */
        return a * b / d;
    }
    uint64_t high = a * (b >> 14);
    uint64_t low = ((high % d) << 14) + a * (b & 0x3FFF);
    return ((high / d) << 14) + low / d;
}

uint64_t clock_cycles_at(const struct clock *ck, uint64_t t, uint32_t hz)
{
    uint64_t ticks_per_s = (uint64_t)ck->mips * US_PER_S; /* <= 10^10 */
    uint64_t ticks = t - ck->epoch_tick;
    uint64_t seconds = ticks / ticks_per_s + ck->epoch_ns / NS_PER_S;
    /* The two fractions of a second, over their common denominator (<= 10^13). */
    uint64_t den = ticks_per_s * NS_PER_US;
    uint64_t num = ticks % ticks_per_s * NS_PER_US + ck->epoch_ns % NS_PER_S * ck->mips;
    if (num >= den) {
        num -= den;
        seconds++;
    }
    return seconds * hz + mul_div(num, hz, den);
}

uint64_t clock_tick_of(const struct clock *ck, uint64_t cycles, uint32_t hz)
{
    int64_t ticks_per_s = (int64_t)ck->mips * US_PER_S;
    uint64_t seconds = cycles / hz, epoch_s = ck->epoch_ns / NS_PER_S;
    if (seconds + 1 < epoch_s) {
        return ck->now;
    }
    if (seconds > epoch_s && seconds - epoch_s > (uint64_t)(INT64_MAX / 4 / ticks_per_s)) {
        return EVENT_IDLE; /* beyond the end of time */
    }
    int64_t whole = ((int64_t)seconds - (int64_t)epoch_s) * ticks_per_s;
    /* Least integer >= frac(cycles/hz) * ticks_per_s - frac(epoch) * ticks_per_s, from the
     * floors and remainders of both; the remainders' difference is in (-1, 1). */
    uint64_t plus = cycles % hz * (uint64_t)ticks_per_s; /* < 10^18 */
    uint64_t minus = ck->epoch_ns % NS_PER_S * ck->mips; /* < 10^13, in 1/1000 ticks */
    int64_t part = (int64_t)(plus / hz) - (int64_t)(minus / NS_PER_US);
    if (plus % hz * NS_PER_US > minus % NS_PER_US * hz) {
        part++;
    }
    int64_t ticks = whole + part;
    if (ticks < 0) {
        return ck->now;
    }
    uint64_t t = ck->epoch_tick + (uint64_t)ticks;
    return t > ck->now ? t : ck->now;
}

uint64_t clock_us(const struct clock *ck, uint64_t us)
{
    return us * ck->mips;
}

uint64_t clock_ns_now(const struct clock *ck)
{
    uint64_t ticks = ck->now - ck->epoch_tick;
    return ck->epoch_ns + ticks / ck->mips * NS_PER_US +
           ticks % ck->mips * NS_PER_US / ck->mips;
}

void clock_set_mips(struct clock *ck, uint32_t mips)
{
    /* Rounded up, so that no chip's cycle count goes backwards. */
    uint64_t ticks = ck->now - ck->epoch_tick;
    uint64_t part = ticks % ck->mips * NS_PER_US;
    ck->epoch_ns += ticks / ck->mips * NS_PER_US + (part + ck->mips - 1) / ck->mips;
    ck->epoch_tick = ck->now;
    ck->mips = mips_clamp(mips);
}
