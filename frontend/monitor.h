/* frontend/monitor.h -- commands typed while the machine runs: -monitor stdio, and the line
 * that the terminal display's monitor shares with it.
 */
#ifndef TERRAPIN_FRONTEND_MONITOR_H
#define TERRAPIN_FRONTEND_MONITOR_H

#include "mem/types.h"

struct monitor;
struct session;

struct monitor *monitor_open(void);      /* NULL: no memory */
void monitor_close(struct monitor *mon); /* NULL is fine */
/* Runs the lines that have arrived. End of file ends the monitor, not the machine. */
void monitor_poll(struct monitor *mon, struct session *s);
/* Runs one line; its errors are reported. */
void monitor_line(struct session *s, const char *line);

#endif
