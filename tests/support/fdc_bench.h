/* tests/support/fdc_bench.h -- a board with the floppy controller, the DMA controllers and a
 * 1.44 MB disk in drive 0, and the words in which its tests are written. Header only: one bench
 * for each test program. Each sector of a disk starts with its number and is filled with its
 * low byte.
 */
#ifndef TERRAPIN_TESTS_FDC_BENCH_H
#define TERRAPIN_TESTS_FDC_BENCH_H

#include "devices/i8237.h"
#include "devices/i82077.h"
#include "tests/support/board_fixture.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { US = 100, MS = 100000, SECTOR = 512, BUFFER = 0x20000 };
enum { DOR = 0x3F2, MSR = 0x3F4, DSR = 0x3F4, FIFO = 0x3F5, DIR = 0x3F7, CCR = 0x3F7 };
enum { DMA_READ = 0x46, DMA_WRITE = 0x4A };

struct bench {
    struct fixture fx;
    struct device *fdc, *dma;
    struct ram_disk disk[2];
    uint8_t result[16];
    unsigned results;
};

static struct bench bench;
static struct bench *const b = &bench;
static const struct slot fdc_slot = {&i82077_class, 0x3F0, 6, 2};
static const struct slot dma_slot = {&i8237_class, 0x000, -1, -1};

static inline void insert(struct bench *t, unsigned n, uint32_t sectors, bool read_only)
{
    struct ram_disk *rd = &t->disk[n];
    free(rd->bytes);
    *rd = (struct ram_disk){calloc(sectors, SECTOR), (uint64_t)sectors * SECTOR, false};
    ck_assert_ptr_nonnull(rd->bytes);
    for (uint32_t i = 0; i < sectors; i++) {
        memset(rd->bytes + i * SECTOR, (int)(i & 0xFF), SECTOR);
        store_le32(rd->bytes + i * SECTOR, i);
    }
    struct media m = ram_disk_media(rd, DRIVE_FLOPPY, read_only);
    drive_insert(&t->fx.board.drive[n], &m);
}

static inline void bench_init(struct bench *t)
{
    memset(t, 0, sizeof *t);
    fixture_init(&t->fx);
    t->fx.board.drive[DRIVE_FDA].kind = DRIVE_FLOPPY;
    insert(t, 0, 2880, false);
    t->dma = fixture_attach(&t->fx, &dma_slot);
    t->fdc = fixture_attach(&t->fx, &fdc_slot);
    fixture_out(&t->fx, 0xD6, 0xC0);
    fixture_out(&t->fx, 0xD4, 0x00);
}

static inline void bench_free(struct bench *t)
{
    fixture_free(&t->fx);
    free(t->disk[0].bytes);
    free(t->disk[1].bytes);
}

static inline void out(uint16_t port, uint8_t val)
{
    fixture_out(&b->fx, port, val);
}

static inline uint8_t in(uint16_t port)
{
    return fixture_in(&b->fx, port);
}

static inline uint8_t msr(void)
{
    return in(MSR);
}

static inline void run(uint64_t ticks)
{
    fixture_run_to(&b->fx, b->fx.board.clock.now + ticks);
}

/* Until the interrupt, at most ms; the milliseconds that took, or -1. */
static inline int wait_irq(unsigned ms)
{
    uint64_t start = b->fx.board.clock.now;
    for (unsigned i = 0; i < ms * 10; i++) {
        if (b->fx.irq[6]) {
            return (int)((b->fx.board.clock.now - start) / MS);
        }
        run(MS / 10);
    }
    return -1;
}

static inline void send(const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ck_assert_uint_eq(msr() & 0xC0, 0x80);
        out(FIFO, bytes[i]);
    }
}
#define SEND(...) send((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static inline void collect(void)
{
    b->results = 0;
    while ((msr() & 0xD0) == 0xD0 && b->results < sizeof b->result) {
        b->result[b->results++] = in(FIFO);
    }
}

static inline void check_result(const uint8_t *want, size_t n, int line)
{
    collect();
    ck_assert_msg(b->results == n, "line %d: %u result bytes", line, b->results);
    for (size_t i = 0; i < n; i++) {
        ck_assert_msg(b->result[i] == want[i], "line %d: result %zu is %02x, not %02x", line, i,
                      b->result[i], want[i]);
    }
    ck_assert_uint_eq(msr() & 0xF0, 0x80);
}
#define RESULT(...)                                                                            \
    check_result((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}),       \
                 __LINE__)

static inline void dma_program(uint8_t mode, uint32_t len)
{
    out(0x0A, 6);
    out(0x0C, 0);
    out(0x04, BUFFER & 0xFF);
    out(0x04, BUFFER >> 8 & 0xFF);
    out(0x05, (uint8_t)(len - 1));
    out(0x05, (uint8_t)((len - 1) >> 8));
    out(0x81, BUFFER >> 16);
    out(0x0B, mode);
    out(0x0A, 2);
}

static inline uint32_t ram32(uint32_t off)
{
    return phys_read(b->fx.board.phys, BUFFER + off, 4);
}

/* Out of reset, motor of drive 0 on, 500 kbit/s, at track 0. */
static inline void setup(void)
{
    bench_init(b);
    out(DOR, 0x1C);
    ck_assert_int_ge(wait_irq(1), 0);
    for (uint8_t n = 0; n < 4; n++) {
        SEND(0x08);
        RESULT((uint8_t)(0xC0 | n), 0x00);
    }
    out(CCR, 0);
}

static inline void teardown(void)
{
    bench_free(b);
}

static inline void seek(uint8_t cylinder)
{
    SEND(0x0F, 0x00, cylinder);
    ck_assert_int_ge(wait_irq(3000), 0);
    SEND(0x08);
    RESULT(0x20, cylinder);
}

/* READ DATA and the like, with DMA. */
static inline void transfer(uint8_t op, uint8_t head, uint8_t c, uint8_t r, uint8_t eot)
{
    SEND(op, (uint8_t)(head << 2), c, head, r, 2, eot, 0x1B, 0xFF);
    ck_assert_int_ge(wait_irq(3000), 0);
}

#endif
