/* cpu/block.h -- decoded blocks, keyed by guest-physical address and mode.
 *
 * A block is a run of instructions on one page that ends at a control transfer, at the page's
 * end, or when full. It is a head and, right behind it, so that one line of the host's cache
 * has the beginning of both, its micro-ops, in an array of records that is only ever appended
 * to; when that is full everything is forgotten. A block that is dropped (its code was written)
 * stays where it is, unreachable: its ticks become too many to enter, so that whoever still
 * links to it leaves and looks again. Nothing of this is observable by the guest.
 */
#ifndef TERRAPIN_CPU_BLOCK_H
#define TERRAPIN_CPU_BLOCK_H

#include "cpu/insn.h"
#include "mem/big.h"

enum {
    BLOCK_BUDGET = 12 << 20, /* bytes in all: six of the large pages that hosts have */
    BLOCK_MAX_INSNS = 48,
    BLOCK_MAX_BYTES = 200, /* insn.next fits 8 bits */
    BLOCKS = 48 << 10,
    BLOCK_INSNS = 344 << 10,           /* records: heads of blocks, and micro-ops */
    BLOCK_INSNS_FEW = BLOCK_INSNS / 8, /* an idle system decodes less */
    BLOCK_HASH = 1 << 16,
    JUMP_CACHE = 1 << 14,
    QUIET_STORES = 64,
    PATCHES = 256,
    PATCHED_OFTEN = 4,
    BLOCK_DEAD = 0x7FFFFFFF, /* ticks of a block that must not be entered … */
};

struct block {
    exec_fn *fn;    /* of its first micro-op */
    uintptr_t host; /* address of the first byte in the host's memory */
    uint32_t ticks; /* instructions; BLOCK_DEAD: dropped */
    uint16_t mode;
    bool loose; /* a breakpoint may be inside (cpu/point.h): no link leads here */
};

union record {
    struct block block;
    struct insn insn;
};
_Static_assert(sizeof(union record) == sizeof(struct insn), "heads stand among micro-ops");

/* A block's place: bytes from the first record to its head; 0: of no block. */
static inline const struct block *block_at(const struct cpu *cpu, uint32_t place)
{
    return (const struct block *)(const void *)((const char *)cpu->records + place);
}

static inline uint32_t block_place(const struct cpu *cpu, const struct block *b)
{
    return (uint32_t)((const char *)b - (const char *)cpu->records);
}

static inline const struct insn *block_insns(const struct block *b)
{
    return &((const union record *)(const void *)b)[1].insn;
}

/* Where a block is found by its code, in an array beside. Lists are of indexes; 0 ends. */
struct block_key {
    uintptr_t host;
    uint32_t pa; /* of the first byte (code above 4 GiB is never cached) */
    uint32_t place;
    uint32_t next_hash;
    uint32_t next_page; /* the next block on this page */
    uint16_t mode;
    uint8_t bytes;
};

/* The jump cache has the place of a block for a linear address, or 0. Is it the one? A
 * look-up goes from linear to host address through the map of code, which is true to the
 * guest's tables; so a block serves whatever the tables are, and none has to be forgotten when
 * they change.
 *
 * Pages often have code at equal offsets: the page's number is mixed in. A block that had to
 * make room is looked for in the slot beside, before the engine is left. */
static inline uint32_t jump_cache_slot(laddr la)
{
    return (la ^ la >> PAGE_SHIFT) & (JUMP_CACHE - 1);
}

/* Four bytes of code that stores have hit, so often since they are noted. */
struct patch {
    uint32_t at; /* pa / 4 */
    uint32_t hits;
};

struct decode_map; /* cpu/decode.h */
struct form_map;   /* cpu/forms.h */

struct cache_memory; /* where all of it is */

struct block_cache {
    const struct big_memory *big, *sparse;
    struct cache_memory *memory;
    struct decode_map *map;
    struct form_map *forms;
    struct block_key *key;
    struct insn *insn; /* the records, as micro-ops */
    struct insn_cold *cold;
    uint32_t *hash;
    uint32_t *page; /* first block on each RAM page, by page number */
    uint8_t *stale; /* by page number: lines may be watched that have no block any more */
    uint32_t pages;
    uint32_t blocks, insns; /* used; 0 of either is reserved */
    uint32_t jump[JUMP_CACHE];
    /* Stores (pa << 16 | len) into watched lines that met no block: variables beside code. They
     * stay harmless until the next block is entered. */
    uint64_t quiet[QUIET_STORES];
    /* Code that is patched again and again: an instruction there is a block of its own, so that
     * little is decoded anew each time. */
    struct patch patch[PATCHES];
    bool patched; /* something in patch[] has been hit often */
};

/* -1 and err when memory is short. ram_pages: pages whose code is watched. */
int block_cache_init(struct cpu *cpu, uint32_t ram_pages, const struct cpu_config *cfg,
                     struct error *err);
void block_cache_free(struct cpu *cpu);
/* A block at cpu->eip, found or built; NULL: it cannot be cached (page straddle, registers,
 * beyond CS's limit, a breakpoint inside): step instead. May raise the fault of fetching or
 * decoding its first instruction; state is exact. */
const struct block *block_find(struct cpu *cpu);
/* Decodes the one instruction at cpu->eip into the scratch block; may raise. */
const struct insn *block_step(struct cpu *cpu);
/* A store into watched lines. true: the page's watch is renewed, for its blocks alone. */
bool block_drop_written(struct cpu *cpu, paddr pa, unsigned len);
void block_drop_all(struct cpu *cpu); /* everything: remapped memory, full arrays */
/* Breakpoints at this place of any page come or go: blocks that have it are dropped. */
void block_drop_offset(struct cpu *cpu, uint32_t in_page);

#endif
