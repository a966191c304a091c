; pm_sregs -- segment registers in protected mode, pushed, popped and loaded with far pointers, in 32-bit
; and 16-bit code; and words to ports, which need a device that keeps them: the VGA's graphics
; controller, index and data.
;
; QEMU TCG lets null selectors be used.
;@qemu 2
%include "lib.inc"

%define GC      3CEh

%macro PUSHED 1                 ; what a push of %1 leaves on the stack, and takes of it
        mov     bp, sp
        push    %1
        sub     bp, sp
        pop     ax
        HEX16   ax
        HEX8    bp
%endmacro

%macro SREGS 3                  ; accumulator, index register, its low half
        PUTS    "push: "
        PUSHED  cs
        PUSHED  ss
        PUSHED  ds
        PUSHED  es
        PUSHED  fs
        PUSHED  gs
        NL
        PUTS    "pop: "
        push    FLAT
        pop     fs
        push    UDATA32
        pop     gs
        mov     ax, fs
        HEX16   ax
        mov     ax, gs
        HEX16   ax
        push    0
        pop     gs
        mov     %1, -1
        mov     %1, gs
        HEX16   ax
        NL
        PUTS    "far pointers: "
        lfs     %2, [far16_32 + (__BITS__ == 16) * 6]
        mov     ax, fs
        HEX16   %3
        HEX16   ax
        lgs     %2, [far16_32 + (__BITS__ == 16) * 6]
        mov     ax, gs
        HEX16   %3
        HEX16   ax
        mov     ax, [gs:mark]
        HEX16   ax
        NL
        push    0FFF8h
        TRY     "pop gs, beyond the table", pop gs
        pop     %1
        push    60h
        TRY     "pop fs, a code segment only to execute", pop fs
        pop     %1
        TRY     "lgs, system segment", lgs %2, [bad + (__BITS__ == 16) * 6]
        TRY     "lfs, null selector", lfs %2, [null]
        TRY     "  and using it", mov al, [fs:0]
%endmacro

%macro PORTS 4                  ; source index, counter, their low halves
        PUTS    "ports: "
        mov     dx, GC
        mov     ax, 5508h
        out     dx, ax
        xor     ax, ax
        in      ax, dx
        HEX16   ax
        mov     al, 3
        out     dx, al
        mov     %1, pairs
        mov     %2, 3
        rep     outsw
        sub     %1, pairs
        HEX16   %3
        HEX16   %4
        add     %1, pairs
        outsw
        in      ax, dx
        HEX16   ax              ; the last
        mov     al, 8
        out     dx, al
        inc     dx
        in      al, dx
        HEX8    ax
        dec     dx
        mov     al, 2
        out     dx, al
        in      ax, dx
        HEX16   ax
        NL
%endmacro

main:   PUTS    "== pm_sregs", 10
        ENTER_PM32
        bits    32
        SETD    60h, 10000h, 0FFFFh, 98h, 4 ; code, execute only
        PUTS    "32-bit", 10
        SREGS   eax, ebx, bx
        PORTS   esi, ecx, si, cx
        jmp     CODE16:.low
        bits    16
.low:   PUTS    "16-bit", 10
        mov     ax, DATA16
        mov     ss, ax
        SREGS   ax, bx, bx
        PORTS   si, cx, si, cx
        FINISH

        align   4
far16_32: dd    11112222h
        dw      DATA32
        dw      3333h, DATA16, 0
bad:    dd      0
        dw      LDT0
        dw      0, TSS0, 0
null:   dd      0, 0
mark:   dw      0CAFEh
pairs:  db      8, 0AAh, 2, 6, 3, 10h, 8, 77h
        IMAGE_END
