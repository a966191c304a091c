# Layout as .clang-format says:   cmake -DROOT=<tree> -DCLANG_FORMAT=clang-format -P CheckFormat.cmake
set(files)
foreach(directory IN ITEMS mem cpu devices frontend vmm tests roms)
  file(GLOB_RECURSE found RELATIVE ${ROOT} ${ROOT}/${directory}/*.c ${ROOT}/${directory}/*.h)
  list(APPEND files ${found})
endforeach()
if(NOT files)
  message(FATAL_ERROR "no sources under ${ROOT}")
endif()
execute_process(COMMAND ${CLANG_FORMAT} --dry-run -Werror --style=file ${files}
  WORKING_DIRECTORY ${ROOT} RESULT_VARIABLE status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "clang-format -i would change these files")
endif()
