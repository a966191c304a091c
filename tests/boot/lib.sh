# shellcheck shell=sh
# tests/boot/lib.sh -- common to the boot tests; sourced, POSIX sh.
#
#   TERRAPIN=program WORK=directory tests/boot/NAME.sh      WORK is made, or made again
#
#   boot NAME [OPTION…]     runs the script on standard input, headless; output in NAME.out and
#                           NAME.err, the exit code in $code, the line of -hash in $hash
#                           $limit: a command to run before it, such as ulimit
#   engines NAME HASH [OPTION…]   boots the script by each other way of the engine: the hash must be
#                           HASH. The disks must be as they were: -snapshot
#   make_floppy FILE        an empty floppy that SYSLINUX boots from
#   expect_code NAME N      $code is N
#   expect TEXT FILE        TEXT is in FILE
#   expect_not TEXT FILE    it is not
#   same WHAT A B           two -hash lines are equal
#   check WHAT COMMAND…     any other condition
#   finish                  the verdict: the exit code of the test
#
# A failure does not end the test: later ones may tell why.
set -u

tests=$(cd "$(dirname "$0")" && pwd)
TERRAPIN=${TERRAPIN:-$tests/../../build/release/terrapin}
failures=0
passes=0

die()
{
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

if [ ! -x "$TERRAPIN" ]; then
    die "$TERRAPIN: no such program; build it, or set TERRAPIN"
fi
TERRAPIN=$(cd "$(dirname "$TERRAPIN")" && pwd)/${TERRAPIN##*/}
if [ -z "${WORK-}" ]; then
    WORK=$(mktemp -d) || exit 1
    trap 'rm -rf "$WORK"' EXIT
else
    if [ -d "$WORK" ] && [ ! -f "$WORK/boot-test" ]; then
        die "$WORK: exists, and is not from an earlier boot test; give another WORK"
    fi
    rm -rf "$WORK"
    mkdir -p "$WORK" || exit 1
fi
cd "$WORK" || exit 1
: >boot-test

pass()
{
    passes=$((passes + 1))
}

fail()
{
    failures=$((failures + 1))
    printf 'FAIL: %s\n' "$*"
}

boot()
{
    name=$1
    shift
    cat >"$name.scr"
    (
        ${limit-}
        exec "$TERRAPIN" -display none -timeout "${LIMIT:-240}" -script "$name.scr" -hash "$@" \
            >"$name.out" 2>"$name.err"
    )
    code=$?
    hash=$(tail -n 1 "$name.out")
    printf '%s: exit %s, %s\n' "$name" "$code" "$hash"
}

# One instruction at a time; sensitive instructions by the monitor alone; page maps built anew at each
# load of CR3. ONE_ENGINE: the build is too slow for that.
engines()
{
    all=$1 wanted=$2
    shift 2
    cat >"$all.ways"
    [ -z "${ONE_ENGINE-}" ] || return 0
    for way in -singlestep -no-assist '-shadow flush'; do
        # shellcheck disable=SC2086 # two words
        LIMIT=${LIMIT:-900} boot "$all${way% *}" "$@" $way <"$all.ways"
        same "$all: blocks and $way" "$wanted" "$hash"
    done
}

# make_floppy FILE: 1.44 MB, with SYSLINUX
make_floppy()
{
    rm -f "$1"
    mformat -C -f 1440 -N 12345678 -i "$1" :: || die "mformat failed"
    syslinux --install "$1" || die "syslinux failed"
}

check()
{
    what=$1
    shift
    if "$@"; then
        pass
    else
        fail "$what"
    fi
}

expect_code()
{
    if [ "$code" -eq "$2" ]; then
        pass
    else
        fail "$1: exit code $code instead of $2"
        sed 's/^/    /' "$1.err"
    fi
}

expect()
{
    if grep -qF -e "$1" "$2"; then
        pass
    else
        fail "\"$1\" is not in $2:"
        sed 's/^/    /' "$2"
    fi
}

expect_not()
{
    if grep -qF -e "$1" "$2"; then
        fail "\"$1\" is in $2:"
        sed 's/^/    /' "$2"
    else
        pass
    fi
}

same()
{
    if [ -n "$2" ] && [ "$2" = "$3" ]; then
        pass
    else
        fail "$1: hashes differ: $2; $3"
    fi
}

finish()
{
    printf '%s: %d checks passed, %d failed\n' "${0##*/}" "$passes" "$failures"
    [ "$failures" -eq 0 ]
    exit
}
