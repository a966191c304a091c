/* frontend/keymap.h -- from characters and QEMU's key names to key codes, US layout. */
#ifndef TERRAPIN_FRONTEND_KEYMAP_H
#define TERRAPIN_FRONTEND_KEYMAP_H

#include "mem/types.h"

enum { CHORD_KEYS = 8 };
enum { KEY_CTRL = 0x1D, KEY_SHIFT = 0x2A, KEY_ALT = 0x38 };

/* Keys pressed in order and released in reverse. */
struct chord {
    uint16_t code[CHORD_KEYS];
    unsigned n;
};

/* Appends a key; a modifier that is there already stays single. false: full. */
bool chord_add(struct chord *ch, uint16_t code);
/* The keys that give this character (printable ASCII, \n \t \b \e); false: there are none. */
bool keymap_char(unsigned char c, struct chord *ch);
/* Code of QEMU's name for a key ("a", "ret", "kp_0", "f1"), or 0. n: bytes of name. */
uint16_t keymap_name(const char *name, size_t n);
/* "ctrl-alt-delete"; false: an unknown name, *bad and *bad_len tell which. */
bool keymap_chord(const char *keys, struct chord *ch, const char **bad, size_t *bad_len);

#endif
