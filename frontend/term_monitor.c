/* frontend/term_monitor.c -- the lower part of the terminal: Ctrl-A c the monitor, Ctrl-A s the
 * first serial line.
 *
 * What the monitor's commands print is shown here and not kept for the end. The machine goes on
 * meanwhile, unless it is stopped.
 */
#include "frontend/posix.h"

#include "frontend/complete.h"
#include "frontend/monitor.h"
#include "frontend/report.h"
#include "frontend/screen_text.h"
#include "frontend/serial.h"
#include "frontend/term_priv.h"

#if TERRAPIN_HAVE_TERM

#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <string.h>

static const char prompt[] = "(terrapin) ";

void term_panel_open(struct term *t, enum panel which)
{
    t->panel = t->panel == which ? PANEL_NONE : which;
    t->redraw = true;
    t->back = 0;
    if (which == PANEL_MONITOR && t->text_len == 0) {
        term_monitor_say(t,
                         "Terrapin's monitor: help lists the commands, Tab completes, page up "
                         "scrolls.\n");
    }
}

/* --- text ----------------------------------------------------------------------------------
 */

/* Keeps the newest: the older half goes, up to a line's end. */
void term_monitor_say(struct term *t, const char *text)
{
    size_t n = strlen(text);
    if (n >= TERM_TEXT / 2) {
        text += n - (TERM_TEXT / 2 - 1);
        n = TERM_TEXT / 2 - 1;
    }
    if (t->text_len + n >= TERM_TEXT) {
        const char *keep = memchr(t->text + TERM_TEXT / 2, '\n', t->text_len - TERM_TEXT / 2);
        keep = keep ? keep + 1 : t->text + TERM_TEXT / 2;
        t->text_len -= (size_t)(keep - t->text);
        memmove(t->text, keep, t->text_len);
    }
    memcpy(t->text + t->text_len, text, n);
    t->text_len += n;
    t->text[t->text_len] = '\0';
    for (const char *p = text; (p = strchr(p, '\n')) != NULL; p++) {
        t->lines_said++;
    }
    t->redraw = true;
}

/* Start of the line that is n lines up from `end`, which is the text's end or behind a newline;
 * n becomes what could not be had. */
static const char *lines_up(const char *text, const char *end, int *n)
{
    const char *p = end;
    while (*n > 0 && p > text) {
        p--;
        while (p > text && p[-1] != '\n') {
            p--;
        }
        --*n;
    }
    return p;
}

/* The last `rows` lines of a text, t->back lines further up. Returns how many were drawn. */
static int draw_tail(struct term *t, const char *text, size_t len, int top, int rows)
{
    int missing = t->back < 0 ? 0 : t->back;
    t->back = missing;
    const char *end = lines_up(text, text + len, &missing);
    t->back -= missing; /* the beginning is the beginning */
    missing = rows;
    const char *p = lines_up(text, end, &missing);
    int y = 0;
    for (; y < rows && p < end; y++) {
        const char *newline = memchr(p, '\n', (size_t)(end - p));
        size_t n = newline ? (size_t)(newline - p) : (size_t)(end - p);
        mvaddnstr(top + y, 0, p, (int)n < COLS ? (int)n : COLS);
        p += n + (newline != NULL);
    }
    return y;
}

/* --- the monitor ---------------------------------------------------------------------------
 */

static void run(struct term *t, struct session *s)
{
    char line[EDIT_LINE];
    memcpy(line, t->edit.line, t->edit.len + 1);
    edit_next(&t->edit);
    term_monitor_say(t, prompt);
    term_monitor_say(t, line);
    term_monitor_say(t, "\n");
    t->lines_said = 0;
    t->busy = true;
    report_divert(true);
    monitor_line(s, line);
    report_divert(false);
    t->busy = false;
    int rows = t->panel_rows - 1; /* a long text is shown from its beginning */
    t->back = t->lines_said > rows ? t->lines_said - rows : 0;
}

static void complete(struct term *t)
{
    char text[COMPLETE_TEXT];
    complete_line(&t->edit, text);
    if (*text) {
        term_monitor_say(t, text);
        term_monitor_say(t, "\n");
    }
}

/* The editor's number of a key of ncurses. */
static unsigned editor_key(uint32_t c)
{
    switch (c) {
    case KEY_LEFT: return EDIT_LEFT;
    case KEY_RIGHT: return EDIT_RIGHT;
    case KEY_UP: return EDIT_UP;
    case KEY_DOWN: return EDIT_DOWN;
    case KEY_HOME: return EDIT_HOME;
    case KEY_END: return EDIT_END;
    case KEY_DC: return EDIT_DELETE;
    case KEY_BACKSPACE: return '\b';
    case KEY_ENTER: return '\r';
    default: return EDIT_NONE;
    }
}

static void monitor_typed(struct term *t, struct session *s, int kind, uint32_t c)
{
    char bytes[4];
    if (kind != KEY_CODE_YES && c >= 0x80) {
        edit_insert(&t->edit, bytes, c < 0x10000 ? utf8_put(bytes, c) : 0);
        return;
    }
    switch (edit_key(&t->edit, kind == KEY_CODE_YES ? editor_key(c) : c)) {
    case EDIT_ENTERED: run(t, s); break;
    case EDIT_TAB: complete(t); break;
    case EDIT_CLOSED: term_panel_open(t, PANEL_MONITOR); break;
    case EDIT_CLEAR:
        t->text_len = 0;
        t->text[0] = '\0';
        break;
    case EDIT_SAME:
    case EDIT_CHANGED: break;
    }
}

/* --- the serial line -----------------------------------------------------------------------
 */

static void serial_typed(struct session *s, int kind, uint32_t c)
{
    static const struct {
        uint32_t key;
        const char *sends;
    } keys[] = {
        {KEY_UP, "\x1B[A"},   {KEY_DOWN, "\x1B[B"},    {KEY_RIGHT, "\x1B[C"},
        {KEY_LEFT, "\x1B[D"}, {KEY_HOME, "\x1B[H"},    {KEY_END, "\x1B[F"},
        {KEY_DC, "\x1B[3~"},  {KEY_BACKSPACE, "\x7F"}, {KEY_ENTER, "\r"},
    };
    char bytes[8] = "";
    if (kind != KEY_CODE_YES) {
        bytes[utf8_put(bytes, c & 0xFFFF)] = '\0';
    }
    for (size_t i = 0; kind == KEY_CODE_YES && i < ARRAY_LEN(keys); i++) {
        if (keys[i].key == c) {
            snprintf(bytes, sizeof bytes, "%s", keys[i].sends);
        }
    }
    serial_type(s->serial, bytes);
}

/* Lines of text, whatever the guest sends: no escape sequences, no overprinting. */
static void draw_serial(struct term *t, const struct session *s, int top)
{
    size_t n, len = 0;
    const uint8_t *bytes = serial_text(s->serial, &n);
    size_t from = n > TERM_TEXT - 1 ? n - (TERM_TEXT - 1) : 0;
    char text[TERM_TEXT];
    struct edit decoder = {.len = 0};
    for (size_t i = from; i < n; i++) {
        unsigned c = edit_decode(&decoder, bytes[i]);
        if (c == '\b' && len > 0 && text[len - 1] != '\n') {
            len--;
        } else if (c == '\n' || (c >= ' ' && c < 0x7F)) {
            text[len++] = (char)c;
        }
    }
    int rows = draw_tail(t, text, len, top, t->panel_rows);
    bool open = len > 0 && text[len - 1] != '\n';
    getyx(stdscr, t->cursor_y, t->cursor_x);
    if (!open) {
        t->cursor_y = rows < t->panel_rows ? top + rows : top + t->panel_rows - 1;
        t->cursor_x = 0;
    }
}

/* --- both ----------------------------------------------------------------------------------
 */

static void panel_key(struct term *t, struct session *s, int kind, uint32_t c)
{
    if (kind == KEY_CODE_YES && (c == KEY_PPAGE || c == KEY_NPAGE)) {
        int page = t->panel_rows > 2 ? t->panel_rows - 2 : 1;
        t->back += c == KEY_PPAGE ? page : -page;
        return;
    }
    t->back = 0;
    if (t->panel == PANEL_MONITOR) {
        monitor_typed(t, s, kind, c);
    } else if (!s->scripted && !s->stopped) {
        serial_typed(s, kind, c);
    }
}

void term_panel_key(struct term *t, struct session *s, int kind, uint32_t c)
{
    t->redraw = true;
    if (t->waiting < TERM_AHEAD) {
        t->ahead[t->waiting++] = (struct term_typed){kind, c};
    }
    while (!t->busy && t->waiting > 0 && !s->over) {
        struct term_typed next = t->ahead[0];
        t->waiting--;
        memmove(t->ahead, t->ahead + 1, t->waiting * sizeof *t->ahead);
        panel_key(t, s, next.kind, next.c);
    }
}

static void draw_monitor(struct term *t, int top)
{
    int rows = draw_tail(t, t->text, t->text_len, top, t->panel_rows - 1);
    int room = COLS - (int)sizeof prompt;
    size_t from = 0;
    while (room > 0 && edit_columns(t->edit.line + from, t->edit.at - from) > (size_t)room) {
        from++; /* the part around the cursor */
        while (((unsigned char)t->edit.line[from] & 0xC0) == 0x80) {
            from++;
        }
    }
    mvaddstr(top + rows, 0, prompt);
    addnstr(t->edit.line + from, (int)(t->edit.at - from));
    getyx(stdscr, t->cursor_y, t->cursor_x);
    addnstr(t->edit.line + t->edit.at, COLS - t->cursor_x > 1 ? COLS - t->cursor_x - 1 : 0);
}

void term_panel_draw(struct term *t, const struct session *s, int top)
{
    bool monitor = t->panel == PANEL_MONITOR;
    term_bar(top, 0, COLS,
             monitor ? " monitor -- Ctrl-A c closes it, Ctrl-A h lists the keys"
                     : " serial line COM1 -- Ctrl-A s closes it, Ctrl-A h lists the keys");
    t->panel_rows = LINES - top - 1;
    if (t->panel_rows < 1) {
        t->panel_rows = 1;
        top--;
    }
    if (monitor) {
        draw_monitor(t, top + 1);
    } else {
        draw_serial(t, s, top + 1);
    }
}

#endif
