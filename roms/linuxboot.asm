; roms/linuxboot.asm -- the option ROM that boots a Linux kernel given with -kernel.
;
; devices/boot_linux.c has decided where things go (firmware file boot/plan) and filled in the
; kernel's header. What is left: to copy, to find a place for the initial RAM disk below what the
; firmware has reserved at the end of memory, and to enter the kernel's real-mode code.
ROM_SIZE        equ 1024
%include "fwcfg.inc"

        rom_header 'Linux kernel (-kernel)'

PLAN            equ 7C00h               ; boot/plan, as in devices/machine_boot.c
plan_setup      equ PLAN
plan_stack      equ PLAN + 4
plan_cmdline    equ PLAN + 8
plan_kernel     equ PLAN + 12
plan_initrd_min equ PLAN + 16
plan_initrd_end equ PLAN + 20

RAMDISK_IMAGE   equ 218h                ; in the setup header

bootstrap:
        enter_rom
        call    read_map
        mov     bp, di                  ; its end
        call    big_real
        mov     edi, PLAN
        mov     si, file_plan
        call    load
        mov     si, no_kernel
        jc      fail

        mov     edi, [plan_setup]
        mov     si, file_setup
        call    load
        mov     edi, [plan_cmdline]
        mov     si, file_cmdline
        call    load
        mov     edi, [plan_kernel]
        mov     si, file_kernel
        call    load

        mov     si, file_initrd
        call    find
        jc      .enter
        mov     ecx, eax
        call    place
        mov     si, no_room
        jc      fail
        mov     eax, [plan_setup]
        mov     [es:eax + RAMDISK_IMAGE], edi
        call    read

        ; All segments at the setup code, which begins at its offset 200h.
.enter: call    real
        mov     ebx, [plan_setup]
        shr     ebx, 4
        mov     esp, [plan_stack]
        lea     ax, [bx + 20h]
        mov     ds, bx
        mov     es, bx
        mov     fs, bx
        mov     gs, bx
        mov     ss, bx
        push    ax
        push    word 0
        retf

; place: EDI = the highest page-aligned address for ECX bytes in usable memory, below 4 GiB and
; within the plan's bounds. Carry: there is none. The map ends at BP. DX, the data port, is kept.
place:
        xor     edi, edi
        mov     si, MAP
.range: cmp     si, bp
        jae     .done
        cmp     dword [si + 16], 1      ; usable
        jne     .next
        cmp     dword [si + 4], 0       ; begins below 4 GiB
        jne     .next
        mov     eax, [si]
        mov     ebx, eax
        add     ebx, [si + 8]           ; EAX: begin, EBX: end
        jc      .high
        cmp     dword [si + 12], 0
        je      .clip
.high:  mov     ebx, -1
.clip:  cmp     ebx, [plan_initrd_end]
        jbe     .clip2
        mov     ebx, [plan_initrd_end]
.clip2: cmp     eax, [plan_initrd_min]
        jae     .fits
        mov     eax, [plan_initrd_min]
.fits:  sub     ebx, ecx
        jb      .next
        and     bx, 0F000h
        cmp     ebx, eax
        jb      .next
        cmp     ebx, edi
        jbe     .next
        mov     edi, ebx
.next:  add     si, MAP_RANGE
        jmp     .range
.done:  cmp     edi, 1                  ; carry if nothing was found
        ret

file_plan:      db 'boot/plan', 0
file_setup:     db 'boot/setup', 0
file_cmdline:   db 'boot/cmdline', 0
file_kernel:    db 'boot/kernel', 0
file_initrd:    db 'boot/initrd', 0
no_kernel:      db 'linuxboot: there is no kernel', 13, 10, 0
no_room:        db 'linuxboot: the initial RAM disk does not fit into memory', 13, 10, 0

        rom_end
