; real_limits -- segment limits hold in real mode too: they are FFFFh until protected mode loads
; others; "unreal" mode keeps those. 64 KiB wrap of IP, SP and of addresses.
;
; QEMU TCG checks no limits: every #GP and #SS line below is missing there, and it does not survive
; the jumps beyond 64 KiB. SDM 3, 5.3 "Limit checking"; SDM 3, 21.1.1: real mode's limit is FFFFh.
;@qemu 27
%include "lib.inc"

main:   PUTS    "== real_limits", 10
        mov     ax, 3000h
        mov     es, ax
        mov     ebx, 0FFFFh
        xor     esi, esi
        TRY     "byte at FFFF", mov al, [es:bx]
        TRY     "word at FFFF", mov ax, [es:bx]
        TRY     "dword at FFFE", mov eax, [es:bx - 1]
        TRY     "dword at FFFC", mov eax, [es:bx - 3]
        TRY     "write of a word at FFFF", mov [es:bx], ax
        TRY     "read-modify-write", inc word [es:bx]
        TRY     "byte at 10000", mov al, [es:ebx + 1]
        TRY     "16-bit address wraps", mov al, [es:bx + 1]
        TRY     "stack, word at FFFF", mov ax, [ss:bx]
        mov     bp, 0FFFFh
        TRY     "bp+0", mov ax, [bp]
        TRY     "lds across FFFF", les ax, [es:bx - 2]
        TRY     "bound across FFFF", bound ax, [es:bx - 2]
        TRY     "bit string far away", bt [es:ebx], ebx

        PUTS    "push wraps: "
        mov     ax, 3000h
        mov     ss, ax
        mov     esp, 12340000h
        push    word 1122h      ; SP 0 -> FFFE; the upper half stays
        mov     eax, esp
        mov     bx, [ss:0FFFEh]
        mov     cx, BASE >> 4
        mov     ss, cx
        mov     esp, STACK0
        HEX32   eax
        HEX16   bx
        NL
        PUTS    "pop wraps: "
        mov     ax, 3000h
        mov     ss, ax
        mov     esp, 0FFFEh
        pop     bx
        mov     eax, esp
        mov     ss, cx
        mov     esp, STACK0
        HEX32   eax
        HEX16   bx
        NL

        PUTS    "ip: "          ; a jump leaves IP's upper half 0; 32-bit targets must lie inside
        TRY     "near jump", { db 66h, 0E9h, 0, 0, 1, 0 }
        TRY     "far jump", { db 66h, 0EAh, 0, 0, 1, 0, 0, 10h }
        mov     eax, 10000h
        TRY     "jump through a register", jmp eax
        TRY     "call through a register", call eax
        push    eax
        TRY     "retd", o32 ret
        pop     eax
        PUTS    "16-bit jump wraps "
        mov     byte [es:0FFFCh], 0E9h ; JMP rel16: FFFFh + 3 = 2
        mov     word [es:0FFFDh], 3
        mov     byte [es:2], 0EAh ; JMP back
        mov     word [es:3], .landed
        mov     word [es:5], BASE >> 4
        jmp     3000h:0FFFCh
.landed:PUTS    "yes", 10
        mov     byte [es:0FFFFh], 90h ; a NOP: IP goes on at 10000h, which is beyond the limit
        TRY     "nop at FFFF, then", jmp 3000h:0FFFFh
        mov     word [es:0FFFEh], 0B890h ; MOV AX: its immediate lies beyond
        TRY     "mov across FFFF", jmp 3000h:0FFFFh

        PUTS    "unreal: "
        cli
        lgdt    [gdtr]
        mov     eax, cr0
        or      al, 1
        mov     cr0, eax
        jmp     short .pm
.pm:    mov     bx, FLAT
        mov     ds, bx
        mov     es, bx
        and     al, 0FEh
        mov     cr0, eax
        jmp     short .real
.real:  mov     dword [dword 200000h], 0CAFEBABEh
        xor     ax, ax
        mov     es, ax          ; loads the base, keeps the limit
        mov     eax, [es:dword 200000h]
        mov     cx, cs
        mov     ds, cx
        HEX32   eax
        mov     ebx, 110000h
        mov     eax, [ebx + 0E0000h] ; DS base 10000h: 200000h
        HEX32   eax
        NL
        TRY     "fs has its limit", mov al, [fs:ebx]
        mov     edi, 200010h
        mov     ecx, 4
        mov     al, 0A5h
        a32     rep stosb
        HEX32   edi
        HEX32   [es:edi - 4]
        NL

        PUTS    "lidt in real mode: "
        lidt    [small]         ; room for vectors 0-5 only: INT 6 is a #GP, which is not there
        mov     word [fs:20h], double ; neither is #DF: so make room for 8, not for 13
        mov     [fs:22h], cs
        TRY     "int3", int3
        mov     dword [try_ip], .ud
.ud:    int     40h
        PUTS    "not reached", 10
.end:   lidt    [ivtr]
        FINISH

double: PUTS    "double fault ip+" ; #GP in delivery of #GP
        mov     bp, sp
        mov     ax, [bp]
        sub     ax, [try_ip]
        HEX8    ax
        NL
        mov     word [bp], main.end
        iret

small:  dw      8 * 4 + 3
        dd      0
        IMAGE_END
