/* tests/support/cpu_box.h -- a processor in real mode, for tests of instruction boundaries.
 *
 * Code goes to 0:7C00, the stack is at 0:7000. The handler of vector v is an IRET at
 * 0:1000 + 16v; events that were taken are seen by the words that they push. Some ports pull
 * wires: PORT_ATTENTION and the like.
 */
#ifndef TERRAPIN_TESTS_CPU_BOX_H
#define TERRAPIN_TESTS_CPU_BOX_H

#include "cpu/cpu.h"

enum { RAM = 1 << 20, CODE_AT = 0x7C00, STACK = 0x7000, HANDLER = 0x1000 };
enum { PORT_ATTENTION = 0x10, PORT_RAISE = 0x11, PORT_A20 = 0x12, PORT_NMI = 0x13 };

struct box {
    struct cpu *cpu;
    struct phys *ph;
    struct notes notes;
    uint64_t tick, port_tick, hash;
    unsigned acks;
    bool keep_intr; /* INTA does not lower the line */
};

void box_new(struct box *b, bool single_step);
void box_free(struct box *b);
void box_poke(struct box *b, paddr pa, const void *bytes, unsigned len);
uint16_t box_peek16(struct box *b, paddr pa);
uint32_t box_reg(const struct box *b, const char *name);
void box_set(struct box *b, const char *name, uint32_t v);

/* One tick; EIP after it, less CODE_AT. */
uint32_t box_tick(struct box *b);
/* Vector whose handler comes next, or 999. */
unsigned box_handler(struct box *b);
/* The return address on top of the stack, less CODE_AT. */
uint32_t box_pushed_ip(struct box *b);

#define LOAD(b, ...)                                                                           \
    box_poke(b, CODE_AT, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

/* Runs the block that follows on a new box that decodes blocks, and on one that steps. */
#define FOR_BOTH(b)                                                                            \
    for (int mode_ = 0; mode_ < 2 && (box_new(&(b), mode_), true); box_free(&(b)), mode_++)

#endif
