/* frontend/state_tool.c -- see the header. Everything printed is the file's word, and comes
 * from anywhere: say() lets no control byte through.
 */
#include "frontend/state_tool.h"

#include "frontend/atomic_file.h"
#include "frontend/image.h"
#include "frontend/report.h"
#include "frontend/savestate_priv.h"
#include "frontend/session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- info ----------------------------------------------------------------------------------
 */

static const char *size_text(uint64_t bytes, char text[32])
{
    static const char *const units[] = {"bytes", "KB", "MB", "GB"};
    unsigned unit = 0;
    while (unit < 3 && bytes >= 1024 && bytes % 1024 == 0) {
        bytes /= 1024;
        unit++;
    }
    snprintf(text, 32, "%" PRIu64 " %s", bytes, units[unit]);
    return text;
}

static void print_machine(const struct savestate *st)
{
    const struct machine_config *c = &st->saved.config;
    char text[32];
    say("machine    -m %s, -cpu %s, -boot order=%s%s\n", size_text(c->ram_bytes, text),
        *st->saved.cpu ? st->saved.cpu : "default", st->saved.boot_order,
        c->boot_menu ? ",menu=on" : "");
    for (unsigned i = 0; i < st->saved.files; i++) {
        if (strcmp(st->saved.file[i].name, "boot/kernel") == 0) {
            say("kernel     %" PRIu32 " bytes\n", st->saved.file[i].size);
        }
    }
}

static void print_disks(const struct savestate *st)
{
    for (unsigned i = 0; i < MACHINE_DRIVES; i++) {
        const struct saved_disk *d = &st->disks.disk[i];
        char text[32];
        if (d->path) {
            say("disk %s   %s: %s, %s, digest %016" PRIx64 "\n", disks_slot(i), d->path,
                size_text(d->bytes, text),
                d->read_only      ? "read-only"
                : d->was_snapshot ? "what a snapshot changed"
                                  : "whole content",
                d->digest);
        }
    }
}

/* What the sections of one blob, or one section, come to. */
struct sum {
    char name[STATE_NAME + 1];
    uint64_t packed, pages[3];
};

static int print_sections(struct savestate *st, struct error *err)
{
    struct state_reader *r = &st->reader;
    struct sum sum = {"", 0, {0}};
    int rc;
    state_rewind(r);
    say("%12s  %s\n", "bytes", "section");
    do {
        rc = state_next(r, err);
        bool more = rc > 0 && state_named(r, "pages");
        if (!more && *sum.name) {
            say("%12" PRIu64 "  %s", sum.packed, sum.name);
            if (sum.pages[0] + sum.pages[1] + sum.pages[2]) {
                say(": %" PRIu64 " pages, %" PRIu64 " of zeros, %" PRIu64 " like others",
                    sum.pages[0], sum.pages[1], sum.pages[2]);
            }
            say("\n");
            sum = (struct sum){"", 0, {0}};
        }
        if (rc > 0 && !more) {
            memcpy(sum.name, r->name, sizeof sum.name);
        }
        sum.packed += rc > 0 ? r->length : 0;
        struct state_run run;
        if (more && state_pages(r, err) < 0) {
            return -1;
        }
        while (more && state_run(r, &run)) {
            sum.pages[run.what < STATE_SAME ? run.what : STATE_SAME] +=
                (run.n + STATE_PAGE - 1) / STATE_PAGE;
        }
    } while (rc > 0);
    return rc;
}

struct asked {
    int n;
    char *const *name;
    bool *found;
};

/* "cpu" asks for all of the cpu, "chip i8254" for all chips of the class, "cpu.eip" for one. */
static void print_field(void *ctx, const char *section, const char *field, uint64_t value)
{
    const struct asked *a = ctx;
    char full[STATE_NAME + 200];
    snprintf(full, sizeof full, "%s.%s", section, field);
    for (int i = 0; i < a->n; i++) {
        size_t n = strlen(a->name[i]);
        if (strncmp(full, a->name[i], n) == 0 && (!full[n] || strchr(". [", full[n]))) {
            a->found[i] = true;
            say("%s = %" PRIx64 "h\n", full, value);
            return;
        }
    }
}

static int print_fields(struct machine *m, int n, char *const *name, struct error *err)
{
    struct asked a = {n, name, calloc((size_t)n, sizeof *a.found)};
    int rc = a.found ? 0 : error_set(err, "out of memory");
    if (a.found) {
        machine_fields(m, print_field, &a);
    }
    for (int i = 0; i < n && rc == 0; i++) {
        if (!a.found[i]) {
            rc = error_set(err,
                           "%s: no field has such a name; terrapin state info FILE lists the "
                           "sections",
                           short_path(name[i]));
        }
    }
    free(a.found);
    return rc;
}

/* The length of a section, and its payload in the reader; 0: there is none. */
static uint32_t find_section(struct savestate *st, const char *name, struct error *err)
{
    state_rewind(&st->reader);
    while (state_next(&st->reader, err) > 0) {
        if (strcmp(st->reader.name, name) == 0) {
            return state_payload(&st->reader, err) < 0 ? 0 : st->reader.length;
        }
    }
    return 0;
}

static void print_file(struct savestate *st, struct error *err)
{
    const struct state_reader *r = &st->reader;
    say("file       %s: format %d, %" PRIu64 " bytes, %" PRIu32 " sections, id %016" PRIx64
        "\n",
        short_path(st->path), STATE_VERSION, st->source.size, r->sections, r->id);
    if (st->base) {
        say("base       %s: id %016" PRIx64 "; %u states in all\n", short_path(st->base->path),
            st->base->reader.id, savestate_depth(st));
    }
    if (*st->about) {
        say("saved by   %s\n", st->about);
    }
    uint32_t n = find_section(st, "host thumbnail", err);
    const uint8_t *png = r->payload; /* IHDR comes first: width and height */
    if (n >= 24) {
        say("thumbnail  %u x %u, %" PRIu32 " bytes\n", png[18] * 256u + png[19],
            png[22] * 256u + png[23], n);
    }
}

static int info(struct savestate *st, struct machine *m, int n, char *const *names,
                struct error *err)
{
    if (n > 0) {
        return print_fields(m, n, names, err);
    }
    print_file(st, err);
    print_machine(st);
    if (st->saved.disks_only) {
        say("at         power-on: only its disks were saved\n");
    } else {
        uint64_t now = machine_now(m);
        say("at         tick %" PRIu64 ", %.3f virtual seconds at -mips %" PRIu32 "\n", now,
            (double)now / (machine_mips(m) * 1e6), machine_mips(m));
    }
    print_disks(st);
    return print_sections(st, err);
}

/* ---- check ---------------------------------------------------------------------------------
 */

/* Pages of disks have been counted, but nobody has looked at them yet. */
static int check_pages(struct savestate *st, struct error *err)
{
    int rc = st->base ? check_pages(st->base, err) : 0; /* 16 deep at most */
    if (rc < 0 || machine_saved_check_raw(&st->reader, err) < 0) {
        return -1;
    }
    state_rewind(&st->reader);
    while ((rc = state_next(&st->reader, err)) > 0) {
        if (state_named(&st->reader, "pages") && state_pages(&st->reader, err) < 0) {
            return -1;
        }
    }
    return rc;
}

/* The machine was loaded, so that every field is good. What else a load would want: its disks.
 */
static int check(struct savestate *st, struct error *err)
{
    struct drives d;
    if (check_pages(st, err) < 0) {
        return -1;
    }
    if (disks_open(&d, &st->disks, &st->saved, true, &st->reader, NULL, err) < 0) {
        return -1;
    }
    drives_close(&d);
    say("%s: sound, %" PRIu32 " sections\n", short_path(st->path), st->reader.sections);
    return 0;
}

/* ---- the thumbnail -------------------------------------------------------------------------
 */

static int picture(struct savestate *st, const char *path, struct error *err)
{
    uint32_t n = find_section(st, "host thumbnail", err);
    return n == 0 ? error_set(err, "has no thumbnail")
                  : atomic_write(path, st->reader.payload, n, err);
}

/* ---- words ---------------------------------------------------------------------------------
 */

static int one_file(const char *verb, const char *path, int n, char *const *rest)
{
    struct error err = {""}, why = {""};
    struct savestate *st = savestate_look(path, &err);
    struct machine *m = st ? savestate_machine(st, &err) : NULL;
    int rc = m ? 0 : -1;
    if (m) {
        rc = strcmp(verb, "info") == 0    ? info(st, m, n, rest, &why)
             : strcmp(verb, "check") == 0 ? check(st, &why)
                                          : picture(st, rest[0], &why);
    }
    if (rc < 0 && !err.text[0]) {
        error_set(&err, "%.100s: %.120s", short_path(path), why.text);
    }
    machine_free(m);
    savestate_close(st);
    if (rc < 0) {
        report("%s", err.text);
    }
    return rc < 0 ? EXIT_TROUBLE : EXIT_FINE;
}

int state_tool(int argc, char *const *argv)
{
    const char *verb = argc > 0 ? argv[0] : "";
    bool diff = strcmp(verb, "diff") == 0, shown = strcmp(verb, "picture") == 0;
    bool many = strcmp(verb, "info") == 0;
    if ((many && argc >= 2) || (strcmp(verb, "check") == 0 && argc == 2) ||
        (shown && argc == 3)) {
        return one_file(verb, argv[1], argc - 2, argv + 2);
    }
    if (diff && argc == 3) {
        return state_diff_files(argv[1], argv[2]) == 0 ? EXIT_FINE : EXIT_TROUBLE;
    }
    report("state: use terrapin state info FILE [FIELD...], check FILE, diff FILE FILE, or "
           "picture FILE F.png");
    return EXIT_TROUBLE;
}
