/* tests/property/test_engines_pm.c -- blocks are unobservable in protected and virtual-8086
 * mode either: random code full of sensitive instructions, faults, gates and task switches
 * leaves the same state in decoded blocks as one instruction at a time. After each slice both
 * are compared. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/board_fixture.h"
#include "tests/support/pm_fixture.h"

enum { CODE_LEN = 0x1000, TICKS = 3000 };

struct gen {
    uint64_t seed;
    uint8_t *at, *end;
};

static uint32_t pick(struct gen *g, uint32_t n)
{
    return test_random(&g->seed) % n;
}

static void put(struct gen *g, uint32_t v, unsigned n)
{
    for (unsigned k = 0; k < n && g->at < g->end; k++) {
        *g->at++ = (uint8_t)(v >> 8 * k);
    }
}

static uint32_t selector(struct gen *g)
{
    uint32_t sel = pick(g, PM_GDT_LIMIT + 1) & ~7u;
    return pick(g, 8) == 0 ? test_random(&g->seed) : sel | (pick(g, 2) ? 3 : pick(g, 4));
}

/* Near the code, on a stack, in a table, or anywhere. */
static uint32_t address(struct gen *g)
{
    static const uint32_t places[] = {PM_CODE,   PM_CODE,   PM_DATA,   PM_DATA,
                                      PM_STACK3, PM_STACK0, PM_GDT,    PM_TSS,
                                      PM_TSS_B,  PM_CODE_B, PM_TARGET, PM_DATA};
    return pick(g, 16) == 0 ? test_random(&g->seed)
                            : places[pick(g, ARRAY_LEN(places))] + pick(g, 0x100);
}

static uint32_t value(struct gen *g)
{
    switch (pick(g, 4)) {
    case 0: return selector(g);
    case 1: return address(g);
    case 2: return pick(g, 4);
    default: return test_random(&g->seed);
    }
}

static void put_sensitive(struct gen *g)
{
    static const uint8_t one[] = {0x06, 0x07, 0x0E, 0x16, 0x17, 0x1E, 0x1F,
                                  0x9C, 0x9D, 0xCB, 0xCC, 0xCE, 0xCF, 0xF1,
                                  0xF4, 0xFA, 0xFB, 0xEC, 0xEE, 0x6C, 0x6E};
    static const uint8_t two[] = {0x00, 0x01, 0x02, 0x03, 0x06, 0x08, 0x0B, 0x20, 0x21, 0x22,
                                  0x23, 0x31, 0xA0, 0xA1, 0xA2, 0xA8, 0xA9, 0xB2, 0xB4, 0xB5};
    switch (pick(g, 8)) {
    case 0: put(g, one[pick(g, sizeof one)], 1); break;
    case 1: /* MOV Sreg, AX */
        put(g, 0xB8, 1), put(g, selector(g), 4);
        put(g, 0x8E, 1), put(g, 0xC0 | pick(g, 8) << 3, 1);
        break;
    case 2: /* JMP, CALL far */
        put(g, pick(g, 2) ? 0xEA : 0x9A, 1), put(g, address(g), 4), put(g, selector(g), 2);
        break;
    case 3: /* a return of some kind */
        put(g, 0x68, 1), put(g, selector(g), 4);
        put(g, 0x68, 1), put(g, address(g), 4);
        put(g, 0x68, 1), put(g, selector(g), 4);
        put(g, 0x68, 1), put(g, address(g), 4);
        put(g, pick(g, 2) ? 0xCB : 0xCF, 1);
        break;
    case 4:
        put(g, 0x0F, 1), put(g, two[pick(g, sizeof two)], 1), put(g, 0xC0 | pick(g, 64), 1);
        break;
    case 5: /* … with a memory operand */
        put(g, 0x0F, 1), put(g, two[pick(g, 5)], 1), put(g, 5 | pick(g, 8) << 3, 1);
        put(g, address(g), 4);
        break;
    case 6: put(g, 0xCD, 1), put(g, pick(g, 2) ? 0x80 : pick(g, 256), 1); break;
    default: /* PUSHF with TF, NT, RF, VM … and back */
        put(g, 0x68, 1), put(g, 1u << pick(g, 22), 4), put(g, 0x9D, 1);
        break;
    }
}

static void put_common(struct gen *g)
{
    static const uint8_t alu[] = {0x01, 0x03, 0x29, 0x2B, 0x31, 0x39, 0x85, 0x87, 0x89, 0x8B};
    switch (pick(g, 9)) {
    case 0: put(g, 0xB8 | pick(g, 8), 1), put(g, value(g), 4); break;
    case 1: put(g, alu[pick(g, sizeof alu)], 1), put(g, 0xC0 | pick(g, 64), 1); break;
    case 2:
        put(g, alu[pick(g, sizeof alu)], 1), put(g, 5 | pick(g, 8) << 3, 1),
            put(g, address(g), 4);
        break;
    case 3: put(g, 0x70 | pick(g, 16), 1), put(g, pick(g, 16), 1); break;
    case 4: put(g, 0x50 | pick(g, 16), 1); break;
    case 5: put(g, pick(g, 2) ? 0x66 : 0x26 + 8 * pick(g, 4), 1); break;
    case 6: /* x87; and CLTS, or nothing would execute after the first task switch */
        put(g, 0xD8 | pick(g, 8), 1), put(g, 5 | pick(g, 8) << 3, 1), put(g, address(g), 4);
        break;
    case 7:
        put(g, pick(g, 4) ? 0xD8 | pick(g, 8) : 0x9B, 1), put(g, 0xC0 | pick(g, 64), 1);
        put(g, pick(g, 4) ? 0x9090 : 0x060F, 2);
        break;
    default: /* stay where the action is */
        put(g, 0xBC, 1), put(g, PM_STACK3 - 4 * pick(g, 16), 4);
        break;
    }
}

static void random_code(uint8_t *code, uint64_t seed)
{
    struct gen g = {seed, code, code + CODE_LEN};
    while (g.at < g.end) {
        if (pick(&g, 3) == 0) {
            put_sensitive(&g);
        } else {
            put_common(&g);
        }
    }
}

/* Handlers step over the byte that EIP points at and return; those of vectors with an error
 * code drop it first. */
static void handlers(struct pm *pm, struct gen *g)
{
    static const uint8_t plain[] = {0xFF, 0x04, 0x24, 0xCF}; /* INC [ESP]; IRETD */
    static const uint8_t code[] = {0x83, 0xC4, 4, 0xFF, 0x04, 0x24, 0xCF}; /* ADD ESP, 4; … */
    for (unsigned v = 0; v < 256; v++) {
        bool has_code = v == 8 || (v >= 10 && v <= 14) || v == 17;
        const uint8_t *h = has_code ? code : plain;
        cpu_fixture_load(&pm->fx, PM_HANDLERS + 16 * v, h,
                         has_code ? sizeof code : sizeof plain);
    }
    if (pick(g, 2)) {
        pm_gate(pm, PM_IDT + 8 * 8, PM_TSS_B_SEL, 0, 0xE5, 0);
    }
}

static void tasks(struct pm *pm)
{
    static const uint32_t base[] = {PM_TSS_B, PM_TSS_V86};
    for (unsigned k = 0; k < 2; k++) {
        pm_w32(pm, base[k] + 4, PM_STACK_B);
        pm_w32(pm, base[k] + 8, PM_DATA0);
        pm_w32(pm, base[k] + 0x1C, PM_PAGES);
        pm_w32(pm, base[k] + 0x20, k ? 0x20 : PM_CODE + 0x123);
        pm_w32(pm, base[k] + 0x24, k ? 0x20002 : 2);
        pm_w32(pm, base[k] + 0x38, k ? 0x1000 : PM_STACK_B - 0x400);
        pm_w32(pm, base[k] + 0x4C, k ? PM_CODE >> 4 : PM_CODE0);
        pm_w32(pm, base[k] + 0x50, k ? PM_STACK3 >> 4 : PM_DATA0);
        pm_w32(pm, base[k] + 0x54, PM_DATA0);
    }
}

static void setup(struct pm *pm, bool single_step, uint64_t seed)
{
    uint8_t code[CODE_LEN];
    struct gen g = {seed ^ 0xABCDEF, NULL, NULL};
    pm_init_engine(pm, single_step);
    random_code(code, seed);
    handlers(pm, &g);
    tasks(pm);
    pm->paging = pick(&g, 2);
    pm->eflags = 2 | (pick(&g, 2) ? 0x200 : 0) | (pick(&g, 8) == 0 ? 0x100 : 0);
    pm_boot(pm, (enum pm_level)pick(&g, 5), code, sizeof code);
}

/* One slice of both; false: over. */
static bool slice(struct pm *pm, uint64_t until, uint32_t what)
{
    while (pm->fx.tick < until) {
        enum cpu_stop stop = cpu_run(pm->fx.cpu, until);
        if (stop == CPU_SHUTDOWN) {
            return false;
        }
        if (stop == CPU_HALTED) {
            pm->fx.tick = until;
        }
    }
    if ((what & 7) == 0) {
        pm->fx.vector = (uint8_t)(what >> 8);
        cpu_set_intr(pm->fx.cpu, true);
    } else if ((what & 63) == 1) {
        cpu_nmi(pm->fx.cpu);
    }
    return true;
}

static void compare(uint64_t seed)
{
    struct pm a, b;
    uint64_t dice = seed ^ 0x5EED;
    setup(&a, false, seed);
    setup(&b, true, seed);
    for (uint64_t at = 0; at < TICKS;) {
        uint64_t before = at;
        uint32_t what = test_random(&dice);
        at += 1 + test_random(&dice) % 100;
        bool on_a = slice(&a, at, what), on_b = slice(&b, at, what);
        ck_assert_msg(cpu_fixture_hash(&a.fx) == cpu_fixture_hash(&b.fx) && on_a == on_b,
                      "seed %llu: engines differ between ticks %u and %u",
                      (unsigned long long)seed, (unsigned)before, (unsigned)at);
        if (!on_a) {
            break;
        }
    }
    pm_free(&a);
    pm_free(&b);
}

START_TEST(blocks_equal_single_step)
{
    const char *rounds = getenv("TERRAPIN_PROPERTY_ROUNDS"),
               *first = getenv("TERRAPIN_PROPERTY_SEED");
    unsigned n = rounds ? (unsigned)atoi(rounds) : 200, k = first ? (unsigned)atoi(first) : 0;
    for (; n-- > 0; k++) {
        compare(k);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("engines_pm");
    TCase *tc = tcase_create("engines_pm");
    tcase_set_timeout(tc, 600);
    tcase_add_test(tc, blocks_equal_single_step);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
