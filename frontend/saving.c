/* frontend/saving.c -- see the header. */
#include "frontend/posix.h"

#include "frontend/saving.h"

#include "devices/machine_file.h"
#include "frontend/atomic_file.h"
#include "frontend/crew.h"
#include "frontend/image.h"
#include "frontend/picture.h"
#include "frontend/png.h"
#include "frontend/report.h"
#include "frontend/savestate_priv.h"
#include "frontend/session.h"
#include "frontend/state_disks.h"
#include "frontend/taken.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What the writing process says: DISKS when they are in the file, then FINE, or TROUBLE and the
 * text of the error. */
enum { DISKS = 'd', FINE = 'f', TROUBLE = 't' };

struct saving {
    struct session *session;
    struct save_request rq;
    struct atomic_file file;
    pid_t child; /* 0: none; all is done */
    int from;    /* what it says; -1: nothing more */
    bool disks_done;
    char verdict; /* FINE, TROUBLE, or 0: not yet, or it died without a word */
    size_t used;  /* bytes of the error's text so far */
    struct error why;
};

/* ---- what goes into the file ---------------------------------------------------------------
 */

static int put_file(void *ctx, const void *bytes, size_t n)
{
    return fwrite(bytes, 1, n, ctx) == n ? 0 : -1;
}

static int skip_file(void *ctx, uint64_t n)
{
    return fseeko(ctx, (off_t)n, SEEK_CUR);
}

/* The screen, small. No picture is no error. */
static int save_picture(struct machine *m, const struct screen *sc, struct state_writer *w)
{
    enum { COLUMNS = 160, LINES = 60 }; /* of half blocks: 160 x 120 pixels */
    struct picture_size from = {sc->width, sc->height};
    struct picture_size to = picture_fit(from.w, from.h, COLUMNS, LINES);
    size_t n = (size_t)from.w * from.h, size = 0;
    uint32_t *pixels = calloc(n, sizeof *pixels);
    uint32_t *small = calloc((size_t)to.w * to.h, sizeof *small);
    uint8_t *png = NULL;
    if (pixels && small && machine_screen_pixels(m, pixels, n)) {
        picture_scale(pixels, from, small, to);
        png = png_encode(small, to.w, to.h, &size);
    }
    int rc = png && size <= STATE_SECTION ? state_section(w, "host thumbnail", png, size) : 0;
    free(png);
    free(small);
    free(pixels);
    return rc;
}

static int save_host(struct session *s, struct state_writer *w)
{
    static const char about[] = "terrapin " TERRAPIN_VERSION;
    int rc = state_section(w, "host about", about, sizeof about - 1);
    if (rc == 0) {
        rc = state_section(w, "host session", &s->mouse_buttons, 1);
    }
    struct screen *sc = rc == 0 ? calloc(1, sizeof *sc) : NULL;
    if (sc) {
        machine_screen(s->machine, sc);
        if (sc->width && sc->height) {
            rc = save_picture(s->machine, sc, w);
        }
    }
    free(sc);
    return rc;
}

static void say_to(int fd, const void *bytes, size_t n)
{
    ssize_t put = fd >= 0 ? write(fd, bytes, n) : 0;
    (void)put; /* a reader that is gone needs no answer */
}

/* What an incremental state lies on, or nothing; loaded as far as its memory. */
struct lower {
    struct savestate *state;
    struct machine *machine;
    struct state_under under;
};

static const uint8_t *under_bytes(void *ctx, const char *name, uint64_t size)
{
    struct lower *l = ctx;
    struct machine_bytes ram;
    for (unsigned n = 0; strncmp(name, "ram ", 4) == 0 && machine_memory(l->machine, n, &ram);
         n++) {
        if (strcmp(ram.name, name + 4) == 0 && ram.size == size) {
            return ram.bytes;
        }
    }
    return machine_saved_bytes(&l->state->saved, name, size);
}

static int open_lower(struct lower *l, const struct saving *sv, struct error *why)
{
    const struct session *s = sv->session;
    if (!sv->rq.base) {
        return 0;
    }
    l->state = savestate_look(sv->rq.base, why);
    if (!l->state || savestate_lies_on(l->state, sv->rq.path, why) < 0) {
        return -1;
    }
    if (l->state->saved.disks_only) {
        return error_set(why, "%.100s: has only disks, and nothing to lie on",
                         short_path(sv->rq.base));
    }
    if (savestate_depth(l->state) == STATE_CHAIN) {
        return error_set(
            why, "%.80s: has %d states below it, as many as there may be; save a whole one",
            short_path(sv->rq.base), STATE_CHAIN - 1);
    }
    struct machine_bytes ram;
    if (machine_memory(s->machine, 0, &ram) && ram.size != l->state->saved.config.ram_bytes) {
        return error_set(why, "%.100s: has another size of memory", short_path(sv->rq.base));
    }
    l->machine = savestate_machine_on(l->state, &s->config.drives, why);
    l->under = (struct state_under){l, under_bytes};
    return l->machine ? 0 : -1;
}

static void close_lower(struct lower *l)
{
    machine_free(l->machine);
    savestate_close(l->state);
}

static int save_over(struct lower *l, struct state_writer *w, struct error *why)
{
    char *path = l->state ? realpath(l->state->path, NULL) : NULL;
    int rc = 0;
    if (l->state && (!path || strlen(path) > STATE_PATH)) {
        rc = error_set(why, "%.100s: too long a name", short_path(l->state->path));
    } else if (l->state) {
        w->under = &l->under;
        rc = state_over(w, l->state->reader.id, l->state->source.size, path);
    }
    free(path);
    return rc;
}

static int save_parts(struct saving *sv, const struct state_sink *sink, struct lower *l, int to,
                      struct error *why)
{
    static const char disks = DISKS;
    struct session *s = sv->session;
    struct state_writer w;
    int rc = state_begin(&w, sink);
    w.raw = sv->rq.raw;
    if (rc == 0) {
        rc = save_over(l, &w, why);
    }
    if (rc == 0) {
        rc = disks_save(&s->config.drives, &w, why);
    }
    say_to(to, &disks, 1);
    if (rc == 0) {
        rc = sv->rq.disks_only ? machine_save_disks_only(s->machine, &w)
                               : machine_save(s->machine, &w);
    }
    if (rc == 0) {
        rc = save_host(s, &w);
    }
    return state_end(&w) < 0 ? -1 : rc;
}

static int save_all(struct saving *sv, int to, struct error *why)
{
    struct lower l = {0};
    struct crew *crew = sv->rq.threads ? crew_new(sv->rq.threads) : NULL;
    struct state_sink sink = {sv->file.f, put_file, sv->file.temp ? skip_file : NULL,
                              crew_for_states(crew)};
    int rc = open_lower(&l, sv, why) < 0 ? -1 : save_parts(sv, &sink, &l, to, why);
    close_lower(&l);
    crew_free(crew);
    return rc;
}

/* Writes the file and puts it in its place. -1 and err: it is not there. */
static int save_file(struct saving *sv, int to, struct error *err)
{
    struct error why = {""};
    int rc = save_all(sv, to, &why);
    if (rc < 0 && !why.text[0] && !ferror(sv->file.f)) {
        error_set(&why, "out of memory");
    }
    if (why.text[0]) { /* else the file is to blame, and atomic_close() tells */
        atomic_close(&sv->file, false, NULL);
        return error_set(err, "savevm %.100s: %.120s", short_path(sv->rq.path), why.text);
    }
    return atomic_close(&sv->file, true, err);
}

/* ---- the writing process -------------------------------------------------------------------
 */

static void ignore(void *ctx, const char *line)
{
    (void)ctx, (void)line;
}

/* Its memory is a copy, but what it says and writes is not: only the file and the pipe. */
static void write_and_exit(struct saving *sv, int to)
{
    struct error err = {""};
    char verdict = FINE;
    report_redirect(ignore, NULL);
    if (save_file(sv, to, &err) < 0) {
        verdict = TROUBLE;
    }
    say_to(to, &verdict, 1);
    say_to(to, err.text, strlen(err.text));
    _exit(0);
}

/* The guest is about to write to a disk that may not be in the file yet. */
static void wait_for_disks(void *ctx);

static void hold_disks(struct saving *sv, bool on)
{
    const struct drives *d = &sv->session->config.drives;
    for (unsigned i = 0; i < MACHINE_DRIVES; i++) {
        if (d->image[i]) {
            image_hold(d->image[i], on ? wait_for_disks : NULL, sv);
        }
    }
}

/* false: it cannot be had. */
static bool start_process(struct saving *sv)
{
    int ends[2];
    if (pipe(ends) < 0) {
        return false;
    }
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        write_and_exit(sv, ends[1]);
    }
    close(ends[1]);
    if (child < 0) {
        close(ends[0]);
        return false;
    }
    sv->child = child;
    sv->from = ends[0];
    fclose(sv->file.f); /* nothing is in it yet: the other process has its own */
    sv->file.f = NULL;
    hold_disks(sv, true);
    return true;
}

struct saving *saving_begin(struct session *s, const struct save_request *rq, struct error *err)
{
    if (s->off) {
        error_set(err, "savevm: the machine is off");
        return NULL;
    }
    if (taken_check_state(s, "savevm", rq->path, err) < 0) {
        return NULL;
    }
    struct saving *sv = calloc(1, sizeof *sv);
    if (!sv) {
        error_set(err, "savevm: out of memory");
        return NULL;
    }
    *sv = (struct saving){.session = s, .rq = *rq, .from = -1};
    if (atomic_open(&sv->file, rq->path, err) < 0) {
        free(sv);
        return NULL;
    }
    if (!start_process(sv)) {
        sv->verdict = save_file(sv, -1, &sv->why) < 0 ? TROUBLE : FINE;
    }
    return sv;
}

/* ---- what it says --------------------------------------------------------------------------
 */

static void take_byte(struct saving *sv, char c)
{
    if (sv->verdict) {
        if (sv->used < sizeof sv->why.text - 1) {
            sv->why.text[sv->used++] = c;
        }
    } else if (c == DISKS) {
        sv->disks_done = true;
        hold_disks(sv, false);
    } else {
        sv->verdict = c;
    }
}

/* Reads what there is; waits for it where there is nothing. */
static void listen_to(struct saving *sv)
{
    char bytes[64];
    ssize_t n = read(sv->from, bytes, sizeof bytes);
    if (n < 0 && errno == EINTR) {
        return;
    }
    for (ssize_t i = 0; i < n; i++) {
        take_byte(sv, bytes[i]);
    }
    if (n <= 0) {
        close(sv->from);
        sv->from = -1;
        hold_disks(sv, false);
    }
}

static void wait_for_disks(void *ctx)
{
    struct saving *sv = ctx;
    while (sv->from >= 0 && !sv->disks_done) {
        listen_to(sv);
    }
}

static bool something_said(const struct saving *sv)
{
    struct pollfd p = {.fd = sv->from, .events = POLLIN};
    return poll(&p, 1, 0) > 0;
}

bool saving_done(struct saving *sv, bool wait)
{
    while (sv->from >= 0 && (wait || something_said(sv))) {
        listen_to(sv);
    }
    return sv->from < 0;
}

int saving_process(const struct saving *sv)
{
    return sv->child;
}

int saving_end(struct saving *sv, struct error *err)
{
    saving_done(sv, true);
    while (sv->child && waitpid(sv->child, NULL, 0) < 0 && errno == EINTR) {
    }
    if (!sv->verdict) { /* somebody ended it */
        if (sv->file.temp) {
            unlink(sv->file.temp);
        }
        error_set(&sv->why, "savevm %.100s: the process that wrote it was killed; try again",
                  short_path(sv->rq.path));
    }
    if (sv->child) {
        free(sv->file.temp);
    }
    int rc = sv->verdict == FINE ? 0 : error_set(err, "%s", sv->why.text);
    free(sv);
    return rc;
}
