/* cpu/sys/cpu.c -- the processor as a whole: life, reset, state, and the trap-and-emulate loop.
 *
 * cpu_run() alternates between two jobs: look at what is due at an instruction boundary
 * (events, stops), then let the engine run innocuous code until the next occasion to look.
 * Whatever makes such an occasion calls engine_leave(): the interrupt line going up, POPF
 * setting IF, HLT, a store into running code. So the engine itself tests for nothing.
 *
 * Time: an instruction, a REP iteration, a delivered event, and a faulting instruction together
 * with the delivery of its fault are one tick each.
 */
#include <stdlib.h>
#include <string.h>

#include "cpu/host_fp.h"
#include "cpu/simd.h"
#include "cpu/sys/sys.h"
#include "cpu/x87.h"

struct cpu_whole { /* one allocation, one field table; the engine sees its first half */
    struct cpu cpu;
    struct cpu_sys sys;
};

/* ---- field tables */

static const struct field seg_view_fields[] = {
    DERIVED(struct seg_view, rd_span),
    DERIVED(struct seg_view, wr_span),
    FIELD(struct seg_view, base),
    DERIVED(struct seg_view, lo),
    FIELDS_END,
};
static const struct schema seg_view_schema = {"segment", sizeof(struct seg_view), 1,
                                              1,         seg_view_fields,         NULL};

static const struct field fx80_fields[] = {
    FIELD(struct fx80, m),
    FIELD(struct fx80, se),
    FIELDS_END,
};
static const struct schema fx80_schema = {"fx80", sizeof(struct fx80), 1, 1, fx80_fields, NULL};

static const struct field x87_fields[] = {
    FIELD_S(struct x87, reg, &fx80_schema, struct fx80),
    FIELD(struct x87, ip),
    FIELD(struct x87, dp),
    FIELD(struct x87, cs),
    FIELD(struct x87, ds),
    FIELD_R(struct x87, opcode, 0, 0x7FF),
    FIELD(struct x87, control),
    FIELD(struct x87, status),
    FIELD_R(struct x87, top, 0, 7),
    FIELD(struct x87, full),
    FIELDS_END,
};

/* The status word in parts, as instructions leave it: ES and B are what the masks say. */
static bool x87_loaded(void *obj)
{
    const struct x87 *f = obj;
    bool error = f->status & ~f->control & X87_EXCEPTIONS;
    unsigned summary = error ? X87_ES | X87_BUSY : 0;
    unsigned top = 7u << X87_TOP_SHIFT;
    return (f->control & ~X87_CONTROL_BITS) == X87_CONTROL_ONE && !(f->status & top) &&
           (f->status & (X87_ES | X87_BUSY)) == summary;
}

static const struct schema x87_schema = {"x87", sizeof(struct x87), 1,
                                         1,     x87_fields,         x87_loaded};

static const struct field xmm_fields[] = {
    FIELD(struct xmm, lo),
    FIELD(struct xmm, hi),
    FIELDS_END,
};
static const struct schema xmm_schema = {"xmm", sizeof(struct xmm), 1, 1, xmm_fields, NULL};

static const struct field cpu_fields[] = {
    FIELD_A(struct cpu, r),
    FIELD(struct cpu, eip),
    DERIVED(struct cpu, flags),
    FIELD_R(struct cpu, arith, 0, FL_ARITH),
    DERIVED(struct cpu, now),
    DERIVED(struct cpu, limit),
    DERIVED(struct cpu, rd),
    DERIVED(struct cpu, wr),
    DERIVED(struct cpu, code),
    DERIVED(struct cpu, watched),
    DERIVED(struct cpu, sys_rd),
    DERIVED(struct cpu, sys_wr),
    DERIVED(struct cpu, records),
    DERIVED(struct cpu, jump),
    DERIVED(struct cpu, target),
    DERIVED(struct cpu, eip_max),
    DERIVED(struct cpu, cs_limit),
    FIELD_R(struct cpu, df, 0, 1),
    FIELD_S(struct cpu, seg, &seg_view_schema, struct seg_view),
    FIELD_A(struct cpu, sel),
    FIELD_S(struct cpu, x87, &x87_schema, struct x87),
    FIELD_S(struct cpu, xmm, &xmm_schema, struct xmm),
    FIELD_R(struct cpu, mxcsr, 0, 0xFFFF),
    DERIVED(struct cpu, mode),
    DERIVED(struct cpu, synced),
    DERIVED(struct cpu, attention),
    DERIVED(struct cpu, one_step),
    DERIVED(struct cpu, rep_open),
    DERIVED(struct cpu, until),
    DERIVED(struct cpu, tick),
    DERIVED(struct cpu, rmw_la),
    DERIVED(struct cpu, rmw_pa),
    DERIVED(struct cpu, link_from),
    DERIVED(struct cpu, diverted),
    DERIVED(struct cpu, diverted_fn),
    DERIVED(struct cpu, trap),
    DERIVED(struct cpu, unwind),
    DERIVED(struct cpu, cache),
    DERIVED(struct cpu, ph),
    DERIVED(struct cpu, notes),
    DERIVED(struct cpu, bus),
    DERIVED(struct cpu, sys),
    DERIVED(struct cpu, features),
    DERIVED(struct cpu, single_step),
    DERIVED(struct cpu, no_assist),
    DERIVED(struct cpu, host_x87),
    DERIVED(struct cpu, x87_quick),
    DERIVED(struct cpu, host_sse),
    DERIVED(struct cpu, stats),
    DERIVED(struct cpu, points),
    FIELDS_END,
};
static const struct schema registers_schema = {"registers", sizeof(struct cpu), 1,
                                               1,           cpu_fields,         NULL};

static const struct field seg_cache_fields[] = {
    FIELD(struct seg_cache, base),  FIELD(struct seg_cache, limit),
    FIELD(struct seg_cache, sel),   FIELD_R(struct seg_cache, attr, 0, 0xFFF),
    FIELD(struct seg_cache, valid), FIELDS_END,
};
static const struct schema seg_cache_schema = {
    "descriptor", sizeof(struct seg_cache), 1, 1, seg_cache_fields, NULL};

static const struct field table_reg_fields[] = {
    FIELD(struct table_reg, base),
    FIELD(struct table_reg, limit),
    FIELDS_END,
};
static const struct schema table_reg_schema = {"table", sizeof(struct table_reg), 1,
                                               1,       table_reg_fields,         NULL};

static const struct field msrs_fields[] = {
    FIELD(struct msrs, poweron),        FIELD(struct msrs, bios_sign),
    FIELD(struct msrs, debugctl),       FIELD(struct msrs, rob_control),
    FIELD(struct msrs, misc_enable),    FIELD(struct msrs, mcg_status),
    FIELD(struct msrs, mcg_ctl),        FIELD_A(struct msrs, mc_ctl),
    FIELD(struct msrs, mtrr_default),   FIELD_A(struct msrs, mtrr_variable),
    FIELD_A(struct msrs, mtrr_fixed),   FIELD(struct msrs, pat),
    FIELD(struct msrs, efer),           FIELD_A(struct msrs, evntsel),
    FIELD_A(struct msrs, perfctr),      FIELD(struct msrs, perf_since),
    DERIVED(struct msrs, perf_running), FIELDS_END,
};
static const struct schema msrs_schema = {"msrs", sizeof(struct msrs), 1, 1, msrs_fields, NULL};

static const struct field sys_fields[] = {
    FIELD_S(struct cpu_sys, seg, &seg_cache_schema, struct seg_cache),
    FIELD_S(struct cpu_sys, ldtr, &seg_cache_schema, struct seg_cache),
    FIELD_S(struct cpu_sys, tr, &seg_cache_schema, struct seg_cache),
    FIELD_S(struct cpu_sys, gdtr, &table_reg_schema, struct table_reg),
    FIELD_S(struct cpu_sys, idtr, &table_reg_schema, struct table_reg),
    FIELD(struct cpu_sys, cr0),
    FIELD(struct cpu_sys, cr2),
    FIELD(struct cpu_sys, cr3),
    FIELD(struct cpu_sys, cr4),
    FIELD_A(struct cpu_sys, dr),
    FIELD(struct cpu_sys, eflags),
    FIELD_R(struct cpu_sys, cpl, 0, 3),
    FIELD_R(struct cpu_sys, activity, ACTIVE, SHUTDOWN),
    FIELD_R(struct cpu_sys, shadow, SHADOW_NONE, SHADOW_SS),
    FIELD(struct cpu_sys, intr),
    FIELD(struct cpu_sys, ferr),
    FIELD(struct cpu_sys, ignne),
    FIELD(struct cpu_sys, nmi_pending),
    FIELD(struct cpu_sys, nmi_blocked),
    FIELD(struct cpu_sys, a20),
    DERIVED(struct cpu_sys, ring0_stop),
    DERIVED(struct cpu_sys, pending),
    DERIVED(struct cpu_sys, pend_vector),
    DERIVED(struct cpu_sys, pend_flags),
    DERIVED(struct cpu_sys, pend_code),
    DERIVED(struct cpu_sys, pend_cr2),
    FIELD(struct cpu_sys, db_pending),
    FIELD(struct cpu_sys, shadow_tick),
    FIELD(struct cpu_sys, tsc_offset),
    FIELD(struct cpu_sys, sysenter_cs),
    FIELD(struct cpu_sys, sysenter_esp),
    FIELD(struct cpu_sys, sysenter_eip),
    FIELD_R(struct cpu_sys, apic_base, 0, APIC_BASE_WRITABLE),
    FIELD_S(struct cpu_sys, msr, &msrs_schema, struct msrs),
    FIELD_A(struct cpu_sys, pdpte_lo),
    FIELD_A(struct cpu_sys, pdpte_hi),
    DERIVED(struct cpu_sys, shadows),
    DERIVED(struct cpu_sys, seg_memo),
    DERIVED(struct cpu_sys, left),
    DERIVED(struct cpu_sys, deliver_ext),
    DERIVED(struct cpu_sys, model),
    DERIVED(struct cpu_sys, break_code),
    DERIVED(struct cpu_sys, whole),
    DERIVED(struct cpu_sys, flat),
    DERIVED(struct cpu_sys, break_io),
    DERIVED(struct cpu_sys, break_write),
    DERIVED(struct cpu_sys, break_read),
    DERIVED(struct cpu_sys, lab),
    DERIVED(struct cpu_sys, lab_ctx),
    DERIVED(struct cpu_sys, census),
    FIELDS_END,
};
static const struct schema system_schema = {"system", sizeof(struct cpu_sys), 1, 1, sys_fields,
                                            NULL};

/* Do the values fit together? Everything else is masked or checked where it is used. */
static bool whole_loaded(void *obj)
{
    struct cpu_whole *w = obj;
    const struct cpu_sys *sys = &w->sys;
    flags_set(&w->cpu.flags, w->cpu.arith);
    bool pe = sys->cr0 & CR0_PE, vm = sys->eflags & FL_VM;
    bool level_fits = !pe ? sys->cpl == 0 && !vm : !vm || sys->cpl == 3;
    return level_fits && w->cpu.r[REG_ZERO] == 0 && control_valid(&w->cpu, 0, sys->cr0) &&
           control_valid(&w->cpu, 4, sys->cr4) && !(sys->eflags & ~eflags_bits(&w->cpu)) &&
           !(w->cpu.arith & ~(uint32_t)FL_ARITH) &&
           !(sys->db_pending & ~(uint32_t)(0xF | DR6_BD | DR6_BS | DR6_BT));
}

static const struct field whole_fields[] = {
    FIELD_S(struct cpu_whole, cpu, &registers_schema, struct cpu),
    FIELD_S(struct cpu_whole, sys, &system_schema, struct cpu_sys),
    FIELDS_END,
};
const struct schema cpu_schema = {"cpu",       sizeof(struct cpu_whole), 1, 1, whole_fields,
                                  whole_loaded};

/* Lazy flags are the engine's affair; the state has those of EFLAGS. */
void *cpu_state(struct cpu *cpu)
{
    cpu->arith = flags_get(&cpu->flags);
    return cpu;
}

bool cpu_loaded(struct cpu *cpu)
{
    if (!whole_loaded(cpu)) {
        return false;
    }
    block_drop_all(cpu); /* and all translations */
    perf_loaded(cpu);
    shadow_select(cpu);
    sys_update(cpu);
    debug_update(cpu);
    return true;
}

/* ---- life */

struct cpu *cpu_new(const struct cpu_config *cfg, const struct cpu_bus *bus, struct phys *ph,
                    struct notes *notes, struct error *err)
{
    unsigned model;
    uint32_t features;
    if (model_parse(cfg->model, &model, &features, err) < 0) {
        return NULL;
    }
    struct cpu_whole *w = calloc(1, sizeof *w);
    if (w == NULL) {
        error_set(err, "out of memory for the processor");
        return NULL;
    }
    struct cpu *cpu = &w->cpu;
    cpu->sys = &w->sys;
    cpu->bus = *bus;
    cpu->tick = bus->tick;
    cpu->ph = ph;
    cpu->notes = notes;
    cpu->features = features;
    cpu->single_step = cfg->single_step;
    cpu->no_assist = cfg->no_assist;
    cpu->sys->census.by_site = cfg->census;
    cpu->x87_quick = cfg->no_assist || cfg->single_step ? UINT16_MAX : FX_QUICK_CONTROL;
    cpu->host_x87 = !cfg->no_assist && !cfg->single_step && host_x87_agrees();
    cpu->host_sse = !cfg->no_assist && !cfg->single_step && host_sse_agrees();
    w->sys.model = (uint8_t)model;
    w->sys.a20 = true;
    if (shadow_init(cpu, cfg, err) < 0 ||
        block_cache_init(cpu, 1u << (32 - PAGE_SHIFT), cfg, err) < 0) {
        cpu_free(cpu);
        return NULL;
    }
    cpu_reset(cpu, true);
    return cpu;
}

void cpu_free(struct cpu *cpu)
{
    if (cpu != NULL) {
        phys_set_watch(cpu->ph, &(struct phys_watch){0});
        block_cache_free(cpu);
        shadow_free(cpu);
        free(cpu);
    }
}

/* SDM 3A table 9-1. A segment is 64 KiB, present, writable, accessed. */
static void reset_segments(struct cpu *cpu)
{
    struct cpu_sys *sys = cpu->sys;
    const struct seg_cache data = {.limit = 0xFFFF, .attr = 0x93, .valid = true};
    for (unsigned seg = 0; seg < SEG_COUNT; seg++) {
        sys->seg[seg] = data;
        cpu->sel[seg] = 0;
        cpu->seg[seg].base = 0;
    }
    cpu->sel[SEG_CS] = 0xF000;
    cpu->seg[SEG_CS].base = 0xFFFF0000u;
    sys->ldtr = (struct seg_cache){.limit = 0xFFFF, .attr = ATTR_P | SYS_LDT};
    sys->tr =
        (struct seg_cache){.limit = 0xFFFF, .attr = ATTR_P | SYS_TSS32_BUSY, .valid = true};
    sys->gdtr = sys->idtr = (struct table_reg){0, 0xFFFF};
}

/* A 386 finds out at reset whether a 387 is there. */
static uint32_t reset_cr0(const struct cpu *cpu)
{
    if (cpu->features & FEAT_486) {
        return CR0_CD | CR0_NW | CR0_ET;
    }
    return cpu->features & FEAT_FPU ? CR0_ET : 0;
}

static void reset_system(struct cpu *cpu)
{
    struct cpu_sys *sys = cpu->sys;
    sys->cr0 = reset_cr0(cpu);
    sys->cr2 = sys->cr3 = sys->cr4 = 0;
    memset(sys->dr, 0, sizeof sys->dr);
    memset(sys->pdpte_lo, 0, sizeof sys->pdpte_lo);
    memset(sys->pdpte_hi, 0, sizeof sys->pdpte_hi);
    sys->dr[6] = 0xFFFF0FF0u;
    sys->dr[7] = 0x400;
    sys->eflags = 0;
    sys->cpl = 0;
    sys->activity = ACTIVE;
    sys->shadow = SHADOW_NONE;
    sys->shadow_tick = UINT64_MAX;
    sys->db_pending = 0;
    sys->nmi_pending = sys->nmi_blocked = sys->pending = false;
    points_reset(cpu);
}

/* Not from inside cpu_run: a board that sees a reset pulse there calls cpu_attention() first.
 * The lines INTR, A20M# and IGNNE# are the board's and stay; so do time, the x87 and most MSRs.
 */
void cpu_init(struct cpu *cpu)
{
    struct cpu_sys *sys = cpu->sys;
    memset(cpu->r, 0, sizeof cpu->r);
    cpu->r[EDX] = cpu_models[sys->model].signature;
    cpu->eip = 0xFFF0;
    cpu->df = 0;
    cpu->now = *cpu->tick;
    flags_set(&cpu->flags, 0);
    reset_segments(cpu);
    reset_system(cpu);
    mmu_flush(cpu);
    shadow_select(cpu);
    sys_update(cpu);
    debug_update(cpu);
}

void cpu_reset(struct cpu *cpu, bool power_on)
{
    struct cpu_sys *sys = cpu->sys;
    x87_reset(cpu);
    memset(cpu->xmm, 0, sizeof cpu->xmm);
    cpu->mxcsr = MXCSR_RESET;
    cpu_init(cpu);
    sys->apic_base = APIC_BASE_RESET;
    msr_reset(cpu, power_on);
    if (power_on) {
        sys->tsc_offset = 0;
        sys->sysenter_cs = sys->sysenter_esp = sys->sysenter_eip = 0;
    }
}

/* ---- wires */

bool cpu_has_fpu(const struct cpu *cpu)
{
    return cpu->features & FEAT_FPU;
}

void cpu_set_intr(struct cpu *cpu, bool level)
{
    cpu->sys->intr = level;
    if (level && (cpu->sys->eflags & FL_IF)) {
        engine_leave(cpu);
    }
}

void cpu_nmi(struct cpu *cpu)
{
    cpu->sys->nmi_pending = true;
    engine_leave(cpu);
}

void cpu_attention(struct cpu *cpu)
{
    cpu->sys->left = true;
    engine_leave(cpu);
}

void cpu_set_a20(struct cpu *cpu, bool open)
{
    if (cpu->sys->a20 != open) {
        cpu->sys->a20 = open;
        mmu_flush(cpu);
        engine_leave(cpu); /* the next instruction may come from elsewhere */
    }
}

uint64_t cpu_apic_base(const struct cpu *cpu)
{
    return cpu->features & FEAT_APIC ? cpu->sys->apic_base : 0;
}

void cpu_stop_at_ring0(struct cpu *cpu, bool on)
{
    cpu->sys->ring0_stop = on;
}

void cpu_watch_sensitive(struct cpu *cpu, cpu_sensitive_fn *fn, void *ctx)
{
    cpu->sys->lab = fn;
    cpu->sys->lab_ctx = ctx;
    block_drop_all(cpu); /* assists in them would not tell */
}

/* ---- what bodies tell the loop */

/* Of several loads of SS in a row only the first holds off anything (SDM 3A 6.8.3). */
void shadow_set(struct cpu *cpu, enum shadow kind)
{
    struct cpu_sys *sys = cpu->sys;
    bool again = sys->shadow_tick == cpu->now && sys->shadow == SHADOW_SS;
    if (kind == SHADOW_SS && again) {
        return;
    }
    sys->shadow = (uint8_t)kind;
    sys->shadow_tick = cpu->now + 1;
}

void debug_trap_after(struct cpu *cpu, const struct insn *i, uint32_t dr6)
{
    if (dr6 != 0) {
        cpu->sys->db_pending |= dr6;
        engine_leave(cpu);
        if (i != NULL && !cpu->synced) {
            engine_divert(cpu, i);
        }
    }
}

/* ---- the boundary */

enum due { DUE_NONE, DUE_DEBUG, DUE_NMI, DUE_INTR };

/* The first event in the order of SDM 3A table 6-2 that may be taken before the next
 * instruction. shadowed: whether one is held off by the instruction before (NULL: not asked).
 */
static enum due event_due(const struct cpu *cpu, bool *shadowed)
{
    const struct cpu_sys *sys = cpu->sys;
    bool in_shadow = sys->shadow_tick == cpu->now, all = in_shadow && sys->shadow == SHADOW_SS;
    bool debug = sys->db_pending != 0, nmi = sys->nmi_pending && !sys->nmi_blocked;
    bool intr = sys->intr && (sys->eflags & FL_IF);
    if (shadowed) {
        *shadowed = (all && (debug || nmi)) || (in_shadow && intr);
    }
    return debug && !all        ? DUE_DEBUG
           : nmi && !all        ? DUE_NMI
           : intr && !in_shadow ? DUE_INTR
                                : DUE_NONE;
}

/* #DB that DR6 explains. Its handler may touch the debug registers. */
static void deliver_debug(struct cpu *cpu)
{
    cpu->sys->dr[7] &= ~(uint32_t)DR7_GD;
    cpu->stats.exceptions++;
    deliver(cpu, EXC_DB, INT_EXCEPTION, false, 0);
}

static void take_event(struct cpu *cpu, enum due due)
{
    struct cpu_sys *sys = cpu->sys;
    if (sys->activity != ACTIVE) {
        sys->activity = ACTIVE;
        perf_update(cpu);
    }
    *cpu->tick = cpu->now;
    if (due == DUE_DEBUG) {
        sys->dr[6] |= sys->db_pending;
        deliver_debug(cpu);
    } else if (due == DUE_NMI) {
        sys->nmi_pending = false;
        sys->nmi_blocked = true; /* until IRET */
        cpu->stats.interrupts++;
        deliver(cpu, EXC_NMI, INT_HARDWARE, false, 0);
    } else {
        cpu->stats.interrupts++;
        deliver(cpu, cpu->bus.int_ack(cpu->bus.ctx), INT_HARDWARE, false, 0);
    }
    cpu->now++;
}

/* Breakpoints on execution strike before the instruction, unless RF says that it is being
 * restarted, or SS was loaded by the one before (SDM 3B 17.3.1.1). true: one did. */
static bool code_breakpoint(struct cpu *cpu)
{
    struct cpu_sys *sys = cpu->sys;
    laddr la = cpu_pc(cpu);
    uint32_t hit = 0;
    for (unsigned n = 0; n < 4; n++) {
        hit |= (sys->break_code >> n & 1) && sys->dr[n] == la ? 1u << n : 0;
    }
    bool held_off = sys->shadow_tick == cpu->now && sys->shadow == SHADOW_SS;
    if (hit == 0 || held_off || (sys->eflags & FL_RF)) {
        return false;
    }
    sys->dr[6] |= hit;
    deliver_debug(cpu);
    cpu->now++;
    return true;
}

static void deliver_fault(struct cpu *cpu)
{
    const struct trap *t = &cpu->trap;
    if (t->vector == EXC_DB) {
        deliver_debug(cpu);
    } else {
        cpu->stats.exceptions++;
        cpu->stats.page_faults += t->vector == EXC_PF;
        deliver(cpu, t->vector, INT_EXCEPTION, t->has_code, t->code);
    }
    cpu->now++;
}

/* Lets the engine run; by one instruction only where the next boundary has to be looked at for
 * a reason that the engine does not know. TF counts as it was before the instruction. */
static void run(struct cpu *cpu, bool shadowed)
{
    struct cpu_sys *sys = cpu->sys;
    bool trace = sys->eflags & FL_TF;
    cpu->one_step = trace || shadowed || sys->break_code != 0 || cpu->cs_limit < 255 ||
                    points_stepping(cpu) || cpu->points.reg != NULL;
    sys->eflags &= ~(uint32_t)FL_RF;
    sys->db_pending |= trace ? DR6_BS : 0;
    if (engine_run(cpu) == ENGINE_FAULT) {
        cpu->points.found.kind = FOUND_NOTHING; /* what it touched, it has not */
        deliver_fault(cpu);
    } else if (cpu->rep_open) {
        sys->eflags |= FL_RF; /* in the image of what comes between two iterations, and no
                                 breakpoint strikes again (SDM 3B 17.3.1.1) */
    }
}

static bool stops(const struct cpu *cpu, enum due due, enum cpu_stop *why)
{
    const struct cpu_sys *sys = cpu->sys;
    if (sys->activity == SHUTDOWN) {
        *why = CPU_SHUTDOWN;
    } else if (sys->pending) {
        *why = CPU_RING0;
    } else if (sys->left) {
        *why = CPU_ATTENTION;
    } else if (sys->activity == HALTED && due == DUE_NONE) {
        *why = CPU_HALTED;
    } else if (cpu->now >= cpu->until) {
        *why = CPU_UNTIL;
    } else {
        return false;
    }
    return true;
}

enum cpu_stop cpu_run(struct cpu *cpu, uint64_t until)
{
    enum cpu_stop why = CPU_UNTIL;
    bool shadowed;
    cpu->now = *cpu->tick;
    cpu->sys->left = cpu->sys->pending = false;
    points_begin(cpu);
    for (;;) {
        uint64_t overflow = perf_next(cpu);
        if (overflow <= cpu->now) {
            perf_overflow(cpu);
            continue;
        }
        cpu->until = until < overflow ? until : overflow;
        enum due due = event_due(cpu, &shadowed);
        cpu->attention = false;
        bool points = points_any(&cpu->points);
        if (UNLIKELY(points && points_after(cpu))) {
            why = CPU_POINT;
            break;
        }
        if (stops(cpu, due, &why)) {
            break;
        }
        if (due != DUE_NONE) {
            points_interrupted(cpu);
            take_event(cpu, due);
        } else if (UNLIKELY(points && points_before(cpu))) {
            why = CPU_POINT;
            break;
        } else {
            if (cpu->sys->break_code == 0 || !code_breakpoint(cpu)) {
                run(cpu, shadowed);
            }
            points_stepped(cpu);
        }
    }
    *cpu->tick = cpu->now;
    return why;
}
