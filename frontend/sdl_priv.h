/* frontend/sdl_priv.h -- what the files of the window share. */
#ifndef TERRAPIN_FRONTEND_SDL_PRIV_H
#define TERRAPIN_FRONTEND_SDL_PRIV_H

#include "devices/machine.h"
#include "frontend/display.h"
#include "frontend/session.h"

#include <SDL.h>

enum { SDL_MESSAGE = 160, SDL_TITLE = 200 };

struct sdl_keys {
    bool down[SDL_NUM_SCANCODES]; /* as the guest knows them */
};

struct sdl_mouse {
    bool grabbed;
    int dx, dy, dz; /* since the last update */
    uint8_t buttons;
    bool changed;
};

struct sdl_window {
    SDL_Window *window;
    SDL_Renderer *renderer;
    SDL_Texture *picture, *sharp; /* as the guest has it; enlarged by whole numbers */
    unsigned width, height;       /* of picture; 0: there is none yet */
    int sharp_w, sharp_h;
    uint32_t *pixels; /* width * height of them */
    bool full_screen, integer;
    bool sized;       /* by hand: the guest's modes do not change it */
    int own_w, own_h; /* the size that we gave it */
    bool stale;       /* the window shows something else than it should */
};

struct sdl {
    struct display display;
    struct sdl_window win;
    struct sdl_keys keys;
    struct sdl_mouse mouse;
    struct screen screen;
    const struct machine *machine; /* that `version` counts for */
    uint64_t version;              /* of the guest's picture in the window */
    bool was_stopped;
    uint64_t looked_ns;
    char message[SDL_MESSAGE];
    uint64_t message_until_ns; /* 0: none */
    /* title */
    const char *name;
    char title[SDL_TITLE];
    uint64_t titled_ns, titled_tick;
    unsigned percent, mips;
};

/* sdl_window.c */
int sdl_window_open(struct sdl_window *w, const char *title, bool full_screen,
                    struct error *err);
void sdl_window_close(struct sdl_window *w);
/* The guest's mode and pixels into the window's picture. */
void sdl_window_take(struct sdl *d, struct machine *m);
void sdl_window_present(struct sdl *d, bool stopped);
void sdl_window_full_screen(struct sdl_window *w);
void sdl_window_natural(struct sdl_window *w);
void sdl_window_resized(struct sdl_window *w);

/* sdl_keys.c */
uint16_t sdl_key_code(SDL_Scancode scancode); /* set 1, or 0 */
void sdl_keys_event(struct sdl_keys *k, struct session *s, const SDL_KeyboardEvent *e);
void sdl_keys_release(struct sdl_keys *k, struct session *s);

/* sdl_mouse.c */
void sdl_mouse_grab(struct sdl *d, struct session *s, bool on);
void sdl_mouse_event(struct sdl *d, struct session *s, const SDL_Event *e);
void sdl_mouse_flush(struct sdl_mouse *m, struct session *s);

#endif
