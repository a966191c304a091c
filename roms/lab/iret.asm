; iret -- IRET loads IF. Expected: interrupts are off afterwards. In ring 1: PUSH CS has left RPL 1 on the stack; so IRET sees no
; change of level, does not trap, and drops IF without a word.
%include "lab.inc"

main:   TICKS
        sti
.first: cmp     dword [ticks], 1
        jb      .first
        push    byte 2          ; IF := 0
        push    cs
        push    dword .here
        iretd
.here:  mov     eax, [ticks]
        mov     ecx, 2000000
.wait:  loop    .wait
        cmp     eax, [ticks]
        RIGHT_IF e
