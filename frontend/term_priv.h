/* frontend/term_priv.h -- what the files of the terminal display share. */
#ifndef TERRAPIN_FRONTEND_TERM_PRIV_H
#define TERRAPIN_FRONTEND_TERM_PRIV_H

#include "devices/machine.h"
#include "frontend/display.h"
#include "frontend/edit.h"
#include "frontend/keymap.h"
#include "frontend/picture.h"
#include "frontend/session.h"
#include "frontend/term.h"

enum { TERM_QUEUE = 64, TERM_AHEAD = 256, TERM_MESSAGE = 200, TERM_TEXT = 16384 };

struct term_picture {
    uint32_t *pixels, *small; /* the guest's; scaled */
    size_t room, small_room;
    uint32_t *shown; /* colours of each cell, upper and lower, as sent */
    size_t cells;
    struct picture_size to;
    int left, top;
    bool stale;      /* the guest's is another by now */
    uint64_t due_ns; /* not drawn again before */
    bool on;         /* it is what the terminal shows */
};

struct term_typed {
    int kind; /* as get_wch() tells it */
    uint32_t c;
};

enum panel { PANEL_NONE, PANEL_MONITOR, PANEL_SERIAL };

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
    uint64_t version;     /* of now */
    unsigned loads;       /* likewise */
    uint32_t palette[16]; /* that the colour pairs were made for */
    int top, left;        /* guest's row and column in the terminal's corner */
    bool panned;          /* by hand: do not follow the cursor */
    bool redraw;
    bool clear; /* the terminal's content is unknown */
    bool help;
    uint64_t drawn_ns, message_until_ns;
    char message[TERM_MESSAGE];
    struct term_picture picture;
    enum picture_depth depth;
    /* monitor or serial line, below the guest's screen */
    enum panel panel;
    bool busy; /* one of its commands runs the machine: only Ctrl-A x is heard at once */
    struct term_typed ahead[TERM_AHEAD]; /* the rest waits for its end */
    unsigned waiting;
    struct edit edit;
    char text[TERM_TEXT]; /* what it said, NUL-terminated */
    size_t text_len;
    int lines_said;         /* by the last command */
    int back;               /* lines scrolled back */
    int panel_rows;         /* below its title */
    size_t serial_seen;     /* bytes */
    int cursor_y, cursor_x; /* of the panel */
};

/* term_keys.c: everything typed since the last time. */
void term_read_keys(struct term *t, struct session *s);
/* term_monitor.c: opens, or closes what is open. */
void term_panel_open(struct term *t, enum panel which);
void term_panel_key(struct term *t, struct session *s, int kind, uint32_t c);
void term_monitor_say(struct term *t, const char *text);
void term_panel_draw(struct term *t, const struct session *s, int top);
/* term_draw.c */
void term_make_colours(struct term *t);
void term_draw(struct term *t, struct session *s);
/* ASCII text, in reverse, cut at the right edge. */
void term_bar(int y, int x, int width, const char *text);
void term_pan(struct term *t, int dx, int dy);
void term_show(struct term *t, const char *message); /* at the bottom, for some seconds */

/* term_picture.c */
enum picture_depth term_picture_depth(void);
void term_picture_free(struct term_picture *p);
void term_picture_forget(struct term_picture *p); /* the terminal was cleared */
/* Lays the picture out in the upper lines; true: all has to be drawn again. */
bool term_picture_fits(struct term *t, int lines);
void term_picture_draw(struct term *t, struct session *s, int lines);

#endif
