/* tests/unit/test_control.c -- cpu/sys/control.c, flags.c and port.c: who may execute what, and
 * what it does (SDM 2A/2B under each instruction; SDM 1 18.5 for ports). */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/pm_fixture.h"

enum { UD = 6, NM = 7, GP = 13 };

#define MOV_CR0_EAX 0x0F, 0x22, 0xC0
#define MOV_EAX_CR0 0x0F, 0x20, 0xC0
#define MOV_CR4_EAX 0x0F, 0x22, 0xE0
#define OR_CR0(v)   MOV_EAX_CR0, 0x0D, D(v), MOV_CR0_EAX
#define OR_CR0_LEN  11

/* Privileged instructions: #GP(0) at CPL 1, 3 and in virtual-8086 mode, fine at CPL 0. */
static const struct {
    const char *what;
    uint8_t len, bytes[10];
} privileged[] = {
    {"LMSW", BYTES(0x0F, 0x01, 0xF0)},
    {"INVLPG", BYTES(0x0F, 0x01, 0x3F)},
    {"CLTS", BYTES(0x0F, 0x06)},
    {"INVD", BYTES(0x0F, 0x08)},
    {"WBINVD", BYTES(0x0F, 0x09)},
    {"MOV EAX, CR0", BYTES(MOV_EAX_CR0)},
    {"MOV CR2, EAX", BYTES(0x0F, 0x22, 0xD0)},
    {"MOV EAX, DR7", BYTES(0x0F, 0x21, 0xF8)},
    {"MOV DR0, EAX", BYTES(0x0F, 0x23, 0xC0)},
    {"MOV with mod 0", BYTES(0x0F, 0x20, 0x00)},
    {"RDMSR", BYTES(0x0F, 0x32)},
    {"WRMSR", BYTES(0x0F, 0x30)},
};

START_TEST(privilege)
{
    static const enum pm_level levels[] = {PM_RING0, PM_RING1, PM_RING3, PM_V86, PM_V86_IOPL3};
    for (unsigned n = 0; n < ARRAY_LEN(levels); n++) {
        struct pm pm;
        uint8_t code[24];
        unsigned len = 0;
        bool wide = levels[n] < PM_V86;
        pm_init(&pm);
        if (wide) { /* MOV ECX,10h: an MSR that exists */
            const uint8_t set_ecx[] = {0xB9, D(0x10)};
            memcpy(code, set_ecx, len = sizeof set_ecx);
        }
        memcpy(code + len, privileged[_i].bytes, privileged[_i].len);
        code[len + privileged[_i].len] = 0xCD;
        code[len + privileged[_i].len + 1] = PM_OK;
        struct pm_end end = pm_run(&pm, levels[n], code, len + privileged[_i].len + 2);
        ck_assert_msg(end.vector == (n == 0 ? PM_OK : GP) && end.code == 0 &&
                          (n == 0 || end.eip == len),
                      "%s, level %u: vector %x code %x eip %x", privileged[_i].what, n,
                      end.vector, end.code, end.eip);
        pm_free(&pm);
    }
}
END_TEST

static const struct pm_row rows[] = {
    /* control registers */
    {"HLT at 3", PM_RING3, GP, 0, 0, BYTES(0xF4)},
    {"HLT in V86", PM_V86_IOPL3, GP, 0, 0, BYTES(0xF4)},
    {"CR0: PG without PE", PM_RING0, GP, 0, 8,
     BYTES(0xB8, D(0x80000000u), 0x90, 0x90, 0x90, MOV_CR0_EAX)},
    {"CR4: reserved", PM_RING0, GP, 0, 5, BYTES(MOV_EAX(0x400), MOV_CR4_EAX)},
    {"CR4: what there is", PM_RING0, PM_OK, 0, 0, BYTES(MOV_EAX(0x1DF), MOV_CR4_EAX, DONE)},
    {"CR1 at 3", PM_RING3, UD, 0, 0, BYTES(0x0F, 0x22, 0xC8)},
    {"CR7 in V86", PM_V86, UD, 0, 0, BYTES(0x0F, 0x20, 0xF8)},
    {"CR1", PM_RING0, UD, 0, 0, BYTES(0x0F, 0x22, 0xC8)},
    {"CR7", PM_RING0, UD, 0, 0, BYTES(0x0F, 0x20, 0xF8)},
    {"SMSW at 3", PM_RING3, PM_OK, 0, 0, BYTES(0x0F, 0x01, 0xE0, DONE)},
    {"INVLPG of a register", PM_RING0, UD, 0, 0, BYTES(0x0F, 0x01, 0xF8)},
    /* debug registers */
    {"DR4 is DR6", PM_RING0, PM_OK, 0, 0, BYTES(0x0F, 0x21, 0xE0, DONE)},
    {"DR4 with DE", PM_RING0, UD, 0, 8, BYTES(MOV_EAX(8), MOV_CR4_EAX, 0x0F, 0x21, 0xE0)},
    {"DR5 with DE", PM_RING0, UD, 0, 8, BYTES(MOV_EAX(8), MOV_CR4_EAX, 0x0F, 0x23, 0xE8)},
    {"general detect", PM_RING0, 1, 0, 8,
     BYTES(MOV_EAX(0x2000), 0x0F, 0x23, 0xF8, 0x0F, 0x21, 0xC0)},
    /* time stamp, counters */
    {"RDTSC at 3", PM_RING3, PM_OK, 0, 0, BYTES(0x0F, 0x31, DONE)},
    {"RDPMC at 3", PM_RING3, GP, 0, 2, BYTES(0x31, 0xC9, 0x0F, 0x33)},
    {"RDPMC 2", PM_RING0, GP, 0, 5, BYTES(0xB9, D(2), 0x0F, 0x33)},
    /* coprocessor */
    {"WAIT with MP and TS", PM_RING0, NM, 0, OR_CR0_LEN, BYTES(OR_CR0(0xA), 0x9B)},
    {"WAIT with TS", PM_RING0, PM_OK, 0, 0, BYTES(OR_CR0(8), 0x9B, DONE)},
    {"ESC with TS", PM_RING0, NM, 0, OR_CR0_LEN, BYTES(OR_CR0(8), 0xD9, 0xD0)},
    {"ESC with EM", PM_RING0, NM, 0, OR_CR0_LEN, BYTES(OR_CR0(4), 0xD9, 0xD0)},
    {"ESC, CLTS", PM_RING0, PM_OK, 0, 0, BYTES(OR_CR0(8), 0x0F, 0x06, 0xD9, 0xD0, DONE)},
    {"FNSTCW, null DS", PM_RING0, GP, 0, 6, BYTES(MOV_AX(0), MOV_DS_AX, 0xD9, 0x3D, D(0))},
    {"reserved x87 code", PM_RING0, UD, 0, 0, BYTES(0xD9, 0xD1)},
    {"reserved x87 code with TS", PM_RING0, NM, 0, OR_CR0_LEN, BYTES(OR_CR0(8), 0xD9, 0xD1)},
    /* flags */
    {"CLI at 3, IOPL 0", PM_RING3, GP, 0, 0, BYTES(0xFA)},
    {"STI at 3, IOPL 0", PM_RING3, GP, 0, 0, BYTES(0xFB)},
    {"CLI in V86, IOPL 0", PM_V86, GP, 0, 0, BYTES(0xFA)},
    {"CLI in V86, IOPL 3", PM_V86_IOPL3, PM_OK, 0, 0, BYTES(0xFA, DONE)},
    {"PUSHF in V86, IOPL 0", PM_V86, GP, 0, 0, BYTES(0x9C)},
    {"POPF in V86, IOPL 0", PM_V86, GP, 0, 0, BYTES(0x9D)},
    {"PUSHF, POPF in V86, IOPL 3", PM_V86_IOPL3, PM_OK, 0, 0, BYTES(0x9C, 0x9D, DONE)},
    {"PUSHF at 3", PM_RING3, PM_OK, 0, 0, BYTES(0x9C, 0x9D, DONE)},
    {"PUSHF, stack full", PM_RING3, 12, 0, 11,
     BYTES(MOV_AX(PM_SMALL | 3), MOV_SS_AX, 0xBC, D(2), 0x9C)},
    /* ports: 0 to DFh are free in the bitmap */
    {"IN 40h at 3", PM_RING3, PM_OK, 0, 0, BYTES(0xE4, 0x40, DONE)},
    {"IN E0h at 3", PM_RING3, GP, 0, 0, BYTES(0xE4, 0xE0)},
    {"IN E0h at 1", PM_RING1, GP, 0, 0, BYTES(0xE4, 0xE0)},
    {"IN E0h at 0", PM_RING0, PM_OK, 0, 0, BYTES(0xE4, 0xE0, DONE)},
    {"16 bits at DFh", PM_RING3, GP, 0, 0, BYTES(0x66, 0xE5, 0xDF)},
    {"32 bits at DCh", PM_RING3, PM_OK, 0, 0, BYTES(0xE7, 0xDC, DONE)},
    {"32 bits at DDh", PM_RING3, GP, 0, 0, BYTES(0xE7, 0xDD)},
    {"OUT beyond the bitmap", PM_RING3, GP, 0, 4, BYTES(0x66, 0xBA, W(0x1000), 0xEE)},
    {"IN E0h in V86, IOPL 3", PM_V86_IOPL3, GP, 0, 0, BYTES(0xE4, 0xE0)},
    {"IN 40h in V86, IOPL 0", PM_V86, PM_OK, 0, 0, BYTES(0xE4, 0x40, 0xF4)},
    /* a count of 0: nothing is done, so nothing is checked (SDM 2B REP; guest/io_bitmap.asm) */
    {"REP INSB of nothing at E0h", PM_RING3, PM_OK, 0, 0,
     BYTES(0x31, 0xC9, 0x66, 0xBA, W(0xE0), 0xF3, 0x6C, DONE)},
    {"REP OUTSB of nothing at E0h", PM_RING3, PM_OK, 0, 0,
     BYTES(0x31, 0xC9, 0x66, 0xBA, W(0xE0), 0xF3, 0x6E, DONE)},
    {"REP OUTSB of one at E0h", PM_RING3, GP, 0, 7,
     BYTES(0x6A, 1, 0x59, 0x66, 0xBA, W(0xE0), 0xF3, 0x6E, DONE)},
    {"INSB, null ES", PM_RING0, GP, 0, 6, BYTES(MOV_AX(0), MOV_ES_AX, 0x6C)},
    {"OUTSB, null DS", PM_RING0, GP, 0, 6, BYTES(MOV_AX(0), MOV_DS_AX, 0x6E)},
    {"INSB, read-only ES", PM_RING3, GP, 0, 6,
     BYTES(MOV_AX(PM_READ_ONLY3 | 3), MOV_ES_AX, 0x6C)},
    /* SYSENTER, SYSEXIT */
    {"SYSENTER, no CS", PM_RING3, GP, 0, 0, BYTES(0x0F, 0x34)},
    {"SYSEXIT, no CS", PM_RING0, GP, 0, 0, BYTES(0x0F, 0x35)},
    {"SYSEXIT at 3", PM_RING3, GP, 0, 0, BYTES(0x0F, 0x35)},
};

START_TEST(one_row)
{
    struct pm_row row = rows[_i];
    /* V86's INT n needs IOPL 3, and HLT is #GP there: the last #GP then says "nothing else". */
    if (row.level == PM_V86 && row.vector == PM_OK) {
        row.vector = GP;
        row.eip = row.len - 1u;
    }
    pm_check_row(&row);
}
END_TEST

/* ---- effects */

static struct pm_end run(struct pm *pm, enum pm_level level, const uint8_t *code, unsigned len)
{
    struct pm_end end = pm_run(pm, level, code, len);
    ck_assert_msg(end.vector == PM_OK, "vector %x eip %x", end.vector, end.eip);
    return end;
}
#define RUN(pm, level, ...)                                                                    \
    run(pm, level, (const uint8_t[]){__VA_ARGS__, DONE},                                       \
        sizeof((const uint8_t[]){__VA_ARGS__, DONE}))

START_TEST(cr0_bits)
{
    struct pm pm;
    pm_init(&pm);
    /* all ones but PG, EM, TS, NW: reserved bits do not stick, ET does */
    RUN(&pm, PM_RING0, MOV_EAX(0x5FFFFFF3u), MOV_CR0_EAX);
    ck_assert_uint_eq(pm_reg(&pm, "cr0"), 0x40050033);
    pm_free(&pm);
    pm_init(&pm);
    RUN(&pm, PM_RING0, MOV_EAX(1), MOV_CR0_EAX);
    ck_assert_uint_eq(pm_reg(&pm, "cr0"), 0x11);
    pm_free(&pm);
}
END_TEST

START_TEST(lmsw_sets_but_never_clears_pe)
{
    struct pm pm;
    pm_init(&pm);
    RUN(&pm, PM_RING0, MOV_AX(0xFFFE), 0x0F, 0x01, 0xF0, 0x0F, 0x01,
        0xE3);                                         /* LMSW AX; SMSW EBX */
    ck_assert_uint_eq(pm_reg(&pm, "ebx"), 0x6000001F); /* SMSW r32: all of CR0 */
    pm_free(&pm);
    pm_init(&pm);
    pm_w32(&pm, PM_DATA, 0xAAAAAAAA);
    RUN(&pm, PM_RING3, 0x0F, 0x01, 0x25, D(PM_DATA));
    ck_assert_uint_eq(pm_r32(&pm, PM_DATA), 0xAAAA0011); /* memory: 16 bits */
    pm_free(&pm);
}
END_TEST

START_TEST(debug_register_bits)
{
    struct pm pm;
    pm_init(&pm);
    RUN(&pm, PM_RING0, MOV_EAX(0xFFFFFFFFu), 0x0F, 0x23, 0xF0, 0x0F, 0x21,
        0xE3,                                                     /* DR6; EBX := DR4 */
        MOV_EAX(0x0000D800), 0x0F, 0x23, 0xE8, 0x0F, 0x21, 0xF9); /* DR5; ECX := DR7 */
    ck_assert_uint_eq(pm_reg(&pm, "ebx"), 0xFFFFEFFF);
    ck_assert_uint_eq(pm_reg(&pm, "ecx"), 0x400);
    pm_free(&pm);
}
END_TEST

/* A debugger's #DB by DR7.GD finds BD in DR6 and the registers open. */
START_TEST(general_detect)
{
    struct pm pm;
    pm_init(&pm);
    const uint8_t code[] = {MOV_EAX(0x2000), 0x0F, 0x23, 0xF8, 0x0F, 0x23, 0xC0};
    ck_assert_uint_eq(pm_run(&pm, PM_RING0, code, sizeof code).vector, 1);
    ck_assert_uint_eq(pm_reg(&pm, "dr6"), 0xFFFF2FF0);
    ck_assert_uint_eq(pm_reg(&pm, "dr7"), 0x400);
    pm_free(&pm);
}
END_TEST

START_TEST(tsc)
{
    struct pm pm;
    pm_init(&pm);
    /* WRMSR 10h := 1_00000005h; RDTSC; P6 drops the upper half */
    RUN(&pm, PM_RING0, 0xB9, D(0x10), MOV_EAX(5), 0xBA, D(1), 0x0F, 0x30, 0x90, 0x0F, 0x31);
    ck_assert_uint_eq(pm_reg(&pm, "edx"), 0);
    ck_assert_uint_eq(pm_reg(&pm, "eax"), 5 + 2); /* WRMSR, NOP */
    pm_free(&pm);
}
END_TEST

START_TEST(tsd_and_pce)
{
    struct pm pm;
    pm_init(&pm);
    /* CR4 := TSD | PCE; then RDPMC is free and RDTSC is not; IRET to ring 3 in between */
    const uint8_t code[] = {MOV_EAX(0x104),
                            MOV_CR4_EAX,
                            PUSH_D(PM_DATA3 | 3),
                            PUSH_D(PM_STACK3),
                            PUSH_D(2),
                            PUSH_D(PM_CODE3 | 3),
                            PUSH_D(PM_CODE + 34),
                            0xCF,
                            0x31,
                            0xC9,
                            0x0F,
                            0x33,
                            0x0F,
                            0x31};
    struct pm_end end = pm_run(&pm, PM_RING0, code, sizeof code);
    ck_assert_uint_eq(end.vector, GP);
    ck_assert_uint_eq(end.eip, 38);
    pm_free(&pm);
}
END_TEST

/* POPF at each level: what sticks of 7FD5h and of FFFFFFFFh (SDM 2B POPF, table 4-16). */
START_TEST(popf)
{
    static const struct {
        enum pm_level level;
        uint32_t before, image, after;
        bool wide;
    } want[] = {
        {PM_RING0, 0x0002, 0x00007ED7, 0x7ED7, false},
        {PM_RING1, 0x0002, 0x00007ED7, 0x4CD7, false}, /* neither IOPL nor IF */
        {PM_RING1, 0x1202, 0x00000002, 0x1002, false}, /* IOPL 1: IF may go */
        {PM_RING3, 0x0202, 0x00000002, 0x0202, false},
        {PM_RING3, 0x3202, 0x00000002, 0x3002, false},
        {PM_RING3, 0x3002, 0x00000202, 0x3202, false},
        {PM_RING0, 0x0002, 0xFFFFFEFF, 0x247ED7, true}, /* VM, RF, VIF, VIP never */
        {PM_RING3, 0x0002, 0xFFFFFEFF, 0x244CD7, true},
        {PM_RING0, 0x0002, 0xFFFFFE02, 0x7E02, false},
    };
    struct pm pm;
    pm_init(&pm);
    pm.eflags = want[_i].before;
    struct pm_end end;
    if (want[_i].wide) {
        end = RUN(&pm, want[_i].level, PUSH_D(want[_i].image), 0x9D, 0x9C, 0x58);
    } else {
        end = RUN(&pm, want[_i].level, 0x66, 0x68, W(want[_i].image), 0x66, 0x9D, 0x9C, 0x58);
    }
    ck_assert_msg(end.eflags == want[_i].after, "%x, want %x", end.eflags, want[_i].after);
    ck_assert_uint_eq(pm_reg(&pm, "eax"), want[_i].after); /* PUSHFD says the same */
    pm_free(&pm);
}
END_TEST

START_TEST(strings_of_ports)
{
    struct pm pm;
    pm_init(&pm);
    /* STD; REP INSD with 3, then 16-bit addressing: CX, DI alone */
    RUN(&pm, PM_RING0, 0xFD, 0xBF, D(PM_DATA + 8), 0xB9, D(3), 0xF3, 0x6D, 0xFC, 0xBF,
        D(0x12340000 | PM_DATA), 0xB9, D(0xFFFF0002u), 0x67, 0xF3, 0x6C);
    ck_assert_uint_eq(pm_reg(&pm, "edi"), 0x12340000 | (PM_DATA + 2));
    ck_assert_uint_eq(pm_reg(&pm, "ecx"), 0xFFFF0000u);
    pm_free(&pm);
    pm_init(&pm);
    pm_w32(&pm, PM_DATA, 0x64636261);
    RUN(&pm, PM_RING0, 0xBE, D(PM_DATA), 0xB9, D(4), 0x66, 0xBA, W(0xE9), 0xF3, 0x6E);
    ck_assert_uint_eq(pm.fx.debug_len, 4);
    ck_assert_mem_eq(pm.fx.debug, "abcd", 4);
    ck_assert_uint_eq(pm_reg(&pm, "esi"), PM_DATA + 4);
    pm_free(&pm);
}
END_TEST

/* REP INSB into a page that ends the segment: what was done stays done. */
START_TEST(rep_ins_faults_in_the_middle)
{
    struct pm pm;
    pm_init(&pm);
    const uint8_t code[] = {MOV_AX(PM_SMALL | 3),
                            MOV_ES_AX,
                            0xBF,
                            D(0xFD),
                            0xB9,
                            D(9),
                            0x66,
                            0xBA,
                            W(0x40),
                            0xF3,
                            0x6C};
    struct pm_end end = pm_run(&pm, PM_RING3, code, sizeof code);
    ck_assert_uint_eq(end.vector, GP);
    ck_assert_uint_eq(end.eip, 20);
    ck_assert_uint_eq(pm_reg(&pm, "edi"), 0x100);
    ck_assert_uint_eq(pm_reg(&pm, "ecx"), 6);
    pm_free(&pm);
}
END_TEST

START_TEST(sysenter_and_back)
{
    struct pm pm;
    pm_init(&pm);
    /* GDT order for SYSENTER: CS0 SS0 CS3 SS3 at 8; entry HLTs at PM_TARGET after SYSEXIT
     * set-up */
    const uint8_t entry[] = {0xBA, D(PM_CODE + 60), 0xB9, D(PM_STACK3 - 64), 0x0F, 0x35};
    cpu_fixture_load(&pm.fx, PM_CODE_B, entry, sizeof entry);
    uint8_t code[64] = {0xB9,
                        D(0x174),
                        MOV_EAX(8),
                        0x31,
                        0xD2,
                        0x0F,
                        0x30,
                        0x41,
                        MOV_EAX(PM_STACK0),
                        0x0F,
                        0x30,
                        0x41,
                        MOV_EAX(PM_CODE_B),
                        0x0F,
                        0x30,
                        0xFB,
                        0x0F,
                        0x34};
    code[60] = 0xCD;
    code[61] = PM_OK;
    struct pm_end end = run(&pm, PM_RING0, code, 62);
    ck_assert_uint_eq(end.cs, 0x1B);
    ck_assert_uint_eq(end.ss, 0x23);
    ck_assert_uint_eq(end.esp, PM_STACK3 - 64);
    ck_assert_uint_eq(end.eflags & 0x200, 0); /* SYSENTER cleared IF */
    pm_free(&pm);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("control");
    TCase *tc = tcase_create("rights");
    tcase_add_loop_test(tc, privilege, 0, ARRAY_LEN(privileged));
    tcase_add_loop_test(tc, one_row, 0, ARRAY_LEN(rows));
    suite_add_tcase(s, tc);
    tc = tcase_create("effects");
    tcase_add_test(tc, cr0_bits);
    tcase_add_test(tc, lmsw_sets_but_never_clears_pe);
    tcase_add_test(tc, debug_register_bits);
    tcase_add_test(tc, general_detect);
    tcase_add_test(tc, tsc);
    tcase_add_test(tc, tsd_and_pce);
    tcase_add_loop_test(tc, popf, 0, 9);
    tcase_add_test(tc, strings_of_ports);
    tcase_add_test(tc, rep_ins_faults_in_the_middle);
    tcase_add_test(tc, sysenter_and_back);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
