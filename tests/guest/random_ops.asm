; random_ops -- random bytes as instructions, one at a time, at the least privilege, in 32-bit, 16-bit and
; virtual-8086 code. TF stops each after one instruction, if it did not fault.
;
; Each goes into a checksum: vector, error code, EIP, registers, segment registers, system flags and the
; memory that it could reach; one line for 256 of them. Undefined flags are left out, and so are opcodes
; with results that the SDM leaves open, or that name the model.
;
; For a wrong line, assemble with -DTRACE=n: each instruction of line n is printed, with what it did;
; compare with Bochs. -DSEED=n makes other tests.
;
; QEMU TCG checks no limits, and so differs in every line.
;@qemu 33
%include "lib.inc"

%define LINES   32
%define CODE    3C00h           ; where the instruction is, in segments of their own
%define SCODE32 63h             ; ring 3: code at 40000h, data at 30000h, 4 KiB
%define SCODE16 6Bh
%define SDATA   73h

%macro TRACED 0
%ifdef TRACE
        mov     ebx, [count]
        shr     ebx, 8
        inc     ebx
        cmp     ebx, TRACE
        jne     %%quiet
        HEX16   [count]
        PUTS    ": "
        mov     esi, 40000h - BASE + CODE
        mov     ecx, 12
%%code: lodsb
        HEX8    ax
        loop    %%code
        mov     esi, edi
        mov     ecx, edx
%%show: lodsd
        PUTS    " "
        HEX32   eax
        loop    %%show
        PUTS    " "
        HEX32   [sum]
        NL
%%quiet:
%endif
%endmacro

main:   PUTS    "== random_ops", 10
        ENTER_PM32
        bits    32
        SETD    SCODE32, 40000h, 0FFFFh, 0FBh, 4
        SETD    SCODE16, 40000h, 0FFFFh, 0FBh, 0
        SETD    SDATA, 30000h, 0FFFh, 0F3h, 4
        mov     dword [idt + 30h * 8 + 4], 8E00h ; no way to RING0
        mov     eax, cr0
        or      al, 4           ; EM: x87 is #NM on every model
        mov     cr0, eax
        mov     byte [idt_common], 0E9h ; the library's handlers come here
        mov     dword [idt_common + 1], caught - idt_common - 5
        mov     word [tss0 + 102], TSS0_SIZE ; no ports at all
next:   test    dword [count], 15
        jnz     .filled
        mov     edi, 30000h - BASE ; fresh memory
        mov     ecx, 1024
.fill:  call    random
        stosd
        loop    .fill
.filled:mov     edi, 40000h - BASE + CODE
        mov     ecx, 3
.bytes: call    random
        stosd
        loop    .bytes
        call    random          ; half of them begin with a prefix, or 0F, or both
        movzx   ebx, al
        and     bl, 0Fh
        test    ah, 1
        jz      .plain
        mov     bl, [prefixes + ebx]
        mov     [40000h - BASE + CODE], bl
.plain: test    ah, 6
        jnz     .no0f
        mov     byte [40000h - BASE + CODE + 1], 0Fh
.no0f:  call    open
        jc      .filled
        mov     edi, regs
        mov     ecx, 8
.reg:   call    random
        mov     ebx, eax
        call    random
        test    al, 1
        jnz     .wide
        and     ebx, 0FFFh      ; half of the registers are addresses
.wide:  mov     [edi], ebx
        add     edi, 4
        loop    .reg
        and     dword [regs + 12], 7FCh ; ESP: some room above and below
        add     dword [regs + 12], 400h
        call    random
        and     eax, OSZAPC | DF
        or      eax, TF | 2
        mov     edx, [count]
        and     edx, 3
        cmp     dl, 3
        je      .v86
        push    dword SDATA
        push    dword [regs + 12]
        push    eax
        mov     ecx, SCODE32
        test    dl, 1
        jz      .cs
        mov     ecx, SCODE16
.cs:    push    ecx
        mov     ecx, SDATA
        jmp     .go
.v86:   mov     ecx, 3000h
        push    ecx
        push    ecx
        push    ecx
        push    ecx
        push    ecx
        push    dword [regs + 12]
        or      eax, 20000h
        push    eax
        push    dword 4000h
        xor     ecx, ecx
.go:    push    dword CODE
        mov     esi, regs
        mov     ebp, esp
        sub     esp, 32
        mov     edi, esp
        push    ecx
        mov     ecx, 8
        rep     movsd
        pop     ecx
        mov     gs, cx
        mov     fs, cx
        mov     es, cx
        mov     ds, cx
        popad
        iretd

; Pushed: vector, code, EIP, CS, EFLAGS, ESP, SS[, ES, DS, FS, GS].
caught: pushad
        push    gs
        push    fs
        push    es
        push    ds
        cld
        mov     ax, DATA32
        mov     ds, ax
        mov     es, ax
%assign at 0                    ; selectors: the upper halves are open
%rep 4
        and     dword [esp + at], 0FFFFh
%assign at at + 4
%endrep
        and     dword [esp + 16 + 32 + 12], 0FFFFh
        and     dword [esp + 16 + 32 + 24], 0FFFFh
        mov     eax, OSZAPC     ; flags: all after a fault, else those that are defined; but not RF,
        cmp     dword [esp + 16 + 32], 1 ; which Bochs does not push between iterations of REP
        jne     .fault          ; (SDM 3, 17.3.1.1)
        call    defined_flags
.fault: or      eax, 2F700h
        and     [esp + 16 + 32 + 16], eax
        lea     esi, [esp]
        mov     ecx, 15 + 4
        test    byte [esp + 16 + 32 + 18], 2
        jz      .frame
        add     ecx, 4
.frame: mov     edx, ecx
        mov     edi, esi
.mix:   lodsd
        call    mix
        loop    .mix
        TRACED
        mov     edi, [esp + 16 + 32 + 20] ; what a CALL, PUSHA, ENTER has pushed when it faults, is open
        sub     edi, 90h
        cmp     edi, 1000h - 90h
        ja      .pushed
        add     edi, 30000h - BASE
        mov     ecx, 90h
        xor     eax, eax
        rep     stosb
.pushed:
        mov     esi, 30000h - BASE
        mov     ecx, 1024
.memory:lodsd
        call    mix
        loop    .memory
        mov     esp, STACK0
        inc     dword [count]
        test    byte [count], 0FFh
        jnz     next
        mov     eax, [count]
        shr     eax, 8
        HEX8    ax
        PUTS    " "
        HEX32   [sum]
        NL
        cmp     eax, LINES
        jb      next
        FINISH

mix:    rol     dword [sum], 5
        xor     [sum], eax
        add     dword [sum], 12345h
        ret
random: imul    eax, [seed], 1664525
        add     eax, 1013904223
        mov     [seed], eax
        rol     eax, 11
        ret

; EAX = the flags that the instruction defines, or does not change.
defined_flags:
        push    esi
        mov     esi, 40000h - BASE + CODE
        call    skip_prefixes   ; AL: opcode, AH: ModRM
        movzx   ecx, al
        mov     al, ah
        shr     al, 3
        and     al, 7           ; its reg field
        mov     edx, flags_1
        cmp     cl, 0Fh
        jne     .find
        lodsb
        movzx   ecx, al
        mov     edx, flags_0f
.find:  cmp     cl, [edx]       ; first, last opcode; reg or FFh; mask
        jb      .next
        cmp     cl, [edx + 1]
        ja      .next
        cmp     byte [edx + 2], 0FFh
        je      .found
        cmp     al, [edx + 2]
        je      .found
.next:  add     edx, 5
        jmp     .find
.found: movzx   eax, word [edx + 3]
        pop     esi
        ret
skip_prefixes:
        lodsb
        mov     edi, prefixes
        mov     ecx, 11
        repne   scasb
        je      skip_prefixes
        mov     ah, [esi]
        ret

%macro ROW 4
        db      %1, %2, %3
        dw      %4
%endmacro
flags_1:ROW     08h, 0Dh, 0FFh, OSZPC ; OR AND XOR
        ROW     20h, 25h, 0FFh, OSZPC
        ROW     30h, 35h, 0FFh, OSZPC
        ROW     27h, 27h, 0FFh, OSZAPC & ~OF ; DAA
        ROW     2Fh, 2Fh, 0FFh, OSZAPC & ~OF ; DAS
        ROW     37h, 37h, 0FFh, AF | CF
        ROW     3Fh, 3Fh, 0FFh, AF | CF
        ROW     69h, 69h, 0FFh, OF | CF
        ROW     6Bh, 6Bh, 0FFh, OF | CF
        ROW     80h, 83h, 1, OSZPC
        ROW     80h, 83h, 4, OSZPC
        ROW     80h, 83h, 6, OSZPC
        ROW     84h, 85h, 0FFh, OSZPC
        ROW     0A8h, 0A9h, 0FFh, OSZPC
        ROW     0C0h, 0C1h, 0FFh, 0 ; shifts: real_shift
        ROW     0D0h, 0D3h, 0FFh, 0
        ROW     0D4h, 0D5h, 0FFh, SF | ZF | PF
        ROW     0F6h, 0F7h, 0, OSZPC
        ROW     0F6h, 0F7h, 1, OSZPC
        ROW     0F6h, 0F7h, 4, OF | CF
        ROW     0F6h, 0F7h, 5, OF | CF
        ROW     0F6h, 0F7h, 6, 0
        ROW     0F6h, 0F7h, 7, 0
        ROW     0, 0FFh, 0FFh, OSZAPC
flags_0f:
        ROW     0A3h, 0A3h, 0FFh, CF | ZF ; BT and its like
        ROW     0ABh, 0ABh, 0FFh, CF | ZF
        ROW     0B3h, 0B3h, 0FFh, CF | ZF
        ROW     0BAh, 0BBh, 0FFh, CF | ZF
        ROW     0AFh, 0AFh, 0FFh, OF | CF
        ROW     0, 0FFh, 0FFh, OSZAPC

; CF = 1: the instruction is one whose result is open.
open:   mov     esi, 40000h - BASE + CODE
        call    skip_prefixes
        mov     ah, al
        and     ah, 0F8h
        cmp     ah, 0D8h        ; x87
        je      .open
        cmp     al, 0Fh
        jne     .ok
        lodsb
        mov     edi, open_0f
        mov     ecx, open_0f_end - open_0f
        repne   scasb
        je      .open
.ok:    clc
        ret
.open:  stc
        ret

prefixes: db    66h, 67h, 26h, 2Eh, 36h, 3Eh, 64h, 65h, 0F0h, 0F2h, 0F3h, 66h, 67h, 0Fh, 0Fh, 0F3h
open_0f: db     0Dh, 18h, 19h, 1Ah, 1Bh, 1Ch, 1Dh, 1Eh, 1Fh ; hints, on some models
        db      01h, 02h        ; SGDT's and SIDT's addresses; LAR has undefined bits
        db      20h, 21h, 22h, 23h ; MOV of unknown CRs: #UD or #GP first
        db      31h, 33h, 0A2h  ; RDTSC, RDPMC, CPUID
        db      0A4h, 0A5h, 0ACh, 0ADh ; SHLD, SHRD: 16 bits by more than 16
        db      0AEh, 0BCh, 0BDh ; FXSAVE; BSF, BSR of 0
        db      0C8h, 0C9h, 0CAh, 0CBh, 0CCh, 0CDh, 0CEh, 0CFh ; BSWAP of 16 bits
open_0f_end:
        align   4
regs:   times   8 dd 0
%ifndef SEED
%define SEED 20260101
%endif
seed:   dd      SEED
count:  dd      0
sum:    dd      0
        IMAGE_END
