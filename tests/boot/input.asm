; tests/boot/input.asm -- every byte of keyboard and mouse, in hexadecimal on port E9h: a line
; "k1E" is one of the keyboard, "m08" one of the mouse. Mode 13h with a pattern of 16 colours,
; so that there is a picture to look at: bars of 20 pixels, colour 0 at the left.
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
	xor	di, di
	mov	bx, 200
row:	xor	ax, ax
bar:	mov	cx, 20
	rep	stosb
	inc	ax
	cmp	al, 16
	jne	bar
	dec	bx
	jnz	row

	in	al, 0x21	; no interrupts: the BIOS would read the bytes
	or	al, 2
	out	0x21, al
	cli
	mov	al, 0xA8	; the mouse's port on
	call	command
	mov	al, 0xD4	; its reports
	call	command
	mov	al, 0xF4
	call	data
	mov	si, ready
print:	lodsb
	test	al, al
	jz	poll
	out	0xE9, al
	jmp	print

poll:	in	al, 0x64
	test	al, 1
	jz	poll
	mov	ah, 'k'
	test	al, 0x20
	jz	key
	mov	ah, 'm'
key:	in	al, 0x60
	xchg	al, ah
	out	0xE9, al
	mov	al, ah
	shr	al, 4
	call	digit
	mov	al, ah
	and	al, 15
	call	digit
	mov	al, 10
	out	0xE9, al
	jmp	poll

digit:	cmp	al, 10
	sbb	al, 0x69
	das			; 0-9, A-F
	out	0xE9, al
	ret

command:
	call	empty
	out	0x64, al
	ret
data:	call	empty
	out	0x60, al
	ret
empty:	push	ax
.wait:	in	al, 0x64
	test	al, 2
	jnz	.wait
	pop	ax
	ret

ready:	db	"ready", 10, 0
	times	510 - ($ - $$) db 0
	dw	0xAA55
