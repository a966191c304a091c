#!/bin/sh
# tests/boot/window.sh -- -display sdl on an X server of its own (Xvfb, with the window manager
# openbox): keys of four host layouts, keys held while the window goes away, mouse, full screen,
# sizes, views, what is on the screen; and the same state-hash with a window as without.
#
# Needs nasm, Xvfb, openbox, xdotool, setxkbmap and ImageMagick's import. The guest, input.asm,
# draws 16 bars in mode 13h and prints what keyboard and mouse send.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/xserver.sh"

nasm -f bin "$tests/input.asm" -o input.img || die "nasm failed"
truncate -s 1474560 input.img

# ---- no display
(
    unset WAYLAND_DISPLAY SDL_VIDEODRIVER
    DISPLAY='' "$TERRAPIN" -display sdl -fda input.img 2>none.err
    echo "exit $?" >>none.err
    DISPLAY=:4321 "$TERRAPIN" -display sdl -fda input.img 2>wrong.err
    echo "exit $?" >>wrong.err
)
expect "terrapin: -display sdl: no display to open a window on (DISPLAY is not set); use -display" none.err
expect "no display to open a window on (DISPLAY is :4321)" wrong.err
expect "exit 1" none.err
expect "exit 1" wrong.err
check "one line each" test "$(cat none.err wrong.err | wc -l)" -eq 4

# ---- a screen
start_x

# ---- a window changes nothing
cat >same.scr <<END
run 1.5
type "abc"
run 0.2
quit
END
boot without -fda input.img -audio none <same.scr
expect_code without 0
bare=$hash
boot with -display sdl -full-screen -fda input.img <same.scr
expect_code with 0
same "with a window and without" "$bare" "$hash"
SDL_AUDIODRIVER=dummy
export SDL_AUDIODRIVER
boot paced -display sdl -audio sdl -speed 2 -fda input.img <same.scr
same "with a window, paced" "$bare" "$hash"

# ---- by hand
"$TERRAPIN" -display sdl -name Guest -fda input.img -debugcon file:input.out -record hand.log \
    -record-hash 20000000 2>hand.err &
terrapin=$!
pids="$pids $terrapin"
until_true grep -q mFA input.out || die "the guest does not start"
window=$(xdotool search --name 'Guest - Terrapin' | tail -n 1)
check "there is a window" test -n "$window"
xdotool windowfocus "$window"
# shellcheck disable=SC2317
focused()
{
    [ "$(xdotool getwindowfocus)" = "$window" ]
}
check "the window has the focus" until_true focused

title_has()
{
    xdotool getwindowname "$window" | grep -qF -e "$1"
}

heard()
{
    tail -n "+$((mark + 1))" input.out | tr '\n' ' ' >heard
    grep -qF -e "$1" heard
}

# hears WHAT BYTES COMMAND…: after this the guest has received BYTES, among others
hears()
{
    what=$1
    bytes=$2
    shift 2
    mark=$(wc -l <input.out)
    "$@"
    if until_true heard "$bytes"; then
        pass
    else
        fail "$what: \"$bytes\" is not in: $(cat heard)"
    fi
}

# pixel X Y COLOUR WHAT
# shellcheck disable=SC2317
pixel_is()
{
    [ "$(import -window "$window" -crop "1x1+$1+$2" -depth 8 rgb:- | od -An -tx1 | tr -d ' \n')" = "$3" ]
}
pixel()
{
    if until_true pixel_is "$1" "$2" "$3"; then
        pass
    else
        fail "$4: the pixel at $1,$2 is not $3"
    fi
}

# A place on the keyboard is its scan code in every layout; xdotool finds the letter's place.
for layout in us de fr dvorak; do
    case $layout in
    dvorak) setxkbmap us -variant dvorak ;;
    *) setxkbmap $layout ;;
    esac
    sleep 0.5
    hears "$layout: places" "k10 k90 k11 k91 k2C kAC k27 kA7 k56 kD6 kE0 k38 kE0 kB8" \
        xdotool key 24 25 52 47 94 108
    case $layout in
    us) hears us "k15 k95 k2C kAC k1E k9E" xdotool key y z a ;;
    de) hears de "k2C kAC k15 k95 k1E k9E" xdotool key y z a ;;
    fr) hears fr "k15 k95 k11 k91 k10 k90" xdotool key y z a ;;
    dvorak) hears dvorak "k14 k94 k35 kB5 k1E k9E" xdotool key y z a ;;
    esac
done
setxkbmap us
sleep 0.5
hears Pause "kE1 k1D k45 kE1 k9D kC5" xdotool key Pause
hears "Print Screen" "kE0 k2A kE0 k37 kE0 kB7 kE0 kAA" xdotool key Print
hears "Alt+Print Screen" "k38 k54" xdotool key alt+Print
hears "grey keys" "kE0 k53 kE0 kD3 kE0 k1C kE0 k9C" xdotool key Delete KP_Enter

# shellcheck disable=SC2317
leave()
{
    xdotool keydown shift keydown ctrl
    sleep 0.3
    xdotool windowminimize "$window"
    sleep 0.5
}
hears "held keys are let go" "k2A k1D k9D kAA" leave
xdotool keyup shift keyup ctrl windowmap "$window"
xdotool windowactivate "$window"
check "the window has the focus again" until_true focused
sleep 1

# A host that was busy brings all keys at once. None is lost, and each is pressed for a while.
# shellcheck disable=SC2317
burst()
{
    kill -STOP "$terrapin"
    # shellcheck disable=SC2086 # the list is meant
    xdotool key --delay 2 $many
    kill -CONT "$terrapin"
}
many=
heard_of_many=
for _ in 1 2 3 4 5 6 7 8; do
    many="$many a b Right c d"
    heard_of_many="$heard_of_many k1E k9E k30 kB0 kE0 k4D kE0 kCD k2E kAE k20 kA0"
done
hears "forty keys at once" "${heard_of_many# }" burst

# mouse: nothing before a click, which is ours
if title_has Ctrl+Alt+G; then
    fail "grabbed without a click"
fi
xdotool mousemove --window "$window" 300 200 click 1
check "a click grabs" until_true title_has "Ctrl+Alt+G releases the mouse"
hears "mouse motion" "m28 m0A mFB" xdotool mousemove_relative 10 5
hears "mouse buttons" "m09 m00 m00 m08 m00 m00" xdotool click 1
xdotool key ctrl+alt+g
# shellcheck disable=SC2317
free()
{
    ! title_has Ctrl+Alt+G
}
check "Ctrl+Alt+G releases" until_true free
mark=$(wc -l <input.out)
xdotool mousemove_relative 10 5 click 3
sleep 0.3
if heard m; then
    fail "a free mouse is heard"
fi

# shellcheck disable=SC2317
has_size()
{
    xdotool getwindowgeometry "$window" | grep -q "$1"
}

# picture: 16 bars of 40 pixels in 640 x 480, the second of them blue
pixel 60 100 0000aa "mode 13h"
pixel 620 470 ffffff "mode 13h, its corner"
xdotool windowsize "$window" 1000 600
check "another size" until_true has_size 1000x600
pixel 90 300 000000 "a wide window has margins"
pixel 170 300 0000aa "a wide window, the picture"
pixel 890 599 ffffff "a wide window, its end"
xdotool key ctrl+alt+u
check "Ctrl+Alt+U" until_true has_size 640x480
xdotool key ctrl+alt+f
check "full screen" until_true has_size 1280x1024
pixel 1270 500 ffffff "full screen"
pixel 640 10 000000 "full screen, above the picture"
xdotool key ctrl+alt+f
check "back from full screen" until_true has_size 640x480
sleep 1

# views
xdotool key ctrl+alt+2
pixel 636 470 101820 "the monitor's page"
xdotool type 'stop'
xdotool key Return ctrl+alt+1
check "the monitor's stop" until_true title_has stopped
pixel 620 470 7f7f7f "a stopped machine's picture is dim"
xdotool key ctrl+alt+2
xdotool type 'cont'
xdotool key Return ctrl+alt+3
check "the monitor's cont" until_true title_has MIPS
xdotool key ctrl+alt+1
pixel 620 470 ffffff "back on the guest's screen"

# the end: a view hears what is typed behind its chord, though all arrives at once, and a command
# that runs the machine keeps nobody from typing the next
kill -STOP "$terrapin"
xdotool key ctrl+alt+2
xdotool type 'run 0.1'
xdotool key Return
xdotool type 'quit 7'
xdotool key Return
kill -CONT "$terrapin"
# shellcheck disable=SC2317
gone()
{
    ! kill -0 "$terrapin" 2>/dev/null
}
check "the monitor's quit" until_true gone
kill $terrapin 2>/dev/null
wait $terrapin
code=$?
cp hand.err same.err
expect_code same 7

# ---- all of that again, from its recording
"$TERRAPIN" replay hand.log -display none -hash -debugcon file:replay.out >replay.txt 2>replay.err
code=$?
expect_code replay 0
check "what keyboard and mouse sent" cmp -s input.out replay.out
"$TERRAPIN" replay hand.log -verify >verify.txt 2>verify.err
expect "verified: " verify.txt
finish
