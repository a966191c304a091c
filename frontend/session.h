/* frontend/session.h -- one run of one machine: from power-on to an exit code.
 *
 * Owner of: the machine, its drives, the wall-clock pacing, the reason to end. Whoever wants
 * time to pass (a script, the monitor, main) calls session_run; between slices of it the
 * session looks after the world outside: signals, -timeout, the screen in the terminal. A slice
 * never shows in the machine.
 */
#ifndef TERRAPIN_FRONTEND_SESSION_H
#define TERRAPIN_FRONTEND_SESSION_H

#include "frontend/config.h"
#include "frontend/flip.h"
#include "frontend/pace.h"

#include <stdio.h>

struct audio;
struct display;
struct gdb;
struct history;
struct monitor;
struct monitor_socket;
struct record;
struct replay;
struct script;
struct serial;
struct video;

enum exit_code {
    EXIT_FINE = 0,
    EXIT_TROUBLE = 1,
    EXIT_TRIPLE_FAULT = 2,
    EXIT_WAIT = 3,
    EXIT_DIVERGED = 4,
    EXIT_TIMEOUT = 8
};

enum run_result {
    RUN_REACHED, /* the tick asked for */
    RUN_STOPPED, /* the machine is stopped: by the monitor, or it powered off */
    RUN_OVER,    /* the session ends */
};

enum { SESSION_BOOKMARKS = 64 };
struct bookmark {
    char name[24];
    uint64_t tick;
};

struct session {
    const struct options *opt;
    struct config config;
    struct machine *machine;
    struct host host;
    struct pace pace;
    struct audio *audio;           /* NULL: nobody listens */
    struct display *display;       /* NULL: no screen */
    struct monitor *monitor;       /* NULL: none on stdio */
    struct monitor_socket *socket; /* NULL: none */
    struct gdb *gdb;               /* a debugger's server; NULL: none */
    struct record *record;         /* NULL: nothing is recorded */
    struct replay *replay;         /* NULL: live */
    struct history *history;       /* NULL: none */
    struct video *video;           /* NULL: nobody films */
    struct flip flip;
    bool commanding;                /* a monitor's command is being run */
    FILE *debugcon, *log, *printer; /* or NULL */
    bool debugcon_tty;              /* mind escape sequences */
    bool interrupted;               /* a search through the past is not wanted any more */
    bool seeking;                   /* on the way to a tick of a replay */
    bool muted;                     /* what the machine says has been heard before */
    bool written;                   /* to any since they were flushed */
    uint8_t last_debug;             /* byte on debugcon */
    struct serial *serial;          /* lines to the outside */
    struct script *script;          /* NULL: none */
    bool scripted;                  /* it has the keyboard */
    bool stopped, off;              /* waits for cont; powered off */
    bool at_point;                  /* stopped there: machine_found() tells */
    bool slow;                      /* and that was told */
    bool asleep;                    /* only input can wake it */
    uint64_t start_ns, end_ns;      /* wall clock; 0: no -timeout */
    uint64_t asked_until;           /* -until */
    unsigned loads;                 /* states loaded: machines before this one */
    uint8_t mouse_buttons;          /* as last sent */
    struct bookmark bookmark[SESSION_BOOKMARKS];
    unsigned bookmarks;
    bool over;
    int status; /* exit code, valid once over */
};

/* Opens everything that opt names; nothing runs yet. -1 and err: nothing was touched. */
int session_start(struct session *s, const struct options *opt, struct error *err);
/* From here to the end: script, then monitor and keys, until something ends it. */
int session_main(struct session *s, struct error *err);
/* Prints -hash and -stats, frees everything; the exit code. */
int session_finish(struct session *s);

/* Lets the machine run until tick `target` (exact), UINT64_MAX: until something happens, which
 * may also be nothing but wall time passing. */
enum run_result session_run(struct session *s, uint64_t target);
void session_end(struct session *s, int status); /* the first one counts */
void session_reset(struct session *s);
void session_print_hash(const struct session *s); /* the line of -hash */
enum { SESSION_SPEED = 128 };
void session_speed(const struct session *s, char text[SESSION_SPEED]); /* a line */

/* n virtual microseconds from now, in ticks. */
uint64_t session_after(const struct session *s, uint64_t us);
/* The tick of the next virtual frame: 60 a virtual second, counted from power-on. */
uint64_t session_next_frame(const struct session *s);
bool session_key(struct session *s, uint16_t code, bool down); /* false: a replay */

/* Has what comes through the door of a new machine noted by recording and history. */
void session_listen(struct session *s);
/* Records from here on; the former recording, if any, ends. */
int session_record(struct session *s, const char *path, struct error *err);
/* The replay ends here, and what comes next is live. */
void session_branch(struct session *s);
/* Names for moments. NULL: there is none; false: there are too many. */
const struct bookmark *session_bookmark(const struct session *s, const char *name);
bool session_set_bookmark(struct session *s, const char *name); /* now */
void session_drop_bookmarks(struct session *s, uint64_t after); /* that tick: it never was */
/* What takes long asks: does the user, or a debugger, or a signal want it to end? SIGINT that a
 * monitor's command at the terminal gets ends the command alone. */
bool session_interrupted(struct session *s);
/* To a tick of the replay, as fast as it goes. -1 and err: there is none such, or somebody
 * interrupts: on the way back the machine is where it was, on the way on where it has got to.
 */
int session_goto(struct session *s, uint64_t tick, struct error *err);

#endif
