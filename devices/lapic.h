/* devices/lapic.h -- the local APIC of the one processor.
 *
 * Owner of: which interrupt the processor gets next, and the page of registers at the address
 * in IA32_APIC_BASE. The board tells it that register's value (lapic_set_base), connects its
 * pins and its ends of the APIC bus, and asks it at an interrupt acknowledge (lapic_ack).
 */
#ifndef TERRAPIN_DEVICES_LAPIC_H
#define TERRAPIN_DEVICES_LAPIC_H

#include "devices/apic.h"
#include "devices/device.h"

extern const struct device_class lapic_class;

enum lapic_pin { LAPIC_LINT0, LAPIC_LINT1 }; /* INTR and NMI while the APIC is disabled */
enum { LAPIC_EXTINT = -1 };                  /* lapic_ack: ask the 8259A pair for the vector */

struct lapic_links {
    struct wire intr;      /* a level: the processor is to acknowledge */
    struct wire nmi;       /* an edge */
    struct device *ioapic; /* for the following two, which may be NULL */
    void (*eoi)(struct device *ioapic, uint8_t vector); /* of a level-triggered interrupt */
    void (*ready)(struct device *ioapic); /* it may accept now what it did not before */
};
void lapic_connect(struct device *dev, const struct lapic_links *links);

/* IA32_APIC_BASE, whenever it has changed; 0: this processor has no APIC. */
void lapic_set_base(struct device *dev, uint64_t value);
void lapic_set_lint(struct device *dev, enum lapic_pin pin, bool level);
void lapic_init_pin(struct device *dev); /* INIT# */
void lapic_perf(struct device *dev);     /* a performance counter overflowed */
/* From the APIC bus; false: nobody accepts it. */
bool lapic_accept(struct device *dev, const struct apic_message *msg);
/* Is LINT0, where the 8259A pair is, programmed to raise NMI or INIT? */
bool lapic_is_unmaskable(const struct device *dev);
int lapic_ack(struct device *dev); /* the vector, or LAPIC_EXTINT */

#endif
