; real_arith -- arithmetic and its flags. Flags that the SDM leaves undefined are masked out.
;
; Each row is an operation over all pairs from a table of edge values, for three sizes; printed is
; a checksum of results and flags, and one example, by which a wrong checksum can be looked into.
%include "lib.inc"

; The checksum: rotate and add, a dword at a time.
%macro MIX 1
        rol     dword [sum], 3
        add     [sum], %1
%endmacro

; OP2 "name", mask, instruction with %1 = width: runs over [si] and [di], carry in from bit 0 of i.
%macro OP2 3
        PUTS    %1
        mov     dword [sum], 0
        mov     si, values
%%outer:mov     di, values
%%inner:mov     eax, [si]
        mov     ebx, [di]
        bt      di, 2           ; carry in: every other pair
        %3      al, bl
        CHECK   %2
        mov     eax, [si]
        bt      di, 2
        %3      ax, bx
        CHECK   %2
        mov     eax, [si]
        bt      di, 2
        %3      eax, ebx
        CHECK   %2
        add     di, 4
        cmp     di, values_end
        jb      %%inner
        add     si, 4
        cmp     si, values_end
        jb      %%outer
        REPORT
%endmacro
%macro CHECK 1                  ; EAX and masked flags
        pushf
        pop     word [flags]
        and     word [flags], %1
        MIX     eax
        mov     eax, [flags]
        MIX     eax
%endmacro
%macro REPORT 0
        HEX32   [sum]
        NL
%endmacro

%macro OP1 3                    ; "name", mask, instruction on one operand
        PUTS    %1
        mov     dword [sum], 0
        mov     si, values
%%next: bt      si, 2
        mov     eax, [si]
        %3      al
        CHECK   %2
        bt      si, 2
        mov     eax, [si]
        %3      ax
        CHECK   %2
        bt      si, 2
        mov     eax, [si]
        %3      eax
        CHECK   %2
        add     si, 4
        cmp     si, values_end
        jb      %%next
        REPORT
%endmacro

%macro MUL1 3                   ; "name", mask, MUL or IMUL: AX, DX:AX, EDX:EAX
        PUTS    %1
        mov     dword [sum], 0
        mov     si, values
%%outer:mov     di, values
%%inner:xor     edx, edx
        mov     eax, [si]
        %3      byte [di]
        CHECK   %2
        mov     eax, [si]
        %3      word [di]
        CHECK   %2
        MIX     edx
        mov     eax, [si]
        %3      dword [di]
        CHECK   %2
        MIX     edx
        add     di, 4
        cmp     di, values_end
        jb      %%inner
        add     si, 4
        cmp     si, values_end
        jb      %%outer
        REPORT
%endmacro

%macro DIV1 2                   ; "name", DIV or IDIV: overflows are skipped by the #DE handler
        PUTS    %1
        mov     dword [sum], 0
        mov     byte [quiet], 1
        mov     si, values
%%outer:mov     di, values
%%inner:mov     eax, [si]
        mov     edx, [di]
        sar     edx, 20
        QUIETLY %2 byte [di]
        MIX     eax
        mov     eax, [si]
        QUIETLY %2 word [di]
        MIX     eax
        MIX     edx
        QUIETLY %2 dword [di]
        MIX     eax
        MIX     edx
        add     di, 4
        cmp     di, values_end
        jb      %%inner
        add     si, 4
        cmp     si, values_end
        jb      %%outer
        mov     byte [quiet], 0
        REPORT
%endmacro
%macro QUIETLY 1+
        mov     word [resume], %%after
        mov     [resume_cs], cs
        %1
        inc     dword [sum]     ; it did not fault
%%after:
%endmacro
%macro BCD 3                    ; "name", mask, instruction: all AL, all of CF and AF
        PUTS    %1
        mov     dword [sum], 0
        xor     cx, cx
%%next: mov     eax, 3900h
        mov     al, cl
        mov     bx, cx
        shr     bx, 4
        and     bx, CF | AF     ; from bits 8 and 4 of the counter: also from AL's bit 4
        xor     bx, cx
        and     bx, CF | AF
        push    bx
        popf
        %3
        CHECK   %2
        inc     cx
        cmp     cx, 400h
        jb      %%next
        REPORT
%endmacro

main:   PUTS    "== real_arith", 10
        OP2     "add ", OSZAPC, add
        OP2     "adc ", OSZAPC, adc
        OP2     "sub ", OSZAPC, sub
        OP2     "sbb ", OSZAPC, sbb
        OP2     "cmp ", OSZAPC, cmp
        OP2     "and ", OSZPC, and
        OP2     "or ", OSZPC, or
        OP2     "xor ", OSZPC, xor
        OP2     "test ", OSZPC, test
        OP1     "inc ", OSZAPC, inc ; CF stays
        OP1     "dec ", OSZAPC, dec
        OP1     "neg ", OSZAPC, neg
        OP1     "not ", CF, not     ; no flag changes
        MUL1    "mul ", OF | CF, mul
        MUL1    "imul ", OF | CF, imul
        DIV1    "div ", div
        DIV1    "idiv ", idiv
        BCD     "daa ", SF | ZF | AF | PF | CF, daa
        BCD     "das ", SF | ZF | AF | PF | CF, das
        BCD     "aaa ", AF | CF, aaa
        BCD     "aas ", AF | CF, aas
        BCD     "aam ", SF | ZF | PF, aam
        BCD     "aam 7 ", SF | ZF | PF, aam 7
        BCD     "aad ", SF | ZF | PF, aad
        BCD     "aad 3 ", SF | ZF | PF, aad 3
        PUTS    "imul by immediate "
        imul    eax, [values_end - 4], -7
        HEX32   eax
        imul    bx, ax, 1234h
        HEX16   bx
        imul    bx, [values + 8]
        HEX16   bx
        NL
        FINISH

        align   4
sum:    dd      0
flags:  dd      0
values: dd      0, 1, 0Fh, 10h, 7Fh, 80h, 0FFh, 100h, 7FFFh, 8000h, 0FFFFh, 10000h
        dd      7FFFFFFFh, 80000000h, 0FFFFFFFFh, 0FFFFFF80h, 12345678h, 9ABCDEF0h
values_end:
        IMAGE_END
