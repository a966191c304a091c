/* tests/insn/native_gen_fx.c -- numbers at which floating point goes wrong, and packed ones. */
#include <string.h>

#include "cpu/fx80.h"
#include "cpu/simd.h"
#include "tests/insn/native_gen.h"

enum { IMAGE_32 = 108, IMAGE_16 = 94, FXSAVE_SIZE = 512 };

/* ---- x87 numbers */

static uint64_t random_significand(struct native_gen *g)
{
    static const uint64_t corner[] = {0,
                                      1,
                                      UINT64_MAX,
                                      UINT64_C(1) << 63,
                                      (UINT64_C(1) << 63) + 1,
                                      UINT64_C(3) << 62,
                                      UINT64_C(0xFFFFFF8000000000),
                                      UINT64_C(0xFFFFFFFFFFFFFC00),
                                      UINT64_C(0x8000008000000000),
                                      UINT64_C(0x8000000000000400),
                                      UINT64_C(0xFFFFFF0000000000)};
    uint32_t r = gen_random(g);
    uint64_t m = r & 1 ? gen_random64(g) : corner[(r >> 8) % ARRAY_LEN(corner)];
    if ((r & 6) == 0) {
        m &= UINT64_MAX << (r >> 16 & 63);
    }
    return (r & 0x70) == 0 ? m : m | UINT64_C(1) << 63; /* else unnormal, pseudo-… */
}

static unsigned random_exponent(struct native_gen *g)
{
    static const uint16_t middle[] = {0,
                                      0,
                                      1,
                                      0x7FFF,
                                      0x7FFE,
                                      16383,
                                      16383,
                                      16383,
                                      16383 + 15,
                                      16383 + 31,
                                      16383 + 63,
                                      16383 + 127,
                                      16383 - 126,
                                      16383 - 149,
                                      16383 + 1023,
                                      16383 - 1022,
                                      16383 - 1074,
                                      16383 + 64,
                                      0x7FFF,
                                      16383 + 62,
                                      16383 + 59};
    uint32_t r = gen_random(g);
    unsigned e = middle[(r >> 8) % ARRAY_LEN(middle)];
    if (r & 1) {
        e += (r >> 16) % 9 - 4;
    }
    return (r & 0xE) == 0 ? r >> 16 & 0x7FFF : e & 0x7FFF;
}

static void random_number(struct native_gen *g, uint8_t out[10])
{
    unsigned e = random_exponent(g);
    store_le64(out, e == 0 && gen_one_in(g, 2) ? 0 : random_significand(g));
    store_le16(out + 8, (uint16_t)(e | (gen_random(g) & 0x8000)));
}

/* ---- lanes */

static uint32_t random_single(struct native_gen *g)
{
    static const uint32_t corner[] = {
        0,          0x80000000, 0x3F800000, 0x7F800000, 0xFF800000, 0x7FC00000, 0x7F800001,
        0xFFBFFFFF, 0xFFC12345, 1,          0x807FFFFF, 0x00800000, 0x7F7FFFFF, 0x00800001,
        0x4B000000, 0x4F000000, 0xCF000000, 0x34000000, 0x00400000, 0x5F000000};
    uint32_t r = gen_random(g), sign = r & 0x80000000u;
    uint32_t fraction = gen_random(g) & 0x7FFFFF;
    switch (r & 7) {
    case 0: return gen_random(g);
    case 1:
    case 2: return corner[(r >> 8) % ARRAY_LEN(corner)] ^ (r >> 20 & 1 ? 1u << 31 : 0);
    case 3: /* few bits: exact results */
        return sign | (120 + (r >> 8 & 15)) << 23 | (r >> 12 & 7) << 20;
    case 4: return sign | (r >> 8 & 0x3F) << 23 | fraction;
    case 5: return sign | (0xC0 + (r >> 8 & 0x3F)) << 23 | fraction;
    default: return sign | (125 + (r >> 8 & 7)) << 23 | (fraction & ~0u << (r >> 16 & 15));
    }
}

static uint64_t random_double(struct native_gen *g)
{
    static const uint64_t corner[] = {0,
                                      UINT64_C(0x3FF0000000000000),
                                      UINT64_C(0x7FF0000000000000),
                                      UINT64_C(0x7FF8000000000000),
                                      UINT64_C(0x7FF0000000000001),
                                      UINT64_C(0x7FF7FFFFFFFFFFFF),
                                      UINT64_C(0x7FFC123456789ABC),
                                      1,
                                      UINT64_C(0x000FFFFFFFFFFFFF),
                                      UINT64_C(0x0010000000000000),
                                      UINT64_C(0x7FEFFFFFFFFFFFFF),
                                      UINT64_C(0x41E0000000000000),
                                      UINT64_C(0x41DFFFFFFFE00000),
                                      UINT64_C(0x36A0000000000000),
                                      UINT64_C(0x3810000000000000),
                                      UINT64_C(0x380FFFFFFFFFFFFF),
                                      UINT64_C(0x47EFFFFFF0000000),
                                      UINT64_C(0x47EFFFFFE0000000),
                                      UINT64_C(0x47F0000000000000),
                                      UINT64_C(0x4330000000000000)};
    uint32_t r = gen_random(g);
    uint64_t sign = (uint64_t)(r >> 31) << 63;
    uint64_t fraction = gen_random64(g) & UINT64_C(0xFFFFFFFFFFFFF);
    switch (r & 7) {
    case 0: return gen_random64(g);
    case 1:
    case 2: return sign | corner[(r >> 8) % ARRAY_LEN(corner)];
    case 3:
        return sign | (uint64_t)(1016 + (r >> 8 & 15)) << 52 | (uint64_t)(r >> 12 & 7) << 49;
    case 4: return sign | (uint64_t)(r >> 8 & 0x3FF) << 52 | fraction;
    case 5: return sign | (uint64_t)(0x400 + (r >> 8 & 0x3FF)) << 52 | fraction;
    case 6: /* small singles */
        return sign | (uint64_t)(870 + (r >> 8 & 0x1F)) << 52 | fraction;
    default:
        return sign | (uint64_t)(1021 + (r >> 8 & 15)) << 52 |
               (fraction & ~UINT64_C(0) << (r >> 16 & 31));
    }
}

static uint64_t random_lanes(struct native_gen *g, uint32_t kind)
{
    switch (kind & 3) {
    case 0: return random_single(g) | (uint64_t)random_single(g) << 32;
    case 1: return random_double(g);
    case 2: { /* bytes at the edges */
        uint64_t v = gen_random64(g), m = gen_random64(g);
        return (v & m) | (v & ~m & UINT64_C(0x8080808080808080)) |
               (m & UINT64_C(0x7F7F7F7F7F7F7F7F));
    }
    default: return gen_random64(g) >> (gen_random(g) & 63);
    }
}

static uint32_t random_mxcsr(struct native_gen *g)
{
    uint32_t r = gen_random(g), v = r & 0x6000;
    v |= r & 3 ? 0x1F80 : gen_random(g) & 0x1F80;
    v |= r & 0x300 ? 0 : MXCSR_FTZ;
    v |= r & 0xC00 ? 0 : MXCSR_DAZ;
    return v | ((r & 0x30000) == 0 ? gen_random(g) & 0x3F : 0);
}

/* ---- state */

static uint16_t random_control(struct native_gen *g)
{
    uint32_t r = gen_random(g);
    unsigned masks = r & 1 ? 0x3F : gen_random(g) & 0x3F;
    unsigned precision = (r & 6) == 0 ? gen_random(g) >> 8 & 0x300 : 0x300;
    return (uint16_t)(masks | 0x40 | (gen_random(g) & 0xC00) | precision);
}

/* Status: often without flags, seldom with an unmasked one, which is then pending. */
static uint16_t random_status(struct native_gen *g, unsigned control)
{
    uint32_t r = gen_random(g);
    unsigned flags = (r & 3) == 0 ? gen_random(g) & 0x3F : 0;
    flags &= (r & 0xF0) == 0 ? 0x3F : control;
    unsigned status = flags | (gen_random(g) & 0x7F00);
    if (r & 0xF00) {
        status = flags ? status | (gen_random(g) & 0x40) : status;
    }
    return (uint16_t)(flags & ~control & 0x3F ? status | 0x8080 : status);
}

void gen_fx_state(struct native_gen *g)
{
    uint8_t *fx = g->c->fx;
    bool x87 = g->row->x87;
    uint32_t kind = gen_random(g), r = gen_random(g);
    uint16_t control = random_control(g);
    if (!x87 && (r & 7)) {
        control |= 0x3F;
    }
    store_le16(fx, control);
    store_le16(fx + 2, random_status(g, control));
    fx[4] = (uint8_t)(r & 0x100 ? 0xFF : gen_random(g));
    if ((r & 0x600) == 0) { /* room to push */
        unsigned top = load_le16(fx + 2) >> 11 & 7;
        fx[4] &= (uint8_t) ~(1u << ((top + 7) & 7));
    }
    store_le16(fx + 6, (uint16_t)(gen_random(g) & 0x7FF));
    store_le32(fx + 8, gen_random(g));
    store_le32(fx + 16, gen_random(g));
    store_le32(fx + 24, random_mxcsr(g));
    for (unsigned k = 0; k < 8; k++) {
        if (x87) {
            random_number(g, fx + 32 + 16 * k);
        } else {
            store_le64(fx + 32 + 16 * k, random_lanes(g, kind));
            store_le16(fx + 40 + 16 * k, (uint16_t)gen_random(g));
        }
        store_le64(fx + 160 + 16 * k, random_lanes(g, kind));
        store_le64(fx + 168 + 16 * k, random_lanes(g, kind));
    }
    for (unsigned k = 0; !x87 && k < 8; k++) {
        if (k != ESP && gen_one_in(g, 2)) {
            g->c->r[k] = (uint32_t)random_lanes(g, kind);
        }
    }
}

/* ---- operands */

static void put_bcd(struct native_gen *g, uint8_t *out)
{
    for (unsigned k = 0; k < 9; k++) {
        uint32_t r = gen_random(g);
        out[k] = (uint8_t)((r >> 3) % 10 << 4 | (r >> 9) % 10);
        if ((r & 0xFE000000u) == 0) {
            out[k] = (uint8_t)r; /* digits beyond 9 */
        }
    }
}

static void number_operand(struct native_gen *g, uint8_t out[16])
{
    const char *row = g->row->name;
    struct fx_ctx ctx = {.control = 0x37F};
    uint8_t number[10];
    uint32_t r = gen_random(g);
    random_number(g, number);
    struct fx80 v = {load_le64(number), load_le16(number + 8)};
    memcpy(out, number, 10);
    if (strstr(row, "m32")) {
        store_le32(out, r & 3 ? fx_to_f32(&ctx, v) ^ (r >> 8 & 1) : random_single(g));
    } else if (strstr(row, "m64")) {
        store_le64(out, r & 3 ? fx_to_f64(&ctx, v) ^ (r >> 8 & 1) : random_double(g));
    } else if (strcmp(row, "FBLD") == 0) {
        put_bcd(g, out);
    }
}

/* An environment, or all of the state, in the layout of the operand's size. */
static unsigned state_operand(struct native_gen *g, uint8_t *out)
{
    unsigned width = g->op32 ? 4 : 2;
    uint16_t control = random_control(g);
    for (unsigned k = 0; k < 28; k++) {
        out[k] = (uint8_t)gen_random(g);
    }
    store_le16(out, control);
    store_le16(out + width, random_status(g, control));
    if (gen_one_in(g, 4)) {
        store_le16(out, (uint16_t)gen_random(g));
        store_le16(out + width, (uint16_t)gen_random(g));
    }
    for (unsigned k = 0; k < 8; k++) {
        random_number(g, out + 7 * width + 10 * k);
    }
    return strcmp(g->row->name, "FRSTOR") == 0 ? (g->op32 ? IMAGE_32 : IMAGE_16) : 7 * width;
}

static unsigned fxsave_operand(struct native_gen *g, uint8_t *out)
{
    struct native_case *c = g->c, other = *c;
    g->c = &other;
    gen_fx_state(g);
    g->c = c;
    memset(out, 0, FXSAVE_SIZE);
    memcpy(out, other.fx, FX_SIZE);
    if (gen_one_in(g, 16)) {
        store_le32(out + 24, gen_random(g) & 0x1FFFF);
    }
    return FXSAVE_SIZE;
}

void gen_fx_operand(struct native_gen *g, uint32_t off)
{
    uint8_t bytes[FXSAVE_SIZE];
    const char *name = g->row->name;
    unsigned len = 16;
    uint32_t kind = gen_random(g);
    if (strcmp(name, "FRSTOR") == 0 || strcmp(name, "FLDENV") == 0) {
        len = state_operand(g, bytes);
    } else if (strcmp(name, "FXRSTOR") == 0) {
        len = fxsave_operand(g, bytes);
    } else if (strcmp(name, "LDMXCSR") == 0) {
        store_le32(bytes, gen_one_in(g, 8) ? gen_random(g) & 0x1FFFF : random_mxcsr(g));
        len = 4;
    } else if (strcmp(name, "FLDCW") == 0) {
        store_le16(bytes, gen_one_in(g, 2) ? random_control(g) : (uint16_t)gen_random(g));
        len = 2;
    } else if (g->row->x87) {
        memset(bytes, 0, sizeof bytes);
        number_operand(g, bytes);
    } else {
        store_le64(bytes, random_lanes(g, kind));
        store_le64(bytes + 8, random_lanes(g, kind));
    }
    case_add_memory(g->c, off, bytes, len);
}
