/* frontend/signals.h -- signals that end a run, and an alarm that interrupts one. */
#ifndef TERRAPIN_FRONTEND_SIGNALS_H
#define TERRAPIN_FRONTEND_SIGNALS_H

#include "mem/types.h"

struct machine;

/* SIGINT, SIGTERM, SIGHUP and SIGQUIT are noted and make machine_run return; a closed pipe or a
 * full disk is an error of write(), not a death. */
void signals_install(struct machine *m); /* NULL: no machine any more */
int signals_pending(void);               /* the one that came, or 0 */
bool signals_take(int signal);           /* it came; it shall not have been */
void signals_alarm(bool on);             /* machine_break() every 20 wall milliseconds */
void signals_die(int signal); /* by its default action; returns if that is not to die */

#endif
