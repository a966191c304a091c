; jmp -- Far JMP checks RPL against CPL. Expected: #GP(8), as RPL 1 is above CPL 0. In ring 1: the jump succeeds.
%include "lab.inc"

main:   CATCH   jmp CODE | 1:.here
        cmp     al, 13
        RIGHT_IF e
.here:  WRONG
