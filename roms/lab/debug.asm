; debug -- MOV to and from debug registers, a breakpoint, a single step: they trap. Right in any ring.
%include "lab.inc"

main:   mov     eax, .here
        mov     dr0, eax
        mov     eax, 1          ; break on its execution
        mov     dr7, eax
        mov     dword [caught], .caught
        mov     [catch_esp], esp
.here:  nop
        mov     al, 0FFh
.caught:
        cmp     al, 1
        jne     .no
        xor     eax, eax
        mov     dr7, eax
        mov     eax, dr0
        cmp     eax, .here
        jne     .no
        push    dword 102h      ; TF
        mov     dword [caught], .stepped
        mov     [catch_esp], esp
        popfd
        nop
        mov     al, 0FFh
.stepped:
        cmp     al, 1
        RIGHT_IF e
.no:    WRONG
