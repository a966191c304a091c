/* frontend/image.h -- a disk image on the host: told apart, locked, read and written.
 *
 * An image never changes size, and with a snapshot never changes at all. Two programs cannot
 * have one image open if either writes to it (advisory lock on the file).
 */
#ifndef TERRAPIN_FRONTEND_IMAGE_H
#define TERRAPIN_FRONTEND_IMAGE_H

#include "devices/host.h"
#include "devices/machine_file.h"
#include "mem/error.h"

struct image;

struct image_request {
    const char *path;
    enum drive_kind kind;   /* of the drive; DRIVE_NONE: as content and size tell */
    bool read_only;         /* asked for; a file that cannot be written is read-only anyhow */
    bool snapshot;          /* writes go to a temporary overlay */
    bool raw;               /* believe the caller: no look at the content */
    struct image *replaces; /* or NULL: in the same drive so far; may be the same file */
};

/* A disk has any number of 512-byte sectors, a CD of 2048-byte sectors; what is left over is
 * refused. CDs are never written. NULL and err: missing, not a regular file, unreadable, in
 * use, of an impossible size, or of a format that is not built yet. */
struct image *image_open(const struct image_request *rq, struct error *err);
void image_close(struct image *im); /* NULL is fine */
/* One more owner: it is closed when each has closed it. Of disks in a drive it is only for
 * moments, which may outlive a change of media. */
struct image *image_share(struct image *im);
/* image_open() takes the lock over from rq->replaces, if it is the same file. Whoever then
 * closes the new image and keeps the former gives it back with this. NULL is fine. */
void image_lock_again(struct image *im);

enum drive_kind image_kind(const struct image *im);
bool image_read_only(const struct image *im);
/* The file did not let itself be written, though nobody asked for read-only. */
bool image_forced_read_only(const struct image *im);
bool image_boot_sector(const struct image *im); /* the first 512 bytes end in 55h AAh */
bool image_snapshot(const struct image *im);
const char *image_path(const struct image *im);
bool image_is(const struct image *im, const char *path); /* one file, by any name */
uint64_t image_bytes(const struct image *im);
/* For machine_config.drive and INPUT_MEDIA; valid until image_close. */
struct media image_media(struct image *im);

/* For save states. The digest is of the file itself, without what a snapshot has changed. -1:
 * the host's trouble, told. */
int image_digest(struct image *im, uint64_t *digest);
/* The file, where the guest cannot change it: of an image that is read-only or a snapshot. Of
 * others, or if it cannot be read, out->get is NULL. Valid until image_close(). */
void image_constant(struct image *im, struct state_image *out);
/* n bytes as the guest sees them. at + n: inside. */
int image_get(struct image *im, uint64_t at, void *out, size_t n);
/* Calls fn before the guest's next write, until it is told otherwise (NULL). */
void image_hold(struct image *im, void (*fn)(void *ctx), void *ctx);
/* Has a snapshot changed something there? */
bool image_overlaid(const struct image *im, uint64_t at, size_t n);
/* Into the snapshot, never into the file. */
int image_put_over(struct image *im, uint64_t at, const void *in, size_t n);

/* What a snapshot has changed goes into the file, *bytes of it; the guest sees what it saw. -1
 * and err: no snapshot, or the file cannot be written, or another program has it open (then
 * nothing has happened); or writing failed on the way. */
int image_commit(struct image *im, uint64_t *bytes, struct error *err);

/* An image that is in no drive for the time being: written out, and anybody's. Back in a drive:
 * -1 and err if another program has it by now. */
void image_rest(struct image *im);
int image_wake(struct image *im, struct error *err);
/* Is it the file of that name, which is written to directly, and as it was when it was laid
 * down? */
bool image_rests(const struct image *im, const char *path);

/* For going back (frontend/moment.h): the content as it is now gets a mark, which
 * image_go_back() makes it again. false: out of memory. *mark is NULL for what is never
 * written. -1: the host's trouble, or a mark was lost for want of memory. */
struct undo_mark;
bool image_mark(struct image *im, struct undo_mark **mark);
void image_unmark(struct image *im, struct undo_mark *mark);
int image_go_back(struct image *im, struct undo_mark *mark);
/* One mark that the image keeps by itself: of its content when it was first put in. */
bool image_keep_first(struct image *im);
void image_drop_first(struct image *im);
int image_go_first(struct image *im);               /* without one: nothing happens */
uint64_t image_marks_bytes(const struct image *im); /* of memory, for all marks */
bool image_marks_lost(const struct image *im);

/* Is it the size of a floppy disk? */
bool image_floppy_size(uint64_t bytes);

#endif
