; pm_limits -- limit checks in protected mode: byte and page granularity, expand-down, 16- and
; 32-bit stacks, code limits, and access by type. SDM 3, 5.3.
;
; QEMU TCG checks neither limits nor types when a segment is used: it prints "ok" for nearly all, and
; is lost in the stack tests.
;@qemu 51
%include "lib.inc"

%macro USE 2                    ; "text", selector: ES = selector
        PUTS    %1, 10
        mov     ax, %2
        mov     es, ax
%endmacro
%macro AT 2                     ; "text", offset: a read through ES
        TRY     %1, mov al, [es:dword %2]
%endmacro

%macro STACKED 3+               ; "text", ESP, instruction: with a stack of 4 KiB
        PUTS    %1
        mov     dword [resume], %%fault
        mov     dword [try_ip], %%insn
        mov     [resume_cs], cs
        mov     dword [try_sp], %2
        mov     ss, [small]
        mov     esp, %2
%%insn: %3
        lss     esp, [stack3]
        mov     dword [resume], 0
        PUTS    " ok", 10
        jmp     short %%end
%%fault:lss     esp, [stack3]
%%end:
%endmacro

main:   PUTS    "== pm_limits", 10
        ENTER_PM32
        bits    32
        SETD    60h, BASE, 0FFFh, 92h, 4
        SETD    68h, BASE, 0, 92h, 0Ch   ; one page
        SETD    70h, BASE, 0FFFh, 96h, 4 ; expand-down, 32-bit: 1000-FFFFFFFF
        SETD    78h, BASE, 0FFFh, 96h, 0 ; expand-down, 16-bit: 1000-FFFF
        SETD    80h, BASE, 0FFFFFh, 96h, 0Ch ; expand-down, all: nothing left
        SETD    88h, 0FFFFF000h, 0FFFFFh, 92h, 0Ch ; base near the top: linear addresses wrap
        SETD    90h, BASE, 0, 92h, 4     ; one byte
        SETD    0A8h, BASE, 0FFFh, 0F2h, 4
        SETD    98h, BASE, 0FFFh, 9Ah, 4
        SETD    0A0h, BASE, 0FFFFh, 98h, 4 ; execute only

        USE     "bytes", 60h
        AT      "0FFF", 0FFFh
        AT      "1000", 1000h
        TRY     "word 0FFF", mov ax, [es:0FFFh]
        TRY     "dword 0FFC", mov eax, [es:0FFCh]
        TRY     "dword 0FFD", mov eax, [es:0FFDh]
        TRY     "dword FFFFFFFF", mov eax, [es:0FFFFFFFFh]
        TRY     "write 1000", mov [es:1000h], al
        TRY     "xchg 1000", xchg [es:1000h], al
        TRY     "les 0FFA", lfs ebx, [es:0FFAh] ; 6 bytes fit: the selector is 0 there or not
        TRY     "les 0FFB", lfs ebx, [es:0FFBh]
        TRY     "sgdt 0FFB", sgdt [es:0FFBh]
        TRY     "bound 0FF9", bound ebx, [es:0FF9h]
        TRY     "cmpxchg8b 0FF9", cmpxchg8b [es:0FF9h]
        mov     edi, 0FFEh
        mov     ecx, 4
        TRY     "rep stosb", rep stosb
        HEX16   cx
        HEX16   di
        NL
        USE     "pages", 68h
        AT      "0FFF", 0FFFh
        AT      "1000", 1000h
        USE     "one byte", 90h
        AT      "0", 0
        AT      "1", 1
        USE     "expand-down, 32-bit", 70h
        AT      "0", 0
        AT      "0FFF", 0FFFh
        AT      "1000", 1000h
        AT      "10000", 10000h
        TRY     "dword FFFFFFFC", mov eax, [es:0FFFFFFFCh]
        TRY     "dword FFFFFFFD", mov eax, [es:0FFFFFFFDh]
        USE     "expand-down, 16-bit", 78h
        AT      "0FFF", 0FFFh
        AT      "1000", 1000h
        AT      "FFFF", 0FFFFh
        AT      "10000", 10000h
        TRY     "word FFFF", mov ax, [es:0FFFFh]
        USE     "expand-down, nothing", 80h
        AT      "0", 0
        AT      "FFFFFFFF", 0FFFFFFFFh
        USE     "wrap around 4 GiB", 88h
        mov     eax, [es:marker + BASE + 1000h]
        HEX32   eax
        NL
        USE     "readable code", 98h
        AT      "0FFF", 0FFFh
        AT      "1000", 1000h
        TRY     "write 0", mov [es:0], al

        PUTS    "stacks", 10
        TO_RING3 .user
.user:  STACKED "push dword", 2, push eax
        STACKED "push word", 2, push ax
        STACKED "push from 0", 0, push ax ; ESP wraps: far above the limit
        STACKED "pop dword", 0FFDh, pop eax
        STACKED "pop word", 0FFEh, pop ax
        STACKED "ret", 0FFDh, ret
        STACKED "ret far", 0FFAh, retf
        STACKED "iret", 0FF5h, iretd
        STACKED "popa", 0FE1h, popa
        STACKED "popa fits", 0FE0h, popa
        STACKED "popf", 0FFDh, popf
        STACKED "mov [esp + 3]", 0FFDh, mov al, [esp + 3]
        STACKED "pusha", 1Fh, pusha
        STACKED "pusha fits", 20h, pusha
        STACKED "call", 3, call main
        STACKED "call far", 7, call UCODE32:main
        STACKED "enter", 8, enter 0, 2
        STACKED "enter, room for the frame, none for locals", 8, enter 16, 0
        STACKED "int stays on its own stack", 0, int3
        RING0
        PUTS    "code", 10
        TRY     "read code", mov al, [cs:main]
        TRY     "write code", mov [cs:marker], al
        TRY     "jump to the limit", { jmp strict near $$ + 10000h }
        mov     eax, 10000h
        TRY     "jump through eax", jmp eax
        TRY     "call through eax", call eax
        TRY     "far beyond", jmp CODE32:10000h
        TRY     "far to a short segment", jmp 98h:1000h
        mov     byte [0FFFFh], 0B0h ; MOV AL with its immediate beyond the limit
        mov     eax, 0FFFFh
        TRY     "an instruction across it", jmp 0A0h:0FFFFh
        FINISH

        align   4
small:  dd      0ABh
stack3: dd      STACK3
        dw      UDATA32, 0
marker: dd      12345678h
        IMAGE_END
