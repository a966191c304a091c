/* tests/support/vga_modes.h -- a VGA on a board, its registers by index, and the BIOS's modes.
 *
 *   struct fixture fx; struct device *vga = vga_fixture(&fx);
 *   vga_set_mode(&fx, &vga_mode_03);      every register, as INT 10h would leave them
 *   vga_crtc(&fx, 0x0C, 0x12);            index and data; also vga_seq, vga_gc, vga_attr,
 * vga_dac
 */
#ifndef TERRAPIN_TESTS_VGA_MODES_H
#define TERRAPIN_TESTS_VGA_MODES_H

#include "devices/vga.h"
#include "tests/support/board_fixture.h"

struct vga_mode {
    uint8_t misc, seq[5], crtc[25], gc[9], attr[21];
};
extern const struct vga_mode vga_mode_01; /* text 40x25, 9x16 */
extern const struct vga_mode vga_mode_03; /* text 80x25, 9x16 */
extern const struct vga_mode vga_mode_07; /* text 80x25, mono */
extern const struct vga_mode vga_mode_04; /* 320x200, 2 bits */
extern const struct vga_mode vga_mode_06; /* 640x200, 1 bit */
extern const struct vga_mode vga_mode_0f; /* 640x350, mono: 2 planes, one of them blinks */
extern const struct vga_mode vga_mode_12; /* 640x480, 4 bits */
extern const struct vga_mode vga_mode_13; /* 320x200, 8 bits */

struct device *vga_fixture(struct fixture *fx);
/* Registers, DAC colour n = (n & 63, n >> 2, 63 - (n & 63)), and an empty display memory. */
void vga_set_mode(struct fixture *fx, const struct vga_mode *mode);

/* These follow MISC bit 0 to the CRTC, as programs do. */
void vga_crtc(struct fixture *fx, uint8_t index, uint8_t val);
uint8_t vga_crtc_in(struct fixture *fx, uint8_t index);
uint8_t vga_status(struct fixture *fx); /* resets the flip-flop */
void vga_seq(struct fixture *fx, uint8_t index, uint8_t val);
void vga_gc(struct fixture *fx, uint8_t index, uint8_t val);
void vga_attr(struct fixture *fx, uint8_t index, uint8_t val); /* leaves PAS set */
uint8_t vga_attr_in(struct fixture *fx, uint8_t index);
void vga_dac(struct fixture *fx, uint8_t index, uint8_t r, uint8_t g, uint8_t b);
uint32_t vga_rgb(uint8_t index); /* what vga_set_mode loads, as a pixel */

/* Display memory around the pipeline, as the chip's owner sees it. */
uint8_t *vga_plane(struct fixture *fx, unsigned plane, uint32_t addr);
/* Glyph `code` of the font at plane 2 address `font`: line n is rows[n]. */
void vga_glyph(struct fixture *fx, uint32_t font, uint8_t code, const uint8_t *rows,
               unsigned n);

/* To the first tick at which an hz clock has done that many cycles since power-on. */
void vga_run_cycles(struct fixture *fx, uint64_t cycles, uint32_t hz);

/* A look at the screen: pixels are in a block of exactly the right size, so that a sanitizer
 * sees any excess. Starts as zeros. */
struct vga_view {
    struct screen sc;
    uint32_t *pixels;
    size_t count;
};
void vga_view_draw(struct vga_view *view, struct device *vga);
void vga_view_free(struct vga_view *view);
uint32_t vga_view_pixel(const struct vga_view *view, unsigned x, unsigned y);
/* Fails the test unless the pixels from (x, y) on are those of want: '#' DAC colour `color`,
 * '.' `back` (as vga_set_mode loads them). */
void vga_view_dots(const struct vga_view *view, unsigned x, unsigned y, const char *want,
                   uint8_t color, uint8_t back);

#endif
