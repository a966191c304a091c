/* frontend/stats.c -- see the header. */
#include "frontend/stats.h"

#include <stdlib.h>
#include <string.h>

#include "frontend/report.h"
#include "frontend/session.h"
#include "frontend/symbols.h"

/* A line that begins with eight hexadecimal digits is about a place. */
static bool place(const char *line, const struct symbols *names, char out[SYMBOL_TEXT])
{
    char digits[9] = "";
    size_t len = strcspn(line, "\n");
    memcpy(digits, line, len < 8 ? len : 8);
    return names && strspn(digits, "0123456789abcdef") == 8 && line[8] == ' ' &&
           symbols_name(names, (uint32_t)strtoul(digits, NULL, 16), out);
}

static void print_info(const struct session *s, const char *subject,
                       const struct symbols *names)
{
    char *text = machine_info(s->machine, subject), *rest = text;
    for (size_t n; rest && *rest; rest += n + (rest[n] == '\n')) {
        char name[SYMBOL_TEXT];
        n = strcspn(rest, "\n");
        if (place(rest, names, name)) {
            complain("stats: %.*s  %s\n", (int)n, rest, name);
        } else {
            complain("stats: %.*s\n", (int)n, rest);
        }
    }
    free(text);
}

void stats_print(const struct session *s)
{
    char speed[SESSION_SPEED];
    struct error err = {""};
    struct symbols *names = s->opt->symbols ? symbols_load(s->opt->symbols, &err) : NULL;
    if (s->opt->symbols && !names) {
        report("%s", err.text);
    }
    session_speed(s, speed);
    complain("stats: %s", speed);
    print_info(s, "engine", NULL);
    print_info(s, "traps", names);
    symbols_free(names);
}
