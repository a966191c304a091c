/* frontend/record.c -- see the header. */
#include "frontend/posix.h"

#include "frontend/record.h"

#include "devices/input_log.h"
#include "frontend/image.h"
#include "frontend/report.h"
#include "frontend/session.h"
#include "frontend/state_disks.h"
#include "frontend/taken.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const uint64_t flush_ns = 400000000; /* twice a second, whatever a slice takes */

struct record {
    char *path;
    int fd;
    struct state_sink sink;
    struct log_writer *log;
    int why;             /* errno of a failed write */
    bool told, spoilt;   /* that it is not complete; the host's disk failed */
    uint64_t every;      /* ticks from hash to hash */
    uint64_t hash_tick;  /* of the last one */
    uint64_t input_tick; /* of the last input */
    uint64_t flushed_ns;
};

/* ---- the file */

static int put(void *ctx, const void *bytes, size_t n)
{
    struct record *rec = ctx;
    const uint8_t *from = bytes;
    while (n > 0) {
        ssize_t done = write(rec->fd, from, n);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            rec->why = done < 0 ? errno : EIO;
            return -1;
        }
        from += done;
        n -= (size_t)done;
    }
    return 0;
}

/* Beside its place, so that an older recording stays until this one can stand for itself. A
 * device or a pipe is written to directly: *temp is NULL. */
static int open_file(struct record *rec, char **temp)
{
    struct stat st;
    *temp = NULL;
    if (stat(rec->path, &st) == 0 && !S_ISREG(st.st_mode)) {
        rec->fd = open(rec->path, O_WRONLY | O_CLOEXEC);
        return rec->fd < 0 ? -1 : 0;
    }
    size_t room = strlen(rec->path) + sizeof ".XXXXXX";
    *temp = malloc(room);
    if (!*temp) {
        return -1;
    }
    snprintf(*temp, room, "%s.XXXXXX", rec->path);
    rec->fd = mkstemp(*temp);
    mode_t mask = umask(0); /* only a look */
    umask(mask);
    return rec->fd < 0 || fchmod(rec->fd, 0666 & ~mask) < 0 ? -1 : 0;
}

/* ---- the beginning */

/* What a reader can be told in words. */
static void describe(const struct session *s, char *text, size_t n)
{
    time_t now = time(NULL);
    struct tm utc;
    char date[40] = "";
    const char *name = s->opt->name;
    if (gmtime_r(&now, &utc)) {
        strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%SZ", &utc);
    }
    snprintf(text, n,
             "program: terrapin %s\n"
             "date: %s\n"
             "%s%.200s%s"
             "ticks-per-us: %" PRIu32 "\n"
             "numbers: little-endian; n: LEB128\n"
             "record: kind u8, ticks since the last one n, bytes n, body\n"
             "record 1: key: code u16, down u8\n"
             "record 2: mouse: dx i16, dy i16, wheel i16, buttons u8\n"
             "record 3: serial: port u8, byte or 256 for a break u16\n"
             "record 4: media: drive u8, kind u8, read-only u8, sector u32, bytes u64, digest "
             "u64, path; drive alone: ejected\n"
             "record 5: reset\n"
             "record 6: power button\n"
             "record 7: ticks per us: u16\n"
             "record 8: register: value u64, name\n"
             "record 9: memory: physical address u64, bytes\n"
             "record 32: start: flags u8, engine u8, date u64, test\n"
             "record 33: parts: names, each with a newline\n"
             "record 34: hash: whole u64, each part u64\n"
             "record 35: now\n"
             "record 36: end: hash u64, exit code u8\n",
             TERRAPIN_VERSION, date, name ? "name: " : "", name ? name : "", name ? "\n" : "",
             machine_mips(s->machine));
    for (char *c = text; *c; c++) { /* -name is anybody's */
        *c = (*c < ' ' && *c > 0 && *c != '\n') || *c == 0x7F ? '?' : *c;
    }
}

/* A save state; -1: the file failed, or err tells. */
static int write_state(struct session *s, const struct state_sink *sink, struct error *err)
{
    struct state_writer w;
    int rc = state_begin(&w, sink);
    if (rc == 0) {
        rc = machine_save(s->machine, &w);
    }
    if (rc == 0) {
        rc = state_section(&w, "host session", &s->mouse_buttons, 1);
    }
    if (rc == 0) {
        rc = disks_save(&s->config.drives, &w, err);
    }
    return state_end(&w) < 0 ? -1 : rc;
}

static int write_start(struct record *rec, struct session *s, struct error *err)
{
    char about[4096];
    const struct machine_config *m = &s->config.machine;
    struct log_start start = {.stop_on_reset = m->stop_on_reset,
                              .stop_on_triple_fault = m->stop_on_triple_fault,
                              .single_step = m->single_step,
                              .no_assist = m->no_assist,
                              .shadow_flush = m->shadow_flush,
                              .date = wall_date(false)};
    struct error why = {""};
    describe(s, about, sizeof about);
    snprintf(start.flip, sizeof start.flip, "%s", s->opt->flip ? s->opt->flip : "");
    rec->sink = (struct state_sink){.ctx = rec, .put = put};
    rec->log = log_create(&rec->sink, about);
    int rc = rec->log ? write_state(s, log_state_sink(rec->log), &why) : -1;
    if (rc == 0) {
        rc = log_start(rec->log, &start, machine_now(s->machine), machine_inputs(s->machine));
    }
    if (rc == 0) {
        rc = log_flush(rec->log, machine_now(s->machine));
    }
    if (rc == 0) {
        return 0;
    }
    return error_set(err, "-record %.100s: %.100s", short_path(rec->path),
                     why.text[0] ? why.text
                     : rec->why  ? strerror(rec->why)
                                 : "out of memory");
}

static void free_record(struct record *rec)
{
    if (rec->fd >= 0) {
        close(rec->fd);
    }
    log_free(rec->log);
    free(rec->path);
    free(rec);
}

static int open_record(struct record *rec, struct session *s, struct error *err)
{
    char *temp = NULL;
    int rc = open_file(rec, &temp);
    if (rc < 0) {
        rc = error_set(err, "-record %s: %s; give a file that can be written",
                       short_path(rec->path), strerror(errno));
    } else {
        rc = write_start(rec, s, err);
    }
    if (rc == 0 && temp && rename(temp, rec->path) != 0) {
        rc = error_set(err, "-record %s: %s; give a file that can be written",
                       short_path(rec->path), strerror(errno));
    }
    if (rc < 0 && temp && rec->fd >= 0) {
        unlink(temp);
    }
    free(temp);
    return rc;
}

struct record *record_open(struct session *s, const char *path, struct error *err)
{
    if (taken_check(s, "-record", path, err) < 0) {
        return NULL;
    }
    struct record *rec = calloc(1, sizeof *rec);
    if (rec) {
        rec->fd = -1;
        rec->path = strdup(path);
    }
    if (!rec || !rec->path) {
        error_set(err, "-record: out of memory");
        free(rec);
        return NULL;
    }
    rec->every = s->opt->record_every;
    rec->hash_tick = rec->input_tick = machine_now(s->machine);
    rec->flushed_ns = wall_ns();
    if (open_record(rec, s, err) < 0) {
        free_record(rec);
        return NULL;
    }
    return rec;
}

/* ---- on the way */

/* -1: told. */
static int check(struct record *rec, int rc)
{
    if (rc < 0 && !rec->told) {
        rec->told = true;
        report("-record %s: %s; the recording ends here", short_path(rec->path),
               rec->why ? strerror(rec->why) : "cannot hold this");
    }
    return rc;
}

/* All media of this program are images. */
void record_input(struct record *rec, const struct input *in)
{
    struct log_medium medium = {0};
    char *real = NULL;
    int rc = 0;
    if (!rec || rec->told || rec->spoilt) {
        return;
    }
    if (in->kind == INPUT_MEDIA && in->media.kind != DRIVE_NONE) {
        struct image *im = in->media.ctx;
        real = realpath(image_path(im), NULL);
        medium = (struct log_medium){in->media.read_only, in->media.sector_size,
                                     image_bytes(im), 0, real ? real : image_path(im)};
        rc = image_digest(im, &medium.digest);
    }
    rec->input_tick = in->tick;
    check(rec, rc < 0 ? -1 : log_input(rec->log, in, &medium));
    free(real);
}

static void put_hash(struct record *rec, struct machine *m)
{
    struct machine_part part[MACHINE_PARTS];
    uint64_t now = machine_now(m);
    unsigned n = machine_parts(m, part);
    rec->hash_tick = now;
    check(rec, log_hash(rec->log, now, machine_hash(m), part, n));
}

void record_poll(struct record *rec, struct session *s)
{
    if (!rec || rec->told || rec->spoilt) {
        return;
    }
    uint64_t now = machine_now(s->machine), wall = wall_ns();
    if (now - rec->hash_tick >= rec->every) {
        put_hash(rec, s->machine);
    }
    if (wall - rec->flushed_ns >= flush_ns) {
        rec->flushed_ns = wall;
        check(rec, log_flush(rec->log, now));
    }
}

/* Called in the middle of an instruction or event: the last tick that is surely before it is
 * that of the last slice's end, which is in the file. */
void record_spoilt(struct record *rec, struct session *s)
{
    (void)s;
    if (rec && !rec->spoilt && !rec->told) {
        rec->spoilt = true;
        report("-record %s: the host failed the guest, which cannot be repeated; the recording "
               "ends before that",
               short_path(rec->path));
    }
}

int record_close(struct record *rec, struct session *s)
{
    if (!rec) {
        return 0;
    }
    if (!rec->told && !rec->spoilt) {
        uint64_t now = machine_now(s->machine);
        put_hash(rec, s->machine);
        if (!rec->told) {
            check(rec, log_end(rec->log, now, machine_hash(s->machine), (uint8_t)s->status));
        }
    }
    int rc = rec->told || rec->spoilt ? -1 : 0;
    if (close(rec->fd) != 0 && rc == 0) {
        report("-record %s: %s; it is not complete", short_path(rec->path), strerror(errno));
        rc = -1;
    }
    rec->fd = -1;
    free_record(rec);
    return rc;
}

int record_file(const struct record *rec)
{
    return rec->fd;
}

const char *record_path(const struct record *rec)
{
    return rec->path;
}
