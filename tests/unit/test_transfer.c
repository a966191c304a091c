/* tests/unit/test_transfer.c -- cpu/sys/transfer.c: far JMP, CALL and RET through every kind of
 * descriptor. Expectations: SDM 2A CALL, JMP, 2B RET (pseudo-code); SDM 3A 5.8. */
#include <check.h>
#include <stdlib.h>

#include "tests/support/pm_fixture.h"

enum { GP = 13, NP = 11, SS = 12, TS = 10, HERE = PM_CODE, AWAY = PM_TARGET - PM_CODE };

static const struct pm_row jumps[] = {
    {"null", PM_RING0, GP, 0, 0, BYTES(JMPF(0, 0))},
    {"null with RPL", PM_RING0, GP, 0, 0, BYTES(JMPF(3, 0))},
    {"beyond the GDT", PM_RING0, GP, 0x200, 0, BYTES(JMPF(0x203, 0))},
    {"data", PM_RING0, GP, 0x10, 0, BYTES(JMPF(PM_DATA0, 0))},
    {"same level", PM_RING0, PM_AT_TARGET, 0, 0, BYTES(JMPF(PM_CODE0, PM_TARGET))},
    {"outer code", PM_RING0, GP, 0x18, 0, BYTES(JMPF(PM_CODE3, PM_TARGET))},
    {"inner code", PM_RING3, GP, 0x08, 0, BYTES(JMPF(PM_CODE0, PM_TARGET))},
    {"RPL above CPL", PM_RING0, GP, 0x08, 0, BYTES(JMPF(PM_CODE0 | 1, PM_TARGET))},
    {"RPL below CPL", PM_RING3, GP, 0, AWAY, BYTES(JMPF(PM_CODE3, PM_TARGET))}, /* HLT at 3 */
    {"absent", PM_RING3, NP, 0x78, 0, BYTES(JMPF(PM_ABSENT_CODE3 | 3, PM_TARGET))},
    {"conforming keeps CPL", PM_RING3, GP, 0, AWAY, BYTES(JMPF(PM_CONFORMING, PM_TARGET))},
    {"outer conforming", PM_RING0, GP, 0x118, 0, BYTES(JMPF(PM_CODE3_CONF, PM_TARGET))},
    {"in the limit", PM_RING0, PM_AT_TARGET, 0, 0, BYTES(JMPF(PM_CODE_SMALL, 0xFF))},
    {"beyond the limit", PM_RING0, GP, 0, 0, BYTES(JMPF(PM_CODE_SMALL, 0x100))},
    {"call gate", PM_RING0, PM_AT_TARGET, 0, 0, BYTES(JMPF(PM_GATE, 0x123))},
    {"call gate cannot raise", PM_RING3, GP, 0x08, 0, BYTES(JMPF(PM_GATE, 0))},
    {"call gate, DPL", PM_RING3, GP, 0x98, 0, BYTES(JMPF(PM_GATE_DPL0, 0))},
    {"call gate, RPL", PM_RING0, GP, 0x98, 0, BYTES(JMPF(PM_GATE_DPL0 | 1, 0))},
    {"gate to conforming", PM_RING3, GP, 0, AWAY, BYTES(JMPF(PM_GATE_CONF, 0))},
    {"gate to outer", PM_RING0, GP, 0x50, 0, BYTES(JMPF(PM_GATE1, 0))},
    {"gate absent", PM_RING0, NP, 0xC8, 0, BYTES(JMPF(PM_GATE_ABSENT, 0))},
    {"gate to null", PM_RING0, GP, 0, 0, BYTES(JMPF(PM_GATE_NULL, 0))},
    {"gate to data", PM_RING0, GP, 0x10, 0, BYTES(JMPF(PM_GATE_DATA, 0))},
    {"type 0", PM_RING0, GP, 0xF0, 0, BYTES(JMPF(PM_BAD, 0))},
    {"LDT descriptor", PM_RING0, GP, 0x30, 0, BYTES(JMPF(PM_LDT_SEL, 0))},
    {"TSS, DPL", PM_RING3, GP, 0x28, 0, BYTES(JMPF(PM_TSS_SEL, 0))},
    {"TSS busy", PM_RING0, GP, 0xE8, 0, BYTES(JMPF(PM_TSS_BUSY, 0))},
    {"TSS too small", PM_RING0, TS, 0xE0, 0, BYTES(JMPF(PM_TSS_SMALL, 0))},
    {"through memory: null", PM_RING0, GP, 0, 0, BYTES(0xFF, 0x2D, D(PM_DATA))},
    {"16-bit operand", PM_RING0, GP, 0, 0, BYTES(0x66, 0xEA, W(0x100), W(PM_CODE_SMALL))},
};

static const struct pm_row calls[] = {
    {"null", PM_RING0, GP, 0, 0, BYTES(CALLF(0, 0))},
    {"data", PM_RING0, GP, 0x10, 0, BYTES(CALLF(PM_DATA0, 0))},
    {"same level", PM_RING0, PM_AT_TARGET, 0, 0, BYTES(CALLF(PM_CODE0, PM_TARGET))},
    {"inner code", PM_RING3, GP, 0x08, 0, BYTES(CALLF(PM_CODE0, PM_TARGET))},
    {"absent", PM_RING3, NP, 0x78, 0, BYTES(CALLF(PM_ABSENT_CODE3 | 3, PM_TARGET))},
    {"beyond the limit", PM_RING0, GP, 0, 0, BYTES(CALLF(PM_CODE_SMALL, 0x100))},
    {"gate inward", PM_RING3, PM_AT_TARGET, 0, 0, BYTES(CALLF(PM_GATE, 0x123))},
    {"gate, DPL", PM_RING3, GP, 0x98, 0, BYTES(CALLF(PM_GATE_DPL0, 0))},
    {"gate to conforming", PM_RING3, GP, 0, AWAY, BYTES(CALLF(PM_GATE_CONF, 0))},
    {"gate to ring 1", PM_RING3, GP, 0, AWAY, BYTES(CALLF(PM_GATE1, 0))}, /* HLT at 1 */
    {"gate absent", PM_RING3, NP, 0xC8, 0, BYTES(CALLF(PM_GATE_ABSENT, 0))},
    {"gate to null", PM_RING3, GP, 0, 0, BYTES(CALLF(PM_GATE_NULL, 0))},
    {"gate to data", PM_RING3, GP, 0x10, 0, BYTES(CALLF(PM_GATE_DATA, 0))},
    {"no stack", PM_RING3, SS, 0, 5, BYTES(0xBC, D(2), CALLF(PM_CODE3 | 3, PM_TARGET))},
    {"memory, register form", PM_RING0, 6, 0, 0, BYTES(0xFF, 0xD8)},
};

#define RETF_TO(cs, ip)          PUSH_D(cs), PUSH_D(ip), 0xCB
#define RETF_OUT(ss, sp, cs, ip) PUSH_D(ss), PUSH_D(sp), RETF_TO(cs, ip)
static const struct pm_row returns[] = {
    {"null", PM_RING0, GP, 0, 10, BYTES(RETF_TO(3, 0))},
    {"data", PM_RING0, GP, 0x10, 10, BYTES(RETF_TO(PM_DATA0, 0))},
    {"same level", PM_RING0, PM_AT_TARGET, 0, 0, BYTES(RETF_TO(PM_CODE0, PM_TARGET))},
    {"inward", PM_RING3, GP, 0x08, 10, BYTES(RETF_TO(PM_CODE0, PM_TARGET))},
    {"conforming inward", PM_RING3, GP, 0x48, 10, BYTES(RETF_TO(PM_CONFORMING, PM_TARGET))},
    {"conforming same", PM_RING3, GP, 0, AWAY, BYTES(RETF_TO(PM_CONFORMING | 3, PM_TARGET))},
    {"RPL is not DPL", PM_RING0, GP, 0x18, 10, BYTES(RETF_TO(PM_CODE3 | 1, PM_TARGET))},
    {"absent", PM_RING3, NP, 0x78, 10, BYTES(RETF_TO(PM_ABSENT_CODE3 | 3, 0))},
    {"beyond the limit", PM_RING0, GP, 0, 10, BYTES(RETF_TO(PM_CODE_SMALL, 0x100))},
    {"outward", PM_RING0, PM_OK, 0, 0,
     BYTES(RETF_OUT(PM_DATA3 | 3, PM_STACK3, PM_CODE3 | 3, HERE + 21), DONE)},
    {"outward, null SS", PM_RING0, GP, 0, 20, BYTES(RETF_OUT(0, 0, PM_CODE3 | 3, HERE))},
    {"outward, inner SS", PM_RING0, GP, 0x10, 20,
     BYTES(RETF_OUT(PM_DATA0, 0, PM_CODE3 | 3, HERE))},
    {"outward, absent SS", PM_RING0, SS, 0x70, 20,
     BYTES(RETF_OUT(PM_ABSENT_DATA3 | 3, 0, PM_CODE3 | 3, HERE))},
    {"no stack", PM_RING3, SS, 0, 5, BYTES(0xBC, D(0xFFFFFFFEu), 0xCB)},
};

START_TEST(jump_row)
{
    pm_check_row(&jumps[_i]);
}
END_TEST

START_TEST(call_row)
{
    pm_check_row(&calls[_i]);
}
END_TEST

START_TEST(return_row)
{
    pm_check_row(&returns[_i]);
}
END_TEST

START_TEST(indirect)
{
    static const uint8_t code[] = {0xFF, 0x1D, D(PM_DATA)};
    struct pm pm;
    pm_init(&pm);
    pm_w32(&pm, PM_DATA, PM_TARGET);
    pm_w32(&pm, PM_DATA + 4, 0xABCD0000 | PM_CODE0);
    ck_assert_uint_eq(pm_run(&pm, PM_RING0, code, sizeof code).vector, PM_AT_TARGET);
    uint32_t esp = pm_reg(&pm, "esp");
    ck_assert_uint_eq(esp, PM_STACK0 - 8);
    ck_assert_uint_eq(pm_r32(&pm, esp), PM_CODE + 6);
    ck_assert_uint_eq(pm_r32(&pm, esp + 4), PM_CODE0);
    pm_free(&pm);
}
END_TEST

/* Inward through a gate: two parameters move over, oldest last pushed stays nearest. */
START_TEST(gate_parameters)
{
    static const uint8_t code[] = {PUSH_D(0x11111111), PUSH_D(0x22222222),
                                   CALLF(PM_GATE | 3, 0)};
    static const uint32_t frame[] = {
        PM_CODE + sizeof code, PM_CODE3 | 3, 0x22222222, 0x11111111,
        PM_STACK3 - 8,         PM_DATA3 | 3};
    struct pm pm;
    pm_init(&pm);
    ck_assert_uint_eq(pm_run(&pm, PM_RING3, code, sizeof code).vector, PM_AT_TARGET);
    uint32_t esp = pm_reg(&pm, "esp");
    ck_assert_uint_eq(esp, PM_STACK0 - sizeof frame);
    for (unsigned k = 0; k < ARRAY_LEN(frame); k++) {
        ck_assert_uint_eq(pm_r32(&pm, esp + 4 * k), frame[k]);
    }
    ck_assert_uint_eq(pm_reg(&pm, "cs"), PM_CODE0);
    ck_assert_uint_eq(pm_reg(&pm, "ss"), PM_DATA0);
    pm_free(&pm);
}
END_TEST

/* A 16-bit gate pushes words, three parameters among them. */
START_TEST(gate_16)
{
    static const uint8_t code[] = {PUSH_D(0x22221111), PUSH_D(0x44443333), CALLF(PM_GATE16, 0)};
    static const uint16_t frame[] = {sizeof code, PM_CODE3 | 3,  0x3333,      0x4444,
                                     0x1111,      PM_STACK3 - 8, PM_DATA3 | 3};
    struct pm pm;
    pm_init(&pm);
    ck_assert_uint_eq(pm_run(&pm, PM_RING3, code, sizeof code).vector, PM_AT_TARGET);
    uint32_t esp = pm_reg(&pm, "esp");
    ck_assert_uint_eq(esp, PM_STACK0 - sizeof frame);
    for (unsigned k = 0; k < ARRAY_LEN(frame); k++) {
        ck_assert_uint_eq(pm_r32(&pm, esp + 2 * k) & 0xFFFF, frame[k]);
    }
    pm_free(&pm);
}
END_TEST

/* And back: RETF 8 at the gate's end releases the parameters on both stacks. */
START_TEST(gate_and_back)
{
    static const uint8_t code[] = {PUSH_D(1), PUSH_D(2), CALLF(PM_GATE, 0), DONE};
    static const uint8_t target[] = {0xCA, W(8)};
    struct pm pm;
    pm_init(&pm);
    cpu_fixture_load(&pm.fx, PM_TARGET, target, sizeof target);
    struct pm_end end = pm_run(&pm, PM_RING3, code, sizeof code);
    ck_assert_uint_eq(end.vector, PM_OK);
    ck_assert_uint_eq(end.esp, PM_STACK3);
    ck_assert_uint_eq(end.cs, PM_CODE3 | 3);
    ck_assert_uint_eq(pm_reg(&pm, "ds"), PM_DATA3 | 3); /* was level 3's own: kept */
    pm_free(&pm);
}
END_TEST

/* Inner data segments do not survive an outer return. */
START_TEST(outer_return_nulls)
{
    static const uint8_t code[] = {MOV_AX(PM_CONFORMING),
                                   MOV_FS_AX,
                                   MOV_AX(2),
                                   0x8E,
                                   0xE8, /* GS: null, but not 0 */
                                   RETF_OUT(PM_DATA3 | 3, PM_STACK3, PM_CODE3 | 3, HERE + 33),
                                   DONE};
    struct pm pm;
    pm_init(&pm);
    ck_assert_uint_eq(pm_run(&pm, PM_RING0, code, sizeof code).vector, PM_OK);
    ck_assert_uint_eq(pm_reg(&pm, "ds"), 0);
    ck_assert_uint_eq(pm_reg(&pm, "es"), 0);
    ck_assert_uint_eq(pm_reg(&pm, "gs"), 0);
    ck_assert_uint_eq(pm_reg(&pm, "fs"), PM_CONFORMING); /* conforming code may stay */
    pm_free(&pm);
}
END_TEST

/* The inner stack comes from the TSS: each thing that can be wrong with it. */
START_TEST(inner_stack_faults)
{
    static const struct {
        uint32_t ss1, vector, code;
    } row[] = {{0, TS, 0},
               {0x201, TS, 0x200},
               {PM_DATA0, TS, PM_DATA0},
               {PM_DATA1, TS, PM_DATA1}, /* RPL 0 */
               {PM_CODE1 | 1, TS, PM_CODE1},
               {PM_DATA3 | 1, TS, PM_DATA3}};
    static const uint8_t code[] = {CALLF(PM_GATE1, 0)};
    for (unsigned k = 0; k < ARRAY_LEN(row); k++) {
        struct pm pm;
        pm_init(&pm);
        pm_w32(&pm, PM_TSS + 16, row[k].ss1);
        struct pm_end end = pm_run(&pm, PM_RING3, code, sizeof code);
        ck_assert_uint_eq(end.vector, row[k].vector);
        ck_assert_uint_eq(end.code, row[k].code);
        ck_assert_uint_eq(end.eip, 0);
        ck_assert_uint_eq(end.esp, PM_STACK3);
        pm_free(&pm);
    }
}
END_TEST

START_TEST(inner_stack_absent_or_full)
{
    static const uint8_t code[] = {CALLF(PM_GATE1, 0)};
    struct pm pm;
    pm_init(&pm);
    pm_descriptor(&pm, PM_DATA1, 0, 0xFFFFF, 0xC32);
    struct pm_end end = pm_run(&pm, PM_RING3, code, sizeof code);
    ck_assert_uint_eq(end.vector, SS);
    ck_assert_uint_eq(end.code, PM_DATA1);
    pm_free(&pm);
    pm_init(&pm);
    pm_descriptor(&pm, PM_DATA1, 0, 0xFFF, 0x4B2);
    pm_w32(&pm, PM_TSS + 12, 8); /* ESP1: room for two items, not for four */
    end = pm_run(&pm, PM_RING3, code, sizeof code);
    ck_assert_uint_eq(end.vector, SS);
    ck_assert_uint_eq(end.code, PM_DATA1);
    ck_assert_uint_eq(pm_r32(&pm, 4), 0); /* nothing was pushed */
    pm_free(&pm);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("transfer");
    TCase *tc = tcase_create("transfer");
    tcase_add_loop_test(tc, jump_row, 0, ARRAY_LEN(jumps));
    tcase_add_loop_test(tc, call_row, 0, ARRAY_LEN(calls));
    tcase_add_loop_test(tc, return_row, 0, ARRAY_LEN(returns));
    tcase_add_test(tc, indirect);
    tcase_add_test(tc, gate_parameters);
    tcase_add_test(tc, gate_16);
    tcase_add_test(tc, gate_and_back);
    tcase_add_test(tc, outer_return_nulls);
    tcase_add_test(tc, inner_stack_faults);
    tcase_add_test(tc, inner_stack_absent_or_full);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
