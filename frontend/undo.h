/* frontend/undo.h -- what a disk held at several moments, and the way back to each.
 *
 * The content is where it always is, in the image or its snapshot; here is what was overwritten
 * since a mark was set, in chunks of 4 KiB, each before it was first written to. Going to a
 * mark puts that back, and keeps what was there in its stead for the marks that need it: so one
 * can go to and fro, and on from anywhere. Marks may be freed in any order. (Rerooting, as in
 * Baker's arrays of several versions: what is live is the root, every mark differs from the one
 * next to it on the way there.)
 */
#ifndef TERRAPIN_FRONTEND_UNDO_H
#define TERRAPIN_FRONTEND_UNDO_H

#include "mem/error.h"

struct undo;
struct undo_mark;

/* The live content: n bytes at `at`, inside; -1: the host's trouble. */
struct undo_disk {
    void *ctx;
    uint64_t size;
    int (*read)(void *ctx, uint64_t at, void *out, size_t n);
    int (*write)(void *ctx, uint64_t at, const void *in, size_t n);
};

struct undo *undo_new(const struct undo_disk *disk); /* NULL: out of memory */
void undo_free(struct undo *u);                      /* with all marks. NULL is fine */

/* The content as it is now; NULL: out of memory. Two marks of one content are one: each is to
 * be freed. */
struct undo_mark *undo_mark(struct undo *u);
void undo_unmark(struct undo *u, struct undo_mark *mark);
/* To be called before [at, at + n) of the live content is written to. */
void undo_before_write(struct undo *u, uint64_t at, size_t n);
/* Makes the live content what it was; what has been written since the last mark is forgotten.
 * -1: it cannot be read or written, or memory is short; then it is that of some mark. */
int undo_go(struct undo *u, struct undo_mark *mark);
/* Something could not be kept: no mark can be gone to or set any more, until all are freed. */
bool undo_lost(const struct undo *u);
uint64_t undo_bytes(const struct undo *u); /* of memory */

#endif
