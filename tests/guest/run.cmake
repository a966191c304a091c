# One guest:   cmake -DGUEST=X.asm -DNASM=nasm -DTERRAPIN=terrapin -DWORK=<scratch>
#              [-DSTEPS_ONLY=ON] -P run.cmake
#
# A guest that says ;@reboot resets the machine on purpose; elsewhere a reset is a failure. ;@cpu names
# the processor that it wants, first (see referee.sh); without it, a P6 as the referees have it.
cmake_minimum_required(VERSION 3.20)
get_filename_component(name ${GUEST} NAME_WE)
get_filename_component(home ${GUEST} DIRECTORY)
set(image ${WORK}/${name}.bin)
execute_process(COMMAND ${NASM} -f bin -I ${home}/ -o ${image} ${GUEST} RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "nasm: ${status}")
endif()
file(STRINGS ${GUEST} reboots REGEX "^ *;@reboot")
set(options)
if(NOT reboots)
  set(options -no-reboot)
endif()
file(STRINGS ${GUEST} processor REGEX "^ *;@cpu ")
if(processor)
  string(REGEX REPLACE "^ *;@cpu ([^ ]+).*" "\\1" processor ${processor})
else()
  set(processor pentiumpro)
endif()
list(APPEND options -cpu ${processor})

# Runs the guest with more options; sets ${hash} to the line that -hash prints.
function(run hash)
  set(output ${WORK}/${name}.out)
  file(REMOVE ${output})
  execute_process(
    COMMAND ${TERRAPIN} -bios ${image} -display none -debugcon file:${output}
      -device isa-debug-exit -timeout 150 -hash ${options} ${ARGN}
    RESULT_VARIABLE status OUTPUT_VARIABLE line ERROR_VARIABLE errors)
  execute_process(COMMAND ${CMAKE_COMMAND} -E compare_files ${output} ${home}/${name}.expect
    RESULT_VARIABLE differ ERROR_QUIET)
  if(differ)
    execute_process(COMMAND diff ${home}/${name}.expect ${output})
    message(SEND_ERROR "${name} ${ARGN}: ${output} is not ${name}.expect")
  endif()
  if(NOT status EQUAL 1) # the guest wrote 0 to isa-debug-exit: 0 << 1 | 1
    message(SEND_ERROR "${name} ${ARGN}: exit code ${status}\n${errors}")
  endif()
  set(${hash} "${line}" PARENT_SCOPE)
endfunction()

run(steps -singlestep)
if(STEPS_ONLY) # for tests/coverage
  return()
endif()
run(blocks)
run(plain -no-assist)
if(NOT blocks STREQUAL steps OR NOT blocks STREQUAL plain)
  message(SEND_ERROR "${name}: hashes differ\n${blocks}-singlestep: ${steps}-no-assist: ${plain}")
endif()
