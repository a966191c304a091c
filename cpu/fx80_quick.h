/* cpu/fx80_quick.h -- the common case of 80-bit arithmetic, inline: operands and result are
 * normal numbers (or the conversion's zero), results are rounded to nearest, to 64 bits of
 * significand, and precision is masked (FX_QUICK_CONTROL).
 *
 * Each gives what its namesake in fx80.h gives, and ORs into *raised what that raises: FX_PE,
 * FX_C1. false: it is not that case; nothing is changed. A host's own x87 does not help here:
 * its registers are entered and left through memory in pieces, which takes longer than the
 * integers do.
 */
#ifndef TERRAPIN_CPU_FX80_QUICK_H
#define TERRAPIN_CPU_FX80_QUICK_H

#include "cpu/fx80_priv.h"

/* Of the control word: rounding, precision, the mask of PE; and what they have to be. */
enum { FX_QUICK_FIELDS = 0xF20, FX_QUICK_CONTROL = 0x320 };

static inline bool fx_quick_normal(unsigned exp)
{
    return exp - 1 < FX_EXP_MAX - 1;
}

/* m:lo, m normalized, with exponent exp. */
static inline bool fx_quick_round(unsigned sign, unsigned exp, uint64_t m, uint64_t lo,
                                  struct fx80 *r, unsigned *raised)
{
    if (UNLIKELY(exp - 2 >= FX_EXP_MAX - 3)) { /* before a carry; and negative ones are large */
        return false;
    }
    unsigned up = (unsigned)(lo >> 63) & ((lo << 1 != 0) | (unsigned)(m & 1));
    m += up;
    if (UNLIKELY(m == 0)) { /* a carry out */
        m = FX_INTEGER_BIT;
        exp++;
    }
    *r = fx_pack(sign, exp, m);
    *raised |= (lo ? FX_PE : 0u) | (up ? FX_C1 : 0u);
    return true;
}

/* a + b, or with flip a - b */
static inline bool fx_quick_sum(struct fx80 a, struct fx80 b, unsigned flip, struct fx80 *r,
                                unsigned *raised)
{
    unsigned ea = fx_exp(a), eb = fx_exp(b);
    unsigned sign = fx_sign(a), differ = sign ^ fx_sign(b) ^ flip;
    if (UNLIKELY(!((a.m & b.m) >> 63) || !fx_quick_normal(ea) || !fx_quick_normal(eb))) {
        return false;
    }
    bool swap = ea < eb || (ea == eb && a.m < b.m);
    uint64_t big = swap ? b.m : a.m, small = swap ? a.m : b.m;
    unsigned exp = swap ? eb : ea, distance = swap ? eb - ea : ea - eb;
    if (UNLIKELY(distance > 63)) {
        return false;
    }
    uint64_t hi = small >> distance, lo = small << 1 << (63 - distance);
    if (!differ) {
        uint64_t m = big + hi;
        if (m < big) { /* bit 0 of lo is 0: nothing is lost */
            lo = lo >> 1 | m << 63;
            m = m >> 1 | FX_INTEGER_BIT;
            exp++;
        }
        return fx_quick_round(sign, exp, m, lo, r, raised);
    }
    uint64_t m = big - hi - (lo != 0);
    lo = 0 - lo;
    if (UNLIKELY(m == 0)) {
        return false;
    }
    unsigned shift = clz_64(m);
    m = m << shift | lo >> 1 >> (63 - shift);
    return fx_quick_round(sign ^ swap, exp - shift, m, lo << shift, r, raised);
}

static inline bool fx_quick_add(struct fx80 a, struct fx80 b, struct fx80 *r, unsigned *raised)
{
    return fx_quick_sum(a, b, 0, r, raised);
}

static inline bool fx_quick_sub(struct fx80 a, struct fx80 b, struct fx80 *r, unsigned *raised)
{
    return fx_quick_sum(a, b, 1, r, raised);
}

static inline bool fx_quick_subr(struct fx80 a, struct fx80 b, struct fx80 *r, unsigned *raised)
{
    return fx_quick_sum(b, a, 1, r, raised);
}

static inline bool fx_quick_mul(struct fx80 a, struct fx80 b, struct fx80 *r, unsigned *raised)
{
    unsigned ea = fx_exp(a), eb = fx_exp(b), sign = fx_sign(a) ^ fx_sign(b);
    if (UNLIKELY(!((a.m & b.m) >> 63) || !fx_quick_normal(ea) || !fx_quick_normal(eb))) {
        return false;
    }
    struct u128 p = mul_64x64(a.m, b.m);
    unsigned shift = !(p.hi >> 63), exp = ea + eb - (FX_BIAS - 1) - shift;
    p.hi = p.hi << shift | (p.lo >> 63 & shift);
    return fx_quick_round(sign, exp, p.hi, p.lo << shift, r, raised);
}

/* ---- memory formats */

static inline bool fx_quick_from_f64(uint64_t bits, struct fx80 *r)
{
    unsigned sign = (unsigned)(bits >> 63), exp = (unsigned)(bits >> 52) & 0x7FF;
    if (UNLIKELY(exp - 1 >= 0x7FE)) {
        *r = fx_zero(sign);
        return bits << 1 == 0;
    }
    *r = fx_pack(sign, exp + (FX_BIAS - 1023), bits << 11 | FX_INTEGER_BIT);
    return true;
}

static inline bool fx_quick_from_f32(uint32_t bits, struct fx80 *r)
{
    unsigned sign = bits >> 31, exp = bits >> 23 & 0xFF;
    if (UNLIKELY(exp - 1 >= 0xFE)) {
        *r = fx_zero(sign);
        return bits << 1 == 0;
    }
    *r = fx_pack(sign, exp + (FX_BIAS - 127), (uint64_t)bits << 40 | FX_INTEGER_BIT);
    return true;
}

static inline bool fx_quick_to_f64(struct fx80 a, uint64_t *bits, unsigned *raised)
{
    unsigned exp = fx_exp(a) - (FX_BIAS - 1023);
    uint64_t sign = (uint64_t)fx_sign(a) << 63, rest = a.m & 0x7FF;
    if (UNLIKELY(!(a.m >> 63) || exp - 1 >= 0x7FD)) { /* one less: rounding may carry */
        *bits = sign;
        return a.m == 0 && fx_exp(a) == 0;
    }
    unsigned up = rest > 0x400 || (rest == 0x400 && (a.m & 0x800));
    /* The integer bit, and a carry, add to the exponent. */
    *bits = sign | (((uint64_t)(exp - 1) << 52) + (a.m >> 11) + up);
    *raised |= (rest ? FX_PE : 0u) | (up ? FX_C1 : 0u);
    return true;
}

#endif
