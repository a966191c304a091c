#!/bin/sh
# tests/boot/direct.sh -- kernels of our own by -kernel: the Linux boot protocol in its versions
# (lxkernel.asm) and multiboot (mbkernel.asm). They print what they are told and count what is wrong.
. "$(dirname "$0")/lib.sh"

# sum FILE: of its bytes, as the kernels print it
sum()
{
    od -An -v -tu1 "$1" | awk '{ for (i = 1; i <= NF; i++) s += $i } END { printf "%08X\n", s }'
}

# direct NAME OPTION…: runs to the end; what the kernel said in NAME.said
direct()
{
    name=$1
    shift
    boot "$name" -device isa-debug-exit -debugcon "file:$name.said" "$@" <<'END'
run 60
END
}

awk 'BEGIN { for (i = 0; i < 3000; i++) print i * i }' >initrd
printf 'hello module' >module
long=$(awk 'BEGIN { for (i = 0; i < 50; i++) printf "abcd " }')

# ---- Linux

for kernel in '20F ' '20F LOW' '20A ' '206 ' '203 ' '202 ' '202 LOW' '201 ' '200 ' '200 LOW'; do
    version=${kernel% *}
    kind=${kernel#* }
    name=linux-$version$kind
    nasm -f bin -D "PROTOCOL=0x$version" ${kind:+-D "$kind"} -o "$name" "$tests/lxkernel.asm" ||
        die "nasm failed"
    direct "$name" -m 64 -kernel "$name" -initrd initrd -append "$long"
    expect_code "$name" 43
    expect_not BAD "$name.said"
    expect "cmdline $long" "$name.said"
    expect "initrd sum $(sum initrd)" "$name.said"
    tail -c 100000 "$name" >rest
    expect "kernel sum $(sum rest)" "$name.said"
    case $kernel in
    200* | 201* | *LOW) expect "setup at 00009000" "$name.said" ;;
    *) expect "setup at 00001000" "$name.said" ;;
    esac
done

direct linux-plain -kernel linux-20F
expect_code linux-plain 43
expect "initrd size 00000000" linux-plain.said
for size in 32 2048; do # below the kernel's limit of 37FFFFFFh
    direct "linux-$size" -m $size -kernel linux-20F -initrd initrd -append mem=900M
    expect_code "linux-$size" 43
    expect "initrd sum $(sum initrd)" "linux-$size.said"
done
expect "initrd at 37FFA000" linux-2048.said
direct linux-mem -m 64 -kernel linux-20F -initrd initrd -append mem=48M
expect "initrd at 02FFA000" linux-mem.said

echo 'run 60' >run
boot blocks -mips 4 -device isa-debug-exit -kernel linux-20F -initrd initrd -append "$long" <run
engines linux "$hash" -mips 4 -device isa-debug-exit -kernel linux-20F -initrd initrd -append "$long" <run

# ---- multiboot

nasm -f bin -o flat "$tests/mbkernel.asm" || die "nasm failed"
nasm -f bin -D ELF -D VIDEO -o elf "$tests/mbkernel.asm" || die "nasm failed"
for kernel in flat elf; do
    direct "$kernel-64" -m 64 -kernel $kernel -initrd "initrd one  two,module" -append "a=b c"
    expect_code "$kernel-64" 43
    expect_not BAD "$kernel-64.said"
    expect "mem_lower 0000027F" "$kernel-64.said"
    expect "mem_upper 0000FBF8" "$kernel-64.said" # 63 MiB less 8 KiB of ACPI tables
    expect "cmdline $kernel a=b c" "$kernel-64.said"
    expect "modules 00000002" "$kernel-64.said"
    expect "module sum $(sum initrd)" "$kernel-64.said"
    expect "module sum $(sum module)" "$kernel-64.said"
    expect "module string initrd one  two" "$kernel-64.said"
    expect "range length 03EFE000" "$kernel-64.said"
    direct "$kernel-again" -m 64 -kernel $kernel -initrd "initrd one  two,module" \
        -append "a=b c"
    same "the same run twice" "$(tail -n 1 "$kernel-64.out")" "$(tail -n 1 "$kernel-again.out")"
    direct "$kernel-plain" -m 3G -cpu 386 -kernel $kernel
    expect_code "$kernel-plain" 43
    expect "modules 00000000" "$kernel-plain.said"
done
expect "flags 0000024F" flat-64.said
expect "framebuffer 000B8000" elf-64.said
expect "sections 00000003" elf-64.said
expect "program at 80100000" elf-64.said
expect "Behind the program, in no segment." elf-64.said

boot blocks -mips 4 -device isa-debug-exit -kernel elf -initrd "initrd one,module" <run
engines multiboot "$hash" -mips 4 -device isa-debug-exit -kernel elf -initrd "initrd one,module" <run

# ---- what is refused, in one line

refuse()
{
    text=$1
    shift
    "$TERRAPIN" -display none "$@" >refused.out 2>refused.err
    code=$?
    expect_code refused 1
    expect "$text" refused.err
    check "$text: more than a line" [ "$(wc -l <refused.err)" -eq 1 ]
}

: >empty
refuse "-kernel nothing-there: " -kernel nothing-there
refuse "-kernel empty: is empty" -kernel empty
refuse "-kernel initrd: is no Linux" -kernel initrd
refuse "-kernel .: " -kernel .
refuse "-initrd nothing-there: " -kernel elf -initrd nothing-there
refuse "-initrd: only makes sense" -initrd initrd
refuse "-append: only makes sense" -append x
# a part where there is no memory; the ROM, which says so on the screen, has nothing to load
nasm -f bin -D LOAD=0x9F000 -D BSS=0xA8000 -o hole "$tests/mbkernel.asm" || die "nasm failed"
refuse "-kernel: wants to be at 9f000 to " -kernel hole
refuse "-append: is too long" -kernel linux-20F -append "$long$long"
refuse "-initrd: does not fit" -m 16 -kernel linux-20F -initrd initrd
finish
