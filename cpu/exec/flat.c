/* cpu/exec/flat.c -- flat forms (cpu/forms.h) of instructions that touch memory. Each finds its
 * host address first; without one it goes on as the plain handler. */
#include "cpu/alu.h"
#include "cpu/engine.h"
#include "cpu/exec/cond.h"
#include "cpu/exec/flat.h"

#define R8(n)  (*reg8(cpu, i->n))
#define R32(n) (cpu->r[i->n])
#define FL     (&cpu->flags)

/* STATEMENT uses v, the operand. */
#define LOAD_FORM(NAME, FORM, N, STATEMENT)                                                    \
    EXEC(NAME##_##FORM)                                                                        \
    {                                                                                          \
        uint8_t *p;                                                                            \
        if (UNLIKELY(!FLAT_RD(FORM, (N) / 8, &p))) {                                           \
            INSTEAD(NAME);                                                                     \
        }                                                                                      \
        uint32_t v = FLAT_LOAD_##N(p);                                                         \
        STATEMENT;                                                                             \
        NEXT();                                                                                \
    }
#define LOAD(NAME, N, STATEMENT)                                                               \
    LOAD_FORM(NAME, b, N, STATEMENT)                                                           \
    LOAD_FORM(NAME, x, N, STATEMENT) LOAD_FORM(NAME, s, N, STATEMENT)

#define STORE_FORM(NAME, FORM, N, VALUE)                                                       \
    EXEC(NAME##_##FORM)                                                                        \
    {                                                                                          \
        uint8_t *p;                                                                            \
        if (UNLIKELY(!FLAT_WR(FORM, (N) / 8, &p))) {                                           \
            INSTEAD(NAME);                                                                     \
        }                                                                                      \
        FLAT_STORE_##N(p, (uint##N##_t)(VALUE));                                               \
        NEXT();                                                                                \
    }
#define STORE(NAME, N, VALUE)                                                                  \
    STORE_FORM(NAME, b, N, VALUE)                                                              \
    STORE_FORM(NAME, x, N, VALUE) STORE_FORM(NAME, s, N, VALUE)

/* VALUE uses v, the old one. */
#define MODIFY_FORM(NAME, FORM, N, VALUE)                                                      \
    EXEC(NAME##_##FORM)                                                                        \
    {                                                                                          \
        uint8_t *p;                                                                            \
        if (UNLIKELY(!FLAT_WR(FORM, (N) / 8, &p))) {                                           \
            INSTEAD(NAME);                                                                     \
        }                                                                                      \
        uint32_t v = FLAT_LOAD_##N(p);                                                         \
        FLAT_STORE_##N(p, (uint##N##_t)(VALUE));                                               \
        NEXT();                                                                                \
    }
#define MODIFY(NAME, N, VALUE)                                                                 \
    MODIFY_FORM(NAME, b, N, VALUE)                                                             \
    MODIFY_FORM(NAME, x, N, VALUE) MODIFY_FORM(NAME, s, N, VALUE)

// clang-format off
LOAD(MOV_GvEv_m32, 32, R32(a) = v)
LOAD(MOV_GvEv_m16, 16, reg16_set(cpu, i->a, v))
LOAD(MOV_GbEb_m, 8, R8(a) = (uint8_t)v)
LOAD(MOVZX_GvEb_m32, 8, R32(a) = v)
LOAD(MOVZX_GvEw_m32, 16, R32(a) = v)
LOAD(MOVSX_GvEb_m32, 8, R32(a) = (uint32_t)sext8(v))
LOAD(MOVSX_GvEw_m32, 16, R32(a) = (uint32_t)sext16(v))
LOAD(ADD_GvEv_m32, 32, R32(a) = alu_add32(FL, R32(a), v))
LOAD(OR_GvEv_m32, 32, R32(a) = alu_or32(FL, R32(a), v))
LOAD(ADC_GvEv_m32, 32, R32(a) = alu_adc32(FL, R32(a), v))
LOAD(SBB_GvEv_m32, 32, R32(a) = alu_sbb32(FL, R32(a), v))
LOAD(AND_GvEv_m32, 32, R32(a) = alu_and32(FL, R32(a), v))
LOAD(SUB_GvEv_m32, 32, R32(a) = alu_sub32(FL, R32(a), v))
LOAD(XOR_GvEv_m32, 32, R32(a) = alu_xor32(FL, R32(a), v))
LOAD(CMP_GvEv_m32, 32, alu_sub32(FL, R32(a), v))
LOAD(CMP_EvGv_m32, 32, alu_sub32(FL, v, R32(a)))
LOAD(CMP_EvIz_m32, 32, alu_sub32(FL, v, i->imm))
LOAD(CMP_EbIb_m, 8, alu_sub8(FL, v, i->imm))
LOAD(CMP_GbEb_m, 8, alu_sub8(FL, R8(a), v))
LOAD(CMP_EbGb_m, 8, alu_sub8(FL, v, R8(a)))
LOAD(TEST_EvGv_m32, 32, alu_and32(FL, v, R32(a)))
LOAD(TEST_EvIz_m32, 32, alu_and32(FL, v, i->imm))
LOAD(TEST_EbIb_m, 8, alu_and8(FL, v, i->imm))
#define CMOV(CC) LOAD(CMOV##CC##_m32, 32, R32(a) = COND_##CC(FL) ? v : R32(a))
CMOV(B) CMOV(NB) CMOV(Z) CMOV(NZ) CMOV(BE) CMOV(NBE)
CMOV(S) CMOV(NS) CMOV(L) CMOV(NL) CMOV(LE) CMOV(NLE)

STORE(MOV_EvGv_m32, 32, R32(a))
STORE(MOV_EvGv_m16, 16, R32(a))
STORE(MOV_EbGb_m, 8, R8(a))
STORE(MOV_EvIz_m32, 32, i->imm)
STORE(MOV_EvIz_m16, 16, i->imm)
STORE(MOV_EbIb_m, 8, i->imm)

MODIFY(ADD_EvGv_m32, 32, alu_add32(FL, v, R32(a)))
MODIFY(ADC_EvGv_m32, 32, alu_adc32(FL, v, R32(a)))
MODIFY(SBB_EvGv_m32, 32, alu_sbb32(FL, v, R32(a)))
MODIFY(OR_EvGv_m32, 32, alu_or32(FL, v, R32(a)))
MODIFY(AND_EvGv_m32, 32, alu_and32(FL, v, R32(a)))
MODIFY(SUB_EvGv_m32, 32, alu_sub32(FL, v, R32(a)))
MODIFY(XOR_EvGv_m32, 32, alu_xor32(FL, v, R32(a)))
MODIFY(ADD_EvIz_m32, 32, alu_add32(FL, v, i->imm))
MODIFY(ADC_EvIz_m32, 32, alu_adc32(FL, v, i->imm))
MODIFY(SBB_EvIz_m32, 32, alu_sbb32(FL, v, i->imm))
MODIFY(OR_EvIz_m32, 32, alu_or32(FL, v, i->imm))
MODIFY(AND_EvIz_m32, 32, alu_and32(FL, v, i->imm))
MODIFY(SUB_EvIz_m32, 32, alu_sub32(FL, v, i->imm))
MODIFY(OR_EbIb_m, 8, alu_or8(FL, v, i->imm))
MODIFY(AND_EbIb_m, 8, alu_and8(FL, v, i->imm))
MODIFY(INC_Ev_m32, 32, alu_inc32(FL, v))
MODIFY(DEC_Ev_m32, 32, alu_dec32(FL, v))
// clang-format on

#define XCHG_FORM(FORM)                                                                        \
    EXEC(XCHG_EvGv_m32_##FORM)                                                                 \
    {                                                                                          \
        uint8_t *p;                                                                            \
        if (UNLIKELY(!FLAT_WR(FORM, 4, &p))) {                                                 \
            INSTEAD(XCHG_EvGv_m32);                                                            \
        }                                                                                      \
        uint32_t v = load_le32(p);                                                             \
        store_le32(p, R32(a));                                                                 \
        R32(a) = v;                                                                            \
        NEXT();                                                                                \
    }
    // clang-format off
XCHG_FORM(b)
XCHG_FORM(x)
XCHG_FORM(s)
// clang-format on

#define LEA_FORM(FORM)                                                                         \
    EXEC(LEA_m32_##FORM)                                                                       \
    {                                                                                          \
        R32(a) = FLAT_EA_##FORM;                                                               \
        NEXT();                                                                                \
    }
    // clang-format off
LEA_FORM(b)
LEA_FORM(x)
// clang-format on

/* ---- stack: ESP is committed after the access. p: the place, or NULL */

#define PUSH_AT flat_wr(cpu, cpu->r[ESP] - 4, 4, &p)
#define POP_AT  flat_rd(cpu, cpu->r[ESP], 4, &p)

#define PUSH(NAME, SUFFIX, VALUE)                                                              \
    EXEC(NAME##_##SUFFIX)                                                                      \
    {                                                                                          \
        uint8_t *p;                                                                            \
        if (UNLIKELY(!PUSH_AT)) {                                                              \
            INSTEAD(NAME);                                                                     \
        }                                                                                      \
        store_le32(p, VALUE);                                                                  \
        cpu->r[ESP] -= 4;                                                                      \
        NEXT();                                                                                \
    }
    // clang-format off
PUSH(PUSH_Zv_32, flat, R32(a))
PUSH(PUSH_Iz_32, flat, i->imm)
// clang-format on

#define PUSH_MEMORY(FORM)                                                                      \
    EXEC(PUSH_Ev_m32_##FORM)                                                                   \
    {                                                                                          \
        uint8_t *from, *p;                                                                     \
        if (UNLIKELY(!FLAT_RD(FORM, 4, &from) || !PUSH_AT)) {                                  \
            INSTEAD(PUSH_Ev_m32);                                                              \
        }                                                                                      \
        store_le32(p, load_le32(from));                                                        \
        cpu->r[ESP] -= 4;                                                                      \
        NEXT();                                                                                \
    }
    // clang-format off
PUSH_MEMORY(b)
PUSH_MEMORY(x)
PUSH_MEMORY(s)
    // clang-format on

    EXEC(POP_Zv_32_flat)
{
    uint8_t *p;
    if (UNLIKELY(!POP_AT)) {
        INSTEAD(POP_Zv_32);
    }
    cpu->r[ESP] += 4;
    R32(a) = load_le32(p); /* POP ESP: the value read wins */
    NEXT();
}

EXEC(LEAVE_32_flat)
{
    uint8_t *p;
    if (UNLIKELY(!flat_rd(cpu, cpu->r[EBP], 4, &p))) {
        INSTEAD(LEAVE_32);
    }
    cpu->r[ESP] = cpu->r[EBP] + 4;
    cpu->r[EBP] = load_le32(p);
    NEXT();
}

/* ---- transfers: a target near CS's limit is the plain handler's affair, too */

EXEC(CALL_32_flat)
{
    uint8_t *p;
    eaddr target = cpu->eip + i->imm;
    if (UNLIKELY(!PUSH_AT || target > cpu->eip_max)) {
        INSTEAD(CALL_32);
    }
    store_le32(p, cpu->eip + i->next);
    cpu->r[ESP] -= 4;
    GOTO_LINK(target);
}

EXEC(CALL_Ev_r32_flat)
{
    uint8_t *p;
    eaddr target = R32(b);
    if (UNLIKELY(!PUSH_AT || target > cpu->eip_max)) {
        INSTEAD(CALL_Ev_r32);
    }
    store_le32(p, cpu->eip + i->next);
    cpu->r[ESP] -= 4;
    GOTO_EIP(target);
}

#define INDIRECT(FORM)                                                                         \
    EXEC(CALL_Ev_m32_##FORM)                                                                   \
    {                                                                                          \
        uint8_t *from, *p;                                                                     \
        if (UNLIKELY(!FLAT_RD(FORM, 4, &from) || !PUSH_AT ||                                   \
                     load_le32(from) > cpu->eip_max)) {                                        \
            INSTEAD(CALL_Ev_m32);                                                              \
        }                                                                                      \
        eaddr target = load_le32(from);                                                        \
        store_le32(p, cpu->eip + i->next);                                                     \
        cpu->r[ESP] -= 4;                                                                      \
        GOTO_EIP(target);                                                                      \
    }                                                                                          \
    EXEC(JMP_Ev_m32_##FORM)                                                                    \
    {                                                                                          \
        uint8_t *from;                                                                         \
        if (UNLIKELY(!FLAT_RD(FORM, 4, &from) || load_le32(from) > cpu->eip_max)) {            \
            INSTEAD(JMP_Ev_m32);                                                               \
        }                                                                                      \
        GOTO_EIP(load_le32(from));                                                             \
    }
INDIRECT(b)
INDIRECT(x)
INDIRECT(s)

#define RETURN(NAME, POP)                                                                      \
    EXEC(NAME##_flat)                                                                          \
    {                                                                                          \
        uint8_t *p;                                                                            \
        if (UNLIKELY(!POP_AT || load_le32(p) > cpu->eip_max)) {                                \
            INSTEAD(NAME);                                                                     \
        }                                                                                      \
        cpu->r[ESP] += 4 + (POP);                                                              \
        GOTO_EIP(load_le32(p));                                                                \
    }
RETURN(RET_32, 0)
RETURN(RET_Iw_32, i->imm)
