/* devices/i8254.c -- Intel 8254 programmable interval timer.
 *
 *   40h..42h  r/w  counter 0..2: count, or after a latch command the latched status or count
 *   43h       w    control word   SC1 SC0 RW1 RW0 M2 M1 M0 BCD
 *                    RW=00        counter latch command
 *                    SC=11        read-back command: /COUNT /STATUS CNT2 CNT1 CNT0 0
 *             r    nothing drives the bus
 *
 * Status byte: OUT, NULL COUNT, then RW, M and BCD as they were written.
 *
 * Vocabulary (8254 ds, "counter description"): CR is the count register that the program
 * writes, CE the counting element. "Loading" moves CR into CE and happens on a CLK pulse; NULL
 * COUNT is set while CR holds a count that CE has not got yet.
 *
 *   mode  OUT                                          new count         GATE
 *   0     low; high at 0, until the next count         next pulse        high counts
 *   1     low from the trigger until 0                 next trigger      edge triggers
 *   2     high; low while CE is 1, then reload         end of period     high counts, edge
 * reloads 3     high (N+1)/2 pulses, low N/2, reload         end of half       high counts,
 * edge reloads 4     high; low for one pulse at 0                 next pulse        high counts
 *   5     as 4, from the trigger                       next trigger      edge triggers
 *
 * Time: nothing happens each pulse. CLK pulses are numbered from power-on (clock_cycles); a
 * counter remembers one pulse (anchor) and what CE was then (left), and every question --
 * count, OUT, the next edge -- is arithmetic from there. A periodic counter moves its anchor by
 * whole counts, so its edges are exact for ever. Pulse c+1 is the first one after a write at
 * pulse c.
 *
 * Lines: GATE0..2 in (high until i8254_set_gate), OUT0 to the interrupt line, OUT1..2 by
 * i8254_connect_out. Clock: 14.31818 MHz / 12.
 * Reset: none in the chip, where everything is undefined until programmed. Here: mode 3, no
 * count loaded, OUT high.
 *
 * NOT IMPLEMENTED: what the silicon makes of a count of 1 in modes 2 and 3 (illegal in the data
 * sheet): OUT stays high, counted. A BCD digit above 9 counts for its weight. CE reads 0
 * between a control word and the first load.
 *
 * References: Intel 8254 data sheet (231164).
 */
#include "devices/i8254.h"

#define NEVER UINT64_MAX

enum { RW_LSB = 1, RW_MSB = 2, RW_BOTH = 3 };
enum { CW_RESET = 0x36, FULL_COUNT = 0x10000 };
enum { READBACK_NO_COUNT = 0x20, READBACK_NO_STATUS = 0x10 };
enum { STATUS_OUT = 0x80, STATUS_NULL = 0x40 };
#define PULSE_MAX ((uint64_t)1 << 50) /* no state may claim a later one: 29 years */

struct counter {
    struct event edge;   /* next change of OUT, if somebody listens */
    struct i8254 *timer; /* DERIVED: this counter's chip, for the event */
    struct wire wire;
    uint64_t anchor;  /* the pulse at which the members below were so */
    uint64_t load_at; /* the pulse that loads CR into CE, NEVER: none under way */
    uint32_t
        left;    /* modes 0, 1, 4, 5: CE; 2: pulses to the reload; 3: to the end of the half */
    uint32_t n;  /* the count loaded last, 1..65536 */
    uint16_t cr; /* as written: 0 is 65536, or 10000 in BCD */
    uint16_t count_latch;
    uint8_t cw;        /* low six bits of the control word */
    uint8_t write_low; /* first byte of two */
    uint8_t status_latch;
    bool gate;
    bool out;     /* at anchor */
    bool pin;     /* what the wire was told last */
    bool running; /* CE follows CLK */
    bool armed;   /* modes 0, 1, 4, 5: OUT still has to change for this count */
    bool null_count;
    bool written;                   /* CR was written since the control word */
    bool loaded;                    /* CE was loaded since then */
    bool write_second, read_second; /* flip-flops of two-byte access */
    bool count_latched, status_latched;
};

struct i8254 {
    struct device dev;
    struct counter ch[I8254_CHANNELS];
};

static const struct field counter_fields[] = {
    FIELD_EVENT(struct counter, edge),
    DERIVED(struct counter, timer),
    DERIVED(struct counter, wire),
    FIELD_R(struct counter, anchor, 0, PULSE_MAX),
    FIELD(struct counter, load_at),
    FIELD_R(struct counter, left, 0, FULL_COUNT),
    FIELD_R(struct counter, n, 1, FULL_COUNT),
    FIELD(struct counter, cr),
    FIELD(struct counter, count_latch),
    FIELD_R(struct counter, cw, 0x10, 0x3F),
    FIELD(struct counter, write_low),
    FIELD(struct counter, status_latch),
    FIELD(struct counter, gate),
    FIELD(struct counter, out),
    FIELD(struct counter, pin),
    FIELD(struct counter, running),
    FIELD(struct counter, armed),
    FIELD(struct counter, null_count),
    FIELD(struct counter, written),
    FIELD(struct counter, loaded),
    FIELD(struct counter, write_second),
    FIELD(struct counter, read_second),
    FIELD(struct counter, count_latched),
    FIELD(struct counter, status_latched),
    FIELDS_END,
};
static const struct schema counter_schema = {"counter", sizeof(struct counter), 1,
                                             1,         counter_fields,         NULL};

static bool i8254_loaded(void *obj)
{
    const struct i8254 *t = obj;
    for (unsigned i = 0; i < I8254_CHANNELS; i++) {
        uint64_t at = t->ch[i].load_at;
        if (at == 0 || (at != NEVER && at > PULSE_MAX)) {
            return false;
        }
    }
    return true;
}

static const struct field i8254_fields[] = {
    DERIVED(struct i8254, dev),
    FIELD_S(struct i8254, ch, &counter_schema, struct counter),
    FIELDS_END,
};
static const struct schema i8254_schema = {"i8254", sizeof(struct i8254), 1,
                                           1,       i8254_fields,         i8254_loaded};

/* ---- one counter in time; nothing here knows the board ---- */

static unsigned mode_of(const struct counter *ch)
{
    unsigned m = ch->cw >> 1 & 7;
    return m > 5 ? m & 3 : m; /* M2 is "don't care" in modes 2 and 3 */
}

static unsigned access_of(const struct counter *ch)
{
    return ch->cw >> 4 & 3;
}

static uint32_t modulus(const struct counter *ch)
{
    return ch->cw & 1 ? 10000 : FULL_COUNT;
}

/* The count that CR stands for, 1..65536. */
static uint32_t cr_count(const struct counter *ch)
{
    uint32_t n = ch->cr;
    if (ch->cw & 1) {
        n = (n >> 12) * 1000 + (n >> 8 & 15) * 100 + (n >> 4 & 15) * 10 + (n & 15);
    }
    return n ? n : modulus(ch);
}

/* Mode 0 stops between the two bytes of a new count. */
static bool may_run(const struct counter *ch)
{
    unsigned m = mode_of(ch);
    if (m == 1 || m == 5) {
        return ch->loaded;
    }
    return ch->loaded && ch->gate && !(m == 0 && ch->write_second);
}

/* Modes 0, 1, 4, 5: k pulses of a count that ends once. CE goes on through zero. */
static void run_once(struct counter *ch, uint64_t k)
{
    bool strobe = mode_of(ch) >= 4;
    if (ch->armed && k >= ch->left) {
        ch->out = strobe ? k > ch->left : true;
        ch->armed = strobe && k == ch->left;
    }
    if (k <= ch->left) {
        ch->left -= (uint32_t)k;
    } else {
        uint32_t past = (uint32_t)((k - ch->left) % modulus(ch));
        ch->left = past ? modulus(ch) - past : 0;
    }
}

static void run_rate(struct counter *ch, uint64_t k)
{
    if (k < ch->left) {
        ch->left -= (uint32_t)k;
    } else {
        ch->n = cr_count(ch);
        ch->null_count = false;
        ch->left = ch->n - (uint32_t)((k - ch->left) % ch->n);
    }
    ch->out = ch->left != 1 || ch->n == 1;
}

static uint32_t half(uint32_t n, bool high)
{
    return high ? (n + 1) / 2 : n / 2;
}

static void run_square(struct counter *ch, uint64_t k)
{
    if (k < ch->left) {
        ch->left -= (uint32_t)k;
        return;
    }
    bool high = ch->n == 1 || !ch->out; /* the half that follows the one just ended */
    ch->n = cr_count(ch);
    ch->null_count = false;
    uint32_t k2 = (uint32_t)((k - ch->left) % ch->n);
    if (ch->n == 1) {
        high = true;
    } else if (k2 >= half(ch->n, high)) {
        k2 -= half(ch->n, high);
        high = !high;
    }
    ch->out = high;
    ch->left = half(ch->n, high) - k2;
}

static void run_to(struct counter *ch, uint64_t c)
{
    if (c <= ch->anchor) {
        return;
    }
    uint64_t k = c - ch->anchor;
    ch->anchor = c;
    if (ch->running) {
        switch (mode_of(ch)) {
        case 2: run_rate(ch, k); break;
        case 3: run_square(ch, k); break;
        default: run_once(ch, k); break;
        }
    } else if (ch->armed && ch->left == 0) {
        ch->out = true; /* GATE stops CE, not the end of mode 4's strobe */
        ch->armed = false;
    }
}

static void load_ce(struct counter *ch, uint64_t c)
{
    unsigned m = mode_of(ch);
    ch->anchor = c;
    ch->load_at = NEVER;
    ch->n = cr_count(ch);
    ch->null_count = false;
    ch->loaded = true;
    ch->running = may_run(ch);
    ch->armed = m != 2 && m != 3 && !(m == 0 && ch->write_second);
    ch->left = m == 3 ? half(ch->n, true) : ch->n;
    ch->out = m > 1;
}

/* Brings the counter to pulse c. */
static void settle(struct counter *ch, uint64_t c)
{
    if (ch->load_at <= c) {
        run_to(ch, ch->load_at - 1);
        load_ce(ch, ch->load_at);
    }
    run_to(ch, c);
}

/* The first pulse after anchor at which OUT may change. */
static uint64_t next_edge(const struct counter *ch)
{
    unsigned m = mode_of(ch);
    if (ch->load_at != NEVER) {
        return ch->load_at; /* that is the next pulse */
    }
    uint32_t left = ch->left ? ch->left : 1;
    if (m != 2 && m != 3) {
        bool ends = ch->armed && (ch->running || ch->left == 0);
        return ends ? ch->anchor + left : NEVER;
    }
    if (!ch->running) {
        return NEVER;
    }
    if (ch->n == 1) {
        return cr_count(ch) == 1 ? NEVER : ch->anchor + 1;
    }
    return ch->anchor +
           (m == 2 && left > 1 ? left - 1 : left); /* mode 2: to CE = 1, or past it */
}

/* CE as a program reads it. */
static uint16_t ce(const struct counter *ch)
{
    uint32_t v = ch->left;
    if (mode_of(ch) == 3 && ch->loaded) {
        /* Counts by two; an odd count starts one lower and spends a pulse at 0 in its high
         * half. */
        v = 2 * v - ((ch->n & 1) && ch->out ? 2 : 0);
    }
    v %= modulus(ch);
    if (ch->cw & 1) {
        v = v / 1000 << 12 | v / 100 % 10 << 8 | v / 10 % 10 << 4 | v % 10;
    }
    return (uint16_t)v;
}

static uint8_t status(const struct counter *ch)
{
    return (uint8_t)((ch->out ? STATUS_OUT : 0) | (ch->null_count ? STATUS_NULL : 0) | ch->cw);
}

/* ---- counters on the board: wires and events ---- */

static uint64_t pulse_now(const struct i8254 *t)
{
    return clock_cycles(&t->dev.board->clock, I8254_HZ);
}

static bool is_ch0(const struct counter *ch)
{
    return ch == &ch->timer->ch[0];
}

static bool connected(const struct counter *ch)
{
    return ch->wire.set || (is_ch0(ch) && ch->timer->dev.irq.set);
}

static void tell(struct counter *ch)
{
    ch->pin = ch->out;
    if (is_ch0(ch)) {
        wire_set(&ch->timer->dev.irq, ch->pin);
    }
    wire_set(&ch->wire, ch->pin);
}

/* Brings the counter to pulse c, edge by edge: with few ticks a microsecond several pulses
 * share a tick, and the listener must not miss the low pulse of mode 2 between them. */
static void catch_up(struct counter *ch, uint64_t c)
{
    enum { EDGES = 8 }; /* more cannot hide in a tick: at least one tick a microsecond */
    for (unsigned i = 0; connected(ch) && i < EDGES && next_edge(ch) < c; i++) {
        settle(ch, next_edge(ch));
        if (ch->out != ch->pin) {
            tell(ch);
        }
    }
    settle(ch, c);
}

/* After every change: OUT to the wire, and an event for its next edge. */
static void follow(struct counter *ch)
{
    struct clock *ck = &ch->timer->dev.board->clock;
    if (ch->out != ch->pin) {
        tell(ch);
    }
    uint64_t next = connected(ch) ? next_edge(ch) : NEVER;
    if (next == NEVER) {
        clock_cancel(ck, &ch->edge);
    } else {
        clock_at(ck, &ch->edge, clock_tick_of(ck, next, I8254_HZ));
    }
}

static void counter_edge(void *ctx, uint64_t when)
{
    struct counter *ch = ctx;
    (void)when; /* the pulse is exact, the tick is that pulse rounded up */
    catch_up(ch, pulse_now(ch->timer));
    follow(ch);
}

void i8254_set_gate(struct device *dev, unsigned n, bool level)
{
    struct i8254 *t = (struct i8254 *)dev;
    struct counter *ch = &t->ch[n % I8254_CHANNELS];
    uint64_t c = pulse_now(t);
    unsigned m = mode_of(ch);
    if (ch->gate == level) {
        return;
    }
    catch_up(ch, c);
    ch->gate = level;
    if (m == 0 || m == 4) {
        ch->running = may_run(ch);
    } else if (level) {
        if (ch->written) { /* the trigger */
            ch->load_at = c + 1;
        }
    } else if (m == 2 || m == 3) {
        ch->running = false;
        if (m == 3 && !ch->out) {
            ch->left +=
                ch->n & 1; /* CE stays: the same count is one pulse more of a high half */
        }
        ch->out = true; /* at once, without a pulse */
    }
    follow(ch);
}

bool i8254_out(struct device *dev, unsigned n)
{
    struct i8254 *t = (struct i8254 *)dev;
    struct counter ch = t->ch[n % I8254_CHANNELS];
    settle(&ch, pulse_now(t));
    return ch.out;
}

void i8254_connect_out(struct device *dev, unsigned n, struct wire wire)
{
    ((struct i8254 *)dev)->ch[n % I8254_CHANNELS].wire = wire;
}

/* ---- ports ---- */

static void write_control(struct counter *ch, uint8_t cw)
{
    ch->cw = cw & 0x3F;
    ch->running = ch->armed = ch->written = ch->loaded = false;
    ch->write_second = ch->read_second = false;
    ch->count_latched = ch->status_latched = false;
    ch->null_count = true;
    ch->load_at = NEVER;
    ch->left = 0;
    ch->cr = 0;
    ch->out = mode_of(ch) != 0;
}

static void write_cr(struct counter *ch, uint16_t v, uint64_t c)
{
    unsigned m = mode_of(ch);
    ch->cr = v;
    ch->written = true;
    ch->null_count = true;
    if (m == 0) {
        ch->out = false;
        ch->armed = false; /* the old count cannot end any more */
    }
    if (m == 0 || m == 4 || ((m == 2 || m == 3) && !ch->loaded)) {
        ch->load_at = c + 1;
    }
    if ((m == 2 || m == 3) && cr_count(ch) == 1) {
        note(&ch->timer->dev.board->notes, NOTE_i8254_count);
    }
}

static void write_count(struct counter *ch, uint8_t v, uint64_t c)
{
    switch (access_of(ch)) {
    case RW_LSB: write_cr(ch, v, c); break;
    case RW_MSB: write_cr(ch, (uint16_t)(v << 8), c); break;
    default:
        ch->write_second = !ch->write_second;
        if (!ch->write_second) {
            write_cr(ch, (uint16_t)(v << 8 | ch->write_low), c);
            break;
        }
        ch->write_low = v;
        if (mode_of(ch) == 0) {
            ch->running = ch->armed = ch->out = false;
        }
        break;
    }
}

static uint8_t read_count(struct counter *ch, uint64_t c)
{
    if (ch->status_latched) {
        ch->status_latched = false;
        return ch->status_latch;
    }
    uint16_t v = ch->count_latch;
    if (!ch->count_latched) {
        struct counter now = *ch;
        settle(&now, c);
        v = ce(&now);
    }
    bool msb = access_of(ch) == RW_MSB || (access_of(ch) == RW_BOTH && ch->read_second);
    ch->read_second = access_of(ch) == RW_BOTH && !msb;
    if (!ch->read_second) {
        ch->count_latched = false;
    }
    return (uint8_t)(msb ? v >> 8 : v);
}

static void latch_count(struct counter *ch, uint64_t c)
{
    struct counter now = *ch;
    settle(&now, c);
    if (!ch->count_latched) { /* a second command before the read is ignored */
        ch->count_latched = true;
        ch->count_latch = ce(&now);
    }
}

static void latch_status(struct counter *ch, uint64_t c)
{
    struct counter now = *ch;
    settle(&now, c);
    if (!ch->status_latched) {
        ch->status_latched = true;
        ch->status_latch = status(&now);
    }
}

static void write_command(struct i8254 *t, uint8_t v, uint64_t c)
{
    if (v >> 6 < I8254_CHANNELS) {
        struct counter *ch = &t->ch[v >> 6];
        if (!(v >> 4 & 3)) {
            latch_count(ch, c);
            return;
        }
        catch_up(ch, c);
        write_control(ch, v);
        follow(ch);
        return;
    }
    for (unsigned i = 0; i < I8254_CHANNELS; i++) {
        if (!(v >> (i + 1) & 1)) {
            continue;
        }
        if (!(v & READBACK_NO_COUNT)) {
            latch_count(&t->ch[i], c);
        }
        if (!(v & READBACK_NO_STATUS)) {
            latch_status(&t->ch[i], c);
        }
    }
}

static uint32_t i8254_read(void *dev, uint32_t off, unsigned size)
{
    struct i8254 *t = dev;
    (void)size;
    return off < I8254_CHANNELS ? read_count(&t->ch[off], pulse_now(t)) : 0xFF;
}

static void i8254_write(void *dev, uint32_t off, uint32_t val, unsigned size)
{
    struct i8254 *t = dev;
    uint64_t c = pulse_now(t);
    (void)size;
    if (off >= I8254_CHANNELS) {
        write_command(t, (uint8_t)val, c);
        return;
    }
    struct counter *ch = &t->ch[off];
    catch_up(ch, c);
    write_count(ch, (uint8_t)val, c);
    follow(ch);
}

static const struct ports i8254_ports[] = {
    {0, 4, {i8254_read, i8254_write, 1}},
    {0, 0, {NULL, NULL, 0}},
};

/* ---- life ---- */

static void counter_reset(struct counter *ch, uint64_t c)
{
    write_control(ch, CW_RESET);
    ch->anchor = c;
    ch->n = FULL_COUNT;
    ch->count_latch = 0;
    ch->status_latch = 0;
    ch->write_low = 0;
}

static int i8254_init(struct device *dev, struct error *err)
{
    static const char *const name[I8254_CHANNELS] = {"i8254 out0", "i8254 out1", "i8254 out2"};
    struct i8254 *t = (struct i8254 *)dev;
    (void)err;
    for (unsigned i = 0; i < I8254_CHANNELS; i++) {
        struct counter *ch = &t->ch[i];
        ch->timer = t;
        ch->gate = true; /* pulled up; whoever drives the pin may lower it */
        counter_reset(ch, pulse_now(t));
        event_init(&dev->board->clock, &ch->edge, name[i], counter_edge, ch);
    }
    return 0;
}

static void i8254_reset(struct device *dev, enum reset how)
{
    struct i8254 *t = (struct i8254 *)dev;
    (void)how;
    for (unsigned i = 0; i < I8254_CHANNELS; i++) {
        struct counter *ch = &t->ch[i];
        counter_reset(ch, pulse_now(t));
        tell(ch);
        follow(ch);
    }
}

/* The pulses stay where they are; their ticks are elsewhere now. */
static void i8254_retime(struct device *dev)
{
    struct i8254 *t = (struct i8254 *)dev;
    for (unsigned i = 0; i < I8254_CHANNELS; i++) {
        follow(&t->ch[i]);
    }
}

static void i8254_info(struct device *dev, struct text *out)
{
    const struct i8254 *t = (const struct i8254 *)dev;
    for (unsigned i = 0; i < I8254_CHANNELS; i++) {
        struct counter ch = t->ch[i];
        settle(&ch, pulse_now(t));
        text_add(out, "pit%u: mode=%u bcd=%u access=%u reload=%u count=%04x gate=%u out=%u%s\n",
                 i, mode_of(&ch), ch.cw & 1, access_of(&ch), (unsigned)cr_count(&ch),
                 (unsigned)ce(&ch), (unsigned)ch.gate, (unsigned)ch.out,
                 ch.null_count ? " null-count" : "");
    }
}

const struct device_class i8254_class = {
    .name = "i8254",
    .size = sizeof(struct i8254),
    .state = &i8254_schema,
    .ports = i8254_ports,
    .init = i8254_init,
    .reset = i8254_reset,
    .retime = i8254_retime,
    .info = i8254_info,
};
