/* tests/support/pm_fixture.h -- a small protected-mode world around the bare processor.
 *
 * pm_run() boots through real mode into 32-bit flat segments, loads TR and LDTR, and enters the
 * code under test by IRETD, at the level asked for. Every vector's handler is a HLT at level 0,
 * so that a run ends at the first event; vector 80h (INT 80h works at any level) is "no fault".
 */
#ifndef TERRAPIN_TESTS_PM_FIXTURE_H
#define TERRAPIN_TESTS_PM_FIXTURE_H

#include "tests/support/cpu_fixture.h"

enum pm_map {
    PM_GDT = 0x1000,
    PM_IDT = 0x2000,
    PM_LDT = 0x3000,
    PM_TSS = 0x4000,
    PM_TSS_B = 0x5000,
    PM_TSS16 = 0x6000,
    PM_TSS_V86 = 0x6800,
    PM_BOOT = 0x7C00,
    PM_STACK0 = 0xA000,
    PM_STACK1 = 0xA800,
    PM_STACK2 = 0xB000,
    PM_STACK3 = 0xC000,
    PM_STACK_B = 0xD000,
    PM_DATA = 0xE000,
    PM_CODE = 0x10000,     /* V86: 1000:0000 */
    PM_CODE_B = 0x18000,   /* of the other tasks */
    PM_HANDLERS = 0x20000, /* vector * 16 */
    PM_TARGET = 0x30000,   /* call gates lead here: HLT */
};

/* Selectors. _3: loaded with RPL 3. */
enum pm_sel {
    PM_CODE0 = 0x08,
    PM_DATA0 = 0x10,
    PM_CODE3 = 0x18,
    PM_DATA3 = 0x20,
    PM_TSS_SEL = 0x28,
    PM_LDT_SEL = 0x30,
    PM_TSS_B_SEL = 0x38,
    PM_TSS16_SEL = 0x40,
    PM_CONFORMING = 0x48,
    PM_CODE1 = 0x50,
    PM_DATA1 = 0x58,
    PM_EXEC_ONLY = 0x60,
    PM_READ_ONLY3 = 0x68,
    PM_ABSENT_DATA3 = 0x70,
    PM_ABSENT_CODE3 = 0x78,
    PM_EXPAND_DOWN = 0x80,
    PM_SMALL = 0x88,
    PM_GATE = 0x90, /* call gate, DPL 3, to CODE0, 2 parameters */
    PM_GATE_DPL0 = 0x98,
    PM_TASK_GATE = 0xA0,
    PM_CODE16 = 0xA8,
    PM_STACK16 = 0xB0,
    PM_GATE_CONF = 0xB8, /* to CONFORMING */
    PM_GATE1 = 0xC0,     /* to CODE1 */
    PM_GATE_ABSENT = 0xC8,
    PM_GATE16 = 0xD0 /* 16-bit, 3 parameters */,
    PM_ABSENT_SS = 0xD8,
    PM_TSS_SMALL = 0xE0,
    /* limit too small */ PM_TSS_BUSY = 0xE8,
    PM_BAD = 0xF0, /* type 0 */
    PM_GATE_NULL = 0xF8,
    /* leads to selector 0 */ PM_GATE_DATA = 0x100, /* … to DATA0 */
    PM_TSS_V86_SEL = 0x108,
    PM_CODE_SMALL = 0x110,
    /* limit FFh */ PM_CODE3_CONF = 0x118,
    PM_GDT_LIMIT = 0x11F,
    PM_LDT_DATA3 = 0x0C, /* in the LDT: entry 1 */
};

enum pm_level { PM_RING0, PM_RING1, PM_RING3, PM_V86, PM_V86_IOPL3 };
enum { PM_OK = 0x80 };

struct pm_end {
    enum cpu_stop stop;
    unsigned vector; /* of the handler that was reached; 400h: PM_TARGET; 200h: elsewhere */
    uint32_t code;
    uint32_t eip;                 /* pushed; relative to PM_CODE */
    uint32_t cs, eflags, esp, ss; /* pushed; esp, ss: if the level changed */
};
enum { PM_ELSEWHERE = 0x200, PM_AT_TARGET = 0x400 };

struct pm {
    struct cpu_fixture fx;
    uint32_t eflags;  /* to start with; 2 */
    unsigned intr_at; /* INTR rises so many ticks after the start; 0: never */
    bool paging;      /* boot with identity page tables at PM_PAGES */
};
enum { PM_PAGES = 0x100000 /* directory; tables behind it */ };

void pm_init(struct pm *pm);
void pm_init_engine(struct pm *pm, bool single_step);
void pm_init_config(struct pm *pm, const struct cpu_config *cfg);
void pm_free(struct pm *pm);
/* Everything in place, nothing run yet. */
void pm_boot(struct pm *pm, enum pm_level level, const uint8_t *code, unsigned len);
struct pm_end pm_run(struct pm *pm, enum pm_level level, const uint8_t *code, unsigned len);

void pm_w32(struct pm *pm, uint32_t pa, uint32_t v);
uint32_t pm_r32(struct pm *pm, uint32_t pa);
uint32_t pm_reg(struct pm *pm, const char *name);
void pm_descriptor(struct pm *pm, unsigned sel, uint32_t base, uint32_t limit, unsigned attr);
/* at: PM_GDT + selector, or PM_IDT + 8 * vector; attr: P, DPL, type as in the descriptor's
 * byte 5. */
void pm_gate(struct pm *pm, uint32_t at, unsigned sel, uint32_t offset, unsigned attr,
             unsigned params);

/* A table of runs: code, level, and how it must end. */
struct pm_row {
    const char *what;
    enum pm_level level;
    unsigned vector;
    uint32_t code;
    uint32_t eip; /* offset of the instruction that faults, or after the trap */
    uint8_t len;
    uint8_t bytes[40];
};
void pm_check_row(const struct pm_row *row);

/* Bytes. */
#define BYTES(...)                                                                             \
    sizeof((uint8_t[]){__VA_ARGS__}),                                                          \
    {                                                                                          \
        __VA_ARGS__                                                                            \
    }
#define W(v)        (uint8_t)(v), (uint8_t)((unsigned)(v) >> 8)
#define D(v)        W(v), W((uint32_t)(v) >> 16)
#define MOV_AX(v)   0x66, 0xB8, W(v)
#define MOV_EAX(v)  0xB8, D(v)
#define MOV_DS_AX   0x8E, 0xD8
#define MOV_ES_AX   0x8E, 0xC0
#define MOV_SS_AX   0x8E, 0xD0
#define MOV_FS_AX   0x8E, 0xE0
#define JMPF(s, o)  0xEA, D(o), W(s)
#define CALLF(s, o) 0x9A, D(o), W(s)
#define PUSH_D(v)   0x68, D(v)
#define DONE        0xCD, 0x80

#endif
