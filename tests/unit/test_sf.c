/* tests/unit/test_sf.c -- cpu/sf.c by the manual's tables: NaNs, invalid operations, denormals,
 * overflow and underflow masked and not, conversions at their edges, approximations. What a
 * processor does on millions of operands is tests/insn/native*.c's business.
 */
#include <check.h>
#include <stdlib.h>

#include "cpu/sf.h"
#include "mem/types.h"

enum { MASKED = 0x1F80, DAZ = 0x40, FTZ = 0x8000, DOWN = 0x2000, UP = 0x4000, CHOP = 0x6000 };
enum { UE_CLEAR = MASKED & ~0x800, OE_CLEAR = MASKED & ~0x400 };
enum { IE = FX_IE, DE = FX_DE, ZE = FX_ZE, OE = FX_OE, UE = FX_UE, PE = FX_PE };

#define ONE   0x3F800000u
#define TWO   0x40000000u
#define THREE 0x40400000u
#define INF   0x7F800000u
#define QNAN  0x7FC00000u
#define SNAN  0x7F800001u
#define NEG   0x80000000u
#define MAX   0x7F7FFFFFu
#define MIN   0x00800000u /* normal */
#define INDEF 0xFFC00000u

static uint32_t root(struct sf_ctx *c, uint32_t a, uint32_t b)
{
    (void)b;
    return sf32_sqrt(c, a);
}

static const struct {
    uint32_t (*op)(struct sf_ctx *c, uint32_t a, uint32_t b);
    uint32_t mxcsr, a, b, result, raised;
} cases[] = {
    /* exact, inexact, by direction: SDM 1 table 4-8 */
    {sf32_add, MASKED, ONE, TWO, THREE, 0},
    {sf32_div, MASKED, ONE, THREE, 0x3EAAAAAB, PE},
    {sf32_div, MASKED | DOWN, ONE, THREE, 0x3EAAAAAA, PE},
    {sf32_div, MASKED | UP, ONE, THREE, 0x3EAAAAAB, PE},
    {sf32_div, MASKED | UP, ONE | NEG, THREE, 0xBEAAAAAA, PE},
    {sf32_div, MASKED | CHOP, ONE, THREE, 0x3EAAAAAA, PE},
    {sf32_add, MASKED, ONE, 0x33800000, ONE, PE},        /* half a unit: to even */
    {sf32_add, MASKED, ONE, 0x33800001, 0x3F800001, PE}, /* and a bit more */
    {sf32_add, MASKED, 0x3F800001, 0x33800000, 0x3F800002, PE},
    {sf32_sub, MASKED, ONE, ONE, 0, 0},
    {sf32_sub, MASKED | DOWN, ONE, ONE, NEG, 0},
    {sf32_add, MASKED | DOWN, 0, 0, 0, 0},
    {sf32_add, MASKED, NEG, NEG, NEG, 0},
    {root, MASKED, 0x40800000, 0, TWO, 0},
    {root, MASKED, TWO, 0, 0x3FB504F3, PE},
    {root, MASKED, NEG, 0, NEG, 0},
    /* NaNs: SDM 1 table 4-7 */
    {sf32_add, MASKED, QNAN + 5, ONE, QNAN + 5, 0},
    {sf32_add, MASKED, ONE, QNAN + 5, QNAN + 5, 0},
    {sf32_add, MASKED, QNAN + 5, QNAN + 9, QNAN + 5, 0},
    {sf32_add, MASKED, SNAN + 5, QNAN + 9, SNAN + 5 + 0x400000, IE},
    {sf32_add, MASKED, QNAN + 5, SNAN + 9, QNAN + 5, IE},
    {sf32_sub, MASKED, ONE, NEG | QNAN, NEG | QNAN, 0}, /* its sign is not turned */
    {sf32_add, MASKED, QNAN, 1, QNAN, 0},               /* before a denormal operand */
    /* invalid */
    {sf32_sub, MASKED, INF, INF, INDEF, IE},
    {sf32_mul, MASKED, INF, 0, INDEF, IE},
    {sf32_div, MASKED, INF, INF, INDEF, IE},
    {sf32_div, MASKED, 0, NEG, INDEF, IE},
    {root, MASKED, NEG | 1, 0, INDEF, IE},
    {root, MASKED | DAZ, NEG | 1, 0, NEG, 0},
    {sf32_mul, MASKED | DAZ, INF, 1, INDEF, IE},
    /* division by zero */
    {sf32_div, MASKED, ONE, NEG, NEG | INF, ZE},
    {sf32_div, MASKED, 1, 0, INF, ZE}, /* before a denormal operand */
    {sf32_div, MASKED, INF, 0, INF, 0},
    /* denormal operands, tiny results */
    {sf32_mul, MASKED, 1, ONE, 1, DE},
    {sf32_mul, MASKED | DAZ, 1, ONE, 0, 0},
    {sf32_mul, MASKED, MIN, 0x3F000000, 0x00400000, 0}, /* exact: no underflow */
    {sf32_mul, MASKED, MIN + 1, 0x3F000000, 0x00400000, UE | PE},
    {sf32_mul, MASKED | FTZ, MIN | NEG, 0x3F000000, NEG, UE | PE},
    {sf32_mul, UE_CLEAR, MIN, 0x3F000000, 0, UE}, /* tiny is enough */
    {sf32_mul, UE_CLEAR | FTZ, MIN + 1, 0x3F000000, 0, UE},
    {sf32_mul, MASKED, 0x00FFFFFF, 0x3F000000, MIN, UE | PE}, /* after rounding: still tiny */
    {sf32_mul, MASKED | UP, 1, 0x3F000000, 1, DE | UE | PE},
    /* overflow */
    {sf32_add, MASKED, MAX, MAX, INF, OE | PE},
    {sf32_add, MASKED | CHOP, MAX, MAX, MAX, OE | PE},
    {sf32_add, MASKED | UP, MAX | NEG, MAX | NEG, MAX | NEG, OE | PE},
    {sf32_add, OE_CLEAR, MAX, MAX, INF, OE}, /* exact, but for the exponent */
    /* minima and maxima: SDM 2B MINPS */
    {sf32_min, MASKED, 0, NEG, NEG, 0},
    {sf32_min, MASKED, NEG, 0, 0, 0},
    {sf32_max, MASKED, QNAN, ONE, ONE, IE},
    {sf32_max, MASKED, ONE, SNAN, SNAN, IE},
    {sf32_min, MASKED, 1, 2, 1, DE},
    {sf32_min, MASKED | DAZ, NEG | 1, 2, 0, 0},
};

START_TEST(single)
{
    struct sf_ctx c = {.mxcsr = cases[_i].mxcsr};
    uint32_t r = cases[_i].op(&c, cases[_i].a, cases[_i].b);
    ck_assert_msg(c.raised == cases[_i].raised, "case %d: raised %x", _i, c.raised);
    /* no result is stored after an unmasked exception */
    ck_assert_msg(sf_unmasked(c.mxcsr, c.raised) || r == cases[_i].result, "case %d: %08x", _i,
                  r);
}
END_TEST

START_TEST(predicates)
{
    static const struct {
        uint32_t a, b;
        unsigned holds; /* bit n: predicate n; SDM 2A table 3-1 */
    } want[] = {
        {ONE, TWO, 0x96}, {TWO, ONE, 0xF0}, {ONE, ONE, 0xA5}, {0, NEG, 0xA5}, {QNAN, ONE, 0x78},
    };
    for (unsigned k = 0; k < ARRAY_LEN(want); k++) {
        for (unsigned p = 0; p < 8; p++) {
            struct sf_ctx c = {.mxcsr = MASKED};
            bool is = sf32_is(&c, want[k].a, want[k].b, (enum sf_predicate)p);
            ck_assert_msg(is == (want[k].holds >> p & 1), "%u: predicate %u", k, p);
            bool order = (p & 3) == SF_LT || (p & 3) == SF_LE;
            ck_assert_uint_eq(c.raised, want[k].a == QNAN && order ? IE : 0);
        }
    }
}
END_TEST

START_TEST(integers)
{
    static const struct {
        uint64_t a;
        uint32_t mxcsr, result, raised;
    } want[] = {
        {UINT64_C(0x4004000000000000), MASKED, 2, PE}, /* 2.5 */
        {UINT64_C(0x4004000000000000), MASKED | UP, 3, PE},
        {UINT64_C(0xC004000000000000), MASKED | DOWN, 0xFFFFFFFD, PE},
        {UINT64_C(0x41DFFFFFFFC00000), MASKED, 0x7FFFFFFF, 0},  /* 2^31 - 1 */
        {UINT64_C(0x41DFFFFFFFE00000), MASKED, 0x80000000, IE}, /* and a half */
        {UINT64_C(0x41DFFFFFFFE00000), MASKED | CHOP, 0x7FFFFFFF, PE},
        {UINT64_C(0xC1E0000000000000), MASKED, 0x80000000, 0},  /* -2^31 */
        {UINT64_C(0xC1E0000000100000), MASKED, 0x80000000, PE}, /* … - 1/2 */
        {UINT64_C(0xC1E0000000200000), MASKED, 0x80000000, IE},
        {UINT64_C(0x7FF8000000000000), MASKED, 0x80000000, IE},
        {UINT64_C(0xFFF0000000000000), MASKED, 0x80000000, IE},
        {1, MASKED, 0, PE}, /* a denormal operand goes unnoticed */
        {1, MASKED | DAZ, 0, 0},
        {1, MASKED | UP, 1, PE},
    };
    for (unsigned k = 0; k < ARRAY_LEN(want); k++) {
        struct sf_ctx c = {.mxcsr = want[k].mxcsr};
        ck_assert_uint_eq(sf64_to_i32(&c, want[k].a, false), want[k].result);
        ck_assert_uint_eq(c.raised, want[k].raised);
    }
    struct sf_ctx c = {.mxcsr = MASKED};
    ck_assert_uint_eq(sf32_from_i32(&c, 0x80000000), 0xCF000000);
    ck_assert_uint_eq(c.raised, 0);
    ck_assert_uint_eq(sf32_from_i32(&c, 0x7FFFFFFF), 0x4F000000);
    ck_assert_uint_eq(c.raised, PE);
    ck_assert_uint_eq(sf64_from_i32(&c, 0x7FFFFFFF), UINT64_C(0x41DFFFFFFFC00000));
}
END_TEST

START_TEST(formats)
{
    struct sf_ctx c = {.mxcsr = MASKED};
    ck_assert_uint_eq(sf32_to_64(&c, ONE), UINT64_C(0x3FF0000000000000));
    ck_assert_uint_eq(sf32_to_64(&c, QNAN + 1), UINT64_C(0x7FF8000020000000));
    ck_assert_uint_eq(c.raised, 0);
    ck_assert_uint_eq(sf32_to_64(&c, SNAN | NEG), UINT64_C(0xFFF8000020000000));
    ck_assert_uint_eq(c.raised, IE);
    c.raised = 0;
    ck_assert_uint_eq(sf32_to_64(&c, 1), UINT64_C(0x36A0000000000000));
    ck_assert_uint_eq(c.raised, DE);
    c.raised = 0;
    ck_assert_uint_eq(sf64_to_32(&c, UINT64_C(0x36A0000000000000)), 1);
    ck_assert_uint_eq(c.raised, 0);
    ck_assert_uint_eq(sf64_to_32(&c, UINT64_C(0x3690000000000000)), 0);
    ck_assert_uint_eq(c.raised, UE | PE);
    c.raised = 0;
    ck_assert_uint_eq(sf64_to_32(&c, UINT64_C(0x47EFFFFFF0000000)), INF);
    ck_assert_uint_eq(c.raised, OE | PE);
}
END_TEST

/* SDM 2B RCPPS, RSQRTPS: the relative error is at most 1.5 * 2^-12; special values. */
START_TEST(approximations)
{
    for (uint32_t a = MIN; a < 0x7E800000u; a += 0x1357) {
        struct sf_ctx c = {.mxcsr = MASKED};
        uint32_t product = sf32_mul(&c, a, sf32_reciprocal(a));
        uint32_t square = sf32_mul(&c, sf32_reciprocal_root(a), sf32_reciprocal_root(a));
        uint32_t one = sf32_mul(&c, square, a);
        ck_assert_msg(product >= 0x3F7FE7FEu && product <= 0x3F800C01u, "1/%08x", a);
        ck_assert_msg(one >= 0x3F7FCFFCu && one <= 0x3F801802u, "1/sqrt %08x: %08x", a, one);
    }
    ck_assert_uint_eq(sf32_reciprocal(0), INF);
    ck_assert_uint_eq(sf32_reciprocal(NEG | 1), NEG | INF);
    ck_assert_uint_eq(sf32_reciprocal(NEG | INF), NEG);
    ck_assert_uint_eq(sf32_reciprocal(MAX), 0); /* tiny: zero */
    ck_assert_uint_eq(sf32_reciprocal(SNAN), SNAN | 0x400000);
    ck_assert_uint_eq(sf32_reciprocal_root(NEG), NEG | INF);
    ck_assert_uint_eq(sf32_reciprocal_root(NEG | ONE), INDEF);
    ck_assert_uint_eq(sf32_reciprocal_root(INF), 0);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("sf");
    TCase *tc = tcase_create("sf");
    tcase_add_loop_test(tc, single, 0, ARRAY_LEN(cases));
    tcase_add_test(tc, predicates);
    tcase_add_test(tc, integers);
    tcase_add_test(tc, formats);
    tcase_add_test(tc, approximations);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
