/* vmm/board.c -- see the header. */
#include "vmm/board.h"

#include <string.h>

enum { PIC_COMMAND = 0x20, PIC_DATA, PIT_COUNT = 0x40, PIT_CONTROL = 0x43 };
enum { MARK = 0xE7, DEBUG = 0xE9, EXIT = 0xF4, UART_DATA = 0x3F8, UART_LINE = 0x3FD };
enum { LINE_RECEIVED = 1, LINE_CAN_SEND = 0x60 };

void lab_board_init(struct lab_board *b)
{
    *b = (struct lab_board){.mask = 0xFF, .vector = 8, .next = UINT64_MAX};
}

/* ---- interrupt controller (8259A data sheet: initialization, then operation words) */

static void pic_command(struct lab_board *b, uint8_t v)
{
    if (v & 0x10) { /* ICW1: three or two more follow on the data port */
        b->icw = v & 1 ? 3 : 2;
        b->mask = 0;
        b->request = b->in_service = false;
    } else if ((v & 0xE0) == 0x20 || (v & 0xE0) == 0x60) {
        b->in_service = false;
    }
}

static void pic_data(struct lab_board *b, uint8_t v)
{
    if (b->icw == 0) {
        b->mask = v;
    } else {
        bool first = !(b->icw & 0x80);
        if (first) {
            b->vector = v & 0xF8;
        }
        uint8_t left = (uint8_t)((b->icw & 0x7F) - 1);
        b->icw = left == 0 ? 0 : left | 0x80;
    }
}

static bool line(const struct lab_board *b)
{
    return b->request && !b->in_service && !(b->mask & 1);
}

uint8_t lab_board_ack(struct lab_board *b)
{
    bool real = line(b);
    b->request = false;
    b->in_service = real;
    return (uint8_t)(b->vector + (real ? 0 : 7)); /* a spurious one is input 7's */
}

/* ---- timer */

static void pit_count(struct lab_board *b, uint8_t v)
{
    if (!b->high_next) {
        b->low = v;
        b->high_next = true;
        return;
    }
    uint32_t count = (uint32_t)(v << 8 | b->low);
    b->high_next = false;
    b->reload = (count ? count : 0x10000) * BOARD_TIMER_CLOCK;
    b->next = b->tick + b->reload;
}

static void pit_control(struct lab_board *b, uint8_t v)
{
    if ((v & 0xC0) == 0) { /* channel 0 stands still until it has its count */
        b->high_next = false;
        b->next = UINT64_MAX;
    }
}

bool lab_board_advance(struct lab_board *b)
{
    while (b->next <= b->tick) {
        b->next += b->reload;
        b->request = true;
    }
    return line(b);
}

/* ---- ports */

static uint8_t uart_read(struct lab_board *b)
{
    char c = b->typed[b->typed_at];
    if (c != '\0') {
        b->typed_at++;
    }
    return (uint8_t)c;
}

uint32_t lab_board_in(struct lab_board *b, uint16_t port, unsigned size)
{
    uint32_t ones = UINT32_MAX >> (32 - 8 * size);
    b->accesses++;
    switch (port) {
    case PIC_COMMAND: return b->request;
    case PIC_DATA: return b->mask;
    case UART_DATA: return uart_read(b);
    case UART_LINE: return LINE_CAN_SEND | (b->typed[b->typed_at] ? LINE_RECEIVED : 0u);
    case DEBUG: return DEBUG;
    default: return ones;
    }
}

void lab_board_out(struct lab_board *b, uint16_t port, uint32_t v, unsigned size)
{
    uint8_t byte = (uint8_t)v;
    (void)size;
    b->accesses++;
    switch (port) {
    case PIC_COMMAND: pic_command(b, byte); break;
    case PIC_DATA: pic_data(b, byte); break;
    case PIT_COUNT: pit_count(b, byte); break;
    case PIT_CONTROL: pit_control(b, byte); break;
    case UART_DATA:
    case DEBUG: b->print(b->ctx, (char)byte, port == UART_DATA); break;
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
