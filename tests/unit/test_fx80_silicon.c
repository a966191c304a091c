/* tests/unit/test_fx80_silicon.c -- 80-bit arithmetic bit for bit as silicon has it, on every
 * host: hashes of what an Intel processor (family 6, model 167) did with 20000 random operands
 * of each instruction, by test_native_fx80 20000 print. Transcendental functions are not among
 * them: there the manual leaves the last place open. */
#include <check.h>
#include <string.h>

#include "tests/support/fx80_unit.h"

enum { ROUNDS = 20000 };

static const struct silicon {
    const char *name;
    uint64_t hash;
} silicon[] = {
    {"add", 0x523889F913968C2E},          {"sub", 0xBBAA979E89B31AF8},
    {"mul", 0xE5C1053E85F436B0},          {"div", 0x793217DAEBB57B53},
    {"sqrt", 0xC1971BC161530FB8},         {"scale", 0x0546674CCA3B1514},
    {"round_to_int", 0xBA49983EA2ACB4D1}, {"prem", 0x3A5B3C74A0D9C353},
    {"prem1", 0x90894997045A597E},        {"extract", 0x5740D3DE99A3F3B0},
    {"com", 0x83AC89AAA4B15F54},          {"ucom", 0xF448E08AB5A7C32E},
    {"com_m64", 0x6966F404136A641C},      {"add_m32", 0x21CD485C6DA0D97F},
    {"div_m32", 0x239D8C8ED9475F03},      {"mul_m64", 0x5CC7F5FCB5F6E9D9},
    {"sub_m64", 0x30DF5A9B98AD07BE},      {"from_f32", 0x23F5517DAA0F649F},
    {"from_f64", 0x86BFDD0401DAC04C},     {"from_i64", 0x797CCDE6E6B39F53},
    {"from_bcd", 0x4797A0FF6C846534},     {"to_f32", 0xF257E0F22D5ADCE5},
    {"to_f64", 0xFE5A0E73711AFDEA},       {"to_i16", 0xD1674CA4782FA2CC},
    {"to_i32", 0x08C06712576CBE09},       {"to_i64", 0x551E0DD3B15DB733},
    {"to_bcd", 0x1374EAC369DB1B00},       {"constant_0", 0xE049EC1578A74E06},
    {"constant_1", 0x58C86933268D56FB},   {"constant_2", 0x8282053D4F777C2D},
    {"constant_3", 0x3958FDF1378EB555},   {"constant_4", 0x560843CAD6448D9A},
    {"constant_5", 0x2887E10DACEF2072},   {"constant_6", 0x4E8A5283BAF488D7},
};

START_TEST(test_instruction)
{
    unsigned n = 0;
    while (n < FX_INSTRUCTIONS && strcmp(fx_instructions[n].name, silicon[_i].name) != 0) {
        n++;
    }
    ck_assert_uint_lt(n, FX_INSTRUCTIONS);
    uint64_t seed = 1 + n, hash = 0;
    for (unsigned k = 0; k < ROUNDS; k++) {
        struct fx_unit u;
        fx_unit_random(&u, &fx_instructions[n], &seed);
        fx_instructions[n].execute(&u);
        hash = fx_unit_hash(hash, &u);
    }
    ck_assert_msg(hash == silicon[_i].hash, "%s: hash %016llX", silicon[_i].name,
                  (unsigned long long)hash);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("fx80_silicon");
    TCase *c = tcase_create("fx80_silicon");
    tcase_add_loop_test(c, test_instruction, 0, (int)ARRAY_LEN(silicon));
    suite_add_tcase(s, c);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
