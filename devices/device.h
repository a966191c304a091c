/* devices/device.h -- what every chip has: a class, a slot on the board, lines, and a board
 * below.
 *
 * A chip is one file: head comment as its datasheet with a NOT IMPLEMENTED list, struct whose
 * first member is `struct device dev`, field table, port handlers, events, reset, class; and
 * one line in the slot table of devices/pc.c. Chips know the board's services (clock, bus,
 * memory, host, drives) and nothing of the CPU or of each other; wires between chips are
 * connected by pc.c through struct wire.
 */
#ifndef TERRAPIN_DEVICES_DEVICE_H
#define TERRAPIN_DEVICES_DEVICE_H

#include "devices/bus.h"
#include "devices/clock.h"
#include "devices/drive.h"
#include "devices/host.h"
#include "mem/notes.h"
#include "mem/phys.h"
#include "mem/state.h"

/* An output pin. Level changes only through wire_set; an unconnected wire is silent. */
struct wire {
    void (*set)(void *ctx, unsigned n, bool level);
    void *ctx;
    unsigned n;
};
static inline void wire_set(const struct wire *w, bool level)
{
    if (w->set) {
        w->set(w->ctx, w->n, level);
    }
}

/* POWER: everything. HARD: RESET# pin (reset button, CF9h): chips that the pin reaches; RAM,
 * CMOS and the drives' media survive either. INIT# (POWER_INIT) reaches no chip. */
enum reset { RESET_POWER, RESET_HARD };

/* What a chip can ask of the machine; it happens at the end of the current instruction. */
enum power_event {
    POWER_RESET,      /* RESET# pulsed: CF9h with SRST, the reset button */
    POWER_INIT,       /* INIT# pulsed, the processor alone: 8042, port 92h, CF9h */
    POWER_OFF,        /* S5 */
    POWER_DEBUG_EXIT, /* isa-debug-exit; code: the value written */
};

struct board;
struct device;
struct slot;
struct pci_bus;

/* ISA DMA, as the 8237 offers it to devices: moves up to len bytes on channel ch between the
 * device and memory in the programmed direction. Returns bytes moved; *tc: terminal count
 * reached. Called by the device when it drives DREQ and has or wants data. */
struct dma_service {
    void *ctx;
    uint32_t (*to_memory)(void *ctx, unsigned ch, const void *bytes, uint32_t len, bool *tc);
    uint32_t (*from_memory)(void *ctx, unsigned ch, void *bytes, uint32_t len, bool *tc);
};

/* Growable text sink for `info`. */
struct text;
void text_add(struct text *t, const char *format, ...) PRINTF_LIKE(2, 3);
struct text {
    char *s; /* NUL-terminated, or NULL while empty; free() it */
    size_t len, cap;
};

struct device_class {
    const char *name;           /* part number: file, struct prefix, section name */
    uint32_t size;              /* of the chip's struct, which starts with struct device */
    const struct schema *state; /* of the chip's struct; dev is DERIVED there */
    const struct ports *ports;  /* relative to slot->base; NULL: none */
    int (*init)(struct device *dev, struct error *err); /* events, configuration; may be NULL */
    void (*reset)(struct device *dev, enum reset how);
    void (*fini)(struct device *dev);   /* host resources; may be NULL */
    void (*retime)(struct device *dev); /* mips changed: reschedule; may be NULL */
    void (*info)(struct device *dev, struct text *out); /* NULL: the field table is printed */
};

struct slot {
    const struct device_class *cls;
    uint16_t base;
    int8_t irq; /* input of the 8259A pair, -1: none */
    int8_t dma; /* channel of the 8237 pair, -1: none */
};

struct device {
    const struct device_class *cls;
    const struct slot *slot;
    struct board *board;
    struct wire irq; /* connected to slot->irq by device_attach */
};

enum { BOARD_DEVICES = 48, FIRMWARE_FILES = 48 };

/* What the firmware is told (fw_cfg, CMOS): filled in before devices are created. */
struct firmware_file {
    const char *name; /* "genroms/x.bin"; owned by the board */
    uint8_t *bytes;   /* owned by the board */
    uint32_t size;
    big_release_fn *release; /* of bytes; NULL: free() */
};
struct board_config {
    uint64_t ram_bytes;
    uint64_t start_time; /* RTC at power-on: seconds since 1970, in the guest's zone */
    char boot_order[8];  /* "ac", letters of -boot */
    bool boot_menu;
    bool serial[4];           /* COM1..4 are on the board */
    bool fpu;                 /* the processor has an x87 */
    bool parallel;            /* LPT1 is */
    uint16_t debug_exit_port; /* 0: no isa-debug-exit */
    uint16_t debug_exit_size;
};

struct board {
    struct clock clock;
    struct bus bus;
    struct phys *phys;
    struct notes notes;
    const struct host *host;
    struct dma_service dma; /* filled in by the 8237 */
    struct drive drive[DRIVE_COUNT];
    struct board_config config;
    struct firmware_file firmware[FIRMWARE_FILES];
    unsigned firmware_files;
    struct device *device[BOARD_DEVICES];
    unsigned devices;
    struct wire irq_line[16]; /* interrupt requests, filled in by pc.c; see board_irq() */
    unsigned irq_sources;     /* wires handed out by board_irq(): 64 at most */
    void (*power)(void *ctx, enum power_event what, uint32_t code); /* chips ask the machine */
    void *power_ctx;
    struct pci_bus *pci; /* devices/pci.h; filled in by the host bridge, NULL without one */
    const uint8_t *bios; /* the firmware ROM, bios_size bytes; the machine's. NULL: none */
    uint32_t bios_size;
    const uint8_t *vgabios; /* the video card's ROM, the machine's. NULL: none */
    uint32_t vgabios_size;  /* a power of two */
};

/* One chip onto the board: allocates, connects slot->irq, maps ports, calls init. NULL and err
 * on failure. Reset, save and load go through the devices in order of attachment. */
struct device *device_attach(struct board *b, const struct slot *slot, struct error *err);
void board_init(struct board *b, struct phys *ph, const struct host *host, uint32_t mips);
/* A wire of one's own into request line irq, which is high while any of its wires is. Its n is
 * irq | source << IRQ_SOURCE_SHIFT. */
enum { IRQ_SOURCE_SHIFT = 8, IRQ_SOURCES = 64 };
struct wire board_irq(struct board *b, unsigned irq);
void board_reset(struct board *b, enum reset how); /* chips in order, then PCI's mappings */
void board_free(struct board *b);                  /* devices and firmware files; not phys */
struct device *board_find(const struct board *b, const char *class_name); /* or NULL */
void board_power(struct board *b, enum power_event what, uint32_t code);  /* if connected */
/* Takes ownership of malloc'ed bytes, also when it fails; name is copied. -1 when full. */
int board_add_firmware(struct board *b, const char *name, uint8_t *bytes, uint32_t size);
/* The same of bytes that are given back by release(); NULL: free(). */
int board_add_mapped(struct board *b, const char *name, uint8_t *bytes, uint32_t size,
                     big_release_fn *release);

#endif
