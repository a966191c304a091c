/* frontend/options_help.c -- --help, from the table of options; and what a misspelt one means.
 */
#include "frontend/options_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- help ----------------------------------------------------------------------------------
 */

struct page {
    char *s;
    size_t len, cap, column;
};

static void add(struct page *p, const char *piece)
{
    size_t n = strlen(piece);
    if (p->len + n < p->cap) {
        memcpy(p->s + p->len, piece, n + 1);
        p->len += n;
        p->column += n;
    }
}

static const char *const headings[GROUPS] = {
    [MACHINE] = "machine", [MEDIA] = "media",         [CONSOLE] = "console",
    [TIME] = "time",       [CONTROL] = "control",     [TESTS] = "tests",
    [LAB] = "lab",         [NO_EFFECT] = "no effect", [LATER] = "not yet",
};

/* "  media      -fda F  -fdb F …", wrapped at 80 columns. */
static void add_group(struct page *p, enum group group)
{
    enum { WIDTH = 79, INDENT = 11 };
    char piece[160];
    snprintf(piece, sizeof piece, "%-*s", INDENT, headings[group]);
    p->column = 0;
    add(p, piece);
    const struct option *row;
    for (size_t i = 0; (row = option_row(i)) != NULL; i++) {
        bool show_value = *row->value && group != LATER && group != LAB;
        if (row->group != group) {
            continue;
        }
        snprintf(piece, sizeof piece, "-%s%s%s", row->name, show_value ? " " : "",
                 show_value ? row->value : "");
        if (p->column > INDENT) {
            if (p->column + 2 + strlen(piece) > WIDTH) {
                add(p, "\n");
                p->column = 0;
                for (unsigned n = 0; n < INDENT; n++) {
                    add(p, " ");
                }
            } else {
                add(p, group == LATER || group == LAB ? " " : "  ");
            }
        }
        add(p, piece);
    }
    add(p, "\n");
}

char *options_help(void)
{
    struct page p = {.cap = 4096};
    p.s = calloc(1, p.cap);
    if (!p.s) {
        return NULL;
    }
    add(&p, "usage: terrapin [options] [IMAGE] | replay LOG | lab GUEST | "
            "state COMMAND F\n");
    for (enum group g = 0; g < GROUPS; g++) {
        if (g != LAB) { /* terrapin lab --help has them */
            add_group(&p, g);
        }
    }
    add(&p,
        "terrapin --help OPTION tells more, so does terrapin lab --help; Ctrl-A h: keys.\n");
    return p.s;
}

/* The help text, wrapped and indented. */
static void add_wrapped(struct page *p, const char *text)
{
    enum { WIDTH = 78, INDENT = 4 };
    while (*text) {
        size_t n = strlen(text);
        if (n > WIDTH - INDENT) {
            n = WIDTH - INDENT;
            while (n > 0 && text[n] != ' ') {
                n--;
            }
            n = n ? n : strcspn(text, " ");
        }
        char line[512];
        snprintf(line, sizeof line, "%*s%.*s\n", INDENT, "", (int)n, text);
        add(p, line);
        text += n;
        text += *text == ' ';
    }
}

bool options_help_one(const char *name, char *text, size_t n)
{
    while (*name == '-') {
        name++;
    }
    const struct option *row = option_find(name);
    if (!row) {
        return false;
    }
    char line[512];
    struct page p = {.s = text, .cap = n};
    *text = '\0';
    snprintf(line, sizeof line, "-%s%s%s\n", row->name, *row->value ? " " : "", row->value);
    add(&p, line);
    snprintf(line, sizeof line, "%s%s", row->help,
             row->group == LATER       ? " (not implemented yet)"
             : row->group == NO_EFFECT ? " (accepted, no effect)"
                                       : "");
    add_wrapped(&p, line);
    return true;
}

/* --- what was meant ------------------------------------------------------------------------
 */

enum { LONGEST = 24 };

/* Insertions, deletions, replacements and exchanges of neighbours that make b out of a
 * (Damerau's distance, optimal string alignment). */
static unsigned distance(const char *a, const char *b)
{
    unsigned d[LONGEST + 1][LONGEST + 1];
    size_t n = strlen(a), m = strlen(b);
    if (n > LONGEST || m > LONGEST) {
        return UINT16_MAX;
    }
    for (size_t i = 0; i <= n; i++) {
        d[i][0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            if (i == 0) {
                d[i][j] = (unsigned)j;
                continue;
            }
            unsigned best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            best = d[i - 1][j] + 1 < best ? d[i - 1][j] + 1 : best;
            best = d[i][j - 1] + 1 < best ? d[i][j - 1] + 1 : best;
            bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            if (swapped && d[i - 2][j - 2] + 1 < best) {
                best = d[i - 2][j - 2] + 1;
            }
            d[i][j] = best;
        }
    }
    return d[n][m];
}

const char *option_meant(const char *name)
{
    const struct option *row, *found = NULL;
    size_t n = strlen(name);
    unsigned least = n < 4 ? 1 : n < 8 ? 2 : 3; /* so many slips are believed */
    for (size_t i = 0; (row = option_row(i)) != NULL; i++) {
        unsigned slips = distance(name, row->name);
        bool begins = n >= 3 && strncmp(row->name, name, n) == 0;
        slips = begins && slips > 1 ? 1 : slips;
        if (n > 1 && slips <= least && (!found || slips < least)) {
            found = row;
            least = slips;
        }
    }
    return found ? found->name : NULL;
}
