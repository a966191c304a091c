# The house rules as tests (label lint): a broken one names file and line.

function(terrapin_add_lint name script)
  add_test(NAME lint_${name}
    COMMAND ${CMAKE_COMMAND} -DROOT=${PROJECT_SOURCE_DIR} ${ARGN} -P ${PROJECT_SOURCE_DIR}/cmake/${script})
  set_tests_properties(lint_${name} PROPERTIES LABELS lint TIMEOUT 120)
endfunction()

find_program(TERRAPIN_AWK NAMES awk mawk gawk)
terrapin_add_lint(layers CheckLayers.cmake)
terrapin_add_lint(source CheckSource.cmake -DAWK=${TERRAPIN_AWK})

# Other versions of clang-format disagree about details: only version 14 is asked.
find_program(TERRAPIN_CLANG_FORMAT NAMES clang-format-14 clang-format)
if(TERRAPIN_CLANG_FORMAT)
  execute_process(COMMAND ${TERRAPIN_CLANG_FORMAT} --version OUTPUT_VARIABLE format_version)
endif()
if(format_version MATCHES "version 14\\.")
  terrapin_add_lint(format CheckFormat.cmake -DCLANG_FORMAT=${TERRAPIN_CLANG_FORMAT})
else()
  message(STATUS "Format test: no, clang-format 14 is missing")
endif()

# Do the tests above find what they are for?
terrapin_add_lint(selftest CheckLintSelf.cmake -DAWK=${TERRAPIN_AWK}
  -DWORK=${CMAKE_CURRENT_BINARY_DIR}/lint_selftest)
