/* frontend/display.c -- see the header. */
#include "frontend/display.h"

#include "frontend/sdl.h"
#include "frontend/session.h"
#include "frontend/term.h"

struct display *display_open(const struct session *s, struct error *err)
{
    switch (s->config.display) {
    case DISPLAY_TERM: return term_open(s->opt->name, err);
    case DISPLAY_SDL:
#if TERRAPIN_HAVE_SDL
        return sdl_open(s, err);
#else
        error_set(err, "-display sdl: built without SDL2; install libsdl2-dev and build again, "
                       "or use -display term or none");
        return NULL;
#endif
    case DISPLAY_DEFAULT:
    case DISPLAY_NONE: break;
    }
    return NULL;
}

void display_close(struct display *d)
{
    if (d) {
        d->ops->close(d);
    }
}

void display_update(struct display *d, struct session *s)
{
    if (d) {
        d->ops->update(d, s);
    }
}

void display_show(struct display *d, const char *message)
{
    if (d) {
        d->ops->show(d, message);
    }
}

bool display_interrupted(struct display *d)
{
    return d && d->ops->interrupted && d->ops->interrupted(d);
}
