; sidt -- SIDT shows the IDT register ("red pill"). Expected: what LIDT loaded. In ring 1: the monitor's own.
%include "lab.inc"

main:   sidt    [space]
        mov     eax, [space + 2]
        cmp     eax, idt
        RIGHT_IF e
space:  dw      0
        dd      0
