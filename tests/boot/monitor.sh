#!/bin/sh
# tests/boot/monitor.sh -- the commands that look: each subject of info has something to say, each
# command has help, video memory can be examined; and the machine does not notice.
. "$(dirname "$0")/lib.sh"

frontend=$tests/../../frontend
sed -n 's/^SUBJECT("\([^"]*\)".*/\1/p' "$frontend/subjects.def" >subjects
sed -n 's/^COMMAND("\([^"]*\)".*/\1/p' "$frontend/commands.def" >commands
{
    echo 'wait-screen "SeaBIOS" 30'
    echo hash
    while read -r subject; do
        printf 'print == info %s\ninfo %s\n' "$subject" "$subject"
    done <subjects
    while read -r command; do
        printf 'print == help %s\nhelp %s\n' "$command" "$command"
    done <commands
    cat <<'END_OF_SCRIPT'
print == end
xp/4xb 0xb8000
x/2xh 0xb8002
xp/8xb 0xbfffc
xp /2xh 0xb8000
info
help
hash
quit
END_OF_SCRIPT
} >looks
echo "000f0000 t rom" >map
boot looks -parallel null -history 16M -stats -symbols map <looks
expect_code looks 0

# SeaBIOS's name is in the first cells, grey on black
expect "000b8000: 0x53 0x07 0x65 0x07" looks.out
expect "000b8002: 0x0765 0x0761" looks.out
expect "000b8000: 0x0753 0x0765" looks.out
expect "-fdffffff vga, by pci" looks.out
expect "stats: MOV_SwEw     HOLE" looks.err
expect "  rom+0x" looks.err
expect "  rom+0x" looks.out
expect "info vga " looks.out
expect "screendump F.png|F.ppm|F.txt" looks.out
sed -n '/^state-hash/p' looks.out | sort -u >hashes
check "looking changed the machine" [ "$(wc -l <hashes)" -eq 1 ]
silent=$(awk '/^== / { if (title && !said) print title; title = $0; said = 0; next }
    NF { said = 1 }' looks.out)
check "nothing to say: $silent" [ -z "$silent" ]
check "a line of help is wider than 80 columns" sh -c \
    "! sed -n '/^== help/,\$p' looks.out | grep -q '.\{80\}'"

finish
