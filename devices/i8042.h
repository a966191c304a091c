/* devices/i8042.h -- keyboard controller with its keyboard and mouse; see i8042.c. */
#ifndef TERRAPIN_DEVICES_I8042_H
#define TERRAPIN_DEVICES_I8042_H

#include "devices/device.h"

extern const struct device_class i8042_class; /* base 60h, irq 1; the mouse has IRQ 12 */

/* Input, in the terms of devices/input.h. A key that is already down (a host's repetition) is
 * ignored: the keyboard repeats by itself, in virtual time. */
void i8042_key(struct device *dev, uint16_t code, bool down);
void i8042_mouse(struct device *dev, int dx, int dy, int dz, unsigned buttons);

/* Nothing of the keyboard's is queued or waits in the output buffer. */
bool i8042_keyboard_idle(const struct device *dev);

/* Output port bit 1, the A20 gate; its present level is driven at once. */
void i8042_connect_a20(struct device *dev, struct wire wire);

#endif
