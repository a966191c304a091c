/* mem/page_tree.h -- what a block of RAM held at some moment, page by page.
 *
 * A tree is immutable and shares with others whatever is equal: the next one of the same RAM
 * costs the pages that were stored to in between. Which these are, the dirty map tells
 * (DIRTY_SNAPSHOT); the hot path of a store knows nothing of it. Pages of zeros cost nothing,
 * as in the RAM of a new machine: its tree is NULL.
 *
 * Owners count: page_tree_drop() once for each page_tree_take() and page_tree_share(). All
 * trees of one pool belong to one thread.
 */
#ifndef TERRAPIN_MEM_PAGE_TREE_H
#define TERRAPIN_MEM_PAGE_TREE_H

#include "mem/phys.h"

struct page_tree;

struct page_pool {
    uint64_t bytes; /* of the host's memory, that the pool's trees hold */
    uint64_t most;  /* taking more is out of memory; 0: whatever the host has */
};

/* What r holds now, given what it held when its DIRTY_SNAPSHOT bits were last cleared. -1: out
 * of memory, nothing has changed. The bits stay: page_tree_clean(), once all is well. */
int page_tree_take(struct page_pool *pool, const struct ram *r, struct page_tree *last,
                   struct page_tree **now);
void page_tree_clean(struct phys *ph, struct ram *r);
/* Makes r what it was: stores into the pages that differ, and clears the bits. Needs no memory.
 * last: as above. */
void page_tree_restore(struct phys *ph, struct ram *r, const struct page_tree *last,
                       const struct page_tree *then);

struct page_tree *page_tree_share(struct page_tree *t);
void page_tree_drop(struct page_pool *pool, struct page_tree *t); /* NULL is fine */

/* The content of page n, PAGE_SIZE bytes; NULL: zeros. */
const uint8_t *page_tree_page(const struct page_tree *t, uint64_t n);

#endif
