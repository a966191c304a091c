; irq -- interrupts from outside: 8259A initialization, mask, request and service registers, EOI, the
; slave; 8254 one-shot and periodic; RTC flags; the shadows of STI and MOV SS; HLT.
%include "lib.inc"

%macro OUTB 2
        mov     al, %2
        out     %1, al
%endmacro
%macro VECTOR 2
        mov     word [fs:(%1) * 4], %2
        mov     [fs:(%1) * 4 + 2], cs
%endmacro
%macro REQUEST 0                ; counter 0, mode 0: wait until IRQ 0 is requested; IF must be 0
        OUTB    43h, 30h
        OUTB    40h, 40h
        OUTB    40h, 0
        call    await_irr0
%endmacro
%macro SHADOW 2+                ; "text", instructions; IRQ 0 is pending all the while
        PUTS    %1
        REQUEST
        mov     word [fired], 0
        mov     word [try_ip], %%here
%%here: %2
        nop
        nop
        nop
        cli
        mov     al, [fired]
        HEX8    ax
        cmp     word [fired], 0
        je      %%none
        PUTS    " ip+"
        HEX8    [fired_ip]
%%none: NL
        call    drain
%endmacro
%macro SEQ 1-*                  ; several instructions in one argument
%rep %0
        %1
%rotate 1
%endrep
%endmacro

main:   PUTS    "== irq", 10
        OUTB    20h, 11h        ; ICW1-4, both; vectors 50h, 58h
        OUTB    21h, 50h
        OUTB    21h, 4
        OUTB    21h, 1
        OUTB    0A0h, 11h
        OUTB    0A1h, 58h
        OUTB    0A1h, 2
        OUTB    0A1h, 1
        VECTOR  50h, irq0
        VECTOR  58h, irq8
        VECTOR  57h, spurious
        OUTB    21h, 0FFh
        OUTB    0A1h, 0AAh
        PUTS    "masks: "
        in      al, 21h
        HEX8    ax
        in      al, 0A1h
        HEX8    ax
        OUTB    0A1h, 0FFh
        NL

        PUTS    "requested, masked: irr bit 0 "
        REQUEST
        OUTB    20h, 0Ah
        in      al, 20h
        and     ax, 1
        HEX8    ax
        PUTS    " nothing comes: "
        sti
        nop
        nop
        cli
        HEX16   [fired]
        OUTB    21h, 0FEh
        sti
        nop
        nop
        cli
        PUTS    " unmasked: "
        HEX16   [fired]
        PUTS    " isr in the handler "
        HEX8    [isr]
        PUTS    " after EOI "
        OUTB    20h, 0Bh
        in      al, 20h
        and     ax, 1
        HEX8    ax
        NL

        SHADOW  "cli: ", nop
        SHADOW  "sti, nop: ", sti
        SHADOW  "sti, cli: ", SEQ sti, cli
        SHADOW  "sti, sti: ", SEQ sti, sti
        SHADOW  "popf has no shadow: ", SEQ { push word 202h }, popf
        SHADOW  "iret has none: ", { call iret_if }

        PUTS    "hlt wakes up: "
        mov     word [fired], 0
        mov     word [try_ip], .hlt
        OUTB    43h, 30h
        OUTB    40h, 0
        OUTB    40h, 8
        sti
.hlt:   hlt
        cli
        HEX16   [fired]
        PUTS    " ip+"
        HEX8    [fired_ip]
        NL

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
        call    drain
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
        mov     word [fired], 0
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
        cmp     bx, 3           ; (an emulator by wall clock may be late)
        setb    al
        HEX8    ax
        NL
        OUTB    70h, 0Bh
        OUTB    71h, 2
        FINISH

await_irr0:
        OUTB    20h, 0Ah
.wait:  in      al, 20h
        test    al, 1
        jz      .wait
        ret
drain:  sti                     ; takes what is still requested
        nop
        nop
        nop
        cli
        ret
iret_if:push    word 202h
        push    cs
        push    word .on
        iret
.on:    ret
irq0:   push    bp
        mov     bp, sp
        push    ax
        inc     word [fired]
        mov     ax, [bp + 2]
        sub     ax, [try_ip]
        mov     [fired_ip], ax
        OUTB    20h, 0Bh
        in      al, 20h
        mov     [isr], al
        OUTB    20h, 20h
        pop     ax
        pop     bp
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
spurious:
        iret

fired:  dw      0
fired_ip: dw    0
isr:    dw      0
isr2:   dw      0
        IMAGE_END
