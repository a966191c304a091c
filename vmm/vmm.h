/* vmm/vmm.h -- the monitor's view of one guest: the virtual processor, and what stands in for
 * it on the real one. Read README.md first; then this, from top to bottom.
 *
 * Three kinds of address: a guest-linear one (laddr), what the guest believes to be physical
 * (gaddr), and machine addresses (maddr, hw.h), where the bytes are. A frame is 4 KiB of either
 * of the last two.
 */
#ifndef TERRAPIN_VMM_VMM_H
#define TERRAPIN_VMM_VMM_H

#include "vmm/cost.h"
#include "vmm/hw.h"

typedef uint32_t gaddr; /* guest-physical address */

/* ---- where the monitor lives: docs/adr/0021
 *
 * The last 4 MiB of linear memory in every address space, which guests cannot reach: their
 * segments end below (ring 1), and the pages are the supervisor's (ring 3). Page n there is
 * machine frame n. */
#define VMM_LINEAR 0xFFC00000u
enum vmm_frames {
    FRAME_IDT = 1,
    FRAME_ENTRY, /* the instruction that loads TR */
    FRAME_TSS,
    FRAME_OPEN_BUS,     /* all ones: guest-physical addresses with nothing behind */
    FRAME_OWN_TABLE,    /* page table of these 4 MiB */
    FRAME_GDT = 16,     /* 16 frames; and as many for the other view */
    FRAME_LDT = 48,     /* the same */
    FRAME_TABLES = 256, /* shadow page tables: … */
    TABLES = 512,
    FRAME_GUEST = 1024, /* the guest's memory is scattered from here on */
};
/* Selectors in the shadow GDT that are the monitor's own. */
enum vmm_selectors {
    SEL_HELD = 0xFFB8, /* six: descriptors that the guest has loaded, and that are gone */
    SEL_CODE = 0xFFE8,
    SEL_TSS = 0xFFF0,
    SEL_LDT = 0xFFF8
};

/* ---- the virtual processor: what the guest believes */

struct vtable {
    laddr base;
    uint32_t limit;
};
struct vcpu {
    uint32_t cr0, cr2, cr3, cr4;
    bool general_detect; /* DR7.GD; the other debug registers are the real ones */
    struct vtable gdt, idt, ldt, tss;
    uint16_t ldtr, tr;
    unsigned cpl, iopl;
    bool interrupts; /* EFLAGS.IF */
    bool shadow;     /* STI or a load of SS: no interrupt before the next instruction */
    bool halted;
    uint32_t pending[8]; /* vectors that the board has sent and the guest has not had */
};

struct vfault { /* an exception for the guest, on its way */
    uint8_t vector;
    bool has_code;
    uint32_t code, cr2;
};

/* ---- shadows */

/* Two views of one guest: the kernel's and the user program's. Page tables have two in ring 3
 * alone; in ring 1 the processor tells the two apart. */
enum view { VIEW_KERNEL, VIEW_USER, VIEWS };

enum table_kind { TABLE_FREE, TABLE_DIR, TABLE_LEAF, TABLE_BIG };
struct table { /* one shadow table, and the guest's table (or large page) that it shadows */
    uint8_t kind, view;
    uint8_t rights;       /* LEAF, BIG: of the directory entry above: P, W, U */
    uint32_t gfn;         /* guest frame of the table; BIG: first frame of the page */
    uint32_t entry[1024]; /* as in machine memory */
    uint32_t seen[1024];  /* the guest's entry that it was made from */
};

enum trace {
    TRACE_TABLE = 1,
    TRACE_DESC = 2,
    TRACE_CODE = 4
}; /* why stores into a guest frame are seen */

/* ---- counts */

enum exit_cause {
    EXIT_EMULATED,   /* a sensitive instruction that trapped */
    EXIT_HIDDEN_PF,  /* the shadow had no entry yet, the guest's tables have */
    EXIT_TRUE_PF,    /* the guest's own page fault */
    EXIT_TRACE,      /* a store into a page table or descriptor table … */
    EXIT_STEP,       /* … and the debug trap after it */
    EXIT_INTERRUPT,  /* the board's */
    EXIT_EXCEPTION,  /* reflected to the guest */
    EXIT_FPU,        /* TS: the monitor's own */
    EXIT_VMM_MEMORY, /* the guest reached for the monitor's memory */
    EXIT_HYPERCALL,  /* a ported guest asked */
    EXIT_WRAP,       /* an operand beyond the cut limit, but around the end of linear memory */
    EXIT_CAUSES
};
extern const char *const exit_names[EXIT_CAUSES];

enum { NAMES = 112, CALLS = 16 }; /* rows of the emulator's table (emulate.c) */
struct counts {
    uint64_t exits[EXIT_CAUSES];
    uint64_t emulated[NAMES];
    uint64_t injected_interrupts, injected_exceptions;
    uint64_t tables_made, tables_dropped, entries_dropped, cr3_loads;
    uint64_t desc_syncs;
    uint64_t msr_refused;       /* RDMSR, WRMSR and RDPMC of the kernel's: NOT IMPLEMENTED */
    uint64_t hypercalls[CALLS]; /* para.c */
    /* rewrite.c: instructions looked at, replaced; pages copied, gone stale; branches not
     * followed; instructions that overlap */
    uint64_t scanned, rewritten, code_pages, code_changes, not_followed, overlaps;
};

/* ---- */

enum vmm_end {
    VMM_RUNNING,
    VMM_EXITED,   /* the guest wrote to the exit port */
    VMM_LIMIT,    /* the tick asked for */
    VMM_ASLEEP,   /* HLT for ever */
    VMM_SHUTDOWN, /* virtual triple fault */
    VMM_LOST,     /* what the monitor does not implement: vmm->why says what */
    VMM_DIVERGED, /* -vmm-stop-on-divergence */
};

struct vdesc {
    uint32_t lo, hi;
    laddr la; /* of the guest's own */
};
struct held { /* a segment register's hidden part, after its descriptor has changed */
    bool on;
    uint16_t sel; /* what frame.seg has while the monitor runs */
    struct vdesc d;
};

struct oracle;
struct code_page;
struct vmm {
    struct hw *hw;
    unsigned ring;         /* that the guest's kernel runs in: 1 or 3 */
    uint32_t guest_frames; /* of guest-physical memory */
    struct hw_frame frame; /* the guest's registers while the monitor runs */
    struct vcpu v;
    struct vfault fault; /* filled by whoever returns EMU_FAULT */
    struct table table[TABLES];
    uint8_t *trace;        /* by guest frame: enum trace */
    uint16_t *flood;       /* by guest frame: stores into it since a table there was used */
    maddr root;            /* what CR3 holds now */
    enum view loaded_view; /* of the descriptor tables */
    bool view_valid;
    bool fpu_open; /* CR0.TS has been cleared for the guest */
    struct {       /* pages opened for one instruction that stores into them */
        uint32_t gfn;
        struct table *table;
        unsigned entry;
    } opened[4];
    unsigned open;
    uint32_t desc_gfn[80]; /* traced for descriptor tables */
    unsigned desc_gfns;
    uint16_t desc_entries[2]; /* in the shadow GDT and LDT */
    struct held held[HW_SEGS];
    struct code_page *code; /* rewrite.h, by guest frame; NULL: another strategy */
    struct para {           /* para.h */
        bool on, has_shared, timer;
        bool promised; /* descriptor tables change by hypercall alone: no trace */
        gaddr shared;
        uint32_t esp0; /* stack of level 0; 0: the TSS has it */
        uint16_t ss0;
    } para;
    struct { /* the first of count.msr_refused */
        const char *name;
        uint32_t ecx, eip;
        uint16_t cs;
    } first_msr;
    int scan_depth; /* of where EIP is about to go, if that is not known yet */
    struct counts count;
    struct meter *meter;
    struct oracle *oracle;
    enum vmm_end end;
    char why[160];
};

/* ---- memory.c: guest-physical and guest-linear memory */
bool guest_frame(const struct vmm *vmm, uint32_t gfn, uint32_t *mfn); /* the physical map */
uint32_t gp_load32(struct vmm *vmm, gaddr ga);
void gp_store32(struct vmm *vmm, gaddr ga, uint32_t v); /* traced */
enum { WALK_WRITE = 1, WALK_USER = 2, WALK_MARK = 4 /* sets accessed and dirty bits */ };
struct walk {
    gaddr ga;
    uint32_t pde, pte; /* pte: of a large page, pde */
    uint8_t rights;    /* of directory entry and entry together: P, W, U */
    bool big, flat;    /* flat: paging is off */
    uint32_t code;     /* of the page fault, when walk() says false */
};
bool walk(struct vmm *vmm, laddr la, unsigned how, struct walk *w);
/* As the virtual processor does; false: vmm->fault is the page fault. how: WALK_USER or 0. */
bool gl_read(struct vmm *vmm, laddr la, void *out, uint32_t len, unsigned how);
bool gl_write(struct vmm *vmm, laddr la, const void *in, uint32_t len, unsigned how);

/* ---- shadow.c: shadow page tables */
enum shadow_result { SHADOW_FILLED, SHADOW_TRUE_FAULT, SHADOW_TRACED };
void shadow_start(struct vmm *vmm);
enum view view_now(const struct vmm *vmm);
void shadow_flush(struct vmm *vmm);
void shadow_load(struct vmm *vmm); /* CR3 for what the guest runs now */
enum shadow_result shadow_fault(struct vmm *vmm, laddr la, bool write);
/* Lets one instruction through to a traced page; write: to store there. */
void shadow_open(struct vmm *vmm, laddr la, bool write);
void shadow_close(struct vmm *vmm); /* it is done: what has changed? */
void shadow_written(struct vmm *vmm, uint32_t gfn);
void shadow_unmap_code(struct vmm *vmm, uint32_t gfn); /* the kernel's view of it is another */
void trace_add(struct vmm *vmm, uint32_t gfn, enum trace why);

/* ---- desc.c: shadow descriptor tables */
void desc_start(struct vmm *vmm);
void desc_sync(struct vmm *vmm); /* after any change of GDTR, LDTR, CR3, or of a table */
void desc_load(struct vmm *vmm); /* GDTR and LDTR for what the guest runs now */
/* The guest's descriptor, from its own table; false: null, or beyond its limit. */
bool desc_fetch(struct vmm *vmm, uint16_t sel, struct vdesc *d);
/* The operand of segment seg at ea was refused. Would it be, without the monitor's cut? false:
 * yes. Else the shadow descriptor is good for it now. */
bool desc_turn(struct vmm *vmm, unsigned seg, uint32_t ea);
/* The descriptor that a segment register has been loaded from. */
bool vseg_desc(struct vmm *vmm, unsigned seg, struct vdesc *d);
void vseg_set(struct vmm *vmm, unsigned seg, uint16_t sel); /* loaded by the monitor */
/* GDTR is about to become *t: what is in use and not the same there is held. */
void vseg_hold(struct vmm *vmm, const struct vtable *t);
void vseg_enter(struct vmm *vmm); /* around each stay in the guest */
void vseg_left(struct vmm *vmm);
uint32_t desc_base(const struct vdesc *d);
uint32_t desc_limit(const struct vdesc *d);
bool desc_inside(const struct vdesc *d, uint32_t ea, uint32_t len); /* is [ea, ea + len)? */
static inline unsigned desc_dpl(const struct vdesc *d)
{
    return d->hi >> 13 & 3;
}
enum desc_bits {
    DESC_A = 1 << 8,
    DESC_W = 1 << 9 /* code: readable */,
    DESC_C = 1 << 10 /* data: expand down */,
    DESC_CODE = 1 << 11,
    DESC_S = 1 << 12,
    DESC_P = 1 << 15,
    DESC_D = 1 << 22,
    DESC_G = 1 << 23
};
static inline unsigned desc_type(const struct vdesc *d) /* system types; 16: a segment */
{
    return d->hi & DESC_S ? 16 : d->hi >> 8 & 15;
}
unsigned real_ring(const struct vmm *vmm, unsigned cpl);
uint16_t real_sel(const struct vmm *vmm,
                  uint16_t sel); /* for CS and SS: RPL is the real ring */
uint16_t virtual_sel(const struct vmm *vmm, unsigned seg); /* as the guest would read it */

/* What a segment register's selector stands for: its base, and whether [ea, ea + len) is
 * inside; false: vmm->fault. */
bool seg_linear(struct vmm *vmm, unsigned seg, uint32_t ea, uint32_t len, bool write,
                laddr *la);
uint32_t stack_mask(struct vmm *vmm); /* by SS */

/* ---- inject.c: interrupts and exceptions for the guest */
uint32_t virtual_flags(const struct vmm *vmm);
/* Loads flags as POPF and IRET of the virtual processor do; size 2 or 4. */
void virtual_flags_set(struct vmm *vmm, uint32_t v, unsigned size, unsigned cpl);
/* software: INT n (its DPL counts); eip: what the handler returns to. */
void inject(struct vmm *vmm, const struct vfault *f, bool software, uint32_t eip);
void inject_fault(struct vmm *vmm);   /* vmm->fault, at the present instruction */
void inject_pending(struct vmm *vmm); /* an interrupt, if there is one and IF is set */
void interrupt_arrived(struct vmm *vmm, uint8_t vector);

/* ---- emulate.c: sensitive instructions, on the virtual processor */
enum emu {
    EMU_DONE,
    EMU_JUMPED, /* done, and EIP is where it has to be */
    EMU_LEFT,   /* the guest is in a handler, or yet to execute it: no single step ends here */
    EMU_FAULT,
    EMU_UNKNOWN,
    EMU_LOST,
};
/* The instruction at CS:EIP, which has trapped. EMU_UNKNOWN: it is innocuous, so the trap is
 * the guest's own affair. */
enum emu emulate(struct vmm *vmm);
const char *emulate_name(unsigned n); /* of vmm->count.emulated[n]; NULL: no more */
/* Was its operand refused for the monitor's sake alone? Then it will not be again. */
bool turn_segment(struct vmm *vmm);
/* Does the instruction there have an operand in the monitor's memory? */
bool reaches_for_vmm(struct vmm *vmm);

/* ---- trap.c: the strategy trap-and-emulate */
void vmm_lost(struct vmm *vmm, const char *format, ...) PRINTF_LIKE(2, 3);
/* Runs the guest whose state is in *vmm until `until`, or its end. */
void vmm_run(struct vmm *vmm, uint64_t until);

#endif
