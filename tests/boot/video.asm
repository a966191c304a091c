; tests/boot/video.asm -- a floppy that draws a picture in every mode; video.sh looks at them.
;
;   nasm -f bin -o video.img video.asm
;
; Each scene draws, says "[name]" on COM1 and waits there for a byte. "[end]" is the last;
; "[name -]" is said of a VBE mode that the video BIOS does not have.
        bits    16
        cpu     386
        org     7C00h

SECTORS equ     24              ; of this program, after the first
COM1    equ     3F8h
LINE    equ     2000h           ; segment: a line of pixels is made here
INFO    equ     3000h           ; segment: VBE's answers

start:  jmp     0:.here
.here:  cli
        xor     ax, ax
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     sp, 7C00h
        sti
        cld
        mov     [drive], dl
        mov     si, 1           ; sector, counted from 0
        mov     bx, 7E00h
.next:  mov     ax, si
        mov     cl, 18
        div     cl
        mov     cl, ah          ; in the track
        inc     cl
        xor     ah, ah
        shr     al, 1
        setc    dh              ; head
        mov     ch, al
        mov     dl, [drive]
        mov     ax, 0201h
        int     13h
        jc      $
        add     bx, 512
        inc     si
        cmp     si, SECTORS
        jbe     .next
        jmp     main
drive:  db      0
        times   510 - ($ - $$) db 0
        dw      0AA55h

; ---- COM1

putc:   push    dx
        push    ax
        mov     dx, COM1 + 5
.wait:  in      al, dx
        test    al, 20h
        jz      .wait
        pop     ax
        mov     dx, COM1
        out     dx, al
        pop     dx
        ret

puts:   lodsb                   ; SI: text, ends with 0
        test    al, al
        jz      .done
        call    putc
        jmp     puts
.done:  ret

; SI: the scene's name. Returns when a byte comes.
show:   mov     al, '['
        call    putc
        call    puts
        mov     al, ']'
        call    putc
        mov     al, 10
        call    putc
        mov     dx, COM1 + 5
.wait:  in      al, dx
        test    al, 1
        jz      .wait
        mov     dx, COM1
        in      al, dx
        ret

; ---- registers: AL index, AH value

seq:    mov     dx, 3C4h
        out     dx, ax
        ret
gc:     mov     dx, 3CEh
        out     dx, ax
        ret
crtc:   mov     dx, 3D4h
        out     dx, ax
        ret
attr:   mov     dx, 3DAh        ; the palette stays on
        push    ax
        in      al, dx
        pop     ax
        mov     dx, 3C0h
        or      al, 20h
        out     dx, al
        mov     al, ah
        out     dx, al
        ret
unlock: mov     dx, 3D4h        ; CRTC 0-7
        mov     al, 11h
        out     dx, al
        inc     dx
        in      al, dx
        and     al, 7Fh
        out     dx, al
        ret
nocursor:
        mov     ah, 1
        mov     cx, 2000h
        int     10h
        ret
noblink:
        mov     ax, 1003h       ; bit 7 is the background's intensity
        xor     bl, bl
        int     10h
        ret

; ---- text: every character in every attribute, and who we are in the first row

; BX: columns  CX: rows  ES: memory
cells:  mov     [columns], bx
        mov     [rows], cx
        xor     di, di
        xor     bp, bp          ; row
.row:   xor     bx, bx          ; column
.cell:  mov     ax, bp
        mul     word [columns]
        add     ax, bx
        mov     ah, bl
        add     ah, bl
        add     ah, bl
        add     ah, bl
        add     ah, bl
        xor     ah, al
        stosw
        inc     bx
        cmp     bx, [columns]
        jb      .cell
        inc     bp
        cmp     bp, [rows]
        jb      .row
        ret

; SI: name; through the BIOS, in the upper left corner, in any mode
title:  push    si
        mov     ah, 2
        mov     bh, 0
        xor     dx, dx
        int     10h
.next:  lodsb
        test    al, al
        jz      .done
        mov     ah, 0Eh
        mov     bx, 000Fh
        int     10h
        jmp     .next
.done:  pop     si
        ret

; SI: name  AL: mode  BX: columns  ES: memory
textmode:
        push    si
        push    bx
        push    es
        xor     ah, ah
        int     10h
        call    noblink
        call    nocursor
        pop     es
        pop     bx
        mov     cx, 25
        call    cells
        pop     si
        call    title
        ret

texts:  mov     si, n00
        mov     ax, 0B800h
        mov     es, ax
        mov     al, 0
        mov     bx, 40
        call    textmode
        call    show
        mov     si, n01
        mov     al, 1
        mov     bx, 40
        call    textmode
        call    show
        mov     si, n02
        mov     al, 2
        mov     bx, 80
        call    textmode
        call    show
        mov     si, n03
        mov     al, 3
        mov     bx, 80
        call    textmode
        call    show
        mov     ax, 0B000h
        mov     es, ax
        mov     si, n07         ; attributes 01h and 09h are underlined
        mov     al, 7
        mov     bx, 80
        call    textmode
        call    show
        mov     ax, 3           ; twice: SeaBIOS, still at the colour addresses' status port, does
        int     10h             ; not reset the attribute flip-flop of a mono mode
        ; 50 rows: the font of 8 lines
        mov     ax, 0B800h
        mov     es, ax
        mov     si, n50
        mov     al, 3
        mov     bx, 80
        call    textmode
        mov     ax, 1112h
        xor     bl, bl
        int     10h
        call    nocursor
        mov     bx, 80
        mov     cx, 50
        call    cells
        mov     si, n50
        call    title
        call    show
        call    eight_dots
        call    two_fonts
        call    smooth
        call    wide
        call    blocks
        call    blinking
        ret

; characters of eight dots: 640 pixels at 25 MHz
eight_dots:
        mov     si, n8dot
        mov     al, 3
        mov     bx, 80
        call    textmode
        mov     dx, 3CCh
        in      al, dx
        and     al, 0F3h
        mov     dx, 3C2h
        out     dx, al
        mov     ax, 0101h
        call    seq
        mov     si, n8dot
        jmp     show

; 512 characters: attribute bit 3 takes those of map 1, which are upside down
two_fonts:
        mov     si, n512
        mov     al, 3
        mov     bx, 80
        call    textmode
        push    es
        mov     ax, 1130h
        mov     bh, 6           ; ES:BP: the font of 16 lines
        int     10h
        push    ds
        push    es
        pop     ds
        mov     si, bp
        mov     ax, LINE
        mov     es, ax
        xor     di, di
        mov     cx, 256
.glyph: push    cx
        add     si, 15
        mov     cx, 16
.line:  mov     al, [si]
        dec     si
        stosb
        loop    .line
        add     si, 17
        pop     cx
        loop    .glyph
        pop     ds
        xor     bp, bp
        mov     ax, 1100h
        mov     bx, 1001h       ; 16 lines, map 1
        mov     cx, 256
        xor     dx, dx
        int     10h
        mov     ax, 1103h
        mov     bl, 04h         ; A: map 1, B: map 0
        int     10h
        pop     es
        call    nocursor
        mov     si, n512
        jmp     show

; text that starts 3 dots and 5 lines inside a cell, above a split at line 200
smooth: mov     si, nsmooth
        mov     al, 3
        mov     bx, 80
        call    textmode
        mov     cx, 40
        mov     bx, 80
        call    cells
        call    unlock
        mov     ax, 0508h       ; preset row scan
        call    crtc
        mov     ax, 0A00Dh      ; start: row 2
        call    crtc
        mov     ax, 0C718h      ; line compare 199
        call    crtc
        mov     al, 07h         ; its bits 8 and 9
        mov     dx, 3D4h
        out     dx, al
        inc     dx
        in      al, dx
        and     al, 0EFh
        out     dx, al
        mov     dx, 3D4h
        mov     al, 09h
        out     dx, al
        inc     dx
        in      al, dx
        and     al, 0BFh
        out     dx, al
        mov     ax, 0213h       ; panning
        call    attr
        mov     ax, 2410h       ; not below the split; line graphics
        call    attr
        mov     si, nsmooth
        jmp     show

; 132 columns of eight dots
wide:   mov     si, nwide
        mov     al, 3
        mov     bx, 80
        call    textmode
        call    unlock
        mov     si, .regs
.next:  lodsw
        cmp     al, 0FFh
        je      .set
        call    crtc
        jmp     .next
.set:   mov     ax, 0101h
        call    seq
        mov     bx, 132
        mov     cx, 25
        call    cells
        mov     si, nwide
        jmp     show
.regs:  db      0, 9Fh, 1, 83h, 2, 84h, 3, 82h, 4, 8Ah, 5, 9Eh, 13h, 42h, 0FFh, 0

; 160x100 blocks: rows of 4 lines, each character a left and a right half
blocks: mov     si, nblocks
        mov     al, 3
        mov     bx, 80
        call    textmode
        mov     ax, 0309h
        call    crtc
        xor     di, di
        xor     bp, bp          ; row
.row:   xor     bx, bx
.cell:  mov     ax, bp
        xor     al, bl
        mov     ah, al
        mov     al, 0DEh
        stosw
        inc     bx
        cmp     bx, 80
        jb      .cell
        inc     bp
        cmp     bp, 100
        jb      .row
        mov     si, nblocks
        jmp     show

; blinking characters, and a cursor of a whole cell
blinking:
        mov     ax, 3
        int     10h
        mov     cx, 40
        mov     ax, 9E41h
        xor     di, di
        rep     stosw
        mov     cx, 40
        mov     ax, 1E42h
        rep     stosw
        mov     ah, 1
        mov     cx, 000Fh
        int     10h
        mov     ah, 2
        xor     bh, bh
        mov     dx, 0A0Ah
        int     10h
        mov     si, nblink
        jmp     show

; ---- CGA: bars of every byte, in both banks

cga:    push    si
        xor     ah, ah
        int     10h
        mov     ax, 0B800h
        mov     es, ax
        xor     bp, bp          ; line
.line:  mov     ax, bp
        shr     ax, 1
        mov     bx, 80
        mul     bx
        mov     di, ax
        test    bp, 1
        jz      .even
        add     di, 2000h
.even:  xor     cx, cx
.byte:  mov     ax, bp
        shr     ax, 3
        mov     bl, cl
        shl     bl, 2
        xor     al, bl
        add     al, cl
        stosb
        inc     cx
        cmp     cx, 80
        jb      .byte
        inc     bp
        cmp     bp, 200
        jb      .line
        pop     si
        call    title
        jmp     show

cgas:   mov     si, n04
        mov     al, 4
        call    cga
        mov     si, n05
        mov     al, 5
        call    cga
        mov     si, n06
        mov     al, 6
        call    cga
        mov     ax, 4           ; the other palette, bright, on blue
        int     10h
        mov     si, n04b
        mov     al, 4
        push    si
        xor     ah, ah
        int     10h
        mov     ah, 0Bh
        mov     bx, 0011h
        int     10h
        mov     ah, 0Bh
        mov     bx, 0100h
        int     10h
        mov     ax, 0B800h
        mov     es, ax
        xor     di, di
        mov     cx, 4000h
.fill:  mov     ax, di
        stosb
        loop    .fill
        pop     si
        jmp     show

; ---- planes

; SI: name  AL: mode  BX: bytes a line  CX: lines
planar: push    si
        mov     [pitch], bx
        mov     [rows], cx
        xor     ah, ah
        int     10h
        mov     ax, 0A000h
        mov     es, ax
        ; write mode 2: bars of all colours, in strips of 8 lines
        mov     ax, 0205h
        call    gc
        xor     di, di
        xor     bp, bp
.line:  xor     cx, cx
.byte:  mov     ax, bp
        shr     ax, 3
        add     al, cl
        mov     ah, [es:di]
        stosb
        inc     cx
        cmp     cx, [pitch]
        jb      .byte
        inc     bp
        cmp     bp, [rows]
        jb      .line
        ; write mode 0: rotated, XORed with the latches, under a bit mask, in planes 0 and 2
        mov     ax, 0005h
        call    gc
        mov     ax, 1B03h       ; XOR, by 3
        call    gc
        mov     ax, 7E08h
        call    gc
        mov     ax, 0502h
        call    seq
        mov     ax, [pitch]
        mov     bx, 40
        mul     bx
        mov     di, ax
        mov     cx, [pitch]
        shl     cx, 4
.xor:   mov     al, [es:di]
        mov     al, cl
        stosb
        loop    .xor
        ; set/reset: planes 0 and 1 are 1 and 0, whatever the byte is
        mov     ax, 0F02h
        call    seq
        mov     ax, 0003h
        call    gc
        mov     ax, 0FF08h
        call    gc
        mov     ax, 0100h
        call    gc
        mov     ax, 0301h
        call    gc
        mov     ax, [pitch]
        mov     bx, 64
        mul     bx
        mov     di, ax
        mov     cx, [pitch]
        shl     cx, 3
.set:   mov     al, cl
        stosb
        loop    .set
        mov     ax, 0001h
        call    gc
        ; write mode 3: colour 0Ch where the rotated byte has ones
        mov     ax, 0305h
        call    gc
        mov     ax, 0C00h
        call    gc
        mov     ax, [pitch]
        mov     bx, 80
        mul     bx
        mov     di, ax
        mov     cx, [pitch]
        shl     cx, 3
.three: mov     al, [es:di]
        mov     al, cl
        stosb
        loop    .three
        ; write mode 1: lines 32 to 95 again, from 112 on
        mov     ax, 0105h
        call    gc
        push    ds
        push    es
        pop     ds
        mov     ax, [cs:pitch]
        mov     bx, 32
        mul     bx
        mov     si, ax
        mov     ax, [cs:pitch]
        mov     bx, 112
        mul     bx
        mov     di, ax
        mov     cx, [cs:pitch]
        shl     cx, 6
        rep     movsb
        pop     ds
        mov     ax, 0005h
        call    gc
        mov     ax, 0000h
        call    gc
        pop     si
        call    title
        ret

planes: mov     si, n0d
        mov     al, 0Dh
        mov     bx, 40
        mov     cx, 200
        call    planar
        call    show
        mov     si, n0e
        mov     al, 0Eh
        mov     bx, 80
        mov     cx, 200
        call    planar
        call    show
        mov     si, n0f
        mov     al, 0Fh
        mov     bx, 80
        mov     cx, 350
        call    planar
        mov     ax, 0310h       ; no blinking: it would show what time it is
        call    attr
        mov     si, n0f
        call    show
        mov     si, n10
        mov     al, 10h
        mov     bx, 80
        mov     cx, 350
        call    planar
        call    show
        mov     si, n11
        mov     al, 11h
        mov     bx, 80
        mov     cx, 480
        call    planar
        call    show
        mov     si, n12
        mov     al, 12h
        mov     bx, 80
        mov     cx, 480
        call    planar
        call    show
        ; the palette backwards, DAC registers 60h to 6Fh
        mov     si, npal
        mov     al, 12h
        mov     bx, 80
        mov     cx, 480
        call    planar
        mov     cx, 0F00h
        mov     dx, 3DAh
        in      al, dx
        mov     dx, 3C0h        ; the palette is off: it can be written
.pal:   mov     al, cl
        out     dx, al
        mov     al, ch
        out     dx, al
        sub     cx, 00FFh       ; one colour less, one register more
        cmp     cl, 10h
        jb      .pal
        mov     ax, 8110h
        call    attr
        mov     ax, 0614h
        call    attr
        mov     dx, 3C8h
        mov     al, 60h
        out     dx, al
        inc     dx
        xor     cx, cx
.dac:   mov     al, cl          ; red
        out     dx, al
        mov     al, 3Fh
        sub     al, cl
        out     dx, al          ; green
        mov     al, cl
        shl     al, 2
        out     dx, al          ; blue
        add     cl, 4
        cmp     cl, 40h
        jb      .dac
        mov     si, npal
        call    show
        ; mode 0Dh with lines of 50 bytes, from (11, 7) on, split at line 300 of 400
        mov     si, nsplit
        mov     al, 0Dh
        mov     bx, 50
        mov     cx, 200
        call    planar
        mov     ax, 1913h
        call    crtc
        call    unlock
        mov     ax, (1 + 7 * 50) & 0FFh
        shl     ax, 8
        or      al, 0Dh
        call    crtc
        mov     ax, ((1 + 7 * 50) & 0FF00h) | 0Ch
        call    crtc
        mov     ax, 2B18h       ; line compare 299: 12Bh
        call    crtc
        mov     dx, 3D4h
        mov     al, 09h
        out     dx, al
        inc     dx
        in      al, dx
        and     al, 0BFh
        out     dx, al
        mov     ax, 0313h
        call    attr
        mov     ax, 2110h
        call    attr
        mov     si, nsplit
        jmp     show

; ---- 256 colours

bytes:  mov     ax, 13h
        int     10h
        mov     ax, 0A000h
        mov     es, ax
        xor     di, di
        xor     dx, dx
.line:  xor     cx, cx
.byte:  mov     al, cl
        add     al, dl
        mov     ah, dl
        shl     ah, 1
        xor     al, ah
        stosb
        inc     cx
        cmp     cx, 320
        jb      .byte
        inc     dx
        cmp     dx, 200
        jb      .line
        mov     si, n13
        call    title
        call    show
        mov     dx, 3C6h        ; the DAC's mask: 32 colours are left
        mov     al, 1Fh
        out     dx, al
        mov     si, nmask
        call    show

        ; mode X: 320x240, a plane every fourth pixel, and a border
        mov     ax, 13h
        int     10h
        mov     ax, 0604h
        call    seq
        mov     ax, 0F02h
        call    seq
        mov     dx, 3C2h
        mov     al, 0E3h        ; 480 lines
        out     dx, al
        call    unlock
        mov     si, .regs
.next:  lodsw
        cmp     al, 0FFh
        je      .draw
        call    crtc
        jmp     .next
.draw:  xor     bx, bx          ; plane
.plane: mov     cl, bl
        mov     ah, 1
        shl     ah, cl
        mov     al, 2
        call    seq
        xor     di, di
        xor     bp, bp
.xline: mov     cx, bx
.x:     mov     ax, cx
        xor     ax, bp
        test    bp, bp
        jz      .edge
        cmp     bp, 239
        je      .edge
        test    cx, cx
        jz      .edge
        cmp     cx, 319
        jne     .put
.edge:  mov     al, 15
.put:   stosb
        add     cx, 4
        cmp     cx, 320
        jb      .x
        inc     bp
        cmp     bp, 240
        jb      .xline
        inc     bx
        cmp     bx, 4
        jb      .plane
        mov     si, nx
        call    show
        mov     ax, 2C18h       ; split at line 301, above it from pixel (9, 10) on
        call    crtc
        mov     ax, 0109h
        call    crtc
        mov     ax, 030Ch
        call    crtc
        mov     ax, 220Dh
        call    crtc
        mov     ax, 6110h       ; no panning below it
        call    attr
        mov     ax, 0213h
        call    attr
        mov     si, nxsplit
        jmp     show
.regs:  dw      0D06h, 3E07h, 4109h, 0EA10h, 0AC11h, 0DF12h, 0014h, 0E715h, 0616h, 0E317h, 0FFh

; ---- VBE

struc mode
.name:  resw    1
.w:     resw    1
.h:     resw    1
.bits:  resw    1
.linear: resw   1               ; else banks
endstruc

; SI: struct mode. NC: it is set, CX its number
find:   mov     ax, INFO
        mov     es, ax
        xor     di, di
        mov     dword [es:di], 'VBE2'
        mov     ax, 4F00h
        int     10h
        cmp     ax, 004Fh
        jne     .none
        lfs     bx, [es:0Eh]
.next:  mov     cx, [fs:bx]
        add     bx, 2
        cmp     cx, -1
        je      .none
        push    bx
        push    fs
        mov     ax, 4F01h
        mov     di, 200h
        push    cx
        int     10h
        pop     cx
        pop     fs
        pop     bx
        cmp     ax, 004Fh
        jne     .next
        mov     ax, [es:200h + 12h]
        cmp     ax, [si + mode.w]
        jne     .next
        mov     ax, [es:200h + 14h]
        cmp     ax, [si + mode.h]
        jne     .next
        mov     al, [es:200h + 19h]
        cmp     al, [si + mode.bits]
        jne     .next
        mov     bx, cx
        cmp     word [si + mode.linear], 0
        je      .banks
        or      bx, 4000h
.banks: mov     ax, 4F02h
        int     10h
        cmp     ax, 004Fh
        jne     .none
        clc
        ret
.none:  stc
        ret

; SI: struct mode. Draws and shows it.
vbe:    call    find
        jnc     .draw
        push    si
        mov     si, [si + mode.name]
        mov     al, '['
        call    putc
        call    puts
        mov     si, missing
        call    puts
        pop     si
        ret
.draw:  cmp     word [si + mode.bits], 8
        jne     .colours
        mov     ax, 4F08h       ; a DAC of 8 bits
        mov     bx, 0800h
        int     10h
        xor     cx, cx
.dac:   mov     dx, 3C8h
        mov     al, cl
        out     dx, al
        inc     dx
        out     dx, al
        not     al
        out     dx, al
        mov     al, cl
        shl     al, 2
        out     dx, al
        inc     cl
        jnz     .dac
.colours:
        call    picture
        push    si
        mov     si, [si + mode.name]
        call    show
        pop     si
        ret

picture:
        call    flat
        movzx   eax, word [es:200h + 10h]
        mov     [pitch], eax
        mov     eax, [es:200h + 28h]
        mov     [frame], eax
        mov     word [bank], -1
        xor     ebp, ebp        ; y
.line:  mov     ax, LINE
        mov     es, ax
        xor     edi, edi
        xor     ecx, ecx        ; x
.pixel: call    colour
        call    pack
        inc     cx
        cmp     cx, [si + mode.w]
        jb      .pixel
        call    out_line
        inc     bp
        cmp     bp, [si + mode.h]
        jb      .line
        ret

; EAX = 00RRGGBB of (CX, BP), and in 8-bit modes AL
colour: cmp     word [si + mode.bits], 8
        jne     .true
        mov     ax, cx
        xor     ax, bp
        call    edge
        jne     .done
        mov     al, 0
.done:  ret
.true:  call    edge
        mov     eax, 0FFFFFFh
        je      .done
        cmp     bp, 64
        jae     .cloth
        movzx   eax, cx         ; four bands: x from dark to bright in red, green, blue, grey
        shl     eax, 8
        xor     edx, edx
        movzx   ebx, word [si + mode.w]
        div     ebx
        mov     bx, bp
        shr     bx, 4
        jz      .red
        dec     bx
        jz      .green
        dec     bx
        jz      .done
        imul    eax, 010101h
        ret
.red:   shl     eax, 8
.green: shl     eax, 8
        ret
.cloth: mov     ax, cx
        add     ax, bp
        shr     ax, 2
        and     eax, 0FFh
        mov     edx, ecx
        shl     edx, 16
        and     edx, 0FF0000h
        or      eax, edx
        mov     edx, ebp
        shl     edx, 8
        and     edx, 0FF00h
        or      eax, edx
        ret

; Z: (CX, BP) is at the picture's edge
edge:   test    cx, cx
        jz      .is
        test    bp, bp
        jz      .is
        mov     dx, [si + mode.w]
        dec     dx
        cmp     cx, dx
        je      .is
        mov     dx, [si + mode.h]
        dec     dx
        cmp     bp, dx
.is:    ret

; EAX to ES:DI
pack:   mov     bx, [si + mode.bits]
        cmp     bx, 8
        je      .byte
        cmp     bx, 24
        je      .three
        ja      .four
        mov     edx, eax        ; 5:6:5, or 5:5:5
        shr     dx, 8
        shr     dl, 2
        mov     dh, 0           ; green, 6 bits
        mov     ebx, eax
        shr     ebx, 19         ; red, 5 bits
        shr     al, 3
        xor     ah, ah
        cmp     word [si + mode.bits], 15
        jne     .six
        shr     dx, 1
        shl     dx, 5
        shl     bx, 10
        jmp     .join
.six:   shl     dx, 5
        shl     bx, 11
.join:  or      ax, dx
        or      ax, bx
        stosw
        ret
.four:  stosd
        ret
.three: stosw
        shr     eax, 16
.byte:  stosb
        ret

; The line in LINE, DI bytes, to line BP
out_line:
        push    si
        push    ebp
        movzx   ecx, di
        movzx   eax, bp
        mul     dword [pitch]
        mov     edi, eax
        cmp     word [si + mode.linear], 0
        je      .banked
        call    flat
        xor     ax, ax
        mov     es, ax
        mov     ax, LINE
        add     edi, [frame]
        xor     esi, esi
        push    ds
        mov     ds, ax
        a32 rep movsb
        pop     ds
        jmp     .done
.banked:
        mov     ax, LINE
        mov     fs, ax
        mov     ax, 0A000h
        mov     es, ax
        xor     esi, esi
.byte:  mov     edx, edi
        shr     edx, 16
        cmp     dx, [bank]
        je      .there
        mov     [bank], dx
        mov     ax, 4F05h
        xor     bx, bx
        int     10h
.there: mov     al, [fs:si]
        mov     [es:di], al
        inc     esi
        inc     edi
        loop    .byte
.done:  pop     ebp
        pop     si
        ret

; ES reaches 4 GiB; its base is as it was
flat:   push    ax
        push    es
        cli
        lgdt    [gdtr]
        mov     eax, cr0
        or      al, 1
        mov     cr0, eax
        mov     bx, 8
        mov     es, bx
        and     al, 0FEh
        mov     cr0, eax
        sti
        pop     es
        pop     ax
        ret
        align   8
gdt:    dq      0
        dq      008F92000000FFFFh
gdtr:   dw      15
        dd      gdt

vbes:   in      al, 92h         ; A20
        or      al, 2
        and     al, 0FEh
        out     92h, al
        mov     si, modes
.next:  call    vbe
        add     si, mode_size
        cmp     si, modes_end
        jb      .next
        ; lines of 1000 pixels, the picture from (123, 45) on
        mov     si, pan
        call    find
        jc      .planes
        mov     ax, 4F06h
        xor     bx, bx
        mov     cx, 1000
        int     10h
        mov     ax, INFO
        mov     es, ax
        mov     [es:200h + 10h], bx
        mov     word [si + mode.w], 1000
        mov     word [si + mode.h], 600
        call    picture
        mov     ax, 4F07h
        xor     bx, bx
        mov     cx, 123
        mov     dx, 45
        int     10h
        mov     si, npan
        call    show
        ; planes
.planes:
        mov     si, four
        call    find
        jc      .end
        mov     ax, 0A000h
        mov     es, ax
        mov     ax, 0205h
        call    gc
        xor     di, di
        xor     bp, bp
.line:  xor     cx, cx
.byte:  mov     ax, bp
        shr     ax, 3
        add     al, cl
        mov     ah, [es:di]
        stosb
        inc     cx
        cmp     cx, 100
        jb      .byte
        inc     bp
        cmp     bp, 600
        jb      .line
        mov     ax, 0005h
        call    gc
        mov     si, nfour
        call    show
.end:   ret

main:   mov     dx, COM1 + 3
        mov     al, 3
        out     dx, al
        call    texts
        call    cgas
        call    planes
        call    bytes
        call    vbes
        mov     ax, 3           ; text again, after all that
        int     10h
        call    nocursor
        mov     si, nend
        call    title
        call    show
        jmp     $

columns: dw     0
rows:   dw      0
bank:   dw      0
pitch:  dd      0
frame:  dd      0
missing: db     " -]", 10, 0
modes:
%macro  vbemode 4
        dw      %%name, %1, %2, %3, %4
        [section .names]
%defstr w %1
%defstr h %2
%defstr b %3
%%name: db      "vbe-", w, "x", h, "x", b
%if %4
        db      "-linear", 0
%else
        db      "-banks", 0
%endif
        __SECT__
%endmacro
        section .names follows=.text align=1
        section .text
        vbemode 640, 480, 8, 1
        vbemode 640, 480, 8, 0
        vbemode 640, 480, 15, 1
        vbemode 640, 480, 16, 0
        vbemode 640, 480, 24, 1
        vbemode 640, 480, 32, 0
        vbemode 800, 600, 8, 0
        vbemode 800, 600, 15, 0
        vbemode 800, 600, 16, 1
        vbemode 800, 600, 24, 0
        vbemode 800, 600, 32, 1
        vbemode 1024, 768, 16, 0
        vbemode 1024, 768, 24, 1
        vbemode 1024, 768, 32, 1
        vbemode 1280, 1024, 8, 0
        vbemode 1600, 1200, 32, 1
        vbemode 1600, 1200, 16, 0
modes_end:
pan:    dw      npan, 640, 480, 32, 0
four:   dw      nfour, 800, 600, 4, 0
n00:    db      "mode-00", 0
n01:    db      "mode-01", 0
n02:    db      "mode-02", 0
n03:    db      "mode-03", 0
n04:    db      "mode-04", 0
n04b:   db      "mode-04-other", 0
n05:    db      "mode-05", 0
n06:    db      "mode-06", 0
n07:    db      "mode-07", 0
n0d:    db      "mode-0d", 0
n0e:    db      "mode-0e", 0
n0f:    db      "mode-0f", 0
n10:    db      "mode-10", 0
n11:    db      "mode-11", 0
n12:    db      "mode-12", 0
n13:    db      "mode-13", 0
n50:    db      "text-80x50", 0
n8dot:  db      "text-8dots", 0
n512:   db      "text-512", 0
nsmooth: db     "text-smooth", 0
nwide:  db      "text-132", 0
nblocks: db     "text-160x100", 0
nblink: db      "text-blink", 0
npal:   db      "palette", 0
nsplit: db      "split", 0
nmask:  db      "dac-mask", 0
nxsplit: db     "mode-x-split", 0
nx:     db      "mode-x", 0
npan:   db      "vbe-panned", 0
nfour:  db      "vbe-800x600x4", 0
nend:   db      "end", 0
