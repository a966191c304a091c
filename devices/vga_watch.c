/* vga_watch.c -- has the picture changed? For front ends, which ask many times a second.
 *
 * The picture is a function of the registers, of display memory and of the blink phases. The
 * first and the last are digested at every question, which costs a microsecond; memory tells by
 * its dirty bits for DIRTY_SCREEN. Nothing here is state: asking leaves no trace in the guest.
 */
#include "devices/vga_priv.h"

/* Everything outside of display memory on which the picture depends. */
static uint64_t look(const struct vga *v)
{
    uint64_t h = hash_u64(v->misc, v->dac_mask);
    h = hash_bytes(h, v->seq, sizeof v->seq);
    h = hash_bytes(h, v->crtc, sizeof v->crtc);
    h = hash_bytes(h, v->gc, sizeof v->gc);
    h = hash_bytes(h, v->attr, sizeof v->attr);
    h = hash_bytes(h, v->dac, sizeof v->dac);
    for (unsigned n = 0; n < VBE_COUNT; n++) {
        h = hash_u64(h, v->vbe[n]);
    }
    return hash_u64(h, vga_phase(v));
}

static bool take_dirty(struct vga *v)
{
    struct ram *r = v->vram;
    uint8_t any = 0;
    for (uint64_t page = 0; page < r->size >> PAGE_SHIFT; page++) {
        any |= r->dirty[page];
    }
    if (!(any & DIRTY_SCREEN)) {
        return false;
    }
    ram_clean(v->dev.board->phys, r, DIRTY_SCREEN);
    return true;
}

uint64_t vga_screen_version(struct device *dev, struct vga_watch *w)
{
    struct vga *v = vga_of(dev);
    uint64_t now = look(v);
    bool stored = take_dirty(v);
    if (w->version == 0 || stored || now != w->look) {
        w->version++;
        w->look = now;
    }
    return w->version;
}

void vga_screen_lines(struct device *dev, struct vga_watch *w, uint64_t since, unsigned *first,
                      unsigned *end)
{
    *first = 0;
    *end = vga_screen_version(dev, w) == since ? 0 : vga_extent(vga_of(dev)).height;
}
