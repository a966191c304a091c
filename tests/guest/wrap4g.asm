; wrap4g -- the top of the linear address space: accesses that go on at 0, a stack that does, strings, code
; whose EIP does; with and without paging. SDM 3A 3.3.5, 5.3.
;
; Linear FFFF0000-FFFFFFFF is this image, as ROM: its last byte is known. With paging it is a page of RAM.
; What an access does that passes the limit of a segment of 4 GiB, SDM 3A 5.3 leaves open.
%include "lib.inc"

%define TOP 0FFFFFFFFh - BASE + 1 ; linear 0, in segments based at 10000h

%macro WRAPS 0
        mov     dword [flat], 44332211h ; linear 0
        mov     dword [flat + 4], 88776655h
        TRY     "base 0: dword below the top", mov eax, [fs:0FFFFFFFCh]
        PUTS    "ds, base 10000h: "
        mov     eax, [TOP - 2]
        shr     eax, 16
        HEX16   ax
        mov     ax, [TOP - 1]
        shr     ax, 8
        HEX8    ax
        fild    qword [TOP - 4]
        fistp   qword [space]
        mov     eax, [space + 4]
        HEX32   eax
        mov     eax, 11111111h
        mov     esi, TOP - 2
        lodsd
        shr     eax, 16
        HEX16   ax
        sub     esi, TOP
        HEX32   esi
        std
        mov     esi, TOP
        lodsw
        HEX16   ax
        sub     esi, TOP
        HEX32   esi
        cld
        NL
        mov     eax, 5A5A5A5Ah
        TRY     "write over the top", mov [TOP - 2], eax
        mov     eax, [flat]
        HEX32   eax
        TRY     " inc over the top", inc dword [TOP - 1]
        mov     eax, [flat]
        HEX32   eax
        NL
        TRY     "rep movsb through it", { call strings }
        mov     eax, [flat]
        HEX32   eax
        NL
%endmacro

main:   PUTS    "== wrap4g", 10
        fninit
        ENTER_PM32
        bits    32
        SETD    60h, BASE, 0FFFFFh, 93h, 0Ch
        SETD    68h, BASE, 0FFFFFh, 9Bh, 0Ch
        mov     ax, FLAT
        mov     fs, ax
        mov     ax, 60h
        mov     ds, ax
        mov     es, ax
        PUTS    "without paging", 10
        WRAPS

        mov     edi, table0
        mov     eax, 7
.low:   stosd
        add     eax, 1000h
        cmp     edi, table0 + 4096
        jb      .low
        mov     dword [page_dir], LIN(table0) + 7
        mov     dword [page_dir + 1023 * 4], LIN(table1) + 7
        mov     dword [table1 + 1023 * 4], 60007h
        mov     eax, LIN(page_dir)
        mov     cr3, eax
        mov     eax, cr0
        or      eax, 80000000h
        mov     cr0, eax
        mov     dword [60FFCh - BASE], 0DDCCBBAAh
        PUTS    "with paging", 10
        WRAPS
        PUTS    "stack: "
        mov     ebp, esp
        mov     ax, 60h
        mov     ss, ax
        mov     esp, TOP
        push    dword 12345678h ; at FFFFFFFC
        mov     esp, TOP + 2
        push    dword 9ABCDEF0h ; over the top
        mov     eax, esp
        pop     ecx
        mov     ebx, esp
        mov     dx, DATA32
        mov     ss, dx
        mov     esp, ebp
        sub     eax, TOP
        HEX32   eax
        HEX32   ecx
        sub     ebx, TOP
        HEX32   ebx
        HEX32   [60FFCh - BASE]
        HEX32   [flat]
        NL
        PUTS    "code that goes on at 0: "
        mov     byte [60FFFh - BASE], 0B0h ; MOV AL,
        mov     word [flat], 0C37Eh ;  7Eh; RET
        jmp     68h:.flat
.flat:  mov     al, 0
        mov     ebx, TOP - 1
        call    ebx
        HEX8    ax
        mov     dword [60FFCh - BASE], 41414141h ; INC ECX, four and one more
        xor     ecx, ecx
        mov     ebx, TOP - 4
        mov     byte [flat], 41h
        call    ebx
        HEX8    cx
        NL
        mov     dword [table0], 0
        mov     eax, cr3
        mov     cr3, eax
        TRY     "read over the top, page 0 absent", mov eax, [TOP - 2]
        mov     byte [60FFFh - BASE], 0B0h
        TRY     "code over it", call TOP - 1
        mov     dword [table0], 7
        mov     dword [table1 + 1023 * 4], 0
        mov     eax, cr3
        mov     cr3, eax
        TRY     "read over the top, last page absent", mov eax, [TOP - 2]
        FINISH

strings:mov     esi, space
        mov     edi, TOP - 2
        mov     ecx, 4
        rep     movsb
        ret
flat    equ     -BASE
        align   4
space:  db      11h, 22h, 33h, 44h, 55h, 66h, 77h, 88h
        align   4096
page_dir: times 1024 dd 0
table0: times   1024 dd 0
table1: times   1024 dd 0
        IMAGE_END
