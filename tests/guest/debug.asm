; debug -- single step, breakpoints, and what holds them off: TF with each kind of instruction,
; DR0-DR3 for code and data, STI and MOV SS shadows, RF, GD. SDM 3, 17.2-17.3.
;
; QEMU 7.2 TCG does not push RF (SDM 3, 17.3.1.1), and is lost at the breakpoint, which it restarts.
;@qemu 9
%include "lib.inc"

; #DB's handler: counts; prints the address relative to [base] and DR6's B0-B3, BD, BS.
%macro STEPS 2+                 ; "text", instructions run with TF = 1
        PUTS    %1
        mov     dword [base], %%go
        pushfd
        or      dword [esp], TF
        popfd                   ; no trap after this one: TF was clear before it
%%go:   %2
        nop
        call    untrace
        NL
%endmacro

main:   PUTS    "== debug", 10
        ENTER_PM32
        bits    32
        SETG    1, CODE32, debug, 8Eh
        SETG    31h, CODE32, soft, 8Eh
        SETG    32h, CODE32, soft, 8Fh
        STEPS   "nop ", nop
        STEPS   "jmp ", jmp short $ + 3
        STEPS   "int ", int 31h ; clears TF: no trap inside; none after INT itself
        STEPS   "trap gate ", int 32h
        STEPS   "mov ss holds off the next ", { mov ss, [data] }
        STEPS   "pop ss ", { call pop_ss }
        STEPS   "popfd that clears TF: traps once more ", { call clear_tf }
        mov     ecx, 3
        mov     edi, space
        STEPS   "rep stosb traps after each ", rep stosb
        mov     ecx, 0
        STEPS   "rep with count 0 ", rep stosb
        STEPS   "cpuid ", cpuid
        STEPS   "loop ", { call looper }
        STEPS   "pushfd shows TF ", { call push_flags }
        HEX16   [seen]
        NL
        PUTS    "ud2 under TF: the frame has TF, the handler does not "
        mov     byte [idt + 6 * 8 + 2], CODE32
        mov     word [idt + 6 * 8], undefined
        STEPS   "", ud2
        PUTS    "RF in the frame of a fault, not of a trap: "
        HEX16   [frame_rf]
        NL

        PUTS    "dr0 execute: "
        mov     dword [base], .x
        mov     eax, BASE
        add     eax, .x
        mov     dr0, eax
        mov     eax, 402h       ; G0
        mov     dr7, eax
        nop
.x:     nop                     ; a fault: before it
        NL
        PUTS    "popfd with RF is no way, iret is: " ; the handler sets RF, or it would never end
        mov     dword [base], .x2
        mov     eax, BASE
        add     eax, .x2
        mov     dr0, eax
        mov     ecx, 2
.again: nop
.x2:    nop
        loop    .again
        NL
        PUTS    "mov ss holds off a code breakpoint on the next: "
        mov     dword [base], .x3
        mov     eax, BASE
        add     eax, .x3
        mov     dr0, eax
        mov     ss, [data]
.x3:    nop
        NL
        xor     eax, eax
        mov     dr7, eax
        PUTS    "dr1 write, 2 bytes: "
        mov     eax, BASE
        add     eax, space + 2
        mov     dr1, eax
        mov     eax, 400h | 8 | (5 << 20) ; G1, RW1 = write, LEN1 = 2
        mov     dr7, eax
        mov     dword [base], .w
.w:     mov     [space + 1], al ; beside
        mov     [space + 3], al ; hits
        mov     al, [space + 2] ; a read
        mov     [space], eax    ; overlaps
        mov     ecx, 6
        mov     edi, space
        rep     stosb
        push    dword [space]
        pop     dword [space]
        NL
        PUTS    "dr2 read or write, 4 bytes: "
        mov     eax, BASE
        add     eax, space + 4
        mov     dr2, eax
        mov     eax, 400h | 20h | 0F000000h
        mov     dr7, eax
        mov     dword [base], .r
.r:     mov     al, [space + 7]
        mov     [space + 4], al
        mov     eax, [space + 1] ; its last byte
        mov     al, [space + 8]
        NL
        mov     eax, 2400h      ; GD
        mov     dr7, eax
        PUTS    "gd: "
        mov     dword [base], .g
.g:     mov     eax, dr0        ; #DB, BD; the handler's own accesses find GD clear
        NL
        xor     eax, eax
        mov     dr7, eax

        PUTS    "int1: "
        mov     dword [base], .i
.i:     db      0F1h
        NL
        FINISH

untrace:pushfd
        and     dword [esp], ~TF
        popfd                   ; (the trap after this POPFD: TF was set before it)
        ret
clear_tf:
        jmp     untrace
pop_ss: push    dword DATA32
        pop     ss
        nop
        ret
looper: mov     ecx, 2
.l:     loop    .l
        ret
push_flags:
        pushfd
        pop     dword [seen]
        and     dword [seen], TF
        ret
soft:   nop
        nop
        iretd
undefined:
        mov     eax, [esp + 8]
        and     eax, 10100h     ; RF, TF
        shr     eax, 8
        mov     [frame_rf], eax
        add     dword [esp], 2
        iretd
debug:  push    eax
        mov     eax, [esp + 4]
        sub     eax, [base]
        cmp     eax, 40h
        ja      .far
        HEX8    ax
        jmp     .dr6
.far:   PUTS    ".."            ; in a subroutine
.dr6:   mov     eax, dr6
        PUTS    ":"
        shr     eax, 8
        HEX8    ax
        mov     eax, dr6
        HEX8    ax
        PUTS    " "
        xor     eax, eax
        mov     dr6, eax
        or      dword [esp + 12], 10000h ; RF: on past a code breakpoint
        pop     eax
        iretd
        align   8
space:  times   16 db 0
data:   dd      DATA32
base:   dd      0
seen:   dd      0
frame_rf: dd    0
        IMAGE_END
