; irq -- interrupts from outside: 8259A initialization, mask, request and service registers, EOI; an
; interrupt is taken between iterations of REP; the shadow of STI; HLT.
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

        PUTS    "rep stosb is interrupted, and ends all the same: "
        OUTB    43h, 34h        ; every 100h pulses, 0.2 ms
        OUTB    40h, 0
        OUTB    40h, 1
        mov     ax, 3000h
        mov     es, ax
        mov     word [fired], 0
        mov     word [in_rep], 0
        mov     word [try_ip], .rep
        sti
.more:  mov     ecx, 0FFF0h
        xor     di, di
        mov     al, 5Ah
.rep:   rep     stosb
        cmp     di, 0FFF0h
        jne     .wrong
        cmp     byte [es:0FFEFh], 5Ah
        jne     .wrong
        cmp     word [in_rep], 3 ; interrupts that found the REP unfinished
        jb      .more
        cli
        PUTS    "yes", 10
        FINISH
.wrong: cli
        PUTS    "no", 10
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
        cmp     ax, 1           ; at the REP itself, some iterations done
        sbb     ax, ax
        cmp     cx, 0FFF0h
        je      .first
        sub     [in_rep], ax
.first:
        OUTB    20h, 0Bh
        in      al, 20h
        mov     [isr], al
        OUTB    20h, 20h
        pop     ax
        pop     bp
        iret
spurious:
        iret

fired:  dw      0
fired_ip: dw    0
in_rep: dw      0
isr:    dw      0
        IMAGE_END
