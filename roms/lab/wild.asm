; wild -- a guest that reaches for the monitor: by pointer, by descriptor, by page table.
;
; The monitor of the laboratory lives in the last 4 MiB of linear memory. Without one, nothing is there.
; Whatever comes of an attempt, an exception is expected, and that no byte changes.
%include "lab.inc"

%define DIR     100000h
%define TABLE   101000h
%define THERE   0FFC10000h      ; the monitor's GDT, as SGDT tells where it does not trap
%macro ATTEMPT 1+
        CATCH   %1
        cmp     al, 0FFh
        je      near escaped
        inc     dword [refused]
%endmacro

main:   mov     edi, TABLE      ; paging: the first 4 MiB, and of the last nothing
        mov     eax, 7
.page:  stosd
        add     eax, 1000h
        cmp     eax, 400007h
        jb      .page
        mov     dword [DIR], TABLE | 7
        mov     eax, DIR
        mov     cr3, eax
        mov     eax, cr0
        or      eax, 80010000h
        mov     cr0, eax
        jmp     .on
.on:    ATTEMPT mov eax, [THERE]        ; wild pointers
        ATTEMPT mov [THERE], eax
        mov     edi, THERE
        ATTEMPT stosd
        mov     esi, 0FFFFFFFCh
        ATTEMPT lodsd
        mov     dword [gdt + 18h], 0000FFFFh ; descriptors: base F0000000h, 4 GiB: around and around
        mov     dword [gdt + 1Ch], 0F0CF9200h
        mov     ax, 18h
        mov     fs, ax
        ATTEMPT mov eax, [fs:0FC10000h]
        ATTEMPT mov eax, [fs:0FC10000h + 10h]
        mov     dword [gdt + 1Ch], 0FFCF9200h ; base FF000000h
        mov     ax, 18h
        mov     fs, ax
        ATTEMPT mov eax, [fs:0C10000h]
        mov     dword [gdt + 18h], 0000FFFFh ; an LDT of 4 GiB, all of linear memory
        mov     dword [gdt + 1Ch], 008F8200h
        mov     ax, 18h
        lldt    ax
        mov     ax, 0FFFCh      ; whatever its last entry is
        ATTEMPT ltr ax
        xor     eax, eax
        lldt    ax
        mov     ax, 0FFF8h      ; the monitor's own selectors
        ATTEMPT mov fs, ax
        mov     ax, 0FFF0h
        ATTEMPT ltr ax
        ATTEMPT jmp 0FFE8h:0FFC10000h
        mov     dword [DIR + 0FFCh], 0 ; page tables: frames that the guest does not have
        mov     dword [TABLE + 3FCh * 4], 0FFFFF007h
        mov     eax, [3FC000h]  ; open bus
        cmp     eax, 0FFFFFFFFh
        jne     escaped
        mov     dword [3FC000h], 12345678h
        cmp     dword [3FC000h], 0FFFFFFFFh
        jne     escaped
        mov     dword [DIR + 4], 0FF007h ; a table where there is no memory of ours … of zeros
        ATTEMPT mov eax, [400000h]
        cmp     dword [refused], 12
        RIGHT_IF e
escaped:
        SAY     "got through: "
        mov     eax, [refused]
        call    hex
        SAY     10
        END     1
refused: dd     0
