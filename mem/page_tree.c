/* mem/page_tree.c -- see the header.
 *
 * A radix tree of 64 children a node over page numbers. Taking the next tree copies the paths
 * to the pages that changed; going back walks two trees at once and skips what is the same node
 * in both.
 */
#include "mem/page_tree.h"

#include <stdlib.h>
#include <string.h>

enum { FAN_SHIFT = 6, FAN = 1 << FAN_SHIFT };

struct page {
    uint32_t owners;
    uint8_t bytes[PAGE_SIZE];
};

struct page_tree {
    uint32_t owners;
    uint32_t level; /* 0: the children are pages */
    union {
        struct page *page;
        struct page_tree *tree;
    } child[FAN];
};

static uint64_t pages_of(const struct ram *r)
{
    return r->size >> PAGE_SHIFT;
}

static unsigned level_of(const struct ram *r)
{
    unsigned level = 0;
    while (pages_of(r) > UINT64_C(1) << FAN_SHIFT * (level + 1)) {
        level++;
    }
    return level;
}

/* How many of a leaf's pages there are, and is one of them dirty? */
static unsigned leaf_pages(const struct ram *r, uint64_t first)
{
    uint64_t left = pages_of(r) - first;
    return left < FAN ? (unsigned)left : FAN;
}

static bool any_dirty(const struct ram *r, uint64_t first)
{
    const uint8_t *dirty = r->dirty + first;
    unsigned n = leaf_pages(r, first), i = 0;
    uint64_t many = 0, few = 0;
    for (; i + 8 <= n; i += 8) {
        many |= load_le64(dirty + i);
    }
    for (; i < n; i++) {
        few |= dirty[i];
    }
    return (few & DIRTY_SNAPSHOT) || (many & UINT64_C(0x0101010101010101) * DIRTY_SNAPSHOT);
}

static void *take_memory(struct page_pool *pool, size_t n)
{
    void *p = pool->most && pool->bytes + n > pool->most ? NULL : malloc(n);
    pool->bytes += p ? n : 0;
    return p;
}

static void page_drop(struct page_pool *pool, struct page *p)
{
    if (p && --p->owners == 0) {
        pool->bytes -= sizeof *p;
        free(p);
    }
}

struct page_tree *page_tree_share(struct page_tree *t)
{
    if (t) {
        t->owners++;
    }
    return t;
}

void page_tree_drop(struct page_pool *pool, struct page_tree *t)
{
    if (!t || --t->owners > 0) {
        return;
    }
    for (unsigned i = 0; i < FAN; i++) {
        if (t->level == 0) {
            page_drop(pool, t->child[i].page);
        } else {
            page_tree_drop(pool, t->child[i].tree);
        }
    }
    pool->bytes -= sizeof *t;
    free(t);
}

/* ---- taking */

/* A node of one's own with the same children. */
static struct page_tree *own_copy(struct page_pool *pool, const struct page_tree *old,
                                  unsigned level)
{
    struct page_tree *t = take_memory(pool, sizeof *t);
    if (!t) {
        return NULL;
    }
    if (!old) {
        memset(t, 0, sizeof *t);
    } else {
        memcpy(t, old, sizeof *t);
    }
    t->owners = 1;
    t->level = level;
    for (unsigned i = 0; i < FAN; i++) {
        if (level == 0 && t->child[i].page) {
            t->child[i].page->owners++;
        } else if (level > 0 && t->child[i].tree) {
            t->child[i].tree->owners++;
        }
    }
    return t;
}

static bool is_zero(const uint8_t *page)
{
    return page[0] == 0 && memcmp(page, page + 1, PAGE_SIZE - 1) == 0;
}

static bool same(const struct page *p, const uint8_t *bytes)
{
    return p ? memcmp(p->bytes, bytes, PAGE_SIZE) == 0 : is_zero(bytes);
}

struct taking {
    struct page_pool *pool;
    const struct ram *ram;
};

static int take_leaf(const struct taking *tk, uint64_t first, struct page_tree *old,
                     struct page_tree **now)
{
    const struct ram *r = tk->ram;
    unsigned n = any_dirty(r, first) ? leaf_pages(r, first) : 0;
    *now = old;
    for (unsigned i = 0; i < n; i++) {
        const uint8_t *bytes = r->bytes + ((first + i) << PAGE_SHIFT);
        struct page *before = old ? old->child[i].page : NULL, *p = NULL;
        if (!(r->dirty[first + i] & DIRTY_SNAPSHOT) || same(before, bytes)) {
            continue;
        }
        if (*now == old && !(*now = own_copy(tk->pool, old, 0))) {
            return -1;
        }
        if (!is_zero(bytes)) {
            p = take_memory(tk->pool, sizeof *p);
            if (!p) {
                return -1;
            }
            p->owners = 1;
            memcpy(p->bytes, bytes, PAGE_SIZE);
        }
        page_drop(tk->pool, (*now)->child[i].page);
        (*now)->child[i].page = p;
    }
    return 0;
}

/* *now: old itself, or a new node. On failure a new node is there to be dropped all the same.
 */
static int take_node(const struct taking *tk, unsigned level, uint64_t first,
                     struct page_tree *old, struct page_tree **now)
{
    if (level == 0) {
        return take_leaf(tk, first, old, now);
    }
    int rc = 0;
    *now = old;
    for (unsigned i = 0; i < FAN && rc == 0; i++) {
        uint64_t from = first + ((uint64_t)i << FAN_SHIFT * level);
        struct page_tree *before = old ? old->child[i].tree : NULL, *after;
        if (from >= pages_of(tk->ram)) {
            break;
        }
        rc = take_node(tk, level - 1, from, before, &after);
        if (after == before) {
            continue;
        }
        if (*now == old && !(*now = own_copy(tk->pool, old, level))) {
            page_tree_drop(tk->pool, after);
            return -1;
        }
        page_tree_drop(tk->pool, (*now)->child[i].tree);
        (*now)->child[i].tree = after;
    }
    return rc;
}

int page_tree_take(struct page_pool *pool, const struct ram *r, struct page_tree *last,
                   struct page_tree **now)
{
    const struct taking tk = {pool, r};
    int rc = take_node(&tk, level_of(r), 0, last, now);
    if (*now == last) {
        page_tree_share(last);
    }
    if (rc < 0) {
        page_tree_drop(pool, *now);
        *now = NULL;
    }
    return rc;
}

void page_tree_clean(struct phys *ph, struct ram *r)
{
    ram_clean(ph, r, DIRTY_SNAPSHOT);
}

/* ---- going back */

static void restore_page(struct ram *r, uint64_t n, const struct page *then)
{
    uint8_t *bytes = r->bytes + (n << PAGE_SHIFT);
    if (same(then, bytes)) {
        return;
    }
    if (then) {
        memcpy(bytes, then->bytes, PAGE_SIZE);
    } else {
        memset(bytes, 0, PAGE_SIZE);
    }
    ram_touch(r, n << PAGE_SHIFT, PAGE_SIZE);
}

static void restore_leaf(struct ram *r, uint64_t first, const struct page_tree *last,
                         const struct page_tree *then)
{
    if (last == then && !any_dirty(r, first)) {
        return;
    }
    for (unsigned i = 0; i < leaf_pages(r, first); i++) {
        const struct page *now = last ? last->child[i].page : NULL;
        const struct page *was = then ? then->child[i].page : NULL;
        if (now != was || r->dirty[first + i] & DIRTY_SNAPSHOT) {
            restore_page(r, first + i, was);
        }
    }
}

static void restore_node(struct ram *r, unsigned level, uint64_t first,
                         const struct page_tree *last, const struct page_tree *then)
{
    if (level == 0) {
        restore_leaf(r, first, last, then);
        return;
    }
    for (unsigned i = 0; i < FAN; i++) {
        uint64_t from = first + ((uint64_t)i << FAN_SHIFT * level);
        if (from >= pages_of(r)) {
            return;
        }
        restore_node(r, level - 1, from, last ? last->child[i].tree : NULL,
                     then ? then->child[i].tree : NULL);
    }
}

void page_tree_restore(struct phys *ph, struct ram *r, const struct page_tree *last,
                       const struct page_tree *then)
{
    restore_node(r, level_of(r), 0, last, then);
    page_tree_clean(ph, r);
}

const uint8_t *page_tree_page(const struct page_tree *t, uint64_t n)
{
    while (t && t->level > 0) {
        t = t->child[n >> FAN_SHIFT * t->level & (FAN - 1)].tree;
    }
    const struct page *p = t ? t->child[n & (FAN - 1)].page : NULL;
    return p ? p->bytes : NULL;
}
