/* tests/property/test_forms.c -- fast forms (cpu/forms.h) are unobservable: code made of the
 * instructions that have them, with operands at the edges of their ranges, in flat segments,
 * leaves the same state in decoded blocks as one instruction at a time; and so are assists
 * (cpu/sys/assist.c), which blocks have and single steps have not. Operands lie in and
 * across pages that are no neighbours in memory, in code, and where no page is or may be
 * written; flags are read now and then. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/engine.h"
#include "cpu/forms.h"
#include "tests/support/board_fixture.h"
#include "tests/support/pm_fixture.h"

enum { CODE = PM_CODE, CODE_LEN = 0x800, STACK_AT = PM_STACK3, TICKS = 2000 };
/* Linear pages: three of data in places of their own, one of them read-only, and none behind.
 */
enum { DATA = 0x40000, READ_ONLY = DATA + 2 * PAGE_SIZE, ABSENT = DATA + 3 * PAGE_SIZE };
static const uint32_t place_of_page[] = {0x50000 | 7, 0x48000 | 7, 0x58000 | 5, 0};

struct gen {
    uint64_t seed;
    uint8_t *at, *end;
    uint32_t starts[CODE_LEN]; /* where something begins: targets */
    unsigned count;
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

/* Values that meet: equal, one apart, at the edges of sign and carry. */
static uint32_t edge(struct gen *g)
{
    static const uint32_t values[] = {0,          1,          2,          0x7F,
                                      0x80,       0xFF,       0x100,      0x7FFFFFFF,
                                      0x80000000, 0x80000001, 0xFFFFFFFF, 0xFFFFFF80};
    return pick(g, 8) == 0 ? test_random(&g->seed) : values[pick(g, ARRAY_LEN(values))];
}

static uint32_t address(struct gen *g)
{
    static const uint32_t places[] = {DATA,         DATA + 0x40,  DATA + 0xFF4, DATA + 0x1800,
                                      DATA + 0xFF8, CODE + 0x400, READ_ONLY,    READ_ONLY - 4,
                                      STACK_AT - 8, ABSENT - 4};
    return places[pick(g, 64) ? pick(g, 5) : pick(g, ARRAY_LEN(places))] + pick(g, 12);
}

/* ModRM with register field reg: a register (but for ESP), [disp32], [EBX + disp8],
 * [ESI + ECX * scale + disp8] or [ESP + disp8]. */
static void put_modrm(struct gen *g, unsigned reg, bool memory)
{
    unsigned rm = pick(g, 8);
    switch (memory ? 1 + pick(g, 4) : pick(g, 5)) {
    case 0: put(g, 0xC0 | reg << 3 | (rm == 4 ? 0 : rm), 1); break;
    case 1: put(g, 0x05 | reg << 3, 1), put(g, address(g), 4); break;
    case 2: put(g, 0x43 | reg << 3, 1), put(g, pick(g, 16), 1); break;
    case 3:
        put(g, 0x44 | reg << 3, 1), put(g, 0x0E | pick(g, 4) << 6, 1), put(g, pick(g, 16), 1);
        break;
    default: put(g, 0x44 | reg << 3, 1), put(g, 0x24, 1), put(g, pick(g, 16), 1); break;
    }
}

/* A register but ESP, EBX and ESI, which hold addresses. */
static unsigned value_reg(struct gen *g)
{
    static const uint8_t regs[] = {0, 1, 2, 5, 7};
    return regs[pick(g, sizeof regs)];
}

/* FS or GS, now and then. */
static void put_segment(struct gen *g)
{
    if (pick(g, 6) == 0) {
        put(g, 0x64 + pick(g, 2), 1);
    }
}

static void put_alu(struct gen *g)
{
    put_segment(g);
    unsigned op = pick(g, 3) ? 7 : pick(g, 8), reg = value_reg(g);
    switch (pick(g, 8)) {
    case 0: put(g, op << 3 | 1, 1), put_modrm(g, reg, false); break;
    case 1: put(g, op << 3 | 3, 1), put_modrm(g, reg, false); break;
    case 2: put(g, op << 3 | 0, 1), put_modrm(g, reg & 3, false); break;
    case 3: put(g, op << 3 | 2, 1), put_modrm(g, reg & 3, false); break;
    case 4: put(g, 0x83, 1), put_modrm(g, op, false), put(g, edge(g), 1); break;
    case 5: put(g, 0x80, 1), put_modrm(g, op, false), put(g, edge(g), 1); break;
    case 6: /* TEST */ put(g, 0x84 + pick(g, 2), 1), put_modrm(g, reg & 3, false); break;
    default: put(g, 0xF6, 1), put_modrm(g, 0, false), put(g, edge(g), 1); break;
    }
}

static void put_inc_dec(struct gen *g)
{
    if (pick(g, 2)) {
        put(g, 0x40 + pick(g, 2) * 8 + value_reg(g), 1);
    } else {
        put(g, 0xFF, 1), put_modrm(g, pick(g, 2), false);
    }
}

static void put_move(struct gen *g)
{
    put_segment(g);
    static const uint8_t one[] = {0x88, 0x89, 0x8A, 0x8B}, two[] = {0xB6, 0xB7, 0xBE, 0xBF};
    unsigned reg = value_reg(g);
    switch (pick(g, 8)) {
    case 6: put(g, 0x87, 1), put_modrm(g, reg, false); break;
    case 7: put(g, 0x0F, 1), put(g, 0x40 + pick(g, 16), 1), put_modrm(g, reg, true); break;
    case 0: put(g, 0x66, 1), put(g, 0x89 + pick(g, 2) * 2, 1), put_modrm(g, reg, true); break;
    case 1: put(g, 0x0F, 1), put(g, two[pick(g, 4)], 1), put_modrm(g, reg, false); break;
    case 2: put(g, 0xC7, 1), put_modrm(g, 0, true), put(g, edge(g), 4); break;
    case 3: put(g, 0xC6, 1), put_modrm(g, 0, true), put(g, edge(g), 1); break;
    case 4: put(g, 0x8D, 1), put_modrm(g, reg, true); break;
    default: put(g, one[pick(g, 4)], 1), put_modrm(g, reg & 3, false); break;
    }
}

static void put_stack(struct gen *g)
{
    switch (pick(g, 7)) {
    case 0: put(g, 0x50 + pick(g, 8), 1); break;
    case 1: put(g, 0x58 + value_reg(g), 1); break;
    case 2: put(g, 0x6A, 1), put(g, edge(g), 1); break;
    case 3: put(g, 0xFF, 1), put_modrm(g, 6, true); break;
    case 4: /* CALL to a POP, or over it */
        put(g, 0xE8, 1), put(g, pick(g, 2), 4), put(g, 0x58, 1);
        break;
    case 5: /* PUSH target; RET or JMP [ESP] */
        put(g, 0x68, 1), put(g, g->starts[pick(g, g->count)], 4);
        if (pick(g, 2)) {
            put(g, 0xC3, 1);
        } else {
            put(g, 0x2464FF, 3), put(g, 0, 1);
        }
        break;
    default: /* MOV EBP, stack; LEAVE */
        put(g, 0xBD, 1), put(g, STACK_AT - 64 + pick(g, 16), 4), put(g, 0xC9, 1);
        break;
    }
}

/* Shifts and rotates by an immediate, by 1, and IMUL. */
static void put_shift(struct gen *g)
{
    unsigned op = pick(g, 8);
    switch (pick(g, 4)) {
    case 0: put(g, 0xD1, 1), put_modrm(g, op, false); break;
    case 1: put(g, 0x0F, 1), put(g, 0xAF, 1), put_modrm(g, value_reg(g), false); break;
    default: put(g, 0xC1, 1), put(g, 0xC0 | op << 3 | value_reg(g), 1), put(g, edge(g), 1);
    }
}

/* Sensitive instructions that have assists (cpu/sys/assist.c): DS stays as it is, ES, FS and GS
 * are loaded from descriptors of which one keeps changing, accessed bit included. */
static void put_assisted(struct gen *g)
{
    static const uint8_t push[] = {0x06, 0x0E, 0x16, 0x1E}; /* ES CS SS DS */
    static const uint16_t sels[] = {PM_SMALL | 3, PM_SMALL | 3, PM_SMALL, PM_DATA3 | 3, 0, 2};
    unsigned sel = pick(g, 64) ? sels[pick(g, ARRAY_LEN(sels))] : PM_DATA0 | 3,
             fs_or_gs = pick(g, 2);
    switch (pick(g, 8)) {
    case 0: put(g, push[pick(g, 4)], 1); break;
    case 1: put(g, 0xA00F | fs_or_gs << 11, 2); break; /* PUSH FS, GS */
    case 2:                                            /* PUSH sel; POP FS, GS or ES */
        put(g, 0x68, 1), put(g, sel, 4);
        if (pick(g, 4)) {
            put(g, 0xA10F | fs_or_gs << 11, 2);
        } else {
            put(g, 0x07, 1);
        }
        break;
    case 3: /* MOV AX, sel; MOV FS, GS or ES, AX */
        put(g, 0xB866, 2), put(g, sel, 2);
        put(g, 0x8E, 1), put(g, pick(g, 4) ? 0xE0 | fs_or_gs << 3 : 0xC0, 1);
        break;
    case 4: /* MOV byte [descriptor], v: its base, or its type, not accessed; or look at that */
        switch (pick(g, 5)) {
        case 0:
            put(g, 0x05C6, 2), put(g, PM_GDT + PM_SMALL + 2, 4), put(g, pick(g, 4) * 16, 1);
            break;
        case 1:
            put(g, 0x05C6, 2), put(g, PM_GDT + PM_SMALL + 4, 4), put(g, pick(g, 2), 1);
            break;
        case 2: put(g, 0x05C6, 2), put(g, PM_GDT + PM_SMALL + 5, 4), put(g, 0xF2, 1); break;
        case 3: /* limit: 4 GiB, or seldom 64 KiB */
            put(g, 0x05C6, 2), put(g, PM_GDT + PM_SMALL + 6, 4);
            put(g, pick(g, 8) ? 0xCF : 0x40, 1);
            break;
        default: put(g, 0x058B | value_reg(g) << 11, 2), put(g, PM_GDT + PM_SMALL + 4, 4);
        }
        break;
    case 5: put(g, 0x310F, 2); break;             /* RDTSC */
    default: put(g, 0xFA | pick(g, 2), 1); break; /* CLI, STI: IOPL is 3 */
    }
}

/* MOV reg, value: the registers meet again and again. */
static void put_values(struct gen *g)
{
    uint32_t v = edge(g);
    put(g, 0xB8 + value_reg(g), 1), put(g, v, 4);
    put(g, 0xB8 + value_reg(g), 1), put(g, v + pick(g, 3) - 1, 4);
    put(g, 0xBB, 1), put(g, address(g), 4);
    put(g, 0xBE, 1), put(g, address(g), 4);
    put(g, 0xB9, 1), put(g, pick(g, 4), 4);
    put(g, 0xBC, 1), put(g, STACK_AT - pick(g, 3) * 0x7FE, 4);
}

/* Over one byte, or not. */
static void put_jcc(struct gen *g)
{
    if (pick(g, 2)) {
        put(g, 0x70 + pick(g, 16), 1), put(g, pick(g, 2), 1);
    } else {
        put(g, 0x0F, 1), put(g, 0x80 + pick(g, 16), 1), put(g, pick(g, 2), 4);
    }
    put(g, 0x40 + value_reg(g), 1);
}

static void program(struct gen *g, uint8_t *code)
{
    static const uint8_t begin[] = {MOV_AX(PM_SMALL | 3), MOV_FS_AX, 0x8E, 0xE8}; /* FS, GS */
    memset(code, 0x90, CODE_LEN);
    memcpy(code, begin, sizeof begin);
    g->at = code + sizeof begin;
    g->end = code + CODE_LEN - 2;
    while (g->at < g->end) {
        g->starts[g->count++] = CODE + (uint32_t)(g->at - code);
        switch (pick(g, 11)) {
        case 8:
        case 9: put_shift(g); break;
        case 10: put_assisted(g); break;
        case 0: put_values(g); break;
        case 1: put_inc_dec(g); break;
        case 2: put_move(g); break;
        case 3: put_stack(g); break;
        case 4: put(g, pick(g, 2) ? 0x9C : 0x9F, 1); break; /* PUSHF, LAHF */
        default: put_alu(g); break;
        }
        if (pick(g, 3)) {
            put_jcc(g);
        }
    }
    store_le16(code + CODE_LEN - 2, 0xFEEB); /* JMP itself */
}

/* The state after TICKS ticks, or after the first exception. */
static uint64_t run(uint64_t seed, bool single_step, char *where, size_t size)
{
    static uint8_t code[CODE_LEN];
    static struct gen g;
    struct pm pm;
    g = (struct gen){.seed = seed};
    program(&g, code);
    pm_init_engine(&pm, single_step);
    pm.paging = true;
    pm.eflags = 0x3002; /* IOPL 3 */
    pm_boot(&pm, seed % 4 ? PM_RING3 : PM_RING0, code, CODE_LEN);
    pm_descriptor(&pm, PM_SMALL, 0xFFFFFFF0, 0xFFFFF, 0xCF2); /* 4 GiB, from -16 on */
    for (unsigned k = 0; k < ARRAY_LEN(place_of_page); k++) {
        pm_w32(&pm, PM_PAGES + PAGE_SIZE + (DATA / PAGE_SIZE + k) * 4, place_of_page[k]);
        for (unsigned at = 0; place_of_page[k] && at < PAGE_SIZE; at += 4) {
            pm_w32(&pm, (place_of_page[k] & ~(uint32_t)PAGE_MASK) + at, edge(&g));
        }
    }
    while (pm.fx.tick < TICKS &&
           cpu_run(pm.fx.cpu, pm.fx.tick + 1 + test_random(&g.seed) % 90) == CPU_UNTIL) {
    }
    snprintf(where, size, "eip %x eax %x ecx %x edx %x tick %u", pm_reg(&pm, "eip"),
             pm_reg(&pm, "eax"), pm_reg(&pm, "ecx"), pm_reg(&pm, "edx"), (unsigned)pm.fx.tick);
    uint64_t hash = cpu_fixture_hash(&pm.fx);
    pm_free(&pm);
    return hash;
}

START_TEST(forms_equal_plain)
{
    const char *rounds = getenv("TERRAPIN_PROPERTY_ROUNDS");
    for (uint64_t seed = 1; seed <= (rounds ? strtoull(rounds, NULL, 10) : 250); seed++) {
        char fast[128], plain[128];
        uint64_t hash = run(seed, false, fast, sizeof fast);
        ck_assert_msg(run(seed, true, plain, sizeof plain) == hash, "seed %u: %s; plain: %s",
                      (unsigned)seed, fast, plain);
    }
}
END_TEST

/* ---- directed: what random programs seldom meet */

/* FS: 4 GiB, from FS_BASE on. SS, where a case loads it: 16-bit. */
enum { FS_BASE = PM_DATA + 0x10, FS_VALUE = PM_TARGET, SP = 0x5010, ESP_16 = 0x60000 | SP };
enum { GP = 13 };
/* Stores make a page one that later ones find at once. */
#define TWICE(...)    __VA_ARGS__, __VA_ARGS__
#define LOAD_FS_BYTES MOV_AX(PM_SMALL | 3), MOV_FS_AX, 0x64, 0xA1, D(0) /* MOV EAX, FS:[0] */
#define LOAD_SS_BYTES                                                                          \
    TWICE(0xA3, D(ESP_16)), TWICE(0xA3, D(SP)), MOV_AX(PM_STACK16 | 3), MOV_SS_AX, 0xBC,       \
        D(ESP_16)
#define FS_BYTES(...)    BYTES(LOAD_FS_BYTES, __VA_ARGS__, DONE)
#define STORE_BYTES(...) FS_BYTES(TWICE(0x64, 0xA3, D(0)), __VA_ARGS__)
#define STACK_BYTES(...) FS_BYTES(TWICE(0x50), __VA_ARGS__)
#define SS_BYTES(...)    BYTES(LOAD_FS_BYTES, LOAD_SS_BYTES, __VA_ARGS__, DONE)

static const struct edge_case {
    const char *what;
    unsigned vector; /* how it must end */
    uint32_t at;     /* … and where FS_VALUE must be then; 0: nowhere */
    uint8_t len;
    uint8_t bytes[64];
} edge_cases[] = {
    /* an offset of 4 GiB wraps nowhere */
    {"the last dword", PM_OK, 0, FS_BYTES(0x64, 0xA1, D(0xFFFFFFFCu))},
    {"the last byte", PM_OK, 0, FS_BYTES(0x64, 0x8A, 0x0D, D(0xFFFFFFFFu))},
    {"a load beyond", GP, 0, FS_BYTES(0x64, 0x8B, 0x0D, D(0xFFFFFFFDu))},
    {"a word beyond", GP, 0, FS_BYTES(0x66, 0x64, 0x8B, 0x0D, D(0xFFFFFFFFu))},
    {"a store beyond", GP, 0, STORE_BYTES(0x64, 0x89, 0x0D, D(0xFFFFFFFEu))},
    {"a sum beyond", GP, 0, STORE_BYTES(0x64, 0x01, 0x0D, D(0xFFFFFFFEu))},
    {"an exchange beyond", GP, 0, STORE_BYTES(0x64, 0x87, 0x0D, D(0xFFFFFFFEu))},
    {"a push from beyond", GP, 0, STACK_BYTES(0x64, 0xFF, 0x35, D(0xFFFFFFFEu))},
    {"a jump from beyond", GP, 0, FS_BYTES(0x64, 0xFF, 0x25, D(0xFFFFFFFEu))},
    /* FS may be transparent where SS is not */
    {"push", PM_OK, SP - 4, SS_BYTES(0x64, 0xFF, 0x35, D(4))},
    {"call", PM_OK, 0, SS_BYTES(0x64, 0xFF, 0x15, D(8))},
};

static uint64_t run_edge(const struct edge_case *e, bool single_step)
{
    struct pm pm;
    pm_init_engine(&pm, single_step);
    pm_descriptor(&pm, PM_SMALL, FS_BASE, 0xFFFFF, 0xCF2);
    pm_descriptor(&pm, PM_STACK16, 0, 0xFFFF, 0x0F2);
    pm_w32(&pm, FS_BASE + 4, FS_VALUE);
    pm_w32(&pm, FS_BASE + 8, PM_CODE + e->len - 2); /* DONE */
    struct pm_end end = pm_run(&pm, PM_RING3, e->bytes, e->len);
    ck_assert_msg(end.vector == e->vector, "%s: vector %x", e->what, end.vector);
    ck_assert_msg(e->at == 0 || pm_r32(&pm, e->at) == FS_VALUE, "%s: %x", e->what,
                  (unsigned)pm_r32(&pm, e->at));
    uint64_t hash = cpu_fixture_hash(&pm.fx);
    pm_free(&pm);
    return hash;
}

START_TEST(edges_equal_plain)
{
    const struct edge_case *e = &edge_cases[_i];
    uint64_t plain = run_edge(e, true);
    ck_assert_msg(run_edge(e, false) == plain, "%s", e->what);
}
END_TEST

/* A debugger may move a segment's base alone. */
START_TEST(a_base_is_moved)
{
    static const uint8_t code[] = {0x03, 0x0D, D(PM_DATA), 0xEB, 0xF8}; /* ADD ECX; back */
    uint32_t sum[2];
    for (unsigned step = 0; step < 2; step++) {
        struct pm pm;
        pm_init_engine(&pm, step);
        pm_w32(&pm, PM_DATA, 1);
        pm_w32(&pm, PM_DATA + 8, 0x10000);
        pm_boot(&pm, PM_RING3, code, sizeof code);
        ck_assert_int_eq(cpu_run(pm.fx.cpu, 100), CPU_UNTIL);
        cpu_fixture_set(&pm.fx, "ds.base", 8);
        ck_assert_int_eq(cpu_run(pm.fx.cpu, 200), CPU_UNTIL);
        sum[step] = pm_reg(&pm, "ecx");
        pm_free(&pm);
    }
    ck_assert_uint_eq(sum[1] >> 16, 50);
    ck_assert_uint_eq(sum[0], sum[1]);
}
END_TEST

#ifndef TERRAPIN_NO_THEN
/* cpu/exec/hot.def names handlers that are there: else it does not link. */
START_TEST(hot_handlers_exist)
{
    static exec_fn *const hot[] = {
#define HOT(name) exec_##name,
#include "cpu/exec/hot.def"
#undef HOT
    };
    ck_assert_uint_gt(ARRAY_LEN(hot), 500);
    for (unsigned n = 0; n < ARRAY_LEN(hot); n++) {
        ck_assert(hot[n] != NULL);
    }
}
END_TEST
#endif

int main(void)
{
    Suite *s = suite_create("forms");
    TCase *tc = tcase_create("forms");
    tcase_set_timeout(tc, 600);
    tcase_add_loop_test(tc, edges_equal_plain, 0, ARRAY_LEN(edge_cases));
    tcase_add_test(tc, a_base_is_moved);
#ifndef TERRAPIN_NO_THEN
    tcase_add_test(tc, hot_handlers_exist);
#endif
    tcase_add_test(tc, forms_equal_plain);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
