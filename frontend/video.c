/* frontend/video.c -- see the header. */
#include "frontend/posix.h"

#include "frontend/video.h"

#include "devices/machine.h"
#include "frontend/png.h"
#include "frontend/report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_ROOM = 4096 };

struct video {
    char *dir;
    uint32_t fps;
    bool begun;
    uint64_t next, frame; /* frame: the last one that was written */
    uint32_t rest;        /* of the way to next, in 1/fps ticks */
    /* What was last on the screen, as a file: most frames are like the one before. */
    uint8_t *png;
    size_t size;
    uint64_t version;
    const struct machine *machine; /* whose version that is */
};

/* false: too long. */
static bool frame_path(const char *dir, uint64_t frame, char path[PATH_ROOM])
{
    int n = snprintf(path, PATH_ROOM, "%s/frame-%06" PRIu64 ".png", dir, frame);
    return n > 0 && n < PATH_ROOM;
}

struct video *video_open(const char *dir, uint32_t fps, struct error *err)
{
    struct stat st;
    char first[PATH_ROOM];
    if (mkdir(dir, 0777) != 0 && errno != EEXIST) {
        error_set(err, "-video %s: %s; give a directory", short_path(dir), strerror(errno));
        return NULL;
    }
    if (stat(dir, &st) != 0 || !S_ISDIR(st.st_mode)) {
        error_set(err, "-video %s: is no directory; give one", short_path(dir));
        return NULL;
    }
    if (frame_path(dir, 1, first) && access(first, F_OK) == 0) {
        error_set(err, "-video %s: has frames of another film; give an empty directory",
                  short_path(dir));
        return NULL;
    }
    struct video *v = calloc(1, sizeof *v);
    char *copy = strdup(dir);
    if (!v || !copy) {
        free(v);
        free(copy);
        error_set(err, "-video: out of memory");
        return NULL;
    }
    v->dir = copy;
    v->fps = fps;
    return v;
}

void video_close(struct video *v)
{
    if (v) {
        free(v->png);
        free(v->dir);
        free(v);
    }
}

uint64_t video_next(const struct video *v)
{
    return v ? v->next : UINT64_MAX;
}

/* -1: out of memory. */
static int draw(struct video *v, struct machine *m)
{
    struct screen *sc = malloc(sizeof *sc);
    uint32_t *pixels = NULL;
    uint8_t *png = NULL;
    if (sc) {
        machine_screen(m, sc);
        size_t n = (size_t)sc->width * sc->height;
        pixels = calloc(n + 1, sizeof *pixels);
        if (pixels && machine_screen_pixels(m, pixels, n)) {
            png = png_encode(pixels, sc->width, sc->height, &v->size);
        }
    }
    free(sc);
    free(pixels);
    free(v->png);
    v->png = png;
    return png ? 0 : -1;
}

static int write_frame(const struct video *v, struct error *err)
{
    char path[PATH_ROOM];
    FILE *f = frame_path(v->dir, v->frame, path) ? fopen(path, "wb") : NULL;
    bool good = f && fwrite(v->png, 1, v->size, f) == v->size;
    if (f) {
        good &= fclose(f) == 0;
    }
    return good ? 0
                : error_set(err, "-video %s: %s; frame %" PRIu64 " is not complete",
                            short_path(v->dir), strerror(errno), v->frame);
}

/* A virtual second over fps, to the tick over time; the clock's ratio may change. */
static void advance(struct video *v, struct machine *m)
{
    uint64_t second = (uint64_t)machine_mips(m) * 1000000 + v->rest;
    v->next += second / v->fps;
    v->rest = (uint32_t)(second % v->fps);
}

int video_look(struct video *v, struct machine *m, struct error *err)
{
    uint64_t now = machine_now(m), version;
    if (v && !v->begun) { /* a recording need not begin at power-on */
        v->begun = true;
        v->next = now;
    }
    while (v && v->next <= now) {
        version = machine_screen_version(m);
        if ((!v->png || m != v->machine || version != v->version) && draw(v, m) < 0) {
            return error_set(err, "-video: out of memory");
        }
        v->version = version;
        v->machine = m;
        v->frame++;
        if (write_frame(v, err) < 0) {
            return -1;
        }
        advance(v, m);
    }
    return 0;
}
