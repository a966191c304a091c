/* cpu/sys/census.c -- see the header. */
#include "cpu/sys/census.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cpu/sys/sys.h"

/* Open addressing; sites are never removed, so equal runs give equal tables. */
static struct census_site *find(struct census *c, laddr la, unsigned id, enum census_where at)
{
    uint32_t slot = (la * 0x9E3779B1u ^ id * 0x85EBCA6Bu ^ at * 0xC2B2AE35u) >> 7;
    for (unsigned probe = 0; probe < CENSUS_PROBES; probe++) {
        struct census_site *s = &c->site[(slot + probe) % CENSUS_SITES];
        if (s->id == id && s->la == la && s->where == at) {
            return s;
        }
        if (s->id == 0) {
            *s = (struct census_site){.la = la, .id = (uint16_t)id, .where = (uint8_t)at};
            return s;
        }
    }
    return NULL;
}

struct census_site *census_count_site(struct cpu *cpu, unsigned id, enum census_where at)
{
    struct census *c = &cpu->sys->census;
    struct census_site *s = find(c, cpu->seg[SEG_CS].base + cpu->eip, id, at);
    if (s != NULL) {
        s->count++;
    } else {
        c->elsewhere++;
    }
    return s;
}

uint64_t cpu_sensitive_count(const struct cpu *cpu, const char *row)
{
    for (unsigned id = 1; id < I_COUNT; id++) {
        if (strcmp(insn_rows[id].name, row) == 0) {
            const uint64_t *at = cpu->sys->census.count[id];
            return at[0] + at[1] + at[2] + at[3] + at[4];
        }
    }
    return 0;
}

/* ---- would level 1 have told? */

/* What level 0 sees and level 1 does not, by row; the instruction has just been executed. */
static bool wrong_in_kernel(struct cpu *cpu, const struct insn *i, unsigned id, uint32_t before)
{
    const uint32_t system = FL_IF | FL_IOPL;
    bool zf = flags_get(&cpu->flags) & FL_ZF;
    switch (id) {
    case I_SGDT:
    case I_SIDT:
    case I_SLDT:
    case I_STR:
    case I_PUSH_CS:
    case I_PUSH_SS:              /* the RPL is 1 */
    case I_CALL_Ap:              /* … on the stack */
    case I_CALLF_M: return true; /* (a call gate traps, but kernels use none) */
    case I_MOV_EvSw: return i->a == SEG_CS || i->a == SEG_SS;
    case I_SMSW: return cpu->sys->cr0 & CR0_TS; /* that the monitor keeps for itself */
    case I_PUSHF: return (before & system) != FL_IF;
    case I_POPF: return (before ^ cpu->sys->eflags) & system;
    case I_IRET: /* with CS of level 0 on the stack it traps */
        return cpl(cpu) != 0 && (cpu->sys->eflags & system) != (before & system);
    case I_LAR: return zf;                               /* the DPL is 1, or there is nothing */
    case I_LSL: return zf && cpu->r[i->a] == UINT32_MAX; /* cut short */
    default: return false;
    }
}

/* A user program runs at its own level; but these show what is the monitor's. */
static bool wrong_in_program(unsigned id)
{
    return id == I_SGDT || id == I_SIDT || id == I_SLDT || id == I_STR;
}

void census_judge(struct cpu *cpu, const struct insn *i, unsigned id, uint32_t eflags,
                  struct census_site *site)
{
    enum census_where was = site != NULL ? site->where : census_place(cpu);
    bool wrong = was == AT_RING0  ? wrong_in_kernel(cpu, i, id, eflags)
                 : was != AT_REAL ? wrong_in_program(id)
                                  : false;
    if (wrong) {
        cpu->sys->census.wrong[id]++;
        if (site != NULL) {
            site->wrong++;
        }
    }
}

/* ---- the report */

struct out {
    cpu_put_fn *put;
    void *ctx;
};

static void PRINTF_LIKE(2, 3) say(const struct out *o, const char *format, ...)
{
    char line[200];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    o->put(o->ctx, line);
}

static const char *const classes[] = {"USER", "PRIV", "IOPL", "HOLE", "GATE"};
static const char *const places[] = {"real", "ring 0", "ring 1-2", "ring 3", "v86"};

static void say_rows(const struct cpu *cpu, const struct out *o)
{
    const struct census *c = &cpu->sys->census;
    uint64_t now = *cpu->tick ? *cpu->tick : 1, by_class[CLASS_GATE + 1] = {0}, wrong = 0;
    say(o, "%-12s %-5s %14s %15s %12s %12s %9s %12s %10s %12s\n", "row", "class", "count",
        "per 1000 ticks", places[0], places[1], places[2], places[3], places[4], "wrong");
    for (unsigned id = 1; id < I_COUNT; id++) {
        const uint64_t *at = c->count[id];
        uint64_t count = at[0] + at[1] + at[2] + at[3] + at[4];
        uint64_t micro = count * 1000000 / now; /* a millionth of all ticks */
        if (count != 0) {
            say(o,
                "%-12s %-5s %14" PRIu64 " %11" PRIu64 ".%03" PRIu64 " %12" PRIu64 " %12" PRIu64
                " %9" PRIu64 " %12" PRIu64 " %10" PRIu64 " %12" PRIu64 "\n",
                insn_rows[id].name, classes[insn_rows[id].cls], count, micro / 1000,
                micro % 1000, at[AT_REAL], at[AT_RING0], at[AT_RING12], at[AT_RING3],
                at[AT_V86], c->wrong[id]);
            by_class[insn_rows[id].cls] += count;
            wrong += c->wrong[id];
        }
    }
    for (unsigned n = CLASS_PRIV; n <= CLASS_GATE; n++) {
        say(o, "%-12s %-5s %14" PRIu64 "\n", "all", classes[n], by_class[n]);
    }
    say(o, "%-18s %14" PRIu64 "\n", "all", cpu->stats.traps);
    if (c->by_site) {
        say(o, "would have been silently wrong in ring 1: %" PRIu64 "\n", wrong);
    } else {
        say(o, "where, and what would have been silently wrong in ring 1: start with -stats\n");
    }
}

/* Is a to be printed before b? The order is total: sites differ. */
static bool busier(const struct census_site *a, const struct census_site *b, bool by_wrong)
{
    uint64_t of_a = by_wrong ? a->wrong : a->count, of_b = by_wrong ? b->wrong : b->count;
    if (of_a != of_b) {
        return of_a > of_b;
    }
    return a->la != b->la   ? a->la < b->la
           : a->id != b->id ? a->id < b->id
                            : a->where < b->where;
}

/* The busiest site that is less busy than *last (NULL: of all). GATE rows are not sensitive. */
static const struct census_site *next_site(const struct census *c,
                                           const struct census_site *last, bool by_wrong)
{
    const struct census_site *best = NULL;
    for (unsigned n = 0; n < CENSUS_SITES; n++) {
        const struct census_site *s = &c->site[n];
        bool counts =
            s->id != 0 && insn_rows[s->id].cls != CLASS_GATE && (!by_wrong || s->wrong != 0);
        if (counts && (last == NULL || busier(last, s, by_wrong)) &&
            (best == NULL || busier(s, best, by_wrong))) {
            best = s;
        }
    }
    return best;
}

static void say_top(const struct census *c, const struct out *o, bool by_wrong, unsigned most)
{
    const struct census_site *s = NULL;
    say(o, "%-10s %-12s %-5s %-9s %14s %12s\n", by_wrong ? "wrong at" : "site", "row", "class",
        "where", "count", "wrong");
    for (unsigned n = 0; n < most && (s = next_site(c, s, by_wrong)) != NULL; n++) {
        say(o, "%08" PRIx32 "   %-12s %-5s %-9s %14" PRIu64 " %12" PRIu64 "\n", s->la,
            insn_rows[s->id].name, classes[insn_rows[s->id].cls], places[s->where], s->count,
            s->wrong);
    }
}

static void say_sites(const struct cpu *cpu, const struct out *o)
{
    const struct census *c = &cpu->sys->census;
    say_top(c, o, false, 24);
    say_top(c, o, true, 16);
    if (c->elsewhere != 0) {
        say(o, "at sites beyond the table's %d: %" PRIu64 "\n", CENSUS_SITES, c->elsewhere);
    }
}

void census_info(const struct cpu *cpu, cpu_put_fn *put, void *ctx)
{
    const struct out o = {put, ctx};
    say_rows(cpu, &o);
    say(&o, "%-18s %14" PRIu64 "\n", "interrupts", cpu->stats.interrupts);
    say(&o, "%-18s %14" PRIu64 "\n", "exceptions", cpu->stats.exceptions);
    if (cpu->sys->census.by_site) {
        say_sites(cpu, &o);
    }
}
