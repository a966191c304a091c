; msr -- a kernel that reads a model-specific register. A monitor of the laboratory refuses it, and the report says so.
%include "lab.inc"

main:   mov     ecx, 10h        ; the time-stamp counter
        CATCH   rdmsr
        cmp     al, 13
        RIGHT_IF ne
