/* vga_vbe_draw.c -- the VGA's picture in VBE modes: pixels one after another, line by line.
 *
 *   4       a bit in each of the planes, most significant first; palette and DAC
 *   8       the DAC
 *   15, 16  5:5:5, 5:6:5, red in the highest bits
 *   24, 32  blue, green, red, and in 32 bits a byte that does not matter
 */
#include "devices/vga_priv.h"

static uint32_t spread(uint32_t val, unsigned bits)
{
    val &= (1u << bits) - 1;
    return val << (8 - bits) | val >> (2 * bits - 8);
}

static uint32_t rgb(uint32_t r, uint32_t g, uint32_t b)
{
    return r << 16 | g << 8 | b;
}

static void line_of_indices(const uint8_t *at, uint32_t width, const uint32_t *color,
                            uint32_t *out)
{
    for (uint32_t x = 0; x < width; x++) {
        out[x] = color[at[x]];
    }
}

static void line_of_words(const uint8_t *at, uint32_t width, unsigned green, uint32_t *out)
{
    for (uint32_t x = 0; x < width; x++, at += 2) {
        uint32_t p = load_le16(at);
        out[x] = rgb(spread(p >> (5 + green), 5), spread(p >> 5, green), spread(p, 5));
    }
}

static void line_of_bytes(const uint8_t *at, uint32_t width, unsigned bytes, uint32_t *out)
{
    for (uint32_t x = 0; x < width; x++, at += bytes) {
        out[x] = rgb(at[2], at[1], at[0]);
    }
}

/* at: the four planes' bytes in turn; skip: pixels of the first that are off the screen. */
static void line_of_planes(const struct vga *v, uint32_t addr, uint32_t skip, uint32_t width,
                           const uint32_t *color, uint32_t *out)
{
    for (uint32_t x = 0; x < width; x++) {
        const uint8_t *plane = vga_planes(v, addr + (x + skip) / 8);
        unsigned shift = 7 - (x + skip) % 8, pixel = 0;
        for (unsigned n = 0; n < VGA_PLANES; n++) {
            pixel |= (plane[n] >> shift & 1u) << n;
        }
        out[x] = color[vga_attr_color(v, pixel & v->attr[AR_PLANES])];
    }
}

void vga_vbe_draw(const struct vga *v, uint32_t first, uint32_t end, uint32_t *picture)
{
    struct vga_linear l = vga_linear(v);
    uint32_t color[DAC_COLORS];
    for (unsigned n = 0; n < DAC_COLORS; n++) {
        color[n] = vga_dac_rgb(v, (uint8_t)n);
    }
    for (uint32_t y = first; y < end && y < l.height; y++) {
        uint32_t *out = picture + (size_t)y * l.width;
        const uint8_t *at = v->vram->bytes + ((l.start + y * l.pitch) & VGA_VRAM_MASK);
        switch (v->vbe[VBE_BPP]) {
        case 4:
            line_of_planes(v, l.start / 4 + y * (l.pitch / 4), l.skip, l.width, color, out);
            break;
        case 8: line_of_indices(at, l.width, color, out); break;
        case 15: line_of_words(at, l.width, 5, out); break;
        case 16: line_of_words(at, l.width, 6, out); break;
        default: line_of_bytes(at, l.width, l.bits / 8, out); break;
        }
    }
}
