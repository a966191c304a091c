; old_kernel.asm -- what the kernels of teaching and of the BSDs do with a PC, on a boot disk of 32
; KiB: the A20 gate by the 8042, the MP table, two disks on the first IDE channel by PIO and
; interrupt, the 32-bit interface of APM, coprocessor errors by IRQ 13 and by #MF, reset by the
; 8042, power off by APM. Says what it sees on port E9h, a line each.
;
; Floppy; -hda and -hdb: disks of the kernel's own (hdb's sector 7 is written).
        bits 16
        org 0x7C00

STAGE2  equ 0x7E00
SECTORS equ 32
COM     equ 0xE9
BEEN    equ 0x7F                ; a byte of CMOS RAM that nobody uses: we have been here

start:  xor ax, ax
        mov ds, ax
        mov es, ax
        mov ss, ax
        mov sp, 0x7C00
        mov [drive], dl
        mov si, 1               ; LBA
        mov bx, STAGE2
.load:  mov ax, si
        mov cl, 18
        div cl                  ; al = track, ah = sector - 1
        mov cl, ah
        inc cl
        mov dh, al
        and dh, 1
        mov ch, al
        shr ch, 1
        mov dl, [drive]
        mov ax, 0x0201
        int 0x13
        jc .fail
        add bx, 512
        inc si
        cmp si, SECTORS
        jb .load
        jmp stage2
.fail:  mov al, '!'
        out COM, al
        jmp $
drive   db 0
        times 510 - ($ - $$) db 0
        dw 0xAA55

; ---- stage 2, real mode

stage2: mov si, m_start
        call puts16
        call a20
        call apm_connect
        cli
        lgdt [gdtr]
        mov eax, cr0
        or al, 1
        mov cr0, eax
        jmp 0x08:prot

puts16: lodsb
        test al, al
        jz .done
        out COM, al
        jmp puts16
.done:  ret

wait64: in al, 0x64
        test al, 2
        jnz wait64
        ret

; AL: output port
outport:
        push ax
        call wait64
        mov al, 0xD1
        out 0x64, al
        call wait64
        pop ax
        out 0x60, al
        call wait64
        mov al, 0xFF            ; a pulse of no lines: the UHCI of old waited for it
        out 0x64, al
        call wait64
        ret

; ZF: FFFF:7E10 (the last word but one of the boot sector, a megabyte up) is the boot sector's
wraps:  push es
        mov ax, 0xFFFF
        mov es, ax
        mov word [0x600], 0x1234
        mov word [es:0x610], 0x4321
        cmp word [0x600], 0x4321
        pop es
        ret

a20:    mov al, 0xDD
        call outport
        call wraps
        mov si, m_a20w
        je .off
        mov si, m_a20n
.off:   call puts16
        mov al, 0xDF
        call outport
        call wraps
        mov si, m_a20w
        je .on
        mov si, m_a20n
.on:    call puts16
        ret

apm_connect:
        mov ax, 0x5300
        xor bx, bx
        int 0x15
        mov si, m_noapm
        jc .no
        cmp bx, 0x504D          ; 'PM'
        jne .no
        mov ax, 0x5304          ; whoever was connected
        xor bx, bx
        int 0x15
        mov ax, 0x5303
        xor bx, bx
        int 0x15
        jc .no
        movzx eax, ax
        shl eax, 4
        mov [gdt_apm32 + 2], ax
        shr eax, 16
        mov [gdt_apm32 + 4], al
        movzx ecx, cx
        shl ecx, 4
        mov [gdt_apm16 + 2], cx
        shr ecx, 16
        mov [gdt_apm16 + 4], cl
        movzx edx, dx
        shl edx, 4
        mov [gdt_apmds + 2], dx
        shr edx, 16
        mov [gdt_apmds + 4], dl
        mov [apm_entry], ebx
        mov word [apm_entry + 4], 0x18
        mov si, m_apm
.no:    call puts16
        ret

; ---- 32-bit

        bits 32
prot:   mov ax, 0x10
        mov ds, ax
        mov es, ax
        mov ss, ax
        mov esp, 0x7C00
        call idt_make
        call pic_init
        sti
        call mp_table
        call ide
        call apm_status
        call npx_irq13
        call npx_mf
        mov al, BEEN
        out 0x70, al
        in al, 0x71
        cmp al, 0x5A
        je apm_off
        mov al, 0x5A
        out 0x71, al
        jmp reset

puts:   lodsb
        test al, al
        jz .done
        out COM, al
        jmp puts
.done:  ret

; EAX in hexadecimal, a blank before it
hex:    push ecx
        push edx
        mov edx, eax
        mov al, ' '
        out COM, al
        mov ecx, 8
.digit: rol edx, 4
        mov al, dl
        and al, 15
        cmp al, 10
        sbb al, 0x69
        das
        out COM, al
        dec ecx
        jnz .digit
        pop edx
        pop ecx
        ret

newline:
        mov al, 10
        out COM, al
        ret

; ---- interrupts

; gate AL: handler EBX
gate:   movzx eax, al
        mov edx, ebx
        mov dx, 0x8E00
        and ebx, 0xFFFF
        or ebx, 0x00080000
        mov [IDT + eax * 8], ebx
        mov [IDT + eax * 8 + 4], edx
        ret

idt_make:
        xor ecx, ecx
.each:  mov al, cl
        mov ebx, unexpected
        call gate
        inc cl
        jnz .each
        mov al, 0x20
        mov ebx, irq_timer
        call gate
        mov al, 0x2E
        mov ebx, irq_disk
        call gate
        mov al, 0x2D
        mov ebx, irq_npx
        call gate
        mov al, 16
        mov ebx, fault_mf
        call gate
        lidt [idtr]
        ret

unexpected:
        mov esi, m_unexp
        call puts
        pop eax
        call hex
        pop eax
        call hex
        call newline
        cli
        hlt
        jmp $

pic_init:
        mov al, 0x11
        out 0x20, al
        out 0xA0, al
        mov al, 0x20
        out 0x21, al
        mov al, 0x28
        out 0xA1, al
        mov al, 4
        out 0x21, al
        mov al, 2
        out 0xA1, al
        mov al, 1
        out 0x21, al
        out 0xA1, al
        mov al, 0xFA            ; timer and cascade
        out 0x21, al
        mov al, 0x9F            ; coprocessor and first disk channel
        out 0xA1, al
        ret

irq_timer:
        push eax
        inc dword [ticks]
        mov al, 0x20
        out 0x20, al
        pop eax
        iret

irq_disk:
        push eax
        push edx
        mov dx, 0x1F7           ; status: the disk lets go of the line
        in al, dx
        mov [disk_status], al
        inc dword [disk_irqs]
        mov al, 0x20
        out 0xA0, al
        out 0x20, al
        pop edx
        pop eax
        iret

irq_npx:                        ; as BSD: BUSY# is released by port F0h
        push eax
        xor al, al
        out 0xF0, al
        inc dword [npx_irqs]
        fnstsw ax
        mov [npx_status], ax
        fnclex
        mov al, 0x20
        out 0xA0, al
        out 0x20, al
        pop eax
        iret

fault_mf:
        push eax
        inc dword [mf_faults]
        mov eax, [esp + 4]
        mov [mf_eip], eax
        fnstsw ax
        mov [npx_status], ax
        fnclex
        pop eax
        iret

; ---- MP table (MP specification 1.4, chapter 4)

; ESI, ECX bytes: ZF if they sum up to nothing
sum:    push esi
        push ecx
        xor ah, ah
.add:   lodsb
        add ah, al
        dec ecx
        jnz .add
        pop ecx
        pop esi
        test ah, ah
        ret

mp_table:
        mov esi, 0xF0000
.look:  cmp dword [esi], '_MP_'
        jne .next
        mov ecx, 16
        call sum
        jz .found
.next:  add esi, 16
        cmp esi, 0x100000
        jb .look
        movzx esi, word [0x40E] ; the EBDA's first KiB
        shl esi, 4
        mov edx, 64
.ebda:  cmp dword [esi], '_MP_'
        jne .more
        mov ecx, 16
        call sum
        jz .found
.more:  add esi, 16
        dec edx
        jnz .ebda
        mov esi, m_nomp
        jmp puts
.found: mov esi, [esi + 4]
        cmp dword [esi], 'PCMP'
        jne .bad
        movzx ecx, word [esi + 4]
        call sum
        jnz .bad
        mov ebx, esi
        mov esi, m_mp
        call puts
        mov eax, [ebx + 36]     ; local APIC
        call hex
        movzx ecx, word [ebx + 34]
        lea esi, [ebx + 44]
        mov dword [mp_count], 0
        mov dword [mp_count + 4], 0
.entry: movzx eax, byte [esi]
        cmp al, 4
        ja .bad
        inc byte [mp_count + eax]
        cmp al, 2
        jne .size
        mov edx, [esi + 4]      ; I/O APIC's address
.size:  cmp al, 0
        mov eax, 20
        je .step
        mov eax, 8
.step:  add esi, eax
        dec ecx
        jnz .entry
        mov eax, edx
        call hex
        mov eax, [mp_count]     ; interrupts, I/O APICs, buses, processors
        and eax, 0xFF00FF       ; buses and interrupts are the firmware's choice
        call hex
        jmp newline
.bad:   mov esi, m_badmp
        jmp puts

; ---- disks, as xv6: commands by PIO, completion by interrupt, a sector each

; AL: 0 or 1, the disk; BL: command; ECX: sector
ide_command:
        push eax
        mov dx, 0x1F7
.ready: in al, dx
        and al, 0xC0
        cmp al, 0x40
        jne .ready
        mov dx, 0x3F6
        xor al, al              ; interrupts on
        out dx, al
        mov dx, 0x1F2
        mov al, 1
        out dx, al
        inc edx
        mov al, cl
        out dx, al
        inc edx
        mov al, ch
        out dx, al
        inc edx
        shr ecx, 16
        mov al, cl
        out dx, al
        inc edx
        pop eax
        shl al, 4
        or al, 0xE0
        out dx, al
        inc edx
        mov eax, [disk_irqs]
        mov [disk_before], eax
        mov al, bl
        out dx, al
        ret

ide_wait:
        mov eax, [disk_irqs]
        cmp eax, [disk_before]
        jne .came
        hlt
        jmp ide_wait
.came:  ret

; AL: disk, ECX: sector, into BUFFER
ide_read:
        mov bl, 0x20
        call ide_command
        call ide_wait
        mov edi, BUFFER
        mov dx, 0x1F0
        mov ecx, 128
        cld
        rep insd
        movzx eax, byte [disk_status]
        ret

ide_write:
        mov bl, 0x30
        call ide_command
        mov dx, 0x3F6
.drq:   in al, dx
        test al, 8
        jz .drq
        mov esi, BUFFER
        mov dx, 0x1F0
        mov ecx, 128
        cld
        rep outsd
        call ide_wait
        movzx eax, byte [disk_status]
        ret

ide:    mov esi, m_ide
        call puts
        xor eax, eax            ; each disk's sector 0 starts with its name
        xor ecx, ecx
        call ide_read
        call hex
        mov eax, [BUFFER]
        call hex
        mov al, 1
        xor ecx, ecx
        call ide_read
        mov eax, [BUFFER]
        call hex
        call newline
        mov esi, m_idew
        call puts
        mov edi, BUFFER
        mov ecx, 128
        mov eax, 0x5A17C0DE
.fill:  stosd
        rol eax, 3
        dec ecx
        jnz .fill
        mov al, 1
        mov ecx, 7
        call ide_write
        call hex
        mov edi, BUFFER
        mov ecx, 128
        xor eax, eax
        rep stosd
        mov al, 1
        mov ecx, 7
        call ide_read
        mov eax, [BUFFER + 508]
        call hex
        jmp newline

; ---- APM (specification 1.2)

apm_status:
        mov esi, m_apms
        call puts
        mov ax, 0x530A          ; power status of all devices
        mov bx, 1
        call far [apm_entry]
        setc al
        movzx eax, al
        call hex
        mov ax, 0x530E          ; driver version 1.2
        xor bx, bx
        mov cx, 0x0102
        call far [apm_entry]
        movzx eax, ax
        call hex
        jmp newline

apm_off:
        mov esi, m_off
        call puts
        mov ax, 0x5307
        mov bx, 1
        mov cx, 3
        call far [apm_entry]
        mov esi, m_alive
        call puts
        cli
        hlt
        jmp $

reset:  mov esi, m_reset
        call puts
        cli
.wait:  in al, 0x64
        test al, 2
        jnz .wait
        mov al, 0xFE
        out 0x64, al
        jmp $

; ---- the coprocessor

; 1 / 0, the division's exception unmasked
divide: fninit
        mov word [npx_control], 0x37B
        fldcw [npx_control]
        fld1
        fldz
        fdivp st1, st0
        ret

npx_irq13:
        mov esi, m_irq13
        call puts
        mov eax, cr0
        and eax, ~0x3E          ; MP EM TS ET NE
        or eax, 0x12
        mov cr0, eax
        mov dword [npx_irqs], 0
        call divide
        fwait                   ; the interrupt comes here at the latest
        nop
        mov ecx, 10000
.wait:  cmp dword [npx_irqs], 0
        jne .came
        dec ecx
        jnz .wait
.came:  mov eax, [npx_irqs]
        call hex
        movzx eax, word [npx_status]
        and eax, 0x80BF
        call hex
        jmp newline

npx_mf: mov esi, m_mf
        call puts
        mov eax, cr0
        or eax, 0x20
        mov cr0, eax
        mov dword [mf_faults], 0
        call divide
        nop                     ; not here
        mov eax, [mf_faults]
        call hex
.wait:  fwait                   ; but here
        mov eax, [mf_faults]
        call hex
        mov eax, [mf_eip]
        sub eax, .wait          ; it names the instruction that found the error
        call hex
        movzx eax, word [npx_status]
        and eax, 0x80BF
        call hex
        jmp newline

; ---- data

m_start db "old kernel", 10, 0
m_a20w  db "a20: the megabyte wraps", 10, 0
m_a20n  db "a20: it does not", 10, 0
m_apm   db "apm: connected", 10, 0
m_noapm db "apm: none", 10, 0
m_apms  db "apm: power status, version", 0
m_mp    db "mp:", 0
m_nomp  db "mp: no table", 10, 0
m_badmp db "mp: bad table", 10, 0
m_ide   db "ide: read", 0
m_idew  db "ide: write", 0
m_irq13 db "npx: irq 13", 0
m_mf    db "npx: #MF", 0
m_unexp db "unexpected interrupt, stack", 0
m_reset db "reset", 10, 0
m_off   db "off", 10, 0
m_alive db "still here", 10, 0

        align 8
gdt     dq 0
        dq 0x00CF9A000000FFFF
        dq 0x00CF92000000FFFF
gdt_apm32 dq 0x00409A000000FFFF
gdt_apm16 dq 0x00009A000000FFFF
gdt_apmds dq 0x000092000000FFFF
gdtr    dw gdtr - gdt - 1
        dd gdt
idtr    dw 0x7FF
        dd IDT
        align 4
apm_entry dd 0
        dw 0
        align 4
ticks   dd 0
disk_irqs dd 0
disk_before dd 0
disk_status db 0
        align 4
npx_irqs dd 0
mf_faults dd 0
mf_eip  dd 0
npx_status dw 0
npx_control dw 0
mp_count dq 0

IDT     equ 0x20000
BUFFER  equ 0x21000

        times SECTORS * 512 - ($ - $$) db 0
