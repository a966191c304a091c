/* frontend/term_picture.c -- graphics modes in the terminal: half blocks, beside ncurses.
 *
 * ncurses has pairs of palette colours, too few for a picture, so cells are written directly.
 * ncurses believes that their place is blank and leaves it alone; its cursor and attributes are
 * saved and restored around every writing (DECSC, DECRC). Only cells that changed are sent, and
 * a terminal that reads slowly gets fewer pictures.
 */
#include "frontend/posix.h"

#include "frontend/term_priv.h"

#if TERRAPIN_HAVE_TERM

#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE = 64 };
static const uint32_t unknown = UINT32_MAX; /* no colour: to be sent */

/* --- what the terminal can -----------------------------------------------------------------
 */

static bool is_word(const char *s, const char *word)
{
    return s && strcmp(s, word) == 0;
}

enum picture_depth term_picture_depth(void)
{
    const char *colorterm = getenv("COLORTERM");
    if (!has_colors()) {
        return PICTURE_MONO;
    }
    if (is_word(colorterm, "truecolor") || is_word(colorterm, "24bit") ||
        tigetflag("RGB") > 0) {
        return PICTURE_TRUE;
    }
    return COLORS >= 256 ? PICTURE_256 : COLORS >= 16 ? PICTURE_16 : PICTURE_8;
}

/* --- buffers -------------------------------------------------------------------------------
 */

static bool grow(uint32_t **p, size_t *room, size_t n)
{
    if (n > *room) {
        uint32_t *more = realloc(*p, n * sizeof **p);
        if (!more) {
            return false;
        }
        *p = more;
        *room = n;
    }
    return true;
}

void term_picture_forget(struct term_picture *p)
{
    for (size_t i = 0; i < p->cells * 2; i++) {
        p->shown[i] = unknown;
    }
}

void term_picture_free(struct term_picture *p)
{
    free(p->pixels);
    free(p->small);
    free(p->shown);
    *p = (struct term_picture){.pixels = NULL};
}

/* Where it goes; true: it goes elsewhere than before. -1 as the size: no memory. */
static bool place(struct term_picture *p, const struct screen *sc, int lines)
{
    struct picture_size to =
        picture_fit(sc->width, sc->height, (unsigned)COLS, lines > 0 ? (unsigned)lines : 1);
    int left = (COLS - (int)to.w) / 2, top = (lines - (int)to.h / 2) / 2;
    left = left < 0 ? 0 : left;
    top = top < 0 ? 0 : top;
    bool same = p->to.w == to.w && p->to.h == to.h && p->left == left && p->top == top;
    p->to = to;
    p->left = left;
    p->top = top;
    return !same;
}

/* --- cells ---------------------------------------------------------------------------------
 */

struct pen {
    const struct term *t;
    uint32_t fg, bg; /* as last sent */
    int y, x;        /* where the terminal writes next */
};

static void choose(struct pen *pen, bool background, uint32_t colour)
{
    uint32_t *last = background ? &pen->bg : &pen->fg;
    char sgr[PICTURE_SGR];
    if (*last != colour) {
        *last = colour;
        fwrite(sgr, 1, picture_sgr(pen->t->depth, background, colour, sgr), stdout);
    }
}

/* The shapes of two pixels that are dark or bright. */
static const char *mono_shape(bool utf8, uint32_t upper, uint32_t lower)
{
    static const char *const blocks[4] = {" ", "\xE2\x96\x84", "\xE2\x96\x80", "\xE2\x96\x88"};
    static const char *const ascii[4] = {" ", ".", "'", "#"};
    return (utf8 ? blocks : ascii)[(upper & 1) << 1 | (lower & 1)];
}

static void put_cell(struct pen *pen, int y, int x, uint32_t upper, uint32_t lower)
{
    const struct term *t = pen->t;
    const char *shape = " ";
    if (pen->y != y || pen->x != x) {
        printf("\x1B[%d;%dH", y + 1, x + 1);
    }
    if (t->depth == PICTURE_MONO) {
        shape = mono_shape(t->utf8, upper, lower);
    } else {
        choose(pen, true, lower);
        if (upper != lower && t->utf8) {
            choose(pen, false, upper);
            shape = "\xE2\x96\x80";
        }
    }
    fputs(shape, stdout);
    pen->y = y;
    pen->x = x + 1;
}

/* Cells whose colours differ from those shown, up to line `lines`; those below, where something
 * else is, have to be sent again later. */
static void send_cells(struct term *t, int lines)
{
    struct term_picture *p = &t->picture;
    struct pen pen = {.t = t, .fg = unknown, .bg = unknown, .y = -1};
    fputs("\x1B"
          "7\x1B[m",
          stdout);
    for (unsigned y = 0; y < p->to.h / 2; y++) {
        for (unsigned x = 0; x < p->to.w; x++) {
            const uint32_t *two = p->small + (size_t)2 * y * p->to.w + x;
            uint32_t *shown = p->shown + ((size_t)y * p->to.w + x) * 2;
            uint32_t upper = picture_colour(t->depth, two[0], x, 2 * y);
            uint32_t lower = picture_colour(t->depth, two[p->to.w], x, 2 * y + 1);
            if (p->top + (int)y >= lines) {
                upper = lower = unknown;
            } else if (shown[0] != upper || shown[1] != lower) {
                put_cell(&pen, p->top + (int)y, p->left + (int)x, upper, lower);
            }
            shown[0] = upper;
            shown[1] = lower;
        }
    }
    fputs("\x1B"
          "8",
          stdout);
    fflush(stdout);
}

bool term_picture_fits(struct term *t, int lines)
{
    struct term_picture *p = &t->picture;
    bool moved = place(p, &t->now, lines);
    size_t cells = (size_t)p->to.w * (p->to.h / 2), room = p->cells * 2;
    if (moved) {
        if (!grow(&p->shown, &room, cells * 2) || !grow(&p->small, &p->small_room, cells * 2)) {
            p->to = (struct picture_size){0, 0};
            p->cells = 0;
            return false;
        }
        p->cells = room / 2;
        term_picture_forget(p);
    }
    return moved;
}

void term_picture_draw(struct term *t, struct session *s, int lines)
{
    struct term_picture *p = &t->picture;
    uint64_t began = wall_ns();
    size_t n = (size_t)t->now.width * t->now.height;
    if (p->to.w == 0 || n == 0 || !grow(&p->pixels, &p->room, n) ||
        !machine_screen_pixels(s->machine, p->pixels, n)) {
        return;
    }
    struct picture_size from = {t->now.width, t->now.height};
    picture_scale(p->pixels, from, p->small, p->to);
    send_cells(t, lines);
    uint64_t now = wall_ns(), least = 1000000000 / 30, cost = now - began;
    p->due_ns = began + (3 * cost > least ? 3 * cost : least);
}

#endif
