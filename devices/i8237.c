/* devices/i8237.c -- the PC/AT's DMA: two 8237A controllers and the page registers.
 *
 * DMA 1 (channels 0-3) moves bytes, DMA 2 (channels 5-7) words; channel 4 is the input through
 * which DMA 1 reaches the bus ("cascade"). The 8237A counts 16 bits only. A page register
 * beside it supplies the upper address lines and is never carried into, so a transfer wraps
 * inside its 64 KiB (DMA 2: 128 KiB).
 *
 *   DMA 1  DMA 2   write                             read
 *   00-07  C0-CE   base and current address, count   current address, count
 *   08     D0      command                           status (0-3 TC, cleared; 4-7 request)
 *   09     D2      request                           FFh
 *   0A     D4      single mask                       FFh
 *   0B     D6      mode                              FFh
 *   0C     D8      clear byte pointer                FFh
 *   0D     DA      master clear                      temporary (always 0 here)
 *   0E     DC      clear mask                        FFh
 *   0F     DE      all masks                         F0h + masks, as later chip sets do
 *   81-8F          page registers: 87 83 81 82 for channels 0-3, 8F 8B 89 8A for 4-7; the
 *                  rest are latches. 80h is the POST code port and not ours.
 * DMA 2 does not decode A0.
 *
 * Lines: DREQ and DACK are calls: a device that has or wants data calls board->dma and the
 * transfer happens at that tick. Clock: none.
 * NOT IMPLEMENTED: memory-to-memory transfers (the AT cannot use them: channel 0's page), time
 * on the bus, the polarity, timing and priority bits of the command register, hardware requests
 * in the status register.
 * References: Intel 8237A data sheet (1993); IBM PC/AT technical reference, system board.
 */
#include "devices/i8237.h"

#include <string.h>

enum { CHANNELS = 8, UNIT_CHANNELS = 4, CASCADE = 4 };

enum dma_command { COMMAND_MEM_TO_MEM = 0x01, COMMAND_DISABLE = 0x04 };

enum dma_mode {
    MODE_TRANSFER = 0x0C, /* 00 verify, 04 write to memory, 08 read from memory */
    MODE_VERIFY = 0x00,
    MODE_WRITE = 0x04,
    MODE_READ = 0x08,
    MODE_AUTOINIT = 0x10,
    MODE_DECREMENT = 0x20,
    MODE_SELECT = 0xC0, /* 00 demand, 40 single, 80 block, C0 cascade */
    MODE_CASCADE = 0xC0,
};

enum dma_register {
    REG_COMMAND = 8,
    REG_REQUEST,
    REG_MASK,
    REG_MODE,
    REG_POINTER,
    REG_MASTER,
    REG_CLEAR_MASK,
    REG_ALL_MASKS
};

struct i8237_channel {
    uint16_t base_address, base_count; /* what auto-initialisation reloads */
    uint16_t address, count;           /* count: transfers left, less one */
    uint8_t mode;
};

struct i8237_unit {
    struct i8237_channel channel[UNIT_CHANNELS];
    uint8_t command;
    uint8_t terminal; /* bit a channel: terminal count reached since the last status read */
    uint8_t request;  /* software requests */
    uint8_t mask;
    bool high; /* byte pointer flip-flop: next is the upper byte */
};

struct i8237 {
    struct device dev;
    struct i8237_unit unit[2];
    uint8_t page[16]; /* ports 80h-8Fh; [0] unused */
};

static const uint8_t page_index[CHANNELS] = {7, 3, 1, 2, 15, 11, 9, 10};

static const struct field channel_fields[] = {
    FIELD(struct i8237_channel, base_address), FIELD(struct i8237_channel, base_count),
    FIELD(struct i8237_channel, address),      FIELD(struct i8237_channel, count),
    FIELD(struct i8237_channel, mode),         FIELDS_END,
};
static const struct schema channel_schema = {
    "i8237_channel", sizeof(struct i8237_channel), 1, 1, channel_fields, NULL};

static const struct field unit_fields[] = {
    FIELD_S(struct i8237_unit, channel, &channel_schema, struct i8237_channel),
    FIELD(struct i8237_unit, command),
    FIELD_R(struct i8237_unit, terminal, 0, 15),
    FIELD_R(struct i8237_unit, request, 0, 15),
    FIELD_R(struct i8237_unit, mask, 0, 15),
    FIELD(struct i8237_unit, high),
    FIELDS_END,
};
static const struct schema unit_schema = {
    "i8237_unit", sizeof(struct i8237_unit), 1, 1, unit_fields, NULL};

static const struct field i8237_fields[] = {
    DERIVED(struct i8237, dev),
    FIELD_S(struct i8237, unit, &unit_schema, struct i8237_unit),
    FIELD_A(struct i8237, page),
    FIELDS_END,
};
static const struct schema i8237_schema = {"i8237", sizeof(struct i8237), 1,
                                           1,       i8237_fields,         NULL};

/* --- transfers --------------------------------------------------------------------------- */

/* The device's end of a transfer: `in` is what it puts on the bus, `out` takes what it reads
 * from there; NULL: it does not look. */
struct dma_end {
    const uint8_t *in;
    uint8_t *out;
    bool alike; /* all bytes of `in` are: their order does not matter */
};

static bool cascade_open(const struct i8237 *d)
{
    const struct i8237_unit *u = &d->unit[1];
    return !(u->command & COMMAND_DISABLE) && !(u->mask & 1) &&
           (u->channel[0].mode & MODE_SELECT) == MODE_CASCADE;
}

/* May the channel have the bus? Software requests cannot be masked. */
static bool granted(const struct i8237 *d, unsigned ch, bool software)
{
    const struct i8237_unit *u = &d->unit[ch / UNIT_CHANNELS];
    unsigned n = ch % UNIT_CHANNELS;
    if ((u->command & COMMAND_DISABLE) || (u->channel[n].mode & MODE_SELECT) == MODE_CASCADE) {
        return false;
    }
    if (!software && (u->mask >> n & 1)) {
        return false;
    }
    return ch >= CASCADE || cascade_open(d);
}

static paddr physical(const struct i8237 *d, unsigned ch, uint16_t address)
{
    uint8_t page = d->page[page_index[ch % CHANNELS]];
    if (ch < CASCADE) {
        return (paddr)page << 16 | address;
    }
    return (paddr)(page & 0xFE) << 16 | (paddr)address << 1; /* A0 is low, page bit 0 unused */
}

static void move(struct i8237 *d, unsigned kind, paddr pa, struct dma_end end, uint32_t len)
{
    if (kind == MODE_WRITE && end.in) {
        (void)phys_dma_write(d->dev.board->phys, pa, end.in, len);
    } else if (kind == MODE_READ && end.out) {
        (void)phys_dma_read(d->dev.board->phys, pa, end.out, len);
    }
}

static void terminal_count(struct i8237_unit *u, unsigned n)
{
    struct i8237_channel *c = &u->channel[n];
    uint8_t bit = (uint8_t)(1u << n);
    u->terminal |= bit;
    u->request &= (uint8_t)~bit;
    if (c->mode & MODE_AUTOINIT) {
        c->address = c->base_address;
        c->count = c->base_count;
    } else {
        u->mask |= bit;
    }
}

/* Up to `transfers` bytes or words, not beyond terminal count; returns how many, tc says
 * whether terminal count was reached. Address lines run in one direction until they wrap, so
 * the memory side is a few pieces, or single transfers when the address counts down. */
static uint32_t run(struct i8237 *d, unsigned ch, struct dma_end end, uint32_t transfers,
                    bool *tc)
{
    struct i8237_unit *u = &d->unit[ch / UNIT_CHANNELS % 2];
    struct i8237_channel *c = &u->channel[ch % UNIT_CHANNELS];
    uint32_t width = ch < CASCADE ? 1 : 2;
    uint32_t total = transfers < (uint32_t)c->count + 1 ? transfers : (uint32_t)c->count + 1;
    for (uint32_t done = 0; done < total;) {
        uint32_t n = 1, left = total - done, at = c->address;
        if (!(c->mode & MODE_DECREMENT)) {
            uint32_t to_wrap = 0x10000u - at;
            n = left < to_wrap ? left : to_wrap;
        } else if (end.alike) { /* downwards is as good as upwards, and much quicker */
            n = left < at + 1 ? left : at + 1;
            at -= n - 1;
        }
        struct dma_end piece = {end.in ? end.in + done * width : NULL,
                                end.out ? end.out + done * width : NULL, end.alike};
        move(d, c->mode & MODE_TRANSFER, physical(d, ch, (uint16_t)at), piece, n * width);
        c->address = (uint16_t)(c->mode & MODE_DECREMENT ? c->address - n : c->address + n);
        done += n;
    }
    *tc = total == (uint32_t)c->count + 1;
    c->count = (uint16_t)(c->count - total);
    if (*tc) {
        terminal_count(u, ch % UNIT_CHANNELS);
    }
    return total;
}

/* A device's request. In verify mode addresses and counts move, data does not. */
static uint32_t request(struct i8237 *d, unsigned ch, unsigned kind, struct dma_end end,
                        uint32_t len, bool *tc)
{
    *tc = false;
    if (ch >= CHANNELS || !granted(d, ch, false)) {
        return 0;
    }
    unsigned mode =
        d->unit[ch / UNIT_CHANNELS].channel[ch % UNIT_CHANNELS].mode & MODE_TRANSFER;
    if (mode != kind && mode != MODE_VERIFY) {
        note(&d->dev.board->notes, NOTE_i8237_direction);
        return 0;
    }
    uint32_t width = ch < CASCADE ? 1 : 2;
    return run(d, ch, end, len / width, tc) * width;
}

static uint32_t to_memory(void *ctx, unsigned ch, const void *bytes, uint32_t len, bool *tc)
{
    return request(ctx, ch, MODE_WRITE, (struct dma_end){bytes, NULL, false}, len, tc);
}

static uint32_t from_memory(void *ctx, unsigned ch, void *bytes, uint32_t len, bool *tc)
{
    return request(ctx, ch, MODE_READ, (struct dma_end){NULL, bytes, false}, len, tc);
}

/* Software requests: the channel runs to terminal count with no device answering, so memory is
 * written with what an idle bus reads as. At most 65536 transfers. */
static void run_software(struct i8237 *d, unsigned unit)
{
    uint8_t idle_bus[512];
    memset(idle_bus, 0xFF, sizeof idle_bus);
    for (unsigned n = 0; n < UNIT_CHANNELS; n++) {
        unsigned ch = unit * UNIT_CHANNELS + n;
        bool tc = false;
        while ((d->unit[unit].request >> n & 1) && granted(d, ch, true) && !tc) {
            (void)run(d, ch, (struct dma_end){idle_bus, NULL, true}, 256, &tc);
        }
    }
}

/* --- registers --------------------------------------------------------------------------- */

static void master_clear(struct i8237_unit *u)
{
    u->command = u->terminal = u->request = 0;
    u->mask = 0x0F;
    u->high = false;
}

static void set_bit(uint8_t *bits, uint8_t val)
{
    uint8_t bit = (uint8_t)(1u << (val & 3));
    *bits = (uint8_t)(val & 4 ? *bits | bit : *bits & ~bit);
}

static void set_half(uint16_t *reg, bool high, uint8_t val)
{
    *reg = (uint16_t)(high ? (*reg & 0x00FF) | val << 8 : (*reg & 0xFF00) | val);
}

/* Base and current register are written together, a byte at a time. */
static void write_count(struct i8237_unit *u, unsigned reg, uint8_t val)
{
    struct i8237_channel *c = &u->channel[reg / 2 % UNIT_CHANNELS];
    set_half(reg & 1 ? &c->base_count : &c->base_address, u->high, val);
    set_half(reg & 1 ? &c->count : &c->address, u->high, val);
    u->high = !u->high;
}

static void write_register(struct i8237 *d, unsigned unit, unsigned reg, uint8_t val)
{
    struct i8237_unit *u = &d->unit[unit];
    switch (reg) {
    case REG_COMMAND:
        u->command = val;
        if (val & COMMAND_MEM_TO_MEM) {
            note(&d->dev.board->notes, NOTE_i8237_memory);
        }
        run_software(d, unit);
        break;
    case REG_REQUEST:
        set_bit(&u->request, val);
        run_software(d, unit);
        break;
    case REG_MASK: set_bit(&u->mask, val); break;
    case REG_MODE: u->channel[val & 3].mode = val & 0xFC; break;
    case REG_POINTER: u->high = false; break;
    case REG_MASTER: master_clear(u); break;
    case REG_CLEAR_MASK: u->mask = 0; break;
    case REG_ALL_MASKS: u->mask = val & 0x0F; break;
    default: write_count(u, reg, val); break;
    }
}

static uint8_t read_register(struct i8237_unit *u, unsigned reg)
{
    if (reg < REG_COMMAND) {
        const struct i8237_channel *c = &u->channel[reg / 2 % UNIT_CHANNELS];
        uint16_t v = reg & 1 ? c->count : c->address;
        u->high = !u->high;
        return (uint8_t)(u->high ? v : v >> 8);
    }
    if (reg == REG_COMMAND) {
        uint8_t v = (uint8_t)(u->request << 4 | u->terminal);
        u->terminal = 0;
        return v;
    }
    if (reg == REG_MASTER) {
        return 0;
    }
    return reg == REG_ALL_MASKS ? (uint8_t)(0xF0 | u->mask) : 0xFF;
}

static uint32_t dma1_read(void *ctx, uint32_t off, unsigned size)
{
    struct i8237 *d = ctx;
    (void)size;
    return read_register(&d->unit[0], off & 15);
}

static void dma1_write(void *ctx, uint32_t off, uint32_t val, unsigned size)
{
    (void)size;
    write_register(ctx, 0, off & 15, (uint8_t)val);
}

static uint32_t dma2_read(void *ctx, uint32_t off, unsigned size)
{
    struct i8237 *d = ctx;
    (void)size;
    return read_register(&d->unit[1], off >> 1 & 15);
}

static void dma2_write(void *ctx, uint32_t off, uint32_t val, unsigned size)
{
    (void)size;
    write_register(ctx, 1, off >> 1 & 15, (uint8_t)val);
}

static uint32_t page_read(void *ctx, uint32_t off, unsigned size)
{
    const struct i8237 *d = ctx;
    (void)size;
    return d->page[(off + 1) & 15];
}

static void page_write(void *ctx, uint32_t off, uint32_t val, unsigned size)
{
    struct i8237 *d = ctx;
    (void)size;
    d->page[(off + 1) & 15] = (uint8_t)val;
}

static const struct ports i8237_ports[] = {
    {0x00, 16, {dma1_read, dma1_write, 1}},
    {0x81, 15, {page_read, page_write, 1}},
    {0xC0, 32, {dma2_read, dma2_write, 1}},
    {0, 0, {NULL, NULL, 0}},
};

static int i8237_init(struct device *dev, struct error *err)
{
    (void)err;
    dev->board->dma = (struct dma_service){dev, to_memory, from_memory};
    return 0;
}

static void i8237_reset(struct device *dev, enum reset how)
{
    struct i8237 *d = (struct i8237 *)dev;
    for (unsigned unit = 0; unit < 2; unit++) {
        if (how == RESET_POWER) {
            d->unit[unit] = (struct i8237_unit){0}; /* undefined on the chip */
        }
        master_clear(&d->unit[unit]);
    }
    if (how == RESET_POWER) {
        for (unsigned i = 0; i < ARRAY_LEN(d->page); i++) {
            d->page[i] = 0;
        }
    }
}

static void i8237_info(struct device *dev, struct text *out)
{
    static const char *const transfer[] = {"verify", "write", "read", "illegal"};
    static const char *const mode[] = {"demand", "single", "block", "cascade"};
    const struct i8237 *d = (const struct i8237 *)dev;
    for (unsigned unit = 0; unit < 2; unit++) {
        const struct i8237_unit *u = &d->unit[unit];
        text_add(out, "i8237 DMA %u: %s, command %02x, next byte %s\n", unit + 1,
                 u->command & COMMAND_DISABLE ? "disabled" : "enabled", u->command,
                 u->high ? "high" : "low");
        for (unsigned n = 0; n < UNIT_CHANNELS; n++) {
            const struct i8237_channel *c = &u->channel[n];
            unsigned ch = unit * UNIT_CHANNELS + n;
            text_add(out,
                     "  %u %-7s %-6s %-7s page %02x address %04x of %04x, count %04x of %04x"
                     "%s%s%s%s\n",
                     ch, mode[c->mode >> 6], u->mask >> n & 1 ? "masked" : "open",
                     transfer[c->mode >> 2 & 3], d->page[page_index[ch]], c->address,
                     c->base_address, c->count, c->base_count,
                     c->mode & MODE_AUTOINIT ? ", again and again" : "",
                     c->mode & MODE_DECREMENT ? ", downwards" : "",
                     u->request >> n & 1 ? ", requested" : "",
                     u->terminal >> n & 1 ? ", ended" : "");
        }
    }
}

const struct device_class i8237_class = {
    .name = "i8237",
    .size = sizeof(struct i8237),
    .state = &i8237_schema,
    .ports = i8237_ports,
    .init = i8237_init,
    .reset = i8237_reset,
    .info = i8237_info,
};
