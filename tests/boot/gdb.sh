#!/bin/sh
# tests/boot/gdb.sh -- stock gdb, by script: a kernel of ours with debug information (gdb_kernel.c),
# and a boot sector in real mode (gdb_sector.asm). Breakpoints, watchpoints, steps and stops of any
# number leave the run as it is: the hash says so.
. "$(dirname "$0")/lib.sh"

CC=${CC:-cc}
unset DEBUGINFOD_URLS
LC_ALL=C
export LC_ALL

# A kernel needs no library for another machine, only a compiler that can make its code.
if ! "$CC" -m32 -march=i686 -ffreestanding -fno-pic -no-pie -nostdlib -static -fno-stack-protector \
    -fno-asynchronous-unwind-tables -g -O0 -Wl,--build-id=none -Wl,-z,noseparate-code \
    -Wl,-Ttext-segment=0x100000 -Wl,-e,start -o kernel "$tests/gdb_kernel.c"; then
    die "$CC -m32 made no kernel"
fi
nasm -f bin -o sector.img "$tests/gdb_sector.asm" || die "nasm failed"
truncate -s 1440K sector.img

# machine NAME OPTION…: in the background, with debug port, hash and exit
machine()
{
    name=$1
    shift
    rm -f s
    "$TERRAPIN" -display none -timeout "${LIMIT:-240}" -debugcon "file:$name.said" \
        -device isa-debug-exit -hash "$@" >"$name.out" 2>"$name.err" </dev/null &
    pid=$!
}

await_socket()
{
    until [ -S s ] || ! kill -0 "$pid" 2>/dev/null; do
        sleep 0.1
    done
}

# alone NAME OPTION…: without a debugger
alone()
{
    machine "$@"
    wait "$pid"
    code=$?
    hash=$(tail -n 1 "$name.out")
}

# debug NAME [FILE] -- OPTION…: gdb's commands are standard input, what it says is in NAME.gdb
debug()
{
    file=$2
    {
        cat <<'END'
set pagination off
set confirm off
set width 0
set remotetimeout 120
END
        cat
    } >"$1.cmd"
    first=$1
    shift 3
    machine "$first" -gdb unix:s -S "$@"
    await_socket
    timeout "${LIMIT:-240}" gdb -nx -batch -x "$name.cmd" $file >"$name.gdb" 2>&1 </dev/null
    wait "$pid"
    code=$?
    hash=$(tail -n 1 "$name.out")
    printf '%s: exit %s, %s\n' "$name" "$code" "$hash"
}

# told TEXT: gdb has said so
told()
{
    expect "$1" "$name.gdb"
}

alone plain -kernel kernel
expect_code plain 1 # (0 << 1) | 1
expect "ticked" plain.said
plain=$hash

# ---- breakpoints, steps, frames

debug steps kernel -- -kernel kernel <<'END'
target remote ./s
info registers cs eip
break kernel_main
continue
print $cr0 & 1
next
next
next
hbreak inner
continue
backtrace
info frame
print n
step
step
backtrace 1
finish
next
print/x w == shared
finish
print $eip == $pc
delete
tbreak outer if n == 40
continue
print n
info threads
detach
END
expect_code steps 1
told "eip            0xfff0"
told "cs             0xf000"
told "Breakpoint 1, kernel_main ()"
told '$1 = 1'
told "Breakpoint 2, inner (n=2)"
told "#1 "
told "in outer (n=1)"
told "in kernel_main ()"
told "weigh (n=2)"
told 'Value returned is $3 = 5'
told '$4 = 0x0'
told 'Value returned is $5 = 6'
told '$6 = 1'
told "Temporary breakpoint 3, outer (n=40)"
told '$7 = 40'
told "CPU#0"
same "with breakpoints and steps" "$plain" "$hash"

# ---- watchpoints

debug watches kernel -- -kernel kernel <<'END'
target remote ./s
hbreak kernel_main
continue
delete
watch shared
continue
continue
delete
rwatch shared
continue
delete
awatch *(char *)(&shared + 0)
continue
continue
delete
watch ticks
continue
backtrace
delete
break *0xc0000000 + (unsigned)inner
stepi 300
continue
END
expect_code watches 1
told "Hardware watchpoint 2: shared"
told "Old value = 0"
told "New value = 5"
told "New value = 14"
told "Hardware read watchpoint 3: shared"
told "Value = 14"
told "Hardware access (read/write) watchpoint 4: *(char *)(&shared + 0)"
told "Hardware watchpoint 5: ticks"
told "timer ()"
told "exited with code 01" # the code at its other address is not where the breakpoint is
same "with watchpoints" "$plain" "$hash"

# ---- backwards, in a live machine and in a replay of it; forwards again it is the same run

cat >back.in <<'END'
target remote ./s
tbreak outer if n == 40
continue
print shared
reverse-stepi
x/i $eip
stepi
print $eip == (unsigned)outer
watch shared
reverse-continue
print shared
reverse-continue
delete
break weigh
reverse-continue
reverse-finish
reverse-step
backtrace 3
delete
monitor who-wrote 0x100000 + 0
monitor reverse-step 3
reverse-continue
continue
END
# went NAME CODE TEXT: what both of them tell, and how they end
went()
{
    expect_code "$1" "$2"
    told '$1 = 22140'
    told 'call   0x'
    told '$2 = 1'
    told "Old value = 22140"
    told "New value = 20540"
    told '$3 = 20540'
    told "New value = 19019"
    told "weigh (n=39)"
    told "in inner (n=39)"
    told "in outer (n=38)"
    told "the instruction at "
    told "No more reverse-execution history"
    told "$3"
    same "$1: backwards and forwards" "$plain" "$hash"
}
debug back kernel -- -kernel kernel <back.in
went back 1 "exited with code 01"
machine tape -kernel kernel -record tape.log -record-hash 1000000
wait "$pid"
{
    head -n 4 steps.cmd
    cat back.in
} >tape.cmd
rm -f s
"$TERRAPIN" replay tape.log -display none -timeout 240 -hash -gdb unix:s -S >tape.out 2>tape.err </dev/null &
pid=$!
name=tape
await_socket
timeout "${LIMIT:-240}" gdb -nx -batch -x tape.cmd kernel >tape.gdb 2>&1 </dev/null
wait "$pid"
code=$?
hash=$(tail -n 1 tape.out)
went tape 0 "exited normally"

# ---- registers, memory, the monitor; what the debugger writes is there

debug look kernel -- -kernel kernel <<'END'
target remote ./s
hbreak inner
continue
print/x $cs
print $eflags
print $cr0
print $cs_base
print $st0
print/x $fctrl
print $xmm0.uint128
print $mxcsr
x/4xb kernel_main
print $eax = 0x12345678
print $eax
set var $st0 = 1.5
print $st0
set var $xmm1.v4_int32[2] = 7
print $xmm1.v4_int32
set var shared = 77
print shared
x/1dw &shared + 0x30000000
monitor info registers
monitor nonsense
monitor print over the wire
monitor cont
monitor hash
maintenance packet qqemu.sstepbits
maintenance packet Qqemu.PhyMemMode:1
x/1xw 0x7f00000
maintenance packet Qqemu.PhyMemMode:0
maintenance packet bx
print *(int *)0x7f00000
END
expect_code look 1
told '$1 = 0x8'
told '$2 = ['
told '[ PE ET PG ]'
told '$4 = 0'
told '= 0x37f'
told '= 305419896'
told '= 1.5'
told '= {0, 0, 7, 0}'
told '= 77'
told '0x7f00000:	0x00000000'
told 'Cannot access memory at address 0x7f00000'
told 'CR0=80000011'
told 'nonsense: unknown command'
told 'over the wire'
told 'use its continue'
told 'state-hash: '
told 'ENABLE=1,NOIRQ=2'

# ---- stop at a key, come again, kill

cat >come.cmd <<'END'
target remote ./s
print/x $cs_base
disconnect
END
cat >key.cmd <<'END'
set confirm off
set remotetimeout 120
target remote ./s
tbreak say
continue
shell (until grep -q ticked key.said; do sleep 0.1; done; kill -INT $PPID) &
continue
print ticks >= 50
kill
END
machine key -kernel kernel -device isa-debug-exit,iobase=0x100 -gdb unix:s -S
await_socket
# Whoever goes without a word leaves the machine as it is: stopped.
for turn in 1 2; do
    timeout "${LIMIT:-240}" gdb -nx -batch -x come.cmd >"come$turn.gdb" 2>&1 </dev/null
    expect '$1 = 0xffff0000' "come$turn.gdb"
done
timeout "${LIMIT:-240}" gdb -nx -batch -x key.cmd kernel >key.gdb 2>&1 </dev/null
wait "$pid"
code=$?
expect_code key 0
expect 'Program received signal SIGINT' key.gdb
expect '$1 = 1' key.gdb
expect 'the debugger ended the machine' key.err

# ---- real mode: $eip is the register, addresses are linear

alone plain_sector sector.img
expect_code plain_sector 1
expect "done" plain_sector.said
plain=$hash

debug sector -- -- sector.img <<'END'
target remote ./s
show architecture
x/i $cs_base + $eip
break *0x7c00
continue
x/3i $eip
stepi
stepi
info registers ax
print/x $eip
delete
break *0x20010
continue
print/x $cs_base + $eip
x/2i $cs_base + $eip
delete
rwatch *(short *)0x7bfc
continue
delete
break *0x20010
continue
continue
print $dx
delete
stepi 40
set architecture i386
show architecture
detach
END
expect_code sector 1
told "ljmp"
told "Breakpoint 1, 0x00007c00"
told "cli"
told '(currently "i8086")'
told '$2 = 0x20010'
told 'inc    %dx'
told 'Hardware read watchpoint 3'
told 'Value = 31780' # the return address: RETF reads it
told 'to "i386"'
expect "done" sector.said
same "in real mode" "$plain" "$hash"

finish
