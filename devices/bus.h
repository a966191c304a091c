/* devices/bus.h -- the 64 K I/O ports.
 *
 * Owner of: which handler serves which port. Handlers get accesses no wider than `widest`; the
 * bus splits wider ones into consecutive little-endian parts, and an access that runs past the
 * end of a range is split by bytes. Ports that nobody serves read all ones and swallow writes,
 * as the pulled-up ISA bus does.
 */
#ifndef TERRAPIN_DEVICES_BUS_H
#define TERRAPIN_DEVICES_BUS_H

#include "mem/error.h"
#include "mem/types.h"

struct port_ops {
    uint32_t (*read)(void *dev, uint32_t off, unsigned size);
    void (*write)(void *dev, uint32_t off, uint32_t val, unsigned size);
    unsigned widest; /* 1, 2 or 4 */
};

struct ports {             /* ends with count 0 */
    uint16_t first, count; /* first is relative to the slot's base; off is relative to first */
    struct port_ops ops;
};

enum { BUS_RANGES = 128 };
struct bus_range {
    const struct ports *ports;
    const char *owner; /* for info mtree */
    void *dev;
    uint16_t first;
};
struct bus {
    uint8_t owner[0x10000]; /* index into range[], 0: nobody */
    struct bus_range range[BUS_RANGES];
    unsigned ranges; /* used, range[0] is nobody */
};

void bus_init(struct bus *bus);
/* -1 when a port is taken or ranges are full. */
int bus_map(struct bus *bus, const char *owner, void *dev, uint16_t base, const struct ports *p,
            struct error *err);
void bus_unmap(struct bus *bus, void *dev, const struct ports *p);
/* Does nobody own any of these ports? false where there are none: past FFFFh. */
bool bus_is_free(const struct bus *bus, uint32_t first, uint32_t count);
uint32_t bus_in(struct bus *bus, uint16_t port, unsigned size);
void bus_out(struct bus *bus, uint16_t port, uint32_t val, unsigned size);

#endif
