; pm16 -- 16-bit protected mode: 16-bit code and stacks, 16-bit gates and frames, mixed sizes, SP and
; ESP, LOADs by 16-bit pops; the way back to real mode. SDM 3, 21.
;
; QEMU TCG checks no limits (SDM 3, 5.3).
;@qemu 3
%include "lib.inc"

%macro PUSH_POP 0
        push    ds
        pop     es
%endmacro

main:   PUTS    "== pm16", 10
        ENTER_PM16
        mov     ax, cs
        HEX16   ax
        mov     ax, ss
        HEX16   ax
        smsw    ax
        and     ax, 1
        HEX8    ax
        NL
        PUTS    "stack with B=0 uses SP only: "
        mov     esp, 0ABC0000h + STACK0
        push    ax
        push    dword 12345678h
        mov     eax, esp
        HEX32   eax
        pop     ebx
        pop     ax
        mov     esp, STACK0
        HEX32   ebx
        NL
        PUTS    "push wraps at 64 KiB: "
        mov     bx, sp
        mov     sp, 0
        push    word 1234h      ; at FFFE
        mov     cx, sp
        mov     sp, bx
        HEX16   cx
        HEX16   [0FFFEh]
        NL
        PUTS    "32-bit addresses: "
        mov     ebx, 1
        mov     eax, [ebx * 4 + cell - 4]
        HEX32   eax
        NL
        TRY     "beyond 64 KiB", { mov al, [dword 10000h] }
        TRY     "word at FFFF", { mov ax, [dword 0FFFFh] }
        TRY     "ud2", ud2
        xor     cx, cx
        TRY     "div", div cx
        TRY     "push segment, pop it", PUSH_POP
        TRY     "mov ds, beyond", { mov ds, [beyond] }
        PUTS    "o32 push es pushes "
        mov     cx, sp
        o32     push es
        sub     cx, sp
        HEX8    cx
        o32     pop es
        PUTS    " call o32 pushes "
        mov     bx, sp
        call    dword .o32
.o32:   sub     bx, sp
        HEX8    bx
        add     sp, 4
        NL
        PUTS    "16-bit interrupt gates: "
        SETG    31h, CODE16, frame16, 86h
        SETG    32h, CODE16, frame16, 87h
        stc
        int     31h
        int     32h
        NL
        PUTS    "a #GP through a 16-bit gate: its code is a word: "
        SETG    13, CODE16, fault16, 86h
        mov     bx, sp
        mov     dword [resume], .gp
        mov     ds, [beyond]
.gp:    sub     bx, sp
        HEX8    bx
        NL
        PUTS    "ring 3 by 16-bit retf, back by a 16-bit call gate: "
        mov     dword [gdt + 60h], (CODE16 << 16) | (ring0 - $$)
        mov     dword [gdt + 64h], 0E401h ; one parameter
        push    word UDATA16
        push    word STACK3
        push    word UCODE16
        push    word .user
        retf
.user:  mov     ax, cs
        HEX16   ax
        mov     ax, ss
        HEX16   ax
        mov     ax, ds          ; DPL 0: null now
        HEX16   ax
        push    word 4321h
        call    60h:0
        HEX16   sp
        NL
        PUTS    "from 16-bit to 32-bit code and back: "
        call    dword UCODE32:in32
        HEX32   eax
        NL
        int     30h
        bits    32
        PUTS    "in 32-bit ring 0 now; to real mode: "
        jmp     CODE16:.leave
        bits    16
.leave: mov     ax, DATA16
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     sp, STACK0
        mov     eax, cr0
        and     al, 0FEh
        mov     cr0, eax
        HEX8    ax              ; CS's descriptor still rules: the selector is 18h
        mov     ax, cs
        HEX16   ax
        jmp     (BASE >> 4):.real
.real:  mov     ax, cs
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        lidt    [ivtr]
        HEX16   ax
        NL
        TRY     "ud2", ud2
        TRY     "word at FFFF: limits are still 64 KiB", { mov ax, [dword 0FFFFh] }
        FINISH

frame16:push    bp
        mov     bp, sp
        mov     ax, [bp + 4]
        HEX16   ax
        PUTS    " "
        mov     ax, [bp + 6]
        and     ax, CF | IF
        HEX16   ax
        PUTS    " "
        pop     bp
        iret
fault16:pop     ax              ; the code
        HEX16   ax
        PUTS    " "
        push    bp
        mov     bp, sp
        mov     ax, [ss:resume]
        mov     [bp + 2], ax
        pop     bp
        mov     dword [ss:resume], 0
        iret
ring0:  mov     bp, sp
        PUTS    " gate: "
        mov     ax, cs
        HEX16   ax
        HEX16   [bp + 2]        ; CS, parameter, SP, SS
        HEX16   [bp + 4]
        HEX16   [bp + 6]
        HEX16   [bp + 8]
        PUTS    " "
        retf    2
        bits    32
in32:   mov     eax, 0CAFEF00Dh
        retf

        align   4
cell:   dd      0FEEDFACEh
beyond: dw      0FFF8h
        IMAGE_END
