; tortoise -- a small protected-mode kernel: paging, user mode, system calls, timer-preempted tasks, a serial shell.
;
; It does what real kernels do, and trusts the processor as they do: PUSHF CLI POPF around critical
; sections, SMSW to look at TS, LAR before a selector is used, CS and DS pushed and popped at every entry.
; What it prints does not depend on when the timer strikes. It ends with 0 on port F4h after "exit".
;
; Memory: 7C00h this file; 6000h GDT's TSS and IDT; 80000h boot stack; 100000h on: pages, handed out in order.
; Every task has an address space: the first 4 MiB are the kernel's (user code may be read there), at
; 40000000h are its stack and heap.

; With PARA defined (tortoise_para.asm) it is the same kernel ported to hypercalls: docs/lab/hypercalls.md.

        cpu     686
        org     7C00h
        bits    16
%define CODE    08h
%define DATA    10h
%define UCODE   1Bh
%define UDATA   23h
%define TSS     28h
%define USER    40000000h
%define HEAP    40010000h               ; pages come when they are touched
%define TASKS   6
%ifdef PARA
%define SHARED  5000h                   ; interrupt flag, events pending, CR2
%macro HYPER 1
        mov     eax, %1
        int     82h
%endmacro
%endif
        struc   task
.esp:   resd    1
.cr3:   resd    1
.stack: resd    1                       ; top of its kernel stack
.state: resd    1                       ; 0 free, 1 runs, 2 done
.result: resd   1
.fault: resd    1                       ; vector that ended it, or -1
.cr2:   resd    1
.slices: resd   1                       ; how often the timer took the processor away
.size:
        endstruc

start:  cli
        xor     ax, ax
        mov     ds, ax
        lgdt    [gdt_register]
        mov     eax, cr0
        or      al, 1
        mov     cr0, eax
        jmp     CODE:main
        bits    32
main:   mov     ax, DATA
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        xor     eax, eax
        mov     fs, ax
        mov     gs, ax
        mov     esp, 80000h
        call    make_idt
%ifdef PARA
        mov     ebx, SHARED
        HYPER   1
        mov     ebx, gdt
        mov     ecx, 47
        HYPER   2
%else
        mov     ax, TSS
        ltr     ax
        clts
%endif
        call    make_paging
        call    start_timer
        mov     esi, hello
        call    print
        call    self_test
        mov     esi, shell              ; task 0; the others are its children
        call    spawn
        mov     edi, tasks
        mov     [current], edi
        call    load_space
        mov     esp, [edi + task.esp]
%ifdef PARA
        pop     dword [SHARED]
%else
        popfd                           ; as switch_to does: into the task
%endif
        pop     edi
        pop     esi
        pop     ebx
        pop     ebp
        ret

; What a kernel finds out about its processor. Interrupts must come, and only when they may.
self_test:
%ifdef PARA                             ; it is not asked any more
        mov     byte [SHARED], 1
        call    critical
        mov     esi, [ticks]
.wait:  HYPER   8
        cmp     esi, [ticks]
        je      .wait
        mov     byte [SHARED], 0
%else
        smsw    ax
        test    al, 8
        jnz     .panic                  ; TS: somebody else has the x87
        mov     ax, CODE
        lar     eax, ax
        jnz     .panic
        and     eax, 6000h
        jnz     .panic                  ; the kernel's code is not the kernel's
        mov     ax, cs
        test    al, 3
        jnz     .panic
        sti
        call    critical                ; PUSHF CLI ... POPF
        mov     eax, [ticks]
.wait:  hlt
        cmp     eax, [ticks]
        je      .wait
        cli
%endif
        mov     esi, tested
        jmp     print
.panic: mov     esi, panic
        call    print
        mov     al, 1
        jmp     off
critical:
%ifdef PARA
        push    dword [SHARED]
        mov     byte [SHARED], 0
        inc     dword [entered]
        pop     dword [SHARED]
        cmp     dword [SHARED + 4], 0   ; did something wait?
        je      .done
        HYPER   0
.done:
%else
        pushfd
        cli
        inc     dword [entered]
        popfd
%endif
        ret

; ---- memory

alloc:  mov     eax, [next_page]        ; EAX: a page of zeros
        add     dword [next_page], 1000h
        push    edi
        push    ecx
        push    eax
        mov     edi, eax
        xor     eax, eax
        mov     ecx, 400h
        rep stosd
        pop     eax
        pop     ecx
        pop     edi
        ret
make_paging:
        call    alloc
        mov     [kernel_table], eax
        mov     edi, eax
        mov     eax, 3                  ; supervisor, writable
.page:  stosd
        add     eax, 1000h
        cmp     eax, 400003h
        jb      .page
        mov     edi, user_start
.user:  mov     eax, edi                ; user code: readable by all, writable by none
        shr     eax, 12
        mov     edx, [kernel_table]
        or      dword [edx + eax * 4], 4
        and     dword [edx + eax * 4], ~2
        add     edi, 1000h
        cmp     edi, user_end
        jb      .user
        call    alloc
        mov     edx, [kernel_table]
        or      edx, 7
        mov     [eax], edx
        mov     cr3, eax
        mov     eax, cr0
        or      eax, 80010000h          ; PG, WP
        mov     cr0, eax
        jmp     .on
.on:    ret
; Linear EAX's page table entry in the present address space: EDX. The table is made if there is none.
entry:  push    eax
%ifdef PARA
        mov     edx, [current]
        mov     edx, [edx + task.cr3]
%else
        mov     edx, cr3
%endif
        shr     eax, 22
        lea     edx, [edx + eax * 4]
        test    byte [edx], 1
        jnz     .table
        call    alloc
        or      eax, 7
        call    update
.table: mov     edx, [edx]
        and     edx, ~0FFFh
        mov     eax, [esp]
        shr     eax, 12
        and     eax, 3FFh
        lea     edx, [edx + eax * 4]
        pop     eax
        ret

update:                                 ; page table entry EDX := EAX. (One at a time: exercise 6)
%ifdef PARA
        pushad
        mov     [updates], edx
        mov     [updates + 4], eax
        mov     ebx, updates
        mov     ecx, 1
        HYPER   5
        popad
        ret
updates: dd     0, 0
%else
        mov     [edx], eax
        ret
%endif

; ---- tasks

spawn:  pushad                          ; ESI: where it starts. EAX: its number
        mov     edi, tasks
        xor     ebx, ebx
.find:  cmp     dword [edi + task.state], 0
        je      .found
        add     edi, task.size
        inc     ebx
        jmp     .find
.found: call    alloc
        add     eax, 1000h
        mov     [edi + task.stack], eax
        mov     dword [edi + task.fault], -1
        call    alloc
        mov     [edi + task.cr3], eax
        mov     ecx, [kernel_table]
        or      ecx, 7
        mov     [eax], ecx
        mov     ebp, eax
        call    alloc                   ; its own page table, and a stack
        or      eax, 7
        mov     [ebp + 400h], eax
        mov     ebp, eax
        call    alloc
        or      eax, 7
        mov     [ebp - 7], eax
        mov     edx, [edi + task.stack] ; what switch_to and leave will pop
        mov     dword [edx - 4], UDATA
        mov     dword [edx - 8], USER + 1000h
        mov     dword [edx - 12], 202h
        mov     dword [edx - 16], UCODE
        mov     [edx - 20], esi
        sub     edx, 28 + 32 + 16       ; vector and code, PUSHAD, four segment registers
        mov     dword [edx], 0
        mov     dword [edx + 4], 0
        mov     dword [edx + 8], UDATA
        mov     dword [edx + 12], UDATA
        sub     edx, 24
        mov     dword [edx], 2
        mov     dword [edx + 20], leave_kernel
        mov     [edi + task.esp], edx
        mov     dword [edi + task.state], 1
        mov     [esp + 28], ebx
        popad
        ret
; The next task that runs, after the present one.
schedule:
        mov     edi, [current]
.next:  add     edi, task.size
        cmp     edi, tasks + TASKS * task.size
        jb      .look
        mov     edi, tasks
.look:  cmp     dword [edi + task.state], 1
        jne     .next
        cmp     edi, [current]
        jne     switch_to
        ret
switch_to:                              ; EDI
        push    ebp
        push    ebx
        push    esi
        push    edi
%ifdef PARA
        push    dword [SHARED]
%else
        pushfd
%endif
        mov     eax, [current]
        mov     [eax + task.esp], esp
        mov     [current], edi
        mov     esp, [edi + task.esp]
        call    load_space
%ifdef PARA
        pop     dword [SHARED]
%else
        popfd
%endif
        pop     edi
        pop     esi
        pop     ebx
        pop     ebp
        ret

load_space:                             ; EDI's address space, and its stack for the way into the kernel
%ifdef PARA
        mov     ebx, [edi + task.cr3]
        mov     ecx, [edi + task.stack]
        mov     edx, DATA
        HYPER   6
%else
        mov     eax, [edi + task.stack]
        mov     [tss + 4], eax
        mov     eax, [edi + task.cr3]
        mov     cr3, eax
%endif
        ret

; ---- in and out of the kernel

%macro STUB 1
        align   16
    %if !(%1 == 8 || (%1 >= 10 && %1 <= 14) || %1 == 17)
        push    byte 0
    %endif
        push    dword %1
        jmp     near enter_kernel
%endmacro
        align   16
stubs:
%assign n 0
%rep 33
        STUB    n
    %assign n n + 1
%endrep
        STUB    80h
enter_kernel:
        pushad
        push    ds
        push    es
        push    fs
        push    gs
        mov     ax, DATA
        mov     ds, ax
        mov     es, ax
        mov     eax, [esp + 48]         ; the vector
        cmp     eax, 20h
        je      timer
        cmp     eax, 80h
        je      syscall
        cmp     eax, 14
        je      page_fault
killed: test    byte [esp + 60], 3
        jz      self_test.panic         ; the kernel's own
        mov     edi, [current]
        mov     [edi + task.fault], eax
        mov     dword [edi + task.state], 2
        call    schedule
leave_kernel:
        pop     gs
        pop     fs
        pop     es
        pop     ds
        popad
%ifdef PARA
        add     esp, 4
        mov     [esp], eax
        HYPER   7
timer:
%else
        add     esp, 8
        iretd
timer:  mov     al, 20h
        out     20h, al
%endif
        inc     dword [ticks]
        test    byte [esp + 60], 3
        jz      leave_kernel
        mov     edi, [current]
        inc     dword [edi + task.slices]
        call    schedule
        jmp     leave_kernel
page_fault:                             ; a page of the heap comes when it is asked for
        mov     edi, [current]
%ifdef PARA
        mov     ecx, [SHARED + 8]
%else
        mov     ecx, cr2
%endif
        mov     [edi + task.cr2], ecx
        test    byte [esp + 52], 1      ; the error code: protection
        jnz     killed
        mov     edx, ecx
        sub     edx, HEAP
        cmp     edx, 40000h
        jae     killed
        call    alloc
        xchg    eax, ecx
        call    entry
        xchg    eax, ecx
        or      eax, 7
        call    update
%ifndef PARA
        invlpg  [ecx]
%endif
        jmp     leave_kernel
syscall:
        mov     eax, [esp + 44]         ; EAX, EBX of the program
        mov     ebx, [esp + 32]
        cmp     eax, 7
        ja      .bad
        call    [.table + eax * 4]
        mov     [esp + 44], eax
        jmp     leave_kernel
.bad:   mov     dword [esp + 44], -1
        jmp     leave_kernel
        align   4
.table: dd      .exit, .putc, .getc, .spawn, .wait, .unmap, .slices, .off
.exit:  mov     edi, [current]          ; 0: EBX is the result
        mov     [edi + task.result], ebx
        mov     dword [edi + task.state], 2
        call    schedule
.putc:  mov     al, bl                  ; 1
        jmp     putc
.getc:                                  ; 2: EAX, -1 if there is nothing
%ifdef PARA
        HYPER   10
        ret
%else
        mov     dx, 3FDh
        in      al, dx
        test    al, 1
        jz      .none
        mov     dx, 3F8h
        in      al, dx
        movzx   eax, al
        ret
.none:  or      eax, -1
        ret
%endif
.spawn: mov     esi, ebx                ; 3: EBX: where. EAX: which
        jmp     spawn
.wait:  imul    edi, ebx, task.size     ; 4: EBX: which. EAX: its result, or 80000000h + vector
        add     edi, tasks
.again: cmp     dword [edi + task.state], 2
        je      .done
        push    edi
        call    schedule
        pop     edi
        jmp     .again
.done:  mov     dword [edi + task.state], 0
        mov     eax, [edi + task.result]
        cmp     dword [edi + task.fault], -1
        je      .well
        mov     eax, [edi + task.fault]
        or      eax, 80000000h
.well:  ret
.unmap: mov     eax, ebx                ; 5: EBX: a page of the heap
        call    entry
        xor     eax, eax
        call    update
%ifndef PARA
        invlpg  [ebx]
%endif
        ret
.slices:                                ; 6: EAX: has the timer ever taken the processor away?
        mov     edi, [current]
        xor     eax, eax
        cmp     [edi + task.slices], eax
        setne   al
        ret

.off:   mov     al, 0                   ; 7
off:
%ifdef PARA
        movzx   ebx, al
        HYPER   12
%else
        out     0F4h, al
%endif
        jmp     $

; ---- devices

make_idt:
        mov     ecx, 33
        mov     edi, 6000h
        mov     eax, stubs
.gate:  mov     [edi], ax
        mov     dword [edi + 2], CODE
        mov     word [edi + 5], 8Eh
        mov     byte [edi + 7], 0
        add     edi, 8
        add     eax, 16
        loop    .gate
        mov     [6000h + 80h * 8], ax
        mov     dword [6000h + 80h * 8 + 2], CODE
        mov     word [6000h + 80h * 8 + 5], 0EEh
%ifdef PARA
        mov     ebx, 6000h
        mov     ecx, 81h * 8 - 1
        HYPER   4
%else
        lidt    [idt_register]
%endif
        ret
start_timer:
%ifdef PARA
        mov     ebx, 100
        mov     ecx, 20h
        HYPER   11
        ret
putc:   pushad
        mov     [character], al
        mov     ebx, character
        mov     ecx, 1
        HYPER   9
        popad
        ret
print:  mov     ebx, esi
        xor     ecx, ecx
.count: inc     ecx
        cmp     byte [esi + ecx], 0
        jne     .count
        HYPER   9
        ret
character: db   0
%else
        mov     esi, .words
        mov     ecx, 8
        xor     edx, edx
.word:  lodsb
        mov     dl, al
        lodsb
        out     dx, al
        loop    .word
        ret
.words: db      20h, 11h, 21h, 20h, 21h, 4, 21h, 1, 21h, 0FEh, 43h, 34h, 40h, 100, 40h, 0
putc:   push    edx
        push    eax
        mov     dx, 3FDh
.busy:  in      al, dx
        test    al, 20h
        jz      .busy
        mov     dx, 3F8h
        pop     eax
        out     dx, al
        pop     edx
        ret
print:  lodsb
        test    al, al
        jz      .done
        call    putc
        jmp     print
.done:  ret
%endif

        align   8
gdt:    dd      0, 0, 0FFFFh, 00CF9A00h, 0FFFFh, 00CF9200h, 0FFFFh, 00CFFA00h, 0FFFFh, 00CFF200h
        dw      103, tss
        dd      00008900h
gdt_register: dw 47
        dd      gdt
idt_register: dw 81h * 8 - 1
        dd      6000h
        align   4
tss:    dd      0, 0, DATA
        times   22 dd 0
        dw      0, 104
current: dd     0
ticks:  dd      0
entered: dd     0
next_page: dd   100000h
kernel_table: dd 0
tasks:  times   TASKS * task.size db 0
hello:  db      "Tortoise: turtles all the way down", 10, 0
tested: db      "self test: TS, DPL, CPL, IF as they should be", 10, 0
panic:  db      "panic: this is not the processor that I know", 10, 0

; ---- programs, at level 3. EAX: which call, EBX: its argument

        align   4096
user_start:
%macro CALL_KERNEL 2
        mov     ebx, %2
        mov     eax, %1
        int     80h
%endmacro
%define EXIT    0
%define PUTC    1
%define GETC    2
%define SPAWN   3
%define WAIT    4
%define UNMAP   5
%define SLICES  6
%define OFF     7

; A line is a command: its first letter counts.
shell:  xor     ebp, ebp
        mov     esi, .prompt
        call    uprint
.key:   CALL_KERNEL GETC, 0
        cmp     eax, -1
        je      .key
        CALL_KERNEL PUTC, eax
        cmp     bl, 10
        je      .run
        test    ebp, ebp
        jnz     .key                    ; EBP: the line's first letter, 0 before it
        mov     ebp, ebx
        jmp     .key
.run:   xor     ecx, ecx
        xchg    ecx, ebp
        cmp     cl, 'c'
        je      .churn
        cmp     cl, 'f'
        je      .faults
        cmp     cl, 't'
        je      .tasks
        cmp     cl, 'e'
        je      .exit
        mov     esi, .help
        call    uprint
        jmp     shell
.exit:  mov     esi, .bye
        call    uprint
        CALL_KERNEL OFF, 0
.churn: mov     ebx, churner
        mov     esi, .churned
        call    run_one
        jmp     shell
.faults:
        mov     edi, .list
.fault: mov     ebx, [edi]
        test    ebx, ebx
        jz      shell
        mov     esi, [edi + 4]
        call    run_one
        add     edi, 8
        jmp     .fault
.tasks: CALL_KERNEL SPAWN, counter      ; three at once: only the timer makes them take turns
        push    eax
        CALL_KERNEL SPAWN, counter
        push    eax
        CALL_KERNEL SPAWN, counter
        push    eax
        mov     edi, 3
.each:  mov     esi, .counted
        call    uprint
        pop     ebx
        CALL_KERNEL WAIT, ebx
        call    uhex
        dec     edi
        jnz     .each
        jmp     shell
.list:  dd      wild, .wild, cli_user, .cli, divide, .divide, rom, .rom, in_user, .in, 0
.prompt: db     "> ", 0
.help:  db      "tasks, churn, faults, exit", 10, 0
.counted: db    "counted, taken away: ", 0
.churned: db    "pages churned: ", 0
.wild:  db      "kernel memory: ", 0
.cli:   db      "cli: ", 0
.divide: db     "division: ", 0
.rom:   db      "store into code: ", 0
.in:    db      "port: ", 0
.bye:   db      "bye", 10, 0

run_one:                                ; EBX: program, ESI: what to print before its result
        push    ebx
        call    uprint
        pop     ebx
        CALL_KERNEL SPAWN, ebx
        CALL_KERNEL WAIT, eax
        jmp     uhex
uprint: lodsb
        test    al, al
        jz      .done
        movzx   eax, al
        CALL_KERNEL PUTC, eax
        jmp     uprint
.done:  ret
uhex:   mov     ecx, 8
        mov     edx, eax
.digit: rol     edx, 4
        mov     eax, edx
        and     eax, 15
        movzx   eax, byte [eax + .digits]
        CALL_KERNEL PUTC, eax
        loop    .digit
        CALL_KERNEL PUTC, 10
        ret
.digits: db     "0123456789abcdef"

counter:                                ; a sum, until the timer has come between; then the rest of it
        xor     edi, edi
        mov     ecx, 200000
.loop:  add     edi, ecx
        loop    .loop
        CALL_KERNEL SLICES, 0
        test    eax, eax
        jz      counter
        CALL_KERNEL EXIT, edi
churner:                                ; 16 pages come and go, 8 times: each is zero when it is new
        mov     ebp, 8
        xor     edi, edi
.round: mov     esi, HEAP
.touch: add     edi, [esi]
        inc     dword [esi]
        add     edi, [esi]
        add     esi, 1000h
        cmp     esi, HEAP + 10000h
        jb      .touch
        mov     esi, HEAP
.drop:  CALL_KERNEL UNMAP, esi
        add     esi, 1000h
        cmp     esi, HEAP + 10000h
        jb      .drop
        dec     ebp
        jnz     .round
        CALL_KERNEL EXIT, edi
wild:   mov     eax, [100000h]
        CALL_KERNEL EXIT, 0
cli_user:
        cli
        CALL_KERNEL EXIT, 0
divide: xor     ecx, ecx
        div     ecx
        CALL_KERNEL EXIT, 0
rom:    mov     [rom], eax
        CALL_KERNEL EXIT, 0
in_user:
        in      al, 60h
        CALL_KERNEL EXIT, 0
        align   4096
user_end:
