/* cpu/x87.h -- what the bodies of x87 instructions share: the register stack, and what
 * becomes of exceptions (SDM 1 8.4, 8.5).
 *
 * A body works in this order, so that a fault of an access to memory leaves no trace:
 *   1. read the memory operand;
 *   2. compute, with the exceptions in a variable;
 *   3. write the memory operand, unless an unmasked exception forbids it;
 *   4. x87_done(): last-instruction pointers, status, and who has to know of an exception.
 */
#ifndef TERRAPIN_CPU_X87_H
#define TERRAPIN_CPU_X87_H

#include "cpu/engine.h"
#include "cpu/fx80_quick.h"
#include "cpu/lmem.h"

enum x87_status {
    X87_EXCEPTIONS = 0x3F, /* enum fx_flags */
    X87_SF = 0x40,         /* with IE: the register stack is to blame; C1: it was full */
    X87_ES = 0x80,         /* an unmasked exception is pending */
    X87_C0 = 0x100,
    X87_C1 = 0x200,
    X87_C2 = 0x400,
    X87_C3 = 0x4000,
    X87_BUSY = 0x8000, /* the 8087's; follows ES */
    X87_CODES = X87_C0 | X87_C1 | X87_C2 | X87_C3,
    X87_TOP_SHIFT = 11,
    /* Exceptions of the operands. Unmasked ones prevent the operation: nothing is stored. */
    X87_BEFORE = FX_IE | FX_DE | FX_ZE,
    X87_STACK_EMPTY = FX_IE | X87_SF,
    X87_STACK_FULL = FX_IE | X87_SF | X87_C1,
};
enum { X87_CONTROL_BITS = 0x1F3F, X87_CONTROL_ONE = 0x40 };

static inline struct fx80 *x87_st(struct x87 *f, unsigned n)
{
    return &f->reg[(f->top + n) & 7];
}

/* ST(n)'s value. Read in the pieces that it is written in, lest the processor stall. */
static inline struct fx80 x87_get(struct x87 *f, unsigned n)
{
    const struct fx80 *p = x87_st(f, n);
    return (struct fx80){p->m, p->se};
}

static inline bool x87_empty(const struct x87 *f, unsigned n)
{
    return !(f->full >> ((f->top + n) & 7) & 1);
}

static inline void x87_set(struct x87 *f, unsigned n, struct fx80 v)
{
    unsigned r = (f->top + n) & 7;
    f->reg[r] = v;
    f->full |= (uint8_t)(1u << r);
}

static inline void x87_pop(struct x87 *f)
{
    f->full &= (uint8_t) ~(1u << f->top);
    f->top = (f->top + 1) & 7;
}

static inline void x87_push(struct x87 *f, struct fx80 v)
{
    f->top = (f->top - 1) & 7;
    x87_set(f, 0, v);
}

/* The host's unit serves once PE is set, and masked: then an inexact result changes nothing but
 * C1. */
static inline bool x87_native(const struct cpu *cpu)
{
    return cpu->host_x87 && (cpu->x87.control & cpu->x87.status & FX_PE);
}

/* Initializes a struct fx_ctx. Not a function: what one returns, compilers copy in other pieces
 * than they stored it in, and processors stall on that. */
#define X87_CONTEXT(cpu)                                                                       \
    {                                                                                          \
        .control = (cpu)->x87.control, .native = x87_native(cpu)                               \
    }

/* May results be computed by cpu/fx80_quick.h? */
static inline bool x87_quick(const struct cpu *cpu)
{
    return LIKELY((cpu->x87.control & FX_QUICK_FIELDS) == cpu->x87_quick);
}

/* Registers a and b, by their numbers in reg[], are not empty. */
static inline bool x87_full(const struct x87 *f, unsigned a, unsigned b)
{
    return LIKELY((unsigned)f->full >> a & (unsigned)f->full >> b & 1);
}

/* The end of an instruction that raised masked exceptions alone, PE, or none. */
static inline void x87_done_quick(struct cpu *cpu, const struct insn *i, unsigned raised)
{
    struct x87 *f = &cpu->x87;
    f->ip = cpu->eip + (i->imm & 0xFF);
    f->cs = cpu->sel[SEG_CS];
    f->opcode = (uint16_t)(i->imm >> 16);
    f->status = (uint16_t)((f->status & ~(unsigned)X87_C1) | raised);
}

/* Which of the exceptions are unmasked? */
static inline unsigned x87_unmasked(const struct cpu *cpu, unsigned raised)
{
    return raised & ~(unsigned)cpu->x87.control & X87_EXCEPTIONS;
}

/* Does an unmasked exception forbid a register to receive the result? */
static inline bool x87_forbids(const struct cpu *cpu, unsigned raised)
{
    return x87_unmasked(cpu, raised) & X87_BEFORE;
}

/* … memory? There an overflowing result cannot be given a wrapped exponent. */
static inline bool x87_forbids_store(const struct cpu *cpu, unsigned raised)
{
    return x87_unmasked(cpu, raised) & (X87_BEFORE | FX_OE | FX_UE);
}

static inline void x87_set_control(struct cpu *cpu, unsigned v)
{
    cpu->x87.control = (uint16_t)((v & X87_CONTROL_BITS) | X87_CONTROL_ONE);
}

static inline unsigned x87_status_word(const struct x87 *f)
{
    return f->status | (unsigned)f->top << X87_TOP_SHIFT;
}

/* Of an image of the status word; x87_summarize() has to follow. */
static inline void x87_set_status(struct x87 *f, unsigned v)
{
    f->top = v >> X87_TOP_SHIFT & 7;
    f->status = (uint16_t)((v & (X87_EXCEPTIONS | X87_SF | X87_CODES)) | (f->status & X87_ES));
}

/* The 287's tag word, two bits a register: 0 valid, 1 zero, 2 special, 3 empty. Only the last
 * counts when it is set. */
unsigned x87_tag_word(const struct x87 *f);
void x87_set_tags(struct x87 *f, unsigned tags);

/* The memory operand of the instruction in progress, after its access. */
static inline void x87_data(struct cpu *cpu, const struct insn *i, eaddr ea)
{
    cpu->x87.dp = ea;
    cpu->x87.ds = cpu->sel[i->seg];
}

/* The end of every instruction that is no control instruction: what it raised (enum fx_flags,
 * X87_SF) and, of the condition codes in `affected`, those in `codes` go to the status word. */
void x87_done_codes(struct cpu *cpu, const struct insn *i, unsigned raised, unsigned affected,
                    unsigned codes);
static inline void x87_done(struct cpu *cpu, const struct insn *i, unsigned raised)
{
    x87_done_codes(cpu, i, raised, X87_C1, 0);
}

/* … of FNOP and of the P6's instructions, which leave C1 alone but for a stack fault. */
static inline void x87_done_quiet(struct cpu *cpu, const struct insn *i, unsigned raised)
{
    x87_done_codes(cpu, i, raised, raised & X87_SF ? X87_C1 : 0, 0);
}

/* Sets ES and B as status and control words demand, and tells those who depend on it. */
void x87_summarize(struct cpu *cpu, const struct insn *i);

/* cpu/sys/x87.c: ES has changed. From here on other rows are decoded, so instruction i is the
 * last one of its block. */
void x87_error_changed(struct cpu *cpu, const struct insn *i);

#endif
