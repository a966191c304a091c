/* cpu/sys/paging.c -- linear to physical: the walk, the page maps, and how they stay true.
 *
 * The guest's page tables (SDM 3A 4.3, 4.4) are walked when an access misses the page maps;
 * what the walk found is entered into the map of the present privilege, as a host pointer, so
 * that the next access hits (lmem.h). The maps are shadow page tables, and exactly coherent:
 * the entries that a translation came from are watched (mem/phys.h), and a store into one, by
 * the processor or by DMA, drops what was derived from it. So the guest sees a processor
 * without a TLB: every access obeys the tables as they stand, which the SDM always permits
 * (3A 4.10).
 *
 * The jobs of this file, in order:
 *   (1) walk       find the entries that translate an address, and what they allow
 *   (2) mark       set their accessed and dirty bits
 *   (3) fill       enter a translation into the maps, and watch its entries
 *   (4) translate  the whole of it for one access, or #PF
 *   (5) drop       forget translations: all, one page, those for writing
 *   (6) hear       stores into watched tables and code, changes of the memory map
 *   (7) show       without side effects
 *
 * Formats: 32-bit with 4 KiB and (CR4.PSE) 4 MiB pages; PAE with 4 KiB and 2 MiB pages, 36-bit
 * physical addresses. Global pages need nothing: there is no TLB that they could survive in.
 * Tables are read from RAM and ROM only; a table in a device's registers reads as all ones.
 *
 * NOT IMPLEMENTED: PSE-36, NX (features of later models). A load of CR3 drops every
 * translation, also those of a root that will come back.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/sys/sys.h"

enum { LINEAR_PAGES = 1 << 20, LIFT_AFTER = 16 };

enum pte_bits {
    PTE_P = 1,
    PTE_W = 2,
    PTE_U = 4,
    PTE_A = 0x20,
    PTE_D = 0x40,
    PTE_PS = 0x80,
    PTE_WU = PTE_W | PTE_U,
};
enum pf_code { PF_P = 1, PF_W = 2, PF_U = 4, PF_RSVD = 8 };

/* What a page of physical memory is to the translations in the maps. */
enum table_kind {
    TABLE_NONE,
    TABLE_LAST,  /* entries of the last level, under one linear address */
    TABLE_WHOLE, /* a directory, or a table in several places: all depends on it */
};

static paddr a20_mask(const struct cpu *cpu)
{
    return cpu->sys->a20 ? ~(paddr)0 : ~((paddr)1 << 20);
}

static bool pae(const struct cpu *cpu)
{
    return cpu->sys->cr4 & CR4_PAE;
}

/* ---- (1) walk */

struct walk {
    paddr page;        /* physical address of the 4 KiB page … */
    uint32_t rights;   /* PTE_W and PTE_U as all levels allow them … */
    bool dirty;        /* … and whether the last level says so */
    uint32_t fault;    /* if there is no translation: PF_P and PF_RSVD of the error code */
    unsigned levels;   /* entries used: 1 for a large page */
    paddr at[2];       /* where they stand */
    uint64_t entry[2]; /* and what they say */
};

static unsigned entry_size(const struct cpu *cpu)
{
    return pae(cpu) ? 8 : 4;
}

/* What one entry of the last level but one spans: 4 MiB, or 2 MiB with PAE. */
static laddr span_of_table(const struct cpu *cpu)
{
    return pae(cpu) ? 1u << 21 : 1u << 22;
}

static uint64_t entry_read(const struct cpu *cpu, paddr at)
{
    if (phys_is_io(cpu->ph, at)) {
        return pae(cpu) ? UINT64_MAX : UINT32_MAX;
    }
    uint64_t v = phys_read(cpu->ph, at, 4);
    return pae(cpu) ? v | (uint64_t)phys_read(cpu->ph, at + 4, 4) << 32 : v;
}

/* Bits that must be 0: above the 36 bits of a physical address; in an entry for a large page
 * also those between its flags and its frame. */
static uint64_t reserved_bits(const struct cpu *cpu, bool large)
{
    uint64_t high = pae(cpu) ? ~(uint64_t)0 << 36 : 0;
    uint64_t low = pae(cpu) ? 0x1FE000 : 0x3FE000;
    return large ? high | low : high;
}

/* Reads the entry at `at` as the next level. false: the walk ends with w->fault. */
static bool step(const struct cpu *cpu, struct walk *w, paddr at, bool large_allowed,
                 bool *large)
{
    uint64_t e = entry_read(cpu, at);
    w->at[w->levels] = at;
    w->entry[w->levels++] = e;
    *large = large_allowed && (e & PTE_PS);
    if (!(e & PTE_P)) {
        w->fault = 0;
        return false;
    }
    if (e & reserved_bits(cpu, *large)) {
        w->fault = PF_P | PF_RSVD;
        return false;
    }
    w->rights &= (uint32_t)e;
    w->dirty = e & PTE_D;
    return true;
}

static bool directory_base(const struct cpu *cpu, struct walk *w, laddr la, paddr *base)
{
    const struct cpu_sys *sys = cpu->sys;
    unsigned n = la >> 30;
    if (!pae(cpu)) {
        *base = sys->cr3 & 0xFFFFF000u;
        return true;
    }
    if (!(sys->pdpte_lo[n] & PTE_P)) {
        w->fault = 0;
        return false;
    }
    *base = (sys->pdpte_lo[n] & 0xFFFFF000u) | (uint64_t)(sys->pdpte_hi[n] & 0xF) << 32;
    return true;
}

/* false: no translation; w->fault says why. Rights are for the caller to look at. */
static bool walk(const struct cpu *cpu, laddr la, struct walk *w)
{
    const uint64_t frame = pae(cpu) ? 0xFFFFFF000u : 0xFFFFF000u;
    laddr span = span_of_table(cpu);
    unsigned size = entry_size(cpu);
    bool large, large_allowed = pae(cpu) || (cpu->sys->cr4 & CR4_PSE);
    paddr base;
    *w = (struct walk){.rights = PTE_WU};
    if (!directory_base(cpu, w, la, &base)) {
        return false;
    }
    paddr index = pae(cpu) ? la >> 21 & 511 : la >> 22;
    if (!step(cpu, w, (base + index * size) & a20_mask(cpu), large_allowed, &large)) {
        return false;
    }
    if (large) {
        w->page = (w->entry[0] & frame & ~(uint64_t)(span - 1)) |
                  (la & (span - 1) & ~(laddr)PAGE_MASK);
    } else {
        base = w->entry[0] & frame;
        index = (la & (span - 1)) >> PAGE_SHIFT;
        if (!step(cpu, w, (base + index * size) & a20_mask(cpu), false, &large)) {
            return false;
        }
        w->page = w->entry[1] & frame;
    }
    w->page &= a20_mask(cpu);
    return true;
}

static bool may_write(const struct cpu *cpu, const struct walk *w, bool user)
{
    return (w->rights & PTE_W) || (!user && !(cpu->sys->cr0 & CR0_WP));
}

static bool permitted(const struct cpu *cpu, const struct walk *w, enum access access,
                      bool user)
{
    return (!user || (w->rights & PTE_U)) &&
           (access != ACCESS_WRITE || may_write(cpu, w, user));
}

/* PDPTEs are read once, when CR3 is loaded or PAE paging begins (SDM 3A 4.4.1). */
bool pae_load(struct cpu *cpu, uint32_t cr3)
{
    struct cpu_sys *sys = cpu->sys;
    paddr at = cr3 & 0xFFFFFFE0u & a20_mask(cpu);
    uint32_t lo[4], hi[4];
    for (unsigned n = 0; n < 4; n++, at += 8) {
        bool io = phys_is_io(cpu->ph, at);
        lo[n] = io ? UINT32_MAX : phys_read(cpu->ph, at, 4);
        hi[n] = io ? UINT32_MAX : phys_read(cpu->ph, at + 4, 4);
        if ((lo[n] & PTE_P) && ((lo[n] & 0x1E6) || (hi[n] & ~0xFu))) {
            return false;
        }
    }
    memcpy(sys->pdpte_lo, lo, sizeof lo);
    memcpy(sys->pdpte_hi, hi, sizeof hi);
    return true;
}

/* ---- (2) mark */

/* Accessed on every level, dirty on the last. All flags are in an entry's low half. */
static void mark(struct cpu *cpu, struct walk *w, bool write)
{
    for (unsigned n = 0; n < w->levels; n++) {
        bool last = n == w->levels - 1;
        uint32_t old = (uint32_t)w->entry[n], want = old | PTE_A | (last && write ? PTE_D : 0u);
        if (want != old && !phys_is_io(cpu->ph, w->at[n])) {
            cpu->sys->walking = true;
            phys_write(cpu->ph, w->at[n], want, 4);
            cpu->sys->walking = false;
        }
    }
    w->dirty |= write;
}

/* ---- (3) fill */

static struct table_use *table_at(struct cpu *cpu, paddr pa)
{
    return &cpu->sys->table[pa >> PAGE_SHIFT & (LINEAR_PAGES - 1)];
}

static void watch_entry(struct cpu *cpu, paddr at, enum table_kind kind, laddr la)
{
    struct table_use *use = table_at(cpu, at);
    if (at > UINT32_MAX) {
        return; /* open bus: constant */
    }
    if (use->kind == TABLE_NONE || use->epoch != cpu->sys->map_epoch) {
        *use = (struct table_use){cpu->sys->map_epoch, la, (uint8_t)kind, 0};
    } else if (use->kind != kind || use->la != la) {
        use->kind = TABLE_WHOLE;
    }
    if (!phys_is_code(cpu->ph, at, entry_size(cpu))) {
        phys_watch_code(cpu->ph, at, entry_size(cpu));
    }
}

static void watch_tables(struct cpu *cpu, const struct walk *w, laddr la)
{
    watch_entry(cpu, w->at[0], TABLE_WHOLE, 0);
    if (w->levels == 2) {
        watch_entry(cpu, w->at[1], TABLE_LAST, la & ~(span_of_table(cpu) - 1));
    }
}

/* A map holds host address minus linear address, so that adding the linear address is all. w is
 * NULL without paging. */
static void fill(struct cpu *cpu, laddr la, paddr pa, bool user, bool writable,
                 const struct walk *w)
{
    struct cpu_sys *sys = cpu->sys;
    laddr base = la & ~(laddr)PAGE_MASK;
    uint32_t page = la >> PAGE_SHIFT;
    if (sys->fills == MMU_FILLS) {
        mmu_flush(cpu);
    }
    if (w != NULL) {
        watch_tables(cpu, w, la); /* may make pages unwritable: before they are looked up */
    }
    struct phys_page p = phys_page(cpu->ph, pa);
    uintptr_t rd = p.rd ? (uintptr_t)p.rd - base : 0;
    uintptr_t wr = p.wr && writable ? (uintptr_t)p.wr - base : 0;
    uintptr_t watched = p.watched && writable ? (uintptr_t)p.watched - base : 0;
    uintptr_t *const *map = sys->map[user];
    if ((rd != 0 && rd != map[MAP_READ][page]) || (wr != 0 && wr != map[MAP_WRITE][page]) ||
        (watched != 0 && watched != map[MAP_WATCHED][page])) {
        sys->filled[sys->fills++] = (struct mmu_fill){page, (uint32_t)(pa >> PAGE_SHIFT)};
        cpu->stats.mmu_fills++;
    }
    map[MAP_READ][page] = rd;
    map[MAP_WRITE][page] = wr;
    map[MAP_WATCHED][page] = watched;
}

static bool fillable(struct cpu *cpu, paddr pa)
{
    struct phys_page p = phys_page(cpu->ph, pa);
    return p.rd != NULL || p.wr != NULL;
}

/* ---- (4) translate */

static _Noreturn void page_fault(struct cpu *cpu, const struct insn *i, laddr la, uint32_t code)
{
    cpu->sys->cr2 = la;
    trap_raise_page(cpu, i, la, code);
}

paddr mmu_translate(struct cpu *cpu, const struct insn *i, laddr la, enum access access,
                    bool user)
{
    bool write = access == ACCESS_WRITE;
    struct walk w;
    if (!(cpu->sys->cr0 & CR0_PG)) {
        paddr pa = la & a20_mask(cpu);
        fill(cpu, la, pa, user, true, NULL);
        return pa;
    }
    uint32_t code = (write ? PF_W : 0u) | (user ? PF_U : 0u);
    if (!walk(cpu, la, &w)) {
        page_fault(cpu, i, la, code | w.fault);
    }
    if (!permitted(cpu, &w, access, user)) {
        page_fault(cpu, i, la, code | PF_P);
    }
    mark(cpu, &w, write);
    if (fillable(cpu, w.page)) {
        fill(cpu, la, w.page, user, w.dirty && may_write(cpu, &w, user), &w);
    }
    if (cpu->attention && i != NULL && !cpu->synced) {
        engine_divert(cpu, i); /* an A or D bit fell into the code that is running */
    }
    return w.page | (la & PAGE_MASK);
}

/* ---- (5) drop */

static void drop_page(struct cpu *cpu, uint32_t page)
{
    struct cpu_sys *sys = cpu->sys;
    for (unsigned user = 0; user < 2; user++) {
        for (unsigned kind = 0; kind < MAP_KINDS; kind++) {
            sys->map[user][kind][page] = 0;
        }
    }
}

void mmu_flush(struct cpu *cpu)
{
    struct cpu_sys *sys = cpu->sys;
    for (uint32_t n = 0; n < sys->fills; n++) {
        drop_page(cpu, sys->filled[n].page);
    }
    sys->fills = 0;
    sys->map_epoch++;
    block_forget_jumps(cpu);
}

static void drop_span(struct cpu *cpu, laddr la, laddr len)
{
    for (laddr off = 0; off < len; off += PAGE_SIZE) {
        drop_page(cpu, (la + off) >> PAGE_SHIFT);
    }
    block_forget_jumps(cpu);
}

/* INVLPG: the maps are coherent, so nothing in them can be stale; it goes all the same. */
void mmu_flush_page(struct cpu *cpu, laddr la)
{
    drop_span(cpu, la, PAGE_SIZE);
}

static void drop_writes(struct cpu_sys *sys, uint32_t page)
{
    for (unsigned user = 0; user < 2; user++) {
        sys->map[user][MAP_WRITE][page] = sys->map[user][MAP_WATCHED][page] = 0;
    }
}

void mmu_flush_writes(struct cpu *cpu)
{
    struct cpu_sys *sys = cpu->sys;
    for (uint32_t n = 0; n < sys->fills; n++) {
        drop_writes(sys, sys->filled[n].page);
    }
}

/* ---- (6) hear */

/* The page at pa is no table for the time being: only code on it is still watched. */
static void lift(struct cpu *cpu, paddr pa)
{
    const struct block_cache *bc = cpu->cache;
    paddr page = pa >> PAGE_SHIFT;
    table_at(cpu, pa)->kind = TABLE_NONE;
    phys_unwatch_page(cpu->ph, pa);
    for (uint32_t n = page < bc->pages ? bc->page[page] : 0; n != 0;
         n = bc->block[n].next_page) {
        phys_watch_code(cpu->ph, bc->block[n].pa, bc->block[n].bytes);
    }
}

/* The translations that [pa, pa + len) of a table of the last level decides. */
static void drop_entries(struct cpu *cpu, const struct table_use *use, paddr pa, unsigned len)
{
    unsigned size = entry_size(cpu), first = (unsigned)(pa & PAGE_MASK) / size;
    unsigned last = ((unsigned)(pa & PAGE_MASK) + len - 1) / size;
    drop_span(cpu, use->la + ((laddr)first << PAGE_SHIFT), (last - first + 1) << PAGE_SHIFT);
}

/* A table that is rewritten in bulk (fork, exec, exit) is dropped whole; its watch is lifted
 * until it is walked again. Lifted too are pages that were tables once. */
static void table_written(struct cpu *cpu, paddr pa, unsigned len, bool unwatched)
{
    struct table_use *use = table_at(cpu, pa);
    if (use->kind == TABLE_NONE || (cpu->sys->walking && !unwatched)) {
        return;
    }
    if (use->epoch != cpu->sys->map_epoch) {
        lift(cpu, pa);
        engine_leave(cpu); /* the maps forgot, but linked blocks may still run on its page */
        return;
    }
    if (use->kind == TABLE_WHOLE) {
        mmu_flush(cpu);
        lift(cpu, pa);
    } else if (unwatched || ++use->hits > LIFT_AFTER) {
        drop_span(cpu, use->la, span_of_table(cpu));
        lift(cpu, pa);
    } else {
        drop_entries(cpu, use, pa, len);
    }
    engine_leave(cpu);
}

/* Code and tables share the watch. Dropping a block may take the watch from its whole page. */
static void on_written(void *ctx, paddr pa, unsigned len)
{
    struct cpu *cpu = ctx;
    uint64_t dropped = cpu->stats.blocks_dropped;
    block_drop_written(cpu, pa, len);
    table_written(cpu, pa, len, cpu->stats.blocks_dropped != dropped);
}

static void on_remapped(void *ctx)
{
    block_drop_all(ctx); /* drops the translations with the blocks */
    cpu_attention(ctx);  /* dear to the host: a guest that does it for ever must not keep the
                            board from hearing that somebody wants to stop */
}

static void on_rearm(void *ctx)
{
    mmu_flush_writes(ctx);
}

static void on_rearm_page(void *ctx, paddr pa)
{
    struct cpu *cpu = ctx;
    struct cpu_sys *sys = cpu->sys;
    for (uint32_t n = 0; n < sys->fills; n++) {
        if (sys->filled[n].frame == pa >> PAGE_SHIFT) {
            drop_writes(sys, sys->filled[n].page);
        }
    }
}

void mmu_watch(struct cpu *cpu)
{
    phys_set_watch(cpu->ph,
                   &(struct phys_watch){cpu, on_written, on_remapped, on_rearm, on_rearm_page});
}

/* ---- (7) show */

bool mmu_peek(const struct cpu *cpu, laddr la, paddr *pa)
{
    struct walk w;
    if (!(cpu->sys->cr0 & CR0_PG)) {
        *pa = la & a20_mask(cpu);
        return true;
    }
    if (!walk(cpu, la, &w)) {
        return false;
    }
    *pa = w.page | (la & PAGE_MASK);
    return true;
}

struct run { /* of pages that are mapped alike, one after the other */
    laddr la;
    paddr pa;
    uint64_t len;
    uint32_t rights;
};

static void run_show(const struct run *r, cpu_put_fn *put, void *ctx)
{
    char line[80];
    if (r->len != 0) {
        snprintf(line, sizeof line, "%08x-%08x -> %09llx %c%c\n", (unsigned)r->la,
                 (unsigned)(r->la + (r->len - 1)), (unsigned long long)r->pa,
                 r->rights & PTE_U ? 'u' : '-', r->rights & PTE_W ? 'w' : '-');
        put(ctx, line);
    }
}

/* The guest's mapping as its tables stand, since that is what every access obeys. */
void tlb_info(const struct cpu *cpu, cpu_put_fn *put, void *ctx)
{
    struct run r = {0, 0, 0, 0};
    struct walk w;
    uint64_t la = 0;
    if (!(cpu->sys->cr0 & CR0_PG)) {
        put(ctx, cpu->sys->a20
                     ? "paging is off: physical = linear\n"
                     : "paging is off: physical = linear without bit 20 (A20 closed)\n");
        return;
    }
    while (la <= UINT32_MAX) {
        bool mapped = walk(cpu, (laddr)la, &w);
        laddr step_len = w.levels == 2 ? PAGE_SIZE : span_of_table(cpu);
        if (!mapped || r.len == 0 || w.rights != r.rights || w.page != r.pa + r.len) {
            run_show(&r, put, ctx);
            r = (struct run){(laddr)la, w.page, 0, w.rights};
        }
        r.len = mapped ? r.len + step_len : 0;
        la += step_len;
    }
    run_show(&r, put, ctx);
}

/* ---- creation */

int mmu_init(struct cpu *cpu, struct error *err)
{
    struct cpu_sys *sys = cpu->sys;
    bool ok = true;
    for (unsigned n = 0; n < 2 * MAP_KINDS; n++) {
        uintptr_t **map = &sys->map[n / MAP_KINDS][n % MAP_KINDS];
        *map = calloc(LINEAR_PAGES, sizeof **map);
        ok &= *map != NULL;
    }
    sys->map_none = calloc(LINEAR_PAGES, sizeof *sys->map_none);
    sys->table = calloc(LINEAR_PAGES, sizeof *sys->table);
    if (!ok || sys->map_none == NULL || sys->table == NULL) {
        mmu_free(cpu);
        return error_set(err, "out of memory for the page maps");
    }
    return 0;
}

void mmu_free(struct cpu *cpu)
{
    struct cpu_sys *sys = cpu->sys;
    for (unsigned n = 0; n < 2 * MAP_KINDS; n++) {
        free(sys->map[n / MAP_KINDS][n % MAP_KINDS]);
        sys->map[n / MAP_KINDS][n % MAP_KINDS] = NULL;
    }
    free(sys->map_none);
    free(sys->table);
    sys->map_none = NULL;
    sys->table = NULL;
}
