#!/bin/sh
# tests/boot/seabios.sh -- the firmware by itself: no disk, the boot menu; and what ends a script.
. "$(dirname "$0")/lib.sh"

cat >no-disk <<'END'
wait-screen "SeaBIOS (version" 10
wait-screen "No bootable device." 60
screendump none.txt
screendump none.png
quit
END

boot first -mips 4 <no-disk
first=$hash
expect_code first 0
expect "Booting from Floppy..." none.txt
expect "No bootable device." none.txt
check "none.png is not a PNG" [ "$(dd if=none.png bs=1 skip=1 count=3 2>/dev/null)" = PNG ]
mv none.png first.png

boot again -mips 4 <no-disk
same "the same run twice" "$first" "$hash"
check "the same run gives two pictures" cmp -s first.png none.png
engines ways "$first" -mips 4 <no-disk

# other machines
for model in 386 486 pentium; do
    boot "model-$model" -mips 4 -cpu $model <no-disk
    expect_code "model-$model" 0
done
for size in 1 3G; do
    boot "size-$size" -mips 4 -m $size <no-disk
    expect_code "size-$size" 0
done

# the firmware waits at HLT, and tries again each minute
sed 's/^quit/run 600\nquit/' no-disk >ten-minutes-script
boot ten-minutes -mips 4 <ten-minutes-script
expect_code ten-minutes 0

# a wait that times out: exit 3, and what was on the screen instead
boot patience -mips 4 <<'END'
wait-screen "this never appears" 2
END
expect_code patience 3
expect 'patience.scr:1: wait-screen: "this never appears" did not appear' patience.err
expect "SeaBIOS" patience.err

# a bad line is found before the machine starts; a failing command ends it
boot bad <<'END'
run 1
frobnicate
END
expect_code bad 1
expect "bad.scr:2: " bad.err
expect_not "state-hash" bad.out
boot failing -mips 4 <<'END'
run 0.1
change floppy0 there-is-no-such-file.img
run 1
END
expect_code failing 1
expect "failing.scr:2: " failing.err
expect "there-is-no-such-file.img" failing.err

boot seven -mips 4 <<'END'
run 0.1
quit 7
END
expect_code seven 7

dd if=/dev/zero of=empty.img bs=512 count=2880 2>/dev/null
boot menu -mips 4 -boot menu=on empty.img <<'END'
wait-screen "Press ESC for boot menu" 10
sendkey esc
wait-screen "Select boot device" 10
wait-screen "1. Floppy" 1
sendkey 1
wait-screen "Booting from Floppy" 10
wait-screen "not a bootable disk" 20
quit
END
expect_code menu 0
finish
