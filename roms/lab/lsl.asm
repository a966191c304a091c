; lsl -- LSL tells a segment's limit. Expected: 4 GiB. In ring 1: the monitor lives at the end of linear memory, and the
; segment ends below it.
%include "lab.inc"

main:   mov     ax, DATA
        lsl     eax, ax
        jnz     .no
        cmp     eax, 0FFFFFFFFh
        RIGHT_IF e
.no:    WRONG
