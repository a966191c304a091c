/* tests/insn/test_native_fx80.c -- 80-bit arithmetic against the host's own x87.
 *
 * For every instruction of fx80_unit.h: random operands under random control words; registers,
 * memory and status compared bit by bit. Transcendental functions
 * may differ by one unit in the last place, and in C1. Hosts without an x87 pass with a line
 * that says so.
 *
 * Arguments: the number of rounds; anything: print the hashes for test_fx80_silicon.c.
 *
 * Intel's processors are the model. On others these are left out: partial remainders (SDM 2
 * FPREM leaves their size open), operands for which SDM 2 says that a transcendental result is
 * undefined, PE of transcendental results that happen to be exact, and underflow of unchanged
 * denormals.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/fx80_unit.h"

#if defined(__GNUC__) && (defined(__x86_64__) || defined(__i386__))
#define HOST_X87 1
#else
#define HOST_X87 0
#endif

static unsigned rounds = 20000;
static bool print_hashes;

enum { FLAGS = 0x3F };

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

/* In the order of fx_instructions. */
static void (*const hosts[FX_INSTRUCTIONS])(struct image *) = {
    host_add,        host_sub,          host_mul,        host_div,        host_sqrt,
    host_scale,      host_round_to_int, host_prem,       host_prem1,      host_extract,
    host_com,        host_ucom,         host_com_m64,    host_add_m32,    host_div_m32,
    host_mul_m64,    host_sub_m64,      host_from_f32,   host_from_f64,   host_from_i64,
    host_from_bcd,   host_to_f32,       host_to_f64,     host_to_i16,     host_to_i32,
    host_to_i64,     host_to_bcd,       host_constant_0, host_constant_1, host_constant_2,
    host_constant_3, host_constant_4,   host_constant_5, host_constant_6, host_2xm1,
    host_yl2x,       host_yl2xp1,       host_patan,      host_sin,        host_cos,
    host_sincos,     host_ptan,
};

/* ---- comparison */

static struct fx_unit on_host(unsigned n, const struct fx_unit *in)
{
    struct fx_unit u = *in;
#if HOST_X87
    struct image h = {.control = in->control};
    to_ten_bytes(h.a, in->a);
    to_ten_bytes(h.b, in->b);
    memcpy(h.mem, in->mem, 16);
    hosts[n](&h);
    u.a = from_ten_bytes(h.a);
    u.b = from_ten_bytes(h.b);
    memcpy(u.mem, h.mem, 16);
    u.status = h.status & (FLAGS | FX_C0 | FX_C1 | FX_C2 | FX_C3);
#else
    (void)hosts[n], (void)from_ten_bytes, (void)to_ten_bytes;
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

static bool agree(enum fx_kind kind, const struct fx_unit *host, const struct fx_unit *ours)
{
    if (kind != FX_KIND_TRANSCENDENTAL) {
        return same(host->a, ours->a) && same(host->b, ours->b) &&
               memcmp(host->mem, ours->mem, 10) == 0 && host->status == ours->status;
    }
    return close(host->a, ours->a) && close(host->b, ours->b) &&
           !((host->status ^ ours->status) & ~FX_C1);
}

static void print_unit(const char *what, const struct fx_unit *u)
{
    printf("  %-6s ST(0) %04X.%016llX ST(1) %04X.%016llX mem %04X.%016llX status %04X\n", what,
           u->a.se, (unsigned long long)u->a.m, u->b.se, (unsigned long long)u->b.m,
           load_le16(u->mem + 8), (unsigned long long)load_le64(u->mem), u->status);
}

/* What others than Intel do otherwise: transcendental functions, how far a partial remainder
 * goes, and whether a denormal that FSCALE, FPREM or FPREM1 leave as it is underflows where
 * that is unmasked (AMD's say so, Intel's do not). */
static bool makers_differ(const struct fx_instruction *insn, const struct fx_unit *in,
                          const struct fx_unit *host, const struct fx_unit *ours)
{
    enum { UNDERFLOW_ = 0x10 };
    bool unchanged = same(ours->a, in->a) && fx_exp(in->a) == 0;
    if (insn->kind == FX_KIND_TRANSCENDENTAL ||
        (insn->kind == FX_KIND_REMAINDER && (host->status | ours->status) & FX_C2)) {
        return true;
    }
    return unchanged && !(in->control & UNDERFLOW_) &&
           (host->status & ~ours->status & FLAGS) == UNDERFLOW_;
}

START_TEST(test_instruction)
{
    const struct fx_instruction *insn = &fx_instructions[_i];
    bool intel = host_is_intel();
    unsigned wrong = 0;
    uint64_t seed = 1 + (uint64_t)_i, hash = 0;
    for (unsigned k = 0; k < rounds; k++) {
        struct fx_unit in, host, ours;
        fx_unit_random(&in, insn, &seed);
        host = on_host((unsigned)_i, &in);
        ours = in;
        insn->execute(&ours);
        hash = fx_unit_hash(hash, &host);
        if (!intel && makers_differ(insn, &in, &host, &ours)) {
            continue;
        }
        if (!agree(insn->kind, &host, &ours) && wrong++ < 5) {
            printf("%s, control %03X\n", insn->name, in.control);
            print_unit("in", &in);
            print_unit("host", &host);
            print_unit("ours", &ours);
        }
    }
    if (print_hashes && insn->kind != FX_KIND_TRANSCENDENTAL) {
        printf("    {\"%s\", 0x%016llX},\n", insn->name, (unsigned long long)hash);
    }
    fflush(stdout); /* before check ends this process */
    ck_assert_msg(wrong == 0, "%s: %u of %u differ", insn->name, wrong, rounds);
}
END_TEST

int main(int argc, char **argv)
{
    if (!HOST_X87) {
        puts("no x87 on this host");
        return 0;
    }
    rounds = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : rounds;
    print_hashes = argc > 2;
    Suite *s = suite_create("native_fx80");
    TCase *c = tcase_create("native_fx80");
    tcase_add_loop_test(c, test_instruction, 0, FX_INSTRUCTIONS);
    suite_add_tcase(s, c);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
