/* cpu/fx80_trans.c -- see fx80.h: F2XM1, FYL2X, FYL2XP1, FPATAN. (SDM 1 8.3.9 to 8.3.10; SDM 2
 * for the tables of special operands.)
 *
 * Power series in 128-bit arithmetic. Every result that is computed is inexact, even log2(2).
 * Operands out of an instruction's range have undefined results, which are here what Intel's
 * processors give: the operand itself.
 */
#include "cpu/fx80_wide.h"

static const struct wide one = {0, 0, {FX_INTEGER_BIT, 0}};
static const struct wide ln_2 = {-1, 0, {0xB17217F7D1CF79ABu, 0xC9E3B39803F2F6AFu}};
static const struct wide two_by_ln_2 = {1, 0, {0xB8AA3B295C17F0BBu, 0xBE87FED0691D3E89u}};

/* ---- 2^x - 1 */

struct fx80 fx_2xm1(struct fx_ctx *c, struct fx80 a)
{
    struct fx80 r;
    if (fx_special(c, a, a, &r)) {
        return r;
    }
    if (fx_is_zero(a) || fx_denormal_operand(c, a, a)) {
        return a;
    }
    if (fx_is_infinity(a)) {
        return fx_negative(a) ? fx_pack(1, FX_BIAS, FX_INTEGER_BIT) : a;
    }
    struct wide x = wide_from(a);
    if (x.exp >= 0) {
        if (fx_negative(a) && x.exp == 0 && a.m == FX_INTEGER_BIT) {
            x.exp = -1; /* 2^-1 - 1 */
        }
        return wide_result(c, x, true);
    }
    /* t = x ln 2; e^t - 1 = t (1 + t/2! + t^2/3! ...) */
    struct wide t = wide_mul(x, ln_2);
    struct u128 s = wide_series(wide_fraction(t, 0), wide_inverse + 1, 31, 1, t.sign);
    return wide_result(c, wide_mul(t, wide_normalized(0, 0, s)), false);
}

/* ---- logarithms */

/* s (1 + s^2/3 + s^4/5 ...) * 2 / ln 2 = log2((1 + s) / (1 - s)), for s^2 < 0.03 */
static struct wide log2_of_ratio(struct wide s)
{
    struct u128 z = wide_fraction(wide_mul(s, s), 0);
    struct u128 series = wide_series(z, wide_odd, 24, 1, false);
    return wide_mul(wide_mul(s, wide_normalized(0, 0, series)), two_by_ln_2);
}

/* log2 of a positive number; *exact: of a power of two. */
static struct wide log2_of(struct wide v, bool *exact)
{
    struct wide minus_one = {0, 1, one.m}, m = {0, 0, v.m};
    int32_t exp = v.exp;
    if (m.m.hi > 0xB504F333F9DE6484u) { /* sqrt(2) */
        m.exp = -1;
        exp++;
    }
    struct wide num = wide_add(m, minus_one), whole = {0, 0, {0, 0}};
    if (exp) {
        uint64_t magnitude = exp < 0 ? 0 - (uint64_t)(int64_t)exp : (uint64_t)exp;
        whole = wide_normalized(127, exp < 0, (struct u128){0, magnitude});
    }
    *exact = num.m.hi == 0;
    if (*exact) {
        return whole;
    }
    struct wide fraction = log2_of_ratio(wide_div(num, wide_add(m, one)));
    return exp ? wide_add(fraction, whole) : fraction;
}

/* y times a logarithm that is no number or 0. Sets *r and is true. */
static bool times_special(struct fx_ctx *c, struct fx80 x, struct fx80 y, bool log_zero,
                          bool log_infinite, unsigned log_sign, struct fx80 *r)
{
    unsigned sign = fx_sign(y) ^ log_sign;
    bool y_zero = fx_is_zero(y), y_infinite = fx_is_infinity(y);
    if ((log_zero && y_infinite) || (log_infinite && y_zero)) {
        *r = fx_invalid(c);
        return true;
    }
    if (fx_denormal_operand(c, x, y)) {
        *r = y;
        return true;
    }
    *r = log_infinite || y_infinite ? fx_infinity(sign) : fx_zero(sign);
    return log_infinite || y_infinite || log_zero || y_zero;
}

struct fx80 fx_yl2x(struct fx_ctx *c, struct fx80 x, struct fx80 y)
{
    struct fx80 r;
    if (fx_special(c, x, y, &r)) {
        return r;
    }
    if (fx_is_zero(x)) {
        if (fx_is_zero(y)) {
            return fx_invalid(c);
        }
        if (!fx_is_infinity(y)) {
            c->raised |= FX_ZE;
        }
        return fx_infinity(!fx_sign(y));
    }
    if (fx_negative(x)) {
        return fx_invalid(c);
    }
    bool is_one = fx_exp(x) == FX_BIAS && x.m == FX_INTEGER_BIT;
    if (times_special(c, x, y, is_one, fx_is_infinity(x), fx_exp(x) < FX_BIAS, &r)) {
        return r;
    }
    bool exact;
    struct wide l = log2_of(wide_from(x), &exact);
    return wide_result(c, wide_mul(l, wide_from(y)), exact);
}

/* log2(1 + x), x > -1 */
static struct wide log2_of_one_and(struct wide x)
{
    bool exact;
    if (x.exp >= -2) {
        return log2_of(wide_add(x, one), &exact);
    }
    struct wide two = one;
    two.exp = 1;
    return log2_of_ratio(wide_div(x, wide_add(x, two)));
}

struct fx80 fx_yl2xp1(struct fx_ctx *c, struct fx80 x, struct fx80 y)
{
    struct fx80 r;
    if (fx_special(c, x, y, &r)) {
        return r;
    }
    if (fx_is_infinity(x) && fx_negative(x)) {
        return fx_invalid(c);
    }
    if (times_special(c, x, y, fx_is_zero(x), fx_is_infinity(x), fx_sign(x), &r)) {
        return r;
    }
    struct wide wx = wide_from(x);
    if (wx.sign && wx.exp >= 0) {
        return wide_result(c, wx, true);
    }
    return wide_result(c, wide_mul(log2_of_one_and(wx), wide_from(y)), false);
}

/* ---- arctangent */

static const struct u128 atan_eighths[9] = {
    {0, 0},
    {0x0FEADD4D5617B6E3u, 0x2C897989F3E888EFu},
    {0x1F5B75F92C80DD62u, 0xADB8F3DEBEF442FDu},
    {0x2DEC3283C9BDE11Cu, 0xE2A8C848B73F9121u},
    {0x3B58CE0AC3769ED1u, 0x5BF9117B2F0EA341u},
    {0x47802EAF7BFACFCDu, 0xAE41AF0B32E21BA4u},
    {0x525E3E8C9A7B8492u, 0x0CD43F9522BED64Fu},
    {0x5C029F15E118CF39u, 0xE596D2A90852221Fu},
    {0x6487ED5110B4611Au, 0x62633145C06E0E69u},
};

/* num / den (not above 1) less i/8: arctan(n/d) = arctan(i/8) + arctan((8n - id) / (8d + in)).
 * Both significands have 64 bits, and den is at most 2^4 times num where i is not 0. */
static struct wide reduced_ratio(struct wide num, struct wide den, unsigned *eighth)
{
    int32_t gap = den.exp - num.exp;
    *eighth = 0;
    if (gap <= 4) {
        uint64_t sixteenths = (num.m.hi >> gap) / (den.m.hi >> 4);
        *eighth = (unsigned)(sixteenths + 1) / 2;
    }
    if (*eighth == 0) {
        return wide_div(num, den);
    }
    struct u128 n = shl_128((struct u128){0, num.m.hi}, 8 - (unsigned)gap);
    struct u128 d = shl_128((struct u128){0, den.m.hi}, 8);
    struct u128 in = mul_64x64(num.m.hi, (uint64_t)*eighth << (8 - (unsigned)gap));
    struct u128 id = mul_64x64(den.m.hi, (uint64_t)*eighth << 8);
    struct u128 n8 = shl_128(n, 3);
    bool negative = n8.hi < id.hi || (n8.hi == id.hi && n8.lo < id.lo);
    struct wide top =
        wide_normalized(0, negative, negative ? sub_128(id, n8) : sub_128(n8, id));
    return wide_div(top, wide_normalized(0, 0, add_128(shl_128(d, 3), in)));
}

/* arctan(num / den), 0 < num <= den; *exact: num / den itself, too small to differ from it. */
static struct wide arctan_ratio(struct wide num, struct wide den, bool *exact)
{
    unsigned eighth;
    struct wide u = reduced_ratio(num, den, &eighth);
    struct wide table = wide_normalized(0, 0, atan_eighths[eighth]);
    *exact = false;
    if (u.m.hi == 0) {
        return table;
    }
    if (u.exp < -60 && eighth == 0) {
        *exact = u.m.lo == 0;
        return u;
    }
    struct u128 s = wide_series(wide_fraction(wide_mul(u, u), 0), wide_odd, 18, 1, true);
    struct wide small = wide_mul(u, wide_normalized(0, 0, s));
    return eighth ? wide_add(table, small) : small;
}

/* pi * eighths / 8, rounded. */
static struct fx80 pi_eighths(struct fx_ctx *c, unsigned sign, unsigned eighths)
{
    struct wide r = wide_mul(wide_pi, wide_normalized(124, sign, (struct u128){0, eighths}));
    return wide_result(c, r, false);
}

/* y/x is 0, infinite, or neither for two infinities. Sets *r and is true. */
static bool arctan_special(struct fx_ctx *c, struct fx80 y, struct fx80 x, struct fx80 *r)
{
    unsigned sign = fx_sign(y);
    bool left = fx_negative(x);
    if (fx_is_infinity(y)) {
        *r = pi_eighths(c, sign, !fx_is_infinity(x) ? 4 : left ? 6 : 2);
    } else if (fx_is_zero(y) || fx_is_infinity(x)) {
        *r = left ? pi_eighths(c, sign, 8) : fx_zero(sign);
    } else if (fx_is_zero(x)) {
        *r = pi_eighths(c, sign, 4);
    } else {
        return false;
    }
    return true;
}

struct fx80 fx_patan(struct fx_ctx *c, struct fx80 y, struct fx80 x)
{
    struct fx80 r;
    if (fx_special(c, y, x, &r)) {
        return r;
    }
    if (fx_denormal_operand(c, y, x)) {
        return y;
    }
    if (arctan_special(c, y, x, &r)) {
        return r;
    }
    struct wide num = wide_from(y), den = wide_from(x), a;
    bool steep = num.exp > den.exp || (num.exp == den.exp && num.m.hi > den.m.hi);
    bool left = den.sign, exact;
    num.sign = den.sign = 0;
    a = steep ? arctan_ratio(den, num, &exact) : arctan_ratio(num, den, &exact);
    if (steep || left) { /* pi/2 -+ a, or pi - a */
        struct wide turn = wide_pi;
        turn.exp -= steep;
        a.sign = steep ? !left : 1;
        a = wide_add(turn, a);
        exact = false;
    }
    a.sign = fx_sign(y);
    return wide_result(c, a, exact);
}
