/* port92.c -- system control port A (PS/2; in the PIIX3 on this board).
 *
 *   92h  read/write  bit 0  fast INIT#: 0 -> 1 pulses the processor's INIT# pin
 *                    bit 1  fast A20: the gate itself; shows what the 8042 did to it, too
 *                    others stored on some boards; here they read 0
 *
 * Lines: A20 out, and in through port92_show_a20(); INIT# out through the machine.
 * Clock: none. NOT IMPLEMENTED: the PS/2's security lock and activity light.
 * References: PS/2 hardware interface reference, "System control port A"; 82371SB ds 2.5.5.
 */
#include "devices/chips.h"

enum { FAST_INIT = 1, FAST_A20 = 2 };

struct port92 {
    struct device dev;
    struct wire a20;
    uint8_t latch;
};

static const struct field port92_fields[] = {
    DERIVED(struct port92, dev),
    DERIVED(struct port92, a20),
    FIELD_R(struct port92, latch, 0, FAST_INIT | FAST_A20),
    FIELDS_END,
};
static const struct schema port92_schema = {"port92", sizeof(struct port92), 1,
                                            1,        port92_fields,         NULL};

static uint32_t port92_read(void *ctx, uint32_t off, unsigned size)
{
    const struct port92 *c = ctx;
    (void)off, (void)size;
    return c->latch;
}

static void port92_write(void *ctx, uint32_t off, uint32_t val, unsigned size)
{
    struct port92 *c = ctx;
    uint8_t old = c->latch;
    (void)off, (void)size;
    c->latch = val & (FAST_INIT | FAST_A20);
    wire_set(&c->a20, c->latch & FAST_A20);
    if (c->latch & ~old & FAST_INIT) {
        board_power(c->dev.board, POWER_INIT, 0);
    }
}

static const struct ports port92_ports[] = {
    {0, 1, {port92_read, port92_write, 1}},
    {0, 0, {NULL, NULL, 0}},
};

static void port92_reset(struct device *dev, enum reset how)
{
    struct port92 *c = (struct port92 *)dev;
    (void)how;
    c->latch = FAST_A20; /* the gate is open after a reset */
}

void port92_connect_a20(struct device *dev, struct wire a20)
{
    ((struct port92 *)dev)->a20 = a20;
}

void port92_show_a20(struct device *dev, bool open)
{
    struct port92 *c = (struct port92 *)dev;
    c->latch = (uint8_t)((c->latch & ~FAST_A20) | (open ? FAST_A20 : 0));
}

const struct device_class port92_class = {
    .name = "port92",
    .size = sizeof(struct port92),
    .state = &port92_schema,
    .ports = port92_ports,
    .reset = port92_reset,
};
