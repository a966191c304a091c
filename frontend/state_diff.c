/* frontend/state_diff.c -- the differences of two states, by field and by page.
 *
 * Both are loaded, so that it does not matter how each was saved, nor in which order. Fields
 * are kept in a list and looked up by name: a machine with other chips has other fields.
 */
#include "frontend/state_tool.h"

#include "frontend/report.h"
#include "frontend/savestate_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 12 }; /* of the differences of one kind; the rest is counted */

/* ---- fields --------------------------------------------------------------------------------
 */

struct field_value {
    char *name;
    uint64_t value;
};
struct fields {
    struct field_value *at;
    size_t n, room;
    bool failed;
};

static void keep_field(void *ctx, const char *section, const char *field, uint64_t value)
{
    struct fields *f = ctx;
    size_t len = strlen(section) + strlen(field) + 2;
    if (f->n == f->room) {
        size_t room = f->room ? 2 * f->room : 4096;
        struct field_value *more = realloc(f->at, room * sizeof *more);
        if (!more) {
            f->failed = true;
            return;
        }
        f->at = more;
        f->room = room;
    }
    char *name = malloc(len);
    if (!name) {
        f->failed = true;
        return;
    }
    snprintf(name, len, "%s.%s", section, field);
    f->at[f->n++] = (struct field_value){name, value};
}

static void free_fields(struct fields *f)
{
    for (size_t i = 0; i < f->n; i++) {
        free(f->at[i].name);
    }
    free(f->at);
}

static void print(unsigned *count, const char *name, const char *a, const char *b)
{
    if ((*count)++ < SHOWN) {
        say("%s: %s, %s\n", name, a, b);
    }
}

static const char *hex(uint64_t value, char text[24])
{
    snprintf(text, 24, "%" PRIx64 "h", value);
    return text;
}

/* Where name is in f, from *at on (most often there), or n. */
static size_t find(const struct fields *f, size_t at, const char *name)
{
    for (size_t i = 0; i < f->n; i++) {
        size_t k = (at + i) % f->n;
        if (strcmp(f->at[k].name, name) == 0) {
            return k;
        }
    }
    return f->n;
}

static unsigned diff_fields(const struct fields *a, const struct fields *b)
{
    char x[24], y[24];
    unsigned count = 0;
    size_t at = 0, missing = 0;
    for (size_t i = 0; i < a->n; i++) {
        size_t k = find(b, at, a->at[i].name);
        if (k == b->n) {
            print(&count, a->at[i].name, hex(a->at[i].value, x), "not there");
            missing++;
            continue;
        }
        if (a->at[i].value != b->at[k].value) {
            print(&count, a->at[i].name, hex(a->at[i].value, x), hex(b->at[k].value, y));
        }
        at = k + 1;
    }
    for (size_t i = 0; i < b->n && a->n - missing < b->n; i++) {
        if (find(a, i, b->at[i].name) == a->n) {
            print(&count, b->at[i].name, "not there", hex(b->at[i].value, y));
        }
    }
    if (count > SHOWN) {
        say("... %u fields differ\n", count);
    }
    return count;
}

/* ---- memory --------------------------------------------------------------------------------
 */

static void print_page(const struct machine_bytes *a, const uint8_t *b, uint64_t at)
{
    uint64_t i = at;
    while (a->bytes[i] == b[i]) {
        i++;
    }
    say("%s page %" PRIx64 "h: at %" PRIx64 "h %02xh, %02xh\n", a->name, at / STATE_PAGE, i,
        a->bytes[i], b[i]);
}

static unsigned diff_memory(struct machine *a, struct machine *b)
{
    struct machine_bytes x, y;
    unsigned all = 0;
    for (unsigned n = 0; machine_memory(a, n, &x) && machine_memory(b, n, &y); n++) {
        unsigned count = 0;
        if (x.size != y.size) {
            say("%s: %" PRIu64 " bytes, %" PRIu64 "\n", x.name, x.size, y.size);
            all++;
            continue;
        }
        for (uint64_t at = 0; at < x.size; at += STATE_PAGE) {
            if (memcmp(x.bytes + at, y.bytes + at, STATE_PAGE) != 0 && count++ < SHOWN) {
                print_page(&x, y.bytes, at);
            }
        }
        if (count > SHOWN) {
            say("... %u pages of %s differ\n", count, x.name);
        }
        all += count;
    }
    return all;
}

/* ---- what belongs to the machine, and disks ------------------------------------------------
 */

static bool same_bytes(const uint8_t *a, uint32_t n, const uint8_t *b, uint32_t m)
{
    return n == m && (n == 0 || memcmp(a, b, n) == 0);
}

static unsigned diff_build(const struct machine_saved *a, const struct machine_saved *b)
{
    char x[24], y[24];
    unsigned count = 0;
    if (a->config.ram_bytes != b->config.ram_bytes) {
        print(&count, "config.ram_bytes", hex(a->config.ram_bytes, x),
              hex(b->config.ram_bytes, y));
    }
    if (a->config.start_time != b->config.start_time) {
        print(&count, "config.start_time", hex(a->config.start_time, x),
              hex(b->config.start_time, y));
    }
    if (strcmp(a->cpu, b->cpu) != 0) {
        print(&count, "config.cpu", a->cpu, b->cpu);
    }
    if (strcmp(a->boot_order, b->boot_order) != 0) {
        print(&count, "config.boot_order", a->boot_order, b->boot_order);
    }
    if (!same_bytes(a->bios.bytes, a->bios.size, b->bios.bytes, b->bios.size) ||
        !same_bytes(a->vgabios.bytes, a->vgabios.size, b->vgabios.bytes, b->vgabios.size)) {
        print(&count, "bios, vgabios", "differ", "in content");
    }
    for (unsigned i = 0; i < a->files && i < b->files; i++) {
        const struct machine_file *f = &a->file[i], *g = &b->file[i];
        if (strcmp(f->name, g->name) != 0 ||
            !same_bytes(f->bytes, f->size, g->bytes, g->size)) {
            print(&count, "firmware file", f->name, g->name);
        }
    }
    if (a->files != b->files) {
        print(&count, "firmware files", hex(a->files, x), hex(b->files, y));
    }
    return count;
}

static unsigned diff_disks(struct savestate *a, struct savestate *b)
{
    unsigned count = 0;
    for (unsigned i = 0; i < MACHINE_DRIVES; i++) {
        const struct saved_disk *d = &a->disks.disk[i], *e = &b->disks.disk[i];
        char x[24], y[24], name[32];
        snprintf(name, sizeof name, "disk %s", disks_slot(i));
        if (!d->path != !e->path) {
            print(&count, name, d->path ? d->path : "none", e->path ? e->path : "none");
        } else if (d->path && d->bytes != e->bytes) {
            print(&count, name, hex(d->bytes, x), hex(e->bytes, y));
        } else if (d->path && d->digest != e->digest) {
            print(&count, name, hex(d->digest, x), hex(e->digest, y));
        }
    }
    return count;
}

/* The digest of a disk's pages in the file: what a snapshot changed. */
static int content_digest(struct savestate *st, unsigned slot, uint64_t *digest,
                          struct error *err)
{
    struct state_reader *r = &st->reader;
    struct state_run run;
    char name[32];
    int rc;
    *digest = 0;
    snprintf(name, sizeof name, "host %s", disks_slot(slot));
    state_rewind(r);
    while ((rc = state_next(r, err)) > 0) {
        const char *pages = state_named(r, "pages");
        if (!pages || strcmp(pages, name) != 0) {
            continue;
        }
        if (state_pages(r, err) < 0) {
            return -1;
        }
        while (state_run(r, &run)) {
            uint64_t place = run.at + run.n;
            *digest = state_digest(*digest ^ place, run.bytes, run.bytes ? (size_t)run.n : 0);
        }
    }
    return rc;
}

static int diff_contents(struct savestate *a, struct savestate *b, unsigned *count,
                         struct error *err)
{
    for (unsigned i = 0; i < MACHINE_DRIVES; i++) {
        uint64_t x, y;
        if (content_digest(a, i, &x, err) < 0 || content_digest(b, i, &y, err) < 0) {
            return -1;
        }
        if (x != y) {
            say("disk %s: what the guest wrote differs\n", disks_slot(i));
            ++*count;
        }
    }
    return 0;
}

/* ---- two files -----------------------------------------------------------------------------
 */

static int diff(struct savestate *st[2], struct machine *m[2], struct error *err)
{
    struct fields f[2] = {{0}, {0}};
    unsigned count = diff_build(&st[0]->saved, &st[1]->saved);
    int rc = 0;
    machine_fields(m[0], keep_field, &f[0]);
    machine_fields(m[1], keep_field, &f[1]);
    if (f[0].failed || f[1].failed) {
        rc = error_set(err, "out of memory");
    } else {
        count += diff_fields(&f[0], &f[1]);
        count += diff_memory(m[0], m[1]);
        count += diff_disks(st[0], st[1]);
        rc = diff_contents(st[0], st[1], &count, err);
    }
    free_fields(&f[0]);
    free_fields(&f[1]);
    return rc < 0 ? -1 : count > 0;
}

int state_diff_files(const char *a, const char *b)
{
    const char *const path[2] = {a, b};
    struct savestate *st[2] = {NULL, NULL};
    struct machine *m[2] = {NULL, NULL};
    struct error err = {""};
    int rc = 0;
    for (unsigned i = 0; i < 2 && rc == 0; i++) {
        st[i] = savestate_look(path[i], &err);
        m[i] = st[i] ? savestate_machine(st[i], &err) : NULL;
        rc = !m[i]           ? -1
             : st[i]->missed ? error_set(&err,
                                         "%.100s: %" PRIu64
                                         " pages of its memory are those of a disk image that "
                                         "is missing or has changed; put it back",
                                         short_path(path[i]), st[i]->missed)
                             : 0;
    }
    if (rc == 0) {
        rc = diff(st, m, &err);
    }
    if (rc < 0) {
        report("%s", err.text);
    }
    for (unsigned i = 0; i < 2; i++) {
        machine_free(m[i]);
        savestate_close(st[i]);
    }
    return rc;
}
