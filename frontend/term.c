/* frontend/term.c -- the terminal display: taking the terminal and giving it back. */
#include "frontend/posix.h"

#include "frontend/report.h"
#include "frontend/term_priv.h"

#if TERRAPIN_HAVE_TERM

#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

/* --- giving the terminal back in a crash: only what is safe in a signal handler -------------
 */

static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

static struct {
    struct sigaction before[ARRAY_LEN(crashes)];
    struct termios mode;
    char undo[128]; /* what the terminal wants to hear */
    size_t len;
} rescue;

static void add_undo(const char *capability)
{
    const char *s = tigetstr(capability);
    size_t n = s && s != (const char *)-1 ? strlen(s) : 0;
    if (rescue.len + n <= sizeof rescue.undo) {
        memcpy(rescue.undo + rescue.len, s ? s : "", n);
        rescue.len += n;
    }
}

static void on_crash(int signal)
{
    ssize_t ignored = write(STDOUT_FILENO, rescue.undo, rescue.len);
    (void)ignored;
    tcsetattr(STDIN_FILENO, TCSANOW, &rescue.mode);
    for (size_t i = 0; i < ARRAY_LEN(crashes); i++) {
        if (crashes[i] == signal) {
            sigaction(signal, &rescue.before[i], NULL);
        }
    }
    raise(signal);
}

static void watch_crashes(bool on)
{
    struct sigaction sa;
    memset(&sa, 0, sizeof sa);
    sigemptyset(&sa.sa_mask);
    sa.sa_handler = on_crash;
    for (size_t i = 0; i < ARRAY_LEN(crashes); i++) {
        if (on) {
            sigaction(crashes[i], &sa, &rescue.before[i]);
        } else {
            sigaction(crashes[i], &rescue.before[i], NULL);
        }
    }
}

/* --- open and close ------------------------------------------------------------------------
 */

/* Terminals speak UTF-8 nowadays; a plain C locale only means that nobody said so. */
static bool choose_locale(void)
{
    const char *locale = setlocale(LC_CTYPE, "");
    if (!locale || strcmp(locale, "C") == 0 || strcmp(locale, "POSIX") == 0) {
        setlocale(LC_CTYPE, "C.UTF-8");
    }
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
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

struct term *term_open(const char *name, struct error *err)
{
    struct term *t = calloc(1, sizeof *t);
    if (!t) {
        error_set(err, "-display term: out of memory");
        return NULL;
    }
    t->name = name;
    t->utf8 = choose_locale();
    tcgetattr(STDIN_FILENO, &rescue.mode);
    if (!newterm(NULL, stdout, stdin)) {
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
    rescue.len = 0;
    add_undo("sgr0");
    add_undo("cnorm");
    add_undo("rmkx");
    add_undo("rmcup");
    watch_crashes(true);
    if (has_colors()) {
        start_color();
    }
    t->redraw = true;
    report_hold(on_line, t);
    return t;
}

void term_close(struct term *t)
{
    if (t) {
        endwin();
        watch_crashes(false);
        report_release();
        free(t);
    }
}

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

void term_update(struct term *t, struct session *s)
{
    const uint64_t frame_ns = 1000000000 / 60;
    uint64_t now = wall_ns();
    if (now - t->drawn_ns < frame_ns - frame_ns / 8) {
        return;
    }
    t->drawn_ns = now;
    term_read_keys(t, s);
    send_keys(t, s);
    if (s->over) {
        return;
    }
    if (t->message_until_ns && now >= t->message_until_ns) {
        t->message_until_ns = 0;
        t->redraw = true;
    }
    machine_screen(s->machine, &t->now);
    term_draw(t);
}

#else

struct term *term_open(const char *name, struct error *err)
{
    (void)name;
    error_set(err, "-display term: built without ncurses; use -display none");
    return NULL;
}

void term_close(struct term *t)
{
    (void)t;
}

void term_update(struct term *t, struct session *s)
{
    (void)t, (void)s;
}

void term_show(struct term *t, const char *message)
{
    (void)t, (void)message;
}

#endif
