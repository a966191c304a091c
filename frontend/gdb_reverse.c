/* frontend/gdb_reverse.c -- bs and bc: GDB's reverse-step and reverse-continue, of which it
 * makes reverse-next and reverse-finish by itself.
 *
 * Where the history ends GDB is told so ("No more reverse-execution history"). Breakpoints stop
 * before their instruction, as forwards; watchpoints before the one that accessed: there, the
 * old value is seen.
 */
#include "frontend/gdb_priv.h"

#include "frontend/report.h"
#include "frontend/travel.h"

#include <string.h>

static bool is_break(void *ctx, uint32_t la)
{
    const struct gdb *g = ctx;
    for (unsigned n = 0; n < g->points; n++) {
        if (g->point[n].kind <= GDB_HARD && g->point[n].la == la) {
            return true;
        }
    }
    return false;
}

static void say_begin(struct gdb *g)
{
    static const char text[] = "T05thread:1;replaylog:begin;";
    gdb_link_send(&g->link, text, sizeof text - 1);
}

static void answer(struct gdb *g, struct session *s, enum travel_end end,
                   enum machine_found found, uint32_t la, const struct error *err)
{
    static const char trouble[] = "E01";
    s->stopped = true;
    s->at_point = false;
    switch (end) {
    case TRAVEL_FAILED:
        if (s->interrupted) { /* stopped, where it was */
            gdb_tell_found(g, s, MACHINE_FOUND_NOTHING, 0);
            break;
        }
        report("-gdb: backwards: %s", err->text);
        gdb_link_send(&g->link, trouble, sizeof trouble - 1);
        break;
    case TRAVEL_BEGIN: say_begin(g); break;
    case TRAVEL_FOUND: gdb_tell_found(g, s, found, la); break;
    }
}

void gdb_back_step(struct gdb *g, struct session *s, const char *p)
{
    struct error err = {""};
    (void)p;
    if (!travel_possible(s)) {
        say_begin(g);
        return;
    }
    answer(g, s, travel_step(s, !g->step_into, 1, &err), MACHINE_FOUND_STEP, 0, &err);
}

void gdb_back_continue(struct gdb *g, struct session *s, const char *p)
{
    struct error err = {""};
    enum machine_found found = MACHINE_FOUND_NOTHING;
    uint32_t la = 0;
    (void)p;
    if (!travel_possible(s)) {
        say_begin(g);
        return;
    }
    enum travel_end end = travel_back(s, is_break, g, &found, &la, &err);
    answer(g, s, end, found, la, &err);
}
