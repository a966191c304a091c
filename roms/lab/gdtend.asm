; gdtend -- a GDT that ends with the last page that is there, and goes on by its limit: what is mapped of
; it counts. Right in any ring.
%include "lab.inc"

%define DIR     100000h
%define PAGES   101000h
%define BEYOND  20000h          ; this page is not mapped
%define BYTES   (gdt_end - gdt)

main:   mov     edi, DIR        ; flat, but for one page
        xor     eax, eax
        mov     ecx, 1024
        rep stosd
        mov     dword [DIR], PAGES + 3
        mov     edi, PAGES
        mov     eax, 3
        mov     ecx, 1024
.page:  stosd
        add     eax, 1000h
        loop    .page
        mov     dword [PAGES + BEYOND / 1000h * 4], 0
        mov     esi, gdt
        mov     edi, BEYOND - BYTES
        mov     ecx, BYTES / 4
        rep movsd
        mov     eax, DIR
        mov     cr3, eax
        mov     eax, cr0
        or      eax, 80000000h
        mov     cr0, eax
        lgdt    [register]
        jmp     CODE:.there
.there: mov     ax, DATA
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     ax, UDATA
        mov     fs, ax
        mov     dword [fs:DIR + 8], 0CAFEh
        cmp     dword [DIR + 8], 0CAFEh
        RIGHT_IF e
register: dw    0FFFFh
        dd      BEYOND - BYTES
