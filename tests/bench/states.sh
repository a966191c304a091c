#!/bin/sh
# tests/bench/states.sh [GUEST] -- save states of the Linux guest, measured; QEMU's beside them, where it is.
#
#   TERRAPIN=build/release/terrapin SNAPSHOTS=build/release/tests/bench/snapshots ROUNDS=5 QEMU=yes
#   GUEST   what scripts/make-guest linux made (build/guest)
#
# Debian's kernel with 128 MB, idle at its shell, booted from its disk as a snapshot. Milliseconds of wall time,
# the median of ROUNDS; files are flushed to the disk of $WORK (a new directory). Nothing is judged: a busy host
# shows large numbers, of processor time less so.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
guest=${1:-$here/../../build/guest}
terrapin=${TERRAPIN:-$here/../../build/release/terrapin}
snapshots=${SNAPSHOTS:-$here/../../build/release/tests/bench/snapshots}
rounds=${ROUNDS:-5}
work=${WORK:-$(mktemp -d)}
[ -n "${WORK-}" ] || trap 'rm -rf "$work"' EXIT
mkdir -p "$work"
cc -shared -fPIC -O2 -o "$work/clock_saves.so" "$here/clock_saves.c" -ldl
run="$terrapin -display none -no-history"

now()
{
    date +%s%N
}
median()
{
    sort -n | awk '{ v[NR] = $1 } END { printf "%.1f", v[int((NR + 1) / 2)] }'
}
say()
{
    printf '%-44s %s\n' "$1" "$2"
}
# cpu COMMAND…: its processor time, ms
cpu()
{
    (
        "$@" >"$work/out" 2>"$work/err"
        times
    ) | awk 'NR == 2 { split($1, u, "[ms]"); split($2, s, "[ms]")
        printf "%.0f", 1000 * (u[1] * 60 + u[2] + s[1] * 60 + s[2]) }'
}
# wall COMMAND…: the median of its wall time, ms
wall()
{
    i=0
    while [ $i -lt "$rounds" ]; do
        start=$(now)
        "$@" >"$work/out" 2>"$work/err" || { cat "$work/err" >&2; exit 1; }
        echo "$((($(now) - start) / 1000))" | awk '{ print $1 / 1000 }'
        i=$((i + 1))
    done | median
}

if [ ! -f "$work/shell.state" ]; then
    printf 'wait-serial "terrapin# " 300\nrun 5\nsavevm %s\nquit\n' "$work/shell.state" >"$work/boot.scr"
    $run -m 128 -serial "file:$work/tty" -snapshot -script "$work/boot.scr" "$guest/linux.img"
fi
echo "-- savevm, ms"
for how in "-threads 0" "-threads 2" -raw; do
    i=0
    : >"$work/save.scr"
    while [ $i -lt "$rounds" ]; do
        printf 'savevm %s %s\n' "$how" "$work/saved.state" >>"$work/save.scr"
        i=$((i + 1))
    done
    echo quit >>"$work/save.scr"
    LD_PRELOAD=$work/clock_saves.so $run -loadvm "$work/shell.state" -script "$work/save.scr" 2>"$work/err"
    say "savevm $how: guest paused" "$(sed -n 's/^pause //p' "$work/err" | median)"
    say "savevm $how: file complete" "$(sed -n 's/^complete //p' "$work/err" | median)"
    say "savevm $how: processor time of the writer" "$(sed -n 's/^cpu //p' "$work/err" | median)"
    say "savevm $how: bytes" "$(wc -c <"$work/saved.state")"
    mv "$work/saved.state" "$work/saved$(echo "$how" | tr -d ' ').state"
done
cmp "$work/saved-threads0.state" "$work/saved-threads2.state"
echo "-- loading, ms, with the program's start and end"
echo quit >"$work/quit.scr"
tick=$($run -hash -loadvm "$work/shell.state" -script "$work/quit.scr" | sed -n 's/.*icount: //p')
say "-loadvm: deflated" "$(wall $run -loadvm "$work/shell.state" -script "$work/quit.scr")"
say "-loadvm: raw, to the first instruction" \
    "$(wall $run -loadvm "$work/saved-raw.state" -until $((tick + 1)))"
say "-loadvm: deflated, processor time" "$(cpu $run -loadvm "$work/shell.state" -script "$work/quit.scr")"
say "-loadvm: raw, processor time" \
    "$(cpu $run -loadvm "$work/saved-raw.state" -until $((tick + 1)))"
say "the program alone (--version)" "$(wall "$terrapin" --version)"

echo "-- snapshots in memory of the guest as it boots"
printf 'run-to 1200000000\nsavevm %s\nquit\n' "$work/busy.state" >"$work/busy.scr"
[ -f "$work/busy.state" ] ||
    $run -m 128 -snapshot -script "$work/busy.scr" "$guest/linux.img"
"$snapshots" "$work/busy.state" 12 100000000

echo "-- 50 clones of the raw state, each after 2 s"
pids=
i=0
while [ $i -lt 50 ]; do
    $run -speed 1 -loadvm "$work/saved-raw.state" >/dev/null 2>&1 &
    pids="$pids $!"
    i=$((i + 1))
done
sleep 10
{
    for pid in $pids; do
        cat "/proc/$pid/smaps_rollup"
    done
} | awk '$1 == "Rss:" { rss += $2; n++ } $1 == "Pss:" { pss += $2 }
    END { printf "%d machines: RSS of one %.1f MB; PSS of all %.1f MB, %.1f %% of that many RSS\n", n, rss / n / 1024, pss / 1024, 100 * pss / rss }'
# shellcheck disable=SC2086 # numbers
kill $pids
wait

[ "${QEMU-yes}" = yes ] || exit 0
command -v qemu-system-i386 >/dev/null || exit 0
echo "-- QEMU, ms: savevm and loadvm until its monitor answers"
rm -f "$work/overlay.qcow2" "$work"/qemu.*
qemu-img create -q -f qcow2 -F raw -b "$(realpath "$guest/linux.img")" "$work/overlay.qcow2"
mkfifo "$work/qemu.in"
qemu-system-i386 -m 128 -display none -nic none -serial "file:$work/qemu.tty" -monitor stdio -accel tcg \
    -hda "$work/overlay.qcow2" <"$work/qemu.in" >"$work/qemu.out" 2>&1 &
qemu=$!
exec 3>"$work/qemu.in"
until grep -q 'terrapin# ' "$work/qemu.tty" 2>/dev/null; do
    sleep 0.5
done
sleep 3
answer=0
# ask COMMAND: ms until the monitor has answered
ask()
{
    answer=$((answer + 1))
    start=$(now)
    printf '%s\np %s\n' "$1" "$((7770000 + answer))" >&3
    until grep -q "^$(printf '0x%x' $((7770000 + answer)))" "$work/qemu.out"; do
        sleep 0.005
    done
    echo "$((($(now) - start) / 1000))" | awk '{ print $1 / 1000 }'
}
i=0
while [ $i -lt "$rounds" ]; do
    ask "savevm s$i" >>"$work/qemu.save"
    i=$((i + 1))
done
i=0
while [ $i -lt "$rounds" ]; do
    ask "loadvm s$i" >>"$work/qemu.load"
    i=$((i + 1))
done
printf 'info snapshots\nquit\n' >&3
exec 3>&-
wait $qemu || true
say "QEMU: savevm" "$(median <"$work/qemu.save")"
say "QEMU: loadvm" "$(median <"$work/qemu.load")"
rm "$work/qemu.save" "$work/qemu.load"
grep -a -m 1 's0 ' "$work/qemu.out" || tail -n 8 "$work/qemu.out"
