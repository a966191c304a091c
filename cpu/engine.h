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

/* Dispatch. Where the compiler promises tail calls (clang) or makes sibling calls (gcc -O2), a
 * handler calls the next one; else engine_run's loop does. Same bodies, same results. */
#if defined(TERRAPIN_LOOP_DISPATCH)
#define DISPATCH(j) return (j)
#elif defined(__clang__) && defined(__has_attribute) && !defined(__wasm__)
#if __has_attribute(musttail)
#define DISPATCH(j) __attribute__((musttail)) return (j)->fn(cpu, (j))
#else
#define DISPATCH(j) return (j)
#endif
#elif defined(__GNUC__) && defined(__OPTIMIZE__)
#define DISPATCH(j) return (j)->fn(cpu, (j))
#else
#define DISPATCH(j) return (j)
#endif

#define NEXT()  DISPATCH(i + 1)
#define LEAVE() return NULL

/* Enters the block that starts at eip_ and that this micro-op's link names; if it is not
 * linked, too long for the time left, or near CS's limit, leaves so that engine_run() sorts it
 * out. */
#define GOTO_LINK(eip_)                                                                        \
    do {                                                                                       \
        const struct block *to_ = &cpu->blocks[i->disp];                                       \
        uint64_t now_ = cpu->now + to_->ticks;                                                 \
        eaddr from_ = cpu->eip;                                                                \
        cpu->eip = (eip_);                                                                     \
        if (UNLIKELY(now_ > cpu->limit || cpu->eip > cpu->eip_max)) {                          \
            const struct insn *j_ = engine_want_link(cpu, i, from_);                           \
            if (j_ == NULL) {                                                                  \
                LEAVE();                                                                       \
            }                                                                                  \
            DISPATCH(j_);                                                                      \
        }                                                                                      \
        cpu->now = now_;                                                                       \
        DISPATCH(to_->insn);                                                                   \
    } while (0)

/* The same for a target known only at run time: returns, indirect jumps. */
#define GOTO_EIP(eip_)                                                                         \
    do {                                                                                       \
        const struct insn *to_;                                                                \
        cpu->eip = (eip_);                                                                     \
        to_ = engine_lookup(cpu);                                                              \
        if (UNLIKELY(to_ == NULL)) {                                                           \
            LEAVE();                                                                           \
        }                                                                                      \
        DISPATCH(to_);                                                                         \
    } while (0)

/* Finds the block at cpu->eip in the jump cache, charges its ticks and links i to it, or
 * remembers that i wants linking and returns NULL. Raises #GP(0) of jump i in the block that
 * starts at `from`, if cpu->eip is beyond CS's limit. */
const struct insn *engine_want_link(struct cpu *cpu, const struct insn *i, eaddr from);
/* Raises #GP(0) of i if a transfer to target would leave CS's limit. Transfers with side
 * effects (CALL, RET) call this before them, when target > cpu->eip_max. */
void engine_check_target(struct cpu *cpu, const struct insn *i, eaddr target);
/* First micro-op of the block at cpu->eip with its ticks charged, or NULL to leave. */
const struct insn *engine_lookup(struct cpu *cpu);

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

#endif
