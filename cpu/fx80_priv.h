/* cpu/fx80_priv.h -- what the files of the 80-bit arithmetic share: wide integers, unpacked
 * numbers, rounding, operands that end an operation early. (fx80.h)
 */
#ifndef TERRAPIN_CPU_FX80_PRIV_H
#define TERRAPIN_CPU_FX80_PRIV_H

#include "cpu/fx80.h"

enum {
    FX_BIAS = 16383,
    FX_EXP_MAX = 0x7FFF, /* infinities and NaNs */
    FX_WRAP = 24576, /* bias adjustment of an unmasked overflow or underflow (SDM 1 8.5.4) */
};
#define FX_INTEGER_BIT 0x8000000000000000u
#define FX_QUIET_BIT   0x4000000000000000u

/* ---- 128-bit integers */

struct u128 {
    uint64_t hi, lo;
};

static inline struct u128 mul_64x64_portable(uint64_t a, uint64_t b)
{
    uint64_t al = (uint32_t)a, ah = a >> 32, bl = (uint32_t)b, bh = b >> 32;
    uint64_t ll = al * bl, lh = al * bh, hl = ah * bl;
    uint64_t mid = (ll >> 32) + (uint32_t)lh + (uint32_t)hl;
    return (struct u128){ah * bh + (lh >> 32) + (hl >> 32) + (mid >> 32),
                         mid << 32 | (uint32_t)ll};
}

#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 fx_native_u128;
#endif

static inline struct u128 mul_64x64(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
    fx_native_u128 p = (fx_native_u128)a * b;
    return (struct u128){(uint64_t)(p >> 64), (uint64_t)p};
#else
    return mul_64x64_portable(a, b);
#endif
}

static inline struct u128 add_128(struct u128 a, struct u128 b)
{
    uint64_t lo = a.lo + b.lo;
    return (struct u128){a.hi + b.hi + (lo < a.lo), lo};
}

static inline struct u128 sub_128(struct u128 a, struct u128 b)
{
    return (struct u128){a.hi - b.hi - (a.lo < b.lo), a.lo - b.lo};
}

static inline struct u128 shl_128(struct u128 a, unsigned n)
{
    if (n == 0) {
        return a;
    }
    return n < 64    ? (struct u128){a.hi << n | a.lo >> (64 - n), a.lo << n}
           : n < 128 ? (struct u128){a.lo << (n - 64), 0}
                     : (struct u128){0, 0};
}

static inline struct u128 shr_128(struct u128 a, unsigned n)
{
    if (n == 0) {
        return a;
    }
    return n < 64    ? (struct u128){a.hi >> n, a.lo >> n | a.hi << (64 - n)}
           : n < 128 ? (struct u128){0, a.hi >> (n - 64)}
                     : (struct u128){0, 0};
}

/* Shifted right; ones that fall out set bit 0, which then stands for "and a bit more". */
static inline struct u128 shr_128_jam(struct u128 a, unsigned n)
{
    struct u128 r = shr_128(a, n), back = shl_128(r, n);
    r.lo |= n >= 128 ? (a.hi | a.lo) != 0 : back.hi != a.hi || back.lo != a.lo;
    return r;
}

/* Leading zeros; v is not 0. */
static inline unsigned clz_64(uint64_t v)
{
#if defined(__GNUC__) || defined(__clang__)
    return (unsigned)__builtin_clzll(v);
#else
    unsigned n = 0;
    for (unsigned step = 32; step; step /= 2) {
        if (!(v >> (64 - step))) {
            n += step;
            v <<= step;
        }
    }
    return n;
#endif
}

/* (hi:lo) / d; d has bit 63 set and hi < d, so that the quotient has 64 bits. */
uint64_t div_128_64(uint64_t hi, uint64_t lo, uint64_t d, uint64_t *remainder);

/* floor(sqrt(n)) of n with one of its two top bits set, and the rest. */
uint64_t root_128(struct u128 n, struct u128 *rest_of);

/* ---- numbers */

/* A finite number other than 0, without its sign: m * 2^(exp - 16383 - 63), bit 63 of m set;
 * exp goes below 1 for denormal numbers. */
struct fx_num {
    int32_t exp;
    uint64_t m;
};

static inline struct fx80 fx_pack(unsigned sign, unsigned exp, uint64_t m)
{
    return (struct fx80){m, (uint16_t)(sign << 15 | exp)};
}

static inline struct fx80 fx_zero(unsigned sign)
{
    return fx_pack(sign, 0, 0);
}

static inline struct fx80 fx_infinity(unsigned sign)
{
    return fx_pack(sign, FX_EXP_MAX, FX_INTEGER_BIT);
}

static inline unsigned fx_exp(struct fx80 a)
{
    return a.se & 0x7FFF;
}

static inline unsigned fx_sign(struct fx80 a)
{
    return a.se >> 15;
}

/* A normal number: nothing special to look at. */
static inline bool fx_is_normal(struct fx80 a)
{
    return a.m >> 63 && (a.se & 0x7FFF) - 1u < FX_EXP_MAX - 1u;
}

/* Zero, if the operand is known to be no unnormal. */
static inline bool fx_is_zero(struct fx80 a)
{
    return a.m == 0;
}

static inline bool fx_is_infinity(struct fx80 a)
{
    return fx_exp(a) == FX_EXP_MAX && a.m == FX_INTEGER_BIT;
}

static inline bool fx_is_denormal(struct fx80 a)
{
    return fx_exp(a) == 0 && a.m != 0;
}

/* Of a finite number that is not 0. A pseudo-denormal has the exponent of a denormal, 1. */
static inline struct fx_num fx_unpack(struct fx80 a)
{
    int32_t exp = (int32_t)fx_exp(a);
    unsigned shift = clz_64(a.m);
    return (struct fx_num){(exp ? exp : 1) - (int32_t)shift, a.m << shift};
}

/* Significand bits of the control word's precision. */
unsigned fx_precision(const struct fx_ctx *c);

/* +-(m:lo) * 2^(exp - 16383 - 63 - 64), m normalized, rounded to `bits` of significand, with
 * overflow and underflow. */
struct fx80 fx_round_bits(struct fx_ctx *c, unsigned sign, int32_t exp, uint64_t m, uint64_t lo,
                          unsigned bits);
static inline struct fx80 fx_round(struct fx_ctx *c, unsigned sign, int32_t exp, uint64_t m,
                                   uint64_t lo)
{
    return fx_round_bits(c, sign, exp, m, lo, fx_precision(c));
}

/* m:lo rounded at the bits of mask (2^n - 1, the bits of m to drop). */
struct fx_rounded {
    uint64_t m; /* 0 on a carry out */
    bool up;    /* the magnitude grew */
    bool inexact;
};
struct fx_rounded fx_round_at(enum fx_round direction, unsigned sign, uint64_t m, uint64_t lo,
                              uint64_t mask);

/* ---- operands */

static inline struct fx80 fx_invalid(struct fx_ctx *c)
{
    c->raised |= FX_IE;
    return fx_indefinite;
}

/* Unsupported formats and NaNs: true, with the operation's result. The second operand may be
 * any number when there is only one. */
bool fx_special(struct fx_ctx *c, struct fx80 a, struct fx80 b, struct fx80 *result);

/* Raises DE for a denormal operand; true: it is unmasked, and the operation ends here. */
static inline bool fx_denormal_operand(struct fx_ctx *c, struct fx80 a, struct fx80 b)
{
    if (fx_is_denormal(a) || fx_is_denormal(b) || c->denormal_source) {
        c->raised |= FX_DE;
        return !(c->control & FX_DE);
    }
    return false;
}

#endif
