; tests/boot/graphics.asm -- draws for ever, in one graphics mode after the other, and needs nobody:
; a guest to be saved at any moment. Mode 13h, planar modes with map mask, bit mask, rotation and
; write modes, mode X, and 256 colours by banks of VBE; the palette changes all the time.
;
; Boots from a floppy. nasm -f bin
        cpu     386
        org     0x7C00

start:  xor     ax, ax
        mov     ds, ax
        mov     ss, ax
        mov     sp, 0x7C00
        cld
        sti
next:   mov     si, modes
.mode:  lodsw
        or      ax, ax
        jz      next
        mov     bx, ax
        test    bh, bh
        jz      .bios
        mov     ax, 0x4F02              ; VBE: set mode
        int     0x10
        jmp     .draw
.bios:  int     0x10                    ; ah = 0: set mode
        cmp     bl, 0x13
        jne     .draw
        xor     byte [chained], 1
        jz      .draw
        mov     dx, 0x3C4               ; every other time mode X: chain 4 off
        mov     ax, 0x0604
        out     dx, ax
        mov     dx, 0x3D4
        mov     ax, 0x0014
        out     dx, ax
        mov     ax, 0xE317
        out     dx, ax
.draw:  mov     bp, 48
.again: call    random
        mov     dx, 0x3C4               ; map mask
        mov     al, 2
        and     ah, 15
        out     dx, ax
        call    random
        mov     dx, 0x3CE               ; write mode 0 to 3
        mov     al, 5
        and     ah, 3
        out     dx, ax
        call    random
        mov     al, 3                   ; rotation and operation
        and     ah, 0x1F
        out     dx, ax
        call    random
        mov     al, 8                   ; bit mask
        out     dx, ax
        call    random
        mov     dx, 0x3C8               ; a colour
        out     dx, al
        inc     dx
        mov     cx, 3
.dac:   call    random
        and     al, 63
        out     dx, al
        loop    .dac
        cmp     word [si - 2], 0x100    ; VBE: a bank
        jb      .fill
        call    random
        mov     dx, ax
        and     dx, 3
        mov     ax, 0x4F05
        xor     bx, bx
        int     0x10
.fill:  mov     ax, 0xA000
        mov     es, ax
        call    random
        mov     di, ax
        mov     al, [es:di]             ; fills the latches
        call    random
        mov     cx, ax
        and     cx, 0x7FF
        rep stosb
        test    bp, 7
        jnz     .on
        hlt                             ; until the timer
.on:    dec     bp
        jnz     .again
        jmp     .mode

; ax = the next number; no other register changes
random: mov     ax, [seed]
        imul    ax, ax, 25173
        add     ax, 13849
        mov     [seed], ax
        xchg    al, ah
        ret

modes:  dw      0x13, 0x12, 0x0D, 0x13, 0x10, 0x101, 0x06, 0x103, 0
seed:   dw      1
chained: db     0

        times 510 - ($ - $$) db 0
        dw      0xAA55
