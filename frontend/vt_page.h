/* frontend/vt_page.h -- a small terminal for a serial line's output: characters on a grid.
 *
 * Understands what shells and boot loaders send: CR, LF, BS, TAB, and of ANSI's sequences moves
 * of the cursor and erasing. All others are swallowed; there are no colours.
 */
#ifndef TERRAPIN_FRONTEND_VT_PAGE_H
#define TERRAPIN_FRONTEND_VT_PAGE_H

#include "mem/types.h"

#include <stddef.h>

enum { VT_PAGE_COLUMNS = 80, VT_PAGE_ROWS = 30, VT_PAGE_PARAMETERS = 4 };

struct vt_page {
    uint8_t cell[VT_PAGE_ROWS][VT_PAGE_COLUMNS]; /* 0: blank */
    unsigned x, y;                               /* x == VT_PAGE_COLUMNS: the next one wraps */
    enum { VT_PAGE_TEXT, VT_PAGE_ESCAPE, VT_PAGE_SEQUENCE, VT_PAGE_STRING } state;
    unsigned parameter[VT_PAGE_PARAMETERS], parameters;
};

void vt_page_clear(struct vt_page *t);
void vt_page_put(struct vt_page *t, uint8_t byte);

#endif
