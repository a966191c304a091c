/* devices/mc146818.h -- the clock calendar and the CMOS memory.
 *
 * Owner of: the guest's calendar time, and the 128 bytes by which the firmware learns what the
 * machine has (written at power-on from the board's configuration and drives).
 */
#ifndef TERRAPIN_DEVICES_MC146818_H
#define TERRAPIN_DEVICES_MC146818_H

#include "devices/device.h"

extern const struct device_class mc146818_class; /* base 70h */

/* A byte as if written through the ports; the checksum at 2Eh follows. */
void mc146818_set(struct device *dev, uint8_t reg, uint8_t val);
/* High: port 70h bit 7 is set, NMI does not reach the processor. */
void mc146818_connect_nmi_mask(struct device *dev, struct wire wire);

#endif
