; pse36 -- 4 MiB pages: what their entries may hold, with PSE-36 and a PAT; physical addresses above
; 4 GiB, where nothing is. SDM 3A 4.3, table 4-4.
;
; QEMU 7.2 TCG reads zeros where nothing is; a fault by reserved bits has P clear (SDM 3A 4.7: RSVD is
; set with P only).
;@qemu 6
;@cpu pentium3 p3_katmai pentium3,-apic
%include "lib.inc"

%define W(x) (800000h - BASE + (x)) ; linear 800000h + x
%macro MAPBIG 1                 ; linear 800000h by the entry %1
        mov     dword [page_dir + 8], %1
        mov     eax, cr3
        mov     cr3, eax
%endmacro

main:   PUTS    "== pse36", 10
        mov     eax, 1
        cpuid
        PUTS    "pse, pat, pse-36: "
        and     edx, 30008h
        HEX32   edx
        NL
        ENTER_PM32
        bits    32
        mov     eax, cr4
        or      al, 10h
        mov     cr4, eax
        mov     dword [page_dir], 87h
        mov     eax, LIN(page_dir)
        mov     cr3, eax
        mov     eax, cr0
        or      eax, 80000000h
        mov     cr0, eax
        mov     dword [flat + 60000h - BASE], 12345678h
        MAPBIG  87h
        PUTS    "physical 0: "
        HEX32   [W(60000h)]
        mov     eax, [page_dir + 8]
        HEX16   ax              ; A
        NL
        MAPBIG  1087h
        PUTS    "its PAT bit: "
        HEX32   [W(60000h)]
        NL
        MAPBIG  2087h           ; bit 13: physical bit 32
        PUTS    "4 GiB: "
        HEX32   [W(60000h)]
        mov     dword [W(60000h)], 55555555h
        HEX32   [W(60000h)]
        HEX32   [flat + 60000h - BASE] ; not there
        NL
        MAPBIG  1E087h          ; … bits 32 to 35
        PUTS    "60 GiB: "
        HEX32   [W(60000h)]
        NL
;@sed s/^reserved bit 17 ok/reserved bit 17 #PF(0009)+00 cr2=00860000/
        ; Bochs and QEMU have 40 bits of physical address. Table 4-4: with 36, bits 17 to 21 are reserved.
        MAPBIG  20087h
        TRY     "reserved bit 17", mov eax, [W(60000h)]
        MAPBIG  200087h
        TRY     "reserved bit 21", mov eax, [W(60000h)]
        TRY     "  written", mov [W(60000h)], eax
        MAPBIG  200086h
        TRY     "  and not present", mov eax, [W(60000h)]
        TO_RING3 .user
.user:  TRY     "ring 3, not present", mov eax, [W(60000h)]
        RING0
        MAPBIG  200087h
        TO_RING3 .user2
.user2: TRY     "ring 3, reserved", mov eax, [W(60000h)]
        RING0
        MAPBIG  83h
        TO_RING3 .user3
.user3: TRY     "ring 3, supervisor", mov eax, [W(60000h)]
        RING0
        mov     eax, cr4        ; without PSE the entry is a table's address: physical 200000h
        and     al, ~10h
        mov     dword [page_dir], LIN(table) + 7
        mov     cr4, eax
        mov     dword [flat + 200000h + 60h * 4 - BASE], 60007h
        MAPBIG  200087h
        PUTS    "pse off: "
        HEX32   [W(60000h)]
        NL
        FINISH

flat    equ     0
        align   4096
page_dir: times 1024 dd 0
table:
%assign page 7
%rep 1024
        dd      page
%assign page page + 1000h
%endrep
        IMAGE_END
