; nanobench -- what single things cost: a mark on port E7h before and after a hundred of each.
;
; Marks 2n and 2n + 1 enclose benchmark n; n = 0 is the empty loop. After the published table of Adams and Agesen
; (ASPLOS 2006); the figures are the cost model's, and the same on every host.
%include "lab.inc"

%define ROUNDS  100
%define DIR     100000h
%define TABLE   101000h
%macro BENCH 2+                 ; number, instructions
        %2                      ; once before, so that everything is in its place
        mov     al, %1 * 2
        out     0E7h, al
        mov     ecx, ROUNDS
%%loop: %2
        loop    %%loop
        mov     al, %1 * 2 + 1
        out     0E7h, al
%endmacro
%macro GATE 3                   ; vector, handler, access
        mov     eax, %2
        mov     [idt + %1 * 8], ax
        mov     byte [idt + %1 * 8 + 5], %3
%endmacro

main:   mov     edi, TABLE      ; the first 4 MiB, for everybody
        mov     eax, 7
.page:  stosd
        add     eax, 1000h
        cmp     eax, 400007h
        jb      .page
        mov     dword [DIR], TABLE | 7
        mov     dword [TABLE + 3FFh * 4], 0 ; but for the last page
        mov     eax, DIR
        mov     cr3, eax
        mov     eax, cr0
        or      eax, 80000000h
        mov     cr0, eax
        jmp     .on
.on:    mov     ax, TSS
        ltr     ax
        GATE    0, skip_insn, 8Eh
        GATE    14, skip_fault, 8Eh
        GATE    80h, back, 0EEh
        mov     ebx, 3FF000h
        mov     esi, 200000h
        xor     edi, edi
        BENCH   0, nop
        BENCH   1, call routine
        BENCH   2, in al, 80h
        BENCH   3, mov cr2, eax
        BENCH   5, mov eax, [ebx] ; 2 bytes
        BENCH   6, call touch
        BENCH   7, div edi      ; 2 bytes
        BENCH   8, mov [TABLE + 3FEh * 4], ecx
        BENCH   9, rdtsc
        BENCH   10, call gate
        BENCH   11, call flags
        mov     ax, UDATA
        mov     ds, ax
        push    dword UDATA     ; to level 3, with IOPL 3 for the sake of the marks
        push    dword 6F00h
        push    dword 3002h
        push    dword UCODE
        push    dword user
        iretd
user:   BENCH   4, int 80h
        RIGHT

routine:
        ret
touch:  mov     al, [esi]       ; a page that the guest's tables have, and no shadow
        add     esi, 1000h
        ret
gate:   cli
        sti
        ret
flags:  pushfd
        popfd
        ret
skip_fault:
        add     esp, 4
skip_insn:
        add     dword [esp], 2
back:   iretd
