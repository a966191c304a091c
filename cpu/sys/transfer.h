/* cpu/sys/transfer.h -- what far CALLs, interrupts and returns have in common: frames, gates.
 *
 * A transfer first gathers all that it will push, checks the stack for it, and writes only when
 * nothing can fault any more; SS:ESP and CS:EIP come last. So a fault in mid-transfer finds
 * every register as the instruction found it.
 */
#ifndef TERRAPIN_CPU_SYS_TRANSFER_H
#define TERRAPIN_CPU_SYS_TRANSFER_H

#include "cpu/sys/sys.h"

struct gate {
    uint16_t sel;
    uint8_t size;   /* 2 or 4: width of the pushed items */
    uint8_t params; /* call gates: items to copy from the caller's stack */
    eaddr offset;
};

/* Call, interrupt, trap and task gates (SDM 3A 5.8.3, 6.11). */
static inline struct gate gate_from(const struct descriptor *d)
{
    bool wide = attr_system(desc_attr(d)) & SYS_32;
    return (struct gate){.sel = (uint16_t)(d->lo >> 16),
                         .size = wide ? 4 : 2,
                         .params = d->hi & 31,
                         .offset = (d->lo & 0xFFFF) | (wide ? d->hi & 0xFFFF0000u : 0)};
}

/* A stack to push onto: the present one, or a more privileged one that is not loaded yet. */
struct stack {
    bool fresh; /* SS has still to be loaded, with these two */
    uint16_t sel;
    struct descriptor d;
    struct seg_view view;
    uint32_t esp;
    uint32_t mask; /* FFFFh: only SP counts */
};

enum { FRAME_SLOTS = 40 }; /* the longest: a call gate with 31 parameters pushes 35 */

struct frame {
    unsigned size, count;
    uint32_t slot[FRAME_SLOTS]; /* in the order of pushing */
};

static inline void frame_add(struct frame *f, uint32_t v)
{
    f->slot[f->count++] = v;
}

struct stack stack_present(const struct cpu *cpu);
/* The stack of a more privileged level, from the TSS: checked, raises #TS, #SS(selector). */
struct stack stack_inner(struct cpu *cpu, unsigned level);
/* Raises #SS or #PF if the frame cannot be pushed. */
void frame_probe(struct cpu *cpu, const struct stack *st, const struct frame *f);
/* Pushes a frame that has been probed; returns the new ESP, which is not loaded. */
uint32_t frame_push(struct cpu *cpu, const struct stack *st, const struct frame *f);

/* Into a procedure or handler whose code segment has been checked, and its EIP against the
 * limit. */
struct entry {
    uint16_t cs;
    struct descriptor code;
    unsigned level; /* new CPL */
    eaddr eip;
    uint32_t clear; /* flags to clear: interrupts */
};
/* Sets the accessed bits of the stack's and of the code segment, pushes the frame, loads SS:ESP
 * and CS:EIP. The frame has been probed. */
void frame_enter(struct cpu *cpu, const struct stack *st, const struct frame *f,
                 struct entry *e);

/* Item at ESP + off of the present stack. */
uint32_t stack_peek(struct cpu *cpu, uint32_t off, unsigned size);

/* Where RETF and IRET go: fetched from the stack and checked, then committed. */
struct far_target {
    eaddr eip;
    uint16_t cs;
    struct descriptor code;
    bool outer; /* to a less privileged level: SS:ESP as well */
    uint16_t ss;
    struct descriptor stack;
    uint32_t esp;
};
/* CS:EIP have been set; SS:ESP are read at ESP + off if the level changes. */
void return_check(struct cpu *cpu, struct far_target *t, uint32_t off, unsigned size);
/* pop: bytes to release behind the frame of an outer return, or in all of an inner one. */
void return_commit(struct cpu *cpu, struct far_target *t, uint32_t pop);

static inline eaddr next_eip(const struct cpu *cpu, const struct insn *i)
{
    return cpu->eip + insn_cold(cpu, i)->len;
}

#endif
