; restart -- an instruction that faults leaves every register and flag as it was, whatever it had done
; before the access that failed; after the cause is gone it runs as if nothing had been.
;
; The operand lies on a page that is not present. The #PF handler compares the registers with those
; before, makes the page present, and restarts; the result is printed after that.
;
; QEMU TCG reads first when it is to read and write: its error codes say "read" (SDM 3, 4.7).
;@qemu 13
%include "lib.inc"

%define WINDOW 400000h          ; linear; pages 0 and 1: 0 is present, 1 is made so by the handler
%define W(x) (WINDOW - BASE + (x))

%macro CHECK 3                  ; offset in PUSHAD's image, value before, "name"
        cmp     dword [esp + %1], %2
        je      %%same
        PUTS    " ", %3
%%same:
%endmacro
; Registers before: set by prepare; ESI = EBX = W(1000h): absent; EDI = W(800h): present.
%macro R 2+
        PUTS    %1
        mov     dword [try_ip], %%insn
        mov     dword [on], %%on
        call    prepare
%%insn: %2
        call    report
%%on:   mov     esp, STACK0
%endmacro

%macro LEAVE_BACK 0
        leave
        mov     esp, STACK0 - 100h
%endmacro
%macro LAR_ONLY 0
        lar     eax, [ebx]
        mov     eax, 0          ; some bits of it are undefined
%endmacro

main:   PUTS    "== restart", 10
        ENTER_PM32
        bits    32
        mov     edi, table0
        mov     eax, 7
.low:   stosd
        add     eax, 1000h
        cmp     edi, table0 + 4096
        jb      .low
        mov     dword [page_dir], LIN(table0) + 7
        mov     dword [page_dir + 4], LIN(table1) + 7
        mov     dword [table1], 60007h
        mov     eax, LIN(page_dir)
        mov     cr3, eax
        mov     eax, cr0
        or      eax, 80000000h
        mov     cr0, eax
        SETG    14, CODE32, fault, 8Eh

        R       "mov ", mov eax, [ebx]
        R       "add ", add [ebx], eax
        R       "adc reg ", adc eax, [ebx]
        R       "inc ", inc dword [ebx]
        R       "neg ", neg dword [ebx]
        R       "shl ", shl dword [ebx], 3
        R       "rcl word ", rcl word [ebx], 1
        R       "xchg ", xchg eax, [ebx]
        R       "xadd ", xadd [ebx], eax
        R       "cmpxchg ", cmpxchg [ebx], ecx
        R       "cmpxchg8b across ", cmpxchg8b [ebx - 4]
        R       "mul ", mul dword [ebx]
        R       "imul ", imul edx, [ebx], 100
        R       "div ", div dword [ebx - 2]
        R       "cdq idiv ", idiv word [ebx]
        R       "bts ", bts [ebx - 8], ecx ; bit 69: two dwords on
        R       "btc imm ", btc dword [ebx], 5
        R       "bsf ", bsf ecx, [ebx]
        R       "shld ", shld [ebx], eax, 7
        R       "setc ", setc [ebx]
        R       "cmovc ", cmovc eax, [ebx] ; reads whether or not it moves
        R       "movzx ", movzx eax, byte [ebx]
        R       "lodsd ", lodsd
        R       "movsd from ", movsd
        R       "cmpsd ", cmpsd
        R       "lodsb ", lodsb
        R       "les ", les eax, [ebx - 4] ; the offset is there, the selector is not
        R       "bound ", bound edx, [ebx - 4]
        R       "push mem ", push dword [ebx]
        R       "pop mem ", pop dword [ebx]
        R       "xlat ", xlatb
        R       "call mem ", { call near [ebx] }
        R       "enter ", { enter 4, 2 } ; copies a frame pointer from there
        R       "leave ", LEAVE_BACK    ; EBP leads to the absent page
        R       "smsw ", smsw [ebx]
        R       "arpl ", arpl [ebx], dx
        R       "mov seg ", mov fs, [ebx]
        R       "mov to mem seg ", mov [ebx], ds
        R       "lar ", LAR_ONLY
        R       "jmp far mem ", jmp far [ebx]
        FINISH

landing:PUTS    "landed", 10
        jmp     [on]          ; CALL and JMP through memory arrive here

; Known registers and flags, page 1 absent, its content known.
prepare:mov     dword [table1 + 4], 61006h
        mov     eax, cr3
        mov     cr3, eax
        mov     dword [60FFCh - BASE], 0 ; before the page boundary
        mov     dword [61000h - BASE], 10h ; in page 1: a number, an offset, DATA32
        mov     dword [61004h - BASE], CODE32
        mov     byte [10h], 68h ; at 10h (start-up's code, done with): PUSH landing, RET
        mov     dword [11h], landing
        mov     byte [15h], 0C3h
        pop     dword [return]
        mov     esp, STACK0 - 100h
        mov     eax, 61000h
        mov     ecx, 45h
        mov     edx, 5
        mov     ebx, W(1000h)
        mov     esi, W(1000h)
        mov     edi, W(800h)
        mov     ebp, W(1000h) + 2
        push    dword OF | SF | AF | CF | 2
        popfd
        mov     [sp_before], esp
        jmp     [return]

; Page fault: pushed are code, EIP, CS, EFLAGS.
fault:  pushad
        mov     eax, [esp + 32]
        PUTS    "#PF"
        HEX8    ax
        or      byte [table1 + 4], 1
        mov     eax, [esp + 36]
        sub     eax, [try_ip]
        jz      .ip
        PUTS    " ip"
.ip:    lea     eax, [esp + 48]
        cmp     eax, [sp_before]
        je      .sp
        PUTS    " sp"
.sp:    mov     eax, [esp + 44]
        and     eax, OSZAPC
        cmp     eax, OF | SF | AF | CF
        je      .flags
        PUTS    " flags"
.flags: CHECK   28, 61000h, "eax"
        CHECK   24, 45h, "ecx"
        CHECK   20, 5, "edx"
        CHECK   16, W(1000h), "ebx"
        CHECK   8, W(1000h) + 2, "ebp"
        CHECK   4, W(1000h), "esi"
        CHECK   0, W(800h), "edi"
        PUTS    " | "
        popad
        add     esp, 4
        iretd

; After the instruction: a checksum of registers, and of memory.
report: pushfd
        pushad
        mov     ebp, esp
        mov     eax, [ebp + 32]
        and     eax, OSZAPC
        HEX16   ax
        PUTS    " "
        mov     edx, 0
        mov     ecx, 8
        mov     esi, ebp
.regs:  lodsd
        ror     edx, 5
        add     edx, eax
        loop    .regs
        HEX32   edx
        PUTS    " "
        HEX32   [60FFCh - BASE]
        HEX32   [61000h - BASE]
        NL
        mov     ax, DATA32
        mov     es, ax
        popad
        popfd
        ret

        align   4
return: dd      0
sp_before: dd   0
on:     dd      0
        align   4096
page_dir: times 1024 dd 0
table0: times   1024 dd 0
table1: times   1024 dd 0
        IMAGE_END
