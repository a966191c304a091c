; tests/boot/paint.asm -- mode 13h and the mouse: a dot wherever the pointer has been, its colour by the
; buttons that are held and by the number of the report; one letter on port E9h for each report.
bits 16
org 0x7C00
	cli
	cld
	xor	ax, ax
	mov	ds, ax
	mov	ss, ax
	mov	sp, 0x7C00
	mov	ax, 0x0013
	int	0x10
	mov	ax, 0xA000
	mov	es, ax
	in	al, 0x21	; no interrupts: the BIOS would read the bytes
	or	al, 2
	out	0x21, al
	mov	al, 0xA8	; the mouse's port on
	call	command
	mov	al, 0xD4	; its reports
	call	command
	mov	al, 0xF4
	call	data
	call	byte_in		; its answer
	mov	al, 'm'
	out	0xE9, al

report:	call	byte_in		; buttons and signs
	mov	bl, al
	call	byte_in		; to the right
	mov	ah, 0
	test	bl, 0x10
	jz	right
	mov	ah, 0xFF
right:	add	ax, [x]
	cmp	ax, 320
	jae	up		; also of less than 0
	mov	[x], ax
up:	call	byte_in		; upwards
	mov	ah, 0
	test	bl, 0x20
	jz	down
	mov	ah, 0xFF
down:	neg	ax
	add	ax, [y]
	cmp	ax, 200
	jae	dot
	mov	[y], ax
dot:	mov	ax, 320
	mul	word [y]
	add	ax, [x]
	mov	di, ax
	mov	al, bl
	and	al, 7
	inc	byte [n]
	add	al, [n]
	or	al, 1
	stosb
	and	al, 15
	add	al, 'a'
	out	0xE9, al
	jmp	report

byte_in:			; the next one of the mouse's; the keyboard's are dropped
	in	al, 0x64
	test	al, 1
	jz	byte_in
	test	al, 0x20
	in	al, 0x60
	jz	byte_in
	ret

command:
	push	ax
.full:	in	al, 0x64
	test	al, 2
	jnz	.full
	pop	ax
	out	0x64, al
	ret

data:	push	ax
.full:	in	al, 0x64
	test	al, 2
	jnz	.full
	pop	ax
	out	0x60, al
	ret

x:	dw 160
y:	dw 100
n:	db 0

	times 510 - ($ - $$) db 0
	dw 0xAA55
