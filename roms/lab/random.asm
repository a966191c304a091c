; random -- a kernel of random instructions, rounds of them, with paging on; four typed characters are the seed.
;
; Every round spoils a few bits of its tables, makes some instructions, many of them sensitive, sets registers to
; places where it might hurt, and goes there: at level 0, 1 or 3, in 32 or 16 bits, with interrupts on. Whatever
; happens, the next round begins; first it mends what is broken, if there is still anybody to do it.
;
; With DIFFER (differ.asm) no clock runs, and every round says what came of it.
%define OWN_EVENT
%include "lab.inc"

%define GDT     4000h           ; tables of its own, where they can be spoilt: GDT and LDT, TSS, IDT, page tables
%define LDT_AT  4100h
%define TSS_AT  4200h
%define IDT     idt
%define DIR     100000h
%define TABLE   101000h
%define BUFFER  30000h          ; code; and a page behind it
%define PLACES  200000h         ; data
%define REPORT  3000h
%define REPORTED 17             ; segments, general registers, vector, error code, EIP, CS, EFLAGS
%define ALIAS   400000h         ; the same 4 MiB once more
%ifdef DIFFER
%define ROUNDS  200
%else
%define ROUNDS  400
%endif

main:   mov     ecx, 4          ; the seed
        mov     dx, 3F8h
.seed:  shl     ebx, 8
        in      al, dx
        mov     bl, al
        loop    .seed
        mov     [seed], ebx
        mov     dword [rounds], ROUNDS
        mov     esi, idt        ; what lab.inc has made is the master
        mov     edi, idt_good
        mov     ecx, VECTORS * 2
        rep movsd
        or      byte [idt_good + SYSCALL * 8 + 5], 60h  ; three that programs may call
        or      byte [idt_good + 3 * 8 + 5], 60h
        or      byte [idt_good + 4 * 8 + 5], 60h
%ifndef DIFFER
        mov     word [idt_good + IRQ0 * 8], stuck ; the timer ends what would not end
%endif
        mov     eax, 0CCCCCCCCh ; who goes astray is soon stopped
        mov     edi, 20000h
        mov     ecx, 14000h
        rep stosd
        mov     edi, PLACES
        mov     ecx, 800h
        rep stosd
        mov     edi, table_good
        mov     eax, 27h
.page:  stosd
        add     eax, 1000h
        cmp     eax, 400027h
        jb      .page

; ---- a round

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
        push    dword 2
        popfd
        mov     esi, gdt_good
        mov     edi, GDT
        mov     ecx, GDT_DWORDS
        call    mend
        mov     esi, idt_good
        mov     edi, IDT
        mov     ecx, VECTORS * 2
        call    mend
        mov     esi, table_good
        mov     edi, TABLE
        mov     ecx, 1024
        call    mend
        mov     esi, dir_good
        mov     edi, DIR
        mov     ecx, 6
        call    mend
        mov     esi, dir_good + 20
        mov     edi, DIR + 0FFCh
        mov     ecx, 1
        call    mend
%ifdef DIFFER
        mov     dword [DIR + 0FFCh], 0 ; who has something there does not find it: that is known
%endif
        lgdt    [good_gdt_register]
        lidt    [idt_register]
        xor     eax, eax
        lldt    ax
        mov     byte [GDT + TSS + 5], 89h
        mov     ax, TSS
        ltr     ax
        call    random
        test    al, 3
        jz      .no_ldt
        mov     ax, LDT
        lldt    ax
.no_ldt:
        mov     eax, DIR
        mov     cr3, eax
        mov     eax, cr4
        and     eax, ~37h       ; of the model-specific ones none; PSE, sometimes
        test    byte [seed + 3], 1
        jz      .no_pse
        or      al, 10h
.no_pse:
        mov     cr4, eax
        mov     eax, 80000011h
        mov     cr0, eax
        fninit
%ifndef DIFFER
        TICKS
%endif
        call    random          ; where code begins, often at the end of a page
        and     eax, 0FFFh
        test    ah, 2
        jz      .begin
        or      eax, 0FC0h
.begin: add     eax, BUFFER
        mov     [begin], eax
        mov     edi, eax
        mov     ebp, 8
.make:  call    random
        mov     esi, eax
        and     esi, 0FFh
        cmp     esi, TEMPLATES
        jae     .opcode
        mov     esi, [templates + esi * 4]
        call    template
        jmp     .made
.opcode:
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
        jz      .made
        call    random
        stosw
.made:  dec     ebp
        jnz     .make
        mov     al, 0CCh
        stosb
        stosb
%ifdef VERBOSE
        SAY     "code "
        mov     esi, [begin]
        mov     eax, esi
        call    hex
        SAY     " "
.show:  mov     eax, [esi]
        bswap   eax
        call    hex
        add     esi, 4
        cmp     esi, edi
        jb      .show
        SAY     10
%endif
        call    spoil

; ---- and off: registers, a frame for IRET

        call    place
        mov     ecx, eax
        and     ecx, 0FFFh      ; how often REP may
        call    random
        test    al, 3
        jz      .ecx
        and     ecx, 3Fh
.ecx:   mov     [start_ecx], ecx
        call    place
        mov     ebx, eax
        call    place
        mov     esi, eax
        call    place
        mov     edi, eax
        call    stacks
        mov     ebp, eax
        call    random
        test    al, 1
        jz      .place
        call    port
        jmp     .edx
.place: call    place
.edx:   mov     edx, eax
        push    dword DATA      ; something for POP, RET and IRET
        call    place
        push    eax
        push    dword 202h
        push    dword CODE
        call    code_place
        push    eax
        call    random
        shr     eax, 20
        and     eax, 7
        movzx   ecx, word [levels + eax * 4]    ; CS
        movzx   eax, word [levels + eax * 4 + 2] ; SS
        test    ecx, 3
        jz      .inner
        push    eax
        call    place
        push    eax
.inner: call    random
        and     eax, 3CD5h
        or      eax, 202h
        test    byte [seed + 3], 1Fh
        jnz     .no_step
        or      ah, 1
.no_step:
        test    byte [seed + 1], 7Fh
        jnz     .flags
        or      ah, 40h         ; NT: whoever executes IRET now ends the run
.flags:
%ifdef DIFFER
        and     ah, 0BDh
%endif
        push    eax
        push    ecx
        push    dword [begin]
        call    small
        test    byte [seed + 2], 4
        jz      .eax
        call    selector
.eax:   test    byte [seed + 2], 3
        jnz     .ecx_too
        call    place
.ecx_too:
        mov     ecx, [start_ecx]
        iretd

next:   mov     ax, DATA
        mov     ds, ax
        mov     ss, ax
        mov     esp, STACK0
%ifdef DIFFER
        call    report
%endif
        dec     dword [rounds]
        jnz     near round
        RIGHT

; ---- what every vector does: the round is over. Interrupts are off, the stack is whatever it was.

event:
%ifdef DIFFER
        pushad                  ; with the vector, the error code, and the frame: all that this round has left behind
        push    ds
        push    es
        push    fs
        push    gs
        mov     ax, DATA
        mov     ds, ax
        mov     es, ax
        mov     esi, esp
        mov     edi, REPORT
        mov     ecx, REPORTED
.word:  mov     eax, [ss:esi]
        stosd
        add     esi, 4
        loop    .word
%endif
        jmp     next
%ifndef DIFFER
stuck:  mov     al, 20h
        out     20h, al
        jmp     next
%endif

%ifdef DIFFER
%define VECTOR  REPORT + 12 * 4
report: mov     es, ax
        mov     eax, [VECTOR + 4]
        shl     eax, 8
        or      eax, [VECTOR]
        call    hex
        mov     eax, [VECTOR + 8]
        call    hex
        mov     eax, cr2
        call    hex
        mov     esi, REPORT     ; registers
        mov     ecx, REPORTED
        call    sum
        call    hex
%ifdef VERBOSE
        call    details
%endif
        xor     eax, eax
        mov     esi, GDT        ; memory: GDT, LDT, TSS, IDT, page tables, data
        mov     ecx, 600h
        call    sum
        mov     esi, DIR
        mov     ecx, 800h
        call    sum
        mov     esi, PLACES
        mov     ecx, 400h
        call    sum
        call    hex
        SAY     10
        ret
%ifdef VERBOSE
details:
        mov     esi, REPORT
        mov     ecx, REPORTED
.word:  SAY     " "
        mov     eax, [esi]
        call    hex
        add     esi, 4
        loop    .word
        SAY     " cr2 "
        mov     eax, cr2
        call    hex
        SAY     " gdt "
        mov     esi, GDT
        mov     ecx, 400h
        xor     eax, eax
        call    sum
        call    hex
        SAY     " idt "
        mov     esi, IDT
        mov     ecx, 200h
        xor     eax, eax
        call    sum
        call    hex
        SAY     " dir "
        mov     esi, DIR
        mov     ecx, 400h
        xor     eax, eax
        call    sum
        call    hex
        SAY     " table "
        mov     esi, TABLE
        mov     ecx, 400h
        xor     eax, eax
        call    sum
        call    hex
        SAY     " low "
        mov     esi, 6000h
        mov     ecx, 400h
        xor     eax, eax
        call    sum
        call    hex
        SAY     " far "
        mov     esi, 20000h
        mov     ecx, 14000h
        xor     eax, eax
        call    sum
        call    hex
        SAY     " places2 "
        mov     esi, PLACES + 1000h
        mov     ecx, 4000h
        xor     eax, eax
        call    sum
        call    hex
        SAY     " places "
        ret
%endif
sum:    rol     eax, 5          ; EAX: of the ECX words at ESI, and what it was
        add     eax, [esi]
        add     esi, 4
        loop    sum
        ret
%endif

; ---- mending and spoiling

mend:   mov     eax, [esi]      ; ECX words; a store into these costs, and most are as they were
        cmp     eax, [edi]
        je      .same
        mov     [edi], eax
.same:  add     esi, 4
        add     edi, 4
        loop    mend
        ret

spoil:  call    random
        and     eax, 3
        mov     ebp, eax        ; so many bits
        jz      .done
.bit:   call    random
        mov     ebx, eax
        and     ebx, 15
        mov     ebx, [.where + ebx * 4]
        shr     eax, 8
        movzx   ecx, al
        and     ecx, 7
        add     ebx, ecx        ; one of eight bytes there
        shr     eax, 8
        mov     cl, al
        and     cl, 7
        mov     al, 1
        shl     al, cl
        cmp     al, 1
        jne     .flip
        inc     eax             ; not the accessed bit of a segment: monitors do not keep it
.flip:  xor     [ebx], al
        dec     ebp
        jnz     .bit
.done:  ret
.where: dd      GDT + 18h, GDT + 20h, GDT + 28h, GDT + 38h, GDT + 40h, GDT + 48h, GDT + 70h, GDT + 98h
        dd      LDT_AT + 8, LDT_AT + 18h, TSS_AT + 64h, IDT + SYSCALL * 8, TABLE + 30h * 4, TABLE + 200h * 4
        dd      DIR + 4, TABLE + 200h * 4

; ---- chances: each returns EAX

random: mov     eax, [seed]
        imul    eax, eax, 1103515245
        add     eax, 12345
        mov     [seed], eax
        rol     eax, 16
        ret
place:  call    random          ; somewhere
        push    ebx
        mov     ebx, eax
        and     ebx, 31
        shr     eax, 12
        and     eax, 0FFCh
        add     eax, [.base + ebx * 4]
        pop     ebx
        ret
.base:  dd      DIR, GDT, IDT, TABLE, TABLE + 800h, TABLE + 800h, TSS_AT, LDT_AT
        dd      ALIAS + GDT, ALIAS + PLACES, ALIAS * 3 + PLACES, 1000000h
%ifdef DIFFER
        times   4 dd PLACES
%else
        dd      0FFC10000h, 0FFFFF000h, 0FFBFF800h, 3FF000h
%endif
        times   16 dd PLACES
code_place:                     ; in this round's code, or in its second mapping
        call    random
        push    ebx
        movzx   ebx, al
        shr     eax, 8
        and     eax, 63
        add     eax, [begin]
        cmp     bl, 0E0h
        jb      .here
        add     eax, ALIAS
.here:  pop     ebx
        ret
%macro ONE_OF 3                 ; of %2, a power of two, words at %1
        call    random
        shr     eax, 8
        and     eax, %2 - 1
        %3      eax, word [%1 + eax * 2]
        ret
%endmacro
selector:
        ONE_OF  selectors, 32, movzx
code_selector:
        ONE_OF  code_selectors, 8, movzx
port:   ONE_OF  ports, 32, movzx
small:  call    random
        shr     eax, 12
        and     eax, 15
        ret
cr_bit: call    random          ; to be changed in CR0: WP, TS, EM, MP, NE, AM, PG; in CR4 what there is of it
        shr     eax, 10
        and     eax, 15
        mov     eax, [.bits + eax * 4]
        ret
.bits:  dd      10000h, 10000h, 10000h, 80000000h, 80000000h, 8, 4, 2, 20h, 40000h, 10h, 10h, 1000h, 80h, 0, 40000000h
cr4_bit:
        call    random
        shr     eax, 10
        and     eax, 15
        mov     eax, [.bits + eax * 4]
        ret
.bits:  dd      10h, 10h, 10h, 10h, 4, 8, 80h, 100h, 200h, 1, 2, 40h, 800h, 80000000h, 10h, 0
gdts:   ONE_OF  gdt_places, 8, movzx
idts:   ONE_OF  idt_places, 8, movzx
stacks: ONE_OF  stack_places, 4, movzx
flags:  call    random
        and     eax, 243FD5h
        ret
raw:    call    random
        shr     eax, 8
        ret

; ---- templates: words; below 256 a byte of code, else an operand (its bytes << 12 and 256 + which)

template:                       ; ESI: one; EDI: where to
        lodsw
        cmp     ax, 0FFFFh
        je      .done
        test    ax, 0FF00h
        jnz     .operand
        stosb
        jmp     template
.operand:
        push    eax
        movzx   eax, al
        call    [makers + eax * 4]
        pop     ecx
        movzx   ecx, cx
        shr     ecx, 12
.byte:  stosb
        shr     eax, 8
        loop    .byte
        jmp     template
.done:  ret

%define PLACE   4100h
%define HERE    4101h
%define SEL     2102h
%define CSEL    2103h
%define PORT    2104h
%define SMALL   1105h
%define SMALL4  4105h
%define CR0BIT  4106h
%define CR4BIT  4107h
%define FLAGS   4108h
%define RAW1    1109h
%define RAW4    4109h
%define SEL4    4102h
%define GDTS    410Ah
%define IDTS    410Bh
%define STACKS  410Ch
makers: dd      place, code_place, selector, code_selector, port, small, cr_bit, cr4_bit, flags, raw, gdts, idts, stacks

%macro TEMPLATES_ARE 0
        align   4
templates:
%assign k 0
%rep COUNT
        dd      t %+ k
        %assign k k + 1
%endrep
TEMPLATES equ COUNT
%endmacro
%assign COUNT 0
%macro T 1-*
t %+ COUNT:
        dw      %{1:-1}, 0FFFFh
        %assign COUNT COUNT + 1
%endmacro

        T       66h, 0B8h, SEL, 8Eh, 0D8h               ; mov ax, sel; mov ds, ax
        T       66h, 0B8h, SEL, 8Eh, 0C0h               ; es
        T       66h, 0B8h, SEL, 8Eh, 0D0h               ; ss
        T       66h, 0B8h, SEL, 8Eh, 0E0h               ; fs
        T       66h, 0B8h, SEL, 8Eh, 0E8h               ; gs
        T       68h, SEL4, 07h                          ; push sel; pop es
        T       68h, SEL4, 17h                          ; ss
        T       68h, SEL4, 1Fh                          ; ds
        T       68h, SEL4, 0Fh, 0A1h                    ; fs
        T       66h, 0B8h, SEL, 0Fh, 00h, 0D0h          ; lldt ax
        T       66h, 0B8h, SEL, 0Fh, 00h, 0D8h          ; ltr ax
        T       66h, 0B8h, SEL, 0Fh, 00h, 0E0h          ; verr ax
        T       66h, 0B8h, SEL, 0Fh, 00h, 0E8h          ; verw ax
        T       66h, 0B8h, SEL, 0Fh, 02h, 0C8h          ; lar ecx, ax
        T       66h, 0B8h, SEL, 0Fh, 03h, 0D0h          ; lsl edx, ax
        T       66h, 0B8h, SEL, 66h, 0Fh, 02h, 0C8h     ; lar cx, ax
        T       0Fh, 00h, 0Dh, PLACE                    ; str [m]
        T       0Fh, 00h, 05h, PLACE                    ; sldt [m]
        T       0Fh, 00h, 0C1h                          ; sldt ecx
        T       0Fh, 01h, 25h, PLACE                    ; smsw [m]
        T       0Fh, 01h, 0E1h                          ; smsw ecx
        T       0Fh, 01h, 05h, PLACE                    ; sgdt
        T       0Fh, 01h, 0Dh, PLACE                    ; sidt
        T       0Fh, 01h, 15h, GDTS                     ; lgdt
        T       0Fh, 01h, 1Dh, IDTS                     ; lidt
        T       0Fh, 01h, 3Dh, PLACE                    ; invlpg
        T       0Fh, 20h, 0C0h, 35h, CR0BIT, 0Fh, 22h, 0C0h ; xor cr0, bit
        T       0Fh, 20h, 0C0h, 35h, CR0BIT, 0Fh, 22h, 0C0h
        T       0Fh, 20h, 0E0h, 35h, CR4BIT, 0Fh, 22h, 0E0h ; xor cr4, bit
        T       0Fh, 20h, 0E0h, 35h, CR4BIT, 0Fh, 22h, 0E0h
        T       0B8h, 00h, 00h, 10h, 00h, 0Fh, 22h, 0D8h ; mov cr3, DIR
        T       0Fh, 20h, 0D0h, 0Fh, 22h, 0D0h          ; mov cr2, cr2
        T       0B8h, PLACE, 0Fh, 23h, 0C0h             ; mov dr0, place
        T       0B8h, RAW4, 0Fh, 23h, 0F8h              ; mov dr7, anything
        T       0Fh, 21h, 0F1h                          ; mov ecx, dr6
        T       0Fh, 06h                                ; clts
        T       0B8h, SMALL4, 0Fh, 01h, 0F0h            ; lmsw ax
        T       9Ch, 59h                                ; pushf; pop ecx
        T       68h, FLAGS, 9Dh                         ; push flags; popf
        T       68h, FLAGS, 9Dh, 9Ch
        T       66h, 9Ch, 66h, 9Dh
        T       0FAh, 9Ch
        T       0FBh, 9Ch
        T       0EAh, HERE, CSEL                        ; jmp far
        T       0EAh, HERE, 08h, 00h
        T       9Ah, HERE, CSEL                         ; call far
        T       68h, SEL4, 68h, HERE, 0CBh              ; push sel, place; retf
        T       68h, 08h, 00h, 00h, 00h, 68h, HERE, 0CBh
        T       68h, 23h, 00h, 00h, 00h, 68h, PLACE, 68h, 1Bh, 00h, 00h, 00h, 68h, HERE, 0CBh ; retf to level 3
        T       9Ch, 68h, 08h, 00h, 00h, 00h, 68h, HERE, 0CFh ; iretd
        T       68h, 23h, 00h, 00h, 00h, 68h, PLACE, 68h, FLAGS, 68h, 1Bh, 00h, 00h, 00h, 68h, HERE, 0CFh
        T       68h, SEL4, 68h, PLACE, 68h, FLAGS, 68h, CSEL, 00h, 00h, 68h, HERE, 0CFh
        T       0C7h, 05h, PLACE, HERE, 0FFh, 15h, PLACE ; call [m]
        T       0FFh, 2Dh, PLACE                        ; jmp far [m]
        T       0C5h, 05h, PLACE                        ; lds eax, [m]
        T       0Fh, 0B4h, 05h, PLACE                   ; lfs
        T       66h, 0C7h, 05h, 0F0h, 0Fh, 20h, 00h, SEL, 0Fh, 0B2h, 25h, 0ECh, 0Fh, 20h, 00h ; lss esp, [200FECh]
        T       0C7h, 05h, PLACE, PLACE                 ; mov [m], place
        T       0C7h, 05h, PLACE, RAW4
        T       0C6h, 05h, PLACE, RAW1
        T       0FFh, 05h, PLACE                        ; inc [m]
        T       0A1h, PLACE
        T       0C6h, 05h, HERE, RAW1                   ; code that changes
        T       0C7h, 05h, HERE, 90h, 9Ch, 9Dh, 90h
        T       0B8h, HERE, 0FFh, 0D0h                  ; call eax
        T       0B8h, HERE, 0FFh, 0E0h                  ; jmp eax
        T       68h, HERE, 0C3h                         ; ret
        T       0E8h, SMALL4, 0C3h
        T       74h, SMALL
        T       0EBh, SMALL
        T       0E2h, SMALL
        T       0CDh, 80h
        T       0CDh, RAW1
        T       0CEh
        T       0BFh, PLACE, 0B9h, SMALL4, 0F3h, 0ABh   ; rep stosd
        T       0BEh, PLACE, 0BFh, PLACE, 0F3h, 0A4h
        T       60h, 61h
        T       0C8h, 08h, 00h, 00h, 0C9h
        T       0BCh, STACKS                            ; mov esp, somewhere
        T       66h, 0BAh, PORT, 0ECh
        T       66h, 0BAh, PORT, 0EDh
        T       66h, 0BAh, PORT, 0EEh
        T       66h, 0BAh, PORT, 0EFh
        T       66h, 0BAh, PORT, 0BFh, PLACE, 0B9h, SMALL4, 0F3h, 6Ch ; rep insb
        T       66h, 0BAh, PORT, 0BEh, PLACE, 0B9h, SMALL4, 0F3h, 6Fh ; rep outsd
        T       0E4h, 21h
        T       64h, 0A1h, PLACE                        ; mov eax, [fs:m]
        T       65h, 0C7h, 05h, PLACE, PLACE            ; mov [gs:m], place
        T       0DBh, 0E3h, 0DDh, 1Dh, PLACE            ; fninit; fstp [m]
        T       0D9h, 35h, PLACE                        ; fnstenv
%ifdef DIFFER
        T       0F8h
        T       0FCh
%else
        T       0FBh, 0F4h                              ; sti; hlt
        T       0B8h, SMALL4, 0CDh, 82h                 ; hypercalls
        T       0B8h, SMALL4, 0CDh, 82h
        T       0BBh, PLACE, 0B9h, SMALL4, 0B8h, SMALL4, 0CDh, 82h
        T       0BBh, PLACE, 0C7h, 03h, 00h, 08h, 10h, 00h, 0B9h, SMALL4, 0B8h, 05h, 00h, 00h, 00h, 0CDh, 82h ; updates
        T       0BBh, 00h, 10h, 20h, 00h, 0B8h, 01h, 00h, 00h, 00h, 0CDh, 82h ; the shared page
        T       0BBh, SEL4, 0B9h, RAW4, 0BAh, RAW4, 0B8h, 03h, 00h, 00h, 00h, 0CDh, 82h ; a descriptor
        T       0BBh, 00h, 00h, 10h, 00h, 0B9h, PLACE, 0BAh, 10h, 00h, 00h, 00h, 0B8h, 06h, 00h, 00h, 00h, 0CDh, 82h
        T       9Ch, 68h, 08h, 00h, 00h, 00h, 68h, HERE, 50h, 0B8h, 07h, 00h, 00h, 00h, 0CDh, 82h ; IRET
        T       0Fh, 31h                                ; rdtsc
        T       0B9h, SMALL4, 0Fh, 32h                  ; rdmsr
%endif
        TEMPLATES_ARE

; ---- tables

%macro SEGMENT 3                ; base, limit (20 bits), access (with G and D above it)
        dd      ((%2) & 0FFFFh) | ((%1) & 0FFFFh) << 16
        dd      ((%1) >> 16 & 0FFh) | (%3) << 8 | ((%2) & 0F0000h) | ((%1) & 0FF000000h)
%endmacro
        align   8
gdt_good:
        dd      0, 0
        SEGMENT 0, 0FFFFFh, 0C09Bh      ; 08 code and data of level 0
        SEGMENT 0, 0FFFFFh, 0C093h
        SEGMENT 0, 0FFFFFh, 0C0FBh      ; 18 of level 3
        SEGMENT 0, 0FFFFFh, 0C0F3h
        SEGMENT TSS_AT, 8Eh, 89h       ; 28 TSS with an I/O permission bitmap
        SEGMENT LDT_AT, 3Fh, 82h        ; 30
        SEGMENT 0, 0FFFFFh, 809Bh       ; 38 code of 16 bits
        SEGMENT 0, 0FFFFh, 93h          ; 40 stack of 16 bits
        SEGMENT 0, 0FFFFFh, 0C09Fh      ; 48 conforming
        SEGMENT 0, 0FFFFFh, 0C0BBh      ; 50 level 1
        SEGMENT 0, 0FFFFFh, 0C0B3h
        SEGMENT 0, 0FFFFFh, 80FBh       ; 60 16 bits, level 3
        SEGMENT 0FF900000h, 0FFFFFh, 0C0F3h ; 68 goes around the end of memory
        SEGMENT 0, 1FFh, 0C097h         ; 70 expands down
        SEGMENT 0, 0FFFFFh, 0C073h      ; 78 not present
        SEGMENT 0, 0FFFFFh, 0C091h      ; 80 read-only
        SEGMENT TSS_AT, 2Bh, 81h        ; 88 TSS of 16 bits
        SEGMENT PLACES, 0FFFh, 40F3h    ; 90 small
        SEGMENT 0, 0FFFFFh, 0C0FFh      ; 98 conforming, level 3
        times   24 dd 0
        times   (LDT_AT - GDT) - ($ - gdt_good) db 0
        dd      0, 0
        SEGMENT 0, 0FFFFFh, 0C093h      ; 0C
        SEGMENT 0, 0FFFFFh, 0C09Bh      ; 14
        SEGMENT 0, 0FFFFFh, 0C0F3h      ; 1F
        SEGMENT 0, 0FFFFFh, 0C0FBh      ; 27
        SEGMENT PLACES, 0FFFh, 4093h    ; 2C
        times   (TSS_AT - GDT) - ($ - gdt_good) db 0
        dd      0, STACK0 - 100h, DATA, STACK0 - 200h, 59h, STACK0 - 300h, 0
        times   18 dd 0
        dw      0, 104
        times   38 db 5Ah               ; ports 0 to 12Fh: every other, nearly
        db      0FFh
        align   4
GDT_DWORDS equ  ($ - gdt_good) / 4
good_gdt_register:
        dw      0A0h - 1
        dd      GDT
short_gdt_register:
        dw      4Fh             ; what the handlers want is there
        dd      GDT
other_gdt_register:
        dw      0A0h - 1
        dd      ALIAS + GDT
short_idt_register:
        dw      SYSCALL * 8 - 1
        dd      idt
other_idt_register:
        dw      VECTORS * 8 - 1
        dd      ALIAS + idt
wild_register:
        dw      0FFFFh
        dd      PLACES
gdt_places:
        dw      good_gdt_register, good_gdt_register, short_gdt_register, short_gdt_register
        dw      other_gdt_register, other_gdt_register, other_gdt_register, wild_register
idt_places:
        dw      idt_register, idt_register, short_idt_register, short_idt_register
        dw      other_idt_register, other_idt_register, other_idt_register, wild_register
stack_places:
%ifdef DIFFER
        dw      STACK0, STACK0 - 102h, STACK0, 7C00h - 1000h
%else
        dw      STACK0, STACK0 - 102h, 0, 7C00h - 1000h
%endif
selectors:
        dw      08h, 10h, 10h, 10h, 1Bh, 23h, 23h, 23h, 28h, 30h, 38h, 40h, 48h, 51h, 59h, 63h
        dw      6Bh, 70h, 78h, 80h, 88h, 93h, 9Bh, 0Ch, 17h, 1Fh, 27h, 2Ch, 0, 3, 0FFF0h, 7FF8h
code_selectors:
        dw      08h, 1Bh, 38h, 48h, 51h, 63h, 9Bh, 14h
levels: dw      08h, 10h, 08h, 10h, 1Bh, 23h, 1Bh, 23h, 38h, 10h, 51h, 59h, 63h, 23h, 48h, 10h
ports:  dw      20h, 21h, 40h, 42h, 43h, 60h, 61h, 64h, 70h, 71h, 80h, 0A0h, 0A1h, 3F8h, 3F9h, 3FAh
        dw      3FBh, 3FCh, 3FDh, 3FEh, 3FFh, 0F1h, 0EDh, 0CF8h, 0CFCh, 1F0h, 2F8h, 70h, 71h, 42h, 43h, 61h
dir_good:
        dd      TABLE | 27h, TABLE | 27h, 00000A7h, TABLE | 23h, DIR | 27h, TABLE | 27h

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
%ifdef DIFFER
        OP      0F9h, 1
%else
        OP      0F4h, 1
%endif
        OP      0D9h, 1
        times   8 dd 0
seed:   dd      0
rounds: dd      0
begin:  dd      0
start_ecx: dd   0
table_good equ  10000h          ; a page of it
idt_good equ    11000h
