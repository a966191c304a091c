# shellcheck shell=sh
# scripts/setup-lib.sh -- common to quickstart and test; sourced, POSIX sh.
#
#   say TEXT…                 a progress line
#   die TEXT…                 one line on stderr, exit 1
#   need TOOL-OR-LIB…         notes the packages that are missing, by what they are needed for
#   install_missing           installs them with apt-get, or names them and exits
#   configure PRESET [OPT…]   cmake --preset, with make where there is no ninja
#   build PRESET [TARGET]     with as many jobs as there are processors

say()
{
    printf '==> %s\n' "$*"
}

die()
{
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

missing=

# has WHAT: is it there? The packages that have it are in package_of.
has()
{
    case $1 in
    cmake) command -v cmake >/dev/null && cmake_is_new_enough ;;
    cc) command -v cc >/dev/null || command -v gcc >/dev/null ;;
    ninja) command -v ninja >/dev/null || command -v make >/dev/null ;;
    zlib | ncursesw | sdl2 | check) pkg-config --exists "$1" 2>/dev/null ;;
    seabios) find_seabios >/dev/null ;;
    clang) command -v clang >/dev/null && clang_sanitizes ;;
    mtools) command -v mcopy >/dev/null && command -v mformat >/dev/null ;;
    syslinux) command -v syslinux >/dev/null && [ -f /usr/lib/syslinux/mbr/mbr.bin ] ;;
    isolinux) [ -f /usr/lib/ISOLINUX/isolinux.bin ] && [ -f /usr/lib/syslinux/modules/bios/ldlinux.c32 ] ;;
    fdisk) command -v sfdisk >/dev/null ;;
    zydis) echo '#include <Zydis/Zydis.h>' | cc -E - >/dev/null 2>&1 ;;
    *) command -v "$1" >/dev/null ;;
    esac
}

package_of()
{
    case $1 in
    cc) echo gcc libc6-dev ;;
    ninja) echo ninja-build ;;
    zlib) echo zlib1g-dev ;;
    ncursesw) echo libncurses-dev ;;
    clang) echo clang libclang-rt-dev ;;
    zydis) echo libzydis-dev ;;
    sdl2) echo libsdl2-dev ;;
    Xvfb) echo xvfb ;;
    setxkbmap) echo x11-xkb-utils ;;
    import) echo imagemagick ;;
    syslinux) echo syslinux syslinux-common ;;
    isolinux) echo isolinux syslinux-common ;;
    *) echo "$1" ;;
    esac
}

cmake_is_new_enough()
{
    version=$(cmake --version | sed -n '1s/[^0-9]*\([0-9]*\)\.\([0-9]*\).*/\1 \2/p')
    # shellcheck disable=SC2086 # two words on purpose
    set -- $version
    [ "${1:-0}" -gt 3 ] || { [ "${1:-0}" -eq 3 ] && [ "${2:-0}" -ge 20 ]; }
}

find_seabios()
{
    for dir in /usr/share/seabios /usr/share/qemu /usr/local/share/qemu; do
        if [ -f "$dir/bios-256k.bin" ] && [ -f "$dir/vgabios-stdvga.bin" ]; then
            echo "$dir"
            return 0
        fi
    done
    return 1
}

# Packagers put the sanitizers' runtime into a package of its own.
clang_sanitizes()
{
    probe=$(mktemp -d) || return 1
    echo 'int main(void) { return 0; }' >"$probe/a.c"
    clang -fsanitize=address,undefined "$probe/a.c" -o "$probe/a" 2>/dev/null
    result=$?
    rm -rf "$probe"
    return $result
}

need()
{
    for what in "$@"; do
        if ! has "$what"; then
            missing="$missing $what"
        fi
    done
}

install_missing()
{
    if [ -z "$missing" ]; then
        say "Packages: all there"
        return
    fi
    packages=
    for what in $missing; do
        packages="$packages $(package_of "$what")"
    done
    packages=${packages# }
    as_root=
    if [ "$(id -u)" -ne 0 ]; then
        as_root=sudo
    fi
    if ! command -v apt-get >/dev/null; then
        die "please install these first (Debian's names of the packages): $packages"
    fi
    if [ -n "$as_root" ] && ! command -v sudo >/dev/null; then
        die "please install these first, as root: apt-get install $packages"
    fi
    say "Packages: installing $packages"
    $as_root apt-get update -q || say "apt-get update failed; trying with the lists that are there"
    known=
    for package in $packages; do
        # Not every release has every one (libclang-rt-dev).
        if apt-cache show "$package" >/dev/null 2>&1; then
            known="$known $package"
        fi
    done
    # shellcheck disable=SC2086 # a list
    $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends $known ||
        die "apt-get could not install: $packages"
    for what in $missing; do
        has "$what" || die "$what is still missing; its package is: $(package_of "$what")"
    done
    missing=
}

# cmake remembers the generator of a build directory and refuses another one.
configure()
{
    preset=$1
    shift
    cache=build/$preset/CMakeCache.txt
    if [ -f "$cache" ]; then
        set -- -G "$(sed -n 's/^CMAKE_GENERATOR:INTERNAL=//p' "$cache")" "$@"
    elif ! command -v ninja >/dev/null; then
        set -- -G "Unix Makefiles" "$@"
    fi
    say "Configuring build/$preset"
    log=$(cmake --preset "$preset" "$@" 2>&1) || {
        printf '%s\n' "$log" >&2
        die "cmake could not configure build/$preset"
    }
}

processors()
{
    nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2
}

build()
{
    say "Building build/$1${2:+, $2}"
    cmake --build "build/$1" --parallel "$(processors)" ${2:+--target "$2"} ||
        die "build/$1 does not build"
}
