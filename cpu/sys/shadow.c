/* cpu/sys/shadow.c -- see the header.
 *
 * The jobs of this file, in order:
 *   (1) drop    forget translations: all, a span, those for writing
 *   (2) watch   the entries of tables that translations come from
 *   (3) select  the maps of a root, found again or begun
 *   (4) room    keep the maps' memory within its budget
 *   (5) fill    enter a translation
 *   (6) hear    stores into watched tables and code, changes of the memory map
 *   (7) writes  which pages were written to, for searches of a debugger's
 *
 * A load of CR3 with a root that is known changes six pointers. A process that runs again finds
 * its maps as it left them, less what has been dropped from them since. INVLPG has nothing to
 * do.
 */
#include "cpu/sys/shadow.h"

#include <stdlib.h>
#include <string.h>

#include "cpu/sys/sys.h"

/* Not far from the wrap, so that every long run passes it. */
static const uint32_t FIRST_EPOCH = UINT32_MAX - 1000;

enum { LIFT_AFTER = 16, PAGES_OF_SPAN = 1 << 10, SPAN_BYTES = PAGES_OF_SPAN << PAGE_SHIFT };

static struct shadow_root *selected(struct cpu *cpu)
{
    return &cpu->sys->shadows.root[cpu->sys->shadows.now];
}

unsigned shadow_entry_size(const struct cpu *cpu)
{
    return cpu->sys->cr4 & CR4_PAE ? 8 : 4;
}

laddr shadow_span(const struct cpu *cpu)
{
    return cpu->sys->cr4 & CR4_PAE ? 1u << 21 : 1u << 22;
}

/* ---- (1) drop */

/* Pages [page, page + n) of one page of the host's: nothing is stored where nothing has been,
 * for that would take memory. */
static void drop_stored(struct shadow_root *s, uint32_t page, uint32_t n)
{
    unsigned touched = s->touched[page / PAGE_ENTRIES];
    for (unsigned k = 0; touched != 0; k++, touched >>= 1) {
        if (touched & 1) {
            memset(&s->map[k / MAP_KINDS][k % MAP_KINDS][page], 0, n * sizeof(uintptr_t));
        }
    }
}

/* Pages [page, page + n) of one span. */
static void drop_pages(struct shadow_root *s, uint32_t page, uint32_t n)
{
    while (n != 0) {
        uint32_t left = PAGE_ENTRIES - page % PAGE_ENTRIES, here = n < left ? n : left;
        drop_stored(s, page, here);
        page += here;
        n -= here;
    }
}

/* Pages [page, page + n) of all spans. */
static void drop_range(struct shadow_root *s, uint32_t page, uint32_t n)
{
    while (n != 0) {
        uint32_t span = page / PAGES_OF_SPAN, left = PAGES_OF_SPAN - page % PAGES_OF_SPAN;
        uint32_t here = n < left ? n : left;
        if (s->filled[span]) {
            drop_pages(s, page, here);
            s->filled[span] = here != PAGES_OF_SPAN;
        }
        page = (page + here) & (LINEAR_PAGES - 1);
        n -= here;
    }
}

static void unchain(struct shadows *all, const struct shadow_fill *f)
{
    if (f->prev != 0) {
        all->fill[f->prev - 1].next = f->next;
    } else {
        all->frame[f->frame % SHADOW_FRAMES] = f->next;
    }
    if (f->next != 0) {
        all->fill[f->next - 1].prev = f->prev;
    }
}

static void empty_root(struct shadows *all, struct shadow_root *s)
{
    const struct shadow_fill *f = &all->fill[(size_t)(s - all->root) * SHADOW_FILLS];
    for (uint32_t n = 0; n < s->fills; n++, f++) {
        drop_pages(s, f->page, 1);
        unchain(all, f);
    }
    memset(s->filled, 0, sizeof s->filled);
    memset(s->stale, 0, sizeof s->stale);
    s->any_stale = false;
    s->fills = 0;
}

/* The count of flushes is about to wrap: no page is a table of any root any more. */
static void begin_epochs(struct shadows *all)
{
    for (unsigned n = 0; n < SHADOW_ROOTS; n++) {
        empty_root(all, &all->root[n]);
        all->root[n].flushed = 1;
    }
    for (uint32_t page = 0; page < LINEAR_PAGES; page++) {
        all->table[page].epoch = 0;
    }
    all->epoch = 1;
}

static void flush_root(struct shadows *all, struct shadow_root *s)
{
    empty_root(all, s);
    if (all->epoch == UINT32_MAX) {
        begin_epochs(all);
    }
    s->flushed = ++all->epoch;
}

void mmu_flush(struct cpu *cpu)
{
    cpu->stats.shadow_flushes++;
    for (unsigned n = 0; n < SHADOW_ROOTS; n++) {
        flush_root(&cpu->sys->shadows, &cpu->sys->shadows.root[n]);
    }
}

void shadow_forget(struct cpu *cpu, laddr la, uint32_t len)
{
    uint32_t n = ((la & PAGE_MASK) + len + PAGE_MASK) >> PAGE_SHIFT;
    for (unsigned k = 0; k < SHADOW_ROOTS; k++) {
        drop_range(&cpu->sys->shadows.root[k], la >> PAGE_SHIFT, n);
    }
}

static void drop_writes(struct shadow_root *s, uint32_t page)
{
    for (unsigned user = 0; user < 2; user++) {
        if (s->map[user][MAP_WRITE][page] | s->map[user][MAP_WATCHED][page]) {
            s->map[user][MAP_WRITE][page] = s->map[user][MAP_WATCHED][page] = 0;
        }
    }
}

/* ---- (2) watch */

static struct table_use *table_at(struct cpu *cpu, paddr pa)
{
    return &cpu->sys->shadows.table[pa >> PAGE_SHIFT & (LINEAR_PAGES - 1)];
}

/* Those of its roots that have not been flushed since. */
static unsigned live_roots(const struct shadows *all, const struct table_use *use)
{
    unsigned live = 0;
    for (unsigned n = 0; n < SHADOW_ROOTS; n++) {
        if ((use->roots >> n & 1) && all->root[n].flushed <= use->epoch) {
            live |= 1u << n;
        }
    }
    return use->kind == TABLE_NONE ? 0 : live;
}

/* The translations that bytes [off, off + len) of the table decide. */
static void drop_entries(struct shadows *all, const struct table_use *use,
                         struct shadow_root *s, unsigned off, unsigned len)
{
    bool pae = s->key.cr4 & CR4_PAE;
    unsigned size = pae ? 8 : 4, first = off / size, n = (off + len - 1) / size - first + 1;
    uint32_t each = use->kind == TABLE_LAST ? 1 : pae ? PAGES_OF_SPAN / 2 : PAGES_OF_SPAN;
    if (use->kind == TABLE_MIXED) {
        flush_root(all, s);
    } else if (use->kind == TABLE_ABOVE && s != &all->root[all->now]) {
        memset(&s->stale[use->la / (each * PAGE_SIZE) + first], true, n);
        s->any_stale = true;
    } else {
        drop_range(s, (use->la >> PAGE_SHIFT) + first * each, n * each);
    }
}

static void drop_derived(struct shadows *all, const struct table_use *use, unsigned roots,
                         unsigned off, unsigned len)
{
    for (unsigned k = 0; k < SHADOW_ROOTS; k++) {
        if (roots >> k & 1) {
            drop_entries(all, use, &all->root[k], off, len);
        }
    }
}

static void use_table(struct shadows *all, struct table_use *use,
                      const struct shadow_source *src)
{
    unsigned me = 1u << all->now;
    if (use->kind == src->kind && use->la == src->la && use->epoch == all->epoch &&
        (use->roots & me)) {
        return; /* as most of the time; no root has been flushed since */
    }
    unsigned live = live_roots(all, use);
    bool moved = live != 0 && (use->kind != src->kind || use->la != src->la);
    if (moved && use->hits != 0 && use->kind != TABLE_MIXED) {
        drop_derived(all, use, live, 0,
                     PAGE_SIZE); /* it was cleared, and is another table now */
        live = 0;
    } else if (moved) {
        use->kind = TABLE_MIXED;
    }
    if (live == 0) {
        *use = (struct table_use){.la = src->la, .kind = (uint8_t)src->kind};
    }
    use->roots = (uint8_t)(live | me);
    use->epoch = all->epoch;
}

static void watch_entry(struct cpu *cpu, const struct shadow_source *src)
{
    if (src->at > UINT32_MAX) {
        return; /* open bus: constant */
    }
    use_table(&cpu->sys->shadows, table_at(cpu, src->at), src);
    if (!phys_is_code(cpu->ph, src->at, shadow_entry_size(cpu))) {
        phys_watch_code(cpu->ph, src->at, shadow_entry_size(cpu));
    }
}

/* A directory that is its own table, for a page that is seen by way of itself, is both for one
 * translation: a table that moved it is not. */
static void watch_walk(struct cpu *cpu, const struct shadow_source *sources, unsigned n)
{
    for (unsigned k = 0; k < n; k++) {
        watch_entry(cpu, &sources[k]);
    }
    if (n == 2 && sources[0].at >> PAGE_SHIFT == sources[1].at >> PAGE_SHIFT &&
        sources[0].at <= UINT32_MAX) {
        table_at(cpu, sources[0].at)->kind = TABLE_MIXED;
    }
}

/* ---- (3) select */

static struct shadow_key present_key(const struct cpu *cpu)
{
    const struct cpu_sys *sys = cpu->sys;
    struct shadow_key key;
    memset(&key, 0, sizeof key);
    key.cr0 = sys->cr0 & CR0_PG;
    if (key.cr0 == 0) {
        return key;
    }
    key.cr0 |= sys->cr0 & CR0_WP;
    key.cr4 = sys->cr4 & (CR4_PSE | CR4_PAE);
    if (key.cr4 & CR4_PAE) {
        key.efer = (uint32_t)sys->msr.efer;
        memcpy(key.pdpte_lo, sys->pdpte_lo, sizeof key.pdpte_lo);
        memcpy(key.pdpte_hi, sys->pdpte_hi, sizeof key.pdpte_hi);
    } else {
        key.cr3 = sys->cr3 & ~(uint32_t)PAGE_MASK;
    }
    return key;
}

/* The shadow of that root, or the one that was out of use for longest, emptied. */
static uint32_t find_root(struct cpu *cpu, const struct shadow_key *key)
{
    struct shadows *all = &cpu->sys->shadows;
    uint32_t oldest = 0;
    for (uint32_t n = 0; n < SHADOW_ROOTS; n++) {
        struct shadow_root *s = &all->root[n];
        if (s->used != 0 && memcmp(&s->key, key, sizeof *key) == 0) {
            return n;
        }
        if (s->used < all->root[oldest].used) {
            oldest = n;
        }
    }
    flush_root(all, &all->root[oldest]);
    cpu->stats.shadow_begun++;
    all->root[oldest].key = *key;
    return oldest;
}

/* A directory that was stored to while its root was out of use may say what it said before: a
 * process ends, and the next one's directory is made where its was, with the same entries for
 * the kernel. (Stores into tables below are heard whether a root is in use or not.) */
static void look_again(struct cpu *cpu, struct shadow_root *s)
{
    laddr span = shadow_span(cpu), la = 0;
    for (uint32_t n = 0; s->any_stale && n <= UINT32_MAX / span; n++, la += span) {
        struct shadow_source src;
        if (!s->stale[n] || !s->filled[la / SPAN_BYTES]) {
            continue;
        }
        if (mmu_directory(cpu, la, &src) && src.entry == s->above[n]) {
            watch_entry(cpu, &src);
            cpu->stats.shadow_spans_kept++;
        } else {
            drop_range(s, la >> PAGE_SHIFT, span >> PAGE_SHIFT);
        }
    }
    memset(s->stale, 0, sizeof s->stale);
    s->any_stale = false;
}

void shadow_select(struct cpu *cpu)
{
    struct shadows *all = &cpu->sys->shadows;
    struct shadow_key key = present_key(cpu);
    all->now = find_root(cpu, &key);
    struct shadow_root *s = selected(cpu);
    s->used = ++all->selections;
    if (!all->keep) {
        flush_root(all, s);
    } else if (s->any_stale) {
        look_again(cpu, s);
    }
    shadow_show(cpu);
}

/* Alignment checks and breakpoints on data take the maps away: every access comes by
 * mmu_before(). */
void shadow_show(struct cpu *cpu)
{
    struct cpu_sys *sys = cpu->sys;
    bool user = sys->cpl == 3;
    bool aligned = user && (sys->cr0 & CR0_AM) && (sys->eflags & FL_AC);
    bool slow = aligned || (sys->break_read | sys->break_write);
    uintptr_t *none = sys->shadows.none, *const *map = selected(cpu)->map[user];
    cpu->rd = slow ? none : map[MAP_READ];
    cpu->wr = slow ? none : map[MAP_WRITE];
    cpu->watched = slow ? none : map[MAP_WATCHED];
    cpu->code = map[MAP_CODE];
    cpu->sys_rd = selected(cpu)->map[false][MAP_READ];
    cpu->sys_wr = selected(cpu)->map[false][MAP_WRITE];
}

/* ---- (4) room */

enum {
    ROOT_BYTES = 2 * MAP_KINDS * LINEAR_PAGES * sizeof(uintptr_t),
    NONE_BYTES =
        ROOT_BYTES / 2, /* no smaller: a C library's small pieces cost from the start */
    TABLE_BYTES = LINEAR_PAGES * sizeof(struct table_use),
    FILL_BYTES = SHADOW_ROOTS * SHADOW_FILLS * sizeof(struct shadow_fill),
    FRAME_BYTES = SHADOW_FRAMES * sizeof(uint32_t),
};

/* A root's maps are one array: so large a one costs nothing where it is not touched, however
 * many machines came before. */
static void maps_at(struct shadow_root *s, uintptr_t *map)
{
    for (unsigned k = 0; k < 2 * MAP_KINDS; k++, map += LINEAR_PAGES) {
        s->map[k / MAP_KINDS][k % MAP_KINDS] = map;
    }
}

/* The root's maps are emptied, and their memory given back. */
static void evict_root(struct shadows *all, struct shadow_root *s)
{
    flush_root(all, s);
    maps_at(s, big_empty(all->sparse, s->map[0][0], ROOT_BYTES));
    all->pages -= s->pages;
    s->pages = 0;
    memset(s->touched, 0, sizeof s->touched);
}

/* Of the root that was out of use for longest among those that have any; the selected one only
 * if it is alone. */
static void make_room(struct cpu *cpu)
{
    struct shadows *all = &cpu->sys->shadows;
    uint32_t victim = all->now;
    for (uint32_t n = 0; n < SHADOW_ROOTS; n++) {
        const struct shadow_root *s = &all->root[n];
        if (n != all->now && s->pages != 0 &&
            (victim == all->now || s->used < all->root[victim].used)) {
            victim = n;
        }
    }
    evict_root(all, &all->root[victim]);
    cpu->stats.shadow_evicted++;
    shadow_show(cpu);
}

static unsigned ones(unsigned v) /* of 4 bits */
{
    return (v & 1) + (v >> 1 & 1) + (v >> 2 & 1) + (v >> 3 & 1);
}

/* Those maps' (bit [kind]) pages of the host's that hold the page's entries have not been
 * stored to. */
static unsigned untouched(const struct shadow_root *s, bool user, uint32_t page, unsigned kinds)
{
    return kinds & ~((unsigned)s->touched[page / PAGE_ENTRIES] >> (user ? MAP_KINDS : 0));
}

static void need_room(struct cpu *cpu, const struct shadow_rights *rights, uint32_t page)
{
    struct shadows *all = &cpu->sys->shadows;
    unsigned kinds = 1u << MAP_READ | (rights->fetch ? 1u << MAP_CODE : 0) |
                     (rights->write ? 1u << MAP_WRITE | 1u << MAP_WATCHED : 0);
    unsigned fresh = ones(untouched(selected(cpu), rights->user, page, kinds));
    if (fresh != 0 && all->pages + fresh > all->limit) {
        make_room(cpu);
    }
}

/* ---- (5) fill */

static void remember(struct cpu *cpu, struct shadow_root *s, uint32_t page, paddr pa)
{
    struct shadows *all = &cpu->sys->shadows;
    uint32_t index = all->now * SHADOW_FILLS + s->fills++;
    struct shadow_fill *f = &all->fill[index];
    *f = (struct shadow_fill){.page = page, .frame = (uint32_t)(pa >> PAGE_SHIFT)};
    uint32_t *head = &all->frame[f->frame % SHADOW_FRAMES];
    f->next = *head;
    if (*head != 0) {
        all->fill[*head - 1].prev = index + 1;
    }
    *head = index + 1;
    s->filled[page / PAGES_OF_SPAN] = true;
}

/* A debugger watches the page: its accesses come the slow way, of which stores beside what is
 * watched need not go far. */
static void hide(const struct cpu *cpu, laddr page, bool main, uintptr_t map[MAP_KINDS])
{
    bool reads, writes;
    points_hide(cpu, page, &reads, &writes);
    if (reads) {
        map[MAP_READ] = 0;
    }
    if (writes) {
        uintptr_t to_host = map[MAP_WRITE] | map[MAP_WATCHED]; /* one of them at most */
        map[MAP_WRITE] = 0;
        map[MAP_WATCHED] = main && to_host ? to_host | HAS_POINTS : 0;
    }
}

/* The root has something of the page, so that its frame's chain has it: what the tables say has
 * not changed since, or it would have been dropped. */
static bool is_known(const struct shadow_root *s, uint32_t page)
{
    unsigned touched = s->touched[page / PAGE_ENTRIES];
    for (unsigned k = 0; touched != 0; k++, touched >>= 1) {
        if ((touched & 1) && s->map[k / MAP_KINDS][k % MAP_KINDS][page] != 0) {
            return true;
        }
    }
    return false;
}

/* Entries that are as they were are left alone: what they are on may not be in use. */
static void enter(struct cpu *cpu, bool user, uint32_t page, paddr pa,
                  const uintptr_t now[MAP_KINDS])
{
    struct shadow_root *s = selected(cpu);
    unsigned stored = 0;
    bool known = is_known(s, page), better = false;
    for (unsigned kind = 0; kind < MAP_KINDS; kind++) {
        uintptr_t *entry = &s->map[user][kind][page];
        if (*entry != now[kind]) {
            *entry = now[kind];
            stored |= 1u << kind;
            better |= now[kind] != 0;
        }
    }
    unsigned fresh = ones(untouched(s, user, page, stored));
    s->touched[page / PAGE_ENTRIES] |= (uint8_t)(stored << (user ? MAP_KINDS : 0));
    s->pages += fresh;
    cpu->sys->shadows.pages += fresh;
    if (better) {
        cpu->stats.mmu_fills++;
    }
    if (better && !known) {
        remember(cpu, s, page, pa);
    }
}

/* A device's page has no host address: what is kept is where it is, if that can be said. */
static uintptr_t device_entry(paddr pa, const struct shadow_rights *rights)
{
    uintptr_t rest = DEVICE_READ | (rights->write ? DEVICE_WRITE : 0u);
    return pa > UINTPTR_MAX ? 0 : (uintptr_t)(pa & ~(paddr)PAGE_MASK) | rest;
}

/* A map holds host address minus linear address, so that adding the linear address is all.
 * Code's map is filled by fetches alone, since execution may be forbidden where reading is not.
 * A page that is not read where it is written (ROM in front of RAM, PAM) stays out of the maps
 * for writing, by which read-modify-write reads, too.
 */
void shadow_fill(struct cpu *cpu, laddr la, paddr pa, const struct shadow_rights *rights,
                 const struct shadow_source *sources, unsigned n)
{
    struct shadow_root *s = selected(cpu);
    laddr base = la & ~(laddr)PAGE_MASK;
    uint32_t page = la >> PAGE_SHIFT;
    if (s->fills == SHADOW_FILLS) {
        flush_root(&cpu->sys->shadows, s);
        cpu->stats.shadow_full++;
    }
    need_room(cpu, rights, page);
    watch_walk(cpu, sources, n); /* may make pages unwritable: before the look at pa */
    if (n != 0) {
        s->above[la / shadow_span(cpu)] = sources[0].entry;
    }
    struct phys_page p = phys_page(cpu->ph, pa);
    if (p.rd == NULL && p.wr == NULL) {
        const uintptr_t device[MAP_KINDS] = {[MAP_WATCHED] = device_entry(pa, rights)};
        if (rights->write) {
            shadow_note_write(cpu, la);
        }
        enter(cpu, rights->user, page, pa, device);
        return;
    }
    uintptr_t *const *map = s->map[rights->user];
    uintptr_t now[MAP_KINDS] = {
        [MAP_READ] = p.rd ? (uintptr_t)p.rd - base : 0,
        [MAP_WRITE] = p.wr && p.wr == p.rd && rights->write ? (uintptr_t)p.wr - base : 0,
        [MAP_WATCHED] =
            p.watched && p.watched == p.rd && rights->write ? (uintptr_t)p.watched - base : 0,
        [MAP_CODE] = map[MAP_CODE][page],
    };
    if (rights->fetch) {
        now[MAP_CODE] = now[MAP_READ];
    }
    if (UNLIKELY(cpu->points.datas)) {
        hide(cpu, base, p.main, now);
    }
    if (now[MAP_WRITE] | now[MAP_WATCHED]) {
        shadow_note_write(cpu, la); /* stores will not be translated any more */
    }
    enter(cpu, rights->user, page, pa, now);
}

void shadow_mark(struct cpu *cpu, paddr at, uint32_t v)
{
    cpu->sys->shadows.walking = true;
    phys_write(cpu->ph, at, v, 4);
    cpu->sys->shadows.walking = false;
}

/* ---- (6) hear */

/* The page at pa is no table for the time being: only code on it is still watched. */
static void lift(struct cpu *cpu, paddr pa)
{
    const struct block_cache *bc = cpu->cache;
    paddr page = pa >> PAGE_SHIFT;
    cpu->stats.table_lifts++;
    table_at(cpu, pa)->kind = TABLE_NONE;
    phys_unwatch_page(cpu->ph, pa);
    for (uint32_t n = page < bc->pages ? bc->page[page] : 0; n != 0; n = bc->key[n].next_page) {
        phys_watch_code(cpu->ph, bc->key[n].pa, bc->key[n].bytes);
    }
}

/* A table that is rewritten in bulk (fork, exec, exit) is dropped whole; its watch is lifted
 * until it is walked again. Lifted too are pages that were tables once. */
static void table_written(struct cpu *cpu, paddr pa, unsigned len, bool unwatched)
{
    struct shadows *all = &cpu->sys->shadows;
    struct table_use *use = table_at(cpu, pa);
    if (use->kind == TABLE_NONE || (all->walking && !unwatched)) {
        return;
    }
    unsigned roots = live_roots(all, use);
    cpu->stats.table_stores += roots != 0;
    if (roots == 0) {
        lift(cpu, pa);
    } else if (unwatched || use->kind == TABLE_MIXED || ++use->hits > LIFT_AFTER) {
        drop_derived(all, use, roots, 0, PAGE_SIZE);
        lift(cpu, pa);
    } else {
        drop_derived(all, use, roots, (unsigned)(pa & PAGE_MASK), len);
    }
    engine_leave(cpu); /* linked blocks may be running where nothing is mapped any more */
}

/* Code and tables share the watch: to renew it for code takes it from the page's tables. */
static void on_written(void *ctx, paddr pa, unsigned len)
{
    struct cpu *cpu = ctx;
    bool renewed = block_drop_written(cpu, pa, len);
    table_written(cpu, pa, len, renewed);
}

static void on_remapped(void *ctx)
{
    block_drop_all(ctx); /* drops the translations with the blocks */
    cpu_attention(ctx);  /* dear to the host: a guest that does it for ever must not keep the
                            board from hearing that somebody wants to stop */
}

static void on_rearm(void *ctx)
{
    struct shadows *all = &((struct cpu *)ctx)->sys->shadows;
    for (unsigned k = 0; k < SHADOW_ROOTS; k++) {
        const struct shadow_fill *f = &all->fill[(size_t)k * SHADOW_FILLS];
        for (uint32_t n = 0; n < all->root[k].fills; n++) {
            drop_writes(&all->root[k], f[n].page);
        }
    }
}

static void on_rearm_page(void *ctx, paddr pa)
{
    struct shadows *all = &((struct cpu *)ctx)->sys->shadows;
    uint32_t frame = (uint32_t)(pa >> PAGE_SHIFT), n = all->frame[frame % SHADOW_FRAMES];
    for (; n != 0; n = all->fill[n - 1].next) {
        if (all->fill[n - 1].frame == frame) {
            drop_writes(&all->root[(n - 1) / SHADOW_FILLS], all->fill[n - 1].page);
        }
    }
}

/* ---- (7) writes: a filter of the pages that were written to
 *
 * In the beginning no map has a page for writing, so that a page's first write is translated.
 */

static uint32_t write_bit(laddr la)
{
    return (uint32_t)((la >> PAGE_SHIFT) * 0x9E3779B1u) / (UINT32_MAX / CPU_WRITES + 1);
}

void shadow_note_write(struct cpu *cpu, laddr la)
{
    uint32_t n = write_bit(la);
    cpu->sys->shadows.writes.bit[n / 64] |= UINT64_C(1) << n % 64;
}

void cpu_writes_begin(struct cpu *cpu)
{
    on_rearm(cpu);
    memset(&cpu->sys->shadows.writes, 0, sizeof cpu->sys->shadows.writes);
}

const struct cpu_writes *cpu_writes(const struct cpu *cpu)
{
    return &cpu->sys->shadows.writes;
}

bool cpu_writes_have(const struct cpu_writes *w, laddr la)
{
    uint32_t n = write_bit(la);
    return w->bit[n / 64] >> n % 64 & 1;
}

/* ---- creation */

static bool all_maps_new(struct shadows *all)
{
    for (unsigned n = 0; n < SHADOW_ROOTS; n++) {
        uintptr_t *map = big_new(all->sparse, ROOT_BYTES);
        if (map == NULL) {
            return false;
        }
        maps_at(&all->root[n], map);
    }
    return true;
}

_Static_assert(SHADOW_MAP_PAGES *HOST_PAGE + FILL_BYTES + FRAME_BYTES +
                       sizeof(struct shadows) <=
                   SHADOW_BUDGET,
               "memory of the shadow page tables");

int shadow_init(struct cpu *cpu, const struct cpu_config *cfg, struct error *err)
{
    struct shadows *all = &cpu->sys->shadows;
    all->keep = !cfg->shadow_flush;
    all->sparse = cfg->sparse;
    all->epoch = FIRST_EPOCH;
    all->limit = SHADOW_MAP_PAGES;
    all->none = big_new(all->sparse, NONE_BYTES);
    all->table = big_new(all->sparse, TABLE_BYTES);
    all->fill = big_new(all->sparse, FILL_BYTES);
    all->frame = big_new(all->sparse, FRAME_BYTES);
    if (!all_maps_new(all) || !all->none || !all->table || !all->fill || !all->frame) {
        shadow_free(cpu);
        return error_set(err, "out of memory for the page maps");
    }
    phys_set_watch(cpu->ph,
                   &(struct phys_watch){cpu, on_written, on_remapped, on_rearm, on_rearm_page});
    return 0;
}

void shadow_free(struct cpu *cpu)
{
    struct shadows *all = &cpu->sys->shadows;
    for (unsigned n = 0; n < SHADOW_ROOTS; n++) {
        big_free(all->sparse, all->root[n].map[0][0],
                 ROOT_BYTES); /* and all others of the root */
    }
    big_free(all->sparse, all->none, NONE_BYTES);
    big_free(all->sparse, all->table, TABLE_BYTES);
    big_free(all->sparse, all->fill, FILL_BYTES);
    big_free(all->sparse, all->frame, FRAME_BYTES);
    *all = (struct shadows){0};
}
