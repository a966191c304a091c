#!/bin/sh
# tests/boot/syslinux.sh -- a boot loader on a floppy made here: its prompt, with and without a
# configuration. It runs in 32-bit protected mode and calls the firmware in real mode.
. "$(dirname "$0")/lib.sh"

# mtools and syslinux write the time of day into directories, which the guest reads
make_floppy plain.orig

cat >prompt <<'END'
wait-screen "SYSLINUX" 60
wait-screen "boot:" 60
type "some kernel"
screendump prompt.txt
type "\n"
wait-screen "some" 5
run 5
type "\nOther_thing;"
screendump after.txt
quit
END
cp plain.orig plain.img
boot first -mips 10 plain.img <prompt
first=$hash
expect_code first 0
expect "boot: some kernel" prompt.txt
expect "boot: Other_thing;" after.txt
check "reading a disk changed it" cmp -s plain.img plain.orig
boot again -mips 10 plain.img <prompt
same "the same run twice" "$first" "$hash"
engines ways "$first" -mips 10 -snapshot plain.img <prompt
boot cpu-386 -mips 10 -cpu 386 plain.img <prompt
expect_code cpu-386 0
expect "boot: some kernel" prompt.txt

# a configuration: its text, its keys, a label that loads nothing
make_floppy menu.img
cat >syslinux.cfg <<'END'
PROMPT 1
TIMEOUT 0
DISPLAY hello.txt
F1 help.txt
LABEL reset
    LOCALBOOT 0
END
printf 'Terrapins all the way down.\r\n' >hello.txt
printf 'This is the help.\r\n' >help.txt
mcopy -i menu.img syslinux.cfg hello.txt help.txt :: || die "mcopy failed"
boot menu -mips 10 -snapshot menu.img <<'END'
wait-screen "Terrapins all the way down." 60
wait-screen "boot:" 10
sendkey f1
wait-screen "This is the help." 20
type "reset\n"
wait-screen "Booting from local disk" 20
quit
END
expect_code menu 0

finish
