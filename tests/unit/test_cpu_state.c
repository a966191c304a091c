/* tests/unit/test_cpu_state.c -- the processor's field table, save and load, hash, inspection.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/cpu.h"
#include "tests/support/pm_fixture.h"

START_TEST(coverage)
{
    struct error err = {""};
    ck_assert_msg(state_coverage(&cpu_schema, &err) == 0, "%s", err.text);
}
END_TEST

static uint64_t hash(struct cpu_fixture *fx)
{
    return state_hash(&cpu_schema, cpu_state(fx->cpu), 1);
}

/* Makes `to` a copy of `from`: processor by name, RAM by pages, time. */
static void copy(struct cpu_fixture *to, struct cpu_fixture *from)
{
    struct error err = {""};
    struct writer w = {0};
    uint8_t page[PAGE_SIZE];
    state_save(&cpu_schema, cpu_state(from->cpu), &w);
    struct reader r = {w.bytes, w.len, 0};
    ck_assert_msg(state_load(&cpu_schema, cpu_state(to->cpu), &r, &err) == 0, "%s", err.text);
    writer_free(&w);
    for (paddr pa = 0; pa < CPU_FIXTURE_RAM; pa += PAGE_SIZE) {
        ck_assert(phys_peek(from->ph, pa, page, PAGE_SIZE));
        cpu_fixture_load(to, pa, page, PAGE_SIZE);
    }
    ck_assert(cpu_loaded(to->cpu));
    to->tick = from->tick;
    to->port_hash = from->port_hash;
}

/* The same flags, made by an operation and by loading them, are the same state. */
START_TEST(flags_have_one_form)
{
    struct cpu_fixture a, b;
    const uint8_t alu[] = {0xB0, 0x80, 0x04,
                           0x80, 0xB0, 0}; /* MOV AL,80h; ADD AL,80h; MOV AL,0 */
    cpu_fixture_init(&a, &(struct cpu_config){0});
    cpu_fixture_init(&b, &(struct cpu_config){0});
    cpu_fixture_load(&a, 0x7C00, alu, sizeof alu);
    cpu_fixture_set(&a, "cs", 0);
    cpu_fixture_set(&b, "cs", 0);
    cpu_fixture_set(&a, "eip", 0x7C00);
    ck_assert_int_eq(cpu_run(a.cpu, 3), CPU_UNTIL);
    cpu_fixture_set(&b, "eip", 0x7C06);
    cpu_fixture_set(&b, "eflags", cpu_fixture_get(&a, "eflags"));
    ck_assert_uint_eq(cpu_fixture_get(&a, "eflags"), 0x847); /* O Z P C */
    ck_assert_uint_eq(hash(&a), hash(&b));
    cpu_fixture_free(&a);
    cpu_fixture_free(&b);
}
END_TEST

/* Ring 3, paging, a timer: saved after each tick, loaded elsewhere, both run on alike. */
START_TEST(save_load_run)
{
    static const uint8_t code[] = {
        0xBB, D(PM_DATA), 0xB9, D(7),    /* MOV EBX; MOV ECX,7 */
        0x01, 0x0B,       0x11, 0x4B, 4, /* ADD [EBX],ECX; ADC [EBX+4],ECX */
        0x9C, 0x58,       0x0F, 0xA2,    /* PUSHFD; POP EAX; CPUID */
        0x0F, 0x31,       0x01, 0xC2,    /* RDTSC; ADD EDX,EAX */
        0xBB, D(PM_DATA), 0xE4, 0x40, 0x66, 0x8E, 0xC0, 0xE2, 0xE8, 0xF4,
    };
    struct pm pm;
    struct cpu_fixture other;
    pm_init(&pm);
    pm.paging = true;
    pm.eflags = 0x202;
    cpu_fixture_init(&other, &(struct cpu_config){.single_step = true});
    pm_run(&pm, PM_RING3, code, sizeof code); /* to its end: leaves the world set up */
    cpu_reset(pm.fx.cpu, true);
    cpu_fixture_set(&pm.fx, "cs", 0);
    cpu_fixture_set(&pm.fx, "eip", PM_BOOT);
    for (unsigned n = 0; n < 60; n++) {
        enum cpu_stop why = cpu_run(pm.fx.cpu, pm.fx.tick + 1);
        cpu_set_intr(pm.fx.cpu, n == 40);
        copy(&other, &pm.fx);
        ck_assert_uint_eq(cpu_fixture_hash(&other), cpu_fixture_hash(&pm.fx));
        ck_assert_int_eq(cpu_run(other.cpu, pm.fx.tick + 25),
                         cpu_run(pm.fx.cpu, pm.fx.tick + 25));
        ck_assert_uint_eq(cpu_fixture_hash(&other), cpu_fixture_hash(&pm.fx));
        if (why == CPU_HALTED) {
            break;
        }
    }
    cpu_fixture_free(&other);
    pm_free(&pm);
}
END_TEST

/* Values that contradict each other are refused, whoever wrote them. */
START_TEST(impossible_states)
{
    static const struct {
        const char *reg;
        uint32_t value;
    } bad[] = {{"cr4", 0x80000000u}, {"cr0", 0x80000010u}, {"eflags", 0x20002}};
    struct cpu_fixture fx;
    cpu_fixture_init(&fx, &(struct cpu_config){0});
    for (unsigned n = 0; n < 2; n++) {
        ck_assert(!cpu_reg_set(fx.cpu, bad[n].reg, bad[n].value));
    }
    cpu_fixture_set(&fx, "eflags", 0x20002); /* VM cannot be set from outside */
    ck_assert_uint_eq(cpu_fixture_get(&fx, "eflags"), 2);

    struct error err = {""};
    struct writer w = {0};
    state_save(&cpu_schema, cpu_state(fx.cpu), &w);
    /* every byte in turn: the loader says no, or the processor runs on with it unharmed */
    for (size_t at = 0; at < w.len; at++) {
        struct cpu_fixture victim;
        if (at % 37 != 0 && at + 700 < w.len) {
            continue; /* a sample of names and values; all of the system part */
        }
        cpu_fixture_init(&victim, &(struct cpu_config){0});
        w.bytes[at] ^= (uint8_t)(0x80 >> at % 8);
        struct reader r = {w.bytes, w.len, 0};
        if (state_load(&cpu_schema, cpu_state(victim.cpu), &r, &err) == 0 &&
            cpu_loaded(victim.cpu)) {
            cpu_run(victim.cpu, victim.tick + 50);
        }
        w.bytes[at] ^= (uint8_t)(0x80 >> at % 8);
        cpu_fixture_free(&victim);
    }
    writer_free(&w);
    cpu_fixture_free(&fx);
}
END_TEST

/* reset ≡ new, time and wires apart */
START_TEST(reset_is_new)
{
    static const uint8_t code[] = {0xB8, D(0x12345678), 0x0F, 0x22, 0xD0,
                                   0x0F, 0x23,          0xC0, 0xF4};
    struct pm pm;
    struct cpu_fixture fresh;
    pm_init(&pm);
    pm.paging = true;
    pm_run(&pm, PM_RING0, code, sizeof code);
    cpu_fixture_init(&fresh, &(struct cpu_config){.model = "pentiumpro"});
    ck_assert_uint_ne(hash(&fresh), hash(&pm.fx));
    cpu_reset(pm.fx.cpu, true);
    char text[200] = "";
    bool differs =
        state_diff(&cpu_schema, cpu_state(fresh.cpu), cpu_state(pm.fx.cpu), text, sizeof text);
    ck_assert_msg(!differs, "%s", text);
    cpu_fixture_free(&fresh);
    pm_free(&pm);
}
END_TEST

START_TEST(registers_by_name)
{
    static const char *const names[] = {"eax", "ecx", "edx", "ebx",       "esp",      "ebp",
                                        "esi", "edi", "eip", "cr2",       "cr3",      "dr0",
                                        "dr1", "dr2", "dr3", "gdtr.base", "idtr.base"};
    struct cpu_fixture fx;
    uint64_t v;
    cpu_fixture_init(&fx, &(struct cpu_config){0});
    for (unsigned n = 0; n < ARRAY_LEN(names); n++) {
        cpu_fixture_set(&fx, names[n], 0x89ABCD00u + n);
    }
    for (unsigned n = 0; n < ARRAY_LEN(names); n++) {
        ck_assert_msg(cpu_fixture_get(&fx, names[n]) == 0x89ABCD00u + n, "%s", names[n]);
    }
    cpu_fixture_set(&fx, "es", 0x1234);
    ck_assert_uint_eq(cpu_fixture_get(&fx, "es"), 0x1234);
    ck_assert(!cpu_reg_get(fx.cpu, "rax", &v));
    ck_assert(!cpu_reg_set(fx.cpu, "rax", 0));
    ck_assert(!cpu_reg_set(fx.cpu, "tr", 0));
    ck_assert(!cpu_reg_set(fx.cpu, "es", 0x10000));
    ck_assert(!cpu_reg_set(fx.cpu, "gdtr.limit", 0x10000));
    ck_assert(!cpu_reg_set(fx.cpu, "eax", 1ull << 32));
    cpu_fixture_free(&fx);
}
END_TEST

/* ---- text */

struct text {
    char bytes[8000];
    size_t len;
};

static void put(void *ctx, const char *piece)
{
    struct text *t = ctx;
    size_t n = strlen(piece);
    ck_assert_uint_lt(t->len + n, sizeof t->bytes);
    memcpy(t->bytes + t->len, piece, n + 1);
    t->len += n;
}

static void expect(struct cpu_fixture *fx, const char *what, const char *const *lines)
{
    struct text t = {{0}, 0};
    ck_assert(cpu_info(fx->cpu, what, put, &t));
    for (; *lines != NULL; lines++) {
        ck_assert_msg(strstr(t.bytes, *lines) != NULL, "'%s' is not in:\n%s", *lines, t.bytes);
    }
}

START_TEST(info)
{
    static const uint8_t code[] = {0xB8, D(0xCAFE), 0x9C, 0x9D, 0xF9, DONE};
    struct pm pm;
    struct text t = {{0}, 0};
    pm_init(&pm);
    expect(&pm.fx, "tlb", (const char *const[]){"paging is off", NULL});
    pm.paging = true;
    pm_run(&pm, PM_RING3, code, sizeof code);
    expect(&pm.fx, "registers",
           (const char *const[]){
               "EAX=0000cafe ", "EIP=00020801 EFL=00000003 [------C] CPL=0 II=0 A20=1 HLT=1",
               "\nCS =0008 00000000 ffffffff 00cf9b00 DPL=0 CS32 [-RA]\n",
               "\nDS =0023 00000000 ffffffff 00cff300 DPL=3 DS32 [-WA]\n", "\nFS =0000 ",
               "\nLDT=0030 00003000 0000000f 00008200 DPL=0 LDT\n",
               "\nTR =0028 00004000 00000087 00008b00 DPL=0 TSS32-busy\n",
               "\nGDT=     00001000 0000011f\nIDT=     00002000 000007ff\n",
               "CR0=e0000011 CR2=00000000 CR3=00100000 CR4=00000000\n",
               "DR6=ffff0ff0 DR7=00000400\n", NULL});
    expect(&pm.fx, "traps",
           (const char *const[]){"PUSHF        HOLE               1", "INT_Ib       HOLE",
                                 "LGDT         PRIV", NULL});
    expect(&pm.fx, "tlb", (const char *const[]){"00000000-003fffff -> 000000000 uw\n", NULL});
    expect(&pm.fx, "engine",
           (const char *const[]){"blocks built", "micro-ops decoded", "shadow fills", NULL});
    ck_assert(!cpu_info(pm.fx.cpu, "nonsense", put, &t));
    pm_free(&pm);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("cpu_state");
    TCase *tc = tcase_create("state");
    tcase_add_test(tc, coverage);
    tcase_add_test(tc, flags_have_one_form);
    tcase_add_test(tc, save_load_run);
    tcase_add_test(tc, impossible_states);
    tcase_add_test(tc, reset_is_new);
    tcase_add_test(tc, registers_by_name);
    tcase_add_test(tc, info);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
