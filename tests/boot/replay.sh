#!/bin/sh
# tests/boot/replay.sh -- -record and terrapin replay: keys, mouse, media, serial line and a
# debugger's hand recorded and played back, by every engine; recordings that are cut short, damaged,
# or of other images; recorders that are killed; a bit turned over here or there, and found; goto and
# branch.
#
#   KILLS=50 tests/boot/replay.sh     kills so many recorders, not 4
#
# Needs nasm. The guest, input.asm, prints what keyboard and mouse send.
. "$(dirname "$0")/lib.sh"

nasm -f bin "$tests/input.asm" -o input.img || die "nasm failed"
truncate -s 1474560 input.img
cp input.img other.img
printf 'another' | dd of=other.img bs=1 seek=100000 conv=notrunc 2>dd.err
cksum input.img other.img >before
guest='-fda input.img -mips 20 -m 4'

# play NAME LOG [OPTION…]: a replay, as boot is a run
play()
{
    name=$1
    log=$2
    shift 2
    "$TERRAPIN" replay "$log" -display none -timeout 200 -hash "$@" >"$name.out" 2>"$name.err"
    code=$?
    hash=$(grep '^state-hash' "$name.out" | tail -n 1)
    printf '%s: exit %s, %s\n' "$name" "$code" "$hash"
}

# ---- recorded and played back
cat >keys.in <<END
run 0.5
type "Abc"
mouse_move 10 -3
mouse_button 1
mouse_move -20 40
mouse_button 0
change floppy0 other.img
run 0.1
eject floppy0
change floppy0 input.img read-only
sendkey shift-f5
run 0.1
system_reset
run 0.3
type "z"
quit 3
END
# shellcheck disable=SC2086 # words
boot work $guest -record work.log -record-hash 500000 -debugcon file:work.txt <keys.in
expect_code work 3
recorded=$hash
boot plain $guest -snapshot <keys.in
same "recording leaves no trace" "$recorded" "$hash"
play again work.log -debugcon file:again.txt
expect_code again 0
same "a recording and its replay" "$recorded" "$hash"
check "what it prints" cmp -s work.txt again.txt
for way in -singlestep -no-assist '-shadow flush' '-speed 2'; do
    # shellcheck disable=SC2086 # two words
    play "again${way%% *}" work.log $way
    same "a replay by $way" "$recorded" "$hash"
done
play verify work.log -verify
expect "verified: " verify.out
expect_code verify 0
"$TERRAPIN" replay work.log -info >info.out
expect "keys 14 mouse 4 media 3 resets 1" info.out
expect "other.img" info.out
expect "exit code 3" info.out
cksum input.img other.img >after
check "no image was written to" cmp -s before after

# ---- from a state on
cat >half.in <<END
run 0.5
type "a"
savevm half.state
quit
END
printf 'type "q"\nrun 0.2\nquit\n' >on.in
# shellcheck disable=SC2086 # words
boot first $guest -snapshot <half.in
boot second -loadvm half.state -record second.log -record-hash 100000 <on.in
rm half.state
recorded=$hash
play second2 second.log
expect_code second2 0
same "from a state on" "$recorded" "$hash"

# ---- to and fro, and away
cat >goto.in <<END
run-to 15000000
hash
goto 9000000
hash
goto 15000000
hash
goto 0.45s
hash
type "x"
END
play goto work.log -script "$PWD/goto.in"
expect_code goto 1
expect "goto.in:9: type: a replay takes no input" goto.err
expect "at tick 9000000, -0.300 s" goto.out
expect "at tick 15000000, +0.300 s" goto.out
sed -n 's/state-hash: \(.*\) icount.*/\1/p' goto.out >hashes
check "the same place again" [ "$(sed -n 1p hashes)" = "$(sed -n 3p hashes)" ]
check "the same second" [ "$(sed -n 2p hashes)" = "$(sed -n 4p hashes)" ]
# from the end one can look back
ended=$(tail -n 1 work.out)
printf 'goto %s\nhash\nreverse-continue in 0x60\ngoto 99999999\n' "${ended##* }" >end.in
play end work.log -script "$PWD/end.in"
expect_code end 1
same "at the end" "$ended" "$(grep '^state-hash' end.out | head -n 1)"
expect "IN from port 60h, next at 000f" end.out
expect "goto: the recording ends at tick ${ended##* }" end.err
printf 'goto 11000000\nbranch branch.log\ntype "x"\nrun 0.1\nquit\n' >branch.in
play branch work.log -script "$PWD/branch.in"
expect_code branch 0
recorded=$hash
play branch2 branch.log
expect_code branch2 0
same "a branch" "$recorded" "$hash"

# ---- what happened last
cat >search.in <<END
goto 15000000
reverse-continue out 0xe9
reverse-continue in 0x60
bookmark key
reverse-continue reg es
reverse-continue int 0x10
reverse-continue write 0x449
goto key
bookmark
reverse-continue break 0x7c00
reverse-continue int 0x99
END
play search work.log -script "$PWD/search.in"
expect_code search 1
expect "OUT to port e9h, next at 00007c" search.out
expect "IN from port 60h, next at 00007c" search.out
expect "a change of es from 0, next at 00007c13" search.out
expect "interrupt 10h, next at 00007c0e" search.out
expect "a write to 00000449, next at 000" search.out
expect "key                     tick " search.out
expect "the instruction 00007c00, next at 00007c00" search.out
expect "search.in:11: reverse-continue: not met; this is where the history begins" search.err

# ---- as a film
play film work.log -video frames -fps 10
expect_code film 0
same "a film and the run" "$(grep '^state-hash' again.out)" "$hash"
ticks=${hash#*icount: }
frames=$(find frames -name 'frame-0*.png' | wc -l)
check "frames: $frames in $ticks ticks" [ "$frames" -eq $((ticks * 10 / 20000000 + 1)) ]
check "a frame is a PNG" [ "$(head -c 4 frames/frame-000005.png | tail -c 3)" = PNG ]
play film2 work.log -video frames -fps 1
expect_code film2 1
expect "-video frames: has frames of another film; give an empty directory" film2.err
# shellcheck disable=SC2086 # words
boot nofilm $guest -video frames </dev/null
expect "-video: is for terrapin replay LOG" nofilm.err

# ---- bad recordings
# refused NAME TEXT [OPTION…]: NAME.log is not played
refused()
{
    file=$1
    text=$2
    shift 2
    play "$file" "$file.log" "$@"
    expect_code "$file" 1
    expect "$text" "$file.err"
    check "$file: one line" [ "$(wc -l <"$file.err")" -eq 1 ]
    check "$file: nothing is printed" [ ! -s "$file.out" ]
}
size=$(wc -c <work.log)
"$TERRAPIN" replay work.log -info | sed -n 's/.*of them \([0-9]*\) the start/\1/p' >start
start=$(cat start)
cp work.log damaged.log
printf 'X' | dd of=damaged.log bs=1 seek=$((start / 2)) conv=notrunc 2>dd.err
refused damaged "its checksum is wrong; the file is damaged"
cp work.log head.log
printf 'X' | dd of=head.log bs=1 seek=$((start + 6)) conv=notrunc 2>dd.err
refused head "its head's checksum is wrong; the file is damaged"
head -c $((start / 2)) work.log >early.log
refused early "is cut short before the machine's start is complete"
cp input.img text.log
refused text "is no recording"
cp work.log version.log
printf '\002' | dd of=version.log bs=1 seek=16 conv=notrunc 2>dd.err
refused version "is a recording of version 2; this program plays 1"
cp work.log memory.log
refused memory "-m: asks for 8192K, the state has 4096K" -m 8
mv other.img gone.img
cp work.log media.log
refused media "other.img: No such file"
cp input.img other.img
refused media "other.img: is not the image that was recorded"
mv gone.img other.img
head -c $((size - 1)) work.log >cut.log
play cut cut.log
expect_code cut 0
expect "is cut short" cut.err
{
    cat work.log
    printf 'x'
} >longer.log
play longer longer.log
expect_code longer 0

# ---- a bit, here or there
play bit work.log -flip '10000000,chip i8254 0,40'
expect_code bit 4
expect "-flip: ch[0].anchor, at tick 10000000" bit.err
expect "first difference at tick 10000000, after the instruction at " bit.err
expect "chip i8254 0: ch[0].anchor: expected " bit.err
{
    head -n 3 keys.in
    echo quit
} >short.in
# shellcheck disable=SC2086 # words
boot there $guest -record there.log -record-hash 300000 -flip '10000007,cpu,70' <short.in
play there2 there.log
expect_code there2 4
expect "first difference at tick 10000007, after the instruction at " there2.err
expect ": cpu: " there2.err

# The search goes back and forth over changes of media.
cat >swap.in <<END
run 0.01
change floppy0 other.img
run 0.01
change floppy0 input.img read-only
run 0.01
quit
END
# shellcheck disable=SC2086 # words
boot swap $guest -record swap.log -record-hash 100000000 <swap.in
play swap swap.log -flip '300000,ram ram,7000000'
expect_code swap 4
expect "first difference at tick 300000, after the instruction at " swap.err

# ---- ended by a signal, and killed
# shellcheck disable=SC2086 # words
"$TERRAPIN" $guest -display none -speed 1 -record ended.log &
pid=$!
sleep 1
kill -TERM $pid
wait $pid 2>wait.err
"$TERRAPIN" replay ended.log -info >ended.txt
expect "end: tick" ended.txt
expect "exit code 1" ended.txt
# Asked where it is, and killed: of what it got to since, less than a second is lost, of 20 million ticks.
mkfifo ask
kills=0
while [ "$kills" -lt "${KILLS:-4}" ]; do
    kills=$((kills + 1))
    # shellcheck disable=SC2086 # words
    "$TERRAPIN" $guest -display none -speed 1 -record killed.log -debugcon file:killed.txt -monitor stdio \
        <ask >asked.txt &
    pid=$!
    exec 3>ask
    sleep "$((kills % 3 + 1)).$((kills * 37 % 90 + 10))"
    printf 'sendkey b\nhash\n' >&3
    until grep -q icount asked.txt || ! kill -0 $pid 2>kill.err; do
        sleep 0.0$((kills % 10))
    done
    kill -9 $pid
    wait $pid 2>wait.err
    exec 3>&-
    play killed killed.log -debugcon file:killed2.txt
    expect_code killed 0
    expect "is cut short" killed.err
    began=$(sed -n 's/.*icount: //p' asked.txt)
    ticks=$(sed -n 's/.*icount: //p' killed.out)
    check "killed at $began or later: $ticks ticks" [ "${ticks:-0}" -ge $((began - 20000000)) ]
    check "killed early: $began" [ "$began" -gt 0 ]
done

finish
