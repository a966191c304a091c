/* devices/apic.h -- what the local APIC and the I/O APIC say to each other on the APIC bus.
 */
#ifndef TERRAPIN_DEVICES_APIC_H
#define TERRAPIN_DEVICES_APIC_H

#include "mem/types.h"

/* Delivery modes: bits 10:8 of an ICR, an LVT entry, a redirection entry (SDM
 * 3A 10.5.1, 10.6.1; 82093AA ds 3.2.4). */
enum apic_delivery {
    APIC_FIXED,
    APIC_LOWEST, /* lowest priority of several processors: with one it is fixed */
    APIC_SMI,
    APIC_REMOTE_READ, /* reserved in all but the 82489DX */
    APIC_NMI,
    APIC_INIT,
    APIC_STARTUP,
    APIC_EXTINT, /* the vector comes from the 8259A pair */
};

struct apic_message {
    uint8_t mode; /* enum apic_delivery */
    uint8_t vector;
    uint8_t dest;
    bool logical; /* dest is a logical destination, else an APIC ID */
    bool level;   /* level-triggered: its EOI is told to the I/O APICs */
};

#endif
