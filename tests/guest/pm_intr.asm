; pm_intr -- gates of the IDT: checks by INT n and by faults, interrupt and trap gates, the inner
; stack, flags, 16-bit gates, the EXT bit. SDM 2, INT n; SDM 3, 6.11-6.13.
;
; QEMU 7.2 TCG does not know INT1 (SDM 2, INT1), never sets EXT (SDM 3, 6.13), gives #TS for an inner
; stack that is not present (SDM 2, INT n: #SS), and is lost where EIP is beyond the limit.
;@qemu 10
%include "lib.inc"

main:   PUTS    "== pm_intr", 10
        ENTER_PM32
        bits    32
        SETD    60h, BASE, 0FFFFh, 9Eh, 4 ; conforming
        SETD    68h, BASE, 0FFFFh, 1Ah, 4 ; not present
        SETG    31h, CODE32, handler, 8Eh ; interrupt gate, DPL 0
        SETG    32h, CODE32, handler, 0EFh ; trap gate, DPL 3
        SETG    33h, CODE16, handler16, 0E6h ; 16-bit interrupt gate
        SETG    34h, CODE16, handler16, 0E7h ; 16-bit trap gate
        SETG    35h, CODE32, handler, 0Eh ; not present
        SETG    36h, 0, handler, 8Eh
        SETG    37h, DATA32, handler, 8Eh
        SETG    38h, 68h, handler, 8Eh
        SETG    39h, UCODE32, inner, 0EEh ; to ring 3
        SETG    3Ah, 60h, inner, 0EEh ; conforming
        SETG    3Bh, CODE32, handler, 0E4h ; a call gate has no place in the IDT
        SETG    3Ch, CODE32 | 3, handler, 8Eh ; RPL is ignored
        SETG    3Dh, CODE32, handler, 8Eh
        mov     byte [idt + 3Dh * 8 + 6], 1 ; offset 1xxxx: beyond the limit
        SETG    3Eh, 200h, handler, 8Eh

        PUTS    "ring 0", 10
        sti
        TRY     "interrupt gate", int 31h
        TRY     "trap gate", int 32h
        TRY     "16-bit interrupt gate", int 33h
        TRY     "16-bit trap gate", int 34h
        cli
        TRY     "gate not present", int 35h
        TRY     "to null", int 36h
        TRY     "to data", int 37h
        TRY     "to code, not present", int 38h
        TRY     "to ring 3", int 39h
        TRY     "to conforming", int 3Ah
        TRY     "call gate", int 3Bh
        TRY     "gate with rpl 3", int 3Ch
        TRY     "target beyond the GDT", int 3Eh
        TRY     "an empty gate", int 0FFh
        lidt    [short_idt]
        TRY     "beyond the IDT", int 3Eh
        lidt    [idtr]
        pushfd                  ; NT and TF of the interrupted are saved, and cleared
        or      dword [esp], 4000h
        popfd
        TRY     "with NT", int 31h
        pushfd
        and     dword [esp], ~4000h
        popfd

        PUTS    "ring 3", 10
        TO_RING3 .user
.user:  TRY     "dpl 0", int 31h
        TRY     "trap gate, dpl 3", int 32h
        TRY     "16-bit, dpl 3", int 33h
        TRY     "to ring 3", int 39h
        TRY     "to conforming", int 3Ah
        TRY     "call gate, dpl 3", int 3Bh
        TRY     "not present, dpl 0", int 35h ; privilege is checked first
        TRY     "int3 needs dpl 3", int3
        TRY     "int 3, too", { db 0CDh, 3 }
        mov     al, 7Fh
        inc     al
        TRY     "into, too", into
        TRY     "int1 does not", { db 0F1h }
        TRY     "a fault does not", ud2
        RING0
        SETG    3, CODE32, handler, 0EEh
        SETG    4, CODE32, handler, 0EEh
        TO_RING3 .user2
.user2: TRY     "int3", int3
        mov     al, 7Fh
        inc     al
        TRY     "into", into
        xor     al, al
        TRY     "into, no overflow", into
        RING0

        PUTS    "bad inner stacks", 10 ; #TS, with EXT when an exception was on its way
        SETD    90h, BASE, 0FFFFh, 0BAh, 4 ; ring 1's code: gates lead there, TSS's SS1 is bad
        SETG    41h, 90h, handler, 0EEh
        SETG    6, 90h, handler, 8Eh
        mov     word [tss0 + 16], DATA32 | 1
        TO_RING3 .user3
.user3: TRY     "int, ss1 dpl 0", int 41h
        TRY     "ud2, ss1 dpl 0", ud2
        mov     word [tss0 + 16], 0
        TRY     "ud2, ss1 null", ud2
        RING0
        SETD    98h, BASE, 0FFFFFh, 32h, 0Ch ; ring 1, not present
        mov     word [tss0 + 16], 99h
        TO_RING3 .user4
.user4: TRY     "int, ss1 not present", int 41h
        TRY     "ud2, ss1 not present", ud2
        RING0
        PUTS    "faults in delivery, error code with EXT", 10
        SETG    6, 68h, handler, 8Eh ; #UD's code is not present
        TRY     "ud2, code not present", ud2
        SETG    6, DATA32, handler, 8Eh
        TRY     "ud2, to data", ud2
        SETG    6, CODE32, handler, 0Eh
        TRY     "ud2, gate not present", ud2
        TRY     "beyond the limit", int 3Dh
        FINISH

inner:  PUTS    " there"
        iretd
handler:push    ebp             ; shows the frame
        mov     ebp, esp
        push    eax
        push    ds
        mov     ax, DATA32
        mov     ds, ax
        PUTS    " frame "
        HEX16   [ebp + 8]
        mov     ax, [ebp + 12]
        and     ax, 4300h       ; NT, IF, TF
        HEX16   ax
        PUTS    " now "
        FLAGS   4300h
        mov     eax, cs
        PUTS    " cs "
        HEX16   ax
        test    byte [ebp + 8], 3
        jz      .same
        PUTS    " ss:esp "
        HEX16   [ebp + 20]
        HEX32   [ebp + 16]
.same:  pop     ds
        pop     eax
        pop     ebp
        iretd
        bits    16
handler16:
        push    ebp
        movzx   ebp, sp
        push    ax
        PUTS    " frame "
        HEX16   [ebp + 6]
        mov     ax, [ebp + 8]
        and     ax, 4300h
        HEX16   ax
        PUTS    " now "
        FLAGS   4300h
        test    byte [ebp + 6], 3
        jz      .same
        PUTS    " ss:sp "
        HEX16   [ebp + 12]
        HEX16   [ebp + 10]
.same:  pop     ax
        pop     ebp
        iret
short_idt:
        dw      3Eh * 8 + 6
        dd      LIN(idt)
        IMAGE_END
