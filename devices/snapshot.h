/* devices/snapshot.h -- a machine's moments, kept in memory: taken in a millisecond, gone back
 * to in place (docs/adr/0018).
 *
 * A snapshot is everything that the guest can see but the contents of disks, which belong to
 * whoever owns the images (frontend/history.h holds both together). Snapshots of one machine
 * share the pages of RAM that are equal: one costs what was stored to since the last one was
 * taken or gone back to. They may be gone back to in any order, and freed in any order, also
 * after their machine. All of a machine's snapshots are used by the machine's thread.
 */
#ifndef TERRAPIN_DEVICES_SNAPSHOT_H
#define TERRAPIN_DEVICES_SNAPSHOT_H

#include "devices/machine.h"

struct snapshot;

/* Whenever machine_run() is not running; changes nothing in the machine. NULL and err: out of
 * memory, all is as it was. */
struct snapshot *machine_snapshot(struct machine *m, struct error *err);
void snapshot_free(struct snapshot *s); /* NULL is fine */
uint64_t snapshot_tick(const struct snapshot *s);

/* Puts m back, the machine that s was taken of: the run from here on is the one from there, to
 * the hash. What belongs to the host stays as it is: callbacks, recorder, engine options, a
 * debugger's points; but media are those that were in the drives then, whose owner has kept
 * them (and put their contents back). Needs no memory. -1 and err: s is another machine's, m is
 * as it was. */
int machine_restore(struct machine *m, const struct snapshot *s, struct error *err);

/* Has an instruction perhaps written to the linear addresses [la, la + len), in whatever
 * address space, on the way from `from` to s? false: certainly not. true too where that is not
 * known: s was not the next one after `from`. */
bool snapshot_may_have_written(const struct snapshot *from, const struct snapshot *s,
                               uint32_t la, uint32_t len);
/* For who keeps a row of snapshots, so that this is known of each and the next one. `gone`, the
 * one before `next`, leaves the row; `fresh`, on the way to `next` from the one before, enters
 * it. */
void snapshot_bridge(struct snapshot *next, const struct snapshot *gone);
void snapshot_split(struct snapshot *next, const struct snapshot *fresh);

/* Bytes of the host's memory that all snapshots of m hold together, and how many they may
 * hold: beyond that, taking one is out of memory. 0: whatever the host has. */
uint64_t machine_snapshot_bytes(const struct machine *m);
int machine_snapshot_limit(struct machine *m, uint64_t most, struct error *err);

#endif
