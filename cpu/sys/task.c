/* cpu/sys/task.c -- task switches in hardware, and what else is in a TSS (SDM 3A chapter 7).
 *
 * A task-state segment is a table of registers, in a 16-bit (80286) and a 32-bit form:
 *
 *            16-bit     32-bit
 *   link     00         00       selector of the interrupted task, when NT is set
 *   SS:ESP   02 …       04 …     stacks of levels 0, 1, 2
 *   CR3      -          1C
 *   EIP, EFLAGS, EAX ECX EDX EBX ESP EBP ESI EDI, ES CS SS DS (FS GS): one row of items
 *            0E … 28    20 … 5C
 *   LDT      2A         60
 *   T        -          64       bit 0: debug trap when the task is switched to
 *   I/O map  -          66       offset of the I/O permission bitmap
 *
 * Busy flag, NT and link: SDM 3A table 7-2. Faults before the commit point belong to the old
 * task, later ones to the new (7.3); their order and codes: table 7-1.
 */
#include "cpu/sys/transfer.h"

struct tss_layout {
    uint8_t size;     /* of an item */
    uint8_t limit;    /* least limit of the segment */
    uint8_t row;      /* offset of EIP, first of the row */
    uint8_t segments; /* in the row: 4 or 6 */
    uint8_t ldt;
};
static const struct tss_layout tss16 = {2, 0x2B, 0x0E, 4, 0x2A},
                               tss32 = {4, 0x67, 0x20, 6, 0x60};
enum { TSS_LINK = 0, TSS_CR3 = 0x1C, TSS_T = 0x64, TSS_IOMAP = 0x66, REGISTERS = 8 };

static const struct tss_layout *layout_of(unsigned attr)
{
    return attr_system(attr) & SYS_32 ? &tss32 : &tss16;
}

static laddr item_la(const struct tss_layout *l, laddr base, unsigned n)
{
    return base + l->row + n * l->size;
}

/* ---- stacks and ports */

void tss_stack(struct cpu *cpu, unsigned level, uint16_t *ss, uint32_t *esp)
{
    const struct seg_cache *tr = &cpu->sys->tr;
    unsigned size = layout_of(tr->attr)->size, off = size + level * 2 * size;
    if (!tr->valid || off + size + 1 > tr->limit) {
        raise_selector(cpu, EXC_TS, tr->sel);
    }
    *esp = lmem_sys_read(cpu, tr->base + off, size);
    *ss = (uint16_t)lmem_sys_read(cpu, tr->base + off + size, 2);
}

/* SDM 3A 20.3.3: 32 bytes in front of the I/O permission bitmap; a set bit means "by the IDT".
 */
bool tss_redirects(struct cpu *cpu, uint8_t vector)
{
    const struct seg_cache *tr = &cpu->sys->tr;
    if (!tr->valid || !(attr_system(tr->attr) & SYS_32) || tr->limit < tss32.limit) {
        raise_gp(cpu, 0);
    }
    uint32_t at = lmem_sys_read(cpu, tr->base + TSS_IOMAP, 2) - 32 + vector / 8u;
    if (at > tr->limit) {
        raise_gp(cpu, 0);
    }
    return !(lmem_sys_read(cpu, tr->base + at, 1) >> (vector & 7) & 1);
}

/* SDM 1 19.5.2: two bytes are read, whatever the port, so the map ends with a byte of ones. */
bool tss_io_allowed(struct cpu *cpu, uint16_t port, unsigned size)
{
    const struct seg_cache *tr = &cpu->sys->tr;
    if (!tr->valid || !(attr_system(tr->attr) & SYS_32) || tr->limit < TSS_IOMAP + 1) {
        return false;
    }
    uint32_t at = lmem_sys_read(cpu, tr->base + TSS_IOMAP, 2) + port / 8u;
    if (at + 1 > tr->limit) {
        return false;
    }
    uint32_t bits = lmem_sys_read(cpu, tr->base + at, 2);
    return (bits >> (port & 7) & ((1u << size) - 1)) == 0;
}

/* ---- the switch, step by step */

struct switching {
    const struct task_request *req;
    struct descriptor d; /* of the new TSS */
    struct seg_cache tss;
    const struct tss_layout *l;
    bool links; /* CALL, INT: the new task will return to this one */
    /* The new task's registers. */
    uint32_t eip, eflags, r[REGISTERS], cr3;
    uint16_t sel[SEG_COUNT], ldt;
    bool debug;
};

/* Table 7-1: IRET speaks of #TS where JMP, CALL and interrupts speak of #GP. */
static void check_tss(struct cpu *cpu, struct switching *s)
{
    bool iret = s->req->why == TASK_IRET;
    uint16_t sel = s->req->tss;
    uint8_t vector = iret ? EXC_TS : EXC_GP;
    if (sel & SEL_TI) {
        raise_selector(cpu, vector, sel);
    }
    descriptor_need(cpu, sel, &s->d, vector);
    unsigned attr = desc_attr(&s->d), type = attr_system(attr);
    bool ok = iret ? type == SYS_TSS16_BUSY || type == SYS_TSS32_BUSY
                   : type == SYS_TSS16 || type == SYS_TSS32;
    if (!ok) {
        raise_selector(cpu, vector, sel);
    }
    if (!(attr & ATTR_P)) {
        raise_selector(cpu, EXC_NP, sel);
    }
    s->l = layout_of(attr);
    seg_cache_from(&s->tss, sel, &s->d);
    if (s->tss.limit < s->l->limit) {
        raise_selector(cpu, EXC_TS, sel);
    }
}

static void check_old_tss(struct cpu *cpu)
{
    const struct seg_cache *tr = &cpu->sys->tr;
    if (!tr->valid || tr->limit < layout_of(tr->attr)->limit) {
        raise_selector(cpu, EXC_TS, tr->sel);
    }
}

static void read_registers(struct cpu *cpu, struct switching *s)
{
    const struct tss_layout *l = s->l;
    laddr base = s->tss.base;
    unsigned n = 0;
    uint32_t upper = l->size == 2 ? 0xFFFF0000u : 0; /* what an 80286 task sees above 16 bits */
    s->eip = lmem_sys_read(cpu, item_la(l, base, n++), l->size);
    s->eflags = lmem_sys_read(cpu, item_la(l, base, n++), l->size);
    for (unsigned k = 0; k < REGISTERS; k++) {
        s->r[k] = lmem_sys_read(cpu, item_la(l, base, n++), l->size) | upper;
    }
    for (unsigned k = 0; k < l->segments; k++) { /* FS and GS of a 16-bit TSS: null */
        s->sel[k] = (uint16_t)lmem_sys_read(cpu, item_la(l, base, n++), 2);
    }
    s->ldt = (uint16_t)lmem_sys_read(cpu, base + l->ldt, 2);
    if (l->size == 4) {
        s->cr3 = lmem_sys_read(cpu, base + TSS_CR3, 4);
        s->debug = lmem_sys_read(cpu, base + TSS_T, 2) & 1;
    }
}

/* Nothing that will be read or written may fault half-way (SDM 3A 7.3, step 6). */
static void probe_all(struct cpu *cpu, const struct switching *s, const struct descriptor *old)
{
    const struct seg_cache *tr = &cpu->sys->tr;
    const struct tss_layout *l = layout_of(tr->attr);
    lmem_sys_probe(cpu, s->tss.base, s->l->limit + 1u, ACCESS_READ);
    lmem_sys_probe(cpu, tr->base + l->row, (2u + REGISTERS + l->segments) * l->size,
                   ACCESS_WRITE);
    if (s->links) {
        lmem_sys_probe(cpu, s->tss.base + TSS_LINK, 2, ACCESS_WRITE);
    } else {
        lmem_sys_probe(cpu, old->la + 4, 4, ACCESS_WRITE);
    }
    if (s->req->why != TASK_IRET) {
        lmem_sys_probe(cpu, s->d.la + 4, 4, ACCESS_WRITE);
    }
}

/* With PAE the new CR3 leads to pointers that may be bad: #GP(0), while the old task is still
 * whole. (SDM 3A 7.3 has CR3 loaded in step 12, after the busy flags, where "architectural
 * state may be corrupted".) */
static void check_pointers(struct cpu *cpu, const struct switching *s)
{
    const struct cpu_sys *sys = cpu->sys;
    bool loads = s->l->size == 4 && (sys->cr0 & CR0_PG) && (sys->cr4 & CR4_PAE);
    if (loads && !pae_valid(cpu, lmem_sys_read(cpu, s->tss.base + TSS_CR3, 4))) {
        raise_selector(cpu, EXC_GP, 0);
    }
}

static void save_registers(struct cpu *cpu, const struct switching *s)
{
    const struct seg_cache *tr = &cpu->sys->tr;
    const struct tss_layout *l = layout_of(tr->attr);
    unsigned n = 0;
    lmem_sys_write(cpu, item_la(l, tr->base, n++), s->req->eip, l->size);
    lmem_sys_write(cpu, item_la(l, tr->base, n++), s->req->eflags, l->size);
    for (unsigned k = 0; k < REGISTERS; k++) {
        lmem_sys_write(cpu, item_la(l, tr->base, n++), cpu->r[k], l->size);
    }
    for (unsigned k = 0; k < l->segments; k++) { /* the upper half of a slot is reserved */
        lmem_sys_write(cpu, item_la(l, tr->base, n++), cpu->sel[k], 2);
    }
}

/* Busy: JMP and IRET leave a task that is then free; whoever is entered becomes busy. */
static void write_busy(struct cpu *cpu, struct switching *s, struct descriptor *old)
{
    const uint32_t busy = (uint32_t)SYS_BUSY << 8;
    if (!s->links) {
        old->hi &= ~busy;
        lmem_sys_write(cpu, old->la + 4, old->hi, 4);
    }
    if (s->req->why != TASK_IRET) {
        s->d.hi |= busy;
        lmem_sys_write(cpu, s->d.la + 4, s->d.hi, 4);
    }
}

/* The commit point. Selectors become visible before their descriptors are looked at: a handler
 * of the faults to come finds them in place, and unusable. */
static void load_registers(struct cpu *cpu, struct switching *s)
{
    struct cpu_sys *sys = cpu->sys;
    if (s->l->size == 4 && (sys->cr0 & CR0_PG) && !control_set(cpu, 3, s->cr3)) {
        raise_selector(cpu, EXC_GP, 0); /* PAE: bad page-directory pointers */
    }
    sys->tr = s->tss;
    sys->tr.attr |= SYS_BUSY;
    sys->cr0 |= CR0_TS;
    sys->dr[7] &= ~0x155u; /* local breakpoints belong to a task (SDM 3B 17.2.4) */
    debug_update(cpu);
    cpu->eip = s->eip;
    for (unsigned k = 0; k < REGISTERS; k++) {
        cpu->r[k] = s->r[k];
    }
    /* A 16-bit image says nothing of AC and ID. */
    eflags_set(cpu, s->eflags | (s->links ? FL_NT : 0),
               s->l->size == 4 ? UINT32_MAX : 0xFFFF | FL_RF | FL_VM);
    sys->ldtr = (struct seg_cache){.sel = s->ldt};
    for (unsigned k = 0; k < SEG_COUNT; k++) {
        seg_null(cpu, k);
        cpu->sel[k] = s->sel[k];
    }
    sys->cpl = vm86(cpu) ? 3 : s->sel[SEG_CS] & SEL_RPL;
    sys_update(cpu);
}

static void load_code_segment(struct cpu *cpu, uint16_t sel)
{
    struct descriptor d;
    descriptor_need(cpu, sel, &d, EXC_TS);
    unsigned attr = desc_attr(&d), dpl = attr_dpl(attr), rpl = sel & SEL_RPL;
    if (!attr_is_code(attr) || (attr_is_conforming(attr) ? dpl > rpl : dpl != rpl)) {
        raise_selector(cpu, EXC_TS, sel);
    }
    if (!(attr & ATTR_P)) {
        raise_selector(cpu, EXC_NP, sel);
    }
    descriptor_set_accessed(cpu, &d);
    seg_load_cs(cpu, sel, &d, rpl);
}

static void load_segments(struct cpu *cpu, const struct switching *s)
{
    static const uint8_t data[] = {SEG_SS, SEG_DS, SEG_ES, SEG_FS, SEG_GS};
    ldt_load(cpu, s->ldt, EXC_TS, EXC_TS);
    if (vm86(cpu)) {
        for (unsigned k = 0; k < SEG_COUNT; k++) {
            seg_set_v86(cpu, k, s->sel[k]);
        }
        sys_update(cpu);
        return;
    }
    load_code_segment(cpu, s->sel[SEG_CS]);
    for (unsigned k = 0; k < ARRAY_LEN(data); k++) {
        seg_load_checked(cpu, data[k], s->sel[data[k]], EXC_TS);
    }
}

static void push_code(struct cpu *cpu, const struct switching *s)
{
    struct stack st = stack_present(cpu);
    struct frame f = {.size = s->l->size};
    frame_add(&f, s->req->code);
    frame_probe(cpu, &st, &f);
    cpu->r[ESP] = frame_push(cpu, &st, &f);
}

/* In the context of the new task, before its first instruction. */
static void finish(struct cpu *cpu, const struct switching *s)
{
    if (s->req->has_code) {
        push_code(cpu, s);
    }
    if (cpu->eip > cpu->cs_limit) {
        raise_selector(cpu, EXC_GP, 0);
    }
    if (s->debug) {
        cpu->sys->db_pending |= DR6_BT;
        engine_leave(cpu);
    }
}

void task_switch(struct cpu *cpu, const struct task_request *req)
{
    struct switching s = {.req = req, .links = req->why == TASK_CALL || req->why == TASK_INT};
    struct descriptor old = {0};
    uint16_t back = cpu->sys->tr.sel;
    check_tss(cpu, &s);
    check_old_tss(cpu);
    if (!s.links) {
        descriptor_need(cpu, back, &old, EXC_TS);
    }
    probe_all(cpu, &s, &old);
    check_pointers(cpu, &s);
    save_registers(cpu, &s);
    read_registers(cpu, &s);
    if (s.links) {
        lmem_sys_write(cpu, s.tss.base + TSS_LINK, back, 2);
    }
    write_busy(cpu, &s, &old);
    load_registers(cpu, &s);
    load_segments(cpu, &s);
    finish(cpu, &s);
}
