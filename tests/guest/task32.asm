; task32 -- hardware task switching, 32-bit TSS: JMP, CALL, IRET, INT and exceptions through task
; gates; busy bits, NT, back link, CR0.TS, CR3, LDTR, the T bit. SDM 3, 7.
%include "lib.inc"

%define TASK_A  60h
%define TASK_B  68h
%define GATE_A  70h
%define GATE_B  78h
%define LDT_B   80h

main:   PUTS    "== task32", 10
        ENTER_PM32
        bits    32
        SETD    TASK_A, LIN(tss_a), 67h, 89h, 0
        SETD    TASK_B, LIN(tss_b), 67h, 89h, 0
        SETD    LDT_B, LIN(ldt), 7, 82h, 0
        mov     dword [gdt + GATE_A], TASK_A << 16
        mov     dword [gdt + GATE_A + 4], 8500h
        mov     dword [gdt + GATE_B], TASK_B << 16
        mov     dword [gdt + GATE_B + 4], 8500h
        SETG    31h, TASK_A, $$, 85h

        PUTS    "call: "
        mov     eax, 11111111h  ; into TSS0's image
        mov     ebx, 22222222h
        stc
        call    TASK_A:0
.after_call:
        pushfd
        call    clean
        HEX32   eax
        HEX32   ebx
        pop     edx
        HEX16   dx              ; CF came back
        HEX32   [tss0 + 40]     ; EAX as saved
        mov     eax, [tss0 + 32]
        sub     eax, .after_call
        HEX8    ax              ; the saved EIP is that of the next instruction
        call    busy
        PUTS    "call again: "  ; task A goes on behind its IRET
        call    TASK_A:0
        call    clean
        call    busy
        PUTS    "call through a gate: "
        call    GATE_A:0
        call    clean
        call    busy
        PUTS    "int through a gate: "
        int     31h
        call    clean
        call    busy
        PUTS    "jmp there and back: "
        mov     word [tss_a], 0FFFFh ; a JMP does not write the back link
        mov     byte [how], 1
        jmp     TASK_A:0
        call    clean
        call    busy
        HEX16   [tss_a]
        NL
        mov     byte [how], 0
        PUTS    "nested: "
        mov     byte [how], 2
        call    GATE_A:0
        call    clean
        call    busy
        mov     byte [how], 0

        PUTS    "exception by task gate, with its error code on the new stack: "
        SETG    13, TASK_B, $$, 85h
        mov     dword [tss_b + 32], fault_task
        mov     dword [try_ip], .gp
.gp:    mov     ds, [selector]  ; #GP(FFF8)
        call    clean
        SETG    13, CODE32, idt_stubs + 13 * STUB32_SIZE, 8Eh

        NL
        PUTS    "ring 3 task, ldt, cr3 untouched without paging: "
        mov     dword [tss_b + 32], ring3_task
        mov     dword [tss_b + 36], 3202h
        mov     dword [tss_b + 56], STACK3
        mov     dword [tss_b + 72], UDATA32 ; ES CS SS DS
        mov     dword [tss_b + 76], UCODE32
        mov     dword [tss_b + 80], UDATA32
        mov     dword [tss_b + 84], 7 ; in its LDT
        mov     dword [tss_b + 96], LDT_B
        mov     dword [tss_b + 4], 0C000h
        mov     dword [tss_b + 8], DATA32
        mov     word [tss_b + 102], io_map - tss0 ; = 104: beyond the limit, no map
        call    TASK_B:0
        call    clean
        HEX16   [tss_b + 40]    ; its registers, as saved on its way out: AX = CS
        HEX16   [tss_b + 52]
        HEX32   [tss_b + 44]
        HEX16   [tss_b + 48]
        call    busy
        sldt    ax
        PUTS    "ldt "
        HEX16   ax              ; TSS0's: none
        NL

;@qemu 1
        ; QEMU TCG does not know the T bit (SDM 3, 7.2.1; 17.3.1.4).
        PUTS    "T bit: #DB before the first instruction "
        mov     byte [tss_a + 100], 1
        SETG    1, CODE32, debug, 8Eh
        call    TASK_A:0
        call    clean
        mov     byte [tss_a + 100], 0
        call    busy

        PUTS    "ts: "
        clts
        smsw    ax
        HEX8    ax
        call    TASK_A:0
        smsw    ax
        HEX8    ax
        TRY     " fpu use", { db 0DBh, 0E3h } ; FNINIT: #NM
        clts
        FINISH

clean:  clts
        ret
busy:   PUTS    " busy "        ; type bytes: 8B busy, 89 available
        HEX8    [gdt + TSS0 + 5]
        HEX8    [gdt + TASK_A + 5]
        HEX8    [gdt + TASK_B + 5]
        NL
        ret
debug:  PUTS    "#DB dr6 "
        mov     eax, dr6
        HEX16   ax
        xor     eax, eax
        mov     dr6, eax
        mov     eax, [esp]
        sub     eax, task_a.again
        PUTS    " ip+"
        HEX8    ax
        iretd

; Task A: prints what it finds; then IRET, or JMP, or CALL to B.
task_a: PUTS    "[A link "
        HEX16   [tss_a]
        PUTS    " flags "
        FLAGS   4001h           ; NT, CF
        str     ax
        PUTS    " tr "
        HEX16   ax
        smsw    ax
        and     ax, 8           ; TS
        HEX8    ax
        call    busy_in
        PUTS    "]"
        cmp     byte [how], 1
        je      .jump
        cmp     byte [how], 2
        je      .call
        iretd
.again: jmp     task_a
.jump:  jmp     TSS0:0
        jmp     task_a
.call:  call    TASK_B:0
        iretd
        jmp     task_a
busy_in:PUTS    " busy "
        HEX8    [gdt + TSS0 + 5]
        HEX8    [gdt + TASK_A + 5]
        HEX8    [gdt + TASK_B + 5]
        ret
task_b: PUTS    "[B link "
        HEX16   [tss_b]
        call    busy_in
        PUTS    "]"
        iretd
        jmp     task_b
fault_task:
        PUTS    "code "
        pop     eax
        HEX16   ax
        PUTS    " esp "
        HEX32   esp
        PUTS    " ip+"
        mov     eax, [tss0 + 32]
        sub     eax, [try_ip]
        HEX8    ax
        add     dword [tss0 + 32], 7 ; over the instruction
        call    busy_in
        iretd
        jmp     fault_task
ring3_task:
        mov     eax, cs
        mov     ebx, ds
        mov     ecx, [cell]     ; through the LDT
        sldt    dx
        iretd                   ; NT: back to the caller, from ring 3

        align   8
ldt:    DESC    BASE, 0FFFFFh, 0F2h, 0Ch
how:    dd      0
cell:   dd      0C0FFEE00h
selector: dw    0FFF8h
        align   4
tss_a:  dd      0, 0, 0, 0, 0, 0, 0, 0, task_a, 2
        dd      0A0h, 0A1h, 0A2h, 0A3h, 0B000h, 0, 0, 0
        dd      DATA32, CODE32, DATA32, DATA32, 0, 0, 0, 680000h
tss_b:  dd      0, 0, 0, 0, 0, 0, 0, 0, task_b, 2
        dd      0B0h, 0B1h, 0B2h, 0B3h, 0A000h, 0, 0, 0
        dd      DATA32, CODE32, DATA32, DATA32, 0, 0, 0, 680000h
        IMAGE_END
