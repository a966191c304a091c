/* cpu/lmem.h -- loads and stores through segment and page map, inline when they hit.
 *
 * rd[page of la] + la is the host address of la, or rd[page] is 0 and the slow path finds out:
 * page not yet mapped, device registers, page crossing, watched code, a fault. Both maps are
 * the present privilege's shadow of the guest's tables; the engine does not know which. Names:
 * lmem_r8/16/32 and lmem_w8/16/32 take a segment register and an effective address.
 */
#ifndef TERRAPIN_CPU_LMEM_H
#define TERRAPIN_CPU_LMEM_H

#include "cpu/insn.h"

enum access { ACCESS_READ, ACCESS_WRITE, ACCESS_FETCH };

/* Where no memory is, the map `watched` has the physical page, and what may be done to the
 * device there. Of a host address minus a linear one these bits are clear, but for this: a
 * debugger has watchpoints on the page. */
enum { DEVICE_READ = 1, DEVICE_WRITE = 2, HAS_POINTS = 4 };

/* Effective address of the memory operand. */
static inline eaddr insn_ea(const struct cpu *cpu, const struct insn *i)
{
    return (cpu->r[i->base] + (cpu->r[i->index] << i->scale) + i->disp) &
           (UINT32_MAX >> i->wrap);
}

/* Slow paths, cpu/lmem.c. They check everything again from the start. */
uint32_t lmem_read_slow(struct cpu *cpu, const struct insn *i, unsigned seg, eaddr ea,
                        unsigned size);
void lmem_write_slow(struct cpu *cpu, const struct insn *i, unsigned seg, eaddr ea,
                     uint32_t val, unsigned size);
/* For *n elements of size bytes that go upwards from seg:ea, all in one page: where they are,
 * and in *n how many of them, 2 or more, may be stored at once, since nothing is watched there.
 * NULL: one at a time. */
uint8_t *lmem_wr_run(const struct cpu *cpu, unsigned seg, eaddr ea, unsigned size, uint32_t *n);
/* Read-modify-write: checks that ea is writable; host pointer, or NULL: then use the pair
 * below. */
uint8_t *lmem_rmw_slow(struct cpu *cpu, const struct insn *i, unsigned seg, eaddr ea,
                       unsigned size);
uint32_t lmem_rmw_read(struct cpu *cpu, const struct insn *i, unsigned size);
void lmem_rmw_write(struct cpu *cpu, const struct insn *i, uint32_t val, unsigned size);

/* Operands of any length up to 128 bytes, all or nothing: a fault of any byte comes before the
 * first access. align: what the address must be divisible by where alignment is checked. */
void lmem_read_bytes(struct cpu *cpu, const struct insn *i, eaddr ea, uint8_t *out,
                     unsigned size, unsigned align);
void lmem_write_bytes(struct cpu *cpu, const struct insn *i, eaddr ea, const uint8_t *in,
                      unsigned size, unsigned align);

/* By linear address with rights of the present privilege (after segment checks), or as the
 * processor itself does for descriptor tables and TSS (implicit supervisor access, SDM 3A 4.6).
 */
uint32_t lmem_read_la(struct cpu *cpu, const struct insn *i, laddr la, unsigned size);
void lmem_write_la(struct cpu *cpu, const struct insn *i, laddr la, uint32_t val,
                   unsigned size);
uint32_t lmem_sys_read_slow(struct cpu *cpu, laddr la, unsigned size);
void lmem_sys_write_slow(struct cpu *cpu, laddr la, uint32_t val, unsigned size);
static inline uint32_t lmem_sys_read(struct cpu *cpu, laddr la, unsigned size)
{
    uintptr_t to_host = cpu->sys_rd[la >> PAGE_SHIFT];
    if (LIKELY(to_host != 0 && (la & PAGE_MASK) <= PAGE_SIZE - size)) {
        return load_le((const uint8_t *)(to_host + la), size);
    }
    return lmem_sys_read_slow(cpu, la, size);
}
static inline void lmem_sys_write(struct cpu *cpu, laddr la, uint32_t val, unsigned size)
{
    uintptr_t to_host = cpu->sys_wr[la >> PAGE_SHIFT];
    if (LIKELY(to_host != 0 && (la & PAGE_MASK) <= PAGE_SIZE - size)) {
        store_le((uint8_t *)(to_host + la), val, size);
    } else {
        lmem_sys_write_slow(cpu, la, val, size);
    }
}
/* Raise #PF now if a byte of [la, la + len) could not be written by the processor itself. */
void lmem_sys_probe(struct cpu *cpu, laddr la, unsigned len, enum access access);
/* Check without access: raises what an access of size bytes at seg:ea would raise. */
void lmem_probe(struct cpu *cpu, const struct insn *i, unsigned seg, eaddr ea, unsigned size,
                enum access access);
/* … of an operand that is accessed whole: alignment and breakpoints, too, before the page walk.
 */
void lmem_probe_whole(struct cpu *cpu, const struct insn *i, unsigned seg, eaddr ea,
                      unsigned size, enum access access);

/* From cpu/sys/: physical address of la for the present privilege, or for the processor itself,
 * filling the page maps on the way; raises #PF. */
paddr mmu_access(struct cpu *cpu, const struct insn *i, laddr la, enum access access);
paddr mmu_sys_access(struct cpu *cpu, laddr la, enum access access);
/* Before a slow access: raises #AC if alignment is checked now; minds breakpoints on data. */
void mmu_before(struct cpu *cpu, const struct insn *i, laddr la, unsigned size,
                enum access access);
void mmu_flush(struct cpu *cpu); /* forget every translation */
/* From cpu/sys/point.c: an access to a page that has a debugger's watchpoints; is one of them
 * there? */
void points_access(struct cpu *cpu, const struct insn *i, laddr la, unsigned size,
                   enum access access);
bool points_touched(const struct cpu *cpu, laddr la, unsigned size);

/* ---- by linear address, where no segment has a say (MODE_FLAT) */

/* Sets *p to the host address of size bytes at la; false: not in the map, or across a page's
 * end, which only operands off their natural place can be. */
static inline bool flat_find(const uintptr_t *map, laddr la, unsigned size, uint8_t **p)
{
    uintptr_t hp = map[la >> PAGE_SHIFT];
    if (UNLIKELY(hp == 0)) {
        return false;
    }
    if (UNLIKELY(la & (size - 1)) && UNLIKELY((la & PAGE_MASK) > PAGE_SIZE - size)) {
        return false;
    }
    *p = (uint8_t *)(hp + la);
    return true;
}

static inline bool flat_rd(const struct cpu *cpu, laddr la, unsigned size, uint8_t **p)
{
    return flat_find(cpu->rd, la, size, p);
}

static inline bool flat_wr(struct cpu *cpu, laddr la, unsigned size, uint8_t **p)
{
    return flat_find(cpu->wr, la, size, p);
}

/* ---- by segment and effective address */

static inline bool lmem_in_span(const struct seg_view *s, eaddr ea, int64_t span, unsigned size)
{
    return (int64_t)(uint32_t)(ea - s->lo) + (int64_t)size - 1 <= span;
}

static inline const uint8_t *lmem_rd_ptr(const struct cpu *cpu, unsigned seg, eaddr ea,
                                         unsigned size)
{
    const struct seg_view *s = &cpu->seg[seg];
    laddr la = s->base + ea;
    uintptr_t hp = cpu->rd[la >> PAGE_SHIFT];
    if (UNLIKELY(!lmem_in_span(s, ea, s->rd_span, size) || hp == 0 ||
                 (la & PAGE_MASK) > PAGE_SIZE - size)) {
        return NULL;
    }
    return (const uint8_t *)(hp + la);
}

static inline uint8_t *lmem_wr_ptr(const struct cpu *cpu, unsigned seg, eaddr ea, unsigned size)
{
    const struct seg_view *s = &cpu->seg[seg];
    laddr la = s->base + ea;
    uintptr_t hp = cpu->wr[la >> PAGE_SHIFT];
    if (UNLIKELY(!lmem_in_span(s, ea, s->wr_span, size) || hp == 0 ||
                 (la & PAGE_MASK) > PAGE_SIZE - size)) {
        return NULL;
    }
    return (uint8_t *)(hp + la);
}

#define LMEM_SIZE(N, LOAD, STORE)                                                              \
    static inline uint32_t lmem_r##N(struct cpu *cpu, const struct insn *i, unsigned seg,      \
                                     eaddr ea)                                                 \
    {                                                                                          \
        const uint8_t *p = lmem_rd_ptr(cpu, seg, ea, (N) / 8);                                 \
        return LIKELY(p != NULL) ? LOAD(p) : lmem_read_slow(cpu, i, seg, ea, (N) / 8);         \
    }                                                                                          \
    static inline void lmem_w##N(struct cpu *cpu, const struct insn *i, unsigned seg,          \
                                 eaddr ea, uint32_t v)                                         \
    {                                                                                          \
        uint8_t *p = lmem_wr_ptr(cpu, seg, ea, (N) / 8);                                       \
        if (LIKELY(p != NULL)) {                                                               \
            STORE(p, (uint##N##_t)v);                                                          \
        } else {                                                                               \
            lmem_write_slow(cpu, i, seg, ea, v, (N) / 8);                                      \
        }                                                                                      \
    }                                                                                          \
    /* Memory operand := expression of its old value: p from lmem_rmw##N, then these. */       \
    static inline uint8_t *lmem_rmw##N(struct cpu *cpu, const struct insn *i, eaddr ea)        \
    {                                                                                          \
        uint8_t *p = lmem_wr_ptr(cpu, i->seg, ea, (N) / 8);                                    \
        return LIKELY(p != NULL) ? p : lmem_rmw_slow(cpu, i, i->seg, ea, (N) / 8);             \
    }                                                                                          \
    static inline uint32_t rmw_r##N(struct cpu *cpu, const struct insn *i, const uint8_t *p)   \
    {                                                                                          \
        return LIKELY(p != NULL) ? LOAD(p) : lmem_rmw_read(cpu, i, (N) / 8);                   \
    }                                                                                          \
    static inline void rmw_w##N(struct cpu *cpu, const struct insn *i, uint8_t *p, uint32_t v) \
    {                                                                                          \
        if (LIKELY(p != NULL)) {                                                               \
            STORE(p, (uint##N##_t)v);                                                          \
        } else {                                                                               \
            lmem_rmw_write(cpu, i, v, (N) / 8);                                                \
        }                                                                                      \
    }

static inline uint8_t lmem_load8(const uint8_t *p)
{
    return *p;
}

static inline void lmem_store8(uint8_t *p, uint8_t v)
{
    *p = v;
}

LMEM_SIZE(8, lmem_load8, lmem_store8)
LMEM_SIZE(16, load_le16, store_le16)
LMEM_SIZE(32, load_le32, store_le32)
#undef LMEM_SIZE

/* Eight bytes at i's memory operand, of which alignment checks ask 8. */
static inline uint64_t lmem_r64(struct cpu *cpu, const struct insn *i, eaddr ea)
{
    const uint8_t *p = lmem_rd_ptr(cpu, i->seg, ea, 8);
    uint8_t bytes[8];
    if (UNLIKELY(p == NULL)) {
        lmem_read_bytes(cpu, i, ea, bytes, sizeof bytes, 8);
        p = bytes;
    }
    return load_le64(p);
}

static inline void lmem_w64(struct cpu *cpu, const struct insn *i, eaddr ea, uint64_t v)
{
    uint8_t *p = lmem_wr_ptr(cpu, i->seg, ea, 8);
    uint8_t bytes[8];
    if (LIKELY(p != NULL)) {
        store_le64(p, v);
    } else {
        store_le64(bytes, v);
        lmem_write_bytes(cpu, i, ea, bytes, sizeof bytes, 8);
    }
}

/* Stack through SS; sp is ESP or SP by mode, chosen at decode time (handlers come in pairs) or
 * by cpu->mode where speed does not matter. push commits ESP after the store. */
static inline uint32_t stack_mask(const struct cpu *cpu)
{
    return cpu->mode & MODE_STACK32 ? UINT32_MAX : 0xFFFF;
}

static inline void stack_set(struct cpu *cpu, uint32_t sp)
{
    uint32_t m = stack_mask(cpu);
    cpu->r[ESP] = (cpu->r[ESP] & ~m) | (sp & m);
}

static inline void push16(struct cpu *cpu, const struct insn *i, uint32_t v)
{
    uint32_t sp = cpu->r[ESP] - 2;
    lmem_w16(cpu, i, SEG_SS, sp & stack_mask(cpu), v);
    stack_set(cpu, sp);
}

static inline void push32(struct cpu *cpu, const struct insn *i, uint32_t v)
{
    uint32_t sp = cpu->r[ESP] - 4;
    lmem_w32(cpu, i, SEG_SS, sp & stack_mask(cpu), v);
    stack_set(cpu, sp);
}

#endif
