/* cpu/point.h -- where a debugger outside wants the processor to stop: breakpoints, watchpoints
 * and steps, in one word points. Nothing of this is state, and no guest can tell.
 *
 * Breakpoints: block_find() gives no block that has one inside, so that the run loop looks
 * before each instruction of that stretch (sys/point.c). Links between blocks and the jump
 * cache lead past block_find(), and serve every linear address of a page; so neither leads to a
 * block that has a breakpoint's place on its page: it is `loose`.
 *
 * Ports and interrupts' vectors: who serves them asks for points on them (sys/port.c,
 * sys/interrupt.c). A register: every instruction is run alone, and then it is compared.
 *
 * Watchpoints: their pages stay out of the page maps, so that each access to them comes the
 * slow way, by mmu_before(), but for stores beside them. The instruction is completed, and the
 * run loop stops.
 *
 * All other code runs at its full speed; without points, nothing is looked at but when the run
 * loop's turn comes.
 */
#ifndef TERRAPIN_CPU_POINT_H
#define TERRAPIN_CPU_POINT_H

#include "cpu/cpu.h"

enum { CODE_POINTS = 256, DATA_POINTS = 32 };

struct data_point {
    laddr la;
    uint32_t len;
    uint8_t kind; /* enum cpu_point */
};

enum step_state {
    STEP_NONE,
    STEP_FIRST, /* the next instruction, whatever breakpoint is there */
    STEP_MORE,  /* one more of the range */
    STEP_AWAY,  /* an interrupt came first; waiting for its return */
    STEP_DONE,
};

struct points {
    laddr code[CODE_POINTS];
    struct data_point data[DATA_POINTS];
    unsigned codes, datas;
    const char *reg; /* the register's name, or NULL */
    uint64_t reg_was;
    struct cpu_step how;       /* of the step in progress */
    uint8_t step, interrupted; /* enum step_state; of a step that is AWAY: which it was */
    laddr home;                /* … where it goes on, … */
    uint32_t home_esp;         /* … with this stack */
    uint16_t home_ss;
    struct cpu_found found; /* why the run loop stops */
    bool told;              /* a breakpoint struck here: it does not twice at … */
    uint64_t told_tick;     /* … this tick */
};

static inline bool points_any(const struct points *p)
{
    return (p->codes | p->datas | p->step) != 0 || p->reg != NULL;
}

/* Must the run loop look before each instruction that the engine steps? */
static inline bool points_in_code(const struct points *p)
{
    return p->codes != 0 || p->step == STEP_AWAY;
}

/* Is one of the breakpoints in [la, la + len)? */
bool points_within(const struct points *p, laddr la, uint32_t len);
/* … on any page, at this place of it? [in_page, in_page + len) is on one page. */
bool points_at_offset(const struct points *p, uint32_t in_page, uint32_t len);

#endif
