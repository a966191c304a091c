/* bus.c -- port look-up and the splitting of wide accesses. */
#include "devices/bus.h"

#include <string.h>

static uint32_t ones(unsigned size)
{
    return size >= 4 ? 0xFFFFFFFFu : (1u << 8 * size) - 1;
}

void bus_init(struct bus *bus)
{
    memset(bus, 0, sizeof *bus);
    bus->ranges = 1; /* range[0]: nobody */
}

/* A range that bus_unmap() freed, else a fresh one; 0 when there is none. */
static unsigned range_free(const struct bus *bus)
{
    for (unsigned i = 1; i < bus->ranges; i++) {
        if (!bus->range[i].ports) {
            return i;
        }
    }
    return bus->ranges < BUS_RANGES ? bus->ranges : 0;
}

int bus_map(struct bus *bus, const char *owner, void *dev, uint16_t base, const struct ports *p,
            struct error *err)
{
    uint32_t first = (uint32_t)base + p->first;
    if (p->count == 0 || first + p->count > 0x10000) {
        return error_set(err, "%s: no such ports: %Xh + %u", owner, (unsigned)first, p->count);
    }
    for (uint32_t port = first; port < first + p->count; port++) {
        if (bus->owner[port]) {
            return error_set(err, "%s: port %Xh already belongs to %s", owner, (unsigned)port,
                             bus->range[bus->owner[port]].owner);
        }
    }
    unsigned i = range_free(bus);
    if (i == 0) {
        return error_set(err, "%s: the bus has no room for another port range", owner);
    }
    if (i == bus->ranges) {
        bus->ranges++;
    }
    bus->range[i] = (struct bus_range){p, owner, dev, (uint16_t)first};
    memset(bus->owner + first, (int)i, p->count);
    return 0;
}

void bus_unmap(struct bus *bus, void *dev, const struct ports *p)
{
    for (unsigned i = 1; i < bus->ranges; i++) {
        struct bus_range *r = &bus->range[i];
        if (r->dev == dev && r->ports == p) {
            memset(bus->owner + r->first, 0, p->count);
            *r = (struct bus_range){0};
        }
    }
}

bool bus_is_free(const struct bus *bus, uint32_t first, uint32_t count)
{
    if (first > 0xFFFF || count > 0x10000 - first) {
        return false;
    }
    for (uint32_t port = first; port < first + count; port++) {
        if (bus->owner[port]) {
            return false;
        }
    }
    return true;
}

/* The range that serves all of [port, port + size), or NULL. */
static const struct bus_range *range_of(const struct bus *bus, uint16_t port, unsigned size)
{
    const struct bus_range *r = &bus->range[bus->owner[port]];
    if (!r->ports || (uint32_t)(port - r->first) + size > r->ports->count) {
        return NULL;
    }
    return r;
}

static uint32_t range_in(const struct bus_range *r, uint32_t off, unsigned size)
{
    const struct port_ops *ops = &r->ports->ops;
    if (!ops->read) {
        return ones(size);
    }
    if (size <= ops->widest) {
        return ops->read(r->dev, off, size) & ones(size);
    }
    unsigned step = ops->widest;
    uint32_t v = 0;
    for (unsigned i = 0; i < size; i += step) {
        v |= (ops->read(r->dev, off + i, step) & ones(step)) << 8 * i;
    }
    return v;
}

static void range_out(const struct bus_range *r, uint32_t off, uint32_t val, unsigned size)
{
    const struct port_ops *ops = &r->ports->ops;
    if (!ops->write) {
        return;
    }
    unsigned step = size < ops->widest ? size : ops->widest;
    for (unsigned i = 0; i < size; i += step) {
        ops->write(r->dev, off + i, val >> 8 * i & ones(step), step);
    }
}

uint32_t bus_in(struct bus *bus, uint16_t port, unsigned size)
{
    const struct bus_range *r = range_of(bus, port, size);
    if (r) {
        return range_in(r, (uint32_t)(port - r->first), size);
    }
    if (size == 1) {
        return 0xFF;
    }
    uint32_t v = 0;
    for (unsigned i = 0; i < size; i++) {
        uint32_t byte = port + i <= 0xFFFF ? bus_in(bus, (uint16_t)(port + i), 1) : 0xFF;
        v |= byte << 8 * i;
    }
    return v;
}

void bus_out(struct bus *bus, uint16_t port, uint32_t val, unsigned size)
{
    const struct bus_range *r = range_of(bus, port, size);
    if (r) {
        range_out(r, (uint32_t)(port - r->first), val & ones(size), size);
        return;
    }
    for (unsigned i = 0; size > 1 && i < size && port + i <= 0xFFFF; i++) {
        bus_out(bus, (uint16_t)(port + i), val >> 8 * i & 0xFF, 1);
    }
}
