; shared -- Code that level 0 and level 3 both execute, and read. Expected: each gets what its own level has. Under rewrite: level 3
; has a view of its own, where the original is.
%include "lab.inc"

main:   mov     ax, TSS
        ltr     ax
        mov     eax, back
        mov     [idt + SYSCALL * 8], ax
        mov     byte [idt + SYSCALL * 8 + 5], 0EEh
        mov     ebp, 50
.round: call    routine
        cmp     eax, CODE
        jne     back.no
        test    edx, 200h
        jnz     back.no
        mov     [tss + 4], esp
        push    dword UDATA
        push    dword 6F00h
        push    dword 202h
        push    dword UCODE
        push    dword user
        iretd
back:   mov     ax, DATA
        mov     ds, ax
        add     esp, 20
        cmp     ecx, UCODE
        jne     .no
        test    edx, 200h
        jz      .no
        cmp     bl, 9Ch         ; what level 3 has read
        jne     .no
        dec     ebp
        jnz     main.round
        RIGHT
.no:    WRONG
user:   mov     ax, UDATA
        mov     ds, ax
        call    routine
        mov     ecx, eax
        mov     bl, [routine]
        int     SYSCALL
routine:
        pushfd
        pop     edx
        mov     eax, cs
        ret
