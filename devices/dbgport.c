/* dbgport.c -- debug console at port E9h (a Bochs and QEMU convention; not on a real PC).
 *
 *   E9h  read    E9h          presence check
 *   E9h  write   one byte     to host->debug
 *
 * Lines, clock: none. Wider accesses are split into bytes by the bus.
 */
#include "devices/chips.h"

struct dbgport {
    struct device dev;
    uint64_t written; /* bytes since power-on: so that the state hash sees the output */
};

static const struct field dbgport_fields[] = {
    DERIVED(struct dbgport, dev),
    FIELD(struct dbgport, written),
    FIELDS_END,
};
static const struct schema dbgport_schema = {"dbgport", sizeof(struct dbgport), 1,
                                             1,         dbgport_fields,         NULL};

static uint32_t dbgport_read(void *ctx, uint32_t off, unsigned size)
{
    (void)ctx, (void)off, (void)size;
    return 0xE9;
}

static void dbgport_write(void *ctx, uint32_t off, uint32_t val, unsigned size)
{
    struct dbgport *c = ctx;
    const struct host *host = c->dev.board->host;
    (void)off, (void)size;
    c->written++;
    if (host->debug) {
        host->debug(host->ctx, (uint8_t)val);
    }
}

static const struct ports dbgport_ports[] = {
    {0, 1, {dbgport_read, dbgport_write, 1}},
    {0, 0, {NULL, NULL, 0}},
};

static void dbgport_reset(struct device *dev, enum reset how)
{
    struct dbgport *c = (struct dbgport *)dev;
    if (how == RESET_POWER) {
        c->written = 0;
    }
}

const struct device_class dbgport_class = {
    .name = "dbgport",
    .size = sizeof(struct dbgport),
    .state = &dbgport_schema,
    .ports = dbgport_ports,
    .reset = dbgport_reset,
};
