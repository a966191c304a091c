; smc -- Code that the kernel changes, with a sensitive instruction in what it becomes. Expected: what runs is what was written last.
; Under rewrite: the store is traced, the page is scanned anew before it runs again.
%include "lab.inc"

main:   mov     edi, 100
        call    site            ; two NOPs, seen to be harmless
.round: mov     word [site], 580Eh      ; push cs; pop eax
        call    site
        cmp     eax, CODE
        jne     .no
        mov     byte [site], 16h        ; push ss
        call    site
        cmp     eax, DATA
        jne     .no
        mov     esi, other      ; from another page, as a kernel patches itself when it starts
        call    far_away
        cmp     eax, CODE
        jne     .no
        mov     word [site], 9090h
        call    site
        inc     dword [beside]
        dec     edi
        jnz     .round
        cmp     dword [beside], 100
        RIGHT_IF e
.no:    WRONG
site:   nop
        nop
        ret
beside: dd      0
other:  mov     eax, cs
        ret
        align   4096
far_away:                       ; copies what is at ESI over site, and calls it
        push    edi
        mov     edi, site
        mov     ecx, 3
        rep movsb
        call    site
        pop     edi
        ret
