/* cpu/exec/branch.c -- transfers inside a segment: Jcc JMP CALL RET LOOP JCXZ (SDM 1 5.1.7),
 * and far ones in real and virtual-8086 mode, where CS is a multiplication. With a 16-bit
 * operand size EIP is cut to 16 bits. A target beyond CS's limit is #GP(0) of the transfer
 * itself. */
#include "cpu/engine.h"
#include "cpu/exec/cond.h"
#include "cpu/lmem.h"

#define TARGET_16 ((cpu->eip + i->imm) & 0xFFFF)
#define TARGET_32 (cpu->eip + i->imm)

/* For transfers with side effects: fault before them. */
#define CHECK(target)                                                                          \
    do {                                                                                       \
        if (UNLIKELY((target) > cpu->eip_max)) {                                               \
            engine_check_target(cpu, i, (target));                                             \
        }                                                                                      \
    } while (0)

/* A 16-bit target wraps at 64 KiB, which depends on EIP: the same block, reached by another CS,
 * may jump elsewhere. A link knows one target only, so wrapping jumps are looked up. */
#define BRANCH_16()                                                                            \
    do {                                                                                       \
        if (UNLIKELY(cpu->eip + i->imm > 0xFFFF)) {                                            \
            CHECK(TARGET_16);                                                                  \
            GOTO_EIP(TARGET_16);                                                               \
        }                                                                                      \
        GOTO_LINK(TARGET_16);                                                                  \
    } while (0)
#define BRANCH_32() GOTO_LINK(TARGET_32)

/* Not taken, Jcc falls through to the block's end, a link like its own. */
#define JCC(CC)                                                                                \
    EXEC(J##CC##_16)                                                                           \
    {                                                                                          \
        if (COND_##CC(&cpu->flags)) {                                                          \
            BRANCH_16();                                                                       \
        }                                                                                      \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(J##CC##_32)                                                                           \
    {                                                                                          \
        if (COND_##CC(&cpu->flags)) {                                                          \
            BRANCH_32();                                                                       \
        }                                                                                      \
        i++;                                                                                   \
        BRANCH_32();                                                                           \
    }
FOR_EACH_COND(JCC)

EXEC(JMP_16)
{
    BRANCH_16();
}

EXEC(JMP_32)
{
    BRANCH_32();
}

/* The counter's width is the address size (SDM 2A LOOP). */
static uint32_t count_mask(const struct insn *i)
{
    return UINT32_MAX >> i->wrap;
}

static void count_set(struct cpu *cpu, const struct insn *i, uint32_t v)
{
    uint32_t m = count_mask(i);
    cpu->r[ECX] = (cpu->r[ECX] & ~m) | (v & m);
}

#define LOOP_SIZE(OP, COND, N)                                                                 \
    EXEC(OP##_##N)                                                                             \
    {                                                                                          \
        uint32_t count = (cpu->r[ECX] - 1) & count_mask(i);                                    \
        if (count != 0 && (COND)) {                                                            \
            CHECK(TARGET_##N);                                                                 \
            count_set(cpu, i, count);                                                          \
            BRANCH_##N();                                                                      \
        }                                                                                      \
        count_set(cpu, i, count);                                                              \
        NEXT();                                                                                \
    }
LOOP_SIZE(LOOP, true, 16)
LOOP_SIZE(LOOP, true, 32)
LOOP_SIZE(LOOPZ, flag_z(&cpu->flags), 16)
LOOP_SIZE(LOOPZ, flag_z(&cpu->flags), 32)
LOOP_SIZE(LOOPNZ, !flag_z(&cpu->flags), 16)
LOOP_SIZE(LOOPNZ, !flag_z(&cpu->flags), 32)

EXEC(JCXZ_16)
{
    if ((cpu->r[ECX] & count_mask(i)) == 0) {
        BRANCH_16();
    }
    NEXT();
}

EXEC(JCXZ_32)
{
    if ((cpu->r[ECX] & count_mask(i)) == 0) {
        BRANCH_32();
    }
    NEXT();
}

EXEC(CALL_16)
{
    CHECK(TARGET_16);
    push16(cpu, i, cpu->eip + i->next);
    BRANCH_16();
}

EXEC(CALL_32)
{
    CHECK(TARGET_32);
    push32(cpu, i, cpu->eip + i->next);
    BRANCH_32();
}

#define INDIRECT(SUFFIX, N, VALUE)                                                             \
    EXEC(JMP_Ev_##SUFFIX)                                                                      \
    {                                                                                          \
        eaddr target = VALUE;                                                                  \
        CHECK(target);                                                                         \
        GOTO_EIP(target);                                                                      \
    }                                                                                          \
    EXEC(CALL_Ev_##SUFFIX)                                                                     \
    {                                                                                          \
        eaddr target = VALUE;                                                                  \
        CHECK(target);                                                                         \
        push##N(cpu, i, cpu->eip + i->next);                                                   \
        GOTO_EIP(target);                                                                      \
    }
INDIRECT(r16, 16, reg16(cpu, i->b))
INDIRECT(m16, 16, lmem_r16(cpu, i, i->seg, insn_ea(cpu, i)))
INDIRECT(r32, 32, cpu->r[i->b])
INDIRECT(m32, 32, lmem_r32(cpu, i, i->seg, insn_ea(cpu, i)))

#define RETURN(NAME, N, POP)                                                                   \
    EXEC(NAME)                                                                                 \
    {                                                                                          \
        uint32_t sp = cpu->r[ESP];                                                             \
        eaddr target = lmem_r##N(cpu, i, SEG_SS, sp & stack_mask(cpu));                        \
        CHECK(target);                                                                         \
        stack_set(cpu, sp + (N) / 8 + (POP));                                                  \
        GOTO_EIP(target);                                                                      \
    }
RETURN(RET_16, 16, 0)
RETURN(RET_32, 32, 0)
RETURN(RET_Iw_16, 16, i->imm)
RETURN(RET_Iw_32, 32, i->imm)

/* ---- far, in real and virtual-8086 mode: limit and rights of CS stay */

static void check_far(struct cpu *cpu, const struct insn *i, eaddr target)
{
    engine_check_target(cpu, i, target);
}

#define FAR_REAL(N)                                                                            \
    EXEC(JMP_Ap_real_##N)                                                                      \
    {                                                                                          \
        check_far(cpu, i, i->imm);                                                             \
        seg_load_real(cpu, SEG_CS, i->disp);                                                   \
        GOTO_EIP(i->imm);                                                                      \
    }                                                                                          \
    EXEC(CALL_Ap_real_##N)                                                                     \
    {                                                                                          \
        uint32_t sp = cpu->r[ESP], mask = stack_mask(cpu);                                     \
        eaddr back = cpu->eip + i->next;                                                       \
        check_far(cpu, i, i->imm);                                                             \
        lmem_probe(cpu, i, SEG_SS, (sp - (N) / 4) & mask, (N) / 8, ACCESS_WRITE);              \
        lmem_w##N(cpu, i, SEG_SS, (sp - (N) / 8) & mask, cpu->sel[SEG_CS]);                    \
        lmem_w##N(cpu, i, SEG_SS, (sp - (N) / 4) & mask, back);                                \
        stack_set(cpu, sp - (N) / 4);                                                          \
        seg_load_real(cpu, SEG_CS, i->disp);                                                   \
        GOTO_EIP(i->imm);                                                                      \
    }
FAR_REAL(16)
FAR_REAL(32)

#define RETF_REAL(NAME, N, POP)                                                                \
    EXEC(NAME)                                                                                 \
    {                                                                                          \
        uint32_t sp = cpu->r[ESP], mask = stack_mask(cpu);                                     \
        eaddr target = lmem_r##N(cpu, i, SEG_SS, sp & mask);                                   \
        uint32_t sel = lmem_r16(cpu, i, SEG_SS, (sp + (N) / 8) & mask);                        \
        check_far(cpu, i, target);                                                             \
        stack_set(cpu, sp + (N) / 4 + (POP));                                                  \
        seg_load_real(cpu, SEG_CS, sel);                                                       \
        GOTO_EIP(target);                                                                      \
    }
RETF_REAL(RETF_real_16, 16, 0)
RETF_REAL(RETF_real_32, 32, 0)
RETF_REAL(RETF_Iw_real_16, 16, i->imm)
RETF_REAL(RETF_Iw_real_32, 32, i->imm)
