/* frontend/monitor.h -- commands typed while the machine runs: -monitor stdio, and the line
 * that the terminal display's monitor shares with it.
 */
#ifndef TERRAPIN_FRONTEND_MONITOR_H
#define TERRAPIN_FRONTEND_MONITOR_H

#include "mem/types.h"

struct monitor;
struct session;

/* NULL: no memory. echo: the terminal is raw, lines are edited here. */
struct monitor *monitor_open(bool echo);
void monitor_close(struct monitor *mon); /* NULL is fine */
/* Runs the lines that have arrived. End of file ends the monitor, not the machine. */
void monitor_poll(struct monitor *mon, struct session *s);
/* One typed character, with echo. */
void monitor_key(struct monitor *mon, struct session *s, char c);
void monitor_prompt(const struct monitor *mon);
/* Runs one line; its errors are reported. */
void monitor_line(struct session *s, const char *line);

#endif
