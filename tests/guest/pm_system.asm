; pm_system -- system instructions by CPL: which fault, which do not (the holes of Popek and
; Goldberg), and what they store. SDM 2; SDM 3, 5.9.
;
; QEMU TCG: RDMSR of an unknown MSR gives 0 (SDM 2: #GP); NW without CD is let pass (SDM 2, MOV CR);
; and it is lost when it sets all that CR4 is told (SDM 2, MOV CR: #GP), accepts a null TR (SDM 2,
; LTR: #GP(0)), or PG without PE.
;@qemu 11
%include "lib.inc"

%macro BOTH 2+                  ; the same in ring 0, and in ring 3
        PUTS    "0: "
        TRY     %1, %2
        TO_RING3 %%user
%%user: PUTS    "3: "
        TRY     %1, %2
        RING0
%endmacro

main:   PUTS    "== pm_system", 10
        PUTS    "real mode: "
        smsw    eax
        HEX16   ax
        sgdt    [space]         ; whatever start-up left: only that it works
        mov     ax, 0FFF0h      ; LMSW: only bits 0-3
        lmsw    ax
        smsw    ax
        and     ax, 0FFCFh      ; (ET and NE differ by processor)
        HEX16   ax
        NL
        TRY     "lldt", lldt ax
        TRY     "mov cr1", { db 0Fh, 22h, 0C8h }
        ENTER_PM32
        bits    32
        mov     dword [space], 0
        BOTH    "sgdt", sgdt [space]
        HEX16   [space]
        HEX32   [space + 2]
        NL
        BOTH    "sidt", sidt [space]
        HEX16   [space]
        HEX32   [space + 2]
        NL
        BOTH    "smsw", smsw ax
        BOTH    "sldt", sldt ax
        BOTH    "str", str ax
        BOTH    "sgdt of a register", { db 0Fh, 01h, 0C0h }
        BOTH    "lgdt", lgdt [gdtr]
        BOTH    "lidt", lidt [idtr]
        BOTH    "lgdt of a register", { db 0Fh, 01h, 0D0h }
        smsw    ax
        BOTH    "lmsw", lmsw [msw]
        BOTH    "clts", clts
        BOTH    "lldt null", lldt [null]
        BOTH    "ltr busy", ltr [tr]
        BOTH    "invd", invd
        BOTH    "wbinvd", wbinvd
        BOTH    "invlpg", invlpg [main]
        BOTH    "invlpg of a register", { db 0Fh, 01h, 0F8h }
        BOTH    "mov eax, cr0", { mov eax, cr0 }
        BOTH    "mov eax, cr2", { mov eax, cr2 }
        BOTH    "mov eax, cr4", { mov eax, cr4 }
        TRY     "mov eax, cr1", { db 0Fh, 20h, 0C8h }
        TRY     "mov eax, cr5", { db 0Fh, 20h, 0E8h }
        BOTH    "mov dr0, eax", { mov dr0, eax }
        BOTH    "mov eax, dr7", { mov eax, dr7 }
        BOTH    "rdtsc", rdtsc
        mov     ecx, 12345678h
        BOTH    "rdmsr of nothing", rdmsr
        BOTH    "cpuid", cpuid
        mov     eax, cr4
        or      eax, 4          ; TSD
        mov     cr4, eax
        BOTH    "rdtsc, cr4.tsd", rdtsc
        mov     eax, cr4
        and     eax, ~4
        mov     cr4, eax

        PUTS    "control registers", 10
        mov     eax, cr0
        and     eax, 7FFFFFFFh
        mov     ebx, eax
        or      ebx, 20000000h  ; NW without CD
        and     ebx, ~40000000h
        TRY     "nw without cd", mov cr0, ebx
        mov     ebx, 80000000h
        TRY     "cr4, reserved", mov cr4, ebx
        mov     eax, 12345678h
        mov     cr2, eax
        xor     eax, eax
        mov     eax, cr2
        HEX32   eax
        mov     eax, 0FFFFh     ; DR6 and DR7: reserved bits
        mov     dr6, eax
        mov     eax, dr6
        HEX32   eax
        mov     eax, 0D000h
        mov     dr7, eax
        mov     eax, dr7
        HEX32   eax
        mov     eax, 0
        mov     dr7, eax
        mov     eax, dr7
        HEX32   eax
        mov     eax, dr5        ; CR4.DE = 0: the same as DR7
        HEX32   eax
        NL
        mov     eax, cr4
        or      eax, 8
        mov     cr4, eax
        TRY     "dr4 with cr4.de", { mov eax, dr4 }
        mov     ax, 0FFFFh      ; LMSW cannot clear PE
        and     ax, ~1
        lmsw    ax
        smsw    eax
        and     ax, 0Fh
        HEX8    ax
        NL
        TRY     "fwait with ts and mp", { db 9Bh }
        clts
        BOTH    "ltr null", ltr [null]
        mov     ebx, cr0
        or      ebx, 80000000h
        and     ebx, ~1
        TRY     "pg without pe", mov cr0, ebx
        FINISH

msw:    dw      1
null:   dw      0
tr:     dw      TSS0
space:  times   8 db 0
        IMAGE_END
