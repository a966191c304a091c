/* test_piix4_pm.c -- PIIX4 power management: timer, SCI, soft off, power button, APM, SMBus. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "devices/chips.h"
#include "devices/pci.h"
#include "devices/piix4_pm.h"
#include "tests/support/board_fixture.h"

enum { PM = PCI_DEVFN(1, 3), BASE = 0xB000, SMB = 0xB100, SCI = 9 };
enum { STS = BASE, EN = BASE + 2, CNT = BASE + 4, TMR = BASE + 8 };
enum { TICKS_PER_US = 100 };
static const struct slot bridge = {&i440fx_class, 0xCF8, -1, -1};
static const struct slot slot = {&piix4_pm_class, 0, 9, -1};
static struct fixture fx;
static struct device *dev;

static uint32_t in(uint16_t port, unsigned size)
{
    return bus_in(&fx.board.bus, port, size);
}

static void out(uint16_t port, uint32_t val, unsigned size)
{
    bus_out(&fx.board.bus, port, val, size);
    clock_fire(&fx.board.clock);
}

static uint32_t conf_in(uint8_t reg)
{
    out(0xCF8, 0x80000000u | PM << 8 | (reg & 0xFCu), 4);
    return in(0xCFC, 4);
}

static void conf_out(uint8_t reg, uint32_t val, unsigned size)
{
    out(0xCF8, 0x80000000u | PM << 8 | (reg & 0xFCu), 4);
    out((uint16_t)(0xCFC + (reg & 3)), val, size);
}

static void setup(void)
{
    fixture_init(&fx);
    fixture_attach(&fx, &bridge);
    dev = fixture_attach(&fx, &slot);
    conf_out(0x40, BASE | 1, 4); /* the way the firmware does it */
    conf_out(0x80, 0x01, 1);
    conf_out(0x90, SMB | 1, 4);
    conf_out(0xD2, 0x09, 1);
    conf_out(PCI_COMMAND, PCI_COMMAND_IO, 2);
}

static void teardown(void)
{
    fixture_free(&fx);
}

START_TEST(test_identity)
{
    ck_assert_uint_eq(conf_in(0x00), 0x71138086);
    ck_assert_uint_eq(conf_in(0x08), 0x06800003);
    ck_assert_uint_eq(conf_in(0x3C) & 0xFF00, 0x0100); /* INTA# */
    ck_assert_uint_eq(conf_in(0x58), 0x02000000);      /* SMM is taken care of */
    conf_out(0x3C, 9, 1);
    ck_assert_uint_eq(conf_in(0x3C) & 0xFF, 9);
    conf_out(0x40, UINT32_MAX, 4);
    ck_assert_uint_eq(conf_in(0x40), 0xFFC1);
    conf_out(0x90, UINT32_MAX, 4);
    ck_assert_uint_eq(conf_in(0x90), 0xFFF1);
    ck_assert_uint_eq(conf_in(0xD4) & 0xFF0000, 0); /* SMBREV */
}
END_TEST

START_TEST(test_windows)
{
    ck_assert_uint_eq(in(CNT, 2), 0);
    ck_assert_uint_eq(in(SMB, 1), 0);
    conf_out(PCI_COMMAND, 0, 2); /* closes the SMBus alone */
    ck_assert_uint_eq(in(CNT, 2), 0);
    ck_assert_uint_eq(in(SMB, 1), 0xFF);
    conf_out(0x80, 0, 1);
    ck_assert_uint_eq(in(CNT, 2), 0xFFFF);
    conf_out(0x80, 1, 1);
    conf_out(0x40, 0x600, 4);
    ck_assert_uint_eq(in(CNT, 2), 0xFFFF);
    ck_assert_uint_eq(in(0x604, 2), 0);
    conf_out(PCI_COMMAND, PCI_COMMAND_IO, 2);
    conf_out(0xD2, 0, 1);
    ck_assert_uint_eq(in(SMB, 1), 0xFF);
}
END_TEST

/* One second is 3579545 counts, whatever the number of ticks in it. */
START_TEST(test_timer_rate)
{
    uint64_t start = fx.board.clock.now;
    ck_assert_uint_eq(in(TMR, 4), 0);
    fixture_run_to(&fx, start + 1000000 * TICKS_PER_US);
    ck_assert_uint_eq(in(TMR, 4), 3579545);
    ck_assert_uint_eq(in(TMR + 1, 1), 3579545 >> 8 & 0xFF);
    fixture_run_to(&fx, start + (uint64_t)10 * 1000000 * TICKS_PER_US);
    ck_assert_uint_eq(in(TMR, 4), 35795450 & 0xFFFFFF);
    out(TMR, 0, 4);
    ck_assert_uint_eq(in(TMR, 4), 35795450 & 0xFFFFFF);
    clock_set_mips(&fx.board.clock, 10);
    fixture_run_to(&fx, fx.board.clock.now + 10000000);
    ck_assert_uint_eq(in(TMR, 4), 39374995 & 0xFFFFFF);
    board_reset(&fx.board, RESET_HARD);
    conf_out(0x40, BASE, 4);
    conf_out(0x80, 1, 1);
    ck_assert_uint_eq(in(TMR, 4), 0);
}
END_TEST

/* TMROF_STS each time that bit 23 changes, in either direction: every 2.3435 s. */
START_TEST(test_timer_overflow)
{
    uint64_t half = (uint64_t)((1 << 23) / 3.579545 * TICKS_PER_US);
    fixture_run_to(&fx, half - 10);
    ck_assert_uint_eq(in(STS, 2), 0);
    fixture_run_to(&fx, half + 100);
    ck_assert_uint_eq(in(STS, 2), 1);
    ck_assert(!fx.irq[SCI]);
    out(STS, 1, 2);
    ck_assert_uint_eq(in(STS, 2), 0);
    out(CNT, 1, 2);
    out(EN, 1, 2);
    ck_assert(!fx.irq[SCI]);
    fixture_run_to(&fx, 2 * half - 10);
    ck_assert(!fx.irq[SCI]);
    fixture_run_to(&fx, 2 * half + 100);
    ck_assert(fx.irq[SCI]);
    ck_assert_uint_eq(in(TMR, 4) >> 23, 0);
    out(STS, 1, 2);
    ck_assert(!fx.irq[SCI]);
    fixture_run_to(&fx, 6 * half + 100); /* several: one status bit */
    ck_assert_uint_eq(fx.irq_edges[SCI], 2);
    ck_assert(fx.irq[SCI]);
    out(EN, 0, 1);
    ck_assert(!fx.irq[SCI]);
    ck_assert_uint_eq(in(STS, 2), 1);
    ck_assert_uint_eq(clock_next(&fx.board.clock), EVENT_IDLE); /* nobody waits for it */
}
END_TEST

START_TEST(test_power_button)
{
    piix4_pm_button(dev);
    ck_assert_uint_eq(in(STS, 2), 0x100);
    ck_assert(!fx.irq[SCI]);
    out(EN, 0x100, 2);
    ck_assert(!fx.irq[SCI]);
    out(0xB2, 0xF1, 1);
    ck_assert_uint_eq(in(CNT, 2), 1);
    ck_assert(fx.irq[SCI]);
    out(STS, 0xFEFF, 2);
    ck_assert(fx.irq[SCI]);
    out(STS + 1, 0x01, 1);
    ck_assert(!fx.irq[SCI]);
    piix4_pm_button(dev);
    ck_assert(fx.irq[SCI]);
    out(0xB2, 0xF0, 1);
    ck_assert_uint_eq(in(CNT, 2), 0);
    ck_assert(!fx.irq[SCI]);
    ck_assert_uint_eq(fx.power_events, 0);
}
END_TEST

START_TEST(test_apm_ports)
{
    out(0xB2, 0x12, 1);
    out(0xB3, 0x34, 1);
    ck_assert_uint_eq(in(0xB2, 2), 0x3412);
    ck_assert_uint_eq(in(CNT, 2), 0);
    out(0xB3, 0xF1, 1);
    ck_assert_uint_eq(in(CNT, 2), 0);
}
END_TEST

START_TEST(test_soft_off)
{
    out(CNT, 0x0001, 2);
    ck_assert_uint_eq(fx.power_events, 0);
    out(CNT, 0x2001, 2);
    ck_assert_uint_eq(fx.power_events, 1);
    ck_assert_int_eq(fx.power_what, POWER_OFF);
    ck_assert_uint_eq(in(CNT, 2), 0x0001); /* SUS_EN reads 0 */
    out(CNT + 1, 0x20, 1);
    ck_assert_uint_eq(fx.power_events, 2);
}
END_TEST

/* Other sleep states end at once, so that whoever waits for RSM_STS does not wait for ever. */
START_TEST(test_other_sleeps)
{
    for (uint32_t type = 1; type < 8; type++) {
        out(CNT, 0x2001 | type << 10, 2);
        ck_assert_uint_eq(in(CNT, 2), 0x0001 | type << 10);
        ck_assert_uint_eq(in(STS, 2), 0x8000);
        out(STS, 0x8000, 2);
        ck_assert_uint_eq(in(STS, 2), 0);
    }
    ck_assert_uint_eq(fx.power_events, 0);
    ck_assert_ptr_nonnull(strstr(fx.notes, "sleep"));
}
END_TEST

START_TEST(test_registers)
{
    out(EN, 0xFFFF, 2);
    ck_assert_uint_eq(in(EN, 2), 0x0521);
    ck_assert_uint_eq(in(STS, 4), 0x05210000);
    ck_assert_uint_eq(in(BASE + 0x34, 4), 0x7FFFBFFF);
    out(BASE + 0x20, 0x1234, 2);
    ck_assert_uint_eq(in(BASE + 0x20, 2), 0x0234); /* GLBEN bits 14:12 do not exist */
    ck_assert_uint_eq(in(BASE + 0x14, 2), 0);      /* PLVL2, PLVL3 */
    out(BASE + 0x0C, 0xFFFF, 2);
    ck_assert_uint_eq(in(BASE + 0x0C, 2), 0);
    ck_assert_uint_eq(in(0xAFE0, 4), 0);
    out(0xAFE0, 0xFFFFFFFF, 4);
    ck_assert_uint_eq(in(0xAFE0, 4), 0xFFFF0000);
    ck_assert(!fx.irq[SCI]);
    ck_assert_uint_eq(in(0xAE0C, 4), 0);
    out(0xAE08, 0xFFFFFFFF, 4);
}
END_TEST

/* An idle bus: a probe for any address ends, with "no acknowledge". */
START_TEST(test_smbus)
{
    for (uint32_t address = 0; address < 256; address++) {
        out(SMB + 4, address, 1);
        ck_assert_uint_eq(in(SMB + 4, 1), address);
        out(SMB + 2, 0x40 | (address & 7) << 2, 1);
        ck_assert_uint_eq(in(SMB, 1), 0x04);
        ck_assert_uint_eq(in(SMB + 2, 1) & 0x40, 0);
        out(SMB, 0xFF, 1);
        ck_assert_uint_eq(in(SMB, 1), 0);
    }
    out(SMB + 2, 0x02, 1); /* KILL */
    ck_assert_uint_eq(in(SMB, 1), 0x10);
    ck_assert(!fx.irq[SCI]);
}
END_TEST

/* The firmware's DSDT asks for what is decoded. */
START_TEST(test_isa_devices)
{
    static const struct ports uart[] = {{0, 8, {NULL, NULL, 1}}, {0, 0, {NULL, NULL, 0}}};
    ck_assert_uint_eq(conf_in(0x5C) >> 24, 0);
    ck_assert_uint_eq(conf_in(0x64) >> 24, 0);
    ck_assert_int_eq(bus_map(&fx.board.bus, "uart", &fx, 0x3F8, uart, NULL), 0);
    board_reset(&fx.board, RESET_HARD);
    ck_assert_uint_eq(conf_in(0x64) >> 24, 0x08);
    ck_assert_int_eq(bus_map(&fx.board.bus, "uart", &fx, 0x2F8, uart, NULL), 0);
    ck_assert_int_eq(bus_map(&fx.board.bus, "lpt", &fx, 0x378, uart, NULL), 0);
    board_reset(&fx.board, RESET_HARD);
    ck_assert_uint_eq(conf_in(0x64) >> 24, 0x88);
    ck_assert_uint_eq(conf_in(0x5C) >> 24, 0x80);
}
END_TEST

START_TEST(test_save_load)
{
    struct fixture fy;
    struct error err;
    ck_assert_msg(state_coverage(piix4_pm_class.state, &err) == 0, "%s", err.text);
    fixture_init(&fy);
    fixture_attach(&fy, &bridge);
    struct device *other = fixture_attach(&fy, &slot);
    out(CNT, 1, 2);
    out(EN, 0x101, 2);
    fixture_run_to(&fx, 100000000);
    uint32_t tmr = in(TMR, 4);
    fy.board.clock.now = fx.board.clock.now;
    fixture_clone(dev, other);
    pci_map(&fy.board);
    ck_assert_uint_eq(bus_in(&fy.board.bus, TMR, 4), tmr);
    ck_assert_uint_eq(bus_in(&fy.board.bus, EN, 2), 0x101);
    ck_assert_uint_eq(clock_next(&fy.board.clock), clock_next(&fx.board.clock));
    fixture_run_to(&fy, clock_next(&fy.board.clock));
    ck_assert(fy.irq[SCI]);
    board_reset(&fy.board, RESET_HARD);
    ck_assert(!fy.irq[SCI]);
    ck_assert_uint_eq(bus_in(&fy.board.bus, TMR, 4), UINT32_MAX);
    fixture_free(&fy);
}
END_TEST

START_TEST(test_random_traffic)
{
    static const uint16_t ports[] = {BASE, SMB, 0xB2, 0xAFE0, 0xAE00, 0xCFC, 0x600, 0x700};
    uint64_t seed = (uint64_t)_i + 3;
    for (int i = 0; i < 50000; i++) {
        uint16_t port = (uint16_t)(ports[test_random(&seed) % 8] + test_random(&seed) % 64);
        unsigned size = 1u << test_random(&seed) % 3;
        if (test_random(&seed) % 64 == 0) {
            out(0xCF8, 0x80000000u | PM << 8 | (test_random(&seed) & 0xFC), 4);
        }
        if (test_random(&seed) & 1) {
            out(port, test_random(&seed), size);
        } else {
            (void)in(port, size);
        }
        fixture_run_to(&fx, fx.board.clock.now + test_random(&seed) % 5000000);
    }
    board_reset(&fx.board, RESET_HARD);
    ck_assert_uint_eq(conf_in(0), 0x71138086);
    ck_assert(!fx.irq[SCI]);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("piix4_pm");
    TCase *t = tcase_create("piix4_pm");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, test_identity);
    tcase_add_test(t, test_windows);
    tcase_add_test(t, test_timer_rate);
    tcase_add_test(t, test_timer_overflow);
    tcase_add_test(t, test_power_button);
    tcase_add_test(t, test_apm_ports);
    tcase_add_test(t, test_soft_off);
    tcase_add_test(t, test_other_sleeps);
    tcase_add_test(t, test_registers);
    tcase_add_test(t, test_smbus);
    tcase_add_test(t, test_isa_devices);
    tcase_add_test(t, test_save_load);
    tcase_add_loop_test(t, test_random_traffic, 0, 3);
    suite_add_tcase(s, t);
    SRunner *sr = srunner_create(s);
    srunner_set_fork_status(sr, CK_NOFORK);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
