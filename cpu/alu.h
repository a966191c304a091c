/* cpu/alu.h -- the arithmetic: pure functions of operands and lazy flags, in three sizes.
 *
 * Operands come zero-extended. The carry into bit k of a sum or difference r of a and b is bit
 * k of a ^ b ^ r; computed in 64 bits, that includes the one out of the top.
 */
#ifndef TERRAPIN_CPU_ALU_H
#define TERRAPIN_CPU_ALU_H

#include "cpu/flags.h"

static inline uint64_t sext8(uint32_t v)
{
    return (uint64_t)(int64_t)(int8_t)v;
}

static inline uint64_t sext16(uint32_t v)
{
    return (uint64_t)(int64_t)(int16_t)v;
}

static inline uint64_t sext32(uint32_t v)
{
    return (uint64_t)(int64_t)(int32_t)v;
}

/* One set of functions per size N with top-bit shift SH: alu_add8(f, a, b) … */
#define ALU_SIZE(N, SH)                                                                        \
    static inline uint32_t alu_done##N(struct lazy_flags *f, uint64_t r, uint64_t ab)          \
    {                                                                                          \
        uint64_t carries = ab ^ r;                                                             \
        f->res = sext##N((uint32_t)r);                                                         \
        f->carry = (SH) ? carries << (SH) | (carries & 0x10) : carries;                        \
        return (uint##N##_t)r;                                                                 \
    }                                                                                          \
    static inline uint32_t alu_add##N(struct lazy_flags *f, uint32_t a, uint32_t b)            \
    {                                                                                          \
        return alu_done##N(f, (uint64_t)a + b, a ^ b);                                         \
    }                                                                                          \
    static inline uint32_t alu_adc##N(struct lazy_flags *f, uint32_t a, uint32_t b)            \
    {                                                                                          \
        return alu_done##N(f, (uint64_t)a + b + flag_c(f), a ^ b);                             \
    }                                                                                          \
    static inline uint32_t alu_sub##N(struct lazy_flags *f, uint32_t a, uint32_t b)            \
    {                                                                                          \
        return alu_done##N(f, (uint64_t)a - b, a ^ b);                                         \
    }                                                                                          \
    static inline uint32_t alu_sbb##N(struct lazy_flags *f, uint32_t a, uint32_t b)            \
    {                                                                                          \
        return alu_done##N(f, (uint64_t)a - b - flag_c(f), a ^ b);                             \
    }                                                                                          \
    static inline uint32_t alu_logic##N(struct lazy_flags *f, uint32_t r)                      \
    {                                                                                          \
        f->res = sext##N(r);                                                                   \
        f->carry = 0; /* CF = OF = 0; AF is undefined, silicon clears it */                    \
        return (uint##N##_t)r;                                                                 \
    }                                                                                          \
    static inline uint32_t alu_and##N(struct lazy_flags *f, uint32_t a, uint32_t b)            \
    {                                                                                          \
        return alu_logic##N(f, a & b);                                                         \
    }                                                                                          \
    static inline uint32_t alu_or##N(struct lazy_flags *f, uint32_t a, uint32_t b)             \
    {                                                                                          \
        return alu_logic##N(f, a | b);                                                         \
    }                                                                                          \
    static inline uint32_t alu_xor##N(struct lazy_flags *f, uint32_t a, uint32_t b)            \
    {                                                                                          \
        return alu_logic##N(f, a ^ b);                                                         \
    }                                                                                          \
    /* INC and DEC keep CF: OF is expressed against the old one. r is the result, edge the one \
     * that overflow leaves. */                                                                \
    static inline uint32_t alu_step##N(struct lazy_flags *f, uint32_t a, uint32_t r,           \
                                       uint32_t edge)                                          \
    {                                                                                          \
        uint64_t c = f->carry & 1ull << 32, o = (uint##N##_t)r == (edge);                      \
        f->res = sext##N(r);                                                                   \
        f->carry = (c | c >> 1) ^ o << 31 ^ ((a ^ r) & 0x10);                                  \
        return (uint##N##_t)r;                                                                 \
    }                                                                                          \
    static inline uint32_t alu_inc##N(struct lazy_flags *f, uint32_t a)                        \
    {                                                                                          \
        return alu_step##N(f, a, a + 1, 1u << ((N)-1));                                        \
    }                                                                                          \
    static inline uint32_t alu_dec##N(struct lazy_flags *f, uint32_t a)                        \
    {                                                                                          \
        return alu_step##N(f, a, a - 1, (1u << ((N)-1)) - 1);                                  \
    }                                                                                          \
    static inline uint32_t alu_neg##N(struct lazy_flags *f, uint32_t a)                        \
    {                                                                                          \
        return alu_sub##N(f, 0, a);                                                            \
    }

ALU_SIZE(8, 24)
ALU_SIZE(16, 16)
ALU_SIZE(32, 0)
#undef ALU_SIZE

/* Multiplication: CF = OF = the upper half is significant; SF ZF PF are undefined and follow
 * the lower half here, AF is cleared. */
static inline void alu_mul_flags(struct lazy_flags *f, uint64_t low_sext, bool significant)
{
    f->res = low_sext;
    f->carry = flags_carry(significant, significant, false);
}

static inline uint32_t alu_imul32(struct lazy_flags *f, uint32_t a, uint32_t b)
{
    int64_t r = (int64_t)(int32_t)a * (int32_t)b;
    alu_mul_flags(f, sext32((uint32_t)r), r != (int32_t)r);
    return (uint32_t)r;
}

#endif
