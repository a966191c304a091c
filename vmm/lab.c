/* vmm/lab.c -- see lab.h. */
#include <stdlib.h>
#include <string.h>

#include "vmm/handover.h"
#include "vmm/linux.h"
#include "vmm/lab_priv.h"
#include "vmm/rewrite.h"

const char *const strategy_names[STRATEGIES] = {"interpret", "trap", "rewrite", "para"};

const struct lab_guest *lab_guest(const char *name)
{
    for (const struct lab_guest *g = lab_guests; g->name != NULL; g++) {
        if (strcmp(g->name, name) == 0) {
            return g;
        }
    }
    return NULL;
}

const char *lab_guest_typed(const char *name)
{
    return strncmp(name, "tortoise", 8) == 0 ? "tasks\nchurn\nfaults\nexit\n" : "";
}

/* ---- the meter */

/* Without a monitor, events are the processor's own; it has counted them. */
static void read_native(struct lab *lab)
{
    static const char *const system[] = {
        "LLDT", "LTR",      "LGDT",     "LIDT",     "LMSW",     "INVLPG",
        "CLTS", "MOV_RdCd", "MOV_CdRd", "MOV_RdDd", "MOV_DdRd", "HLT",
        "CLI",  "STI",      "PUSHF",    "POPF",     "IRET",
    };
    struct meter *m = &lab->meter;
    uint64_t pf = hw_count(lab->plain, "page faults"), all = hw_count(lab->plain, "exceptions");
    m->events[COST_NATIVE_PF] = pf;
    m->events[COST_NATIVE_FAULT] = all - pf;
    m->events[COST_NATIVE_INT] =
        hw_count(lab->plain, "INT_Ib") + hw_count(lab->plain, "interrupts");
    m->events[COST_NATIVE_IO] = lab->board.accesses;
    m->events[COST_NATIVE_SYSTEM] = 0;
    for (unsigned n = 0; n < ARRAY_LEN(system); n++) {
        m->events[COST_NATIVE_SYSTEM] += hw_count(lab->plain, system[n]);
    }
}

static void read_meter(struct lab *lab)
{
    lab->meter.events[COST_INSN] = lab->board.tick;
    if (lab->cfg.strategy == STRATEGY_INTERPRET) {
        read_native(lab);
    }
}

static void marked(void *ctx, uint8_t which)
{
    struct lab *lab = ctx;
    read_meter(lab);
    lab->mark[which] = meter_cycles(&lab->meter);
    lab->marked[which] = true;
}

static void printed(void *ctx, char c, bool serial)
{
    struct lab *lab = ctx;
    lab->cfg.print(lab->cfg.ctx, c, serial);
}

/* ---- life */

static int vmm_make(struct lab *lab, struct error *err)
{
    uint32_t frames = lab->cfg.ram >> PAGE_SHIFT;
    struct vmm *vmm = lab->vmm = calloc(1, sizeof *lab->vmm);
    if (vmm == NULL || (vmm->trace = calloc(frames, 1)) == NULL ||
        (vmm->flood = calloc(frames, sizeof *vmm->flood)) == NULL) {
        return error_set(err, "out of memory for the laboratory");
    }
    if (lab->cfg.strategy == STRATEGY_REWRITE) {
        vmm->code = calloc(frames, sizeof *vmm->code);
        if (vmm->code == NULL) {
            return error_set(err, "out of memory for the laboratory");
        }
    }
    uint32_t bytes = (FRAME_GUEST + 2 * frames) << PAGE_SHIFT;
    lab->machine =
        hw_new(lab->cfg.cpu, lab->cfg.sparse, (bytes + 0xFFFF) & ~0xFFFFu, &lab->board, err);
    vmm->hw = lab->machine;
    vmm->ring = lab->cfg.ring;
    vmm->guest_frames = frames;
    vmm->meter = &lab->meter;
    vmm->oracle = &lab->oracle;
    vmm->para.on = lab->cfg.strategy == STRATEGY_PARA;
    lab->oracle.stop = lab->cfg.stop_on_divergence;
    return lab->machine ? 0 : -1;
}

struct lab *lab_new(const struct lab_config *cfg, struct error *err)
{
    struct lab *lab = calloc(1, sizeof *lab);
    if (lab == NULL) {
        error_set(err, "out of memory for the laboratory");
        return NULL;
    }
    lab->cfg = *cfg;
    lab->meter.model = &lab->cfg.cost;
    lab_board_init(&lab->board);
    lab->board.print = printed;
    lab->board.mark = marked;
    lab->board.ctx = lab;
    if (cfg->typed != NULL) {
        strncpy(lab->board.typed, cfg->typed, BOARD_TYPED - 1);
    }
    lab->plain = hw_new(cfg->cpu, cfg->sparse, cfg->ram, &lab->board, err);
    if (lab->plain == NULL || (cfg->strategy != STRATEGY_INTERPRET && vmm_make(lab, err) < 0)) {
        lab_free(lab);
        return NULL;
    }
    if (!guest_load(lab->plain, cfg->image, cfg->size, cfg->ram)) {
        error_set(err, "%s: not a guest of the laboratory: 1 byte to 512 KB are", cfg->guest);
        lab_free(lab);
        return NULL;
    }
    if (cfg->kernel.bytes != NULL && linux_load(lab->plain, &cfg->kernel, cfg->ram, err) < 0) {
        lab_free(lab);
        return NULL;
    }
    return lab;
}

void lab_free(struct lab *lab)
{
    if (lab != NULL) {
        hw_free(lab->plain);
        hw_free(lab->machine);
        if (lab->vmm != NULL) {
            free(lab->vmm->trace);
            free(lab->vmm->flood);
            free(lab->vmm->code);
        }
        free(lab->vmm);
        free(lab);
    }
}

/* ---- the run */

static enum vmm_end end_of(enum hw_stop why)
{
    return why == HW_EXIT     ? VMM_EXITED
           : why == HW_LIMIT  ? VMM_LIMIT
           : why == HW_ASLEEP ? VMM_ASLEEP
                              : VMM_SHUTDOWN;
}

static void run_trap(struct lab *lab)
{
    enum { REAL_MODE_MOST = 1000000 }; /* ticks, one at a time */
    struct hw_state s;
    uint64_t most = lab->cfg.until < REAL_MODE_MOST ? lab->cfg.until : REAL_MODE_MOST;
    enum hw_stop why = handover_run(lab->plain, most);
    if (why != HW_TRAP) {
        lab->end = end_of(why);
        return;
    }
    hw_look(lab->plain, &s);
    lab->taken_over = true;
    lab->handover_cs = s.frame.seg[HW_CS];
    lab->handover_eip = s.frame.eip;
    lab->handover_tick = lab->board.tick;
    if (!handover(lab->vmm, lab->plain)) {
        vmm_lost(lab->vmm, "the monitor could not start");
    }
    oracle_start(&lab->oracle, lab->vmm);
    vmm_run(lab->vmm, lab->cfg.until);
    lab->end = lab->vmm->end;
}

void lab_run(struct lab *lab)
{
    if (lab->cfg.strategy == STRATEGY_INTERPRET) {
        lab->end = end_of(hw_run(lab->plain, lab->cfg.until));
    } else {
        run_trap(lab);
    }
    read_meter(lab);
}

bool lab_stopped(const struct lab *lab)
{
    return lab->end == VMM_DIVERGED || lab->paused;
}

void lab_go_on(struct lab *lab, uint64_t instructions)
{
    uint64_t until = lab->cfg.until;
    if (!lab_stopped(lab)) {
        return;
    }
    if (instructions != 0 && instructions < until - lab->board.tick) {
        until = lab->board.tick + instructions;
    }
    lab->vmm->end = VMM_RUNNING;
    vmm_run(lab->vmm, until);
    lab->end = lab->vmm->end;
    lab->paused = lab->end == VMM_LIMIT && until != lab->cfg.until;
    read_meter(lab);
}

/* ---- questions */

bool lab_peek(const struct lab *lab, uint32_t la, uint8_t *byte)
{
    struct vmm *vmm = lab->vmm;
    struct walk w;
    uint32_t mfn;
    uint64_t walks = vmm->meter->events[COST_WALK];
    bool there = walk(vmm, la, 0, &w) && guest_frame(vmm, w.ga >> PAGE_SHIFT, &mfn);
    vmm->meter->events[COST_WALK] = walks;
    if (there) {
        hw_read(vmm->hw, mfn << PAGE_SHIFT | (w.ga & PAGE_MASK), byte, 1);
    }
    return there;
}

bool lab_right(const struct lab *lab)
{
    return lab_exit_value(lab) == 0;
}

int lab_exit_value(const struct lab *lab)
{
    return lab->end == VMM_EXITED ? lab->board.exit_value : -1;
}

int lab_exit_code(const struct lab *lab)
{
    switch (lab->end) {
    case VMM_EXITED: return lab->board.exit_value ? (lab->board.exit_value << 1 | 1) & 0xFF : 0;
    case VMM_LIMIT: return 8;
    case VMM_SHUTDOWN:
    case VMM_ASLEEP: return 2;
    default: return 1;
    }
}

uint64_t lab_ticks(const struct lab *lab)
{
    return lab->board.tick;
}

uint64_t lab_cycles(const struct lab *lab)
{
    return meter_cycles(&lab->meter);
}

uint64_t lab_cycles_at(const struct lab *lab, uint32_t transition)
{
    struct cost_model model = lab->cfg.cost;
    struct meter m = lab->meter;
    model.cycles[COST_EXIT] = transition;
    model.cycles[COST_ENTRY] = 0;
    m.model = &model;
    return meter_cycles(&m);
}

uint64_t lab_divergences(const struct lab *lab, const char *row)
{
    for (unsigned n = 0; row != NULL && n < lab->oracle.kinds; n++) {
        if (strcmp(lab->oracle.kind[n].row, row) == 0) {
            return lab->oracle.kind[n].count;
        }
    }
    return row == NULL ? lab->oracle.diverged : 0;
}

uint64_t lab_exits(const struct lab *lab, const char *cause)
{
    uint64_t sum = 0;
    for (unsigned n = 0; lab->vmm != NULL && n < EXIT_CAUSES; n++) {
        bool counts = cause == NULL || strcmp(cause, exit_names[n]) == 0;
        sum += counts ? lab->vmm->count.exits[n] : 0;
    }
    return sum;
}

uint64_t lab_marked(const struct lab *lab, unsigned which)
{
    if (which > 254 || !lab->marked[which] || !lab->marked[which + 1]) {
        return 0;
    }
    return lab->mark[which + 1] - lab->mark[which];
}

uint64_t lab_memory_hash(const struct lab *lab)
{
    uint64_t hash = 0xcbf29ce484222325u;
    uint8_t page[PAGE_SIZE];
    for (uint32_t gfn = 0; gfn < lab->cfg.ram >> PAGE_SHIFT; gfn++) {
        uint32_t mfn = gfn;
        if (lab->taken_over) {
            guest_frame(lab->vmm, gfn, &mfn);
        }
        hw_read(lab->taken_over ? lab->machine : lab->plain, mfn << PAGE_SHIFT, page,
                PAGE_SIZE);
        for (unsigned n = 0; n < PAGE_SIZE; n++) { /* FNV-1a */
            hash = (hash ^ page[n]) * 0x100000001b3u;
        }
    }
    return hash;
}
