/* frontend/diverge.h -- a replay that does not do what was recorded: where it began. */
#ifndef TERRAPIN_FRONTEND_DIVERGE_H
#define TERRAPIN_FRONTEND_DIVERGE_H

#include "devices/machine.h"

struct replay;
struct session;

struct divergence {
    uint64_t equal, differs;  /* ticks: the last one found equal, the first one not */
    uint64_t inputs;          /* that had come in by then: more may belong to the same tick */
    uint64_t expected, found; /* hashes at the latter */
    unsigned parts;           /* that differ, as far as they were recorded */
    char part[MACHINE_PARTS][MACHINE_PART_NAME];
};

/* Tells it on stderr; then plays the stretch again, as it was recorded and as it was played
 * here, until the first instruction after which the two differ is found (docs/adr/0019). */
void diverged(struct replay *r, struct session *s, const struct divergence *d);

#endif
