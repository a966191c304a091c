/* frontend/savestate.c -- see the header. */
#include "frontend/posix.h"

#include "frontend/savestate.h"

#include "frontend/atomic_file.h"
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
#include <sys/stat.h>
#include <unistd.h>

/* ---- saving -------------------------------------------------------------------------------
 */

static int put_file(void *ctx, const void *bytes, size_t n)
{
    return fwrite(bytes, 1, n, ctx) == n ? 0 : -1;
}

int savestate_save(struct session *s, const char *path, struct error *err)
{
    struct atomic_file af;
    struct state_writer w;
    if (s->off) {
        return error_set(err, "savevm: the machine is off");
    }
    if (drives_have(&s->config.drives, path)) {
        return error_set(err, "savevm %s: is a disk in a drive; give another file",
                         short_path(path));
    }
    if (atomic_open(&af, path, err) < 0) {
        return -1;
    }
    struct state_sink sink = {af.f, put_file};
    struct error why = {""};
    int rc = state_begin(&w, &sink);
    if (rc == 0) {
        rc = machine_save(s->machine, &w);
    }
    if (rc == 0) {
        rc = state_section(&w, "host session", &s->mouse_buttons, 1);
    }
    if (rc == 0) {
        rc = disks_save(&s->config.drives, &w, &why);
    }
    if (state_end(&w) < 0) {
        rc = -1;
    }
    if (rc < 0 && !why.text[0] && !ferror(af.f)) {
        error_set(&why, "out of memory");
    }
    if (why.text[0]) { /* else the file is to blame, and atomic_close() tells */
        atomic_close(&af, false, NULL);
        return error_set(err, "savevm %.100s: %.120s", short_path(path), why.text);
    }
    return atomic_close(&af, true, err);
}

/* ---- the file -----------------------------------------------------------------------------
 */

struct savestate {
    const char *verb, *path; /* for messages */
    int fd;
    struct state_source source;
    struct state_reader reader;
    struct machine_saved saved;
    struct saved_disks disks;
    struct drives drives;
    const struct drives *former;
    bool drives_open;
    uint8_t mouse_buttons;
};

static int get_file(void *ctx, uint64_t at, void *out, size_t n)
{
    const struct savestate *st = ctx;
    return read_at(st->fd, at, out, n);
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
    st->source = (struct state_source){st, (uint64_t)info.st_size, get_file};
    return state_open(&st->reader, &st->source, err);
}

static int read_session(struct savestate *st, struct error *err)
{
    int rc;
    state_rewind(&st->reader);
    while ((rc = state_next(&st->reader, err)) > 0) {
        const char *name = st->reader.name;
        bool session = strcmp(name, "host session") == 0;
        if (session && (st->reader.length != 1 || st->reader.payload[0] > 7)) {
            return error_set(err, "host session: makes no sense");
        }
        if (session) {
            st->mouse_buttons = st->reader.payload[0];
        } else if (strncmp(name, "host ", 5) == 0 && strncmp(name, "host disk ", 10) != 0) {
            return error_set(err, "%s: this program has no such part", name);
        }
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

static int read_all(struct savestate *st, const struct session *s, struct error *err)
{
    struct error why = {""};
    int rc = st->source.get ? state_open(&st->reader, &st->source, &why) : open_file(st, &why);
    if (rc < 0 || machine_saved_read(&st->saved, &st->reader, &why) < 0 ||
        disks_read(&st->disks, &st->reader, &why) < 0 || read_session(st, &why) < 0) {
        return error_set(err, "%s %.100s: %.120s", st->verb, short_path(st->path), why.text);
    }
    if (check_options(s->opt, &st->saved, err) < 0 ||
        check_firmware(&s->config, s->opt, &st->saved, err) < 0) {
        return -1;
    }
    bool running = s->machine != NULL; /* then the drives are those of the session, not of
                                          its options */
    if (!running && disks_relocate(&st->disks, s->opt, &st->saved, err) < 0) {
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
    struct savestate *st = calloc(1, sizeof *st);
    if (!st) {
        error_set(err, "%s: out of memory", verb);
        return NULL;
    }
    st->verb = verb;
    st->path = path;
    st->fd = -1;
    if (source) {
        st->source = *source;
    }
    if (read_all(st, s, err) < 0) {
        savestate_close(st);
        return NULL;
    }
    return st;
}

struct savestate *savestate_open(const struct session *s, const char *path, struct error *err)
{
    return open_state(s, "loadvm", path, NULL, err);
}

struct savestate *savestate_open_in(const struct session *s, const struct state_source *source,
                                    const char *path, struct error *err)
{
    return open_state(s, "replay", path, source, err);
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
    m->single_step = host->single_step;
    m->no_assist = host->no_assist;
    m->shadow_flush = host->shadow_flush;
    m->stop_on_reset = host->stop_on_reset;
    m->stop_on_triple_fault = host->stop_on_triple_fault;
    struct machine *machine = machine_load(m, &s->host, &st->reader, &why);
    if (!machine) {
        error_set(err, "%s %.100s: %.120s", st->verb, short_path(st->path), why.text);
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
    if (st->drives_open) {
        drives_close(&s->config.drives);
        savestate_give_drives(st, s);
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
    disks_free(&st->disks);
    machine_saved_free(&st->saved);
    state_close(&st->reader);
    if (st->fd >= 0) {
        close(st->fd);
    }
    free(st);
}
