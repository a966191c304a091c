/* piix4_pm.c -- Intel 82371AB (PIIX4), function 3: power management and SMBus, at 00:01.3
 * beside a PIIX3, as QEMU's board has it; and the board's general purpose events.
 *
 * Configuration space (ds 7.1): RESET# value, then what can be changed
 *   00h  8086h  02h 7113h  04h PCICMD bit 0 IOSE: opens the SMBus ports  06h PCISTS 0280h
 *   08h  rev 03h           09h class 068000h      3Ch INTLN (the firmware's)  3Dh INTPN 01h
 *   40h  PMBA 15:6         44h-7Fh activity counters, device activity and resources: stored
 *        58h DEVACTB bit 25 APMC_EN is 1 after RESET#: the firmware takes SMM as set up
 *        5Fh bit 7, 67h bits 3 and 7: LPT, COM1, COM2 are there. A real BIOS sets these; this
 *        board's expects them (its DSDT reads them), so RESET# sets what ports are decoded
 *   80h  PMREGMISC bit 0 PMIOSE: opens the ports at PMBA
 *   90h  SMBBA 15:4        D2h SMBHSTCFG bit 0 opens the SMBus host  D3h-D5h slave  D6h rev 00h
 *
 * Ports at PMBA (ds 7.2), any width:
 *   00h  PMSTS   0 TMROF: bit 23 of the timer changed   5 GBL   8 PWRBTN   10 RTC   15 RSM;
 *                write 1 to clear
 *   02h  PMEN    0 TMROF   5 GBL   8 PWRBTN   10 RTC
 *   04h  PMCNTRL 0 SCI_EN   1 BRLD_EN_BM   12:10 SUS_TYP   13 SUS_EN (write only): 0 soft off
 *   08h  PMTMR   24 bits, 3.579545 MHz; read only, from 0 at RESET#
 *   0Ch  GPSTS   0Eh GPEN   10h PCNTRL   14h PLVL2   15h PLVL3   18h GLBSTS   1Ch DEVSTS
 *   20h  GLBEN   28h GLBCTL   2Ch DEVCTL   30h GPIREG   34h GPOREG 7FFFBFFFh
 * Ports at SMBBA (ds 7.3): 0 SMBHSTSTS (1-4 write 1 to clear)  1 SMBSLVSTS  2 SMBHSTCNT 6 START
 *   3 command  4 address  5-6 data  7 block data  8-Dh slave. No slave is on the bus: each
 * START ends at once with DEV_ERR. B2h  APMC  and B3h APMS, both read and written; F1h to APMC
 * sets SCI_EN, F0h clears it, which is what the firmware's SMI handler would do AFE0h GPE0
 * status and enable, 16 bits each (QEMU's board): nothing raises one AE00h-AE0Fh  PCI hot-plug
 * (QEMU's board): no slot has been filled, emptied or can be ejected
 *
 * Lines: SCI, level, on IRQ 9 = SCI_EN and any event whose status and enable are both 1.
 * Power button in (piix4_pm_button). S5 to the machine. Clock: 14.31818 MHz / 4, virtual.
 *
 * NOT IMPLEMENTED: SMM and all sources of SMI# (enables are stored); states between S0 and S5:
 * SUS_TYP 1 to 7 wakes at once, with RSM_STS set; clock control: PLVL2 and PLVL3 read 0 and do
 * not wait; RTC_STS by IRQ 8; four seconds of the power button; general purpose inputs (read 0)
 * and outputs; the SMBus interrupt and slave port; IDE, audio and other device monitors.
 * References: 82371AB ds 290562 chapters 7 and 11; ACPI 1.0b section 4.7; QEMU's
 * docs/specs/acpi_pci_hotplug.
 */
#include "devices/chips.h"
#include "devices/pci.h"
#include "devices/piix4_pm.h"

enum { DEVFN = PCI_DEVFN(1, 3), PMBA = 0x40, PMREGMISC = 0x80, SMBBA = 0x90, SMBHSTCFG = 0xD2 };
enum { PM_PORTS = 64, SMB_PORTS = 16 };
enum { PM_HZ = 3579545, TMR_MASK = 0xFFFFFF, TMR_HALF_SHIFT = 23 };
enum pm_event {
    TMROF = 0x0001,
    GBL = 0x0020,
    PWRBTN = 0x0100,
    RTC = 0x0400,
    RSM = 0x8000,
    PM_EVENTS = TMROF | GBL | PWRBTN | RTC,
};
enum { PMSTS = 0x00, PMEN = 0x02, PMCNTRL = 0x04, PMTMR = 0x08, PM_STORED = 0x0C };
enum { SCI_EN = 0x0001, SUS_TYP_SHIFT = 10, SUS_EN = 0x2000, PMCNTRL_BITS = 0x1C03 };
enum { SUS_SOFT_OFF = 0 };
enum { APMC_ACPI_ON = 0xF1, APMC_ACPI_OFF = 0xF0 };
enum { SMB_STATUS, SMB_SLAVE_STATUS, SMB_CONTROL, SMB_BLOCK = 7, SMB_LAST = 0x0D };
enum { SMB_DEV_ERR = 0x04, SMB_FAILED = 0x10, SMB_KILL = 0x02, SMB_START = 0x40 };

struct piix4_pm {
    struct device dev;
    struct pci_function fn;
    struct event overflow; /* bit 23 changes while TMROF_EN waits for it */
    uint64_t tmr_zero;     /* cycle of PM_HZ at which the timer was 0 */
    uint64_t tmr_halves;   /* changes of bit 23 when TMROF_STS was last cleared */
    uint16_t status;       /* PMSTS without TMROF */
    uint16_t enable;
    uint16_t control;
    uint16_t gpe_status, gpe_enable;
    uint8_t apm_control, apm_status;
    bool sci;
    uint8_t stored[PM_PORTS]; /* registers from PM_STORED up */
    uint8_t smb[SMB_PORTS];
};

static const struct field piix4_pm_fields[] = {
    DERIVED(struct piix4_pm, dev),
    FIELD_S(struct piix4_pm, fn, &pci_function_schema, struct pci_function),
    FIELD_EVENT(struct piix4_pm, overflow),
    FIELD(struct piix4_pm, tmr_zero),
    FIELD(struct piix4_pm, tmr_halves),
    FIELD(struct piix4_pm, status),
    FIELD(struct piix4_pm, enable),
    FIELD(struct piix4_pm, control),
    FIELD(struct piix4_pm, gpe_status),
    FIELD(struct piix4_pm, gpe_enable),
    FIELD(struct piix4_pm, apm_control),
    FIELD(struct piix4_pm, apm_status),
    FIELD(struct piix4_pm, sci),
    FIELD_A(struct piix4_pm, stored),
    FIELD_A(struct piix4_pm, smb),
    FIELDS_END,
};
static const struct schema piix4_pm_schema = {"piix4_pm", sizeof(struct piix4_pm), 1,
                                              1,          piix4_pm_fields,         NULL};

/* The bits of the stored registers that can be changed, little-endian from PM_STORED up. */
static const uint8_t pm_writable[PM_PORTS] = {
    [0x0E] = 0x01, [0x0F] = 0x0F,                               /* GPEN */
    [0x10] = 0x1E, [0x11] = 0x3E, [0x12] = 0x02,                /* PCNTRL */
    [0x20] = 0xFF, [0x21] = 0x8F,                               /* GLBEN */
    [0x28] = 0xFF, [0x29] = 0xFF, [0x2A] = 0xFF, [0x2B] = 0x07, /* GLBCTL */
    [0x2C] = 0xFF, [0x2D] = 0xFF, [0x2E] = 0xFF, [0x2F] = 0x0F, /* DEVCTL */
    [0x34] = 0xFF, [0x35] = 0xFF, [0x36] = 0xFF, [0x37] = 0x7F, /* GPOREG */
};

/* ---- timer and interrupt */

static uint64_t timer(const struct piix4_pm *c)
{
    return clock_cycles(&c->dev.board->clock, PM_HZ) - c->tmr_zero;
}

static uint16_t pm_status(const struct piix4_pm *c)
{
    bool over = timer(c) >> TMR_HALF_SHIFT != c->tmr_halves;
    return (uint16_t)(c->status | (over ? TMROF : 0));
}

/* Drives SCI, and waits for the timer if that can change it. */
static void update(struct piix4_pm *c)
{
    struct clock *ck = &c->dev.board->clock;
    uint16_t status = pm_status(c);
    bool acpi = c->control & SCI_EN;
    bool level = acpi && ((status & c->enable & PM_EVENTS) || (c->gpe_status & c->gpe_enable));
    if (level != c->sci) {
        c->sci = level;
        wire_set(&c->dev.irq, level);
    }
    if (acpi && (c->enable & TMROF) && !(status & TMROF)) {
        uint64_t next = c->tmr_zero + ((c->tmr_halves + 1) << TMR_HALF_SHIFT);
        uint64_t when = clock_tick_of(ck, next, PM_HZ);
        clock_at(ck, &c->overflow, when > ck->now ? when : ck->now + 1);
    } else {
        clock_cancel(ck, &c->overflow);
    }
}

static void overflow_due(void *ctx, uint64_t when)
{
    (void)when;
    update(ctx);
}

void piix4_pm_button(struct device *dev)
{
    struct piix4_pm *c = (struct piix4_pm *)dev;
    c->status |= PWRBTN;
    update(c);
}

/* ---- ports at PMBA, a byte at a time */

static uint8_t byte_of(uint32_t val, uint32_t off)
{
    return (uint8_t)(val >> 8 * (off & 3));
}

static uint32_t pm_read(void *ctx, uint32_t off, unsigned size)
{
    const struct piix4_pm *c = ctx;
    (void)size;
    switch (off & ~3u) {
    case PMSTS: return byte_of(pm_status(c) | (uint32_t)c->enable << 16, off);
    case PMCNTRL: return byte_of(c->control, off);
    case PMTMR: return byte_of((uint32_t)timer(c) & TMR_MASK, off);
    default: return c->stored[off % PM_PORTS];
    }
}

/* SUS_EN: leave S0. */
static void suspend(struct piix4_pm *c)
{
    struct board *b = c->dev.board;
    if ((c->control >> SUS_TYP_SHIFT & 7) == SUS_SOFT_OFF) {
        board_power(b, POWER_OFF, 0);
    } else {
        note(&b->notes, NOTE_piix4_pm_suspend);
        c->status |= RSM;
    }
}

static uint16_t replace_byte(uint16_t old, unsigned high, uint8_t val)
{
    return (uint16_t)(high ? (old & 0x00FF) | val << 8 : (old & 0xFF00) | val);
}

static void pm_write(void *ctx, uint32_t off, uint32_t val32, unsigned size)
{
    struct piix4_pm *c = ctx;
    uint8_t val = (uint8_t)val32;
    uint16_t wide = (uint16_t)(val << 8 * (off & 1));
    (void)size;
    switch (off & ~1u) {
    case PMSTS:
        c->status &= (uint16_t)~wide;
        if (wide & TMROF) {
            c->tmr_halves = timer(c) >> TMR_HALF_SHIFT;
        }
        break;
    case PMEN: c->enable = replace_byte(c->enable, off & 1, val) & PM_EVENTS; break;
    case PMCNTRL:
        c->control = replace_byte(c->control, off & 1, val) & PMCNTRL_BITS;
        if (wide & SUS_EN) {
            suspend(c);
        }
        break;
    default: {
        uint8_t *byte = &c->stored[off % PM_PORTS];
        uint8_t mask = pm_writable[off % PM_PORTS];
        *byte = (uint8_t)((*byte & ~mask) | (val & mask));
        return;
    }
    }
    update(c);
}

static const struct ports pm_ports[] = {
    {0, PM_PORTS, {pm_read, pm_write, 1}},
    {0, 0, {NULL, NULL, 0}},
};

/* ---- ports at SMBBA: a host controller, and nobody to talk to */

static uint32_t smb_read(void *ctx, uint32_t off, unsigned size)
{
    const struct piix4_pm *c = ctx;
    (void)size;
    return c->smb[off % SMB_PORTS];
}

static void smb_write(void *ctx, uint32_t off, uint32_t val, unsigned size)
{
    struct piix4_pm *c = ctx;
    (void)size;
    off %= SMB_PORTS;
    if (off == SMB_STATUS || off == SMB_SLAVE_STATUS) {
        c->smb[off] &= (uint8_t)~val;
    } else if (off == SMB_CONTROL) {
        c->smb[off] = val & 0x1D;
        if (val & SMB_KILL) {
            c->smb[SMB_STATUS] |= SMB_FAILED;
        } else if (val & SMB_START) {
            c->smb[SMB_STATUS] |= SMB_DEV_ERR; /* no slave acknowledges its address */
        }
    } else if (off != SMB_BLOCK && off <= SMB_LAST) {
        c->smb[off] = (uint8_t)val;
    }
}

static const struct ports smb_ports[] = {
    {0, SMB_PORTS, {smb_read, smb_write, 1}},
    {0, 0, {NULL, NULL, 0}},
};

/* ---- fixed ports */

static uint32_t apm_read(void *ctx, uint32_t off, unsigned size)
{
    const struct piix4_pm *c = ctx;
    (void)size;
    return off ? c->apm_status : c->apm_control;
}

static void apm_write(void *ctx, uint32_t off, uint32_t val, unsigned size)
{
    struct piix4_pm *c = ctx;
    (void)size;
    if (off) {
        c->apm_status = (uint8_t)val;
        return;
    }
    c->apm_control = (uint8_t)val;
    if (val == APMC_ACPI_ON) {
        c->control |= SCI_EN;
    } else if (val == APMC_ACPI_OFF) {
        c->control &= (uint16_t)~SCI_EN;
    }
    update(c);
}

static uint32_t gpe_read(void *ctx, uint32_t off, unsigned size)
{
    const struct piix4_pm *c = ctx;
    (void)size;
    return byte_of(c->gpe_status | (uint32_t)c->gpe_enable << 16, off);
}

static void gpe_write(void *ctx, uint32_t off, uint32_t val, unsigned size)
{
    struct piix4_pm *c = ctx;
    (void)size;
    if (off < 2) {
        c->gpe_status &= (uint16_t) ~(val << 8 * off);
    } else {
        c->gpe_enable = replace_byte(c->gpe_enable, off & 1, (uint8_t)val);
    }
    update(c);
}

static uint32_t hotplug_read(void *ctx, uint32_t off, unsigned size)
{
    (void)ctx, (void)off, (void)size;
    return 0;
}

static const struct ports piix4_pm_ports[] = {
    {0x00B2, 2, {apm_read, apm_write, 1}},
    {0xAFE0, 4, {gpe_read, gpe_write, 1}},
    {0xAE00, 16, {hotplug_read, NULL, 4}},
    {0, 0, {NULL, NULL, 0}},
};

/* ---- life */

static void describe(struct piix4_pm *c)
{
    struct pci_function *f = &c->fn;
    pci_register(f, PCI_COMMAND, 2, 0x0000, PCI_COMMAND_IO);
    pci_register(f, PCI_STATUS, 2, 0x0280, 0);
    pci_register(f, PCI_INT_LINE, 1, 0x00, 0xFF);
    pci_register(f, PCI_INT_PIN, 1, 0x01, 0);
    for (unsigned reg = 0x44; reg < PMREGMISC; reg += 4) {
        pci_register(f, (uint8_t)reg, 4, 0, UINT32_MAX);
    }
    pci_register(f, 0x58, 4, 0x02000000, UINT32_MAX); /* DEVACTB */
    pci_register(f, PMREGMISC, 1, 0x00, 0x01);
    pci_register(f, SMBHSTCFG, 4, 0x00000000, 0x00FFFF0F);
    pci_window_ports(f, 0, PMBA, PM_PORTS, 0, PMREGMISC, 1, pm_ports, c);
    pci_window_ports(f, 1, SMBBA, SMB_PORTS, PCI_COMMAND_IO, SMBHSTCFG, 1, smb_ports, c);
}

static int piix4_pm_init(struct device *dev, struct error *err)
{
    struct piix4_pm *c = (struct piix4_pm *)dev;
    pci_function_init(&c->fn, "piix4_pm", 0x8086, 0x7113, 0x03, 0x068000);
    describe(c);
    event_init(&dev->board->clock, &c->overflow, "piix4_pm overflow", overflow_due, c);
    return pci_attach(dev->board, DEVFN, &c->fn, err);
}

/* What the DSDT asks for: are there serial and parallel ports? */
static void show_isa_devices(struct piix4_pm *c)
{
    enum { LPT = 0x378, COM1 = 0x3F8, COM2 = 0x2F8 };
    const struct bus *bus = &c->dev.board->bus;
    c->fn.config[0x5F] |= bus_is_free(bus, LPT, 1) ? 0 : 0x80;
    c->fn.config[0x67] |= bus_is_free(bus, COM1, 1) ? 0 : 0x08;
    c->fn.config[0x67] |= bus_is_free(bus, COM2, 1) ? 0 : 0x80;
}

static void piix4_pm_reset(struct device *dev, enum reset how)
{
    struct piix4_pm *c = (struct piix4_pm *)dev;
    (void)how;
    pci_function_reset(&c->fn);
    show_isa_devices(c);
    c->tmr_zero = clock_cycles(&dev->board->clock, PM_HZ);
    c->tmr_halves = 0;
    c->status = c->enable = c->control = 0;
    c->gpe_status = c->gpe_enable = 0;
    c->apm_control = c->apm_status = 0;
    for (unsigned i = 0; i < PM_PORTS; i++) {
        c->stored[i] = 0;
    }
    store_le32(c->stored + 0x34, 0x7FFFBFFF);
    for (unsigned i = 0; i < SMB_PORTS; i++) {
        c->smb[i] = 0;
    }
    update(c);
}

static void piix4_pm_retime(struct device *dev)
{
    update((struct piix4_pm *)dev);
}

static void piix4_pm_info(struct device *dev, struct text *out)
{
    const struct piix4_pm *c = (const struct piix4_pm *)dev;
    text_add(out, "PMSTS %04x PMEN %04x PMCNTRL %04x PMTMR %06x SCI %s\n", pm_status(c),
             c->enable, c->control, (unsigned)(timer(c) & TMR_MASK), c->sci ? "high" : "low");
    text_add(out, "GPE0 status %04x enable %04x, APMC %02x APMS %02x\n", c->gpe_status,
             c->gpe_enable, c->apm_control, c->apm_status);
}

const struct device_class piix4_pm_class = {
    .name = "piix4_pm",
    .size = sizeof(struct piix4_pm),
    .state = &piix4_pm_schema,
    .ports = piix4_pm_ports,
    .init = piix4_pm_init,
    .reset = piix4_pm_reset,
    .retime = piix4_pm_retime,
    .info = piix4_pm_info,
};
