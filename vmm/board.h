/* vmm/board.h -- the laboratory's board: as much of a PC as its guests need, at a PC's ports.
 *
 *   20h 21h   interrupt controller: ICW1-4 (vectors), mask, end of interrupt; input 0 alone
 *   40h 43h   timer, channel 0: modes 2 and 3, low byte and high byte of the count
 *   3F8h-3FDh serial port: data, and a line status that is always ready to send
 *   E9h       debug console
 *   F4h       v ends the run with exit value v
 *   E7h       laboratory: a mark, at which the cost model's meter is read
 *
 * Other ports read as ones. Owner of the time (ticks). NOT IMPLEMENTED: the second controller,
 * priorities, the timer's other channels and modes, serial interrupts, divisors.
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
    uint8_t icw, vector, mask;
    bool request, in_service;
    /* timer */
    uint32_t reload;
    uint8_t low;
    bool high_next;
    uint64_t next; /* tick of the next edge; UINT64_MAX: none */
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
