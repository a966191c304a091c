/* cpu/fx80_wide.h -- 128-bit floating point and series, for the transcendental functions alone.
 *
 * Results are truncated, not rounded: an operation is off by at most 2 units of 2^-127 relative
 * to its result, a whole function by less than 2^-115; its result has 64 bits.
 */
#ifndef TERRAPIN_CPU_FX80_WIDE_H
#define TERRAPIN_CPU_FX80_WIDE_H

#include "cpu/fx80_priv.h"

/* +-m * 2^(exp - 127), bit 127 of m set; or m = 0. */
struct wide {
    int32_t exp;
    unsigned sign;
    struct u128 m;
};

/* The upper half of the product (at most 2 too small). */
static inline struct u128 mul_hi_128(struct u128 a, struct u128 b)
{
    struct u128 hh = mul_64x64(a.hi, b.hi), hl = mul_64x64(a.hi, b.lo);
    struct u128 lh = mul_64x64(a.lo, b.hi);
    hh = add_128(hh, (struct u128){0, hl.hi});
    hh = add_128(hh, (struct u128){0, lh.hi});
    return add_128(hh, (struct u128){0, hl.lo + lh.lo < hl.lo});
}

static inline struct wide wide_normalized(int32_t exp, unsigned sign, struct u128 m)
{
    unsigned shift;
    if (m.hi) {
        shift = clz_64(m.hi);
    } else if (m.lo) {
        shift = 64 + clz_64(m.lo);
    } else {
        return (struct wide){0, sign, {0, 0}};
    }
    return (struct wide){exp - (int32_t)shift, sign, shl_128(m, shift)};
}

/* A finite number other than 0. */
static inline struct wide wide_from(struct fx80 a)
{
    struct fx_num n = fx_unpack(a);
    return (struct wide){n.exp - FX_BIAS, fx_sign(a), {n.m, 0}};
}

/* A number below 1 as a fraction of 2^128, or one below 2 as a fraction of 2^127. */
static inline struct u128 wide_fraction(struct wide a, int32_t below)
{
    int32_t shift = below - 1 - a.exp;
    return shr_128(a.m, shift > 128 ? 128 : (unsigned)shift);
}

struct wide wide_add(struct wide a, struct wide b);
struct wide wide_mul(struct wide a, struct wide b);
struct wide wide_div(struct wide a, struct wide b); /* b is not 0 */

/* c[0] +- z c[step] + z^2 c[2 step] +- ... of n terms: z is a fraction of 2^128, the result and
 * the coefficients are of 2^127. */
struct u128 wide_series(struct u128 z, const struct u128 *c, unsigned n, unsigned step,
                        bool alternating);

extern const struct wide wide_pi;
extern const struct u128 wide_odd[26];     /* 1/(2k + 1) */
extern const struct u128 wide_inverse[36]; /* 1/k! */

/* a rounded to the result, inexact even if exact: as Intel's processors have it, which raise PE
 * for every result that they compute. `exact`: there is nothing behind a's 128 bits. */
struct fx80 wide_result(struct fx_ctx *c, struct wide a, bool exact);

#endif
