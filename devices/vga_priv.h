/* devices/vga_priv.h -- what the VGA's files share.
 *
 *   vga.c       registers, ports, reset, class; its head comment is the chip's datasheet
 *   vga_mem.c   the window at A0000-BFFFF: sequencer and graphics controller between CPU and
 *               planes
 *   vga_crt.c   where the electron beam is, as a function of virtual time
 *   vga_draw.c  what is on the screen: text cells and pixels
 *   vga_vbe.c   modes beyond the VGA's: registers, ports, the bank
 *   vga_vbe_draw.c   their picture
 *   vga_watch.c whether it has changed
 *   vga_pci.c   the card as a PCI function: linear frame buffer, video BIOS
 */
#ifndef TERRAPIN_DEVICES_VGA_PRIV_H
#define TERRAPIN_DEVICES_VGA_PRIV_H

#include "devices/pci.h"
#include "devices/vga.h"

enum { VGA_VRAM_MASK = VGA_VRAM_BYTES - 1 };
enum { VGA_PLANES = 4, VGA_PLANE_MASK = 0xFFFF }; /* the standard VGA's 4 x 64 KiB */

enum {                    /* Miscellaneous Output: write 3C2h, read 3CCh */
       MISC_COLOR = 0x01, /* CRTC and status at 3Dxh, else at 3Bxh */
       MISC_RAM = 0x02,
       MISC_CLOCK_SHIFT = 2,
};

enum { SEQ_RESET, SEQ_CLOCKING, SEQ_MAP_MASK, SEQ_CHAR_MAP, SEQ_MEMORY, SEQ_COUNT };
enum {
    SEQ_CLOCKING_8DOT = 0x01,
    SEQ_CLOCKING_HALF = 0x08,
    SEQ_CLOCKING_OFF = 0x20,
    SEQ_MEMORY_SEQUENTIAL = 0x04, /* 0: odd/even */
    SEQ_MEMORY_CHAIN4 = 0x08,
};

enum {
    CR_HTOTAL = 0x00,
    CR_HDISPLAY = 0x01,
    CR_VTOTAL = 0x06,
    CR_OVERFLOW = 0x07,
    CR_PRESET_ROW = 0x08,
    CR_MAX_SCAN = 0x09,
    CR_CURSOR_START = 0x0A,
    CR_CURSOR_END = 0x0B,
    CR_START_HIGH = 0x0C,
    CR_START_LOW = 0x0D,
    CR_CURSOR_HIGH = 0x0E,
    CR_CURSOR_LOW = 0x0F,
    CR_VRETRACE_START = 0x10,
    CR_VRETRACE_END = 0x11,
    CR_VDISPLAY_END = 0x12,
    CR_OFFSET = 0x13,
    CR_UNDERLINE = 0x14,
    CR_MODE = 0x17,
    CR_LINE_COMPARE = 0x18,
    CR_COUNT
};
enum {
    CR_VRETRACE_END_CLEAR = 0x10,   /* 0: clears and holds the interrupt flag */
    CR_VRETRACE_END_DISABLE = 0x20, /* 1: no interrupt */
    CR_VRETRACE_END_PROTECT = 0x80,
    CR_MAX_SCAN_DOUBLE = 0x80,
    CR_CURSOR_OFF = 0x20,
    CR_UNDERLINE_COUNT4 = 0x20,
    CR_UNDERLINE_DWORD = 0x40,
    CR_MODE_ROW0 = 0x01, /* 0: address bit 13 is row scan bit 0 (CGA) */
    CR_MODE_ROW1 = 0x02, /* 0: address bit 14 is row scan bit 1 (Hercules) */
    CR_MODE_HALF_LINES = 0x04,
    CR_MODE_COUNT2 = 0x08,
    CR_MODE_WRAP15 = 0x20, /* word mode: address bit 0 is counter bit 15, else 13 */
    CR_MODE_BYTE = 0x40,
    CR_MODE_SYNC = 0x80,
};

enum {
    GC_SET_RESET,
    GC_ENABLE_SET_RESET,
    GC_COLOR_COMPARE,
    GC_ROTATE,
    GC_READ_MAP,
    GC_MODE,
    GC_MISC,
    GC_DONT_CARE,
    GC_BIT_MASK,
    GC_COUNT
};
enum {
    GC_MODE_READ1 = 0x08,
    GC_MODE_ODD_EVEN = 0x10,
    GC_MODE_INTERLEAVE = 0x20,
    GC_MODE_256 = 0x40,
    GC_MISC_CHAIN = 0x02, /* chain odd maps to even */
};

enum {
    AR_MODE = 0x10,
    AR_OVERSCAN = 0x11,
    AR_PLANES = 0x12,
    AR_PANNING = 0x13,
    AR_COLOR_SELECT = 0x14,
    AR_COUNT
};
enum {
    AR_MODE_GRAPHICS = 0x01,
    AR_MODE_MONO = 0x02,
    AR_MODE_LINE_GRAPHICS = 0x04,
    AR_MODE_BLINK = 0x08,
    AR_MODE_PANNING_COMPAT = 0x20,
    AR_MODE_8BIT = 0x40,
    AR_MODE_P54 = 0x80,
    AR_INDEX = 0x1F,
    AR_PAS = 0x20, /* palette address source: 1 = the display, 0 = the CPU */
};

enum { DAC_COLORS = 256 };

enum { /* DISPI registers */
       VBE_ID,
       VBE_XRES,
       VBE_YRES,
       VBE_BPP,
       VBE_ENABLE,
       VBE_BANK,
       VBE_VIRT_WIDTH,
       VBE_VIRT_HEIGHT,
       VBE_X_OFFSET,
       VBE_Y_OFFSET,
       VBE_COUNT,
       VBE_MEMORY = VBE_COUNT, /* read only */
       VBE_END
};
enum {
    VBE_ENABLE_ON = 0x01,
    VBE_ENABLE_CAPS = 0x02,
    VBE_ENABLE_DAC8 = 0x20,
    VBE_ENABLE_KEEP = 0x80,
};
enum { VGA_BANK_BYTES = 0x10000 };

struct vga {
    struct device dev;
    struct ram *vram; /* planes interleaved: byte a of plane p is bytes[a * 4 + p] */
    struct pci_function fn;

    /* The beam: it was at line 0 of frame `frames` at dot clock cycle `epoch` (modulo 2^64). */
    uint64_t epoch;
    uint64_t frames;
    uint64_t dark_since; /* frame in which the picture was switched off */
    uint64_t vint_mark;  /* retraces so far when the interrupt flag was last held clear */

    uint32_t latch; /* of the graphics controller: plane p is bits 8p+7..8p */
    uint8_t misc, feature;
    uint8_t seq_index, seq[SEQ_COUNT];
    uint8_t crtc_index, crtc[CR_COUNT];
    uint8_t gc_index, gc[GC_COUNT];
    uint8_t attr_index, attr[AR_COUNT]; /* index with AR_PAS, as port 3C0h reads */
    bool attr_data;                     /* the flip-flop: the next write to 3C0h is data */
    uint8_t dac_mask, dac_index, dac_pos;
    bool dac_reading;
    uint8_t dac_color[3]; /* the DAC's colour register, between its port and its RAM */
    uint8_t dac[DAC_COLORS * 3];
    uint16_t vbe_index, vbe[VBE_COUNT];
};

static inline struct vga *vga_of(struct device *dev)
{
    return (struct vga *)dev; /* dev is the first member */
}

/* The four bytes at a plane address, plane 0 first. Any addr is safe. */
static inline uint8_t *vga_planes(const struct vga *v, uint32_t addr)
{
    return v->vram->bytes + ((addr << 2) & VGA_VRAM_MASK);
}

/* ---- vga_mem.c */
extern const struct region_ops vga_window_ops; /* ctx: struct vga; offset 0 is A0000h */

/* ---- vga_crt.c */

/* What the timing registers amount to. No member that anyone divides by is ever 0. */
struct vga_timing {
    uint32_t hz;         /* dot clock */
    uint32_t char_dots;  /* 8 or 9 */
    uint32_t dot_cycles; /* 1, or 2: each dot is two cycles of the dot clock */
    uint32_t chars_total, chars_shown;
    uint32_t lines_total, lines_shown;
    uint32_t retrace_start, retrace_lines; /* start >= lines_total: never */
    uint32_t line_cycles, frame_cycles;
};
struct vga_timing vga_timing(const struct vga *v);

struct vga_beam {
    uint64_t frame; /* since reset */
    uint32_t line;
    uint32_t cycle; /* of the dot clock, in the line */
};
struct vga_beam vga_beam(const struct vga *v);
/* The timing registers changed: the beam goes on from where it was. */
void vga_beam_resume(struct vga *v, const struct vga_beam *at);

uint8_t vga_status0(const struct vga *v); /* 3C2h */
uint8_t vga_status1(const struct vga *v); /* 3BAh or 3DAh, without its side effect */
uint64_t vga_retraces(const struct vga *v);
unsigned vga_line_compare(const struct vga *v);

/* The picture is switched off: by the sequencer, or because the CPU has the palette. */
bool vga_is_dark(const struct vga *v);

/* ---- vga_vbe.c */
static inline bool vga_vbe_on(const struct vga *v)
{
    return v->vbe[VBE_ENABLE] & VBE_ENABLE_ON;
}
/* Does the CPU see the bank at A0000h, instead of what vga_mem.c makes of the planes? */
static inline bool vga_has_bank(const struct vga *v)
{
    return vga_vbe_on(v) && v->vbe[VBE_BPP] != 4;
}
int vga_vbe_init(struct vga *v, struct error *err);
void vga_vbe_reset(struct vga *v); /* all registers are 0 */
uint16_t vga_vbe_read(const struct vga *v, unsigned n);
void vga_vbe_write(struct vga *v, unsigned n, uint16_t val);
bool vga_vbe_settled(const struct vga *v); /* are the registers as writes would leave them? */
uint32_t vga_bank_read(const struct vga *v, uint32_t off, unsigned size);
void vga_bank_write(struct vga *v, uint32_t off, uint32_t val, unsigned size);

/* The picture in memory, while vga_vbe_on(): all of it lies in VRAM. */
struct vga_linear {
    uint32_t width, height, bits;
    uint32_t pitch, start; /* bytes */
    uint32_t skip;         /* planes only: pixels at start that are off the screen */
};
struct vga_linear vga_linear(const struct vga *v);

/* ---- vga_vbe_draw.c: lines [first, end) of the picture, while vga_vbe_on() */
void vga_vbe_draw(const struct vga *v, uint32_t first, uint32_t end, uint32_t *out);

/* ---- vga_pci.c */
int vga_pci_init(struct vga *v, struct error *err);

/* ---- vga_draw.c */
struct vga_extent {
    uint32_t width, height; /* of the picture, never 0 */
};
struct vga_extent vga_extent(const struct vga *v);
uint32_t vga_dac_rgb(const struct vga *v, uint8_t color);
uint8_t vga_attr_color(const struct vga *v, unsigned pixel); /* the palette: 4 bits to 8 */
void vga_describe(const struct vga *v, struct text *out);    /* `info` */
/* What of the picture changes with time alone: differs when cursor or blinking characters go on
 * or off, or the picture goes blank. */
enum { VGA_PHASE_DARK = 1 };
unsigned vga_phase(const struct vga *v);
/* The lines [*first, *end) in which something blinks, as the picture is now. */
void vga_blinking_lines(const struct vga *v, unsigned *first, unsigned *end);

#endif
