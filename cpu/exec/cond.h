/* cpu/exec/cond.h -- the sixteen conditions of Jcc, SETcc and CMOVcc (SDM 1 appendix B). */
#ifndef TERRAPIN_CPU_EXEC_COND_H
#define TERRAPIN_CPU_EXEC_COND_H

#include "cpu/flags.h"

#define COND_O(f)   flag_o(f)
#define COND_NO(f)  (!flag_o(f))
#define COND_B(f)   flag_c(f)
#define COND_NB(f)  (!flag_c(f))
#define COND_Z(f)   flag_z(f)
#define COND_NZ(f)  (!flag_z(f))
#define COND_BE(f)  (flag_c(f) || flag_z(f))
#define COND_NBE(f) (!flag_c(f) && !flag_z(f))
#define COND_S(f)   flag_s(f)
#define COND_NS(f)  (!flag_s(f))
#define COND_P(f)   flag_p(f)
#define COND_NP(f)  (!flag_p(f))
#define COND_L(f)   (flag_s(f) != flag_o(f))
#define COND_NL(f)  (flag_s(f) == flag_o(f))
#define COND_LE(f)  (flag_z(f) || flag_s(f) != flag_o(f))
#define COND_NLE(f) (!flag_z(f) && flag_s(f) == flag_o(f))

#define FOR_EACH_COND(X)                                                                       \
    X(O) X(NO) X(B) X(NB) X(Z) X(NZ) X(BE) X(NBE) X(S) X(NS) X(P) X(NP) X(L) X(NL) X(LE) X(NLE)

#endif
