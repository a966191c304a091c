/* cpu/exec/fuse.c -- fused forms (cpu/forms.h): an instruction that sets flags, and the Jcc
 * behind it, whose condition is taken from the operands. The flags are left as the first one
 * leaves them. i + 1 is the jump's record, i + 2 the block's end, where it falls through. */
#include "cpu/alu.h"
#include "cpu/engine.h"
#include "cpu/exec/flat.h"
#include "cpu/forms.h"

#define R8(n)  (*reg8(cpu, i->n))
#define R32(n) (cpu->r[i->n])
#define FL     (&cpu->flags)

/* Conditions after x - y in N bits (SDM 1 appendix B). */
#define IF_B(N, x, y)   ((uint##N##_t)(x) < (uint##N##_t)(y))
#define IF_NB(N, x, y)  ((uint##N##_t)(x) >= (uint##N##_t)(y))
#define IF_BE(N, x, y)  ((uint##N##_t)(x) <= (uint##N##_t)(y))
#define IF_NBE(N, x, y) ((uint##N##_t)(x) > (uint##N##_t)(y))
#define IF_L(N, x, y)   ((int##N##_t)(x) < (int##N##_t)(y))
#define IF_NL(N, x, y)  ((int##N##_t)(x) >= (int##N##_t)(y))
#define IF_LE(N, x, y)  ((int##N##_t)(x) <= (int##N##_t)(y))
#define IF_NLE(N, x, y) ((int##N##_t)(x) > (int##N##_t)(y))
#define IF_Z(N, x, y)   ((uint##N##_t)(x) == (uint##N##_t)(y))
#define IF_NZ(N, x, y)  ((uint##N##_t)(x) != (uint##N##_t)(y))
#define IF_S(N, x, y)   ((int##N##_t)((x) - (y)) < 0)
#define IF_NS(N, x, y)  ((int##N##_t)((x) - (y)) >= 0)

/* Two jumps, so that the host predicts the condition, which it knows early, and not the target,
 * which it knows late. */
#define JUMP_IF(condition)                                                                     \
    do {                                                                                       \
        if (condition) {                                                                       \
            i++;                                                                               \
            GOTO_LINK(cpu->eip + i->imm);                                                      \
        }                                                                                      \
        i += 2;                                                                                \
        GOTO_LINK(cpu->eip + i->imm);                                                          \
    } while (0)

/* For each condition CC of a set: exec_NAME_J<CC>, with the operands X and Y of the comparison
 * that the condition is about, after STATEMENT. */
#define PAIR(NAME, CC, N, X, Y, STATEMENT)                                                     \
    EXEC(NAME##_J##CC)                                                                         \
    {                                                                                          \
        uint32_t x = (X), y = (Y);                                                             \
        STATEMENT;                                                                             \
        JUMP_IF(IF_##CC(N, x, y));                                                             \
    }

/* x: the memory operand, or by VALUES the register. */
#define MEMORY_PAIR(NAME, FORM, CC, N, X, Y, STATEMENT)                                        \
    EXEC(NAME##_##FORM##_J##CC)                                                                \
    {                                                                                          \
        uint8_t *p;                                                                            \
        if (UNLIKELY(!FLAT_RD(FORM, (N) / 8, &p))) {                                           \
            INSTEAD(NAME);                                                                     \
        }                                                                                      \
        uint32_t m = FLAT_LOAD_##N(p), x = (X), y = (Y);                                       \
        STATEMENT;                                                                             \
        JUMP_IF(IF_##CC(N, x, y));                                                             \
    }

// clang-format off
#define CMP_EvGv_r32(n, code, CC) PAIR(CMP_EvGv_r32, CC, 32, R32(b), R32(a), alu_sub32(FL, x, y))
#define CMP_GvEv_r32(n, code, CC) PAIR(CMP_GvEv_r32, CC, 32, R32(a), R32(b), alu_sub32(FL, x, y))
#define CMP_EvIz_r32(n, code, CC) PAIR(CMP_EvIz_r32, CC, 32, R32(b), i->imm, alu_sub32(FL, x, y))
#define CMP_EbGb_r(n, code, CC)   PAIR(CMP_EbGb_r, CC, 8, R8(b), R8(a), alu_sub8(FL, x, y))
#define CMP_EbIb_r(n, code, CC)   PAIR(CMP_EbIb_r, CC, 8, R8(b), i->imm, alu_sub8(FL, x, y))
FOR_COMPARED(CMP_EvGv_r32,)
FOR_COMPARED(CMP_GvEv_r32,)
FOR_COMPARED(CMP_EvIz_r32,)
FOR_COMPARED(CMP_EbGb_r,)
FOR_COMPARED(CMP_EbIb_r,)

#define CMP_EvGv_m32(F, code, CC) MEMORY_PAIR(CMP_EvGv_m32, F, CC, 32, m, R32(a), alu_sub32(FL, x, y))
#define CMP_GvEv_m32(F, code, CC) MEMORY_PAIR(CMP_GvEv_m32, F, CC, 32, R32(a), m, alu_sub32(FL, x, y))
#define CMP_EvIz_m32(F, code, CC) MEMORY_PAIR(CMP_EvIz_m32, F, CC, 32, m, i->imm, alu_sub32(FL, x, y))
#define CMP_EbIb_m(F, code, CC)   MEMORY_PAIR(CMP_EbIb_m, F, CC, 8, m, i->imm, alu_sub8(FL, x, y))
#define CMP_EbGb_m(F, code, CC)   MEMORY_PAIR(CMP_EbGb_m, F, CC, 8, m, R8(a), alu_sub8(FL, x, y))
#define SUB_GvEv_m32(F, code, CC) MEMORY_PAIR(SUB_GvEv_m32, F, CC, 32, R32(a), m, R32(a) = alu_sub32(FL, x, y))
#define CMP_GbEb_m(F, code, CC)   MEMORY_PAIR(CMP_GbEb_m, F, CC, 8, R8(a), m, alu_sub8(FL, x, y))
FOR_COMPARED(CMP_EvGv_m32, b)
FOR_COMPARED(CMP_EvGv_m32, x)
FOR_COMPARED(CMP_GvEv_m32, b)
FOR_COMPARED(CMP_GvEv_m32, x)
FOR_COMPARED(CMP_EvIz_m32, b)
FOR_COMPARED(CMP_EvIz_m32, x)
FOR_COMPARED(CMP_EbIb_m, b)
FOR_COMPARED(CMP_EbIb_m, x)
FOR_COMPARED(CMP_EbGb_m, b)
FOR_COMPARED(CMP_EbGb_m, x)
FOR_COMPARED(CMP_GbEb_m, b)
FOR_COMPARED(CMP_GbEb_m, x)
FOR_COMPARED(SUB_GvEv_m32, b)

#define SUB_EvGv_r32(n, code, CC) PAIR(SUB_EvGv_r32, CC, 32, R32(b), R32(a), R32(b) = alu_sub32(FL, x, y))
#define SUB_EvIz_r32(n, code, CC) PAIR(SUB_EvIz_r32, CC, 32, R32(b), i->imm, R32(b) = alu_sub32(FL, x, y))
FOR_COMPARED(SUB_EvGv_r32,)
FOR_COMPARED(SUB_EvIz_r32,)

/* A logical result compares with 0: carry and overflow are clear. */
#define TEST_EvGv_r32(n, code, CC) PAIR(TEST_EvGv_r32, CC, 32, R32(b) & R32(a), 0, alu_logic32(FL, x))
#define TEST_EbGb_r(n, code, CC)   PAIR(TEST_EbGb_r, CC, 8, R8(b) & R8(a), 0, alu_logic8(FL, x))
#define TEST_EvIz_r32(n, code, CC) PAIR(TEST_EvIz_r32, CC, 32, R32(b) & i->imm, 0, alu_logic32(FL, x))
#define TEST_EbIb_r(n, code, CC)   PAIR(TEST_EbIb_r, CC, 8, R8(b) & i->imm, 0, alu_logic8(FL, x))
#define TEST_EbIb_m(F, code, CC)   MEMORY_PAIR(TEST_EbIb_m, F, CC, 8, m & i->imm, 0, alu_logic8(FL, x))
#define TEST_EvGv_m32(F, code, CC) MEMORY_PAIR(TEST_EvGv_m32, F, CC, 32, m & R32(a), 0, alu_logic32(FL, x))
#define AND_GvEv_m32(F, code, CC)  MEMORY_PAIR(AND_GvEv_m32, F, CC, 32, m & R32(a), 0, R32(a) = alu_logic32(FL, x))
#define XOR_EvGv_r32(n, code, CC) PAIR(XOR_EvGv_r32, CC, 32, R32(b) ^ R32(a), 0, R32(b) = alu_logic32(FL, x))
#define AND_EvIz_r32(n, code, CC) PAIR(AND_EvIz_r32, CC, 32, R32(b) & i->imm, 0, R32(b) = alu_logic32(FL, x))
#define AND_EvGv_r32(n, code, CC) PAIR(AND_EvGv_r32, CC, 32, R32(b) & R32(a), 0, R32(b) = alu_logic32(FL, x))
#define OR_EvGv_r32(n, code, CC)  PAIR(OR_EvGv_r32, CC, 32, R32(b) | R32(a), 0, R32(b) = alu_logic32(FL, x))
FOR_SIGNED(TEST_EvGv_r32,)
FOR_SIGNED(TEST_EbGb_r,)
FOR_SIGNED(TEST_EvIz_r32,)
FOR_SIGNED(TEST_EbIb_r,)
FOR_SIGNED(TEST_EbIb_m, b)
FOR_SIGNED(AND_EvIz_r32,)
FOR_SIGNED(AND_EvGv_r32,)
FOR_SIGNED(OR_EvGv_r32,)
FOR_SIGNED(XOR_EvGv_r32,)
FOR_SIGNED(TEST_EvGv_m32, b)
FOR_SIGNED(AND_GvEv_m32, b)

/* A sum's zero and sign are those of the sum against 0. */
#define ADD_EvIz_r32(n, code, CC) PAIR(ADD_EvIz_r32, CC, 32, R32(b) + i->imm, 0, R32(b) = alu_add32(FL, R32(b), i->imm))
#define ADD_EvGv_r32(n, code, CC) PAIR(ADD_EvGv_r32, CC, 32, R32(b) + R32(a), 0, R32(b) = alu_add32(FL, R32(b), R32(a)))
#define INC_Zv_32(n, code, CC) PAIR(INC_Zv_32, CC, 32, R32(a) + 1, 0, R32(a) = alu_inc32(FL, R32(a)))
#define DEC_Zv_32(n, code, CC) PAIR(DEC_Zv_32, CC, 32, R32(a) - 1, 0, R32(a) = alu_dec32(FL, R32(a)))
FOR_ZERO(ADD_EvIz_r32,)
FOR_ZERO(INC_Zv_32,)
FOR_ZERO(DEC_Zv_32,)
FOR_ZERO(ADD_EvGv_r32,)

/* … in memory: the new value goes where the old one was. */
#define DEC_Ev_m32_b(n, code, CC)                                                              \
    EXEC(DEC_Ev_m32_b_J##CC)                                                                   \
    {                                                                                          \
        uint8_t *p;                                                                            \
        if (UNLIKELY(!FLAT_WR(b, 4, &p))) {                                       \
            INSTEAD(DEC_Ev_m32);                                                               \
        }                                                                                      \
        uint32_t x = alu_dec32(FL, load_le32(p));                                              \
        store_le32(p, x);                                                                      \
        JUMP_IF(IF_##CC(32, x, 0));                                                            \
    }
FOR_ZERO(DEC_Ev_m32_b,)
// clang-format on
