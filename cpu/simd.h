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

/* ---- XMM: memory operands of 16 bytes, at multiples of 16 but for MOVU's (else #GP) */

struct xmm xmm_load_slow(struct cpu *cpu, const struct insn *i, eaddr ea, bool aligned);
void xmm_store_slow(struct cpu *cpu, const struct insn *i, eaddr ea, struct xmm v,
                    bool aligned);

static inline struct xmm xmm_load_as(struct cpu *cpu, const struct insn *i, bool aligned)
{
    eaddr ea = insn_ea(cpu, i);
    const uint8_t *p = lmem_rd_ptr(cpu, i->seg, ea, 16);
    if (UNLIKELY(p == NULL || (aligned && ((cpu->seg[i->seg].base + ea) & 15)))) {
        return xmm_load_slow(cpu, i, ea, aligned);
    }
    return (struct xmm){load_le64(p), load_le64(p + 8)};
}

static inline void xmm_store_as(struct cpu *cpu, const struct insn *i, struct xmm v,
                                bool aligned)
{
    eaddr ea = insn_ea(cpu, i);
    uint8_t *p = lmem_wr_ptr(cpu, i->seg, ea, 16);
    if (UNLIKELY(p == NULL || (aligned && ((cpu->seg[i->seg].base + ea) & 15)))) {
        xmm_store_slow(cpu, i, ea, v, aligned);
        return;
    }
    store_le64(p, v.lo);
    store_le64(p + 8, v.hi);
}

static inline struct xmm xmm_load(struct cpu *cpu, const struct insn *i)
{
    return xmm_load_as(cpu, i, true);
}

static inline uint32_t xmm_load32(struct cpu *cpu, const struct insn *i)
{
    return lmem_r32(cpu, i, i->seg, insn_ea(cpu, i));
}

static inline uint64_t xmm_load64(struct cpu *cpu, const struct insn *i)
{
    return lmem_r64(cpu, i, insn_ea(cpu, i));
}

/* The lowest lane replaced. */
static inline void xmm_set32(struct cpu *cpu, unsigned n, uint32_t v)
{
    cpu->xmm[n].lo = (cpu->xmm[n].lo & ~(uint64_t)UINT32_MAX) | v;
}

/* The end of an instruction that raised `raised` (enum fx_flags): returns if it may store its
 * result, with MXCSR's flags set. Otherwise the exception is on its way. */
void sse_raise(struct cpu *cpu, const struct insn *i, uint32_t raised);
static inline void sse_done(struct cpu *cpu, const struct insn *i, uint32_t raised)
{
    if (raised & ~(cpu->mxcsr & cpu->mxcsr >> 7)) { /* not set yet, or not masked */
        sse_raise(cpu, i, raised);
    }
}

/* cpu/sys/x87.c: #XM, or #UD if CR4.OSXMMEXCPT says so. */
_Noreturn void sse_error(struct cpu *cpu, const struct insn *i);

#endif
