#!/bin/sh
# tests/boot/video.sh -- a picture in every mode of the video BIOS, and in some that it does not
# have (video.asm), pixel by pixel.
#
# video.expect has the sum of each picture, once somebody has looked at it. `sh video.sh -u` writes
# a new one; WORK then has the pictures as PNG files. The characters are those of SeaBIOS' fonts.
update=${1-}
. "$(dirname "$0")/lib.sh"

nasm -f bin -o video.img "$tests/video.asm" || die "nasm failed"
dd if=/dev/zero of=video.img bs=512 seek=2879 count=1 conv=notrunc 2>/dev/null || die "dd failed"

# in the order of the program
scenes="mode-00 mode-01 mode-02 mode-03 mode-07 text-80x50 text-8dots text-512 text-smooth text-132
    text-160x100 text-blink mode-04 mode-05 mode-06 mode-04-other mode-0d mode-0e mode-0f mode-10 mode-11 mode-12
    palette split mode-13 dac-mask mode-x mode-x-split vbe-640x480x8-linear vbe-640x480x8-banks vbe-640x480x15-linear
    vbe-640x480x16-banks vbe-640x480x24-linear vbe-640x480x32-banks vbe-800x600x8-banks
    vbe-800x600x15-banks vbe-800x600x16-linear vbe-800x600x24-banks vbe-800x600x32-linear
    vbe-1024x768x16-banks vbe-1024x768x24-linear vbe-1024x768x32-linear vbe-1280x1024x8-banks
    vbe-1600x1200x32-linear vbe-1600x1200x16-banks vbe-panned vbe-800x600x4 end"

# Cursor and characters blink: 16 looks within the second in which all four pictures come.
blinking="0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15"

tour()
{
    for scene in $scenes; do
        printf 'wait-serial "[%s]" 60\nscreendump %s.ppm\n' "$scene" "$scene"
        [ -z "$update" ] || printf 'screendump %s.png\n' "$scene"
        if [ "$scene" = text-blink ]; then
            for look in $blinking; do
                printf 'run 0.03\nscreendump blink-%s.ppm\n' "$look"
            done
        fi
        printf 'send-serial "n"\n'
    done
    echo quit
}

sum()
{
    cksum <"$1" | sed 's/ .*//'
}

sums()
{
    for scene in $scenes; do
        if [ "$scene" = text-blink ]; then
            printf '%s' "$scene"
            for phase in $(for look in $blinking; do sum "blink-$look.ppm"; done | sort -u); do
                printf ' %s' "$phase"
            done
            printf '\n'
        else
            printf '%s %s\n' "$scene" "$(sum "$scene.ppm")"
        fi
    done
}

tour >tour
boot video -snapshot -fda video.img -serial null <tour
expect_code video 0
sums >pictures
if [ -n "$update" ]; then
    cp pictures "$tests/video.expect"
fi
while read -r line; do
    check "another picture than that which was looked at: $WORK/${line%% *}.ppm" \
        grep -qxF -e "$line" "$tests/video.expect"
done <pictures
check "not all four phases of blinking were seen" \
    [ "$(grep text-blink pictures | wc -w)" -eq 5 ]

# Those of the VGA itself, and one of VBE, by every way of the engine
boot blocks -mips 4 -until 30000000 -snapshot -fda video.img -serial null <tour
engines ways "$hash" -mips 4 -until 30000000 -snapshot -fda video.img -serial null <tour

# the same picture by way of banks and of the linear frame buffer
check "640x480x8: banked and linear differ" cmp -s vbe-640x480x8-banks.ppm vbe-640x480x8-linear.ppm
check "640x480: 24 and 32 bits differ" cmp -s vbe-640x480x24-linear.ppm vbe-640x480x32-banks.ppm
check "800x600: 24 and 32 bits differ" cmp -s vbe-800x600x24-banks.ppm vbe-800x600x32-linear.ppm
finish
