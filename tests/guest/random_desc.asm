; random_desc -- random descriptors and selectors under every instruction that looks at them, from ring 0
; and from ring 3: which check fails first, with which error code, and what a success leaves behind.
;
; Six descriptors (four in the GDT, two in the LDT) and one gate of the IDT are made anew for each test;
; TSSs, where a descriptor is one, are good. A success ends at a UD2, in whatever segment and ring it
; led to. One line is a checksum of 256 tests: vector, error code, CS:EIP, EFLAGS, SS:ESP, DS, ES, TR, the
; descriptors' accessed and busy bits. For a wrong line, assemble with -DTRACE=n, and compare with Bochs;
; -DSEED=n makes other tests.
;
; QEMU TCG checks no limits and not all types: it differs in every line.
;@qemu 32
%include "lib.inc"

%ifndef LINES
%define LINES   32
%endif
%ifndef SEED
%define SEED    20260101
%endif
%ifndef TRACE
%define TRACE   0
%endif

%macro MIX 1
        rol     dword [sum], 5
%ifidni %1, eax
        xor     [sum], eax
%else
        mov     eax, %1
        xor     [sum], eax
%endif
        add     dword [sum], 12345h
%endmacro
%macro TRACED 0
%if TRACE
        mov     ebx, [count]
        shr     ebx, 8
        inc     ebx
        cmp     ebx, TRACE
        jne     %%quiet
        call    trace
%%quiet:
%endif
%endmacro

main:   PUTS    "== random_desc", 10
        ENTER_PM32
        bits    32
        SETD    LDT0, LIN(ldt), 15, 82h, 0
        mov     byte [idt_common], 0E9h ; the library's handlers come here
        mov     dword [idt_common + 1], caught - idt_common - 5
        mov     dword [tss0 + 12], 0C000h ; inner stacks of rings 1 and 2
        mov     dword [tss0 + 20], 0B000h
next:   mov     edi, gdt + 60h
.gdt:   call    descriptor
        cmp     edi, gdt + 80h
        jb      .gdt
        mov     edi, ldt
        call    descriptor
        call    descriptor
        mov     edi, idt + 40h * 8 ; mostly gates, with DPL 3
        call    descriptor
        call    random
        test    al, 7
        jz      .any
        call    selector
        mov     [idt + 40h * 8 + 2], ax
        mov     word [idt + 40h * 8], target
        mov     word [idt + 40h * 8 + 6], 0
        or      byte [idt + 40h * 8 + 5], 86h
        and     byte [idt + 40h * 8 + 5], 0EFh
.any:   mov     esi, good_tss
        mov     edi, tss32
        mov     ecx, GOOD_SIZE
        rep     movsb
        call    selector
        mov     [tss0], ax      ; the back link
        call    stack_selector
        mov     [tss0 + 16], ax
        call    stack_selector
        mov     [tss0 + 24], ax
        call    selector
        mov     [the_cs], ax
        mov     [pointer + 4], ax
        mov     [pointer16 + 2], ax
        call    stack_selector
        mov     [the_ss], ax
        call    random
        and     eax, 7000h      ; NT, IOPL
        test    eax, 1 << 12
        jnz     .nt
        and     eax, 3000h
.nt:    or      al, 2
        mov     [the_flags], eax
        call    random
        and     eax, 7
        mov     edx, [offsets + eax * 4]
        call    random
        and     eax, 15
        mov     [what], al
        mov     ebp, [operations + eax * 4]
        mov     ax, LDT0
        lldt    ax
        xor     eax, eax
        mov     fs, ax
        mov     gs, ax
        mov     ebx, edx
        call    random
        mov     [ring], al
        test    al, 1
        jz      .ring0
        push    dword UDATA32
        push    dword STACK3
        push    dword 2
        push    dword UCODE32
        push    ebp
        mov     eax, UDATA32
        mov     ds, eax
        mov     es, eax
        mov     ax, [ss:the_cs]
        iretd
.ring0: mov     ax, [the_cs]
        jmp     ebp

; The operations. AX: a selector; EBX: an offset to use it with.
load_ds:mov     ds, ax
        mov     cl, [ebx]
        ud2
load_es:mov     es, ax
        or      dword [es:ebx], 0 ; (a write that changes nothing)
        ud2
load_fs:mov     fs, ax
        mov     cx, [fs:ebx]
        ud2
load_ss:test    byte [ring], 1  ; ring 0 needs its stack
        jz      load_es
        mov     ax, [the_ss]
        mov     ss, ax
        push    eax
        ud2
jump:   jmp     far [pointer]
call_:  call    far [pointer]
        ud2
call16: call    far word [pointer16]
        ud2
return: push    dword [the_ss]
        push    dword 0D000h
        push    dword [the_cs]
        push    dword target
        retf
return_n:
        push    dword [the_ss]
        push    dword 0D000h
        push    dword 0
        push    dword [the_cs]
        push    dword target
        retf    4
interrupt_return:
        push    dword [the_ss]
        push    dword 0D000h
        push    dword [the_flags]
        push    dword [the_cs]
        push    dword target
        iretd
task_return:
        pushfd
        or      dword [esp], 4000h
        popfd
        iretd
interrupt:
        int     40h
        ud2
inspect:xor     ecx, ecx
        lar     ecx, eax
        jnz     .lsl
        and     ecx, 0F0FF00h
.lsl:   mov     edx, 0
        lsl     edx, eax
        setz    ch
        verr    ax
        setz    cl
        verw    ax
        sbb     ebx, ebx
        setz    bl
        ud2
arpl_:  mov     cx, [the_ss]
        arpl    ax, cx
        ud2
load_ldt:
        lldt    ax
        mov     cx, 4
        mov     es, cx
        ud2
        align   16
target: times   8 ud2

; Pushed: vector, code, EIP, CS, EFLAGS[, ESP, SS].
caught: pushad
        and     esp, 0FFFFh     ; (a 16-bit TSS leaves the upper half open)
        push    ds
        push    es
        mov     ax, DATA32
        mov     ds, ax
        mov     es, ax
        cld
        mov     ebp, esp
        TRACED
        MIX     [ebp + 40]      ; vector
        MIX     [ebp + 44]      ; code
        mov     eax, [ebp + 48] ; EIP: by the place in the code
        sub     eax, load_ds
        MIX     eax
        movzx   eax, word [ebp + 52]
        MIX     eax
        mov     eax, [ebp + 56]
        and     eax, 37700h     ; not RF, which a fault sets
        MIX     eax
        test    byte [ebp + 52], 3
        jz      .inner
        movzx   eax, word [ebp + 60]
        MIX     eax
        movzx   eax, word [ebp + 64]
        MIX     eax
.inner: movzx   eax, word [ebp]
        MIX     eax
        movzx   eax, word [ebp + 4]
        MIX     eax
        cmp     byte [what], 12 ; INSPECT's results
        jne     .plain
        MIX     [ebp + 8 + 24]
        MIX     [ebp + 8 + 20]
        MIX     [ebp + 8 + 16]
.plain: xor     eax, eax
        str     ax
        MIX     eax
%assign at 60h
%rep 4
        movzx   eax, byte [gdt + at + 5]
        MIX     eax
%assign at at + 8
%endrep
        movzx   eax, byte [ldt + 5]
        MIX     eax
        movzx   eax, byte [gdt + TSS0 + 5]
        MIX     eax
        pushfd
        and     dword [esp], ~4000h
        popfd
        clts
        mov     byte [gdt + TSS0 + 5], 89h ; back to the first task
        mov     ax, TSS0
        ltr     ax
        mov     ax, DATA32
        mov     ss, ax
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

trace:  HEX16   [count]
        PUTS    ": op "
        HEX8    [what]
        HEX8    [ring]
        PUTS    " cs "
        HEX16   [the_cs]
        PUTS    " ss "
        HEX16   [the_ss]
        PUTS    " flags "
        HEX16   [the_flags]
        PUTS    " offset "
        HEX32   [ebp + 24]
        PUTS    " table "
        mov     esi, gdt + 60h
        mov     ecx, 8
        call    dump
        mov     esi, ldt
        mov     ecx, 4
        call    dump
        mov     esi, idt + 40h * 8
        mov     ecx, 2
        call    dump
        PUTS    "link "
        HEX16   [tss0]
        PUTS    " ss12 "
        HEX16   [tss0 + 16]
        HEX16   [tss0 + 24]
        PUTS    " fs gs "
        mov     eax, fs
        HEX16   ax
        mov     eax, gs
        HEX16   ax
        PUTS    " gives "
        mov     esi, ebp
        mov     ecx, 17
        call    dump
        HEX32   [sum]
        NL
        ret
dump:   lodsd
        HEX32   eax
        PUTS    " "
        loop    dump
        ret
random: imul    eax, [seed], 1664525
        add     eax, 1013904223
        mov     [seed], eax
        rol     eax, 11
        ret
selector:                       ; AX: one of 16, mostly with its own RPL
        call    random
        mov     esi, eax
        and     esi, 15
        mov     si, [selectors + esi * 2]
        test    eax, 30000h
        jnz     .own
        and     esi, ~3
        shr     eax, 20
        and     eax, 3
        or      esi, eax
.own:   mov     eax, esi
        ret
stack_selector:                 ; more often a good one
        call    random
        test    eax, 300h
        jz      selector
        and     eax, 3
        mov     ax, [stacks + eax * 2]
        ret
descriptor:                     ; at EDI, which goes on to the next
        call    random
        mov     edx, eax        ; DL: access byte, DH: limit and flags
        test    edx, 70000h
        jz      .absent
        or      dl, 80h         ; mostly present
.absent:mov     al, dl
        and     al, 1Fh
        mov     ebx, BASE
        cmp     al, 9           ; TSSs
        je      .tss
        cmp     al, 11
        je      .tss
        cmp     al, 1
        je      .tss16
        cmp     al, 3
        je      .tss16
        cmp     al, 2
        je      .segment
        cmp     al, 10h
        jae     .segment
        call    selector        ; gates, and types that do not exist
        shl     eax, 16
        mov     ax, target
        stosd
        movzx   eax, dx
        shr     ah, 6           ; parameters
        xchg    al, ah
        stosd
        ret
.tss:   add     ebx, tss32
        jmp     .segment
.tss16: add     ebx, tss16
.segment:
        mov     al, dh
        and     eax, 7
        mov     ecx, [limits + eax * 4]
        mov     eax, ebx
        shl     eax, 16
        mov     ax, cx
        stosd
        and     ecx, 0F0000h
        mov     eax, edx
        and     eax, 0C000h     ; G, D/B
        shl     eax, 8
        or      eax, ecx
        shr     ebx, 16
        mov     al, bl
        mov     ah, dl
        stosd
        ret

selectors: dw   60h, 68h, 70h, 78h, 63h, 6Bh, 73h, 7Bh, 4, 0Fh, 0, CODE32, UDATA32, 200h, TSS0, 64h
stacks: dw      UDATA32, DATA32, 73h, 71h
limits: dd      0FFFFh, 0FFFFFh, 0FFFFh, 0FFFFh, 67h, 2Bh, 0, 0FFFh
offsets: dd     10h, 0FFFh, 1000h, 0FFFFh, 0FFFEh, 0FFFFFFF0h, 66h, 0
operations: dd  load_ds, load_es, load_fs, load_ss, jump, call_, call16, return, return_n
        dd      interrupt_return, task_return, interrupt, inspect, arpl_, load_ldt, call_
        align   4
pointer: dd     target, 0
pointer16: dw   target, 0
the_cs: dd      0
the_ss: dd      0
the_flags: dd   0
seed:   dd      SEED
count:  dd      0
sum:    dd      0
ring:   db      0
what:   db      0
        align   8
ldt:    dq      0, 0
good_tss:
        dd      0, 0, 0, 0, 0, 0, 0, 0, target, 2, 0, 0, 0, 0, 0A000h, 0, 0, 0
        dd      DATA32, CODE32, DATA32, DATA32, 0, 0, 0, 680000h
        dw      0, 0, 0, 0, 0, 0, 0, target, 2, 0, 0, 0, 0, 9800h, 0, 0, 0
        dw      DATA16, CODE16, DATA16, DATA16, 0
GOOD_SIZE equ   $ - good_tss
tss32:  times   26 dd 0
tss16:  times   22 dw 0
        IMAGE_END
