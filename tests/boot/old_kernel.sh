#!/bin/sh
# tests/boot/old_kernel.sh -- what the kernels of teaching and of the BSDs do with the board
# (old_kernel.asm). The lines that it must print are those of Bochs 2.7 (all of them, with BIOS-bochs-latest) and of
# QEMU 7.2 (all but "npx: irq 13", where QEMU itself stops with an assertion).
# shellcheck disable=SC2154 # tests and hash are lib.sh's
. "$(dirname "$0")/lib.sh"

nasm -f bin -o kernel.orig "$tests/old_kernel.asm" || die "nasm failed"
truncate -s 1474560 kernel.orig
printf 'ONE!' >one.orig
printf 'TWO!' >two.orig
truncate -s 4128768 one.orig two.orig

round()
{
    cat <<'END'
old kernel
a20: the megabyte wraps
a20: it does not
apm: connected
mp: FEE00000 FEC00000 00010001
ide: read 00000058 21454E4F 214F5754
ide: write 00000050 CB42F81B
apm: power status, version 00000000 00000102
npx: irq 13 00000001 00008084
npx: #MF 00000000 00000001 00000000 00008084
END
}
{
    round
    echo reset
    round
    echo off
} >expected

# run NAME [OPTION…]: until the kernel switches the machine off
run()
{
    name=$1
    shift
    for image in kernel one two; do
        cp "$image.orig" "$image.img"
    done
    echo 'run 60' >run.in
    boot "$name" -fda kernel.img -hda one.img -hdb two.img -boot a -debugcon "file:$name.log" "$@" <run.in
    expect_code "$name" 0
    check "$name: other lines than expected: $(diff expected "$name.log" | head -n 5)" \
        cmp -s expected "$name.log"
    check "$name: the second disk's sector 7 is not what was written" \
        cmp -s -n 4 -i 3584:0 two.img pattern
}

printf '\336\300\027\132' >pattern
run default
run blocks -mips 20 # fewer ticks: single steps take their time
first=$hash
run again -mips 20
same "two runs" "$first" "$hash"
run steps -mips 20 -singlestep
same "single steps" "$first" "$hash"
run monitor -mips 20 -no-assist
same "without assists" "$first" "$hash"
run flush -mips 20 -shadow flush
same "page maps not kept" "$first" "$hash"
finish
