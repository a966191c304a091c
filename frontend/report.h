/* frontend/report.h -- the lines that people read on stderr and stdout.
 *
 * A report is one line on stderr, "terrapin: <file or option>: what; remedy". Control bytes in
 * what is printed (a file name may hold any) become '?', so that nothing reaches the terminal
 * as an escape sequence. While a screen owns the terminal, all lines are held back until the
 * end.
 */
#ifndef TERRAPIN_FRONTEND_REPORT_H
#define TERRAPIN_FRONTEND_REPORT_H

#include "mem/types.h"

void report(const char *format, ...) PRINTF_LIKE(1, 2);   /* stderr, one line, with prefix */
void complain(const char *format, ...) PRINTF_LIKE(1, 2); /* stderr, as it is */
void say(const char *format, ...) PRINTF_LIKE(1, 2);      /* stdout, as it is */
void say_text(const char *text); /* stdout, any length; newline and tab survive */
void say_flush(void);
bool say_failed(void); /* stdout takes no more: a closed pipe, a full disk */

/* A screen takes the terminal, and gives it back: then what was held is printed. shown, if not
 * NULL, gets each line for the screen's own use. */
typedef void report_shown_fn(void *ctx, const char *line);
void report_hold(report_shown_fn *shown, void *ctx);
void report_watch(report_shown_fn *shown, void *ctx); /* gets each line, and nothing is held */
void report_divert(bool on); /* while held: shown gets everything, and nothing is kept */
void report_release(void);

/* While a monitor's command runs, everything goes to whoever typed it, without a prefix. NULL
 * ends it. */
void report_redirect(report_shown_fn *to, void *ctx);
/* A line that somebody types at stdout's terminal makes way, and comes back below. */
typedef void report_prompt_fn(void *ctx, bool before);
void report_prompt(report_prompt_fn *fn, void *ctx);

/* The end of a path that still fits into a message. */
const char *short_path(const char *path);

#endif
