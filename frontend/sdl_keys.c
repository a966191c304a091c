/* frontend/sdl_keys.c -- from the keys of the host's keyboard to those of the guest's.
 *
 * SDL's scancodes are places on the keyboard, whatever the host's layout prints on them, and so
 * are the codes of set 1: the layout is the guest's affair. Repetition is the guest's
 * keyboard's own (devices/ps2kbd.c).
 *
 * A host that was busy brings many keys at once, more than the keyboard's buffer and the BIOS's
 * hold. They wait here, and are pressed one after the other as the guest takes them.
 */
#include "frontend/sdl_priv.h"

#define KEY(name) [SDL_SCANCODE_##name]
static const uint16_t codes[SDL_NUM_SCANCODES] = {
    KEY(ESCAPE) = KEY_ESC,
    KEY(1) = 0x02,
    KEY(2) = 0x03,
    KEY(3) = 0x04,
    KEY(4) = 0x05,
    KEY(5) = 0x06,
    KEY(6) = 0x07,
    KEY(7) = 0x08,
    KEY(8) = 0x09,
    KEY(9) = 0x0A,
    KEY(0) = 0x0B,
    KEY(MINUS) = 0x0C,
    KEY(EQUALS) = 0x0D,
    KEY(BACKSPACE) = 0x0E,
    KEY(TAB) = 0x0F,
    KEY(Q) = 0x10,
    KEY(W) = 0x11,
    KEY(E) = 0x12,
    KEY(R) = 0x13,
    KEY(T) = 0x14,
    KEY(Y) = 0x15,
    KEY(U) = 0x16,
    KEY(I) = 0x17,
    KEY(O) = 0x18,
    KEY(P) = 0x19,
    KEY(LEFTBRACKET) = 0x1A,
    KEY(RIGHTBRACKET) = 0x1B,
    KEY(RETURN) = KEY_ENTER,
    KEY(LCTRL) = 0x1D,
    KEY(A) = 0x1E,
    KEY(S) = 0x1F,
    KEY(D) = 0x20,
    KEY(F) = 0x21,
    KEY(G) = 0x22,
    KEY(H) = 0x23,
    KEY(J) = 0x24,
    KEY(K) = 0x25,
    KEY(L) = 0x26,
    KEY(SEMICOLON) = 0x27,
    KEY(APOSTROPHE) = 0x28,
    KEY(GRAVE) = 0x29,
    KEY(LSHIFT) = 0x2A,
    KEY(BACKSLASH) = 0x2B,
    KEY(NONUSHASH) = 0x2B,
    KEY(Z) = 0x2C,
    KEY(X) = 0x2D,
    KEY(C) = 0x2E,
    KEY(V) = 0x2F,
    KEY(B) = 0x30,
    KEY(N) = 0x31,
    KEY(M) = 0x32,
    KEY(COMMA) = 0x33,
    KEY(PERIOD) = 0x34,
    KEY(SLASH) = 0x35,
    KEY(RSHIFT) = 0x36,
    KEY(KP_MULTIPLY) = 0x37,
    KEY(LALT) = 0x38,
    KEY(SPACE) = 0x39,
    KEY(CAPSLOCK) = 0x3A,
    KEY(F1) = 0x3B,
    KEY(F2) = 0x3C,
    KEY(F3) = 0x3D,
    KEY(F4) = 0x3E,
    KEY(F5) = 0x3F,
    KEY(F6) = 0x40,
    KEY(F7) = 0x41,
    KEY(F8) = 0x42,
    KEY(F9) = 0x43,
    KEY(F10) = 0x44,
    KEY(NUMLOCKCLEAR) = 0x45,
    KEY(SCROLLLOCK) = 0x46,
    KEY(KP_7) = 0x47,
    KEY(KP_8) = 0x48,
    KEY(KP_9) = 0x49,
    KEY(KP_MINUS) = 0x4A,
    KEY(KP_4) = 0x4B,
    KEY(KP_5) = 0x4C,
    KEY(KP_6) = 0x4D,
    KEY(KP_PLUS) = 0x4E,
    KEY(KP_1) = 0x4F,
    KEY(KP_2) = 0x50,
    KEY(KP_3) = 0x51,
    KEY(KP_0) = 0x52,
    KEY(KP_PERIOD) = 0x53,
    KEY(NONUSBACKSLASH) = 0x56,
    KEY(F11) = 0x57,
    KEY(F12) = 0x58,
    /* Japan, Brazil */
    KEY(INTERNATIONAL2) = 0x70,
    KEY(INTERNATIONAL1) = 0x73,
    KEY(INTERNATIONAL4) = 0x79,
    KEY(INTERNATIONAL5) = 0x7B,
    KEY(INTERNATIONAL3) = 0x7D,
    KEY(KP_COMMA) = 0x7E,
    /* the grey keys */
    KEY(KP_ENTER) = 0xE01C,
    KEY(RCTRL) = 0xE01D,
    KEY(KP_DIVIDE) = 0xE035,
    KEY(PRINTSCREEN) = KEY_PRINT,
    KEY(SYSREQ) = KEY_PRINT,
    KEY(RALT) = 0xE038,
    KEY(HOME) = 0xE047,
    KEY(UP) = 0xE048,
    KEY(PAGEUP) = 0xE049,
    KEY(LEFT) = 0xE04B,
    KEY(RIGHT) = 0xE04D,
    KEY(END) = 0xE04F,
    KEY(DOWN) = 0xE050,
    KEY(PAGEDOWN) = 0xE051,
    KEY(INSERT) = 0xE052,
    KEY(DELETE) = 0xE053,
    KEY(LGUI) = 0xE05B,
    KEY(RGUI) = 0xE05C,
    KEY(APPLICATION) = 0xE05D,
    KEY(MENU) = 0xE05D,
    KEY(PAUSE) = KEY_PAUSE,
};
#undef KEY

uint16_t sdl_key_code(SDL_Scancode scancode)
{
    return (unsigned)scancode < SDL_NUM_SCANCODES ? codes[scancode] : 0;
}

/* There is always a place for the releases of all keys that are down. */
_Static_assert(SDL_KEYS >= 2 * SDL_NUM_SCANCODES, "half of the queue is for releases");

static void push(struct sdl_keys *k, unsigned key, bool down)
{
    k->down[key] = down;
    k->queue[(k->first + k->queued++) % SDL_KEYS] = (struct sdl_key){codes[key], down};
}

void sdl_keys_event(struct sdl_keys *k, const struct session *s, const SDL_KeyboardEvent *e)
{
    SDL_Scancode key = e->keysym.scancode;
    bool down = e->type == SDL_KEYDOWN, full = k->queued >= SDL_KEYS / 2;
    /* A stopped guest takes no keys, but a key that it knows to be down can go up. */
    if (sdl_key_code(key) == 0 || k->down[key] == down ||
        (down && (s->stopped || s->scripted || full))) {
        return;
    }
    push(k, key, down);
}

/* Who looks away lets go: the releases would go to another window. */
void sdl_keys_release(struct sdl_keys *k)
{
    for (unsigned key = 0; key < SDL_NUM_SCANCODES; key++) {
        if (k->down[key]) {
            push(k, key, false);
        }
    }
}

/* What goes up, and one key that goes down, when the guest has taken all codes before: so a key
 * is down from one update to the next, however short it was. */
void sdl_keys_send(struct sdl_keys *k, struct session *s)
{
    bool pressed = s->stopped || !machine_keyboard_idle(s->machine);
    while (k->queued > 0 && !pressed) {
        struct sdl_key key = k->queue[k->first];
        k->first = (k->first + 1) % SDL_KEYS;
        k->queued--;
        session_key(s, key.code, key.down);
        pressed = key.down;
    }
}
