; sysenter -- SYSENTER and SYSEXIT: segments made out of nothing, checks, stack and flags. SDM 2.
%include "lib.inc"

; SYSENTER_CS = 60h: 60h ring 0 code, 68h its stack, 70h ring 3 code, 78h its stack: all flat.
%macro WRITE_MSR 2
        mov     ecx, %1
        mov     eax, %2
        xor     edx, edx
        wrmsr
%endmacro

main:   PUTS    "== sysenter", 10
        ENTER_PM32
        bits    32
        TRY     "sysenter, cs msr 0", sysenter
        TRY     "sysexit, cs msr 0", sysexit
        SETD    60h, 0, 0FFFFFh, 9Bh, 0Ch
        SETD    68h, 0, 0FFFFFh, 93h, 0Ch
        SETD    70h, 0, 0FFFFFh, 0FBh, 0Ch
        SETD    78h, 0, 0FFFFFh, 0F3h, 0Ch
        WRITE_MSR 174h, 60h
        WRITE_MSR 175h, BASE + STACK0
        mov     eax, BASE
        add     eax, entry
        WRITE_MSR 176h, eax
        PUTS    "read back: "
        mov     ecx, 174h
        rdmsr
        HEX16   ax
        mov     ecx, 175h
        rdmsr
        HEX32   eax
        NL
        push    dword IF | 2
        popfd
        TO_RING3 .user
.user:  PUTS    "enter: "
        stc
        sysenter                ; no return address: SYSEXIT gets one in EDX, the stack in ECX
.back:                          ; by SYSEXIT: base 0, so EIP is linear
        mov     eax, cs
        mov     [ss:BASE + regs], ax
        mov     ax, ss
        mov     [ss:BASE + regs + 2], ax
        mov     [ss:BASE + regs + 4], esp
        jmp     UCODE32:.home   ; to segments with base 10000h again
.home:  mov     ax, UDATA32
        mov     ss, ax
        mov     esp, STACK3
        mov     ds, ax
        PUTS    "exit: cs "
        HEX16   [regs]
        PUTS    " ss "
        HEX16   [regs + 2]
        PUTS    " esp "
        HEX32   [regs + 4]
        NL
        TRY     "sysexit in ring 3", sysexit
        RING0
        PUTS    "hidden parts do not come from the table: "
        mov     dword [gdt + 60h], 0 ; not even present
        mov     dword [gdt + 60h + 4], 0
        mov     byte [again], 1
        TO_RING3 .user2
.user2: sysenter

entry:  mov     esi, esp        ; flat: linear addresses
        mov     edi, cs
        mov     bx, ss
        pushfd
        pop     ecx
        jmp     CODE32:.in
.in:    mov     ax, DATA32
        mov     ss, ax
        mov     esp, STACK0
        mov     ds, ax
        PUTS    "cs "
        HEX16   di
        PUTS    " ss "
        HEX16   bx
        PUTS    " esp "
        HEX32   esi
        PUTS    " IF VM CF "
        and     ecx, 20201h     ; IF and VM are cleared, the rest stays
        HEX32   ecx
        NL
        cmp     byte [again], 0
        jne     .done
        mov     edx, BASE
        add     edx, main.back
        mov     ecx, BASE + STACK3 - 100h
        mov     ax, UDATA32
        mov     ds, ax
        mov     es, ax
        sysexit
.done:  FINISH

        align   4
regs:   dd      0, 0
again:  db      0
        IMAGE_END
