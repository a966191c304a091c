/* vga_pci.c -- the VGA as a PCI function, 00:02.0: QEMU's standard VGA (PCI ids of Bochs).
 *
 *   00h  1234h  02h 1111h  04h COMMAND bits 0 and 1  08h rev 02h  09h class 030000h
 *   2Ch  1AF4h  2Eh 1100h
 *   10h  BAR 0  memory, prefetchable, 16 MiB: all of VRAM, byte by byte
 *   30h  expansion ROM: the video BIOS, if it says in its PCI data structure that it is for
 * this card; the firmware copies it to C0000h and runs it there
 *
 * The four planes are interleaved in VRAM (vga_priv.h), so that byte a of plane p is at 4a + p
 * of the frame buffer. Stores to it go to memory without passing here; the dirty map tells of
 * them.
 *
 * NOT IMPLEMENTED: BAR 2 (memory-mapped registers), the extensions that would set a mode in
 * which the linear frame buffer is what is displayed, and COMMAND's effect on the ports at
 * 3B0h-3DFh and on A0000h-BFFFFh: they are decoded always. References: PCI 2.1 chapter 6; QEMU
 * docs/specs/standard-vga.
 */
#include "devices/vga_priv.h"

#include <string.h>

enum { VENDOR = 0x1234, DEVICE = 0x1111, DEVFN = PCI_DEVFN(2, 0) };

int vga_pci_init(struct vga *v, struct error *err)
{
    struct board *b = v->dev.board;
    struct pci_function *f = &v->fn;
    pci_function_init(f, "vga", VENDOR, DEVICE, 0x02, 0x030000);
    pci_register(f, PCI_COMMAND, 2, 0, PCI_COMMAND_IO | PCI_COMMAND_MEMORY);
    pci_register(f, PCI_SUBSYSTEM_VENDOR, 4, 0x11001AF4, 0);
    pci_bar_ram(f, 0, v->vram);
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
