; double_fault -- exceptions in the delivery of exceptions: which pairs make a double fault, which are
; delivered one after the other; #DF's error code and frame; #DF by task gate. SDM 3, table 6-5.
;
; QEMU 7.2 TCG never sets EXT in error codes (SDM 3, 6.13), and does not know INT1.
;@qemu 3
%include "lib.inc"

%macro GATE_NOT_PRESENT 1
        mov     byte [idt + (%1) * 8 + 5], 0Eh
%endmacro
%macro GATE_GOOD 1
        mov     byte [idt + (%1) * 8 + 5], 8Eh
%endmacro

main:   PUTS    "== double_fault", 10
        ENTER_PM32
        bits    32
        SETD    60h, BASE, 0FFFFh, 1Ah, 4 ; code, not present
        SETD    68h, LIN(tss_df), 67h, 89h, 0
        SETD    78h, BASE, 0FFFFFh, 12h, 0Ch ; data, not present

        PUTS    "benign, then contributory: serial", 10
        GATE_NOT_PRESENT 6
        TRY     "ud2, gate 6 not present", ud2
        GATE_GOOD 6
        GATE_NOT_PRESENT 3
        TRY     "int3, gate 3 not present", int3
        GATE_GOOD 3
        GATE_NOT_PRESENT 1
        TRY     "int1, gate 1 not present", { db 0F1h }
        GATE_GOOD 1
        mov     ecx, 5
        GATE_NOT_PRESENT 5
        TRY     "bound, gate 5 not present", bound ecx, [bounds]
        GATE_GOOD 5
        GATE_NOT_PRESENT 31h
        TRY     "int 31h, gate not present", int 31h

        PUTS    "contributory, then contributory: double", 10
        xor     ecx, ecx
        GATE_NOT_PRESENT 0
        TRY     "div, gate 0 not present", div ecx
        GATE_GOOD 0
        GATE_NOT_PRESENT 11
        TRY     "not present, gate 11 not present", mov ds, [absent]
        TRY     "int 31h, gates 31h and 11", int 31h
        GATE_NOT_PRESENT 6
        TRY     "ud2, then #NP, then #NP", ud2
        GATE_GOOD 6
        GATE_GOOD 11
        GATE_NOT_PRESENT 13
        TRY     "gp, gate 13 not present", mov ds, [beyond]
        TRY     "int FFh, an empty gate", int 0FFh
        mov     word [idt + 13 * 8 + 2], 0FFF8h
        GATE_GOOD 13
        TRY     "gp, code beyond the GDT", mov ds, [beyond]
        mov     word [idt + 13 * 8 + 2], 60h
        TRY     "gp, code not present", mov ds, [beyond]
        mov     word [idt + 13 * 8 + 2], 0
        TRY     "gp, code null", mov ds, [beyond]
        mov     word [idt + 13 * 8 + 2], CODE32
        lidt    [short_idt]     ; room for vectors 0-8
        TRY     "gp, beyond the IDT", mov ds, [beyond]
        TRY     "ud2 does not need that", ud2
        lidt    [idtr]

        PUTS    "page faults", 10
        mov     dword [page_dir], 87h ; one page of 4 MiB, and no other
        mov     eax, cr4
        or      al, 10h
        mov     cr4, eax
        mov     eax, LIN(page_dir)
        mov     cr3, eax
        mov     eax, cr0
        or      eax, 80000000h
        mov     cr0, eax
        mov     ax, FLAT
        mov     fs, ax
        TRY     "page fault", mov eax, [fs:400004h]
        GATE_NOT_PRESENT 14
        TRY     "page fault, gate not present", mov eax, [fs:400004h]
        GATE_GOOD 14
        mov     dword [tss0 + 4], 500000h - BASE ; ring 0's stack is there
        mov     dword [tss0 + 28], LIN(page_dir) ; CR3 is read from a TSS, and never written
        SETG    8, 68h, $$, 85h ; so #DF needs a task
        TO_RING3 .user
.user:  mov     dword [try_ip], .fault
.fault: ud2                     ; #UD, serial #PF, #PF: double
        PUTS    "on in ring 3: "
        TRY     "ud2", ud2
        RING0
        FINISH

; The double fault task: prints, repairs the stack, steps over the instruction.
df_task:pop     eax
        PUTS    "task #DF("
        HEX16   ax
        PUTS    ") link "
        HEX16   [tss_df]
        PUTS    " from cs "
        HEX16   [tss0 + 76]
        PUTS    " ip+"
        mov     eax, [tss0 + 32]
        sub     eax, [try_ip]
        HEX8    ax
        PUTS    " cr2 "
        mov     eax, cr2
        HEX32   eax
        NL
        add     dword [tss0 + 32], 2
        mov     dword [tss0 + 4], STACK0
        iretd
        jmp     df_task

        align   4
tss_df: dd      0, 0, 0, 0, 0, 0, 0, LIN(page_dir), df_task, 2
        dd      0, 0, 0, 0, 0B000h, 0, 0, 0
        dd      DATA32, CODE32, DATA32, DATA32, 0, 0, 0, 680000h
bounds: dd      0, 0
absent: dw      78h
beyond: dw      0FFF8h
short_idt: dw   9 * 8 - 1
        dd      LIN(idt)
        align   4096
page_dir: times 1024 dd 0
        IMAGE_END
