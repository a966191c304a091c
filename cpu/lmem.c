/* cpu/lmem.c -- the slow half of loads and stores (lmem.h). */
#include "cpu/lmem.h"

#include <string.h>

#include "cpu/engine.h"

/* A device's registers are reached at the exact tick; RAM does not care. */
static uint32_t read_pa(struct cpu *cpu, const struct insn *i, paddr pa, unsigned size)
{
    if (!phys_is_io(cpu->ph, pa)) {
        return phys_read(cpu->ph, pa, size);
    }
    *cpu->tick = i == NULL || cpu->synced ? cpu->now : cpu->now - insn_cold(cpu, i)->rest;
    uint32_t v = phys_read(cpu->ph, pa, size);
    if (cpu->attention && i != NULL && !cpu->synced) {
        engine_divert(cpu, i);
    }
    return v;
}

static void write_pa(struct cpu *cpu, const struct insn *i, paddr pa, uint32_t val,
                     unsigned size)
{
    if (phys_is_io(cpu->ph, pa)) {
        *cpu->tick = i == NULL || cpu->synced ? cpu->now : cpu->now - insn_cold(cpu, i)->rest;
    }
    phys_write(cpu->ph, pa, val, size); /* may drop blocks: the running one, too */
    if (cpu->attention && i != NULL && !cpu->synced) {
        engine_divert(cpu, i);
    }
}

static bool crosses(laddr la, unsigned size)
{
    return (la & PAGE_MASK) > PAGE_SIZE - size;
}

/* An access across a page boundary: both pages are translated before a byte moves. */
static uint32_t read_split(struct cpu *cpu, const struct insn *i, const paddr pa[2], laddr la,
                           unsigned size)
{
    unsigned first = PAGE_SIZE - (la & PAGE_MASK);
    uint32_t v = 0;
    for (unsigned k = 0; k < size; k++) {
        v |= read_pa(cpu, i, k < first ? pa[0] + k : pa[1] + k - first, 1) << 8 * k;
    }
    return v;
}

static void write_split(struct cpu *cpu, const struct insn *i, const paddr pa[2], laddr la,
                        uint32_t val, unsigned size)
{
    unsigned first = PAGE_SIZE - (la & PAGE_MASK);
    for (unsigned k = 0; k < size; k++) {
        write_pa(cpu, i, k < first ? pa[0] + k : pa[1] + k - first, val >> 8 * k & 0xFF, 1);
    }
}

static laddr next_page(laddr la)
{
    return (la & ~(laddr)PAGE_MASK) + PAGE_SIZE;
}

uint32_t lmem_read_la(struct cpu *cpu, const struct insn *i, laddr la, unsigned size)
{
    paddr pa[2];
    pa[0] = mmu_access(cpu, i, la, ACCESS_READ);
    if (!crosses(la, size)) {
        return read_pa(cpu, i, pa[0], size);
    }
    pa[1] = mmu_access(cpu, i, next_page(la), ACCESS_READ);
    return read_split(cpu, i, pa, la, size);
}

void lmem_write_la(struct cpu *cpu, const struct insn *i, laddr la, uint32_t val, unsigned size)
{
    paddr pa[2];
    pa[0] = mmu_access(cpu, i, la, ACCESS_WRITE);
    if (!crosses(la, size)) {
        write_pa(cpu, i, pa[0], val, size);
        return;
    }
    pa[1] = mmu_access(cpu, i, next_page(la), ACCESS_WRITE);
    write_split(cpu, i, pa, la, val, size);
}

static void check_span(struct cpu *cpu, const struct insn *i, unsigned seg, eaddr ea,
                       unsigned size, enum access access)
{
    const struct seg_view *s = &cpu->seg[seg];
    if (!lmem_in_span(s, ea, access == ACCESS_WRITE ? s->wr_span : s->rd_span, size)) {
        trap_raise(cpu, i, seg == SEG_SS ? EXC_SS : EXC_GP, 0);
    }
}

uint32_t lmem_read_slow(struct cpu *cpu, const struct insn *i, unsigned seg, eaddr ea,
                        unsigned size)
{
    laddr la = cpu->seg[seg].base + ea;
    check_span(cpu, i, seg, ea, size, ACCESS_READ);
    mmu_before(cpu, i, la, size, ACCESS_READ);
    return lmem_read_la(cpu, i, la, size);
}

/* On a page that holds code, tables or watchpoints, but beside their lines and them: the host
 * address, or NULL. */
static uint8_t *beside_watched(const struct cpu *cpu, laddr la, unsigned size)
{
    uintptr_t to_host = cpu->watched[la >> PAGE_SHIFT];
    if (to_host == 0 || (to_host & DEVICE_READ) || crosses(la, size) ||
        ((to_host & HAS_POINTS) && points_touched(cpu, la, size))) {
        return NULL;
    }
    uint8_t *hp = (uint8_t *)((to_host & ~(uintptr_t)HAS_POINTS) + la);
    return phys_line_watched(cpu->ph, hp, size) ? NULL : hp;
}

/* On its own, so that stores beside it do not pay for its registers. */
static COLD void write_seen(struct cpu *cpu, const struct insn *i, laddr la, uint32_t val,
                            unsigned size)
{
    mmu_before(cpu, i, la, size, ACCESS_WRITE);
    lmem_write_la(cpu, i, la, val, size);
}

void lmem_write_slow(struct cpu *cpu, const struct insn *i, unsigned seg, eaddr ea,
                     uint32_t val, unsigned size)
{
    laddr la = cpu->seg[seg].base + ea;
    check_span(cpu, i, seg, ea, size, ACCESS_WRITE);
    uint8_t *hp = beside_watched(cpu, la, size);
    if (LIKELY(hp != NULL)) {
        store_le(hp, val, size);
    } else {
        write_seen(cpu, i, la, val, size);
    }
}

uint8_t *lmem_wr_run(const struct cpu *cpu, unsigned seg, eaddr ea, unsigned size, uint32_t *n)
{
    const struct seg_view *s = &cpu->seg[seg];
    laddr la = s->base + ea;
    uintptr_t to_host = cpu->wr[la >> PAGE_SHIFT], beside = cpu->watched[la >> PAGE_SHIFT];
    if (!lmem_in_span(s, ea, s->wr_span, *n * size)) {
        return NULL;
    }
    if (to_host != 0) {
        return (uint8_t *)(to_host + la);
    }
    if (beside == 0 || (beside & (DEVICE_READ | HAS_POINTS))) {
        return NULL;
    }
    uint8_t *hp = (uint8_t *)(beside + la);
    *n = phys_unwatched(cpu->ph, hp, *n * size) / size;
    return *n < 2 ? NULL : hp;
}

uint8_t *lmem_rmw_slow(struct cpu *cpu, const struct insn *i, unsigned seg, eaddr ea,
                       unsigned size)
{
    laddr la = cpu->seg[seg].base + ea;
    check_span(cpu, i, seg, ea, size, ACCESS_WRITE);
    check_span(cpu, i, seg, ea, size, ACCESS_READ);
    uint8_t *hp = beside_watched(cpu, la, size);
    if (LIKELY(hp != NULL)) {
        return hp;
    }
    mmu_before(cpu, i, la, size, ACCESS_READ);
    mmu_before(cpu, i, la, size, ACCESS_WRITE);
    cpu->rmw_la = la;
    cpu->rmw_pa[0] = mmu_access(cpu, i, la, ACCESS_WRITE);
    if (crosses(la, size)) {
        cpu->rmw_pa[1] = mmu_access(cpu, i, next_page(la), ACCESS_WRITE);
        return NULL;
    }
    return lmem_wr_ptr(cpu, seg, ea, size);
}

uint32_t lmem_rmw_read(struct cpu *cpu, const struct insn *i, unsigned size)
{
    if (crosses(cpu->rmw_la, size)) {
        return read_split(cpu, i, cpu->rmw_pa, cpu->rmw_la, size);
    }
    return read_pa(cpu, i, cpu->rmw_pa[0], size);
}

void lmem_rmw_write(struct cpu *cpu, const struct insn *i, uint32_t val, unsigned size)
{
    if (crosses(cpu->rmw_la, size)) {
        write_split(cpu, i, cpu->rmw_pa, cpu->rmw_la, val, size);
    } else {
        write_pa(cpu, i, cpu->rmw_pa[0], val, size);
    }
}

/* Whoever misses a map may move it: the next one looks for it anew. */
static void probe_page(struct cpu *cpu, const struct insn *i, laddr la, enum access access)
{
    const uintptr_t *map = access == ACCESS_WRITE ? cpu->wr : cpu->rd;
    if (map[la >> PAGE_SHIFT] == 0) {
        mmu_access(cpu, i, la, access);
    }
}

void lmem_probe(struct cpu *cpu, const struct insn *i, unsigned seg, eaddr ea, unsigned size,
                enum access access)
{
    laddr la = cpu->seg[seg].base + ea, last = la + size - 1;
    check_span(cpu, i, seg, ea, size, access);
    probe_page(cpu, i, la, access);
    if (la >> PAGE_SHIFT != last >> PAGE_SHIFT) {
        probe_page(cpu, i, last & ~(laddr)PAGE_MASK, access);
    }
}

void lmem_probe_whole(struct cpu *cpu, const struct insn *i, unsigned seg, eaddr ea,
                      unsigned size, enum access access)
{
    check_span(cpu, i, seg, ea, size, access);
    mmu_before(cpu, i, cpu->seg[seg].base + ea, size, access);
    lmem_probe(cpu, i, seg, ea, size, access);
}

/* ---- long operands */

/* Everything that can fault, and breakpoints; both pages' physical addresses. */
static void translate_long(struct cpu *cpu, const struct insn *i, laddr la, unsigned size,
                           unsigned align, enum access access, paddr pa[2])
{
    for (unsigned at = 0; at < size; at += align) {
        mmu_before(cpu, i, la + at, size - at < align ? size - at : align, access);
    }
    pa[0] = mmu_access(cpu, i, la, access);
    if (crosses(la, size)) {
        pa[1] = mmu_access(cpu, i, next_page(la), access);
    }
}

struct part {
    paddr pa;
    unsigned size;
};

/* The part of a long operand at la + at: as much as registers have that does not cross a page.
 */
static struct part part_at(const paddr pa[2], laddr la, unsigned at, unsigned size)
{
    unsigned first = PAGE_SIZE - (la & PAGE_MASK);
    unsigned left = at < first && first < size ? first - at : size - at;
    return (struct part){at < first ? pa[0] + at : pa[1] + at - first, left >= 4   ? 4
                                                                       : left >= 2 ? 2
                                                                                   : 1};
}

void lmem_read_bytes(struct cpu *cpu, const struct insn *i, eaddr ea, uint8_t *out,
                     unsigned size, unsigned align)
{
    const uint8_t *p = lmem_rd_ptr(cpu, i->seg, ea, size);
    laddr la = cpu->seg[i->seg].base + ea;
    paddr pa[2] = {0};
    if (LIKELY(p != NULL)) {
        memcpy(out, p, size);
        return;
    }
    check_span(cpu, i, i->seg, ea, size, ACCESS_READ);
    translate_long(cpu, i, la, size, align, ACCESS_READ, pa);
    for (unsigned at = 0; at < size;) {
        struct part part = part_at(pa, la, at, size);
        store_le(out + at, read_pa(cpu, i, part.pa, part.size), part.size);
        at += part.size;
    }
}

void lmem_write_bytes(struct cpu *cpu, const struct insn *i, eaddr ea, const uint8_t *in,
                      unsigned size, unsigned align)
{
    uint8_t *p = lmem_wr_ptr(cpu, i->seg, ea, size);
    laddr la = cpu->seg[i->seg].base + ea;
    paddr pa[2] = {0};
    if (LIKELY(p != NULL)) {
        memcpy(p, in, size);
        return;
    }
    check_span(cpu, i, i->seg, ea, size, ACCESS_WRITE);
    p = beside_watched(cpu, la, size);
    if (LIKELY(p != NULL)) {
        memcpy(p, in, size);
        return;
    }
    translate_long(cpu, i, la, size, align, ACCESS_WRITE, pa);
    for (unsigned at = 0; at < size;) {
        struct part part = part_at(pa, la, at, size);
        write_pa(cpu, i, part.pa, load_le(in + at, part.size), part.size);
        at += part.size;
    }
}

/* ---- the processor's own accesses: state is exact, rights are the supervisor's */

uint32_t lmem_sys_read_slow(struct cpu *cpu, laddr la, unsigned size)
{
    paddr pa[2];
    pa[0] = mmu_sys_access(cpu, la, ACCESS_READ);
    if (UNLIKELY(cpu->points.datas)) {
        points_access(cpu, NULL, la, size, ACCESS_READ);
    }
    if (!crosses(la, size)) {
        return read_pa(cpu, NULL, pa[0], size);
    }
    pa[1] = mmu_sys_access(cpu, next_page(la), ACCESS_READ);
    return read_split(cpu, NULL, pa, la, size);
}

void lmem_sys_write_slow(struct cpu *cpu, laddr la, uint32_t val, unsigned size)
{
    paddr pa[2];
    pa[0] = mmu_sys_access(cpu, la, ACCESS_WRITE);
    if (UNLIKELY(cpu->points.datas)) {
        points_access(cpu, NULL, la, size, ACCESS_WRITE);
    }
    if (!crosses(la, size)) {
        write_pa(cpu, NULL, pa[0], val, size);
        return;
    }
    pa[1] = mmu_sys_access(cpu, next_page(la), ACCESS_WRITE);
    write_split(cpu, NULL, pa, la, val, size);
}

static void sys_probe_page(struct cpu *cpu, laddr la, enum access access)
{
    const uintptr_t *map = access == ACCESS_WRITE ? cpu->sys_wr : cpu->sys_rd;
    if (map[la >> PAGE_SHIFT] == 0) {
        mmu_sys_access(cpu, la, access);
    }
}

void lmem_sys_probe(struct cpu *cpu, laddr la, unsigned len, enum access access)
{
    laddr last = la + len - 1;
    sys_probe_page(cpu, la, access);
    for (laddr page = la >> PAGE_SHIFT; page != last >> PAGE_SHIFT;) {
        page = (page + 1) & (UINT32_MAX >> PAGE_SHIFT);
        sys_probe_page(cpu, page << PAGE_SHIFT, access);
    }
}
