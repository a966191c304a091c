/* tests/support/vga_modes.c -- see the header. */
#include "tests/support/vga_modes.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

// clang-format off
#define COLORS 0, 1, 2, 3, 4, 5, 0x14, 7, 0x38, 0x39, 0x3A, 0x3B, 0x3C, 0x3D, 0x3E, 0x3F
#define SAME   0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
const struct vga_mode vga_mode_01 = {
    0x67, {0x03, 0x08, 0x03, 0x00, 0x02},
    {0x2D, 0x27, 0x28, 0x90, 0x2B, 0xA0, 0xBF, 0x1F, 0x00, 0x4F, 0x0D, 0x0E, 0x00,
     0x00, 0x00, 0x00, 0x9C, 0x8E, 0x8F, 0x14, 0x1F, 0x96, 0xB9, 0xA3, 0xFF},
    {0, 0, 0, 0, 0, 0x10, 0x0E, 0x0F, 0xFF}, {COLORS, 0x0C, 0, 0x0F, 8, 0},
};
const struct vga_mode vga_mode_03 = {
    0x67, {0x03, 0x00, 0x03, 0x00, 0x02},
    {0x5F, 0x4F, 0x50, 0x82, 0x55, 0x81, 0xBF, 0x1F, 0x00, 0x4F, 0x0D, 0x0E, 0x00,
     0x00, 0x00, 0x00, 0x9C, 0x8E, 0x8F, 0x28, 0x1F, 0x96, 0xB9, 0xA3, 0xFF},
    {0, 0, 0, 0, 0, 0x10, 0x0E, 0x0F, 0xFF}, {COLORS, 0x0C, 0, 0x0F, 8, 0},
};
const struct vga_mode vga_mode_07 = {
    0x66, {0x03, 0x00, 0x03, 0x00, 0x02},
    {0x5F, 0x4F, 0x50, 0x82, 0x55, 0x81, 0xBF, 0x1F, 0x00, 0x4F, 0x0D, 0x0E, 0x00,
     0x00, 0x00, 0x00, 0x9C, 0x8E, 0x8F, 0x28, 0x0D, 0x96, 0xB9, 0xA3, 0xFF},
    {0, 0, 0, 0, 0, 0x10, 0x0A, 0x0F, 0xFF},
    {0, 8, 8, 8, 8, 8, 8, 8, 16, 24, 24, 24, 24, 24, 24, 24, 0x0E, 0, 0x0F, 8, 0},
};
const struct vga_mode vga_mode_04 = {
    0x63, {0x03, 0x09, 0x03, 0x00, 0x02},
    {0x2D, 0x27, 0x28, 0x90, 0x2B, 0x80, 0xBF, 0x1F, 0x00, 0xC1, 0x00, 0x00, 0x00,
     0x00, 0x00, 0x00, 0x9C, 0x8E, 0x8F, 0x14, 0x00, 0x96, 0xB9, 0xA2, 0xFF},
    {0, 0, 0, 0, 0, 0x30, 0x0F, 0x0F, 0xFF},
    {0, 0x13, 0x15, 0x17, 2, 4, 6, 7, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 1, 0, 3, 0, 0},
};
const struct vga_mode vga_mode_06 = {
    0x63, {0x03, 0x01, 0x01, 0x00, 0x06},
    {0x5F, 0x4F, 0x50, 0x82, 0x54, 0x80, 0xBF, 0x1F, 0x00, 0xC1, 0x00, 0x00, 0x00,
     0x00, 0x00, 0x00, 0x9C, 0x8E, 0x8F, 0x28, 0x00, 0x96, 0xB9, 0xC2, 0xFF},
    {0, 0, 0, 0, 0, 0x00, 0x0D, 0x0F, 0xFF},
    {0, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17, 0x17,
     1, 0, 1, 0, 0},
};
const struct vga_mode vga_mode_0f = {
    0xA3, {0x03, 0x01, 0x0F, 0x00, 0x06},
    {0x5F, 0x4F, 0x50, 0x82, 0x54, 0x80, 0xBF, 0x1F, 0x00, 0x40, 0x00, 0x00, 0x00,
     0x00, 0x00, 0x00, 0x83, 0x85, 0x5D, 0x28, 0x0F, 0x63, 0xBA, 0xE3, 0xFF},
    {0, 0, 0, 0, 0, 0x00, 0x05, 0x05, 0xFF},
    {0, 8, 0, 0, 0x18, 0x18, 0, 0, 0, 8, 0, 0, 0, 0x18, 0, 0, 0x0B, 0, 5, 0, 0},
};
const struct vga_mode vga_mode_12 = {
    0xE3, {0x03, 0x01, 0x0F, 0x00, 0x06},
    {0x5F, 0x4F, 0x50, 0x82, 0x54, 0x80, 0x0B, 0x3E, 0x00, 0x40, 0x00, 0x00, 0x00,
     0x00, 0x00, 0x00, 0xEA, 0x8C, 0xDF, 0x28, 0x00, 0xE7, 0x04, 0xE3, 0xFF},
    {0, 0, 0, 0, 0, 0x00, 0x05, 0x0F, 0xFF}, {COLORS, 0x01, 0, 0x0F, 0, 0},
};
const struct vga_mode vga_mode_13 = {
    0x63, {0x03, 0x01, 0x0F, 0x00, 0x0E},
    {0x5F, 0x4F, 0x50, 0x82, 0x54, 0x80, 0xBF, 0x1F, 0x00, 0x41, 0x00, 0x00, 0x00,
     0x00, 0x00, 0x00, 0x9C, 0x8E, 0x8F, 0x28, 0x40, 0x96, 0xB9, 0xA3, 0xFF},
    {0, 0, 0, 0, 0, 0x40, 0x05, 0x0F, 0xFF}, {SAME, 0x41, 0, 0x0F, 0, 0},
};
// clang-format on

struct device *vga_fixture(struct fixture *fx)
{
    static const struct slot slot = {.cls = &vga_class, .base = 0x3B0, .irq = -1, .dma = -1};
    fixture_init(fx);
    return fixture_attach(fx, &slot);
}

static uint16_t crtc_port(struct fixture *fx)
{
    return fixture_in(fx, 0x3CC) & 1 ? 0x3D4 : 0x3B4;
}

void vga_crtc(struct fixture *fx, uint8_t index, uint8_t val)
{
    uint16_t port = crtc_port(fx);
    fixture_out(fx, port, index);
    fixture_out(fx, port + 1, val);
}

uint8_t vga_crtc_in(struct fixture *fx, uint8_t index)
{
    uint16_t port = crtc_port(fx);
    fixture_out(fx, port, index);
    return fixture_in(fx, port + 1);
}

uint8_t vga_status(struct fixture *fx)
{
    return fixture_in(fx, crtc_port(fx) + 6);
}

void vga_seq(struct fixture *fx, uint8_t index, uint8_t val)
{
    fixture_out(fx, 0x3C4, index);
    fixture_out(fx, 0x3C5, val);
}

void vga_gc(struct fixture *fx, uint8_t index, uint8_t val)
{
    fixture_out(fx, 0x3CE, index);
    fixture_out(fx, 0x3CF, val);
}

void vga_attr(struct fixture *fx, uint8_t index, uint8_t val)
{
    (void)vga_status(fx);
    fixture_out(fx, 0x3C0, index);
    fixture_out(fx, 0x3C0, val);
    fixture_out(fx, 0x3C0, 0x20);
}

uint8_t vga_attr_in(struct fixture *fx, uint8_t index)
{
    (void)vga_status(fx);
    fixture_out(fx, 0x3C0, index);
    uint8_t val = fixture_in(fx, 0x3C1);
    (void)vga_status(fx);
    fixture_out(fx, 0x3C0, 0x20);
    return val;
}

void vga_dac(struct fixture *fx, uint8_t index, uint8_t r, uint8_t g, uint8_t b)
{
    fixture_out(fx, 0x3C8, index);
    fixture_out(fx, 0x3C9, r);
    fixture_out(fx, 0x3C9, g);
    fixture_out(fx, 0x3C9, b);
}

static uint32_t eight(uint32_t six)
{
    return six << 2 | six >> 4;
}

uint32_t vga_rgb(uint8_t index)
{
    return eight(index & 63) << 16 | eight(index >> 2) << 8 | eight(63u - (index & 63u));
}

void vga_set_mode(struct fixture *fx, const struct vga_mode *mode)
{
    fixture_out(fx, 0x3C2, mode->misc);
    for (uint8_t n = 0; n < 5; n++) {
        vga_seq(fx, n, mode->seq[n]);
    }
    vga_crtc(fx, 0x11, 0); /* unlock */
    for (uint8_t n = 0; n < 25; n++) {
        vga_crtc(fx, n, mode->crtc[n]);
    }
    for (uint8_t n = 0; n < 9; n++) {
        vga_gc(fx, n, mode->gc[n]);
    }
    for (uint8_t n = 0; n < 21; n++) {
        vga_attr(fx, n, mode->attr[n]);
    }
    for (unsigned n = 0; n < 256; n++) {
        vga_dac(fx, (uint8_t)n, n & 63, (uint8_t)(n >> 2), 63 - (n & 63));
    }
    memset(vga_plane(fx, 0, 0), 0, 0x40000);
}

static struct ram *vram(struct fixture *fx)
{
    for (struct ram *r = phys_rams(fx->board.phys); r; r = r->next) {
        if (strcmp(r->name, "vram") == 0) {
            return r;
        }
    }
    ck_abort_msg("no vram");
    return NULL;
}

uint8_t *vga_plane(struct fixture *fx, unsigned plane, uint32_t addr)
{
    return &vram(fx)->bytes[(addr & 0xFFFF) * 4 + plane];
}

void vga_glyph(struct fixture *fx, uint32_t font, uint8_t code, const uint8_t *rows, unsigned n)
{
    for (unsigned y = 0; y < n; y++) {
        *vga_plane(fx, 2, font + code * 32u + y) = rows[y];
    }
}

void vga_run_cycles(struct fixture *fx, uint64_t cycles, uint32_t hz)
{
    fixture_run_to(fx, clock_tick_of(&fx->board.clock, cycles, hz));
}

void vga_view_draw(struct vga_view *view, struct device *vga)
{
    vga_view_free(view);
    vga_get_screen(vga, &view->sc);
    view->count = (size_t)view->sc.width * view->sc.height;
    view->pixels = calloc(view->count, sizeof *view->pixels);
    ck_assert_ptr_nonnull(view->pixels);
    ck_assert(!vga_get_pixels(vga, view->pixels, view->count - 1));
    ck_assert(vga_get_pixels(vga, view->pixels, view->count));
}

void vga_view_free(struct vga_view *view)
{
    free(view->pixels);
    view->pixels = NULL;
    view->count = 0;
}

uint32_t vga_view_pixel(const struct vga_view *view, unsigned x, unsigned y)
{
    ck_assert_uint_lt(x, view->sc.width);
    ck_assert_uint_lt(y, view->sc.height);
    return view->pixels[(size_t)y * view->sc.width + x];
}

void vga_view_dots(const struct vga_view *view, unsigned x, unsigned y, const char *want,
                   uint8_t color, uint8_t back)
{
    char got[80];
    size_t n = strlen(want);
    ck_assert_uint_lt(n, sizeof got);
    for (size_t k = 0; k < n; k++) {
        uint32_t rgb = vga_view_pixel(view, x + (unsigned)k, y);
        got[k] = rgb == vga_rgb(color) ? '#' : rgb == vga_rgb(back) ? '.' : '?';
    }
    got[n] = '\0';
    ck_assert_str_eq(got, want);
}
