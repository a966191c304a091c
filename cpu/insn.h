/* cpu/insn.h -- what the instruction table (insn.def) means, and the micro-operation.
 *
 * insn.def has one row an encoding form:
 *
 *   INSN(id, code, body, shape, operands, class, feature, reads, writes, undefined, props)
 *
 *   id        MNEMONIC_Operands in the SDM's letters (SDM 2, appendix A): I_id
 *   code      the opcode: 0xNN, or 0x1NN for 0F NN; INSG rows add the /digit of a group, INSX
 * rows digit and ModRM.rm body      the family of handlers: exec_<body>_<variant> in cpu/exec/
 * for class USER; the other classes are emulated by emu_<body>() in cpu/sys/ shape     which
 * variants there are (enum insn_shape) operands  how operands are encoded (enum insn_operands)
 * class     USER PRIV IOPL HOLE GATE (enum insn_class) feature   of the processor model;
 * without it the code is undefined reads, writes, undefined   arithmetic flags: e.g. SZP,
 * OSZAPC props     FAULT may fault (memory apart), ENDS ends a block, LOCK allowed, PROT #UD
 * outside protected mode, MEM register form is #UD, REG memory form is #UD, NOWAIT executes
 * although an x87 exception is pending
 *
 * INSV rows, all USER, have digit or -1, prefix (enum insn_prefix) and what executing needs
 * (enum insn_needs); where that is missing, emu_SIMD() knows why. MEM, REG: the row is that
 * form of its code, beside which another row may have the other.
 */
#ifndef TERRAPIN_CPU_INSN_H
#define TERRAPIN_CPU_INSN_H

#include "cpu/regs.h"

enum insn_class {
    CLASS_USER, /* innocuous: same effect at any privilege */
    CLASS_PRIV, /* sensitive and privileged: faults at CPL > 0 */
    CLASS_IOPL, /* sensitive, gated by IOPL or the I/O permission bitmap */
    CLASS_HOLE, /* sensitive, and does not trap: why classic x86 was not virtualizable */
    CLASS_GATE, /* leaves by definition: exceptions on purpose, mode-dependent presence */
};

enum insn_shape {
    SHAPE_Z,  /* exec_B */
    SHAPE_ZV, /* exec_B_16, _32 */
    SHAPE_EB, /* exec_B_r, _m: register or memory */
    SHAPE_EV, /* exec_B_r16, _m16, _r32, _m32 */
    SHAPE_MV, /* memory only: exec_B_m16, _m32 */
    SHAPE_SB, /* string, byte: exec_B, and exec_B_rep for F2/F3 */
    SHAPE_SV, /* string: exec_B_16, _rep16, _32, _rep32 */
};

/* Encodings. a: the operand in ModRM.reg or in the opcode; b: the one in ModRM.rm. */
enum insn_operands {
    OPN_none,
    OPN_EbGb,
    OPN_GbEb,
    OPN_EvGv,
    OPN_GvEv, /* ModRM; same encoding either way round */
    OPN_EvGvIb,
    OPN_GvEvIz,
    OPN_GvEvIb, /* SHLD; IMUL with 3 operands (Ib sign-extended) */
    OPN_Eb,
    OPN_Ev,
    OPN_EbIb,
    OPN_EvIz,
    OPN_EvIb,  /* EvIb: sign-extended for ALU */
    OPN_EvIbu, /* zero-extended: shifts, BT */
    OPN_GvEb,
    OPN_GvEw, /* MOVZX, MOVSX, LAR (Ew read) */
    OPN_GvM,
    OPN_M, /* LEA, BOUND, LDS; LGDT */
    OPN_Ew,
    OPN_EwGw, /* LLDT, VERR; ARPL */
    OPN_EvSw,
    OPN_SwEw, /* MOV r/m, Sreg and back; a: segment register */
    OPN_RdCd,
    OPN_CdRd,
    OPN_RdDd,
    OPN_DdRd, /* a: control/debug register, b: general register */
    OPN_ALIb,
    OPN_AXIz, /* accumulator: encoded as EbIb/EvIz with b = accumulator */
    OPN_Zv,
    OPN_ZvIv,
    OPN_ZbIb,
    OPN_ZvAX, /* a (and b): register in the opcode's low 3 bits */
    OPN_Ib,
    OPN_IbAL,
    OPN_Iz,
    OPN_Ibs,
    OPN_Iw,
    OPN_IwIb, /* Ibs: sign-extended */
    OPN_Jb,
    OPN_Jz,
    OPN_Ap,
    OPN_ALOb,
    OPN_AXOv, /* moffs */
    OPN_XY,   /* strings: seg = source segment after prefixes */
    OPN_Sreg, /* PUSH/POP seg: a from the opcode by the row */
    OPN_STi,  /* ST(i): b */
    OPN_RM,
    OPN_RMIb, /* a: ModRM.reg, b: ModRM.rm, of the kind that the body says */
    OPN_RMDI, /* … and memory at [EDI] */
};

/* ModRM.rm of INSX rows, beside 0..7. */
enum { RM_MEM = 8, RM_ANY };

/* INSV rows: the prefix that belongs to the opcode. */
enum insn_prefix { PREFIX_NP, PREFIX_66, PREFIX_F3, PREFIX_F2, PREFIX_COUNT };

/* … and what must be there to execute: MODE_FPU and no pending error, MODE_SSE, both. */
enum insn_needs {
    NEEDS_NONE,
    NEEDS_MMX,
    NEEDS_SSE,
    NEEDS_BOTH, /* XMM and MMX registers */
    NEEDS_FXSR, /* MODE_FPU, whatever is pending */
};

enum cpu_feature {
    FEAT_BASE = 0,
    FEAT_I486OPS = 1 << 0, /* BSWAP INVD WBINVD: kept for -cpu 386, the firmware uses them */
    FEAT_486 = 1 << 1,     /* XADD CMPXCHG INVLPG, AC flag, CR0.WP */
    FEAT_CPUID = 1 << 2,   /* CPUID, ID flag */
    FEAT_VME = 1 << 3,
    FEAT_DE = 1 << 4,
    FEAT_PSE = 1 << 5,
    FEAT_TSC = 1 << 6,
    FEAT_MSR = 1 << 7,
    FEAT_PAE = 1 << 8,
    FEAT_MCE = 1 << 9,
    FEAT_CX8 = 1 << 10,
    FEAT_APIC = 1 << 11,
    FEAT_SEP = 1 << 12,
    FEAT_MTRR = 1 << 13,
    FEAT_PGE = 1 << 14,
    FEAT_MCA = 1 << 15,
    FEAT_CMOV = 1 << 16,
    FEAT_PAT = 1 << 17,
    FEAT_FPU = 1 << 18,
    FEAT_PMC = 1 << 19,  /* RDPMC */
    FEAT_NOPL = 1 << 20, /* 0F 1F and 0F 18..1E hint forms */
    FEAT_MMX = 1 << 21,
    FEAT_FXSR = 1 << 22, /* FXSAVE, FXRSTOR, CR4.OSFXSR */
    FEAT_SSE = 1 << 23,
    FEAT_SSE2 = 1 << 24, /* also MXCSR.DAZ */
    FEAT_SSE3 = 1 << 25,
    FEAT_CLFLUSH = 1 << 26,
    FEAT_PSE36 = 1 << 27,
    FEAT_NX = 1 << 28,
    FEAT_UMIP = 1 << 29,
    FEAT_POPEK = 1 << 30, /* the seventeen trap outside level 0 */
    FEAT_FISTTP = FEAT_FPU | FEAT_SSE3,
    FEAT_FCMOV = FEAT_FPU | FEAT_CMOV, /* FCMOVcc, FCOMI */
};

#define FEAT_POPEK_IRET 0x80000000u /* so does IRET; too large for an enum */

/* Arithmetic flags at their EFLAGS positions, for the table's columns. */
enum {
    C_ = 0x001,
    P_ = 0x004,
    A_ = 0x010,
    Z_ = 0x040,
    S_ = 0x080,
    O_ = 0x800,
    D_ = 0x400,
    NOF = 0,
    OSZAPC = O_ | S_ | Z_ | A_ | P_ | C_,
    OSZAP = O_ | S_ | Z_ | A_ | P_,
    OSZPC = O_ | S_ | Z_ | P_ | C_,
    SZAPC = S_ | Z_ | A_ | P_ | C_,
    SZP = S_ | Z_ | P_,
    OAPC = O_ | A_ | P_ | C_,
    OSAPC = O_ | S_ | A_ | P_ | C_,
    OSZAP_ = OSZAP,
    OC_ = O_ | C_,
    AC_ = A_ | C_,
    OA_ = O_ | A_,
    OSZP = O_ | S_ | Z_ | P_,
    SZAP = S_ | Z_ | A_ | P_,
    OAC_ = O_ | A_ | C_,
    OSAP = O_ | S_ | A_ | P_
};

enum insn_props {
    P_NONE = 0,
    FAULT = 1,
    ENDS = 2,
    LOCK = 4,
    PROT = 8,
    MEM = 16,
    REG = 32,
    NOWAIT = 64
};

enum insn_id {
    I_NONE, /* an empty code: #UD */
#define INSN(id, code, body, shape, operands, class, feature, reads, writes, undef, props)     \
    I_##id,
#define INSG(id, code, digit, body, shape, operands, class, feature, reads, writes, undef,     \
             props)                                                                            \
    I_##id,
#define INSR(id, code, digit, body, shape, operands, class, feature, reads, writes, undef,     \
             props)                                                                            \
    I_##id,
#define INSX(id, code, digit, rm, body, shape, operands, class, feature, reads, writes, undef, \
             props)                                                                            \
    I_##id,
#define INSV(id, code, digit, prefix, needs, body, shape, operands, feature, reads, writes,    \
             undef, props)                                                                     \
    I_##id,
#include "cpu/insn.def"
#undef INSN
#undef INSG
#undef INSR
#undef INSX
#undef INSV
    I_COUNT
};

struct insn_row {
    const char *name; /* the id */
    uint16_t code;    /* 0xNN, 0x1NN */
    int8_t digit;     /* -1: no group */
    uint8_t shape, operands, cls;
    uint32_t feature;
    uint16_t reads, writes, undefined;
    uint8_t props;
    bool real;             /* the row for real and virtual-8086 mode of a code that has two */
    bool x87;              /* an INSX row, with … */
    int8_t rm;             /* … ModRM.rm: 0..7, RM_MEM, RM_ANY */
    bool simd;             /* an INSV row, with … */
    uint8_t prefix, needs; /* … enum insn_prefix, enum insn_needs */
};
extern const struct insn_row insn_rows[I_COUNT];

/* A handler runs one micro-op and the ones after it; NULL: back to the loop. */
typedef const struct insn *exec_fn(struct cpu *cpu, const struct insn *i);

/* The micro-operation: all that a handler needs, resolved at decode time. */
struct insn {
    exec_fn *fn;
    uint32_t imm;  /* immediate, or a branch target relative to the block's first byte; x87: its
                      offset from there, and the last opcode register's value << 16 */
    uint32_t disp; /* displacement, or the link of a branch: a block's place */
    union {
        struct {
            uint8_t a,
                b; /* operands: register number, byte position (8-bit), segment register */
            uint8_t base, index; /* ea = r[base] + (r[index] << scale) + disp */
        };
        uint32_t far; /* a branch to another page: the block it last led to, or 0 (engine.c) */
    };
    uint8_t scale;
    uint8_t seg;  /* segment of the memory operand */
    uint8_t wrap; /* 16: ea is cut to 16 bits; 0: 32-bit addressing */
    uint8_t next; /* offset of the following instruction from the block's first byte */
};

/* What only slow paths need, in an array beside. */
struct insn_cold {
    uint16_t id;
    uint8_t len;   /* bytes */
    uint8_t off;   /* offset from the block's first byte */
    uint8_t rest;  /* ticks from before this instruction to the block's end */
    uint8_t flags; /* enum cold_flags */
};
enum cold_flags {
    CF_MEM = 1,    /* ModRM operand is memory */
    CF_OP32 = 2,   /* operand size 32 */
    CF_ADDR32 = 4, /* address size 32 */
    CF_REP = 8,    /* F3 */
    CF_REPNE = 16, /* F2 */
    CF_LOCK = 32,
};

static inline unsigned op_size(const struct insn_cold *c)
{
    return c->flags & CF_OP32 ? 4 : 2;
}

#endif
