/* frontend/flip.h -- -flip TICK,PART,BIT: one bit of the machine turned over, past the door, to
 * see whether and where a replay finds it.
 */
#ifndef TERRAPIN_FRONTEND_FLIP_H
#define TERRAPIN_FRONTEND_FLIP_H

#include "devices/machine.h"

struct flip {
    uint64_t tick; /* UINT64_MAX: none */
    uint64_t bit;
    char part[MACHINE_PART_NAME];
};

/* "1000000,chip i8254 0,37" */
bool flip_parse(const char *text, struct flip *f);
/* At the present tick, if it is the one; then never again. true: done, and field is its name.
 * -1 in *rc: there is no such bit. */
bool flip_due(struct flip *f, struct machine *m, char *field, size_t n, int *rc);

#endif
