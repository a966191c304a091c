/* frontend/moment.h -- a moment of the whole: the machine, and the disks in its drives.
 *
 * Moments may be gone back to and freed in any order, also when media have been changed in
 * between, as long as none was closed (drives.keep, the shelf). Whoever loads a state
 * frees all moments first.
 */
#ifndef TERRAPIN_FRONTEND_MOMENT_H
#define TERRAPIN_FRONTEND_MOMENT_H

#include "devices/machine.h"
#include "frontend/drives.h"

struct moment;

/* Nothing changes. NULL and err: out of memory. d: the drives, which outlive it. */
struct moment *moment_take(struct machine *m, struct drives *d, struct error *err);
void moment_free(struct moment *mo); /* NULL is fine */
uint64_t moment_tick(const struct moment *mo);

/* Puts m and the disks back to mo. -1 and err: a disk cannot be written, or what it held could
 * not be kept; the machine and the disks are as they were, or else err says so. */
int moment_go(struct machine *m, const struct moment *mo, struct error *err);

/* As in devices/snapshot.h; for who keeps a row of moments. */
bool moment_may_have_written(const struct moment *from, const struct moment *mo, uint32_t la,
                             uint32_t len);
void moment_bridge(struct moment *next, const struct moment *gone);
void moment_split(struct moment *next, const struct moment *fresh);

/* Nobody will go farther back. */
void moment_is_first(const struct moment *mo);

/* Bytes of memory that all moments of m and d hold. */
uint64_t moment_bytes(const struct machine *m, const struct drives *d);
/* What a disk held could not be kept: no moment can be gone to, all are to be freed. */
bool moments_lost(const struct drives *d);

#endif
