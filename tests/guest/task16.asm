; task16 -- 16-bit TSS, and what goes wrong in task switches: whose fault it is, before or in the new
; task, with which error code. SDM 3, 7.2-7.3, table 7-1.
%include "lib.inc"

%define TASK    60h
%define TASK16  68h
%define TSS_MON 0C8h

%macro SWITCH 2                 ; "text", selector: a CALL that is to fail in the old task
        TRY     %1, call %2:0
%endmacro
%macro BAD 4                    ; "text", TSS field, its size, value: fails in the new task
        PUTS    %1
        mov     %3 [tss_new + %2], %4
        call    attempt
%endmacro

main:   PUTS    "== task16", 10
        ENTER_PM32
        bits    32
        SETD    TASK, LIN(tss_new), 67h, 89h, 0
        SETD    TASK16, LIN(tss16), 2Bh, 81h, 0
        SETD    70h, LIN(tss_new), 66h, 89h, 0 ; too short
        SETD    78h, LIN(tss16), 2Ah, 81h, 0
        SETD    80h, LIN(tss_new), 67h, 09h, 0 ; not present
        SETD    88h, LIN(tss_new), 67h, 8Bh, 0 ; busy
        SETD    90h, BASE, 0FFFFFh, 12h, 0Ch ; data, not present
        SETD    98h, BASE, 0FFFFh, 1Ah, 4 ; code, not present
        SETD    0A0h, LIN(ldt), 7, 02h, 0 ; LDT, not present
        mov     dword [gdt + 0A8h], TASK << 16
        mov     dword [gdt + 0A8h + 4], 0500h ; task gates: not present,
        mov     dword [gdt + 0B0h], 90h << 16
        mov     dword [gdt + 0B0h + 4], 8500h ; to data,
        mov     dword [gdt + 0B8h], 4 << 16
        mov     dword [gdt + 0B8h + 4], 8500h ; to the LDT
        mov     dword [gdt + 0C0h], 88h << 16
        mov     dword [gdt + 0C0h + 4], 8500h ; to a busy task

        PUTS    "16-bit: "
        mov     eax, 12345678h
        call    TASK16:0
        clts
        HEX32   eax
        HEX16   [tss16]         ; link
        HEX16   [tss16 + 18]    ; AX as it was on its way out
        HEX16   [tss16 + 26]    ; SP
        HEX8    [gdt + TASK16 + 5]
        NL
        PUTS    "a 32-bit task called from a 16-bit one: "
        mov     byte [how], 1
        call    TASK16:0
        clts
        HEX16   [tss_new]
        HEX16   [tss16 + 18]
        NL
        mov     byte [how], 0

        PUTS    "refused in the old task", 10
        SWITCH  "tss too short", 70h
        SWITCH  "16-bit tss too short", 78h
        SWITCH  "tss not present", 80h
        SWITCH  "tss busy", 88h
        SWITCH  "itself", TSS0
        SWITCH  "gate not present", 0A8h
        SWITCH  "gate to data", 0B0h
;@qemu 1
        ; QEMU TCG: #TS. SDM 2, CALL, task gate: "local/global bit is set to local: #GP(TSS selector)".
        SWITCH  "gate to the ldt", 0B8h
        SWITCH  "gate to a busy task", 0C0h
        SWITCH  "rpl 3", TASK | 3
        pushfd
        or      dword [esp], 4000h
        popfd
        mov     word [tss0], 0
        TRY     "iret, null link", iretd
        mov     word [tss0], TASK
        TRY     "iret, link to a task not busy", iretd
        mov     word [tss0], 90h
        TRY     "iret, link to data", iretd
        mov     word [tss0], 4
        TRY     "iret, link in the ldt", iretd
        pushfd
        and     dword [esp], ~4000h
        popfd
        HEX8    [gdt + TASK + 5] ; none of them is busy now
        HEX8    [gdt + 70h + 5]
        NL

        PUTS    "refused in the new task", 10
        SETG    10, TSS_MON, $$, 85h ; #TS, #NP, #SS, #GP by a task of their own
        SETG    11, TSS_MON, $$, 85h
        SETG    12, TSS_MON, $$, 85h
        SETG    13, TSS_MON, $$, 85h
        SETD    TSS_MON, LIN(tss_mon), 67h, 89h, 0
        BAD     "cs null", 76, word, 0
        BAD     "cs data", 76, word, DATA32
        BAD     "cs not present", 76, word, 98h
        ; Bochs names SS, whose RPL is not 3 either; SDM 3, table 7-1 has CS's check first.
;@sed s/^cs rpl 3 code 0010/cs rpl 3 code 0008/
        BAD     "cs rpl 3", 76, word, CODE32 | 3
        BAD     "cs beyond", 76, word, 200h
        BAD     "ss null", 80, word, 0
        BAD     "ss dpl 3", 80, word, UDATA32 & ~3
        BAD     "ss rpl 3", 80, word, DATA32 | 3
        BAD     "ss code", 80, word, CODE32
        BAD     "ss not present", 80, word, 90h
        BAD     "ds code, not readable", 84, word, TASK
        BAD     "ds not present", 84, word, 90h
        BAD     "es beyond", 72, word, 3F8h
        BAD     "gs in the ldt, none", 92, word, 4
        BAD     "ldt not present", 96, word, 0A0h
        BAD     "ldt is data", 96, word, DATA32
        BAD     "ldt in the ldt", 96, word, 4
        BAD     "eip beyond", 32, dword, 10000h
        FINISH

; Calls the broken task; the monitor task's report comes first, and it returns here by JMP.
attempt:pop     dword [go_on]
        call    TASK:0
        PUTS    "not refused", 10
        jmp     [go_on]
mon:    pop     eax             ; the error code
        PUTS    " code "
        HEX16   ax
        PUTS    " from "
        HEX16   [tss_mon]       ; back link: who faulted
        PUTS    " link "
        HEX16   [tss_new]       ; and who had called it
        PUTS    " busy "
        HEX8    [gdt + TSS0 + 5]
        HEX8    [gdt + TASK + 5]
        NL
        mov     esi, tss_good   ; repair, and back to TSS0 as if nothing had been
        mov     edi, tss_new
        mov     ecx, 26
        rep     movsd
        mov     byte [gdt + TASK + 5], 89h
        mov     byte [gdt + TSS0 + 5], 89h
        mov     eax, [go_on]
        mov     [tss0 + 32], eax
        mov     dword [tss0 + 36], 2
        mov     dword [tss0 + 56], STACK0
        jmp     TSS0:0
        jmp     mon

new:    PUTS    "[32] "
        iretd
        jmp     new
        bits    16
task16: mov     cx, cs
        PUTS    "[16, cs "
        HEX16   cx
        FLAGS   4000h
        PUTS    "]"
        mov     ax, 9999h
        cmp     byte [how], 0
        je      .back
        call    TASK:0
.back:  iret
        jmp     task16

        align   8
ldt:    dq      0
how:    dd      0
go_on:  dd      0
        align   4
%macro  TSS32 2                 ; EIP, ESP
        dd      0, 0, 0, 0, 0, 0, 0, 0, %1, 2, 0, 0, 0, 0, %2, 0, 0, 0
        dd      DATA32, CODE32, DATA32, DATA32, 0, 0, 0, 680000h
%endmacro
tss_new: TSS32  new, 0A000h
tss_good: TSS32 new, 0A000h
tss_mon: TSS32  mon, 0B000h
tss16:  dw      0, 0, 0, 0, 0, 0, 0, task16, 2, 1616h, 0, 0, 0, 0C000h, 0, 0, 0
        dw      DATA16, CODE16, DATA16, DATA16, 0
        IMAGE_END
