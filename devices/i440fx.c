/* i440fx.c -- Intel 82441FX (440FX PMC): host bridge, PAM and SMRAM, and the reset control
 * register.
 *
 *   CF8h  CONFADD  dword only: enable(31) bus(23:16) device(15:11) function(10:8) register(7:2)
 *   CF9h  RC       byte only: bit 1 SRST: hard (1) or soft (0) reset; bit 2 RCPU: 0 -> 1
 * resets. On a real board the PIIX3 owns this one; it lives here because the two share a
 * doubleword of ports. CFCh  CONFDATA byte, word, dword: the selected function's configuration
 * space
 *
 * Configuration space of 00:00.0 (82441FX ds chapter 3.2):
 *   00h  8086h     02h  1237h     04h PCICMD   06h PCISTS   08h rev 02h   0Ah class 0600h
 *   2Ch  1AF4h     2Eh  1100h     by which SeaBIOS knows the board (QEMU's convention; the
 * 82441FX has no subsystem registers) 50h  PMCCFG    57h DRAMC      58h DRAMT    60h-67h DRB0-7
 * 90h ERRCMD  91h ERRSTS  93h TRC 59h  PAM0      bits 5:4 F0000-FFFFF (64 KiB) 5Ah-5Fh PAM1-6
 * bits 1:0 and 5:4, 16 KiB each from C0000 up: RE reads come from DRAM, WE writes go to DRAM;
 * else the cycle goes to PCI, where the BIOS ROM answers reads of E0000-FFFFF (the ROM's last
 * 128 KiB) and nobody answers anything else 72h  SMRAM     D_OPEN(6) D_CLS(5) D_LCK(4)
 * G_SMRAME(3) C_BASE_SEG(2:0) = 2
 *
 * Lines: none; resets go to the machine. Clock: none.
 * RESET# clears PAM, so that the vector at FFFF0h is in ROM again. INIT# (a soft reset) leaves
 * the bridge alone: that is how 286 software comes back to real mode with its BIOS still
 * shadowed. NOT IMPLEMENTED: SMRAM (72h is stored, A0000 stays the VGA's); DRAM timing, DRB and
 * TRC are stored and have no effect; FDHC's hole; PCI errors. References: 82441FX ds 290549,
 * 82371SB (PIIX3) ds 290550 section 2.5.6.
 */
#include "devices/chips.h"
#include "devices/pci.h"

enum { RC = 1 /* offset from CF8h */ };
enum { RC_SRST = 0x02, RC_RCPU = 0x04, RC_WRITABLE = 0x06 };
enum { PAM0 = 0x59, PAM_LAST = 0x5F, PAM_RE = 1, PAM_WE = 2, SMRAM = 0x72 };
enum { SMRAM_D_OPEN = 0x40, SMRAM_D_CLS = 0x20, SMRAM_D_LCK = 0x10, SMRAM_WRITABLE = 0x78 };
enum { SHADOW = 0xC0000, SHADOW_ROM = 0xE0000, SHADOW_END = 0x100000, PIECE = 0x4000 };

struct i440fx {
    struct device dev;
    struct pci_bus bus;
    struct pci_function fn;
    uint8_t rc; /* CF9h */
};

static uint8_t pam_bits(const struct i440fx *c, paddr pa)
{
    if (pa >= 0xF0000) {
        return c->fn.config[PAM0] >> 4 & 3;
    }
    unsigned piece = (unsigned)(pa - SHADOW) / PIECE;
    return c->fn.config[PAM0 + 1 + piece / 2] >> (piece & 1 ? 4 : 0) & 3;
}

/* The firmware ROM's byte for pa, as PCI decodes it, or NULL. */
static const uint8_t *rom_at(const struct board *b, paddr pa)
{
    uint64_t below = SHADOW_END - pa; /* distance from the ROM's end */
    if (pa < SHADOW_ROM || !b->bios || below > b->bios_size) {
        return NULL;
    }
    return b->bios + (b->bios_size - below);
}

static void pam_map(struct i440fx *c, paddr first, paddr end)
{
    struct board *b = c->dev.board;
    struct ram *ram = phys_main_ram(b->phys);
    for (paddr pa = first; pa < end; pa += PIECE) {
        uint8_t bits = pam_bits(c, pa);
        const uint8_t *rd = bits & PAM_RE ? ram->bytes + pa : rom_at(b, pa);
        struct ram *wr = bits & PAM_WE ? ram : NULL;
        if (rd || wr) {
            phys_map_split(b->phys, pa, PIECE, rd, wr, pa);
        } else {
            phys_unmap(b->phys, pa, PIECE);
        }
    }
}

/* Once D_LCK is set, only D_CLS can be changed, until RESET# (ds 3.2.21). */
static void smram_lock(struct i440fx *c)
{
    bool locked = c->fn.config[SMRAM] & SMRAM_D_LCK;
    c->fn.writable[SMRAM] = locked ? SMRAM_D_CLS : SMRAM_WRITABLE;
}

static void smram_written(struct i440fx *c)
{
    uint8_t *smram = &c->fn.config[SMRAM];
    if (*smram & SMRAM_D_LCK) {
        *smram &= (uint8_t)~SMRAM_D_OPEN;
    }
    smram_lock(c);
    if (*smram & SMRAM_D_OPEN) {
        note(&c->dev.board->notes, NOTE_i440fx_smram);
    }
}

static void config_written(void *ctx, uint8_t reg, unsigned size)
{
    struct i440fx *c = ctx;
    for (unsigned r = reg; r < reg + size; r++) {
        if (r == PAM0) {
            pam_map(c, 0xF0000, SHADOW_END);
        } else if (r > PAM0 && r <= PAM_LAST) {
            paddr pa = SHADOW + (paddr)(r - PAM0 - 1) * 2 * PIECE;
            pam_map(c, pa, pa + 2 * PIECE);
        } else if (r == SMRAM) {
            smram_written(c);
        }
    }
}

/* ---- ports */

static uint32_t confadd_read(void *ctx, uint32_t off, unsigned size)
{
    struct i440fx *c = ctx;
    if (off == 0 && size == 4) {
        return c->bus.address;
    }
    return off == RC && size == 1 ? c->rc : UINT32_MAX; /* narrower ones go on to ISA */
}

static void reset_control(struct i440fx *c, uint8_t val)
{
    bool pulse = (val & RC_RCPU) && !(c->rc & RC_RCPU);
    c->rc = val & RC_WRITABLE;
    if (pulse) {
        board_power(c->dev.board, val & RC_SRST ? POWER_RESET : POWER_INIT, 0);
    }
}

static void confadd_write(void *ctx, uint32_t off, uint32_t val, unsigned size)
{
    struct i440fx *c = ctx;
    if (off == 0 && size == 4) {
        pci_address_out(&c->bus, val);
    } else if (off == RC && size == 1) {
        reset_control(c, (uint8_t)val);
    }
}

static uint32_t confdata_read(void *ctx, uint32_t off, unsigned size)
{
    struct i440fx *c = ctx;
    return pci_config_in(&c->bus, off, size);
}

static void confdata_write(void *ctx, uint32_t off, uint32_t val, unsigned size)
{
    struct i440fx *c = ctx;
    pci_config_out(&c->bus, off, val, size);
}

static const struct ports i440fx_ports[] = {
    {0, 4, {confadd_read, confadd_write, 4}},
    {4, 4, {confdata_read, confdata_write, 4}},
    {0, 0, {NULL, NULL, 0}},
};

/* ---- life */

static bool i440fx_loaded(void *obj)
{
    struct i440fx *c = obj;
    smram_lock(c);
    pam_map(c, SHADOW, SHADOW_END);
    return true;
}

static const struct field i440fx_fields[] = {
    DERIVED(struct i440fx, dev),
    FIELD_S(struct i440fx, bus, &pci_bus_schema, struct pci_bus),
    FIELD_S(struct i440fx, fn, &pci_function_schema, struct pci_function),
    FIELD_R(struct i440fx, rc, 0, RC_WRITABLE),
    FIELDS_END,
};
static const struct schema i440fx_schema = {"i440fx", sizeof(struct i440fx), 1,
                                            1,        i440fx_fields,         i440fx_loaded};

/* DRB0-7: where each of eight rows of memory ends, in units of 8 MiB (ds 3.2.13). Rows of 512
 * MiB, of which the last takes what is left, as far as the register counts. */
static void describe_memory(struct pci_function *f, uint64_t ram_bytes)
{
    enum { DRB = 0x60, ROWS = 8, UNIT = 8 << 20, ROW_UNITS = 64, MOST = 0xFF };
    uint64_t units = (ram_bytes + UNIT - 1) / UNIT;
    for (unsigned row = 0; row < ROWS; row++) {
        uint64_t end = (row + 1) * ROW_UNITS;
        end = end < units && row + 1 < ROWS ? end : units;
        pci_register(f, (uint8_t)(DRB + row), 1, end < MOST ? (uint32_t)end : MOST, 0xFF);
    }
}

static int i440fx_init(struct device *dev, struct error *err)
{
    struct i440fx *c = (struct i440fx *)dev;
    struct pci_function *f = &c->fn;
    if (phys_main_ram(dev->board->phys)->size < SHADOW_END) {
        return error_set(err, "i440fx: needs at least 1 MiB of RAM");
    }
    dev->board->pci = &c->bus;
    pci_function_init(f, "i440fx", 0x8086, 0x1237, 0x02, 0x060000);
    f->written = config_written;
    f->ctx = c;
    pci_register(f, PCI_COMMAND, 2, 0x0006, 0x0140);
    pci_register(f, PCI_STATUS, 2, 0x0280, 0);
    pci_register(f, PCI_LATENCY, 1, 0, 0xF8);
    pci_register(f, PCI_SUBSYSTEM_VENDOR, 4, 0x11001AF4, 0);
    pci_register(f, 0x50, 2, 0x0000, 0xC7FF);     /* PMCCFG */
    pci_register(f, 0x52, 2, 0x0000, 0xFFFF);     /* DETURBO, DBC */
    pci_register(f, 0x54, 3, 0x000000, 0xFFFFFF); /* AXC, DRT */
    pci_register(f, 0x57, 2, 0x1001, 0xFFFF);     /* DRAMC, DRAMT */
    pci_register(f, PAM0, 4, 0, 0x33333330);      /* PAM0 has no low half */
    pci_register(f, PAM0 + 4, 3, 0, 0x333333);
    describe_memory(f, phys_main_ram(dev->board->phys)->size);
    pci_register(f, 0x68, 1, 0x00, 0xC0);     /* FDHC */
    pci_register(f, 0x70, 2, 0x1000, 0x38F8); /* MTT, CLT */
    pci_register(f, SMRAM, 1, 0x02, SMRAM_WRITABLE);
    pci_register(f, 0x90, 1, 0x00, 0xFF); /* ERRCMD */
    pci_register(f, 0x93, 1, 0x00, 0x0F); /* TRC */
    return pci_attach(dev->board, PCI_DEVFN(0, 0), f, err);
}

static void i440fx_reset(struct device *dev, enum reset how)
{
    struct i440fx *c = (struct i440fx *)dev;
    (void)how;
    pci_address_out(&c->bus, 0);
    pci_function_reset(&c->fn);
    c->rc = 0;
    smram_lock(c);
    pam_map(c, SHADOW, SHADOW_END);
}

static void i440fx_info(struct device *dev, struct text *out)
{
    const struct i440fx *c = (const struct i440fx *)dev;
    static const char *const access[4] = {"pci", "read", "write", "read write"};
    paddr first = SHADOW;
    for (paddr pa = SHADOW; pa < SHADOW_END; pa += PIECE) {
        bool last = pa + PIECE == SHADOW_END;
        if (last || pam_bits(c, pa + PIECE) != pam_bits(c, pa)) {
            text_add(out, "%05x-%05x %s%s\n", (unsigned)first, (unsigned)(pa + PIECE - 1),
                     pam_bits(c, pa) ? "dram " : "", access[pam_bits(c, pa)]);
            first = pa + PIECE;
        }
    }
    text_add(out, "smram %02x rc %02x\n", c->fn.config[SMRAM], c->rc);
}

const struct device_class i440fx_class = {
    .name = "i440fx",
    .size = sizeof(struct i440fx),
    .state = &i440fx_schema,
    .ports = i440fx_ports,
    .init = i440fx_init,
    .reset = i440fx_reset,
    .info = i440fx_info,
};
