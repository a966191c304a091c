; x87 -- the coprocessor as software meets it: environments in their four layouts, last-instruction
; pointers, the register stack's faults, #NM, #MF, IRQ 13, faults of memory operands.
;
; A reserved code is a code of the coprocessor: with TS, #NM comes first (SDM 3A 2.5). Bochs decodes
; it as invalid before it looks.
;@sed s/^ts: reserved #UD/ts: reserved #NM/
; QEMU 7.2 TCG knows no faults of the register stack and keeps no last-instruction pointers.
;@qemu 22
; Bochs and QEMU do not freeze before an instruction that meets a pending exception with CR0.NE = 0;
; the guest prints nothing of where IRQ 13 comes.
%include "lib.inc"

%macro OUTB 2
        mov     al, %2
        out     %1, al
%endmacro
%macro SW 0                     ; status word, and how many registers are empty
        fnstsw  ax
        HEX16   ax
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
%macro DWORDS 2
%assign offset 0
%rep %2
        HEX32   [%1 + offset]
        PUTS    " "
%assign offset offset + 4
%endrep
        NL
%endmacro
%macro TBYTE 2                  ; "text", address
        PUTS    %1
        HEX16   [%2 + 8]
        PUTS    "."
        HEX32   [%2 + 4]
        HEX32   [%2]
        NL
%endmacro
%macro NUMBER 2+                ; "text", instructions that leave a number in ST
        fninit
        %2
        fstp    tword [image]
        TBYTE   %1, image
%endmacro
%macro SEQ 1-*
%rep %0
        %1
%rotate 1
%endrep
%endmacro

main:   PUTS    "== x87", 10
        PUTS    "finds out by the words: "
        mov     word [image], 5A5Ah
        fninit
        fnstsw  [image]
        HEX16   [image]
        PUTS    " "
        fnstcw  [image]
        HEX16   [image]
        NL

        ; What software does with numbers.
        NUMBER  "1/3 ", SEQ fld1, { fidiv word [three] }
        NUMBER  "pi ", fldpi
        NUMBER  "log2(10) ", fldl2t
        NUMBER  "sqrt 2 ", SEQ { fild word [two] }, fsqrt
        NUMBER  "-2.5 to even ", SEQ { fld dword [minus2_5] }, frndint
        NUMBER  "bcd ", SEQ { fbld [bcd] }
        NUMBER  "0/0 ", SEQ fldz, fldz, fdivp
        NUMBER  "1/0 ", SEQ fld1, fldz, fdivp
        NUMBER  "1-3 reversed ", SEQ fld1, { fisubr word [three] }
        NUMBER  "scaled ", SEQ { fild word [three] }, fld1, fscale
        fninit
        fldpi
        fbstp   [image]
        TBYTE   "pi as bcd ", image
        fninit
        fldpi
        fist    word [image]
        fistp   dword [image + 4]
        PUTS    "pi as integers "
        HEX16   [image]
        PUTS    " "
        HEX32   [image + 4]
        NL

        ; Codes.
        PUTS    "compare: "
        fninit
        fld1
        fldz
        fcom
        SW
        PUTS    " "
        ftst
        SW
        PUTS    " "
        fxch
        fcom
        SW
        PUTS    " "
        fxam
        SW
        PUTS    " "
        fcompp
        fxam
        SW
        PUTS    " fcomi "
        fld1
        fldpi
        fcomi   st0, st1
        FLAGS   OSZAPC
        NL

        ; The stack: empty, full.
        PUTS    "empty: "
        fninit
        fld     st3
        SW
        fstp    tword [image]
        TBYTE   " ", image
        PUTS    "full: "
        fninit
%rep 8
        fld1
%endrep
        fldz
        SW
        fstp    tword [image]
        TBYTE   " ", image
        PUTS    "full, unmasked: "
        fninit
%rep 8
        fld1
%endrep
        fldcw   [all_unmasked]
        fldz
        SW
        fnclex
        PUTS    " free, top: "
        ffree   st0
        fincstp
        SW
        NL

        ; Environments in real mode.
        fninit
        fld1
        fldz
        fld     dword [minus2_5]
.last:  fadd    qword [nan]
        fnstenv [image]
        PUTS    "real, 16 bits: "
        sub     word [image + 6], .last
        WORDS   image, 7
        mov     dword [image + 20], 0
        o32 fnstenv [image]
        PUTS    "real, 32 bits: "
        sub     word [image + 12], .last
        DWORDS  image, 7
        PUTS    "loaded: "
        fldenv  [image16]
        fnstenv [image]
        WORDS   image, 7
        PUTS    "saved, initial: "
        fninit
        fldpi
        fld1
        fnsave  [image]
        WORDS   image, 3
        TBYTE   " ", image + 14
        TBYTE   " ", image + 24
        fnstenv [image + 100]
        WORDS   image + 100, 7
        frstor  [image]
        faddp
        fstp    tword [image]
        TBYTE   "restored, added: ", image

        ; Traps on use.
        mov     eax, cr0
        or      al, 8
        mov     cr0, eax
        TRY     "ts: fninit", fninit
        TRY     "ts: reserved", { db 0D9h, 0D1h }
        TRY     "ts: wait", wait
        or      al, 2
        mov     cr0, eax
        TRY     "ts, mp: wait", wait
        clts
        TRY     "clts: wait", wait
        mov     eax, cr0
        and     al, ~2
        or      al, 4
        mov     cr0, eax
        TRY     "em: fld1", fld1
        TRY     "em: wait", wait
        and     al, ~4
        mov     cr0, eax
        TRY     "reserved", { db 0D9h, 0D1h }
        TRY     "lock", { db 0F0h, 0D8h, 6, 0, 0 }

        ; Exceptions.
        or      al, 20h
        mov     cr0, eax
        fninit
        fldcw   [zero_unmasked]
        fld1
        fldz
        TRY     "ne: divide", fdiv st1, st0
        TRY     "not waiting", fnstsw ax
        HEX16   ax
        NL
        TRY     "waiting", fld1
        TRY     "wait", wait
        TRY     "fldcw waits", fldcw [all_masked]
        fnstenv [image]         ; masks all
        TRY     "masked again", fld1
        fninit
        fldcw   [all_unmasked]
        TRY     "invalid store", SEQ fldz, fldz, { fdivp st1, st0 }
        TRY     "next", fchs
        fnclex
        TRY     "cleared", fchs

        ; Faults of memory operands leave the stack alone.
        fninit
        fldpi
        fld1
        TRY     "fstp beyond the limit", fstp qword [0FFFAh]
        TRY     "fild beyond the limit", fild qword [0FFFAh]
        TRY     "fnsave beyond the limit", fnsave [0FFF0h]
        TRY     "fld beyond, stack", fld tword [bp - 4]
        PUTS    "still: "
        SW
        fstp    tword [image]
        TBYTE   " ", image

        ; The PC's way.
        OUTB    20h, 11h        ; ICW1-4, both; vectors 50h, 58h
        OUTB    21h, 50h
        OUTB    21h, 4
        OUTB    21h, 1
        OUTB    0A0h, 11h
        OUTB    0A1h, 58h
        OUTB    0A1h, 2
        OUTB    0A1h, 1
        OUTB    21h, 0FBh
        OUTB    0A1h, 0DFh
        mov     word [fs:5Dh * 4], irq13
        mov     [fs:5Dh * 4 + 2], cs
        mov     eax, cr0
        and     al, ~20h
        mov     cr0, eax
        PUTS    "irq 13: "
        fninit
        fldcw   [zero_unmasked]
        sti
        fld1
        fldz
        fdiv    st1, st0
        HEX8    [fired]
        PUTS    " "
        wait
        nop
        cli
        HEX8    [fired]
        PUTS    " "
        HEX16   [fired_sw]
        PUTS    " then "
        SW
        NL

        ; Environments in protected mode.
        ENTER_PM32
        bits    32
        fninit
        fldpi
.last2: fmul    dword [minus2_5]
        fnstenv [image]
        sub     dword [image + 12], .last2
        PUTS    "protected, 32 bits: "
        DWORDS  image, 7
        o16 fnstenv [image]
        sub     word [image + 6], .last2
        PUTS    "protected, 16 bits: "
        WORDS   image, 7
        fldenv  [image32]
        fnstenv [image]
        PUTS    "loaded: "
        DWORDS  image, 7
        TRY     "beyond the limit", { fstp tword [cs:0FFF7h] }
        mov     eax, cr0
        or      al, 20h
        mov     cr0, eax
        fninit
        fldcw   [zero_unmasked]
        fld1
        fldz
        fdiv    st1, st0
        TRY     "mf", fld1
        fninit
        FINISH

        bits    16
irq13:  push    ax
        inc     word [fired]
        fnstsw  [fired_sw]
        OUTB    0F0h, 0
        fnclex
        OUTB    0A0h, 20h
        OUTB    20h, 20h
        pop     ax
        iret

fired:  dw      0
fired_sw: dw    0
two:    dw      2
three:  dw      3
all_unmasked: dw 0340h
all_masked: dw  037Fh
zero_unmasked: dw 037Bh
        align   16
minus2_5: dd    -2.5
nan:    dq      3.25
bcd:    db      78h, 56h, 34h, 12h, 0, 0, 0, 0, 0, 80h
image16: dw     037Fh, 5123h, 0F0F3h, 1234h, 0A7FFh, 5678h, 0B000h
image32: dd     037Fh, 3820h, 0C3C3h, 87654321h, 06540008h, 12345678h, 10h
        align   16
image:  times   160 db 0
        IMAGE_END
