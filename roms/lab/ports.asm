; ports -- IN, OUT, INS, OUTS of a kernel whose IOPL is 0: they trap, and the board hears of them. Right in any ring.
%include "lab.inc"

main:   in      al, 0E9h        ; the debug console says that it is there
        cmp     al, 0E9h
        jne     .no
        mov     dx, 0E9h
        in      ax, dx
        cmp     al, 0E9h
        jne     .no
        mov     esi, .text
        mov     ecx, .end - .text
        rep outsb
        mov     edi, 20000h
        mov     ecx, 4
        rep insb
        cmp     dword [20000h], 0E9E9E9E9h
        jne     .no
        cmp     edi, 20004h
        RIGHT_IF e
.no:    WRONG
.text:  db      "outs: "
.end:
