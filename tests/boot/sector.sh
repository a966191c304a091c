#!/bin/sh
# tests/boot/sector.sh -- a boot disk of our own (sector.asm): keys, two floppies, pictures, resets.
. "$(dirname "$0")/lib.sh"

make_disk()
{
    nasm -f bin -D LABEL="'$2'" -o "$1" "$tests/sector.asm" || die "nasm failed"
}

# fresh: the disks as they were at first
fresh()
{
    cp one.orig one.img
    cp two.orig two.img
}

make_disk one.orig 'disk one'
make_disk two.orig 'disk two'
make_disk three.img 'disk three'
cp two.orig locked.img
chmod a-w locked.img

cat >tour <<'END'
wait-screen "sector: ready" 30
type "x"
wait-screen "> x:" 2
type "a"
wait-screen "> a: disk one" 5
type "b"
wait-screen "> b: disk two" 5
type "w"
wait-screen "> w: done" 5
type "b"
wait-screen "> b: written by the guest" 5
type "2"
wait-screen "> 2: open closed open closed open" 5
type "A#\"~"
wait-screen "> ~:" 2
screendump text.txt
screendump text.png
type "g"
run 1
screendump picture.png
screendump picture.ppm
sendkey spc
run 0.5
sendkey shift-f1
hash
quit
END

fresh
boot first -mips 4 -fda one.img -fdb two.img <tour
first=$hash
expect_code first 0
expect '> A:' text.txt
expect '> #:' text.txt
expect '> ":' text.txt
check "the picture is not 320 by 200, or 640 by 400" \
    grep -qaE '^(320 200|640 400)$' picture.ppm
check "the guest's sector is not in the image" grep -qa "written by the guest" two.img
check "A: changed" cmp -s one.img one.orig
for picture in text picture; do
    mv $picture.png $picture-1.png
done

fresh
boot again -mips 4 -fda one.img -fdb two.img <tour
same "the same run twice" "$first" "$hash"
for picture in text picture; do
    check "$picture.png differs between equal runs" cmp -s $picture-1.png $picture.png
done
engines ways "$first" -mips 4 -snapshot -fda one.orig -fdb two.orig <tour
fresh
boot paced -mips 4 -speed 10 -fda one.img -fdb two.img <tour
same "at full speed and paced" "$first" "$hash"
boot snapshot -mips 4 -snapshot -fda one.orig -fdb two.orig <tour
expect_code snapshot 0
same "with and without -snapshot" "$first" "$hash"
check "-snapshot wrote to the image" cmp -s two.orig locked.img
for model in 386 486; do
    fresh
    boot "cpu-$model" -mips 4 -cpu $model -fda one.img -fdb two.img <tour
    expect_code "cpu-$model" 0
done

# another key, another state: the hash does see
sed 's/^type "x"/type "y"/; s/> x/> y/' tour >other-tour
fresh
boot other -mips 4 -fda one.img -fdb two.img <other-tour
check "one key more or less does not show in the hash" [ "$first" != "$hash" ]

# ---- disks come and go

fresh
boot change -mips 4 -fda one.img -fdb two.img <<'END'
wait-screen "sector: ready" 30
type "b"
wait-screen "> b: disk two" 5
eject floppy1
type "b"
wait-screen "> b: error " 30
change floppy1 three.img
type "c"
wait-screen "> c: 06" 5
type "b"
wait-screen "> b: disk three" 30
change floppy1 two.img read-only
type "b"
wait-screen "> b: disk two" 30
type "w"
wait-screen "> w: error 03" 10
change floppy0 three.img
type "a"
wait-screen "> a: disk three" 10
sendkey ctrl-alt-delete
wait-screen "sector: ready" 30
quit
END
expect_code change 0
check "a disk changed" cmp -s two.img two.orig

# ---- disks that cannot be written

cat >write-twice <<'END'
wait-screen "sector: ready" 30
type "b"
wait-screen "> b: disk two" 5
type "w"
wait-screen "> w: error @WHY@" 10
type "w"
run 5
type "b"
run 3
screendump kept.txt
quit
END
sed 's/@WHY@/03/' write-twice >write-locked

boot option -mips 4 -fda one.img -drive file=locked.img,if=floppy,index=1,readonly=on \
    <write-locked
expect_code option 0

# by its mode, which Terrapin respects for root as well; said once, not for each sector
boot mode -mips 4 -fda one.img -fdb locked.img <write-locked
expect_code mode 0
said=$(grep -c "locked.img: cannot be written" mode.err)
check "a write-protected image is mentioned $said times" [ "$said" -eq 1 ]
check "a read-only image changed" cmp -s locked.img two.orig

# The host's disk is full, as far as this process is concerned.
sed 's/@WHY@/"/; s/error ""/error "/' write-twice >write-full
limit="ulimit -f 1"
boot full -mips 4 -fda one.img -fdb two.img <write-full
limit=
expect_code full 0
expect "two.img: cannot write: " full.err
check "a sector that could not be written was" cmp -s two.img two.orig

# ---- resets and ends

boot resets -mips 4 -snapshot one.img <<'END'
wait-screen "sector: ready" 30
type "x"
wait-screen "> x:" 2
type "r"
run 0.1
wait-screen "sector: ready" 30
type "t"
run 0.1
wait-screen "sector: ready" 30
system_reset
run 0.1
wait-screen "sector: ready" 30
type "z"
wait-screen "> z:" 2
screendump after.txt
quit
END
expect_code resets 0
expect_not "> x" after.txt

for way in "r 0" "t 2" "q 11"; do
    boot "way-${way% *}" -mips 4 -no-reboot -device isa-debug-exit -snapshot one.img <<END
wait-screen "sector: ready" 30
type "${way% *}"
run 5
print "still here"
quit 99
END
    expect_code "way-${way% *}" "${way#* }"
    expect_not "still here" "way-${way% *}.out"
done

boot until -mips 4 -until 30000000 -snapshot one.img <<'END'
run 1000
END
expect_code until 0
expect "icount: 30000000" until.out
finish
