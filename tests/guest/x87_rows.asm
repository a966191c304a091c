; x87_rows -- every code of the x87, D8 to DF with each ModRM, on random stacks: a checksum over status, tags,
; registers, flags and the operand in memory.
;
; Left out are transcendental functions, whose last place the SDM leaves open, and what loads or stores the
; control word or the environment: see x87. For a wrong checksum, assemble with -DTRACE=0D8C1h (escape,
; ModRM): what it did each time is printed.
;
; QEMU TCG 7.2 counts no denormal operands, and does not know the order of checks of the stack.
;@qemu 60
;@cpu pentium4 p4_prescott_celeron_336 pentium3,-apic,+sse2,+pni
%include "lib.inc"
        cpu     prescott

%define ROUNDS  24

main:   PUTS    "== x87_rows", 10
        ENTER_PM32
        bits    32
        mov     eax, cr0
        and     al, ~0Eh
        or      al, 20h         ; NE
        mov     cr0, eax
        mov     eax, cr4
        or      ax, 200h        ; OSFXSR
        mov     cr4, eax
        mov     byte [quiet], 1
        mov     ebx, 0D800h     ; escape, ModRM
.memory:mov     al, bh
        HEX8    ax
        PUTS    " memory:"
.form:  mov     dl, bl          ; reg << 3 | 5: [operand]
        or      bl, 5
        call    one_code
        mov     bl, dl
        add     bl, 8
        cmp     bl, 40h
        jb      .form
        NL
        mov     bl, 0C0h
.line:  HEX16   bx
        PUTS    ":"
.reg:   call    one_code
        inc     bl
        test    bl, 7
        jnz     .reg
        NL
        test    bl, bl
        jnz     .line
        inc     bh
        cmp     bh, 0E0h
        jb      .memory
        FINISH

left_out: dw    0D925h, 0D92Dh, 0D935h, 0DD25h, 0DD35h ; FLDENV, FLDCW, FNSTENV, FRSTOR, FNSAVE
        dw      0D9F0h, 0D9F1h, 0D9F2h, 0D9F3h, 0D9F9h, 0D9FBh, 0D9FEh, 0D9FFh
%assign reg 0
%rep 8
        dw      0D9C0h + reg    ; FLD ST(i) of an empty register, onto a full one: which comes first?
        dw      0D9D8h + reg    ; undocumented: FSTP that takes an empty register for granted
%assign reg reg + 1
%endrep
LEFT_OUT equ    ($ - left_out) / 2

; Code bx: prints its checksum.
one_code:
        PUTS    " "
        mov     edi, left_out
        mov     ecx, LEFT_OUT
        mov     ax, bx
        repne   scasw
        jne     .go
        PUTS    "--------"
        ret
.go:    mov     byte [code], bh
        mov     byte [code + 1], bl
        mov     dword [code + 2], 0C3C3C3C3h ; RET
        cmp     bl, 0C0h
        jae     .form
        mov     dword [code + 2], operand
.form:  mov     dword [sum], 0
        mov     dword [seed], 12345h
        mov     ecx, ROUNDS
.round: call    one
        loop    .round
        HEX32   [sum]
        ret

one:    pushad
        mov     edi, operand
        mov     ecx, 4
.fill:  call    value
        stosd
        loop    .fill
        mov     edi, image + 32 ; ST(0) .. ST(7)
        mov     cl, 8
.st:    call    number
        add     edi, 16
        loop    .st
        call    random
        mov     edx, eax
        and     eax, 0C00h      ; rounding
        or      eax, 37Fh       ; precision 64 bits, or 53, or 24
        test    dl, 3
        jnz     .control
        and     ah, ~1
        test    dl, 4
        jz      .control
        and     ah, ~2
.control:
        mov     [image], ax
        shr     edx, 8
        mov     eax, edx
        and     eax, 7D00h      ; C0, C2, C3, TOP; nothing pending. Processors let FCOMI leave C1
                                ; as it is, the SDM has it cleared
        mov     [image + 2], ax
        mov     byte [image + 4], 0FFh
        test    dl, 3
        jnz     .full           ; mostly
        shr     edx, 8
        mov     [image + 4], dl
.full:  call    execute
        call    checksum
        popad
        ret

execute:
        mov     [stack], esp
        mov     dword [resume], .fault
        mov     [resume_cs], cs
        fxrstor [image]
        mov     eax, 0D5h       ; SF ZF AF PF CF
        push    eax
        popfd
        call    code
        mov     [result.eax], eax
        pushfd
        pop     eax
        and     eax, OSZAPC
        mov     [result.flags], eax
        fxsave  [image]
        mov     dword [resume], 0
        ret
.fault: mov     esp, [stack]
        mov     dword [result.eax], 0DEADh
        ret

checksum:
        mov     eax, [image + 2] ; status, abridged tags
        and     eax, 0FFFFFFh
        call    add_up
        mov     eax, [result.eax]
        call    add_up
        mov     eax, [result.flags]
        call    add_up
        mov     esi, operand
        mov     ecx, 4
.op:    lodsd
        call    add_up
        loop    .op
        mov     esi, image + 32
        mov     cl, 8
.st:    mov     eax, [esi]
        call    add_up
        mov     eax, [esi + 4]
        call    add_up
        movzx   eax, word [esi + 8]
        call    add_up
        add     esi, 16
        loop    .st
%ifdef TRACE
        cmp     bx, TRACE
        jne     .end
        NL
.end:
%endif
        ret

add_up: rol     dword [sum], 5
        xor     [sum], eax
        add     dword [sum], 9E3779B9h
%ifdef TRACE
        cmp     bx, TRACE
        jne     .end
        HEX32   eax
        PUTS    " "
.end:
%endif
        ret

random: mov     eax, [seed]
        imul    eax, 1664525
        add     eax, 1013904223
        mov     [seed], eax
        rol     eax, 16
        ret

; A number of 80 bits at [edi]: near 1, a whole number, or one of the special ones.
number: call    random
        mov     [edi], eax
        call    random
        or      eax, 80000000h
        mov     [edi + 4], eax
        call    random
        mov     edx, eax
        and     eax, 8007h
        add     eax, 3FFCh
        test    dl, 30h
        jnz     .exponent
        shr     edx, 8
        and     edx, 7
        mov     eax, [special_tops + edx * 4]
        mov     [edi + 4], eax
        mov     ax, [special_exponents + edx * 2]
        test    dh, 1
        jz      .exponent
        mov     dword [edi], 0
.exponent:
        mov     [edi + 8], ax
        test    dl, 0C0h
        jnz     .end
        mov     dword [edi], 0  ; few bits
        and     dword [edi + 4], 0FFF00000h
.end:   ret

; A doubleword of the memory operand.
value:  call    random
        test    al, 3
        jz      .bits
        test    al, 4
        jz      .special
        call    random
        and     eax, 80FFFFFFh
        add     eax, 3F000000h
        ret
.special:
        shr     eax, 8
        and     eax, 15
        mov     eax, [specials + eax * 4]
        ret
.bits:  call    random
        ret

        align   4
specials: dd    0, 80000000h, 7F800000h, 0FF800000h, 7FC00000h, 7FA00001h, 1, 807FFFFFh
        dd      7F7FFFFFh, 00800000h, 7FF00000h, 0FFF80000h, 7FF00001h, 41E00000h, 4F000000h, 0FFFFFFFFh
special_tops: dd 0, 80000000h, 0C0000000h, 0A0000000h, 40000000h, 80000000h, 20000000h, 0FFFFFFFFh
special_exponents: dw 0, 7FFFh, 0FFFFh, 7FFFh, 8000h, 0, 3FFFh, 7FFEh ; zero, infinity, NaNs, denormals
seed:   dd      0
sum:    dd      0
stack:  dd      0
result:
.eax:   dd      0
.flags: dd      0
code:   times   16 db 0C3h
        align   16
operand: times  4 dd 0
image:  times   512 db 0
        IMAGE_END
