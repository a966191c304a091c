; simd_rows -- every opcode 0F xx of MMX, SSE, SSE2 and SSE3, with each prefix, on registers and on memory: a
; checksum over registers, flags, MXCSR and the operand after operands of all sorts; or of #UD.
;
; A line has 8 opcodes, with the prefix in front of them. RCPPS and RSQRTPS are left out: their results are
; approximations. For a wrong one, assemble with -DTRACE=opcode: what it did each time is printed.
;
; QEMU 7.2 TCG counts no denormal operands, and has some of what 64-bit processors brought.
;@qemu 24
;@cpu pentium4 p4_prescott_celeron_336 pentium3,-apic,+sse2,+pni,+clflush
%include "lib.inc"
        cpu     prescott

%define ROUNDS  20

main:   PUTS    "== simd_rows", 10
        ENTER_PM32
        bits    32
        mov     eax, cr0
        and     al, ~0Eh
        or      al, 20h         ; NE
        mov     cr0, eax
        mov     eax, cr4
        or      ax, 200h        ; OSFXSR; without OSXMMEXCPT #XM would be #UD: all are masked
        mov     cr4, eax
        fninit
        mov     byte [quiet], 1
        mov     esi, prefixes
.prefix:mov     al, [esi]
        mov     [prefix], al
        mov     ebx, 10h        ; the opcode
.line:  mov     al, [prefix]
        HEX8    ax
        PUTS    " "
        HEX8    bx
        PUTS    ":"
.opcode:PUTS    " "
        bt      [wanted], ebx
        jnc     .none
        call    one_opcode
        HEX32   [sum]
        jmp     .next
.none:  PUTS    "--------"
.next:  inc     ebx
        test    bl, 7
        jnz     .opcode
        NL
        test    bl, bl          ; (100h: the end)
        jz      .done
.skip:  mov     eax, ebx        ; lines without any
        shr     eax, 3
        cmp     byte [wanted + eax], 0
        jne     .line
        add     ebx, 8
        jmp     .skip
.done:  inc     esi
        cmp     esi, prefixes + 4
        jb      .prefix
        FINISH

prefixes: db    0, 66h, 0F3h, 0F2h
wanted: db      0, 0, 0FFh, 0, 0, 0FFh, 0, 0 ; 10-17, 28-2F
        db      0, 0, 0F3h, 0FFh, 0FFh, 0FFh, 0FFh, 0FFh ; 50-7F but 52, 53
        db      0, 0, 0, 0, 0, 0, 0, 0
        db      7Ch, 0, 0FFh, 0FFh, 0FFh, 0FFh, 0FFh, 0FFh ; C2-C6, D0-FF

; Opcode bl: [sum]. For groups, each ModRM.reg.
one_opcode:
        pushad
        mov     dword [sum], 0
        mov     dword [seed], 12345h
        xor     edx, edx        ; ModRM.reg
.reg:   mov     ecx, ROUNDS
.round: mov     ah, 0C1h        ; register form: 0, 1
        call    one
        mov     ah, 5           ; [operand]
        call    one
        loop    .round
        lea     eax, [ebx - 71h]
        cmp     eax, 2
        ja      .end            ; no group
        inc     edx
        cmp     edx, 8
        jb      .reg
.end:   popad
        ret

; The instruction with ModRM ah | edx * 8.
one:    pushad
        mov     edi, code
        mov     al, [prefix]
        test    al, al
        jz      .np
        stosb
.np:    mov     al, 0Fh
        stosb
        mov     al, bl
        stosb
        mov     al, dl
        shl     al, 3
        or      al, ah
        stosb
        cmp     ah, 5
        jne     .reg
        mov     eax, operand
        stosd
.reg:   mov     al, bl
        cmp     al, 0C2h
        je      .imm
        and     al, 0FCh
        cmp     al, 70h         ; 70-73, C4-C6
        je      .imm
        cmp     al, 0C4h
        jne     .noimm
.imm:   call    random
        stosb
.noimm: mov     al, 0C3h
        stosb
        mov     edi, operand    ; everything random
        mov     ecx, (state.end - operand) / 4
.fill:  call    value
        stosd
        loop    .fill
        call    related
        mov     eax, [state.csr]
        and     eax, 6000h      ; rounding; FTZ now and then
        or      eax, 1F80h
        test    byte [state.csr], 0Fh
        jnz     .csr
        or      eax, 8000h
.csr:   mov     [state.csr], eax
        call    execute
        call    checksum
        popad
        ret

; Now and then the second operand has parts of the first, or is a small number, as a shift's count.
related:call    random
        test    al, 3
        jnz     .apart
        mov     eax, [state.xmm]
        mov     [operand], eax
        mov     [state.xmm + 16], eax
        mov     ax, [state.xmm + 10]
        mov     [operand + 10], ax
        mov     [state.xmm + 16 + 10], ax
        mov     eax, [state.mm]
        mov     [state.mm + 8], eax
        mov     al, [state.mm + 5]
        mov     [state.mm + 8 + 5], al
        ret
.apart: test    al, 4
        jz      .end
        shr     eax, 16
        and     eax, 1Fh
        mov     [operand], eax
        mov     [state.xmm + 16], eax
        mov     [state.mm + 8], eax
        xor     eax, eax
        mov     [operand + 4], eax
        mov     [state.xmm + 16 + 4], eax
        mov     [state.mm + 8 + 4], eax
.end:   ret

execute:
        mov     [stack], esp
        mov     dword [resume], .fault
        mov     [resume_cs], cs
        movq    mm0, [state.mm]
        movq    mm1, [state.mm + 8]
        movups  xmm0, [state.xmm]
        movups  xmm1, [state.xmm + 16]
        ldmxcsr [state.csr]
        mov     edi, operand    ; MASKMOVQ's
        mov     ecx, [state.ecx]
        xor     eax, eax        ; and flags
        call    code
        mov     [state.eax], eax
        mov     [state.ecx], ecx
        pushfd
        pop     eax
        and     eax, OSZAPC
        mov     [state.flags], eax
        stmxcsr [state.csr]
        movq    [state.mm], mm0
        movq    [state.mm + 8], mm1
        movups  [state.xmm], xmm0
        movups  [state.xmm + 16], xmm1
        mov     dword [resume], 0
        ret
.fault: mov     esp, [stack]
        mov     edi, operand
        mov     ecx, (state.end - operand) / 4
        mov     eax, 0DEADh
        rep     stosd
        ret

checksum:
        mov     esi, operand
        mov     ecx, (state.end - operand) / 4
.add:   rol     dword [sum], 5
        lodsd
        xor     [sum], eax
        add     dword [sum], 9E3779B9h
%ifdef TRACE
        cmp     bl, TRACE
        jne     .quiet
        HEX32   eax
        PUTS    " "
.quiet:
%endif
        loop    .add
%ifdef TRACE
        cmp     bl, TRACE
        jne     .end
        NL
.end:
%endif
        ret

random: mov     eax, [seed]
        imul    eax, 1664525
        add     eax, 1013904223
        mov     [seed], eax
        rol     eax, 16
        ret

; A doubleword: half a number of either format, near 1; one of the special ones; or just bits.
value:  call    random
        mov     ebp, eax
        and     ebp, 7
        cmp     ebp, 4
        ja      .bits
        je      .special
        call    random
        and     eax, 80FFFFFFh  ; 2^-1 .. 2^1, or double 2^-7 .. 2^8
        add     eax, 3F000000h
        ret
.special:
        call    random
        shr     eax, 7
        and     eax, 15
        mov     eax, [specials + eax * 4]
        ret
.bits:  call    random
        ret

        align   4
specials: dd    0, 80000000h, 7F800000h, 0FF800000h, 7FC00000h, 7FA00001h, 1, 807FFFFFh
        dd      7F7FFFFFh, 00800000h, 7FF00000h, 0FFF80000h, 7FF00001h, 41E00000h, 4F000000h, 0FFFFFFFFh
prefix: db      0
code:   times   16 db 0
        align   4
seed:   dd      0
sum:    dd      0
stack:  dd      0
        align   16
operand: times  4 dd 0
state:
.mm:    times   4 dd 0
.xmm:   times   8 dd 0
.eax:   dd      0
.ecx:   dd      0
.flags: dd      0
.csr:   dd      0
.end:
        IMAGE_END
