#!/bin/sh
# tests/boot/recordings.sh -- what is asked about recordings, and what must not happen to them: no
# output goes over a file that has a use already; images are found beside the recording; who wrote,
# when it was no instruction; what does not succeed changes nothing.
#
# Needs nasm. The guest, input.asm, is loaded by the floppy controller's DMA.
# shellcheck disable=SC2154 # hash and code are lib.sh's
. "$(dirname "$0")/lib.sh"

nasm -f bin "$tests/input.asm" -o input.img || die "nasm failed"
truncate -s 1474560 input.img
cp input.img other.img
printf 'another' | dd of=other.img bs=1 seek=100000 conv=notrunc 2>dd.err
machine='-mips 20 -m 4'

# play NAME LOG [OPTION…]: a replay, as boot is a run
play()
{
    name=$1
    log=$2
    shift 2
    "$TERRAPIN" replay "$log" -display none -timeout 200 "$@" >"$name.out" 2>"$name.err"
    code=$?
}

cat >work.in <<END
run 0.6
savevm half.state
change floppy0 other.img
run 0.1
type "a"
run 0.1
quit
END
# shellcheck disable=SC2086 # words
boot work $machine -fda input.img -record work.log -record-hash 1000000 <work.in
expect_code work 0
cp work.log work.orig
cp half.state half.orig

# ---- files that have a use already
# spared FILE "TEXT" [OPTION…]: the script on standard input ends with this error, and FILE is as it
# was
spared()
{
    file=$1
    text=$2
    shift 2
    cat >spared.scr
    "$TERRAPIN" "$@" -display none -timeout 200 -script spared.scr >spared.out 2>spared.err
    code=$?
    expect_code spared 1
    expect "$text" spared.err
    check "$file: is as it was ($text)" cmp -s "$file" "$file.orig"
}
cp work.orig work.log.orig
cp half.orig half.state.orig
played='is the recording that is played; give another file'
for what in savevm branch screendump; do
    echo "$what work.log" | spared work.log "work.log: $played" replay work.log
done
ln -s work.log link.log
echo 'savevm ./link.log' | spared work.log "savevm ./link.log: $played" replay work.log
: | spared work.log "-D work.log: $played" replay work.log -D work.log
: | spared half.state "-record half.state: is the state of -loadvm; give another file" \
    -loadvm half.state -record half.state
: | spared half.state "-D half.state: is the state of -loadvm; give another file" \
    -loadvm half.state -D half.state
cp spared.scr spared.scr.orig
: | spared spared.scr "-D spared.scr: is the file of -script; give another file" -D spared.scr

cat >own.in <<END
run 0.01
save-history own.log
END
for what in savevm record screendump save-history; do
    sed -i "s/.* own.log/$what own.log/" own.in
    # shellcheck disable=SC2086 # words
    boot own $machine -fda input.img -history 64M -record own.log <own.in
    expect_code own 1
    expect "own.log: is what is being recorded to; give another file" own.err
    play again own.log -verify
    expect_code again 0
    expect "verified: " again.out
done
# twice "OPTION" "SAME" OPTION…: one file, two outputs
twice()
{
    text=$1
    shift
    "$TERRAPIN" -display none -until 1 "$@" >twice.out 2>twice.err
    code=$?
    expect_code twice 1
    expect "$text; give another file" twice.err
}
twice "-record both: is the file of -D" -D both -record both
twice "-D both: is the file of -debugcon" -D both -debugcon file:./both
twice "-serial both: is the file of -parallel" -parallel file:both -serial file:both
twice "-record both: is the file of -serial" -serial file:both -record both
twice "-record both: is the file of -audio" -audio wav:both -record both
"$TERRAPIN" -display none -until 1 -D /dev/null -debugcon file:/dev/null -record /dev/null 2>null.err
code=$?
expect_code null 0
printf 'loadvm half.state\nsavevm half.state\nquit\n' >over.in
# shellcheck disable=SC2086 # words
boot over -loadvm half.state -snapshot <over.in
expect_code over 0

# ---- who wrote
cat >who.in <<END
run-to 11900000
info history
who-wrote 0x7c00
who-wrote 0x46c
hash
who-wrote 0x100000000
END
play who work.log -script who.in
expect_code who 1
expect "reaches back 0." who.out
expect "a device by DMA, or a debugger, at tick " who.out
expect "the instruction at 000f" who.out
expect "who.in:6: who-wrote: 100000000: no linear address, which has 32 bits" who.err
play plain work.log -until 11900000 -hash -verify
expect "; the recording goes on to " plain.out
check "looking for it changes nothing" \
    [ "$(grep state-hash who.out)" = "$(grep state-hash plain.out)" ]

# typed at a monitor: the machine stays where it was put
{
    sleep 2
    printf 'reverse-step 500\nhash\n'
    sleep 0.3
    printf 'hash\nquit\n'
} | "$TERRAPIN" -display none -monitor stdio -speed 1 -history 64M -mips 20 -m 4 -snapshot input.img \
    >stay.out 2>stay.err
check "where: $(grep ' tick ' stay.out)" grep -q '^at 000[0-9a-f]*, tick [0-9]*' stay.out
check "it stays there" [ "$(grep '^state-hash' stay.out | sort -u | wc -l)" -eq 1 ]

# ---- before the beginning
cp half.orig half.state
# shellcheck disable=SC2086 # words
boot late -loadvm half.state -record late.log -record-hash 100000 <<END
run 0.1
quit
END
printf 'run 0.05\nhash\ngoto 5\n' >goto.in
play goto late.log -script goto.in -hash
expect_code goto 1
expect "goto.in:3: goto: the recording begins at tick 12000000" goto.err
check "a refused goto changes nothing" [ "$(sort -u goto.out | wc -l)" -eq 1 ]

# ---- sent to somebody
play whole work.log
expect_code whole 0
expect "replay work.log: played to its end, tick " whole.err
"$TERRAPIN" replay --help >help.out 2>&1
check "replay --help" [ "$(cat help.out)" = "$("$TERRAPIN" --help)" ]
play info work.log -info
expect "disk fda: 1440K" info.out
expect_not "name: " info.out
mkdir sent away
cp work.orig sent/work.log
mv input.img other.img away
play missing sent/work.log
expect_code missing 1
expect "other.img: No such file or directory; the recording puts it into drive fda at tick 12000000: put it beside the recording" missing.err
cp away/other.img sent
play missing sent/work.log
expect_code missing 1
expect "input.img: No such file or directory; the recording has it in drive fda: put it beside the recording, or give it with -fda" missing.err
play given sent/work.log -fda away/input.img -verify
expect_code given 0
cp away/input.img sent
play beside sent/work.log -verify
expect_code beside 0
# of a disk that was written to directly, the recording has the whole content
cp away/input.img .
# shellcheck disable=SC2086 # words
boot direct $machine -fda input.img <<END
run 0.1
record direct.log
run 0.3
quit
END
printf 'X' | dd of=input.img bs=1 seek=200000 conv=notrunc 2>dd.err
printf 'run 0.2\ngoto 3000000\ngoto 5000000\nquit\n' >over.in
play over direct.log -script over.in -no-history
expect_code over 0
expect "input.img: has changed since it was recorded; the recorded content is put over it, and" over.err
check "said once" [ "$(wc -l <over.err)" -eq 1 ]

finish
