; halted_nmi -- HLT with IF = 0 wakes for NMI (SDM 2A HLT): the 8254 on pin 2 of the I/O APIC, as NMI.
;
;@apic
%include "lib.inc"

IOAPIC  equ     0FEC00000h
%macro IOWR 2
        mov     dword [es:IOAPIC], %1
        mov     dword [es:IOAPIC + 10h], %2
%endmacro

main:   ENTER_PM32
        bits    32
        mov     eax, FLAT
        mov     es, eax
        PUTS    "== halted_nmi", 10
        mov     dword [es:0FEE000F0h], 1FFh
        IOWR    15h, 0
        IOWR    14h, 400h
        mov     al, 30h                 ; counter 0 once, after some milliseconds
        out     43h, al
        mov     al, 0
        out     40h, al
        mov     al, 20h
        out     40h, al
        cli
        mov     dword [resume], .woken  ; where the handlers of lib.inc go on
        mov     dword [try_ip], .woken
        mov     [resume_cs], cs
        mov     [try_sp], esp
        hlt
.woken: NL
        PUTS    "awake", 10
        FINISH
        IMAGE_END
