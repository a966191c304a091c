; real_misc -- bit strings, 486 and later instructions, stack frames, moves and conversions.
%include "lib.inc"

main:   PUTS    "== real_misc", 10
        PUTS    "bt family, register offsets reach beyond the operand: "
        mov     ax, 37          ; 2 words on, bit 5
        bts     [bits_ + 8], ax
        mov     ax, -3          ; a word before, bit 13
        btc     [bits_ + 8], ax
        mov     eax, -33        ; two dwords before, bit 31
        bts     [bits_ + 8], eax
        mov     ax, 37
        btr     [bits_ + 8], ax
        setc    cl
        btc     word [bits_ + 8], 17 ; immediate: modulo the size
        bts     dword [bits_ + 8], 63
        HEX8    cx
        HEX32   [bits_]
        HEX32   [bits_ + 4]
        HEX32   [bits_ + 8]
        HEX32   [bits_ + 12]
        NL
        PUTS    "bsf bsr: "
        mov     eax, 00801000h
        bsf     ebx, eax
        bsr     ecx, eax
        HEX16   bx
        HEX16   cx
        xor     dx, dx
        bsf     ax, dx          ; source 0: ZF
        FLAGS   ZF
        NL

        PUTS    "xadd cmpxchg: "
        mov     eax, 80000001h
        mov     ebx, 80000002h
        xadd    eax, ebx
        pushfd
        HEX32   eax
        HEX32   ebx
        popfd
        FLAGS   OSZAPC
        mov     eax, 12345678h
        mov     dword [cell], 12345679h
        mov     ecx, 55555555h
        lock cmpxchg [cell], ecx ; not equal: EAX loaded
        FLAGS   OSZAPC
        lock cmpxchg [cell], ecx ; equal: stored
        FLAGS   OSZAPC
        HEX32   eax
        HEX32   [cell]
        mov     al, 55h
        mov     dl, 1
        cmpxchg [cell], dl
        HEX32   [cell]
        NL
        PUTS    "cmpxchg8b: "
        mov     edx, 0
        mov     eax, 55555501h
        mov     ecx, 11111111h
        mov     ebx, 22222222h
        cmpxchg8b [cell]
        FLAGS   ZF
        HEX32   [cell]
        HEX32   [cell + 4]
        cmpxchg8b [cell]
        FLAGS   ZF
        HEX32   edx
        HEX32   eax
        TRY     ", of a register", { db 0Fh, 0C7h, 0C8h }
        PUTS    "bswap: "
        mov     eax, 12345678h
        bswap   eax
        HEX32   eax
        NL

        PUTS    "cmov setcc jcc, all conditions over five flag states: "
        mov     si, states
.state: xor     edi, edi
%assign cc 0
%rep 16
        push    word [si]
        popf
        mov     ecx, 0
        db      0Fh, 90h + cc, 0C1h ; SETcc CL
        shl     edi, 1
        or      edi, ecx
        mov     ebx, 1
        push    word [si]
        popf
        db      66h, 0Fh, 40h + cc, 0CBh ; CMOVcc ECX, EBX
        db      70h + cc, 2     ; Jcc over the next
        xor     cl, 80h
        rol     edi, 1
        xor     edi, ecx
%assign cc cc + 1
%endrep
        HEX32   edi
        PUTS    " "
        add     si, 2
        cmp     si, states_end
        jb      .state
        NL

        PUTS    "enter leave: "
        mov     bp, 5555h
        mov     [cell], sp
        enter   10, 0
        sub     [cell], bp
        HEX16   [cell]
        mov     ax, bp
        sub     ax, sp
        HEX16   ax
        enter   4, 3            ; copies two outer frame pointers, pushes its own
        mov     ax, bp
        sub     ax, sp
        HEX16   ax
        mov     ax, [bp - 6]
        sub     ax, bp
        HEX16   ax
        enter   6, 33           ; the level is taken modulo 32: 1
        mov     ax, bp
        sub     ax, sp
        HEX16   ax
        leave
        leave
        leave
        HEX16   bp
        NL
        PUTS    "pusha popa: "
        mov     ax, 1
        mov     cx, 2
        mov     dx, 3
        mov     bx, 4
        mov     si, 6
        mov     di, 7
        mov     bp, sp
        pusha
        mov     ax, [bp - 10]   ; SP as before
        sub     ax, bp
        mov     [cell], ax
        mov     word [bp - 10], 0 ; ignored by POPA
        inc     word [bp - 2]
        popa
        HEX16   ax
        HEX16   di
        HEX16   [cell]
        NL
        PUTS    "push sp, pop of memory at sp: "
        mov     bx, sp
        push    sp
        pop     ax
        sub     ax, bx
        HEX16   ax
        mov     eax, esp
        push    word 7777h
        db      67h, 8Fh, 44h, 24h, 0FEh ; POP word [ESP - 2]: ESP after the POP
        mov     cx, [bx - 2]
        HEX16   cx
        NL
        PUTS    "moves: "
        mov     al, 80h
        movsx   ebx, al
        movzx   ecx, al
        HEX32   ebx
        HEX32   ecx
        cbw
        cwde
        cdq
        HEX32   eax
        HEX32   edx
        mov     bx, text
        mov     al, 2
        xlatb
        HEX8    ax
        lea     eax, [ebx + ecx * 4 - 1]
        sub     eax, text
        HEX32   eax
        lea     cx, [bx + si + 7FFFh]
        sub     cx, text
        HEX16   cx
        mov     al, 12h         ; undocumented, on every processor: AL = CF ? FFh : 0
        stc
        db      0D6h            ; SALC
        HEX8    ax
        NL
        FINISH

        align   8
bits_:  times   4 dd 0
cell:   dq      0
states: dw      0, CF | ZF, SF | PF, OF, SF | OF | CF
states_end:
text:   db      "abcdef"
        IMAGE_END
