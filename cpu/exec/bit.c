/* cpu/exec/bit.c -- BT BTS BTR BTC, BSF BSR, BSWAP, SETcc (SDM 1 5.1.6, 5.1.1). */
#include "cpu/alu.h"
#include "cpu/engine.h"
#include "cpu/exec/cond.h"
#include "cpu/lmem.h"

/* What each does with the bit. */
#define BIT_BT(v, m)  (v)
#define BIT_BTS(v, m) ((v) | (m))
#define BIT_BTR(v, m) ((v) & ~(m))
#define BIT_BTC(v, m) ((v) ^ (m))

/* With a register bit offset and a memory operand, the offset is signed and reaches 2^31 bits
 * either way (SDM 2A 3.1.1.9): the operand moves by whole words or doublewords. */
static eaddr bit_ea(const struct cpu *cpu, const struct insn *i, int32_t words, unsigned size)
{
    return (insn_ea(cpu, i) + (uint32_t)words * size) & (UINT32_MAX >> i->wrap);
}

#define BIT_TEST(N, OP, NAME, OFFSET, EA)                                                      \
    EXEC(OP##_##NAME##_r##N)                                                                   \
    {                                                                                          \
        uint32_t m = 1u << (OFFSET & ((N)-1)), v = cpu->r[i->b];                               \
        flags_set_c(&cpu->flags, v &m);                                                        \
        BIT_SET##N(i->b, BIT_##OP(v, m));                                                      \
        NEXT();                                                                                \
    }

#define BIT_SET16(n, v) reg16_set(cpu, (n), (v))
#define BIT_SET32(n, v) (cpu->r[n] = (v))

#define BIT_MEM_READ(N, OP, NAME, OFFSET, EA)                                                  \
    EXEC(OP##_##NAME##_m##N)                                                                   \
    {                                                                                          \
        uint32_t m = 1u << (OFFSET & ((N)-1));                                                 \
        flags_set_c(&cpu->flags, lmem_r##N(cpu, i, i->seg, EA) & m);                           \
        NEXT();                                                                                \
    }

#define BIT_MEM_RMW(N, OP, NAME, OFFSET, EA)                                                   \
    EXEC(OP##_##NAME##_m##N)                                                                   \
    {                                                                                          \
        uint32_t m = 1u << (OFFSET & ((N)-1)), v;                                              \
        uint8_t *p = lmem_rmw##N(cpu, i, EA);                                                  \
        v = rmw_r##N(cpu, i, p);                                                               \
        rmw_w##N(cpu, i, p, BIT_##OP(v, m));                                                   \
        flags_set_c(&cpu->flags, v &m);                                                        \
        NEXT();                                                                                \
    }

#define EA_REG16 bit_ea(cpu, i, (int16_t)cpu->r[i->a] >> 4, 2)
#define EA_REG32 bit_ea(cpu, i, (int32_t)cpu->r[i->a] >> 5, 4)

#define BIT_OP(OP, MEM)                                                                        \
    BIT_TEST(16, OP, EvGv, cpu->r[i->a], EA_REG16)                                             \
    BIT_TEST(32, OP, EvGv, cpu->r[i->a], EA_REG32)                                             \
    BIT_TEST(16, OP, EvIb, i->imm, )                                                           \
    BIT_TEST(32, OP, EvIb, i->imm, )                                                           \
    MEM(16, OP, EvGv, cpu->r[i->a], EA_REG16)                                                  \
    MEM(32, OP, EvGv, cpu->r[i->a], EA_REG32)                                                  \
    MEM(16, OP, EvIb, i->imm, insn_ea(cpu, i))                                                 \
    MEM(32, OP, EvIb, i->imm, insn_ea(cpu, i))

// clang-format off
BIT_OP(BT, BIT_MEM_READ)
BIT_OP(BTS, BIT_MEM_RMW)
BIT_OP(BTR, BIT_MEM_RMW)
BIT_OP(BTC, BIT_MEM_RMW)
// clang-format on

/* A source of 0 sets ZF and leaves the destination alone, as Intel's silicon does. The other
 * flags are undefined; here they are those of a logical operation on the source. */
static bool bit_scan_forward(struct cpu *cpu, uint32_t v, uint32_t *n)
{
    alu_logic32(&cpu->flags, v);
    if (v == 0) {
        return false;
    }
    for (*n = 0; !(v & 1); v >>= 1) {
        ++*n;
    }
    return true;
}

static bool bit_scan_reverse(struct cpu *cpu, uint32_t v, uint32_t *n)
{
    alu_logic32(&cpu->flags, v);
    if (v == 0) {
        return false;
    }
    for (*n = 31; !(v >> 31); v <<= 1) {
        --*n;
    }
    return true;
}

static void scan16(struct cpu *cpu, const struct insn *i, uint32_t v,
                   bool (*scan)(struct cpu *, uint32_t, uint32_t *))
{
    uint32_t n;
    if (scan(cpu, v, &n)) {
        reg16_set(cpu, i->a, n);
    }
}

static void scan32(struct cpu *cpu, const struct insn *i, uint32_t v,
                   bool (*scan)(struct cpu *, uint32_t, uint32_t *))
{
    uint32_t n;
    if (scan(cpu, v, &n)) {
        cpu->r[i->a] = n;
    }
}

#define BIT_SCAN(OP, scan)                                                                     \
    EXEC(OP##_GvEv_r16)                                                                        \
    {                                                                                          \
        scan16(cpu, i, reg16(cpu, i->b), scan);                                                \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_GvEv_m16)                                                                        \
    {                                                                                          \
        scan16(cpu, i, lmem_r16(cpu, i, i->seg, insn_ea(cpu, i)), scan);                       \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_GvEv_r32)                                                                        \
    {                                                                                          \
        scan32(cpu, i, cpu->r[i->b], scan);                                                    \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(OP##_GvEv_m32)                                                                        \
    {                                                                                          \
        scan32(cpu, i, lmem_r32(cpu, i, i->seg, insn_ea(cpu, i)), scan);                       \
        NEXT();                                                                                \
    }

// clang-format off
BIT_SCAN(BSF, bit_scan_forward)
BIT_SCAN(BSR, bit_scan_reverse)
// clang-format on

/* With a 16-bit operand the result is undefined (SDM 2A BSWAP); P6 clears the register's half.
 */
EXEC(BSWAP_16)
{
    reg16_set(cpu, i->a, 0);
    NEXT();
}

EXEC(BSWAP_32)
{
    uint32_t v = cpu->r[i->a];
    cpu->r[i->a] = v >> 24 | (v >> 8 & 0xFF00) | (v << 8 & 0xFF0000) | v << 24;
    NEXT();
}

#define SETCC(CC)                                                                              \
    EXEC(SET##CC##_r)                                                                          \
    {                                                                                          \
        reg8_set(cpu, i->b, COND_##CC(&cpu->flags));                                           \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(SET##CC##_m)                                                                          \
    {                                                                                          \
        lmem_w8(cpu, i, i->seg, insn_ea(cpu, i), COND_##CC(&cpu->flags));                      \
        NEXT();                                                                                \
    }
FOR_EACH_COND(SETCC)
