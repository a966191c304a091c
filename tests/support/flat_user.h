/* tests/support/flat_user.h -- the bare processor in 32-bit ring 3 with flat segments, as a
 * process of the host is.
 */
#ifndef TERRAPIN_TESTS_FLAT_USER_H
#define TERRAPIN_TESTS_FLAT_USER_H

#include "tests/support/cpu_fixture.h"

/* Resets, and runs into NOPs at `at`. Exceptions go to a ring 0 HLT at FLAT_USER_HALT + vector:
 * EIP tells which one. */
enum { FLAT_USER_HALT = 0x4000 };
void flat_user_enter(struct cpu_fixture *fx, uint32_t at);

#endif
