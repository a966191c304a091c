/* cpu/lanes.h -- packed integers: the arithmetic of MMX, SSE and SSE2 on 64 bits of lanes,
 * lowest lane in the lowest bits. An XMM register is two of them.
 */
#ifndef TERRAPIN_CPU_LANES_H
#define TERRAPIN_CPU_LANES_H

#include "mem/types.h"

static inline int32_t lane_saturated(int32_t v, int32_t lo, int32_t hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

static inline int32_t lane_s8(uint8_t v)
{
    return (int8_t)v;
}

static inline int32_t lane_s16(uint16_t v)
{
    return (int16_t)v;
}

static inline int32_t lane_s32(uint32_t v)
{
    return (int32_t)v;
}

/* Lane by lane: x of a, y of b. */
#define LANES(NAME, BITS, EXPR)                                                                \
    static inline uint64_t lanes_##NAME(uint64_t a, uint64_t b)                                \
    {                                                                                          \
        uint64_t r = 0;                                                                        \
        for (unsigned at = 0; at < 64; at += (BITS)) {                                         \
            uint##BITS##_t x = (uint##BITS##_t)(a >> at), y = (uint##BITS##_t)(b >> at);       \
            r |= (uint64_t)(uint##BITS##_t)(EXPR) << at;                                       \
        }                                                                                      \
        return r;                                                                              \
    }

// clang-format off
LANES(PADDW,   16, x + y)
LANES(PADDD,   32, x + y)
LANES(PSUBW,   16, x - y)
LANES(PSUBD,   32, x - y)
LANES(PADDSB,  8,  lane_saturated(lane_s8(x) + lane_s8(y), -128, 127))
LANES(PADDSW,  16, lane_saturated(lane_s16(x) + lane_s16(y), -32768, 32767))
LANES(PADDUSB, 8,  lane_saturated(x + y, 0, 255))
LANES(PADDUSW, 16, lane_saturated(x + y, 0, 65535))
LANES(PSUBSB,  8,  lane_saturated(lane_s8(x) - lane_s8(y), -128, 127))
LANES(PSUBSW,  16, lane_saturated(lane_s16(x) - lane_s16(y), -32768, 32767))
LANES(PSUBUSB, 8,  lane_saturated(x - y, 0, 255))
LANES(PSUBUSW, 16, lane_saturated(x - y, 0, 65535))
LANES(PMINUB,  8,  x < y ? x : y)
LANES(PMAXUB,  8,  x > y ? x : y)
LANES(PMINSW,  16, lane_s16(x) < lane_s16(y) ? x : y)
LANES(PMAXSW,  16, lane_s16(x) > lane_s16(y) ? x : y)
LANES(PAVGB,   8,  (x + y + 1) >> 1)
LANES(PAVGW,   16, (x + y + 1) >> 1)
LANES(PMULLW,  16, (uint32_t)x * y)
LANES(PMULHW,  16, (uint32_t)(lane_s16(x) * lane_s16(y)) >> 16)
LANES(PMULHUW, 16, (uint32_t)x * y >> 16)
LANES(PCMPEQW, 16, x == y ? 0xFFFF : 0)
LANES(PCMPEQD, 32, x == y ? UINT32_MAX : 0)
LANES(PCMPGTB, 8,  lane_s8(x) > lane_s8(y) ? 0xFF : 0)
LANES(PCMPGTW, 16, lane_s16(x) > lane_s16(y) ? 0xFFFF : 0)
LANES(PCMPGTD, 32, lane_s32(x) > lane_s32(y) ? UINT32_MAX : 0)
// clang-format on
#undef LANES

/* Bytes by the carry's way: none leaves a lane because the top bits are added by themselves. */
#define LANES_TOP8 UINT64_C(0x8080808080808080)

static inline uint64_t lanes_PADDB(uint64_t a, uint64_t b)
{
    return ((a & ~LANES_TOP8) + (b & ~LANES_TOP8)) ^ ((a ^ b) & LANES_TOP8);
}

static inline uint64_t lanes_PSUBB(uint64_t a, uint64_t b)
{
    return ((a | LANES_TOP8) - (b & ~LANES_TOP8)) ^ ((a ^ ~b) & LANES_TOP8);
}

static inline uint64_t lanes_PCMPEQB(uint64_t a, uint64_t b)
{
    uint64_t d = a ^ b; /* top bit of each lane: d's lane is not 0 */
    uint64_t top = (((d & ~LANES_TOP8) + ~LANES_TOP8) | d) & LANES_TOP8;
    return ((top ^ LANES_TOP8) >> 7) * 0xFF;
}

static inline uint64_t lanes_PADDQ(uint64_t a, uint64_t b)
{
    return a + b;
}

static inline uint64_t lanes_PSUBQ(uint64_t a, uint64_t b)
{
    return a - b;
}

static inline uint64_t lanes_PAND(uint64_t a, uint64_t b)
{
    return a & b;
}

static inline uint64_t lanes_PANDN(uint64_t a, uint64_t b)
{
    return ~a & b;
}

static inline uint64_t lanes_POR(uint64_t a, uint64_t b)
{
    return a | b;
}

static inline uint64_t lanes_PXOR(uint64_t a, uint64_t b)
{
    return a ^ b;
}

static inline uint64_t lanes_PMULUDQ(uint64_t a, uint64_t b)
{
    return (a & UINT32_MAX) * (b & UINT32_MAX);
}

static inline uint64_t lanes_PMADDWD(uint64_t a, uint64_t b)
{
    uint64_t r = 0;
    for (unsigned at = 0; at < 64; at += 32) {
        int32_t lo = lane_s16((uint16_t)(a >> at)) * lane_s16((uint16_t)(b >> at));
        int32_t hi = lane_s16((uint16_t)(a >> at >> 16)) * lane_s16((uint16_t)(b >> at >> 16));
        r |= (uint64_t)((uint32_t)lo + (uint32_t)hi) << at;
    }
    return r;
}

static inline uint64_t lanes_PSADBW(uint64_t a, uint64_t b)
{
    unsigned sum = 0;
    for (unsigned at = 0; at < 64; at += 8) {
        uint8_t x = (uint8_t)(a >> at), y = (uint8_t)(b >> at);
        sum += x > y ? (unsigned)(x - y) : (unsigned)(y - x);
    }
    return sum;
}

/* Shifts of every lane by n; of as many bits as there are, or more: all are gone. */
#define LANES_SHIFT(NAME, BITS, LIMIT, EXPR)                                                   \
    static inline uint64_t lanes_##NAME(uint64_t a, uint64_t n)                                \
    {                                                                                          \
        uint64_t r = 0;                                                                        \
        LIMIT;                                                                                 \
        for (unsigned at = 0; at < 64; at += (BITS)) {                                         \
            uint##BITS##_t x = (uint##BITS##_t)(a >> at);                                      \
            r |= (uint64_t)(uint##BITS##_t)(EXPR) << at;                                       \
        }                                                                                      \
        return r;                                                                              \
    }
#define GONE(BITS)                                                                             \
    if (n >= (BITS))                                                                           \
    return 0
#define SIGN_STAYS(BITS) n = n >= (BITS) ? (BITS)-1 : n
// clang-format off
LANES_SHIFT(PSRLW, 16, GONE(16), x >> n)
LANES_SHIFT(PSRLD, 32, GONE(32), x >> n)
LANES_SHIFT(PSRLQ, 64, GONE(64), x >> n)
LANES_SHIFT(PSLLW, 16, GONE(16), (uint32_t)x << n)
LANES_SHIFT(PSLLD, 32, GONE(32), x << n)
LANES_SHIFT(PSLLQ, 64, GONE(64), x << n)
LANES_SHIFT(PSRAW, 16, SIGN_STAYS(16), lane_s16(x) < 0 ? ~(uint32_t)((uint16_t)~x >> n) : (uint32_t)x >> n)
LANES_SHIFT(PSRAD, 32, SIGN_STAYS(32), lane_s32(x) < 0 ? ~(~x >> n) : x >> n)
// clang-format on
#undef GONE
#undef SIGN_STAYS
#undef LANES_SHIFT

/* a's lanes saturated into the lower half, b's into the upper one. */
#define LANES_PACK(NAME, BITS, HALF, EXPR)                                                     \
    static inline uint64_t lanes_##NAME(uint64_t a, uint64_t b)                                \
    {                                                                                          \
        uint64_t r = 0;                                                                        \
        for (unsigned at = 0; at < 64; at += (BITS)) {                                         \
            uint##BITS##_t x = (uint##BITS##_t)(a >> at);                                      \
            r |= (uint64_t)(uint##HALF##_t)(EXPR) << at / 2;                                   \
            x = (uint##BITS##_t)(b >> at);                                                     \
            r |= (uint64_t)(uint##HALF##_t)(EXPR) << (32 + at / 2);                            \
        }                                                                                      \
        return r;                                                                              \
    }
LANES_PACK(PACKSSWB, 16, 8, lane_saturated(lane_s16(x), -128, 127))
LANES_PACK(PACKUSWB, 16, 8, lane_saturated(lane_s16(x), 0, 255))
LANES_PACK(PACKSSDW, 32, 16, lane_saturated(lane_s32(x), -32768, 32767))
#undef LANES_PACK

/* Lanes of the lower halves of a and b, alternating. */
#define LANES_UNPACK(NAME, BITS)                                                               \
    static inline uint64_t lanes_##NAME(uint64_t a, uint64_t b)                                \
    {                                                                                          \
        uint64_t r = 0;                                                                        \
        for (unsigned at = 0; at < 32; at += (BITS)) {                                         \
            r |= (uint64_t)(uint##BITS##_t)(a >> at) << 2 * at |                               \
                 (uint64_t)(uint##BITS##_t)(b >> at) << (2 * at + (BITS));                     \
        }                                                                                      \
        return r;                                                                              \
    }
LANES_UNPACK(unpack8, 8)
LANES_UNPACK(unpack16, 16)
LANES_UNPACK(unpack32, 32)
#undef LANES_UNPACK

/* The top bits of the eight bytes. */
static inline unsigned lanes_signs(uint64_t a)
{
    return (unsigned)((a & LANES_TOP8) / 0x80 * UINT64_C(0x0102040810204080) >> 56);
}

/* Four words, each chosen by two bits of order. */
static inline uint64_t lanes_shuffle16(uint64_t a, unsigned order)
{
    uint64_t r = 0;
    for (unsigned k = 0; k < 4; k++) {
        r |= (uint64_t)(uint16_t)(a >> 16 * (order >> 2 * k & 3)) << 16 * k;
    }
    return r;
}

#endif
