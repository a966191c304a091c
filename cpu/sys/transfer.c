/* cpu/sys/transfer.c -- far JMP, CALL and RET: control transfers that may change privilege.
 *
 * SDM 3A 5.8 (privilege checks, gates, stack switching), SDM 2A CALL, JMP and 2B RET, whose
 * pseudo-code fixes the order of the checks. The functions keep that order and the SDM's names:
 * CPL, DPL, RPL, conforming and nonconforming code, inner (more privileged) and outer (less).
 */
#include "cpu/sys/transfer.h"

/* ---- stacks and frames */

struct stack stack_present(const struct cpu *cpu)
{
    return (struct stack){
        .view = cpu->seg[SEG_SS], .esp = cpu->r[ESP], .mask = stack_mask(cpu)};
}

struct stack stack_inner(struct cpu *cpu, unsigned level)
{
    struct stack st = {.fresh = true};
    struct seg_cache c;
    tss_stack(cpu, level, &st.sel, &st.esp);
    stack_segment_need(cpu, st.sel, level, EXC_TS, &st.d);
    seg_cache_from(&c, st.sel, &st.d);
    st.view = seg_view_of(&c, c.base);
    st.mask = c.attr & ATTR_DB ? UINT32_MAX : 0xFFFF;
    return st;
}

static eaddr slot_ea(const struct stack *st, const struct frame *f, unsigned n)
{
    return (st->esp - (n + 1) * f->size) & st->mask;
}

/* A more privileged stack is written with the rights of the level to come, which is a
 * supervisor's; the present one with those of the present level. */
static void probe_slot(struct cpu *cpu, const struct stack *st, eaddr ea, unsigned size)
{
    laddr first = st->view.base + ea, last = first + size - 1;
    if (!lmem_in_span(&st->view, ea, st->view.wr_span, size)) {
        raise_selector(cpu, EXC_SS, st->fresh ? st->sel : 0);
    }
    if (st->fresh) {
        lmem_sys_probe(cpu, first, size, ACCESS_WRITE);
        return;
    }
    mmu_access(cpu, NULL, first, ACCESS_WRITE);
    if (first >> PAGE_SHIFT != last >> PAGE_SHIFT) {
        mmu_access(cpu, NULL, last, ACCESS_WRITE);
    }
}

void frame_probe(struct cpu *cpu, const struct stack *st, const struct frame *f)
{
    for (unsigned n = 0; n < f->count; n++) {
        eaddr ea = slot_ea(st, f, n);
        if (st->fresh || !lmem_wr_ptr(cpu, SEG_SS, ea, f->size)) {
            probe_slot(cpu, st, ea, f->size);
        }
    }
}

/* Returns the whole ESP after pushing; with a 16-bit stack the upper half is the old one. */
uint32_t frame_push(struct cpu *cpu, const struct stack *st, const struct frame *f)
{
    for (unsigned n = 0; n < f->count; n++) {
        eaddr ea = slot_ea(st, f, n);
        if (st->fresh) {
            lmem_sys_write(cpu, st->view.base + ea, f->slot[n], f->size);
        } else if (f->size == 4) {
            lmem_w32(cpu, NULL, SEG_SS, ea, f->slot[n]);
        } else {
            lmem_w16(cpu, NULL, SEG_SS, ea, f->slot[n] & 0xFFFF);
        }
    }
    uint32_t esp = st->esp - f->count * f->size;
    return (st->esp & ~st->mask) | (esp & st->mask);
}

void frame_enter(struct cpu *cpu, const struct stack *st, const struct frame *f,
                 struct entry *e)
{
    struct descriptor ss = st->d;
    descriptor_set_accessed(cpu, &e->code);
    if (st->fresh) {
        descriptor_set_accessed(cpu, &ss);
    }
    uint32_t esp = frame_push(cpu, st, f);
    /* Nothing can fault from here on. */
    eflags_set(cpu, 0, e->clear);
    seg_load_cs(cpu, e->cs, &e->code, e->level);
    if (st->fresh) {
        seg_set(cpu, SEG_SS, st->sel, &ss);
    }
    cpu->r[ESP] = esp;
    cpu->eip = e->eip;
}

uint32_t stack_peek(struct cpu *cpu, uint32_t off, unsigned size)
{
    eaddr ea = (cpu->r[ESP] + off) & stack_mask(cpu);
    return size == 4 ? lmem_r32(cpu, NULL, SEG_SS, ea) : lmem_r16(cpu, NULL, SEG_SS, ea);
}

/* ---- checks */

static void need_present(struct cpu *cpu, uint16_t sel, const struct descriptor *d)
{
    if (!(desc_attr(d) & ATTR_P)) {
        raise_selector(cpu, EXC_NP, sel);
    }
}

static void need_in_limit(struct cpu *cpu, const struct descriptor *code, eaddr eip)
{
    if (eip > desc_limit(code)) {
        raise_selector(cpu, EXC_GP, 0);
    }
}

/* JMP and CALL straight to a code segment: the level stays. */
static void need_direct(struct cpu *cpu, uint16_t sel, const struct descriptor *code)
{
    unsigned attr = desc_attr(code), dpl = attr_dpl(attr);
    bool ok = attr_is_conforming(attr) ? dpl <= cpl(cpu)
                                       : dpl == cpl(cpu) && (sel & SEL_RPL) <= cpl(cpu);
    if (!ok) {
        raise_selector(cpu, EXC_GP, sel);
    }
    need_present(cpu, sel, code);
}

/* Gates and TSS descriptors must be no more privileged than their user, by CPL and by RPL. */
static void need_reachable(struct cpu *cpu, uint16_t sel, const struct descriptor *d)
{
    unsigned dpl = attr_dpl(desc_attr(d));
    if (dpl < cpl(cpu) || dpl < (sel & SEL_RPL)) {
        raise_selector(cpu, EXC_GP, sel);
    }
}

/* The code segment that a call gate leads to. */
static void gate_target(struct cpu *cpu, const struct gate *g, bool jump,
                        struct descriptor *code)
{
    descriptor_need(cpu, g->sel, code, EXC_GP);
    unsigned attr = desc_attr(code), dpl = attr_dpl(attr);
    bool inner_by_jump = jump && !attr_is_conforming(attr) && dpl != cpl(cpu);
    if (!attr_is_code(attr) || dpl > cpl(cpu) || inner_by_jump) {
        raise_selector(cpu, EXC_GP, g->sel);
    }
    need_present(cpu, g->sel, code);
}

/* ---- real and virtual-8086 mode: no checks but the limit */

static void need_real_limit(struct cpu *cpu, eaddr eip)
{
    if (eip > cpu->cs_limit) {
        raise_selector(cpu, EXC_GP, 0);
    }
}

static void jump_real(struct cpu *cpu, uint16_t sel, eaddr eip)
{
    need_real_limit(cpu, eip);
    seg_load_real(cpu, SEG_CS, sel);
    cpu->eip = eip;
}

static void push_return(struct cpu *cpu, const struct insn *i, struct frame *f)
{
    frame_add(f, cpu->sel[SEG_CS]);
    frame_add(f, next_eip(cpu, i));
}

static void call_real(struct cpu *cpu, const struct insn *i, uint16_t sel, eaddr eip,
                      unsigned size)
{
    struct stack st = stack_present(cpu);
    struct frame f = {.size = size};
    push_return(cpu, i, &f);
    frame_probe(cpu, &st, &f);
    need_real_limit(cpu, eip);
    cpu->r[ESP] = frame_push(cpu, &st, &f);
    seg_load_real(cpu, SEG_CS, sel);
    cpu->eip = eip;
}

static void return_real(struct cpu *cpu, unsigned pop, unsigned size)
{
    eaddr eip = stack_peek(cpu, 0, size);
    uint16_t sel = (uint16_t)stack_peek(cpu, size, size);
    jump_real(cpu, sel, eip);
    stack_set(cpu, cpu->r[ESP] + 2 * size + pop);
}

/* ---- JMP (SDM 2A JMP, "Far jump in protected mode") */

static void jump_to_code(struct cpu *cpu, uint16_t sel, struct descriptor *code, eaddr eip)
{
    need_in_limit(cpu, code, eip);
    descriptor_set_accessed(cpu, code);
    seg_load_cs(cpu, sel, code, cpl(cpu));
    cpu->eip = eip;
}

static void to_task(struct cpu *cpu, const struct insn *i, uint16_t tss, enum task_reason why)
{
    task_switch(
        cpu, &(struct task_request){
                 .why = why, .tss = tss, .eip = next_eip(cpu, i), .eflags = eflags_get(cpu)});
}

static void jump_to_gate(struct cpu *cpu, const struct descriptor *d)
{
    struct gate g = gate_from(d);
    struct descriptor code;
    gate_target(cpu, &g, true, &code);
    jump_to_code(cpu, g.sel, &code, g.offset);
}

void far_jump(struct cpu *cpu, const struct insn *i, uint16_t sel, eaddr eip)
{
    struct descriptor d;
    if (!protected_mode(cpu)) {
        jump_real(cpu, sel, eip);
        return;
    }
    descriptor_need(cpu, sel, &d, EXC_GP);
    unsigned attr = desc_attr(&d);
    if (attr_is_code(attr)) {
        need_direct(cpu, sel, &d);
        jump_to_code(cpu, sel, &d, eip);
        return;
    }
    switch (attr_system(attr)) {
    case SYS_CALL16:
    case SYS_CALL32:
        need_reachable(cpu, sel, &d);
        need_present(cpu, sel, &d);
        jump_to_gate(cpu, &d);
        break;
    case SYS_TASK_GATE:
        need_reachable(cpu, sel, &d);
        need_present(cpu, sel, &d);
        to_task(cpu, i, gate_from(&d).sel, TASK_JUMP);
        break;
    case SYS_TSS16:
    case SYS_TSS32:
        need_reachable(cpu, sel, &d);
        to_task(cpu, i, sel, TASK_JUMP);
        break;
    default: raise_selector(cpu, EXC_GP, sel);
    }
}

/* ---- CALL (SDM 2A CALL, "Far call in protected mode") */

static void call_code(struct cpu *cpu, const struct insn *i, struct entry *e, unsigned size)
{
    struct stack st = stack_present(cpu);
    struct frame f = {.size = size};
    push_return(cpu, i, &f);
    frame_probe(cpu, &st, &f);
    need_in_limit(cpu, &e->code, e->eip);
    frame_enter(cpu, &st, &f, e);
}

/* More privilege: parameters move over to the inner stack, so that the callee finds them above
 * its return address, and the caller cannot take them back. */
static void call_inner(struct cpu *cpu, const struct insn *i, struct entry *e,
                       const struct gate *g)
{
    struct stack st = stack_inner(cpu, e->level);
    struct frame f = {.size = g->size};
    frame_add(&f, cpu->sel[SEG_SS]);
    frame_add(&f, cpu->r[ESP]);
    for (unsigned n = g->params; n-- > 0;) {
        frame_add(&f, stack_peek(cpu, n * g->size, g->size));
    }
    push_return(cpu, i, &f);
    frame_probe(cpu, &st, &f);
    need_in_limit(cpu, &e->code, e->eip);
    frame_enter(cpu, &st, &f, e);
}

static void call_gate(struct cpu *cpu, const struct insn *i, const struct descriptor *d)
{
    struct gate g = gate_from(d);
    struct entry e = {.cs = g.sel, .level = cpl(cpu), .eip = g.offset};
    gate_target(cpu, &g, false, &e.code);
    unsigned attr = desc_attr(&e.code);
    if (!attr_is_conforming(attr) && attr_dpl(attr) < cpl(cpu)) {
        e.level = attr_dpl(attr);
        call_inner(cpu, i, &e, &g);
    } else {
        call_code(cpu, i, &e, g.size);
    }
}

void far_call(struct cpu *cpu, const struct insn *i, uint16_t sel, eaddr eip, unsigned size)
{
    struct descriptor d;
    if (!protected_mode(cpu)) {
        call_real(cpu, i, sel, eip, size);
        return;
    }
    descriptor_need(cpu, sel, &d, EXC_GP);
    unsigned attr = desc_attr(&d);
    if (attr_is_code(attr)) {
        struct entry e = {.cs = sel, .code = d, .level = cpl(cpu), .eip = eip};
        need_direct(cpu, sel, &d);
        call_code(cpu, i, &e, size);
        return;
    }
    switch (attr_system(attr)) {
    case SYS_CALL16:
    case SYS_CALL32:
        need_reachable(cpu, sel, &d);
        need_present(cpu, sel, &d);
        call_gate(cpu, i, &d);
        break;
    case SYS_TASK_GATE:
        need_reachable(cpu, sel, &d);
        need_present(cpu, sel, &d);
        to_task(cpu, i, gate_from(&d).sel, TASK_CALL);
        break;
    case SYS_TSS16:
    case SYS_TSS32:
        need_reachable(cpu, sel, &d);
        to_task(cpu, i, sel, TASK_CALL);
        break;
    default: raise_selector(cpu, EXC_GP, sel);
    }
}

/* ---- RET, and what IRET shares with it (SDM 2B RET, 2A IRET) */

/* A return never goes to more privilege: RPL of the popped CS is the level to return to. */
static void return_code(struct cpu *cpu, struct far_target *t)
{
    descriptor_need(cpu, t->cs, &t->code, EXC_GP);
    unsigned attr = desc_attr(&t->code), dpl = attr_dpl(attr), rpl = t->cs & SEL_RPL;
    bool ok = attr_is_conforming(attr) ? dpl <= rpl : dpl == rpl;
    if (!attr_is_code(attr) || rpl < cpl(cpu) || !ok) {
        raise_selector(cpu, EXC_GP, t->cs);
    }
    need_present(cpu, t->cs, &t->code);
}

void return_check(struct cpu *cpu, struct far_target *t, uint32_t off, unsigned size)
{
    unsigned rpl = t->cs & SEL_RPL;
    return_code(cpu, t);
    t->outer = rpl > cpl(cpu);
    if (t->outer) {
        t->esp = stack_peek(cpu, off, size);
        t->ss = (uint16_t)stack_peek(cpu, off + size, size);
        stack_segment_need(cpu, t->ss, rpl, EXC_GP, &t->stack);
    }
    need_in_limit(cpu, &t->code, t->eip);
    descriptor_set_accessed(cpu, &t->code);
    if (t->outer) {
        descriptor_set_accessed(cpu, &t->stack);
    }
}

/* The outer level must not keep selectors that it could not have loaded (SDM 3A 5.8.6); of null
 * ones only 0 remains (SDM 2A IRET). */
static void null_inner_segments(struct cpu *cpu)
{
    static const uint8_t data[] = {SEG_ES, SEG_FS, SEG_GS, SEG_DS};
    for (unsigned k = 0; k < ARRAY_LEN(data); k++) {
        const struct seg_cache *c = &cpu->sys->seg[data[k]];
        if (!c->valid || (attr_dpl(c->attr) < cpl(cpu) && !attr_is_conforming(c->attr))) {
            seg_null(cpu, data[k]);
        }
    }
}

void return_commit(struct cpu *cpu, struct far_target *t, uint32_t pop)
{
    uint32_t esp = (t->outer ? t->esp : cpu->r[ESP]) + pop;
    seg_load_cs(cpu, t->cs, &t->code, t->cs & SEL_RPL);
    if (t->outer) {
        seg_set(cpu, SEG_SS, t->ss, &t->stack);
        null_inner_segments(cpu);
    }
    stack_set(cpu,
              esp); /* a 16-bit stack keeps the upper half, from whichever level it comes */
    cpu->eip = t->eip;
}

void far_return(struct cpu *cpu, unsigned pop, unsigned size)
{
    struct far_target t = {0};
    if (!protected_mode(cpu)) {
        return_real(cpu, pop, size);
        return;
    }
    t.eip = stack_peek(cpu, 0, size);
    t.cs = (uint16_t)stack_peek(cpu, size, size);
    return_check(cpu, &t, 2 * size + pop, size);
    return_commit(cpu, &t, t.outer ? pop : 2 * size + pop);
}

/* ---- instructions */

struct far_pointer {
    uint16_t sel;
    eaddr off;
    unsigned size;
};

static struct far_pointer immediate_pointer(const struct cpu *cpu, const struct insn *i)
{
    return (struct far_pointer){
        .sel = (uint16_t)i->disp, .off = i->imm, .size = op_size(insn_cold(cpu, i))};
}

static struct far_pointer memory_pointer(struct cpu *cpu, const struct insn *i)
{
    struct far_pointer p = {.size = op_size(insn_cold(cpu, i))};
    eaddr ea = insn_ea(cpu, i), sel_ea = (ea + p.size) & (UINT32_MAX >> i->wrap);
    p.off = p.size == 4 ? lmem_r32(cpu, i, i->seg, ea) : lmem_r16(cpu, i, i->seg, ea);
    p.sel = (uint16_t)lmem_r16(cpu, i, i->seg, sel_ea);
    return p;
}

EMULATE(JMPF_Ap)
{
    struct far_pointer p = immediate_pointer(cpu, i);
    far_jump(cpu, i, p.sel, p.off);
    return JUMPED;
}

EMULATE(JMPF_M)
{
    struct far_pointer p = memory_pointer(cpu, i);
    far_jump(cpu, i, p.sel, p.off);
    return JUMPED;
}

EMULATE(CALLF_Ap)
{
    struct far_pointer p = immediate_pointer(cpu, i);
    far_call(cpu, i, p.sel, p.off, p.size);
    return JUMPED;
}

EMULATE(CALLF_M)
{
    struct far_pointer p = memory_pointer(cpu, i);
    far_call(cpu, i, p.sel, p.off, p.size);
    return JUMPED;
}

EMULATE(RETF)
{
    far_return(cpu, 0, op_size(insn_cold(cpu, i)));
    return JUMPED;
}

EMULATE(RETF_Iw)
{
    far_return(cpu, i->imm, op_size(insn_cold(cpu, i)));
    return JUMPED;
}
