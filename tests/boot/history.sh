#!/bin/sh
# tests/boot/history.sh -- rewind: back to a tick is that tick, disks included; what comes after is
# what came, or something else; and the last minutes kept as a recording.
# shellcheck disable=SC2154 # hash is lib.sh's
. "$(dirname "$0")/lib.sh"

for n in one two three; do
    nasm -f bin -D LABEL="'disk $n'" -o $n.orig "$tests/sector.asm" || die "nasm failed"
    cp $n.orig $n.img
done
# nth N NAME: the N-th line of -hash in NAME.out
nth()
{
    grep '^state-hash' "$2.out" | sed -n "$1p"
}

# what everything is held against: without history, without going back
cat >straight.in <<'END'
wait-screen "sector: ready" 30
run-to 100000000
hash
type "b"
wait-screen "> b: disk two" 5
run-to 120000000
hash
quit
END
boot straight -mips 10 -no-history -fda one.img -fdb two.img <straight.in
expect_code straight 0
then=$(nth 1 straight)
later=$(nth 2 straight)

cat >back.in <<'END'
wait-screen "sector: ready" 30
run-to 100000000
hash
type "w"
wait-screen "> w: done" 5
type "b"
wait-screen "> b: written by the guest" 5
run-to 150000000
rewind 5
hash
type "b"
wait-screen "> b: disk two" 5
run-to 120000000
hash
rewind 1.9
run-to 120000000
type "w"
wait-screen "> w: done" 5
run-to 140000000
rewind 2
rewind 0.5
save-history kept.log
type "b"
wait-screen "> b: disk two" 5
rewind 1000
END
for how in "" -snapshot "-m 16"; do
    cp two.orig two.img
    # shellcheck disable=SC2086 # no option, or some
    boot back -mips 10 -history 64M -fda one.img -fdb two.img $how <back.in
    expect_code back 1
    expect "rewind: the history reaches back" back.err
    expect "at tick 100000000, -5.000 s" back.out
    check "the disk has what was undone ($how)" cmp -s two.orig two.img
    [ "$how" != "-m 16" ] || continue
    same "with a history ($how)" "$then" "$(nth 1 back)"
    same "gone back ($how)" "$then" "$(nth 2 back)"
    same "and on from there ($how)" "$later" "$(nth 3 back)"
done
"$TERRAPIN" replay kept.log -display none -hash -timeout 200 >kept.out 2>kept.err
code=$?
expect_code kept 0
expect "icount: 115000000" kept.out

# media that were changed change back; what was written to a disk in between is undone, whether it
# is in the drive then or not; the same with snapshots, and in a recording of all that
cat >media.in <<'END'
wait-screen "sector: ready" 30
run-to 100000000
bookmark before
hash
change floppy1 three.img
type "b"
wait-screen "> b: disk three" 5
type "w"
wait-screen "> w: done" 5
eject floppy1
run 1
change floppy1 two.img
type "b"
wait-screen "> b: disk two" 5
bookmark after
run 1
goto before
hash
type "b"
wait-screen "> b: disk two" 5
run-to 120000000
hash
change floppy1 three.img
type "b"
wait-screen "> b: disk three" 5
bookmark
save-history media.log
goto after
END
for how in "" -snapshot; do
    cp three.orig three.img
    cp two.orig two.img
    # shellcheck disable=SC2086 # no option, or one
    boot media -mips 10 -history 64M -fda one.img -fdb two.img $how <media.in
    expect_code media 1
    expect "before " media.out
    expect_not "after " media.out
    expect "goto: after: no such bookmark, tick, or time as 12.5s" media.err
    same "before media were changed ($how)" "$then" "$(nth 1 media)"
    same "gone back over media ($how)" "$then" "$(nth 2 media)"
    same "and on from there, over media ($how)" "$later" "$(nth 3 media)"
    check "what was written is undone ($how)" cmp -s three.orig three.img
    recorded=$hash
    "$TERRAPIN" replay media.log -display none -hash >media2.out 2>media2.err
    code=$?
    expect_code media2 0
    same "kept with its media ($how)" "$recorded" "$(tail -n 1 media2.out)"
done

# neither a recording nor a machine without history can go back
boot none -mips 10 one.img <<'END'
run 1
rewind 0.5
END
expect_code none 1
expect "rewind: there is no history; start with -history 256M" none.err
boot recording -mips 10 -history 64M -record run.log one.img <<'END'
run 1
rewind 0.5
END
expect_code recording 1
expect "rewind: not while this is recorded" recording.err

# what a snapshot has changed is kept, once the recording has ended
cp two.orig two.img
cat >keep.in <<'END'
wait-screen "sector: ready" 30
type "w"
wait-screen "> w: done" 5
commit floppy1
END
boot keep -mips 10 -record run.log -fda one.img -fdb two.img <keep.in
expect_code keep 1
expect "commit: not while this is recorded" keep.err
check "nothing was committed" cmp -s two.orig two.img
sed 's/^commit.*/record off\ncommit floppy1\nquit/' keep.in >kept.in
boot kept -mips 10 -record run.log -fda one.img -fdb two.img <kept.in
expect_code kept 0
expect "two.img: 4096 bytes" kept.out
boot after -mips 10 -fda one.img -fdb two.img <<'END'
wait-screen "sector: ready" 30
type "b"
wait-screen "> b: written by the guest" 5
commit
END
expect_code after 1
expect "commit: no drive has a snapshot" after.err

# a crash keeps what led to it
cat >crash.asm <<'END'
bits 16
org 0x7C00
        cli
key:    in al, 0x64
        test al, 1
        jz key
        lidt [cs:none]
        int3
none:   dw 0, 0, 0
        times 510 - ($ - $$) db 0
        dw 0xAA55
END
nasm -f bin crash.asm -o crash.img || die "nasm failed"
truncate -s 1474560 crash.img
printf 'run 5\ntype "x"\nrun 1\n' >crash.in
boot crash -mips 10 -save-history crash.log -fda crash.img <crash.in
expect_code crash 2
expect "; what led to it is in crash.log" crash.err
boot gone -mips 10 -no-reboot -fda crash.img <crash.in
same "a crash, kept or not" "$(tail -n 1 gone.out)" "$(tail -n 1 crash.out)"
"$TERRAPIN" replay crash.log -display none -hash >crash2.out 2>crash2.err
code=$?
expect_code crash2 0
same "a crash again" "$(tail -n 1 crash.out)" "$(tail -n 1 crash2.out)"
# and from its end one looks back
ended=$(tail -n 1 crash.out)
printf 'goto %s\nhash\nreverse-continue break 0x7c0d\n' "${ended##* }" >crash3.in
"$TERRAPIN" replay crash.log -display none -script crash3.in >crash3.out 2>crash3.err
code=$?
expect_code crash3 0
same "at its end" "$ended" "$(grep '^state-hash' crash3.out | head -n 1)"
expect "the instruction 00007c0d, next at 00007c0d" crash3.out

boot small -mips 10 -history 100K -fda one.img <<'END'
wait-screen "sector: ready" 30
rewind 0.5
END
expect_code small 1
expect "-history: this machine's memory does not fit into its size; there is none" small.err
for size in 0 x 1Q; do
    boot bad -history $size one.img </dev/null
    expect_code bad 1
    expect "-history $size: bad value" bad.err
done
finish
