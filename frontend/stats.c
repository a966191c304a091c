/* frontend/stats.c -- see the header. */
#include "frontend/stats.h"

#include <stdlib.h>
#include <string.h>

#include "frontend/report.h"
#include "frontend/session.h"
#include "frontend/symbols.h"

static void print_info(const struct session *s, const char *subject,
                       const struct symbols *names)
{
    char *text = machine_info(s->machine, subject);
    char *named = text ? symbols_annotate(names, text) : NULL, *rest = named;
    for (size_t n; rest && *rest; rest += n + (rest[n] == '\n')) {
        n = strcspn(rest, "\n");
        complain("stats: %.*s\n", (int)n, rest);
    }
    free(named);
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
