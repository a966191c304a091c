/* vmm/para.h -- the strategy `para`: trap-and-emulate for a guest that knows. Its kernel is
 * ported: it asks for what it wants by hypercalls, and looks at its interrupt flag in memory
 * that it shares with the monitor. docs/lab/hypercalls.md is the interface as a guest sees it.
 *
 * A hypercall is INT 82h at the guest's level 0. Like every INT n it is refused by the
 * monitor's IDT, and the error code says which; so nothing has to be decoded.
 */
#ifndef TERRAPIN_VMM_PARA_H
#define TERRAPIN_VMM_PARA_H

#include "vmm/vmm.h"

enum { HYPERCALL_VECTOR = 0x82, MMU_UPDATES_MOST = 64, CONSOLE_MOST = 4096 };

enum hypercall { /* EAX; arguments in EBX, ECX, EDX; the answer in EAX: 0, or -1 refused */
                 HYPER_EVENTS,  /* deliver what is pending */
                 HYPER_SHARED,  /* EBX: guest-physical page: struct at its start, below */
                 HYPER_SET_GDT, /* EBX: linear base, ECX: limit; changes by SET_DESCRIPTOR alone
                                 */
                 HYPER_SET_DESCRIPTOR, /* EBX: selector, ECX, EDX: its two words */
                 HYPER_SET_TRAPS, /* EBX: linear base, ECX: limit of a table of gates, as LIDT's
                                   */
                 HYPER_MMU_UPDATE, /* EBX: linear, pairs (guest-physical of an entry, value);
                                      ECX: how many */
                 HYPER_SWITCH,     /* EBX: CR3, ECX: stack of level 0, EDX: its SS */
                 HYPER_IRET,  /* as IRET, with EAX on top of its frame; does not come back */
                 HYPER_BLOCK, /* interrupts on, and wait for one */
                 HYPER_CONSOLE_WRITE, /* EBX: linear, ECX: bytes */
                 HYPER_CONSOLE_READ,  /* EAX: a character; -1: there is none */
                 HYPER_TIMER, /* EBX: count of the timer's clock (16 bits), ECX: vector */
                 HYPER_EXIT,  /* EBX: exit value */
                 HYPERCALLS
};
extern const char *const hypercall_names[HYPERCALLS];

enum shared_at { SHARED_IF = 0, SHARED_PENDING = 4, SHARED_CR2 = 8 };

/* The instruction at CS:EIP was INT 82h. */
enum emu hypercall(struct vmm *vmm);
/* Around each stay in the guest: the flag in shared memory is the virtual IF. */
void para_enter(struct vmm *vmm);
void para_left(struct vmm *vmm);
/* An interrupt of the board's: acknowledged for the guest. */
void para_interrupt(struct vmm *vmm);

#endif
