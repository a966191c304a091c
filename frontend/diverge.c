/* frontend/diverge.c -- see the header.
 *
 * A recording has hashes, no states: it says between which ticks, and in which parts. For the
 * instruction and the field two executions are compared that can be repeated at will: one that
 * ends in the recorded hash, and one that ends in the hash found here. Candidates for the
 * former are the way in which the recorder ran (its engine's options are in the recording), and
 * the slow referee: one instruction at a time, nothing cached.
 */
#include "frontend/posix.h"

#include "frontend/diverge.h"

#include "devices/input_log.h"
#include "frontend/flip.h"
#include "frontend/moment.h"
#include "frontend/replay.h"
#include "frontend/report.h"
#include "frontend/session.h"
#include "frontend/signals.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A way of playing the recording that can be had again and again. */
struct way {
    const char *name;
    struct options opt;
    struct session s;
    struct replay *r;
    struct log_start how;
    struct moment *kept; /* to go back to, or NULL */
};

static void arm_flip(struct way *w)
{
    w->s.flip.tick = UINT64_MAX;
    if (w->how.flip[0] && !flip_parse(w->how.flip, &w->s.flip)) {
        w->s.flip.tick = UINT64_MAX;
    }
}

static void way_restart(struct way *w)
{
    struct error err = {""};
    moment_free(w->kept); /* it is the former machine's */
    w->kept = NULL;
    w->s.over = false;
    arm_flip(w);
    if (replay_start(w->r, &w->s, NULL, &err) < 0) {
        report("%s", err.text);
        session_end(&w->s, EXIT_TROUBLE);
    }
    w->s.config.drives.keep = true; /* moments know them */
}

/* From here the next stretches begin. */
static void way_keep(struct way *w)
{
    struct error ignored;
    moment_free(w->kept);
    w->kept = moment_take(w->s.machine, &w->s.config.drives, &ignored);
}

static void way_back(struct way *w, uint64_t tick)
{
    struct error ignored;
    uint64_t kept = w->kept ? moment_tick(w->kept) : UINT64_MAX;
    if (kept > tick || moment_go(w->s.machine, w->kept, &ignored) < 0) {
        way_restart(w);
        return;
    }
    w->s.over = false;
    arm_flip(w);
    if (w->s.flip.tick <= kept) {
        w->s.flip.tick = UINT64_MAX; /* it was in there */
    }
    replay_found(w->r, &w->s);
}

/* No screen, no outputs: a machine and its drives. */
static bool way_open(struct way *w, const char *name, const struct session *s, const char *path,
                     const struct log_start *how)
{
    struct error err = {""};
    *w = (struct way){.name = name, .opt = *s->opt, .how = *how};
    w->opt.bios = w->opt.vgabios = w->opt.kernel = NULL; /* compared already */
    w->opt.no_vgabios = false;
    w->s = (struct session){.opt = &w->opt, .asked_until = UINT64_MAX};
    w->s.config.machine.single_step = how->single_step;
    w->s.config.machine.no_assist = how->no_assist;
    w->s.config.machine.shadow_flush = how->shadow_flush;
    w->r = replay_open(path, &err);
    if (!w->r) {
        report("%s", err.text);
        return false;
    }
    replay_trust(w->r);
    way_restart(w);
    return w->s.machine != NULL;
}

static void way_close(struct way *w)
{
    moment_free(w->kept);
    machine_free(w->s.machine);
    drives_close(&w->s.config.drives);
    replay_close(w->r);
}

/* With everything that the recording has for that tick. false: it does not get there. */
static bool way_to(struct way *w, uint64_t tick)
{
    struct session *s = &w->s;
    char field[200];
    int rc;
    if (machine_now(s->machine) > tick) {
        way_back(w, tick);
    }
    while (!s->over && !signals_pending()) {
        flip_due(&s->flip, s->machine, field, sizeof field, &rc);
        replay_feed(w->r, s);
        if (s->over || machine_now(s->machine) >= tick) {
            break;
        }
        uint64_t until = replay_next(w->r);
        until = s->flip.tick < until && s->flip.tick > machine_now(s->machine) ? s->flip.tick
                                                                               : until;
        enum machine_stop stop = machine_run(s->machine, until < tick ? until : tick);
        if (stop != MACHINE_UNTIL && stop != MACHINE_IDLE && stop != MACHINE_BREAK) {
            break;
        }
    }
    return machine_now(s->machine) == tick;
}

/* ---- the search */

static bool differ(struct way *a, struct way *b, uint64_t tick, char *text, size_t n)
{
    bool there = way_to(a, tick), here = way_to(b, tick);
    if (there != here) {
        snprintf(text, n, "machine: tick: %" PRIx64 ", %" PRIx64, machine_now(a->s.machine),
                 machine_now(b->s.machine));
        return true;
    }
    return machine_diff(a->s.machine, b->s.machine, text, n);
}

/* "…: 4a9e, 4a9f" with words for the two. */
static void tell_field(const char *text, char *out, size_t n)
{
    const char *colon = strrchr(text, ':'), *comma = colon ? strchr(colon, ',') : NULL;
    if (comma) {
        snprintf(out, n, "%.*s: expected%.*s, found%s", (int)(colon - text), text,
                 (int)(comma - colon - 1), colon + 1, comma + 1);
    } else {
        snprintf(out, n, "%s", text);
    }
}

static void tell_instruction(struct machine *m, char *out, size_t n)
{
    uint64_t cs = 0, eip = 0, base = 0, pa;
    uint8_t bytes[8];
    size_t used = 0;
    machine_reg_get(m, "cs", &cs);
    machine_reg_get(m, "eip", &eip);
    machine_reg_get(m, "cs.base", &base);
    used += (size_t)snprintf(out, n, "%04" PRIx64 ":%08" PRIx64, cs, eip);
    if (machine_translate(m, (uint32_t)(base + eip), &pa) &&
        machine_mem_get(m, pa, bytes, sizeof bytes)) {
        for (size_t i = 0; i < sizeof bytes && used + 4 < n; i++) {
            used += (size_t)snprintf(out + used, n - used, "%s%02x", i ? " " : " (", bytes[i]);
        }
        snprintf(out + used, n - used, " ...)");
    }
}

/* The two are equal at lo and differ at hi: closer, until these are neighbours. */
static void bisect(struct way *a, struct way *b, uint64_t lo, uint64_t hi)
{
    char text[300], field[400], insn[100];
    if (differ(a, b, lo, text, sizeof text)) {
        hi = lo; /* no hash saw it */
        lo = 0;
    } else {
        way_keep(a);
        way_keep(b);
    }
    while (hi - lo > 1 && !signals_pending()) {
        uint64_t mid = lo + (hi - lo) / 2;
        if (differ(a, b, mid, text, sizeof text)) {
            hi = mid;
        } else {
            lo = mid;
            way_keep(a);
            way_keep(b);
        }
    }
    if (signals_pending()) {
        return;
    }
    differ(a, b, lo, text, sizeof text);
    tell_instruction(a->s.machine, insn, sizeof insn);
    if (!differ(a, b, hi, text, sizeof text)) {
        report("the difference did not come again");
        return;
    }
    tell_field(text, field, sizeof field);
    report("first difference at tick %" PRIu64 ", after the instruction at %s: %s", hi, insn,
           field);
}

/* ---- what is known, and who is to be compared */

static void tell(const struct replay *r, const struct divergence *d)
{
    char parts[400] = "";
    size_t used = 0;
    for (unsigned i = 0; i < d->parts && used < sizeof parts; i++) {
        int n =
            snprintf(parts + used, sizeof parts - used, "%s%s", i ? ", " : ": ", d->part[i]);
        used += n > 0 ? (size_t)n : 0;
    }
    report("replay %s: diverged between ticks %" PRIu64 " and %" PRIu64 "%s",
           short_path(replay_path(r)), d->equal, d->differs, parts);
}

/* Does it come to this hash? */
static bool gives(struct way *w, const struct divergence *d, uint64_t hash)
{
    replay_limit(w->r, d->inputs);
    bool good = way_to(w, d->differs) && machine_hash(w->s.machine) == hash;
    replay_limit(w->r, UINT64_MAX);
    return good;
}

static bool open_expected(struct way *w, const struct replay *r, const struct session *s,
                          const struct divergence *d)
{
    const struct log_start referee = {
        .single_step = true, .no_assist = true, .shadow_flush = true};
    const struct log_start *how[] = {replay_recorded(r), &referee};
    static const char *const names[] = {"as it was recorded", "one instruction at a time"};
    for (size_t i = 0; i < ARRAY_LEN(how); i++) {
        if (way_open(w, names[i], s, replay_path(r), how[i]) && gives(w, d, d->expected)) {
            report("played again %s, it does what was recorded", w->name);
            return true;
        }
        way_close(w);
    }
    return false;
}

static bool open_found(struct way *w, const struct replay *r, const struct session *s,
                       const struct divergence *d)
{
    struct log_start how = {.single_step = s->opt->singlestep,
                            .no_assist = s->opt->no_assist,
                            .shadow_flush = s->opt->shadow_flush};
    snprintf(how.flip, sizeof how.flip, "%s", s->opt->flip ? s->opt->flip : "");
    if (way_open(w, "as it was played", s, replay_path(r), &how) && gives(w, d, d->found)) {
        return true;
    }
    way_close(w);
    return false;
}

/* What can be said of the end, when the way there cannot be had again. */
static void tell_end(struct way *expected, struct session *s, uint64_t tick)
{
    char text[300], field[400];
    if (way_to(expected, tick) &&
        machine_diff(expected->s.machine, s->machine, text, sizeof text)) {
        tell_field(text, field, sizeof field);
        report("the difference did not come again; at tick %" PRIu64 " it was in %s", tick,
               field);
    }
}

void diverged(struct replay *r, struct session *s, const struct divergence *d)
{
    struct way *w = calloc(2, sizeof *w);
    tell(r, d);
    if (!w) {
        return;
    }
    if (!open_expected(&w[0], r, s, d)) {
        report("no way of playing it here gives what was recorded: another version of this "
               "program, or another image, recorded it");
    } else if (!open_found(&w[1], r, s, d)) {
        tell_end(&w[0], s, d->differs);
        way_close(&w[0]);
    } else {
        bisect(&w[0], &w[1], d->equal, d->differs);
        way_close(&w[0]);
        way_close(&w[1]);
    }
    free(w);
    signals_install(s->machine); /* each of those took it */
}
