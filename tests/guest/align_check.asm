; align_check -- #AC: CR0.AM, EFLAGS.AC, ring 3 only; which accesses are checked, and by what they must
; be divisible. SDM 3, 6.15 "Interrupt 17", table 6-7.
;
; QEMU 7.2 TCG does not check alignment.
;@qemu 11
%include "lib.inc"

main:   PUTS    "== align_check", 10
        ENTER_PM32
        bits    32
        mov     eax, cr0
        or      eax, 40000h
        mov     cr0, eax
        push    dword 40002h
        popfd
        TRY     "ring 0", mov eax, [data + 1]
        push    dword UDATA32
        push    dword STACK3
        push    dword 40002h
        push    dword UCODE32
        push    dword .user
        mov     ax, UDATA32
        mov     ds, ax
        mov     es, ax
        iretd
.user:  mov     ebx, data
        TRY     "word, even", mov ax, [ebx + 2]
        TRY     "word, odd", mov ax, [ebx + 1]
        TRY     "dword at 2", mov eax, [ebx + 2]
        TRY     "dword at 4", mov eax, [ebx + 4]
        TRY     "write at 1", mov [ebx + 1], eax
        TRY     "read-modify-write", inc dword [ebx + 3]
        TRY     "cmpxchg8b at 2", cmpxchg8b [ebx + 2]
        TRY     "cmpxchg8b at 4", cmpxchg8b [ebx + 4]
        TRY     "cmpxchg8b at 8", cmpxchg8b [ebx + 8]
        TRY     "bt at 2", bt dword [ebx + 2], 1
        TRY     "movzx word, odd", movzx eax, word [ebx + 1]
        lea     esi, [ebx + 1]
        mov     edi, ebx
        TRY     "movsd from 1", movsd
        mov     edi, ebx
        mov     ecx, 2
        mov     esi, ebx
        TRY     "rep movsb at any", rep movsb
        lea     edi, [ebx + 2]
        TRY     "stosd to 2", stosd
        lea     edx, [esp - 2]
        xchg    esp, edx
        mov     dword [resume], .after ; (by hand: PUTS would push there)
        mov     dword [try_ip], .push
        mov     [resume_cs], cs
        mov     [try_sp], esp
.push:  push    eax
.after: xchg    esp, edx
        TRY     "lea", lea eax, [ebx + 1]
        pushfd
        and     dword [esp], ~40000h
        popfd
        TRY     "ac clear", mov eax, [ebx + 1]
        RING0
        FINISH

        align   16
data:   times   8 dd 0
        IMAGE_END
