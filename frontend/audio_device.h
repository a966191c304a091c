/* frontend/audio_device.h -- the host's loudspeaker: mono, AUDIO_RATE samples a second. */
#ifndef TERRAPIN_FRONTEND_AUDIO_DEVICE_H
#define TERRAPIN_FRONTEND_AUDIO_DEVICE_H

#include "mem/error.h"
#include "mem/types.h"

#include <stddef.h>

struct audio_device;

struct audio_device *audio_device_open(struct error *err); /* NULL and err */
void audio_device_close(struct audio_device *d);           /* NULL is fine */
/* quiet: they are all zero. What would make the sound come late is dropped. */
void audio_device_put(struct audio_device *d, const int16_t *samples, size_t n, bool quiet);
/* Samples to make of a wall second, so that those waiting neither run out nor pile up. */
uint32_t audio_device_rate(const struct audio_device *d);

#endif
