; sldt -- SLDT shows the LDT's selector. Expected: what LLDT loaded. In ring 1: that of the monitor's table.
%include "lab.inc"

main:   mov     ax, LDT
        lldt    ax
        xor     eax, eax
        sldt    ax
        cmp     eax, LDT
        RIGHT_IF e
