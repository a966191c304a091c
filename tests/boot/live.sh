#!/bin/sh
# tests/boot/live.sh PART… -- recordings of people at work, made at -speed 1 in real time, and played
# back as fast as it goes: the hash is compared at every checkpoint, and at the end.
#
#   freedos   typed in a window for WORK_SECONDS ($TERRAPIN_FREEDOS, as freedos.sh has it)
#   linux     commands over its serial console ($TERRAPIN_LINUX, as linux.sh has it)
#   paint     paint.asm, mode 13h: the mouse drawn about in a window
#
#   WORK_SECONDS=180 REPLAYS=20 tests/boot/live.sh freedos linux paint
#
# By hand: it takes as long as people do. A host with other work to do makes for a harder test. Needs
# nasm, Xvfb, openbox and xdotool.
# shellcheck disable=SC2154 # code is lib.sh's
. "$(dirname "$0")/lib.sh"
. "$tests/xserver.sh"
SDL_AUDIODRIVER=dummy
export SDL_AUDIODRIVER
work=${WORK_SECONDS:-20}
replays=${REPLAYS:-2}
input=/dev/null # what recorders read

now()
{
    date +%s
}

# record NAME OPTION…: a recorder in the background, $recorder
record()
{
    name=$1
    shift
    "$TERRAPIN" -speed 1 -record "$name.log" -record-hash "${EVERY:-20000000}" -hash "$@" <"$input" \
        >"$name.out" 2>"$name.err" &
    recorder=$!
    pids="$pids $recorder"
}

# window NAME OPTION…: with a screen, which has the focus
window()
{
    [ -s display ] || start_x
    record "$@" -display sdl -name "$1"
    until_true xdotool search --name "$1 - Terrapin" >/dev/null || die "$1: no window"
    window=$(xdotool search --name "$1 - Terrapin" | tail -n 1)
    xdotool windowfocus "$window"
    sleep 1
}

# played NAME: its recorder ends, in good order; then its recording, many times
played()
{
    kill -TERM "$recorder"
    wait "$recorder" 2>wait.err
    expect "state-hash: " "$1.out"
    ended=$(tail -n 1 "$1.out")
    "$TERRAPIN" replay "$1.log" -info >"$1.info"
    expect "end: tick " "$1.info"
    sed -n 's/^\(inputs\|hashes\|end\):/'"$1"': &/p' "$1.info"
    printf '%s: %s, for %s s of work\n' "$1" "$(head -n 1 "$1.info")" "$work"
    round=0
    while [ $round -lt "$replays" ]; do
        round=$((round + 1))
        "$TERRAPIN" replay "$1.log" -display none -verify -hash >"$1.again" 2>"$1.again.err"
        code=$?
        cp "$1.again.err" "$1.play.err"
        expect_code "$1.play" 0
        expect "verified: " "$1.again"
        same "$1, replay $round" "$ended" "$(tail -n 1 "$1.again")"
    done
    sed -n "s/^verified/$1: &/p" "$1.again"
}

part_freedos()
{
    cp "${TERRAPIN_FREEDOS:?the floppy of freedos.sh}" freedos.img
    chmod u+w freedos.img
    window freedos -mips 20 -fda freedos.img
    sleep 10
    end=$(($(now) + work))
    while [ "$(now)" -lt $end ]; do
        for line in dir ver 'echo hello > note.txt' 'type note.txt' 'copy note.txt two.txt' cls 'del two.txt'; do
            xdotool type --delay 70 "$line"
            xdotool key Return
            sleep 0.7
        done
        xdotool key --delay 90 F3 BackSpace BackSpace BackSpace Escape shift+a BackSpace Up Return
    done
    played freedos
    check "the images are as they were" cmp -s "$TERRAPIN_FREEDOS" freedos.img
}

# The line's two ends: what is typed comes by a pipe, at its own time.
part_linux()
{
    guest=${TERRAPIN_LINUX:?directory of scripts/make-guest linux}
    mkfifo line
    exec 3<>line
    input=line
    record linux -mips 50 -display none -serial stdio -kernel "$guest/vmlinuz" -initrd "$guest/initrd.gz" \
        -append 'quiet console=ttyS0,115200'
    for _ in 1 2 3 4 5 6; do
        until_true grep -aq 'terrapin# ' linux.out && break
    done
    check "linux: no shell" grep -aq 'terrapin# ' linux.out
    end=$(($(now) + work))
    while [ "$(now)" -lt $end ]; do
        for line in 'ls -l /bin' 'ps' 'cat /proc/interrupts' 'date' 'dmesg | tail -n 5' 'echo $((6*7))' \
            'md5sum /bin/busybox'; do
            printf '%s\n' "$line" >&3
            sleep 1
        done
        printf 'echo interrup\003' >&3
        sleep 0.3
    done
    input=/dev/null
    played linux
    check "the line was typed on" grep -q 'serial [1-9]' linux.info
    exec 3>&-
}

part_paint()
{
    nasm -f bin "$tests/paint.asm" -o paint.img || die "nasm failed"
    truncate -s 1474560 paint.img
    window paint -mips 20 -fda paint.img -debugcon file:paint.txt
    until_true grep -q m paint.txt || fail "paint: the guest does not start"
    xdotool mousemove --window "$window" 300 200 click 1 # it has the mouse
    end=$(($(now) + work))
    button=1
    while [ "$(now)" -lt $end ]; do
        xdotool mousedown $button
        for move in '5 3' '-7 2' '11 -9' '-3 -8' '20 14' '-25 1' '2 -6' '-4 4' '1 0' '0 -1'; do
            # shellcheck disable=SC2086 # two words
            xdotool mousemove_relative -- $move
            sleep 0.03
        done
        xdotool mouseup $button
        button=$((button % 3 + 1))
    done
    check "the mouse was heard" [ "$(wc -c <paint.txt)" -gt $((work * 5)) ]
    played paint
}

for part in "${@:-paint}"; do
    "part_$part"
done
finish
