/* tests/unit/test_vga_draw.c -- what the VGA shows: text: cells, geometry, and every pixel. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/vga_modes.h"

enum { MHZ28 = 28322000 };
enum { FRAME = 900 * 449 }; /* mode 03h, in cycles of 28.322 MHz */

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

static void look(void)
{
    vga_get_screen(vga, &view.sc);
}

/* Character cell n of the display memory: code and attribute. */
static void put(unsigned n, uint8_t code, uint8_t attr)
{
    *vga_plane(&fx, 0, n * 2) = code;
    *vga_plane(&fx, 1, n * 2) = attr;
}

static void put_text(unsigned n, const char *s)
{
    while (*s) {
        put(n++, (uint8_t)*s++, 0x07);
    }
}

static char *row_text(unsigned y)
{
    static char text[133];
    for (unsigned x = 0; x < view.sc.columns; x++) {
        uint8_t c = view.sc.cells[y * view.sc.columns + x][0];
        text[x] = c ? (char)c : ' ';
    }
    text[view.sc.columns] = '\0';
    for (unsigned n = view.sc.columns; n > 0 && text[n - 1] == ' '; n--) {
        text[n - 1] = '\0';
    }
    return text;
}

/* ---- geometry and cells */

START_TEST(no_sync_is_a_blank_page)
{
    draw();
    ck_assert(view.sc.text);
    ck_assert_uint_eq(view.sc.columns, 80);
    ck_assert_uint_eq(view.sc.rows, 25);
    ck_assert_uint_eq(view.sc.width, 720);
    ck_assert_uint_eq(view.sc.height, 400);
    ck_assert_int_eq(view.sc.cursor_x, -1);
    for (size_t n = 0; n < view.count; n++) {
        ck_assert_uint_eq(view.pixels[n], 0);
    }
}
END_TEST

struct geometry {
    const struct vga_mode *mode;
    uint8_t reg[6][2]; /* CRTC registers on top of the mode */
    unsigned columns, rows, width, height;
};

static const struct geometry geometries[] = {
    {&vga_mode_03, {{0}}, 80, 25, 720, 400},
    {&vga_mode_01, {{0}}, 40, 25, 720, 400},
    {&vga_mode_07, {{0}}, 80, 25, 720, 400},
    {&vga_mode_03, {{0x09, 0x47}}, 80, 50, 720, 400},
    {&vga_mode_03, {{0x09, 0x47}, {0x12, 0x5D}}, 80, 43, 720, 350}, /* 43 * 8 = 344 */
    {&vga_mode_03, {{0x09, 0x4D}, {0x12, 0x87}}, 80, 28, 720, 392},
    {&vga_mode_03, {{0x09, 0x4D}}, 80, 28, 720, 400}, /* 8 lines of row 29: not a row */
    {&vga_mode_03, {{0x00, 0x9F}, {0x01, 0x83}, {0x13, 0x42}}, 132, 25, 1188, 400},
    {&vga_mode_03, {{0x09, 0xC7}}, 80, 25, 720, 400}, /* 8 lines, each twice */
    {&vga_mode_03, {{0x09, 0x40}}, 80, 60, 720, 400}, /* 400 rows of one line: 60 fit */
    {&vga_mode_03, {{0x00, 0xFF}, {0x01, 0xFF}}, 132, 25, 2304, 400}, /* 256: 132 fit */
    {&vga_mode_03, {{0x09, 0x5F}, {0x12, 0x0A}, {0x07, 0x1D}}, 80, 1, 720, 11},
};

START_TEST(text_geometry)
{
    const struct geometry *g = &geometries[_i];
    vga_set_mode(&fx, g->mode);
    vga_crtc(&fx, 0x11, 0x0E);
    for (size_t n = 0; n < ARRAY_LEN(g->reg); n++) {
        if (g->reg[n][0] || g->reg[n][1]) {
            vga_crtc(&fx, g->reg[n][0], g->reg[n][1]);
        }
    }
    draw();
    ck_assert(view.sc.text);
    ck_assert_uint_eq(view.sc.columns, g->columns);
    ck_assert_uint_eq(view.sc.rows, g->rows);
    ck_assert_uint_eq(view.sc.width, g->width);
    ck_assert_uint_eq(view.sc.height, g->height);
}
END_TEST

START_TEST(cells_through_the_window)
{
    vga_set_mode(&fx, &vga_mode_03);
    phys_write(fx.board.phys, 0xB8000 + 2 * (80 * 3 + 5), 0x1F48, 2);
    phys_write(fx.board.phys, 0xB8000 + 2 * (80 * 3 + 6), 0x1F69, 2);
    look();
    ck_assert_str_eq(row_text(3), "     Hi");
    ck_assert_uint_eq(view.sc.cells[80 * 3 + 5][1], 0x1F);
    ck_assert_uint_eq(view.sc.palette[6], vga_rgb(0x14));
    ck_assert_uint_eq(view.sc.palette[15], vga_rgb(0x3F));
}
END_TEST

START_TEST(start_address_and_pitch)
{
    vga_set_mode(&fx, &vga_mode_03);
    put_text(0, "page 0");
    put_text(2048, "page 1");
    put_text(2048 + 100, "wide");
    vga_crtc(&fx, 0x0C, 0x08); /* 2048 words */
    look();
    ck_assert_str_eq(row_text(0), "page 1");
    vga_crtc(&fx, 0x13, 50); /* rows are 100 words apart */
    look();
    ck_assert_str_eq(row_text(1), "wide");
    vga_crtc(&fx, 0x08, 0x20); /* byte panning: one character on */
    look();
    ck_assert_str_eq(row_text(0), "age 1");
    vga_crtc(&fx, 0x08, 0x00);
    /* Word mode: the counter's bit 15, or 13, becomes address bit 0. */
    put(0x7FFF, 'y', 7);
    *vga_plane(&fx, 0, 0x0001) = 'z';
    *vga_plane(&fx, 0, 0x4001) = 'k';
    vga_crtc(&fx, 0x0C, 0x7F);
    vga_crtc(&fx, 0x0D, 0xFF);
    look();
    ck_assert_uint_eq(view.sc.cells[0][0], 'y');
    ck_assert_uint_eq(view.sc.cells[1][0], 'z');
    vga_crtc(&fx, 0x17, 0x83);
    vga_crtc(&fx, 0x0C, 0x20);
    vga_crtc(&fx, 0x0D, 0x00);
    look();
    ck_assert_uint_eq(view.sc.cells[0][0], 'k');
}
END_TEST

START_TEST(split_screen)
{
    vga_set_mode(&fx, &vga_mode_03);
    put_text(0, "status");
    put_text(80, "second");
    put_text(0x1000, "upper");
    put_text(0x1000 + 80 * 22, "last");
    vga_crtc(&fx, 0x0C, 0x10);
    vga_crtc(&fx, 0x11, 0x0E);
    vga_crtc(&fx, 0x18, (23 * 16 - 1) & 0xFF); /* line 367: bits 7:0 … */
    vga_crtc(&fx, 0x07, 0x1F);                 /* … bit 8 … */
    vga_crtc(&fx, 0x09, 0x0F);                 /* … bit 9 */
    look();
    ck_assert_uint_eq(view.sc.rows, 25);
    ck_assert_str_eq(row_text(0), "upper");
    ck_assert_str_eq(row_text(22), "last");
    ck_assert_str_eq(row_text(23), "status");
    ck_assert_str_eq(row_text(24), "second");
    vga_crtc(&fx, 0x09, 0x4F); /* bit 9: far below the screen */
    look();
    ck_assert_str_ne(row_text(23), "status");
    vga_crtc(&fx, 0x09, 0x0F);
    vga_crtc(&fx, 0x0E, 0x00); /* the cursor is found below the split */
    vga_crtc(&fx, 0x0F, 81);
    look();
    ck_assert_int_eq(view.sc.cursor_y, 24);
    ck_assert_int_eq(view.sc.cursor_x, 1);
    /* In the middle of a row: what is above it is cut, and still a row. */
    vga_crtc(&fx, 0x18, (23 * 16 + 7) & 0xFF);
    look();
    ck_assert_str_eq(row_text(24), "status");
    ck_assert_uint_eq(view.sc.rows, 25);
}
END_TEST

START_TEST(cursor_position)
{
    vga_set_mode(&fx, &vga_mode_03);
    vga_crtc(&fx, 0x0C, 0x01);
    vga_crtc(&fx, 0x0E, (0x100 + 80 * 24 + 79) >> 8);
    vga_crtc(&fx, 0x0F, (0x100 + 80 * 24 + 79) & 0xFF);
    look();
    ck_assert_int_eq(view.sc.cursor_x, 79);
    ck_assert_int_eq(view.sc.cursor_y, 24);
    vga_crtc(&fx, 0x0B, 0x2E); /* skew: one character to the right, off the row */
    look();
    ck_assert_int_eq(view.sc.cursor_x, -1);
    vga_crtc(&fx, 0x0F, (0x100 + 80 * 24 + 70) & 0xFF);
    look();
    ck_assert_int_eq(view.sc.cursor_x, 71);
    static const uint8_t hidden[][2] = {{0x2D, 0x0E}, {0x0E, 0x0D}, {0x10, 0x1F}};
    for (size_t n = 0; n < ARRAY_LEN(hidden); n++) { /* off; end above start; below the cell */
        vga_crtc(&fx, 0x0A, hidden[n][0]);
        vga_crtc(&fx, 0x0B, hidden[n][1]);
        look();
        ck_assert_int_eq(view.sc.cursor_x, -1);
        ck_assert_int_eq(view.sc.cursor_y, -1);
    }
    vga_crtc(&fx, 0x0A, 0x0D);
    vga_crtc(&fx, 0x0B, 0x0E);
    vga_crtc(&fx, 0x0E, 0x00); /* above the page */
    look();
    ck_assert_int_eq(view.sc.cursor_x, -1);
}
END_TEST

/* ---- text pixels */

static void text_mode(const struct vga_mode *mode)
{
    static const uint8_t glyph[3] = {0xA1, 0x7E, 0xFF};
    vga_set_mode(&fx, mode);
    vga_crtc(&fx, 0x0A, 0x20); /* no cursor */
    vga_glyph(&fx, 0, 'A', glyph, 3);
    vga_glyph(&fx, 0, 0xC4, glyph, 3);
    vga_glyph(&fx, 0, 0xE0, glyph, 3);
}

START_TEST(a_character)
{
    text_mode(&vga_mode_03);
    put(81, 'A', 0x1E); /* row 1, column 1 */
    draw();
    check_dots(8, 16, ".", 0x3E, 0);
    check_dots(9, 16, "#.#....#.", 0x3E, 1);
    check_dots(9, 17, ".######..", 0x3E, 1);
    check_dots(9, 18, "########.", 0x3E, 1);
    check_dots(9, 19, ".........", 0x3E, 1);
    check_dots(18, 16, ".", 0x3E, 0);
    ck_assert_uint_eq(pixel(9, 15), vga_rgb(0));
    ck_assert_uint_eq(pixel(9, 32), vga_rgb(0));
}
END_TEST

START_TEST(ninth_dot)
{
    text_mode(&vga_mode_03);
    put(0, 0xC4, 0x07);
    put(1, 0xE0, 0x07);
    draw();
    check_dots(0, 0,
               "#.#....##"
               "#.#....#.",
               7, 0);
    check_dots(0, 1,
               ".######.."
               ".######..",
               7, 0);
    vga_attr(&fx, 0x10, 0x08); /* without line graphics */
    draw();
    check_dots(0, 0, "#.#....#.", 7, 0);
    vga_seq(&fx, 1, 0x01); /* eight dots */
    draw();
    ck_assert_uint_eq(view.sc.width, 640);
    check_dots(0, 0,
               "#.#....#"
               "#.#....#",
               7, 0);
}
END_TEST

START_TEST(forty_columns_have_double_dots)
{
    text_mode(&vga_mode_01);
    put(41, 'A', 0x07);
    draw();
    check_dots(18, 16, "##..##........##..", 7, 0);
    ck_assert_uint_eq(view.sc.width, 720);
}
END_TEST

START_TEST(blink_or_bright_background)
{
    text_mode(&vga_mode_03);
    put(0, 'A', 0x9E);
    draw();
    check_dots(0, 0, "#.#....#.", 0x3E, 1);
    vga_run_cycles(&fx, 16 * FRAME - 10, MHZ28);
    draw();
    check_dots(0, 0, "#.#....#.", 0x3E, 1);
    vga_run_cycles(&fx, 16 * FRAME + 10, MHZ28);
    draw();
    check_dots(0, 0, ".........", 0x3E, 1);
    vga_run_cycles(&fx, 32 * FRAME + 10, MHZ28);
    draw();
    check_dots(0, 0, "#.#....#.", 0x3E, 1);
    vga_run_cycles(&fx, 48 * FRAME + 10, MHZ28);
    vga_crtc(&fx, 0x11, 0x0E);
    vga_crtc(&fx, 0x00, 0x5F); /* a register of the timing is written: frames count on */
    draw();
    check_dots(0, 0, ".........", 0x3E, 1);
    vga_attr(&fx, 0x10, 0x04); /* intensity: no blink, and bit 7 is the background's */
    draw();
    check_dots(0, 0, "#.#....#.", 0x3E, 0x39);
}
END_TEST

START_TEST(cursor_covers_and_blinks)
{
    text_mode(&vga_mode_03);
    put(0, 'A', 0x17);
    vga_crtc(&fx, 0x0A, 0x01);
    vga_crtc(&fx, 0x0B, 0x02);
    draw();
    check_dots(0, 0, "#.#....#.", 7, 1);
    check_dots(0, 1, "#########", 7, 1);
    check_dots(0, 2, "#########", 7, 1);
    check_dots(0, 3, ".........", 7, 1);
    check_dots(9, 1, ".........", 7, 0);
    vga_run_cycles(&fx, 8 * FRAME + 10, MHZ28);
    draw();
    check_dots(0, 1, ".######..", 7, 1);
    vga_run_cycles(&fx, 16 * FRAME + 10, MHZ28);
    put(0, 'A', 0x97); /* a character's blinking does not take the cursor along */
    draw();
    check_dots(0, 0, ".........", 7, 1);
    check_dots(0, 1, "#########", 7, 1);
}
END_TEST

START_TEST(underline)
{
    text_mode(&vga_mode_07);
    put(0, 'A', 0x01);
    put(1, 'A', 0x07);
    put(2, 'A', 0x09); /* bright, underlined */
    draw();
    check_dots(0, 13,
               "#########"
               ".........",
               8, 0);
    check_dots(18, 13, "#########", 24, 0);
    check_dots(0, 12, ".........", 8, 0);
    check_dots(0, 14, ".........", 8, 0);
}
END_TEST

START_TEST(fonts_of_512)
{
    static const uint8_t a[1] = {0xF0}, b[1] = {0x0F};
    static const struct {
        uint8_t select;
        uint32_t b, a; /* where map B and map A are */
    } maps[] = {{0x04, 0x0000, 0x4000}, {0x01, 0x4000, 0x0000}, {0x0E, 0x8000, 0xC000},
                {0x20, 0x0000, 0x2000}, {0x10, 0x2000, 0x0000}, {0x1F & ~0x04, 0xE000, 0x8000}};
    for (size_t n = 0; n < ARRAY_LEN(maps); n++) {
        text_mode(&vga_mode_03);
        vga_glyph(&fx, maps[n].a, 'X', a, 1);
        vga_glyph(&fx, maps[n].b, 'X', b, 1);
        vga_seq(&fx, 3, maps[n].select);
        put(0, 'X', 0x07);
        put(1, 'X', 0x0F);
        draw();
        check_dots(0, 0, "....####.", 7, 0);
        check_dots(9, 0, "####.....", 0x3F, 0);
        vga_attr(&fx, 0x12, 0x07); /* planes 0-2: bit 3 is the font's alone */
        draw();
        check_dots(9, 0, "####.....", 7, 0);
    }
}
END_TEST

START_TEST(panning)
{
    text_mode(&vga_mode_03);
    put(0, 'A', 0x07);
    put(80, 'A', 0x07); /* just right of the first row, and below */
    vga_attr(&fx, 0x13, 0x00);
    draw();
    check_dots(0, 0, ".#....#..", 7, 0);
    check_dots(711, 0, "........#", 7, 0);
    vga_attr(&fx, 0x13, 0x07);
    draw();
    check_dots(0, 0, ".", 7, 0);
    check_dots(711, 0, ".#.#....#", 7, 0);
    vga_attr(&fx, 0x13, 0x08);
    draw();
    check_dots(0, 0, "#.#....#.", 7, 0);
    vga_seq(&fx, 1, 0x01);
    vga_attr(&fx, 0x13, 0x02);
    draw();
    check_dots(0, 0, "#....#.", 7, 0);
}
END_TEST

START_TEST(panning_stops_at_the_split)
{
    text_mode(&vga_mode_03);
    put(0, 'A', 0x07);
    vga_crtc(&fx, 0x11, 0x0E);
    vga_crtc(&fx, 0x18, 99);
    vga_crtc(&fx, 0x07, 0x0F);
    vga_crtc(&fx, 0x09, 0x0F);
    vga_attr(&fx, 0x13, 0x00);
    draw();
    check_dots(0, 0, ".#....#..", 7, 0);
    check_dots(0, 100, ".#....#..", 7, 0);
    vga_attr(&fx, 0x10, 0x2C);
    draw();
    check_dots(0, 0, ".#....#..", 7, 0);
    check_dots(0, 100, "#.#....#.", 7, 0);
}
END_TEST

START_TEST(preset_row_scan)
{
    text_mode(&vga_mode_03);
    put(0, 'A', 0x07);
    put(80, 'A', 0x07);
    vga_crtc(&fx, 0x08, 0x01);
    draw();
    check_dots(0, 0, ".######..", 7, 0);
    check_dots(0, 14, ".........", 7, 0);
    check_dots(0, 15, "#.#....#.", 7, 0);
    ck_assert_uint_eq(view.sc.rows, 25);
}
END_TEST

START_TEST(double_scan)
{
    text_mode(&vga_mode_03);
    vga_crtc(&fx, 0x09, 0xC7);
    put(80, 'A', 0x07);
    draw();
    for (unsigned y = 16; y < 18; y++) {
        check_dots(0, y, "#.#....#.", 7, 0);
        check_dots(0, y + 2, ".######..", 7, 0);
    }
}
END_TEST

START_TEST(colours_through_palette_select_and_mask)
{
    text_mode(&vga_mode_03);
    put(0, 'A', 0x09);
    vga_attr(&fx, 0x14, 0x0B);
    draw(); /* bits 7:6 from the select register: 39h -> B9h */
    check_dots(0, 0, "#.#", 0xB9, 0x80);
    vga_attr(&fx, 0x10, 0x8C);
    draw(); /* bits 5:4 as well: B9h */
    check_dots(0, 0, "#.#", 0xB9, 0xB0);
    fixture_out(&fx, 0x3C6, 0x0F);
    draw();
    check_dots(0, 0, "#.#", 0x09, 0x00);
    ck_assert_uint_eq(view.sc.palette[9], vga_rgb(0x09));
}
END_TEST

/* ---- off */

START_TEST(dark_after_two_frames_only)
{
    text_mode(&vga_mode_03);
    put_text(0, "A");
    vga_attr(&fx, 0x11, 0x2A); /* border */
    vga_run_cycles(&fx, 5 * FRAME, MHZ28);
    (void)vga_status(&fx);
    fixture_out(&fx, 0x3C0, 0x00); /* PAS off */
    vga_run_cycles(&fx, 6 * FRAME + 10, MHZ28);
    draw();
    ck_assert_str_eq(row_text(0), "A");
    check_dots(0, 0, "#.#", 7, 0);
    vga_run_cycles(&fx, 7 * FRAME + 10, MHZ28);
    draw();
    ck_assert_str_eq(row_text(0), "");
    ck_assert_uint_eq(view.sc.rows, 25);
    ck_assert_uint_eq(pixel(0, 0), vga_rgb(0x2A));
    ck_assert_uint_eq(pixel(719, 399), vga_rgb(0x2A));
    vga_seq(&fx, 1, 0x20); /* screen off: black */
    draw();
    ck_assert_uint_eq(pixel(0, 0), 0);
    fixture_out(&fx, 0x3C0, 0x00);
    fixture_out(&fx, 0x3C0, 0x20);
    vga_seq(&fx, 1, 0x00);
    draw();
    ck_assert_str_eq(row_text(0), "A");
}
END_TEST

START_TEST(looking_changes_nothing)
{
    text_mode(&vga_mode_03);
    (void)vga_status(&fx);
    fixture_out(&fx, 0x3C0, 0x33); /* half an access */
    uint64_t before = state_hash(vga_class.state, vga, 0);
    struct text text = {0};
    draw();
    vga_class.info(vga, &text);
    ck_assert_uint_eq(state_hash(vga_class.state, vga, 0), before);
    ck_assert_ptr_nonnull(
        strstr(text.s, "text 80x25, cells 9x16, picture 720x400 at 70.08 Hz"));
    free(text.s);
    vga_set_mode(&fx, &vga_mode_13);
    text = (struct text){0};
    vga_class.info(vga, &text);
    ck_assert_ptr_nonnull(strstr(text.s, "graphics, 8-bit, picture 640x400 at 70.08 Hz"));
    free(text.s);
}
END_TEST

static TCase *cells(void)
{
    TCase *tc = tcase_create("cells");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, no_sync_is_a_blank_page);
    tcase_add_loop_test(tc, text_geometry, 0, ARRAY_LEN(geometries));
    tcase_add_test(tc, cells_through_the_window);
    tcase_add_test(tc, start_address_and_pitch);
    tcase_add_test(tc, split_screen);
    tcase_add_test(tc, cursor_position);
    return tc;
}

static TCase *text_pixels(void)
{
    TCase *tc = tcase_create("text");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_character);
    tcase_add_test(tc, ninth_dot);
    tcase_add_test(tc, forty_columns_have_double_dots);
    tcase_add_test(tc, blink_or_bright_background);
    tcase_add_test(tc, cursor_covers_and_blinks);
    tcase_add_test(tc, underline);
    tcase_add_test(tc, fonts_of_512);
    tcase_add_test(tc, panning);
    tcase_add_test(tc, panning_stops_at_the_split);
    tcase_add_test(tc, preset_row_scan);
    tcase_add_test(tc, double_scan);
    tcase_add_test(tc, colours_through_palette_select_and_mask);
    tcase_add_test(tc, dark_after_two_frames_only);
    tcase_add_test(tc, looking_changes_nothing);
    return tc;
}

int main(void)
{
    Suite *s = suite_create("vga_draw");
    suite_add_tcase(s, cells());
    suite_add_tcase(s, text_pixels());
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? 1 : 0;
}
