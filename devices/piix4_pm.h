/* devices/piix4_pm.h -- power management, as the board presses it. */
#ifndef TERRAPIN_DEVICES_PIIX4_PM_H
#define TERRAPIN_DEVICES_PIIX4_PM_H

struct device;

void piix4_pm_button(struct device *dev); /* the power button is pressed and let go */

#endif
