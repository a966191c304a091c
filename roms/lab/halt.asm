; halt -- STI, HLT, and an interrupt that ends it; CLI keeps interrupts off. They trap. Right in any ring.
%include "lab.inc"

main:   TICKS
        mov     ecx, 5
.again: mov     ebx, [ticks]
        sti
        hlt
        cli
        cmp     ebx, [ticks]
        je      .no
        loop    .again
        mov     ebx, [ticks]
        mov     ecx, 2000000
.wait:  loop    .wait
        cmp     ebx, [ticks]
        jne     .no
        sti                     ; the one that waited comes after the next instruction
        nop
        nop
        cmp     ebx, [ticks]
        RIGHT_IF ne
.no:    WRONG
