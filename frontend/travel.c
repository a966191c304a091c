/* frontend/travel.c -- see the header. */
#include "frontend/travel.h"

#include "frontend/history.h"
#include "frontend/moment.h"
#include "frontend/replay.h"
#include "frontend/session.h"

#include <stdlib.h>

bool travel_possible(const struct session *s)
{
    return history_moments(s->history) > 0 && !s->record && !s->off;
}

enum { NEAR = 1000000 };

/* Where the search stands. */
struct search {
    struct session *s;
    uint64_t end;  /* only stops before this tick count */
    bool any;      /* the last one so far … */
    bool device;   /* … or a write by DMA … */
    uint64_t tick; /* … is to be gone to: here */
    enum machine_found found;
    uint32_t la;
    bool step;      /* stops of single steps count, and nothing else … */
    bool over;      /* … those of an interrupt as one: */
    uint64_t *stop; /* the last `count` of `stops`, in turn */
    uint64_t stops, count;
    /* … or, if there is one, those of this point alone. */
    const struct travel_point *only;
};

static uint32_t instruction(const struct machine *m)
{
    uint64_t eip = 0, base = 0;
    machine_reg_get(m, "eip", &eip);
    machine_reg_get(m, "cs.base", &base);
    return (uint32_t)(eip + base);
}

static bool is_only(const struct travel_point *p, enum machine_found found, uint32_t la)
{
    if (p->reg) {
        return found == MACHINE_FOUND_REGISTER;
    }
    return found == (enum machine_found)(MACHINE_FOUND_CODE + p->kind) && la - p->la < p->len;
}

/* A watchpoint stops behind the instruction: one is a tick, and it began a tick before. So is
 * an interrupt. */
static bool note_stop(void *ctx, struct machine *m)
{
    struct search *se = ctx;
    uint32_t la;
    enum machine_found found = machine_found(m, &la);
    uint64_t tick = machine_now(m);
    if (se->step) { /* each one is asked for */
        machine_step(m, &(struct machine_step){.over = se->over});
    }
    if (se->step != (found == MACHINE_FOUND_STEP) ||
        (se->only && !is_only(se->only, found, la))) {
        return false;
    }
    tick -= found > MACHINE_FOUND_CODE;
    if (tick < se->end && se->step) {
        se->stop[se->stops++ % se->count] = tick;
    } else if (tick < se->end) {
        se->any = true;
        se->device = false;
        se->tick = tick;
        se->found = found;
        se->la = la;
    }
    return false;
}

/* The present is kept: 0, or -1 and err. */
static int keep(struct session *s, struct moment **now, struct error *err)
{
    s->interrupted = false;
    *now = moment_take(s->machine, &s->config.drives, err);
    return *now ? 0 : -1;
}

/* Back to the present, as if nothing had been. */
static int come_back(struct session *s, struct moment *now, struct error *err)
{
    int rc = moment_go(s->machine, now, err);
    moment_free(now);
    if (rc < 0) {
        session_end(s, EXIT_TROUBLE);
    }
    return rc;
}

/* For good. */
static int go_to(struct session *s, uint64_t tick, struct error *err)
{
    if (s->replay) {
        return session_goto(s, tick, err);
    }
    return history_rewind(s->history, s, tick, err);
}

/* Can anything strike on the way from moment i to the next one? What
 * writes nothing to the pages of a watchpoint need not be played again. */
static bool may_strike(const struct search *se, unsigned i, const struct moment *next)
{
    struct machine *m = se->s->machine;
    const struct moment *from = history_moment(se->s->history, i);
    enum machine_point kind;
    uint32_t la, len;
    const struct travel_point *p = se->only;
    if (p) {
        return p->reg || p->kind != MACHINE_WRITE ||
               moment_may_have_written(from, next, p->la, p->len);
    }
    for (unsigned n = 0; machine_point_get(m, n, &kind, &la, &len); n++) {
        if (kind != MACHINE_WRITE || moment_may_have_written(from, next, la, len)) {
            return true;
        }
    }
    return false;
}

/* Stretch by stretch, the latest first: from each moment to the next one, or to the present. */
static int search(struct search *se, const struct moment *now, travel_break_fn *is_break,
                  void *ctx, struct error *err)
{
    struct session *s = se->s;
    uint64_t end = se->end;
    for (unsigned i = history_moments(s->history); i-- > 0 && !se->any;) {
        uint64_t from = history_tick(s->history, i);
        const struct moment *next =
            i + 1 < history_moments(s->history) ? history_moment(s->history, i + 1) : now;
        if (from >= end) {
            continue;
        }
        s->interrupted = session_interrupted(s);
        if (s->interrupted) {
            return error_set(err, "interrupted");
        }
        if (!may_strike(se, i, next)) {
            end = from;
            continue;
        }
        if (history_visit(s->history, s, i, err) < 0) {
            return -1;
        }
        uint32_t la = instruction(s->machine);
        if (is_break && is_break(ctx, la)) {
            se->any = true;
            se->tick = from;
            se->found = MACHINE_FOUND_CODE;
            se->la = la;
        }
        if (!history_run(s->history, s, end, note_stop, se)) {
            return error_set(err, "interrupted");
        }
        end = from;
    }
    return 0;
}

static uint64_t begin_of(const struct session *s)
{
    return history_tick(s->history, 0);
}

/* After a search: to what it found, or to the beginning. */
static enum travel_end finish(struct search *se, int rc, struct moment *now, struct error *err)
{
    struct error ignored;
    struct session *s = se->s;
    uint64_t first = begin_of(s);
    machine_step(s->machine, NULL);
    if (come_back(s, now, rc < 0 ? &ignored : err) < 0 || rc < 0) {
        return TRAVEL_FAILED;
    }
    if (go_to(s, se->any ? se->tick : first, err) < 0) {
        return TRAVEL_FAILED;
    }
    return se->any ? TRAVEL_FOUND : TRAVEL_BEGIN;
}

enum travel_end travel_back(struct session *s, travel_break_fn *is_break, void *ctx,
                            enum machine_found *found, uint32_t *la, struct error *err)
{
    struct search se = {.s = s, .end = machine_now(s->machine)};
    struct moment *now;
    if (keep(s, &now, err) < 0) {
        return TRAVEL_FAILED;
    }
    int rc = search(&se, now, is_break, ctx, err);
    *found = se.found;
    *la = se.la;
    return finish(&se, rc, now, err);
}

/* To `from`, silently, from the latest moment before it. Where that is far away there will be
 * one nearby: whoever steps back steps back again. */
static int approach(struct session *s, uint64_t from, struct error *err)
{
    unsigned i = history_moments(s->history);
    while (i > 0 && history_tick(s->history, i - 1) > from) {
        i--;
    }
    if (i == 0 || history_visit(s->history, s, i - 1, err) < 0) {
        return i == 0 ? error_set(err, "the history does not reach so far") : -1;
    }
    if (from - machine_now(s->machine) > 2 * NEAR) {
        if (!history_run(s->history, s, from - NEAR, NULL, NULL)) {
            return error_set(err, "interrupted");
        }
        history_mark(s->history, s);
    }
    return history_run(s->history, s, from, NULL, NULL) ? 0 : error_set(err, "interrupted");
}

/* From `from` to the end by single steps; *tick: where the count-th last one began. 1: there
 * were so many, 0: not, -1 and err. A boundary at the very beginning is one, whatever steps
 * say. */
static int steps_from(struct search *se, uint64_t from, uint64_t first, struct error *err)
{
    struct session *s = se->s;
    machine_step(s->machine, NULL);
    if (approach(s, from, err) < 0) {
        return -1;
    }
    machine_step(s->machine, &(struct machine_step){.over = se->over});
    se->stops = 0;
    if (from == first && from < se->end) {
        se->stop[se->stops++] = from;
    }
    if (!history_run(s->history, s, se->end, note_stop, se)) {
        return error_set(err, "interrupted");
    }
    se->any = se->stops >= se->count;
    se->tick = se->stop[se->stops % se->count];
    return se->any;
}

/* By single steps over the last ticks; more of them where HLT slept through those. A place in
 * the middle of sleep is none to stop at. */
enum travel_end travel_step(struct session *s, bool over, uint32_t count, struct error *err)
{
    struct search se = {
        .s = s, .end = machine_now(s->machine), .step = true, .over = over, .count = count};
    struct moment *now;
    uint64_t first = begin_of(s);
    int rc = 0;
    se.stop = calloc(count, sizeof *se.stop);
    if (!se.stop) {
        error_set(err, "out of memory");
        return TRAVEL_FAILED;
    }
    if (keep(s, &now, err) < 0) {
        free(se.stop);
        return TRAVEL_FAILED;
    }
    for (uint64_t n = 32 + count, from = UINT64_MAX; rc == 0 && from != first; n *= 32) {
        from = se.end - first > n ? se.end - n : first;
        rc = steps_from(&se, from, first, err);
    }
    free(se.stop);
    se.stop = NULL;
    se.found = MACHINE_FOUND_STEP;
    return finish(&se, rc, now, err);
}

/* A register that is watched makes all code slow: first a look at what is near. */
static int search_near(struct search *se, struct error *err)
{
    struct session *s = se->s;
    uint64_t first = begin_of(s), from = se->end - first > NEAR ? se->end - NEAR : first;
    if (approach(s, from, err) < 0) {
        return -1;
    }
    machine_point_register(s->machine, se->only->reg);
    int rc =
        history_run(s->history, s, se->end, note_stop, se) ? 0 : error_set(err, "interrupted");
    machine_point_register(s->machine, NULL);
    return rc;
}

/* Of the points that are there, is one where a stretch begins? */
static bool is_only_code(void *ctx, uint32_t la)
{
    const struct travel_point *p = ctx;
    return !p->reg && p->kind == MACHINE_CODE && p->la == la;
}

/* For p, which the machine has only meanwhile. */
static int search_point(struct search *se, const struct moment *now, struct travel_point *p,
                        struct error *err)
{
    struct machine *m = se->s->machine;
    se->only = p;
    if (p->reg) {
        int rc = search_near(se, err);
        if (rc < 0 || se->any) {
            return rc;
        }
        machine_point_register(m, p->reg);
        rc = search(se, now, NULL, NULL, err);
        machine_point_register(m, NULL);
        return rc;
    }
    if (!machine_point_add(m, p->kind, p->la, p->len)) {
        return error_set(err, "too many points");
    }
    int rc = search(se, now, is_only_code, p, err);
    machine_point_remove(m, p->kind, p->la, p->len);
    return rc;
}

enum travel_end travel_point(struct session *s, struct travel_point *p, struct error *err)
{
    struct search se = {.s = s, .end = machine_now(s->machine)};
    struct moment *now;
    if (keep(s, &now, err) < 0) {
        return TRAVEL_FAILED;
    }
    int rc = search_point(&se, now, p, err);
    p->la = se.any && !p->reg ? se.la : p->la;
    return finish(&se, rc, now, err);
}

/* ---- who wrote */

static void note_dma(void *ctx)
{
    struct search *se = ctx;
    uint64_t tick = machine_now(se->s->machine);
    if (tick < se->end) {
        se->any = se->device = true;
        se->tick = tick;
    }
}

/* -1: there is no memory, or the VGA's, in which a byte is what its registers say. */
static int byte_at(const struct machine *m, uint32_t la)
{
    uint64_t pa;
    uint8_t byte;
    bool memory = machine_translate(m, la, &pa) && (pa < 0xA0000 || pa >= 0xC0000) &&
                  machine_mem_get(m, pa, &byte, 1);
    return memory ? byte : -1;
}

/* The machine is where the search has left it: what is there to say of the instruction? Behind
 * it the byte is what it is now, if nothing wrote to it by another way. */
static int tell_writer(struct search *se, int byte, struct travel_writer *w, struct error *err)
{
    struct session *s = se->s;
    w->tick = se->tick;
    w->by = TRAVEL_BY_DEVICE;
    if (se->device) {
        return 1;
    }
    if (approach(s, se->tick, err) < 0) {
        return -1;
    }
    w->la = instruction(s->machine);
    if (!history_run(s->history, s, se->tick + 1, NULL, NULL)) {
        return error_set(err, "interrupted");
    }
    int then = byte_at(s->machine, se->only->la);
    w->by = then >= 0 && byte >= 0 && then != byte ? TRAVEL_BY_OTHERS : TRAVEL_BY_INSTRUCTION;
    return 1;
}

int travel_writer(struct session *s, uint32_t la, struct travel_writer *w, struct error *err)
{
    struct travel_point point = {.kind = MACHINE_WRITE, .la = la, .len = 1};
    struct search se = {.s = s, .end = machine_now(s->machine)};
    struct moment *now;
    struct error ignored;
    uint64_t pa;
    int byte = byte_at(s->machine, la);
    if (keep(s, &now, err) < 0) {
        return -1;
    }
    if (machine_translate(s->machine, la, &pa)) {
        machine_watch_dma(s->machine, pa, note_dma, &se);
    }
    int rc = search_point(&se, now, &point, err);
    machine_watch_dma(s->machine, 0, NULL, NULL);
    if (rc == 0 && se.any) {
        rc = tell_writer(&se, byte, w, err);
    }
    return come_back(s, now, rc < 0 ? &ignored : err) < 0 ? -1 : rc;
}
