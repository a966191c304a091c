; pm_transfer -- far JMP, CALL and RET within a privilege level: descriptor checks, conforming code,
; LDT, 16-bit code segments, call gates without a change of level. SDM 2, JMP and CALL.
;
; QEMU TCG checks a target against the limit not at all, or after the transfer: "gate beyond", retf's
; "beyond", and the last line, whose stack pointer the one before has moved.
;@qemu 3
%include "lib.inc"

%macro SETGATE 4                ; GDT selector, target selector, offset, access byte
        mov     dword [gdt + %1], (((%3) - $$) & 0FFFFh) | ((%2) << 16)
        mov     dword [gdt + %1 + 4], ((%4) << 8) | (((%3) - $$) & 0FFFF0000h)
%endmacro
%macro JUMP 2
        TRY     %1, jmp %2:back
%endmacro

main:   PUTS    "== pm_transfer", 10
        ENTER_PM32
        bits    32
        SETD    60h, BASE, 0FFFFh, 9Eh, 4 ; conforming
        SETD    68h, BASE, 0FFFFh, 1Ah, 4 ; not present
        SETD    70h, BASE, 0FFFFh, 0FEh, 4 ; conforming, DPL 3
        SETD    78h, BASE, 0FFFFh, 98h, 4 ; execute only
        SETD    80h, BASE, 0FFFFh, 9Ah, 0Ch ; limit of 256 MiB
        SETD    0C0h, LIN(ldt), 0Fh, 82h, 0
        mov     ax, 0C0h
        lldt    ax

        JUMP    "null", 0
        JUMP    "null, rpl 3", 3
        JUMP    "beyond", 200h
        JUMP    "empty", 1F8h
        JUMP    "data", DATA32
        JUMP    "ldt descriptor", 0C0h
        JUMP    "tss, busy", TSS0
        JUMP    "not present", 68h
        JUMP    "dpl 3", UCODE32 & ~3
        JUMP    "rpl 3", CODE32 | 3
        JUMP    "conforming, dpl 3", 70h
        JUMP    "conforming", 60h
        call    where
        JUMP    "conforming, rpl 3", 63h
        call    where           ; RPL of CS is the CPL
        TRY     "execute only", jmp 78h:from_unreadable
        JUMP    "in the ldt", 4
        call    where
        JUMP    "ldt, data", 0Ch
        JUMP    "ldt, beyond", 14h
        JUMP    "large limit", 80h
        JUMP    "home", CODE32
        call    where
        TRY     "through memory", jmp far [pointer]
        TRY     "through memory, 16-bit", jmp word far [pointer16]
        TRY     "jmp far of a register", { db 0FFh, 0E8h }
        TRY     "call far of a register", { db 0FFh, 0D8h }

        TRY     "call far", call 60h:far_return
        TRY     "call far, not present", call 68h:far_return
        TRY     "call far, 16-bit operand", call word 60h:far_return16
        TRY     "call a 16-bit segment", call CODE16:far_return_in16

        SETGATE 90h, CODE32, gate_target, 8Ch ; 32-bit call gate
        SETGATE 98h, CODE16, gate_target16, 84h ; 16-bit call gate
        SETGATE 0A0h, CODE32, gate_target, 0Ch ; not present
        SETGATE 0A8h, DATA32, gate_target, 8Ch ; to data
        SETGATE 0B0h, 0, gate_target, 8Ch
        SETGATE 0B8h, 60h, gate_target, 8Fh ; a trap gate: not in the GDT
        SETGATE 0C8h, 68h, gate_target, 8Ch ; to code that is not present
        SETGATE 0D0h, CODE32, 10000h + $$, 8Ch ; beyond the limit
        SETGATE 0D8h, UCODE32, gate_target, 8Ch ; DPL 3 > CPL
        SETGATE 0E0h, 60h, gate_target, 8Ch ; conforming
        SETGATE 0E8h, CODE32, back, 8Ch
        TRY     "call gate", call 90h:0DEADBEEFh ; the offset is not used
        TRY     "call gate, 16-bit", call 98h:0
        TRY     "call gate, rpl 3", call 93h:0
        TRY     "gate not present", call 0A0h:0
        TRY     "gate to data", call 0A8h:0
        TRY     "gate to null", call 0B0h:0
        TRY     "trap gate", call 0B8h:0
        TRY     "gate to not present", call 0C8h:0
        TRY     "gate beyond", call 0D0h:0
        TRY     "gate to dpl 3", call 0D8h:0
        TRY     "gate to conforming", call 0E0h:0
        TRY     "jmp through a gate", jmp 0E8h:0

        PUTS    "retf: ", 10
        push    dword 68h
        push    dword back
        TRY     "not present", retf
        mov     dword [esp + 4], DATA32
        TRY     "data", retf
        mov     dword [esp + 4], 0
        TRY     "null", retf
        mov     dword [esp + 4], 63h
        TRY     "conforming, rpl 3, which is outward", retf
        mov     dword [esp + 4], UCODE32 & ~3
        TRY     "dpl 3, rpl 0", retf
        mov     dword [esp + 4], CODE32
        mov     dword [esp], 10000h
        TRY     "beyond", retf
        mov     dword [esp + 4], 0ABCD0000h | CODE32 ; upper half: ignored
        mov     dword [esp], back
        mov     [keep], esp
        TRY     "good, with 12 more bytes", retf 12
        sub     [keep], esp
        HEX32   [keep]
        NL
        FINISH

; Where the JMPs arrive: on behind their TRY, with " ok" by hand, in the segment they came to.
back:   mov     eax, [resume]
        mov     dword [resume], 0
        PUTS    " ok, there", 10
        jmp     eax
from_unreadable:                ; PUTS cannot read its text there
        jmp     CODE32:back
where:  mov     eax, cs
        PUTS    "  cs "
        HEX16   ax
        NL
        ret
far_return:
        PUTS    " from "
        mov     eax, [esp + 4]
        HEX16   ax
        retf
far_return16:
        PUTS    " from "
        mov     ax, [esp + 2]
        HEX16   ax
        o16     retf
gate_target:
        mov     eax, cs
        PUTS    " cs "
        HEX16   ax
        retf
        bits    16
far_return_in16:
        PUTS    " in 16-bit code"
        o32     retf
gate_target16:
        PUTS    " 16-bit gate, from "
        mov     bx, sp
        HEX16   [bx + 2]
        retf

        align   8
ldt:    DESC    BASE, 0FFFFh, 9Ah, 4
        DESC    BASE, 0FFFFh, 92h, 4
keep:   dd      0
pointer: dd     back
        dw      CODE32
pointer16: dw   back, CODE32
        IMAGE_END
