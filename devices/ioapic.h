/* devices/ioapic.h -- the I/O APIC.
 *
 * Owner of: which message each of its 24 input pins sends on the APIC bus. The board drives the
 * pins, takes the messages, and passes on the local APIC's EOIs.
 */
#ifndef TERRAPIN_DEVICES_IOAPIC_H
#define TERRAPIN_DEVICES_IOAPIC_H

#include "devices/apic.h"
#include "devices/device.h"

#define IOAPIC_BASE UINT64_C(0xFEC00000) /* a page */

extern const struct device_class ioapic_class;

/* send: false when no processor accepts the message. */
typedef bool apic_send_fn(struct device *ctx, const struct apic_message *msg);
void ioapic_connect(struct device *dev, apic_send_fn *send, struct device *ctx);
void ioapic_set_pin(struct device *dev, unsigned pin, bool level); /* 0..23; asserted or not */
void ioapic_eoi(struct device *dev, uint8_t vector);               /* broadcast */
void ioapic_retry(struct device *dev); /* the processor accepts what it did not before */

/* Is a pin programmed to send NMI or INIT, which no processor can ignore? */
bool ioapic_is_unmaskable(const struct device *dev);

#endif
