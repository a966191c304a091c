/* tests/unit/test_phys.c -- page map, dirty map, code watch, DMA, hash of guest-physical
 * memory. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "mem/phys.h"

enum { MIB = 1 << 20, RAM_SIZE = 2 * MIB };

struct heard { /* what the watcher was told */
    unsigned code, remapped, rearm, rearm_page;
    paddr code_pa, page_pa;
    unsigned code_len;
};

static struct phys *ph;
static struct ram *ram;
static struct heard heard;

static void on_code(void *ctx, paddr pa, unsigned len)
{
    struct heard *h = ctx;
    h->code++;
    h->code_pa = pa;
    h->code_len = len;
}

static void on_remapped(void *ctx)
{
    ((struct heard *)ctx)->remapped++;
}

static void on_rearm(void *ctx)
{
    ((struct heard *)ctx)->rearm++;
}

static void on_rearm_page(void *ctx, paddr pa)
{
    struct heard *h = ctx;
    h->rearm_page++;
    h->page_pa = pa;
}

static void setup(void)
{
    struct error err;
    ph = phys_new(RAM_SIZE, NULL, &err);
    ck_assert_msg(ph != NULL, "%s", err.text);
    ram = phys_main_ram(ph);
    phys_map_ram(ph, 0, RAM_SIZE, ram, 0);
    memset(&heard, 0, sizeof heard);
    const struct phys_watch watch = {&heard, on_code, on_remapped, on_rearm, on_rearm_page};
    phys_set_watch(ph, &watch);
}

static void teardown(void)
{
    phys_free(ph);
}

struct io {
    uint32_t last_off, last_val;
    unsigned reads, writes, last_size;
};
static uint32_t io_read(void *ctx, uint32_t off, unsigned size)
{
    struct io *io = ctx;
    io->reads++;
    io->last_off = off;
    io->last_size = size;
    return 0x11223344;
}
static void io_write(void *ctx, uint32_t off, uint32_t val, unsigned size)
{
    struct io *io = ctx;
    io->writes++;
    io->last_off = off;
    io->last_val = val;
    io->last_size = size;
}
static const struct region_ops io_ops = {io_read, io_write};

START_TEST(ram_reads_and_writes)
{
    phys_write(ph, 0x1234, 0x89ABCDEF, 4);
    ck_assert_uint_eq(ram->bytes[0x1234], 0xEF); /* little-endian on any host */
    ck_assert_uint_eq(phys_read(ph, 0x1234, 4), 0x89ABCDEF);
    ck_assert_uint_eq(phys_read(ph, 0x1235, 2), 0xABCD);
    ck_assert_uint_eq(phys_read(ph, 0x1237, 1), 0x89);
    phys_write(ph, 0x1236, 0x55, 1);
    ck_assert_uint_eq(phys_read(ph, 0x1234, 4), 0x8955CDEF);
}
END_TEST

START_TEST(open_bus)
{
    ck_assert_uint_eq(phys_read(ph, RAM_SIZE, 1), 0xFF);
    ck_assert_uint_eq(phys_read(ph, RAM_SIZE, 2), 0xFFFF);
    ck_assert_uint_eq(phys_read(ph, 0xFFFFFFFC, 4), 0xFFFFFFFF);
    ck_assert_uint_eq(phys_read(ph, 0x100000000u, 4), 0xFFFFFFFF);
    ck_assert_uint_eq(phys_read(ph, UINT64_MAX - 3, 4), 0xFFFFFFFF);
    phys_write(ph, UINT64_MAX - 3, 1, 4);
    phys_write(ph, RAM_SIZE, 1, 4);
    struct phys_page p = phys_page(ph, (paddr)1 << 40);
    ck_assert(p.rd == NULL && p.wr == NULL);
    ck_assert(!phys_is_io(ph, RAM_SIZE));
    uint8_t b[4];
    ck_assert(!phys_peek(ph, RAM_SIZE - 2, b, 4));
    ck_assert(phys_peek(ph, RAM_SIZE - 4, b, 4));
}
END_TEST

START_TEST(inner_page_is_in_front)
{
    struct io io = {0};
    uint8_t b[2] = {0x5A, 0x5A};
    phys_write(ph, 0x4000, 0x01020304, 4);
    phys_watch_code(ph, 0x4000, 16);
    heard = (struct heard){0};
    phys_set_inner(ph, 0x4000, &io_ops, &io);
    ck_assert_uint_eq(heard.remapped, 1);
    phys_set_inner(ph, 0x4000, &io_ops, &io); /* where it is */
    ck_assert_uint_eq(heard.remapped, 1);
    ck_assert(phys_is_io(ph, 0x4FFF));
    ck_assert(!phys_is_io(ph, 0x5000));
    ck_assert_uint_eq(phys_read(ph, 0x4010, 4), 0x11223344);
    phys_write(ph, 0x4014, 7, 4);
    ck_assert_uint_eq(io.last_off, 0x14);
    ck_assert_uint_eq(io.writes, 1);
    struct phys_page p = phys_page(ph, 0x4000);
    ck_assert(p.rd == NULL && p.wr == NULL && p.watched == NULL);
    phys_watch_code(ph, 0x4000, 16); /* nothing to watch */
    ck_assert(!phys_is_code(ph, 0x4000, 16));
    ck_assert_uint_eq(phys_dma_write(ph, 0x4FFF, b, 2), 2); /* DMA does not meet it */
    ck_assert_uint_eq(phys_dma_read(ph, 0x4000, b, 1), 1);
    ck_assert_uint_eq(b[0], 0x04);
    ck_assert(!phys_peek(ph, 0x4FFF, b, 2));
    ck_assert(phys_peek(ph, 0x5000, b, 2));
    /* What happens below it meanwhile shows when it goes. */
    phys_unmap(ph, 0x4000, PAGE_SIZE);
    ck_assert_uint_eq(phys_read(ph, 0x4010, 4), 0x11223344);
    phys_map_ram(ph, 0x4000, PAGE_SIZE, ram, 0x4000);
    phys_set_inner(ph, PHYS_NOWHERE, &io_ops, &io);
    ck_assert_uint_eq(phys_read(ph, 0x4000, 4), 0x01020304);
    ck_assert_uint_eq(phys_read(ph, 0x4FFF, 1), 0x5A);
    ck_assert_uint_eq(phys_read(ph, PHYS_NOWHERE, 4), 0xFFFFFFFF);
    ck_assert(!phys_is_io(ph, PHYS_NOWHERE));
    ck_assert_uint_eq(io.reads, 2);
    ck_assert_uint_eq(io.writes, 1);
}
END_TEST

START_TEST(rom_drops_stores)
{
    uint8_t *rom = malloc(2 * PAGE_SIZE);
    ck_assert_ptr_nonnull(rom);
    memset(rom, 0xA5, 2 * PAGE_SIZE);
    phys_map_rom(ph, 0xFFFFE000, 2 * PAGE_SIZE, rom);
    ck_assert_uint_eq(phys_read(ph, 0xFFFFFFF0, 4), 0xA5A5A5A5);
    phys_write(ph, 0xFFFFFFF0, 0, 4);
    ck_assert_uint_eq(phys_dma_write(ph, 0xFFFFFFF0, "abcd", 4), 0);
    ck_assert_uint_eq(rom[2 * PAGE_SIZE - 16], 0xA5);
    struct phys_page p = phys_page(ph, 0xFFFFF123);
    ck_assert_ptr_eq(p.rd, rom + PAGE_SIZE);
    ck_assert_ptr_null(p.wr);
    free(rom);
}
END_TEST

START_TEST(registers)
{
    struct io io = {0};
    phys_map_io(ph, 0xA0000, 0x20000, &io_ops, &io);
    ck_assert_uint_eq(phys_read(ph, 0xBFFFE, 2), 0x11223344);
    ck_assert_uint_eq(io.last_off, 0x1FFFE);
    ck_assert_uint_eq(io.last_size, 2);
    phys_write(ph, 0xA0004, 0xCAFE, 4);
    ck_assert_uint_eq(io.last_off, 4);
    ck_assert_uint_eq(io.last_val, 0xCAFE);
    ck_assert(phys_is_io(ph, 0xA0000) && phys_is_io(ph, 0xBFFFF));
    ck_assert(!phys_is_io(ph, 0x9FFFF) && !phys_is_io(ph, 0xC0000));
    struct phys_page p = phys_page(ph, 0xA0000);
    ck_assert(p.rd == NULL && p.wr == NULL);
    uint8_t b[1];
    ck_assert(!phys_peek(ph, 0xA0000, b, 1)); /* no side effect … */
    ck_assert_uint_eq(io.reads, 1);           /* … it was not read */
    /* A later mapping in the middle leaves the rest with its offsets. */
    phys_map_ram(ph, 0xA8000, PAGE_SIZE, ram, 0xA8000);
    phys_read(ph, 0xA9000, 4);
    ck_assert_uint_eq(io.last_off, 0x9000);
    ck_assert(!phys_is_io(ph, 0xA8000));
}
END_TEST

START_TEST(first_store_marks_then_pointers)
{
    ck_assert_ptr_eq(phys_page(ph, 0x5678).rd, ram->bytes + 0x5000);
    ck_assert_ptr_null(phys_page(ph, 0x5678).wr); /* clean: the first store must be seen */
    phys_write(ph, 0x5678, 1, 1);
    ck_assert_uint_eq(ram->dirty[5], DIRTY_ALL);
    ck_assert_uint_eq(ram->dirty[4] | ram->dirty[6], 0);
    ck_assert_ptr_eq(phys_page(ph, 0x5678).wr, ram->bytes + 0x5000);
    ck_assert_uint_eq(heard.rearm, 0);
    ram_hash(ph, ram); /* clears DIRTY_HASH */
    ck_assert_uint_eq(ram->dirty[5], DIRTY_ALL & ~DIRTY_HASH);
    ck_assert_uint_eq(heard.rearm, 1);
    ck_assert_ptr_null(phys_page(ph, 0x5678).wr);
    ram_hash(ph, ram); /* nothing to clear */
    ck_assert_uint_eq(heard.rearm, 1);
    ram_clean(ph, ram, DIRTY_HASH);
    ck_assert_uint_eq(heard.rearm, 1);
    ram_clean(ph, ram, DIRTY_SCREEN);
    ck_assert_uint_eq(heard.rearm, 2);
    ck_assert_uint_eq(ram->dirty[5], DIRTY_ALL & ~(DIRTY_HASH | DIRTY_SCREEN));
}
END_TEST

START_TEST(watched_code)
{
    phys_write(ph, 0x7000, 1, 1); /* dirty, so that wr is only held back by the watch */
    ck_assert_ptr_nonnull(phys_page(ph, 0x7000).wr);
    phys_watch_code(ph, 0x7080, 4); /* one line of 16 bytes */
    ck_assert_uint_eq(heard.rearm_page, 1);
    ck_assert_uint_eq(heard.page_pa, 0x7000);
    ck_assert_ptr_null(phys_page(ph, 0x7000).wr);
    ck_assert(phys_is_code(ph, 0x708F, 1) && !phys_is_code(ph, 0x707F, 1));
    ck_assert(phys_is_code(ph, 0x707F, 2) && !phys_is_code(ph, 0x7090, 0xF70));
    uint8_t *beside = phys_page(ph, 0x7000).watched; /* stores to other lines may go there */
    ck_assert_ptr_eq(beside, ram->bytes + 0x7000);
    ck_assert(!phys_line_watched(ph, beside + 0x7C, 4) &&
              phys_line_watched(ph, beside + 0x7D, 4));
    ck_assert(!phys_line_watched(ph, beside + 0x90, 4) &&
              phys_line_watched(ph, beside + 0x8F, 1));
    ck_assert_uint_eq(phys_unwatched(ph, beside + 0x10, 0x40), 0x40);
    ck_assert_uint_eq(phys_unwatched(ph, beside + 0x10, 0x71), 0x70);
    ck_assert_uint_eq(phys_unwatched(ph, beside + 0x7F, 4), 1);
    ck_assert_uint_eq(phys_unwatched(ph, beside + 0x8F, 4), 0);
    ck_assert_uint_eq(phys_unwatched(ph, beside + 0x90, 0xF70), 0xF70);
    phys_watch_code(ph, 0x7FF8, 1);
    ck_assert_uint_eq(heard.rearm_page, 1); /* the page's pointers are gone already */
    phys_write(ph, 0x707C, 0, 4);
    ck_assert_uint_eq(heard.code, 0);
    phys_write(ph, 0x707D, 0, 4); /* its last byte lies in the line */
    ck_assert_uint_eq(heard.code, 1);
    ck_assert_uint_eq(heard.code_pa, 0x707D);
    ck_assert_uint_eq(heard.code_len, 4);
    phys_write(ph, 0x7FFF, 0, 1);
    ck_assert_uint_eq(heard.code, 2);
    phys_unwatch_page(ph, 0x7ABC);
    phys_write(ph, 0x7080, 0, 4);
    ck_assert_uint_eq(heard.code, 2);
    ck_assert_ptr_nonnull(phys_page(ph, 0x7000).wr);
    ck_assert_ptr_null(phys_page(ph, 0x7000).watched);
}
END_TEST

START_TEST(watch_across_pages_and_dma)
{
    phys_watch_code(ph, 0x8FFC, 8);
    ck_assert(phys_is_code(ph, 0x8FFF, 1) && phys_is_code(ph, 0x9000, 1));
    ck_assert_uint_eq(heard.rearm_page, 0); /* clean pages have no pointers */
    uint8_t buf[3 * PAGE_SIZE] = {1};
    ck_assert_uint_eq(phys_dma_write(ph, 0x8800, buf, 2 * PAGE_SIZE), 2 * PAGE_SIZE);
    ck_assert_uint_eq(heard.code, 2); /* once a page */
    ram_touch(ram, 0x8000, 3 * PAGE_SIZE);
    ck_assert_uint_eq(heard.code, 4);
    ck_assert_uint_eq(heard.code_pa, 0x9000);
    phys_watch_code(ph, RAM_SIZE, 100); /* open bus: nothing to watch */
    ck_assert(!phys_is_code(ph, RAM_SIZE, 100));
}
END_TEST

START_TEST(aliased_code_drops_everything)
{
    phys_map_ram(ph, 0x40000000, MIB, ram, 0); /* a second name for the first MiB */
    unsigned before = heard.remapped;
    phys_watch_code(ph, 0x3000, 1);
    phys_write(ph, 0x40003000, 9, 1); /* stored to under the other name: told the watched one */
    ck_assert_uint_eq(heard.code, 1);
    ck_assert_uint_eq(heard.code_pa, 0x3000);
    phys_watch_code(ph, 0x40003000, 1);
    phys_unwatch_page(ph, 0x3000); /* blocks under 40003000h may remain */
    phys_write(ph, 0x3000, 9, 1);
    ck_assert_uint_eq(heard.code, 1);
    ck_assert_uint_eq(heard.remapped, before + 1);
    ck_assert(!phys_is_code(ph, 0x3000, 1));
    phys_watch_code(ph, 0x3000, 1); /* both names' pointers are told of */
    ck_assert_uint_eq(heard.rearm_page, 2);
}
END_TEST

START_TEST(pam_play_needs_no_slots)
{
    uint8_t *rom = calloc(1, 0x4000);
    ck_assert_ptr_nonnull(rom);
    for (unsigned n = 0; n < 5000; n++) {
        phys_map_rom(ph, 0xC0000, 0x4000, rom);
        phys_map_split(ph, 0xC0000, 0x4000, rom, ram, 0xC0000);
        phys_write(ph, 0xC0010, n, 4);
        ck_assert_uint_eq(phys_read(ph, 0xC0010, 4), 0);
        phys_map_split(ph, 0xC0000, 0x4000, ram->bytes + 0xC0000, NULL, 0);
        phys_write(ph, 0xC0010, 0, 4);
        ck_assert_uint_eq(phys_read(ph, 0xC0010, 4), n);
        phys_map_ram(ph, 0xC0000, 0x4000, ram, 0xC0000);
        phys_unmap(ph, 0xC4000, 0x4000);
        ck_assert_uint_eq(phys_read(ph, 0xC4000, 1), 0xFF);
        phys_map_ram(ph, 0xC4000, 0x4000, ram, 0xC4000);
        ck_assert_uint_eq(phys_read(ph, 0xC4000, 1), 0);
    }
    unsigned before = heard.remapped;
    phys_map_ram(ph, 0, RAM_SIZE, ram, 0); /* as it is already */
    ck_assert_uint_eq(heard.remapped, before);
    free(rom);
}
END_TEST

START_TEST(remap_lifts_watches)
{
    phys_watch_code(ph, 0x2000, 16);
    phys_unmap(ph, 0xA0000, PAGE_SIZE);
    ck_assert_uint_eq(heard.remapped, 1);
    ck_assert(!phys_is_code(ph, 0x2000, 16));
}
END_TEST

START_TEST(dma_reaches_memory_only)
{
    struct io io = {0};
    uint8_t buf[2 * PAGE_SIZE];
    phys_map_io(ph, RAM_SIZE, PAGE_SIZE, &io_ops, &io);
    memset(buf, 0x33, sizeof buf);
    ck_assert_uint_eq(phys_dma_write(ph, RAM_SIZE - 16, buf, 32), 16);
    ck_assert_uint_eq(phys_dma_read(ph, RAM_SIZE - 16, buf, 32), 16);
    ck_assert_uint_eq(buf[15], 0x33);
    ck_assert_uint_eq(buf[16], 0xFF);
    ck_assert_uint_eq(io.reads + io.writes, 0);
    ck_assert_uint_eq(phys_dma_write(ph, 0xFFFFFFF0, buf, 32), 0); /* runs off the 4 GiB */
    ck_assert_uint_eq(phys_dma_write(ph, UINT64_MAX - 8, buf, 32), 0);
    ck_assert_uint_eq(phys_dma_read(ph, UINT64_MAX - 8, buf, 32), 0);
    ck_assert_uint_eq(buf[31], 0xFF);
}
END_TEST

START_TEST(hash_follows_content)
{
    ck_assert_uint_eq(ram_hash(ph, ram), 0); /* all zero */
    phys_write(ph, 0x1000, 7, 1);
    uint64_t one = ram_hash(ph, ram);
    ck_assert_uint_eq(one, 0x9325CBAC18C16714u);
    phys_write(ph, 0x2000, 7, 1);
    uint64_t two = ram_hash(ph, ram);
    ck_assert_uint_ne(two, 2 * one); /* the page's number counts */
    phys_write(ph, 0x1000, 0, 1);
    phys_write(ph, 0x2000, 0, 1);
    phys_write(ph, 0x1000, 7, 1);
    ck_assert_uint_eq(ram_hash(ph, ram), one);
    ck_assert_uint_eq(ram->sum, one);
    ram_clear(ph, ram);
    ck_assert_uint_eq(ram->bytes[0x1000], 0);
    ck_assert_uint_eq(ram_hash(ph, ram), 0);
}
END_TEST

START_TEST(equal_pages_of_two_rams_differ)
{
    struct error err;
    struct ram *vram = phys_ram_new(ph, "vram", 16 * PAGE_SIZE, &err);
    ck_assert_ptr_nonnull(vram);
    ck_assert_ptr_eq(phys_rams(ph), ram);
    ck_assert_ptr_eq(ram->next, vram);
    phys_map_ram(ph, 0xE0000000, 16 * PAGE_SIZE, vram, 0);
    phys_write(ph, 0xE0001000, 7, 1);
    phys_write(ph, 0x1000, 7, 1);
    ck_assert_uint_eq(vram->bytes[0x1000], 7);
    ck_assert_uint_ne(ram_hash(ph, ram), ram_hash(ph, vram));
}
END_TEST

START_TEST(impossible_sizes)
{
    struct error err;
    ck_assert_ptr_null(phys_new(0, NULL, &err));
    ck_assert_ptr_null(phys_new(PAGE_SIZE + 1, NULL, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "4097"));
    ck_assert_ptr_null(phys_new(UINT64_MAX - PAGE_MASK, NULL, &err));
    ck_assert_ptr_null(phys_ram_new(ph, "vram", (uint64_t)1 << 33, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "vram"));
    phys_map_ram(ph, 0xFFFFF000, 0x10000, ram, 0); /* clipped at 4 GiB */
    phys_map_ram(ph, (paddr)1 << 32, 0x10000, ram, 0);
    phys_free(NULL);
}
END_TEST

static uint32_t lcg;
static uint32_t random32(void)
{
    lcg = lcg * 1664525 + 1013904223;
    return lcg >> 3;
}

/* Random mapping and stores against a model: a byte per page for where reads come from. */
START_TEST(random_mapping_against_a_model)
{
    enum { SPACE = 64, FROM_BUS = 0xFF };
    uint8_t model[SPACE];
    struct error err;
    struct ram *r = phys_ram_new(ph, "spare", SPACE * PAGE_SIZE, &err);
    ck_assert_ptr_nonnull(r);
    for (unsigned n = 0; n < SPACE; n++) {
        r->bytes[n * PAGE_SIZE] = (uint8_t)n;
        model[n] = FROM_BUS;
    }
    lcg = 1;
    for (unsigned n = 0; n < 30000; n++) {
        unsigned first = random32() % SPACE, count = random32() % (SPACE - first) + 1;
        unsigned from = random32() % (SPACE - count + 1);
        paddr base = 0x80000000 + (paddr)first * PAGE_SIZE;
        if (random32() & 1) {
            phys_map_ram(ph, base, (uint64_t)count * PAGE_SIZE, r, (uint64_t)from * PAGE_SIZE);
        } else {
            phys_unmap(ph, base, (uint64_t)count * PAGE_SIZE);
            from = FROM_BUS;
        }
        for (unsigned k = 0; k < count; k++) {
            model[first + k] = (uint8_t)(from == FROM_BUS ? from : from + k);
        }
        unsigned right = 0;
        for (unsigned k = 0; k < SPACE; k++) {
            right += phys_read(ph, 0x80000000 + (paddr)k * PAGE_SIZE, 1) == model[k];
        }
        ck_assert_uint_eq(right, SPACE);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("phys");
    TCase *tc = tcase_create("phys");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, ram_reads_and_writes);
    tcase_add_test(tc, open_bus);
    tcase_add_test(tc, inner_page_is_in_front);
    tcase_add_test(tc, rom_drops_stores);
    tcase_add_test(tc, registers);
    tcase_add_test(tc, first_store_marks_then_pointers);
    tcase_add_test(tc, watched_code);
    tcase_add_test(tc, watch_across_pages_and_dma);
    tcase_add_test(tc, aliased_code_drops_everything);
    tcase_add_test(tc, pam_play_needs_no_slots);
    tcase_add_test(tc, remap_lifts_watches);
    tcase_add_test(tc, dma_reaches_memory_only);
    tcase_add_test(tc, hash_follows_content);
    tcase_add_test(tc, equal_pages_of_two_rams_differ);
    tcase_add_test(tc, impossible_sizes);
    tcase_add_test(tc, random_mapping_against_a_model);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? 1 : 0;
}
