; tables -- LGDT, LIDT, LLDT, LTR: privileged, so that they trap. Right in any ring.
%include "lab.inc"

main:   mov     esi, gdt        ; another GDT, with a segment more
        mov     edi, 6000h
        mov     ecx, (gdt_end - gdt) / 4
        rep movsd
        mov     dword [edi], 0000FFFFh
        mov     dword [edi + 4], 00409201h ; base 10000h, limit FFFFh
        mov     dword [space + 2], 6000h
        mov     word [space], gdt_end - gdt + 7
        lgdt    [space]
        mov     ax, gdt_end - gdt
        mov     fs, ax
        mov     dword [fs:4], 0CAFEh
        cmp     dword [10004h], 0CAFEh
        jne     .no
        CATCH   mov eax, [fs:10000h] ; beyond the limit
        cmp     al, 13
        jne     .no
        mov     dword [edi], 2000FFFFh  ; a store into the table in use: base + 2000h
        mov     fs, [selector]
        mov     dword [fs:8], 0BEEFh
        cmp     dword [12008h], 0BEEFh
        jne     .no
        mov     ax, LDT
        lldt    ax
        mov     ax, 0Ch         ; in the LDT: flat
        mov     gs, ax
        mov     eax, [gs:12008h]
        cmp     eax, 0BEEFh
        jne     .no
        mov     ax, TSS
        ltr     ax
        CATCH   ltr ax          ; busy now
        cmp     al, 13
        jne     .no
        CATCH   mov fs, [nothing]
        cmp     al, 13
        RIGHT_IF e
.no:    WRONG
space:  dw      0
        dd      0
selector: dw    gdt_end - gdt
nothing: dw     0FFE8h          ; beyond the limit; a monitor may have something there
