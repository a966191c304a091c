#!/bin/sh
# tests/boot/chain.sh -- incremental save states: chains of them, moved, broken, tied into knots; and
# memory that a disk image has.
. "$(dirname "$0")/lib.sh"

nasm -f bin -o disk.img "$tests/chain.asm" || die "nasm failed"
dd if=/dev/zero of=disk.img bs=512 seek=2879 count=1 conv=notrunc 2>/dev/null || die "dd failed"
cp disk.img disk.orig
size()
{
    wc -c <"$1"
}

cat >save.in <<'END'
wait-screen "memory:" 60
savevm whole.state
savevm -threads 0 alone.state
type "a"
wait-screen "memory: a"
savevm -incremental whole.state one.state
type "b"
wait-screen "memory: ab"
savevm -incremental one.state two.state
savevm two-whole.state
hash
type "c"
wait-screen "memory: abc"
hash
quit
END
boot save -mips 10 -m 4 -snapshot disk.img <save.in
expect_code save 0
grep '^state-hash' save.out | sed -n 1,2p >wanted
check "threads change the file" cmp -s whole.state alone.state
cat >go-on.in <<'END'
hash
type "c"
wait-screen "memory: abc"
hash
quit
END
for state in two.state two-whole.state; do
    for how in "" -singlestep "-record log.trl"; do
        # shellcheck disable=SC2086 # no option, or some
        boot load -loadvm $state $how <go-on.in
        expect_code load 0
        grep '^state-hash' load.out | sed -n 1,2p >got
        check "$state $how: another machine" cmp -s wanted got
    done
done
"$TERRAPIN" replay log.trl -verify >replay.out 2>&1
check "a recording from an incremental state: $(tail -n 1 replay.out)" [ $? -eq 0 ]
"$TERRAPIN" state diff two.state two-whole.state >diff.out 2>&1
check "the chain is not the whole: $(cat diff.out)" [ ! -s diff.out ]
"$TERRAPIN" state check two.state >check.out 2>&1
check "a chain that loads is not sound: $(cat check.out)" grep -q ': sound' check.out
"$TERRAPIN" state info two.state >info.out 2>&1
expect 'one.state: id' info.out
expect '3 states in all' info.out
check "an increment of $(size one.state) bytes" [ "$(size one.state)" -lt 24000 ]

# 8 of the 10 pages with noise are left to the image
check "a whole state of $(size whole.state) bytes" [ "$(size whole.state)" -lt 255000 ]
printf 'X' | dd of=disk.img bs=1 seek=50000 conv=notrunc 2>/dev/null
boot other-disk -loadvm two.state <go-on.in
expect_code other-disk 1
expect 'disk.img: its content is not what it was' other-disk.err
"$TERRAPIN" state diff two.state whole.state >diff.out 2>&1
check "pages of an image that has changed" [ $? -eq 1 ]
expect 'pages of its memory are those of a disk image that is missing or has changed' diff.out
"$TERRAPIN" state info two.state "cpu.cpu.r[4]" >info.out 2>&1
check "fields need no image: $(cat info.out)" grep -q '^cpu.cpu.r.4. = ' info.out
cp disk.orig disk.img

# elsewhere together; not there; another one of that name
mkdir moved
mv one.state two.state whole.state moved
"$TERRAPIN" state check moved/two.state >check.out 2>&1
check "moved together: $(cat check.out)" grep -q ': sound' check.out
mv moved/whole.state .
"$TERRAPIN" state check moved/two.state >check.out 2>&1
check "where it was: $(cat check.out)" grep -q ': sound' check.out
mv moved/one.state moved/gone.state
boot gone -loadvm moved/two.state <go-on.in
expect_code gone 1
expect 'two.state: base: ' gone.err
expect 'one.state is missing; put it beside this file' gone.err
cp whole.state moved/one.state
boot another -loadvm moved/two.state <go-on.in
expect_code another 1
expect 'one.state is not what it was; give the same file' another.err
head -c 5000 moved/gone.state >moved/one.state
tail -c +5002 moved/gone.state | { printf 'X'; cat; } >>moved/one.state
check "the same size" [ "$(size moved/one.state)" -eq "$(size moved/gone.state)" ]
"$TERRAPIN" state info moved/two.state >info.out 2>&1
check "a byte of the base has changed" [ $? -eq 1 ]
expect 'one.state is not what it was' info.out
mv moved/gone.state moved/one.state
mv moved/* .

# on itself
ln two.state knot.state
mv one.state real.state
ln two.state one.state
"$TERRAPIN" state check two.state >check.out 2>&1
check "a knot" [ $? -eq 1 ]
expect 'two.state: base: lies on itself' check.out
rm one.state
mv real.state one.state

# what must not be said; nothing is written, and the machine runs on
refuse()
{
    printf 'hash\nsavevm %s\n' "$1" >refuse.in
    boot refuse -loadvm two.state <refuse.in
    expect_code refuse 1
    expect "$2" refuse.err
}
cp whole.state keep.state
refuse '-incremental whole.state whole.state' 'whole.state: what it would lie on; give another file'
refuse '-incremental two.state whole.state' 'whole.state: what it would lie on; give another file'
refuse '-incremental none.state x.state' 'none.state: No such file'
refuse '-incremental disk.img x.state' 'is not a save state of this program'
refuse '-incremental x.state' 'use -disk-only, -raw, -incremental BASE'
refuse '-raw -incremental whole.state x.state' 'one of -disk-only, -raw and -incremental at a time'
refuse '-threads 9 x.state' '-threads 0 to 8'
check "a refused savevm changed a file" cmp -s whole.state keep.state
check "a refused savevm left a file" [ ! -e x.state ]
printf 'savevm -disk-only disks.state\nsavevm -incremental disks.state x.state\n' >disks.in
boot disks -loadvm two.state <disks.in
expect_code disks 1
expect 'disks.state: has only disks, and nothing to lie on' disks.err
printf 'savevm -incremental whole.state x.state\n' >larger.in
boot larger -mips 10 -m 8 -snapshot disk.img <larger.in
expect_code larger 1
expect 'whole.state: has another size of memory' larger.err

# sixteen on top of each other
{
    n=1 last=whole.state
    while [ $n -le 15 ]; do
        printf 'run 0.001\nsavevm -incremental %s deep%s.state\n' $last $n
        last=deep$n.state
        n=$((n + 1))
    done
    printf 'hash\nquit\n'
} >deep.in
boot deep -loadvm whole.state <deep.in
expect_code deep 0
deep=$hash
boot deepest -loadvm deep15.state <<'END'
hash
quit
END
same "sixteen states on top of each other" "$deep" "$hash"
printf 'savevm -incremental deep15.state x.state\n' >deeper.in
boot deeper -loadvm deep15.state <deeper.in
expect_code deeper 1
expect 'deep15.state: has 15 states below it, as many as there may be; save a whole one' deeper.err

# on memory that is mapped
boot raw -loadvm two-whole.state <<'END'
savevm -raw raw.state
type "c"
wait-screen "memory: abc"
savevm -incremental raw.state on-raw.state
hash
quit
END
expect_code raw 0
raw=$hash
boot on-raw -loadvm on-raw.state <<'END'
hash
quit
END
same "on a raw state" "$raw" "$hash"
finish
