/* tests/insn/native_gen.c -- random cases: registers, segments, prefixes, ModRM, immediates.
 *
 * A case starts from a row of insn.def. Registers are random or at a boundary; a memory operand
 * is aimed at a place that is often near the edge of a page or of its segment, by setting the
 * base register to fit. Segments that reach beyond the arena are only used when that worked.
 */
#include <string.h>

#include "tests/insn/native_gen.h"

const char *const family_names[FAMILY_COUNT] = {"integer", "shift", "muldiv",  "string",  "bcd",
                                                "bit",     "stack", "control", "segment", "x87",
                                                "mmx",     "sse",   "sse2"};

uint32_t gen_random(struct native_gen *g)
{
    g->seed = g->seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(g->seed >> 33) ^ (uint32_t)(g->seed >> 17);
}

uint64_t gen_random64(struct native_gen *g)
{
    return (uint64_t)gen_random(g) << 32 | gen_random(g);
}

uint32_t gen_value(struct native_gen *g)
{
    static const uint32_t corner[] = {
        0,          1,          2,          0x7F,       0x80,       0xFF,       0x100,
        0x7FFF,     0x8000,     0xFFFF,     0x10000,    0x7FFFFFFF, 0x80000000, 0xFFFFFFFF,
        0x55555555, 0xFFFF0000, 0x00FF00FF, 0xFFFFFFFE, 0xFFFF8000, 0xFFFFFF80};
    uint32_t r = gen_random(g);
    switch (r & 7) {
    case 0:
    case 1:
    case 2: return corner[(r >> 8) % ARRAY_LEN(corner)];
    case 3: return corner[(r >> 8) % ARRAY_LEN(corner)] + (r >> 16) % 5 - 2;
    case 4: return gen_random(g) >> (r >> 8 & 31);
    case 5: return 1u << (r >> 8 & 31);
    default: return gen_random(g);
    }
}

/* ---- which rows are whose */

static bool in_range(unsigned code, unsigned first, unsigned last)
{
    return code >= first && code <= last;
}

static bool is_one_of(unsigned code, const uint16_t *codes, unsigned n)
{
    for (unsigned k = 0; k < n; k++) {
        if (codes[k] == code) {
            return true;
        }
    }
    return false;
}

static enum native_family simd_family(const struct insn_row *row)
{
    bool sse2 = row->feature & (FEAT_SSE2 | FEAT_SSE3 | FEAT_CLFLUSH);
    return row->needs == NEEDS_MMX ? FAMILY_MMX : sse2 ? FAMILY_SSE2 : FAMILY_SSE;
}

static enum native_family control_or_stack(unsigned code, int digit)
{
    static const uint16_t stack[] = {0x60, 0x61, 0x68, 0x6A, 0x8F, 0xC8, 0xC9, 0x9C, 0x9D};
    static const uint16_t control[] = {0xC2, 0xC3, 0xCC, 0xCD, 0xCE, 0xF1, 0x62, 0x10B};
    if (in_range(code, 0x50, 0x5F) || is_one_of(code, stack, ARRAY_LEN(stack)) ||
        (code == 0xFF && digit == 6)) {
        return FAMILY_STACK;
    }
    if (in_range(code, 0x70, 0x7F) || in_range(code, 0x180, 0x18F) ||
        in_range(code, 0xE0, 0xE3) || in_range(code, 0xE8, 0xE9) || code == 0xEB ||
        is_one_of(code, control, ARRAY_LEN(control)) ||
        (code == 0xFF && (digit == 2 || digit == 4))) {
        return FAMILY_CONTROL;
    }
    return FAMILY_COUNT;
}

/* Left out: SGDT SIDT SLDT STR SMSW (the kernel emulates or the values are the host's), CPUID,
 * RDTSC, RDPMC (the host's), SYSENTER, SYSEXIT (in a 64-bit kernel's hands), and the rows of
 * the x87 and of real mode that this mode never sees. */
static bool left_out(const struct insn_row *row)
{
    static const uint16_t codes[] = {0x1A2, 0x131, 0x133, 0x134, 0x135, 0x9B};
    bool host_values = (row->code == 0x100 && row->digit <= 1) ||
                       (row->code == 0x101 && (row->digit <= 1 || row->digit == 4));
    return row->real || host_values ||
           (in_range(row->code, 0xD8, 0xDF) && !row->x87 && !row->simd) ||
           (is_one_of(row->code, codes, ARRAY_LEN(codes)) && !row->x87);
}

enum native_family row_family(const struct insn_row *row)
{
    static const uint16_t shift[] = {0xC0, 0xC1,  0xD0,  0xD1,  0xD2,
                                     0xD3, 0x1A4, 0x1A5, 0x1AC, 0x1AD};
    static const uint16_t bit[] = {0x1A3, 0x1AB, 0x1B3, 0x1BB, 0x1BA, 0x1BC, 0x1BD, 0x1C8};
    static const uint16_t bcd[] = {0x27, 0x2F, 0x37, 0x3F, 0xD4, 0xD5};
    static const uint16_t multiply[] = {0x69, 0x6B, 0x1AF};
    unsigned code = row->code;
    if (row == &insn_rows[I_NONE] || left_out(row)) {
        return FAMILY_COUNT;
    }
    if (row->x87) {
        return FAMILY_X87;
    }
    if (row->simd) {
        return simd_family(row);
    }
    enum native_family f = control_or_stack(code, row->digit);
    if (f != FAMILY_COUNT) {
        return f;
    }
    if (is_one_of(code, shift, ARRAY_LEN(shift))) {
        return FAMILY_SHIFT;
    }
    if (is_one_of(code, multiply, ARRAY_LEN(multiply)) ||
        (in_range(code, 0xF6, 0xF7) && row->digit >= 4)) {
        return FAMILY_MULDIV;
    }
    if (row->operands == OPN_XY && code != 0xD7) {
        return FAMILY_STRING;
    }
    if (is_one_of(code, bit, ARRAY_LEN(bit)) || in_range(code, 0x190, 0x19F)) {
        return FAMILY_BIT;
    }
    return is_one_of(code, bcd, ARRAY_LEN(bcd)) ? FAMILY_BCD
           : row->cls != CLASS_USER             ? FAMILY_SEGMENT
                                                : FAMILY_INTEGER;
}

static const struct insn_row *choose_row(struct native_gen *g, enum native_family family)
{
    static uint16_t rows[FAMILY_COUNT][I_COUNT];
    static unsigned counts[FAMILY_COUNT];
    if (counts[family] == 0) {
        for (unsigned id = 0; id < I_COUNT; id++) {
            if (row_family(&insn_rows[id]) == family) {
                rows[family][counts[family]++] = (uint16_t)id;
            }
        }
    }
    return &insn_rows[rows[family][gen_random(g) % counts[family]]];
}

/* ---- segments and places */

static unsigned choose_data(struct native_gen *g)
{
    static const uint8_t often[] = {SEG_DATA32, SEG_DATA32, SEG_DATA32, SEG_DATA16, SEG_FLAT};
    static const uint8_t seldom[] = {SEG_NULL,   SEG_SMALL32, SEG_SMALL16,     SEG_READ_ONLY,
                                     SEG_DOWN32, SEG_DOWN16,  SEG_PAGES,       SEG_CODE32,
                                     SEG_CODE16, SEG_DATA16,  SEG_CODE32_OTHER};
    uint32_t r = gen_random(g);
    return r & 7 ? often[(r >> 8) % ARRAY_LEN(often)] : seldom[(r >> 8) % ARRAY_LEN(seldom)];
}

static unsigned choose_stack(struct native_gen *g)
{
    static const uint8_t often32[] = {SEG_DATA32, SEG_DATA32, SEG_DATA32, SEG_DATA16};
    static const uint8_t often16[] = {SEG_DATA16, SEG_DATA16, SEG_DATA16, SEG_DATA32};
    static const uint8_t seldom[] = {SEG_SMALL32, SEG_SMALL16, SEG_DOWN32,
                                     SEG_DOWN16,  SEG_PAGES,   SEG_FLAT};
    uint32_t r = gen_random(g);
    const uint8_t *often = g->code32 ? often32 : often16;
    return r & 7 ? often[r >> 8 & 3] : seldom[(r >> 8) % ARRAY_LEN(seldom)];
}

static void choose_segments(struct native_gen *g)
{
    struct native_case *c = g->c;
    g->code32 = !gen_one_in(g, 3);
    c->sel[SEG_CS] = ldt_selector(g->code32 ? SEG_CODE32 : SEG_CODE16);
    c->sel[SEG_SS] = ldt_selector(choose_stack(g));
    c->sel[SEG_DS] = ldt_selector(choose_data(g));
    c->sel[SEG_ES] = ldt_selector(choose_data(g));
    c->sel[SEG_FS] = ldt_selector(choose_data(g));
    c->sel[SEG_GS] = ldt_selector(choose_data(g));
    g->stack32 = native_ldt[c->sel[SEG_SS] >> 3].flags & SF_BIG;
}

uint32_t gen_place(struct native_gen *g, unsigned sel)
{
    static const uint32_t edge[] = {0,      0x1000, 0x2000,  0x3000,
                                    0x4000, 0xF000, 0x10000, 0x11000};
    const struct native_descriptor *d = &native_ldt[sel >> 3];
    uint32_t r = gen_random(g);
    switch (r & 15) {
    case 0:
    case 1:
    case 2: /* around a page's edge */
        return edge[(r >> 8) % ARRAY_LEN(edge)] + (r >> 16) % 33 - 16 - (d->base & 0xFFF);
    case 3: /* around the segment's limit */ return d->limit + (r >> 16) % 33 - 16;
    case 4: /* anywhere in 64 KiB */ return r >> 8 & 0xFFFF;
    case 5:
    case 6: /* unaligned */ return (d->flags & SF_DOWN ? 0x1000 : 0x100) + (r >> 8) % 0x700;
    default: return (d->flags & SF_DOWN ? 0x1000 : 0x100) + ((r >> 8) % 0x700 & ~15u);
    }
}

uint32_t gen_code_place(struct native_gen *g)
{
    uint32_t r = gen_random(g);
    return r & 3 ? CODE_AT + (r >> 8) % 64 : (r >> 8) % 0x11010;
}

/* ---- encoding */

static void emit(struct native_gen *g, unsigned byte)
{
    if (g->c->len < CODE_MAX) {
        g->c->code[g->c->len++] = (uint8_t)byte;
    }
}

static void emit_le(struct native_gen *g, uint32_t value, unsigned bytes)
{
    for (unsigned k = 0; k < bytes; k++) {
        emit(g, value >> 8 * k & 0xFF);
    }
}

static void set_low16(uint32_t *r, uint32_t v)
{
    *r = (*r & 0xFFFF0000u) | (v & 0xFFFF);
}

/* The segment of a memory operand whose default is `seg`. */
static unsigned operand_segment(const struct native_gen *g, unsigned seg)
{
    return g->override != SEG_COUNT ? g->override : seg;
}

static void emit_memory16(struct native_gen *g, unsigned reg)
{
    static const uint8_t base[8] = {EBX, EBX, EBP, EBP, ESI, EDI, EBP, EBX};
    static const uint8_t index[4] = {ESI, EDI, ESI, EDI};
    unsigned mod = gen_random(g) % 3, rm = gen_random(g) & 7;
    bool absolute = mod == 0 && rm == 6;
    bool by_bp = (rm == 2 || rm == 3 || rm == 6) && !absolute;
    unsigned sel = g->c->sel[operand_segment(g, by_bp ? SEG_SS : SEG_DS)];
    uint32_t disp = gen_one_in(g, 2) ? gen_random(g) : gen_value(g);
    g->place = gen_place(g, sel) & 0xFFFF;
    disp = absolute ? g->place : mod == 0 ? 0 : mod == 1 ? (uint32_t)(int8_t)disp : disp;
    if (!absolute) {
        set_low16(&g->c->r[base[rm]], g->place - disp - (rm < 4 ? g->c->r[index[rm]] : 0));
    }
    emit(g, mod << 6 | reg << 3 | rm);
    emit_le(g, disp, absolute || mod == 2 ? 2 : mod);
    g->aimed = true;
}

/* [base + index * scale + disp]; the base register is set, or if it may not be, disp32 is. */
static void emit_memory32(struct native_gen *g, unsigned reg)
{
    uint32_t *r = g->c->r;
    unsigned mod = gen_random(g) % 3, rm = gen_random(g) & 7, sib = 0;
    unsigned base = rm, index = ESP, scale = 0;
    if (rm == 4) {
        sib = gen_random(g) & 0xFF;
        base = sib & 7;
        index = sib >> 3 & 7;
        scale = sib >> 6;
    }
    bool absolute = mod == 0 && base == EBP; /* no base, disp32 */
    unsigned seg = (base == ESP || base == EBP) && !absolute ? SEG_SS : SEG_DS;
    uint32_t disp = gen_one_in(g, 2) ? gen_random(g) : gen_value(g);
    disp = mod == 0 ? 0 : mod == 1 ? (uint32_t)(int8_t)disp : disp;
    g->place = gen_place(g, g->c->sel[operand_segment(g, seg)]);
    if (index == base && !absolute && gen_one_in(g, 2)) {
        r[base] &= 0xFFF;
    }
    uint32_t scaled = index == ESP ? 0 : r[index] << scale;
    g->aimed = true;
    if (absolute || (mod == 2 && (base == ESP || base == index))) {
        disp = g->place - scaled - (absolute ? 0 : r[base]);
    } else if (base == ESP || base == index) {
        g->place = r[base] + scaled + disp;
        g->aimed = false;
    } else {
        r[base] = g->place - scaled - disp;
    }
    emit(g, mod << 6 | reg << 3 | rm);
    if (rm == 4) {
        emit(g, sib);
    }
    emit_le(g, disp, absolute || mod == 2 ? 4 : mod);
}

/* Codes whose register form is something else on later processors: VEX, EVEX, 0F 01 and 0F C7
 * groups. */
static bool no_register_form(const struct insn_row *row)
{
    static const uint16_t codes[] = {0xC4, 0xC5, 0x62, 0x101, 0x1C7, 0x1AE};
    return is_one_of(row->code, codes, ARRAY_LEN(codes)) && !(row->props & REG) &&
           !(row->code == 0x101 && row->digit == 6);
}

static bool wants_memory(struct native_gen *g)
{
    const struct insn_row *row = g->row;
    if (row->x87) {
        return row->rm == RM_MEM;
    }
    if (row->props & REG) {
        return false;
    }
    if (row->props & MEM) { /* the other form is #UD, or another row's */
        return row->simd || no_register_form(row) || !gen_one_in(g, 16);
    }
    return gen_one_in(g, 2);
}

static void emit_modrm(struct native_gen *g)
{
    const struct insn_row *row = g->row;
    unsigned reg = row->digit >= 0 ? (unsigned)row->digit : gen_random(g) & 7;
    if (row->operands == OPN_SwEw || row->operands == OPN_EvSw) {
        reg = gen_random(g) & (gen_one_in(g, 8) ? 7 : 5);
    }
    if (!wants_memory(g)) {
        unsigned rm = row->x87 && row->rm < RM_MEM ? (unsigned)row->rm : gen_random(g) & 7;
        emit(g, 0xC0u | reg << 3 | rm);
        return;
    }
    g->has_memory = true;
    if (g->addr32) {
        emit_memory32(g, reg);
    } else {
        emit_memory16(g, reg);
    }
}

static void emit_relative(struct native_gen *g, unsigned bytes)
{
    uint32_t to = gen_code_place(g), from = g->c->eip + g->c->len + bytes;
    emit_le(g, gen_one_in(g, 4) ? gen_random(g) : to - from, bytes);
}

/* moffs: aimed. */
static void emit_offset(struct native_gen *g)
{
    g->place = gen_place(g, g->c->sel[operand_segment(g, SEG_DS)]);
    g->place &= g->addr32 ? UINT32_MAX : 0xFFFF;
    g->has_memory = g->aimed = true;
    emit_le(g, g->place, g->addr32 ? 4 : 2);
}

static void emit_immediate(struct native_gen *g)
{
    unsigned v = g->op32 ? 4 : 2;
    switch (g->row->operands) {
    case OPN_EvGvIb:
    case OPN_GvEvIb:
    case OPN_EbIb:
    case OPN_EvIb:
    case OPN_EvIbu:
    case OPN_ALIb:
    case OPN_ZbIb:
    case OPN_Ib:
    case OPN_IbAL:
    case OPN_Ibs:
    case OPN_RMIb:
        emit(g, gen_one_in(g, 2) ? gen_random(g) & 0xFF : gen_value(g) & 0xFF);
        break;
    case OPN_GvEvIz:
    case OPN_EvIz:
    case OPN_AXIz:
    case OPN_Iz:
    case OPN_ZvIv: emit_le(g, gen_value(g), v); break;
    case OPN_Iw: emit_le(g, gen_one_in(g, 2) ? gen_random(g) & 0x3C : gen_value(g), 2); break;
    case OPN_IwIb:
        emit_le(g, gen_one_in(g, 2) ? gen_random(g) & 0xFC : gen_value(g), 2);
        emit(g, gen_one_in(g, 2) ? gen_random(g) & 3 : gen_random(g) & 0xFF);
        break;
    case OPN_Jb: emit_relative(g, 1); break;
    case OPN_Jz: emit_relative(g, v); break;
    case OPN_Ap:
        emit_le(g, gen_code_place(g), v);
        emit_le(g, gen_code_selector(g), 2);
        break;
    case OPN_ALOb:
    case OPN_AXOv: emit_offset(g); break;
    default: break;
    }
}

/* AMD's LOCK MOV CR0 is MOV CR8, and LOCK VERW executes. */
static bool lock_is_more(const struct insn_row *row)
{
    return (row->code & ~2u) == 0x120 || (row->code == 0x100 && row->digit == 5);
}

static void emit_prefixes(struct native_gen *g)
{
    static const uint8_t segment[6] = {0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65};
    uint32_t r = gen_random(g);
    bool mandatory = g->row->simd; /* 66, F2 and F3 belong to the code */
    bool string = g->row->operands == OPN_XY && g->row->code != 0xD7;
    /* F3 makes TZCNT and LZCNT of these; AMD's LOOPZ and LOOPNZ ask for ZF as REP says. */
    bool no_rep =
        g->row->code == 0x1BC || g->row->code == 0x1BD || (g->row->code & ~1u) == 0xE0;
    g->op32 = g->code32 ^ (!mandatory && (r & 3) == 0);
    g->addr32 = g->code32 ^ ((r & 0x1C) == 0);
    g->override = (r & 0xE0) == 0 ? (r >> 16) % SEG_COUNT : SEG_COUNT;
    if (g->override != SEG_COUNT) {
        emit(g, segment[g->override]);
    }
    if ((r & 0xF00) == 0 && !lock_is_more(g->row)) {
        emit(g, 0xF0); /* LOCK, mostly #UD */
    }
    if (g->op32 != g->code32) {
        emit(g, 0x66);
    }
    if (string ? r & 0x1000 : (r & 0x3F000) == 0 && !mandatory && !no_rep) {
        emit(g, r & 0x40000 ? 0xF2 : 0xF3);
    }
    if (g->addr32 != g->code32) {
        emit(g, 0x67);
    }
    if (mandatory && g->row->prefix != PREFIX_NP) {
        static const uint8_t prefix[] = {0, 0x66, 0xF3, 0xF2};
        emit(g, prefix[g->row->prefix]);
    }
}

static void emit_code(struct native_gen *g)
{
    const struct insn_row *row = g->row;
    bool low = row->operands == OPN_Zv || row->operands == OPN_ZvIv ||
               row->operands == OPN_ZbIb || row->operands == OPN_ZvAX;
    if (row->code & 0x100) {
        emit(g, 0x0F);
    }
    emit(g, (row->code & 0xFF) + (low ? gen_random(g) & 7 : 0));
    if ((row->x87 && row->code != 0x9B) || row->simd || native_map()->modrm[row->code]) {
        if (!(row->simd && row->operands == OPN_none && row->digit < 0)) {
            emit_modrm(g);
        }
    }
    emit_immediate(g);
}

/* A code of MMX and SSE with a prefix, ModRM.reg or form that no row has: #UD, but for 0F AE
 * and 0F 2B, where later processors have more. What turns out to be defined is a case like any
 * other. */
static void emit_unknown(struct native_gen *g)
{
    static const uint8_t prefix[] = {0x3E, 0x66, 0xF3, 0xF2};
    unsigned code = 0;
    struct insn u;
    struct insn_cold cold;
    g->c->len = 0;
    while (!native_map()->simd[code] || code == 0xAE || code == 0x2B || code == 0xF7) {
        code = gen_random(g) & 0xFF;
    }
    emit(g, prefix[gen_random(g) & 3]);
    emit(g, 0x0F);
    emit(g, code);
    emit(g, (gen_random(g) & 0x38) | (gen_one_in(g, 2) ? 0xC1 : 7));
    emit(g, gen_random(g) & 0xFF);
    if (case_row(g->c, &u, &cold) != &insn_rows[I_NONE]) {
        g->c->len = cold.len;
    }
    g->aimed = false;
}

/* Redundant prefixes in front, up to the limit of 15 bytes and beyond it. */
static void pad(struct native_gen *g)
{
    struct native_case *c = g->c;
    unsigned n = 13 + gen_random(g) % 4;
    if (n > c->len) {
        memmove(c->code + n - c->len, c->code, c->len);
        memset(c->code, 0x3E, n - c->len);
        c->len = (uint8_t)n;
        g->aimed = false;
    }
}

/* Where the code stands: now and then so that it straddles pages, or ends near CS's limit. */
static void choose_eip(struct native_gen *g)
{
    struct native_case *c = g->c;
    uint32_t r = gen_random(g);
    unsigned inside = 1 + (r >> 8) % c->len;
    c->eip = CODE_AT;
    if ((r & 15) == 0) {
        c->eip = 0x2000 - inside; /* the next page is missing */
    } else if ((r & 15) == 1) {
        c->eip = 0x1000 - inside;
    } else if ((r & 15) == 2) {
        c->eip = 0x10000 - inside; /* 16-bit code: the limit */
    } else if ((r & 15) == 3) {
        c->sel[SEG_CS] = ldt_selector(g->code32 ? SEG_CODE32_SMALL : SEG_CODE16_SMALL);
        c->eip = CODE_AT + 0x41 - inside;
    }
}

static void choose_flags(struct native_gen *g)
{
    uint32_t r = gen_random(g), fl = FL_IF | FL_ONE;
    fl |= gen_random(g) & FL_ARITH;
    fl |= (r & 3) == 0 ? FL_DF : 0;
    fl |= (r & 0xC) == 0 ? FL_TF : 0;
    fl |= (r & 0x70) == 0 ? FL_AC : 0;
    fl |= (r & 0xF00) == 0 ? FL_NT : 0;
    fl |= (r & 0xF000) == 0 ? FL_ID : 0;
    g->c->eflags = fl;
}

static void drop_wide_segments(struct native_case *c)
{
    for (unsigned k = 0; k < SEG_COUNT; k++) {
        if (c->sel[k] == ldt_selector(SEG_FLAT) || c->sel[k] == ldt_selector(SEG_DOWN32)) {
            c->sel[k] = ldt_selector(SEG_DATA32);
        }
    }
}

static void operand_contents(struct native_gen *g)
{
    unsigned seg = operand_segment(g, SEG_DS);
    struct insn u;
    struct insn_cold cold;
    case_row(g->c, &u, &cold);
    uint32_t off = cold.flags & CF_MEM
                       ? case_operand(g->c, &u, 0)
                       : native_ldt[g->c->sel[seg] >> 3].base - ARENA + g->place;
    if (!gen_family_operand(g, off)) {
        uint8_t bytes[16];
        for (unsigned k = 0; k < sizeof bytes; k += 4) {
            store_le32(bytes + k, gen_value(g));
        }
        case_add_memory(g->c, off, bytes, sizeof bytes);
    }
}

void native_generate(struct native_case *c, enum native_family family, uint64_t seed,
                     uint64_t n)
{
    struct native_gen g = {.seed = seed * UINT64_C(0x9E3779B97F4A7C15) + n, .c = c};
    case_init(c);
    c->len = 0;
    for (unsigned k = 0; k < 4; k++) {
        gen_random(&g);
    }
    g.seed ^= g.seed >> 29;
    g.row = choose_row(&g, family);
    choose_segments(&g);
    for (unsigned k = 0; k < 8; k++) {
        c->r[k] = gen_value(&g);
    }
    c->r[ESP] = gen_place(&g, c->sel[SEG_SS]) & ~(gen_one_in(&g, 4) ? 0u : 3u);
    if (!g.stack32 && gen_one_in(&g, 2)) {
        c->r[ESP] |= gen_random(&g) << 16;
    }
    choose_flags(&g);
    emit_prefixes(&g);
    g.aimed = !gen_family_registers(&g, family);
    bool safe = g.aimed;
    if (family == FAMILY_SSE2 && gen_one_in(&g, 32)) {
        emit_unknown(&g); /* not at an edge: how long it would be is not known */
    } else {
        emit_code(&g);
        if (gen_one_in(&g, 64)) {
            pad(&g);
        }
        choose_eip(&g);
    }
    if (!safe || !g.aimed) {
        drop_wide_segments(c);
    }
    if (g.has_memory) {
        operand_contents(&g);
    }
    gen_family_end(&g, family);
}
