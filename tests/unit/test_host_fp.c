/* tests/unit/test_host_fp.c -- shorter ways to floating-point results than cpu/fx80.c and sf.c.
 * The host's units, where they are believed, give the result, and raise what the integers
 * raise, PE apart (cpu/host_fp.h); the common case of cpu/fx80_quick.h raises that, too.
 * Operands are of every kind: the ends of the range, where neither must serve, as well.
 */
#include <check.h>
#include <stdlib.h>

#include "cpu/fx80_quick.h"
#include "cpu/host_fp.h"
#include "cpu/sf.h"

enum { TRIALS = 50000 };

static uint64_t seed = 1;

static uint64_t random64(void)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return seed ^ seed >> 32;
}

/* Few bits often: sums and products that are exact, or half way between two numbers. */
static uint64_t fraction(void)
{
    uint64_t v = random64(), k = random64();
    return k & 1   ? v
           : k & 2 ? v & ~(UINT64_MAX >> (k >> 2 & 63))
                   : v | UINT64_MAX >> (k >> 2 & 63);
}

/* An exponent field below `max` + 1: near the middle, near the ends, or anywhere. */
static unsigned exponent(unsigned max)
{
    uint64_t k = random64();
    unsigned v = (unsigned)(k >> 8);
    switch (k & 7) {
    case 0: return v % 4;
    case 1: return max - v % 4;
    case 2: return v % (max + 1);
    default: return max / 2 - 40 + v % 80;
    }
}

/* ---- 80 bits */

typedef struct fx80 fx_fn(struct fx_ctx *c, struct fx80 a, struct fx80 b);

static struct fx80 fx_root(struct fx_ctx *c, struct fx80 a, struct fx80 b)
{
    (void)b;
    return fx_sqrt(c, a);
}

static fx_fn *const fx_op[] = {fx_add, fx_sub, fx_mul, fx_div, fx_root};

static struct fx80 number(void)
{
    uint64_t m = fraction(), k = random64();
    m = (k & 15) == 0 ? 0 : (k & 15) == 1 ? m : m | UINT64_C(1) << 63;
    return (struct fx80){m, (uint16_t)((k >> 8 & 0x8000) | exponent(0x7FFF))};
}

START_TEST(x87)
{
    for (unsigned n = 0; n < TRIALS; n++) {
        struct fx80 a = number(), b = number();
        uint16_t control = (uint16_t)((random64() & 0xF1F) | FX_PE);
        control |= n % 2 ? 0x1F : 0;
        struct fx_ctx plain = {.control = control},
                      native = {.control = control, .native = true};
        struct fx80 x = fx_op[_i](&plain, a, b), y = fx_op[_i](&native, a, b);
        ck_assert_msg(x.m == y.m && x.se == y.se && !((plain.raised ^ native.raised) & ~FX_PE),
                      "operation %d, control %03x: %04x.%016llx %04x.%016llx: integers "
                      "%04x.%016llx raised %03x, the host %04x.%016llx raised %03x",
                      _i, control, a.se, (unsigned long long)a.m, b.se, (unsigned long long)b.m,
                      x.se, (unsigned long long)x.m, plain.raised, y.se,
                      (unsigned long long)y.m, native.raised);
    }
}
END_TEST

typedef bool quick_op_fn(struct fx80 a, struct fx80 b, struct fx80 *r, unsigned *raised);
static quick_op_fn *const quick_op[] = {fx_quick_add, fx_quick_sub, fx_quick_mul};

START_TEST(common_case)
{
    unsigned served = 0;
    for (unsigned n = 0; n < 4 * TRIALS; n++) {
        struct fx80 a = number(), b = number(), r = {0, 0};
        if (n % 4 == 0) { /* near each other: cancellation, ties */
            b.se = (uint16_t)((b.se & 0x8000) | ((a.se + n / 4 % 3) & 0x7FFF));
        }
        unsigned raised = 0;
        struct fx_ctx plain = {.control = FX_QUICK_CONTROL | 0x3F};
        struct fx80 x = fx_op[_i](&plain, a, b);
        if (quick_op[_i](a, b, &r, &raised)) {
            served++;
            ck_assert_msg(x.m == r.m && x.se == r.se && plain.raised == raised,
                          "operation %d: %04x.%016llx %04x.%016llx: %04x.%016llx raised %03x, "
                          "in the common case %04x.%016llx raised %03x",
                          _i, a.se, (unsigned long long)a.m, b.se, (unsigned long long)b.m,
                          x.se, (unsigned long long)x.m, plain.raised, r.se,
                          (unsigned long long)r.m, raised);
        }
    }
    ck_assert_uint_gt(served, TRIALS); /* or it is not the common case */
}
END_TEST

/* ---- 32 and 64 bits */

static uint64_t (*const op64[])(struct sf_ctx *, uint64_t, uint64_t) = {sf64_add, sf64_sub,
                                                                        sf64_mul, sf64_div};
static uint32_t (*const op32[])(struct sf_ctx *, uint32_t, uint32_t) = {sf32_add, sf32_sub,
                                                                        sf32_mul, sf32_div};

static uint64_t number64(void)
{
    uint64_t m = (random64() & 15) == 0 ? 0 : fraction() >> 12;
    return (random64() & 1) << 63 | (uint64_t)exponent(0x7FF) << 52 | m;
}

static uint32_t number32(void)
{
    uint32_t m = (random64() & 15) == 0 ? 0 : (uint32_t)(fraction() >> 41);
    return (uint32_t)(random64() & 1) << 31 | exponent(0xFF) << 23 | m;
}

/* Rounding to nearest, PE set and masked; anything else. */
static uint32_t random_mxcsr(void)
{
    return ((uint32_t)random64() & 0x9FFF) | FX_PE | FX_PE << 7;
}

#define SSE(N)                                                                                 \
    START_TEST(sse##N)                                                                         \
    {                                                                                          \
        for (unsigned n = 0; n < TRIALS; n++) {                                                \
            uint##N##_t a = number##N(), b = number##N();                                      \
            uint32_t mxcsr = random_mxcsr();                                                   \
            struct sf_ctx plain = {.mxcsr = mxcsr}, native = {.mxcsr = mxcsr, .native = true}; \
            uint##N##_t x = op##N[_i](&plain, a, b), y = op##N[_i](&native, a, b);             \
            ck_assert_msg(x == y && !((plain.raised ^ native.raised) & ~(uint32_t)FX_PE),      \
                          "operation %d, MXCSR %04x: %llx %llx: integers %llx raised %x, "     \
                          "the host %llx raised %x",                                           \
                          _i, (unsigned)mxcsr, (unsigned long long)a, (unsigned long long)b,   \
                          (unsigned long long)x, (unsigned)plain.raised,                       \
                          (unsigned long long)y, (unsigned)native.raised);                     \
        }                                                                                      \
    }                                                                                          \
    END_TEST
SSE(32)
SSE(64)

/* Between the x87's registers and memory, in the common case. */
START_TEST(quick_formats)
{
    unsigned served = 0;
    for (unsigned n = 0; n < TRIALS; n++) {
        struct fx_ctx c = {.control = FX_QUICK_CONTROL | 0x3F};
        struct fx80 r, x;
        uint64_t bits64 = number64(), to = 0;
        uint32_t bits32 = number32();
        unsigned raised = 0;
        if (fx_quick_from_f64(bits64, &r)) {
            x = fx_from_f64(&c, bits64);
            ck_assert(x.m == r.m && x.se == r.se && c.raised == 0);
            served++;
        }
        if (fx_quick_from_f32(bits32, &r)) {
            x = fx_from_f32(&c, bits32);
            ck_assert(x.m == r.m && x.se == r.se && c.raised == 0);
            served++;
        }
        struct fx80 a = number();
        if (n % 2) { /* in the range of 64 bits, and at its ends */
            a.se = (uint16_t)((a.se & 0x8000) | (0x3FFF - 1023 + exponent(0x7FF)));
        }
        c.raised = 0;
        if (fx_quick_to_f64(a, &to, &raised)) {
            ck_assert_msg(fx_to_f64(&c, a) == to && c.raised == raised,
                          "%04x.%016llx: %016llx raised %03x, not %03x", a.se,
                          (unsigned long long)a.m, (unsigned long long)to, raised, c.raised);
            served++;
        }
    }
    ck_assert_uint_gt(served, TRIALS);
}
END_TEST

/* What the processor does in cpu_new(). On an x86-64 processor it must not find a difference.
 */
START_TEST(agrees)
{
#if defined(__x86_64__) && defined(__GNUC__)
    ck_assert(host_x87_agrees());
    ck_assert(host_sse_agrees());
#else
    ck_assert(!host_x87_agrees() || HOST_SSE);
#endif
}
END_TEST

int main(void)
{
    Suite *s = suite_create("host_fp");
    TCase *t = tcase_create("host_fp");
    tcase_set_timeout(t, 600);
    if (host_x87_agrees()) {
        tcase_add_loop_test(t, x87, 0, ARRAY_LEN(fx_op));
    }
    tcase_add_loop_test(t, sse32, 0, ARRAY_LEN(op32));
    tcase_add_loop_test(t, sse64, 0, ARRAY_LEN(op64));
    tcase_add_loop_test(t, common_case, 0, ARRAY_LEN(quick_op));
    tcase_add_test(t, quick_formats);
    tcase_add_test(t, agrees);
    suite_add_tcase(s, t);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
