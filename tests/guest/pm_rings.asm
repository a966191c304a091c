; pm_rings -- between privilege levels: IRET and RETF outwards, call gates with parameters, the
; inner stack from the TSS, segments nulled on the way out. SDM 3, 5.8.
%include "lib.inc"

%macro SETGATE 5                ; GDT selector, target selector, offset, access byte, parameters
        mov     dword [gdt + %1], ((%3) - $$) | ((%2) << 16)
        mov     dword [gdt + %1 + 4], ((%4) << 8) | %5
%endmacro
%macro SHOWSEG 2
        mov     eax, %2
        PUTS    %1
        HEX16   ax
%endmacro

main:   PUTS    "== pm_rings", 10
        ENTER_PM32
        bits    32
        mov     dword [tss0 + 12], 0C000h ; ring 1's stack
        mov     dword [tss1_ss], 99h
        SETGATE 60h, CODE32, gate3, 0ECh, 3 ; 32-bit, DPL 3, three parameters
        SETGATE 68h, CODE16, gate16, 0E4h, 2 ; 16-bit
        SETGATE 70h, CODE32, gate3, 8Ch, 0 ; DPL 0
        SETGATE 78h, CODE32, gate3, 6Ch, 0 ; DPL 3, not present
        SETD    80h, BASE, 0FFFFh, 9Eh, 4 ; conforming, DPL 0
        SETGATE 88h, 80h, conforming_gate, 0ECh, 0
        SETD    90h, BASE, 0FFFFh, 0BAh, 4 ; ring 1
        SETD    98h, BASE, 0FFFFFh, 0B2h, 0Ch
        SETGATE 0A0h, 90h, gate1, 0ECh, 1
        SETD    0A8h, BASE, 0FFFFFh, 72h, 0Ch ; data, not present
        SETGATE 0B0h, UCODE32 & ~3, gate_same, 0ECh, 4

        PUTS    "iret outwards: "
        mov     ax, DATA32
        mov     fs, ax          ; DPL 0: nulled
        mov     ax, 80h
        mov     gs, ax          ; conforming: stays
        TO_RING3 .user
.user:  call    segments
        HEX32   esp
        NL
        TRY     "cli", cli
        TRY     "hlt", hlt
        TRY     "mov ds, dpl 0", mov ds, [dpl0]
        TRY     "mov ss, rpl 0", mov ss, [rpl0]
        TRY     "call conforming", call 80h:outside
        TRY     "call dpl 0 code", call CODE32:outside
        TRY     "call gate dpl 0", call 70h:0
        TRY     "call gate rpl, not present", call 7Bh:0
        TRY     "int 31h, dpl 0 gate", int 31h

        push    dword 11111111h
        push    dword 22222222h
        push    dword 33333333h
        mov     [ss:keep], esp
        TRY     "call gate, 3 parameters", call 63h:0
        sub     [ss:keep], esp     ; the gate's RETF 12 dropped them
        HEX32   [ss:keep]
        call    segments        ; DS loaded with ring 0's in there: null here
        NL
        mov     ax, UDATA32
        mov     ds, ax
        push    word 5555h
        push    word 6666h
        mov     [ss:keep], esp
        TRY     "call gate, 16-bit, 2 parameters", call 68h:0
        sub     [ss:keep], esp
        HEX32   [ss:keep]
        NL
;@qemu 3
        ; QEMU TCG: CS's RPL is not set to the CPL (SDM 2, CALL, call-gate: RPL := CPL); and below,
        ; "ss1 not present" is #TS there (SDM 2, CALL, more-privilege: #SS);
        ; "ss not present" is #NP there (SDM 2, RET, to outer level: #SS).
        TRY     "call gate to conforming", call 88h:0
        push    dword 44444444h
        TRY     "call gate to ring 1", call 0A0h:0
        push    dword 1
        TRY     "call gate to the same ring: no copy", call 0B0h:0
        add     esp, 4
        TRY     "jmp gate to ring 0", jmp 60h:0

        PUTS    "bad inner stacks:", 10 ; checks of the new SS give #TS
        mov     byte [tss1_ss], 0
        TRY     "ss1 null", call 0A0h:0
        mov     byte [tss1_ss], DATA32
        TRY     "ss1 dpl 0", call 0A0h:0
        mov     byte [tss1_ss], 99h & 0FCh | 2
        TRY     "ss1 rpl 2", call 0A0h:0
        mov     byte [tss1_ss], 91h
        TRY     "ss1 code", call 0A0h:0
        mov     word [tss1_ss], 0FF9h
        TRY     "ss1 beyond", call 0A0h:0
        mov     word [tss1_ss], 99h
        RING0
        mov     byte [gdt + 98h + 5], 32h
        TO_RING3 .user2
.user2: TRY     "ss1 not present", call 0A0h:0
        RING0
        mov     byte [gdt + 98h + 5], 0B2h
        mov     byte [gdt + TSS0], 11 ; the limit of the TSS: SS1 is beyond it
        mov     byte [gdt + TSS0 + 5], 89h
        mov     ax, TSS0
        ltr     ax
        TO_RING3 .user3
.user3: mov     al, 0           ; (port E9h is shut too: no TRY here)
        mov     dword [resume], .short
        mov     dword [try_ip], .call
        mov     [resume_cs], cs
        mov     [try_sp], esp
.call:  call    0A0h:0
.short: RING0
        mov     byte [gdt + TSS0], TSS0_SIZE - 1
        mov     byte [gdt + TSS0 + 5], 89h
        mov     ax, TSS0
        ltr     ax

        PUTS    "retf outwards, checks:", 10
        push    dword UDATA32
        push    dword STACK3
        push    dword UCODE32
        push    dword .there
        mov     dword [esp + 12], 0
        TRY     "ss null", retf
        mov     dword [esp + 12], DATA32
        TRY     "ss rpl 0", retf
        mov     dword [esp + 12], DATA32 | 3
        TRY     "ss dpl 0", retf
        mov     dword [esp + 12], 0ABh
        TRY     "ss not present", retf
        mov     dword [esp + 12], UDATA32
        mov     dword [esp + 4], CODE32 | 3
        TRY     "cs dpl 0, rpl 3", retf
        mov     dword [esp + 4], 83h ; conforming: may run in ring 3
        retf
.there: call    segments
        NL
        push    dword CODE32
        push    dword main
        TRY     "retf inwards", retf
        RING0
        FINISH

segments:
        SHOWSEG " cs ", cs
        SHOWSEG " ss ", ss
        SHOWSEG " ds ", ds
        SHOWSEG " fs ", fs
        SHOWSEG " gs ", gs
        PUTS    " "
        ret
outside:
        SHOWSEG " cs ", cs
        retf
gate3:  SHOWSEG " cs ", cs
        SHOWSEG " ss ", ss
        mov     ax, DATA32
        mov     ds, ax
        mov     ebp, esp
        PUTS    " frame "
        HEX16   [ebp + 4]       ; CS
        HEX32   [ebp + 8]       ; the parameters, the last pushed first
        HEX32   [ebp + 16]
        PUTS    " "
        HEX32   [ebp + 20]      ; ESP of ring 3
        HEX16   [ebp + 24]
        retf    12
gate1:  SHOWSEG " cs ", cs
        SHOWSEG " ss ", ss
        mov     eax, [esp + 8]
        HEX32   eax
        retf    4
gate_same:
        SHOWSEG " cs ", cs
        retf
conforming_gate:
        SHOWSEG " cs ", cs
        SHOWSEG " ss ", ss
        retf
        bits    16
gate16: mov     bp, sp
        PUTS    " frame "
        HEX16   [bp + 2]
        HEX16   [bp + 4]
        HEX16   [bp + 6]
        HEX16   [bp + 10]
        retf    4

tss1_ss equ     tss0 + 16
        align   4
keep:   dd      0
dpl0:   dw      DATA32
rpl0:   dw      UDATA32 & ~3
        IMAGE_END
