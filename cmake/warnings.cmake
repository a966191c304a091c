# terrapin_warnings: link it PRIVATE, and a target's own sources are compiled with our warnings.
#
# Left out on purpose: -Wsign-conversion beyond what -Wconversion says in C, -Wpadded and -Wswitch-enum
# (noise), -Wcast-align (types.h's accessors are by bytes). Errors only in CI: a newer compiler with
# a new warning must not break a stranger's build.
add_library(terrapin_warnings INTERFACE)
target_compile_options(terrapin_warnings INTERFACE
  -pedantic -Wall -Wextra -Wshadow -Wconversion -Wmissing-prototypes -Wstrict-prototypes -Wundef
  -Wvla -Wcast-qual -Wpointer-arith -Wimplicit-fallthrough -Wformat=2 -Wwrite-strings)
if(TERRAPIN_WERROR)
  target_compile_options(terrapin_warnings INTERFACE -Werror)
endif()
