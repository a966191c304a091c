/* devices/vga.h -- the VGA as the board sees it: a class for the slot table, and a look at the
 * screen. Looking never changes anything that the guest could notice.
 */
#ifndef TERRAPIN_DEVICES_VGA_H
#define TERRAPIN_DEVICES_VGA_H

#include "devices/device.h"
#include "devices/machine.h"

extern const struct device_class vga_class; /* slot base 3B0h, no interrupt, no DMA channel */

/* What a monitor would show now. Without sync (before the BIOS has set a mode) that is a blank
 * 80x25 text page. */
void vga_get_screen(struct device *dev, struct screen *out);

/* 00RRGGBB, width * height of vga_get_screen(), row by row. false: n pixels are too few. */
bool vga_get_pixels(struct device *dev, uint32_t *pixels, size_t n);

/* Of these, lines [first, end) alone; the others may be drawn as well, or stay. */
bool vga_get_lines(struct device *dev, unsigned first, unsigned end, uint32_t *pixels,
                   size_t n);

/* The byte that a read at A0000h + off would give, without what a read does (the latches stay);
 * false: nothing answers there. */
bool vga_peek(struct device *dev, uint32_t off, uint8_t *byte);

/* What a front end has been told of the picture; the machine's, zero at the start. */
enum { VGA_VRAM_BYTES = 16 << 20, VGA_PAGES = VGA_VRAM_BYTES / PAGE_SIZE };
struct vga_watch {
    uint64_t version;
    uint64_t look;         /* digest of all but display memory … */
    uint64_t look_version; /* … and since when it is that */
    uint64_t still;        /* the same without what blinks by itself */
    uint64_t still_version;
    uint64_t page[VGA_PAGES]; /* version that first showed the latest stores */
};
uint64_t vga_screen_version(struct device *dev, struct vga_watch *w);
void vga_screen_lines(struct device *dev, struct vga_watch *w, uint64_t since, unsigned *first,
                      unsigned *end);

/* Is this option ROM for this card, by the ids in its PCI data structure? */
bool vga_is_own_rom(const uint8_t *bytes, uint32_t size);

#endif
