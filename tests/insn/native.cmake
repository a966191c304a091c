# The native referee (insn/native.h), a test a family. The counts make about a minute in all, with
# sanitizers; `native FAMILY 2000000 SEED` is what a change of the engine deserves.

if(NOT (CMAKE_SYSTEM_NAME STREQUAL "Linux" AND CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$"))
  message(STATUS "Native referee: no, it takes x86-64 Linux")
  return()
endif()

try_run(TERRAPIN_RUNS_32BIT TERRAPIN_PROBE_BUILDS
  ${CMAKE_CURRENT_BINARY_DIR}/native_probe ${CMAKE_CURRENT_SOURCE_DIR}/insn/native_probe.c)
if(NOT TERRAPIN_RUNS_32BIT EQUAL 42)
  message(STATUS "Native referee: no, this host's kernel runs no 32-bit code")
  return()
endif()

file(GLOB native_sources CONFIGURE_DEPENDS insn/native*.c)
list(FILTER native_sources EXCLUDE REGEX "/native_probe[.]c$")
add_executable(native ${native_sources})
target_link_libraries(native PRIVATE test_support terrapin_warnings)

function(terrapin_add_native name)
  add_test(NAME native_${name} COMMAND native ${ARGN} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(native_${name} PROPERTIES
    LABELS insn TIMEOUT 900 ENVIRONMENT "${test_environment}")
endfunction()

foreach(slice IN ITEMS integer shift muldiv string bcd bit stack control segment x87 mmx sse sse2)
  terrapin_add_native(${slice} ${slice} 45000 1)
endforeach()
terrapin_add_native(cases --file tests/insn/native_cases.txt)
