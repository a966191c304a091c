# Lengths and forbidden words:   cmake -DROOT=<tree> -DAWK=awk -P CheckSource.cmake
# The rules are in tests/lint/source.awk; this only finds the files.
get_filename_component(home ${CMAKE_CURRENT_LIST_DIR} DIRECTORY)
set(files)
foreach(directory IN ITEMS mem cpu devices frontend vmm tests)
  file(GLOB_RECURSE found RELATIVE ${ROOT} ${ROOT}/${directory}/*.c ${ROOT}/${directory}/*.h)
  list(APPEND files ${found})
endforeach()
if(NOT files)
  message(FATAL_ERROR "no sources under ${ROOT}")
endif()
execute_process(COMMAND ${AWK} -f ${home}/tests/lint/source.awk ${files}
  WORKING_DIRECTORY ${ROOT} RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "house rules are broken (tests/lint/source.awk), or awk failed: ${status}")
endif()
