; str -- STR shows the task register. Expected: what LTR loaded. In ring 1: the monitor's task.
%include "lab.inc"

main:   mov     ax, TSS
        ltr     ax
        xor     eax, eax
        str     ax
        cmp     eax, TSS
        RIGHT_IF e
