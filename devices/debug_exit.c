/* debug_exit.c -- isa-debug-exit: a write ends the machine (a QEMU convention; for test
 * guests).
 *
 *   base .. base + size - 1   write  value v: the machine stops; the front end exits (v << 1) |
 * 1 read   all ones
 *
 * base and size come from the configuration (-device isa-debug-exit,iobase=0xf4,iosize=4), so
 * the ports are mapped at init; base 0 is no device at all. Lines, clock: none.
 */
#include "devices/chips.h"

struct debug_exit {
    struct device dev;
    struct ports ports[2];
    uint32_t value; /* last written */
};

static const struct field debug_exit_fields[] = {
    DERIVED(struct debug_exit, dev),
    DERIVED(struct debug_exit, ports),
    FIELD(struct debug_exit, value),
    FIELDS_END,
};
static const struct schema debug_exit_schema = {
    "debug_exit", sizeof(struct debug_exit), 1, 1, debug_exit_fields, NULL};

static void debug_exit_write(void *ctx, uint32_t off, uint32_t val, unsigned size)
{
    struct debug_exit *c = ctx;
    (void)off, (void)size;
    c->value = val;
    board_power(c->dev.board, POWER_DEBUG_EXIT, val);
}

static int debug_exit_init(struct device *dev, struct error *err)
{
    struct debug_exit *c = (struct debug_exit *)dev;
    const struct board_config *cfg = &dev->board->config;
    if (cfg->debug_exit_port == 0) {
        return 0;
    }
    uint16_t size = cfg->debug_exit_size ? cfg->debug_exit_size : 4;
    c->ports[0] = (struct ports){0, size, {NULL, debug_exit_write, 4}};
    return bus_map(&dev->board->bus, "isa-debug-exit", dev, cfg->debug_exit_port, c->ports,
                   err);
}

static void debug_exit_reset(struct device *dev, enum reset how)
{
    struct debug_exit *c = (struct debug_exit *)dev;
    if (how == RESET_POWER) {
        c->value = 0;
    }
}

const struct device_class debug_exit_class = {
    .name = "debug_exit",
    .size = sizeof(struct debug_exit),
    .state = &debug_exit_schema,
    .init = debug_exit_init,
    .reset = debug_exit_reset,
};
