/* devices/i8259.c -- two Intel 8259A programmable interrupt controllers, cascaded as in the
 * PC/AT.
 *
 * Eight requests a chip, fixed or rotating priority. The slave's INT output is the master's
 * IR2; the master's INT output is the processor's INTR.
 *
 *   20h, A0h  write  D4=1        ICW1: start initialisation, LTIM, SNGL, IC4
 *                    D4=0 D3=0   OCW2: end of interrupt, rotation, priority
 *                    D4=0 D3=1   OCW3: special mask, poll, which register to read
 *             read               IRR or ISR; or, after a poll command, I----W2W1W0
 *   21h, A1h  write              ICW2 (vector), ICW3 (cascade), ICW4 while initialising; else
 * OCW1 read               IMR 4D0h/1h   r/w                ELCR: a set bit makes that input
 * level-triggered (PIIX; not in the 8259A). Inputs 0, 1, 2, 8 and 13 are always edge-triggered.
 *
 * A request passes through four stages (8259A ds, "block diagram"):
 *
 *   line --> edge latch or level --> IRR --> not in IMR --> higher than what is in ISR --> INT
 *
 * An input must stay high until it is acknowledged: in both modes a line that falls takes its
 * request back (8259A ds, "edge and level triggered modes"). If INTA finds nothing it answers
 * with level 7 and leaves ISR alone: the spurious interrupt. If only the slave finds nothing,
 * then the master has ISR bit 2 set all the same and its handler owes the master an EOI.
 *
 * INT follows the requests at once; it also drops for a moment at every acknowledge, so that
 * the master's edge-triggered IR2 sees each further request of the slave as an edge.
 *
 * Lines: IR0..IR15 in (i8259_set_irq), INTR out, INTA in (i8259_ack). Clock: none.
 * Reset: the 8259A has no RESET pin, but the south bridge's cells do: uninitialised, INT low,
 * until ICW1 to ICW4 have been written.
 *
 * NOT IMPLEMENTED: 8080/8085 mode (a CALL instruction on INTA), that is ICW4 without uPM:
 * counted, then treated as 8086 mode. Buffered mode is stored and has no effect: there are no
 * bus buffers. Vector bytes ICW1 A7..A5 belong to 8080 mode. A cascade number that nobody
 * answers (a slave whose ICW3 is not 2, or a master's ICW3 bit other than 2) leaves the bus
 * floating: vector FFh.
 *
 * References: Intel 8259A data sheet (231468); PIIX3 (82371SB) data sheet, ELCR.
 */
#include "devices/i8259.h"

enum { ICW1_IC4 = 0x01, ICW1_SNGL = 0x02, ICW1_LTIM = 0x08, ICW1 = 0x10 };
enum { ICW4_UPM = 0x01, ICW4_AEOI = 0x02, ICW4_SFNM = 0x10 };
enum { OCW2_EOI = 0x20, OCW2_SL = 0x40, OCW2_R = 0x80 };
enum {
    OCW3 = 0x08,
    OCW3_RIS = 0x01,
    OCW3_RR = 0x02,
    OCW3_P = 0x04,
    OCW3_SMM = 0x20,
    OCW3_ESMM = 0x40
};
enum { CASCADE = 2, SPURIOUS = 7, FLOATING_BUS = 0xFF };

/* What the next write to the odd port is. EXPECT_ICW1: never initialised. */
enum expect { EXPECT_ICW1, EXPECT_ICW2, EXPECT_ICW3, EXPECT_ICW4, EXPECT_OCW1 };

struct pic {
    uint8_t lines; /* levels of IR7..IR0 */
    uint8_t latch; /* a rising edge was seen, and neither a fall nor an acknowledge since */
    uint8_t isr, imr;
    uint8_t elcr;
    uint8_t icw1, icw2, icw3, icw4;
    uint8_t expect; /* enum expect */
    uint8_t lowest; /* level of lowest priority: 7 unless rotated */
    bool read_isr;
    bool poll; /* the next read is an acknowledge */
    bool special_mask;
    bool rotate_aeoi;
    bool int_out;
    bool master; /* the SP/EN pin */
};

struct i8259 {
    struct device dev;
    struct wire intr;
    struct pic pic[2]; /* master, slave */
};

static const struct field pic_fields[] = {
    FIELD(struct pic, lines),
    FIELD(struct pic, latch),
    FIELD(struct pic, isr),
    FIELD(struct pic, imr),
    FIELD(struct pic, elcr),
    FIELD(struct pic, icw1),
    FIELD(struct pic, icw2),
    FIELD(struct pic, icw3),
    FIELD(struct pic, icw4),
    FIELD_R(struct pic, expect, EXPECT_ICW1, EXPECT_OCW1),
    FIELD_R(struct pic, lowest, 0, 7),
    FIELD(struct pic, read_isr),
    FIELD(struct pic, poll),
    FIELD(struct pic, special_mask),
    FIELD(struct pic, rotate_aeoi),
    FIELD(struct pic, int_out),
    DERIVED(struct pic, master),
    FIELDS_END,
};
static const struct schema pic_schema = {"8259A", sizeof(struct pic), 1, 1, pic_fields, NULL};

static const struct field i8259_fields[] = {
    DERIVED(struct i8259, dev),
    DERIVED(struct i8259, intr),
    FIELD_S(struct i8259, pic, &pic_schema, struct pic),
    FIELDS_END,
};
static const struct schema i8259_schema = {"i8259", sizeof(struct i8259), 1,
                                           1,       i8259_fields,         NULL};

/* ---- one chip: requests and priority ---- */

static uint8_t bit(unsigned n)
{
    return (uint8_t)(1u << (n & 7));
}

static uint8_t level_triggered(const struct pic *p)
{
    return p->icw1 & ICW1_LTIM ? 0xFF : p->elcr;
}

static uint8_t pic_irr(const struct pic *p)
{
    uint8_t level = level_triggered(p);
    return (uint8_t)((p->lines & level) | (p->latch & ~level));
}

static void pic_line(struct pic *p, unsigned n, bool level)
{
    if (!level) {
        p->lines &= (uint8_t)~bit(n);
        p->latch &= (uint8_t)~bit(n);
    } else if (!(p->lines & bit(n))) {
        p->lines |= bit(n);
        p->latch |= bit(n);
    }
}

/* 0: highest priority. The level after the lowest is the highest: the order is a ring. */
static unsigned rank(const struct pic *p, unsigned n)
{
    return (n - p->lowest - 1u) & 7;
}

/* The level of highest priority in a set of levels, or -1. */
static int highest(const struct pic *p, uint8_t set)
{
    for (unsigned i = 0; i < 8; i++) {
        unsigned n = (p->lowest + 1u + i) & 7;
        if (set & bit(n)) {
            return (int)n;
        }
    }
    return -1;
}

/* Levels in service as the priority resolver sees them: in special mask mode a masked one is as
 * good as finished, for requests and for non-specific EOI alike. */
static uint8_t in_service(const struct pic *p)
{
    return p->special_mask ? (uint8_t)(p->isr & ~p->imr) : p->isr;
}

/* Inputs of the master that have a slave behind them. */
static uint8_t cascaded(const struct pic *p)
{
    return p->master && !(p->icw1 & ICW1_SNGL) ? p->icw3 : 0;
}

/* The level that INT stands for, or -1: INT is low. */
static int pic_request(const struct pic *p)
{
    if (p->expect != EXPECT_OCW1) {
        return -1;
    }
    int n = highest(p, (uint8_t)(pic_irr(p) & ~p->imr));
    int busy = highest(p, in_service(p));
    if (n < 0 || busy < 0 || rank(p, (unsigned)n) < rank(p, (unsigned)busy)) {
        return n;
    }
    /* Special fully nested: a slave may interrupt its own handler; it knows its priorities. */
    bool nested = n == busy && (p->icw4 & ICW4_SFNM) && (cascaded(p) & bit((unsigned)n));
    return nested ? n : -1;
}

/* INTA, or the read that follows a poll command. */
static void pic_take(struct pic *p, unsigned n)
{
    p->latch &= (uint8_t)~bit(n);
    if (!(p->icw4 & ICW4_AEOI)) {
        p->isr |= bit(n);
    } else if (p->rotate_aeoi) {
        p->lowest = (uint8_t)n;
    }
}

/* ---- the pair: INT outputs ---- */

static void set_int(struct i8259 *d, struct pic *p, bool level)
{
    if (p->int_out == level) {
        return;
    }
    p->int_out = level;
    if (p->master) {
        wire_set(&d->intr, level);
    } else {
        pic_line(&d->pic[0], CASCADE, level);
    }
}

static void refresh(struct i8259 *d)
{
    set_int(d, &d->pic[1],
            pic_request(&d->pic[1]) >= 0); /* first: it is an input of the master */
    set_int(d, &d->pic[0], pic_request(&d->pic[0]) >= 0);
}

static unsigned acknowledge(struct i8259 *d, struct pic *p)
{
    int n = pic_request(p);
    if (n >= 0) {
        pic_take(p, (unsigned)n);
    }
    set_int(d, p, false);
    return n >= 0 ? (unsigned)n : SPURIOUS;
}

uint8_t i8259_ack(struct device *dev)
{
    struct i8259 *d = (struct i8259 *)dev;
    struct pic *master = &d->pic[0], *slave = &d->pic[1];
    unsigned n = acknowledge(d, master);
    uint8_t vector = (uint8_t)((master->icw2 & 0xF8) | n);
    if (cascaded(master) & bit(n)) {
        /* The master only puts the number on CAS2..0; the slave of that number drives the bus.
         */
        bool answers = n == CASCADE && !(slave->icw1 & ICW1_SNGL) && (slave->icw3 & 7) == n;
        vector =
            answers ? (uint8_t)((slave->icw2 & 0xF8) | acknowledge(d, slave)) : FLOATING_BUS;
    }
    refresh(d);
    return vector;
}

void i8259_set_irq(void *dev, unsigned n, bool level)
{
    struct i8259 *d = dev;
    if (n == CASCADE || n > 15) {
        return;
    }
    pic_line(&d->pic[n >> 3], n & 7, level);
    refresh(d);
}

void i8259_connect_intr(struct device *dev, struct wire intr)
{
    ((struct i8259 *)dev)->intr = intr;
}

/* ---- command words ---- */

static void write_icw1(struct pic *p, uint8_t v)
{
    p->icw1 = v;
    p->latch = 0; /* the edge detectors want a new low-to-high transition */
    p->isr = 0;
    p->imr = 0;
    p->lowest = 7;
    p->read_isr = false;
    p->poll = false;
    p->special_mask = false;
    p->rotate_aeoi = false;
    if (!p->master) {
        p->icw3 = 7; /* "the slave mode address is set to 7" */
    }
    if (!(v & ICW1_IC4)) {
        p->icw4 = 0;
    }
    p->expect = EXPECT_ICW2;
}

static void write_odd(struct i8259 *d, struct pic *p, uint8_t v)
{
    switch (p->expect) {
    case EXPECT_ICW2:
        p->icw2 = v;
        p->expect = !(p->icw1 & ICW1_SNGL) ? EXPECT_ICW3
                    : p->icw1 & ICW1_IC4   ? EXPECT_ICW4
                                           : EXPECT_OCW1;
        break;
    case EXPECT_ICW3:
        p->icw3 = v;
        p->expect = p->icw1 & ICW1_IC4 ? EXPECT_ICW4 : EXPECT_OCW1;
        break;
    case EXPECT_ICW4:
        p->icw4 = v;
        p->expect = EXPECT_OCW1;
        break;
    default: p->imr = v; return;
    }
    if (p->expect == EXPECT_OCW1 && !(p->icw4 & ICW4_UPM)) {
        note(&d->dev.board->notes, NOTE_i8259_8080);
    }
}

static void write_ocw2(struct pic *p, uint8_t v)
{
    unsigned level = v & 7;
    if (v & OCW2_EOI) {
        if (!(v & OCW2_SL)) {
            int n = highest(p, in_service(p));
            if (n < 0) {
                return;
            }
            level = (unsigned)n;
        }
        p->isr &= (uint8_t)~bit(level);
        if (v & OCW2_R) {
            p->lowest = (uint8_t)level;
        }
    } else if (!(v & OCW2_SL)) {
        p->rotate_aeoi = v & OCW2_R;
    } else if (v & OCW2_R) {
        p->lowest = (uint8_t)level; /* set priority; SL alone is no operation */
    }
}

static void write_ocw3(struct pic *p, uint8_t v)
{
    if (v & OCW3_ESMM) {
        p->special_mask = v & OCW3_SMM;
    }
    if (v & OCW3_P) {
        p->poll = true;
    } else if (v & OCW3_RR) {
        p->read_isr = v & OCW3_RIS;
    }
}

static void pic_write(struct i8259 *d, struct pic *p, bool odd, uint8_t v)
{
    if (odd) {
        write_odd(d, p, v);
    } else if (v & ICW1) {
        write_icw1(p, v);
    } else if (v & OCW3) {
        write_ocw3(p, v);
    } else {
        write_ocw2(p, v);
    }
    refresh(d);
}

static uint8_t pic_read(struct i8259 *d, struct pic *p, bool odd)
{
    if (p->poll) {
        p->poll = false;
        bool requested = pic_request(p) >= 0;
        uint8_t v = requested ? (uint8_t)(0x80 | acknowledge(d, p)) : 0;
        refresh(d);
        return v;
    }
    return odd ? p->imr : p->read_isr ? p->isr : pic_irr(p);
}

/* ---- ports ---- */

static uint32_t master_read(void *dev, uint32_t off, unsigned size)
{
    struct i8259 *d = dev;
    (void)size;
    return pic_read(d, &d->pic[0], off & 1);
}

static void master_write(void *dev, uint32_t off, uint32_t val, unsigned size)
{
    struct i8259 *d = dev;
    (void)size;
    pic_write(d, &d->pic[0], off & 1, (uint8_t)val);
}

static uint32_t slave_read(void *dev, uint32_t off, unsigned size)
{
    struct i8259 *d = dev;
    (void)size;
    return pic_read(d, &d->pic[1], off & 1);
}

static void slave_write(void *dev, uint32_t off, uint32_t val, unsigned size)
{
    struct i8259 *d = dev;
    (void)size;
    pic_write(d, &d->pic[1], off & 1, (uint8_t)val);
}

static uint32_t elcr_read(void *dev, uint32_t off, unsigned size)
{
    struct i8259 *d = dev;
    (void)size;
    return d->pic[off & 1].elcr;
}

static void elcr_write(void *dev, uint32_t off, uint32_t val, unsigned size)
{
    static const uint8_t writable[2] = {0xF8, 0xDE};
    struct i8259 *d = dev;
    (void)size;
    d->pic[off & 1].elcr = (uint8_t)(val & writable[off & 1]);
    refresh(d);
}

static const struct ports i8259_ports[] = {
    {0x000, 2, {master_read, master_write, 1}},
    {0x080, 2, {slave_read, slave_write, 1}},
    {0x4B0, 2, {elcr_read, elcr_write, 1}},
    {0, 0, {NULL, NULL, 0}},
};

static int i8259_init(struct device *dev, struct error *err)
{
    struct i8259 *d = (struct i8259 *)dev;
    (void)err;
    d->pic[0].master = true;
    return 0;
}

static void i8259_reset(struct device *dev, enum reset how)
{
    struct i8259 *d = (struct i8259 *)dev;
    for (unsigned i = 0; i < 2; i++) {
        struct pic *p = &d->pic[i];
        /* The inputs belong to the other chips. At power-on those have driven nothing yet; a
         * reset pulse does not change what they drive until they are reset themselves. */
        uint8_t lines = how == RESET_POWER ? 0 : p->lines;
        set_int(d, p, false);
        *p = (struct pic){.lines = lines, .lowest = 7, .master = p->master};
    }
    d->pic[0].lines &= (uint8_t)~bit(CASCADE); /* the slave's INT is low now */
    wire_set(&d->intr, false);
}

/* In the words of QEMU's `info pic`. */
static void i8259_info(struct device *dev, struct text *out)
{
    const struct i8259 *d = (const struct i8259 *)dev;
    for (unsigned i = 0; i < 2; i++) {
        const struct pic *p = &d->pic[i];
        text_add(out,
                 "pic%u: irr=%02x imr=%02x isr=%02x hprio=%u irq_base=%02x rr_sel=%u elcr=%02x "
                 "fnm=%u int=%u%s%s%s\n",
                 i, pic_irr(p), p->imr, p->isr, (p->lowest + 1u) & 7, p->icw2 & 0xF8,
                 (unsigned)p->read_isr, p->elcr, (p->icw4 & ICW4_SFNM) != 0,
                 (unsigned)p->int_out, p->icw4 & ICW4_AEOI ? " auto-eoi" : "",
                 p->special_mask ? " special-mask" : "",
                 p->expect == EXPECT_OCW1 ? "" : " uninitialised");
    }
}

const struct device_class i8259_class = {
    .name = "i8259",
    .size = sizeof(struct i8259),
    .state = &i8259_schema,
    .ports = i8259_ports,
    .init = i8259_init,
    .reset = i8259_reset,
    .info = i8259_info,
};
