/* vmm/oracle.h -- what no monitor could know: that an instruction which did not trap has just
 * done the wrong thing.
 *
 * The laboratory is the hardware. It looks at every sensitive instruction that the guest
 * executes outside ring 0 without a trap, works out what the virtual processor would have done,
 * and compares. It changes nothing: a run is the same with and without it.
 */
#ifndef TERRAPIN_VMM_ORACLE_H
#define TERRAPIN_VMM_ORACLE_H

#include "vmm/vmm.h"

enum { ORACLE_KINDS = 40 };

struct divergence { /* the first of its kind */
    char row[16];   /* of cpu/insn.def */
    uint64_t count;
    uint64_t tick;
    uint32_t cs, eip;
    unsigned cpl; /* that the guest believed in */
    uint8_t bytes[15];
    unsigned len;
    char what[24]; /* "IF", "CS": where the difference is */
    char expected[24], observed[24];
};

struct oracle {
    struct vmm *vmm;
    bool stop;          /* end the run at the first divergence */
    uint64_t looked_at; /* instructions */
    uint64_t diverged;
    unsigned kinds;
    struct divergence kind[ORACLE_KINDS]; /* in the order of their first */
    struct hw_state before;
    uint32_t image; /* of flags, on the stack before POPF and IRET */
};

/* The byte at la is, or is no longer, one that the monitor has replaced in the kernel's code:
 * the kernel's reads of it are divergences. (32 of them; more are not watched.) */
void oracle_replaced(struct oracle *o, laddr la, bool on);
/* vmm->hw is watched from now on. */
void oracle_start(struct oracle *o, struct vmm *vmm);

#endif
