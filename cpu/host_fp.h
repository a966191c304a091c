/* cpu/host_fp.h -- the host's floating-point units, for results that they give bit by bit as
 * the integers of fx80.c and sf.c do, and faster.
 *
 * Owner of: nothing. Used by fx80.c and sf.c alone, for operands that are normal numbers, and
 * believed only where the result is one, too, well inside the range: there is no exception
 * then but precision, and of that nothing is reported (fx_ctx.native, sf_ctx.native: the flag
 * is set already, and masked). Everything else is computed in integers. host_x87_agrees() and
 * host_sse_agrees() try whether this host, or what it is emulated by, computes like the
 * integers; where it does not, nobody asks it.
 *
 * The x87's C1 says whether a magnitude was rounded up. C has no word for that, nor for the
 * x87's precision control, hence the statements in assembly. Elsewhere the stand-ins below give
 * 0, which is no normal number and so is never believed.
 *
 * binary32 and binary64 are `float` and `double` where expressions have no excess precision;
 * the rounding mode is the one that C programs start with, to nearest.
 */
#ifndef TERRAPIN_CPU_HOST_FP_H
#define TERRAPIN_CPU_HOST_FP_H

#include <float.h>
#include <string.h>

#include "cpu/fx80.h"

bool host_x87_agrees(void);
bool host_sse_agrees(void);

/* ---- 80 bits */

enum { HOST_X87_FIELDS = 0xF00, HOST_X87_USUAL = 0x300, HOST_X87_MASKS = 0x3F };

#if defined(__x86_64__) && defined(__GNUC__)

/* a op b under the precision and rounding of `control`. *up: rounded up. The control word that
 * the host's compiler counts upon is 37Fh: 64 bits, to nearest. */
#define HOST_X87(OPERATION)                                                                    \
    "fldt %[b]\n\tfldt %[a]\n\t" OPERATION "\n\tfnstsw %[sw]\n\tfstpt %[r]\n\tfstp %%st\n\t"
#define HOST_X87_BINARY(NAME, OPERATION)                                                       \
    static inline struct fx80 host_x87_##NAME(unsigned control, struct fx80 a, struct fx80 b,  \
                                              bool *up) {                                      \
        struct fx80 r;                                                                         \
        uint16_t sw, now = (uint16_t)((control & HOST_X87_FIELDS) | HOST_X87_MASKS), before;   \
        if ((control & HOST_X87_FIELDS) == HOST_X87_USUAL) {                                   \
            __asm__ volatile(HOST_X87(OPERATION)                                               \
                             : [sw] "=a"(sw), [r] "=m"(r)                                      \
                             : [a] "m"(a), [b] "m"(b)                                          \
                             : "st", "st(1)");                                                 \
        } else {                                                                               \
            __asm__ volatile(                                                                  \
                "fnstcw %[before]\n\tfldcw %[now]\n\t" HOST_X87(OPERATION) "fldcw %[before]"   \
                : [sw] "=a"(sw), [r] "=m"(r), [before] "=m"(before)                            \
                : [a] "m"(a), [b] "m"(b), [now] "m"(now)                                       \
                : "st", "st(1)");                                                              \
        }                                                                                      \
        *up = sw & FX_C1;                                                                      \
        return (struct fx80){r.m, r.se};                                                       \
    }

#else

#define HOST_X87_BINARY(NAME, OPERATION)                                                       \
    static inline struct fx80 host_x87_##NAME(unsigned control, struct fx80 a, struct fx80 b,  \
                                              bool *up) {                                      \
        (void)control, (void)a, (void)b;                                                       \
        *up = false;                                                                           \
        return (struct fx80){0, 0};                                                            \
    }

#endif

HOST_X87_BINARY(add, "fadd %%st(1), %%st")
HOST_X87_BINARY(sub, "fsub %%st(1), %%st")
HOST_X87_BINARY(mul, "fmul %%st(1), %%st")
HOST_X87_BINARY(div, "fdiv %%st(1), %%st")
HOST_X87_BINARY(sqrt, "fsqrt") /* of a */
#undef HOST_X87_BINARY
#undef HOST_X87

/* ---- 32 and 64 bits */

#if FLT_RADIX == 2 && FLT_MANT_DIG == 24 && DBL_MANT_DIG == 53 && DBL_MAX_EXP == 1024 &&       \
    defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD == 0
enum { HOST_SSE = 1 };
#else
enum { HOST_SSE = 0 };
#endif

static inline double host_double(uint64_t bits)
{
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static inline uint64_t host_bits64(double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

static inline float host_float(uint32_t bits)
{
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static inline uint32_t host_bits32(float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

#endif
