/* snapshot.c -- see the header.
 *
 * RAM and VRAM are trees of pages (mem/page_tree.h); so are the fields, packed by their tables,
 * of which most are the same from one snapshot to the next (the disks' buffers, the palette).
 * The machine remembers the trees of the snapshot that it was last equal to: they and the dirty
 * map tell what it holds now.
 *
 * Equal pages need not mean that nothing was stored: so a snapshot has a filter of the linear
 * pages that were written to since the one before it.
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
    uint64_t from; /* its number; 0: nothing is known */
    struct cpu_writes writes;
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

void snapshot_free(struct snapshot *s)
{
    if (s) {
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
    s->way = (struct way){all->equal_to, *cpu_writes(m->cpu)};
    now_equal(m, s);
    cpu_writes_begin(m->cpu);
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
    cpu_writes_begin(m->cpu);
    return rc;
}

/* ---- what was written to in between */

bool snapshot_may_have_written(const struct snapshot *from, const struct snapshot *s,
                               uint32_t la, uint32_t len)
{
    uint32_t pages = ((la & PAGE_MASK) + len + PAGE_MASK) >> PAGE_SHIFT;
    bool may = s->way.from != from->number;
    for (uint32_t n = 0; n < pages; n++) {
        may |= cpu_writes_have(&s->way.writes, la + (n << PAGE_SHIFT));
    }
    return may;
}

void snapshot_bridge(struct snapshot *next, const struct snapshot *gone)
{
    if (next->way.from != gone->number) {
        next->way.from = 0;
        return;
    }
    next->way.from = gone->way.from;
    for (size_t n = 0; n < ARRAY_LEN(next->way.writes.bit); n++) {
        next->way.writes.bit[n] |= gone->way.writes.bit[n];
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
