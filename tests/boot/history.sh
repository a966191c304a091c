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

# a change of media ends it; neither a recording nor a machine without history can go back
boot media -mips 10 -history 64M -fda one.img -fdb two.img <<'END'
run 5
change floppy1 three.img
run 1
rewind 0.5
rewind 2
END
expect_code media 1
expect "media.scr:5: rewind: the history reaches back 0." media.err
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
