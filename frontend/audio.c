/* frontend/audio.c -- see the header. */
#include "frontend/posix.h"

#include "frontend/audio.h"

#include "frontend/audio_device.h"
#include "frontend/wave.h"

#include <stdlib.h>
#include <string.h>

enum { HEADER = 44 };

struct audio {
    struct wave wave;
    uint32_t mips;
    FILE *wav; /* or NULL: the device */
    uint64_t bytes;
    bool failed;
    struct audio_device *device; /* NULL: not opened */
    bool may_open;               /* it was not tried yet */
};

/* --- a file --------------------------------------------------------------------------------
 */

static void put16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

static void put32(uint8_t *p, uint32_t v)
{
    put16(p, v & 0xFFFF);
    put16(p + 2, v >> 16);
}

/* RIFF, format 1: mono, 16 bits, little-endian. Sizes are 32-bit; a longer file says 4 GB. */
static void write_header(struct audio *a)
{
    enum { PCM = 1, CHANNELS = 1, BITS = 16, FORMAT = 16 };
    uint8_t h[HEADER] = {0};
    uint32_t size = a->bytes < UINT32_MAX - HEADER ? (uint32_t)a->bytes : UINT32_MAX - HEADER;
    memcpy(h, "RIFF", 4);
    put32(h + 4, size + HEADER - 8);
    memcpy(h + 8, "WAVEfmt ", 8);
    put32(h + 16, FORMAT);
    put16(h + 20, PCM);
    put16(h + 22, CHANNELS);
    put32(h + 24, AUDIO_RATE);
    put32(h + 28, AUDIO_RATE * CHANNELS * BITS / 8);
    put16(h + 32, CHANNELS * BITS / 8);
    put16(h + 34, BITS);
    memcpy(h + 36, "data", 4);
    put32(h + 40, size);
    a->failed |= fwrite(h, 1, sizeof h, a->wav) != sizeof h;
}

static void put_wav(void *ctx, const int16_t *samples, size_t n)
{
    struct audio *a = ctx;
    uint8_t bytes[2 * WAVE_BLOCK];
    for (size_t i = 0; i < n; i++) {
        put16(bytes + 2 * i, (uint16_t)samples[i]);
    }
    a->failed |= fwrite(bytes, 2, n, a->wav) != n;
    a->bytes += 2 * n;
}

struct audio *audio_wav(FILE *f)
{
    struct audio *a = calloc(1, sizeof *a);
    if (a) {
        a->wav = f;
        a->wave.put = put_wav;
        a->wave.ctx = a;
        write_header(a);
    }
    return a;
}

/* --- the device ----------------------------------------------------------------------------
 */

static bool silent(const int16_t *samples, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (samples[i] != 0) {
            return false;
        }
    }
    return true;
}

static void put_device(void *ctx, const int16_t *samples, size_t n)
{
    struct audio *a = ctx;
    struct error ignored;
    bool quiet = silent(samples, n);
    if (!a->device && a->may_open && !quiet) {
        a->may_open = false;
        a->device = audio_device_open(&ignored);
    }
    if (a->device) {
        audio_device_put(a->device, samples, n, quiet);
    }
}

struct audio *audio_device(bool must, struct error *err)
{
    struct audio *a = calloc(1, sizeof *a);
    if (!a) {
        error_set(err, "-audio sdl: out of memory");
        return NULL;
    }
    a->may_open = !must;
    a->wave.put = put_device;
    a->wave.ctx = a;
    a->device = must ? audio_device_open(err) : NULL;
    if (must && !a->device) {
        free(a);
        return NULL;
    }
    return a;
}

/* --- both ----------------------------------------------------------------------------------
 */

int audio_file(const struct audio *a)
{
    return a->wav ? fileno(a->wav) : -1;
}

int audio_close(struct audio *a)
{
    int rc = 0;
    if (a && a->wav) {
        rewind(a->wav);
        write_header(a);
        rc = fclose(a->wav) != 0 || a->failed ? -1 : 0;
    }
    if (a) {
        audio_device_close(a->device);
    }
    free(a);
    return rc;
}

void audio_start(struct audio *a, uint64_t tick, uint32_t mips)
{
    if (a) {
        a->mips = mips;
        wave_start(&a->wave, tick, (uint64_t)mips * 1000000, AUDIO_RATE);
    }
}

void audio_edge(struct audio *a, uint64_t tick, bool level)
{
    wave_edge(&a->wave, tick, level);
}

void audio_update(struct audio *a, uint64_t tick, uint32_t mips, double speed)
{
    if (!a) {
        return;
    }
    wave_until(&a->wave, tick);
    uint64_t second = (uint64_t)mips * 1000000;
    if (a->device) { /* wall seconds, and its clock is not ours */
        double wall = (double)second * (speed > 0 ? speed : 1);
        wave_retune(&a->wave, (uint64_t)wall, audio_device_rate(a->device));
    } else if (mips != a->mips) {
        wave_retune(&a->wave, second, AUDIO_RATE);
    }
    a->mips = mips;
}
