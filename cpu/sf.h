/* cpu/sf.h -- arithmetic on the numbers of SSE, binary32 and binary64, in integers (and by the
 * host's floats where they cannot differ: host_fp.h): the same bits on every host.
 *
 * Owner of: nothing; functions of their operands and of MXCSR. A result is the one that the
 * processor stores when it may; what was raised says whether it may, which is the caller's
 * business (sf_unmasked). (SDM 1 4.8, 4.9, 11.5, appendix E.)
 *
 * NaNs (SDM 1 table 4-7): the first operand's, made quiet, if it is one; else the second's.
 * Denormal operands are zeros under DAZ; tiny results are under FTZ if UE is masked.
 */
#ifndef TERRAPIN_CPU_SF_H
#define TERRAPIN_CPU_SF_H

#include "cpu/fx80.h"

struct sf_ctx {
    uint32_t mxcsr;  /* flags 0..5, DAZ 6, masks 7..12, rounding 13..14, FTZ 15 */
    uint32_t raised; /* out: enum fx_flags, ORed in */
    bool native; /* the host may be asked: rounding is to nearest, and PE is of no interest */
};

/* Exceptions of the operands: as long as one of them is unmasked in any lane, none of the
 * results' is reported (SDM 1 11.5.3). */
enum { SF_BEFORE = FX_IE | FX_DE | FX_ZE };

static inline uint32_t sf_unmasked(uint32_t mxcsr, uint32_t raised)
{
    return raised & ~(mxcsr >> 7) & 0x3F;
}

/* CMPPS's predicates, by the immediate's low bits. */
enum sf_predicate { SF_EQ, SF_LT, SF_LE, SF_UNORD, SF_NEQ, SF_NLT, SF_NLE, SF_ORD };

#define SF_DECLARE(N)                                                                          \
    uint##N##_t sf##N##_add(struct sf_ctx *c, uint##N##_t a, uint##N##_t b);                   \
    uint##N##_t sf##N##_sub(struct sf_ctx *c, uint##N##_t a, uint##N##_t b);                   \
    uint##N##_t sf##N##_mul(struct sf_ctx *c, uint##N##_t a, uint##N##_t b);                   \
    uint##N##_t sf##N##_div(struct sf_ctx *c, uint##N##_t a, uint##N##_t b);                   \
    uint##N##_t sf##N##_min(struct sf_ctx *c, uint##N##_t a, uint##N##_t b);                   \
    uint##N##_t sf##N##_max(struct sf_ctx *c, uint##N##_t a, uint##N##_t b);                   \
    uint##N##_t sf##N##_sqrt(struct sf_ctx *c, uint##N##_t a);                                 \
    bool sf##N##_is(struct sf_ctx *c, uint##N##_t a, uint##N##_t b, enum sf_predicate p);      \
    /* quiet: a QNaN is nothing invalid (UCOMISS) */                                           \
    enum fx_order sf##N##_order(struct sf_ctx *c, uint##N##_t a, uint##N##_t b, bool quiet);   \
    /* Out of range: invalid, 80000000h. chop: whatever the rounding mode */                   \
    uint32_t sf##N##_to_i32(struct sf_ctx *c, uint##N##_t a, bool chop);                       \
    uint##N##_t sf##N##_from_i32(struct sf_ctx *c, uint32_t v);
SF_DECLARE(32)
SF_DECLARE(64)
#undef SF_DECLARE

uint64_t sf32_to_64(struct sf_ctx *c, uint32_t a);
uint32_t sf64_to_32(struct sf_ctx *c, uint64_t a);

/* RCPSS and RSQRTSS: an approximation with a relative error of at most 1.5 * 2^-12, and no
 * exceptions (SDM 2B RCPPS). */
uint32_t sf32_reciprocal(uint32_t a);
uint32_t sf32_reciprocal_root(uint32_t a);

#endif
