/* frontend/sdl_priv.h -- what the files of the window share. */
#ifndef TERRAPIN_FRONTEND_SDL_PRIV_H
#define TERRAPIN_FRONTEND_SDL_PRIV_H

#include "devices/machine.h"
#include "frontend/display.h"
#include "frontend/edit.h"
#include "frontend/session.h"
#include "frontend/vt_page.h"

#include <SDL.h>

enum { SDL_MESSAGE = 160, SDL_TITLE = 200, SDL_TEXT = 32768 };
/* Key events that wait for the guest; typed and not yet edited. */
enum { SDL_KEYS = 1024, SDL_AHEAD = 256 };
enum { SDL_PAGE_WIDTH = 640, SDL_PAGE_HEIGHT = 480 };

enum sdl_view { VIEW_SCREEN, VIEW_MONITOR, VIEW_SERIAL };
enum sdl_bar { SDL_BAR_TOP, SDL_BAR_BOTTOM };

struct sdl_key {
    uint16_t code; /* set 1 */
    bool down;
};

struct sdl_keys {
    bool down[SDL_NUM_SCANCODES]; /* with what waits in the queue */
    struct sdl_key queue[SDL_KEYS];
    unsigned first, queued;
};

struct sdl_mouse {
    bool grabbed;
    int dx, dy, dz; /* since the last update */
    uint8_t buttons;
    bool changed;
    bool clicked; /* a button changed in this update */
};

struct sdl_window {
    SDL_Window *window;
    SDL_Renderer *renderer;
    SDL_Texture *picture, *sharp; /* as the guest has it; enlarged by whole numbers */
    unsigned width, height;       /* of picture; 0: there is none yet */
    int sharp_w, sharp_h;
    unsigned first, end;         /* lines of picture that sharp has not got yet */
    unsigned unshown, shown_end; /* that the window has not got yet */
    uint32_t *pixels, *drawn;    /* width * height of them; what is drawn now, to be compared */
    bool full_screen, integer;
    bool sized;       /* by hand: the guest's modes do not change it */
    int own_w, own_h; /* the size that we gave it */
    bool keeps;       /* the renderer draws over what it presented last */
    bool stale;       /* the window shows something else than it should, all of it */
};

struct sdl_monitor {
    struct edit edit;
    unsigned ahead[SDL_AHEAD]; /* typed while a command runs */
    unsigned waiting;
    char text[SDL_TEXT]; /* what it said */
    size_t len;
    unsigned column; /* in its last line */
    unsigned said;   /* lines, by the last command */
    unsigned back;   /* lines scrolled back */
    bool busy;       /* one of its commands runs the machine */
    bool stale;
};

struct sdl {
    struct display display;
    struct sdl_window win;
    struct sdl_keys keys;
    struct sdl_mouse mouse;
    struct screen screen;
    unsigned loads;   /* machines before the one that `version` counts for */
    uint64_t version; /* of the guest's picture in the window */
    enum sdl_view view;
    uint16_t modifiers; /* of the last key event, not of those that wait */
    struct sdl_monitor monitor;
    struct vt_page page;
    size_t serial_seen; /* bytes */
    bool was_stopped;
    bool rewinding;                    /* the chord is held: time runs backwards */
    bool rewound_stopped;              /* the machine was stopped before that … */
    uint64_t rewound_ns, rewound_tick; /* the last step; … and at this tick */
    uint64_t looked_ns;
    char message[SDL_MESSAGE];
    uint64_t message_until_ns; /* 0: none */
    /* title */
    const char *name;
    char title[SDL_TITLE];
    uint64_t titled_ns, titled_tick, titled_busy;
    unsigned percent, mips;
};

/* sdl_window.c */
int sdl_window_open(struct sdl_window *w, const char *title, bool full_screen,
                    struct error *err);
void sdl_window_close(struct sdl_window *w);
/* The guest's mode and pixels into the window's picture; what changed since that version of
 * them (0: all). */
void sdl_window_take(struct sdl *d, struct machine *m, uint64_t since);
void sdl_window_present(struct sdl *d, bool stopped);
void sdl_window_full_screen(struct sdl_window *w);
void sdl_window_natural(struct sdl_window *w);
void sdl_window_resized(struct sdl_window *w);

/* Pixels for a page of our own; false: no memory. Then what was drawn is shown. */
bool sdl_window_page(struct sdl_window *w);
void sdl_window_drawn(struct sdl_window *w, unsigned first, unsigned end); /* lines */

/* sdl_text.c */
void sdl_text_page(uint32_t *pixels, const struct vt_page *t);
void sdl_text_bar(struct sdl_window *w, const char *text, enum sdl_bar where);

/* sdl_views.c */
void sdl_view(struct sdl *d, enum sdl_view view);
/* The chord's view; false: no chord of a view. */
bool sdl_view_chord(const SDL_Keysym *k, enum sdl_view *view);
void sdl_view_event(struct sdl *d, struct session *s, const SDL_Event *e);
void sdl_view_update(struct sdl *d, struct session *s);
void sdl_monitor_line(void *ctx, const char *line); /* somebody reports something */
/* sdl.c */
void sdl_show(struct sdl *d, const char *message); /* for some seconds */

/* sdl_keys.c */
uint16_t sdl_key_code(SDL_Scancode scancode); /* set 1, or 0 */
void sdl_keys_event(struct sdl_keys *k, const struct session *s, const SDL_KeyboardEvent *e);
void sdl_keys_release(struct sdl_keys *k);
void sdl_keys_send(struct sdl_keys *k, struct session *s); /* once an update */

/* sdl_mouse.c */
void sdl_mouse_grab(struct sdl *d, struct session *s, bool on);
void sdl_mouse_event(struct sdl *d, struct session *s, const SDL_Event *e);
void sdl_mouse_flush(struct sdl_mouse *m, struct session *s);

#endif
