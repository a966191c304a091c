#!/bin/sh
# tests/boot/install.sh -- cmake --install into a directory: the program runs there, its man page has
# every option and every command, and names documents that are there.
. "$(dirname "$0")/lib.sh"

BUILD=${BUILD:-$(dirname "$TERRAPIN")}
cmake --install "$BUILD" --prefix "$WORK/prefix" >log 2>&1 || die "$(cat log)"
program=$WORK/prefix/bin/terrapin
page=$(find "$WORK/prefix" -name terrapin.1)
check "no program" [ -x "$program" ]
check "no man page" [ -f "$page" ]
check "it does not run" [ "$("$program" --version)" = "$("$TERRAPIN" --version)" ]

# NAME as roff writes it
entry()
{
    printf '%s' "$1" | sed 's/-/\\-/g'
}

source=$tests/../../frontend
for option in $(sed -n 's/^OPTION([A-Z_]*, "\([^"]*\)".*/\1/p' "$source/options.def"); do
    expect "\\fB\\-$(entry "$option")\\fR" "$page"
done
for command in $(sed -n 's/^COMMAND("\([^"]*\)".*/\1/p' "$source/commands.def"); do
    expect "\\fB$(entry "$command")\\fR" "$page"
done
for file in README.md docs/gdb.md docs/time.md docs/performance.md; do
    check "no $file" [ -f "$WORK/prefix/share/doc/terrapin/$file" ]
    expect ".I share/doc/terrapin/$file" "$page"
done
if command -v groff >/dev/null; then
    groff -man -Tutf8 -ww "$page" >formatted 2>complaints
    check "groff complains: $(cat complaints)" [ ! -s complaints ]
fi

finish
