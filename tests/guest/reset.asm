; reset -- a triple fault shuts the processor down, and the board resets it: RAM and CMOS keep their
; contents, registers do not. The other ways to a reset: port CF9h, the 8042, port 92h.
;
; QEMU clears CMOS 0Fh at a reset; the MC146818 keeps it (data sheet, "RESET": RAM is not affected),
; and firmware relies on that to return from protected mode.
;@reboot
;@qemu 5
%include "lib.inc"

%define COUNT 7000h             ; linear, below the image: not touched by start-up
%define MAGIC 54505252h

main:   cmp     dword [fs:COUNT], MAGIC
        je      .again
        mov     dword [fs:COUNT], MAGIC
        mov     dword [fs:COUNT + 4], 0
        PUTS    "== reset", 10
        jmp     .next
.again: inc     dword [fs:COUNT + 4]
        PUTS    "reset "
        HEX8    [fs:COUNT + 4]
        PUTS    " cmos 0Fh "
        mov     al, 0Fh
        out     70h, al
        in      al, 71h
        HEX8    ax
        PUTS    " cr0 "
        mov     eax, cr0
        and     eax, 80000001h
        HEX32   eax
        PUTS    " cr3 "
        mov     eax, cr3
        HEX32   eax
        PUTS    " cr4 "
        mov     eax, cr4
        HEX32   eax
        PUTS    " dr7 "
        mov     eax, dr7
        HEX32   eax
        PUTS    " flags "
        pushfd
        pop     eax
        and     eax, 37FF02h    ; not the arithmetic ones
        HEX32   eax
        NL
.next:  mov     al, 0Fh
        out     70h, al
        mov     al, [fs:COUNT + 4]
        add     al, 0A0h        ; what CMOS is to keep
        out     71h, al
        mov     eax, 12345000h  ; what is not to survive
        mov     cr3, eax
        mov     eax, cr4
        or      al, 8
        mov     cr4, eax
        mov     bx, [fs:COUNT + 4]
        shl     bx, 1
        jmp     [ways + bx]

ways:   dw      triple, triple_int3, cf9, kbc, fast, done

triple: ENTER_PM32              ; #UD with an IDT of limit 0: #GP, #DF, shutdown
        bits    32
        mov     eax, 402h
        mov     dr7, eax
        lidt    [none]
        ud2
        bits    16
triple_int3:                    ; in real mode as well
        lidt    [none]
        int3
cf9:    mov     dx, 0CF9h
        mov     al, 2
        out     dx, al
        mov     al, 6
        out     dx, al
        jmp     wait_
kbc:    mov     al, 0FEh        ; pulse output line 0
        out     64h, al
        jmp     wait_
fast:   in      al, 92h
        or      al, 1
        out     92h, al
wait_:  mov     cx, 0FFFFh      ; a reset may take a moment
.loop:  in      al, 80h
        loop    .loop
        PUTS    "no reset", 10
done:   mov     dword [fs:COUNT], 0
        FINISH

none:   dw      0
        dd      0
        IMAGE_END
