/* tests/unit/test_vga_graphics.c -- what the VGA shows in graphics modes, dot by dot. */
#include <check.h>
#include <string.h>

#include "tests/support/vga_modes.h"

enum { MHZ25 = 25175000 };

static struct fixture fx;
static struct device *vga;
static struct vga_view view;

static void setup(void)
{
    vga = vga_fixture(&fx);
}

static void teardown(void)
{
    vga_view_free(&view);
    fixture_free(&fx);
}

static void draw(void)
{
    vga_view_draw(&view, vga);
}

static uint32_t pixel(unsigned x, unsigned y)
{
    return vga_view_pixel(&view, x, y);
}

static void check_dots(unsigned x, unsigned y, const char *want, uint8_t color, uint8_t back)
{
    vga_view_dots(&view, x, y, want, color, back);
}

START_TEST(mode_13)
{
    vga_set_mode(&fx, &vga_mode_13);
    phys_write(fx.board.phys, 0xA0000, 0x9B1F0201, 4);
    phys_write(fx.board.phys, 0xA0000 + 199 * 320 + 319, 0xE7, 1);
    draw();
    ck_assert(!view.sc.text);
    ck_assert_uint_eq(view.sc.width, 640);
    ck_assert_uint_eq(view.sc.height, 400);
    static const uint8_t want[4] = {0x01, 0x02, 0x1F, 0x9B};
    for (unsigned n = 0; n < 8; n++) {
        ck_assert_uint_eq(pixel(n, 0), vga_rgb(want[n / 2]));
        ck_assert_uint_eq(pixel(n, 1), vga_rgb(want[n / 2]));
    }
    ck_assert_uint_eq(pixel(8, 0), vga_rgb(0));
    ck_assert_uint_eq(pixel(0, 2), vga_rgb(0));
    ck_assert_uint_eq(pixel(639, 399), vga_rgb(0xE7));
    ck_assert_uint_eq(pixel(638, 398), vga_rgb(0xE7));
    ck_assert_uint_eq(pixel(637, 398), vga_rgb(0));
    vga_attr(&fx, 0x13, 0x02); /* one pixel of two dots */
    draw();
    ck_assert_uint_eq(pixel(0, 0), vga_rgb(0x02));
    ck_assert_uint_eq(pixel(5, 0), vga_rgb(0x9B));
}
END_TEST

START_TEST(mode_12)
{
    vga_set_mode(&fx, &vga_mode_12);
    for (uint8_t p = 0; p < 4; p++) {
        static const uint8_t bits[4] = {0x55, 0x33, 0x0F, 0x80};
        vga_seq(&fx, 2, (uint8_t)(1 << p));
        phys_write(fx.board.phys, 0xA0000 + 80 * 479 + 79, bits[p], 1);
    }
    draw();
    ck_assert(!view.sc.text);
    ck_assert_uint_eq(view.sc.width, 640);
    ck_assert_uint_eq(view.sc.height, 480);
    static const uint8_t want[8] = {0x38, 1, 2, 3, 4, 5, 0x14, 7};
    for (unsigned n = 0; n < 8; n++) {
        ck_assert_uint_eq(pixel(632 + n, 479), vga_rgb(want[n]));
        ck_assert_uint_eq(pixel(632 + n, 478), vga_rgb(0));
    }
    vga_attr(&fx, 0x12, 0x03);
    draw();
    ck_assert_uint_eq(pixel(639, 479), vga_rgb(3));
}
END_TEST

START_TEST(mode_04)
{
    vga_set_mode(&fx, &vga_mode_04);
    phys_write(fx.board.phys, 0xB8000, 0xE41B, 2);              /* 0 1 2 3, 3 2 1 0 */
    phys_write(fx.board.phys, 0xBA000 + 80 * 99 + 79, 0x02, 1); /* line 199: … 0 0 0 2 */
    draw();
    ck_assert(!view.sc.text);
    ck_assert_uint_eq(view.sc.width, 640);
    ck_assert_uint_eq(view.sc.height, 400);
    static const uint8_t color[4] = {0, 0x13, 0x15, 0x17}, want[8] = {0, 1, 2, 3, 3, 2, 1, 0};
    for (unsigned n = 0; n < 16; n++) {
        ck_assert_uint_eq(pixel(n, 0), vga_rgb(color[want[n / 2]]));
        ck_assert_uint_eq(pixel(n, 1), vga_rgb(color[want[n / 2]]));
    }
    ck_assert_uint_eq(pixel(4, 2), vga_rgb(0)); /* the odd lines are 8 KiB on */
    ck_assert_uint_eq(pixel(639, 399), vga_rgb(0x15));
    ck_assert_uint_eq(pixel(637, 399), vga_rgb(0));
    ck_assert_uint_eq(pixel(639, 397), vga_rgb(0));
}
END_TEST

START_TEST(mode_06)
{
    vga_set_mode(&fx, &vga_mode_06);
    phys_write(fx.board.phys, 0xB8000 + 80, 0xA1, 1);
    phys_write(fx.board.phys, 0xBA000 + 1, 0x01, 1);
    draw();
    ck_assert_uint_eq(view.sc.width, 640);
    ck_assert_uint_eq(view.sc.height, 400);
    check_dots(0, 4, "#.#....#........", 0x17, 0);
    check_dots(0, 5, "#.#....#........", 0x17, 0);
    check_dots(0, 2, "...............#", 0x17, 0);
    check_dots(0, 0, "................", 0x17, 0);
}
END_TEST

START_TEST(mode_0f_blinks)
{
    enum { MODE_FRAME = 800 * 449 };
    vga_set_mode(&fx, &vga_mode_0f);
    *vga_plane(&fx, 0, 0) = 0x0F;
    *vga_plane(&fx, 2, 0) = 0x33; /* black, blinking, white, bright: two dots each */
    draw();
    ck_assert_uint_eq(view.sc.height, 350);
    static const uint8_t on[4] = {0x00, 0x18, 0x08, 0x18}, off[4] = {0x00, 0x00, 0x08, 0x18};
    for (unsigned n = 0; n < 8; n++) {
        ck_assert_uint_eq(pixel(n, 0), vga_rgb(on[n / 2]));
    }
    vga_run_cycles(&fx, (uint64_t)16 * MODE_FRAME + 10, MHZ25);
    draw();
    for (unsigned n = 0; n < 8; n++) {
        ck_assert_uint_eq(pixel(n, 0), vga_rgb(off[n / 2]));
    }
}
END_TEST

START_TEST(colour_graphics_blink)
{
    enum { MODE_FRAME = 800 * 525 };
    vga_set_mode(&fx, &vga_mode_12);
    vga_attr(&fx, 0x10, 0x09);
    *vga_plane(&fx, 0, 0) = 0xF0;
    *vga_plane(&fx, 3, 0) = 0xCC; /* 9 9 1 1 8 8 0 0 */
    draw();
    check_dots(0, 0, "##..", 0x39, 1);
    check_dots(4, 0, "##..", 0x38, 0);
    vga_run_cycles(&fx, (uint64_t)16 * MODE_FRAME + 10, MHZ25);
    draw(); /* only where plane 3 is set */
    check_dots(0, 0, "....", 0x39, 1);
    check_dots(4, 0, "....", 0x38, 0);
}
END_TEST

START_TEST(nine_dot_graphics)
{
    vga_set_mode(&fx, &vga_mode_12);
    vga_seq(&fx, 1, 0x00);
    vga_attr(&fx, 0x13, 0x08);
    *vga_plane(&fx, 0, 0) = 0x81;
    *vga_plane(&fx, 0, 1) = 0x81;
    draw();
    ck_assert_uint_eq(view.sc.width, 720);
    check_dots(0, 0,
               "#......#."
               "#......#.",
               1, 0);
}
END_TEST

START_TEST(interleaved_planes_2_and_3)
{
    vga_set_mode(&fx, &vga_mode_04);
    vga_attr(&fx, 0x12, 0x0F);
    *vga_plane(&fx, 0, 0) = 0x1B; /* low bits 0 1 2 3 */
    *vga_plane(&fx, 2, 0) = 0xE4; /* high bits 3 2 1 0 */
    *vga_plane(&fx, 3, 0) = 0x55; /* 1 1 1 1 */
    draw();
    static const uint8_t want[8] = {0x14, 0x11, 6, 0x17, 2, 2, 2, 2};
    for (unsigned n = 0; n < 8; n++) {
        ck_assert_uint_eq(pixel(2 * n, 0), vga_rgb(want[n]));
    }
}
END_TEST

/* Which plane address does character c of the first line come from? Found by marking it. */
static void check_address(unsigned c, unsigned line, uint32_t addr)
{
    *vga_plane(&fx, 0, addr) = 0xFF;
    draw();
    check_dots(c * 8, line, "########", 1, 0);
    *vga_plane(&fx, 0, addr) = 0x00;
}

START_TEST(address_modes)
{
    vga_set_mode(&fx, &vga_mode_12);
    vga_crtc(&fx, 0x0C, 0xC1); /* start at C100h */
    check_address(3, 0, 0xC103);
    vga_crtc(&fx, 0x17, 0xEB); /* count by two … */
    check_address(6, 0, 0xC103);
    check_address(7, 0, 0xC103);
    vga_crtc(&fx, 0x17, 0xE3);
    vga_crtc(&fx, 0x14, 0x20); /* … and by four */
    check_address(15, 0, 0xC103);
    vga_crtc(&fx, 0x14, 0x40); /* doubleword: the counter is rotated by two */
    check_address(3, 0, 0x040F);
    vga_crtc(&fx, 0x14, 0x00);
    vga_crtc(&fx, 0x17, 0xA3); /* word: by one */
    check_address(3, 0, 0x8207);
    vga_crtc(&fx, 0x17, 0xE0); /* byte; bits 13 and 14 are the row scan's */
    vga_crtc(&fx, 0x09, 0x43);
    check_address(3, 0, 0x8103);
    check_address(3, 1, 0xA103);
    check_address(3, 2, 0xC103);
    check_address(3, 3, 0xE103);
    check_address(3, 5, 0xA153);
}
END_TEST

START_TEST(half_the_line_rate)
{
    vga_set_mode(&fx, &vga_mode_12);
    vga_crtc(&fx, 0x11, 0x0C);
    vga_crtc(&fx, 0x17, 0xE7); /* the vertical counter counts every other line */
    vga_crtc(&fx, 0x18, 0x02); /* split after its count 2: lines 4 and 5 */
    vga_crtc(&fx, 0x07, 0x2E);
    vga_crtc(&fx, 0x09, 0x00);
    *vga_plane(&fx, 0, 0) = 0x81;
    draw();
    ck_assert_uint_eq(view.sc.height, 960);
    for (unsigned y = 0; y < 10; y++) {
        check_dots(0, y, y == 0 || y == 6 ? "#......#" : "........", 1, 0);
    }
}
END_TEST

START_TEST(mode_x)
{
    vga_set_mode(&fx, &vga_mode_13);
    vga_seq(&fx, 4, 0x06); /* 320x200 unchained: byte mode, pages by the start address */
    vga_crtc(&fx, 0x14, 0x00);
    vga_crtc(&fx, 0x17, 0xE3);
    vga_crtc(&fx, 0x0C, 0x40);
    for (uint8_t p = 0; p < 4; p++) {
        vga_seq(&fx, 2, (uint8_t)(1 << p));
        phys_write(fx.board.phys, 0xA4000 + 80, 0x41u + p, 1);
    }
    draw();
    for (uint8_t n = 0; n < 8; n++) {
        ck_assert_uint_eq(pixel(n, 2), vga_rgb(0x41 + n / 2));
    }
}
END_TEST

/* ---- anything goes */

START_TEST(random_registers_draw)
{
    uint64_t seed = (uint64_t)_i * 977 + 5;
    for (unsigned n = 0; n < 25; n++) {
        struct vga_mode m;
        uint8_t *bytes = (uint8_t *)&m;
        for (size_t k = 0; k < sizeof m; k++) {
            bytes[k] = (uint8_t)test_random(&seed);
        }
        m.crtc[0x17] |= 0x80;
        m.crtc[0x07] &= (uint8_t)test_random(&seed); /* fewer lines: time is short */
        vga_set_mode(&fx, &m);
        for (unsigned k = 0; k < 1000; k++) {
            *vga_plane(&fx, k & 3, test_random(&seed)) = (uint8_t)test_random(&seed);
        }
        fixture_run_to(&fx, clock_now(&fx.board.clock) + test_random(&seed) % 100000000);
        draw();
        ck_assert_uint_le(view.sc.width, 4608);
        ck_assert_uint_le(view.sc.height, 2048);
    }
}
END_TEST

static TCase *graphics_pixels(void)
{
    TCase *tc = tcase_create("graphics");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, mode_13);
    tcase_add_test(tc, mode_12);
    tcase_add_test(tc, mode_04);
    tcase_add_test(tc, mode_06);
    tcase_add_test(tc, mode_0f_blinks);
    tcase_add_test(tc, mode_x);
    tcase_add_test(tc, colour_graphics_blink);
    tcase_add_test(tc, nine_dot_graphics);
    tcase_add_test(tc, interleaved_planes_2_and_3);
    tcase_add_test(tc, address_modes);
    tcase_add_test(tc, half_the_line_rate);
    tcase_add_loop_test(tc, random_registers_draw, 0, 4);
    return tc;
}

int main(void)
{
    Suite *s = suite_create("vga_graphics");
    suite_add_tcase(s, graphics_pixels());
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? 1 : 0;
}
