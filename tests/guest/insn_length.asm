; insn_length -- instructions of up to 15 bytes; more are #GP(0), whatever they would be; at the end of
; a page and of the segment: which comes first. SDM 3, table 6-2 and 6.15 "Interrupt 13".
;
; QEMU 7.2 TCG fetches from the next page when 15 prefixes end at the first one's, and checks no limits.
;@qemu 3
%include "lib.inc"

%define W(x) (400000h - BASE + (x)) ; linear 400000h + x
%define PAGE 60000h - BASE      ; where its first page is; the second is absent

; Writes N prefixes 3Eh and an opcode byte, ending with it before the page's offset 1000h - after.
%macro LAY 3                    ; prefixes, opcode, bytes behind it on the page
        mov     edi, PAGE + 1000h - (%3) - 1 - (%1)
        mov     ecx, %1
        mov     al, 3Eh
        rep     stosb
        mov     byte [edi], %2
%endmacro
%macro RUN 4                    ; text, prefixes, opcode, bytes behind
        LAY     %2, %3, %4
        TRY     %1, { call W(1000h - (%4) - 1 - (%2)) }
%endmacro

main:   PUTS    "== insn_length", 10
        ENTER_PM32
        bits    32
        mov     dword [page_dir], 87h
        mov     dword [page_dir + 4], LIN(table) + 7
        mov     dword [table], 60007h
        mov     eax, cr4
        or      al, 10h
        mov     cr4, eax
        mov     eax, LIN(page_dir)
        mov     cr3, eax
        mov     eax, cr0
        or      eax, 80000000h
        mov     cr0, eax
        SETD    60h, BASE, 0FFFFFh, 9Ah, 0Ch
        jmp     60h:.flat
.flat:  PUTS    "inside a page", 10
        RUN     "15 bytes, ret", 14, 0C3h, 100h
        RUN     "16 bytes, ret", 15, 0C3h, 100h
        RUN     "16 bytes, ud2's first", 15, 0Fh, 100h
        RUN     "15 prefixes and lock", 15, 0F0h, 100h
        RUN     "40 prefixes", 40, 0C3h, 100h
        PUTS    "at its end", 10
        RUN     "15 bytes", 14, 0C3h, 0
        RUN     "16 bytes", 15, 0C3h, 0
        LAY     14, 3Eh, 0
        TRY     "15 prefixes", { call W(0FF1h) }
        TRY     "14 prefixes, then nothing", { call W(0FF2h) }
        TRY     "1 prefix, then nothing", { call W(0FFFh) }
        mov     byte [PAGE + 0FFFh], 0B8h
        TRY     "mov eax: no immediate", { call W(0FFFh) }
        mov     dword [PAGE + 0FF0h], 3E3E3E3Eh
        mov     dword [PAGE + 0FF4h], 3E3E3E3Eh
        mov     dword [PAGE + 0FF8h], 3E3E3E3Eh
        mov     dword [PAGE + 0FFCh], 0B83E3E3Eh
        TRY     "12 bytes and 4 beyond", { call W(0FF4h) }
        mov     word [PAGE + 0FFEh], 0FFF0h ; LOCK, and half an opcode
        TRY     "lock, modrm absent", { call W(0FFEh) }
        mov     word [PAGE + 0FFEh], 0B0Fh
        TRY     "ud2 is whole", { call W(0FFEh) }
        PUTS    "at the end of the segment", 10
        SETD    70h, 400000h, 7FFh, 9Ah, 4
        LAY     14, 0CBh, 800h
        TRY     "15 bytes, retf", { call 70h:7F1h }
        LAY     15, 0CBh, 800h
        TRY     "16 bytes, retf", { call 70h:7F0h }
        mov     byte [PAGE + 7FFh], 3Eh
        TRY     "1 prefix, then nothing", { call 70h:7FFh }
        mov     byte [PAGE + 7FFh], 0Fh
        TRY     "half an opcode", { call 70h:7FFh }
        FINISH

        align   4096
page_dir: times 1024 dd 0
table:  times   1024 dd 0
        IMAGE_END
