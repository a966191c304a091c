; real_a20 -- the A20 gate: port 92h bit 1; FFFF:xxxx above 1 MB or wrapped to 0.
%include "lib.inc"

main:   PUTS    "== real_a20", 10
        mov     dword [fs:500h], 11111111h
        mov     ax, 0FFFFh
        mov     es, ax          ; ES:0510 is physical 100500h
        call    on
        mov     dword [es:510h], 22222222h
        PUTS    "on: "
        call    show
        call    off
        PUTS    "off: "
        call    show
        mov     dword [es:510h], 33333333h
        PUTS    "off, written: "
        call    show
        call    on
        PUTS    "on: "
        call    show
        mov     dword [fs:0FFFCh], 0
        PUTS    "code above 1 MB: "
        mov     byte [es:20h], 0B8h ; MOV AX, 1234h; RETF at FFFF:20 = 100010h
        mov     word [es:21h], 1234h
        mov     byte [es:23h], 0CBh
        mov     byte [fs:10h], 0B8h ; and another one at 10h
        mov     word [fs:11h], 5678h
        mov     byte [fs:13h], 0CBh
        call    0FFFFh:20h
        HEX16   ax
        call    off
        call    0FFFFh:20h      ; the same linear address: other code now
        HEX16   ax
        call    on
        call    0FFFFh:20h
        HEX16   ax
        NL
        PUTS    "only bit 20: "
        call    off
        lgdt    [gdtr]
        mov     eax, cr0
        or      al, 1
        mov     cr0, eax
        jmp     short .pm
.pm:    mov     bx, FLAT
        mov     ds, bx
        and     al, 0FEh
        mov     cr0, eax
        mov     dword [dword 200500h], 44444444h
        mov     eax, [dword 300500h] ; bit 20 masked: 200500h
        mov     ebx, [dword 500h]
        mov     cx, cs
        mov     ds, cx
        HEX32   eax
        HEX32   ebx
        call    on
        NL
        PUTS    "port 92h reads back: "
        in      al, 92h
        and     ax, 2
        HEX8    ax
        NL
        FINISH

show:   HEX32   [fs:500h]
        PUTS    " "
        HEX32   [es:510h]
        NL
        ret
on:     in      al, 92h
        or      al, 2
        and     al, 0FEh        ; bit 0 would reset
        out     92h, al
        ret
off:    in      al, 92h
        and     al, 0FCh
        out     92h, al
        ret
        IMAGE_END
