/* cpu/simd.h -- what the bodies of MMX and SSE instructions share: registers, operands, who may
 * execute (SDM 1 chapters 9 to 12).
 *
 * MMX registers are the significands of the x87's (SDM 1 9.2): every MMX instruction sets TOP
 * to 0 and all tags to valid, a store into a register sets sign and exponent to ones. A body
 * reads its memory operand before any of that.
 */
#ifndef TERRAPIN_CPU_SIMD_H
#define TERRAPIN_CPU_SIMD_H

#include "cpu/engine.h"
#include "cpu/lmem.h"
#include "cpu/x87.h"

enum mxcsr {
    MXCSR_FLAGS = 0x3F, /* enum fx_flags */
    MXCSR_DAZ = 0x40,
    MXCSR_MASK_SHIFT = 7,
    MXCSR_ROUND_SHIFT = 13,
    MXCSR_FTZ = 0x8000,
    MXCSR_RESET = 0x1F80,
};

/* Bits of MXCSR that exist: DAZ came with SSE2 (SDM 1 10.2.3). */
static inline uint32_t mxcsr_bits(const struct cpu *cpu)
{
    return cpu->features & FEAT_SSE2 ? 0xFFFF : 0xFFBF;
}

/* ---- MMX */

static inline void mmx_enter(struct cpu *cpu)
{
    cpu->x87.top = 0;
    cpu->x87.full = 0xFF;
}

static inline uint64_t mmx(const struct cpu *cpu, unsigned n)
{
    return cpu->x87.reg[n].m;
}

static inline void mmx_set(struct cpu *cpu, unsigned n, uint64_t v)
{
    mmx_enter(cpu);
    cpu->x87.reg[n] = (struct fx80){v, 0xFFFF};
}

#endif
