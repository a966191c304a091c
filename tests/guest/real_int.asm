; real_int -- interrupts in real mode: the vector table, INT, IRET, faults and their return address.
%include "lib.inc"

%macro PREFIXED 1
        times   %1 db 26h
        nop
%endmacro

main:   PUTS    "== real_int", 10
        mov     word [fs:60h * 4], int60
        mov     [fs:60h * 4 + 2], cs
        PUTS    "int: "         ; pushes FLAGS, CS, IP; clears IF and TF
        mov     dword [try_ip], .here
        sti
        stc
.here:  int     60h
        FLAGS   CF | IF | ZF    ; as IRET made them
        NL
        cli

        TRY     "div by zero", div cx
        mov     ax, 1234h
        mov     dx, 5678h
        mov     cx, 1
        TRY     "div overflow", div cx
        HEX16   ax              ; registers are as before
        HEX16   dx
        NL
        mov     ax, 8000h
        cwd
        mov     cx, -1
        TRY     "idiv overflow", idiv cx
        mov     ax, 0FFFFh
        mov     bl, 1
        TRY     "idiv byte, prefixed", { es idiv byte [zero + si] }
        TRY     "aam 0", aam 0
        TRY     "int3", int3    ; traps: they return behind the instruction
        TRY     "int 3", { db 0CDh, 3 }
        mov     al, 7Fh
        add     al, 1
        TRY     "into, OF=1", into
        xor     al, al
        TRY     "into, OF=0", into
        mov     ax, 5
        TRY     "bound inside", bound ax, [bounds]
        mov     ax, 11
        TRY     "bound above", bound ax, [bounds]
        mov     ax, -11
        TRY     "bound below", bound ax, [bounds]
        mov     eax, 70000h
        TRY     "bound dword", bound eax, [bounds32]
        TRY     "ud2", ud2
        TRY     "lock on a register", { db 0F0h, 01h, 0C0h }
;@qemu 1
        ; QEMU 7.2 lets LOCK MOV pass; SDM 2, LOCK: #UD.
        TRY     "lock on a move", { db 0F0h, 89h, 06h, 0, 0F0h }
        TRY     "mov cs", { db 8Eh, 0C8h }
        TRY     "lea of a register", { db 8Dh, 0C0h }
        TRY     "sldt in real mode", sldt ax
        TRY     "arpl in real mode", arpl ax, ax
        TRY     "lar in real mode", lar ax, ax
        TRY     "ltr in real mode", ltr ax
        TRY     "15 bytes", PREFIXED 14
        TRY     "16 bytes", PREFIXED 15

        PUTS    "iret, 32 bits: "
        pushfd
        pop     eax
        or      eax, CF | 0FFC00000h ; reserved bits stay clear
        push    eax
        push    dword 1000h     ; upper half of CS: ignored
        push    dword .back
        stc
        iretd
.back:  pushfd
        pop     eax
        HEX32   eax
        NL
        PUTS    "retf, retf n: "
        mov     [keep], sp
        push    dword 0AAAA5555h
        push    cs
        push    .far
        retf    4
.far:   sub     [keep], sp
        HEX16   [keep]
        NL
        FINISH

int60:  push    bp
        mov     bp, sp
        mov     ax, [bp + 2]
        sub     ax, [try_ip]
        PUTS    "ip+"
        HEX8    ax
        PUTS    " cs "
        HEX16   [bp + 4]
        PUTS    " pushed "
        mov     ax, [bp + 6]
        and     ax, IF | CF
        HEX16   ax
        PUTS    " here "
        FLAGS   IF | CF
        or      word [bp + 6], ZF
        and     word [bp + 6], ~CF
        PUTS    " back "
        pop     bp
        iret

keep:   dw      0
zero:   db      0
bounds: dw      -10, 10
bounds32: dd    -10, 10
        IMAGE_END
