; x87_long -- x87 instructions by the ten thousand without an event in between: an emulator that
; goes from one to the next must not keep anything of the last.
%include "lib.inc"

%macro MANY 1+                  ; the instructions, 50000 times
        mov     ecx, 50000
%%loop: %1
        dec     ecx
        jnz     %%loop
        PUTS    "."
%endmacro
%macro SEQ 1-*
%rep %0
        %1
%rotate 1
%endrep
%endmacro

main:   PUTS    "== x87_long", 10
        ENTER_PM32
        bits    32
        fninit
        MANY    SEQ {fld dword [one]}, {fadd dword [one]}, {fmul qword [two]}, {fstp dword [scratch]}
        MANY    SEQ {fld qword [two]}, {fsub dword [one]}, {fsubr qword [two]}, {fst qword [scratch]}, {fstp qword [scratch]}
        MANY    SEQ {fild word [three]}, {fdiv dword [one]}, {fdivr qword [two]}, {fist word [scratch]}, {fistp dword [scratch]}
        MANY    SEQ {fild dword [three]}, {fiadd word [three]}, {fimul dword [three]}, {fistp qword [scratch]}
        MANY    SEQ {fild qword [three]}, {fisub dword [three]}, {ficom word [three]}, {fcom dword [one]}, {fcomp qword [two]}
        MANY    SEQ fldpi, ftst, fabs, fsqrt, {fstp tword [scratch]}
        MANY    SEQ fld1, fxtract, fscale, fxch, fcompp
        MANY    SEQ {fld tword [scratch]}, {fst st1}, faddp, {fbstp [scratch]}, {fbld [scratch]}, {fstp st0}, fninit
        MANY    SEQ fldz, fptan, fcompp, fld1, fsincos, fcompp
        PUTS    " done", 10
        FINISH

        align   8
one:    dd      1.0
two:    dq      2.0
three:  dq      3
scratch: times  16 db 0
        IMAGE_END
