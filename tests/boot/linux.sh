#!/bin/sh
# tests/boot/linux.sh PART… -- Debian's Linux, as scripts/make-guest builds it in $TERRAPIN_LINUX.
#
#   ways   from the hard disk (twice: equal hashes), the CD, and directly; both consoles, ACPI and
#          APIC in use, no complaint of the kernel that a real PC would not cause; 1 GiB; power off
#   disk   64 MiB written, synced, read back, by DMA and by PIO; what was synced survives kill -9
#   same   blocks, -singlestep for the first seconds, -no-assist, -shadow flush: equal hashes
#   video  frame buffers by vga=788 and vga=792, and bochs-drm: the console's text, and random bits in
#          /dev/fb0, pixel by pixel
#   pae    Debian's kernel that pages with PAE ($TERRAPIN_LINUX/pae), with NX, on a Pentium 4
# shellcheck disable=SC2154 # tests, hash and code are lib.sh's
. "$(dirname "$0")/lib.sh"
guest=${TERRAPIN_LINUX:?directory with linux.img, linux.iso, vmlinuz, initrd.gz (scripts/make-guest)}
for file in linux.img linux.iso vmlinuz initrd.gz; do
    [ -f "$guest/$file" ] || die "$guest/$file: not there; scripts/make-guest linux makes it"
done
for file in vmlinuz initrd.gz; do
    [ "${1-}" != pae ] || [ -f "$guest/pae/$file" ] ||
        die "$guest/pae/$file: not there; scripts/make-guest linux-pae makes it"
done
consoles='quiet console=tty0 console=ttyS0,115200'

# linux NAME SCRIPT [OPTION…]: SCRIPT when the shell is there; the serial line in NAME.tty. (No pipe
# into this: lib.sh's results would stay in its subshell.)
linux()
{
    name=$1
    {
        echo 'wait-serial "terrapin# " 300'
        cat "$2"
    } >linux.in
    shift 2
    LIMIT=600 boot "$name" -serial "file:$name.tty" "$@" <linux.in
}

# A shell on each console; the kernel's view of the board; power off.
tour()
{
    cat <<'END'
send-serial "stty -echo\n"
wait-serial "terrapin# "
send-serial "echo serial $((6*7))\n"
wait-serial "serial 42"
type "echo screen $((8*9))\n"
wait-screen "screen 72" 10
send-serial "uname -r; cat /proc/cmdline /proc/interrupts; dmesg; cat /sys/power/state; free -k\n"
wait-serial "Mem:"
wait-serial "terrapin# "
send-serial "poweroff\n"
run 60
END
}

# believes NAME: what the kernel must have found
believes()
{
    expect '-686' "$1.tty"
    expect 'IO-APIC   2-edge      timer' "$1.tty"
    expect 'IO-APIC   4-edge      ttyS0' "$1.tty"
    expect 'Local timer interrupts' "$1.tty"
    expect 'ACPI: Interpreter enabled' "$1.tty"
    expect 'ACPI: Using IOAPIC for interrupt routing' "$1.tty"
    expect 'found SMP MP-table' "$1.tty"
    expect 'SMBIOS 2' "$1.tty"
    expect 'ACPI: Using ACPI (MADT) for SMP configuration' "$1.tty"
    expect 'x86/fpu: x87 FPU will use FXSAVE' "$1.tty"
    expect 'ttyS0 at I/O 0x3f8 (irq = 4' "$1.tty"
    expect 'is a 16550A' "$1.tty"
    expect '8086:7010' "$1.tty"
    expect '8086:7113' "$1.tty"
    expect '1234:1111' "$1.tty"
    for crutch in noapic nolapic acpi=off nosmp noirq nodma irqpoll no387 maxcpus; do
        expect_not "$crutch" "$1.tty"
    done
    for complaint in 'Call Trace' 'BUG:' 'WARNING:' 'irq 9: nobody cared' 'spurious' 'lost interrupt' \
        'failed command' 'soft lockup' 'frozen' 'exception Emask' 'clocksource: timekeeping watchdog' \
        'MP-BIOS bug' 'ACPI Error' 'unstable'; do
        expect_not "$complaint" "$1.tty"
    done
}

# finds NAME [OPTION…]: boots it, takes the tour, looks at what the kernel said
finds()
{
    name=$1
    shift
    linux "$name" tour.in "$@"
    expect_code "$name" 0
    believes "$name"
}

part_ways()
{
    tour >tour.in
    finds disk -snapshot -hda "$guest/linux.img"
    first=$hash
    finds again -snapshot -hda "$guest/linux.img"
    same "two boots from the hard disk" "$first" "$hash"
    check "two boots say different things" cmp -s disk.tty again.tty
    finds cd -cdrom "$guest/linux.iso"
    expect 'sr 1:0:0:0: ' cd.tty
    finds direct -kernel "$guest/vmlinuz" -initrd "$guest/initrd.gz" -append "$consoles"
    finds gigabyte -m 1G -snapshot -hda "$guest/linux.img"
    memory=$(sed -n 's/^Mem: *\([0-9]*\).*/\1/p' gigabyte.tty)
    check "1 GiB: the kernel sees $memory KiB" [ "${memory:-0}" -gt 900000 ]
}

try_disk()
{
    cat <<'END'
send-serial "cat /sys/class/ata_device/dev1.1/xfer_mode; dmesg | grep 'ata1'; disktest; poweroff\n"
wait-serial "disktest: good" 300
run 60
END
}

# A file on a file system of the guest's making, synced; then the emulator dies.
part_kill()
{
    truncate -s 32M victim.img
    cat >kill.scr <<'END'
wait-serial "terrapin# " 300
send-serial "mke2fs /dev/sda >/dev/null && mount /dev/sda /mnt && md5sum </etc/noise && cp /etc/noise /mnt/a && sync && echo all $((1+1)) synced\n"
wait-serial "all 2 synced" 120
run 100000
END
    "$TERRAPIN" -display none -speed 1 -mips 1000 -serial file:kill.tty -script kill.scr -hda victim.img \
        -kernel "$guest/vmlinuz" -initrd "$guest/initrd.gz" -append "$consoles" >kill.out 2>&1 &
    victim=$!
    seconds=0
    until grep -q 'all 2 synced' kill.tty 2>/dev/null || [ $seconds -ge 300 ]; do
        sleep 1
        seconds=$((seconds + 1))
    done
    kill -9 $victim
    wait $victim 2>/dev/null
    expect 'all 2 synced' kill.tty
    sum=$(sed -n 's/^\([0-9a-f]\{32\}\)  -.*/\1/p' kill.tty)
    cat >survivor.in <<END
send-serial "mount -o ro /dev/sda /mnt; md5sum </mnt/a; poweroff\n"
wait-serial "$sum" 60
run 60
END
    linux survivor survivor.in -hda victim.img -kernel "$guest/vmlinuz" -initrd "$guest/initrd.gz" \
        -append "$consoles"
    expect_code survivor 0
}

part_disk()
{
    truncate -s 80M scratch.img
    cp "$guest/linux.img" linux.img
    try_disk >disk.in
    direct="-kernel $guest/vmlinuz -initrd $guest/initrd.gz"
    # shellcheck disable=SC2086 # options
    linux dma disk.in $direct -append "$consoles" -hda linux.img -hdb scratch.img
    expect_code dma 0
    expect 'XFER_MW_DMA_2' dma.tty # all that a PIIX3 has
    first=$hash
    truncate -s 0 scratch.img
    truncate -s 80M scratch.img
    # shellcheck disable=SC2086
    linux dma-again disk.in $direct -append "$consoles" -hda linux.img -hdb scratch.img
    same "two runs of disktest" "$first" "$hash"
    # shellcheck disable=SC2086
    linux pio disk.in $direct -append "$consoles libata.dma=0" -hda linux.img -hdb scratch.img
    expect_code pio 0
    expect 'XFER_PIO' pio.tty
    dma=$(grep -a '^disktest: read  ' dma.tty)
    check "DMA and PIO read different data" [ -n "$dma" ]
    check "DMA and PIO read different data" [ "$dma" = "$(grep -a '^disktest: read  ' pio.tty)" ]
    part_kill
}

# The engine's variants, for a part of the boot: they are slow.
part_same()
{
    for variant in blocks no-assist flush singlestep; do
        case $variant in
        blocks) option= ;;
        flush) option='-shadow flush' ;;
        *) option=-$variant ;;
        esac
        echo 'run-to 1200000000' >same.in
        # shellcheck disable=SC2086
        LIMIT=900 boot $variant -kernel "$guest/vmlinuz" -initrd "$guest/initrd.gz" \
            -append "$consoles" -until 1200000000 $option <same.in
        [ $variant = blocks ] && first=$hash
        same "$variant" "$first" "$hash"
    done
}

# ---- frame buffers

# flow KIND: standard input, as a line "red green blue" for each pixel. KIND: rgb, three bytes a pixel, or
# the bits of a pixel in video memory.
flow()
{
    od -An -v -tu1 | awk -v kind="$1" '
    BEGIN { size = kind == "rgb" ? 3 : kind / 8 }
    {
        for (i = 1; i <= NF; i++) {
            byte[n++] = $i
            if (n < size) {
                continue
            }
            n = 0
            if (size == 2) {
                p = byte[0] + 256 * byte[1]
                red = int(p / 2048)
                green = int(p / 32) % 64
                blue = p % 32
                print red * 8 + int(red / 4), green * 4 + int(green / 16), blue * 8 + int(blue / 4)
            } else if (kind == "rgb") {
                print byte[0], byte[1], byte[2]
            } else {
                print byte[2], byte[1], byte[0]
            }
        }
    }'
}

# shows NAME WHAT: the picture NAME.ppm, of $width by $height, is the pixels in the file WHAT
shows()
{
    check "$1: not $width by $height" [ "$(sed -n 2p "$1.ppm")" = "$width $height" ]
    tail -c $((width * height * 3)) "$1.ppm" | flow rgb >"$1.pixels"
    check "$1.ppm: other pixels than in $2" cmp -s "$1.pixels" "$2"
}

# look NAME: the screen is cleared and gets four blocks, each a full cell of 8 by 16 pixels; then the frame
# buffer, random bits from the hard disk, eight lines a time (this kernel's DRM forgets to show a write of
# just one). A script; what sysfs says of the frame buffer is on the serial line.
look()
{
    cat <<END
screendump $1-console.png
send-serial "cd /sys/class/graphics; cat fb0/name fb0/virtual_size fb0/bits_per_pixel fb0/stride\n"
wait-serial "terrapin# "
send-serial "echo 0 >fbcon/cursor_blink; printf '\\\\033[2J\\\\033[H\\\\033[?25l' >/dev/tty1\n"
wait-serial "terrapin# "
run 1
send-serial "b='\\\\342\\\\226\\\\210'; printf \"\$b\$b\$b\$b\" >/dev/tty1\n"
wait-serial "terrapin# "
run 1
screendump $1-text.ppm
screendump $1-text.png
send-serial "dd if=/dev/sda of=/dev/fb0 bs=\$((8 * \$(cat fb0/stride))) count=$((height / 8))\n"
wait-serial "terrapin# " 30
run 1
screendump $1-bits.ppm
END
}

# looked NAME FB BITS GREY: at a frame buffer that FB drives; GREY is the colour of the blocks
looked()
{
    awk -v w="$width" -v h="$height" -v grey="$4" 'BEGIN {
        for (y = 0; y < h; y++) {
            for (x = 0; x < w; x++) {
                print x < 32 && y < 16 ? grey : "0 0 0"
            }
        }
    }' >"$1-text.want"
    head -c $((width * height * $3 / 8)) bits.img | flow "$3" >"$1-bits.want"
    shows "$1-text" "$1-text.want"
    shows "$1-bits" "$1-bits.want"
    tr -s '\r\n' ' ' <"$tty" >"$1.sysfs"
    expect " $2 $width,$height $3 $((width * $3 / 8)) " "$1.sysfs"
}

# frames NAME VGA SCRIPT…: Linux with vga=VGA, and the scripts
frames()
{
    tty=$1.tty
    {
        printf 'send-serial "stty -echo\\n"\nwait-serial "terrapin# "\n'
        cat "$1.in"
        printf 'send-serial "poweroff\\n"\nrun 60\n'
    } >frames.in
    linux "$1" frames.in -snapshot -hda bits.img -kernel "$guest/vmlinuz" -initrd "$guest/initrd.gz" \
        -append "$consoles vga=$2"
    expect_code "$1" 0
    expect_not 'Call Trace' "$tty"
}

part_video()
{
    seq 2000000 | gzip -1n | tail -c +11 | head -c 4194304 >bits.img # without a header
    width=800 height=600
    look words >words.in
    frames words 788
    looked words 'VESA VGA' 16 '173 170 173'
    width=1024 height=768
    {
        look bytes
        cat <<'END'
send-serial "modprobe bochs; sleep 2\n"
wait-serial "terrapin# " 30
END
        look drm
    } >bytes.in
    frames bytes 792
    looked bytes 'VESA VGA' 24 '170 170 170'
    looked drm 'bochs-drmdrmfb' 32 '170 170 170'
}

# ---- another kernel, another processor

# CR4 is 20h and more: PAE; only with it can Linux have NX.
part_pae()
{
    {
        echo 'info registers'
        tour
    } >tour.in
    finds pae -cpu pentium4 -kernel "$guest/pae/vmlinuz" -initrd "$guest/pae/initrd.gz" -append "$consoles"
    expect '-686-pae' pae.tty
    expect 'NX (Execute Disable) protection: active' pae.tty
    cr4=$(sed -n 's/.*CR4=\([0-9a-f]*\).*/\1/p' pae.out)
    check "CR4 is $cr4: without PAE" [ $((0x${cr4:-0} & 0x20)) -ne 0 ]
}

for part in "${@:-ways}"; do
    case $part in
    ways | disk | same | video | pae) "part_$part" ;;
    *) die "$part: no such part" ;;
    esac
done
finish
