/* cpu/alu.h -- the arithmetic: pure functions of operands and lazy flags, in three sizes.
 *
 * An operation of n bits works in 32-bit arithmetic and shifts its carry vector to the top.
 * Carries out of an addition: bit k of (a & b) | ((a | b) & ~r); borrows of a subtraction:
 * (~a & b) | ((~a | b) & r).
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

static inline uint32_t carries_add(uint32_t a, uint32_t b, uint32_t r)
{
    return (a & b) | ((a | b) & ~r);
}

static inline uint32_t carries_sub(uint32_t a, uint32_t b, uint32_t r)
{
    return (~a & b) | ((~a | b) & r);
}

/* One set of functions per size N with top-bit shift SH: alu_add8(f, a, b) … */
#define ALU_SIZE(N, SH)                                                                        \
    static inline uint32_t alu_done##N(struct lazy_flags *f, uint32_t r, uint32_t carries)     \
    {                                                                                          \
        f->res = sext##N(r);                                                                   \
        f->carry = (SH) ? carries << (SH) | (carries & 8) : carries;                           \
        return (uint##N##_t)r;                                                                 \
    }                                                                                          \
    static inline uint32_t alu_add##N(struct lazy_flags *f, uint32_t a, uint32_t b)            \
    {                                                                                          \
        uint32_t r = a + b;                                                                    \
        return alu_done##N(f, r, carries_add(a, b, r));                                        \
    }                                                                                          \
    static inline uint32_t alu_adc##N(struct lazy_flags *f, uint32_t a, uint32_t b)            \
    {                                                                                          \
        uint32_t r = a + b + flag_c(f);                                                        \
        return alu_done##N(f, r, carries_add(a, b, r));                                        \
    }                                                                                          \
    static inline uint32_t alu_sub##N(struct lazy_flags *f, uint32_t a, uint32_t b)            \
    {                                                                                          \
        uint32_t r = a - b;                                                                    \
        return alu_done##N(f, r, carries_sub(a, b, r));                                        \
    }                                                                                          \
    static inline uint32_t alu_sbb##N(struct lazy_flags *f, uint32_t a, uint32_t b)            \
    {                                                                                          \
        uint32_t r = a - b - flag_c(f);                                                        \
        return alu_done##N(f, r, carries_sub(a, b, r));                                        \
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
    /* INC and DEC keep CF: the new OF is expressed against the old CF. */                     \
    static inline uint32_t alu_keep_c##N(struct lazy_flags *f, uint32_t r, uint32_t carries)   \
    {                                                                                          \
        uint32_t c = f->carry & 1u << 31, v = (SH) ? carries << (SH) : carries;                \
        f->res = sext##N(r);                                                                   \
        f->carry = c | ((c >> 1 ^ v >> 1 ^ v) & 1u << 30) | (carries & 8);                     \
        return (uint##N##_t)r;                                                                 \
    }                                                                                          \
    static inline uint32_t alu_inc##N(struct lazy_flags *f, uint32_t a)                        \
    {                                                                                          \
        uint32_t r = a + 1;                                                                    \
        return alu_keep_c##N(f, r, carries_add(a, 1, r));                                      \
    }                                                                                          \
    static inline uint32_t alu_dec##N(struct lazy_flags *f, uint32_t a)                        \
    {                                                                                          \
        uint32_t r = a - 1;                                                                    \
        return alu_keep_c##N(f, r, carries_sub(a, 1, r));                                      \
    }                                                                                          \
    static inline uint32_t alu_neg##N(struct lazy_flags *f, uint32_t a)                        \
    {                                                                                          \
        return alu_sub##N(f, 0, a);                                                            \
    }

ALU_SIZE(8, 24)
ALU_SIZE(16, 16)
ALU_SIZE(32, 0)
#undef ALU_SIZE

#endif
