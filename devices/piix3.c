/* piix3.c -- Intel 82371SB (PIIX3), function 0: the PCI to ISA bridge and interrupt router.
 *
 * Configuration space of 00:01.0 (ds 2.2); RESET# value, then the bits that can be changed:
 *   00h  8086h  02h 7000h  04h PCICMD 0007h (bits 2:0 are hardwired; 3 special cycles)
 *   06h  PCISTS 0200h  08h rev 00h  09h class 060100h  0Eh HEDT 80h: more functions follow
 *   4Ch  IORT 4Dh      4Eh XBCS 0003h
 *   60h-63h  PIRQRC[A:D] 80h: 7 routing disabled, 3:0 the IRQ (3-7, 9-12, 14, 15)
 *   69h  TOM 02h   6Ah MSTAT   70h MBIRQ0 80h   76h MBDMA0 0Ch   77h MBDMA1 0Ch   78h PCSC
 * 0002h 80h  APICBASE  82h DLC  A0h SMICNTL 08h  A2h SMIEN  A4h SEE  A8h FTMR 0Fh  AAh SMIREQ
 *   ACh  CTLTMR    AEh CTHTMR
 *
 * Lines: PIRQA# to PIRQD# in, from pci_irq(); each goes to the IRQ in its PIRQRC, where it is
 * ORed with whatever else drives that request. A line is asserted while any device asserts it.
 * The request is to be level-triggered: the ELCR (4D0h, in i8259.c) says so. Clock: none.
 * The PIIX3's other parts are chips of their own here: i8237, i8254, i8259, port92, and the
 * reset control register CF9h (i440fx.c).
 *
 * NOT IMPLEMENTED: the registers outside 60h-63h are stored and have no effect (recovery times,
 * X-bus chip selects, positive decode, motherboard DMA and IRQ, SMI generation, clock
 * throttling); the USB function. Reserved IRQ numbers (0, 1, 2, 8, 13) route to nowhere.
 * References: 82371SB (PIIX3) ds 290550 sections 2.2 and 3.5.
 */
#include "devices/chips.h"
#include "devices/pci.h"

enum { DEVFN = PCI_DEVFN(1, 0), PIRQRC = 0x60, PIRQS = 4 };
enum { PIRQRC_OFF = 0x80, PIRQRC_IRQ = 0x0F };
enum { ROUTABLE = 0xDEF8 }; /* IRQ 3-7, 9-12, 14, 15 */

struct piix3 {
    struct device dev;
    struct pci_function fn;
    struct wire out[16];          /* to the request lines; all of one source number */
    uint64_t pirq_sources[PIRQS]; /* who asserts the line: bit n is the n-th pci_irq() */
};

static const struct field piix3_fields[] = {
    DERIVED(struct piix3, dev),
    FIELD_S(struct piix3, fn, &pci_function_schema, struct pci_function),
    DERIVED(struct piix3, out),
    FIELD_A(struct piix3, pirq_sources),
    FIELDS_END,
};
static const struct schema piix3_schema = {"piix3", sizeof(struct piix3), 1,
                                           1,       piix3_fields,         NULL};

/* Drives all request lines as the pins and PIRQRC say. */
static void route(struct piix3 *c)
{
    unsigned high = 0;
    for (unsigned line = 0; line < PIRQS; line++) {
        uint8_t to = c->fn.config[PIRQRC + line];
        if (c->pirq_sources[line] && !(to & PIRQRC_OFF)) {
            high |= 1u << (to & PIRQRC_IRQ);
        }
    }
    for (unsigned irq = 0; irq < ARRAY_LEN(c->out); irq++) {
        if (ROUTABLE >> irq & 1) {
            wire_set(&c->out[irq], high >> irq & 1);
        }
    }
}

static void pirq_set(void *ctx, unsigned n, bool level)
{
    struct piix3 *c = ctx;
    uint64_t *sources = &c->pirq_sources[n & (PIRQS - 1)];
    uint64_t source = UINT64_C(1) << (n >> IRQ_SOURCE_SHIFT & (IRQ_SOURCES - 1));
    bool before = *sources != 0;
    *sources = level ? *sources | source : *sources & ~source;
    if ((*sources != 0) != before) {
        route(c);
    }
}

static void config_written(void *ctx, uint8_t reg, unsigned size)
{
    if (reg < PIRQRC + PIRQS && reg + size > PIRQRC) {
        route(ctx);
    }
}

static void describe(struct pci_function *f)
{
    pci_register(f, PCI_COMMAND, 2, 0x0007, 0x0008);
    pci_register(f, PCI_STATUS, 2, 0x0200, 0);
    f->clears[PCI_STATUS + 1] = 0x38; /* target and master aborts: nothing here sets them */
    pci_register(f, PCI_HEADER, 1, 0x80, 0);
    pci_register(f, 0x4C, 1, 0x4D, 0xFF);
    pci_register(f, 0x4E, 2, 0x0003, 0x03FF);
    pci_register(f, PIRQRC, 4, 0x80808080, 0x8F8F8F8F);
    pci_register(f, 0x69, 1, 0x02, 0xFE);
    pci_register(f, 0x6A, 2, 0x0000, 0x8080);
    pci_register(f, 0x70, 1, 0x80, 0xEF);
    pci_register(f, 0x76, 2, 0x0C0C, 0x8F8F);
    pci_register(f, 0x78, 2, 0x0002, 0xFFFF);
    pci_register(f, 0x80, 1, 0x00, 0x7F);
    pci_register(f, 0x82, 1, 0x00, 0x0F);
    pci_register(f, 0xA0, 1, 0x08, 0x1F);
    pci_register(f, 0xA2, 2, 0x0000, 0x00FF);
    pci_register(f, 0xA4, 4, 0x00000000, UINT32_MAX);
    pci_register(f, 0xA8, 1, 0x0F, 0xFF);
    pci_register(f, 0xAA, 2, 0x0000, 0);
    pci_register(f, 0xAC, 1, 0x00, 0xFF);
    pci_register(f, 0xAE, 1, 0x00, 0xFF);
}

static int piix3_init(struct device *dev, struct error *err)
{
    struct piix3 *c = (struct piix3 *)dev;
    struct board *b = dev->board;
    pci_function_init(&c->fn, "piix3", 0x8086, 0x7000, 0x00, 0x060100);
    describe(&c->fn);
    c->fn.written = config_written;
    c->fn.ctx = c;
    if (pci_attach(b, DEVFN, &c->fn, err) != 0) {
        return -1;
    }
    unsigned source = board_irq(b, 0).n & ~15u;
    for (unsigned irq = 0; irq < ARRAY_LEN(c->out); irq++) {
        c->out[irq] = b->irq_line[irq];
        c->out[irq].n |= source;
    }
    for (unsigned line = 0; line < PIRQS; line++) {
        b->pci->pirq[line] = (struct wire){pirq_set, c, line};
    }
    return 0;
}

/* The devices take their requests back themselves. */
static void piix3_reset(struct device *dev, enum reset how)
{
    struct piix3 *c = (struct piix3 *)dev;
    (void)how;
    pci_function_reset(&c->fn);
    route(c);
}

static void piix3_info(struct device *dev, struct text *out)
{
    const struct piix3 *c = (const struct piix3 *)dev;
    for (unsigned line = 0; line < PIRQS; line++) {
        uint8_t to = c->fn.config[PIRQRC + line];
        text_add(out, "PIRQ%c# %s, ", (int)('A' + line),
                 c->pirq_sources[line] ? "asserted" : "idle");
        if (to & PIRQRC_OFF) {
            text_add(out, "not routed\n");
        } else {
            text_add(out, "to IRQ %u\n", to & PIRQRC_IRQ);
        }
    }
}

const struct device_class piix3_class = {
    .name = "piix3",
    .size = sizeof(struct piix3),
    .state = &piix3_schema,
    .init = piix3_init,
    .reset = piix3_reset,
    .info = piix3_info,
};
