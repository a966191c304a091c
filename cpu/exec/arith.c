/* cpu/exec/arith.c -- ADD OR ADC SBB AND SUB XOR CMP TEST INC DEC NEG NOT, multiplication,
 * division, CMPXCHG, XADD (SDM 1 5.1.2, 5.1.4).
 *
 * One macro stamps the operand forms of an operation: exec_ADD_EbGb_r, exec_ADD_EvGv_m32, …
 * E is ModRM.rm (b, or memory), G is ModRM.reg (a), I the immediate.
 */
#include "cpu/alu.h"
#include "cpu/engine.h"
#include "cpu/lmem.h"

#define R8(n)  (*reg8(cpu, i->n))
#define R16(n) reg16(cpu, i->n)
#define R32(n) (cpu->r[i->n])
#define FL     (&cpu->flags)

/* dst := op(dst, src), destination written. */
#define BINARY(OP, op)                                                                         \
    EXEC(OP##_EbGb_r)                                                                          \
    {                                                                                          \
        R8(b) = (uint8_t)alu_##op##8(FL, R8(b), R8(a));                                        \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_EbGb_m)                                                                          \
    {                                                                                          \
        uint8_t *p = lmem_rmw8(cpu, i, insn_ea(cpu, i));                                       \
        rmw_w8(cpu, i, p, alu_##op##8(FL, rmw_r8(cpu, i, p), R8(a)));                          \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_EvGv_r16)                                                                        \
    {                                                                                          \
        reg16_set(cpu, i->b, alu_##op##16(FL, R16(b), R16(a)));                                \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_EvGv_m16)                                                                        \
    {                                                                                          \
        uint8_t *p = lmem_rmw16(cpu, i, insn_ea(cpu, i));                                      \
        rmw_w16(cpu, i, p, alu_##op##16(FL, rmw_r16(cpu, i, p), R16(a)));                      \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_EvGv_r32)                                                                        \
    {                                                                                          \
        R32(b) = alu_##op##32(FL, R32(b), R32(a));                                             \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_EvGv_m32)                                                                        \
    {                                                                                          \
        uint8_t *p = lmem_rmw32(cpu, i, insn_ea(cpu, i));                                      \
        rmw_w32(cpu, i, p, alu_##op##32(FL, rmw_r32(cpu, i, p), R32(a)));                      \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_GbEb_r)                                                                          \
    {                                                                                          \
        R8(a) = (uint8_t)alu_##op##8(FL, R8(a), R8(b));                                        \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_GbEb_m)                                                                          \
    {                                                                                          \
        uint32_t v = lmem_r8(cpu, i, i->seg, insn_ea(cpu, i));                                 \
        R8(a) = (uint8_t)alu_##op##8(FL, R8(a), v);                                            \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_GvEv_r16)                                                                        \
    {                                                                                          \
        reg16_set(cpu, i->a, alu_##op##16(FL, R16(a), R16(b)));                                \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_GvEv_m16)                                                                        \
    {                                                                                          \
        uint32_t v = lmem_r16(cpu, i, i->seg, insn_ea(cpu, i));                                \
        reg16_set(cpu, i->a, alu_##op##16(FL, R16(a), v));                                     \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_GvEv_r32)                                                                        \
    {                                                                                          \
        R32(a) = alu_##op##32(FL, R32(a), R32(b));                                             \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_GvEv_m32)                                                                        \
    {                                                                                          \
        uint32_t v = lmem_r32(cpu, i, i->seg, insn_ea(cpu, i));                                \
        R32(a) = alu_##op##32(FL, R32(a), v);                                                  \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_EbIb_r)                                                                          \
    {                                                                                          \
        R8(b) = (uint8_t)alu_##op##8(FL, R8(b), i->imm);                                       \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_EbIb_m)                                                                          \
    {                                                                                          \
        uint8_t *p = lmem_rmw8(cpu, i, insn_ea(cpu, i));                                       \
        rmw_w8(cpu, i, p, alu_##op##8(FL, rmw_r8(cpu, i, p), i->imm));                         \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_EvIz_r16)                                                                        \
    {                                                                                          \
        reg16_set(cpu, i->b, alu_##op##16(FL, R16(b), i->imm));                                \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_EvIz_m16)                                                                        \
    {                                                                                          \
        uint8_t *p = lmem_rmw16(cpu, i, insn_ea(cpu, i));                                      \
        rmw_w16(cpu, i, p, alu_##op##16(FL, rmw_r16(cpu, i, p), i->imm));                      \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_EvIz_r32)                                                                        \
    {                                                                                          \
        R32(b) = alu_##op##32(FL, R32(b), i->imm);                                             \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_EvIz_m32)                                                                        \
    {                                                                                          \
        uint8_t *p = lmem_rmw32(cpu, i, insn_ea(cpu, i));                                      \
        rmw_w32(cpu, i, p, alu_##op##32(FL, rmw_r32(cpu, i, p), i->imm));                      \
        NEXT();                                                                                \
    }

/* Flags only: CMP (all forms) and TEST (its forms are a subset). */
#define COMPARE(OP, op)                                                                        \
    EXEC(OP##_EbGb_r)                                                                          \
    {                                                                                          \
        alu_##op##8(FL, R8(b), R8(a));                                                         \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_EbGb_m)                                                                          \
    {                                                                                          \
        alu_##op##8(FL, lmem_r8(cpu, i, i->seg, insn_ea(cpu, i)), R8(a));                      \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_EvGv_r16)                                                                        \
    {                                                                                          \
        alu_##op##16(FL, R16(b), R16(a));                                                      \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_EvGv_m16)                                                                        \
    {                                                                                          \
        alu_##op##16(FL, lmem_r16(cpu, i, i->seg, insn_ea(cpu, i)), R16(a));                   \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_EvGv_r32)                                                                        \
    {                                                                                          \
        alu_##op##32(FL, R32(b), R32(a));                                                      \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_EvGv_m32)                                                                        \
    {                                                                                          \
        alu_##op##32(FL, lmem_r32(cpu, i, i->seg, insn_ea(cpu, i)), R32(a));                   \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_EbIb_r)                                                                          \
    {                                                                                          \
        alu_##op##8(FL, R8(b), i->imm);                                                        \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_EbIb_m)                                                                          \
    {                                                                                          \
        alu_##op##8(FL, lmem_r8(cpu, i, i->seg, insn_ea(cpu, i)), i->imm);                     \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_EvIz_r16)                                                                        \
    {                                                                                          \
        alu_##op##16(FL, R16(b), i->imm);                                                      \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_EvIz_m16)                                                                        \
    {                                                                                          \
        alu_##op##16(FL, lmem_r16(cpu, i, i->seg, insn_ea(cpu, i)), i->imm);                   \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_EvIz_r32)                                                                        \
    {                                                                                          \
        alu_##op##32(FL, R32(b), i->imm);                                                      \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_EvIz_m32)                                                                        \
    {                                                                                          \
        alu_##op##32(FL, lmem_r32(cpu, i, i->seg, insn_ea(cpu, i)), i->imm);                   \
        NEXT();                                                                                \
    }

/* dst := op(dst). */
#define UNARY(OP, op)                                                                          \
    EXEC(OP##_Eb_r)                                                                            \
    {                                                                                          \
        R8(b) = (uint8_t)alu_##op##8(FL, R8(b));                                               \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_Eb_m)                                                                            \
    {                                                                                          \
        uint8_t *p = lmem_rmw8(cpu, i, insn_ea(cpu, i));                                       \
        rmw_w8(cpu, i, p, alu_##op##8(FL, rmw_r8(cpu, i, p)));                                 \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_Ev_r16)                                                                          \
    {                                                                                          \
        reg16_set(cpu, i->b, alu_##op##16(FL, R16(b)));                                        \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_Ev_m16)                                                                          \
    {                                                                                          \
        uint8_t *p = lmem_rmw16(cpu, i, insn_ea(cpu, i));                                      \
        rmw_w16(cpu, i, p, alu_##op##16(FL, rmw_r16(cpu, i, p)));                              \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_Ev_r32)                                                                          \
    {                                                                                          \
        R32(b) = alu_##op##32(FL, R32(b));                                                     \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_Ev_m32)                                                                          \
    {                                                                                          \
        uint8_t *p = lmem_rmw32(cpu, i, insn_ea(cpu, i));                                      \
        rmw_w32(cpu, i, p, alu_##op##32(FL, rmw_r32(cpu, i, p)));                              \
        NEXT();                                                                                \
    }

/* NOT changes no flag; written as an ALU operation so that UNARY fits. */
#define alu_not8(f, v)  ((void)(f), ~(uint32_t)(v))
#define alu_not16(f, v) ((void)(f), ~(uint32_t)(v))
#define alu_not32(f, v) ((void)(f), ~(v))

// clang-format off
BINARY(ADD, add)
BINARY(OR, or)
BINARY(ADC, adc)
BINARY(SBB, sbb)
BINARY(AND, and)
BINARY(SUB, sub)
BINARY(XOR, xor)
COMPARE(CMP, sub)
COMPARE(TEST, and)
UNARY(INC, inc)
UNARY(DEC, dec)
UNARY(NEG, neg)
UNARY(NOT, not)
// clang-format on

EXEC(CMP_GbEb_r)
{
    alu_sub8(FL, R8(a), R8(b));
    NEXT();
}

EXEC(CMP_GbEb_m)
{
    alu_sub8(FL, R8(a), lmem_r8(cpu, i, i->seg, insn_ea(cpu, i)));
    NEXT();
}

EXEC(CMP_GvEv_r16)
{
    alu_sub16(FL, R16(a), R16(b));
    NEXT();
}

EXEC(CMP_GvEv_m16)
{
    alu_sub16(FL, R16(a), lmem_r16(cpu, i, i->seg, insn_ea(cpu, i)));
    NEXT();
}

EXEC(CMP_GvEv_r32)
{
    alu_sub32(FL, R32(a), R32(b));
    NEXT();
}

EXEC(CMP_GvEv_m32)
{
    alu_sub32(FL, R32(a), lmem_r32(cpu, i, i->seg, insn_ea(cpu, i)));
    NEXT();
}

EXEC(INC_Zv_16)
{
    reg16_set(cpu, i->a, alu_inc16(FL, R16(a)));
    NEXT();
}

EXEC(INC_Zv_32)
{
    R32(a) = alu_inc32(FL, R32(a));
    NEXT();
}

EXEC(DEC_Zv_16)
{
    reg16_set(cpu, i->a, alu_dec16(FL, R16(a)));
    NEXT();
}

EXEC(DEC_Zv_32)
{
    R32(a) = alu_dec32(FL, R32(a));
    NEXT();
}

/* ---- CMPXCHG, XADD: the destination is written back in any case (SDM 2A CMPXCHG) */

#define EXCHANGES(N, S, F, GET, SET)                                                           \
    EXEC(CMPXCHG_##S##_r##F)                                                                   \
    {                                                                                          \
        uint32_t old = GET(b), acc = GET##_ACC;                                                \
        alu_sub##N(FL, acc, old);                                                              \
        if (acc == old) {                                                                      \
            SET(i->b, GET(a));                                                                 \
        } else {                                                                               \
            SET##_ACC(old);                                                                    \
        }                                                                                      \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(CMPXCHG_##S##_m##F)                                                                   \
    {                                                                                          \
        uint8_t *p = lmem_rmw##N(cpu, i, insn_ea(cpu, i));                                     \
        uint32_t old = rmw_r##N(cpu, i, p), acc = GET##_ACC;                                   \
        alu_sub##N(FL, acc, old);                                                              \
        rmw_w##N(cpu, i, p, acc == old ? GET(a) : old);                                        \
        if (acc != old) {                                                                      \
            SET##_ACC(old);                                                                    \
        }                                                                                      \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(XADD_##S##_r##F)                                                                      \
    {                                                                                          \
        uint32_t old = GET(b), sum = alu_add##N(FL, old, GET(a));                              \
        SET(i->a, old);                                                                        \
        SET(i->b, sum);                                                                        \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(XADD_##S##_m##F)                                                                      \
    {                                                                                          \
        uint8_t *p = lmem_rmw##N(cpu, i, insn_ea(cpu, i));                                     \
        uint32_t old = rmw_r##N(cpu, i, p);                                                    \
        rmw_w##N(cpu, i, p, alu_add##N(FL, old, GET(a)));                                      \
        SET(i->a, old);                                                                        \
        NEXT();                                                                                \
    }

#define SET8(n, v)   (*reg8(cpu, (n)) = (uint8_t)(v))
#define SET16(n, v)  reg16_set(cpu, (n), (v))
#define SET32(n, v)  (cpu->r[n] = (v))
#define R8_ACC       (*reg8(cpu, reg8_pos(EAX)))
#define R16_ACC      reg16(cpu, EAX)
#define R32_ACC      cpu->r[EAX]
#define SET8_ACC(v)  SET8(reg8_pos(EAX), v)
#define SET16_ACC(v) SET16(EAX, v)
#define SET32_ACC(v) SET32(EAX, v)

EXCHANGES(8, EbGb, , R8, SET8)
EXCHANGES(16, EvGv, 16, R16, SET16)
EXCHANGES(32, EvGv, 32, R32, SET32)

/* 64-bit compare and exchange; only ZF changes. The operand is memory. */
EXEC(CMPXCHG8B)
{
    eaddr ea = insn_ea(cpu, i);
    lmem_probe_whole(cpu, i, i->seg, ea, 8, ACCESS_WRITE); /* alignment: 8, as a P6 has it */
    uint32_t lo = lmem_r32(cpu, i, i->seg, ea), hi = lmem_r32(cpu, i, i->seg, ea + 4);
    bool same = lo == cpu->r[EAX] && hi == cpu->r[EDX];
    lmem_w32(cpu, i, i->seg, ea, same ? cpu->r[EBX] : lo);
    lmem_w32(cpu, i, i->seg, ea + 4, same ? cpu->r[ECX] : hi);
    if (!same) {
        cpu->r[EAX] = lo;
        cpu->r[EDX] = hi;
    }
    flags_set(FL, (flags_get(FL) & ~(uint32_t)FL_ZF) | (same ? FL_ZF : 0));
    NEXT();
}

/* ---- multiplication */

static void mul_flags(struct cpu *cpu, uint64_t low_sext, bool significant)
{
    alu_mul_flags(FL, low_sext, significant);
}

static void mul8(struct cpu *cpu, uint32_t v)
{
    uint32_t r = R8_ACC * v;
    reg16_set(cpu, EAX, r);
    mul_flags(cpu, sext8(r), r >> 8 != 0);
}

static void imul8(struct cpu *cpu, uint32_t v)
{
    int32_t r = (int8_t)R8_ACC * (int8_t)v;
    reg16_set(cpu, EAX, (uint32_t)r);
    mul_flags(cpu, sext8((uint32_t)r), r != (int8_t)r);
}

static void mul16(struct cpu *cpu, uint32_t v)
{
    uint32_t r = R16_ACC * v;
    reg16_set(cpu, EAX, r);
    reg16_set(cpu, EDX, r >> 16);
    mul_flags(cpu, sext16(r), r >> 16 != 0);
}

static void imul16(struct cpu *cpu, uint32_t v)
{
    int32_t r = (int16_t)R16_ACC * (int16_t)v;
    reg16_set(cpu, EAX, (uint32_t)r);
    reg16_set(cpu, EDX, (uint32_t)r >> 16);
    mul_flags(cpu, sext16((uint32_t)r), r != (int16_t)r);
}

static void mul32(struct cpu *cpu, uint32_t v)
{
    uint64_t r = (uint64_t)cpu->r[EAX] * v;
    cpu->r[EAX] = (uint32_t)r;
    cpu->r[EDX] = (uint32_t)(r >> 32);
    mul_flags(cpu, sext32((uint32_t)r), r >> 32 != 0);
}

static void imul32(struct cpu *cpu, uint32_t v)
{
    int64_t r = (int64_t)(int32_t)cpu->r[EAX] * (int32_t)v;
    cpu->r[EAX] = (uint32_t)r;
    cpu->r[EDX] = (uint32_t)((uint64_t)r >> 32);
    mul_flags(cpu, sext32((uint32_t)r), r != (int32_t)r);
}

/* ---- division: #DE on zero or when the quotient does not fit; flags stay as they are */

static bool div8(struct cpu *cpu, uint32_t v)
{
    uint32_t n = R16_ACC;
    if (v == 0 || n / v > 0xFF) {
        return false;
    }
    reg16_set(cpu, EAX, (n % v) << 8 | n / v);
    return true;
}

static bool idiv8(struct cpu *cpu, uint32_t v)
{
    int32_t n = (int16_t)R16_ACC, d = (int8_t)v;
    if (d == 0 || n / d != (int8_t)(n / d)) {
        return false;
    }
    reg16_set(cpu, EAX, ((uint32_t)(n % d) & 0xFF) << 8 | ((uint32_t)(n / d) & 0xFF));
    return true;
}

static bool div16(struct cpu *cpu, uint32_t v)
{
    uint32_t n = (uint32_t)reg16(cpu, EDX) << 16 | R16_ACC;
    if (v == 0 || n / v > 0xFFFF) {
        return false;
    }
    reg16_set(cpu, EAX, n / v);
    reg16_set(cpu, EDX, n % v);
    return true;
}

static bool idiv16(struct cpu *cpu, uint32_t v)
{
    int64_t n = (int32_t)((uint32_t)reg16(cpu, EDX) << 16 | R16_ACC), d = (int16_t)v;
    if (d == 0 || n / d != (int16_t)(n / d)) {
        return false;
    }
    reg16_set(cpu, EAX, (uint32_t)(n / d));
    reg16_set(cpu, EDX, (uint32_t)(n % d));
    return true;
}

static bool div32(struct cpu *cpu, uint32_t v)
{
    uint64_t n = (uint64_t)cpu->r[EDX] << 32 | cpu->r[EAX];
    if (v == 0 || n / v > UINT32_MAX) {
        return false;
    }
    cpu->r[EAX] = (uint32_t)(n / v);
    cpu->r[EDX] = (uint32_t)(n % v);
    return true;
}

static bool idiv32(struct cpu *cpu, uint32_t v)
{
    int64_t n = (int64_t)((uint64_t)cpu->r[EDX] << 32 | cpu->r[EAX]), d = (int32_t)v;
    if (d == 0 || (n == INT64_MIN && d == -1) || n / d != (int32_t)(n / d)) {
        return false;
    }
    cpu->r[EAX] = (uint32_t)(n / d);
    cpu->r[EDX] = (uint32_t)(n % d);
    return true;
}

#define MULTIPLY(OP, op)                                                                       \
    EXEC(OP##_Eb_r)                                                                            \
    {                                                                                          \
        op##8(cpu, R8(b));                                                                     \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_Eb_m)                                                                            \
    {                                                                                          \
        op##8(cpu, lmem_r8(cpu, i, i->seg, insn_ea(cpu, i)));                                  \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_Ev_r16)                                                                          \
    {                                                                                          \
        op##16(cpu, R16(b));                                                                   \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_Ev_m16)                                                                          \
    {                                                                                          \
        op##16(cpu, lmem_r16(cpu, i, i->seg, insn_ea(cpu, i)));                                \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_Ev_r32)                                                                          \
    {                                                                                          \
        op##32(cpu, R32(b));                                                                   \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_Ev_m32)                                                                          \
    {                                                                                          \
        op##32(cpu, lmem_r32(cpu, i, i->seg, insn_ea(cpu, i)));                                \
        NEXT();                                                                                \
    }

#define DIVIDE_FORM(NAME, N, op, VALUE)                                                        \
    EXEC(NAME)                                                                                 \
    {                                                                                          \
        if (UNLIKELY(!op##N(cpu, VALUE))) {                                                    \
            trap_raise(cpu, i, EXC_DE, 0);                                                     \
        }                                                                                      \
        NEXT();                                                                                \
    }
#define DIVIDE(OP, op)                                                                         \
    DIVIDE_FORM(OP##_Eb_r, 8, op, R8(b))                                                       \
    DIVIDE_FORM(OP##_Eb_m, 8, op, lmem_r8(cpu, i, i->seg, insn_ea(cpu, i)))                    \
    DIVIDE_FORM(OP##_Ev_r16, 16, op, R16(b))                                                   \
    DIVIDE_FORM(OP##_Ev_m16, 16, op, lmem_r16(cpu, i, i->seg, insn_ea(cpu, i)))                \
    DIVIDE_FORM(OP##_Ev_r32, 32, op, R32(b))                                                   \
    DIVIDE_FORM(OP##_Ev_m32, 32, op, lmem_r32(cpu, i, i->seg, insn_ea(cpu, i)))

// clang-format off
MULTIPLY(MUL, mul)
MULTIPLY(IMUL, imul)
DIVIDE(DIV, div)
DIVIDE(IDIV, idiv)
// clang-format on

/* ---- IMUL with two and three operands */

static uint32_t imul_2_16(struct cpu *cpu, uint32_t x, uint32_t y)
{
    int32_t r = (int16_t)x * (int16_t)y;
    mul_flags(cpu, sext16((uint32_t)r), r != (int16_t)r);
    return (uint32_t)r;
}

static uint32_t imul_2_32(struct cpu *cpu, uint32_t x, uint32_t y)
{
    return alu_imul32(FL, x, y);
}

#define IMUL_FORM(NAME, N, SET, X, Y)                                                          \
    EXEC(NAME)                                                                                 \
    {                                                                                          \
        SET(i->a, imul_2_##N(cpu, X, Y));                                                      \
        NEXT();                                                                                \
    }
IMUL_FORM(IMUL_GvEv_r16, 16, SET16, R16(a), R16(b))
IMUL_FORM(IMUL_GvEv_m16, 16, SET16, R16(a), lmem_r16(cpu, i, i->seg, insn_ea(cpu, i)))
IMUL_FORM(IMUL_GvEv_r32, 32, SET32, R32(a), R32(b))
IMUL_FORM(IMUL_GvEv_m32, 32, SET32, R32(a), lmem_r32(cpu, i, i->seg, insn_ea(cpu, i)))
IMUL_FORM(IMUL_GvEvIz_r16, 16, SET16, R16(b), i->imm)
IMUL_FORM(IMUL_GvEvIz_m16, 16, SET16, lmem_r16(cpu, i, i->seg, insn_ea(cpu, i)), i->imm)
IMUL_FORM(IMUL_GvEvIz_r32, 32, SET32, R32(b), i->imm)
IMUL_FORM(IMUL_GvEvIz_m32, 32, SET32, lmem_r32(cpu, i, i->seg, insn_ea(cpu, i)), i->imm)
