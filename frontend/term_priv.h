/* frontend/term_priv.h -- what the files of the terminal display share. */
#ifndef TERRAPIN_FRONTEND_TERM_PRIV_H
#define TERRAPIN_FRONTEND_TERM_PRIV_H

#include "devices/machine.h"
#include "frontend/display.h"
#include "frontend/keymap.h"
#include "frontend/session.h"
#include "frontend/term.h"

enum { TERM_QUEUE = 64, TERM_MESSAGE = 200, TERM_LINE = 200, TERM_TEXT = 16384 };

struct term {
    struct display display;
    const char *name;
    bool utf8;
    /* keys */
    struct chord queue[TERM_QUEUE]; /* typed, not yet pressed */
    unsigned first, queued;
    struct chord held; /* pressed at the last update */
    bool prefix;       /* Ctrl-A was typed */
    /* screen */
    struct screen now, drawn;
    uint32_t palette[16]; /* that the colour pairs were made for */
    int top, left;        /* guest's row and column in the terminal's corner */
    bool panned;          /* by hand: do not follow the cursor */
    bool redraw;
    bool help;
    uint64_t drawn_ns, message_until_ns;
    char message[TERM_MESSAGE];
    /* monitor, instead of the guest's screen */
    bool monitor;
    bool busy; /* one of its commands runs the machine: only Ctrl-A x is heard */
    char line[TERM_LINE], last_line[TERM_LINE];
    size_t line_len;
    char text[TERM_TEXT]; /* what it said, NUL-terminated */
    size_t text_len;
    int back; /* lines scrolled back */
};

/* term_keys.c: everything typed since the last time. */
void term_read_keys(struct term *t, struct session *s);
/* term_monitor.c */
void term_monitor_open(struct term *t, bool on);
void term_monitor_key(struct term *t, struct session *s, int kind, uint32_t c);
void term_monitor_say(struct term *t, const char *text);
void term_monitor_draw(struct term *t);
/* term_draw.c */
void term_make_colours(struct term *t);
void term_draw(struct term *t);
void term_pan(struct term *t, int dx, int dy);
void term_show(struct term *t, const char *message); /* at the bottom, for some seconds */

#endif
