# The laboratory's guests as an array of C:   cmake -DDIR=<binaries and sources> -DSOURCES=<dir>
#   -DGUESTS=a,b -DOUT=x.c -P guests.cmake
#
# What a guest is for is told by the comment at the head of its source: "; NAME -- TEXT".
string(REPLACE "," ";" guests "${GUESTS}")
set(text "/* Generated from roms/lab. */\n#include \"vmm/lab.h\"\n\n")
set(rows "")
foreach(name IN LISTS guests)
  file(READ ${DIR}/${name}.bin hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  string(REGEX REPLACE "(0x..,0x..,0x..,0x..,0x..,0x..,0x..,0x..,)" "\\1\n    " bytes "${bytes}")
  file(STRINGS ${SOURCES}/${name}.asm first LIMIT_COUNT 1)
  string(REPLACE "\\;" ";" first "${first}") # file(STRINGS) escapes what separates lists
  string(REGEX REPLACE "^; [^ ]+ -- " "" what "${first}")
  string(REGEX REPLACE "([.:]) .*$" "" what "${what}")
  string(REPLACE "\\" "\\\\" what "${what}")
  string(REPLACE "\"" "\\\"" what "${what}")
  string(APPEND text "static const uint8_t ${name}_bytes[] = {\n    ${bytes}\n};\n")
  string(APPEND rows "    {\"${name}\", \"${what}\", ${name}_bytes, sizeof ${name}_bytes},\n")
endforeach()
file(WRITE ${OUT} "${text}const struct lab_guest lab_guests[] = {\n${rows}    {NULL, NULL, NULL, 0},\n};\n")
