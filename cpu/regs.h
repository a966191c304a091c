/* cpu/regs.h -- the user-visible machine: what innocuous code can see and change.
 *
 * struct cpu holds general registers, EIP, arithmetic flags, the view of each segment that an
 * access needs (base and span), and the fast page maps. What decides *rights* (control
 * registers, descriptor tables, privilege level) is in struct cpu_sys, which only cpu/sys/ can
 * see; it reaches the engine as derived facts: spans, maps, mode bits.
 *
 * EIP and time while a block runs. Between blocks `eip` and `now` are exact. Inside a block
 * `eip` stays at the block's first instruction and `now` already counts the whole block; every
 * slow path first makes both exact for its instruction with insn_sync() (engine.h).
 */
#ifndef TERRAPIN_CPU_REGS_H
#define TERRAPIN_CPU_REGS_H

#include "cpu/cpu.h"
#include "cpu/fx80.h"
#include "cpu/point.h"

enum reg { EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI, REG_ZERO, REG_SLOTS };
enum seg_reg { SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS, SEG_COUNT };

/* A segment as an access sees it: [lo, lo + span] are the valid offsets; span -1: none. */
struct seg_view {
    int64_t rd_span; /* highest readable offset - lo */
    int64_t wr_span; /* highest writable offset - lo */
    uint32_t base;
    uint32_t lo; /* 0, or limit + 1 of an expand-down segment */
};

/* Arithmetic flags, lazily: the last result and its carries (cpu/flags.h). */
struct lazy_flags {
    uint64_t res;
    uint64_t carry;
};

/* Execution mode, part of a block's key: what the decoder's choice of rows depends upon. */
enum mode_bits {
    MODE_CODE32 = 1,  /* CS.D: default operand and address size */
    MODE_STACK32 = 2, /* SS.B: stack pointer is ESP */
    MODE_PROT = 4,    /* protected mode, not virtual-8086 */
    MODE_USER = 8,    /* the page maps of user rights are live */
    MODE_FPU = 16,    /* x87 instructions execute: there is one, and nobody wants a trap … */
    MODE_FPU_ERROR = 32, /* … but only those that do not wait: an exception is pending */
    MODE_SSE = 64,       /* instructions on XMM registers execute */
    MODE_FLAT = 128, /* ES, SS and DS: all of linear memory, read and written; 32-bit stack */
    MODE_FS = 256,   /* FS: as much, from any base on */
    MODE_GS = 512, /* GS; at CPL 3 alone, where it is used: the kernel has what is left there */
};

struct trap { /* a fault on its way to delivery; see trap_raise() */
    uint32_t code;
    laddr la; /* page fault: CR2 */
    uint8_t vector;
    bool has_code;
};

/* The x87 (SDM 1 chapter 8). Tags are derived from contents when somebody asks. */
struct x87 {
    struct fx80 reg[8]; /* R0 … R7; ST(n) is R((top + n) & 7) */
    uint32_t ip, dp;    /* of the last instruction that was not a control instruction … */
    uint16_t cs, ds;
    uint16_t opcode; /* … and its 11 bits */
    uint16_t control;
    uint16_t status; /* without TOP */
    uint8_t top;
    uint8_t full; /* bit n: Rn is not empty */
};

struct xmm {
    uint64_t lo, hi;
};

struct insn;
struct insn_cold;
struct block_cache;
struct cpu_sys;

struct cpu {
    /* Hot: one or two host cache lines. */
    ureg r[REG_SLOTS]; /* r[REG_ZERO] is always 0: absent base or index */
    eaddr eip;
    struct lazy_flags flags;
    uint64_t now;       /* ticks since power-on; at the end of the current block */
    uint64_t limit;     /* a block may be entered while now + its length <= limit */
    uintptr_t *rd, *wr; /* page maps: host address minus linear address, 0: ask mmu (lmem.h) */
    uintptr_t *code;    /* the same for code: filled by fetches alone */
    union record *records; /* blocks (block.h); the first is never runnable */
    uint32_t *jump;        /* = cache->jump */
    eaddr eip_max;         /* blocks may start up to here without meeting CS's limit */
    eaddr cs_limit;        /* a transfer beyond it is #GP(0) */
    eaddr target;          /* of the jump that exec_relink is asked to make */
    uint32_t df;           /* direction flag: 0 up, 1 down */
    struct seg_view seg[SEG_COUNT];
    uint16_t sel[SEG_COUNT]; /* selectors */

    struct x87 x87;
    struct xmm xmm[8];
    uint32_t mxcsr; /* SDM 1 10.2.3 */
    uint32_t arith; /* the arithmetic flags in a saved state: see cpu_state() */

    /* Warm. */
    uint32_t mode;         /* enum mode_bits */
    uintptr_t *watched;    /* as wr, for pages with lines whose stores must be seen */
    uintptr_t *sys_rd;     /* as rd and wr, for what the processor itself accesses: … */
    uintptr_t *sys_wr;     /* … descriptor tables, TSS, a handler's stack */
    bool synced;           /* eip and now are exact for the instruction in progress */
    bool attention;        /* leave the block after this instruction */
    bool one_step;         /* engine_run: run exactly one instruction */
    bool rep_open;         /* what ended engine_run was an iteration of REP, and not the last */
    uint64_t until;        /* what cpu_run was asked for */
    uint64_t *tick;        /* = bus->tick */
    laddr rmw_la;          /* slow read-modify-write in progress: its address … */
    paddr rmw_pa[2];       /* … and the physical address of its first and of its last page */
    uint32_t link_from;    /* index of the micro-op that wants linking, 0: none */
    struct insn *diverted; /* micro-op whose handler is replaced by exec_diverted, or NULL … */
    void (*diverted_fn)(void); /* … and what it was */
    struct trap trap;
    void *unwind; /* jmp_buf of the running slice */
    struct block_cache *cache;
    struct phys *ph;
    struct notes *notes;
    struct cpu_bus bus;
    struct cpu_sys *sys;
    uint32_t features; /* enum cpu_feature */
    bool single_step;
    bool no_assist;
    bool host_x87, host_sse; /* the host's floating-point units may be used (host_fp.h) */
    /* What FX_QUICK_FIELDS of the x87's control word must be for cpu/fx80_quick.h to serve. */
    uint16_t x87_quick;
    struct cpu_stats stats;
    struct points points; /* a debugger's */
};

/* Registers by operand: 8-bit ones by byte position within r[] (fixed by the decoder). */
static inline uint8_t *reg8(struct cpu *cpu, unsigned pos)
{
    return (uint8_t *)cpu->r + pos;
}

static inline uint16_t reg16(const struct cpu *cpu, unsigned n)
{
    return (uint16_t)cpu->r[n];
}

/* A 16-bit write keeps the upper half. Done as one 32-bit store, so that a following 32-bit
 * read of the register can be forwarded by the host. */
static inline void reg16_set(struct cpu *cpu, unsigned n, uint32_t v)
{
    cpu->r[n] = (cpu->r[n] & 0xFFFF0000u) | (v & 0xFFFFu);
}

/* Segment load in real and virtual-8086 mode: a multiplication. Limit and rights stay. */
static inline void seg_load_real(struct cpu *cpu, unsigned seg, uint32_t sel)
{
    cpu->sel[seg] = (uint16_t)sel;
    cpu->seg[seg].base = (sel & 0xFFFF) << 4;
}

/* Byte position of 8-bit register n (AL CL DL BL AH CH DH BH) in r[]. */
static inline uint8_t reg8_pos(unsigned n)
{
    const union {
        uint32_t word;
        uint8_t bytes[4];
    } probe = {1};
    unsigned low = probe.bytes[0] ? 0 : 3, high = probe.bytes[0] ? 1 : 2;
    return (uint8_t)((n & 3) * 4 + (n & 4 ? high : low));
}

/* An 8-bit write as one 32-bit store, for bytes that are likely to be read as part of the whole
 * register: the host forwards no 32-bit load from an 8-bit store. */
static inline void reg8_set(struct cpu *cpu, unsigned pos, uint8_t v)
{
    unsigned byte = reg8_pos(0) == 0 ? pos & 3 : 3 - (pos & 3);
    ureg *r = &cpu->r[pos / 4];
    *r = (*r & ~(0xFFu << byte * 8)) | (uint32_t)v << byte * 8;
}

#endif
