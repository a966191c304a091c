/* tests/unit/test_segment.c -- cpu/sys/segment.c: loads, views, descriptor registers and
 * queries. Expectations: SDM 2B MOV, "Loading a segment register"; SDM 3A 5.3, 5.5, 5.7, 5.10.
 */
#include <check.h>
#include <stdlib.h>

#include "tests/support/pm_fixture.h"

enum { GP = 13, UD = 6, NP = 11, SS = 12 };

static const struct pm_row loads[] = {
    {"null DS", PM_RING0, PM_OK, 0, 0, BYTES(MOV_AX(3), MOV_DS_AX, DONE)},
    {"use of null DS", PM_RING0, GP, 0, 6, BYTES(MOV_AX(0), MOV_DS_AX, 0xA1, D(PM_DATA))},
    {"null SS", PM_RING0, GP, 0, 4, BYTES(MOV_AX(0), MOV_SS_AX)},
    {"SS, RPL 3 at 0", PM_RING0, GP, 0x20, 4, BYTES(MOV_AX(PM_DATA3 | 3), MOV_SS_AX)},
    {"SS, DPL 3 at 0", PM_RING0, GP, 0x20, 4, BYTES(MOV_AX(PM_DATA3), MOV_SS_AX)},
    {"SS is code", PM_RING0, GP, 0x08, 4, BYTES(MOV_AX(PM_CODE0), MOV_SS_AX)},
    {"SS read-only", PM_RING3, GP, 0x68, 4, BYTES(MOV_AX(PM_READ_ONLY3 | 3), MOV_SS_AX)},
    {"SS absent", PM_RING0, SS, 0xD8, 4, BYTES(MOV_AX(PM_ABSENT_SS), MOV_SS_AX)},
    {"SS at 3", PM_RING3, PM_OK, 0, 0, BYTES(MOV_AX(PM_DATA3 | 3), MOV_SS_AX, DONE)},
    {"beyond the GDT", PM_RING0, GP, 0x120, 4, BYTES(MOV_AX(0x123), MOV_DS_AX)},
    {"absent data", PM_RING3, NP, 0x70, 4, BYTES(MOV_AX(PM_ABSENT_DATA3 | 3), MOV_DS_AX)},
    {"execute-only", PM_RING0, GP, 0x60, 4, BYTES(MOV_AX(PM_EXEC_ONLY), MOV_DS_AX)},
    {"readable code", PM_RING0, PM_OK, 0, 0, BYTES(MOV_AX(PM_CODE0), MOV_DS_AX, DONE)},
    {"system descriptor", PM_RING0, GP, 0x30, 4, BYTES(MOV_AX(PM_LDT_SEL), MOV_DS_AX)},
    {"inner data", PM_RING3, GP, 0x10, 4, BYTES(MOV_AX(PM_DATA0), MOV_DS_AX)},
    {"weak RPL", PM_RING0, GP, 0x10, 4, BYTES(MOV_AX(PM_DATA0 | 3), MOV_DS_AX)},
    {"conforming code", PM_RING3, PM_OK, 0, 0, BYTES(MOV_AX(PM_CONFORMING), MOV_DS_AX, DONE)},
    {"inner code", PM_RING3, GP, 0x08, 4, BYTES(MOV_AX(PM_CODE0), MOV_DS_AX)},
    {"from the LDT", PM_RING3, PM_OK, 0, 0, BYTES(MOV_AX(PM_LDT_DATA3 | 3), MOV_DS_AX, DONE)},
    {"beyond the LDT", PM_RING3, GP, 0x14, 4, BYTES(MOV_AX(0x17), MOV_DS_AX)},
    {"MOV CS", PM_RING0, UD, 0, 4, BYTES(MOV_AX(8), 0x8E, 0xC8)},
    {"segment register 6", PM_RING0, UD, 0, 0, BYTES(0x8E, 0xF0)},
    {"segment register 7, store", PM_RING0, UD, 0, 0, BYTES(0x8C, 0xF8)},
    {"POP absent", PM_RING3, NP, 0x70, 5, BYTES(PUSH_D(PM_ABSENT_DATA3 | 3), 0x1F)},
    {"LDS null", PM_RING0, PM_OK, 0, 0, BYTES(0xC5, 0x05, D(PM_DATA), DONE)},
    {"LSS null", PM_RING0, GP, 0, 0, BYTES(0x0F, 0xB2, 0x05, D(PM_DATA))},
    {"LES register", PM_RING0, UD, 0, 0, BYTES(0xC4, 0xC0)},
};

static const struct pm_row views[] = {
    {"read-only", PM_RING3, GP, 0, 6,
     BYTES(MOV_AX(PM_READ_ONLY3 | 3), MOV_DS_AX, 0xA3, D(PM_DATA))},
    {"code is not writable", PM_RING0, GP, 0, 0, BYTES(0x2E, 0xA3, D(PM_DATA))},
    {"execute-only by CS", PM_RING0, GP, 0, 7 + 0,
     BYTES(JMPF(PM_EXEC_ONLY, PM_CODE + 7), 0x2E, 0xA1, D(PM_DATA))},
    {"expand-down, below", PM_RING3, GP, 0, 6,
     BYTES(MOV_AX(PM_EXPAND_DOWN | 3), MOV_DS_AX, 0xA1, D(0xFFF))},
    {"expand-down, within", PM_RING3, PM_OK, 0, 0,
     BYTES(MOV_AX(PM_EXPAND_DOWN | 3), MOV_DS_AX, 0xA1, D(0x1000), DONE)},
    {"expand-down, top", PM_RING3, GP, 0, 6,
     BYTES(MOV_AX(PM_EXPAND_DOWN | 3), MOV_DS_AX, 0xA1, D(0xFFFFFFFDu))},
    {"limit, within", PM_RING3, PM_OK, 0, 0,
     BYTES(MOV_AX(PM_SMALL | 3), MOV_DS_AX, 0xA1, D(0xFC), DONE)},
    {"limit, astride", PM_RING3, GP, 0, 6,
     BYTES(MOV_AX(PM_SMALL | 3), MOV_DS_AX, 0xA1, D(0xFD))},
    {"limit of SS is #SS", PM_RING3, SS, 0, 6,
     BYTES(MOV_AX(PM_SMALL | 3), MOV_SS_AX, 0x36, 0xA1, D(0x100))},
};

static const struct pm_row rights[] = {
    {"LGDT at 3", PM_RING3, GP, 0, 0, BYTES(0x0F, 0x01, 0x15, D(PM_DATA))},
    {"LIDT at 1", PM_RING1, GP, 0, 0, BYTES(0x0F, 0x01, 0x1D, D(PM_DATA))},
    {"LLDT at 3", PM_RING3, GP, 0, 0, BYTES(0x0F, 0x00, 0xD0)},
    {"LTR at 3", PM_RING3, GP, 0, 0, BYTES(0x0F, 0x00, 0xD8)},
    {"LGDT register", PM_RING0, UD, 0, 0, BYTES(0x0F, 0x01, 0xD0)},
    {"LGDT in V86", PM_V86_IOPL3, GP, 0, 0, BYTES(0x0F, 0x01, 0x16, 0, 0)},
    {"SGDT in V86", PM_V86_IOPL3, PM_OK, 0, 0, BYTES(0x0F, 0x01, 0x06, 0, 0, DONE)},
    {"SLDT in V86", PM_V86_IOPL3, UD, 0, 0, BYTES(0x0F, 0x00, 0xC0)},
    {"LAR in V86", PM_V86_IOPL3, UD, 0, 0, BYTES(0x0F, 0x02, 0xC0)},
    {"ARPL in V86", PM_V86_IOPL3, UD, 0, 0, BYTES(0x63, 0xC0)},
    {"LLDT from LDT", PM_RING0, GP, 0x0C, 4, BYTES(MOV_AX(0x0C), 0x0F, 0x00, 0xD0)},
    {"LLDT of data", PM_RING0, GP, 0x10, 4, BYTES(MOV_AX(PM_DATA0), 0x0F, 0x00, 0xD0)},
    {"LLDT null", PM_RING0, PM_OK, 0, 0, BYTES(MOV_AX(0), 0x0F, 0x00, 0xD0, DONE)},
    {"LDT gone", PM_RING0, GP, 0x0C, 11,
     BYTES(MOV_AX(0), 0x0F, 0x00, 0xD0, MOV_AX(PM_LDT_DATA3), MOV_DS_AX)},
    {"LTR null", PM_RING0, GP, 0, 4, BYTES(MOV_AX(0), 0x0F, 0x00, 0xD8)},
    {"LTR busy", PM_RING0, GP, 0x28, 4, BYTES(MOV_AX(PM_TSS_SEL), 0x0F, 0x00, 0xD8)},
    {"LTR from LDT", PM_RING0, GP, 0x0C, 4, BYTES(MOV_AX(0x0C), 0x0F, 0x00, 0xD8)},
    {"LTR of the LDT", PM_RING0, GP, 0x30, 4, BYTES(MOV_AX(PM_LDT_SEL), 0x0F, 0x00, 0xD8)},
};

START_TEST(load_row)
{
    pm_check_row(&loads[_i]);
}
END_TEST

START_TEST(view_row)
{
    pm_check_row(&views[_i]);
}
END_TEST

START_TEST(rights_row)
{
    pm_check_row(&rights[_i]);
}
END_TEST

/* A faulting POP leaves ESP and the register as they were. */
START_TEST(fault_leaves_state)
{
    static const uint8_t code[] = {PUSH_D(PM_ABSENT_DATA3 | 3), 0x1F};
    struct pm pm;
    pm_init(&pm);
    struct pm_end end = pm_run(&pm, PM_RING3, code, sizeof code);
    ck_assert_uint_eq(end.vector, NP);
    ck_assert_uint_eq(end.esp, PM_STACK3 - 4);
    ck_assert_uint_eq(pm_reg(&pm, "ds"), PM_DATA3 | 3);
    pm_free(&pm);
}
END_TEST

START_TEST(accessed_bit)
{
    static const uint8_t code[] = {MOV_AX(PM_SMALL | 3), MOV_ES_AX, MOV_AX(0x73), MOV_ES_AX};
    struct pm pm;
    pm_init(&pm);
    ck_assert_uint_eq(pm_r32(&pm, PM_GDT + PM_SMALL + 4) & 0x100, 0);
    ck_assert_uint_eq(pm_run(&pm, PM_RING3, code, sizeof code).vector, NP);
    ck_assert_uint_eq(pm_r32(&pm, PM_GDT + PM_SMALL + 4) & 0x100, 0x100);
    ck_assert_uint_eq(pm_r32(&pm, PM_GDT + 0x70 + 4) & 0x100, 0); /* not loaded */
    ck_assert_uint_eq(pm_r32(&pm, PM_GDT + PM_CODE0 + 4) & 0x100, 0x100);
    pm_free(&pm);
}
END_TEST

/* LAR, LSL, VERR, VERW at level 3: selector, expected ZF, and value. */
struct query {
    uint16_t sel;
    uint8_t op[3]; /* with AX, or EBX, EAX */
    bool zf;
    uint32_t value;
};
#define LAR                                                                                    \
    {                                                                                          \
        0x0F, 0x02, 0xD8                                                                       \
    }
#define LSL                                                                                    \
    {                                                                                          \
        0x0F, 0x03, 0xD8                                                                       \
    }
#define VERR                                                                                   \
    {                                                                                          \
        0x0F, 0x00, 0xE0                                                                       \
    }
#define VERW                                                                                   \
    {                                                                                          \
        0x0F, 0x00, 0xE8                                                                       \
    }
static const struct query queries[] = {
    {0, LAR, false, 0},
    {3, VERR, false, 0},
    {0x200, LSL, false, 0},
    {PM_DATA3 | 3, LAR, true, 0x00CFF300},
    {PM_DATA0, LAR, false, 0},
    {PM_DATA0 | 3, LSL, false, 0},
    {PM_CONFORMING, LAR, true, 0x00CF9E00},
    {PM_SMALL | 3, LSL, true, 0xFF},
    {PM_DATA3 | 3, LSL, true, 0xFFFFFFFF},
    {PM_ABSENT_DATA3 | 3, LAR, true, 0x00CF7200},
    {PM_GATE | 3, LAR, true, 0x0003EC00 & 0x00FFFF00},
    {PM_GATE | 3, LSL, false, 0},
    {PM_TASK_GATE | 3, LAR, true, 0x0000E500},
    {PM_TSS_B_SEL | 3, LSL, true, 0x67},
    {PM_TSS_BUSY | 3, LAR, true, 0x0000EB00},
    {PM_BAD, LAR, false, 0},
    {PM_READ_ONLY3 | 3, VERR, true, 0},
    {PM_READ_ONLY3 | 3, VERW, false, 0},
    {PM_DATA3 | 3, VERW, true, 0},
    {PM_DATA0 | 3, VERR, false, 0},
    {PM_CONFORMING, VERR, true, 0},
    {PM_CODE3 | 3, VERR, true, 0},
    {PM_CODE3 | 3, VERW, false, 0},
    {PM_TSS_B_SEL | 3, VERR, false, 0},
};

START_TEST(query_row)
{
    const struct query *q = &queries[_i];
    uint8_t code[] = {0xBB, D(0x5A5A5A5A), MOV_AX(q->sel), q->op[0], q->op[1], q->op[2], DONE};
    struct pm pm;
    pm_init(&pm);
    struct pm_end end = pm_run(&pm, PM_RING3, code, sizeof code);
    bool has_value = q->op[1] != 0 && q->zf;
    ck_assert_uint_eq(end.vector, PM_OK);
    ck_assert_msg(!!(end.eflags & 0x40) == q->zf, "query %d: ZF", _i);
    ck_assert_uint_eq(pm_reg(&pm, "ebx"), has_value ? q->value : 0x5A5A5A5A);
    pm_free(&pm);
}
END_TEST

START_TEST(arpl)
{
    /* AX 0008h, BX 0003h: RPL raised; then again: ZF clear. */
    static const uint8_t once[] = {MOV_EAX(0x12340008), 0xBB, D(3), 0x63, 0xD8, DONE};
    static const uint8_t twice[] = {MOV_EAX(8), 0xBB, D(3), 0x63, 0xD8, 0x63, 0xD8, DONE};
    static const uint8_t memory[] = {0xBB, D(2), 0x63, 0x1D, D(PM_DATA), DONE};
    struct pm pm;
    pm_init(&pm);
    ck_assert_uint_eq(pm_run(&pm, PM_RING3, once, sizeof once).eflags & 0x40, 0x40);
    ck_assert_uint_eq(pm_reg(&pm, "eax"), 0x1234000B);
    ck_assert_uint_eq(pm_run(&pm, PM_RING3, twice, sizeof twice).eflags & 0x40, 0);
    ck_assert_uint_eq(pm_reg(&pm, "eax"), 0xB);
    pm_w32(&pm, PM_DATA, 0xFFFF0071);
    ck_assert_uint_eq(pm_run(&pm, PM_RING3, memory, sizeof memory).eflags & 0x40, 0x40);
    ck_assert_uint_eq(pm_r32(&pm, PM_DATA), 0xFFFF0072);
    pm_free(&pm);
}
END_TEST

/* Stores of selectors: 16 bits to memory, zero-extended to a register; a 32-bit push writes
 * half of its slot. All of it at level 3: these are holes. */
START_TEST(stores)
{
    static const uint8_t code[] = {
        0xB8, D(0xFFFFFFFF), 0x0F, 0x00,           0xC8,                 /* STR EAX */
        0xBB, D(0xFFFFFFFF), 0x66, 0x0F,           0x00,           0xC3, /* SLDT BX */
        0x0F, 0x00,          0x0D, D(PM_DATA),                           /* STR [] */
        0x0F, 0x01,          0x05, D(PM_DATA + 8),                       /* SGDT */
        0x66, 0x0F,          0x01, 0x0D,           D(PM_DATA + 16)};     /* SIDT, 16-bit */
    static const uint8_t push[] = {0x6A, 0xFF, 0x59, 0x1E,
                                   DONE}; /* PUSH -1; POP ECX; PUSH DS */
    uint8_t all[sizeof code + sizeof push];
    struct pm pm;
    for (unsigned k = 0; k < sizeof all; k++) {
        all[k] = k < sizeof code ? code[k] : push[k - sizeof code];
    }
    pm_init(&pm);
    pm_w32(&pm, PM_DATA, 0xFFFFFFFF);
    struct pm_end end = pm_run(&pm, PM_RING3, all, sizeof all);
    ck_assert_uint_eq(end.vector, PM_OK);
    ck_assert_uint_eq(pm_reg(&pm, "eax"), PM_TSS_SEL);
    ck_assert_uint_eq(pm_reg(&pm, "ebx"), 0xFFFF0000 | PM_LDT_SEL);
    ck_assert_uint_eq(pm_r32(&pm, PM_DATA), 0xFFFF0000 | PM_TSS_SEL);
    ck_assert_uint_eq(pm_r32(&pm, PM_DATA + 8), PM_GDT << 16 | PM_GDT_LIMIT);
    ck_assert_uint_eq(pm_r32(&pm, PM_DATA + 16), PM_IDT << 16 | 0x7FF);
    ck_assert_uint_eq(end.esp, PM_STACK3 - 4);
    ck_assert_uint_eq(pm_r32(&pm, end.esp), 0xFFFF0000 | PM_DATA3 | 3);
    pm_free(&pm);
}
END_TEST

/* MOV SS holds off the interrupt for one instruction: ESP is loaded before the handler runs.
 * INTR comes up at each tick in turn; every boundary but one is seen. */
START_TEST(stack_shadow)
{
    static const uint8_t code[] = {
        0x90, 0x90, MOV_AX(PM_DATA0), MOV_SS_AX, 0xBC, D(PM_STACK_B), 0x90, 0x90, DONE};
    static const uint8_t boundary[] = {1, 2, 6, 13, 14, 15};
    bool seen[sizeof code + 1] = {false};
    for (unsigned at = 10; at < 60; at++) {
        struct pm pm;
        pm_init(&pm);
        pm.eflags = 0x202;
        pm.intr_at = at;
        pm.fx.vector = 0x30;
        struct pm_end end = pm_run(&pm, PM_RING0, code, sizeof code);
        if (end.vector == 0x30 && end.eip < sizeof seen) {
            seen[end.eip] = true;
        }
        pm_free(&pm);
    }
    for (unsigned k = 0; k < ARRAY_LEN(boundary); k++) {
        ck_assert_msg(seen[boundary[k]], "no interrupt at +%u", boundary[k]);
    }
    ck_assert(!seen[8]);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("segment");
    TCase *tc = tcase_create("segment");
    tcase_add_loop_test(tc, load_row, 0, ARRAY_LEN(loads));
    tcase_add_loop_test(tc, view_row, 0, ARRAY_LEN(views));
    tcase_add_loop_test(tc, rights_row, 0, ARRAY_LEN(rights));
    tcase_add_loop_test(tc, query_row, 0, ARRAY_LEN(queries));
    tcase_add_test(tc, fault_leaves_state);
    tcase_add_test(tc, accessed_bit);
    tcase_add_test(tc, arpl);
    tcase_add_test(tc, stores);
    tcase_add_test(tc, stack_shadow);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
