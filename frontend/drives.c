/* frontend/drives.c -- see the header. */
#include "frontend/posix.h"

#include "frontend/drives.h"
#include "frontend/image.h"
#include "frontend/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FLOPPIES = 2 };

static const char *const slots[MACHINE_DRIVES] = {"floppy0", "floppy1", "hda",
                                                  "hdb",     "hdc",     "hdd"};

/* The first CD drive goes by the name of its kind. */
static const char *drive_name(const struct drives *d, unsigned n)
{
    for (unsigned i = 0; i < MACHINE_DRIVES; i++) {
        if (d->kind[i] == DRIVE_CDROM) {
            return i == n ? "cdrom" : slots[n];
        }
    }
    return slots[n];
}

static int check_floppy(const struct image *im, const char *option, struct error *err)
{
    if (image_kind(im) != DRIVE_FLOPPY || image_floppy_size(image_bytes(im))) {
        return 0;
    }
    return error_set(err,
                     "%s %s: impossible size of %" PRIu64 " bytes for a floppy; use 360K, "
                     "720K, 1200K, 1440K, 2880K or another size of the time",
                     option, short_path(image_path(im)), image_bytes(im));
}

static int check_other_drives(const struct drives *d, unsigned n, const char *path,
                              struct error *err)
{
    for (unsigned i = 0; i < MACHINE_DRIVES; i++) {
        if (i != n && d->image[i] && image_is(d->image[i], path)) {
            return error_set(err, "%s: already in drive %s; give each drive its own image",
                             short_path(path), drive_name(d, i));
        }
    }
    return 0;
}

static struct image *open_image(const struct drives *d, unsigned n, const char *option,
                                struct image_request *rq, struct error *err)
{
    if (check_other_drives(d, n, rq->path, err) < 0) {
        return NULL;
    }
    rq->snapshot = rq->snapshot || d->snapshot;
    rq->replaces = d->image[n];
    struct image *im = image_open(rq, err);
    if (im && check_floppy(im, option, err) < 0) {
        image_close(im);
        image_lock_again(rq->replaces);
        return NULL;
    }
    if (im && image_forced_read_only(im)) {
        report("%s: cannot be written; the guest gets a write-protected disk",
               short_path(rq->path));
    }
    return im;
}

/* ---- from options to drives */

static int take_place(struct drive_place place[MACHINE_DRIVES], unsigned n,
                      const struct drive_place *what, const char *who, struct error *err)
{
    if (place[n].kind != DRIVE_NONE) {
        bool cd = place[n].kind == DRIVE_CDROM;
        return error_set(err, "%s: drive %s has its image already; use another drive", who,
                         cd ? "cdrom" : slots[n]);
    }
    place[n] = *what;
    return 0;
}

/* The drive that an option means, or -1. */
static int option_drive(const struct drive_place place[MACHINE_DRIVES],
                        const struct drive_option *opt, struct error *err)
{
    bool floppy = opt->iface == IF_FLOPPY;
    int first = floppy ? 0 : FLOPPIES, end = floppy ? FLOPPIES : MACHINE_DRIVES;
    if (opt->index != NEXT_FREE) {
        return first + opt->index;
    }
    for (int n = first; n < end; n++) {
        if (place[n].kind == DRIVE_NONE) {
            return n;
        }
    }
    return error_set(err, "%s: no %s drive is free; there are %s", opt->option,
                     floppy ? "floppy" : "IDE", floppy ? "two" : "four");
}

static int place_options(struct drive_place place[MACHINE_DRIVES], const struct options *o,
                         bool numbered, struct error *err)
{
    for (unsigned i = 0; i < o->drives; i++) {
        const struct drive_option *opt = &o->drive[i];
        if ((opt->index != NEXT_FREE) != numbered) {
            continue;
        }
        struct drive_place p = {.option = opt->option,
                                .path = opt->file,
                                .kind = opt->iface == IF_FLOPPY     ? DRIVE_FLOPPY
                                        : opt->media == MEDIA_CDROM ? DRIVE_CDROM
                                                                    : DRIVE_DISK,
                                .read_only = opt->read_only,
                                .snapshot = opt->snapshot,
                                .raw = opt->raw};
        int n = option_drive(place, opt, err);
        if (n < 0 || take_place(place, (unsigned)n, &p, opt->option, err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* The argument without an option: into the first drive of its kind, as QEMU's options would
 * have it. */
static int place_bare(struct drive_place place[MACHINE_DRIVES], const char *path, char *first,
                      struct error *err)
{
    static const unsigned drive[] = {
        [DRIVE_FLOPPY] = 0, [DRIVE_DISK] = FLOPPIES, [DRIVE_CDROM] = FLOPPIES + 2};
    static const char letter[] = {
        [DRIVE_FLOPPY] = 'a', [DRIVE_DISK] = 'c', [DRIVE_CDROM] = 'd'};
    struct image_request rq = {.path = path, .read_only = true};
    struct image *im = image_open(&rq, err); /* a look at it */
    if (!im) {
        return -1;
    }
    struct drive_place p = {.path = path, .kind = image_kind(im)};
    uint64_t bytes = image_bytes(im);
    bool boots = image_boot_sector(im);
    image_close(im);
    if (p.kind == DRIVE_DISK && bytes < (UINT64_C(1) << 20) && !boots) {
        return error_set(err,
                         "%s: impossible size of %" PRIu64 " bytes for a disk; is the image "
                         "complete?",
                         short_path(path), bytes);
    }
    *first = letter[p.kind];
    return take_place(place, drive[p.kind], &p, short_path(path), err);
}

/* Drives with a place of their own first, so that "next free" means what is left. */
int drives_places(struct drive_place place[MACHINE_DRIVES], const struct options *o,
                  char *first, struct error *err)
{
    memset(place, 0, MACHINE_DRIVES * sizeof *place);
    *first = 0;
    return place_options(place, o, true, err) < 0 ||
                   (o->image && place_bare(place, o->image, first, err) < 0) ||
                   place_options(place, o, false, err) < 0
               ? -1
               : 0;
}

static int open_all(struct drives *d, const struct options *o, struct error *err)
{
    struct drive_place place[MACHINE_DRIVES];
    if (drives_places(place, o, &d->first, err) < 0) {
        return -1;
    }
    for (unsigned n = 0; n < MACHINE_DRIVES; n++) {
        const struct drive_place *p = &place[n];
        d->present[n] = p->kind != DRIVE_NONE;
        d->kind[n] = p->kind;
        if (p->path) {
            struct image_request rq = {.path = p->path,
                                       .kind = p->kind,
                                       .read_only = p->read_only,
                                       .snapshot = p->snapshot,
                                       .raw = p->raw};
            d->image[n] = open_image(d, n, p->option, &rq, err);
            if (!d->image[n]) {
                return -1;
            }
        }
    }
    return 0;
}

int drives_open(struct drives *d, const struct options *o, struct error *err)
{
    *d = (struct drives){.snapshot = o->snapshot};
    if (open_all(d, o, err) < 0) {
        drives_close(d);
        return -1;
    }
    d->present[0] = true;
    d->kind[0] = DRIVE_FLOPPY;
    return 0;
}

void drives_clear_shelf(struct drives *d)
{
    while (d->shelved > 0) {
        image_close(d->shelf[--d->shelved]);
    }
}

void drives_close(struct drives *d)
{
    drives_clear_shelf(d);
    free(d->shelf);
    d->shelf = NULL;
    d->shelf_room = 0;
    for (unsigned i = 0; i < MACHINE_DRIVES; i++) {
        image_close(d->image[i]);
        d->image[i] = NULL;
    }
}

int drives_flush(const struct drives *d)
{
    int rc = 0;
    for (unsigned i = 0; i < MACHINE_DRIVES; i++) {
        struct media m = d->image[i] ? image_media(d->image[i]) : (struct media){0};
        rc |= m.ops ? m.ops->flush(m.ctx) : 0;
    }
    return rc;
}

int drives_named(const struct drives *d, const char *name, struct error *err)
{
    for (unsigned i = 0; i < MACHINE_DRIVES; i++) {
        if (strcmp(name, drive_name(d, i)) != 0 && strcmp(name, slots[i]) != 0) {
            continue;
        }
        if (!d->present[i]) {
            return i == 1 ? error_set(err, "%s: there is no such drive; add it with -fdb", name)
                          : error_set(err, "%s: there is no such drive; info block lists them",
                                      name);
        }
        return (int)i;
    }
    if (strcmp(name, "cdrom") == 0) {
        return error_set(err, "cdrom: there is no such drive; give it an image with -cdrom, or "
                              "none with -drive media=cdrom");
    }
    return error_set(err, "%s: unknown drive; use floppy0, floppy1 or cdrom", short_path(name));
}

int drives_find(const struct drives *d, const char *name, struct error *err)
{
    int i = drives_named(d, name, err);
    bool removable = i >= 0 && (d->kind[i] == DRIVE_FLOPPY || d->kind[i] == DRIVE_CDROM);
    return i < 0 || removable
               ? i
               : error_set(err, "%s: a hard disk cannot be changed; end the machine", name);
}

bool drives_have(const struct drives *d, const char *path)
{
    for (unsigned i = 0; i < MACHINE_DRIVES; i++) {
        if (d->image[i] && image_is(d->image[i], path)) {
            return true;
        }
    }
    for (unsigned i = 0; i < d->shelved; i++) {
        if (image_is(d->shelf[i], path)) {
            return true;
        }
    }
    return false;
}

struct image *drives_open_for(const struct drives *d, unsigned n, const char *path,
                              bool read_only, struct error *err)
{
    struct image_request rq = {.path = path, .kind = d->kind[n], .read_only = read_only};
    for (unsigned i = 0; i < d->shelved && !read_only && !d->snapshot; i++) {
        if (image_rests(d->shelf[i], path)) { /* what it was before it was taken out, and is */
            return image_wake(d->shelf[i], err) < 0 ? NULL : d->shelf[i];
        }
    }
    return open_image(d, n, drive_name(d, n), &rq, err);
}

void drives_unshelve(struct drives *d, const struct image *im)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < d->shelved; i++) {
        if (d->shelf[i] != im) {
            d->shelf[kept++] = d->shelf[i];
        }
    }
    d->shelved = kept;
}

static bool shelf_has_room(struct drives *d, unsigned n)
{
    unsigned room = d->shelved + n;
    if (room > d->shelf_room) {
        struct image **more = realloc(d->shelf, room * sizeof(struct image *));
        if (!more) {
            return false;
        }
        d->shelf = more;
        d->shelf_room = room;
    }
    return true;
}

/* Without memory for its place it stays open, and nobody's: a moment may know it. */
void drives_insert(struct drives *d, unsigned n, struct image *im)
{
    struct image *former = d->image[n];
    drives_unshelve(d, im);
    d->image[n] = im;
    if (!d->keep) {
        image_close(former);
    } else if (former) {
        image_rest(former);
        if (shelf_has_room(d, 1)) {
            d->shelf[d->shelved++] = former;
        }
    }
}

static bool is_among(struct image *const *image, unsigned n, const struct image *im)
{
    while (n > 0 && image[n - 1] != im) {
        n--;
    }
    return n > 0;
}

int drives_arrange(struct drives *d, struct image *const image[MACHINE_DRIVES],
                   struct error *err)
{
    struct image *former[MACHINE_DRIVES];
    if (!shelf_has_room(d, MACHINE_DRIVES)) {
        return error_set(err, "out of memory");
    }
    memcpy(former, d->image, sizeof former);
    for (unsigned i = 0; i < MACHINE_DRIVES; i++) {
        if (is_among(d->shelf, d->shelved, image[i]) && image_wake(image[i], err) < 0) {
            return -1;
        }
    }
    for (unsigned i = 0; i < MACHINE_DRIVES; i++) {
        drives_unshelve(d, image[i]);
        d->image[i] = image[i];
    }
    for (unsigned i = 0; i < MACHINE_DRIVES; i++) {
        if (former[i] && !is_among(d->image, MACHINE_DRIVES, former[i])) {
            image_rest(former[i]);
            d->shelf[d->shelved++] = former[i];
        }
    }
    return 0;
}

char *drives_info(const struct drives *d)
{
    enum { ROOM = 30000 }; /* six paths */
    char *text = calloc(1, ROOM);
    size_t used = 0;
    for (unsigned i = 0; text && i < MACHINE_DRIVES && used < ROOM; i++) {
        const struct image *im = d->image[i];
        if (!d->present[i]) {
            continue;
        }
        const char *name = drive_name(d, i);
        int n = im ? snprintf(text + used, ROOM - used, "%s: %s (%" PRIu64 "K, raw%s%s)\n",
                              name, image_path(im), image_bytes(im) / 1024,
                              image_read_only(im) ? ", read-only" : "",
                              image_snapshot(im) ? ", snapshot" : "")
                   : snprintf(text + used, ROOM - used, "%s: empty\n", name);
        used += n > 0 ? (size_t)n : 0;
    }
    return text;
}
