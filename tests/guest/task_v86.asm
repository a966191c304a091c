; task_v86 -- task switches with paging and virtual-8086 mode: a TSS whose EFLAGS has VM, back from it by
; task gates in the IDT, CR3 of each task, IRET with NT into V86 mode. SDM 3, 7.3 and 20.2.
%include "lib.inc"

%define TASK_V  60h
%define TASK_M  68h
%define W(x) (400000h - BASE + (x))

main:   PUTS    "== task_v86", 10
        ENTER_PM32
        bits    32
        SETD    TASK_V, LIN(tss_v), TSS_V_SIZE - 1, 89h, 0
        SETD    TASK_M, LIN(tss_m), 67h, 89h, 0
        ; two address spaces: 400000h is frame 60h in one, 62h in the other
        mov     edi, table0
        mov     eax, 7
.low:   stosd
        add     eax, 1000h
        cmp     edi, table0 + 4096
        jb      .low
        mov     dword [dir_a], LIN(table0) + 7
        mov     dword [dir_b], LIN(table0) + 7
        mov     dword [dir_a + 4], LIN(table_a) + 7
        mov     dword [dir_b + 4], LIN(table_b) + 7
        mov     dword [table_a], 60007h
        mov     dword [table_b], 62007h
        mov     dword [60000h - BASE], 0AAAAAAAAh
        mov     dword [62000h - BASE], 0BBBBBBBBh
        mov     eax, LIN(dir_a)
        mov     cr3, eax
        mov     [tss0 + 28], eax
        mov     eax, cr0
        or      eax, 80000000h
        mov     cr0, eax

        PUTS    "call to a V86 task, INT 21h through a task gate:", 10
        SETG    21h, TASK_M, $$, 0E5h
        HEX32   [W(0)]
        NL
        mov     ebp, 1
        call    TASK_V:0
        clts
        PUTS    "back: "
        HEX32   [W(0)]          ; this task's CR3 is back, too
        PUTS    " V86 task as saved: flags "
        mov     eax, [tss_v + 36]
        and     eax, 27200h
        HEX32   eax
        HEX16   [tss_v + 76]    ; CS: a paragraph
        PUTS    " "
        HEX16   [tss_v + 84]
        HEX16   [tss_v + 88]
        HEX16   [tss_v + 92]
        NL

        PUTS    "#GP of V86 through a task gate: "
        SETG    13, TASK_M, $$, 85h
        mov     dword [tss_m + 32], mon_gp
        mov     dword [tss_m + 56], 0A000h
        mov     dword [tss_v + 32], v86_hlt
        mov     byte [gdt + TASK_V + 5], 89h
        mov     byte [gdt + TASK_M + 5], 89h
        mov     dword [tss_v + 36], 20002h
        call    TASK_V:0
        clts
        PUTS    "done", 10
        FINISH

; The monitor's task: a linked call from V86; IRETs back to it, which then ends by INT 22h.
mon:    PUTS    "  monitor: link "
        HEX16   [tss_m]
        PUTS    " here "
        HEX32   [W(0)]
        PUTS    " flags "
        pushfd
        pop     eax
        and     eax, 24200h
        HEX32   eax
        PUTS    " ax of V86 "
        HEX16   [tss_v + 40]
        PUTS    " ip+"
        mov     eax, [tss_v + 32]
        sub     eax, v86.int
        HEX8    ax
        NL
        mov     word [tss_v + 44], 7777h ; its CX
        cmp     byte [calls], 1
        inc     byte [calls]
        jae     .end
        iretd
        jmp     mon
.end:   mov     word [tss_m], TSS0 ; not back to V86, but to the first task
        and     byte [gdt + TASK_V + 5], ~2
        iretd
        jmp     mon
mon_gp: pop     eax
        PUTS    "code "
        HEX16   ax
        PUTS    " link "
        HEX16   [tss_m]
        PUTS    " ip "
        mov     eax, [tss_v + 32]
        sub     eax, v86_hlt
        HEX8    ax
        PUTS    " "
        mov     word [tss_m], TSS0
        and     byte [gdt + TASK_V + 5], ~2
        iretd

        bits    16
v86:    mov     ax, cs
        mov     bx, fs
        PUTS    "  V86: cs "
        HEX16   ax
        PUTS    " fs "
        HEX16   bx
        mov     ax, 1234h
        NL
        int     21h
.int:   PUTS    "  V86 again: cx "
        HEX16   cx
        NL
        int     21h
v86_hlt:hlt

        align   4
calls:  dd      0
tss_v:  dd      0, STACK0 - 400h, DATA32, 0, 0, 0, 0, LIN(dir_b), v86, 23002h
        dd      0, 0, 0, 0, STACKV, 0, 0, 0
        dd      BASE >> 4, BASE >> 4, BASE >> 4, 3000h, 4000h, 5000h, 0
        dw      0, tss_v_map - tss_v
tss_v_map: times 1Dh db 0FFh
        db      0FDh, 0FFh, 0FFh, 0FFh ; port E9h only
TSS_V_SIZE equ  $ - tss_v
        align   4
tss_m:  dd      0, 0, 0, 0, 0, 0, 0, LIN(dir_b), mon, 2
        dd      0, 0, 0, 0, 0A000h, 0, 0, 0
        dd      DATA32, CODE32, DATA32, DATA32, 0, 0, 0, 680000h
        align   4096
dir_a:  times   1024 dd 0
dir_b:  times   1024 dd 0
table0: times   1024 dd 0
table_a: times  1024 dd 0
table_b: times  1024 dd 0
        IMAGE_END
