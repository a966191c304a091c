/* tests/unit/test_vga_watch.c -- a front end asks whether the picture has changed. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/vga_modes.h"

enum { MHZ28 = 28322000, FRAME = 900 * 449 }; /* mode 03h, in cycles of 28.322 MHz */

static struct fixture fx;
static struct device *vga;
static struct vga_watch watch;

static void setup(void)
{
    vga = vga_fixture(&fx);
    watch = (struct vga_watch){0};
}

static void teardown(void)
{
    fixture_free(&fx);
}

/* Does the version change? Asked twice, it stays. */
static bool changed(void)
{
    uint64_t before = watch.version;
    uint64_t now = vga_screen_version(vga, &watch);
    ck_assert_uint_ne(now, 0);
    ck_assert_uint_ge(now, before);
    ck_assert_uint_eq(vga_screen_version(vga, &watch), now);
    return now != before;
}

static void lines(uint64_t since, unsigned first, unsigned end)
{
    unsigned a = 99, b = 99;
    vga_screen_lines(vga, &watch, since, &a, &b);
    ck_assert_msg(a == first && b == end, "%u to %u instead of %u to %u", a, b, first, end);
}

START_TEST(an_idle_screen_stays)
{
    ck_assert(changed()); /* never drawn */
    ck_assert(!changed());
    vga_set_mode(&fx, &vga_mode_13);
    ck_assert(changed());
    vga_run_cycles(&fx, 100 * (uint64_t)FRAME, MHZ28);
    ck_assert(!changed());
    lines(watch.version, 0, 0);
    lines(0, 0, 400);
}
END_TEST

START_TEST(registers_and_memory_count)
{
    vga_set_mode(&fx, &vga_mode_13);
    ck_assert(changed());
    phys_write(fx.board.phys, 0xA1234, 5, 1);
    ck_assert(changed());
    (void)phys_read(fx.board.phys, 0xA1234, 1);
    ck_assert(!changed());
    vga_dac(&fx, 5, 1, 2, 3);
    ck_assert(changed());
    vga_crtc(&fx, 0x0D, 1);
    ck_assert(changed());
    vga_attr(&fx, 0x13, 1);
    ck_assert(changed());
    fixture_out(&fx, 0x3C6, 0x0F);
    ck_assert(changed());
    vga_seq(&fx, 1, 0x21); /* the picture goes off, but for two frames it is not blank */
    ck_assert(changed());
    vga_run_cycles(&fx, 5 * (uint64_t)FRAME, MHZ28);
    ck_assert(changed());
    ck_assert(!changed());
}
END_TEST

START_TEST(blinking_counts)
{
    vga_set_mode(&fx, &vga_mode_03);
    vga_crtc(&fx, 0x0A, 0x0D);
    (void)changed();
    vga_run_cycles(&fx, 8 * (uint64_t)FRAME + FRAME / 2, MHZ28); /* the cursor goes off */
    ck_assert(changed());
    vga_crtc(&fx, 0x0A, 0x2D); /* no cursor … */
    (void)changed();
    vga_run_cycles(&fx, 13 * (uint64_t)FRAME, MHZ28);
    ck_assert(!changed());
    vga_run_cycles(&fx, 17 * (uint64_t)FRAME, MHZ28); /* … but blinking characters */
    ck_assert(changed());
    vga_attr(&fx, 0x10, 0x04); /* no blinking either */
    (void)changed();
    vga_run_cycles(&fx, 100 * (uint64_t)FRAME, MHZ28);
    ck_assert(!changed());
}
END_TEST

/* The picture is put together of what was there and of the lines that are told to change. */
static uint32_t seen[720 * 400], whole[720 * 400];

static void follow(uint64_t since)
{
    unsigned first, end;
    vga_screen_lines(vga, &watch, since, &first, &end);
    ck_assert(vga_get_lines(vga, first, end, seen, sizeof seen / sizeof *seen));
    ck_assert(vga_get_pixels(vga, whole, sizeof whole / sizeof *whole));
    ck_assert_mem_eq(seen, whole, sizeof whole);
}

START_TEST(blinking_is_a_matter_of_few_lines)
{
    vga_set_mode(&fx, &vga_mode_03);
    vga_crtc(&fx, 0x0A, 0x0D);
    vga_crtc(&fx, 0x0B, 0x0E);
    vga_crtc(&fx, 0x0E, 0);
    vga_crtc(&fx, 0x0F, 80 * 3 + 7);
    for (unsigned i = 0; i < 80 * 25; i++) {
        phys_write(fx.board.phys, 0xB8000 + 2 * i, 0x1700 | (i & 0xFF), 2);
    }
    uint64_t half = 8 * (uint64_t)FRAME, frames = FRAME / 2; /* of the cursor's blinking */
    follow(0);
    uint64_t drawn = watch.version;
    vga_run_cycles(&fx, frames += half, MHZ28);
    lines(drawn, 48, 64); /* the cursor's row */
    follow(drawn);
    phys_write(fx.board.phys, 0xB8000 + 2 * 80 * 7, 0x97DB, 2); /* a character that blinks */
    drawn = watch.version;
    lines(drawn, 0, 400);
    follow(drawn);
    for (unsigned n = 0; n < 6; n++) {
        drawn = watch.version;
        vga_run_cycles(&fx, frames += half, MHZ28);
        lines(drawn, 48, 128);
        follow(drawn);
    }
    drawn = watch.version;
    vga_crtc(&fx, 0x18, 90); /* a split: the first row again, from line 91 on */
    vga_crtc(&fx, 0x07, 0x0F);
    vga_crtc(&fx, 0x09, 0x0F);
    follow(drawn);
    drawn = watch.version;
    vga_run_cycles(&fx, frames += half, MHZ28);
    lines(drawn, 48, 219); /* rows 3 and, below the split, 3 and 7 */
    follow(drawn);
}
END_TEST

static void vbe(uint16_t n, uint16_t val)
{
    bus_out(&fx.board.bus, 0x1CE, n, 2);
    bus_out(&fx.board.bus, 0x1CF, val, 2);
}

static void store(uint32_t at)
{
    struct ram *vram = phys_main_ram(fx.board.phys)->next;
    vram->bytes[at] ^= 0x80;
    ram_touch(vram, at, 1);
}

/* 1024 x 768 pixels of 32 bits: a page is a line. */
START_TEST(lines_of_vbe)
{
    enum { XRES = 1, YRES, BPP, ENABLE, X_OFFSET = 8, Y_OFFSET };
    vga_set_mode(&fx, &vga_mode_13);
    vbe(XRES, 1024);
    vbe(YRES, 768);
    vbe(BPP, 32);
    vbe(ENABLE, 0x41);
    ck_assert(changed());
    uint64_t drawn = watch.version;
    lines(drawn, 0, 0);
    lines(drawn - 1, 0, 768);
    store(4096 * 5 + 17);
    lines(drawn, 5, 6);
    uint64_t later = watch.version;
    store(4096 * 767);
    lines(later, 767, 768);
    lines(drawn, 5, 768);
    lines(watch.version, 0, 0);
    store(4096 * 768); /* below the picture */
    ck_assert(!changed());
    vbe(Y_OFFSET, 2); /* now above */
    ck_assert(changed());
    drawn = watch.version;
    store(4096 * 1);
    ck_assert(!changed());
    store(4096 * 2);
    store(4096 * 769 + 4095);
    lines(drawn, 0, 768);
    vbe(X_OFFSET, 1); /* 4 bytes: the picture starts and ends in the midst of pages */
    ck_assert(changed());
    drawn = watch.version;
    store(4096 * 4 + 4);
    lines(drawn, 1, 3);
    drawn = watch.version;
    store(4096 * 770 + 3);
    lines(drawn, 767, 768);
}
END_TEST

START_TEST(asking_is_not_noticed)
{
    vga_set_mode(&fx, &vga_mode_13);
    phys_write(fx.board.phys, 0xA0000, 1, 1);
    struct ram *vram = phys_main_ram(fx.board.phys)->next;
    uint64_t state = state_hash(vga_class.state, vga, 0);
    uint64_t memory = ram_hash(fx.board.phys, vram);
    ck_assert(changed());
    ck_assert_uint_eq(state_hash(vga_class.state, vga, 0), state);
    ck_assert_uint_eq(ram_hash(fx.board.phys, vram), memory);
    phys_write(fx.board.phys, 0xA0000, 2, 1);
    ck_assert(changed());
    ck_assert_uint_ne(ram_hash(fx.board.phys, vram), memory);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("vga_watch");
    TCase *tc = tcase_create("watch");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, an_idle_screen_stays);
    tcase_add_test(tc, registers_and_memory_count);
    tcase_add_test(tc, blinking_counts);
    tcase_add_test(tc, blinking_is_a_matter_of_few_lines);
    tcase_add_test(tc, lines_of_vbe);
    tcase_add_test(tc, asking_is_not_noticed);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? 1 : 0;
}
