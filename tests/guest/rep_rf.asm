; rep_rf -- RF in the flags that are pushed between two iterations of REP: by an interrupt, by a single
; step; clear at any other boundary. SDM 3B, 17.3.1.1.
;
; Bochs 2.7 and QEMU TCG push RF as 0; QEMU takes no interrupt between iterations of LODS either.
;@sed s/interrupt in rep: rf 00/interrupt in rep: rf 01/
;@sed s/steps 00:00 00:00/steps 00:01 00:01/
;@qemu 2
%include "lib.inc"

main:   PUTS    "== rep_rf", 10
        ENTER_PM32
        bits    32
        SETG    20h, CODE32, timer, 8Eh
        SETG    1, CODE32, step, 8Eh
        mov     al, 11h         ; 8259A: base 20h, timer only
        out     20h, al
        mov     al, 20h
        out     21h, al
        mov     al, 4
        out     21h, al
        mov     al, 1
        out     21h, al
        mov     al, 0FEh
        out     21h, al
        mov     al, 30h         ; 8254: once
        out     43h, al
        mov     al, 0A9h
        out     40h, al
        mov     al, 4
        out     40h, al
        mov     ax, FLAT
        mov     ds, ax
        xor     esi, esi
        mov     ecx, 2000000h
        mov     edx, .rep
        cld
        sti
.rep:   rep     lodsb
        cli
        PUTS    "interrupt in rep: rf "
        HEX8    [ss:rf]
        PUTS    " eip is at it "
        HEX8    [ss:inside]
        NL
        mov     dword [ss:rf], -1
        mov     al, 30h
        out     43h, al
        mov     al, 0A9h
        out     40h, al
        mov     al, 4
        out     40h, al
        sti
.loop:  cmp     dword [ss:rf], -1
        je      .loop
        cli
        PUTS    "interrupt elsewhere: rf "
        HEX8    [ss:rf]
        NL
        PUTS    "single steps"
        mov     ecx, 3
        xor     esi, esi
        mov     edx, .rep2
        pushfd
        or      dword [esp], TF
        popfd
.rep2:  rep     lodsb
        nop
        pushfd
        and     dword [esp], ~TF
        popfd
        NL
        FINISH

timer:  push    eax
        mov     eax, [esp + 12]
        shr     eax, 16
        and     eax, 1
        mov     [ss:rf], eax
        cmp     [esp + 4], edx
        sete    [ss:inside]
        mov     al, 20h
        out     20h, al
        mov     ecx, 1          ; that was all we wanted
        pop     eax
        iretd
step:   push    eax
        push    ebx
        PUTS    " "
        mov     eax, [esp + 8]
        sub     eax, edx
        HEX8    ax
        PUTS    ":"
        mov     eax, [esp + 16]
        shr     eax, 16
        and     eax, 1
        HEX8    ax
        pop     ebx
        pop     eax
        iretd
        align   4
rf:     dd      0
inside: db      0
        IMAGE_END
