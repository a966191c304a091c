/* devices/i8254.h -- the interval timer.
 *
 * Owner of: the three counters and their OUT pins. OUT0 drives the slot's interrupt line;
 * further outputs are connected by the board with i8254_connect_out. Only a connected output
 * costs events; the other counters are computed when somebody looks.
 */
#ifndef TERRAPIN_DEVICES_I8254_H
#define TERRAPIN_DEVICES_I8254_H

#include "devices/device.h"

enum { I8254_HZ = 1193182, I8254_CHANNELS = 3 };

extern const struct device_class i8254_class; /* base 40h */

void i8254_set_gate(struct device *dev, unsigned ch, bool level); /* ch 0..2; high until set */
bool i8254_out(struct device *dev, unsigned ch); /* level now; no side effect */
/* Before the first reset; wire.set is called with each edge, and at reset. */
void i8254_connect_out(struct device *dev, unsigned ch, struct wire wire);

#endif
