/* cpu/decode.h -- bytes to one micro-operation.
 *
 * The map from opcodes to rows of insn.def is built once per processor, because the model
 * decides which rows exist; the rest is a function of the bytes and the mode bits.
 */
#ifndef TERRAPIN_CPU_DECODE_H
#define TERRAPIN_CPU_DECODE_H

#include "cpu/insn.h"

enum { INSN_MAX_BYTES = 15 }; /* SDM 2A 2.3.11: longer ones are #GP(0) */

enum { SIMD_CODES = 160 };

struct decode_map {
    uint16_t row[2][512][8]; /* [0: protected, 1: real and virtual-8086][code][ModRM.reg] */
    bool modrm[512];
    uint16_t x87[8][8][9]; /* [code - D8h][ModRM.reg][rm of the register form, or RM_MEM] */
    uint8_t simd[256];     /* 0F NN: which of the tables that follow, 0: none */
    uint16_t simd_row[SIMD_CODES][8][2][PREFIX_COUNT]; /* [][ModRM.reg][memory][prefix] */
    unsigned simd_codes;
    uint16_t wait; /* WAIT where nothing is to be waited for */
};

enum decode_result {
    DECODE_OK,
    DECODE_SHORT, /* avail bytes do not hold the instruction */
    DECODE_LONG,  /* more than INSN_MAX_BYTES */
};

void decode_map_init(struct decode_map *map, uint32_t features);
/* off: of the instruction from its block's first byte. Fills u (but imm of branches is relative
 * to the block) and cold (but rest). An undefined code decodes to row I_NONE. */
enum decode_result decode(const struct decode_map *map, uint32_t mode, const uint8_t *bytes,
                          unsigned avail, unsigned off, struct insn *u, struct insn_cold *cold);

#endif
