; pm32_ops -- 32-bit code: instructions with the other operand or address size, stack frames, and
; transfers that cut EIP to 16 bits.
%include "lib.inc"

%macro PUSHED 2+                ; "text", instruction: bytes pushed, or popped
        PUTS    %1
        mov     ebp, esp
        %2
        sub     ebp, esp
        mov     esp, STACK0 - 100h
        HEX16   bp
        NL
%endmacro

%macro FAR_CALL 1
        call    %1 CODE32:%%next
%%next:
%endmacro

main:   PUTS    "== pm32_ops", 10
        ENTER_PM32
        bits    32
        mov     esp, STACK0 - 100h
        PUSHED  "push ax ", push ax
        PUSHED  "push eax ", push eax
        PUSHED  "push imm8 ", push byte -1
        PUSHED  "push imm8, 16-bit ", { db 66h, 6Ah, 0FFh }
        PUSHED  "push imm32 ", push dword 12345678h
        PUSHED  "push ds ", push ds
        PUSHED  "push ds, 16-bit ", { db 66h, 1Eh }
        PUSHED  "push fs ", push fs
        PUSHED  "pop fs, 16-bit ", { db 66h, 0Fh, 0A1h }
        PUSHED  "pusha ", pusha
        PUSHED  "pushaw ", pushaw
        PUSHED  "pushf ", pushf
        PUSHED  "pushfw ", pushfw
        PUSHED  "call, 16-bit ", { db 66h, 0E8h, 0, 0 }
        PUSHED  "call far ", FAR_CALL dword
        PUSHED  "call far, 16-bit ", FAR_CALL word
        PUSHED  "enter 16, 0 ", enter 16, 0
        PUSHED  "enter 16, 3 ", enter 16, 3
        PUSHED  "enter 16, 31, 16-bit ", { db 66h, 0C8h, 16, 0, 31 }
        PUTS    "what push of imm8 and sign mean: "
        push    byte -128
        pop     eax
        HEX32   eax
        push    byte -128
        pop     ax
        pop     bx
        HEX16   bx
        HEX16   ax
        NL
        PUTS    "pop with esp as base uses ESP after the POP: "
        mov     esp, STACK0 - 100h
        mov     dword [esp + 4], 0
        push    dword 0CAFEh
        pop     dword [esp + 4]
        HEX32   [STACK0 - 100h + 4]
        NL
        PUTS    "pop esp, push esp, leave: "
        mov     ebx, esp
        push    esp
        pop     eax
        sub     eax, ebx
        HEX32   eax
        push    dword STACK0 - 200h
        pop     esp
        HEX16   sp
        mov     ebp, STACK0 - 300h
        mov     dword [ebp], 0ABCDEF01h
        leave
        HEX16   sp
        HEX32   ebp
        mov     ebp, STACK0 - 300h
        db      66h, 0C9h       ; 16-bit: BP only; ESP from EBP
        PUTS    " "
        HEX16   sp
        HEX32   ebp
        mov     esp, STACK0 - 100h
        NL
        PUTS    "jumps of 16 bits cut EIP: "
        mov     eax, 0FFFF0000h
        add     eax, .cut
        jmp     ax
        nop
.cut:   PUTS    "jmp ax, "
        push    word .ret
        o16 ret
.ret:   PUTS    "ret, "
        push    dword 0FFFF0000h | CODE32
        push    dword .retf
        retf
.retf:  PUTS    "retf", 10
        PUTS    "strings with 16-bit addresses: "
        mov     esi, 0FFFF0000h
        add     esi, text
        mov     edi, 0EEEE0000h
        add     edi, buffer
        mov     ecx, 0DDDD0005h
        a16 rep movsb
        HEX32   ecx
        shr     esi, 16
        shr     edi, 16
        HEX16   si
        HEX16   di
        HEX32   [buffer]
        NL
        PUTS    "lea: "
        mov     eax, 12345678h
        mov     ebx, 0FFFFFFFFh
        lea     ecx, [eax + ebx * 8 + 10h]
        HEX32   ecx
        lea     cx, [eax + ebx]
        HEX32   ecx
        mov     ecx, 0
        a16 lea ecx, [bx + si]
        HEX32   ecx
        NL
        PUTS    "16-bit results keep the upper half: "
        mov     eax, 11110000h
        inc     ax
        dec     ax
        dec     ax
        HEX32   eax
        mov     eax, 80008000h
        cbw
        HEX32   eax
        cwde
        HEX32   eax
        mov     edx, 33333333h
        mov     ax, 8000h
        cwd
        HEX32   edx
        mov     ecx, 22222222h
        movsx   cx, al
        HEX32   ecx
        NL
        PUTS    "smsw, sldt, str to registers: "
        mov     eax, -1
        smsw    ax
        shr     eax, 16
        HEX16   ax
        mov     eax, -1
        o16 str ax
        HEX32   eax
        mov     eax, -1
        str     eax
        HEX32   eax
        mov     eax, -1
        mov     eax, ds
        HEX32   eax
        mov     eax, -1
        mov     ax, ds
        HEX32   eax
        NL
        FINISH

text:   db      "abcdefgh"
buffer: times   8 db 0
        IMAGE_END
