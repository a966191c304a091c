; tests/boot/chain.asm -- a floppy of 1.44 MB whose cylinders 1 and 2 are read into memory, to a place
; that is no multiple of a sector; then each key is echoed, and fills a page of its own. chain.sh
; presses them.
        bits    16
        cpu     386
        org     7C00h

start:  jmp     0:.here
.here:  xor     ax, ax
        mov     ds, ax
        mov     ss, ax
        mov     sp, 7C00h
        cld
        mov     ax, 2000h
        mov     es, ax
        mov     bx, 130h
        mov     cx, 0101h       ; cylinder 1, from sector 1 on
        mov     dx, 0000h       ; head 0, drive A
read:   mov     ax, 0200h + 18
        int     13h
        jc      read
        add     bx, 18 * 512
        xor     dh, 1
        jnz     read
        inc     ch
        cmp     ch, 3
        jne     read

        mov     ax, 3000h
        mov     es, ax
        xor     di, di
        mov     si, ready
say:    lodsb
        call    put
        cmp     si, ready.end
        jne     say
key:    xor     ax, ax
        int     16h
        mov     cx, 4096
        push    di
        rep     stosb           ; the same byte everywhere
        pop     di
        mov     [es:di], di     ; but at its start
        add     di, 4096
        call    put
        jmp     key

put:    push    ax
        mov     ah, 0Eh
        mov     bx, 7
        int     10h
        pop     ax
        ret

ready:  db      "noise is in memory: "
.end:   times   510 - ($ - $$) db 0
        dw      0AA55h
        times   18432 - ($ - $$) db 0   ; the rest of cylinder 0

%assign x 1                     ; noise, the same each time: two cylinders
%rep    18432
%assign x (x * 1103515245 + 12345) & 0FFFFFFFFh
        dw      (x >> 15) & 0FFFFh
%endrep
