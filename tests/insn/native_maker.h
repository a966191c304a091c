/* tests/insn/native_maker.h -- what a processor's maker may decide: for native_differ.c.
 *
 * What follows was tried on AMD's processors (and results, not faults, on an Intel one); what
 * others may do comes from the manual where that leaves it open. TERRAPIN_NATIVE_MAKER=amd,
 * intel or other in the environment overrides what CPUID says: to see what a latitude is for.
 */
#ifndef TERRAPIN_TESTS_NATIVE_MAKER_H
#define TERRAPIN_TESTS_NATIVE_MAKER_H

#include "tests/insn/native.h"

enum latitude {
    /* Several accesses, and the manual does not order them: if both sides fault, which access
     * it was may differ (vector, error code, address). */
    ORDER = 1,
    /* … and what was stored before the one that faulted may differ, … */
    STORED = 2,
    /* … or loaded, into registers other than ESP, the x87's and SSE's included. */
    LOADED = 4,
    /* The transition to MMX state comes before the fault. (SDM 3A 6.5: not on Intel's.) */
    MMX_FIRST = 8,
    /* Whether alignment is checked, and how wide, is the processor's business (SDM 3A 6.15 of
     * MOVUPS and its like; SDM 2A FXSAVE, where #GP comes instead; operands that SDM 3A table
     * 6-7 does not have). */
    UNALIGNED = 16,
    /* Tables of approximations are a maker's own: 12 bits are equal (SDM 2B RCPPS). */
    APPROXIMATE = 32,
    /* Where alignment is checked, the probe of the final stack pointer counts. */
    PROBED = 64,
    /* An operand that keeps its value need not be writable. SDM 2A ARPL: #GP(0) if it is in
     * a segment that is not. */
    UNCHANGED = 128,
    /* Rights to a port are asked for before the count. SDM 2B REP: with a count of 0 nothing is
     * executed. */
    RIGHTS_FIRST = 256,
};

bool row_is_named(const struct insn_row *row, const char *name);
bool maker_is_amd(void);
/* FIP is that of the last instruction, exception or not. */
bool keeps_fip(void);

/* Of the instruction, on this host. */
unsigned latitude_of(const struct insn_row *row);

/* The count of a shift, modulo 32. (native_differ.c) */
unsigned shift_count(const struct native_case *c, const struct insn_row *row,
                     const struct insn_cold *cold);

/* INT1 is over when it traps; a hypervisor that has taken that trap on AMD's processors and
 * hands it on may have left EIP before it. Then h's becomes g's. */
void forget_int1(const struct native_case *c, const struct insn_row *row,
                 struct native_result *h, const struct native_result *g);

/* Both fault, and the manual leaves open which comes first, or how it is told. */
bool maker_orders_faults(const struct native_result *h, const struct native_result *g);
/* One side faults, or both do, where the manual leaves that open for these operands. */
bool maker_may_fault(const struct native_case *c, const struct insn_row *row,
                     const struct insn_cold *cold, const struct native_result *h,
                     const struct native_result *g);

#endif
