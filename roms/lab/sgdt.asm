; sgdt -- SGDT shows the GDT register. Expected: what LGDT loaded. In ring 1: the monitor's own table.
%include "lab.inc"

main:   sgdt    [space]
        mov     eax, [space + 2]
        cmp     eax, gdt
        RIGHT_IF e
space:  dw      0
        dd      0
