/* frontend/console.c -- see the header. */
#include "frontend/posix.h"

#include "frontend/console.h"

#include "devices/machine.h"
#include "frontend/monitor.h"
#include "frontend/report.h"
#include "frontend/session.h"
#include "frontend/tty.h"
#include "frontend/vt_filter.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

_Static_assert((int)CONSOLE_BYTES == (int)VT_LONGEST, "a sequence passes as a whole");

enum { WAITING = 4096, PIECE = 256, CTRL_A = 1 };

struct console {
    bool with_monitor;
    bool tty_in, tty_out;
    bool raw; /* the terminal is ours */
    struct termios before;
    bool prefix;     /* Ctrl-A was typed */
    bool in_monitor; /* typing goes to the monitor */
    struct monitor *monitor;
    struct vt_filter filter;
    uint16_t waiting[WAITING]; /* for the guest */
    unsigned first, count;
};

struct console *console_open(bool with_monitor)
{
    struct console *c = calloc(1, sizeof *c);
    if (c) {
        c->with_monitor = with_monitor;
        c->tty_in = isatty(STDIN_FILENO);
        c->tty_out = isatty(STDOUT_FILENO);
    }
    return c;
}

/* Ctrl-C ends the program, unless the monitor's keys can: then it is the guest's. */
void console_start(struct console *c)
{
    c->raw = c->tty_in && tty_take(&c->before, !c->with_monitor);
}

void console_close(struct console *c)
{
    if (!c) {
        return;
    }
    monitor_close(c->monitor);
    if (c->tty_out) {
        say_flush();
        const char *reset = vt_filter_reset(&c->filter);
        ssize_t ignored = write(STDOUT_FILENO, reset, strlen(reset));
        (void)ignored;
    }
    if (c->raw) {
        tty_give(&c->before);
    }
    free(c);
}

size_t console_show(struct console *c, uint8_t byte, uint8_t out[CONSOLE_BYTES])
{
    if (c->tty_out) {
        return vt_filter(&c->filter, byte, out);
    }
    out[0] = byte;
    return 1;
}

/* ---- what is typed */

static void push(struct console *c, uint16_t code)
{
    if (c->count < WAITING) {
        c->waiting[(c->first + c->count++) % WAITING] = code;
    }
}

bool console_next(struct console *c, uint16_t *code)
{
    if (c->count == 0) {
        return false;
    }
    *code = c->waiting[c->first];
    c->first = (c->first + 1) % WAITING;
    c->count--;
    return true;
}

static void change_to_monitor(struct console *c, bool on)
{
    c->in_monitor = on;
    if (on && !c->monitor) {
        c->monitor = monitor_open(true);
    } else if (on) {
        monitor_prompt(c->monitor);
    } else {
        monitor_leave(c->monitor);
    }
    say_flush();
}

static void help(void)
{
    say("\nCtrl-A x  quits\nCtrl-A c  goes to the monitor, and back to the serial line\n"
        "Ctrl-A b  sends a break\nCtrl-A h  shows this\nCtrl-A Ctrl-A  sends Ctrl-A\n");
    say_flush();
}

/* What follows Ctrl-A. busy: only the end is heard. */
static void command(struct console *c, struct session *s, uint8_t byte, bool busy)
{
    if (byte == 'x') {
        session_end(s, EXIT_FINE);
    } else if (busy) {
        return;
    } else if (byte == 'c') {
        change_to_monitor(c, !c->in_monitor);
    } else if (byte == 'b') {
        push(c, SERIAL_BREAK);
    } else if (byte == CTRL_A) {
        push(c, CTRL_A);
    } else {
        help();
    }
}

static void take(struct console *c, struct session *s, uint8_t byte, bool busy)
{
    if (c->prefix) {
        c->prefix = false;
        command(c, s, byte, busy);
    } else if (c->with_monitor && byte == CTRL_A) {
        c->prefix = true;
    } else if (busy) {
        return; /* nobody to type at */
    } else if (c->in_monitor && c->monitor) {
        monitor_key(c->monitor, s, (char)byte);
    } else {
        push(c, byte);
    }
}

void console_poll(struct console *c, struct serial_end *end, struct session *s, bool busy)
{
    uint8_t bytes[PIECE];
    if (c->tty_in && !c->raw) {
        return; /* in the background: not ours to read */
    }
    /* A pipe's data can wait in the pipe; at a terminal somebody may want to quit. */
    while (!s->over && (c->tty_in || (!busy && c->count + PIECE <= WAITING))) {
        int n = serial_end_read(end, bytes, sizeof bytes);
        if (n < 0 && c->in_monitor && c->monitor) {
            monitor_key(c->monitor, s, '\n'); /* a last line without newline */
        }
        if (n <= 0) {
            return;
        }
        for (int i = 0; i < n && !s->over; i++) {
            take(c, s, bytes[i], busy);
        }
    }
}
