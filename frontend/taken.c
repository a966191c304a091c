/* frontend/taken.c -- see the header. */
#include "frontend/posix.h"

#include "frontend/taken.h"

#include "frontend/audio.h"
#include "frontend/record.h"
#include "frontend/replay.h"
#include "frontend/report.h"
#include "frontend/serial.h"
#include "frontend/session.h"

#include <stdio.h>
#include <sys/stat.h>

static bool same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

bool taken_is(int fd, const char *path)
{
    struct stat open, named;
    return fd >= 0 && stat(path, &named) == 0 && S_ISREG(named.st_mode) &&
           fstat(fd, &open) == 0 && same(&open, &named);
}

static bool is_stream(FILE *f, const char *path)
{
    return f && taken_is(fileno(f), path);
}

static const char *written(const struct session *s, const char *path)
{
    if (s->record && taken_is(record_file(s->record), path)) {
        return "what is being recorded to";
    }
    if (is_stream(s->log, path)) {
        return "the file of -D";
    }
    if (s->debugcon != stdout && is_stream(s->debugcon, path)) {
        return "the file of -debugcon";
    }
    if (is_stream(s->printer, path)) {
        return "the file of -parallel";
    }
    if (s->audio && taken_is(audio_file(s->audio), path)) {
        return "the file of -audio";
    }
    return s->serial && serial_writes(s->serial, path) ? "the file of -serial" : NULL;
}

static bool same_path(const char *a, const char *b)
{
    struct stat of_a, of_b;
    return a && stat(a, &of_a) == 0 && stat(b, &of_b) == 0 && S_ISREG(of_b.st_mode) &&
           same(&of_a, &of_b);
}

static const char *read_from(const struct session *s, const char *path, bool state_too)
{
    const struct options *o = s->opt;
    if (s->replay && taken_is(replay_file(s->replay), path)) {
        return "the recording that is played";
    }
    if (same_path(o->replay, path)) {
        return "the recording that was played";
    }
    if (state_too && same_path(o->loadvm, path)) {
        return "the state of -loadvm";
    }
    return same_path(o->script, path)    ? "the file of -script"
           : same_path(o->kernel, path)  ? "the file of -kernel"
           : same_path(o->initrd, path)  ? "the file of -initrd"
           : same_path(o->bios, path)    ? "the file of -bios"
           : same_path(o->vgabios, path) ? "the file of -vgabios"
           : same_path(o->symbols, path) ? "the file of -symbols"
                                         : NULL;
}

static int refuse(const struct session *s, const char *who, const char *path, bool state_too,
                  struct error *err)
{
    const char *use =
        drives_have(&s->config.drives, path) ? "a disk in a drive" : written(s, path);
    use = use ? use : read_from(s, path, state_too);
    return use ? error_set(err, "%s %s: is %s; give another file", who, short_path(path), use)
               : 0;
}

int taken_check(const struct session *s, const char *who, const char *path, struct error *err)
{
    return refuse(s, who, path, true, err);
}

int taken_check_state(const struct session *s, const char *who, const char *path,
                      struct error *err)
{
    return refuse(s, who, path, false, err);
}
