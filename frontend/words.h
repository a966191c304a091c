/* frontend/words.h -- one line of monitor commands, cut into words.
 *
 * Words are separated by blanks; "..." is one word. Inside quotes: \n \t \e \" \\ \xHH; any
 * other backslash is literal. A # that begins a word begins a comment.
 */
#ifndef TERRAPIN_FRONTEND_WORDS_H
#define TERRAPIN_FRONTEND_WORDS_H

#include "mem/error.h"

enum { LINE_WORDS = 64 };

struct words {
    unsigned n;
    const char *word[LINE_WORDS]; /* NUL-terminated */
    char *store;                  /* owns them */
};

int words_split(struct words *w, const char *line, struct error *err);
void words_free(struct words *w);

#endif
