; smc -- code that changes: itself, the next instruction, other code, by each kind of store, by DMA-like
; string moves, across a page boundary, and code that runs at two addresses and in two modes.
%include "lib.inc"

main:   PUTS    "== smc", 10
        ; The SDM asks for a jump between store and use (SDM 3, 8.1.3) for other processors' sake; a
        ; processor since the Pentium sees its own stores to its own instructions at once.
        PUTS    "immediate of the next instruction: "
        mov     byte [.imm1 + 1], 42h
.imm1:  mov     al, 0
        HEX8    ax
        mov     cx, 5           ; in a loop: the block has run before it changes
.loop:  inc     byte [.imm2 + 1]
.imm2:  mov     al, 10h
        HEX8    ax
        loop    .loop
        NL
        PUTS    "further on in the same stretch: "
        mov     cx, 3
.again: mov     ax, 0
        add     byte [.imm3 + 2], 3
        inc     ax
        inc     ax
.imm3:  add     ax, 0
        HEX16   ax
        loop    .again
        NL
        PUTS    "an opcode: INC AX becomes DEC AX: "
        mov     ax, 100h
        mov     cx, 4
.op:    inc     ax
        xor     byte [.op], 8
        loop    .op
        HEX16   ax
        NL
        PUTS    "behind itself: "
        mov     cx, 3
        xor     ax, ax
.back:  add     ax, 1
        inc     byte [.back + 2]
        loop    .back
        HEX16   ax
        NL
        PUTS    "by rep stosb, what follows it: "
        mov     di, .over
        mov     cx, 4
        mov     ax, 40h         ; INC AX
        rep     stosb
.over:
        nop
        nop
        nop
        nop
        HEX16   ax              ; 40h + the four that were NOPs
        HEX16   cx
        NL
        PUTS    "by push, xchg, movsd: "
        mov     [keep], sp
        mov     sp, .pushed + 3
        push    word 1234h
        mov     sp, [keep]
.pushed:mov     ax, 0           ; B8 lo hi: the push wrote +1, +2
        HEX16   ax
        mov     al, 7
        xchg    [.xchged + 1], al
.xchged:mov     ah, 0
        HEX16   ax
        mov     si, code_far
        mov     di, .moved
        movsd
.moved: nop
        nop
        nop
        nop
        HEX16   ax
        NL
        PUTS    "a called routine, changed between calls: "
        mov     cx, 3
.call:  call    routine
        HEX16   ax
        add     word [routine + 1], 1111h
        loop    .call
        NL
        PUTS    "across a page: "
        mov     ax, 3000h
        mov     es, ax
        mov     dword [es:0FFEh], 0C31234B8h ; MOV AX, imm16 at 0FFE-1000; RET
        mov     dword [es:0FFEh], 1234B8h
        mov     byte [es:1001h], 0CBh
        call    3000h:0FFEh
        HEX16   ax
        inc     byte [es:1000h] ; the high byte lies on the second page
        call    3000h:0FFEh
        HEX16   ax
        inc     byte [es:0FFFh]
        call    3000h:0FFEh
        HEX16   ax
        NL
        PUTS    "by another address of the same byte: "
        mov     ax, 3100h
        mov     fs, ax
        mov     byte [fs:0], 99h ; 3000:1000
        call    3000h:0FFEh
        HEX16   ax
        call    30FFh:0Eh       ; the same code at another CS:IP
        HEX16   ax
        NL
        PUTS    "data beside code: "
        mov     cx, 1000
        xor     ax, ax
.beside:add     [.data], cx    ; a variable among instructions
        jmp     short .on
.data:  dw      0
.on:    loop    .beside
        HEX16   [.data]
        NL
        PUTS    "16-bit code, then as 32-bit code: "
        xor     eax, eax
        call    both
        HEX32   eax
        ENTER_PM32
        bits    32
        xor     eax, eax
        call    both32
        HEX32   eax
        NL
        FINISH

        bits    16
code_far:
        mov     ax, 5678h
        nop
routine:mov     ax, 1
        ret
both:   db      0B8h, 11h, 22h, 90h, 90h ; MOV AX, 2211h; NOP; NOP; or MOV EAX, 90902211h
        ret
both32  equ     both
keep:   dw      0
        IMAGE_END
