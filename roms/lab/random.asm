; random -- a kernel of random instructions, rounds of them, with paging on; four typed characters are the seed.
;
; Every round makes some instructions, many of them sensitive, from a table and a generator, sets registers
; to places where it might hurt, and jumps there with interrupts on. Whatever happens, the next round begins.
%include "lab.inc"

%define DIR     100000h
%define TABLE   101000h
%define BUFFER  30000h
%define ROUNDS  400

main:   mov     ecx, 4          ; the seed
        mov     dx, 3F8h
.seed:  shl     ebx, 8
        in      al, dx
        mov     bl, al
        loop    .seed
        mov     [seed], ebx
        mov     eax, stuck      ; the timer ends what would not end
        mov     [idt + IRQ0 * 8], ax
        TICKS
        mov     dword [rounds], ROUNDS
round:  cli
        cld
        mov     ax, DATA
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        xor     eax, eax
        mov     fs, ax
        mov     gs, ax
        mov     esp, STACK0
        mov     dr7, eax
        lgdt    [gdt_register]
        lidt    [idt_register]
        mov     edi, TABLE      ; paging: the first 4 MiB, tables and all
        mov     eax, 7
.page:  cmp     [edi], eax      ; (most of it is still there)
        je      .same
        mov     [edi], eax
.same:  add     edi, 4
        add     eax, 1000h
        cmp     eax, 400007h
        jb      .page
        mov     dword [DIR], TABLE | 7
        mov     eax, DIR
        mov     cr3, eax
        mov     eax, cr0
        or      eax, 80000000h
        mov     cr0, eax
        mov     edi, BUFFER
        mov     ecx, 12
.make:  call    random
        and     eax, 63
        mov     esi, [table + eax * 4]
        cmp     eax, 56
        jae     .bytes
        mov     [edi], esi
        mov     al, [table + eax * 4 + 3] ; its length
        movzx   eax, al
        add     edi, eax
.bytes: call    random
        stosd
        test    al, 1
        jz      .short
        call    random
        stosw
.short: loop    .make
        mov     byte [edi], 0CCh
        call    place
        mov     ebx, eax
        call    place
        mov     edx, eax
        call    place
        mov     esi, eax
        call    place
        mov     edi, eax
        call    place
        mov     ebp, eax
        call    random
        mov     ecx, eax
        and     ecx, 0FFh
        call    place
        push    eax             ; something for POP and RET
        push    dword DATA
        push    dword CODE
        push    dword 202h
        call    random
        and     eax, 0F3h
        push    eax
        mov     dword [caught], next
        mov     dword [catch_esp], STACK0
        sti
        jmp     BUFFER
next:   mov     ax, DATA
        mov     ds, ax
        dec     dword [rounds]
        jnz     near round
        RIGHT

stuck:  mov     al, 20h
        out     20h, al
        jmp     next            ; on whatever stack; the round sets its own

random: mov     eax, [seed]
        imul    eax, eax, 1103515245
        add     eax, 12345
        mov     [seed], eax
        rol     eax, 16
        ret
place:  call    random          ; EAX: somewhere
        push    ebx
        mov     ebx, eax
        and     ebx, 31
        shr     eax, 12
        and     eax, 0FFCh
        add     eax, [.base + ebx * 4]
        pop     ebx
        ret
.base:  dd      DIR, gdt, idt, TABLE, TABLE + 800h, TABLE + 800h, TABLE + 800h, TABLE + 800h
        times   2 dd 0FFC10000h, 0FFFFF000h, 0FFBFF800h, 3FF000h
        times   16 dd 200000h

        align   4
%macro OP 2                     ; bytes (up to 3), how many
        dd      (%1) | (%2) << 24
%endmacro
table:  OP      000Fh, 2
        OP      010Fh, 2
        OP      000Fh, 2
        OP      010Fh, 2
        OP      200Fh, 2
        OP      0D8220Fh, 3     ; mov cr3, eax
        OP      210Fh, 2
        OP      230Fh, 2
        OP      9Ch, 1
        OP      9Dh, 1
        OP      0CFh, 1
        OP      0CBh, 1
        OP      0CDh, 1
        OP      8Eh, 1
        OP      8Ch, 1
        OP      020Fh, 2
        OP      030Fh, 2
        OP      0FAh, 1
        OP      0FBh, 1
        OP      06h, 1
        OP      07h, 1
        OP      0Eh, 1
        OP      16h, 1
        OP      17h, 1
        OP      1Eh, 1
        OP      1Fh, 1
        OP      0C4h, 1
        OP      0C5h, 1
        OP      0B20Fh, 2
        OP      0B40Fh, 2
        OP      0EAh, 1
        OP      9Ah, 1
        OP      0FFh, 1
        OP      060Fh, 2
        OP      0A5h, 1
        OP      0ABh, 1
        OP      0ABF3h, 2
        OP      0A5F3h, 2
        OP      89h, 1
        OP      0388h, 2        ; mov [ebx], al
        OP      0789h, 2        ; mov [edi], eax
        OP      0889h, 2
        OP      8Bh, 1
        OP      01h, 1
        OP      0E4h, 1
        OP      0ECh, 1
        OP      6Ch, 1
        OP      6Eh, 1
        OP      0C7h, 1
        OP      82CDh, 2        ; a hypercall, to whom it is one
        OP      0A10Fh, 2
        OP      0A90Fh, 2
        OP      010Fh, 2
        OP      8Fh, 1
        OP      0F4h, 1
        OP      0D9h, 1
        times   8 dd 0
seed:   dd      0
rounds: dd      0
