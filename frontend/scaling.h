/* frontend/scaling.h -- how large a guest's picture is on the host's screen, and where.
 *
 * A PC's monitor was 4:3 whatever the mode: the pixels of 320x200, 640x350, 640x400 or 720x400
 * are not square. Modes larger than the VGA's own have square pixels.
 */
#ifndef TERRAPIN_FRONTEND_SCALING_H
#define TERRAPIN_FRONTEND_SCALING_H

#include "mem/types.h"

struct box {
    int x, y, w, h;
};

/* The window that suits a picture of w x h when nobody asked for another size. */
void scaling_natural(unsigned w, unsigned h, int *window_w, int *window_h);
/* Where the picture goes in an area of area_w x area_h: in the middle, as large as its shape
 * permits. integer: whole multiples of its pixels alone, square ones, if at least one fits. */
struct box scaling_place(unsigned w, unsigned h, int area_w, int area_h, bool integer);
/* The least multiple of n that is not less than size: what to enlarge sharply to, before the
 * rest is smoothed. */
int scaling_sharp(unsigned n, int size);
/* Into how many equal parts n lines can be cut so that each becomes a whole number of the
 * size's lines: these can be scaled one without the others. */
unsigned scaling_parts(unsigned n, int size);

#endif
