/* tests/insn/native_gen.h -- between the files that generate cases. */
#ifndef TERRAPIN_TESTS_NATIVE_GEN_H
#define TERRAPIN_TESTS_NATIVE_GEN_H

#include "tests/insn/native.h"

struct native_gen {
    uint64_t seed;
    struct native_case *c;
    const struct insn_row *row;
    bool code32, op32, addr32, stack32;
    unsigned override; /* segment prefix; SEG_COUNT: none */
    bool has_memory;   /* there is a memory operand at … */
    bool aimed;        /* … a place that was chosen, … */
    uint32_t place;    /* … this offset in its segment */
};

/* native_gen.c */
uint32_t gen_random(struct native_gen *g);
uint64_t gen_random64(struct native_gen *g);
static inline bool gen_one_in(struct native_gen *g, unsigned n)
{
    return gen_random(g) % n == 0;
}
uint32_t gen_value(struct native_gen *g); /* of 32 bits, often at a boundary */
/* An offset in the segment of this selector, often at an edge of something. */
uint32_t gen_place(struct native_gen *g, unsigned sel);
uint32_t gen_code_place(struct native_gen *g); /* where there is or might be code */

/* native_gen_family.c: what single families want. */
/* Before the code: registers. true: the instruction's addresses may be anywhere. */
bool gen_family_registers(struct native_gen *g, enum native_family family);
/* The memory operand, at ARENA + off. false: nothing special. */
bool gen_family_operand(struct native_gen *g, uint32_t off);
/* After the code: the stack, and what must not be. */
void gen_family_end(struct native_gen *g, enum native_family family);
uint16_t gen_selector(struct native_gen *g);      /* for data, or to be looked at */
uint16_t gen_code_selector(struct native_gen *g); /* for a far transfer */

/* native_gen_fx.c: the state of x87, MMX and SSE, and the operand in memory, as suits the
 * row. */
void gen_fx_state(struct native_gen *g);
void gen_fx_operand(struct native_gen *g, uint32_t off);

#endif
