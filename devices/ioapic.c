/* ioapic.c -- Intel 82093AA: the I/O APIC, at FEC00000h.
 *
 *   FEC00000h  IOREGSEL  r/w  bits 7:0: the register behind IOWIN
 *   FEC00010h  IOWIN     r/w  a doubleword
 *
 *   00h IOAPICID   r/w  bits 27:24
 *   01h IOAPICVER  r    00170011h: 24 entries, version 11h
 *   02h IOAPICARB  r    bits 27:24: loaded with the ID when that is written
 *   10h + 2n       r/w  low half of entry n: vector(7:0) mode(10:8) logical(11) status(12, r)
 *                       active low(13) remote IRR(14, r) level(15) masked(16)
 *   11h + 2n       r/w  high half: destination(31:24)
 *
 * Pins: ISA request n on pin n, but 0 (the 8254) on pin 2; the 8259A pair's INTR on pin 0, for
 * ExtINT. PCI requests come as the ISA requests that the south bridge turns them into. A line
 * of the board is asserted or not: the polarity bit is kept for software and changes nothing.
 *
 * Edge: a message at each rising edge; one at a masked pin is lost (82093AA ds 3.2.4). Level
 * (fixed and lowest priority only): a message while the pin is asserted and remote IRR clear;
 * acceptance sets remote IRR, the EOI of the same vector clears it, and so does turning the
 * entry to edge-triggered, which is how software ends a level-triggered interrupt by hand.
 * Messages need no time: the delivery status reads as idle, but for a level-triggered one that
 * no processor accepts, which waits; an edge that nobody accepts is lost.
 *
 * Lines: 24 in; the APIC bus. Clock: none. Reset: all entries masked.
 * NOT IMPLEMENTED: 20h IRQ assertion and 40h EOI registers, which came with version 20h; SMI
 * (counted at the local APIC).
 * References: 82093AA data sheet 290566; Intel MultiProcessor Specification 1.4, 3.6.2.
 */
#include "devices/ioapic.h"

enum { PINS = 24, PIN_MASK = (1 << PINS) - 1 };
enum { SELECT = 0x00, WINDOW = 0x10 };
enum { REG_ID = 0, REG_VERSION = 1, REG_ARB = 2, REG_ENTRIES = 0x10 };
enum { VERSION = (PINS - 1) << 16 | 0x11 };
enum {
    LOW_VECTOR = 0xFF,
    LOW_LOGICAL = 1 << 11,
    LOW_PENDING = 1 << 12,
    LOW_REMOTE_IRR = 1 << 14,
    LOW_LEVEL = 1 << 15,
    LOW_MASKED = 1 << 16,
    LOW_READ_ONLY = LOW_PENDING | LOW_REMOTE_IRR,
    LOW_BITS = 0x1FFFF,
};

struct ioapic {
    struct device dev;
    apic_send_fn *send;
    struct device *send_ctx;
    uint32_t low[PINS], high[PINS];
    uint32_t pins; /* asserted */
    uint32_t id;   /* in the register's position */
    uint8_t select;
};

/* ---- messages */

static bool is_level(uint32_t low)
{
    return (low & LOW_LEVEL) && (low >> 8 & 7) <= APIC_LOWEST;
}

static bool send(const struct ioapic *io, unsigned n)
{
    uint32_t low = io->low[n];
    const struct apic_message msg = {.mode = low >> 8 & 7,
                                     .vector = (uint8_t)low,
                                     .dest = (uint8_t)(io->high[n] >> 24),
                                     .logical = low & LOW_LOGICAL,
                                     .level = is_level(low)};
    return io->send != NULL && io->send(io->send_ctx, &msg);
}

/* A level-triggered pin asks again whenever something of it may have changed. Remote IRR is set
 * beforehand: the receiver may answer at once. */
static void serve_level(struct ioapic *io, unsigned n)
{
    uint32_t *low = &io->low[n];
    if (!is_level(*low)) {
        return;
    }
    *low &= ~(uint32_t)LOW_PENDING;
    if (!(io->pins >> n & 1) || (*low & (LOW_MASKED | LOW_REMOTE_IRR))) {
        return;
    }
    *low |= LOW_REMOTE_IRR;
    if (!send(io, n)) {
        *low = (*low & ~(uint32_t)LOW_REMOTE_IRR) | LOW_PENDING;
    }
}

void ioapic_set_pin(struct device *dev, unsigned pin, bool level)
{
    struct ioapic *io = (struct ioapic *)dev;
    if (pin >= PINS) {
        return;
    }
    uint32_t bit = UINT32_C(1) << pin;
    bool rises = level && !(io->pins & bit);
    io->pins = level ? io->pins | bit : io->pins & ~bit;
    if (is_level(io->low[pin])) {
        serve_level(io, pin);
    } else if (rises && !(io->low[pin] & LOW_MASKED)) {
        (void)send(io, pin);
    }
}

void ioapic_eoi(struct device *dev, uint8_t vector)
{
    struct ioapic *io = (struct ioapic *)dev;
    for (unsigned n = 0; n < PINS; n++) {
        if ((io->low[n] & LOW_REMOTE_IRR) && (io->low[n] & LOW_VECTOR) == vector) {
            io->low[n] &= ~(uint32_t)LOW_REMOTE_IRR;
            serve_level(io, n);
        }
    }
}

void ioapic_retry(struct device *dev)
{
    struct ioapic *io = (struct ioapic *)dev;
    for (unsigned n = 0; n < PINS; n++) {
        serve_level(io, n);
    }
}

void ioapic_connect(struct device *dev, apic_send_fn *send_fn, struct device *ctx)
{
    struct ioapic *io = (struct ioapic *)dev;
    io->send = send_fn;
    io->send_ctx = ctx;
}

/* ---- registers */

static uint32_t reg_read(const struct ioapic *io)
{
    unsigned entry = (unsigned)(io->select - REG_ENTRIES) >> 1;
    if (io->select >= REG_ENTRIES && entry < PINS) {
        return io->select & 1 ? io->high[entry] : io->low[entry];
    }
    switch (io->select) {
    case REG_ID:
    case REG_ARB: return io->id;
    case REG_VERSION: return VERSION;
    default: return 0;
    }
}

static void low_write(struct ioapic *io, unsigned n, uint32_t val)
{
    uint32_t *low = &io->low[n];
    *low = (*low & LOW_READ_ONLY) | (val & LOW_BITS & ~(uint32_t)LOW_READ_ONLY);
    if (!is_level(*low)) {
        *low &= ~(uint32_t)LOW_READ_ONLY;
    }
    serve_level(io, n);
}

static void reg_write(struct ioapic *io, uint32_t val)
{
    unsigned entry = (unsigned)(io->select - REG_ENTRIES) >> 1;
    if (io->select == REG_ID) {
        io->id = val & 0x0F000000;
    } else if (io->select < REG_ENTRIES || entry >= PINS) {
        return;
    } else if (io->select & 1) {
        io->high[entry] = val & 0xFF000000;
        serve_level(io, entry);
    } else {
        low_write(io, entry, val);
    }
}

static uint32_t page_read(void *ctx, uint32_t off, unsigned size)
{
    const struct ioapic *io = ctx;
    unsigned at = off & 15;
    uint32_t reg = (off & ~15u) == SELECT   ? io->select
                   : (off & ~15u) == WINDOW ? reg_read(io)
                                            : 0;
    return at + size > 4 ? 0 : reg >> 8 * at & UINT32_MAX >> (32 - 8 * size);
}

static void page_write(void *ctx, uint32_t off, uint32_t val, unsigned size)
{
    struct ioapic *io = ctx;
    if (off == SELECT) {
        io->select = (uint8_t)val;
    } else if (off == WINDOW && size == 4) {
        reg_write(io, val);
    }
}

bool ioapic_is_unmaskable(const struct device *dev)
{
    const struct ioapic *io = (const struct ioapic *)dev;
    for (unsigned pin = 0; pin < PINS; pin++) {
        unsigned mode = io->low[pin] >> 8 & 7;
        if (!(io->low[pin] & LOW_MASKED) && (mode == APIC_NMI || mode == APIC_INIT)) {
            return true;
        }
    }
    return false;
}

/* ---- life */

static int ioapic_init(struct device *dev, struct error *err)
{
    static const struct region_ops page = {page_read, page_write};
    (void)err;
    phys_map_io(dev->board->phys, IOAPIC_BASE, PAGE_SIZE, &page, dev);
    return 0;
}

static void ioapic_reset(struct device *dev, enum reset how)
{
    struct ioapic *io = (struct ioapic *)dev;
    if (how == RESET_POWER) { /* the pins are other chips' outputs */
        io->pins = 0;
    }
    io->id = 0;
    io->select = 0;
    for (unsigned n = 0; n < PINS; n++) {
        io->low[n] = LOW_MASKED;
        io->high[n] = 0;
    }
}

static void ioapic_info(struct device *dev, struct text *out)
{
    static const char *const mode[8] = {"fixed", "lowest", "smi",     "reserved",
                                        "nmi",   "init",   "startup", "extint"};
    const struct ioapic *io = (const struct ioapic *)dev;
    text_add(out, "ioapic: id=%u sel=%02x pins=%06x\n", (unsigned)(io->id >> 24), io->select,
             (unsigned)io->pins);
    for (unsigned n = 0; n < PINS; n++) {
        uint32_t low = io->low[n];
        if ((low | io->high[n]) == LOW_MASKED) {
            continue; /* as after reset */
        }
        text_add(out, "  pin %-2u vector=%02x %s dest=%02x %s active-%s %s%s%s\n", n,
                 (unsigned)(low & LOW_VECTOR), mode[low >> 8 & 7],
                 (unsigned)(io->high[n] >> 24), low & LOW_LOGICAL ? "logical" : "physical",
                 low & 1 << 13 ? "low" : "high", low & LOW_LEVEL ? "level" : "edge",
                 low & LOW_MASKED ? " masked" : "", low & LOW_REMOTE_IRR ? " remote-irr" : "");
    }
}

static bool ioapic_loaded(void *obj)
{
    const struct ioapic *io = obj;
    for (unsigned n = 0; n < PINS; n++) {
        if ((io->high[n] & 0xFFFFFF) ||
            ((io->low[n] & LOW_READ_ONLY) && !is_level(io->low[n]))) {
            return false;
        }
    }
    return (io->id & ~0x0F000000u) == 0;
}

static const struct field ioapic_fields[] = {
    DERIVED(struct ioapic, dev),
    DERIVED(struct ioapic, send),
    DERIVED(struct ioapic, send_ctx),
    FIELD_AR(struct ioapic, low, 0, LOW_BITS),
    FIELD_A(struct ioapic, high),
    FIELD_R(struct ioapic, pins, 0, PIN_MASK),
    FIELD(struct ioapic, id),
    FIELD(struct ioapic, select),
    FIELDS_END,
};
static const struct schema ioapic_schema = {"ioapic", sizeof(struct ioapic), 1,
                                            1,        ioapic_fields,         ioapic_loaded};

const struct device_class ioapic_class = {
    .name = "ioapic",
    .size = sizeof(struct ioapic),
    .state = &ioapic_schema,
    .init = ioapic_init,
    .reset = ioapic_reset,
    .info = ioapic_info,
};
