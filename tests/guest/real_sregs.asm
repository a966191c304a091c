; real_sregs -- segment registers in real mode: pushed and popped with words and doublewords, moved,
; loaded with far pointers; FS and GS as prefixes, also where an instruction has no memory operand.
;
; QEMU checks no limits in real mode.
;@qemu 1
%include "lib.inc"

main:   PUTS    "== real_sregs", 10
        mov     ax, 1234h
        mov     fs, ax
        mov     ax, 5678h
        mov     gs, ax
        PUTS    "push, pop: "
        push    fs
        push    gs
        pop     ax
        pop     bx
        HEX16   ax
        HEX16   bx
        mov     bp, sp
        o32 push fs             ; takes 4 bytes of stack
        mov     cx, bp
        sub     cx, sp
        HEX16   cx
        o32 push gs
        pop     ax              ; the low word is the selector
        pop     dx
        HEX16   ax
        pop     ebx
        HEX16   bx
        NL

        PUTS    "popped: "
        push    word 2000h
        pop     fs
        push    word 3000h
        pop     gs
        mov     ax, fs
        mov     bx, gs
        HEX16   ax
        HEX16   bx
        mov     bp, sp
        push    dword 0ABCD4000h ; the high word is dropped
        o32 pop fs
        push    dword 0ABCD5000h
        o32 pop gs
        mov     eax, 0FFFFFFFFh
        mov     eax, fs
        HEX16   ax
        mov     ax, gs
        HEX16   ax
        cmp     bp, sp
        FLAGS   ZF
        NL

        PUTS    "cs, ss, ds, es: "
        push    cs
        push    ss
        push    ds
        push    es
        pop     ax
        pop     bx
        pop     cx
        pop     dx
        HEX16   ax
        HEX16   bx
        HEX16   cx
        HEX16   dx
        o32 push ss
        pop     ax
        HEX16   ax
        pop     ax
        push    ds
        push    es
        lds     si, [far16]
        mov     ax, ds
        HEX16   si
        HEX16   ax
        les     edi, [cs:far32]
        mov     ax, es
        HEX32   edi
        HEX16   ax
        pop     es
        pop     ds
        NL

        PUTS    "far pointers: "
        lfs     bx, [far16]
        HEX16   bx
        mov     ax, fs
        HEX16   ax
        lgs     bx, [far16]
        HEX16   bx
        mov     ax, gs
        HEX16   ax
        lfs     ebx, [far32]
        HEX32   ebx
        mov     ax, fs
        HEX16   ax
        lgs     esi, [far32]
        HEX32   esi
        mov     ax, gs
        HEX16   ax
        mov     esi, far32
        a32 lfs bx, [esi]
        HEX16   bx
        mov     ax, fs
        HEX16   ax
        NL

        PUTS    "moved, used: "
        mov     ax, BASE >> 4
        mov     fs, [place]
        mov     gs, ax
        mov     bx, data
        HEX32   [fs:bx]         ; one paragraph on
        HEX32   [gs:bx]
        mov     si, data
        fs lodsb
        HEX8    ax
        gs lodsb
        HEX8    ax
        mov     [gs:where + 16], fs
        mov     [fs:where + 16], gs ; one paragraph on
        mov     ax, fs
        sub     ax, [where + 16]
        HEX16   ax
        mov     ax, gs
        sub     ax, [where + 16 + 16]
        HEX16   ax
        db      64h             ; of no use to a register form
        inc     bx
        sub     bx, data
        HEX16   bx
        NL
        TRY     "lfs of a register", {db 0Fh, 0B4h, 0C0h}
        TRY     "lgs of a register", {db 0Fh, 0B5h, 0C0h}
        TRY     "mov to segment register 6", {db 8Eh, 0F0h}
        TRY     "mov from segment register 7", {db 8Ch, 0F8h}
        TRY     "a far pointer across FFFFh", lfs ax, [0FFFDh]
        FINISH

        align   16
place:  dw      (BASE >> 4) + 1
far16:  dw      1111h, 2222h
far32:  dd      33334444h
        dw      5555h
        align   16
data:   dd      01020304h, 0, 0, 0
        dd      0A0B0C0Dh, 0, 0, 0
where:  dd      0, 0, 0, 0
        dd      0, 0, 0, 0
        IMAGE_END
