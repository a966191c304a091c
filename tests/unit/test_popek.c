/* tests/unit/test_popek.c -- the what-if processor (-cpu MODEL,+popek): every row of class HOLE
 * traps outside level 0 of protected mode, before any other effect; and the census, which
 * counts them by level, and what would have gone wrong without the trap. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/insn.h"
#include "tests/support/pm_fixture.h"

static const struct hole {
    unsigned id;
    uint8_t len;
    uint8_t bytes[8];
} holes[] = {
    {I_PUSH_ES, BYTES(0x06)},
    {I_POP_ES, BYTES(0x07)},
    {I_PUSH_CS, BYTES(0x0E)},
    {I_PUSH_SS, BYTES(0x16)},
    {I_POP_SS, BYTES(0x17)},
    {I_PUSH_DS, BYTES(0x1E)},
    {I_POP_DS, BYTES(0x1F)},
    {I_PUSH_FS, BYTES(0x0F, 0xA0)},
    {I_POP_FS, BYTES(0x0F, 0xA1)},
    {I_PUSH_GS, BYTES(0x0F, 0xA8)},
    {I_POP_GS, BYTES(0x0F, 0xA9)},
    {I_MOV_EvSw, BYTES(0x8C, 0xC8)},
    {I_MOV_SwEw, BYTES(0x8E, 0xC0)},
    {I_LES_GvM, BYTES(0xC4, 0x05, D(PM_DATA))},
    {I_LDS_GvM, BYTES(0xC5, 0x05, D(PM_DATA))},
    {I_LSS_GvM, BYTES(0x0F, 0xB2, 0x05, D(PM_DATA))},
    {I_LFS_GvM, BYTES(0x0F, 0xB4, 0x05, D(PM_DATA))},
    {I_LGS_GvM, BYTES(0x0F, 0xB5, 0x05, D(PM_DATA))},
    {I_JMP_Ap, BYTES(JMPF(PM_CODE0, PM_CODE))},
    {I_CALL_Ap, BYTES(CALLF(PM_CODE0, PM_CODE))},
    {I_CALLF_M, BYTES(0xFF, 0x1D, D(PM_DATA))},
    {I_JMPF_M, BYTES(0xFF, 0x2D, D(PM_DATA))},
    {I_RETF, BYTES(0xCB)},
    {I_RETF_Iw, BYTES(0xCA, W(4))},
    {I_IRET, BYTES(0xCF)},
    {I_INT_Ib, BYTES(0xCD, 0x80)},
    {I_PUSHF, BYTES(0x9C)},
    {I_POPF, BYTES(0x9D)},
    {I_SLDT, BYTES(0x0F, 0x00, 0xC0)},
    {I_STR, BYTES(0x0F, 0x00, 0xC8)},
    {I_VERR, BYTES(0x0F, 0x00, 0xE0)},
    {I_VERW, BYTES(0x0F, 0x00, 0xE8)},
    {I_SGDT, BYTES(0x0F, 0x01, 0x05, D(0xFFFFFFF0u))}, /* no such page: #GP all the same */
    {I_SIDT, BYTES(0x0F, 0x01, 0x0D, D(PM_DATA))},
    {I_SMSW, BYTES(0x0F, 0x01, 0xE0)},
    {I_LAR, BYTES(0x0F, 0x02, 0xC0)},
    {I_LSL, BYTES(0x0F, 0x03, 0xC0)},
};

START_TEST(all_rows_are_here)
{
    unsigned rows = 0;
    for (unsigned id = 1; id < I_COUNT; id++) {
        rows += insn_rows[id].cls == CLASS_HOLE;
    }
    ck_assert_uint_eq(rows, ARRAY_LEN(holes));
    for (unsigned n = 0; n < ARRAY_LEN(holes); n++) {
        ck_assert_int_eq(insn_rows[holes[n].id].cls, CLASS_HOLE);
        ck_assert(n == 0 || holes[n].id != holes[n - 1].id);
    }
}
END_TEST

static struct pm_end run(const char *model, bool no_assist, enum pm_level level,
                         const struct hole *h)
{
    struct pm pm;
    struct cpu_config cfg = {.model = model, .no_assist = no_assist};
    uint8_t code[16] = {0};
    memcpy(code, h->bytes, h->len);
    memcpy(code + h->len, (const uint8_t[]){DONE}, 2);
    pm_init_config(&pm, &cfg);
    struct pm_end end = pm_run(&pm, level, code, h->len + 2u);
    pm_free(&pm);
    return end;
}

START_TEST(traps)
{
    const struct hole *h = &holes[_i];
    static const enum pm_level outside[] = {PM_RING1, PM_RING3};
    for (unsigned n = 0; n < 4; n++) {
        struct pm_end end = run("pentiumpro,+popek,+popek-iret", n & 1, outside[n / 2], h);
        const char *name = insn_rows[h->id].name;
        ck_assert_msg(end.vector == 13 && end.code == 0, "%s: vector %u", name, end.vector);
        ck_assert_msg(end.eip == 0, "%s: at %x", name, end.eip);
    }
}
END_TEST

static bool is_clean_gp(const struct pm_end *end)
{
    return end->vector == 13 && end->code == 0 && end->eip == 0;
}

/* At level 0, and in virtual-8086 mode (with IOPL 3), everything is as it was. */
START_TEST(elsewhere_nothing_changes)
{
    const struct hole *h = &holes[_i];
    static const enum pm_level levels[] = {PM_RING0, PM_V86_IOPL3};
    for (unsigned n = 0; n < ARRAY_LEN(levels); n++) {
        struct pm_end was = run("pentiumpro", false, levels[n], h);
        struct pm_end is = run("pentiumpro,+popek,+popek-iret", false, levels[n], h);
        ck_assert_uint_eq(is.vector, was.vector);
        ck_assert_uint_eq(is.code, was.code);
        ck_assert_uint_eq(is.eip, was.eip);
        ck_assert_uint_eq(is.eflags, was.eflags);
    }
}
END_TEST

START_TEST(iret_has_its_own_switch)
{
    const struct hole iret = {I_IRET, BYTES(0xCF)}, pushf = {I_PUSHF, BYTES(0x9C)};
    struct pm_end end = run("pentiumpro,+popek", false, PM_RING3, &iret);
    struct pm_end plain = run("pentiumpro", false, PM_RING3, &iret);
    ck_assert_uint_eq(end.vector, plain.vector);
    ck_assert_uint_eq(end.code, plain.code);
    end = run("pentiumpro,+popek-iret", false, PM_RING3, &iret);
    ck_assert(is_clean_gp(&end));
    end = run("pentiumpro,+popek-iret", false, PM_RING3, &pushf);
    ck_assert_uint_eq(end.vector, PM_OK);
    end = run("pentiumpro", false, PM_RING3, &pushf);
    ck_assert_uint_eq(end.vector, PM_OK);
}
END_TEST

/* ---- the census */

struct text {
    char bytes[20000];
    size_t n;
};

static void put(void *ctx, const char *piece)
{
    struct text *t = ctx;
    size_t n = strlen(piece);
    ck_assert_uint_lt(t->n + n, sizeof t->bytes);
    memcpy(t->bytes + t->n, piece, n + 1);
    t->n += n;
}

static void traps_of(const char *model, enum pm_level level, const uint8_t *code, unsigned len,
                     struct text *t)
{
    struct pm pm;
    struct cpu_config cfg = {.model = model, .census = true};
    t->n = 0;
    pm_init_config(&pm, &cfg);
    pm_run(&pm, level, code, len);
    ck_assert(cpu_info(pm.fx.cpu, "traps", put, t));
    pm_free(&pm);
}

/* Columns from "count": count, per 1000, real, ring 0, ring 1-2, ring 3, v86, wrong. */
static uint64_t column(const struct text *t, const char *row, unsigned n)
{
    const char *at = strstr(t->bytes, row);
    ck_assert_msg(at != NULL, "no %s in\n%s", row, t->bytes);
    char *end = (char *)(uintptr_t)(at + 18);
    uint64_t v = 0;
    for (unsigned k = 0; k <= n; k++) {
        if (k == 1) {
            strtod(end, &end);
        } else {
            v = strtoull(end, &end, 10);
        }
    }
    return v;
}

START_TEST(census_counts_and_judges)
{
    enum { COUNT = 0, RING0 = 3, RING3 = 5, WRONG = 7 };
    /* interrupts are off: PUSHF shows it, POPF changes it only the first time */
    static const uint8_t code[] = {0x9C, 0x58,                 /* pushf; pop eax */
                                   0x0D, D(0x200),             /* or eax, 200h */
                                   0x50, 0x9D,     0x50, 0x9D, /* push eax; popf, twice */
                                   0x9C, 0x58,                 /* pushf: as it would be */
                                   0x0E, 0x58,     0x1E, 0x58, /* push cs; push ds */
                                   0x8C, 0xC8,     0x8C, 0xD8, /* mov eax, cs; mov eax, ds */
                                   0x0F, 0x01,     0xE0,       /* smsw eax */
                                   0x0F, 0x00,     0xC8,       /* str eax */
                                   DONE};
    static struct text t;
    traps_of("pentiumpro", PM_RING0, code, sizeof code, &t);
    ck_assert_uint_eq(column(&t, "PUSHF ", COUNT), 2);
    ck_assert_uint_eq(column(&t, "PUSHF ", RING0), 2);
    ck_assert_uint_eq(column(&t, "PUSHF ", WRONG), 1);
    ck_assert_uint_eq(column(&t, "POPF ", COUNT), 2);
    ck_assert_uint_eq(column(&t, "POPF ", WRONG), 1);
    ck_assert_uint_eq(column(&t, "PUSH_CS ", WRONG), 1);
    ck_assert_uint_eq(column(&t, "PUSH_DS ", WRONG), 0);
    ck_assert_uint_eq(column(&t, "MOV_EvSw ", COUNT), 2);
    ck_assert_uint_eq(column(&t, "MOV_EvSw ", WRONG), 1);
    ck_assert_uint_eq(column(&t, "SMSW ", WRONG), 0);
    ck_assert_uint_eq(column(&t, "STR ", WRONG), 1);
    ck_assert_ptr_ne(strstr(t.bytes, "silently wrong in ring 1: 5\n"), NULL);
    ck_assert_ptr_ne(strstr(t.bytes, "00010000   PUSHF        HOLE  ring 0"), NULL);
    traps_of("pentiumpro", PM_RING3, code, sizeof code, &t);
    ck_assert_uint_eq(column(&t, "PUSHF ", RING3), 2);
    ck_assert_uint_eq(column(&t, "PUSHF ", WRONG), 0);
    ck_assert_uint_eq(column(&t, "STR ", WRONG), 1);
}
END_TEST

/* More sites than there is room for: all are counted, somewhere. */
START_TEST(census_is_bounded)
{
    enum { SITES = 4900 }; /* the table has 4096 */
    static uint8_t code[2 * SITES + 2];
    static struct text t;
    for (unsigned n = 0; n < SITES; n++) {
        memcpy(code + 2 * n, (const uint8_t[]){0x8C, 0xD0}, 2); /* mov eax, ss */
    }
    memcpy(code + 2 * SITES, (const uint8_t[]){DONE}, 2);
    traps_of("pentiumpro", PM_RING0, code, sizeof code, &t);
    ck_assert_uint_eq(column(&t, "MOV_EvSw ", 0), SITES);
    ck_assert_ptr_ne(strstr(t.bytes, "at sites beyond the table's 4096: "), NULL);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("popek");
    TCase *tc = tcase_create("popek");
    tcase_add_test(tc, all_rows_are_here);
    tcase_add_loop_test(tc, traps, 0, ARRAY_LEN(holes));
    tcase_add_loop_test(tc, elsewhere_nothing_changes, 0, ARRAY_LEN(holes));
    tcase_add_test(tc, iret_has_its_own_switch);
    tcase_add_test(tc, census_counts_and_judges);
    tcase_add_test(tc, census_is_bounded);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
