# Includes point downward only:   cmake -DROOT=<tree> -P CheckLayers.cmake
#
#   frontend -> devices/machine.h -> { devices/*, cpu/cpu.h } -> mem/*
#
# A rule is a set of files and the includes that they may have. The first rule that matches a file
# is its rule. Project headers are included by their path from the top, in quotes; the core may use
# those headers of the C library that know no host.

set(core_std "<(float|inttypes|limits|setjmp|stdalign|stdarg|stdatomic|stdbool|stddef|stdint|stdio|stdlib|stdnoreturn|string|zlib)\\.h>")
set(rules
  # files (regex)                          includes (regex)
  "mem/.*"                                 "\"mem/[a-z0-9_]+\\.(h|def)\"|${core_std}"
  "cpu/sys/.*"                             "\"(cpu|cpu/sys|mem)/[a-z0-9_]+\\.(h|def)\"|${core_std}"
  "cpu/(engine|cpu|decode)\\.c"            "\"(cpu|mem)/[a-z0-9_]+\\.(h|def)\"|\"cpu/sys/monitor\\.h\"|${core_std}"
  "cpu/host_fp\\.h"                        "\"(cpu|mem)/[a-z0-9_]+\\.h\"|<float\\.h>|${core_std}"
  "cpu/.*"                                 "\"(cpu|cpu/exec|mem)/[a-z0-9_]+\\.(h|def)\"|${core_std}"
  "devices/(machine\\.c|machine_priv\\.h|pc\\.c)" "\"(devices|mem)/[a-z0-9_]+\\.(h|def)\"|\"cpu/cpu\\.h\"|${core_std}"
  "devices/.*"                             "\"(devices|mem)/[a-z0-9_]+\\.(h|def)\"|${core_std}"
  # Monitors see the hardware interface alone; behind it stand processor and memory.
  "vmm/hw\\.c"                              "\"vmm/[a-z0-9_]+\\.h\"|\"cpu/cpu\\.h\"|\"mem/[a-z0-9_]+\\.h\"|${core_std}"
  "vmm/.*"                                 "\"vmm/[a-z0-9_]+\\.(h|def)\"|\"mem/(error|types)\\.h\"|${core_std}"
  "frontend/lab(_prompt)?\\.[ch]"                      "\"frontend/[a-z0-9_]+\\.(h|def)\"|\"vmm/lab\\.h\"|\"devices/machine\\.h\"|\"mem/(error|types)\\.h\"|<[^>]*>"
  "frontend/.*"                            "\"frontend/[a-z0-9_]+\\.(h|def)\"|\"devices/(machine|machine_file|host|input|input_log|snapshot)\\.h\"|\"mem/(error|types)\\.h\"|<[^>]*>")

# The include directives of a file that match no allowed form, with their lines.
function(check file allowed)
  file(STRINGS ${ROOT}/${file} directives REGEX "^[ \t]*#[ \t]*include")
  foreach(directive IN LISTS directives)
    string(REGEX REPLACE "^[ \t]*#[ \t]*include[ \t]*([\"<][^\">]*[\">]).*$" "\\1" what "${directive}")
    # The machine from inside, CPU included, is for the files that are the machine: no chip's.
    if(what STREQUAL "\"devices/machine_priv.h\"" AND NOT file MATCHES "^(devices/(machine|machine_state|machine_saved|machine_parts|pc|info|input|snapshot)\\.c|tests/.*)$")
      set(forbidden TRUE)
    else()
      set(forbidden FALSE)
    endif()
    if(NOT forbidden AND what MATCHES "^(${allowed})$" AND NOT what MATCHES "^<(mem|cpu|devices|frontend|vmm|tests)/")
      continue()
    endif()
    file(READ ${ROOT}/${file} text)
    string(FIND "${text}" "${directive}" at)
    string(SUBSTRING "${text}" 0 ${at} before)
    string(REGEX MATCHALL "\n" newlines "${before}")
    list(LENGTH newlines line)
    math(EXPR line "${line} + 1")
    message(SEND_ERROR "${file}:${line}: may not include ${what}")
  endforeach()
endfunction()

set(checked 0)
foreach(directory IN ITEMS mem cpu devices vmm frontend)
  file(GLOB_RECURSE files RELATIVE ${ROOT} ${ROOT}/${directory}/*.c ${ROOT}/${directory}/*.h
    ${ROOT}/${directory}/*.def ${ROOT}/${directory}/*.inc)
  foreach(file IN LISTS files)
    set(todo ${rules})
    while(todo)
      list(POP_FRONT todo pattern allowed)
      if(file MATCHES "^${pattern}$")
        check(${file} "${allowed}")
        math(EXPR checked "${checked} + 1")
        break()
      endif()
    endwhile()
  endforeach()
endforeach()
message(STATUS "layers: ${checked} files looked at")
