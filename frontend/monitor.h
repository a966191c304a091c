/* frontend/monitor.h -- commands typed while the machine runs.
 *
 * -monitor stdio, the monitor of a serial console (Ctrl-A c), -monitor unix:PATH, and the line
 * that displays' monitors share with them. At a terminal lines are edited, with history and
 * completion (frontend/edit.h), and long answers are shown page by page; a pipe or a socket is
 * lines of text both ways.
 */
#ifndef TERRAPIN_FRONTEND_MONITOR_H
#define TERRAPIN_FRONTEND_MONITOR_H

#include "mem/error.h"

struct monitor;
struct monitor_socket;
struct session;

/* NULL: no memory. console: somebody else reads the terminal, which is raw already. */
struct monitor *monitor_open(bool console);
void monitor_close(struct monitor *mon); /* NULL is fine */
/* Runs the lines that have arrived. End of file ends the monitor, not the machine. */
void monitor_poll(struct monitor *mon, struct session *s);
/* One typed byte, with echo. */
void monitor_key(struct monitor *mon, struct session *s, char c);
void monitor_prompt(struct monitor *mon);
void monitor_leave(struct monitor *mon); /* typing goes elsewhere */
/* Runs one line; its errors are reported. */
void monitor_line(struct session *s, const char *line);
bool monitor_is_typed(const struct monitor *mon); /* at a terminal; NULL: no */

/* monitor_socket.c: one client after the other. NULL and err. */
struct monitor_socket *monitor_serve(const char *path, struct error *err);
void monitor_unserve(struct monitor_socket *ms); /* NULL is fine in both */
void monitor_serve_poll(struct monitor_socket *ms, struct session *s);

#endif
