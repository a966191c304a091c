/* tests/support/fx80_unit.c -- see fx80_unit.h. */
#include "tests/support/fx80_unit.h"

#include <string.h>

#include "tests/support/board_fixture.h"

/* ---- instructions */

enum { PRIOR = FX_IE | FX_DE | FX_ZE };

static struct fx_ctx context(const struct fx_unit *u)
{
    return (struct fx_ctx){.control = u->control};
}

/* Nothing is stored after these exceptions, unmasked. */
static bool stopped(const struct fx_ctx *c, unsigned by)
{
    return c->raised & ~c->control & by;
}

static void result(struct fx_unit *u, const struct fx_ctx *c, struct fx80 r)
{
    u->status = c->raised;
    if (!stopped(c, PRIOR)) {
        u->a = r;
    }
}

#define BINARY(name)                                                                           \
    static void model_##name(struct fx_unit *u)                                                \
    {                                                                                          \
        struct fx_ctx c = context(u);                                                          \
        result(u, &c, fx_##name(&c, u->a, u->b));                                              \
    }
#define UNARY(name)                                                                            \
    static void model_##name(struct fx_unit *u)                                                \
    {                                                                                          \
        struct fx_ctx c = context(u);                                                          \
        result(u, &c, fx_##name(&c, u->a));                                                    \
    }
#define MEMORY(name, op, format, load)                                                         \
    static void model_##name(struct fx_unit *u)                                                \
    {                                                                                          \
        struct fx_ctx c = context(u);                                                          \
        struct fx80 m = fx_operand_##format(&c, load(u->mem));                                 \
        result(u, &c, fx_##op(&c, u->a, m));                                                   \
    }
BINARY(add)
BINARY(sub)
BINARY(mul)
BINARY(div)
BINARY(scale)
UNARY(sqrt)
UNARY(round_to_int)
UNARY(2xm1)
MEMORY(add_m32, add, f32, load_le32)
MEMORY(div_m32, div, f32, load_le32)
MEMORY(mul_m64, mul, f64, load_le64)
MEMORY(sub_m64, sub, f64, load_le64)

static void compare(struct fx_unit *u, struct fx_ctx *c, struct fx80 b, bool quiet)
{
    enum fx_order order = fx_compare(c, u->a, b, quiet);
    /* Also after unmasked exceptions, where SDM 2 FCOM says otherwise. */
    u->status = (uint16_t)(c->raised | (order == FX_LESS      ? FX_C0
                                        : order == FX_GREATER ? 0
                                        : order == FX_EQUAL   ? FX_C3
                                                              : FX_C0 | FX_C2 | FX_C3));
}

static void model_com(struct fx_unit *u)
{
    struct fx_ctx c = context(u);
    compare(u, &c, u->b, false);
}

static void model_ucom(struct fx_unit *u)
{
    struct fx_ctx c = context(u);
    compare(u, &c, u->b, true);
}

static void model_com_m64(struct fx_unit *u)
{
    struct fx_ctx c = context(u);
    struct fx80 m = fx_operand_f64(&c, load_le64(u->mem));
    compare(u, &c, m, false);
}

static void model_extract(struct fx_unit *u)
{
    struct fx_ctx c = context(u);
    struct fx80 e, s;
    fx_extract(&c, u->a, &e, &s);
    u->status = c.raised;
    if (!stopped(&c, PRIOR)) {
        u->a = s;
        u->b = e;
    }
}

static void remainder_step(struct fx_unit *u, bool nearest)
{
    struct fx_ctx c = context(u);
    unsigned q;
    bool partial;
    struct fx80 r = fx_remainder(&c, u->a, u->b, nearest, &q, &partial);
    result(u, &c, r);
    if (!(c.raised & FX_IE) && !stopped(&c, PRIOR)) {
        u->status |= (uint16_t)((q & 4 ? FX_C0 : 0) | (q & 2 ? FX_C3 : 0) |
                                (q & 1 ? FX_C1 : 0) | (partial ? FX_C2 : 0));
    }
}

static void model_prem(struct fx_unit *u)
{
    remainder_step(u, false);
}

static void model_prem1(struct fx_unit *u)
{
    remainder_step(u, true);
}

/* Stores: size bytes, unless an unmasked exception forbids it. */
static void stored(struct fx_unit *u, const struct fx_ctx *c, uint64_t v, unsigned size)
{
    u->status = c->raised;
    if (!stopped(c, FX_IE | FX_OE | FX_UE)) {
        uint8_t bytes[8];
        store_le64(bytes, v);
        memcpy(u->mem, bytes, size);
    }
}

#define STORE(name, size)                                                                      \
    static void model_to_##name(struct fx_unit *u)                                             \
    {                                                                                          \
        struct fx_ctx c = context(u);                                                          \
        uint64_t v = (uint64_t)fx_to_##name(&c, u->a);                                         \
        stored(u, &c, v, size);                                                                \
    }
STORE(f32, 4)
STORE(f64, 8)
STORE(i16, 2)
STORE(i32, 4)
STORE(i64, 8)

/* The copy that the host's stores with a pop store stays where they do not happen. */
static void model_to_i64_popping(struct fx_unit *u)
{
    model_to_i64(u);
    u->b = u->status & ~u->control & FX_IE ? u->a : u->b;
}

static void model_to_bcd(struct fx_unit *u)
{
    struct fx_ctx c = context(u);
    uint8_t bcd[10];
    fx_to_bcd(&c, u->a, bcd);
    u->status = c.raised;
    if (stopped(&c, FX_IE)) {
        u->b = u->a;
    } else {
        memcpy(u->mem, bcd, 10);
    }
}

/* Loads push: the old ST(0) is in ST(1) then. So they do after an unmasked DE. */
static void loaded(struct fx_unit *u, const struct fx_ctx *c, struct fx80 r)
{
    u->status = c->raised;
    if (!stopped(c, FX_IE)) {
        u->b = u->a;
        u->a = r;
    }
}

static void model_from_f32(struct fx_unit *u)
{
    struct fx_ctx c = context(u);
    struct fx80 r = fx_from_f32(&c, load_le32(u->mem));
    loaded(u, &c, r);
}

static void model_from_f64(struct fx_unit *u)
{
    struct fx_ctx c = context(u);
    struct fx80 r = fx_from_f64(&c, load_le64(u->mem));
    loaded(u, &c, r);
}

static void model_from_i64(struct fx_unit *u)
{
    struct fx_ctx c = context(u);
    uint64_t v = load_le64(u->mem);
    loaded(u, &c, fx_from_i64(v >> 63 ? -(int64_t)~v - 1 : (int64_t)v));
}

static void model_from_bcd(struct fx_unit *u)
{
    struct fx_ctx c = context(u);
    loaded(u, &c, fx_from_bcd(u->mem));
}

#define CONSTANT(n)                                                                            \
    static void model_constant_##n(struct fx_unit *u)                                          \
    {                                                                                          \
        struct fx_ctx c = context(u);                                                          \
        loaded(u, &c, fx_constant(&c, n));                                                     \
    }
CONSTANT(0)
CONSTANT(1)
CONSTANT(2)
CONSTANT(3)
CONSTANT(4)
CONSTANT(5)
CONSTANT(6)

/* These pop: what becomes of ST(1) is nothing to compare. */
#define POPPING(name, first, second)                                                           \
    static void model_##name(struct fx_unit *u)                                                \
    {                                                                                          \
        struct fx_ctx c = context(u);                                                          \
        struct fx80 r = fx_##name(&c, first, second);                                          \
        u->status = c.raised;                                                                  \
        if (!stopped(&c, PRIOR)) {                                                             \
            u->a = r;                                                                          \
            u->b = fx_indefinite;                                                              \
        }                                                                                      \
    }
POPPING(yl2x, u->a, u->b)
POPPING(yl2xp1, u->a, u->b)
POPPING(patan, u->b, u->a)

static void model_sin(struct fx_unit *u)
{
    struct fx_ctx c = context(u);
    struct fx80 r;
    bool out;
    fx_sincos(&c, u->a, &r, NULL, &out);
    result(u, &c, r);
    u->status |= out ? FX_C2 : 0;
}

static void model_cos(struct fx_unit *u)
{
    struct fx_ctx c = context(u);
    struct fx80 r;
    bool out;
    fx_sincos(&c, u->a, NULL, &r, &out);
    result(u, &c, r);
    u->status |= out ? FX_C2 : 0;
}

static void model_sincos(struct fx_unit *u)
{
    struct fx_ctx c = context(u);
    struct fx80 sin, cos;
    bool out;
    fx_sincos(&c, u->a, &sin, &cos, &out);
    u->status = (uint16_t)(c.raised | (out ? FX_C2 : 0));
    if (!stopped(&c, PRIOR) && !out) {
        u->a = cos;
        u->b = sin;
    }
}

static void model_ptan(struct fx_unit *u)
{
    struct fx_ctx c = context(u);
    bool out;
    struct fx80 r = fx_ptan(&c, u->a, &out);
    u->status = (uint16_t)(c.raised | (out ? FX_C2 : 0));
    if (!stopped(&c, PRIOR) && !out) {
        u->b = r;
        /* 1.0, but for a NaN, which comes twice */
        u->a = fx_classify(r) == FX_QNAN ? r : fx_pack(0, FX_BIAS, FX_INTEGER_BIT);
    }
}

const struct fx_instruction fx_instructions[FX_INSTRUCTIONS] = {
    {"add", model_add, FX_KIND_EXACT},
    {"sub", model_sub, FX_KIND_EXACT},
    {"mul", model_mul, FX_KIND_EXACT},
    {"div", model_div, FX_KIND_EXACT},
    {"sqrt", model_sqrt, FX_KIND_EXACT},
    {"scale", model_scale, FX_KIND_EXACT},
    {"round_to_int", model_round_to_int, FX_KIND_EXACT},
    {"prem", model_prem, FX_KIND_REMAINDER},
    {"prem1", model_prem1, FX_KIND_REMAINDER},
    {"extract", model_extract, FX_KIND_EXACT},
    {"com", model_com, FX_KIND_EXACT},
    {"ucom", model_ucom, FX_KIND_EXACT},
    {"com_m64", model_com_m64, FX_KIND_EXACT},
    {"add_m32", model_add_m32, FX_KIND_EXACT},
    {"div_m32", model_div_m32, FX_KIND_EXACT},
    {"mul_m64", model_mul_m64, FX_KIND_EXACT},
    {"sub_m64", model_sub_m64, FX_KIND_EXACT},
    {"from_f32", model_from_f32, FX_KIND_EXACT},
    {"from_f64", model_from_f64, FX_KIND_EXACT},
    {"from_i64", model_from_i64, FX_KIND_EXACT},
    {"from_bcd", model_from_bcd, FX_KIND_EXACT},
    {"to_f32", model_to_f32, FX_KIND_EXACT},
    {"to_f64", model_to_f64, FX_KIND_EXACT},
    {"to_i16", model_to_i16, FX_KIND_EXACT},
    {"to_i32", model_to_i32, FX_KIND_EXACT},
    {"to_i64", model_to_i64_popping, FX_KIND_EXACT},
    {"to_bcd", model_to_bcd, FX_KIND_EXACT},
    {"constant_0", model_constant_0, FX_KIND_EXACT},
    {"constant_1", model_constant_1, FX_KIND_EXACT},
    {"constant_2", model_constant_2, FX_KIND_EXACT},
    {"constant_3", model_constant_3, FX_KIND_EXACT},
    {"constant_4", model_constant_4, FX_KIND_EXACT},
    {"constant_5", model_constant_5, FX_KIND_EXACT},
    {"constant_6", model_constant_6, FX_KIND_EXACT},
    {"2xm1", model_2xm1, FX_KIND_TRANSCENDENTAL},
    {"yl2x", model_yl2x, FX_KIND_TRANSCENDENTAL},
    {"yl2xp1", model_yl2xp1, FX_KIND_TRANSCENDENTAL},
    {"patan", model_patan, FX_KIND_TRANSCENDENTAL},
    {"sin", model_sin, FX_KIND_TRANSCENDENTAL},
    {"cos", model_cos, FX_KIND_TRANSCENDENTAL},
    {"sincos", model_sincos, FX_KIND_TRANSCENDENTAL},
    {"ptan", model_ptan, FX_KIND_TRANSCENDENTAL},
};

/* ---- random operands */

static uint32_t pick(uint64_t *seed, uint32_t n)
{
    return test_random(seed) % n;
}

/* One call a statement from here on: C leaves the order within an expression open, and the
 * sequence is to be the same everywhere. */
static uint64_t random_64(uint64_t *seed)
{
    uint64_t hi = test_random(seed);
    return hi << 32 | test_random(seed);
}

static uint64_t random_significand(uint64_t *seed)
{
    static const uint64_t some[] = {0,
                                    1,
                                    2,
                                    UINT64_MAX >> 1,
                                    UINT64_MAX >> 2,
                                    FX_QUIET_BIT,
                                    FX_QUIET_BIT | 1,
                                    0x400,
                                    0x7FF,
                                    0x8000000000,
                                    0xFFFFFFFFFF,
                                    0x7FFFFF8000000000};
    uint64_t m = random_64(seed);
    unsigned shift = pick(seed, 64), form = pick(seed, 5), integer = pick(seed, 100);
    switch (form) {
    case 0: m = some[m % ARRAY_LEN(some)]; break;
    case 1: m <<= shift; break;
    case 2: m >>= shift; break;
    case 3: m = UINT64_MAX << shift ^ m >> (1 + m % 63); break;
    default: break;
    }
    return integer ? m | FX_INTEGER_BIT : m;
}

/* near: an exponent that others like to be close to. */
static struct fx80 random_number(uint64_t *seed, unsigned near)
{
    uint64_t m = random_significand(seed);
    unsigned sign = pick(seed, 2), form = pick(seed, 12), some = pick(seed, 140), exp;
    switch (form) {
    case 0: return fx_zero(sign);
    case 1: return fx_pack(sign, 0, m >> some % 64);
    case 2: return some & 1 ? fx_infinity(sign) : fx_pack(sign, FX_EXP_MAX, m);
    case 3: exp = some / 2; break;
    case 4: exp = FX_EXP_MAX - 1 - some / 2; break;
    case 5: exp = FX_BIAS + some / 2; break;
    case 6: exp = FX_BIAS - some; break;
    case 7: exp = 0x3F6A + some % 30; break; /* denormal as f32 */
    case 8: exp = 0x3BCD + some % 60; break; /* denormal as f64 */
    case 9: exp = (some & 2 ? 0x407E : 0x43FE) + some % 2; break;
    default: exp = near + some - 70; break;
    }
    return fx_pack(sign, exp & 0x7FFF, m);
}

static void random_memory(uint64_t *seed, uint8_t mem[16], bool decimal)
{
    uint64_t v = random_64(seed), more = random_64(seed);
    unsigned form = pick(seed, 6), some = pick(seed, 8);
    uint32_t few = (uint32_t)v & (some & 1 ? 0x807FFFFF : 0x80000001);
    uint64_t fraction = v & (some & 1 ? 0x800FFFFFFFFFFFFF : 0x8000000000000001);
    switch (form) {
    case 0: v = random_significand(seed); break;
    case 1: v = (some & 2 ? 0x7F800000 : 0) | few; break;
    case 2: v = (some & 2 ? 0x7FF0000000000000 : 0) | fraction; break;
    case 3: v = 0 - (uint64_t)some; break;
    default: break;
    }
    store_le64(mem, v);
    store_le64(mem + 8, more);
    for (unsigned k = 0; decimal && k < 9; k++) { /* FBLD of other digits is undefined */
        mem[k] = (uint8_t)(mem[k] % 10 | (mem[k] >> 4) % 10 << 4);
    }
}

void fx_unit_random(struct fx_unit *u, const struct fx_instruction *insn, uint64_t *seed)
{
    unsigned near = pick(seed, 0x8000), any = pick(seed, 4), same = pick(seed, 2);
    near = any ? FX_BIAS : near;
    u->a = random_number(seed, near);
    u->b = random_number(seed, same ? fx_exp(u->a) : near);
    u->b.m = pick(seed, 16) ? u->b.m : u->a.m;
    random_memory(seed, u->mem, insn->execute == model_from_bcd);
    unsigned masks = pick(seed, 0x40), masked = pick(seed, 3), pc = pick(seed, 8);
    masks = masked ? 0x3F : masks;
    pc = pc < 4 ? pc : 3;
    u->control = (uint16_t)(0x40 | masks | pc << 8 | pick(seed, 4) << 10);
    u->status = 0;
}

uint64_t fx_unit_hash(uint64_t hash, const struct fx_unit *u)
{
    uint8_t bytes[32];
    store_le64(bytes, u->a.m);
    store_le64(bytes + 8, u->b.m);
    store_le16(bytes + 16, u->a.se);
    store_le16(bytes + 18, u->b.se);
    store_le16(bytes + 20, u->status);
    memcpy(bytes + 22, u->mem, 10);
    for (unsigned k = 0; k < sizeof bytes; k++) { /* FNV-1a */
        hash = (hash ^ bytes[k]) * 0x100000001B3u;
    }
    return hash;
}
