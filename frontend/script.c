/* frontend/script.c -- see the header. */
#include "frontend/posix.h"

#include "frontend/script.h"

#include "frontend/commands.h"
#include "frontend/report.h"
#include "frontend/screen_text.h"
#include "frontend/serial.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct line {
    unsigned number;
    struct words words;
};

struct script {
    const char *path;
    struct line *line;
    size_t lines, cap;
};

static int at_line(const struct script *sc, unsigned number, struct error *err)
{
    struct error why = *err;
    return error_set(err, "%s:%u: %.150s", short_path(sc->path), number, why.text);
}

static struct line *new_line(struct script *sc)
{
    if (sc->lines == sc->cap) {
        size_t cap = sc->cap ? 2 * sc->cap : 16;
        struct line *grown = realloc(sc->line, cap * sizeof *grown);
        if (!grown) {
            return NULL;
        }
        sc->line = grown;
        sc->cap = cap;
    }
    return &sc->line[sc->lines];
}

static int add_line(struct script *sc, unsigned number, const char *text, struct error *err)
{
    struct line *ln = new_line(sc);
    if (!ln) {
        return error_set(err, "-script: out of memory");
    }
    ln->number = number;
    if (words_split(&ln->words, text, err) < 0) {
        return at_line(sc, number, err);
    }
    if (ln->words.n == 0) {
        words_free(&ln->words);
        return 0;
    }
    sc->lines++; /* from here on script_free knows it */
    return command_check(&ln->words, true, err) < 0 ? at_line(sc, number, err) : 0;
}

static int read_lines(struct script *sc, FILE *f, struct error *err)
{
    char *text = NULL;
    size_t room = 0;
    int rc = 0;
    ssize_t n;
    for (unsigned number = 1; rc == 0 && (n = getline(&text, &room, f)) >= 0; number++) {
        if (strlen(text) != (size_t)n) {
            rc = error_set(err, "%s:%u: a NUL byte; give a text file", short_path(sc->path),
                           number);
        } else {
            rc = add_line(sc, number, text, err);
        }
    }
    if (rc == 0 && ferror(f)) {
        rc = error_set(err, "-script %s: %s; give a text file", short_path(sc->path),
                       strerror(errno));
    }
    free(text);
    return rc;
}

struct script *script_load(const char *path, struct error *err)
{
    FILE *f = fopen(path, "r");
    if (!f) {
        error_set(err, "-script %s: %s; check the name", short_path(path), strerror(errno));
        return NULL;
    }
    struct script *sc = calloc(1, sizeof *sc);
    int rc = -1;
    if (sc) {
        sc->path = path;
        rc = read_lines(sc, f, err);
    } else {
        error_set(err, "-script: out of memory");
    }
    fclose(f);
    if (rc < 0) {
        script_free(sc);
        return NULL;
    }
    return sc;
}

void script_free(struct script *sc)
{
    if (sc) {
        for (size_t i = 0; i < sc->lines; i++) {
            words_free(&sc->line[i].words);
        }
        free(sc->line);
        free(sc);
    }
}

/* What a timed-out wait saw last. */
static void show_screen(struct session *s)
{
    struct screen *sc = malloc(sizeof *sc);
    char *text = NULL;
    if (sc) {
        machine_screen(s->machine, sc);
        text = screen_all(sc);
    }
    for (char *row = text; row && *row;) {
        char *end = strchr(row, '\n');
        *end = '\0';
        complain("%s\n", row);
        row = end + 1;
    }
    free(text);
    free(sc);
}

static void show_serial(struct session *s)
{
    char *text = serial_tail(s->serial);
    for (char *row = text; row && *row;) {
        size_t n = strcspn(row, "\n");
        complain("%.*s\n", (int)(n < 500 ? n : 500), row);
        row += n + (row[n] == '\n');
    }
    free(text);
}

/* A failed command ends the run; a wait tells what there was instead. */
static void failed(struct session *s, enum command_result rc, const struct error *err)
{
    bool screen = rc == COMMAND_TIMED_OUT, serial = rc == COMMAND_SERIAL_TIMED_OUT;
    report("%s%s", err->text,
           screen   ? "; the screen is:"
           : serial ? "; the serial line's last words:"
                    : "");
    if (screen) {
        show_screen(s);
    } else if (serial) {
        show_serial(s);
    }
    session_end(s, screen || serial ? EXIT_WAIT : EXIT_TROUBLE);
}

void script_run(const struct script *sc, struct session *s)
{
    for (size_t i = 0; i < sc->lines && !s->over; i++) {
        const struct line *ln = &sc->line[i];
        struct error err = {""};
        enum command_result rc = command_run(s, &ln->words, &err);
        say_flush();
        if (rc != COMMAND_OK) {
            at_line(sc, ln->number, &err);
            failed(s, rc, &err);
        }
    }
}
