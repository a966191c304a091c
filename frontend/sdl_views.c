/* frontend/sdl_views.c -- Ctrl+Alt+2, the monitor, and Ctrl+Alt+3, the first serial line, in
 * place of the guest's screen. The machine goes on meanwhile, unless it is stopped.
 */
#include "frontend/posix.h"

#include "frontend/complete.h"
#include "frontend/monitor.h"
#include "frontend/report.h"
#include "frontend/sdl_priv.h"
#include "frontend/serial.h"

#include <stdio.h>
#include <string.h>

static const char prompt[] = "(terrapin) ";

/* --- text ----------------------------------------------------------------------------------
 */

/* Keeps the newest: the older half goes, up to a line's end. */
static void keep_newest(struct sdl_monitor *m)
{
    const char *half = m->text + SDL_TEXT / 2;
    const char *keep = memchr(half, '\n', m->len - SDL_TEXT / 2);
    keep = keep ? keep + 1 : half;
    m->len -= (size_t)(keep - m->text);
    memmove(m->text, keep, m->len);
}

/* Lines longer than a row go on in the next one. */
static void say_here(struct sdl_monitor *m, const char *text)
{
    for (; *text; text++) {
        if (m->len + 2 >= SDL_TEXT) {
            keep_newest(m);
        }
        if (*text != '\n' && m->column == VT_PAGE_COLUMNS) {
            m->text[m->len++] = '\n';
            m->column = 0;
            m->said++;
        }
        m->text[m->len++] = *text;
        m->column = *text == '\n' ? 0 : m->column + 1;
        m->said += *text == '\n';
    }
    m->stale = true;
}

void sdl_monitor_line(void *ctx, const char *line)
{
    struct sdl *d = ctx;
    static const char prefix[] = "terrapin: ";
    say_here(&d->monitor, line);
    if (!d->monitor.busy && strncmp(line, prefix, sizeof prefix - 1) == 0) {
        sdl_show(d, line + sizeof prefix - 1);
    }
}

/* --- the monitor ---------------------------------------------------------------------------
 */

static void run(struct sdl *d, struct session *s)
{
    struct sdl_monitor *m = &d->monitor;
    char line[EDIT_LINE];
    memcpy(line, m->edit.line, m->edit.len + 1);
    edit_next(&m->edit);
    say_here(m, prompt);
    say_here(m, line);
    say_here(m, "\n");
    m->said = 0;
    m->busy = true;
    report_redirect(sdl_monitor_line, d);
    monitor_line(s, line);
    report_redirect(NULL, NULL);
    m->busy = false;
    m->back =
        m->said > VT_PAGE_ROWS - 1 ? m->said - (VT_PAGE_ROWS - 1) : 0; /* from its beginning */
}

static void monitor_typed(struct sdl *d, struct session *s, unsigned key)
{
    struct sdl_monitor *m = &d->monitor;
    char candidates[COMPLETE_TEXT];
    m->back = 0;
    switch (edit_key(&m->edit, key)) {
    case EDIT_ENTERED: run(d, s); break;
    case EDIT_TAB:
        complete_line(&m->edit, candidates);
        say_here(m, candidates);
        say_here(m, *candidates ? "\n" : "");
        break;
    case EDIT_CLOSED: sdl_view(d, VIEW_SCREEN); break;
    case EDIT_CLEAR: m->len = m->column = 0; break;
    case EDIT_SAME:
    case EDIT_CHANGED: break;
    }
}

static void put_text(struct vt_page *t, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '\n') {
            vt_page_put(t, '\r');
        }
        vt_page_put(t, (uint8_t)text[i]);
    }
}

/* Start of the line that is n lines up from `end`, which is behind a newline or the text's end;
 * n becomes what could not be had. */
static const char *lines_up(const char *text, const char *end, unsigned *n)
{
    const char *p = end;
    for (; *n > 0 && p > text; --*n) {
        p--;
        while (p > text && p[-1] != '\n') {
            p--;
        }
    }
    return p;
}

/* The last rows that fit, or older ones; below them the line that is being typed. */
static void draw_monitor(struct sdl_monitor *m, struct vt_page *t)
{
    unsigned beyond = m->back, rows = VT_PAGE_ROWS - 1;
    const char *end = lines_up(m->text, m->text + m->len, &beyond);
    m->back -= beyond; /* the beginning is the beginning */
    const char *start = lines_up(m->text, end, &rows);
    size_t room = VT_PAGE_COLUMNS - sizeof prompt, at = m->edit.at;
    size_t from = at > room ? at - room : 0, n = m->edit.len - from;
    vt_page_clear(t);
    put_text(t, start, (size_t)(end - start));
    put_text(t, prompt, sizeof prompt - 1);
    put_text(t, m->edit.line + from, n < room ? n : room);
    t->x = (unsigned)(sizeof prompt - 1 + at - from);
}

/* --- the serial line -----------------------------------------------------------------------
 */

/* What a VT100 sends for it. */
static const char *serial_key(unsigned key)
{
    switch (key) {
    case EDIT_UP: return "\x1B[A";
    case EDIT_DOWN: return "\x1B[B";
    case EDIT_RIGHT: return "\x1B[C";
    case EDIT_LEFT: return "\x1B[D";
    case EDIT_HOME: return "\x1B[H";
    case EDIT_END: return "\x1B[F";
    case EDIT_DELETE: return "\x1B[3~";
    case EDIT_PAGE_UP: return "\x1B[5~";
    case EDIT_PAGE_DOWN: return "\x1B[6~";
    case '\b': return "\x7F";
    default: return NULL;
    }
}

static void serial_typed(struct session *s, unsigned key)
{
    const char *text = serial_key(key);
    char byte[2] = {(char)(key < EDIT_NONE ? key : 0), '\0'};
    if (!s->stopped && !s->scripted) {
        serial_type(s->serial, text ? text : byte);
    }
}

/* Read again from a while ago: what was sent is kept as it came. */
static void draw_serial(const struct session *s, struct vt_page *t)
{
    size_t n, from;
    const uint8_t *sent = serial_text(s->serial, &n);
    from = n > SDL_TEXT ? n - SDL_TEXT : 0;
    vt_page_clear(t);
    for (size_t i = from; i < n; i++) {
        vt_page_put(t, sent[i]);
    }
}

/* --- both ----------------------------------------------------------------------------------
 */

/* The editor's number of a key that is no text; 0: it is. */
static unsigned editor_key(const SDL_Keysym *k)
{
    switch (k->sym) {
    case SDLK_LEFT: return EDIT_LEFT;
    case SDLK_RIGHT: return EDIT_RIGHT;
    case SDLK_UP: return EDIT_UP;
    case SDLK_DOWN: return EDIT_DOWN;
    case SDLK_HOME: return EDIT_HOME;
    case SDLK_END: return EDIT_END;
    case SDLK_DELETE: return EDIT_DELETE;
    case SDLK_PAGEUP: return EDIT_PAGE_UP;
    case SDLK_PAGEDOWN: return EDIT_PAGE_DOWN;
    case SDLK_BACKSPACE: return '\b';
    case SDLK_TAB: return '\t';
    case SDLK_ESCAPE: return 0x1B;
    case SDLK_RETURN:
    case SDLK_KP_ENTER: return '\r';
    default:
        return k->mod & KMOD_CTRL && k->sym >= SDLK_a && k->sym <= SDLK_z
                   ? (unsigned)(k->sym - SDLK_a) + 1
                   : 0;
    }
}

static void view_key(struct sdl *d, struct session *s, unsigned key)
{
    struct sdl_monitor *m = &d->monitor;
    if (key == EDIT_PAGE_UP) {
        m->back += VT_PAGE_ROWS / 2;
    } else if (key == EDIT_PAGE_DOWN) {
        m->back -= SDL_min(m->back, VT_PAGE_ROWS / 2);
    } else if (key != 0x1B) {
        monitor_typed(d, s, key);
    }
}

/* What is typed while one of the monitor's commands runs the machine waits for its end. */
static void typed(struct sdl *d, struct session *s, unsigned key)
{
    struct sdl_monitor *m = &d->monitor;
    m->stale = true;
    if (d->view == VIEW_SERIAL) {
        serial_typed(s, key);
        return;
    }
    if (m->waiting < SDL_AHEAD) {
        m->ahead[m->waiting++] = key;
    }
    while (!m->busy && m->waiting > 0 && !s->over) {
        unsigned next = m->ahead[0];
        m->waiting--;
        memmove(m->ahead, m->ahead + 1, m->waiting * sizeof *m->ahead);
        view_key(d, s, next);
    }
}

void sdl_view_event(struct sdl *d, struct session *s, const SDL_Event *e)
{
    if (e->type == SDL_KEYDOWN) {
        unsigned key = editor_key(&e->key.keysym);
        if (key) {
            typed(d, s, key);
        }
    } else if (e->type == SDL_TEXTINPUT) {
        for (const char *p = e->text.text; *p; p++) {
            typed(d, s, (uint8_t)*p);
        }
    }
}

void sdl_view(struct sdl *d, enum sdl_view view)
{
    if (d->view == VIEW_SCREEN && view == VIEW_MONITOR && d->monitor.len == 0) {
        say_here(&d->monitor, "Terrapin's monitor: help lists the commands, Tab completes, "
                              "Ctrl+Alt+1 leaves.\n");
    }
    d->view = view;
    d->version = 0; /* another picture */
    d->monitor.stale = true;
}

/* Digits are shifted in some layouts: their places count. */
bool sdl_view_chord(const SDL_Keysym *k, enum sdl_view *view)
{
    switch (k->scancode) {
    case SDL_SCANCODE_1: *view = VIEW_SCREEN; return true;
    case SDL_SCANCODE_2: *view = VIEW_MONITOR; return true;
    case SDL_SCANCODE_3: *view = VIEW_SERIAL; return true;
    default: return false;
    }
}

void sdl_view_update(struct sdl *d, struct session *s)
{
    size_t sent;
    serial_text(s->serial, &sent);
    bool stale = d->monitor.stale || (d->view == VIEW_SERIAL && sent != d->serial_seen);
    if (!stale) {
        return;
    }
    d->monitor.stale = false;
    d->serial_seen = sent;
    if (d->view == VIEW_SERIAL) {
        draw_serial(s, &d->page);
    } else {
        draw_monitor(&d->monitor, &d->page);
    }
    if (sdl_window_page(&d->win)) {
        sdl_text_page(d->win.pixels, &d->page);
        sdl_window_drawn(&d->win, 0, SDL_PAGE_HEIGHT);
    }
}
