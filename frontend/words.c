/* frontend/words.c -- see the header. */
#include "frontend/words.h"

#include <stdlib.h>
#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* One character of a string, from behind a backslash on; how many bytes it took, 0: no escape.
 */
static unsigned escape(const char *s, char *out)
{
    static const char names[] = "nte\"\\", codes[] = "\n\t\x1B\"\\";
    const char *at = *s ? strchr(names, *s) : NULL;
    if (at) {
        *out = codes[at - names];
        return 1;
    }
    if (*s == 'x' && hex_value(s[1]) >= 0 && hex_value(s[2]) >= 0) {
        *out = (char)(hex_value(s[1]) << 4 | hex_value(s[2]));
        return 3;
    }
    return 0;
}

/* A string whose opening quote is behind us. Both pointers advance; -1: it does not end. */
static int take_string(const char **from, char **to, struct error *err)
{
    const char *s = *from;
    while (*s != '"') {
        if (*s == '\0') {
            return error_set(err, "the string does not end; close it with \"");
        }
        char c = *s;
        unsigned n = c == '\\' ? escape(s + 1, &c) : 0;
        if (c == '\0') {
            return error_set(err, "\\x00 cannot be in a string");
        }
        *(*to)++ = c;
        s += n + 1;
    }
    *from = s + 1;
    if (!is_blank(*(s + 1)) && *(s + 1) != '\0') {
        return error_set(err, "a blank is missing behind the string");
    }
    return 0;
}

int words_split(struct words *w, const char *line, struct error *err)
{
    w->n = 0;
    w->store = malloc(2 * strlen(line) + 2); /* every word shrinks or stays, and gets a NUL */
    if (!w->store) {
        return error_set(err, "out of memory");
    }
    char *to = w->store;
    for (;;) {
        while (is_blank(*line)) {
            line++;
        }
        if (*line == '\0' || *line == '#') {
            return 0;
        }
        if (w->n == LINE_WORDS) {
            words_free(w);
            return error_set(err, "too many words; put the text in quotes");
        }
        w->word[w->n++] = to;
        if (*line == '"') {
            line++;
            if (take_string(&line, &to, err) < 0) {
                words_free(w);
                return -1;
            }
        } else {
            while (*line && !is_blank(*line)) {
                *to++ = *line++;
            }
        }
        *to++ = '\0';
    }
}

void words_free(struct words *w)
{
    free(w->store);
    w->store = NULL;
    w->n = 0;
}
