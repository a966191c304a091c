/* cpu/host_fp.c -- does the host compute like the integers? (host_fp.h) */
#include "cpu/host_fp.h"

#include "cpu/fx80.h"
#include "cpu/sf.h"

enum { TRIALS = 64 };

/* Numbers of a known sequence (Knuth, TAOCP 2, 3.3.4: MMIX's generator). */
static uint64_t next(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed ^ *seed >> 32;
}

/* ---- 80 bits */

typedef struct fx80 fx_fn(struct fx_ctx *c, struct fx80 a, struct fx80 b);

static struct fx80 root(struct fx_ctx *c, struct fx80 a, struct fx80 b)
{
    (void)b;
    a.se &= 0x7FFF;
    return fx_sqrt(c, a);
}

/* A normal number near 1, with few bits or with all: halves and carries come up, too. */
static struct fx80 number(uint64_t *seed)
{
    uint64_t m = next(seed), kind = next(seed);
    m = kind & 1 ? m : m & ~(UINT64_MAX >> (kind >> 1 & 31));
    return (struct fx80){m | UINT64_C(1) << 63,
                         (uint16_t)((kind >> 8 & 0x8000) | (16383 - 32 + (kind >> 32 & 63)))};
}

static bool same_fx(fx_fn *op, uint16_t control, struct fx80 a, struct fx80 b)
{
    struct fx_ctx integer = {.control = control}, native = {.control = control, .native = true};
    struct fx80 x = op(&integer, a, b), y = op(&native, a, b);
    return x.m == y.m && x.se == y.se && !((integer.raised ^ native.raised) & ~FX_PE);
}

bool host_x87_agrees(void)
{
    static fx_fn *const op[] = {fx_add, fx_sub, fx_mul, fx_div, root};
    uint64_t seed = 1;
    for (unsigned n = 0; n < TRIALS; n++) {
        struct fx80 a = number(&seed), b = number(&seed);
        uint16_t control = (uint16_t)(0x7F | (n % 2 ? next(&seed) & 0xF00 : 0x300));
        for (unsigned k = 0; k < ARRAY_LEN(op); k++) {
            if (!same_fx(op[k], control, a, b)) {
                return false;
            }
        }
    }
    return true;
}

/* ---- 32 and 64 bits */

#define SAME(N, OP, ...)                                                                       \
    (sf##N##_##OP(&(struct sf_ctx){.mxcsr = 0x1FA0}, __VA_ARGS__) ==                           \
     sf##N##_##OP(&(struct sf_ctx){.mxcsr = 0x1FA0, .native = true}, __VA_ARGS__))
#define SAME_ALL(N, a, b)                                                                      \
    (SAME(N, add, a, b) && SAME(N, sub, a, b) && SAME(N, mul, a, b) && SAME(N, div, a, b))

bool host_sse_agrees(void)
{
    uint64_t seed = 1;
    for (unsigned n = 0; HOST_SSE && n < TRIALS; n++) {
        uint64_t a = next(&seed), b = next(&seed);
        b = n % 2 ? b : (b & UINT64_C(0x800FFFFFFFFFFFFF)) | (a & UINT64_C(0x7FF0000000000000));
        if (!SAME_ALL(64, a, b) || !SAME_ALL(32, (uint32_t)a, (uint32_t)b)) {
            return false;
        }
    }
    return HOST_SSE;
}
