; codedata -- Code read as data: a kernel that sums up its own bytes. Expected: they are what was assembled. Under rewrite: the
; replaced instruction is a byte HLT for whoever reads it at level 0, and the oracle names the read.
%include "lab.inc"

main:   call    routine
        mov     al, [routine]
        cmp     al, 9Ch
        RIGHT_IF e
routine:
        pushfd
        pop     eax
        ret
