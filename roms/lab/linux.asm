; linux -- starts the kernel that -kernel names, as its 32-bit boot protocol wants it (Documentation/arch/x86/boot.rst).
;
; The front end has put the kernel at 100000h, and its boot parameters at 90000h.
        cpu     686
        org     7C00h
        bits    16
start:  cli
        xor     ax, ax
        mov     ds, ax
        lgdt    [gdt_register]
        mov     eax, cr0
        or      al, 1
        mov     cr0, eax
        jmp     10h:protected
        bits    32
protected:
        mov     ax, 18h
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     fs, ax
        mov     gs, ax
        mov     esp, 7C00h
        mov     esi, 90000h
        xor     ebp, ebp
        xor     edi, edi
        xor     ebx, ebx
        jmp     [90000h + 214h]
        align   8
gdt:    dd      0, 0, 0, 0
        dd      0000FFFFh, 00CF9A00h, 0000FFFFh, 00CF9200h
gdt_register: dw 31
        dd      gdt
