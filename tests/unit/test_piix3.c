/* test_piix3.c -- PCI interrupts on their way to the 8259A pair: swizzle, PIRQRC, sharing. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "devices/chips.h"
#include "devices/pci.h"
#include "tests/support/board_fixture.h"

enum { PIIX3 = PCI_DEVFN(1, 0) };
static const struct slot bridge = {&i440fx_class, 0xCF8, -1, -1};
static const struct slot slot = {&piix3_class, 0, -1, -1};
static struct fixture fx;
static struct device *dev;

static void setup(void)
{
    fixture_init(&fx);
    fixture_attach(&fx, &bridge);
    dev = fixture_attach(&fx, &slot);
}

static void teardown(void)
{
    fixture_free(&fx);
}

static uint32_t conf_in(uint8_t reg)
{
    bus_out(&fx.board.bus, 0xCF8, 0x80000000u | PIIX3 << 8 | reg, 4);
    return bus_in(&fx.board.bus, 0xCFC, 4);
}

static void conf_out(uint8_t reg, uint8_t val)
{
    bus_out(&fx.board.bus, 0xCF8, 0x80000000u | PIIX3 << 8 | (reg & 0xFCu), 4);
    bus_out(&fx.board.bus, (uint16_t)(0xCFC + (reg & 3)), val, 1);
}

static unsigned irqs(void)
{
    unsigned n = 0;
    for (unsigned i = 0; i < 16; i++) {
        n |= (unsigned)fx.irq[i] << i;
    }
    return n;
}

START_TEST(test_identity)
{
    ck_assert_uint_eq(conf_in(0x00), 0x70008086);
    ck_assert_uint_eq(conf_in(0x04), 0x02000007);
    ck_assert_uint_eq(conf_in(0x08), 0x06010000);
    ck_assert_uint_eq(conf_in(0x0C), 0x00800000); /* multifunction */
    ck_assert_uint_eq(conf_in(0x10), 0);
    ck_assert_uint_eq(conf_in(0x4C), 0x0003004D);
    ck_assert_uint_eq(conf_in(0x60), 0x80808080);
    for (unsigned i = 0; i < 4; i++) {
        conf_out((uint8_t)(0x04 + i), 0xF0); /* bits 2:0 of COMMAND are hardwired */
        conf_out((uint8_t)(0x60 + i), 0xFF);
    }
    ck_assert_uint_eq(conf_in(0x04), 0x02000007);
    ck_assert_uint_eq(conf_in(0x60), 0x8F8F8F8F);
    board_reset(&fx.board, RESET_HARD);
    ck_assert_uint_eq(conf_in(0x60), 0x80808080);
}
END_TEST

/* INTA# of device 1 is PIRQA#; one further for each device and each pin: what this board's PIR
 * table and _PRT say. */
START_TEST(test_swizzle)
{
    static const uint8_t irq[4] = {5, 10, 11, 15};
    for (unsigned i = 0; i < 4; i++) {
        conf_out((uint8_t)(0x60 + i), irq[i]);
    }
    for (unsigned device = 1; device < 8; device++) {
        for (unsigned pin = 1; pin <= 4; pin++) {
            struct wire w = pci_irq(&fx.board, PCI_DEVFN(device, 3), pin);
            wire_set(&w, true);
            ck_assert_uint_eq(irqs(), 1u << irq[(device - 1 + pin - 1) % 4]);
            wire_set(&w, false);
            ck_assert_uint_eq(irqs(), 0);
        }
    }
}
END_TEST

START_TEST(test_routing)
{
    struct wire w = pci_irq(&fx.board, PCI_DEVFN(2, 0), 1); /* PIRQB# */
    wire_set(&w, true);
    ck_assert_uint_eq(irqs(), 0); /* 80h */
    for (unsigned to = 0; to < 256; to++) {
        unsigned route = to & 15;
        bool good = (0xDEF8 >> route & 1) && !(to & 0x80);
        conf_out(0x61, (uint8_t)to);
        ck_assert_uint_eq(irqs(), good ? 1u << route : 0);
    }
    conf_out(0x60, 11); /* another line's register */
    ck_assert_uint_eq(irqs(), 0);
    conf_out(0x61, 11);
    ck_assert_uint_eq(irqs(), 1u << 11);
    board_reset(&fx.board, RESET_HARD);
    ck_assert_uint_eq(irqs(), 0);
    conf_out(0x61, 10); /* its device still asks */
    ck_assert_uint_eq(irqs(), 1u << 10);
}
END_TEST

/* Two devices on one line, two lines on one IRQ: high while anybody asks. */
START_TEST(test_sharing)
{
    struct wire a = pci_irq(&fx.board, PCI_DEVFN(1, 1), 1);
    struct wire a2 = pci_irq(&fx.board, PCI_DEVFN(5, 0), 1);
    struct wire b = pci_irq(&fx.board, PCI_DEVFN(2, 0), 1);
    conf_out(0x60, 10);
    conf_out(0x61, 10);
    wire_set(&a, true);
    wire_set(&a2, true);
    wire_set(&b, true);
    ck_assert_uint_eq(irqs(), 1u << 10);
    wire_set(&a, false);
    ck_assert_uint_eq(irqs(), 1u << 10);
    wire_set(&a, false);
    wire_set(&a2, false);
    ck_assert_uint_eq(irqs(), 1u << 10);
    conf_out(0x61, 11);
    ck_assert_uint_eq(irqs(), 1u << 11);
    wire_set(&b, false);
    ck_assert_uint_eq(irqs(), 0);
    ck_assert_uint_eq(fx.irq_edges[10], 1);
}
END_TEST

START_TEST(test_save_load)
{
    struct fixture fy;
    struct error err;
    ck_assert_msg(state_coverage(piix3_class.state, &err) == 0, "%s", err.text);
    fixture_init(&fy);
    fixture_attach(&fy, &bridge);
    struct device *other = fixture_attach(&fy, &slot);
    struct wire w = pci_irq(&fx.board, PCI_DEVFN(2, 0), 1);
    struct wire same = pci_irq(&fy.board, PCI_DEVFN(2, 0), 1);
    conf_out(0x61, 10);
    wire_set(&w, true);
    fixture_clone(dev, other);
    fy.irq[10] = true; /* the request line is the board's state */
    wire_set(&same, false);
    ck_assert(!fy.irq[10]);
    wire_set(&same, true);
    ck_assert(fy.irq[10]);
    fixture_free(&fy);
}
END_TEST

START_TEST(test_random_traffic)
{
    uint64_t seed = 5;
    struct wire w[4];
    for (unsigned i = 0; i < 4; i++) {
        w[i] = pci_irq(&fx.board, PCI_DEVFN(3 + i, 0), 1);
    }
    for (int i = 0; i < 50000; i++) {
        conf_out((uint8_t)test_random(&seed), (uint8_t)test_random(&seed));
        wire_set(&w[test_random(&seed) % 4], test_random(&seed) & 1);
        ck_assert_uint_eq(irqs() & ~0xDEF8u, 0);
    }
    for (unsigned i = 0; i < 4; i++) {
        wire_set(&w[i], false);
    }
    ck_assert_uint_eq(irqs(), 0);
    ck_assert_uint_eq(conf_in(0), 0x70008086);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("piix3");
    TCase *t = tcase_create("piix3");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, test_identity);
    tcase_add_test(t, test_swizzle);
    tcase_add_test(t, test_routing);
    tcase_add_test(t, test_sharing);
    tcase_add_test(t, test_save_load);
    tcase_add_test(t, test_random_traffic);
    suite_add_tcase(s, t);
    SRunner *sr = srunner_create(s);
    srunner_set_fork_status(sr, CK_NOFORK);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
