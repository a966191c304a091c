/* frontend/term.c -- the terminal display: taking the terminal and giving it back. */
#include "frontend/posix.h"

#include "frontend/report.h"
#include "frontend/rescue.h"
#include "frontend/term_priv.h"

#if TERRAPIN_HAVE_TERM

#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* --- update --------------------------------------------------------------------------------
 */

/* A typed key is down from one update to the next; the following one waits until the guest has
 * taken the codes of the former. */
static void send_keys(struct term *t, struct session *s)
{
    if (s->stopped) {
        return;
    }
    for (unsigned i = t->held.n; i-- > 0;) {
        session_key(s, t->held.code[i], false);
    }
    t->held.n = 0;
    if (t->queued == 0 || !machine_keyboard_idle(s->machine)) {
        return;
    }
    t->held = t->queue[t->first];
    t->first = (t->first + 1) % TERM_QUEUE;
    t->queued--;
    for (unsigned i = 0; i < t->held.n; i++) {
        session_key(s, t->held.code[i], true);
    }
}

/* The shell has brought us back; ncurses knows, but not what it did not draw. */
static volatile sig_atomic_t continued;

static void on_continue(int signal)
{
    (void)signal;
    continued = 1;
}

static void watch_continue(void (*handler)(int))
{
    struct sigaction sa;
    memset(&sa, 0, sizeof sa);
    sigemptyset(&sa.sa_mask);
    sa.sa_handler = handler;
    sa.sa_flags = SA_RESTART;
    sigaction(SIGCONT, &sa, NULL);
}

/* Is nobody at the terminal any more? */
static bool is_gone(void)
{
    struct pollfd fd = {.fd = STDIN_FILENO, .events = POLLIN};
    return poll(&fd, 1, 0) > 0 && fd.revents & (POLLHUP | POLLERR | POLLNVAL);
}

static void update_term(struct display *d, struct session *s)
{
    struct term *t = (struct term *)d;
    const uint64_t frame_ns = 1000000000 / 60;
    uint64_t now = wall_ns();
    if (now - t->drawn_ns < frame_ns - frame_ns / 8) {
        return;
    }
    t->drawn_ns = now;
    if (continued) {
        continued = 0;
        t->clear = true;
    }
    if (is_gone()) { /* and SIGHUP was ignored, or it would have said so */
        session_end(s, EXIT_TROUBLE);
        return;
    }
    term_read_keys(t, s);
    send_keys(t, s);
    if (s->over) {
        return;
    }
    if (t->message_until_ns && now >= t->message_until_ns) {
        t->message_until_ns = 0;
        t->redraw = true;
    }
    term_draw(t, s);
}

/* --- open and close ------------------------------------------------------------------------
 */

static void add_undo(const char *capability)
{
    const char *s = tigetstr(capability);
    if (s && s != (const char *)-1) {
        rescue_undo(s, strlen(s));
    }
}

/* Terminals speak UTF-8 nowadays; a plain C locale only means that nobody said so. */
static bool choose_locale(void)
{
    const char *locale = setlocale(LC_CTYPE, "");
    if (!locale || strcmp(locale, "C") == 0 || strcmp(locale, "POSIX") == 0) {
        setlocale(LC_CTYPE, "C.UTF-8");
    }
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* Itself, and under a name that promises eight colours only. */
static bool in_xterm(void)
{
    const char *type = getenv("TERM");
    return getenv("XTERM_VERSION") && type && strcmp(type, "xterm") == 0;
}

static void on_line(void *ctx, const char *line)
{
    struct term *t = ctx;
    if (t->busy) {
        term_monitor_say(t, line);
    } else {
        term_show(t, line);
    }
}

static void close_term(struct display *d)
{
    struct term *t = (struct term *)d;
    watch_continue(SIG_DFL);
    endwin();
    term_picture_free(&t->picture);
    rescue_disarm();
    report_release();
    free(t);
}

static void show_on_term(struct display *d, const char *message)
{
    term_show((struct term *)d, message);
}

static const struct display_ops term_ops = {close_term, update_term, show_on_term, NULL};

struct display *term_open(const char *name, struct error *err)
{
    struct term *t = calloc(1, sizeof *t);
    if (!t) {
        error_set(err, "-display term: out of memory");
        return NULL;
    }
    t->display.ops = &term_ops;
    t->name = name;
    t->utf8 = choose_locale();
    struct termios before;
    bool known = tcgetattr(STDIN_FILENO, &before) == 0;
    if (!(in_xterm() && newterm("xterm-256color", stdout, stdin)) &&
        !newterm(NULL, stdout, stdin)) {
        const char *type = getenv("TERM");
        error_set(err, "-display term: terminal type \"%.40s\" is unknown; set TERM",
                  type ? type : "");
        free(t);
        return NULL;
    }
    raw();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    set_escdelay(25);
    if (known) {
        rescue_arm(&before);
        add_undo("sgr0");
        add_undo("cnorm");
        add_undo("rmkx");
        add_undo("rmcup");
    }
    if (has_colors()) {
        start_color();
    }
    t->depth = term_picture_depth();
    t->redraw = true;
    watch_continue(on_continue);
    report_hold(on_line, t);
    return &t->display;
}

#else

struct display *term_open(const char *name, struct error *err)
{
    (void)name;
    error_set(err, "-display term: built without ncurses; use -display none");
    return NULL;
}

#endif
