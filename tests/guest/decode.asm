; decode -- prefixes and encodings: which combinations mean what, and which are #UD or too long.
;
; QEMU 7.2 TCG: does not know F6 /1 (AMD APM 3, group 3; undocumented by Intel, but there); takes 8F /1
; and C6 /1 for /0 (SDM 2, table A-6: #UD), and LOCK before BT, JMP, INT3, TEST (SDM 2, LOCK: #UD).
;@qemu 7
%include "lib.inc"

%macro LONG 1                   ; 9 bytes, and so many prefixes
        times   %1 db 26h
        db      66h, 0C7h, 06h
        dw      0D000h
        dd      12345678h
%endmacro

main:   PUTS    "== decode", 10
        PUTS    "operand and address size, real mode: "
        mov     eax, 11112222h
        mov     ebx, 33334444h
        db      66h, 89h, 0D8h  ; MOV EAX, EBX
        HEX32   eax
        db      66h, 66h, 0B8h  ; twice is once: MOV EAX, imm32
        dd      55556666h
        HEX32   eax
        mov     esi, 10000h + data ; beyond 64 KiB if taken as 32 bits
        mov     al, [si]
        HEX8    ax
        mov     esi, data
        mov     ecx, 1
        mov     eax, [esi + ecx * 2 - 2]
        HEX32   eax
        mov     ebp, data - 4
        mov     al, [ds:ebp + 4]
        HEX8    ax
        db      67h, 0A0h       ; MOV AL, [moffs32]
        dd      data - $$
        HEX8    ax
        NL
        PUTS    "the last segment prefix counts: "
        mov     ax, 3000h
        mov     es, ax
        mov     byte [es:10h], 77h
        mov     byte [10h], 88h ; (start-up's code, done with)
        db      26h, 3Eh, 0A0h, 10h, 0 ; ES, DS
        HEX8    ax
        db      3Eh, 26h, 0A0h, 10h, 0 ; DS, ES
        HEX8    ax
        NL
        PUTS    "modrm and sib forms: "
        mov     ebx, data
        mov     esi, 4
        mov     eax, [ebx + esi]
        HEX32   eax
        db      67h, 66h, 8Bh, 04h, 23h ; [EBX + no index]
        HEX32   eax
        db      67h, 66h, 8Bh, 04h, 0B5h ; [disp32 + ESI*4], no base
        dd      data - $$ - 16
        HEX32   eax
        mov     bx, data
        mov     di, 2
        mov     ax, [bx + di + 2]
        HEX16   ax
        mov     bp, data
        mov     ax, [bp + di - 1]
        HEX16   ax
        NL
        PUTS    "aliases: "
        mov     al, 10h
        db      82h, 0C0h, 5    ; ADD AL, 5 by 82h
        HEX8    ax
        mov     ax, 5
        push    word 6
        db      8Fh, 0C3h       ; POP BX by 8F
        HEX16   bx
        xchg    ax, ax
        db      90h
        db      0F3h, 90h       ; PAUSE: NOP
        db      0F2h, 90h
        db      0F3h, 89h, 0C3h ; REP before MOV: idle
        HEX16   bx
        NL
        PUTS    "jcc and jumps with operand size: "
        xor     ax, ax
        db      66h, 74h, 2     ; JZ with 66h: EIP of 32 bits
        db      0B0h, 1
        db      66h, 0Fh, 84h   ; near, rel32
        dd      2
        db      0B0h, 2
        HEX8    ax
        mov     ecx, 10000h
        jcxz    .cx             ; CX
        or      al, 1
.cx:    a32 jecxz .ecx          ; ECX
        or      al, 2
.ecx:   HEX8    ax
        mov     ecx, 10001h
        a32 loop .looped        ; ECX counts
        or      al, 10h
.looped:HEX32   ecx
        NL
        TRY     "TEST's second code, F6 /1", { db 0F6h, 0C8h, 10h }
        TRY     "0F 0B", { db 0Fh, 0Bh }
        TRY     "0F B9", { db 0Fh, 0B9h, 0C0h }
        TRY     "0F FF", { db 0Fh, 0FFh, 0C0h }
        TRY     "FE /2", { db 0FEh, 0D0h }
        TRY     "FF /7", { db 0FFh, 0F8h }
        TRY     "8F /1", { db 8Fh, 0C8h }
        TRY     "C6 /1", { db 0C6h, 0C8h, 0 }
        TRY     "0F BA /3", { db 0Fh, 0BAh, 0D8h, 1 }
        TRY     "0F 00 /6", { db 0Fh, 00h, 0F0h }
        TRY     "0F 01 /5", { db 0Fh, 01h, 0E8h }
        TRY     "0F C7 /0", { db 0Fh, 0C7h, 06h, 0, 20h }
        TRY     "0F 24, test registers", { db 0Fh, 24h, 0F0h }
        TRY     "mov ds from segment 6", { db 8Eh, 0F0h }
        TRY     "mov ax, segment 7", { db 8Ch, 0F8h }
        TRY     "lds of a register", { db 0C5h, 0C0h }
        TRY     "lss of a register", { db 0Fh, 0B2h, 0C0h }
        TRY     "bound of a register", { db 62h, 0C0h }
        TRY     "jmp far of a register", { db 0FFh, 0E8h }
        TRY     "lock add memory", { lock add byte [data], 0 }
        TRY     "lock cmp memory", { db 0F0h, 80h, 3Eh, 0, 20h, 0 }
        TRY     "lock bt memory", { db 0F0h, 0Fh, 0A3h, 06h, 0, 20h }
        TRY     "lock nop", { db 0F0h, 90h }
        TRY     "lock jmp", { db 0F0h, 0EBh, 0 }
        TRY     "lock int3", { db 0F0h, 0CCh }
        TRY     "lock test", { db 0F0h, 84h, 06h, 0, 20h }
        TRY     "lock xchg memory", { lock xchg [data], al }
        TRY     "lock bts, lock inc", { lock bts word [data], 0 }
        TRY     "15 bytes with an immediate", LONG 6
        TRY     "16 bytes with an immediate", LONG 7
        FINISH

        align   4
data:   dd      44332211h, 88776655h, 0CCBBAA99h
        IMAGE_END
