; paging -- error codes and CR2 of #PF by kind of access, A and D bits, CR0.WP, 4 MiB pages, accesses
; across pages, INVLPG, restart of an instruction after its fault. SDM 3, 4.
%include "lib.inc"

; Linear = physical below 4 MiB through table0; the window at 400000h-40FFFFh is table1's, whose
; pages are set by the tests. DS has base 10000h: W(x) is an offset of linear 400000h + x.
%define W(x) (400000h + (x) - BASE)
%define PT1(n) (table1 + (n) * 4)

%macro AD 1                     ; print A (20h) and D (40h) of window page %1, and clear them
        mov     eax, [PT1(%1)]
        and     eax, 60h
        and     dword [PT1(%1)], ~60h
        HEX8    ax
        PUTS    " "
        invlpg  [W((%1) << 12)]
%endmacro
%macro MAP 2                    ; window page, entry
        mov     dword [PT1(%1)], %2
        invlpg  [W((%1) << 12)]
%endmacro

main:   PUTS    "== paging", 10
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
        mov     eax, LIN(page_dir)
        mov     cr3, eax
        mov     eax, cr0
        or      eax, 80000000h
        mov     cr0, eax
        MAP     0, 60007h       ; user, writable
        MAP     1, 61005h       ; user, read only
        MAP     2, 62003h       ; supervisor, writable
        MAP     3, 63001h       ; supervisor, read only
        MAP     4, 0
        MAP     5, 65006h       ; not present: the other bits do not matter
        MAP     6, 60007h       ; the same frame as page 0

        SETD    60h, BASE, 0FFFFFh, 9Ah, 0Ch ; a code segment that reaches the window
        jmp     60h:.flat
.flat:  PUTS    "ring 0", 10
        TRY     "read", mov eax, [W(0)]
        TRY     "read absent", mov eax, [W(4004h)]
        TRY     "write absent", mov [W(4008h)], eax
;@qemu 1
        ; QEMU TCG reads first (SDM 3, 4.7: W/R says what the access was; this one is a write).
        TRY     "read-modify-write absent: a write", add [W(5000h)], eax
        TRY     "write read-only, wp 0", mov [W(1000h)], eax
        TRY     "write supervisor read-only, wp 0", mov [W(3000h)], eax
        TRY     "absent directory entry", mov eax, [W(400000h)]
        TRY     "jump to absent", jmp W(4000h)
        TRY     "across, second page absent", mov eax, [W(3FFEh)]
        TRY     "across, first page absent", mov eax, [W(5FFFh)]
        mov     dword [W(3FFCh)], 11223344h
        TRY     "write across: nothing is written", mov [W(3FFEh)], eax
        HEX32   [W(3FFCh)]
        NL
        mov     esi, W(0)
        mov     edi, W(3FF8h)
        mov     ecx, 4
        TRY     "rep movsd up to it", rep movsd
        sub     edi, W(0)
        HEX16   cx
        HEX16   di
        NL
        mov     eax, cr0
        or      eax, 10000h
        mov     cr0, eax
        TRY     "write read-only, wp 1", mov [W(1000h)], eax
        TRY     "cmpxchg8b writes always", cmpxchg8b [W(1000h)]
        TRY     "xchg", xchg [W(1000h)], eax
        TRY     "cmpxchg, too, when not equal", cmpxchg [W(1004h)], ecx
        TRY     "bt only reads", bt dword [W(1000h)], 1
        TRY     "shift by 0", shl dword [W(1000h)], 32
        mov     eax, cr0
        and     eax, ~10000h
        mov     cr0, eax

        PUTS    "ring 3", 10
        TO_RING3 .user
.user:  TRY     "read", mov eax, [W(0)]
        TRY     "write", mov [W(0)], eax
        TRY     "read read-only", mov eax, [W(1000h)]
        TRY     "write read-only", mov [W(1000h)], eax
        TRY     "read supervisor", mov eax, [W(2000h)]
        TRY     "write supervisor", mov [W(2000h)], eax
        TRY     "read absent", mov eax, [W(4000h)]
        TRY     "write absent", mov [W(4000h)], eax
        RING0
        mov     dword [page_dir + 4], LIN(table1) + 5 ; the directory's bits count as well
        mov     eax, cr3
        mov     cr3, eax
        TO_RING3 .user2
.user2: TRY     "directory read only", mov [W(0)], eax
        RING0
        mov     dword [page_dir + 4], LIN(table1) + 3
        mov     eax, cr3
        mov     cr3, eax
        TO_RING3 .user3
.user3: TRY     "directory supervisor", mov eax, [W(0)]
        RING0
        mov     dword [page_dir + 4], LIN(table1) + 7
        mov     eax, cr3
        mov     cr3, eax

        PUTS    "a and d: "
        mov     eax, [page_dir + 4]
        and     eax, 60h
        HEX8    ax              ; a directory entry has no D
        PUTS    " "
        AD      0
        AD      4
        mov     eax, [W(0)]
        AD      0
        mov     [W(0)], eax
        AD      0
        or      dword [W(0)], 0
        AD      0
        cmpxchg8b [W(0)]
        AD      0
        verr    ax
        mov     ax, 10h
        lar     eax, eax
        AD      1
        mov     al, [W(1000h)]
        AD      1
        NL
        PUTS    "two names of a frame: "
        mov     dword [W(10h)], 0ABCD1234h
        HEX32   [W(6010h)]
        mov     dword [W(6010h)], 55AA55AAh
        HEX32   [W(10h)]
        NL
        PUTS    "remapped, invlpg: "
        mov     dword [W(20h)], 60606060h
        mov     dword [W(2020h)], 62626262h
        MAP     6, 62007h
        HEX32   [W(6020h)]
        MAP     6, 60007h
        HEX32   [W(6020h)]
        NL
        PUTS    "4 MiB page: "
        mov     eax, cr4
        or      eax, 10h
        mov     cr4, eax
        mov     dword [page_dir + 8], 87h ; 800000h: physical 0
        HEX32   [W(400000h + 60020h)]
        test    byte [page_dir + 8], 40h
        setnz   al
        HEX8    ax
        mov     dword [W(400000h + 60020h)], 77777777h
        HEX32   [W(20h)]
        mov     eax, [page_dir + 8]
        HEX16   ax
        NL
        jmp     60h:.flat2
.flat2: PUTS    "code in a page that moves: "
        mov     dword [W(100h)], 0C301B0h ; MOV AL, 1; RET in frame 60
        mov     dword [W(2100h)], 0C302B0h ; MOV AL, 2; RET in frame 62
        MAP     6, 60007h
        mov     ebx, W(6100h)
        call    ebx
        HEX8    ax
        MAP     6, 62007h
        call    ebx
        HEX8    ax
        mov     byte [W(2101h)], 3 ; written through the other name
        call    ebx
        HEX8    ax
        NL
        PUTS    "paging off again: "
        mov     eax, cr0
        and     eax, 7FFFFFFFh
        mov     cr0, eax
        HEX32   [60020h - BASE]
        NL
        FINISH

        align   4096
page_dir: times 1024 dd 0
table0: times   1024 dd 0
table1: times   1024 dd 0
        IMAGE_END
