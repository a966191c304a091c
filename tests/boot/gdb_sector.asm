; tests/boot/gdb_sector.asm -- a boot sector that works in a segment which does not start at 0, for
; gdb.sh: three turns through `turn` at 2000:0010, with a BIOS call each; then "done" on port E9h.
        bits    16
        org     7C00h
        cli
        xor     ax, ax
        mov     ds, ax
        mov     ss, ax
        mov     sp, 7C00h
        sti
        mov     ax, 2000h
        mov     es, ax
        mov     si, turn
        mov     di, 10h
        mov     cx, turn_end - turn
        cld
        rep     movsb
        mov     bx, 3
again:  call    2000h:10h
        dec     bx
        jnz     again
        mov     si, text
print:  lodsb
        test    al, al
        jz      stop
        out     0E9h, al
        jmp     print
stop:   xor     ax, ax
        out     0F4h, al
        cli
        hlt
text:   db      "done", 10, 0

turn:   inc     dx
        mov     ah, 3                   ; where the cursor is
        push    bx
        push    dx
        mov     bh, 0
        int     10h
        pop     dx
        pop     bx
        retf
turn_end:
        times   510 - ($ - $$) db 0
        dw      0AA55h
