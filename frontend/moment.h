/* frontend/moment.h -- a moment of the whole: the machine, and the disks in its drives.
 *
 * Moments may be gone back to and freed in any order, as long as no medium is changed: whoever
 * changes one, or loads a state, frees all moments first.
 */
#ifndef TERRAPIN_FRONTEND_MOMENT_H
#define TERRAPIN_FRONTEND_MOMENT_H

#include "devices/machine.h"
#include "frontend/drives.h"

struct moment;

/* Nothing changes. NULL and err: out of memory. d: the drives, which outlive it. */
struct moment *moment_take(struct machine *m, const struct drives *d, struct error *err);
void moment_free(struct moment *mo); /* NULL is fine */
uint64_t moment_tick(const struct moment *mo);

/* Puts m and the disks back to mo. -1 and err: a disk cannot be written, or what it held could
 * not be kept; the machine and the disks are as they were, or else err says so. */
int moment_go(struct machine *m, const struct moment *mo, struct error *err);

/* Bytes of memory that all moments of m and d hold. */
uint64_t moment_bytes(const struct machine *m, const struct drives *d);
/* What a disk held could not be kept: no moment can be gone to, all are to be freed. */
bool moments_lost(const struct drives *d);

#endif
