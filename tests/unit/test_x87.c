/* tests/unit/test_x87.c -- the coprocessor's seams: pending exceptions, FERR# and IGNNE#,
 * faults of memory operands, alignment, resets, save and load, the board's chip. Numbers are
 * the business of tests/insn/native*.c and test_fx80*.c, layouts that of
 * tests/guest/x87.asm. */
#include <check.h>
#include <string.h>

#include "devices/chips.h"
#include "tests/support/board_fixture.h"
#include "tests/support/pm_fixture.h"

enum { NM = 7, GP = 13, PF = 14, MF = 16, AC = 17 };
enum { CR0_NE = 0x20, CR0_MP = 2, CR0_EM = 4, CR0_TS = 8, CR0_AM = 0x40000 };

#define FNINIT       0xDB, 0xE3
#define FNCLEX       0xDB, 0xE2
#define FLD1         0xD9, 0xE8
#define FLDZ         0xD9, 0xEE
#define FDIVP        0xDE, 0xF9 /* ST(1) := ST(1) / ST */
#define FNSTSW_AX    0xDF, 0xE0
#define FLDCW(at)    0xD9, 0x2D, D(at)
#define FSTP_M64(at) 0xDD, 0x1D, D(at)
#define FSTP_M80(at) 0xDB, 0x3D, D(at)
#define FLD_M64(at)  0xDD, 0x05, D(at)
#define FNSAVE(at)   0xDD, 0x35, D(at)
#define ZERO_DIVIDE  FNINIT, FLDCW(PM_DATA), FLD1, FLDZ, FDIVP /* 14 bytes; ZE pends */
enum { PENDING = 14 };

/* Boots; PM_DATA holds a control word that leaves ZE unmasked. */
static void boot(struct pm *pm, bool single_step, uint32_t cr0, const uint8_t *code,
                 unsigned len)
{
    pm_init_engine(pm, single_step);
    pm->eflags |= 0x200;
    pm_w32(pm, PM_DATA, 0x37B);
    pm_boot(pm, PM_RING0, code, len);
    cpu_fixture_set(&pm->fx, "cr0", cpu_fixture_get(&pm->fx, "cr0") | cr0);
}

/* Runs until the processor halts. */
static uint32_t run(struct pm *pm)
{
    ck_assert_int_eq(cpu_run(pm->fx.cpu, pm->fx.tick + 5000), CPU_HALTED);
    return pm_reg(pm, "eip");
}

static uint32_t handler(unsigned vector)
{
    return PM_HANDLERS + 16 * vector + 1; /* behind its HLT */
}

/* Stops at the first instruction of a handler, so that the test can go on elsewhere. */
static void run_to_handler(struct pm *pm, unsigned vector)
{
    for (unsigned k = 0; k < 5000; k++) {
        if (pm_reg(pm, "eip") == PM_HANDLERS + 16 * vector) {
            return;
        }
        cpu_run(pm->fx.cpu, pm->fx.tick + 1);
    }
    ck_abort_msg("vector %u does not come", vector);
}

/* The first waiting instruction reports; those that do not wait execute before. */
START_TEST(error_at_the_next_waiting_instruction)
{
    static const struct {
        uint8_t eip, len, tail[16];
    } rows[] = {
        {PENDING, BYTES(FLD1)},
        {PENDING + 1, BYTES(0x90, FLD1)},
        {PENDING + 2, BYTES(FNSTSW_AX, FLD1)},
        {PENDING, BYTES(0x9B, FLD1)},           /* WAIT */
        {PENDING, BYTES(0xD9, 0xD0)},           /* FNOP waits */
        {PENDING, BYTES(FLDCW(PM_DATA))},       /* … FLDCW, too */
        {PENDING, BYTES(FLD_M64(0x80000000u))}, /* before its operand faults */
        {PENDING, BYTES(0xD9, 0xD1)},           /* a reserved code: still the x87's */
    };
    uint8_t code[40] = {ZERO_DIVIDE};
    struct pm pm;
    memcpy(code + PENDING, rows[_i % 8].tail, rows[_i % 8].len);
    boot(&pm, _i >= 8, CR0_NE, code, PENDING + rows[_i % 8].len);
    ck_assert_uint_eq(run(&pm), handler(MF));
    ck_assert_uint_eq(pm_r32(&pm, pm_reg(&pm, "esp")), PM_CODE + rows[_i % 8].eip);
    ck_assert(!pm.fx.ferr);
    pm_free(&pm);
}
END_TEST

START_TEST(error_goes_away)
{
    static const struct {
        uint8_t len, tail[16];
    } rows[] = {
        {BYTES(FNCLEX, FLD1, DONE)},
        {BYTES(FNINIT, FLD1, DONE)},
        {BYTES(0xD9, 0x35, D(PM_DATA + 64), FLD1, DONE)}, /* FNSTENV masks */
        {BYTES(FNSAVE(PM_DATA + 64), FLD1, 0x9B, DONE)},
    };
    uint8_t code[40] = {ZERO_DIVIDE};
    struct pm pm;
    memcpy(code + PENDING, rows[_i % 4].tail, rows[_i % 4].len);
    boot(&pm, _i >= 4, CR0_NE, code, PENDING + rows[_i % 4].len);
    ck_assert_uint_eq(run(&pm), handler(PM_OK));
    pm_free(&pm);
}
END_TEST

/* CR0.NE = 0: FERR#, and the processor stands still before the instruction. */
START_TEST(freeze_and_ignne)
{
    static const uint8_t code[] = {ZERO_DIVIDE, 0x90, FLD1, FLD1, FNCLEX, FLD1, DONE};
    struct pm pm;
    boot(&pm, _i, 0, code, sizeof code);
    ck_assert_uint_eq(run(&pm), PM_CODE + PENDING + 1);
    ck_assert(pm.fx.ferr);
    uint64_t tick = pm.fx.tick;
    ck_assert_int_eq(cpu_run(pm.fx.cpu, tick + 100), CPU_HALTED); /* still */
    ck_assert_uint_eq(pm.fx.tick, tick);
    cpu_set_intr(pm.fx.cpu, true); /* an interrupt finds it there */
    run_to_handler(&pm, 0x20);
    ck_assert_uint_eq(pm_r32(&pm, pm_reg(&pm, "esp")), PM_CODE + PENDING + 1);
    cpu_set_ignne(pm.fx.cpu, true); /* the handler returns, the error stays, IGNNE# helps */
    cpu_fixture_set(&pm.fx, "eip", PM_CODE + PENDING + 1);
    cpu_run(pm.fx.cpu, pm.fx.tick + 2);
    ck_assert_uint_eq(pm_reg(&pm, "eip"), PM_CODE + PENDING + 5);
    ck_assert(pm.fx.ferr);
    cpu_run(pm.fx.cpu, pm.fx.tick + 1);
    ck_assert(!pm.fx.ferr);
    cpu_set_ignne(pm.fx.cpu, false);
    ck_assert_uint_eq(run(&pm), handler(PM_OK));
    pm_free(&pm);
}
END_TEST

/* An x87 instruction asks EM and TS before it looks for an error; WAIT asks TS with MP alone.
 */
START_TEST(traps_come_first)
{
    static const struct {
        uint32_t cr0;
        uint8_t code[2];
        unsigned vector;
    } cases[] = {{CR0_EM, {FLD1}, NM},   {CR0_TS, {FLD1}, NM},
                 {CR0_TS, {FNINIT}, NM}, {CR0_EM, {0x9B}, MF},
                 {CR0_TS, {0x9B}, MF},   {CR0_TS | CR0_MP, {0x9B}, NM},
                 {CR0_MP, {FLD1}, MF},   {CR0_EM | CR0_TS, {FNCLEX}, NM}};
    uint8_t code[] = {ZERO_DIVIDE, 0, 0};
    struct pm pm;
    memcpy(code + PENDING, cases[_i].code, 2);
    boot(&pm, _i & 1, CR0_NE, code, sizeof code);
    while (pm_reg(&pm, "eip") != PM_CODE + PENDING) {
        cpu_run(pm.fx.cpu, pm.fx.tick + 1);
    }
    cpu_fixture_set(&pm.fx, "cr0", cpu_fixture_get(&pm.fx, "cr0") | cases[_i].cr0);
    ck_assert_uint_eq(run(&pm), handler(cases[_i].vector));
    pm_free(&pm);
}
END_TEST

/* ---- memory operands */

static const struct pm_row rows[] = {
    {"FLD m64 at 4, AC off", PM_RING3, PM_OK, 0, 0, BYTES(FNINIT, FLD_M64(PM_DATA + 4), DONE)},
    {"FSTP beyond a limit", PM_RING3, GP, 0, 10,
     BYTES(MOV_AX(PM_SMALL | 3), MOV_DS_AX, FNINIT, FLD1, FSTP_M64(0xF9))},
    {"FSTP at a limit", PM_RING3, PM_OK, 0, 0,
     BYTES(MOV_AX(PM_SMALL | 3), MOV_DS_AX, FNINIT, FLD1, FSTP_M64(0xF8), DONE)},
    {"FSTP m80 beyond a limit", PM_RING3, GP, 0, 10,
     BYTES(MOV_AX(PM_SMALL | 3), MOV_DS_AX, FNINIT, FLD1, FSTP_M80(0xF7))},
    {"FNSAVE beyond a limit", PM_RING3, GP, 0, 6,
     BYTES(MOV_AX(PM_SMALL | 3), MOV_DS_AX, FNSAVE(0xA0))},
    {"FSTP, read-only", PM_RING3, GP, 0, 10,
     BYTES(MOV_AX(PM_READ_ONLY3 | 3), MOV_DS_AX, FNINIT, FLD1, FSTP_M64(PM_DATA))},
    {"FLD, null", PM_RING3, GP, 0, 6, BYTES(MOV_AX(0), MOV_DS_AX, FLD_M64(0))},
};

START_TEST(one_row)
{
    pm_check_row(&rows[_i]);
}
END_TEST

enum { FIRST = 0x40000, SECOND = FIRST + 0x1000 }; /* two pages, of which one is absent */

/* A store across pages is all or nothing, and the stack is as before. */
START_TEST(store_across_pages)
{
    static const struct {
        uint32_t at;
        uint8_t len, code[16];
    } cases[] = {
        {SECOND - 4, BYTES(FSTP_M64(SECOND - 4))},
        {SECOND - 8, BYTES(FSTP_M80(SECOND - 8))},
        {SECOND - 1, BYTES(FSTP_M80(SECOND - 1))},
        {SECOND - 100, BYTES(FNSAVE(SECOND - 100))},
        {SECOND - 5, BYTES(0xD9, 0x35, D(SECOND - 5))},
    };
    unsigned n = (unsigned)_i >> 1;
    bool first_absent = _i & 1;
    uint8_t code[40] = {FNINIT, 0xD9, 0xEB}; /* FLDPI */
    struct pm pm;
    memcpy(code + 4, cases[n].code, cases[n].len);
    pm_init(&pm);
    pm.paging = true;
    pm_w32(&pm, PM_PAGES + 0x1000 + 4 * ((first_absent ? FIRST : SECOND) >> 12), 0);
    uint8_t fill[0x2000];
    memset(fill, 0xEE, sizeof fill);
    cpu_fixture_load(&pm.fx, FIRST, fill, sizeof fill);
    pm_boot(&pm, PM_RING0, code, 4u + cases[n].len);
    run_to_handler(&pm, PF);
    ck_assert_uint_eq(pm_reg(&pm, "cr2"), first_absent ? cases[n].at : SECOND);
    uint8_t after[0x2000];
    ck_assert(phys_peek(pm.fx.ph, FIRST, after, sizeof after));
    ck_assert_mem_eq(after, fill, sizeof after);
    /* Repaired and repeated, it stores what it should. */
    pm_w32(&pm, PM_PAGES + 0x1000 + 4 * ((first_absent ? FIRST : SECOND) >> 12),
           (first_absent ? FIRST : SECOND) | 7);
    cpu_fixture_set(&pm.fx, "eip", PM_CODE + 4);
    cpu_run(pm.fx.cpu, pm.fx.tick + 1);
    ck_assert_uint_eq(pm_reg(&pm, "eip"), PM_CODE + 4 + cases[n].len);
    ck_assert(phys_peek(pm.fx.ph, FIRST, after, sizeof after));
    const uint8_t *p = after + (cases[n].at - FIRST);
    if (n == 0) {
        ck_assert(load_le64(p) == UINT64_C(0x400921FB54442D18));
    } else if (n <= 2) {
        ck_assert(load_le64(p) == UINT64_C(0xC90FDAA22168C235) && load_le16(p + 8) == 0x4000);
    } else {
        ck_assert_uint_eq(load_le32(p), 0xFFFF037F);
        ck_assert_uint_eq(load_le32(p + 4), 0xFFFF3800);
    }
    pm_free(&pm);
}
END_TEST

/* SDM 3A table 6-7: 8 for double and extended precision, 4 for the environment. */
START_TEST(alignment)
{
    static const struct {
        bool faults;
        uint8_t len, code[16];
    } cases[] = {
        {false, BYTES(FLD_M64(PM_DATA + 8))},       {true, BYTES(FLD_M64(PM_DATA + 4))},
        {true, BYTES(FSTP_M80(PM_DATA + 4))},       {false, BYTES(FSTP_M80(PM_DATA + 24))},
        {false, BYTES(0xD9, 0x05, D(PM_DATA + 4))}, {true, BYTES(0xD9, 0x05, D(PM_DATA + 2))},
        {false, BYTES(FNSAVE(PM_DATA + 4))},        {true, BYTES(FNSAVE(PM_DATA + 6))},
        {true, BYTES(0xDF, 0x05, D(PM_DATA + 1))},  {false, BYTES(0xDF, 0x05, D(PM_DATA + 2))},
    };
    uint8_t code[40] = {FNINIT, FLD1};
    static const uint8_t done[] = {DONE};
    struct pm pm;
    memcpy(code + 4, cases[_i].code, cases[_i].len);
    memcpy(code + 4 + cases[_i].len, done, 2);
    pm_init(&pm);
    pm.eflags |= 0x40000;
    pm_boot(&pm, PM_RING3, code, 6u + cases[_i].len);
    cpu_fixture_set(&pm.fx, "cr0", cpu_fixture_get(&pm.fx, "cr0") | CR0_AM);
    ck_assert_uint_eq(run(&pm), handler(cases[_i].faults ? AC : PM_OK));
    pm_free(&pm);
}
END_TEST

/* ---- resets, save and load, models */

static uint16_t control_word(struct cpu_fixture *fx)
{
    static const uint8_t code[] = {0xD9, 0x3E, 0, 5}; /* FNSTCW [500h] */
    uint8_t out[2];
    cpu_fixture_load(fx, 0x7C00, code, sizeof code);
    cpu_fixture_set(fx, "cs", 0);
    cpu_fixture_set(fx, "ds", 0);
    cpu_fixture_set(fx, "eip", 0x7C00);
    cpu_run(fx->cpu, fx->tick + 1);
    ck_assert(phys_peek(fx->ph, 0x500, out, 2));
    return load_le16(out);
}

START_TEST(resets)
{
    static const uint8_t fninit[] = {FNINIT};
    struct cpu_fixture fx;
    cpu_fixture_init(&fx, &(struct cpu_config){.model = "486"});
    ck_assert_uint_eq(control_word(&fx), 0x40);
    cpu_fixture_load(&fx, 0x7C00, fninit, sizeof fninit);
    cpu_fixture_set(&fx, "eip", 0x7C00);
    cpu_run(fx.cpu, fx.tick + 1);
    ck_assert_uint_eq(control_word(&fx), 0x37F);
    cpu_init(fx.cpu);
    ck_assert_uint_eq(control_word(&fx), 0x37F);
    cpu_reset(fx.cpu, false);
    ck_assert_uint_eq(control_word(&fx), 0x40);
    cpu_fixture_free(&fx);
}
END_TEST

START_TEST(absent)
{
    static const char *const model[] = {"386", "486,-fpu", "pentiumpro,-fpu"};
    static const uint8_t word[] = {0x5A, 0x5A};
    struct cpu_fixture fx;
    cpu_fixture_init(&fx, &(struct cpu_config){.model = model[_i]});
    cpu_fixture_load(&fx, 0x500, word, 2);
    ck_assert_uint_eq(control_word(&fx), 0x5A5A);
    ck_assert_uint_eq(cpu_fixture_get(&fx, "eip"), 0x7C04);
    ck_assert(!cpu_has_fpu(fx.cpu));
    cpu_fixture_free(&fx);
}
END_TEST

static void replace(struct writer *w, const char *name, uint64_t from, uint64_t to)
{
    /* records are a name and a little-endian value: the one value after the name */
    size_t len = strlen(name);
    for (size_t k = 0; k + len + 16 < w->len; k++) {
        if (memcmp(w->bytes + k, name, len) == 0) {
            for (size_t j = k + len; j < k + len + 16; j++) {
                if (load_le16(w->bytes + j) == from) {
                    store_le16(w->bytes + j, (uint16_t)to);
                    return;
                }
            }
        }
    }
    ck_abort_msg("no %s in the state", name);
}

/* A state is refused whose summary bit contradicts its masks. */
START_TEST(states_refused)
{
    struct cpu_fixture a, b;
    struct writer w = {0};
    struct error err = {""};
    cpu_fixture_init(&a, &(struct cpu_config){0});
    cpu_fixture_init(&b, &(struct cpu_config){0});
    static const uint8_t fninit[] = {FNINIT};
    cpu_fixture_load(&a, 0x7C00, fninit, sizeof fninit);
    cpu_fixture_set(&a, "cs", 0);
    cpu_fixture_set(&a, "eip", 0x7C00);
    cpu_run(a.cpu, 1);
    state_save(&cpu_schema, cpu_state(a.cpu), &w);
    struct reader r = {w.bytes, w.len, 0};
    ck_assert_int_eq(state_load(&cpu_schema, cpu_state(b.cpu), &r, &err), 0);
    ck_assert(cpu_loaded(b.cpu));
    replace(&w, "control", 0x37F, 0x33F); /* bit 6 is wired to 1 */
    r = (struct reader){w.bytes, w.len, 0};
    ck_assert_int_eq(state_load(&cpu_schema, cpu_state(b.cpu), &r, &err), -1);
    writer_free(&w);
    cpu_fixture_free(&a);
    cpu_fixture_free(&b);
}
END_TEST

/* ---- the board's chip */

static void set_level(void *ctx, unsigned n, bool level)
{
    (void)n;
    *(bool *)ctx = level;
}

START_TEST(npx)
{
    static const struct slot slot = {&npx_class, 0xF0, 13, -1};
    struct fixture fx, other;
    bool ignne = false;
    fixture_init(&fx);
    fixture_init(&other);
    struct device *d = fixture_attach(&fx, &slot), *e = fixture_attach(&other, &slot);
    npx_connect_ignne(d, (struct wire){set_level, &ignne, 0});
    fixture_out(&fx, 0xF0, 0); /* nothing to ignore */
    ck_assert(!ignne && !fx.irq[13]);
    npx_set_ferr(d, true);
    ck_assert(fx.irq[13] && !ignne);
    fixture_clone(d, e);
    fixture_out(&fx, 0xF0, 0xAA);
    ck_assert(!fx.irq[13] && ignne);
    fixture_clone(d, e);
    npx_set_ferr(d, false);
    ck_assert(!fx.irq[13] && !ignne);
    npx_set_ferr(d, true); /* the next one */
    ck_assert(fx.irq[13] && !ignne);
    ck_assert_uint_eq(fixture_in(&fx, 0xF0), 0xFF);
    board_reset(&fx.board, RESET_HARD);
    ck_assert(!fx.irq[13] && !ignne);
    fixture_free(&fx);
    fixture_free(&other);
}
END_TEST

/* With 16-bit addresses each word of an environment, and each part of an 80-bit operand, wraps
 * on its own; what begins below 64 KiB is whole. */
START_TEST(parts_wrap)
{
    static const uint8_t code[] = {FNINIT,    FLD1, 0x67, 0xD9,      0x36,
                                   W(0xFFFD), /* FNSTENV [FFFDh] */
                                   0x67,      0xDB, 0x3E, W(0xFFFA), DONE /* FSTP m80 */};
    struct pm pm;
    boot(&pm, _i, CR0_NE, code, sizeof code);
    ck_assert_uint_eq(run(&pm), handler(PM_OK));
    ck_assert_uint_eq(pm_r32(&pm, 2) & 0xFFFF, 0x3FFF);       /* the exponent */
    ck_assert_uint_eq(pm_r32(&pm, 5), 0xFFFF3FFF);            /* the tag word: R7 is in use */
    ck_assert_uint_eq(pm_r32(&pm, 0xFFFE) & 0xFFFFFF, 0);     /* the significand … */
    ck_assert_uint_eq(pm_r32(&pm, 0x10000) & 0xFFFF, 0x8000); /* … goes on */
    pm_free(&pm);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("x87");
    TCase *tc = tcase_create("x87");
    tcase_add_loop_test(tc, error_at_the_next_waiting_instruction, 0, 16);
    tcase_add_loop_test(tc, error_goes_away, 0, 8);
    tcase_add_loop_test(tc, freeze_and_ignne, 0, 2);
    tcase_add_loop_test(tc, traps_come_first, 0, 8);
    tcase_add_loop_test(tc, one_row, 0, ARRAY_LEN(rows));
    tcase_add_loop_test(tc, store_across_pages, 0, 10);
    tcase_add_loop_test(tc, alignment, 0, 10);
    tcase_add_loop_test(tc, parts_wrap, 0, 2);
    tcase_add_test(tc, resets);
    tcase_add_loop_test(tc, absent, 0, 3);
    tcase_add_test(tc, states_refused);
    tcase_add_test(tc, npx);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
