; pm_segload -- loads of segment registers: types, null, limits of the tables, present, privilege,
; and the accessed bit. SDM 2, MOV and POP; SDM 3, 5.6.
%include "lib.inc"

%macro LOAD 3                   ; "text", register, selector
        mov     ax, %3
        TRY     %1, mov %2, ax
%endmacro

main:   PUTS    "== pm_segload", 10
        ENTER_PM32
        bits    32
        SETD    60h, BASE, 0FFFFh, 90h, 4 ; read only
        SETD    68h, BASE, 0FFFFh, 98h, 4 ; execute only
        SETD    70h, BASE, 0FFFFh, 9Ch, 4 ; conforming, execute only
        SETD    78h, BASE, 0FFFFh, 9Eh, 4 ; conforming, readable
        SETD    80h, BASE, 0FFFFh, 12h, 4 ; data, not present
        SETD    88h, BASE, 0FFFFh, 1Ah, 4 ; code, not present
        SETD    90h, BASE, 0FFFFh, 82h, 0 ; an LDT
        SETD    98h, BASE, 0FFFFh, 0D2h, 4 ; data, DPL 2
        SETD    0A0h, LIN(ldt), 17h, 82h, 0
        SETD    0A8h, LIN(ldt), 17h, 02h, 0 ; not present
        SETD    0B0h, BASE, 0FFFFh, 02h, 0 ; not present, and no segment

        LOAD    "ds null", ds, 0
        LOAD    "ds null, rpl 3", ds, 3
;@qemu 4
        ; QEMU TCG does not check the type when a segment is used (SDM 3, 5.5): the two accesses
        ; through null and the two writes below pass there.
        TRY     "read through null", mov al, [0]
        TRY     "write through null", mov [0], al
        LOAD    "ds data", ds, DATA32
        LOAD    "ds read only", ds, 60h
        TRY     "write there", mov [0], al
        LOAD    "ds execute only", ds, 68h
        LOAD    "ds conforming, execute only", ds, 70h
        LOAD    "ds conforming, readable", ds, 78h
        TRY     "write there", mov [0], al
        LOAD    "ds readable code", ds, CODE32
        LOAD    "ds not present", ds, 80h
        LOAD    "ds code, not present", ds, 88h
        LOAD    "ds system segment", ds, 90h
        LOAD    "ds bad and not present", ds, 0B0h
        LOAD    "ds dpl 2, rpl 3", ds, 9Bh
        LOAD    "ds dpl 2, rpl 2", ds, 9Ah
        LOAD    "ds dpl 0, rpl 1", ds, DATA32 | 1
        LOAD    "ds conforming dpl 0, rpl 3", ds, 7Bh
        LOAD    "ds last entry, empty", ds, 1F8h
        LOAD    "ds beyond the GDT", ds, 200h
        LOAD    "es no LDT", es, 4
        mov     ax, DATA32
        mov     ds, ax

        LOAD    "ss null", ss, 0
        LOAD    "ss rpl 1", ss, DATA32 | 1
        LOAD    "ss dpl 3", ss, UDATA32
        LOAD    "ss dpl 2, rpl 2", ss, 9Ah
        LOAD    "ss read only", ss, 60h
        LOAD    "ss code", ss, CODE32
        LOAD    "ss not present", ss, 80h
        LOAD    "ss bad and not present", ss, 0B0h
        LOAD    "ss beyond", ss, 2F0h
        push    dword 80h
        TRY     "pop ss, not present", pop ss
        TRY     "pop ds, not present", pop ds
        TRY     "pop fs, not present", pop fs
        pop     eax
        TRY     "les, system segment", les ebx, [far_system]
        HEX32   ebx             ; EBX stays when the selector faults
        NL
        TRY     "lss, dpl 3", lss esp, [far_user]

        mov     ax, 0A0h
        TRY     "lldt", lldt ax
        LOAD    "ldt entry 0", es, 4
        LOAD    "ldt entry 1, data", es, 0Ch
        LOAD    "ldt entry 2, not present", es, 14h
        LOAD    "ldt, beyond", es, 1Ch
        TRY     "through it", { mov eax, [es:0] }
        HEX32   eax
        NL
        mov     ax, DATA32
        mov     es, ax
        mov     ax, 0A8h
        TRY     "lldt, not present", lldt ax
        mov     ax, DATA32
        TRY     "lldt, data", lldt ax
        mov     ax, 0Ch
        TRY     "lldt, in the LDT", lldt ax
        mov     ax, 300h
        TRY     "lldt, beyond", lldt ax
        xor     ax, ax
        TRY     "lldt null", lldt ax
        LOAD    "no LDT again", gs, 0Ch

        PUTS    "accessed: "
        HEX8    [gdt + 60h + 5] ; loaded above
        HEX8    [gdt + 68h + 5] ; refused
        HEX8    [gdt + 80h + 5] ; refused
        HEX8    [gdt + 78h + 5]
        HEX8    [ldt + 8 + 5]
        mov     byte [gdt + 98h + 5], 0D2h
        mov     eax, 9Ah
        lar     eax, eax        ; no access
        HEX8    [gdt + 98h + 5]
        verr    ax
        mov     es, [selector]
        HEX8    [gdt + 98h + 5]
        NL
        PUTS    "a segment keeps its descriptor until it is loaded: "
        SETD    60h, BASE, 0FFFFh, 92h, 4
        mov     ax, 60h
        mov     fs, ax
        SETD    60h, 0, 0, 0, 0
        mov     eax, [fs:cell]
        HEX32   eax
        TRY     "; then", mov fs, [selector60]
        FINISH

        align   8
ldt:    DESC    BASE, 0FFFFh, 92h, 4
        DESC    BASE + 800h, 0FFFFh, 92h, 4
        DESC    BASE, 0FFFFh, 12h, 4
cell:   dd      0C0FFEE00h
far_system: dd  1
        dw      90h
far_user: dd    1
        dw      UDATA32
selector: dw    98h
selector60: dw  60h
        IMAGE_END
