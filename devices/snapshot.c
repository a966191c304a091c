/* snapshot.c -- see the header.
 *
 * RAM and VRAM are trees of pages (mem/page_tree.h); so are the fields, packed by their tables,
 * of which most are the same from one snapshot to the next (the disks' buffers, the palette).
 * The machine remembers the trees of the snapshot that it was last equal to: they and the dirty
 * map tell what it holds now.
 *
 * Equal pages need not mean that nothing was stored: so a snapshot has the list of pages that
 * were, since the one before it, and with it the address spaces that were in force.
 */
#include "devices/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "devices/machine_priv.h"
#include "mem/page_tree.h"

enum { RAMS = 8 };

/* What a machine and its snapshots share; lives as long as one of them. */
struct snapshots {
    unsigned owners;
    struct page_pool pool;
    struct page_tree *last[RAMS]; /* of RAM when its dirty bits were cleared */
    struct page_tree *last_fields;
    struct ram fields;          /* room for them, in pages that are always dirty */
    uint64_t serials, equal_to; /* numbers: of snapshots so far; of the one it was equal to */
};

/* What happened on the way from another snapshot to this one, or more. */
struct way {
    uint64_t from;    /* its number; 0: nothing is known */
    uint32_t *stored; /* numbers of pages of main RAM, in order */
    size_t n;
    struct cpu_spaces spaces;
};

struct snapshot {
    struct snapshots *all;
    uint64_t tick, number; /* number: from 1 on */
    struct way way;
    struct page_tree *ram[RAMS];
    struct page_tree *fields;
    struct media media[DRIVE_COUNT];
    bool errors_told[DRIVE_COUNT];
};

static struct snapshots *shared(struct machine *m, struct error *err)
{
    if (m->snapshots) {
        return m->snapshots;
    }
    struct snapshots *all = calloc(1, sizeof *all);
    uint64_t pages = (machine_fields_size(m) + PAGE_MASK) >> PAGE_SHIFT;
    uint8_t *bytes = calloc((size_t)pages, PAGE_SIZE), *dirty = malloc((size_t)pages);
    if (!all || !bytes || !dirty) {
        free(all);
        free(bytes);
        free(dirty);
        error_set(err, "snapshot: out of memory");
        return NULL;
    }
    memset(dirty, DIRTY_ALL, (size_t)pages);
    all->fields = (struct ram){
        .name = "fields", .bytes = bytes, .size = pages << PAGE_SHIFT, .dirty = dirty};
    all->owners = 1;
    m->snapshots = all;
    return all;
}

static void let_go(struct snapshots *all)
{
    if (--all->owners == 0) {
        free(all->fields.bytes);
        free(all->fields.dirty);
        free(all);
    }
}

static void drop_trees(struct page_pool *pool, struct page_tree *tree[RAMS])
{
    for (unsigned n = 0; n < RAMS; n++) {
        page_tree_drop(pool, tree[n]);
        tree[n] = NULL;
    }
}

void machine_forget_snapshots(struct machine *m)
{
    if (m->snapshots) {
        drop_trees(&m->snapshots->pool, m->snapshots->last);
        page_tree_drop(&m->snapshots->pool, m->snapshots->last_fields);
        let_go(m->snapshots);
        m->snapshots = NULL;
    }
}

static void way_forget(struct snapshot *s)
{
    s->all->pool.bytes -= s->way.n * sizeof *s->way.stored;
    free(s->way.stored);
    s->way.stored = NULL;
    s->way.n = 0;
    s->way.from = 0;
}

void snapshot_free(struct snapshot *s)
{
    if (s) {
        way_forget(s);
        s->all->pool.bytes -= sizeof *s;
        drop_trees(&s->all->pool, s->ram);
        page_tree_drop(&s->all->pool, s->fields);
        let_go(s->all);
        free(s);
    }
}

uint64_t snapshot_tick(const struct snapshot *s)
{
    return s->tick;
}

/* ---- taking one */

static bool take_rams(struct machine *m, struct snapshot *s)
{
    unsigned n = 0;
    for (struct ram *r = phys_rams(m->phys); r; r = r->next, n++) {
        if (n == RAMS || page_tree_take(&s->all->pool, r, s->all->last[n], &s->ram[n]) < 0) {
            return false;
        }
    }
    return true;
}

/* Without memory for it nothing is known: no harm. */
static void take_way(struct machine *m, struct snapshot *s)
{
    const struct ram *r = phys_main_ram(m->phys);
    struct way *w = &s->way;
    uint64_t pages = r->size >> PAGE_SHIFT;
    size_t n = 0;
    for (uint64_t page = 0; page < pages; page++) {
        n += (r->dirty[page] & DIRTY_SNAPSHOT) != 0;
    }
    w->stored = malloc((n ? n : 1) * sizeof *w->stored);
    if (!w->stored) {
        return;
    }
    for (uint64_t page = 0; page < pages && w->n < n; page++) {
        if (r->dirty[page] & DIRTY_SNAPSHOT) {
            w->stored[w->n++] = (uint32_t)page;
        }
    }
    s->all->pool.bytes += n * sizeof *w->stored;
    w->spaces = *cpu_spaces(m->cpu);
    w->from = s->all->equal_to;
}

/* The machine is equal to s. */
static void now_equal(struct machine *m, const struct snapshot *s)
{
    unsigned n = 0;
    s->all->equal_to = s->number;
    for (struct ram *r = phys_rams(m->phys); r; r = r->next, n++) {
        page_tree_clean(m->phys, r);
        page_tree_share(s->ram[n]);
        page_tree_drop(&s->all->pool, s->all->last[n]);
        s->all->last[n] = s->ram[n];
    }
    page_tree_share(s->fields);
    page_tree_drop(&s->all->pool, s->all->last_fields);
    s->all->last_fields = s->fields;
}

static bool take_fields(struct machine *m, struct snapshot *s)
{
    struct snapshots *all = s->all;
    machine_fields_pack(m, all->fields.bytes);
    return page_tree_take(&all->pool, &all->fields, all->last_fields, &s->fields) == 0;
}

struct snapshot *machine_snapshot(struct machine *m, struct error *err)
{
    struct snapshots *all = shared(m, err);
    struct snapshot *s = all ? calloc(1, sizeof *s) : NULL;
    if (!s) {
        error_set(err, "snapshot: out of memory");
        return NULL;
    }
    s->all = all;
    s->tick = machine_now(m);
    all->owners++;
    all->pool.bytes += sizeof *s;
    for (unsigned i = 0; i < DRIVE_COUNT; i++) {
        s->media[i] = m->board.drive[i].media;
        s->errors_told[i] = m->board.drive[i].errors_told;
    }
    if (!take_fields(m, s) || !take_rams(m, s)) {
        error_set(err, "snapshot: out of memory");
        snapshot_free(s);
        return NULL;
    }
    s->number = ++all->serials;
    take_way(m, s);
    now_equal(m, s);
    cpu_spaces_begin(m->cpu);
    return s;
}

/* ---- going back */

static int restore_fields(struct machine *m, const struct snapshot *s, struct error *err)
{
    struct ram *r = &s->all->fields;
    for (uint64_t n = 0; n < r->size >> PAGE_SHIFT; n++) {
        const uint8_t *page = page_tree_page(s->fields, n);
        if (page) {
            memcpy(r->bytes + (n << PAGE_SHIFT), page, PAGE_SIZE);
        } else {
            memset(r->bytes + (n << PAGE_SHIFT), 0, PAGE_SIZE);
        }
    }
    return machine_fields_unpack(m, r->bytes, err);
}

int machine_restore(struct machine *m, const struct snapshot *s, struct error *err)
{
    if (m->snapshots != s->all) {
        return error_set(err, "snapshot: is another machine's");
    }
    unsigned n = 0;
    for (struct ram *r = phys_rams(m->phys); r; r = r->next, n++) {
        page_tree_restore(m->phys, r, s->all->last[n], s->ram[n]);
    }
    now_equal(m, s);
    for (unsigned i = 0; i < DRIVE_COUNT; i++) {
        m->board.drive[i].media = s->media[i];
        m->board.drive[i].errors_told = s->errors_told[i];
    }
    int rc = restore_fields(m, s, err);
    cpu_spaces_begin(m->cpu);
    return rc;
}

/* ---- what was stored to in between */

static bool stored_to(const struct way *w, uint64_t page)
{
    size_t low = 0, high = w->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (w->stored[mid] < page) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low < w->n && w->stored[low] == page;
}

/* Main RAM alone is looked after, where nothing lies in front of it. */
static bool is_plain_ram(struct machine *m, paddr pa)
{
    enum { ADAPTERS = 0xA0000, EXTENDED = 0x100000 };
    const struct ram *r = phys_main_ram(m->phys);
    struct phys_page p = phys_page(m->phys, pa);
    bool low = pa < ADAPTERS || pa >= EXTENDED;
    return low && pa < r->size && p.rd == r->bytes + (pa & ~(paddr)PAGE_MASK);
}

bool machine_may_have_stored(struct machine *m, const struct snapshot *from,
                             const struct snapshot *s, uint32_t la, uint32_t len)
{
    const struct way *w = &s->way;
    uint32_t pages = ((la & PAGE_MASK) + len + PAGE_MASK) >> PAGE_SHIFT;
    if (w->from != from->number || s->all->equal_to != from->number || w->spaces.more) {
        return true;
    }
    for (unsigned k = 0; k < w->spaces.n; k++) {
        for (uint32_t page = 0; page < pages; page++) {
            paddr way[CPU_SPACE_WAY];
            unsigned n =
                cpu_space_way(m->cpu, &w->spaces.space[k], la + (page << PAGE_SHIFT), way);
            while (n-- > 0) {
                if (!is_plain_ram(m, way[n]) || stored_to(w, way[n] >> PAGE_SHIFT)) {
                    return true;
                }
            }
        }
    }
    return false;
}

/* Both lists in one, each page once. -1: no memory. */
static int merge_stored(struct way *to, const struct way *from)
{
    size_t a = 0, b = 0, n = 0;
    uint32_t *both = malloc((to->n + from->n + 1) * sizeof *both);
    if (!both) {
        return -1;
    }
    while (a < to->n || b < from->n) {
        bool first = b == from->n || (a < to->n && to->stored[a] <= from->stored[b]);
        uint32_t page = first ? to->stored[a++] : from->stored[b++];
        if (n == 0 || both[n - 1] != page) {
            both[n++] = page;
        }
    }
    free(to->stored);
    to->stored = both;
    to->n = n;
    return 0;
}

void snapshot_bridge(struct snapshot *next, const struct snapshot *gone)
{
    struct way *w = &next->way;
    size_t before = w->n;
    if (w->from != gone->number || gone->way.from == 0 || merge_stored(w, &gone->way) < 0) {
        way_forget(next);
        return;
    }
    next->all->pool.bytes += (w->n - before) * sizeof *w->stored;
    w->from = gone->way.from;
    w->spaces.more |= gone->way.spaces.more;
    for (unsigned k = 0; k < gone->way.spaces.n; k++) {
        cpu_spaces_add(&w->spaces, &gone->way.spaces.space[k]);
    }
}

/* What is known of the whole way holds for its second half. */
void snapshot_split(struct snapshot *next, const struct snapshot *fresh)
{
    if (next->way.from != 0 && next->way.from == fresh->way.from) {
        next->way.from = fresh->number;
    }
}

uint64_t machine_snapshot_bytes(const struct machine *m)
{
    return m->snapshots ? m->snapshots->pool.bytes : 0;
}

int machine_snapshot_limit(struct machine *m, uint64_t most, struct error *err)
{
    struct snapshots *all = shared(m, err);
    if (!all) {
        return -1;
    }
    all->pool.most = most;
    return 0;
}
