/* vmm/hw.h -- the hardware: what a monitor in ring 0 has on a real PC of before 2005, no more.
 *
 * Behind it stands Terrapin's processor with memory and a small board. The monitor owns all of
 * machine memory and ring 0; it loads CR3, GDT, IDT and TSS, and enters less privileged code
 * with hw_enter(), which returns where the processor would enter ring 0: at an exception, an
 * interrupt, a refused instruction. What a handler's stub would save is in struct hw_frame, the
 * hidden parts of segment registers are not to be had, and there is no way to ask what an
 * instruction was about to do but to read its bytes.
 *
 * Time is counted in ticks (instructions); the monitor's own work takes none. The price of that
 * is the cost model's affair (vmm/cost.h). No function here allocates but hw_new().
 */
#ifndef TERRAPIN_VMM_HW_H
#define TERRAPIN_VMM_HW_H

#include "mem/error.h"
#include "mem/types.h"
#include "vmm/board.h"

typedef uint32_t maddr; /* machine address: where a byte really is */
struct hw;

enum hw_gpr { HW_EAX, HW_ECX, HW_EDX, HW_EBX, HW_ESP, HW_EBP, HW_ESI, HW_EDI };
enum hw_seg { HW_ES, HW_CS, HW_SS, HW_DS, HW_FS, HW_GS, HW_SEGS };
enum hw_flags {
    HW_CF = 1,
    HW_ZF = 0x40,
    HW_TF = 0x100,
    HW_IF = 0x200,
    HW_IOPL = 0x3000,
    HW_NT = 0x4000,
    HW_RF = 0x10000,
    HW_VM = 0x20000
};
enum hw_cr0 {
    HW_PE = 1,
    HW_MP = 2,
    HW_EM = 4,
    HW_TS = 8,
    HW_ET = 16,
    HW_NE = 32,
    HW_WP = 0x10000,
    HW_AM = 0x40000
};
#define HW_PG 0x80000000u

/* Saved by the monitor's entry stub, restored on the way out. */
struct hw_frame {
    uint32_t gpr[8], eip, eflags;
    uint16_t seg[HW_SEGS];
};

struct hw_trap {
    uint8_t vector;
    bool external; /* an interrupt from the board */
    bool has_code;
    uint32_t code;
    uint32_t cr2; /* page faults */
};

struct big_memory; /* the front end's: mem/big.h */

enum hw_stop {
    HW_TRAP,   /* ring 0 is entered: *trap says why */
    HW_LIMIT,  /* the tick asked for is reached */
    HW_EXIT,   /* somebody wrote to the board's exit port */
    HW_ASLEEP, /* halted, and nothing will ever wake it */
    HW_DEAD,   /* triple fault (a plain machine's); no code segment to enter the guest with */
};

/* model: as -cpu has it. sparse: mem/big.h, or NULL. bytes: of machine memory, a multiple of
 * 64 KiB. The board outlives the hardware, and may serve two that take turns. */
struct hw *hw_new(const char *model, const struct big_memory *sparse, uint32_t bytes,
                  struct lab_board *board, struct error *err);
void hw_free(struct hw *hw);

/* Machine memory. Beyond its end reads give ones, and stores are lost. */
void hw_read(struct hw *hw, maddr ma, void *out, uint32_t len);
void hw_write(struct hw *hw, maddr ma, const void *in, uint32_t len);
uint32_t hw_load32(struct hw *hw, maddr ma);
void hw_store32(struct hw *hw, maddr ma, uint32_t v);

/* The monitor's start: protected mode with paging, ring 0 and TR loaded. cr3's tables must map
 * the GDT and, at entry, 16 bytes that this writes to; code and tss are selectors. */
struct hw_start {
    maddr cr3, entry_ma;
    laddr entry, gdt, idt;
    uint16_t gdt_limit, idt_limit, code, tss;
};
bool hw_start(struct hw *hw, const struct hw_start *s);
/* Control registers. false: the processor refuses, with #GP, and nothing has changed. */
bool hw_load_cr0(struct hw *hw, uint32_t v);
uint32_t hw_read_cr0(struct hw *hw); /* bits that there are not stay 0 */
void hw_load_cr3(struct hw *hw, maddr cr3);
bool hw_load_cr4(struct hw *hw, uint32_t v);
void hw_load_gdt(struct hw *hw, laddr base, uint16_t limit);
void hw_load_ldt(struct hw *hw, uint16_t sel);
void hw_load_dr(struct hw *hw, unsigned n, uint32_t v);
uint32_t hw_read_dr(struct hw *hw, unsigned n);

/* Leaves ring 0 with what is in *f, and comes back with it changed. Selectors must name what
 * the shadow tables have; a data segment that does not load is null afterwards. */
enum hw_stop hw_enter(struct hw *hw, struct hw_frame *f, uint64_t until, struct hw_trap *trap);
/* HLT in ring 0 with interrupts on: *trap is the interrupt that ended it. */
enum hw_stop hw_wait(struct hw *hw, uint64_t until, struct hw_trap *trap);
uint64_t hw_tsc(struct hw *hw); /* RDTSC */
uint32_t hw_in(struct hw *hw, uint16_t port, unsigned size);
void hw_out(struct hw *hw, uint16_t port, uint32_t v, unsigned size);

/* ---- not for monitors: a plain machine, without any; and what only the laboratory may know */

/* A processor after reset, about to run at 0:eip in real mode. */
void hw_real_mode(struct hw *hw, uint32_t eip);
enum hw_stop hw_run(struct hw *hw, uint64_t until);
/* Everything that a guest can know of the processor. */
struct hw_state {
    struct hw_frame frame;
    uint32_t cr0, cr2, cr3, cr4, dr[8];
    laddr gdt, idt;
    uint16_t gdt_limit, idt_limit, ldtr, tr;
    uint32_t base[HW_SEGS], attr[HW_SEGS]; /* hidden parts */
};
void hw_look(struct hw *hw, struct hw_state *out);
/* Is told of instructions that do not trap, see cpu_watch_sensitive(). */
typedef void hw_sensitive_fn(void *ctx, const char *row, unsigned len, bool done);
void hw_watch(struct hw *hw, hw_sensitive_fn *fn, void *ctx);
/* Is told of reads by the guest, of the bytes at linear addresses that are watched. false:
 * there are too many. */
typedef void hw_read_fn(void *ctx, laddr la);
void hw_watch_reads(struct hw *hw, hw_read_fn *fn, void *ctx);
bool hw_watch_byte(struct hw *hw, laddr la, bool on);
/* Stops hw_enter() or hw_run() after this instruction: HW_LIMIT. */
void hw_stop_soon(struct hw *hw);
/* Linear to machine by the tables that are loaded; false: not mapped. */
bool hw_translate(struct hw *hw, laddr la, maddr *ma);
/* How often an instruction was executed (row of cpu/insn.def); and "exceptions", "page faults",
 * "interrupts". */
uint64_t hw_count(struct hw *hw, const char *row);
uint64_t hw_hash(struct hw *hw);

#endif
