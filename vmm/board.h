/* vmm/board.h -- the laboratory's board: as much of a PC as its guests need, at a PC's ports.
 *
 *   20h 21h   interrupt controller: ICW1-4 (vectors), mask, end of interrupt; inputs 0 (timer)
 *             and 4 (serial port)
 *   A0h A1h   a second one, with no inputs: its mask can be read back
 *   40h-43h   timer, channels 0 and 2: periodic (modes 2, 3) and once (0, 4), low byte first
 *   61h       channel 2: gate (bit 0), output (bit 5)
 *   70h 71h   clock: midnight of 2026-01-01, for ever
 *   3F8h-3FFh serial port, 16450: what is sent is gone at once
 *   E9h       debug console
 *   F4h       v ends the run with exit value v
 *   E7h       laboratory: a mark, at which the cost model's meter is read
 *
 * Other ports read as ones. Owner of the time (ticks). NOT IMPLEMENTED: rotating priorities,
 * polling, channel 1, BCD, single-byte counts, modem lines, speeds.
 */
#ifndef TERRAPIN_VMM_BOARD_H
#define TERRAPIN_VMM_BOARD_H

#include "mem/types.h"

enum { BOARD_MARKS = 64, BOARD_TYPED = 256 };
/* Ticks of a timer clock (1193182 Hz) at 200 million ticks a second. */
enum { BOARD_TIMER_CLOCK = 168 };

struct lab_board {
    uint64_t tick;
    /* interrupt controller */
    uint8_t icw, vector, mask, request, in_service; /* a bit an input */
    bool read_service;                              /* port 20h: not requests */
    uint8_t second_icw, second_mask;
    /* timer: by channel */
    struct {
        uint32_t reload; /* in ticks */
        uint64_t start;
        uint8_t low, mode, latched;
        uint16_t latch;
        bool high_next, read_high;
    } timer[3];
    uint8_t gate;  /* port 61h */
    uint64_t next; /* tick of the next edge of channel 0; UINT64_MAX: none */
    uint8_t clock_index;
    uint8_t ier, lcr, mcr, scratch, divisor[2];
    bool sent, serial_line; /* sent: the transmitter's interrupt has not been seen */
    /* serial port and debug console; what was typed comes back by 3F8h */
    char typed[BOARD_TYPED];
    unsigned typed_at;
    void (*print)(void *ctx, char c, bool serial);
    void (*mark)(void *ctx, uint8_t which); /* may be NULL */
    void *ctx;
    bool exited;
    uint8_t exit_value;
    uint64_t accesses; /* to ports */
};

void lab_board_init(struct lab_board *b);
uint32_t lab_board_in(struct lab_board *b, uint16_t port, unsigned size);
void lab_board_out(struct lab_board *b, uint16_t port, uint32_t v, unsigned size);
/* Lets the timer strike if it is due; true: the interrupt line is up. */
bool lab_board_advance(struct lab_board *b);
uint8_t lab_board_ack(struct lab_board *b); /* INTA: the vector */

#endif
