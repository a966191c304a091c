/* tests/unit/test_atapi.c -- CD-ROM drives: the packet protocol and its commands.
 * Expectations are the standards' (T13/1321D, SFF-8020i, MMC-2).
 */
#include "tests/support/ata_bench.h"

enum { SECTOR = 2048 };
static uint8_t buf[131072];
static unsigned got; /* bytes of the last packet command */

static const uint8_t *sector(uint64_t lba)
{
    return b->medium[2].bytes + lba * SECTOR;
}

/* A packet command by PIO; its data in buf. The final status. */
static uint8_t packet(const uint8_t *bytes, uint16_t limit)
{
    uint8_t full[12] = {0};
    memcpy(full, bytes, 12);
    out(ATA_DEVICE, 0xA0);
    out(ATA_ERROR, 0);
    out(ATA_MID, (uint8_t)limit);
    out(ATA_HIGH, (uint8_t)(limit >> 8));
    command(0xA0);
    ck_assert_uint_eq(wait_ready() & (BSY | DRQ | ERR), DRQ);
    ck_assert(!irq());
    ck_assert_uint_eq(in(ATA_COUNT)&3, 1); /* C/D: the packet */
    for (unsigned i = 0; i < 12; i += 2) {
        data_out(load_le16(full + i));
    }
    got = 0;
    for (;;) {
        uint8_t status = wait_irq();
        if (!(status & DRQ)) {
            ck_assert_uint_eq(in(ATA_COUNT)&3, 3); /* I/O and C/D: status */
            return status;
        }
        ck_assert_uint_eq(in(ATA_COUNT)&3, 2); /* I/O: data to the host */
        unsigned n = in(ATA_MID) | (unsigned)in(ATA_HIGH) << 8;
        ck_assert_uint_gt(n, 0);
        ck_assert_uint_le(n, limit == 0xFFFF ? 0xFFFE : limit);
        ck_assert_uint_le(got + n, sizeof buf);
        for (unsigned i = 0; i < n; i += 2) {
            uint16_t w = data_in();
            buf[got + i] = (uint8_t)w;
            if (i + 1 < n) {
                buf[got + i + 1] = (uint8_t)(w >> 8);
            }
        }
        got += n;
    }
}
#define PACKET(...) packet((const uint8_t[12]){__VA_ARGS__}, 0xFFFE)

static void check_ok(uint8_t status, int line)
{
    ck_assert_msg(status == READY, "line %d: status %02x error %02x", line, status,
                  in(ATA_ERROR));
}
#define OK(...) check_ok(PACKET(__VA_ARGS__), __LINE__)

/* The command fails; REQUEST SENSE says why, once. */
static void check_sense(uint8_t status, uint8_t key, uint8_t asc, uint8_t ascq, int line)
{
    ck_assert_msg(status == (READY | ERR), "line %d: status %02x", line, status);
    ck_assert_msg(in(ATA_ERROR) >> 4 == key, "line %d: error %02x", line, in(ATA_ERROR));
    OK(0x03, 0, 0, 0, 18);
    ck_assert_uint_eq(got, 18);
    ck_assert_uint_eq(buf[0] & 0x7F, 0x70);
    ck_assert_msg(buf[2] == key && buf[12] == asc && buf[13] == ascq,
                  "line %d: sense %x/%02x/%02x", line, buf[2], buf[12], buf[13]);
    OK(0x03, 0, 0, 0, 18);
    ck_assert_uint_eq(buf[2], 0);
}
#define SENSE(key, asc, ascq, ...) check_sense(PACKET(__VA_ARGS__), key, asc, ascq, __LINE__)

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static unsigned be16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

static void setup_cd(void)
{
    setup();
    b->base = SECONDARY;
    SENSE(6, 0x29, 0, 0x00); /* the reset is told once */
    OK(0x00);
}

/* --- ATA commands ------------------------------------------------------------------------ */

START_TEST(identify_packet)
{
    command(0xA1);
    ck_assert_uint_eq(wait_irq(), READY | DRQ);
    for (unsigned i = 0; i < 512; i += 2) {
        store_le16(buf + i, data_in());
    }
    run(100000); /* a PIO data-in command: no interrupt after its last block */
    ck_assert(!b->fx.irq[14] && !b->fx.irq[15]);
    ck_assert_uint_eq(wait_ready(), READY);
    ck_assert_uint_eq(load_le16(buf) & 0xDF63, 0x8540); /* ATAPI, CD-ROM, 12 bytes, 50 us */
    ck_assert_uint_eq(load_le16(buf) & 0x80, 0x80);     /* removable */
    ck_assert_mem_eq(buf + 54, "ETRRPANIC -DOR M", 16);
    ck_assert_uint_eq(load_le16(buf + 98) & 0x0300, 0x0300);
    ck_assert_uint_eq(load_le16(buf + 126) & 7, 7);
    ck_assert_uint_eq(load_le16(buf + 164) & 0x0210, 0x0210);
}
END_TEST

START_TEST(not_a_disk)
{
    for (unsigned i = 0; i < 2; i++) {
        out(ATA_COUNT, 7);
        out(ATA_MID, 0);
        out(ATA_HIGH, 0);
        command(i ? 0x20 : 0xEC);
        ck_assert_uint_eq(wait_irq(), READY | ERR);
        ck_assert_uint_eq(in(ATA_ERROR), 0x04);
        ck_assert_uint_eq(in(ATA_COUNT), 1);
        ck_assert_uint_eq(in(ATA_LOW), 1);
        ck_assert_uint_eq(in(ATA_MID), 0x14);
        ck_assert_uint_eq(in(ATA_HIGH), 0xEB);
    }
}
END_TEST

START_TEST(device_reset)
{
    out(ATA_MID, 0);
    command(0xA0); /* in the middle of a command */
    ck_assert_uint_eq(in(CONTROL)&BSY, BSY);
    command(0x08);
    ck_assert_uint_eq(wait_ready(), 0x00);
    ck_assert(!irq());
    ck_assert_uint_eq(in(ATA_ERROR), 0x01);
    ck_assert_uint_eq(in(ATA_MID), 0x14);
    ck_assert_uint_eq(in(ATA_HIGH), 0xEB);
    run(10 * MS);
    ck_assert(!irq());
    SENSE(6, 0x29, 0, 0x00);
    OK(0x00);
}
END_TEST

/* --- the protocol ------------------------------------------------------------------------ */

START_TEST(byte_count_limits)
{
    static const uint16_t limits[] = {2,    3,      10,     512,    2048,
                                      2050, 0x4000, 0xF800, 0xFFFE, 0xFFFF};
    for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
        const uint8_t read[12] = {0x28, 0, 0, 0, 0, 100, 0, 0, 33};
        memset(buf, 0, sizeof buf);
        ck_assert_uint_eq(packet(read, limits[i]), READY);
        ck_assert_uint_eq(got, 33 * SECTOR);
        ck_assert_mem_eq(buf, sector(100), 33 * SECTOR);
    }
}
END_TEST

START_TEST(no_limit_is_an_error_for_data)
{
    static const uint8_t ready[12] = {0x00}, inquiry[12] = {0x12, 0, 0, 0, 36};
    out(ATA_ERROR, 0);
    ck_assert_uint_eq(packet(ready, 0), READY);
    out(ATA_MID, 0);
    out(ATA_HIGH, 0);
    command(0xA0);
    (void)wait_ready();
    for (unsigned i = 0; i < 12; i += 2) {
        data_out(load_le16(inquiry + i));
    }
    ck_assert_uint_eq(wait_irq(), READY | ERR);
    ck_assert_uint_eq(in(ATA_ERROR), 0x04);
}
END_TEST

START_TEST(allocation_length)
{
    OK(0x12, 0, 0, 0, 5); /* an odd number of bytes */
    ck_assert_uint_eq(got, 5);
    OK(0x12, 0, 0, 0, 0);
    ck_assert_uint_eq(got, 0);
    OK(0x12, 0, 0, 0, 255);
    ck_assert_uint_eq(got, 36);
}
END_TEST

START_TEST(packet_half_written)
{
    command(0xA0);
    (void)wait_ready();
    data_out(0x0028);
    out(CONTROL, 0x04);
    out(CONTROL, 0x00);
    ck_assert_uint_eq(wait_ready(), 0x00);
    SENSE(6, 0x29, 0, 0x00);
    OK(0x25);
}
END_TEST

/* --- commands ---------------------------------------------------------------------------- */

START_TEST(about_the_drive)
{
    OK(0x12, 0, 0, 0, 36);
    ck_assert_uint_eq(buf[0], 0x05);
    ck_assert_uint_eq(buf[1], 0x80);
    ck_assert_uint_eq(buf[4], 31);
    ck_assert_mem_eq(buf + 8, "TERRAPINCD-ROM          ", 24);
    SENSE(5, 0x24, 0, 0x12, 1, 0x80, 0, 36); /* vital product data */
    OK(0x5A, 0, 0x2A, 0, 0, 0, 0, 0, 128);
    ck_assert_uint_eq(got, 8 + 22);
    ck_assert_uint_eq(be16(buf), got - 2);
    ck_assert_uint_eq(buf[2], 0x01);
    ck_assert_uint_eq(buf[8], 0x2A);
    ck_assert_uint_eq(buf[9], 20);
    ck_assert_uint_eq(buf[14] & 0xEB, 0x29); /* a tray; can eject and lock; not locked */
    OK(0x5A, 0, 0x01, 0, 0, 0, 0, 0, 128);
    ck_assert_uint_eq(got, 16);
    ck_assert_uint_eq(buf[8], 0x01);
    OK(0x5A, 0, 0x3F, 0, 0, 0, 0, 1, 0);
    ck_assert_uint_eq(got, 8 + 8 + 8 + 22);
    OK(0x1A, 0, 0x2A, 0, 128);
    ck_assert_uint_eq(got, 4 + 22);
    SENSE(5, 0x39, 0, 0x5A, 0, 0xEA, 0, 0, 0, 0, 0, 128);
    SENSE(5, 0x24, 0, 0x5A, 0, 0x11, 0, 0, 0, 0, 0, 128);
    OK(0xBD, 0, 0, 0, 0, 0, 0, 0, 0, 8);
    ck_assert_uint_eq(got, 8);
    OK(0x46, 0, 0, 0, 0, 0, 0, 1, 0);
    ck_assert_uint_eq(be32(buf), got - 4);
    ck_assert_uint_eq(be16(buf + 6), 0x0008);
    ck_assert_uint_eq(be16(buf + 8), 0x0000);
    OK(0x46, 2, 0, 3, 0, 0, 0, 1, 0); /* one feature: removable medium */
    ck_assert_uint_eq(got, 16);
    ck_assert_uint_eq(be16(buf + 8), 0x0003);
    SENSE(5, 0x20, 0, 0xEE);
}
END_TEST

START_TEST(about_the_disc)
{
    OK(0x25);
    ck_assert_uint_eq(got, 8);
    ck_assert_uint_eq(be32(buf), CD_SECTORS - 1);
    ck_assert_uint_eq(be32(buf + 4), SECTOR);
    static const uint8_t toc[] = {0, 18, 1, 1,    0,    0x14, 1, 0, 0,    0,
                                  0, 0,  0, 0x14, 0xAA, 0,    0, 0, 0x03, 0xE8};
    OK(0x43, 0, 0, 0, 0, 0, 0, 0, 255);
    ck_assert_uint_eq(got, sizeof toc);
    ck_assert_mem_eq(buf, toc, sizeof toc);
    OK(0x43, 2, 0, 0, 0, 0, 0, 0, 255); /* 1000 frames are 13 s 25; and two seconds before */
    ck_assert_mem_eq(buf + 8, "\0\0\2\0", 4);
    ck_assert_mem_eq(buf + 16, "\0\0\17\31", 4);
    OK(0x43, 0, 0, 0, 0, 0, 0xAA, 0, 255);
    ck_assert_uint_eq(got, 12);
    ck_assert_uint_eq(buf[6], 0xAA);
    SENSE(5, 0x24, 0, 0x43, 0, 0, 0, 0, 0, 2, 0, 255);
    OK(0x43, 0, 1, 0, 0, 0, 0, 0, 255);
    ck_assert_uint_eq(got, 12);
    OK(0x43, 0, 0, 0, 0, 0, 0, 0, 255, 0x40); /* the format where SFF-8020i has it */
    ck_assert_uint_eq(got, 12);
    ck_assert_uint_eq(buf[2], 1);
    ck_assert_uint_eq(buf[3], 1);
    OK(0x43, 2, 2, 0, 0, 0, 0, 0, 255);
    ck_assert_uint_eq(got, 4 + 44);
    OK(0x51, 0, 0, 0, 0, 0, 0, 0, 255);
    ck_assert_uint_eq(got, 34);
    ck_assert_uint_eq(buf[2], 0x0E);
    OK(0x42, 2, 0x40, 1, 0, 0, 0, 0, 16);
    ck_assert_uint_eq(got, 16);
    ck_assert_uint_eq(be16(buf + 2), 12);
    OK(0x42, 2, 0, 0, 0, 0, 0, 0, 16);
    ck_assert_uint_eq(got, 4);
}
END_TEST

START_TEST(reading)
{
    OK(0x28, 0, 0, 0, 3, 0xE7, 0, 0, 1);
    ck_assert_mem_eq(buf, sector(999), SECTOR);
    OK(0xA8, 0, 0, 0, 0, 5, 0, 0, 0, 40);
    ck_assert_uint_eq(got, 40 * SECTOR);
    ck_assert_mem_eq(buf, sector(5), 40 * SECTOR);
    OK(0x28, 0, 0, 0, 0, 5, 0, 0, 0);
    ck_assert_uint_eq(got, 0);
    OK(0xBE, 0, 0, 0, 0, 9, 0, 0, 2, 0x10);
    ck_assert_uint_eq(got, 2 * SECTOR);
    ck_assert_mem_eq(buf, sector(9), 2 * SECTOR);
    OK(0x2B, 0, 0, 0, 3, 0xE7);
    SENSE(5, 0x21, 0, 0x2B, 0, 0, 0, 3, 0xE8);
    SENSE(5, 0x21, 0, 0x28, 0, 0, 0, 3, 0xE7, 0, 0, 2);
    SENSE(5, 0x21, 0, 0x28, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0xFF, 0xFF);
    SENSE(5, 0x21, 0, 0xA8, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF);
}
END_TEST

START_TEST(host_error)
{
    b->medium[2].bad = 13;
    ck_assert_uint_eq(PACKET(0x28, 0, 0, 0, 0, 10, 0, 0, 8), READY | ERR);
    ck_assert_uint_eq(got, 3 * SECTOR);
    ck_assert_mem_eq(buf, sector(10), 3 * SECTOR);
    SENSE(3, 0x11, 0, 0x28, 0, 0, 0, 0, 13, 0, 0, 1);
}
END_TEST

/* --- the tray, and hands at it ----------------------------------------------------------- */

static unsigned media_event(uint8_t *status)
{
    OK(0x4A, 1, 0, 0, 0x10, 0, 0, 0, 8);
    ck_assert_uint_eq(got, 8);
    ck_assert_uint_eq(be16(buf), 6);
    ck_assert_uint_eq(buf[2], 4);
    *status = buf[5];
    return buf[4];
}

START_TEST(tray)
{
    uint8_t status;
    ck_assert_uint_eq(media_event(&status), 0);
    ck_assert_uint_eq(status, 2);
    OK(0x1E, 0, 0, 0, 1);
    SENSE(5, 0x53, 2, 0x1B, 0, 0, 0, 2);
    OK(0x5A, 0, 0x2A, 0, 0, 0, 0, 0, 128);
    ck_assert_uint_eq(buf[14] & 2, 2);
    OK(0x1E, 0, 0, 0, 0);
    OK(0x1B, 0, 0, 0, 2);
    SENSE(2, 0x3A, 2, 0x00);
    SENSE(2, 0x3A, 2, 0x28, 0, 0, 0, 0, 0, 0, 0, 1);
    OK(0xBD, 0, 0, 0, 0, 0, 0, 0, 0, 8);
    ck_assert_uint_eq(buf[1] & 0x10, 0x10);
    ck_assert_uint_eq(media_event(&status), 3);
    ck_assert_uint_eq(status, 1);
    OK(0x1B, 0, 0, 0, 3);
    SENSE(6, 0x28, 0, 0x00);
    OK(0x00);
    ck_assert_uint_eq(media_event(&status), 2);
    ck_assert_uint_eq(media_event(&status), 0);
    ck_assert_uint_eq(status, 2);
    SENSE(5, 0x24, 0, 0x4A, 0, 0, 0, 0x10, 0, 0, 0, 8); /* not polled */
    OK(0x4A, 1, 0, 0, 0x02, 0, 0, 0, 8);
    ck_assert_uint_eq(buf[2], 0x80);
    ck_assert_uint_eq(buf[3], 0x10);
}
END_TEST

START_TEST(media_change)
{
    uint8_t status;
    insert(b, 2, DRIVE_CDROM, 0, true);
    SENSE(2, 0x3A, 1, 0x00);
    ck_assert_uint_eq(media_event(&status), 3);
    ck_assert_uint_eq(status, 0);
    insert(b, 2, DRIVE_CDROM, 500, true);
    SENSE(6, 0x28, 0, 0x25);
    OK(0x25);
    ck_assert_uint_eq(be32(buf), 499);
    ck_assert_uint_eq(media_event(&status), 2);
    insert(b, 2, DRIVE_CDROM, 600, true); /* swapped between two commands */
    SENSE(6, 0x28, 0, 0x28, 0, 0, 0, 0, 1, 0, 0, 1);
    OK(0x28, 0, 0, 0, 2, 0x57, 0, 0, 1);
    OK(0x1B, 0, 0, 0, 2);
    insert(b, 2, DRIVE_CDROM, 700, true); /* into the open tray */
    SENSE(6, 0x28, 0, 0x00);
    OK(0x25);
    ck_assert_uint_eq(be32(buf), 699);
}
END_TEST

/* In the middle of a transfer the rest of the other disc is not delivered. */
START_TEST(media_change_while_reading)
{
    static const uint8_t read[12] = {0x28, 0, 0, 0, 0, 1, 0, 0, 4};
    out(ATA_DEVICE, 0xA0);
    out(ATA_ERROR, 0);
    out(ATA_MID, SECTOR & 0xFF);
    out(ATA_HIGH, SECTOR >> 8);
    command(0xA0);
    (void)wait_ready();
    write_block(read, 12);
    ck_assert_uint_eq(wait_irq(), READY | DRQ);
    insert(b, 2, DRIVE_CDROM, 500, true);
    read_block(buf, SECTOR);
    ck_assert_uint_eq(wait_irq(), READY | ERR);
    ck_assert_uint_eq(in(ATA_ERROR) >> 4, 3);
    SENSE(6, 0x28, 0, 0x00);
}
END_TEST

START_TEST(inquiry_during_attention)
{
    insert(b, 2, DRIVE_CDROM, 500, true);
    OK(0x12, 0, 0, 0, 36);
    OK(0x03, 0, 0, 0, 18); /* asked for, the attention is told and gone */
    ck_assert_uint_eq(buf[2], 6);
    ck_assert_uint_eq(buf[12], 0x28);
    OK(0x00);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("atapi");
    TCase *tc = tcase_create("atapi");
    tcase_add_checked_fixture(tc, setup_cd, teardown);
    tcase_add_test(tc, identify_packet);
    tcase_add_test(tc, not_a_disk);
    tcase_add_test(tc, device_reset);
    tcase_add_test(tc, byte_count_limits);
    tcase_add_test(tc, no_limit_is_an_error_for_data);
    tcase_add_test(tc, allocation_length);
    tcase_add_test(tc, packet_half_written);
    tcase_add_test(tc, about_the_drive);
    tcase_add_test(tc, about_the_disc);
    tcase_add_test(tc, reading);
    tcase_add_test(tc, host_error);
    tcase_add_test(tc, tray);
    tcase_add_test(tc, media_change);
    tcase_add_test(tc, media_change_while_reading);
    tcase_add_test(tc, inquiry_during_attention);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
