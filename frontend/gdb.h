/* frontend/gdb.h -- -gdb: GDB's remote protocol over a socket, for any debugger that speaks it.
 *
 * A client stops the machine when it connects. It sets points, reads and writes registers and
 * memory, lets the machine run and hears when it has stopped (devices/machine.h). One client at
 * a time; the next one waits. When a client goes without a word its points go with it, and the
 * machine stays as it is, running or stopped.
 *
 * Addresses are linear, and $eip is the register: in a segment that does not start at 0, the
 * next instruction is at $cs_base + $eip, and that is the address for a breakpoint. So it is in
 * QEMU.
 *
 * Backwards (bs, bc) it goes within the history of a live machine, and in a replay.
 *
 * NOT IMPLEMENTED: non-stop mode, the extended protocol (R, vRun).
 */
#ifndef TERRAPIN_FRONTEND_GDB_H
#define TERRAPIN_FRONTEND_GDB_H

#include "frontend/gdb_option.h"
#include "mem/error.h"

struct gdb;
struct session;

/* NULL and err. */
struct gdb *gdb_serve(const struct gdb_option *at, struct error *err);
/* The machine is over: a client that waits for it hears the exit code. NULL is fine. */
void gdb_unserve(struct gdb *g, int status);
/* Answers what has come, tells what has happened. NULL is fine. */
void gdb_poll(struct gdb *g, struct session *s);
/* Waits for bytes or a client, ns at most. */
void gdb_wait(struct gdb *g, uint64_t ns);
/* May somebody else put the machine to another moment? Not while a client has stopped it. One
 * that has let it run is told that it stands still then. */
bool gdb_may_travel(const struct gdb *g);
bool gdb_attached(const struct gdb *g);
/* Does the client want the search that it asked for to end? */
bool gdb_interrupted(struct gdb *g);
/* May a stopped machine be waited for? Not while a client's own command runs. */
bool gdb_may_continue(const struct gdb *g);
/* How a debugger on this host gets here: "target remote" and this. */
void gdb_address(const struct gdb *g, char *text, size_t n);

#endif
