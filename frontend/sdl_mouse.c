/* frontend/sdl_mouse.c -- the mouse: a click into the window gives it to the guest, Ctrl+Alt+G
 * takes it back. In between it moves by distances, and there is no pointer.
 */
#include "frontend/sdl_priv.h"

void sdl_mouse_flush(struct sdl_mouse *m, struct session *s)
{
    if (!m->changed || s->stopped || s->scripted) {
        m->dx = m->dy = m->dz = 0;
        return;
    }
    struct input in = {.kind = INPUT_MOUSE,
                       .dx = (int16_t)SDL_clamp(m->dx, -32767, 32767),
                       .dy = (int16_t)SDL_clamp(m->dy, -32767, 32767),
                       .dz = (int16_t)SDL_clamp(m->dz, -127, 127),
                       .buttons = m->buttons};
    machine_input(s->machine, &in);
    s->mouse_buttons = m->buttons;
    m->dx = m->dy = m->dz = 0;
    m->changed = false;
}

void sdl_mouse_grab(struct sdl *d, struct session *s, bool on)
{
    struct sdl_mouse *m = &d->mouse;
    if (m->grabbed == on) {
        return;
    }
    m->grabbed = on;
    SDL_SetRelativeMouseMode(on ? SDL_TRUE : SDL_FALSE);
    SDL_SetWindowGrab(d->win.window, on ? SDL_TRUE : SDL_FALSE);
    SDL_SetWindowKeyboardGrab(d->win.window, on ? SDL_TRUE : SDL_FALSE);
    if (!on) { /* buttons must not stay down */
        m->changed = m->buttons != 0;
        m->buttons = 0;
    }
    sdl_mouse_flush(m, s);
    d->titled_ns = 0;
}

static uint8_t button_bit(uint8_t button)
{
    switch (button) {
    case SDL_BUTTON_LEFT: return MOUSE_LEFT;
    case SDL_BUTTON_RIGHT: return MOUSE_RIGHT;
    case SDL_BUTTON_MIDDLE: return MOUSE_MIDDLE;
    default: return 0;
    }
}

static void on_button(struct sdl *d, struct session *s, const SDL_MouseButtonEvent *e)
{
    struct sdl_mouse *m = &d->mouse;
    uint8_t bit = button_bit(e->button);
    bool down = e->state == SDL_PRESSED;
    if (!m->grabbed) {
        if (down && e->button == SDL_BUTTON_LEFT) {
            sdl_mouse_grab(d, s, true); /* this click is ours */
        }
        return;
    }
    sdl_mouse_flush(m, s); /* movement comes before the button */
    m->clicked = true;
    m->buttons = (uint8_t)(down ? m->buttons | bit : m->buttons & ~bit);
    m->changed = true;
}

void sdl_mouse_event(struct sdl *d, struct session *s, const SDL_Event *e)
{
    struct sdl_mouse *m = &d->mouse;
    if (e->type == SDL_MOUSEBUTTONDOWN || e->type == SDL_MOUSEBUTTONUP) {
        on_button(d, s, &e->button);
    } else if (m->grabbed && e->type == SDL_MOUSEMOTION) {
        m->dx += e->motion.xrel;
        m->dy += e->motion.yrel;
        m->changed = true;
    } else if (m->grabbed && e->type == SDL_MOUSEWHEEL) {
        m->dz += e->wheel.direction == SDL_MOUSEWHEEL_FLIPPED ? -e->wheel.y : e->wheel.y;
        m->changed = true;
    }
}
