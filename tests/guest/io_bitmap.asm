; io_bitmap -- the I/O permission bitmap: IOPL, single bits, wide accesses, the limit of the TSS, V86
; mode, string instructions. SDM 1, 18.5.2.
%include "lib.inc"

%define PORT    80h             ; POST codes: harmless to write

main:   PUTS    "== io_bitmap", 10
        ENTER_PM32
        bits    32
        ; 80h-83h free, 84h not, 85h free; E9h is free for the printers
        mov     byte [io_map + 80h / 8], 0D0h
        mov     dx, 80h
        PUTS    "ring 0 asks no bitmap", 10
        TRY     "out 84h", out 84h, al
        PUTS    "ring 3, iopl 0", 10
        TO_RING3 .user
.user:  mov     al, 0
        TRY     "out 80h, byte", out 80h, al
        TRY     "out 80h, word", out 80h, ax
        TRY     "out 80h, dword", out 80h, eax
        TRY     "out 81h, dword", out 81h, eax ; 84h is shut
        TRY     "out 83h, word", out 83h, ax
        TRY     "out 84h, byte", out 84h, al
        TRY     "in 84h", in al, 84h
        TRY     "in 85h", in al, 85h
        TRY     "out 85h, word", out 85h, ax
        mov     dx, 84h
        TRY     "out dx", out dx, al
        mov     dx, 0FFFFh
        TRY     "in FFFFh", in al, dx
        mov     dx, 100h        ; beyond the map
        TRY     "in 100h", in al, dx
        mov     dx, 0FFh        ; the map's last bit: set
        TRY     "in FFh", in al, dx
        mov     esi, cell
        mov     edi, cell
        mov     ecx, 3
        mov     dx, 84h
        TRY     "rep outsb", rep outsb
        HEX8    cx
        NL
        TRY     "insb", insb
        mov     edx, 0FFFF0080h ; DX only
        TRY     "rep outsb 80h", rep outsb
        HEX8    cx
        NL
        xor     ecx, ecx
        mov     dx, 84h
;@qemu 1
        ; Bochs and QEMU look at the bitmap first; SDM 2, REP: with a count of 0 the string instruction,
        ; of which the check is a part, is not executed.
;@sed s/^rep outsb, count 0 #GP.*/rep outsb, count 0 ok/
        TRY     "rep outsb, count 0", rep outsb
        PUTS    "cli is not the bitmap's", 10
        TRY     "cli", cli
        RING0
        PUTS    "ring 3, iopl 3", 10
        pushfd
        or      dword [esp], 3000h
        popfd
        TO_RING3 .user3
.user3: TRY     "out 84h", out 84h, al
        RING0
        pushfd
        and     dword [esp], ~3000h
        popfd

        PUTS    "the last byte: a word at its end needs the next", 10
        mov     byte [io_map + 20h - 1], 0 ; F8h-FFh free; the byte behind is FFh
        mov     byte [io_map + 20h], 0FFh
        TO_RING3 .user4
.user4: mov     dx, 0FFh
        TRY     "in FFh, byte", in al, dx
        TRY     "in FFh, word", in ax, dx
        RING0
        mov     byte [io_map + 20h], 0 ; 100h-107h free now
        TO_RING3 .user5
.user5: mov     dx, 0FFh
        TRY     "in FFh, word, free", in ax, dx
        mov     dx, 100h
        TRY     "in 100h: its second byte is beyond the limit", in al, dx
        RING0
        PUTS    "a shorter TSS", 10
        mov     byte [gdt + TSS0], TSS0_SIZE - 2 ; the limit: last byte of the map gone
        call    reload
        TO_RING3 .user6
.user6: mov     dx, 0F7h
        TRY     "in F8h: two bytes are always read", { in al, 0F8h }
        TRY     "in F0h", { in al, 0F0h }
        RING0
        mov     byte [gdt + TSS0], TSS0_SIZE - 1
        call    reload
        PUTS    "v86: the bitmap counts whatever IOPL is", 10
        TO_V86  .v86, 3
        bits    16
.v86:   TRY     "out 80h", out 80h, al
        TRY     "out 84h", out 84h, al
        TRY     "out 82h, dword", out 82h, eax
        RING0
        bits    32
        PUTS    "no map: its base is beyond the limit: "
        mov     word [tss0 + 102], TSS0_SIZE
        push    dword 2
        popfd                   ; IOPL 0 again
        mov     dword [resume], .none
        mov     byte [quiet], 1
        TO_RING3 .user7
.user7: mov     dword [resume_cs], UCODE32
        in      al, 80h
        RING0
        PUTS    "not refused", 10
        FINISH
.none:  RING0                   ; #GP, in the end
        mov     word [tss0 + 102], 104
        PUTS    "refused", 10
        FINISH
reload: mov     byte [gdt + TSS0 + 5], 89h
        mov     ax, TSS0
        ltr     ax
        ret
cell:   dd      0
        IMAGE_END
