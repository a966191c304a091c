; tests/boot/tables.asm -- a boot disk that looks for the firmware's tables, checks their sums and
; says what an operating system would read there; then waits for a key:
;
;   p   turns ACPI on, arms the power button's SCI, and switches off through PM1a_CNT once it comes
;
; Every number is from the tables, none is known here. (ACPI 1.0b 5.2, MP 1.4 4, PIR 1.0, SMBIOS 2.4)
        bits 16
        org 0x7C00

SECTORS equ 8
PWRBTN  equ 0x0100
SLP_EN  equ 0x2000

start:  xor     ax, ax
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     sp, 0x7C00
        mov     ax, 0x0200 + SECTORS - 1
        mov     bx, 0x7E00
        mov     cx, 2
        xor     dh, dh
        int     0x13
        jnc     main
        hlt

        times 510 - ($ - $$) db 0
        dw      0xAA55

; ---- output

puts:   lodsb                           ; DS:SI, ends with 0
        test    al, al
        jz      .done
        call    putc
        jmp     puts
.done:  ret

putc:   pushad
        mov     ah, 0x0E
        mov     bx, 7
        int     0x10
        popad
        ret

newline:
        mov     al, 13
        call    putc
        mov     al, 10
        jmp     putc

%macro say 1+
        push    si
        mov     si, %%text
        call    puts
        pop     si
        jmp     %%over
%%text: db      %1, 0
%%over:
%endmacro

puthex: push    ecx                     ; EAX, eight digits
        mov     cx, 8
.digit: rol     eax, 4
        push    eax
        and     al, 15
        cmp     al, 10
        sbb     al, 0x69
        das
        call    putc
        pop     eax
        loop    .digit
        pop     ecx
        ret

put4:   push    eax                     ; EAX, four characters
        push    cx
        mov     cx, 4
.next:  call    putc
        shr     eax, 8
        loop    .next
        pop     cx
        pop     eax
        ret

; ---- memory: FS reaches 4 GiB (the firmware's calls may take that away)

big:    cli
        push    eax
        lgdt    [gdt_at]
        mov     eax, cr0
        or      al, 1
        mov     cr0, eax
        jmp     .on
.on:    mov     ax, 8
        mov     fs, ax
        mov     eax, cr0
        and     al, 0xFE
        mov     cr0, eax
        jmp     .off
.off:   xor     ax, ax
        mov     fs, ax
        pop     eax
        sti
        ret

gdt:    dq      0
        dw      0xFFFF, 0, 0x9200, 0x00CF
gdt_at: dw      15
        dd      gdt

; EAX and EDX (0: any): two doublewords on a 16-byte boundary of E0000-FFFFF. ESI: where, or 0.
find:   call    big
        mov     esi, 0xE0000
.next:  cmp     [fs:esi], eax
        jne     .no
        test    edx, edx
        jz      .yes
        cmp     [fs:esi + 4], edx
        je      .yes
.no:    add     esi, 16
        cmp     esi, 0x100000
        jb      .next
        xor     esi, esi
.yes:   ret

; ESI, ECX bytes (at most 64 KiB): says " ok" or " bad sum", and the line ends.
check:  call    big
        push    esi
        xor     al, al
        cmp     ecx, 0x10000
        ja      .bad
.next:  add     al, [fs:esi]
        inc     esi
        dec     ecx
        jnz     .next
        test    al, al
        jnz     .bad
        say     " ok"
        jmp     .done
.bad:   say     " bad sum"
.done:  pop     esi
        call    newline
        jmp     big

; A table with an ACPI header at ESI: its name, its sum.
table:  call    big
        mov     eax, [fs:esi]
        call    put4
        call    big
        mov     ecx, [fs:esi + 4]
        jmp     check

%macro field 3                          ; "name", offset, mask
        say     %1
        call    big
        mov     eax, [fs:esi + %2]
        and     eax, %3
        call    puthex
%endmacro

; ---- the tables

main:   mov     ax, 3
        int     0x10
        call    acpi
        call    mp
        call    pir
        call    smbios
        say     "tables: done", 13, 10
        xor     ah, ah
        int     0x16
        cmp     al, 'p'
        jne     halt
        call    power
halt:   hlt
        jmp     halt

acpi:   mov     eax, 'RSD '
        mov     edx, 'PTR '
        call    find
        say     "RSD PTR"
        test    esi, esi
        jz      missing
        mov     ecx, 20
        call    check
        mov     esi, [fs:esi + 16]
        mov     ebp, esi
        call    table                   ; RSDT
        mov     edi, [fs:ebp + 4]
        add     edi, ebp
        add     ebp, 36
.entry: cmp     ebp, edi
        jae     .done
        call    big
        mov     esi, [fs:ebp]
        call    table
        cmp     dword [fs:esi], 'FACP'
        jne     .madt
        call    fadt
        jmp     .next
.madt:  cmp     dword [fs:esi], 'APIC'
        jne     .ssdt
        call    madt
        jmp     .next
.ssdt:  cmp     dword [fs:esi], 'SSDT'
        jne     .next
        call    ssdt
.next:  add     ebp, 4
        jmp     .entry
.done:  ret

missing:
        say     " is missing", 13, 10
        ret

fadt:   field   "evt ", 56, 0xFFFF
        mov     [pm_evt], ax
        field   " cnt ", 64, 0xFFFF
        mov     [pm_cnt], ax
        field   " tmr ", 76, 0xFFFF
        mov     [pm_tmr], ax
        field   " gpe ", 80, 0xFFFF
        mov     dx, ax
        call    newline
        field   "sci ", 46, 0xFFFF
        mov     [sci], al
        field   " smi_cmd ", 48, 0xFFFF
        mov     [smi_cmd], ax
        field   " on ", 52, 0xFF
        mov     [acpi_on], al
        call    newline
        in      ax, dx                  ; GPE0 status and enable are there, and quiet
        test    ax, ax
        jnz     .gpe
        add     dx, 2
        in      ax, dx
        test    ax, ax
        jz      .dsdt
.gpe:   say     "GPE0 does not answer", 13, 10
.dsdt:  push    esi
        call    big
        mov     esi, [fs:esi + 40]
        call    table
        pop     esi
        jmp     big

; MADT: is the ISA bus's IRQ 0 (the timer) on another pin?
madt:   pushad
        mov     edi, [fs:esi + 4]
        add     edi, esi
        add     esi, 44
.entry: cmp     esi, edi
        jae     .done
        cmp     word [fs:esi], 0x0A02   ; interrupt source override
        jne     .next
        cmp     word [fs:esi + 2], 0    ; bus 0, source 0
        jne     .next
        field   "timer on pin ", 4, -1
        call    newline
        call    big
.next:  movzx   eax, byte [fs:esi + 1]
        test    eax, eax
        jz      .done
        add     esi, eax
        jmp     .entry
.done:  popad
        ret

; SSDT: Name (_S5, Package (4) {SLP_TYPa, ...)), as bytes.
ssdt:   pushad
        mov     edi, [fs:esi + 4]
        add     edi, esi
.next:  cmp     dword [fs:esi], '_S5_'
        je      .found
        inc     esi
        cmp     esi, edi
        jb      .next
        jmp     .done
.found: add     esi, 7                  ; name, PackageOp, PkgLength, NumElements
        mov     al, [fs:esi]
        cmp     al, 0x0A                ; BytePrefix; else ZeroOp or OneOp
        jne     .value
        mov     al, [fs:esi + 1]
.value: mov     [slp_typ], al
        movzx   eax, al
        push    eax
        say     "_S5 SLP_TYP "
        pop     eax
        call    puthex
        call    newline
.done:  popad
        jmp     big

mp:     mov     eax, '_MP_'
        xor     edx, edx
        call    find
        say     "_MP_"
        test    esi, esi
        jz      missing
        mov     ecx, 16
        call    check
        mov     esi, [fs:esi + 4]
        mov     eax, [fs:esi]
        call    put4
        call    big
        movzx   ecx, word [fs:esi + 4]
        call    check
        movzx   cx, byte [fs:esi + 34]
        add     esi, 44
        mov     byte [isa], 0xFF
.entry: mov     al, [fs:esi]
        cmp     al, 0
        je      .cpu
        cmp     al, 1
        jne     .int
        cmp     word [fs:esi + 2], 'IS'
        jne     .next
        mov     al, [fs:esi + 1]
        mov     [isa], al
        jmp     .next
.int:   cmp     word [fs:esi], 3        ; INT, of type INT
        jne     .next
        mov     al, [isa]
        mov     ah, 0                   ; … IRQ 0 of the ISA bus
        cmp     [fs:esi + 4], ax
        jne     .next
        field   "MP timer on pin ", 7, 0xFF
        call    newline
        call    big
.next:  add     esi, 8
        loop    .entry
        ret
.cpu:   add     esi, 20
        loop    .entry
        ret

pir:    mov     eax, '$PIR'
        xor     edx, edx
        call    find
        say     "$PIR"
        test    esi, esi
        jz      missing
        movzx   ecx, word [fs:esi + 6]
        call    check
        field   "router ", 8, 0xFFFF
        jmp     newline

smbios: mov     eax, '_SM_'
        xor     edx, edx
        call    find
        say     "_SM_"
        test    esi, esi
        jz      missing
        movzx   ecx, byte [fs:esi + 5]
        call    check
        add     esi, 16
        say     "_DMI_"
        mov     ecx, 15
        jmp     check

; ---- the power button

power:  mov     al, [sci]               ; on the second 8259A: 70h + n - 8
        movzx   bx, al
        add     bx, 0x70 - 8
        shl     bx, 2
        mov     word [bx], on_sci
        mov     [bx + 2], cs
        mov     cl, al
        sub     cl, 8
        mov     ah, 1
        shl     ah, cl
        not     ah
        in      al, 0xA1
        and     al, ah
        out     0xA1, al
        mov     dx, [smi_cmd]
        mov     al, [acpi_on]
        out     dx, al
        mov     dx, [pm_cnt]
        in      ax, dx
        test    al, 1
        jnz     .acpi
        say     "SCI_EN did not come", 13, 10
.acpi:  mov     dx, [pm_tmr]            ; does the timer run?
        in      eax, dx
        mov     ebx, eax
        mov     cx, 1000
.count: in      eax, dx
        cmp     eax, ebx
        loope   .count
        jne     .runs
        say     "the PM timer stands still", 13, 10
.runs:  mov     dx, [pm_evt]
        mov     ax, 0xFFFF
        out     dx, ax
        add     dx, 2
        mov     ax, PWRBTN
        out     dx, ax
        say     "armed", 13, 10
.wait:  hlt
        cmp     byte [pressed], 0
        je      .wait
        say     "power button", 13, 10
        mov     dx, [pm_cnt]
        in      ax, dx
        and     ax, ~0x1C00
        mov     bl, [slp_typ]
        shl     bl, 2
        or      ah, bl
        or      ax, SLP_EN
        out     dx, ax
        ret

on_sci: push    ax
        push    dx
        mov     dx, [cs:pm_evt]
        in      ax, dx
        out     dx, ax                  ; takes the level away
        test    ax, PWRBTN
        jz      .eoi
        inc     byte [cs:pressed]
.eoi:   mov     al, 0x20
        out     0xA0, al
        out     0x20, al
        pop     dx
        pop     ax
        iret

pm_evt: dw      0
pm_cnt: dw      0
pm_tmr: dw      0
smi_cmd: dw     0
acpi_on: db     0
sci:    db      0
isa:    db      0
slp_typ: db     7
pressed: db     0

        times 1440 * 1024 - ($ - $$) db 0
