/* frontend/history.h -- the flight recorder: the last minutes of a live machine, to go back to.
 *
 * Moments (frontend/moment.h) are taken every quarter of a virtual second, as long as that
 * costs little, and what came through the machine's door in between is kept; so any tick since
 * the oldest moment can be reached, by running again from the moment before it. The older, the
 * farther apart moments are; what does not fit into the memory given is forgotten, the oldest
 * last. Nothing of this shows in the machine.
 *
 * Media that are changed stay open on a shelf (drives.h) and go back too; when too many were,
 * or a state is loaded, a new history begins.
 *
 * NOT IMPLEMENTED: history_save() of an image that was put in, written to directly (without a
 * snapshot), and whose file a replay will find as it is now: it is refused by the replay.
 */
#ifndef TERRAPIN_FRONTEND_HISTORY_H
#define TERRAPIN_FRONTEND_HISTORY_H

#include "mem/error.h"

struct drives;
struct history;
struct input;
struct machine;
struct session;

/* size: bytes of memory. NULL and err. All of the following take NULL for "there is none". */
struct history *history_new(uint64_t size, struct drives *d, struct error *err);
void history_free(struct history *h);
void history_forget(struct history *h);
/* How far it reaches, and what it takes; malloc'ed. NULL: there is no moment, or no memory. */
char *history_info(const struct history *h, const struct session *s);
/* What comes through the door, before it acts. */
void history_input(struct history *h, const struct input *in);
/* Between slices: takes a moment when it is time. */
void history_poll(struct history *h, struct session *s);

/* The oldest tick that can be gone back to; false: none. */
bool history_first(const struct history *h, uint64_t *tick);
/* Back to a tick; what came after it never was. Keys that were down then come up. -1 and err:
 * it cannot be reached, or somebody interrupts: the machine is where it was. */
int history_rewind(struct history *h, struct session *s, uint64_t tick, struct error *err);
/* To the latest moment before now, at once. 0: there is none. */
int history_step_back(struct history *h, struct session *s, struct error *err);
/* For searches: the moments, oldest first; nothing is dropped until history_rewind(). In a
 * replay the same, with what was played. */
unsigned history_moments(const struct history *h);
uint64_t history_tick(const struct history *h, unsigned i);
struct moment;
const struct moment *history_moment(const struct history *h, unsigned i);
/* A moment more, in the midst of a search, so that what comes next need not run so far. */
void history_mark(struct history *h, struct session *s);
int history_visit(struct history *h, struct session *s, unsigned i, struct error *err);
/* From there on as it came, to a tick, silently; stopped() at each of a debugger's points,
 * true: that is enough. false: a signal came. */
typedef bool history_stop_fn(void *ctx, struct machine *m);
bool history_run(struct history *h, struct session *s, uint64_t tick, history_stop_fn *stopped,
                 void *ctx);
/* All of it as a recording, for terrapin replay. */
int history_save(struct history *h, struct session *s, const char *path, struct error *err);

#endif
