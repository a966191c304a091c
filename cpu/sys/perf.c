/* cpu/sys/perf.c -- the two performance counters of a P6 (SDM 3B 18.6.8, events: 19.13).
 *
 *   PerfEvtSel    0-7 event, 8-15 unit mask, 16 USR: levels 1 to 3, 17 OS: level 0, 18 E edge,
 *                 19 PC pin, 20 INT on overflow, 22 EN (of PerfEvtSel0: for both), 23 INV,
 *                 24-31 counter mask
 *   PerfCtr       40 bits; a write extends the sign of the lower 32
 *
 * Counted are the events that a tick is (docs/time.md): CPU_CLK_UNHALTED (79h), one a tick
 * while the processor does not sleep, and INST_RETIRED (C0h), which differs from the hardware's
 * in that each iteration of REP counts, and a delivered event as well. An instruction that
 * changes the privilege level counts for the new one, HLT for neither.
 *
 * A counter that runs costs nothing: its value is worked out from the tick when somebody asks,
 * or when it stops.
 *
 * The interrupt on overflow comes at the boundary where the counter becomes 0 (perf_next(): the
 * run loop stops there), by way of the local APIC.
 *
 * NOT IMPLEMENTED: other events (the counter stands still; noted), edge detection, counter
 * masks above 1.
 */
#include "cpu/sys/sys.h"

enum evntsel_bits {
    SEL_EVENT = 0xFF,
    SEL_UMASK = 0xFF00,
    SEL_USR = 1 << 16,
    SEL_OS = 1 << 17,
    SEL_EDGE = 1 << 18,
    SEL_INT = 1 << 20,
    SEL_RESERVED = 1 << 21,
    SEL_EN = 1 << 22,
    SEL_INV = 1 << 23,
    SEL_CMASK_SHIFT = 24,
};
enum event { CPU_CLK_UNHALTED = 0x79, INST_RETIRED = 0xC0, L2_RQSTS = 0x2E };

#define COUNTER_BITS UINT64_C(0xFFFFFFFFFF)

static bool counts_ticks(uint64_t sel)
{
    unsigned event = sel & SEL_EVENT;
    return (event == CPU_CLK_UNHALTED || event == INST_RETIRED) &&
           !(sel & (SEL_EDGE | SEL_INV)) && sel >> SEL_CMASK_SHIFT <= 1;
}

/* Event 0, and L2 requests in no state of a line: software's ways to say "nothing". */
static bool counts_nothing(uint64_t sel)
{
    unsigned event = sel & SEL_EVENT;
    return event == 0 || (event == L2_RQSTS && !(sel & SEL_UMASK)) ||
           !(sel & (SEL_USR | SEL_OS));
}

static unsigned running(const struct cpu *cpu)
{
    const struct cpu_sys *sys = cpu->sys;
    unsigned level = cpl(cpu) == 0 ? SEL_OS : SEL_USR, mask = 0;
    if (!(sys->msr.evntsel[0] & SEL_EN) || sys->activity != ACTIVE) {
        return 0;
    }
    for (unsigned n = 0; n < PERF_COUNTERS; n++) {
        uint64_t sel = sys->msr.evntsel[n];
        mask |= counts_ticks(sel) && (sel & level) ? 1u << n : 0;
    }
    return mask;
}

uint64_t perf_read(const struct cpu *cpu, unsigned n)
{
    const struct msrs *m = &cpu->sys->msr;
    uint64_t more = m->perf_running >> n & 1 ? cpu->now - m->perf_since : 0;
    return (m->perfctr[n] + more) & COUNTER_BITS;
}

/* Both counters up to the present tick. */
static void settle(struct cpu *cpu)
{
    struct msrs *m = &cpu->sys->msr;
    for (unsigned n = 0; n < PERF_COUNTERS; n++) {
        m->perfctr[n] = perf_read(cpu, n);
    }
    m->perf_since = cpu->now;
}

static bool interrupts(const struct cpu *cpu, unsigned n)
{
    return cpu->sys->msr.evntsel[n] & SEL_INT;
}

/* The run loop is to ask perf_next() again. */
static void rescheduled(struct cpu *cpu)
{
    if (interrupts(cpu, 0) || interrupts(cpu, 1)) {
        engine_leave(cpu);
    }
}

uint64_t perf_next(const struct cpu *cpu)
{
    const struct msrs *m = &cpu->sys->msr;
    uint64_t next = UINT64_MAX;
    for (unsigned n = 0; n < PERF_COUNTERS; n++) {
        if ((m->perf_running >> n & 1) && interrupts(cpu, n)) {
            uint64_t left = COUNTER_BITS + 1 - (m->perfctr[n] & COUNTER_BITS);
            next = m->perf_since + left < next ? m->perf_since + left : next;
        }
    }
    return next;
}

void perf_overflow(struct cpu *cpu)
{
    settle(cpu);
    if (cpu->bus.perf_overflow != NULL) {
        *cpu->tick = cpu->now;
        cpu->bus.perf_overflow(cpu->bus.ctx);
    }
}

void perf_update(struct cpu *cpu)
{
    unsigned now = running(cpu);
    if (now != cpu->sys->msr.perf_running) {
        settle(cpu);
        cpu->sys->msr.perf_running = (uint8_t)now;
        rescheduled(cpu);
    }
}

void perf_loaded(struct cpu *cpu)
{
    cpu->sys->msr.perf_running = (uint8_t)running(cpu);
}

bool perf_select(struct cpu *cpu, unsigned n, uint64_t v)
{
    if (v > UINT32_MAX || (v & SEL_RESERVED)) {
        return false;
    }
    if (!counts_ticks(v) && !counts_nothing(v)) {
        note(cpu->notes, NOTE_cpu_perf_event);
    }
    settle(cpu);
    cpu->sys->msr.evntsel[n] = v;
    perf_update(cpu);
    rescheduled(cpu);
    return true;
}

void perf_write(struct cpu *cpu, unsigned n, uint64_t v)
{
    uint64_t sign = v & 0x80000000u ? COUNTER_BITS & ~(uint64_t)UINT32_MAX : 0;
    settle(cpu);
    cpu->sys->msr.perfctr[n] = (uint32_t)v | sign;
    rescheduled(cpu);
}
