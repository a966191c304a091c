; control -- MOV to and from CR0, CR2, CR3, CR4; LMSW, CLTS: privileged, so that they trap. Right in any ring.
%include "lab.inc"

main:   mov     eax, 12345678h
        mov     cr2, eax
        xor     eax, eax
        mov     eax, cr2
        cmp     eax, 12345678h
        jne     .no
        mov     eax, 9000h
        mov     cr3, eax
        xor     eax, eax
        mov     eax, cr3
        cmp     eax, 9000h
        jne     .no
        mov     eax, cr0
        or      al, 8           ; TS
        lmsw    ax
        mov     eax, cr0
        test    al, 8
        jz      .no
        clts
        mov     eax, cr0
        and     al, 9
        cmp     al, 1           ; PE, and TS no more
        jne     .no
        CATCH   {db 0Fh, 20h, 0C8h} ; mov eax, cr1: there is none
        cmp     al, 6
        RIGHT_IF e
.no:    WRONG
