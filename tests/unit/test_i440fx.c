/* test_i440fx.c -- host bridge: configuration mechanism 1, PAM, SMRAM's lock, CF9h. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "devices/chips.h"
#include "devices/pci.h"
#include "tests/support/board_fixture.h"

static const struct slot slot = {&i440fx_class, 0xCF8, -1, -1};
static struct fixture fx;
static struct device *dev;
static uint8_t rom[0x10000]; /* 64 KiB: F0000-FFFFF */

static void setup(void)
{
    fixture_init(&fx);
    for (unsigned i = 0; i < sizeof rom; i++) {
        rom[i] = (uint8_t)(0x80 | i >> 8);
    }
    fx.board.bios = rom;
    fx.board.bios_size = sizeof rom;
    dev = fixture_attach(&fx, &slot);
}

static void teardown(void)
{
    fixture_free(&fx);
}

static uint32_t in32(uint16_t port)
{
    return bus_in(&fx.board.bus, port, 4);
}

static void out32(uint16_t port, uint32_t v)
{
    bus_out(&fx.board.bus, port, v, 4);
}

static uint8_t conf_read(unsigned devfn, uint8_t reg)
{
    out32(0xCF8, 0x80000000u | devfn << 8 | (reg & 0xFCu));
    return fixture_in(&fx, (uint16_t)(0xCFC + (reg & 3)));
}

static void conf_write(unsigned devfn, uint8_t reg, uint8_t v)
{
    out32(0xCF8, 0x80000000u | devfn << 8 | (reg & 0xFCu));
    fixture_out(&fx, (uint16_t)(0xCFC + (reg & 3)), v);
}

START_TEST(test_identity)
{
    out32(0xCF8, 0x80000000u);
    ck_assert_uint_eq(in32(0xCF8), 0x80000000u); /* how software finds mechanism 1 */
    ck_assert_uint_eq(in32(0xCFC), 0x12378086);
    ck_assert_uint_eq(bus_in(&fx.board.bus, 0xCFE, 2), 0x1237);
    ck_assert_uint_eq(fixture_in(&fx, 0xCFD), 0x80);
    out32(0xCF8, 0x80000008u);
    ck_assert_uint_eq(in32(0xCFC), 0x06000002);
    out32(0xCF8, 0x8000002Cu);
    ck_assert_uint_eq(in32(0xCFC), 0x11001AF4);
    out32(0xCFC, 0); /* read-only */
    ck_assert_uint_eq(in32(0xCFC), 0x11001AF4);
}
END_TEST

START_TEST(test_nobody_and_disabled)
{
    out32(0xCF8, 0x80000800u); /* 00:01.0 */
    ck_assert_uint_eq(in32(0xCFC), 0xFFFFFFFF);
    out32(0xCFC, 0x12345678);
    out32(0xCF8, 0x80010000u); /* bus 1 */
    ck_assert_uint_eq(in32(0xCFC), 0xFFFFFFFF);
    out32(0xCF8, 0x00000000u); /* disabled */
    ck_assert_uint_eq(in32(0xCFC), 0xFFFFFFFF);
    out32(0xCF8, 0x00000058u);
    out32(0xCFC, 0xFFFFFFFF);
    ck_assert_uint_eq(conf_read(0, 0x59), 0);
}
END_TEST

START_TEST(test_address_register)
{
    out32(0xCF8, 0xFFFFFFFF);
    ck_assert_uint_eq(in32(0xCF8), 0x80FFFFFC);
    /* Only dwords reach it; narrower accesses are ordinary I/O. */
    bus_out(&fx.board.bus, 0xCF8, 0x0000, 2);
    fixture_out(&fx, 0xCF8, 0);
    fixture_out(&fx, 0xCFB, 0);
    ck_assert_uint_eq(in32(0xCF8), 0x80FFFFFC);
    ck_assert_uint_eq(fixture_in(&fx, 0xCF8), 0xFF);
    ck_assert_uint_eq(bus_in(&fx.board.bus, 0xCFA, 2), 0xFFFF);
}
END_TEST

/* 1 MiB is less than a row's smallest step. */
START_TEST(test_row_boundaries)
{
    for (uint8_t reg = 0x60; reg < 0x68; reg++) {
        ck_assert_uint_eq(conf_read(0, reg), 1);
    }
}
END_TEST

START_TEST(test_masks)
{
    conf_write(0, PCI_COMMAND, 0xFF);
    ck_assert_uint_eq(conf_read(0, PCI_COMMAND), 0x46); /* bits 1 and 2 are hardwired */
    conf_write(0, 0x59, 0xFF);
    ck_assert_uint_eq(conf_read(0, 0x59), 0x30);
    conf_write(0, 0x5A, 0xFF);
    ck_assert_uint_eq(conf_read(0, 0x5A), 0x33);
}
END_TEST

static uint8_t peek(uint32_t pa)
{
    return (uint8_t)phys_read(fx.board.phys, pa, 1);
}

static void poke(uint32_t pa, uint8_t v)
{
    phys_write(fx.board.phys, pa, v, 1);
}

START_TEST(test_pam_at_reset)
{
    uint8_t *ram = phys_main_ram(fx.board.phys)->bytes;
    ram[0xC0000] = 1;
    ram[0xFFFF0] = 1;
    ck_assert_uint_eq(peek(0xC0000), 0xFF);
    ck_assert_uint_eq(peek(0xEFFFF), 0xFF); /* this ROM has 64 KiB */
    ck_assert_uint_eq(peek(0xF0000), 0x80);
    ck_assert_uint_eq(peek(0xFFFF0), 0xFF);
    poke(0xF0000, 0x55);
    poke(0xC0000, 0x55);
    ck_assert_uint_eq(peek(0xF0000), 0x80);
    ck_assert_uint_eq(ram[0xC0000], 1);
    ck_assert_uint_eq(ram[0xF0000], 0);
}
END_TEST

/* Every 16 KiB piece of C0000-EFFFF under each of the four settings, neighbours untouched. */
START_TEST(test_pam_pieces)
{
    uint8_t *ram = phys_main_ram(fx.board.phys)->bytes;
    uint8_t reg = (uint8_t)(0x5A + _i / 2);
    unsigned shift = _i & 1 ? 4 : 0;
    uint32_t pa = 0xC0000u + (unsigned)_i * 0x4000u;
    for (unsigned bits = 0; bits < 4; bits++) {
        ram[pa] = ram[pa + 0x3FFF] = 0x11;
        conf_write(0, reg, (uint8_t)(bits << shift));
        ck_assert_uint_eq(peek(pa), bits & 1 ? 0x11 : 0xFF);
        ck_assert_uint_eq(peek(pa + 0x3FFF), bits & 1 ? 0x11 : 0xFF);
        poke(pa, 0x22);
        ck_assert_uint_eq(ram[pa], bits & 2 ? 0x22 : 0x11);
        if (_i < 11) {
            ck_assert_uint_eq(peek(pa + 0x4000), 0xFF);
        }
        if (_i > 0) {
            ck_assert_uint_eq(peek(pa - 1), 0xFF);
        }
    }
}
END_TEST

START_TEST(test_pam_bios_shadow)
{
    uint8_t *ram = phys_main_ram(fx.board.phys)->bytes;
    conf_write(0, 0x59, 0x20); /* reads ROM, writes RAM: the classic copy onto itself */
    poke(0xF1234, peek(0xF1234));
    ck_assert_uint_eq(ram[0xF1234], rom[0x1234]);
    poke(0xF1235, 0x77);
    ck_assert_uint_eq(peek(0xF1235), rom[0x1235]);
    conf_write(0, 0x59, 0x10); /* reads RAM, locked */
    ck_assert_uint_eq(peek(0xF1235), 0x77);
    poke(0xF1235, 0x66);
    ck_assert_uint_eq(peek(0xF1235), 0x77);
    out32(0xCF8, 0x80000058u); /* one dword over PAM0 and PAM1, as SeaBIOS does it */
    out32(0xCFC, 0x33333000u | (in32(0xCFC) & 0xFF));
    poke(0xF1235, 0x66);
    ck_assert_uint_eq(peek(0xF1235), 0x66);
    poke(0xC4000, 0x44);
    ck_assert_uint_eq(peek(0xC4000), 0x44);
}
END_TEST

START_TEST(test_reset_restores_rom)
{
    conf_write(0, 0x59, 0x30);
    poke(0xF0000, 0x12);
    ck_assert_uint_eq(peek(0xF0000), 0x12);
    board_reset(&fx.board, RESET_HARD);
    ck_assert_uint_eq(peek(0xF0000), 0x80);
    ck_assert_uint_eq(conf_read(0, 0x59), 0);
    ck_assert_uint_eq(phys_main_ram(fx.board.phys)->bytes[0xF0000], 0x12); /* RAM is kept */
}
END_TEST

START_TEST(test_smram_lock)
{
    ck_assert_uint_eq(conf_read(0, 0x72), 0x02);
    conf_write(0, 0x72, 0x48);
    ck_assert_uint_eq(conf_read(0, 0x72), 0x4A);
    ck_assert_ptr_nonnull(strstr(fx.notes, "SMRAM"));
    conf_write(0, 0x72, 0x58); /* D_LCK closes D_OPEN … */
    ck_assert_uint_eq(conf_read(0, 0x72), 0x1A);
    conf_write(0, 0x72, 0x60); /* … for good; D_CLS remains free */
    ck_assert_uint_eq(conf_read(0, 0x72), 0x3A);
    board_reset(&fx.board, RESET_HARD);
    conf_write(0, 0x72, 0x40);
    ck_assert_uint_eq(conf_read(0, 0x72), 0x42);
}
END_TEST

START_TEST(test_reset_control)
{
    fixture_out(&fx, 0xCF9, 0x02);
    ck_assert_uint_eq(fx.power_events, 0);
    ck_assert_uint_eq(fixture_in(&fx, 0xCF9), 0x02);
    fixture_out(&fx, 0xCF9, 0x06);
    ck_assert_uint_eq(fx.power_events, 1);
    ck_assert_int_eq(fx.power_what, POWER_RESET);
    fixture_out(&fx, 0xCF9, 0x06); /* no edge */
    ck_assert_uint_eq(fx.power_events, 1);
    fixture_out(&fx, 0xCF9, 0x00);
    fixture_out(&fx, 0xCF9, 0x04); /* soft: the processor alone */
    ck_assert_uint_eq(fx.power_events, 2);
    ck_assert_int_eq(fx.power_what, POWER_INIT);
    out32(0xCF8, 0x80000600u); /* a configuration address is no reset */
    out32(0xCF8, 0x80000000u);
    out32(0xCF8, 0x80000600u);
    ck_assert_uint_eq(fx.power_events, 2);
}
END_TEST

START_TEST(test_save_load)
{
    struct fixture fy;
    struct error err;
    ck_assert_msg(state_coverage(i440fx_class.state, &err) == 0, "%s", err.text);
    ck_assert_msg(state_coverage(&pci_bus_schema, &err) == 0, "%s", err.text);
    ck_assert_msg(state_coverage(&pci_function_schema, &err) == 0, "%s", err.text);
    fixture_init(&fy);
    struct device *other = fixture_attach(&fy, &slot);
    conf_write(0, 0x5A, 0x33);
    conf_write(0, 0x72, 0x10);
    fixture_clone(dev, other);
    phys_write(fy.board.phys, 0xC0000, 0x99, 1); /* the page map followed */
    ck_assert_uint_eq(phys_read(fy.board.phys, 0xC0000, 1), 0x99);
    ck_assert_uint_eq(bus_in(&fy.board.bus, 0xCF8, 4), 0x80000070u);
    bus_out(&fy.board.bus, 0xCFE, 0x00, 1); /* and so did the lock */
    ck_assert_uint_eq(bus_in(&fy.board.bus, 0xCFE, 1), 0x12);
    fixture_free(&fy);
}
END_TEST

START_TEST(test_random_traffic)
{
    uint64_t seed = (uint64_t)_i + 11;
    for (int i = 0; i < 20000; i++) {
        uint16_t port = (uint16_t)(0xCF6 + test_random(&seed) % 12);
        unsigned size = 1u << test_random(&seed) % 3;
        uint32_t v = test_random(&seed);
        if (test_random(&seed) & 1) {
            bus_out(&fx.board.bus, port, v & 3 ? v & 0x8000FFFF : v, size);
        } else {
            (void)bus_in(&fx.board.bus, port, size);
        }
        uint32_t pa = 0xBC000 + test_random(&seed) % 0x44000;
        phys_write(fx.board.phys, pa, v, 1);
        (void)peek(pa);
    }
    board_reset(&fx.board, RESET_HARD);
    ck_assert_uint_eq(peek(0xF0000), 0x80);
}
END_TEST

START_TEST(test_second_function)
{
    static struct pci_function f;
    struct error err;
    pci_function_init(&f, "test", 0x1234, 0x5678, 3, 0x010180);
    pci_register(&f, 0x40, 2, 0x00F0, 0x0FF0);
    f.clears[PCI_STATUS + 1] = 0x20;
    pci_function_reset(&f);
    f.config[PCI_STATUS + 1] = 0x30;
    ck_assert_int_eq(pci_attach(&fx.board, PCI_DEVFN(1, 1), &f, &err), 0);
    ck_assert_int_eq(pci_attach(&fx.board, PCI_DEVFN(1, 1), &f, &err), -1);
    out32(0xCF8, 0x80000900u);
    ck_assert_uint_eq(in32(0xCFC), 0x56781234);
    conf_write(PCI_DEVFN(1, 1), 0x40, 0xFF);
    ck_assert_uint_eq(conf_read(PCI_DEVFN(1, 1), 0x40), 0xF0);
    conf_write(PCI_DEVFN(1, 1), PCI_STATUS + 1, 0xFF);
    ck_assert_uint_eq(conf_read(PCI_DEVFN(1, 1), PCI_STATUS + 1), 0x10);
    struct text t = {0};
    pci_info(fx.board.pci, &t);
    ck_assert_ptr_nonnull(strstr(t.s, "00:01.1 test 1234:5678 rev 3 class 010180"));
    free(t.s);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("i440fx");
    TCase *t = tcase_create("i440fx");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, test_identity);
    tcase_add_test(t, test_nobody_and_disabled);
    tcase_add_test(t, test_address_register);
    tcase_add_test(t, test_row_boundaries);
    tcase_add_test(t, test_masks);
    tcase_add_test(t, test_pam_at_reset);
    tcase_add_loop_test(t, test_pam_pieces, 0, 12);
    tcase_add_test(t, test_pam_bios_shadow);
    tcase_add_test(t, test_reset_restores_rom);
    tcase_add_test(t, test_smram_lock);
    tcase_add_test(t, test_reset_control);
    tcase_add_test(t, test_save_load);
    tcase_add_loop_test(t, test_random_traffic, 0, 3);
    tcase_add_test(t, test_second_function);
    suite_add_tcase(s, t);
    SRunner *sr = srunner_create(s);
    srunner_set_fork_status(sr, CK_NOFORK);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
