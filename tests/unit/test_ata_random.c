/* tests/unit/test_ata_random.c -- random accesses to ATA channels: nothing breaks, and a copy
 * goes on as the original does.
 */
#include "tests/support/ata_bench.h"

/* Random accesses: nothing breaks, and a copy made on the way goes on exactly as the original
 * does. */
static uint32_t random_access(struct bench *t, uint64_t *seed)
{
    static const uint8_t codes[] = {0x20, 0x21, 0x24, 0x29, 0x30, 0x34, 0x39, 0x40, 0x91,
                                    0xC4, 0xC5, 0xC6, 0xE7, 0xEC, 0xEF, 0xE0, 0x08, 0xA0,
                                    0xA1, 0x90, 0x70, 0x10, 0xF8, 0xE5, 0xC8, 0xCA};
    uint32_t r = test_random(seed);
    uint16_t base = r & 0x100 ? PRIMARY : SECONDARY;
    uint16_t port = (uint16_t)(base + (r >> 4 & 7));
    struct bus *bus = &t->fx.board.bus;
    uint32_t v = 0;
    switch (r & 15) {
    case 0: bus_out(bus, (uint16_t)(base + 7), codes[(r >> 9) % ARRAY_LEN(codes)], 1); break;
    case 1: bus_out(bus, (uint16_t)(base + CONTROL), r >> 9 & 0x82, 1); break;
    case 2:
        bus_out(bus, (uint16_t)(base + CONTROL), r >> 9 & (r & 0x8000 ? 0x86 : 2), 1);
        break;
    case 3:
    case 4: bus_out(bus, port, r >> 9, 1u << (r >> 20 & 3) % 3); break;
    case 5:
    case 6: v = bus_in(bus, port, 1u << (r >> 20 & 3) % 3); break;
    case 7:
        for (unsigned i = 0; i < (r >> 9 & 0xFFF); i++) {
            v = v * 31 + bus_in(bus, base, 2);
        }
        break;
    case 8:
        for (unsigned i = 0; i < (r >> 9 & 0xFFF); i++) {
            bus_out(bus, base, r + i, 2);
        }
        break;
    default: fixture_run_to(&t->fx, t->fx.board.clock.now + (r >> 9 & 0x3FFF)); break;
    }
    clock_fire(&t->fx.board.clock);
    return v + t->fx.irq[14] + 2u * t->fx.irq[15];
}

static struct bench copy;

START_TEST(random_traffic_save_load)
{
    static const enum drive_kind kind[4] = {DRIVE_DISK, DRIVE_CDROM, DRIVE_CDROM, DRIVE_DISK};
    uint64_t seed = (uint64_t)_i + 1;
    teardown();
    bench_init(b, kind);
    bench_init(&copy, kind);
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned i = 0; i < 300; i++) {
            (void)random_access(b, &seed);
        }
        clone_bench(b, &copy);
        uint64_t seed2 = seed;
        for (unsigned i = 0; i < 100; i++) {
            ck_assert_uint_eq(random_access(b, &seed), random_access(&copy, &seed2));
        }
        check_equal(b, &copy);
    }
    bench_free(&copy);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("ata_random");
    TCase *tc = tcase_create("ata_random");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, random_traffic_save_load, 0, 4);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed != 0;
}
