; tests/boot/mbkernel.asm -- a multiboot kernel that looks at the state it is entered in.
;
;   nasm -f bin [-D ELF] [-D VIDEO] [-D FLAGS=n] -o F mbkernel.asm
;
; Without ELF it tells its addresses in the header (flag 16). With ELF the file is an ELF executable
; of two segments, linked at 80100000h and loaded at 1 MiB and 2 MiB. What it is told goes, a line a
; thing, to port E9h; what is not as the specification (0.6.96, 3.2) has it, as "BAD: ...". It ends by
; writing 21 to port F4h, or the count of bad things.
%ifndef FLAGS
%define FLAGS   3                       ; modules on pages, memory information
%endif
%ifdef VIDEO
%define VIDEO_FLAG 4
%else
%define VIDEO_FLAG 0
%endif

%ifndef LOAD
%define LOAD    100000h
%define BSS     200000h
%endif
BSS_SIZE        equ 12345
STACK_SIZE      equ 4096
MAGIC           equ 1BADB002h

        bits    32
%ifdef ELF
VIRTUAL         equ 80100000h
HEADER_FLAGS    equ FLAGS | VIDEO_FLAG
        org     VIRTUAL
file:   db      7Fh, 'ELF', 1, 1, 1
        times   9 db 0
        dw      2, 3                    ; executable, i386
        dd      1, start, headers - file, section_headers - file, 0
        dw      52, 32, 3, 40, 3, 2
headers:
        dd      6474E551h, 0, 0, 0, 0, 0, 6, 16         ; PT_GNU_STACK: nothing to load
        dd      1, 0, VIRTUAL, LOAD, file_end - file, file_end - file, 7, 1000h
        dd      1, second - file, BSS + 80000000h, BSS, 8, 8 + BSS_SIZE + STACK_SIZE, 6, 1000h
%else
VIRTUAL         equ LOAD
HEADER_FLAGS    equ FLAGS | VIDEO_FLAG | 10000h
        org     LOAD
file:   times   52 db 'x'
%endif
        align   4
header: dd      MAGIC, HEADER_FLAGS, -(MAGIC + HEADER_FLAGS)
%ifndef ELF
        dd      header, file, file_end, BSS + 8 + BSS_SIZE + STACK_SIZE, start
%else
        dd      0, 0, 0, 0, 0
%endif
        dd      0, 0, 0, 0              ; video: whatever there is

; code is linked at VIRTUAL and runs at LOAD: addresses of data need at()
%define at(label) (label - VIRTUAL + LOAD)
STACK           equ BSS + 8 + BSS_SIZE + STACK_SIZE

start:
        mov     esp, STACK & ~3
        pushfd
        pop     ebp                     ; the flags
        mov     esi, at(t_magic)
        cmp     eax, 2BADB002h
        call    expect
        cld

        mov     esi, at(t_protected)    ; protection on, paging off
        mov     eax, cr0
        and     eax, 80000001h
        cmp     eax, 1
        call    expect
        mov     esi, at(t_interrupts)
        test    ebp, 20200h             ; neither IF nor VM
        call    expect
        call    check_segments
        call    check_bss
        mov     esi, at(t_a20)
        mov     dword [LOAD + 670h], 1  ; between the code and its end
        mov     dword [LOAD + 100670h], 2
        cmp     dword [LOAD + 670h], 1
        call    expect

        mov     esi, at(t_flags)
        mov     eax, [ebx]
        call    say_number
        mov     esi, at(t_lower)
        mov     eax, [ebx + 4]
        call    say_number
        mov     esi, at(t_upper)
        mov     eax, [ebx + 8]
        call    say_number
        mov     esi, at(t_device)
        mov     eax, [ebx + 12]
        call    say_number
        mov     esi, at(t_cmdline)
        mov     eax, [ebx + 16]
        call    say_string
        call    tell_modules
        call    tell_map
        mov     esi, at(t_loader)
        mov     eax, [ebx + 64]
        call    say_string
%ifdef ELF
        call    tell_sections
%endif
%ifdef VIDEO
        mov     esi, at(t_frame)
        mov     eax, [ebx + 88]
        call    say_number
%endif
        mov     word [0B8000h], 0A4Dh   ; "M", green, at the top left

        mov     eax, [at(bad)]
        test    eax, eax
        jnz     .end
        mov     al, 21
.end:   mov     dx, 0F4h
        out     dx, eax
        cli
        hlt

; All data segments and the code segment are flat: present, ring 0, base 0, 4 GiB, 32 bits.
check_segments:
        mov     esi, at(t_code)
        mov     ax, cs
        lar     ecx, eax
        and     ecx, 00C0F800h
        cmp     ecx, 00C09800h
        call    expect
        lsl     ecx, eax
        cmp     ecx, -1
        call    expect
        mov     esi, at(t_data)
        mov     ax, ds
        call    .data
        mov     ax, es
        call    .data
        mov     ax, fs
        call    .data
        mov     ax, gs
        call    .data
        mov     ax, ss
.data:  lar     ecx, eax
        and     ecx, 0000FA00h
        cmp     ecx, 00009200h
        call    expect
        lsl     ecx, eax
        cmp     ecx, -1
        jmp     expect

check_bss:
%ifdef ELF
        mov     esi, at(t_second)
        cmp     dword [BSS], 'seco'
        call    expect
        cmp     dword [BSS + 4], 'nd. '
        call    expect
        mov     edi, BSS + 8
        mov     ecx, BSS_SIZE
%else
        mov     edi, at(file_end)
        mov     ecx, BSS + 8 + BSS_SIZE
        sub     ecx, edi
%endif
        mov     esi, at(t_bss)
        xor     eax, eax
        repe scasb
        call    expect
        ret

tell_modules:
        mov     esi, at(t_modules)
        mov     eax, [ebx + 20]
        call    say_number
        mov     edi, [ebx + 24]
.next:  cmp     dword [ebx + 20], 0
        je      .end
        mov     esi, at(t_page)
        test    dword [edi], 0FFFh
        call    expect
        mov     esi, at(t_size)
        mov     eax, [edi + 4]
        sub     eax, [edi]
        call    say_number
        mov     esi, [edi]              ; the sum of its bytes
        mov     ecx, eax
        xor     edx, edx
        xor     eax, eax
        jecxz   .summed
.sum:   lodsb
        add     edx, eax
        loop    .sum
.summed:
        mov     esi, at(t_sum)
        mov     eax, edx
        call    say_number
        mov     esi, at(t_string)
        mov     eax, [edi + 8]
        call    say_string
        add     edi, 16
        dec     dword [ebx + 20]
        jmp     .next
.end:   ret

%ifdef ELF
tell_sections:
        test    dword [ebx], 20h
        jz      .end
        mov     esi, at(t_sections)
        mov     eax, [ebx + 28]
        call    say_number
        mov     esi, at(t_names)
        mov     eax, [ebx + 40]
        call    say_number
        mov     edi, [ebx + 36]
        add     edi, [ebx + 32]
        mov     esi, at(t_page_of)
        mov     eax, [edi + 12]
        call    say_number
        add     edi, [ebx + 32]
        mov     esi, [edi + 12]
        mov     ecx, [edi + 20]
.byte:  lodsb
        out     0E9h, al
        loop    .byte
        mov     al, 10
        out     0E9h, al
.end:   ret
%endif

tell_map:
        mov     edi, [ebx + 48]
        mov     ebp, [ebx + 44]
        add     ebp, edi
.next:  cmp     edi, ebp
        jae     .end
        mov     esi, at(t_range)
        mov     eax, [edi + 8]
        call    say_number
        mov     esi, at(t_base)
        mov     eax, [edi + 4]
        call    say_number
        mov     esi, at(t_length)
        mov     eax, [edi + 12]
        call    say_number
        mov     esi, at(t_type)
        mov     eax, [edi + 20]
        call    say_number
        add     edi, [edi]
        add     edi, 4
        jmp     .next
.end:   mov     esi, at(t_map)
        cmp     edi, ebp
        jmp     expect

; expect ESI: if ZF is clear, "BAD: " and the text.
expect: je      .good
        inc     dword [at(bad)]
        push    esi
        mov     esi, at(t_bad)
        call    say
        pop     esi
        push    esi
        call    say
        mov     al, 10
        out     0E9h, al
        pop     esi
.good:  ret

say:    push    eax
.next:  lodsb
        test    al, al
        jz      .end
        out     0E9h, al
        jmp     .next
.end:   pop     eax
        ret

; say_number ESI, EAX: text, number, new line
say_number:
        push    eax
        push    ecx
        push    edx
        call    say
        mov     edx, eax
        mov     ecx, 8
.digit: rol     edx, 4
        mov     al, dl
        and     al, 0Fh
        cmp     al, 10
        sbb     al, 69h
        das
        out     0E9h, al
        loop    .digit
        mov     al, 10
        out     0E9h, al
        pop     edx
        pop     ecx
        pop     eax
        ret

; say_string ESI, EAX: text, string, new line
say_string:
        call    say
        mov     esi, eax
        call    say
        mov     al, 10
        out     0E9h, al
        ret

bad:            dd 0
t_bad:          db 'BAD: ', 0
t_magic:        db 'magic number in EAX', 0
t_protected:    db 'protection, paging', 0
t_interrupts:   db 'EFLAGS', 0
t_code:         db 'code segment', 0
t_data:         db 'a data segment', 0
t_a20:          db 'address line 20', 0
t_second:       db 'second segment', 0
t_bss:          db 'bss', 0
t_page:         db 'module not on a page', 0
t_map:          db 'map does not end where it should', 0
t_flags:        db 'flags ', 0
t_lower:        db 'mem_lower ', 0
t_upper:        db 'mem_upper ', 0
t_device:       db 'boot_device ', 0
t_cmdline:      db 'cmdline ', 0
t_modules:      db 'modules ', 0
t_size:         db 'module size ', 0
t_sum:          db 'module sum ', 0
t_string:       db 'module string ', 0
t_range:        db 'range base_high ', 0
t_base:         db 'range base_low ', 0
t_length:       db 'range length ', 0
t_type:         db 'range type ', 0
t_loader:       db 'loader ', 0
t_sections:     db 'sections ', 0
t_names:        db 'section of names ', 0
t_page_of:      db 'program at ', 0
t_frame:        db 'framebuffer ', 0
%ifdef ELF
second: db      'second. '
section_headers:
        times   40 db 0
        dd      11, 1, 6, VIRTUAL, 0, file_end - file, 0, 0, 16, 0      ; the program
        dd      22, 3, 0, 0, symbols - file, symbols_end - symbols, 0, 0, 1, 0
%endif
        times   680h - ($ - $$) db 0
file_end:
%ifdef ELF
symbols:
        db      'Behind the program, in no segment.'
symbols_end:
%endif
