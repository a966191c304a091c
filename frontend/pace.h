/* frontend/pace.h -- the wall clock: how fast virtual time may pass. Never seen by the machine.
 */
#ifndef TERRAPIN_FRONTEND_PACE_H
#define TERRAPIN_FRONTEND_PACE_H

#include "mem/types.h"

struct pace {
    double speed;                /* virtual seconds a wall second; 0: as fast as it goes */
    uint32_t mips;               /* ticks a virtual microsecond */
    uint64_t base_tick, base_ns; /* they belonged together */
    uint64_t watch_ns, late_ns;  /* since when; lost since then */
    uint64_t busy_ns, ran, period_ns, period_late; /* of this second, for pace_wish */
};

uint64_t wall_ns(void); /* monotonic */
void wall_sleep(uint64_t ns);
/* Wall clock seconds since 1970 in UTC, or as a local clock on the wall would show them. */
uint64_t wall_date(bool local);

void pace_start(struct pace *p, double speed, uint32_t mips, uint64_t tick);
/* Ticks to the next look at the world: a frame, 1/60 wall second. */
uint64_t pace_frame(const struct pace *p);
/* Nanoseconds to sleep before tick is due. A host that is late is not chased: the clocks are
 * set anew. */
uint64_t pace_ahead(struct pace *p, uint64_t tick);
/* What part of the speed the host managed, in percent, every few seconds; else 0. */
unsigned pace_managed(struct pace *p);
/* For -mips auto: account for a slice; the ratio that suits the host, or 0: leave it. */
void pace_ran(struct pace *p, uint64_t ticks, uint64_t ns);
uint32_t pace_wish(struct pace *p);

#endif
