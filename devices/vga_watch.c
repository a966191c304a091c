/* vga_watch.c -- has the picture changed? For front ends, which ask many times a second.
 *
 * The picture is a function of the registers, of display memory and of the blink phases. The
 * first and the last are digested at every question, which costs a microsecond; memory tells by
 * its dirty bits for DIRTY_SCREEN. Nothing here is state: asking leaves no trace in the guest.
 */
#include "devices/vga_priv.h"

/* Everything outside of display memory on which the picture depends, but for the phases of
 * blinking. */
static uint64_t look_still(const struct vga *v)
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
    return hash_u64(h, vga_phase(v) & VGA_PHASE_DARK);
}

/* The bytes of memory that are on the screen, or may be. */
struct range {
    uint32_t start, end;
};

static struct range shown(const struct vga *v)
{
    if (!vga_vbe_on(v)) {
        return (struct range){0, VGA_PLANES * (VGA_PLANE_MASK + 1)};
    }
    struct vga_linear l = vga_linear(v);
    return (struct range){l.start, l.start + l.height * l.pitch};
}

static bool any_dirty(const struct ram *r, struct range shown)
{
    uint8_t any = 0;
    for (uint32_t page = shown.start >> PAGE_SHIFT; page << PAGE_SHIFT < shown.end; page++) {
        any |= r->dirty[page];
    }
    return any & DIRTY_SCREEN;
}

/* Notes which pages have been stored to. What is not shown keeps its dirty bits: when it comes
 * to be shown, by other registers, all is new anyway. */
static void take_dirty(struct vga *v, struct vga_watch *w)
{
    struct ram *r = v->vram;
    for (uint32_t page = 0; page < VGA_PAGES; page++) {
        if (r->dirty[page] & DIRTY_SCREEN) {
            w->page[page] = w->version;
        }
    }
    ram_clean(v->dev.board->phys, r, DIRTY_SCREEN);
}

uint64_t vga_screen_version(struct device *dev, struct vga_watch *w)
{
    struct vga *v = vga_of(dev);
    uint64_t still = look_still(v), now = hash_u64(still, vga_phase(v));
    bool stored = any_dirty(v->vram, shown(v)), other = w->version == 0 || now != w->look;
    if (stored || other) {
        w->version++;
    }
    if (stored) {
        take_dirty(v, w);
    }
    if (other) {
        w->look = now;
        w->look_version = w->version;
        w->still_version = w->still == still ? w->still_version : w->version;
        w->still = still;
    }
    return w->version;
}

static bool stored_since(const struct vga_watch *w, uint64_t since)
{
    for (unsigned page = 0; page < VGA_PAGES; page++) {
        if (w->page[page] > since) {
            return true;
        }
    }
    return false;
}

/* Which byte is in which line is plain in VBE modes alone; what blinks is known in others too.
 */
void vga_screen_lines(struct device *dev, struct vga_watch *w, uint64_t since, unsigned *first,
                      unsigned *end)
{
    const struct vga *v = vga_of(dev);
    *first = *end = 0;
    if (vga_screen_version(dev, w) == since) {
        return;
    }
    if (!vga_vbe_on(v) && since >= w->still_version && !stored_since(w, since)) {
        vga_blinking_lines(v, first, end);
        return;
    }
    if (since < w->look_version || !vga_vbe_on(v)) {
        *end = vga_extent(v).height;
        return;
    }
    struct vga_linear l = vga_linear(v);
    struct range r = shown(v);
    for (uint32_t page = r.start >> PAGE_SHIFT; page << PAGE_SHIFT < r.end; page++) {
        if (w->page[page] <= since) {
            continue;
        }
        uint32_t from = page << PAGE_SHIFT, to = from + PAGE_SIZE;
        from = from > r.start ? from : r.start;
        to = to < r.end ? to : r.end;
        *first = *end ? *first : (from - r.start) / l.pitch;
        *end = (to - 1 - r.start) / l.pitch + 1;
    }
}
