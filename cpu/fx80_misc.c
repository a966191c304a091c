/* cpu/fx80_misc.c -- see fx80.h: comparison, rounding to integers, scaling, exponents,
 * remainders, constants. (SDM 2 FCOM, FRNDINT, FSCALE, FXTRACT, FPREM, FPREM1, FLD1) */
#include "cpu/fx80_priv.h"

/* ---- comparison */

/* Of two numbers of the same sign, by magnitude. */
static enum fx_order compare_magnitudes(struct fx80 a, struct fx80 b)
{
    if (fx_is_zero(a) || fx_is_zero(b)) {
        return fx_is_zero(b) ? FX_GREATER : FX_LESS;
    }
    struct fx_num na = fx_unpack(a), nb = fx_unpack(b);
    if (na.exp != nb.exp) {
        return na.exp < nb.exp ? FX_LESS : FX_GREATER;
    }
    return na.m == nb.m ? FX_EQUAL : na.m < nb.m ? FX_LESS : FX_GREATER;
}

enum fx_order fx_compare(struct fx_ctx *c, struct fx80 a, struct fx80 b, bool quiet)
{
    struct fx80 nan;
    if (!fx_is_normal(a) || !fx_is_normal(b) || c->denormal_source) {
        if (fx_special(c, a, b, &nan)) {
            c->raised |= quiet ? 0 : FX_IE;
            return FX_UNORDERED;
        }
        (void)fx_denormal_operand(c, a, b);
    }
    if (fx_is_zero(a) && fx_is_zero(b)) {
        return FX_EQUAL;
    }
    if (fx_sign(a) != fx_sign(b)) {
        return fx_negative(a) ? FX_LESS : FX_GREATER;
    }
    return fx_negative(a) ? compare_magnitudes(b, a) : compare_magnitudes(a, b);
}

/* ---- FRNDINT */

struct fx80 fx_round_to_int(struct fx_ctx *c, struct fx80 a)
{
    struct fx80 r;
    if (fx_special(c, a, a, &r)) {
        return r;
    }
    if (fx_is_zero(a) || fx_is_infinity(a) || fx_denormal_operand(c, a, a)) {
        return a;
    }
    struct fx_num n = fx_unpack(a);
    int32_t behind = FX_BIAS + 63 - n.exp; /* bits behind the point */
    if (behind <= 0) {
        return a;
    }
    if (behind >= 64) { /* below 1: 0 or 1 */
        struct u128 v = shr_128_jam((struct u128){n.m, 0}, behind > 66 ? 66 : (unsigned)behind);
        struct fx_rounded tiny = fx_round_at(fx_rounding(c), fx_sign(a), v.hi, v.lo, 0);
        c->raised |= (uint16_t)(FX_PE | (tiny.up ? FX_C1 : 0));
        return tiny.m ? fx_pack(fx_sign(a), FX_BIAS, FX_INTEGER_BIT) : fx_zero(fx_sign(a));
    }
    struct fx_rounded x =
        fx_round_at(fx_rounding(c), fx_sign(a), n.m, 0, ((uint64_t)1 << behind) - 1);
    c->raised |= (uint16_t)((x.inexact ? FX_PE : 0) | (x.up ? FX_C1 : 0));
    return x.m ? fx_pack(fx_sign(a), (unsigned)n.exp, x.m)
               : fx_pack(fx_sign(a), (unsigned)n.exp + 1, FX_INTEGER_BIT);
}

/* As it stands, with no underflow; but a pseudo-denormal gets its true exponent. */
static struct fx80 unchanged(struct fx80 a)
{
    a.se = (uint16_t)(a.se | (fx_exp(a) == 0 && a.m >> 63));
    return a;
}

/* ---- FSCALE */

/* b without its fraction, or what is certainly too much. */
static int32_t truncated(struct fx80 b)
{
    enum { TOO_MUCH = 1 << 17 };
    int32_t exp = (int32_t)fx_exp(b) - FX_BIAS;
    int32_t n = exp < 0 ? 0 : exp > 16 ? TOO_MUCH : (int32_t)(b.m >> (63 - exp));
    return fx_negative(b) ? -n : n;
}

struct fx80 fx_scale(struct fx_ctx *c, struct fx80 a, struct fx80 b)
{
    struct fx80 r;
    if (fx_special(c, a, b, &r)) {
        return r;
    }
    if (fx_is_infinity(b) && (fx_negative(b) ? fx_is_infinity(a) : fx_is_zero(a))) {
        return fx_invalid(c);
    }
    if (fx_denormal_operand(c, a, b)) {
        return a;
    }
    if (fx_is_infinity(b)) {
        return fx_negative(b) ? fx_zero(fx_sign(a)) : fx_infinity(fx_sign(a));
    }
    if (fx_is_infinity(a) || fx_is_zero(a) || fx_is_zero(b)) {
        return unchanged(a); /* by 0, but by no other number that is truncated to 0 */
    }
    struct fx_num x = fx_unpack(a);
    return fx_round_bits(c, fx_sign(a), x.exp + truncated(b), x.m, 0, 64);
}

/* ---- FXTRACT */

void fx_extract(struct fx_ctx *c, struct fx80 a, struct fx80 *exponent,
                struct fx80 *significand)
{
    *exponent = *significand = a;
    if (fx_special(c, a, a, significand)) {
        *exponent = *significand;
    } else if (fx_is_infinity(a)) {
        *exponent = fx_infinity(0);
    } else if (fx_is_zero(a)) {
        c->raised |= FX_ZE;
        *exponent = fx_infinity(1);
    } else if (!fx_denormal_operand(c, a, a)) {
        struct fx_num n = fx_unpack(a);
        *exponent = fx_from_i64(n.exp - FX_BIAS);
        *significand = fx_pack(fx_sign(a), FX_BIAS, n.m);
    }
}

/* ---- FPREM, FPREM1 */

/* 2^gap * a.m modulo b.m, gap 0 to 63; *quotient: the low bits of the integer quotient. */
static uint64_t reduce(uint64_t a, uint64_t b, unsigned gap, unsigned *quotient)
{
    bool once = a >= b;
    uint64_t q = 0, rest = a - (once ? b : 0);
    if (gap) {
        q = div_128_64(rest >> (64 - gap), rest << gap, b, &rest);
    }
    *quotient = (unsigned)(q + ((uint64_t)once << gap));
    return rest;
}

/* Both finite, neither zero. */
static struct fx80 remainder_of(struct fx_ctx *c, struct fx80 a, struct fx80 b, bool nearest,
                                unsigned *quotient, bool *partial)
{
    struct fx_num na = fx_unpack(a), nb = fx_unpack(b);
    unsigned sign = fx_sign(a);
    int32_t gap = na.exp - nb.exp, exp = nb.exp;
    uint64_t rest;
    *partial = gap > 63;
    if (gap < (nearest ? -1 : 0)) { /* the dividend is the remainder */
        return fx_round_bits(c, sign, na.exp, na.m, 0, 64);
    }
    if (*partial) { /* 32 to 63 bits at a time, as Intel's processors do; Q is not told */
        unsigned some = 32u | ((unsigned)gap & 31);
        rest = reduce(na.m, nb.m, some, quotient);
        exp += gap - (int32_t)some;
        *quotient = 0;
    } else if (gap < 0) { /* a < b: one subtraction at most, of twice the numbers */
        if (na.m <= nb.m) {
            return fx_round_bits(c, sign, na.exp, na.m, 0, 64);
        }
        struct u128 twice = sub_128(shl_128((struct u128){0, nb.m}, 1), (struct u128){0, na.m});
        rest = twice.lo; /* 2b - a < b, as a > b by significands */
        exp = na.exp;
        sign ^= 1;
        *quotient = 1;
    } else {
        rest = reduce(na.m, nb.m, (unsigned)gap, quotient);
        uint64_t beyond = nb.m - rest;
        if (nearest && (rest > beyond || (rest == beyond && *quotient & 1))) {
            rest = beyond;
            sign ^= 1;
            *quotient += 1;
        }
    }
    if (rest == 0) {
        return fx_zero(fx_sign(a));
    }
    unsigned shift = clz_64(rest);
    return fx_round_bits(c, sign, exp - (int32_t)shift, rest << shift, 0, 64);
}

struct fx80 fx_remainder(struct fx_ctx *c, struct fx80 a, struct fx80 b, bool nearest,
                         unsigned *quotient, bool *partial)
{
    struct fx80 r;
    *quotient = 0;
    *partial = false;
    if (fx_special(c, a, b, &r)) {
        return r;
    }
    if (fx_is_infinity(a) || fx_is_zero(b)) {
        return fx_invalid(c);
    }
    if (fx_denormal_operand(c, a, b) || fx_is_zero(a) || fx_is_infinity(b)) {
        return unchanged(a);
    }
    return remainder_of(c, a, b, nearest, quotient, partial);
}

/* ---- constants */

struct fx80 fx_constant(const struct fx_ctx *c, unsigned n)
{
    static const struct {
        uint64_t m; /* of the number below the true value */
        uint16_t se;
        bool exact, nearer_above;
    } table[7] = {
        {0x8000000000000000u, 0x3FFF, true, false},  /* 1 */
        {0xD49A784BCD1B8AFEu, 0x4000, false, false}, /* log2(10) */
        {0xB8AA3B295C17F0BBu, 0x3FFF, false, true},  /* log2(e) */
        {0xC90FDAA22168C234u, 0x4000, false, true},  /* pi */
        {0x9A209A84FBCFF798u, 0x3FFD, false, true},  /* log10(2) */
        {0xB17217F7D1CF79ABu, 0x3FFE, false, true},  /* ln(2) */
        {0, 0, true, false},
    };
    n = n < ARRAY_LEN(table) ? n : 6;
    enum fx_round direction = fx_rounding(c);
    bool up =
        direction == FX_NEAREST ? table[n].nearer_above : direction == FX_UP && !table[n].exact;
    return (struct fx80){table[n].m + up, table[n].se};
}
