#!/bin/sh
# tests/boot/savestate.sh -- save states between processes: a boot loader at its prompt goes on as
# if nothing had happened, whatever engine loads it; and at random ticks of its boot.
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
expect "plain.img: No such file" missing.err
boot moved -loadvm prompt.state elsewhere.img <rest
expect_code moved 0
same "the disk has moved" "$straight" "$hash"
check "a state changed a disk" cmp -s elsewhere.img plain.orig

# anywhere
if TERRAPIN=$TERRAPIN WORK=$WORK/anywhere sh "$tests/save_anywhere.sh" 300000000 "${STATES:-10}" \
    -mips 10 -snapshot elsewhere.img; then
    pass
else
    fail "states at random ticks"
fi

finish
