/* tests/insn/native_differ.c -- what must be equal, and the table of what need not be. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/engine.h"
#include "cpu/simd.h"
#include "cpu/x87.h"
#include "tests/insn/native.h"
#include "tests/insn/native_maker.h"

const struct insn_row *case_row(const struct native_case *c, struct insn *u,
                                struct insn_cold *cold)
{
    uint8_t bytes[CODE_MAX];
    uint32_t mode = MODE_PROT | MODE_FPU | MODE_SSE;
    mode |= case_is_code32(c) ? MODE_CODE32 : 0u;
    mode |= native_ldt[c->sel[SEG_SS] >> 3].flags & SF_BIG ? MODE_STACK32 : 0u;
    memset(bytes, 0xCC, sizeof bytes);
    memcpy(bytes, c->code, c->len);
    if (decode(native_map(), mode, bytes, INSN_MAX_BYTES, 0, u, cold) != DECODE_OK) {
        return &insn_rows[I_NONE];
    }
    return &insn_rows[cold->id];
}

uint32_t case_operand(const struct native_case *c, const struct insn *u, unsigned part)
{
    uint32_t base = u->base < REG_ZERO ? c->r[u->base] : 0;
    uint32_t index = u->index < REG_ZERO ? c->r[u->index] : 0;
    uint32_t ea = base + (index << u->scale) + u->disp + part;
    unsigned segment = c->sel[u->seg] >> 3;
    ea = u->wrap ? ea & 0xFFFF : ea;
    /* Selectors of the GDT: flat, or null. */
    return (c->sel[u->seg] & 4 && segment < SEG_SLOTS ? native_ldt[segment].base : 0) - ARENA +
           ea;
}

/* ---- flags */

static bool is_shift(const struct insn_row *row)
{
    return row_family(row) == FAMILY_SHIFT;
}

unsigned shift_count(const struct native_case *c, const struct insn_row *row,
                     const struct insn_cold *cold)
{
    bool by_cl = row->code == 0xD2 || row->code == 0xD3 || (row->code & ~8u) == 0x1A5;
    bool by_1 = row->code == 0xD0 || row->code == 0xD1;
    return by_1 ? 1 : (by_cl ? c->r[ECX] : c->code[cold->len - 1]) & 31;
}

static unsigned operand_bits(const struct insn_row *row, const struct insn_cold *cold)
{
    return row->shape == SHAPE_EB ? 8 : op_size(cold) * 8;
}

/* Flags that the manual leaves undefined for these operands (SDM 2, the instruction's page).
 * Terrapin's choice for them is a function of the operands alone: see cpu/alu.h. */
static uint32_t undefined_flags(const struct native_case *c, const struct insn_row *row,
                                const struct insn_cold *cold)
{
    uint32_t u = row->undefined;
    if (is_shift(row)) {
        unsigned count = shift_count(c, row, cold), bits = operand_bits(row, cold);
        /* By 0 all are kept; by 1 OF is defined. */
        u = count == 0 ? 0 : count == 1 ? u & ~(uint32_t)O_ : u;
        if (count > bits && row->writes == OSZAPC) {
            u |= row->code & 0x100 ? OSZAPC : C_;
        } else if (count == bits && row->shape == SHAPE_EB) {
            u |= C_;
        }
    }
    return u;
}

/* The result itself is undefined. */
static bool result_undefined(const struct native_case *c, const struct insn_row *row,
                             const struct insn_cold *cold)
{
    bool wide_shift = (row->code & ~9u) == 0x1A4 && !row->simd &&
                      shift_count(c, row, cold) > operand_bits(row, cold);
    bool bswap16 = strncmp(row->name, "BSWAP", 5) == 0 && !(cold->flags & CF_OP32);
    return wide_shift || bswap16;
}

/* ---- what else need not be equal */

static void forget(uint8_t *a, uint8_t *b, unsigned at, unsigned len)
{
    memset(a + at, 0, len);
    memset(b + at, 0, len);
}

/* In an image of FXSAVE: FCS, FDS: present processors store 0 (CPUID.7.EBX[13]); MXCSR_MASK:
 * bits of later models. FOP and FDP: many hold something for an unmasked exception alone (SDM 1
 * 8.1.9.1; CPUID.7.EBX[6]), and AMD's FIP, too. FDP after an instruction without a memory
 * operand is undefined (SDM 1 8.1.8). */
static void forget_fx(uint8_t *a, uint8_t *b, bool memory)
{
    forget(a, b, 12, 4);
    forget(a, b, 20, 4);
    forget(a, b, 28, 4);
    if (!(a[2] & 0x80)) {
        forget(a, b, 6, 2);
        forget(a, b, 16, 4);
        if (!keeps_fip()) {
            forget(a, b, 8, 4);
        }
    } else if (!memory) {
        forget(a, b, 16, 4);
    }
}

/* The page's contents, changed or not. */
static void need_page(struct native_result *r, unsigned page)
{
    unsigned at = page * NATIVE_PAGE;
    if (!(r->pages >> page & 1)) {
        r->pages |= 1u << page;
        memcpy(r->data + at, arena_pattern() + at, NATIVE_PAGE);
    }
}

/* len bytes at ARENA + off, wherever there is a page. */
static void forget_data(struct native_result *h, struct native_result *g, uint32_t off,
                        unsigned len)
{
    for (unsigned k = 0; k < len; k++) {
        int at = arena_index(off + k);
        if (at >= 0 && at < DATA_SIZE) {
            need_page(h, (unsigned)at / NATIVE_PAGE);
            need_page(g, (unsigned)at / NATIVE_PAGE);
            h->data[at] = g->data[at] = 0;
        }
    }
}

static uint32_t stack_offset(const struct native_case *c, uint32_t esp)
{
    const struct native_descriptor *d = &native_ldt[c->sel[SEG_SS] >> 3];
    return d->base - ARENA + (d->flags & SF_BIG ? esp : esp & 0xFFFF);
}

/* In memory: the same as in forget_fx(). 16-bit addresses wrap. */
static void forget_operand(const struct native_case *c, const struct insn *u, unsigned first,
                           unsigned len, struct native_result *h, struct native_result *g)
{
    for (unsigned k = first; k < first + len; k++) {
        forget_data(h, g, case_operand(c, u, k), 1);
    }
}

/* With 16-bit addresses an image that passes offset FFFFh goes on at 0 in some processors, one
 * element after the other, so that the one in the middle is #GP; the manual leaves it open (SDM
 * 3B 22.33, Segment and Address Wraparound). */
static bool environment_wraps(const struct native_case *c, const struct insn_row *row,
                              const struct insn *u, const struct insn_cold *cold)
{
    bool saves = row_is_named(row, "FNSAVE") || row_is_named(row, "FRSTOR");
    bool environment = row_is_named(row, "FNSTENV") || row_is_named(row, "FLDENV");
    uint32_t size = (cold->flags & CF_OP32 ? 28u : 14u) + (saves ? 80u : 0u);
    uint32_t base = c->sel[u->seg] & 4 && c->sel[u->seg] >> 3 < SEG_SLOTS
                        ? native_ldt[c->sel[u->seg] >> 3].base
                        : 0;
    uint32_t offset = case_operand(c, u, 0) + ARENA - base;
    return (saves || environment) && u->wrap != 0 && offset + size > 0x10000;
}

static void forget_environment(const struct native_case *c, const struct insn_row *row,
                               const struct insn *u, bool wide, struct native_result *h,
                               struct native_result *g)
{
    unsigned width = wide ? 4 : 2;
    if (row_is_named(row, "FXSAVE")) {
        forget_operand(c, u, 6, 2, h, g);
        forget_operand(c, u, keeps_fip() ? 12 : 8, keeps_fip() ? 12 : 16, h, g);
        forget_operand(c, u, 28, 4, h, g);
        forget_operand(c, u, FX_SIZE, 512 - FX_SIZE, h, g); /* reserved; XMM8 and up */
    } else if (row_is_named(row, "FNSAVE") || row_is_named(row, "FNSTENV")) {
        unsigned first = keeps_fip() ? 4 : 3; /* FIP, FCS and FOP, FDP, FDS */
        forget_operand(c, u, first * width, (7 - first) * width, h, g);
    }
}

/* PUSH and POP of a segment register with 32-bit operands: 16 bits of the stack are accessed,
 * or 32 (SDM 2B PUSH), which limits, pages and alignment then tell apart. */
static bool is_half_push(const struct insn_row *row, const struct insn_cold *cold)
{
    return row->operands == OPN_Sreg && (cold->flags & CF_OP32);
}

static bool is_stack_fault(const struct native_case *c, const struct native_result *r)
{
    return r->eip == c->eip &&
           (r->vector == EXC_SS || r->vector == EXC_PF || r->vector == EXC_AC);
}

static void forget_results(const struct native_case *c, const struct insn_row *row,
                           const struct insn *u, const struct insn_cold *cold,
                           struct native_result *h, struct native_result *g)
{
    if (row_is_named(row, "LAR")) { /* the mask is 00FxFF00h, and x undefined (SDM 2A LAR) */
        h->r[u->a] = (h->r[u->a] & ~UINT32_C(0xF0000)) | (g->r[u->a] & 0xF0000);
    }
    if (is_half_push(row, cold)) {
        forget_data(h, g, stack_offset(c, h->r[ESP]) + 2, 2);
    }
    if (row_is_named(row, "LSL") && (g->r[u->a] & 0xFFFF) == (CPU_NUMBER & 0xFFFF)) {
        h->r[u->a] = g->r[u->a];
    }
    if (row->x87 || row->simd) {
        forget_environment(c, row, u, cold->flags & CF_OP32, h, g);
    }
}

/* After a fault: of what the instruction did before. */
static void forget_partial(unsigned latitude, struct native_result *h, struct native_result *g)
{
    if (latitude & STORED) {
        h->pages = g->pages = 0;
    }
    for (unsigned k = 0; (latitude & LOADED) && k < 8; k++) {
        h->r[k] = k == ESP ? h->r[k] : g->r[k];
    }
    if (latitude & LOADED) {
        forget(h->fx, g->fx, 0, FX_SIZE);
    }
    if (latitude & MMX_FIRST) {
        forget(h->fx, g->fx, 3, 2);        /* TOP, tags … */
        for (unsigned k = 0; k < 8; k++) { /* … and with TOP the order in the image */
            forget(h->fx, g->fx, 32 + 16 * k, 16);
        }
    }
}

/* ---- approximations */

/* Within the error that the manual allows each of them. */
static bool near_single(uint32_t a, uint32_t b)
{
    uint32_t d = a > b ? a - b : b - a;
    return d <= 2 * 3u << 10; /* 1.5 * 2^-12, in units of 2^-23 */
}

static void accept_approximation(struct native_result *h, const struct native_result *g)
{
    for (unsigned at = 160; at < FX_SIZE; at += 4) {
        if (near_single(load_le32(h->fx + at), load_le32(g->fx + at))) {
            memcpy(h->fx + at, g->fx + at, 4);
        }
    }
}

static bool transcendental(const struct insn_row *row)
{
    static const char *const names[] = {"F2XM1",  "FYL2X",   "FYL2XP1", "FPTAN",
                                        "FPATAN", "FSINCOS", "FSIN",    "FCOS"};
    for (unsigned k = 0; k < ARRAY_LEN(names); k++) {
        if (row_is_named(row, names[k])) {
            return true;
        }
    }
    return false;
}

/* Two units in the last place: the manual promises each side one (SDM 1 8.3.10). */
static bool near_extended(const uint8_t *a, const uint8_t *b)
{
    uint64_t x = load_le64(a), y = load_le64(b), d = x > y ? x - y : y - x;
    int e = (int)load_le16(a + 8) - (int)load_le16(b + 8);
    return (e == 0 && d <= 2) || ((e == 1 || e == -1) && (d <= 2 || d + 4 > UINT64_C(1) << 63));
}

static void accept_transcendental(struct native_result *h, struct native_result *g)
{
    for (unsigned at = 32; at < 160; at += 16) {
        if (near_extended(h->fx + at, g->fx + at)) {
            memcpy(h->fx + at, g->fx + at, 10);
        }
    }
    /* C1 tells of the last place's rounding, PE of exact results. */
    store_le16(h->fx + 2, (uint16_t)(load_le16(h->fx + 2) & ~(X87_C1 | FX_PE)));
    store_le16(g->fx + 2, (uint16_t)(load_le16(g->fx + 2) & ~(X87_C1 | FX_PE)));
}

/* ---- comparison */

struct why {
    char *text;
    size_t size;
};

static bool differ(struct why *w, const char *what, uint32_t here, uint32_t there)
{
    snprintf(w->text, w->size, "%s is %" PRIx32 ", natively %" PRIx32, what, here, there);
    return false;
}

static bool equal_registers(struct why *w, const struct native_result *h,
                            const struct native_result *g)
{
    static const char *const gpr[8] = {"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"};
    static const char *const sreg[6] = {"es", "cs", "ss", "ds", "fs", "gs"};
    if (h->eip != g->eip) {
        return differ(w, "eip", g->eip, h->eip);
    }
    for (unsigned k = 0; k < 8; k++) {
        if (h->r[k] != g->r[k]) {
            return differ(w, gpr[k], g->r[k], h->r[k]);
        }
    }
    for (unsigned k = 0; k < SEG_COUNT; k++) {
        if (h->sel[k] != g->sel[k]) {
            return differ(w, sreg[k], g->sel[k], h->sel[k]);
        }
    }
    return true;
}

static bool equal_bytes(struct why *w, const char *what, unsigned first, const uint8_t *h,
                        const uint8_t *g, unsigned len)
{
    for (unsigned k = 0; memcmp(h + k, g + k, len - k) != 0; k++) {
        if (h[k] != g[k]) {
            char name[40];
            snprintf(name, sizeof name, "%s byte %x", what, first + k);
            return differ(w, name, g[k], h[k]);
        }
    }
    return true;
}

static bool equal_memory(struct why *w, struct native_result *h, struct native_result *g)
{
    for (unsigned k = 0; k < DATA_PAGES; k++) {
        unsigned at = k * NATIVE_PAGE;
        if (!((h->pages | g->pages) >> k & 1)) {
            continue;
        }
        need_page(h, k);
        need_page(g, k);
        if (!equal_bytes(w, "memory", arena_pages[k].at * NATIVE_PAGE, h->data + at,
                         g->data + at, NATIVE_PAGE)) {
            return false;
        }
    }
    return true;
}

static bool has_error_code(uint32_t vector)
{
    return vector == EXC_DF || (vector >= EXC_TS && vector <= EXC_PF) || vector == EXC_AC;
}

static bool count_is_0(const struct native_case *c, const struct insn_cold *cold)
{
    bool rep = cold->flags & (CF_REP | CF_REPNE);
    return rep && (c->r[ECX] & (cold->flags & CF_ADDR32 ? UINT32_MAX : 0xFFFF)) == 0;
}

static bool equal_exception(struct why *w, unsigned latitude, const struct native_result *h,
                            const struct native_result *g, bool fault)
{
    if ((latitude & ORDER) && fault && g->vector != EXC_DB && g->vector != EXC_BP) {
        return true;
    }
    if (maker_orders_faults(h, g)) {
        return true;
    }
    if (h->vector != g->vector) {
        return differ(w, "vector", g->vector, h->vector);
    }
    if (has_error_code(h->vector) && h->error != g->error) {
        return differ(w, "error code", g->error, h->error);
    }
    if (h->vector == EXC_PF && h->cr2 != g->cr2) {
        return differ(w, "cr2", g->cr2, h->cr2);
    }
    return true;
}

/* On the way back from the kernel to its signal's handler null selectors become 0. */
static void null_selectors(struct native_result *r)
{
    for (unsigned k = 0; k < SEG_COUNT; k++) {
        r->sel[k] = r->sel[k] < 4 ? 0 : r->sel[k];
    }
}

bool native_agree(const struct native_case *c, struct native_result *h, struct native_result *g,
                  char *text, size_t size)
{
    struct why w = {text, size};
    struct insn u;
    struct insn_cold cold;
    const struct insn_row *row = case_row(c, &u, &cold);
    unsigned latitude = latitude_of(row);
    /* It is over where the next one's code is missing, too. */
    bool done = h->vector == EXC_DB || h->vector == EXC_BP || h->eip != c->eip;
    bool guest_faults = g->eip == c->eip && g->vector != EXC_DB && g->vector != EXC_BP;
    forget_int1(c, row, h, g);
    if (maker_may_fault(c, row, &cold, h, g)) {
        return true;
    }
    if ((h->vector == EXC_AC && (latitude & (UNALIGNED | PROBED))) ||
        (g->vector == EXC_AC && (latitude & UNALIGNED)) ||
        ((latitude & RIGHTS_FIRST) && h->vector == EXC_GP && count_is_0(c, &cold)) ||
        ((latitude & UNCHANGED) && guest_faults &&
         (done || h->vector == EXC_PF || h->vector == EXC_AC))) {
        return true;
    }
    if (environment_wraps(c, row, &u, &cold) && (h->vector == EXC_GP || h->vector == EXC_SS)) {
        return true;
    }
    if (is_half_push(row, &cold) && (is_stack_fault(c, h) || is_stack_fault(c, g))) {
        return true;
    }
    if (!equal_exception(&w, latitude, h, g, !done)) {
        return false;
    }
    if (done && result_undefined(c, row, &cold)) {
        return true;
    }
    null_selectors(h);
    null_selectors(g);
    forget_fx(h->fx, g->fx, cold.flags & CF_MEM);
    if (row_is_named(row,
                     "FLDCW")) { /* it may unmask an old exception, whose pointers are lost */
        forget(h->fx, g->fx, 6, 18);
    }
    if (done) {
        forget_results(c, row, &u, &cold, h, g);
    } else {
        forget_partial(latitude, h, g);
    }
    if (!equal_registers(&w, h, g)) {
        return false;
    }
    bool division = h->vector == EXC_DE && !maker_is_amd(); /* may have set flags on its way */
    uint32_t mask = ~(done || division ? undefined_flags(c, row, &cold) : 0);
    if (((h->eflags ^ g->eflags) & mask) != 0) {
        return differ(&w, "eflags", g->eflags & mask, h->eflags & mask);
    }
    if (latitude & APPROXIMATE) {
        accept_approximation(h, g);
    }
    if (transcendental(row)) {
        if ((h->fx[2] ^ g->fx[2]) & FX_UE) {
            return true; /* next to a denormal number, the last place decides about underflow */
        }
        accept_transcendental(h, g);
    }
    return equal_bytes(&w, "fx", 0, h->fx, g->fx, FX_SIZE) && equal_memory(&w, h, g);
}
