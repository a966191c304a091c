/* vmm/flow.h -- an instruction as a scanner sees it: how long is it, where does it lead, is it
 * one of those that must not run outside ring 0 unseen, and what does it do to the stack
 * pointer? (SDM 2, appendix A.)
 */
#ifndef TERRAPIN_VMM_FLOW_H
#define TERRAPIN_VMM_FLOW_H

#include "mem/types.h"

enum { FLOW_LONGEST = 15 };

enum flow_kind {
    FLOW_NEXT,   /* on with the one behind it */
    FLOW_BRANCH, /* there, or to `target` */
    FLOW_JUMP,   /* to `target` */
    FLOW_CALL,   /* to `target`, and back behind it */
    FLOW_RET,    /* to what is on the stack */
    FLOW_CALL_INDIRECT,
    FLOW_JUMP_INDIRECT,
    FLOW_STOP, /* wherever; the monitor will hear of it */
};

/* What becomes of the depth: the bytes on the stack above the return address. */
enum flow_stack {
    STACK_BY,     /* it grows by `bytes` */
    STACK_FRAME,  /* ESP := EBP + bytes: as deep as if the frame had begun with PUSH EBP */
    STACK_LOST,   /* ESP is anything now */
    STACK_STORED, /* a store at [ESP + bytes], which may be the return address */
};

struct flow {
    uint8_t len;
    bool sensitive; /* one of the 17, or IRET, as far as ring compression shows in it */
    uint8_t kind, stack;
    int32_t bytes;
    uint32_t target; /* relative to the instruction behind */
};

/* n: bytes that are there. false: not an instruction, or not all of it is there. */
bool flow_decode(const uint8_t *bytes, unsigned n, bool code32, struct flow *f);

#endif
