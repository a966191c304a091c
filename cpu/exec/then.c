/* cpu/exec/then.c -- two instructions in one handler (cpu/forms.h): A, and B behind it.
 *
 * What is saved is a dispatch: an indirect jump of the host's, which costs more than most of
 * what a handler does; and the flags of A, where the compiler sees that B replaces them. The
 * commonest instructions are stamped with each other; and with jumps behind them, which are
 * gone on to by a direct jump.
 *
 * i is A's record, then B's. A miss in either goes on as that one's plain handler.
 */
#include "cpu/alu_shift.h"
#include "cpu/engine.h"
#include "cpu/exec/cond.h"
#include "cpu/exec/flat.h"
#include "cpu/exec/noflags.h"
#include "cpu/forms.h"

#define R32(n) (cpu->r[i->n])
#define FL     (&cpu->flags)

/* p: where size bytes of operand FORM are; else as NAME, the plain handler. */
#define FIND_RD(NAME, FORM, size)                                                              \
    uint8_t *p;                                                                                \
    if (UNLIKELY(!FLAT_RD(FORM, size, &p))) {                                                  \
        INSTEAD(NAME);                                                                         \
    }
#define FIND_WR(NAME, FORM, size)                                                              \
    uint8_t *p;                                                                                \
    if (UNLIKELY(!FLAT_WR(FORM, size, &p))) {                                                  \
        INSTEAD(NAME);                                                                         \
    }
#define FIND_STACK(NAME, MAP, la)                                                              \
    uint8_t *p;                                                                                \
    if (UNLIKELY(!flat_##MAP(cpu, la, 4, &p))) {                                               \
        INSTEAD(NAME);                                                                         \
    }

/* A count of 0 changes nothing. */
#define SHIFT_BY_IMM(op)                                                                       \
    if (LIKELY(i->imm & 31)) {                                                                 \
        R32(b) = alu_##op##32(FL, R32(b), i->imm & 31);                                        \
    }

// clang-format off
#define DO_MOV_GvEv_m32_b   FIND_RD(MOV_GvEv_m32, b, 4) R32(a) = load_le32(p);
#define DO_MOV_GvEv_m32_x   FIND_RD(MOV_GvEv_m32, x, 4) R32(a) = load_le32(p);
#define DO_MOV_GvEv_m32_s   FIND_RD(MOV_GvEv_m32, s, 4) R32(a) = load_le32(p);
#define DO_MOV_GbEb_m_b     FIND_RD(MOV_GbEb_m, b, 1) *reg8(cpu, i->a) = *p;
#define DO_MOVZX_GvEw_m32_x FIND_RD(MOVZX_GvEw_m32, x, 2) R32(a) = load_le16(p);
#define DO_MOV_EvGv_m32_x   FIND_WR(MOV_EvGv_m32, x, 4) store_le32(p, R32(a));
#define DO_MOV_EvGv_m32_b   FIND_WR(MOV_EvGv_m32, b, 4) store_le32(p, R32(a));
#define DO_MOVZX_GvEw_m32_b FIND_RD(MOVZX_GvEw_m32, b, 2) R32(a) = load_le16(p);
#define DO_MOVZX_GvEb_m32_b FIND_RD(MOVZX_GvEb_m32, b, 1) R32(a) = *p;
#define DO_MOVSX_GvEw_m32_b FIND_RD(MOVSX_GvEw_m32, b, 2) R32(a) = (uint32_t)sext16(load_le16(p));
#define DO_PUSH_Zv_32_flat  FIND_STACK(PUSH_Zv_32, wr, cpu->r[ESP] - 4) store_le32(p, R32(a)); cpu->r[ESP] -= 4;
#define DO_POP_Zv_32_flat   FIND_STACK(POP_Zv_32, rd, cpu->r[ESP]) cpu->r[ESP] += 4; R32(a) = load_le32(p);
#define DO_MOV_EvGv_r32     R32(b) = R32(a);
#define DO_MOV_ZvIv_32      R32(a) = i->imm;
#define DO_MOVZX_GvEb_r32   R32(a) = *reg8(cpu, i->b);
#define DO_MOVZX_GvEw_r32   R32(a) = reg16(cpu, i->b);
#define DO_LEA_m32_b        R32(a) = FLAT_EA_b;
#define DO_LEA_m32_x        R32(a) = FLAT_EA_x;
#define DO_ADD_EvGv_r32     R32(b) = alu_add32(FL, R32(b), R32(a));
#define DO_SUB_EvGv_r32     R32(b) = alu_sub32(FL, R32(b), R32(a));
#define DO_AND_EvGv_r32     R32(b) = alu_and32(FL, R32(b), R32(a));
#define DO_OR_EvGv_r32      R32(b) = alu_or32(FL, R32(b), R32(a));
#define DO_XOR_EvGv_r32     R32(b) = alu_xor32(FL, R32(b), R32(a));
#define DO_CMP_EvGv_r32     alu_sub32(FL, R32(b), R32(a));
#define DO_TEST_EvGv_r32    alu_and32(FL, R32(b), R32(a));
#define DO_ADD_EvIz_r32     R32(b) = alu_add32(FL, R32(b), i->imm);
#define DO_SUB_EvIz_r32     R32(b) = alu_sub32(FL, R32(b), i->imm);
#define DO_AND_EvIz_r32     R32(b) = alu_and32(FL, R32(b), i->imm);
#define DO_XOR_EvIz_r32     R32(b) = alu_xor32(FL, R32(b), i->imm);
#define DO_INC_Zv_32        R32(a) = alu_inc32(FL, R32(a));
#define DO_DEC_Zv_32        R32(a) = alu_dec32(FL, R32(a));
#define DO_SHL_EvIb_r32     SHIFT_BY_IMM(shl)
#define DO_SHR_EvIb_r32     SHIFT_BY_IMM(shr)
#define DO_SAR_EvIb_r32     SHIFT_BY_IMM(sar)
#define DO_ROL_EvIb_r32     SHIFT_BY_IMM(rol)
#define DO_ROR_EvIb_r32     SHIFT_BY_IMM(ror)
#define DO_IMUL_GvEv_r32    R32(a) = alu_imul32(FL, R32(a), R32(b));

#define DO_ADC_EvGv_r32     R32(b) = alu_adc32(FL, R32(b), R32(a));
#define DO_CMOVNB_m32_b     FIND_RD(CMOVNB_m32, b, 4) R32(a) = COND_NB(FL) ? load_le32(p) : R32(a);
#define DO_ADD_GvEv_m32_x   FIND_RD(ADD_GvEv_m32, x, 4) R32(a) = alu_add32(FL, R32(a), load_le32(p));
#define DO_SETB_r           reg8_set(cpu, i->b, COND_B(FL));
#define DO_SETL_r           reg8_set(cpu, i->b, COND_L(FL));
#define DO_SETNLE_r         reg8_set(cpu, i->b, COND_NLE(FL));

#define THEN(A, B)                                                                             \
    EXEC(A##_then_##B)                                                                         \
    {                                                                                          \
        { DO_##A }                                                                             \
        i++;                                                                                   \
        { DO_##B }                                                                             \
        NEXT();                                                                                \
    }
#define THEN_GO(A, B)                                                                          \
    EXEC(A##_then_##B)                                                                         \
    {                                                                                          \
        { DO_##A }                                                                             \
        i++;                                                                                   \
        INSTEAD(B);                                                                            \
    }
#define THEN_THEN(A, B, C)                                                                     \
    EXEC(A##_then_##B##_then_##C)                                                              \
    {                                                                                          \
        { DO_##A }                                                                             \
        i++;                                                                                   \
        { DO_##B }                                                                             \
        i++;                                                                                   \
        { DO_##C }                                                                             \
        NEXT();                                                                                \
    }
#define TAIL_HANDLER(A, B) extern exec_fn exec_##B;
#define ALL(A) FOR_SECOND(THEN, A) FOR_GOING(THEN_GO, A)
#define THRICE_B(A, B) FOR_THRICE_C(THEN_THEN, A, B)
#define THRICE(A) FOR_THRICE_B(THRICE_B, A)
#ifndef TERRAPIN_NO_THEN
FOR_GOING(TAIL_HANDLER,)
FOR_FIRST(ALL)
FOR_THRICE(THRICE)
#endif
// clang-format on
