/* vga_draw.c -- what is on the VGA's screen: text cells for those who read, pixels for those
 * who look. The CRTC, character generator and attribute controller, for one still frame.
 *
 * A dot's way:  memory address counter -> four plane bytes -> (text: font in plane 2) -> 4 bits
 *   -> plane enable (AR12) -> palette (AR0-F) -> 8 bits with AR14 -> DAC mask -> DAC -> colour
 *
 * The frame is walked line by line with the CRTC's own counters (struct scan), so that split
 * screens, preset row scans and odd cell heights need no case of their own.
 */
#include "devices/vga_priv.h"

#include <limits.h>
#include <string.h>

enum { MAX_CHARS = 256 + 1, MAX_LINE = MAX_CHARS * 9 }; /* one more than shown, for panning */
enum { CELL_COLUMNS = 132, CELL_ROWS = 60 };            /* of struct screen */
enum { CURSOR_FRAMES = 8, BLINK_FRAMES = 16 };          /* on, and as many off */
enum { DARK_FRAMES = 2 }; /* off for that long is a blank screen */

/* The CRTC's address and row counters at the start of a line. */
struct scan {
    uint32_t line;
    uint16_t base; /* memory address of the line's first character */
    uint8_t row;   /* row scan counter: line within the character */
    bool again;    /* second line of a doubled one */
    bool fresh;    /* first line of a row of characters */
    bool split;    /* below the line compare */
};

static void scan_start(const struct vga *v, struct scan *s)
{
    uint8_t preset = v->crtc[CR_PRESET_ROW];
    uint32_t start = (uint32_t)v->crtc[CR_START_HIGH] << 8 | v->crtc[CR_START_LOW];
    *s = (struct scan){
        .base = (uint16_t)(start + (preset >> 5 & 3)), .row = preset & 0x1F, .fresh = true};
}

/* Is this the last line of its row of characters? */
static bool scan_ends_row(const struct vga *v, const struct scan *s)
{
    uint8_t max = v->crtc[CR_MAX_SCAN];
    return s->row == (max & 0x1F) && (s->again || !(max & CR_MAX_SCAN_DOUBLE));
}

static void scan_next(const struct vga *v, struct scan *s)
{
    bool half = v->crtc[CR_MODE] & CR_MODE_HALF_LINES;
    bool counts = !half || s->line & 1; /* the vertical counter goes on after this line */
    bool end = scan_ends_row(v, s);
    bool doubled = v->crtc[CR_MAX_SCAN] & CR_MAX_SCAN_DOUBLE;
    s->fresh = end;
    if (counts && s->line >> half == vga_line_compare(v)) {
        *s = (struct scan){.line = s->line, .fresh = true, .split = true};
    } else if (end) {
        s->row = 0;
        s->again = false;
        s->base = (uint16_t)(s->base + 2u * v->crtc[CR_OFFSET]);
    } else if (doubled && !s->again) {
        s->again = true;
    } else {
        s->row = (s->row + 1) & 0x1F;
        s->again = false;
    }
    s->line++;
}

/* The plane address that the CRTC puts out for the line's character number c. */
static uint32_t crt_address(const struct vga *v, const struct scan *s, uint32_t c)
{
    uint8_t mode = v->crtc[CR_MODE], underline = v->crtc[CR_UNDERLINE];
    unsigned slow = underline & CR_UNDERLINE_COUNT4 ? 2 : mode & CR_MODE_COUNT2 ? 1 : 0;
    uint32_t ma = (s->base + (c >> slow)) & 0xFFFF, addr = ma;
    if (underline & CR_UNDERLINE_DWORD) {
        addr = ma << 2 | ma >> 14;
    } else if (!(mode & CR_MODE_BYTE)) {
        addr = ma << 1 | (ma >> (mode & CR_MODE_WRAP15 ? 15 : 13) & 1);
    }
    if (!(mode & CR_MODE_ROW0)) {
        addr = (addr & ~UINT32_C(0x2000)) | (s->row & 1u) << 13;
    }
    if (!(mode & CR_MODE_ROW1)) {
        addr = (addr & ~UINT32_C(0x4000)) | (s->row >> 1 & 1u) << 14;
    }
    return addr & VGA_PLANE_MASK;
}

/* ---- colours */

uint32_t vga_dac_rgb(const struct vga *v, uint8_t color)
{
    const uint8_t *c = &v->dac[(color & v->dac_mask) * 3];
    bool eight = v->vbe[VBE_ENABLE] & VBE_ENABLE_DAC8;
    uint32_t rgb = 0;
    for (unsigned n = 0; n < 3; n++) {
        uint32_t six = c[n] & 0x3F;
        rgb = rgb << 8 | (eight ? c[n] : six << 2 | six >> 4);
    }
    return rgb;
}

uint8_t vga_attr_color(const struct vga *v, unsigned pixel)
{
    uint8_t select = v->attr[AR_COLOR_SELECT];
    uint8_t color = v->attr[pixel & 15] & 0x3F;
    if (v->attr[AR_MODE] & AR_MODE_P54) {
        color = (uint8_t)((color & 0x0F) | (select & 3) << 4);
    }
    return (uint8_t)(color | (select & 0x0C) << 4);
}

/* What stays the same for a frame. */
struct paint {
    const struct vga *v;
    struct vga_timing t;
    uint8_t color[16];   /* 4 bits to 8, blinking (graphics) included */
    uint32_t font[2];    /* plane 2 addresses of character maps B and A */
    uint32_t cursor;     /* memory address where the cursor is … */
    uint8_t first, last; /* … and its lines; first > last: none */
    bool cursor_lit;     /* the cursor is in its visible half */
    bool chars_off;      /* blinking characters are in their dark half */
};

/* Map 0-3 start every 16 KiB, 4-7 lie half-way between. */
static uint32_t font_address(unsigned map)
{
    return (map & 3) << 14 | (map & 4) << 11;
}

static bool is_text(const struct vga *v)
{
    return !vga_vbe_on(v) && !(v->attr[AR_MODE] & AR_MODE_GRAPHICS);
}

/* In graphics the blinking half inverts bit 3: of every pixel in mono, in colour where it is
 * set. */
static unsigned blinked(const struct vga *v, unsigned pixel)
{
    bool all = v->attr[AR_MODE] & AR_MODE_MONO;
    return all || pixel & 8 ? pixel ^ 8 : pixel;
}

static void paint_start(const struct vga *v, struct paint *p)
{
    uint64_t frame = vga_beam(v).frame;
    uint8_t map = v->seq[SEQ_CHAR_MAP];
    bool blink = v->attr[AR_MODE] & AR_MODE_BLINK && frame & BLINK_FRAMES;
    memset(p, 0, sizeof *p);
    p->v = v;
    p->t = vga_timing(v);
    p->chars_off = blink;
    p->cursor_lit = !(frame & CURSOR_FRAMES);
    for (unsigned n = 0; n < 16; n++) {
        unsigned pixel = n & v->attr[AR_PLANES];
        p->color[n] = vga_attr_color(v, blink && !is_text(v) ? blinked(v, pixel) : pixel);
    }
    p->font[0] = font_address((map & 3u) | (map >> 4 & 1u) << 2);
    p->font[1] = font_address((map >> 2 & 3u) | (map >> 5 & 1u) << 2);
    /* The end register's skew delays the cursor by characters. */
    p->cursor = (uint32_t)v->crtc[CR_CURSOR_HIGH] << 8 | v->crtc[CR_CURSOR_LOW];
    p->cursor = (p->cursor + (v->crtc[CR_CURSOR_END] >> 5 & 3)) & 0xFFFF;
    p->first = v->crtc[CR_CURSOR_START] & 0x1F;
    p->last = v->crtc[CR_CURSOR_END] & 0x1F;
    if (v->crtc[CR_CURSOR_START] & CR_CURSOR_OFF) {
        p->first = 1;
        p->last = 0;
    }
}

static bool is_blank(const struct vga *v)
{
    return vga_is_dark(v) && vga_beam(v).frame - v->dark_since >= DARK_FRAMES;
}

static bool has_sync(const struct vga *v)
{
    return vga_vbe_on(v) || v->crtc[CR_MODE] & CR_MODE_SYNC;
}

/* ---- one line of dots, as DAC indices */

static void draw_cell(const struct paint *p, const struct scan *s, uint32_t c, bool cursor,
                      uint8_t *out)
{
    const struct vga *v = p->v;
    const uint8_t *cell = vga_planes(v, crt_address(v, s, c));
    uint8_t code = cell[0], attr = cell[1], mode = v->attr[AR_MODE];
    unsigned fg = attr & 15, bg = attr >> 4;
    unsigned dots = vga_planes(v, p->font[attr >> 3 & 1] + code * 32u + s->row)[2];
    dots <<= 1; /* nine of them */
    if (mode & AR_MODE_LINE_GRAPHICS && (code & 0xE0) == 0xC0) {
        dots |= dots >> 1 & 1;
    }
    /* Underlined: foreground 1 on 0, whatever the two intensity bits are. */
    if ((attr & 0x77) == 0x01 && s->row == (v->crtc[CR_UNDERLINE] & 0x1F)) {
        dots = 0x1FF;
    }
    if (mode & AR_MODE_BLINK) {
        bg &= 7;
        if (attr & 0x80 && p->chars_off) {
            dots = 0;
        }
    }
    if (cursor) {
        dots = 0x1FF;
    }
    for (unsigned n = 0; n < p->t.char_dots; n++) {
        out[n] = p->color[dots >> (8 - n) & 1 ? fg : bg];
    }
}

static void draw_text_line(const struct paint *p, const struct scan *s, uint8_t *out)
{
    bool cursor_line =
        s->row >= p->first && s->row <= p->last && !(vga_beam(p->v).frame & CURSOR_FRAMES);
    for (uint32_t c = 0; c <= p->t.chars_shown; c++) {
        bool cursor = cursor_line && ((s->base + c) & 0xFFFF) == p->cursor;
        draw_cell(p, s, c, cursor, out + c * p->t.char_dots);
    }
}

/* The serialiser: four plane bytes to eight pixels of 4 bits, by the shift mode. */
static void shift_out(const struct vga *v, const uint8_t *plane, uint8_t pixel[8])
{
    for (unsigned n = 0; n < 8; n++) {
        unsigned bits = 0;
        if (v->gc[GC_MODE] & GC_MODE_256) {
            bits = (unsigned)plane[n / 2] >> (n & 1 ? 0 : 4);
        } else if (v->gc[GC_MODE] & GC_MODE_INTERLEAVE) {
            unsigned right = 6 - n % 4 * 2, first = n / 4; /* planes 0 and 2, then 1 and 3 */
            bits = (plane[first] >> right & 3u) | (plane[first + 2] >> right & 3u) << 2;
        } else {
            for (unsigned k = 0; k < VGA_PLANES; k++) {
                bits |= (plane[k] >> (7 - n) & 1u) << k;
            }
        }
        pixel[n] = bits & 15;
    }
}

static void draw_graphics_line(const struct paint *p, const struct scan *s, uint8_t *out)
{
    const struct vga *v = p->v;
    bool eight = v->attr[AR_MODE] & AR_MODE_8BIT;
    for (uint32_t c = 0; c <= p->t.chars_shown; c++) {
        uint8_t pixel[8];
        shift_out(v, vga_planes(v, crt_address(v, s, c)), pixel);
        uint8_t *dot = out + c * p->t.char_dots;
        for (unsigned n = 0; n < 8; n++) {
            dot[n] = p->color[pixel[n]];
        }
        /* Two pixels, each through the palette, make one of 8 bits and twice the width. */
        for (unsigned n = 0; eight && n < 8; n += 2) {
            dot[n] = (uint8_t)(dot[n] << 4 | (dot[n + 1] & 15));
            dot[n + 1] = dot[n];
        }
        if (p->t.char_dots == 9) {
            dot[8] = p->color[0];
        }
    }
}

/* Dots by which the picture is shifted to the left. With nine dots a character, 8 means none.
 */
static unsigned panning(const struct paint *p, const struct scan *s)
{
    const struct vga *v = p->v;
    unsigned pan = v->attr[AR_PANNING] & 15;
    if (s->split && v->attr[AR_MODE] & AR_MODE_PANNING_COMPAT) {
        return 0;
    }
    if (p->t.char_dots == 9) {
        return pan < 8 ? pan + 1 : 0;
    }
    return pan & 7;
}

/* ---- the picture */

/* Lines [first, end) to their places in `out`. */
static void draw_frame(const struct paint *p, unsigned first, unsigned end, uint32_t *out)
{
    const struct vga *v = p->v;
    uint32_t width = p->t.chars_shown * p->t.char_dots * p->t.dot_cycles;
    unsigned twice = p->t.dot_cycles - 1;
    uint32_t rgb[DAC_COLORS];
    uint8_t dots[MAX_LINE];
    struct scan s;
    for (unsigned n = 0; n < DAC_COLORS; n++) {
        rgb[n] = vga_dac_rgb(v, (uint8_t)n);
    }
    for (scan_start(v, &s); s.line < p->t.lines_shown && s.line < end; scan_next(v, &s)) {
        if (s.line < first) {
            continue;
        }
        if (is_text(v)) {
            draw_text_line(p, &s, dots);
        } else {
            draw_graphics_line(p, &s, dots);
        }
        const uint8_t *from = dots + panning(p, &s);
        uint32_t *line = out + (size_t)s.line * width;
        for (uint32_t x = 0; x < width; x++) {
            line[x] = rgb[from[x >> twice]];
        }
    }
}

/* Has this row of characters the cursor, or one that blinks? */
static bool row_blinks(const struct paint *p, const struct scan *s)
{
    const struct vga *v = p->v;
    bool chars = v->attr[AR_MODE] & AR_MODE_BLINK;
    for (uint32_t c = 0; c <= p->t.chars_shown; c++) {
        bool cursor = ((s->base + c) & 0xFFFF) == p->cursor;
        if (cursor || (chars && vga_planes(v, crt_address(v, s, c))[1] & 0x80)) {
            return true;
        }
    }
    return false;
}

void vga_blinking_lines(const struct vga *v, unsigned *first, unsigned *end)
{
    struct paint p;
    struct scan s;
    bool blinks = false;
    const uint8_t rows =
        CR_MODE_ROW0 | CR_MODE_ROW1; /* unset: a row has other bytes in each line */
    *first = *end = 0;
    if (!is_text(v) || (v->crtc[CR_MODE] & rows) != rows) {
        *end = vga_extent(v).height;
        return;
    }
    paint_start(v, &p);
    for (scan_start(v, &s); s.line < p.t.lines_shown; scan_next(v, &s)) {
        blinks = s.fresh ? row_blinks(&p, &s) : blinks;
        if (blinks) {
            *first = *end ? *first : s.line;
            *end = s.line + 1;
        }
    }
}

/* Memory addresses of the rows of characters that are shown whole (or cut by the split), at
 * least one and at most CELL_ROWS. */
static unsigned text_rows(const struct paint *p, uint16_t base[CELL_ROWS])
{
    const struct vga *v = p->v;
    struct scan s;
    unsigned rows = 0;
    bool open = false;
    for (scan_start(v, &s); s.line < p->t.lines_shown && rows < CELL_ROWS; scan_next(v, &s)) {
        if (s.fresh && open) {
            rows++; /* cut */
        }
        if (rows == CELL_ROWS) {
            break;
        }
        if (s.fresh) {
            base[rows] = s.base;
            open = true;
        }
        if (open && scan_ends_row(v, &s)) {
            rows++;
            open = false;
        }
    }
    return rows ? rows : 1;
}

static void read_cells(const struct paint *p, struct screen *out)
{
    const struct vga *v = p->v;
    uint16_t base[CELL_ROWS];
    bool cursor = p->first <= p->last && p->first <= (v->crtc[CR_MAX_SCAN] & 0x1F);
    out->rows = (uint16_t)text_rows(p, base);
    out->columns =
        (uint16_t)(p->t.chars_shown < CELL_COLUMNS ? p->t.chars_shown : CELL_COLUMNS);
    for (unsigned y = 0; y < out->rows; y++) {
        struct scan s = {.base = base[y]};
        uint8_t(*cell)[2] = &out->cells[y * out->columns];
        for (unsigned x = 0; x < out->columns; x++) {
            memcpy(cell[x], vga_planes(v, crt_address(v, &s, x)), 2);
        }
        uint32_t at = (p->cursor - base[y]) & 0xFFFF;
        if (cursor && at < out->columns) {
            out->cursor_x = (int16_t)at;
            out->cursor_y = (int16_t)y;
        }
    }
}

struct vga_extent vga_extent(const struct vga *v)
{
    struct vga_timing t = vga_timing(v);
    if (vga_vbe_on(v)) {
        return (struct vga_extent){v->vbe[VBE_XRES], v->vbe[VBE_YRES]};
    }
    if (!has_sync(v)) {
        return (struct vga_extent){720, 400};
    }
    return (struct vga_extent){t.chars_shown * t.char_dots * t.dot_cycles, t.lines_shown};
}

unsigned vga_phase(const struct vga *v)
{
    uint64_t frame = vga_beam(v).frame;
    bool cursor = is_text(v) && !(v->crtc[CR_CURSOR_START] & CR_CURSOR_OFF);
    bool blink = v->attr[AR_MODE] & AR_MODE_BLINK && !vga_vbe_on(v);
    if (!has_sync(v) || is_blank(v)) {
        return VGA_PHASE_DARK;
    }
    return (cursor && frame & CURSOR_FRAMES ? 2 : 0) | (blink && frame & BLINK_FRAMES ? 4 : 0);
}

void vga_get_screen(struct device *dev, struct screen *out)
{
    const struct vga *v = vga_of(dev);
    struct paint p;
    memset(out, 0, sizeof *out);
    out->cursor_x = out->cursor_y = -1;
    struct vga_extent size = vga_extent(v);
    out->width = (uint16_t)size.width;
    out->height = (uint16_t)size.height;
    if (!has_sync(v)) {
        out->text = true;
        out->columns = 80;
        out->rows = 25;
        return;
    }
    paint_start(v, &p);
    out->text = is_text(v);
    out->blink = (v->attr[AR_MODE] & AR_MODE_BLINK) != 0;
    for (unsigned n = 0; n < 16; n++) {
        out->palette[n] = vga_dac_rgb(v, vga_attr_color(v, n & v->attr[AR_PLANES]));
    }
    if (out->text) {
        read_cells(&p, out);
    }
    if (is_blank(v)) {
        memset(out->cells, 0, sizeof out->cells);
        out->cursor_x = out->cursor_y = -1;
    }
}

bool vga_get_pixels(struct device *dev, uint32_t *pixels, size_t n)
{
    return vga_get_lines(dev, 0, UINT_MAX, pixels, n);
}

bool vga_get_lines(struct device *dev, unsigned first, unsigned end, uint32_t *pixels, size_t n)
{
    const struct vga *v = vga_of(dev);
    struct vga_extent size = vga_extent(v);
    bool sync = has_sync(v);
    size_t need = (size_t)size.width * size.height;
    if (n < need) {
        return false;
    }
    if (!sync || is_blank(v)) {
        /* Without PAS the border's colour is everywhere; the sequencer's off is black. */
        bool black = !sync || v->seq[SEQ_CLOCKING] & SEQ_CLOCKING_OFF;
        uint32_t rgb = black ? 0 : vga_dac_rgb(v, v->attr[AR_OVERSCAN]);
        for (size_t i = 0; i < need; i++) {
            pixels[i] = rgb;
        }
        return true;
    }
    if (vga_vbe_on(v)) {
        vga_vbe_draw(v, first, end, pixels);
        return true;
    }
    struct paint p;
    paint_start(v, &p);
    draw_frame(&p, first, end, pixels);
    return true;
}

static void describe_picture(const struct vga *v, struct text *out)
{
    struct vga_timing t = vga_timing(v);
    uint32_t centihertz = (uint32_t)((uint64_t)t.hz * 100 / t.frame_cycles);
    const char *off = !has_sync(v) ? ", no sync" : is_blank(v) ? ", blank" : "";
    if (vga_vbe_on(v)) {
        struct vga_linear l = vga_linear(v);
        text_add(out, "vga: VBE, %u bits, %u bytes a line from %06X, bank %u",
                 (unsigned)v->vbe[VBE_BPP], (unsigned)l.pitch, (unsigned)l.start,
                 (unsigned)v->vbe[VBE_BANK]);
    } else if (is_text(v)) {
        uint16_t base[CELL_ROWS];
        struct paint p;
        paint_start(v, &p);
        text_add(out, "vga: text %ux%u, cells %ux%u", (unsigned)t.chars_shown,
                 text_rows(&p, base), (unsigned)t.char_dots,
                 (v->crtc[CR_MAX_SCAN] & 0x1Fu) + 1);
    } else {
        const char *depth = v->attr[AR_MODE] & AR_MODE_8BIT       ? "8-bit"
                            : v->gc[GC_MODE] & GC_MODE_INTERLEAVE ? "2-bit interleaved"
                                                                  : "4-bit planar";
        text_add(out, "vga: graphics, %s", depth);
    }
    text_add(out, ", picture %ux%u at %u.%02u Hz%s\n", (unsigned)vga_extent(v).width,
             (unsigned)t.lines_shown, (unsigned)(centihertz / 100),
             (unsigned)(centihertz % 100), off);
    text_add(out, "vga: start %02X%02X, offset %02X, CRTC at %s, memory %s\n",
             (unsigned)v->crtc[CR_START_HIGH], (unsigned)v->crtc[CR_START_LOW],
             (unsigned)v->crtc[CR_OFFSET], v->misc & MISC_COLOR ? "3D4" : "3B4",
             v->misc & MISC_RAM ? "on" : "off");
}

static void describe_bytes(struct text *out, const char *name, const uint8_t *reg, unsigned n)
{
    text_add(out, "vga: %-5s", name);
    for (unsigned i = 0; i < n; i++) {
        text_add(out, " %02X", (unsigned)reg[i]);
    }
    text_add(out, "\n");
}

void vga_describe(const struct vga *v, struct text *out)
{
    describe_picture(v, out);
    describe_bytes(out, "seq", v->seq, SEQ_COUNT);
    describe_bytes(out, "crtc", v->crtc, CR_COUNT);
    describe_bytes(out, "gc", v->gc, GC_COUNT);
    describe_bytes(out, "attr", v->attr, AR_COUNT);
    text_add(out, "vga: misc %02X, DAC mask %02X, palette %s, DAC of %s bits\n",
             (unsigned)v->misc, (unsigned)v->dac_mask,
             v->attr_index & AR_PAS ? "shown" : "open",
             v->vbe[VBE_ENABLE] & VBE_ENABLE_DAC8 ? "8" : "6");
    text_add(out, "vga: vbe  ");
    for (unsigned n = 0; n < VBE_COUNT; n++) {
        text_add(out, " %04X", (unsigned)v->vbe[n]);
    }
    text_add(out, "\n");
}
