/* tests/insn/test_native_fx80.c -- 80-bit arithmetic against the host's own x87.
 *
 * For every operation of cpu/fx80.h: random operands, many of them special, under random
 * control words; registers, memory and status compared bit by bit. Transcendental functions
 * may differ by one unit in the last place, and in C1. Hosts without an x87 pass with a line
 * that says so.
 *
 * An argument is the number of rounds.
 *
 * Intel's processors are the model. On others these are left out: partial remainders (SDM 2
 * FPREM leaves their size open), operands for which SDM 2 says that a transcendental result is
 * undefined, and PE of transcendental results that happen to be exact.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/fx80_priv.h"
#include "tests/support/board_fixture.h"

#if defined(__GNUC__) && (defined(__x86_64__) || defined(__i386__))
#define HOST_X87 1
#else
#define HOST_X87 0
#endif

static unsigned rounds = 20000;

/* Before an instruction, and after it: ST(0), ST(1), the memory operand. */
struct unit {
    struct fx80 a, b;
    uint8_t mem[16];
    uint16_t control, status;
};

enum { C0 = 0x100, C1 = 0x200, C2 = 0x400, C3 = 0x4000, FLAGS = 0x3F, PRIOR = 7 };

/* ---- the model: fx80.h as an instruction would use it */

static struct fx_ctx context(const struct unit *u)
{
    return (struct fx_ctx){.control = u->control};
}

/* Nothing is stored after these exceptions, unmasked. */
static bool stopped(const struct fx_ctx *c, unsigned by)
{
    return c->raised & ~c->control & by;
}

static void result(struct unit *u, const struct fx_ctx *c, struct fx80 r)
{
    u->status = c->raised;
    if (!stopped(c, PRIOR)) {
        u->a = r;
    }
}

#define BINARY(name)                                                                           \
    static void model_##name(struct unit *u)                                                   \
    {                                                                                          \
        struct fx_ctx c = context(u);                                                          \
        result(u, &c, fx_##name(&c, u->a, u->b));                                              \
    }
#define UNARY(name)                                                                            \
    static void model_##name(struct unit *u)                                                   \
    {                                                                                          \
        struct fx_ctx c = context(u);                                                          \
        result(u, &c, fx_##name(&c, u->a));                                                    \
    }
#define MEMORY(name, op, format, load)                                                         \
    static void model_##name(struct unit *u)                                                   \
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

static void compare(struct unit *u, struct fx_ctx *c, struct fx80 b, bool quiet)
{
    enum fx_order order = fx_compare(c, u->a, b, quiet);
    /* Also after unmasked exceptions, where SDM 2 FCOM says otherwise. */
    u->status = (uint16_t)(c->raised | (order == FX_LESS      ? C0
                                        : order == FX_GREATER ? 0
                                        : order == FX_EQUAL   ? C3
                                                              : C0 | C2 | C3));
}

static void model_com(struct unit *u)
{
    struct fx_ctx c = context(u);
    compare(u, &c, u->b, false);
}

static void model_ucom(struct unit *u)
{
    struct fx_ctx c = context(u);
    compare(u, &c, u->b, true);
}

static void model_com_m64(struct unit *u)
{
    struct fx_ctx c = context(u);
    struct fx80 m = fx_operand_f64(&c, load_le64(u->mem));
    compare(u, &c, m, false);
}

static void model_extract(struct unit *u)
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

static void remainder_step(struct unit *u, bool nearest)
{
    struct fx_ctx c = context(u);
    unsigned q;
    bool partial;
    struct fx80 r = fx_remainder(&c, u->a, u->b, nearest, &q, &partial);
    result(u, &c, r);
    if (!(c.raised & FX_IE) && !stopped(&c, PRIOR)) {
        u->status |= (uint16_t)((q & 4 ? C0 : 0) | (q & 2 ? C3 : 0) | (q & 1 ? C1 : 0) |
                                (partial ? C2 : 0));
    }
}

static void model_prem(struct unit *u)
{
    remainder_step(u, false);
}

static void model_prem1(struct unit *u)
{
    remainder_step(u, true);
}

/* Stores: size bytes, unless an unmasked exception forbids it. */
static void stored(struct unit *u, const struct fx_ctx *c, uint64_t v, unsigned size)
{
    u->status = c->raised;
    if (!stopped(c, FX_IE | FX_OE | FX_UE)) {
        uint8_t bytes[8];
        store_le64(bytes, v);
        memcpy(u->mem, bytes, size);
    }
}

#define STORE(name, size)                                                                      \
    static void model_to_##name(struct unit *u)                                                \
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
static void model_to_i64_popping(struct unit *u)
{
    model_to_i64(u);
    u->b = u->status & ~u->control & FX_IE ? u->a : u->b;
}

static void model_to_bcd(struct unit *u)
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
static void loaded(struct unit *u, const struct fx_ctx *c, struct fx80 r)
{
    u->status = c->raised;
    if (!stopped(c, FX_IE)) {
        u->b = u->a;
        u->a = r;
    }
}

static void model_from_f32(struct unit *u)
{
    struct fx_ctx c = context(u);
    struct fx80 r = fx_from_f32(&c, load_le32(u->mem));
    loaded(u, &c, r);
}

static void model_from_f64(struct unit *u)
{
    struct fx_ctx c = context(u);
    struct fx80 r = fx_from_f64(&c, load_le64(u->mem));
    loaded(u, &c, r);
}

static void model_from_i64(struct unit *u)
{
    struct fx_ctx c = context(u);
    uint64_t v = load_le64(u->mem);
    loaded(u, &c, fx_from_i64(v >> 63 ? -(int64_t)~v - 1 : (int64_t)v));
}

static void model_from_bcd(struct unit *u)
{
    struct fx_ctx c = context(u);
    for (unsigned k = 0; k < 9; k++) { /* other digits are undefined */
        u->mem[k] = (uint8_t)(u->mem[k] % 10 | (u->mem[k] >> 4) % 10 << 4);
    }
    loaded(u, &c, fx_from_bcd(u->mem));
}

#define CONSTANT(n)                                                                            \
    static void model_constant_##n(struct unit *u)                                             \
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
    static void model_##name(struct unit *u)                                                   \
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

static void model_sin(struct unit *u)
{
    struct fx_ctx c = context(u);
    struct fx80 r;
    bool out;
    fx_sincos(&c, u->a, &r, NULL, &out);
    result(u, &c, r);
    u->status |= out ? C2 : 0;
}

static void model_cos(struct unit *u)
{
    struct fx_ctx c = context(u);
    struct fx80 r;
    bool out;
    fx_sincos(&c, u->a, NULL, &r, &out);
    result(u, &c, r);
    u->status |= out ? C2 : 0;
}

static void model_sincos(struct unit *u)
{
    struct fx_ctx c = context(u);
    struct fx80 sin, cos;
    bool out;
    fx_sincos(&c, u->a, &sin, &cos, &out);
    u->status = (uint16_t)(c.raised | (out ? C2 : 0));
    if (!stopped(&c, PRIOR) && !out) {
        u->a = cos;
        u->b = sin;
    }
}

static void model_ptan(struct unit *u)
{
    struct fx_ctx c = context(u);
    bool out;
    struct fx80 r = fx_ptan(&c, u->a, &out);
    u->status = (uint16_t)(c.raised | (out ? C2 : 0));
    if (!stopped(&c, PRIOR) && !out) {
        u->b = r;
        /* 1.0, but for a NaN, which comes twice */
        u->a = fx_classify(r) == FX_QNAN ? r : fx_pack(0, FX_BIAS, FX_INTEGER_BIT);
    }
}

/* ---- the host */

#if HOST_X87
struct image {
    uint8_t a[16], b[16], mem[16];
    uint16_t control, status;
};

#define HOST(name, insn)                                                                       \
    static void host_##name(struct image *h)                                                   \
    {                                                                                          \
        static const uint16_t masked = 0x37F;                                                  \
        __asm__ volatile(                                                                      \
            "fninit\n\tfldt %[b]\n\tfldt %[a]\n\tfldcw %[control]\n\tfnclex\n\t" insn          \
            "\n\tfnstsw %[status]\n\tfnclex\n\tfldcw %[masked]\n\t"                            \
            "fstpt %[a]\n\tfstpt %[b]\n\tfninit"                                               \
            : [a] "+m"(h->a), [b] "+m"(h->b), [mem] "+m"(h->mem), [status] "=m"(h->status)     \
            : [control] "m"(h->control), [masked] "m"(masked)                                  \
            : "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)");            \
    }
#else
struct image {
    int none;
};
#define HOST(name, insn)                                                                       \
    static void host_##name(struct image *h)                                                   \
    {                                                                                          \
        (void)h;                                                                               \
    }
#endif

HOST(add, "fadd %%st(1), %%st")
HOST(sub, "fsub %%st(1), %%st")
HOST(mul, "fmul %%st(1), %%st")
HOST(div, "fdiv %%st(1), %%st")
HOST(sqrt, "fsqrt")
HOST(scale, "fscale")
HOST(round_to_int, "frndint")
HOST(prem, "fprem")
HOST(prem1, "fprem1")
HOST(extract, "fxtract")
HOST(com, "fcom")
HOST(ucom, "fucom")
HOST(com_m64, "fcoml %[mem]")
HOST(add_m32, "fadds %[mem]")
HOST(div_m32, "fdivs %[mem]")
HOST(mul_m64, "fmull %[mem]")
HOST(sub_m64, "fsubl %[mem]")
HOST(from_f32, "flds %[mem]")
HOST(from_f64, "fldl %[mem]")
HOST(from_i64, "fildll %[mem]")
HOST(from_bcd, "fbld %[mem]")
/* Stores that only exist with a pop push first. */
HOST(to_f32, "fsts %[mem]")
HOST(to_f64, "fstl %[mem]")
HOST(to_i16, "fists %[mem]")
HOST(to_i32, "fistl %[mem]")
HOST(to_i64, "fld %%st\n\tfistpll %[mem]")
HOST(to_bcd, "fld %%st\n\tfbstp %[mem]")
HOST(constant_0, "fld1")
HOST(constant_1, "fldl2t")
HOST(constant_2, "fldl2e")
HOST(constant_3, "fldpi")
HOST(constant_4, "fldlg2")
HOST(constant_5, "fldln2")
HOST(constant_6, "fldz")
HOST(2xm1, "f2xm1")
HOST(yl2x, "fyl2x")
HOST(yl2xp1, "fyl2xp1")
HOST(patan, "fpatan")
HOST(sin, "fsin")
HOST(cos, "fcos")
HOST(sincos, "fsincos")
HOST(ptan, "fptan")

static bool host_is_intel(void)
{
#if HOST_X87
    __builtin_cpu_init();
    return __builtin_cpu_is("intel");
#else
    return false;
#endif
}

static void to_ten_bytes(uint8_t *p, struct fx80 a)
{
    store_le64(p, a.m);
    store_le16(p + 8, a.se);
}

static struct fx80 from_ten_bytes(const uint8_t *p)
{
    return (struct fx80){load_le64(p), load_le16(p + 8)};
}

/* ---- random operands */

static uint64_t seed = 1;

static uint32_t pick(uint32_t n)
{
    return test_random(&seed) % n;
}

static uint64_t random_64(void)
{
    return (uint64_t)test_random(&seed) << 32 | test_random(&seed);
}

static uint64_t random_significand(void)
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
    uint64_t m;
    switch (pick(5)) {
    case 0: m = some[pick(ARRAY_LEN(some))]; break;
    case 1: m = random_64() << pick(64); break;
    case 2: m = random_64() >> pick(64); break;
    case 3: m = UINT64_MAX << pick(64) ^ random_64() >> (1 + pick(63)); break;
    default: m = random_64(); break;
    }
    return pick(100) ? m | FX_INTEGER_BIT : m;
}

/* near: an exponent that others like to be close to. */
static struct fx80 random_number(unsigned near)
{
    unsigned exp, sign = pick(2);
    switch (pick(12)) {
    case 0: return fx_zero(sign);
    case 1: return fx_pack(sign, 0, random_significand() >> pick(64));
    case 2: return pick(2) ? fx_infinity(sign) : fx_pack(sign, 0x7FFF, random_significand());
    case 3: exp = pick(3) ? 1 + pick(70) : pick(3); break;
    case 4: exp = 0x7FFE - pick(70); break;
    case 5: exp = 0x3FFF + pick(70); break;
    case 6: exp = 0x3FFF - pick(200); break;
    case 7: exp = 0x3F6A + pick(30); break; /* denormal as f32 */
    case 8: exp = 0x3BCD + pick(60); break; /* denormal as f64 */
    case 9: exp = pick(2) ? 0x407E + pick(2) : 0x43FE + pick(2); break;
    default: exp = near + pick(140) - 70; break;
    }
    return fx_pack(sign, exp & 0x7FFF, random_significand());
}

static void random_memory(uint8_t mem[16])
{
    store_le64(mem, random_64());
    store_le64(mem + 8, random_64());
    switch (pick(6)) {
    case 0: store_le64(mem, random_significand()); break;
    case 1: /* f32 special */
        store_le32(mem, (test_random(&seed) & (pick(2) ? 0x807FFFFF : 0x80000001)) |
                            (pick(2) ? 0x7F800000 : 0));
        break;
    case 2: /* f64 special */
        store_le64(mem, (random_64() & (pick(2) ? 0x800FFFFFFFFFFFFF : 0x8000000000000001)) |
                            (pick(2) ? 0x7FF0000000000000 : 0));
        break;
    case 3: store_le64(mem, pick(2) ? 0 : 0 - (uint64_t)pick(9)); break;
    default: break;
    }
}

static void random_unit(struct unit *u)
{
    unsigned near = pick(4) ? 0x3FFF : pick(0x8000);
    u->a = random_number(near);
    u->b = random_number(pick(2) ? fx_exp(u->a) : near);
    random_memory(u->mem);
    unsigned masks = pick(3) ? 0x3F : pick(0x40);
    unsigned pc = pick(2) ? 3 : pick(4);
    u->control = (uint16_t)(0x40 | masks | pc << 8 | pick(4) << 10);
    u->status = 0;
}

/* ---- comparison */

enum kind { EXACT, TRANSCENDENTAL, REMAINDER };
static const struct operation {
    const char *name;
    void (*host)(struct image *);
    void (*model)(struct unit *);
    enum kind kind;
} operations[] = {
#define EXACTLY(name)                                                                          \
    {                                                                                          \
#name, host_##name, model_##name, EXACT                                                \
    }
#define NEARLY(name)                                                                           \
    {                                                                                          \
#name, host_##name, model_##name, TRANSCENDENTAL                                       \
    }
    EXACTLY(add),
    EXACTLY(sub),
    EXACTLY(mul),
    EXACTLY(div),
    EXACTLY(sqrt),
    EXACTLY(scale),
    EXACTLY(round_to_int),
    {"prem", host_prem, model_prem, REMAINDER},
    {"prem1", host_prem1, model_prem1, REMAINDER},
    EXACTLY(extract),
    EXACTLY(com),
    EXACTLY(ucom),
    EXACTLY(com_m64),
    EXACTLY(add_m32),
    EXACTLY(div_m32),
    EXACTLY(mul_m64),
    EXACTLY(sub_m64),
    EXACTLY(from_f32),
    EXACTLY(from_f64),
    EXACTLY(from_i64),
    EXACTLY(from_bcd),
    EXACTLY(to_f32),
    EXACTLY(to_f64),
    EXACTLY(to_i16),
    EXACTLY(to_i32),
    {"to_i64", host_to_i64, model_to_i64_popping, EXACT},
    EXACTLY(to_bcd),
    EXACTLY(constant_0),
    EXACTLY(constant_1),
    EXACTLY(constant_2),
    EXACTLY(constant_3),
    EXACTLY(constant_4),
    EXACTLY(constant_5),
    EXACTLY(constant_6),
    NEARLY(2xm1),
    NEARLY(yl2x),
    NEARLY(yl2xp1),
    NEARLY(patan),
    NEARLY(sin),
    NEARLY(cos),
    NEARLY(sincos),
    NEARLY(ptan),
};

static struct unit on_host(const struct operation *op, const struct unit *in)
{
    struct unit u = *in;
#if HOST_X87
    struct image h = {.control = in->control};
    to_ten_bytes(h.a, in->a);
    to_ten_bytes(h.b, in->b);
    memcpy(h.mem, in->mem, 16);
    op->host(&h);
    u.a = from_ten_bytes(h.a);
    u.b = from_ten_bytes(h.b);
    memcpy(u.mem, h.mem, 16);
    u.status = h.status & (FLAGS | C0 | C1 | C2 | C3);
#else
    (void)op, (void)from_ten_bytes, (void)to_ten_bytes;
#endif
    return u;
}

static bool same(struct fx80 a, struct fx80 b)
{
    return a.m == b.m && a.se == b.se;
}

/* Equal, or neighbours of the same sign. */
static bool close(struct fx80 a, struct fx80 b)
{
    if (same(a, b)) {
        return true;
    }
    bool numbers = fx_exp(a) < FX_EXP_MAX && fx_exp(b) < FX_EXP_MAX;
    int64_t ea = fx_exp(a), eb = fx_exp(b);
    /* A binade's significands less the integer bit, one binade after the other. */
    uint64_t da = a.m & ~FX_INTEGER_BIT, db = b.m & ~FX_INTEGER_BIT;
    bool neighbours = ea == eb       ? da - db == 1 || db - da == 1
                      : ea == eb + 1 ? da == 0 && db == UINT64_MAX >> 1
                                     : eb == ea + 1 && db == 0 && da == UINT64_MAX >> 1;
    return numbers && fx_sign(a) == fx_sign(b) && neighbours;
}

static bool agree(const struct operation *op, const struct unit *host, const struct unit *ours)
{
    if (op->kind != TRANSCENDENTAL) {
        return same(host->a, ours->a) && same(host->b, ours->b) &&
               memcmp(host->mem, ours->mem, 10) == 0 && host->status == ours->status;
    }
    return close(host->a, ours->a) && close(host->b, ours->b) &&
           !((host->status ^ ours->status) & ~C1);
}

static void print_unit(const char *what, const struct unit *u)
{
    printf("  %-6s ST(0) %04X.%016llX ST(1) %04X.%016llX mem %04X.%016llX status %04X\n", what,
           u->a.se, (unsigned long long)u->a.m, u->b.se, (unsigned long long)u->b.m,
           load_le16(u->mem + 8), (unsigned long long)load_le64(u->mem), u->status);
}

START_TEST(test_operation)
{
    const struct operation *op = &operations[_i];
    bool intel = host_is_intel();
    unsigned wrong = 0;
    seed = 1 + (uint64_t)_i;
    for (unsigned k = 0; k < rounds; k++) {
        struct unit in, host, ours;
        random_unit(&in);
        ours = in;
        op->model(&ours); /* first: it may make the memory operand valid */
        memcpy(in.mem, ours.mem, op->host == host_from_bcd ? 10 : 0);
        host = on_host(op, &in);
        if (!intel && (op->kind == TRANSCENDENTAL ||
                       (op->kind == REMAINDER && (host.status | ours.status) & C2))) {
            continue;
        }
        if (!agree(op, &host, &ours) && wrong++ < 5) {
            printf("%s, control %03X\n", op->name, in.control);
            print_unit("in", &in);
            print_unit("host", &host);
            print_unit("ours", &ours);
        }
    }
    fflush(stdout); /* before check ends this process */
    ck_assert_msg(wrong == 0, "%s: %u of %u differ", op->name, wrong, rounds);
}
END_TEST

int main(int argc, char **argv)
{
    if (!HOST_X87) {
        puts("no x87 on this host");
        return 0;
    }
    rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : rounds;
    Suite *s = suite_create("native_fx80");
    TCase *c = tcase_create("native_fx80");
    tcase_add_loop_test(c, test_operation, 0, (int)ARRAY_LEN(operations));
    suite_add_tcase(s, c);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
