/* test_misc_ports.c -- ports 80h, 92h, E9h, 402h and isa-debug-exit; and the board's
 * bookkeeping. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "devices/chips.h"
#include "tests/support/board_fixture.h"

static const struct slot port92_slot = {&port92_class, 0x92, -1, -1};
static const struct slot post_slot = {&post_class, 0x80, -1, -1};
static const struct slot dbg_slot = {&dbgport_class, 0xE9, -1, -1};
static const struct slot log_slot = {&fwlog_class, 0x402, -1, -1};
static const struct slot exit_slot = {&debug_exit_class, 0, -1, -1};
static struct fixture fx;

static void setup(void)
{
    fixture_init(&fx);
}

static void teardown(void)
{
    fixture_free(&fx);
}

static void set_level(void *ctx, unsigned n, bool level)
{
    (void)n;
    *(bool *)ctx = level;
}

START_TEST(test_port92)
{
    bool a20 = false;
    struct device *d = fixture_attach(&fx, &port92_slot);
    port92_connect_a20(d, (struct wire){set_level, &a20, 0});
    ck_assert_uint_eq(fixture_in(&fx, 0x92), 0x02); /* open after a reset */
    fixture_out(&fx, 0x92, 0xFE);
    ck_assert(a20);
    ck_assert_uint_eq(fixture_in(&fx, 0x92), 0x02);
    port92_show_a20(d, false); /* the 8042 closed the gate */
    ck_assert_uint_eq(fixture_in(&fx, 0x92), 0x00);
    ck_assert_uint_eq(fx.power_events, 0);
    fixture_out(&fx, 0x92, 0x03);
    ck_assert_uint_eq(fx.power_events, 1);
    ck_assert_int_eq(fx.power_what, POWER_INIT);
    fixture_out(&fx, 0x92, 0x01); /* still high: no second pulse */
    ck_assert_uint_eq(fx.power_events, 1);
    ck_assert(!a20);
}
END_TEST

START_TEST(test_post)
{
    fixture_attach(&fx, &post_slot);
    fixture_out(&fx, 0x80, 0x5A);
    ck_assert_uint_eq(fixture_in(&fx, 0x80), 0x5A);
    ck_assert_uint_eq(fixture_in(&fx, 0x81), 0xFF); /* the 8237's */
    board_reset(&fx.board, RESET_HARD);
    ck_assert_uint_eq(fixture_in(&fx, 0x80), 0);
}
END_TEST

static uint8_t firmware[16];
static unsigned firmware_len;

static void firmware_byte(void *ctx, uint8_t byte)
{
    ck_assert_ptr_eq(ctx, &fx);
    firmware[firmware_len++ % sizeof firmware] = byte;
}

START_TEST(test_consoles)
{
    fixture_attach(&fx, &dbg_slot);
    fixture_attach(&fx, &log_slot);
    ck_assert_uint_eq(fixture_in(&fx, 0xE9), 0xE9);
    ck_assert_uint_eq(fixture_in(&fx, 0x402), 0xE9);
    fixture_out(&fx, 0x402, 'n'); /* no listener */
    fx.host.firmware = firmware_byte;
    firmware_len = 0;
    fixture_out(&fx, 0xE9, 'h');
    fixture_out(&fx, 0xE9, 'i');
    fixture_out(&fx, 0x402, 'f');
    ck_assert_uint_eq(fx.debug_len, 2);
    ck_assert_mem_eq(fx.debug, "hi", 2);
    ck_assert_uint_eq(firmware_len, 1);
    ck_assert_uint_eq(firmware[0], 'f');
    bus_out(&fx.board.bus, 0xE9, 0x4241, 2); /* the second byte goes to EAh: nobody */
    ck_assert_uint_eq(fx.debug_len, 3);
}
END_TEST

START_TEST(test_debug_exit)
{
    fx.board.config.debug_exit_port = 0x501;
    fx.board.config.debug_exit_size = 2;
    struct device *d = fixture_attach(&fx, &exit_slot);
    ck_assert_uint_eq(fixture_in(&fx, 0x501), 0xFF);
    ck_assert_uint_eq(fx.power_events, 0);
    fixture_out(&fx, 0x503, 1); /* beyond its size */
    ck_assert_uint_eq(fx.power_events, 0);
    bus_out(&fx.board.bus, 0x501, 0x1234, 2);
    ck_assert_uint_eq(fx.power_events, 1);
    ck_assert_int_eq(fx.power_what, POWER_DEBUG_EXIT);
    ck_assert_uint_eq(fx.power_code, 0x1234);
    fixture_out(&fx, 0x502, 0x56);
    ck_assert_uint_eq(fx.power_code, 0x56);
    ck_assert_ptr_nonnull(d);
}
END_TEST

START_TEST(test_debug_exit_dword_default_size)
{
    fx.board.config.debug_exit_port = 0xF4;
    fixture_attach(&fx, &exit_slot);
    bus_out(&fx.board.bus, 0xF4, 0x89ABCDEF, 4);
    ck_assert_uint_eq(fx.power_events, 1);
    ck_assert_uint_eq(fx.power_code, 0x89ABCDEF);
}
END_TEST

START_TEST(test_debug_exit_absent)
{
    fixture_attach(&fx, &exit_slot);
    for (unsigned port = 0; port < 0x10000; port++) {
        ck_assert_uint_eq(fx.board.bus.owner[port], 0);
    }
}
END_TEST

START_TEST(test_debug_exit_taken)
{
    struct error err;
    fixture_attach(&fx, &dbg_slot);
    fx.board.config.debug_exit_port = 0xE8;
    ck_assert_ptr_null(device_attach(&fx.board, &exit_slot, &err));
    ck_assert_ptr_nonnull(strstr(err.text, "E9h"));
    ck_assert_ptr_nonnull(strstr(err.text, "dbgport"));
}
END_TEST

START_TEST(test_states)
{
    static const struct slot *const slots[] = {&port92_slot, &post_slot, &dbg_slot, &log_slot,
                                               &exit_slot};
    static const uint16_t port[] = {0x92, 0x80, 0xE9, 0x402, 0xF4};
    struct fixture fy;
    struct error err;
    fixture_init(&fy);
    fx.board.config.debug_exit_port = fy.board.config.debug_exit_port = 0xF4;
    for (unsigned i = 0; i < ARRAY_LEN(slots); i++) {
        ck_assert_msg(state_coverage(slots[i]->cls->state, &err) == 0, "%s", err.text);
        struct device *a = fixture_attach(&fx, slots[i]), *b = fixture_attach(&fy, slots[i]);
        uint64_t before = state_hash(a->cls->state, a, 0);
        fixture_out(&fx, port[i], 0x04);
        ck_assert_uint_ne(state_hash(a->cls->state, a, 0), before);
        fixture_clone(a, b);
        ck_assert_uint_eq(fixture_in(&fx, port[i]), fixture_in(&fy, port[i]));
        a->cls->reset(a, RESET_POWER);
        ck_assert_uint_eq(state_hash(a->cls->state, a, 0), before);
    }
    fixture_free(&fy);
}
END_TEST

START_TEST(test_board)
{
    struct device *d = fixture_attach(&fx, &post_slot);
    ck_assert_ptr_eq(board_find(&fx.board, "post"), d);
    ck_assert_ptr_null(board_find(&fx.board, "nothing"));
    struct error err;
    ck_assert_ptr_null(device_attach(&fx.board, &post_slot, &err)); /* 80h is taken */
    ck_assert_uint_eq(fx.board.devices, 1);
    struct text t = {0};
    for (int i = 0; i < 500; i++) {
        text_add(&t, "%d,", i);
    }
    ck_assert_uint_eq(t.len, strlen(t.s));
    ck_assert_str_eq(t.s + t.len - 4, "499,");
    free(t.s);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("misc_ports");
    TCase *t = tcase_create("misc_ports");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, test_port92);
    tcase_add_test(t, test_post);
    tcase_add_test(t, test_consoles);
    tcase_add_test(t, test_debug_exit);
    tcase_add_test(t, test_debug_exit_dword_default_size);
    tcase_add_test(t, test_debug_exit_absent);
    tcase_add_test(t, test_debug_exit_taken);
    tcase_add_test(t, test_states);
    tcase_add_test(t, test_board);
    suite_add_tcase(s, t);
    SRunner *sr = srunner_create(s);
    srunner_set_fork_status(sr, CK_NOFORK);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
