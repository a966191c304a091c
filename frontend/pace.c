/* frontend/pace.c -- see the header. */
#include "frontend/posix.h"

#include "frontend/pace.h"
#include "frontend/parse.h"

#include <errno.h>
#include <time.h>

static const uint64_t second = 1000000000;

uint64_t wall_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * second + (uint64_t)ts.tv_nsec;
}

void wall_sleep(uint64_t ns)
{
    struct timespec ts = {.tv_sec = (time_t)(ns / second), .tv_nsec = (long)(ns % second)};
    nanosleep(&ts, NULL); /* a signal cuts it short: that is wanted */
}

uint64_t wall_date(bool local)
{
    time_t now = time(NULL);
    struct tm tm;
    if (!(local ? localtime_r(&now, &tm) : gmtime_r(&now, &tm))) {
        return 0;
    }
    unsigned sec = tm.tm_sec > 59 ? 59 : (unsigned)tm.tm_sec; /* leap seconds */
    return civil_seconds((unsigned)(tm.tm_year + 1900), (unsigned)(tm.tm_mon + 1),
                         (unsigned)tm.tm_mday, (unsigned)tm.tm_hour, (unsigned)tm.tm_min, sec);
}

void pace_start(struct pace *p, double speed, uint32_t mips, uint64_t tick)
{
    *p = (struct pace){.speed = speed, .mips = mips, .base_tick = tick, .base_ns = wall_ns()};
    p->period_ns = p->watch_ns = p->base_ns;
}

uint64_t pace_frame(const struct pace *p)
{
    double ticks = (double)p->mips * 1e6 * p->speed / 60;
    return ticks < 1 ? 1 : (uint64_t)ticks;
}

uint64_t pace_ahead(struct pace *p, uint64_t tick)
{
    const uint64_t tolerance = second / 5;
    uint64_t now = wall_ns();
    double virtual_ns = (double)(tick - p->base_tick) * 1000 / (double)p->mips;
    uint64_t due = p->base_ns + (uint64_t)(virtual_ns / p->speed);
    if (due > now) {
        return due - now;
    }
    if (now - due > tolerance) {
        p->period_late += now - due;
        p->late_ns += now - due;
        p->base_ns = now;
        p->base_tick = tick;
    }
    return 0;
}

unsigned pace_managed(struct pace *p)
{
    uint64_t now = wall_ns(), period = now - p->watch_ns;
    if (period < 5 * second) {
        return 0;
    }
    uint64_t late = p->late_ns < period ? p->late_ns : period;
    unsigned percent = (unsigned)((period - late) * 100 / period);
    p->watch_ns = now;
    p->late_ns = 0;
    return percent ? percent : 1;
}

void pace_ran(struct pace *p, uint64_t ticks, uint64_t ns)
{
    p->ran += ticks;
    p->busy_ns += ns;
}

/* Down when the host was late, to nine tenths of what it managed. Up by a quarter when it had
 * time to spare, but not when it had nearly all the time: then the guest slept, and what it can
 * do at full speed is not known. */
uint32_t pace_wish(struct pace *p)
{
    uint64_t now = wall_ns(), period = now - p->period_ns;
    if (period < second) {
        return 0;
    }
    uint64_t wish = 0, managed = p->busy_ns ? p->ran * 1000 / p->busy_ns : 0;
    bool all_day = p->busy_ns > period - period / 10;
    if (p->period_late && all_day) {
        wish = (uint64_t)((double)managed * 0.9 / p->speed);
        wish = wish < p->mips ? wish : p->mips;
    } else if (p->busy_ns > period / 4 && p->busy_ns < period / 3 * 2) {
        wish = p->mips + p->mips / 4 + 1;
    }
    p->ran = p->busy_ns = p->period_late = 0;
    p->period_ns = now;
    wish = wish > 10000 ? 10000 : wish;
    return wish != p->mips ? (uint32_t)wish : 0;
}
