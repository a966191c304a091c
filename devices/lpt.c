/* devices/lpt.c -- the printer port LPT1, with a printer that is always ready for the next
 * byte.
 *
 *   base+0  r/w  data      what goes to the printer at the next strobe
 *   base+1  r    status    bit 7 not busy, 6 not ACK#, 5 out of paper (0), 4 selected (1),
 *                          3 no error (1), 2 no interrupt pending, 1..0 ones
 *   base+2  r/w  control   bit 0 strobe, 1 auto line feed, 2 not INIT#, 3 select, 4 interrupt
 *                          enable; 7..5 read as ones
 *
 * The byte is taken when strobe goes on. The printer is busy for 20 us then and pulls ACK# low
 * for the last 5 of them; the end of ACK# raises the interrupt, if enabled, until status is
 * read or interrupts are disabled (PS/2 type; the PC's first cards only pulsed the line). A
 * byte strobed into a busy printer is taken all the same: none is lost. INIT# low makes the
 * printer forget that it was busy. Lines: IRQ. Clock: virtual microseconds.
 *
 * Reset: data 0, control 0Ch at power-on and RESET#.
 *
 * NOT IMPLEMENTED: input on the data lines (bidirectional, EPP, ECP), paper and error
 * conditions.
 *
 * References: IBM PC/AT technical reference, printer adapter; IBM PS/2 hardware interface
 * technical reference, parallel port; IEEE 1284 compatibility mode.
 */
#include "devices/chips.h"

enum { DATA, STATUS, CONTROL };
enum {
    NOT_BUSY = 0x80,
    NOT_ACK = 0x40,
    SELECTED = 0x10,
    NO_ERROR = 0x08,
    NO_IRQ = 0x04,
    ONES = 3
};
enum {
    STROBE = 0x01,
    NOT_INIT = 0x04,
    IRQ_ENABLE = 0x10,
    CONTROL_MASK = 0x1F,
    READS_ONE = 0xE0
};
enum { CONTROL_RESET = 0x0C, BUSY_US = 15, ACK_US = 5 };
enum phase { IDLE, BUSY, ACK };

struct lpt {
    struct device dev;
    struct ports ports[2];
    struct event event; /* end of the phase */
    uint8_t data, control;
    uint8_t phase; /* enum phase */
    bool asks;     /* interrupt */
};

static bool lpt_loaded(void *obj)
{
    const struct lpt *l = obj;
    return (l->event.at.when != EVENT_IDLE) == (l->phase != IDLE);
}

static const struct field lpt_fields[] = {
    DERIVED(struct lpt, dev),
    DERIVED(struct lpt, ports),
    FIELD_EVENT(struct lpt, event),
    FIELD(struct lpt, data),
    FIELD_R(struct lpt, control, 0, CONTROL_MASK),
    FIELD_R(struct lpt, phase, IDLE, ACK),
    FIELD(struct lpt, asks),
    FIELDS_END,
};
static const struct schema lpt_schema = {"lpt", sizeof(struct lpt), 1,
                                         1,     lpt_fields,         lpt_loaded};

static void set_irq(struct lpt *l, bool asks)
{
    l->asks = asks;
    wire_set(&l->dev.irq, asks);
}

static void begin(struct lpt *l, enum phase phase, uint64_t from, unsigned us)
{
    struct clock *ck = &l->dev.board->clock;
    l->phase = (uint8_t)phase;
    clock_at(ck, &l->event, from + clock_us(ck, us));
}

static void phase_ends(void *ctx, uint64_t when)
{
    struct lpt *l = ctx;
    if (l->phase == BUSY) {
        begin(l, ACK, when, ACK_US);
        return;
    }
    l->phase = IDLE;
    if (l->control & IRQ_ENABLE) {
        set_irq(l, true);
    }
}

static void take_byte(struct lpt *l)
{
    const struct host *host = l->dev.board->host;
    if (host && host->parallel) {
        host->parallel(host->ctx, l->data);
    }
    begin(l, BUSY, clock_now(&l->dev.board->clock), BUSY_US);
}

static void write_control(struct lpt *l, uint8_t v)
{
    bool strobe = v & ~l->control & STROBE;
    l->control = v & CONTROL_MASK;
    if (!(v & NOT_INIT)) {
        l->phase = IDLE;
        clock_cancel(&l->dev.board->clock, &l->event);
    } else if (strobe) {
        take_byte(l);
    }
    if (!(v & IRQ_ENABLE)) {
        set_irq(l, false);
    }
}

static uint8_t read_status(struct lpt *l)
{
    unsigned v = SELECTED | NO_ERROR | ONES;
    v |= l->phase == IDLE ? NOT_BUSY : 0;
    v |= l->phase != ACK ? NOT_ACK : 0;
    v |= l->asks ? 0 : NO_IRQ;
    set_irq(l, false);
    return (uint8_t)v;
}

static uint32_t lpt_read(void *dev, uint32_t off, unsigned size)
{
    struct lpt *l = dev;
    (void)size;
    switch (off) {
    case DATA: return l->data;
    case STATUS: return read_status(l);
    default: return l->control | READS_ONE;
    }
}

static void lpt_write(void *dev, uint32_t off, uint32_t val, unsigned size)
{
    struct lpt *l = dev;
    (void)size;
    if (off == DATA) {
        l->data = (uint8_t)val;
    } else if (off == CONTROL) {
        write_control(l, (uint8_t)val);
    }
}

static int lpt_init(struct device *dev, struct error *err)
{
    struct lpt *l = (struct lpt *)dev;
    event_init(&dev->board->clock, &l->event, "lpt", phase_ends, l);
    if (!dev->board->config.parallel) {
        return 0;
    }
    l->ports[0] = (struct ports){0, CONTROL + 1, {lpt_read, lpt_write, 1}};
    return bus_map(&dev->board->bus, dev->cls->name, dev, dev->slot->base, l->ports, err);
}

static void lpt_reset(struct device *dev, enum reset how)
{
    struct lpt *l = (struct lpt *)dev;
    (void)how;
    l->data = 0;
    l->control = CONTROL_RESET;
    l->phase = IDLE;
    clock_cancel(&dev->board->clock, &l->event);
    set_irq(l, false);
}

const struct device_class lpt_class = {
    .name = "lpt",
    .size = sizeof(struct lpt),
    .state = &lpt_schema,
    .init = lpt_init,
    .reset = lpt_reset,
};
