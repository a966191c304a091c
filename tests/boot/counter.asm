; tests/boot/counter.asm -- counts keys in memory, and writes the count to its disk at every second
; one, as an operating system that keeps writes back does. It says what it finds at power-on, and
; then both counts. What is lost in a power cut can be read off the screen.
;
; Boots from a floppy. nasm -f bin
        cpu     8086
        org     0x7C00
count   equ     0x0500                  ; in memory
sector  equ     0x7E00                  ; of the disk: its first byte is the count there

start:  xor     ax, ax
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     sp, 0x7C00
        sti
        mov     ah, 2
        call    disk
        mov     al, [sector]
        mov     [count], al
        mov     si, found
        call    print
        mov     al, [count]
        call    digit
.loop:  mov     ah, 0
        int     0x16                    ; a key
        inc     byte [count]
        test    byte [count], 1
        jnz     .say
        mov     al, [count]
        mov     [sector], al
        mov     ah, 3
        call    disk
.say:   mov     si, memory
        call    print
        mov     al, [count]
        call    digit
        mov     si, written
        call    print
        mov     al, [sector]
        call    digit
        jmp     .loop

; ah = 2: reads the sector, 3: writes it
disk:   mov     al, 1
        mov     bx, sector
        mov     cx, 2
        mov     dx, 0
        int     0x13
        ret

print:  lodsb
        or      al, al
        jz      .end
        call    putc
        jmp     print
.end:   ret

digit:  add     al, '0'
putc:   mov     ah, 0x0E
        mov     bx, 7
        int     0x10
        ret

found:  db      "power on: disk ", 0
memory: db      13, 10, "memory ", 0
written: db     ", disk ", 0

        times 510 - ($ - $$) db 0
        dw      0xAA55
