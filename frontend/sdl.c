/* frontend/sdl.c -- the window as a display: SDL's beginning and end, events, the title. */
#include "frontend/posix.h"

#include "frontend/sdl.h"

#include "frontend/gdb.h"
#include "frontend/history.h"
#include "frontend/hush.h"
#include "frontend/report.h"
#include "frontend/sdl_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const uint64_t second = 1000000000, frame_ns = 1000000000 / 60;

/* --- title ---------------------------------------------------------------------------------
 */

/* "FreeDOS - Terrapin - 100 % - 98 MIPS": the share of real time, and instructions a second,
 * of the last one; a guest that waits executes none. */
static void make_title(struct sdl *d, const struct session *s, uint64_t now)
{
    char title[SDL_TITLE];
    const char *state = d->rewinding ? " - backwards" : s->off ? " - off" : " - stopped";
    struct machine_stats st;
    machine_stats(s->machine, &st);
    uint64_t busy = st.ticks - st.slept, ns = now - d->titled_ns;
    if (d->titled_ns != 0 && ns > 0 && st.ticks >= d->titled_tick && busy >= d->titled_busy) {
        double us = (double)ns / 1000, ticks = (double)(st.ticks - d->titled_tick) / us;
        d->mips = (unsigned)((double)(busy - d->titled_busy) / us + 0.5);
        d->percent = (unsigned)(ticks * 100 / machine_mips(s->machine) + 0.5);
    }
    d->titled_ns = now;
    d->titled_tick = st.ticks;
    d->titled_busy = busy;
    if (s->stopped) {
        snprintf(title, sizeof title, "%.80s - Terrapin%s", d->name, state);
    } else {
        snprintf(title, sizeof title, "%.80s - Terrapin - %u %% - %u MIPS%s", d->name,
                 d->percent, d->mips,
                 d->mouse.grabbed ? " - Ctrl+Alt+G releases the mouse" : "");
    }
    if (strcmp(title, d->title) != 0) {
        memcpy(d->title, title, sizeof title);
        SDL_SetWindowTitle(d->win.window, title);
    }
}

/* What to call the guest: -name, or its image. */
static const char *guest_name(const struct options *o)
{
    const char *path = o->image                            ? o->image
                       : o->drives > 0 && o->drive[0].file ? o->drive[0].file
                       : o->kernel                         ? o->kernel
                                                           : "no disk";
    const char *slash = strrchr(path, '/');
    return o->name ? o->name : slash && slash[1] ? slash + 1 : path;
}

/* --- events --------------------------------------------------------------------------------
 */

/* The letter on the key, or for layouts without Latin letters the place of the US one. */
static int chord_letter(const SDL_Keysym *k)
{
    if (k->sym >= SDLK_a && k->sym <= SDLK_z) {
        return 'a' + (int)(k->sym - SDLK_a);
    }
    if (k->scancode >= SDL_SCANCODE_A && k->scancode <= SDL_SCANCODE_Z) {
        return 'a' + (int)(k->scancode - SDL_SCANCODE_A);
    }
    return 0;
}

/* Ctrl+Alt and something of ours. AltGr, which some hosts report as Ctrl+Alt, is not meant. */
static bool is_chord(const SDL_KeyboardEvent *e)
{
    return e->type == SDL_KEYDOWN && e->keysym.mod & KMOD_CTRL && e->keysym.mod & KMOD_LALT;
}

/* Ctrl+Alt+Backspace, held: moment after moment, the machine stands still meanwhile. */
static void rewind_begin(struct sdl *d, struct session *s)
{
    uint64_t first;
    if (d->rewinding || s->scripted || s->commanding) {
        return;
    }
    if (s->replay || s->record || gdb_attached(s->gdb) || !history_first(s->history, &first)) {
        sdl_show(d, s->record              ? "rewind: not while this is recorded"
                    : gdb_attached(s->gdb) ? "rewind: a debugger is attached"
                    : s->replay            ? "rewind: use goto in a replay"
                                           : "rewind: there is no history");
        return;
    }
    d->rewinding = true;
    d->rewound_stopped = s->stopped;
    d->rewound_tick = machine_now(s->machine);
    s->stopped = true;
}

static void rewind_end(struct sdl *d, struct session *s)
{
    if (d->rewinding) {
        d->rewinding = false;
        d->win.stale = true;
        s->stopped = d->rewound_stopped;
        pace_start(&s->pace, s->pace.speed, machine_mips(s->machine), machine_now(s->machine));
    }
}

static void rewind_step(struct sdl *d, struct session *s, uint64_t now)
{
    const uint64_t step_ns =
        60000000; /* four times as fast as it was, at quarters of a second */
    char text[SDL_MESSAGE];
    struct error err = {""};
    if (!d->rewinding || now - d->rewound_ns < step_ns) {
        return;
    }
    d->rewound_ns = now;
    int rc = history_step_back(s->history, s, &err);
    double back = (double)(d->rewound_tick - machine_now(s->machine));
    snprintf(text, sizeof text, "back %.2f s%s", back / machine_mips(s->machine) / 1e6,
             rc == 0 ? ", as far as the history goes" : "");
    sdl_show(d, rc < 0 ? err.text : text);
    s->stopped = true;
}

static bool chord(struct sdl *d, struct session *s, const SDL_KeyboardEvent *e)
{
    if (!is_chord(e)) {
        return false;
    }
    if (e->keysym.scancode == SDL_SCANCODE_BACKSPACE) {
        rewind_begin(d, s);
        return true;
    }
    switch (chord_letter(&e->keysym)) {
    case 'g': sdl_mouse_grab(d, s, !d->mouse.grabbed); return true;
    case 'f': sdl_window_full_screen(&d->win); return true;
    case 'u': sdl_window_natural(&d->win); return true;
    case 'i':
        d->win.integer = !d->win.integer;
        d->win.stale = true;
        return true;
    default: break;
    }
    enum sdl_view view;
    if (sdl_view_chord(&e->keysym, &view)) {
        sdl_view(d, view);
        return true;
    }
    return false;
}

/* The guest's, or a view's of our own. A key that went down in one may come up in another. */
static void on_key(struct sdl *d, struct session *s, const SDL_Event *e)
{
    if (e->type == SDL_KEYUP || d->view == VIEW_SCREEN) {
        sdl_keys_event(&d->keys, s, &e->key);
    }
    if (d->view != VIEW_SCREEN) {
        sdl_view_event(d, s, e);
    }
}

static void on_window(struct sdl *d, struct session *s, const SDL_WindowEvent *e)
{
    switch (e->event) {
    case SDL_WINDOWEVENT_SIZE_CHANGED: sdl_window_resized(&d->win); break;
    case SDL_WINDOWEVENT_EXPOSED: d->win.stale = true; break;
    case SDL_WINDOWEVENT_FOCUS_LOST:
        rewind_end(d, s);
        sdl_keys_release(&d->keys);
        sdl_mouse_grab(d, s, false);
        break;
    default: break;
    }
}

static void on_event(struct sdl *d, struct session *s, const SDL_Event *e)
{
    switch (e->type) {
    case SDL_QUIT: session_end(s, EXIT_FINE); break;
    case SDL_WINDOWEVENT: on_window(d, s, &e->window); break;
    case SDL_KEYDOWN:
    case SDL_KEYUP:
        d->modifiers = e->key.keysym.mod;
        if (e->type == SDL_KEYUP) {
            rewind_end(d, s); /* any of the three */
        }
        if (!chord(d, s, &e->key)) {
            on_key(d, s, e);
        }
        break;
    case SDL_TEXTINPUT:
        if (d->view != VIEW_SCREEN && !(d->modifiers & (KMOD_CTRL | KMOD_LALT))) {
            sdl_view_event(d, s, e);
        }
        break;
    case SDL_MOUSEBUTTONDOWN:
    case SDL_MOUSEBUTTONUP:
    case SDL_MOUSEMOTION:
    case SDL_MOUSEWHEEL: sdl_mouse_event(d, s, e); break;
    case SDL_RENDER_TARGETS_RESET:
    case SDL_RENDER_DEVICE_RESET:
        d->version = 0;
        d->monitor.stale = true;
        break;
    default: break;
    }
}

/* SDL makes text of keys as it fetches them, all that there are, and of those behind a chord
 * that opens a view too: it hears of the chord right then, from whoever watches events arrive.
 * Before that it makes none: dead keys and input methods are for text, and keys are the
 * guest's. */
static int on_arrival(void *ctx, SDL_Event *e)
{
    enum sdl_view view;
    (void)ctx;
    if (e->type == SDL_KEYDOWN && is_chord(&e->key) && sdl_view_chord(&e->key.keysym, &view) &&
        view != VIEW_SCREEN) {
        SDL_StartTextInput();
    }
    return 0;
}

/* A click is two changes, and the mouse reports what is: they go to two updates. */
static void take_events(struct sdl *d, struct session *s)
{
    SDL_Event e;
    d->mouse.clicked = false;
    while (!s->over && !d->mouse.clicked && SDL_PollEvent(&e)) {
        on_event(d, s, &e);
    }
    if (s->over || d->mouse.clicked) {
        return;
    }
    if (d->view != VIEW_SCREEN && !SDL_IsTextInputActive()) {
        SDL_StartTextInput();
    } else if (d->view == VIEW_SCREEN && SDL_IsTextInputActive()) {
        SDL_StopTextInput(); /* drops text that waits: there is none */
    }
}

/* --- display -------------------------------------------------------------------------------
 */

static void update_screen(struct sdl *d, struct session *s)
{
    uint64_t version = machine_screen_version(s->machine);
    if (version != d->version || s->loads != d->loads) {
        sdl_window_take(d, s->machine, s->loads == d->loads ? d->version : 0);
        d->version = version;
        d->loads = s->loads;
    }
}

static void update_window(struct display *display, struct session *s)
{
    struct sdl *d = (struct sdl *)display;
    uint64_t now = wall_ns();
    if (now - d->looked_ns < frame_ns - frame_ns / 8) {
        return;
    }
    d->looked_ns = now;
    take_events(d, s);
    if (s->over) {
        return;
    }
    rewind_step(d, s, now);
    sdl_keys_send(&d->keys, s);
    sdl_mouse_flush(&d->mouse, s);
    if (now - d->titled_ns >= second || d->was_stopped != s->stopped) {
        make_title(d, s, now);
    }
    if (d->message_until_ns && now >= d->message_until_ns) {
        d->message_until_ns = 0;
        d->win.stale = true;
    }
    if (d->view == VIEW_SCREEN) {
        update_screen(d, s);
    } else {
        sdl_view_update(d, s);
    }
    bool turned = d->was_stopped != s->stopped;
    d->win.stale |= turned;
    if (d->win.stale || d->win.unshown < d->win.shown_end) {
        sdl_window_present(d, s->stopped);
    }
    d->was_stopped = s->stopped;
}

void sdl_show(struct sdl *d, const char *message)
{
    const uint64_t seconds = 5;
    snprintf(d->message, sizeof d->message, "%.*s", (int)strcspn(message, "\n"), message);
    d->message_until_ns = wall_ns() + seconds * second;
    d->win.stale = true;
}

static void show_in_window(struct display *display, const char *message)
{
    sdl_show((struct sdl *)display, message);
}

static void close_window(struct display *display)
{
    struct sdl *d = (struct sdl *)display;
    report_release();
    SDL_DelEventWatch(on_arrival, NULL);
    sdl_window_close(&d->win);
    SDL_QuitSubSystem(SDL_INIT_VIDEO);
    free(d);
}

/* What is typed besides waits for its turn. */
static bool interrupted(struct display *display)
{
    const struct sdl *d = (struct sdl *)display;
    SDL_Event e[64];
    bool yes = false;
    if (d->view == VIEW_SCREEN) {
        return false;
    }
    SDL_PumpEvents();
    int n = SDL_PeepEvents(e, ARRAY_LEN(e), SDL_PEEKEVENT, SDL_KEYDOWN, SDL_KEYDOWN);
    for (int k = 0; k < n; k++) {
        yes |= e[k].key.keysym.sym == SDLK_c && (e[k].key.keysym.mod & KMOD_CTRL);
    }
    if (yes) {
        SDL_FlushEvent(SDL_KEYDOWN); /* or it would be seen again */
    }
    return yes;
}

static const struct display_ops window_ops = {close_window, update_window, show_in_window,
                                              interrupted};

/* Without a graphics card OpenGL is a program, slow to start and slower than plain copying. */
static bool has_graphics_card(void)
{
#ifdef __linux__
    static const char *const devices[] = {"/dev/dri", "/dev/nvidiactl", "/dev/dxg"};
    for (size_t i = 0; i < ARRAY_LEN(devices); i++) {
        if (access(devices[i], F_OK) == 0) {
            return true;
        }
    }
    return false;
#else
    return true;
#endif
}

static void set_hints(void)
{
    if (!has_graphics_card()) { /* the user's environment goes before these */
        SDL_SetHintWithPriority(SDL_HINT_RENDER_DRIVER, "software", SDL_HINT_DEFAULT);
        SDL_SetHintWithPriority(SDL_HINT_FRAMEBUFFER_ACCELERATION, "0", SDL_HINT_DEFAULT);
    }
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1"); /* signals.c has them */
    SDL_SetHint(SDL_HINT_VIDEO_ALLOW_SCREENSAVER, "1");
    SDL_SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0");
    SDL_SetHint(SDL_HINT_ALLOW_ALT_TAB_WHILE_GRABBED, "0");
    SDL_SetHint(SDL_HINT_WINDOWS_NO_CLOSE_ON_ALT_F4, "1");
    SDL_SetHint(SDL_HINT_VIDEO_MINIMIZE_ON_FOCUS_LOSS, "0");
}

/* SDL has drivers that show nothing, and takes them when there is nothing else. */
static bool is_visible(const char *driver)
{
    return SDL_getenv("SDL_VIDEODRIVER") ||
           (driver && strcmp(driver, "offscreen") != 0 && strcmp(driver, "dummy") != 0 &&
            strcmp(driver, "evdev") != 0);
}

static bool begin_video(struct error *err)
{
    int token = hush_begin();
    bool begun = SDL_InitSubSystem(SDL_INIT_VIDEO) == 0;
    bool visible = begun && is_visible(SDL_GetCurrentVideoDriver());
    hush_end(token);
    if (!visible) {
        const char *where = SDL_getenv("DISPLAY");
        error_set(err,
                  "-display sdl: no display to open a window on (DISPLAY is %s%.40s); use "
                  "-display term or none",
                  where && *where ? "" : "not set", where ? where : "");
        if (begun) {
            SDL_QuitSubSystem(SDL_INIT_VIDEO);
        }
    }
    return visible;
}

struct display *sdl_open(const struct session *s, struct error *err)
{
    struct sdl *d = calloc(1, sizeof *d);
    if (!d) {
        error_set(err, "-display sdl: out of memory");
        return NULL;
    }
    set_hints();
    if (!begin_video(err)) {
        free(d);
        return NULL;
    }
    SDL_StopTextInput();
    SDL_AddEventWatch(on_arrival, NULL);
    d->display.ops = &window_ops;
    d->name = guest_name(s->opt);
    snprintf(d->title, sizeof d->title, "%.80s - Terrapin", d->name);
    if (sdl_window_open(&d->win, d->title, s->opt->full_screen, err) < 0) {
        close_window(&d->display);
        return NULL;
    }
    report_watch(sdl_monitor_line, d);
    return &d->display;
}
