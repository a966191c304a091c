/* tests/property/test_modes.c -- an instruction is the same in every mode: real, virtual-8086,
 * 16-bit and 32-bit protected code. What changes with the mode is which prefixes ask for the
 * same operand and address size (SDM 2A 2.1.1, 3A 21.2).
 *
 * Four processors have the same memory, the same registers and segments with the same
 * selectors, bases and limits: a real segment 1000h is at 10000h, and so is the one of selector
 * 1000h. Each row of insn.def is given random encodings and operands for each operand size,
 * address size, segment prefix, LOCK and REP, and executed once by each processor. They agree
 * in the outcome (next instruction, halt, vector), all registers, flags and memory; the laws
 * that have exceptions are below, in `laws`. What a row does is proven elsewhere, in one mode;
 * that it does so in the other modes, here.
 *
 * Protected modes run at level 0 and virtual-8086 mode with IOPL 3, so that sensitive rows act;
 * there the privileged ones are #GP(0), which is the law of their class.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/decode.h"
#include "cpu/engine.h"
#include "cpu/flags.h"
#include "cpu/sys/sys.h"
#include "tests/support/board_fixture.h"
#include "tests/support/cpu_fixture.h"

/* ck_assert_msg() writes to a file even when all is well: too slow for millions. */
#define CHECK(what, ...)                                                                       \
    do {                                                                                       \
        if (!(what)) {                                                                         \
            ck_abort_msg(__VA_ARGS__);                                                         \
        }                                                                                      \
    } while (0)

enum mode { REAL, V86, PROT16, PROT32, MODES };
static const char *const mode_name[MODES] = {"real", "V86", "16-bit", "32-bit"};

/* Linear addresses; segments of 64 KiB at 10000h … 60000h have selectors 1000h … 6000h. */
enum {
    HANDLERS = 0xF000, /* a HLT a vector */
    GDT = 0x100000,
    IDT = 0x110000,
    TSS = 0x120000,
    STACK0 = 0x140000, /* of level 0, for events in virtual-8086 mode */
    END_AT = 0x8000,   /* in CS: the instruction ends here */
    STACK_AT = 0x8000, /* ESP, about */
    FLAT = 0x08,
    LDT_SEL = 0x10,
    TSS_SEL = 0x18,
    FREE_TSS_SEL = 0x20,
    IO_MAP = 0x68,
    SUCCESSES = 2, /* of each kind of each row … */
    ATTEMPTS = 40, /* … in so many attempts */
    VECTOR_UD = 6,
    VECTOR_GP = 13,
};

/* In the order of SEG_ES …: CS at 10000h. */
static const uint16_t selector[SEG_COUNT] = {0x3000, 0x1000, 0x6000, 0x2000, 0x4000, 0x5000};

static struct decode_map map;
static struct cpu_fixture fx[MODES];
static bool fresh[MODES]; /* the system registers are as enter() leaves them */

/* ---- the world, the same bytes for all */

static void load(enum mode m, uint32_t pa, const void *bytes, uint32_t len)
{
    phys_dma_write(fx[m].ph, pa, bytes, len);
}

static void poke(uint32_t pa, const void *bytes, uint32_t len)
{
    for (unsigned m = 0; m < MODES; m++) {
        load((enum mode)m, pa, bytes, len);
    }
}

static void poke32(uint32_t pa, uint32_t lo, uint32_t hi, unsigned len)
{
    uint8_t bytes[8];
    store_le32(bytes, lo);
    store_le32(bytes + 4, hi);
    poke(pa, bytes, len);
}

static void descriptor(unsigned sel, uint32_t base, uint32_t limit, unsigned attr)
{
    poke32(GDT + sel, (limit & 0xFFFF) | base << 16,
           base >> 16 | attr << 8 | (limit & 0xF0000) | (base & 0xFF000000u), 8);
}

/* Everything that an instruction could have changed in the tables. */
static void tables(void)
{
    for (unsigned k = 1; k <= 6;
         k++) { /* code at 1000h; accessed, so that loads write nothing */
        descriptor(k << 12, k << 16, 0xFFFF, k == 1 ? 0x9B : 0x93);
    }
    descriptor(FLAT, 0, 0xFFFFF, 0xC09B);
    descriptor(FLAT + 0x20, 0, 0xFFFFF, 0xC093); /* level 0's stack */
    descriptor(LDT_SEL, GDT, 0x7FF, 0x82);
    descriptor(TSS_SEL, TSS, IO_MAP + 0x2000, 0x8B);
    descriptor(FREE_TSS_SEL, TSS, 0x67, 0x89);
    poke32(TSS + 4, STACK0, FLAT + 0x20, 8);
    poke32(TSS + 0x64, (uint32_t)IO_MAP << 16, 0, 4); /* every port allowed */
    poke32(TSS + IO_MAP + 0x2000, 0xFF, 0, 1);
    for (unsigned v = 0; v < 256; v++) {
        poke32(4 * v, (HANDLERS + v) & 0xF, (uint32_t)(HANDLERS + v) >> 4, 4);
        poke32(4 * v, ((HANDLERS + v) & 0xFu) | (uint32_t)(HANDLERS + v) >> 4 << 16, 0, 4);
        poke32(IDT + 8 * v, (uint32_t)FLAT << 16 | (HANDLERS + v), 0xEE00, 8);
        poke32(HANDLERS + v, 0xF4, 0, 1);
    }
}

static void setup(void)
{
    decode_map_init(&map, UINT32_MAX);
    for (unsigned m = 0; m < MODES; m++) {
        cpu_fixture_init(&fx[m],
                         &(struct cpu_config){.model = "pentium4", .single_step = true});
        fresh[m] = false;
    }
    tables();
}

static void teardown(void)
{
    for (unsigned m = 0; m < MODES; m++) {
        cpu_fixture_free(&fx[m]);
    }
}

/* ---- entering a mode: what boot code would do */

static struct seg_cache cache_of(enum mode m, unsigned seg)
{
    bool code = seg == SEG_CS;
    unsigned attr = m == V86 ? 0xF3 : m == REAL || !code ? 0x93 : 0x9B;
    unsigned db = m == PROT32 && (code || seg == SEG_SS) ? ATTR_DB : 0;
    return (struct seg_cache){.limit = 0xFFFF, .attr = (uint16_t)(attr | db), .valid = true};
}

static void enter(enum mode m, bool no_x87)
{
    struct cpu *cpu = fx[m].cpu;
    struct cpu_sys *sys = cpu->sys;
    uint32_t trap = no_x87 ? CR0_TS | CR0_MP : 0;
    sys->cr0 = CR0_ET | CR0_NE | trap | (m == REAL ? 0 : CR0_PE);
    sys->cr2 = sys->cr3 = 0;
    sys->cr4 = CR4_OSFXSR | CR4_PCE;
    memset(sys->dr, 0, sizeof sys->dr);
    sys->eflags = 0x3000 | (m == V86 ? FL_VM : 0);
    sys->cpl = m == V86 ? 3 : 0;
    sys->activity = ACTIVE;
    sys->shadow = SHADOW_NONE;
    sys->shadow_tick = UINT64_MAX;
    sys->db_pending = 0;
    sys->sysenter_cs = sys->sysenter_esp = sys->sysenter_eip = 0;
    sys->tsc_offset = 0;
    sys->gdtr = (struct table_reg){GDT, 0x6007};
    sys->idtr = (struct table_reg){m == REAL ? 0 : IDT, 0x7FF};
    sys->ldtr = (struct seg_cache){.base = GDT, .limit = 0x7FF, .sel = LDT_SEL, .attr = 0x82};
    sys->ldtr.valid = true;
    sys->tr = (struct seg_cache){
        .base = TSS, .limit = IO_MAP + 0x2000, .sel = TSS_SEL, .attr = 0x8B, .valid = true};
    for (unsigned seg = 0; seg < SEG_COUNT; seg++) {
        sys->seg[seg] = cache_of(m, seg);
        cpu->sel[seg] = selector[seg];
        cpu->seg[seg].base = (uint32_t)selector[seg] << 4;
    }
    sys_update(cpu);
    debug_update(cpu);
    fresh[m] = true;
}

static bool fresh_still(enum mode m, const struct insn_row *row)
{
    return row->cls == CLASS_USER && memcmp(fx[m].cpu->sel, selector, sizeof selector) == 0 &&
           fx[m].cpu->sys->activity == ACTIVE;
}

/* ---- a sample */

enum { NO_PREFIX = 0 };

struct kind { /* what is asked for */
    bool op32, addr32;
    uint8_t extra; /* a segment prefix, LOCK, REP, or NO_PREFIX */
};

struct sample {
    unsigned id;
    struct kind kind;
    uint8_t body[16]; /* without 66, 67 and extra */
    unsigned len;     /* opcode to immediate */
    uint32_t r[8], flags;
    struct x87 x87;
    struct xmm xmm[8];
    uint32_t mxcsr;
    bool no_x87;
    uint32_t at, value[3]; /* linear address and what to poke there: a pointer, a selector */
};

static bool is_named(const struct insn_row *row, const char *prefix)
{
    return strncmp(row->name, prefix, strlen(prefix)) == 0;
}

static bool string_row(const struct insn_row *row)
{
    return row->operands == OPN_XY && !is_named(row, "XLAT");
}

/* Mostly addresses in the middle of a segment, also as 16 bits. */
static uint32_t random_register(uint64_t *seed)
{
    uint32_t r = test_random(seed);
    return r % 4   ? 0x2000 + (test_random(seed) & 0x1FF0)
           : r % 8 ? r >> 3 & 0xF
                   : test_random(seed);
}

static void random_state(struct sample *s, uint64_t *seed, const struct insn_row *row)
{
    for (unsigned k = 0; k < 8; k++) {
        s->r[k] = random_register(seed);
        s->xmm[k].lo = (uint64_t)test_random(seed) << 32 | test_random(seed);
        s->xmm[k].hi = (uint64_t)test_random(seed) << 32 | test_random(seed);
        s->x87.reg[k].m = (uint64_t)test_random(seed) << 32 | test_random(seed);
        s->x87.reg[k].se = (uint16_t)(0x3FF0 + test_random(seed) % 32);
        s->x87.reg[k].m |= UINT64_C(1) << 63;
    }
    s->r[ESP] = STACK_AT + (test_random(seed) & 0xFC);
    s->r[EBP] = STACK_AT + (test_random(seed) & 0xFC);
    s->flags = (test_random(seed) & (FL_ARITH | FL_DF)) | 0x3002;
    s->x87.control = (uint16_t)(0x37F | (test_random(seed) & 0xC00));
    s->x87.top = test_random(seed) & 7;
    s->x87.full = (uint8_t)test_random(seed);
    s->mxcsr = 0x1F80 | (test_random(seed) & 0x6000);
    s->no_x87 = is_named(row, "ESC_") || strcmp(row->name, "WAIT") == 0;
    if (string_row(row)) {
        s->r[ECX] = test_random(seed) % 8;
    }
    if (row->code == 0x132 || row->code == 0x130) { /* MSRs that all have: SYSENTER's */
        s->r[ECX] = 0x174 + test_random(seed) % 3;
    }
    if (row->code == 0x133) {
        s->r[ECX] = 0;
    }
}

/* A selector that is fit for the row, or one of all sorts. */
static uint32_t random_selector(uint64_t *seed, const struct insn_row *row)
{
    static const uint16_t any[] = {0, 0x1000, 0x2000, 0x3000, 0x6000, LDT_SEL, TSS_SEL, 0x7000};
    if (is_named(row, "LLDT")) {
        return LDT_SEL;
    }
    if (is_named(row, "LTR")) {
        return FREE_TSS_SEL;
    }
    if (is_named(row, "V") || is_named(row, "LAR") || is_named(row, "LSL")) {
        return any[test_random(seed) % ARRAY_LEN(any)];
    }
    bool code = row->props & ENDS;
    return code ? 0x1000u : 0x2000u + (test_random(seed) % 4 << 12);
}

static void put_modrm(struct sample *s, uint64_t *seed, const struct insn_row *row, bool memory)
{
    unsigned reg = row->digit >= 0 ? (unsigned)row->digit : test_random(seed) & 7;
    unsigned rm = test_random(seed) & 7, mod = memory ? test_random(seed) % 3 : 3;
    if (row->operands == OPN_RdCd || row->operands == OPN_CdRd) {
        reg = 2 + test_random(seed) % 2; /* CR0 and CR4 say what mode it is */
    }
    if (row->operands == OPN_SwEw || row->operands == OPN_EvSw) {
        reg = test_random(seed) % 5;
        reg += row->operands == OPN_SwEw && reg >= SEG_CS;
    }
    if (row->x87 && row->rm < RM_MEM) {
        rm = (unsigned)row->rm;
    }
    s->body[s->len++] = (uint8_t)(mod << 6 | reg << 3 | rm);
    unsigned disp = s->kind.addr32 ? (rm == 4 ? s->len + 1 : s->len) : s->len;
    for (unsigned k = s->len; k < sizeof s->body; k++) {
        s->body[k] = (uint8_t)test_random(seed);
    }
    if (memory && mod != 1) { /* a displacement in the middle, wherever there is one */
        s->body[disp + 1] &= 0x1F;
        memset(s->body + disp + 2, 0, s->kind.addr32 ? 2 : 0);
    }
    if (memory && s->kind.addr32 && rm == 4) {
        s->body[s->len] &= 0x7F; /* not times 4 or 8 */
    }
}

static bool memory_form(const struct insn_row *row, uint64_t *seed, uint8_t extra)
{
    bool wanted = extra != NO_PREFIX || (test_random(seed) & 1);
    return row->x87 ? row->rm == RM_MEM : (row->props & MEM) || (wanted && !(row->props & REG));
}

static void put_immediates(struct sample *s, const struct insn_row *row, unsigned have)
{
    static const uint8_t ahead[4] = {0x40};
    if (row->operands == OPN_Jb || row->operands == OPN_Jz) {
        memcpy(s->body + have, ahead, sizeof ahead);
    }
    if (row->operands == OPN_Iw) {
        s->body[have + 1] = 0; /* a stack of 16 bits wraps, one of 32 does not */
    }
    if (is_named(row, "ENTER")) {
        s->body[have + 1] = 0;
        s->body[have + 2] &= 3;
    }
    if (row->operands == OPN_ALOb || row->operands == OPN_AXOv) {
        s->body[have + 1] &= 0x3F;
        memset(s->body + have + 2, 0, 2);
    }
    if (row->operands == OPN_Ap) {
        unsigned off = s->kind.op32 ? 4 : 2;
        memset(s->body + have + 2, 0, off - 2);
        s->body[have + off] = 0;
        s->body[have + off + 1] = 0x10;
    }
}

static uint32_t mode_bits(enum mode m, bool no_x87)
{
    uint32_t units = no_x87 ? 0 : (uint32_t)(MODE_FPU | MODE_SSE);
    return units | (m == PROT32 ? MODE_CODE32 : 0u) | (m >= PROT16 ? MODE_PROT : 0u);
}

/* The bytes in mode m: prefixes first. */
static unsigned encode(const struct sample *s, enum mode m, uint8_t *out)
{
    static const uint8_t own[PREFIX_COUNT] = {0, 0x66, 0xF3, 0xF2};
    const struct insn_row *row = &insn_rows[s->id];
    bool code32 = m == PROT32;
    unsigned n = 0;
    if (s->kind.extra != NO_PREFIX) {
        out[n++] = s->kind.extra;
    }
    if (!row->simd && s->kind.op32 != code32) {
        out[n++] = 0x66;
    }
    if (s->kind.addr32 != code32) {
        out[n++] = 0x67;
    }
    if (row->simd && row->prefix != PREFIX_NP) {
        out[n++] = own[row->prefix];
    }
    memcpy(out + n, s->body, s->len);
    return n + s->len;
}

/* What the operand is in memory, where it has to make sense: a far pointer, a selector, a table
 * register, the frame of a return. */
static void aim(struct sample *s, uint64_t *seed, const struct insn *u, bool memory)
{
    const struct insn_row *row = &insn_rows[s->id];
    uint32_t r[REG_SLOTS] = {0}, sel = random_selector(seed, row), off = 0x100;
    memcpy(r, s->r, sizeof s->r);
    uint32_t ea = (r[u->base] + (r[u->index] << u->scale) + u->disp) & (UINT32_MAX >> u->wrap);
    bool pops =
        row->operands == OPN_none || row->operands == OPN_Iw || row->operands == OPN_Sreg;
    s->at = memory ? ((uint32_t)selector[u->seg] << 4) + ea
                   : ((uint32_t)selector[SEG_SS] << 4) + s->r[ESP];
    if (is_named(row, "LGDT") || is_named(row, "LIDT")) {
        s->value[0] = 0x7FF | (GDT & 0xFFFFu) << 16;
        s->value[1] = GDT >> 16;
    } else if (row->operands == OPN_SwEw || row->operands == OPN_Ew ||
               row->operands == OPN_GvEw) {
        s->value[0] = sel;
        if (!memory) {
            s->r[u->b] = sel | (test_random(seed) & 0xFFFF0000u);
            s->at = 0;
        }
    } else if (is_named(row, "POPF")) {
        s->value[0] = 0x3002 | (test_random(seed) & FL_ARITH);
    } else if (pops && !(row->props & ENDS)) { /* POP Sreg */
        s->value[0] = sel;
    } else {
        s->value[0] = s->kind.op32 ? off : off | sel << 16;
        s->value[1] = s->kind.op32 ? sel : 0x3002;
        s->value[2] = 0x3002;
    }
}

static bool make(struct sample *s, uint64_t *seed, unsigned id, struct kind kind)
{
    const struct insn_row *row = &insn_rows[id];
    struct insn u;
    struct insn_cold cold;
    uint8_t bytes[20] = {0};
    bool low = row->operands == OPN_Zv || row->operands == OPN_ZvIv ||
               row->operands == OPN_ZbIb || row->operands == OPN_ZvAX;
    memset(s, 0, sizeof *s);
    s->id = id;
    s->kind = kind;
    random_state(s, seed, row);
    if (row->code & 0x100) {
        s->body[s->len++] = 0x0F;
    }
    s->body[s->len++] = (uint8_t)(row->code + (low ? test_random(seed) & 7 : 0));
    unsigned have = s->len;
    for (unsigned k = have; k < sizeof s->body; k++) {
        s->body[k] = (uint8_t)test_random(seed);
    }
    if (map.modrm[row->code]) {
        put_modrm(s, seed, row, memory_form(row, seed, kind.extra));
    }
    put_immediates(s, row, have);
    s->len = 12; /* the longest; cut below */
    unsigned len = encode(s, PROT32, bytes);
    if (decode(&map, mode_bits(PROT32, s->no_x87), bytes, 15, 0, &u, &cold) != DECODE_OK ||
        cold.id != id) {
        return false;
    }
    s->len -= len - cold.len;
    bool memory = cold.flags & CF_MEM;
    bool needs = row->cls != CLASS_USER || is_named(row, "RET") || is_named(row, "POPF");
    if (needs) {
        aim(s, seed, &u, memory);
    }
    return true;
}

/* ---- one run */

enum { OUTCOME_HALT = 0x100, OUTCOME_ELSEWHERE };

/* Vector of the handler that was reached, or whether it halted. */
static unsigned run(enum mode m, const struct sample *s)
{
    struct cpu *cpu = fx[m].cpu;
    uint8_t bytes[20];
    unsigned len = encode(s, m, bytes), from = END_AT - len;
    load(m, 0x10000 + from, bytes, len);
    if (!fresh[m] || s->no_x87) {
        enter(m, s->no_x87);
        fresh[m] = !s->no_x87;
    }
    memcpy(cpu->r, s->r, sizeof s->r);
    cpu->eip = from;
    eflags_set(cpu, s->flags, FL_ARITH | FL_DF | FL_IF | FL_IOPL);
    cpu->x87 = s->x87;
    memcpy(cpu->xmm, s->xmm, sizeof s->xmm);
    cpu->mxcsr = s->mxcsr;
    enum cpu_stop stop = CPU_UNTIL;
    for (unsigned k = 0; k < 32 && stop == CPU_UNTIL && cpu->eip == from; k++) {
        stop = cpu_run(cpu, fx[m].tick + 1);
    }
    laddr at = cpu_pc(cpu);
    if (stop == CPU_UNTIL && at - HANDLERS < 256) { /* about to execute the handler's HLT */
        return at - HANDLERS;
    }
    return stop == CPU_HALTED ? OUTCOME_HALT : OUTCOME_ELSEWHERE;
}

/* After it: the code forgotten, so that memories can be compared. */
static void forget_code(enum mode m)
{
    static const uint8_t nops[32];
    load(m, 0x10000 + END_AT - sizeof nops, nops, sizeof nops);
}

/* The frame of an event depends on the mode, and is the business of the guests: away with it.
 */
static void forget_frames(const struct sample *s)
{
    uint8_t fill[0x200];
    for (unsigned k = 0; k < sizeof fill; k++) {
        fill[k] = (uint8_t)(k * 7 + s->id);
    }
    poke(0x60000 + STACK_AT - 0x100, fill, sizeof fill);
    memset(fill, 0, sizeof fill);
    poke(STACK0 - sizeof fill, fill, sizeof fill);
}

/* ---- comparison */

/* Pairs of modes that a row may tell apart. */
enum laws { ALL_THE_SAME, REAL_IS_OTHER, REAL_AND_V86_ARE_OTHER };

static enum laws law(const struct insn_row *row)
{
    static const struct {
        const char *name;
        enum laws law;
    } other[] = {
        {"SMSW", REAL_IS_OTHER},            /* CR0.PE */
        {"SIDT", REAL_IS_OTHER},            /* has a table of its own here */
        {"LMSW", REAL_AND_V86_ARE_OTHER},   /* sets PE, but does not clear it */
        {"FLDENV", REAL_AND_V86_ARE_OTHER}, /* two formats: SDM 1 8.1.10 */
        {"FNSTENV", REAL_AND_V86_ARE_OTHER},
        {"FNSAVE", REAL_AND_V86_ARE_OTHER},
        {"FRSTOR", REAL_AND_V86_ARE_OTHER},
    };
    for (unsigned k = 0; k < ARRAY_LEN(other); k++) {
        if (is_named(row, other[k].name)) {
            return other[k].law;
        }
    }
    return row->props & PROT ? REAL_AND_V86_ARE_OTHER : ALL_THE_SAME;
}

/* The x87, but for the address of the instruction, which begins where its prefixes do. */
static struct x87 x87_of(const struct sample *s, enum mode m)
{
    uint8_t bytes[20];
    struct x87 f = fx[m].cpu->x87;
    f.ip = f.ip == END_AT - encode(s, m, bytes) ? END_AT : f.ip;
    return f;
}

static void check_same(const struct sample *s, enum mode a, enum mode b,
                       const unsigned *outcome)
{
    const struct cpu *x = fx[a].cpu, *y = fx[b].cpu;
    char what[200];
    uint8_t bytes[20];
    unsigned len = encode(s, b, bytes);
    size_t n = (size_t)snprintf(what, sizeof what, "%s, %s and %s mode:", insn_rows[s->id].name,
                                mode_name[a], mode_name[b]);
    for (unsigned k = 0; k < len; k++) {
        n += (size_t)snprintf(what + n, sizeof what - n, " %02X", bytes[k]);
    }
    CHECK(outcome[a] == outcome[b], "%s: outcome %x and %x", what, outcome[a], outcome[b]);
    for (unsigned k = 0; k < 8; k++) {
        bool pushed = outcome[a] < OUTCOME_HALT && k == ESP;
        CHECK(x->r[k] == y->r[k] || pushed, "%s: register %u is %x and %x", what, k, x->r[k],
              y->r[k]);
    }
    struct x87 x87_a = x87_of(s, a), x87_b = x87_of(s, b);
    CHECK(memcmp(&x87_a, &x87_b, sizeof x87_a) == 0, "%s: x87", what);
    CHECK(memcmp(x->xmm, y->xmm, sizeof x->xmm) == 0, "%s: XMM registers", what);
    CHECK(x->mxcsr == y->mxcsr, "%s: MXCSR", what);
    CHECK(fx[a].tick == fx[b].tick, "%s: ticks", what);
    if (outcome[a] < OUTCOME_HALT) {
        return;
    }
    uint32_t differ = (eflags_get(x) ^ eflags_get(y)) & ~(uint32_t)FL_VM;
    CHECK(differ == 0, "%s: flags differ by %x", what, differ);
    CHECK(x->eip == y->eip, "%s: eip is %x and %x", what, x->eip, y->eip);
    CHECK(memcmp(x->sel, y->sel, sizeof x->sel) == 0, "%s: selectors", what);
    for (unsigned k = 0; k < SEG_COUNT; k++) {
        CHECK(x->seg[k].base == y->seg[k].base, "%s: base of segment %u", what, k);
    }
    CHECK(fx[a].port_hash == fx[b].port_hash, "%s: ports", what);
    CHECK(ram_hash(fx[a].ph, phys_main_ram(fx[a].ph)) ==
              ram_hash(fx[b].ph, phys_main_ram(fx[b].ph)),
          "%s: memory", what);
}

/* Once by each processor. Returns whether nothing was raised. */
static bool execute(const struct sample *s)
{
    const struct insn_row *row = &insn_rows[s->id];
    unsigned outcome[MODES];
    uint64_t tick = fx[PROT32].tick;
    if (s->at) {
        poke32(s->at & 0xFFFFF, s->value[0], s->value[1], 8);
        poke32((s->at + 8) & 0xFFFFF, s->value[2], 0, 4);
    }
    for (unsigned m = 0; m < MODES; m++) {
        fx[m].tick = tick;
        fx[m].port_hash = 0;
        outcome[m] = run((enum mode)m, s);
        forget_code((enum mode)m);
    }
    check_same(s, PROT16, PROT32, outcome);
    if (row->cls == CLASS_PRIV && !(row->props & PROT)) {
        CHECK(outcome[V86] == VECTOR_GP, "%s in V86 mode: outcome %x", row->name, outcome[V86]);
    } else if (law(row) != REAL_IS_OTHER) {
        check_same(s, REAL, V86, outcome);
    }
    if (law(row) == ALL_THE_SAME) {
        check_same(s, REAL, PROT32, outcome);
    } else if (row->props & PROT) {
        CHECK(outcome[REAL] == VECTOR_UD, "%s in real mode: outcome %x", row->name,
              outcome[REAL]);
    }
    return outcome[PROT32] >= OUTCOME_HALT;
}

static void clean_up(const struct sample *s)
{
    bool raised = false;
    for (unsigned m = 0; m < MODES; m++) {
        fresh[m] = fresh[m] && fresh_still((enum mode)m, &insn_rows[s->id]) &&
                   cpu_pc(fx[m].cpu) >= 0x10000;
        raised |= !fresh[m];
    }
    if (raised) {
        forget_frames(s);
    }
    if (is_named(&insn_rows[s->id], "LTR")) {
        tables(); /* the TSS is busy */
    }
}

/* ---- every row, every kind */

static bool raises_always(const struct insn_row *row)
{
    static const char *const names[] = {"INT",  "UD2",   "ESC_", "WAIT",
                                        "SYSE", "BOUND", "DIV",  "IDIV"};
    for (unsigned k = 0; k < ARRAY_LEN(names); k++) {
        if (is_named(row, names[k])) {
            return true;
        }
    }
    return false;
}

static void check_kind(unsigned id, struct kind kind, uint64_t *seed)
{
    const struct insn_row *row = &insn_rows[id];
    bool sreg = row->operands == OPN_SwEw || row->operands == OPN_EvSw; /* each is to come up */
    unsigned good = 0, tries = 0, want = sreg ? ATTEMPTS / 2 : SUCCESSES;
    for (unsigned k = 0; k < ATTEMPTS && good < want; k++) {
        struct sample s;
        if (make(&s, seed, id, kind)) {
            tries++;
            good += execute(&s) || raises_always(row);
            clean_up(&s);
        }
    }
    CHECK(good > 0, "%s: op32 %d, addr32 %d, prefix %02X: none of %u ran", row->name, kind.op32,
          kind.addr32, kind.extra, tries);
}

/* A failure before may have left anything. */
static void start_alike(void)
{
    const struct ram *from = phys_main_ram(fx[PROT32].ph);
    for (unsigned m = 0; m < PROT32; m++) {
        if (ram_hash(fx[m].ph, phys_main_ram(fx[m].ph)) !=
            ram_hash(fx[PROT32].ph, phys_main_ram(fx[PROT32].ph))) {
            load((enum mode)m, 0, from->bytes, (uint32_t)from->size);
        }
    }
    memset(fresh, 0, sizeof fresh);
}

START_TEST(every_row)
{
    static const uint8_t segment[] = {0x26, 0x36, 0x3E, 0x64, 0x65}; /* not CS: see pm_limits */
    const struct insn_row *row = &insn_rows[_i];
    uint64_t seed = (uint64_t)_i;
    if (row->real) {
        return; /* executes for its code's other row */
    }
    start_alike();
    for (unsigned size = 0; size < 4; size++) {
        struct kind kind = {size & 1, size >> 1, NO_PREFIX};
        if (row->simd && !kind.op32) {
            continue; /* 66 is part of the code */
        }
        check_kind((unsigned)_i, kind, &seed);
        kind.extra = segment[test_random(&seed) % sizeof segment];
        check_kind((unsigned)_i, kind, &seed);
        if (row->props & LOCK) {
            kind.extra = 0xF0;
            check_kind((unsigned)_i, kind, &seed);
        }
        for (unsigned rep = 0xF2; string_row(row) && rep <= 0xF3; rep++) {
            kind.extra = (uint8_t)rep;
            check_kind((unsigned)_i, kind, &seed);
        }
    }
}
END_TEST

/* Codes that no row has, and forms that a row does not define. */
START_TEST(undefined_codes)
{
    static const uint8_t codes[][4] = {
        {0x0F, 0x04}, {0x0F, 0xFF},       {0x0F, 0x0F, 0xC0}, {0xFE, 0xF8},       {0x8D, 0xC0},
        {0xF0, 0x90}, {0xF0, 0x01, 0xC0}, {0xF0, 0x39, 0x07}, {0x0F, 0xC7, 0xC8}, {0x8F, 0xC8},
    };
    uint64_t seed = 1;
    start_alike();
    for (unsigned k = 0; k < ARRAY_LEN(codes); k++) {
        struct sample s = {.id = I_NONE, .len = 3};
        random_state(&s, &seed, &insn_rows[I_NONE]);
        memcpy(s.body, codes[k], s.len);
        for (unsigned size = 0; size < 4; size++) {
            s.kind = (struct kind){size & 1, size >> 1, NO_PREFIX};
            execute(&s);
            clean_up(&s);
            for (unsigned m = 0; m < MODES; m++) {
                CHECK(cpu_pc(fx[m].cpu) == HANDLERS + VECTOR_UD, "%02X %02X %02X in %s mode",
                      codes[k][0], codes[k][1], codes[k][2], mode_name[m]);
            }
        }
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("modes");
    TCase *tc = tcase_create("modes");
    tcase_set_timeout(tc, 240);
    tcase_add_unchecked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, every_row, 1, I_COUNT);
    tcase_add_test(tc, undefined_codes);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_set_fork_status(sr, CK_NOFORK);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
