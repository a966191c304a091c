#!/bin/sh
# tests/boot/rewind.sh -- Ctrl+Alt+Backspace, held in a window: time runs backwards, and on from
# there when it is let go; the guest's keys are up then.
#
# Needs nasm, Xvfb, openbox and xdotool, as window.sh, whose guest it takes.
. "$(dirname "$0")/lib.sh"

export ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0" # graphics drivers do
pids=
# shellcheck disable=SC2317 # called by name
stop()
{
    for pid in $pids; do
        kill "$pid" 2>/dev/null
    done
    wait
    pids=
}
trap stop EXIT

# until_true COMMAND…: in a minute at most
until_true()
{
    tries=0
    until "$@" 2>/dev/null; do
        tries=$((tries + 1))
        [ $tries -lt 600 ] || return 1
        sleep 0.1
    done
}

nasm -f bin "$tests/input.asm" -o input.img || die "nasm failed"
truncate -s 1474560 input.img
Xvfb -displayfd 1 -screen 0 1280x1024x24 -nolisten tcp >display 2>xvfb.err &
pids="$pids $!"
until_true test -s display || die "Xvfb does not start"
DISPLAY=:$(cat display)
export DISPLAY
unset WAYLAND_DISPLAY SDL_VIDEODRIVER
cat >openbox.xml <<END
<?xml version="1.0" encoding="UTF-8"?>
<openbox_config xmlns="http://openbox.org/3.4/rc"><keyboard></keyboard></openbox_config>
END
openbox --config-file "$PWD/openbox.xml" >openbox.err 2>&1 &
pids="$pids $!"
until_true xdotool get_desktop >/dev/null || die "openbox does not start"

# ticks N: there are N lines of hash, whose ticks are $1, $2 …
ticks()
{
    [ "$(grep -c '^state-hash' out.txt)" -ge "$1" ]
}
mkfifo commands
"$TERRAPIN" -display sdl -mips 5 -audio none -monitor stdio -timeout 200 -fda input.img \
    <commands >out.txt 2>err.txt &
pids="$pids $!"
exec 3>commands
until_true xdotool search --name ' - Terrapin' >/dev/null || die "no window: $(cat err.txt)"
# The window may be made anew, and cannot be given the focus before it is on the screen.
# shellcheck disable=SC2317
focused()
{
    window=$(xdotool search --name ' - Terrapin' | tail -n 1)
    xdotool windowfocus "$window"
    [ "$(xdotool getwindowfocus)" = "$window" ]
}
until_true focused || die "the window gets no keys"
sleep 6
echo hash >&3
until_true ticks 1 || die "the monitor does not answer"
xdotool keydown ctrl keydown alt keydown BackSpace
sleep 2
echo hash >&3
until_true ticks 2
echo hash >&3
until_true ticks 3
xdotool keyup BackSpace keyup alt keyup ctrl
sleep 1
echo hash >&3
until_true ticks 4
echo quit >&3
exec 3>&-
tick()
{
    grep '^state-hash' out.txt | sed -n "$1p" | sed 's/.*icount: //'
}
check "time did not run backwards: $(tick 1), $(tick 2)" test "$(tick 2)" -lt "$(tick 1)"
check "held at the history's beginning it stands still" test "$(tick 3)" -le "$(tick 2)"
check "and then goes on: $(tick 3), $(tick 4)" test "$(tick 4)" -gt "$(tick 3)"
finish
