; mov -- MOV from and to segment registers. Expected: CS reads with RPL 0; DS refuses RPL 1 where the DPL is 0, #GP(10h). In
; ring 1: the RPL is 1; and the load succeeds.
%include "lab.inc"

main:   mov     eax, cs
        cmp     ax, CODE
        jne     .no
        mov     eax, DATA | 1
        CATCH   mov ds, ax
        cmp     al, 13
        RIGHT_IF e
.no:    WRONG
