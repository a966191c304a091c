/* devices/piix3_ide.c -- the IDE function of the 82371SB (PIIX3): two ATA channels in
 * compatibility mode and their bus masters.
 *
 *   1F0h-1F7h, 3F6h  primary channel, IRQ 14      (3F7h is the floppy controller's)
 *   170h-177h, 376h  secondary channel, IRQ 15
 *
 * Configuration space of 00:01.1:
 *   00h 8086h  02h 7010h  04h PCICMD: 2 bus master, 0 I/O  06h PCISTS  08h rev 00h
 *   09h class 010180h: IDE, bus master, compatibility mode
 *   20h  BMIBA    base of the bus master registers; the PIIX3 hardwires its upper half to 0,
 *                which SeaBIOS would take for a BAR of nearly 4 GiB: here it can be written
 *   40h  IDETIM   15 decode the primary channel's ports; timing (no effect)   42h secondary
 *   44h  SIDETIM  timing of the slaves (no effect)
 * The channels' ports answer while PCICMD bit 0 and IDETIM bit 15 are set.
 *
 * Bus master registers, 8 bytes a channel (section 2.7 of the data sheet):
 *   +0  BMICX    3 RWCON: 1 from device to memory; 0 SSBM: start. Clearing it stops at once
 *   +2  BMISX    6, 5 drives are capable of DMA (scratch); 2 IDEINTS, write 1 to clear: INTRQ
 *                has risen; 1 error, write 1 to clear; 0 ACTIVE: started, and the last
 *                descriptor not yet used up
 *   +4  BMIDTPX  physical address of the descriptor table
 * A descriptor (PRD): address, bytes (16 bits, 0 is 64 KiB), bit 31 of the second doubleword:
 * last. The table does not cross a 64 KiB boundary: here it wraps.
 *
 * A transfer whose table ends early leaves the device waiting, ACTIVE clear; one whose device
 * ends early leaves ACTIVE set and IDEINTS set (table 2.7.2). An address without RAM is a
 * target abort: error, PCISTS bit 12, and the device waits. Without PCICMD bit 2 nothing moves.
 * A direction that is not the command's moves nothing either.
 *
 * Clock: none of its own; the device's pace is ata.c's.
 * NOT IMPLEMENTED: timing registers have no effect; Ultra DMA is what a device can do and this
 * function cannot (the PIIX4 is the first).
 * Reference: 82371FB/82371SB (PIIX/PIIX3) data sheet 290550, sections 2.3 and 2.7.
 */
#include "devices/ata.h"
#include "devices/chips.h"
#include "devices/pci.h"

enum { CHANNELS = 2, IRQ_SECONDARY = 15, PRD_BYTES = 8, BMIBA = 4 };
enum { IDETIM = 0x40, SIDETIM = 0x44, IDETIM_DECODE_HIGH = 0x80 };
enum { BMIC_START = 0x01, BMIC_TO_MEMORY = 0x08 };
enum { BMIS_ACTIVE = 0x01, BMIS_ERROR = 0x02, BMIS_INTERRUPT = 0x04, BMIS_SCRATCH = 0x60 };
enum { PCISTS_RECEIVED_ABORT_HIGH = 0x10 };
#define PRD_LAST UINT32_C(0x80000000)

struct bus_master {
    uint32_t table;   /* BMIDTPX */
    uint32_t prd;     /* address of the next descriptor */
    uint32_t address; /* of the present one: where the next byte goes … */
    uint32_t left;    /* … and how many there are; at most 64 KiB */
    uint8_t command, status;
    bool last; /* the present descriptor is the last */
    bool line; /* INTRQ, as last seen */
};

static const struct field bus_master_fields[] = {
    FIELD(struct bus_master, table),
    FIELD(struct bus_master, prd),
    FIELD(struct bus_master, address),
    FIELD_R(struct bus_master, left, 0, 0x10000),
    FIELD(struct bus_master, command),
    FIELD(struct bus_master, status),
    FIELD(struct bus_master, last),
    FIELD(struct bus_master, line),
    FIELDS_END,
};
static const struct schema bus_master_schema = {
    "bus_master", sizeof(struct bus_master), 1, 1, bus_master_fields, NULL};

struct piix3_ide {
    struct device dev;
    struct ata_channel channel[CHANNELS];
    struct bus_master master[CHANNELS];
    struct pci_function fn;
    struct wire irq[CHANNELS];
};

static const struct field piix3_ide_fields[] = {
    DERIVED(struct piix3_ide, dev),
    FIELD_S(struct piix3_ide, channel, &ata_channel_schema, struct ata_channel),
    FIELD_S(struct piix3_ide, master, &bus_master_schema, struct bus_master),
    FIELD_S(struct piix3_ide, fn, &pci_function_schema, struct pci_function),
    DERIVED(struct piix3_ide, irq),
    FIELDS_END,
};
static const struct schema piix3_ide_schema = {"piix3_ide", sizeof(struct piix3_ide), 1,
                                               1,           piix3_ide_fields,         NULL};

/* --- bus masters ------------------------------------------------------------------------- */

static void intrq(void *ctx, unsigned n, bool level)
{
    struct piix3_ide *p = ctx;
    struct bus_master *bm = &p->master[n % CHANNELS];
    if (level && !bm->line) {
        bm->status |= BMIS_INTERRUPT;
    }
    bm->line = level;
    wire_set(&p->irq[n % CHANNELS], level);
}

static bool dma_ready(void *ctx, unsigned n, bool to_memory)
{
    const struct piix3_ide *p = ctx;
    const struct bus_master *bm = &p->master[n % CHANNELS];
    if (!(bm->status & BMIS_ACTIVE) || !(p->fn.config[PCI_COMMAND] & PCI_COMMAND_MASTER)) {
        return false;
    }
    if (!(bm->command & BMIC_TO_MEMORY) == to_memory) {
        note(&p->dev.board->notes, NOTE_piix3_ide_direction);
        return false;
    }
    return true;
}

/* The bus answered with a target abort. */
static void aborted(struct piix3_ide *p, struct bus_master *bm)
{
    bm->status = (uint8_t)((bm->status & ~BMIS_ACTIVE) | BMIS_ERROR);
    p->fn.config[PCI_STATUS + 1] |= PCISTS_RECEIVED_ABORT_HIGH;
}

/* The next descriptor of the table. */
static bool next_prd(struct piix3_ide *p, struct bus_master *bm)
{
    uint8_t prd[PRD_BYTES];
    if (phys_dma_read(p->dev.board->phys, bm->prd, prd, sizeof prd) != sizeof prd) {
        aborted(p, bm);
        return false;
    }
    uint32_t count = load_le32(prd + 4);
    bm->address = load_le32(prd) & ~UINT32_C(1);
    bm->left = count & 0xFFFE ? count & 0xFFFE : 0x10000;
    bm->last = count & PRD_LAST;
    bm->prd = (bm->prd & 0xFFFF0000) | ((bm->prd + PRD_BYTES) & 0xFFFF);
    return true;
}

/* Moves up to len bytes. Each turn moves two at least, so that the loop is bounded by len. */
static uint32_t dma_move(struct piix3_ide *p, unsigned n, uint8_t *to, const uint8_t *from,
                         uint32_t len)
{
    struct bus_master *bm = &p->master[n % CHANNELS];
    struct phys *ph = p->dev.board->phys;
    uint32_t moved = 0;
    while (moved < len && bm->status & BMIS_ACTIVE) {
        if (bm->left == 0 && !next_prd(p, bm)) {
            break;
        }
        uint32_t piece = len - moved < bm->left ? len - moved : bm->left;
        uint64_t got = from ? phys_dma_write(ph, bm->address, from + moved, piece)
                            : phys_dma_read(ph, bm->address, to + moved, piece);
        if (got != piece) {
            aborted(p, bm);
            break;
        }
        moved += piece;
        bm->address += piece;
        bm->left -= piece;
        if (bm->left == 0 && bm->last) {
            bm->status &= (uint8_t)~BMIS_ACTIVE;
        }
    }
    return moved;
}

static uint32_t dma_to_memory(void *ctx, unsigned n, const uint8_t *bytes, uint32_t len)
{
    return dma_move(ctx, n, NULL, bytes, len);
}

static uint32_t dma_from_memory(void *ctx, unsigned n, uint8_t *bytes, uint32_t len)
{
    return dma_move(ctx, n, bytes, NULL, len);
}

static void write_command(struct piix3_ide *p, unsigned n, uint8_t val)
{
    struct bus_master *bm = &p->master[n];
    uint8_t old = bm->command;
    bm->command = val & (BMIC_START | BMIC_TO_MEMORY);
    if (!(val & BMIC_START)) {
        bm->status &= (uint8_t)~BMIS_ACTIVE;
    } else if (!(old & BMIC_START)) {
        bm->status |= BMIS_ACTIVE;
        bm->prd = bm->table;
        bm->left = 0;
        bm->last = false;
    }
    ata_dma_kick(&p->channel[n]);
}

static uint8_t master_in(const struct piix3_ide *p, unsigned n, unsigned reg)
{
    const struct bus_master *bm = &p->master[n];
    switch (reg) {
    case 0: return bm->command;
    case 2: return bm->status;
    case 4:
    case 5:
    case 6:
    case 7: return (uint8_t)(bm->table >> 8 * (reg - 4));
    default: return 0;
    }
}

static void master_out(struct piix3_ide *p, unsigned n, unsigned reg, uint8_t val)
{
    struct bus_master *bm = &p->master[n];
    unsigned shift = 8 * (reg & 3);
    switch (reg) {
    case 0: write_command(p, n, val); break;
    case 2:
        bm->status = (uint8_t)((bm->status & ~BMIS_SCRATCH) | (val & BMIS_SCRATCH));
        bm->status &= (uint8_t) ~(val & (BMIS_ERROR | BMIS_INTERRUPT));
        break;
    case 4:
    case 5:
    case 6:
    case 7:
        bm->table = (bm->table & ~(UINT32_C(0xFF) << shift)) | (uint32_t)val << shift;
        bm->table &= ~UINT32_C(3);
        break;
    default: break;
    }
}

static uint32_t bmi_read(void *ctx, uint32_t off, unsigned size)
{
    (void)size;
    return master_in(ctx, off >> 3 & 1, off & 7);
}

static void bmi_write(void *ctx, uint32_t off, uint32_t val, unsigned size)
{
    (void)size;
    master_out(ctx, off >> 3 & 1, off & 7, (uint8_t)val);
}

/* --- the channels' ports ----------------------------------------------------------------- */

static bool decodes(const struct piix3_ide *p, unsigned n)
{
    return (p->fn.config[PCI_COMMAND] & PCI_COMMAND_IO) &&
           (p->fn.config[IDETIM + 2 * n + 1] & IDETIM_DECODE_HIGH);
}

static uint32_t command_read(struct piix3_ide *p, unsigned n, uint32_t off, unsigned size)
{
    if (!decodes(p, n)) {
        return UINT32_MAX;
    }
    if (off == ATA_DATA) {
        return ata_data_in(&p->channel[n], size);
    }
    uint32_t v = 0;
    for (unsigned i = 0; i < size; i++) {
        v |= (uint32_t)ata_in(&p->channel[n], off + i) << 8 * i;
    }
    return v;
}

static void command_write(struct piix3_ide *p, unsigned n, uint32_t off, uint32_t val,
                          unsigned size)
{
    if (!decodes(p, n)) {
        return;
    }
    if (off == ATA_DATA) {
        ata_data_out(&p->channel[n], val, size);
        return;
    }
    for (unsigned i = 0; i < size; i++) {
        ata_out(&p->channel[n], off + i, (uint8_t)(val >> 8 * i));
    }
}

static uint32_t control_read(struct piix3_ide *p, unsigned n)
{
    return decodes(p, n) ? ata_alternate_status(&p->channel[n]) : 0xFF;
}

static void control_write(struct piix3_ide *p, unsigned n, uint32_t val)
{
    if (decodes(p, n)) {
        ata_control(&p->channel[n], (uint8_t)val);
    }
}

static uint32_t command_read_0(void *ctx, uint32_t off, unsigned size)
{
    return command_read(ctx, 0, off, size);
}

static uint32_t command_read_1(void *ctx, uint32_t off, unsigned size)
{
    return command_read(ctx, 1, off, size);
}

static void command_write_0(void *ctx, uint32_t off, uint32_t val, unsigned size)
{
    command_write(ctx, 0, off, val, size);
}

static void command_write_1(void *ctx, uint32_t off, uint32_t val, unsigned size)
{
    command_write(ctx, 1, off, val, size);
}

static uint32_t control_read_0(void *ctx, uint32_t off, unsigned size)
{
    (void)off;
    (void)size;
    return control_read(ctx, 0);
}

static uint32_t control_read_1(void *ctx, uint32_t off, unsigned size)
{
    (void)off;
    (void)size;
    return control_read(ctx, 1);
}

static void control_write_0(void *ctx, uint32_t off, uint32_t val, unsigned size)
{
    (void)off;
    (void)size;
    control_write(ctx, 0, val);
}

static void control_write_1(void *ctx, uint32_t off, uint32_t val, unsigned size)
{
    (void)off;
    (void)size;
    control_write(ctx, 1, val);
}

static const struct ports piix3_ide_ports[] = {
    {0x1F0, 8, {command_read_0, command_write_0, 4}},
    {0x170, 8, {command_read_1, command_write_1, 4}},
    {0x3F6, 1, {control_read_0, control_write_0, 1}},
    {0x376, 1, {control_read_1, control_write_1, 1}},
    {0},
};

static const struct ports bmi_ports[] = {
    {0, 16, {bmi_read, bmi_write, 1}},
    {0},
};

/* --- creation, reset --------------------------------------------------------------------- */

/* Setting PCICMD's bus master bit lets a started transfer go on. */
static void config_written(void *ctx, uint8_t reg, unsigned size)
{
    struct piix3_ide *p = ctx;
    (void)size;
    if (reg <= PCI_COMMAND + 1) {
        for (unsigned n = 0; n < CHANNELS; n++) {
            ata_dma_kick(&p->channel[n]);
        }
    }
}

static int piix3_ide_init(struct device *dev, struct error *err)
{
    static const char *const names[CHANNELS] = {"ata0", "ata1"};
    struct piix3_ide *p = (struct piix3_ide *)dev;
    struct pci_function *f = &p->fn;
    p->irq[0] = dev->irq;
    p->irq[1] = board_irq(dev->board, IRQ_SECONDARY);
    for (unsigned n = 0; n < CHANNELS; n++) {
        struct ata_dma dma = {p, n, dma_ready, dma_to_memory, dma_from_memory};
        ata_init(&p->channel[n], dev->board, names[n], DRIVE_HDA + ATA_DEVICES * n,
                 (struct wire){intrq, p, n}, dma);
    }
    pci_function_init(f, "piix3_ide", 0x8086, 0x7010, 0x00, 0x010180);
    f->written = config_written;
    f->ctx = p;
    pci_register(f, PCI_COMMAND, 2, 0x0000, PCI_COMMAND_IO | PCI_COMMAND_MASTER);
    pci_register(f, PCI_STATUS, 2, 0x0280, 0);
    f->clears[PCI_STATUS + 1] = 0x38; /* aborts */
    pci_register(f, PCI_LATENCY, 1, 0x00, 0xF0);
    pci_register(f, IDETIM, 4, 0, 0xF3FFF3FF);
    pci_register(f, SIDETIM, 1, 0, 0xFF);
    pci_bar_ports(f, BMIBA, 16, bmi_ports, p);
    return pci_attach(dev->board, PCI_DEVFN(1, 1), f, err);
}

static void piix3_ide_reset(struct device *dev, enum reset how)
{
    struct piix3_ide *p = (struct piix3_ide *)dev;
    pci_function_reset(&p->fn);
    for (unsigned n = 0; n < CHANNELS; n++) {
        ata_reset(&p->channel[n], how);
        p->master[n] = (struct bus_master){0};
    }
}

static void piix3_ide_info(struct device *dev, struct text *out)
{
    const struct piix3_ide *p = (const struct piix3_ide *)dev;
    for (unsigned n = 0; n < CHANNELS; n++) {
        const struct bus_master *bm = &p->master[n];
        text_add(out, "%s channel%s: BMIC %02x BMIS %02x table %08x\n",
                 n ? "secondary" : "primary", decodes(p, n) ? "" : " (off)", bm->command,
                 bm->status, (unsigned)bm->table);
        ata_info(&p->channel[n], out);
    }
}

const struct device_class piix3_ide_class = {
    .name = "piix3_ide",
    .size = sizeof(struct piix3_ide),
    .state = &piix3_ide_schema,
    .ports = piix3_ide_ports,
    .init = piix3_ide_init,
    .reset = piix3_ide_reset,
    .info = piix3_ide_info,
};
