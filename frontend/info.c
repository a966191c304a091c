/* frontend/info.c -- the command info, and the words that Tab and help know. */
#include "frontend/commands.h"

#include "frontend/history.h"
#include "frontend/report.h"
#include "frontend/symbols.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name, *what;
} subject[] = {
#define SUBJECT(name, what) {name, what},
#include "frontend/subjects.def"
#undef SUBJECT
};

const char *info_subject(unsigned i)
{
    return i < ARRAY_LEN(subject) ? subject[i].name : NULL;
}

/* What the front end adds to the machine's own words. */
static const char *info_here(struct session *s, const char *what)
{
    if (strcmp(what, "stats") == 0) {
        char text[SESSION_SPEED];
        session_speed(s, text);
        say_text(text);
    } else if (strcmp(what, "block") == 0) {
        char *text = drives_info(&s->config.drives);
        say_text(text ? text : "");
        free(text);
        return "drives";
    }
    return what;
}

/* The sites of sensitive instructions, by name where -symbols has one. */
static char *with_names(const struct session *s, char *text)
{
    struct error err = {""};
    struct symbols *names = s->opt->symbols ? symbols_load(s->opt->symbols, &err) : NULL;
    if (s->opt->symbols && !names) {
        report("%s", err.text);
    }
    char *named = symbols_annotate(names, text);
    symbols_free(names);
    if (!named) {
        return text;
    }
    free(text);
    return named;
}

enum command_result cmd_info(struct session *s, const struct words *w, struct error *err)
{
    if (w->n == 1) {
        info_list();
        return COMMAND_OK;
    }
    bool past = strcmp(w->word[1], "history") == 0;
    char *text =
        past ? history_info(s->history, s) : machine_info(s->machine, info_here(s, w->word[1]));
    if (!text) {
        bool known = false;
        for (size_t i = 0; i < ARRAY_LEN(subject); i++) {
            known |= strcmp(subject[i].name, w->word[1]) == 0;
        }
        error_set(err,
                  past    ? "info %s: there is none; start with -history 256M"
                  : known ? "info %s: the machine has none"
                          : "info %s: unknown subject; info without one lists them",
                  w->word[1]);
        return COMMAND_FAILED;
    }
    if (strcmp(w->word[1], "traps") == 0) {
        text = with_names(s, text);
    }
    say_text(text);
    free(text);
    return COMMAND_OK;
}

void info_list(void)
{
    for (size_t i = 0; i < ARRAY_LEN(subject); i++) {
        say("info %-10s %s\n", subject[i].name, subject[i].what);
    }
}
