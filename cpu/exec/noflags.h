/* cpu/exec/noflags.h -- what instructions do whose flags nobody reads (DEAD in cpu/still.def):
 * bodies for cpu/exec/noflags.c, and for cpu/exec/then.c. */
#ifndef TERRAPIN_CPU_EXEC_NOFLAGS_H
#define TERRAPIN_CPU_EXEC_NOFLAGS_H

#include "cpu/flags.h"

#define NF_A (cpu->r[i->a])
#define NF_B (cpu->r[i->b])

/* By n & 31 bits; 0 is no special case. */
static inline uint32_t rotate_left(uint32_t v, unsigned n)
{
    return v << (n & 31) | v >> (-n & 31);
}

static inline uint32_t shift_arithmetic(uint32_t v, unsigned n)
{
    return (uint32_t)((int64_t)(int32_t)v >> (n & 31));
}

// clang-format off
#define DO_ADD_EvGv_r32_nf    NF_B += NF_A;
#define DO_ADC_EvGv_r32_nf    NF_B += NF_A + flag_c(&cpu->flags);
#define DO_SUB_EvGv_r32_nf    NF_B -= NF_A;
#define DO_SBB_EvGv_r32_nf    NF_B -= NF_A + flag_c(&cpu->flags);
#define DO_AND_EvGv_r32_nf    NF_B &= NF_A;
#define DO_OR_EvGv_r32_nf     NF_B |= NF_A;
#define DO_XOR_EvGv_r32_nf    NF_B ^= NF_A;
#define DO_ADD_EvIz_r32_nf    NF_B += i->imm;
#define DO_SUB_EvIz_r32_nf    NF_B -= i->imm;
#define DO_AND_EvIz_r32_nf    NF_B &= i->imm;
#define DO_OR_EvIz_r32_nf     NF_B |= i->imm;
#define DO_XOR_EvIz_r32_nf    NF_B ^= i->imm;
#define DO_INC_Zv_32_nf       NF_A += 1;
#define DO_DEC_Zv_32_nf       NF_A -= 1;
#define DO_SHL_EvIb_r32_nf    NF_B <<= i->imm & 31;
#define DO_SHR_EvIb_r32_nf    NF_B >>= i->imm & 31;
#define DO_SAR_EvIb_r32_nf    NF_B = shift_arithmetic(NF_B, i->imm);
#define DO_ROL_EvIb_r32_nf    NF_B = rotate_left(NF_B, i->imm);
#define DO_ROR_EvIb_r32_nf    NF_B = rotate_left(NF_B, 0 - i->imm);
#define DO_IMUL_GvEv_r32_nf   NF_A *= NF_B;
#define DO_IMUL_GvEvIz_r32_nf NF_A = NF_B * i->imm;
// clang-format on

#endif
