#!/bin/sh
# tests/boot/term.sh -- -display term and -monitor stdio as somebody at a terminal has them: in tmux,
# by keys typed and what the terminal shows; and that the terminal is as before, however it ends.
. "$(dirname "$0")/lib.sh"

command -v tmux >/dev/null || die "tmux is missing"
LC_ALL=C.UTF-8
export LC_ALL
unset TMUX COLORTERM
nasm -f bin -o term.img "$tests/term.asm" || die "nasm failed"
truncate -s 1440K term.img

# Each server has a socket of its own: one that is told to go takes a while, and would take the
# next one's clients for its own.
servers=0
tmux_()
{
    tmux -S "$WORK/tmux$servers" -f /dev/null "$@"
}
trap 'tmux_ kill-server 2>/dev/null' EXIT

new_server()
{
    for _ in 1 2 3 4 5; do
        servers=$((servers + 1))
        tmux_ new-session -d -x 80 -y 30 'TERM=screen-256color exec sh' && return
        sleep 1
    done
    die "tmux does not start"
}

# shellcheck disable=SC2317
gone()
{
    ! kill -0 "$pid" 2>/dev/null
}

# keys KEY…: as tmux names them
keys()
{
    tmux_ send-keys "$@"
}

screen()
{
    tmux_ capture-pane -p >screen.txt
}

# until_true COMMAND…: in a minute at most
until_true()
{
    tries=600
    until "$@"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.1
    done
}

# coloured PATTERN: it is in the terminal's text with its colours, at last
# shellcheck disable=SC2317 # called by name
has_colour()
{
    tmux_ capture-pane -p -e -N >colours.txt
    grep -q "$1" colours.txt
}
coloured()
{
    if until_true has_colour "$1"; then
        pass
    else
        fail "\"$1\" is not among the colours"
    fi
}

# shellcheck disable=SC2317
has_cursor()
{
    at=$(tmux_ display-message -p '#{cursor_x},#{cursor_y}')
    [ "$at" = "$1" ]
}

# until_shows TEXT: TEXT is in the terminal, at last
until_shows()
{
    tries=600
    while [ "$tries" -gt 0 ] && tmux_ has-session 2>/dev/null; do
        screen
        if grep -qF -e "$1" screen.txt; then
            pass
            return 0
        fi
        sleep 0.1
        tries=$((tries - 1))
    done
    fail "\"$1\" did not appear:"
    sed 's/^/    /' screen.txt
    return 1
}

# ends WHAT: the program of the last run is over, and its terminal is as before
ends()
{
    until_shows "over: $runs"
    tmux_ send-keys -l "stty -g >after; cmp -s before after && echo sane $runs | tr a-z A-Z"
    keys Enter
    until_shows "SANE $runs" || fail "$1: the terminal is not as before"
    is=$(tmux_ display-message -p '#{alternate_on} #{cursor_flag}')
    check "$1: another screen, or no cursor: $is" [ "$is" = "0 1" ]
}

# run [OPTION…]: the program in the terminal
runs=0
run()
{
    runs=$((runs + 1))
    keys -l "clear; stty -g >before; $env sh -c 'echo \$\$ >pid; exec $TERRAPIN $*'; echo over: $runs"
    keys Enter
}
env=

new_server
keys -l "PS1='$ '"
keys Enter

# ---- text: line drawing, colours, cursor; keys
run -snapshot term.img
until_shows "╔═╗ ABC ░█"
coloured '38;5;227.*48;5;19m╔\|48;5;19.*38;5;227m╔' # yellow on blue
check "cursor" until_true has_cursor 7,4
keys a Up F1 M-x PageUp F10
until_shows "1E 48 3B 2D 49 44" # scan codes of a, up, F1, Alt-x, page up, F10
keys C-a 3
until_shows "44 3D"

# ---- the serial line, beside the screen
keys C-a s
until_shows "words on COM1"
until_shows "red?"
until_shows "╔═╗ ABC"
check "escape sequences of the guest's" grep -qvF "[31m" screen.txt
keys C-a s

# ---- the monitor, beside the screen
keys C-a c
until_shows "help lists the commands"
until_shows "╔═╗ ABC"
keys -l 'pri'
keys Tab
keys -l 'onn'
keys Left BSpace
keys -l 'ce upo'
keys End Enter
until_shows "ce upon"
keys Up Home
keys -l 'help hash #'
keys Enter
until_shows "print state-hash and icount"
keys -l 'nonsense'
keys Enter
until_shows "nonsense: unknown command"
keys C-a c

# ---- graphics, in 256 colours
keys g
coloured '48;5;196m' # red
coloured '48;5;46m'  # green
coloured '48;5;231m' # white
screen
check "no text is left" sh -c '! grep -q ABC screen.txt'
keys C-a c
until_shows "monitor"
coloured '48;5;196m' # the picture beside the monitor
keys C-a c C-a h
until_shows "Ctrl-A Ctrl-A"
keys x

# ---- resize
tmux_ resize-window -x 60 -y 20
sleep 1
coloured '48;5;196m' # red after resizing
check "20 lines" [ "$(wc -l <colours.txt)" = 20 ]
keys t
until_shows "ABC"
tmux_ resize-window -x 30 -y 4
sleep 0.5
keys b c d
until_shows "30 2E 20" # follows the cursor
keys C-a c
sleep 0.3
keys C-a c
tmux_ resize-window -x 80 -y 30
until_shows "╔═╗ ABC"
keys C-a x
ends "Ctrl-A x"

# ---- true colour
env=COLORTERM=truecolor
run -snapshot term.img
until_shows "╔═╗ ABC"
keys g
coloured '48;2;25[0-9];0;0m' # red, 24 bits

# ---- a crash, other signals
kill -SEGV "$(cat pid)"
ends "SIGSEGV"
env=
for signal in TERM HUP QUIT ABRT BUS; do
    run -snapshot term.img
    until_shows "╔═╗ ABC"
    kill -"$signal" "$(cat pid)"
    ends "SIG$signal"
done

# ---- stopped and continued by the shell
run -snapshot term.img
until_shows "╔═╗ ABC"
keys g
coloured '48;5;196m'
kill -TSTP "$(cat pid)"
until_shows "Stopped"
keys -l "clear; fg; echo over: $runs"
keys Enter
coloured '48;5;196m' # red after fg
keys t
until_shows "╔═╗ ABC"
keys C-a x
ends "fg"

# ---- the monitor on stdio
run -display none -speed 1 -monitor stdio -snapshot term.img
until_shows "(terrapin)"
keys -l 'inf'
keys Tab
keys -l "ti"
keys Tab Enter
until_shows "mips"
keys -l 'help'
keys Enter
until_shows "-- more"
keys q
keys Up C-a
keys -l 'print zz #'
keys Enter
until_shows "print zz #help"
keys -l 'quit'
keys Enter
ends "-monitor stdio"
run -display none -monitor stdio -snapshot term.img
until_shows "(terrapin)"
kill -SEGV "$(cat pid)"
ends "-monitor stdio, SIGSEGV"

# ---- Ctrl-C there ends a search through the past, or a way to another moment, and nothing else
printf '\353\376' >busy.img # JMP $
printf '\125\252' | dd of=busy.img bs=1 seek=510 2>dd.err
truncate -s 1440K busy.img
run -display none -speed 1 -mips 100 -monitor stdio -history 64M -record busy.log -snapshot busy.img
until_shows "(terrapin)"
for line in "run 6" stop "record off" hash; do
    keys -l "$line"
    keys Enter
done
until_shows "icount"
keys -l "reverse-continue reg dr7"
keys Enter
sleep 1
keys C-c
until_shows "interrupted"
keys -l hash
keys Enter
keys -l 'rewind 1.5'
keys Enter
until_shows ", -1.500 s"
check "given up, it is where it was" [ "$(grep 'state-hash' screen.txt | sort | uniq -c | grep -c ' 2 ')" -eq 1 ]
keys -l quit
keys Enter
ends "Ctrl-C in a search"
run replay busy.log -display none -S -singlestep -monitor stdio
until_shows "(terrapin)"
keys -l "goto 600000000"
keys Enter
sleep 1
keys C-c
until_shows "goto: interrupted at tick "
keys -l quit
keys Enter
ends "Ctrl-C on the way"

# ---- terminals of other kinds
env=TERM=nonsense
run -display term -snapshot term.img
until_shows 'terrapin: -display term: terminal type "nonsense" is unknown; set TERM'
ends "unknown TERM"
env="TERM=xterm XTERM_VERSION=test" # terminfo knows eight colours of it
run -snapshot term.img
until_shows "ABC"
keys g
coloured '48;5;196m'
keys C-a x
ends "xterm"
env="TERM=vt100 LC_ALL=C"
run -snapshot term.img
until_shows "ABC"
keys g
sleep 1
keys C-a x
ends "vt100"

# ---- the terminal goes away, from a program that hears SIGHUP and from one that does not
env=
for how in "" nohup; do
    tmux_ kill-server 2>/dev/null
    new_server
    env="${how:+trap '' HUP;}"
    run -snapshot term.img
    until_shows "╔═╗ ABC"
    pid=$(cat pid)
    tmux_ kill-server
    check "it runs on without a terminal ($how)" until_true gone
done

finish
