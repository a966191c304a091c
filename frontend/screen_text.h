/* frontend/screen_text.h -- the guest's text page as UTF-8 rows. */
#ifndef TERRAPIN_FRONTEND_SCREEN_TEXT_H
#define TERRAPIN_FRONTEND_SCREEN_TEXT_H

#include "devices/machine.h"

enum { SCREEN_ROW_BYTES = 132 * 3 + 1 };

/* Row y without trailing blanks, NUL-terminated. Control codes are the glyphs that CP437 draws
 * for them, so that nothing of the guest's is ever raw. */
void screen_row(const struct screen *sc, unsigned y, char out[SCREEN_ROW_BYTES]);
/* Is text within one row? Never in graphics modes. */
bool screen_has(const struct screen *sc, const char *text);
/* All rows, each with a newline; or one line about the graphics mode. */
char *screen_all(const struct screen *sc); /* malloc'ed; NULL: no memory */
size_t utf8_put(char *out, uint32_t code); /* bytes written, at most 3 */

#endif
