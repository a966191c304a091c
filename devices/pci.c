/* pci.c -- configuration space as tables of bytes (value, writable bits, bits cleared by
 * writing), and what its base address registers open in the address spaces.
 *
 * pci_map() compares what the registers ask for with what it saw the last time. When that
 * differs, all windows of the kind (ports, memory) are closed and opened again in order, so
 * that who wins does not depend on who came first. Memory is left alone while nothing about it
 * changed: each change of the page map costs the processor everything it has decoded.
 */
#include "devices/pci.h"

#include <string.h>

static const struct field pci_function_fields[] = {
    FIELD_A(struct pci_function, config),   DERIVED(struct pci_function, initial),
    DERIVED(struct pci_function, writable), DERIVED(struct pci_function, clears),
    DERIVED(struct pci_function, written),  DERIVED(struct pci_function, ctx),
    DERIVED(struct pci_function, name),     DERIVED(struct pci_function, bar),
    DERIVED(struct pci_function, decode),   FIELDS_END,
};
const struct schema pci_function_schema = {
    "pci_function", sizeof(struct pci_function), 1, 1, pci_function_fields, NULL};

/* CONFADD: enable, bus, device, function, register; the rest reads zero. */
enum { CONFADD_REGISTER = 0xFC, CONFADD_BUS = 0xFF0000 };
#define CONFADD_ENABLE   0x80000000u
#define CONFADD_WRITABLE 0x80FFFFFCu

static bool pci_bus_loaded(void *obj)
{
    const struct pci_bus *bus = obj;
    return (bus->address & ~CONFADD_WRITABLE) == 0;
}

static const struct field pci_bus_fields[] = {
    FIELD(struct pci_bus, address),       DERIVED(struct pci_bus, function),
    DERIVED(struct pci_bus, board),       DERIVED(struct pci_bus, pirq),
    DERIVED(struct pci_bus, irq_sources), FIELDS_END,
};
const struct schema pci_bus_schema = {"pci_bus", sizeof(struct pci_bus), 1,
                                      1,         pci_bus_fields,         pci_bus_loaded};

void pci_register(struct pci_function *f, uint8_t reg, unsigned size, uint32_t initial,
                  uint32_t writable)
{
    for (unsigned i = 0; i < size && reg + i < PCI_CONFIG_SIZE; i++) {
        f->initial[reg + i] = (uint8_t)(initial >> 8 * i);
        f->writable[reg + i] = (uint8_t)(writable >> 8 * i);
    }
}

void pci_function_init(struct pci_function *f, const char *name, uint16_t vendor,
                       uint16_t device, uint8_t revision, uint32_t class_code)
{
    memset(f, 0, sizeof *f);
    f->name = name;
    pci_register(f, PCI_VENDOR, 2, vendor, 0);
    pci_register(f, PCI_DEVICE, 2, device, 0);
    pci_register(f, PCI_REVISION, 1, revision, 0);
    pci_register(f, PCI_CLASS, 3, class_code, 0);
}

void pci_function_reset(struct pci_function *f)
{
    memcpy(f->config, f->initial, sizeof f->config);
}

/* ---- base address registers */

enum { BAR_IO = 1, BAR_PREFETCHABLE = 8, ROM_ENABLE = 1, MEMORY_FLOOR = 0x100000 };
enum bar_kind { BAR_PORTS, BAR_MEMORY };

static void bar_register(struct pci_function *f, unsigned n, const struct pci_bar *bar,
                         uint32_t type)
{
    f->bar[n] = *bar;
    pci_register(f, bar->reg, 4, type, ~(bar->size - 1));
}

static uint8_t bar_reg(unsigned n)
{
    return (uint8_t)(PCI_BAR0 + 4 * n);
}

void pci_bar_ports(struct pci_function *f, unsigned n, uint32_t size, const struct ports *ports,
                   void *ctx)
{
    struct pci_bar bar = {.size = size, .reg = bar_reg(n), .command = PCI_COMMAND_IO};
    bar.ports = ports;
    bar.ctx = ctx;
    bar_register(f, n, &bar, BAR_IO);
}

void pci_bar_ram(struct pci_function *f, unsigned n, struct ram *ram)
{
    struct pci_bar bar = {.size = (uint32_t)ram->size, .reg = bar_reg(n)};
    bar.command = PCI_COMMAND_MEMORY;
    bar.ram = ram;
    bar_register(f, n, &bar, BAR_PREFETCHABLE);
}

void pci_bar_mmio(struct pci_function *f, unsigned n, uint32_t size,
                  const struct region_ops *ops, void *ctx)
{
    struct pci_bar bar = {.size = size, .reg = bar_reg(n), .command = PCI_COMMAND_MEMORY};
    bar.ops = ops;
    bar.ctx = ctx;
    bar_register(f, n, &bar, 0);
}

void pci_bar_rom(struct pci_function *f, const uint8_t *bytes, uint32_t size)
{
    struct pci_bar bar = {.size = size, .reg = PCI_ROM, .command = PCI_COMMAND_MEMORY};
    bar.gate_reg = PCI_ROM;
    bar.gate = ROM_ENABLE;
    bar.rom = bytes;
    bar_register(f, PCI_BAR_ROM, &bar, 0);
    f->writable[PCI_ROM] |= ROM_ENABLE;
}

void pci_window_ports(struct pci_function *f, unsigned n, uint8_t reg, uint32_t size,
                      uint8_t command, uint8_t gate_reg, uint8_t gate,
                      const struct ports *ports, void *ctx)
{
    struct pci_bar bar = {size, reg, command, gate_reg, gate, ports, NULL, NULL, NULL, ctx};
    bar_register(f, PCI_WINDOW + n, &bar, BAR_IO);
    f->writable[reg + 2] = f->writable[reg + 3] = 0; /* the processor has 64 K ports */
}

static enum bar_kind kind_of(const struct pci_bar *bar)
{
    return bar->ports ? BAR_PORTS : BAR_MEMORY;
}

/* What the configuration says of a BAR. Bits below its size count for nothing, even if a
 * hostile save state has set them. */
static struct pci_decode asked(const struct pci_function *f, const struct pci_bar *bar)
{
    struct pci_decode d = {0, false, false};
    d.open = bar->size && (f->config[PCI_COMMAND] & bar->command) == bar->command &&
             (f->config[bar->gate_reg] & bar->gate) == bar->gate;
    if (d.open) {
        d.base = load_le32(f->config + bar->reg) & ~(bar->size - 1);
    }
    return d;
}

static void close_bar(struct board *b, const struct pci_bar *bar, struct pci_decode *d)
{
    if (d->mapped && bar->ports) {
        for (const struct ports *p = bar->ports; p->count; p++) {
            bus_unmap(&b->bus, bar->ctx, p);
        }
    } else if (d->mapped) {
        phys_unmap(b->phys, d->base, bar->size);
    }
    d->mapped = false;
}

static void open_ports(struct board *b, const struct pci_function *f, const struct pci_bar *bar,
                       struct pci_decode *d)
{
    if (!bus_is_free(&b->bus, d->base, bar->size)) {
        return;
    }
    for (const struct ports *p = bar->ports; p->count; p++) {
        /* The bus may be out of ranges (the board has far fewer): such ports stay nobody's. */
        (void)bus_map(&b->bus, f->name, bar->ctx, (uint16_t)d->base, p, NULL);
    }
    d->mapped = true;
}

static void open_memory(struct board *b, const struct pci_bar *bar, struct pci_decode *d)
{
    if (d->base < MEMORY_FLOOR || !phys_is_open(b->phys, d->base, bar->size)) {
        return;
    }
    if (bar->ram) {
        phys_map_ram(b->phys, d->base, bar->size, bar->ram, 0);
    } else if (bar->rom) {
        phys_map_rom(b->phys, d->base, bar->size, bar->rom);
    } else {
        phys_map_io(b->phys, d->base, bar->size, bar->ops, bar->ctx);
    }
    d->mapped = true;
}

/* Brings decode[] up to date with the configuration; closes what was open. */
static void close_all(struct board *b, enum bar_kind kind)
{
    for (unsigned devfn = 0; devfn < PCI_FUNCTIONS; devfn++) {
        struct pci_function *f = b->pci->function[devfn];
        for (unsigned n = 0; f && n < PCI_BARS; n++) {
            if (kind_of(&f->bar[n]) == kind) {
                close_bar(b, &f->bar[n], &f->decode[n]);
                f->decode[n] = asked(f, &f->bar[n]);
            }
        }
    }
}

static void open_all(struct board *b, enum bar_kind kind)
{
    for (unsigned devfn = 0; devfn < PCI_FUNCTIONS; devfn++) {
        struct pci_function *f = b->pci->function[devfn];
        for (unsigned n = 0; f && n < PCI_BARS; n++) {
            if (!f->decode[n].open || kind_of(&f->bar[n]) != kind) {
                continue;
            }
            if (kind == BAR_PORTS) {
                open_ports(b, f, &f->bar[n], &f->decode[n]);
            } else {
                open_memory(b, &f->bar[n], &f->decode[n]);
            }
        }
    }
}

void pci_map(struct board *b)
{
    bool changed[2] = {false, false}; /* by enum bar_kind */
    for (unsigned devfn = 0; devfn < PCI_FUNCTIONS; devfn++) {
        const struct pci_function *f = b->pci->function[devfn];
        for (unsigned n = 0; f && n < PCI_BARS; n++) {
            struct pci_decode now = asked(f, &f->bar[n]);
            if (now.open != f->decode[n].open || now.base != f->decode[n].base) {
                changed[kind_of(&f->bar[n])] = true;
            }
        }
    }
    for (enum bar_kind kind = BAR_PORTS; kind <= BAR_MEMORY; kind++) {
        if (changed[kind]) {
            close_all(b, kind);
            open_all(b, kind);
        }
    }
}

int pci_attach(struct board *b, unsigned devfn, struct pci_function *f, struct error *err)
{
    if (!b->pci) {
        return error_set(err, "%s: the board has no PCI bus", f->name);
    }
    if (devfn >= PCI_FUNCTIONS || b->pci->function[devfn]) {
        return error_set(err, "%s: PCI device %u function %u is taken", f->name, devfn >> 3,
                         devfn & 7);
    }
    b->pci->function[devfn] = f;
    b->pci->board = b;
    return 0;
}

struct wire pci_irq(struct board *b, unsigned devfn, unsigned pin)
{
    struct wire w = b->pci->pirq[((devfn >> 3) + pin + 2) & 3];
    w.n |= (b->pci->irq_sources++ & (IRQ_SOURCES - 1)) << IRQ_SOURCE_SHIFT;
    return w;
}

void pci_address_out(struct pci_bus *bus, uint32_t val)
{
    bus->address = val & CONFADD_WRITABLE;
}

/* The function that CONFADD selects. NULL: nobody claims the cycle (master abort: reads are all
 * ones), or CONFADD is disabled and the access was no configuration cycle at all. */
static struct pci_function *selected(const struct pci_bus *bus)
{
    if (!(bus->address & CONFADD_ENABLE) || (bus->address & CONFADD_BUS)) {
        return NULL;
    }
    return bus->function[bus->address >> 8 & 0xFF];
}

uint32_t pci_config_in(struct pci_bus *bus, unsigned off, unsigned size)
{
    const struct pci_function *f = selected(bus);
    if (!f) {
        return UINT32_MAX;
    }
    unsigned reg = (bus->address & CONFADD_REGISTER) + off;
    return load_le(f->config + reg, size);
}

void pci_config_out(struct pci_bus *bus, unsigned off, uint32_t val, unsigned size)
{
    struct pci_function *f = selected(bus);
    if (!f) {
        return;
    }
    unsigned reg = (bus->address & CONFADD_REGISTER) + off;
    for (unsigned i = 0; i < size; i++) {
        uint8_t *byte = &f->config[reg + i], mask = f->writable[reg + i];
        uint8_t v = (uint8_t)(val >> 8 * i);
        *byte = (uint8_t)((*byte & ~mask) | (v & mask));
        *byte &= (uint8_t) ~(v & f->clears[reg + i]);
    }
    if (f->written) {
        f->written(f->ctx, (uint8_t)reg, size);
    }
    pci_map(bus->board);
}

static void info_bars(const struct pci_function *f, struct text *out)
{
    for (unsigned n = 0; n < PCI_BARS; n++) {
        const struct pci_bar *bar = &f->bar[n];
        const struct pci_decode *d = &f->decode[n];
        if (!bar->size) {
            continue;
        }
        text_add(out, "  %02xh: %s ", bar->reg,
                 bar->ports ? "ports"
                 : bar->ram ? "memory, prefetchable"
                 : bar->rom ? "expansion rom"
                            : "memory");
        if (d->open) {
            text_add(out, "at %08x-%08x%s\n", (unsigned)d->base,
                     (unsigned)(d->base + (bar->size - 1)),
                     d->mapped ? "" : ", hidden behind something else");
        } else {
            text_add(out, "of %xh, not decoded\n", (unsigned)bar->size);
        }
    }
}

void pci_info_memory(const struct pci_bus *bus, struct text *out)
{
    for (unsigned devfn = 0; devfn < PCI_FUNCTIONS; devfn++) {
        const struct pci_function *f = bus->function[devfn];
        for (unsigned n = 0; f && n < PCI_BARS; n++) {
            const struct pci_bar *bar = &f->bar[n];
            const struct pci_decode *d = &f->decode[n];
            if (bar->size && !bar->ports && d->mapped) {
                text_add(out, "  %08x-%08x %s, by pci\n", (unsigned)d->base,
                         (unsigned)(d->base + (bar->size - 1)), f->name);
            }
        }
    }
}

void pci_info(const struct pci_bus *bus, struct text *out)
{
    for (unsigned devfn = 0; devfn < PCI_FUNCTIONS; devfn++) {
        const struct pci_function *f = bus->function[devfn];
        if (!f) {
            continue;
        }
        const uint8_t *c = f->config;
        text_add(out, "00:%02x.%u %s %04x:%04x rev %u class %02x%02x%02x subsystem %04x:%04x\n",
                 devfn >> 3, devfn & 7, f->name, load_le16(c + PCI_VENDOR),
                 load_le16(c + PCI_DEVICE), c[PCI_REVISION], c[PCI_CLASS + 2], c[PCI_CLASS + 1],
                 c[PCI_CLASS], load_le16(c + PCI_SUBSYSTEM_VENDOR),
                 load_le16(c + PCI_SUBSYSTEM));
        info_bars(f, out);
        for (unsigned row = 0; row < PCI_CONFIG_SIZE; row += 16) {
            text_add(out, "  %02x:", row);
            for (unsigned i = 0; i < 16; i++) {
                text_add(out, " %02x", c[row + i]);
            }
            text_add(out, "\n");
        }
    }
    text_add(out, "CONFADD %08x\n", (unsigned)bus->address);
}
