/* vmm/report.c -- what a run was like: text for people, JSON for programs. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "vmm/lab_priv.h"
#include "vmm/para.h"

struct out {
    lab_put_fn *put;
    void *ctx;
};

static void PRINTF_LIKE(2, 3) say(const struct out *o, const char *format, ...)
{
    char line[300];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    o->put(o->ctx, line);
}

/* ---- text */

static void say_end(const struct lab *lab, const struct out *o)
{
    switch (lab->end) {
    case VMM_EXITED:
        say(o, "end: %s (exit %u)\n", lab->board.exit_value ? "WRONG" : "right",
            lab->board.exit_value);
        break;
    case VMM_LIMIT: say(o, "end: the limit of ticks (-until)\n"); break;
    case VMM_ASLEEP: say(o, "end: halted, and nothing can wake it\n"); break;
    case VMM_SHUTDOWN:
        say(o, "end: triple fault%s%s\n",
            lab->vmm != NULL && *lab->vmm->why ? ", begun by " : "",
            lab->vmm != NULL ? lab->vmm->why : "");
        break;
    case VMM_LOST: say(o, "end: NOT IMPLEMENTED: %s\n", lab->vmm->why); break;
    case VMM_DIVERGED: say(o, "end: stopped at the first divergence\n"); break;
    default: break;
    }
}

/* The table has a row for each encoding: all of one name together; 0 for all but the first. */
static uint64_t emulated(const struct lab *lab, unsigned n)
{
    uint64_t sum = 0;
    for (unsigned k = 0; emulate_name(k) != NULL; k++) {
        if (strcmp(emulate_name(k), emulate_name(n)) == 0) {
            if (k < n) {
                return 0;
            }
            sum += lab->vmm->count.emulated[k];
        }
    }
    return sum;
}

static void say_exits(const struct lab *lab, const struct out *o)
{
    const struct counts *c = &lab->vmm->count;
    say(o, "exits by cause\n");
    for (unsigned n = 0; n < EXIT_CAUSES; n++) {
        if (c->exits[n] != 0) {
            say(o, "  %-24s %12" PRIu64 "\n", exit_names[n], c->exits[n]);
        }
    }
    say(o, "  %-24s %12" PRIu64 "\n", "all", lab_exits(lab, NULL));
    say(o, "emulated, by instruction\n");
    for (unsigned n = 0; emulate_name(n) != NULL; n++) {
        if (emulated(lab, n) != 0) {
            say(o, "  %-24s %12" PRIu64 "\n", emulate_name(n), emulated(lab, n));
        }
    }
    say(o, "injected: interrupts %" PRIu64 ", exceptions %" PRIu64 "\n", c->injected_interrupts,
        c->injected_exceptions);
    say(o,
        "shadow: tables made %" PRIu64 ", dropped %" PRIu64 "; entries dropped %" PRIu64
        "; CR3 loads %" PRIu64 "; descriptor tables copied %" PRIu64 "\n",
        c->tables_made, c->tables_dropped, c->entries_dropped, c->cr3_loads, c->desc_syncs);
    if (c->msr_refused != 0) {
        say(o,
            "NOT IMPLEMENTED: model-specific registers: %" PRIu64
            " times #GP, first %s of %08" PRIx32 " at %04x:%08" PRIx32 "\n",
            c->msr_refused, lab->vmm->first_msr.name, lab->vmm->first_msr.ecx,
            lab->vmm->first_msr.cs, lab->vmm->first_msr.eip);
    }
    for (unsigned n = 0; n < HYPERCALLS; n++) {
        if (c->hypercalls[n] != 0) {
            say(o, "  hypercall %-14s %12" PRIu64 "\n", hypercall_names[n], c->hypercalls[n]);
        }
    }
    if (lab->vmm->code != NULL) {
        say(o,
            "code: instructions scanned %" PRIu64 ", replaced %" PRIu64
            "; pages copied %" PRIu64 ", changed %" PRIu64 "; branches not followed %" PRIu64
            ", overlaps %" PRIu64 "\n",
            c->scanned, c->rewritten, c->code_pages, c->code_changes, c->not_followed,
            c->overlaps);
    }
}

static void say_divergences(const struct lab *lab, const struct out *o)
{
    const struct oracle *orc = &lab->oracle;
    say(o, "divergences: %" PRIu64 " of %" PRIu64 " sensitive instructions that did not trap\n",
        orc->diverged, orc->looked_at);
    for (unsigned n = 0; n < orc->kinds; n++) {
        const struct divergence *d = &orc->kind[n];
        char bytes[48] = "";
        for (unsigned k = 0; k < d->len; k++) {
            snprintf(bytes + 3 * k, sizeof bytes - 3 * k, k + 1 < d->len ? "%02x " : "%02x",
                     d->bytes[k]);
        }
        say(o,
            "  %-9s %8" PRIu64 " times, first at %04" PRIx32 ":%08" PRIx32 " [%s] in virtual "
            "ring %u: %s expected %s, observed %s\n",
            d->row, d->count, d->cs, d->eip, bytes, d->cpl, d->what, d->expected, d->observed);
    }
}

static void say_cycles(const struct lab *lab, const struct lab *native, const struct out *o)
{
    const struct meter *m = &lab->meter;
    say(o, "cycles by origin (cost model %s)\n", lab->cfg.cost.name);
    for (unsigned c = 0; c < COSTS; c++) {
        if (m->events[c] != 0) {
            say(o, "  %-14s %12" PRIu64 " x %6" PRIu32 " = %14" PRIu64 "\n", cost_name(c),
                m->events[c], m->model->cycles[c], m->events[c] * m->model->cycles[c]);
        }
    }
    say(o, "  %-14s %39" PRIu64 "\n", "all", lab_cycles(lab));
    if (native != NULL && lab_cycles(native) != 0) {
        uint64_t percent = lab_cycles(lab) * 100 / lab_cycles(native);
        say(o, "  against interpret: %" PRIu64 ".%02" PRIu64 " times\n", percent / 100,
            percent % 100);
    }
}

void lab_report(const struct lab *lab, const struct lab *native, lab_put_fn *put, void *ctx)
{
    const struct out o = {put, ctx};
    say(&o, "guest %s, strategy %s", lab->cfg.guest, strategy_names[lab->cfg.strategy]);
    if (lab->vmm != NULL) {
        say(&o, ", kernel in ring %u", lab->cfg.ring);
    }
    say(&o, ", cpu %s\n", lab->cfg.cpu);
    if (lab->taken_over) {
        say(&o, "taken over at %04" PRIx32 ":%08" PRIx32 ", tick %" PRIu64 "\n",
            lab->handover_cs, lab->handover_eip, lab->handover_tick);
    }
    say_end(lab, &o);
    say(&o, "ticks: %" PRIu64 "\n", lab_ticks(lab));
    if (lab->vmm != NULL) {
        say_exits(lab, &o);
        say_divergences(lab, &o);
    }
    say_cycles(lab, native, &o);
}

/* What the guest would see of its processor; real CS and SS where they differ. */
void lab_registers(const struct lab *lab, lab_put_fn *put, void *ctx)
{
    const struct out o = {put, ctx};
    const struct vmm *vmm = lab->vmm;
    const struct hw_frame *f = &vmm->frame;
    static const char *const names[] = {"eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi"};
    static const char *const segs[] = {"es", "cs", "ss", "ds", "fs", "gs"};
    for (unsigned n = 0; n < 8; n++) {
        say(&o, "%s %08" PRIx32 "%s", names[n], f->gpr[n], n % 4 == 3 ? "\n" : "  ");
    }
    say(&o, "eip %08" PRIx32 "  eflags %08" PRIx32 " (real %08" PRIx32 ")  level %u, IF %d\n",
        f->eip, virtual_flags(vmm), f->eflags, vmm->v.cpl, vmm->v.interrupts);
    for (unsigned n = 0; n < HW_SEGS; n++) {
        say(&o, "%s %04x (real %04x)%s", segs[n], virtual_sel(vmm, n), f->seg[n],
            n % 3 == 2 ? "\n" : "  ");
    }
    say(&o, "cr0 %08" PRIx32 "  cr2 %08" PRIx32 "  cr3 %08" PRIx32 "  cr4 %08" PRIx32 "\n",
        vmm->v.cr0, vmm->v.cr2, vmm->v.cr3, vmm->v.cr4);
    say(&o, "gdt %08" PRIx32 "  idt %08" PRIx32 "  tick %" PRIu64 "\n", vmm->v.gdt.base,
        vmm->v.idt.base, lab->board.tick);
}

/* ---- JSON */

static void say_string(const struct out *o, const char *s)
{
    say(o, "\"");
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (c == '"' || c == '\\') {
            say(o, "\\%c", c);
        } else if (c < 0x20) {
            say(o, "\\u%04x", c);
        } else {
            say(o, "%c", c);
        }
    }
    say(o, "\"");
}

static void json_exits(const struct lab *lab, const struct out *o)
{
    const struct counts *c = &lab->vmm->count;
    say(o, ",\n \"exits\": {");
    for (unsigned n = 0; n < EXIT_CAUSES; n++) {
        say(o, "%s\"%s\": %" PRIu64, n ? ", " : "", exit_names[n], c->exits[n]);
    }
    say(o, "},\n \"emulated\": {");
    const char *comma = "";
    for (unsigned n = 0; emulate_name(n) != NULL; n++) {
        if (emulated(lab, n) != 0) {
            say(o, "%s\"%s\": %" PRIu64, comma, emulate_name(n), emulated(lab, n));
            comma = ", ";
        }
    }
    say(o, "},\n \"divergences\": [");
    for (unsigned n = 0; n < lab->oracle.kinds; n++) {
        const struct divergence *d = &lab->oracle.kind[n];
        say(o,
            "%s\n  {\"row\": \"%s\", \"count\": %" PRIu64 ", \"cs\": %" PRIu32
            ", \"eip\": %" PRIu32 ", \"what\": \"%s\", \"expected\": \"%s\", \"observed\": "
            "\"%s\"}",
            n ? "," : "", d->row, d->count, d->cs, d->eip, d->what, d->expected, d->observed);
    }
    say(o, "]");
}

void lab_report_json(const struct lab *lab, lab_put_fn *put, void *ctx)
{
    const struct out o = {put, ctx};
    say(&o, "{\"guest\": ");
    say_string(&o, lab->cfg.guest);
    say(&o,
        ", \"strategy\": \"%s\", \"ring\": %u, \"cpu\": ", strategy_names[lab->cfg.strategy],
        lab->cfg.ring);
    say_string(&o, lab->cfg.cpu);
    say(&o, ",\n \"exit\": %d, \"ticks\": %" PRIu64 ", \"cycles\": %" PRIu64,
        lab_exit_value(lab), lab_ticks(lab), lab_cycles(lab));
    if (lab->vmm != NULL) {
        json_exits(lab, &o);
    }
    say(&o, ",\n \"cost\": {\"model\": ");
    say_string(&o, lab->cfg.cost.name);
    for (unsigned c = 0; c < COSTS; c++) {
        say(&o, ", \"%s\": [%" PRIu64 ", %" PRIu32 "]", cost_name(c), lab->meter.events[c],
            lab->meter.model->cycles[c]);
    }
    say(&o, "}}\n");
}

/* ---- nanobenchmarks: marks 2n and 2n + 1 around NANO_ROUNDS rounds of each, 0 around none */

enum { NANO_ROUNDS = 100 };
static const char *const nano_names[] = {
    "nothing",   "call/ret", "in",        "cr write", "syscall", "page fault",
    "pf hidden", "div by 0", "pte write", "rdtsc",    "cli/sti", "pushf/popf",
};

uint64_t lab_nano(const struct lab *lab, unsigned n)
{
    uint64_t all = lab_marked(lab, 2 * n), empty = lab_marked(lab, 0);
    return all > empty ? (all - empty) / NANO_ROUNDS : 0;
}

void lab_nanobench(struct lab *const *labs, unsigned n, lab_put_fn *put, void *ctx)
{
    const struct out o = {put, ctx};
    for (unsigned b = 1; b < ARRAY_LEN(nano_names); b++) {
        if (lab_marked(labs[0], 2 * b) == 0) {
            continue;
        }
        say(&o, "%-12s", nano_names[b]);
        for (unsigned k = 0; k < n; k++) {
            say(&o, " %12" PRIu64, lab_nano(labs[k], b));
        }
        say(&o, "\n");
    }
}

/* ---- side by side */

static const char *end_name(const struct lab *lab)
{
    switch (lab->end) {
    case VMM_EXITED: return lab_right(lab) ? "right" : "WRONG";
    case VMM_LIMIT: return "limit";
    case VMM_ASLEEP: return "asleep";
    case VMM_SHUTDOWN: return "triple fault";
    case VMM_LOST: return "lost";
    case VMM_DIVERGED: return "diverged";
    default: return "?";
    }
}

static void say_row(const struct out *o, const char *name, struct lab *const *labs, unsigned n,
                    uint64_t (*value)(const struct lab *lab))
{
    say(o, "%-24s", name);
    for (unsigned k = 0; k < n; k++) {
        say(o, " %14" PRIu64, value(labs[k]));
    }
    say(o, "\n");
}

static uint64_t all_exits(const struct lab *lab)
{
    return lab_exits(lab, NULL);
}

static uint64_t all_divergences(const struct lab *lab)
{
    return lab_divergences(lab, NULL);
}

static void say_cause(const struct out *o, const char *cause, struct lab *const *labs,
                      unsigned n)
{
    uint64_t sum = 0;
    for (unsigned k = 0; k < n; k++) {
        sum += lab_exits(labs[k], cause);
    }
    if (sum != 0) {
        say(o, "  %-22s", cause);
        for (unsigned k = 0; k < n; k++) {
            say(o, " %14" PRIu64, lab_exits(labs[k], cause));
        }
        say(o, "\n");
    }
}

void lab_compare(struct lab *const *labs, const char *const *names, unsigned n, lab_put_fn *put,
                 void *ctx)
{
    const struct out o = {put, ctx};
    say(&o, "%-24s", labs[0]->cfg.guest);
    for (unsigned k = 0; k < n; k++) {
        say(&o, " %14s", names[k]);
    }
    say(&o, "\n%-24s", "end");
    for (unsigned k = 0; k < n; k++) {
        say(&o, " %14s", end_name(labs[k]));
    }
    say(&o, "\n");
    say_row(&o, "ticks", labs, n, lab_ticks);
    say_row(&o, "exits", labs, n, all_exits);
    for (unsigned c = 0; c < EXIT_CAUSES; c++) {
        say_cause(&o, exit_names[c], labs, n);
    }
    say_row(&o, "silent divergences", labs, n, all_divergences);
    say_row(&o, "cycles", labs, n, lab_cycles);
    lab_nanobench(labs, n, put, ctx);
}
