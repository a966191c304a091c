/* vga_mem.c -- the VGA's window at A0000-BFFFF: what happens to a byte between CPU and planes.
 *
 *   window    GC6 3:2  0 A0000 128K   1 A0000 64K   2 B0000 32K   3 B8000 32K; MISC 1 opens it
 *   address   chain-4 (SEQ4 3):         A15-A2 stay, A1-A0 <- A17-A16; plane = A1-A0
 *             chain odd/even (GC6 1):   A15-A1 stay, A0 <- A16
 *             else                      A15-A0
 *   planes    writes: SEQ2 (map mask), and with odd/even (SEQ4 2 = 0) 0+2 or 1+3 by A0
 *             reads:  GC4, its bit 0 replaced by A0 with odd/even (GC5 4)
 *   write 0   rotate (GC3 2:0), set/reset (GC0) where enabled (GC1), function, bit mask (GC8)
 *         1   the latches
 *         2   bit p of the byte fills plane p, function, bit mask
 *         3   set/reset fills the planes, function, bit mask AND rotated byte
 *   read  0   the byte of one plane
 *         1   bit n: the colour of pixel n equals GC2 in all planes of GC7
 *   function  GC3 4:3 with the latches: 0 replace, 1 AND, 2 OR, 3 XOR
 *
 * While VBE is enabled all this is out of the way, and A0000 64K is a bank of memory, byte by
 * byte (vga_vbe.c); in a 4-bit VBE mode the bank's number is bits 17:16 of the plane address.
 *
 * Every read loads the four latches. The four planes are worked on at once: plane p is bits
 * 8p+7..8p of a word. Wider accesses are bytes in ascending order, as on the card's 8-bit bus.
 */
#include "devices/vga_priv.h"

/* 4 bits to 4 planes: bit p set means all ones in plane p. */
static const uint32_t fill[16] = {
    0x00000000, 0x000000FF, 0x0000FF00, 0x0000FFFF, 0x00FF0000, 0x00FF00FF,
    0x00FFFF00, 0x00FFFFFF, 0xFF000000, 0xFF0000FF, 0xFF00FF00, 0xFF00FFFF,
    0xFFFF0000, 0xFFFF00FF, 0xFFFFFF00, 0xFFFFFFFF,
};

static uint32_t every_plane(uint8_t byte)
{
    return byte * UINT32_C(0x01010101);
}

/* Does the card answer at this offset from A0000? *addr: the offset in the window. */
static bool window(const struct vga *v, uint32_t off, uint32_t *addr)
{
    static const struct {
        uint32_t base, size;
    } map[4] = {{0, 0x20000}, {0, 0x10000}, {0x10000, 0x8000}, {0x18000, 0x8000}};
    unsigned n = v->gc[GC_MISC] >> 2 & 3;
    *addr = off - map[n].base;
    return v->misc & MISC_RAM && *addr < map[n].size;
}

static uint32_t plane_address(const struct vga *v, uint32_t addr)
{
    if (v->seq[SEQ_MEMORY] & SEQ_MEMORY_CHAIN4) {
        return (addr & 0xFFFC) | (addr >> 16 & 3);
    }
    if (v->gc[GC_MISC] & GC_MISC_CHAIN) {
        return (addr & 0xFFFE) | (addr >> 16 & 1);
    }
    uint32_t bank = vga_vbe_on(v) ? (uint32_t)v->vbe[VBE_BANK] << 16 : 0;
    return bank | (addr & VGA_PLANE_MASK);
}

/* ---- reads */

static unsigned read_plane(const struct vga *v, uint32_t addr)
{
    if (v->seq[SEQ_MEMORY] & SEQ_MEMORY_CHAIN4) {
        return addr & 3;
    }
    unsigned n = v->gc[GC_READ_MAP] & 3;
    return v->gc[GC_MODE] & GC_MODE_ODD_EVEN ? (n & 2) | (addr & 1) : n;
}

/* What the CPU sees of the four planes at addr. */
static uint8_t seen(const struct vga *v, uint32_t addr, uint32_t planes)
{
    if (v->gc[GC_MODE] & GC_MODE_READ1) {
        uint32_t differ =
            (planes ^ fill[v->gc[GC_COLOR_COMPARE] & 15]) & fill[v->gc[GC_DONT_CARE] & 15];
        return (uint8_t) ~(differ | differ >> 8 | differ >> 16 | differ >> 24);
    }
    return (uint8_t)(planes >> (8 * read_plane(v, addr)));
}

static uint8_t read_byte(struct vga *v, uint32_t off)
{
    uint32_t addr;
    if (!window(v, off, &addr)) {
        return 0xFF;
    }
    v->latch = load_le32(vga_planes(v, plane_address(v, addr)));
    return seen(v, addr, v->latch);
}

bool vga_peek(struct device *dev, uint32_t off, uint8_t *byte)
{
    struct vga *v = (struct vga *)dev;
    uint32_t addr;
    if (vga_has_bank(v)) {
        *byte = (uint8_t)vga_bank_read(v, off, 1);
        return off < 0x10000;
    }
    if (!window(v, off, &addr)) {
        return false;
    }
    *byte = seen(v, addr, load_le32(vga_planes(v, plane_address(v, addr))));
    return true;
}

/* Bytes that share one address in the planes, so that an access of so many, in its place, is
 * one to the four of them: 4 with chain-4, each in a plane of its own; 2 with chain odd/even.
 */
static unsigned bytes_together(const struct vga *v)
{
    if (v->seq[SEQ_MEMORY] & SEQ_MEMORY_CHAIN4) {
        return 4;
    }
    return v->gc[GC_MISC] & GC_MISC_CHAIN ? 2 : 1;
}

/* `together` bytes at once, read mode 0. */
static uint32_t read_together(struct vga *v, uint32_t addr, unsigned together)
{
    v->latch = load_le32(vga_planes(v, plane_address(v, addr)));
    if (together == 4) {
        return v->latch;
    }
    unsigned even = read_plane(v, addr), odd = read_plane(v, addr | 1);
    return (v->latch >> (8 * even) & 0xFF) | (v->latch >> (8 * odd) & 0xFF) << 8;
}

static uint32_t window_read(void *ctx, uint32_t off, unsigned size)
{
    struct vga *v = ctx;
    if (vga_has_bank(v)) {
        return vga_bank_read(v, off, size);
    }
    uint32_t val = 0, addr;
    unsigned together = bytes_together(v);
    if (together > 1 && size >= together && !(off & (size - 1)) && window(v, off, &addr) &&
        !(v->gc[GC_MODE] & GC_MODE_READ1)) {
        for (unsigned n = 0; n < size; n += together) {
            val |= read_together(v, addr + n, together) << (8 * n);
        }
        return val;
    }
    for (unsigned n = 0; n < size; n++) {
        val |= (uint32_t)read_byte(ctx, off + n) << (8 * n);
    }
    return val;
}

/* ---- writes */

static uint8_t write_planes(const struct vga *v, uint32_t addr)
{
    uint8_t mask = v->seq[SEQ_MAP_MASK] & 15;
    if (v->seq[SEQ_MEMORY] & SEQ_MEMORY_CHAIN4) {
        return (uint8_t)(mask & 1u << (addr & 3));
    }
    if (!(v->seq[SEQ_MEMORY] & SEQ_MEMORY_SEQUENTIAL)) {
        return mask & (addr & 1 ? 0xA : 0x5);
    }
    return mask;
}

static uint8_t rotated(const struct vga *v, uint8_t byte)
{
    unsigned n = v->gc[GC_ROTATE] & 7;
    return (uint8_t)(byte >> n | byte << (8 - n));
}

/* The ALU, and the bit mask that chooses between its result and the latches. */
static uint32_t function(const struct vga *v, uint32_t data, uint8_t bit_mask)
{
    switch (v->gc[GC_ROTATE] >> 3 & 3) {
    case 1: data &= v->latch; break;
    case 2: data |= v->latch; break;
    case 3: data ^= v->latch; break;
    default: break;
    }
    uint32_t mask = every_plane(bit_mask);
    return (data & mask) | (v->latch & ~mask);
}

/* What the graphics controller offers to the planes for one byte from the CPU. */
static uint32_t pipeline(const struct vga *v, uint8_t byte)
{
    uint32_t set = fill[v->gc[GC_SET_RESET] & 15];
    uint8_t mask = v->gc[GC_BIT_MASK];
    switch (v->gc[GC_MODE] & 3) {
    case 1: return v->latch;
    case 2: return function(v, fill[byte & 15], mask);
    case 3: return function(v, set, rotated(v, byte) & mask);
    default: break;
    }
    uint32_t enabled = fill[v->gc[GC_ENABLE_SET_RESET] & 15];
    uint32_t data = every_plane(rotated(v, byte));
    return function(v, (data & ~enabled) | (set & enabled), mask);
}

static void write_byte(struct vga *v, uint32_t off, uint8_t byte)
{
    uint32_t addr;
    if (!window(v, off, &addr)) {
        return;
    }
    uint32_t planes = fill[write_planes(v, addr)];
    uint8_t *at = vga_planes(v, plane_address(v, addr));
    uint32_t val = (load_le32(at) & ~planes) | (pipeline(v, byte) & planes);
    store_le32(at, val);
    ram_touch(v->vram, (uint64_t)(at - v->vram->bytes), VGA_PLANES);
}

/* Bytes go to the planes as they are: nothing of the graphics controller is in use. */
static bool writes_plainly(const struct vga *v)
{
    return (v->gc[GC_MODE] & 3) == 0 && (v->gc[GC_ENABLE_SET_RESET] & 15) == 0 &&
           (v->gc[GC_ROTATE] & 0x1F) == 0 && v->gc[GC_BIT_MASK] == 0xFF;
}

/* `together` bytes at once. */
static void write_together(struct vga *v, uint32_t addr, uint32_t val, unsigned together)
{
    uint8_t *at = vga_planes(v, plane_address(v, addr));
    uint32_t planes = fill[v->seq[SEQ_MAP_MASK] & 15], data = val;
    if (together == 2) { /* each byte to two planes, if both are enabled: 0 and 2, 1 and 3 */
        uint32_t even = fill[write_planes(v, addr)], odd = fill[write_planes(v, addr | 1)];
        planes = even | odd;
        data = (every_plane((uint8_t)val) & even & ~odd) |
               (every_plane((uint8_t)(val >> 8)) & odd);
    }
    store_le32(at, (load_le32(at) & ~planes) | (data & planes));
    ram_touch(v->vram, (uint64_t)(at - v->vram->bytes), VGA_PLANES);
}

static void window_write(void *ctx, uint32_t off, uint32_t val, unsigned size)
{
    struct vga *v = ctx;
    if (vga_has_bank(v)) {
        vga_bank_write(v, off, val, size);
        return;
    }
    uint32_t addr;
    unsigned together = bytes_together(v);
    if (together > 1 && size >= together && !(off & (size - 1)) && window(v, off, &addr) &&
        writes_plainly(v)) {
        for (unsigned n = 0; n < size; n += together) {
            write_together(v, addr + n, val >> (8 * n), together);
        }
        return;
    }
    for (unsigned n = 0; n < size; n++) {
        write_byte(ctx, off + n, (uint8_t)(val >> (8 * n)));
    }
}

const struct region_ops vga_window_ops = {window_read, window_write};
