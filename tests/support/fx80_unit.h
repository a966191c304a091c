/* tests/support/fx80_unit.h -- the instructions of an x87 in terms of cpu/fx80.h, with random
 * operands, many of them special. */
#ifndef TERRAPIN_TESTS_FX80_UNIT_H
#define TERRAPIN_TESTS_FX80_UNIT_H

#include "cpu/fx80_priv.h"

/* Before an instruction, and after it: ST(0), ST(1), the memory operand. The status has the
 * exception flags and the condition codes. */
struct fx_unit {
    struct fx80 a, b;
    uint8_t mem[16];
    uint16_t control, status;
};

enum { FX_C0 = 0x100, FX_C2 = 0x400, FX_C3 = 0x4000 };

enum fx_kind { FX_KIND_EXACT, FX_KIND_REMAINDER, FX_KIND_TRANSCENDENTAL };

struct fx_instruction {
    const char *name;
    void (*execute)(struct fx_unit *);
    enum fx_kind kind;
};

/* Operands of random tests come from seed 1 + the instruction's number. */
enum { FX_INSTRUCTIONS = 42 };
extern const struct fx_instruction fx_instructions[FX_INSTRUCTIONS];

void fx_unit_random(struct fx_unit *u, const struct fx_instruction *insn, uint64_t *seed);

/* hash with what is in u besides; the first is 0. */
uint64_t fx_unit_hash(uint64_t hash, const struct fx_unit *u);

#endif
