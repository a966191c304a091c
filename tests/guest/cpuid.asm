; cpuid -- CPUID, TSC and MSRs: stable facts only, those that every P6 shares. SDM 2, CPUID.
%include "lib.inc"

main:   PUTS    "== cpuid", 10
        PUTS    "ID and AC can be toggled: "
        pushfd
        pop     eax
        mov     ebx, eax
        xor     eax, 240000h
        push    eax
        popfd
        pushfd
        pop     eax
        xor     eax, ebx
        and     eax, 240000h
        HEX32   eax
        push    ebx
        popfd
        NL
        PUTS    "vendor: "
        xor     eax, eax
        cpuid
        mov     [vendor], ebx
        mov     [vendor + 4], edx
        mov     [vendor + 8], ecx
        mov     si, vendor
        mov     cx, 12
        mov     dx, 0E9h
        rep     outsb
        cmp     eax, 1
        PUTS    " leaf 1 is there: "
        setae   al
        HEX8    ax
        NL
        PUTS    "family, and features fpu-cmov (de pse tsc msr pae cx8 sep pge cmov): "
        mov     eax, 1
        cpuid
        shr     eax, 8
        and     ax, 0Fh
        HEX8    ax
        PUTS    " "
        and     edx, 0A97Ch & ~200h & ~1000h ; DE PSE TSC MSR PAE CX8, SEP, PGE, CMOV
        HEX16   dx
        NL
        PUTS    "all registers are written, upper halves too: "
        mov     eax, 0FFFF0000h ; an unknown leaf: the highest basic one's data, or zeros
        mov     ebx, 0FFFFFFFFh
        cpuid
        cmp     ebx, 0FFFFFFFFh
        setne   al
        HEX8    ax
        NL
        PUTS    "the tsc counts upwards: "
        rdtsc
        mov     esi, eax
        mov     edi, edx
        mov     cx, 1000
        loop    $
        rdtsc
        sub     eax, esi
        sbb     edx, edi
        or      eax, edx
        setnz   cl
        HEX8    cx
        PUTS    " at most a second's: " ; (a thousand LOOPs)
        cmp     edx, 0
        sete    cl
        HEX8    cx
        NL
        PUTS    "tsc by msr 10h: "
        mov     ecx, 10h
        xor     edx, edx
        mov     eax, 1000h
        wrmsr
        rdtsc
        HEX32   edx
        cmp     eax, 1000h
        setae   al
        HEX8    ax
        NL
        PUTS    "sysenter msrs keep 32 bits: "
        mov     ecx, 174h
        mov     eax, 0DEADBEE8h
        xor     edx, edx
        wrmsr
        mov     ecx, 176h
        mov     eax, 12345678h
        wrmsr
        mov     ecx, 174h
        rdmsr
        HEX16   ax
        mov     ecx, 176h
        rdmsr
        HEX32   edx
        HEX32   eax
        NL
        mov     ecx, 12345678h
;@qemu 1
        ; QEMU TCG gives 0 (SDM 2, RDMSR: #GP).
        TRY     "rdmsr of nothing", rdmsr
        PUTS    "long nops: "
        db      0Fh, 1Fh, 00h
        db      0Fh, 1Fh, 46h, 10h
        db      66h, 0Fh, 1Fh, 84h, 34h, 12h
        db      66h, 0Fh, 1Fh, 0C0h
        PUTS    "done", 10
        mov     bx, 0FFFFh
        TRY     "a long nop touches no memory", { db 0Fh, 1Fh, 07h }
        FINISH

        align   4
vendor: times   12 db 0
        IMAGE_END
