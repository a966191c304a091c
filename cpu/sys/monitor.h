/* cpu/sys/monitor.h -- the monitor's door: the only header of cpu/sys/ that the engine may see.
 *
 * A sensitive instruction decodes to exec_trap, which makes eip and now exact and comes here.
 */
#ifndef TERRAPIN_CPU_SYS_MONITOR_H
#define TERRAPIN_CPU_SYS_MONITOR_H

#include "cpu/insn.h"

enum verdict {
    RESUME, /* done: on with the next instruction */
    JUMPED, /* done, and eip is set (a REP that must pause leaves it at the instruction) */
};

/* Emulates row id. May raise. */
enum verdict monitor_emulate(struct cpu *cpu, const struct insn *i, unsigned id);

#endif
