; step -- single steps and a breakpoint that is passed, over instructions that the monitor emulates. Right in any ring.
;
; #DB counts; the handler returns by IRET with RF set, so that the breakpoint in DR0 strikes once.
%define OWN_EVENT
%include "lab.inc"

main:   mov     eax, .struck    ; a breakpoint at an instruction that is emulated, too
        mov     dr0, eax
        mov     eax, 1
        mov     dr7, eax
.struck:
        cli
        cmp     dword [steps], 1
        jne     near .no
        xor     eax, eax
        mov     dr7, eax
        mov     dword [steps], 0
        push    dword 10Ah      ; TF, and a reserved bit
        popfd
        jmp     CODE:.far       ; 1
.far:   int     SYSCALL         ; its handler is not stepped through
        push    dword 2
        popfd                   ; 2 and 3
        cmp     dword [steps], 3
        jne     .no
        mov     eax, [image]
        and     eax, 10Ah
        cmp     eax, 102h
        RIGHT_IF e
.no:    mov     eax, [steps]
        call    hex
        SAY     " steps", 10
        WRONG

event:  cmp     dword [esp], SYSCALL
        je      .back
        cmp     dword [esp], 1
        jne     .stop
        inc     dword [steps]
        cmp     dword [steps], 1
        jne     .passed
        push    dword [esp + 16]
        pop     dword [image]
.passed:
        or      dword [esp + 16], 10000h ; RF
.back:  add     esp, 8
        iretd
.stop:  SAY     "exception", 10
        END     2
        align   4
steps:  dd      0
image:  dd      0
