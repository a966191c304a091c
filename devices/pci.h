/* devices/pci.h -- PCI bus 0: configuration mechanism 1 and the functions' configuration space.
 *
 * Owner of: the address register at CF8h and who answers at which device and function number.
 * The host bridge embeds the bus and serves the ports; every PCI chip embeds one struct
 * pci_function a function, describes its registers once, at init (reset value, writable bits),
 * and hears of writes after they have been stored. (PCI 2.1 chapter 6, section 3.7.4.1.)
 */
#ifndef TERRAPIN_DEVICES_PCI_H
#define TERRAPIN_DEVICES_PCI_H

#include "devices/device.h"

/* Offsets of the common header (PCI 2.1 6.1). */
enum {
    PCI_VENDOR = 0x00,
    PCI_DEVICE = 0x02,
    PCI_COMMAND = 0x04,
    PCI_STATUS = 0x06,
    PCI_REVISION = 0x08,
    PCI_CLASS = 0x09, /* interface, subclass, base class */
    PCI_LATENCY = 0x0D,
    PCI_HEADER = 0x0E,
    PCI_BAR0 = 0x10, /* … 24h: base address registers */
    PCI_SUBSYSTEM_VENDOR = 0x2C,
    PCI_SUBSYSTEM = 0x2E,
    PCI_ROM = 0x30, /* expansion ROM base address */
    PCI_INT_LINE = 0x3C,
    PCI_INT_PIN = 0x3D,
};
enum pci_command { PCI_COMMAND_IO = 1, PCI_COMMAND_MEMORY = 2, PCI_COMMAND_MASTER = 4 };
enum { PCI_CONFIG_SIZE = 256, PCI_FUNCTIONS = 256 };
/* A function's windows into the address spaces: BARs 0 to 5, the expansion ROM, and two whose
 * base address register is not in the common header. */
enum { PCI_BAR_ROM = 6, PCI_WINDOW = 7, PCI_BARS = 9 };
#define PCI_DEVFN(dev, fn) ((dev) << 3 | (fn))

/* What stands behind a base address register; exactly one of ports, ram, ops and rom. */
struct pci_bar {
    uint32_t size;             /* 0: no such BAR. A power of two; memory: at least 4 KiB */
    uint8_t reg;               /* of the base address, 32 bits */
    uint8_t command;           /* the bit of COMMAND that opens it, 0: none; and … */
    uint8_t gate_reg, gate;    /* … these bits of this register, all of them */
    const struct ports *ports; /* I/O: ends with count 0; first is relative to the BAR's base */
    struct ram *ram;           /* memory: all of it, from its start */
    const struct region_ops *ops;
    const uint8_t *rom; /* expansion ROM: size bytes, the owner's */
    void *ctx;          /* of ports and ops */
};

/* What a BAR asked for when pci_map() last looked, and whether it was given. */
struct pci_decode {
    uint32_t base;
    bool open, mapped;
};

struct pci_function {
    uint8_t config[PCI_CONFIG_SIZE]; /* as the guest reads it */
    /* Below: configuration, the same in every machine of a kind (DERIVED). */
    uint8_t initial[PCI_CONFIG_SIZE]; /* after RESET# */
    uint8_t writable[PCI_CONFIG_SIZE];
    uint8_t clears[PCI_CONFIG_SIZE]; /* write 1 to clear */
    /* config[reg .. reg + size) has been written; may correct it. May be NULL. */
    void (*written)(void *ctx, uint8_t reg, unsigned size);
    void *ctx;
    const char *name; /* for `info pci` */
    struct pci_bar bar[PCI_BARS];
    struct pci_decode decode[PCI_BARS]; /* DERIVED from config by pci_map() */
};
extern const struct schema pci_function_schema;

struct pci_bus {
    uint32_t address;                             /* CONFADD, CF8h */
    struct pci_function *function[PCI_FUNCTIONS]; /* DERIVED: by device << 3 | function */
    struct board *board;                          /* DERIVED: set by pci_attach() */
    /* DERIVED: PIRQA# to PIRQD#, filled in by the interrupt router; see pci_irq(). */
    struct wire pirq[4];
    unsigned irq_sources; /* DERIVED: wires handed out by pci_irq(): 64 at most */
};
extern const struct schema pci_bus_schema;

/* A function with its identity; class_code: base class << 16 | subclass << 8 | interface. */
void pci_function_init(struct pci_function *f, const char *name, uint16_t vendor,
                       uint16_t device, uint8_t revision, uint32_t class_code);
/* Describes size bytes at reg: value after reset and the bits that the guest can change. */
void pci_register(struct pci_function *f, uint8_t reg, unsigned size, uint32_t initial,
                  uint32_t writable);
void pci_function_reset(struct pci_function *f); /* config := initial; written is not called */
/* Behind BAR n, 0..5, at 10h + 4n (6: the expansion ROM, at 30h): describes the register and
 * what it maps. Call between init and attach. */
void pci_bar_ports(struct pci_function *f, unsigned n, uint32_t size, const struct ports *ports,
                   void *ctx);
void pci_bar_ram(struct pci_function *f, unsigned n, struct ram *ram);
void pci_bar_mmio(struct pci_function *f, unsigned n, uint32_t size,
                  const struct region_ops *ops, void *ctx);
void pci_bar_rom(struct pci_function *f, const uint8_t *bytes, uint32_t size);
/* Ports behind a base address register of the function's own, n 0 or 1: 32 bits at reg, of
 * which bit 0 reads 1 and those below size read 0. Decoded while the bits `command` of COMMAND
 * and `gate` of the byte gate_reg are set; the owner describes that byte with pci_register().
 */
void pci_window_ports(struct pci_function *f, unsigned n, uint8_t reg, uint32_t size,
                      uint8_t command, uint8_t gate_reg, uint8_t gate,
                      const struct ports *ports, void *ctx);
/* Maps what all functions' COMMAND and base address registers say, and nothing else. A pure
 * function of the configuration: where ranges overlap the lowest devfn, then the lowest BAR,
 * wins; a range that covers RAM, the ROM, the first MiB, or a port or page that a fixed device
 * owns is not mapped at all. Called by configuration writes and board_reset(); whoever loads a
 * board's state calls it when all chips are loaded. */
void pci_map(struct board *b);
/* A wire of one's own into the interrupt line behind pin 1 to 4 (INTA# to INTD#) of a device;
 * the router must be there already. Its n is line | source << IRQ_SOURCE_SHIFT. true asserts
 * the pin. This board turns the pins by one from slot to slot: INTA# of device 1 is PIRQA#. */
struct wire pci_irq(struct board *b, unsigned devfn, unsigned pin);
/* -1: no bus, or the place is taken. */
int pci_attach(struct board *b, unsigned devfn, struct pci_function *f, struct error *err);

/* Configuration cycles on behalf of the ports: off is 0..3 within CFCh..CFFh, off + size <= 4.
 */
uint32_t pci_config_in(struct pci_bus *bus, unsigned off, unsigned size);
void pci_config_out(struct pci_bus *bus, unsigned off, uint32_t val, unsigned size);
void pci_address_out(struct pci_bus *bus, uint32_t val);

void pci_info(const struct pci_bus *bus, struct text *out);
void pci_info_memory(const struct pci_bus *bus, struct text *out); /* what is mapped */

#endif
