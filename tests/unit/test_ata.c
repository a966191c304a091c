/* tests/unit/test_ata.c -- ATA channels and disks by PIO: registers, selection, reset,
 * commands. Expectations are the standards' (T13/1153D, T13/1410D).
 */
#include "tests/support/ata_bench.h"

static uint8_t buf[65536];

static const uint8_t *sector(unsigned drive, uint64_t lba)
{
    return b->medium[drive].bytes + lba * b->medium[drive].sector;
}

/* READ SECTORS and its like: blocks of `block` bytes. */
static void read_sectors(uint8_t code, unsigned bytes, unsigned block)
{
    command(code);
    for (unsigned at = 0; at < bytes; at += block) {
        ck_assert_uint_eq(wait_irq(), READY | DRQ);
        unsigned n = bytes - at < block ? bytes - at : block;
        read_block(buf + at, n);
    }
    ck_assert_uint_eq(wait_ready(), READY);
    ck_assert(!irq());
}

static void write_sectors(uint8_t code, unsigned bytes, unsigned block)
{
    command(code);
    ck_assert_uint_eq(wait_ready(), READY | DRQ);
    ck_assert(!irq()); /* not for the first block */
    for (unsigned at = 0; at < bytes; at += block) {
        unsigned n = bytes - at < block ? bytes - at : block;
        write_block(buf + at, n);
        uint8_t status = wait_irq();
        ck_assert_uint_eq(status, at + n < bytes ? READY | DRQ : READY);
    }
}

static void identify(uint8_t code)
{
    command(code);
    ck_assert_uint_eq(wait_irq() & (BSY | DRQ | ERR), DRQ);
    read_block(buf, 512);
    ck_assert_uint_eq(in(ATA_STATUS) & (BSY | DRQ | ERR), 0);
}

static unsigned word(unsigned n)
{
    return load_le16(buf + 2 * n);
}

static uint32_t dword(unsigned n)
{
    return load_le32(buf + 2 * n);
}

/* --- selection and reset ----------------------------------------------------------------- */

static void check_signature(uint8_t mid, uint8_t high)
{
    ck_assert_uint_eq(in(ATA_ERROR), 0x01);
    ck_assert_uint_eq(in(ATA_COUNT), 0x01);
    ck_assert_uint_eq(in(ATA_LOW), 0x01);
    ck_assert_uint_eq(in(ATA_MID), mid);
    ck_assert_uint_eq(in(ATA_HIGH), high);
}

START_TEST(signatures_after_reset)
{
    check_signature(0, 0);
    ck_assert_uint_eq(in(ATA_DEVICE), 0);
    ck_assert_uint_eq(in(ATA_STATUS), READY);
    task(0xF0, 0x5678, 3);
    out(CONTROL, 0x04);
    ck_assert_uint_eq(in(CONTROL), BSY);
    out(CONTROL, 0x00);
    ck_assert_uint_eq(in(CONTROL), BSY);
    ck_assert_uint_eq(wait_ready(), READY);
    check_signature(0, 0);
    ck_assert_uint_eq(in(ATA_DEVICE), 0);
    ck_assert(!irq());
    b->base = SECONDARY;
    check_signature(0x14, 0xEB);
    ck_assert_uint_eq(in(ATA_STATUS), 0x00);
}
END_TEST

START_TEST(diagnostic_interrupts)
{
    out(ATA_DEVICE, 0xB0); /* to the absent device 1: both execute it */
    command(0x90);
    ck_assert_uint_eq(in(CONTROL), BSY);
    ck_assert_uint_eq(wait_irq(), READY);
    check_signature(0, 0);
}
END_TEST

/* A lone device 0 answers for device 1: its registers, but a status of 0. */
START_TEST(absent_slave)
{
    out(ATA_DEVICE, 0xB0);
    out(ATA_COUNT, 0x55);
    out(ATA_LOW, 0xAA);
    ck_assert_uint_eq(in(ATA_COUNT), 0x55);
    ck_assert_uint_eq(in(ATA_LOW), 0xAA);
    ck_assert_uint_eq(in(ATA_DEVICE), 0xB0);
    ck_assert_uint_eq(in(ATA_STATUS), 0x00);
    ck_assert_uint_eq(in(CONTROL), 0x00);
    command(0xEC);
    run(10 * MS);
    ck_assert_uint_eq(in(CONTROL), 0x00);
    ck_assert(!irq());
    out(ATA_DEVICE, 0xA0);
    ck_assert_uint_eq(in(CONTROL), READY);
}
END_TEST

START_TEST(absent_master_and_empty_channel)
{
    static const enum drive_kind kind[4] = {DRIVE_NONE, DRIVE_DISK, DRIVE_NONE, DRIVE_NONE};
    teardown();
    bench_init(b, kind);
    ck_assert_uint_eq(in(ATA_STATUS), 0x7F);
    ck_assert_uint_eq(data_in(), 0xFF7F);
    out(ATA_DEVICE, 0xB0);
    ck_assert_uint_eq(in(ATA_STATUS), READY);
    check_signature(0, 0);
    out(ATA_DEVICE, 0xA0);
    out(ATA_COUNT, 0x55);
    ck_assert_uint_eq(in(ATA_COUNT), 0x7F);
    b->base = SECONDARY;
    for (unsigned dev = 0xA0; dev <= 0xB0; dev += 0x10) {
        out(ATA_DEVICE, (uint8_t)dev);
        for (unsigned reg = 1; reg < 8; reg++) {
            ck_assert_uint_eq(in(reg), 0x7F);
        }
        ck_assert_uint_eq(in(CONTROL), 0x7F);
    }
}
END_TEST

START_TEST(two_devices)
{
    static const enum drive_kind kind[4] = {DRIVE_DISK, DRIVE_CDROM, DRIVE_NONE, DRIVE_NONE};
    teardown();
    bench_init(b, kind);
    check_signature(0, 0);
    out(ATA_DEVICE, 0xB0);
    check_signature(0x14, 0xEB);
    /* An interrupt pending in one device shows while that device is selected. */
    out(ATA_DEVICE, 0xA0);
    command(0xE7);
    (void)wait_ready();
    ck_assert(irq());
    out(ATA_DEVICE, 0xB0);
    ck_assert(!irq());
    out(ATA_DEVICE, 0xA0);
    ck_assert(irq());
    (void)in(ATA_STATUS);
    ck_assert(!irq());
}
END_TEST

START_TEST(nien_gates_the_line)
{
    out(CONTROL, 0x02);
    command(0xE7);
    (void)wait_ready();
    ck_assert(!irq());
    out(CONTROL, 0x00);
    ck_assert(irq());
    ck_assert_uint_eq(in(CONTROL), READY); /* alternate status leaves it */
    ck_assert(irq());
    ck_assert_uint_eq(in(ATA_STATUS), READY);
    ck_assert(!irq());
}
END_TEST

START_TEST(decode_enable)
{
    config_out(PCI_DEVFN(1, 1), 0x40, 0x0000, 2);
    ck_assert_uint_eq(in(ATA_STATUS), 0xFF);
    config_out(PCI_DEVFN(1, 1), 0x40, 0x8000, 2);
    ck_assert_uint_eq(in(ATA_STATUS), READY);
    config_out(PCI_DEVFN(1, 1), PCI_COMMAND, 0, 2);
    ck_assert_uint_eq(in(ATA_STATUS), 0xFF);
}
END_TEST

START_TEST(registers_two_deep)
{
    task48(0xE0, 0x123456789ABC, 0x4321);
    ck_assert_uint_eq(in(ATA_COUNT), 0x21);
    ck_assert_uint_eq(in(ATA_LOW), 0xBC);
    ck_assert_uint_eq(in(ATA_MID), 0x9A);
    ck_assert_uint_eq(in(ATA_HIGH), 0x78);
    out(CONTROL, 0x80);
    ck_assert_uint_eq(in(ATA_COUNT), 0x43);
    ck_assert_uint_eq(in(ATA_LOW), 0x56);
    ck_assert_uint_eq(in(ATA_MID), 0x34);
    ck_assert_uint_eq(in(ATA_HIGH), 0x12);
    out(ATA_DEVICE, 0xE0); /* any write to the command block ends HOB */
    ck_assert_uint_eq(in(ATA_LOW), 0xBC);
}
END_TEST

/* --- identity ---------------------------------------------------------------------------- */

static void check_string(unsigned first, unsigned words, const char *want)
{
    char s[64];
    for (unsigned i = 0; i < 2 * words; i++) {
        s[i] = (char)buf[(2 * first + i) ^ 1];
    }
    ck_assert_msg(strncmp(s, want, strlen(want)) == 0, "%.*s", (int)(2 * words), s);
    for (size_t i = strlen(want); i < 2 * words; i++) {
        ck_assert_int_eq(s[i], ' ');
    }
}

START_TEST(identify_device)
{
    identify(0xEC);
    ck_assert_uint_eq(word(0) & 0x8080, 0);
    ck_assert_uint_eq(word(1), DISK_SECTORS / (16 * 63));
    ck_assert_uint_eq(word(3), 16);
    ck_assert_uint_eq(word(6), 63);
    check_string(10, 10, "TP00001");
    check_string(27, 20, "TERRAPIN HARDDISK");
    ck_assert_uint_eq(word(47) & 0xFF, 16);
    ck_assert_uint_eq(word(49) & 0x0300, 0x0300);
    ck_assert_uint_eq(word(53) & 7, 7);
    ck_assert_uint_eq(word(54), word(1));
    ck_assert_uint_eq(word(55), 16);
    ck_assert_uint_eq(word(56), 63);
    ck_assert_uint_eq(dword(57), word(1) * 16u * 63u);
    ck_assert_uint_eq(dword(60), DISK_SECTORS);
    ck_assert_uint_eq(word(63), 0x0007);
    ck_assert_uint_eq(word(83) & 0xF400, 0x7400);
    ck_assert_uint_eq(word(88) & 0xFF, 0x3F);
    ck_assert_uint_eq(word(93) & 0xE000, 0x6000); /* an 80-conductor cable */
    ck_assert_uint_eq(dword(100), DISK_SECTORS);
    ck_assert_uint_eq(dword(102), 0);
    uint8_t sum = 0;
    for (unsigned i = 0; i < 512; i++) {
        sum = (uint8_t)(sum + buf[i]);
    }
    ck_assert_uint_eq(sum, 0);
    ck_assert_uint_eq(buf[510], 0xA5);
}
END_TEST

START_TEST(set_features)
{
    static const struct {
        uint8_t feature, count;
        unsigned word, mask, value;
        bool ok;
    } t[] = {
        {0x03, 0x22, 63, 0xFF00, 0x0400, true},  {0x03, 0x45, 88, 0xFF00, 0x2000, true},
        {0x03, 0x41, 63, 0xFF00, 0x0000, true},  {0x03, 0x46, 88, 0xFF00, 0x0200, false},
        {0x03, 0x23, 88, 0xFF00, 0x0200, false}, {0x03, 0x0C, 88, 0xFF00, 0x0200, true},
        {0x03, 0x0D, 88, 0xFF00, 0x0200, false}, {0x82, 0, 85, 0x20, 0x00, true},
        {0x02, 0, 85, 0x20, 0x20, true},         {0x55, 0, 85, 0x40, 0x00, true},
        {0xAA, 0, 85, 0x40, 0x40, true},         {0x42, 0, 85, 0x40, 0x40, false},
    };
    for (size_t i = 0; i < ARRAY_LEN(t); i++) {
        out(ATA_ERROR, t[i].feature);
        out(ATA_COUNT, t[i].count);
        command(0xEF);
        ck_assert_msg(wait_irq() == (t[i].ok ? READY : (READY | ERR)), "row %zu", i);
        ck_assert_uint_eq(in(ATA_ERROR), t[i].ok ? 0 : 0x04);
        identify(0xEC);
        ck_assert_msg((word(t[i].word) & t[i].mask) == t[i].value, "row %zu: %04x", i,
                      word(t[i].word));
    }
}
END_TEST

START_TEST(translation)
{
    task(0xA7, 0, 17);
    command(0x91);
    ck_assert_uint_eq(wait_irq(), READY);
    identify(0xEC);
    ck_assert_uint_eq(word(54), DISK_SECTORS / (8 * 17));
    ck_assert_uint_eq(word(55), 8);
    ck_assert_uint_eq(word(56), 17);
    out(ATA_DEVICE, 0xA5); /* cylinder 258, head 5, sector 11 */
    out(ATA_MID, 258 & 0xFF);
    out(ATA_HIGH, 1);
    out(ATA_LOW, 11);
    out(ATA_COUNT, 8); /* into the next head */
    read_sectors(0x20, 8 * 512, 512);
    ck_assert_mem_eq(buf, sector(0, (258 * 8 + 5) * 17 + 10), 8 * 512);
    ck_assert_uint_eq(in(ATA_LOW), 1);
    ck_assert_uint_eq(in(ATA_DEVICE), 0xA6);
    ck_assert_uint_eq(in(ATA_MID), 2);
    out(ATA_DEVICE, 0xA8); /* head 8 */
    command(0x20);
    ck_assert_uint_eq(wait_irq(), READY | ERR);
    ck_assert_uint_eq(in(ATA_ERROR), 0x10);
    out(ATA_DEVICE, 0xA0);
    out(ATA_LOW, 0);
    command(0x20);
    ck_assert_uint_eq(wait_irq(), READY | ERR);
    ck_assert_uint_eq(in(ATA_ERROR), 0x10);
    out(ATA_COUNT, 0);
    command(0x91);
    ck_assert_uint_eq(wait_irq(), READY | ERR);
    ck_assert_uint_eq(in(ATA_ERROR), 0x04);
}
END_TEST

/* --- data -------------------------------------------------------------------------------- */

START_TEST(read_and_write_sectors)
{
    task(0xE0, 1234, 5);
    read_sectors(0x20, 5 * 512, 512);
    ck_assert_mem_eq(buf, sector(0, 1234), 5 * 512);
    ck_assert_uint_eq(lba28(), 1238);
    ck_assert_uint_eq(in(ATA_COUNT), 0);
    for (unsigned i = 0; i < 3 * 512; i++) {
        buf[i] = (uint8_t)(i * 11 + 3);
    }
    task(0xE0, DISK_SECTORS - 3, 3);
    write_sectors(0x30, 3 * 512, 512);
    ck_assert_mem_eq(buf, sector(0, DISK_SECTORS - 3), 3 * 512);
}
END_TEST

/* Bytes that no sector of a fresh disk has. */
static void fill(unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        buf[i] = (uint8_t)(i * 11 + i / 512 * 3 + 1);
    }
}

START_TEST(counts_of_zero)
{
    task(0xE0, 100, 0); /* 256 */
    command(0x20);
    for (unsigned n = 0; n < 256; n++) {
        ck_assert_uint_eq(wait_irq(), READY | DRQ);
        read_block(buf, 512);
        ck_assert_uint_eq(load_le32(buf), 100 + n);
    }
    ck_assert_uint_eq(wait_ready(), READY);
    task48(0xE0, 3000, 0x0203);
    command(0x24);
    for (unsigned n = 0; n < 0x203; n++) {
        ck_assert_uint_eq(wait_irq(), READY | DRQ);
        read_block(buf, 512);
        ck_assert_uint_eq(load_le32(buf), 3000 + n);
    }
    ck_assert_uint_eq(wait_ready(), READY);
    task48(0xE0, 0, 0); /* 65536 are more than there are */
    command(0x42);
    ck_assert_uint_eq(wait_irq(), READY | ERR);
    ck_assert_uint_eq(in(ATA_ERROR), 0x10);
    ck_assert_uint_eq(lba28() & 0xFFFFFF, DISK_SECTORS);
}
END_TEST

START_TEST(multiple)
{
    out(ATA_COUNT, 8);
    command(0xC6);
    ck_assert_uint_eq(wait_irq(), READY);
    identify(0xEC);
    ck_assert_uint_eq(word(59), 0x0108);
    task(0xE0, 777, 19);
    read_sectors(0xC4, 19 * 512, 8 * 512);
    ck_assert_mem_eq(buf, sector(0, 777), 19 * 512);
    fill(19 * 512);
    task(0xE0, 5000, 19);
    write_sectors(0xC5, 19 * 512, 8 * 512);
    ck_assert_mem_eq(buf, sector(0, 5000), 19 * 512);
    task48(0xE0, 5000, 3);
    read_sectors(0x29, 3 * 512, 8 * 512);
    fill(9 * 512);
    task48(0xE0, 6000, 9);
    write_sectors(0x39, 9 * 512, 8 * 512);
    ck_assert_mem_eq(buf, sector(0, 6000), 9 * 512);
    for (uint8_t n = 3; n < 64; n = (uint8_t)(n * 2 + 1)) { /* no power of two, or too many */
        out(ATA_COUNT, n);
        command(0xC6);
        ck_assert_uint_eq(wait_irq(), READY | ERR);
    }
    out(ATA_COUNT, 0); /* off: READ MULTIPLE aborts */
    command(0xC6);
    ck_assert_uint_eq(wait_irq(), READY);
    task(0xE0, 1, 1);
    command(0xC4);
    ck_assert_uint_eq(wait_irq(), READY | ERR);
    ck_assert_uint_eq(in(ATA_ERROR), 0x04);
}
END_TEST

START_TEST(write_ext_and_verify)
{
    fill(512);
    task48(0xE0, 39999, 1);
    write_sectors(0x34, 512, 512);
    ck_assert_mem_eq(buf, sector(0, 39999), 512);
    task(0xE0, 39990, 10);
    command(0x40);
    ck_assert_uint_eq(wait_irq(), READY);
    ck_assert_uint_eq(lba28(), 39999);
    fill(1024);
    task(0xE0, 7, 2);
    write_sectors(0x3C, 1024, 512);
    ck_assert_mem_eq(buf, sector(0, 7), 1024);
}
END_TEST

/* The sectors before the end are moved; then IDNF with the address of the first that is not. */
START_TEST(past_the_end)
{
    task(0xE0, DISK_SECTORS - 2, 5);
    command(0x20);
    for (unsigned n = 0; n < 2; n++) {
        ck_assert_uint_eq(wait_irq(), READY | DRQ);
        read_block(buf, 512);
    }
    ck_assert_uint_eq(wait_irq(), READY | ERR);
    ck_assert_uint_eq(in(ATA_ERROR), 0x10);
    ck_assert_uint_eq(lba28(), DISK_SECTORS);
    ck_assert_uint_eq(in(ATA_COUNT), 3);
    fill(512);
    task(0xE0, DISK_SECTORS - 1, 2);
    command(0x30);
    (void)wait_ready();
    write_block(buf, 512);
    ck_assert_uint_eq(wait_irq(), READY | DRQ);
    write_block(buf, 512);
    ck_assert_uint_eq(wait_irq(), READY | ERR);
    ck_assert_uint_eq(in(ATA_ERROR), 0x10);
    ck_assert_uint_eq(lba28(), DISK_SECTORS);
    ck_assert_mem_eq(buf, sector(0, DISK_SECTORS - 1), 512);
    task48(0xE0, UINT64_C(0xFFFFFFFFFFFF), 0xFFFF);
    command(0x24);
    ck_assert_uint_eq(wait_irq(), READY | ERR);
    ck_assert_uint_eq(in(ATA_ERROR), 0x10);
}
END_TEST

START_TEST(host_errors)
{
    b->medium[0].bad = 1003;
    task(0xE0, 1000, 8);
    command(0x20);
    for (unsigned n = 0; n < 3; n++) {
        ck_assert_uint_eq(wait_irq(), READY | DRQ);
        read_block(buf, 512);
    }
    ck_assert_uint_eq(wait_irq(), READY | ERR);
    ck_assert_uint_eq(in(ATA_ERROR), 0x40);
    ck_assert_uint_eq(lba28(), 1003);
    ck_assert_uint_eq(in(ATA_COUNT), 5);
    task(0xE0, 1000, 8);
    command(0xC4); /* no data, but the right address */
    ck_assert_uint_eq(wait_irq(), READY | ERR);
    ck_assert_uint_eq(in(ATA_ERROR), 0x40);
    ck_assert_uint_eq(lba28(), 1003);
    task(0xE0, 1002, 4);
    fill(4 * 512);
    command(0xC5);
    (void)wait_ready();
    write_block(buf, 4 * 512);
    ck_assert_uint_eq(wait_irq(), READY | ERR);
    ck_assert_uint_eq(in(ATA_ERROR), 0x04);
    ck_assert_uint_eq(lba28(), 1003);
    ck_assert_mem_eq(buf, sector(0, 1002), 512);
    b->medium[0].bad = 0;
    command(0xE7);
    ck_assert_uint_eq(wait_irq(), READY | ERR);
    ck_assert_uint_eq(in(ATA_ERROR), 0x04);
    b->medium[0].bad = UINT64_MAX;
    task(0xE0, 1000, 8);
    read_sectors(0x20, 8 * 512, 512);
}
END_TEST

START_TEST(read_only_disk)
{
    insert(b, 0, DRIVE_DISK, DISK_SECTORS, true);
    for (unsigned i = 0; i < 4; i++) {
        static const uint8_t codes[] = {0x30, 0xC5, 0xCA, 0x35};
        task(0xE0, 10, 1);
        command(codes[i]);
        ck_assert_uint_eq(wait_irq(), READY | ERR);
        ck_assert_uint_eq(in(ATA_ERROR), 0x04);
    }
    task(0xE0, 10, 1);
    read_sectors(0x20, 512, 512);
}
END_TEST

START_TEST(write_cache)
{
    fill(512);
    task(0xE0, 1, 1);
    write_sectors(0x30, 512, 512);
    ck_assert_uint_eq(b->medium[0].flushes, 0);
    command(0xEA);
    ck_assert_uint_eq(wait_irq(), READY);
    ck_assert_uint_eq(b->medium[0].flushes, 1);
    out(ATA_ERROR, 0x82); /* switching it off writes it out */
    command(0xEF);
    ck_assert_uint_eq(wait_irq(), READY);
    ck_assert_uint_eq(b->medium[0].flushes, 2);
    task(0xE0, 1, 1);
    write_sectors(0x30, 512, 512);
    ck_assert_uint_eq(b->medium[0].flushes, 3);
}
END_TEST

START_TEST(without_data)
{
    static const struct {
        uint8_t code, dev, count;
        uint32_t lba;
        uint8_t error;
    } t[] = {
        {0x10, 0xE0, 0, 0, 0},
        {0x1F, 0xE0, 0, 0, 0},
        {0x70, 0xE0, 0, DISK_SECTORS - 1, 0},
        {0x7F, 0xE0, 0, DISK_SECTORS, 0x10},
        {0x00, 0xE0, 0, 0, 0x04}, /* NOP always aborts */
        {0x08, 0xE0, 0, 0, 0x04}, /* DEVICE RESET is for packet devices */
        {0xA0, 0xE0, 0, 0, 0x04},
        {0xA1, 0xE0, 0, 0, 0x04},
        {0xB0, 0xE0, 0, 0xC24F00, 0x04},
        {0xE1, 0xE0, 0, 0, 0},
        {0xE3, 0xE0, 0, 0, 0},
        {0x95, 0xE0, 0, 0, 0},
        {0xFF, 0xE0, 0, 0, 0x04},
    };
    for (size_t i = 0; i < ARRAY_LEN(t); i++) {
        task(t[i].dev, t[i].lba, t[i].count);
        command(t[i].code);
        ck_assert_uint_eq(in(CONTROL)&BSY, BSY);
        uint8_t status = wait_irq();
        ck_assert_msg(status == (t[i].error ? (READY | ERR) : READY), "%02x: status %02x",
                      t[i].code, status);
        ck_assert_msg(in(ATA_ERROR) == t[i].error, "%02x", t[i].code);
    }
}
END_TEST

START_TEST(power)
{
    command(0xE5);
    ck_assert_uint_eq(wait_irq(), READY);
    ck_assert_uint_eq(in(ATA_COUNT), 0xFF);
    command(0xE0);
    ck_assert_uint_eq(wait_irq(), READY);
    command(0x98);
    ck_assert_uint_eq(wait_irq(), READY);
    ck_assert_uint_eq(in(ATA_COUNT), 0x00);
    task(0xE0, 9, 1);
    read_sectors(0x20, 512, 512); /* spins up */
    command(0xE5);
    (void)wait_irq();
    ck_assert_uint_eq(in(ATA_COUNT), 0xFF);
    command(0xE6);
    ck_assert_uint_eq(wait_irq(), READY);
    command(0xE5); /* asleep: only a reset wakes it */
    run(10 * MS);
    ck_assert(!irq());
    out(CONTROL, 0x04);
    out(CONTROL, 0x00);
    (void)wait_ready();
    command(0xE5);
    ck_assert_uint_eq(wait_irq(), READY);
}
END_TEST

START_TEST(native_max)
{
    task(0xE0, 0, 0);
    command(0xF8);
    ck_assert_uint_eq(wait_irq(), READY);
    ck_assert_uint_eq(lba28(), DISK_SECTORS - 1);
    command(0x27);
    ck_assert_uint_eq(wait_irq(), READY);
    ck_assert_uint_eq(lba28() & 0xFFFFFF, DISK_SECTORS - 1);
    task(0xA0, 0, 0);
    command(0xF8);
    ck_assert_uint_eq(wait_irq(), READY | ERR);
}
END_TEST

/* ATA-4 9.4: settings go back with SRST unless SET FEATURES 66h said otherwise. */
START_TEST(settings_and_reset)
{
    for (int keep = 0; keep < 2; keep++) {
        out(ATA_ERROR, keep ? 0x66 : 0xCC);
        command(0xEF);
        ck_assert_uint_eq(wait_irq(), READY);
        out(ATA_COUNT, 2);
        command(0xC6);
        (void)wait_irq();
        out(ATA_ERROR, 0x03);
        out(ATA_COUNT, 0x22);
        command(0xEF);
        (void)wait_irq();
        out(CONTROL, 0x04);
        out(CONTROL, 0x00);
        (void)wait_ready();
        identify(0xEC);
        ck_assert_uint_eq(word(59), keep ? 0x0102 : 0x0110);
        ck_assert_uint_eq(word(63), 0x0407); /* transfer modes survive SRST in any case */
    }
}
END_TEST

/* --- odd accesses ------------------------------------------------------------------------ */

START_TEST(widths_of_the_data_port)
{
    task(0xE0, 50, 1);
    command(0x20);
    (void)wait_irq();
    const uint8_t *s = sector(0, 50);
    struct bus *bus = &b->fx.board.bus;
    ck_assert_uint_eq(bus_in(bus, PRIMARY, 4), load_le32(s));
    ck_assert_uint_eq(bus_in(bus, PRIMARY, 2), load_le16(s + 4));
    ck_assert_uint_eq(bus_in(bus, PRIMARY, 1), s[6]); /* a word goes by all the same */
    ck_assert_uint_eq(bus_in(bus, PRIMARY, 2), load_le16(s + 8));
    for (unsigned i = 10; i < 512; i += 2) {
        ck_assert_uint_eq(data_in(), load_le16(s + i));
    }
    ck_assert_uint_eq(wait_ready(), READY);
    ck_assert_uint_eq(data_in(), 0xFF7F); /* nobody drives the bus */
    ck_assert_uint_eq(bus_in(bus, PRIMARY + 2, 2), in(2) | in(3) << 8);
}
END_TEST

START_TEST(block_half_read)
{
    task(0xE0, 60, 2);
    command(0x20);
    (void)wait_irq();
    (void)data_in();
    out(ATA_LOW, 99); /* DRQ: the registers do not take it */
    ck_assert_uint_eq(in(ATA_LOW), 60);
    command(0xEC); /* nor a command */
    run(10 * MS);
    ck_assert_uint_eq(in(CONTROL), READY | DRQ);
    ck_assert_uint_eq(data_in(), load_le16(sector(0, 60) + 2));
    out(CONTROL, 0x04); /* but SRST ends everything */
    out(CONTROL, 0x00);
    ck_assert_uint_eq(wait_ready(), READY);
    identify(0xEC);
    ck_assert_uint_eq(word(3), 16);
}
END_TEST

START_TEST(commands_while_busy)
{
    task(0xE0, 70, 1);
    command(0x20);
    ck_assert_uint_eq(in(CONTROL)&BSY, BSY);
    command(0x30);
    out(ATA_LOW, 1);
    ck_assert_uint_eq(wait_irq(), READY | DRQ);
    read_block(buf, 512);
    ck_assert_mem_eq(buf, sector(0, 70), 512);
    data_out(0x1234); /* no DRQ */
    ck_assert_uint_eq(in(CONTROL), READY);
}
END_TEST

START_TEST(schema)
{
    struct error err;
    ck_assert_msg(state_coverage(b->ide->cls->state, &err) == 0, "%s", err.text);
    ck_assert_msg(state_coverage(&ata_channel_schema, &err) == 0, "%s", err.text);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("ata");
    TCase *tc = tcase_create("ata");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, signatures_after_reset);
    tcase_add_test(tc, diagnostic_interrupts);
    tcase_add_test(tc, absent_slave);
    tcase_add_test(tc, absent_master_and_empty_channel);
    tcase_add_test(tc, two_devices);
    tcase_add_test(tc, nien_gates_the_line);
    tcase_add_test(tc, decode_enable);
    tcase_add_test(tc, registers_two_deep);
    tcase_add_test(tc, identify_device);
    tcase_add_test(tc, set_features);
    tcase_add_test(tc, translation);
    tcase_add_test(tc, read_and_write_sectors);
    tcase_add_test(tc, counts_of_zero);
    tcase_add_test(tc, multiple);
    tcase_add_test(tc, write_ext_and_verify);
    tcase_add_test(tc, past_the_end);
    tcase_add_test(tc, host_errors);
    tcase_add_test(tc, read_only_disk);
    tcase_add_test(tc, write_cache);
    tcase_add_test(tc, without_data);
    tcase_add_test(tc, power);
    tcase_add_test(tc, native_max);
    tcase_add_test(tc, settings_and_reset);
    tcase_add_test(tc, widths_of_the_data_port);
    tcase_add_test(tc, block_half_read);
    tcase_add_test(tc, commands_while_busy);
    tcase_add_test(tc, schema);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
