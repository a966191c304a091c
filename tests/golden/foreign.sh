#!/bin/sh
# tests/golden/foreign.sh TRIPLET QEMU ZLIB WORK -- the golden states on a host of another kind: builds
# golden for it, runs it under qemu-user, and lets that host save states which this one then loads.
#
#   tests/golden/foreign.sh s390x-linux-gnu qemu-s390x /path/to/zlib build/s390x        big-endian
#   tests/golden/foreign.sh arm-linux-gnueabihf qemu-arm /path/to/zlib build/arm        32-bit
#
#   GOLDEN=build/dev/tests/golden/golden     this host's
#
# ZLIB has include/ and a libz.a in lib/ or lib/TRIPLET/, of that host: the usr/ of what `dpkg -x`
# unpacks of Debian's zlib1g-dev. The compiler is of the package gcc-TRIPLET. A build takes some minutes,
# so that no test runs this: it is for whoever changes the format, or how numbers are saved.
set -eu
triplet=$1 qemu=$2 zlib=$3 work=$4
here=$(cd "$(dirname "$0")" && pwd)
lib=$zlib/lib/$triplet/libz.a
[ -f "$lib" ] || lib=$zlib/lib/libz.a
cmake -S "$here/../.." -B "$work" -G Ninja -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR="${triplet%%-*}" \
    -DCMAKE_C_COMPILER="$triplet-gcc" -DCMAKE_C_FLAGS="-isystem $zlib/include" -DCMAKE_BUILD_TYPE=Release \
    -DZLIB_LIBRARY="$lib" -DZLIB_INCLUDE_DIR="$zlib/include" -DTERRAPIN_TERM=OFF -DTERRAPIN_SDL=OFF \
    -DPKG_CONFIG_EXECUTABLE=/bin/false
ninja -C "$work" golden
foreign="$qemu -L /usr/$triplet $work/tests/golden/golden"
$foreign check "$here/states.txt"

# the other way round
mkdir -p "$work/states"
nasm -f bin -I "$here/../guest/" -o "$work/states/simd.bin" "$here/../guest/simd.asm"
$foreign save "$work/states/simd.bin" pentium4 50 "$work/states/simd.state" >"$work/states/states.txt"
$foreign save - - 50 "$work/states/small.state" >>"$work/states/states.txt"
"${GOLDEN:-$here/../../build/dev/tests/golden/golden}" check "$work/states/states.txt"
