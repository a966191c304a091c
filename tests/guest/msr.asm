; msr -- MTRRs: what they hold, and what is #GP(0). SDM 3A 11.11.2. (Bochs 2.7's P6 has no registers
; for machine check and performance counters: see tests/unit/test_msr.c.)
%include "lib.inc"
;@qemu 11
        ; QEMU TCG stores whatever is written, reserved bits and types included.

%macro SHOW 2                   ; name, MSR
        mov     ecx, %2
        TRY     %1, rdmsr
        PUTS    "    "
        HEX32   edx
        HEX32   eax
        NL
%endmacro
%macro PUT 4                    ; name, MSR, high, low
        mov     ecx, %2
        mov     edx, %3
        mov     eax, %4
        TRY     %1, wrmsr
%endmacro

main:   PUTS    "== msr", 10
        mov     eax, 1
        cpuid
        PUTS    "mtrr, mca: "
        and     edx, 5000h
        HEX16   dx
        NL
        SHOW    "mtrrcap", 0FEh
        PUT     "mtrrcap is read-only", 0FEh, 0, 508h
        PUT     "physbase0", 200h, 0, 12345006h
        SHOW    "physbase0", 200h
        PUT     "physmask7", 20Fh, 0Fh, 0FFC00800h
        SHOW    "physmask7", 20Fh
        PUT     "physbase, reserved bit 8", 200h, 0, 12345106h
        PUT     "physbase, reserved bit 44", 200h, 1000h, 12345006h
        PUT     "physbase, type 2", 200h, 0, 2
        PUT     "physbase, type 7", 200h, 0, 7
        PUT     "physmask, reserved bit 0", 201h, 0, 801h
        PUT     "fix64k", 250h, 06060606h, 05040100h
        SHOW    "fix64k", 250h
        PUT     "fix16k, type 3 in byte 1", 258h, 06060606h, 05040300h
        SHOW    "fix16k", 258h
        PUT     "fix4k", 26Fh, 05050505h, 05050505h
        SHOW    "fix4k", 26Fh
        PUT     "default", 2FFh, 0, 0C06h
        SHOW    "default", 2FFh
        PUT     "default, reserved bit 12", 2FFh, 0, 1C06h
        PUT     "default, type 7", 2FFh, 0, 0C07h
        SHOW    "default", 2FFh
        PUT     "disabled", 2FFh, 0, 0
        FINISH
        IMAGE_END
