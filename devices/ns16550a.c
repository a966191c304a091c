/* devices/ns16550a.c -- serial port: the UART NS16550A, four times a PC's COM ports.
 *
 *   base+0  r    RBR  received character           DLAB = 1: DLL, divisor bits 7..0
 *           w    THR  character to send
 *   base+1  r/w  IER  interrupt enables            DLAB = 1: DLM, divisor bits 15..8
 *           bit 0 received data, 1 THR empty, 2 line status, 3 modem status
 *   base+2  r    IIR  bits 3..0 the interrupt (below), 7..6 set in FIFO mode
 *           w    FCR  bit 0 FIFO mode, 1 clear receiver, 2 clear transmitter, 3 DMA mode,
 *                     7..6 trigger level 1, 4, 8, 14
 *   base+3  r/w  LCR  bits 1..0 data bits 5..8, 2 two stop bits (1.5 with 5 data bits),
 *                     3 parity, 4 even, 5 stick, 6 break, 7 DLAB
 *   base+4  r/w  MCR  bit 0 DTR, 1 RTS, 2 OUT1, 3 OUT2, 4 loopback
 *   base+5  r    LSR  bit 0 DR, 1 OE, 2 PE, 3 FE, 4 BI, 5 THRE, 6 TEMT, 7 error in the FIFO
 *   base+6  r    MSR  bits 3..0 changes since the last read, 4 CTS, 5 DSR, 6 RI, 7 DCD
 *   base+7  r/w  SCR  scratch
 *
 *   IIR     6 line status; 4 received data; C characters below the trigger level and four
 *           character times of silence; 2 THR empty (gone when IIR is read, or THR written); 0
 *           modem status; 1 none. Turning IER bit 1 on with THRE set raises 2 again: drivers
 *           (Windows, Linux's probe) rely on it.
 *
 * Lines: IRQ, high while IIR shows an interrupt. On the PC's cards OUT2 gates it. Here the gate
 * is closed only by a guest that has opened it before (docs/adr/0011). Modem lines: the far end
 * is a ready modem: CTS, DSR and DCD on, RI off. In loopback the inputs are RTS, DTR, OUT1 and
 * OUT2, and the output pins are off.
 *
 * Clock: 1.8432 MHz / 16 / divisor (0 counts as 65536) is the baud rate. The line is 32 times
 * as fast as that (docs/adr/0015). Each character takes its start, data, parity and stop bits,
 * both ways; the transmitter begins one bit time after THR was written to an idle chip. A
 * divisor or format written during a character counts from the next one.
 *
 * The line: what arrives waits at the far end in a queue, which is state, and which sends only
 * when the receiver has room: a guest that is slow loses nothing. Overruns happen in loopback.
 * A character written to a full transmitter does not destroy another one: the oldest goes out
 * at once. So kernels that never wait long enough, made for emulators with endless baud rates,
 * lose nothing either.
 *
 * Reset (MR pin): all but RBR, THR, SCR and the divisor; a character on its way is lost. The
 * far end keeps what it has. At power-on the divisor is 12 (9600 baud).
 *
 * NOT IMPLEMENTED: parity and framing errors from outside (the far end always has the guest's
 * speed and format), RTS and DTR as flow control of the far end, the delay of THRE by one
 * character after a single byte in the FIFO, the DMA pins TXRDY and RXRDY.
 *
 * References: National Semiconductor PC16550D data sheet (1995), 8.0 registers, 8.4.1
 * interrupts, 8.6.2 FIFO operation.
 */
#include "devices/ns16550a.h"

#include "devices/chips.h"

enum { RBR_THR, IER, IIR_FCR, LCR, MCR, LSR, MSR, SCR, REGISTERS };
enum { IER_DATA = 1, IER_THRE = 2, IER_LINE = 4, IER_MODEM = 8, IER_MASK = 0x0F };
enum {
    IIR_MODEM = 0,
    IIR_NONE = 1,
    IIR_THRE = 2,
    IIR_DATA = 4,
    IIR_LINE = 6,
    IIR_SILENCE = 12
};
enum { IIR_FIFO = 0xC0 };
enum { FCR_FIFO = 1, FCR_CLEAR_RX = 2, FCR_CLEAR_TX = 4, FCR_KEPT = 0xC9 };
enum { LCR_BITS = 3, LCR_STOP2 = 4, LCR_PARITY = 8, LCR_EVEN = 0x10, LCR_STICK = 0x20 };
enum { LCR_BREAK = 0x40, LCR_DLAB = 0x80 };
enum { MCR_DTR = 1, MCR_RTS = 2, MCR_OUT1 = 4, MCR_OUT2 = 8, MCR_LOOP = 0x10, MCR_MASK = 0x1F };
enum { LSR_DR = 1, LSR_OE = 2, LSR_PE = 4, LSR_FE = 8, LSR_BI = 0x10, LSR_THRE = 0x20 };
enum { LSR_TEMT = 0x40, LSR_FIFO_ERROR = 0x80, LSR_ERRORS = 0x1E, LSR_OF_CHAR = 0x1C };
enum { MSR_CTS = 0x10, MSR_DSR = 0x20, MSR_RI = 0x40, MSR_DCD = 0x80, MSR_TERI = 4 };
enum { FIFO = 16, DIVISOR_POWER_ON = 12, SILENCE_CHARS = 4 };

enum sending {
    SEND_IDLE,
    SEND_STARTING, /* one bit time until the shift register is loaded */
    SEND_SHIFTING,
};

struct ns16550a {
    struct device dev;
    struct ports ports[2];
    uint64_t tx_cycle, rx_cycle, silence_cycle; /* of the crystal, when the events are due */
    struct event tx_event;                      /* start or end of a character sent */
    struct event rx_event;                      /* end of a character received */
    struct event silence_event;                 /* nothing came and nothing was read */
    uint16_t line[NS16550A_LINE];               /* at the far end: characters, or BREAK */
    uint16_t line_head, line_count;
    uint8_t rx[FIFO], rx_errors[FIFO]; /* 16450 mode uses one of them */
    uint8_t tx[FIFO];
    uint8_t rx_head, rx_count, tx_head, tx_count;
    uint8_t rbr;     /* last read: what an empty receiver shows */
    uint8_t shift;   /* transmitter's shift register */
    uint8_t sending; /* enum sending */
    uint8_t ier, fcr, lcr, mcr, scr;
    uint8_t errors;  /* LSR bits 4..1, until LSR is read */
    uint8_t changes; /* MSR bits 3..0, until MSR is read */
    uint16_t divisor;
    bool thre_asks;    /* the THR interrupt, not yet seen in IIR */
    bool silence_asks; /* the character timeout interrupt */
    bool gate_used;    /* OUT2 was on since reset */
};

/* 0: COM1. */
static unsigned ns16550a_number(const struct device *dev)
{
    switch (dev->slot->base) {
    case 0x2F8: return 1;
    case 0x3E8: return 2;
    case 0x2E8: return 3;
    default: return 0;
    }
}

static bool ns16550a_loaded(void *obj)
{
    const struct ns16550a *u = obj;
    bool one = u->fcr & FCR_FIFO || (u->rx_count <= 1 && u->tx_count <= 1);
    bool busy = u->tx_event.at.when != EVENT_IDLE;
    return one && busy == (u->sending != SEND_IDLE);
}

static const struct field ns16550a_fields[] = {
    DERIVED(struct ns16550a, dev),
    DERIVED(struct ns16550a, ports),
    FIELD(struct ns16550a, tx_cycle),
    FIELD(struct ns16550a, rx_cycle),
    FIELD(struct ns16550a, silence_cycle),
    FIELD_EVENT(struct ns16550a, tx_event),
    FIELD_EVENT(struct ns16550a, rx_event),
    FIELD_EVENT(struct ns16550a, silence_event),
    FIELD_AR(struct ns16550a, line, 0, NS16550A_BREAK),
    FIELD_R(struct ns16550a, line_head, 0, NS16550A_LINE - 1),
    FIELD_R(struct ns16550a, line_count, 0, NS16550A_LINE),
    FIELD_A(struct ns16550a, rx),
    FIELD_AR(struct ns16550a, rx_errors, 0, LSR_ERRORS),
    FIELD_A(struct ns16550a, tx),
    FIELD_R(struct ns16550a, rx_head, 0, FIFO - 1),
    FIELD_R(struct ns16550a, rx_count, 0, FIFO),
    FIELD_R(struct ns16550a, tx_head, 0, FIFO - 1),
    FIELD_R(struct ns16550a, tx_count, 0, FIFO),
    FIELD(struct ns16550a, rbr),
    FIELD(struct ns16550a, shift),
    FIELD_R(struct ns16550a, sending, SEND_IDLE, SEND_SHIFTING),
    FIELD_R(struct ns16550a, ier, 0, IER_MASK),
    FIELD_R(struct ns16550a, fcr, 0, FCR_KEPT),
    FIELD(struct ns16550a, lcr),
    FIELD_R(struct ns16550a, mcr, 0, MCR_MASK),
    FIELD(struct ns16550a, scr),
    FIELD_R(struct ns16550a, errors, 0, LSR_ERRORS),
    FIELD_R(struct ns16550a, changes, 0, 0x0F),
    FIELD(struct ns16550a, divisor),
    FIELD(struct ns16550a, thre_asks),
    FIELD(struct ns16550a, silence_asks),
    FIELD(struct ns16550a, gate_used),
    FIELDS_END,
};
static const struct schema ns16550a_schema = {"ns16550a",      sizeof(struct ns16550a), 1, 1,
                                              ns16550a_fields, ns16550a_loaded};

static bool fifo_mode(const struct ns16550a *u)
{
    return u->fcr & FCR_FIFO;
}

static unsigned capacity(const struct ns16550a *u)
{
    return fifo_mode(u) ? FIFO : 1;
}

static unsigned data_bits(const struct ns16550a *u)
{
    return 5 + (u->lcr & LCR_BITS);
}

static uint8_t data_mask(const struct ns16550a *u)
{
    return (uint8_t)(0xFF >> (8 - data_bits(u)));
}

/* ---- time */

static uint64_t bit_cycles(const struct ns16550a *u)
{
    return 16 * (uint64_t)(u->divisor ? u->divisor : 0x10000);
}

static uint64_t char_cycles(const struct ns16550a *u)
{
    unsigned halves = 2 * (2 + data_bits(u)) + (u->lcr & LCR_PARITY ? 2 : 0);
    if (u->lcr & LCR_STOP2) {
        halves += data_bits(u) == 5 ? 1 : 2;
    }
    return bit_cycles(u) * halves / 2;
}

static uint64_t now_cycles(const struct ns16550a *u)
{
    return clock_cycles(&u->dev.board->clock, NS16550A_HZ);
}

static void schedule(struct ns16550a *u, struct event *ev, uint64_t *due, uint64_t cycle)
{
    struct clock *ck = &u->dev.board->clock;
    *due = cycle;
    clock_at(ck, ev, clock_tick_of(ck, cycle, NS16550A_HZ));
}

/* ---- interrupts */

static unsigned trigger(const struct ns16550a *u)
{
    static const uint8_t level[4] = {1, 4, 8, 14};
    return fifo_mode(u) ? level[u->fcr >> 6 & 3] : 1;
}

/* The interrupt of the highest priority (data sheet, table IV). */
static uint8_t interrupt(const struct ns16550a *u)
{
    if (u->ier & IER_LINE && u->errors) {
        return IIR_LINE;
    }
    if (u->ier & IER_DATA && u->rx_count >= trigger(u)) {
        return IIR_DATA;
    }
    if (u->ier & IER_DATA && u->silence_asks) {
        return IIR_SILENCE;
    }
    if (u->ier & IER_THRE && u->thre_asks) {
        return IIR_THRE;
    }
    return u->ier & IER_MODEM && u->changes ? IIR_MODEM : IIR_NONE;
}

static bool gate_open(const struct ns16550a *u)
{
    return !u->gate_used || (u->mcr & (MCR_OUT2 | MCR_LOOP)) == MCR_OUT2;
}

static void update_irq(const struct ns16550a *u)
{
    wire_set(&u->dev.irq, interrupt(u) != IIR_NONE && gate_open(u));
}

/* ---- the receiver */

/* LSR shows the errors of the character that is next to be read. */
static void reveal_errors(struct ns16550a *u)
{
    uint8_t *of_next = &u->rx_errors[u->rx_head % FIFO];
    if (u->rx_count > 0) {
        u->errors |= *of_next;
        *of_next = 0;
    }
}

static void restart_silence(struct ns16550a *u)
{
    if (fifo_mode(u) && u->rx_count > 0) {
        schedule(u, &u->silence_event, &u->silence_cycle,
                 now_cycles(u) + SILENCE_CHARS * char_cycles(u));
    } else {
        clock_cancel(&u->dev.board->clock, &u->silence_event);
    }
}

static void clear_receiver(struct ns16550a *u)
{
    u->rx_count = u->rx_head = 0;
    u->errors &= LSR_OE;
    u->silence_asks = false;
    restart_silence(u);
}

/* A character is complete. */
static void receive(struct ns16550a *u, uint8_t byte, uint8_t errors)
{
    if (u->rx_count >= capacity(u)) {
        u->errors |= LSR_OE;
        if (!fifo_mode(u)) { /* the new one replaces the old one; a FIFO stays as it is */
            u->rx[u->rx_head % FIFO] = byte;
            u->errors |= errors;
        }
    } else {
        unsigned at = (unsigned)(u->rx_head + u->rx_count) % FIFO;
        u->rx[at] = byte;
        u->rx_errors[at] = errors;
        u->rx_count++;
        if (u->rx_count == 1) {
            reveal_errors(u);
        }
    }
    restart_silence(u);
    update_irq(u);
}

/* The far end begins its next character, if it has one and may. `from`: a cycle of the crystal.
 */
static void listen(struct ns16550a *u, uint64_t from)
{
    bool ready = !(u->mcr & MCR_LOOP) && u->rx_count < capacity(u);
    if (ready && u->line_count > 0 && u->rx_event.at.when == EVENT_IDLE) {
        schedule(u, &u->rx_event, &u->rx_cycle, from + char_cycles(u));
    }
}

static void rx_fire(void *ctx, uint64_t when)
{
    struct ns16550a *u = ctx;
    (void)when;
    if (u->mcr & MCR_LOOP || u->rx_count >= capacity(u) || u->line_count == 0) {
        return; /* no longer ready: the far end begins again later */
    }
    uint16_t code = u->line[u->line_head % NS16550A_LINE];
    u->line_head = (uint16_t)((u->line_head + 1u) % NS16550A_LINE);
    u->line_count--;
    if (code == NS16550A_BREAK) {
        bool parity_bit = (u->lcr & (LCR_STICK | LCR_EVEN)) == 0 ||
                          (u->lcr & (LCR_STICK | LCR_EVEN)) == LCR_STICK;
        bool wrong = u->lcr & LCR_PARITY && parity_bit; /* it came as 0 */
        receive(u, 0, (uint8_t)(LSR_BI | LSR_FE | (wrong ? LSR_PE : 0)));
    } else {
        receive(u, (uint8_t)(code & data_mask(u)), 0);
    }
    listen(u, u->rx_cycle);
}

static void silence_fire(void *ctx, uint64_t when)
{
    struct ns16550a *u = ctx;
    (void)when;
    u->silence_asks = u->rx_count > 0;
    update_irq(u);
}

static uint8_t read_rbr(struct ns16550a *u)
{
    if (u->rx_count == 0) {
        return u->rbr;
    }
    u->rbr = u->rx[u->rx_head % FIFO];
    u->rx_head = (uint8_t)((u->rx_head + 1u) % FIFO);
    u->rx_count--;
    reveal_errors(u);
    u->silence_asks = false;
    restart_silence(u);
    listen(u, now_cycles(u));
    update_irq(u);
    return u->rbr;
}

/* ---- the transmitter */

static void load_shift(struct ns16550a *u, uint64_t from)
{
    u->shift = u->tx[u->tx_head % FIFO];
    u->tx_head = (uint8_t)((u->tx_head + 1u) % FIFO);
    u->tx_count--;
    u->sending = SEND_SHIFTING;
    schedule(u, &u->tx_event, &u->tx_cycle, from + char_cycles(u));
    u->thre_asks |= u->tx_count == 0;
}

/* The shift register is empty: its character is out. Break holds the pin low meanwhile. */
static void character_sent(struct ns16550a *u)
{
    const struct host *host = u->dev.board->host;
    uint8_t byte = u->shift & data_mask(u);
    u->sending = SEND_IDLE;
    if (u->mcr & MCR_LOOP) {
        receive(u, byte, 0);
    } else if (!(u->lcr & LCR_BREAK) && host && host->serial) {
        host->serial(host->ctx, ns16550a_number(&u->dev), byte);
    }
}

static void tx_fire(void *ctx, uint64_t when)
{
    struct ns16550a *u = ctx;
    (void)when;
    if (u->sending == SEND_SHIFTING) {
        character_sent(u);
    }
    if (u->tx_count > 0) {
        load_shift(u, u->tx_cycle);
    } else {
        u->sending = SEND_IDLE;
    }
    update_irq(u);
}

static void clear_transmitter(struct ns16550a *u)
{
    u->thre_asks |= u->tx_count > 0;
    u->tx_count = u->tx_head = 0;
    if (u->sending == SEND_STARTING) {
        u->sending = SEND_IDLE;
        clock_cancel(&u->dev.board->clock, &u->tx_event);
    }
}

static void write_thr(struct ns16550a *u, uint8_t byte)
{
    if (u->tx_count >= capacity(u)) {
        note(&u->dev.board->notes, NOTE_ns16550a_full);
        if (u->sending == SEND_SHIFTING) {
            character_sent(u);
        }
        load_shift(u, now_cycles(u));
    }
    u->tx[(unsigned)(u->tx_head + u->tx_count) % FIFO] = byte;
    u->tx_count++;
    u->thre_asks = false;
    if (u->sending == SEND_IDLE) {
        u->sending = SEND_STARTING;
        schedule(u, &u->tx_event, &u->tx_cycle, now_cycles(u) + bit_cycles(u));
    }
    update_irq(u);
}

/* ---- the other registers */

static uint8_t modem_inputs(const struct ns16550a *u)
{
    if (!(u->mcr & MCR_LOOP)) {
        return MSR_CTS | MSR_DSR | MSR_DCD;
    }
    return (uint8_t)((u->mcr & MCR_RTS ? MSR_CTS : 0) | (u->mcr & MCR_DTR ? MSR_DSR : 0) |
                     (u->mcr & MCR_OUT1 ? MSR_RI : 0) | (u->mcr & MCR_OUT2 ? MSR_DCD : 0));
}

static void write_mcr(struct ns16550a *u, uint8_t v)
{
    uint8_t before = modem_inputs(u);
    u->mcr = v & MCR_MASK;
    uint8_t now = modem_inputs(u);
    uint8_t changed = (uint8_t)((before ^ now) >> 4);
    if (now & MSR_RI) {
        changed &= (uint8_t)~MSR_TERI; /* RI counts when it goes off */
    }
    u->changes |= changed;
    u->gate_used |= (u->mcr & (MCR_OUT2 | MCR_LOOP)) == MCR_OUT2;
    listen(u, now_cycles(u));
    update_irq(u);
}

static void write_ier(struct ns16550a *u, uint8_t v)
{
    if (v & ~u->ier & IER_THRE) {
        u->thre_asks = u->tx_count == 0;
    }
    u->ier = v & IER_MASK;
    update_irq(u);
}

static void write_fcr(struct ns16550a *u, uint8_t v)
{
    bool changed = (v ^ u->fcr) & FCR_FIFO, fifo = v & FCR_FIFO;
    u->fcr = v & FCR_FIFO ? v & FCR_KEPT : 0;
    /* The other bits are programmed only together with FCR_FIFO (ds 8.5). */
    if (changed || (fifo && v & FCR_CLEAR_RX)) {
        clear_receiver(u);
    }
    if (changed || (fifo && v & FCR_CLEAR_TX)) {
        clear_transmitter(u);
        u->thre_asks |= changed; /* the first one after a change of mode comes at once */
    }
    listen(u, now_cycles(u));
    update_irq(u);
}

static uint8_t read_iir(struct ns16550a *u)
{
    uint8_t id = interrupt(u);
    if (id == IIR_THRE) {
        u->thre_asks = false;
        update_irq(u);
    }
    return (uint8_t)(id | (fifo_mode(u) ? IIR_FIFO : 0));
}

static uint8_t line_status(const struct ns16550a *u)
{
    unsigned v = u->errors;
    bool in_fifo = u->errors & LSR_OF_CHAR;
    for (unsigned i = 0; i < u->rx_count; i++) {
        in_fifo |= u->rx_errors[(u->rx_head + i) % FIFO] != 0;
    }
    v |= u->rx_count > 0 ? LSR_DR : 0;
    v |= u->tx_count == 0 ? LSR_THRE : 0;
    v |= u->tx_count == 0 && u->sending == SEND_IDLE ? LSR_TEMT : 0;
    v |= fifo_mode(u) && in_fifo ? LSR_FIFO_ERROR : 0;
    return (uint8_t)v;
}

static uint8_t read_lsr(struct ns16550a *u)
{
    uint8_t v = line_status(u);
    if (u->errors) {
        u->errors = 0;
        update_irq(u);
    }
    return v;
}

static uint8_t read_msr(struct ns16550a *u)
{
    uint8_t v = (uint8_t)(modem_inputs(u) | u->changes);
    u->changes = 0;
    update_irq(u);
    return v;
}

static uint32_t ns16550a_read(void *dev, uint32_t off, unsigned size)
{
    struct ns16550a *u = dev;
    bool dlab = u->lcr & LCR_DLAB;
    (void)size;
    switch (off) {
    case RBR_THR: return dlab ? u->divisor & 0xFF : read_rbr(u);
    case IER: return dlab ? u->divisor >> 8 : u->ier;
    case IIR_FCR: return read_iir(u);
    case LCR: return u->lcr;
    case MCR: return u->mcr;
    case LSR: return read_lsr(u);
    case MSR: return read_msr(u);
    default: return u->scr;
    }
}

static void ns16550a_write(void *dev, uint32_t off, uint32_t val, unsigned size)
{
    struct ns16550a *u = dev;
    bool dlab = u->lcr & LCR_DLAB;
    uint8_t v = (uint8_t)val;
    (void)size;
    if (off == RBR_THR && dlab) {
        u->divisor = (uint16_t)((u->divisor & 0xFF00) | v);
    } else if (off == RBR_THR) {
        write_thr(u, v);
    } else if (off == IER && dlab) {
        u->divisor = (uint16_t)((u->divisor & 0x00FF) | v << 8);
    } else if (off == IER) {
        write_ier(u, v);
    } else if (off == IIR_FCR) {
        write_fcr(u, v);
    } else if (off == LCR) {
        u->lcr = v;
    } else if (off == MCR) {
        write_mcr(u, v);
    } else if (off == SCR) {
        u->scr = v;
    }
}

/* ---- the far end */

bool ns16550a_present(const struct device *dev)
{
    return dev->board->config.serial[ns16550a_number(dev)];
}

unsigned ns16550a_room(const struct device *dev)
{
    const struct ns16550a *u = (const struct ns16550a *)dev;
    return ns16550a_present(dev) && u->line_count < NS16550A_LINE
               ? NS16550A_LINE - (unsigned)u->line_count
               : 0;
}

bool ns16550a_input(struct device *dev, uint16_t code)
{
    struct ns16550a *u = (struct ns16550a *)dev;
    if (ns16550a_room(dev) == 0) {
        return false;
    }
    u->line[(unsigned)(u->line_head + u->line_count) % NS16550A_LINE] =
        code & NS16550A_BREAK ? NS16550A_BREAK : code & 0xFF;
    u->line_count++;
    listen(u, now_cycles(u));
    return true;
}

/* ---- the class */

static const struct ports registers = {0, REGISTERS, {ns16550a_read, ns16550a_write, 1}};

static int ns16550a_init(struct device *dev, struct error *err)
{
    struct ns16550a *u = (struct ns16550a *)dev;
    struct clock *ck = &dev->board->clock;
    event_init(ck, &u->tx_event, "ns16550a transmitter", tx_fire, u);
    event_init(ck, &u->rx_event, "ns16550a receiver", rx_fire, u);
    event_init(ck, &u->silence_event, "ns16550a silence", silence_fire, u);
    if (!ns16550a_present(dev)) {
        return 0;
    }
    u->ports[0] = registers;
    return bus_map(&dev->board->bus, dev->cls->name, dev, dev->slot->base, u->ports, err);
}

static void ns16550a_reset(struct device *dev, enum reset how)
{
    struct ns16550a *u = (struct ns16550a *)dev;
    struct clock *ck = &dev->board->clock;
    clock_cancel(ck, &u->tx_event);
    clock_cancel(ck, &u->rx_event);
    u->sending = SEND_IDLE;
    u->tx_count = u->tx_head = 0;
    u->ier = u->fcr = u->lcr = u->mcr = u->errors = u->changes = 0;
    u->thre_asks = u->gate_used = false;
    clear_receiver(u);
    if (how == RESET_POWER) {
        u->divisor = DIVISOR_POWER_ON;
        u->line_head = u->line_count = 0;
        u->rbr = u->shift = u->scr = 0;
    }
    listen(u, now_cycles(u));
    update_irq(u);
}

static void ns16550a_retime(struct device *dev)
{
    struct ns16550a *u = (struct ns16550a *)dev;
    struct {
        struct event *event;
        uint64_t *due;
    } timer[] = {{&u->tx_event, &u->tx_cycle},
                 {&u->rx_event, &u->rx_cycle},
                 {&u->silence_event, &u->silence_cycle}};
    for (unsigned i = 0; i < ARRAY_LEN(timer); i++) {
        if (timer[i].event->at.when != EVENT_IDLE) {
            schedule(u, timer[i].event, timer[i].due, *timer[i].due);
        }
    }
}

static void ns16550a_info(struct device *dev, struct text *out)
{
    const struct ns16550a *u = (const struct ns16550a *)dev;
    static const char parity[] = "OEMS";
    if (!ns16550a_present(dev)) {
        return;
    }
    uint64_t baud = NS16550A_CRYSTAL / bit_cycles(u);
    char p = u->lcr & LCR_PARITY ? parity[u->lcr >> 4 & 3] : 'N';
    text_add(out, "ns16550a COM%u at %03x, IRQ %d: %u baud %u%c%s%s%s\n",
             ns16550a_number(dev) + 1, dev->slot->base, dev->slot->irq, (unsigned)baud,
             data_bits(u), p, u->lcr & LCR_STOP2 ? data_bits(u) == 5 ? "1.5" : "2" : "1",
             u->lcr & LCR_BREAK ? ", break" : "", u->mcr & MCR_LOOP ? ", loopback" : "");
    text_add(out,
             "  ier %02x iir %02x lcr %02x mcr %02x lsr %02x msr %02x scr %02x divisor %u\n",
             u->ier, interrupt(u) | (fifo_mode(u) ? IIR_FIFO : 0), u->lcr, u->mcr,
             line_status(u), modem_inputs(u) | u->changes, u->scr, u->divisor);
    text_add(out, "  fifo %s, trigger %u: received %u, to send %u%s, on the line %u\n",
             fifo_mode(u) ? "on" : "off", trigger(u), u->rx_count, u->tx_count,
             u->sending == SEND_IDLE ? "" : " and one leaving", u->line_count);
}

const struct device_class ns16550a_class = {
    .name = "ns16550a",
    .size = sizeof(struct ns16550a),
    .state = &ns16550a_schema,
    .init = ns16550a_init,
    .reset = ns16550a_reset,
    .retime = ns16550a_retime,
    .info = ns16550a_info,
};
