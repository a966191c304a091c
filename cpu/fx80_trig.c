/* cpu/fx80_trig.c -- see fx80.h: FSIN, FCOS, FSINCOS, FPTAN.
 *
 * An argument is reduced by a multiple of pi/2 exactly, where pi is the 66-bit number that the
 * processors have (SDM 1 8.3.8); the functions of the reduced argument are then as exact as
 * 64 bits go. Near multiples of pi the result so differs from that of the true pi, as it does
 * on silicon.
 */
#include "cpu/fx80_wide.h"

/* pi/2 * 2^65: the 66 bits of C90FDAA2_2168C234_Ch */
static const struct u128 half_pi = {0x3, 0x243F6A8885A308D3u};
enum { HALF_PI_SCALE = 65 };

static bool less(struct u128 a, struct u128 b)
{
    return a.hi < b.hi || (a.hi == b.hi && a.lo < b.lo);
}

/* a modulo half_pi, and the quotient: an estimate by the divisor's first 64 bits, 1
 * less so that it is not too large, and at most 2 too small. */
static uint64_t reduce(struct u128 *a)
{
    const uint64_t divisor = half_pi.hi << 62 | half_pi.lo >> 2;
    uint64_t rest, q = 0;
    struct u128 top = shr_128(*a, 2);
    if (top.hi) {
        q = div_128_64(top.hi, top.lo, divisor, &rest);
        q -= q > 0;
        struct u128 p = mul_64x64(q, half_pi.lo);
        p.hi += q * half_pi.hi;
        *a = sub_128(*a, p);
    }
    while (!less(*a, half_pi)) {
        *a = sub_128(*a, half_pi);
        q++;
    }
    return q;
}

/* x = quadrant * pi/2 + r, |r| <= pi/4; below 2^63. */
static struct wide reduced(struct wide x, unsigned *quadrant)
{
    *quadrant = 0;
    if (x.exp < -1) {
        return x;
    }
    struct u128 fixed = shr_128(x.m, (unsigned)(127 - HALF_PI_SCALE - x.exp));
    uint64_t q = reduce(&fixed);
    struct u128 beyond = sub_128(half_pi, fixed);
    unsigned sign = 0;
    if (less(beyond, fixed)) {
        fixed = beyond;
        sign = 1;
        q++;
    }
    *quadrant = (unsigned)(x.sign ? 0 - q : q) & 3;
    return wide_normalized(127 - HALF_PI_SCALE, x.sign ^ sign, fixed);
}

enum { TINY = -60 }; /* exponent below which sin x = x and cos x = 1 in 120 bits */

/* quadrant * pi/2 + r */
struct angle {
    unsigned quadrant;
    bool tiny;
    struct wide r;
    struct u128 square;
};

static struct angle angle_of(struct wide x)
{
    struct angle t;
    t.r = reduced(x, &t.quadrant);
    t.tiny = t.r.exp < TINY;
    t.square = wide_fraction(wide_mul(t.r, t.r), 0);
    return t;
}

/* r (1 - r^2/3! + r^4/5! ...) */
static struct wide sine(const struct angle *t)
{
    if (t->tiny) {
        return t->r;
    }
    struct u128 s = wide_series(t->square, wide_inverse + 1, 16, 2, true);
    return wide_mul(t->r, wide_normalized(0, 0, s));
}

/* 1 - r^2/2! + r^4/4! ... */
static struct wide cosine(const struct angle *t)
{
    if (t->tiny) {
        return (struct wide){0, 0, {FX_INTEGER_BIT, 0}};
    }
    return wide_normalized(0, 0, wide_series(t->square, wide_inverse, 17, 2, true));
}

/* What ends all three: true, with the result in *r (of a zero: itself). */
static bool ends(struct fx_ctx *c, struct fx80 a, struct fx80 *r, bool *out_of_range)
{
    *out_of_range = false;
    *r = a;
    if (fx_special(c, a, a, r)) {
        return true;
    }
    if (fx_is_infinity(a)) {
        *r = fx_invalid(c);
        return true;
    }
    if (fx_is_zero(a) || fx_denormal_operand(c, a, a)) {
        return true;
    }
    *out_of_range = fx_exp(a) >= FX_BIAS + 63;
    return *out_of_range;
}

void fx_sincos(struct fx_ctx *c, struct fx80 a, struct fx80 *sin, struct fx80 *cos,
               bool *out_of_range)
{
    struct fx80 r;
    if (ends(c, a, &r, out_of_range)) {
        if (sin) {
            *sin = r;
        }
        if (cos) {
            *cos = fx_classify(a) == FX_ZERO ? fx_pack(0, FX_BIAS, FX_INTEGER_BIT) : r;
        }
        return;
    }
    struct angle t = angle_of(wide_from(a));
    bool odd = t.quadrant & 1;
    if (sin) {
        struct wide v = odd ? cosine(&t) : sine(&t);
        v.sign ^= t.quadrant >> 1;
        *sin = wide_result(c, v, t.tiny);
    }
    if (cos) {
        struct wide v = odd ? sine(&t) : cosine(&t);
        v.sign ^= (t.quadrant + 1) >> 1 & 1;
        *cos = wide_result(c, v, t.tiny);
    }
}

struct fx80 fx_ptan(struct fx_ctx *c, struct fx80 a, bool *out_of_range)
{
    struct fx80 r;
    if (ends(c, a, &r, out_of_range)) {
        return r;
    }
    struct angle t = angle_of(wide_from(a));
    struct wide v = cosine(&t);
    if (t.quadrant & 1) { /* tan(r + pi/2) = -cos r / sin r */
        v.sign ^= 1;
        return wide_result(c, wide_div(v, sine(&t)), false);
    }
    return wide_result(c, t.tiny ? t.r : wide_div(sine(&t), v), t.tiny);
}
