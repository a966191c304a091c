/* cpu/sys/sys.h -- the system side of the processor: everything that decides rights.
 *
 * Only files in cpu/sys/ include this. The monitor emulates the sensitive rows of insn.def
 * (EMULATE bodies), delivers exceptions and interrupts, and fills the page maps. When it
 * changes CPL, CR0, CS.D, SS.B, paging … it calls sys_update(), which recomputes what the
 * engine sees: mode bits, segment views, page maps.
 *
 * State in a body: eip and now are exact (cpu->synced): eip is at the instruction being
 * emulated, now is before it. Faults: trap_raise(cpu, NULL or i, …). Returns: RESUME   done; go
 * on with the next instruction JUMPED   done; eip has been set by the body (also: REP that is
 * not finished leaves eip here)
 */
#ifndef TERRAPIN_CPU_SYS_SYS_H
#define TERRAPIN_CPU_SYS_SYS_H

#include "cpu/engine.h"
#include "cpu/flags.h"
#include "cpu/lmem.h"
#include "cpu/sys/census.h"
#include "cpu/sys/monitor.h"
#include "cpu/sys/shadow.h"

typedef enum verdict emu_fn(struct cpu *cpu, const struct insn *i);
#define EMULATE(name)                                                                          \
    enum verdict emu_##name(struct cpu *cpu, const struct insn *i);                            \
    enum verdict emu_##name(struct cpu *cpu, const struct insn *i)

enum cr0_bits {
    CR0_PE = 1,
    CR0_MP = 2,
    CR0_EM = 4,
    CR0_TS = 8,
    CR0_ET = 16,
    CR0_NE = 32,
    CR0_WP = 1 << 16,
    CR0_AM = 1 << 18,
    CR0_NW = 1 << 29,
    CR0_CD = 1 << 30
};
#define CR0_PG 0x80000000u
enum cr4_bits {
    CR4_VME = 1,
    CR4_PVI = 2,
    CR4_TSD = 4,
    CR4_DE = 8,
    CR4_PSE = 16,
    CR4_PAE = 32,
    CR4_MCE = 64,
    CR4_PGE = 128,
    CR4_PCE = 256,
    CR4_OSFXSR = 512,
    CR4_OSXMMEXCPT = 1024,
    CR4_UMIP = 1 << 11,
};

/* Hidden part of a segment register, as loaded (SDM 3A 3.4.3). For the six segment registers
 * selector and base live in struct cpu (sel[], seg[].base): innocuous code uses them, and in
 * real and virtual-8086 mode loads them. For LDTR and TR they are here. */
struct seg_cache {
    uint32_t base;  /* LDTR, TR only */
    uint32_t limit; /* in bytes, granularity applied */
    uint16_t sel;   /* LDTR, TR only */
    uint16_t attr;  /* descriptor bits 40..47 in 0..7 (type, S, DPL, P), 52..55 in 8..11 (AVL L
                       DB G) */
    bool valid;     /* false: null selector loaded, any use is #GP (or #SS) */
};
enum seg_attr {
    ATTR_TYPE = 0x0F,
    ATTR_A = 1,
    ATTR_W = 2 /* data */,
    ATTR_R = 2 /* code */,
    ATTR_E = 4 /* data: expand down */,
    ATTR_C = 4 /* code: conforming */,
    ATTR_CODE = 8,
    ATTR_S = 0x10,
    ATTR_DPL = 0x60,
    ATTR_P = 0x80,
    ATTR_AVL = 0x100,
    ATTR_DB = 0x400,
    ATTR_G = 0x800,
};
static inline unsigned attr_dpl(unsigned attr)
{
    return attr >> 5 & 3;
}

struct table_reg { /* GDTR, IDTR */
    uint32_t base;
    uint16_t limit;
};

enum activity { ACTIVE, HALTED, SHUTDOWN };

/* Interrupts are held off for one instruction after an STI that set IF; after a load of SS so
 * are NMI and debug traps (SDM 3A 6.8.3). */
enum shadow { SHADOW_NONE, SHADOW_STI, SHADOW_SS };

enum dr6_bits { DR6_BD = 1 << 13, DR6_BS = 1 << 14, DR6_BT = 1 << 15 };
enum dr7_bits { DR7_GD = 1 << 13 };

/* IA32_APIC_BASE (SDM 3A 10.4.4): where the local APIC is; global enable, bootstrap processor.
 */
#define APIC_BASE_ENABLE   UINT64_C(0x800)
#define APIC_BASE_WRITABLE UINT64_C(0xFFFFFF900)
#define APIC_BASE_RESET    UINT64_C(0xFEE00900)

enum efer_bits { EFER_NXE = 1 << 11 };
enum misc_enable_bits { MISC_LIMIT_CPUID = 1 << 22 };

/* Model-specific registers that are stored; what each means: msr.c, perf.c. */
enum { MTRR_VARIABLE = 8, MTRR_FIXED = 11, MC_BANKS = 5, PERF_COUNTERS = 2 };
struct msrs {
    uint64_t poweron, bios_sign, debugctl, rob_control, misc_enable;
    uint64_t mcg_status, mcg_ctl, mc_ctl[MC_BANKS];
    uint64_t mtrr_default, mtrr_variable[2 * MTRR_VARIABLE], mtrr_fixed[MTRR_FIXED];
    uint64_t pat;
    uint64_t efer;
    uint64_t evntsel[PERF_COUNTERS];
    uint64_t perfctr[PERF_COUNTERS]; /* as they stood … */
    uint64_t perf_since;             /* … at this tick */
    uint8_t perf_running;            /* derived; bit n: counter n counts ticks now */
};

/* What a descriptor means: a function of its bits alone, so it never goes stale. As does this:
 * selector sel, leading to it, may be loaded into a data segment register at this CPL. */
enum { SEG_MEMOS = 16 };
struct seg_memo {
    uint32_t lo, hi; /* the descriptor, accessed */
    uint16_t sel;    /* in the GDT; 0: nothing is known */
    uint8_t cpl;
    struct seg_cache cache;
    struct seg_view view;
};

struct cpu_sys {
    struct seg_cache seg[SEG_COUNT]; /* the truth behind cpu->seg and cpu->sel */
    struct seg_cache ldtr, tr;
    struct table_reg gdtr, idtr;
    uint32_t cr0, cr2, cr3, cr4;
    uint32_t dr[8];
    uint32_t eflags; /* all bits but the arithmetic flags and DF, which live in struct cpu */
    uint8_t cpl;
    uint8_t activity; /* enum activity */
    uint8_t shadow;   /* enum shadow: what cast the last one (shadow_set) */
    bool intr;        /* INTR line */
    bool ferr;        /* FERR# asserted */
    bool ignne;       /* IGNNE# asserted */
    bool nmi_pending, nmi_blocked;
    bool a20;        /* gate open */
    bool ring0_stop; /* laboratory */
    bool pending;    /* laboratory: a delivery was stopped; pend says which */
    uint8_t pend_vector, pend_flags;
    uint32_t pend_code, pend_cr2;
    uint32_t db_pending; /* DR6 bits of a debug trap to be taken at the next boundary */
    uint64_t
        shadow_tick; /* the boundary at this tick is in the shadow of the instruction before */
    /* MSRs (features permitting) */
    uint64_t tsc_offset; /* TSC = now + tsc_offset */
    uint32_t sysenter_cs, sysenter_esp, sysenter_eip;
    uint64_t apic_base;
    struct msrs msr;
    uint32_t pdpte_lo[4], pdpte_hi[4]; /* PAE: loaded with CR3 */
    /* Derived. */
    struct shadows shadows; /* the page maps */
    bool left;              /* cpu_attention(): the board wants cpu_run to return */
    bool deliver_ext;       /* EXT bit of the error code while an external event is delivered */
    uint8_t model;          /* index of cpu_models[] */
    uint8_t whole, flat;    /* bit n: the view of segment n has no limit; and base 0 */
    uint8_t break_code;     /* enabled breakpoints (bit n: DRn) on execution, … */
    uint8_t break_io;       /* … ports, … */
    uint8_t break_write;    /* … stores, … */
    uint8_t break_read;     /* … and loads */
    struct seg_memo seg_memo[SEG_MEMOS];
    cpu_sensitive_fn *lab; /* cpu_watch_sensitive() */
    void *lab_ctx;
    struct census census;
};

static inline enum census_where census_place(const struct cpu *cpu)
{
    if (UNLIKELY(!(cpu->mode & MODE_PROT))) {
        return cpu->sys->eflags & FL_VM ? AT_V86 : AT_REAL;
    }
    return cpu->sys->cpl == 0 ? AT_RING0 : cpu->sys->cpl == 3 ? AT_RING3 : AT_RING12;
}
/* An instruction of row id is about to be emulated; returns its site, or NULL. */
static inline struct census_site *census_count(struct cpu *cpu, unsigned id)
{
    struct census *c = &cpu->sys->census;
    enum census_where at = census_place(cpu);
    c->count[id][at]++;
    return UNLIKELY(c->by_site) ? census_count_site(cpu, id, at) : NULL;
}

/* Somebody wants to see every sensitive instruction pass: there are no assists then. */
static inline bool sensitive_watched(const struct cpu *cpu)
{
    return cpu->sys->census.by_site || cpu->sys->lab != NULL ||
           (cpu->features & (FEAT_POPEK | FEAT_POPEK_IRET)) != 0;
}

/* ---- monitor.c */
/* Recompute what the engine sees of it: after any change; after one of CS or CPL, and none of
 * modes, paging or other segments; after one of a data segment's view. */
void sys_update(struct cpu *cpu); /* mode, views, maps, eip_max */
void sys_update_code(struct cpu *cpu);
void sys_update_flat(struct cpu *cpu);
uint32_t eflags_get(const struct cpu *cpu);  /* all of EFLAGS, RF and VM included */
uint32_t eflags_bits(const struct cpu *cpu); /* that exist beside the arithmetic flags and DF */
/* Raw, but for bits that this processor lacks; calls sys_update if VM or AC change, and has the
 * run loop look if IF opens for a waiting interrupt, or at TF and RF. */
void eflags_set(struct cpu *cpu, uint32_t v, uint32_t mask);
static inline unsigned cpl(const struct cpu *cpu)
{
    return cpu->sys->cpl;
}
static inline unsigned iopl(const struct cpu *cpu)
{
    return cpu->sys->eflags >> 12 & 3;
}
static inline bool vm86(const struct cpu *cpu)
{
    return cpu->sys->eflags & FL_VM;
}
static inline bool protected_mode(const struct cpu *cpu) /* and not virtual-8086 */
{
    return cpu->mode & MODE_PROT;
}
_Noreturn void raise_gp(struct cpu *cpu, uint32_t code);
_Noreturn void raise_ud(struct cpu *cpu);
/* CR4.UMIP: SGDT SIDT SLDT STR SMSW are #GP(0) outside level 0 (SDM 3A 2.5). */
void umip_check(struct cpu *cpu);

/* Operands of sensitive instructions (ModRM.rm: register i->b or memory). op_size bytes or 2.
 */
uint32_t rm_read(struct cpu *cpu, const struct insn *i, unsigned size);
void rm_write(struct cpu *cpu, const struct insn *i, uint32_t v, unsigned size);
static inline bool rm_is_mem(const struct cpu *cpu, const struct insn *i)
{
    return insn_cold(cpu, i)->flags & CF_MEM;
}

/* ---- segment.c: descriptors and segment loads (SDM 3A 3.4, 5) */
struct descriptor {
    uint32_t lo, hi;
    laddr la; /* where it stands, for the accessed and busy bits */
};
static inline uint32_t desc_base(const struct descriptor *d)
{
    return d->lo >> 16 | (d->hi & 0xFF) << 16 | (d->hi & 0xFF000000u);
}
static inline uint32_t desc_limit(const struct descriptor *d)
{
    uint32_t limit = (d->lo & 0xFFFF) | (d->hi & 0xF0000);
    return d->hi & 1u << 23 ? limit << 12 | 0xFFF : limit;
}
static inline uint16_t desc_attr(const struct descriptor *d)
{
    return (uint16_t)((d->hi >> 8 & 0xFF) | (d->hi >> 12 & 0xF00));
}
/* Descriptors that are no segments (SDM 3A table 3-2): types of those with S = 0. */
enum system_type {
    SYS_TSS16 = 1,
    SYS_LDT = 2,
    SYS_TSS16_BUSY = 3,
    SYS_CALL16 = 4,
    SYS_TASK_GATE = 5,
    SYS_INT16 = 6,
    SYS_TRAP16 = 7,
    SYS_TSS32 = 9,
    SYS_TSS32_BUSY = 11,
    SYS_CALL32 = 12,
    SYS_INT32 = 14,
    SYS_TRAP32 = 15,
    SYS_IS_SEGMENT = 16, /* what attr_system() says of code and data */
    SYS_BUSY = 2,        /* bit of the types: a TSS's busy flag … */
    SYS_32 = 8,          /* … and 32-bit */
};
static inline unsigned attr_system(unsigned attr)
{
    return attr & ATTR_S ? SYS_IS_SEGMENT : attr & ATTR_TYPE;
}
static inline bool attr_is_code(unsigned attr)
{
    return (attr & (ATTR_S | ATTR_CODE)) == (ATTR_S | ATTR_CODE);
}
static inline bool attr_is_conforming(unsigned attr)
{
    return attr_is_code(attr) && (attr & ATTR_C);
}
static inline bool attr_is_readable(unsigned attr)
{
    return (attr & ATTR_S) && (!(attr & ATTR_CODE) || (attr & ATTR_R));
}
static inline bool attr_is_writable(unsigned attr)
{
    return (attr & (ATTR_S | ATTR_CODE | ATTR_W)) == (ATTR_S | ATTR_W);
}
enum selector { SEL_RPL = 3, SEL_TI = 4, SEL_INDEX = 0xFFF8 };
static inline bool sel_is_null(uint16_t sel)
{
    return (sel & ~(unsigned)SEL_RPL) == 0;
}

/* Raises vector with the error code of selector sel: sel & FFFCh, and EXT (SDM 3A 6.13). */
_Noreturn void raise_selector(struct cpu *cpu, uint8_t vector, uint16_t sel);
/* false: null selector, or beyond its table's limit, or LDT unusable (nothing raised). */
bool descriptor_fetch(struct cpu *cpu, uint16_t sel, struct descriptor *d);
/* … raises vector(sel & FFFCh | ext) instead. */
void descriptor_need(struct cpu *cpu, uint16_t sel, struct descriptor *d, uint8_t vector);
void descriptor_set_accessed(struct cpu *cpu, struct descriptor *d);
void seg_cache_from(struct seg_cache *c, uint16_t sel, const struct descriptor *d);
/* Unconditional load of register seg: selector, base, hidden part, view. */
void seg_set(struct cpu *cpu, unsigned seg, uint16_t sel, const struct descriptor *d);
/* MOV, POP, LDS …: not CS. In protected mode checks and raises; else the multiplication by 16.
 */
void seg_load(struct cpu *cpu, unsigned seg, uint16_t sel);
/* The same in protected mode, with the vector of a selector that will not do: #GP, or #TS. */
void seg_load_checked(struct cpu *cpu, unsigned seg, uint16_t sel, uint8_t vector);
/* The checks of SS alone: a writable data segment for privilege level `level`. */
void stack_segment_need(struct cpu *cpu, uint16_t sel, unsigned level, uint8_t vector,
                        struct descriptor *d);
void ldt_load(struct cpu *cpu, uint16_t sel, uint8_t vector,
              uint8_t absent);                                 /* LLDT, task switch */
void seg_null(struct cpu *cpu, unsigned seg);                  /* null selector: unusable */
void seg_set_v86(struct cpu *cpu, unsigned seg, uint16_t sel); /* entering virtual-8086 mode */
/* What accesses see of a segment in protected mode. */
struct seg_view seg_view_of(const struct seg_cache *c, uint32_t base);
/* CS of a far transfer that has been checked: sets RPL = new CPL, loads cache, CPL. */
void seg_load_cs(struct cpu *cpu, uint16_t sel, const struct descriptor *d, unsigned new_cpl);
/* cpu->seg[seg] spans from the hidden part and the mode. In real mode: lo 0, readable and
 * writable up to the limit whatever attr says (the limit survives from protected mode: "unreal"
 * mode). */
void seg_update(struct cpu *cpu, unsigned seg);
/* Part of it, after cpu->seg[seg] was set by hand: notes whether it is all of linear memory. */
void seg_note_extent(struct cpu *cpu, unsigned seg);
static inline struct seg_memo *seg_memo_of(struct cpu *cpu, uint16_t sel)
{
    return &cpu->sys->seg_memo[(sel >> 3) % SEG_MEMOS];
}
/* Is that what the register has? Systems reload what is there at every interrupt. */
bool seg_is(const struct cpu *cpu, unsigned seg, const struct seg_memo *m);

/* ---- interrupt.c: delivery (SDM 3A 6.12) */
enum int_source {
    INT_HARDWARE,
    INT_EXCEPTION,
    INT_SOFTWARE /* INT n, INT3, INTO: DPL checked */
};
/* Delivers an interrupt or exception, and the faults that this leads to: #DF, shutdown. The
 * state is exact; eip is what the handler returns to. A page fault's address is in cpu->trap.
 * Software interrupts do not come here: they are instructions, which fault like others. */
void deliver(struct cpu *cpu, uint8_t vector, enum int_source source, bool has_code,
             uint32_t code);
enum pend_flags { PEND_CODE = 1, PEND_EXTERNAL = 2, PEND_SOFTWARE = 4 };

/* ---- transfer.c: far JMP, CALL, RET (SDM 3A 5.8). i: the instruction; size: 2 or 4. */
void far_jump(struct cpu *cpu, const struct insn *i, uint16_t sel, eaddr eip);
void far_call(struct cpu *cpu, const struct insn *i, uint16_t sel, eaddr eip, unsigned size);
void far_return(struct cpu *cpu, unsigned pop, unsigned size);

/* ---- task.c (SDM 3A 7) */
enum task_reason { TASK_JUMP, TASK_CALL, TASK_IRET, TASK_INT };
struct task_request {
    enum task_reason why;
    uint16_t tss;    /* selector of the new task's TSS */
    eaddr eip;       /* saved into the old TSS … */
    uint32_t eflags; /* … and this */
    bool has_code;   /* pushed onto the new task's stack */
    uint32_t code;
};
/* Faults up to the commit point leave the old task as it was; later ones are the new task's. */
void task_switch(struct cpu *cpu, const struct task_request *req);
/* SS:ESP for a privilege level from the current TSS; raises #TS. */
void tss_stack(struct cpu *cpu, unsigned level, uint16_t *ss, uint32_t *esp);
/* true: CR4.VME's bitmap sends INT n of virtual-8086 mode to the program's own vectors. */
bool tss_redirects(struct cpu *cpu, uint8_t vector);
/* true: the I/O permission bitmap lets [port, port + size) through. */
bool tss_io_allowed(struct cpu *cpu, uint16_t port, unsigned size);

/* ---- paging.c */
/* la's physical address; enters it into the maps. Raises #PF (via i) or, with i == NULL and
 * state exact, likewise. user: rights of CPL 3. */
paddr mmu_translate(struct cpu *cpu, const struct insn *i, laddr la, enum access access,
                    bool user);
/* Without side effects, for debuggers. */
bool mmu_peek(const struct cpu *cpu, laddr la, paddr *pa);
/* The directory's entry for la as it is now. false: there is no directory. */
struct shadow_source;
bool mmu_directory(const struct cpu *cpu, laddr la, struct shadow_source *src);
bool pae_load(struct cpu *cpu, uint32_t cr3);        /* PDPTEs; false: reserved bits set, #GP */
bool pae_valid(const struct cpu *cpu, uint32_t cr3); /* would pae_load() do it? */
void tlb_info(const struct cpu *cpu, cpu_put_fn *put, void *ctx);

/* ---- flags.c: virtual interrupts of virtual-8086 mode (SDM 3A 20.3, table 20-2) */
/* CR4.VME rules, because IOPL is below 3; else IOPL alone does. */
bool vme_rules(const struct cpu *cpu);
/* The 16-bit image of FLAGS that such a program sees: IOPL 3, VIF in the place of IF. */
uint32_t vme_flags(const struct cpu *cpu);
/* Loads such an image; false: TF is set, or IF while VIP is, which is #GP(0). */
bool vme_flags_set(struct cpu *cpu, uint32_t image);

/* ---- control.c */
/* Loads CR0, 2, 3 or 4 with all consequences. false: the value is one that is #GP(0). */
bool control_set(struct cpu *cpu, unsigned n, uint32_t v);
bool control_exists(const struct cpu *cpu, unsigned n); /* is there a CRn? */
/* Can CR0 or CR4 ever hold v? */
bool control_valid(const struct cpu *cpu, unsigned n, uint32_t v);
void debug_update(struct cpu *cpu); /* after DR7 or CR4 have changed */
/* Which of the breakpoints in mask lie in [at, at + size): bits of DR6. */
uint32_t debug_hits(const struct cpu *cpu, uint8_t mask, uint32_t at, unsigned size);

/* ---- msr.c */
uint64_t tsc_read(const struct cpu *cpu);
void msr_reset(struct cpu *cpu, bool power_on);

/* ---- perf.c: performance counters */
/* Call after a change of what decides whether they count: selections, CPL, activity. */
void perf_update(struct cpu *cpu);
void perf_loaded(struct cpu *cpu);
bool perf_select(struct cpu *cpu, unsigned n, uint64_t v); /* PerfEvtSeln; false: #GP */
uint64_t perf_read(const struct cpu *cpu, unsigned n);
void perf_write(struct cpu *cpu, unsigned n, uint64_t v);
/* The tick at which the next counter overflows that wants an interrupt then; UINT64_MAX: none.
 */
uint64_t perf_next(const struct cpu *cpu);
void perf_overflow(struct cpu *cpu); /* that tick is reached */

/* ---- cpu.c: what bodies tell the run loop */
/* The instruction in progress holds off interrupts for the next one. */
void shadow_set(struct cpu *cpu, enum shadow kind);
/* A new context begins (delivery of any kind): debug traps of the instruction are lost. */
static inline void debug_forget(struct cpu *cpu)
{
    cpu->sys->db_pending = 0;
}
/* A debug trap after instruction i, which is in progress (NULL: state is exact); dr6 says why,
 * 0: none after all. */
void debug_trap_after(struct cpu *cpu, const struct insn *i, uint32_t dr6);

/* ---- point.c: a debugger's points; all but the last two only while points_any() */
/* What the page maps may not have of a page: it has watchpoints. */
void points_hide(const struct cpu *cpu, laddr page, bool *reads, bool *writes);
/* At an instruction boundary: true: stop, for what the instruction did. */
bool points_after(struct cpu *cpu);
/* … before the instruction that is next: true: stop, there is a breakpoint. */
bool points_before(struct cpu *cpu);
bool points_stepping(const struct cpu *cpu); /* is this instruction to be run alone? */
/* An access to ports [port, port + size), or an event of this vector, has been served. */
void points_port(struct cpu *cpu, uint16_t port, unsigned size, bool out);
void points_vector(struct cpu *cpu, uint8_t vector);
void points_begin(struct cpu *cpu);       /* of cpu_run() */
void points_stepped(struct cpu *cpu);     /* it has run */
void points_interrupted(struct cpu *cpu); /* an interrupt comes before it */
void points_reset(struct cpu *cpu);       /* the processor is: nothing will return */
void points_moved(struct cpu *cpu);       /* the debugger has set the instruction pointer */

/* ---- x87.c */
uint32_t x87_mode(const struct cpu *cpu); /* MODE_FPU and MODE_FPU_ERROR as they should be */
void x87_reset(struct cpu *cpu);
void x87_poked(struct cpu *cpu); /* status or control word were set from outside */

/* ---- registers.c: cpu_reg_get() and cpu_reg_set() of the less common names */
bool register_get(const struct cpu *cpu, const char *name, uint64_t *value);
bool register_set(struct cpu *cpu, const char *name, uint64_t value);

/* ---- model.c */
struct cpu_model {
    const char *name;
    uint32_t signature; /* CPUID.1.EAX and EDX at reset */
    uint32_t features;  /* enum cpu_feature */
    uint8_t family;     /* 3, 4, 5, 6, 15 */
    uint8_t last;       /* CPUID leaf */
    uint8_t brand;      /* BL of CPUID leaf 1: an index of names */
    uint32_t tlbs;      /* EAX of CPUID leaf 2 … */
    uint32_t caches;    /* … and EDX */
};
extern const struct cpu_model cpu_models[]; /* ends with a NULL name */
/* "pentium,-tsc": index into cpu_models and the features that result; -1 and err otherwise. */
int model_parse(const char *text, unsigned *model, uint32_t *features, struct error *err);
bool has_cr4(const struct cpu *cpu);
/* index: ECX, which some leaves ask for. Out come EAX EBX ECX EDX. */
void cpuid(const struct cpu *cpu, uint32_t leaf, uint32_t index, uint32_t out[4]);

#endif
