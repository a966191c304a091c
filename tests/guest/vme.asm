; vme -- CR4.VME: virtual interrupt flag, 16-bit flag images, redirected INT n in virtual-8086 mode;
; CR4.PVI: CLI and STI at ring 3. SDM 3, 20.3, table 20-2, 20.4.
;
; QEMU TCG has none of it.
;@qemu 64
%include "lib.inc"

%define VIP 100000h
%macro VFLAGS 0                 ; FLAGS as the program sees them, IOPL included
        pushf
        pop     ax
        and     ax, 0FFFFh & ~OSZAPC
        HEX16   ax
        NL
%endmacro
%macro EFLAGS 0                 ; and as they are: int3 is not redirected
        int3
%endmacro

main:   PUTS    "== vme", 10
        ENTER_PM32
        bits    32
        SETD    60h, LIN(tss), TSS_SIZE - 1, 89h, 0
        mov     ax, 60h
        ltr     ax
        mov     eax, cr4
        or      eax, 3
        mov     cr4, eax
        SETG    3, CODE32, show, 0EEh
        SETG    41h, CODE32, monitor, 0EEh
        mov     ax, FLAT        ; the program's vector 40h
        mov     fs, ax
        mov     dword [fs:100h], ((BASE >> 4) << 16) | (handler - $$)

        PUTS    "iopl 0", 10
        TO_V86  .v0, 0
        bits    16
.v0:    EFLAGS
        TRY     "sti", sti
        EFLAGS
        VFLAGS
        TRY     "int 40h", int 40h
        EFLAGS
        TRY     "cli", cli
        EFLAGS
        VFLAGS
        TRY     "int 40h", int 40h
        push    word 0E00h
        TRY     "popf", popf
        cld
        EFLAGS
        push    word 4000h
        TRY     "popf, if 0", popf
        VFLAGS
        EFLAGS
        push    word 302h
        TRY     "popf, tf", popf
        pop     ax
        TRY     "pushfd", pushfd
        push    dword 2
        TRY     "popfd", popfd
        pop     eax
        push    word 202h
        push    cs
        push    word .iret
        TRY     "iret", iret
.iret:  NL
        EFLAGS
        push    word 302h
        push    cs
        push    word .iret
        TRY     "iret, tf", iret
        add     sp, 6
        push    dword 202h
        push    dword BASE >> 4
        push    dword .iret
        TRY     "iretd", iretd
        add     sp, 12
        TRY     "int 41h", int 41h
        TRY     "hlt", hlt
        cli
        PUTS    "an interrupt waits", 10
        mov     dword [toggle], VIP
        EFLAGS
        TRY     "sti", sti
        push    word 202h
        TRY     "popf, if", popf
        TRY     "popf, no if", { popf }
        push    word 2
        TRY     "popf, no if", { popf }
        push    word 202h
        push    cs
        push    word .iret
        TRY     "iret, if", iret
        add     sp, 6
        TRY     "cli", cli
        EFLAGS
        mov     dword [leave], .p0
        int3
        bits    32

.p0:    PUTS    "iopl 3", 10
        TO_V86  .v3, 3
        bits    16
.v3:    sti
        EFLAGS
        VFLAGS
        TRY     "int 40h", int 40h
        EFLAGS
        TRY     "int 41h", int 41h
        TRY     "pushfd", pushfd
        pop     eax
        cli
        EFLAGS
        mov     byte [bitmap - 1], 0 ; the last vectors
        mov     dword [leave], .p3
        int3
        bits    32

.p3:    PUTS    "bitmap beyond the limit", 10
        mov     byte [gdt + 65h], 89h
        mov     word [gdt + 60h], 70h ; up to vector 47h
        mov     ax, 60h
        ltr     ax
        TO_V86  .v4, 3
        bits    16
.v4:    TRY     "", int 48h     ; (nor can this task print)
        mov     dword [leave], .p4
        int3
        bits    32

.p4:    PUTS    "pvi", 10
        push    dword 2
        popfd
        mov     byte [gdt + 65h], 89h
        mov     word [gdt + 60h], TSS_SIZE - 1
        mov     ax, 60h
        ltr     ax
        TO_RING3 .user
.user:  EFLAGS
        TRY     "sti", sti
        EFLAGS
        pushfd
        pop     eax
        and     eax, ~OSZAPC
        HEX32   eax
        NL
        push    dword 2
        TRY     "popfd", popfd
        EFLAGS
        TRY     "cli", cli
        EFLAGS
        mov     dword [toggle], VIP
        EFLAGS
        TRY     "sti", sti
        TRY     "cli", cli
        mov     dword [leave], .ring0
        int3
.ring0: PUTS    "pvi off", 10
        mov     eax, cr4
        and     eax, ~2
        mov     cr4, eax
        TO_RING3 .user2
.user2: TRY     "cli", cli
        TRY     "sti", sti
        RING0
        PUTS    "vme off", 10
        mov     eax, cr4
        and     eax, ~1
        mov     cr4, eax
        TO_V86  .v5, 0
        bits    16
.v5:    TRY     "cli", cli
        TRY     "pushf", pushf
        TRY     "int 40h", int 40h
        mov     dword [leave], .end
        int3
        bits    32
.end:   FINISH

; INT3: shows VIP VIF IOPL IF; toggles what the program asks for; or leaves for ring 0.
show:   push    ebp
        mov     ebp, esp
        push    eax
        PUTS    "  eflags "
        mov     eax, [ebp + 12]
        and     eax, 1A3200h
        HEX32   eax
        NL
        mov     eax, [ss:toggle]
        xor     [ebp + 12], eax
        mov     dword [ss:toggle], 0
        cmp     dword [ss:leave], 0
        jne     .leave
        pop     eax
        pop     ebp
        iretd
.leave: mov     ax, DATA32
        mov     ds, ax
        mov     es, ax
        mov     esp, STACK0
        mov     eax, [leave]
        mov     dword [leave], 0
        jmp     eax
monitor:PUTS    " by the idt"
        iretd
        bits    16
handler:push    bp
        mov     bp, sp
        push    ax
        PUTS    " ip+"
        mov     ax, [bp + 2]
        sub     ax, [try_ip]
        HEX8    ax
        PUTS    " cs "
        HEX16   [bp + 4]
        PUTS    " pushed "
        mov     ax, [bp + 6]
        and     ax, 0FFFFh & ~OSZAPC
        HEX16   ax
        PUTS    " now "
        pushf
        pop     ax
        and     ax, 0FFFFh & ~OSZAPC
        HEX16   ax
        pop     ax
        pop     bp
        iret

        align   4
toggle: dd      0
leave:  dd      0
tss:    dd      0, STACK0, DATA32, 0, 0, 0, 0
        times   18 dd 0
        dw      0, bitmap - tss
        times   8 db 0FFh       ; interrupts
        db      0FEh            ; 40h is redirected
        times   23 db 0FFh
bitmap: times   0E9h / 8 db 0FFh
        db      0FDh
        times   20h - (0E9h / 8) - 1 db 0FFh
        db      0FFh
TSS_SIZE equ    $ - tss
        IMAGE_END
