/* frontend/audio.h -- -audio: the PC speaker, in a file or out of the host's loudspeaker.
 *
 * It listens to the machine and never speaks to it: with sound or without, a run is the same.
 */
#ifndef TERRAPIN_FRONTEND_AUDIO_H
#define TERRAPIN_FRONTEND_AUDIO_H

#include "mem/error.h"
#include "mem/types.h"

#include <stdio.h>

struct audio;

enum { AUDIO_RATE = 48000 };

/* Samples of virtual time since here into f, which is closed at the end. NULL: no memory. */
struct audio *audio_wav(FILE *f);
/* The host's sound device; must: it is an error that there is none. It is not opened before
 * there is something to hear, unless it must be there. NULL and err. */
struct audio *audio_device(bool must, struct error *err);
int audio_file(const struct audio *a); /* its descriptor, or -1: the device */
int audio_close(struct audio *a);      /* -1: the file is not complete. NULL is fine */

/* Another machine, or another tick, than before. */
void audio_start(struct audio *a, uint64_t tick, uint32_t mips);
void audio_edge(struct audio *a, uint64_t tick, bool level);
/* Between slices. speed: virtual seconds a wall second, 0: unknown. */
void audio_update(struct audio *a, uint64_t tick, uint32_t mips, double speed);

#endif
