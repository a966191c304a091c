/* cpu/sys/segment.c -- segment registers, and the descriptors behind them (SDM 3A 3.4, 3.5, 5).
 *
 * In protected mode a segment register is loaded with a descriptor's rights, after checks whose
 * order the SDM gives (SDM 2B MOV, "Loading a segment register"). In real and virtual-8086 mode
 * a selector is just a number of paragraphs.
 *
 * Error codes: selector with RPL cleared, TI kept, bit 0 = EXT (SDM 3A 6.13).
 *
 * The instructions here include eleven of the seventeen that make x86 unfit for
 * trap-and-emulate: they look at descriptor tables or privilege, and never tell.
 */
#include "cpu/sys/sys.h"

_Noreturn void raise_selector(struct cpu *cpu, uint8_t vector, uint16_t sel)
{
    trap_raise(cpu, NULL, vector, (sel & ~(uint32_t)SEL_RPL) | cpu->sys->deliver_ext);
}

/* ---- descriptors */

bool descriptor_fetch(struct cpu *cpu, uint16_t sel, struct descriptor *d)
{
    const struct cpu_sys *sys = cpu->sys;
    uint32_t base = sys->gdtr.base, limit = sys->gdtr.limit;
    if (sel_is_null(sel)) {
        return false;
    }
    if (sel & SEL_TI) {
        if (!sys->ldtr.valid) {
            return false;
        }
        base = sys->ldtr.base;
        limit = sys->ldtr.limit;
    }
    if ((sel | 7u) > limit) {
        return false;
    }
    d->la = base + (sel & SEL_INDEX);
    d->lo = lmem_sys_read(cpu, d->la, 4);
    d->hi = lmem_sys_read(cpu, d->la + 4, 4);
    return true;
}

void descriptor_need(struct cpu *cpu, uint16_t sel, struct descriptor *d, uint8_t vector)
{
    if (!descriptor_fetch(cpu, sel, d)) {
        raise_selector(cpu, vector, sel);
    }
}

/* Written only when it changes: tables may well be in ROM or on read-only pages. */
void descriptor_set_accessed(struct cpu *cpu, struct descriptor *d)
{
    uint32_t accessed = (uint32_t)ATTR_A << 8;
    if (!(d->hi & accessed)) {
        d->hi |= accessed;
        lmem_sys_write(cpu, d->la + 4, d->hi, 4);
    }
}

void seg_cache_from(struct seg_cache *c, uint16_t sel, const struct descriptor *d)
{
    *c = (struct seg_cache){.base = desc_base(d),
                            .limit = desc_limit(d),
                            .sel = sel,
                            .attr = desc_attr(d),
                            .valid = true};
}

/* ---- what accesses see */

/* Data below the limit, or, expanding down, from limit + 1 up to FFFFh or FFFFFFFFh. */
struct seg_view seg_view_of(const struct seg_cache *c, uint32_t base)
{
    struct seg_view v = {.rd_span = -1, .wr_span = -1, .base = base};
    int64_t span = c->limit;
    if (!c->valid) {
        return v;
    }
    if (UNLIKELY(!(c->attr & ATTR_CODE) && (c->attr & ATTR_E))) {
        v.lo = c->limit + 1;
        span = (int64_t)(c->attr & ATTR_DB ? UINT32_MAX : 0xFFFFu) - c->limit - 1;
    }
    if (span >= 0 && attr_is_readable(c->attr)) {
        v.rd_span = span;
    }
    if (span >= 0 && attr_is_writable(c->attr)) {
        v.wr_span = span;
    }
    return v;
}

/* What sys_update_flat() asks of a view: is it 4 GiB from its base on and around, and from 0?
 */
void seg_note_extent(struct cpu *cpu, unsigned seg)
{
    struct cpu_sys *sys = cpu->sys;
    const struct seg_view *v = &cpu->seg[seg];
    uint8_t bit = (uint8_t)(1 << seg);
    bool whole = v->lo == 0 && v->rd_span == UINT32_MAX && v->wr_span == UINT32_MAX;
    sys->whole = (uint8_t)((sys->whole & ~bit) | (whole ? bit : 0));
    sys->flat = (uint8_t)((sys->flat & ~bit) | (whole && v->base == 0 ? bit : 0));
}

void seg_update(struct cpu *cpu, unsigned seg)
{
    struct seg_cache *c = &cpu->sys->seg[seg];
    uint32_t base = cpu->seg[seg].base;
    if ((cpu->sys->cr0 & CR0_PE) && !vm86(cpu)) {
        cpu->seg[seg] = seg_view_of(c, base);
    } else {
        c->valid = true; /* loads do not tell us: there are no null selectors here */
        cpu->seg[seg] =
            (struct seg_view){.rd_span = c->limit, .wr_span = c->limit, .base = base};
    }
    seg_note_extent(cpu, seg);
}

static bool stack_size_changes(const struct cpu *cpu, unsigned seg)
{
    bool was32 = cpu->mode & MODE_STACK32;
    return seg == SEG_SS && was32 != !!(cpu->sys->seg[SEG_SS].attr & ATTR_DB);
}

bool seg_is(const struct cpu *cpu, unsigned seg, const struct seg_memo *m)
{
    const struct seg_cache *is = &cpu->sys->seg[seg];
    return is->valid && cpu->seg[seg].base == m->view.base && is->limit == m->cache.limit &&
           is->attr == m->cache.attr;
}

/* What becomes of a descriptor, computed when it changes. */
static const struct seg_memo *memo_for(struct cpu *cpu, uint16_t sel,
                                       const struct descriptor *d)
{
    struct seg_memo *m = seg_memo_of(cpu, sel);
    if (m->lo != d->lo || m->hi != d->hi || !m->cache.valid) {
        struct seg_cache c;
        seg_cache_from(&c, 0, d);
        *m = (struct seg_memo){.lo = d->lo, .hi = d->hi, .view = seg_view_of(&c, c.base)};
        c.base = 0; /* kept in cpu->seg[] */
        m->cache = c;
    }
    return m;
}

void seg_set(struct cpu *cpu, unsigned seg, uint16_t sel, const struct descriptor *d)
{
    const struct seg_memo *m = memo_for(cpu, sel, d);
    cpu->sel[seg] = sel;
    if (seg_is(cpu, seg, m)) {
        return;
    }
    cpu->sys->seg[seg] = m->cache;
    cpu->seg[seg] = m->view;
    seg_note_extent(cpu, seg);
    if (stack_size_changes(cpu, seg)) {
        sys_update(cpu);
    } else if (seg != SEG_CS) { /* whoever loads that calls sys_update_code() */
        sys_update_flat(cpu);
    }
}

void seg_null(struct cpu *cpu, unsigned seg)
{
    cpu->sel[seg] = 0;
    cpu->sys->seg[seg].valid = false;
    cpu->seg[seg] = (struct seg_view){.rd_span = -1, .wr_span = -1, .base = cpu->seg[seg].base};
    seg_note_extent(cpu, seg);
    sys_update_flat(cpu);
}

/* SDM 3A 20.2.1: 64 KByte, readable, writable and executable, DPL 3. */
void seg_set_v86(struct cpu *cpu, unsigned seg, uint16_t sel)
{
    cpu->sys->seg[seg] = (struct seg_cache){
        .limit = 0xFFFF, .valid = true, .attr = ATTR_P | ATTR_DPL | ATTR_S | ATTR_W | ATTR_A};
    seg_load_real(cpu, seg, sel);
    seg_update(cpu, seg);
}

void seg_load_cs(struct cpu *cpu, uint16_t sel, const struct descriptor *d, unsigned new_cpl)
{
    cpu->sys->cpl = (uint8_t)new_cpl;
    seg_set(cpu, SEG_CS, (uint16_t)((sel & ~(unsigned)SEL_RPL) | new_cpl), d);
    sys_update_code(cpu);
}

/* ---- loads with checks */

void stack_segment_need(struct cpu *cpu, uint16_t sel, unsigned level, uint8_t vector,
                        struct descriptor *d)
{
    descriptor_need(cpu, sel, d, vector); /* null included: code 0 */
    unsigned attr = desc_attr(d);
    if ((sel & SEL_RPL) != level || attr_dpl(attr) != level || !attr_is_writable(attr)) {
        raise_selector(cpu, vector, sel);
    }
    if (!(attr & ATTR_P)) {
        raise_selector(cpu, EXC_SS, sel);
    }
}

static void data_segment_need(struct cpu *cpu, uint16_t sel, uint8_t vector,
                              struct descriptor *d)
{
    descriptor_need(cpu, sel, d, vector);
    unsigned attr = desc_attr(d), dpl = attr_dpl(attr);
    bool low = dpl < cpl(cpu) || dpl < (sel & SEL_RPL);
    if (!attr_is_readable(attr) || (low && !attr_is_conforming(attr))) {
        raise_selector(cpu, vector, sel);
    }
    if (!(attr & ATTR_P)) {
        raise_selector(cpu, EXC_NP, sel);
    }
}

void seg_load_checked(struct cpu *cpu, unsigned seg, uint16_t sel, uint8_t vector)
{
    struct descriptor d;
    if (seg == SEG_SS) {
        stack_segment_need(cpu, sel, cpl(cpu), vector, &d);
    } else if (sel_is_null(sel)) {
        seg_null(cpu, seg);
        cpu->sel[seg] = sel; /* null is a value, too: 0 to 3 */
        return;
    } else {
        data_segment_need(cpu, sel, vector, &d);
    }
    descriptor_set_accessed(cpu, &d);
    seg_set(cpu, seg, sel, &d);
    if (seg != SEG_SS && !(sel & SEL_TI)) {
        struct seg_memo *m = seg_memo_of(cpu, sel);
        m->sel = sel;
        m->cpl = cpu->sys->cpl;
    }
}

void seg_load(struct cpu *cpu, unsigned seg, uint16_t sel)
{
    if (protected_mode(cpu)) {
        seg_load_checked(cpu, seg, sel, EXC_GP);
    } else {
        seg_load_real(cpu, seg, sel);
    }
}

/* MOV SS and POP SS hold off interrupts and debug traps, so that the ESP that goes with it can
 * be loaded by the next instruction (SDM 3A 6.8.3); LSS has no need of it. */
static void shadow_stack_load(struct cpu *cpu, unsigned seg)
{
    if (seg == SEG_SS) {
        shadow_set(cpu, SHADOW_SS);
    }
}

/* ---- PUSH, POP, MOV, LDS … */

/* With 32-bit operands the slot is 4 bytes wide, but only 2 are written (SDM 2B PUSH: "all
 * recent Intel Core and Intel Atom processors perform a 16-bit move"). */
EMULATE(PUSH_Sreg)
{
    uint32_t sp = cpu->r[ESP] - op_size(insn_cold(cpu, i));
    lmem_w16(cpu, i, SEG_SS, sp & stack_mask(cpu), cpu->sel[i->a]);
    stack_set(cpu, sp);
    return RESUME;
}

EMULATE(POP_Sreg)
{
    uint32_t sp = cpu->r[ESP], mask = stack_mask(cpu);
    uint16_t sel = (uint16_t)lmem_r16(cpu, i, SEG_SS, sp & mask);
    seg_load(cpu, i->a, sel);
    sp += op_size(insn_cold(cpu, i)); /* in the width of the old stack */
    cpu->r[ESP] = (cpu->r[ESP] & ~mask) | (sp & mask);
    shadow_stack_load(cpu, i->a);
    return RESUME;
}

/* To memory 16 bits go, whatever the operand size; a 32-bit register gets zeros above. */
static void store_selector(struct cpu *cpu, const struct insn *i, uint16_t sel)
{
    rm_write(cpu, i, sel, rm_is_mem(cpu, i) ? 2 : op_size(insn_cold(cpu, i)));
}

EMULATE(MOV_EvSw)
{
    store_selector(cpu, i, cpu->sel[i->a]);
    return RESUME;
}

EMULATE(MOV_SwEw)
{
    seg_load(cpu, i->a, (uint16_t)rm_read(cpu, i, 2));
    shadow_stack_load(cpu, i->a);
    return RESUME;
}

/* Part of the memory operand that stands `off` bytes behind its start. */
static eaddr operand_at(const struct cpu *cpu, const struct insn *i, unsigned off)
{
    return (insn_ea(cpu, i) + off) & (UINT32_MAX >> i->wrap);
}

static enum verdict load_pointer(struct cpu *cpu, const struct insn *i, unsigned seg)
{
    unsigned size = op_size(insn_cold(cpu, i));
    uint32_t off = size == 4 ? lmem_r32(cpu, i, i->seg, insn_ea(cpu, i))
                             : lmem_r16(cpu, i, i->seg, insn_ea(cpu, i));
    uint32_t sel = lmem_r16(cpu, i, i->seg, operand_at(cpu, i, size));
    seg_load(cpu, seg, (uint16_t)sel);
    if (size == 4) {
        cpu->r[i->a] = off;
    } else {
        reg16_set(cpu, i->a, off);
    }
    return RESUME;
}

EMULATE(LES)
{
    return load_pointer(cpu, i, SEG_ES);
}

EMULATE(LDS)
{
    return load_pointer(cpu, i, SEG_DS);
}

EMULATE(LSS)
{
    return load_pointer(cpu, i, SEG_SS);
}

EMULATE(LFS)
{
    return load_pointer(cpu, i, SEG_FS);
}

EMULATE(LGS)
{
    return load_pointer(cpu, i, SEG_GS);
}

/* ---- GDTR, IDTR (SDM 3A 2.4) */

/* All 32 bits of the base, in the 16-bit form too (SDM 2B SGDT; the 80286 stored FFh on top).
 */
static enum verdict store_table(struct cpu *cpu, const struct insn *i,
                                const struct table_reg *t)
{
    eaddr base_ea = operand_at(cpu, i, 2);
    lmem_probe(cpu, i, i->seg, base_ea, 4, ACCESS_WRITE);
    lmem_w16(cpu, i, i->seg, insn_ea(cpu, i), t->limit);
    lmem_w32(cpu, i, i->seg, base_ea, t->base);
    return RESUME;
}

EMULATE(SGDT)
{
    umip_check(cpu);
    return store_table(cpu, i, &cpu->sys->gdtr);
}

EMULATE(SIDT)
{
    umip_check(cpu);
    return store_table(cpu, i, &cpu->sys->idtr);
}

static enum verdict load_table(struct cpu *cpu, const struct insn *i, struct table_reg *t)
{
    uint32_t limit = lmem_r16(cpu, i, i->seg, insn_ea(cpu, i));
    uint32_t base = lmem_r32(cpu, i, i->seg, operand_at(cpu, i, 2));
    t->limit = (uint16_t)limit;
    t->base = op_size(insn_cold(cpu, i)) == 4 ? base : base & 0xFFFFFF; /* 80286 form */
    return RESUME;
}

EMULATE(LGDT)
{
    return load_table(cpu, i, &cpu->sys->gdtr);
}

EMULATE(LIDT)
{
    return load_table(cpu, i, &cpu->sys->idtr);
}

/* ---- LDTR, TR */

EMULATE(SLDT)
{
    umip_check(cpu);
    store_selector(cpu, i, cpu->sys->ldtr.sel);
    return RESUME;
}

EMULATE(STR)
{
    umip_check(cpu);
    store_selector(cpu, i, cpu->sys->tr.sel);
    return RESUME;
}

/* A null selector leaves no LDT. absent: the vector of a descriptor that is not present. */
void ldt_load(struct cpu *cpu, uint16_t sel, uint8_t vector, uint8_t absent)
{
    struct descriptor d;
    if (sel_is_null(sel)) {
        cpu->sys->ldtr = (struct seg_cache){.sel = sel};
        return;
    }
    if (sel & SEL_TI) {
        raise_selector(cpu, vector, sel);
    }
    descriptor_need(cpu, sel, &d, vector);
    if (attr_system(desc_attr(&d)) != SYS_LDT) {
        raise_selector(cpu, vector, sel);
    }
    if (!(desc_attr(&d) & ATTR_P)) {
        raise_selector(cpu, absent, sel);
    }
    seg_cache_from(&cpu->sys->ldtr, sel, &d);
}

EMULATE(LLDT)
{
    ldt_load(cpu, (uint16_t)rm_read(cpu, i, 2), EXC_GP, EXC_NP);
    return RESUME;
}

EMULATE(LTR)
{
    uint16_t sel = (uint16_t)rm_read(cpu, i, 2);
    struct descriptor d;
    if (sel & SEL_TI) {
        raise_selector(cpu, EXC_GP, sel);
    }
    descriptor_need(cpu, sel, &d, EXC_GP);
    unsigned type = attr_system(desc_attr(&d));
    if (type != SYS_TSS16 && type != SYS_TSS32) {
        raise_selector(cpu, EXC_GP, sel);
    }
    if (!(desc_attr(&d) & ATTR_P)) {
        raise_selector(cpu, EXC_NP, sel);
    }
    d.hi |= (uint32_t)SYS_BUSY << 8;
    lmem_sys_write(cpu, d.la + 4, d.hi, 4);
    seg_cache_from(&cpu->sys->tr, sel, &d);
    return RESUME;
}

/* ---- LAR, LSL, VERR, VERW, ARPL: questions that any level may ask (SDM 3A 5.10) */

static void set_zf(struct cpu *cpu, bool z)
{
    uint32_t flags = flags_get(&cpu->flags);
    flags_set(&cpu->flags, z ? flags | FL_ZF : flags & ~(uint32_t)FL_ZF);
}

/* Fetches the descriptor of selector sel, if the present level (and RPL) may know of it. */
static bool visible(struct cpu *cpu, uint16_t sel, struct descriptor *d)
{
    if (!descriptor_fetch(cpu, sel, d)) {
        return false;
    }
    unsigned attr = desc_attr(d), dpl = attr_dpl(attr);
    return attr_is_conforming(attr) || (dpl >= cpl(cpu) && dpl >= (sel & SEL_RPL));
}

static bool type_in(const struct descriptor *d, uint32_t set)
{
    return set >> attr_system(desc_attr(d)) & 1;
}

static enum verdict answer(struct cpu *cpu, const struct insn *i, bool ok, uint32_t v)
{
    set_zf(cpu, ok);
    if (ok && op_size(insn_cold(cpu, i)) == 4) {
        cpu->r[i->a] = v;
    } else if (ok) {
        reg16_set(cpu, i->a, v);
    }
    return RESUME;
}

enum {
    SEGMENTS = 1 << SYS_IS_SEGMENT,
    TSS_OR_LDT = 1 << SYS_TSS16 | 1 << SYS_LDT | 1 << SYS_TSS16_BUSY | 1 << SYS_TSS32 |
                 1 << SYS_TSS32_BUSY,
    CALL_OR_TASK_GATE = 1 << SYS_CALL16 | 1 << SYS_TASK_GATE | 1 << SYS_CALL32,
};

/* SDM 2A LAR, table 3-53. Bits 16 to 19 are undefined; here they are the descriptor's. */
EMULATE(LAR)
{
    struct descriptor d = {0};
    bool ok = visible(cpu, (uint16_t)rm_read(cpu, i, 2), &d) &&
              type_in(&d, SEGMENTS | TSS_OR_LDT | CALL_OR_TASK_GATE);
    return answer(cpu, i, ok, d.hi & 0x00FFFF00);
}

EMULATE(LSL)
{
    struct descriptor d = {0};
    bool ok =
        visible(cpu, (uint16_t)rm_read(cpu, i, 2), &d) && type_in(&d, SEGMENTS | TSS_OR_LDT);
    return answer(cpu, i, ok, desc_limit(&d));
}

EMULATE(VERR)
{
    struct descriptor d;
    set_zf(cpu,
           visible(cpu, (uint16_t)rm_read(cpu, i, 2), &d) && attr_is_readable(desc_attr(&d)));
    return RESUME;
}

EMULATE(VERW)
{
    struct descriptor d;
    set_zf(cpu,
           visible(cpu, (uint16_t)rm_read(cpu, i, 2), &d) && attr_is_writable(desc_attr(&d)));
    return RESUME;
}

/* Raises the RPL of the destination to the source's: a kernel's answer to borrowed selectors.
 */
EMULATE(ARPL)
{
    unsigned rpl = reg16(cpu, i->a) & SEL_RPL;
    bool mem = rm_is_mem(cpu, i);
    uint8_t *p = mem ? lmem_rmw16(cpu, i, insn_ea(cpu, i)) : NULL;
    uint32_t sel = mem ? rmw_r16(cpu, i, p) : reg16(cpu, i->b);
    bool lower = (sel & SEL_RPL) < rpl;
    if (lower) {
        sel = (sel & ~(uint32_t)SEL_RPL) | rpl;
        if (mem) {
            rmw_w16(cpu, i, p, sel);
        } else {
            reg16_set(cpu, i->b, sel);
        }
    }
    set_zf(cpu, lower);
    return RESUME;
}
