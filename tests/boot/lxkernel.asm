; tests/boot/lxkernel.asm -- a kernel by the Linux/x86 boot protocol that looks at how it was loaded.
;
;   nasm -f bin [-D PROTOCOL=0x20F] [-D LOW] -o F lxkernel.asm        LOW: a zImage
;
; The setup code prints, a line a thing, to port E9h: the header's fields that the boot loader writes,
; the command line, and the sums of the bytes of the kernel and the initial RAM disk as they lie in
; memory. What is not as the protocol has it: "BAD: ...". It ends by writing 21 to port F4h, or the
; count of bad things.
%ifndef PROTOCOL
%define PROTOCOL 20Fh
%endif
%ifdef LOW
HIGH            equ 0
KERNEL          equ 10000h
%else
HIGH            equ 1
KERNEL          equ 100000h
%endif
SECTORS         equ 4
KERNEL_SIZE     equ 100000              ; not a multiple of anything

        org     0
        bits    16
        cpu     386
        times   1F1h db 0
        db      SECTORS
        dw      0
        dd      (KERNEL_SIZE + 15) / 16
        dw      0, 0FFFFh, 0
        dw      0AA55h
        jmp     short start
        db      'HdrS'
        dw      PROTOCOL
        dd      0
        dw      1000h, 0
type_of_loader: db 0
loadflags:      db HIGH
        dw      8000h
        dd      KERNEL
ramdisk_image:  dd 0
ramdisk_size:   dd 0
        dd      0
heap_end_ptr:   dw 5555h
        dw      0
cmd_line_ptr:   dd 0
initrd_addr_max: dd 37FFFFFFh
        dd      1000000h
        db      1, 0
        dw      0
        dd      255                     ; cmdline_size
        times   258h - ($ - $$) db 0
        dd      1000000h, 0             ; pref_address
        dd      0B00000h                ; init_size: to 27 MiB

start:  pushf
        pop     bp
        mov     ax, cs                  ; offset 200h of the segment that all others have
        sub     ax, 20h
        jmp     .far
.far:   push    ax
        push    word .here
        retf
.here:  cmp     sp, 8000h               ; room for stack and heap
        mov     si, t_stack
        call    expect_not_below
        mov     si, t_segment
        mov     bx, ds
        cmp     ax, bx
        call    expect
        mov     bx, es
        cmp     ax, bx
        call    expect
        mov     bx, fs
        cmp     ax, bx
        call    expect
        mov     bx, gs
        cmp     ax, bx
        call    expect
        mov     bx, ss
        cmp     ax, bx
        call    expect
        mov     si, t_flags
        test    bp, 200h
        call    expect

        mov     si, t_at
        movzx   eax, ax
        call    say_number
        mov     si, t_loader
        cmp     byte [type_of_loader], 0
        je      bad_loader
        movzx   eax, byte [loadflags]
        mov     si, t_loadflags
        call    say_number
        movzx   eax, word [heap_end_ptr]
        mov     si, t_heap
        call    say_number
        call    flat

        xor     ebx, ebx                ; the command line, by the protocol of the version
        mov     bx, ds
        shl     ebx, 4
%if PROTOCOL < 202h
        mov     si, t_old
        cmp     word [20h], 0A33Fh
        call    expect
        movzx   eax, word [22h]
        add     ebx, eax
%else
        mov     ebx, [cmd_line_ptr]
%endif
        mov     si, t_cmdline
        call    say
.char:  mov     al, [fs:ebx]
        inc     ebx
        test    al, al
        jz      .initrd
        out     0E9h, al
        jmp     .char
.initrd:
        mov     al, 10
        out     0E9h, al

        mov     ebx, KERNEL
        mov     ecx, KERNEL_SIZE
        mov     si, t_kernel
        call    say_sum
        mov     eax, [ramdisk_size]
        mov     si, t_size
        call    say_number
        mov     ecx, eax
        mov     eax, [ramdisk_image]
        mov     ebx, eax
        mov     si, t_image
        call    say_number
        test    ax, 0FFFh
        call    expect
        mov     si, t_initrd
        call    say_sum
        jmp     end

bad_loader:
        call    expect
end:    mov     ax, [bad]
        test    ax, ax
        jnz     .write
        mov     al, 21
.write: mov     dx, 0F4h
        out     dx, al
        cli
        hlt

; flat: FS with base 0 and 4 GiB
flat:   cli
        xor     eax, eax
        mov     ax, ds
        shl     eax, 4
        add     [gdt + 2], eax
        lgdt    [gdt]
        mov     eax, cr0
        or      al, 1
        mov     cr0, eax
        mov     bx, 8
        mov     fs, bx
        and     al, 0FEh
        mov     cr0, eax
        xor     bx, bx
        mov     fs, bx
        ret

; say_sum SI, EBX, ECX: text and the sum of ECX bytes at EBX
say_sum:
        xor     edx, edx
        jecxz   .end
.byte:  movzx   eax, byte [fs:ebx]
        add     edx, eax
        inc     ebx
        dec     ecx
        jnz     .byte
.end:   mov     eax, edx
        jmp     say_number

expect_not_below:
        jae     expect.good
        jmp     expect.bad
; expect SI: if ZF is clear, "BAD: " and the text.
expect: je      .good
.bad:   inc     word [bad]
        push    si
        mov     si, t_bad
        call    say
        pop     si
        push    si
        call    say
        mov     al, 10
        out     0E9h, al
        pop     si
.good:  ret

say:    push    ax
.next:  lodsb
        test    al, al
        jz      .end
        out     0E9h, al
        jmp     .next
.end:   pop     ax
        ret

; say_number SI, EAX
say_number:
        push    eax
        push    ecx
        push    edx
        call    say
        mov     edx, eax
        mov     cx, 8
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

        align   8, db 0
gdt:    dw      15
        dd      gdt
        dw      0
        dw      0FFFFh, 0, 9200h, 0CFh
bad:            dw 0
t_bad:          db 'BAD: ', 0
t_stack:        db 'stack', 0
t_segment:      db 'a segment', 0
t_flags:        db 'interrupts are on', 0
t_loader:       db 'type_of_loader', 0
t_old:          db 'cmd_line_magic', 0
t_at:           db 'setup at ', 0
t_loadflags:    db 'loadflags ', 0
t_heap:         db 'heap_end_ptr ', 0
t_cmdline:      db 'cmdline ', 0
t_kernel:       db 'kernel sum ', 0
t_size:         db 'initrd size ', 0
t_image:        db 'initrd at ', 0
t_initrd:       db 'initrd sum ', 0

        times   (SECTORS + 1) * 512 - ($ - $$) db 0
%assign i 0
%rep KERNEL_SIZE
        db      (i * 7 + i / 256) & 0FFh
%assign i i + 1
%endrep
