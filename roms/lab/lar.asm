; lar -- LAR tells a descriptor's access rights. Expected: DPL 0 of the kernel's code. In ring 1: DPL 1.
%include "lab.inc"

main:   mov     ax, CODE
        lar     eax, ax
        jnz     .no
        test    eax, 6000h      ; DPL
        RIGHT_IF z
.no:    WRONG
