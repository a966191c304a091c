/* post.c -- the power-on self test's code at port 80h, as a POST card would show it.
 *
 *   80h  read/write  a latch. In an AT it is the unused register of the DMA page file, which is
 *                    why writes to it are harmless and why software uses them as a delay.
 *
 * Lines, clock: none.
 */
#include "devices/chips.h"

struct post {
    struct device dev;
    uint8_t code;
};

static const struct field post_fields[] = {
    DERIVED(struct post, dev),
    FIELD(struct post, code),
    FIELDS_END,
};
static const struct schema post_schema = {"post", sizeof(struct post), 1, 1, post_fields, NULL};

static uint32_t post_read(void *ctx, uint32_t off, unsigned size)
{
    const struct post *c = ctx;
    (void)off, (void)size;
    return c->code;
}

static void post_write(void *ctx, uint32_t off, uint32_t val, unsigned size)
{
    struct post *c = ctx;
    (void)off, (void)size;
    c->code = (uint8_t)val;
}

static const struct ports post_ports[] = {
    {0, 1, {post_read, post_write, 1}},
    {0, 0, {NULL, NULL, 0}},
};

static void post_reset(struct device *dev, enum reset how)
{
    struct post *c = (struct post *)dev;
    (void)how;
    c->code = 0;
}

const struct device_class post_class = {
    .name = "post",
    .size = sizeof(struct post),
    .state = &post_schema,
    .ports = post_ports,
    .reset = post_reset,
};
