/* cpu/flags.h -- arithmetic flags without computing them.
 *
 * An operation leaves its result and the vector of carries out of each bit; a flag is derived
 * when something asks for it.
 *
 *   res    the result, sign-extended from its operand size to 64 bits:
 *          ZF = bits 31..0 are zero, SF = bit 63, PF = even parity of (byte 0 xor byte 4).
 *          A sign-extended value has byte 4 = 00h or FFh, both of even parity, so byte 4
 * changes nothing; flags_set() uses bit 63 and byte 4 to express combinations that no result
 *          has, such as ZF with SF.
 *   carry  carries into each bit, moved so that the operand's top bit is bit 31:
 *          CF = bit 32, OF = bit 32 xor bit 31, AF = bit 4 (not moved). Other bits mean
 * nothing.
 */
#ifndef TERRAPIN_CPU_FLAGS_H
#define TERRAPIN_CPU_FLAGS_H

#include "cpu/regs.h"

enum eflags {
    FL_CF = 1 << 0,
    FL_ONE = 1 << 1,
    FL_PF = 1 << 2,
    FL_AF = 1 << 4,
    FL_ZF = 1 << 6,
    FL_SF = 1 << 7,
    FL_TF = 1 << 8,
    FL_IF = 1 << 9,
    FL_DF = 1 << 10,
    FL_OF = 1 << 11,
    FL_IOPL = 3 << 12,
    FL_NT = 1 << 14,
    FL_RF = 1 << 16,
    FL_VM = 1 << 17,
    FL_AC = 1 << 18,
    FL_VIF = 1 << 19,
    FL_VIP = 1 << 20,
    FL_ID = 1 << 21,
    FL_ARITH = FL_CF | FL_PF | FL_AF | FL_ZF | FL_SF | FL_OF,
};

static inline bool flag_c(const struct lazy_flags *f)
{
    return f->carry >> 32 & 1;
}

static inline bool flag_z(const struct lazy_flags *f)
{
    return (uint32_t)f->res == 0;
}

static inline bool flag_s(const struct lazy_flags *f)
{
    return f->res >> 63;
}

static inline bool flag_o(const struct lazy_flags *f)
{
    return (f->carry >> 32 ^ f->carry >> 31) & 1;
}

static inline bool flag_a(const struct lazy_flags *f)
{
    return f->carry >> 4 & 1;
}

static inline bool flag_p(const struct lazy_flags *f)
{
    unsigned x = (unsigned)(f->res ^ f->res >> 32) & 0xFF;
    x ^= x >> 4;
    return !(0x6996u >> (x & 15) & 1); /* 6996h: odd parity of each nibble */
}

/* The six flags at their EFLAGS positions. */
static inline uint32_t flags_get(const struct lazy_flags *f)
{
    return (flag_c(f) ? FL_CF : 0) | (flag_p(f) ? FL_PF : 0) | (flag_a(f) ? FL_AF : 0) |
           (flag_z(f) ? FL_ZF : 0) | (flag_s(f) ? FL_SF : 0) | (flag_o(f) ? FL_OF : 0);
}

/* The carry vector that says so. */
static inline uint64_t flags_carry(bool c, bool o, bool a)
{
    return (uint64_t)c << 32 | (uint64_t)(c != o) << 31 | (uint64_t)a << 4;
}

static inline void flags_set(struct lazy_flags *f, uint32_t eflags)
{
    f->carry = flags_carry(eflags & FL_CF, eflags & FL_OF, eflags & FL_AF);
    /* Low word 0 or 3: both of even parity; an odd byte 4 then clears PF. */
    f->res = (eflags & FL_SF ? 1ull << 63 : 0) | (eflags & FL_PF ? 0 : 1ull << 32) |
             (eflags & FL_ZF ? 0 : 3);
}

/* CF and OF (rotates). */
static inline void flags_set_co(struct lazy_flags *f, bool c, bool o)
{
    f->carry = flags_carry(c, o, flag_a(f));
}

/* CF alone (STC, BT …). */
static inline void flags_set_c(struct lazy_flags *f, bool c)
{
    flags_set_co(f, c, flag_o(f));
}

#endif
