/* frontend/travel.h -- backwards through time, for debuggers: within the history of a live
 * machine, or in a replay.
 *
 * A machine runs forward only. To find what came last before now, it is put back to a moment
 * before, runs again up to now, and every stop on the way is noted; then it goes to the last of
 * them. What a live machine then does is new: what came after is forgotten.
 */
#ifndef TERRAPIN_FRONTEND_TRAVEL_H
#define TERRAPIN_FRONTEND_TRAVEL_H

#include "devices/machine.h"

struct session;

enum travel_end {
    TRAVEL_FAILED = -1, /* err tells; the machine is where it was */
    TRAVEL_BEGIN,       /* at the first moment that can be reached */
    TRAVEL_FOUND,       /* at a point, or an instruction back */
};

/* Before a debugger's points can be met: true if there is somewhere to go back to. */
bool travel_possible(const struct session *s);
/* So many instructions (1 or more) back; over: not into the handler of an interrupt that came
 * in between. */
enum travel_end travel_step(struct session *s, bool over, uint32_t count, struct error *err);
/* Back to the last breakpoint that was passed, or to before the last access that a watchpoint
 * saw. *found and *la: as machine_found() would have it; is_break: is there a breakpoint at
 * this linear address? (For the first instruction of a stretch, which the machine passes.) */
typedef bool travel_break_fn(void *ctx, uint32_t la);
enum travel_end travel_back(struct session *s, travel_break_fn *is_break, void *ctx,
                            enum machine_found *found, uint32_t *la, struct error *err);
/* Back to the last time that this point would have struck: to before the instruction, or the
 * interrupt. la becomes the byte, or port. */
struct travel_point {
    enum machine_point kind;
    uint32_t la, len; /* len of MACHINE_CODE: 1 */
    const char *reg;  /* not NULL: a change of this register, and nothing of the above */
};
enum travel_end travel_point(struct session *s, struct travel_point *p, struct error *err);
/* Who wrote last to the byte at la? Of the machine's present; nothing changes. 1: found; 0:
 * nobody in all of the history. Stores are found that are made by this linear address, and DMA
 * to where it leads now. */
enum travel_by {
    TRAVEL_BY_INSTRUCTION, /* … that begins at `tick` and `la` (linear) */
    TRAVEL_BY_DEVICE,      /* DMA, or a debugger */
    TRAVEL_BY_OTHERS,      /* after the instruction, by another address of the same memory */
};
struct travel_writer {
    enum travel_by by;
    uint64_t tick;
    uint32_t la;
};
int travel_writer(struct session *s, uint32_t la, struct travel_writer *w, struct error *err);

#endif
