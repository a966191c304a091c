/* tests/unit/test_vga_vbe.c -- the VGA's VBE extensions, through their ports. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/vga_modes.h"

enum { ID, XRES, YRES, BPP, ENABLE, BANK, VIRT_WIDTH, VIRT_HEIGHT, X_OFFSET, Y_OFFSET, MEMORY };
enum { ON = 0x01, CAPS = 0x02, DAC8 = 0x20, LFB = 0x40, KEEP = 0x80 };
enum { VRAM = 16 << 20 };

static struct fixture fx;
static struct device *vga;
static struct vga_view view;

static void setup(void)
{
    vga = vga_fixture(&fx);
    vga_set_mode(&fx, &vga_mode_13); /* a picture that is on, and a DAC */
}

static void teardown(void)
{
    vga_view_free(&view);
    fixture_free(&fx);
}

static void out(uint16_t n, uint16_t val)
{
    bus_out(&fx.board.bus, 0x1CE, n, 2);
    bus_out(&fx.board.bus, 0x1CF, val, 2);
}

static unsigned in(uint16_t n)
{
    bus_out(&fx.board.bus, 0x1CE, n, 2);
    return bus_in(&fx.board.bus, 0x1CF, 2);
}

static void set_mode(uint16_t width, uint16_t height, uint16_t bits, uint16_t flags)
{
    out(ENABLE, 0);
    out(XRES, width);
    out(YRES, height);
    out(BPP, bits);
    out(BANK, 0);
    out(ENABLE, ON | flags);
}

static uint8_t *vram(uint32_t at)
{
    return phys_main_ram(fx.board.phys)->next->bytes + at;
}

static void draw(void)
{
    vga_view_draw(&view, vga);
}

static uint32_t pixel(unsigned x, unsigned y)
{
    return vga_view_pixel(&view, x, y);
}

START_TEST(identity)
{
    ck_assert_uint_eq(in(ID), 0xB0C5);
    for (unsigned id = 0xB0C0; id <= 0xB0C5; id++) {
        out(ID, (uint16_t)id);
        ck_assert_uint_eq(in(ID), id);
    }
    out(ID, 0xB0C6);
    ck_assert_uint_eq(in(ID), 0xB0C5);
    ck_assert_uint_eq(in(MEMORY), 256);
    ck_assert_uint_eq(in(0x4242), 0);
    ck_assert_uint_eq(bus_in(&fx.board.bus, 0x1CE, 2), 0x4242);
    bus_out(&fx.board.bus, 0x1CE, MEMORY, 2);
    ck_assert_uint_eq(bus_in(&fx.board.bus, 0x1D0, 2), 256);
    ck_assert_uint_eq(bus_in(&fx.board.bus, 0x1CE, 4), MEMORY | 256u << 16);
    ck_assert_uint_eq(fixture_in(&fx, 0x1CF), 0xFF); /* bytes reach nothing */
    fixture_out(&fx, 0x1CE, 3);
    ck_assert_uint_eq(bus_in(&fx.board.bus, 0x1CE, 2), MEMORY);
}
END_TEST

START_TEST(capabilities)
{
    out(XRES, 640);
    out(ENABLE, CAPS);
    ck_assert_uint_ge(in(XRES), 1600);
    ck_assert_uint_ge(in(YRES), 1200);
    ck_assert_uint_eq(in(BPP), 32);
    ck_assert_uint_eq(in(ENABLE), CAPS);
    out(ENABLE, 0);
    ck_assert_uint_eq(in(XRES), 640);
}
END_TEST

START_TEST(enabling)
{
    memset(vram(0), 0x55, VRAM);
    out(X_OFFSET, 5);
    out(Y_OFFSET, 6);
    out(VIRT_WIDTH, 7);
    set_mode(640, 480, 16, LFB);
    ck_assert_uint_eq(in(ENABLE), ON | LFB);
    ck_assert_uint_eq(in(VIRT_WIDTH), 640);
    ck_assert_uint_eq(in(VIRT_HEIGHT), VRAM / 1280);
    ck_assert_uint_eq(in(X_OFFSET), 0);
    ck_assert_uint_eq(in(Y_OFFSET), 0);
    ck_assert_uint_eq(*vram(0), 0);
    ck_assert_uint_eq(*vram(640 * 480 * 2 - 1), 0);
    ck_assert_uint_eq(*vram(640 * 480 * 2), 0x55);
    memset(vram(0), 0x55, 4);
    out(ENABLE, ON | DAC8); /* was on: nothing is cleared */
    ck_assert_uint_eq(*vram(0), 0x55);
    set_mode(640, 480, 16, KEEP);
    ck_assert_uint_eq(*vram(0), 0x55);
    draw();
    ck_assert(!view.sc.text);
    ck_assert_uint_eq(view.sc.width, 640);
    ck_assert_uint_eq(view.sc.height, 480);
    out(ENABLE, 0);
    draw();
    ck_assert_uint_eq(view.sc.height, 400);
}
END_TEST

START_TEST(hostile_sizes)
{
    static const uint16_t bits[] = {4, 8, 15, 16, 24, 32, 0, 7, 0xFFFF};
    static const uint16_t some[] = {0, 1, 7, 9, 255, 1366, 2561, 0x7FFF, 0xFFF7, 0xFFFF};
    for (unsigned b = 0; b < ARRAY_LEN(bits); b++) {
        for (unsigned n = 0; n < ARRAY_LEN(some); n++) {
            set_mode(some[n], some[ARRAY_LEN(some) - 1 - n], bits[b], KEEP);
            for (unsigned k = 0; k < 4 * ARRAY_LEN(some); k++) {
                out((uint16_t)(VIRT_WIDTH + k % 4), some[(k * 7 + n) % ARRAY_LEN(some)]);
                unsigned depth = in(BPP) == 15 ? 16 : in(BPP), pitch = in(VIRT_WIDTH)*depth / 8;
                uint64_t start = (uint64_t)in(Y_OFFSET)*pitch + in(X_OFFSET)*depth / 8;
                ck_assert_uint_le(in(XRES), in(VIRT_WIDTH));
                ck_assert_uint_le(start + (uint64_t)in(YRES)*pitch, VRAM);
                ck_assert(state_hash(vga_class.state, vga, 0) != 0);
            }
            draw();
        }
    }
}
END_TEST

START_TEST(colours)
{
    set_mode(640, 480, 32, LFB);
    store_le32(vram((640 * 7 + 3) * 4), 0xFF123456); /* the highest byte does not matter */
    draw();
    ck_assert_uint_eq(pixel(3, 7), 0x123456);
    set_mode(640, 480, 24, LFB);
    memcpy(vram((640 * 7 + 3) * 3), "\x56\x34\x12", 3);
    draw();
    ck_assert_uint_eq(pixel(3, 7), 0x123456);
    set_mode(640, 480, 16, LFB);
    store_le16(vram(0), 0xF800);
    store_le16(vram(2), 0x07E0);
    store_le16(vram(4), 0x001F);
    store_le16(vram(6), 16 << 11 | 32 << 5 | 16);
    draw();
    ck_assert_uint_eq(pixel(0, 0), 0xFF0000);
    ck_assert_uint_eq(pixel(1, 0), 0x00FF00);
    ck_assert_uint_eq(pixel(2, 0), 0x0000FF);
    ck_assert_uint_eq(pixel(3, 0), 0x848284);
    set_mode(640, 480, 15, LFB);
    store_le16(vram(0), 0x7C00);
    store_le16(vram(2), 0x03E0);
    store_le16(vram(4), 0x801F);
    draw();
    ck_assert_uint_eq(pixel(0, 0), 0xFF0000);
    ck_assert_uint_eq(pixel(1, 0), 0x00FF00);
    ck_assert_uint_eq(pixel(2, 0), 0x0000FF);
}
END_TEST

START_TEST(palette)
{
    set_mode(640, 480, 8, LFB);
    *vram(641) = 0x47;
    draw();
    ck_assert_uint_eq(pixel(1, 1), vga_rgb(0x47));
    out(ENABLE, ON | DAC8);
    vga_dac(&fx, 0x47, 0xFE, 0x80, 0x01);
    draw();
    ck_assert_uint_eq(pixel(1, 1), 0xFE8001);
    fixture_out(&fx, 0x3C7, 0x47);
    ck_assert_uint_eq(fixture_in(&fx, 0x3C9), 0xFE);
    out(ENABLE, ON);
    vga_dac(&fx, 0x47, 0xFE, 0x80, 0x01); /* six bits again */
    draw();
    ck_assert_uint_eq(pixel(1, 1), 0xFB0004);
}
END_TEST

START_TEST(planes)
{
    vga_set_mode(&fx, &vga_mode_12);
    set_mode(800, 600, 4, 0);
    ck_assert_uint_eq(in(VIRT_WIDTH), 800);
    vga_seq(&fx, 2, 0x09);
    phys_write(fx.board.phys, 0xA0000 + 100 * 599 + 99, 0x01, 1);
    draw();
    ck_assert_uint_eq(pixel(799, 599), vga_rgb(0x39)); /* palette entry 9 */
    ck_assert_uint_eq(pixel(798, 599), vga_rgb(0));
    out(X_OFFSET, 3);
    draw();
    ck_assert_uint_eq(pixel(796, 599), vga_rgb(0x39));
    set_mode(1280, 1024, 4, 0);
    out(BANK, 2);
    vga_seq(&fx, 2, 0x0F);
    phys_write(fx.board.phys, 0xA0000 + 5, 0x80, 1); /* plane address 20005h: line 819 */
    draw();
    ck_assert_uint_eq(pixel(0x20005 % 160 * 8, 0x20005 / 160), vga_rgb(0x3F));
}
END_TEST

START_TEST(banks)
{
    struct phys *ph = fx.board.phys;
    set_mode(1024, 768, 8, 0);
    out(BANK, 3);
    ck_assert_uint_eq(in(BANK), 3);
    phys_write(ph, 0xA1235, 0x44332211, 4); /* neither map mask nor chain count */
    ck_assert_uint_eq(load_le32(vram(0x31235)), 0x44332211);
    ck_assert_uint_eq(phys_read(ph, 0xA1236, 2), 0x3322);
    out(BANK, 255);
    phys_write(ph, 0xAFFFF, 0x77, 1);
    ck_assert_uint_eq(*vram(VRAM - 1), 0x77);
    ck_assert_uint_eq(phys_read(ph, 0xB0000, 1), 0xFF);
    phys_write(ph, 0xB8000, 0x77, 1);
    out(BANK, 256); /* not there: what a video BIOS reads back tells */
    ck_assert_uint_ne(in(BANK), 256);
    ck_assert_uint_eq(phys_main_ram(ph)->next->dirty[3 * 16 + 1], DIRTY_ALL);
    out(ENABLE, 0);
    *vram(0) = 0x5A;
    ck_assert_uint_eq(phys_read(ph, 0xA0000, 1), 0x5A);
}
END_TEST

START_TEST(panning_and_pitch)
{
    set_mode(640, 480, 32, LFB);
    out(VIRT_WIDTH, 1001);
    ck_assert_uint_eq(in(VIRT_WIDTH), 1001);
    ck_assert_uint_eq(in(VIRT_HEIGHT), VRAM / 4004);
    store_le32(vram((1001 * 50 + 70) * 4), 0xABCDEF);
    out(X_OFFSET, 61);
    out(Y_OFFSET, 43);
    draw();
    ck_assert_uint_eq(pixel(9, 7), 0xABCDEF);
    out(VIRT_WIDTH, 100); /* not less than the picture */
    ck_assert_uint_eq(in(VIRT_WIDTH), 640);
    out(Y_OFFSET, 60000);
    ck_assert_uint_eq(in(Y_OFFSET), 0);
}
END_TEST

START_TEST(off_is_off)
{
    set_mode(320, 200, 32, LFB);
    memset(vram(0), 0x80, 320 * 200 * 4);
    vga_seq(&fx, 1, 0x21);
    vga_run_cycles(&fx, 10 * 800 * 525, 25175000);
    draw();
    ck_assert_uint_eq(pixel(0, 0), 0);
    vga_seq(&fx, 1, 0x01);
    draw();
    ck_assert_uint_eq(pixel(0, 0), 0x808080);
    board_reset(&fx.board, RESET_HARD);
    ck_assert_uint_eq(in(ENABLE), 0);
    ck_assert_uint_eq(in(ID), 0xB0C5);
}
END_TEST

/* The beam goes on at 60 Hz, with one retrace a frame, whatever the size. */
START_TEST(retrace)
{
    static const uint16_t sizes[][2] = {{8, 1}, {640, 480}, {1600, 1200}, {2560, 1600}};
    for (unsigned s = 0; s < ARRAY_LEN(sizes); s++) {
        set_mode(sizes[s][0], sizes[s][1], 8, 0);
        uint64_t start = clock_now(&fx.board.clock), edges = 0, dark = 0, steps = 0;
        bool was = true;
        while (clock_now(&fx.board.clock) < start + clock_us(&fx.board.clock, 1000000)) {
            uint8_t status = vga_status(&fx);
            edges += (status & 8) && !was;
            dark += status & 1;
            was = status & 8;
            steps++;
            fixture_run_to(&fx, clock_now(&fx.board.clock) + clock_us(&fx.board.clock, 5));
        }
        ck_assert_uint_ge(edges, 59);
        ck_assert_uint_le(edges, 61);
        ck_assert(dark > steps / 10 && dark < steps);
    }
}
END_TEST

START_TEST(states)
{
    struct fixture fy;
    struct device *other = vga_fixture(&fy);
    set_mode(800, 600, 15, LFB | DAC8);
    out(X_OFFSET, 5);
    fixture_clone(vga, other);
    struct screen sc;
    vga_get_screen(other, &sc);
    ck_assert_uint_eq(sc.width, 800);
    fixture_free(&fy);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("vga_vbe");
    TCase *tc = tcase_create("vbe");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, identity);
    tcase_add_test(tc, capabilities);
    tcase_add_test(tc, enabling);
    tcase_add_test(tc, hostile_sizes);
    tcase_add_test(tc, colours);
    tcase_add_test(tc, palette);
    tcase_add_test(tc, planes);
    tcase_add_test(tc, banks);
    tcase_add_test(tc, panning_and_pitch);
    tcase_add_test(tc, off_is_off);
    tcase_add_test(tc, retrace);
    tcase_add_test(tc, states);
    tcase_set_timeout(tc, 60);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? 1 : 0;
}
