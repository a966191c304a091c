/* cpu/exec/mmx.c -- instructions on MMX registers, those of SSE and SSE2 among them (SDM 1 5.4,
 * 5.5.2, 5.6.3, chapter 9).
 */
#include "cpu/lanes.h"
#include "cpu/simd.h"

/* Register := F(register, register or memory). */
#define MMX_LOAD(NAME, F, LOAD)                                                                \
    EXEC(NAME##_PQ_r)                                                                          \
    {                                                                                          \
        mmx_set(cpu, i->a, F(mmx(cpu, i->a), mmx(cpu, i->b)));                                 \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(NAME##_PQ_m)                                                                          \
    {                                                                                          \
        uint64_t source = LOAD;                                                                \
        mmx_set(cpu, i->a, F(mmx(cpu, i->a), source));                                         \
        NEXT();                                                                                \
    }
#define LOAD32           lmem_r32(cpu, i, i->seg, insn_ea(cpu, i))
#define LOAD64           lmem_r64(cpu, i, insn_ea(cpu, i))
#define MMX(NAME)        MMX_LOAD(NAME, lanes_##NAME, LOAD64)
#define UNPACK_L8(a, b)  lanes_unpack8(a, b)
#define UNPACK_H8(a, b)  lanes_unpack8((a) >> 32, (b) >> 32)
#define UNPACK_L16(a, b) lanes_unpack16(a, b)
#define UNPACK_H16(a, b) lanes_unpack16((a) >> 32, (b) >> 32)
#define UNPACK_L32(a, b) lanes_unpack32(a, b)
#define UNPACK_H32(a, b) lanes_unpack32((a) >> 32, (b) >> 32)

// clang-format off
MMX(PADDB) MMX(PADDW) MMX(PADDD) MMX(PADDQ) MMX(PADDSB) MMX(PADDSW) MMX(PADDUSB) MMX(PADDUSW)
MMX(PSUBB) MMX(PSUBW) MMX(PSUBD) MMX(PSUBQ) MMX(PSUBSB) MMX(PSUBSW) MMX(PSUBUSB) MMX(PSUBUSW)
MMX(PMULLW) MMX(PMULHW) MMX(PMULHUW) MMX(PMULUDQ) MMX(PMADDWD) MMX(PSADBW)
MMX(PMINUB) MMX(PMAXUB) MMX(PMINSW) MMX(PMAXSW) MMX(PAVGB) MMX(PAVGW)
MMX(PCMPEQB) MMX(PCMPEQW) MMX(PCMPEQD) MMX(PCMPGTB) MMX(PCMPGTW) MMX(PCMPGTD)
MMX(PAND) MMX(PANDN) MMX(POR) MMX(PXOR)
MMX(PACKSSWB) MMX(PACKSSDW) MMX(PACKUSWB)
MMX(PSRLW) MMX(PSRLD) MMX(PSRLQ) MMX(PSLLW) MMX(PSLLD) MMX(PSLLQ) MMX(PSRAW) MMX(PSRAD)
MMX_LOAD(PUNPCKLBW, UNPACK_L8, LOAD32)
MMX_LOAD(PUNPCKLWD, UNPACK_L16, LOAD32)
MMX_LOAD(PUNPCKLDQ, UNPACK_L32, LOAD32)
MMX_LOAD(PUNPCKHBW, UNPACK_H8, LOAD64)
MMX_LOAD(PUNPCKHWD, UNPACK_H16, LOAD64)
MMX_LOAD(PUNPCKHDQ, UNPACK_H32, LOAD64)
// clang-format on

#define MMX_SHIFT(NAME)                                                                        \
    EXEC(NAME##_NIb)                                                                           \
    {                                                                                          \
        mmx_set(cpu, i->b, lanes_##NAME(mmx(cpu, i->b), i->imm));                              \
        NEXT();                                                                                \
    }
    // clang-format off
MMX_SHIFT(PSRLW) MMX_SHIFT(PSRLD) MMX_SHIFT(PSRLQ)
MMX_SHIFT(PSLLW) MMX_SHIFT(PSLLD) MMX_SHIFT(PSLLQ)
MMX_SHIFT(PSRAW) MMX_SHIFT(PSRAD)
    // clang-format on

    /* ---- moves */

    EXEC(MOVD_PE_r)
{
    mmx_set(cpu, i->a, (uint32_t)cpu->r[i->b]);
    NEXT();
}

EXEC(MOVD_PE_m)
{
    mmx_set(cpu, i->a, LOAD32);
    NEXT();
}

EXEC(MOVD_EP_r)
{
    mmx_enter(cpu);
    cpu->r[i->b] = (uint32_t)mmx(cpu, i->a);
    NEXT();
}

EXEC(MOVD_EP_m)
{
    lmem_w32(cpu, i, i->seg, insn_ea(cpu, i), (uint32_t)mmx(cpu, i->a));
    mmx_enter(cpu);
    NEXT();
}

EXEC(MOVQ_PQ_r)
{
    mmx_set(cpu, i->a, mmx(cpu, i->b));
    NEXT();
}

EXEC(MOVQ_PQ_m)
{
    mmx_set(cpu, i->a, LOAD64);
    NEXT();
}

EXEC(MOVQ_QP_r)
{
    mmx_set(cpu, i->b, mmx(cpu, i->a));
    NEXT();
}

static void store(struct cpu *cpu, const struct insn *i)
{
    lmem_w64(cpu, i, insn_ea(cpu, i), mmx(cpu, i->a));
    mmx_enter(cpu);
}

EXEC(MOVQ_QP_m)
{
    store(cpu, i);
    NEXT();
}

EXEC(MOVNTQ)
{
    store(cpu, i);
    NEXT();
}

/* Bytes whose mask has its top bit set. All eight must be writable. */
static void store_masked(struct cpu *cpu, const struct insn *i)
{
    eaddr ea = insn_ea(cpu, i);
    uint64_t v = mmx(cpu, i->a);
    unsigned mask = lanes_signs(mmx(cpu, i->b));
    lmem_probe_whole(cpu, i, i->seg, ea, 8, ACCESS_WRITE);
    for (unsigned k = 0; k < 8; k++) {
        if (mask >> k & 1) {
            lmem_w8(cpu, i, i->seg, ea + k, (uint8_t)(v >> 8 * k));
        }
    }
    mmx_enter(cpu);
}

EXEC(MASKMOVQ)
{
    store_masked(cpu, i);
    NEXT();
}

EXEC(EMMS)
{
    cpu->x87.top = 0;
    cpu->x87.full = 0;
    NEXT();
}

/* ---- words and masks */

EXEC(PSHUFW_PQ_r)
{
    mmx_set(cpu, i->a, lanes_shuffle16(mmx(cpu, i->b), i->imm));
    NEXT();
}

EXEC(PSHUFW_PQ_m)
{
    mmx_set(cpu, i->a, lanes_shuffle16(LOAD64, i->imm));
    NEXT();
}

static void insert(struct cpu *cpu, const struct insn *i, uint32_t v)
{
    unsigned at = 16 * (i->imm & 3);
    uint64_t old = mmx(cpu, i->a) & ~(UINT64_C(0xFFFF) << at);
    mmx_set(cpu, i->a, old | (uint64_t)(v & 0xFFFF) << at);
}

EXEC(PINSRW_PE_r)
{
    insert(cpu, i, cpu->r[i->b]);
    NEXT();
}

EXEC(PINSRW_PE_m)
{
    insert(cpu, i, lmem_r16(cpu, i, i->seg, insn_ea(cpu, i)));
    NEXT();
}

EXEC(PEXTRW_GN)
{
    mmx_enter(cpu);
    cpu->r[i->a] = (uint16_t)(mmx(cpu, i->b) >> 16 * (i->imm & 3));
    NEXT();
}

EXEC(PMOVMSKB_GN)
{
    mmx_enter(cpu);
    cpu->r[i->a] = lanes_signs(mmx(cpu, i->b));
    NEXT();
}
