/* cpu/sys/interrupt.c -- how interrupts and exceptions reach their handlers, and how IRET
 * returns.
 *
 * SDM 3A chapter 6 (protected mode), 20.1.4 (real mode), 20.3 (virtual-8086 mode); the order of
 * checks is that of SDM 2A INT and IRET. All events meet in event_enter(): what the processor
 * itself raises and what the wires bring by way of deliver(), INT n as an instruction.
 *
 * Error codes of failed deliveries: vector * 8 + 2 (IDT) for the gate, else the selector; bit 0
 * is EXT, clear for software interrupts alone (SDM 3A 6.13).
 *
 * NOT IMPLEMENTED:
 *   alignment checks of the handler's frame, when it is pushed at level 3
 */
#include "cpu/sys/transfer.h"

/* ---- the event on its way */

struct event {
    enum int_source source;
    uint8_t vector;
    bool has_code;
    uint32_t code;
    laddr la;  /* page fault */
    eaddr eip; /* the handler returns here */
};

/* SDM 3A table 6-4. Only exceptions matter: interrupts are benign whatever their vector. */
enum severity { BENIGN, CONTRIBUTORY, PAGE_FAULT, DOUBLE_FAULT };

static enum severity severity_of(uint8_t vector)
{
    switch (vector) {
    case EXC_DE:
    case EXC_TS:
    case EXC_NP:
    case EXC_SS:
    case EXC_GP: return CONTRIBUTORY;
    case EXC_PF: return PAGE_FAULT;
    case EXC_DF: return DOUBLE_FAULT;
    default: return BENIGN;
    }
}

static bool is_fault(const struct event *ev) /* SDM 3A table 6-1: restarts its instruction */
{
    const uint32_t faults = 1u << EXC_DE | 1u << EXC_BR | 1u << EXC_UD | 1u << EXC_NM |
                            1u << EXC_TS | 1u << EXC_NP | 1u << EXC_SS | 1u << EXC_GP |
                            1u << EXC_PF | 1u << EXC_MF | 1u << EXC_AC | 1u << EXC_XM;
    return ev->source == INT_EXCEPTION && ev->vector < 32 && (faults >> ev->vector & 1);
}

/* EFLAGS as the handler finds it on its stack. RF keeps an instruction breakpoint from striking
 * again when a faulting instruction is restarted (SDM 3B 17.3.1.1). */
static uint32_t flags_image(const struct cpu *cpu, const struct event *ev)
{
    uint32_t flags = eflags_get(cpu);
    if (ev->source == INT_SOFTWARE) {
        flags &= ~(uint32_t)FL_RF;
    }
    return is_fault(ev) ? flags | FL_RF : flags;
}

/* The laboratory wants to be asked before anything enters ring 0. */
static bool stopped_at_ring0(struct cpu *cpu, const struct event *ev)
{
    struct cpu_sys *sys = cpu->sys;
    if (!sys->ring0_stop) {
        return false;
    }
    sys->pending = true;
    sys->pend_vector = ev->vector;
    sys->pend_flags = (uint8_t)((ev->has_code ? PEND_CODE : 0) |
                                (ev->source == INT_HARDWARE ? PEND_EXTERNAL : 0) |
                                (ev->source == INT_SOFTWARE ? PEND_SOFTWARE : 0));
    sys->pend_code = ev->code;
    sys->pend_cr2 = ev->la;
    cpu->eip = ev->eip; /* what the frame would have: behind an INT1 */
    engine_leave(cpu);
    return true;
}

/* ---- real mode (SDM 3A 20.1.4): a table of far pointers, three words on the stack */

static _Noreturn void raise_idt(struct cpu *cpu, uint8_t vector, const struct event *ev)
{
    trap_raise(cpu, NULL, vector, ev->vector * 8u + 2 + cpu->sys->deliver_ext);
}

static void enter_real(struct cpu *cpu, const struct event *ev)
{
    const struct table_reg *idt = &cpu->sys->idtr;
    laddr entry = idt->base + ev->vector * 4u;
    struct stack st = stack_present(cpu);
    struct frame f = {.size = 2};
    if (ev->vector * 4u + 3 > idt->limit) {
        raise_idt(cpu, EXC_GP, ev);
    }
    uint32_t target = lmem_sys_read(cpu, entry, 4);
    frame_add(&f, flags_image(cpu, ev));
    frame_add(&f, cpu->sel[SEG_CS]);
    frame_add(&f, ev->eip);
    frame_probe(cpu, &st, &f);
    if ((target & 0xFFFF) > cpu->cs_limit) {
        raise_selector(cpu, EXC_GP, 0);
    }
    cpu->r[ESP] = frame_push(cpu, &st, &f);
    seg_load_real(cpu, SEG_CS, target >> 16);
    cpu->eip = target & 0xFFFF;
    eflags_set(cpu, 0, FL_IF | FL_TF | FL_RF | FL_AC);
}

/* ---- protected mode (SDM 2A INT, "PROTECTED-MODE") */

static void read_gate(struct cpu *cpu, const struct event *ev, struct descriptor *d)
{
    const struct table_reg *idt = &cpu->sys->idtr;
    if (ev->vector * 8u + 7 > idt->limit) {
        raise_idt(cpu, EXC_GP, ev);
    }
    d->la = idt->base + ev->vector * 8u;
    d->lo = lmem_sys_read(cpu, d->la, 4);
    d->hi = lmem_sys_read(cpu, d->la + 4, 4);
    unsigned attr = desc_attr(d), type = attr_system(attr);
    if (type != SYS_TASK_GATE && type != SYS_INT16 && type != SYS_TRAP16 && type != SYS_INT32 &&
        type != SYS_TRAP32) {
        raise_idt(cpu, EXC_GP, ev);
    }
    if (ev->source == INT_SOFTWARE && attr_dpl(attr) < cpl(cpu)) {
        raise_idt(cpu, EXC_GP, ev);
    }
    if (!(attr & ATTR_P)) {
        raise_idt(cpu, EXC_NP, ev);
    }
}

static void enter_task(struct cpu *cpu, const struct event *ev, uint16_t tss)
{
    if (stopped_at_ring0(cpu, ev)) {
        return;
    }
    task_switch(cpu, &(struct task_request){.why = TASK_INT,
                                            .tss = tss,
                                            .eip = ev->eip,
                                            .eflags = flags_image(cpu, ev),
                                            .has_code = ev->has_code,
                                            .code = ev->code});
}

/* The handler's code segment, and the level at which it runs. */
static void handler_segment(struct cpu *cpu, struct entry *e)
{
    descriptor_need(cpu, e->cs, &e->code, EXC_GP);
    unsigned attr = desc_attr(&e->code), dpl = attr_dpl(attr);
    if (!attr_is_code(attr) || dpl > cpl(cpu)) {
        raise_selector(cpu, EXC_GP, e->cs);
    }
    if (!(attr & ATTR_P)) {
        raise_selector(cpu, EXC_NP, e->cs);
    }
    e->level = attr_is_conforming(attr) ? cpl(cpu) : dpl;
    if (vm86(cpu) && e->level != 0) {
        raise_selector(cpu, EXC_GP, e->cs); /* virtual-8086 mode is left for level 0 only */
    }
}

/* From virtual-8086 mode the data segments go on the stack, too: a protected-mode handler could
 * not use them, and could not reload them. */
static void build_frame(struct cpu *cpu, const struct event *ev, bool inner, struct frame *f)
{
    if (vm86(cpu)) {
        frame_add(f, cpu->sel[SEG_GS]);
        frame_add(f, cpu->sel[SEG_FS]);
        frame_add(f, cpu->sel[SEG_DS]);
        frame_add(f, cpu->sel[SEG_ES]);
    }
    if (inner) {
        frame_add(f, cpu->sel[SEG_SS]);
        frame_add(f, cpu->r[ESP]);
    }
    frame_add(f, flags_image(cpu, ev));
    frame_add(f, cpu->sel[SEG_CS]);
    frame_add(f, ev->eip);
    if (ev->has_code) {
        frame_add(f, ev->code);
    }
}

static void null_data_segments(struct cpu *cpu)
{
    seg_null(cpu, SEG_GS);
    seg_null(cpu, SEG_FS);
    seg_null(cpu, SEG_DS);
    seg_null(cpu, SEG_ES);
}

static void enter_handler(struct cpu *cpu, const struct event *ev, const struct descriptor *d)
{
    struct gate g = gate_from(d);
    bool trap_gate = attr_system(desc_attr(d)) & 1, from_v86 = vm86(cpu);
    struct entry e = {.cs = g.sel,
                      .eip = g.offset,
                      .clear = FL_TF | FL_NT | FL_VM | FL_RF | (trap_gate ? 0 : FL_IF)};
    handler_segment(cpu, &e);
    if (e.level == 0 && stopped_at_ring0(cpu, ev)) {
        return;
    }
    bool inner = e.level < cpl(cpu);
    struct stack st = inner ? stack_inner(cpu, e.level) : stack_present(cpu);
    struct frame f = {.size = g.size};
    build_frame(cpu, ev, inner, &f);
    frame_probe(cpu, &st, &f);
    if (e.eip > desc_limit(&e.code)) {
        raise_selector(cpu, EXC_GP, 0);
    }
    frame_enter(cpu, &st, &f, &e);
    if (from_v86) {
        null_data_segments(cpu);
    }
}

static void enter_protected(struct cpu *cpu, const struct event *ev)
{
    struct descriptor d;
    read_gate(cpu, ev, &d);
    if (attr_system(desc_attr(&d)) == SYS_TASK_GATE) {
        enter_task(cpu, ev, gate_from(&d).sel);
    } else {
        enter_handler(cpu, ev, &d);
    }
}

/* The one door through which events enter their handlers. */
static void event_enter(struct cpu *cpu, void *arg)
{
    const struct event *ev = arg;
    debug_forget(cpu);
    cpu->sys->deliver_ext = ev->source != INT_SOFTWARE;
    if (cpu->sys->cr0 & CR0_PE) {
        enter_protected(cpu, ev);
    } else {
        enter_real(cpu, ev);
    }
    cpu->sys->deliver_ext = false;
}

/* ---- faults on the way (SDM 3A 6.15, "Interrupt 8", table 6-5) */

/* What follows when delivery of *ev was cut short by *t. false: shutdown. */
static bool escalate(struct cpu *cpu, struct event *ev, const struct trap *t)
{
    enum severity first = ev->source == INT_EXCEPTION ? severity_of(ev->vector) : BENIGN;
    enum severity second = severity_of(t->vector);
    bool twice = second != BENIGN &&
                 (first == PAGE_FAULT || (first == CONTRIBUTORY && second == CONTRIBUTORY));
    if (first == DOUBLE_FAULT && second != BENIGN) {
        return false;
    }
    *ev = (struct event){.source = INT_EXCEPTION, .eip = cpu->eip};
    if (twice) {
        ev->vector = EXC_DF;
        ev->has_code = true;
    } else {
        ev->vector = t->vector;
        ev->has_code = t->has_code;
        ev->code = t->code;
        ev->la = t->la;
    }
    return true;
}

/* Severity grows with each turn, but for debug traps of task switches. A guest can make those
 * repeat for ever (its TSS on top of its GDT); nobody will miss it. */
enum { DELIVERY_TURNS = 16 };

static void deliver_event(struct cpu *cpu, struct event *ev)
{
    struct cpu_sys *sys = cpu->sys;
    for (unsigned turn = 0; turn < DELIVERY_TURNS; turn++) {
        if (ev->source == INT_EXCEPTION && ev->vector == EXC_PF) {
            sys->cr2 = ev->la;
        }
        bool entered = engine_try(cpu, event_enter, ev);
        sys->deliver_ext = false;
        if (entered) {
            points_vector(cpu, ev->vector);
            return;
        }
        if (!escalate(cpu, ev, &cpu->trap)) {
            break;
        }
    }
    sys->activity = SHUTDOWN;
    engine_leave(cpu);
}

void deliver(struct cpu *cpu, uint8_t vector, enum int_source source, bool has_code,
             uint32_t code)
{
    struct event ev = {.source = source,
                       .vector = vector,
                       .has_code = has_code,
                       .code = code,
                       .la = cpu->trap.la,
                       .eip = cpu->eip};
    cpu->rep_open = false; /* whatever was interrupted */
    deliver_event(cpu, &ev);
}

/* ---- INT n, INT3, INTO, INT1, BOUND, UD2 */

/* A fault on the way to the handler is a fault of the instruction: EIP is still there. */
static enum verdict software_interrupt(struct cpu *cpu, const struct insn *i, uint8_t vector)
{
    struct event ev = {.source = INT_SOFTWARE, .vector = vector, .eip = next_eip(cpu, i)};
    debug_forget(cpu); /* INT n is not stepped over (SDM 3B 17.3.1.4) */
    event_enter(cpu, &ev);
    points_vector(cpu, vector);
    return JUMPED;
}

/* CR4.VME: as an 8086 would, with the vectors at linear 0 (SDM 3A 20.3.3.4, .5). */
static enum verdict redirected_interrupt(struct cpu *cpu, const struct insn *i, uint8_t vector)
{
    struct stack st = stack_present(cpu);
    struct frame f = {.size = 2};
    bool own_if = vme_rules(cpu);
    uint32_t target = lmem_sys_read(cpu, vector * 4u, 4);
    frame_add(&f, own_if ? vme_flags(cpu) : eflags_get(cpu));
    frame_add(&f, cpu->sel[SEG_CS]);
    frame_add(&f, next_eip(cpu, i));
    frame_probe(cpu, &st, &f);
    debug_forget(cpu);
    cpu->r[ESP] = frame_push(cpu, &st, &f);
    seg_load_real(cpu, SEG_CS, target >> 16);
    cpu->eip = target & 0xFFFF;
    eflags_set(cpu, 0, FL_TF | FL_RF | (own_if ? FL_VIF : FL_IF));
    points_vector(cpu, vector);
    return JUMPED;
}

/* In virtual-8086 mode IOPL decides who serves INT n: the handler in the IDT, or, by way of
 * #GP, the virtual-8086 monitor (SDM 3A 20.3.3), unless VME's bitmap has it redirected to the
 * program itself. INT3 and INTO are not asked. */
EMULATE(INT_Ib)
{
    if (vm86(cpu) && (cpu->sys->cr4 & CR4_VME) && tss_redirects(cpu, (uint8_t)i->imm)) {
        return redirected_interrupt(cpu, i, (uint8_t)i->imm);
    }
    if (vm86(cpu) && iopl(cpu) < 3) {
        raise_gp(cpu, 0);
    }
    return software_interrupt(cpu, i, (uint8_t)i->imm);
}

EMULATE(INT3)
{
    return software_interrupt(cpu, i, EXC_BP);
}

EMULATE(INTO)
{
    return flag_o(&cpu->flags) ? software_interrupt(cpu, i, EXC_OF) : RESUME;
}

/* The in-circuit emulators' breakpoint: #DB, whatever the gate's DPL; DR6 stays (SDM 2A INT).
 * It counts as an exception in error codes, and unlike INT n is no fault of its own. */
EMULATE(INT1)
{
    struct event ev = {.source = INT_EXCEPTION, .vector = EXC_DB, .eip = next_eip(cpu, i)};
    deliver_event(cpu, &ev);
    return JUMPED;
}

EMULATE(BOUND)
{
    unsigned size = op_size(insn_cold(cpu, i));
    eaddr lo_ea = insn_ea(cpu, i), hi_ea = (lo_ea + size) & (UINT32_MAX >> i->wrap);
    int32_t lo, hi, index;
    if (size == 4) {
        lo = (int32_t)lmem_r32(cpu, i, i->seg, lo_ea);
        hi = (int32_t)lmem_r32(cpu, i, i->seg, hi_ea);
        index = (int32_t)cpu->r[i->a];
    } else {
        lo = (int16_t)lmem_r16(cpu, i, i->seg, lo_ea);
        hi = (int16_t)lmem_r16(cpu, i, i->seg, hi_ea);
        index = (int16_t)reg16(cpu, i->a);
    }
    if (index < lo || index > hi) {
        trap_raise(cpu, i, EXC_BR, 0);
    }
    return RESUME;
}

EMULATE(UD2)
{
    (void)i;
    raise_ud(cpu);
}

/* ---- IRET (SDM 2A IRET) */

/* Flags that the present level may change by loading an image of `size` bytes. */
static uint32_t loadable_flags(const struct cpu *cpu, unsigned size)
{
    uint32_t mask = FL_ARITH | FL_TF | FL_DF | FL_NT;
    if (cpl(cpu) <= iopl(cpu)) {
        mask |= FL_IF;
    }
    if (cpl(cpu) == 0) {
        mask |= FL_IOPL;
    }
    if (size == 4) {
        mask |= FL_RF | FL_AC | FL_ID;
    }
    return mask;
}

static void return_real(struct cpu *cpu, unsigned size)
{
    bool vme = vme_rules(cpu) && size == 2;
    if (vm86(cpu) && iopl(cpu) < 3 && !vme) {
        raise_gp(cpu, 0);
    }
    eaddr eip = stack_peek(cpu, 0, size);
    uint16_t cs = (uint16_t)stack_peek(cpu, size, size);
    uint32_t flags = stack_peek(cpu, 2 * size, size), mask = loadable_flags(cpu, size);
    if (eip > cpu->cs_limit) {
        raise_gp(cpu, 0);
    }
    if (!vme) {
        eflags_set(cpu, flags, mask);
    } else if (!vme_flags_set(cpu, flags)) {
        raise_gp(cpu, 0);
    }
    stack_set(cpu, cpu->r[ESP] + 3 * size);
    seg_load_real(cpu, SEG_CS, cs);
    cpu->eip = eip;
}

/* Level 0 enters virtual-8086 mode: EIP CS EFLAGS ESP SS ES DS FS GS (SDM 3A 20.2.5). */
static void return_to_v86(struct cpu *cpu, eaddr eip, uint16_t cs, uint32_t flags)
{
    static const uint8_t order[] = {SEG_SS, SEG_ES, SEG_DS, SEG_FS, SEG_GS};
    uint16_t sel[ARRAY_LEN(order)];
    uint32_t esp = stack_peek(cpu, 12, 4);
    for (unsigned k = 0; k < ARRAY_LEN(order); k++) {
        sel[k] = (uint16_t)stack_peek(cpu, 16 + 4 * k, 4);
    }
    if (eip > 0xFFFF) {
        raise_gp(cpu, 0);
    }
    cpu->sys->cpl = 3;
    eflags_set(cpu, flags, UINT32_MAX);
    seg_set_v86(cpu, SEG_CS, cs);
    for (unsigned k = 0; k < ARRAY_LEN(order); k++) {
        seg_set_v86(cpu, order[k], sel[k]);
    }
    cpu->r[ESP] = esp;
    cpu->eip = eip;
    sys_update(cpu);
}

static void return_from_task(struct cpu *cpu, const struct insn *i)
{
    uint16_t link = (uint16_t)lmem_sys_read(cpu, cpu->sys->tr.base, 2);
    task_switch(cpu, &(struct task_request){.why = TASK_IRET,
                                            .tss = link,
                                            .eip = next_eip(cpu, i),
                                            .eflags = eflags_get(cpu) & ~(uint32_t)FL_NT});
}

static void return_protected(struct cpu *cpu, unsigned size)
{
    struct far_target t = {0};
    t.eip = stack_peek(cpu, 0, size);
    t.cs = (uint16_t)stack_peek(cpu, size, size);
    uint32_t flags = stack_peek(cpu, 2 * size, size), mask = loadable_flags(cpu, size);
    if (size == 4 && cpl(cpu) == 0 && (flags & FL_VM)) {
        return_to_v86(cpu, t.eip, t.cs, flags);
        return;
    }
    if (size == 4 && cpl(cpu) == 0) {
        mask |= FL_VIF | FL_VIP;
    }
    return_check(cpu, &t, 3 * size, size);
    return_commit(cpu, &t, t.outer ? 0 : 3 * size);
    eflags_set(cpu, flags, mask);
}

static void interrupt_return(struct cpu *cpu, const struct insn *i, unsigned size)
{
    cpu->sys->nmi_blocked = false; /* even if it faults (SDM 3A 6.7.1) */
    if (!protected_mode(cpu)) {
        return_real(cpu, size);
    } else if (cpu->sys->eflags & FL_NT) {
        return_from_task(cpu, i);
    } else {
        return_protected(cpu, size);
    }
    if (cpu->sys->nmi_pending) {
        engine_leave(cpu);
    }
}

EMULATE(IRET)
{
    interrupt_return(cpu, i, op_size(insn_cold(cpu, i)));
    return JUMPED;
}
