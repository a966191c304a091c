; ret -- Far RET goes by the RPL of the CS on the stack. Expected: RPL 1 is a return to level 1, where a segment of DPL 0 is
; #GP(8). In ring 1: a return to the same level, which succeeds.
%include "lab.inc"

main:   push    dword CODE | 1
        push    dword .here
        CATCH   retf
        cmp     al, 13
        RIGHT_IF e
.here:  WRONG
