/* tests/support/native.h -- the host's own processor as a referee: runs one 32-bit instruction
 * natively.
 *
 * x86-64 Linux only. The process enters a 32-bit code segment, loads registers and flags,
 * executes the instruction at NATIVE_CODE, saves everything and comes back; signals tell of
 * exceptions.
 */
#ifndef TERRAPIN_TESTS_NATIVE_H
#define TERRAPIN_TESTS_NATIVE_H

#include "mem/types.h"

enum {
    NATIVE_CODE = 0x20000000, /* the instruction, 15 bytes at most, then what returns */
    NATIVE_DATA = 0x20010000, /* the only memory an instruction may touch */
    NATIVE_DATA_SIZE = 0x2000,
};

struct native_state {
    uint32_t r[8]; /* eax ecx edx ebx esp ebp esi edi */
    uint32_t eflags;
};

enum native_result { NATIVE_NEXT, NATIVE_TAKEN, NATIVE_DE, NATIVE_UD, NATIVE_FAULT };

/* false: this host cannot (not x86-64 Linux, or 32-bit code is forbidden). */
bool native_init(void);
uint8_t *native_data(void);
/* Executes code with state st; a taken branch must lead NATIVE_TAKEN_AT bytes behind its end.
 */
enum { NATIVE_TAKEN_AT = 32 };
enum native_result native_run(const uint8_t *code, unsigned len, struct native_state *st);

#endif
