/* frontend/config.c -- see the header. */
#include "frontend/posix.h"

#include "frontend/config.h"
#include "frontend/image.h"
#include "frontend/pace.h"
#include "frontend/parse.h"
#include "frontend/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BIOS_LEAST = 64 << 10, BIOS_MOST = 256 << 10, VGABIOS_MOST = 64 << 10 };

/* Where distributions put SeaBIOS and its VGA BIOS. */
static const char *const firmware_dirs[] = {
    "/usr/share/seabios",       "/usr/share/seavgabios", "/usr/share/qemu",
    "/usr/local/share/seabios", "/usr/local/share/qemu", "/opt/homebrew/share/qemu",
};

/* The whole file of 1 to `most` bytes, malloc'ed; NULL with err. */
static uint8_t *load_file(const char *option, const char *path, uint32_t most, uint32_t *size,
                          struct error *err)
{
    FILE *f = fopen(path, "rb");
    uint8_t *bytes = f ? malloc((size_t)most + 1) : NULL;
    if (!bytes) {
        error_set(err, "%s %s: %s; check the name", option, short_path(path), strerror(errno));
        if (f) {
            fclose(f);
        }
        return NULL;
    }
    size_t n = fread(bytes, 1, (size_t)most + 1, f);
    bool failed = ferror(f) != 0;
    int why = errno;
    fclose(f);
    if (failed || n == 0 || n > most) {
        free(bytes);
        if (failed) {
            error_set(err, "%s %s: %s; give a file", option, short_path(path), strerror(why));
        } else {
            error_set(err, "%s %s: %s; firmware has up to %u KB", option, short_path(path),
                      n == 0 ? "is empty" : "is too large", most >> 10);
        }
        return NULL;
    }
    *size = (uint32_t)n;
    return bytes;
}

/* The first of names[] in any directory. */
static bool find_firmware(const char *const *names, char *path, size_t n)
{
    for (; *names; names++) {
        for (size_t i = 0; i < ARRAY_LEN(firmware_dirs); i++) {
            snprintf(path, n, "%s/%s", firmware_dirs[i], *names);
            if (access(path, R_OK) == 0) {
                return true;
            }
        }
    }
    return false;
}

static int load_bios(struct config *c, const struct options *o, struct error *err)
{
    static const char *const names[] = {"bios-256k.bin", "bios.bin", NULL};
    struct machine_config *m = &c->machine;
    char found[128];
    const char *path = o->bios;
    if (!path) {
        if (!find_firmware(names, found, sizeof found)) {
            return error_set(err,
                             "bios-256k.bin: no firmware found; install the package seabios "
                             "or give -bios F");
        }
        path = found;
    }
    c->bios = load_file("-bios", path, BIOS_MOST, &m->bios_size, err);
    if (!c->bios) {
        return -1;
    }
    if (m->bios_size < BIOS_LEAST || m->bios_size % BIOS_LEAST != 0) {
        return error_set(err,
                         "-bios %s: impossible size of %u bytes; use 64, 128, 192 or 256 KB",
                         short_path(path), m->bios_size);
    }
    m->bios = c->bios;
    return 0;
}

static int load_vgabios(struct config *c, const struct options *o, struct error *err)
{
    static const char *const names[] = {"vgabios-stdvga.bin", NULL};
    struct machine_config *m = &c->machine;
    char found[128];
    const char *path = o->vgabios;
    if (o->no_vgabios) {
        return 0;
    }
    if (!path) {
        if (!find_firmware(names, found, sizeof found)) {
            return error_set(err, "vgabios-stdvga.bin: no firmware found; install the package "
                                  "seabios or give -vgabios F");
        }
        path = found;
    }
    c->vgabios = load_file("-vgabios", path, VGABIOS_MOST, &m->vgabios_size, err);
    if (!c->vgabios) {
        return -1;
    }
    if (m->vgabios_size < 512 || c->vgabios[0] != 0x55 || c->vgabios[1] != 0xAA) {
        return error_set(err, "-vgabios %s: not an option ROM (55 AA is missing); give another",
                         short_path(path));
    }
    m->vgabios = c->vgabios;
    return 0;
}

/* A serial port is on this terminal. */
static bool serial_has_terminal(const struct options *o)
{
    bool any = false;
    for (unsigned i = 0; i < o->serials; i++) {
        any |= serial_on_stdio(&o->serial[i]);
    }
    return any;
}

/* Is there a monitor that could say cont? */
static bool can_continue(const struct config *c, const struct options *o)
{
    bool any = o->monitor_stdio || o->monitor_socket[0] || o->gdb.kind != GDB_NONE ||
               c->display != DISPLAY_NONE;
    for (unsigned i = 0; i < o->serials; i++) {
        any |= o->serial[i].kind == SERIAL_MON_STDIO;
    }
    return any;
}

/* Is there a screen to open a window on? */
static bool window_possible(void)
{
    static const char *const variables[] = {"DISPLAY", "WAYLAND_DISPLAY"};
#if defined(__APPLE__)
    bool possible = true;
#else
    bool possible = false;
#endif
    for (size_t i = 0; i < ARRAY_LEN(variables); i++) {
        const char *value = getenv(variables[i]);
        possible |= value && *value;
    }
    return TERRAPIN_HAVE_SDL && possible;
}

/* A run that can be repeated is not watched unless somebody asks for it. */
static enum display_kind decide_display(const struct options *o)
{
    bool terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    bool repeatable = o->script || o->hash || o->until != UINT64_MAX;
    bool taken = o->monitor_stdio || o->debugcon_stdio || serial_has_terminal(o);
    if (o->display != DISPLAY_DEFAULT) {
        return o->display;
    }
    if (repeatable) {
        return DISPLAY_NONE;
    }
    return window_possible() ? DISPLAY_SDL : terminal && !taken ? DISPLAY_TERM : DISPLAY_NONE;
}

/* The one look at the host's date. */
static uint64_t start_time(const struct options *o, enum display_kind display)
{
    bool repeatable = display == DISPLAY_NONE || o->script || o->hash || o->until != UINT64_MAX;
    switch (o->rtc) {
    case RTC_DATE: return o->rtc_date;
    case RTC_UTC: return wall_date(false);
    case RTC_LOCALTIME: return wall_date(true);
    case RTC_DEFAULT: break;
    }
    return repeatable ? civil_seconds(2026, 1, 1, 0, 0, 0) : wall_date(true);
}

/* IMAGE first, then c, a, d over what is present. */
static void default_boot_order(struct config *c)
{
    const struct drives *d = &c->drives;
    bool present[3] = {false, d->present[0], false};
    char *to = c->boot_order;
    for (unsigned i = 0; i < MACHINE_DRIVES; i++) {
        present[0] = present[0] || d->kind[i] == DRIVE_DISK;
        present[2] = present[2] || d->kind[i] == DRIVE_CDROM;
    }
    if (d->first) {
        *to++ = d->first;
    }
    for (unsigned i = 0; i < 3; i++) {
        if (present[i] && "cad"[i] != d->first) {
            *to++ = "cad"[i];
        }
    }
    *to = '\0';
}

static void fill_machine(struct config *c, const struct options *o)
{
    struct machine_config *m = &c->machine;
    m->ram_bytes = o->ram_bytes;
    m->cpu = o->cpu;
    m->mips = o->mips;
    m->start_time = start_time(o, c->display);
    for (unsigned i = 0; i < MACHINE_DRIVES; i++) {
        m->drive_present[i] = c->drives.present[i];
        if (c->drives.image[i]) {
            m->drive[i] = image_media(c->drives.image[i]);
        }
    }
    default_boot_order(c);
    m->boot_order = o->boot_order[0] ? o->boot_order : c->boot_order;
    m->boot_menu = o->boot_menu;
    kernel_configure(&c->kernel, m);
    for (unsigned i = 0; i < o->serials; i++) {
        m->serial[i] = o->serial[i].kind != SERIAL_NONE;
    }
    m->parallel = o->parallel;
    m->debug_exit_port = o->debug_exit_port;
    m->debug_exit_size = o->debug_exit_size;
    m->single_step = o->singlestep;
    m->no_assist = o->no_assist;
    m->census = o->stats;
    m->shadow_flush = o->shadow_flush;
    m->stop_on_reset = o->no_reboot;
    m->stop_on_triple_fault = o->no_reboot || o->save_history;
}

int config_build(struct config *c, const struct options *o, struct error *err)
{
    *c = (struct config){.display = decide_display(o)};
    if (c->display == DISPLAY_TERM && !(isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))) {
        return error_set(err, "-display term: stdin and stdout are no terminal; use "
                              "-display none");
    }
    if (o->stopped && !can_continue(c, o)) {
        return error_set(err, "-S: nothing could start the machine; add -monitor stdio, or -s");
    }
    bool fresh = !o->loadvm && !o->replay; /* a state has firmware and drives of its own */
    if ((o->cpu && !machine_cpu_ok(o->cpu, err)) ||
        ((fresh || o->bios) && load_bios(c, o, err) < 0) ||
        ((fresh || o->vgabios) && load_vgabios(c, o, err) < 0) ||
        kernel_load(&c->kernel, o, err) < 0 || (fresh && drives_open(&c->drives, o, err) < 0)) {
        config_free(c);
        return -1;
    }
    fill_machine(c, o);
    return 0;
}

void config_free(struct config *c)
{
    drives_close(&c->drives);
    free(c->bios);
    free(c->vgabios);
    kernel_free(&c->kernel);
    c->bios = c->vgabios = NULL;
}
