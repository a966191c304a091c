/* vmm/lab_priv.h -- one run; for lab.c and report.c. */
#ifndef TERRAPIN_VMM_LAB_PRIV_H
#define TERRAPIN_VMM_LAB_PRIV_H

#include "vmm/lab.h"
#include "vmm/oracle.h"

struct lab {
    struct lab_config cfg;
    struct lab_board board;
    struct hw *plain;   /* the guest's real mode; all of it under STRATEGY_INTERPRET */
    struct hw *machine; /* the monitor's */
    struct vmm *vmm;
    struct oracle oracle;
    struct meter meter;
    enum vmm_end end;
    bool paused; /* stepped by hand, and not at its end */
    bool taken_over;
    uint32_t handover_cs, handover_eip;
    uint64_t handover_tick;
    uint64_t mark[256];
    bool marked[256];
};

#endif
