/* vmm/cost.c -- the cost models.
 *
 * exit + entry are the published round trips of the first processors with hardware support,
 * Adams & Agesen (ASPLOS 2006), table 1: Pentium 4 672, 1931 + 2409 cycles; Core 2 Duo, 1186 +
 * 937; and, for Westmere, a page-fault exit of 569 (Bugnion, Nieh & Tsafrir, table 4.3),
 * divided in the same proportion. Native page fault, division by zero, port and control
 * register are those of the same paper's figure of nanobenchmarks (Pentium 4). All other
 * figures are the laboratory's assumptions, chosen round: they are there to be changed.
 */
#include "vmm/cost.h"

#include <stdlib.h>
#include <string.h>

#define NATIVE                                                                                 \
    [COST_INSN] = 1, [COST_NATIVE_PF] = 1093, [COST_NATIVE_FAULT] = 889,                       \
    [COST_NATIVE_INT] = 700, [COST_NATIVE_IO] = 3209, [COST_NATIVE_SYSTEM] = 35

static const struct cost_model models[] = {
    {"p4",
     {NATIVE, [COST_EXIT] = 1931, [COST_ENTRY] = 2409, [COST_DECODE] = 600, [COST_DEVICE] = 200,
      [COST_INJECT] = 500, [COST_WALK] = 100, [COST_FILL] = 900, [COST_RESYNC] = 1500,
      [COST_HYPERCALL] = 250, [COST_SCAN] = 60, [COST_PATCH] = 200}},
    {"core2",
     {NATIVE, [COST_EXIT] = 1186, [COST_ENTRY] = 937, [COST_DECODE] = 400, [COST_DEVICE] = 150,
      [COST_INJECT] = 350, [COST_WALK] = 70, [COST_FILL] = 600, [COST_RESYNC] = 1000,
      [COST_HYPERCALL] = 180, [COST_SCAN] = 40, [COST_PATCH] = 150}},
    {"westmere",
     {NATIVE, [COST_EXIT] = 318, [COST_ENTRY] = 251, [COST_DECODE] = 250, [COST_DEVICE] = 100,
      [COST_INJECT] = 200, [COST_WALK] = 40, [COST_FILL] = 350, [COST_RESYNC] = 600,
      [COST_HYPERCALL] = 120, [COST_SCAN] = 25, [COST_PATCH] = 100}},
};

static const struct {
    const char *name, *what;
} costs[COSTS] = {
#define COST(id, name, what) {name, what},
#include "vmm/cost.def"
#undef COST
};

const char *cost_name(enum cost c)
{
    return costs[c].name;
}

const char *cost_what(enum cost c)
{
    return costs[c].what;
}

const struct cost_model *cost_model(const char *name)
{
    for (unsigned n = 0; n < ARRAY_LEN(models); n++) {
        if (strcmp(models[n].name, name) == 0) {
            return &models[n];
        }
    }
    return NULL;
}

/* ---- NAME=CYCLES, one a line */

static int parse_line(struct cost_model *model, const char *line, size_t len, unsigned number,
                      struct error *err)
{
    const char *equals = memchr(line, '=', len);
    size_t name = equals ? (size_t)(equals - line) : 0;
    for (unsigned c = 0; c < COSTS; c++) {
        if (name == 0 || strlen(costs[c].name) != name ||
            memcmp(costs[c].name, line, name) != 0) {
            continue;
        }
        uint64_t v = 0;
        size_t digits = len - name - 1;
        for (size_t k = 0; k < digits && digits <= 9; k++) {
            char d = equals[1 + k];
            if (d < '0' || d > '9') {
                digits = 0;
                break;
            }
            v = v * 10 + (uint64_t)(d - '0');
        }
        if (digits == 0 || digits > 9) {
            return error_set(err, "line %u: %s wants a number of cycles", number,
                             costs[c].name);
        }
        model->cycles[c] = (uint32_t)v;
        return 0;
    }
    return error_set(err, "line %u: no such cost; use NAME=CYCLES, names are in cost.def",
                     number);
}

int cost_parse(struct cost_model *model, const char *text, struct error *err)
{
    struct cost_model m = models[0];
    m.name = "file";
    for (unsigned number = 1; *text; number++) {
        size_t len = strcspn(text, "\n"), end = strcspn(text, "#\n");
        while (end > 0 && strchr(" \t\r", text[end - 1])) {
            end--;
        }
        if (end > 0 && parse_line(&m, text, end, number, err) < 0) {
            return -1;
        }
        text += len + (text[len] == '\n');
    }
    *model = m;
    return 0;
}

uint64_t meter_cycles(const struct meter *m)
{
    uint64_t sum = 0;
    for (unsigned c = 0; c < COSTS; c++) {
        sum += m->events[c] * m->model->cycles[c];
    }
    return sum;
}
