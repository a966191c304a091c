/* tests/coverage/coverage.h -- which rows of insn.def a test executed, in which modes and with
 * which prefixes.
 *
 * A program that is linked with the object library test_coverage (tests/coverage) has the
 * engine of cpu/engine.c, compiled with two names changed, so that it asks here for blocks and
 * single instructions. With TERRAPIN_COVERAGE=FILE in the environment it then runs one
 * instruction at a time; each is noted as it is about to execute, and at exit FILE gets a line
 * a row: its name, and a word of hex digits a mode (COVERAGE_MODES of them, the prefixes' bits
 * in each). Without it nothing is changed. The product has none of this.
 */
#ifndef TERRAPIN_TESTS_COVERAGE_H
#define TERRAPIN_TESTS_COVERAGE_H

#include "cpu/insn.h"

enum coverage_mode { COVERAGE_REAL, COVERAGE_V86, COVERAGE_16, COVERAGE_32, COVERAGE_MODES };

/* Prefixes that are part of an INSV row are none of these. */
enum coverage_prefix {
    COVERAGE_PLAIN, /* without any */
    COVERAGE_OPSIZE,
    COVERAGE_ADDRSIZE,
    COVERAGE_SEGMENT,
    COVERAGE_LOCK,
    COVERAGE_REPNE,
    COVERAGE_REP,
    COVERAGE_PREFIXES
};

#endif
