/* tests/support/guests.h -- small guests for tests of whole machines. */
#ifndef TERRAPIN_TESTS_SUPPORT_GUESTS_H
#define TERRAPIN_TESTS_SUPPORT_GUESTS_H

#include "devices/machine.h"

enum { TEST_GUEST_DISK = 1440 << 10 };

/* Each fills in firmware and speed, and writes to disk (TEST_GUEST_DISK bytes, zeros) what it
 * boots from. The bytes stay where they are. false: SeaBIOS is not installed. */
bool test_guest_firmware(struct machine_config *cfg,
                         uint8_t *disk); /* SeaBIOS, looking for one */
/* Reads sector 2 of the disk, counts in it, writes it back, prints a dot, waits for an
 * interrupt; for ever. */
bool test_guest_sector(struct machine_config *cfg, uint8_t *disk);

/* Firmware of random code in real mode; equal seeds, equal machines. */
void test_guest_random(struct machine_config *cfg, uint64_t seed);

#endif
