/* vmm/handover.h -- a guest's first steps, in real mode, and how the monitor takes over.
 *
 * Real mode has no rings to compress: monitors of the time interpreted it. Here the guest runs
 * on a plain machine (hw_run) until it is in protected mode and every segment register is
 * *reversible*: what it hides is what the guest's descriptor table says now (VMware's word). At
 * that instruction its memory is copied into scattered machine frames, and the monitor's
 * processor goes on from its registers.
 */
#ifndef TERRAPIN_VMM_HANDOVER_H
#define TERRAPIN_VMM_HANDOVER_H

#include "vmm/vmm.h"

enum { GUEST_AT = 0x7C00 }; /* where guests are loaded and start, as boot sectors do */

/* Loads the guest into plain's memory, ready to start. false: it does not fit. */
bool guest_load(struct hw *plain, const uint8_t *bytes, uint32_t size, uint32_t ram);
/* Runs it to where the monitor can take over. HW_TRAP: it is there; else it ended before, or
 * (HW_LIMIT) never came there. */
enum hw_stop handover_run(struct hw *plain, uint64_t until);
/* Takes over: *vmm has hw, ring, guest_frames, trace and meter set, all else zero. */
bool handover(struct vmm *vmm, struct hw *plain);

#endif
