; priority -- of the reasons that an instruction has to fault, which one it gives: SDM 3A table 6-2, and the
; order of an instruction's own checks.
;
; QEMU 7.2 TCG checks neither limits nor LOCK, looks at memory before a pending x87 error, and is lost at
; the breakpoint, which it restarts.
;@qemu 15
%include "lib.inc"

%define W(x) (400000h - BASE + (x)) ; linear 400000h + x: absent
%define ABSENT W(0)

main:   PUTS    "== priority", 10
        fninit
        ENTER_PM32
        bits    32
        mov     edi, table0
        mov     eax, 7
.low:   stosd
        add     eax, 1000h
        cmp     edi, table0 + 4096
        jb      .low
        mov     dword [page_dir], LIN(table0) + 7
        mov     eax, LIN(page_dir)
        mov     cr3, eax
        mov     eax, cr0
        or      eax, 80000020h  ; PG, NE
        mov     cr0, eax
        SETD    60h, 400000h, 0FFFh, 93h, 4 ; absent memory, and a limit
        SETD    68h, 400000h, 0FFFh, 91h, 4 ; the same, read only
        SETD    70h, BASE, 0FFFFh, 13h, 4 ; not present
        SETD    78h, BASE, 0FFFFh, 0B3h, 4 ; DPL 1
        SETD    80h, BASE, 0FFFFh, 33h, 4 ; DPL 1, not present
        mov     ax, 60h
        mov     es, ax
        mov     ax, 68h
        mov     fs, ax
        PUTS    "limit, type before page", 10
        TRY     "beyond the limit of absent memory", mov al, [es:1000h]
        TRY     "below it", mov al, [es:0]
        TRY     "written, read only", mov [fs:0], al
        TRY     "read", mov al, [fs:0]
        PUTS    "undefined before all", 10
        TRY     "lock mov", { db 0F0h, 0A3h, 0, 0, 3Fh, 0 }
        TRY     "lgdt of a register", { db 0Fh, 01h, 0D0h }
        TRY     "lea of a register", { db 8Dh, 0C0h }
        TRY     "mov cr1, eax", { db 0Fh, 22h, 0C8h }
        PUTS    "operand before its use", 10
        xor     ecx, ecx
        TRY     "div by absent memory", div dword [ABSENT]
        TRY     "div by 0", div ecx
        TRY     "bound, absent", bound eax, [ABSENT]
        TRY     "jmp far, absent pointer", jmp far [ABSENT]
        TRY     "lgdt, absent", lgdt [ABSENT]
        TRY     "push of absent memory", push dword [ABSENT]
        TRY     "pop to absent memory", pop dword [ABSENT]
        PUTS    "selectors: type and privilege before presence", 10
        mov     ax, 70h
        TRY     "not present", mov gs, ax
        mov     ax, 80h
        TRY     "ss, DPL 1, not present", mov ss, ax
        mov     ax, 78h
        TRY     "ss, DPL 1", mov ss, ax
        mov     ax, 70h
        TRY     "ss, not present", mov ss, ax
        PUTS    "x87", 10
        mov     eax, cr0
        or      al, 8
        mov     cr0, eax
        TRY     "#NM before the operand's page", fld dword [ABSENT]
        TRY     "limit", fld dword [es:1000h]
        TRY     "lock before #NM", { db 0F0h, 0D9h, 05h, 0, 0, 3Fh, 0 }
        clts
        fninit
        fldcw   [unmasked]
        fldz
        fld1
        fdivrp                  ; 1 / 0: waits to be seen
        TRY     "#MF before the operand's page", fld dword [ABSENT]
        TRY     "limit", fld dword [es:1000h]
        TRY     "waits not: fnstsw", fnstsw word [ABSENT]
        mov     eax, cr0
        or      al, 0Ah
        mov     cr0, eax
        TRY     "#NM before #MF", wait
        clts
        fninit

        PUTS    "ring 3", 10
        TO_RING3 .user
.user:  TRY     "lgdt, absent: privilege first", lgdt [ABSENT]
        TRY     "lgdt of a register: undefined first", { db 0Fh, 01h, 0D0h }
        TRY     "mov cr1", { db 0Fh, 22h, 0C8h }
        TRY     "mov cr0", mov cr0, eax
        TRY     "invlpg of a register", { db 0Fh, 01h, 0F8h }
        TRY     "lock hlt", { db 0F0h, 0F4h }
        mov     dx, 84h
        mov     esi, ABSENT
        mov     edi, ABSENT
        TRY     "outsb: permission before memory", outsb
        TRY     "insb", insb
        mov     ax, 10h         ; DPL 0
        TRY     "mov gs, DPL 0", mov gs, ax
        TRY     "int 40h: privilege before presence", int 40h
        RING0

        PUTS    "breakpoint on an instruction, before the rest", 10
        SETG    1, CODE32, debug, 8Eh
        mov     eax, .ud + BASE
        mov     dr0, eax
        mov     eax, 402h
        mov     dr7, eax
        mov     dword [resume], .after
        mov     dword [try_ip], .ud
        mov     [resume_cs], cs
        mov     [try_sp], esp
        PUTS    "ud2:"
.ud:    ud2                     ; #DB; with RF the #UD
.after: mov     eax, .pf + BASE
        mov     dr0, eax
        mov     dword [resume], .after2
        mov     dword [try_ip], .pf
        PUTS    "absent:"
.pf:    mov     eax, [ABSENT]
.after2:PUTS    "a data breakpoint is a trap: none by a fault", 10
        mov     eax, LIN(space)
        mov     dr0, eax
        mov     eax, 0F0402h    ; read and write, 4 bytes
        mov     dr7, eax
        mov     esi, space
        mov     edi, ABSENT
        TRY     "movsd to absent memory", movsd
        mov     edi, space + 8
        mov     esi, space
        TRY     "movsd", movsd
        TRY     "push of it", { push dword [space] }
        pop     eax
        xor     eax, eax
        mov     dr7, eax
        FINISH

debug:  push    eax
        PUTS    " #DB"
        mov     eax, dr6
        PUTS    ":"
        HEX16   ax
        xor     eax, eax
        mov     dr6, eax
        pop     eax
        or      dword [esp + 8], 10000h ; RF
        iretd
unmasked: dw    37Bh            ; ZM clear
        align   8
space:  dd      1, 2, 3, 4
        align   4096
page_dir: times 1024 dd 0
table0: times   1024 dd 0
        IMAGE_END
