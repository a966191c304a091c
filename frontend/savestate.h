/* frontend/savestate.h -- savevm, loadvm and -loadvm: machine, disks and options together.
 *
 * A state is loaded beside what runs; only when all of it is in order does it take its place.
 */
#ifndef TERRAPIN_FRONTEND_SAVESTATE_H
#define TERRAPIN_FRONTEND_SAVESTATE_H

#include "frontend/saving.h"
#include "frontend/session.h"

/* The file is replaced as a whole or not at all; the state is that of now. In a script, and of
 * a stopped machine, no virtual time passes; else the guest runs on while the file is written.
 */
int savestate_save(struct session *s, const struct save_request *rq, struct error *err);

/* A state that has been read as far as its disks, which are open. */
struct savestate;
/* s: with options, which may not contradict the state, and the drives so far, if any. NULL and
 * err: nothing has changed. */
struct savestate *savestate_open(const struct session *s, const char *path, struct error *err);
/* The same of bytes that are in a file of another kind: a recording. source stays. */
struct state_source;
struct savestate *savestate_open_in(const struct session *s, const struct state_source *source,
                                    const char *path, struct error *err);
/* Into a session that has no drives yet: those of the state. */
void savestate_give_drives(struct savestate *st, struct session *s);
/* Puts the state's machine, drives and so on into s, whose former ones are freed. s->host is
 * filled in. -1 and err: s is as it was. */
int savestate_take(struct savestate *st, struct session *s, struct error *err);
void savestate_close(struct savestate *st); /* NULL is fine; in any case */

#endif
