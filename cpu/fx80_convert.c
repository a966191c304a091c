/* cpu/fx80_convert.c -- see fx80.h: memory formats (SDM 1 4.8.3, 8.2; SDM 2 FLD, FST, FIST,
 * FBLD, FBSTP). */
#include "cpu/fx80_priv.h"

/* ---- single and double precision */

struct binary_format {
    unsigned fraction_bits, exp_max;
    int32_t bias;
};
static const struct binary_format single = {23, 0xFF, 127}, dual = {52, 0x7FF, 1023};

/* The exact value, with a signalling NaN and a denormal number left for the caller to notice.
 */
static struct fx80 widen(const struct binary_format *f, uint64_t bits)
{
    unsigned sign = (unsigned)(bits >> (f->exp_max == 0xFF ? 31 : 63)) & 1;
    unsigned exp = (unsigned)(bits >> f->fraction_bits) & f->exp_max;
    uint64_t m = bits << (63 - f->fraction_bits) & ~FX_INTEGER_BIT;
    if (exp == f->exp_max) {
        return fx_pack(sign, FX_EXP_MAX, m | FX_INTEGER_BIT);
    }
    if (exp) {
        return fx_pack(sign, (unsigned)((int32_t)exp - f->bias + FX_BIAS), m | FX_INTEGER_BIT);
    }
    if (m == 0) {
        return fx_zero(sign);
    }
    unsigned shift = clz_64(m);
    return fx_pack(sign, (unsigned)(1 - f->bias + FX_BIAS - (int32_t)shift), m << shift);
}

static bool denormal_bits(const struct binary_format *f, uint64_t bits)
{
    uint64_t fraction = bits & (((uint64_t)1 << f->fraction_bits) - 1);
    return fraction && !(bits >> f->fraction_bits & f->exp_max);
}

static struct fx80 load(struct fx_ctx *c, const struct binary_format *f, uint64_t bits)
{
    struct fx80 r = widen(f, bits);
    if (fx_classify(r) == FX_SNAN) {
        c->raised |= FX_IE;
        r.m |= FX_QUIET_BIT;
    } else if (denormal_bits(f, bits)) {
        c->raised |= FX_DE;
    }
    return r;
}

struct fx80 fx_from_f32(struct fx_ctx *c, uint32_t bits)
{
    return load(c, &single, bits);
}

struct fx80 fx_from_f64(struct fx_ctx *c, uint64_t bits)
{
    return load(c, &dual, bits);
}

struct fx80 fx_operand_f32(struct fx_ctx *c, uint32_t bits)
{
    c->denormal_source = denormal_bits(&single, bits);
    return widen(&single, bits);
}

struct fx80 fx_operand_f64(struct fx_ctx *c, uint64_t bits)
{
    c->denormal_source = denormal_bits(&dual, bits);
    return widen(&dual, bits);
}

/* Without the sign. An unmasked overflow or underflow raises nothing but its own flag. */
static uint64_t narrow_finite(struct fx_ctx *c, const struct binary_format *f, struct fx80 a)
{
    struct fx_num n = fx_unpack(a);
    unsigned sign = fx_sign(a), shift = 63 - f->fraction_bits;
    uint64_t mask = ((uint64_t)1 << shift) - 1;
    enum fx_round direction = fx_rounding(c);
    struct fx_rounded r = fx_round_at(direction, sign, n.m, 0, mask);
    int32_t exp = n.exp - FX_BIAS + f->bias, rounded_exp = exp + (r.m == 0);
    if (rounded_exp >= (int32_t)f->exp_max) {
        bool up = direction == FX_NEAREST || direction == (sign ? FX_DOWN : FX_UP);
        uint64_t infinity = (uint64_t)f->exp_max << f->fraction_bits;
        bool masked = c->control & FX_OE;
        c->raised |= (uint16_t)(FX_OE | (masked ? FX_PE | (up ? FX_C1 : 0) : 0));
        return up ? infinity : infinity - 1;
    }
    bool tiny = rounded_exp < 1;
    if (tiny && !(c->control & FX_UE)) {
        c->raised |= FX_UE;
        return 0;
    }
    if (exp < 1) {
        struct u128 v =
            shr_128_jam((struct u128){n.m, 0}, exp < -64 ? 65 : (unsigned)(1 - exp));
        r = fx_round_at(direction, sign, v.hi, v.lo, mask);
        exp = 0;
    }
    if (r.inexact) {
        c->raised |= (uint16_t)(FX_PE | (r.up ? FX_C1 : 0) | (tiny ? FX_UE : 0));
    }
    /* Carries run into the exponent: a significand of 0 was all ones, the integer bit of a
     * normal number is implied. */
    if (exp == 0) {
        return r.m >> shift;
    }
    uint64_t integer = r.m ? r.m >> shift : (uint64_t)2 << f->fraction_bits;
    return ((uint64_t)(unsigned)(exp - 1) << f->fraction_bits) + integer;
}

static uint64_t narrow(struct fx_ctx *c, const struct binary_format *f, struct fx80 a)
{
    uint64_t infinity = (uint64_t)f->exp_max << f->fraction_bits;
    uint64_t quiet = infinity | (uint64_t)1 << (f->fraction_bits - 1);
    uint64_t sign = (uint64_t)fx_sign(a) << (f->exp_max == 0xFF ? 31 : 63);
    enum fx_class k = fx_classify(a);
    if (k == FX_SNAN || k == FX_UNSUPPORTED) {
        c->raised |= FX_IE;
    }
    switch (k) {
    case FX_ZERO: return sign;
    case FX_INFINITY: return sign | infinity;
    case FX_SNAN:
    case FX_QNAN: return sign | quiet | (a.m & ~FX_INTEGER_BIT) >> (63 - f->fraction_bits);
    case FX_UNSUPPORTED: return (uint64_t)1 << (f->exp_max == 0xFF ? 31 : 63) | quiet;
    default: return sign | narrow_finite(c, f, a);
    }
}

uint32_t fx_to_f32(struct fx_ctx *c, struct fx80 a)
{
    return (uint32_t)narrow(c, &single, a);
}

uint64_t fx_to_f64(struct fx_ctx *c, struct fx80 a)
{
    return narrow(c, &dual, a);
}

/* ---- integers */

struct fx80 fx_from_i64(int64_t v)
{
    unsigned sign = v < 0;
    uint64_t m = sign ? 0 - (uint64_t)v : (uint64_t)v;
    if (m == 0) {
        return fx_zero(0);
    }
    unsigned shift = clz_64(m);
    return fx_pack(sign, FX_BIAS + 63 - shift, m << shift);
}

/* The magnitude of a rounded to an integer, if it is at most `limit`; otherwise invalid, and
 * false. A denormal number raises no DE here (SDM 2 FIST, FBSTP). */
static bool to_integer(struct fx_ctx *c, struct fx80 a, uint64_t limit, uint64_t *magnitude)
{
    enum fx_class k = fx_classify(a);
    *magnitude = 0;
    if (k == FX_ZERO) {
        return true;
    }
    if (k != FX_DENORMAL && k != FX_NORMAL) {
        c->raised |= FX_IE;
        return false;
    }
    struct fx_num n = fx_unpack(a);
    int32_t shift = FX_BIAS + 63 - n.exp; /* bits behind the point */
    if (shift < 0) {
        c->raised |= FX_IE;
        return false;
    }
    struct u128 v = shr_128_jam((struct u128){n.m, 0}, shift > 66 ? 66 : (unsigned)shift);
    struct fx_rounded r = fx_round_at(fx_rounding(c), fx_sign(a), v.hi, v.lo, 0);
    if (r.m > limit) {
        c->raised |= FX_IE;
        return false;
    }
    c->raised |= (uint16_t)((r.inexact ? FX_PE : 0) | (r.up ? FX_C1 : 0));
    *magnitude = r.m;
    return true;
}

/* Two's complement in `bits` bits. */
static uint64_t to_signed(struct fx_ctx *c, struct fx80 a, unsigned bits)
{
    uint64_t most = (uint64_t)1 << (bits - 1), magnitude;
    if (!to_integer(c, a, most - !fx_negative(a), &magnitude)) {
        return 0 - most; /* the integer indefinite */
    }
    return fx_negative(a) ? 0 - magnitude : magnitude;
}

/* Not a cast: of a value out of range it would be the implementation's. */
static int64_t as_signed(uint64_t v)
{
    return v >> 63 ? -(int64_t)(UINT64_MAX - v) - 1 : (int64_t)v;
}

int16_t fx_to_i16(struct fx_ctx *c, struct fx80 a)
{
    return (int16_t)as_signed(to_signed(c, a, 16));
}

int32_t fx_to_i32(struct fx_ctx *c, struct fx80 a)
{
    return (int32_t)as_signed(to_signed(c, a, 32));
}

int64_t fx_to_i64(struct fx_ctx *c, struct fx80 a)
{
    return as_signed(to_signed(c, a, 64));
}

/* ---- packed decimal: 18 digits, the sign in bit 7 of byte 9 */

struct fx80 fx_from_bcd(const uint8_t bcd[10])
{
    uint64_t v = 0;
    for (int k = 8; k >= 0; k--) {
        v = v * 100 + (bcd[k] >> 4) * 10u + (bcd[k] & 15u);
    }
    struct fx80 r = fx_from_i64((int64_t)v);
    r.se = (uint16_t)(r.se | (bcd[9] & 0x80) << 8);
    return r;
}

void fx_to_bcd(struct fx_ctx *c, struct fx80 a, uint8_t bcd[10])
{
    uint64_t v;
    if (!to_integer(c, a, 999999999999999999u, &v)) {
        for (unsigned k = 0; k < 7; k++) {
            bcd[k] = 0;
        }
        bcd[7] = 0xC0;
        bcd[8] = bcd[9] = 0xFF;
        return;
    }
    for (unsigned k = 0; k < 9; k++) {
        unsigned two = (unsigned)(v % 100);
        bcd[k] = (uint8_t)(two / 10 << 4 | two % 10);
        v /= 100;
    }
    bcd[9] = fx_negative(a) ? 0x80 : 0;
}
