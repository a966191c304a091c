/* cpu/exec/move.c -- MOV MOVZX MOVSX CMOVcc XCHG LEA XLAT, conversions, flag moves (SDM
 * 1 5.1.1). */
#include "cpu/alu.h"
#include "cpu/engine.h"
#include "cpu/exec/cond.h"
#include "cpu/lmem.h"

#define R8(n)     (*reg8(cpu, i->n))
#define R16(n)    reg16(cpu, i->n)
#define R32(n)    (cpu->r[i->n])
#define M8        lmem_r8(cpu, i, i->seg, insn_ea(cpu, i))
#define M16       lmem_r16(cpu, i, i->seg, insn_ea(cpu, i))
#define M32       lmem_r32(cpu, i, i->seg, insn_ea(cpu, i))
#define TO_M8(v)  lmem_w8(cpu, i, i->seg, insn_ea(cpu, i), (v))
#define TO_M16(v) lmem_w16(cpu, i, i->seg, insn_ea(cpu, i), (v))
#define TO_M32(v) lmem_w32(cpu, i, i->seg, insn_ea(cpu, i), (v))
#define TO_A16(v) reg16_set(cpu, i->a, (v))
#define TO_B16(v) reg16_set(cpu, i->b, (v))
#define TO_A32(v) (R32(a) = (v))
#define TO_B32(v) (R32(b) = (v))

#define SIMPLE(NAME, STATEMENT)                                                                \
    EXEC(NAME)                                                                                 \
    {                                                                                          \
        STATEMENT;                                                                             \
        NEXT();                                                                                \
    }

// clang-format off
SIMPLE(MOV_EbGb_r, R8(b) = R8(a))
SIMPLE(MOV_EbGb_m, TO_M8(R8(a)))
SIMPLE(MOV_EvGv_r16, TO_B16(R16(a)))
SIMPLE(MOV_EvGv_m16, TO_M16(R16(a)))
SIMPLE(MOV_EvGv_r32, TO_B32(R32(a)))
SIMPLE(MOV_EvGv_m32, TO_M32(R32(a)))
SIMPLE(MOV_GbEb_r, R8(a) = R8(b))
SIMPLE(MOV_GbEb_m, R8(a) = (uint8_t)M8)
SIMPLE(MOV_GvEv_r16, TO_A16(R16(b)))
SIMPLE(MOV_GvEv_m16, TO_A16(M16))
SIMPLE(MOV_GvEv_r32, TO_A32(R32(b)))
SIMPLE(MOV_GvEv_m32, TO_A32(M32))
SIMPLE(MOV_ZbIb, R8(a) = (uint8_t)i->imm)
SIMPLE(MOV_ZvIv_16, TO_A16(i->imm))
SIMPLE(MOV_ZvIv_32, TO_A32(i->imm))
SIMPLE(MOV_EbIb_r, R8(b) = (uint8_t)i->imm)
SIMPLE(MOV_EbIb_m, TO_M8(i->imm))
SIMPLE(MOV_EvIz_r16, TO_B16(i->imm))
SIMPLE(MOV_EvIz_m16, TO_M16(i->imm))
SIMPLE(MOV_EvIz_r32, TO_B32(i->imm))
SIMPLE(MOV_EvIz_m32, TO_M32(i->imm))

SIMPLE(MOVZX_GvEb_r16, TO_A16(R8(b)))
SIMPLE(MOVZX_GvEb_m16, TO_A16(M8))
SIMPLE(MOVZX_GvEb_r32, TO_A32(R8(b)))
SIMPLE(MOVZX_GvEb_m32, TO_A32(M8))
SIMPLE(MOVZX_GvEw_r16, TO_A16(R16(b)))
SIMPLE(MOVZX_GvEw_m16, TO_A16(M16))
SIMPLE(MOVZX_GvEw_r32, TO_A32(R16(b)))
SIMPLE(MOVZX_GvEw_m32, TO_A32(M16))
SIMPLE(MOVSX_GvEb_r16, TO_A16((uint32_t)sext8(R8(b))))
SIMPLE(MOVSX_GvEb_m16, TO_A16((uint32_t)sext8(M8)))
SIMPLE(MOVSX_GvEb_r32, TO_A32((uint32_t)sext8(R8(b))))
SIMPLE(MOVSX_GvEb_m32, TO_A32((uint32_t)sext8(M8)))
SIMPLE(MOVSX_GvEw_r16, TO_A16(R16(b)))
SIMPLE(MOVSX_GvEw_m16, TO_A16(M16))
SIMPLE(MOVSX_GvEw_r32, TO_A32((uint32_t)sext16(R16(b))))
SIMPLE(MOVSX_GvEw_m32, TO_A32((uint32_t)sext16(M16)))

SIMPLE(LEA_m16, TO_A16(insn_ea(cpu, i)))
SIMPLE(LEA_m32, TO_A32(insn_ea(cpu, i)))

SIMPLE(CBW_16, reg16_set(cpu, EAX, (uint32_t)sext8(cpu->r[EAX])))
SIMPLE(CBW_32, cpu->r[EAX] = (uint32_t)sext16(cpu->r[EAX]))
SIMPLE(CWD_16, reg16_set(cpu, EDX, cpu->r[EAX] & 0x8000 ? 0xFFFF : 0))
SIMPLE(CWD_32, cpu->r[EDX] = cpu->r[EAX] >> 31 ? UINT32_MAX : 0)

SIMPLE(CLC, flags_set_c(&cpu->flags, false))
SIMPLE(STC, flags_set_c(&cpu->flags, true))
SIMPLE(CMC, flags_set_c(&cpu->flags, !flag_c(&cpu->flags)))
SIMPLE(CLD, cpu->df = 0)
SIMPLE(STD, cpu->df = 1)
SIMPLE(NOP_Ev, (void)cpu)
SIMPLE(SALC, *reg8(cpu, reg8_pos(0)) = flag_c(&cpu->flags) ? 0xFF : 0)
SIMPLE(LAHF, *reg8(cpu, reg8_pos(4)) =
    (uint8_t)((flags_get(&cpu->flags) & 0xD5) | FL_ONE))
SIMPLE(SAHF, flags_set(&cpu->flags, (flags_get(&cpu->flags) & FL_OF) | *reg8(cpu, reg8_pos(4))))
// clang-format on

/* The load happens, and may fault, whatever the condition (SDM 2A CMOVcc); in 32-bit form on a
 * 32-bit processor a false condition changes nothing. */
#define CMOV(CC)                                                                               \
    EXEC(CMOV##CC##_r16)                                                                       \
    {                                                                                          \
        if (COND_##CC(&cpu->flags)) {                                                          \
            TO_A16(R16(b));                                                                    \
        }                                                                                      \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(CMOV##CC##_m16)                                                                       \
    {                                                                                          \
        uint32_t v = M16;                                                                      \
        if (COND_##CC(&cpu->flags)) {                                                          \
            TO_A16(v);                                                                         \
        }                                                                                      \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(CMOV##CC##_r32)                                                                       \
    {                                                                                          \
        if (COND_##CC(&cpu->flags)) {                                                          \
            R32(a) = R32(b);                                                                   \
        }                                                                                      \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(CMOV##CC##_m32)                                                                       \
    {                                                                                          \
        uint32_t v = M32;                                                                      \
        if (COND_##CC(&cpu->flags)) {                                                          \
            R32(a) = v;                                                                        \
        }                                                                                      \
        NEXT();                                                                                \
    }
FOR_EACH_COND(CMOV)

/* XCHG with memory locks the bus; with one processor that is the plain exchange. */
EXEC(XCHG_EbGb_r)
{
    uint8_t v = R8(b);
    R8(b) = R8(a);
    R8(a) = v;
    NEXT();
}

EXEC(XCHG_EbGb_m)
{
    uint8_t *p = lmem_rmw8(cpu, i, insn_ea(cpu, i));
    uint32_t v = rmw_r8(cpu, i, p);
    rmw_w8(cpu, i, p, R8(a));
    R8(a) = (uint8_t)v;
    NEXT();
}

EXEC(XCHG_EvGv_r16)
{
    uint32_t v = R16(b);
    TO_B16(R16(a));
    TO_A16(v);
    NEXT();
}

EXEC(XCHG_EvGv_m16)
{
    uint8_t *p = lmem_rmw16(cpu, i, insn_ea(cpu, i));
    uint32_t v = rmw_r16(cpu, i, p);
    rmw_w16(cpu, i, p, R16(a));
    TO_A16(v);
    NEXT();
}

EXEC(XCHG_EvGv_r32)
{
    uint32_t v = R32(b);
    R32(b) = R32(a);
    R32(a) = v;
    NEXT();
}

EXEC(XCHG_EvGv_m32)
{
    uint8_t *p = lmem_rmw32(cpu, i, insn_ea(cpu, i));
    uint32_t v = rmw_r32(cpu, i, p);
    rmw_w32(cpu, i, p, R32(a));
    R32(a) = v;
    NEXT();
}

EXEC(XCHG_ZvAX_16) /* 90h is NOP: AX with itself */
{
    uint32_t v = R16(b);
    TO_B16(R16(a));
    TO_A16(v);
    NEXT();
}

EXEC(XCHG_ZvAX_32)
{
    uint32_t v = R32(b);
    R32(b) = R32(a);
    R32(a) = v;
    NEXT();
}

EXEC(XLAT)
{
    uint8_t *al = reg8(cpu, reg8_pos(0));
    eaddr ea = (cpu->r[EBX] + *al) & (UINT32_MAX >> i->wrap);
    *al = (uint8_t)lmem_r8(cpu, i, i->seg, ea);
    NEXT();
}
