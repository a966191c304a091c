/* tests/support/board_fixture.h -- a board with one chip (or a few), for tests that drive
 * ports.
 *
 *   struct fixture fx; fixture_init(&fx);            1 MiB RAM, clock at tick 0, 100 ticks/us
 *   struct device *d = fixture_attach(&fx, &slot);   after fx.board.config / drives are set up
 *   fixture_out(&fx, 0x43, 0x34); fixture_in(&fx, 0x40);
 *   fixture_run_to(&fx, tick);                       fires events on the way, exact ticks
 *   fx.irq[n]                                        level of IRn, as the chip drives it
 *   fx.irq_edges[n]                                  rising edges so far
 *   fixture_free(&fx);
 */
#ifndef TERRAPIN_TESTS_BOARD_FIXTURE_H
#define TERRAPIN_TESTS_BOARD_FIXTURE_H

#include "devices/device.h"

struct fixture {
    struct board board;
    struct host host;
    bool irq[16];
    unsigned irq_edges[16];
    unsigned power_events;       /* calls of board.power … */
    enum power_event power_what; /* … the last one */
    uint32_t power_code;
    uint8_t debug[4096]; /* bytes to host.debug */
    unsigned debug_len;
    char notes[4096]; /* lines to host.note */
};

void fixture_init(struct fixture *fx);
struct device *fixture_attach(struct fixture *fx, const struct slot *slot);
void fixture_run_to(struct fixture *fx, uint64_t tick);
void fixture_out(struct fixture *fx, uint16_t port, uint8_t val);
uint8_t fixture_in(struct fixture *fx, uint16_t port);
void fixture_free(struct fixture *fx);

/* A RAM-backed medium. bytes stay the caller's. */
struct ram_disk {
    uint8_t *bytes;
    uint64_t size;
    bool fail; /* every operation reports a host error */
};
struct media ram_disk_media(struct ram_disk *rd, enum drive_kind kind, bool read_only);

/* Saves a's state, loads it into b (same class): fails the test if refused or hashes differ. */
void fixture_clone(struct device *a, struct device *b);
/* Seeded pseudo-random numbers for property tests. */
uint32_t test_random(uint64_t *seed);

#endif
