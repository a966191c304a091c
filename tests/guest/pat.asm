; pat -- the page attribute table's register, and its bit in page entries: what they may hold. Memory types
; change nothing here. SDM 3A 11.12.
;
;@cpu pentium3 p3_katmai pentium3,-apic
; QEMU TCG stores whatever is written.
;@qemu 5
%include "lib.inc"

%define W(x) (400000h - BASE + (x)) ; linear 400000h + x
%macro PUT 3                    ; name, high, low
        mov     ecx, 277h
        mov     edx, %2
        mov     eax, %3
        TRY     %1, wrmsr
%endmacro
%macro SHOW 0
        mov     ecx, 277h
        rdmsr
        PUTS    "pat: "
        HEX32   edx
        HEX32   eax
        NL
%endmacro

main:   PUTS    "== pat", 10
        SHOW                    ; after reset
        PUT     "all types", 00010405h, 06070706h
        SHOW
        PUT     "type 2", 0, 2
        PUT     "type 3 in byte 7", 03000000h, 0
        PUT     "type 8", 0, 0800h
        PUT     "reserved bit 63", 80000000h, 0
        SHOW
        PUT     "as it was", 00070406h, 00070406h
        ENTER_PM32
        bits    32
        mov     edi, table0
        mov     eax, 7
.low:   stosd
        add     eax, 1000h
        cmp     edi, table0 + 4096
        jb      .low
        mov     dword [page_dir], LIN(table0) + 7
        mov     dword [page_dir + 4], LIN(table1) + 7
        mov     dword [60000h - BASE], 12345678h
        mov     eax, LIN(page_dir)
        mov     cr3, eax
        mov     eax, cr0
        or      eax, 80000000h
        mov     cr0, eax
        PUTS    "pat, pcd, pwt: "
        mov     ebx, 60007h
.types: mov     [table1], ebx
        invlpg  [W(0)]
        mov     eax, [W(0)]
        HEX16   ax
        mov     eax, [table1]   ; accessed, and as it was
        HEX8    ax
        add     ebx, 8          ; PWT, PCD; then PAT
        test    bl, 20h
        jz      .types
        sub     ebx, 20h
        xor     bl, 80h
        test    bl, bl
        js      .types
        NL
        TO_RING3 .user
.user:  TRY     "ring 3: rdmsr", rdmsr
        TRY     "wrmsr", wrmsr
        RING0
        FINISH

        align   4096
page_dir: times 1024 dd 0
table0: times   1024 dd 0
table1: times   1024 dd 0
        IMAGE_END
