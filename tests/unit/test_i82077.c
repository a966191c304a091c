/* tests/unit/test_i82077.c -- floppy controller: registers, reset, seeks, the disk-change line,
 * random traffic, save and load. */
#include "tests/support/fdc_bench.h"

/* --- registers and reset ----------------------------------------------------------------- */

START_TEST(formats_by_size)
{
    static const uint32_t sizes[] = {320,  360,  640,  720,  1280, 1440,
                                     2400, 2880, 3360, 3444, 5760};
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        const struct floppy_format *fmt = floppy_format_of(sizes[i]);
        ck_assert_ptr_nonnull(fmt);
        ck_assert_uint_eq(fmt->sectors, sizes[i]);
        ck_assert_uint_eq((uint32_t)fmt->cylinders * fmt->heads * fmt->track, sizes[i]);
    }
    ck_assert_ptr_null(floppy_format_of(0));
    ck_assert_ptr_null(floppy_format_of(2881));
    ck_assert_ptr_null(floppy_format_of((1ull << 32) + 2880));
}
END_TEST

START_TEST(reset_and_four_senses)
{
    out(DOR, 0x18);
    ck_assert_uint_eq(msr(), 0);
    ck_assert_uint_eq(in(DOR), 0x18);
    ck_assert_int_eq(wait_irq(5), -1);
    out(DOR, 0x1C);
    ck_assert_uint_eq(msr(), 0x80);
    ck_assert_int_ge(wait_irq(1), 0);
    SEND(0x08);
    ck_assert(!b->fx.irq[6]);
    RESULT(0xC0, 0x00);
    SEND(0x08);
    RESULT(0xC1, 0x00);
    SEND(0x07, 0x00); /* the firmware goes on without the other two */
    ck_assert_int_ge(wait_irq(10), 0);
    SEND(0x08);
    RESULT(0x20, 0x00);
    SEND(0x08);
    RESULT(0x80);
    out(DSR, 0x82); /* the other reset */
    ck_assert_int_ge(wait_irq(1), 0);
    for (uint8_t n = 0; n < 4; n++) {
        SEND(0x08);
        RESULT((uint8_t)(0xC0 | n), 0x00);
    }
    SEND(0x08);
    RESULT(0x80);
}
END_TEST

START_TEST(interrupt_gate)
{
    out(DOR, 0x10);
    out(DOR, 0x14); /* without bit 3 the lines are off the bus */
    ck_assert_int_eq(wait_irq(5), -1);
    out(DOR, 0x1C);
    ck_assert(b->fx.irq[6]);
}
END_TEST

START_TEST(invalid_and_control_commands)
{
    SEND(0x18); /* PART ID is the 82078's */
    RESULT(0x80);
    SEND(0x00);
    RESULT(0x80);
    SEND(0x10);
    RESULT(0x90);
    SEND(0x94);
    RESULT(0x10);
    SEND(0x03, 0xDF, 0x04);
    SEND(0x13, 0x00, 0x57, 0x11);
    SEND(0x12, 0x87);
    SEND(0x12, 0x38); /* no OW: drive bits stay */
    SEND(0x0E);
    RESULT(0, 0, 0, 0, 0xDF, 0x04, 0, 0x84, 0x57, 0x11);
    SEND(0x12, 0x03);
    out(DOR, 0x18);
    out(DOR, 0x1C);
    (void)wait_irq(1);
    SEND(0x0E); /* locked: threshold stays; EIS and POLL do not, nor GAP and WGATE */
    RESULT(0, 0, 0, 0, 0xDF, 0x04, 0, 0x84, 0x07, 0x11);
    SEND(0x14);
    RESULT(0x00);
    out(DOR, 0x18);
    out(DOR, 0x1C);
    (void)wait_irq(1);
    SEND(0x0E);
    RESULT(0, 0, 0, 0, 0xDF, 0x04, 0, 0x04, 0x20, 0x00);
    SEND(0x04, 0x04);
    RESULT(0x3C); /* ready, track 0, two sides, head 1 */
    SEND(0x04, 0x01);
    RESULT(0x29); /* no drive there: no track 0 */
}
END_TEST

START_TEST(ps2_registers)
{
    ck_assert_uint_eq(in(0x3F0), 0xFF);
    ck_assert_uint_eq(in(DIR)&0x7F, 0x7F);
    ck_assert_uint_eq(in(0x3F3), 0xFC);
    out(0x3F3, 0x01);
    ck_assert_uint_eq(in(0x3F3), 0xFD);
    i82077_strap_ps2(b->fdc, true);
    ck_assert_uint_eq(in(0x3F0) & 0xFB, 0x42); /* one drive, track 0, writable */
    ck_assert_uint_eq(in(0x3F1), 0xC1);
    ck_assert_uint_eq(in(DIR), 0xF8);
    seek(3);
    ck_assert_uint_eq(in(0x3F0) & 0xFB, 0x53);
    out(CCR, 2);
    ck_assert_uint_eq(in(DIR), 0x7D);
}
END_TEST

/* --- seeks ------------------------------------------------------------------------------- */

START_TEST(seek_takes_its_time)
{
    SEND(0x03, 0xD1, 0x02); /* 3 ms a step */
    SEND(0x0F, 0x00, 10);
    ck_assert_uint_eq(msr(), 0x81);
    ck_assert_int_eq(wait_irq(100), 30);
    ck_assert_uint_eq(msr(), 0x80);
    SEND(0x08);
    RESULT(0x20, 10);
    out(CCR, 2); /* 250 kbit/s: timers run at half speed */
    SEND(0x07, 0x00);
    ck_assert_int_eq(wait_irq(100), 60);
    SEND(0x08);
    RESULT(0x20, 0);
    SEND(0x07, 0x01); /* nobody is there */
    ck_assert_int_ge(wait_irq(1000), 400);
    SEND(0x08);
    RESULT(0x71, 0);
    SEND(0xCF, 0x00, 5); /* relative, inwards */
    ck_assert_int_ge(wait_irq(100), 0);
    SEND(0x08);
    RESULT(0x20, 5);
    SEND(0x8F, 0x00, 2);
    ck_assert_int_ge(wait_irq(100), 0);
    SEND(0x08);
    RESULT(0x20, 3);
}
END_TEST

START_TEST(overlapped_seeks)
{
    b->fx.board.drive[DRIVE_FDB].kind = DRIVE_FLOPPY;
    insert(b, 1, 1440, false);
    SEND(0x0F, 0x00, 5);
    SEND(0x0F, 0x01, 6);
    ck_assert_uint_eq(msr(), 0x83);
    run(200 * MS);
    ck_assert(b->fx.irq[6]);
    SEND(0x08);
    ck_assert(!b->fx.irq[6]);
    RESULT(0x20, 5);
    ck_assert(b->fx.irq[6]); /* the other one, with an edge of its own */
    SEND(0x08);
    RESULT(0x21, 6);
    ck_assert(!b->fx.irq[6]);
}
END_TEST

START_TEST(reset_stops_a_seek)
{
    SEND(0x0F, 0x00, 40);
    run(25 * MS); /* 6 ms a step: four are done */
    out(DOR, 0x18);
    out(DOR, 0x1C);
    ck_assert_int_ge(wait_irq(10), 0);
    SEND(0x4A, 0x00);
    ck_assert_int_ge(wait_irq(500), 0);
    collect();
    ck_assert_uint_eq(b->result[3], 4);
}
END_TEST

START_TEST(disk_change_line)
{
    ck_assert_uint_eq(in(DIR)&0x80, 0x80); /* power-on */
    seek(0);
    ck_assert_uint_eq(in(DIR)&0x80, 0x80); /* no step, no news */
    seek(1);
    ck_assert_uint_eq(in(DIR)&0x80, 0);
    drive_insert(&b->fx.board.drive[0], NULL);
    ck_assert_uint_eq(in(DIR)&0x80, 0x80);
    seek(2);
    ck_assert_uint_eq(in(DIR)&0x80, 0x80); /* still empty */
    insert(b, 0, 1440, false);
    ck_assert_uint_eq(in(DIR)&0x80, 0x80);
    out(DOR, 0x0C); /* not selected: motor off */
    ck_assert_uint_eq(in(DIR)&0x80, 0);
    out(DOR, 0x1C);
    seek(1);
    ck_assert_uint_eq(in(DIR)&0x80, 0);
    out(DOR, 0x2D); /* no drive 1 */
    ck_assert_uint_eq(in(DIR)&0x80, 0);
}
END_TEST

/* --- whole chip -------------------------------------------------------------------------- */

START_TEST(reset_pin)
{
    seek(7);
    SEND(0x94);
    collect();
    dma_program(DMA_READ, SECTOR);
    SEND(0x46, 0x00, 7, 0, 1, 2, 18, 0x1B, 0xFF);
    i82077_class.reset(b->fdc, RESET_HARD);
    ck_assert_uint_eq(msr(), 0);
    ck_assert_uint_eq(in(DOR), 0);
    ck_assert_int_eq(wait_irq(500), -1);
    out(DOR, 0x1C);
    ck_assert_int_ge(wait_irq(1), 0);
    SEND(0x0E);
    RESULT(0, 0, 0, 0, 0xAF, 0x02, 18, 0x00, 0x20, 0x00);
    SEND(0x07, 0x00); /* the head did not move: seven steps back */
    ck_assert_int_ge(wait_irq(1000), 7 * 6);
    SEND(0x08);
    RESULT(0x20, 0);
}
END_TEST

START_TEST(fields_cover_the_struct)
{
    struct error err = {{0}};
    ck_assert_msg(state_coverage(i82077_class.state, &err) == 0, "%s", err.text);
}
END_TEST

/* Random commands with mostly sensible bytes, so that they get somewhere. */
static void random_step(struct bench *t, uint64_t *seed)
{
    static const uint8_t ops[] = {0x46, 0xE6, 0xC5, 0x4C, 0x42, 0x4A, 0x4D, 0x51,
                                  0x59, 0x56, 0x03, 0x04, 0x07, 0x08, 0x0F, 0x8F,
                                  0xCF, 0x0E, 0x12, 0x13, 0x14, 0x94};
    struct fixture *fx = &t->fx;
    uint32_t r = test_random(seed);
    uint8_t byte = (uint8_t)(r >> 24);
    switch (r & 15) {
    case 0: fixture_out(fx, (uint16_t)(0x3F0 + (byte & 7)), (uint8_t)(r >> 16)); break;
    case 1: fixture_out(fx, DOR, r & 0x100 ? 0x3C : (uint8_t)(r >> 16)); break;
    case 2: fixture_out(fx, CCR, r & 0x300 ? 0 : byte); break;
    case 3:
    case 4: fixture_out(fx, FIFO, ops[byte % sizeof ops]); break;
    case 5:
    case 6:
    case 7:
    case 8: fixture_out(fx, FIFO, byte & (r & 0x100 ? 0x03 : 0xFF)); break;
    case 9: (void)fixture_in(fx, (uint16_t)(0x3F0 + (byte & 7))); break;
    case 10:
    case 11: (void)fixture_in(fx, FIFO); break;
    case 12:
        fixture_out(fx, 0x0B, byte & 0x30 ? DMA_READ : DMA_WRITE);
        fixture_out(fx, 0x0A, 2);
        break;
    default: fixture_run_to(fx, fx->board.clock.now + (r >> 8 & 0x3FFFFF)); break;
    }
}

START_TEST(random_traffic)
{
    uint64_t seed = 99;
    for (unsigned i = 0; i < 60000; i++) {
        random_step(b, &seed);
        if (i % 5000 == 0) {
            insert(b, 0, i % 10000 ? 2880 : 1440, i % 15000 == 0);
        }
    }
}
END_TEST

/* VENOM, CVE-2015-3456: commands fed for ever, without reading results. */
START_TEST(fifo_never_overflows)
{
    for (unsigned op = 0; op < 256; op++) {
        out(DOR, 0x18);
        out(DOR, 0x1C);
        for (unsigned i = 0; i < 600; i++) {
            out(FIFO, (uint8_t)op);
        }
        for (unsigned i = 0; i < 40; i++) {
            (void)in(FIFO);
        }
    }
}
END_TEST

START_TEST(save_and_load)
{
    static struct bench other;
    uint64_t seed = 17;
    bench_init(&other);
    for (unsigned round = 0; round < 30; round++) {
        for (unsigned i = 0; i < 100; i++) {
            random_step(b, &seed);
        }
        memcpy(other.disk[0].bytes, b->disk[0].bytes, b->disk[0].size);
        other.fx.board.clock.now = b->fx.board.clock.now;
        other.fx.board.clock.seq = b->fx.board.clock.seq;
        fixture_clone(b->dma, other.dma);
        fixture_clone(b->fdc, other.fdc);
        uint64_t x = seed, y = seed;
        for (unsigned i = 0; i < 300; i++) {
            random_step(b, &x);
            random_step(&other, &y);
        }
        ck_assert_uint_eq(state_hash(i82077_class.state, b->fdc, 0),
                          state_hash(i82077_class.state, other.fdc, 0));
        seed = x;
    }
    bench_free(&other);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("i82077");
    TCase *tc = tcase_create("i82077");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, formats_by_size);
    tcase_add_test(tc, reset_and_four_senses);
    tcase_add_test(tc, interrupt_gate);
    tcase_add_test(tc, invalid_and_control_commands);
    tcase_add_test(tc, ps2_registers);
    tcase_add_test(tc, seek_takes_its_time);
    tcase_add_test(tc, overlapped_seeks);
    tcase_add_test(tc, reset_stops_a_seek);
    tcase_add_test(tc, disk_change_line);
    tcase_add_test(tc, reset_pin);
    tcase_add_test(tc, fields_cover_the_struct);
    tcase_add_test(tc, random_traffic);
    tcase_add_test(tc, fifo_never_overflows);
    tcase_add_test(tc, save_and_load);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_set_fork_status(sr, CK_NOFORK);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
