/* frontend/picture.h -- a picture of pixels for a grid of character cells.
 *
 * A cell is twice as high as wide and shows two pixels, one above the other, as foreground and
 * background of U+2580, the upper half block. Pure functions: where the cells go is
 * frontend/term_picture.c's business.
 */
#ifndef TERRAPIN_FRONTEND_PICTURE_H
#define TERRAPIN_FRONTEND_PICTURE_H

#include "mem/types.h"

#include <stddef.h>

struct picture_size {
    unsigned w, h;
};

/* The largest size, in pixels of half a cell, that fits into columns x lines of cells and has
 * the shape the guest's monitor shows: 4:3 for modes that were made for one, else square
 * pixels. At least 1 x 2, and of an even height. */
struct picture_size picture_fit(unsigned w, unsigned h, unsigned columns, unsigned lines);

/* Averages from->w x from->h pixels (00RRGGBB) into to->w x to->h. */
void picture_scale(const uint32_t *pixels, struct picture_size from, uint32_t *out,
                   struct picture_size to);

/* What a terminal can show. */
enum picture_depth { PICTURE_MONO, PICTURE_8, PICTURE_16, PICTURE_256, PICTURE_TRUE };

/* A colour as this terminal knows it: a number of its palette, for PICTURE_TRUE 00RRGGBB. x and
 * y: the pixel's place, for the dither of PICTURE_MONO (0 dark, 1 bright). */
uint32_t picture_colour(enum picture_depth depth, uint32_t rgb, unsigned x, unsigned y);

/* The escape sequence that chooses it. Returns its length. */
enum { PICTURE_SGR = 32 };
unsigned picture_sgr(enum picture_depth depth, bool background, uint32_t colour,
                     char out[PICTURE_SGR]);

#endif
