/* cpu/sys/info.c -- looking in from outside: registers by name, and the texts of `info`. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cpu/forms.h"
#include "cpu/sys/sys.h"
#include "cpu/x87.h"

/* ---- registers by name */

enum reg_kind {
    RK_GPR,
    RK_EIP,
    RK_EFLAGS,
    RK_SEL,
    RK_LDTR,
    RK_TR,
    RK_BASE,
    RK_LIMIT,
    RK_CR,
    RK_DR,
};

static const struct reg_name {
    const char *name;
    uint8_t kind, n; /* n of RK_BASE and RK_LIMIT: 0 GDTR, 1 IDTR */
} reg_names[] = {
    {"eax", RK_GPR, EAX},        {"ecx", RK_GPR, ECX},        {"edx", RK_GPR, EDX},
    {"ebx", RK_GPR, EBX},        {"esp", RK_GPR, ESP},        {"ebp", RK_GPR, EBP},
    {"esi", RK_GPR, ESI},        {"edi", RK_GPR, EDI},        {"eip", RK_EIP, 0},
    {"eflags", RK_EFLAGS, 0},    {"es", RK_SEL, SEG_ES},      {"cs", RK_SEL, SEG_CS},
    {"ss", RK_SEL, SEG_SS},      {"ds", RK_SEL, SEG_DS},      {"fs", RK_SEL, SEG_FS},
    {"gs", RK_SEL, SEG_GS},      {"ldtr", RK_LDTR, 0},        {"tr", RK_TR, 0},
    {"gdtr.base", RK_BASE, 0},   {"gdtr.limit", RK_LIMIT, 0}, {"idtr.base", RK_BASE, 1},
    {"idtr.limit", RK_LIMIT, 1}, {"cr0", RK_CR, 0},           {"cr2", RK_CR, 2},
    {"cr3", RK_CR, 3},           {"cr4", RK_CR, 4},           {"dr0", RK_DR, 0},
    {"dr1", RK_DR, 1},           {"dr2", RK_DR, 2},           {"dr3", RK_DR, 3},
    {"dr4", RK_DR, 6},           {"dr5", RK_DR, 7},           {"dr6", RK_DR, 6},
    {"dr7", RK_DR, 7},
};

static const struct reg_name *reg_find(const char *name)
{
    for (unsigned n = 0; n < ARRAY_LEN(reg_names); n++) {
        if (strcmp(reg_names[n].name, name) == 0) {
            return &reg_names[n];
        }
    }
    return NULL;
}

static uint32_t control_get(const struct cpu_sys *sys, unsigned n)
{
    return n == 0 ? sys->cr0 : n == 2 ? sys->cr2 : n == 3 ? sys->cr3 : sys->cr4;
}

bool cpu_reg_get(const struct cpu *cpu, const char *name, uint64_t *value)
{
    const struct cpu_sys *sys = cpu->sys;
    const struct reg_name *r = reg_find(name);
    if (r == NULL) {
        return register_get(cpu, name, value);
    }
    switch (r->kind) {
    case RK_GPR: *value = cpu->r[r->n]; break;
    case RK_EIP: *value = cpu->eip; break;
    case RK_EFLAGS: *value = eflags_get(cpu); break;
    case RK_SEL: *value = cpu->sel[r->n]; break;
    case RK_LDTR: *value = sys->ldtr.sel; break;
    case RK_TR: *value = sys->tr.sel; break;
    case RK_BASE: *value = r->n ? sys->idtr.base : sys->gdtr.base; break;
    case RK_LIMIT: *value = r->n ? sys->idtr.limit : sys->gdtr.limit; break;
    case RK_CR: *value = control_get(sys, r->n); break;
    default: *value = sys->dr[r->n]; break;
    }
    return true;
}

/* ---- setting: as an instruction would, but for the checks of privilege */

struct load {
    unsigned seg;
    uint16_t sel;
    bool done;
};

static void load_ldtr(struct cpu *cpu, void *arg)
{
    struct load *l = arg;
    ldt_load(cpu, l->sel, EXC_GP, EXC_NP);
    l->done = true;
}

static void load_segment(struct cpu *cpu, void *arg)
{
    struct load *l = arg;
    struct descriptor d;
    if (!protected_mode(cpu)) {
        seg_load_real(cpu, l->seg, l->sel);
        l->done = true;
    } else if (descriptor_fetch(cpu, l->sel, &d)) {
        if (l->seg == SEG_CS) {
            seg_load_cs(cpu, l->sel, &d, l->sel & SEL_RPL);
        } else {
            seg_set(cpu, l->seg, l->sel, &d);
        }
        l->done = true;
    } else if (sel_is_null(l->sel) && l->seg != SEG_CS && l->seg != SEG_SS) {
        seg_null(cpu, l->seg);
        cpu->sel[l->seg] = l->sel; /* 1 to 3 are null, too, and read as they are */
        l->done = true;
    }
}

static bool selector_set(struct cpu *cpu, void (*f)(struct cpu *, void *), unsigned seg,
                         uint64_t v)
{
    struct load l = {seg, (uint16_t)v, false};
    cpu->now = *cpu->tick; /* a fault would write it back */
    return v <= 0xFFFF && engine_try(cpu, f, &l) && l.done;
}

/* Leaving protected mode from a ring other than 0 would make a state that no processor has. */
static bool control_poke(struct cpu *cpu, unsigned n, uint32_t v)
{
    bool leaves_pm = n == 0 && !(v & CR0_PE) && cpl(cpu) != 0;
    return !leaves_pm && (n != 4 || has_cr4(cpu)) && control_set(cpu, n, v);
}

bool cpu_reg_set(struct cpu *cpu, const char *name, uint64_t value)
{
    struct cpu_sys *sys = cpu->sys;
    const struct reg_name *r = reg_find(name);
    uint32_t v = (uint32_t)value;
    if (r == NULL) {
        return register_set(cpu, name, value);
    }
    if (value > UINT32_MAX) {
        return false;
    }
    switch (r->kind) {
    case RK_GPR: cpu->r[r->n] = v; return true;
    case RK_EIP:
        cpu->eip = v;
        points_moved(cpu);
        return true;
    case RK_EFLAGS: eflags_set(cpu, v, ~(uint32_t)FL_VM); return true;
    case RK_SEL: return selector_set(cpu, load_segment, r->n, value);
    case RK_LDTR: return selector_set(cpu, load_ldtr, 0, value);
    case RK_BASE: (r->n ? &sys->idtr : &sys->gdtr)->base = v; return true;
    case RK_LIMIT:
        if (v <= 0xFFFF) {
            (r->n ? &sys->idtr : &sys->gdtr)->limit = (uint16_t)v;
        }
        return v <= 0xFFFF;
    case RK_CR: return control_poke(cpu, r->n, v);
    case RK_DR:
        sys->dr[r->n] = v;
        debug_update(cpu);
        return true;
    default: return false; /* TR goes with a task */
    }
}

bool cpu_translate(const struct cpu *cpu, laddr la, paddr *pa)
{
    return mmu_peek(cpu, la, pa);
}

laddr cpu_pc(const struct cpu *cpu)
{
    return cpu->seg[SEG_CS].base + cpu->eip;
}

bool cpu_pending_get(const struct cpu *cpu, struct cpu_pending *out)
{
    const struct cpu_sys *sys = cpu->sys;
    *out = (struct cpu_pending){.vector = sys->pend_vector,
                                .has_code = sys->pend_flags & PEND_CODE,
                                .external = sys->pend_flags & PEND_EXTERNAL,
                                .software = sys->pend_flags & PEND_SOFTWARE,
                                .code = sys->pend_code,
                                .cr2 = sys->pend_cr2};
    return sys->pending;
}

void cpu_stats(const struct cpu *cpu, struct cpu_stats *out)
{
    *out = cpu->stats;
    forms_counts(cpu->cache->forms, &out->fast_forms, &out->fused_pairs, &out->dead_flags);
}

/* ---- info */

struct out {
    cpu_put_fn *put;
    void *ctx;
};

static void PRINTF_LIKE(2, 3) say(const struct out *o, const char *format, ...)
{
    char line[160];
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    o->put(o->ctx, line);
}

/* "DS16 [-WA]": kind and size, then for data expand-down, writable, accessed; for code
 * conforming, readable, accessed. */
static void say_type(const struct out *o, unsigned attr)
{
    static const char *const systems[16] = {
        "?", "TSS16", "LDT", "TSS16-busy", "CALL16", "TASK", "INT16", "TRAP16",
        "?", "TSS32", "?",   "TSS32-busy", "CALL32", "?",    "INT32", "TRAP32",
    };
    say(o, " DPL=%u ", attr_dpl(attr));
    if (!(attr & ATTR_S)) {
        say(o, "%s\n", systems[attr & ATTR_TYPE]);
        return;
    }
    bool code = attr & ATTR_CODE;
    say(o, "%s%s [%c%c%c]%s\n", code ? "CS" : "DS", attr & ATTR_DB ? "32" : "16",
        attr & 4 ? (code ? 'C' : 'E') : '-', attr & 2 ? (code ? 'R' : 'W') : '-',
        attr & ATTR_A ? 'A' : '-', attr & ATTR_P ? "" : " not present");
}

/* Selector, base, limit, and bits 8..23 of the descriptor's second word. */
static void say_segment(const struct out *o, const char *name, uint16_t sel, uint32_t base,
                        const struct seg_cache *c)
{
    uint32_t limit = c->attr & ATTR_G ? c->limit >> 12 : c->limit;
    unsigned high = (c->attr & 0xFFu) << 8 | (limit & 0xF0000) | (c->attr & 0xF00u) << 12;
    say(o, "%-3s=%04x %08" PRIx32 " %08" PRIx32 " %08x", name, sel, base, c->limit, high);
    if (c->valid) {
        say_type(o, c->attr);
    } else {
        say(o, " unusable\n");
    }
}

static void say_flags(const struct cpu *cpu, const struct out *o)
{
    static const struct {
        uint32_t bit;
        char name;
    } names[] = {{FL_DF, 'D'}, {FL_OF, 'O'}, {FL_SF, 'S'}, {FL_ZF, 'Z'},
                 {FL_AF, 'A'}, {FL_PF, 'P'}, {FL_CF, 'C'}};
    const struct cpu_sys *sys = cpu->sys;
    uint32_t flags = eflags_get(cpu);
    char text[ARRAY_LEN(names) + 1] = "";
    for (unsigned n = 0; n < ARRAY_LEN(names); n++) {
        text[n] = flags & names[n].bit ? names[n].name : '-';
    }
    say(o, "EIP=%08" PRIx32 " EFL=%08" PRIx32 " [%s] CPL=%u II=%d A20=%d HLT=%d\n", cpu->eip,
        flags, text, cpl(cpu), sys->shadow_tick == *cpu->tick, sys->a20,
        sys->activity == HALTED);
}

/* Tags as FNSTENV abridges them in FXSAVE: 1 is not empty. */
static void say_x87(const struct cpu *cpu, const struct out *o)
{
    const struct x87 *f = &cpu->x87;
    say(o,
        "FCW=%04x FSW=%04x [ST=%u] FTW=%02x FIP=%04x:%08" PRIx32 " FDP=%04x:%08" PRIx32
        " FOP=%03x\n",
        f->control, f->status | f->top << X87_TOP_SHIFT, f->top, f->full, f->cs, f->ip, f->ds,
        f->dp, f->opcode);
    for (unsigned n = 0; n < 8; n++) {
        say(o, "FPR%u=%016" PRIx64 " %04x%s", n, f->reg[n].m, f->reg[n].se, n & 1 ? "\n" : " ");
    }
}

static void info_registers(const struct cpu *cpu, const struct out *o)
{
    static const char *const names[SEG_COUNT] = {"ES", "CS", "SS", "DS", "FS", "GS"};
    const struct cpu_sys *sys = cpu->sys;
    const ureg *r = cpu->r;
    say(o, "EAX=%08" PRIx32 " EBX=%08" PRIx32 " ECX=%08" PRIx32 " EDX=%08" PRIx32 "\n", r[EAX],
        r[EBX], r[ECX], r[EDX]);
    say(o, "ESI=%08" PRIx32 " EDI=%08" PRIx32 " EBP=%08" PRIx32 " ESP=%08" PRIx32 "\n", r[ESI],
        r[EDI], r[EBP], r[ESP]);
    say_flags(cpu, o);
    for (unsigned n = 0; n < SEG_COUNT; n++) {
        say_segment(o, names[n], cpu->sel[n], cpu->seg[n].base, &sys->seg[n]);
    }
    say_segment(o, "LDT", sys->ldtr.sel, sys->ldtr.base, &sys->ldtr);
    say_segment(o, "TR", sys->tr.sel, sys->tr.base, &sys->tr);
    say(o, "GDT=     %08" PRIx32 " %08x\n", sys->gdtr.base, sys->gdtr.limit);
    say(o, "IDT=     %08" PRIx32 " %08x\n", sys->idtr.base, sys->idtr.limit);
    say(o, "CR0=%08" PRIx32 " CR2=%08" PRIx32 " CR3=%08" PRIx32 " CR4=%08" PRIx32 "\n",
        sys->cr0, sys->cr2, sys->cr3, sys->cr4);
    say(o, "DR0=%08" PRIx32 " DR1=%08" PRIx32 " DR2=%08" PRIx32 " DR3=%08" PRIx32 "\n",
        sys->dr[0], sys->dr[1], sys->dr[2], sys->dr[3]);
    say(o, "DR6=%08" PRIx32 " DR7=%08" PRIx32 "\n", sys->dr[6], sys->dr[7]);
    if (cpu_has_fpu(cpu)) {
        say_x87(cpu, o);
    }
}

static void info_engine(const struct cpu *cpu, const struct out *o)
{
    const struct block_cache *bc = cpu->cache;
    const struct shadows *all = &cpu->sys->shadows;
    struct cpu_stats s;
    cpu_stats(cpu, &s);
    const struct {
        const char *name;
        uint64_t n;
    } row[] = {
        {"blocks built", s.blocks_built},
        {"blocks dropped", s.blocks_dropped},
        {"cache evictions", s.cache_evictions},
        {"links made", s.links},
        {"micro-ops decoded", s.micro_ops},
        {"  fast forms", s.fast_forms},
        {"  fused pairs", s.fused_pairs},
        {"  dead flags", s.dead_flags},
        {"misses: read", s.misses[0][ACCESS_READ]},
        {"misses: write", s.misses[0][ACCESS_WRITE]},
        {"misses: fetch", s.misses[0][ACCESS_FETCH]},
        {"misses: user read", s.misses[1][ACCESS_READ]},
        {"misses: user write", s.misses[1][ACCESS_WRITE]},
        {"misses: user fetch", s.misses[1][ACCESS_FETCH]},
        {"shadow fills", s.mmu_fills},
        {"shadows begun", s.shadow_begun},
        {"  full", s.shadow_full},
        {"  evicted", s.shadow_evicted},
        {"  spans kept", s.shadow_spans_kept},
        {"  all flushed", s.shadow_flushes},
        {"stores into tables", s.table_stores},
        {"tables lifted", s.table_lifts},
    };
    for (unsigned n = 0; n < ARRAY_LEN(row); n++) {
        say(o, "%-20s %14" PRIu64 "\n", row[n].name, row[n].n);
    }
    say(o,
        "now: blocks %" PRIu32 " of %d, micro-ops %" PRIu32 " of %d, map pages %" PRIu32
        " of %d\n",
        bc->blocks, BLOCKS, bc->insns, BLOCK_INSNS, all->pages, SHADOW_MAP_PAGES);
}

bool cpu_info(const struct cpu *cpu, const char *what, cpu_put_fn *put, void *ctx)
{
    const struct out o = {put, ctx};
    if (strcmp(what, "registers") == 0) {
        info_registers(cpu, &o);
    } else if (strcmp(what, "traps") == 0) {
        census_info(cpu, put, ctx);
    } else if (strcmp(what, "tlb") == 0) {
        tlb_info(cpu, put, ctx);
    } else if (strcmp(what, "engine") == 0) {
        info_engine(cpu, &o);
    } else {
        return false;
    }
    return true;
}
