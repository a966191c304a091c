/* frontend/session_time.c -- see session.h: to and fro in a replay, and what interrupts a
 * search. */
#include "frontend/posix.h"

#include "frontend/session.h"

#include "frontend/display.h"
#include "frontend/gdb.h"
#include "frontend/history.h"
#include "frontend/monitor.h"
#include "frontend/replay.h"
#include "frontend/signals.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

bool session_interrupted(struct session *s)
{
    if (s->commanding && monitor_is_typed(s->monitor) && signals_take(SIGINT)) {
        return true;
    }
    return signals_pending() || gdb_interrupted(s->gdb) ||
           (s->commanding && display_interrupted(s->display));
}

void session_branch(struct session *s)
{
    machine_shut(s->machine, false);
    replay_close(s->replay);
    s->replay = NULL;
}

/* By the latest moment before it; where there is none, from the start. */
static int replay_back(struct session *s, uint64_t tick, struct error *err)
{
    struct error ignored;
    uint64_t first;
    if (history_first(s->history, &first) && first <= tick) {
        if (history_rewind(s->history, s, tick, &ignored) == 0) {
            replay_found(s->replay, s);
            return 0;
        }
        if (s->interrupted) {
            return error_set(err, "interrupted");
        }
    }
    history_forget(s->history);
    return replay_start(s->replay, s, NULL, err);
}

int session_goto(struct session *s, uint64_t tick, struct error *err)
{
    double speed = s->pace.speed;
    bool stopped = s->stopped;
    if (tick > replay_end(s->replay)) {
        return error_set(err, "goto: the recording ends at tick %" PRIu64,
                         replay_end(s->replay));
    }
    if (tick < replay_begin(s->replay)) {
        return error_set(err, "goto: the recording begins at tick %" PRIu64,
                         replay_begin(s->replay));
    }
    s->interrupted = false;
    if (tick < machine_now(s->machine) && replay_back(s, tick, err) < 0) {
        return -1;
    }
    s->pace.speed = 0;
    s->seeking = true;
    do { /* a debugger's points are passed */
        s->stopped = false;
    } while (session_run(s, tick) == RUN_STOPPED && s->at_point);
    s->seeking = false;
    bool stay = tick == replay_end(s->replay) && !s->scripted; /* or that would be all */
    s->stopped = stopped || stay || gdb_attached(s->gdb);
    s->at_point = false;
    pace_start(&s->pace, speed, machine_mips(s->machine), machine_now(s->machine));
    return s->interrupted
               ? error_set(err, "goto: interrupted at tick %" PRIu64, machine_now(s->machine))
               : 0;
}

/* --- bookmarks -----------------------------------------------------------------------------
 */

static unsigned find(const struct session *s, const char *name)
{
    unsigned n = 0;
    while (n < s->bookmarks && strcmp(s->bookmark[n].name, name) != 0) {
        n++;
    }
    return n;
}

const struct bookmark *session_bookmark(const struct session *s, const char *name)
{
    unsigned n = find(s, name);
    return n < s->bookmarks ? &s->bookmark[n] : NULL;
}

bool session_set_bookmark(struct session *s, const char *name)
{
    unsigned n = find(s, name);
    if (n == SESSION_BOOKMARKS) {
        return false;
    }
    s->bookmarks += n == s->bookmarks;
    snprintf(s->bookmark[n].name, sizeof s->bookmark[n].name, "%s", name);
    s->bookmark[n].tick = machine_now(s->machine);
    return true;
}

void session_drop_bookmarks(struct session *s, uint64_t after)
{
    unsigned kept = 0;
    for (unsigned n = 0; n < s->bookmarks; n++) {
        if (s->bookmark[n].tick <= after) {
            s->bookmark[kept++] = s->bookmark[n];
        }
    }
    s->bookmarks = kept;
}
