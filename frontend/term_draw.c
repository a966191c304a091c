/* frontend/term_draw.c -- the guest's text page, cell by cell, as the terminal can show it. */
#include "frontend/posix.h"

#include "frontend/serial.h"
#include "frontend/term_priv.h"

#if TERRAPIN_HAVE_TERM

#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <string.h>
#include <wchar.h>

/* --- colours -------------------------------------------------------------------------------
 */

/* PC colours count blue 1, green 2, red 4; ANSI's red 1, green 2, blue 4. */
static short ansi_colour(unsigned c)
{
    return (short)((c & 1) << 2 | (c & 2) | (c >> 2 & 1) | (c & 8));
}

/* The nearest of xterm's 6 x 6 x 6 cube (levels 0, 95, 135 … 255). */
static short cube_colour(uint32_t rgb)
{
    unsigned code = 0;
    for (int shift = 16; shift >= 0; shift -= 8) {
        unsigned v = rgb >> shift & 0xFF;
        unsigned level = v < 48 ? 0 : v < 115 ? 1 : (v - 35) / 40;
        code = code * 6 + level;
    }
    return (short)(16 + code);
}

/* How many colours the terminal really gives us: 256, 16, 8 or none. */
static unsigned depth(void)
{
    if (!has_colors() || COLOR_PAIRS < 64) {
        return 0;
    }
    if (COLOR_PAIRS < 256 || COLORS < 16) {
        return 8;
    }
    return COLORS >= 256 ? 256 : 16;
}

/* Grey on black is pair 0, the terminal's default: so empty space matches. */
static short pair_of(unsigned fg, unsigned bg, unsigned colours)
{
    return (short)(bg * colours + (fg ^ 7));
}

void term_make_colours(struct term *t)
{
    unsigned deep = depth(), n = deep == 8 ? 8 : 16;
    memcpy(t->palette, t->now.palette, sizeof t->palette);
    for (unsigned bg = 0; deep && bg < n; bg++) {
        for (unsigned fg = 0; fg < n; fg++) {
            short f = deep == 256 ? cube_colour(t->palette[fg]) : ansi_colour(fg);
            short b = deep == 256 ? cube_colour(t->palette[bg]) : ansi_colour(bg);
            short pair = pair_of(fg, bg, n);
            if (pair == 0) {
                assume_default_colors(f, b);
            } else {
                init_pair(pair, f, b);
            }
        }
    }
}

static void put_cell(int y, int x, wchar_t c, uint8_t attribute, bool blink)
{
    unsigned deep = depth(), fg = attribute & 15, bg = attribute >> 4 & (blink ? 7 : 15);
    attr_t attrs = attribute & 0x80 && blink ? WA_BLINK : WA_NORMAL;
    short pair = 0;
    if (deep >= 16) {
        pair = pair_of(fg, bg, 16);
    } else if (deep == 8) {
        pair = pair_of(fg & 7, bg & 7, 8);
        attrs |= fg & 8 ? WA_BOLD : WA_NORMAL;
    } else {
        attrs |= (fg & 8 ? WA_BOLD : WA_NORMAL) | (bg ? WA_REVERSE : WA_NORMAL);
    }
    wchar_t text[2] = {c, 0};
    cchar_t cell;
    setcchar(&cell, text, attrs, pair, NULL);
    mvadd_wch(y, x, &cell);
}

/* --- characters ----------------------------------------------------------------------------
 */

/* For terminals without UTF-8: the shapes of B0h to DFh, and of the arrows in 10h to 1Fh. */
static wchar_t ascii_shape(uint8_t code)
{
    static const char shapes[] =
        "#%@|++++++|+++++++++-++++++++-++-+++++++++++@_||^"; /* B0h … */
    static const char arrows[] = "><|!P$_|^v><-=^v";         /* 10h … */
    if (code >= 0xB0 && code <= 0xDF) {
        return (unsigned char)shapes[code - 0xB0];
    }
    if (code >= 0x10 && code <= 0x1F) {
        return (unsigned char)arrows[code - 0x10];
    }
    return code < 0x20 ? '*' : '?';
}

static wchar_t cell_char(const struct term *t, uint8_t code)
{
    uint16_t c = cp437_unicode(code);
    if (c <= ' ' || c == 0xA0) {
        return ' ';
    }
    if (c < 0x7F) {
        return c;
    }
    return t->utf8 && wcwidth(c) == 1 ? (wchar_t)c : ascii_shape(code);
}

/* --- the page ------------------------------------------------------------------------------
 */

static int clamp(int v, int lo, int hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

/* A terminal smaller than the screen shows the part where the cursor is. */
static int follow(int start, int cursor, int shown, int total, bool fixed)
{
    if (!fixed && cursor >= 0) {
        start = clamp(start, cursor - shown + 1, cursor);
    }
    return clamp(start, 0, total > shown ? total - shown : 0);
}

void term_pan(struct term *t, int dx, int dy)
{
    t->left += dx;
    t->top += dy;
    t->panned = t->redraw = true;
}

void term_show(struct term *t, const char *message)
{
    const uint64_t seconds = 5;
    size_t n = strcspn(message, "\n");
    n = n < TERM_MESSAGE ? n : TERM_MESSAGE - 1;
    memcpy(t->message, message, n);
    t->message[n] = '\0';
    t->message_until_ns = wall_ns() + seconds * 1000000000;
    t->redraw = true;
}

static void draw_text(struct term *t, int lines)
{
    const struct screen *sc = &t->now;
    t->top = follow(t->top, sc->cursor_y, lines, sc->rows, t->panned);
    t->left = follow(t->left, sc->cursor_x, COLS, sc->columns, t->panned);
    for (int y = 0; y < lines && t->top + y < sc->rows; y++) {
        for (int x = 0; x < COLS && t->left + x < sc->columns; x++) {
            size_t at = (size_t)(t->top + y) * sc->columns + (size_t)(t->left + x);
            put_cell(y, x, cell_char(t, sc->cells[at][0]), sc->cells[at][1], sc->blink);
        }
    }
}

void term_bar(int y, int x, int width, const char *text)
{
    char line[512];
    int n = clamp(width, 0, (int)sizeof line - 1);
    snprintf(line, sizeof line, "%-*.*s", n, n, text);
    attron(A_REVERSE);
    mvaddnstr(y, x, line, COLS - x);
    attroff(A_REVERSE);
}

static void draw_help(const struct term *t)
{
    static const char *const lines[] = {
        "  Ctrl-A x         quit",
        "  Ctrl-A h         this help",
        "  Ctrl-A Ctrl-A    Ctrl-A itself",
        "  Ctrl-A d         Ctrl-Alt-Delete",
        "  Ctrl-A 1 .. 9 0  F1 .. F9 F10",
        "  Ctrl-A arrows    move about a screen larger than the terminal",
        "  Ctrl-A c         monitor: change disks, look inside; and back",
        "  Ctrl-A s         serial line COM1; and back",
        "",
        "  Any key goes on.",
    };
    enum { WIDTH = 66 };
    int rows = (int)ARRAY_LEN(lines) + 3;
    int y = clamp((LINES - rows) / 2, 0, LINES), x = clamp((COLS - WIDTH) / 2, 0, COLS);
    char title[80];
    snprintf(title, sizeof title, "  Terrapin%s%.40s", t->name ? ": " : "",
             t->name ? t->name : "");
    term_bar(y++, x, WIDTH, title);
    term_bar(y++, x, WIDTH, "");
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        term_bar(y++, x, WIDTH, lines[i]);
    }
    term_bar(y, x, WIDTH, "");
}

static void draw_cursor(const struct term *t, int lines)
{
    int y = t->now.cursor_y - t->top, x = t->now.cursor_x - t->left;
    bool shown = t->now.text && t->now.cursor_y >= 0 && t->now.cursor_x >= 0 && y >= 0 &&
                 y < lines && x >= 0 && x < COLS && !t->help;
    curs_set(shown);
    if (shown) {
        move(y, x);
    }
}

/* --- all of it -----------------------------------------------------------------------------
 */

/* Lines at the bottom for the monitor or the serial line: what the guest's text leaves over,
 * half of the terminal at least, all of a small one. */
static int panel_lines(const struct term *t)
{
    enum { SMALL = 14, LEAST = 6 };
    if (t->panel == PANEL_NONE) {
        return 0;
    }
    if (LINES < SMALL) {
        return LINES;
    }
    return clamp(t->now.text ? LINES - t->now.rows : 0, LINES / 2, LINES - LEAST);
}

/* What ncurses draws. */
static void draw_cells(struct term *t, const struct session *s, int lines)
{
    if (t->now.text &&
        (t->redraw || memcmp(t->palette, t->now.palette, sizeof t->palette) != 0)) {
        term_make_colours(t);
    }
    t->redraw = false;
    t->drawn = t->now;
    erase();
    if (t->now.text) {
        draw_text(t, lines);
    }
    if (t->panel != PANEL_NONE) {
        term_panel_draw(t, s, lines);
    }
    if (t->help) {
        draw_help(t);
    }
    if (t->message_until_ns) {
        term_bar(t->panel == PANEL_NONE ? LINES - 1 : lines, 0, COLS, t->message);
    }
    if (t->panel == PANEL_NONE || t->help) {
        draw_cursor(t, lines);
    } else {
        move(t->cursor_y, t->cursor_x);
        curs_set(1);
    }
    refresh();
}

void term_draw(struct term *t, struct session *s)
{
    struct term_picture *p = &t->picture;
    uint64_t version = machine_screen_version(s->machine);
    if (version != t->version || s->loads != t->loads) {
        t->version = version;
        t->loads = s->loads;
        p->stale = true;
        machine_screen(s->machine, &t->now);
    }
    int lines = LINES - panel_lines(t);
    bool picture = !t->now.text && !t->help && lines > 0;
    bool clear_all = t->clear || picture != p->on || (picture && term_picture_fits(t, lines));
    t->clear = false;
    p->on = picture;
    if (clear_all) { /* ncurses does not know what we wrote */
        clearok(curscr, TRUE);
        term_picture_forget(p);
    }
    size_t sent = 0;
    if (t->panel == PANEL_SERIAL) {
        serial_text(s->serial, &sent);
        t->redraw |= sent != t->serial_seen;
        t->serial_seen = sent;
    }
    if (clear_all || t->redraw || memcmp(&t->now, &t->drawn, sizeof t->now) != 0) {
        draw_cells(t, s, lines);
        p->stale = true;
        p->due_ns = 0;
    }
    if (picture && p->stale && wall_ns() >= p->due_ns) {
        p->stale = false;
        bool message = t->message_until_ns && t->panel == PANEL_NONE;
        term_picture_draw(t, s, message ? lines - 1 : lines);
    }
}

#endif
