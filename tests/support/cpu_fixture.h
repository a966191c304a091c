/* tests/support/cpu_fixture.h -- a processor with RAM and ports and nothing else.
 *
 *   struct cpu_fixture fx;
 *   cpu_fixture_init(&fx, &(struct cpu_config){.model = "pentiumpro"});   2 MiB RAM, A20 open
 *   cpu_fixture_load(&fx, 0x7C00, code, sizeof code);
 *   cpu_fixture_set(&fx, "cs", 0); cpu_fixture_set(&fx, "eip", 0x7C00);
 *   cpu_run(fx.cpu, 1000);  cpu_fixture_get(&fx, "eax");
 *   fx.debug[0 .. fx.debug_len)        bytes written to port E9h
 * Port reads are a fixed function of port and tick, so that two runs can be compared.
 */
#ifndef TERRAPIN_TESTS_CPU_FIXTURE_H
#define TERRAPIN_TESTS_CPU_FIXTURE_H

#include "cpu/cpu.h"

enum { CPU_FIXTURE_RAM = 2 << 20 };

struct cpu_fixture {
    struct cpu *cpu;
    struct phys *ph;
    struct notes notes;
    struct cpu_bus bus;
    uint64_t tick;
    uint8_t vector;       /* what INTA returns */
    bool drop_intr;       /* INTA also lowers INTR */
    bool ferr;            /* level of FERR# */
    unsigned overflows;   /* of performance counters … */
    uint64_t overflow_at; /* … the last one's tick */
    uint8_t debug[4096];
    unsigned debug_len;
    uint64_t port_hash; /* over every access: port, size, value, tick */
};

void cpu_fixture_init(struct cpu_fixture *fx, const struct cpu_config *cfg);
void cpu_fixture_load(struct cpu_fixture *fx, paddr pa, const void *bytes, uint32_t len);
void cpu_fixture_set(struct cpu_fixture *fx, const char *reg, uint64_t value);
uint64_t cpu_fixture_get(const struct cpu_fixture *fx, const char *reg);
/* Registers, RAM, time and port traffic in one number. */
uint64_t cpu_fixture_hash(struct cpu_fixture *fx);
void cpu_fixture_free(struct cpu_fixture *fx);

#endif
