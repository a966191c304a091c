/* frontend/term_priv.h -- what the files of the terminal display share. */
#ifndef TERRAPIN_FRONTEND_TERM_PRIV_H
#define TERRAPIN_FRONTEND_TERM_PRIV_H

#include "devices/machine.h"
#include "frontend/keymap.h"
#include "frontend/session.h"
#include "frontend/term.h"

enum { TERM_QUEUE = 64, TERM_MESSAGE = 200 };

struct term {
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
};

/* term_keys.c: everything typed since the last time. */
void term_read_keys(struct term *t, struct session *s);
/* term_draw.c */
void term_make_colours(struct term *t);
void term_draw(struct term *t);
void term_pan(struct term *t, int dx, int dy);
void term_show(struct term *t, const char *message); /* at the bottom, for some seconds */

#endif
