; nx -- EFER.NXE: pages that cannot be executed, at each level and size; error codes; bit 63 without.
; SDM 3, 4.4, 4.6, 4.7; SDM 4, IA32_EFER.
; QEMU TCG 7.2: a fault by reserved bits has P clear (SDM 3, 4.7: RSVD is set with P only); it does
; not look at pointers (see pae.asm).
;@qemu 5
;@cpu pentiumpro,+nx p4_prescott_celeron_336 pentium3,-apic,+nx
%include "lib.inc"

%define W(x) (40000000h - BASE + (x)) ; linear 40000000h + x, in segments based at 10000h
%macro RELOAD 0
        mov     eax, cr3
        mov     cr3, eax
%endmacro
%macro CALL 2                   ; text, address: code there is RET
        TRY     %1, { call %2 }
%endmacro

main:   PUTS    "== nx", 10
        mov     eax, 80000001h
        cpuid
        PUTS    "cpuid: "
        shr     edx, 20
        and     dx, 1
        HEX8    dx
        NL
        ENTER_PM32
        bits    32
        mov     dword [pointers], LIN(dir0) + 1
        mov     dword [pointers + 8], LIN(dir1) + 1
        mov     dword [dir0], 87h
        mov     dword [dir1], LIN(table) + 7
        mov     dword [dir1 + 8], 200087h ; 2 MiB, not executable
        mov     dword [dir1 + 12], 80000000h
        mov     dword [dir1 + 16], LIN(table) + 7 ; the table again, not executable
        mov     dword [dir1 + 20], 80000000h
        mov     dword [table], 60007h ; page 0
        mov     dword [table + 8], 61007h ; page 1: not executable
        mov     dword [table + 12], 80000000h
        mov     dword [table + 16], 62003h ; page 2: supervisor, not executable
        mov     dword [table + 20], 80000000h
        mov     eax, cr4
        or      eax, 20h
        mov     cr4, eax
        mov     eax, LIN(pointers)
        mov     cr3, eax
        mov     eax, cr0
        or      eax, 80000000h
        mov     cr0, eax
        mov     byte [60000h - BASE], 0C3h
        mov     byte [61000h - BASE], 0C3h
        mov     byte [62000h - BASE], 0C3h
        SETD    60h, BASE, 0FFFFFh, 9Ah, 0Ch
        SETD    68h, BASE, 0FFFFFh, 0FAh, 0Ch
        jmp     60h:.flat
.flat:  PUTS    "nxe 0", 10
        CALL    "page 0", W(0)
        TRY     "read page 1", mov al, [W(1000h)]
        CALL    "call page 1", W(1000h)
        TRY     "write 2 MiB page", mov [W(200000h)], al
        CALL    "absent page", W(3000h)
        mov     ecx, 0C0000080h
        rdmsr
        HEX32   eax
        NL
        or      eax, 800h
        TRY     "nxe 1", wrmsr
        rdmsr
        HEX32   eax
        NL
        TRY     "read page 1", mov al, [W(1000h)]
        HEX8    ax
        NL
        CALL    "call page 1", W(1000h)
        CALL    "page 0", W(0)
        TRY     "write page 1", mov byte [W(1000h)], 0C3h
        CALL    "call page 1", W(1000h)
        TRY     "write 2 MiB page", mov byte [W(200000h)], 0C3h
        CALL    "call 2 MiB page", W(200000h)
        TRY     "page 0 through the other entry", mov al, [W(400000h)]
        CALL    "call page 0 through the other entry", W(400000h)
        CALL    "absent page", W(3000h)
        TRY     "read absent page", mov al, [W(3000h)]
        mov     dword [table + 12], 0
        invlpg  [W(1000h)]
        CALL    "page 1 executable", W(1000h)
        mov     dword [table + 12], 80000000h
        invlpg  [W(1000h)]
        CALL    "page 1 not executable", W(1000h)
        PUTS    "an instruction across pages 0 and 1", 10
        mov     word [W(0FFEh)], 0B890h ; NOP; MOV EAX, imm32
        CALL    "straddling", W(0FFEh)
        mov     byte [W(0FFFh)], 90h
        CALL    "running into it", W(0FFEh)
        PUTS    "ring 3", 10
        push    dword UDATA32
        push    dword STACK3
        push    dword 2
        push    dword 6Bh
        push    dword .user
        iretd
.user:  CALL    "page 0", W(0)
        CALL    "page 1", W(1000h)
        CALL    "page 2", W(2000h)
        TRY     "read page 2", mov al, [ss:W(2000h)]
        CALL    "absent page", W(3000h)
        RING0
        PUTS    "nxe off again", 10
        mov     ecx, 0C0000080h
        xor     eax, eax
        xor     edx, edx
        wrmsr
        RELOAD
        TRY     "read page 1", mov al, [W(1000h)]
        TRY     "read page 0", mov al, [W(0)]
        PUTS    "bit 63 of a pointer is reserved: "
        mov     ecx, 0C0000080h
        mov     eax, 800h
        wrmsr
        mov     dword [pointers + 12], 80000000h
        mov     eax, cr3
        TRY     "mov cr3", mov cr3, eax
        FINISH

        align   4096
dir0:   times   1024 dd 0
dir1:   times   1024 dd 0
table:  times   1024 dd 0
pointers: times 8 dd 0
        IMAGE_END
