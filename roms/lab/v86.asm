; v86 -- a kernel that starts a program in virtual-8086 mode. A monitor of the laboratory says that it does not.
%include "lab.inc"

main:   mov     ax, TSS
        ltr     ax
        CATCH   jmp .program
        cmp     al, 13          ; HLT is refused to it
        RIGHT_IF e
.program:
        push    dword 0         ; GS FS DS ES SS ESP
        push    dword 0
        push    dword 0
        push    dword 0
        push    dword 0
        push    dword 6000h
        push    dword 20002h    ; EFLAGS.VM
        push    dword 0
        push    dword .real
        iretd
        bits    16
.real:  hlt
