; pae -- physical address extension: three levels, 2 MiB pages, what a load of CR3 reads, error codes.
; SDM 3, 4.4.
;
; QEMU TCG reads the pointers at every walk, sets A in them, and does not check their reserved bits
; (SDM 3, 4.4.1: MOV to CR3 loads them, or #GP).
;@qemu 3
%include "lib.inc"

%define W(x) (40000000h - BASE + (x)) ; the second pointer's window: linear 40000000h
%macro RELOAD 0
        mov     eax, cr3
        mov     cr3, eax
%endmacro

main:   PUTS    "== pae", 10
        ENTER_PM32
        bits    32
        mov     dword [pointers], LIN(dir0) + 1
        mov     dword [pointers + 8], LIN(dir1) + 1
        mov     dword [dir0], 87h ; 2 MiB, identity
        mov     dword [dir1], LIN(table) + 7
        mov     dword [dir1 + 8], 200087h ; 2 MiB at 40200000h
        mov     dword [dir1 + 16], 200085h ; the same, read only
        mov     dword [dir1 + 24], 200083h ; the same, supervisor
        mov     dword [table], 60007h
        mov     dword [table + 16], 62005h ; page 2
        mov     dword [table + 24], 63003h
        mov     eax, cr4
        or      eax, 20h        ; PAE
        mov     cr4, eax
        mov     eax, LIN(pointers)
        mov     cr3, eax
        mov     eax, cr0
        or      eax, 80000000h
        mov     cr0, eax
        SETD    60h, BASE, 0FFFFFh, 9Ah, 0Ch
        jmp     60h:.flat
.flat:  mov     dword [W(0)], 600D0000h
        HEX32   [60000h - BASE]
        NL
        TRY     "absent page", mov al, [W(1234h)]
        TRY     "absent directory entry", mov [W(800000h)], al
        TRY     "absent pointer", mov al, [W(40000000h)]
        TRY     "read-only page, wp 0", mov [W(2000h)], al
        mov     dword [W(200010h)], 20002000h
        HEX32   [W(400010h)]
        NL
        mov     eax, cr0
        or      eax, 10000h
        mov     cr0, eax
        TRY     "read-only page, wp 1", mov [W(2000h)], al
        TRY     "read-only 2 MiB page", mov [W(400000h)], al
        TO_RING3 .user
.user:  TRY     "supervisor page", mov al, [W(3000h)]
        TRY     "supervisor 2 MiB page", mov [W(600000h)], al
        TRY     "read-only page", mov [W(2000h)], al
        TRY     "read", mov al, [W(2000h)]
        RING0
        PUTS    "a and d: "
        HEX8    [dir1]
        HEX8    [dir1 + 8]
        HEX8    [dir1 + 16]
        HEX8    [table]
        HEX8    [table + 16]
        PUTS    " pointer "
        HEX8    [pointers + 8]  ; has neither
        NL
        PUTS    "pointers are read by mov cr3: "
        mov     dword [pointers + 16], LIN(dir1) + 1
        TRY     "not yet", mov al, [W(40000000h)]
        RELOAD
        TRY     "now", mov al, [W(40000000h)]
        PUTS    "a pointer with reserved bits: "
        mov     dword [pointers + 24], LIN(dir1) + 7
        mov     eax, cr3
        TRY     "mov cr3", mov cr3, eax
        mov     dword [pointers + 24], 0
        RELOAD
        TRY     "still there", mov al, [W(40000000h)]
        mov     dword [dir1 + 12], 1 ; physical bit 32: no memory there (floating reads)
        invlpg  [W(200000h)]
        mov     dword [dir1 + 12], 0
        invlpg  [W(200000h)]
        HEX32   [W(200010h)]
        NL
        PUTS    "code across pages, the second absent: "
        mov     dword [W(0FFCh)], 9090B890h ; NOP; MOV EAX, imm32 of which 2 bytes are here
        jmp     60h:.flat2
.flat2: TRY     "", jmp W(0FFCh)
        FINISH

        align   4096
dir0:   times   1024 dd 0
dir1:   times   1024 dd 0
table:  times   1024 dd 0
pointers: times 8 dd 0
        IMAGE_END
