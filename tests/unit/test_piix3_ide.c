/* tests/unit/test_piix3_ide.c -- the IDE function's configuration space and bus masters, DMA of
 * disks and CD-ROM drives, saving in the middle of it.
 * Expectations: 82371SB data sheet 290550 sections 2.3 and 2.7; ATA/ATAPI-5.
 */
#include "tests/support/ata_bench.h"

enum { BMIC = BMI, BMIS = BMI + 2, BMIDTP = BMI + 4, IDE = PCI_DEVFN(1, 1) };
enum { START = 1, TO_MEMORY = 8, ACTIVE = 1, ERROR = 2, INTERRUPT = 4 };
#define LAST 0x80000000u
static uint8_t buf[262144], ram[262144];

static uint32_t io_in(uint16_t port, unsigned size)
{
    uint32_t v = bus_in(&b->fx.board.bus, port, size);
    clock_fire(&b->fx.board.clock);
    return v;
}

static void io_out(uint16_t port, uint32_t val, unsigned size)
{
    bus_out(&b->fx.board.bus, port, val, size);
    clock_fire(&b->fx.board.clock);
}

static unsigned master(void)
{
    return b->base == PRIMARY ? 0 : 8;
}

static void prd(unsigned n, uint32_t address, uint32_t count)
{
    uint8_t bytes[8];
    store_le32(bytes, address);
    store_le32(bytes + 4, count);
    phys_dma_write(b->fx.board.phys, PRD_TABLE + 8 * n, bytes, 8);
}

static void start(uint8_t direction)
{
    uint16_t m = (uint16_t)master();
    io_out((uint16_t)(BMIDTP + m), PRD_TABLE, 4);
    io_out((uint16_t)(BMIS + m), ERROR | INTERRUPT, 1);
    io_out((uint16_t)(BMIC + m), direction, 1);
    io_out((uint16_t)(BMIC + m), direction | START, 1);
}

static uint8_t bm_status(void)
{
    return (uint8_t)(io_in((uint16_t)(BMIS + master()), 1) & 7);
}

static void stop(void)
{
    io_out((uint16_t)(BMIC + master()), 0, 1);
}

static const uint8_t *memory(uint32_t pa, uint32_t len)
{
    ck_assert_uint_eq(phys_dma_read(b->fx.board.phys, pa, ram, len), len);
    return ram;
}

static const uint8_t *sector(unsigned drive, uint64_t lba)
{
    return b->medium[drive].bytes + lba * b->medium[drive].sector;
}

static void fill(uint32_t pa, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        buf[i] = (uint8_t)(i * 13 + i / 512 * 5 + 1);
    }
    ck_assert_uint_eq(phys_dma_write(b->fx.board.phys, pa, buf, len), len);
}

/* --- configuration space ----------------------------------------------------------------- */

START_TEST(configuration)
{
    ck_assert_uint_eq(config_in(IDE, 0x00, 4), 0x70108086);
    ck_assert_uint_eq(config_in(IDE, 0x08, 4), 0x01018000);
    ck_assert_uint_eq(config_in(IDE, 0x06, 2), 0x0280);
    ck_assert_uint_eq(config_in(IDE, 0x20, 4), BMI | 1);
    config_out(IDE, 0x20, UINT32_MAX, 4);
    ck_assert_uint_eq(config_in(IDE, 0x20, 4) & 0xFFFF, 0xFFF1);
    config_out(IDE, 0x04, 0xFFFF, 2);
    ck_assert_uint_eq(config_in(IDE, 0x04, 2), 0x0005);
    b->ide->cls->reset(b->ide, RESET_HARD);
    ck_assert_uint_eq(config_in(IDE, 0x04, 2), 0x0000);
    ck_assert_uint_eq(config_in(IDE, 0x40, 4), 0x00000000);
}
END_TEST

START_TEST(registers)
{
    for (unsigned m = 0; m < 16; m += 8) {
        ck_assert_uint_eq(io_in((uint16_t)(BMIC + m), 1), 0);
        io_out((uint16_t)(BMIDTP + m), 0x12345677, 4);
        ck_assert_uint_eq(io_in((uint16_t)(BMIDTP + m), 4), 0x12345674);
        io_out((uint16_t)(BMIDTP + m + 1), 0xAB, 1);
        ck_assert_uint_eq(io_in((uint16_t)(BMIDTP + m), 4), 0x1234AB74);
        io_out((uint16_t)(BMIS + m), 0x60, 1);
        ck_assert_uint_eq(io_in((uint16_t)(BMIS + m), 1), 0x60);
        io_out((uint16_t)(BMIS + m), 0x20, 1);
        ck_assert_uint_eq(io_in((uint16_t)(BMIS + m), 1), 0x20);
        io_out((uint16_t)(BMIC + m), 0xF8, 1);
        ck_assert_uint_eq(io_in((uint16_t)(BMIC + m), 1), 0x08);
    }
}
END_TEST

/* INTRQ is seen by the bus master without a transfer too. */
START_TEST(interrupt_bit)
{
    ck_assert_uint_eq(bm_status(), 0);
    command(0xE7);
    ck_assert_uint_eq(wait_irq(), READY);
    ck_assert_uint_eq(bm_status(), INTERRUPT);
    io_out(BMIS, INTERRUPT, 1);
    ck_assert_uint_eq(bm_status(), 0);
}
END_TEST

/* --- transfers --------------------------------------------------------------------------- */

START_TEST(read_dma)
{
    prd(0, DATA, 4096);
    prd(1, DATA + 0x8000, 512);
    prd(2, DATA + 4096, (8 * 512 - 512) | LAST);
    for (unsigned i = 0; i < 4; i++) {
        static const uint8_t codes[] = {0xC8, 0xC9, 0x25, 0xC8};
        task48(0xE0, 1000 + i, 16);
        if (i == 3) { /* the bus master may be started first */
            start(TO_MEMORY);
        }
        command(codes[i]);
        if (i != 3) {
            ck_assert_uint_eq(in(CONTROL) & (BSY | DRQ), BSY);
            run(5 * MS);
            ck_assert(!irq());
            start(TO_MEMORY);
            ck_assert_uint_eq(bm_status(), ACTIVE);
        }
        ck_assert_uint_eq(wait_irq(), READY);
        ck_assert_uint_eq(bm_status(), INTERRUPT);
        ck_assert_mem_eq(memory(DATA, 4096), sector(0, 1000 + i), 4096);
        ck_assert_mem_eq(memory(DATA + 0x8000, 512), sector(0, 1008 + i), 512);
        ck_assert_mem_eq(memory(DATA + 4096, 7 * 512), sector(0, 1009 + i), 7 * 512);
        stop();
        ck_assert_uint_eq(bm_status(), INTERRUPT);
    }
}
END_TEST

START_TEST(write_dma)
{
    for (unsigned i = 0; i < 3; i++) {
        static const uint8_t codes[] = {0xCA, 0xCB, 0x35};
        fill(DATA, 33 * 512);
        prd(0, DATA, 1000); /* descriptors need not end where sectors do */
        prd(1, DATA + 1000, 2);
        prd(2, DATA + 1002, (33 * 512 - 1002) | LAST);
        task48(0xE0, 500 * (i + 1), 33);
        command(codes[i]);
        start(0);
        ck_assert_uint_eq(wait_irq(), READY);
        ck_assert_uint_eq(bm_status(), INTERRUPT);
        ck_assert_mem_eq(buf, sector(0, 500 * (i + 1)), 33 * 512);
        stop();
    }
}
END_TEST

/* 256 sectors: two steps, and counts of 0 for 64 KiB. */
START_TEST(long_transfers)
{
    prd(0, DATA, 0);
    prd(1, DATA + 0x10000, LAST);
    task(0xE0, 3000, 0);
    command(0xC8);
    start(TO_MEMORY);
    ck_assert_uint_eq(wait_irq(), READY);
    ck_assert_uint_eq(bm_status(), INTERRUPT);
    ck_assert_mem_eq(memory(DATA, 0x20000), sector(0, 3000), 0x20000);
    fill(DATA, 0x20000);
    task(0xE0, 4000, 0);
    command(0xCA);
    start(0);
    ck_assert_uint_eq(wait_irq(), READY);
    ck_assert_mem_eq(buf, sector(0, 4000), 0x20000);
}
END_TEST

/* Data sheet, "bus master IDE status": the table ends before the device. */
START_TEST(table_too_short)
{
    prd(0, DATA, 512 | LAST);
    task(0xE0, 10, 4);
    command(0xC8);
    start(TO_MEMORY);
    run(50 * MS);
    ck_assert(!irq());
    ck_assert_uint_eq(bm_status(), 0);
    ck_assert_uint_eq(in(CONTROL)&BSY, BSY);
    ck_assert_mem_eq(memory(DATA, 512), sector(0, 10), 512);
    prd(0, DATA + 512, (3 * 512) | LAST); /* started anew, the rest comes */
    stop();
    start(TO_MEMORY);
    ck_assert_uint_eq(wait_irq(), READY);
    ck_assert_mem_eq(memory(DATA, 2048), sector(0, 10), 2048);
}
END_TEST

START_TEST(table_too_long)
{
    prd(0, DATA, 8192 | LAST);
    task(0xE0, 10, 4);
    command(0xC8);
    start(TO_MEMORY);
    ck_assert_uint_eq(wait_irq(), READY);
    ck_assert_uint_eq(bm_status(), ACTIVE | INTERRUPT);
    stop();
    ck_assert_uint_eq(bm_status(), INTERRUPT);
}
END_TEST

START_TEST(no_memory_there)
{
    prd(0, DATA, 512);
    prd(1, 0x40000000, 512 | LAST);
    task(0xE0, 10, 2);
    command(0xC8);
    start(TO_MEMORY);
    run(50 * MS);
    ck_assert(!irq());
    ck_assert_uint_eq(bm_status(), ERROR);
    ck_assert_uint_eq(config_in(IDE, 0x06, 2) & 0x1000, 0x1000);
    config_out(IDE, 0x06, 0x1000, 2);
    ck_assert_uint_eq(config_in(IDE, 0x06, 2) & 0x1000, 0);
    out(CONTROL, 4);
    out(CONTROL, 0);
    ck_assert_uint_eq(wait_ready(), READY);
    io_out(BMIDTP, 0x70000000, 4); /* a table that is nowhere */
    io_out(BMIS, 6, 1);
    task(0xE0, 10, 2);
    command(0xC8);
    io_out(BMIC, 0, 1);
    io_out(BMIC, START | TO_MEMORY, 1);
    run(50 * MS);
    ck_assert_uint_eq(bm_status(), ERROR);
}
END_TEST

/* A table without a last descriptor goes round in its 64 KiB; the command's length bounds it.
 */
START_TEST(endless_table)
{
    for (unsigned n = 0; n < 8192; n++) {
        uint8_t bytes[8] = {0, 0, 1, 0, 2, 0, 0, 0}; /* two bytes to 10000h */
        phys_dma_write(b->fx.board.phys, 0x20000 + 8 * n, bytes, 8);
    }
    task(0xE0, 0, 0);
    command(0xC8);
    io_out(BMIDTP, 0x2FFF0, 4);
    io_out(BMIC, START | TO_MEMORY, 1);
    ck_assert_uint_eq(wait_irq(), READY);
    ck_assert_uint_eq(bm_status(), ACTIVE | INTERRUPT);
    ck_assert_mem_eq(memory(0x10000, 2), sector(0, 255) + 510, 2);
}
END_TEST

START_TEST(wrong_direction_and_no_mastering)
{
    prd(0, DATA, 512 | LAST);
    task(0xE0, 10, 1);
    command(0xC8);
    start(0);
    run(50 * MS);
    ck_assert(!irq());
    stop();
    config_out(IDE, PCI_COMMAND, PCI_COMMAND_IO, 2);
    start(TO_MEMORY);
    run(50 * MS);
    ck_assert(!irq());
    config_out(IDE, PCI_COMMAND, PCI_COMMAND_IO | PCI_COMMAND_MASTER, 2);
    ck_assert_uint_eq(wait_irq(), READY);
    ck_assert_mem_eq(memory(DATA, 512), sector(0, 10), 512);
}
END_TEST

START_TEST(stopped_in_the_middle)
{
    prd(0, DATA, 0);
    prd(1, DATA + 0x10000, LAST);
    task(0xE0, 3000, 0);
    command(0xC8);
    start(TO_MEMORY);
    run(1100 * US); /* after the first 64 KiB */
    stop();
    run(50 * MS);
    ck_assert(!irq());
    ck_assert_uint_eq(bm_status(), 0);
    prd(0, DATA + 0x10000, LAST);
    start(TO_MEMORY);
    ck_assert_uint_eq(wait_irq(), READY);
    ck_assert_mem_eq(memory(DATA, 0x20000), sector(0, 3000), 0x20000);
}
END_TEST

START_TEST(errors_of_the_device)
{
    b->medium[0].bad = 1005;
    prd(0, DATA, 8192 | LAST);
    task(0xE0, 1000, 16);
    command(0xC8);
    start(TO_MEMORY);
    ck_assert_uint_eq(wait_irq(), READY | ERR);
    ck_assert_uint_eq(in(ATA_ERROR), 0x40);
    ck_assert_uint_eq(lba28(), 1005);
    ck_assert_uint_eq(bm_status(), ACTIVE | INTERRUPT);
    stop();
    task(0xE0, 1000, 16);
    command(0xCA);
    start(0);
    ck_assert_uint_eq(wait_irq(), READY | ERR);
    ck_assert_uint_eq(in(ATA_ERROR), 0x04);
    ck_assert_uint_eq(lba28(), 1005);
    stop();
    b->medium[0].bad = UINT64_MAX;
    task(0xE0, DISK_SECTORS - 4, 16);
    command(0xC8);
    start(TO_MEMORY);
    ck_assert_uint_eq(wait_irq(), READY | ERR);
    ck_assert_uint_eq(in(ATA_ERROR), 0x10);
    ck_assert_uint_eq(lba28(), DISK_SECTORS);
    ck_assert_mem_eq(memory(DATA, 4 * 512), sector(0, DISK_SECTORS - 4), 4 * 512);
}
END_TEST

static void packet_dma(const uint8_t *bytes)
{
    out(ATA_DEVICE, 0xA0);
    out(ATA_ERROR, 1);
    out(ATA_MID, 0);
    out(ATA_HIGH, 0);
    command(0xA0);
    ck_assert_uint_eq(wait_ready() & (BSY | DRQ | ERR), DRQ);
    for (unsigned i = 0; i < 12; i += 2) {
        io_out(b->base, load_le16(bytes + i), 2);
    }
}

START_TEST(packet_commands)
{
    static const uint8_t read[12] = {0x28, 0, 0, 0, 0, 50, 0, 0, 40};
    static const uint8_t inquiry[12] = {0x12, 0, 0, 0, 36}, ready[12] = {0};
    b->base = SECONDARY;
    packet_dma(ready);
    ck_assert_uint_eq(wait_irq(), READY | ERR); /* unit attention */
    prd(0, DATA, 0);
    prd(1, DATA + 0x10000, (40 * 2048 - 0x10000) | LAST);
    packet_dma(read);
    start(TO_MEMORY);
    ck_assert_uint_eq(wait_irq(), READY);
    ck_assert_uint_eq(in(ATA_COUNT)&3, 3);
    ck_assert_uint_eq(bm_status(), INTERRUPT);
    ck_assert_mem_eq(memory(DATA, 40 * 2048), sector(2, 50), 40 * 2048);
    stop();
    prd(0, DATA, 36 | LAST);
    start(TO_MEMORY);
    packet_dma(inquiry);
    ck_assert_uint_eq(wait_irq(), READY);
    ck_assert_mem_eq(memory(DATA + 8, 8), "TERRAPIN", 8);
}
END_TEST

/* --- saving ------------------------------------------------------------------------------ */

static struct bench copy;

/* A driver's day in many small steps: a command of either channel by PIO or DMA, with odd
 * tables, at times given up half-way. Any step may be the last before the save. */
static uint32_t step(struct bench *t, uint64_t *seed)
{
    static const uint8_t disk_codes[] = {0xC8, 0xCA, 0x25, 0x35, 0x20, 0x30, 0xC4, 0xC5};
    struct bus *bus = &t->fx.board.bus;
    uint32_t r = test_random(seed), v = 0;
    bool second = r & 0x10;
    uint16_t base = second ? SECONDARY : PRIMARY, m = second ? 8 : 0;
    switch (r & 15) {
    case 0:
    case 1:
        for (unsigned reg = 1; reg < 6; reg++) {
            bus_out(bus, (uint16_t)(base + reg), test_random(seed) & (reg > 4 ? 0 : 0x3F), 1);
        }
        bus_out(bus, (uint16_t)(base + 6), 0xE0, 1);
        bus_out(bus, (uint16_t)(base + 7), second ? 0xA0 : disk_codes[r >> 8 & 7], 1);
        break;
    case 2:
        for (unsigned i = 0; i < 64; i++) {
            uint8_t p[8];
            store_le32(p, DATA + (test_random(seed) & 0x3FFFE));
            store_le32(p + 4, (test_random(seed) & (i & 1 ? 0xFFE : 0x3FFE)) |
                                  (test_random(seed) & 15 ? 0 : LAST));
            phys_dma_write(t->fx.board.phys, PRD_TABLE + 8 * i, p, 8);
        }
        bus_out(bus, (uint16_t)(BMIDTP + m), PRD_TABLE, 4);
        break;
    case 3: bus_out(bus, (uint16_t)(BMIC + m), r >> 8 & 9, 1); break;
    case 4: bus_out(bus, (uint16_t)(BMIC + m), 9, 1); break;
    case 5: v = bus_in(bus, (uint16_t)(BMIS + m), 1); break;
    case 6: v = bus_in(bus, (uint16_t)(base + 7), 1); break;
    case 7: /* a packet, if it is awaited: READ (10) */
        for (unsigned i = 0; i < 6; i++) {
            static const uint16_t words[] = {0x0028, 0x0000, 0x1100, 0x0000, 0x0017, 0x0000};
            bus_out(bus, base, words[i], 2);
        }
        break;
    case 8:
    case 9:
        for (unsigned i = 0; i < (r >> 8 & 0xFFF); i++) {
            v = v * 31 + bus_in(bus, base, 2);
        }
        break;
    case 10:
        for (unsigned i = 0; i < (r >> 8 & 0x3FF); i++) {
            bus_out(bus, base, r + i, 2);
        }
        break;
    case 11:
        if ((r >> 8 & 15) == 0) {
            bus_out(bus, (uint16_t)(base + CONTROL), 4, 1);
            bus_out(bus, (uint16_t)(base + CONTROL), 0, 1);
        }
        break;
    default: fixture_run_to(&t->fx, t->fx.board.clock.now + (r >> 8 & 0xFFFF)); break;
    }
    clock_fire(&t->fx.board.clock);
    return v + t->fx.irq[14] + 2u * t->fx.irq[15];
}

START_TEST(save_load_run_is_run)
{
    static const enum drive_kind kind[4] = {DRIVE_DISK, DRIVE_NONE, DRIVE_CDROM, DRIVE_NONE};
    uint64_t seed = (uint64_t)_i + 1;
    bench_init(&copy, kind);
    for (unsigned round = 0; round < 12; round++) {
        for (unsigned i = 0; i < 150; i++) {
            (void)step(b, &seed);
        }
        clone_bench(b, &copy);
        uint64_t seed2 = seed;
        for (unsigned i = 0; i < 100; i++) {
            ck_assert_uint_eq(step(b, &seed), step(&copy, &seed2));
        }
        check_equal(b, &copy);
    }
    bench_free(&copy);
}
END_TEST

/* In the middle of one transfer, after each of its events. */
START_TEST(save_in_mid_transfer)
{
    static const enum drive_kind kind[4] = {DRIVE_DISK, DRIVE_NONE, DRIVE_CDROM, DRIVE_NONE};
    bench_init(&copy, kind);
    for (unsigned write = 0; write < 2; write++) {
        for (uint64_t at = 0; at < 2500 * US; at += 370 * US) {
            fill(DATA, 0x20000);
            prd(0, DATA, 0xFFFE); /* not a whole number of sectors */
            prd(1, DATA + 0xFFFE, 0);
            prd(2, DATA + 0x1FFFE, 2 | LAST);
            task(0xE0, 3000, 0);
            command(write ? 0xCA : 0xC8);
            start(write ? 0 : TO_MEMORY);
            run(at);
            clone_bench(b, &copy);
            fixture_run_to(&b->fx, b->fx.board.clock.now + 10 * MS);
            fixture_run_to(&copy.fx, b->fx.board.clock.now);
            check_equal(b, &copy);
            ck_assert(b->fx.irq[14] && copy.fx.irq[14]);
            ck_assert_mem_eq(sector(0, 3000), copy.medium[0].bytes + 3000 * 512, 0x20000);
            ck_assert_mem_eq(sector(0, 3000), memory(DATA, 0x20000), 0x20000);
            ck_assert_uint_eq(in(ATA_STATUS), READY);
            stop();
        }
    }
    bench_free(&copy);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("piix3_ide");
    TCase *tc = tcase_create("piix3_ide");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, configuration);
    tcase_add_test(tc, registers);
    tcase_add_test(tc, interrupt_bit);
    tcase_add_test(tc, read_dma);
    tcase_add_test(tc, write_dma);
    tcase_add_test(tc, long_transfers);
    tcase_add_test(tc, table_too_short);
    tcase_add_test(tc, table_too_long);
    tcase_add_test(tc, no_memory_there);
    tcase_add_test(tc, endless_table);
    tcase_add_test(tc, wrong_direction_and_no_mastering);
    tcase_add_test(tc, stopped_in_the_middle);
    tcase_add_test(tc, errors_of_the_device);
    tcase_add_test(tc, packet_commands);
    tcase_add_loop_test(tc, save_load_run_is_run, 0, 6);
    tcase_add_test(tc, save_in_mid_transfer);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
