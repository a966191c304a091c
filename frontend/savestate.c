/* frontend/savestate.c -- see the header. */
#include "frontend/posix.h"

#include "frontend/savestate_priv.h"

#include "frontend/image.h"
#include "frontend/audio.h"
#include "frontend/history.h"
#include "frontend/overlay.h"
#include "frontend/report.h"
#include "frontend/serial.h"
#include "frontend/signals.h"
#include "frontend/state_disks.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- saving -------------------------------------------------------------------------------
 */

int savestate_save(struct session *s, const struct save_request *rq, struct error *err)
{
    struct saving *sv = saving_begin(s, rq, err);
    if (!sv) {
        return -1;
    }
    /* In a script no time passes; at a monitor the guest runs on. */
    while (!saving_done(sv, s->scripted || s->stopped || s->over)) {
        session_run(s, UINT64_MAX);
    }
    return saving_end(sv, err);
}

/* ---- the file -----------------------------------------------------------------------------
 */

static int get_file(void *ctx, uint64_t at, void *out, size_t n)
{
    const struct savestate *st = ctx;
    return read_at(st->fd, at, out, n);
}

/* Privately: many machines share what they do not store to, and the file stays as it is. */
static uint8_t *map_file(void *ctx, uint64_t at, uint64_t n)
{
    const struct savestate *st = ctx;
    void *bytes = mmap(NULL, (size_t)n, PROT_READ | PROT_WRITE, MAP_PRIVATE, st->fd, (off_t)at);
    return bytes == MAP_FAILED ? NULL : bytes;
}

static void unmap_file(uint8_t *bytes, uint64_t n)
{
    munmap(bytes, (size_t)n);
}

static struct savestate *new_state(const char *verb, const char *path, struct error *err)
{
    struct savestate *st = calloc(1, sizeof *st);
    if (!st) {
        error_set(err, "%s%s: out of memory", verb, short_path(path));
        return NULL;
    }
    st->verb = verb;
    st->path = path;
    st->fd = -1;
    return st;
}

static int open_file(struct savestate *st, struct error *err)
{
    struct stat info;
    st->fd = open(st->path, O_RDONLY | O_CLOEXEC);
    if (st->fd < 0) {
        return error_set(err, "%s; check the name", strerror(errno));
    }
    if (fstat(st->fd, &info) < 0 || !S_ISREG(info.st_mode)) {
        return error_set(err, "is not a regular file; give a save state");
    }
    st->source = (struct state_source){.ctx = st,
                                       .size = (uint64_t)info.st_size,
                                       .get = get_file,
                                       .map = map_file,
                                       .unmap = unmap_file};
    return state_open(&st->reader, &st->source, err);
}

static int read_parts(struct savestate *st, struct error *err);

/* ---- what it lies on -----------------------------------------------------------------------
 */

static bool same_file(const struct savestate *st, const char *path)
{
    struct stat a, b;
    return st->fd >= 0 && fstat(st->fd, &a) == 0 && stat(path, &b) == 0 &&
           a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

unsigned savestate_depth(const struct savestate *st)
{
    unsigned n = 0;
    for (; st; st = st->base) {
        n++;
    }
    return n;
}

int savestate_lies_on(const struct savestate *st, const char *path, struct error *err)
{
    for (; st; st = st->base) {
        if (same_file(st, path)) {
            return error_set(err, "%s: what it would lie on; give another file",
                             short_path(path));
        }
    }
    return 0;
}

/* The base under this name, which it takes over. 1: it is it, 0: no or another file, -1: err.
 */
static int try_base(struct savestate *st, const struct state_base *want, char *path,
                    bool *changed, struct error *err)
{
    struct stat info;
    struct error why = {""};
    unsigned above = 1;
    if (!path || stat(path, &info) < 0 || !S_ISREG(info.st_mode)) {
        free(path);
        return 0;
    }
    for (const struct savestate *up = st; up; up = up->upper, above++) {
        if (same_file(up, path)) {
            free(path);
            return error_set(err, "base: lies on itself");
        }
    }
    if (above > STATE_CHAIN) {
        free(path);
        return error_set(err, "base: more than %d states on top of each other", STATE_CHAIN);
    }
    struct savestate *base = new_state("", path, err);
    if (!base) {
        free(path);
        return -1;
    }
    base->own_path = path;
    base->upper = st;
    *changed = true;
    bool same = (uint64_t)info.st_size == want->size && open_file(base, &why) == 0 &&
                base->reader.id == want->id;
    if (!same) {
        savestate_close(base);
        return 0;
    }
    st->base = base;
    return 1;
}

/* NAME beside the file `of`; NULL: out of memory. */
static char *beside(const char *of, const char *path)
{
    const char *slash = strrchr(of, '/'), *last = strrchr(path, '/');
    const char *name = last ? last + 1 : path;
    size_t dir = slash ? (size_t)(slash + 1 - of) : 0, n = strlen(name) + 1;
    char *to = malloc(dir + n);
    if (to) {
        memcpy(to, of, dir);
        memcpy(to + dir, name, n);
    }
    return to;
}

/* Beside the file, where both were moved together; else where it was. */
static int open_base(struct savestate *st, struct error *err)
{
    struct state_base want;
    bool changed = false;
    int rc = state_base_of(&st->reader, &want, err);
    if (rc <= 0) {
        return rc;
    }
    if (st->fd < 0) {
        return error_set(err, "base: an incremental state, which cannot be used here");
    }
    rc = try_base(st, &want, beside(st->path, want.path), &changed, err);
    if (rc == 0) {
        rc = try_base(st, &want, strdup(want.path), &changed, err);
    }
    if (rc <= 0) {
        return rc < 0 ? -1
                      : error_set(err, "base: %.100s %s", short_path(want.path),
                                  changed ? "is not what it was; give the same file"
                                          : "is missing; put it beside this file");
    }
    struct error why = {""};
    if (read_parts(st->base, &why) < 0) {
        return error_set(err, "base %.80s: %.120s", short_path(st->base->path), why.text);
    }
    st->bottom = (struct state_bottom){&st->base->reader, &st->base->saved};
    st->reader.base = &st->bottom;
    return 0;
}

/* ---- the front end's own -------------------------------------------------------------------
 */

static int check_thumbnail(const uint8_t *bytes, uint32_t n, struct error *err)
{
    static const uint8_t png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
    return n >= sizeof png && memcmp(bytes, png, sizeof png) == 0
               ? 0
               : error_set(err, "host thumbnail: is no PNG");
}

static int take_about(struct savestate *st, const uint8_t *bytes, uint32_t n, struct error *err)
{
    bool good = n > 0 && n < sizeof st->about;
    for (uint32_t i = 0; good && i < n; i++) {
        good = bytes[i] >= ' ' && bytes[i] <= '~';
    }
    if (good) {
        memcpy(st->about, bytes, n);
    }
    return good ? 0 : error_set(err, "host about: makes no sense");
}

/* The front end's sections but disks: once at most, and of the right form. */
static int take_host(struct savestate *st, unsigned *seen, struct error *err)
{
    static const char *const names[] = {"host session", "host about", "host thumbnail"};
    struct state_reader *r = &st->reader;
    unsigned i = 0;
    while (i < ARRAY_LEN(names) && strcmp(r->name, names[i]) != 0) {
        i++;
    }
    if (i == ARRAY_LEN(names)) {
        return error_set(err, "%s: this program has no such part", r->name);
    }
    if (*seen & 1u << i) {
        return error_set(err, "%s: comes twice", r->name);
    }
    *seen |= 1u << i;
    if (state_payload(r, err) < 0) {
        return -1;
    }
    if (i == 1) {
        return take_about(st, r->payload, r->length, err);
    }
    if (i == 2) {
        return check_thumbnail(r->payload, r->length, err);
    }
    if (r->length != 1 || r->payload[0] > 7) {
        return error_set(err, "host session: makes no sense");
    }
    st->mouse_buttons = r->payload[0];
    return 0;
}

static int read_session(struct savestate *st, struct error *err)
{
    unsigned seen = 0;
    int rc;
    state_rewind(&st->reader);
    while ((rc = state_next(&st->reader, err)) > 0) {
        const char *name = st->reader.name;
        if (strncmp(name, "host ", 5) == 0 && strncmp(name, "host disk ", 10) != 0 &&
            take_host(st, &seen, err) < 0) {
            return -1;
        }
    }
    if (rc == 0 && !(seen & 1)) {
        return error_set(err, "host session is missing");
    }
    return rc;
}

/* ---- options against the state ------------------------------------------------------------
 */

static int differs(struct error *err, const char *option)
{
    return error_set(err, "%s: the state has another one; leave it out", option);
}

/* Is what was saved these bytes, filled up with FFh as ROMs are? */
static bool same_rom(const uint8_t *saved, uint32_t room, const uint8_t *bytes, uint32_t n)
{
    if (!saved || n > room || memcmp(saved, bytes, n) != 0) {
        return false;
    }
    while (n < room && saved[n] == 0xFF) {
        n++;
    }
    return n == room;
}

static int check_firmware(const struct config *c, const struct options *o,
                          const struct machine_saved *sv, struct error *err)
{
    struct machine_rom vga = sv->vgabios;
    for (unsigned i = 0; i < sv->files; i++) {
        if (strcmp(sv->file[i].name, "vgaroms/vgabios.bin") == 0) {
            vga = (struct machine_rom){sv->file[i].bytes, sv->file[i].size};
        }
    }
    if (o->bios && (c->machine.bios_size != sv->bios.size ||
                    !same_rom(sv->bios.bytes, sv->bios.size, c->bios, sv->bios.size))) {
        return differs(err, "-bios");
    }
    if ((o->no_vgabios && vga.bytes) ||
        (o->vgabios && !same_rom(vga.bytes, vga.size, c->vgabios, c->machine.vgabios_size))) {
        return differs(err, "-vgabios");
    }
    int same = o->kernel ? machine_saved_same_kernel(sv, &c->machine, err) : 1;
    return same == 0 ? differs(err, "-kernel, -initrd or -append") : same < 0 ? -1 : 0;
}

static int check_options(const struct options *o, const struct machine_saved *sv,
                         struct error *err)
{
    const struct machine_config *m = &sv->config;
    if (o->ram_given && o->ram_bytes != m->ram_bytes) {
        return error_set(err,
                         "-m: asks for %" PRIu64 "K, the state has %" PRIu64 "K; leave it out",
                         o->ram_bytes >> 10, m->ram_bytes >> 10);
    }
    if (o->cpu && !machine_cpu_same(o->cpu, m->cpu)) {
        return error_set(err, "-cpu %.60s: the state has %.60s; leave it out", o->cpu, m->cpu);
    }
    if (o->rtc == RTC_UTC || o->rtc == RTC_LOCALTIME) {
        return error_set(err, "-rtc: the state has its own date; leave it out");
    }
    if (o->rtc == RTC_DATE && o->rtc_date != m->start_time) {
        return differs(err, "-rtc");
    }
    if (o->boot_order[0] && strcmp(o->boot_order, m->boot_order) != 0) {
        return error_set(err, "-boot %s: the state has order=%s; leave it out", o->boot_order,
                         m->boot_order);
    }
    if (o->boot_menu && !m->boot_menu) {
        return error_set(err, "-boot menu=on: the state has menu=off; leave it out");
    }
    for (unsigned i = 0; i < o->serials; i++) {
        bool used = o->serial[i].kind != SERIAL_NONE && o->serial[i].kind != SERIAL_NULL;
        if (used && !m->serial[i]) {
            return error_set(err, "-serial: the state has no port %u; leave it out", i);
        }
    }
    if (o->parallel_file && !m->parallel) {
        return error_set(err, "-parallel: the state has no printer port; leave it out");
    }
    if (o->debug_exit_port && (o->debug_exit_port != m->debug_exit_port ||
                               o->debug_exit_size != m->debug_exit_size)) {
        return differs(err, "-device isa-debug-exit");
    }
    return 0;
}

/* ---- loading ------------------------------------------------------------------------------
 */

static int read_parts(struct savestate *st, struct error *err)
{
    return open_base(st, err) < 0 || machine_saved_read(&st->saved, &st->reader, err) < 0 ||
                   disks_read(&st->disks, &st->reader, err) < 0 || read_session(st, err) < 0
               ? -1
               : 0;
}

static int read_file(struct savestate *st, struct error *err)
{
    struct error why = {""};
    int rc = st->source.get ? state_open(&st->reader, &st->source, &why) : open_file(st, &why);
    if (rc < 0 || read_parts(st, &why) < 0) {
        return error_set(err, "%s%.100s: %.120s", st->verb, short_path(st->path), why.text);
    }
    return 0;
}

static int read_all(struct savestate *st, const struct session *s, struct error *err)
{
    if (read_file(st, err) < 0) {
        return -1;
    }
    if (check_options(s->opt, &st->saved, err) < 0 ||
        check_firmware(&s->config, s->opt, &st->saved, err) < 0) {
        return -1;
    }
    bool running = s->machine != NULL; /* then the drives are those of the session, not of
                                          its options */
    st->disks.recording = st->fd < 0 ? st->path : NULL;
    if ((!running && disks_relocate(&st->disks, s->opt, &st->saved, err) < 0) ||
        disks_find(&st->disks, err) < 0) {
        return -1;
    }
    st->former = running ? &s->config.drives : NULL;
    if (disks_open(&st->drives, &st->disks, &st->saved, s->opt->snapshot, &st->reader,
                   st->former, err) < 0) {
        return -1;
    }
    st->drives_open = true;
    return 0;
}

static struct savestate *open_state(const struct session *s, const char *verb, const char *path,
                                    const struct state_source *source, struct error *err)
{
    struct savestate *st = new_state(verb, path, err);
    if (st && source) {
        st->source = *source;
    }
    if (st && read_all(st, s, err) < 0) {
        savestate_close(st);
        return NULL;
    }
    return st;
}

struct savestate *savestate_open(const struct session *s, const char *path, struct error *err)
{
    return open_state(s, "loadvm ", path, NULL, err);
}

struct savestate *savestate_open_in(const struct session *s, const struct state_source *source,
                                    const char *path, struct error *err)
{
    return open_state(s, "replay ", path, source, err);
}

struct savestate *savestate_look(const char *path, struct error *err)
{
    struct savestate *st = new_state("", path, err);
    if (st && read_file(st, err) < 0) {
        savestate_close(st);
        return NULL;
    }
    return st;
}

static int no_read(void *ctx, uint64_t lba, void *out, uint32_t n)
{
    (void)ctx, (void)lba, (void)out, (void)n;
    return -1;
}

static int no_write(void *ctx, uint64_t lba, const void *in, uint32_t n)
{
    (void)ctx, (void)lba, (void)in, (void)n;
    return -1;
}

static struct machine *look_at(struct savestate *st, struct error *err)
{
    static const struct drive_ops ops = {no_read, no_write, NULL};
    static const struct host nobody = {0};
    struct error why = {""};
    for (unsigned i = 0; i < MACHINE_DRIVES; i++) {
        const struct saved_disk *d = &st->disks.disk[i];
        if (d->path) {
            st->saved.config.drive[i] = (struct media){
                d->kind, &ops, NULL, d->bytes / d->sector_size, d->sector_size, d->read_only};
        }
    }
    struct machine *m = machine_load(&st->saved.config, &nobody, &st->reader, &why);
    if (!m) {
        error_set(err, "%.100s: %.120s", short_path(st->path), why.text);
    }
    return m;
}

struct machine *savestate_machine(struct savestate *st, struct error *err)
{
    disks_look(&st->disks, &st->looked);
    disks_constant(&st->looked, &st->saved.config);
    st->saved.config.missed = &st->missed;
    return look_at(st, err);
}

struct machine *savestate_machine_on(struct savestate *st, const struct drives *d,
                                     struct error *err)
{
    disks_constant(d, &st->saved.config);
    return look_at(st, err);
}

void savestate_give_drives(struct savestate *st, struct session *s)
{
    s->config.drives = st->drives;
    st->drives_open = false;
}

static struct machine *new_machine(struct savestate *st, const struct session *s,
                                   struct error *err)
{
    struct machine_config *m = &st->saved.config;
    const struct machine_config *host = &s->config.machine;
    const struct drives *d = st->drives_open ? &st->drives : &s->config.drives;
    struct error why = {""};
    for (unsigned i = 0; i < MACHINE_DRIVES; i++) {
        if (d->image[i]) {
            m->drive[i] = image_media(d->image[i]);
        }
    }
    disks_constant(d, m);
    m->single_step = host->single_step;
    m->no_assist = host->no_assist;
    m->census = host->census;
    m->shadow_flush = host->shadow_flush;
    m->stop_on_reset = host->stop_on_reset;
    m->stop_on_triple_fault = host->stop_on_triple_fault;
    struct machine *machine = machine_load(m, &s->host, &st->reader, &why);
    if (!machine) {
        error_set(err, "%s%.100s: %.120s", st->verb, short_path(st->path), why.text);
    } else if (s->opt->mips && !s->machine && s->opt->mips != machine_mips(machine)) {
        error_set(err, "-mips %" PRIu32 ": the state has %" PRIu32 "; leave it out",
                  s->opt->mips, machine_mips(machine));
        machine_free(machine);
        machine = NULL;
    }
    return machine;
}

int savestate_take(struct savestate *st, struct session *s, struct error *err)
{
    struct machine *machine = new_machine(st, s, err);
    if (!machine) {
        return -1;
    }
    history_forget(s->history);
    signals_install(machine); /* lets go of the former one */
    machine_free(s->machine);
    s->machine = machine;
    session_listen(s);
    s->loads++;
    if (!s->replay) {
        s->bookmarks = 0; /* of another machine's time */
    }
    if (st->drives_open) {
        bool keep = s->config.drives.keep;
        drives_close(&s->config.drives);
        savestate_give_drives(st, s);
        s->config.drives.keep = keep;
    }
    s->mouse_buttons = st->mouse_buttons;
    serial_forget(s->serial);
    audio_start(s->audio, machine_now(machine), machine_mips(machine));
    s->off = s->asleep = false;
    return 0;
}

void savestate_close(struct savestate *st)
{
    if (!st) {
        return;
    }
    if (st->drives_open) {
        drives_close(&st->drives);
        for (unsigned i = 0; st->former && i < MACHINE_DRIVES; i++) {
            image_lock_again(st->former->image[i]);
        }
    }
    drives_close(&st->looked);
    disks_free(&st->disks);
    machine_saved_free(&st->saved);
    state_close(&st->reader);
    if (st->fd >= 0) {
        close(st->fd);
    }
    savestate_close(st->base); /* a recursion of STATE_CHAIN at most */
    free(st->own_path);
    free(st);
}
