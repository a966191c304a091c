/* frontend/commands_time.c -- commands about time: recordings, going back, searches there. */
#include "frontend/commands.h"

#include "frontend/gdb.h"
#include "frontend/history.h"
#include "frontend/image.h"
#include "frontend/parse.h"
#include "frontend/record.h"
#include "frontend/report.h"
#include "frontend/travel.h"

#include <inttypes.h>
#include <string.h>

static enum command_result failed(int rc)
{
    return rc < 0 ? COMMAND_FAILED : COMMAND_OK;
}

/* --- recordings ----------------------------------------------------------------------------
 */

enum command_result cmd_record(struct session *s, const struct words *w, struct error *err)
{
    if (strcmp(w->word[1], "off") == 0) {
        if (!s->record) {
            return failed(error_set(err, "record: nothing is being recorded"));
        }
        record_close(s->record, s);
        s->record = NULL;
        return COMMAND_OK;
    }
    return failed(s->replay ? error_set(err, "record: this is a replay; use branch F")
                            : session_record(s, w->word[1], err));
}

enum command_result cmd_branch(struct session *s, const struct words *w, struct error *err)
{
    if (!s->replay) {
        return failed(error_set(err, "branch: this is no replay"));
    }
    if (w->n > 1 && session_record(s, w->word[1], err) < 0) {
        return COMMAND_FAILED;
    }
    session_branch(s);
    return COMMAND_OK;
}

/* Where a live machine, or a replay, can be put. A debugger that has stopped the machine knows
 * where it is: it has to be the one who asks. */
static int may_travel(const struct session *s, const char *what, struct error *err)
{
    if (s->record) {
        return error_set(err, "%s: not while this is recorded; record off ends that", what);
    }
    return gdb_may_travel(s->gdb)
               ? 0
               : error_set(err,
                           "%s: a debugger holds the machine; use its reverse-continue, "
                           "or detach it",
                           what);
}

static int travel_to(struct session *s, uint64_t tick, const char *what, struct error *err)
{
    uint64_t now = machine_now(s->machine), mips = machine_mips(s->machine), first;
    if (may_travel(s, what, err) < 0) {
        return -1;
    }
    if (s->replay) {
        return session_goto(s, tick, err);
    }
    if (!history_first(s->history, &first)) {
        return error_set(err, "%s: there is no history; start with -history 256M", what);
    }
    if (tick < first) {
        return error_set(err, "%s: the history reaches back %.2f seconds", what,
                         (double)(now - first) / (double)(mips * 1000000));
    }
    return history_rewind(s->history, s, tick, err);
}

/* A tick; seconds of virtual time since power-on, with an s; or a bookmark. */
static int moment_named(const struct session *s, const char *word, uint64_t *tick,
                        struct error *err)
{
    char text[40];
    uint64_t us;
    size_t n = strlen(word);
    const struct bookmark *mark = session_bookmark(s, word);
    if (mark) {
        *tick = mark->tick;
        return 0;
    }
    bool seconds = n > 1 && n < sizeof text && word[n - 1] == 's';
    if (seconds) {
        memcpy(text, word, n - 1);
        text[n - 1] = '\0';
    }
    if (seconds ? !parse_micros(text, &us) : !parse_u64(word, UINT64_MAX - 1, tick)) {
        return error_set(err, "goto: %.60s: no such bookmark, tick, or time as 12.5s", word);
    }
    if (seconds) {
        uint64_t mips = machine_mips(s->machine);
        *tick = us > UINT64_MAX / mips ? UINT64_MAX : us * mips;
    }
    return 0;
}

/* Where the machine is now, and how far that is from where it was. */
static enum command_result arrived(const struct session *s, uint64_t was)
{
    uint64_t now = machine_now(s->machine);
    double way = now < was ? -(double)(was - now) : (double)(now - was);
    say("at tick %" PRIu64 ", %+.3f s\n", now, way / machine_mips(s->machine) / 1e6);
    return COMMAND_OK;
}

enum command_result cmd_goto(struct session *s, const struct words *w, struct error *err)
{
    uint64_t tick, now = machine_now(s->machine);
    if (moment_named(s, w->word[1], &tick, err) < 0) {
        return COMMAND_FAILED;
    }
    if (!s->replay && tick > now) {
        return failed(
            error_set(err, "goto: tick %" PRIu64 " is still to come; run-to goes there", tick));
    }
    if ((s->replay || tick < now) && travel_to(s, tick, "goto", err) < 0) {
        return COMMAND_FAILED;
    }
    return arrived(s, now);
}

static bool is_name(const char *word)
{
    size_t n = strlen(word);
    bool letter = (*word >= 'a' && *word <= 'z') || (*word >= 'A' && *word <= 'Z');
    for (const char *c = word; *c; c++) {
        letter &= *c > ' ' && *c < 0x7F;
    }
    return letter && n < sizeof((struct bookmark *)0)->name;
}

enum command_result cmd_bookmark(struct session *s, const struct words *w, struct error *err)
{
    double mips = (double)machine_mips(s->machine);
    if (w->n == 1) {
        for (unsigned i = 0; i < s->bookmarks; i++) {
            say("%-23s tick %" PRIu64 ", %.6f s\n", s->bookmark[i].name, s->bookmark[i].tick,
                (double)s->bookmark[i].tick / mips / 1e6);
        }
        return COMMAND_OK;
    }
    if (!is_name(w->word[1])) {
        return failed(error_set(err, "bookmark: %.60s: use a letter and up to %u others",
                                w->word[1], (unsigned)sizeof((struct bookmark *)0)->name - 2));
    }
    return failed(session_set_bookmark(s, w->word[1])
                      ? 0
                      : error_set(err, "bookmark: there are %u already", SESSION_BOOKMARKS));
}

/* --- history -------------------------------------------------------------------------------
 */

enum command_result cmd_rewind(struct session *s, const struct words *w, struct error *err)
{
    uint64_t us, now = machine_now(s->machine), mips = machine_mips(s->machine);
    if (!parse_micros(w->word[1], &us)) {
        return failed(
            error_set(err, "rewind: %.60s: not a time; use seconds, as 2.5", w->word[1]));
    }
    uint64_t back = us > UINT64_MAX / mips ? UINT64_MAX : us * mips;
    return travel_to(s, back < now ? now - back : 0, "rewind", err) < 0 ? COMMAND_FAILED
                                                                        : arrived(s, now);
}

enum command_result cmd_save_history(struct session *s, const struct words *w,
                                     struct error *err)
{
    return failed(s->replay ? error_set(err, "save-history: this is a replay")
                            : history_save(s->history, s, w->word[1], err));
}

/* --- searches ------------------------------------------------------------------------------
 */

enum command_result cmd_who_wrote(struct session *s, const struct words *w, struct error *err)
{
    struct travel_writer by;
    uint64_t la;
    if (!command_address(s, w, 1, &la, err)) {
        return COMMAND_FAILED;
    }
    if (!travel_possible(s)) {
        error_set(err, "who-wrote: there is no history to look into; see -history");
        return COMMAND_FAILED;
    }
    if (la > UINT32_MAX) {
        error_set(err, "who-wrote: %" PRIx64 ": no linear address, which has 32 bits", la);
        return COMMAND_FAILED;
    }
    int rc = travel_writer(s, (uint32_t)la, &by, err);
    if (rc == 0) {
        say("nobody, as far as the history goes back\n");
    } else if (rc > 0 && by.by == TRAVEL_BY_DEVICE) {
        say("a device by DMA, or a debugger, at tick %" PRIu64 "\n", by.tick);
    } else if (rc > 0) {
        say("the instruction at %08" PRIx32 ", at tick %" PRIu64 "%s\n", by.la, by.tick,
            by.by == TRAVEL_BY_OTHERS
                ? "; and then somebody by another address of the same memory"
                : "");
    }
    return rc < 0 ? COMMAND_FAILED : COMMAND_OK;
}

static int may_search(const struct session *s, const char *what, struct error *err)
{
    if (may_travel(s, what, err) < 0) {
        return -1;
    }
    return travel_possible(s) ? 0
                              : error_set(err,
                                          "%s: there is no history to go back to; see "
                                          "-history",
                                          what);
}

/* Who types wants to look at it, and goes on with cont; a script goes on by itself. */
static void stay(struct session *s)
{
    s->stopped = s->stopped || !s->scripted;
}

static uint32_t next_instruction(const struct session *s)
{
    uint64_t eip = 0, base = 0;
    machine_reg_get(s->machine, "eip", &eip);
    machine_reg_get(s->machine, "cs.base", &base);
    return (uint32_t)(eip + base);
}

enum command_result cmd_reverse_step(struct session *s, const struct words *w,
                                     struct error *err)
{
    uint64_t n = 1;
    if (w->n > 1 && (!parse_u64(w->word[1], 1000000, &n) || n == 0)) {
        error_set(err, "reverse-step: %.60s: use a number of instructions", w->word[1]);
        return COMMAND_FAILED;
    }
    if (may_search(s, "reverse-step", err) < 0) {
        return COMMAND_FAILED;
    }
    enum travel_end end = travel_step(s, true, (uint32_t)n, err);
    if (end == TRAVEL_FOUND) {
        say("at %08" PRIx32 ", tick %" PRIu64 "\n", next_instruction(s),
            machine_now(s->machine));
        stay(s);
    } else if (end == TRAVEL_BEGIN) {
        error_set(err, "reverse-step: this is where the history begins");
    }
    return end == TRAVEL_FOUND ? COMMAND_OK : COMMAND_FAILED;
}

/* ---- reverse-continue */

static const struct what {
    const char *word;
    enum machine_point kind;
    uint32_t most; /* of the number behind it */
    const char *text;
} whats[] = {
    {"break", MACHINE_CODE, UINT32_MAX, "the instruction"},
    {"write", MACHINE_WRITE, UINT32_MAX, "a write to"},
    {"read", MACHINE_READ, UINT32_MAX, "a read of"},
    {"access", MACHINE_ACCESS, UINT32_MAX, "an access to"},
    {"in", MACHINE_IN, UINT16_MAX, "IN from port"},
    {"out", MACHINE_OUT, UINT16_MAX, "OUT to port"},
    {"int", MACHINE_VECTOR, UINT8_MAX, "interrupt"},
};

/* The rest is an address: numbers, $registers, + - * ( ). */
static int point_of(const struct session *s, const struct words *w, struct travel_point *p,
                    const struct what **what, struct error *err)
{
    uint64_t v;
    *what = NULL;
    if (strcmp(w->word[1], "reg") == 0) {
        p->reg = w->word[2];
        return machine_reg_get(s->machine, p->reg, &v)
                   ? 0
                   : error_set(err,
                               "reverse-continue: %.60s: no such register; as eax, cs, cr3",
                               p->reg);
    }
    for (size_t i = 0; i < ARRAY_LEN(whats); i++) {
        if (strcmp(w->word[1], whats[i].word) == 0) {
            *what = &whats[i];
        }
    }
    if (!*what) {
        return error_set(err,
                         "reverse-continue: %.60s: use break, write, read, access, reg, "
                         "in, out or int",
                         w->word[1]);
    }
    if (!command_address(s, w, 2, &v, err)) {
        return -1;
    }
    v &= UINT32_MAX;
    if (v > (*what)->most) {
        return error_set(err, "reverse-continue: %s: 0 to %" PRIu32, (*what)->word,
                         (*what)->most);
    }
    *p = (struct travel_point){.kind = (*what)->kind, .la = (uint32_t)v, .len = 1};
    return 0;
}

static void tell_found(const struct session *s, const struct travel_point *p,
                       const struct what *what)
{
    uint64_t v = 0;
    if (p->reg) {
        machine_reg_get(s->machine, p->reg, &v);
        say("a change of %s from %" PRIx64, p->reg, v);
    } else {
        bool address = what->most > UINT16_MAX;
        say("%s %0*" PRIx32 "%s", what->text, address ? 8 : 2, p->la, address ? "" : "h");
    }
    say(", next at %08" PRIx32 ", tick %" PRIu64 "\n", next_instruction(s),
        machine_now(s->machine));
}

enum command_result cmd_reverse_continue(struct session *s, const struct words *w,
                                         struct error *err)
{
    struct travel_point p = {.kind = MACHINE_CODE};
    const struct what *what;
    if (point_of(s, w, &p, &what, err) < 0 || may_search(s, "reverse-continue", err) < 0) {
        return COMMAND_FAILED;
    }
    enum travel_end end = travel_point(s, &p, err);
    if (end == TRAVEL_FOUND) {
        tell_found(s, &p, what);
        stay(s);
    } else if (end == TRAVEL_BEGIN) {
        error_set(err, "reverse-continue: not met; this is where the history begins");
    }
    return end == TRAVEL_FOUND ? COMMAND_OK : COMMAND_FAILED;
}

/* ---- commit */

enum command_result cmd_commit(struct session *s, const struct words *w, struct error *err)
{
    const struct drives *d = &s->config.drives;
    unsigned done = 0;
    if (s->record || s->replay) {
        return failed(error_set(err,
                                "commit: not %s; a recording needs its images as they were",
                                s->record ? "while this is recorded" : "in a replay"));
    }
    int only = w->n > 1 ? drives_named(d, w->word[1], err) : -1;
    if (w->n > 1 && only < 0) {
        return COMMAND_FAILED;
    }
    for (unsigned i = 0; i < MACHINE_DRIVES; i++) {
        struct image *im = d->image[i];
        uint64_t bytes;
        if (!im || (only < 0 ? !image_snapshot(im) : i != (unsigned)only)) {
            continue;
        }
        if (image_commit(im, &bytes, err) < 0) {
            return COMMAND_FAILED;
        }
        done++;
        say_text(short_path(image_path(im)));
        say(": %" PRIu64 " bytes\n", bytes);
    }
    return failed(done ? 0 : error_set(err, "commit: no drive has a snapshot"));
}
