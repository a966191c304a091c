#!/bin/sh
# tests/boot/grub.sh -- GRUB 2 from a CD starts a multiboot kernel of ours (mbkernel.asm), which finds
# what GRUB tells it in order: El Torito, INT 13h extensions, E820h, protected mode and back.
. "$(dirname "$0")/lib.sh"

for kernel in flat elf; do
    mkdir -p tree/boot/grub
    if [ $kernel = elf ]; then
        set -- -D ELF -D VIDEO
    else
        set --
    fi
    nasm -f bin "$@" -o tree/$kernel "$tests/mbkernel.asm" || die "nasm failed"
    printf 'hello module' >tree/module
    cat >tree/boot/grub/grub.cfg <<END
set timeout=0
menuentry kernel {
    multiboot /$kernel a=b c
    module /module one two
}
END
    grub-mkrescue -o $kernel.iso tree >mkrescue.log 2>&1 || die "grub-mkrescue failed; see mkrescue.log"
    boot $kernel -device isa-debug-exit -debugcon "file:$kernel.said" $kernel.iso <<'END'
run 120
END
    expect_code $kernel 43
    expect_not BAD $kernel.said
    expect "loader GRUB 2" $kernel.said
    expect "cmdline a=b c" $kernel.said
    expect "module string one two" $kernel.said
    expect "module size 0000000C" $kernel.said
    expect "mem_lower 0000027F" $kernel.said
done
expect "Behind the program, in no segment." elf.said
finish
