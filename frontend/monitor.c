/* frontend/monitor.c -- see the header. */
#include "frontend/posix.h"

#include "frontend/monitor.h"

#include "frontend/commands.h"
#include "frontend/report.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LONGEST_LINE = 4096 };

struct monitor {
    char line[LONGEST_LINE];
    size_t len;
    bool tty;      /* somebody reads a prompt */
    bool echo;     /* and sees only what we show */
    char last;     /* character typed */
    bool ended;    /* end of file */
    bool too_long; /* the rest of this line is ignored */
};

void monitor_prompt(const struct monitor *mon)
{
    if (mon->tty && !mon->ended) {
        say("(terrapin) ");
    }
    say_flush();
}

struct monitor *monitor_open(bool echo)
{
    struct monitor *mon = calloc(1, sizeof *mon);
    if (mon) {
        mon->echo = echo;
        mon->tty = echo || (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO));
        if (mon->tty) {
            say_text(echo ? "\n" : "");
            say("terrapin's monitor; help lists the commands\n");
        }
        monitor_prompt(mon);
    }
    return mon;
}

void monitor_close(struct monitor *mon)
{
    free(mon);
}

void monitor_line(struct session *s, const char *line)
{
    struct words w;
    struct error err = {""};
    if (words_split(&w, line, &err) < 0) {
        report("%s", err.text);
        return;
    }
    if (w.n > 0 &&
        (command_check(&w, false, &err) < 0 || command_run(s, &w, &err) != COMMAND_OK)) {
        report("%s", err.text);
    }
    words_free(&w);
}

static void take_byte(struct monitor *mon, struct session *s, char c)
{
    if (c != '\n') {
        if (mon->len < LONGEST_LINE - 1) {
            mon->line[mon->len++] = c;
        } else {
            mon->too_long = true;
        }
        return;
    }
    mon->line[mon->len] = '\0';
    if (mon->too_long) {
        report("-monitor: the line is too long");
    } else {
        monitor_line(s, mon->line);
    }
    mon->len = 0;
    mon->too_long = false;
    if (!s->over) {
        monitor_prompt(mon);
    }
}

/* Erases the last n characters typed. */
static void rub_out(struct monitor *mon, size_t n)
{
    for (; n > 0 && mon->len > 0; n--) {
        mon->len--;
        fputs("\b \b", stdout);
    }
}

void monitor_key(struct monitor *mon, struct session *s, char c)
{
    enum { CTRL_U = 21, DEL = 127 };
    char before = mon->last;
    mon->last = c;
    if (c == '\n' && before == '\r') {
        return;
    }
    if (c == '\r' || c == '\n') {
        say("\n");
        take_byte(mon, s, '\n');
    } else if (c == '\b' || c == DEL) {
        rub_out(mon, 1);
    } else if (c == CTRL_U) {
        rub_out(mon, mon->len);
    } else if (c >= ' ' && c < DEL) {
        take_byte(mon, s, c);
        say("%c", c);
    }
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
            if (mon->len > 0) {
                take_byte(mon, s, '\n'); /* a last line without newline */
            }
            break;
        }
        for (ssize_t i = 0; i < n && !s->over; i++) {
            take_byte(mon, s, bytes[i]);
        }
    }
}
