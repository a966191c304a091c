/* frontend/wave.h -- the loudspeaker's edges as samples: the average level during each.
 *
 * Averaging is what a slow loudspeaker does, so that tones, samples played by pulse width and
 * single clicks come out of the same rule. A level that stays fades to zero, as behind a
 * capacitor. Integers alone: the same edges give the same samples everywhere.
 */
#ifndef TERRAPIN_FRONTEND_WAVE_H
#define TERRAPIN_FRONTEND_WAVE_H

#include "mem/types.h"

#include <stddef.h>

enum { WAVE_BLOCK = 512, WAVE_LOUD = 9000 };

typedef void wave_fn(void *ctx, const int16_t *samples, size_t n);

struct wave {
    wave_fn *put;
    void *ctx;
    uint64_t second; /* ticks of one */
    uint32_t rate;   /* samples in it */
    uint64_t base;   /* tick where sample 0 begins */
    uint64_t count;  /* samples since then, finished */
    uint64_t from;   /* where the present one begins */
    uint64_t at;     /* accounted for up to here */
    uint64_t high;   /* ticks of the present sample with the level up */
    bool level;
    int32_t last; /* level of the last sample, 0 to WAVE_LOUD << 8 */
    int32_t out;  /* what came out of it, likewise in 1/256 */
    int16_t block[WAVE_BLOCK];
    size_t n;
};

/* Samples begin at this tick. */
void wave_start(struct wave *w, uint64_t tick, uint64_t second, uint32_t rate);
/* Another relation of ticks to samples, from the last finished sample on. */
void wave_retune(struct wave *w, uint64_t second, uint32_t rate);
void wave_edge(struct wave *w, uint64_t tick, bool level);
/* Hands out all samples that end at this tick or before. */
void wave_until(struct wave *w, uint64_t tick);

#endif
