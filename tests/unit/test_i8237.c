/* tests/unit/test_i8237.c -- the two DMA controllers: registers through ports, data through the
 * service that devices use. */
#include "devices/i8237.h"
#include "tests/support/board_fixture.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { AUTOINIT = 0x10, DECREMENT = 0x20, SINGLE = 0x40, TO_MEMORY = 0x04, FROM_MEMORY = 0x08 };

static struct fixture fx;
static struct device *dma;
static uint8_t buffer[0x20000];
static const struct slot slot = {&i8237_class, 0, -1, -1};
static const uint8_t page_port[8] = {0x87, 0x83, 0x81, 0x82, 0x8F, 0x8B, 0x89, 0x8A};

static void out(uint16_t port, uint8_t val)
{
    fixture_out(&fx, port, val);
}

static uint8_t in(uint16_t port)
{
    return fixture_in(&fx, port);
}

static void setup(void)
{
    fixture_init(&fx);
    dma = fixture_attach(&fx, &slot);
    out(0xD6, 0xC0); /* channel 4: cascade, as the firmware leaves it */
    out(0xD4, 0x00);
}

static void teardown(void)
{
    fixture_free(&fx);
}

/* count: transfers. Leaves the channel unmasked. */
static void program(unsigned ch, uint8_t mode, uint32_t address, uint32_t count)
{
    bool words = ch >= 4;
    uint16_t a = (uint16_t)(words ? address >> 1 : address);
    uint16_t base = words ? 0xC0 : 0x00;
    unsigned step = words ? 2 : 1;
    unsigned n = ch & 3;
    out((uint16_t)(base + 0x0A * step), (uint8_t)(4 | n));
    out((uint16_t)(base + 0x0C * step), 0);
    out((uint16_t)(base + 2 * n * step), (uint8_t)a);
    out((uint16_t)(base + 2 * n * step), (uint8_t)(a >> 8));
    out((uint16_t)(base + (2 * n + 1) * step), (uint8_t)(count - 1));
    out((uint16_t)(base + (2 * n + 1) * step), (uint8_t)((count - 1) >> 8));
    out(page_port[ch], (uint8_t)(address >> 16));
    out((uint16_t)(base + 0x0B * step), (uint8_t)(mode | n));
    out((uint16_t)(base + 0x0A * step), (uint8_t)n);
}

static uint16_t word(uint16_t port)
{
    uint8_t low = in(port);
    return (uint16_t)(low | in(port) << 8);
}

static uint32_t push(unsigned ch, uint32_t len, bool *tc)
{
    return fx.board.dma.to_memory(fx.board.dma.ctx, ch, buffer, len, tc);
}

static uint32_t pull(unsigned ch, uint32_t len, bool *tc)
{
    return fx.board.dma.from_memory(fx.board.dma.ctx, ch, buffer, len, tc);
}

static void fill_pattern(void)
{
    for (size_t i = 0; i < sizeof buffer; i++) {
        buffer[i] = (uint8_t)(i * 31 + (i >> 8));
    }
}

static uint8_t ram(paddr pa)
{
    return (uint8_t)phys_read(fx.board.phys, pa, 1);
}

START_TEST(registers)
{
    out(0x0C, 0);
    out(0x00, 0x34);
    out(0x00, 0x12);
    out(0x07, 0xCD);
    out(0x07, 0xAB);
    ck_assert_uint_eq(word(0x00), 0x1234);
    ck_assert_uint_eq(word(0x07), 0xABCD);
    (void)in(0x00);
    out(0x0C, 0); /* the byte pointer starts again */
    ck_assert_uint_eq(word(0x00), 0x1234);
    out(0xCA, 0x78); /* channel 6 count, word-spaced; A0 is not decoded */
    out(0xCB, 0x56);
    ck_assert_uint_eq(word(0xCA), 0x5678);
    for (uint16_t port = 0x81; port <= 0x8F; port++) {
        out(port, (uint8_t)(port * 3));
    }
    for (uint16_t port = 0x81; port <= 0x8F; port++) {
        ck_assert_uint_eq(in(port), (uint8_t)(port * 3));
    }
    ck_assert_uint_eq(in(0x80), 0xFF); /* somebody else's */
}
END_TEST

START_TEST(masks_and_clears)
{
    ck_assert_uint_eq(in(0x0F), 0xFF);
    out(0x0A, 0x02);
    ck_assert_uint_eq(in(0x0F), 0xFB);
    out(0x0A, 0x06);
    ck_assert_uint_eq(in(0x0F), 0xFF);
    out(0x0E, 0);
    ck_assert_uint_eq(in(0x0F), 0xF0);
    out(0x0F, 0x05);
    ck_assert_uint_eq(in(0x0F), 0xF5);
    out(0x08, 0x04);
    out(0x0D, 0);
    ck_assert_uint_eq(in(0x0F), 0xFF);
    ck_assert_uint_eq(in(0x08), 0x00);
    ck_assert_uint_eq(in(0x0D), 0x00);
    ck_assert_uint_eq(in(0xDE), 0xFE); /* DMA 2 was not cleared */
}
END_TEST

START_TEST(to_memory)
{
    bool tc = true;
    fill_pattern();
    program(2, SINGLE | TO_MEMORY, 0x12345, 512);
    ck_assert_uint_eq(push(2, 100, &tc), 100);
    ck_assert(!tc);
    ck_assert_uint_eq(in(0x08), 0);
    ck_assert_uint_eq(word(0x04), 0x2345 + 100);
    ck_assert_uint_eq(word(0x05), 511 - 100);
    ck_assert_uint_eq(push(2, 1000, &tc), 412);
    ck_assert(tc);
    ck_assert_uint_eq(in(0x08), 0x04);
    ck_assert_uint_eq(in(0x08), 0x00); /* reading cleared it */
    ck_assert_uint_eq(word(0x05), 0xFFFF);
    ck_assert_uint_eq(in(0x0F) & 0x04, 0x04); /* terminal count masks the channel … */
    ck_assert_uint_eq(push(2, 1, &tc), 0);    /* … and so the next request waits */
    ck_assert(!tc);
    for (unsigned i = 0; i < 100; i++) {
        ck_assert_uint_eq(ram(0x12345 + i), buffer[i]);
    }
    ck_assert_uint_eq(ram(0x12345 + 512), 0);
}
END_TEST

START_TEST(from_memory)
{
    bool tc;
    for (unsigned i = 0; i < 64; i++) {
        phys_write(fx.board.phys, 0x5000 + i, i ^ 0x5A, 1);
    }
    program(1, FROM_MEMORY, 0x5000, 64);
    ck_assert_uint_eq(pull(1, 64, &tc), 64);
    ck_assert(tc);
    for (unsigned i = 0; i < 64; i++) {
        ck_assert_uint_eq(buffer[i], i ^ 0x5A);
    }
    program(3, FROM_MEMORY, 0xF00000, 16); /* beyond RAM: an idle bus */
    ck_assert_uint_eq(pull(3, 16, &tc), 16);
    ck_assert_uint_eq(buffer[7], 0xFF);
}
END_TEST

START_TEST(direction_and_verify)
{
    bool tc;
    fill_pattern();
    program(2, FROM_MEMORY, 0x2000, 16);
    ck_assert_uint_eq(push(2, 16, &tc), 0);
    ck_assert_uint_eq(fx.board.notes.count[NOTE_i8237_direction], 1);
    program(2, 0x00, 0x2000, 16);
    ck_assert_uint_eq(push(2, 16, &tc), 16);
    ck_assert(tc);
    ck_assert_uint_eq(ram(0x2000), 0);
    program(2, 0xC0, 0x2000, 16); /* cascade: the device has the bus to itself */
    ck_assert_uint_eq(push(2, 16, &tc), 0);
    ck_assert_uint_eq(push(9, 16, &tc), 0);
}
END_TEST

START_TEST(gates)
{
    bool tc;
    program(2, TO_MEMORY, 0x2000, 16);
    out(0x08, 0x04);
    ck_assert_uint_eq(push(2, 4, &tc), 0);
    out(0x08, 0x00);
    out(0xD4, 0x04); /* channel 4 masked: DMA 1 is cut off */
    ck_assert_uint_eq(push(2, 4, &tc), 0);
    out(0xD4, 0x00);
    out(0xD0, 0x04);
    ck_assert_uint_eq(push(2, 4, &tc), 0);
    out(0xD0, 0x00);
    ck_assert_uint_eq(push(2, 4, &tc), 4);
}
END_TEST

START_TEST(wrap_inside_64k)
{
    bool tc;
    fill_pattern();
    program(0, TO_MEMORY, 0x3FFFE, 4);
    ck_assert_uint_eq(push(0, 4, &tc), 4);
    ck_assert_uint_eq(ram(0x3FFFE), buffer[0]);
    ck_assert_uint_eq(ram(0x3FFFF), buffer[1]);
    ck_assert_uint_eq(ram(0x30000), buffer[2]);
    ck_assert_uint_eq(ram(0x30001), buffer[3]);
    ck_assert_uint_eq(ram(0x40000), 0);
    program(0, TO_MEMORY, 0x30000, 0x10000);
    ck_assert_uint_eq(push(0, 0x20000, &tc), 0x10000);
    ck_assert(tc);
}
END_TEST

START_TEST(words)
{
    bool tc;
    fill_pattern();
    program(5, TO_MEMORY, 0x2FFFC, 4); /* page bit 0 is A16's, which the address register has */
    out(0x8B, 0x03);
    ck_assert_uint_eq(push(5, 5, &tc), 4); /* an odd byte is no word */
    ck_assert(!tc);
    ck_assert_uint_eq(push(5, 100, &tc), 4);
    ck_assert(tc);
    ck_assert_uint_eq(ram(0x2FFFC), buffer[0]);
    ck_assert_uint_eq(ram(0x2FFFF), buffer[3]);
    ck_assert_uint_eq(ram(0x30000), buffer[0]);
    ck_assert_uint_eq(in(0xD0), 0x02);
    program(5, TO_MEMORY, 0x3FFFE, 2); /* wraps inside 128 KiB */
    ck_assert_uint_eq(push(5, 4, &tc), 4);
    ck_assert_uint_eq(ram(0x3FFFF), buffer[1]);
    ck_assert_uint_eq(ram(0x20000), buffer[2]);
    program(4, TO_MEMORY, 0x2000,
            2); /* channel 4 can be programmed, but then nothing cascades */
    program(1, TO_MEMORY, 0x2000, 2);
    ck_assert_uint_eq(push(1, 2, &tc), 0);
}
END_TEST

START_TEST(autoinit_and_decrement)
{
    bool tc;
    fill_pattern();
    program(1, TO_MEMORY | AUTOINIT, 0x6000, 8);
    ck_assert_uint_eq(push(1, 20, &tc), 8);
    ck_assert(tc);
    ck_assert_uint_eq(word(0x02), 0x6000);
    ck_assert_uint_eq(word(0x03), 7);
    ck_assert_uint_eq(push(1, 3, &tc), 3);
    ck_assert(!tc);
    program(3, TO_MEMORY | DECREMENT, 0x7001, 4);
    ck_assert_uint_eq(push(3, 4, &tc), 4);
    ck_assert(tc);
    ck_assert_uint_eq(ram(0x7001), buffer[0]);
    ck_assert_uint_eq(ram(0x7000), buffer[1]);
    ck_assert_uint_eq(ram(0x6FFE), buffer[3]);
}
END_TEST

START_TEST(software_request)
{
    program(1, 0x80 | TO_MEMORY, 0x9000, 700);
    out(0x0A, 0x05); /* a mask does not hold it */
    out(0x09, 0x05);
    ck_assert_uint_eq(in(0x08), 0x02);
    ck_assert_uint_eq(ram(0x9000), 0xFF);
    ck_assert_uint_eq(ram(0x9000 + 699), 0xFF);
    ck_assert_uint_eq(ram(0x9000 + 700), 0);
    out(0x08, 0x04);
    program(1, 0x80 | TO_MEMORY, 0xA000, 4);
    out(0x09, 0x05);
    ck_assert_uint_eq(in(0x08), 0x20); /* pending while the controller is off */
    out(0x09, 0x01);
    ck_assert_uint_eq(in(0x08), 0x00);
    out(0x08, 0x01);
    ck_assert_uint_eq(fx.board.notes.count[NOTE_i8237_memory], 1);
}
END_TEST

/* Downwards, and around 0000h to the top of the same 64 KiB. */
START_TEST(software_request_downwards)
{
    program(1, 0x80 | TO_MEMORY | DECREMENT, 0x0003, 8);
    out(0x09, 0x05);
    ck_assert_uint_eq(in(0x08) & 0x02, 0x02);
    for (uint32_t at = 0; at <= 3; at++) {
        ck_assert_uint_eq(ram(at), 0xFF);
        ck_assert_uint_eq(ram(0xFFFF - at), 0xFF);
    }
    ck_assert_uint_eq(ram(4), 0);
    ck_assert_uint_eq(ram(0xFFFB), 0);
    ck_assert_uint_eq(word(0x02), 0xFFFB);
    ck_assert_uint_eq(word(0x03), 0xFFFF);
}
END_TEST

START_TEST(resets)
{
    program(2, TO_MEMORY, 0x12345, 16);
    i8237_class.reset(dma, RESET_HARD);
    ck_assert_uint_eq(in(0x0F), 0xFF);
    ck_assert_uint_eq(in(0xDE), 0xFF);
    ck_assert_uint_eq(word(0x04), 0x2345); /* the pin clears what master clear does */
    ck_assert_uint_eq(in(0x81), 0x01);
    i8237_class.reset(dma, RESET_POWER);
    ck_assert_uint_eq(word(0x04), 0);
    ck_assert_uint_eq(in(0x81), 0);
}
END_TEST

static void random_step(struct fixture *f, uint64_t *seed)
{
    uint32_t r = test_random(seed);
    bool tc;
    uint16_t port = (uint16_t)(r >> 8 & 0x1F);
    port = (uint16_t)(r & 1 ? 0xC0 + port : r & 2 ? 0x81 + port % 15 : port & 15);
    switch (r >> 16 & 7) {
    case 0: (void)fixture_in(f, port); break;
    case 1:
        (void)f->board.dma.to_memory(f->board.dma.ctx, r >> 20 & 7, buffer, r >> 4 & 0x1FFF,
                                     &tc);
        break;
    case 2:
        (void)f->board.dma.from_memory(f->board.dma.ctx, r >> 20 & 7, buffer, r >> 4 & 0x1FFF,
                                       &tc);
        break;
    default: fixture_out(f, port, (uint8_t)(r >> 24)); break;
    }
}

START_TEST(random_traffic)
{
    uint64_t seed = 3;
    for (unsigned i = 0; i < 20000; i++) {
        random_step(&fx, &seed);
    }
}
END_TEST

START_TEST(save_and_load)
{
    static struct fixture other;
    struct error err = {{0}};
    uint64_t seed = 11;
    ck_assert_msg(state_coverage(i8237_class.state, &err) == 0, "%s", err.text);
    fixture_init(&other);
    struct device *copy = fixture_attach(&other, &slot);
    for (unsigned i = 0; i < 3000; i++) {
        random_step(&fx, &seed);
    }
    fixture_clone(dma, copy);
    uint64_t a = seed, b = seed;
    for (unsigned i = 0; i < 3000; i++) {
        memset(buffer, 0, sizeof buffer);
        random_step(&fx, &a);
        random_step(&other, &b);
    }
    ck_assert_uint_eq(state_hash(i8237_class.state, dma, 0),
                      state_hash(i8237_class.state, copy, 0));
    fixture_free(&other);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("i8237");
    TCase *tc = tcase_create("i8237");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, registers);
    tcase_add_test(tc, masks_and_clears);
    tcase_add_test(tc, to_memory);
    tcase_add_test(tc, from_memory);
    tcase_add_test(tc, direction_and_verify);
    tcase_add_test(tc, gates);
    tcase_add_test(tc, wrap_inside_64k);
    tcase_add_test(tc, words);
    tcase_add_test(tc, autoinit_and_decrement);
    tcase_add_test(tc, software_request);
    tcase_add_test(tc, software_request_downwards);
    tcase_add_test(tc, resets);
    tcase_add_test(tc, random_traffic);
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
