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

static const char *const names[FLOPPIES] = {"floppy0", "floppy1"};

/* Only floppies fit into this milestone's drives. */
static int check_kind(const struct image *im, const char *option, struct error *err)
{
    const char *name = short_path(image_path(im));
    if (image_kind(im) == DRIVE_FLOPPY) {
        return 0;
    }
    if (option) {
        return error_set(err,
                         "%s %s: impossible size of %" PRIu64 " bytes for a floppy; use 360K, "
                         "720K, 1200K, 1440K, 2880K or another size of the time",
                         option, name, image_bytes(im));
    }
    if (image_kind(im) == DRIVE_CDROM) {
        return error_set(err, "%s: a CD image: not implemented yet", name);
    }
    if (image_bytes(im) < (UINT64_C(1) << 20)) {
        return error_set(err,
                         "%s: impossible size of %" PRIu64 " bytes for a disk; is the image "
                         "complete?",
                         name, image_bytes(im));
    }
    return error_set(err, "%s: a hard disk image (%" PRIu64 " bytes): not implemented yet",
                     name, image_bytes(im));
}

static int check_other_drives(const struct drives *d, unsigned n, const char *path,
                              struct error *err)
{
    for (unsigned i = 0; i < FLOPPIES; i++) {
        if (i != n && d->image[i] && image_is(d->image[i], path)) {
            return error_set(err, "%s: already in drive %s; give each drive its own image",
                             short_path(path), names[i]);
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
    if (im && check_kind(im, option, err) < 0) {
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

static int take_drive(struct drives *d, unsigned n, const char *option, struct error *err)
{
    if (d->present[n]) {
        return error_set(err, "%s: drive %s has its image already; use another drive", option,
                         names[n]);
    }
    d->present[n] = true;
    return 0;
}

static int open_option(struct drives *d, const struct drive_option *opt, struct error *err)
{
    unsigned n = 0;
    if (opt->index == NEXT_FREE) {
        while (n < FLOPPIES && d->present[n]) {
            n++;
        }
        if (n == FLOPPIES) {
            return error_set(err, "%s: no floppy drive is free; there are two", opt->option);
        }
    } else {
        n = (unsigned)opt->index;
    }
    if (take_drive(d, n, opt->option, err) < 0) {
        return -1;
    }
    if (!opt->file) {
        return 0;
    }
    struct image_request rq = {.path = opt->file,
                               .read_only = opt->read_only,
                               .snapshot = opt->snapshot,
                               .raw = opt->raw};
    d->image[n] = open_image(d, n, opt->option, &rq, err);
    return d->image[n] ? 0 : -1;
}

static int open_all(struct drives *d, const struct options *o, struct error *err)
{
    /* Drives with a number first, so that "next free" means what is left. */
    for (int numbered = 1; numbered >= 0; numbered--) {
        for (unsigned i = 0; i < o->drives; i++) {
            if ((o->drive[i].index != NEXT_FREE) == numbered &&
                open_option(d, &o->drive[i], err) < 0) {
                return -1;
            }
        }
    }
    if (o->image) {
        if (take_drive(d, 0, short_path(o->image), err) < 0) {
            return -1;
        }
        struct image_request rq = {.path = o->image};
        d->image[0] = open_image(d, 0, NULL, &rq, err);
        d->first = 'a';
    }
    return o->image && !d->image[0] ? -1 : 0;
}

int drives_open(struct drives *d, const struct options *o, struct error *err)
{
    *d = (struct drives){.snapshot = o->snapshot};
    if (open_all(d, o, err) < 0) {
        drives_close(d);
        return -1;
    }
    d->present[0] = true;
    return 0;
}

void drives_close(struct drives *d)
{
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

int drives_find(const struct drives *d, const char *name, struct error *err)
{
    for (unsigned i = 0; i < FLOPPIES; i++) {
        if (strcmp(name, names[i]) == 0) {
            return d->present[i] ? (int)i
                                 : error_set(err,
                                             "%s: there is no such drive; give it an image "
                                             "with -fdb",
                                             name);
        }
    }
    if (strcmp(name, "cdrom") == 0) {
        return error_set(err, "cdrom: not implemented yet");
    }
    return error_set(err, "%s: unknown drive; use floppy0 or floppy1", short_path(name));
}

bool drives_have(const struct drives *d, const char *path)
{
    for (unsigned i = 0; i < MACHINE_DRIVES; i++) {
        if (d->image[i] && image_is(d->image[i], path)) {
            return true;
        }
    }
    return false;
}

struct image *drives_open_for(const struct drives *d, unsigned n, const char *path,
                              bool read_only, struct error *err)
{
    struct image_request rq = {.path = path, .read_only = read_only};
    return open_image(d, n, names[n], &rq, err);
}

void drives_insert(struct drives *d, unsigned n, struct image *im)
{
    image_close(d->image[n]);
    d->image[n] = im;
}

char *drives_info(const struct drives *d)
{
    enum { ROOM = 10000 }; /* two paths */
    char *text = calloc(1, ROOM);
    size_t used = 0;
    for (unsigned i = 0; text && i < FLOPPIES && used < ROOM; i++) {
        const struct image *im = d->image[i];
        if (!d->present[i]) {
            continue;
        }
        int n = im ? snprintf(text + used, ROOM - used, "%s: %s (%" PRIu64 "K, raw%s%s)\n",
                              names[i], image_path(im), image_bytes(im) / 1024,
                              image_read_only(im) ? ", read-only" : "",
                              image_snapshot(im) ? ", snapshot" : "")
                   : snprintf(text + used, ROOM - used, "%s: empty\n", names[i]);
        used += n > 0 ? (size_t)n : 0;
    }
    return text;
}
