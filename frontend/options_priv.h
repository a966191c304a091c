/* frontend/options_priv.h -- the table of options from inside; for options*.c. */
#ifndef TERRAPIN_FRONTEND_OPTIONS_PRIV_H
#define TERRAPIN_FRONTEND_OPTIONS_PRIV_H

#include "frontend/options.h"

enum group { MACHINE, MEDIA, CONSOLE, TIME, CONTROL, TESTS, LAB, NO_EFFECT, LATER, GROUPS };

struct option;
typedef int set_fn(struct options *o, const struct option *row, const char *value,
                   struct error *err);
struct option { /* a row of options.def */
    enum group group;
    const char *name, *value;
    set_fn *set;
    const char *help;
};

const struct option *option_row(size_t i);          /* NULL behind the last */
const struct option *option_find(const char *name); /* without dashes; or NULL */
const char *option_meant(const char *name);         /* by a name that is none; or NULL */

/* Is value, up to a comma, colon or '=', one of the words of "a|b|c"? */
bool is_word(const char *value, const char *words);

set_fn set_drive_letter, set_drive; /* options_drive.c */

#endif
