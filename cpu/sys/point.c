/* cpu/sys/point.c -- a debugger's points, and the run loop's side of them (cpu/point.h).
 *
 * The jobs of this file, in order:
 *   (1) set      add and remove points, begin a step
 *   (2) access   notice that one touches a watchpoint
 *   (3) boundary stop there, or step on
 *
 * A breakpoint strikes when its instruction is about to begin. What comes before the
 * instruction (an interrupt that is due, the end of the slice) comes first. An instruction that
 * is restarted after a fault begins anew; the iterations of REP after the first one do not.
 * Having struck, it lets the instruction pass: whoever continues gets on.
 *
 * A step that finds an interrupt due runs its handler at full speed, until the interrupted
 * place comes again with the stack that it had, and then does what it came for. The interrupt
 * cannot wait until the step is over: then the guest could tell.
 *
 * NOT IMPLEMENTED: watchpoints do not see DMA, nor the accessed and dirty bits that a walk of
 * page tables sets.
 */
#include "cpu/sys/sys.h"

#include <string.h>

/* ---- (1) set */

bool points_within(const struct points *p, laddr la, uint32_t len)
{
    for (unsigned n = 0; n < p->codes; n++) {
        if (p->code[n] - la < len) {
            return true;
        }
    }
    return p->step == STEP_AWAY && p->home - la < len;
}

bool points_at_offset(const struct points *p, uint32_t in_page, uint32_t len)
{
    for (unsigned n = 0; n < p->codes; n++) {
        if ((p->code[n] & PAGE_MASK) - in_page < len) {
            return true;
        }
    }
    return p->step == STEP_AWAY && (p->home & PAGE_MASK) - in_page < len;
}

/* Index, or p->codes. */
static unsigned code_find(const struct points *p, laddr la)
{
    unsigned n = 0;
    while (n < p->codes && p->code[n] != la) {
        n++;
    }
    return n;
}

static unsigned data_find(const struct points *p, enum cpu_point kind, laddr la, uint32_t len)
{
    unsigned n = 0;
    while (n < p->datas &&
           (p->data[n].kind != kind || p->data[n].la != la || p->data[n].len != len)) {
        n++;
    }
    return n;
}

/* Adding what is there already, and removing what is not, is done. */
bool cpu_point_add(struct cpu *cpu, enum cpu_point kind, laddr la, uint32_t len)
{
    struct points *p = &cpu->points;
    if (kind == POINT_CODE) {
        if (code_find(p, la) == p->codes) {
            if (p->codes == CODE_POINTS) {
                return false;
            }
            p->code[p->codes++] = la;
            block_drop_offset(cpu, la & PAGE_MASK);
        }
        return true;
    }
    if (len == 0 || len > POINT_LONGEST) {
        return false;
    }
    if (data_find(p, kind, la, len) == p->datas) {
        if (p->datas == DATA_POINTS) {
            return false;
        }
        p->data[p->datas++] = (struct data_point){la, len, (uint8_t)kind};
        if (kind <= POINT_ACCESS) {
            shadow_forget(cpu, la, len);
        }
    }
    return true;
}

bool cpu_point_remove(struct cpu *cpu, enum cpu_point kind, laddr la, uint32_t len)
{
    struct points *p = &cpu->points;
    unsigned n = kind == POINT_CODE ? code_find(p, la) : data_find(p, kind, la, len);
    if (n == (kind == POINT_CODE ? p->codes : p->datas)) {
        return false;
    }
    if (kind == POINT_CODE) {
        p->code[n] = p->code[--p->codes];
        block_drop_offset(cpu, la & PAGE_MASK); /* so that they are linked again */
    } else {
        p->data[n] = p->data[--p->datas];
        if (kind <= POINT_ACCESS) {
            shadow_forget(cpu, la, len);
        }
    }
    return true;
}

bool cpu_point_get(const struct cpu *cpu, unsigned n, enum cpu_point *kind, laddr *la,
                   uint32_t *len)
{
    const struct points *p = &cpu->points;
    if (n >= p->datas) {
        n -= p->datas;
        *kind = POINT_CODE;
        *la = n < p->codes ? p->code[n] : 0;
        *len = 1;
        return n < p->codes;
    }
    *kind = (enum cpu_point)p->data[n].kind;
    *la = p->data[n].la;
    *len = p->data[n].len;
    return true;
}

void cpu_point_register(struct cpu *cpu, const char *name)
{
    cpu->points.reg = name;
}

static void step_end(struct cpu *cpu)
{
    struct points *p = &cpu->points;
    bool away = p->step == STEP_AWAY;
    p->step = STEP_NONE;
    if (away) {
        block_drop_offset(cpu, p->home & PAGE_MASK);
    }
}

void cpu_step(struct cpu *cpu, const struct cpu_step *how)
{
    step_end(cpu);
    cpu->points.how = *how;
    cpu->points.step = how->on ? STEP_FIRST : STEP_NONE;
}

struct cpu_found cpu_found(const struct cpu *cpu)
{
    return cpu->points.found;
}

void points_reset(struct cpu *cpu)
{
    if (cpu->points.step == STEP_AWAY) {
        step_end(cpu);
        cpu->points.step = STEP_DONE;
    }
    points_moved(cpu);
}

void points_moved(struct cpu *cpu)
{
    cpu->points.told = false;
    cpu->rep_open = false;
}

/* ---- (2) access */

/* Read-modify-write reads by the map for writing, so that goes in any case. */
void points_hide(const struct cpu *cpu, laddr page, bool *reads, bool *writes)
{
    const struct points *p = &cpu->points;
    *reads = *writes = false;
    for (unsigned n = 0; n < p->datas; n++) {
        const struct data_point *d = &p->data[n];
        if (d->kind <= POINT_ACCESS && (page - d->la < d->len || d->la - page < PAGE_SIZE)) {
            *reads |= d->kind != POINT_WRITE;
            *writes = true;
        }
    }
}

bool points_touched(const struct cpu *cpu, laddr la, unsigned size)
{
    const struct points *p = &cpu->points;
    for (unsigned n = 0; n < p->datas; n++) {
        const struct data_point *d = &p->data[n];
        if (d->kind <= POINT_ACCESS && (la - d->la < d->len || d->la - la < size)) {
            return true;
        }
    }
    return false;
}

/* The first one counts: of an instruction that reads and writes there, the reading. */
void points_access(struct cpu *cpu, const struct insn *i, laddr la, unsigned size,
                   enum access access)
{
    struct points *p = &cpu->points;
    enum cpu_point kind = access == ACCESS_WRITE ? POINT_WRITE : POINT_READ;
    for (unsigned n = 0; n < p->datas && p->found.kind == FOUND_NOTHING; n++) {
        const struct data_point *d = &p->data[n];
        bool inside = la - d->la < d->len;
        if ((d->kind == kind || d->kind == POINT_ACCESS) && (inside || d->la - la < size)) {
            p->found = (struct cpu_found){(enum cpu_found_kind)(FOUND_CODE + d->kind),
                                          inside ? la : d->la};
            engine_leave(cpu);
            if (i != NULL && !cpu->synced) {
                engine_divert(cpu, i);
            }
        }
    }
}

static void points_event(struct cpu *cpu, uint32_t la, unsigned size, enum cpu_point kind)
{
    struct points *p = &cpu->points;
    for (unsigned n = 0; n < p->datas && p->found.kind == FOUND_NOTHING; n++) {
        const struct data_point *d = &p->data[n];
        bool inside = la - d->la < d->len;
        if (d->kind == kind && (inside || d->la - la < size)) {
            p->found = (struct cpu_found){(enum cpu_found_kind)(FOUND_CODE + kind),
                                          inside ? la : d->la};
            engine_leave(cpu);
        }
    }
}

void points_port(struct cpu *cpu, uint16_t port, unsigned size, bool out)
{
    points_event(cpu, port, size, out ? POINT_OUT : POINT_IN);
}

void points_vector(struct cpu *cpu, uint8_t vector)
{
    points_event(cpu, vector, 1, POINT_VECTOR);
}
_Static_assert(FOUND_CODE + POINT_IN == FOUND_IN && FOUND_CODE + POINT_OUT == FOUND_OUT &&
                   FOUND_CODE + POINT_VECTOR == FOUND_VECTOR,
               "kinds of what is found follow kinds of points");
_Static_assert(FOUND_CODE + POINT_WRITE == FOUND_WRITE &&
                   FOUND_CODE + POINT_READ == FOUND_READ &&
                   FOUND_CODE + POINT_ACCESS == FOUND_ACCESS,
               "kinds of what is found follow kinds of points");

/* ---- (3) boundary */

static bool found(struct cpu *cpu, enum cpu_found_kind kind)
{
    cpu->points.found = (struct cpu_found){kind, cpu_pc(cpu)};
    return true;
}

void points_begin(struct cpu *cpu)
{
    struct points *p = &cpu->points;
    p->found.kind = FOUND_NOTHING;
    if (UNLIKELY(p->reg != NULL)) {
        cpu_reg_get(cpu, p->reg, &p->reg_was);
    }
}

static bool register_changed(struct cpu *cpu)
{
    struct points *p = &cpu->points;
    uint64_t was = p->reg_was;
    return p->reg != NULL && cpu_reg_get(cpu, p->reg, &p->reg_was) && p->reg_was != was;
}

bool points_after(struct cpu *cpu)
{
    struct points *p = &cpu->points;
    if (register_changed(cpu) && p->found.kind == FOUND_NOTHING) {
        found(cpu, FOUND_REGISTER);
    }
    if (p->found.kind == FOUND_NOTHING && p->step == STEP_DONE) {
        if (cpu_pc(cpu) - p->how.from < p->how.len) {
            p->step = STEP_MORE;
            return false;
        }
        found(cpu, FOUND_STEP);
    }
    if (p->found.kind == FOUND_NOTHING) {
        return false;
    }
    step_end(cpu);
    return true;
}

static bool is_home(const struct cpu *cpu)
{
    const struct points *p = &cpu->points;
    return p->step == STEP_AWAY && cpu_pc(cpu) == p->home && cpu->r[ESP] == p->home_esp &&
           cpu->sel[SEG_SS] == p->home_ss;
}

bool points_before(struct cpu *cpu)
{
    struct points *p = &cpu->points;
    if (is_home(cpu)) {
        uint8_t step = p->interrupted;
        step_end(cpu);
        p->step = step;
    }
    bool passed = p->step == STEP_FIRST || (p->told && p->told_tick == cpu->now);
    if (passed || cpu->rep_open || code_find(p, cpu_pc(cpu)) == p->codes) {
        return false;
    }
    p->told = true;
    p->told_tick = cpu->now;
    step_end(cpu);
    return found(cpu, FOUND_CODE);
}

bool points_stepping(const struct cpu *cpu)
{
    return cpu->points.step == STEP_FIRST || cpu->points.step == STEP_MORE;
}

void points_stepped(struct cpu *cpu)
{
    if (points_stepping(cpu)) {
        cpu->points.step = STEP_DONE;
    }
}

void points_interrupted(struct cpu *cpu)
{
    struct points *p = &cpu->points;
    if (!points_stepping(cpu)) {
        return;
    }
    if (!p->how.over) {
        p->step = STEP_DONE;
        return;
    }
    p->interrupted = p->step;
    p->step = STEP_AWAY;
    p->home = cpu_pc(cpu);
    p->home_esp = cpu->r[ESP];
    p->home_ss = cpu->sel[SEG_SS];
    block_drop_offset(cpu, p->home & PAGE_MASK);
}
