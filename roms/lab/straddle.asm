; straddle -- Instructions across pages: SMSW, MOV from CS and far JMP begin on one page and end on the next. Expected: as anywhere else,
; and when the second page changes as well.
%include "lab.inc"

main:   clts
        mov     edi, 20
.round: mov     byte [across + 1], 1    ; 0F 01 E0: smsw eax
        mov     byte [across + 2], 0E0h
        call    across
        test    al, 8
        jnz     .no
        mov     word [across + 1], 0C8B6h ; 0F B6 C8: movzx ecx, al
        mov     al, 77h
        call    across
        cmp     ecx, 77h
        jne     .no
        call    second
        cmp     ax, CODE
        jne     .no
        call    third
        dec     edi
        jnz     .round
        RIGHT
.no:    WRONG
        align   4096
        times   4095 nop
across: db      0Fh
        db      01h, 0E0h
        ret
        times   4096 - 5 nop
second: db      8Ch
        db      0C8h            ; mov eax, cs
        ret
        times   4096 - 5 nop
third:  db      0EAh
        dd      .here
        dw      CODE
.here:  ret
