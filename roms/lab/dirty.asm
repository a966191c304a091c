; dirty -- accessed and dirty bits, which the processor sets and a system clears: right in any ring, for the
; monitor sets them when it fills its shadow, and shadows clean pages read-only.
%include "lab.inc"

%define DIR     100000h
%define TABLE   101000h
%define PAGE    200000h
%define ENTRY   TABLE + (PAGE >> 12) * 4
%macro IS 1                     ; A (20h) and D (40h) of the page's entry
        mov     eax, [ENTRY]
        and     eax, 60h
        cmp     eax, %1
        jne     near wrong
%endmacro

main:   mov     edi, TABLE
        mov     eax, 7
.page:  stosd
        add     eax, 1000h
        cmp     eax, 400007h
        jb      .page
        mov     dword [DIR], TABLE | 7
        mov     eax, DIR
        mov     cr3, eax
        mov     eax, cr0
        or      eax, 80010000h
        mov     cr0, eax
        jmp     .on
.on:    IS      0
        mov     eax, [PAGE]
        IS      20h
        mov     [PAGE], eax
        IS      60h
        and     dword [ENTRY], ~40h ; clean again
        invlpg  [PAGE]
        mov     eax, [PAGE]
        IS      20h
        inc     dword [PAGE]
        IS      60h
        and     dword [ENTRY], ~60h ; and never touched
        invlpg  [PAGE]
        IS      0
        mov     eax, [PAGE]
        IS      20h
        test    byte [DIR], 20h
        jz      wrong
        RIGHT
wrong:  WRONG
