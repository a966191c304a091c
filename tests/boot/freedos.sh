#!/bin/sh
# tests/boot/freedos.sh [IMAGE] -- a day's work under FreeDOS, by script: commands, an editor, an
# assembler, a disk copied file by file; all again after a reset (freedos.scr is one pass); on a
# Pentium 4 and a 386. Each run twice, in single steps and without assists: equal hashes.
#
# IMAGE is the 720 KB floppy with COMMAND.COM, VIM, NASM, PRIMES, CPULEVEL and XCOPY that is not
# part of the project; default: $TERRAPIN_FREEDOS. It is copied first. Needs mtools.
# TERRAPIN_QUICK=1 leaves the single steps out, which take most of the time.
image=${1:-${TERRAPIN_FREEDOS-}}
case $image in
'' | /*) ;;
*) image=$PWD/$image ;;
esac
. "$(dirname "$0")/lib.sh"
LIMIT=${LIMIT:-3000} # wall seconds: single steps under sanitizers take their time

if [ -z "$image" ]; then
    die "which image? usage: ${0##*/} IMAGE"
elif [ ! -r "$image" ]; then
    die "$image: cannot be read"
fi
for tool in mformat mcopy; do
    command -v $tool >/dev/null || die "$tool is missing; its package is mtools"
done

mformat -C -f 720 -N 12345678 -i blank.img :: || die "mformat failed"
{
    sed 's/@PASS@/1/' "$tests/freedos.scr"
    echo 'system_reset'
    echo 'change floppy1 second.img'
    echo 'run 1'
    sed 's/@PASS@/2/' "$tests/freedos.scr"
    echo 'quit'
} >day

# work NAME [OPTION…]: a day from fresh disks
work()
{
    cp "$image" system.img || die "cannot copy $image"
    chmod u+w system.img
    cp blank.img first.img
    cp blank.img second.img
    rm -f ./*.txt
    started=$(date +%s)
    boot "$@" -mips 4 -fda system.img -fdb first.img <day
    printf '%s: %s s\n' "$1" "$(($(date +%s) - started))"
    expect_code "$1" 0
}

# files IMAGE DIRECTORY: unpacks it
files()
{
    rm -rf "$2"
    mkdir "$2"
    mcopy -s -Q -i "$1" '::*' "$2" || fail "mcopy cannot read $1"
}

# sums DIRECTORY: of all files, without their names, of which DOS copied the short ones only
sums()
{
    find "$1" -type f -exec cksum '{}' ';' | cut -d ' ' -f 1,2 | sort >"$1.sums"
}

look_at_screens()
{
    for pass in 1 2; do
        expect "FreeCom version" ver$pass.txt
        expect "HELLO    ASM           163" dir$pass.txt
        expect "$1" cpulevel$pass.txt
        expect "173,  179,  181,  191,  193,  197,  199" primes$pass.txt
        expect "Terrapins carry" note$pass.txt
        expect "Their house." note$pass.txt
        expect "Hello, World!" hello$pass.txt
        expect "VIM.EXE" xcopy$pass.txt
        expect "NOTE$pass" copied$pass.txt
    done
}

# What the guest left on the disks, as the host reads it.
look_at_disks()
{
    files system.img system
    files first.img first
    files second.img second
    sums system
    sums second
    check "the second copy is not the disk" cmp -s system.sums second.sums
    for file in note2.txt hi2.com primes2.txt; do # these came after the first copy
        find system -iname $file -exec rm '{}' ';'
    done
    sums system
    sums first
    check "the first copy is not the disk" cmp -s system.sums first.sums
    check "a disk has fewer than 40 files" [ "$(wc -l <first.sums)" -ge 40 ]
    note=$(find second -iname note2.txt)
    check "NOTE2.TXT has not the text that was typed" \
        [ "$(cat "$note")" = "$(printf 'Terrapins carry\r\nTheir house.\r\n')" ]
    check "NASM made another program than the one on the disk" \
        cmp -s "$(find second -iname hi2.com)" "$(find second -iname hello.com)"
}

for model in pentium4 386; do
    work $model -cpu $model
    first=$hash
    if [ $model = 386 ]; then
        look_at_screens "i386 or compatible CPU found"
    else
        look_at_screens "CPU is family f model 4"
    fi
    look_at_disks
    work $model-again -cpu $model
    same "$model: the same run twice" "$first" "$hash"
    work $model-monitor -cpu $model -no-assist
    same "$model: with and without assists" "$first" "$hash"
    if [ -z "${TERRAPIN_QUICK-}" ]; then
        work $model-steps -cpu $model -singlestep
        same "$model: blocks and single steps" "$first" "$hash"
    fi
done
# ---- stock gdb, backwards in a recording: each key moves the end of the BIOS's keyboard buffer
if command -v gdb >/dev/null; then
    cp "$image" system.img || die "cannot copy $image"
    printf '%s\n' 'wait-screen "A:\\>" 120' 'run 1' 'type "ver\n"' \
        'wait-screen "FreeCom version" 20' 'run 1' 'quit' >tape.in
    boot tape -mips 4 -fda system.img -record tape.log -record-hash 4000000 <tape.in
    recorded=$hash
    cat >back.cmd <<END
set pagination off
set confirm off
set remotetimeout 240
target remote ./s
monitor goto $((${hash##* } - 1000))
maintenance flush register-cache
watch *(unsigned short *)0x41c
reverse-continue
print/x *(unsigned short *)0x41c
reverse-stepi
reverse-continue
reverse-continue
reverse-continue
print/x *(unsigned short *)0x41c
reverse-continue
delete
monitor goto $((${hash##* } - 1000))
monitor who-wrote 0x41c
monitor reverse-continue in 0x60
maintenance flush register-cache
continue
END
    rm -f s
    "$TERRAPIN" replay tape.log -display none -timeout 900 -hash -gdb unix:s -S >back.out 2>back.err \
        </dev/null &
    pid=$!
    until [ -S s ] || ! kill -0 "$pid" 2>/dev/null; do
        sleep 0.1
    done
    timeout 900 gdb -nx -batch -x back.cmd >back.gdb 2>&1 </dev/null
    wait "$pid"
    code=$?
    expect_code back 0
    same "backwards and forwards again" "$recorded" "$(tail -n 1 back.out)"
    expect "Hardware watchpoint 1" back.gdb
    check "ver and Return were four keys" [ "$(grep -c '^New value' back.gdb)" -ge 4 ]
    expect "IN from port 60h, next at 000f" back.gdb
    expect "the instruction at 000f" back.gdb
    expect "exited normally" back.gdb
fi
finish
