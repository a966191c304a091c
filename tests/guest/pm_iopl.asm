; pm_iopl -- CLI, STI, PUSHF, POPF and IRET by CPL and IOPL; what POPF and IRET leave alone.
; SDM 2, POPF table 4-18, CLI; the silent POPF is the classic hole of x86's virtualization.
%include "lib.inc"

%macro SETFLAGS 1               ; ring 0: EFLAGS
        push    dword %1
        popfd
%endmacro

main:   PUTS    "== pm_iopl", 10
        PUTS    "real mode: "
        push    dword 0FFFFFFFFh & ~TF & ~20000h ; all but TF and VM
        popfd
        pushfd
        pop     eax
        HEX32   eax             ; RF reads 0; AC and ID can be set; VIF, VIP do not change
        push    word 0FFFFh & ~TF
        popf
        pushf
        pop     ax
        HEX16   ax
        push    dword 2
        popfd
        NL
        ENTER_PM32
        bits    32
        PUTS    "ring 0: "
        push    dword 0FFFFFFFFh & ~TF
        popfd
        pushfd
        pop     eax
        HEX32   eax             ; VM does not change
        o16 push word 0
        o16 popf
        pushfd
        pop     eax
        HEX32   eax             ; the upper half stays
        push    dword 2
        popfd
        NL

%assign iopl 0
%rep 4
        PUTS    "iopl "
        HEX8    iopl
        NL
        SETFLAGS (iopl << 12) | 2
        TO_RING3 .user %+ iopl
.user %+ iopl:
        TRY     "cli", cli
        TRY     "sti", sti
        call    change
        RING0
        SETFLAGS (iopl << 12) | IF | 2
        TO_RING3 .again %+ iopl
.again %+ iopl:
        PUTS    "IF=1: "
        call    change
        RING0
%assign iopl iopl + 1
%endrep

        PUTS    "iret within ring 3: " ; the same rules as POPF, and RF can be set
        SETFLAGS 3002h
        TO_RING3 .inner
.inner: push    dword 0FFFFFFFFh & ~TF & ~20000h & ~4000h
        push    dword UCODE32
        push    dword .a
        iretd
.a:     pushfd
        pop     eax
        HEX32   eax
        RING0
        SETFLAGS 2
        TO_RING3 .inner0
.inner0:push    dword 0FFFFFFFFh & ~TF & ~20000h & ~4000h
        push    dword UCODE32
        push    dword .b
        iretd
.b:     PUTS    " "
        pushfd
        pop     eax
        HEX32   eax
        push    word 0
        push    word UCODE32
        push    word .c - $$
        iretw
.c:     PUTS    " "
        pushfd
        pop     eax
        HEX32   eax
        NL
        TRY     "popf with VM and a limit", { call popf_vm }
        RING0
        PUTS    "iret with NT in ring 3: "
        TO_RING3 .nt
.nt:    push    dword 4002h     ; anyone may set NT
        popfd
        TRY     "", iretd       ; a task return, through a null link
        RING0
        FINISH

; Sets all of EFLAGS that it can, then clears all; prints what POPFD and POPF made of it.
change: push    dword 0FFFFFFFFh & ~TF & ~4000h ; NT would make every IRET a task return
        popfd
        pushfd
        pop     eax
        PUTS    "set "
        HEX32   eax
        push    dword 0
        popfd
        pushfd
        pop     eax
        PUTS    " cleared "
        HEX32   eax
        push    word 0BEFFh
        o16 popf
        o16 pushf
        pop     ax
        PUTS    " 16-bit "
        HEX16   ax
        NL
        ret
popf_vm:push    dword 20002h
        popfd
        pushfd
        pop     eax
        HEX32   eax
        ret
        IMAGE_END
