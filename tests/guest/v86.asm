; v86 -- virtual-8086 mode: entry by IRET, IOPL-sensitive instructions, INT through the monitor with
; segment registers on its stack, exceptions, what is not recognized there. SDM 3, 20.2-20.3.
;
; QEMU 7.2 TCG checks no limits, does not know INT1, looks for ring 1's stack before it refuses the
; gate to ring 1 (SDM 2, INT n: CPL must become 0), and lets ring 3 set VM by IRET (SDM 2, IRET).
;@qemu 7
%include "lib.inc"

main:   PUTS    "== v86", 10
        ENTER_PM32
        bits    32
        SETG    21h, CODE32, monitor, 8Eh
        SETG    22h, CODE32, monitor, 0EEh
        SETG    23h, CODE32, monitor, 0EFh ; trap gate
        SETG    24h, CODE16, monitor16, 0E6h
        SETD    60h, BASE, 0FFFFh, 9Eh, 4 ; conforming: not for V86
        SETG    25h, 60h, monitor, 0EEh
        SETG    26h, UCODE32, monitor, 0EEh ; to ring 3: not for V86
        SETD    68h, BASE, 0FFFFh, 0BAh, 4 ; ring 1: neither
        SETG    27h, 68h, monitor, 0EEh

        PUTS    "iopl 3", 10
        TO_V86  .v3, 3
        bits    16
.v3:    mov     ax, cs
        mov     bx, ss
        mov     cx, ds
        mov     dx, fs
        HEX16   ax
        HEX16   bx
        HEX16   cx
        HEX16   dx
        HEX16   sp
        NL
        TRY     "cli", cli
        TRY     "sti", sti
        TRY     "pushf", pushf
        pop     ax
        HEX16   ax
        NL
        push    word 0EFFFh & ~TF
        TRY     "popf", popf
        pushfd
        pop     eax
        HEX32   eax             ; IOPL stays; pushed VM reads 0, RF too
        NL
        push    word 2
        popf
        push    word 2
        push    cs
        push    word .iret
        iret
.iret:  PUTS    "iret", 10
        TRY     "int, gate dpl 0", int 21h
        TRY     "int, gate dpl 3", int 22h
        sti
        TRY     "int, trap gate", int 23h
        TRY     "int, 16-bit gate", int 24h
        TRY     "int, conforming", int 25h
        TRY     "int, to ring 3", int 26h
        TRY     "int, to ring 1", int 27h
        TRY     "int3, gate dpl 0", int3
        TRY     "ud2", ud2
        TRY     "div by zero", { div byte [zero] }
        TRY     "hlt", hlt
        TRY     "mov eax, cr0", { mov eax, cr0 }
        TRY     "lgdt", lgdt [gdtr]
        TRY     "sgdt", sgdt [space]
        TRY     "smsw", smsw bx
        TRY     "clts", clts
        TRY     "sldt", sldt ax
        TRY     "lar", lar ax, ax
        TRY     "verr", verr ax
        TRY     "arpl", arpl ax, ax
        TRY     "in, allowed", { in al, 0E9h }
        TRY     "in, not allowed", { in al, 61h } ; the bitmap, even with IOPL 3
        TRY     "mov ds, anything", { mov fs, [any] }
        mov     ax, fs
        HEX16   ax
        NL
        mov     bx, 0FFFFh
        TRY     "word at FFFF", mov ax, [bx]
        TRY     "stack at FFFF", mov ax, [ss:bx]
        TRY     "byte at 10000", { mov al, [dword 10000h] }
        mov     eax, 10000h
        TRY     "jump beyond", jmp eax
        TRY     "far call", call (BASE >> 4):far_code
        RING0
        bits    32

        PUTS    "iopl 0", 10
        TO_V86  .v0, 0
        bits    16
.v0:    TRY     "cli", cli
        TRY     "sti", sti
        TRY     "pushf", pushf
        TRY     "popf", popf
        TRY     "iret", iret
        TRY     "iretd", iretd
        TRY     "int, gate dpl 3", int 22h
        TRY     "int, gate dpl 0", int 21h
        TRY     "int 3", { db 0CDh, 3 }
        TRY     "int3 is not iopl-sensitive, but its gate's dpl counts", int3
        mov     al, 7Fh
        inc     al
        TRY     "into", into
        TRY     "int1", { db 0F1h }
        TRY     "ud2", ud2
        TRY     "in, allowed", { in al, 0E9h }
        mov     dword [idt + 3 * 8], (CODE32 << 16) | (int30 - $$) ; a way out
        mov     word [idt + 3 * 8 + 4], 0EE00h
        int3
        bits    32
        PUTS    "back in ring 0, segments "
        mov     eax, ds
        HEX16   ax
        mov     eax, fs         ; null: V86 values do not survive
        HEX16   ax
        mov     eax, gs
        HEX16   ax
        NL
        PUTS    "iret to V86 needs ring 0: VM in the image is ignored in ring 3", 10
        pushfd
        or      dword [esp], 3000h
        popfd
        TO_RING3 .user
.user:  push    dword 20002h
        push    dword UCODE32
        push    dword .stay
        iretd
.stay:  pushfd
        pop     eax
        HEX32   eax
        NL
        RING0
        FINISH

; From V86: GS FS DS ES SS ESP EFLAGS CS EIP.
monitor:push    ebp
        mov     ebp, esp
        push    eax
        mov     eax, ds
        PUTS    " ds "
        HEX16   ax
        PUTS    " frame ip+"
        mov     ax, [ebp + 4]
        sub     ax, [ss:try_ip]
        HEX8    ax
        PUTS    " cs "
        HEX16   [ebp + 8]
        PUTS    " flags "
        mov     eax, [ebp + 12]
        and     eax, 23200h
        HEX32   eax
        PUTS    " now "
        pushfd
        pop     eax
        and     eax, 23200h
        HEX32   eax
        PUTS    " ss:esp "
        HEX16   [ebp + 20]
        PUTS    ":"
        HEX32   [ebp + 16]
        PUTS    " es ds fs gs "
        HEX16   [ebp + 24]
        HEX16   [ebp + 28]
        HEX16   [ebp + 32]
        HEX16   [ebp + 36]
        pop     eax
        pop     ebp
        iretd
        bits    16
monitor16:                      ; a 16-bit frame has no VM: it cannot be returned through
        mov     ebp, esp
        PUTS    " cs "
        HEX16   [ebp + 2]
        PUTS    " ss:sp "
        HEX16   [ebp + 8]
        PUTS    ":"
        HEX16   [ebp + 6]
        PUTS    " gs "
        HEX16   [ebp + 16]
        PUTS    " size "
        mov     ax, STACK0
        sub     ax, bp
        HEX8    ax
        NL
        jmp     CODE32:.on
        bits    32
.on:    mov     esp, STACK0
        mov     ebx, [ss:resume]
        mov     dword [ss:resume], 0
        TO_V86  ebx, 3

        bits    16
far_code:
        mov     ax, cs
        PUTS    " cs "
        HEX16   ax
        retf
space:  times   6 db 0
zero:   db      0
any:    dw      1234h
        IMAGE_END
