/* frontend/state_disks.c -- see the header.
 *
 *   host disk NAME    kind:8, flags:8, path length:16, sector size:32, bytes:64, digest:64,
 * path blob host NAME    the content, or of a snapshot the pages that were written to
 */
#include "frontend/posix.h"

#include "frontend/state_disks.h"

#include "frontend/image.h"
#include "frontend/report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HEAD = 24, PATH_MOST = 4095, READ_ONLY = 1, SNAPSHOT = 2, FLAGS = 3, NAME = 32 };
enum { BLOCK = 64 * STATE_PAGE };

static const char *const slots[MACHINE_DRIVES] = {"fda", "fdb", "hda", "hdb", "hdc", "hdd"};

const char *disks_slot(unsigned i)
{
    return slots[i];
}

/* ---- saving -------------------------------------------------------------------------------
 */

static int save_head(struct image *im, const char *name, struct state_writer *w,
                     struct error *err)
{
    uint8_t head[HEAD + PATH_MOST];
    char *real = realpath(image_path(im), NULL);
    const char *path = real ? real : image_path(im);
    size_t n = strlen(path);
    uint64_t digest;
    char section[NAME];
    int rc = image_digest(im, &digest);
    if (rc < 0) {
        rc = error_set(err, "%s: cannot be read", short_path(path));
    } else if (n > PATH_MOST) {
        rc = error_set(err, "%s: too long a name", short_path(path));
    } else {
        head[0] = (uint8_t)image_kind(im);
        head[1] = (uint8_t)((image_read_only(im) ? READ_ONLY : 0) |
                            (image_snapshot(im) ? SNAPSHOT : 0));
        store_le16(head + 2, (uint16_t)n);
        store_le32(head + 4, image_media(im).sector_size);
        store_le64(head + 8, image_bytes(im));
        store_le64(head + 16, digest);
        memcpy(head + HEAD, path, n);
        snprintf(section, sizeof section, "host disk %s", name);
        rc = state_section(w, section, head, HEAD + n);
    }
    free(real);
    return rc;
}

/* Pages [at, at + n) of the disk: which of them belong into the state? */
static int save_pages(struct image *im, uint64_t at, const uint8_t *bytes, size_t n,
                      struct state_writer *w)
{
    int rc = 0;
    for (size_t done = 0; done < n && rc == 0; done += STATE_PAGE) {
        size_t len = n - done < STATE_PAGE ? n - done : STATE_PAGE;
        bool wanted = image_snapshot(im) ? image_overlaid(im, at + done, len)
                                         : !state_all_zero(bytes + done, len);
        if (wanted) {
            rc = state_page(w, (at + done) / STATE_PAGE, bytes + done, len);
        }
    }
    return rc;
}

static int save_content(struct image *im, const char *name, struct state_writer *w,
                        struct error *err)
{
    uint64_t size = image_bytes(im);
    char blob[NAME];
    uint8_t *block = malloc(BLOCK);
    snprintf(blob, sizeof blob, "host %s", name);
    int rc = block ? state_blob(w, blob, size) : error_set(err, "out of memory");
    for (uint64_t at = 0; rc == 0 && at < size; at += BLOCK) {
        size_t n = size - at < BLOCK ? (size_t)(size - at) : BLOCK;
        if (image_snapshot(im) && !image_overlaid(im, at, n)) {
            continue;
        }
        rc = image_get(im, at, block, n) < 0
                 ? error_set(err, "%s: cannot be read", short_path(image_path(im)))
                 : save_pages(im, at, block, n, w);
    }
    free(block);
    return rc;
}

/* Memory has much of what was read from disks. */
static int save_constant(struct image *im, const char *name, struct state_writer *w)
{
    struct state_image file;
    if (w->raw) {
        return 0; /* memory refers to nothing */
    }
    image_constant(im, &file);
    return file.get ? state_image(w, name, &file) : 0;
}

int disks_save(const struct drives *d, struct state_writer *w, struct error *err)
{
    for (unsigned i = 0; i < MACHINE_DRIVES; i++) {
        struct image *im = d->image[i];
        if (im && (save_head(im, slots[i], w, err) < 0 ||
                   (!image_read_only(im) && save_content(im, slots[i], w, err) < 0) ||
                   save_constant(im, slots[i], w) < 0)) {
            return -1;
        }
    }
    return 0;
}

/* ---- what a file says ---------------------------------------------------------------------
 */

static unsigned slot_of(const char *name)
{
    unsigned i = 0;
    while (i < MACHINE_DRIVES && strcmp(slots[i], name) != 0) {
        i++;
    }
    return i;
}

/* "host NAME" of a blob or its pages: which drive, or MACHINE_DRIVES. */
static unsigned content_of(const struct state_reader *r, const char *kind)
{
    const char *name = state_named(r, kind);
    return name && strncmp(name, "host ", 5) == 0 ? slot_of(name + 5) : MACHINE_DRIVES;
}

static int read_head(struct saved_disks *sd, struct state_reader *r, struct error *err)
{
    if (state_payload(r, err) < 0) {
        return -1;
    }
    const uint8_t *p = r->payload;
    unsigned i = slot_of(r->name + strlen("host disk "));
    uint32_t n = r->length >= HEAD ? load_le16(p + 2) : PATH_MOST + 1;
    if (i == MACHINE_DRIVES || sd->disk[i].path) {
        return error_set(err, "%s: comes twice, or is no drive", r->name);
    }
    bool cd = r->length >= HEAD && p[0] == DRIVE_CDROM;
    uint32_t sector = cd ? 2048 : 512;
    if (n > PATH_MOST || n == 0 || r->length != HEAD + n || memchr(p + HEAD, 0, n) ||
        p[0] == DRIVE_NONE || p[0] > DRIVE_CDROM || (p[1] & ~FLAGS) ||
        load_le32(p + 4) != sector || load_le64(p + 8) == 0 ||
        load_le64(p + 8) > INT64_MAX - BLOCK || load_le64(p + 8) % sector != 0 ||
        ((p[1] & READ_ONLY) && (p[1] & SNAPSHOT)) || (cd && !(p[1] & READ_ONLY))) {
        return error_set(err, "%s: makes no sense", r->name);
    }
    struct saved_disk *disk = &sd->disk[i];
    disk->kind = (enum drive_kind)p[0];
    disk->read_only = (p[1] & READ_ONLY) != 0;
    disk->snapshot = disk->was_snapshot = (p[1] & SNAPSHOT) != 0;
    disk->sector_size = sector;
    disk->bytes = load_le64(p + 8);
    disk->digest = load_le64(p + 16);
    disk->path = malloc(n + 1);
    if (!disk->path) {
        return error_set(err, "out of memory");
    }
    memcpy(disk->path, p + HEAD, n);
    disk->path[n] = '\0';
    return 0;
}

int disks_read(struct saved_disks *sd, struct state_reader *r, struct error *err)
{
    bool content[MACHINE_DRIVES + 1] = {false};
    uint64_t size;
    int rc;
    *sd = (struct saved_disks){0};
    state_rewind(r);
    while ((rc = state_next(r, err)) > 0) {
        unsigned i = content_of(r, "blob");
        if (strncmp(r->name, "host disk ", 10) == 0 && read_head(sd, r, err) < 0) {
            return -1;
        }
        if (i < MACHINE_DRIVES &&
            (content[i] || state_blob_size(r, INT64_MAX, &size, err) < 0 ||
             size != sd->disk[i].bytes)) {
            return error_set(err, "%s: comes twice, or has another size", r->name);
        }
        content[i] = true;
    }
    for (unsigned i = 0; i < MACHINE_DRIVES && rc == 0; i++) {
        if (sd->disk[i].path && content[i] == sd->disk[i].read_only) {
            return error_set(err, "host disk %s: its content is missing", slots[i]);
        }
    }
    return rc;
}

void disks_constant(const struct drives *d, struct machine_config *m)
{
    for (unsigned i = 0; i < MACHINE_DRIVES; i++) {
        m->image[i] = (struct state_image){0};
        if (d->image[i]) {
            image_constant(d->image[i], &m->image[i]);
        }
    }
}

void disks_look(const struct saved_disks *sd, struct drives *d)
{
    struct error ignored;
    for (unsigned i = 0; i < MACHINE_DRIVES; i++) {
        const struct saved_disk *disk = &sd->disk[i];
        if (disk->path && (disk->read_only || disk->was_snapshot)) {
            struct image_request rq = {
                .path = disk->path, .kind = disk->kind, .read_only = true, .raw = true};
            d->image[i] = image_open(&rq, &ignored);
        }
    }
}

void disks_free(struct saved_disks *sd)
{
    for (unsigned i = 0; i < MACHINE_DRIVES; i++) {
        free(sd->disk[i].path);
        sd->disk[i].path = NULL;
    }
}

/* ---- opening ------------------------------------------------------------------------------
 */

static int relocate(struct saved_disks *sd, unsigned i, const struct drive_place *p,
                    enum drive_kind kind, struct error *err)
{
    struct saved_disk *disk = &sd->disk[i];
    const char *what = sd->recording ? "recording" : "state";
    const char *who = p->option ? p->option : short_path(p->path);
    if (p->kind != kind) {
        return error_set(err, "%s: the %s has %s in the place of %s; leave it out", who, what,
                         kind == DRIVE_NONE ? "no drive" : "another drive", slots[i]);
    }
    if (!p->path) {
        return 0;
    }
    if (!disk->path) {
        return error_set(err, "%s: drive %s of the %s is empty; leave it out", who, slots[i],
                         what);
    }
    if (p->read_only && !disk->read_only) {
        return error_set(err, "%s readonly=on: the %s can write to %s; leave it out", who, what,
                         slots[i]);
    }
    char *path = strdup(p->path);
    if (!path) {
        return error_set(err, "out of memory");
    }
    free(disk->path);
    disk->path = path;
    disk->snapshot = disk->snapshot || (p->snapshot && !disk->read_only);
    return 0;
}

int disks_relocate(struct saved_disks *sd, const struct options *o,
                   const struct machine_saved *saved, struct error *err)
{
    struct drive_place place[MACHINE_DRIVES];
    char first;
    int rc = drives_places(place, o, &first, err);
    for (unsigned i = 0; rc == 0 && i < MACHINE_DRIVES; i++) {
        if (place[i].kind != DRIVE_NONE) {
            rc = relocate(sd, i, &place[i], saved->drive[i], err);
        }
    }
    return rc;
}

void disks_beside(const char *path, const char *file, char *found, size_t n)
{
    const char *name = strrchr(path, '/'), *dir = strrchr(file, '/');
    snprintf(found, n, "%s", path);
    if (access(path, R_OK) == 0) {
        return;
    }
    int used = snprintf(found, n, "%.*s%s", dir ? (int)(dir + 1 - file) : 0, file,
                        name ? name + 1 : path);
    if (used < 0 || (size_t)used >= n || access(found, R_OK) != 0) {
        snprintf(found, n, "%s", path);
    }
}

int disks_find(struct saved_disks *sd, struct error *err)
{
    for (unsigned i = 0; sd->recording && i < MACHINE_DRIVES; i++) {
        char found[PATH_MOST + 1];
        if (!sd->disk[i].path) {
            continue;
        }
        disks_beside(sd->disk[i].path, sd->recording, found, sizeof found);
        char *path = strdup(found);
        if (!path) {
            return error_set(err, "out of memory");
        }
        free(sd->disk[i].path);
        sd->disk[i].path = path;
    }
    return 0;
}

/* The user may never have heard of this file. */
static int missing(const struct saved_disks *sd, unsigned i, struct error *err)
{
    const struct saved_disk *disk = &sd->disk[i];
    bool cd = disk->kind == DRIVE_CDROM;
    return error_set(err, "%s: %s; the %s has it in drive %s: %s it with -%s",
                     short_path(disk->path), strerror(errno),
                     sd->recording ? "recording" : "state", slots[i],
                     sd->recording ? "put it beside the recording, or give" : "give",
                     !cd      ? slots[i]
                     : i == 4 ? "cdrom"
                              : "drive");
}

static struct image *open_one(const struct saved_disk *disk, bool over,
                              const struct drives *former, struct error *err)
{
    struct image_request rq = {.path = disk->path,
                               .kind = disk->kind,
                               .read_only = disk->read_only,
                               .snapshot = over,
                               .raw = true};
    for (unsigned k = 0; former && k < MACHINE_DRIVES; k++) {
        if (former->image[k] && image_is(former->image[k], disk->path)) {
            rq.replaces = former->image[k];
        }
    }
    return image_open(&rq, err);
}

/* May the image be used as it is? 1: yes, 0: with the saved content over it, -1: not at all. */
static int judge(struct image *im, const struct saved_disks *sd, unsigned i, struct error *err)
{
    const struct saved_disk *disk = &sd->disk[i];
    const char *name = short_path(disk->path);
    uint64_t digest;
    if (image_bytes(im) != disk->bytes) {
        return error_set(
            err, "%s: has %" PRIu64 " bytes; the %s's %s has %" PRIu64 "; give that one", name,
            image_bytes(im), sd->recording ? "recording" : "state", slots[i], disk->bytes);
    }
    if (image_digest(im, &digest) < 0) {
        return error_set(err, "%s: cannot be read", name);
    }
    if (digest == disk->digest) {
        return !image_forced_read_only(im) || disk->read_only;
    }
    if (disk->read_only || disk->was_snapshot) {
        return error_set(err, "%s: its content is not what it was when %s; give the same image",
                         name, sd->recording ? "the recording began" : "the state was saved");
    }
    return 0;
}

/* Once: a replay that starts over has said it. */
static void tell_put_over(const struct saved_disks *sd, const struct image *im,
                          const struct drives *former)
{
    if (!sd->recording || !former) {
        report("%s: %s; the %s content is put over it, and what the guest writes is "
               "forgotten at the end",
               short_path(image_path(im)),
               image_forced_read_only(im) ? "cannot be written"
               : sd->recording            ? "has changed since it was recorded"
                                          : "has changed since the state was saved",
               sd->recording ? "recorded" : "saved");
    }
}

static int open_disk(struct drives *d, unsigned i, struct saved_disks *sd,
                     const struct drives *former, struct error *err)
{
    struct saved_disk *disk = &sd->disk[i];
    if (access(disk->path, F_OK) != 0) {
        return missing(sd, i, err);
    }
    d->image[i] = open_one(disk, disk->snapshot, former, err);
    int rc = d->image[i] ? judge(d->image[i], sd, i, err) : -1;
    disk->put_over = rc == 0 || (rc > 0 && disk->was_snapshot);
    if (rc == 0) {
        tell_put_over(sd, d->image[i], former);
        image_close(d->image[i]);
        d->image[i] = open_one(disk, true, former, err);
        rc = d->image[i] ? 0 : -1;
    }
    return rc < 0 ? -1 : 0;
}

/* Makes [at, at + n) of the image what is in bytes (NULL: zeros), where it is not that yet. */
static int put_over(struct image *im, uint64_t at, const uint8_t *bytes, size_t n)
{
    enum { STEP = 4096 };
    static const uint8_t zeros[STEP];
    uint8_t now[STEP];
    for (size_t done = 0; done < n; done += STEP) {
        size_t len = n - done < STEP ? n - done : STEP;
        const uint8_t *want = bytes ? bytes + done : zeros;
        if (image_get(im, at + done, now, len) < 0) {
            return -1;
        }
        if (memcmp(now, want, len) != 0 && image_put_over(im, at + done, want, len) < 0) {
            return -1;
        }
    }
    return 0;
}

/* Zeros from *next, the first byte not yet dealt with, up to `end`: those pages are not in the
 * state. Of a snapshot they are what the image has. */
static int fill_gap(struct image *im, const struct saved_disk *disk, uint64_t *next,
                    uint64_t end)
{
    for (; !disk->was_snapshot && *next < end; *next += BLOCK) {
        size_t n = end - *next < BLOCK ? (size_t)(end - *next) : BLOCK;
        if (put_over(im, *next, NULL, n) < 0) {
            return -1;
        }
    }
    *next = end;
    return 0;
}

static int put_runs(struct drives *d, const struct saved_disks *sd, unsigned i, uint64_t *next,
                    struct state_reader *r, struct error *err)
{
    struct state_run run;
    if (state_pages(r, err) < 0) {
        return -1;
    }
    while (state_run(r, &run)) {
        if (run.what != STATE_DATA) {
            return error_set(err, "%s: has pages of another kind", r->name);
        }
        if (fill_gap(d->image[i], &sd->disk[i], next, run.at) < 0 ||
            put_over(d->image[i], run.at, run.bytes, (size_t)run.n) < 0) {
            return error_set(err, "%s: no room for its content; set TMPDIR", slots[i]);
        }
        *next = run.at + run.n;
    }
    return 0;
}

static int put_contents(struct drives *d, const struct saved_disks *sd, struct state_reader *r,
                        struct error *err)
{
    uint64_t next[MACHINE_DRIVES] = {0};
    int rc;
    state_rewind(r);
    while ((rc = state_next(r, err)) > 0) {
        unsigned i = content_of(r, "pages");
        if (i < MACHINE_DRIVES && sd->disk[i].put_over &&
            put_runs(d, sd, i, &next[i], r, err) < 0) {
            return -1;
        }
    }
    for (unsigned i = 0; rc == 0 && i < MACHINE_DRIVES; i++) {
        if (sd->disk[i].put_over &&
            fill_gap(d->image[i], &sd->disk[i], &next[i], sd->disk[i].bytes) < 0) {
            return error_set(err, "%s: no room for its content; set TMPDIR", slots[i]);
        }
    }
    return rc;
}

int disks_open(struct drives *d, struct saved_disks *sd, const struct machine_saved *saved,
               bool snapshot, struct state_reader *r, const struct drives *former,
               struct error *err)
{
    int rc = 0;
    *d = (struct drives){.snapshot = snapshot};
    for (unsigned i = 0; rc == 0 && i < MACHINE_DRIVES; i++) {
        d->kind[i] = saved->drive[i];
        d->present[i] = saved->drive[i] != DRIVE_NONE;
        sd->disk[i].snapshot |= snapshot && !sd->disk[i].read_only;
        if (sd->disk[i].path && sd->disk[i].kind != saved->drive[i]) {
            rc = error_set(err, "host disk %s: is not for this kind of drive", slots[i]);
        } else if (sd->disk[i].path) {
            rc = open_disk(d, i, sd, former, err);
        }
    }
    if (rc == 0) {
        rc = put_contents(d, sd, r, err);
    }
    if (rc < 0) {
        drives_close(d);
        for (unsigned i = 0; former && i < MACHINE_DRIVES; i++) {
            image_lock_again(former->image[i]);
        }
    }
    return rc;
}
