/* frontend/record.h -- -record LOG: a run on its way into a file (devices/input_log.h).
 *
 * The file is there from the start on, and gets what has happened twice a wall second, each
 * time by one write(): when this program is killed, or dies, all but the last second can be
 * played back. Nothing is synced: that is for whoever fears for the host, and would cost the
 * guest its pace.
 */
#ifndef TERRAPIN_FRONTEND_RECORD_H
#define TERRAPIN_FRONTEND_RECORD_H

#include "mem/error.h"

struct input;
struct record;
struct session;

/* From the present moment of s's machine, whose disks had better be snapshots. A file of this
 * name is replaced when the start is written. NULL and err: nothing has happened. */
struct record *record_open(struct session *s, const char *path, struct error *err);
/* What came through the door. rec may be NULL, here and below. */
void record_input(struct record *rec, const struct input *in);
/* Between slices: hashes and blocks that are due. A file that takes no more is told of. */
void record_poll(struct record *rec, struct session *s);
/* The host let a disk down, which no recording can repeat: it ends before that. */
void record_spoilt(struct record *rec, struct session *s);
/* Ends it in good order. -1: it is not complete (and that has been told). */
int record_close(struct record *rec, struct session *s);
const char *record_path(const struct record *rec);
int record_file(const struct record *rec); /* its descriptor */

#endif
