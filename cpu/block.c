/* cpu/block.c -- see block.h. */
#include "cpu/block.h"

#include <stdlib.h>
#include <string.h>

#include "cpu/decode.h"
#include "cpu/engine.h"
#include "cpu/forms.h"
#include "cpu/lmem.h"

enum { SCRATCH_INSN = 1, FIRST_INSN = 4, FIRST_BLOCK = 1 };

static void forget_all(struct block_cache *bc)
{
    memset(bc->hash, 0, BLOCK_HASH * sizeof *bc->hash);
    memset(bc->jump, 0, sizeof bc->jump);
    memset(bc->quiet, 0, sizeof bc->quiet);
    memset(bc->patch, 0, sizeof bc->patch);
    bc->patched = false;
    bc->blocks = FIRST_BLOCK;
    bc->insns = FIRST_INSN;
}

/* An instruction on two pages is in no block. What was decoded of it is kept beside its bytes,
 * which decide whether it is still good; a boundary between pages has one, as a rule. */
struct straddler {
    struct insn insn;
    struct insn_cold cold; /* len 0: none */
    uint16_t mode;
    uint8_t bytes[INSN_MAX_BYTES];
};
enum { STRADDLERS = 256 };

/* All that has a fixed size, on big pages if there are any, once it fills: the engine goes
 * through records and blocks as code goes through memory. An idle guest uses little of it. */
struct cache_memory {
    union record record[BLOCK_INSNS];
    struct block_key key[BLOCKS];
    struct insn_cold cold[BLOCK_INSNS];
    uint32_t hash[BLOCK_HASH];
    struct decode_map map;
    struct block_cache cache;
    struct straddler straddler[STRADDLERS];
};
/* Beside it, 5 bytes for each page of RAM. */
_Static_assert(sizeof(struct cache_memory) <= BLOCK_BUDGET, "memory of the block cache");

int block_cache_init(struct cpu *cpu, uint32_t ram_pages, const struct cpu_config *cfg,
                     struct error *err)
{
    struct cache_memory *memory = big_new(cfg->big, sizeof *memory);
    if (memory == NULL) {
        return error_set(err, "out of memory for the block cache");
    }
    big_expect(cfg->big, memory, sizeof *memory, false);
    struct block_cache *bc = &memory->cache;
    cpu->cache = bc;
    bc->big = cfg->big;
    bc->sparse = cfg->sparse;
    bc->memory = memory;
    bc->map = &memory->map;
    bc->key = memory->key;
    bc->insn = &memory->record[0].insn;
    bc->cold = memory->cold;
    bc->hash = memory->hash;
    bc->pages = ram_pages;
    bc->forms = form_map_new();
    bc->page = big_new(bc->sparse, (uint64_t)ram_pages * sizeof *bc->page);
    bc->stale = big_new(bc->sparse, (uint64_t)ram_pages * sizeof *bc->stale);
    if (!bc->forms || !bc->page || !bc->stale) {
        block_cache_free(cpu);
        return error_set(err, "out of memory for the block cache");
    }
    decode_map_init(bc->map, cpu->features);
    memory->record[0].block.ticks = BLOCK_DEAD;
    cpu->records = memory->record;
    cpu->jump = bc->jump;
    forget_all(bc);
    return 0;
}

void block_cache_free(struct cpu *cpu)
{
    struct block_cache *bc = cpu->cache;
    if (bc) {
        free(bc->forms);
        big_free(bc->sparse, bc->page, bc->pages * (uint64_t)sizeof *bc->page);
        big_free(bc->sparse, bc->stale, bc->pages * (uint64_t)sizeof *bc->stale);
        big_free(bc->big, bc->memory, sizeof *bc->memory);
        cpu->cache = NULL;
    }
}

/* By host address, which is as good as a physical one until memory is mapped anew, and known
 * without a walk of the guest's tables. */
static uint32_t hash_of(uintptr_t host, uint32_t mode)
{
    return (uint32_t)(host ^ host >> 13 ^ mode << 11) & (BLOCK_HASH - 1);
}

static uint32_t *chain_of(const struct block_cache *bc, uint32_t n)
{
    return &bc->hash[hash_of(bc->key[n].host, bc->key[n].mode)];
}

/* ---- building */

static bool ends_block(const struct insn_cold *c)
{
    const struct insn_row *row = &insn_rows[c->id];
    bool rep_string =
        (row->shape == SHAPE_SB || row->shape == SHAPE_SV) && (c->flags & (CF_REP | CF_REPNE));
    return (row->props & ENDS) || rep_string;
}

/* The micro-op behind the last instruction: falls through to the block after. */
static void put_end(struct block_cache *bc, uint32_t at, unsigned bytes)
{
    bc->insn[at] = (struct insn){.fn = exec_end, .imm = bytes, .next = (uint8_t)bytes};
    bc->cold[at] = (struct insn_cold){.off = (uint8_t)bytes};
}

static struct patch *patch_at(struct block_cache *bc, uint32_t at)
{
    return &bc->patch[(at ^ at >> 8) % PATCHES];
}

static void note_patch(struct block_cache *bc, uint32_t pa)
{
    struct patch *p = patch_at(bc, pa / 4);
    if (p->at != pa / 4) {
        *p = (struct patch){.at = pa / 4};
    }
    if (++p->hits == PATCHED_OFTEN) {
        bc->patched = true;
    }
}

static bool is_patched(struct block_cache *bc, uint32_t pa, unsigned len)
{
    for (uint32_t at = pa / 4; bc->patched && at <= (pa + len - 1) / 4; at++) {
        const struct patch *p = patch_at(bc, at);
        if (p->at == at && p->hits >= PATCHED_OFTEN) {
            return true;
        }
    }
    return false;
}

/* Decodes from bytes (avail of them up to the page's end) into the arrays. 0: not even one. */
static uint32_t build(struct cpu *cpu, uint32_t pa, const uint8_t *bytes, unsigned avail)
{
    struct block_cache *bc = cpu->cache;
    uint32_t head = bc->insns, first = head + 1, at = first;
    unsigned off = 0;
    while (at - first < BLOCK_MAX_INSNS && off < BLOCK_MAX_BYTES && off < avail) {
        unsigned left = avail - off;
        if (decode(bc->map, cpu->mode, bytes + off,
                   left > INSN_MAX_BYTES ? INSN_MAX_BYTES : left, off, &bc->insn[at],
                   &bc->cold[at]) != DECODE_OK) {
            break;
        }
        bool alone = is_patched(bc, pa + off, bc->cold[at].len);
        if (alone && at != first) {
            break;
        }
        off += bc->cold[at].len;
        if (ends_block(&bc->cold[at++]) || alone) {
            break;
        }
    }
    if (at == first) {
        return 0;
    }
    put_end(bc, at, off);
    for (uint32_t k = first; k < at; k++) {
        bc->cold[k].rest = (uint8_t)(at - k);
        exec_fn *assist = assist_of(cpu, &bc->insn[k], &bc->cold[k]);
        bc->insn[k].fn = assist ? assist : bc->insn[k].fn;
    }
    forms_choose(bc->forms, cpu->mode, &bc->insn[first], &bc->cold[first], at - first);
    cpu->stats.micro_ops += at - first;
    bc->insns = at + 1;
    if (head < BLOCK_INSNS_FEW && bc->insns >= BLOCK_INSNS_FEW) {
        big_expect(bc->big, bc->memory, sizeof *bc->memory, true);
    }
    uint32_t n = bc->blocks++;
    struct block *b = &cpu->records[head].block;
    *b = (struct block){.fn = bc->insn[first].fn,
                        .host = (uintptr_t)bytes,
                        .ticks = at - first,
                        .mode = (uint16_t)cpu->mode,
                        .loose = points_at_offset(&cpu->points, pa & PAGE_MASK, off)};
    bc->key[n] = (struct block_key){.host = b->host,
                                    .pa = pa,
                                    .place = block_place(cpu, b),
                                    .mode = b->mode,
                                    .bytes = (uint8_t)off};
    cpu->stats.blocks_built++;
    return n;
}

static void enter(struct cpu *cpu, uint32_t n)
{
    struct block_cache *bc = cpu->cache;
    struct block_key *key = &bc->key[n];
    uint32_t *head = chain_of(bc, n), page = key->pa >> PAGE_SHIFT;
    key->next_hash = *head;
    *head = n;
    if (page < bc->pages) {
        key->next_page = bc->page[page];
        bc->page[page] = n;
        phys_watch_code(cpu->ph, key->pa, key->bytes);
        memset(bc->quiet, 0, sizeof bc->quiet);
    }
}

/* The block at that host address, decoded before; 0: none. */
static uint32_t look_up(const struct cpu *cpu, uintptr_t host)
{
    const struct block_cache *bc = cpu->cache;
    uint32_t n = bc->hash[hash_of(host, cpu->mode)];
    while (n && (bc->key[n].host != host || bc->key[n].mode != cpu->mode)) {
        n = bc->key[n].next_hash;
    }
    return n;
}

/* … or decoded now. 0: it cannot be; may raise. */
static uint32_t look_up_or_build(struct cpu *cpu, laddr la)
{
    paddr pa = mmu_access(cpu, NULL, la, ACCESS_FETCH);
    const uint8_t *page = pa > UINT32_MAX ? NULL : phys_page(cpu->ph, pa).rd;
    unsigned in_page = (unsigned)(pa & PAGE_MASK);
    if (page == NULL) {
        return 0;
    }
    uint32_t n = look_up(cpu, (uintptr_t)page + in_page);
    if (n == 0) {
        n = build(cpu, (uint32_t)pa, page + in_page, PAGE_SIZE - in_page);
        if (n != 0) {
            enter(cpu, n);
        }
    }
    return n;
}

/* ---- instructions on two pages */

static struct straddler *straddler_at(const struct cpu *cpu, laddr la)
{
    return &cpu->cache->memory->straddler[(la >> PAGE_SHIFT) % STRADDLERS];
}

static void remember(const struct cpu *cpu, laddr la, const uint8_t *bytes)
{
    const struct block_cache *bc = cpu->cache;
    struct straddler *s = straddler_at(cpu, la);
    s->insn = bc->insn[SCRATCH_INSN];
    s->cold = bc->cold[SCRATCH_INSN];
    s->mode = (uint16_t)cpu->mode;
    memcpy(s->bytes, bytes, s->cold.len);
}

/* What was decoded of the instruction there before, if it is still the same; or NULL. Both
 * pages must be in the map of code: then nothing faults. */
static const struct straddler *recall(const struct cpu *cpu, laddr la)
{
    const struct straddler *s = straddler_at(cpu, la);
    unsigned first = PAGE_SIZE - (la & PAGE_MASK), len = s->cold.len;
    if (len <= first || s->mode != cpu->mode || cpu->cs_limit - cpu->eip < len - 1) {
        return NULL;
    }
    uintptr_t here = cpu->code[la >> PAGE_SHIFT];
    uintptr_t there = cpu->code[(laddr)(la + first) >> PAGE_SHIFT];
    if (here == 0 || there == 0 || memcmp((const void *)(here + la), s->bytes, first) != 0 ||
        memcmp((const void *)(there + (laddr)(la + first)), s->bytes + first, len - first) !=
            0) {
        return NULL;
    }
    return s;
}

/* ---- finding */

/* What was there gets the other way: two that want one slot by turns find each other there. */
static void enter_jump(struct block_cache *bc, uint32_t slot, uint32_t place)
{
    if (bc->jump[slot] != place) {
        bc->jump[slot ^ 1] = bc->jump[slot];
        bc->jump[slot] = place;
    }
}

const struct block *block_find(struct cpu *cpu)
{
    struct block_cache *bc = cpu->cache;
    laddr la = cpu->seg[SEG_CS].base + cpu->eip;
    uintptr_t to_host = cpu->code[la >> PAGE_SHIFT];
    if (cpu->eip > cpu->eip_max) {
        return NULL;
    }
    if (bc->blocks == BLOCKS || bc->insns + BLOCK_MAX_INSNS + 2 >= BLOCK_INSNS) {
        block_drop_all(cpu);
        to_host = 0;
    }
    uint32_t n = to_host ? look_up(cpu, to_host + la) : 0;
    if (n == 0 && recall(cpu, la)) {
        return NULL;
    }
    if (n == 0) {
        n = look_up_or_build(cpu, la);
    }
    if (n == 0) {
        return NULL;
    }
    const struct block *b = block_at(cpu, bc->key[n].place);
    if (UNLIKELY(b->loose)) { /* asked about every time */
        return points_within(&cpu->points, la, bc->key[n].bytes) ? NULL : b;
    }
    enter_jump(bc, jump_cache_slot(la), bc->key[n].place);
    return b;
}

/* ---- one instruction, exactly: page straddles, CS's limit, registers as code */

static unsigned fetch_page(struct cpu *cpu, eaddr eip, unsigned want, uint8_t *out)
{
    laddr la = cpu->seg[SEG_CS].base + eip;
    unsigned n = PAGE_SIZE - (la & PAGE_MASK);
    if (n > want) {
        n = want;
    }
    uintptr_t to_host = cpu->code[la >> PAGE_SHIFT];
    if (to_host != 0) {
        memcpy(out, (const uint8_t *)(to_host + la), n);
        return n;
    }
    paddr pa = mmu_access(cpu, NULL, la, ACCESS_FETCH);
    const uint8_t *page = phys_page(cpu->ph, pa).rd;
    for (unsigned k = 0; k < n; k++) {
        out[k] = page ? page[(pa & PAGE_MASK) + k] : (uint8_t)phys_read(cpu->ph, pa + k, 1);
    }
    return n;
}

/* From the bytes at cpu->eip into the scratch block; may raise. */
static void decode_one(struct cpu *cpu, laddr la)
{
    struct block_cache *bc = cpu->cache;
    struct insn *u = &bc->insn[SCRATCH_INSN];
    struct insn_cold *cold = &bc->cold[SCRATCH_INSN];
    uint8_t bytes[INSN_MAX_BYTES];
    unsigned limit = INSN_MAX_BYTES, have = 0;
    if (cpu->cs_limit - cpu->eip < limit - 1) {
        limit = cpu->cs_limit - cpu->eip + 1;
    }
    for (;;) {
        have += fetch_page(cpu, cpu->eip + have, limit - have, bytes + have);
        enum decode_result r = decode(bc->map, cpu->mode, bytes, have, 0, u, cold);
        if (r == DECODE_OK) {
            break;
        }
        if (r == DECODE_LONG || have == limit) {
            trap_raise(cpu, NULL, EXC_GP, 0); /* 16 bytes, or cut off by CS's limit */
        }
    }
    cold->rest = 1;
    if (cold->len > PAGE_SIZE - (la & PAGE_MASK)) {
        remember(cpu, la, bytes);
    }
}

const struct insn *block_step(struct cpu *cpu)
{
    struct block_cache *bc = cpu->cache;
    laddr la = cpu->seg[SEG_CS].base + cpu->eip;
    *cpu->tick = cpu->now;
    if (cpu->eip > cpu->cs_limit) {
        trap_raise(cpu, NULL, EXC_GP, 0);
    }
    const struct straddler *known = recall(cpu, la);
    if (known) {
        bc->insn[SCRATCH_INSN] = known->insn;
        bc->cold[SCRATCH_INSN] = known->cold;
    } else {
        decode_one(cpu, la);
    }
    put_end(bc, SCRATCH_INSN + 1, bc->cold[SCRATCH_INSN].len);
    return &bc->insn[SCRATCH_INSN];
}

/* ---- dropping */

static union record *record_of(const struct cpu *cpu, const struct block_key *key)
{
    return &cpu->records[key->place / sizeof(union record)];
}

static void unhash(struct block_cache *bc, uint32_t n)
{
    uint32_t *p = chain_of(bc, n);
    while (*p && *p != n) {
        p = &bc->key[*p].next_hash;
    }
    if (*p) {
        *p = bc->key[n].next_hash;
    }
}

/* *link leads to the block, on its page. */
static void drop(struct cpu *cpu, uint32_t *link)
{
    const struct block_key *key = &cpu->cache->key[*link];
    unhash(cpu->cache, *link);
    record_of(cpu, key)->block.ticks = BLOCK_DEAD;
    *link = key->next_page;
    cpu->stats.blocks_dropped++;
}

static void renew_watch(struct cpu *cpu, paddr pa)
{
    const struct block_cache *bc = cpu->cache;
    phys_unwatch_page(cpu->ph, pa);
    for (uint32_t n = bc->page[pa >> PAGE_SHIFT]; n; n = bc->key[n].next_page) {
        phys_watch_code(cpu->ph, bc->key[n].pa, bc->key[n].bytes);
    }
    bc->stale[pa >> PAGE_SHIFT] = false;
}

/* The watch of a page whose code is patched stays as it is, for the patched code is about to be
 * decoded again; it is renewed when a store finds no code. */
bool block_drop_written(struct cpu *cpu, paddr pa, unsigned len)
{
    struct block_cache *bc = cpu->cache;
    paddr page = pa >> PAGE_SHIFT;
    if (page >= bc->pages) {
        return false;
    }
    uint64_t store = pa << 16 | len, *quiet = &bc->quiet[pa % QUIET_STORES];
    if (*quiet == store) {
        return false;
    }
    bool dropped = false;
    uint32_t *p = &bc->page[page];
    while (*p) {
        const struct block_key *key = &bc->key[*p];
        if (key->pa < pa + len && pa < (paddr)key->pa + key->bytes) {
            drop(cpu, p);
            dropped = true;
        } else {
            p = &bc->key[*p].next_page;
        }
    }
    if (dropped) {
        bc->stale[page] = true;
        note_patch(bc, (uint32_t)pa);
        engine_leave(cpu); /* the running block may be among them */
    } else if (bc->stale[page]) {
        renew_watch(cpu, pa);
        return true;
    } else {
        *quiet = store;
    }
    return false;
}

void block_drop_all(struct cpu *cpu)
{
    struct block_cache *bc = cpu->cache;
    for (uint32_t n = FIRST_BLOCK; n < bc->blocks; n++) {
        uint32_t page = bc->key[n].pa >> PAGE_SHIFT;
        if (page < bc->pages && bc->page[page]) {
            phys_unwatch_page(cpu->ph, (paddr)page << PAGE_SHIFT);
            bc->page[page] = 0;
            bc->stale[page] = false;
        }
    }
    cpu->stats.blocks_dropped += bc->blocks - FIRST_BLOCK;
    cpu->stats.cache_evictions++;
    forget_all(bc);
    cpu->link_from = 0;
    mmu_flush(cpu); /* with the watch over these pages went that over page tables among them */
    engine_leave(cpu);
}

void block_drop_offset(struct cpu *cpu, uint32_t in_page)
{
    struct block_cache *bc = cpu->cache;
    for (uint32_t n = FIRST_BLOCK; n < bc->blocks; n++) {
        const struct block_key *key = &bc->key[n];
        if (record_of(cpu, key)->block.ticks == BLOCK_DEAD ||
            in_page - (key->pa & PAGE_MASK) >= key->bytes) {
            continue;
        }
        uint32_t *p = &bc->page[key->pa >> PAGE_SHIFT];
        while (*p != n) {
            p = &bc->key[*p].next_page;
        }
        drop(cpu, p); /* the watch over its lines stays: a store finds nothing there */
    }
    cpu->link_from = 0;
}
