; popf -- POPF changes IF. Expected: interrupts are off afterwards. In ring 1: nothing happens, and nobody is told; the
; timer goes on ticking in what the kernel takes for a critical section.
%include "lab.inc"

main:   TICKS
        sti
.first: cmp     dword [ticks], 1 ; interrupts do come
        jb      .first
        push    byte 2
        popfd                   ; IF := 0
        mov     eax, [ticks]
        mov     ecx, 2000000    ; several ticks' time
.wait:  loop    .wait
        cmp     eax, [ticks]
        RIGHT_IF e
