; real_shift -- shifts and rotates by every count, 0-33, of every size, by CL and by immediate.
;
; Flags after a count of 0 are the flags before; OF is defined only for a count of 1 (SDM 2, SAL,
; RCL, SHLD); after a shift by the operand's size or more CF is undefined for SHL and SHR.
; A count of 8 or 16 and more is therefore left out of CF's checksum for 8- and 16-bit SHL/SHR.
%include "lib.inc"

%macro MIX 1
        rol     dword [sum], 3
        add     [sum], %1
%endmacro

; SHIFT "name", mask of defined flags, instruction, 1: CF undefined for count >= size
%macro SHIFT 4
        PUTS    %1
        mov     dword [sum], 0
        mov     si, values
%%value:xor     cl, cl
%%count:SIZE    %2, %3, al, 8, %4
        SIZE    %2, %3, ax, 16, %4
        SIZE    %2, %3, eax, 32, %4
        inc     cl
        cmp     cl, 34
        jb      %%count
        add     si, 4
        cmp     si, values_end
        jb      %%value
        HEX32   [sum]
        NL
%endmacro
%macro SIZE 5                   ; mask, instruction, register, bits, CF rule
        mov     bh, [si]
        add     bh, bh          ; flags in
        mov     eax, [si]
        %2      %3, cl
        pushf
        pop     bx
        and     ebx, %1
        test    cl, 1Fh         ; count 0: all flags stay, also AF and OF, so take those too
        jz      %%take
%if %5 && %4 < 32
        push    cx
        and     cl, 1Fh
        cmp     cl, %4
        pop     cx
        jb      %%take
        and     bx, ~CF
%endif
%%take: MIX     eax
        MIX     ebx
%endmacro

%macro BYONE 2                  ; "name", instruction: count 1 defines OF
        PUTS    %1
        mov     dword [sum], 0
        mov     si, values
%%value:mov     eax, [si]
        bt      ax, 3
        %2      al, 1
        ONEFLAGS
        bt      ax, 3
        %2      ax, 1
        ONEFLAGS
        bt      ax, 3
        %2      eax, 1
        ONEFLAGS
        add     si, 4
        cmp     si, values_end
        jb      %%value
        HEX32   [sum]
        NL
%endmacro
%macro ONEFLAGS 0
        pushf
        pop     bx
        and     ebx, OF | CF
        MIX     eax
        MIX     ebx
%endmacro

%macro DOUBLE 2                 ; "name", SHLD or SHRD; 16 bits by more than 16 is undefined
        PUTS    %1
        mov     dword [sum], 0
        mov     si, values
%%value:xor     cl, cl
%%count:mov     eax, [si]
        mov     edx, [si + 4]
        cmp     cl, 16
        ja      %%wide
        %2      ax, dx, cl
        pushf
        pop     bx
        and     ebx, SF | ZF | PF | CF
        MIX     eax
        MIX     ebx
%%wide: mov     eax, [si]
        %2      eax, edx, cl
        pushf
        pop     bx
        and     ebx, SF | ZF | PF | CF
        MIX     eax
        MIX     ebx
        inc     cl
        cmp     cl, 32
        jb      %%count
        add     si, 4
        cmp     si, values_end
        jb      %%value
        HEX32   [sum]
        NL
%endmacro

main:   PUTS    "== real_shift", 10
        SHIFT   "shl ", SF | ZF | PF | CF, shl, 1
        SHIFT   "shr ", SF | ZF | PF | CF, shr, 1
        SHIFT   "sar ", SF | ZF | PF | CF, sar, 0
        SHIFT   "rol ", SF | ZF | PF | AF | CF, rol, 0 ; SF-AF stay
        SHIFT   "ror ", SF | ZF | PF | AF | CF, ror, 0
        SHIFT   "rcl ", SF | ZF | PF | AF | CF, rcl, 0
        SHIFT   "rcr ", SF | ZF | PF | AF | CF, rcr, 0
        BYONE   "shl 1 ", shl
        BYONE   "shr 1 ", shr
        BYONE   "sar 1 ", sar
        BYONE   "rol 1 ", rol
        BYONE   "ror 1 ", ror
        BYONE   "rcl 1 ", rcl
        BYONE   "rcr 1 ", rcr
        DOUBLE  "shld ", shld
        DOUBLE  "shrd ", shrd
        PUTS    "by immediate, in memory: "
        mov     dword [sum], 89ABCDEFh
        shl     byte [sum], 33  ; counts are taken modulo 32
        rol     word [sum + 1], 4
        sar     dword [sum], 3
        shrd    word [sum], ax, 0
        rcr     dword [sum], 31
        db      0C0h, 36h, (sum - $$) & 0FFh, (sum - $$) >> 8, 2 ; SAL's second encoding, /6
        HEX32   [sum]
        NL
        FINISH

        align   4
sum:    dd      0
values: dd      0, 1, 80h, 0FFh, 8000h, 0FFFFh, 80000000h, 0FFFFFFFFh, 12345678h, 9ABCDEF1h
        dd      55AA55AAh
values_end: dd  0A5C3E187h      ; read by SHLD's last row
        IMAGE_END
