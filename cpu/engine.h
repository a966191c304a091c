/* cpu/engine.h -- how handlers are written, dispatched and left.
 *
 * A handler is `EXEC(NAME) { …; NEXT(); }`. It may leave in three ways only:
 *   NEXT(), GOTO_EIP() …   on to another micro-op (a tail call, or a loop's turn);
 *   LEAVE()                back to engine_run() at a block edge, eip and now exact;
 *   trap_raise()           a fault in mid-instruction: the one longjmp.
 * A body commits architectural state only after its last access that can fault.
 */
#ifndef TERRAPIN_CPU_ENGINE_H
#define TERRAPIN_CPU_ENGINE_H

#include "cpu/block.h"
#include "cpu/insn.h"

#define EXEC(name)                                                                             \
    const struct insn *exec_##name(struct cpu *cpu, const struct insn *i);                     \
    const struct insn *exec_##name(struct cpu *cpu, const struct insn *i)

/* There are ten thousand handlers, of which a kernel's paths use a thousand, all over them. The
 * compiler puts what it is told is hot in one place: so the host looks up fewer pages of code.
 */
#define HOT(name) exec_fn exec_##name HOT_CODE;
#include "cpu/exec/hot.def"
#undef HOT

/* Dispatch. Where the compiler promises tail calls (clang) or makes sibling calls (gcc -O2), a
 * handler calls the next one; else engine_run's loop does. Same bodies, same results.
 * INSTEAD(name): goes on as the handler exec_name of the same micro-op. */
#if defined(TERRAPIN_LOOP_DISPATCH)
#define TAIL_CALLS 0
#elif defined(__clang__) && defined(__has_attribute) && !defined(__wasm__)
#if __has_attribute(musttail)
#define TAIL_CALLS 1
#define TAIL       __attribute__((musttail))
#else
#define TAIL_CALLS 0
#endif
#elif defined(__GNUC__) && defined(__OPTIMIZE__)
#define TAIL_CALLS 1
#else
#define TAIL_CALLS 0
#endif
#ifndef TAIL
#define TAIL
#endif

/* gcc loads the handler before it moves j into place, and then needs two registers and two more
 * instructions a dispatch; not if it cannot see where j comes from. */
#if TAIL_CALLS && defined(__GNUC__) && !defined(__clang__)
#define SETTLE(j) __asm__("" : "+r"(j))
#else
#define SETTLE(j) ((void)0)
#endif

#if TAIL_CALLS
#define DISPATCH(j)                                                                            \
    SETTLE(j);                                                                                 \
    TAIL return (j)->fn(cpu, (j))
#define ENTER(b) TAIL return (b)->fn(cpu, block_insns(b))
#else
#define DISPATCH(j) return (j)
#define ENTER(b)    return block_insns(b)
#endif
#define INSTEAD(name) TAIL return exec_##name(cpu, i)

#define LEAVE() return NULL
#define NEXT()                                                                                 \
    do {                                                                                       \
        i++;                                                                                   \
        DISPATCH(i);                                                                           \
    } while (0)

/* The block at cpu->eip if this way of the jump cache has it and there is time for all of it;
 * its ticks are not charged yet. NULL: leave. */
static inline const struct block *engine_lookup(const struct cpu *cpu, uint32_t way)
{
    laddr la = cpu->seg[SEG_CS].base + cpu->eip;
    const struct block *b = block_at(cpu, cpu->jump[jump_cache_slot(la) ^ way]);
    uintptr_t to_host = cpu->code[la >> PAGE_SHIFT];
    if (UNLIKELY(to_host == 0 || b->host != to_host + la || b->mode != cpu->mode ||
                 cpu->eip > cpu->eip_max || cpu->now + b->ticks > cpu->limit)) {
        return NULL;
    }
    return b;
}

/* Enters the block that starts at eip_ and that this micro-op's link names; if it is not
 * linked, too long for the time left, or near CS's limit, exec_relink sorts it out. */
#define GOTO_LINK(eip_)                                                                        \
    do {                                                                                       \
        const struct block *to_ = block_at(cpu, i->disp);                                      \
        uint64_t now_ = cpu->now + to_->ticks;                                                 \
        eaddr target_ = (eip_);                                                                \
        if (UNLIKELY(now_ > cpu->limit || target_ > cpu->eip_max)) {                           \
            cpu->target = target_;                                                             \
            INSTEAD(relink);                                                                   \
        }                                                                                      \
        cpu->eip = target_;                                                                    \
        cpu->now = now_;                                                                       \
        ENTER(to_);                                                                            \
    } while (0)

/* The same for a target known only at run time: returns, indirect jumps. */
#define GOTO_EIP(eip_)                                                                         \
    do {                                                                                       \
        cpu->eip = (eip_);                                                                     \
        const struct block *to_ = engine_lookup(cpu, 0);                                       \
        if (UNLIKELY(to_ == NULL)) {                                                           \
            INSTEAD(other_way);                                                                \
        }                                                                                      \
        cpu->now += to_->ticks;                                                                \
        ENTER(to_);                                                                            \
    } while (0)

/* For jump i to cpu->target: enters the block that i remembers, if it is there; else (_slow)
 * the one that the jump cache has, and links i to it, or remembers that i wants linking and
 * leaves. Raises #GP(0) of i if the target is beyond
 * CS's limit. */
exec_fn exec_relink, exec_relink_slow;
/* Enters the block at cpu->eip if the other way of the jump cache has it; or leaves. */
exec_fn exec_other_way;
/* Raises #GP(0) of i if a transfer to target would leave CS's limit. Transfers with side
 * effects (CALL, RET) call this before them, when target > cpu->eip_max. */
void engine_check_target(struct cpu *cpu, const struct insn *i, eaddr target);

struct insn_cold *insn_cold(const struct cpu *cpu, const struct insn *i);

/* Makes eip and now exact for instruction i (before it), and *tick with them. */
void insn_sync(struct cpu *cpu, const struct insn *i);
/* After a synced instruction that went well: one tick later, at the next instruction. */
void insn_retire(struct cpu *cpu, const struct insn *i);

/* Raises a fault of instruction i (NULL: state is exact already). Does not return: everything
 * that i has not committed did not happen. Vectors and error codes: SDM 3A 6.15. */
_Noreturn void trap_raise(struct cpu *cpu, const struct insn *i, uint8_t vector, uint32_t code);
_Noreturn void trap_raise_page(struct cpu *cpu, const struct insn *i, laddr la, uint32_t code);
enum {
    EXC_DE = 0,
    EXC_DB = 1,
    EXC_NMI = 2,
    EXC_BP = 3,
    EXC_OF = 4,
    EXC_BR = 5,
    EXC_UD = 6,
    EXC_NM = 7,
    EXC_DF = 8,
    EXC_TS = 10,
    EXC_NP = 11,
    EXC_SS = 12,
    EXC_GP = 13,
    EXC_PF = 14,
    EXC_MF = 16,
    EXC_AC = 17,
    EXC_MC = 18,
    EXC_XM = 19,
};

/* An access in mid-block brought an event nearer or raised the interrupt line: leave the block
 * after instruction i. Used by slow paths; synced code looks at cpu->attention instead. */
void engine_divert(struct cpu *cpu, const struct insn *i);

/* Leave the engine at the next instruction boundary: something has to be looked at before the
 * instruction that follows. */
static inline void engine_leave(struct cpu *cpu)
{
    cpu->attention = true;
    cpu->limit = 0;
}

/* Runs innocuous and sensitive code until cpu->limit, attention, or a fault. */
enum engine_exit {
    ENGINE_EDGE,  /* at an instruction boundary */
    ENGINE_FAULT, /* cpu->trap; eip and now are those before the faulting instruction */
};
enum engine_exit engine_run(struct cpu *cpu);

/* Calls f with an unwinding point of its own. false: f raised; cpu->trap says what. */
bool engine_try(struct cpu *cpu, void (*f)(struct cpu *cpu, void *arg), void *arg);

/* The handler of every sensitive row: calls the monitor (cpu/sys/monitor.c). */
exec_fn exec_trap, exec_end, exec_diverted, exec_undefined;
/* A shortcut for one that leads there (cpu/sys/assist.c), or NULL. */
exec_fn *assist_of(const struct cpu *cpu, const struct insn *u, const struct insn_cold *c);

#endif
