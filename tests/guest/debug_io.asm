; debug_io -- CR4.DE: breakpoints on ports; DR4 and DR5; what DR6 and DR7 hold. SDM 3B 17.2.
;
; QEMU 7.2 TCG lets DR6 and DR7 hold whatever is written, does not end
; REP OUTS for it, and has I/O breakpoints without DE (SDM 3B 17.2.4: undefined then).
;@qemu 4
%include "lib.inc"

%define PORT 80h                ; POST codes: harmless

%macro ON 1                     ; DR7
        mov     eax, %1
        mov     dr7, eax
%endmacro
%macro HIT 2+                   ; text, instruction
        PUTS    %1
        mov     dword [base], %%go
%%go:   %2
        nop
        NL
%endmacro

main:   PUTS    "== debug_io", 10
        ENTER_PM32
        bits    32
        SETG    1, CODE32, debug, 8Eh
        PUTS    "de off", 10
        mov     eax, 12345678h
        mov     dr0, eax
        TRY     "mov eax, dr4", { mov eax, dr4 }
        mov     eax, dr4        ; DR6's other name
        HEX32   eax
        mov     eax, dr5
        HEX32   eax
        NL
        mov     eax, 400h
        mov     dr5, eax
        mov     eax, dr7
        HEX32   eax
        NL
        mov     eax, cr4
        or      al, 8
        TRY     "de on", mov cr4, eax
        TRY     "mov eax, dr4", { mov eax, dr4 }
        TRY     "mov dr5, eax", { mov dr5, eax }
        PUTS    "dr6, dr7 written: "
        xor     eax, eax
        mov     dr6, eax
        mov     eax, dr6
        HEX32   eax
        mov     eax, 0FFFFFFFFh
        mov     dr6, eax
        mov     eax, dr6
        HEX32   eax
        xor     eax, eax
        mov     dr6, eax
        mov     eax, 0D000h
        mov     dr7, eax
        mov     eax, dr7
        HEX32   eax
        NL

        mov     eax, PORT
        mov     dr0, eax
        mov     dr3, eax
        mov     eax, PORT + 4
        mov     dr1, eax
        PUTS    "dr0: port 80, 1 byte", 10
        ON      00020402h + 100h ; G0, GE, RW0 = I/O
        mov     edx, PORT
        mov     esi, space
        mov     edi, space
        HIT     "out: ", { out PORT, al }
        HIT     "out dx: ", { out dx, al }
        HIT     "in: ", { in al, PORT }
        HIT     "out beside: ", { out PORT + 1, al }
        HIT     "word from below: ", { out PORT - 1, ax }
        HIT     "dword from below: ", { out PORT - 3, eax }
        mov     ecx, 3
        HIT     "rep outsb: ", { rep outsb }
        HEX8    cx
        NL
        HIT     "insb: ", { insb }
        HIT     "memory there: ", { mov al, [PORT] }
        PUTS    "dr1: port 84, 4 bytes", 10
        ON      00E00408h       ; G1
        HIT     "84: ", { out PORT + 4, al }
        HIT     "87: ", { out PORT + 7, al }
        HIT     "88: ", { out PORT + 8, al }
        HIT     "83, word: ", { out PORT + 3, ax }
        PUTS    "dr0 and dr3", 10
        ON      20020482h       ; G0, G3
        HIT     "both: ", { out PORT, al }
        ON      00000400h
        HIT     "none: ", { out PORT, al }
        PUTS    "virtual-8086 mode", 10
        ON      00020402h
        mov     byte [io_map + PORT / 8], 0
        TO_V86  .v86, 3
        bits    16
.v86:   mov     dword [cs:base], .v86
        out     PORT, al
        in      al, PORT
        NL
        RING0
        bits    32
        mov     eax, cr4
        and     al, ~8
        mov     cr4, eax
        HIT     "de off: ", { out PORT, al }
        FINISH

debug:  push    eax
        mov     eax, [ss:esp + 4]
        sub     eax, [cs:base]
        PUTS    "+"
        HEX8    ax
        mov     eax, dr6
        PUTS    ":"
        HEX16   ax
        PUTS    " "
        xor     eax, eax
        mov     dr6, eax
        pop     eax
        iretd
        align   8
space:  times   16 db 0
base:   dd      0
        IMAGE_END
