#!/bin/sh
# tests/bench/bench.sh [MILLIONS] -- how fast fixed pieces of work are: a line of JSON for each.
#
#   {"workload": "alu16", "ticks": 100000000, "cpu_seconds": 0.31, "mips": 322.6, "state_hash": "…"}
#
# $TERRAPIN is the program. Every workload of bench.asm runs MILLIONS of ticks (100), less the time
# that the start takes: two runs, one of them short. With $TERRAPIN_LINUX (made by scripts/make-guest
# linux) Debian's kernel boots to its prompt, too. It never fails because something is slow; compare
# its numbers with another program's on the same machine, in turn, or not at all.
set -eu
terrapin=${TERRAPIN:?the program}
here=$(cd "$(dirname "$0")" && pwd)
millions=${1:-100}
work=$(mktemp -d "${TMPDIR:-/tmp}/bench-XXXXXX")
trap 'rm -rf "$work"' EXIT
warm=60000000 # the firmware is through, and the loop runs

# seconds COMMAND…: its CPU time, from the shell's word about its children; output to $work/out
seconds()
{
    (
        "$@" >"$work/out" 2>"$work/err" || { cat "$work/err" >&2; exit 1; }
        times
    ) >"$work/times" || return 1
    awk 'NR == 2 { split($1, u, "[ms]"); split($2, s, "[ms]"); print u[1] * 60 + u[2] + s[1] * 60 + s[2] }' \
        "$work/times"
}

# report NAME TICKS SECONDS
report()
{
    hash=$(sed -n 's/^state-hash: \([0-9a-f]*\).*/\1/p' "$work/out")
    awk -v name="$1" -v ticks="$2" -v s="$3" -v hash="$hash" 'BEGIN {
        printf "{\"workload\": \"%s\", \"ticks\": %d, \"cpu_seconds\": %.2f, \"mips\": %.1f, ", name, ticks, s,
            (s > 0 ? ticks / s / 1e6 : 0)
        printf "\"state_hash\": \"%s\"}\n", hash
    }'
}

for name in alu16 mem16 near16 smc16 pio string flat32 calls32; do
    nasm -f bin -DWORK=$name -o "$work/$name.img" "$here/bench.asm"
    set -- "$terrapin" -m 16 -display none -no-history -hash -snapshot -fda "$work/$name.img" -until
    short=$(seconds "$@" $warm)
    long=$(seconds "$@" $((warm + millions * 1000000)))
    report $name $((millions * 1000000)) "$(awk "BEGIN { print $long - $short }")"
done

if [ -n "${TERRAPIN_LINUX-}" ]; then
    printf 'wait-serial "terrapin# " 300\nquit\n' >"$work/script"
    all=$(seconds "$terrapin" -m 128 -display none -no-history -hash -script "$work/script" \
        -kernel "$TERRAPIN_LINUX/vmlinuz" -initrd "$TERRAPIN_LINUX/initrd.gz" \
        -append "quiet console=ttyS0,115200")
    report linux "$(sed -n 's/.*icount: //p' "$work/out")" "$all"
fi
