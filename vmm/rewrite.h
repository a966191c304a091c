/* vmm/rewrite.h -- the strategy `rewrite`: before kernel code runs for the first time it is
 * scanned along its control flow, and what must not run unseen is replaced by HLT.
 *
 * HLT, because it is one byte long as the shortest of the 17 (PUSHF, POPF, PUSH CS) is, because
 * it traps as #GP wherever it is met outside ring 0, with EIP still at the instruction, and
 * because it leaves INT3 to debuggers. What it stands for needs no table: the guest's own frame
 * keeps the original; the kernel executes a *copy* of the page, in another machine frame. So
 *
 *   programs (level 3) see the original, to read and to execute: their view has its own tables;
 *   stores are traced; what changes code makes the page *stale*: gone for the kernel until it
 *   next executes there, and is scanned anew from all entries that were known;
 *   an instruction across two pages is replaced by its first byte like any other.
 *
 * Where does code go that the scan cannot follow? Indirect calls and jumps are replaced, too,
 * and so are returns where the scan cannot see that the stack is as the CALL has left it. A
 * direct CALL is replaced until it is first executed: its target is scanned then.
 *
 * A MOV that stores into a traced page is replaced, too: one exit from then on instead of two.
 *
 * NOT IMPLEMENTED: the kernel's own reads of its code see HLT (no processor of the time can
 * tell a fetch from a read; the oracle counts them); programs that execute one of the 17;
 * branches into pages that are not present, and instructions that overlap (both are counted).
 */
#ifndef TERRAPIN_VMM_REWRITE_H
#define TERRAPIN_VMM_REWRITE_H

#include "vmm/vmm.h"

enum code_state {
    CODE_NONE,  /* a page like any other */
    CODE_LIVE,  /* the kernel executes the copy */
    CODE_STALE, /* changed since: absent from the kernel's view */
};
enum { DEPTH_UNKNOWN = INT16_MIN };
#define NO_FRAME UINT32_MAX

struct code_page {
    uint8_t state;
    uint32_t before;                /* guest frame whose last instruction ends here */
    uint32_t strays;                /* data accesses since code was last seen to run here */
    uint8_t start[PAGE_SIZE / 8];   /* an instruction begins */
    uint8_t covered[PAGE_SIZE / 8]; /* … or goes on */
    uint8_t patched[PAGE_SIZE / 8]; /* HLT in the copy */
    uint8_t entry[PAGE_SIZE / 8];   /* some other place leads here */
    int16_t depth[PAGE_SIZE];       /* of the stack above the return address, or unknown */
    int16_t entry_depth[PAGE_SIZE]; /* the same, as those who lead here have it */
    uint8_t original[PAGE_SIZE];    /* what the copy was made from */
};

/* Before the guest is entered: what the kernel will run is scanned. */
void rewrite_enter(struct vmm *vmm);
/* Is the instruction at CS:EIP one that has been replaced? */
bool rewrite_here(struct vmm *vmm);
/* How deep is the stack there, as far as the scan knows? */
int rewrite_depth(struct vmm *vmm);
/* The CALL at CS:EIP: its target is about to run. Scans it and puts the CALL back. */
void rewrite_link(struct vmm *vmm, uint32_t eip);
/* The instruction at CS:EIP was traced. If it is a MOV it is replaced: true, and it will come
 * to emulate_store() when it is executed again. */
bool rewrite_store(struct vmm *vmm);
/* The replaced instruction at CS:EIP need not be so: it is put back. */
void rewrite_undo(struct vmm *vmm);
/* The guest frame has been stored to. */
void rewrite_written(struct vmm *vmm, uint32_t gfn);
/* A page of the kernel's that is stale is wanted at la, by a fetch: live again. */
void rewrite_revive(struct vmm *vmm, laddr la);
/* … or as data, once more. Too often: it is no code any longer. */
void rewrite_stray(struct vmm *vmm, uint32_t gfn);

static inline enum code_state code_state(const struct vmm *vmm, uint32_t gfn)
{
    return vmm->code != NULL && gfn < vmm->guest_frames ? (enum code_state)vmm->code[gfn].state
                                                        : CODE_NONE;
}
/* The copy lies beside the guest's frame, where there is nobody's. */
static inline uint32_t code_copy(uint32_t mfn)
{
    return mfn + 1;
}

#endif
