/* frontend/edit.h -- a line that is being typed, with history.
 *
 * The one line editor of all monitors. It knows keys and a line, nothing of screens: whoever
 * shows it draws line, len and at. Keys are readline's and those of the keyboard. Text is
 * UTF-8; `at` and `len` are in bytes and never inside a character.
 */
#ifndef TERRAPIN_FRONTEND_EDIT_H
#define TERRAPIN_FRONTEND_EDIT_H

#include "mem/types.h"

#include <stddef.h>

enum { EDIT_LINE = 1024, EDIT_HISTORY = 50 };

/* Keys: bytes as they are (control codes, text), and these. */
enum edit_key {
    EDIT_NONE = 256,
    EDIT_LEFT,
    EDIT_RIGHT,
    EDIT_UP,
    EDIT_DOWN,
    EDIT_HOME,
    EDIT_END,
    EDIT_DELETE,
    EDIT_WORD_LEFT,
    EDIT_WORD_RIGHT,
    EDIT_PAGE_UP,
    EDIT_PAGE_DOWN,
};

struct edit {
    char line[EDIT_LINE]; /* NUL-terminated */
    size_t len, at;
    char history[EDIT_HISTORY][EDIT_LINE]; /* a ring */
    unsigned newest, count, back;          /* back: how many lines up; 0: the new line */
    char fresh[EDIT_LINE];                 /* the new line, while older ones are looked at */
    char sequence[8];                      /* ESC ... so far */
    unsigned in_sequence;
};

enum edit_result {
    EDIT_SAME,
    EDIT_CHANGED,
    EDIT_ENTERED, /* take line, then edit_next() */
    EDIT_TAB,     /* completion is asked for */
    EDIT_CLOSED,  /* Ctrl-D on an empty line */
    EDIT_CLEAR,   /* Ctrl-L: clear the screen */
};

/* One byte from a terminal: the key that it completes, or EDIT_NONE. */
unsigned edit_decode(struct edit *e, uint8_t byte);
enum edit_result edit_key(struct edit *e, unsigned key);
/* The line goes into the history, and a new one begins. */
void edit_next(struct edit *e);
void edit_insert(struct edit *e, const char *text, size_t n);
/* Columns that n bytes of text take. */
size_t edit_columns(const char *text, size_t n);

#endif
