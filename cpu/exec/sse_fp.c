/* cpu/exec/sse_fp.c -- arithmetic and comparisons of SSE, SSE2 and SSE3 (SDM
 * 1 5.5.1.2, 5.6.1.2, 5.7; 11.5 exceptions). The numbers are cpu/sf.c's.
 *
 * A body reads memory, computes every lane, lets sse_done() see what was raised, and stores.
 * The context, whose address cpu/sf.c takes, lives in a function of its own: a tail call has no
 * room for it.
 */
#include "cpu/flags.h"
#include "cpu/sf.h"
#include "cpu/simd.h"

/* Of the flags that are not set yet, and of exceptions that are not masked. */
void sse_raise(struct cpu *cpu, const struct insn *i, uint32_t raised)
{
    if (sf_unmasked(cpu->mxcsr, raised & SF_BEFORE)) {
        cpu->mxcsr |= raised & SF_BEFORE; /* there are no results to speak of */
        sse_error(cpu, i);
    }
    cpu->mxcsr |= raised;
    if (sf_unmasked(cpu->mxcsr, raised)) {
        sse_error(cpu, i);
    }
}

static inline uint64_t pair(uint32_t lo, uint32_t hi)
{
    return lo | (uint64_t)hi << 32;
}

/* May the host compute? PE must be set already and masked, and rounding to nearest. */
static inline bool native(const struct cpu *cpu)
{
    const uint32_t masked = FX_PE << MXCSR_MASK_SHIFT, nearest = 3u << MXCSR_ROUND_SHIFT;
    return cpu->host_sse && (cpu->mxcsr & (FX_PE | masked | nearest)) == (FX_PE | masked);
}

#define LO(v) ((uint32_t)(v))
#define HI(v) ((uint32_t)((v) >> 32))
#define CONTEXT                                                                                \
    {                                                                                          \
        .mxcsr = cpu->mxcsr, .native = native(cpu)                                             \
    }

/* DO##NAME(cpu, i, source) does it all. */
#define OPERANDS(NAME, SOURCE, REGISTER, LOAD)                                                 \
    EXEC(NAME##_r)                                                                             \
    {                                                                                          \
        do_##NAME(cpu, i, REGISTER);                                                           \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(NAME##_m)                                                                             \
    {                                                                                          \
        SOURCE source = LOAD(cpu, i);                                                          \
        do_##NAME(cpu, i, source);                                                             \
        NEXT();                                                                                \
    }
#define OPERANDS128(NAME) OPERANDS(NAME, struct xmm, cpu->xmm[i->b], xmm_load)
#define OPERANDS64(NAME)  OPERANDS(NAME, uint64_t, cpu->xmm[i->b].lo, xmm_load64)
#define OPERANDS32(NAME)  OPERANDS(NAME, uint32_t, LO(cpu->xmm[i->b].lo), xmm_load32)

/* ---- sums, products, quotients, minima, maxima */

#define PACKED(NAME, F32, F64)                                                                 \
    static void do_##NAME##PS(struct cpu *cpu, const struct insn *i, struct xmm b)             \
    {                                                                                          \
        struct sf_ctx c = CONTEXT;                                                             \
        struct xmm *a = &cpu->xmm[i->a], r;                                                    \
        r.lo = pair(F32(&c, LO(a->lo), LO(b.lo)), F32(&c, HI(a->lo), HI(b.lo)));               \
        r.hi = pair(F32(&c, LO(a->hi), LO(b.hi)), F32(&c, HI(a->hi), HI(b.hi)));               \
        sse_done(cpu, i, c.raised);                                                            \
        *a = r;                                                                                \
    }                                                                                          \
    OPERANDS128(NAME##PS)                                                                      \
    static void do_##NAME##PD(struct cpu *cpu, const struct insn *i, struct xmm b)             \
    {                                                                                          \
        struct sf_ctx c = CONTEXT;                                                             \
        struct xmm *a = &cpu->xmm[i->a], r = {F64(&c, a->lo, b.lo), F64(&c, a->hi, b.hi)};     \
        sse_done(cpu, i, c.raised);                                                            \
        *a = r;                                                                                \
    }                                                                                          \
    OPERANDS128(NAME##PD)

#define SCALAR(NAME, F32, F64)                                                                 \
    static void do_##NAME##SS(struct cpu *cpu, const struct insn *i, uint32_t b)               \
    {                                                                                          \
        struct sf_ctx c = CONTEXT;                                                             \
        uint32_t r = F32(&c, LO(cpu->xmm[i->a].lo), b);                                        \
        sse_done(cpu, i, c.raised);                                                            \
        xmm_set32(cpu, i->a, r);                                                               \
    }                                                                                          \
    OPERANDS32(NAME##SS)                                                                       \
    static void do_##NAME##SD(struct cpu *cpu, const struct insn *i, uint64_t b)               \
    {                                                                                          \
        struct sf_ctx c = CONTEXT;                                                             \
        uint64_t r = F64(&c, cpu->xmm[i->a].lo, b);                                            \
        sse_done(cpu, i, c.raised);                                                            \
        cpu->xmm[i->a].lo = r;                                                                 \
    }                                                                                          \
    OPERANDS64(NAME##SD)

#define BOTH(NAME, F32, F64) PACKED(NAME, F32, F64) SCALAR(NAME, F32, F64)
#define ROOT32(c, a, b)      sf32_sqrt(c, ((void)(a), (b)))
#define ROOT64(c, a, b)      sf64_sqrt(c, ((void)(a), (b)))
BOTH(ADD, sf32_add, sf64_add)
BOTH(SUB, sf32_sub, sf64_sub)
BOTH(MUL, sf32_mul, sf64_mul)
BOTH(DIV, sf32_div, sf64_div)
BOTH(MIN, sf32_min, sf64_min)
BOTH(MAX, sf32_max, sf64_max)
BOTH(SQRT, ROOT32, ROOT64)

/* ---- SSE3: between neighbours */

static void do_ADDSUBPS(struct cpu *cpu, const struct insn *i, struct xmm b)
{
    struct sf_ctx c = CONTEXT;
    struct xmm *a = &cpu->xmm[i->a], r;
    r.lo = pair(sf32_sub(&c, LO(a->lo), LO(b.lo)), sf32_add(&c, HI(a->lo), HI(b.lo)));
    r.hi = pair(sf32_sub(&c, LO(a->hi), LO(b.hi)), sf32_add(&c, HI(a->hi), HI(b.hi)));
    sse_done(cpu, i, c.raised);
    *a = r;
}
OPERANDS128(ADDSUBPS)

static void do_ADDSUBPD(struct cpu *cpu, const struct insn *i, struct xmm b)
{
    struct sf_ctx c = CONTEXT;
    struct xmm *a = &cpu->xmm[i->a], r = {sf64_sub(&c, a->lo, b.lo), sf64_add(&c, a->hi, b.hi)};
    sse_done(cpu, i, c.raised);
    *a = r;
}
OPERANDS128(ADDSUBPD)

#define HORIZONTAL(NAME, F32, F64)                                                             \
    static void do_##NAME##PS(struct cpu *cpu, const struct insn *i, struct xmm b)             \
    {                                                                                          \
        struct sf_ctx c = CONTEXT;                                                             \
        struct xmm *a = &cpu->xmm[i->a], r;                                                    \
        r.lo = pair(F32(&c, LO(a->lo), HI(a->lo)), F32(&c, LO(a->hi), HI(a->hi)));             \
        r.hi = pair(F32(&c, LO(b.lo), HI(b.lo)), F32(&c, LO(b.hi), HI(b.hi)));                 \
        sse_done(cpu, i, c.raised);                                                            \
        *a = r;                                                                                \
    }                                                                                          \
    OPERANDS128(NAME##PS)                                                                      \
    static void do_##NAME##PD(struct cpu *cpu, const struct insn *i, struct xmm b)             \
    {                                                                                          \
        struct sf_ctx c = CONTEXT;                                                             \
        struct xmm *a = &cpu->xmm[i->a], r = {F64(&c, a->lo, a->hi), F64(&c, b.lo, b.hi)};     \
        sse_done(cpu, i, c.raised);                                                            \
        *a = r;                                                                                \
    }                                                                                          \
    OPERANDS128(NAME##PD)
HORIZONTAL(HADD, sf32_add, sf64_add)
HORIZONTAL(HSUB, sf32_sub, sf64_sub)

/* ---- approximations: no exceptions */

#define APPROXIMATE(NAME, F)                                                                   \
    static void do_##NAME##PS(struct cpu *cpu, const struct insn *i, struct xmm b)             \
    {                                                                                          \
        cpu->xmm[i->a] =                                                                       \
            (struct xmm){pair(F(LO(b.lo)), F(HI(b.lo))), pair(F(LO(b.hi)), F(HI(b.hi)))};      \
    }                                                                                          \
    OPERANDS128(NAME##PS)                                                                      \
    static void do_##NAME##SS(struct cpu *cpu, const struct insn *i, uint32_t b)               \
    {                                                                                          \
        xmm_set32(cpu, i->a, F(b));                                                            \
    }                                                                                          \
    OPERANDS32(NAME##SS)
APPROXIMATE(RCP, sf32_reciprocal)
APPROXIMATE(RSQRT, sf32_reciprocal_root)

/* ---- comparisons */

static uint32_t mask32(struct sf_ctx *c, uint32_t a, uint32_t b, unsigned p)
{
    return sf32_is(c, a, b, (enum sf_predicate)(p & 7)) ? UINT32_MAX : 0;
}

static uint64_t mask64(struct sf_ctx *c, uint64_t a, uint64_t b, unsigned p)
{
    return sf64_is(c, a, b, (enum sf_predicate)(p & 7)) ? UINT64_MAX : 0;
}

#define MASK32(c, a, b) mask32(c, a, b, i->imm)
#define MASK64(c, a, b) mask64(c, a, b, i->imm)
BOTH(CMP, MASK32, MASK64)

/* ZF PF CF: unordered 111, greater 000, less 001, equal 100. */
static void set_flags(struct cpu *cpu, const struct insn *i, enum fx_order order,
                      uint32_t raised)
{
    static const uint32_t flags[] = {FL_CF, FL_ZF, 0, FL_ZF | FL_PF | FL_CF};
    sse_done(cpu, i, raised);
    flags_set(&cpu->flags, flags[order - FX_LESS]);
}

#define COMPARE(NAME, QUIET)                                                                   \
    static void do_##NAME##S(struct cpu *cpu, const struct insn *i, uint32_t b)                \
    {                                                                                          \
        struct sf_ctx c = CONTEXT;                                                             \
        enum fx_order order = sf32_order(&c, LO(cpu->xmm[i->a].lo), b, QUIET);                 \
        set_flags(cpu, i, order, c.raised);                                                    \
    }                                                                                          \
    OPERANDS32(NAME##S)                                                                        \
    static void do_##NAME##D(struct cpu *cpu, const struct insn *i, uint64_t b)                \
    {                                                                                          \
        struct sf_ctx c = CONTEXT;                                                             \
        enum fx_order order = sf64_order(&c, cpu->xmm[i->a].lo, b, QUIET);                     \
        set_flags(cpu, i, order, c.raised);                                                    \
    }                                                                                          \
    OPERANDS64(NAME##D)
COMPARE(COMIS, false)
COMPARE(UCOMIS, true)
