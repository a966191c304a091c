/* frontend/display.h -- where the guest's screen goes and its keys come from: a terminal, a
 * window.
 *
 * A display is a struct that begins with struct display. The session opens one, gives it a look
 * at the machine between slices, and closes it; input goes through machine_input() alone, so
 * that what is watched runs as what is not.
 */
#ifndef TERRAPIN_FRONTEND_DISPLAY_H
#define TERRAPIN_FRONTEND_DISPLAY_H

#include "mem/error.h"

struct display;
struct session;

struct display_ops {
    void (*close)(struct display *d);
    /* Between slices, as often as the session comes by: input in, screen out. The session may
     * be stopped, or inside a command (s->scripted: a script has the keyboard). */
    void (*update)(struct display *d, struct session *s);
    void (*show)(struct display *d, const char *message); /* for some seconds */
    /* Has Ctrl-C been typed into a monitor that waits for its command? NULL: cannot be. */
    bool (*interrupted)(struct display *d);
};

struct display {
    const struct display_ops *ops;
};

/* The display that was decided on (s->config.display). NULL and no error: none. */
struct display *display_open(const struct session *s, struct error *err);
/* NULL is fine in all of them. */
void display_close(struct display *d);
void display_update(struct display *d, struct session *s);
void display_show(struct display *d, const char *message);
bool display_interrupted(struct display *d);

#endif
