/* cpu/exec/x87_arith.c -- the x87's arithmetic, comparisons and functions (SDM 1 5.2.2 to
 * 5.2.4). The numbers are computed by cpu/fx80.h; here is where operands come from, where
 * results go, and which condition codes say what.
 */
#include "cpu/flags.h"
#include "cpu/x87.h"

/* ---- memory operands of arithmetic */

static struct fx80 operand_m32(struct cpu *cpu, const struct insn *i, eaddr ea,
                               struct fx_ctx *c)
{
    return fx_operand_f32(c, lmem_r32(cpu, i, i->seg, ea));
}

static struct fx80 operand_m64(struct cpu *cpu, const struct insn *i, eaddr ea,
                               struct fx_ctx *c)
{
    return fx_operand_f64(c, lmem_r64(cpu, i, ea));
}

static struct fx80 operand_i16(struct cpu *cpu, const struct insn *i, eaddr ea,
                               struct fx_ctx *c)
{
    (void)c;
    return fx_from_i64((int16_t)lmem_r16(cpu, i, i->seg, ea));
}

static struct fx80 operand_i32(struct cpu *cpu, const struct insn *i, eaddr ea,
                               struct fx_ctx *c)
{
    (void)c;
    return fx_from_i64((int32_t)lmem_r32(cpu, i, i->seg, ea));
}

/* ---- arithmetic */

typedef struct fx80 binary_fn(struct fx_ctx *c, struct fx80 a, struct fx80 b);

static struct fx80 subr(struct fx_ctx *c, struct fx80 a, struct fx80 b)
{
    return fx_sub(c, b, a);
}

static struct fx80 divr(struct fx_ctx *c, struct fx80 a, struct fx80 b)
{
    return fx_div(c, b, a);
}

/* ST(dst) := op(ST(dst), ST(src)) */
static void between_registers(struct cpu *cpu, const struct insn *i, unsigned dst, unsigned src,
                              binary_fn *op, bool pop)
{
    struct x87 *f = &cpu->x87;
    struct fx_ctx c = X87_CONTEXT(cpu);
    struct fx80 v = fx_indefinite;
    if (x87_empty(f, dst) || x87_empty(f, src)) {
        c.raised = X87_STACK_EMPTY;
    } else {
        v = op(&c, x87_get(f, dst), x87_get(f, src));
    }
    if (!x87_forbids(cpu, c.raised)) {
        x87_set(f, dst, v);
        if (pop) {
            x87_pop(f);
        }
    }
    x87_done(cpu, i, c.raised);
}

static void with_memory(struct cpu *cpu, const struct insn *i, struct fx_ctx *c, struct fx80 b,
                        binary_fn *op)
{
    struct x87 *f = &cpu->x87;
    struct fx80 v = fx_indefinite;
    if (x87_empty(f, 0)) {
        c->raised = X87_STACK_EMPTY;
    } else {
        v = op(c, x87_get(f, 0), b);
    }
    if (!x87_forbids(cpu, c->raised)) {
        x87_set(f, 0, v);
    }
    x87_done(cpu, i, c->raised);
}

/* ---- the common case (cpu/fx80_quick.h). false: nothing is changed */

typedef bool quick_fn(struct fx80 a, struct fx80 b, struct fx80 *r, unsigned *raised);

/* There is none for divisions. */
static inline bool no_quick(struct fx80 a, struct fx80 b, struct fx80 *r, unsigned *raised)
{
    (void)a, (void)b, (void)r, (void)raised;
    return false;
}

static inline bool quick_registers(struct cpu *cpu, const struct insn *i, unsigned dst,
                                   unsigned src, quick_fn *op, bool pop)
{
    struct x87 *f = &cpu->x87;
    unsigned d = (f->top + dst) & 7, s = (f->top + src) & 7, raised = 0;
    struct fx80 v;
    if (!x87_quick(cpu) || !x87_full(f, d, s) ||
        UNLIKELY(!op((struct fx80){f->reg[d].m, f->reg[d].se},
                     (struct fx80){f->reg[s].m, f->reg[s].se}, &v, &raised))) {
        return false;
    }
    f->reg[d].m = v.m;
    f->reg[d].se = v.se;
    if (pop) {
        x87_pop(f);
    }
    x87_done_quick(cpu, i, raised);
    return true;
}

static inline bool quick_memory(struct cpu *cpu, const struct insn *i, eaddr ea, struct fx80 b,
                                quick_fn *op)
{
    struct x87 *f = &cpu->x87;
    unsigned d = f->top & 7, raised = 0;
    struct fx80 v;
    if (!x87_quick(cpu) || !x87_full(f, d, d) ||
        UNLIKELY(!op((struct fx80){f->reg[d].m, f->reg[d].se}, b, &v, &raised))) {
        return false;
    }
    f->reg[d].m = v.m;
    f->reg[d].se = v.se;
    x87_data(cpu, i, ea);
    x87_done_quick(cpu, i, raised);
    return true;
}

/* The memory operand, then what is to be done with it: USE. */
#define PLAIN_OPERAND(NAME, FORM, USE)                                                         \
    static void plain_##NAME##_##FORM(struct cpu *cpu, const struct insn *i)                   \
    {                                                                                          \
        eaddr ea = insn_ea(cpu, i);                                                            \
        struct fx_ctx c = X87_CONTEXT(cpu);                                                    \
        struct fx80 b = operand_##FORM(cpu, i, ea, &c);                                        \
        x87_data(cpu, i, ea);                                                                  \
        USE;                                                                                   \
    }
/* A function, as what has its address taken must be gone before the tail call. */
#define WITH_OPERAND(NAME, FORM, USE)                                                          \
    PLAIN_OPERAND(NAME, FORM, USE)                                                             \
    EXEC(NAME##_##FORM)                                                                        \
    {                                                                                          \
        plain_##NAME##_##FORM(cpu, i);                                                         \
        NEXT();                                                                                \
    }
#define MEMORY(OP, op, FORM) WITH_OPERAND(OP, FORM, with_memory(cpu, i, &c, b, op))

/* Of a floating-point operand in memory, N bits; one that is not there is the plain body's. */
#define QUICK_MEMORY(OP, op, quick, N)                                                         \
    PLAIN_OPERAND(OP, m##N, with_memory(cpu, i, &c, b, op))                                    \
    EXEC(OP##_m##N)                                                                            \
    {                                                                                          \
        {                                                                                      \
            eaddr ea = insn_ea(cpu, i);                                                        \
            const uint8_t *p = lmem_rd_ptr(cpu, i->seg, ea, (N) / 8);                          \
            struct fx80 b;                                                                     \
            if (p == NULL || !fx_quick_from_f##N(load_le##N(p), &b) ||                         \
                !quick_memory(cpu, i, ea, b, quick)) {                                         \
                plain_##OP##_m##N(cpu, i);                                                     \
            }                                                                                  \
        }                                                                                      \
        NEXT();                                                                                \
    }

#define REGISTERS(NAME, DST, SRC, op, quick, POP)                                              \
    EXEC(NAME)                                                                                 \
    {                                                                                          \
        if (!quick_registers(cpu, i, DST, SRC, quick, POP)) {                                  \
            between_registers(cpu, i, DST, SRC, op, POP);                                      \
        }                                                                                      \
        NEXT();                                                                                \
    }

#define ARITHMETIC(OP, op, quick)                                                              \
    QUICK_MEMORY(OP, op, quick, 32)                                                            \
    QUICK_MEMORY(OP, op, quick, 64)                                                            \
    MEMORY(OP, op, i16)                                                                        \
    MEMORY(OP, op, i32)                                                                        \
    REGISTERS(OP##_ST_STi, 0, i->b, op, quick, false)                                          \
    REGISTERS(OP##_STi_ST, i->b, 0, op, quick, false)                                          \
    REGISTERS(OP##P, i->b, 0, op, quick, true)

ARITHMETIC(FADD, fx_add, fx_quick_add)
ARITHMETIC(FMUL, fx_mul, fx_quick_mul)
ARITHMETIC(FSUB, fx_sub, fx_quick_sub)
ARITHMETIC(FSUBR, subr, fx_quick_subr)
ARITHMETIC(FDIV, fx_div, no_quick)
ARITHMETIC(FDIVR, divr, no_quick)

/* ---- comparison */

static unsigned order_codes(enum fx_order order)
{
    return order == FX_LESS      ? X87_C0
           : order == FX_EQUAL   ? X87_C3
           : order == FX_GREATER ? 0
                                 : X87_C0 | X87_C2 | X87_C3;
}

/* An unmasked exception leaves the stack alone, but the codes say what they would (the manual
 * denies it; processors do it). */
static void compared(struct cpu *cpu, const struct insn *i, enum fx_order order,
                     unsigned raised, unsigned pops)
{
    while (pops-- > 0 && !x87_forbids(cpu, raised)) {
        x87_pop(&cpu->x87);
    }
    x87_done_codes(cpu, i, raised, X87_CODES, order_codes(order));
}

static enum fx_order order_of(struct cpu *cpu, unsigned n, bool quiet, unsigned *raised)
{
    struct x87 *f = &cpu->x87;
    struct fx_ctx c = X87_CONTEXT(cpu);
    enum fx_order order = FX_UNORDERED;
    if (x87_empty(f, 0) || x87_empty(f, n)) {
        c.raised = X87_STACK_EMPTY;
    } else {
        order = fx_compare(&c, x87_get(f, 0), x87_get(f, n), quiet);
    }
    *raised = c.raised;
    return order;
}

static void compare_registers(struct cpu *cpu, const struct insn *i, unsigned n, bool quiet,
                              unsigned pops)
{
    unsigned raised;
    enum fx_order order = order_of(cpu, n, quiet, &raised);
    compared(cpu, i, order, raised, pops);
}

static void compare_memory(struct cpu *cpu, const struct insn *i, struct fx_ctx *c,
                           struct fx80 b, unsigned pops)
{
    struct x87 *f = &cpu->x87;
    enum fx_order order = FX_UNORDERED;
    if (x87_empty(f, 0)) {
        c->raised = X87_STACK_EMPTY;
    } else {
        order = fx_compare(c, x87_get(f, 0), b, false);
    }
    compared(cpu, i, order, c->raised, pops);
}

#define COMPARE_MEMORY(NAME, FORM, POPS)                                                       \
    WITH_OPERAND(NAME, FORM, compare_memory(cpu, i, &c, b, POPS))
COMPARE_MEMORY(FCOM, m32, 0)
COMPARE_MEMORY(FCOM, m64, 0)
COMPARE_MEMORY(FCOM, i16, 0)
COMPARE_MEMORY(FCOM, i32, 0)
COMPARE_MEMORY(FCOMP, m32, 1)
COMPARE_MEMORY(FCOMP, m64, 1)
COMPARE_MEMORY(FCOMP, i16, 1)
COMPARE_MEMORY(FCOMP, i32, 1)

#define COMPARE(NAME, N, QUIET, POPS)                                                          \
    EXEC(NAME)                                                                                 \
    {                                                                                          \
        compare_registers(cpu, i, N, QUIET, POPS);                                             \
        NEXT();                                                                                \
    }
COMPARE(FCOM_STi, i->b, false, 0)
COMPARE(FCOMP_STi, i->b, false, 1)
COMPARE(FCOMPP, 1, false, 2)
COMPARE(FUCOM, i->b, true, 0)
COMPARE(FUCOMP, i->b, true, 1)
COMPARE(FUCOMPP, 1, true, 2)

/* FCOMI and its kin say it in EFLAGS. */
static void compare_flags(struct cpu *cpu, const struct insn *i, bool quiet, bool pop)
{
    unsigned raised;
    enum fx_order order = order_of(cpu, i->b, quiet, &raised);
    static const uint32_t flags[] = {FL_CF, FL_ZF, 0, FL_ZF | FL_PF | FL_CF};
    flags_set(&cpu->flags, flags[order - FX_LESS]);
    if (pop && !x87_forbids(cpu, raised)) {
        x87_pop(&cpu->x87);
    }
    x87_done_quiet(cpu, i, raised);
}

#define COMPARE_FLAGS(NAME, QUIET, POP)                                                        \
    EXEC(NAME)                                                                                 \
    {                                                                                          \
        compare_flags(cpu, i, QUIET, POP);                                                     \
        NEXT();                                                                                \
    }
COMPARE_FLAGS(FCOMI, false, false)
COMPARE_FLAGS(FCOMIP, false, true)
COMPARE_FLAGS(FUCOMI, true, false)
COMPARE_FLAGS(FUCOMIP, true, true)

static void compare_zero(struct cpu *cpu, const struct insn *i)
{
    struct x87 *f = &cpu->x87;
    struct fx_ctx c = X87_CONTEXT(cpu);
    enum fx_order order = FX_UNORDERED;
    if (x87_empty(f, 0)) {
        c.raised = X87_STACK_EMPTY;
    } else {
        order = fx_compare(&c, x87_get(f, 0), (struct fx80){0, 0}, false);
    }
    compared(cpu, i, order, c.raised, 0);
}

EXEC(FTST)
{
    compare_zero(cpu, i);
    NEXT();
}

/* SDM 2A FXAM: class in C3, C2, C0; sign in C1, of an empty register, too. */
EXEC(FXAM)
{
    static const uint16_t codes[] = {
        [FX_ZERO] = X87_C3,   [FX_DENORMAL] = X87_C3 | X87_C2,
        [FX_NORMAL] = X87_C2, [FX_INFINITY] = X87_C2 | X87_C0,
        [FX_QNAN] = X87_C0,   [FX_SNAN] = X87_C0,
        [FX_UNSUPPORTED] = 0,
    };
    struct x87 *f = &cpu->x87;
    struct fx80 v = x87_get(f, 0);
    unsigned code = x87_empty(f, 0) ? X87_C3 | X87_C0 : codes[fx_classify(v)];
    x87_done_codes(cpu, i, 0, X87_CODES, code | (fx_negative(v) ? X87_C1 : 0u));
    NEXT();
}
