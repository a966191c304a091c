/* cpu/exec/sse_move.c -- moves and shuffles of XMM registers (SDM 1 5.5.1.1, 5.5.1.4, 5.6.1.1,
 * 5.6.1.4, 5.7). A non-temporal store is a store.
 */
#include "cpu/lanes.h"
#include "cpu/simd.h"

/* ---- memory, slowly. MOVUPS and its like are no alignment check's business (#AC): processors
 * have it so, where SDM 2B leaves them the choice. */

static void check_aligned(struct cpu *cpu, const struct insn *i, eaddr ea, bool aligned)
{
    if (aligned && ((cpu->seg[i->seg].base + ea) & 15)) {
        trap_raise(cpu, i, EXC_GP, 0);
    }
}

struct xmm xmm_load_slow(struct cpu *cpu, const struct insn *i, eaddr ea, bool aligned)
{
    uint8_t bytes[16];
    check_aligned(cpu, i, ea, aligned);
    lmem_read_bytes(cpu, i, ea, bytes, sizeof bytes, aligned ? 16 : 1);
    return (struct xmm){load_le64(bytes), load_le64(bytes + 8)};
}

void xmm_store_slow(struct cpu *cpu, const struct insn *i, eaddr ea, struct xmm v, bool aligned)
{
    uint8_t bytes[16];
    check_aligned(cpu, i, ea, aligned);
    store_le64(bytes, v.lo);
    store_le64(bytes + 8, v.hi);
    lmem_write_bytes(cpu, i, ea, bytes, sizeof bytes, aligned ? 16 : 1);
}

/* ---- whole registers */

#define MOVE(NAME, ALIGNED)                                                                    \
    EXEC(NAME##_VW_r)                                                                          \
    {                                                                                          \
        cpu->xmm[i->a] = cpu->xmm[i->b];                                                       \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(NAME##_VW_m)                                                                          \
    {                                                                                          \
        cpu->xmm[i->a] = xmm_load_as(cpu, i, ALIGNED);                                         \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(NAME##_WV_r)                                                                          \
    {                                                                                          \
        cpu->xmm[i->b] = cpu->xmm[i->a];                                                       \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(NAME##_WV_m)                                                                          \
    {                                                                                          \
        xmm_store_as(cpu, i, cpu->xmm[i->a], ALIGNED);                                         \
        NEXT();                                                                                \
    }
MOVE(MOVA, true)
MOVE(MOVU, false)

EXEC(LDDQU)
{
    cpu->xmm[i->a] = xmm_load_as(cpu, i, false);
    NEXT();
}

EXEC(MOVNT)
{
    xmm_store_as(cpu, i, cpu->xmm[i->a], true);
    NEXT();
}

/* ---- parts: a load from memory clears the rest, one from a register leaves it */

#define STATEMENT(NAME, ...)                                                                   \
    EXEC(NAME)                                                                                 \
    {                                                                                          \
        __VA_ARGS__;                                                                           \
        NEXT();                                                                                \
    }
#define STORE32(v) lmem_w32(cpu, i, i->seg, insn_ea(cpu, i), (uint32_t)(v))
#define STORE64(v) lmem_w64(cpu, i, insn_ea(cpu, i), v)

// clang-format off
STATEMENT(MOVSS_VW_r, xmm_set32(cpu, i->a, (uint32_t)cpu->xmm[i->b].lo))
STATEMENT(MOVSS_VW_m, cpu->xmm[i->a] = (struct xmm){xmm_load32(cpu, i), 0})
STATEMENT(MOVSS_WV_r, xmm_set32(cpu, i->b, (uint32_t)cpu->xmm[i->a].lo))
STATEMENT(MOVSS_WV_m, STORE32(cpu->xmm[i->a].lo))
STATEMENT(MOVSD_VW_r, cpu->xmm[i->a].lo = cpu->xmm[i->b].lo)
STATEMENT(MOVSD_VW_m, cpu->xmm[i->a] = (struct xmm){xmm_load64(cpu, i), 0})
STATEMENT(MOVSD_WV_r, cpu->xmm[i->b].lo = cpu->xmm[i->a].lo)
STATEMENT(MOVSD_WV_m, STORE64(cpu->xmm[i->a].lo))
STATEMENT(MOVL_VM,    cpu->xmm[i->a].lo = xmm_load64(cpu, i))
STATEMENT(MOVL_MV,    STORE64(cpu->xmm[i->a].lo))
STATEMENT(MOVH_VM,    cpu->xmm[i->a].hi = xmm_load64(cpu, i))
STATEMENT(MOVH_MV,    STORE64(cpu->xmm[i->a].hi))
STATEMENT(MOVHLPS,    cpu->xmm[i->a].lo = cpu->xmm[i->b].hi)
STATEMENT(MOVLHPS,    cpu->xmm[i->a].hi = cpu->xmm[i->b].lo)
STATEMENT(MOVD_VE_r,  cpu->xmm[i->a] = (struct xmm){(uint32_t)cpu->r[i->b], 0})
STATEMENT(MOVD_VE_m,  cpu->xmm[i->a] = (struct xmm){xmm_load32(cpu, i), 0})
STATEMENT(MOVD_EV_r,  cpu->r[i->b] = (uint32_t)cpu->xmm[i->a].lo)
STATEMENT(MOVD_EV_m,  STORE32(cpu->xmm[i->a].lo))
STATEMENT(MOVQ_VW_r,  cpu->xmm[i->a] = (struct xmm){cpu->xmm[i->b].lo, 0})
STATEMENT(MOVQ_VW_m,  cpu->xmm[i->a] = (struct xmm){xmm_load64(cpu, i), 0})
STATEMENT(MOVQ_WV_r,  cpu->xmm[i->b] = (struct xmm){cpu->xmm[i->a].lo, 0})
STATEMENT(MOVQ_WV_m,  STORE64(cpu->xmm[i->a].lo))
STATEMENT(MOVQ2DQ,    cpu->xmm[i->a] = (struct xmm){mmx(cpu, i->b), 0}; mmx_enter(cpu))
STATEMENT(MOVDQ2Q,    mmx_set(cpu, i->a, cpu->xmm[i->b].lo))
// clang-format on

/* ---- masks */

static inline uint32_t signs32(struct xmm v)
{
    return (uint32_t)((v.lo >> 31 & 1) | (v.lo >> 63) << 1 | (v.hi >> 31 & 1) << 2 |
                      (v.hi >> 63) << 3);
}

static inline uint32_t signs8(struct xmm v)
{
    return lanes_signs(v.lo) | lanes_signs(v.hi) << 8;
}

STATEMENT(MOVMSKPS, cpu->r[i->a] = signs32(cpu->xmm[i->b]))
STATEMENT(MOVMSKPD,
          cpu->r[i->a] = (uint32_t)(cpu->xmm[i->b].lo >> 63 | cpu->xmm[i->b].hi >> 63 << 1))
STATEMENT(PMOVMSKB_GU, cpu->r[i->a] = signs8(cpu->xmm[i->b]))

/* Bytes whose mask has its top bit set. All sixteen must be writable. */
static void store_masked(struct cpu *cpu, const struct insn *i)
{
    eaddr ea = insn_ea(cpu, i);
    struct xmm v = cpu->xmm[i->a];
    uint32_t mask = signs8(cpu->xmm[i->b]);
    lmem_probe(cpu, i, i->seg, ea, 16, ACCESS_WRITE);
    for (unsigned k = 0; k < 16; k++) {
        if (mask >> k & 1) {
            lmem_w8(cpu, i, i->seg, ea + k, (uint8_t)((k < 8 ? v.lo : v.hi) >> (8 * k & 63)));
        }
    }
}

STATEMENT(MASKMOVDQU, store_masked(cpu, i))

/* ---- shuffles */

/* OP: of destination a, source b and the immediate, a new destination. */
#define SHUFFLE(NAME, OP)                                                                      \
    EXEC(NAME##_r)                                                                             \
    {                                                                                          \
        cpu->xmm[i->a] = OP(cpu->xmm[i->a], cpu->xmm[i->b], i->imm);                           \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(NAME##_m)                                                                             \
    {                                                                                          \
        struct xmm source = xmm_load(cpu, i);                                                  \
        cpu->xmm[i->a] = OP(cpu->xmm[i->a], source, i->imm);                                   \
        NEXT();                                                                                \
    }

static inline uint64_t lane32(struct xmm v, unsigned n)
{
    return (uint32_t)((n & 2 ? v.hi : v.lo) >> 32 * (n & 1));
}

static inline struct xmm shufps(struct xmm a, struct xmm b, unsigned order)
{
    return (struct xmm){lane32(a, order & 3) | lane32(a, order >> 2 & 3) << 32,
                        lane32(b, order >> 4 & 3) | lane32(b, order >> 6 & 3) << 32};
}

static inline struct xmm pshufd(struct xmm a, struct xmm b, unsigned order)
{
    (void)a;
    return shufps(b, b, order);
}

static inline struct xmm shufpd(struct xmm a, struct xmm b, unsigned order)
{
    return (struct xmm){order & 1 ? a.hi : a.lo, order & 2 ? b.hi : b.lo};
}

static inline struct xmm pshufhw(struct xmm a, struct xmm b, unsigned order)
{
    (void)a;
    return (struct xmm){b.lo, lanes_shuffle16(b.hi, order)};
}

static inline struct xmm pshuflw(struct xmm a, struct xmm b, unsigned order)
{
    (void)a;
    return (struct xmm){lanes_shuffle16(b.lo, order), b.hi};
}

static inline struct xmm movsldup(struct xmm a, struct xmm b, unsigned none)
{
    (void)none;
    return pshufd(a, b, 0xA0);
}

static inline struct xmm movshdup(struct xmm a, struct xmm b, unsigned none)
{
    (void)none;
    return pshufd(a, b, 0xF5);
}

SHUFFLE(SHUFPS, shufps)
SHUFFLE(SHUFPD, shufpd)
SHUFFLE(PSHUFD, pshufd)
SHUFFLE(PSHUFHW, pshufhw)
SHUFFLE(PSHUFLW, pshuflw)
SHUFFLE(MOVSLDUP, movsldup)
SHUFFLE(MOVSHDUP, movshdup)

STATEMENT(MOVDDUP_r, cpu->xmm[i->a] = (struct xmm){cpu->xmm[i->b].lo, cpu->xmm[i->b].lo})
STATEMENT(MOVDDUP_m, cpu->xmm[i->a].lo = cpu->xmm[i->a].hi = xmm_load64(cpu, i))

static inline void insert(struct cpu *cpu, const struct insn *i, uint32_t v)
{
    uint64_t *half = i->imm & 4 ? &cpu->xmm[i->a].hi : &cpu->xmm[i->a].lo;
    unsigned at = 16 * (i->imm & 3);
    *half = (*half & ~(UINT64_C(0xFFFF) << at)) | (uint64_t)(v & 0xFFFF) << at;
}

STATEMENT(PINSRW_VE_r, insert(cpu, i, cpu->r[i->b]))
STATEMENT(PINSRW_VE_m, insert(cpu, i, lmem_r16(cpu, i, i->seg, insn_ea(cpu, i))))
STATEMENT(PEXTRW_GU,
          cpu->r[i->a] = (uint16_t)((i->imm & 4 ? cpu->xmm[i->b].hi : cpu->xmm[i->b].lo) >>
                                    16 * (i->imm & 3)))
