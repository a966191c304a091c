; apic -- local APIC and I/O APIC: enabling, priorities and TPR, IPIs to itself, EOI, the timer, virtual
; wire mode, and the 8254 on pin 2 as an edge and as a level. SDM 3A 10; 82093AA data sheet.
;
;@apic
; Bochs 2.7 takes the 8259A's request whatever LINT0 says (SDM 3A 10.5.1: masked; it is a level and comes
; when the mask goes); its I/O APIC does not hear EOIs, and has no remote IRR (82093AA ds 3.2.4).
;@sed s/^virtual wire, masked: 50$/virtual wire, masked:/
;@sed s/^virtual wire: 50 with/virtual wire: 50 50 with/
;@sed s/^\(pin 2, level: unmasked:01 93\) remote irr before: 00008093/\1 93 93 remote irr before: 0000C093/
;@sed s/^masked while in service: 93 entry 00008093/masked while in service: 93 93 entry 00018093/
; QEMU 7.2 sets no errors, does not mask the LVT of a disabled APIC (SDM 3A 10.4.7.2), and takes no 8259A
; request without an APIC that it has begun with (SDM 3A 10.4.3).
;@qemu 3
%include "lib.inc"

LAPIC   equ     0FEE00000h
IOAPIC  equ     0FEC00000h
TPR     equ     80h
PPR     equ     0A0h
EOI     equ     0B0h
LDR     equ     0D0h
SVR     equ     0F0h
ISR     equ     100h
TMR     equ     180h
IRR     equ     200h
ESR     equ     280h
ICR     equ     300h
ICR_HIGH equ    310h
LVT_TIMER equ   320h
LINT0   equ     350h
LINT1   equ     360h
LVT_ERROR equ   370h
TMICT   equ     380h
TMCCT   equ     390h
TDCR    equ     3E0h
SELF    equ     40000h
MASKED  equ     10000h
LEVEL   equ     8000h

%macro OUTB 2
        mov     al, %2
        out     %1, al
%endmacro
%macro WR 2                     ; register, value
        mov     dword [es:LAPIC + %1], %2
%endmacro
%macro RD 2                     ; to a general register
        mov     %1, [es:LAPIC + %2]
%endmacro
%macro IOWR 2
        mov     dword [es:IOAPIC], %1
        mov     dword [es:IOAPIC + 10h], %2
%endmacro
%macro IORD 1                   ; to EAX
        mov     dword [es:IOAPIC], %1
        mov     eax, [es:IOAPIC + 10h]
%endmacro
%macro OPEN 0                   ; let in what waits
        sti
        times   16 nop
        cli
%endmacro
%macro BITS_OF 2                ; set, vector: prints whether the vector is in it
        RD      eax, %1 + (%2 / 32) * 16
        shr     eax, %2 & 31
        and     eax, 1
        HEX8    ax
%endmacro

main:   ENTER_PM32
        bits    32
        mov     eax, FLAT
        mov     es, eax
        PUTS    "== apic", 10
        PUTS    "cpuid: "
        mov     eax, 1
        cpuid
        shr     edx, 9
        and     edx, 1
        HEX8    dx
        PUTS    " base: "
        mov     ecx, 1Bh
        rdmsr
        HEX32   edx
        HEX32   eax
        NL
        PUTS    "after reset: svr "
        RD      eax, SVR
        HEX16   ax
        PUTS    " tpr "
        RD      eax, TPR
        HEX32   eax
        PUTS    " ldr "
        RD      eax, LDR
        HEX32   eax
        PUTS    " dfr "
        RD      eax, 0E0h
        HEX32   eax
        PUTS    " timer "
        RD      eax, LVT_TIMER
        HEX32   eax
        PUTS    " error "
        RD      eax, LVT_ERROR
        HEX32   eax
        PUTS    " counts "
        RD      eax, TMICT
        HEX32   eax
        RD      eax, TMCCT
        HEX32   eax
        NL

        ; 8259A: vectors 50h and 58h, all masked
        OUTB    20h, 11h
        OUTB    21h, 50h
        OUTB    21h, 4
        OUTB    21h, 1
        OUTB    0A0h, 11h
        OUTB    0A1h, 58h
        OUTB    0A1h, 2
        OUTB    0A1h, 1
        OUTB    21h, 0FFh
        OUTB    0A1h, 0FFh
        mov     ebx, 40h        ; IDT: a stub for each vector from 40h on
        mov     edx, stubs
.gate:  mov     [idt + ebx * 8], dx
        mov     dword [idt + ebx * 8 + 2], CODE32
        mov     dword [idt + ebx * 8 + 4], 8E00h
        add     edx, STUB
        inc     ebx
        cmp     ebx, 100h
        jb      .gate
        SETG    02h, CODE32, on_nmi, 8Eh

        WR      SVR, 1FFh
        WR      LINT0, MASKED
        WR      LDR, 01000000h
        PUTS    "lvt timer, bits that can be set: "
        WR      LVT_TIMER, 0FFFFFFFFh
        RD      eax, LVT_TIMER
        and     eax, 300FFh     ; (bit 18 came later; referees let status, 12, be written)
        HEX32   eax
        WR      LVT_TIMER, MASKED
        PUTS    " last entry of the i/o apic: "
        IORD    1
        shr     eax, 16
        HEX16   ax
        PUTS    " entry 5: "
        IORD    1Ah
        HEX32   eax
        IORD    1Bh
        HEX32   eax
        NL

        PUTS    "ipi to self: irr "
        WR      ICR, SELF | 61h
        BITS_OF IRR, 61h
        PUTS    " taken:"
        OPEN
        PUTS    " isr in the handler "
        HEX8    [in_isr]
        PUTS    " ppr "
        HEX8    [in_ppr]
        PUTS    " afterwards "
        BITS_OF ISR, 61h
        RD      eax, PPR
        HEX8    ax
        NL
        PUTS    "by id:"
        WR      ICR_HIGH, 0
        WR      ICR, 4062h
        OPEN
        PUTS    " logical:"
        WR      ICR_HIGH, 01000000h
        WR      ICR, 4863h
        OPEN
        PUTS    " lowest:"
        WR      ICR, 4964h
        OPEN
        PUTS    " all:"
        WR      ICR, 80065h
        OPEN
        PUTS    " nmi: "
        WR      ICR_HIGH, 0
        WR      ICR, 4400h
        mov     ecx, 1000
        loop    $
        HEX8    [nmis]
        NL
        PUTS    "highest first:"
        WR      ICR, SELF | 51h
        WR      ICR, SELF | 0F1h
        WR      ICR, SELF | 7Fh
        WR      ICR, SELF | 71h
        WR      ICR, SELF | 0A0h
        WR      ICR, SELF | 0A0h ; merges
        call    open_all
        NL
        PUTS    "tpr 60h holds back 6Eh:"
        WR      TPR, 60h
        WR      ICR, SELF | 6Eh
        OPEN
        PUTS    " ppr "
        RD      eax, PPR
        HEX8    ax
        PUTS    " lets 71h by:"
        WR      ICR, SELF | 71h
        OPEN
        PUTS    " tpr 5Fh:"
        WR      TPR, 5Fh
        OPEN
        WR      TPR, 0
        NL
        PUTS    "nesting:"
        mov     byte [nest], 55h
        WR      ICR, SELF | 55h ; whose handler sends itself 81h, 5Fh, 42h and opens
        OPEN
        call    open_all
        mov     byte [nest], 0
        NL

        PUTS    "timer, one-shot:"
        WR      TDCR, 0Bh
        WR      LVT_TIMER, 48h
        WR      TMICT, 100000
        RD      eax, TMCCT
        cmp     eax, 100000
        ja      wrong
        test    eax, eax
        jz      wrong
        RD      edx, TMCCT
        cmp     edx, eax
        ja      wrong
        sti
        hlt
        cli
        PUTS    " count "
        RD      eax, TMCCT
        HEX32   eax
        PUTS    " and once:"
        mov     ecx, 200000
.idle:  loop    .idle
        OPEN
        NL
        PUTS    "timer, periodic, five times:"
        WR      LVT_TIMER, 20049h
        WR      TDCR, 3
        WR      TMICT, 20000
        mov     dword [fired], 0
.again: sti
        hlt
        cli
        cmp     dword [fired], 5
        jb      .again
        WR      TMICT, 0
        call    open_all
        PUTS    " stopped: "
        RD      eax, TMCCT
        HEX32   eax
        NL
        PUTS    "timer, masked:"
        WR      LVT_TIMER, MASKED | 4Ah
        WR      TDCR, 0Bh
        WR      TMICT, 1000
.ends:  RD      eax, TMCCT
        test    eax, eax
        jnz     .ends
        OPEN
        NL

        PUTS    "esr: "
        WR      ESR, 0
        WR      ESR, 0
        RD      eax, ESR
        HEX8    ax
        WR      ICR, SELF | 62h
        OPEN
        WR      ESR, 0
        RD      eax, ESR
        HEX8    ax
        PUTS    " sent to nobody: "
        WR      ICR_HIGH, 05000000h
        WR      ICR, 4062h
        RD      eax, ESR
        HEX8    ax
        WR      ESR, 0
        RD      eax, ESR
        HEX8    ax
        WR      ESR, 0
        RD      eax, ESR
        HEX8    ax
        NL

        OUTB    21h, 0FEh       ; 8259A: IRQ 0 alone
        PUTS    "virtual wire, masked:"
        call    pit_fire
        OPEN
        PUTS    10, "virtual wire:"
        WR      LINT0, 700h
        OPEN
        call    pit_fire
        OPEN
        WR      TPR, 0FFh       ; nothing to do with it
        PUTS    " with tpr FFh:"
        call    pit_fire
        OPEN
        WR      TPR, 0
        WR      LINT0, MASKED
        OUTB    21h, 0FFh
        NL

        PUTS    "pin 2, masked edge is lost:"
        call    pit_fire
        IOWR    15h, 0
        IOWR    14h, 92h
        OPEN
        PUTS    " edge:"
        call    pit_fire
        OPEN
        PUTS    " entry "
        IORD    14h
        HEX32   eax
        NL
        PUTS    "pin 2, level:"
        IOWR    14h, MASKED | LEVEL | 93h
        call    pit_fire
        OPEN
        PUTS    " unmasked:"
        mov     byte [drop], 93h ; the third handler lets the line fall before its EOI
        mov     byte [countdown], 3
        IOWR    14h, LEVEL | 93h
        IORD    14h
        push    eax
        BITS_OF TMR, 93h
        call    open_all
        pop     eax
        PUTS    " remote irr before: "
        HEX32   eax
        PUTS    " after: "
        IORD    14h
        HEX32   eax
        NL
        PUTS    "masked while in service:"
        mov     byte [hide], 93h ; the second handler masks the entry before its EOI
        mov     byte [countdown], 2
        call    pit_fire
        call    open_all
        IORD    14h
        PUTS    " entry "
        HEX32   eax
        PUTS    " unmasked, asserted still:"
        mov     byte [hide], 0
        mov     byte [countdown], 1
        IOWR    14h, LEVEL | 93h
        call    open_all
        IORD    14h
        PUTS    " entry "
        HEX32   eax
        NL
        PUTS    "logical destination:"
        IOWR    15h, 03000000h
        IOWR    14h, 894h
        call    pit_fire
        OPEN
        PUTS    " not ours:"
        IOWR    15h, 02000000h
        call    pit_fire
        OPEN
        PUTS    " nmi: "
        IOWR    15h, 0
        IOWR    14h, 400h
        mov     byte [nmis], 0
        call    pit_fire
        HEX8    [nmis]
        IOWR    14h, MASKED
        NL

        PUTS    "software disabled: lvt error "
        WR      LVT_ERROR, 4Bh
        WR      SVR, 0FFh
        RD      eax, LVT_ERROR
        HEX32   eax
        WR      LVT_ERROR, 4Bh
        RD      eax, LVT_ERROR
        HEX32   eax
        NL
        PUTS    "globally disabled: cpuid "
        mov     ecx, 1Bh
        rdmsr
        and     eax, ~800h
        wrmsr
        mov     eax, 1
        cpuid
        shr     edx, 9
        and     edx, 1
        HEX8    dx
        PUTS    " the 8259A's line is intr:"
        OUTB    21h, 0FEh
        call    pit_fire
        OPEN
        NL
        FINISH
wrong:  PUTS    "the count is wrong", 10
        FINISH

open_all:                       ; takes everything that waits
        mov     ecx, 8
.one:   OPEN
        loop    .one
        ret

; The 8254's counter 0, mode 0: its output falls, and rises after some 50 us, for good.
pit_low:
        OUTB    43h, 30h
        OUTB    40h, 0FFh       ; (QEMU's falls with the count)
        OUTB    40h, 0FFh
        ret
pit_fire:
        OUTB    43h, 30h
        OUTB    40h, 64
        OUTB    40h, 0
.out:   OUTB    43h, 0E2h       ; read-back: status of counter 0
        in      al, 40h
        test    al, al          ; OUT
        jns     .out
        OUTB    20h, 0Ah        ; in Bochs the line rises later than OUT says
.irr:   in      al, 20h
        test    al, 1
        jz      .irr
        mov     ecx, 100000     ; in QEMU it takes the wall's time
        loop    $
        ret

on_nmi: inc     byte [nmis]
        iretd

        align   4
stubs:
%assign vector 40h
%rep    0C0h
        push    strict dword vector
        jmp     strict near on_vector
%assign vector vector + 1
%endrep
STUB    equ     (on_vector - stubs) / 0C0h
on_vector:
        pushad
        mov     ebx, [esp + 32]
        cmp     bl, 0FFh        ; spurious: Bochs takes one at times; it has no EOI
        je      .done
        inc     dword [fired]
        PUTS    " "
        HEX8    bx
        cmp     bl, 60h         ; 50h-5Fh may come from the 8259A: the guest does not mix them
        jae     .apic
        cmp     bl, 50h
        jne     .apic
        OUTB    20h, 20h
        jmp     .done
.apic:  mov     eax, ebx
        shr     eax, 5
        shl     eax, 4
        mov     eax, [es:LAPIC + ISR + eax]
        mov     ecx, ebx
        shr     eax, cl
        and     eax, 1
        mov     [in_isr], eax
        RD      eax, PPR
        mov     [in_ppr], eax
        cmp     bl, [nest]
        jne     .drop
        WR      ICR, SELF | 81h
        WR      ICR, SELF | 5Fh
        WR      ICR, SELF | 42h
        OPEN
        PUTS    " back"
.drop:  cmp     bl, [drop]
        jne     .eoi
        dec     byte [countdown]
        jnz     .eoi
        cmp     byte [hide], 0
        jne     .hide
        call    pit_low
        jmp     .eoi
.hide:  IOWR    14h, MASKED | LEVEL | 93h
.eoi:   WR      EOI, 0
.done:  popad
        add     esp, 4
        iretd

        align   4
fired:  dd      0
in_isr: dd      0
in_ppr: dd      0
nmis:   db      0
nest:   db      0
drop:   db      0
hide:   db      0
countdown: db   0
        IMAGE_END
