; uart -- COM1: registers that stick, interrupts and their order, loopback, the FIFOs, IRQ 4.
%include "lib.inc"

%define COM     3F8h
%define RBR     COM
%define IER     COM + 1
%define IIR     COM + 2
%define LCR     COM + 3
%define MCR     COM + 4
%define LSR     COM + 5
%define MSR     COM + 6
%define SCR     COM + 7

%macro W 2                      ; register, value
        mov     dx, %1
        mov     al, %2
        out     dx, al
%endmacro
%macro R 1                      ; print a register
        mov     dx, %1
        in      al, dx
        HEX8    ax
        PUTS    " "
%endmacro
%macro SEND 1                   ; in loopback: out and in again
        W       RBR, %1
        call    sent
%endmacro

main:   PUTS    "== uart", 10
        mov     word [fs:54h * 4], irq4
        mov     [fs:54h * 4 + 2], cs
        mov     al, 11h         ; vectors 50h, 58h
        out     20h, al
        mov     al, 50h
        out     21h, al
        mov     al, 4
        out     21h, al
        mov     al, 1
        out     21h, al
        mov     al, 0EFh        ; IRQ 4 alone
        out     21h, al

        PUTS    "scratch: "
        W       SCR, 5Ah
        R       SCR
        W       SCR, 0A5h
        R       SCR
        NL
        PUTS    "divisor: "
        W       LCR, 80h
        W       RBR, 1
        W       IER, 0
        R       RBR
        R       IER
        W       LCR, 3
        R       LCR
        NL
        PUTS    "ier, mcr keep: "
        W       IER, 0F0h
        R       IER
        W       MCR, 0E0h
        R       MCR
        NL
        PUTS    "idle: iir "
        W       IIR, 0
        mov     dx, MSR
        in      al, dx
        mov     dx, LSR
        in      al, dx
        R       IIR
        PUTS    "lsr "
        R       LSR
        NL

        PUTS    "thre on: "
        W       IER, 2
        R       IIR
        R       IIR
        PUTS    "off and on: "
        W       IER, 0
        R       IIR
        W       IER, 2
        R       IIR
        R       IIR
        W       IER, 0
        NL

        PUTS    "fifo: "
        W       IIR, 1
        R       IIR
        W       IIR, 0
        R       IIR
        W       IIR, 0C7h
        R       IIR
        W       IIR, 0
        NL

        PUTS    "modem lines in loopback: "
        mov     cl, 10h
.lines: W       MCR, cl
        mov     dx, MSR
        in      al, dx
        and     al, 0F0h
        HEX8    ax
        PUTS    " "
        inc     cl
        cmp     cl, 20h
        jb      .lines
        NL

        PUTS    "loopback: "
        W       MCR, 10h
        mov     dx, MSR
        in      al, dx
        SEND    'x'
        R       LSR
        R       RBR
        R       LSR
        NL
        ; The THR interrupt waits until IIR has shown it, whatever came before it (PC16550D 8.4.1).
        ;@sed s/^all three at once: 02 01 04 61 01 01/all three at once: 02 01 04 61 02 01/
        PUTS    "all three at once: "
        W       IER, 7
        R       IIR             ; THR empty
        R       IIR
        SEND    'a'
        R       IIR             ; data
        R       RBR
        R       IIR             ; THR empty again
        R       IIR
        W       IER, 0
        NL
        PUTS    "overrun: "
        SEND    'a'
        W       IER, 4
        W       RBR, 'b'
.over:  mov     dx, IIR         ; not LSR: reading it clears OE
        in      al, dx
        test    al, 1
        jnz     .over
        HEX8    ax
        PUTS    " "
        R       LSR
        R       LSR
        R       IIR
        R       RBR
        W       IER, 0
        NL

        PUTS    "sixteen in the fifo, trigger 8: "
        W       IIR, 87h
        W       IER, 1
        mov     cl, 0
.fill:  mov     al, cl
        add     al, 'a'
        mov     dx, RBR
        out     dx, al
        call    sent
        cmp     cl, 7
        jb      .below
        R       IIR
.below: inc     cl
        cmp     cl, 16
        jb      .fill
        NL
        PUTS    "taken out: "
        mov     cl, 16
.take:  mov     dx, RBR
        in      al, dx
        out     0E9h, al
        PUTS    " "
        dec     cl
        jnz     .take
        R       LSR
        R       IIR
        NL
        PUTS    "silence: "
        SEND    'q'
.wait:  mov     dx, IIR
        in      al, dx
        cmp     al, 0C1h
        je      .wait
        HEX8    ax
        PUTS    " "
        R       RBR
        R       IIR
        W       IER, 0
        NL
        ; DR says that the FIFO is not empty, below the trigger level too (PC16550D 8.3).
        ;@sed s/^cleared: 60/cleared: 61/
        PUTS    "cleared: "
        SEND    'r'
        R       LSR
        W       IIR, 3
        R       LSR
        NL

        PUTS    "irq 4: "
        W       IIR, 0
        W       MCR, 8          ; OUT2
        mov     word [fired], 0
        W       IER, 2
        sti
        nop
        cli
        HEX16   [fired]
        PUTS    " iir "
        HEX8    [seen]
        W       RBR, 'z'        ; out of the machine
        sti
.irq:   cmp     word [fired], 2
        jb      .irq
        cli
        PUTS    " again "
        HEX8    [seen]
        W       IER, 0
        NL
        FINISH

; Until the transmitter is empty: the byte has come back.
sent:   push    ax
        push    dx
        mov     dx, LSR
.wait:  in      al, dx
        test    al, 40h
        jz      .wait
        pop     dx
        pop     ax
        ret

irq4:   push    ax
        push    dx
        inc     word [fired]
        mov     dx, IIR
        in      al, dx
        mov     [seen], al
        mov     al, 20h
        out     20h, al
        pop     dx
        pop     ax
        iret

fired:  dw      0
seen:   dw      0
        IMAGE_END
