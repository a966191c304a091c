/* frontend/replay.c -- see the header. */
#include "frontend/posix.h"

#include "frontend/replay.h"

#include "devices/input_log.h"
#include "frontend/diverge.h"
#include "frontend/history.h"
#include "frontend/image.h"
#include "frontend/overlay.h"
#include "frontend/report.h"
#include "frontend/savestate.h"
#include "frontend/state_disks.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct replay {
    char *path;
    int fd;
    struct state_source source;
    struct log_reader log;
    struct log_record next; /* if there is one */
    bool more, trusted, told;
    uint64_t limit;             /* seq of the first input that is not played */
    uint64_t equal_tick, equal; /* the last tick that was found equal; how many */
};

/* ---- the file */

static int get_file(void *ctx, uint64_t at, void *out, size_t n)
{
    const struct replay *r = ctx;
    return read_at(r->fd, at, out, n);
}

static int open_file(struct replay *r, struct error *err)
{
    struct stat info;
    r->fd = open(r->path, O_RDONLY | O_CLOEXEC);
    if (r->fd < 0) {
        return error_set(err, "%s; check the name", strerror(errno));
    }
    if (fstat(r->fd, &info) < 0 || !S_ISREG(info.st_mode)) {
        return error_set(err, "is not a regular file; give a recording");
    }
    r->source =
        (struct state_source){.ctx = r, .size = (uint64_t)info.st_size, .get = get_file};
    return log_open(&r->log, &r->source, err);
}

struct replay *replay_open(const char *path, struct error *err)
{
    struct error why = {""};
    struct replay *r = calloc(1, sizeof *r);
    if (r) {
        r->fd = -1;
        r->limit = UINT64_MAX;
        r->path = strdup(path);
    }
    if (!r || !r->path) {
        free(r);
        error_set(err, "replay: out of memory");
        return NULL;
    }
    if (open_file(r, &why) < 0) {
        error_set(err, "replay %.100s: %.130s", short_path(path), why.text);
        replay_close(r);
        return NULL;
    }
    return r;
}

void replay_close(struct replay *r)
{
    if (!r) {
        return;
    }
    log_close(&r->log);
    if (r->fd >= 0) {
        close(r->fd);
    }
    free(r->path);
    free(r);
}

const char *replay_path(const struct replay *r)
{
    return r->path;
}

int replay_file(const struct replay *r)
{
    return r->fd;
}

uint64_t replay_begin(const struct replay *r)
{
    return r->log.first_tick;
}

uint64_t replay_end(const struct replay *r)
{
    return r->log.last_tick;
}

uint64_t replay_hashes(const struct replay *r)
{
    return r->equal;
}

void replay_limit(struct replay *r, uint64_t seq)
{
    r->limit = seq;
}

void replay_trust(struct replay *r)
{
    r->trusted = true;
}

const struct log_start *replay_recorded(const struct replay *r)
{
    return &r->log.start;
}

/* ---- media */

static int check_medium(struct image *im, const struct log_medium *medium, struct error *err)
{
    uint64_t digest;
    if (image_bytes(im) != medium->bytes || image_digest(im, &digest) < 0 ||
        digest != medium->digest) {
        return error_set(err, "%s: is not the image that was recorded; give the same one",
                         short_path(image_path(im)));
    }
    return 0;
}

/* The user may never have heard of this file. */
static struct image *missing(const struct log_record *rec, struct error *err)
{
    error_set(err,
              "%s: %s; the recording puts it into drive %s at tick %" PRIu64
              ": put it beside the recording",
              short_path(rec->medium.path), strerror(errno), disks_slot(rec->in.port),
              rec->tick);
    return NULL;
}

/* Before anything runs: are all of them there, as they were? */
static int check_media(struct replay *r, struct error *err)
{
    struct log_record rec;
    int rc;
    if (r->log.inputs[INPUT_MEDIA] == 0) {
        return 0;
    }
    log_rewind(&r->log);
    while ((rc = log_next(&r->log, &rec, err)) > 0) {
        char path[LOG_PATH];
        if (rec.kind != LOG_INPUT + INPUT_MEDIA || rec.in.media.kind == DRIVE_NONE) {
            continue;
        }
        disks_beside(rec.medium.path, r->path, path, sizeof path);
        struct image_request rq = {
            .path = path, .kind = rec.in.media.kind, .read_only = true, .raw = true};
        struct image *im = access(path, F_OK) == 0 ? image_open(&rq, err) : missing(&rec, err);
        rc = im ? check_medium(im, &rec.medium, err) : -1;
        image_close(im);
        if (rc < 0) {
            return -1;
        }
    }
    return rc;
}

/* true: the machine has it. */
static bool change_medium(struct replay *r, struct session *s)
{
    struct input *in = &r->next.in;
    struct image *im = NULL;
    struct error err = {""};
    if (in->media.kind != DRIVE_NONE) {
        char path[LOG_PATH];
        disks_beside(r->next.medium.path, r->path, path, sizeof path);
        im = drives_open_for(&s->config.drives, in->port, path, r->next.medium.read_only, &err);
        if (!im || check_medium(im, &r->next.medium, &err) < 0) {
            image_close(im);
            report("%s", err.text);
            session_end(s, EXIT_TROUBLE);
            return false;
        }
        in->media = image_media(im);
    }
    history_input(s->history, in);
    machine_replay(s->machine, in);
    drives_insert(&s->config.drives, in->port, im);
    return true;
}

/* ---- start */

static void take_next(struct replay *r, struct session *s)
{
    struct error err = {""};
    int rc = log_next(&r->log, &r->next, &err);
    r->more = rc > 0;
    if (rc < 0) {
        report("replay %.100s: %.120s", short_path(r->path), err.text);
        session_end(s, EXIT_TROUBLE);
    }
}

int replay_start(struct replay *r, struct session *s, replay_ready_fn *ready, struct error *err)
{
    struct state_source state = log_state(&r->log);
    struct machine_config *m = &s->config.machine;
    bool running = s->machine != NULL;
    if (!running && check_media(r, err) < 0) {
        return -1;
    }
    m->stop_on_reset = r->log.start.stop_on_reset;
    m->stop_on_triple_fault = r->log.start.stop_on_triple_fault;
    struct savestate *st = savestate_open_in(s, &state, r->path, err);
    if (st && !running) {
        savestate_give_drives(st, s);
    }
    int rc = st && (!ready || ready(s, err) == 0) ? savestate_take(st, s, err) : -1;
    savestate_close(st);
    if (rc < 0) {
        return -1;
    }
    s->config.drives.snapshot = true;
    machine_shut(s->machine, true);
    log_rewind(&r->log);
    r->equal_tick = r->log.first_tick;
    r->equal = 0;
    take_next(r, s);
    return 0;
}

/* The machine has been put back to a moment that was played. */
void replay_found(struct replay *r, struct session *s)
{
    uint64_t now = machine_now(s->machine), seq = machine_inputs(s->machine);
    log_rewind(&r->log);
    take_next(r, s);
    while (r->more && !s->over &&
           (r->next.kind < LOG_START ? r->next.in.seq < seq : r->next.tick < now)) {
        take_next(r, s);
    }
}

/* ---- playing */

uint64_t replay_next(const struct replay *r)
{
    return r->more ? r->next.tick : UINT64_MAX - 1;
}

void replay_tell(struct replay *r, struct session *s)
{
    uint64_t now = machine_now(s->machine);
    bool whole = !r->more;
    if (r->told || r->trusted || s->status == EXIT_DIVERGED || s->status == EXIT_TROUBLE) {
        return;
    }
    r->told = true;
    if (s->opt->verify) {
        say("verified: %" PRIu64 " hashes equal, ticks %" PRIu64 " to %" PRIu64, r->equal,
            r->log.first_tick, now);
        if (!whole) {
            say("; the recording goes on to %" PRIu64, r->log.last_tick);
        }
        say("\n");
    } else if (s->config.display == DISPLAY_NONE && whole && !s->opt->hash) {
        report("replay %s: played to its end, tick %" PRIu64 "; %" PRIu64 " hashes equal",
               short_path(r->path), now, r->equal);
    }
}

/* What there is to be said, once, at the end, when it goes on from there. */
static void finish(struct replay *r, struct session *s)
{
    if (s->seeking) {
        return; /* who goes to the end wants to look back from there */
    }
    if (!r->log.ended && !r->trusted) {
        report("replay %s: is cut short, its recorder was killed; played to its last whole "
               "block, tick %" PRIu64,
               short_path(r->path), machine_now(s->machine));
    }
    session_end(s, EXIT_FINE);
}

/* true: equal, or nobody asks. */
static bool compare(struct replay *r, struct session *s)
{
    if (r->trusted) {
        return true;
    }
    uint64_t hash = machine_hash(s->machine);
    if (hash == r->next.hash) {
        r->equal_tick = r->next.tick;
        r->equal++;
        return true;
    }
    struct divergence d = {.equal = r->equal_tick,
                           .differs = r->next.tick,
                           .inputs = machine_inputs(s->machine),
                           .expected = r->next.hash,
                           .found = hash};
    if (r->next.kind == LOG_HASH) {
        struct machine_part part[MACHINE_PARTS];
        unsigned n = machine_parts(s->machine, part);
        for (unsigned i = 0; i < n && n == r->next.parts; i++) {
            if (part[i].hash != r->next.part[i] && d.parts < ARRAY_LEN(d.part)) {
                memcpy(d.part[d.parts++], part[i].name, MACHINE_PART_NAME);
            }
        }
    }
    diverged(r, s, &d);
    session_end(s, EXIT_DIVERGED);
    return false;
}

/* One record. false: the session is over. */
static bool play(struct replay *r, struct session *s)
{
    switch (r->next.kind) {
    case LOG_START:
    case LOG_PARTS:
    case LOG_NOW: return true;
    case LOG_HASH:
    case LOG_END: return compare(r, s);
    case LOG_INPUT + INPUT_MEDIA: return change_medium(r, s);
    default: break;
    }
    history_input(s->history, &r->next.in);
    machine_replay(s->machine, &r->next.in);
    if (r->next.in.kind == INPUT_MIPS) {
        pace_start(&s->pace, s->pace.speed, machine_mips(s->machine), machine_now(s->machine));
    }
    return true;
}

void replay_feed(struct replay *r, struct session *s)
{
    while (!s->over && r->more && r->next.tick <= machine_now(s->machine)) {
        if (r->next.kind < LOG_START && r->next.in.seq >= r->limit) {
            return;
        }
        if (play(r, s)) {
            take_next(r, s);
        }
    }
    if (!s->over && !r->more) {
        finish(r, s);
    }
}

void replay_stopped(struct replay *r, struct session *s)
{
    uint64_t now = machine_now(s->machine), fed = machine_inputs(s->machine);
    replay_feed(r, s);
    if (!s->over && r->more && machine_inputs(s->machine) == fed) {
        report("replay %s: the machine stopped at tick %" PRIu64
               ", where the recording goes on; it has diverged since tick %" PRIu64,
               short_path(r->path), now, r->equal_tick);
        session_end(s, EXIT_DIVERGED);
    }
}

/* ---- -info */

static void info_media(struct replay *r)
{
    struct log_record rec;
    struct error err;
    log_rewind(&r->log);
    while (log_next(&r->log, &rec, &err) > 0) {
        if (rec.kind == LOG_INPUT + INPUT_MEDIA) {
            bool in = rec.in.media.kind != DRIVE_NONE;
            say("  tick %" PRIu64 ": disk %s: ", rec.tick, disks_slot(rec.in.port));
            say_text(in ? rec.medium.path : "ejected");
            say("\n");
        }
    }
}

static void info_machine(const struct machine_saved *saved)
{
    const struct machine_config *m = &saved->config;
    say("machine: %" PRIu64 "K, %s, boot order %s\n", m->ram_bytes >> 10, m->cpu,
        m->boot_order);
    say("bios: %" PRIu32 "K, digest %016" PRIx64 "\n", m->bios_size >> 10,
        state_digest(0, m->bios, m->bios_size));
    if (m->vgabios) {
        say("vgabios: %" PRIu32 "K, digest %016" PRIx64 "\n", m->vgabios_size >> 10,
            state_digest(0, m->vgabios, m->vgabios_size));
    }
}

static void info_disks(const struct saved_disks *disks)
{
    for (unsigned i = 0; i < MACHINE_DRIVES; i++) {
        const struct saved_disk *d = &disks->disk[i];
        if (d->path) {
            say("disk %s: %" PRIu64 "K%s, digest %016" PRIx64 ", ", disks_slot(i),
                d->bytes >> 10, d->read_only ? ", read-only" : "", d->digest);
            say_text(d->path);
            say("\n");
        }
    }
}

static int info_state(struct replay *r, struct error *err)
{
    struct state_source state = log_state(&r->log);
    struct state_reader reader;
    struct machine_saved *saved = calloc(1, sizeof *saved);
    struct saved_disks disks = {0};
    int rc = saved ? state_open(&reader, &state, err) : error_set(err, "out of memory");
    if (rc == 0) {
        rc = machine_saved_read(saved, &reader, err);
    }
    if (rc == 0) {
        rc = disks_read(&disks, &reader, err);
    }
    if (rc == 0) {
        info_machine(saved);
        info_disks(&disks);
    }
    disks_free(&disks);
    if (saved) {
        machine_saved_free(saved);
        state_close(&reader);
    }
    free(saved);
    return rc;
}

static void info_records(const struct log_reader *log)
{
    static const char *const names[INPUT_KINDS] = {"keys",        "mouse",     "serial",
                                                   "media",       "resets",    "power buttons",
                                                   "clock ratio", "registers", "memory"};
    const struct log_start *st = &log->start;
    say("start: %s, tick %" PRIu64 "%s%s%s%s%s\n", log->first_tick ? "a state" : "power-on",
        log->first_tick, st->stop_on_reset ? ", ends at a reset" : "",
        st->single_step ? ", -singlestep" : "", st->no_assist ? ", -no-assist" : "",
        st->shadow_flush ? ", -shadow flush" : "", st->flip[0] ? ", -flip" : "");
    say("inputs:");
    for (unsigned i = 0; i < INPUT_KINDS; i++) {
        if (log->inputs[i]) {
            say(" %s %" PRIu64, names[i], log->inputs[i]);
        }
    }
    say("\nhashes: %" PRIu64 "\n", log->hashes);
    if (log->ended) {
        say("end: tick %" PRIu64 ", exit code %u\n", log->last_tick, log->status);
    } else {
        say("end: cut short; good up to tick %" PRIu64 "\n", log->last_tick);
    }
}

int replay_info(const char *path, struct error *err)
{
    struct error why = {""};
    struct replay *r = replay_open(path, err);
    if (!r) {
        return -1;
    }
    const char *layout = strstr(r->log.about, "numbers:");
    say("%s: %" PRIu64 " bytes, of them %" PRIu64 " the start\n", short_path(path),
        r->source.size, r->log.records_at);
    say("%.*s", layout ? (int)(layout - r->log.about) : (int)strlen(r->log.about),
        r->log.about);
    int rc = info_state(r, &why);
    if (rc < 0) {
        error_set(err, "replay %.100s: %.130s", short_path(path), why.text);
    } else {
        info_records(&r->log);
        info_media(r);
    }
    replay_close(r);
    return rc;
}
