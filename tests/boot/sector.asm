; tests/boot/sector.asm -- a floppy of 1.44 MB that obeys single keys; sector.sh presses them.
;
;   nasm -f bin -D LABEL="'disk one'" -o disk.img sector.asm
;
; At the prompt, a key is echoed, obeyed, and answered on the same line:
;   a b  read sector 10 of drive A or B and print its text
;   w    write it on B          c    B's change line (INT 13h/16h)
;   g    mode 13h: a picture, until a key is pressed
;   2    A20: opened through port 92h, closed through the 8042, and the other way round
;   r    reset through the 8042's command FEh
;   t    triple fault           q    isa-debug-exit with value 5
;   others are only echoed
        bits    16
        cpu     386
        org     7C00h

SECTORS equ     4               ; of this program
TEXT    equ     10              ; the sector with the label, counted from 1

start:  jmp     0:.here
.here:  xor     ax, ax
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     sp, 7C00h
        cld
        mov     ax, 0200h + SECTORS - 1
        mov     cx, 2
        mov     bx, 7E00h
        xor     dx, dx
        int     13h
        jc      .lost
        jmp     main
.lost:  mov     si, lost
        call    puts
        jmp     $

puts:   lodsb                   ; SI: text, ends with 0
        test    al, al
        jz      .done
        mov     ah, 0Eh
        mov     bx, 7
        int     10h
        jmp     puts
.done:  ret

hex8:   push    ax              ; AL
        shr     al, 4
        call    .digit
        pop     ax
.digit: and     al, 15
        cmp     al, 10
        sbb     al, 69h         ; the shortest way to a digit: a decimal adjustment
        das
        mov     ah, 0Eh
        mov     bx, 7
        int     10h
        ret

lost:   db      "cannot read the boot disk", 0
        times   510 - ($ - $$) db 0
        dw      0AA55h

main:   mov     si, ready
        call    puts
prompt: mov     si, sign
        call    puts
        xor     ax, ax
        int     16h
        push    ax
        mov     ah, 0Eh
        mov     bx, 7
        int     10h
        mov     si, colon
        call    puts
        pop     ax
        mov     si, table
.next:  cmp     byte [si], 0
        je      prompt
        cmp     [si], al
        je      .found
        add     si, 3
        jmp     .next
.found: call    [si + 1]
        jmp     prompt

table:  db      'a'
        dw      read_a
        db      'b'
        dw      read_b
        db      'w'
        dw      write_b
        db      'c'
        dw      change
        db      'g'
        dw      picture
        db      '2'
        dw      gate
        db      'r'
        dw      reset
        db      't'
        dw      shutdown
        db      'q'
        dw      leave_it
        db      0

; ---- disks

disk:   mov     si, 3           ; AX, DL: three attempts, as is the custom with floppies
.again: push    ax
        mov     dh, 0
        mov     cx, TEXT
        mov     bx, buffer
        int     13h
        jnc     .good
        mov     [error], ah
        xor     ax, ax
        int     13h
        pop     ax
        dec     si
        jnz     .again
        stc
        ret
.good:  pop     ax
        clc
        ret

say_error:
        mov     si, failed
        call    puts
        mov     al, [error]
        jmp     hex8

read_a: mov     dl, 0
        jmp     read
read_b: mov     dl, 1
read:   mov     ax, 0201h
        call    disk
        jc      say_error
        mov     si, buffer
        jmp     puts

write_b:
        mov     di, buffer
        mov     si, written
        mov     cx, written.end - written
        rep     movsb
        mov     ax, 0301h
        mov     dl, 1
        call    disk
        jc      say_error
        mov     si, done
        jmp     puts

change: mov     ah, 16h
        mov     dl, 1
        int     13h
        mov     al, ah
        jmp     hex8

; ---- the screen: 320 by 200 points, each of the colour of its column and row

picture:
        mov     ax, 13h
        int     10h
        push    es
        mov     ax, 0A000h
        mov     es, ax
        xor     di, di
        xor     dx, dx
.row:   xor     cx, cx
.point: mov     ax, cx
        shr     ax, 1
        add     ax, dx
        stosb
        inc     cx
        cmp     cx, 320
        jb      .point
        inc     dx
        cmp     dx, 200
        jb      .row
        pop     es
        xor     ax, ax
        int     16h
        mov     ax, 3
        int     10h
        ret

; ---- the A20 gate has two handles; whoever moved it last decides

gate:   in      al, 92h
        or      al, 2
        and     al, 0FEh
        out     92h, al
        call    show_gate
        mov     ah, 0DDh
        call    keyboard_port
        call    show_gate
        mov     ah, 0DFh
        call    keyboard_port
        call    show_gate
        in      al, 92h
        and     al, 0FCh
        out     92h, al
        call    show_gate
        in      al, 92h
        or      al, 2
        and     al, 0FEh
        out     92h, al
        jmp     show_gate

wait_8042:
        in      al, 64h
        test    al, 2
        jnz     wait_8042
        ret

keyboard_port:                  ; AH into the output port
        call    wait_8042
        mov     al, 0D1h
        out     64h, al
        call    wait_8042
        mov     al, ah
        out     60h, al
        jmp     wait_8042

show_gate:                      ; is FFFF:0510 another byte than 0000:0500?
        push    es
        mov     ax, 0FFFFh
        mov     es, ax
        mov     byte [500h], 1
        mov     byte [es:510h], 2
        cmp     byte [500h], 1
        pop     es
        mov     si, closed
        jne     puts
        mov     si, open
        jmp     puts

; ---- ways out

reset:  call    wait_8042
        mov     al, 0FEh
        out     64h, al
        jmp     $

shutdown:
        lidt    [nothing]
        int     3

leave_it:
        mov     al, 5
        out     0F4h, al
        ret

ready:  db      13, 10, "sector: ready", 0
sign:   db      13, 10, "> ", 0
colon:  db      ": ", 0
failed: db      "error ", 0
done:   db      "done", 0
open:   db      "open ", 0
closed: db      "closed ", 0
written: db     "written by the guest", 0
.end:
error:  db      0
nothing: dw     0, 0, 0
buffer  equ     0A000h

        times   512 * (TEXT - 1) - ($ - $$) db 0
        db      LABEL, 0
        times   512 * 2880 - ($ - $$) db 0
