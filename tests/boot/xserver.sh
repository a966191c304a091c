# shellcheck shell=sh
# tests/boot/xserver.sh -- for boot tests with a window; sourced after lib.sh.
#
#   start_x                 an X server of its own (Xvfb), with the window manager openbox
#   until_true COMMAND…     waits for it, a minute at most
#   pids                    what is killed at the end: add to it

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

start_x()
{
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
    # Without keys of its own, such as Print Screen.
    openbox --config-file "$PWD/openbox.xml" >openbox.err 2>&1 &
    pids="$pids $!"
    until_true xdotool get_desktop >/dev/null || die "openbox does not start"
}
