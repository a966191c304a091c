/* tests/insn/test_fx80_ulp.c -- how far the transcendental functions are from the true values,
 * in units in the last place (ulp).
 *
 *   test_fx80_ulp [COUNT [SEED]]     COUNT arguments a function, each rounded in all four ways
 *
 * The referee is libquadmath, whose 113 bits show an error to 2^-44 ulp; it knows nothing of
 * cpu/fx80*.c. The exponents of arguments are uniform over an instruction's range; many
 * arguments are next to where the algorithms or the functions change (multiples of pi/4, powers
 * of two and of their root, table entries, the ends of the range).
 *
 * Intel promises less than 1 ulp to nearest, 1.5 ulp otherwise, for the 66-bit pi (SDM 1 8.3.8,
 * 8.3.10). Here results are required to be rounded correctly but for 2^-44 ulp; that implies
 * that they are monotonic, up to that. Hosts without libquadmath pass with a line that says so.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cpu/fx80_priv.h"
#include "tests/support/board_fixture.h"

#ifdef TERRAPIN_TEST_QUADMATH
#include <quadmath.h>

__extension__ typedef __float128 quad;

static uint64_t seed;
static bool range;
static quad ln_2, root_2;

/* ---- numbers */

static quad to_quad(struct fx80 a)
{
    int exp = fx_exp(a) ? (int)fx_exp(a) : 1;
    quad v = ldexpq((quad)a.m, exp - FX_BIAS - 63);
    return fx_sign(a) ? -v : v;
}

/* Cut, not rounded; of a normal number. */
static struct fx80 from_quad(quad v)
{
    int exp;
    quad m = frexpq(fabsq(v), &exp);
    return fx_pack(v < 0, (unsigned)(exp - 1 + FX_BIAS), (uint64_t)ldexpq(m, 64));
}

static uint32_t pick(uint32_t n)
{
    return test_random(&seed) % n;
}

static uint64_t random_64(void)
{
    uint64_t hi = test_random(&seed);
    return hi << 32 | test_random(&seed);
}

static uint64_t random_significand(void)
{
    uint64_t m = random_64(), ones = UINT64_MAX << pick(64), few = random_64() & 7;
    switch (pick(6)) {
    case 0: m = ones ^ few; break;
    case 1: m &= ones; break;
    default: break;
    }
    return m | FX_INTEGER_BIT;
}

/* |v| = 2^low to 2^(high + 1); a low of -16446 stands for denormal numbers, too. */
static struct fx80 random_number(int low, int high)
{
    int exp = low + (int)pick((uint32_t)(high - low + 1));
    uint64_t m = random_significand();
    unsigned sign = pick(2);
    return exp > -FX_BIAS ? fx_pack(sign, (unsigned)(exp + FX_BIAS), m)
                          : fx_pack(sign, 0, m >> (1 + pick(63)));
}

/* A few units beside v, or a random distance. */
static struct fx80 beside(quad v)
{
    struct fx80 a = from_quad(v);
    uint64_t off = pick(3) ? pick(9) - UINT64_C(4) : random_64() >> (2 + pick(62));
    a.m = (a.m + (pick(2) ? off : 0 - off)) | FX_INTEGER_BIT;
    return a;
}

/* ---- the functions: arguments and true values */

static const uint64_t half_pi_hi = 0xC90FDAA22168C234;

/* The processors' pi / 2: C90FDAA2_2168C234_Ch. */
static quad half_pi(void)
{
    return ldexpq((quad)half_pi_hi * 4 + 3, -65);
}

static struct fx80 random_angle(void)
{
    switch (pick(4)) {
    case 0: return random_number(-16446, 62);
    case 1: return random_number(-70, 62);
    case 2: return random_number(-12, 4);
    default: break;
    }
    quad v = (quad)(random_64() >> (2 + pick(62)) | 1) * half_pi() / 2;
    return v < ldexpq(1, 63) ? beside(pick(2) ? v : -v) : random_number(-70, 62);
}

static quad sine_of(quad v, int quarters)
{
    int q;
    quad r = remquoq(v, half_pi(), &q);
    q += quarters;
    r = q & 1 ? cosq(r) : sinq(r);
    return q & 2 ? -r : r;
}

static quad true_sin(quad x, quad y)
{
    (void)y;
    return sine_of(x, 0);
}

static quad true_cos(quad x, quad y)
{
    (void)y;
    return sine_of(x, 1);
}

static quad true_tan(quad x, quad y)
{
    int q;
    quad t = tanq(remquoq(x, half_pi(), &q));
    (void)y;
    return q & 1 ? -1 / t : t;
}

static void angle(struct fx80 *x, struct fx80 *y)
{
    *x = *y = random_angle();
}

static quad true_2xm1(quad x, quad y)
{
    (void)y;
    return expm1q(x * ln_2);
}

static void exponent(struct fx80 *x, struct fx80 *y)
{
    static const double places[] = {1, -1, 0.5, -0.5, 0.25, 0.75, -0.75, 0.125};
    do {
        *x = pick(4)   ? random_number(-70, -1)
             : pick(2) ? beside((quad)places[pick(8)])
                       : random_number(-16446, -1);
    } while (fabsq(to_quad(*x)) > 1);
    *y = *x;
}

/* y * l * 2^scale, without leaving the range in between. */
static quad product(quad y, quad l, int scale)
{
    int ey, el;
    y = frexpq(y, &ey);
    l = frexpq(l, &el);
    return ldexpq(y * l, ey + el + scale);
}

static quad true_yl2x(quad x, quad y)
{
    bool near_1 = x > 0.5 && x < 2;
    return product(y, near_1 ? log1pq(x - 1) / ln_2 : log2q(x), 0);
}

static quad true_yl2xp1(quad x, quad y)
{
    if (fabsq(x) < 0x1p-120) { /* log(1 + x) = x, denormal or not */
        int e;
        x = frexpq(x, &e);
        return product(y, x / ln_2, e);
    }
    return product(y, log1pq(x) / ln_2, 0);
}

static struct fx80 random_factor(void)
{
    return pick(4) ? random_number(-60, 60) : random_number(-16446, 16383);
}

static void logarithm(struct fx80 *x, struct fx80 *y)
{
    switch (pick(4)) {
    case 0: *x = random_number(-16446, 16383); break;
    case 1: *x = random_number(-2, 1); break;
    case 2: *x = beside(1); break;
    default: *x = beside(ldexpq(pick(2) ? root_2 : 1, (int)pick(100) - 50)); break;
    }
    x->se &= 0x7FFF;
    *y = random_factor();
}

static void logarithm_p1(struct fx80 *x, struct fx80 *y)
{
    static const double places[] = {0.25, -0.25, 0.125, -0.125};
    const quad low = root_2 / 2 - 1, high = root_2 - 1; /* SDM 2 FYL2XP1 */
    do {
        switch (pick(4)) {
        case 0: *x = random_number(-16446, -2); break;
        case 1: *x = random_number(-70, -2); break;
        case 2: *x = beside((quad)places[pick(4)]); break;
        default: *x = beside(pick(2) ? low : high); break;
        }
    } while (to_quad(*x) < low || to_quad(*x) > high);
    *y = random_factor();
}

static quad true_atan(quad x, quad y)
{
    return atan2q(y, x);
}

static void ratio(struct fx80 *x, struct fx80 *y)
{
    *x = random_number(-60, 60);
    switch (pick(5)) {
    case 0:
        *x = random_number(-16446, 16383);
        *y = random_number(-16446, 16383);
        break;
    case 1: *y = random_number(-130, 130); break;
    case 2: *y = beside(to_quad(*x) * (quad)(1 + pick(16)) / 16); break;
    case 3: *y = beside(to_quad(*x) / (1 + pick(16)) * 16); break;
    default: *y = fx_pack(pick(2), (unsigned)fx_exp(*x) + pick(13) - 6, random_significand());
    }
}

/* ---- the instructions: x is ST(0) where there is one operand, else as in the manual */

static struct fx80 f2xm1(struct fx_ctx *c, struct fx80 x, struct fx80 y)
{
    (void)y;
    return fx_2xm1(c, x);
}

static struct fx80 fpatan(struct fx_ctx *c, struct fx80 x, struct fx80 y)
{
    return fx_patan(c, y, x);
}

static struct fx80 fsin(struct fx_ctx *c, struct fx80 x, struct fx80 y)
{
    fx_sincos(c, x, &y, NULL, &range);
    return y;
}

static struct fx80 fcos(struct fx_ctx *c, struct fx80 x, struct fx80 y)
{
    fx_sincos(c, x, NULL, &y, &range);
    return y;
}

static struct fx80 fsincos_sin(struct fx_ctx *c, struct fx80 x, struct fx80 y)
{
    struct fx80 other;
    fx_sincos(c, x, &y, &other, &range);
    return y;
}

static struct fx80 fsincos_cos(struct fx_ctx *c, struct fx80 x, struct fx80 y)
{
    struct fx80 other;
    fx_sincos(c, x, &other, &y, &range);
    return y;
}

static struct fx80 fptan(struct fx_ctx *c, struct fx80 x, struct fx80 y)
{
    (void)y;
    return fx_ptan(c, x, &range);
}

static const struct function {
    const char *name;
    void (*arguments)(struct fx80 *x, struct fx80 *y);
    quad (*truth)(quad x, quad y);
    struct fx80 (*execute)(struct fx_ctx *, struct fx80 x, struct fx80 y);
} functions[] = {
    {"F2XM1", exponent, true_2xm1, f2xm1},
    {"FYL2X", logarithm, true_yl2x, fx_yl2x},
    {"FYL2XP1", logarithm_p1, true_yl2xp1, fx_yl2xp1},
    {"FPATAN", ratio, true_atan, fpatan},
    {"FSIN", angle, true_sin, fsin},
    {"FCOS", angle, true_cos, fcos},
    {"FSINCOS sin", angle, true_sin, fsincos_sin},
    {"FSINCOS cos", angle, true_cos, fsincos_cos},
    {"FPTAN", angle, true_tan, fptan},
};

/* ---- errors */

/* Of the result, in ulp of the true value's binade. Where the format ends there is no ulp: 0,
 * or -9 for a number that ought to be finite. */
static double error_of(struct fx80 result, quad truth)
{
    enum { LOWEST = 1 - FX_BIAS };
    int exp;
    quad largest = to_quad(fx_pack(0, FX_EXP_MAX - 1, UINT64_MAX));
    if (fabsq(truth) > largest) {
        return fx_exp(result) >= FX_EXP_MAX - 1 && fx_sign(result) == (truth < 0) ? 0 : -9;
    }
    if (fx_exp(result) == FX_EXP_MAX) {
        return -9;
    }
    frexpq(truth, &exp);
    exp = truth == 0 || exp - 1 < LOWEST ? LOWEST : exp - 1;
    return (double)ldexpq(to_quad(result) - truth, 63 - exp);
}

static bool acceptable(enum fx_round round, double error, bool negative)
{
    const double tolerance = 0x1p-44;
    double low = -tolerance, high = tolerance;
    if (round == FX_NEAREST) {
        low -= 0.5;
        high += 0.5;
    } else if (round == FX_UP || (round == FX_CHOP && negative)) {
        high += 1;
    } else {
        low -= 1;
    }
    return error >= low && error <= high;
}

static unsigned measure(const struct function *f, uint64_t count, uint64_t first_seed)
{
    double most[2] = {0, 0};
    unsigned wrong = 0;
    uint64_t misrounded = 0;
    struct fx80 worst_x = {0, 0}, worst_y = {0, 0};
    seed = first_seed;
    for (uint64_t k = 0; k < count; k++) {
        struct fx80 x, y;
        f->arguments(&x, &y);
        quad truth = f->truth(to_quad(x), to_quad(y));
        for (unsigned round = 0; round < 4; round++) {
            struct fx_ctx c = {.control = (uint16_t)(0x37F | round << 10)};
            struct fx80 r = f->execute(&c, x, y);
            double error = error_of(r, truth), size = error < 0 ? -error : error;
            if (size > most[round != FX_NEAREST]) {
                most[round != FX_NEAREST] = size;
                worst_x = round == FX_NEAREST ? x : worst_x;
                worst_y = round == FX_NEAREST ? y : worst_y;
            }
            misrounded += round == FX_NEAREST && size > 0.5;
            if (!acceptable((enum fx_round)round, error, truth < 0) && wrong++ < 5) {
                printf(
                    "%s x %04X.%016llX y %04X.%016llX, rounding %u: %04X.%016llX is %.9f ulp "
                    "off\n",
                    f->name, x.se, (unsigned long long)x.m, y.se, (unsigned long long)y.m,
                    round, r.se, (unsigned long long)r.m, error);
            }
        }
    }
    printf(
        "%-12s %llu arguments: at most %.12f ulp to nearest (x %04X.%016llX y %04X.%016llX), "
        "%llu of them above 1/2; %.9f otherwise\n",
        f->name, (unsigned long long)count, most[0], worst_x.se, (unsigned long long)worst_x.m,
        worst_y.se, (unsigned long long)worst_y.m, (unsigned long long)misrounded, most[1]);
    return wrong;
}

int main(int argc, char **argv)
{
    uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 20000, wrong = 0;
    uint64_t first_seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
    ln_2 = logq(2);
    root_2 = sqrtq(2);
    for (size_t k = 0; k < ARRAY_LEN(functions); k++) {
        wrong += measure(&functions[k], count, first_seed);
    }
    return wrong != 0 || count == 0;
}

#else
int main(void)
{
    puts("no libquadmath on this host: nothing is measured");
    return 0;
}
#endif
