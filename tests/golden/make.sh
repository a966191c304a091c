#!/bin/sh
# tests/golden/make.sh GOLDEN VERSION -- makes the golden states of a version of the format anew, and
# prints their lines for states.txt; `sha256sum *.state >SHA256SUMS` goes with it. For a version that is not
# yet declared stable, and never again: version 1 is.
set -eu
golden=$1 version=$2
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# guest of tests/guest:how far through its run, in percent
for guest in irq:40 task32:50 v86:30 x87:60 simd:50 apic:45 uart:35 paging:60 pae:50 smc:50; do
    name=${guest%:*}
    cpu=$(sed -n 's/^ *;@cpu \([^ ]*\).*/\1/p' "../guest/$name.asm")
    nasm -f bin -I ../guest/ -o "$work/$name.bin" "../guest/$name.asm"
    "$golden" save "$work/$name.bin" "${cpu:-pentiumpro}" "${guest#*:}" "$version-$name.state"
done
"$golden" save - - 50 "$version-small.state"
"$golden" save - - 90 "$version-small-on.state" "$version-small.state"
