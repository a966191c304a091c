/* frontend/monitor.c -- see the header. */
#include "frontend/posix.h"

#include "frontend/monitor.h"

#include "frontend/commands.h"
#include "frontend/complete.h"
#include "frontend/report.h"
#include "frontend/tty.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LONGEST_LINE = 4096 };

struct monitor {
    bool typed; /* at a terminal: a prompt, and lines are edited */
    bool raw;   /* the terminal is ours to give back */
    struct termios before;
    struct edit edit;
    char last;      /* byte typed */
    bool prompting; /* the prompt is what the terminal's last line shows */
    char *answer;   /* of the present command, or the rest of it that is shown page by page */
    size_t len, shown;
    bool paging;
    /* a pipe */
    char line[LONGEST_LINE];
    size_t used;
    bool ended;    /* end of file */
    bool too_long; /* the rest of this line is ignored */
};

static const char prompt[] = "(terrapin) ";

bool monitor_is_typed(const struct monitor *mon)
{
    return mon && mon->typed;
}

void monitor_line(struct session *s, const char *line)
{
    struct words w;
    struct error err = {""};
    if (words_split(&w, line, &err) < 0) {
        report("%s", err.text);
        return;
    }
    if (w.n > 0 && s->commanding) {
        report("%s: a command of another monitor runs the machine; wait for its end",
               w.word[0]);
    } else if (w.n > 0) {
        s->commanding = true;
        if (command_check(&w, false, &err) < 0 || command_run(s, &w, &err) != COMMAND_OK) {
            report("%s", err.text);
        }
        s->commanding = false;
    }
    words_free(&w);
}

/* --- at a terminal: the line ---------------------------------------------------------------
 */

/* The line that is typed, or the part of it around the cursor. */
static void draw_line(const struct monitor *mon)
{
    const struct edit *e = &mon->edit;
    unsigned columns, lines;
    tty_size(&columns, &lines);
    size_t room = columns > sizeof prompt + 8 ? columns - sizeof prompt : 8, from = 0;
    while (edit_columns(e->line + from, e->at - from) > room) {
        from++;
        while (((unsigned char)e->line[from] & 0xC0) == 0x80) {
            from++;
        }
    }
    size_t end = e->len;
    while (edit_columns(e->line + from, end - from) > room) {
        end--;
    }
    size_t right = edit_columns(e->line + e->at, end > e->at ? end - e->at : 0);
    printf("\r%s%.*s\x1B[K", prompt, (int)(end - from), e->line + from);
    if (right > 0) {
        printf("\x1B[%uD", (unsigned)right);
    }
}

void monitor_prompt(struct monitor *mon)
{
    if (mon->typed && !mon->ended) {
        mon->prompting = true;
        draw_line(mon);
    }
    say_flush();
}

void monitor_leave(struct monitor *mon)
{
    if (mon && mon->prompting) {
        mon->prompting = false;
        fputs("\r\n", stdout);
        fflush(stdout);
    }
}

/* Somebody else has a line for the terminal. */
static void make_way(void *ctx, bool before)
{
    struct monitor *mon = ctx;
    if (mon->prompting && before) {
        fputs("\r\x1B[K", stdout);
        fflush(stdout);
    } else if (mon->prompting) {
        draw_line(mon);
        fflush(stdout);
    }
}

/* --- at a terminal: answers ----------------------------------------------------------------
 */

static void keep(void *ctx, const char *text)
{
    struct monitor *mon = ctx;
    size_t n = strlen(text);
    char *more = realloc(mon->answer, mon->len + n + 1);
    if (more) {
        memcpy(more + mon->len, text, n + 1);
        mon->answer = more;
        mon->len += n;
    }
}

/* The next n lines of the answer, as the terminal wraps them. */
static void show_lines(struct monitor *mon, unsigned n)
{
    const char *from = mon->answer + mon->shown, *p = from;
    unsigned columns, lines;
    tty_size(&columns, &lines);
    for (unsigned used = 0; *p;) {
        size_t len = strcspn(p, "\n"), width = edit_columns(p, len);
        used += 1 + (unsigned)(width > 0 ? (width - 1) / columns : 0);
        if (used > n && p > from) {
            break;
        }
        p += len + (p[len] == '\n');
    }
    fwrite(from, 1, (size_t)(p - from), stdout);
    mon->shown += (size_t)(p - from);
    mon->paging = mon->shown < mon->len;
    if (mon->paging) {
        fputs("-- more: space, Return, q --", stdout);
        return;
    }
    mon->len = mon->shown = 0;
    monitor_prompt(mon);
}

static void page_key(struct monitor *mon, char c)
{
    unsigned columns, lines;
    tty_size(&columns, &lines);
    fputs("\r\x1B[K", stdout);
    if (c == 'q' || c == 3) {
        mon->shown = mon->len;
    }
    show_lines(mon, c == '\r' || c == '\n' ? 1 : lines - 1);
}

static void run_typed(struct monitor *mon, struct session *s)
{
    char line[EDIT_LINE];
    unsigned columns, lines;
    memcpy(line, mon->edit.line, mon->edit.len + 1);
    edit_next(&mon->edit);
    mon->prompting = false;
    fputs("\r\n", stdout);
    fflush(stdout);
    mon->len = mon->shown = 0;
    report_redirect(keep, mon);
    monitor_line(s, line);
    report_redirect(NULL, NULL);
    tty_size(&columns, &lines);
    if (s->over) {
        lines = UINT16_MAX;
    }
    if (mon->answer && mon->len > 0) {
        show_lines(mon, lines > 2 ? lines - 1 : 1);
    } else if (!s->over) {
        monitor_prompt(mon);
    }
}

static void complete(struct monitor *mon)
{
    char text[COMPLETE_TEXT];
    complete_line(&mon->edit, text);
    if (*text) {
        printf("\r\n%s\r\n", text);
    }
    draw_line(mon);
}

void monitor_key(struct monitor *mon, struct session *s, char c)
{
    char before = mon->last;
    mon->last = c;
    if (c == '\n' && before == '\r') {
        return;
    }
    if (mon->paging) {
        page_key(mon, c);
        say_flush();
        return;
    }
    unsigned key = edit_decode(&mon->edit, (uint8_t)c);
    switch (key == EDIT_NONE ? EDIT_SAME : edit_key(&mon->edit, key)) {
    case EDIT_SAME: break;
    case EDIT_CHANGED: draw_line(mon); break;
    case EDIT_ENTERED: run_typed(mon, s); break;
    case EDIT_TAB: complete(mon); break;
    case EDIT_CLEAR:
        fputs("\x1B[H\x1B[2J", stdout);
        draw_line(mon);
        break;
    case EDIT_CLOSED: break;
    }
    say_flush();
}

/* --- open and close ------------------------------------------------------------------------
 */

struct monitor *monitor_open(bool console)
{
    struct monitor *mon = calloc(1, sizeof *mon);
    if (!mon) {
        return NULL;
    }
    mon->typed = console;
    if (!console && isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)) {
        mon->raw = tty_take(&mon->before, true);
        mon->typed = mon->raw;
        mon->ended = !mon->raw; /* in the background: not ours to read */
    }
    if (mon->typed) {
        say("%sterrapin's monitor; help lists the commands, Tab completes\n",
            console ? "\n" : "");
        report_prompt(make_way, mon);
    }
    monitor_prompt(mon);
    return mon;
}

void monitor_close(struct monitor *mon)
{
    if (!mon) {
        return;
    }
    if (mon->typed) {
        report_prompt(NULL, NULL);
    }
    monitor_leave(mon);
    if (mon->raw) {
        tty_give(&mon->before);
    }
    free(mon->answer);
    free(mon);
}

/* --- a pipe --------------------------------------------------------------------------------
 */

static void take_byte(struct monitor *mon, struct session *s, char c)
{
    if (c != '\n') {
        if (mon->used < LONGEST_LINE - 1) {
            mon->line[mon->used++] = c;
        } else {
            mon->too_long = true;
        }
        return;
    }
    mon->line[mon->used] = '\0';
    if (mon->too_long) {
        report("-monitor: the line is too long");
    } else {
        monitor_line(s, mon->line);
    }
    mon->used = 0;
    mon->too_long = false;
    say_flush();
}

void monitor_poll(struct monitor *mon, struct session *s)
{
    struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
    while (!mon->ended && !s->over && poll(&fd, 1, 0) > 0) {
        char bytes[256];
        ssize_t n = read(STDIN_FILENO, bytes, sizeof bytes);
        if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
            continue;
        }
        if (n <= 0) {
            mon->ended = true;
            if (mon->used > 0) {
                take_byte(mon, s, '\n'); /* a last line without newline */
            }
            break;
        }
        for (ssize_t i = 0; i < n && !s->over; i++) {
            if (mon->typed) {
                monitor_key(mon, s, bytes[i]);
            } else {
                take_byte(mon, s, bytes[i]);
            }
        }
    }
}
