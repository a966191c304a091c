/* cpu/exec/shift.c -- ROL ROR RCL RCR SHL SHR SAR SHLD SHRD (SDM 1 5.1.5). */
#include "cpu/alu_shift.h"
#include "cpu/engine.h"
#include "cpu/lmem.h"

#define CL_COUNT (cpu->r[ECX] & 31)

/* A count of 0 changes neither operand nor flags, but the destination must be accessible. */
#define SHIFT_FORMS(OP, op, SUFFIX8, SUFFIXV, COUNT)                                           \
    EXEC(OP##_##SUFFIX8##_r)                                                                   \
    {                                                                                          \
        unsigned n = COUNT;                                                                    \
        if (n) {                                                                               \
            *reg8(cpu, i->b) = (uint8_t)alu_##op##8(&cpu->flags, *reg8(cpu, i->b), n);         \
        }                                                                                      \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_##SUFFIX8##_m)                                                                   \
    {                                                                                          \
        unsigned n = COUNT;                                                                    \
        uint8_t *p = lmem_rmw8(cpu, i, insn_ea(cpu, i));                                       \
        uint32_t v = rmw_r8(cpu, i, p);                                                        \
        rmw_w8(cpu, i, p, n ? alu_##op##8(&cpu->flags, v, n) : v);                             \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_##SUFFIXV##_r16)                                                                 \
    {                                                                                          \
        unsigned n = COUNT;                                                                    \
        if (n) {                                                                               \
            reg16_set(cpu, i->b, alu_##op##16(&cpu->flags, reg16(cpu, i->b), n));              \
        }                                                                                      \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_##SUFFIXV##_m16)                                                                 \
    {                                                                                          \
        unsigned n = COUNT;                                                                    \
        uint8_t *p = lmem_rmw16(cpu, i, insn_ea(cpu, i));                                      \
        uint32_t v = rmw_r16(cpu, i, p);                                                       \
        rmw_w16(cpu, i, p, n ? alu_##op##16(&cpu->flags, v, n) : v);                           \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_##SUFFIXV##_r32)                                                                 \
    {                                                                                          \
        unsigned n = COUNT;                                                                    \
        if (n) {                                                                               \
            cpu->r[i->b] = alu_##op##32(&cpu->flags, cpu->r[i->b], n);                         \
        }                                                                                      \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_##SUFFIXV##_m32)                                                                 \
    {                                                                                          \
        unsigned n = COUNT;                                                                    \
        uint8_t *p = lmem_rmw32(cpu, i, insn_ea(cpu, i));                                      \
        uint32_t v = rmw_r32(cpu, i, p);                                                       \
        rmw_w32(cpu, i, p, n ? alu_##op##32(&cpu->flags, v, n) : v);                           \
        NEXT();                                                                                \
    }

#define SHIFT(OP, op)                                                                          \
    SHIFT_FORMS(OP, op, EbIb, EvIb, (i->imm & 31))                                             \
    SHIFT_FORMS(OP, op, Eb1, Ev1, 1)                                                           \
    SHIFT_FORMS(OP, op, EbCL, EvCL, CL_COUNT)

// clang-format off
SHIFT(ROL, rol)
SHIFT(ROR, ror)
SHIFT(RCL, rcl)
SHIFT(RCR, rcr)
SHIFT(SHL, shl)
SHIFT(SHR, shr)
SHIFT(SAR, sar)
// clang-format on

#define DOUBLE_FORMS(OP, op, SUFFIX, COUNT)                                                    \
    EXEC(OP##_##SUFFIX##_r16)                                                                  \
    {                                                                                          \
        unsigned n = COUNT;                                                                    \
        if (n) {                                                                               \
            reg16_set(cpu, i->b,                                                               \
                      alu_##op##16(&cpu->flags, reg16(cpu, i->b), reg16(cpu, i->a), n));       \
        }                                                                                      \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_##SUFFIX##_m16)                                                                  \
    {                                                                                          \
        unsigned n = COUNT;                                                                    \
        uint8_t *p = lmem_rmw16(cpu, i, insn_ea(cpu, i));                                      \
        uint32_t v = rmw_r16(cpu, i, p);                                                       \
        rmw_w16(cpu, i, p, n ? alu_##op##16(&cpu->flags, v, reg16(cpu, i->a), n) : v);         \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_##SUFFIX##_r32)                                                                  \
    {                                                                                          \
        unsigned n = COUNT;                                                                    \
        if (n) {                                                                               \
            cpu->r[i->b] = alu_##op##32(&cpu->flags, cpu->r[i->b], cpu->r[i->a], n);           \
        }                                                                                      \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_##SUFFIX##_m32)                                                                  \
    {                                                                                          \
        unsigned n = COUNT;                                                                    \
        uint8_t *p = lmem_rmw32(cpu, i, insn_ea(cpu, i));                                      \
        uint32_t v = rmw_r32(cpu, i, p);                                                       \
        rmw_w32(cpu, i, p, n ? alu_##op##32(&cpu->flags, v, cpu->r[i->a], n) : v);             \
        NEXT();                                                                                \
    }

// clang-format off
DOUBLE_FORMS(SHLD, shld, EvGvIb, (i->imm & 31))
DOUBLE_FORMS(SHLD, shld, EvGvCL, CL_COUNT)
DOUBLE_FORMS(SHRD, shrd, EvGvIb, (i->imm & 31))
DOUBLE_FORMS(SHRD, shrd, EvGvCL, CL_COUNT)
// clang-format on
