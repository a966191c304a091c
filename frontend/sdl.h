/* frontend/sdl.h -- -display sdl: the guest's screen in a window, its keyboard, its mouse.
 *
 * Ctrl+Alt (the left Alt) with
 *   G  gives the mouse to the guest, and takes it back        F  full screen, and back
 *   1  the guest's screen   2  the monitor   3  serial port 1
 *   U  the window's natural size                              I  whole multiples of pixels only
 */
#ifndef TERRAPIN_FRONTEND_SDL_H
#define TERRAPIN_FRONTEND_SDL_H

#include "mem/error.h"

struct display;
struct session;

/* NULL and err: no window can be had. */
struct display *sdl_open(const struct session *s, struct error *err);

#endif
