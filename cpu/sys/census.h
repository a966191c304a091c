/* cpu/sys/census.h -- who executes sensitive instructions: by row, by ring, by address.
 *
 * Every sensitive row leaves the engine through monitor_emulate() or an assist, which count it
 * here; so the count costs innocuous code nothing. Where, and what would have been wrong, is
 * noted if asked for (-stats), without assists. Nothing of it is state, or visible to the
 * guest. The table of sites is bounded: what finds no place is counted as "elsewhere".
 *
 * "Wrong": what the same instruction would have done silently, had a virtual machine monitor
 * run the system's kernel at level 1 of a processor of before 2005, with IOPL 0, EFLAGS.IF
 * always set, descriptor tables, LDTR and TR of its own, and the kernel's descriptors with DPL
 * 1 in place of 0 and limits that end below the monitor. What would have trapped there is not
 * wrong: the monitor hears of it.
 */
#ifndef TERRAPIN_CPU_SYS_CENSUS_H
#define TERRAPIN_CPU_SYS_CENSUS_H

#include "cpu/insn.h"

/* Level 1 and 2 are counted as one. Real mode has no levels. */
enum census_where { AT_REAL, AT_RING0, AT_RING12, AT_RING3, AT_V86, CENSUS_PLACES };

enum { CENSUS_SITES = 4096, CENSUS_PROBES = 8 };
struct census_site {
    uint64_t count, wrong;
    laddr la;
    uint16_t id; /* 0: free */
    uint8_t where;
};

struct census {
    bool by_site; /* else rows and levels alone are counted, and nothing is judged */
    uint64_t count[I_COUNT][CENSUS_PLACES];
    uint64_t wrong[I_COUNT];
    uint64_t elsewhere; /* executed at sites that found no place */
    struct census_site site[CENSUS_SITES];
};

/* … of row id at `at`, by site. NULL: it found no place. */
struct census_site *census_count_site(struct cpu *cpu, unsigned id, enum census_where at);
/* A HOLE row was, and raised nothing. eflags: all of them, as they were before it; site: as
 * census_count() said. */
void census_judge(struct cpu *cpu, const struct insn *i, unsigned id, uint32_t eflags,
                  struct census_site *site);
/* Text for `info traps`: rows, then sites. */
void census_info(const struct cpu *cpu, cpu_put_fn *put, void *ctx);

#endif
