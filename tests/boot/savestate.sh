#!/bin/sh
# tests/boot/savestate.sh -- save states between processes: a boot loader at its prompt goes on as
# if nothing had happened, whatever engine loads it; a disk alone; and at random ticks of its boot and
# of a guest that draws.
. "$(dirname "$0")/lib.sh"

make_floppy plain.orig
cp plain.orig plain.img

cat >rest <<'END'
type "other kernel\n"
wait-screen "Loading some... failed" 10
hash
screendump after.txt
quit
END
{
    cat <<'END'
wait-screen "boot:" 60
type "some "
hash
savevm prompt.state
hash
END
    cat rest
} >all

boot straight -mips 10 plain.img <all
expect_code straight 0
expect "some other kernel" after.txt
cp after.txt straight.txt
sed -n 1p straight.out >before
sed -n 2p straight.out >after
check "savevm changed the machine" cmp -s before after
straight=$hash

for how in "" -singlestep -no-assist "-shadow flush" -snapshot "-mips 10" "-fda plain.img"; do
    # shellcheck disable=SC2086 # no option, or some
    boot loaded -loadvm prompt.state $how <rest
    expect_code loaded 0
    same "loaded with \"$how\"" "$straight" "$hash"
    check "another screen" cmp -s after.txt straight.txt
done

# back and forth in one process
cat >twice <<'END'
run 1
loadvm prompt.state
run 2
loadvm prompt.state
END
cat rest >>twice
boot thrice -mips 10 -loadvm prompt.state <twice
same "loaded three times" "$straight" "$hash"

# a state has its processor with it, whatever the default is; the firmware asks for it after a reset
cat >again <<'END'
system_reset
run 0.1
wait-screen "boot:" 60
quit
END
{
    printf 'wait-screen "boot:" 60\nsavevm model.state\n'
    cat again
} >model
boot model-default -mips 10 plain.img <model
default=$hash
boot model -mips 10 -cpu 486,-cpuid plain.img <model
expect_code model 0
saved=$hash
check "the firmware does the same on all processors" [ "$saved" != "$default" ]
for how in "" "-cpu 486,-cpuid" "-cpu 486,+tsc,-tsc,-cpuid"; do
    # shellcheck disable=SC2086 # no option, or some
    boot model-loaded -loadvm model.state $how <again
    same "another processor with \"$how\"" "$saved" "$hash"
done
for other in pentium4 486; do
    boot model-other -loadvm model.state -cpu $other <again
    expect_code model-other 1
    expect "-cpu $other: the state has 486,-cpuid; leave it out" model-other.err
done

# refusals: a line each, exit 1
boot other -loadvm prompt.state -m 64 <rest
expect_code other 1
expect "-m: asks for 65536K" other.err
head -c 100000 prompt.state >cut.state
boot cut -loadvm cut.state <rest
expect_code cut 1
expect "cut.state: the file is cut short" cut.err
mv plain.img elsewhere.img
boot missing -loadvm prompt.state <rest
expect_code missing 1
expect "plain.img: No such file or directory; the state has it in drive fda: give it with -fda" missing.err
boot moved -loadvm prompt.state elsewhere.img <rest
expect_code moved 0
same "the disk has moved" "$straight" "$hash"
check "a state changed a disk" cmp -s elsewhere.img plain.orig

# What a state has, and what disks alone have: the guest's third key is in memory, not on its disk.
nasm -f bin -o counter.img "$tests/counter.asm" || die "nasm failed"
dd if=/dev/zero of=counter.img bs=512 seek=2879 count=1 conv=notrunc 2>/dev/null || die "dd failed"
boot counter -mips 10 -snapshot counter.img <<'END'
wait-screen "power on: disk 0" 60
type "abc"
wait-screen "memory 3, disk 2"
savevm counter.state
savevm -disk-only disks.state
type "d"
wait-screen "memory 4, disk 4"
quit
END
expect_code counter 0
boot counter-all -loadvm counter.state <<'END'
wait-screen "memory 3, disk 2" 1
type "d"
wait-screen "memory 4, disk 4"
quit
END
expect_code counter-all 0
boot counter-disk -loadvm disks.state <<'END'
wait-screen "power on: disk 2" 60
type "d"
wait-screen "memory 3, disk 2"
quit
END
expect_code counter-disk 0
"$TERRAPIN" state check counter.state >check.out 2>&1
check "a state that loads is not sound: $(cat check.out)" grep -q ': sound' check.out
"$TERRAPIN" state diff counter.state counter.state >diff.out 2>&1
check "a state differs from itself: $(cat diff.out)" [ ! -s diff.out ]
rm counter.img
"$TERRAPIN" state check counter.state >check.out 2>&1
check "a disk that is missing" [ $? -eq 1 ]
expect 'counter.img: No such file' check.out

# memory as it is, to be mapped: the same machine; a byte of it is checked by state check alone
cat >raw.in <<'END'
wait-screen "boot:" 60
type "some "
savevm -raw raw.state
savevm mapped-not.state
hash
quit
END
cp plain.orig plain.img
boot raw -mips 10 plain.img <raw.in
expect_code raw 0
for how in "" -singlestep -snapshot; do
    # shellcheck disable=SC2086 # no option, or some
    boot raw-loaded -loadvm raw.state $how <rest
    expect_code raw-loaded 0
    same "loaded raw with \"$how\"" "$straight" "$hash"
done
printf 'savevm again.state\nquit\n' >again.in
boot raw-again -loadvm raw.state <again.in
"$TERRAPIN" state diff again.state mapped-not.state >diff.out 2>&1
check "raw or not, the state is the same: $(cat diff.out)" [ ! -s diff.out ]
"$TERRAPIN" state check raw.state >check.out 2>&1
check "a raw state that loads is not sound: $(cat check.out)" grep -q ': sound' check.out
printf 'X' | dd of=raw.state bs=1 seek=80000000 conv=notrunc 2>/dev/null # in the midst of it
"$TERRAPIN" state check raw.state >check.out 2>&1
check "a byte of memory has changed" [ $? -eq 1 ]
expect 'has a wrong sum' check.out

# anywhere
nasm -f bin -o graphics.img "$tests/graphics.asm" || die "nasm failed"
dd if=/dev/zero of=graphics.img bs=512 seek=2879 count=1 conv=notrunc 2>/dev/null || die "dd failed"
if TERRAPIN=$TERRAPIN WORK=$WORK/graphics sh "$tests/save_anywhere.sh" 60000000 "${STATES:-8}" \
    -mips 4 -m 4 -snapshot graphics.img; then
    pass
else
    fail "states at random ticks, in graphics modes"
fi
if TERRAPIN=$TERRAPIN WORK=$WORK/anywhere sh "$tests/save_anywhere.sh" 300000000 "${STATES:-10}" \
    -mips 10 -snapshot elsewhere.img; then
    pass
else
    fail "states at random ticks"
fi

finish
