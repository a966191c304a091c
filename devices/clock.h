/* devices/clock.h -- virtual time: the only notion of time a guest can see.
 *
 * Time is a count of ticks since power-on (docs/time.md: a retired instruction is one tick).
 * `mips` ticks are one virtual microsecond. All pending work of the board is in one queue of
 * events; events of equal tick fire in the order in which they were scheduled (seq).
 * `now` is exact whenever a device is called: the CPU writes it before every port or register
 * access, the machine loop before firing events.
 */
#ifndef TERRAPIN_DEVICES_CLOCK_H
#define TERRAPIN_DEVICES_CLOCK_H

#include "mem/state.h"

enum { MIPS_DEFAULT = 200, MIPS_MAX = 10000 };

struct event {
    struct event_state at; /* first: state_* reads it; when == EVENT_IDLE: not pending */
    const char *name;
    /* when: the scheduled tick, so that periods do not drift */
    void (*fire)(void *ctx, uint64_t when);
    void *ctx;
    struct event *next; /* in the queue */
    struct event *all;  /* every initialised event, for clock_rebuild */
};

struct clock {
    uint64_t now;              /* ticks since power-on */
    uint64_t seq;              /* next sequence number */
    uint64_t epoch_tick;       /* when mips was last set … */
    uint64_t epoch_ns;         /* … and the virtual time then, rounded up */
    uint32_t mips;             /* ticks per virtual microsecond, 1..MIPS_MAX */
    struct event *head;        /* soonest first */
    struct event *events;      /* all */
    void (*nearer)(void *ctx); /* a new event is the soonest: the CPU must look up */
    void *ctx;
};
extern const struct schema clock_schema; /* now, seq, epoch_*, mips */

void clock_init(struct clock *ck, uint32_t mips);
void event_init(struct clock *ck, struct event *ev, const char *name,
                void (*fire)(void *ctx, uint64_t when), void *ctx);
/* (Re)schedule. A tick in the past fires at once, that is before the next instruction. */
void clock_at(struct clock *ck, struct event *ev, uint64_t when);
void clock_cancel(struct clock *ck, struct event *ev);
uint64_t clock_next(const struct clock *ck); /* tick of the soonest event, or EVENT_IDLE */
void clock_fire(struct clock *ck);           /* fires all events with when <= now, in order */
void clock_rebuild(struct clock *ck);        /* after a load: queue from each event's at */

static inline uint64_t clock_now(const struct clock *ck)
{
    return ck->now;
}

/* Cycles of an hz clock (1..100 MHz) from power-on to tick t (t >= epoch_tick); monotonic. */
uint64_t clock_cycles_at(const struct clock *ck, uint64_t t, uint32_t hz);
static inline uint64_t clock_cycles(const struct clock *ck, uint32_t hz)
{
    return clock_cycles_at(ck, ck->now, hz);
}
/* The first tick (>= now) at which clock_cycles_at() reaches `cycles`. */
uint64_t clock_tick_of(const struct clock *ck, uint64_t cycles, uint32_t hz);
uint64_t clock_us(const struct clock *ck, uint64_t us); /* that many microseconds, in ticks */
uint64_t clock_ns_now(const struct clock *ck);          /* virtual nanoseconds since power-on */
void clock_set_mips(struct clock *ck, uint32_t mips);   /* the input door only */

#endif
