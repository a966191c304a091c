/* frontend/monitor.c -- see the header. */
#include "frontend/posix.h"

#include "frontend/monitor.h"

#include "frontend/commands.h"
#include "frontend/report.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LONGEST_LINE = 4096 };

struct monitor {
    char line[LONGEST_LINE];
    size_t len;
    bool tty;      /* somebody reads a prompt */
    bool ended;    /* end of file */
    bool too_long; /* the rest of this line is ignored */
};

static void prompt(const struct monitor *mon)
{
    if (mon->tty && !mon->ended) {
        say("(terrapin) ");
    }
    say_flush();
}

struct monitor *monitor_open(void)
{
    struct monitor *mon = calloc(1, sizeof *mon);
    if (mon) {
        mon->tty = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
        if (mon->tty) {
            say("terrapin's monitor; help lists the commands\n");
        }
        prompt(mon);
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
        prompt(mon);
    }
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
