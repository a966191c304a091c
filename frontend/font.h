/* frontend/font.h -- letters for texts of our own in a window: printable ASCII, 8 x 16. */
#ifndef TERRAPIN_FRONTEND_FONT_H
#define TERRAPIN_FRONTEND_FONT_H

#include "mem/types.h"

enum { FONT_WIDTH = 8, FONT_HEIGHT = 16 };

/* FONT_HEIGHT rows from the top, bit 7 on the left. Other characters are a box. */
const uint8_t *font_glyph(uint32_t c);

#endif
