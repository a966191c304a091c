; umip -- CR4.UMIP: the instructions that show system registers are privileged. SDM 3, 2.5.
;@cpu pentiumpro,+umip corei7_icelake_u qemu32,-apic,+umip
%include "lib.inc"

%macro ALL 0
        TRY     "sgdt", sgdt [space]
        TRY     "sidt", sidt [space]
        TRY     "sldt", sldt ax
        TRY     "sldt, memory", sldt [space]
        TRY     "str", str ax
        TRY     "smsw", smsw ax
        TRY     "smsw, memory", smsw [space]
%endmacro

main:   PUTS    "== umip", 10
        mov     eax, 7
        xor     ecx, ecx
        cpuid
        PUTS    "cpuid: "
        and     ecx, 4
        HEX8    cx
        NL
        mov     eax, cr4
        or      eax, 800h
        mov     cr4, eax
        TRY     "real mode: sgdt", sgdt [space]
        TRY     "smsw", smsw ax
        ENTER_PM32
        bits    32
        PUTS    "ring 0", 10
        ALL
        TO_RING3 .user
.user:  PUTS    "ring 3", 10
        ALL
        TRY     "sgdt, bad operand", sgdt [ss:0FFFFFFFFh]
        RING0
        TO_V86  .v86, 3
        bits    16
.v86:   PUTS    "v86", 10
        TRY     "sgdt", sgdt [space]
        TRY     "sidt", sidt [space]
        TRY     "smsw", smsw ax
        TRY     "sldt", sldt ax
        RING0
        bits    32
        mov     eax, cr4
        and     eax, ~800h
        mov     cr4, eax
        TO_RING3 .user2
.user2: PUTS    "umip off", 10
        ALL
        RING0
        FINISH
space:  times   8 db 0
        IMAGE_END
