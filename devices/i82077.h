/* devices/i82077.h -- floppy disk controller; see i82077.c. */
#ifndef TERRAPIN_DEVICES_I82077_H
#define TERRAPIN_DEVICES_I82077_H

#include "devices/device.h"

extern const struct device_class i82077_class; /* base 3F0h, irq 6, dma 2 */

/* DRATE SEL bits of the DSR and CCR. */
enum floppy_rate { RATE_500K, RATE_300K, RATE_250K, RATE_1M };

/* How the sectors of an image lie on its disk. An image has no header: its size tells. */
struct floppy_format {
    uint32_t sectors; /* of 512 bytes, cylinders * heads * track */
    uint8_t cylinders, heads;
    uint8_t track; /* sectors a track */
    uint8_t rate;  /* enum floppy_rate */
    bool inch5;    /* a 5.25 inch disk */
    uint8_t cmos;  /* drive type in CMOS byte 10h of the drive it belongs into */
    const char *name;
};
const struct floppy_format *floppy_format_of(uint64_t sectors); /* NULL: no such disk */

/* The IDENT and MFM pins: AT mode is the default; in PS/2 mode the status registers A and B can
 * be read and DOR bit 3 gates nothing. For boards other than the AT; call before the reset. */
void i82077_strap_ps2(struct device *dev, bool ps2);

#endif
