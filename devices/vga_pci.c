/* vga_pci.c -- the VGA as a PCI function, 00:02.0: QEMU's standard VGA (PCI ids of Bochs).
 *
 *   00h  1234h  02h 1111h  04h COMMAND bits 0 and 1  08h rev 02h  09h class 030000h
 *   2Ch  1AF4h  2Eh 1100h
 *   10h  BAR 0  memory, prefetchable, 16 MiB: all of VRAM, byte by byte
 *   18h  BAR 2  memory, 4 KiB of registers, below
 *   30h  expansion ROM: the video BIOS, if it says in its PCI data structure that it is for
 *        this card; the firmware copies it to C0000h and runs it there
 *
 *   000h-3FFh  the monitor's EDID, then zeros
 *   400h-41Fh  the ports 3C0h-3DFh, byte by byte
 *   500h-515h  the DISPI registers 0 to Ah (vga_vbe.c), 16 bits each; single bytes do nothing
 *   600h       8: the size of what is here
 *   604h       byte order of pixels, 32 bits: 1E1E1E1Eh, little-endian
 *   else       ones
 *
 * The four planes are interleaved in VRAM (vga_priv.h), so that byte a of plane p is at 4a + p
 * of the frame buffer. Stores to it go to memory without passing here; the dirty map tells of
 * them.
 *
 * NOT IMPLEMENTED: big-endian pixels (BEBEBEBEh written to 604h is ignored); COMMAND's effect
 * on the ports at 3B0h-3DFh and on A0000h-BFFFFh: they are decoded always. References: PCI 2.1
 * chapter 6; QEMU docs/specs/standard-vga; VESA E-EDID A.1 (EDID 1.3).
 */
#include "devices/vga_priv.h"

#include <string.h>

enum { VENDOR = 0x1234, DEVICE = 0x1111, DEVFN = PCI_DEVFN(2, 0) };

/* ---- BAR 2 */

enum {
    REG_EDID_END = 0x400,
    REG_PORTS = 0x400,
    REG_PORTS_END = 0x420,
    REG_DISPI = 0x500,
    REG_DISPI_END = REG_DISPI + 2 * VBE_END,
    REG_SIZE = 0x600,
    REG_ORDER = 0x604,
    REGS = 0x1000,
    FIRST_PORT = 0x3C0,
};
#define LITTLE_ENDIAN_PIXELS UINT32_C(0x1E1E1E1E)

/* A monitor of 32 by 24 cm; it prefers 1024x768 at 60 Hz and takes whatever the card can. */
// clang-format off
static const uint8_t edid[128] = {
    0x00, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x00,
    0x52, 0x50, 0x11, 0x11, 0x00, 0x00, 0x00, 0x00, /* maker TRP, product 1111h, no serial */
    1, 36, 1, 3,                                    /* week 1 of 2026; EDID 1.3 */
    0x80, 32, 24, 120, 0x0E,                        /* digital; size; gamma 2.2; sRGB, preferred */
    0xEE, 0x91, 0xA3, 0x54, 0x4C, 0x99, 0x26, 0x0F, 0x50, 0x54, /* sRGB's colours */
    0xA1, 0x08, 0x00, /* 720x400 at 70 Hz, 640x480, 800x600 and 1024x768 at 60 Hz; */
    0x81, 0x80, 0x81, 0x40, 0x81, 0x00, 0xA9, 0x40, /* 1280x1024 960 800, 1600x1200, */
    0x95, 0x00, 0xB3, 0x00, 0xD1, 0xC0, 0xD1, 0x00, /* 1440x900, 1680x1050, 1920x1080 1200 */
    0x64, 0x19, 0x00, 0x40, 0x41, 0x00, 0x26, 0x30, 0x18, /* 65 MHz; 1024 + 320; 768 + 38; … */
    0x88, 0x36, 0x00, 0x40, 0xF0, 0x10, 0x00, 0x00, 0x18, /* … front 24, 3, sync 136, 6 */
    0, 0, 0, 0xFD, 0, 50, 75, 30, 100, 26, 0, '\n', ' ', ' ', ' ', ' ', ' ', ' ', /* limits */
    0, 0, 0, 0xFC, 0, 'T', 'e', 'r', 'r', 'a', 'p', 'i', 'n', '\n', ' ', ' ', ' ', ' ',
    0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0xEB,
};
// clang-format on

static uint32_t edid_read(uint32_t off, unsigned size)
{
    uint32_t val = 0;
    for (unsigned n = 0; n < size; n++) {
        val |= (uint32_t)(off + n < sizeof edid ? edid[off + n] : 0) << 8 * n;
    }
    return val;
}

/* 16-bit registers: an access of 32 bits is two of them. */
static uint32_t dispi_read(const struct vga *v, uint32_t off, unsigned size)
{
    uint32_t n = (off - REG_DISPI) / 2;
    if (size == 1) {
        return vga_vbe_read(v, n) >> 8 * (off & 1) & 0xFF;
    }
    return vga_vbe_read(v, n) | (size == 4 ? (uint32_t)vga_vbe_read(v, n + 1) << 16 : 0);
}

static void dispi_write(struct vga *v, uint32_t off, uint32_t val, unsigned size)
{
    uint32_t n = (off - REG_DISPI) / 2;
    for (; size >= 2 && off % 2 == 0; size -= 2, val >>= 16) {
        vga_vbe_write(v, n++, (uint16_t)val);
    }
}

static uint32_t regs_at(const struct vga *v, uint32_t off, unsigned size)
{
    if (off < REG_EDID_END) {
        return edid_read(off, size);
    }
    if (off + size <= REG_PORTS_END) {
        return bus_in(&v->dev.board->bus, (uint16_t)(FIRST_PORT + off - REG_PORTS), size);
    }
    if (off >= REG_DISPI && off < REG_DISPI_END && (off % 2 == 0 || size == 1)) {
        return dispi_read(v, off, size);
    }
    if (off == REG_SIZE) {
        return 8;
    }
    return off == REG_ORDER ? LITTLE_ENDIAN_PIXELS : UINT32_MAX;
}

static uint32_t regs_read(void *ctx, uint32_t off, unsigned size)
{
    return regs_at(ctx, off, size) & UINT32_MAX >> (32 - 8 * size);
}

static void regs_write(void *ctx, uint32_t off, uint32_t val, unsigned size)
{
    struct vga *v = ctx;
    if (off >= REG_PORTS && off + size <= REG_PORTS_END) {
        bus_out(&v->dev.board->bus, (uint16_t)(FIRST_PORT + off - REG_PORTS), val, size);
    } else if (off >= REG_DISPI && off < REG_DISPI_END) {
        dispi_write(v, off, val, size);
    } else if (off == REG_ORDER && val != LITTLE_ENDIAN_PIXELS) {
        note(&v->dev.board->notes, NOTE_vga_order);
    }
}

static const struct region_ops regs_ops = {regs_read, regs_write};

/* ---- the function */

int vga_pci_init(struct vga *v, struct error *err)
{
    struct board *b = v->dev.board;
    struct pci_function *f = &v->fn;
    pci_function_init(f, "vga", VENDOR, DEVICE, 0x02, 0x030000);
    pci_register(f, PCI_COMMAND, 2, 0, PCI_COMMAND_IO | PCI_COMMAND_MEMORY);
    pci_register(f, PCI_SUBSYSTEM_VENDOR, 4, 0x11001AF4, 0);
    pci_bar_ram(f, 0, v->vram);
    pci_bar_mmio(f, 2, REGS, &regs_ops, v);
    if (b->vgabios) {
        pci_bar_rom(f, b->vgabios, b->vgabios_size);
    }
    return b->pci ? pci_attach(b, DEVFN, f, err) : 0;
}

/* PCI 2.1 6.3.1: a pointer at 18h to "PCIR", vendor, device. */
bool vga_is_own_rom(const uint8_t *bytes, uint32_t size)
{
    enum { POINTER = 0x18, PCIR_VENDOR = 4, PCIR_DEVICE = 6, PCIR_SIZE = 0x18 };
    if (size < POINTER + 2) {
        return false;
    }
    uint32_t at = load_le16(bytes + POINTER);
    return at + PCIR_SIZE <= size && memcmp(bytes + at, "PCIR", 4) == 0 &&
           load_le16(bytes + at + PCIR_VENDOR) == VENDOR &&
           load_le16(bytes + at + PCIR_DEVICE) == DEVICE;
}
