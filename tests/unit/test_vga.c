/* tests/unit/test_vga.c -- the VGA's registers, display memory and timing, through ports. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/vga_modes.h"

enum { MHZ25 = 25175000, MHZ28 = 28322000 };
enum { LINE = 900, FRAME = 900 * 449 }; /* mode 03h, in cycles of 28.322 MHz */
enum { NO_DISPLAY = 1, RETRACE = 8 };

static struct fixture fx;
static struct device *vga;

static void setup(void)
{
    vga = vga_fixture(&fx);
}

static void teardown(void)
{
    fixture_free(&fx);
}

static uint8_t peek(uint32_t pa)
{
    return (uint8_t)phys_read(fx.board.phys, pa, 1);
}

static void poke(uint32_t pa, uint8_t val)
{
    phys_write(fx.board.phys, pa, val, 1);
}

/* ---- registers */

START_TEST(every_byte_is_a_field)
{
    struct error err = {{0}};
    ck_assert_msg(state_coverage(vga_class.state, &err) == 0, "%s", err.text);
}
END_TEST

START_TEST(after_reset)
{
    ck_assert_uint_eq(fixture_in(&fx, 0x3CC), 0);
    ck_assert_uint_eq(fixture_in(&fx, 0x3C6), 0xFF);
    ck_assert_uint_eq(fixture_in(&fx, 0x3D4), 0xFF); /* MISC 0 = 0: mono */
    ck_assert_uint_eq(fixture_in(&fx, 0x3DA), 0xFF);
    ck_assert_uint_eq(fixture_in(&fx, 0x3B4), 0);
    for (uint8_t n = 0; n <= 0x18; n++) {
        ck_assert_uint_eq(vga_crtc_in(&fx, n), 0);
    }
    ck_assert_uint_eq(peek(0xA0000), 0xFF); /* closed: MISC 1 = 0 */
    ck_assert_uint_eq(peek(0xB8000), 0xFF);
}
END_TEST

START_TEST(ports_that_are_nobodys)
{
    ck_assert_uint_eq(fixture_in(&fx, 0x3C3), 0xFF);
    ck_assert_uint_eq(fixture_in(&fx, 0x3CB), 0xFF);
    ck_assert_uint_eq(fixture_in(&fx, 0x3CD), 0xFF);
}
END_TEST

START_TEST(misc_moves_the_crtc)
{
    fixture_out(&fx, 0x3C2, 0x01);
    bus_out(&fx.board.bus, 0x3D4, 0x5A0E, 2); /* index and data in one word */
    ck_assert_uint_eq(fixture_in(&fx, 0x3D5), 0x5A);
    ck_assert_uint_eq(fixture_in(&fx, 0x3B5), 0xFF);
    fixture_out(&fx, 0x3B5, 0x11);
    ck_assert_uint_eq(fixture_in(&fx, 0x3D5), 0x5A);
    fixture_out(&fx, 0x3DA, 0x03);
    ck_assert_uint_eq(fixture_in(&fx, 0x3CA), 0x03);
    fixture_out(&fx, 0x3BA, 0x00);
    ck_assert_uint_eq(fixture_in(&fx, 0x3CA), 0x03);
    fixture_out(&fx, 0x3C2, 0x00);
    ck_assert_uint_eq(fixture_in(&fx, 0x3B5), 0x5A);
    ck_assert_uint_eq(fixture_in(&fx, 0x3D5), 0xFF);
    fixture_out(&fx, 0x3BA, 0x08);
    ck_assert_uint_eq(fixture_in(&fx, 0x3CA), 0x08);
    ck_assert_uint_ne(fixture_in(&fx, 0x3BA), 0xFF);
}
END_TEST

START_TEST(registers_keep_the_bits_that_exist)
{
    static const uint8_t seq[5] = {0x03, 0x3D, 0x0F, 0x3F, 0x0E};
    static const uint8_t gc[9] = {0x0F, 0x0F, 0x0F, 0x1F, 0x03, 0x7B, 0x0F, 0x0F, 0xFF};
    for (uint8_t n = 0; n < 5; n++) {
        vga_seq(&fx, n, 0xFF);
        ck_assert_uint_eq(fixture_in(&fx, 0x3C5), seq[n]);
        ck_assert_uint_eq(fixture_in(&fx, 0x3C4), n);
    }
    for (uint8_t n = 0; n < 9; n++) {
        vga_gc(&fx, n, 0xFF);
        ck_assert_uint_eq(fixture_in(&fx, 0x3CF), gc[n]);
        ck_assert_uint_eq(fixture_in(&fx, 0x3CE), n);
    }
    fixture_out(&fx, 0x3C2, 0xFF);
    ck_assert_uint_eq(fixture_in(&fx, 0x3CC), 0xEF);
    fixture_out(&fx, 0x3DA, 0xFF);
    ck_assert_uint_eq(fixture_in(&fx, 0x3CA), 0x0B);
    for (uint8_t n = 0; n <= 0x14; n++) {
        vga_attr(&fx, n, 0xFF);
        uint8_t want =
            n < 0x10 ? 0x3F : (const uint8_t[]){0xEF, 0xFF, 0x3F, 0x0F, 0x0F}[n & 15];
        ck_assert_uint_eq(vga_attr_in(&fx, n), want);
    }
    for (uint8_t n = 0; n <= 0x18; n++) {
        bool seven = n == 0x08 || n == 0x0B || n == 0x14;
        vga_crtc(&fx, n, 0xFF);
        ck_assert_uint_eq(vga_crtc_in(&fx, n), seven       ? 0x7F
                                               : n == 0x0A ? 0x3F
                                               : n == 0x17 ? 0xEF
                                                           : 0xFF);
    }
}
END_TEST

START_TEST(indices_that_do_not_exist)
{
    for (unsigned n = 5; n < 256; n++) {
        vga_seq(&fx, (uint8_t)n, 0x12);
        ck_assert_uint_eq(fixture_in(&fx, 0x3C5), 0xFF);
        if (n >= 9) {
            vga_gc(&fx, (uint8_t)n, 0x12);
            ck_assert_uint_eq(fixture_in(&fx, 0x3CF), 0xFF);
        }
        if (n > 0x18) {
            vga_crtc(&fx, (uint8_t)n, 0x12);
            ck_assert_uint_eq(vga_crtc_in(&fx, (uint8_t)n), 0xFF);
        }
    }
    vga_attr(&fx, 0x15, 0x12);
    ck_assert_uint_eq(vga_attr_in(&fx, 0x15), 0xFF);
    ck_assert_uint_eq(vga_attr_in(&fx, 0x1F), 0xFF);
}
END_TEST

START_TEST(crtc_protection)
{
    vga_crtc(&fx, 0x00, 0x5F);
    vga_crtc(&fx, 0x07, 0x0F);
    vga_crtc(&fx, 0x11, 0x80);
    for (uint8_t n = 0; n < 8; n++) {
        vga_crtc(&fx, n, 0xF0);
    }
    ck_assert_uint_eq(vga_crtc_in(&fx, 0x00), 0x5F);
    ck_assert_uint_eq(vga_crtc_in(&fx, 0x01), 0x00);
    ck_assert_uint_eq(vga_crtc_in(&fx, 0x07), 0x1F); /* line compare bit 8 alone */
    vga_crtc(&fx, 0x08, 0x03);
    ck_assert_uint_eq(vga_crtc_in(&fx, 0x08), 0x03);
    vga_crtc(&fx, 0x11, 0x00);
    vga_crtc(&fx, 0x07, 0x00);
    ck_assert_uint_eq(vga_crtc_in(&fx, 0x07), 0x00);
}
END_TEST

START_TEST(attribute_flip_flop)
{
    fixture_in(&fx, 0x3BA);
    fixture_out(&fx, 0x3C0, 0x10);
    fixture_out(&fx, 0x3C0, 0x0C);
    fixture_out(&fx, 0x3C0, 0x12); /* an index again */
    fixture_out(&fx, 0x3C0, 0x0F);
    ck_assert_uint_eq(fixture_in(&fx, 0x3C1), 0x0F);
    fixture_out(&fx, 0x3C0, 0x10);
    fixture_in(&fx, 0x3BA);        /* back to index … */
    fixture_out(&fx, 0x3C0, 0x12); /* … so this is one */
    ck_assert_uint_eq(fixture_in(&fx, 0x3C0), 0x12);
    ck_assert_uint_eq(vga_attr_in(&fx, 0x10), 0x0C);
    fixture_in(&fx, 0x3DA); /* not decoded now: no effect */
    fixture_in(&fx, 0x3BA);
    fixture_out(&fx, 0x3C0, 0x13);
    fixture_in(&fx, 0x3DA);
    fixture_out(&fx, 0x3C0, 0x05);
    ck_assert_uint_eq(vga_attr_in(&fx, 0x13), 0x05);
}
END_TEST

START_TEST(palette_belongs_to_the_display)
{
    vga_attr(&fx, 0x03, 0x2A);
    fixture_in(&fx, 0x3BA);
    fixture_out(&fx, 0x3C0, 0x23); /* with PAS */
    fixture_out(&fx, 0x3C0, 0x15);
    ck_assert_uint_eq(vga_attr_in(&fx, 0x03), 0x2A);
    fixture_in(&fx, 0x3BA);
    fixture_out(&fx, 0x3C0, 0x31); /* others do not mind */
    fixture_out(&fx, 0x3C0, 0x15);
    ck_assert_uint_eq(vga_attr_in(&fx, 0x11), 0x15);
}
END_TEST

START_TEST(dac_counts_up)
{
    fixture_out(&fx, 0x3C8, 0xFF);
    ck_assert_uint_eq(fixture_in(&fx, 0x3C7), 0);
    for (uint8_t n = 0; n < 6; n++) {
        fixture_out(&fx, 0x3C9, 0xC1 + n); /* 6 bits */
    }
    ck_assert_uint_eq(fixture_in(&fx, 0x3C8), 0x01); /* over the end */
    fixture_out(&fx, 0x3C7, 0xFF);
    ck_assert_uint_eq(fixture_in(&fx, 0x3C7), 3);
    ck_assert_uint_eq(fixture_in(&fx, 0x3C8), 0x00); /* the colour is in the register already */
    for (uint8_t n = 0; n < 6; n++) {
        ck_assert_uint_eq(fixture_in(&fx, 0x3C9), 1 + n);
    }
    /* Two of three: the colour does not change. */
    fixture_out(&fx, 0x3C8, 0x00);
    fixture_out(&fx, 0x3C9, 0x3F);
    fixture_out(&fx, 0x3C9, 0x3F);
    fixture_out(&fx, 0x3C7, 0x00);
    ck_assert_uint_eq(fixture_in(&fx, 0x3C9), 4);
    ck_assert_uint_eq(fixture_in(&fx, 0x3C9), 5);
}
END_TEST

/* ---- display memory */

/* Sequential access to all planes, window A0000 64K. */
static void planar(void)
{
    vga_set_mode(&fx, &vga_mode_12);
}

START_TEST(windows)
{
    static const struct {
        uint32_t first, last;
    } want[4] = {
        {0xA0000, 0xBFFFF}, {0xA0000, 0xAFFFF}, {0xB0000, 0xB7FFF}, {0xB8000, 0xBFFFF}};
    planar();
    for (uint8_t n = 0; n < 4; n++) {
        vga_gc(&fx, 6, (uint8_t)(n << 2));
        for (uint32_t pa = 0xA0000; pa < 0xC0000; pa += 0x1000) {
            bool open = pa >= want[n].first && pa <= want[n].last;
            poke(pa, 0x42);
            ck_assert_uint_eq(peek(pa), open ? 0x42 : 0xFF);
            ck_assert_uint_eq(peek(pa + 0xFFF), open ? 0x00 : 0xFF);
            poke(pa, 0x00);
        }
    }
    fixture_out(&fx, 0x3C2, 0xE1); /* memory off */
    poke(0xB8000, 0x55);
    ck_assert_uint_eq(peek(0xB8000), 0xFF);
    fixture_out(&fx, 0x3C2, 0xE3);
    ck_assert_uint_eq(peek(0xB8000), 0x00);
}
END_TEST

START_TEST(windows_of_32k_start_at_plane_address_0)
{
    planar();
    for (uint8_t n = 2; n < 4; n++) {
        vga_gc(&fx, 6, (uint8_t)(n << 2));
        poke(n == 2 ? 0xB0123 : 0xB8123, 0x60 + n);
        ck_assert_uint_eq(*vga_plane(&fx, 1, 0x123), 0x60 + n);
    }
}
END_TEST

START_TEST(text_is_odd_even)
{
    vga_set_mode(&fx, &vga_mode_03);
    phys_write(fx.board.phys, 0xB8000, 0x1E41, 2);
    phys_write(fx.board.phys, 0xB8F9C, 0x44434241, 4);
    ck_assert_uint_eq(*vga_plane(&fx, 0, 0), 0x41);
    ck_assert_uint_eq(*vga_plane(&fx, 1, 0), 0x1E);
    ck_assert_uint_eq(*vga_plane(&fx, 0, 1), 0x00);
    ck_assert_uint_eq(*vga_plane(&fx, 0, 0xF9C), 0x41);
    ck_assert_uint_eq(*vga_plane(&fx, 1, 0xF9C), 0x42);
    ck_assert_uint_eq(*vga_plane(&fx, 0, 0xF9E), 0x43);
    ck_assert_uint_eq(*vga_plane(&fx, 1, 0xF9E), 0x44);
    ck_assert_uint_eq(phys_read(fx.board.phys, 0xB8000, 2), 0x1E41);
    ck_assert_uint_eq(phys_read(fx.board.phys, 0xB8F9C, 4), 0x44434241);
    ck_assert_uint_eq(*vga_plane(&fx, 2, 0), 0); /* map mask 3 */
    vga_seq(&fx, 2, 0x0F);
    poke(0xB8002, 0x77); /* even: planes 0 and 2 */
    ck_assert_uint_eq(*vga_plane(&fx, 2, 2), 0x77);
    ck_assert_uint_eq(*vga_plane(&fx, 3, 2), 0x00);
    vga_gc(&fx, 4, 2); /* read map 2, and A0 below it */
    ck_assert_uint_eq(peek(0xB8002), 0x77);
    ck_assert_uint_eq(peek(0xB8003), 0x00);
}
END_TEST

START_TEST(odd_even_over_128k)
{
    vga_set_mode(&fx, &vga_mode_03);
    vga_gc(&fx, 6, 0x02); /* 128 KiB, chained: A0 <- A16 */
    poke(0xA1234, 0x11);
    poke(0xB1234, 0x22);
    ck_assert_uint_eq(*vga_plane(&fx, 0, 0x1234), 0x11);
    ck_assert_uint_eq(*vga_plane(&fx, 0, 0x1235), 0x22);
    ck_assert_uint_eq(peek(0xB1234), 0x22);
}
END_TEST

START_TEST(chain4_over_128k)
{
    vga_set_mode(&fx, &vga_mode_13);
    vga_gc(&fx, 6, 0x01); /* A1-A0 of the plane address <- A17-A16 */
    poke(0xA1236, 0x11);
    poke(0xB1236, 0x22);
    ck_assert_uint_eq(*vga_plane(&fx, 2, 0x1234), 0x11);
    ck_assert_uint_eq(*vga_plane(&fx, 2, 0x1235), 0x22);
    ck_assert_uint_eq(peek(0xA1236), 0x11);
}
END_TEST

START_TEST(chain4)
{
    vga_set_mode(&fx, &vga_mode_13);
    phys_write(fx.board.phys, 0xA1004, 0x44332211, 4);
    for (unsigned p = 0; p < 4; p++) {
        ck_assert_uint_eq(*vga_plane(&fx, p, 0x1004), 0x11 * (p + 1));
        ck_assert_uint_eq(*vga_plane(&fx, p, 0x1005), 0);
    }
    ck_assert_uint_eq(phys_read(fx.board.phys, 0xA1004, 4), 0x44332211);
    vga_seq(&fx, 2, 0x02); /* the map mask counts, too */
    phys_write(fx.board.phys, 0xA1004, 0x99999999, 4);
    ck_assert_uint_eq(phys_read(fx.board.phys, 0xA1004, 4), 0x44339911);
    /* Unchained ("mode X") the same bytes are found in the planes. */
    vga_seq(&fx, 4, 0x06);
    for (uint8_t p = 0; p < 4; p++) {
        vga_gc(&fx, 4, p);
        ck_assert_uint_eq(peek(0xA1004), p == 1 ? 0x99 : 0x11u * (p + 1));
    }
}
END_TEST

/* What the graphics controller does to one bit of one plane. */
static unsigned reference_bit(const uint8_t *gc, unsigned plane, unsigned bit, uint8_t cpu,
                              unsigned latch)
{
    unsigned turned = cpu >> ((bit + (gc[3] & 7)) % 8) & 1;
    unsigned set = gc[0] >> plane & 1, masked = gc[8] >> bit & 1, data = turned;
    switch (gc[5] & 3) {
    case 0: data = gc[1] >> plane & 1 ? set : turned; break;
    case 1: return latch;
    case 2: data = cpu >> plane & 1; break;
    default:
        data = set;
        masked &= turned;
        break;
    }
    switch (gc[3] >> 3) {
    case 1: data &= latch; break;
    case 2: data |= latch; break;
    case 3: data ^= latch; break;
    default: break;
    }
    return masked ? data : latch;
}

START_TEST(write_modes_against_a_reference)
{
    uint64_t seed = 1;
    planar();
    for (unsigned round = 0; round < 4000; round++) {
        uint8_t gc[9], latch[4], old[4];
        uint8_t map = test_random(&seed) & 15, cpu = (uint8_t)test_random(&seed);
        uint32_t from = test_random(&seed) & 0xFFFF, to = test_random(&seed) & 0xFFFF;
        for (uint8_t n = 0; n < 9; n++) {
            gc[n] = (uint8_t)test_random(&seed) & (n == 3 ? 0x1F : n < 8 ? 0x0F : 0xFF);
            vga_gc(&fx, n, n == 5 ? gc[n] & 3 : n == 6 ? 0x05 : gc[n]);
        }
        for (unsigned p = 0; p < 4; p++) {
            *vga_plane(&fx, p, from) = (uint8_t)test_random(&seed);
            *vga_plane(&fx, p, to) = (uint8_t)test_random(&seed);
            latch[p] = *vga_plane(&fx, p, from);
            old[p] = *vga_plane(&fx, p, to);
        }
        vga_seq(&fx, 2, map);
        (void)peek(0xA0000 + from);
        poke(0xA0000 + to, cpu);
        for (unsigned p = 0; p < 4; p++) {
            unsigned want = 0;
            for (unsigned bit = 0; bit < 8; bit++) {
                want |= reference_bit(gc, p, bit, cpu, latch[p] >> bit & 1) << bit;
            }
            ck_assert_uint_eq(*vga_plane(&fx, p, to), map >> p & 1 ? want : old[p]);
        }
    }
}
END_TEST

START_TEST(read_mode_1_compares_colours)
{
    static const uint8_t planes[4] = {0xF0, 0xCC, 0xAA, 0x00};
    planar();
    for (unsigned p = 0; p < 4; p++) {
        *vga_plane(&fx, p, 0x20) = planes[p];
    }
    vga_gc(&fx, 5, 0x08);
    for (uint8_t color = 0; color < 16; color++) {
        for (uint8_t care = 0; care < 16; care++) {
            vga_gc(&fx, 2, color);
            vga_gc(&fx, 7, care);
            unsigned want = 0;
            for (unsigned bit = 0; bit < 8; bit++) {
                unsigned pixel = 0;
                for (unsigned p = 0; p < 4; p++) {
                    pixel |= (planes[p] >> bit & 1u) << p;
                }
                want |= (unsigned)((pixel & care) == (color & care)) << bit;
            }
            ck_assert_uint_eq(peek(0xA0020), want);
        }
    }
}
END_TEST

START_TEST(writes_are_seen_by_hash_and_screen)
{
    struct ram *r = phys_rams(fx.board.phys);
    while (strcmp(r->name, "vram") != 0) {
        r = r->next;
    }
    planar();
    ram_clean(fx.board.phys, r, DIRTY_ALL);
    uint64_t before = ram_hash(fx.board.phys, r);
    poke(0xA0400, 0x01); /* plane address 400h: page 1 of the block */
    ck_assert_uint_eq(r->dirty[0], 0);
    ck_assert_uint_eq(r->dirty[1], DIRTY_ALL);
    ck_assert_uint_ne(ram_hash(fx.board.phys, r), before);
    poke(0xA0400, 0x00);
    ck_assert_uint_eq(ram_hash(fx.board.phys, r), before);
}
END_TEST

START_TEST(reset_button_keeps_memory)
{
    planar();
    poke(0xA0000, 0x5A);
    vga_class.reset(vga, RESET_HARD);
    ck_assert_uint_eq(fixture_in(&fx, 0x3CC), 0);
    ck_assert_uint_eq(*vga_plane(&fx, 0, 0), 0x5A);
    vga_class.reset(vga, RESET_POWER);
    ck_assert_uint_eq(*vga_plane(&fx, 0, 0), 0x00);
    ck_assert_uint_eq(peek(0xA0000), 0xFF);
}
END_TEST

/* ---- timing */

START_TEST(mode_03_line_by_line)
{
    vga_set_mode(&fx, &vga_mode_03);
    for (unsigned frame = 0; frame < 2; frame++) {
        for (unsigned line = 0; line < 449; line++) {
            uint64_t at = (uint64_t)frame * FRAME + (uint64_t)line * LINE;
            uint8_t dark = line < 400 ? 0 : NO_DISPLAY;
            uint8_t retrace = line == 412 || line == 413 ? RETRACE : 0;
            vga_run_cycles(&fx, at, MHZ28);
            ck_assert_uint_eq(vga_status(&fx), dark | retrace);
            vga_run_cycles(&fx, at + 719, MHZ28);
            ck_assert_uint_eq(vga_status(&fx), dark | retrace);
            vga_run_cycles(&fx, at + 721, MHZ28);
            ck_assert_uint_eq(vga_status(&fx), NO_DISPLAY | retrace);
        }
    }
}
END_TEST

/* Retraces seen by a program that polls every 20 microseconds. */
static unsigned retraces_in(unsigned microseconds)
{
    unsigned count = 0;
    bool was = vga_status(&fx) & RETRACE;
    uint64_t start = clock_now(&fx.board.clock);
    for (unsigned n = 1; n <= microseconds; n += 20) {
        fixture_run_to(&fx, start + clock_us(&fx.board.clock, n));
        bool is = vga_status(&fx) & RETRACE;
        count += is && !was;
        was = is;
    }
    return count;
}

START_TEST(refresh_rates)
{
    vga_set_mode(&fx, &vga_mode_03);
    ck_assert_uint_eq(retraces_in(1000000), 70);
    vga_set_mode(&fx, &vga_mode_12);
    ck_assert_uint_eq(retraces_in(1000000), 60);
    vga_set_mode(&fx, &vga_mode_01); /* half the dot clock, half the characters */
    ck_assert_uint_eq(retraces_in(1000000), 70);
}
END_TEST

START_TEST(new_timing_resumes_in_the_same_line)
{
    vga_set_mode(&fx, &vga_mode_03);
    vga_run_cycles(&fx, 412 * LINE, MHZ28);
    ck_assert_uint_eq(vga_status(&fx) & RETRACE, RETRACE);
    vga_crtc(&fx, 0x11, 0x0E);
    vga_crtc(&fx, 0x00, 0x6F); /* longer lines */
    fixture_out(&fx, 0x3C2, 0x63);
    ck_assert_uint_eq(vga_status(&fx) & RETRACE, RETRACE);
    uint64_t now = clock_cycles(&fx.board.clock, MHZ25);
    enum { LONGER = (0x6F + 5) * 9 };
    vga_run_cycles(&fx, now + 2 * LONGER - 1, MHZ25);
    ck_assert_uint_eq(vga_status(&fx) & RETRACE, RETRACE);
    vga_run_cycles(&fx, now + 2 * LONGER + 1, MHZ25);
    ck_assert_uint_eq(vga_status(&fx) & RETRACE, 0);
}
END_TEST

START_TEST(retrace_over_the_end_of_the_frame)
{
    vga_set_mode(&fx, &vga_mode_03);
    vga_crtc(&fx, 0x10, 0xBC); /* from line 444 of 449 … */
    vga_crtc(&fx, 0x11, 0x04); /* … for 8 lines */
    static const struct {
        unsigned line;
        uint8_t retrace;
    } want[] = {{443, 0}, {444, 8}, {448, 8}, {449, 8}, {451, 8}, {452, 0}, {892, 0}, {893, 8}};
    for (size_t n = 0; n < ARRAY_LEN(want); n++) {
        vga_run_cycles(&fx, (uint64_t)want[n].line * LINE, MHZ28);
        ck_assert_uint_eq(vga_status(&fx) & RETRACE, want[n].retrace);
    }
    vga_crtc(&fx, 0x11, 0x0C); /* the end is met 16 lines later, not at once */
    vga_run_cycles(&fx, (449 * 2 + 444) * LINE, MHZ28);
    ck_assert_uint_eq(vga_status(&fx) & RETRACE, RETRACE);
    vga_run_cycles(&fx, (449 * 3 + 10) * LINE, MHZ28);
    ck_assert_uint_eq(vga_status(&fx) & RETRACE, RETRACE);
    vga_run_cycles(&fx, (449 * 3 + 11) * LINE, MHZ28);
    ck_assert_uint_eq(vga_status(&fx) & RETRACE, 0);
    vga_crtc(&fx, 0x11, 0x0E);
    vga_crtc(&fx, 0x10, 0xC5); /* 453: the counter never gets there */
    for (unsigned line = 1400; line < 1900; line++) {
        vga_run_cycles(&fx, (uint64_t)line * LINE, MHZ28);
        ck_assert_uint_eq(vga_status(&fx) & RETRACE, 0);
    }
}
END_TEST

START_TEST(half_the_line_rate)
{
    static const struct {
        unsigned line;
        uint8_t status;
    } want[] = {{0, 0}, {799, 0}, {800, 1}, {823, 1}, {824, 9}, {827, 9}, {828, 1}, {898, 0}};
    vga_set_mode(&fx, &vga_mode_03);
    vga_crtc(&fx, 0x17, 0xA7); /* each count of the vertical counter is two lines */
    for (size_t n = 0; n < ARRAY_LEN(want); n++) {
        vga_run_cycles(&fx, (uint64_t)want[n].line * LINE + 1, MHZ28);
        ck_assert_uint_eq(vga_status(&fx), want[n].status);
    }
}
END_TEST

START_TEST(interrupt_flag)
{
    vga_set_mode(&fx, &vga_mode_03);
    vga_run_cycles(&fx, 3 * FRAME, MHZ28);
    ck_assert_uint_eq(fixture_in(&fx, 0x3C2), 0x10); /* held clear by CR11 4 */
    vga_crtc(&fx, 0x11, 0x1E);
    ck_assert_uint_eq(fixture_in(&fx, 0x3C2), 0x10);
    vga_run_cycles(&fx, 3 * FRAME + 411 * LINE, MHZ28);
    ck_assert_uint_eq(fixture_in(&fx, 0x3C2), 0x10);
    vga_run_cycles(&fx, 3 * FRAME + 412 * LINE, MHZ28);
    ck_assert_uint_eq(fixture_in(&fx, 0x3C2), 0x90);
    vga_run_cycles(&fx, 5 * FRAME, MHZ28);
    ck_assert_uint_eq(fixture_in(&fx, 0x3C2), 0x90); /* until cleared */
    vga_crtc(&fx, 0x11, 0x3E);
    ck_assert_uint_eq(fixture_in(&fx, 0x3C2), 0x90);
    vga_crtc(&fx, 0x11, 0x0E);
    ck_assert_uint_eq(fixture_in(&fx, 0x3C2), 0x10);
    vga_crtc(&fx, 0x11, 0x1E);
    ck_assert_uint_eq(fixture_in(&fx, 0x3C2), 0x10);
    ck_assert_ptr_nonnull(strstr(fx.notes, "vertical retrace interrupt"));
}
END_TEST

START_TEST(mips_changes_keep_the_beam)
{
    vga_set_mode(&fx, &vga_mode_03);
    vga_run_cycles(&fx, 100 * FRAME + 200 * LINE, MHZ28);
    clock_set_mips(&fx.board.clock, 3000);
    ck_assert_uint_eq(vga_status(&fx) & RETRACE, 0);
    vga_run_cycles(&fx, 100 * FRAME + 413 * LINE, MHZ28);
    ck_assert_uint_eq(vga_status(&fx) & RETRACE, RETRACE);
    clock_set_mips(&fx.board.clock, 1);
    ck_assert_uint_eq(vga_status(&fx) & RETRACE, RETRACE);
    vga_run_cycles(&fx, 101 * FRAME + 415 * LINE, MHZ28);
    ck_assert_uint_eq(vga_status(&fx) & RETRACE, 0);
}
END_TEST

START_TEST(registers_of_zero_still_scan)
{
    /* Straight from reset: 5 characters of 9 dots, 2 lines; one character of one line shown. */
    unsigned shown = 0, dark = 0;
    for (unsigned n = 0; n < 900; n++) {
        vga_run_cycles(&fx, n, MHZ25);
        uint8_t status = vga_status(&fx);
        shown += !(status & NO_DISPLAY);
        dark += status & NO_DISPLAY;
    }
    ck_assert_uint_ge(shown, 80);
    ck_assert_uint_le(shown, 100);
    ck_assert_uint_eq(shown + dark, 900);
}
END_TEST

START_TEST(reset_starts_a_frame)
{
    vga_set_mode(&fx, &vga_mode_03);
    for (unsigned n = 1; n < 50; n++) {
        fixture_run_to(&fx, n * 777777);
        vga_class.reset(vga, RESET_HARD);
        uint64_t now = clock_cycles(&fx.board.clock, MHZ25);
        ck_assert_uint_eq(vga_status(&fx), RETRACE); /* line 0 is both, with all registers 0 */
        vga_run_cycles(&fx, now + 9, MHZ25);
        ck_assert_uint_eq(vga_status(&fx) & NO_DISPLAY, NO_DISPLAY);
    }
}
END_TEST

/* ---- state, and traffic */

/* One random access. Registers that choose a mode come up as often as the rest. */
static uint32_t random_access(struct fixture *f, uint64_t *seed)
{
    uint32_t kind = test_random(seed), val = test_random(seed);
    unsigned size = 1u << (kind >> 8 & 3) % 3;
    uint32_t pa = 0xA0000 + (test_random(seed) & 0x1FFFC);
    uint16_t port = (uint16_t)(0x3B0 + test_random(seed) % 0x30);
    if (kind & 0x8000) {
        fixture_run_to(f, clock_now(&f->board.clock) + val % 100000);
    }
    switch (kind & 3) {
    case 0: phys_write(f->board.phys, pa, val, size); return 0;
    case 1: return phys_read(f->board.phys, pa, size);
    case 2: bus_out(&f->board.bus, port, val & 0xFF1F, size); return 0;
    default: return bus_in(&f->board.bus, port, size);
    }
}

START_TEST(random_traffic)
{
    uint64_t seed = (uint64_t)_i + 7;
    struct screen *sc = calloc(1, sizeof *sc);
    struct text text = {0};
    ck_assert_ptr_nonnull(sc);
    vga_set_mode(&fx, _i & 1 ? &vga_mode_03 : &vga_mode_13);
    for (unsigned n = 0; n < 20000; n++) {
        (void)random_access(&fx, &seed);
        if (n % 500 == 0) {
            vga_get_screen(vga, sc);
            ck_assert_uint_ge(sc->width, 8);
            ck_assert_uint_ge(sc->height, 1);
            ck_assert(!sc->text || (sc->columns >= 1 && sc->columns <= 132));
            ck_assert(!sc->text || (sc->rows >= 1 && sc->rows <= 60));
            vga_class.info(vga, &text);
        }
    }
    free(text.s);
    free(sc);
}
END_TEST

static struct fixture other;

START_TEST(save_load_run_is_run)
{
    uint64_t seed = 42, again;
    struct device *twin = vga_fixture(&other);
    vga_set_mode(&fx, &vga_mode_03);
    for (unsigned n = 0; n < 5000; n++) {
        (void)random_access(&fx, &seed);
    }
    other.board.clock.now = clock_now(&fx.board.clock);
    fixture_clone(vga, twin);
    memcpy(vga_plane(&other, 0, 0), vga_plane(&fx, 0, 0), 0x40000);
    again = seed;
    for (unsigned n = 0; n < 5000; n++) {
        ck_assert_uint_eq(random_access(&fx, &seed), random_access(&other, &again));
    }
    ck_assert_uint_eq(state_hash(vga_class.state, vga, 0),
                      state_hash(vga_class.state, twin, 0));
    ck_assert_mem_eq(vga_plane(&other, 0, 0), vga_plane(&fx, 0, 0), 0x40000);
    fixture_free(&other);
}
END_TEST

static TCase *registers(void)
{
    TCase *tc = tcase_create("registers");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, every_byte_is_a_field);
    tcase_add_test(tc, after_reset);
    tcase_add_test(tc, ports_that_are_nobodys);
    tcase_add_test(tc, misc_moves_the_crtc);
    tcase_add_test(tc, registers_keep_the_bits_that_exist);
    tcase_add_test(tc, indices_that_do_not_exist);
    tcase_add_test(tc, crtc_protection);
    tcase_add_test(tc, attribute_flip_flop);
    tcase_add_test(tc, palette_belongs_to_the_display);
    tcase_add_test(tc, dac_counts_up);
    return tc;
}

static TCase *memory(void)
{
    TCase *tc = tcase_create("memory");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, windows);
    tcase_add_test(tc, windows_of_32k_start_at_plane_address_0);
    tcase_add_test(tc, text_is_odd_even);
    tcase_add_test(tc, odd_even_over_128k);
    tcase_add_test(tc, chain4);
    tcase_add_test(tc, chain4_over_128k);
    tcase_add_test(tc, write_modes_against_a_reference);
    tcase_add_test(tc, read_mode_1_compares_colours);
    tcase_add_test(tc, writes_are_seen_by_hash_and_screen);
    tcase_add_test(tc, reset_button_keeps_memory);
    return tc;
}

static TCase *timing(void)
{
    TCase *tc = tcase_create("timing");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, mode_03_line_by_line);
    tcase_add_test(tc, refresh_rates);
    tcase_add_test(tc, new_timing_resumes_in_the_same_line);
    tcase_add_test(tc, retrace_over_the_end_of_the_frame);
    tcase_add_test(tc, half_the_line_rate);
    tcase_add_test(tc, interrupt_flag);
    tcase_add_test(tc, reset_starts_a_frame);
    tcase_add_test(tc, mips_changes_keep_the_beam);
    tcase_add_test(tc, registers_of_zero_still_scan);
    return tc;
}

static TCase *state(void)
{
    TCase *tc = tcase_create("state");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, random_traffic, 0, 6);
    tcase_add_test(tc, save_load_run_is_run);
    return tc;
}

int main(void)
{
    Suite *s = suite_create("vga");
    suite_add_tcase(s, registers());
    suite_add_tcase(s, memory());
    suite_add_tcase(s, timing());
    suite_add_tcase(s, state());
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? 1 : 0;
}
