; int -- INT n checks the gate's DPL against CPL. Expected: the kernel may use a gate of DPL 0; the handler finds CS with RPL 0
; on its stack. In ring 1: so it is, since every gate of the monitor's IDT refuses, and INT n traps after all.
%include "lab.inc"

main:   int     SYSCALL
        cmp     dword [syscalls], 1
        jne     .no
        cmp     word [syscall_cs], CODE
        RIGHT_IF e
.no:    WRONG
