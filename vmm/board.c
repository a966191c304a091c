/* vmm/board.c -- see the header. */
#include "vmm/board.h"

#include <string.h>

enum { PIC_COMMAND = 0x20, PIC_DATA, PIC2_COMMAND = 0xA0, PIC2_DATA };
enum { PIT_COUNT = 0x40, PIT_COUNT2 = 0x42, PIT_CONTROL = 0x43, GATE = 0x61 };
enum { CLOCK_INDEX = 0x70, CLOCK_DATA, MARK = 0xE7, DEBUG = 0xE9, EXIT = 0xF4, UART = 0x3F8 };
enum { LINE_RECEIVED = 1, LINE_CAN_SEND = 0x60, IRQ_TIMER = 1, IRQ_SERIAL = 1 << 4 };

void lab_board_init(struct lab_board *b)
{
    *b = (struct lab_board){.mask = 0xFF, .second_mask = 0xFF, .vector = 8, .next = UINT64_MAX};
}

/* ---- interrupt controller (8259A data sheet: initialization, then operation words) */

static void pic_command(struct lab_board *b, uint8_t v)
{
    if (v & 0x10) { /* ICW1: three or two more follow on the data port */
        b->icw = v & 1 ? 3 : 2;
        b->mask = b->request = b->in_service = 0;
        b->read_service = false;
    } else if ((v & 0xF8) == 8) { /* OCW3 */
        b->read_service = v & 2 ? v & 1 : b->read_service;
    } else if ((v & 0xE0) == 0x20) {
        b->in_service &= (uint8_t)(b->in_service - 1); /* the highest: the lowest bit */
    } else if ((v & 0xE0) == 0x60) {
        b->in_service &= (uint8_t) ~(1u << (v & 7));
    }
}

/* icw: words that are still to come; bit 7: the first has been. */
static bool initializing(uint8_t *icw, bool *first)
{
    if (*icw == 0) {
        return false;
    }
    *first = !(*icw & 0x80);
    uint8_t left = (uint8_t)((*icw & 0x7F) - 1);
    *icw = left == 0 ? 0 : left | 0x80;
    return true;
}

static void pic_data(struct lab_board *b, uint8_t v)
{
    bool first = false;
    if (!initializing(&b->icw, &first)) {
        b->mask = v;
    } else if (first) {
        b->vector = v & 0xF8;
    }
}

static void pic2_out(struct lab_board *b, bool data, uint8_t v)
{
    bool first;
    if (!data) {
        b->second_icw = v & 0x10 ? (v & 1 ? 3 : 2) : b->second_icw;
    } else if (!initializing(&b->second_icw, &first)) {
        b->second_mask = v;
    }
}

/* The input that would be served next, as a bit; 0: none. */
static uint8_t served(const struct lab_board *b)
{
    uint8_t wants = (uint8_t)(b->request & ~b->mask);
    uint8_t highest = (uint8_t)(wants & -wants),
            busy = (uint8_t)(b->in_service & -b->in_service);
    return busy && highest >= busy ? 0 : highest;
}

uint8_t lab_board_ack(struct lab_board *b)
{
    uint8_t bit = served(b), n = 0;
    if (bit == 0) {
        return (uint8_t)(b->vector + 7); /* a spurious one is input 7's */
    }
    b->request &= (uint8_t)~bit;
    b->in_service |= bit;
    while (bit >> n != 1) {
        n++;
    }
    return (uint8_t)(b->vector + n);
}

/* ---- timer */

static bool periodic(const struct lab_board *b, unsigned c)
{
    return (b->timer[c].mode & 3) >= 2;
}

static void pit_count(struct lab_board *b, unsigned c, uint8_t v)
{
    if (!b->timer[c].high_next) {
        b->timer[c].low = v;
        b->timer[c].high_next = true;
        return;
    }
    uint32_t count = (uint32_t)(v << 8 | b->timer[c].low);
    b->timer[c].high_next = false;
    b->timer[c].reload = (count ? count : 0x10000) * BOARD_TIMER_CLOCK;
    b->timer[c].start = b->tick;
    if (c == 0) {
        b->next = b->tick + b->timer[c].reload;
    }
}

static uint16_t counted(const struct lab_board *b, unsigned c)
{
    uint64_t gone = b->tick - b->timer[c].start, reload = b->timer[c].reload;
    if (reload == 0) {
        return 0;
    }
    uint64_t left = periodic(b, c) ? reload - gone % reload : reload - gone;
    return (uint16_t)((left + BOARD_TIMER_CLOCK - 1) / BOARD_TIMER_CLOCK);
}

static uint8_t pit_read(struct lab_board *b, unsigned c)
{
    uint16_t v = b->timer[c].latched ? b->timer[c].latch : counted(b, c);
    bool high = b->timer[c].read_high;
    b->timer[c].read_high = !high;
    b->timer[c].latched = (uint8_t)(b->timer[c].latched && !high);
    return (uint8_t)(high ? v >> 8 : v);
}

static void pit_control(struct lab_board *b, uint8_t v)
{
    unsigned c = v >> 6;
    if (c == 3 || c == 1) {
        return;
    }
    b->timer[c].read_high = false;
    if ((v & 0x30) == 0) {
        b->timer[c].latch = counted(b, c);
        b->timer[c].latched = 1;
        return;
    }
    b->timer[c].mode = v >> 1 & 7;
    b->timer[c].high_next = false; /* it stands still until it has its count */
    if (c == 0) {
        b->next = UINT64_MAX;
    }
}

static uint8_t gate_read(const struct lab_board *b)
{
    bool out = b->timer[2].reload != 0 && b->tick - b->timer[2].start >= b->timer[2].reload;
    return (uint8_t)((b->gate & 3) | (out ? 0x20 : 0));
}

/* ---- serial port (16450 data sheet) */

static void serial_update(struct lab_board *b)
{
    bool received = (b->ier & 1) && b->typed[b->typed_at];
    bool line = received || ((b->ier & 2) && b->sent);
    if (line && !b->serial_line) {
        b->request |= IRQ_SERIAL;
    } else if (!line) {
        b->request &= (uint8_t)~IRQ_SERIAL;
    }
    b->serial_line = line;
}

bool lab_board_advance(struct lab_board *b)
{
    while (b->next <= b->tick) {
        b->next = periodic(b, 0) ? b->next + b->timer[0].reload : UINT64_MAX;
        b->request |= IRQ_TIMER;
    }
    return served(b) != 0;
}

static uint8_t uart_data(struct lab_board *b)
{
    char c = b->typed[b->typed_at];
    if (c != '\0') {
        b->typed_at++;
    }
    return (uint8_t)c;
}

static uint8_t uart_cause(struct lab_board *b)
{
    if ((b->ier & 1) && b->typed[b->typed_at]) {
        return 4;
    }
    bool sent = (b->ier & 2) && b->sent;
    if (sent) {
        b->sent = false;
    }
    return sent ? 2 : 1;
}

static uint8_t uart_in(struct lab_board *b, unsigned reg)
{
    bool divisor = b->lcr & 0x80, loop = b->mcr & 0x10;
    switch (reg) {
    case 0: return divisor ? b->divisor[0] : uart_data(b);
    case 1: return divisor ? b->divisor[1] : b->ier;
    case 2: return uart_cause(b);
    case 3: return b->lcr;
    case 4: return b->mcr;
    case 5: return LINE_CAN_SEND | (b->typed[b->typed_at] ? LINE_RECEIVED : 0u);
    case 6:
        /* looped back: DTR to DSR, RTS to CTS, the two outputs to RI and DCD */
        return loop ? (uint8_t)((b->mcr & 0xCu) << 4 | (b->mcr & 2u) << 3 | (b->mcr & 1u) << 5)
                    : 0xB0;
    default: return b->scratch;
    }
}

static void uart_out(struct lab_board *b, unsigned reg, uint8_t v)
{
    bool divisor = b->lcr & 0x80;
    switch (reg) {
    case 0:
    case 1:
        if (divisor) {
            b->divisor[reg] = v;
        } else if (reg == 1) {
            b->sent = b->sent || ((v & 2) && !(b->ier & 2));
            b->ier = v & 0xF;
        } else if (!(b->mcr & 0x10)) {
            b->print(b->ctx, (char)v, true);
            b->sent = true;
        }
        break;
    case 3: b->lcr = v; break;
    case 4: b->mcr = v & 0x1F; break;
    case 7: b->scratch = v; break;
    default: break;
    }
}

/* ---- ports */

static uint8_t clock_read(const struct lab_board *b)
{
    switch (b->clock_index) {
    case 7:
    case 8: return 1;
    case 9: return 0x26;
    case 10: return 0x26;
    case 11: return 2; /* BCD, 24 hours */
    case 13: return 0x80;
    case 0x32: return 0x20;
    default: return 0;
    }
}

uint32_t lab_board_in(struct lab_board *b, uint16_t port, unsigned size)
{
    uint32_t ones = UINT32_MAX >> (32 - 8 * size);
    b->accesses++;
    if (port >= UART && port < UART + 8) {
        uint8_t v = uart_in(b, port - UART);
        serial_update(b);
        return v;
    }
    switch (port) {
    case PIC_COMMAND: return b->read_service ? b->in_service : b->request;
    case PIC_DATA: return b->mask;
    case PIC2_COMMAND: return 0;
    case PIC2_DATA: return b->second_mask;
    case PIT_COUNT: return pit_read(b, 0);
    case PIT_COUNT2: return pit_read(b, 2);
    case GATE: return gate_read(b);
    case CLOCK_DATA: return clock_read(b);
    case DEBUG: return DEBUG;
    default: return ones;
    }
}

void lab_board_out(struct lab_board *b, uint16_t port, uint32_t v, unsigned size)
{
    uint8_t byte = (uint8_t)v;
    (void)size;
    b->accesses++;
    if (port >= UART && port < UART + 8) {
        uart_out(b, port - UART, byte);
        serial_update(b);
        return;
    }
    switch (port) {
    case PIC_COMMAND: pic_command(b, byte); break;
    case PIC_DATA: pic_data(b, byte); break;
    case PIC2_COMMAND: pic2_out(b, false, byte); break;
    case PIC2_DATA: pic2_out(b, true, byte); break;
    case PIT_COUNT: pit_count(b, 0, byte); break;
    case PIT_COUNT2: pit_count(b, 2, byte); break;
    case PIT_CONTROL: pit_control(b, byte); break;
    case GATE:
        if (byte & ~b->gate & 1) {
            b->timer[2].start = b->tick;
        }
        b->gate = byte;
        break;
    case CLOCK_INDEX: b->clock_index = byte & 0x7F; break;
    case DEBUG: b->print(b->ctx, (char)byte, false); break;
    case EXIT:
        b->exited = true;
        b->exit_value = byte;
        break;
    case MARK:
        if (b->mark) {
            b->mark(b->ctx, byte);
        }
        break;
    default: break;
    }
}
