/* cpu/exec/x87_func.c -- the x87's functions of ST and ST(1): D9 E0 … D9 FF (SDM
 * 1 5.2.2, 5.2.4, 8.3.7; each instruction in SDM 2A).
 */
#include "cpu/x87.h"

typedef struct fx80 unary_fn(struct fx_ctx *c, struct fx80 a);
typedef struct fx80 binary_fn(struct fx_ctx *c, struct fx80 a, struct fx80 b);

/* ---- one operand, one result */

static void unary(struct cpu *cpu, const struct insn *i, unary_fn *op)
{
    struct x87 *f = &cpu->x87;
    struct fx_ctx c = X87_CONTEXT(cpu);
    struct fx80 v = fx_indefinite;
    if (x87_empty(f, 0)) {
        c.raised = X87_STACK_EMPTY;
    } else {
        v = op(&c, x87_get(f, 0));
    }
    if (!x87_forbids(cpu, c.raised)) {
        x87_set(f, 0, v);
    }
    x87_done(cpu, i, c.raised);
}

/* Sign operations look at nothing but the sign, in NaNs, too. */
static struct fx80 negated(struct fx_ctx *c, struct fx80 a)
{
    (void)c;
    return (struct fx80){a.m, (uint16_t)(a.se ^ 0x8000)};
}

static struct fx80 absolute(struct fx_ctx *c, struct fx80 a)
{
    (void)c;
    return (struct fx80){a.m, a.se & 0x7FFF};
}

#define UNARY(NAME, op)                                                                        \
    EXEC(NAME)                                                                                 \
    {                                                                                          \
        unary(cpu, i, op);                                                                     \
        NEXT();                                                                                \
    }
UNARY(FCHS, negated)
UNARY(FABS, absolute)
UNARY(FSQRT, fx_sqrt)
UNARY(FRNDINT, fx_round_to_int)
UNARY(F2XM1, fx_2xm1)

/* ---- two operands, one result */

/* ST(dst) := op(ST(dst), ST(1 - dst)); dst = 1: and pop. */
static void binary(struct cpu *cpu, const struct insn *i, unsigned dst, binary_fn *op)
{
    struct x87 *f = &cpu->x87;
    struct fx_ctx c = X87_CONTEXT(cpu);
    struct fx80 v = fx_indefinite;
    if (x87_empty(f, 0) || x87_empty(f, 1)) {
        c.raised = X87_STACK_EMPTY;
    } else {
        v = op(&c, x87_get(f, dst), x87_get(f, 1 - dst));
    }
    if (!x87_forbids(cpu, c.raised)) {
        x87_set(f, dst, v);
        if (dst == 1) {
            x87_pop(f);
        }
    }
    x87_done(cpu, i, c.raised);
}

static struct fx80 yl2x(struct fx_ctx *c, struct fx80 y, struct fx80 x)
{
    return fx_yl2x(c, x, y);
}

static struct fx80 yl2xp1(struct fx_ctx *c, struct fx80 y, struct fx80 x)
{
    return fx_yl2xp1(c, x, y);
}

#define BINARY(NAME, dst, op)                                                                  \
    EXEC(NAME)                                                                                 \
    {                                                                                          \
        binary(cpu, i, dst, op);                                                               \
        NEXT();                                                                                \
    }
BINARY(FSCALE, 0, fx_scale)
BINARY(FYL2X, 1, yl2x)
BINARY(FYL2XP1, 1, yl2xp1)
BINARY(FPATAN, 1, fx_patan)

/* C0, C3, C1: bits 2, 1, 0 of the quotient. C2: not there yet, do it again. */
static void remainder_of(struct cpu *cpu, const struct insn *i, bool nearest)
{
    struct x87 *f = &cpu->x87;
    struct fx_ctx c = X87_CONTEXT(cpu);
    struct fx80 v = fx_indefinite;
    unsigned quotient = 0;
    bool partial = false;
    if (x87_empty(f, 0) || x87_empty(f, 1)) {
        c.raised = X87_STACK_EMPTY;
    } else {
        v = fx_remainder(&c, x87_get(f, 0), x87_get(f, 1), nearest, &quotient, &partial);
    }
    if (!x87_forbids(cpu, c.raised)) {
        x87_set(f, 0, v);
    }
    if (x87_forbids(cpu, c.raised) || fx_classify(v) == FX_QNAN) { /* no quotient */
        x87_done_codes(cpu, i, c.raised, X87_C1 | X87_C2, 0);
        return;
    }
    unsigned codes = (quotient & 4 ? X87_C0 : 0u) | (quotient & 2 ? X87_C3 : 0u) |
                     (quotient & 1 ? X87_C1 : 0u);
    x87_done_codes(cpu, i, c.raised & ~(unsigned)FX_C1, X87_CODES, partial ? X87_C2 : codes);
}

EXEC(FPREM)
{
    remainder_of(cpu, i, false);
    NEXT();
}

EXEC(FPREM1)
{
    remainder_of(cpu, i, true);
    NEXT();
}

/* ---- one operand, two results: ST := first, then second is pushed */

static bool stack_allows(struct cpu *cpu, struct fx_ctx *c)
{
    struct x87 *f = &cpu->x87;
    c->raised = x87_empty(f, 0) ? X87_STACK_EMPTY : !x87_empty(f, 7) ? X87_STACK_FULL : 0;
    return c->raised == 0;
}

static void two_results(struct cpu *cpu, const struct insn *i, unsigned raised,
                        unsigned affected, struct fx80 first, struct fx80 second)
{
    struct x87 *f = &cpu->x87;
    if (!x87_forbids(cpu, raised)) {
        x87_set(f, 0, first);
        x87_push(f, second);
    }
    x87_done_codes(cpu, i, raised, affected, 0);
}

static void extract(struct cpu *cpu, const struct insn *i)
{
    struct fx_ctx c = X87_CONTEXT(cpu);
    struct fx80 exponent = fx_indefinite, significand = fx_indefinite;
    if (stack_allows(cpu, &c)) {
        fx_extract(&c, x87_get(&cpu->x87, 0), &exponent, &significand);
    }
    two_results(cpu, i, c.raised, X87_C1, exponent, significand);
}

EXEC(FXTRACT)
{
    extract(cpu, i);
    NEXT();
}

/* An operand of 2^63 or more: C2, and nothing else happens. */
static void refused(struct cpu *cpu, const struct insn *i)
{
    x87_done_codes(cpu, i, 0, X87_C1 | X87_C2, X87_C2);
}

static void sine_and_cosine(struct cpu *cpu, const struct insn *i)
{
    struct fx_ctx c = X87_CONTEXT(cpu);
    struct fx80 sine = fx_indefinite, cosine = fx_indefinite;
    bool out_of_range = false;
    if (stack_allows(cpu, &c)) {
        fx_sincos(&c, x87_get(&cpu->x87, 0), &sine, &cosine, &out_of_range);
    }
    if (out_of_range) {
        refused(cpu, i);
    } else {
        two_results(cpu, i, c.raised, X87_C1 | X87_C2, sine, cosine);
    }
}

EXEC(FSINCOS)
{
    sine_and_cosine(cpu, i);
    NEXT();
}

/* ST := tan(ST), then 1 is pushed, so that FDIVRP makes the cotangent; of a NaN two come out.
 */
static void tangent(struct cpu *cpu, const struct insn *i)
{
    struct fx_ctx c = X87_CONTEXT(cpu);
    struct fx80 v = fx_indefinite, one = fx_indefinite;
    bool out_of_range = false;
    if (stack_allows(cpu, &c)) {
        v = fx_ptan(&c, x87_get(&cpu->x87, 0), &out_of_range);
        one = fx_classify(v) == FX_QNAN ? v : fx_from_i64(1);
    }
    if (out_of_range) {
        refused(cpu, i);
    } else {
        two_results(cpu, i, c.raised, X87_C1 | X87_C2, v, one);
    }
}

EXEC(FPTAN)
{
    tangent(cpu, i);
    NEXT();
}

static void sine_or_cosine(struct cpu *cpu, const struct insn *i, bool cosine)
{
    struct x87 *f = &cpu->x87;
    struct fx_ctx c = X87_CONTEXT(cpu);
    struct fx80 v = fx_indefinite;
    bool out_of_range = false;
    if (x87_empty(f, 0)) {
        c.raised = X87_STACK_EMPTY;
    } else {
        fx_sincos(&c, x87_get(f, 0), cosine ? NULL : &v, cosine ? &v : NULL, &out_of_range);
    }
    if (out_of_range) {
        refused(cpu, i);
        return;
    }
    if (!x87_forbids(cpu, c.raised)) {
        x87_set(f, 0, v);
    }
    x87_done_codes(cpu, i, c.raised, X87_C1 | X87_C2, 0);
}

EXEC(FSIN)
{
    sine_or_cosine(cpu, i, false);
    NEXT();
}

EXEC(FCOS)
{
    sine_or_cosine(cpu, i, true);
    NEXT();
}
