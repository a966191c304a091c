/* frontend/audio_device.c -- see the header. */
#include "frontend/audio_device.h"

#include "frontend/audio.h"
#include "frontend/hush.h"

#if TERRAPIN_HAVE_SDL

#include <SDL.h>
#include <stdlib.h>

/* In samples. WAITING: what lies between us and the loudspeaker, so that a frame that comes
 * late does not interrupt a tone. */
enum { PERIOD = 512, WAITING = AUDIO_RATE / 20, MOST = 4 * WAITING, REST = AUDIO_RATE / 2 };
enum { CORRECTION = AUDIO_RATE / 100 }; /* inaudible */

struct audio_device {
    SDL_AudioDeviceID id;
    bool playing;
    unsigned quiet; /* samples, lately */
};

struct audio_device *audio_device_open(struct error *err)
{
    SDL_AudioSpec want = {
        .freq = AUDIO_RATE, .format = AUDIO_S16SYS, .channels = 1, .samples = PERIOD};
    struct audio_device *d = calloc(1, sizeof *d);
    if (!d) {
        error_set(err, "-audio sdl: out of memory");
        return NULL;
    }
    int token = hush_begin();
    bool begun = SDL_InitSubSystem(SDL_INIT_AUDIO) == 0;
    d->id = begun ? SDL_OpenAudioDevice(NULL, 0, &want, NULL, 0) : 0;
    hush_end(token);
    if (d->id == 0) {
        error_set(err, "-audio sdl: no sound device (%.80s); use -audio none", SDL_GetError());
        if (begun) {
            SDL_QuitSubSystem(SDL_INIT_AUDIO);
        }
        free(d);
        return NULL;
    }
    return d;
}

void audio_device_close(struct audio_device *d)
{
    if (d) {
        SDL_CloseAudioDevice(d->id);
        SDL_QuitSubSystem(SDL_INIT_AUDIO);
        free(d);
    }
}

static unsigned queued(const struct audio_device *d)
{
    return (unsigned)(SDL_GetQueuedAudioSize(d->id) / sizeof(int16_t));
}

static void begin(struct audio_device *d)
{
    static const int16_t zeros[WAITING] = {0};
    SDL_ClearQueuedAudio(d->id);
    SDL_QueueAudio(d->id, zeros, sizeof zeros);
    SDL_PauseAudioDevice(d->id, 0);
    d->playing = true;
}

void audio_device_put(struct audio_device *d, const int16_t *samples, size_t n, bool quiet)
{
    d->quiet = quiet ? d->quiet + (unsigned)n : 0;
    if (quiet && !d->playing) {
        return;
    }
    if (d->quiet > REST) { /* the device sleeps as well */
        SDL_PauseAudioDevice(d->id, 1);
        d->playing = false;
        return;
    }
    if (!d->playing || queued(d) == 0) {
        begin(d);
    }
    if (queued(d) < MOST) {
        SDL_QueueAudio(d->id, samples, (Uint32)(n * sizeof *samples));
    }
}

uint32_t audio_device_rate(const struct audio_device *d)
{
    if (!d->playing) {
        return AUDIO_RATE;
    }
    int off = ((int)queued(d) - WAITING) * CORRECTION / WAITING;
    return (uint32_t)(AUDIO_RATE - SDL_clamp(off, -CORRECTION, CORRECTION));
}

#else

struct audio_device *audio_device_open(struct error *err)
{
    error_set(err, "-audio sdl: built without SDL2; install libsdl2-dev and build again, or "
                   "use -audio none");
    return NULL;
}

void audio_device_close(struct audio_device *d)
{
    (void)d;
}

void audio_device_put(struct audio_device *d, const int16_t *samples, size_t n, bool quiet)
{
    (void)d, (void)samples, (void)n, (void)quiet;
}

uint32_t audio_device_rate(const struct audio_device *d)
{
    (void)d;
    return AUDIO_RATE;
}

#endif
