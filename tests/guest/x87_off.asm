; x87_off -- x87 instructions that may not execute: CR0.EM, TS and MP, one of each escape byte, and WAIT.
; SDM 3A 2.5, table 2-2.
%include "lib.inc"

%macro ESCAPES 0
        TRY     " fadd m32", fadd dword [number]
        TRY     " fld1", fld1
        TRY     " fiadd m32", fiadd dword [number]
        TRY     " fninit", fninit
        TRY     " fadd m64", fadd qword [number]
        TRY     " fnstsw m16", fnstsw word [scratch]
        TRY     " faddp", faddp
        TRY     " fnstsw ax", fnstsw ax
        TRY     " wait", wait
        TRY     " fs prefix, 32-bit address", {fs a32 fstp dword [dword scratch]}
%endmacro

%macro WITH 2                   ; text, bits of CR0
        PUTS    %1, 10
        mov     eax, cr0
        and     al, ~0Eh
        or      al, %2
        mov     cr0, eax
        ESCAPES
%endmacro

main:   PUTS    "== x87_off", 10
        push    ds
        pop     fs
        fninit
        WITH    "EM", 4
        WITH    "TS", 8
        WITH    "MP", 2
        WITH    "EM MP", 6
        WITH    "TS MP", 0Ah
        PUTS    "clts: "
        clts
        mov     eax, cr0
        and     ax, 0Eh
        HEX16   ax
        NL
        ENTER_PM32
        bits    32
        WITH    "32-bit: EM", 4
        WITH    "32-bit: TS MP", 0Ah
        TO_RING3 user
user:   PUTS    "ring 3: TS MP", 10
        TRY     " fadd m32", fadd dword [number]
        TRY     " wait", wait
        RING0
        FINISH

        align   8
number: dd      3F800000h, 3FF00000h
scratch: dd     0, 0
        IMAGE_END
