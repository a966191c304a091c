; lock -- LOCK before every opcode of one and of two bytes, each ModRM.reg, with memory and with
; registers: all but the few read-modify-writes of memory are #UD (SDM 2, LOCK). Printed are the codes
; that are not: "OP: MM RR", bit n for ModRM.reg = n.
;
; QEMU 7.2 TCG checks LOCK for some opcodes only, and soon divides by zero.
;@qemu 32
%include "lib.inc"

main:   PUTS    "== lock", 10
        xor     ax, ax
        mov     fs, ax
        mov     word [fs:6 * 4], undefined
        mov     si, one_byte
        call    all
        PUTS    "0F", 10
        mov     si, two_byte
        call    all
        FINISH

; For each opcode of the plan at SI: a bit for each, set if it is to be left out.
all:    xor     bx, bx          ; opcode
.op:    bt      [si], bx
        jc      .next
        mov     cl, 6           ; mod 0, rm 6: [disp16]
        call    digits
        mov     [low], al
        mov     cl, 0C0h        ; mod 3, rm 0
        call    digits
        mov     ah, [low]
        or      ax, ax
        jz      .next
        HEX8    bx
        PUTS    ": "
        mov     dx, ax
        shr     dx, 8
        HEX8    dx
        PUTS    " "
        HEX8    ax
        NL
.next:  inc     bx
        cmp     bx, 100h
        jb      .op
        ret

; AL: which ModRM.reg are not #UD, with mod and rm CL, opcode BL.
digits: mov     byte [mask], 0
        mov     di, code
        mov     byte [di], 0F0h
        inc     di
        cmp     si, two_byte
        jne     .one
        mov     byte [di], 0Fh
        inc     di
.one:   mov     [di], bl
        mov     word [di + 2], data
        mov     dword [di + 4], 90909090h ; immediates
        mov     word [di + 8], 0E990h ; JMP back
        lea     dx, [di + 12]
        mov     word [di + 10], back
        sub     [di + 10], dx
        mov     ch, 0
next_digit: mov  dl, ch
        shl     dl, 3
        or      dl, cl
        mov     [di + 1], dl
        pusha
        mov     [stack], sp
        mov     byte [was_ud], 0
        xor     ax, ax
        xor     bx, bx
        xor     cx, cx
        xor     dx, dx
        xor     si, si
        xor     di, di
        xor     bp, bp
        jmp     code
undefined:
        mov     byte [cs:was_ud], 1
back:   mov     ax, cs
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     sp, [stack]
        popa
        cmp     byte [was_ud], 1
        je      .ud
        movzx   dx, ch
        bts     [mask], dx
.ud:    inc     ch
        cmp     ch, 8
        jb      next_digit
        mov     al, [mask]
        ret

stack:  dw      0
low:    db      0
mask:   dw      0
was_ud: db      0
one_byte: db    0, 80h, 0, 0, 40h, 40h, 40h, 40h, 0, 0, 0, 0, 0F0h, 0, 0, 0 ; prefixes and 0F
        db      0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0Dh, 0
two_byte: db    0, 80h, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0 ; 0F 0F, 38 and 3A
        times   16 db 0
code:   times   20 db 0
        times   9090h - ($ - $$) db 0
data:   times   100h db 0       ; its address: two NOPs, where there is no displacement
        IMAGE_END
