# TERRAPIN_SANITIZE=address,undefined instruments everything; the first finding ends the program.
# TERRAPIN_FUZZ=ON adds libFuzzer's coverage; fuzz targets link terrapin_fuzzer, which has main().
if(TERRAPIN_SANITIZE)
  add_compile_options(-fsanitize=${TERRAPIN_SANITIZE} -fno-sanitize-recover=all
    -fno-omit-frame-pointer -g -O1)
  add_compile_definitions(TERRAPIN_SHADOW_ROOTS=2) # cpu/sys/shadow.h
  add_link_options(-fsanitize=${TERRAPIN_SANITIZE})
endif()

if(TERRAPIN_FUZZ)
  if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "TERRAPIN_FUZZ needs clang: configure with -DCMAKE_C_COMPILER=clang")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_library(terrapin_fuzzer INTERFACE)
  target_link_options(terrapin_fuzzer INTERFACE -fsanitize=fuzzer)
  target_link_libraries(terrapin_fuzzer INTERFACE terrapin_core)
endif()
