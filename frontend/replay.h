/* frontend/replay.h -- terrapin replay LOG: a recording played back.
 *
 * The session is one like any other, with a screen, a monitor, a script, a debugger, at any
 * speed; but its machine comes out of the recording, its door is shut, and what comes in is
 * what came in then, at its tick. Each hash that was recorded is compared on the way.
 */
#ifndef TERRAPIN_FRONTEND_REPLAY_H
#define TERRAPIN_FRONTEND_REPLAY_H

#include "devices/machine.h"

struct replay;
struct session;

/* All of the file is checked. NULL and err. */
struct replay *replay_open(const char *path, struct error *err);
void replay_close(struct replay *r); /* NULL is fine */
/* Looks at the images that are put in on the way, and makes s's machine and drives anew; of a
 * session that has none yet, s->host is filled in by ready() in between. -1 and err: s is as it
 * was. */
typedef int replay_ready_fn(struct session *s, struct error *err);
int replay_start(struct replay *r, struct session *s, replay_ready_fn *ready,
                 struct error *err);

/* Somebody has put the machine to another moment of the recording: what is next there? */
void replay_found(struct replay *r, struct session *s);
/* The machine is not to run past this tick before replay_feed(). */
uint64_t replay_next(const struct replay *r);
/* At the present tick: all that the recording has for it. Ends the session at its end, with
 * exit code 4 where it differs. */
void replay_feed(struct replay *r, struct session *s);
/* The machine stopped for good (power off, a reset that it does not survive …): is that how the
 * recording has it? Then it goes on, or ends. */
void replay_stopped(struct replay *r, struct session *s);

/* The verdict of a session that ends, if it has one; printed. */
void replay_tell(struct replay *r, struct session *s);

const char *replay_path(const struct replay *r);
int replay_file(const struct replay *r);        /* its descriptor */
uint64_t replay_begin(const struct replay *r);  /* its first tick … */
uint64_t replay_end(const struct replay *r);    /* … and its last */
uint64_t replay_hashes(const struct replay *r); /* compared so far, and equal */
/* Inputs from this one on (its seq) are not played; UINT64_MAX: all are. */
void replay_limit(struct replay *r, uint64_t seq);
/* Hashes are not compared any more: who plays knows better. */
void replay_trust(struct replay *r);
/* As the recorder's machine was made to run; text of -flip or "". */
struct log_start;
const struct log_start *replay_recorded(const struct replay *r);

/* terrapin replay LOG -info, on stdout. -1 and err. */
int replay_info(const char *path, struct error *err);

#endif
