; pm_verify -- LAR, LSL, VERR, VERW, ARPL over all descriptor types, from ring 0 and from ring 3.
%include "lib.inc"

%define FIRST   80h             ; descriptors of every type, DPL 0, follow from here

; Prints for the selector in BX: LAR's value or --------, LSL's, VERR and VERW's ZF.
main:   PUTS    "== pm_verify", 10
        ENTER_PM32
        bits    32
        mov     edi, gdt + FIRST ; 32 types: S and type bits count up, present, limit 12345h
        mov     eax, 0
.make:  mov     dword [edi], 2345h
        mov     edx, eax
        shl     edx, 8
        or      edx, 0C18000h   ; G, D, P; the limit's upper bits
        mov     [edi + 4], edx
        add     edi, 8
        inc     eax
        cmp     eax, 32
        jb      .make
        PUTS    "ring 0", 10
        mov     ebx, FIRST
        call    table
        PUTS    "null, rpl of null, beyond, ldt without one, not present", 10
        call    oddities
        mov     edi, gdt + FIRST
        mov     ecx, 32
.dpl:   or      byte [edi + 5], 60h
        add     edi, 8
        loop    .dpl
        PUTS    "ring 3, dpl 3, rpl 3", 10
        TO_RING3 .user
.user:  mov     ebx, FIRST + 3
        call    table
        PUTS    "ring 3, dpl 0", 10
        RING0
        mov     edi, gdt + FIRST
        mov     ecx, 32
.dpl0:  and     byte [edi + 5], ~60h
        add     edi, 8
        loop    .dpl0
        TO_RING3 .user0
.user0: mov     ebx, FIRST
        call    table
        PUTS    "16-bit operands: "
        mov     ebx, UDATA32
        mov     eax, 0AAAAAAAAh
        lar     ax, bx
        HEX32   eax
        mov     eax, 0BBBBBBBBh
        lsl     ax, bx
        HEX32   eax
        lar     eax, [selector] ; memory: a word
        and     eax, 0FFF0FFFFh
        HEX32   eax
        NL
        PUTS    "arpl: "
        mov     ax, 10h
        mov     cx, 13h
        arpl    ax, cx
        call    zf
        HEX16   ax
        mov     ax, 13h
        mov     cx, 10h
        arpl    ax, cx
        call    zf
        HEX16   ax
        arpl    [selector], cx
        call    zf
        NL
        RING0
        PUTS    "accessed bits stay: "
        HEX8    [gdt + FIRST + 16 * 8 + 5]
        HEX8    [gdt + FIRST + 24 * 8 + 5]
        NL
        FINISH

zf:     jz      .set
        PUTS    "-"
        ret
.set:   PUTS    "Z"
        ret

table:  mov     ecx, 32
.next:  call    line
        test    cl, 1
        jz      .same
        NL
        jmp     .on
.same:  PUTS    " | "
.on:    add     ebx, 8
        loop    .next
        ret
oddities:
        xor     ebx, ebx
        call    line
        NL
        mov     ebx, 3
        call    line
        NL
        mov     ebx, 200h
        call    line
        NL
        mov     ebx, 4
        call    line
        NL
        and     byte [gdt + FIRST + 18 * 8 + 5], 7Fh ; data: LAR and LSL do not mind
        mov     ebx, FIRST + 18 * 8
        call    line
        or      byte [gdt + FIRST + 18 * 8 + 5], 80h
        NL
        ret
line:   HEX16   bx
        PUTS    " "
        mov     eax, 0DEADBEEFh
        lar     eax, ebx        ; bits 19-16 are undefined (SDM 2, LAR)
        jnz     .lar
        and     eax, 0FFF0FFFFh
        cmp     eax, eax
.lar:   call    value
        mov     eax, 0DEADBEEFh
        lsl     eax, ebx
        call    value
        verr    bx
        call    zf
        verw    bx
        call    zf
        ret
value:  jnz     .none
        HEX32   eax
        PUTS    " "
        ret
.none:  cmp     eax, 0DEADBEEFh ; unchanged
        jne     .changed
        PUTS    "-------- "
        ret
.changed:
        PUTS    "changed  "
        ret

selector: dw    UDATA32
        IMAGE_END
