; taskgate -- a kernel whose INT 3 is a task gate. A monitor of the laboratory says that it has no tasks.
%include "lab.inc"

%define OTHER   30h             ; in place of the LDT

main:   mov     ax, TSS
        ltr     ax
        mov     dword [gdt + OTHER], 0000067h | (other - $$ + 7C00h) << 16
        mov     dword [gdt + OTHER + 4], 8900h
        mov     dword [idt + 3 * 8], OTHER << 16
        mov     dword [idt + 3 * 8 + 4], 8500h ; a task gate
        int3
        WRONG
task:   RIGHT
        align   4
other:  times   8 dd 0          ; link, stacks, CR3
        dd      task, 2, 0, 0, 0, 0, 6000h, 0, 0, 0 ; EIP, EFLAGS, EAX to EDI
        dd      DATA, CODE, DATA, DATA, DATA, DATA, 0, 104 << 16
