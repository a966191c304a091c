/* vga_vbe.c -- the VGA's VBE extensions: Bochs' DISPI interface, by which a video BIOS or a
 * driver sets modes that no VGA has.
 *
 *   1CEh  16 bits  index   1CFh, 1D0h  16 bits  data; also flat in BAR 2 (vga_pci.c). Accesses
 * by bytes reach nothing. 0  ID           B0C0h … B0C5h, written to ask for that version; B0C5h
 * after reset 1  XRES   2  YRES   3  BPP: 4 (planar), 8 (palette), 15, 16, 24, 32; 0 is 8 4
 * ENABLE       7 do not clear memory   6 linear frame buffer   5 DAC of 8 bits 1 XRES, YRES and
 * BPP read as the largest possible   0 enabled 5  BANK         which 64 KiB are at A0000h; in a
 * 4-bit mode, of each plane 6  VIRT_WIDTH   pixels from line to line   7  VIRT_HEIGHT  lines
 * that memory has 8  X_OFFSET   9  Y_OFFSET   the pixel in the top left corner A  memory in
 * units of 64 KiB, read only
 *
 * Setting ENABLE 0 makes VIRT_WIDTH = XRES and the offsets 0, and clears the memory that is
 * shown. While it is set the registers are kept to what memory can show (settle()),
 * A0000h-AFFFFh is the bank, byte by byte, and sequencer and graphics controller have no part
 * in it but in 4-bit modes; bit 6 changes nothing, the frame buffer is there always. What is
 * shown does not depend on the CRTC's registers; retrace is that of a monitor of 60 Hz
 * (vga_crt.c). Bit 5 counts whether enabled or not.
 *
 * NOT IMPLEMENTED: banks of 32 KiB, separate banks for reading and writing (ENABLE 4, BANK
 * 15:14), DDC (index B). References: Bochs' vbe_display_api.txt; QEMU docs/specs/standard-vga.
 */
#include "devices/vga_priv.h"

#include <string.h>

enum { ID_FIRST = 0xB0C0, ID_LAST = 0xB0C5 };
enum { MAX_XRES = 2560, MAX_YRES = 1600, MAX_BPP = 32 };
enum { ENABLE_BITS = 0xE3, BANK_BITS = (VGA_VRAM_BYTES >> 16) - 1 };

static uint32_t bits_of(const uint16_t reg[VBE_COUNT])
{
    return reg[VBE_BPP] == 15 ? 16 : reg[VBE_BPP];
}

static uint16_t at_most(uint32_t val, uint32_t most)
{
    return (uint16_t)(val < most ? val : most);
}

/* Whatever has been written becomes a picture that lies in memory. */
static void settle(uint16_t r[VBE_COUNT])
{
    switch (r[VBE_BPP]) {
    case 4:
    case 8:
    case 15:
    case 16:
    case 24:
    case 32: break;
    default: r[VBE_BPP] = 8; break;
    }
    uint16_t whole = r[VBE_BPP] == 4 ? 0xFFF8 : 0xFFFF; /* planes have bytes of 8 pixels */
    r[VBE_XRES] = at_most(r[VBE_XRES], MAX_XRES) & whole;
    r[VBE_YRES] = at_most(r[VBE_YRES], MAX_YRES);
    r[VBE_VIRT_WIDTH] &= whole;
    if (r[VBE_XRES] == 0) {
        r[VBE_XRES] = 8;
    }
    if (r[VBE_VIRT_WIDTH] < r[VBE_XRES]) {
        r[VBE_VIRT_WIDTH] = r[VBE_XRES];
    }
    uint32_t bits = bits_of(r);
    uint32_t pitch = r[VBE_VIRT_WIDTH] * bits / 8, lines = VGA_VRAM_BYTES / pitch;
    r[VBE_YRES] = at_most(r[VBE_YRES] ? r[VBE_YRES] : 1, lines);
    r[VBE_VIRT_HEIGHT] = at_most(lines, UINT16_MAX);
    uint64_t room = VGA_VRAM_BYTES - r[VBE_YRES] * pitch;
    if ((uint64_t)r[VBE_Y_OFFSET] * pitch + r[VBE_X_OFFSET] * bits / 8 > room) {
        r[VBE_Y_OFFSET] = 0;
    }
    if (r[VBE_X_OFFSET] * bits / 8 > room) {
        r[VBE_X_OFFSET] = 0;
    }
}

bool vga_vbe_settled(const struct vga *v)
{
    uint16_t r[VBE_COUNT];
    memcpy(r, v->vbe, sizeof r);
    if (!vga_vbe_on(v)) {
        return true;
    }
    settle(r);
    return memcmp(r, v->vbe, sizeof r) == 0;
}

struct vga_linear vga_linear(const struct vga *v)
{
    const uint16_t *r = v->vbe;
    uint32_t bits = bits_of(r), pitch = r[VBE_VIRT_WIDTH] * bits / 8;
    struct vga_linear l = {r[VBE_XRES], r[VBE_YRES], bits, pitch, 0, 0};
    if (bits == 4) {
        l.start = r[VBE_Y_OFFSET] * pitch + r[VBE_X_OFFSET] / 8u * VGA_PLANES;
        l.skip = r[VBE_X_OFFSET] % 8;
    } else {
        l.start = r[VBE_Y_OFFSET] * pitch + r[VBE_X_OFFSET] * bits / 8;
    }
    return l;
}

/* ---- registers */

static void enable_write(struct vga *v, uint16_t val)
{
    bool was_on = vga_vbe_on(v);
    struct vga_beam at = vga_beam(v);
    v->vbe[VBE_ENABLE] = val & ENABLE_BITS;
    if (!was_on && vga_vbe_on(v)) {
        v->vbe[VBE_VIRT_WIDTH] = v->vbe[VBE_X_OFFSET] = v->vbe[VBE_Y_OFFSET] = 0;
        settle(v->vbe);
        if (!(val & VBE_ENABLE_KEEP)) {
            struct vga_linear l = vga_linear(v);
            memset(v->vram->bytes, 0, (size_t)l.pitch * l.height);
            ram_touch(v->vram, 0, (uint64_t)l.pitch * l.height);
        }
    }
    vga_beam_resume(v, &at);
}

void vga_vbe_write(struct vga *v, unsigned n, uint16_t val)
{
    if (n == VBE_ID && (val < ID_FIRST || val > ID_LAST)) {
        return;
    }
    if (n == VBE_ENABLE) {
        enable_write(v, val);
    } else if (n == VBE_BANK) {
        v->vbe[n] = val & BANK_BITS;
    } else if (n < VBE_COUNT) {
        struct vga_beam at = vga_beam(v);
        v->vbe[n] = val;
        if (vga_vbe_on(v)) {
            settle(v->vbe);
        }
        vga_beam_resume(v, &at);
    }
}

uint16_t vga_vbe_read(const struct vga *v, unsigned n)
{
    static const uint16_t most[] = {
        [VBE_XRES] = MAX_XRES, [VBE_YRES] = MAX_YRES, [VBE_BPP] = MAX_BPP};
    if (n >= VBE_XRES && n <= VBE_BPP && v->vbe[VBE_ENABLE] & VBE_ENABLE_CAPS) {
        return most[n];
    }
    if (n == VBE_MEMORY) {
        return VGA_VRAM_BYTES >> 16;
    }
    return n < VBE_COUNT ? v->vbe[n] : 0;
}

/* ---- ports */

enum { PORT_INDEX = 0x1CE };

static uint32_t vbe_in(void *ctx, uint32_t off, unsigned size)
{
    const struct vga *v = ctx;
    if (size != 2 || off > 2) {
        return 0xFFFF;
    }
    return off == 0 ? v->vbe_index : vga_vbe_read(v, v->vbe_index);
}

static void vbe_out(void *ctx, uint32_t off, uint32_t val, unsigned size)
{
    struct vga *v = ctx;
    if (size != 2 || off > 2) {
        return;
    }
    if (off == 0) {
        v->vbe_index = (uint16_t)val;
    } else {
        vga_vbe_write(v, v->vbe_index, (uint16_t)val);
    }
}

/* 1D0h is 16 bits wide, as the others are: it reaches to 1D1h. */
static const struct ports vbe_ports = {0, 4, {vbe_in, vbe_out, 2}};

int vga_vbe_init(struct vga *v, struct error *err)
{
    return bus_map(&v->dev.board->bus, "vga", v, PORT_INDEX, &vbe_ports, err);
}

void vga_vbe_reset(struct vga *v)
{
    v->vbe[VBE_ID] = ID_LAST;
}

/* ---- the bank, at A0000h */

static uint8_t *bank(const struct vga *v, uint32_t off)
{
    return v->vram->bytes + (((uint32_t)v->vbe[VBE_BANK] << 16 | off) & VGA_VRAM_MASK);
}

uint32_t vga_bank_read(const struct vga *v, uint32_t off, unsigned size)
{
    return off + size <= VGA_BANK_BYTES ? load_le(bank(v, off), size)
                                        : UINT32_MAX >> (32 - 8 * size);
}

void vga_bank_write(struct vga *v, uint32_t off, uint32_t val, unsigned size)
{
    if (off + size <= VGA_BANK_BYTES) {
        uint8_t *at = bank(v, off);
        store_le(at, val, size);
        ram_touch(v->vram, (uint64_t)(at - v->vram->bytes), size);
    }
}
