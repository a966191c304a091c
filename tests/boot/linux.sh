#!/bin/sh
# tests/boot/linux.sh PART… -- Debian's Linux, as scripts/make-guest builds it in $TERRAPIN_LINUX.
#
#   ways   from the hard disk (twice: equal hashes), the CD, and directly; both consoles, ACPI and
#          APIC in use, no complaint of the kernel that a real PC would not cause; 1 GiB; power off
#   disk   64 MiB written, synced, read back, by DMA and by PIO; what was synced survives kill -9
#   same   blocks, -singlestep for the first seconds, -no-assist, -shadow flush: equal hashes
# shellcheck disable=SC2154 # tests, hash and code are lib.sh's
. "$(dirname "$0")/lib.sh"
guest=${TERRAPIN_LINUX:?directory with linux.img, linux.iso, vmlinuz, initrd.gz (scripts/make-guest)}
for file in linux.img linux.iso vmlinuz initrd.gz; do
    [ -f "$guest/$file" ] || die "$guest/$file: not there; scripts/make-guest linux makes it"
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
    expect 'x86/fpu: x87 FPU will use FSAVE' "$1.tty"
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

for part in "${@:-ways}"; do
    case $part in
    ways | disk | same) "part_$part" ;;
    *) die "$part: no such part" ;;
    esac
done
finish
