; tests/bench/bench.asm -- a loop that never ends, from a boot sector. WORK names it:
;
;   alu16    arithmetic of registers          flat32   loads, arithmetic, stores; flat segments
;   mem16    loads and stores, other segment  calls32  a call, a push, a pop, a return
;   near16   stores beside the code           pio      IN from port 61h
;   smc16    patches an operand ahead         string   REP MOVSD of 4 KiB
;
; nasm -f bin -DWORK=alu16
%define IS_alu16   0
%define IS_mem16   1
%define IS_near16  2
%define IS_smc16   3
%define IS_pio     4
%define IS_string  5
%define IS_flat32  6
%define IS_calls32 7
%assign work       IS_%+WORK
        cpu     386
        org     0x7C00
        xor     ax, ax
        mov     ds, ax
        mov     ss, ax
        mov     sp, 0x7000
        mov     ax, 0x2000
        mov     es, ax
        cli
        cld
%if work >= IS_flat32
        lgdt    [gdtr]
        mov     eax, cr0
        inc     ax
        mov     cr0, eax
        jmp     8:flat
        bits    32
flat:   mov     ax, 16
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     esp, 0x7000
%if work == IS_flat32
next:   mov     esi, 0x20000
        mov     ecx, 256
.word:  mov     eax, [esi]
        add     eax, ecx
        xor     [esi + 4], eax
        add     edx, eax
        mov     [esi + ecx * 4], edx
        add     esi, 4
        dec     ecx
        jnz     .word
        jmp     next
%else
next:   mov     eax, 1
        call    work32
        add     edx, eax
        jmp     next
work32: push    ebx
        lea     ebx, [eax + eax * 4]
        mov     eax, ebx
        pop     ebx
        ret
%endif
        align   8
gdt:    dq      0, 0x00CF9B000000FFFF, 0x00CF93000000FFFF
gdtr:   dw      gdtr - gdt - 1
        dd      gdt
%elif work == IS_alu16
next:   add     ax, bx
        xor     bx, dx
        rol     dx, 3
        adc     si, ax
        sub     dx, si
        dec     cx
        jnz     next
        jmp     next
%elif work == IS_mem16
next:   xor     di, di
.word:  mov     ax, [es:di]
        add     ax, di
        mov     [es:di + 2], ax
        add     di, 4
        jnz     .word
        jmp     next
%elif work == IS_near16
next:   mov     bx, words
        mov     cx, 64
.word:  add     [bx], cx
        inc     word [sum]
        add     bx, 2
        dec     cx
        jnz     .word
        jmp     next
        align   2
sum:    dw      0
words:  times 64 dw 0
%elif work == IS_smc16
next:   mov     [.patch + 1], cx
        nop
        nop
.patch: mov     ax, 0
        add     dx, ax
        dec     cx
        jmp     next
%elif work == IS_pio
next:   in      al, 0x61
        add     dx, ax
        jmp     next
%elif work == IS_string
next:   push    es
        pop     ds
        xor     si, si
        mov     di, 0x1000
        mov     cx, 1024
        rep movsd
        jmp     next
%endif
        times   510 - ($ - $$) db 0
        dw      0xAA55
        times   1474560 - ($ - $$) db 0
