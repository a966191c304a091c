/* frontend/serial_option.c -- see the header. */
#include "frontend/serial_option.h"

#include <string.h>

/* Suffixes for what is always so here: a server that does not wait. */
bool known_suffixes(const char *s)
{
    static const char *const known[] = {"server",  "server=on", "nowait",
                                        "wait=no", "wait=off",  "nodelay"};
    while (*s == ',') {
        size_t n = strcspn(++s, ",");
        bool found = false;
        for (size_t i = 0; i < ARRAY_LEN(known); i++) {
            found |= strlen(known[i]) == n && memcmp(known[i], s, n) == 0;
        }
        if (!found) {
            return false;
        }
        s += n;
    }
    return *s == '\0';
}

static bool parse_socket(const char *value, struct serial_option *out)
{
    size_t n = strcspn(value, ",");
    if (n == 0 || n >= sizeof out->socket || !known_suffixes(value + n)) {
        return false;
    }
    memcpy(out->socket, value, n);
    out->socket[n] = '\0';
    out->kind = SERIAL_UNIX;
    return true;
}

bool serial_option_parse(const char *value, struct serial_option *out)
{
    static const struct {
        const char *word;
        enum serial_kind kind;
    } words[] = {{"stdio", SERIAL_STDIO},
                 {"mon:stdio", SERIAL_MON_STDIO},
                 {"pty", SERIAL_PTY},
                 {"null", SERIAL_NULL},
                 {"none", SERIAL_NONE}};
    *out = (struct serial_option){.kind = SERIAL_NONE};
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcmp(value, words[i].word) == 0) {
            out->kind = words[i].kind;
            return true;
        }
    }
    if (strncmp(value, "unix:", 5) == 0) {
        return parse_socket(value + 5, out);
    }
    out->kind = SERIAL_FILE;
    out->file = value + 5;
    return strncmp(value, "file:", 5) == 0 && value[5];
}
