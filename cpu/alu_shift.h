/* cpu/alu_shift.h -- shifts and rotates as pure functions (SDM 2B SAL/SAR/SHL/SHR,
 * RCL/RCR/ROL/ROR, SHLD, SHRD). count has been masked to 5 bits and is not 0.
 *
 * OF is defined for counts of 1 only; for others the silicon gives what the last one-bit step
 * would, and so do we. AF is undefined after shifts and cleared here. Counts beyond the
 * operand's size leave 0 (SAR: the sign) and, where the manual leaves CF undefined, 0.
 */
#ifndef TERRAPIN_CPU_ALU_SHIFT_H
#define TERRAPIN_CPU_ALU_SHIFT_H

#include "cpu/alu.h"

static inline void shift_carry(struct lazy_flags *f, bool c, bool o)
{
    f->carry = flags_carry(c, o, false);
}

/* CF and OF are bits 32 and 31 of the carry vector, OF exclusive-ored with CF; most shifts have
 * bits of the result that say just that. */
#define SHIFT_CO ((uint64_t)3 << 31)
static inline uint64_t shift_both(uint64_t c)
{
    return (c & 1) * SHIFT_CO; /* CF = c, OF = 0 */
}

static inline void rotate_carry(struct lazy_flags *f, uint64_t co)
{
    f->carry = (f->carry & 0x10) | co;
}

#define SHIFT_SIZE(N)                                                                          \
    static inline uint32_t alu_shl##N(struct lazy_flags *f, uint32_t v, unsigned count)        \
    {                                                                                          \
        uint64_t wide = (uint64_t)v << count;                                                  \
        f->res = sext##N((uint32_t)wide);                                                      \
        f->carry = wide << (32 - (N)) & SHIFT_CO; /* OF: CF and the top bit differ */          \
        return (uint##N##_t)wide;                                                              \
    }                                                                                          \
    static inline uint32_t alu_shr##N(struct lazy_flags *f, uint32_t v, unsigned count)        \
    {                                                                                          \
        uint32_t before = v >> (count - 1), r = before >> 1;                                   \
        f->res = sext##N(r);                                                                   \
        f->carry = shift_both(before) ^ (before << (32 - (N)) & 0x80000000u);                  \
        return r;                                                                              \
    }                                                                                          \
    static inline uint32_t alu_sar##N(struct lazy_flags *f, uint32_t v, unsigned count)        \
    {                                                                                          \
        int64_t before = (int64_t)sext##N(v) >> (count - 1), r = before >> 1;                  \
        f->res = sext##N((uint32_t)r);                                                         \
        f->carry = shift_both((uint64_t)before);                                               \
        return (uint##N##_t)r;                                                                 \
    }                                                                                          \
    static inline uint32_t alu_rol##N(struct lazy_flags *f, uint32_t v, unsigned count)        \
    {                                                                                          \
        unsigned n = count & ((N)-1);                                                          \
        uint32_t r = (uint##N##_t)(v << n | (uint32_t)((uint64_t)v >> ((N)-n)));               \
        rotate_carry(f, (uint64_t)(r & 1) << 32 | (r << (32 - (N)) & 0x80000000u));            \
        return r;                                                                              \
    }                                                                                          \
    static inline uint32_t alu_ror##N(struct lazy_flags *f, uint32_t v, unsigned count)        \
    {                                                                                          \
        unsigned n = count & ((N)-1);                                                          \
        uint32_t r = (uint##N##_t)(v >> n | (uint32_t)((uint64_t)v << ((N)-n)));               \
        rotate_carry(f, (uint64_t)r << (33 - (N)) & SHIFT_CO); /* OF: the top bits differ */   \
        return r;                                                                              \
    }                                                                                          \
    /* Through carry: a rotation of N + 1 bits. */                                             \
    static inline uint32_t alu_rcl##N(struct lazy_flags *f, uint32_t v, unsigned count)        \
    {                                                                                          \
        unsigned n = count % ((N) + 1);                                                        \
        uint64_t wide = (uint64_t)flag_c(f) << (N) | v;                                        \
        uint64_t r = n ? wide << n | wide >> ((N) + 1 - n) : wide;                             \
        bool c = r >> (N)&1, top = r >> ((N)-1) & 1;                                           \
        flags_set_co(f, c, c != top);                                                          \
        return (uint##N##_t)r;                                                                 \
    }                                                                                          \
    static inline uint32_t alu_rcr##N(struct lazy_flags *f, uint32_t v, unsigned count)        \
    {                                                                                          \
        unsigned n = count % ((N) + 1);                                                        \
        uint64_t wide = (uint64_t)flag_c(f) << (N) | v;                                        \
        uint64_t r = n ? wide >> n | wide << ((N) + 1 - n) : wide;                             \
        bool c = r >> (N)&1, top = r >> ((N)-1) & 1, below = r >> ((N)-2) & 1;                 \
        flags_set_co(f, c, top != below);                                                      \
        return (uint##N##_t)r;                                                                 \
    }

SHIFT_SIZE(8)
SHIFT_SIZE(16)
SHIFT_SIZE(32)
#undef SHIFT_SIZE

/* Double shifts. For 16 bits a count above 16 is undefined; P6 rotates the 32-bit pair on, so
 * that SHLD x, y continues with x's own bits. */
static inline uint32_t alu_shld16(struct lazy_flags *f, uint32_t v, uint32_t in, unsigned count)
{
    uint64_t wide = (uint64_t)v << 32 | in << 16 | v; /* v : in : v */
    uint32_t r = (uint32_t)(wide << count >> 32) & 0xFFFF;
    bool c = wide >> (48 - count) & 1, top = r >> 15;
    f->res = sext16(r);
    shift_carry(f, c, c != top);
    return r;
}

static inline uint32_t alu_shrd16(struct lazy_flags *f, uint32_t v, uint32_t in, unsigned count)
{
    uint64_t wide = (uint64_t)v << 32 | in << 16 | v;
    uint32_t r = (uint32_t)(wide >> count) & 0xFFFF;
    bool c = wide >> (count - 1) & 1, top = r >> 15, below = r >> 14 & 1;
    f->res = sext16(r);
    shift_carry(f, c, top != below);
    return r;
}

static inline uint32_t alu_shld32(struct lazy_flags *f, uint32_t v, uint32_t in, unsigned count)
{
    uint32_t r = v << count | in >> (32 - count);
    bool c = v >> (32 - count) & 1, top = r >> 31;
    f->res = sext32(r);
    shift_carry(f, c, c != top);
    return r;
}

static inline uint32_t alu_shrd32(struct lazy_flags *f, uint32_t v, uint32_t in, unsigned count)
{
    uint32_t r = v >> count | in << (32 - count);
    bool c = v >> (count - 1) & 1, top = r >> 31, below = r >> 30 & 1;
    f->res = sext32(r);
    shift_carry(f, c, top != below);
    return r;
}

#endif
