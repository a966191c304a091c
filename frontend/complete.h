/* frontend/complete.h -- Tab in a monitor: what could stand where the cursor is.
 *
 * Command names, the words of their arguments (commands.def), subjects of info, file names.
 */
#ifndef TERRAPIN_FRONTEND_COMPLETE_H
#define TERRAPIN_FRONTEND_COMPLETE_H

#include "frontend/edit.h"

enum { COMPLETE_TEXT = 4096 };
/* Inserts what all candidates have in common. Where that is nothing, text gets the candidates,
 * a blank between two; else it is "". */
void complete_line(struct edit *e, char text[COMPLETE_TEXT]);

#endif
