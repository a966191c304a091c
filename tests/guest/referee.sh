#!/bin/sh
# referee.sh -- how the .expect files were made: run guests under Bochs and under QEMU, compare.
#
#   tests/guest/referee.sh [NAME...]          show what they print and where they disagree
#   tests/guest/referee.sh -w [NAME...]       the same, and write NAME.expect
#
# Not run by ctest: the expectations are in the tree. Needs nasm, bochs (2.7) and qemu-system-i386.
# Bochs's output is the expectation, but for lines that the guest corrects, citing the SDM:
#   ;@sed EXPRESSION        applied to Bochs's output
# A guest in which QEMU TCG prints other lines says so and why, at those lines; their number is in
#   ;@qemu N                lines of the expectation that QEMU does not print
# A guest that reboots on purpose says ;@reboot; one that wants QEMU's local APIC, ;@apic; one that
# needs other processors names them:
#   ;@cpu TERRAPIN BOCHS QEMU       as -cpu (run.cmake), Bochs's cpu: model=, and QEMU's -cpu have it
set -u
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
write=
if [ "${1-}" = -w ]; then
    write=1
    shift
fi
if [ $# -eq 0 ]; then
    set -- "$here"/*.asm
fi
# No guest runs it, but Bochs wants one: its own package's, or SeaBIOS's.
for vga_rom in /usr/share/bochs/VGABIOS-lgpl-latest /usr/share/seabios/vgabios-stdvga.bin; do
    [ -f "$vga_rom" ] && break
done
status=0

# processor SOURCE N DEFAULT: the Nth of its ;@cpu line
processor() {
    line=$(sed -n 's/^ *;@cpu //p' "$1")
    [ -n "$line" ] && echo "$line" | cut -d ' ' -f "$2" || echo "$3"
}

run_bochs() { # image output source
    model=$(processor "$3" 2 p2_klamath)
    cat >"$work/bochsrc" <<EOF
display_library: rfb, options="timeout=0"
romimage: file=$1
vgaromimage: file=$vga_rom
megs: 32
cpu: model=$model, count=1, ips=20000000, reset_on_triple_fault=1, ignore_bad_msrs=0
clock: sync=none, time0=1767225600
port_e9_hack: enabled=1
com1: enabled=1, mode=null
log: $work/bochs.log
panic: action=report
error: action=report
sound: waveoutdrv=dummy
EOF
    # Bochs's debugger stops at each reset.
    printf 'c\n' >"$work/commands"
    grep -q '^ *;@reboot' "$3" && printf 'c\nc\nc\nc\nc\nc\n' >>"$work/commands"
    printf 'q\n' >>"$work/commands"
    timeout 20 bochs -q -f "$work/bochsrc" -rc "$work/commands" </dev/null 2>&1 |
        sed -n -e '/^Next at/d' -e '/^(0)/d' -e '/^== /,/^END$/p' >"$2"
}

run_qemu() { # image output source
    reboot=-no-reboot
    grep -q '^ *;@reboot' "$3" && reboot=
    cpu=pentium3,-apic # with it, QEMU takes no 8259A interrupt unless the guest lets it
    grep -q '^ *;@apic' "$3" && cpu=pentium3
    cpu=$(processor "$3" 3 "$cpu")
    timeout 20 qemu-system-i386 -machine pc -accel tcg -cpu "$cpu" -m 32 -display none -net none \
        $reboot -bios "$1" -debugcon "file:$2" -device isa-debug-exit,iobase=0xf4,iosize=4 \
        -rtc base=2026-01-01T00:00:00 >/dev/null 2>"$work/qemu.err"
}

for guest in "$@"; do
    name=$(basename "$guest" .asm)
    source=$here/$name.asm
    if ! nasm -f bin -I "$here/" -o "$work/image" "$source"; then
        status=1
        continue
    fi
    run_bochs "$work/image" "$work/bochs" "$source"
    run_qemu "$work/image" "$work/qemu" "$source"
    sed -n 's/^ *;@sed //p' "$source" >"$work/corrections"
    head -c 100000 "$work/bochs" | sed -f "$work/corrections" >"$work/expect"
    grep -a unexpected "$work/expect" && status=1
    tail -n 1 "$work/expect" | grep -qx END || {
        echo "$name: Bochs does not reach the end"
        grep -a 'e\[' "$work/bochs.log" | tail -n 5
    }
    declared=$(sed -n 's/^ *;@qemu \([0-9]*\).*/\1/p' "$source")
    found=$(diff -a "$work/expect" "$work/qemu" | grep -ac '^<')
    if [ "$found" -ne "${declared:-0}" ]; then
        echo "$name: QEMU differs in $found lines, declared are ${declared:-0}"
        diff -a "$work/expect" "$work/qemu" | head -n 100 | cut -c 1-200
        status=1
    fi
    if [ -n "$write" ]; then
        cp "$work/expect" "$here/$name.expect"
    elif [ -f "$here/$name.expect" ] && ! cmp -s "$work/expect" "$here/$name.expect"; then
        echo "$name: the tree's expectation differs"
        diff -a "$here/$name.expect" "$work/expect"
        status=1
    fi
    echo "$name: $(wc -l <"$work/expect") lines"
done
exit $status
