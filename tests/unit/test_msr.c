/* tests/unit/test_msr.c -- cpu/sys/msr.c, perf.c: which registers exist, what they take, reset
 * (SDM 4, P6 family; SDM 3A 11.11, 11.12; 3B 15.3, 18.6.8). */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/pm_fixture.h"

/* One instruction in real mode, at 0:7C00: false if it faults. */
static bool one(struct cpu_fixture *fx, uint8_t opcode, uint32_t msr, uint64_t v)
{
    const uint8_t code[] = {0x0F, opcode};
    cpu_fixture_load(fx, 0x7C00, code, sizeof code);
    cpu_fixture_set(fx, "cs", 0);
    cpu_fixture_set(fx, "eip", 0x7C00);
    cpu_fixture_set(fx, "ecx", msr);
    cpu_fixture_set(fx, "eax", (uint32_t)v);
    cpu_fixture_set(fx, "edx", v >> 32);
    cpu_run(fx->cpu, fx->tick + 1);
    return cpu_fixture_get(fx, "eip") == 0x7C02;
}

static bool rd(struct cpu_fixture *fx, uint32_t msr, uint64_t *v)
{
    bool done = one(fx, 0x32, msr, UINT64_MAX);
    *v = cpu_fixture_get(fx, "edx") << 32 | cpu_fixture_get(fx, "eax");
    return done;
}

static bool wr(struct cpu_fixture *fx, uint32_t msr, uint64_t v)
{
    return one(fx, 0x30, msr, v);
}

static void init(struct cpu_fixture *fx, const char *model)
{
    cpu_fixture_init(fx, &(struct cpu_config){.model = model});
}

enum { NEVER = 1, FORGETS = 2 }; /* a write faults; is ignored */
static const struct {
    const char *model;
    uint32_t msr;
    uint64_t reset, write;
    int how;
} rows[] = {
    {"pentiumpro", 0x17, 0, 0, NEVER},
    {"pentiumpro", 0x8B, 0, 0x1200000000, 0},
    {"pentiumpro", 0xFE, 0x508, 0x508, NEVER},
    {"pentiumpro", 0x179, 0x105, 0, NEVER},
    {"pentiumpro", 0x17A, 0, 7, 0},
    {"pentiumpro", 0x17A, 0, 8, NEVER},
    {"pentiumpro", 0x17B, 0, UINT64_MAX, 0},
    {"pentiumpro", 0x1D9, 0, 0x40, 0},
    {"pentiumpro", 0x1D9, 0, 0x80, NEVER},
    {"pentiumpro", 0x1DB, 0, 0, NEVER},
    {"pentiumpro", 0x1DE, 0, 0, NEVER},
    {"pentiumpro", 0x1E0, 4, 0, 0},
    {"pentiumpro", 0x186, 0, 0x41C0, 0},
    {"pentiumpro", 0x187, 0, 0xFFDFFFFF, 0},
    {"pentiumpro", 0x187, 0, 0x200000, NEVER},
    {"pentiumpro", 0x187, 0, UINT64_C(1) << 32, NEVER},
    /* MTRRs */
    {"pentiumpro", 0x200, 0, 0xF12345006, 0},
    {"pentiumpro", 0x200, 0, 0x1000000000, NEVER},
    {"pentiumpro", 0x20E, 0, 0x106, NEVER},
    {"pentiumpro", 0x20E, 0, 2, NEVER},
    {"pentiumpro", 0x20E, 0, 7, NEVER},
    {"pentiumpro", 0x201, 0, 0xFFF000800, 0},
    {"pentiumpro", 0x20F, 0, 0x801, NEVER},
    {"pentiumpro", 0x250, 0, 0x0606060605040100, 0},
    {"pentiumpro", 0x259, 0, 0x0606060605040300, NEVER},
    {"pentiumpro", 0x26F, 0, 0x0707070707070707, NEVER},
    {"pentiumpro", 0x26F, 0, 0x0505050505050505, 0},
    {"pentiumpro", 0x2FF, 0, 0xC06, 0},
    {"pentiumpro", 0x2FF, 0, 0x1C06, NEVER},
    {"pentiumpro", 0x2FF, 0, 0x807, NEVER},
    {"pentiumpro,+pat", 0x277, 0x0007040600070406, 0x0706050401000706, 0},
    {"pentiumpro,+pat", 0x277, 0x0007040600070406, 2, NEVER},
    {"pentiumpro,+pat", 0x277, 0x0007040600070406, UINT64_C(8) << 56, NEVER},
    /* machine check */
    {"pentiumpro", 0x400, 0, UINT64_MAX, 0},
    {"pentiumpro", 0x410, 0, 1, NEVER},
    {"pentiumpro", 0x401, UINT64_C(1) << 60, 0, FORGETS},
    {"pentiumpro", 0x401, UINT64_C(1) << 60, 1, NEVER},
    {"pentiumpro", 0x412, 0, 0, FORGETS},
    {"pentiumpro", 0x402, 0, 4, NEVER},
    /* Pentium 4: nothing is traced, no counter counts */
    {"pentium4", 0x17, 0, 0, NEVER},
    {"pentium4", 0x2A, 0, 0x10, FORGETS},
    {"pentium4", 0x2C, 0, 0x10, FORGETS},
    {"pentium4", 0x8B, 0, 0x1200000000, 0},
    {"pentium4", 0x179, 0x104, 0, NEVER},
    {"pentium4", 0x1A0, 0x1801, 0x401800, 0},
    {"pentium4", 0x1A0, 0x1801, 0x1841, FORGETS}, /* split locks are no faults */
    {"pentium4", 0x1A1, 0, 0, NEVER},
    {"pentium4", 0x1D7, 0, 0, NEVER},
    {"pentium4", 0x1D9, 0, 0x1F, 0},
    {"pentium4", 0x1D9, 0, 0x20, NEVER},
    {"pentium4", 0x1DA, 0, 0, NEVER},
    {"pentium4", 0x277, 0x0007040600070406, 0x0706050401000706, 0},
    {"pentium4", 0x401, 0, 0, FORGETS},
    {"pentium4", 0x40C, 0, 5, 0}, /* one error alone */
    {"pentium4", 0x40E, 0, 0, FORGETS},
    {"pentium4", 0x68F, 0, 5, FORGETS},
    {"pentium4", 0x6C0, 0, 5, FORGETS},
    {"pentium4", 0xC0000080, 0, 0x800, 0},
    {"pentium4", 0xC0000080, 0, 0x801, NEVER}, /* SYSCALL comes with 64 bits */
    /* Pentium */
    {"pentium", 0, 0, 5, FORGETS},
    {"pentium", 1, 0, 5, FORGETS},
};

START_TEST(one_row)
{
    struct cpu_fixture fx;
    uint64_t v;
    uint32_t msr = rows[_i].msr;
    init(&fx, rows[_i].model);
    ck_assert_msg(rd(&fx, msr, &v) && v == rows[_i].reset, "%x: %llx", msr,
                  (unsigned long long)v);
    ck_assert_msg(wr(&fx, msr, rows[_i].write) == (rows[_i].how != NEVER), "%x", msr);
    ck_assert(rd(&fx, msr, &v));
    ck_assert_uint_eq(v, rows[_i].how ? rows[_i].reset : rows[_i].write);
    cpu_init(fx.cpu);
    ck_assert(rd(&fx, msr, &v));
    ck_assert_uint_eq(v, rows[_i].how ? rows[_i].reset : rows[_i].write);
    cpu_reset(fx.cpu, true);
    ck_assert(rd(&fx, msr, &v));
    ck_assert_uint_eq(v, rows[_i].reset);
    cpu_fixture_free(&fx);
}
END_TEST

static const struct {
    const char *model;
    uint32_t msr;
} absent[] = {
    {"pentium", 0xC1},
    {"pentium", 0x17},
    {"pentium", 0x1B},
    {"pentium", 0x179},
    {"pentium", 0x200},
    {"pentiumpro", 0x277},
    {"pentiumpro", 0x79},
    {"pentiumpro,-mca", 0x179},
    {"pentiumpro,-mca", 0x400},
    {"pentiumpro", 0x403},
    {"pentiumpro", 0x40E},
    {"pentiumpro", 0x414},
    {"pentiumpro", 0x3FF},
    {"pentiumpro,-mtrr", 0x200},
    {"pentiumpro", 0x210},
    {"pentiumpro", 0x251},
    {"pentiumpro", 0x270},
    {"pentiumpro,-pmc", 0x186},
    {"pentiumpro", 0x1A0},
    {"pentiumpro", 0xC0000080},
    {"pentiumpro", 0xFFFFFFFF},
    {"pentium4", 0xC1},
    {"pentium4", 0x186},
    {"pentium4", 0x19A},
    {"pentium4", 0x1DB},
    {"pentium4", 0x300},
    {"pentium4", 0x360},
    {"pentium4", 0x410},
    {"pentium4,-nx", 0xC0000080},
};

START_TEST(what_is_not_there)
{
    struct cpu_fixture fx;
    uint64_t v;
    init(&fx, absent[_i].model);
    ck_assert_msg(!rd(&fx, absent[_i].msr, &v), "%x", absent[_i].msr);
    if (absent[_i].msr != 0x79) {
        ck_assert(!wr(&fx, absent[_i].msr, 0));
    }
    cpu_fixture_free(&fx);
}
END_TEST

/* Bits of EBL_CR_POWERON that are pins stay; a microcode update is taken. */
START_TEST(loose_bits)
{
    struct cpu_fixture fx;
    uint64_t v;
    init(&fx, "pentiumpro");
    ck_assert(wr(&fx, 0x2A, UINT64_MAX) && rd(&fx, 0x2A, &v));
    ck_assert_uint_eq(v, 0x40000DE);
    ck_assert(wr(&fx, 0x79, 0x12345));
    ck_assert(wr(&fx, 0x8B, UINT64_MAX) && rd(&fx, 0x8B, &v));
    ck_assert_uint_eq(v, UINT64_C(0xFFFFFFFF00000000));
    cpu_fixture_free(&fx);
}
END_TEST

/* Software that knows two leaves is told of two; the others stay. */
START_TEST(cpuid_limit)
{
    static const struct {
        uint32_t misc, last;
    } want[] = {{0x1801, 5}, {0x401801, 2}, {0x1801, 5}};
    struct cpu_fixture fx;
    init(&fx, "pentium4");
    for (unsigned n = 0; n < ARRAY_LEN(want); n++) {
        ck_assert(wr(&fx, 0x1A0, want[n].misc));
        ck_assert(one(&fx, 0xA2, 0, 0));
        ck_assert_uint_eq(cpu_fixture_get(&fx, "eax"), want[n].last);
        ck_assert(one(&fx, 0xA2, 0, 4)); /* CPUID */
        ck_assert_uint_eq(cpu_fixture_get(&fx, "eax"), 0x121);
    }
    cpu_fixture_free(&fx);
}
END_TEST

/* ---- counters of a P6 */

START_TEST(counter_width)
{
    struct cpu_fixture fx;
    uint64_t v;
    init(&fx, "pentiumpro");
    ck_assert(wr(&fx, 0xC1, 0x1280000000) && rd(&fx, 0xC1, &v));
    ck_assert_uint_eq(v, 0xFF80000000);
    ck_assert(wr(&fx, 0xC2, 0x127FFFFFFF) && rd(&fx, 0xC2, &v));
    ck_assert_uint_eq(v, 0x7FFFFFFF);
    cpu_fixture_free(&fx);
}
END_TEST

#define SELECT(n, sel) 0xB9, D(0x186 + (n)), MOV_EAX(sel), 0x31, 0xD2, 0x0F, 0x30
#define RDPMC(n)       0xB9, D(n), 0x0F, 0x33

/* Counters after: select; NOP NOP; RDPMC. The WRMSR that starts them counts. */
static const struct {
    const char *what;
    uint32_t sel, count;
} counting[] = {
    {"clocks, OS", 0x420079, 4},    {"retired, both levels", 0x4300C0, 4},
    {"retired, user", 0x4100C0, 0}, {"not enabled", 0x0300C0, 0},
    {"mask of 1", 0x14300C0, 4},    {"mask of 2", 0x24300C0, 0},
    {"inverted", 0xC300C0, 0},      {"edges", 0x4700C0, 0},
    {"another event", 0x430043, 0},
};

START_TEST(counts)
{
    struct pm pm;
    pm_init(&pm);
    const uint8_t code[] = {SELECT(0, counting[_i].sel), 0x90, 0x90, RDPMC(0), DONE};
    ck_assert_uint_eq(pm_run(&pm, PM_RING0, code, sizeof code).vector, PM_OK);
    ck_assert_msg(pm_reg(&pm, "eax") == counting[_i].count, "%s: %u", counting[_i].what,
                  pm_reg(&pm, "eax"));
    pm_free(&pm);
}
END_TEST

/* From level 0 to 3 and back: counter 0 sees one, counter 1 the other. IRET counts for level 3,
 * INT for level 0. EN of counter 0 starts both; counter 1 is selected first and waits. */
START_TEST(counts_by_level)
{
    struct pm pm;
    pm_init(&pm);
    const uint8_t code[] = {
        SELECT(1, 0x0100C0), SELECT(0, 0x4200C0),  PUSH_D(PM_DATA3 | 3), PUSH_D(PM_STACK3),
        PUSH_D(2),           PUSH_D(PM_CODE3 | 3), PUSH_D(PM_CODE + 60), 0xCF,
    };
    uint8_t padded[80];
    memset(padded, 0x90, sizeof padded);
    memcpy(padded, code, sizeof code);
    padded[63] = 0xCD;
    padded[64] = PM_OK;
    ck_assert_uint_eq(pm_run(&pm, PM_RING0, padded, 65).vector, PM_OK);
    uint64_t user;
    cpu_init(pm.fx.cpu); /* leaves MSRs alone */
    ck_assert(rd(&pm.fx, 0xC2, &user));
    ck_assert_uint_eq(user, 1 + 3); /* IRET, three NOPs */
    pm_free(&pm);
}
END_TEST

/* The interrupt comes when the counter passes FFFFFFFFFFh, not a tick later, and not without
 * INT.
 */
START_TEST(overflow)
{
    static const struct {
        uint32_t sel;
        unsigned count;
    } want[] = {{0x530079, 2}, {0x430079, 0}, {0x130079, 0}, {0x5300C0, 2}, {0x510079, 0}};
    static const uint8_t loop[] = {0xEB, 0xFE};
    for (unsigned step = 0; step < 2; step++) {
        struct cpu_fixture fx;
        uint64_t v;
        cpu_fixture_init(&fx, &(struct cpu_config){.model = "pentiumpro", .single_step = step});
        ck_assert(wr(&fx, 0xC1, (uint32_t)-1000));
        ck_assert(wr(&fx, 0x186, want[_i].sel));
        uint64_t start = fx.tick - 1; /* WRMSR counts */
        cpu_fixture_load(&fx, 0x7C00, loop, sizeof loop);
        cpu_fixture_set(&fx, "eip", 0x7C00);
        ck_assert_int_eq(cpu_run(fx.cpu, start + 999), CPU_UNTIL);
        ck_assert_uint_eq(fx.overflows, 0);
        ck_assert_int_eq(cpu_run(fx.cpu, start + 5000), CPU_UNTIL);
        ck_assert_uint_eq(fx.overflows, want[_i].count / 2);
        if (want[_i].count != 0) {
            ck_assert_uint_eq(fx.overflow_at, start + 1000);
            ck_assert(rd(&fx, 0xC1, &v));
            ck_assert_uint_eq(v, 4000);
            ck_assert(wr(&fx, 0xC1, (uint32_t)-50));
            cpu_fixture_load(&fx, 0x7C00, loop, sizeof loop);
            cpu_fixture_set(&fx, "eip", 0x7C00);
            cpu_run(fx.cpu, fx.tick + 100);
            ck_assert_uint_eq(fx.overflows, 2);
        }
        cpu_fixture_free(&fx);
    }
}
END_TEST

/* Asleep, the clocks stand still; time, the TSC, goes on. */
START_TEST(halted)
{
    struct cpu_fixture fx;
    static const uint8_t code[] = {
        0x66, 0xB9, D(0x186), 0x66, 0xB8, D(0x430079), 0x66, 0x31, 0xD2, 0x0F, 0x30, /* on */
        0xFB, 0xF4, /* STI, HLT */
        0x66, 0xB9, D(0),     0x0F, 0x33, 0xF4,
    };
    static const uint8_t iret = 0xCF;
    cpu_fixture_init(&fx, &(struct cpu_config){.model = "pentiumpro"});
    cpu_fixture_load(&fx, 0x7C00, code, sizeof code);
    cpu_fixture_load(&fx, 0x600, &iret, 1);
    cpu_fixture_load(&fx, 8 * 4, &(uint8_t[]){0x00, 0x06, 0, 0}, 4);
    cpu_fixture_set(&fx, "cs", 0);
    cpu_fixture_set(&fx, "ss", 0);
    cpu_fixture_set(&fx, "esp", 0x7000);
    cpu_fixture_set(&fx, "idtr.limit", 0x3FF);
    cpu_fixture_set(&fx, "eip", 0x7C00);
    ck_assert_int_eq(cpu_run(fx.cpu, 1000), CPU_HALTED);
    fx.tick += 5000;
    fx.vector = 8;
    fx.drop_intr = true;
    cpu_set_intr(fx.cpu, true);
    ck_assert_int_eq(cpu_run(fx.cpu, 10000), CPU_HALTED);
    /* WRMSR STI | the interrupt, IRET, MOV */
    ck_assert_uint_eq(cpu_fixture_get(&fx, "eax"), 5);
    cpu_fixture_free(&fx);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("msr");
    TCase *tc = tcase_create("registers");
    tcase_add_loop_test(tc, one_row, 0, ARRAY_LEN(rows));
    tcase_add_loop_test(tc, what_is_not_there, 0, ARRAY_LEN(absent));
    tcase_add_test(tc, loose_bits);
    tcase_add_test(tc, cpuid_limit);
    suite_add_tcase(s, tc);
    tc = tcase_create("counters");
    tcase_add_test(tc, counter_width);
    tcase_add_loop_test(tc, counts, 0, ARRAY_LEN(counting));
    tcase_add_test(tc, counts_by_level);
    tcase_add_test(tc, halted);
    tcase_add_loop_test(tc, overflow, 0, 5);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
