/* cpu/exec/sse_convert.c -- conversions between the formats of SSE (SDM 1 5.5.1.5, 5.6.1.5):
 * PS, SS binary32; PD, SD binary64; PI, DQ, SI integers of 32 bits in MMX, XMM, general
 * registers.
 */
#include "cpu/sf.h"
#include "cpu/simd.h"

static inline uint64_t pair(uint32_t lo, uint32_t hi)
{
    return lo | (uint64_t)hi << 32;
}

#define LO(v) ((uint32_t)(v))
#define HI(v) ((uint32_t)((v) >> 32))

/* STORE: of r, what EXPR makes of source b in context c. AFTER: a register operand. */
#define CONVERT(NAME, SOURCE, REGISTER, LOAD, AFTER, RESULT, EXPR, STORE)                      \
    static void do_##NAME(struct cpu *cpu, const struct insn *i, SOURCE b)                     \
    {                                                                                          \
        struct sf_ctx context = {.mxcsr = cpu->mxcsr}, *c = &context;                          \
        RESULT r = EXPR;                                                                       \
        sse_done(cpu, i, context.raised);                                                      \
        STORE;                                                                                 \
    }                                                                                          \
    EXEC(NAME##_r)                                                                             \
    {                                                                                          \
        do_##NAME(cpu, i, REGISTER);                                                           \
        AFTER;                                                                                 \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(NAME##_m)                                                                             \
    {                                                                                          \
        SOURCE source = LOAD(cpu, i);                                                          \
        do_##NAME(cpu, i, source);                                                             \
        NEXT();                                                                                \
    }

#define FROM128  struct xmm, cpu->xmm[i->b], xmm_load, (void)0
#define FROM64   uint64_t, cpu->xmm[i->b].lo, xmm_load64, (void)0
#define FROM32   uint32_t, LO(cpu->xmm[i->b].lo), xmm_load32, (void)0
#define FROM_GPR uint32_t, (uint32_t)cpu->r[i->b], xmm_load32, (void)0
/* From memory there is no transition to MMX: SDM 2A CVTPI2PD; the same is true of CVTPI2PS. */
#define FROM_MMX         uint64_t, mmx(cpu, i->b), xmm_load64, mmx_enter(cpu)
#define TO128            cpu->xmm[i->a] = r
#define TO64             cpu->xmm[i->a].lo = r
#define TO32             xmm_set32(cpu, i->a, r)
#define TO_GPR           cpu->r[i->a] = r
#define TO_MMX           mmx_set(cpu, i->a, r)
#define MAKE(NAME, ...)  MAKE_(NAME, __VA_ARGS__)
#define MAKE_(NAME, ...) CONVERT(NAME, __VA_ARGS__)

static inline uint64_t two_i32_of_64(struct sf_ctx *c, struct xmm b, bool chop)
{
    uint32_t lo = sf64_to_i32(c, b.lo, chop);
    return pair(lo, sf64_to_i32(c, b.hi, chop));
}

static inline uint64_t two_i32_of_32(struct sf_ctx *c, uint64_t b, bool chop)
{
    uint32_t lo = sf32_to_i32(c, LO(b), chop);
    return pair(lo, sf32_to_i32(c, HI(b), chop));
}

static inline uint64_t two_32_of_i32(struct sf_ctx *c, uint64_t b)
{
    uint32_t lo = sf32_from_i32(c, LO(b));
    return pair(lo, sf32_from_i32(c, HI(b)));
}

static inline struct xmm two_64_of_i32(struct sf_ctx *c, uint64_t b)
{
    uint64_t lo = sf64_from_i32(c, LO(b));
    return (struct xmm){lo, sf64_from_i32(c, HI(b))};
}

static inline struct xmm two_64_of_32(struct sf_ctx *c, uint64_t b)
{
    uint64_t lo = sf32_to_64(c, LO(b));
    return (struct xmm){lo, sf32_to_64(c, HI(b))};
}

static inline struct xmm two_32_of_64(struct sf_ctx *c, struct xmm b)
{
    uint32_t lo = sf64_to_32(c, b.lo);
    return (struct xmm){pair(lo, sf64_to_32(c, b.hi)), 0};
}

static inline struct xmm four_i32(struct sf_ctx *c, struct xmm b, bool chop)
{
    uint64_t lo = two_i32_of_32(c, b.lo, chop);
    return (struct xmm){lo, two_i32_of_32(c, b.hi, chop)};
}

static inline struct xmm four_32(struct sf_ctx *c, struct xmm b)
{
    uint64_t lo = two_32_of_i32(c, b.lo);
    return (struct xmm){lo, two_32_of_i32(c, b.hi)};
}

static inline struct xmm low_half(uint64_t lo)
{
    return (struct xmm){lo, 0};
}

// clang-format off
MAKE(CVTSI2SS,  FROM_GPR, uint32_t,   sf32_from_i32(c, b),              TO32)
MAKE(CVTSI2SD,  FROM_GPR, uint64_t,   sf64_from_i32(c, b),              TO64)
MAKE(CVTSS2SI,  FROM32,   uint32_t,   sf32_to_i32(c, b, false),         TO_GPR)
MAKE(CVTTSS2SI, FROM32,   uint32_t,   sf32_to_i32(c, b, true),          TO_GPR)
MAKE(CVTSD2SI,  FROM64,   uint32_t,   sf64_to_i32(c, b, false),         TO_GPR)
MAKE(CVTTSD2SI, FROM64,   uint32_t,   sf64_to_i32(c, b, true),          TO_GPR)
MAKE(CVTSS2SD,  FROM32,   uint64_t,   sf32_to_64(c, b),                 TO64)
MAKE(CVTSD2SS,  FROM64,   uint32_t,   sf64_to_32(c, b),                 TO32)
MAKE(CVTPS2PD,  FROM64,   struct xmm, two_64_of_32(c, b),               TO128)
MAKE(CVTPD2PS,  FROM128,  struct xmm, two_32_of_64(c, b),               TO128)
MAKE(CVTDQ2PS,  FROM128,  struct xmm, four_32(c, b),                    TO128)
MAKE(CVTPS2DQ,  FROM128,  struct xmm, four_i32(c, b, false),            TO128)
MAKE(CVTTPS2DQ, FROM128,  struct xmm, four_i32(c, b, true),             TO128)
MAKE(CVTDQ2PD,  FROM64,   struct xmm, two_64_of_i32(c, b),              TO128)
MAKE(CVTPD2DQ,  FROM128,  struct xmm, low_half(two_i32_of_64(c, b, false)), TO128)
MAKE(CVTTPD2DQ, FROM128,  struct xmm, low_half(two_i32_of_64(c, b, true)),  TO128)
MAKE(CVTPI2PS,  FROM_MMX, uint64_t,   two_32_of_i32(c, b),              TO64)
MAKE(CVTPI2PD,  FROM_MMX, struct xmm, two_64_of_i32(c, b),              TO128)
MAKE(CVTPS2PI,  FROM64,   uint64_t,   two_i32_of_32(c, b, false),       TO_MMX)
MAKE(CVTTPS2PI, FROM64,   uint64_t,   two_i32_of_32(c, b, true),        TO_MMX)
MAKE(CVTPD2PI,  FROM128,  uint64_t,   two_i32_of_64(c, b, false),       TO_MMX)
MAKE(CVTTPD2PI, FROM128,  uint64_t,   two_i32_of_64(c, b, true),        TO_MMX)
// clang-format on
