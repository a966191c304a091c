/* cpu/cpu.h -- the processor, as the board sees it.
 *
 * Owner of: registers, the decoded-block cache, the shadow page tables. It knows physical
 * memory (mem/phys.h) and, through struct cpu_bus, that there are ports and an interrupt
 * controller; it knows no device. Called by devices/machine.c and tests only. A cpu allocates
 * in cpu_new alone.
 */
#ifndef TERRAPIN_CPU_CPU_H
#define TERRAPIN_CPU_CPU_H

#include "mem/big.h"
#include "mem/error.h"
#include "mem/notes.h"
#include "mem/phys.h"
#include "mem/state.h"
#include "mem/types.h"

struct cpu;

/* The CPU asks. *tick is written (exact, in ticks since power-on) before every call and before
 * every access to a device's registers through phys. */
struct cpu_bus {
    void *ctx;
    uint32_t (*in)(void *ctx, uint16_t port, unsigned size);
    void (*out)(void *ctx, uint16_t port, uint32_t val, unsigned size);
    uint8_t (*int_ack)(void *ctx); /* INTA cycles: the vector */
    uint64_t *tick;
    void (*apic_base)(void *ctx, uint64_t value); /* WRMSR to IA32_APIC_BASE; may be NULL */
    void (*ferr)(void *ctx, bool level); /* FERR#, asserted or not; NULL: not connected */
    void (*perf_overflow)(void *ctx);    /* a performance counter wrapped; may be NULL */
};

struct cpu_config {
    const char *model; /* "pentiumpro,-tsc"; NULL: default */
    uint32_t mips;     /* unused by the core itself; TSC counts ticks */
    bool single_step;  /* referee engine: one undecoded instruction at a time */
    bool no_assist;
    bool shadow_flush; /* every load of CR3 starts with empty page maps: slower, same hash */
    bool census;       /* `info traps` by address, too, and what is wrong: no assists */
    /* For decoded code and for page maps, valid as long as the cpu; or NULL. */
    const struct big_memory *big, *sparse;
};

enum cpu_stop {
    CPU_UNTIL,     /* the tick asked for is reached */
    CPU_ATTENTION, /* cpu_attention(): stopped at an exact instruction boundary */
    CPU_HALTED,    /* HLT, waiting for an interrupt */
    CPU_SHUTDOWN,  /* triple fault */
    CPU_RING0,     /* laboratory: delivery would enter ring 0 (cpu_stop_at_ring0) */
    CPU_POINT,     /* a debugger's point: cpu_found() */
};

struct cpu *cpu_new(const struct cpu_config *cfg, const struct cpu_bus *bus, struct phys *ph,
                    struct notes *notes, struct error *err);
void cpu_free(struct cpu *cpu);
void cpu_reset(struct cpu *cpu,
               bool power_on);  /* RESET#; power_on also zeroes what RESET leaves */
void cpu_init(struct cpu *cpu); /* INIT#: RESET#, but for what SDM 3A table 9-1 keeps */

/* Runs from tick *bus->tick until tick `until` at most; stops exactly there, or earlier at an
 * instruction boundary for another reason. *bus->tick is exact on return. A halted CPU returns
 * CPU_HALTED at once, unless an interrupt is pending that wakes it. */
enum cpu_stop cpu_run(struct cpu *cpu, uint64_t until);

/* Board to CPU, at any moment, also from inside a bus callback. */
void cpu_set_intr(struct cpu *cpu, bool level); /* INTR, or the local APIC's request */
void cpu_nmi(struct cpu *cpu);                  /* an edge: latched */
void cpu_attention(struct cpu *cpu);            /* leave cpu_run after this instruction */
void cpu_set_a20(struct cpu *cpu, bool open);   /* A20M#: closed = bit 20 is forced to 0 */

/* IA32_APIC_BASE, for the board that holds the local APIC: after a reset of either kind;
 * changes in between come by cpu_bus. 0: this model has no local APIC. */
uint64_t cpu_apic_base(const struct cpu *cpu);

void cpu_set_ignne(struct cpu *cpu, bool level); /* IGNNE#, the answer to FERR# */
bool cpu_has_fpu(const struct cpu *cpu);

/* The laboratory: return CPU_RING0, before anything is pushed, where an exception or interrupt
 * is about to be delivered to ring 0. cpu_pending() tells vector, error code and address. */
struct cpu_pending {
    uint8_t vector;
    bool has_code, external, software;
    uint32_t code;
    laddr cr2;
};
void cpu_stop_at_ring0(struct cpu *cpu, bool on);
bool cpu_pending_get(const struct cpu *cpu, struct cpu_pending *out);
/* … and its oracle: fn is told of every sensitive instruction that does not trap (class HOLE)
 * at level 1 to 3 of protected mode, by its row's name and its length in bytes, before it
 * executes and once it has; not of one that faults after all. fn may look at registers and
 * memory; registers are exact, but for EIP once it has: that may already be its target. */
typedef void cpu_sensitive_fn(void *ctx, const char *row, unsigned len, bool done);
void cpu_watch_sensitive(struct cpu *cpu, cpu_sensitive_fn *fn, void *ctx); /* NULL: no more */
/* How often instructions of that row left the engine; 0: there is no such row. */
uint64_t cpu_sensitive_count(const struct cpu *cpu, const char *row);

/* A debugger's points (cpu/point.h), by linear address: breakpoints strike before the
 * instruction there, watchpoints after the one that touched one of their bytes. Between calls
 * of cpu_run() only. Whatever is set, and wherever cpu_run() stops for it: the guest's run is
 * the same. */
enum cpu_point {
    POINT_CODE,
    POINT_WRITE,
    POINT_READ,
    POINT_ACCESS,
    POINT_IN, /* la: of a port; after the instruction, or iteration of REP */
    POINT_OUT,
    POINT_VECTOR, /* la: of an interrupt or exception; its handler is about to begin */
};
/* false: there are too many; len 0, or larger than POINT_LONGEST. len of POINT_CODE is nothing.
 */
enum { POINT_LONGEST = 1 << 20 };
bool cpu_point_add(struct cpu *cpu, enum cpu_point kind, laddr la, uint32_t len);
bool cpu_point_remove(struct cpu *cpu, enum cpu_point kind, laddr la, uint32_t len);

/* And one register, by a name that cpu_reg_get() knows, of static life: after an instruction,
 * or interrupt, that changed it. All code runs instruction by instruction meanwhile. NULL: none
 * any more. */
void cpu_point_register(struct cpu *cpu, const char *name);

/* From now on, cpu_run() stops after one instruction, and after that one goes on stepping while
 * the instruction pointer (linear) is in [from, from + len). A breakpoint at the first one is
 * passed. over: an interrupt that comes in between is run through, up to its return. on = false
 * ends a step in progress, as does any stop at a point. */
struct cpu_step {
    bool on, over;
    laddr from;
    uint32_t len;
};
void cpu_step(struct cpu *cpu, const struct cpu_step *how);

/* Why the last cpu_run() returned CPU_POINT, and where: the instruction, or the byte. */
enum cpu_found_kind {
    FOUND_NOTHING,
    FOUND_STEP,
    FOUND_CODE,
    FOUND_WRITE,
    FOUND_READ,
    FOUND_ACCESS,
    FOUND_IN,
    FOUND_OUT,
    FOUND_VECTOR, /* la: which */
    FOUND_REGISTER
};
struct cpu_found {
    enum cpu_found_kind kind;
    laddr la;
};
struct cpu_found cpu_found(const struct cpu *cpu);

/* What a debugger asks of the past: to which linear pages may instructions have written since
 * cpu_writes_begin()? A filter: what it does not have, nobody has written to; what it has,
 * maybe. Nothing of this is state. */
enum { CPU_WRITES = 1 << 15 }; /* bits */
struct cpu_writes {
    uint64_t bit[CPU_WRITES / 64];
};
void cpu_writes_begin(struct cpu *cpu);
const struct cpu_writes *cpu_writes(const struct cpu *cpu);
bool cpu_writes_have(const struct cpu_writes *w, laddr la);

/* The n-th of its watchpoints and breakpoints; false: there are no more. len of POINT_CODE: 1.
 */
bool cpu_point_get(const struct cpu *cpu, unsigned n, enum cpu_point *kind, laddr *la,
                   uint32_t *len);

/* State: every non-derived field. cpu_loaded() after writing into it. */
extern const struct schema cpu_schema;
void *cpu_state(struct cpu *cpu);
bool cpu_loaded(struct cpu *cpu);

/* Inspection, without side effects. Names: eax … edi, eip, eflags, cs ds es fs gs ss, ldtr, tr,
 * gdtr.base, gdtr.limit, idtr.base, idtr.limit, cr0 cr2 cr3 cr4, dr0 … dr7, and those of
 * sys/registers.c: cs.base, st0.m, xmm0.lo, fctrl … */
bool cpu_reg_get(const struct cpu *cpu, const char *name, uint64_t *value);
bool cpu_reg_set(struct cpu *cpu, const char *name, uint64_t value);
bool cpu_translate(const struct cpu *cpu, laddr la, paddr *pa);
/* Linear address of the next instruction. */
laddr cpu_pc(const struct cpu *cpu);

/* Text for `info registers`, `info traps`, `info tlb`, `info block`; put() gets NUL-terminated
 * pieces. false: unknown subject. */
typedef void cpu_put_fn(void *ctx, const char *piece);
bool cpu_info(const struct cpu *cpu, const char *what, cpu_put_fn *put, void *ctx);

const char *cpu_model_help(void);
/* 0, or -1: unknown model or feature, named in err. */
int cpu_model_check(const char *model, struct error *err);
/* Are these, both of which pass the check, the same processor in other words? */
bool cpu_model_same(const char *a, const char *b);
/* What NULL stands for. */
const char *cpu_model_default(void);

/* Counts of the host's work, never guest-visible. All are kept where something slow happens or
 * code is decoded. `info engine` shows them. */
struct cpu_stats {
    uint64_t blocks_built, blocks_dropped, traps, interrupts, exceptions, mmu_fills;
    uint64_t cache_evictions; /* of all blocks: memory remapped, or no room */
    uint64_t micro_ops, fast_forms, fused_pairs,
        dead_flags;             /* decoded; … and what forms.h made of them */
    uint64_t links;             /* from block to block */
    uint64_t misses[2][3];      /* of the page maps: [user][enum access], a walk each */
    uint64_t shadow_begun;      /* shadows of roots that were not known, or not any more */
    uint64_t shadow_full;       /* … that were emptied since they had no room for an entry */
    uint64_t shadow_evicted;    /* … whose memory was given back */
    uint64_t shadow_spans_kept; /* a directory was stored to, and says what it said before */
    uint64_t shadow_flushes;    /* of all of them */
    uint64_t table_stores, table_lifts; /* stores into tables; tables watched no longer */
    uint64_t page_faults;               /* of the exceptions */
};
void cpu_stats(const struct cpu *cpu, struct cpu_stats *out);

#endif
