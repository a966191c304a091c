/* frontend/state_disks.h -- disks in save states: what was in which drive, and its content.
 *
 * A state brings back what the guest had on its disks (docs/adr/0009):
 *   snapshots      the sectors that were written are in the state; the image must be the same
 *   read-only      the image must be the same
 *   other images   the whole content is in the state. An image that is still the same is used
 *                  as it is; otherwise the saved content is put over it, as a snapshot is
 * No image is ever written to here.
 */
#ifndef TERRAPIN_FRONTEND_STATE_DISKS_H
#define TERRAPIN_FRONTEND_STATE_DISKS_H

#include "devices/machine_file.h"
#include "frontend/drives.h"

struct saved_disk {
    char *path; /* NULL: nothing is in the drive */
    enum drive_kind kind;
    bool read_only, snapshot;
    uint32_t sector_size;
    uint64_t bytes, digest; /* of the image's file */
    bool was_snapshot;      /* when it was saved; snapshot: it is to be one now */
    bool put_over;          /* loading: the content in the state goes over the image */
};
struct saved_disks {
    struct saved_disk disk[MACHINE_DRIVES];
    const char *recording; /* its file, where this is of the start of one; NULL: a state */
};

const char *disks_slot(unsigned i); /* "fda" … "hdd" */
/* -1: the writer failed, or err tells. */
int disks_save(const struct drives *d, struct state_writer *w, struct error *err);
/* To be freed in any case. */
int disks_read(struct saved_disks *sd, struct state_reader *r, struct error *err);
void disks_free(struct saved_disks *sd);
/* What memory in a state may refer to: the files of the images in these drives. */
void disks_constant(const struct drives *d, struct machine_config *m);
/* Opens for that, and for nothing else, the images that are there. */
void disks_look(const struct saved_disks *sd, struct drives *d);
/* Other places for the images, from the command line. */
int disks_relocate(struct saved_disks *sd, const struct options *o,
                   const struct machine_saved *saved, struct error *err);
/* Of a recording: images that are not where they were are looked for beside it. -1 and err. */
int disks_find(struct saved_disks *sd, struct error *err);
/* `path`, or where that cannot be read and it can, the file of this name beside `file`. */
void disks_beside(const char *path, const char *file, char *found, size_t n);
/* Opens the images and fills snapshots from the file. snapshot: make all of them snapshots.
 * former: the drives so far, whose images may be the same; or NULL. On error nothing stays
 * open, and former has its locks again. */
int disks_open(struct drives *d, struct saved_disks *sd, const struct machine_saved *saved,
               bool snapshot, struct state_reader *r, const struct drives *former,
               struct error *err);

#endif
