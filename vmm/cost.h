/* vmm/cost.h -- what things cost: cycles, by a model that can be chosen (-vmm-cost).
 *
 * Terrapin's ticks know no caches and no pipelines. To redraw published curves, events are
 * priced: every tick costs `insn`, and events cost what the model says on top. The sources of
 * the figures are in cost.c.
 */
#ifndef TERRAPIN_VMM_COST_H
#define TERRAPIN_VMM_COST_H

#include "mem/error.h"
#include "mem/types.h"

enum cost {
#define COST(id, name, what) COST_##id,
#include "vmm/cost.def"
#undef COST
    COSTS
};

struct cost_model {
    const char *name;
    uint32_t cycles[COSTS];
};
/* "p4", "core2", "westmere"; NULL: there is none such. */
const struct cost_model *cost_model(const char *name);
/* The text of a file of NAME=CYCLES lines (# starts a comment) on top of p4. */
int cost_parse(struct cost_model *model, const char *text, struct error *err);
const char *cost_name(enum cost c);
const char *cost_what(enum cost c);

struct meter {
    const struct cost_model *model;
    uint64_t events[COSTS];
};
static inline void charge(struct meter *m, enum cost c)
{
    m->events[c]++;
}
/* events[COST_INSN] is set by the reader: ticks. */
uint64_t meter_cycles(const struct meter *m);

#endif
