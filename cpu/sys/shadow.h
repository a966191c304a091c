/* cpu/sys/shadow.h -- shadow page tables: linear page -> host pointer and rights, kept true.
 *
 * Owner of: the page maps that the engine looks up (lmem.h), one set for each root of the
 * guest's page tables that it recently used, and the watch over the tables that their entries
 * came from. A store into a watched table, by the processor or by DMA, drops at once what was
 * derived from the entry that changed; so nothing in the maps is ever stale, and what they
 * hold, or forgot, is never observable. Called by paging.c (fill), control.c (select, flush)
 * and mem/phys.h (stores).
 */
#ifndef TERRAPIN_CPU_SYS_SHADOW_H
#define TERRAPIN_CPU_SYS_SHADOW_H

#include "cpu/lmem.h"

/* 64 MiB of address space each, of which what is used gets memory. How many there are is never
 * observable; sanitizers, which touch something for every byte of the C library's (all that a
 * machine has without the host's sparse pages), get along with two.
 */
#ifndef TERRAPIN_SHADOW_ROOTS
#define TERRAPIN_SHADOW_ROOTS 8
#endif

enum {
    LINEAR_PAGES = 1 << 20,
    SHADOW_ROOTS = TERRAPIN_SHADOW_ROOTS, /* whose maps are kept; bits of table_use.roots */
    SHADOW_FILLS = 1 << 14,               /* entries of one root's maps before it starts anew */
    SHADOW_FRAMES = 1 << 16,              /* hash chains of entries by physical page */
    SHADOW_SPANS = 1 << 10,               /* spans of 4 MiB */
    SPANS_MOST = 1 << 11,                 /* … of 2 MiB, as PAE has them */
    /* Pages of the host's that maps may have: the maps are large and hardly anything of them is
     * in use, but a guest could use all. Counted by a usual page's size. */
    SHADOW_MAP_PAGES = 2 << 10,
    HOST_PAGE = 4096,
    PAGE_ENTRIES = HOST_PAGE / sizeof(uintptr_t),
    SHADOW_BUDGET =
        21 << 19, /* bytes in all, without shadows.table; with BLOCK_BUDGET at most 24 MiB */
};

enum map_kind {
    MAP_READ,
    MAP_WRITE,
    MAP_WATCHED, /* writable but for watched lines, or HAS_POINTS; where no memory is: physical
                    page and DEVICE_READ, DEVICE_WRITE */
    MAP_CODE,    /* code has been fetched there: the jump cache's map (block.h) */
    MAP_KINDS
};

/* What a translation depends upon beside the tables: equal keys, equal maps. */
struct shadow_key {
    uint32_t cr3, cr0, cr4, efer;      /* the bits that matter */
    uint32_t pdpte_lo[4], pdpte_hi[4]; /* PAE: as loaded with CR3 */
};

struct shadow_root {
    struct shadow_key key;
    uintptr_t *map[2][MAP_KINDS]; /* [user][kind]: LINEAR_PAGES entries each */
    /* Bit n: in map n of these, this page of the host's has been stored to since the maps are
     * there; and how many such there are. */
    uint8_t touched[LINEAR_PAGES / PAGE_ENTRIES];
    uint32_t pages;
    uint8_t filled[SHADOW_SPANS]; /* something may be in the maps of this span */
    /* By spans of shadow_span(): the directory's entry that they were filled from; and was it
     * stored to since the root was last in use? */
    uint64_t above[SPANS_MOST];
    uint8_t stale[SPANS_MOST];
    bool any_stale;
    uint32_t fills;
    uint32_t flushed; /* shadows.epoch after the last flush: older table_use mean nothing */
    uint64_t used;    /* when it was last selected, by shadows.selections */
};

struct shadow_fill {     /* one entry: by root, then in order of filling */
    uint32_t page;       /* linear page number */
    uint32_t frame;      /* physical page number */
    uint32_t next, prev; /* chain of the frame's hash: index + 1, 0 ends */
};

/* What a physical page means to the translations in the maps. */
enum table_kind {
    TABLE_NONE,
    TABLE_LAST,  /* entries of the last level: a page each, from la on */
    TABLE_ABOVE, /* a directory: a span each, from la on */
    TABLE_MIXED, /* in several places: all depends on it */
};
struct table_use {
    uint32_t epoch; /* of the last watch */
    laddr la;
    uint8_t kind;  /* enum table_kind */
    uint8_t hits;  /* stores into it since it was last lifted */
    uint8_t roots; /* who used it */
};

struct shadows {
    struct shadow_root root[SHADOW_ROOTS];
    uint32_t now; /* index of the selected one */
    struct shadow_fill *fill;
    uint32_t *frame;         /* heads of the chains */
    struct table_use *table; /* one for each page below 4 GiB */
    uintptr_t *none;         /* a map of misses: when every access must come the slow way */
    uint32_t pages, limit;   /* that the roots have; SHADOW_MAP_PAGES, but for tests */
    uint32_t epoch;          /* counts flushes */
    uint64_t selections;
    const struct big_memory *sparse; /* where all of these come from */
    bool walking; /* the walker itself is storing into a table: A and D bits */
    bool keep;    /* false: every selection starts with empty maps */
    struct cpu_writes writes;
};

/* One entry that a walk used. */
struct shadow_source {
    paddr at;
    enum table_kind kind;
    laddr la; /* what the first entry of its table translates */
    uint64_t entry;
};

/* Selects the maps of the present CR0, CR3, CR4 and PDPTEs; call after any of them changed. */
void shadow_select(struct cpu *cpu);
/* The maps in force: cpu->rd … according to privilege and alignment checks. */
void shadow_show(struct cpu *cpu);
struct shadow_rights {
    bool user;  /* those of CPL 3 */
    bool write; /* stores may go there */
    bool fetch; /* code is being fetched: from now on without asking */
};
/* Enters la -> pa into the selected maps. sources: n entries that must be watched. */
void shadow_fill(struct cpu *cpu, laddr la, paddr pa, const struct shadow_rights *rights,
                 const struct shadow_source *sources, unsigned n);
/* Drops [la, la + len) from the maps of all roots: what they may have of it has changed. */
void shadow_forget(struct cpu *cpu, laddr la, uint32_t len);
/* A write to la has been translated. */
void shadow_note_write(struct cpu *cpu, laddr la);
/* Stores v into the low half of a table entry on behalf of the walker. */
void shadow_mark(struct cpu *cpu, paddr at, uint32_t v);
unsigned shadow_entry_size(const struct cpu *cpu);
/* What one entry of the last level but one spans: 4 MiB, or 2 MiB with PAE. */
laddr shadow_span(const struct cpu *cpu);

int shadow_init(struct cpu *cpu, const struct cpu_config *cfg, struct error *err);
void shadow_free(struct cpu *cpu);

#endif
