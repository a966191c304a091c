; tests/boot/term.asm -- a boot sector for tests/boot/term.sh: line drawing and colours on the
; screen, words on COM1, the scan codes of the keys that are pressed; g draws in mode 13h, t
; goes back to text.
        cpu 386
        bits 16
        org 0x7C00

start:  xor ax, ax
        mov ds, ax
        mov es, ax
        mov ss, ax
        mov sp, 0x7C00
        cld
        mov ax, 0x00E3          ; COM1: 9600 baud 8N1
        xor dx, dx
        int 0x14
        mov si, words
.word:  lodsb
        test al, al
        jz text
        mov ah, 1
        xor dx, dx
        int 0x14
        jmp .word

text:   mov ax, 0x0003
        int 0x10
        mov ax, 0xB800
        mov es, ax
        mov si, box             ; at line 2, column 4, bright yellow on blue
        mov di, 2 * 160 + 4 * 2
.cell:  lodsb
        test al, al
        jz .down
        mov ah, 0x1E
        stosw
        jmp .cell
.down:  mov ah, 2               ; cursor to line 4, column 7
        mov bh, 0
        mov dx, 0x0407
        int 0x10

key:    xor ax, ax
        int 0x16
        cmp al, 'g'
        je graphics
        cmp al, 't'
        je text
        mov al, ah              ; its scan code, in hexadecimal, and a blank
        call hex
        mov al, ' '
        call put
        jmp key

hex:    push ax
        shr al, 4
        call .digit
        pop ax
.digit: and al, 15
        cmp al, 10
        sbb al, 0x69
        das
put:    mov ah, 0x0E
        mov bx, 7
        int 0x10
        ret

graphics:                       ; left half red, right half green, the last 40 lines white
        mov ax, 0x0013
        int 0x10
        mov ax, 0xA000
        mov es, ax
        xor di, di
        mov dx, 160
.line:  mov cx, 160
        mov al, 40
        rep stosb
        mov cx, 160
        mov al, 48
        rep stosb
        dec dx
        jnz .line
        mov cx, 40 * 320
        mov al, 15
        rep stosb
        jmp key

box:    db 0xC9, 0xCD, 0xBB, ' ABC ', 0xB0, 0xDB, 0
words:  db 'words on COM1', 13, 10, 27, '[31m', 'red?', 0

        times 510 - ($ - $$) db 0
        dw 0xAA55
