#!/bin/sh
# tests/boot/tables.sh -- the firmware's view of the board and the tables that it leaves for
# operating systems (ACPI, MP, PIR, SMBIOS), found and checked by a boot disk of our own
# (tables.asm); the power button by SCI, and soft off.
. "$(dirname "$0")/lib.sh"

nasm -f bin -o tables.img "$tests/tables.asm" || die "nasm failed"

cat >press <<'END'
wait-screen "tables: done" 30
screendump tables.txt
type "p"
wait-screen "armed" 5
run 1
system_powerdown
run 5
print "still on"
quit 9
END

boot first -mips 4 -trace firmware -D firmware.log -snapshot tables.img <press
first=$hash
expect_code first 0
expect_not "still on" first.out

# one function a line: host bridge, ISA bridge, power management, VGA
for function in "00:00.0 id=8086:1237" "00:01.0 id=8086:7000" "00:01.3 id=8086:7113" \
    "00:02.0 id=1234:1111"; do
    expect "PCI: init bdf=$function" firmware.log
done
for text in "PIIX3/PIIX4 init: elcr=00 0c" "Using pmtimer" "Using 00:02.0 for primary VGA" \
    "PCI: map device bdf=00:02.0  bar 0" "PCI: map device bdf=00:02.0  bar 6" \
    "Copying PIR" "Copying MPTABLE" "Copying SMBIOS" "ACPI DSDT=" "Copying ACPI RSDP"; do
    expect "$text" firmware.log
done
check "the video BIOS does not run just once" \
    [ "$(grep -c 'Running option rom at c000' firmware.log)" -eq 1 ]

for text in "RSD PTR ok" "RSDT ok" "FACP ok" "DSDT ok" "SSDT ok" "APIC ok" "_MP_ ok" "PCMP ok" \
    "\$PIR ok" "router 00000800" "_SM_ ok" "_DMI_ ok"; do
    expect "$text" tables.txt
done
# what the firmware's source says of this board
expect "sci 00000009 smi_cmd 000000B2 on 000000F1" tables.txt
expect "gpe 0000AFE0" tables.txt
expect "_S5 SLP_TYP 00000000" tables.txt
check "a table says that the timer is not on pin 2" \
    [ "$(grep -c 'timer on pin 00000002' tables.txt)" -eq 2 ]
for text in "bad sum" "missing" "does not answer" "did not come" "stands still"; do
    expect_not "$text" tables.txt
done

boot again -mips 4 -snapshot tables.img <press
same "the same run twice" "$first" "$hash"
engines ways "$first" -mips 4 -snapshot tables.img <press

for size in 8 512 3G; do
    boot "size-$size" -mips 4 -m $size -snapshot tables.img <press
    expect_code "size-$size" 0
    expect "APIC ok" tables.txt
    expect_not "bad sum" tables.txt
done

# a video BIOS of another card is run from fw_cfg; none is none
isa=/usr/share/seabios/vgabios-isavga.bin
if [ -r $isa ]; then
    boot isavga -mips 4 -trace firmware -D isavga.log -vgabios $isa -snapshot tables.img <press
    expect_code isavga 0
    check "another card's video BIOS does not run just once" \
        [ "$(grep -c 'Running option rom at c000' isavga.log)" -eq 1 ]
    expect_not "bar 6" isavga.log
fi
boot none -mips 4 -trace firmware -D none.log -vgabios none -until 40000000 \
    -snapshot tables.img </dev/null
expect_not "Running option rom" none.log
expect "Booting from Floppy" none.log
finish
