#!/bin/sh
# tests/boot/memtest.sh -- Memtest86+, a 32-bit kernel that pages with PAE and moves itself about,
# from a floppy made here. $MEMTEST is its file; the package memtest86+ puts it into /boot.
. "$(dirname "$0")/lib.sh"

make_floppy memtest.img
mcopy -i memtest.img "${MEMTEST:-/boot/memtest86+ia32.bin}" ::memtest || die "mcopy failed"
cat >memtest <<'END'
wait-screen "boot:" 60
type "memtest\n"
wait-screen "Memtest86+" 60
wait-screen "Errors: 0" 120
run 5
screendump memtest.txt
quit
END

boot first -mips 10 -m 6 -snapshot memtest.img <memtest
first=$hash
expect_code first 0
expect "Errors: 0" memtest.txt
expect "Pentium(R) 4" memtest.txt
boot again -mips 10 -m 6 -snapshot memtest.img <memtest
same "the same run twice" "$first" "$hash"
boot steps -mips 10 -m 6 -snapshot -singlestep memtest.img <memtest
same "blocks and single steps" "$first" "$hash"
boot monitor -mips 10 -m 6 -snapshot -no-assist memtest.img <memtest
same "with and without assists" "$first" "$hash"
boot pentium -mips 10 -m 6 -snapshot -cpu pentium memtest.img <memtest
expect_code pentium 0
expect "Errors: 0" memtest.txt
finish
