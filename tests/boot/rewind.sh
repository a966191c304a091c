#!/bin/sh
# tests/boot/rewind.sh -- Ctrl+Alt+Backspace, held in a window: time runs backwards, and on from
# there when it is let go; the guest's keys are up then.
#
# Needs nasm, Xvfb, openbox, xdotool and ImageMagick's import, as window.sh, whose guest it takes.
. "$(dirname "$0")/lib.sh"
. "$tests/xserver.sh"

nasm -f bin "$tests/input.asm" -o input.img || die "nasm failed"
truncate -s 1474560 input.img
start_x

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
check "the title: $(xdotool getwindowname "$window")" test \
    "$(xdotool getwindowname "$window")" = "input.img - Terrapin - backwards"
bar=$(import -window "$window" -crop 1x1+475+2 -depth 8 rgb:- | od -An -tx1 | tr -d ' \n')
check "the line on the screen, as long as it is: $bar" test "$bar" = d0d0d0
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
