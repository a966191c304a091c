/* vga.c -- the Video Graphics Array: register file and ports. (vga_priv.h lists the other
 * files.)
 *
 *   3B4h/3B5h  CRTC index/data         while MISC 0 = 0 (mono)    the other pair is not
 *   3D4h/3D5h  the same                while MISC 0 = 1 (colour)  decoded: it reads FFh
 *   3BAh/3DAh  read   Input Status 1: 3 vertical retrace, 0 no display; resets the flip-flop
 *              write  Feature Control (by MISC 0, too)
 *   3C0h       write  Attribute index (5 PAS, 4:0), then data: the flip-flop alternates
 *              read   Attribute index
 *   3C1h       read   Attribute data
 *   3C2h       read   Input Status 0: 7 retrace interrupt pending, 4 switch sense
 *              write  Miscellaneous Output: 7:6 sync polarity, 5 page, 3:2 clock, 1 RAM,
 *                     0 colour
 *   3C4h/3C5h  Sequencer index/data
 *   3C6h       DAC mask
 *   3C7h       write  DAC read index      read  DAC state: 3 reading, 0 writing
 *   3C8h       DAC write index
 *   3C9h       DAC data: red, green, blue, 6 bits each; the index counts up after blue
 *   3CAh       read   Feature Control     3CCh  read  Miscellaneous Output
 *   3CEh/3CFh  Graphics controller index/data
 *   1CEh-1D1h  VBE extensions (vga_vbe.c)
 *   A0000h-BFFFFh  display memory (vga_mem.c)
 *
 *   Sequencer   0 reset   1 clocking mode: 5 screen off, 3 dot clock / 2, 0 eight dots
 *               2 map mask   3 character map: A 5,3:2  B 4,1:0
 *               4 memory: 3 chain-4, 2 sequential
 *   CRTC        0 horizontal total   1 display end   2-5 blanking and retrace
 *               6 vertical total   7 overflow: bits 9 and 8 of 6, 10h, 12h, 15h, 18h
 *               8 preset row scan, byte panning   9 maximum scan line: 7 double
 *               A/B cursor   C/D start   E/F cursor location
 *               10h/11h vertical retrace; 11h 7: protects 0-7 (but bit 4 of 7)
 *               12h display end   13h offset   14h underline   15h/16h blanking
 *               17h mode   18h line compare
 *   Graphics    0 set/reset   1 enable   2 colour compare   3 function, rotate   4 read map
 *               5 mode   6 miscellaneous: window, chain   7 colour don't care   8 bit mask
 *   Attribute   0-F palette, writable while PAS = 0   10h mode   11h overscan
 *               12h plane enable   13h panning   14h colour select
 *
 * Lines: none. Clock: 25.175 or 28.322 MHz dot clock, of virtual time (vga_crt.c).
 * Memory: 16 MiB behind the card, of which the standard VGA addresses the first 256 KiB.
 * Registers and bits that do not exist read as nothing drives them: indices FFh, bits 0.
 * Power-on and RESET# clear all registers but the DAC mask (FFh): the picture is off, the
 * window is closed and the CRTC is at the mono addresses until the video BIOS sets a mode.
 * On the PCI bus the card is 00:02.0 (vga_pci.c).
 *
 * NOT IMPLEMENTED: the retrace interrupt's line (its flag in 3C2h works); clocks of the
 * feature connector; the page bit (MISC 5: always the first page) and 64 KiB memory (SEQ4 1);
 * sequencer reset (SEQ0 is stored); shift-load chaining (SEQ1 4, 2); light pen; the colour
 * feedback in bits 5:4 of 3DAh; video subsystem enable at 3C3h and 46E8h; blanking inside the
 * display area, skew of display enable and the overscan border. A picture is drawn
 * at one instant: registers changed while the beam is on its way show at once. References: IBM
 * PS/2 Hardware Interface TR (Video Subsystem); INMOS IMSG171 ds.
 */
#include "devices/vga_priv.h"

#include <string.h>

enum { NOBODY = 0xFF, FEATURE_BITS = 0x0B };

// clang-format off
static const struct field vga_fields[] = {
    DERIVED(struct vga, dev),
    DERIVED(struct vga, vram), /* its bytes are a block of the machine's memory */
    FIELD_S(struct vga, fn, &pci_function_schema, struct pci_function),
    FIELD(struct vga, epoch),
    FIELD(struct vga, frames),
    FIELD(struct vga, dark_since),
    FIELD(struct vga, vint_mark),
    FIELD(struct vga, latch),
    FIELD(struct vga, misc),
    FIELD(struct vga, feature),
    FIELD(struct vga, seq_index),
    FIELD_A(struct vga, seq),
    FIELD(struct vga, crtc_index),
    FIELD_A(struct vga, crtc),
    FIELD(struct vga, gc_index),
    FIELD_A(struct vga, gc),
    FIELD_R(struct vga, attr_index, 0, AR_PAS | AR_INDEX),
    FIELD_A(struct vga, attr),
    FIELD(struct vga, attr_data),
    FIELD(struct vga, dac_mask),
    FIELD(struct vga, dac_index),
    FIELD_R(struct vga, dac_pos, 0, 2),
    FIELD(struct vga, dac_reading),
    FIELD_A(struct vga, dac_color),
    FIELD_A(struct vga, dac),
    FIELD(struct vga, vbe_index),
    FIELD_A(struct vga, vbe),
    FIELDS_END,
};

/* The bits that exist. */
static const uint8_t seq_bits[SEQ_COUNT] = {0x03, 0x3D, 0x0F, 0x3F, 0x0E};
static const uint8_t crtc_bits[CR_COUNT] = {
    0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
    0x7F, 0xFF, 0x3F, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF,
    0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xEF, 0xFF,
};
static const uint8_t gc_bits[GC_COUNT] = {0x0F, 0x0F, 0x0F, 0x1F, 0x03, 0x7B, 0x0F, 0x0F, 0xFF};
static const uint8_t attr_bits[AR_COUNT] = {
    0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F,
    0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F, 0x3F,
    0xEF, 0xFF, 0x3F, 0x0F, 0x0F,
};
// clang-format on

static bool vga_loaded(void *obj)
{
    return vga_vbe_settled(obj);
}

static const struct schema vga_schema = {"vga", sizeof(struct vga), 1,
                                         1,     vga_fields,         vga_loaded};

/* The picture may have gone off: remember when. A screen is not called blank for the few
 * microseconds in which a program has PAS off to set the palette. */
static void note_dark(struct vga *v, bool was_dark)
{
    if (!was_dark && vga_is_dark(v)) {
        v->dark_since = vga_beam(v).frame;
    }
}

/* ---- CRTC and feature control, at 3Bxh or 3Dxh */

static bool is_color(const struct vga *v)
{
    return v->misc & MISC_COLOR;
}

static uint8_t crtc_read(const struct vga *v, uint32_t off)
{
    if (off == 0) {
        return v->crtc_index;
    }
    return v->crtc_index < CR_COUNT ? v->crtc[v->crtc_index] : NOBODY;
}

static void crtc_data_write(struct vga *v, uint8_t val)
{
    unsigned n = v->crtc_index;
    if (n >= CR_COUNT) {
        return;
    }
    val &= crtc_bits[n];
    if (n <= CR_OVERFLOW && v->crtc[CR_VRETRACE_END] & CR_VRETRACE_END_PROTECT) {
        if (n != CR_OVERFLOW) {
            return;
        }
        val = (uint8_t)((v->crtc[n] & 0xEF) | (val & 0x10)); /* line compare bit 8 */
    }
    uint8_t rising = val & (uint8_t)~v->crtc[n];
    struct vga_beam at = vga_beam(v);
    v->crtc[n] = val;
    vga_beam_resume(v, &at);
    if (n == CR_VRETRACE_END && rising & CR_VRETRACE_END_CLEAR) {
        v->vint_mark = vga_retraces(v);
        if (!(val & CR_VRETRACE_END_DISABLE)) {
            note(&v->dev.board->notes, NOTE_vga_interrupt);
        }
    }
}

static void crtc_write(struct vga *v, uint32_t off, uint32_t val)
{
    if (off == 0) {
        v->crtc_index = (uint8_t)val;
    } else {
        crtc_data_write(v, (uint8_t)val);
    }
}

static uint8_t status1_read(struct vga *v)
{
    v->attr_data = false;
    return vga_status1(v);
}

static uint32_t mono_crtc_read(void *ctx, uint32_t off, unsigned size)
{
    (void)size;
    return is_color(ctx) ? NOBODY : crtc_read(ctx, off);
}

static void mono_crtc_write(void *ctx, uint32_t off, uint32_t val, unsigned size)
{
    (void)size;
    if (!is_color(ctx)) {
        crtc_write(ctx, off, val);
    }
}

static uint32_t color_crtc_read(void *ctx, uint32_t off, unsigned size)
{
    (void)size;
    return is_color(ctx) ? crtc_read(ctx, off) : NOBODY;
}

static void color_crtc_write(void *ctx, uint32_t off, uint32_t val, unsigned size)
{
    (void)size;
    if (is_color(ctx)) {
        crtc_write(ctx, off, val);
    }
}

static uint32_t mono_status_read(void *ctx, uint32_t off, unsigned size)
{
    (void)off, (void)size;
    return is_color(ctx) ? NOBODY : status1_read(ctx);
}

static uint32_t color_status_read(void *ctx, uint32_t off, unsigned size)
{
    (void)off, (void)size;
    return is_color(ctx) ? status1_read(ctx) : NOBODY;
}

static void mono_feature_write(void *ctx, uint32_t off, uint32_t val, unsigned size)
{
    struct vga *v = ctx;
    (void)off, (void)size;
    if (!is_color(v)) {
        v->feature = val & FEATURE_BITS;
    }
}

static void color_feature_write(void *ctx, uint32_t off, uint32_t val, unsigned size)
{
    struct vga *v = ctx;
    (void)off, (void)size;
    if (is_color(v)) {
        v->feature = val & FEATURE_BITS;
    }
}

/* ---- attribute controller */

static void attr_write(struct vga *v, uint8_t val)
{
    unsigned n = v->attr_index & AR_INDEX;
    if (!v->attr_data) {
        bool was_dark = vga_is_dark(v);
        v->attr_index = val & (AR_PAS | AR_INDEX);
        note_dark(v, was_dark);
    } else if (n < AR_MODE ? !(v->attr_index & AR_PAS) : n < AR_COUNT) {
        v->attr[n] = val & attr_bits[n]; /* the display has the palette while PAS is set */
    }
    v->attr_data = !v->attr_data;
}

/* ---- DAC: an IMSG171. Its RAM is reached through a colour register of three bytes, which a
 * write of the read index, and each third read, load from RAM, counting the index up. */

static void dac_load(struct vga *v)
{
    memcpy(v->dac_color, &v->dac[v->dac_index * 3], 3);
    v->dac_index++;
    v->dac_pos = 0;
}

static uint8_t dac_read(struct vga *v)
{
    uint8_t val = v->dac_color[v->dac_pos % 3];
    v->dac_pos = (uint8_t)((v->dac_pos + 1) % 3);
    if (v->dac_pos == 0) {
        dac_load(v);
    }
    return val;
}

static void dac_write(struct vga *v, uint8_t val)
{
    bool eight = v->vbe[VBE_ENABLE] & VBE_ENABLE_DAC8;
    v->dac_color[v->dac_pos % 3] = eight ? val : val & 0x3F;
    v->dac_pos = (uint8_t)((v->dac_pos + 1) % 3);
    if (v->dac_pos == 0) {
        memcpy(&v->dac[v->dac_index * 3], v->dac_color, 3);
        v->dac_index++;
    }
}

static void dac_set_index(struct vga *v, uint8_t val, bool reading)
{
    v->dac_index = val;
    v->dac_reading = reading;
    v->dac_pos = 0;
    if (reading) {
        dac_load(v);
    }
}

/* ---- sequencer, graphics controller, miscellaneous output */

static void seq_data_write(struct vga *v, uint8_t val)
{
    if (v->seq_index >= SEQ_COUNT) {
        return;
    }
    bool was_dark = vga_is_dark(v);
    struct vga_beam at = vga_beam(v);
    v->seq[v->seq_index] = val & seq_bits[v->seq_index];
    vga_beam_resume(v, &at);
    note_dark(v, was_dark);
}

static void gc_data_write(struct vga *v, uint8_t val)
{
    if (v->gc_index < GC_COUNT) {
        v->gc[v->gc_index] = val & gc_bits[v->gc_index];
    }
}

static void misc_write(struct vga *v, uint8_t val)
{
    struct vga_beam at = vga_beam(v);
    v->misc = val & 0xEF;
    vga_beam_resume(v, &at);
    if ((val >> MISC_CLOCK_SHIFT & 3) > 1) {
        note(&v->dev.board->notes, NOTE_vga_clock);
    }
}

/* ---- 3C0h-3CFh */

static uint32_t vga_read(void *ctx, uint32_t off, unsigned size)
{
    struct vga *v = ctx;
    unsigned attr = v->attr_index & AR_INDEX;
    (void)size;
    switch (off) {
    case 0x0: return v->attr_index;
    case 0x1: return attr < AR_COUNT ? v->attr[attr] : NOBODY;
    case 0x2: return vga_status0(v);
    case 0x4: return v->seq_index;
    case 0x5: return v->seq_index < SEQ_COUNT ? v->seq[v->seq_index] : NOBODY;
    case 0x6: return v->dac_mask;
    case 0x7: return v->dac_reading ? 3 : 0;
    case 0x8: return v->dac_index;
    case 0x9: return dac_read(v);
    case 0xA: return v->feature;
    case 0xC: return v->misc;
    case 0xE: return v->gc_index;
    case 0xF: return v->gc_index < GC_COUNT ? v->gc[v->gc_index] : NOBODY;
    default: return NOBODY;
    }
}

static void vga_write(void *ctx, uint32_t off, uint32_t val32, unsigned size)
{
    struct vga *v = ctx;
    uint8_t val = (uint8_t)val32;
    (void)size;
    switch (off) {
    case 0x0: attr_write(v, val); break;
    case 0x2: misc_write(v, val); break;
    case 0x4: v->seq_index = val; break;
    case 0x5: seq_data_write(v, val); break;
    case 0x6: v->dac_mask = val; break;
    case 0x7: dac_set_index(v, val, true); break;
    case 0x8: dac_set_index(v, val, false); break;
    case 0x9: dac_write(v, val); break;
    case 0xE: v->gc_index = val; break;
    case 0xF: gc_data_write(v, val); break;
    default: break;
    }
}

static const struct ports vga_ports[] = {
    {0x04, 2, {mono_crtc_read, mono_crtc_write, 1}},
    {0x0A, 1, {mono_status_read, mono_feature_write, 1}},
    {0x10, 16, {vga_read, vga_write, 1}},
    {0x24, 2, {color_crtc_read, color_crtc_write, 1}},
    {0x2A, 1, {color_status_read, color_feature_write, 1}},
    {0, 0, {NULL, NULL, 0}},
};

/* ---- life */

static int vga_init(struct device *dev, struct error *err)
{
    struct vga *v = vga_of(dev);
    struct phys *ph = dev->board->phys;
    v->vram = phys_ram_new(ph, "vram", VGA_VRAM_BYTES, err);
    if (!v->vram) {
        return -1;
    }
    phys_map_io(ph, 0xA0000, 0x20000, &vga_window_ops, v);
    return vga_vbe_init(v, err) == 0 ? vga_pci_init(v, err) : -1;
}

static void vga_reset(struct device *dev, enum reset how)
{
    struct vga *v = vga_of(dev);
    struct vga blank = {.dev = v->dev, .vram = v->vram, .fn = v->fn, .dac_mask = 0xFF};
    struct vga_beam top = {0, 0, 0};
    *v = blank;
    vga_vbe_reset(v);
    pci_function_reset(&v->fn);
    vga_beam_resume(v, &top);
    if (how == RESET_POWER) {
        ram_clear(dev->board->phys, v->vram);
    }
}

static void vga_info(struct device *dev, struct text *out)
{
    vga_describe(vga_of(dev), out);
}

const struct device_class vga_class = {
    .name = "vga",
    .size = sizeof(struct vga),
    .state = &vga_schema,
    .ports = vga_ports,
    .init = vga_init,
    .reset = vga_reset,
    .info = vga_info,
};
