/* cpu/exec/string.c -- MOVS CMPS STOS LODS SCAS with and without REP (SDM 1 7.3.9).
 *
 * Every iteration of a repeated string instruction is one tick and a boundary: interrupts,
 * faults and the end of the time slice leave (E)CX, (E)SI and (E)DI as after a whole iteration,
 * EIP at the instruction. Between boundaries nothing is observable, so runs inside a page are
 * moved at once.
 */
#include <string.h>

#include "cpu/alu.h"
#include "cpu/engine.h"
#include "cpu/lmem.h"

static uint32_t addr_mask(const struct insn *i)
{
    return UINT32_MAX >> i->wrap;
}

static uint32_t index_get(const struct cpu *cpu, const struct insn *i, unsigned reg)
{
    return cpu->r[reg] & addr_mask(i);
}

static void index_set(struct cpu *cpu, const struct insn *i, unsigned reg, uint32_t v)
{
    uint32_t m = addr_mask(i);
    cpu->r[reg] = (cpu->r[reg] & ~m) | (v & m);
}

static void index_add(struct cpu *cpu, const struct insn *i, unsigned reg, unsigned n)
{
    index_set(cpu, i, reg, cpu->df ? cpu->r[reg] - n : cpu->r[reg] + n);
}

static uint32_t load(struct cpu *cpu, const struct insn *i, unsigned seg, eaddr ea,
                     unsigned size)
{
    return size == 1   ? lmem_r8(cpu, i, seg, ea)
           : size == 2 ? lmem_r16(cpu, i, seg, ea)
                       : lmem_r32(cpu, i, seg, ea);
}

static void store(struct cpu *cpu, const struct insn *i, eaddr ea, uint32_t v, unsigned size)
{
    if (size == 1) {
        lmem_w8(cpu, i, SEG_ES, ea, v);
    } else if (size == 2) {
        lmem_w16(cpu, i, SEG_ES, ea, v);
    } else {
        lmem_w32(cpu, i, SEG_ES, ea, v);
    }
}

static void compare(struct cpu *cpu, uint32_t x, uint32_t y, unsigned size)
{
    if (size == 1) {
        alu_sub8(&cpu->flags, x, y);
    } else if (size == 2) {
        alu_sub16(&cpu->flags, x, y);
    } else {
        alu_sub32(&cpu->flags, x, y);
    }
}

static void accumulator_set(struct cpu *cpu, uint32_t v, unsigned size)
{
    if (size == 1) {
        *reg8(cpu, reg8_pos(0)) = (uint8_t)v;
    } else if (size == 2) {
        reg16_set(cpu, EAX, v);
    } else {
        cpu->r[EAX] = v;
    }
}

static uint32_t accumulator(const struct cpu *cpu, unsigned size)
{
    return size == 4 ? cpu->r[EAX] : size == 2 ? cpu->r[EAX] & 0xFFFF : cpu->r[EAX] & 0xFF;
}

/* ---- one iteration */

static void movs(struct cpu *cpu, const struct insn *i, unsigned size)
{
    uint32_t v = load(cpu, i, i->seg, index_get(cpu, i, ESI), size);
    store(cpu, i, index_get(cpu, i, EDI), v, size);
    index_add(cpu, i, ESI, size);
    index_add(cpu, i, EDI, size);
}

static void stos(struct cpu *cpu, const struct insn *i, unsigned size)
{
    store(cpu, i, index_get(cpu, i, EDI), accumulator(cpu, size), size);
    index_add(cpu, i, EDI, size);
}

static void lods(struct cpu *cpu, const struct insn *i, unsigned size)
{
    accumulator_set(cpu, load(cpu, i, i->seg, index_get(cpu, i, ESI), size), size);
    index_add(cpu, i, ESI, size);
}

static void cmps(struct cpu *cpu, const struct insn *i, unsigned size)
{
    uint32_t x = load(cpu, i, i->seg, index_get(cpu, i, ESI), size);
    uint32_t y = load(cpu, i, SEG_ES, index_get(cpu, i, EDI), size);
    compare(cpu, x, y, size);
    index_add(cpu, i, ESI, size);
    index_add(cpu, i, EDI, size);
}

static void scas(struct cpu *cpu, const struct insn *i, unsigned size)
{
    uint32_t y = load(cpu, i, SEG_ES, index_get(cpu, i, EDI), size);
    compare(cpu, accumulator(cpu, size), y, size);
    index_add(cpu, i, EDI, size);
}

/* ---- runs of iterations inside a page; n: as many as asked for at most, 0: do one the plain
 * way */

static uint32_t clip(eaddr ea, laddr la, uint32_t mask, unsigned size, uint32_t n)
{
    uint32_t page = (PAGE_SIZE - (la & PAGE_MASK)) / size;
    uint64_t wrap = ((uint64_t)mask - ea + 1) / size;
    n = n < page ? n : page;
    return n < wrap ? n : (uint32_t)wrap;
}

/* How many elements from seg:ea on lie in this page, in the segment and before the index wraps.
 */
static uint32_t run_length(struct cpu *cpu, const struct insn *i, unsigned seg, eaddr ea,
                           unsigned size, uint32_t n)
{
    return clip(ea, cpu->seg[seg].base + ea, addr_mask(i), size, n);
}

static uint32_t movs_run(struct cpu *cpu, const struct insn *i, unsigned size, uint32_t n)
{
    eaddr si = index_get(cpu, i, ESI), di = index_get(cpu, i, EDI);
    n = run_length(cpu, i, i->seg, si, size, n);
    n = run_length(cpu, i, SEG_ES, di, size, n);
    if (cpu->df || n < 2) {
        return 0;
    }
    uint8_t *to = lmem_wr_run(cpu, SEG_ES, di, size, &n);
    const uint8_t *from = lmem_rd_ptr(cpu, i->seg, si, n * size);
    uintptr_t ahead = (uintptr_t)to - (uintptr_t)from;
    if (from == NULL || to == NULL || (ahead != 0 && ahead < n * size)) {
        return 0; /* an upward overlap repeats a pattern, element by element */
    }
    memmove(to, from, (size_t)n * size);
    index_add(cpu, i, ESI, n * size);
    index_add(cpu, i, EDI, n * size);
    return n;
}

static uint32_t stos_run(struct cpu *cpu, const struct insn *i, unsigned size, uint32_t n)
{
    eaddr di = index_get(cpu, i, EDI);
    uint32_t v = accumulator(cpu, size);
    n = run_length(cpu, i, SEG_ES, di, size, n);
    if (cpu->df || n < 2) {
        return 0;
    }
    uint8_t *to = lmem_wr_run(cpu, SEG_ES, di, size, &n);
    if (to == NULL) {
        return 0;
    }
    if (size == 1 || v == (v & 0xFF) * (size == 2 ? 0x101u : 0x1010101u)) {
        memset(to, (int)(v & 0xFF), (size_t)n * size);
    } else {
        for (uint32_t k = 0; k < n; k++) {
            store_le(to + (size_t)k * size, v, size);
        }
    }
    index_add(cpu, i, EDI, n * size);
    return n;
}

typedef void one_fn(struct cpu *cpu, const struct insn *i, unsigned size);
typedef uint32_t run_fn(struct cpu *cpu, const struct insn *i, unsigned size, uint32_t n);

/* ---- REP */

enum until { COUNT_ONLY, FLAG_ENDS /* REPE, REPNE: ZF too */ };

/* Iterations until the count, the time slice or the condition ends them. */
static bool rep_iterate(struct cpu *cpu, const struct insn *i, unsigned size, one_fn *one,
                        run_fn *run, enum until until)
{
    bool want_zf = insn_cold(cpu, i)->flags & CF_REP;
    uint32_t count = index_get(cpu, i, ECX);
    if (count == 0) {
        cpu->now++;
        return true;
    }
    do {
        uint64_t time = cpu->limit > cpu->now ? cpu->limit - cpu->now : 1;
        uint32_t n = run ? run(cpu, i, size, count < time ? count : (uint32_t)time) : 0;
        if (n == 0) {
            one(cpu, i, size);
            n = 1;
        }
        count -= n;
        index_set(cpu, i, ECX, count);
        cpu->now += n;
        if (count == 0 || (until == FLAG_ENDS && flag_z(&cpu->flags) != want_zf)) {
            return true;
        }
    } while (cpu->now < cpu->limit && !cpu->attention);
    return false;
}

static bool rep(struct cpu *cpu, const struct insn *i, unsigned size, one_fn *one, run_fn *run,
                enum until until)
{
    insn_sync(cpu, i);
    cpu->synced = true;
    bool done = rep_iterate(cpu, i, size, one, run, until);
    if (done) {
        cpu->eip += insn_cold(cpu, i)->len;
    }
    cpu->synced = false;
    cpu->rep_open = !done;
    return done;
}

#define STRING_FORM(NAME, REP_NAME, SIZE, one, run, until)                                     \
    EXEC(NAME)                                                                                 \
    {                                                                                          \
        one(cpu, i, SIZE);                                                                     \
        NEXT();                                                                                \
    }                                                                                          \
    EXEC(REP_NAME)                                                                             \
    {                                                                                          \
        if (!rep(cpu, i, SIZE, one, run, until)) {                                             \
            LEAVE();                                                                           \
        }                                                                                      \
        GOTO_EIP(cpu->eip);                                                                    \
    }
#define STRING(OP, one, run, until)                                                            \
    STRING_FORM(OP##B, OP##B_rep, 1, one, run, until)                                          \
    STRING_FORM(OP##V_16, OP##V_rep16, 2, one, run, until)                                     \
    STRING_FORM(OP##V_32, OP##V_rep32, 4, one, run, until)

// clang-format off
STRING(MOVS, movs, movs_run, COUNT_ONLY)
STRING(STOS, stos, stos_run, COUNT_ONLY)
STRING(LODS, lods, NULL, COUNT_ONLY)
STRING(CMPS, cmps, NULL, FLAG_ENDS)
STRING(SCAS, scas, NULL, FLAG_ENDS)
// clang-format on
