/* frontend/term_monitor.c -- Ctrl-A c: the monitor in the terminal, in place of the screen.
 *
 * What its commands print is shown here and not kept for the end. The machine goes on
 * meanwhile, unless it is stopped.
 */
#include "frontend/posix.h"

#include "frontend/monitor.h"
#include "frontend/report.h"
#include "frontend/term_priv.h"

#if TERRAPIN_HAVE_TERM

#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <string.h>

enum { CTRL_U = 21, ESCAPE = 27, DEL = 127 };

static const char prompt[] = "(terrapin) ";

void term_monitor_open(struct term *t, bool on)
{
    t->monitor = on;
    t->redraw = true;
    if (on && t->text_len == 0) {
        term_monitor_say(t,
                         "Terrapin's monitor: help lists the commands, Ctrl-A c goes back.\n");
    }
}

/* Keeps the newest: the older half goes, up to a line's end. */
void term_monitor_say(struct term *t, const char *text)
{
    size_t n = strlen(text);
    if (n >= TERM_TEXT / 2) {
        text += n - (TERM_TEXT / 2 - 1);
        n = TERM_TEXT / 2 - 1;
    }
    if (t->text_len + n >= TERM_TEXT) {
        const char *keep = memchr(t->text + TERM_TEXT / 2, '\n', t->text_len - TERM_TEXT / 2);
        keep = keep ? keep + 1 : t->text + TERM_TEXT / 2;
        t->text_len -= (size_t)(keep - t->text);
        memmove(t->text, keep, t->text_len);
    }
    memcpy(t->text + t->text_len, text, n);
    t->text_len += n;
    t->text[t->text_len] = '\0';
    t->redraw = true;
}

static void run(struct term *t, struct session *s)
{
    char line[TERM_LINE];
    memcpy(line, t->line, t->line_len);
    line[t->line_len] = '\0';
    if (t->line_len > 0) {
        memcpy(t->last_line, line, sizeof line);
    }
    term_monitor_say(t, prompt);
    term_monitor_say(t, line);
    term_monitor_say(t, "\n");
    t->line_len = 0;
    t->busy = true;
    report_divert(true);
    monitor_line(s, line);
    report_divert(false);
    t->busy = false;
}

static void recall(struct term *t)
{
    t->line_len = strlen(t->last_line);
    memcpy(t->line, t->last_line, t->line_len);
}

void term_monitor_key(struct term *t, struct session *s, int kind, uint32_t c)
{
    t->redraw = true;
    if (t->busy) {
        return;
    }
    if (kind == KEY_CODE_YES && (c == KEY_PPAGE || c == KEY_NPAGE)) {
        t->back += c == KEY_PPAGE ? LINES / 2 : -(LINES / 2);
        return;
    }
    t->back = 0;
    bool key = kind == KEY_CODE_YES;
    if (key && c == KEY_UP) {
        recall(t);
    } else if ((key && c == KEY_BACKSPACE) || (!key && (c == DEL || c == '\b'))) {
        t->line_len -= t->line_len > 0;
    } else if (!key && (c == CTRL_U || c == ESCAPE)) {
        t->line_len = 0;
    } else if (!key && (c == '\r' || c == '\n')) {
        run(t, s);
    } else if (!key && c >= ' ' && c < DEL && t->line_len < TERM_LINE - 1) {
        t->line[t->line_len++] = (char)c;
    }
}

/* Start of the line that is n lines up from `end`, which is the text's end or behind a newline;
 * n becomes what could not be had. */
static const char *lines_up(const struct term *t, const char *end, int *n)
{
    const char *p = end;
    while (*n > 0 && p > t->text) {
        p--;
        while (p > t->text && p[-1] != '\n') {
            p--;
        }
        --*n;
    }
    return p;
}

void term_monitor_draw(struct term *t)
{
    int rows = LINES - 1, missing = t->back < 0 ? 0 : t->back;
    t->back = missing;
    const char *end = lines_up(t, t->text + t->text_len, &missing);
    t->back -= missing; /* the beginning is the beginning */
    missing = rows;
    const char *p = lines_up(t, end, &missing);
    for (int y = 0; y < rows && p < end; y++) {
        size_t n = strcspn(p, "\n");
        mvaddnstr(y, 0, p, (int)n < COLS ? (int)n : COLS);
        p += n + (p[n] == '\n');
    }
    mvprintw(rows, 0, "%s%.*s", prompt, (int)t->line_len, t->line);
    curs_set(1);
}

#endif
