# Are the lint tests able to fail?   cmake -DROOT=<tree> -DAWK=awk -DWORK=<scratch> -P CheckLintSelf.cmake
#
# Builds small trees that break one rule each, and expects the rule's complaint, and a good tree
# which must pass.

# script: CheckX.cmake to run; file, text: the tree; expected: regex of the complaint, "" for none.
function(expect script file text expected)
  file(REMOVE_RECURSE ${WORK})
  file(WRITE ${WORK}/${file} "${text}")
  execute_process(COMMAND ${CMAKE_COMMAND} -DROOT=${WORK} -DAWK=${AWK} -P ${ROOT}/cmake/${script}
    RESULT_VARIABLE status OUTPUT_VARIABLE out ERROR_VARIABLE err)
  string(APPEND out "${err}")
  if(expected STREQUAL "")
    if(NOT status EQUAL 0)
      message(SEND_ERROR "${script} refuses a good ${file}:\n${text}\n${out}")
    endif()
  elseif(status EQUAL 0 OR NOT out MATCHES "${expected}")
    message(SEND_ERROR "${script} does not say `${expected}' of ${file}:\n${text}\n${out}")
  endif()
endfunction()

foreach(case IN ITEMS
    "mem/a.c|cpu/cpu.h" "cpu/a.c|devices/bus.h" "cpu/exec/a.c|cpu/sys/sys.h" "cpu/block.c|cpu/sys/monitor.h"
    "cpu/engine.c|cpu/sys/sys.h" "devices/i8254.c|cpu/cpu.h" "devices/pc.c|cpu/regs.h"
    "devices/bus.c|frontend/a.h" "frontend/a.c|devices/bus.h" "frontend/a.c|mem/phys.h"
    "frontend/a.c|cpu/cpu.h" "mem/a.h|types.h" "cpu/sys/a.c|devices/clock.h"
    "devices/i8254.c|devices/machine_priv.h" "vmm/trap.c|cpu/cpu.h" "vmm/shadow.c|mem/phys.h"
    "vmm/hw.c|cpu/sys/sys.h" "frontend/a.c|vmm/lab.h" "frontend/lab.c|vmm/vmm.h" "cpu/a.c|vmm/hw.h")
  string(REPLACE "|" ";" case "${case}")
  list(GET case 0 file)
  list(GET case 1 header)
  expect(CheckLayers.cmake ${file} "/* a */\n#include \"${header}\"\n" "${file}:2: may not include")
endforeach()
expect(CheckLayers.cmake mem/a.c "#include <time.h>\n" "mem/a.c:1: may not include <time.h>")
expect(CheckLayers.cmake cpu/a.c "#include <mem/phys.h>\n" "may not include")
foreach(case IN ITEMS
    "mem/a.c|mem/types.h" "cpu/exec/a.c|cpu/lmem.h" "cpu/engine.c|cpu/sys/monitor.h" "cpu/sys/a.c|cpu/sys/sys.h"
    "devices/pc.c|cpu/cpu.h" "devices/machine.c|cpu/cpu.h" "devices/info.c|devices/machine_priv.h"
    "devices/machine_priv.h|cpu/cpu.h" "frontend/a.c|devices/machine.h" "tests/a.c|cpu/sys/sys.h" "vmm/hw.c|cpu/cpu.h"
    "vmm/trap.c|vmm/hw.h" "frontend/lab.c|vmm/lab.h")
  string(REPLACE "|" ";" case "${case}")
  list(GET case 0 file)
  list(GET case 1 header)
  expect(CheckLayers.cmake ${file} "#include <string.h>\n#include \"${header}\"\n" "")
endforeach()

foreach(call IN ITEMS "time(NULL)" "rand()" "gettimeofday(&t, 0)" "printf(x)" "exit(1)" "fputs(s, f)" "assert(0)")
  expect(CheckSource.cmake devices/a.c "void f(void)\n{\n    x = ${call}\n}\n" "devices/a.c:3: the core may not use")
endforeach()
expect(CheckSource.cmake mem/a.c "int x = f(stderr)\n" "may not use stderr")
expect(CheckSource.cmake cpu/exec/a.c "p = malloc(4)\n" "no allocation here: malloc")
foreach(file IN ITEMS cpu/exec/a.c cpu/engine.c cpu/engine.h cpu/lmem.h)
  foreach(word IN ITEMS "cpu->cpl" "CR0" "iopl")
    expect(CheckSource.cmake ${file} "x = ${word} + 1\n" "${file}:1: the engine knows no privilege")
  endforeach()
endforeach()
string(REPEAT "x\n" 801 long)
expect(CheckSource.cmake tests/a.c "${long}" "longer than 800 lines")
string(REPEAT "    x\n" 61 long)
expect(CheckSource.cmake frontend/a.c "f\n{\n${long}}\n" "longer than 60 lines")
expect(CheckSource.cmake cpu/exec/a.c
  "/* time(NULL) and\n * cr0 */ snprintf(s, n, \"rand()\") // exit(1)\nx = run_time(cr0_x) + d->time(1)\n" "")
expect(CheckSource.cmake cpu/sys/a.c "x = cr0 + cpl\n" "")
expect(CheckSource.cmake frontend/a.c "printf(s)\n" "")
file(REMOVE_RECURSE ${WORK})
