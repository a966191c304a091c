/* vmm/lab.h -- the laboratory's front: run a guest under a strategy, and look at what happened.
 *
 * Nothing here prints or opens files. A run is a function of its configuration: the same
 * figures on every host.
 */
#ifndef TERRAPIN_VMM_LAB_H
#define TERRAPIN_VMM_LAB_H

#include "mem/error.h"
#include "mem/types.h"
#include "vmm/cost.h"

struct lab_guest {           /* built in: roms/lab */
    const char *name, *what; /* what: the comment in the first line of its source */
    const uint8_t *bytes;
    uint32_t size;
};
extern const struct lab_guest lab_guests[]; /* ends with a NULL name */
const struct lab_guest *lab_guest(const char *name);
/* What is typed at a built-in guest unless somebody says otherwise; "" for most. */
const char *lab_guest_typed(const char *name);

enum strategy {
    STRATEGY_INTERPRET,
    STRATEGY_TRAP,
    STRATEGY_REWRITE,
    STRATEGY_PARA,
    STRATEGIES
};
extern const char *const strategy_names[STRATEGIES];

/* For the guest `linux`: files as they are. */
struct lab_kernel {
    const uint8_t *bytes, *initrd;
    uint32_t size, initrd_size;
    const char *append;
};

struct big_memory;

struct lab_config {
    const char *guest; /* for the report */
    const uint8_t *image;
    uint32_t size;
    enum strategy strategy;
    unsigned ring;            /* of the guest's kernel: 1 or 3 */
    const char *cpu;          /* as -cpu has it */
    uint32_t ram;             /* of the guest, in bytes: 1 to 256 MiB, a multiple of 64 KiB */
    uint64_t until;           /* ticks */
    const char *typed;        /* what its serial port receives; may be NULL */
    struct lab_kernel kernel; /* bytes NULL: none */
    const struct big_memory *sparse; /* mem/big.h, valid as long as the laboratory; or NULL */
    struct cost_model cost;
    bool stop_on_divergence;
    void (*print)(void *ctx, char c, bool serial); /* what the guest prints */
    void *ctx;
};

struct lab;
/* NULL and err: bad configuration, or no memory. */
struct lab *lab_new(const struct lab_config *cfg, struct error *err);
void lab_free(struct lab *lab);
void lab_run(struct lab *lab);

/* Has it stopped at a divergence, or at the end of lab_go_on()'s instructions? Then it may be
 * looked at, and go on for so many instructions (0: to its end, or the next divergence). */
bool lab_stopped(const struct lab *lab);
void lab_go_on(struct lab *lab, uint64_t instructions);
void lab_registers(const struct lab *lab, void (*put)(void *ctx, const char *piece), void *ctx);
/* A byte of the guest's linear memory, as its own page tables have it. false: not mapped. */
bool lab_peek(const struct lab *lab, uint32_t la, uint8_t *byte);

/* How it ended. right: by writing 0 to the exit port. */
bool lab_right(const struct lab *lab);
int lab_exit_value(const struct lab *lab); /* -1: it did not write there */
/* What a program should exit with: 0 right, (v << 1) | 1, 2 triple fault, 8 the limit, 1 lost.
 */
int lab_exit_code(const struct lab *lab);
uint64_t lab_ticks(const struct lab *lab);
uint64_t lab_cycles(const struct lab *lab);
/* The same run, had an exit and the entry after it cost so many cycles together. */
uint64_t lab_cycles_at(const struct lab *lab, uint32_t transition);
uint64_t lab_divergences(const struct lab *lab, const char *row); /* NULL: all */
uint64_t lab_exits(const struct lab *lab, const char *cause);     /* NULL: all */
/* Cycles by the meter between marks `which` and which + 1; 0: not both were passed. */
uint64_t lab_marked(const struct lab *lab, unsigned which);
/* Of nanobenchmark n, cycles a round, less what an empty loop takes. */
uint64_t lab_nano(const struct lab *lab, unsigned n);
/* 64 bits over the guest's memory at the end. */
uint64_t lab_memory_hash(const struct lab *lab);

/* Reports: put() gets pieces of text. native: the same guest under STRATEGY_INTERPRET, or NULL.
 */
typedef void lab_put_fn(void *ctx, const char *piece);
void lab_report(const struct lab *lab, const struct lab *native, lab_put_fn *put, void *ctx);
void lab_report_json(const struct lab *lab, lab_put_fn *put, void *ctx);
/* Side by side: end, exits, divergences, cycles; and the nanobenchmarks. */
void lab_compare(struct lab *const *labs, const char *const *names, unsigned n, lab_put_fn *put,
                 void *ctx);
/* The table of nanobenchmarks, if the guest was one; columns: labs. */
void lab_nanobench(struct lab *const *labs, unsigned n, lab_put_fn *put, void *ctx);

#endif
