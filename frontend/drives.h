/* frontend/drives.h -- which image is in which drive. */
#ifndef TERRAPIN_FRONTEND_DRIVES_H
#define TERRAPIN_FRONTEND_DRIVES_H

#include "devices/machine.h"
#include "frontend/options.h"

struct image;

struct drives {
    struct image *image[MACHINE_DRIVES];
    enum drive_kind kind[MACHINE_DRIVES]; /* of the drive, not of what is in it */
    bool present[MACHINE_DRIVES];         /* an empty drive is a drive */
    bool snapshot;                        /* of all, -snapshot */
    /* Images that were taken out, which a history may put back. keep: taken out, one stays. */
    bool keep;
    struct image **shelf;
    unsigned shelved, shelf_room;
    char first; /* boot letter of the bare IMAGE argument, or 0 */
};

/* What the options say about a drive; the image need not be there yet. */
struct drive_place {
    const char *option; /* "-hda"; NULL: the bare IMAGE, or no drive */
    const char *path;   /* NULL: empty, or no drive */
    enum drive_kind kind;
    bool read_only, snapshot, raw;
};
/* Drive by drive; points into o. The letter of the bare IMAGE (which is looked into) goes to
 * *first, else 0. */
int drives_places(struct drive_place place[MACHINE_DRIVES], const struct options *o,
                  char *first, struct error *err);

/* Everything the options name; drive A is always there. On error nothing stays open. */
int drives_open(struct drives *d, const struct options *o, struct error *err);
void drives_close(struct drives *d);
/* All that was written, to the host's disks. -1: an image lost something (it has been told). */
int drives_flush(const struct drives *d);

/* By a name of any drive's: its number, or -1 with err. */
int drives_named(const struct drives *d, const char *name, struct error *err);
/* "floppy0", "floppy1", "cdrom" (the first CD drive), "hdc": number of a drive whose medium can
 * be changed, or -1 with err. */
int drives_find(const struct drives *d, const char *name, struct error *err);
/* Is this file, by any name, in a drive? Then nothing else may write to it. */
bool drives_have(const struct drives *d, const char *path);
/* Opens path for drive n; the former image stays in place. drives_insert then puts it in. */
struct image *drives_open_for(const struct drives *d, unsigned n, const char *path,
                              bool read_only, struct error *err);
/* Replaces the image of drive n (NULL: none). The former one is closed, or stays on the shelf,
 * from which im may come. */
void drives_insert(struct drives *d, unsigned n, struct image *im);
void drives_clear_shelf(struct drives *d);
void drives_unshelve(struct drives *d, const struct image *im); /* it is the caller's now */
/* Puts images into the drives, from the drives and the shelf, where the others go. -1 and err:
 * one cannot be had any more, or memory is short; nothing has changed. */
int drives_arrange(struct drives *d, struct image *const image[MACHINE_DRIVES],
                   struct error *err);
/* The monitor's `info block`, malloc'ed. */
char *drives_info(const struct drives *d);

#endif
