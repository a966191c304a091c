/* tests/unit/test_alu.c -- the lazy-flag arithmetic against a reference that counts bits
 * naively. */
#include <check.h>

#include "cpu/alu_shift.h"
#include "tests/support/board_fixture.h"

struct want {
    uint32_t r, flags;
};

static uint32_t mask_of(unsigned n)
{
    return n == 32 ? UINT32_MAX : (1u << n) - 1;
}

static uint32_t szp(uint32_t r, unsigned n)
{
    unsigned ones = 0;
    for (unsigned k = 0; k < 8; k++) {
        ones += r >> k & 1;
    }
    return (r == 0 ? FL_ZF : 0) | (r >> (n - 1) & 1 ? FL_SF : 0) | (ones % 2 == 0 ? FL_PF : 0);
}

/* One bit at a time, as a ripple-carry adder does it. */
static struct want ripple(uint32_t a, uint32_t b, bool carry, unsigned n, bool subtract)
{
    uint32_t r = 0;
    bool c = carry, into_top = false, half = false;
    for (unsigned k = 0; k < n; k++) {
        bool x = a >> k & 1, y = b >> k & 1;
        into_top = c;
        r |= (uint32_t)(x ^ y ^ c) << k;
        c = subtract ? (!x && (y || c)) || (y && c) : (x && y) || (x && c) || (y && c);
        half = k == 3 ? c : half;
    }
    return (struct want){r, szp(r, n) | (c ? FL_CF : 0) | (half ? FL_AF : 0) |
                                (c != into_top ? FL_OF : 0)};
}

typedef uint32_t alu2(struct lazy_flags *f, uint32_t a, uint32_t b);
static alu2 *const add[] = {alu_add8, alu_add16, alu_add32};
static alu2 *const adc[] = {alu_adc8, alu_adc16, alu_adc32};
static alu2 *const sub[] = {alu_sub8, alu_sub16, alu_sub32};
static alu2 *const sbb[] = {alu_sbb8, alu_sbb16, alu_sbb32};
static alu2 *const and_[] = {alu_and8, alu_and16, alu_and32};
static alu2 *const xor_[] = {alu_xor8, alu_xor16, alu_xor32};

static void expect(const char *what, struct lazy_flags *f, uint32_t r, struct want w,
                   uint32_t a, uint32_t b)
{
    ck_assert_msg(r == w.r && flags_get(f) == w.flags, "%s %x, %x: %x %03x, not %x %03x", what,
                  a, b, r, flags_get(f), w.r, w.flags);
}

static void check_pair(unsigned size, uint32_t a, uint32_t b, bool c)
{
    unsigned n = 8u << size;
    struct lazy_flags f = {0};
    flags_set_c(&f, c);
    expect("add", &f, add[size](&f, a, b), ripple(a, b, false, n, false), a, b);
    flags_set_c(&f, c);
    expect("adc", &f, adc[size](&f, a, b), ripple(a, b, c, n, false), a, b);
    expect("sub", &f, sub[size](&f, a, b), ripple(a, b, false, n, true), a, b);
    flags_set_c(&f, c);
    expect("sbb", &f, sbb[size](&f, a, b), ripple(a, b, c, n, true), a, b);
    expect("and", &f, and_[size](&f, a, b), (struct want){a & b, szp(a & b, n)}, a, b);
    expect("xor", &f, xor_[size](&f, a, b), (struct want){a ^ b, szp(a ^ b, n)}, a, b);
}

START_TEST(all_bytes)
{
    for (uint32_t a = 0; a < 256; a++) {
        for (uint32_t b = 0; b < 256; b++) {
            check_pair(0, a, b, false);
            check_pair(0, a, b, true);
        }
    }
}
END_TEST

START_TEST(random_words)
{
    uint64_t seed = 7;
    for (unsigned k = 0; k < 200000; k++) {
        uint32_t a = test_random(&seed), b = test_random(&seed);
        unsigned size = 1 + k % 2;
        a &= mask_of(8u << size);
        b = k % 5 == 0 ? a : b & mask_of(8u << size);
        check_pair(size, a, b, k & 4);
    }
}
END_TEST

/* INC and DEC are ADD and SUB 1 that keep CF. */
START_TEST(inc_dec_keep_carry)
{
    for (uint32_t a = 0; a < 256; a++) {
        for (unsigned c = 0; c < 2; c++) {
            struct lazy_flags f = {0};
            struct want up = ripple(a, 1, false, 8, false), down = ripple(a, 1, false, 8, true);
            up.flags = (up.flags & ~(uint32_t)FL_CF) | c;
            down.flags = (down.flags & ~(uint32_t)FL_CF) | c;
            flags_set_c(&f, c);
            expect("inc", &f, alu_inc8(&f, a), up, a, 1);
            expect("dec", &f, alu_dec8(&f, a), down, a, 1);
        }
    }
}
END_TEST

START_TEST(every_combination_of_flags)
{
    for (uint32_t v = 0; v < 0x1000; v++) {
        struct lazy_flags f;
        flags_set(&f, v);
        ck_assert_uint_eq(flags_get(&f), v & FL_ARITH);
        flags_set_c(&f, true);
        ck_assert_uint_eq(flags_get(&f), (v & FL_ARITH) | FL_CF);
        flags_set_c(&f, false);
        ck_assert_uint_eq(flags_get(&f), v & FL_ARITH & ~(uint32_t)FL_CF);
    }
}
END_TEST

/* ---- shifts: the reference moves one bit at a time */

typedef uint32_t shift_fn(struct lazy_flags *f, uint32_t v, unsigned count);
enum kind { ROL, ROR, RCL, RCR, SHL, SHR, SAR, KINDS };
static shift_fn *const shifts[KINDS][3] = {
    {alu_rol8, alu_rol16, alu_rol32}, {alu_ror8, alu_ror16, alu_ror32},
    {alu_rcl8, alu_rcl16, alu_rcl32}, {alu_rcr8, alu_rcr16, alu_rcr32},
    {alu_shl8, alu_shl16, alu_shl32}, {alu_shr8, alu_shr16, alu_shr32},
    {alu_sar8, alu_sar16, alu_sar32}};

/* One step; returns the new value, *c the new carry. */
static uint32_t step(enum kind kind, uint32_t v, unsigned n, bool *c)
{
    bool top = v >> (n - 1) & 1, low = v & 1, in = *c;
    bool left = kind == ROL || kind == RCL || kind == SHL;
    *c = left ? top : low;
    switch (kind) {
    case ROL: in = top; break;
    case ROR: in = low; break;
    case SAR: in = top; break;
    case SHL:
    case SHR: in = false; break;
    default: break;
    }
    return left ? (v << 1 | in) & mask_of(n) : v >> 1 | (uint32_t)in << (n - 1);
}

static void check_shift(enum kind kind, unsigned size, uint32_t v, unsigned count, bool c)
{
    unsigned n = 8u << size;
    struct lazy_flags f;
    uint32_t before = FL_ZF | FL_PF | FL_AF | (c ? FL_CF : 0), r = v;
    bool carry = c, old_top = v >> (n - 1) & 1;
    flags_set(&f, before);
    for (unsigned k = 0; k < count; k++) {
        r = step(kind, r, n, &carry);
    }
    uint32_t got = shifts[kind][size](&f, v, count);
    ck_assert_msg(got == r, "kind %d size %u: %x by %u is %x, not %x", (int)kind, n, v, count,
                  got, r);
    if (kind >= SHL) {
        ck_assert_uint_eq(flags_get(&f) & (FL_SF | FL_ZF | FL_PF), szp(r, n));
    } else {
        ck_assert_uint_eq(flags_get(&f) & (FL_SF | FL_ZF | FL_PF | FL_AF),
                          FL_ZF | FL_PF | FL_AF);
    }
    if (count <= n || kind < SHL) { /* beyond the size CF of SHL and SHR is undefined */
        ck_assert_msg(flag_c(&f) == carry, "kind %d size %u: CF of %x by %u", (int)kind, n, v,
                      count);
    }
    if (count == 1) {
        bool top = r >> (n - 1) & 1;
        ck_assert_msg(flag_o(&f) == (kind == SAR ? false : old_top != top),
                      "kind %d size %u: OF of %x", (int)kind, n, v);
    }
}

START_TEST(shifts_and_rotates)
{
    uint64_t seed = 3;
    for (enum kind kind = ROL; kind < KINDS; kind++) {
        for (unsigned count = 1; count < 32; count++) {
            for (unsigned k = 0; k < 300; k++) {
                uint32_t v = k < 256 ? k * 0x01010101u : test_random(&seed);
                for (unsigned size = 0; size < 3; size++) {
                    check_shift(kind, size, v & mask_of(8u << size), count, k & 1);
                }
            }
        }
    }
}
END_TEST

START_TEST(double_shifts)
{
    uint64_t seed = 5;
    for (unsigned k = 0; k < 20000; k++) {
        uint32_t v = test_random(&seed), in = test_random(&seed);
        unsigned count = 1 + k % 31;
        struct lazy_flags f = {0};
        uint64_t left = ((uint64_t)v << 32 | in) << count,
                 right = ((uint64_t)in << 32 | v) >> count;
        ck_assert_uint_eq(alu_shld32(&f, v, in, count), left >> 32);
        ck_assert_uint_eq(flag_c(&f), v >> (32 - count) & 1);
        ck_assert_uint_eq(alu_shrd32(&f, v, in, count), right & UINT32_MAX);
        ck_assert_uint_eq(flag_c(&f), v >> (count - 1) & 1);
        if (count <= 16) {
            uint32_t v16 = v & 0xFFFF, in16 = in & 0xFFFF;
            ck_assert_uint_eq(alu_shld16(&f, v16, in16, count),
                              ((v16 << 16 | in16) << count >> 16) & 0xFFFF);
            ck_assert_uint_eq(flag_c(&f), v16 >> (16 - count) & 1);
            ck_assert_uint_eq(alu_shrd16(&f, v16, in16, count),
                              ((in16 << 16 | v16) >> count) & 0xFFFF);
            ck_assert_uint_eq(flag_c(&f), v16 >> (count - 1) & 1);
        }
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("alu");
    TCase *tc = tcase_create("alu");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, all_bytes);
    tcase_add_test(tc, random_words);
    tcase_add_test(tc, inc_dec_keep_carry);
    tcase_add_test(tc, every_combination_of_flags);
    tcase_add_test(tc, shifts_and_rotates);
    tcase_add_test(tc, double_shifts);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
