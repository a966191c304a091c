; tsc -- RDTSC at level 0 and 3 with CR4.TSD set: the kernel may, its programs may not. Right in any ring.
%include "lab.inc"

main:   mov     ax, TSS
        ltr     ax
        mov     eax, cr4
        or      al, 4           ; TSD
        mov     cr4, eax
        CATCH   rdtsc
        cmp     al, 0FFh
        jne     .no
        rdtsc
        mov     esi, eax
        rdtsc
        cmp     eax, esi        ; it goes on
        jbe     .no
        CATCH   jmp .program
        cmp     al, 13
        RIGHT_IF e
.program:
        push    dword UDATA
        push    dword 6000h
        push    dword 2
        push    dword UCODE
        push    dword .at3
        iretd
.at3:   rdtsc
.no:    WRONG
