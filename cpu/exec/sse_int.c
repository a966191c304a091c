/* cpu/exec/sse_int.c -- packed integers and logic in XMM registers (SDM 1 5.5.1.3, 5.6.1.3,
 * 5.6.3): what MMX does, on two halves.
 */
#include "cpu/lanes.h"
#include "cpu/simd.h"

/* Register := OP(register, register or memory), both struct xmm. */
#define XMM(NAME, OP)                                                                          \
    EXEC(NAME##_VW_r)                                                                          \
    {                                                                                          \
        cpu->xmm[i->a] = OP(cpu->xmm[i->a], cpu->xmm[i->b]);                                   \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(NAME##_VW_m)                                                                          \
    {                                                                                          \
        struct xmm source = xmm_load(cpu, i);                                                  \
        cpu->xmm[i->a] = OP(cpu->xmm[i->a], source);                                           \
        NEXT();                                                                                \
    }

#define HALVES(NAME)                                                                           \
    static inline struct xmm both_##NAME(struct xmm a, struct xmm b) {                         \
        return (struct xmm){lanes_##NAME(a.lo, b.lo), lanes_##NAME(a.hi, b.hi)};               \
    } XMM(NAME, both_##NAME)

// clang-format off
HALVES(PADDB) HALVES(PADDW) HALVES(PADDD) HALVES(PADDQ)
HALVES(PADDSB) HALVES(PADDSW) HALVES(PADDUSB) HALVES(PADDUSW)
HALVES(PSUBB) HALVES(PSUBW) HALVES(PSUBD) HALVES(PSUBQ)
HALVES(PSUBSB) HALVES(PSUBSW) HALVES(PSUBUSB) HALVES(PSUBUSW)
HALVES(PMULLW) HALVES(PMULHW) HALVES(PMULHUW) HALVES(PMULUDQ) HALVES(PMADDWD) HALVES(PSADBW)
HALVES(PMINUB) HALVES(PMAXUB) HALVES(PMINSW) HALVES(PMAXSW) HALVES(PAVGB) HALVES(PAVGW)
HALVES(PCMPEQB) HALVES(PCMPEQW) HALVES(PCMPEQD) HALVES(PCMPGTB) HALVES(PCMPGTW) HALVES(PCMPGTD)
HALVES(PAND) HALVES(PANDN) HALVES(POR) HALVES(PXOR)
// clang-format on

/* The first operand's lanes become the lower half. */
#define PACK(NAME)                                                                             \
    static inline struct xmm packed_##NAME(struct xmm a, struct xmm b) {                       \
        return (struct xmm){lanes_##NAME(a.lo, a.hi), lanes_##NAME(b.lo, b.hi)};               \
    } XMM(NAME, packed_##NAME)
                                PACK(PACKSSWB) PACK(PACKSSDW) PACK(PACKUSWB)

#define UNPACK(NAME, HALF, LANES)                                                              \
    static inline struct xmm alternating_##NAME(struct xmm a, struct xmm b) {                  \
        return (struct xmm){LANES(a.HALF, b.HALF), LANES(a.HALF >> 32, b.HALF >> 32)};         \
    } XMM(NAME, alternating_##NAME)
                                    UNPACK(PUNPCKLBW, lo, lanes_unpack8)
                                        UNPACK(PUNPCKLWD, lo, lanes_unpack16)
                                            UNPACK(PUNPCKLDQ, lo, lanes_unpack32)
                                                UNPACK(PUNPCKHBW, hi, lanes_unpack8)
                                                    UNPACK(PUNPCKHWD, hi, lanes_unpack16)
                                                        UNPACK(PUNPCKHDQ, hi, lanes_unpack32)

                                                            static inline struct xmm
    lower_halves(struct xmm a, struct xmm b)
{
    return (struct xmm){a.lo, b.lo};
}

static inline struct xmm upper_halves(struct xmm a, struct xmm b)
{
    return (struct xmm){a.hi, b.hi};
}

XMM(PUNPCKLQDQ, lower_halves)
XMM(PUNPCKHQDQ, upper_halves)

/* The count is the source's lower half, or the immediate. */
#define SHIFT(NAME)                                                                            \
    static inline struct xmm shifted_##NAME(struct xmm a, struct xmm n) {                      \
        return (struct xmm){lanes_##NAME(a.lo, n.lo), lanes_##NAME(a.hi, n.lo)};               \
    } XMM(NAME, shifted_##NAME) EXEC(NAME##_UIb)                                               \
    {                                                                                          \
        cpu->xmm[i->b] = shifted_##NAME(cpu->xmm[i->b], (struct xmm){i->imm, 0});              \
        NEXT();                                                                                \
    }
SHIFT(PSRLW)
SHIFT(PSRLD)
SHIFT(PSRLQ)
SHIFT(PSLLW)
SHIFT(PSLLD)
SHIFT(PSLLQ)
SHIFT(PSRAW)
SHIFT(PSRAD)

/* By bytes; of 16 or more, nothing is left. */
static inline struct xmm right_bytes(struct xmm a, unsigned n)
{
    unsigned bits = 8 * (n & 7);
    uint64_t carried = bits ? a.hi << (64 - bits) : 0;
    return n >= 16  ? (struct xmm){0, 0}
           : n >= 8 ? (struct xmm){a.hi >> bits, 0}
                    : (struct xmm){a.lo >> bits | carried, a.hi >> bits};
}

static inline struct xmm left_bytes(struct xmm a, unsigned n)
{
    unsigned bits = 8 * (n & 7);
    uint64_t carried = bits ? a.lo >> (64 - bits) : 0;
    return n >= 16  ? (struct xmm){0, 0}
           : n >= 8 ? (struct xmm){0, a.lo << bits}
                    : (struct xmm){a.lo << bits, a.hi << bits | carried};
}

EXEC(PSRLDQ)
{
    cpu->xmm[i->b] = right_bytes(cpu->xmm[i->b], i->imm);
    NEXT();
}

EXEC(PSLLDQ)
{
    cpu->xmm[i->b] = left_bytes(cpu->xmm[i->b], i->imm);
    NEXT();
}
