/* devices/i8259.h -- the pair of interrupt controllers.
 *
 * Owner of: which of IRQ0..IRQ15 interrupts the processor, and when. The board connects the
 * chips' request lines to i8259_set_irq, the INTR pin with i8259_connect_intr, and calls
 * i8259_ack when the processor acknowledges.
 */
#ifndef TERRAPIN_DEVICES_I8259_H
#define TERRAPIN_DEVICES_I8259_H

#include "devices/device.h"

extern const struct device_class i8259_class; /* base 20h */

void i8259_set_irq(void *dev, unsigned n, bool level); /* n 0..15; 2 is the cascade: ignored */
uint8_t i8259_ack(struct device *dev);                 /* both INTA pulses: the vector */
void i8259_connect_intr(struct device *dev, struct wire intr);

#endif
