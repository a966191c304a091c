/* cpu/sf.c -- see sf.h. */
#include "cpu/sf.h"

#include "cpu/fx80_priv.h"
#include "cpu/host_fp.h"

/* A format; constant where these functions are inlined. */
struct format {
    unsigned fraction; /* bits */
    int32_t exp_max;   /* infinities and NaNs */
    int32_t bias;
};
static const struct format f32 = {23, 0xFF, 127}, f64 = {52, 0x7FF, 1023};

enum { DAZ = 0x40, FTZ = 0x8000, ROUND_SHIFT = 13 };
enum kind { ZERO, FINITE, INFINITE, NAN_ };

/* m * 2^(exp - 63), bit 63 of m set. */
struct num {
    uint64_t m;
    int32_t exp;
    uint8_t sign, kind;
    bool denormal, signalling;
};

static inline bool masked(const struct sf_ctx *c, uint32_t flag)
{
    return c->mxcsr >> 7 & flag;
}

static inline enum fx_round rounding(const struct sf_ctx *c)
{
    return (enum fx_round)(c->mxcsr >> ROUND_SHIFT & 3);
}

static inline uint64_t pack(const struct format *f, unsigned sign, uint64_t exp, uint64_t frac)
{
    return (uint64_t)sign << (f == &f32 ? 31 : 63) | exp << f->fraction | frac;
}

static inline uint64_t infinity(const struct format *f, unsigned sign)
{
    return pack(f, sign, (uint64_t)f->exp_max, 0);
}

static inline uint64_t quiet_bit(const struct format *f)
{
    return UINT64_C(1) << (f->fraction - 1);
}

static inline uint64_t invalid(struct sf_ctx *c, const struct format *f)
{
    c->raised |= FX_IE;
    return infinity(f, 1) | quiet_bit(f);
}

static inline struct num unpack(const struct sf_ctx *c, const struct format *f, uint64_t v)
{
    int32_t exp = (int32_t)(v >> f->fraction) & f->exp_max;
    uint64_t frac = v & ((UINT64_C(1) << f->fraction) - 1);
    struct num n = {.sign = v >> (f == &f32 ? 31 : 63) & 1, .kind = FINITE};
    n.exp = exp - f->bias;
    n.m = frac << (63 - f->fraction) | UINT64_C(1) << 63;
    if (UNLIKELY(exp == f->exp_max)) {
        n.kind = frac ? NAN_ : INFINITE;
        n.signalling = frac && !(frac & quiet_bit(f));
    } else if (UNLIKELY(exp == 0)) {
        n.kind = frac == 0 || (c->mxcsr & DAZ) ? ZERO : FINITE;
        if (n.kind == FINITE) {
            unsigned shift = clz_64(frac);
            n.denormal = true;
            n.m = frac << shift;
            n.exp = 1 - f->bias + (int32_t)(63 - f->fraction) - (int32_t)shift;
        }
    }
    return n;
}

/* m, of which the bits below `unit` are dropped; 0: a carry out of bit 63. */
static inline uint64_t round_at(const struct sf_ctx *c, unsigned sign, uint64_t m,
                                uint64_t unit)
{
    uint64_t rest = m & (unit - 1), half = unit >> 1, kept = m - rest;
    bool up = false;
    switch (rounding(c)) {
    case FX_NEAREST: up = rest > half || (rest == half && (m & unit)); break;
    case FX_DOWN: up = sign && rest; break;
    case FX_UP: up = !sign && rest; break;
    default: break;
    }
    return up ? kept + unit : kept;
}

static inline uint64_t jam(uint64_t m, unsigned n) /* shifted right; lost ones stay in bit 0 */
{
    return n == 0 ? m : n < 64 ? m >> n | (m << (64 - n) != 0) : m != 0;
}

static COLD uint64_t tiny(struct sf_ctx *c, const struct format *f, unsigned sign, int32_t exp,
                          uint64_t m)
{
    uint64_t unit = UINT64_C(1) << (63 - f->fraction);
    if (!masked(c, FX_UE)) {
        c->raised |= FX_UE | (m & (unit - 1) ? FX_PE : 0u);
        return 0;
    }
    if (c->mxcsr & FTZ) {
        c->raised |= FX_UE | FX_PE;
        return pack(f, sign, 0, 0);
    }
    m = jam(m, (unsigned)(1 - f->bias - exp));
    c->raised |= m & (unit - 1) ? FX_UE | FX_PE : 0u;
    return pack(f, sign, 0, 0) | round_at(c, sign, m, unit) >> (63 - f->fraction);
}

static COLD uint64_t too_large(struct sf_ctx *c, const struct format *f, unsigned sign,
                               bool inexact)
{
    enum fx_round direction = rounding(c);
    c->raised |= FX_OE | (masked(c, FX_OE) || inexact ? FX_PE : 0u);
    bool to_infinity = direction == FX_NEAREST || direction == (sign ? FX_DOWN : FX_UP);
    return infinity(f, sign) - !to_infinity;
}

/* m * 2^(exp - 63) rounded to the format; bit 0 of m also says "and a bit more". */
static inline uint64_t round_to(struct sf_ctx *c, const struct format *f, unsigned sign,
                                int32_t exp, uint64_t m)
{
    uint64_t unit = UINT64_C(1) << (63 - f->fraction), r = round_at(c, sign, m, unit);
    bool inexact = m & (unit - 1);
    int32_t biased = exp + f->bias + (r == 0);
    if (UNLIKELY(biased < 1)) {
        return tiny(c, f, sign, exp, m);
    }
    if (UNLIKELY(biased >= f->exp_max)) {
        return too_large(c, f, sign, inexact);
    }
    c->raised |= inexact ? FX_PE : 0u;
    return pack(f, sign, (uint64_t)biased, r << 1 >> (64 - f->fraction));
}

/* A NaN among the operands: the result. */
static COLD uint64_t nan_of(struct sf_ctx *c, const struct format *f, const struct num *x,
                            const struct num *y, uint64_t a, uint64_t b)
{
    c->raised |= x->signalling || y->signalling ? FX_IE : 0u;
    return (x->kind == NAN_ ? a : b) | quiet_bit(f);
}

static inline void denormals(struct sf_ctx *c, const struct num *x, const struct num *y)
{
    c->raised |= x->denormal || y->denormal ? FX_DE : 0u;
}

/* ---- sums */

static inline uint64_t zero_sum(const struct sf_ctx *c, const struct format *f)
{
    return pack(f, rounding(c) == FX_DOWN, 0, 0);
}

static COLD uint64_t special_sum(struct sf_ctx *c, const struct format *f, const struct num *x,
                                 const struct num *y)
{
    if (x->kind == INFINITE && y->kind == INFINITE && x->sign != y->sign) {
        return invalid(c, f);
    }
    denormals(c, x, y);
    if (x->kind == INFINITE || y->kind == INFINITE) {
        return infinity(f, x->kind == INFINITE ? x->sign : y->sign);
    }
    if (x->kind == ZERO && y->kind == ZERO) {
        return x->sign == y->sign ? pack(f, x->sign, 0, 0) : zero_sum(c, f);
    }
    return x->kind == ZERO ? round_to(c, f, y->sign, y->exp, y->m)
                           : round_to(c, f, x->sign, x->exp, x->m);
}

/* Significands have bits to spare below: one is shifted in for the carry, and one that falls
 * out of the smaller one is remembered in bit 0, far below the place where rounding looks. */
static inline uint64_t sum(struct sf_ctx *c, const struct format *f, uint64_t a, uint64_t b,
                           unsigned minus)
{
    struct num x = unpack(c, f, a), y = unpack(c, f, b);
    if (UNLIKELY(x.kind == NAN_ || y.kind == NAN_)) {
        return nan_of(c, f, &x, &y, a, b);
    }
    y.sign ^= minus & 1;
    if (UNLIKELY(x.kind != FINITE || y.kind != FINITE)) {
        return special_sum(c, f, &x, &y);
    }
    denormals(c, &x, &y);
    if (x.exp < y.exp || (x.exp == y.exp && x.m < y.m)) {
        struct num t = x;
        x = y;
        y = t;
    }
    uint64_t large = x.m >> 1, small = jam(y.m >> 1, (unsigned)(x.exp - y.exp));
    uint64_t m = x.sign == y.sign ? large + small : large - small;
    if (m == 0) {
        return zero_sum(c, f);
    }
    unsigned shift = clz_64(m);
    return round_to(c, f, x.sign, x.exp + 1 - (int32_t)shift, m << shift);
}

/* ---- products, quotients, roots */

static COLD uint64_t special_product(struct sf_ctx *c, const struct format *f,
                                     const struct num *x, const struct num *y)
{
    bool infinite = x->kind == INFINITE || y->kind == INFINITE;
    if (infinite && (x->kind == ZERO || y->kind == ZERO)) {
        return invalid(c, f);
    }
    denormals(c, x, y);
    return infinite ? infinity(f, x->sign ^ y->sign) : pack(f, x->sign ^ y->sign, 0, 0);
}

static inline uint64_t product(struct sf_ctx *c, const struct format *f, uint64_t a, uint64_t b)
{
    struct num x = unpack(c, f, a), y = unpack(c, f, b);
    if (UNLIKELY(x.kind == NAN_ || y.kind == NAN_)) {
        return nan_of(c, f, &x, &y, a, b);
    }
    if (UNLIKELY(x.kind != FINITE || y.kind != FINITE)) {
        return special_product(c, f, &x, &y);
    }
    denormals(c, &x, &y);
    struct u128 p = mul_64x64(x.m, y.m);
    unsigned shift = !(p.hi >> 63);
    return round_to(c, f, x.sign ^ y.sign, x.exp + y.exp + 1 - (int32_t)shift,
                    p.hi << shift | (p.lo != 0));
}

static COLD uint64_t special_quotient(struct sf_ctx *c, const struct format *f,
                                      const struct num *x, const struct num *y)
{
    unsigned sign = x->sign ^ y->sign;
    if (x->kind == y->kind) { /* 0/0, infinity/infinity */
        return invalid(c, f);
    }
    if (y->kind == ZERO && x->kind == FINITE) { /* before a denormal operand: SDM 1 4.9.2 */
        c->raised |= FX_ZE;
        return infinity(f, sign);
    }
    denormals(c, x, y);
    return x->kind == INFINITE || y->kind == ZERO ? infinity(f, sign) : pack(f, sign, 0, 0);
}

static inline uint64_t quotient(struct sf_ctx *c, const struct format *f, uint64_t a,
                                uint64_t b)
{
    struct num x = unpack(c, f, a), y = unpack(c, f, b);
    if (UNLIKELY(x.kind == NAN_ || y.kind == NAN_)) {
        return nan_of(c, f, &x, &y, a, b);
    }
    if (UNLIKELY(x.kind != FINITE || y.kind != FINITE)) {
        return special_quotient(c, f, &x, &y);
    }
    denormals(c, &x, &y);
    bool wide = x.m >= y.m;
    uint64_t rest, q = div_128_64(wide ? x.m >> 1 : x.m, wide ? x.m << 63 : 0, y.m, &rest);
    if (!wide) { /* x.m / y.m < 1: twice as large */
        return round_to(c, f, x.sign ^ y.sign, x.exp - y.exp - 1, q | (rest != 0));
    }
    return round_to(c, f, x.sign ^ y.sign, x.exp - y.exp, q | (rest != 0));
}

static inline uint64_t root(struct sf_ctx *c, const struct format *f, uint64_t a)
{
    struct num x = unpack(c, f, a);
    if (UNLIKELY(x.kind == NAN_)) {
        return nan_of(c, f, &x, &x, a, a);
    }
    if (UNLIKELY(x.kind == ZERO)) {
        return pack(f, x.sign, 0, 0);
    }
    if (UNLIKELY(x.sign)) {
        return invalid(c, f);
    }
    denormals(c, &x, &x);
    if (UNLIKELY(x.kind == INFINITE)) {
        return a;
    }
    bool odd = x.exp & 1; /* an odd power is made even */
    struct u128 rest;
    uint64_t r = root_128(shr_128((struct u128){x.m, 0}, !odd), &rest);
    return round_to(c, f, 0, (x.exp - odd) / 2, r | (rest.hi || rest.lo));
}

/* ---- comparisons */

static inline enum fx_order order(const struct num *x, const struct num *y)
{
    if (x->kind == ZERO && y->kind == ZERO) {
        return FX_EQUAL;
    }
    if (x->kind == ZERO || y->kind == ZERO || x->sign != y->sign) {
        bool less = x->kind == ZERO ? !y->sign : x->sign;
        return less ? FX_LESS : FX_GREATER;
    }
    int magnitude = x->kind != y->kind    ? (x->kind == INFINITE ? 1 : -1)
                    : x->kind == INFINITE ? 0
                    : x->exp != y->exp    ? (x->exp > y->exp ? 1 : -1)
                    : x->m != y->m        ? (x->m > y->m ? 1 : -1)
                                          : 0;
    magnitude = x->sign ? -magnitude : magnitude;
    return magnitude < 0 ? FX_LESS : magnitude > 0 ? FX_GREATER : FX_EQUAL;
}

static inline enum fx_order compare(struct sf_ctx *c, const struct format *f, uint64_t a,
                                    uint64_t b, bool quiet)
{
    struct num x = unpack(c, f, a), y = unpack(c, f, b);
    if (UNLIKELY(x.kind == NAN_ || y.kind == NAN_)) {
        c->raised |= !quiet || x.signalling || y.signalling ? FX_IE : 0u;
        return FX_UNORDERED;
    }
    denormals(c, &x, &y);
    return order(&x, &y);
}

static inline bool predicate(struct sf_ctx *c, const struct format *f, uint64_t a, uint64_t b,
                             enum sf_predicate p)
{
    unsigned kind = p & 3;
    enum fx_order o = compare(c, f, a, b, kind == SF_EQ || kind == SF_UNORD);
    bool is = kind == SF_EQ   ? o == FX_EQUAL
              : kind == SF_LT ? o == FX_LESS
              : kind == SF_LE ? o == FX_LESS || o == FX_EQUAL
                              : o == FX_UNORDERED;
    return is != (p >> 2 & 1);
}

/* A NaN, and zeros whatever their signs: the second operand (SDM 2B MINPS). A denormal number
 * that counts as zero is returned as one. */
static inline uint64_t extreme(struct sf_ctx *c, const struct format *f, uint64_t a, uint64_t b,
                               enum fx_order want)
{
    struct num x = unpack(c, f, a), y = unpack(c, f, b);
    a = x.kind == ZERO ? pack(f, x.sign, 0, 0) : a;
    b = y.kind == ZERO ? pack(f, y.sign, 0, 0) : b;
    if (UNLIKELY(x.kind == NAN_ || y.kind == NAN_)) {
        c->raised |= FX_IE;
        return b;
    }
    denormals(c, &x, &y);
    return order(&x, &y) == want ? a : b;
}

/* ---- conversions */

static inline uint32_t to_i32(struct sf_ctx *c, const struct format *f, uint64_t a, bool chop)
{
    struct num x = unpack(c, f, a);
    struct sf_ctx direction = {.mxcsr = chop ? 3u << ROUND_SHIFT : c->mxcsr};
    if (x.kind == ZERO) {
        return 0;
    }
    if (x.kind != FINITE || x.exp > 31) {
        c->raised |= FX_IE;
        return 0x80000000u;
    }
    /* Its unit is bit 31 of the shifted significand, so that a carry has room. */
    uint64_t m = jam(x.m, (unsigned)(31 - x.exp) + 1), unit = UINT64_C(1) << 31;
    uint64_t r = round_at(&direction, x.sign, m, unit) >> 31;
    if (r > (x.sign ? UINT64_C(0x80000000) : UINT64_C(0x7FFFFFFF))) {
        c->raised |= FX_IE;
        return 0x80000000u;
    }
    c->raised |= m & (unit - 1) ? FX_PE : 0u;
    return x.sign ? 0u - (uint32_t)r : (uint32_t)r;
}

static inline uint64_t from_i32(struct sf_ctx *c, const struct format *f, uint32_t v)
{
    unsigned sign = v >> 31;
    uint64_t m = sign ? 0u - v : v;
    if (m == 0) {
        return 0;
    }
    unsigned shift = clz_64(m);
    return round_to(c, f, sign, 63 - (int32_t)shift, m << shift);
}

/* From one format to another; NaNs keep the upper bits of their fractions. */
static inline uint64_t convert(struct sf_ctx *c, const struct format *to,
                               const struct format *from, uint64_t a)
{
    struct num x = unpack(c, from, a);
    switch (x.kind) {
    case NAN_:
        c->raised |= x.signalling ? FX_IE : 0u;
        return infinity(to, x.sign) | quiet_bit(to) | x.m << 1 >> (64 - to->fraction);
    case INFINITE: return infinity(to, x.sign);
    case ZERO: return pack(to, x.sign, 0, 0);
    default: denormals(c, &x, &x); return round_to(c, to, x.sign, x.exp, x.m);
    }
}

/* The host's `float` and `double` (host_fp.h), for normal numbers and zeros. */
#define HOST_DEFINE(N, TYPE, FRACTION, EXP_MAX)                                                \
    static inline bool zero##N(uint##N##_t v)                                                  \
    {                                                                                          \
        return (uint##N##_t)(v << 1) == 0;                                                     \
    }                                                                                          \
    static inline bool plain##N(uint##N##_t v)                                                 \
    {                                                                                          \
        return (v >> (FRACTION) & (EXP_MAX)) - 1 < (EXP_MAX)-1 || zero##N(v);                  \
    }                                                                                          \
    static inline bool may_ask##N(const struct sf_ctx *c, uint##N##_t a, uint##N##_t b)        \
    {                                                                                          \
        return HOST_SSE && c->native && plain##N(a) && plain##N(b);                            \
    }                                                                                          \
    /* Far from overflow and underflow? */                                                     \
    static inline bool believed##N(uint##N##_t r)                                              \
    {                                                                                          \
        return (r >> (FRACTION) & (EXP_MAX)) - 2 < (EXP_MAX)-2;                                \
    }
HOST_DEFINE(32, float, 23, UINT32_C(0xFF))
HOST_DEFINE(64, double, 52, UINT64_C(0x7FF))

/* EXACT: a result of 0 is one, too, not the remains of something tiny. */
#define ASK_HOST(N, TYPE, OPERATOR, EXACT)                                                     \
    if (may_ask##N(c, a, b)) {                                                                 \
        TYPE v_ = host_##TYPE(a) OPERATOR host_##TYPE(b);                                      \
        uint##N##_t r_ = host_bits##N(v_);                                                     \
        if (believed##N(r_) || (zero##N(r_) && (EXACT))) {                                     \
            return r_;                                                                         \
        }                                                                                      \
    }

/* The integers are functions of their own, or the host's way would save their registers. */
#define SF_DEFINE(N, TYPE)                                                                     \
    static NOINLINE uint##N##_t slow##N##_add(struct sf_ctx *c, uint##N##_t a, uint##N##_t b)  \
    {                                                                                          \
        return (uint##N##_t)sum(c, &f##N, a, b, 0);                                            \
    }                                                                                          \
    uint##N##_t sf##N##_add(struct sf_ctx *c, uint##N##_t a, uint##N##_t b)                    \
    {                                                                                          \
        ASK_HOST(N, TYPE, +, true)                                                             \
        return slow##N##_add(c, a, b);                                                         \
    }                                                                                          \
    static NOINLINE uint##N##_t slow##N##_sub(struct sf_ctx *c, uint##N##_t a, uint##N##_t b)  \
    {                                                                                          \
        return (uint##N##_t)sum(c, &f##N, a, b, 1);                                            \
    }                                                                                          \
    uint##N##_t sf##N##_sub(struct sf_ctx *c, uint##N##_t a, uint##N##_t b)                    \
    {                                                                                          \
        ASK_HOST(N, TYPE, -, true)                                                             \
        return slow##N##_sub(c, a, b);                                                         \
    }                                                                                          \
    static NOINLINE uint##N##_t slow##N##_mul(struct sf_ctx *c, uint##N##_t a, uint##N##_t b)  \
    {                                                                                          \
        return (uint##N##_t)product(c, &f##N, a, b);                                           \
    }                                                                                          \
    uint##N##_t sf##N##_mul(struct sf_ctx *c, uint##N##_t a, uint##N##_t b)                    \
    {                                                                                          \
        ASK_HOST(N, TYPE, *, zero##N(a) || zero##N(b))                                         \
        return slow##N##_mul(c, a, b);                                                         \
    }                                                                                          \
    static NOINLINE uint##N##_t slow##N##_div(struct sf_ctx *c, uint##N##_t a, uint##N##_t b)  \
    {                                                                                          \
        return (uint##N##_t)quotient(c, &f##N, a, b);                                          \
    }                                                                                          \
    uint##N##_t sf##N##_div(struct sf_ctx *c, uint##N##_t a, uint##N##_t b)                    \
    {                                                                                          \
        ASK_HOST(N, TYPE, /, zero##N(a))                                                       \
        return slow##N##_div(c, a, b);                                                         \
    }                                                                                          \
    uint##N##_t sf##N##_min(struct sf_ctx *c, uint##N##_t a, uint##N##_t b)                    \
    {                                                                                          \
        return (uint##N##_t)extreme(c, &f##N, a, b, FX_LESS);                                  \
    }                                                                                          \
    uint##N##_t sf##N##_max(struct sf_ctx *c, uint##N##_t a, uint##N##_t b)                    \
    {                                                                                          \
        return (uint##N##_t)extreme(c, &f##N, a, b, FX_GREATER);                               \
    }                                                                                          \
    uint##N##_t sf##N##_sqrt(struct sf_ctx *c, uint##N##_t a)                                  \
    {                                                                                          \
        return (uint##N##_t)root(c, &f##N, a);                                                 \
    }                                                                                          \
    bool sf##N##_is(struct sf_ctx *c, uint##N##_t a, uint##N##_t b, enum sf_predicate p)       \
    {                                                                                          \
        return predicate(c, &f##N, a, b, p);                                                   \
    }                                                                                          \
    enum fx_order sf##N##_order(struct sf_ctx *c, uint##N##_t a, uint##N##_t b, bool quiet)    \
    {                                                                                          \
        return compare(c, &f##N, a, b, quiet);                                                 \
    }                                                                                          \
    uint32_t sf##N##_to_i32(struct sf_ctx *c, uint##N##_t a, bool chop)                        \
    {                                                                                          \
        return to_i32(c, &f##N, a, chop);                                                      \
    }                                                                                          \
    uint##N##_t sf##N##_from_i32(struct sf_ctx *c, uint32_t v)                                 \
    {                                                                                          \
        return (uint##N##_t)from_i32(c, &f##N, v);                                             \
    }
SF_DEFINE(32, float)
SF_DEFINE(64, double)

uint64_t sf32_to_64(struct sf_ctx *c, uint32_t a)
{
    return convert(c, &f64, &f32, a);
}

uint32_t sf64_to_32(struct sf_ctx *c, uint64_t a)
{
    return (uint32_t)convert(c, &f32, &f64, a);
}

/* ---- approximations */

/* Intel's processors take the middle of the 2048 intervals of the significand, and round the
 * function's value there to 13 bits: every result of RCPSS and RSQRTSS is of that form. */

/* k / 2^13, 1/2 <= k / 2^13 < 1, as a number with biased exponent exp. */
static uint32_t approximation(unsigned sign, int32_t exp, uint32_t k)
{
    return exp < 1 ? sign << 31 : sign << 31 | (uint32_t)exp << 23 | (k & 0xFFF) << 11;
}

uint32_t sf32_reciprocal(uint32_t a)
{
    const struct sf_ctx c = {.mxcsr = DAZ};
    struct num x = unpack(&c, &f32, a);
    switch (x.kind) {
    case NAN_: return a | (uint32_t)quiet_bit(&f32);
    case INFINITE: return (uint32_t)x.sign << 31;
    case ZERO: return (uint32_t)infinity(&f32, x.sign);
    default: break;
    }
    uint32_t middle = 2 * (uint32_t)(x.m >> 52) + 1; /* / 2^12 */
    return approximation(x.sign, f32.bias - 1 - x.exp, ((1u << 26) / middle + 1) >> 1);
}

static uint32_t root_of(uint64_t n) /* floor, of a number below 2^32 */
{
    uint32_t r = 0;
    for (uint32_t bit = 1u << 15; bit; bit >>= 1) {
        r |= (uint64_t)(r | bit) * (r | bit) <= n ? bit : 0;
    }
    return r;
}

uint32_t sf32_reciprocal_root(uint32_t a)
{
    const struct sf_ctx c = {.mxcsr = DAZ};
    struct num x = unpack(&c, &f32, a);
    if (x.kind == NAN_) {
        return a | (uint32_t)quiet_bit(&f32);
    }
    if (x.kind == ZERO) {
        return (uint32_t)infinity(&f32, x.sign);
    }
    if (x.sign) {
        return (uint32_t)(infinity(&f32, 1) | quiet_bit(&f32));
    }
    if (x.kind == INFINITE) {
        return 0;
    }
    unsigned odd = x.exp & 1;
    uint64_t middle = 2 * (x.m >> 53) + 1;                   /* / 2^11 */
    uint64_t square = (UINT64_C(1) << 39) / (middle << odd); /* of twice the result */
    return approximation(0, f32.bias - 1 - (x.exp - (int32_t)odd) / 2,
                         (root_of(square) + 1) >> 1);
}
