/* cpu/sys/assist.c -- assists: shortcuts for the sensitive instructions that kernels execute
 * all the time.
 *
 * The monitor costs some hundred host instructions a trap, most of them for what nearly never
 * happens. An assist is a handler that a block has in place of exec_trap. It knows one case,
 * and does exactly what the monitor would; before it has changed anything it goes on as
 * exec_trap wherever it is not sure. -no-assist runs without, and so do single steps, against
 * which tests/property holds blocks.
 *
 *   PUSH Sreg, PUSHF         32-bit, on a flat stack whose page is in the map
 *   POP Sreg, MOV Sreg, r    of ES DS FS GS: null, or a descriptor in the GDT that was loaded
 *                            before at this CPL, and has not changed since: segment.c's checks
 *                            look at nothing else
 *   CLI, STI                 CPL <= IOPL; STI while no interrupt waits
 *   RDTSC                    not forbidden by CR4.TSD
 */
#include "cpu/sys/sys.h"

#define ASSIST(name) EXEC(assist_##name)

/* `info traps` counts what is sensitive, however it is done. */
static inline void count(struct cpu *cpu, unsigned id)
{
    census_count(cpu, id);
    cpu->stats.traps++;
}

static inline uint64_t tick_of(const struct cpu *cpu, const struct insn *i)
{
    return cpu->now - insn_cold(cpu, i)->rest;
}

/* ---- segment registers */

ASSIST(PUSH_Sreg)
{
    static const uint16_t id[SEG_COUNT] = {I_PUSH_ES, I_PUSH_CS, I_PUSH_SS,
                                           I_PUSH_DS, I_PUSH_FS, I_PUSH_GS};
    uint8_t *p;
    if (UNLIKELY(!flat_wr(cpu, cpu->r[ESP] - 4, 2, &p))) { /* 2 bytes of 4 are written */
        INSTEAD(trap);
    }
    store_le16(p, cpu->sel[i->a]);
    cpu->r[ESP] -= 4;
    count(cpu, id[i->a]);
    NEXT();
}

/* The descriptor as it stands is the one remembered. */
static bool memo_holds(const struct cpu *cpu, const struct seg_memo *m, uint16_t sel)
{
    const struct table_reg *gdtr = &cpu->sys->gdtr;
    laddr la = gdtr->base + (sel & SEL_INDEX);
    uintptr_t to_host = cpu->sys_rd[la >> PAGE_SHIFT];
    if ((sel & SEL_TI) || (sel | 7u) > gdtr->limit || (la & 7) || to_host == 0) {
        return false;
    }
    const uint8_t *p = (const uint8_t *)(to_host + la);
    return m->sel == sel && m->cpl == cpu->sys->cpl && m->lo == load_le32(p) &&
           m->hi == load_le32(p + 4);
}

/* false: the monitor has to look; nothing has changed. */
static inline bool reload(struct cpu *cpu, unsigned seg, uint16_t sel)
{
    struct seg_cache *is = &cpu->sys->seg[seg];
    if (sel_is_null(sel)) {
        if (is->valid) {
            seg_null(cpu, seg);
        }
        cpu->sel[seg] = sel;
        return true;
    }
    const struct seg_memo *m = seg_memo_of(cpu, sel);
    if (UNLIKELY(!memo_holds(cpu, m, sel))) {
        return false;
    }
    cpu->sel[seg] = sel;
    if (seg_is(cpu, seg, m)) {
        return true;
    }
    *is = m->cache;
    cpu->seg[seg] = m->view;
    seg_note_extent(cpu, seg);
    sys_update_flat(cpu);
    return true;
}

/* On after a load of a segment: to other blocks, if it changed what they take for granted. */
#define NEXT_IF_MODE_IS(mode_)                                                                 \
    do {                                                                                       \
        if (UNLIKELY(cpu->mode != (mode_))) {                                                  \
            insn_sync(cpu, i);                                                                 \
            insn_retire(cpu, i);                                                               \
            GOTO_EIP(cpu->eip);                                                                \
        }                                                                                      \
        NEXT();                                                                                \
    } while (0)

ASSIST(POP_Sreg)
{
    static const uint16_t id[SEG_COUNT] = {
        [SEG_ES] = I_POP_ES, [SEG_DS] = I_POP_DS, [SEG_FS] = I_POP_FS, [SEG_GS] = I_POP_GS};
    uint32_t mode = cpu->mode;
    uint8_t *p;
    if (UNLIKELY(!flat_rd(cpu, cpu->r[ESP], 2, &p) || !reload(cpu, i->a, load_le16(p)))) {
        INSTEAD(trap);
    }
    cpu->r[ESP] += 4;
    count(cpu, id[i->a]);
    NEXT_IF_MODE_IS(mode);
}

ASSIST(MOV_SwEw)
{
    uint32_t mode = cpu->mode;
    if (UNLIKELY(!reload(cpu, i->a, reg16(cpu, i->b)))) {
        INSTEAD(trap);
    }
    count(cpu, I_MOV_SwEw);
    NEXT_IF_MODE_IS(mode);
}

/* ---- flags. Blocks run while TF and RF are clear alone. */

ASSIST(PUSHF)
{
    uint8_t *p;
    if (UNLIKELY(!flat_wr(cpu, cpu->r[ESP] - 4, 4, &p))) {
        INSTEAD(trap);
    }
    store_le32(p, eflags_get(cpu) & ~(uint32_t)(FL_VM | FL_RF));
    cpu->r[ESP] -= 4;
    count(cpu, I_PUSHF);
    NEXT();
}

ASSIST(CLI)
{
    if (UNLIKELY(cpl(cpu) > iopl(cpu))) {
        INSTEAD(trap);
    }
    cpu->sys->eflags &= ~(uint32_t)FL_IF;
    count(cpu, I_CLI);
    NEXT();
}

ASSIST(STI)
{
    struct cpu_sys *sys = cpu->sys;
    if (UNLIKELY(cpl(cpu) > iopl(cpu) || sys->intr)) {
        INSTEAD(trap);
    }
    if (!(sys->eflags & FL_IF)) {
        sys->shadow = SHADOW_STI;
        sys->shadow_tick = tick_of(cpu, i) + 1;
        sys->eflags |= FL_IF;
    }
    count(cpu, I_STI);
    NEXT();
}

ASSIST(RDTSC)
{
    if (UNLIKELY((cpu->sys->cr4 & CR4_TSD) && cpl(cpu) != 0)) {
        INSTEAD(trap);
    }
    uint64_t tsc = tick_of(cpu, i) + cpu->sys->tsc_offset;
    cpu->r[EAX] = (uint32_t)tsc;
    cpu->r[EDX] = (uint32_t)(tsc >> 32);
    count(cpu, I_RDTSC);
    NEXT();
}

/* ---- */

exec_fn *assist_of(const struct cpu *cpu, const struct insn *u, const struct insn_cold *c)
{
    bool flat = (cpu->mode & MODE_FLAT) && (c->flags & CF_OP32);
    if (cpu->no_assist || sensitive_watched(cpu) || u->fn != exec_trap) {
        return NULL;
    }
    switch (c->id) {
    case I_PUSH_ES:
    case I_PUSH_CS:
    case I_PUSH_SS:
    case I_PUSH_DS:
    case I_PUSH_FS:
    case I_PUSH_GS: return flat ? exec_assist_PUSH_Sreg : NULL;
    case I_POP_ES:
    case I_POP_DS:
    case I_POP_FS:
    case I_POP_GS: return flat ? exec_assist_POP_Sreg : NULL;
    case I_MOV_SwEw: {
        bool reg = !(c->flags & CF_MEM) && u->a != SEG_SS;
        return reg && (cpu->mode & MODE_PROT) ? exec_assist_MOV_SwEw : NULL;
    }
    case I_PUSHF: return flat ? exec_assist_PUSHF : NULL;
    case I_CLI: return exec_assist_CLI;
    case I_STI: return exec_assist_STI;
    case I_RDTSC: return exec_assist_RDTSC;
    default: return NULL;
    }
}
