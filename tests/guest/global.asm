; global -- CR4.PGE and global pages: where the bits may be set, and what makes a changed entry seen: INVLPG,
; a load of CR3 for pages that are not global, a change of CR4.PGE for all. SDM 3A 4.10.
;
; (What a processor may remember beyond that is its own affair: nothing here looks at it.)
%include "lib.inc"

%define W(x) (400000h - BASE + (x)) ; linear 400000h + x
%define ENTRY table1
%macro LOOK 1
        PUTS    %1
        HEX8    [W(10h)]
        NL
%endmacro

main:   PUTS    "== global", 10
        mov     eax, 1
        cpuid
        PUTS    "pge: "
        and     edx, 2000h
        HEX16   dx
        NL
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
        mov     byte [60010h - BASE], 60h
        mov     byte [61010h - BASE], 61h
        mov     byte [62010h - BASE], 62h
        mov     eax, LIN(page_dir)
        mov     cr3, eax
        mov     eax, cr0
        or      eax, 80000000h
        mov     cr0, eax
        mov     dword [ENTRY], 60107h
        LOOK    "global bit without pge: "
        mov     dword [ENTRY], 61107h
        mov     eax, cr3
        mov     cr3, eax        ; the bit means nothing
        LOOK    "cr3 loaded: "
        mov     eax, cr4
        or      al, 80h
        TRY     "pge on", mov cr4, eax
        mov     eax, cr4
        HEX16   ax
        NL
        mov     dword [ENTRY], 60107h
        invlpg  [W(0)]
        LOOK    "invlpg: "
        mov     dword [ENTRY], 61007h ; not global any more
        invlpg  [W(0)]
        LOOK    "not global: "
        mov     dword [ENTRY], 62007h
        mov     eax, cr3
        mov     cr3, eax
        LOOK    "cr3 loaded: "
        mov     dword [ENTRY], 60107h
        mov     eax, cr3
        mov     cr3, eax
        LOOK    "global again: "
        mov     dword [ENTRY], 61107h
        mov     eax, cr4
        and     al, ~80h
        mov     cr4, eax        ; drops all
        LOOK    "pge off: "
        or      al, 80h
        mov     dword [ENTRY], 62107h
        mov     cr4, eax        ; so does this
        LOOK    "pge on: "
        mov     eax, [ENTRY]
        PUTS    "a, d, g: "
        HEX16   ax
        mov     [W(20h)], al
        mov     eax, [ENTRY]
        HEX16   ax
        NL
        mov     dword [page_dir + 4], LIN(table1) + 107h
        mov     eax, cr4
        xor     al, 80h
        mov     cr4, eax
        xor     al, 80h
        mov     cr4, eax
        LOOK    "global bit of a directory entry is ignored: "
        or      al, 10h
        mov     cr4, eax
        mov     dword [page_dir + 4], 187h ; a global 4 MiB page
        mov     eax, cr4
        xor     al, 80h
        mov     cr4, eax
        xor     al, 80h
        mov     cr4, eax
        PUTS    "global 4 MiB page: "
        HEX8    [W(61010h)]
        NL
        FINISH

        align   4096
page_dir: times 1024 dd 0
table0: times   1024 dd 0
table1: times   1024 dd 0
        IMAGE_END
