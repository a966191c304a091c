/* frontend/wave.c -- see the header. */
#include "frontend/wave.h"

/* What is left of a constant level after a sample: at 48 kHz, a corner at 20 Hz. */
enum { KEEP = 32682, KEEP_ONE = 32768 };

void wave_start(struct wave *w, uint64_t tick, uint64_t second, uint32_t rate)
{
    w->base = w->from = w->at = tick;
    w->count = w->high = 0;
    w->n = 0;
    wave_retune(w, second, rate);
}

void wave_retune(struct wave *w, uint64_t second, uint32_t rate)
{
    w->base = w->from;
    w->count = 0;
    w->second = second;
    w->rate = rate;
}

/* No overflow: whole seconds apart from the rest. */
static uint64_t sample_end(const struct wave *w)
{
    uint64_t n = w->count + 1;
    return w->base + n / w->rate * w->second + n % w->rate * w->second / w->rate;
}

static void flush(struct wave *w)
{
    if (w->n > 0) {
        w->put(w->ctx, w->block, w->n);
    }
    w->n = 0;
}

static void put_sample(struct wave *w, uint64_t high, uint64_t length)
{
    int32_t level = length ? (int32_t)(high * (WAVE_LOUD << 8) / length) : w->last;
    int32_t out = (int32_t)((int64_t)w->out * KEEP / KEEP_ONE) + level - w->last;
    w->last = level;
    w->out = out;
    w->block[w->n++] = (int16_t)(out / 256);
    if (w->n == WAVE_BLOCK) {
        flush(w);
    }
}

static void advance(struct wave *w, uint64_t tick)
{
    for (uint64_t end; (end = sample_end(w)) <= tick; w->from = w->at = end) {
        end = end < w->at ? w->at : end; /* it was longer before wave_retune() */
        w->high += w->level ? end - w->at : 0;
        put_sample(w, w->high, end - w->from);
        w->high = 0;
        w->count++;
    }
    if (tick > w->at) {
        w->high += w->level ? tick - w->at : 0;
        w->at = tick;
    }
}

void wave_edge(struct wave *w, uint64_t tick, bool level)
{
    if (w->rate > 0) {
        advance(w, tick);
    }
    w->level = level;
}

void wave_until(struct wave *w, uint64_t tick)
{
    if (w->rate > 0) {
        advance(w, tick);
        flush(w);
    }
}
