/* cpu/fx80.c -- see fx80.h: rounding, operands, and the five basic operations. */
#include "cpu/fx80_priv.h"
#include "cpu/host_fp.h"

const struct fx80 fx_indefinite = {FX_INTEGER_BIT | FX_QUIET_BIT, 0xFFFF};

/* ---- 128-bit division */

/* One 32-bit digit of the quotient: *r (below d) times 2^32 plus the next 32 bits, by d. The
 * estimate from d's upper half is at most two too large (Knuth, TAOCP 2, 4.3.1). */
static inline uint64_t quotient_digit(uint64_t *r, uint32_t next, uint64_t d)
{
    uint64_t dh = d >> 32, dl = (uint32_t)d;
    uint64_t q = *r / dh, rest = *r % dh;
    while (q >> 32 || q * dl > (rest << 32 | next)) {
        q--;
        rest += dh;
        if (rest >> 32) {
            break;
        }
    }
    *r = (*r << 32 | next) - q * d; /* modulo 2^64: the true difference is below d */
    return q;
}

uint64_t div_128_64(uint64_t hi, uint64_t lo, uint64_t d, uint64_t *remainder)
{
    uint64_t r = hi;
    uint64_t high = quotient_digit(&r, (uint32_t)(lo >> 32), d);
    uint64_t low = quotient_digit(&r, (uint32_t)lo, d);
    *remainder = r;
    return high << 32 | low;
}

/* ---- operands */

enum fx_class fx_classify(struct fx80 a)
{
    unsigned exp = fx_exp(a);
    if (exp == 0) {
        return a.m ? FX_DENORMAL : FX_ZERO;
    }
    if (!(a.m >> 63)) {
        return FX_UNSUPPORTED;
    }
    if (exp < FX_EXP_MAX) {
        return FX_NORMAL;
    }
    return a.m == FX_INTEGER_BIT ? FX_INFINITY : a.m & FX_QUIET_BIT ? FX_QNAN : FX_SNAN;
}

static bool is_nan(enum fx_class k)
{
    return k == FX_QNAN || k == FX_SNAN;
}

/* SDM 1 table 4-7: the larger significand, which is a quiet NaN's before a signalling one's; of
 * equal ones the positive. */
static struct fx80 chosen_nan(struct fx80 a, enum fx_class ka, struct fx80 b, enum fx_class kb)
{
    bool first;
    if (!is_nan(ka) || !is_nan(kb)) {
        first = is_nan(ka);
    } else {
        first = a.m > b.m || (a.m == b.m && !fx_negative(a));
    }
    struct fx80 nan = first ? a : b;
    nan.m |= FX_QUIET_BIT;
    return nan;
}

bool fx_special(struct fx_ctx *c, struct fx80 a, struct fx80 b, struct fx80 *result)
{
    enum fx_class ka = fx_classify(a), kb = fx_classify(b);
    if (ka == FX_UNSUPPORTED || kb == FX_UNSUPPORTED) {
        *result = fx_invalid(c);
        return true;
    }
    if (!is_nan(ka) && !is_nan(kb)) {
        return false;
    }
    if (ka == FX_SNAN || kb == FX_SNAN) {
        c->raised |= FX_IE;
    }
    *result = chosen_nan(a, ka, b, kb);
    return true;
}

/* ---- rounding */

unsigned fx_precision(const struct fx_ctx *c)
{
    /* 01 is reserved; processors take it as 64 bits. */
    static const uint8_t bits[4] = {24, 64, 53, 64};
    return bits[c->control >> 8 & 3];
}

struct fx_rounded fx_round_at(enum fx_round direction, unsigned sign, uint64_t m, uint64_t lo,
                              uint64_t mask)
{
    uint64_t unit = mask + 1, rest = m & mask;
    bool half = mask ? m & (unit >> 1) : lo >> 63;
    bool more = mask ? (m & mask >> 1) || lo : lo << 1;
    struct fx_rounded r = {.m = m - rest, .inexact = half || more};
    switch (direction) {
    case FX_NEAREST: r.up = half && (more || m & unit); break;
    case FX_DOWN: r.up = sign && r.inexact; break;
    case FX_UP: r.up = !sign && r.inexact; break;
    default: r.up = false; break;
    }
    r.m += r.up ? unit : 0;
    return r;
}

/* The result with exponent exp is too large. Unmasked, a wrapped exponent that is still too
 * large (only FSCALE gets there) gives infinity (SDM 1 8.5.4). */
static struct fx80 overflow(struct fx_ctx *c, unsigned sign, int32_t exp, uint64_t m,
                            uint64_t mask)
{
    enum fx_round direction = fx_rounding(c);
    c->raised |= FX_OE;
    if (!(c->control & FX_OE) && exp - FX_WRAP < FX_EXP_MAX) {
        return fx_pack(sign, (unsigned)(exp - FX_WRAP), m);
    }
    c->raised |= FX_PE;
    if (!(c->control & FX_OE) || direction == FX_NEAREST ||
        direction == (sign ? FX_DOWN : FX_UP)) {
        c->raised |= FX_C1;
        return fx_infinity(sign);
    }
    c->raised &= (uint16_t)~FX_C1;
    return fx_pack(sign, FX_EXP_MAX - 1, ~mask);
}

/* m:lo with exponent exp is tiny after rounding: denormalized, and rounded at the same place of
 * the significand. Unmasked, a wrapped exponent that is still too small gives 0. */
static struct fx80 underflow(struct fx_ctx *c, unsigned sign, int32_t exp, uint64_t m,
                             uint64_t lo, uint64_t mask)
{
    unsigned shift = exp < -200 ? 200 : (unsigned)(1 - exp);
    struct u128 v = shr_128_jam((struct u128){m, lo}, shift);
    struct fx_rounded r = fx_round_at(fx_rounding(c), sign, v.hi, v.lo, mask);
    if (r.inexact) {
        c->raised |= (uint16_t)(FX_UE | FX_PE | (r.up ? FX_C1 : 0));
    }
    return fx_pack(sign, (unsigned)(r.m >> 63), r.m);
}

/* As underflow(), unmasked; m is the significand as rounded with an unlimited exponent. */
static struct fx80 trapped_underflow(struct fx_ctx *c, unsigned sign, int32_t exp, uint64_t m)
{
    c->raised |= FX_UE;
    if (exp + FX_WRAP < 1) {
        c->raised = (uint16_t)((c->raised | FX_PE) & ~FX_C1);
        return fx_zero(sign);
    }
    return fx_pack(sign, (unsigned)(exp + FX_WRAP), m);
}

struct fx80 fx_round_bits(struct fx_ctx *c, unsigned sign, int32_t exp, uint64_t m, uint64_t lo,
                          unsigned bits)
{
    uint64_t mask = bits == 64 ? 0 : UINT64_MAX >> bits;
    struct fx_rounded r = fx_round_at(fx_rounding(c), sign, m, lo, mask);
    int32_t rounded_exp = exp;
    if (UNLIKELY(r.m == 0)) { /* carried out of the significand */
        r.m = FX_INTEGER_BIT;
        rounded_exp++;
    }
    if (UNLIKELY(rounded_exp < 1) && c->control & FX_UE) {
        return underflow(c, sign, exp, m, lo, mask);
    }
    if (r.inexact) {
        c->raised |= (uint16_t)(FX_PE | (r.up ? FX_C1 : 0));
    }
    if (UNLIKELY(rounded_exp < 1)) {
        return trapped_underflow(c, sign, rounded_exp, r.m);
    }
    if (UNLIKELY(rounded_exp >= FX_EXP_MAX)) {
        return overflow(c, sign, rounded_exp, r.m, mask);
    }
    return fx_pack(sign, (unsigned)rounded_exp, r.m);
}

/* ---- the host's unit (host_fp.h) */

static inline bool may_ask_host(const struct fx_ctx *c, struct fx80 a, struct fx80 b)
{
    return c->native && fx_is_normal(a) && fx_is_normal(b) && !c->denormal_source;
}

/* Is r, the host's result, far from overflow and underflow? Then it is the result. */
static inline bool believed(struct fx_ctx *c, struct fx80 r, bool up)
{
    if (UNLIKELY(fx_exp(r) - 2 > FX_EXP_MAX - 4u)) {
        return false;
    }
    c->raised |= up ? FX_C1 : 0;
    return true;
}

#define ASK_HOST(OPERATION, A, B)                                                              \
    do {                                                                                       \
        bool up_;                                                                              \
        struct fx80 r_;                                                                        \
        if (may_ask_host(c, A, B) &&                                                           \
            (r_ = host_x87_##OPERATION(c->control, A, B, &up_), believed(c, r_, up_))) {       \
            return r_;                                                                         \
        }                                                                                      \
    } while (0)

/* ---- addition and subtraction */

static inline struct fx80 add_magnitudes(struct fx_ctx *c, unsigned sign, struct fx_num a,
                                         struct fx_num b)
{
    if (a.exp < b.exp) {
        struct fx_num t = a;
        a = b;
        b = t;
    }
    struct u128 s = shr_128_jam((struct u128){b.m, 0}, (unsigned)(a.exp - b.exp));
    s.hi += a.m;
    if (s.hi < a.m) {
        s.lo = s.lo >> 1 | s.hi << 63; /* b was shifted by less than 64: no bit is lost */
        s.hi = s.hi >> 1 | FX_INTEGER_BIT;
        a.exp++;
    }
    return fx_round(c, sign, a.exp, s.hi, s.lo);
}

/* a - b of magnitudes, sign that of a. */
static inline struct fx80 subtract_magnitudes(struct fx_ctx *c, unsigned sign, struct fx_num a,
                                              struct fx_num b)
{
    if (a.exp < b.exp || (a.exp == b.exp && a.m < b.m)) {
        struct fx_num t = a;
        a = b;
        b = t;
        sign ^= 1;
    }
    struct u128 s = shr_128_jam((struct u128){b.m, 0}, (unsigned)(a.exp - b.exp));
    s = sub_128((struct u128){a.m, 0}, s);
    if (s.hi == 0) {
        if (s.lo == 0) {
            return fx_zero(fx_rounding(c) == FX_DOWN);
        }
        s = (struct u128){s.lo, 0};
        a.exp -= 64;
    }
    unsigned shift = clz_64(s.hi);
    s = shl_128(s, shift);
    return fx_round(c, sign, a.exp - (int32_t)shift, s.hi, s.lo);
}

/* One of the operands is not normal. `flip` as in sum(). */
static COLD struct fx80 special_sum(struct fx_ctx *c, struct fx80 a, struct fx80 b,
                                    unsigned flip)
{
    struct fx80 r;
    if (fx_special(c, a, b, &r)) {
        return r;
    }
    b.se = (uint16_t)(b.se ^ flip << 15);
    unsigned sign = fx_sign(a);
    if (fx_is_infinity(a) && fx_is_infinity(b) && sign != fx_sign(b)) {
        return fx_invalid(c);
    }
    if (fx_denormal_operand(c, a, b)) {
        return a;
    }
    if (fx_is_infinity(a) || fx_is_infinity(b)) {
        return fx_is_infinity(a) ? a : b;
    }
    if (fx_is_zero(a) && fx_is_zero(b)) {
        return fx_zero(sign == fx_sign(b) ? sign : fx_rounding(c) == FX_DOWN);
    }
    if (fx_is_zero(a) || fx_is_zero(b)) { /* even so a matter of precision and of underflow */
        struct fx80 other = fx_is_zero(a) ? b : a;
        struct fx_num n = fx_unpack(other);
        return fx_round(c, fx_sign(other), n.exp, n.m, 0);
    }
    return sign == fx_sign(b) ? add_magnitudes(c, sign, fx_unpack(a), fx_unpack(b))
                              : subtract_magnitudes(c, sign, fx_unpack(a), fx_unpack(b));
}

/* a + b; flip: a - b. */
static inline struct fx80 sum(struct fx_ctx *c, struct fx80 a, struct fx80 b, unsigned flip)
{
    if (UNLIKELY(!fx_is_normal(a) || !fx_is_normal(b) || c->denormal_source)) {
        return special_sum(c, a, b, flip);
    }
    struct fx_num na = {(int32_t)fx_exp(a), a.m}, nb = {(int32_t)fx_exp(b), b.m};
    return (fx_sign(a) ^ fx_sign(b)) == flip ? add_magnitudes(c, fx_sign(a), na, nb)
                                             : subtract_magnitudes(c, fx_sign(a), na, nb);
}

struct fx80 fx_add(struct fx_ctx *c, struct fx80 a, struct fx80 b)
{
    ASK_HOST(add, a, b);
    return sum(c, a, b, 0);
}

struct fx80 fx_sub(struct fx_ctx *c, struct fx80 a, struct fx80 b)
{
    ASK_HOST(sub, a, b);
    return sum(c, a, b, 1);
}

/* ---- multiplication */

static inline struct fx80 multiply(struct fx_ctx *c, unsigned sign, struct fx_num a,
                                   struct fx_num b)
{
    struct u128 p = mul_64x64(a.m, b.m);
    int32_t exp = a.exp + b.exp - FX_BIAS + 1;
    if (!(p.hi >> 63)) {
        p = shl_128(p, 1);
        exp--;
    }
    return fx_round(c, sign, exp, p.hi, p.lo);
}

static COLD struct fx80 special_product(struct fx_ctx *c, struct fx80 a, struct fx80 b)
{
    struct fx80 r;
    unsigned sign = fx_sign(a) ^ fx_sign(b);
    if (fx_special(c, a, b, &r)) {
        return r;
    }
    bool infinite = fx_is_infinity(a) || fx_is_infinity(b);
    bool zero = fx_is_zero(a) || fx_is_zero(b);
    if (infinite && zero) {
        return fx_invalid(c);
    }
    if (fx_denormal_operand(c, a, b)) {
        return a;
    }
    return infinite ? fx_infinity(sign)
           : zero   ? fx_zero(sign)
                    : multiply(c, sign, fx_unpack(a), fx_unpack(b));
}

struct fx80 fx_mul(struct fx_ctx *c, struct fx80 a, struct fx80 b)
{
    ASK_HOST(mul, a, b);
    if (UNLIKELY(!fx_is_normal(a) || !fx_is_normal(b) || c->denormal_source)) {
        return special_product(c, a, b);
    }
    struct fx_num na = {(int32_t)fx_exp(a), a.m}, nb = {(int32_t)fx_exp(b), b.m};
    return multiply(c, fx_sign(a) ^ fx_sign(b), na, nb);
}

/* ---- division */

static inline struct fx80 divide(struct fx_ctx *c, unsigned sign, struct fx_num a,
                                 struct fx_num b)
{
    bool wide = a.m >= b.m;
    uint64_t rest,
        q = wide ? div_128_64(a.m >> 1, a.m << 63, b.m, &rest) : div_128_64(a.m, 0, b.m, &rest);
    /* The rest only has to say: nothing, less than half a unit, more. It is never the half: b
     * times an odd number of 65 bits is no multiple of a 64-bit a by a power of two. */
    uint64_t lo = rest == 0 ? 0 : rest < b.m - rest ? 1 : FX_INTEGER_BIT | 1;
    return fx_round(c, sign, a.exp - b.exp + FX_BIAS - !wide, q, lo);
}

static COLD struct fx80 special_quotient(struct fx_ctx *c, struct fx80 a, struct fx80 b)
{
    struct fx80 r;
    unsigned sign = fx_sign(a) ^ fx_sign(b);
    if (fx_special(c, a, b, &r)) {
        return r;
    }
    if ((fx_is_infinity(a) && fx_is_infinity(b)) || (fx_is_zero(a) && fx_is_zero(b))) {
        return fx_invalid(c);
    }
    if (fx_is_zero(b) && !fx_is_infinity(a)) { /* before a denormal operand (SDM 1 4.9.2) */
        c->raised |= FX_ZE;
        return fx_infinity(sign);
    }
    if (fx_denormal_operand(c, a, b)) {
        return a;
    }
    return fx_is_infinity(a)                    ? fx_infinity(sign)
           : fx_is_zero(a) || fx_is_infinity(b) ? fx_zero(sign)
                                                : divide(c, sign, fx_unpack(a), fx_unpack(b));
}

struct fx80 fx_div(struct fx_ctx *c, struct fx80 a, struct fx80 b)
{
    ASK_HOST(div, a, b);
    if (UNLIKELY(!fx_is_normal(a) || !fx_is_normal(b) || c->denormal_source)) {
        return special_quotient(c, a, b);
    }
    struct fx_num na = {(int32_t)fx_exp(a), a.m}, nb = {(int32_t)fx_exp(b), b.m};
    return divide(c, fx_sign(a) ^ fx_sign(b), na, nb);
}

/* ---- square root */

/* Root of n (2^14 or more, so that it has 8 bits), by its bits. */
static uint32_t root_16(uint32_t n)
{
    uint32_t r = 0;
    for (uint32_t bit = 0x80; bit; bit >>= 1) {
        uint32_t t = r | bit;
        r = t * t <= n ? t : r;
    }
    return r;
}

/* Root of a number from the root of its upper half (Zimmermann, "Karatsuba Square Root"): with
 * r = sqrt(high), the next digits are (rest * 2^k + middle) / 2r, at most one too large. */
static uint64_t root_32(uint32_t n)
{
    uint32_t high = n >> 16, r = root_16(high), rest = high - r * r;
    uint32_t part = rest << 8 | (n >> 8 & 0xFF), q = part / (2 * r), u = part % (2 * r);
    int32_t left = (int32_t)(u << 8 | (n & 0xFF)) - (int32_t)(q * q);
    return (r << 8) + q - (left < 0);
}

static uint64_t root_64(uint64_t n)
{
    uint64_t high = n >> 32, r = root_32((uint32_t)high), rest = high - r * r;
    uint64_t part = rest << 16 | (n >> 16 & 0xFFFF), q = part / (2 * r), u = part % (2 * r);
    int64_t left = (int64_t)(u << 16 | (n & 0xFFFF)) - (int64_t)(q * q);
    return (r << 16) + q - (left < 0);
}

uint64_t root_128(struct u128 n, struct u128 *rest_of)
{
    uint64_t r = root_64(n.hi), rest = n.hi - r * r; /* rest <= 2r: 33 bits */
    /* (rest * 2^32 + middle) / 2r: both halved, as the dividend has 65 bits. */
    uint64_t half_hi = rest << 31 | n.lo >> 33, q = half_hi / r, u = half_hi % r;
    uint64_t odd = n.lo >> 32 & 1;
    struct u128 left = shl_128((struct u128){0, u << 1 | odd}, 32);
    left.lo |= (uint32_t)n.lo;
    uint64_t s = (r << 32) + q;
    struct u128 square = mul_64x64(q, q);
    bool over = left.hi < square.hi || (left.hi == square.hi && left.lo < square.lo);
    left = sub_128(left, square);
    if (over) { /* (s - 1)^2 = s^2 - 2s + 1 */
        s--;
        left = add_128(left, (struct u128){s >> 63, s << 1 | 1});
    }
    *rest_of = left;
    return s;
}

static COLD struct fx80 special_root(struct fx_ctx *c, struct fx80 a, bool *done)
{
    struct fx80 r;
    *done = true;
    if (fx_special(c, a, a, &r)) {
        return r;
    }
    if (fx_is_zero(a)) {
        return a;
    }
    if (fx_negative(a)) {
        return fx_invalid(c);
    }
    if (fx_denormal_operand(c, a, a) || fx_is_infinity(a)) {
        return a;
    }
    *done = false;
    return a;
}

struct fx80 fx_sqrt(struct fx_ctx *c, struct fx80 a)
{
    if (!fx_negative(a)) {
        ASK_HOST(sqrt, a, a);
    }
    if (UNLIKELY(!fx_is_normal(a) || fx_negative(a))) {
        bool done;
        struct fx80 r = special_root(c, a, &done);
        if (done) {
            return r;
        }
    }
    struct fx_num n = fx_unpack(a);
    /* m * 2^(exp - 16446): an odd power is made even. */
    bool odd = (n.exp - FX_BIAS) & 1;
    struct u128 square = shr_128((struct u128){n.m, 0}, !odd);
    struct u128 rest;
    uint64_t r = root_128(square, &rest);
    /* The rest is at most 2r: more than half a unit is a rest above r. */
    uint64_t lo = rest.hi || rest.lo > r ? FX_INTEGER_BIT | 1 : rest.lo != 0;
    return fx_round(c, 0, (n.exp - FX_BIAS - odd) / 2 + FX_BIAS, r, lo);
}
