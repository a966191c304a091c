/* frontend/tty.h -- stdin's terminal, character by character.
 *
 * It is given back by tty_give(), and in a crash (frontend/rescue.h). Output stays as it is:
 * newlines are translated.
 */
#ifndef TERRAPIN_FRONTEND_TTY_H
#define TERRAPIN_FRONTEND_TTY_H

#include "mem/types.h"

#include <termios.h>

/* signals: Ctrl-C and its like still are signals. false: no terminal, or not ours to read now
 * (in the background). */
bool tty_take(struct termios *before, bool signals);
void tty_give(const struct termios *before);
/* Of stdout; 80 x 24 where it cannot be told. */
void tty_size(unsigned *columns, unsigned *lines);

#endif
