/* Shadow page tables are never observable: kept for each root, emptied at every load of CR3, or
 * not used for decoded code at all, the guest sees its tables as they stand.
 *
 * Random programs store into page tables and directories (through linear addresses that alias
 * them, and by DMA), switch among roots, flip CR0.WP and EFER.NXE, touch memory and jump into
 * it, at both privileges; a page fault's handler goes on with the next slot of 32 bytes.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/lmem.h"
#include "cpu/sys/sys.h"
#include "tests/support/board_fixture.h"
#include "tests/support/cpu_fixture.h"

enum {
    GDT = 0x1000,
    IDT = 0x1800,
    TSS = 0x2000,
    HANDLER = 0x2800,
    COUNT_AT = 0x2F00, /* the handler counts here */
    STACK0 = 0x4000,
    STACK3 = 0x6000,
    BOOT = 0x7C00,
    CODE = 0x8000,
    SLOTS = 64,
    SLOT = 32,
    IDENTITY = 0x10000, /* table of the first span, the same for all roots */
    TABLES = 0x11000,   /* four tables of the last level */
    TABLE_COUNT = 4,
    ROOTS = 0x18000, /* directories; with PAE a page of PDPTEs and one directory a root */
    ROOT_COUNT = 10, /* more than are kept */
    FRAMES = 0x100000,
    PAGES = 8,
    BACK = 0x700, /* in each page that the test span can show: JMP EBP */
};

struct world {
    struct cpu_fixture fx;
    bool pae, nxe;
};

struct code {
    uint8_t bytes[SLOTS * SLOT];
    unsigned at, slot;
};

static uint32_t span(const struct world *w)
{
    return w->pae ? 1u << 21 : 1u << 22;
}

static paddr root_at(unsigned n)
{
    return ROOTS + (paddr)n * 0x2000;
}

static paddr directory_at(const struct world *w, unsigned n)
{
    return root_at(n) + (w->pae ? 0x1000 : 0);
}

static void w32(struct world *w, paddr pa, uint32_t v)
{
    uint8_t b[4];
    store_le32(b, v);
    cpu_fixture_load(&w->fx, pa, b, sizeof b);
}

static void entry(struct world *w, paddr table, unsigned n, uint32_t v)
{
    w32(w, table + (paddr)n * (w->pae ? 8 : 4), v);
    if (w->pae) {
        w32(w, table + (paddr)n * 8 + 4, 0);
    }
}

static void descriptor(struct world *w, unsigned sel, uint32_t lo, uint32_t hi)
{
    w32(w, GDT + sel, lo);
    w32(w, GDT + sel + 4, hi);
}

static void tables(struct world *w)
{
    for (unsigned n = 0; n < (w->pae ? 512u : 1024u); n++) {
        entry(w, IDENTITY, n, n << 12 | 7);
    }
    for (unsigned r = 0; r < ROOT_COUNT; r++) {
        if (w->pae) {
            w32(w, root_at(r), (uint32_t)directory_at(w, r) | 1);
        }
        entry(w, directory_at(w, r), 0, IDENTITY | 7);
        entry(w, directory_at(w, r), 1, (TABLES + (r % TABLE_COUNT) * 0x1000) | 7);
    }
}

static void system_tables(struct world *w)
{
    descriptor(w, 0x08, 0x0000FFFF, 0x00CF9B00);
    descriptor(w, 0x10, 0x0000FFFF, 0x00CF9300);
    descriptor(w, 0x18, 0x0000FFFF, 0x00CFFB00);
    descriptor(w, 0x20, 0x0000FFFF, 0x00CFF300);
    descriptor(w, 0x28, TSS << 16 | 0x67, 0x00008900);
    w32(w, IDT + 14 * 8, 0x08 << 16 | HANDLER);
    w32(w, IDT + 14 * 8 + 4, 0x8E00);
    w32(w, IDT + 0x80 * 8, 0x08 << 16 | (HANDLER + 0x80));
    w32(w, IDT + 0x80 * 8 + 4, 0xEE00);
    w32(w, TSS + 4, STACK0);
    w32(w, TSS + 8, 0x10);
    /* add esp, 4; inc dword [COUNT_AT]; in the test span? then mov [esp], ebp; iretd … */
    static const uint8_t handler[] = {
        0x83,
        0xC4,
        0x04,
        0xFF,
        0x05,
        0x00,
        0x2F,
        0x00,
        0x00,
        0x81,
        0x3C,
        0x24,
        0x00,
        0x00,
        0x01,
        0x00,
        0x72,
        0x04,
        0x89,
        0x2C,
        0x24,
        0xCF,
        /* … else and dword [esp], -32; add dword [esp], 32; iretd */
        0x83,
        0x24,
        0x24,
        0xE0,
        0x83,
        0x04,
        0x24,
        0x20,
        0xCF,
    };
    cpu_fixture_load(&w->fx, HANDLER, handler, sizeof handler);
    for (unsigned n = 0; n < PAGES; n++) {
        cpu_fixture_load(&w->fx, n * 0x1000u + BACK, "\xFF\xE5", 2);
        cpu_fixture_load(&w->fx, FRAMES + n * 0x1000u + BACK, "\xFF\xE5", 2);
    }
    for (unsigned n = 0; n < TABLE_COUNT; n++) {
        cpu_fixture_load(&w->fx, TABLES + n * 0x1000u + BACK, "\xFF\xE5", 2);
    }
    /* INT 80h is a system call: mov cr3, eax; iretd */
    cpu_fixture_load(&w->fx, HANDLER + 0x80, "\x0F\x22\xD8\xCF", 4);
}

static void put(struct code *c, unsigned n, const char *bytes)
{
    memcpy(c->bytes + c->slot * SLOT + c->at, bytes, n);
    c->at += n;
}

static void put32(struct code *c, uint32_t v)
{
    store_le32(c->bytes + c->slot * SLOT + c->at, v);
    c->at += 4;
}

/* An entry for a table or a directory: often absent or read-only, sometimes for the system. */
static uint32_t random_entry(uint32_t r, bool directory)
{
    uint32_t rights = r & 7, target;
    if (directory && (r >> 3 & 7) == 0) {
        return rights | 0x80; /* a large page at 0 */
    }
    if (directory) {
        target = TABLES + (r >> 6 & (TABLE_COUNT - 1)) * 0x1000;
    } else {
        target = (r >> 3 & 3) == 0 ? TABLES + (r >> 6 & (TABLE_COUNT - 1)) * 0x1000
                                   : FRAMES + (r >> 6 & (PAGES - 1)) * 0x1000;
    }
    return target | rights | ((r >> 12 & 3) ? 1 : 0);
}

static uint32_t random_linear(const struct world *w, uint32_t r)
{
    return span(w) + (r & (PAGES - 1)) * 0x1000 + (r >> 3 & 7) * 4;
}

static void random_slot(struct world *w, struct code *c, uint64_t *seed, bool user)
{
    uint32_t what = test_random(seed) % 16, r = test_random(seed), v = test_random(seed);
    unsigned width = w->pae ? 8 : 4;
    c->at = 0;
    memset(c->bytes + c->slot * SLOT, 0x90, SLOT);
    if (what < 3) { /* into a table, through the identity mapping */
        put(c, 2, "\xC7\x05");
        put32(c, TABLES + (r & (TABLE_COUNT - 1)) * 0x1000 + (r >> 2 & (PAGES - 1)) * width);
        put32(c, random_entry(v, false));
    } else if (what == 3) { /* into a directory */
        put(c, 2, "\xC7\x05");
        put32(c, (uint32_t)directory_at(w, r % ROOT_COUNT) + width);
        put32(c, random_entry(v, true));
    } else if (what < 6) { /* load and store in the test span, which may alias tables */
        put(c, 1, what == 4 ? "\xA1" : "\xA3");
        put32(c, random_linear(w, r));
    } else if (what == 6) {
        put(c, 2, "\xC7\x05");
        put32(c, random_linear(w, r));
        put32(c, random_entry(v, false));
    } else if (what < 9) {
        put(c, 1, "\xB8");
        put32(c, (uint32_t)root_at(r % ROOT_COUNT));
        put(c, user ? 2 : 3, user ? "\xCD\x80" : "\x0F\x22\xD8");
    } else if (what == 9 && !user) { /* WP: mov eax, cr0; xor eax, 10000h; mov cr0, eax */
        put(c, 11, "\x0F\x20\xC0\x35\x00\x00\x01\x00\x0F\x22\xC0");
    } else if (what == 10 && !user) {
        put(c, 3, "\x0F\x01\x3D");
        put32(c, random_linear(w, r));
    } else if (what < 14 && what > 11) { /* mov ebp, the next slot; mov eax, …; jmp eax */
        put(c, 1, "\xBD");
        put32(c, CODE + (c->slot + 1) * SLOT);
        put(c, 1, "\xB8");
        put32(c, (random_linear(w, r) & ~(uint32_t)PAGE_MASK) + BACK);
        put(c, 2, "\xFF\xE0");
    } else if (what == 14 && w->pae) { /* NX on or off, in a table or a directory */
        put(c, 2, "\xC7\x05");
        put32(c, (r & 0x100 ? (uint32_t)directory_at(w, r % ROOT_COUNT) + width
                            : TABLES + (r & (TABLE_COUNT - 1)) * 0x1000 +
                                  (r >> 2 & (PAGES - 1)) * width) +
                     4);
        put32(c, v & 3 ? 0x80000000u : 0);
    } else if (what == 15 && !user) { /* a load; NXE on or off; the same load */
        put(c, 1, "\xA1");
        put32(c, random_linear(w, r));
        put(c, 6, "\xB9\x80\x00\x00\xC0\xB8"); /* mov ecx, EFER; mov eax, …; cdq; wrmsr */
        put32(c, v & 3 ? 0x800 : 0);
        put(c, 4, "\x99\x0F\x30\xA1");
        put32(c, random_linear(w, r));
    } else { /* bulk: mov edi, table; mov ecx, 40; rep stosd */
        put(c, 1, "\xBF");
        put32(c, TABLES + (r & (TABLE_COUNT - 1)) * 0x1000);
        put(c, 7, "\xB9\x28\x00\x00\x00\xF3\xAB");
    }
}

static void boot(struct world *w, bool user)
{
    const uint8_t nxe = w->nxe ? 8 : 0;
    const uint8_t real[] = {
        0x66, 0x89, 0xD6, 0x66, 0x89, 0xC7, 0x66, 0x89,
        0xCD,                                           /* mov esi, edx; edi, eax; ebp, ecx */
        0x66, 0xB9, 0x80, 0x00, 0x00, 0xC0,             /* mov ecx, EFER */
        0x66, 0xB8, 0x00, nxe,  0x00, 0x00, 0x66, 0x99, /* mov eax, NXE; cdq */
        0x0F, 0x30,                                     /* wrmsr */
        0x66, 0x89, 0xF2, 0x66, 0x89, 0xF8, 0x66, 0x89,
        0xE9,                               /* and back */
        0x66, 0x0F, 0x01, 0x16, 0xF0, 0x1F, /* lgdt [1FF0h] */
        0x66, 0x0F, 0x01, 0x1E, 0xF8, 0x1F, /* lidt [1FF8h] */
        0x0F, 0x22, 0xE3,                   /* mov cr4, ebx */
        0x0F, 0x22, 0xD9,                   /* mov cr3, ecx */
        0x0F, 0x22, 0xC0,                   /* mov cr0, eax */
        0x66, 0xEA, 0x00, 0x7D, 0x00, 0x00, 0x08, 0x00,
    };
    static const uint8_t prot[] = {
        0x66, 0xB8, 0x10, 0x00, 0x8E, 0xD0,                   /* mov ss, 10h */
        0xBC, 0x00, 0x40, 0x00, 0x00,                         /* mov esp, STACK0 */
        0x66, 0xB8, 0x28, 0x00, 0x0F, 0x00, 0xD8,             /* ltr 28h */
        0x89, 0xD0, 0x8E, 0xD8, 0x8E, 0xC0,                   /* mov ds, es = edx */
        0x83, 0xE2, 0x03, 0x74, 0x0D,                         /* and edx, 3; jz +13 */
        0x6A, 0x23, 0x68, 0x00, 0x60, 0x00, 0x00, 0x6A, 0x02, /* ss, esp, eflags */
        0x6A, 0x1B, 0xEB, 0x04,                               /* cs; jmp +4 */
        0x6A, 0x02, 0x6A, 0x08,                               /* eflags, cs */
        0x68, 0x00, 0x80, 0x00, 0x00, 0xCF,                   /* eip; iretd */
    };
    struct cpu_fixture *fx = &w->fx;
    w32(w, 0x1FF0, 0x7FF | (uint32_t)GDT << 16);
    w32(w, 0x1FF4, 0);
    w32(w, 0x1FF8, 0x7FF | (uint32_t)IDT << 16);
    w32(w, 0x1FFC, 0);
    cpu_fixture_load(fx, BOOT, real, sizeof real);
    cpu_fixture_load(fx, 0x7D00, prot, sizeof prot);
    cpu_fixture_set(fx, "cs", 0);
    cpu_fixture_set(fx, "ds", 0);
    cpu_fixture_set(fx, "eip", BOOT);
    cpu_fixture_set(fx, "eax", 0x80000011u);
    cpu_fixture_set(fx, "ebx", w->pae ? 0x20 : 0x10);
    cpu_fixture_set(fx, "ecx", (uint32_t)root_at(0));
    cpu_fixture_set(fx, "edx", user ? 0x23 : 0x10);
}

static void world_init(struct world *w, uint64_t seed, bool single_step, bool flush)
{
    struct code c;
    bool user = seed & 1;
    cpu_fixture_init(&w->fx, &(struct cpu_config){.model = "pentiumpro,+nx,+pse36",
                                                  .single_step = single_step,
                                                  .shadow_flush = flush});
    w->pae = seed & 2;
    w->nxe = seed & 4;
    system_tables(w);
    tables(w);
    for (c.slot = 0; c.slot < SLOTS - 1; c.slot++) {
        random_slot(w, &c, &seed, user);
    }
    c.at = 0; /* jmp CODE */
    memset(c.bytes + c.slot * SLOT, 0x90, SLOT);
    put(&c, 1, "\xE9");
    put32(&c, (uint32_t) - ((SLOTS - 1) * SLOT + 5));
    cpu_fixture_load(&w->fx, CODE, c.bytes, sizeof c.bytes);
    boot(w, user);
}

/* DMA into a table, a directory or a frame. */
static void dma(struct world *w, uint32_t r)
{
    unsigned width = w->pae ? 8 : 4;
    if (r & 8) {
        w32(w, directory_at(w, (r >> 4) % ROOT_COUNT) + width, random_entry(r >> 8, true));
    } else if (r & 16) {
        w32(w, TABLES + (r >> 5 & (TABLE_COUNT - 1)) * 0x1000 + (r >> 7 & (PAGES - 1)) * width,
            random_entry(r >> 10, false));
    }
}

static void compare(uint64_t seed)
{
    enum { WORLDS = 3, SLICES = 200 };
    struct world w[WORLDS];
    uint64_t dice = seed ^ 0xD1CE, tick = 0;
    world_init(&w[0], seed, false, false);
    world_init(&w[1], seed, false, true);
    world_init(&w[2], seed, true, true);
    if (seed & 8) { /* no room for anything: maps come and go */
        w[0].fx.cpu->sys->shadows.limit = 6 + (seed >> 4) % 16;
    }
    bool over = false;
    for (unsigned k = 0; k < SLICES && !over; k++) {
        tick += 1 + test_random(&dice) % 300;
        uint32_t r = test_random(&dice);
        uint64_t hash[WORLDS];
        for (unsigned n = 0; n < WORLDS; n++) {
            enum cpu_stop stop = cpu_run(w[n].fx.cpu, tick);
            over = stop == CPU_SHUTDOWN || stop == CPU_HALTED;
            dma(&w[n], r);
            if ((r & 7) == 7 && n == 0) {
                mmu_flush(w[n].fx.cpu); /* cold, all of a sudden */
            }
            hash[n] = cpu_fixture_hash(&w[n].fx);
        }
        ck_assert_msg(hash[0] == hash[1] && hash[1] == hash[2],
                      "seed %llu: before tick %llu kept %s flushed, flushed %s stepped",
                      (unsigned long long)seed, (unsigned long long)tick,
                      hash[0] == hash[1] ? "==" : "!=", hash[1] == hash[2] ? "==" : "!=");
    }
    for (unsigned n = 0; n < WORLDS; n++) {
        cpu_fixture_free(&w[n].fx);
    }
}

START_TEST(shadows_are_not_observable)
{
    const char *rounds = getenv("TERRAPIN_PROPERTY_ROUNDS"),
               *first = getenv("TERRAPIN_PROPERTY_SEED");
    unsigned n = rounds ? (unsigned)atoi(rounds) : 150, k = first ? (unsigned)atoi(first) : 0;
    for (; n-- > 0; k++) {
        compare(k);
    }
}
END_TEST

/* The random programs do what they are for: faults and walks happen. */
START_TEST(programs_fault_and_go_on)
{
    struct world w;
    for (uint64_t seed = 0; seed < 4; seed++) {
        uint8_t count[4];
        world_init(&w, seed, false, false);
        (void)cpu_run(w.fx.cpu, 20000);
        ck_assert(phys_peek(w.fx.ph, COUNT_AT, count, 4));
        ck_assert_uint_ge(load_le32(count), 5);
        ck_assert_uint_ge(w.fx.tick, 20000);
        cpu_fixture_free(&w.fx);
    }
}
END_TEST

/* 112 directories of 4-MiB pages map all of linear memory to the first 4 MiB. For each a loop
 * reads and writes one dword of every 4 MiB: more than the maps have room for. */
START_TEST(maps_keep_within_their_budget)
{
    static const uint8_t loop[] = {
        0xB9, 0x00, 0x00, 0x02, 0x00,       /* root: mov ecx, 20000h */
        0x0F, 0x22, 0xD9,                   /* next: mov cr3, ecx */
        0x31, 0xC0,                         /* xor eax, eax */
        0xFF, 0x80, 0x00, 0x00, 0x10, 0x00, /* touch: inc dword [eax + 100000h] */
        0x05, 0x00, 0x00, 0x40, 0x00,       /* add eax, 400000h */
        0x73, 0xF3,                         /* jnc touch */
        0x81, 0xC1, 0x00, 0x10, 0x00, 0x00, /* add ecx, 1000h */
        0x81, 0xF9, 0x00, 0x00, 0x09, 0x00, /* cmp ecx, 90000h: 112 times in all */
        0x75, 0xE0,                         /* jne next */
        0xEB, 0xFE,                         /* jmp $ */
    };
    struct world w = {.pae = false};
    uint8_t count[4];
    cpu_fixture_init(&w.fx, &(struct cpu_config){.model = "pentiumpro,+nx"});
    system_tables(&w);
    for (unsigned root = 0x20; root < 0x90; root++) {
        for (unsigned n = 0; n < 1024; n++) {
            w32(&w, root << 12 | n * 4, 0xE7);
        }
    }
    cpu_fixture_load(&w.fx, CODE, loop, sizeof loop);
    boot(&w, false);
    cpu_fixture_set(&w.fx, "ecx", 0x20000);
    const struct shadows *all = &w.fx.cpu->sys->shadows;
    struct cpu_stats stats;
    for (uint64_t tick = 0; tick < 700000; tick += 1000) {
        (void)cpu_run(w.fx.cpu, tick);
        ck_assert_uint_le(all->pages, SHADOW_MAP_PAGES);
    }
    ck_assert(phys_peek(w.fx.ph, 0x100000, count, 4));
    ck_assert_uint_eq(load_le32(count), 112 * 1024);
    cpu_stats(w.fx.cpu, &stats);
    ck_assert_uint_ge(stats.shadow_evicted, 10);
    cpu_fixture_free(&w.fx);
}
END_TEST

/* The second of two places far apart has no room beside the first: what the maps had of the
 * root is dropped, and its tables are watched again from then on. */
START_TEST(tables_are_watched_after_an_eviction)
{
    static const uint8_t code[] = {
        0xA3, 0x00, 0x2F, 0x00, 0x00,       /* mov [2F00h], eax */
        0xA1, 0x00, 0x00, 0x40, 0x00,       /* mov eax, [400000h] */
        0x8B, 0x1D, 0x00, 0x00, 0x60, 0x00, /* mov ebx, [600000h] */
        0xC7, 0x05, 0x00, 0x18, 0x01, 0x00, /* mov dword [TABLES + 800h], … */
        0x27, 0x10, 0x10, 0x00,             /* … FRAMES + 1027h: accessed, not dirty */
        0x8B, 0x0D, 0x00, 0x00, 0x60, 0x00, /* mov ecx, [600000h] */
        0xEB, 0xFE,                         /* jmp $ */
    };
    struct world w = {.pae = false};
    struct cpu_stats stats;
    cpu_fixture_init(&w.fx, &(struct cpu_config){.model = "pentiumpro,+nx"});
    system_tables(&w);
    tables(&w);
    w32(&w, TABLES, FRAMES | 0x27);
    w32(&w, TABLES + 0x800, FRAMES | 0x27);
    w32(&w, FRAMES, 1);
    w32(&w, FRAMES + 0x1000, 2);
    cpu_fixture_load(&w.fx, CODE, code, sizeof code);
    boot(&w, false);
    w.fx.cpu->sys->shadows.limit =
        4; /* 3 for code, data and tables, 1 for a place that is read */
    (void)cpu_run(w.fx.cpu, 100);
    cpu_stats(w.fx.cpu, &stats);
    ck_assert_uint_eq(cpu_fixture_get(&w.fx, "eax"), 1);
    ck_assert_uint_eq(cpu_fixture_get(&w.fx, "ebx"), 1);
    ck_assert_uint_eq(cpu_fixture_get(&w.fx, "ecx"), 2);
    ck_assert(sizeof(uintptr_t) < 8 || stats.shadow_evicted != 0);
    cpu_fixture_free(&w.fx);
}
END_TEST

/* An operand on two pages, for whose first there is no room: the maps are emptied, and are
 * elsewhere then if the C library's memory is all that there is. */
START_TEST(maps_move_within_an_instruction)
{
    static const uint8_t code[] = {
        0xA3, 0x00, 0x2F, 0x00, 0x00,             /* mov [2F00h], eax */
        0x0F, 0xC7, 0x0D, 0xFC, 0x0F, 0x40, 0x00, /* cmpxchg8b [400FFCh] */
        0xEB, 0xFE,                               /* jmp $ */
    };
    struct world w = {.pae = false};
    struct cpu_config cfg = {.model = "pentiumpro,+nx"};
    struct cpu_stats stats;
    struct error err;
    cpu_fixture_init(&w.fx, &cfg);
    cpu_free(w.fx.cpu);
    w.fx.cpu = cpu_new(&cfg, &w.fx.bus, w.fx.ph, &w.fx.notes, &err); /* without sparse pages */
    ck_assert_msg(w.fx.cpu != NULL, "%s", err.text);
    cpu_set_a20(w.fx.cpu, true);
    system_tables(&w);
    tables(&w);
    w32(&w, TABLES, FRAMES | 0x27);
    w32(&w, TABLES + 4, (FRAMES + 0x1000) | 0x27);
    w32(&w, FRAMES + 0xFFC, 1);
    w32(&w, FRAMES + 0x1000, 2);
    cpu_fixture_load(&w.fx, CODE, code, sizeof code);
    boot(&w, false);
    w.fx.cpu->sys->shadows.limit = 4; /* 3 for code, data and tables */
    (void)cpu_run(w.fx.cpu, 100);
    cpu_stats(w.fx.cpu, &stats);
    ck_assert_uint_eq(cpu_fixture_get(&w.fx, "eax"), 1);
    ck_assert_uint_eq(cpu_fixture_get(&w.fx, "edx"), 2);
    ck_assert(sizeof(uintptr_t) < 8 || stats.shadow_evicted != 0);
    cpu_fixture_free(&w.fx);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("shadow");
    TCase *tc = tcase_create("shadow");
    tcase_set_timeout(tc, 600);
    tcase_add_test(tc, shadows_are_not_observable);
    tcase_add_test(tc, programs_fault_and_go_on);
    tcase_add_test(tc, maps_keep_within_their_budget);
    tcase_add_test(tc, tables_are_watched_after_an_eviction);
    tcase_add_test(tc, maps_move_within_an_instruction);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
