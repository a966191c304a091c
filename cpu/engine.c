/* cpu/engine.c -- the loop, the unwinding, and the three doors out of the engine (engine.h). */
#include "cpu/engine.h"

#include <setjmp.h>

#include "cpu/lmem.h"
#include "cpu/sys/monitor.h"

enum { FIRST_LINKABLE = 4 }; /* micro-ops below belong to the scratch block */

struct insn_cold *insn_cold(const struct cpu *cpu, const struct insn *i)
{
    return &cpu->cache->cold[i - cpu->cache->insn];
}

void insn_sync(struct cpu *cpu, const struct insn *i)
{
    if (i != NULL && !cpu->synced) {
        const struct insn_cold *c = insn_cold(cpu, i);
        cpu->eip += c->off;
        cpu->now -= c->rest;
    }
    *cpu->tick = cpu->now;
}

void insn_retire(struct cpu *cpu, const struct insn *i)
{
    cpu->eip += insn_cold(cpu, i)->len;
    cpu->now++;
}

/* ---- doors */

void engine_check_target(struct cpu *cpu, const struct insn *i, eaddr target)
{
    if (target > cpu->cs_limit) {
        trap_raise(cpu, i, EXC_GP, 0);
    }
}

/* A branch to another page remembers the block, but that says little: whether the target's page
 * is the block's page is asked each time. */
EXEC(relink)
{
    eaddr target = cpu->target;
    laddr la = cpu->seg[SEG_CS].base + target;
    const struct block *to = block_at(cpu, i->far);
    uintptr_t to_host = cpu->code[la >> PAGE_SHIFT];
    uint64_t now = cpu->now + to->ticks;
    if (UNLIKELY(to_host == 0 || to->host != to_host + la || to->mode != cpu->mode ||
                 now > cpu->limit || target > cpu->eip_max)) {
        INSTEAD(relink_slow);
    }
    cpu->eip = target;
    cpu->now = now;
    ENTER(to);
}

/* A branch and its target on one page stay on one page wherever that page is mapped, so the
 * link between their blocks is good for as long as both live. */
static void link_to(struct cpu *cpu, uint32_t at, const struct block *to, bool near)
{
    struct insn *from = &cpu->cache->insn[at];
    if (near) {
        from->disp = block_place(cpu, to);
        cpu->stats.links++;
    } else {
        from->far = block_place(cpu, to);
    }
}

EXEC(relink_slow)
{
    eaddr target = cpu->target, from = cpu->eip;
    laddr base = cpu->seg[SEG_CS].base;
    cpu->eip = target;
    const struct block *to = engine_lookup(cpu, 0); /* none beyond CS's limit */
    if (to == NULL) {
        to = engine_lookup(cpu, 1);
    }
    if (UNLIKELY(target > cpu->cs_limit && i->fn != exec_end)) {
        cpu->eip = from;
        trap_raise(cpu, i, EXC_GP, 0);
    }
    if (cpu->attention || target > cpu->cs_limit) {
        LEAVE(); /* running off the limit: the fault is the next instruction's */
    }
    uint32_t at = (uint32_t)(i - cpu->cache->insn);
    bool near = (base + from) >> PAGE_SHIFT == (base + target) >> PAGE_SHIFT;
    bool linkable = at >= FIRST_LINKABLE;
    if (to == NULL) {
        cpu->link_from = near && linkable ? at : 0;
        LEAVE();
    }
    if (linkable && !to->loose) {
        link_to(cpu, at, to, near);
    }
    cpu->now += to->ticks;
    ENTER(to);
}

EXEC(other_way)
{
    const struct block *to = engine_lookup(cpu, 1);
    (void)i;
    if (to == NULL) {
        LEAVE();
    }
    cpu->now += to->ticks;
    ENTER(to);
}

void engine_divert(struct cpu *cpu, const struct insn *i)
{
    struct insn *after = &cpu->cache->insn[i - cpu->cache->insn + 1];
    cpu->limit = 0; /* if i itself ends the block */
    if (cpu->diverted == NULL) {
        cpu->diverted = after;
        cpu->diverted_fn = (void (*)(void))after->fn;
        after->fn = exec_diverted;
    }
}

static void divert_undo(struct cpu *cpu)
{
    if (cpu->diverted) {
        cpu->diverted->fn = (exec_fn *)cpu->diverted_fn;
        cpu->diverted = NULL;
    }
}

EXEC(diverted)
{
    divert_undo(cpu);
    insn_sync(cpu, i);
    LEAVE();
}

EXEC(end)
{
    GOTO_LINK(cpu->eip + i->imm);
}

EXEC(undefined)
{
    trap_raise(cpu, i, EXC_UD, 0);
}

EXEC(trap)
{
    const struct insn_cold *c = insn_cold(cpu, i);
    eaddr start = cpu->eip;
    uint32_t mode = cpu->mode, rest = c->rest;
    insn_sync(cpu, i);
    cpu->synced = true;
    enum verdict verdict = monitor_emulate(cpu, i, c->id);
    cpu->synced = false;
    if (verdict == JUMPED) {
        cpu->now++;
        GOTO_EIP(cpu->eip);
    }
    if (cpu->attention || cpu->mode != mode || (insn_rows[c->id].props & ENDS)) {
        insn_retire(cpu, i);
        GOTO_EIP(cpu->eip);
    }
    cpu->eip = start;
    cpu->now += rest;
    NEXT();
}

/* ---- faults */

static _Noreturn void unwind(struct cpu *cpu)
{
    longjmp(*(jmp_buf *)cpu->unwind, 1);
}

static bool pushes_code(uint8_t vector) /* SDM 3A table 6-1 */
{
    return vector == EXC_DF || (vector >= EXC_TS && vector <= EXC_PF) || vector == EXC_AC;
}

_Noreturn void trap_raise(struct cpu *cpu, const struct insn *i, uint8_t vector, uint32_t code)
{
    insn_sync(cpu, i);
    cpu->trap = (struct trap){.vector = vector, .has_code = pushes_code(vector), .code = code};
    unwind(cpu);
}

_Noreturn void trap_raise_page(struct cpu *cpu, const struct insn *i, laddr la, uint32_t code)
{
    insn_sync(cpu, i);
    cpu->trap = (struct trap){.vector = EXC_PF, .has_code = true, .code = code, .la = la};
    unwind(cpu);
}

bool engine_try(struct cpu *cpu, void (*f)(struct cpu *cpu, void *arg), void *arg)
{
    jmp_buf here;
    void *outer = cpu->unwind;
    bool synced = cpu->synced;
    cpu->unwind = &here;
    bool raised = setjmp(here) != 0;
    if (!raised) {
        cpu->synced = true;
        f(cpu, arg);
    }
    cpu->unwind = outer;
    cpu->synced = synced;
    return !raised;
}

/* ---- the loop */

/* Where the engine stops by itself: never so far ahead that a dropped block would fit in. */
static uint64_t slice_end(const struct cpu *cpu)
{
    uint64_t far = cpu->now + BLOCK_DEAD / 2;
    return cpu->attention ? 0 : cpu->until < far ? cpu->until : far;
}

static void run_chain(struct cpu *cpu, const struct insn *i)
{
    do {
        i = i->fn(cpu, i);
    } while (i != NULL);
}

/* One instruction, whatever follows: no block fits into the time that is left now. */
static void run_one(struct cpu *cpu)
{
    const struct insn *i;
    cpu->synced = true;
    i = block_step(cpu);
    cpu->synced = false;
    cpu->now++;
    cpu->limit = cpu->now;
    run_chain(cpu, i);
    cpu->link_from = 0;
    cpu->limit = slice_end(cpu);
}

/* The block at cpu->eip; NULL: none can be. */
static const struct block *next_block(struct cpu *cpu)
{
    const struct block *b = engine_lookup(cpu, 0);
    if (b == NULL) {
        cpu->synced = true;
        b = block_find(cpu);
        cpu->synced = false;
    }
    return b;
}

static void run_blocks(struct cpu *cpu)
{
    bool looked = true; /* by the run loop, at this instruction */
    while (!cpu->attention && cpu->now < cpu->limit) {
        if (cpu->one_step) {
            run_one(cpu);
            return;
        }
        const struct block *b = cpu->single_step ? NULL : next_block(cpu);
        if (b != NULL && cpu->link_from != 0 && !b->loose) {
            link_to(cpu, cpu->link_from, b, true);
        }
        cpu->link_from = 0;
        if (b == NULL || cpu->now + b->ticks > cpu->limit) {
            if (cpu->attention) {
                return;
            }
            if (points_in_code(&cpu->points)) { /* the run loop looks before each of these */
                if (looked) {
                    run_one(cpu);
                }
                return;
            }
            run_one(cpu);
            continue;
        }
        looked = false;
        cpu->now += b->ticks;
        run_chain(cpu, block_insns(b));
    }
}

enum engine_exit engine_run(struct cpu *cpu)
{
    jmp_buf here;
    void *outer = cpu->unwind;
    cpu->limit = slice_end(cpu);
    cpu->link_from = 0;
    cpu->rep_open = false;
    cpu->unwind = &here;
    if (setjmp(here) != 0) {
        cpu->unwind = outer;
        cpu->synced = false;
        divert_undo(cpu);
        return ENGINE_FAULT;
    }
    run_blocks(cpu);
    cpu->unwind = outer;
    divert_undo(cpu);
    *cpu->tick = cpu->now;
    return ENGINE_EDGE;
}
