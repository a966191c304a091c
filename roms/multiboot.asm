; roms/multiboot.asm -- the option ROM that boots a multiboot kernel given with -kernel.
;
; devices/boot_multiboot.c has decided where the parts go and made the information structure. What
; is left: to copy the parts, to add the memory map, and to enter the kernel in protected mode
; (Multiboot Specification 0.6.96, 3.2).
ROM_SIZE        equ 1024
%include "fwcfg.inc"

        rom_header 'Multiboot kernel (-kernel)'

PLAN            equ 0B000h              ; boot/plan, as in devices/machine_boot.c
plan_entry      equ PLAN
plan_info       equ PLAN + 4
plan_map        equ PLAN + 8
plan_parts      equ PLAN + 12
PARTS           equ PLAN + 16
PART            equ 12                  ; address, size, zeros

INFO_MEM_LOWER  equ 4
INFO_MEM_UPPER  equ 8
INFO_MMAP_LENGTH equ 44

mem_lower       equ 7C00h               ; KiB

bootstrap:
        enter_rom
        int     12h
        mov     [mem_lower], ax
        call    read_map
        mov     bp, di                  ; its end
        call    big_real
        mov     edi, PLAN
        mov     si, file_plan
        call    load
        mov     si, file_kernel
        call    find
        mov     si, no_kernel
        jc      fail

        mov     si, PARTS
.part:  mov     edi, [si]
        mov     ecx, [si + 4]
        add     ecx, [si + 8]
        call    usable
        push    si
        mov     si, no_room
        jc      fail
        pop     si
        mov     ecx, [si + 4]
        call    read
        mov     ecx, [si + 8]
        xor     al, al
        a32 rep stosb
        add     si, PART
        dec     dword [plan_parts]
        jnz     .part

        call    write_map
        mov     edx, [plan_entry]

        xor     eax, eax                ; the place of .flat in memory
        mov     ax, cs
        shl     eax, 4
        add     eax, .flat
        push    dword SEL_CODE
        push    eax
        mov     eax, cr0
        or      al, 1
        mov     cr0, eax
        o32 retf

        bits    32
.flat:  mov     ax, SEL_FLAT
        mov     ds, ax
        mov     es, ax
        mov     fs, ax
        mov     gs, ax
        mov     ss, ax
        movzx   esp, sp
        mov     eax, 2BADB002h
        jmp     edx
        bits    16

; usable: carry if EDI, ECX bytes is not in one piece of usable memory. The map ends at BP.
usable:
        push    si
        mov     edx, edi
        add     edx, ecx                ; the end; at most 3 GiB
        mov     si, MAP
.range: cmp     si, bp
        jae     .none
        cmp     dword [si + 16], 1
        jne     .next
        cmp     dword [si + 4], 0
        jne     .next
        cmp     edi, [si]
        jb      .next
        cmp     dword [si + 12], 0
        jne     .found
        mov     eax, [si]
        add     eax, [si + 8]
        jc      .found
        cmp     edx, eax
        jbe     .found
.next:  add     si, MAP_RANGE
        jmp     .range
.none:  stc
        jmp     .end
.found: clc
.end:   pop     si
        ret

; write_map: the memory map as the kernel wants it, each range after its size; and the sizes in KiB of
; conventional memory and of that from 1 MiB up.
write_map:
        mov     ebx, [plan_info]
        movzx   eax, word [mem_lower]
        mov     [es:ebx + INFO_MEM_LOWER], eax
        mov     edi, [plan_map]
        mov     si, MAP
.range: cmp     si, bp
        jae     .end
        mov     eax, MAP_RANGE
        a32 stosd
        cmp     dword [si], 100000h
        jne     .copy
        mov     eax, [si + 8]
        shr     eax, 10
        mov     [es:ebx + INFO_MEM_UPPER], eax
.copy:  mov     cx, MAP_RANGE / 4
.dword: lodsd
        a32 stosd
        loop    .dword
        jmp     .range
.end:   sub     edi, [plan_map]
        mov     [es:ebx + INFO_MMAP_LENGTH], edi
        ret

file_plan:      db 'boot/plan', 0
file_kernel:    db 'boot/kernel', 0
no_kernel:      db 'multiboot: there is no kernel', 13, 10, 0
no_room:        db 'multiboot: a part of the kernel is where there is no memory', 13, 10, 0

        rom_end
