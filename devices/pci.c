/* pci.c -- configuration space as tables of bytes: value, writable bits, bits cleared by
 * writing. */
#include "devices/pci.h"

#include <string.h>

static const struct field pci_function_fields[] = {
    FIELD_A(struct pci_function, config),
    DERIVED(struct pci_function, initial),
    DERIVED(struct pci_function, writable),
    DERIVED(struct pci_function, clears),
    DERIVED(struct pci_function, written),
    DERIVED(struct pci_function, ctx),
    DERIVED(struct pci_function, name),
    DERIVED(struct pci_function, bar),
    FIELDS_END,
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
    FIELD(struct pci_bus, address),
    DERIVED(struct pci_bus, function),
    FIELDS_END,
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
    return 0;
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
