/* fwlog.c -- the firmware's log at port 402h (a QEMU convention, used by SeaBIOS).
 *
 *   402h  read    E9h          presence check
 *   402h  write   one byte     to host->firmware
 *
 * Lines, clock: none. Wider accesses are split into bytes by the bus.
 */
#include "devices/chips.h"

struct fwlog {
    struct device dev;
    uint64_t written; /* bytes since power-on: so that the state hash sees the output */
};

static const struct field fwlog_fields[] = {
    DERIVED(struct fwlog, dev),
    FIELD(struct fwlog, written),
    FIELDS_END,
};
static const struct schema fwlog_schema = {"fwlog", sizeof(struct fwlog), 1,
                                           1,       fwlog_fields,         NULL};

static uint32_t fwlog_read(void *ctx, uint32_t off, unsigned size)
{
    (void)ctx, (void)off, (void)size;
    return 0xE9;
}

static void fwlog_write(void *ctx, uint32_t off, uint32_t val, unsigned size)
{
    struct fwlog *c = ctx;
    const struct host *host = c->dev.board->host;
    (void)off, (void)size;
    c->written++;
    if (host->firmware) {
        host->firmware(host->ctx, (uint8_t)val);
    }
}

static const struct ports fwlog_ports[] = {
    {0, 1, {fwlog_read, fwlog_write, 1}},
    {0, 0, {NULL, NULL, 0}},
};

static void fwlog_reset(struct device *dev, enum reset how)
{
    struct fwlog *c = (struct fwlog *)dev;
    if (how == RESET_POWER) {
        c->written = 0;
    }
}

const struct device_class fwlog_class = {
    .name = "fwlog",
    .size = sizeof(struct fwlog),
    .state = &fwlog_schema,
    .ports = fwlog_ports,
    .reset = fwlog_reset,
};
