; pop -- POP DS checks DPL against CPL and RPL. Expected: #GP(10h), as RPL 1 may not use a segment of DPL 0. In ring 1 the
; DPL is 1, and the load succeeds.
%include "lab.inc"

main:   push    dword DATA | 1
        CATCH   pop ds
        cmp     al, 13
        jne     .no
        cmp     edx, DATA
        RIGHT_IF e
.no:    WRONG
