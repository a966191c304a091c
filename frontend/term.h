/* frontend/term.h -- -display term: the guest's text screen in a terminal, and its keys.
 *
 * What the guest shows is drawn as Unicode cells, never as bytes of its own. The terminal is
 * given back on every way out, signals and crashes included. Lines for stdout and stderr wait
 * until then (frontend/report.h); the last one shows at the bottom for a while.
 */
#ifndef TERRAPIN_FRONTEND_TERM_H
#define TERRAPIN_FRONTEND_TERM_H

#include "mem/error.h"

struct display;

/* name: the machine's, or NULL. NULL and err: a terminal that cannot show a screen. */
struct display *term_open(const char *name, struct error *err);

#endif
