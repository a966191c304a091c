/* frontend/symbols.c -- see the header. */
#include "frontend/symbols.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frontend/report.h"

enum { NAME_MOST = 56, FAR_AWAY = 1 << 20 };

struct symbol {
    uint32_t la;
    unsigned order; /* in the file: of two at one address the first is taken */
    char name[NAME_MOST];
};
struct symbols {
    struct symbol *row;
    size_t n, room;
};

static int by_address(const void *a, const void *b)
{
    const struct symbol *x = a, *y = b;
    if (x->la != y->la) {
        return x->la < y->la ? -1 : 1;
    }
    return x->order > y->order ? -1 : 1;
}

static bool add(struct symbols *s, uint32_t la, const char *name)
{
    if (s->n == s->room) {
        size_t room = s->room ? 2 * s->room : 1024;
        struct symbol *row = realloc(s->row, room * sizeof *row);
        if (!row) {
            return false;
        }
        s->row = row;
        s->room = room;
    }
    struct symbol *new = &s->row[s->n];
    new->la = la;
    new->order = (unsigned)s->n++;
    snprintf(new->name, sizeof new->name, "%.*s", (int)sizeof new->name - 1, name);
    return true;
}

static bool read_lines(struct symbols *s, FILE *f)
{
    char line[512], name[256], type;
    uint32_t la;
    while (fgets(line, sizeof line, f)) {
        int fields = sscanf(line, "%8" SCNx32 " %c %255s", &la, &type, name);
        if (fields == 3 && strchr("tTwW", type) && !add(s, la, name)) {
            return false;
        }
    }
    return !ferror(f);
}

struct symbols *symbols_load(const char *path, struct error *err)
{
    struct symbols *s = calloc(1, sizeof *s);
    FILE *f = fopen(path, "r");
    bool ok = s && f && read_lines(s, f);
    if (f) {
        fclose(f);
    }
    if (!ok || s->n == 0) {
        error_set(err,
                  ok ? "-symbols %s: no lines \"ADDRESS t NAME\" in it"
                     : "-symbols %s: cannot read",
                  short_path(path));
        symbols_free(s);
        return NULL;
    }
    qsort(s->row, s->n, sizeof *s->row, by_address);
    return s;
}

void symbols_free(struct symbols *s)
{
    if (s) {
        free(s->row);
        free(s);
    }
}

bool symbols_name(const struct symbols *s, uint32_t la, char out[SYMBOL_TEXT])
{
    size_t low = 0, high = s->n; /* the last one at or before la is in [low, high) */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (s->row[middle].la <= la) {
            low = middle;
        } else {
            high = middle;
        }
    }
    if (s->n == 0 || s->row[low].la > la || la - s->row[low].la >= FAR_AWAY) {
        return false;
    }
    snprintf(out, SYMBOL_TEXT, "%s+0x%" PRIx32, s->row[low].name, la - s->row[low].la);
    return true;
}

/* Is the line about a place that has a name? */
static bool place(const char *line, size_t len, const struct symbols *names,
                  char out[SYMBOL_TEXT])
{
    char digits[9] = "";
    memcpy(digits, line, len < 8 ? len : 8);
    return names && strspn(digits, "0123456789abcdef") == 8 && line[8] == ' ' &&
           symbols_name(names, (uint32_t)strtoul(digits, NULL, 16), out);
}

char *symbols_annotate(const struct symbols *names, const char *text)
{
    size_t lines = 1, at = 0;
    for (const char *p = text; *p; p++) {
        lines += *p == '\n';
    }
    size_t size = strlen(text) + lines * (SYMBOL_TEXT + 3) + 1;
    char *out = malloc(size);
    for (size_t n; out && *text; text += n) {
        char name[SYMBOL_TEXT];
        size_t len = strcspn(text, "\n");
        n = len + (text[len] == '\n');
        bool named = place(text, len, names, name);
        at += (size_t)snprintf(out + at, size - at, "%.*s%s%s%s", (int)len, text,
                               named ? "  " : "", named ? name : "", n > len ? "\n" : "");
    }
    if (out) {
        out[at] = '\0';
    }
    return out;
}
