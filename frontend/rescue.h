/* frontend/rescue.h -- the terminal is given back in a crash, too. */
#ifndef TERRAPIN_FRONTEND_RESCUE_H
#define TERRAPIN_FRONTEND_RESCUE_H

#include <stddef.h>
#include <termios.h>

enum { RESCUE_UNDO = 128 };

/* From here to rescue_disarm() a crash first restores stdin's mode. */
void rescue_arm(const struct termios *mode);
/* … and writes this to stdout; pieces add up to RESCUE_UNDO bytes. */
void rescue_undo(const char *bytes, size_t n);
void rescue_disarm(void);

#endif
