/* tests/support/ata_bench.h -- a board with the PIIX3's IDE function, its channels decoded and
 * its bus masters at C000h, and the words in which its tests are written. Header only: one
 * bench for each test program. By default hda is a disk of 40000 sectors, hdc a CD-ROM drive
 * with a disc of 1000; each sector starts with its number and is filled with what it gives.
 */
#ifndef TERRAPIN_TESTS_ATA_BENCH_H
#define TERRAPIN_TESTS_ATA_BENCH_H

#include "devices/ata_priv.h"
#include "devices/chips.h"
#include "devices/pci.h"
#include "tests/support/board_fixture.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { US = 100, MS = 100000, DISK_SECTORS = 40000, CD_SECTORS = 1000 };
enum { PRIMARY = 0x1F0, SECONDARY = 0x170, CONTROL = 0x206, BMI = 0xC000 };
enum { BSY = 0x80, DRDY = 0x40, DF = 0x20, DSC = 0x10, DRQ = 0x08, ERR = 0x01 };
enum { READY = DRDY | DSC, PRD_TABLE = 0x8000, DATA = 0x10000 };

struct bench_medium {
    uint8_t *bytes;
    uint64_t size;
    uint32_t sector;
    uint64_t bad;     /* this sector cannot be read or written; UINT64_MAX: none */
    unsigned flushes; /* so far */
};

struct bench {
    struct fixture fx;
    struct device *ide;
    struct bench_medium medium[4];
    uint16_t base; /* of the channel in use */
};

static struct bench bench;
static struct bench *const b = &bench;
static const struct slot bench_ide_slot = {&piix3_ide_class, 0, 14, -1};
static const struct slot bench_bridge_slot = {&i440fx_class, 0xCF8, -1, -1};

static inline bool medium_has(const struct bench_medium *m, uint64_t lba, uint32_t n)
{
    return (lba + n) * m->sector <= m->size && !(m->bad >= lba && m->bad < lba + n);
}

static inline int medium_read(void *ctx, uint64_t lba, void *out, uint32_t n)
{
    struct bench_medium *m = ctx;
    if (!medium_has(m, lba, n)) {
        return -1;
    }
    memcpy(out, m->bytes + lba * m->sector, (size_t)n * m->sector);
    return 0;
}

static inline int medium_write(void *ctx, uint64_t lba, const void *in, uint32_t n)
{
    struct bench_medium *m = ctx;
    if (!medium_has(m, lba, n)) {
        return -1;
    }
    memcpy(m->bytes + lba * m->sector, in, (size_t)n * m->sector);
    return 0;
}

static inline int medium_flush(void *ctx)
{
    struct bench_medium *m = ctx;
    m->flushes++;
    return m->bad == 0 ? -1 : 0;
}

/* n: 0 hda … 3 hdd. sectors 0: takes the medium out. */
static inline void insert(struct bench *t, unsigned n, enum drive_kind kind, uint32_t sectors,
                          bool read_only)
{
    static const struct drive_ops ops = {medium_read, medium_write, medium_flush};
    struct bench_medium *m = &t->medium[n];
    free(m->bytes);
    *m = (struct bench_medium){.sector = kind == DRIVE_CDROM ? 2048 : 512, .bad = UINT64_MAX};
    if (sectors == 0) {
        drive_insert(&t->fx.board.drive[DRIVE_HDA + n], NULL);
        return;
    }
    m->size = (uint64_t)sectors * m->sector;
    m->bytes = malloc(m->size);
    ck_assert_ptr_nonnull(m->bytes);
    for (uint32_t i = 0; i < sectors; i++) {
        uint8_t *at = m->bytes + (uint64_t)i * m->sector;
        for (uint32_t j = 0; j < m->sector; j++) {
            at[j] = (uint8_t)(i * 5 + j);
        }
        store_le32(at, i);
    }
    struct media media = {kind, &ops, m, sectors, m->sector, read_only};
    drive_insert(&t->fx.board.drive[DRIVE_HDA + n], &media);
}

static inline void out(unsigned reg, uint8_t val)
{
    fixture_out(&b->fx, (uint16_t)(b->base + reg), val);
}

static inline uint8_t in(unsigned reg)
{
    return fixture_in(&b->fx, (uint16_t)(b->base + reg));
}

static inline uint16_t data_in(void)
{
    uint16_t v = (uint16_t)bus_in(&b->fx.board.bus, b->base, 2);
    clock_fire(&b->fx.board.clock);
    return v;
}

static inline void data_out(uint16_t v)
{
    bus_out(&b->fx.board.bus, b->base, v, 2);
    clock_fire(&b->fx.board.clock);
}

static inline void run(uint64_t ticks)
{
    fixture_run_to(&b->fx, b->fx.board.clock.now + ticks);
}

static inline bool irq(void)
{
    return b->fx.irq[b->base == PRIMARY ? 14 : 15];
}

/* Until BSY is clear; the status, read without touching INTRQ. */
static inline uint8_t wait_ready(void)
{
    for (unsigned i = 0; i < 100000 && in(CONTROL)&BSY; i++) {
        run(10 * US);
    }
    return in(CONTROL);
}

/* Until INTRQ; the status, read so that INTRQ goes away. */
static inline uint8_t wait_irq(void)
{
    for (unsigned i = 0; i < 100000 && !irq(); i++) {
        run(10 * US);
    }
    ck_assert_msg(irq(), "no interrupt; status %02x", in(CONTROL));
    uint8_t status = in(ATA_STATUS);
    ck_assert(!irq());
    return status;
}

static inline void config_out(unsigned devfn, unsigned reg, uint32_t val, unsigned size)
{
    bus_out(&b->fx.board.bus, 0xCF8, 0x80000000u | devfn << 8 | (reg & 0xFC), 4);
    bus_out(&b->fx.board.bus, (uint16_t)(0xCFC + (reg & 3)), val, size);
}

static inline uint32_t config_in(unsigned devfn, unsigned reg, unsigned size)
{
    bus_out(&b->fx.board.bus, 0xCF8, 0x80000000u | devfn << 8 | (reg & 0xFC), 4);
    return bus_in(&b->fx.board.bus, (uint16_t)(0xCFC + (reg & 3)), size);
}

static inline void bench_attach(struct bench *t)
{
    (void)fixture_attach(&t->fx, &bench_bridge_slot);
    t->ide = fixture_attach(&t->fx, &bench_ide_slot);
    config_out(PCI_DEVFN(1, 1), 0x20, BMI, 4);
    config_out(PCI_DEVFN(1, 1), 0x40, 0x80008000, 4);
    config_out(PCI_DEVFN(1, 1), PCI_COMMAND, PCI_COMMAND_IO | PCI_COMMAND_MASTER, 2);
    run(10 * MS);
    t->base = PRIMARY;
}

static inline void bench_init(struct bench *t, const enum drive_kind kind[4])
{
    memset(t, 0, sizeof *t);
    fixture_init(&t->fx);
    for (unsigned n = 0; n < 4; n++) {
        struct drive *d = &t->fx.board.drive[DRIVE_HDA + n];
        d->kind = (uint8_t)kind[n];
        if (kind[n] != DRIVE_NONE) {
            bool disk = kind[n] == DRIVE_DISK;
            insert(t, n, kind[n], disk ? DISK_SECTORS : CD_SECTORS, !disk);
            d->changes = 0;
        }
    }
    bench_attach(t);
}

static inline void bench_free(struct bench *t)
{
    fixture_free(&t->fx);
    for (unsigned n = 0; n < 4; n++) {
        free(t->medium[n].bytes);
    }
}

static inline void setup(void)
{
    static const enum drive_kind kind[4] = {DRIVE_DISK, DRIVE_NONE, DRIVE_CDROM, DRIVE_NONE};
    bench_init(b, kind);
}

static inline void teardown(void)
{
    bench_free(b);
}

/* The six registers before a command. dev: E0h master LBA, F0h slave LBA. */
static inline void task(uint8_t dev, uint32_t lba, uint8_t count)
{
    out(ATA_DEVICE, (uint8_t)(dev | (lba >> 24 & 0x0F)));
    out(ATA_COUNT, count);
    out(ATA_LOW, (uint8_t)lba);
    out(ATA_MID, (uint8_t)(lba >> 8));
    out(ATA_HIGH, (uint8_t)(lba >> 16));
}

static inline void task48(uint8_t dev, uint64_t lba, uint16_t count)
{
    out(ATA_DEVICE, dev);
    out(ATA_COUNT, (uint8_t)(count >> 8));
    out(ATA_COUNT, (uint8_t)count);
    out(ATA_LOW, (uint8_t)(lba >> 24));
    out(ATA_LOW, (uint8_t)lba);
    out(ATA_MID, (uint8_t)(lba >> 32));
    out(ATA_MID, (uint8_t)(lba >> 8));
    out(ATA_HIGH, (uint8_t)(lba >> 40));
    out(ATA_HIGH, (uint8_t)(lba >> 16));
}

static inline void command(uint8_t code)
{
    out(ATA_STATUS, code);
}

static inline void read_block(uint8_t *to, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i += 2) {
        store_le16(to + i, data_in());
    }
}

static inline void write_block(const uint8_t *from, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i += 2) {
        data_out(load_le16(from + i));
    }
}

static inline uint32_t lba28(void)
{
    return in(ATA_LOW) | (uint32_t)in(ATA_MID) << 8 | (uint32_t)in(ATA_HIGH) << 16 |
           (in(ATA_DEVICE)&0x0Fu) << 24;
}

/* --- save and load */

/* Everything that the guest or the host can tell apart. */
static inline void clone_bench(struct bench *from, struct bench *to)
{
    struct ram *a = phys_main_ram(from->fx.board.phys), *c = phys_main_ram(to->fx.board.phys);
    memcpy(c->bytes, a->bytes, a->size);
    ram_touch(c, 0, c->size);
    for (unsigned n = 0; n < 4; n++) {
        if (from->medium[n].bytes) {
            memcpy(to->medium[n].bytes, from->medium[n].bytes, from->medium[n].size);
            to->fx.board.drive[DRIVE_HDA + n].digest =
                from->fx.board.drive[DRIVE_HDA + n].digest;
        }
    }
    to->fx.board.clock.now = from->fx.board.clock.now;
    to->fx.board.clock.seq = from->fx.board.clock.seq;
    memcpy(to->fx.irq, from->fx.irq, sizeof to->fx.irq);
    fixture_clone(from->ide, to->ide);
    pci_map(&to->fx.board);
}

static inline void check_equal(struct bench *x, struct bench *y)
{
    char text[200];
    ck_assert_msg(!state_diff(x->ide->cls->state, x->ide, y->ide, text, sizeof text), "%s",
                  text);
    for (unsigned n = 0; n < 4; n++) {
        ck_assert_uint_eq(x->fx.board.drive[DRIVE_HDA + n].digest,
                          y->fx.board.drive[DRIVE_HDA + n].digest);
    }
    struct phys *p = x->fx.board.phys, *q = y->fx.board.phys;
    ck_assert_uint_eq(ram_hash(p, phys_main_ram(p)), ram_hash(q, phys_main_ram(q)));
}

#endif
