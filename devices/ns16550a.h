/* devices/ns16550a.h -- what the machine asks of a serial port beside its registers. */
#ifndef TERRAPIN_DEVICES_NS16550A_H
#define TERRAPIN_DEVICES_NS16550A_H

#include "devices/device.h"

enum {
    NS16550A_CRYSTAL = 1843200, /* of the PC's serial ports */
    NS16550A_HASTE = 32,        /* the line's, beyond its baud rate: docs/adr/0015 */
    NS16550A_HZ = NS16550A_CRYSTAL * NS16550A_HASTE,
    NS16550A_LINE = 1024,   /* characters that wait at the far end of the line */
    NS16550A_BREAK = 0x100, /* a character that is none: the line held low for its time */
};

/* Is the port on the board? board_config.serial says so. */
bool ns16550a_present(const struct device *dev);
/* One character (or NS16550A_BREAK) to the far end of the line, from where it travels at
 * NS16550A_HASTE times the guest's baud rate. false: there is no port, or no room. */
bool ns16550a_input(struct device *dev, uint16_t code);
/* How many more characters the far end takes. */
unsigned ns16550a_room(const struct device *dev);

#endif
