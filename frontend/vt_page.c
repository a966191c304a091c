/* frontend/vt_page.c -- see the header. ECMA-48's names of the sequences. */
#include "frontend/vt_page.h"

#include <string.h>

enum { BEL = 7, BS = 8, TAB = 9, LF = 10, CR = 13, ESC = 27, DEL = 127, LARGEST = 999 };

void vt_page_clear(struct vt_page *t)
{
    memset(t, 0, sizeof *t);
}

static void line_feed(struct vt_page *t)
{
    if (t->y + 1 < VT_PAGE_ROWS) {
        t->y++;
        return;
    }
    memmove(t->cell[0], t->cell[1], sizeof t->cell - sizeof t->cell[0]);
    memset(t->cell[VT_PAGE_ROWS - 1], 0, sizeof t->cell[0]);
}

static void text(struct vt_page *t, uint8_t byte)
{
    switch (byte) {
    case BS: t->x -= t->x > 0; break;
    case TAB: t->x = t->x < VT_PAGE_COLUMNS - 8 ? (t->x | 7) + 1 : VT_PAGE_COLUMNS - 1; break;
    case LF: line_feed(t); break;
    case CR: t->x = 0; break;
    case ESC: t->state = VT_PAGE_ESCAPE; break;
    default:
        if (byte < ' ' || byte == DEL) {
            break;
        }
        if (t->x >= VT_PAGE_COLUMNS) {
            t->x = 0;
            line_feed(t);
        }
        t->cell[t->y][t->x++] = byte;
    }
}

/* Cells [from, to) of the grid, counted along its rows. */
static void erase(struct vt_page *t, unsigned from, unsigned to)
{
    for (unsigned i = from; i < to && i < VT_PAGE_ROWS * VT_PAGE_COLUMNS; i++) {
        t->cell[i / VT_PAGE_COLUMNS][i % VT_PAGE_COLUMNS] = 0;
    }
}

static unsigned clamp(unsigned v, unsigned most)
{
    return v < most ? v : most;
}

/* The end of a control sequence. */
static void sequence(struct vt_page *t, uint8_t final)
{
    unsigned x = clamp(t->x, VT_PAGE_COLUMNS - 1), row = t->y * VT_PAGE_COLUMNS, here = row + x;
    unsigned first = t->parameter[0], n = first ? first : 1;
    switch (final) {
    case 'A': t->y -= clamp(n, t->y); break;                   /* CUU */
    case 'B': t->y = clamp(t->y + n, VT_PAGE_ROWS - 1); break; /* CUD */
    case 'C': t->x = clamp(x + n, VT_PAGE_COLUMNS - 1); break; /* CUF */
    case 'D': t->x = x - clamp(n, x); break;                   /* CUB */
    case 'G': t->x = clamp(n - 1, VT_PAGE_COLUMNS - 1); break; /* CHA */
    case 'H':
    case 'f': /* CUP, HVP */
        t->y = clamp(n - 1, VT_PAGE_ROWS - 1);
        t->x = t->parameter[1] ? clamp(t->parameter[1] - 1, VT_PAGE_COLUMNS - 1) : 0;
        break;
    case 'J': /* ED: to the end, from the beginning, all */
        erase(t, first == 0 ? here : 0, first == 1 ? here + 1 : VT_PAGE_ROWS * VT_PAGE_COLUMNS);
        break;
    case 'K': /* EL */
        erase(t, first == 0 ? here : row, first == 1 ? here + 1 : row + VT_PAGE_COLUMNS);
        break;
    default: break;
    }
}

static void parameter(struct vt_page *t, uint8_t byte)
{
    unsigned *p = &t->parameter[t->parameters];
    if (byte == ';') {
        t->parameters += t->parameters + 1 < VT_PAGE_PARAMETERS;
    } else if (byte >= '0' && byte <= '9') {
        *p = clamp(*p * 10 + (byte - (unsigned)'0'), LARGEST);
    }
}

void vt_page_put(struct vt_page *t, uint8_t byte)
{
    switch (t->state) {
    case VT_PAGE_TEXT: text(t, byte); break;
    case VT_PAGE_ESCAPE:
        memset(t->parameter, 0, sizeof t->parameter);
        t->parameters = 0;
        t->state = byte == '['                  ? VT_PAGE_SEQUENCE
                   : byte == ']' || byte == 'P' ? VT_PAGE_STRING
                   : byte >= ' ' && byte <= '/' ? VT_PAGE_ESCAPE /* intermediate */
                                                : VT_PAGE_TEXT;
        break;
    case VT_PAGE_SEQUENCE:
        parameter(t, byte);
        if (byte >= '@' && byte < DEL) {
            t->state = VT_PAGE_TEXT;
            sequence(t, byte);
        } else if (byte == ESC) {
            t->state = VT_PAGE_ESCAPE;
        }
        break;
    case VT_PAGE_STRING: /* OSC, DCS: up to BEL or ST */
        t->state = byte == BEL ? VT_PAGE_TEXT : byte == ESC ? VT_PAGE_ESCAPE : VT_PAGE_STRING;
        break;
    }
}
