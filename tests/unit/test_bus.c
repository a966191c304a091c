/* test_bus.c -- ports: ownership, splitting of wide accesses, open bus. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/bus.h"
#include "tests/support/board_fixture.h"

/* A device that tells of each access it gets: "r0.1 w4.2=1234 ". */
struct probe {
    char log[512];
    uint8_t reg[16];
};

static uint32_t probe_read(void *dev, uint32_t off, unsigned size)
{
    struct probe *p = dev;
    size_t n = strlen(p->log);
    snprintf(p->log + n, sizeof p->log - n, "r%u.%u ", (unsigned)off, size);
    return load_le(p->reg + off, size) | (size < 4 ? 0xA5A5A5A5u << 8 * size : 0);
}

static void probe_write(void *dev, uint32_t off, uint32_t val, unsigned size)
{
    struct probe *p = dev;
    size_t n = strlen(p->log);
    snprintf(p->log + n, sizeof p->log - n, "w%u.%u=%x ", (unsigned)off, size, (unsigned)val);
}

static const struct ports bytes8[] = {{0, 8, {probe_read, probe_write, 1}},
                                      {0, 0, {NULL, NULL, 0}}};
static const struct ports words8[] = {{4, 8, {probe_read, probe_write, 2}},
                                      {0, 0, {NULL, NULL, 0}}};
static const struct ports dwords8[] = {{0, 8, {probe_read, probe_write, 4}},
                                       {0, 0, {NULL, NULL, 0}}};

static void probe_init(struct probe *p)
{
    memset(p, 0, sizeof *p);
    for (unsigned i = 0; i < sizeof p->reg; i++) {
        p->reg[i] = (uint8_t)(0x10 + i);
    }
}

static struct bus bus; /* 64 KiB: not for the stack */
static struct probe p, q;

static void setup(void)
{
    bus_init(&bus);
    probe_init(&p);
    probe_init(&q);
}

START_TEST(test_open_bus)
{
    ck_assert_uint_eq(bus_in(&bus, 0x300, 1), 0xFF);
    ck_assert_uint_eq(bus_in(&bus, 0x300, 2), 0xFFFF);
    ck_assert_uint_eq(bus_in(&bus, 0x300, 4), 0xFFFFFFFF);
    ck_assert_uint_eq(bus_in(&bus, 0xFFFF, 4), 0xFFFFFFFF); /* past the last port */
    bus_out(&bus, 0x300, 0x12345678, 4);
    bus_out(&bus, 0xFFFE, 0x12345678, 4);
}
END_TEST

START_TEST(test_bytes)
{
    ck_assert_int_eq(bus_map(&bus, "p", &p, 0x300, bytes8, NULL), 0);
    ck_assert_uint_eq(bus_in(&bus, 0x302, 1), 0x12); /* surplus bits are cut */
    ck_assert_uint_eq(bus_in(&bus, 0x302, 2), 0x1312);
    ck_assert_uint_eq(bus_in(&bus, 0x304, 4), 0x17161514);
    bus_out(&bus, 0x300, 0xAABBCCDD, 2);
    ck_assert_str_eq(p.log, "r2.1 r2.1 r3.1 r4.1 r5.1 r6.1 r7.1 w0.1=dd w1.1=cc ");
}
END_TEST

START_TEST(test_words)
{
    ck_assert_int_eq(bus_map(&bus, "p", &p, 0x300, words8, NULL), 0);
    ck_assert_uint_eq(bus_in(&bus, 0x304, 4), 0x13121110);
    bus_out(&bus, 0x305, 0xAABBCCDD, 4); /* unaligned: consecutive words all the same */
    bus_out(&bus, 0x304, 0x1FF, 1);
    ck_assert_str_eq(p.log, "r0.2 r2.2 w1.2=ccdd w3.2=aabb w0.1=ff ");
}
END_TEST

START_TEST(test_across_ranges)
{
    ck_assert_int_eq(bus_map(&bus, "p", &p, 0x300, dwords8, NULL), 0);
    ck_assert_int_eq(bus_map(&bus, "q", &q, 0x308, bytes8, NULL), 0);
    ck_assert_uint_eq(bus_in(&bus, 0x306, 4), 0x11101716);
    ck_assert_str_eq(p.log, "r6.1 r7.1 ");
    ck_assert_str_eq(q.log, "r0.1 r1.1 ");
    ck_assert_uint_eq(bus_in(&bus, 0x30E, 4), 0xFFFF1716); /* runs into nobody */
    ck_assert_uint_eq(bus_in(&bus, 0x2FE, 4), 0x1110FFFF); /* comes from nobody */
    bus_out(&bus, 0x30F, 0x4321, 2);
    ck_assert_str_eq(q.log, "r0.1 r1.1 r6.1 r7.1 w7.1=21 ");
}
END_TEST

START_TEST(test_last_port)
{
    static const struct ports last[] = {{0, 1, {probe_read, probe_write, 1}},
                                        {0, 0, {NULL, NULL, 0}}};
    static const struct ports beyond[] = {{0, 2, {probe_read, probe_write, 1}},
                                          {0, 0, {NULL, NULL, 0}}};
    struct error err;
    ck_assert_int_eq(bus_map(&bus, "p", &p, 0xFFFF, beyond, &err), -1);
    ck_assert_int_eq(bus_map(&bus, "p", &p, 0xFFFF, last, &err), 0);
    ck_assert_uint_eq(bus_in(&bus, 0xFFFF, 2), 0xFF10);
    bus_out(&bus, 0xFFFF, 0x5566, 2);
    ck_assert_str_eq(p.log, "r0.1 w0.1=66 ");
}
END_TEST

START_TEST(test_conflict_and_unmap)
{
    struct error err;
    ck_assert_int_eq(bus_map(&bus, "first", &p, 0x300, bytes8, &err), 0);
    ck_assert_int_eq(bus_map(&bus, "second", &q, 0x307, bytes8, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.text, "307h"));
    ck_assert_ptr_nonnull(strstr(err.text, "first"));
    bus_unmap(&bus, &p, bytes8);
    ck_assert_uint_eq(bus_in(&bus, 0x300, 1), 0xFF);
    /* Freed ranges are used again: more maps than there are ranges. */
    for (int i = 0; i < 3 * BUS_RANGES; i++) {
        ck_assert_int_eq(bus_map(&bus, "second", &q, 0x307, bytes8, &err), 0);
        bus_unmap(&bus, &q, bytes8);
    }
}
END_TEST

START_TEST(test_full)
{
    static const struct ports one[] = {{0, 1, {NULL, NULL, 1}}, {0, 0, {NULL, NULL, 0}}};
    struct error err;
    for (uint16_t i = 1; i < BUS_RANGES; i++) {
        ck_assert_int_eq(bus_map(&bus, "x", &p, i, one, &err), 0);
    }
    ck_assert_int_eq(bus_map(&bus, "x", &p, 0x1000, one, &err), -1);
    ck_assert_uint_eq(bus_in(&bus, 1, 4), 0xFFFFFFFF); /* no read handler */
    bus_out(&bus, 1, 0, 4);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("bus");
    TCase *t = tcase_create("bus");
    tcase_add_checked_fixture(t, setup, NULL);
    tcase_add_test(t, test_open_bus);
    tcase_add_test(t, test_bytes);
    tcase_add_test(t, test_words);
    tcase_add_test(t, test_across_ranges);
    tcase_add_test(t, test_last_port);
    tcase_add_test(t, test_conflict_and_unmap);
    tcase_add_test(t, test_full);
    suite_add_tcase(s, t);
    SRunner *sr = srunner_create(s);
    srunner_set_fork_status(sr, CK_NOFORK);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
