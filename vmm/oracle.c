/* vmm/oracle.c -- see the header. */
#include "vmm/oracle.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "vmm/emulate.h"

/* One comparison; both sides as text. */
struct verdict {
    bool differs;
    const char *what;
    char expected[24], observed[24];
};

static void differ(struct verdict *v, const char *what, uint32_t expected, uint32_t observed)
{
    if (expected != observed && !v->differs) {
        v->differs = true;
        v->what = what;
        snprintf(v->expected, sizeof v->expected, "%08" PRIx32, expected);
        snprintf(v->observed, sizeof v->observed, "%08" PRIx32, observed);
    }
}

static void should_fault(struct verdict *v, const struct vmm *vmm, const char *what)
{
    v->differs = true;
    v->what = what;
    snprintf(v->expected, sizeof v->expected, "%s(%04" PRIx32 ")",
             vmm->fault.vector == 13   ? "#GP"
             : vmm->fault.vector == 12 ? "#SS"
             : vmm->fault.vector == 11 ? "#NP"
                                       : "#TS",
             vmm->fault.code);
    snprintf(v->observed, sizeof v->observed, "nothing");
}

/* ---- what the stack holds, read without a trace */

static uint32_t peek(const struct oracle *o, laddr la)
{
    maddr ma;
    return hw_translate(o->vmm->hw, la, &ma) ? hw_load32(o->vmm->hw, ma) : 0;
}

static uint32_t on_stack(const struct oracle *o, const struct hw_state *s, unsigned off)
{
    return peek(o, s->base[HW_SS] + s->frame.gpr[HW_ESP] + off);
}

/* ---- by kind of instruction; vmm->frame is that before the instruction */

static void compare_flags(struct verdict *v, const struct vmm *vmm, uint32_t image)
{
    bool may_if = vmm->v.cpl <= vmm->v.iopl;
    bool expected = may_if ? (image & HW_IF) != 0 : vmm->v.interrupts;
    uint32_t iopl = vmm->v.cpl == 0 ? image >> 12 & 3 : vmm->v.iopl;
    differ(v, "IF", expected, vmm->v.interrupts);
    differ(v, "IOPL", iopl, vmm->v.iopl);
}

/* LAR LSL VERR VERW: the emulator changes the frame alone. */
static void compare_answer(struct verdict *v, struct vmm *vmm, const struct vinsn *in,
                           const struct hw_state *after)
{
    bool said = after->frame.eflags & HW_ZF;
    in->op->emulate(vmm, in);
    bool says = vmm->frame.eflags & HW_ZF;
    differ(v, "ZF", says, said);
    differ(v, "result", vmm->frame.gpr[in->reg], after->frame.gpr[in->reg]);
}

static void compare_load(struct verdict *v, struct vmm *vmm, unsigned seg,
                         const struct hw_state *after)
{
    struct vdesc d;
    uint16_t sel = after->frame.seg[seg];
    if (segment_check(vmm, seg, sel, &d) != EMU_DONE) {
        should_fault(v, vmm, "fault");
    } else if (sel & ~3u) {
        differ(v, "base", desc_base(&d), after->base[seg]);
    }
}

static void compare_selector(struct verdict *v, const struct vmm *vmm, unsigned seg,
                             const char *what)
{
    if (seg < HW_SEGS) {
        differ(v, what, virtual_sel(vmm, seg), vmm->frame.seg[seg]);
    }
}

static void compare_transfer(struct verdict *v, struct oracle *o, const struct vinsn *in,
                             const char *row)
{
    struct vmm *vmm = o->vmm;
    uint32_t eip = in->imm, sel = in->sel;
    if (in->mem) {
        seg_read(vmm, in->seg, in->ea, in->size, &eip);
        seg_read(vmm, in->seg, in->ea + in->size, 2, &sel);
    }
    if (strncmp(row, "RETF", 4) == 0) {
        eip = on_stack(o, &o->before, 0);
        sel = on_stack(o, &o->before, in->size) & 0xFFFF;
        if (vreturn_check(vmm, (uint16_t)sel, eip) == EMU_FAULT) {
            should_fault(v, vmm, "fault");
        }
    } else if (vtarget_check(vmm, (uint16_t)sel, eip) == EMU_FAULT) {
        should_fault(v, vmm, "fault");
    }
    if (strncmp(row, "CALL", 4) == 0) {
        compare_selector(v, vmm, HW_CS, "CS pushed");
    }
}

/* Which segment register does this row name? HW_SEGS: ModRM says. */
static unsigned row_segment(const char *row)
{
    static const char *const names[HW_SEGS] = {"ES", "CS", "SS", "DS", "FS", "GS"};
    const char *tail = strncmp(row, "PUSH_", 5) == 0  ? row + 5
                       : strncmp(row, "POP_", 4) == 0 ? row + 4
                                                      : "";
    for (unsigned seg = 0; seg < HW_SEGS; seg++) {
        bool lxs = row[0] == 'L' && strncmp(row + 1, names[seg], 1) == 0 && row[2] == 'S' &&
                   row[3] == '_';
        if (strcmp(tail, names[seg]) == 0 || lxs) {
            return seg;
        }
    }
    return HW_SEGS;
}

static void compare(struct oracle *o, const char *row, const struct hw_state *after,
                    struct verdict *v)
{
    struct vmm *vmm = o->vmm;
    const struct hw_state *b = &o->before;
    struct vinsn in;
    if (!decode_insn(vmm, emulate_table, &in) || in.op == NULL) {
        return;
    }
    unsigned seg = row_segment(row);
    seg = seg == HW_SEGS ? in.reg : seg;
    if (strcmp(row, "SGDT") == 0) {
        differ(v, "base", vmm->v.gdt.base, b->gdt);
    } else if (strcmp(row, "SIDT") == 0) {
        differ(v, "base", vmm->v.idt.base, b->idt);
    } else if (strcmp(row, "SLDT") == 0) {
        differ(v, "selector", vmm->v.ldtr, b->ldtr);
    } else if (strcmp(row, "STR") == 0) {
        differ(v, "selector", vmm->v.tr, b->tr);
    } else if (strcmp(row, "SMSW") == 0) {
        differ(v, "CR0", vmm->v.cr0 & 0xFFFF, b->cr0 & 0xFFFF);
    } else if (strcmp(row, "PUSHF") == 0) {
        differ(v, "IF", vmm->v.interrupts, !!(b->frame.eflags & HW_IF));
        differ(v, "IOPL", vmm->v.iopl, b->frame.eflags >> 12 & 3);
    } else if (strcmp(row, "POPF") == 0 || strcmp(row, "IRET") == 0) {
        compare_flags(v, vmm, o->image);
    } else if (row[0] == 'L' && (row[1] == 'A' || row[1] == 'S') && row[3] == '\0') {
        compare_answer(v, vmm, &in, after); /* LAR, LSL */
    } else if (strncmp(row, "VER", 3) == 0) {
        compare_answer(v, vmm, &in, after);
    } else if (strncmp(row, "PUSH_", 5) == 0 || strcmp(row, "MOV_EvSw") == 0) {
        compare_selector(v, vmm, seg, "RPL");
    } else if (strncmp(row, "POP_", 4) == 0 || strcmp(row, "MOV_SwEw") == 0 || row[0] == 'L') {
        compare_load(v, vmm, seg, after);
    } else if (strncmp(row, "INT", 3) != 0) {
        compare_transfer(v, o, &in, row);
    }
}

/* ---- told by the processor */

static struct divergence *kind_of(struct oracle *o, const char *row)
{
    for (unsigned n = 0; n < o->kinds; n++) {
        if (strcmp(o->kind[n].row, row) == 0) {
            return &o->kind[n];
        }
    }
    return NULL;
}

static void note_first(struct oracle *o, const char *row, unsigned len, const struct verdict *v)
{
    struct divergence *d = &o->kind[o->kinds++];
    const struct hw_state *b = &o->before;
    snprintf(d->row, sizeof d->row, "%s", row);
    d->count = 0;
    d->tick = 0;
    d->cs = b->frame.seg[HW_CS];
    d->eip = b->frame.eip;
    d->cpl = o->vmm->v.cpl;
    d->len = len < sizeof d->bytes ? len : (unsigned)sizeof d->bytes;
    for (unsigned n = 0; n < d->len; n++) {
        d->bytes[n] = (uint8_t)peek(o, b->base[HW_CS] + d->eip + n);
    }
    snprintf(d->what, sizeof d->what, "%s", v->what);
    memcpy(d->expected, v->expected, sizeof d->expected);
    memcpy(d->observed, v->observed, sizeof d->observed);
}

static void after(struct oracle *o, const char *row, unsigned len)
{
    struct vmm *vmm = o->vmm;
    struct hw_state now;
    struct verdict v = {.differs = false};
    /* The monitor's own functions say what is right; no trace of them may stay behind. */
    struct hw_frame frame = vmm->frame;
    struct vfault fault = vmm->fault;
    struct meter meter = *vmm->meter;
    unsigned cpl = vmm->v.cpl, rpl = o->before.frame.seg[HW_CS] & 3;
    enum vmm_end end = vmm->end;
    hw_look(vmm->hw, &now);
    vmm->frame = o->before.frame;
    vmm->v.cpl = rpl > vmm->ring ? rpl : cpl;
    compare(o, row, &now, &v);
    if (v.differs) {
        struct divergence *d = kind_of(o, row);
        if (d == NULL && o->kinds < ORACLE_KINDS) {
            note_first(o, row, len, &v);
            d = &o->kind[o->kinds - 1];
        }
        if (d != NULL) {
            d->count++;
        }
        o->diverged++;
    }
    vmm->v.cpl = cpl;
    vmm->frame = frame;
    vmm->fault = fault;
    *vmm->meter = meter;
    vmm->end = end;
    if (v.differs && o->stop) {
        vmm->end = VMM_DIVERGED;
        hw_stop_soon(vmm->hw);
    }
}

static void told(void *ctx, const char *row, unsigned len, bool done)
{
    struct oracle *o = ctx;
    if (done) {
        after(o, row, len);
        return;
    }
    o->looked_at++;
    hw_look(o->vmm->hw, &o->before);
    bool iret = strcmp(row, "IRET") == 0;
    o->image = on_stack(o, &o->before, iret ? 8 : 0);
}

/* ---- code that is read as data */

static void read_seen(void *ctx, laddr la)
{
    struct oracle *o = ctx;
    struct verdict v = {.differs = false};
    hw_look(o->vmm->hw, &o->before);
    unsigned rpl = o->before.frame.seg[HW_CS] & 3;
    if (rpl > o->vmm->ring || o->vmm->v.cpl == 3) {
        return; /* programs see the original */
    }
    differ(&v, "code read as data", la, 0xF4);
    snprintf(v.expected, sizeof v.expected, "byte %08" PRIx32, la);
    snprintf(v.observed, sizeof v.observed, "HLT");
    struct divergence *d = kind_of(o, "(read)");
    if (d == NULL && o->kinds < ORACLE_KINDS) {
        note_first(o, "(read)", 0, &v);
        d = &o->kind[o->kinds - 1];
    }
    if (d != NULL) {
        d->count++;
    }
    o->diverged++;
    if (o->stop) {
        o->vmm->end = VMM_DIVERGED;
        hw_stop_soon(o->vmm->hw);
    }
}

void oracle_replaced(struct oracle *o, laddr la, bool on)
{
    hw_watch_byte(o->vmm->hw, la, on);
}

void oracle_start(struct oracle *o, struct vmm *vmm)
{
    o->vmm = vmm;
    hw_watch_reads(vmm->hw, read_seen, o);
    hw_watch(vmm->hw, told, o);
}
