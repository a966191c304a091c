# An assembled option ROM as an array of C:   cmake -DBIN=x.bin -DNAME=x -DOUT=x.c -P embed.cmake
#
# The ROM's last byte becomes what makes the sum of all bytes 0, modulo 256.
file(READ ${BIN} hex HEX)
string(REGEX MATCHALL "[0-9a-f][0-9a-f]" bytes "${hex}")
list(LENGTH bytes size)
list(GET bytes 2 sectors)
math(EXPR told "0x${sectors} * 512")
if(NOT size EQUAL told)
  message(FATAL_ERROR "${BIN}: ${size} bytes, and its header says ${told}")
endif()
list(POP_BACK bytes last)
if(NOT last STREQUAL "00")
  message(FATAL_ERROR "${BIN}: no room for the checksum")
endif()
set(sum 0)
set(text "")
foreach(byte IN LISTS bytes)
  math(EXPR sum "(${sum} + 0x${byte}) % 256")
  string(APPEND text "0x${byte},")
endforeach()
math(EXPR last "(256 - ${sum}) % 256")
string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n    " text "${text}")
file(WRITE ${OUT} "/* Generated from ${NAME}.asm. */
#include \"devices/roms.h\"

static const uint8_t bytes[${size}] = {
    ${text}${last},
};
const struct embedded_rom rom_${NAME} = {bytes, sizeof bytes};
")
