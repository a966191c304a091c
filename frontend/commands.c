/* frontend/commands.c -- commands that act at once; the table is commands.def, and those that
 * are about time are in commands_time.c. */
#include "frontend/commands.h"

#include "frontend/crew.h"

#include "frontend/atomic_file.h"
#include "frontend/image.h"
#include "frontend/parse.h"
#include "frontend/png.h"
#include "frontend/report.h"
#include "frontend/savestate.h"
#include "frontend/screen_text.h"
#include "frontend/taken.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static enum command_result failed(int rc)
{
    return rc < 0 ? COMMAND_FAILED : COMMAND_OK;
}

static enum command_result cmd_later(struct session *s, const struct words *w,
                                     struct error *err)
{
    (void)s;
    return failed(error_set(err, "%s: not implemented yet", w->word[0]));
}

static enum command_result cmd_mouse_move(struct session *s, const struct words *w,
                                          struct error *err)
{
    int64_t d[3] = {0, 0, 0};
    for (unsigned i = 1; i < w->n; i++) {
        if (!parse_i64(w->word[i], INT16_MAX, &d[i - 1])) {
            return failed(error_set(err, "mouse_move: %s: not a distance; use -32767 to 32767",
                                    w->word[i]));
        }
    }
    struct input in = {.kind = INPUT_MOUSE,
                       .dx = (int16_t)d[0],
                       .dy = (int16_t)d[1],
                       .dz = (int16_t)d[2],
                       .buttons = s->mouse_buttons};
    machine_input(s->machine, &in);
    return COMMAND_OK;
}

static enum command_result cmd_mouse_button(struct session *s, const struct words *w,
                                            struct error *err)
{
    uint64_t buttons;
    if (!parse_u64(w->word[1], 7, &buttons)) {
        return failed(error_set(err,
                                "mouse_button: %s: use 0 to 7, the sum of 1 left, 2 right, "
                                "4 middle",
                                w->word[1]));
    }
    s->mouse_buttons = (uint8_t)buttons;
    struct input in = {.kind = INPUT_MOUSE, .buttons = s->mouse_buttons};
    machine_input(s->machine, &in);
    return COMMAND_OK;
}

/* --- screendump ----------------------------------------------------------------------------
 */

static int dump_text(const struct screen *sc, const char *path, struct error *err)
{
    char *text = screen_all(sc);
    int rc = text ? atomic_write(path, text, strlen(text), err)
                  : error_set(err, "screendump: out of memory");
    free(text);
    return rc;
}

static int dump_picture(struct session *s, const struct screen *sc, const char *path, bool png,
                        struct error *err)
{
    size_t n = (size_t)sc->width * sc->height, size = 0;
    uint32_t *pixels = calloc(n + 1, sizeof *pixels);
    uint8_t *file = NULL;
    if (pixels && n > 0 && machine_screen_pixels(s->machine, pixels, n)) {
        file = (png ? png_encode : ppm_encode)(pixels, sc->width, sc->height, &size);
    }
    int rc = file ? atomic_write(path, file, size, err)
                  : error_set(err, "screendump: no picture to be had (%u x %u)", sc->width,
                              sc->height);
    free(file);
    free(pixels);
    return rc;
}

static enum command_result cmd_screendump(struct session *s, const struct words *w,
                                          struct error *err)
{
    const char *path = w->word[1], *dot = strrchr(path, '.');
    if (taken_check(s, "screendump", path, err) < 0) {
        return COMMAND_FAILED;
    }
    struct screen *sc = malloc(sizeof *sc);
    if (!sc) {
        return failed(error_set(err, "screendump: out of memory"));
    }
    machine_screen(s->machine, sc);
    int rc;
    if (dot && strcmp(dot, ".txt") == 0) {
        rc = dump_text(sc, path, err);
    } else if (dot && (strcmp(dot, ".png") == 0 || strcmp(dot, ".ppm") == 0)) {
        rc = dump_picture(s, sc, path, dot[2] == 'n', err);
    } else {
        rc = error_set(err, "screendump: %s: unknown format; use .png, .ppm or .txt",
                       short_path(path));
    }
    free(sc);
    return failed(rc);
}

/* --- states --------------------------------------------------------------------------------
 */

static int saving_words(struct save_request *rq, const char *const *word, unsigned n,
                        struct error *err)
{
    enum { THREADS = 2 };
    rq->threads = THREADS;
    for (; n > 1 && word[0][0] == '-'; word++, n--) {
        bool more = n > 2;
        if (strcmp(word[0], "-disk-only") == 0) {
            rq->disks_only = true;
        } else if (strcmp(word[0], "-raw") == 0) {
            rq->raw = true;
        } else if (strcmp(word[0], "-incremental") == 0 && more) {
            rq->base = *++word;
            n--;
        } else if (strcmp(word[0], "-threads") == 0 && more && word[1][0] >= '0' &&
                   word[1][0] <= '0' + CREW_MOST && !word[1][1]) {
            rq->threads = (unsigned)(*++word)[0] - '0';
            n--;
        } else {
            return error_set(err,
                             "savevm: %s: use -disk-only, -raw, -incremental BASE, or "
                             "-threads 0 to %d, and then the file",
                             word[0], CREW_MOST);
        }
    }
    rq->path = word[0];
    if (n != 1) {
        return error_set(err, "savevm: %s: one file is enough", short_path(word[1]));
    }
    if (rq->disks_only + rq->raw + (rq->base != NULL) > 1) {
        return error_set(err, "savevm: one of -disk-only, -raw and -incremental at a time");
    }
    return 0;
}

static enum command_result cmd_savevm(struct session *s, const struct words *w,
                                      struct error *err)
{
    struct save_request rq = {0};
    if (saving_words(&rq, w->word + 1, w->n - 1, err) < 0) {
        return failed(-1);
    }
    if (rq.path[0] == '-') {
        return failed(error_set(err, "savevm: %s: no name of a file; use ./%s",
                                short_path(rq.path), short_path(rq.path)));
    }
    return failed(savestate_save(s, &rq, err));
}

static enum command_result cmd_loadvm(struct session *s, const struct words *w,
                                      struct error *err)
{
    if (s->record || s->replay) {
        return failed(error_set(err, "loadvm: not %s",
                                s->record ? "while this is recorded; record off ends that"
                                          : "in a replay"));
    }
    struct savestate *st = savestate_open(s, w->word[1], err);
    int rc = st ? savestate_take(st, s, err) : -1;
    savestate_close(st);
    if (rc == 0) {
        pace_start(&s->pace, s->pace.speed, machine_mips(s->machine), machine_now(s->machine));
    }
    return failed(rc);
}

/* --- drives --------------------------------------------------------------------------------
 */

/* im: NULL to eject */
static void insert(struct session *s, unsigned n, struct image *im)
{
    struct input in = {.kind = INPUT_MEDIA, .port = (uint8_t)n};
    if (im) {
        in.media = image_media(im);
    }
    machine_input(s->machine, &in);
    drives_insert(&s->config.drives, n, im); /* the machine has let go of the former one */
}

static enum command_result cmd_change(struct session *s, const struct words *w,
                                      struct error *err)
{
    int n = drives_find(&s->config.drives, w->word[1], err);
    if (n < 0) {
        return COMMAND_FAILED;
    }
    bool read_only = w->n > 3;
    if (read_only && strcmp(w->word[3], "read-only") != 0) {
        return failed(error_set(err, "change: %s: unknown; use read-only", w->word[3]));
    }
    struct image *im =
        drives_open_for(&s->config.drives, (unsigned)n, w->word[2], read_only, err);
    if (!im) {
        return COMMAND_FAILED;
    }
    insert(s, (unsigned)n, im);
    return COMMAND_OK;
}

static enum command_result cmd_eject(struct session *s, const struct words *w,
                                     struct error *err)
{
    int n = drives_find(&s->config.drives, w->word[1], err);
    if (n < 0) {
        return COMMAND_FAILED;
    }
    insert(s, (unsigned)n, NULL);
    return COMMAND_OK;
}

/* --- the machine ---------------------------------------------------------------------------
 */

static enum command_result cmd_stop(struct session *s, const struct words *w, struct error *err)
{
    (void)w, (void)err;
    s->stopped = true;
    return COMMAND_OK;
}

static enum command_result cmd_cont(struct session *s, const struct words *w, struct error *err)
{
    (void)w;
    if (s->off) {
        return failed(error_set(err, "cont: the machine is off; system_reset starts it"));
    }
    s->stopped = false;
    return COMMAND_OK;
}

static enum command_result cmd_system_reset(struct session *s, const struct words *w,
                                            struct error *err)
{
    (void)w, (void)err;
    session_reset(s);
    return COMMAND_OK;
}

static enum command_result cmd_system_powerdown(struct session *s, const struct words *w,
                                                struct error *err)
{
    (void)w, (void)err;
    machine_input(s->machine, &(struct input){.kind = INPUT_POWERDOWN});
    return COMMAND_OK;
}

static enum command_result cmd_quit(struct session *s, const struct words *w, struct error *err)
{
    uint64_t code = 0;
    if (w->n > 1 && !parse_u64(w->word[1], 255, &code)) {
        return failed(error_set(err, "quit: %s: not an exit code; use 0 to 255", w->word[1]));
    }
    session_end(s, (int)code);
    return COMMAND_OK;
}

/* --- what can be seen ----------------------------------------------------------------------
 */

static enum command_result cmd_hash(struct session *s, const struct words *w, struct error *err)
{
    (void)w, (void)err;
    session_print_hash(s);
    return COMMAND_OK;
}

static enum command_result cmd_print(struct session *s, const struct words *w,
                                     struct error *err)
{
    (void)s, (void)err;
    for (unsigned i = 1; i < w->n; i++) {
        say_text(i > 1 ? " " : "");
        say_text(w->word[i]);
    }
    say_text("\n");
    return COMMAND_OK;
}

/* --- the table -----------------------------------------------------------------------------
 */

enum where { ANYWHERE, MONITOR };

static command_fn cmd_help;

struct command {
    const char *name, *arguments;
    unsigned least, most;
    command_fn *run;
    enum where where;
    const char *help, *details; /* details: lines, or NULL */
};

static const struct command table[] = {
#define COMMAND(name, arguments, least, most, run, where, help, details)                       \
    {name, arguments, least, most, run, where, help, details},
#include "frontend/commands.def"
#undef COMMAND
};

/* By name; x and xp carry their format behind a slash. */
static const struct command *find(const char *word)
{
    size_t n = strcspn(word, "/");
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        const struct command *c = &table[i];
        bool formats = c->run == cmd_x || c->run == cmd_xp;
        if (strlen(c->name) == n && memcmp(c->name, word, n) == 0 && (formats || !word[n])) {
            return c;
        }
    }
    return NULL;
}

const char *command_name(unsigned i)
{
    return i < ARRAY_LEN(table) ? table[i].name : NULL;
}

const char *command_arguments(const char *name)
{
    const struct command *c = find(name);
    return c ? c->arguments : NULL;
}

/* More than a line in the list has room for. */
static void help_one(const struct command *c)
{
    say("%s%s%s\n    %s.%s\n", c->name, *c->arguments ? " " : "", c->arguments, c->help,
        c->run == cmd_later   ? " Not implemented yet."
        : c->where == MONITOR ? " Not in a script."
                              : "");
    if (c->details) {
        say("%s", c->details);
    }
    if (c->run == cmd_info) {
        info_list();
    }
}

static enum command_result cmd_help(struct session *s, const struct words *w, struct error *err)
{
    (void)s;
    if (w->n > 1) {
        const struct command *c = find(w->word[1]);
        if (!c) {
            return failed(
                error_set(err, "help %.60s: no such command; help lists them", w->word[1]));
        }
        help_one(c);
        return COMMAND_OK;
    }
    for (size_t i = 0; i < ARRAY_LEN(table); i++) {
        const struct command *c = &table[i];
        char usage[64];
        snprintf(usage, sizeof usage, "%s %s", c->name, c->arguments);
        say("%-29s %s%s\n", usage, c->help,
            c->run == cmd_later ? " (not implemented yet)" : "");
    }
    return COMMAND_OK;
}

int command_check(const struct words *w, bool in_script, struct error *err)
{
    const struct command *c = find(w->word[0]);
    if (!c) {
        return error_set(err, "%.60s: unknown command; help lists them", w->word[0]);
    }
    if (c->run == cmd_later) {
        return error_set(err, "%s: not implemented yet", c->name);
    }
    if (c->where == MONITOR && in_script) {
        return error_set(err, "%s: not in a script; the machine runs only inside its commands",
                         c->name);
    }
    if (w->n - 1 < c->least || w->n - 1 > c->most) {
        return error_set(err, "%s: %s; use %s %s", c->name,
                         w->n - 1 < c->least ? "something is missing" : "too many arguments",
                         c->name, c->arguments);
    }
    return 0;
}

/* Would it reach the machine? */
static bool is_input(command_fn *run)
{
    static command_fn *const inputs[] = {
        cmd_type,   cmd_sendkey, cmd_send_serial,  cmd_mouse_move,      cmd_mouse_button,
        cmd_change, cmd_eject,   cmd_system_reset, cmd_system_powerdown};
    for (size_t i = 0; i < ARRAY_LEN(inputs); i++) {
        if (run == inputs[i]) {
            return true;
        }
    }
    return false;
}

enum command_result command_run(struct session *s, const struct words *w, struct error *err)
{
    const struct command *c = find(w->word[0]);
    if (is_input(c->run) && machine_is_shut(s->machine)) {
        return failed(
            error_set(err, "%s: a replay takes no input; branch makes it live", c->name));
    }
    return c->run(s, w, err);
}
