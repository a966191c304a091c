/* devices/i8237.h -- the PC/AT's two 8237A DMA controllers; see i8237.c. */
#ifndef TERRAPIN_DEVICES_I8237_H
#define TERRAPIN_DEVICES_I8237_H

#include "devices/device.h"

/* base 0, no irq. Fills in board->dma, through which devices ask for cycles. */
extern const struct device_class i8237_class;

#endif
