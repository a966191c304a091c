/* devices/speaker.h -- port 61h and the PC speaker behind it.
 *
 * Owner of: GATE2 of the timer and the level of the loudspeaker.
 */
#ifndef TERRAPIN_DEVICES_SPEAKER_H
#define TERRAPIN_DEVICES_SPEAKER_H

#include "devices/device.h"

extern const struct device_class speaker_class; /* base 61h */

/* Before the first reset. pit: an i8254, whose OUT2 and GATE2 are the speaker's from now on. */
void speaker_connect(struct device *dev, struct device *pit);

#endif
