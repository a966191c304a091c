/* mem/phys.h -- guest-physical memory: which pages are RAM, ROM or a device's registers.
 *
 * Owner of: the RAM bytes, the page map, the dirty map, and the code watch (which 16-byte
 * lines of RAM hold decoded instructions). Callers: the CPU's MMU (fast host pointers), its
 * slow path (phys_read/phys_write), DMA (phys_dma_*), the board (mapping). Addresses above 4
 * GiB are open bus. Invariant: every store into RAM, by whomever, goes through a page whose
 * dirty bits are all set, or through a function of this file that sets them and tells the
 * watcher.
 */
#ifndef TERRAPIN_MEM_PHYS_H
#define TERRAPIN_MEM_PHYS_H

#include "mem/big.h"
#include "mem/error.h"
#include "mem/types.h"

struct phys;

/* Registers behind a physical range. off is relative to the mapping's base; size is 1, 2 or 4
 * and an access never crosses the mapping's end. */
struct region_ops {
    uint32_t (*read)(void *ctx, uint32_t off, unsigned size);
    void (*write)(void *ctx, uint32_t off, uint32_t val, unsigned size);
};

/* A block of bytes that the state hash and save states cover page by page: RAM, VRAM. */
struct ram {
    const char *name;
    uint8_t *bytes;
    uint64_t size;       /* multiple of PAGE_SIZE */
    uint8_t *dirty;      /* per page: one bit per consumer (enum dirty_client) */
    uint64_t *page_hash; /* per page, valid while DIRTY_HASH is clear */
    uint64_t sum;        /* of page_hash, modulo 2^64 */
    uint64_t seed;       /* so that equal pages of two rams differ */
    struct ram *next;
};
enum dirty_client { DIRTY_HASH = 1, DIRTY_SNAPSHOT = 2, DIRTY_SCREEN = 4, DIRTY_ALL = 0xFF };

/* The watcher (the CPU) hears of what its derived state depends upon. */
struct phys_watch {
    void *ctx;
    void (*code_written)(void *ctx, paddr pa, unsigned len); /* a watched line was stored to */
    void (*remapped)(void *ctx); /* mapping changed: forget every host pointer and block */
    void (*rearm)(void *ctx);    /* dirty bits were cleared: forget pointers for writing */
    /* The page at pa got its first watched line: forget its pointers for writing. NULL: rearm.
     */
    void (*rearm_page)(void *ctx, paddr pa);
};

/* big: where RAM comes from, valid as long as ph; NULL: the C library. */
struct phys *phys_new(uint64_t ram_bytes, const struct big_memory *big, struct error *err);
void phys_free(struct phys *ph);
void phys_set_watch(struct phys *ph, const struct phys_watch *watch);
struct ram *phys_main_ram(struct phys *ph);

/* Blocks beside main RAM (VRAM). Zeroed; freed with ph. NULL and err when memory is short. */
struct ram *phys_ram_new(struct phys *ph, const char *name, uint64_t size, struct error *err);
struct ram *phys_rams(struct phys *ph); /* list head, main RAM first */
/* r's bytes are these from now on, r->size of them, whatever they hold: a mapped file. They go
 * back by release(), with the RAM; those so far are freed. */
void ram_adopt(struct phys *ph, struct ram *r, uint8_t *bytes, big_release_fn *release);
/* For owners that store into a ram directly: call before or after the store. off+len <= size.
 */
void ram_touch(struct ram *r, uint64_t off, uint64_t len);
/* A consumer has seen everything: clears its dirty bits on all pages. */
void ram_clean(struct phys *ph, struct ram *r, uint8_t clients);

/* Mapping. base and size are multiples of PAGE_SIZE; a later mapping replaces an earlier one.
 * rd: bytes that reads see (NULL: ops->read); wr: the RAM that stores go to (NULL: ops->write
 * if there are ops, else stores are dropped, as into ROM). */
void phys_map_ram(struct phys *ph, paddr base, uint64_t size, struct ram *ram, uint64_t off);
void phys_map_rom(struct phys *ph, paddr base, uint64_t size, const uint8_t *bytes);
/* PAM: reads from one place, writes to another. Either may be ROM/RAM/none. */
void phys_map_split(struct phys *ph, paddr base, uint64_t size, const uint8_t *rd,
                    struct ram *wr, uint64_t wr_off);
void phys_map_io(struct phys *ph, paddr base, uint64_t size, const struct region_ops *ops,
                 void *ctx);
void phys_unmap(struct phys *ph, paddr base, uint64_t size); /* open bus: reads all ones */
/* Is nothing mapped in any of these pages? false too for a range that passes 4 GiB. */
bool phys_is_open(const struct phys *ph, paddr base, uint64_t size);
/* One page of registers inside the processor (the local APIC's), in front of whatever is mapped
 * there: the processor's accesses to it never reach the bus, DMA never reaches it. base: the
 * page, or PHYS_NOWHERE. Moving it leaves the mappings below as they are. */
#define PHYS_NOWHERE UINT64_C(0xFFFFFFFFFFFFF000)
void phys_set_inner(struct phys *ph, paddr base, const struct region_ops *ops, void *ctx);

/* What one page is, for the MMU. rd/wr: host pointer to the page's first byte, or NULL = use
 * phys_read/phys_write. wr is NULL too while a store must be seen: on a clean page, and where
 * lines are watched. In the latter case (main RAM only) `watched` is what wr would be: stores
 * to lines for which phys_line_watched() is false may go there. */
struct phys_page {
    uint8_t *rd, *wr, *watched;
    bool main; /* RAM of which may be asked: */
};
/* hp: into a page of main RAM; [hp, hp + size) does not cross it. */
bool phys_line_watched(const struct phys *ph, const uint8_t *hp, unsigned size);
/* … how many bytes of these there are before the first watched line: 0 to size. */
unsigned phys_unwatched(const struct phys *ph, const uint8_t *hp, unsigned size);
struct phys_page phys_page(struct phys *ph, paddr pa);

/* The slow path: 1, 2 or 4 bytes not crossing a page. Stores set dirty bits and tell the
 * watcher about watched lines. */
uint32_t phys_read(struct phys *ph, paddr pa, unsigned size);
void phys_write(struct phys *ph, paddr pa, uint32_t val, unsigned size);
/* Is pa a device's registers (an access has side effects and needs the exact tick)? */
bool phys_is_io(struct phys *ph, paddr pa);
/* Without side effects, for debuggers: false where there are only registers. */
bool phys_peek(struct phys *ph, paddr pa, void *out, unsigned len);

/* DMA: RAM only (rule 2 of DESIGN section 3). Returns the bytes moved; the rest read as FFh. */
uint64_t phys_dma_read(struct phys *ph, paddr pa, void *out, uint64_t len);
uint64_t phys_dma_write(struct phys *ph, paddr pa, const void *in, uint64_t len);
/* fn is called when DMA has put a byte of RAM at pa (for debuggers; no state). NULL: no more.
 */
typedef void phys_dma_fn(void *ctx);
void phys_watch_dma(struct phys *ph, paddr pa, phys_dma_fn *fn, void *ctx);

/* Code watch, at a grain of 16 bytes: the block cache marks what it decoded from RAM. A change
 * of mapping lifts all watches (remapped() drops all blocks); other code in ROM cannot change.
 */
enum { CODE_LINE_SHIFT = 4 };
void phys_watch_code(struct phys *ph, paddr pa, unsigned len);
void phys_unwatch_page(struct phys *ph, paddr pa); /* no block is left on the page */
bool phys_is_code(struct phys *ph, paddr pa, unsigned len);

/* State hash: sum over non-zero pages of hash(page number, content), refreshed from dirty bits.
 */
uint64_t ram_hash(struct phys *ph, struct ram *r);
/* Guest-visible power-on content: zero. */
void ram_clear(struct phys *ph, struct ram *r);

#endif
