/* test_vga_pci.c -- the VGA as a PCI function: frame buffer, expansion ROM. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "devices/chips.h"
#include "devices/pci.h"
#include "devices/vga.h"
#include "tests/support/board_fixture.h"
#include "tests/support/vga_modes.h"

enum { VGA = PCI_DEVFN(2, 0) };
#define LFB  UINT32_C(0xFD000000)
#define REGS UINT32_C(0xFEBF8000)
#define ROM  UINT32_C(0xFEBF0000)
static const struct slot bridge = {&i440fx_class, 0xCF8, -1, -1};
static const struct slot slot = {&vga_class, 0x3B0, -1, -1};
static struct fixture fx;
static struct device *dev;
static uint8_t rom[0x1000];

static void setup(void)
{
    fixture_init(&fx);
    phys_unmap(fx.board.phys, 0xA0000, 0x60000);
    fixture_attach(&fx, &bridge);
    memcpy(rom, "\x55\xAA", 2);
    fx.board.vgabios = rom;
    fx.board.vgabios_size = sizeof rom;
    dev = fixture_attach(&fx, &slot);
}

static void teardown(void)
{
    fixture_free(&fx);
}

static uint32_t conf_in(uint8_t reg)
{
    bus_out(&fx.board.bus, 0xCF8, 0x80000000u | VGA << 8 | reg, 4);
    return bus_in(&fx.board.bus, 0xCFC, 4);
}

static void conf_out(uint8_t reg, uint32_t val)
{
    bus_out(&fx.board.bus, 0xCF8, 0x80000000u | VGA << 8 | reg, 4);
    bus_out(&fx.board.bus, 0xCFC, val, 4);
}

static struct ram *vram(void)
{
    return phys_main_ram(fx.board.phys)->next;
}

START_TEST(test_identity)
{
    ck_assert_uint_eq(conf_in(0x00), 0x11111234);
    ck_assert_uint_eq(conf_in(0x08) >> 8, 0x030000);
    ck_assert_uint_eq(conf_in(0x10), 8); /* memory, 32 bits, prefetchable */
    conf_out(0x10, UINT32_MAX);
    ck_assert_uint_eq(conf_in(0x10), 0xFF000008); /* 16 MiB */
    conf_out(0x30, UINT32_MAX);
    ck_assert_uint_eq(conf_in(0x30), 0xFFFFF001);
    ck_assert_uint_eq(conf_in(0x14), 0);
    conf_out(0x14, UINT32_MAX);
    ck_assert_uint_eq(conf_in(0x14), 0);
    conf_out(0x18, UINT32_MAX);
    ck_assert_uint_eq(conf_in(0x18), 0xFFFFF000);
}
END_TEST

START_TEST(test_frame_buffer)
{
    struct phys *ph = fx.board.phys;
    conf_out(0x10, LFB);
    ck_assert_uint_eq(phys_read(ph, LFB, 4), UINT32_MAX);
    conf_out(PCI_COMMAND, PCI_COMMAND_MEMORY);
    ck_assert_uint_eq(phys_read(ph, LFB, 4), 0);
    ck_assert_ptr_eq(phys_page(ph, LFB + 0xFFF000).rd, vram()->bytes + 0xFFF000);
    (void)ram_hash(ph, vram());
    ram_clean(ph, vram(), DIRTY_SCREEN);
    ck_assert_ptr_null(phys_page(ph, LFB + 0x5000).wr); /* the next store is seen */
    phys_write(ph, LFB + 0x5004, 0x12345678, 4);
    ck_assert_uint_eq(load_le32(vram()->bytes + 0x5004), 0x12345678);
    ck_assert_uint_eq(vram()->dirty[5], DIRTY_ALL);
    ck_assert_uint_eq(vram()->dirty[6] & (DIRTY_SCREEN | DIRTY_HASH), 0);
    ck_assert_ptr_eq(phys_page(ph, LFB + 0x5000).wr, vram()->bytes + 0x5000);
    board_reset(&fx.board, RESET_HARD);
    ck_assert_uint_eq(phys_read(ph, LFB + 0x5004, 4), UINT32_MAX);
    ck_assert_uint_eq(load_le32(vram()->bytes + 0x5004), 0x12345678);
}
END_TEST

/* BAR 2: QEMU docs/specs/standard-vga. */
START_TEST(test_registers)
{
    struct phys *ph = fx.board.phys;
    conf_out(0x18, REGS);
    conf_out(PCI_COMMAND, PCI_COMMAND_MEMORY);
    phys_write(ph, REGS + 0x402, 0x01, 1); /* 3C2h: the CRTC is at 3D4h */
    ck_assert_uint_eq(phys_read(ph, REGS + 0x40C, 1), 0x01);
    phys_write(ph, REGS + 0x414, 0x5A0E, 2); /* index and data in one word */
    ck_assert_uint_eq(vga_crtc_in(&fx, 0x0E), 0x5A);
    ck_assert_uint_eq(phys_read(ph, REGS + 0x414, 2), 0x5A0E);
    ck_assert_uint_eq(phys_read(ph, REGS + 0x41E, 4), UINT32_MAX); /* would be port 3E0h, too */

    ck_assert_uint_eq(phys_read(ph, REGS + 0x500, 2), 0xB0C5);
    phys_write(ph, REGS + 0x502, 1024, 2);
    phys_write(ph, REGS + 0x504, 768 | 32 << 16, 4); /* YRES and BPP */
    phys_write(ph, REGS + 0x508, 0x41, 1);           /* half a register */
    ck_assert_uint_eq(phys_read(ph, REGS + 0x508, 2), 0);
    phys_write(ph, REGS + 0x508, 0x41, 2);
    ck_assert_uint_eq(phys_read(ph, REGS + 0x506, 4), 32 | 0x41 << 16);
    ck_assert_uint_eq(phys_read(ph, REGS + 0x514, 2), 0x100); /* 16 MiB */
    ck_assert_uint_eq(phys_read(ph, REGS + 0x515, 1), 0x01);
    bus_out(&fx.board.bus, 0x1CE, 6, 2);
    ck_assert_uint_eq(bus_in(&fx.board.bus, 0x1D0, 2), 1024);

    ck_assert_uint_eq(phys_read(ph, REGS + 0x600, 4), 8);
    ck_assert_uint_eq(phys_read(ph, REGS + 0x604, 4), 0x1E1E1E1E);
    phys_write(ph, REGS + 0x604, 0xBEBEBEBE, 4);
    ck_assert_uint_eq(phys_read(ph, REGS + 0x604, 4), 0x1E1E1E1E);
    ck_assert_uint_eq(phys_read(ph, REGS + 0x608, 4), UINT32_MAX);
    ck_assert_uint_eq(phys_read(ph, REGS + 0xFFC, 4), UINT32_MAX);
}
END_TEST

/* VESA E-EDID: header, sum, and the detailed timing that the monitor prefers (DMT 1024x768). */
START_TEST(test_monitor)
{
    static const uint8_t header[8] = {0, 255, 255, 255, 255, 255, 255, 0};
    uint8_t edid[256], sum = 0;
    conf_out(0x18, REGS);
    conf_out(PCI_COMMAND, PCI_COMMAND_MEMORY);
    for (unsigned n = 0; n < sizeof edid; n++) {
        edid[n] = (uint8_t)phys_read(fx.board.phys, REGS + n, 1);
        sum = (uint8_t)(sum + edid[n]);
    }
    ck_assert(memcmp(edid, header, 8) == 0);
    ck_assert_uint_eq(sum, 0);
    ck_assert_uint_eq(edid[18], 1);
    ck_assert_uint_eq(edid[126], 0);    /* no extension */
    ck_assert_uint_eq(edid[24] & 2, 2); /* the first detailed timing is preferred */
    const uint8_t *t = edid + 54;
    ck_assert_uint_eq(load_le16(t), 6500); /* 65 MHz */
    ck_assert_uint_eq(t[2] | (t[4] & 0xF0) << 4, 1024);
    ck_assert_uint_eq(t[3] | (t[4] & 0x0F) << 8, 1344 - 1024);
    ck_assert_uint_eq(t[5] | (t[7] & 0xF0) << 4, 768);
    ck_assert_uint_eq(t[6] | (t[7] & 0x0F) << 8, 806 - 768);
    ck_assert_uint_eq(t[8], 24);
    ck_assert_uint_eq(t[9], 136);
    ck_assert_uint_eq(t[10], 3 << 4 | 6);
    ck_assert_uint_eq(phys_read(fx.board.phys, REGS, 4), 0xFFFFFF00);
    ck_assert_uint_eq(phys_read(fx.board.phys, REGS + 0x3FC, 4), 0);
}
END_TEST

/* Text through the frame buffer: plane 0 is the codes, plane 1 the attributes. */
START_TEST(test_screen_through_frame_buffer)
{
    static struct screen sc;
    vga_set_mode(&fx, &vga_mode_03);
    conf_out(0x10, LFB);
    conf_out(PCI_COMMAND, PCI_COMMAND_MEMORY);
    /* Odd/even: the character of cell n is plane 0 at address 2n. */
    phys_write(fx.board.phys, LFB + 4 * 2 * 81, 'T' | 0x1E << 8, 2);
    vga_get_screen(dev, &sc);
    ck_assert(sc.text);
    ck_assert_uint_eq(sc.cells[81][0], 'T');
    ck_assert_uint_eq(sc.cells[81][1], 0x1E);
}
END_TEST

START_TEST(test_rom)
{
    conf_out(PCI_COMMAND, PCI_COMMAND_MEMORY);
    conf_out(0x30, ROM | 1);
    ck_assert_uint_eq(phys_read(fx.board.phys, ROM, 2), 0xAA55);
    phys_write(fx.board.phys, ROM, 0, 2);
    ck_assert_uint_eq(phys_read(fx.board.phys, ROM, 2), 0xAA55);
    conf_out(0x30, ROM);
    ck_assert_uint_eq(phys_read(fx.board.phys, ROM, 2), 0xFFFF);
}
END_TEST

START_TEST(test_without_rom)
{
    struct fixture fy;
    fixture_init(&fy);
    phys_unmap(fy.board.phys, 0xA0000, 0x60000);
    fixture_attach(&fy, &bridge);
    fixture_attach(&fy, &slot);
    bus_out(&fy.board.bus, 0xCF8, 0x80001030, 4);
    bus_out(&fy.board.bus, 0xCFC, UINT32_MAX, 4);
    ck_assert_uint_eq(bus_in(&fy.board.bus, 0xCFC, 4), 0);
    fixture_free(&fy);
}
END_TEST

START_TEST(test_whose_rom)
{
    static uint8_t bytes[512] = {0x55, 0xAA, 1,    [0x18] = 0x40, [0x40] = 'P', 'C',
                                 'I',  'R',  0x34, 0x12,          0x11,         0x11};
    ck_assert(vga_is_own_rom(bytes, sizeof bytes));
    bytes[0x46] = 0x12; /* another device's */
    ck_assert(!vga_is_own_rom(bytes, sizeof bytes));
    bytes[0x46] = 0x11;
    bytes[0x43] = 'X';
    ck_assert(!vga_is_own_rom(bytes, sizeof bytes));
    bytes[0x43] = 'R';
    ck_assert(!vga_is_own_rom(bytes, 0x57)); /* cut off */
    ck_assert(vga_is_own_rom(bytes, 0x58));
    ck_assert(!vga_is_own_rom(bytes, 0x10));
    bytes[0x18] = bytes[0x19] = 0xFF; /* points out of it */
    ck_assert(!vga_is_own_rom(bytes, sizeof bytes));
}
END_TEST

START_TEST(test_save_load)
{
    struct fixture fy;
    fixture_init(&fy);
    phys_unmap(fy.board.phys, 0xA0000, 0x60000);
    fixture_attach(&fy, &bridge);
    struct device *other = fixture_attach(&fy, &slot);
    conf_out(0x10, LFB);
    conf_out(PCI_COMMAND, PCI_COMMAND_MEMORY);
    fixture_clone(dev, other);
    pci_map(&fy.board);
    ck_assert_uint_eq(phys_read(fy.board.phys, LFB, 4), 0);
    fixture_free(&fy);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("vga_pci");
    TCase *t = tcase_create("vga_pci");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, test_identity);
    tcase_add_test(t, test_frame_buffer);
    tcase_add_test(t, test_registers);
    tcase_add_test(t, test_monitor);
    tcase_add_test(t, test_screen_through_frame_buffer);
    tcase_add_test(t, test_rom);
    tcase_add_test(t, test_without_rom);
    tcase_add_test(t, test_whose_rom);
    tcase_add_test(t, test_save_load);
    suite_add_tcase(s, t);
    SRunner *sr = srunner_create(s);
    srunner_set_fork_status(sr, CK_NOFORK);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
