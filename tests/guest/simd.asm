; simd -- MMX and SSE as an operating system meets them: who may execute under CR0.EM, CR0.TS,
; CR4.OSFXSR, CR4.OSXMMEXCPT; pending x87 exceptions; alignment; #XM; FXSAVE's image. SDM 3A 12, 13;
; SDM 2, tables 2-18 to 2-24 and 22-4 to 22-9; SDM 1 11.5.
; QEMU TCG 7.2 has no #XM, no #MF before MMX, looks at CR0 for few of them, and counts no denormal operands.
;@qemu 57
;@cpu pentium4 p4_prescott_celeron_336 pentium3,-apic,+sse2,+pni,+clflush
%include "lib.inc"
        cpu     prescott

%macro CR0_IS 1                 ; its bits MP EM TS NE
        mov     eax, cr0
        and     al, ~2Eh
        or      al, %1
        mov     cr0, eax
%endmacro
%macro CR4_IS 1
        mov     eax, %1
        mov     cr4, eax
%endmacro
%macro WORDS 2                  ; address, number
%assign offset 0
%rep %2
        HEX16   [%1 + offset]
        PUTS    " "
%assign offset offset + 2
%endrep
        NL
%endmacro
%macro XMM0 1                   ; "text"
        movups  [image], xmm0
        PUTS    %1
        HEX32   [image + 12]
        PUTS    "."
        HEX32   [image + 8]
        PUTS    "."
        HEX32   [image + 4]
        PUTS    "."
        HEX32   [image]
        NL
%endmacro
%macro MXCSR 1
        mov     dword [csr], %1
        ldmxcsr [csr]
%endmacro
%macro SHOW_CSR 0
        stmxcsr [csr]
        PUTS    "mxcsr "
        HEX16   [csr]
        NL
%endmacro
%macro SEQ 1-*
%rep %0
        %1
%rotate 1
%endrep
%endmacro

; One instruction of each kind, by what it needs.
each_kind:
        TRY     "emms", emms
        TRY     "paddb mm", paddb mm0, mm1
        TRY     "pavgb mm (SSE)", pavgb mm0, mm1
        TRY     "paddq mm (SSE2)", paddq mm0, mm1
        TRY     "maskmovq", SEQ { pxor mm1, mm1 }
        TRY     "addps", addps xmm0, xmm1
        TRY     "addpd", addpd xmm0, xmm1
        TRY     "paddb xmm", paddb xmm0, xmm1
        TRY     "movaps", movaps [image], xmm0
        TRY     "addsubps", addsubps xmm0, xmm1
        TRY     "movq2dq", movq2dq xmm0, mm0
        TRY     "movdq2q", movdq2q mm0, xmm0
        TRY     "cvtpi2ps mm", cvtpi2ps xmm0, mm0
        TRY     "cvtps2pi", cvtps2pi mm0, xmm0
        TRY     "ldmxcsr", ldmxcsr [usual]
        TRY     "stmxcsr", stmxcsr [image]
        TRY     "fxsave", fxsave [image]
        TRY     "fxrstor", fxrstor [image]
        TRY     "prefetcht0", prefetcht0 [image]
        TRY     "sfence", sfence
        TRY     "lfence", lfence
        TRY     "movnti", movnti [image], eax
        TRY     "clflush", clflush [image]
        TRY     "pause", pause
        TRY     "fisttp", fisttp word [image + 16]
        ret

main:   PUTS    "== simd", 10
        fninit
        CR0_IS  20h
        CR4_IS  0
        PUTS    "-- nothing set", 10
        call    each_kind
        fninit
        CR4_IS  600h
        PUTS    "-- OSFXSR, OSXMMEXCPT", 10
        call    each_kind
        emms
        CR0_IS  2Ch
        PUTS    "-- EM, TS", 10
        call    each_kind
        CR0_IS  24h
        PUTS    "-- EM", 10
        call    each_kind
        CR0_IS  28h
        PUTS    "-- TS", 10
        call    each_kind
        CR4_IS  0
        PUTS    "-- TS without OSFXSR", 10
        call    each_kind
        CR4_IS  600h
        CR0_IS  20h

        PUTS    "-- pending x87 exception", 10
        fninit
        fldcw   [zero_unmasked]
        fld1
        fldz
        fdivp   st1, st0
        TRY     "emms", emms
        TRY     "paddb mm", paddb mm0, mm1
        TRY     "addps", addps xmm0, xmm1
        TRY     "movq2dq", movq2dq xmm0, mm0
        TRY     "cvtpi2ps mm", cvtpi2ps xmm0, mm0
        TRY     "fxsave", fxsave [image]
        WORDS   image, 3
        fnclex
        TRY     "fxrstor", fxrstor [image]
        TRY     "cleared, restored", paddb mm0, mm1
        fnclex
        fninit

        PUTS    "-- alignment", 10
        TRY     "movaps", movaps xmm0, [image + 8]
        TRY     "movaps store", movaps [image + 4], xmm0
        TRY     "movups", movups xmm0, [image + 1]
        TRY     "movdqu store", movdqu [image + 3], xmm0
        TRY     "addps", addps xmm0, [image + 8]
        TRY     "paddb", paddb xmm0, [image + 8]
        TRY     "addss", addss xmm0, [image + 1]
        TRY     "movntps", movntps [image + 8], xmm0
        TRY     "fxsave", fxsave [image + 8]
        TRY     "fxrstor", fxrstor [image + 8]
        TRY     "movlps", movlps xmm0, [image + 1]
        TRY     "beyond the limit", movups xmm0, [0FFF8h]
        TRY     "beyond, stack", movups xmm0, [bp - 8]
        TRY     "beyond, not aligned, stack", movaps xmm0, [bp - 8]
        TRY     "reserved bits", ldmxcsr [reserved]
        TRY     "lock", { db 0F0h, 0Fh, 58h, 6, 0, 0 }

        PUTS    "-- exceptions", 10
        MXCSR   1F80h
        movaps  xmm0, [ones]
        TRY     "all masked", divps xmm0, [various]
        XMM0    "quotients "
        SHOW_CSR
        MXCSR   1D80h           ; ZM clear
        movaps  xmm0, [ones]
        TRY     "ZM clear", divps xmm0, [various]
        XMM0    "still "
        SHOW_CSR
        MXCSR   0F80h           ; PM clear
        TRY     "PM clear", divps xmm0, [threes]
        SHOW_CSR
        TRY     "again", divps xmm0, [threes]
        TRY     "nothing to report", addps xmm0, [ones]
        MXCSR   1F00h           ; IM clear
        TRY     "comiss with qnan", comiss xmm0, [nans]
        TRY     "ucomiss with qnan", ucomiss xmm0, [nans]
        FLAGS   OSZAPC
        NL
        TRY     "ucomiss with snan", ucomiss xmm0, [nans + 4]
        TRY     "cvttps2dq", cvttps2dq xmm0, [nans]
        XMM0    "still "
        CR4_IS  200h
        TRY     "without OSXMMEXCPT", cvttps2dq xmm0, [nans]
        CR4_IS  600h

        PUTS    "-- numbers", 10
        MXCSR   1F80h
        movaps  xmm0, [nans]
        addps   xmm0, [other_nans]
        XMM0    "nan + nan "
        SHOW_CSR
        MXCSR   1F80h
        movaps  xmm0, [other_nans]
        minps   xmm0, [ones]
        XMM0    "minima "
        MXCSR   1F80h
        movaps  xmm0, [denormals]
        mulps   xmm0, [ones]
        XMM0    "denormals "
        SHOW_CSR
        MXCSR   1FC0h
        movaps  xmm0, [denormals]
        mulps   xmm0, [ones]
        XMM0    "with DAZ "
        SHOW_CSR
        MXCSR   9F80h
        movaps  xmm0, [tiny]
        mulps   xmm0, [halves]
        XMM0    "with FTZ "
        SHOW_CSR
%assign mode 0
%rep 4
        MXCSR   1F80h + mode * 2000h
        movaps  xmm0, [ones]
        divps   xmm0, [threes]
        XMM0    "1/3 "
        cvtps2dq xmm0, [rounded]
        XMM0    "integers "
%assign mode mode + 1
%endrep

        PUTS    "-- the image", 10
        MXCSR   1F80h
        fninit
        fld1
        fldpi
        movq    mm3, [ones]
        fxsave  [image]
        PUTS    "after MMX: "
        WORDS   image, 3
        PUTS    "R3: "
        WORDS   image + 32 + 16 * 3, 5
        emms
        fxsave  [image]
        PUTS    "after EMMS: "
        WORDS   image, 3
        HEX32   [image + 24]
        PUTS    " "
        HEX32   [image + 28]
        NL
        mov     dword [image + 24], 10000h
        TRY     "reserved bits", fxrstor [image]
        FINISH

        align   16
ones:   dd      1.0, 1.0, 1.0, 1.0
threes: dd      3.0, 3.0, 3.0, 3.0
halves: dd      0.5, 0.5, 0.5, 0.5
various: dd     0, 80000000h, 3.0, 1     ; zeros, inexact, denormal
nans:   dd      7FC12345h, 7F812345h, 0FFC00001h, 1.0
other_nans: dd  7FD00000h, 7FC00002h, 2.0, 7FA00000h
denormals: dd   1, 80400000h, 007FFFFFh, 00800000h
tiny:   dd      00800000h, 80800001h, 00FFFFFFh, 1.0
rounded: dd     2.5, -2.5, 1.25, 4E8F0D18h
usual: dd     1F80h
reserved: dd    10000h
csr:    dd      0
zero_unmasked: dw 037Bh
        align   16
image:  times   512 db 0
        IMAGE_END
