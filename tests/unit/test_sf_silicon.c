/* tests/unit/test_sf_silicon.c -- arithmetic of SSE and SSE2 bit for bit as silicon has it, on
 * every host: hashes of what an x86-64 processor did with 20000 random operands of each
 * operation, rounding mode, DAZ and FTZ. Where the host is one, it is asked again.
 *
 *   test_sf_silicon print        the table, from the host's processor
 *
 * Approximations (RCPSS, RSQRTSS) are not among them: they differ by model.
 */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cpu/sf.h"
#include "tests/support/board_fixture.h"

enum { ROUNDS = 20000, MASKED = 0x1F80 };

/* ---- an operation: the second operand's alone, if it has one; 32 bits in the low half */

typedef uint64_t operation(uint32_t mxcsr, uint64_t a, uint64_t b, uint32_t *raised);

#define HERE(name, expression)                                                                 \
    static uint64_t here_##name(uint32_t mxcsr, uint64_t a, uint64_t b, uint32_t *raised)      \
    {                                                                                          \
        struct sf_ctx c = {.mxcsr = mxcsr};                                                    \
        uint64_t r = (expression);                                                             \
        (void)a, (void)b;                                                                      \
        *raised = c.raised;                                                                    \
        return r;                                                                              \
    }

#if defined(__x86_64__)
/* a and b in XMM0 and XMM1, the result in XMM0. */
#define THERE(name, code)                                                                      \
    static uint64_t ask_##name(uint32_t mxcsr, uint64_t a, uint64_t b, uint32_t *raised)       \
    {                                                                                          \
        uint32_t host;                                                                         \
        __asm__ volatile("stmxcsr %[host]\n ldmxcsr %[mxcsr]\n"                                \
                         "movq %[a], %%xmm0\n movq %[b], %%xmm1\n" code                        \
                         "\n movq %%xmm0, %[a]\n stmxcsr %[mxcsr]\n ldmxcsr %[host]"           \
                         : [host] "=m"(host), [mxcsr] "+m"(mxcsr), [a] "+r"(a)                 \
                         : [b] "r"(b)                                                          \
                         : "xmm0", "xmm1", "rax", "rcx", "cc");                                \
        *raised = mxcsr & 0x3F;                                                                \
        return a;                                                                              \
    }                                                                                          \
    static operation *const there_##name = ask_##name;
#else
#define THERE(name, code) static operation *const there_##name = NULL;
#endif

#define PAIR(name, expression, code) HERE(name, expression) THERE(name, code)

#define A32 (uint32_t) a
#define B32 (uint32_t) b
#define ARITHMETIC(op)                                                                         \
    PAIR(op##32, sf32_##op(&c, A32, B32), #op "ss %%xmm1, %%xmm0")                             \
    PAIR(op##64, sf64_##op(&c, a, b), #op "sd %%xmm1, %%xmm0")
ARITHMETIC(add)
ARITHMETIC(sub)
ARITHMETIC(mul)
ARITHMETIC(div)
ARITHMETIC(min)
ARITHMETIC(max)
PAIR(sqrt32, sf32_sqrt(&c, B32), "sqrtss %%xmm1, %%xmm0")
PAIR(sqrt64, sf64_sqrt(&c, b), "sqrtsd %%xmm1, %%xmm0")

/* All ones if it holds. */
#define PREDICATE(n)                                                                           \
    PAIR(cmp32_##n, sf32_is(&c, A32, B32, n) ? UINT32_MAX : 0,                                 \
         "cmpss $" #n ", %%xmm1, %%xmm0")                                                      \
    PAIR(cmp64_##n, sf64_is(&c, a, b, n) ? UINT64_MAX : 0, "cmpsd $" #n ", %%xmm1, %%xmm0")
PREDICATE(0)
PREDICATE(1)
PREDICATE(2)
PREDICATE(3)
PREDICATE(4)
PREDICATE(5)
PREDICATE(6)
PREDICATE(7)

/* CF, ZF, PF */
static uint64_t flags_of(enum fx_order order)
{
    return order == FX_UNORDERED ? 7 : order == FX_LESS ? 1 : order == FX_EQUAL ? 2 : 0;
}
#define TO_FLAGS                                                                               \
    "\n mov $0, %%eax\n mov $0, %%ecx\n setc %%al\n"                                           \
    "setz %%cl\n lea (%%eax, %%ecx, 2), %%eax\n"                                               \
    "setp %%cl\n lea (%%eax, %%ecx, 4), %%eax\n movd %%eax, %%xmm0"
PAIR(comi32, flags_of(sf32_order(&c, A32, B32, false)), "comiss %%xmm1, %%xmm0" TO_FLAGS)
PAIR(comi64, flags_of(sf64_order(&c, a, b, false)), "comisd %%xmm1, %%xmm0" TO_FLAGS)
PAIR(ucomi32, flags_of(sf32_order(&c, A32, B32, true)), "ucomiss %%xmm1, %%xmm0" TO_FLAGS)
PAIR(ucomi64, flags_of(sf64_order(&c, a, b, true)), "ucomisd %%xmm1, %%xmm0" TO_FLAGS)

#define EAX_TO_XMM0 "\n movd %%eax, %%xmm0"
#define XMM1_TO_EAX "movd %%xmm1, %%eax\n"
PAIR(to_i32_32, sf32_to_i32(&c, B32, false), "cvtss2si %%xmm1, %%eax" EAX_TO_XMM0)
PAIR(to_i32_64, sf64_to_i32(&c, b, false), "cvtsd2si %%xmm1, %%eax" EAX_TO_XMM0)
PAIR(chop_32, sf32_to_i32(&c, B32, true), "cvttss2si %%xmm1, %%eax" EAX_TO_XMM0)
PAIR(chop_64, sf64_to_i32(&c, b, true), "cvttsd2si %%xmm1, %%eax" EAX_TO_XMM0)
PAIR(from_i32_32, sf32_from_i32(&c, B32), XMM1_TO_EAX "cvtsi2ss %%eax, %%xmm0")
PAIR(from_i32_64, sf64_from_i32(&c, B32), XMM1_TO_EAX "cvtsi2sd %%eax, %%xmm0")
PAIR(widen, sf32_to_64(&c, B32), "cvtss2sd %%xmm1, %%xmm0")
PAIR(narrow, sf64_to_32(&c, b), "cvtsd2ss %%xmm1, %%xmm0")

/* ---- the table: bits of an operand, of the result */

static const struct silicon {
    const char *name;
    operation *here, *const *there;
    unsigned operand, result;
    uint64_t hash;
} silicon[] = {
#define ROW(name, operand, result, hash)                                                       \
    {                                                                                          \
#name, here_##name, &there_##name, operand, result, hash                               \
    }
    ROW(add32, 32, 32, 0x0C767EB30C025CDF),       ROW(add64, 64, 64, 0xB4C6A2394BE62AE7),
    ROW(sub32, 32, 32, 0xBD44B4ED62479AB3),       ROW(sub64, 64, 64, 0x835ED1BE2E6075F6),
    ROW(mul32, 32, 32, 0x29A9A1035296D945),       ROW(mul64, 64, 64, 0x47AD8169C698E91F),
    ROW(div32, 32, 32, 0xD76E612121DEAADA),       ROW(div64, 64, 64, 0x60236578FCCAC78B),
    ROW(min32, 32, 32, 0x005C339F19C10AAD),       ROW(min64, 64, 64, 0xC312B6408B9A253A),
    ROW(max32, 32, 32, 0xEDC00FB5672B9334),       ROW(max64, 64, 64, 0x4589D9F901F6D0C7),
    ROW(sqrt32, 32, 32, 0x5D70629C00E18701),      ROW(sqrt64, 64, 64, 0xF8158E235E4FC9A2),
    ROW(cmp32_0, 32, 32, 0x1EAC77F90916CCB2),     ROW(cmp64_0, 64, 64, 0x803D44288C749362),
    ROW(cmp32_1, 32, 32, 0x03CF12444E289A26),     ROW(cmp64_1, 64, 64, 0x4E03EAAE837C81F9),
    ROW(cmp32_2, 32, 32, 0xE26C49384EAD1B20),     ROW(cmp64_2, 64, 64, 0x125FE5E005A6F1B6),
    ROW(cmp32_3, 32, 32, 0x5E32A4E891E8E615),     ROW(cmp64_3, 64, 64, 0x9E13B589BD0F0AEE),
    ROW(cmp32_4, 32, 32, 0xC454A8563412F651),     ROW(cmp64_4, 64, 64, 0x7778230C043070F9),
    ROW(cmp32_5, 32, 32, 0xB3FCBD8FE001C8D3),     ROW(cmp64_5, 64, 64, 0x1C8AA52E3CCC683C),
    ROW(cmp32_6, 32, 32, 0x6A536FC6ED07892D),     ROW(cmp64_6, 64, 64, 0x9611D4FC369E4A47),
    ROW(cmp32_7, 32, 32, 0x83D20EF27F39D2BD),     ROW(cmp64_7, 64, 64, 0x8CD808642399CD2F),
    ROW(comi32, 32, 32, 0xFFA02860E6B6D4BF),      ROW(comi64, 64, 32, 0x76E985BE0EADBC51),
    ROW(ucomi32, 32, 32, 0xB45894C486F915C6),     ROW(ucomi64, 64, 32, 0x4B2B241482B008A3),
    ROW(to_i32_32, 32, 32, 0x163E0AC74441D929),   ROW(to_i32_64, 64, 32, 0x4A147158BEBEA344),
    ROW(chop_32, 32, 32, 0x5DDF4D4997337D37),     ROW(chop_64, 64, 32, 0x383C4FB3D088985C),
    ROW(from_i32_32, 32, 32, 0xD13D2B06FC17A925), ROW(from_i32_64, 32, 64, 0x952E540E6268C696),
    ROW(widen, 32, 64, 0x26A8D7096EE4B7A1),       ROW(narrow, 64, 32, 0x9A051A889E81B02D),
};

static void random_bits(uint64_t *seed, unsigned exponent_bits, unsigned fraction_bits,
                        uint64_t *out)
{
    uint32_t r = test_random(seed);
    uint64_t fraction = (uint64_t)test_random(seed) << 32 | test_random(seed);
    uint64_t top = (UINT64_C(1) << exponent_bits) - 1, bias = top / 2;
    uint64_t near = bias - 70 + (r >> 8) % 140, exponent = near;
    switch (r & 7) {
    case 0: exponent = 0; break;
    case 1: exponent = top; break;
    case 2: exponent = (r >> 8) % 3 + (r & 8 ? 0 : top - 3); break;
    case 3: exponent = (r >> 8) & top; break;
    default: break;
    }
    uint64_t mask = (UINT64_C(1) << fraction_bits) - 1;
    fraction = r & 0x10   ? fraction
               : r & 0x20 ? fraction & (mask ^ mask >> 5)
               : r & 0x40 ? mask
                          : 0;
    *out = (exponent << fraction_bits | (fraction & mask)) |
           (uint64_t)(r >> 31) << (exponent_bits + fraction_bits);
}

static uint64_t random_operand(uint64_t *seed, unsigned bits)
{
    uint64_t v;
    if (bits == 32) {
        random_bits(seed, 8, 23, &v);
    } else {
        random_bits(seed, 11, 52, &v);
    }
    return v;
}

static uint64_t hash_of(const struct silicon *s, operation *f)
{
    uint64_t seed = 7, hash = 0;
    for (unsigned k = 0; k < ROUNDS; k++) {
        uint32_t raised, r = test_random(&seed);
        uint32_t mxcsr = MASKED | (r & 0x6000) | (r & 7 ? 0 : 0x40) | (r & 0x70 ? 0 : 0x8000);
        uint64_t a = random_operand(&seed, s->operand), b = random_operand(&seed, s->operand);
        b = (r & 0x700) == 0 ? a : b;
        uint64_t v = f(mxcsr, a, b, &raised);
        hash = hash_u64(hash_u64(hash, s->result == 32 ? (uint32_t)v : v), raised);
    }
    return hash;
}

START_TEST(operations)
{
    const struct silicon *s = &silicon[_i];
    uint64_t here = hash_of(s, s->here);
    ck_assert_msg(here == s->hash, "%s: hash %016" PRIX64, s->name, here);
    if (*s->there) {
        uint64_t there = hash_of(s, *s->there);
        ck_assert_msg(there == s->hash, "%s, natively: hash %016" PRIX64, s->name, there);
    }
}
END_TEST

static void print(void)
{
    for (unsigned k = 0; k < ARRAY_LEN(silicon); k++) {
        const struct silicon *s = &silicon[k];
        if (*s->there) {
            printf("    ROW(%s, %u, %u, 0x%016" PRIX64 "),\n", s->name, s->operand, s->result,
                   hash_of(s, *s->there));
        }
    }
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "print") == 0) {
        print();
        return 0;
    }
    Suite *s = suite_create("sf_silicon");
    TCase *c = tcase_create("sf_silicon");
    tcase_add_loop_test(c, operations, 0, (int)ARRAY_LEN(silicon));
    suite_add_tcase(s, c);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
