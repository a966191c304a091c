#!/bin/sh
# tests/boot/errors.sh -- what goes wrong for a newcomer, and the sentence that says so: one line,
# which option or file, what to do; exit 1, and nothing was changed.
. "$(dirname "$0")/lib.sh"

# says "SENTENCE" [OPTION…]: all that is printed, and exit 1. In front of it comes "terrapin: ".
says()
{
    sentence=$1
    shift
    ${as-} "$TERRAPIN" "$@" >out 2>err </dev/null
    code=$?
    if [ "$code" -eq 1 ] && [ ! -s out ] && [ "$(cat err)" = "terrapin: $sentence" ]; then
        pass
    else
        fail "$*: exit code $code; \"$sentence\" is not what it says:"
        sed 's/^/    /' out err
    fi
}

# headless "SENTENCE" [OPTION…]: the same with -display none, and an end
headless()
{
    sentence=$1
    shift
    says "$sentence" -display none -until 1 "$@"
}

mkdir directory
: >empty
echo words >text
head -c 100000 /dev/zero >odd
head -c 1474560 /dev/zero >floppy.img
head -c 10485760 /dev/zero >disk.img
cp floppy.img protected.img
chmod a-w protected.img
gzip -c disk.img >disk.img.gz
printf '7z\274\257\047\034' | cat - disk.img >disk.7z
{
    head -c 514 /dev/zero
    echo HdrS
} >vmlinuz
{
    printf '\177ELF'
    head -c 1000 /dev/zero
} >program
printf 'QFI\373' | cat - disk.img >disk.qcow2
printf 'KDMV' | cat - disk.img | head -c 10485760 >disk.vmdk

# ---- options
says "-dispaly: unknown option; did you mean -display? terrapin --help lists all" -dispaly none
says "--kernal: unknown option; did you mean -kernel? terrapin --help lists all" --kernal x
says "-sanpshot: unknown option; did you mean -snapshot? terrapin --help lists all" -sanpshot
says "-frobnicate: unknown option; see terrapin --help" -frobnicate
says "--help frobnicate: no such option; terrapin --help lists all" --help frobnicate
says "-m: needs a value; use -m 64|64M|1G" -m
says "-m lots: bad value; use -m 64|64M|1G" -m lots
says "-m 8G: out of range; use 1M to 3G" -m 8G
says "-cpu 6502: no such model; -cpu help lists them" -cpu 6502
says "-cpu +foo: no such feature; -cpu help lists them" -cpu 386,+foo
says "-cpu: 'foo' is neither +FEATURE nor -FEATURE; -cpu help lists them" -cpu 386,foo
says "-boot x: bad boot order; use letters a (floppy), c (hard disk), d (CD)" -boot x
says "-speed 0: bad value; use -speed 1|0.1...100|max" -speed 0
says "-device foo: unknown device; see terrapin -device help" -device foo
says "-nic: not implemented yet" -nic user
says "replay: needs a recording; use terrapin replay LOG [options]" replay
says "-verify: is for terrapin replay LOG" -verify
says "two.img: a second image; give drives with -fda, -hda, -cdrom or -drive" one.img two.img
says "\"\": an image needs a name; see terrapin --help" ""
says "-hda: needs a value; use -hda F" -hda ""
says "-hda: needs a value; use -hda F" -hda -snapshot
says "-cpu: needs a value; use -cpu MODEL[,-FEAT]|help" -cpu ""
says "-drive disk.img: no value; use file=F,if=ide, and so on" -drive disk.img
says "-drive file=: an image needs a name" -drive file=
says "-drive if=scsi: unknown; see terrapin --help drive" -drive file=disk.img,if=scsi
says "-drive: a hard disk needs an image; add file=F" -drive if=ide
says "-display gtk: bad value; use -display sdl|term|none" -display gtk
says "-m 64MB: bad value; use -m 64|64M|1G" -m 64MB
says "-m 4096: out of range; use 1M to 3G" -m 4096
says "-initrd: only makes sense for a kernel; add -kernel F" -initrd empty
says "-append: only makes sense for a kernel; add -kernel F" -append console=ttyS0
says "-S: nothing could start the machine; add -monitor stdio, or -s" -display none -S

# ---- firmware
headless "-bios missing: No such file or directory; check the name" -bios missing
headless "-bios directory: Is a directory; give a file" -bios directory
headless "-bios empty: is empty; firmware has up to 256 KB" -bios empty
headless "-bios disk.img: is too large; firmware has up to 256 KB" -bios disk.img
headless "-bios odd: impossible size of 100000 bytes; use 64, 128, 192 or 256 KB" -bios odd
headless "-vgabios text: not an option ROM (55 AA is missing); give another" -vgabios text
cat >no_package.sh <<'END_OF_SCRIPT'
for d in /usr/share/seabios /usr/share/seavgabios /usr/share/qemu /usr/local/share/seabios \
    /usr/local/share/qemu; do
    [ ! -d "$d" ] || mount -t tmpfs none "$d" || exit 9
done
exec "$@"
END_OF_SCRIPT
if unshare -rm sh no_package.sh true 2>/dev/null; then
    as="unshare -rm sh no_package.sh"
    headless "bios-256k.bin: no firmware found; install the package seabios or give -bios F"
    as=
else
    echo "no name spaces here: a missing package is not tested"
fi

# ---- kernels
headless "-kernel missing: No such file or directory; check the name" -kernel missing
headless "-kernel directory: Is a directory; give a file" -kernel directory
headless "-kernel empty: is empty; give another file" -kernel empty
headless "-kernel text: is no Linux (bzImage) or multiboot kernel; give another" -kernel text

# ---- images
for option in "" -hda -fda -cdrom; do
    # shellcheck disable=SC2086 # no option, or one
    {
        headless "missing: No such file or directory; check the name" $option missing
        headless "directory: is a directory; give a disk image" $option directory
        headless "empty: is empty; give a disk image" $option empty
    }
done
headless "text: impossible size of 6 bytes, not a multiple of the sector's 512; is the image complete?" \
    -hda text
headless "-fda disk.img: impossible size of 10485760 bytes for a floppy; use 360K, 720K, 1200K, 1440K, 2880K or another size of the time" \
    -fda disk.img
headless "disk.img.gz: is compressed; unpack it with gunzip" disk.img.gz
headless "disk.vmdk: VMDK images: not implemented yet; convert it to raw" -hda disk.vmdk
headless "disk.7z: is a 7-Zip archive; unpack it" -hda disk.7z
headless "vmlinuz: is a Linux kernel and no disk; boot it with -kernel" vmlinuz
headless "program: is a program and no disk; a kernel boots with -kernel" program
headless "disk.img: drive hda has its image already; use another drive" disk.img -hda floppy.img
headless "-serial stdio: another serial port has the terminal already" -serial stdio -serial stdio
headless "-serial file:directory: Is a directory; give a file that can be written" -serial file:directory
headless "disk.img: already in drive hda; give each drive its own image" -hda disk.img -hdb disk.img
mkfifo fifo
"$TERRAPIN" -display none -monitor stdio -hda disk.img <fifo >/dev/null 2>&1 &
exec 3>fifo
echo "info time" >&3
sleep 1
headless "disk.img: in use by another program; end that one, or copy the image" -hda disk.img
echo quit >&3
exec 3>&-
wait $!
check "the locked image changed" cmp -s -n 10485760 disk.img /dev/zero

# Somebody who may not: root may anything.
as=
if [ "$(id -u)" -eq 0 ] && setpriv --reuid=65534 --clear-groups true 2>/dev/null; then
    as="setpriv --reuid=65534 --clear-groups"
    chmod a+rx .
fi
if ! $as test -w protected.img && $as test -r protected.img && $as test -x "$TERRAPIN"; then
    chmod 000 disk.vmdk
    $as "$TERRAPIN" -display none -until 1 protected.img >out 2>err </dev/null
    code=$?
    check "a read-only image ends in $code" [ "$code" -eq 0 ]
    check "a read-only image" [ "$(cat err)" = \
        "terrapin: protected.img: cannot be written; the guest gets a write-protected disk" ]
    headless "disk.vmdk: Permission denied; make it readable" disk.vmdk
    chmod 644 disk.vmdk
    chmod 555 directory
    headless "-D directory/log: Permission denied; give a file that can be written" \
        -D directory/log
fi
as=

# ---- states and scripts
headless "loadvm missing: No such file or directory; check the name" -loadvm missing
headless "loadvm text: is not a save state of this program" -loadvm text
headless "loadvm directory: is not a regular file; give a save state" -loadvm directory
headless "-script missing: No such file or directory; check the name" -script missing
headless "text:1: words: unknown command; help lists them" -script text
echo 'screendump nowhere/x.png' >script
says "script:1: nowhere/x.png: cannot write: No such file or directory" -display none -script script
echo 'screendump picture.gif' >script
says "script:1: screendump: picture.gif: unknown format; use .png, .ppm or .txt" \
    -display none -script script
echo 'change floppy0 missing' >script
says "script:1: missing: No such file or directory; check the name" -display none -script script
echo 'change hda floppy.img' >script
says "script:1: hda: there is no such drive; info block lists them" -display none -script script
echo 'savevm directory' >script
says "script:1: directory: cannot write: Is a directory" -display none -script script
echo 'info nonsense' >script
says "script:1: info nonsense: unknown subject; info without one lists them" \
    -display none -script script

# ---- screens
says "-display term: stdin and stdout are no terminal; use -display none" -display term
says "-monitor stdio: the screen has the terminal; add -display none" -display term -monitor stdio
if "$TERRAPIN" --help display | grep -q sdl; then
    unset DISPLAY WAYLAND_DISPLAY SDL_VIDEODRIVER
    "$TERRAPIN" -display sdl -until 1 >out 2>err </dev/null
    code=$?
    expect_code err 1
    check "-display sdl says: $(cat err)" grep -q "^terrapin: -display sdl: .*; use -display" err
fi

# ---- sockets and files for output
headless "-serial unix:text: exists and is no socket; give another name" -serial unix:text
headless "-monitor unix:text: exists and is no socket; give another name" -monitor unix:text
headless "-monitor unix:nowhere/s: No such file or directory; give another name" \
    -monitor unix:nowhere/s
"$TERRAPIN" -display none -speed 1 -monitor unix:served </dev/null &
server=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
    [ -S served ] && break
    sleep 0.3
done
headless "-monitor unix:served: another program serves it; give another name" -monitor unix:served
kill "$server"
wait "$server" 2>/dev/null
check "the socket is gone" [ ! -e served ]
headless "-D directory: Is a directory; give a file that can be written" -D directory
headless "-D disk.img: is a disk in a drive; give another file" -D disk.img disk.img

# ---- the laboratory
says "lab: which guest? terrapin lab --help lists them" lab
says "lab zork: no guest has this name, and it is no file that can be read; terrapin lab --help lists them" lab zork
says "lab disk.img: is larger than 512 KB, the largest guest; disks: not implemented yet; a kernel: lab -kernel F linux" lab disk.img
says "-chart: is for terrapin lab compare or crossover" lab -chart bars.png popf
says "-vmm: lab compare runs all strategies; leave it out" lab compare -vmm trap popf
says "-vmm-report: lab compare has none; use terrapin lab GUEST" lab compare -vmm-report r.json popf
says "-cpu +popek: lab compare has a column with it; leave it out" lab compare -cpu pentium,+popek popf

# ---- a small host, a slow host. A sanitizer's address space is larger than any limit.
cat >small.sh <<'END_OF_SCRIPT'
ulimit -v 600000
exec "$@"
END_OF_SCRIPT
if sh small.sh "$TERRAPIN" -display none -until 1 -m 16 2>/dev/null; then
    as="sh small.sh"
    headless "ram: this host has no 3145728 KiB of free memory for it; use a smaller -m" -m 3G
    as=
fi
printf '\353\376%0508d\125\252' 0 >busy.img # jmp $
truncate -s 1440K busy.img
"$TERRAPIN" -display none -speed 1 -mips 10000 -timeout 20 -until 4000000000 busy.img >out 2>err </dev/null
check "a slow host: $(cat err)" grep -q \
    "^terrapin: -speed: this host manages [0-9]* % of it at -mips 10000; use a smaller -mips, or -mips auto" err

finish
