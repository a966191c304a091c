/* frontend/moment.c -- see the header. */
#include "frontend/moment.h"

#include "devices/snapshot.h"
#include "frontend/image.h"
#include "frontend/report.h"

#include <stdlib.h>

struct moment {
    struct snapshot *machine;
    const struct drives *drives;
    struct image *image[MACHINE_DRIVES]; /* owned, too: a replay may change media */
    struct undo_mark *mark[MACHINE_DRIVES];
};

static bool mark_disks(struct moment *mo)
{
    for (unsigned i = 0; i < MACHINE_DRIVES; i++) {
        struct image *im = mo->drives->image[i];
        if (im && !image_mark(im, &mo->mark[i])) {
            return false;
        }
        mo->image[i] = im ? image_share(im) : NULL;
    }
    return true;
}

static void unmark_disks(const struct moment *mo)
{
    for (unsigned i = 0; i < MACHINE_DRIVES; i++) {
        if (mo->image[i]) {
            image_unmark(mo->image[i], mo->mark[i]);
            image_close(mo->image[i]);
        }
    }
}

struct moment *moment_take(struct machine *m, const struct drives *d, struct error *err)
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

/* n: how many drives have been put back, also if not all. */
static int disks_go(const struct moment *mo, unsigned *n)
{
    for (*n = 0; *n < MACHINE_DRIVES; ++*n) {
        if (mo->image[*n] && image_go_back(mo->image[*n], mo->mark[*n]) < 0) {
            return -1;
        }
    }
    return 0;
}

/* Which disk, and whether the others, and it, are at least what they were. */
static int disk_trouble(const struct moment *mo, const struct moment *now, unsigned n,
                        struct error *err)
{
    const char *name = short_path(image_path(mo->image[n]));
    bool back = true;
    for (unsigned i = 0; i <= n; i++) {
        back &= !now->image[i] || image_go_back(now->image[i], now->mark[i]) == 0;
    }
    return back
               ? error_set(err, "%s: cannot be put back", name)
               : error_set(err, "%s: cannot be put back; its content is that of another moment",
                           name);
}

int moment_go(struct machine *m, const struct moment *mo, struct error *err)
{
    unsigned n;
    struct moment now = {.drives = mo->drives}; /* the disks alone: the way back here */
    for (unsigned i = 0; i < MACHINE_DRIVES; i++) {
        if (mo->image[i] != mo->drives->image[i]) {
            return error_set(err, "the disk that was in drive %u is not there any more", i);
        }
    }
    int rc = 0;
    if (!mark_disks(&now)) {
        rc = error_set(err, "snapshot: out of memory");
    } else if (disks_go(mo, &n) < 0) {
        rc = disk_trouble(mo, &now, n, err);
    }
    unmark_disks(&now);
    return rc < 0 ? -1 : machine_restore(m, mo->machine, err);
}

uint64_t moment_bytes(const struct machine *m, const struct drives *d)
{
    uint64_t bytes = machine_snapshot_bytes(m);
    for (unsigned i = 0; i < MACHINE_DRIVES; i++) {
        bytes += d->image[i] ? image_marks_bytes(d->image[i]) : 0;
    }
    return bytes;
}

bool moments_lost(const struct drives *d)
{
    bool lost = false;
    for (unsigned i = 0; i < MACHINE_DRIVES; i++) {
        lost |= d->image[i] && image_marks_lost(d->image[i]);
    }
    return lost;
}
