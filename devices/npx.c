/* npx.c -- coprocessor errors the PC's way: FERR# to IRQ 13, port F0h, IGNNE# (in the PIIX3).
 *
 *   F0h  write  any value: the interrupt request is withdrawn; if FERR# is asserted, so is
 * IGNNE# until FERR# goes away                       read: nothing drives the bus
 *
 * The processor asserts FERR# when an x87 instruction meets an unmasked exception and CR0.NE is
 * 0. The request stays until software writes F0h or clears the exception. Under IGNNE# the
 * handler's own x87 instructions execute in spite of it.
 *
 * Lines: FERR# in through npx_set_ferr(), IGNNE# out, IRQ to the slot's interrupt line.
 * Clock: none. Reset: request and IGNNE# withdrawn.
 * NOT IMPLEMENTED: port F1h of the AT (it resets an 80287; later boards ignore it).
 * References: 82371FB/SB data sheet, "Coprocessor error reporting", register F0h; SDM 1
 * appendix D.
 */
#include "devices/chips.h"

struct npx {
    struct device dev;
    struct wire ignne_out;
    bool ferr;
    bool ignne;
};

static const struct field npx_fields[] = {
    DERIVED(struct npx, dev),
    DERIVED(struct npx, ignne_out),
    FIELD(struct npx, ferr),
    FIELD(struct npx, ignne),
    FIELDS_END,
};

static bool npx_loaded(void *obj)
{
    const struct npx *c = obj;
    return c->ferr || !c->ignne;
}

static const struct schema npx_schema = {"npx", sizeof(struct npx), 1,
                                         1,     npx_fields,         npx_loaded};

static void drive(struct npx *c)
{
    wire_set(&c->dev.irq, c->ferr && !c->ignne);
    wire_set(&c->ignne_out, c->ignne);
}

void npx_set_ferr(struct device *dev, bool level)
{
    struct npx *c = (struct npx *)dev;
    c->ferr = level;
    c->ignne = c->ignne && level;
    drive(c);
}

static uint32_t npx_read(void *ctx, uint32_t off, unsigned size)
{
    (void)ctx, (void)off, (void)size;
    return 0xFF;
}

static void npx_write(void *ctx, uint32_t off, uint32_t val, unsigned size)
{
    struct npx *c = ctx;
    (void)off, (void)val, (void)size;
    c->ignne = c->ferr;
    drive(c);
}

static const struct ports npx_ports[] = {
    {0, 1, {npx_read, npx_write, 1}},
    {0, 0, {NULL, NULL, 0}},
};

static void npx_reset(struct device *dev, enum reset how)
{
    struct npx *c = (struct npx *)dev;
    (void)how;
    c->ferr = c->ignne = false; /* the reset of the processor has taken FERR# away */
    drive(c);
}

void npx_connect_ignne(struct device *dev, struct wire ignne)
{
    ((struct npx *)dev)->ignne_out = ignne;
}

const struct device_class npx_class = {
    .name = "npx",
    .size = sizeof(struct npx),
    .state = &npx_schema,
    .ports = npx_ports,
    .reset = npx_reset,
};
