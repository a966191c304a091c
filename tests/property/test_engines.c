/* tests/property/test_engines.c -- blocks are unobservable: random code, random interrupts and
 * random slices leave the same state whether it runs in decoded blocks or one instruction at a
 * time. On a mismatch the failing seed is bisected to the first tick that differs. A debugger's
 * points are unobservable, too, and found at the same places by both engines.
 *
 * The code knows no mode; it runs in real mode, in 16- and 32-bit protected mode at levels 0
 * and 3 and in virtual-8086 mode, without paging and with it: then with code pages under two
 * linear addresses, and with data segments on top of the page tables; some runs have a page of
 * device registers among the code. Code segments overlap, so that the same bytes are reached by
 * several CS:IP. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/insn.h"
#include "tests/support/board_fixture.h"
#include "tests/support/pm_fixture.h"

enum { CODE = PM_CODE, CODE_LEN = 0x3000, COPIES = 5, TICKS = 4000, STACK_TOP = 0x8000 };
enum { REGISTERS = CODE + 0x2000 };

/* A second code segment starts so far below the code that code at `low` is near FE00h in it. */
enum { LOW = 0x800, ALIAS = (0xFE00 - LOW) & ~15 };

struct world {
    bool prot, v86, code32, paging;
    enum pm_level level;
    uint16_t cs[2]; /* selectors of the code segments; the second is ALIAS bytes lower */
};

static struct world world_of(uint64_t seed, bool prot)
{
    struct world w = {.prot = prot, .cs = {CODE >> 4, (CODE - ALIAS) >> 4}};
    if (prot) {
        static const enum pm_level level[] = {PM_RING0, PM_RING3, PM_RING3, PM_V86,
                                              PM_V86_IOPL3};
        w.level = level[seed % ARRAY_LEN(level)];
        w.v86 = w.level >= PM_V86;
        w.code32 = !w.v86 && (seed >> 8 & 1);
        w.paging = seed >> 9 & 1;
    }
    if (prot && !w.v86) {
        uint16_t rpl = w.level == PM_RING3 ? 3 : 0;
        w.cs[0] = (uint16_t)(PM_CODE16 | rpl);
        w.cs[1] = (uint16_t)(PM_CODE_SMALL | rpl);
    }
    return w;
}

/* JMP far to somewhere in the code, by one of its names; 7 bytes at most. */
static unsigned far_jump(uint8_t *p, const struct world *w, uint64_t *seed)
{
    bool alias = test_random(seed) & 1;
    uint32_t at = alias ? test_random(seed) % (LOW + 0x200) : test_random(seed) % CODE_LEN;
    unsigned size = w->code32 ? 4 : 2;
    p[0] = 0xEA;
    store_le(p + 1, at + (alias ? ALIAS : 0), size);
    store_le16(p + 1 + size, w->cs[alias]);
    return 3 + size;
}

/* MOV BYTE [offset], imm8 into what comes next, if DS is where the code is; 7 bytes at most. */
static unsigned store_ahead(uint8_t *p, const struct world *w, uint32_t at, uint64_t *seed)
{
    unsigned size = w->code32 ? 4 : 2;
    p[0] = 0xC6;
    p[1] = w->code32 ? 0x05 : 0x06;
    store_le(p + 2, at + test_random(seed) % 16, size);
    p[2 + size] = (uint8_t)test_random(seed);
    return 3 + size;
}

/* JMP, CALL or JZ near with a 16-bit target, in this page or the next one: it wraps where IP is
 * large. 5 bytes at most. */
static unsigned near_jump(uint8_t *p, const struct world *w, uint64_t *seed)
{
    static const uint8_t code[][2] = {{0xE9}, {0xE8}, {0x0F, 0x84}, {0x0F, 0x85}};
    const uint8_t *op = code[test_random(seed) % ARRAY_LEN(code)];
    unsigned n = 0;
    if (w->code32) {
        p[n++] = 0x66;
    }
    p[n++] = op[0];
    if (op[1]) {
        p[n++] = op[1];
    }
    store_le16(p + n, (uint16_t)(test_random(seed) % 0x1000 - 0x800));
    return n + 2;
}

/* An x87 instruction: between registers, or with an operand somewhere in the segment. Contents
 * come from FLDENV, FRSTOR and FLD of whatever is there: masked and unmasked exceptions follow.
 * 7 bytes at most. */
static unsigned x87_insn(uint8_t *p, const struct world *w, uint64_t *seed)
{
    static const uint8_t control[][2] = {{0xD9, 5}, {0xD9, 4}, {0xDD, 4}, {0xDD, 6}, {0xD9, 6},
                                         {0xDB, 5}, {0xDF, 0}, {0xDF, 5}, {0xDD, 0}, {0xDD, 7}};
    uint32_t r = test_random(seed);
    unsigned size = w->code32 ? 4 : 2, code = 0xD8 | (r & 7), reg = r >> 3 & 7;
    if ((r & 0x300) == 0) { /* the ones after which nothing is pending */
        memcpy(p, r & 0x400 ? "\xDB\xE2" : "\xDB\xE3", 2);
        return 2;
    }
    if (r & 0x800) {
        p[0] = (uint8_t)code;
        p[1] = (uint8_t)(0xC0 | (r >> 3 & 0x3F));
        return 2;
    }
    if (r & 0x1000) {
        code = control[(r >> 16) % ARRAY_LEN(control)][0];
        reg = control[(r >> 16) % ARRAY_LEN(control)][1];
    }
    p[0] = (uint8_t)code;
    p[1] = (uint8_t)(reg << 3 | (w->code32 ? 5 : 6));
    store_le(p + 2, test_random(seed) % CODE_LEN, size);
    return 2 + size;
}

/* An MMX or SSE instruction, of any row: between registers, or with an operand somewhere in the
 * segment, mostly at a multiple of 16. 9 bytes at most. */
static unsigned simd_insn(uint8_t *p, const struct world *w, uint64_t *seed)
{
    static const uint8_t prefix[] = {0, 0x66, 0xF3, 0xF2};
    const struct insn_row *row =
        &insn_rows[I_PUNPCKLBW_PQ + test_random(seed) % (I_COUNT - I_PUNPCKLBW_PQ)];
    uint32_t r = test_random(seed), at = test_random(seed) % CODE_LEN;
    unsigned reg = row->digit >= 0 ? (unsigned)row->digit : r & 7, size = w->code32 ? 4 : 2;
    unsigned n = 0;
    if (row->prefix != PREFIX_NP) {
        p[n++] = prefix[row->prefix];
    }
    p[n++] = 0x0F;
    p[n++] = (uint8_t)row->code;
    if (row->operands == OPN_none) {
        return n;
    }
    if ((row->props & REG) || (!(row->props & MEM) && (r & 8))) {
        p[n++] = (uint8_t)(0xC0 | reg << 3 | (r >> 4 & 7));
    } else {
        p[n++] = (uint8_t)(reg << 3 | (w->code32 ? 5 : 6));
        store_le(p + n, r & 0x700 ? at & ~15u : at, size);
        n += size;
    }
    if (row->operands == OPN_RMIb) {
        p[n++] = (uint8_t)(r >> 16);
    }
    return n;
}

/* Bytes that make code which does things: mostly whole common opcodes, some noise. */
static void random_code(uint8_t *code, unsigned len, const struct world *w, uint64_t *seed,
                        bool wild)
{
    static const uint8_t common[] = {
        0x01, 0x03, 0x29, 0x2B, 0x31, 0x33, 0x39, 0x3B, 0x40, 0x41, 0x42, 0x43, 0x48,
        0x4B, 0x50, 0x53, 0x58, 0x5B, 0x72, 0x73, 0x74, 0x75, 0x7C, 0x7F, 0x80, 0x81,
        0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8A, 0x8B, 0x8D, 0x90, 0x98, 0x99,
        0xA4, 0xA5, 0xAA, 0xAB, 0xAC, 0xAE, 0xB0, 0xB4, 0xB8, 0xC0, 0xC1, 0xC3, 0xC6,
        0xC7, 0xD0, 0xD1, 0xD2, 0xD3, 0xD8, 0xD9, 0xDC, 0xDE, 0x9B, 0xE2, 0xE4, 0xE6,
        0xE8, 0xEB, 0xEC, 0xEE, 0xF3, 0xF6, 0xF7, 0xF8, 0xF9, 0xFA, 0xFB, 0xFC, 0xFE,
        0xFF, 0x0F, 0x66, 0x67, 0x9C, 0x9D, 0x1E};
    for (unsigned k = 0; k < len; k++) {
        uint32_t r = test_random(seed);
        bool noise = wild || (r & 3) == 0;
        if ((r & 0x3C) == 4 && k + 7 < len) {
            k += x87_insn(code + k, w, seed) - 1;
            continue;
        }
        if ((r & 0x38) == 8 && k + 9 < len) {
            k += simd_insn(code + k, w, seed) - 1;
            continue;
        }
        if ((r & 0x3C) == 0 && k + 7 < len) {
            k += (r & 0x40   ? far_jump(code + k, w, seed)
                  : r & 0x80 ? near_jump(code + k, w, seed)
                             : store_ahead(code + k, w, k, seed)) -
                 1;
            continue;
        }
        code[k] = noise ? (uint8_t)(r >> 8) : common[(r >> 8) % sizeof common];
    }
}

/* The same code again and again, so that there is no way out of it. */
static void load_code(struct cpu_fixture *fx, const uint8_t *code)
{
    for (unsigned k = 0; k < COPIES; k++) {
        cpu_fixture_load(fx, CODE + k * CODE_LEN, code, CODE_LEN);
    }
}

/* Registers in the middle of it, whose accesses raise interrupts and stop the processor. */
static void registers_touched(struct cpu_fixture *fx, uint64_t what, uint32_t dice)
{
    fx->port_hash = hash_u64(hash_u64(fx->port_hash, what), fx->tick);
    if ((dice & 7) == 0) {
        cpu_set_intr(fx->cpu, true);
    } else if ((dice & 31) == 1) {
        cpu_nmi(fx->cpu);
    } else if ((dice & 31) == 2) {
        cpu_attention(fx->cpu);
    }
}

static uint32_t registers_read(void *ctx, uint32_t off, unsigned size)
{
    struct cpu_fixture *fx = ctx;
    uint32_t v = (uint32_t)hash_u64(off, fx->tick);
    registers_touched(fx, off | size << 16, v >> 8);
    return v & UINT32_MAX >> (32 - 8 * size);
}

static void registers_write(void *ctx, uint32_t off, uint32_t val, unsigned size)
{
    struct cpu_fixture *fx = ctx;
    uint64_t what = (uint64_t)val << 32 | 1u << 24 | size << 16 | off;
    registers_touched(fx, what, (uint32_t)hash_u64(what, fx->tick));
}

static void map_registers(struct cpu_fixture *fx)
{
    static const struct region_ops ops = {registers_read, registers_write};
    phys_map_io(fx->ph, REGISTERS, PAGE_SIZE, &ops, fx);
}

/* Small numbers are more likely to point somewhere. */
static uint32_t random_value(uint64_t *seed)
{
    static const uint32_t mask[] = {UINT32_MAX, 0x3FFF, 0x1FFF, 0xFF};
    return test_random(seed) & mask[test_random(seed) % ARRAY_LEN(mask)];
}

/* CR0.NE: x87 exceptions by #MF. Else the processor freezes before the next instruction. CR4's
 * OSFXSR and OSXMMEXCPT: SSE and its exceptions, which are masked or not. */
static void native_errors(struct cpu_fixture *fx, uint64_t seed)
{
    uint64_t cr0 = cpu_fixture_get(fx, "cr0"), cr4;
    if ((seed >> 22 & 7) && cpu_reg_get(fx->cpu, "cr4", &cr4)) {
        (void)cpu_reg_set(fx->cpu, "cr4", cr4 | 0x600); /* not every model has them */
        fx->cpu->mxcsr = (uint32_t)(seed >> 16 & 0xE040) | (seed >> 25 & 3 ? 0x1F80 : 0);
    }
    if (seed >> 20 & 3) {
        (void)cpu_reg_set(fx->cpu, "cr0", cr0 | 0x20); /* a 386 has no such bit */
    }
}

/* ---- real mode */

/* Every vector leads to a handler that moves the interrupted program on by a byte, keeps it
 * inside the code, and returns: PUSH BP; MOV BP, SP; INC [BP+2]; AND [BP+2], 1FFFh; MOV [BP+4],
 * cs; POP BP; IRET. */
static void real_handlers(struct cpu_fixture *fx)
{
    static const uint8_t handler[] = {0x55, 0x89, 0xE5, 0xFF, 0x46, 2, 0x81, 0x66, 2,
                                      0xFF, 0x1F, 0xC7, 0x46, 4,    0, 0x10, 0x5D, 0xCF};
    for (unsigned v = 0; v < 256; v++) {
        uint8_t entry[4] = {0x10, 0x06, 0, 0};
        cpu_fixture_load(fx, v * 4, entry, 4);
    }
    cpu_fixture_load(fx, 0x610, handler, sizeof handler);
}

static void setup_real(struct cpu_fixture *fx, const struct world *w, bool single_step,
                       uint64_t seed)
{
    static const char *const gpr[] = {"eax", "ecx", "edx", "ebx", "ebp", "esi", "edi"};
    uint8_t code[CODE_LEN];
    static const char *const model[] = {"pentiumpro", "pentium4",   "pentium4", "pentium3",
                                        "pentium",    "pentiummmx", "486",      "386"};
    struct cpu_config cfg = {.model = model[seed >> 12 & 7], .single_step = single_step};
    cpu_fixture_init(fx, &cfg);
    random_code(code, sizeof code, w, &seed, (seed & 15) == 0);
    load_code(fx, code);
    real_handlers(fx);
    cpu_fixture_set(fx, "cs", CODE >> 4);
    cpu_fixture_set(fx, "eip", test_random(&seed) % 64);
    cpu_fixture_set(fx, "ss", 0);
    cpu_fixture_set(fx, "esp", STACK_TOP);
    cpu_fixture_set(fx, "ds", test_random(&seed) & 1 ? CODE >> 4 : 0x2000);
    cpu_fixture_set(fx, "es", test_random(&seed) & 1 ? CODE >> 4 : 0x3000);
    for (unsigned k = 0; k < ARRAY_LEN(gpr); k++) {
        cpu_fixture_set(fx, gpr[k], random_value(&seed));
    }
    cpu_fixture_set(fx, "eflags", 0x202);
    native_errors(fx, seed);
}

/* ---- protected and virtual-8086 mode */

struct out {
    uint8_t *p;
};

static void put(struct out *o, uint32_t v, unsigned n)
{
    for (unsigned k = 0; k < n; k++) {
        *o->p++ = (uint8_t)(v >> 8 * k);
    }
}

/* The same: every vector leads to code that drops the error code, if there is one. */
static void protected_handlers(struct pm *pm, const struct world *w)
{
    uint8_t body[32];
    struct out o = {body};
    put(&o, 0x2404FF, 3);                     /* INC DWORD [ESP] */
    put(&o, 0x242481, 3), put(&o, 0x1FFF, 4); /* AND DWORD [ESP], 1FFFh */
    put(&o, 0x2444C766, 4), put(&o, 4 | (uint32_t)w->cs[0] << 8, 3); /* MOV WORD [ESP+4], cs */
    put(&o, 0xCF, 1);                                                /* IRETD */
    cpu_fixture_load(&pm->fx, PM_TARGET, body, (uint32_t)(o.p - body));
    for (unsigned v = 0; v < 256; v++) {
        bool has_code = v == 8 || (v >= 10 && v <= 14) || v == 17;
        uint32_t at = PM_HANDLERS + 16 * v;
        o.p = body;
        if (has_code) {
            put(&o, 0x04C483, 3); /* ADD ESP, 4 */
        }
        put(&o, 0xE9, 1), put(&o, PM_TARGET - (at + (has_code ? 8 : 5)), 4);
        cpu_fixture_load(&pm->fx, at, body, (uint32_t)(o.p - body));
    }
}

/* Code 8 KiB further up is the same memory; some pages are read-only, or the supervisor's. */
static void page_tables(struct pm *pm, uint64_t *seed)
{
    static const uint32_t rights[] = {7, 7, 7, 7, 5, 3, 1, 6};
    for (unsigned page = CODE >> 12; page < (CODE + CODE_LEN) >> 12; page++) {
        pm_w32(pm, PM_PAGES + 0x1000 + 4 * (page + 8), page << 12 | 7);
    }
    for (unsigned k = 0; k < 4; k++) { /* none of those that the handlers live on */
        uint32_t r = test_random(seed),
                 page = (r & 1 ? PM_DATA >> 12 : (CODE >> 12) + 1) + (r >> 8 & 1);
        pm_w32(pm, PM_PAGES + 0x1000 + 4 * page, page << 12 | rights[r >> 16 & 7]);
    }
}

/* Where data segments start: code, data, descriptor tables and TSS, directory, page table. */
static uint32_t data_base(uint64_t *seed)
{
    static const uint32_t base[] = {CODE,   CODE,   CODE + 0x8000,     PM_DATA,
                                    PM_GDT, PM_TSS, PM_PAGES + 0x1000, PM_PAGES};
    return base[test_random(seed) % ARRAY_LEN(base)];
}

/* Mostly all of 64 KiB to read and write; or short, read-only, expanding down. */
static void data_segment(struct pm *pm, unsigned sel, uint64_t *seed)
{
    static const uint32_t limit[] = {0x1FFF, 0x100, 0x2F, 0x1234};
    static const uint16_t attr[] = {0x0F0, 0x0F6, 0x4F6, 0x0F2};
    uint32_t r = test_random(seed);
    bool plain = r % 4 != 0;
    pm_descriptor(pm, sel, data_base(seed), plain ? 0xFFFF : limit[r >> 8 & 3],
                  plain ? 0x0F2 : attr[r >> 16 & 3]);
}

static void segments(struct pm *pm, const struct world *w, uint64_t *seed)
{
    unsigned dpl = w->level == PM_RING3 ? 0x60 : 0, big = w->code32 ? 0x400 : 0;
    unsigned stack32 = test_random(seed) & 1 ? 0x400 : 0;
    uint32_t limit = test_random(seed) % 8 ? 0xFFFF : 0x80 + test_random(seed) % 0x200;
    pm_descriptor(pm, PM_CODE16, CODE, limit, 0x09A | dpl | big);
    pm_descriptor(pm, PM_CODE_SMALL, CODE - ALIAS, 0xFFFF, 0x09A | dpl | big);
    pm_descriptor(pm, PM_STACK16, 0, 0xFFFF, 0x092 | dpl | stack32);
    data_segment(pm, PM_SMALL, seed);
    data_segment(pm, PM_READ_ONLY3, seed);
}

/* Enters the random code in its own segments: 32-bit instructions, or 16-bit ones in V86 mode.
 */
static unsigned put_preamble(uint8_t *code, const struct world *w, uint64_t *seed)
{
    struct out o = {code};
    uint32_t rpl = w->cs[0] & 3u;
    for (unsigned reg = 0; reg < 8; reg++) { /* MOV r32, imm32 */
        if (reg != 4) {                      /* ESP */
            put(&o, w->v86 ? 0x66 : 0x90, 1), put(&o, 0xB8 | reg, 1);
            put(&o, random_value(seed), 4);
        }
    }
    for (unsigned sreg = 0; sreg < 4; sreg += 3) { /* ES, DS */
        static const uint8_t sel[] = {PM_READ_ONLY3, 0, 0, PM_SMALL};
        uint32_t v86_sel = data_base(seed) >> 4 & 0xFFFF;
        put(&o, w->v86 ? 0x90 : 0x66, 1), put(&o, 0xB8, 1);
        put(&o, w->v86 ? v86_sel : sel[sreg] | 3u, 2);
        put(&o, 0x8E, 1), put(&o, 0xC0 | sreg << 3, 1);
    }
    if (!w->v86) {
        put(&o, 0xB866, 2), put(&o, PM_STACK16 | rpl, 2), put(&o, 0xD08E, 2); /* SS:ESP */
        put(&o, 0xBC, 1), put(&o, PM_STACK3, 4);
        put(&o, 0xEA, 1), put(&o, 0x80, 4), put(&o, w->cs[0], 2);
    }
    return (unsigned)(o.p - code);
}

static void setup_protected(struct pm *pm, const struct world *w, bool single_step,
                            uint64_t seed)
{
    uint8_t code[CODE_LEN];
    pm_init_config(pm, &(struct cpu_config){.model = seed >> 30 & 1 ? "pentiumpro" : "pentium4",
                                            .single_step = single_step,
                                            .shadow_flush = single_step});
    random_code(code, sizeof code, w, &seed, (seed & 15) == 0);
    load_code(&pm->fx, code);
    unsigned len = put_preamble(code, w, &seed);
    protected_handlers(pm, w);
    page_tables(pm, &seed);
    segments(pm, w, &seed);
    pm->paging = w->paging;
    pm->eflags =
        2 | (test_random(&seed) & 1 ? 0x200 : 0) | (test_random(&seed) & 1 ? 0x3000 : 0);
    pm_boot(pm, w->level, code, len);
    native_errors(&pm->fx, seed);
}

/* ---- a debugger that sets and removes points as it likes, and steps */

struct debugger {
    bool on;
    uint64_t found; /* a hash of what cpu_run() stopped for, where and when */
    unsigned stops, kinds;
};

static laddr code_address(uint32_t r)
{
    uint32_t at = (r >> 8) % CODE_LEN;
    return (r & 7) == 0   ? CODE + 0x8000 + at /* the code's other name */
           : (r & 7) == 1 ? PM_TARGET + at % 32
                          : CODE + at;
}

static laddr data_address(uint32_t r, uint64_t *seed)
{
    static const uint32_t stack[] = {STACK_TOP, PM_STACK0, PM_STACK3};
    uint32_t at = (r >> 8) % CODE_LEN;
    return r & 1 ? data_base(seed) + at : stack[(r >> 1) % ARRAY_LEN(stack)] - at % 64;
}

static void change_points(struct cpu *cpu, uint64_t *seed)
{
    for (unsigned k = 0; k < 4; k++) {
        uint32_t r = test_random(seed);
        enum cpu_point kind = r & 1 ? POINT_CODE : (enum cpu_point)(POINT_WRITE + (r >> 1) % 3);
        uint32_t len = r >> 8 & 1 ? 4 : 1 + (r >> 16 & 0x3FF), dice = test_random(seed);
        laddr la = kind == POINT_CODE ? code_address(dice) : data_address(dice, seed);
        ck_assert(cpu_point_add(cpu, kind, la, len));
    }
    while (cpu->points.codes > 24) {
        unsigned n = test_random(seed) % cpu->points.codes;
        ck_assert(cpu_point_remove(cpu, POINT_CODE, cpu->points.code[n], 0));
    }
    while (cpu->points.datas > 3) {
        const struct data_point d = cpu->points.data[test_random(seed) % cpu->points.datas];
        ck_assert(cpu_point_remove(cpu, d.kind, d.la, d.len));
    }
}

/* What it does depends on the tick alone, so that it does the same with either engine. */
static void debugger_goes_on(struct debugger *d, struct cpu_fixture *fx)
{
    uint64_t seed = hash_u64(0xDEB, fx->tick);
    uint32_t r = test_random(&seed);
    if (!d->on) {
        return;
    }
    if ((r & 0x70) == 0) {
        change_points(fx->cpu, &seed);
    }
    cpu_step(fx->cpu, &(struct cpu_step){.on = (r & 3) == 0,
                                         .over = r & 4,
                                         .from = cpu_pc(fx->cpu) - (r >> 8 & 7),
                                         .len = r >> 12 & 15});
}

static void debugger_stop(struct debugger *d, struct cpu_fixture *fx)
{
    struct cpu_found found = cpu_found(fx->cpu);
    ck_assert_int_ne(found.kind, FOUND_NOTHING);
    d->found = hash_u64(hash_u64(d->found, found.kind | (uint64_t)found.la << 8), fx->tick);
    d->kinds |= 1u << found.kind;
    d->stops++;
    debugger_goes_on(d, fx);
}

/* ---- running */

/* Runs to `ticks` in slices of random length, with interrupts at slice ends. */
static void drive(struct cpu_fixture *fx, uint64_t seed, uint64_t ticks, struct debugger *d)
{
    uint64_t at = 0;
    while (at < ticks) {
        debugger_goes_on(d, fx);
        at += 1 + test_random(&seed) % 200;
        uint32_t r = test_random(&seed);
        uint64_t until = at < ticks ? at : ticks;
        while (fx->tick < until) {
            enum cpu_stop stop = cpu_run(fx->cpu, until);
            if (stop == CPU_SHUTDOWN) {
                return;
            }
            if (stop == CPU_POINT) {
                debugger_stop(d, fx);
            }
            if (stop == CPU_HALTED) {
                fx->tick = until; /* time passes for a halted processor */
                cpu_nmi(fx->cpu);
            }
        }
        if ((r & 7) == 0) {
            cpu_set_intr(fx->cpu, true);
        } else if ((r & 7) == 1) {
            cpu_nmi(fx->cpu);
        }
    }
}

static uint64_t outcome_debugged(bool prot, bool single_step, uint64_t seed, uint64_t ticks,
                                 struct debugger *d)
{
    struct pm pm;
    struct cpu_fixture *fx = &pm.fx;
    struct world w = world_of(seed, prot);
    if (prot) {
        setup_protected(&pm, &w, single_step, seed);
    } else {
        setup_real(fx, &w, single_step, seed);
    }
    if (seed >> 10 & 1) {
        map_registers(fx);
    }
    drive(fx, seed ^ 0x5EED, ticks, d);
    uint64_t h = cpu_fixture_hash(fx);
    cpu_fixture_free(fx);
    return h;
}

static uint64_t outcome(bool prot, bool single_step, uint64_t seed, uint64_t ticks)
{
    return outcome_debugged(prot, single_step, seed, ticks, &(struct debugger){0});
}

static uint64_t first_difference(bool prot, uint64_t seed)
{
    uint64_t lo = 0, hi = TICKS; /* equal at lo, different at hi */
    while (hi - lo > 1) {
        uint64_t mid = lo + (hi - lo) / 2;
        if (outcome(prot, false, seed, mid) == outcome(prot, true, seed, mid)) {
            lo = mid;
        } else {
            hi = mid;
        }
    }
    return hi;
}

START_TEST(blocks_equal_single_step) /* 0: real mode; 1: the others */
{
    const char *rounds = getenv("TERRAPIN_PROPERTY_ROUNDS");
    unsigned n = rounds ? (unsigned)atoi(rounds) : 200;
    for (unsigned k = 0; k < n; k++) {
        uint64_t seed = 0x1234567u + k * 0x9E3779B9u;
        if (outcome(_i, false, seed, TICKS) != outcome(_i, true, seed, TICKS)) {
            ck_abort_msg("seed %u: engines differ from tick %u on", k,
                         (unsigned)first_difference(_i, seed));
        }
    }
}
END_TEST

START_TEST(points_change_nothing)
{
    unsigned kinds = 0, stops = 0;
    for (unsigned k = 0; k < 40; k++) {
        uint64_t seed = 0x89ABCDEu + k * 0x9E3779B9u;
        struct debugger blocks = {.on = true}, steps = {.on = true};
        uint64_t plain = outcome(_i, false, seed, TICKS);
        uint64_t with_blocks = outcome_debugged(_i, false, seed, TICKS, &blocks);
        uint64_t with_steps = outcome_debugged(_i, true, seed, TICKS, &steps);
        ck_assert_msg(plain == with_blocks, "seed %u: the debugger shows", k);
        ck_assert_msg(plain == with_steps, "seed %u: the debugger shows in single steps", k);
        ck_assert_msg(blocks.found == steps.found && blocks.stops == steps.stops,
                      "seed %u: found other things: %u, in single steps %u", k, blocks.stops,
                      steps.stops);
        kinds |= blocks.kinds;
        stops += blocks.stops;
    }
    ck_assert_uint_eq(kinds, 0x3E); /* of each kind some */
    ck_assert_uint_gt(stops, 300);
}
END_TEST

START_TEST(same_run_twice)
{
    for (unsigned k = 0; k < 10; k++) {
        ck_assert_uint_eq(outcome(_i, false, k, TICKS), outcome(_i, false, k, TICKS));
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("engines");
    TCase *tc = tcase_create("engines");
    tcase_set_timeout(tc, 600);
    tcase_add_loop_test(tc, blocks_equal_single_step, 0, 2);
    tcase_add_loop_test(tc, points_change_nothing, 0, 2);
    tcase_add_loop_test(tc, same_run_twice, 0, 2);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
