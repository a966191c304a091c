/* tests/property/test_faults.c -- an instruction that faults has done nothing (SDM 3A 6.5:
 * faults restart their instruction): every innocuous row, its operands and its stack astride
 * the edges of a page between two that cannot be had, at level 3. After a fault all registers,
 * the flags in the handler's frame and the memory are what they were. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/decode.h"
#include "cpu/engine.h"
#include "cpu/flags.h"
#include "tests/support/board_fixture.h"
#include "tests/support/pm_fixture.h"

enum { PAGE = 0x1A000, ROUNDS = 60, BOOT_TICKS = 40 };

static const char *const gpr[8] = {"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"};
static struct decode_map map;

struct sample {
    uint8_t code[16];
    unsigned len;
    uint32_t r[8], flags;
};

static bool skipped(const struct insn_row *row)
{
    return row->cls != CLASS_USER || row->real || (row->x87 && row->rm != RM_MEM) ||
           (row->simd && ((row->props & REG) || row->operands == OPN_none));
}

/* Around the lower or the upper edge of the page. */
static uint32_t edge(uint64_t *seed)
{
    uint32_t r = test_random(seed);
    return PAGE - 20u + (r & 1 ? (uint32_t)PAGE_SIZE : 0) + (r >> 8) % 40;
}

static bool make(struct sample *s, uint64_t *seed, unsigned id)
{
    const struct insn_row *row = &insn_rows[id];
    struct insn u;
    struct insn_cold cold;
    memset(s, 0, sizeof *s);
    for (unsigned k = 0; k < 8; k++) {
        s->r[k] = test_random(seed) & 1 || k >= ESP ? edge(seed) : test_random(seed);
    }
    s->flags = (test_random(seed) & (FL_ARITH | FL_DF | FL_AC)) | 0x202;
    if (row->simd) {
        static const uint8_t prefix[] = {0x3E, 0x66, 0xF3, 0xF2}; /* 3Eh: DS, for none */
        s->code[s->len++] = prefix[row->prefix];
    } else if (test_random(seed) % 3 == 0) {
        s->code[s->len++] = 0x66;
    }
    if (row->code & 0x100) {
        s->code[s->len++] = 0x0F;
    }
    s->code[s->len++] = (uint8_t)row->code;
    if (map.modrm[row->code]) { /* [base + disp8], disp8 small; ESP needs a SIB byte */
        unsigned reg = row->digit >= 0 ? (unsigned)row->digit : test_random(seed) & 7;
        unsigned base = test_random(seed) & 7;
        s->code[s->len++] = (uint8_t)(0x40 | reg << 3 | base);
        if (base == ESP) {
            s->code[s->len++] = 0x24;
        }
        s->code[s->len++] = (uint8_t)(test_random(seed) & 7);
        s->r[base] = edge(seed);
    }
    for (unsigned k = s->len; k < sizeof s->code; k++) {
        s->code[k] = (uint8_t)test_random(seed);
    }
    if (row->operands == OPN_ALOb || row->operands == OPN_AXOv) {
        store_le32(s->code + s->len, edge(seed));
    }
    s->len = sizeof s->code;
    uint32_t mode = MODE_CODE32 | MODE_STACK32 | MODE_PROT | (row->x87 ? MODE_FPU : 0u);
    return decode(&map, mode, s->code, 15, 0, &u, &cold) == DECODE_OK && cold.id == id;
}

/* Something in the x87's registers, and room to push. */
static void fill_x87(struct x87 *f, uint64_t *seed)
{
    memset(f, 0, sizeof *f);
    for (unsigned k = 0; k < 8; k++) {
        f->reg[k].m = (uint64_t)test_random(seed) << 32 | 1u << 31;
        f->reg[k].se = (uint16_t)(0x3FF0 + (test_random(seed) & 0x801F));
    }
    f->control = 0x37F;
    f->top = test_random(seed) & 7;
    f->full = (uint8_t) ~(1u << ((f->top - 1) & 7));
    f->ip = test_random(seed);
}

static uint64_t xmm_hash(const struct cpu *cpu)
{
    uint64_t h = cpu->mxcsr;
    for (unsigned k = 0; k < 8; k++) {
        h = hash_u64(hash_u64(h, cpu->xmm[k].lo), cpu->xmm[k].hi);
    }
    return h;
}

static uint64_t x87_hash(const struct x87 *f)
{
    uint64_t h = hash_u64(hash_u64(f->ip, f->dp), (uint64_t)f->cs << 16 | f->ds);
    h = hash_u64(h, f->opcode | (uint64_t)f->control << 16 | (uint64_t)f->status << 32);
    h = hash_u64(h, f->top | (uint64_t)f->full << 8);
    for (unsigned k = 0; k < 8; k++) {
        h = hash_u64(hash_u64(h, f->reg[k].m), f->reg[k].se);
    }
    return h;
}

/* Level 3, paging on, both neighbours of the page absent or one read-only. */
static void boot(struct pm *pm, uint32_t neighbour)
{
    static const uint8_t idle[] = {0xEB, 0xFE};
    uint32_t table = PM_PAGES + 0x1000;
    pm->paging = true;
    pm_w32(pm, table + 4 * ((PAGE >> 12) - 1), 0);
    pm_w32(pm, table + 4 * ((PAGE >> 12) + 1), (PAGE + PAGE_SIZE) | neighbour);
    pm_boot(pm, PM_RING3, idle, sizeof idle);
    cpu_run(pm->fx.cpu, pm->fx.tick + BOOT_TICKS);
    ck_assert_uint_eq(pm_reg(pm, "eip"), PM_CODE);
    cpu_fixture_set(&pm->fx, "cr0", pm_reg(pm, "cr0") | 1u << 18); /* AM: with AC, #AC */
    cpu_fixture_set(&pm->fx, "cr4", pm_reg(pm, "cr4") | 0x600);    /* OSFXSR, OSXMMEXCPT */
}

/* One tick. true: it faulted, and the frame is at esp. */
static bool faults(struct pm *pm, const struct sample *s)
{
    cpu_fixture_load(&pm->fx, PM_CODE, s->code, s->len);
    for (unsigned k = 0; k < 8; k++) {
        cpu_fixture_set(&pm->fx, gpr[k], s->r[k]);
    }
    cpu_fixture_set(&pm->fx, "eflags", s->flags);
    cpu_fixture_set(&pm->fx, "eip", PM_CODE);
    cpu_run(pm->fx.cpu, pm->fx.tick + 1);
    return (pm_reg(pm, "cs") & 3) == 0;
}

static void check_untouched(struct pm *pm, const struct sample *s, const char *name,
                            const uint8_t *before)
{
    uint8_t after[2 * PAGE_SIZE];
    unsigned vector = (pm_reg(pm, "eip") - PM_HANDLERS) / 16;
    bool has_code = vector == EXC_GP || vector == EXC_PF || vector == EXC_AC;
    uint32_t frame = pm_reg(pm, "esp") + (has_code ? 4 : 0);
    for (unsigned k = 0; k < 8; k++) {
        uint32_t now = k == ESP ? pm_r32(pm, frame + 12) : pm_reg(pm, gpr[k]);
        ck_assert_msg(now == s->r[k], "%s: vector %u, %s was %x, is %x", name, vector, gpr[k],
                      s->r[k], now);
    }
    ck_assert_uint_eq(pm_r32(pm, frame), PM_CODE);
    uint32_t flags = pm_r32(pm, frame + 8);
    ck_assert_msg(((flags ^ s->flags) & (FL_ARITH | FL_DF)) == 0, "%s: vector %u, flags %x %x",
                  name, vector, s->flags, flags);
    ck_assert(phys_peek(pm->fx.ph, PAGE, after, sizeof after));
    ck_assert_msg(memcmp(before, after, sizeof after) == 0 || strcmp(name, "ENTER") == 0,
                  "%s: vector %u, memory has changed", name, vector);
}

START_TEST(faults_leave_no_trace)
{
    const char *env = getenv("TERRAPIN_PROPERTY_ROUNDS");
    unsigned rounds = env ? (unsigned)atoi(env) : ROUNDS;
    const struct insn_row *row = &insn_rows[_i];
    uint64_t seed = 7u + (unsigned)_i;
    struct pm pm;
    unsigned tried = 0;
    if (skipped(row)) {
        return;
    }
    pm_init_config(&pm, &(struct cpu_config){.model = "pentium4"});
    decode_map_init(&map, UINT32_MAX);
    for (unsigned k = 0; k < rounds; k++) {
        struct sample s;
        uint8_t before[2 * PAGE_SIZE];
        if (!make(&s, &seed, (unsigned)_i)) {
            continue;
        }
        boot(&pm, k & 1 ? 5 : 0);
        ck_assert(phys_peek(pm.fx.ph, PAGE, before, sizeof before));
        fill_x87(&pm.fx.cpu->x87, &seed);
        uint64_t x87 = x87_hash(&pm.fx.cpu->x87), xmm = xmm_hash(pm.fx.cpu);
        if (faults(&pm, &s)) {
            check_untouched(&pm, &s, row->name, before);
            ck_assert_msg(x87_hash(&pm.fx.cpu->x87) == x87, "%s: x87 has changed", row->name);
            ck_assert_msg(xmm_hash(pm.fx.cpu) == xmm, "%s: SSE has changed", row->name);
            tried++;
        }
    }
    ck_assert_msg(!(row->x87 || row->simd) || tried > rounds / 8, "%s: %u faults", row->name,
                  tried);
    pm_free(&pm);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("faults");
    TCase *tc = tcase_create("faults");
    tcase_set_timeout(tc, 600);
    tcase_add_loop_test(tc, faults_leave_no_trace, 1, I_COUNT);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
