#!/bin/sh
# tests/boot/save_anywhere.sh -- saves at random ticks of a run, loads each state in a process of
# its own, runs on, and compares state hashes with a run that never heard of save states.
#
#   save_anywhere.sh TICKS N OPTION…     TICKS: how long the run is; N: how many states
#
#   TERRAPIN=program  WORK=directory  SEED=1
#   FAR=10        each FAR-th state runs on to the end, the others to the next state's tick
#   BATCH=20      states on disk at a time
#
# Every loaded run must have the hash of the undisturbed run at its start and at its end. Give
# -snapshot, or drives that may be written.
set -u

fail()
{
    printf 'save_anywhere.sh: %s\n' "$*" >&2
    exit 1
}

[ $# -ge 2 ] || fail "use: save_anywhere.sh TICKS N OPTION..."
ticks=$1 number=$2
shift 2
TERRAPIN=${TERRAPIN:-$(cd "$(dirname "$0")" && pwd)/../../build/release/terrapin}
[ -x "$TERRAPIN" ] || fail "$TERRAPIN: no such program; build it, or set TERRAPIN"
if [ -z "${WORK-}" ]; then
    WORK=$(mktemp -d) || exit 1
    trap 'rm -rf "$WORK"' EXIT
fi
mkdir -p "$WORK" || exit 1
far=${FAR:-10} batch=${BATCH:-20}

# N different ticks in order, TICKS behind them. (A 31-bit generator, twice a number.)
awk -v ticks="$ticks" -v n="$number" -v seed="${SEED:-1}" '
function random() {
    seed = (seed * 1103515245 + 12345) % 2147483648
    return int(seed / 65536)
}
BEGIN {
    if (n >= ticks) {
        exit 1
    }
    while (n > 0) {
        t = 1 + int((random() * 32768 + random()) / 1073741824 * (ticks - 1))
        if (!(t in seen)) {
            seen[t] = 1
            printf "%.0f\n", t
            n--
        }
    }
}' </dev/null | sort -n >"$WORK/ticks" || exit 1
[ "$(wc -l <"$WORK/ticks")" -eq "$number" ] || fail "no $number different ticks below $ticks"
echo "$ticks" >>"$WORK/ticks"
tick()
{
    sed -n "$1p" "$WORK/ticks"
}

run()
{
    name=$1
    shift
    "$TERRAPIN" -display none -script "$WORK/$name.scr" "$@" >"$WORK/$name.out" 2>"$WORK/$name.err"
    code=$?
    [ $code -eq 0 ] || fail "$name: exit code $code: $(tail -n 1 "$WORK/$name.err")"
}

# The undisturbed run: line i is the hash at tick i.
{
    while read -r t; do
        printf 'run-to %s\nhash\n' "$t"
    done <"$WORK/ticks"
    echo quit
} >"$WORK/straight.scr"
run straight "$@"
grep '^state-hash' "$WORK/straight.out" >"$WORK/expected"
[ "$(wc -l <"$WORK/expected")" -eq $((number + 1)) ] || fail "the run ended before tick $ticks"

# check NAME I J: the two hashes in NAME.out are those of ticks I and J
bad=0
check()
{
    { sed -n "$2p" "$WORK/expected" && sed -n "$3p" "$WORK/expected"; } >"$WORK/want"
    grep '^state-hash' "$WORK/$1.out" >"$WORK/got"
    if ! cmp -s "$WORK/want" "$WORK/got"; then
        bad=$((bad + 1))
        printf 'saved at tick %s, run to tick %s: the hashes are\n' "$(tick "$2")" "$(tick "$3")"
        cat "$WORK/got"
        echo 'instead of'
        cat "$WORK/want"
    fi
}

i=1
while [ "$i" -le "$number" ]; do
    # A run that goes on from the last state so far and saves a batch of them
    last=$((i + batch - 1))
    [ "$last" -le "$number" ] || last=$number
    j=$i
    {
        while [ "$j" -le "$last" ]; do
            printf 'run-to %s\nsavevm %s/%s.state\n' "$(tick $j)" "$WORK" $j
            j=$((j + 1))
        done
        echo quit
    } >"$WORK/save.scr"
    if [ "$i" -eq 1 ]; then
        run save "$@"
    else
        run save -loadvm "$WORK/$((i - 1)).state"
        rm "$WORK/$((i - 1)).state"
    fi
    while [ "$i" -le "$last" ]; do
        to=$((i + 1))
        [ $((i % far)) -ne 0 ] || to=$((number + 1))
        printf 'hash\nrun-to %s\nhash\nquit\n' "$(tick $to)" >"$WORK/load.scr"
        run load -loadvm "$WORK/$i.state"
        check load "$i" "$to"
        [ "$i" -eq "$last" ] || rm "$WORK/$i.state"
        i=$((i + 1))
    done
done
rm -f "$WORK/$number.state"
printf 'save_anywhere.sh: %s states, %s went wrong\n' "$number" "$bad"
[ "$bad" -eq 0 ]
