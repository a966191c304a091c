/* mem/phys.c -- see the header.
 *
 * The page map is one byte for each 4 KiB page of the 4 GiB: the number of a mapping, 0 for
 * open bus. A mapping says where reads and stores of its pages go. The number of pages that
 * still carry its number is counted; at none, the slot is free again. A mapping that puts a
 * page where an older one would is given the older one's number, so that the firmware's play
 * with the PAM registers (ROM, RAM, ROM again) does not use up slots.
 */
#include "mem/phys.h"

#include <stdlib.h>
#include <string.h>

#include "mem/state.h"

enum { PAGES = 1 << 20, MAPPINGS = 251, OPEN_BUS = 0 };

/* A bit for each 16-byte line of a page. */
enum { LINES = PAGE_SIZE >> CODE_LINE_SHIFT, LINE_WORDS = LINES / 64 };
struct code_lines {
    uint64_t word[LINE_WORDS];
};

/* A ram and the code watch over it. code: per page, which lines are watched. code_page: the
 * guest-physical page under which it was decoded, valid while any is. */
struct block {
    struct ram ram; /* first: a struct ram * is converted back */
    struct phys *owner;
    big_release_fn *adopted; /* how ram.bytes go back; NULL: they are big memory */
    struct code_lines *code;
    uint32_t *code_page;
};
static const uint32_t CODE_ALIASED = UINT32_MAX; /* under several: a store drops everything */

struct mapping {
    uint64_t pages; /* how many pages carry this number: 0 = slot free */
    paddr base;
    uint8_t *rd;         /* bytes of the page at base, or NULL */
    struct block *rd_in; /* the block that rd points into, or NULL: ROM or none … */
    uint64_t rd_off;     /* … and where */
    struct block *wr;    /* or NULL */
    uint64_t wr_off;
    const struct region_ops *ops; /* where rd or wr is NULL; or NULL */
    void *ctx;
};

struct phys {
    uint8_t map[PAGES];
    struct mapping mapping[MAPPINGS];
    struct mapping inner; /* the processor's own page; base PHYS_NOWHERE: none */
    struct phys_watch watch;
    const struct big_memory *big;
    struct block *main;
    struct ram *rams;
    bool watching;         /* some page may hold watched code */
    phys_dma_fn *dma_seen; /* NULL: nobody looks; else, of this byte */
    void *dma_ctx;
    paddr dma_pa;
};

/* ---- blocks of RAM -------------------------------------------------------------------------
 */

static struct block *block_of(struct ram *r)
{
    return (struct block *)(void *)r;
}

static void free_bytes(struct block *b)
{
    if (b->adopted) {
        b->adopted(b->ram.bytes, b->ram.size);
    } else {
        big_free(b->owner->big, b->ram.bytes, b->ram.size);
    }
}

static void block_free(struct block *b)
{
    free_bytes(b);
    free(b->ram.dirty);
    free(b->ram.page_hash);
    free(b->code);
    free(b->code_page);
    free(b);
}

struct ram *phys_ram_new(struct phys *ph, const char *name, uint64_t size, struct error *err)
{
    size_t pages = (size_t)(size >> PAGE_SHIFT);
    if (size == 0 || size % PAGE_SIZE || size > (uint64_t)PAGES << PAGE_SHIFT) {
        error_set(err, "%s: a size of %llu bytes is not 1 to 1048576 pages of 4096", name,
                  (unsigned long long)size);
        return NULL;
    }
    struct block *b = calloc(1, sizeof *b);
    if (b) {
        b->owner = ph;
        b->ram.size = size;
        b->ram.bytes = big_new(ph->big, size);
        b->ram.dirty = calloc(pages, sizeof *b->ram.dirty);
        b->ram.page_hash = calloc(pages, sizeof *b->ram.page_hash);
        b->code = calloc(pages, sizeof *b->code);
        b->code_page = calloc(pages, sizeof *b->code_page);
    }
    if (!b || !b->ram.bytes || !b->ram.dirty || !b->ram.page_hash || !b->code ||
        !b->code_page) {
        error_set(err, "%s: this host has no %llu KiB of free memory for it; use a smaller -m",
                  name, (unsigned long long)(size >> 10));
        if (b) {
            block_free(b);
        }
        return NULL;
    }
    b->ram.name = name;
    b->ram.seed = hash_bytes(0, name, strlen(name));
    struct ram **tail = &ph->rams;
    while (*tail) {
        tail = &(*tail)->next;
    }
    *tail = &b->ram;
    return &b->ram;
}

struct phys *phys_new(uint64_t ram_bytes, const struct big_memory *big, struct error *err)
{
    struct phys *ph = calloc(1, sizeof *ph);
    if (!ph) {
        error_set(
            err, "this host has no %zu KiB of free memory for the page map; end other programs",
            sizeof *ph >> 10);
        return NULL;
    }
    ph->big = big;
    struct ram *ram = phys_ram_new(ph, "ram", ram_bytes, err);
    if (!ram) {
        free(ph);
        return NULL;
    }
    ph->main = block_of(ram);
    ph->inner.base = PHYS_NOWHERE;
    return ph;
}

void phys_free(struct phys *ph)
{
    if (!ph) {
        return;
    }
    struct ram *next;
    for (struct ram *r = ph->rams; r; r = next) {
        next = r->next;
        block_free(block_of(r));
    }
    free(ph);
}

void phys_set_watch(struct phys *ph, const struct phys_watch *watch)
{
    ph->watch = *watch;
}

struct ram *phys_main_ram(struct phys *ph)
{
    return &ph->main->ram;
}

struct ram *phys_rams(struct phys *ph)
{
    return ph->rams;
}

/* ---- telling the watcher -------------------------------------------------------------------
 */

static void rearm(struct phys *ph)
{
    if (ph->watch.rearm) {
        ph->watch.rearm(ph->watch.ctx);
    }
}

/* Every guest-physical page through which this page of b can be stored to. */
static void rearm_page(struct phys *ph, const struct block *b, uint64_t page)
{
    if (!ph->watch.rearm_page) {
        rearm(ph);
        return;
    }
    for (unsigned n = 1; n < MAPPINGS; n++) {
        const struct mapping *m = &ph->mapping[n];
        paddr pa = m->base + (page << PAGE_SHIFT) - m->wr_off;
        if (m->pages && m->wr == b && pa >> PAGE_SHIFT < PAGES &&
            ph->map[pa >> PAGE_SHIFT] == n) {
            ph->watch.rearm_page(ph->watch.ctx, pa);
        }
    }
}

static void remapped(struct phys *ph)
{
    if (ph->watching) {
        for (struct ram *r = ph->rams; r; r = r->next) {
            struct block *b = block_of(r);
            memset(b->code, 0, (size_t)(r->size >> PAGE_SHIFT) * sizeof *b->code);
        }
        ph->watching = false;
    }
    if (ph->watch.remapped) {
        ph->watch.remapped(ph->watch.ctx);
    }
}

static bool lines_any(const struct code_lines *l)
{
    uint64_t any = 0;
    for (unsigned n = 0; n < LINE_WORDS; n++) {
        any |= l->word[n];
    }
    return any;
}

/* Is a line watched that [at, at + len) of its page touches? len >= 1, at + len <= PAGE_SIZE.
 */
static bool lines_test(const struct code_lines *l, unsigned at, unsigned len)
{
    unsigned last = (at + len - 1) >> CODE_LINE_SHIFT;
    for (unsigned n = at >> CODE_LINE_SHIFT; n <= last; n++) {
        if (l->word[n / 64] >> n % 64 & 1) {
            return true;
        }
    }
    return false;
}

static void lines_set(struct code_lines *l, unsigned at, unsigned len)
{
    unsigned last = (at + len - 1) >> CODE_LINE_SHIFT;
    for (unsigned n = at >> CODE_LINE_SHIFT; n <= last; n++) {
        l->word[n / 64] |= (uint64_t)1 << n % 64;
    }
}

/* Bookkeeping after a store of len bytes, all in one page. */
static void stored(struct block *b, uint64_t off, unsigned len)
{
    uint64_t page = off >> PAGE_SHIFT;
    unsigned at = (unsigned)(off & PAGE_MASK);
    b->ram.dirty[page] = DIRTY_ALL;
    if (LIKELY(!lines_test(&b->code[page], at, len))) {
        return;
    }
    struct phys *ph = b->owner;
    if (b->code_page[page] == CODE_ALIASED) {
        remapped(ph);
    } else if (ph->watch.code_written) {
        paddr pa = (paddr)b->code_page[page] << PAGE_SHIFT | at;
        ph->watch.code_written(ph->watch.ctx, pa, len);
    }
}

void ram_touch(struct ram *r, uint64_t off, uint64_t len)
{
    while (len) {
        unsigned room = PAGE_SIZE - (unsigned)(off & PAGE_MASK);
        unsigned n = len < room ? (unsigned)len : room;
        stored(block_of(r), off, n);
        off += n;
        len -= n;
    }
}

void ram_adopt(struct phys *ph, struct ram *r, uint8_t *bytes, big_release_fn *release)
{
    struct block *b = block_of(r);
    free_bytes(b);
    r->bytes = bytes;
    b->adopted = release;
    memset(r->dirty, DIRTY_ALL, (size_t)(r->size >> PAGE_SHIFT));
    for (unsigned n = 1; n < MAPPINGS; n++) {
        struct mapping *m = &ph->mapping[n];
        if (m->pages && m->rd_in == b) {
            m->rd = bytes + m->rd_off;
        }
    }
    remapped(ph);
}

void ram_clean(struct phys *ph, struct ram *r, uint8_t clients)
{
    bool any = false;
    for (uint64_t page = 0; page < r->size >> PAGE_SHIFT; page++) {
        any |= r->dirty[page] & clients;
        r->dirty[page] &= (uint8_t)~clients;
    }
    if (any) {
        rearm(ph);
    }
}

/* ---- mapping -------------------------------------------------------------------------------
 */

/* Would m, stretched to base, put that page where `want` does? */
static bool same_place(const struct mapping *m, const struct mapping *want)
{
    if (want->base < m->base || m->ops != want->ops || m->ctx != want->ctx) {
        return false;
    }
    uint64_t delta = want->base - m->base;
    if (delta && (want->ops || (want->rd && !want->rd_in))) {
        return false; /* registers and ROM: another base is another thing */
    }
    if (m->rd_in != want->rd_in || m->wr != want->wr) {
        return false;
    }
    bool rd = want->rd_in ? m->rd_off + delta == want->rd_off : m->rd == want->rd;
    return rd && (!want->wr || m->wr_off + delta == want->wr_off);
}

/* A slot that is `want`, or a free one turned into it; OPEN_BUS if all are taken. */
static unsigned claim(struct phys *ph, const struct mapping *want)
{
    unsigned slot = OPEN_BUS;
    for (unsigned n = 1; n < MAPPINGS; n++) {
        if (ph->mapping[n].pages && same_place(&ph->mapping[n], want)) {
            return n;
        }
        if (!slot && !ph->mapping[n].pages) {
            slot = n;
        }
    }
    if (slot) {
        ph->mapping[slot] = *want;
    }
    return slot;
}

static void map(struct phys *ph, paddr base, uint64_t size, const struct mapping *want)
{
    uint64_t first = base >> PAGE_SHIFT, count = size >> PAGE_SHIFT;
    bool changed = false;
    if (first >= PAGES) {
        return;
    }
    count = count < PAGES - first ? count : PAGES - first;
    /* Open bus looks the same everywhere; a guest that exhausted the slots (the board has far
     * fewer regions than there are) would find open bus, too. */
    unsigned number = want ? claim(ph, want) : OPEN_BUS;
    for (uint64_t page = first; page < first + count; page++) {
        unsigned old = ph->map[page];
        if (old != number) {
            changed = true;
            ph->mapping[old].pages -= old != OPEN_BUS;
            ph->mapping[number].pages += number != OPEN_BUS;
            ph->map[page] = (uint8_t)number;
        }
    }
    if (changed) {
        remapped(ph);
    }
}

/* Which block do these bytes belong to? */
static void find_block(struct phys *ph, struct mapping *m)
{
    for (struct ram *r = ph->rams; r && m->rd; r = r->next) {
        uintptr_t at = (uintptr_t)m->rd, start = (uintptr_t)r->bytes;
        if (at >= start && at - start < r->size) {
            m->rd_in = block_of(r);
            m->rd_off = at - start;
        }
    }
}

void phys_map_ram(struct phys *ph, paddr base, uint64_t size, struct ram *ram, uint64_t off)
{
    phys_map_split(ph, base, size, ram->bytes + off, ram, off);
}

void phys_map_rom(struct phys *ph, paddr base, uint64_t size, const uint8_t *bytes)
{
    phys_map_split(ph, base, size, bytes, NULL, 0);
}

void phys_map_split(struct phys *ph, paddr base, uint64_t size, const uint8_t *rd,
                    struct ram *wr, uint64_t wr_off)
{
    /* struct phys_page has one type for both pointers; nothing stores through rd. */
    union {
        const uint8_t *in;
        uint8_t *out;
    } cast = {.in = rd};
    struct mapping m = {.base = base, .rd = cast.out};
    m.wr = wr ? block_of(wr) : NULL;
    m.wr_off = wr_off;
    find_block(ph, &m);
    map(ph, base, size, &m);
}

void phys_map_io(struct phys *ph, paddr base, uint64_t size, const struct region_ops *ops,
                 void *ctx)
{
    struct mapping m = {.base = base, .ops = ops, .ctx = ctx};
    map(ph, base, size, &m);
}

void phys_unmap(struct phys *ph, paddr base, uint64_t size)
{
    map(ph, base, size, NULL);
}

bool phys_is_open(const struct phys *ph, paddr base, uint64_t size)
{
    uint64_t first = base >> PAGE_SHIFT, count = size >> PAGE_SHIFT;
    if (first >= PAGES || count > PAGES - first) {
        return false;
    }
    for (uint64_t page = first; page < first + count; page++) {
        if (ph->map[page] != OPEN_BUS) {
            return false;
        }
    }
    return true;
}

void phys_set_inner(struct phys *ph, paddr base, const struct region_ops *ops, void *ctx)
{
    bool moved = ph->inner.base != base;
    ph->inner = (struct mapping){.base = base};
    if (base != PHYS_NOWHERE) {
        ph->inner.ops = ops;
        ph->inner.ctx = ctx;
    }
    if (moved) {
        remapped(ph);
    }
}

/* What answers on the bus … */
static const struct mapping *bus_at(const struct phys *ph, paddr pa)
{
    paddr page = pa >> PAGE_SHIFT;
    return &ph->mapping[page < PAGES ? ph->map[page] : OPEN_BUS];
}

/* … and what answers the processor. */
static const struct mapping *mapping_at(const struct phys *ph, paddr pa)
{
    return UNLIKELY(pa - ph->inner.base < PAGE_SIZE) ? &ph->inner : bus_at(ph, pa);
}

/* ---- access --------------------------------------------------------------------------------
 */

struct phys_page phys_page(struct phys *ph, paddr pa)
{
    const struct mapping *m = mapping_at(ph, pa);
    struct phys_page p = {.main = m->wr && m->wr == ph->main};
    uint64_t delta = (pa & ~(paddr)PAGE_MASK) - m->base;
    if (m->rd) {
        p.rd = m->rd + delta;
    }
    if (m->wr) {
        uint64_t off = m->wr_off + delta, page = off >> PAGE_SHIFT;
        if (m->wr->ram.dirty[page] == DIRTY_ALL) {
            uint8_t *bytes = m->wr->ram.bytes + off;
            bool watched = lines_any(&m->wr->code[page]);
            p.wr = watched ? NULL : bytes;
            p.watched = watched && p.main ? bytes : NULL;
        }
    }
    return p;
}

bool phys_line_watched(const struct phys *ph, const uint8_t *hp, unsigned size)
{
    size_t off = (size_t)(hp - ph->main->ram.bytes);
    return lines_test(&ph->main->code[off >> PAGE_SHIFT], (unsigned)(off & PAGE_MASK), size);
}

unsigned phys_unwatched(const struct phys *ph, const uint8_t *hp, unsigned size)
{
    size_t off = (size_t)(hp - ph->main->ram.bytes);
    const struct code_lines *lines = &ph->main->code[off >> PAGE_SHIFT];
    unsigned at = (unsigned)(off & PAGE_MASK), n = 0;
    while (n < size && !lines_test(lines, at + n, 1)) {
        n = ((at + n) | ((1u << CODE_LINE_SHIFT) - 1)) + 1 - at; /* the next line */
    }
    return n < size ? n : size;
}

uint32_t phys_read(struct phys *ph, paddr pa, unsigned size)
{
    const struct mapping *m = mapping_at(ph, pa);
    if (m->rd) {
        return load_le(m->rd + (pa - m->base), size);
    }
    if (m->ops) {
        return m->ops->read(m->ctx, (uint32_t)(pa - m->base), size);
    }
    return UINT32_MAX >> (32 - 8 * size);
}

void phys_write(struct phys *ph, paddr pa, uint32_t val, unsigned size)
{
    const struct mapping *m = mapping_at(ph, pa);
    if (m->wr) {
        uint64_t off = m->wr_off + (pa - m->base);
        store_le(m->wr->ram.bytes + off, val, size);
        stored(m->wr, off, size);
    } else if (m->ops) {
        m->ops->write(m->ctx, (uint32_t)(pa - m->base), val, size);
    }
}

bool phys_is_io(struct phys *ph, paddr pa)
{
    return mapping_at(ph, pa)->ops != NULL;
}

/* The part of [pa, pa+len) that lies in pa's page. */
static unsigned in_page(paddr pa, uint64_t len)
{
    unsigned room = PAGE_SIZE - (unsigned)(pa & PAGE_MASK);
    return len < room ? (unsigned)len : room;
}

/* Copies what lies in memory, fills the rest with FFh; returns how much was memory. */
static uint64_t read_memory(const struct phys *ph, paddr pa, uint8_t *out, uint64_t len)
{
    uint64_t moved = 0;
    while (len) {
        if (pa >> PAGE_SHIFT >= PAGES) {
            memset(out, 0xFF, (size_t)len);
            break;
        }
        unsigned n = in_page(pa, len);
        const struct mapping *m = bus_at(ph, pa);
        if (m->rd) {
            memcpy(out, m->rd + (pa - m->base), n);
            moved += n;
        } else {
            memset(out, 0xFF, n);
        }
        pa += n;
        out += n;
        len -= n;
    }
    return moved;
}

bool phys_peek(struct phys *ph, paddr pa, void *out, unsigned len)
{
    bool inner = pa - ph->inner.base < PAGE_SIZE || ph->inner.base - pa < len;
    return read_memory(ph, pa, out, len) == len && !inner;
}

uint64_t phys_dma_read(struct phys *ph, paddr pa, void *out, uint64_t len)
{
    return read_memory(ph, pa, out, len);
}

uint64_t phys_dma_write(struct phys *ph, paddr pa, const void *in, uint64_t len)
{
    const uint8_t *from = in;
    uint64_t moved = 0;
    while (len && pa >> PAGE_SHIFT < PAGES) {
        unsigned n = in_page(pa, len);
        const struct mapping *m = bus_at(ph, pa);
        if (m->wr) {
            uint64_t off = m->wr_off + (pa - m->base);
            memcpy(m->wr->ram.bytes + off, from, n);
            stored(m->wr, off, n);
            moved += n;
            if (ph->dma_seen && ph->dma_pa - pa < n) {
                ph->dma_seen(ph->dma_ctx);
            }
        }
        pa += n;
        from += n;
        len -= n;
    }
    return moved;
}

void phys_watch_dma(struct phys *ph, paddr pa, phys_dma_fn *fn, void *ctx)
{
    ph->dma_pa = pa;
    ph->dma_seen = fn;
    ph->dma_ctx = ctx;
}

/* ---- code watch ----------------------------------------------------------------------------
 */

/* The block and page that a fetch at pa reads, or NULL. */
static struct block *fetched(struct phys *ph, paddr pa, uint64_t *page)
{
    const struct mapping *m = mapping_at(ph, pa);
    if (m->rd_in) {
        *page = (m->rd_off + (pa - m->base)) >> PAGE_SHIFT;
    }
    return m->rd_in;
}

void phys_watch_code(struct phys *ph, paddr pa, unsigned len)
{
    while (len) {
        unsigned n = in_page(pa, len);
        uint64_t page;
        struct block *b = fetched(ph, pa, &page);
        if (b) {
            uint32_t frame = (uint32_t)(pa >> PAGE_SHIFT);
            bool first = !lines_any(&b->code[page]);
            if (first) {
                b->code_page[page] = frame;
            } else if (b->code_page[page] != frame) {
                b->code_page[page] = CODE_ALIASED;
            }
            lines_set(&b->code[page], (unsigned)(pa & PAGE_MASK), n);
            ph->watching = true;
            if (first && b->ram.dirty[page] == DIRTY_ALL) {
                rearm_page(ph, b, page);
            }
        }
        pa += n;
        len -= n;
    }
}

void phys_unwatch_page(struct phys *ph, paddr pa)
{
    uint64_t page;
    struct block *b = fetched(ph, pa, &page);
    /* Of two names of an aliased page, the other one's blocks may remain. */
    if (b && b->code_page[page] == pa >> PAGE_SHIFT) {
        b->code[page] = (struct code_lines){{0}};
    }
}

bool phys_is_code(struct phys *ph, paddr pa, unsigned len)
{
    while (len) {
        unsigned n = in_page(pa, len);
        uint64_t page;
        const struct block *b = fetched(ph, pa, &page);
        if (b && lines_test(&b->code[page], (unsigned)(pa & PAGE_MASK), n)) {
            return true;
        }
        pa += n;
        len -= n;
    }
    return false;
}

/* ---- hash and power-on ---------------------------------------------------------------------
 */

static bool is_zero(const uint8_t *page)
{
    return page[0] == 0 && memcmp(page, page + 1, PAGE_SIZE - 1) == 0;
}

uint64_t ram_hash(struct phys *ph, struct ram *r)
{
    bool any = false;
    for (uint64_t page = 0; page < r->size >> PAGE_SHIFT; page++) {
        if (!(r->dirty[page] & DIRTY_HASH)) {
            continue;
        }
        const uint8_t *bytes = r->bytes + (page << PAGE_SHIFT);
        uint64_t h = 0;
        if (!is_zero(bytes)) {
            h = hash_bytes(hash_u64(r->seed, page), bytes, PAGE_SIZE);
            h += h == 0; /* 0 is kept for zero pages: ram_clear relies on it */
        }
        r->sum += h - r->page_hash[page];
        r->page_hash[page] = h;
        r->dirty[page] &= (uint8_t)~DIRTY_HASH;
        any = true;
    }
    if (any) {
        rearm(ph);
    }
    return r->sum;
}

void ram_clear(struct phys *ph, struct ram *r)
{
    (void)ph;
    for (uint64_t page = 0; page < r->size >> PAGE_SHIFT; page++) {
        /* A clean page without a hash is zero already: leave it to the host's lazy memory. */
        if (r->dirty[page] & DIRTY_HASH || r->page_hash[page]) {
            memset(r->bytes + (page << PAGE_SHIFT), 0, PAGE_SIZE);
            stored(block_of(r), page << PAGE_SHIFT, PAGE_SIZE);
        }
    }
}
