; push -- PUSH CS shows the level in the selector's low bits. Expected: 0. In ring 1: 1.
%include "lab.inc"

main:   push    cs
        pop     eax
        cmp     ax, CODE
        RIGHT_IF e
