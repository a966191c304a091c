/* cpu/exec/noflags.c -- handlers that leave the flags as they are: of instructions behind which
 * the same block replaces the flags, before anything could see them (cpu/forms.c). */
#include "cpu/exec/noflags.h"

#include "cpu/engine.h"

#define STILL(NAME)
#define DEAD(NAME)                                                                             \
    EXEC(NAME##_nf)                                                                            \
    {                                                                                          \
        DO_##NAME##_nf NEXT();                                                                 \
    }
#include "cpu/still.def"
