/* tests/unit/test_i82077_data.c -- floppy controller: sectors read, written, formatted,
 * compared, and everything that can be wrong with them. */
#include "tests/support/fdc_bench.h"

/* --- reading ----------------------------------------------------------------------------- */

START_TEST(read_one_sector)
{
    seek(3);
    dma_program(DMA_READ, SECTOR);
    transfer(0xE6, 1, 3, 5, 5);
    RESULT(0x04, 0, 0, 4, 0, 1, 2); /* MT, side 1, R = EOT: next cylinder, side 0, sector 1 */
    ck_assert_uint_eq(ram32(0), (3 * 2 + 1) * 18 + 4);
    dma_program(DMA_READ, SECTOR);
    transfer(0x46, 1, 3, 5, 18);
    RESULT(0x04, 0, 0, 3, 1, 6, 2);
}
END_TEST

START_TEST(read_both_sides)
{
    dma_program(DMA_READ, 36 * SECTOR);
    transfer(0xC6, 0, 0, 1, 18);
    RESULT(0x04, 0, 0, 1, 0, 1, 2);
    for (uint32_t i = 0; i < 36; i++) {
        ck_assert_uint_eq(ram32(i * SECTOR), i);
    }
    dma_program(DMA_READ, 700); /* TC within a sector */
    transfer(0x46, 0, 0, 17, 18);
    RESULT(0x00, 0, 0, 1, 0, 1, 2);
    ck_assert_uint_eq(ram32(SECTOR), 17);
    ck_assert_uint_eq(ram32(700), 0x01010101); /* not touched: sector 1 of before */
}
END_TEST

START_TEST(end_of_cylinder_without_tc)
{
    dma_program(DMA_READ, 40 * SECTOR);
    transfer(0x46, 0, 0, 17, 18);
    RESULT(0x40, 0x80, 0, 1, 0, 1, 2);
    dma_program(DMA_READ, 40 * SECTOR);
    transfer(0xC6, 0, 0, 1, 18);
    RESULT(0x44, 0x80, 0, 1, 0, 1, 2);
}
END_TEST

START_TEST(addresses_that_are_not_there)
{
    dma_program(DMA_READ, SECTOR);
    SEND(0x46, 0x00, 0, 0, 19, 2, 19, 0x1B, 0xFF);
    ck_assert_int_ge(wait_irq(1000), 400); /* two revolutions */
    RESULT(0x40, 0x04, 0, 0, 0, 19, 2);
    transfer(0x46, 0, 7, 1, 18);
    RESULT(0x40, 0x04, 0x10, 7, 0, 1, 2); /* wrong cylinder */
    SEND(0x46, 0x00, 0, 1, 1, 2, 18, 0x1B, 0xFF);
    ck_assert_int_ge(wait_irq(1000), 0);
    RESULT(0x40, 0x04, 0, 0, 1, 1, 2); /* wrong head */
    SEND(0x46, 0x00, 0, 0, 1, 3, 18, 0x1B, 0xFF);
    ck_assert_int_ge(wait_irq(1000), 0);
    RESULT(0x40, 0x04, 0, 0, 0, 1, 3); /* wrong size */
    transfer(0x06, 0, 0, 1, 18);
    RESULT(0x40, 0x01, 0, 0, 0, 1, 2); /* FM */
    out(CCR, 2);
    transfer(0x46, 0, 0, 1, 18);
    RESULT(0x40, 0x01, 0, 0, 0, 1, 2); /* 250 kbit/s */
    out(CCR, 0);
    insert(b, 0, 320, false);
    out(CCR, 1);
    transfer(0x46, 1, 0, 1, 8);
    RESULT(0x44, 0x01, 0, 0, 1, 1, 2); /* one-sided disk */
    transfer(0x46, 0, 0, 1, 8);
    ck_assert_uint_eq(in(FIFO)&0xC0, 0);
}
END_TEST

START_TEST(formats_are_read_at_their_rate)
{
    static const struct {
        uint32_t sectors;
        uint8_t rate, track;
    } disk[] = {{360, 2, 9},   {720, 2, 9},   {720, 1, 9},   {1440, 2, 9},
                {2400, 0, 15}, {3360, 0, 21}, {3444, 0, 21}, {5760, 3, 36}};
    for (size_t i = 0; i < ARRAY_LEN(disk); i++) {
        insert(b, 0, disk[i].sectors, false);
        out(CCR, disk[i].rate);
        seek(i & 1 ? 2 : 0);
        SEND(0x4A, 0x00);
        ck_assert_int_ge(wait_irq(1000), 0);
        collect();
        ck_assert_uint_eq(b->result[0], 0);
        ck_assert_uint_le(b->result[5], disk[i].track);
        dma_program(DMA_READ, SECTOR);
        transfer(0x46, 0, i & 1 ? 2 : 0, disk[i].track, disk[i].track);
        collect();
        ck_assert_uint_eq(b->result[0], 0);
    }
    insert(b, 0, 720, false);
    out(CCR, 1);
    seek(20); /* a 360 KB disk in a 1.2 MB drive, stepped twice */
    dma_program(DMA_READ, SECTOR);
    transfer(0x46, 0, 10, 1, 9);
    collect();
    ck_assert_uint_eq(b->result[0], 0);
    ck_assert_uint_eq(ram32(0), 10 * 18);
}
END_TEST

START_TEST(timing_of_sectors)
{
    dma_program(DMA_READ, 18 * SECTOR);
    SEND(0x46, 0x00, 0, 0, 1, 2, 18, 0x1B, 0xFF);
    ck_assert_uint_eq(msr(), 0x10);
    int ms = wait_irq(1000); /* one revolution and the head load */
    ck_assert_int_ge(ms, 200);
    ck_assert_int_le(ms, 210);
    collect();
}
END_TEST

START_TEST(overrun_without_dma)
{
    transfer(0x46, 0, 0, 1, 18);
    RESULT(0x40, 0x10, 0, 0, 0, 1, 2);
    dma_program(DMA_READ, SECTOR);
    out(DOR, 0x14); /* DRQ is off the bus */
    SEND(0x46, 0x00, 0, 0, 1, 2, 18, 0x1B, 0xFF);
    run(100 * MS);
    RESULT(0x40, 0x10, 0, 0, 0, 1, 2);
}
END_TEST

START_TEST(no_disk_hangs_until_reset)
{
    drive_insert(&b->fx.board.drive[0], NULL);
    SEND(0x4A, 0x00);
    ck_assert_int_eq(wait_irq(3000), -1);
    ck_assert_uint_eq(msr(), 0x10);
    out(DOR, 0x18);
    out(DOR, 0x1C);
    ck_assert_int_ge(wait_irq(1), 0);
    SEND(0x08);
    RESULT(0xC0, 0);
    SEND(0x4A, 0x00);
    ck_assert_int_eq(wait_irq(500), -1);
    insert(b, 0, 2880, false); /* the index hole at last */
    ck_assert_int_ge(wait_irq(500), 0);
    collect();
    ck_assert_uint_eq(b->result[0], 0);
    out(DOR, 0x0C); /* motor off */
    SEND(0x4A, 0x00);
    ck_assert_int_eq(wait_irq(500), -1);
}
END_TEST

START_TEST(implied_seek)
{
    SEND(0x13, 0x00, 0x40, 0x00);
    dma_program(DMA_READ, SECTOR);
    transfer(0x46, 0, 12, 1, 18);
    RESULT(0x20, 0, 0, 12, 0, 2, 2);
    ck_assert_uint_eq(ram32(0), 12 * 36);
    SEND(0x0E);
    collect();
    ck_assert_uint_eq(b->result[0], 12);
}
END_TEST

START_TEST(host_error)
{
    b->disk[0].fail = true;
    dma_program(DMA_READ, SECTOR);
    transfer(0x46, 0, 0, 1, 18);
    RESULT(0x40, 0x20, 0x20, 0, 0, 1, 2);
    dma_program(DMA_WRITE, SECTOR);
    transfer(0x45, 0, 0, 1, 18);
    RESULT(0x40, 0x20, 0x20, 0, 0, 1, 2);
}
END_TEST

START_TEST(deleted_data_and_tracks)
{
    dma_program(DMA_READ, 2 * SECTOR);
    transfer(0x4C, 0, 0, 1, 18); /* one sector, marked; address as it was */
    RESULT(0x00, 0, 0x40, 0, 0, 1, 2);
    transfer(0x6C, 0, 0, 1, 3); /* SK: all are skipped */
    RESULT(0x40, 0x80, 0x40, 1, 0, 1, 2);
    dma_program(DMA_READ, 18 * SECTOR);
    transfer(0x42, 1, 0, 1, 18);
    RESULT(0x04, 0, 0, 0, 1, 19, 2);
    ck_assert_uint_eq(ram32(17 * SECTOR), 35);
    dma_program(DMA_READ, 2 * SECTOR);
    transfer(0x42, 0, 0, 5, 18); /* from the index hole all the same */
    collect();
    ck_assert_uint_eq(b->result[1], 0x04);
    ck_assert_uint_eq(ram32(0), 0);
}
END_TEST

START_TEST(verify)
{
    transfer(0x56, 0, 0, 1, 18);
    RESULT(0x00, 0, 0, 1, 0, 1, 2);
    SEND(0x56, 0x80, 0, 0, 1, 2, 18, 0x1B, 4); /* EC: four sectors */
    ck_assert_int_ge(wait_irq(1000), 0);
    RESULT(0x00, 0, 0, 0, 0, 5, 2);
    SEND(0x56, 0x80, 0, 0, 1, 2, 18, 0x1B, 30);
    ck_assert_int_ge(wait_irq(1000), 0);
    RESULT(0x40, 0x80, 0, 1, 0, 1, 2);
}
END_TEST

/* --- writing ----------------------------------------------------------------------------- */

START_TEST(write_sectors)
{
    for (uint32_t i = 0; i < 700; i++) {
        phys_write(b->fx.board.phys, BUFFER + i, 0xA5, 1);
    }
    dma_program(DMA_WRITE, 700);
    transfer(0x45, 1, 0, 2, 18);
    RESULT(0x04, 0, 0, 0, 1, 4, 2);
    const uint8_t *sector = b->disk[0].bytes + (18 + 1) * SECTOR;
    ck_assert_uint_eq(sector[0], 0xA5);
    ck_assert_uint_eq(sector[699], 0xA5);
    ck_assert_uint_eq(sector[700], 0); /* the rest of a sector is zeros */
    ck_assert_uint_eq(sector[1023], 0);
    ck_assert_uint_eq(sector[1024], 18 + 3);
    dma_program(DMA_WRITE, SECTOR);
    transfer(0x49, 0, 0, 1, 18);
    RESULT(0x00, 0, 0, 0, 0, 2, 2);
    ck_assert_uint_eq(b->fx.board.notes.count[NOTE_i82077_deleted], 1);
    ck_assert_uint_eq(b->disk[0].bytes[0], 0xA5);
    transfer(0x45, 0, 0, 1, 18); /* nobody feeds it */
    RESULT(0x40, 0x10, 0, 0, 0, 1, 2);
}
END_TEST

/* A disk that is put in while sectors are being written gets none of them. */
START_TEST(a_swapped_disk_is_not_written)
{
    static const uint8_t ops[] = {0x45, 0x4D};
    for (unsigned k = 0; k < 2; k++) {
        insert(b, 0, 2880, false);
        dma_program(DMA_WRITE, 18 * SECTOR);
        if (ops[k] == 0x45) {
            SEND(0x45, 0x00, 0, 0, 1, 2, 18, 0x1B, 0xFF);
        } else {
            SEND(0x4D, 0x00, 2, 18, 0x54, 0xF6);
        }
        run(60 * MS);
        ck_assert_uint_eq(msr(), 0x10);
        insert(b, 0, 2880, false);
        ck_assert_int_ge(wait_irq(1000), 0);
        collect();
        ck_assert_uint_eq(b->result[0] & 0xC0, 0x40);
        ck_assert_uint_eq(b->result[1] & 0x01, 0x01);
        for (uint32_t i = 0; i < 2880; i++) {
            ck_assert_uint_eq(load_le32(b->disk[0].bytes + i * SECTOR), i);
        }
        dma_program(DMA_WRITE, SECTOR); /* and the next command sees nothing odd */
        transfer(0x45, 0, 0, 1, 18);
        collect();
        ck_assert_uint_eq(b->result[0], 0);
    }
}
END_TEST

START_TEST(write_protected)
{
    insert(b, 0, 2880, true);
    SEND(0x04, 0x00);
    RESULT(0x78);
    dma_program(DMA_WRITE, SECTOR);
    transfer(0x45, 0, 0, 1, 18);
    RESULT(0x40, 0x02, 0, 0, 0, 1, 2);
    SEND(0x4D, 0x00, 2, 18, 0x54, 0xF6);
    ck_assert_int_ge(wait_irq(1000), 0);
    collect();
    ck_assert_uint_eq(b->result[1], 0x02);
}
END_TEST

START_TEST(format_track)
{
    seek(1);
    for (uint32_t i = 0; i < 18; i++) {
        phys_write(b->fx.board.phys, BUFFER + 4 * i, 1 | 1 << 8 | (i + 1) << 16 | 2u << 24, 4);
    }
    dma_program(DMA_WRITE, 4 * 18);
    SEND(0x4D, 0x04, 2, 18, 0x54, 0xF6);
    ck_assert_int_ge(wait_irq(1000), 150);
    RESULT(0x04, 0, 0, 1, 1, 18, 2);
    const uint8_t *track = b->disk[0].bytes + 3 * 18 * SECTOR;
    ck_assert_uint_eq(track[-1], 53);
    ck_assert_uint_eq(track[0], 0xF6);
    ck_assert_uint_eq(track[18 * SECTOR - 1], 0xF6);
    ck_assert_uint_eq(track[18 * SECTOR], 72);
    ck_assert_uint_eq(b->fx.board.notes.count[NOTE_i82077_format], 0);
    phys_write(b->fx.board.phys, BUFFER, 1 | 1 << 8 | 30 << 16 | 2 << 24, 4);
    dma_program(DMA_WRITE, 4);
    SEND(0x4D, 0x04, 2, 1, 0x54, 0xE5); /* no place in the image for sector 30 */
    ck_assert_int_ge(wait_irq(1000), 0);
    collect();
    ck_assert_uint_eq(b->fx.board.notes.count[NOTE_i82077_format], 1);
    out(CCR, 2); /* 720 KB onto 1.44 MB */
    SEND(0x4D, 0x04, 2, 9, 0x54, 0xF6);
    ck_assert_int_ge(wait_irq(1000), 0);
    collect();
    ck_assert_uint_eq(b->result[0] & 0xC0, 0x40);
}
END_TEST

static void scan(uint8_t op, uint8_t disk, uint8_t host, uint8_t st2)
{
    memset(b->disk[0].bytes, disk, 2 * SECTOR);
    for (uint32_t i = 0; i < 2 * SECTOR; i++) {
        phys_write(b->fx.board.phys, BUFFER + i, host, 1);
    }
    dma_program(DMA_WRITE, 2 * SECTOR);
    SEND(op, 0x00, 0, 0, 1, 2, 2, 0x1B, 1);
    ck_assert_int_ge(wait_irq(1000), 0);
    collect();
    ck_assert_uint_eq(b->result[0], 0);
    ck_assert_uint_eq(b->result[2], st2);
}

START_TEST(scans)
{
    scan(0x51, 7, 7, 0x08);
    scan(0x51, 7, 8, 0x04);
    scan(0x51, 7, 0xFF, 0x08);
    scan(0x59, 7, 8, 0x00);
    scan(0x59, 8, 8, 0x08);
    scan(0x59, 9, 8, 0x04);
    scan(0x5D, 9, 8, 0x00);
    scan(0x5D, 7, 8, 0x04);
}
END_TEST

/* --- without DMA ------------------------------------------------------------------------- */

START_TEST(programmed_io)
{
    uint8_t sector[2 * SECTOR];
    SEND(0x03, 0xDF, 0x03);
    SEND(0x46, 0x00, 0, 0, 5, 2, 6, 0x1B, 0xFF);
    for (unsigned i = 0; i < sizeof sector; i++) {
        ck_assert_int_ge(wait_irq(100), 0); /* one interrupt a byte */
        ck_assert_uint_eq(msr(), 0xF0);
        sector[i] = in(FIFO);
        if (i + 1 < sizeof sector) {
            ck_assert(!b->fx.irq[6]);
        }
    }
    RESULT(0x40, 0x80, 0, 1, 0, 1, 2); /* nobody says TC */
    ck_assert_uint_eq(load_le32(sector), 4);
    ck_assert_uint_eq(load_le32(sector + SECTOR), 5);
    SEND(0x45, 0x00, 0, 0, 9, 2, 9, 0x1B, 0xFF);
    for (unsigned i = 0; i < SECTOR; i++) {
        ck_assert_int_ge(wait_irq(100), 0);
        ck_assert_uint_eq(msr(), 0xB0);
        out(FIFO, 0x77);
    }
    ck_assert_uint_eq(msr(), 0x30);
    ck_assert_int_ge(wait_irq(100), 0);
    RESULT(0x40, 0x80, 0, 1, 0, 1, 2);
    ck_assert_uint_eq(b->disk[0].bytes[8 * SECTOR + 511], 0x77);
    ck_assert_uint_eq(b->disk[0].bytes[9 * SECTOR], 9);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("i82077_data");
    TCase *tc = tcase_create("i82077_data");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, read_one_sector);
    tcase_add_test(tc, read_both_sides);
    tcase_add_test(tc, end_of_cylinder_without_tc);
    tcase_add_test(tc, addresses_that_are_not_there);
    tcase_add_test(tc, formats_are_read_at_their_rate);
    tcase_add_test(tc, timing_of_sectors);
    tcase_add_test(tc, overrun_without_dma);
    tcase_add_test(tc, no_disk_hangs_until_reset);
    tcase_add_test(tc, implied_seek);
    tcase_add_test(tc, host_error);
    tcase_add_test(tc, deleted_data_and_tracks);
    tcase_add_test(tc, verify);
    tcase_add_test(tc, write_sectors);
    tcase_add_test(tc, a_swapped_disk_is_not_written);
    tcase_add_test(tc, write_protected);
    tcase_add_test(tc, format_track);
    tcase_add_test(tc, scans);
    tcase_add_test(tc, programmed_io);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_set_fork_status(sr, CK_NOFORK);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
