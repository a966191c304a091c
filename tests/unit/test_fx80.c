/* tests/unit/test_fx80.c -- the basic operations, the memory formats and the operations on
 * exponents, by numbers from the manual's rules and from Intel's silicon. (The host's own unit
 * is the referee of random operands in tests/insn/test_native_fx80.c.) */
#include <check.h>
#include <string.h>

#include "cpu/fx80_priv.h"
#include "tests/support/board_fixture.h"

typedef struct fx80 (*binary)(struct fx_ctx *, struct fx80, struct fx80);

static struct fx80 root(struct fx_ctx *c, struct fx80 a, struct fx80 b)
{
    (void)b;
    return fx_sqrt(c, a);
}

static struct fx80 to_int(struct fx_ctx *c, struct fx80 a, struct fx80 b)
{
    (void)b;
    return fx_round_to_int(c, a);
}

struct row {
    binary op;
    uint16_t control;
    struct fx80 a, b, want;
    uint16_t raised;
};
#define N(se, m)                                                                               \
    {                                                                                          \
        0x##m, 0x##se                                                                          \
    }
#define ZERO     N(0000, 0000000000000000)
#define ONE      N(3FFF, 8000000000000000)
#define ULP_ONE  N(3FFF, 8000000000000001)
#define LEAST    N(0000, 0000000000000001)
#define SMALLEST N(0001, 8000000000000000)
#define LARGEST  N(7FFE, FFFFFFFFFFFFFFFF)
#define INF      N(7FFF, 8000000000000000)
#define NEG_INF  N(FFFF, 8000000000000000)
#define INDEF    N(FFFF, C000000000000000)
/* Control words: nearest, 64 bits, all masked, unless said otherwise. */
enum { CW = 0x37F, CW24 = 0x07F, CW53 = 0x27F, DOWN = 0x77F, UP = 0xB7F, CHOP = 0xF7F };

static const struct row rows[] = {
    /* pseudo-denormals are numbers of exponent 1; unnormals, pseudo-infinities, pseudo-NaNs
       are none */
    {fx_add, CW, N(0000, 8000000000000000), SMALLEST, N(0002, 8000000000000000), FX_DE},
    {fx_add, CW, N(3FFF, 7FFFFFFFFFFFFFFF), ONE, INDEF, FX_IE},
    {fx_mul, CW, N(7FFF, 0000000000000000), ONE, INDEF, FX_IE},
    {fx_mul, CW, ONE, N(7FFF, 4000000000000000), INDEF, FX_IE},
    /* NaNs: the quiet one, the larger, the positive */
    {fx_add, CW, N(7FFF, 8000000000000001), N(7FFF, C000000000000001),
     N(7FFF, C000000000000001), FX_IE},
    {fx_add, CW, N(7FFF, BFFFFFFFFFFFFFFF), N(7FFF, 8000000000000001),
     N(7FFF, FFFFFFFFFFFFFFFF), FX_IE},
    {fx_add, CW, N(FFFF, C000000000000001), N(7FFF, C000000000000001),
     N(7FFF, C000000000000001), 0},
    {fx_sub, CW, N(7FFF, C000000000000001), N(7FFF, C000000000000003),
     N(7FFF, C000000000000003), 0},
    {fx_add, CW, N(7FFF, C000000000000000), LEAST, N(7FFF, C000000000000000), 0},
    /* invalid operations */
    {fx_sub, CW, INF, INF, INDEF, FX_IE},
    {fx_mul, CW, INF, ZERO, INDEF, FX_IE},
    {fx_div, CW, ZERO, ZERO, INDEF, FX_IE},
    {fx_div, CW, INF, INF, INDEF, FX_IE},
    {root, CW, N(8000, 0000000000000001), ZERO, INDEF, FX_IE},
    {root, CW, NEG_INF, ZERO, INDEF, FX_IE},
    {root, CW, N(8000, 0000000000000000), ZERO, N(8000, 0000000000000000), 0},
    /* zero divide comes before a denormal operand; a denormal operand before the rest */
    {fx_div, CW, LEAST, ZERO, INF, FX_ZE},
    {fx_div, CW, INF, ZERO, INF, 0},
    {fx_div, CW, LEAST, INF, ZERO, FX_DE},
    {fx_mul, CW, ZERO, LEAST, ZERO, FX_DE},
    {fx_mul, CW & ~FX_DE, LEAST, LARGEST, LEAST, FX_DE},
    /* precision 24, 53, reserved (64); ties to even; directed rounding */
    {fx_add, CW24, ULP_ONE, N(3FFF, 8000000000000003), N(4000, 8000000000000000), FX_PE},
    {fx_add, 0x17F, ULP_ONE, N(3FFF, 8000000000000003), N(4000, 8000000000000002), 0},
    {fx_add, CW24, N(3FFF, 8000008000000000), ZERO, ONE, FX_PE},
    {fx_add, CW24, N(3FFF, 8000018000000000), ZERO, N(3FFF, 8000020000000000), FX_PE | FX_C1},
    {fx_add, CW53, N(3FFF, 8000000000000401), ZERO, N(3FFF, 8000000000000800), FX_PE | FX_C1},
    {fx_add, CW, ONE, N(3FBF, 8000000000000000), ONE, FX_PE},
    {fx_add, UP, ONE, N(0001, 8000000000000000), ULP_ONE, FX_PE | FX_C1},
    {fx_sub, DOWN, ONE, N(0001, 8000000000000000), N(3FFE, FFFFFFFFFFFFFFFF), FX_PE},
    {fx_sub, CW, ONE, N(0001, 8000000000000000), ONE, FX_PE | FX_C1},
    {fx_sub, CW, ONE, ONE, ZERO, 0},
    {fx_sub, DOWN, ONE, ONE, N(8000, 0000000000000000), 0},
    {fx_div, CW, ONE, N(4000, C000000000000000), N(3FFD, AAAAAAAAAAAAAAAB), FX_PE | FX_C1},
    {fx_div, CHOP, ONE, N(4000, C000000000000000), N(3FFD, AAAAAAAAAAAAAAAA), FX_PE},
    {root, CW, N(4000, 8000000000000000), ZERO, N(3FFF, B504F333F9DE6484), FX_PE},
    {root, CW, N(4002, 9000000000000000), ZERO, N(4000, C000000000000000), 0},
    /* overflow by direction and precision; unmasked */
    {fx_mul, CW, LARGEST, LARGEST, INF, FX_OE | FX_PE | FX_C1},
    {fx_mul, CHOP, LARGEST, LARGEST, LARGEST, FX_OE | FX_PE},
    {fx_mul, 0xC7F, LARGEST, LARGEST, N(7FFE, FFFFFF0000000000), FX_OE | FX_PE},
    {fx_mul, CW & ~FX_OE, LARGEST, LARGEST, N(5FFE, FFFFFFFFFFFFFFFE), FX_OE | FX_PE},
    /* underflow: exact ones are silent when masked; tininess after rounding */
    {fx_mul, CW, SMALLEST, N(3FFE, 8000000000000000), N(0000, 4000000000000000), 0},
    {fx_mul, CW & ~FX_UE, SMALLEST, N(3FFE, 8000000000000000), N(6000, 8000000000000000),
     FX_UE},
    {fx_mul, CW, SMALLEST, N(3FFE, 8000000000000001), N(0000, 4000000000000000), FX_UE | FX_PE},
    {fx_mul, CW, N(0001, FFFFFFFFFFFFFFFF), N(3FFE, 8000000000000000), SMALLEST,
     FX_UE | FX_PE | FX_C1},
    {fx_add, CW24, ZERO, N(0000, 7FFFFFFFFFFFFFFE), SMALLEST, FX_DE | FX_PE | FX_C1},
    /* FRNDINT */
    {to_int, CW, N(3FFF, C000000000000000), ZERO, N(4000, 8000000000000000), FX_PE | FX_C1},
    {to_int, CW, N(4000, A000000000000000), ZERO, N(4000, 8000000000000000), FX_PE},
    {to_int, UP, N(BFFE, FFFFFFFFFFFFFFFF), ZERO, N(8000, 0000000000000000), FX_PE},
    {to_int, UP, LEAST, ZERO, ONE, FX_DE | FX_PE | FX_C1},
    {to_int, CW, N(403D, FFFFFFFFFFFFFFFF), ZERO, N(403E, 8000000000000000), FX_PE | FX_C1},
    /* FSCALE: truncates the scale; the special cases of its table; a massive underflow */
    {fx_scale, CW, ONE, N(BFFF, FFFFFFFFFFFFFFFF), N(3FFE, 8000000000000000), 0},
    {fx_scale, CW, ZERO, INF, INDEF, FX_IE},
    {fx_scale, CW, INF, NEG_INF, INDEF, FX_IE},
    {fx_scale, CW, N(BFFF, 8000000000000000), NEG_INF, N(8000, 0000000000000000), 0},
    {fx_scale, CW & ~FX_UE, ONE, N(C010, 8000000000000001), ZERO, FX_UE | FX_PE},
    {fx_scale, CW & ~FX_OE, ONE, N(4010, 8000000000000001), INF, FX_OE | FX_PE | FX_C1},
    {fx_scale, CW & ~FX_UE, LEAST, ZERO, LEAST, FX_DE},
};

START_TEST(test_rows)
{
    const struct row *t = &rows[_i];
    struct fx_ctx c = {.control = t->control};
    struct fx80 r = t->op(&c, t->a, t->b);
    ck_assert_msg(r.m == t->want.m && r.se == t->want.se && c.raised == t->raised,
                  "row %d: %04X.%016llX flags %03X, not %04X.%016llX flags %03X", _i, r.se,
                  (unsigned long long)r.m, c.raised, t->want.se, (unsigned long long)t->want.m,
                  t->raised);
}
END_TEST

START_TEST(test_wide_integers)
{
    uint64_t seed = 1;
    for (unsigned k = 0; k < 100000; k++) {
        uint64_t a = (uint64_t)test_random(&seed) << 32 | test_random(&seed);
        uint64_t b = (uint64_t)test_random(&seed) << 32 | test_random(&seed);
        uint64_t add = (uint64_t)test_random(&seed) << (k & 31);
        a = k & 1 ? a : a | UINT64_MAX << (k & 63);
        b = (k & 2 ? b : b | UINT64_MAX << (k / 4 & 63)) | FX_INTEGER_BIT;
        struct u128 p = mul_64x64(a, b), q = mul_64x64_portable(a, b);
        ck_assert(p.hi == q.hi && p.lo == q.lo);
        add = add < b ? add : b - 1;
        p = add_128(p, (struct u128){0, add});
        uint64_t rest;
        ck_assert_uint_eq(div_128_64(p.hi, p.lo, b, &rest), a);
        ck_assert_uint_eq(rest, add);
    }
}
END_TEST

static struct fx80 number(int64_t v)
{
    return fx_from_i64(v);
}

START_TEST(test_compare)
{
    static const struct {
        struct fx80 a, b;
        enum fx_order order;
        uint16_t raised, quiet_raised;
    } t[] = {
        {ONE, ULP_ONE, FX_LESS, 0, 0},
        {N(BFFF, 8000000000000000), N(BFFF, 8000000000000001), FX_GREATER, 0, 0},
        {ZERO, N(8000, 0000000000000000), FX_EQUAL, 0, 0},
        {N(0000, 8000000000000000), SMALLEST, FX_EQUAL, FX_DE, FX_DE},
        {NEG_INF, N(8000, 0000000000000001), FX_LESS, FX_DE, FX_DE},
        {N(7FFF, C000000000000000), LEAST, FX_UNORDERED, FX_IE, 0},
        {N(7FFF, 8000000000000001), ONE, FX_UNORDERED, FX_IE, FX_IE},
        {N(3FFF, 0000000000000001), ONE, FX_UNORDERED, FX_IE, FX_IE},
    };
    for (unsigned k = 0; k < ARRAY_LEN(t); k++) {
        struct fx_ctx c = {.control = CW}, q = {.control = CW};
        ck_assert_int_eq(fx_compare(&c, t[k].a, t[k].b, false), t[k].order);
        ck_assert_int_eq(fx_compare(&q, t[k].a, t[k].b, true), t[k].order);
        ck_assert_uint_eq(c.raised, t[k].raised);
        ck_assert_uint_eq(q.raised, t[k].quiet_raised);
    }
}
END_TEST

START_TEST(test_short_formats)
{
    static const struct {
        struct fx80 a;
        uint16_t control;
        uint32_t want;
        uint16_t raised;
    } t[] = {
        {ONE, CW, 0x3F800000, 0},
        {LEAST, CW, 0, FX_UE | FX_PE}, /* no DE from a store */
        {LEAST, UP, 1, FX_UE | FX_PE | FX_C1},
        {N(3F6A, 8000000000000000), CW, 1, 0},
        {N(BF6A, C000000000000000), CW, 0x80000002, FX_UE | FX_PE | FX_C1},
        {N(3F80, FFFFFF7FFFFFFFFF), CW, 0x00800000, FX_UE | FX_PE | FX_C1}, /* tiny */
        {N(3F80, FFFFFF8000000000), CW, 0x00800000, FX_PE | FX_C1},         /* rounds out */
        {N(407E, FFFFFF7FFFFFFFFF), CW, 0x7F7FFFFF, FX_PE},
        {N(407E, FFFFFF8000000000), CW, 0x7F800000, FX_OE | FX_PE | FX_C1},
        {N(40F0, 8000000000000001), CHOP, 0x7F7FFFFF, FX_OE | FX_PE},
        {N(7FFF, 8000000000000001), CW, 0x7FC00000, FX_IE},
        {N(FFFF, E000000000000000), CW, 0xFFE00000, 0},
        {N(4000, 7000000000000000), CW, 0xFFC00000, FX_IE},
    };
    for (unsigned k = 0; k < ARRAY_LEN(t); k++) {
        struct fx_ctx c = {.control = t[k].control};
        ck_assert_uint_eq(fx_to_f32(&c, t[k].a), t[k].want);
        ck_assert_uint_eq(c.raised, t[k].raised);
    }
    struct fx_ctx unmasked = {.control = CW & ~(FX_OE | FX_UE)};
    fx_to_f32(&unmasked, (struct fx80)N(3F6F, 8000000000000001));
    ck_assert_uint_eq(unmasked.raised, FX_UE);
    unmasked.raised = 0;
    fx_to_f64(&unmasked, (struct fx80)LARGEST);
    ck_assert_uint_eq(unmasked.raised, FX_OE);
    struct fx_ctx c = {.control = CW};
    ck_assert_uint_eq(fx_to_f64(&c, (struct fx80)N(C000, C90FDAA22168C235)),
                      0xC00921FB54442D18u);
    ck_assert_uint_eq(fx_to_f64(&c, (struct fx80)N(3BCD, 8000000000000000)), 1);
}
END_TEST

START_TEST(test_loads)
{
    struct fx_ctx c = {.control = CW};
    struct fx80 r = fx_from_f32(&c, 0x00000001);
    ck_assert(r.se == 0x3F6A && r.m == FX_INTEGER_BIT && c.raised == FX_DE);
    c.raised = 0;
    r = fx_from_f64(&c, 0xFFF0000000000001u);
    ck_assert(r.se == 0xFFFF && r.m == 0xC000000000000800u && c.raised == FX_IE);
    c.raised = 0;
    r = fx_from_f64(&c, 0x3FF8000000000000u);
    ck_assert(r.se == 0x3FFF && r.m == 0xC000000000000000u && c.raised == 0);
    /* A memory operand: DE only if neither operand is a NaN; its signalling NaN stays one. */
    r = fx_add(&c, fx_operand_f32(&c, 1), (struct fx80)ZERO);
    ck_assert(r.se == 0x3F6A && c.raised == FX_DE);
    c = (struct fx_ctx){.control = CW};
    r = fx_add(&c, fx_operand_f32(&c, 1), (struct fx80)N(7FFF, C000000000000001));
    ck_assert(r.se == 0x7FFF && r.m == 0xC000000000000001u && c.raised == 0);
    r = fx_add(&c, fx_operand_f32(&c, 0x7F800001), (struct fx80)N(7FFF, C000000000000001));
    ck_assert(r.m == 0xC000000000000001u && c.raised == FX_IE);
    r = fx_add(&c, fx_operand_f32(&c, 0x7F800001), (struct fx80)ONE);
    ck_assert(r.m == 0xC000010000000000u && c.raised == FX_IE);
}
END_TEST

START_TEST(test_integers)
{
    struct fx_ctx c = {.control = CW};
    ck_assert_int_eq(fx_to_i16(&c, number(-32768)), -32768);
    ck_assert_uint_eq(c.raised, 0);
    ck_assert_int_eq(fx_to_i16(&c, number(32768)), -32768);
    ck_assert_uint_eq(c.raised, FX_IE);
    c.raised = 0;
    ck_assert_int_eq(fx_to_i32(&c, (struct fx80)N(401D, FFFFFFFEFFFFFFFF)), 2147483647);
    ck_assert_uint_eq(c.raised, FX_PE);
    c.raised = 0;
    ck_assert_int_eq(fx_to_i32(&c, (struct fx80)N(401D, FFFFFFFF00000000)), INT32_MIN);
    ck_assert_uint_eq(c.raised, FX_IE);
    c = (struct fx_ctx){.control = UP};
    ck_assert_int_eq(fx_to_i64(&c, (struct fx80)LEAST), 1);
    ck_assert_uint_eq(c.raised, FX_PE | FX_C1); /* no DE */
    c = (struct fx_ctx){.control = CW};
    ck_assert(fx_to_i64(&c, number(INT64_MIN)) == INT64_MIN && c.raised == 0);
    ck_assert(fx_to_i64(&c, (struct fx80)N(403E, 8000000000000000)) == INT64_MIN);
    ck_assert_uint_eq(c.raised, FX_IE);
    ck_assert(fx_to_i64(&c, (struct fx80)INDEF) == INT64_MIN);
}
END_TEST

START_TEST(test_decimal)
{
    static const uint8_t minus[10] = {0x90, 0x78, 0x56, 0x34, 0x12, 0, 0, 0, 0, 0x80};
    static const uint8_t indefinite[10] = {0, 0, 0, 0, 0, 0, 0, 0xC0, 0xFF, 0xFF};
    static const uint8_t nines[10] = {0x99, 0x99, 0x99, 0x99, 0x99, 0x99, 0x99, 0x99, 0x99, 0};
    uint8_t out[10];
    struct fx_ctx c = {.control = CW};
    struct fx80 r = fx_from_bcd(minus);
    ck_assert_int_eq(fx_to_i64(&c, r), -1234567890);
    fx_to_bcd(&c, r, out);
    ck_assert_mem_eq(out, minus, 10);
    ck_assert_uint_eq(c.raised, 0);
    fx_to_bcd(&c, number(999999999999999999), out);
    ck_assert_mem_eq(out, nines, 10);
    ck_assert_uint_eq(c.raised, 0);
    fx_to_bcd(&c, number(1000000000000000000), out);
    ck_assert_mem_eq(out, indefinite, 10);
    ck_assert_uint_eq(c.raised, FX_IE);
    c.raised = 0;
    fx_to_bcd(&c, (struct fx80)N(BFFE, 8000000000000000), out);
    ck_assert(out[0] == 0 && out[9] == 0x80 && c.raised == FX_PE);
    uint8_t zero[10] = {[9] = 0x80};
    r = fx_from_bcd(zero);
    ck_assert(r.se == 0x8000 && r.m == 0);
}
END_TEST

START_TEST(test_extract)
{
    struct fx_ctx c = {.control = CW};
    struct fx80 e, s;
    fx_extract(&c, (struct fx80)N(8000, 0000000000000001), &e, &s);
    ck_assert(e.se == 0xC00D && e.m == 0x807A000000000000u); /* -16445 */
    ck_assert(s.se == 0xBFFF && s.m == FX_INTEGER_BIT && c.raised == FX_DE);
    c.raised = 0;
    fx_extract(&c, (struct fx80)N(8000, 0000000000000000), &e, &s);
    ck_assert(e.se == 0xFFFF && e.m == FX_INTEGER_BIT && s.se == 0x8000 && c.raised == FX_ZE);
    c.raised = 0;
    fx_extract(&c, (struct fx80)NEG_INF, &e, &s);
    ck_assert(e.se == 0x7FFF && s.se == 0xFFFF && c.raised == 0);
}
END_TEST

START_TEST(test_remainder)
{
    struct fx_ctx c = {.control = CW};
    unsigned q;
    bool partial;
    struct fx80 r = fx_remainder(&c, number(-29), number(5), false, &q, &partial);
    ck_assert(fx_to_i64(&c, r) == -4 && (q & 7) == 5 && !partial);
    r = fx_remainder(&c, number(-29), number(5), true, &q, &partial);
    ck_assert(fx_to_i64(&c, r) == 1 && (q & 7) == 6 && !partial);
    r = fx_remainder(&c, number(10), number(4), true, &q, &partial); /* a tie: q even */
    ck_assert(fx_to_i64(&c, r) == 2 && (q & 7) == 2);
    r = fx_remainder(&c, number(14), number(4), true, &q, &partial);
    ck_assert(fx_to_i64(&c, r) == -2 && (q & 7) == 4);
    r = fx_remainder(&c, number(-8), number(4), true, &q, &partial);
    ck_assert(r.se == 0x8000 && r.m == 0);
    r = fx_remainder(&c, number(3), number(4), true, &q, &partial); /* -1: exponents 1 apart */
    ck_assert(fx_to_i64(&c, r) == -1 && q == 1);
    r = fx_remainder(&c, number(2), number(4), true, &q, &partial); /* a tie: q even */
    ck_assert(fx_to_i64(&c, r) == 2 && q == 0);
    /* Gap of 64: reduced by 32 bits. */
    r = fx_remainder(&c, (struct fx80)N(403F, FFFFFFFFFFFFFFFF), (struct fx80)ULP_ONE, false,
                     &q, &partial);
    ck_assert(partial && r.se == 0x401E && r.m == 0xFFFFFFFA00000002u);
    ck_assert_uint_eq(c.raised, 0);
    r = fx_remainder(&c, number(1), (struct fx80)INF, false, &q, &partial);
    ck_assert(fx_to_i64(&c, r) == 1 && !partial && c.raised == 0);
    fx_remainder(&c, number(1), (struct fx80)ZERO, false, &q, &partial);
    ck_assert_uint_eq(c.raised, FX_IE);
}
END_TEST

START_TEST(test_constants)
{
    /* nearest and downwards; SDM 2 FLD1: the other constants are rounded by RC */
    static const struct fx80 near[7] = {
        ONE,
        N(4000, D49A784BCD1B8AFE),
        N(3FFF, B8AA3B295C17F0BC),
        N(4000, C90FDAA22168C235),
        N(3FFD, 9A209A84FBCFF799),
        N(3FFE, B17217F7D1CF79AC),
        ZERO,
    };
    for (unsigned n = 0; n < 7; n++) {
        struct fx_ctx c = {.control = CW}, down = {.control = DOWN}, up = {.control = UP};
        bool exact = n == 0 || n == 6, below = n == 1;
        ck_assert(fx_constant(&c, n).m == near[n].m && fx_constant(&c, n).se == near[n].se);
        ck_assert_uint_eq(fx_constant(&down, n).m, near[n].m - (!exact && !below));
        ck_assert_uint_eq(fx_constant(&up, n).m, near[n].m + (!exact && below));
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("fx80");
    TCase *c = tcase_create("fx80");
    tcase_add_loop_test(c, test_rows, 0, (int)ARRAY_LEN(rows));
    tcase_add_test(c, test_wide_integers);
    tcase_add_test(c, test_compare);
    tcase_add_test(c, test_short_formats);
    tcase_add_test(c, test_loads);
    tcase_add_test(c, test_integers);
    tcase_add_test(c, test_decimal);
    tcase_add_test(c, test_extract);
    tcase_add_test(c, test_remainder);
    tcase_add_test(c, test_constants);
    suite_add_tcase(s, c);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
