/* test_fw_cfg.c -- the firmware configuration device, read the way SeaBIOS reads it. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "devices/chips.h"
#include "tests/support/board_fixture.h"

static const struct slot slot = {&fw_cfg_class, 0x510, -1, -1};
static struct fixture fx;
static struct device *dev;

static void add(const char *name, const char *text)
{
    uint8_t *bytes = malloc(strlen(text) + 1);
    memcpy(bytes, text, strlen(text) + 1);
    ck_assert_int_eq(board_add_firmware(&fx.board, name, bytes, (uint32_t)strlen(text)), 0);
}

static void setup(void)
{
    fixture_init(&fx);
    fx.board.config.ram_bytes = 48 << 20;
    strcpy(fx.board.config.boot_order, "adc");
    fx.board.config.boot_menu = true;
    fx.board.bios_size = 0x40000;
    fx.board.drive[DRIVE_FDA].kind = DRIVE_FLOPPY;
    fx.board.drive[DRIVE_HDB].kind = DRIVE_DISK;
    fx.board.drive[DRIVE_HDC].kind = DRIVE_CDROM;
    add("vgaroms/vgabios.bin", "video");
    add("genroms/a-name-that-is-far-too-long-for-the-directory-of-this-device.bin", "long");
    dev = fixture_attach(&fx, &slot);
}

static void teardown(void)
{
    fixture_free(&fx);
}

static void select_item(uint16_t item)
{
    bus_out(&fx.board.bus, 0x510, item, 2);
}

static uint32_t be(unsigned n)
{
    uint32_t v = 0;
    while (n--) {
        v = v << 8 | fixture_in(&fx, 0x511);
    }
    return v;
}

static uint64_t le(unsigned n)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < n; i++) {
        v |= (uint64_t)fixture_in(&fx, 0x511) << 8 * i;
    }
    return v;
}

/* Reads a file whole through the directory; returns its size, or -1. */
static int file(const char *name, uint8_t *out, unsigned room)
{
    select_item(0x19);
    uint32_t count = be(4);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t size = be(4);
        uint16_t item = (uint16_t)be(2);
        char entry[56];
        ck_assert_uint_eq(be(2), 0);
        for (unsigned n = 0; n < sizeof entry; n++) {
            entry[n] = (char)fixture_in(&fx, 0x511);
        }
        ck_assert_int_eq(entry[55], 0);
        if (strcmp(entry, name) != 0) {
            continue;
        }
        select_item(item);
        for (unsigned n = 0; n < size && n < room; n++) {
            out[n] = fixture_in(&fx, 0x511);
        }
        ck_assert_uint_eq(fixture_in(&fx, 0x511), 0); /* past the end */
        return (int)size;
    }
    return -1;
}

START_TEST(test_items)
{
    select_item(0);
    ck_assert_uint_eq(le(4), 0x554D4551); /* QEMU */
    ck_assert_uint_eq(le(4), 0);
    select_item(1);
    ck_assert_uint_eq(le(4), 1);
    select_item(3);
    ck_assert_uint_eq(le(8), 48 << 20);
    select_item(5);
    ck_assert_uint_eq(le(2), 1);
    select_item(0x0E);
    ck_assert_uint_eq(le(2), 1);
    select_item(0x0F);
    ck_assert_uint_eq(le(4), 1);
    select_item(2);
    ck_assert_uint_eq(le(8), 0);
    for (unsigned item = 0x8000; item < 0x8004; item++) {
        select_item((uint16_t)item);
        ck_assert_uint_eq(le(8),
                          item == 0x8002); /* the timer's I/O APIC pin; the others absent */
    }
    select_item(0xFFFF);
    ck_assert_uint_eq(le(8), 0);
}
END_TEST

START_TEST(test_directory_is_sorted)
{
    select_item(0x19);
    uint32_t count = be(4);
    ck_assert_uint_eq(count, 7);
    char last[57] = "";
    for (uint32_t i = 0; i < count; i++) {
        char name[57] = "";
        (void)be(4);
        ck_assert_uint_eq(be(4), (0x20 + i) << 16);
        for (unsigned n = 0; n < 56; n++) {
            name[n] = (char)fixture_in(&fx, 0x511);
        }
        ck_assert_int_lt(strcmp(last, name), 0);
        strcpy(last, name);
    }
    ck_assert_uint_eq(fixture_in(&fx, 0x511), 0);
}
END_TEST

START_TEST(test_files)
{
    uint8_t buf[256];
    ck_assert_int_eq(file("vgaroms/vgabios.bin", buf, sizeof buf), 5);
    ck_assert_mem_eq(buf, "video", 5);
    ck_assert_int_eq(file("etc/show-boot-menu", buf, sizeof buf), 2);
    ck_assert_uint_eq(load_le16(buf), 1);
    ck_assert_int_eq(file("etc/boot-menu-wait", buf, sizeof buf), 4);
    ck_assert_uint_gt(load_le32(buf), 0);
    ck_assert_int_eq(file("etc/system-states", buf, sizeof buf), 6);
    ck_assert_mem_eq(buf, "\x80\0\0\x01\x80\x80", 6); /* S0, S4 and S5 alone */
    ck_assert_int_eq(file("etc/table-loader", buf, sizeof buf), -1);
    ck_assert_int_eq(file("etc/e820", buf, sizeof buf), 40);
    ck_assert_uint_eq(load_le64(buf), 0);
    ck_assert_uint_eq(load_le64(buf + 8), 48 << 20);
    ck_assert_uint_eq(load_le32(buf + 16), 1);
    ck_assert_uint_eq(load_le64(buf + 20), 0xFFFC0000);
    ck_assert_uint_eq(load_le64(buf + 28), 0x40000);
    ck_assert_uint_eq(load_le32(buf + 36), 2);
}
END_TEST

START_TEST(test_bootorder)
{
    char buf[256];
    int n = file("bootorder", (uint8_t *)buf, sizeof buf);
    ck_assert_int_gt(n, 0);
    ck_assert_int_eq(buf[n - 1], 0);
    ck_assert_str_eq(buf, "/rom@genroms/a-name-that-is-far-too-long-for-the-directory-o\n"
                          "/pci@i0cf8/isa@1/fdc@03f0/floppy@0\n"
                          "/pci@i0cf8/ide@1,1/drive@1/disk@0\n"
                          "/pci@i0cf8/ide@1,1/drive@0/disk@1");
}
END_TEST

START_TEST(test_odd_accesses)
{
    select_item(0);
    fixture_out(&fx, 0x511, 'x'); /* no writing */
    fixture_out(&fx, 0x510, 3);   /* the selector takes words */
    ck_assert_uint_eq(le(4), 0x554D4551);
    ck_assert_uint_eq(bus_in(&fx.board.bus, 0x510, 2), 0xFFFF);
    bus_out(&fx.board.bus, 0x510, 0, 4);
    (void)bus_in(&fx.board.bus, 0x511, 4);
    ck_assert_uint_eq(bus_in(&fx.board.bus, 0x514, 4), 0xFFFFFFFF); /* no DMA interface */
}
END_TEST

START_TEST(test_reset_and_state)
{
    struct error err;
    ck_assert_msg(state_coverage(fw_cfg_class.state, &err) == 0, "%s", err.text);
    struct fixture fy;
    fixture_init(&fy);
    struct device *other = fixture_attach(&fy, &slot);
    select_item(0);
    (void)le(2);
    fixture_clone(dev, other);
    ck_assert_uint_eq(bus_in(&fy.board.bus, 0x511, 1), 'M');
    fixture_free(&fy);
    select_item(0x19);
    (void)le(8);
    board_reset(&fx.board, RESET_HARD);
    ck_assert_uint_eq(le(4), 0x554D4551);
}
END_TEST

START_TEST(test_random_traffic)
{
    uint64_t seed = 3;
    for (int i = 0; i < 50000; i++) {
        uint32_t v = test_random(&seed);
        uint16_t port = (uint16_t)(0x50E + v % 6);
        unsigned size = 1u << (v >> 8) % 3;
        if (v >> 16 & 1) {
            bus_out(&fx.board.bus, port, test_random(&seed) >> (v >> 20) % 32, size);
        } else {
            (void)bus_in(&fx.board.bus, port, size);
        }
    }
    select_item(0);
    ck_assert_uint_eq(le(4), 0x554D4551);
}
END_TEST

START_TEST(test_too_many_files)
{
    struct fixture fy;
    struct error err;
    fixture_init(&fy);
    for (int i = 0; i < FIRMWARE_FILES; i++) {
        ck_assert_int_eq(board_add_firmware(&fy.board, "x", malloc(1), 1), 0);
    }
    ck_assert_int_eq(board_add_firmware(&fy.board, "x", malloc(1), 1), -1);
    ck_assert_ptr_null(device_attach(&fy.board, &slot, &err));
    ck_assert_uint_eq(bus_in(&fy.board.bus, 0x511, 1), 0xFF); /* nothing is left behind */
    fixture_free(&fy);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("fw_cfg");
    TCase *t = tcase_create("fw_cfg");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, test_items);
    tcase_add_test(t, test_directory_is_sorted);
    tcase_add_test(t, test_files);
    tcase_add_test(t, test_bootorder);
    tcase_add_test(t, test_odd_accesses);
    tcase_add_test(t, test_reset_and_state);
    tcase_add_test(t, test_random_traffic);
    tcase_add_test(t, test_too_many_files);
    suite_add_tcase(s, t);
    SRunner *sr = srunner_create(s);
    srunner_set_fork_status(sr, CK_NOFORK);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
