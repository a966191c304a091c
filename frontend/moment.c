/* frontend/moment.c -- see the header. */
#include "frontend/moment.h"

#include "devices/snapshot.h"
#include "frontend/image.h"
#include "frontend/report.h"

#include <stdlib.h>
#include <string.h>

struct moment {
    struct snapshot *machine;
    struct drives *drives;
    struct image *image[MACHINE_DRIVES]; /* in the drives */
    struct disk {
        struct image *image;
        struct undo_mark *mark;
    } * disk; /* all that there were; owned, too */
    unsigned disks;
};

/* The n-th of all images that there are now, in the drives and on the shelf; NULL: of an empty
 * drive. */
static unsigned places(const struct drives *d)
{
    return MACHINE_DRIVES + d->shelved;
}

static struct image *image_at(const struct drives *d, unsigned n)
{
    return n < MACHINE_DRIVES ? d->image[n] : d->shelf[n - MACHINE_DRIVES];
}

static bool mark_disks(struct moment *mo)
{
    const struct drives *d = mo->drives;
    memcpy(mo->image, d->image, sizeof mo->image);
    mo->disk = calloc(places(d), sizeof *mo->disk);
    for (unsigned n = 0; mo->disk && n < places(d); n++) {
        struct disk *disk = &mo->disk[mo->disks];
        disk->image = image_at(d, n);
        if (disk->image && !image_mark(disk->image, &disk->mark)) {
            return false;
        }
        if (disk->image) {
            image_share(disk->image);
            mo->disks++;
        }
    }
    return mo->disk != NULL;
}

static void unmark_disks(const struct moment *mo)
{
    for (unsigned i = 0; i < mo->disks; i++) {
        image_unmark(mo->disk[i].image, mo->disk[i].mark);
        image_close(mo->disk[i].image);
    }
    free(mo->disk);
}

struct moment *moment_take(struct machine *m, struct drives *d, struct error *err)
{
    struct moment *mo = calloc(1, sizeof *mo);
    if (!mo) {
        error_set(err, "snapshot: out of memory");
        return NULL;
    }
    mo->drives = d;
    mo->machine = machine_snapshot(m, err);
    if (!mo->machine || !mark_disks(mo)) {
        if (mo->machine) {
            error_set(err, "snapshot: out of memory");
        }
        moment_free(mo);
        return NULL;
    }
    return mo;
}

void moment_free(struct moment *mo)
{
    if (mo) {
        unmark_disks(mo);
        snapshot_free(mo->machine);
        free(mo);
    }
}

uint64_t moment_tick(const struct moment *mo)
{
    return snapshot_tick(mo->machine);
}

/* Its content then; of one that was put in for the first time later, its content when it was.
 */
static int disk_go(const struct moment *mo, struct image *im)
{
    unsigned i = 0;
    while (i < mo->disks && mo->disk[i].image != im) {
        i++;
    }
    return i < mo->disks ? image_go_back(im, mo->disk[i].mark) : image_go_first(im);
}

/* Which disk, and whether the others, and it, are at least what they were. */
static int disk_trouble(const struct moment *now, unsigned n, struct error *err)
{
    const char *name = short_path(image_path(now->disk[n].image));
    bool back = true;
    for (unsigned i = 0; i <= n; i++) {
        back &= image_go_back(now->disk[i].image, now->disk[i].mark) == 0;
    }
    return back
               ? error_set(err, "%s: cannot be put back", name)
               : error_set(err, "%s: cannot be put back; its content is that of another moment",
                           name);
}

/* Contents, and what is in which drive. now: the way back from there. */
static int disks_go(const struct moment *mo, const struct moment *now, struct error *err)
{
    for (unsigned i = 0; i < now->disks; i++) {
        if (disk_go(mo, now->disk[i].image) < 0) {
            return disk_trouble(now, i, err);
        }
    }
    if (drives_arrange(mo->drives, mo->image, err) == 0) {
        return 0;
    }
    struct error ignored;
    return now->disks ? (disk_trouble(now, now->disks - 1, &ignored), -1) : -1;
}

int moment_go(struct machine *m, const struct moment *mo, struct error *err)
{
    struct moment now = {.drives = mo->drives}; /* the disks alone */
    int rc =
        mark_disks(&now) ? disks_go(mo, &now, err) : error_set(err, "snapshot: out of memory");
    unmark_disks(&now);
    return rc < 0 ? -1 : machine_restore(m, mo->machine, err);
}

bool moment_may_have_written(const struct moment *from, const struct moment *mo, uint32_t la,
                             uint32_t len)
{
    return snapshot_may_have_written(from->machine, mo->machine, la, len);
}

void moment_bridge(struct moment *next, const struct moment *gone)
{
    snapshot_bridge(next->machine, gone->machine);
}

void moment_split(struct moment *next, const struct moment *fresh)
{
    snapshot_split(next->machine, fresh->machine);
}

void moment_is_first(const struct moment *mo)
{
    for (unsigned i = 0; i < mo->disks; i++) {
        image_drop_first(mo->disk[i].image);
    }
}

uint64_t moment_bytes(const struct machine *m, const struct drives *d)
{
    uint64_t bytes = machine_snapshot_bytes(m);
    for (unsigned n = 0; n < places(d); n++) {
        bytes += image_at(d, n) ? image_marks_bytes(image_at(d, n)) : 0;
    }
    return bytes;
}

bool moments_lost(const struct drives *d)
{
    bool lost = false;
    for (unsigned n = 0; n < places(d); n++) {
        lost |= image_at(d, n) && image_marks_lost(image_at(d, n));
    }
    return lost;
}
