; timer -- 8254, RTC and the slave 8259A: latches, periodic interrupts, the speaker counter's output, and
; two clocks against each other. Times are coarse: other emulators run by the wall clock.
%include "lib.inc"

%macro OUTB 2
        mov     al, %2
        out     %1, al
%endmacro
%macro VECTOR 2
        mov     word [fs:(%1) * 4], %2
        mov     [fs:(%1) * 4 + 2], cs
%endmacro

main:   PUTS    "== timer", 10
        OUTB    20h, 11h        ; vectors 50h, 58h
        OUTB    21h, 50h
        OUTB    21h, 4
        OUTB    21h, 1
        OUTB    0A0h, 11h
        OUTB    0A1h, 58h
        OUTB    0A1h, 2
        OUTB    0A1h, 1
        VECTOR  50h, irq0
        VECTOR  58h, irq8
        OUTB    21h, 0FEh
        OUTB    0A1h, 0FFh

        PUTS    "counter 0 latched, mode 2: "
        OUTB    43h, 34h
        OUTB    40h, 0
        OUTB    40h, 10h        ; 1000h
        OUTB    43h, 0C2h       ; read-back: status, then count
        in      al, 40h
        and     ax, 3Fh
        HEX8    ax
        in      al, 40h
        mov     bl, al
        in      al, 40h
        mov     bh, al
        cmp     bx, 1000h
        setbe   al
        HEX8    ax
        NL
        PUTS    "ten ticks of mode 2, HLT each: "
        mov     word [fired], 0
        OUTB    43h, 34h
        OUTB    40h, 0
        OUTB    40h, 10h
.tick:  sti
        hlt
        cli
        cmp     word [fired], 10
        jb      .tick
        HEX16   [fired]
        NL
        PUTS    "speaker counter's output through 61h: "
        OUTB    61h, 0
        OUTB    43h, 0B0h       ; mode 0, gate 0
        OUTB    42h, 10h
        OUTB    42h, 0
        in      al, 61h
        and     ax, 20h
        HEX8    ax
        OUTB    61h, 1
.out:   in      al, 61h
        test    al, 20h
        jz      .out
        PUTS    " then 1", 10

        PUTS    "rtc: "
        OUTB    70h, 0Dh
        in      al, 71h
        and     ax, 80h         ; battery good
        HEX8    ax
        OUTB    70h, 0Ah
        OUTB    71h, 26h        ; 1024 Hz
        OUTB    70h, 0Bh
        in      al, 71h
        or      al, 40h         ; PIE
        mov     ah, al
        OUTB    70h, 0Bh
        mov     al, ah
        out     71h, al
        OUTB    70h, 0Ch
        in      al, 71h
        OUTB    21h, 0FBh       ; the cascade only
        OUTB    0A1h, 0FEh
        mov     word [fired], 0
.rtc:   sti
        hlt
        cli
        cmp     word [fired], 5
        jb      .rtc
        HEX16   [fired]
        PUTS    " register C in the handler "
        HEX8    [isr]
        PUTS    " slave's isr and master's "
        HEX16   [isr2]
        NL
        PUTS    "1024 Hz by 1193182 Hz: "
        OUTB    21h, 0FBh
        mov     bp, 50          ; an emulator by the wall clock may be late: attempts
.try:   mov     word [fired], 0
.edge:  sti
        hlt
        cli
        cmp     word [fired], 1
        jb      .edge
        OUTB    43h, 34h        ; 65536 pulses a round: 18.2 Hz
        OUTB    40h, 0
        OUTB    40h, 0
.count: sti
        hlt
        cli
        cmp     word [fired], 33 ; 32 periods: 37287 pulses
        jb      .count
        OUTB    43h, 0
        in      al, 40h
        mov     bl, al
        in      al, 40h
        mov     bh, al
        neg     bx
        shr     bx, 11          ; 18.2 of 32
        sub     bx, 17
        cmp     bx, 3
        jb      .good
        dec     bp
        jnz     .try
        PUTS    "not "
.good:  PUTS    "consistent", 10
        OUTB    70h, 0Bh
        OUTB    71h, 2
        FINISH

irq0:   push    ax
        inc     word [fired]
        OUTB    20h, 20h
        pop     ax
        iret
irq8:   push    ax
        inc     word [fired]
        OUTB    0A0h, 0Bh
        OUTB    20h, 0Bh
        in      al, 0A0h
        mov     [isr2 + 1], al
        in      al, 20h
        mov     [isr2], al
        OUTB    70h, 0Ch
        in      al, 71h
        and     al, 0C0h
        mov     [isr], al
        OUTB    0A0h, 20h
        OUTB    20h, 20h
        pop     ax
        iret

fired:  dw      0
isr:    dw      0
isr2:   dw      0
        IMAGE_END
