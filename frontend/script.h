/* frontend/script.h -- a file of monitor commands, run at exact ticks.
 *
 * The machine runs only inside commands that say so; every other command acts at that very
 * tick. The file is read and checked as a whole before the machine starts.
 */
#ifndef TERRAPIN_FRONTEND_SCRIPT_H
#define TERRAPIN_FRONTEND_SCRIPT_H

#include "mem/error.h"

struct script;
struct session;

struct script *script_load(const char *path, struct error *err); /* NULL and err */
void script_free(struct script *sc);                             /* NULL is fine */
/* To its last command, or until the session is over; a failure ends the session. */
void script_run(const struct script *sc, struct session *s);

#endif
