/* tests/unit/test_exec.c -- corners of innocuous code and of the engine, each as a short guest
 * program on the bare processor in real mode. */
#include <check.h>

#include "tests/support/pm_fixture.h"

enum { CODE = 0x20000 };
#define LOAD(fx, pa, ...)                                                                      \
    cpu_fixture_load(fx, pa, (const uint8_t[]){__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__}))

/* From RESET, with the decoded blocks that there are. */
static void restart(struct cpu_fixture *fx, unsigned cs, unsigned ip)
{
    cpu_reset(fx->cpu, true);
    cpu_fixture_set(fx, "cs", cs);
    cpu_fixture_set(fx, "eip", ip);
    cpu_fixture_set(fx, "ss", 0x3000);
    cpu_fixture_set(fx, "esp", 0x8000);
}

static void start(struct cpu_fixture *fx, bool single_step, unsigned cs, unsigned ip)
{
    cpu_fixture_init(fx,
                     &(struct cpu_config){.model = "pentiumpro", .single_step = single_step});
    for (unsigned v = 0; v < 32; v++) { /* handlers: HLT at 500h + vector */
        LOAD(fx, v * 4, (uint8_t)v, 5, 0, 0);
        LOAD(fx, 0x500 + v, 0xF4);
    }
    restart(fx, cs, ip);
}

/* Which vector's HLT did it end at? */
static unsigned vector_reached(struct cpu_fixture *fx)
{
    ck_assert_int_eq(cpu_run(fx->cpu, fx->tick + 100), CPU_HALTED);
    return (unsigned)cpu_fixture_get(fx, "eip") - 0x501;
}

static uint32_t frame_word(struct cpu_fixture *fx, unsigned n)
{
    uint8_t b[2];
    ck_assert(phys_peek(fx->ph, 0x30000 + cpu_fixture_get(fx, "esp") + 2 * n, b, 2));
    return load_le16(b);
}

/* A slice without an end: blocks that must not be entered still are not. */
START_TEST(endless_slice)
{
    struct cpu_fixture fx;
    start(&fx, false, CODE >> 4, 0);
    LOAD(&fx, CODE, 0xB9, 3, 0, 0xE2, 0xFE, 0xEB, 0, 0xF4); /* MOV CX,3; LOOP $; JMP $+2; HLT */
    ck_assert_int_eq(cpu_run(fx.cpu, UINT64_MAX), CPU_HALTED);
    ck_assert_uint_eq(fx.tick, 6);
    cpu_fixture_free(&fx);
}
END_TEST

/* Running off CS's limit is a fault of the next instruction's fetch: the slice ends before it,
 * and so does a single step (SDM 3A table 6-2: traps on the previous instruction come first).
 */
START_TEST(run_off_limit)
{
    struct cpu_fixture fx;
    start(&fx, _i, CODE >> 4, 0xFFFE);
    LOAD(&fx, CODE + 0xFFFE, 0x40, 0x40);
    ck_assert_int_eq(cpu_run(fx.cpu, fx.tick + 2), CPU_UNTIL);
    ck_assert_uint_eq(fx.tick, 2);
    ck_assert_uint_eq(cpu_fixture_get(&fx, "eip"), 0x10000);
    ck_assert_uint_eq(vector_reached(&fx), 13);
    ck_assert_uint_eq(frame_word(&fx, 0), 0);
    restart(&fx, CODE >> 4, 0xFFFF);
    cpu_fixture_set(&fx, "eflags", 0x102);
    ck_assert_uint_eq(vector_reached(&fx), 1);
    cpu_fixture_free(&fx);
}
END_TEST

/* The same bytes by two names, CS:IP far below and just below the end of a segment: the jump
 * stays on its page by the first and wraps to offset 100h by the second. */
START_TEST(same_jump_wraps_by_other_cs)
{
    static const uint8_t jump[][4] = {
        {0xE9, 0xFD, 0x02},       /* JMP $+300h */
        {0xE8, 0xFD, 0x02},       /* CALL $+300h */
        {0x0F, 0x83, 0xFC, 0x02}, /* JNC $+300h */
    };
    struct cpu_fixture fx;
    start(&fx, false, 0x2000, 0x100);
    cpu_fixture_load(&fx, 0x20100, jump[_i], 4);
    LOAD(&fx, 0x20400, 0x43, 0x40, 0x75, 0xFC, 0xF4); /* INC BX; INC AX; JNZ $-2; HLT */
    LOAD(&fx, 0x10400, 0xB9, 0x77, 0x77, 0xF4);       /* MOV CX, 7777h; HLT */
    for (unsigned turn = 0; turn < 3; turn++) {       /* often enough to be linked */
        restart(&fx, 0x2000, 0x100);
        cpu_fixture_set(&fx, "eax", 0xFFFD);
        ck_assert_int_eq(cpu_run(fx.cpu, fx.tick + 1000), CPU_HALTED);
        ck_assert_uint_eq(cpu_fixture_get(&fx, "ebx"), 3);
    }
    restart(&fx, 0x1030, 0xFE00);
    ck_assert_int_eq(cpu_run(fx.cpu, fx.tick + 1000), CPU_HALTED);
    ck_assert_uint_eq(cpu_fixture_get(&fx, "ecx"), 0x7777);
    ck_assert_uint_eq(cpu_fixture_get(&fx, "eip"), 0x104);
    cpu_fixture_free(&fx);
}
END_TEST

/* SDM 2B POP: the address is computed after the increment; a 16-bit stack's increment wraps. */
START_TEST(pop_to_esp_wraps)
{
    struct cpu_fixture fx;
    start(&fx, _i, CODE >> 4, 0);
    LOAD(&fx, CODE, 0x67, 0x8F, 0x04, 0x24, 0xF4); /* POP WORD [ESP]; HLT */
    LOAD(&fx, 0x3FFFE, 0x34, 0x12);
    cpu_fixture_set(&fx, "esp", 0xFFFE);
    ck_assert_int_eq(cpu_run(fx.cpu, fx.tick + 100), CPU_HALTED);
    ck_assert_uint_eq(cpu_fixture_get(&fx, "eip"), 5);
    ck_assert_uint_eq(cpu_fixture_get(&fx, "esp"), 0);
    ck_assert_uint_eq(frame_word(&fx, 0), 0x1234);
    cpu_fixture_free(&fx);
}
END_TEST

/* On a 16-bit stack: as measured on silicon. */
static const struct {
    uint8_t code[6];
    uint32_t esp, ebp;
} frames[] = {
    {{0x66, 0xC8, 0x10, 0, 0, 0xF4}, 0xABCD7FEC, 0xABCD7FFC}, /* ENTERD 16, 0 */
    {{0x66, 0xC8, 0x10, 0, 1, 0xF4}, 0xABCD7FE8, 0xABCD7FFC},
    {{0x66, 0xC8, 0x10, 0, 3, 0xF4}, 0xABCD7FE0, 0xABCD7FFC},
    {{0xC8, 0x10, 0, 0, 0xF4}, 0xABCD7FEE, 0x12347FFE}, /* ENTERW 16, 0 */
    {{0x66, 0xC9, 0xF4}, 0xABCD4004, 0x04030201},       /* LEAVED */
    {{0xC9, 0xF4}, 0xABCD4002, 0x12340201},
};

START_TEST(frames_on_16_bit_stack)
{
    struct cpu_fixture fx;
    start(&fx, false, CODE >> 4, 0);
    cpu_fixture_load(&fx, CODE, frames[_i].code, sizeof frames[_i].code);
    LOAD(&fx, 0x34000, 1, 2, 3, 4);
    cpu_fixture_set(&fx, "esp", 0xABCD8000);
    cpu_fixture_set(&fx, "ebp", 0x12344000);
    ck_assert_int_eq(cpu_run(fx.cpu, fx.tick + 100), CPU_HALTED);
    ck_assert_uint_eq(cpu_fixture_get(&fx, "esp"), frames[_i].esp);
    ck_assert_uint_eq(cpu_fixture_get(&fx, "ebp"), frames[_i].ebp);
    cpu_fixture_free(&fx);
}
END_TEST

/* SDM 3B 17.3.1.1: RF stays set between the iterations of a repeated instruction, so a
 * breakpoint on it strikes once. The handler counts at PM_DATA, sets RF and returns. */
START_TEST(breakpoint_on_rep_strikes_once)
{
    static const uint8_t handler[] = {0xFF, 0x05, D(PM_DATA), 0x81, 0x4C,
                                      0x24, 8,    D(0x10000), 0xCF};
    static const uint8_t code[] = {MOV_EAX(PM_CODE + 31),
                                   0x0F,
                                   0x23,
                                   0xC0, /* DR0 */
                                   MOV_EAX(0x401),
                                   0x0F,
                                   0x23,
                                   0xF8, /* DR7 */
                                   0xB9,
                                   D(5),
                                   0xBF,
                                   D(PM_DATA + 16),
                                   0xFC,
                                   0x90,
                                   0x90,
                                   0x90,
                                   0x90,
                                   0xF3,
                                   0xAA,
                                   DONE}; /* REP STOSB */
    struct pm pm;
    pm_init_engine(&pm, _i);
    cpu_fixture_load(&pm.fx, PM_HANDLERS + 16, handler, sizeof handler);
    struct pm_end end = pm_run(&pm, PM_RING0, code, sizeof code);
    ck_assert_uint_eq(end.vector, PM_OK);
    ck_assert_uint_eq(pm_reg(&pm, "ecx"), 0);
    ck_assert_uint_eq(pm_r32(&pm, PM_DATA), 1);
    pm_free(&pm);
}
END_TEST

/* Code takes its own page away, long after its translation was evicted: there is no TLB, so the
 * very next instruction is gone. The loop touches more pages than the maps hold. */
START_TEST(code_page_unmapped_after_eviction)
{
    enum { TABLE2 = PM_PAGES + 0x2000, NEXT_INSN = 36 };
    // clang-format off
    static const uint8_t code[] = {
        0xBA, D(PM_CODE | 7),                  /* MOV EDX, the present entry */
        0xBF, D(2),                            /* MOV EDI, 2 */
        0xBE, D(0x400000), 0xB9, D(17 * 1024), /* outer: MOV ESI; MOV ECX */
        0x8A, 0x06, 0x81, 0xC6, D(0x1000),     /* inner: MOV AL, [ESI]; ADD ESI, 4096 */
        0xE2, 0xF6,                            /* LOOP inner */
        0x89, 0x15, D(0x7FF000 + 4 * (PM_CODE >> 12)), /* MOV [its entry], EDX */
        0x43, 0x31, 0xD2, 0x4F, 0x75, 0xE0,    /* INC EBX; XOR EDX, EDX; DEC EDI; JNZ outer */
        DONE};
    // clang-format on
    struct pm pm;
    pm_init_engine(&pm, _i);
    pm.paging = true;
    for (uint32_t k = 0; k < 1024; k++) {
        pm_w32(&pm, TABLE2 + 4 * k, (k == 1023 ? PM_PAGES + 0x1000 : PM_DATA) | 7);
    }
    for (uint32_t k = 1; k < 20; k++) {
        pm_w32(&pm, PM_PAGES + 4 * k, TABLE2 | 7);
    }
    pm_boot(&pm, PM_RING0, code, sizeof code);
    ck_assert_int_eq(cpu_run(pm.fx.cpu, pm.fx.tick + 200000), CPU_HALTED);
    ck_assert_uint_eq(pm_reg(&pm, "eip"), PM_HANDLERS + 16 * 14 + 1);
    ck_assert_uint_eq(pm_reg(&pm, "cr2"), PM_CODE + NEXT_INSN);
    ck_assert_uint_eq(pm_reg(&pm, "ebx"), 1);
    pm_free(&pm);
}
END_TEST

/* Control registers that do not exist are #UD at any level; those that do are level 0's. */
static const struct pm_row control_rows[] = {
    {"MOV EAX, CR1", PM_RING3, 6, 0, 0, BYTES(0x0F, 0x20, 0xC8)},
    {"MOV EAX, CR1", PM_RING0, 6, 0, 0, BYTES(0x0F, 0x20, 0xC8)},
    {"MOV CR5, EAX", PM_RING3, 6, 0, 0, BYTES(0x0F, 0x22, 0xE8)},
    {"MOV CR7, EAX", PM_V86, 6, 0, 0, BYTES(0x0F, 0x22, 0xF8)},
    {"MOV EAX, CR0", PM_RING3, 13, 0, 0, BYTES(0x0F, 0x20, 0xC0)},
    {"LOCK HLT", PM_RING3, 6, 0, 0, BYTES(0xF0, 0xF4)},
};

START_TEST(control_registers_that_are_none)
{
    pm_check_row(&control_rows[_i]);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("exec");
    TCase *tc = tcase_create("exec");
    tcase_add_test(tc, endless_slice);
    tcase_add_loop_test(tc, run_off_limit, 0, 2);
    tcase_add_loop_test(tc, same_jump_wraps_by_other_cs, 0, 3);
    tcase_add_loop_test(tc, pop_to_esp_wraps, 0, 2);
    tcase_add_loop_test(tc, breakpoint_on_rep_strikes_once, 0, 2);
    tcase_add_loop_test(tc, code_page_unmapped_after_eviction, 0, 2);
    tcase_add_loop_test(tc, control_registers_that_are_none, 0, ARRAY_LEN(control_rows));
    tcase_add_loop_test(tc, frames_on_16_bit_stack, 0, ARRAY_LEN(frames));
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
