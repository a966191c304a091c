; real_string -- string instructions: REP, direction, address size, wrap at 64 KiB, segment
; override, REPE/REPNE endings.
%include "lib.inc"

%macro REGS 0                   ; CX SI DI
        HEX16   cx
        PUTS    " "
        HEX16   si
        PUTS    " "
        HEX16   di
%endmacro
%macro REGS_FLAGS 0
        REGS
        PUTS    " flags "
        FLAGS   OSZAPC
        NL
%endmacro
%macro SUM 2                    ; checksum of %2 bytes at %1
        mov     si, %1
        mov     cx, %2
        call    checksum
        PUTS    " sum "
        HEX32   eax
        NL
%endmacro

main:   PUTS    "== real_string", 10
        mov     di, buffer      ; 64 bytes of 0, 7, 14...
        xor     al, al
.fill:  stosb
        add     al, 7
        cmp     di, buffer + 64
        jb      .fill

        PUTS    "movsb up, overlapping "
        mov     si, buffer
        mov     di, buffer + 1
        mov     cx, 10
        rep     movsb
        sub     si, buffer
        sub     di, buffer
        REGS
        SUM     buffer, 64
        PUTS    "movsw down "
        std
        mov     si, buffer + 40
        mov     di, buffer + 44
        mov     cx, 9
        rep     movsw
        sub     si, buffer
        sub     di, buffer
        cld
        REGS
        SUM     buffer, 64
        PUTS    "movsd with count 0 "
        xor     cx, cx
        rep     movsd
        REGS
        NL
        PUTS    "movsd once "
        mov     si, buffer
        mov     di, buffer + 50
        movsd
        SUM     buffer, 64
        PUTS    "stosd, lodsb "
        mov     eax, 0DEADBEEFh
        mov     di, buffer + 3
        mov     cx, 5
        rep     stosd
        mov     si, buffer + 1
        mov     cx, 6
        rep     lodsb
        HEX16   ax
        SUM     buffer, 64

        PUTS    "repne scasb, found "
        mov     di, text
        mov     cx, 20
        mov     al, 'q'
        repne   scasb
        sub     di, text
        REGS_FLAGS
        PUTS    "repne scasb, not found "
        mov     di, text
        mov     cx, 5
        mov     al, '?'
        repne   scasb
        sub     di, text
        REGS_FLAGS
        PUTS    "repe cmpsb "
        mov     si, text
        mov     di, text2
        mov     cx, 20
        repe    cmpsb
        sub     si, text
        sub     di, text2
        REGS_FLAGS
        PUTS    "repe cmpsb, count 0, flags stay "
        xor     cx, cx
        stc
        repe    cmpsb
        FLAGS   OSZAPC
        NL
        PUTS    "repne cmpsw down "
        std
        mov     si, text + 10
        mov     di, text2 + 11
        mov     cx, 4
        repne   cmpsw
        cld
        sub     si, text
        sub     di, text2
        REGS_FLAGS

        PUTS    "wrap at 64K: "
        mov     ax, 3000h
        mov     es, ax
        mov     di, 0FFFEh
        mov     cx, 4
        mov     al, 5Ah
        rep     stosb
        REGS
        HEX8    [es:0]
        HEX8    [es:1]
        mov     al, [es:0FFFFh]
        HEX8    ax
        NL
        PUTS    "32-bit address size: "
        mov     ecx, 10003h     ; ECX, not CX
        mov     edi, 100h
        mov     esi, 0
        mov     al, 0
        mov     byte [es:103h], 77h
        mov     byte [es:102h], 1
        a32     repe scasb      ; memory is 0 up to 3000:0102
        HEX32   ecx
        PUTS    " "
        HEX32   edi
        NL
        PUTS    "16-bit count leaves upper half: "
        mov     ecx, 0AAAA0002h
        mov     edi, 0BBBB0100h
        rep     stosb
        HEX32   ecx
        HEX32   edi
        NL
        PUTS    "override of the source "
        mov     byte [es:200h], 0A5h
        mov     si, 200h
        es      lodsb
        HEX8    ax
        PUTS    " ss "
        mov     si, text
        ss      lodsb
        HEX8    ax
        NL
        PUTS    "outsb: "
        mov     si, text
        mov     cx, 19
        mov     dx, 0E9h
        rep     outsb
        HEX16   cx
        NL
        PUTS    "word at FFFF: "
;@qemu 3
        ; QEMU TCG checks no limits (SDM 3, 5.3).
        mov     si, 0FFFFh      ; real mode: limit FFFFh, the second byte lies beyond
        TRY     "lodsw", lodsw
        mov     si, 0FFFDh
        mov     cx, 3
        mov     di, buffer
        push    ds
        pop     es
        TRY     "rep movsw up to it", rep movsw
        sub     di, buffer
        REGS                    ; one iteration done, the second faulted: restartable
        NL
        FINISH

checksum:
        xor     eax, eax
.next:  rol     eax, 5
        xor     al, [si]
        inc     si
        dec     cx
        jnz     .next
        ret
text:   db      "the quick brown fox"
text2:  db      "the quick brawn box"
buffer: times   72 db 0
        IMAGE_END
