/* vmm/emu_system.c -- control registers, debug registers, table registers: what only level 0
 * may load, and, on most processors, everybody may read.
 *
 * NOT IMPLEMENTED: model-specific registers and performance counters (each is #GP, and the
 * report says so), leaving protected mode, PAE,
 * breaking on guest breakpoints in the monitor's pages, alignment checks with -vmm-ring 3.
 */
#include "vmm/emulate.h"

enum { CR4_TSD = 4, CR4_DE = 8, CR4_PSE = 16, CR4_PAE = 32, CR4_PCE = 256, CR4_FPU = 0x600 };
enum { TSS16 = 1, LDT = 2, TSS32 = 9, BUSY = 2 };

/* ---- the x87: TS is the monitor's until the guest first uses it, then the guest's own */

void fpu_update(struct vmm *vmm)
{
    uint32_t own = HW_PG | HW_WP | HW_NE | HW_ET | HW_PE;
    uint32_t guest = vmm->v.cr0 & (HW_TS | HW_EM | HW_MP | (vmm->ring == 3 ? 0u : HW_AM));
    hw_load_cr0(vmm->hw, own | guest | (vmm->fpu_open ? 0u : HW_TS));
}

/* ---- CR0 to CR4 */

static enum emu set_cr0(struct vmm *vmm, uint32_t v)
{
    bool ok = !(v & HW_PG) || (v & HW_PE);
    if (!ok || !hw_load_cr0(vmm->hw, v | HW_PG | HW_PE)) { /* the other rules it knows */
        return gp(vmm, 0);
    }
    if (!(v & HW_PE)) {
        vmm_lost(vmm, "the guest leaves protected mode");
        return EMU_LOST;
    }
    v = (hw_read_cr0(vmm->hw) & ~HW_PG) | (v & HW_PG);
    uint32_t changed = vmm->v.cr0 ^ v;
    vmm->v.cr0 = v;
    if (changed & (HW_PG | HW_WP)) {
        shadow_flush(vmm);
        desc_sync(vmm);
    }
    fpu_update(vmm);
    return EMU_DONE;
}

static enum emu set_cr3(struct vmm *vmm, uint32_t v)
{
    vmm->v.cr3 = v;
    vmm->count.cr3_loads++;
    desc_sync(vmm); /* the guest's GDT may be elsewhere in this address space */
    return EMU_DONE;
}

static enum emu set_cr4(struct vmm *vmm, uint32_t v)
{
    if (!hw_load_cr4(vmm->hw, v & ~(uint32_t)CR4_PAE)) {
        return gp(vmm, 0);
    }
    if (v & CR4_PAE) {
        vmm_lost(vmm, "the guest wants PAE");
        return EMU_LOST;
    }
    if ((vmm->v.cr4 ^ v) & CR4_PSE) {
        shadow_flush(vmm);
    }
    vmm->v.cr4 = v;
    hw_load_cr4(vmm->hw, v & (CR4_TSD | CR4_DE | CR4_PCE | CR4_FPU));
    return EMU_DONE;
}

enum emu emulate_mov_from_cr(struct vmm *vmm, const struct vinsn *in)
{
    const uint32_t *from = in->reg == 0   ? &vmm->v.cr0
                           : in->reg == 2 ? &vmm->v.cr2
                           : in->reg == 3 ? &vmm->v.cr3
                           : in->reg == 4 ? &vmm->v.cr4
                                          : NULL;
    if (from == NULL) {
        return fault(vmm, 6, 0);
    }
    if (vmm->v.cpl != 0) {
        return gp(vmm, 0);
    }
    vmm->frame.gpr[in->rm] = *from;
    return EMU_DONE;
}

enum emu emulate_mov_to_cr(struct vmm *vmm, const struct vinsn *in)
{
    uint32_t v = vmm->frame.gpr[in->rm];
    if (in->reg != 0 && (in->reg < 2 || in->reg > 4)) {
        return fault(vmm, 6, 0);
    }
    if (vmm->v.cpl != 0) {
        return gp(vmm, 0);
    }
    switch (in->reg) {
    case 0: return set_cr0(vmm, v);
    case 2: vmm->v.cr2 = v; return EMU_DONE;
    case 3: return set_cr3(vmm, v);
    default: return set_cr4(vmm, v);
    }
}

enum emu emulate_clts(struct vmm *vmm, const struct vinsn *in)
{
    (void)in;
    if (vmm->v.cpl != 0) {
        return gp(vmm, 0);
    }
    vmm->v.cr0 &= ~(uint32_t)HW_TS;
    fpu_update(vmm);
    return EMU_DONE;
}

/* PE can be set, and not cleared (SDM 2A LMSW). */
enum emu emulate_lmsw(struct vmm *vmm, const struct vinsn *in)
{
    uint32_t v;
    if (vmm->v.cpl != 0) {
        return gp(vmm, 0);
    }
    if (!vrm_read(vmm, in, 2, &v)) {
        return EMU_FAULT;
    }
    return set_cr0(vmm, (vmm->v.cr0 & ~0xEu) | (v & 0xF));
}

enum emu emulate_smsw(struct vmm *vmm, const struct vinsn *in)
{
    if (!in->mem) {
        reg_write(vmm, in->rm, in->size, vmm->v.cr0);
        return EMU_DONE;
    }
    return seg_write(vmm, in->seg, in->ea, 2, vmm->v.cr0) ? EMU_DONE : EMU_FAULT;
}

/* INVLPG: shadows are never stale. INVD, WBINVD: there are no caches. */
enum emu emulate_nothing(struct vmm *vmm, const struct vinsn *in)
{
    (void)in;
    return vmm->v.cpl != 0 ? gp(vmm, 0) : EMU_DONE;
}

/* A processor would have answered: the report says that this one does not. */
enum emu emulate_msr(struct vmm *vmm, const struct vinsn *in)
{
    if (vmm->v.cpl == 0 && vmm->count.msr_refused++ == 0) {
        vmm->first_msr.name = in->op->name;
        vmm->first_msr.ecx = vmm->frame.gpr[HW_ECX];
        vmm->first_msr.cs = virtual_sel(vmm, HW_CS);
        vmm->first_msr.eip = vmm->frame.eip;
    }
    return gp(vmm, 0);
}

/* With CR4.TSD the real processor refuses it to the kernel, too. */
enum emu emulate_rdtsc(struct vmm *vmm, const struct vinsn *in)
{
    uint64_t v = hw_tsc(vmm->hw);
    (void)in;
    if (vmm->v.cpl != 0 && (vmm->v.cr4 & CR4_TSD)) {
        return gp(vmm, 0);
    }
    vmm->frame.gpr[HW_EAX] = (uint32_t)v;
    vmm->frame.gpr[HW_EDX] = (uint32_t)(v >> 32);
    return EMU_DONE;
}

/* ---- debug registers: the real ones are the guest's */

/* DR7.GD is the virtual processor's own: the real one would guard them against the monitor. */
enum { DR7_GD = 1 << 13, DR6_BD = 1 << 13 };

static enum emu debug_check(struct vmm *vmm, const struct vinsn *in)
{
    bool alias = in->reg == 4 || in->reg == 5;
    if (alias && (vmm->v.cr4 & CR4_DE)) {
        return fault(vmm, 6, 0);
    }
    if (vmm->v.cpl != 0) {
        return gp(vmm, 0);
    }
    if (vmm->v.general_detect) {
        hw_load_dr(vmm->hw, 6, hw_read_dr(vmm->hw, 6) | DR6_BD);
        return fault(vmm, 1, 0);
    }
    return EMU_DONE;
}

enum emu emulate_mov_from_dr(struct vmm *vmm, const struct vinsn *in)
{
    enum emu result = debug_check(vmm, in);
    if (result == EMU_DONE) { /* GD is clear, or this would not be read */
        vmm->frame.gpr[in->rm] = hw_read_dr(vmm->hw, in->reg);
    }
    return result;
}

enum emu emulate_mov_to_dr(struct vmm *vmm, const struct vinsn *in)
{
    uint32_t v = vmm->frame.gpr[in->rm];
    enum emu result = debug_check(vmm, in);
    if (result != EMU_DONE) {
        return result;
    }
    if (in->reg < 4 && v >= VMM_LINEAR) {
        v = 0; /* not the monitor's own */
    }
    if ((in->reg | 2) == 7) {
        vmm->v.general_detect = v & DR7_GD;
        v &= ~(uint32_t)DR7_GD;
    }
    hw_load_dr(vmm->hw, in->reg, v);
    return EMU_DONE;
}

/* ---- GDTR, IDTR */

static enum emu load_table(struct vmm *vmm, const struct vinsn *in, struct vtable *t)
{
    uint32_t limit, base;
    if (!in->mem) {
        return fault(vmm, 6, 0);
    }
    if (vmm->v.cpl != 0) {
        return gp(vmm, 0);
    }
    if (!seg_read(vmm, in->seg, in->ea, 2, &limit) ||
        !seg_read(vmm, in->seg, in->ea + 2, 4, &base)) {
        return EMU_FAULT;
    }
    *t = (struct vtable){in->size == 4 ? base : base & 0xFFFFFF, limit};
    return EMU_DONE;
}

enum emu emulate_lgdt(struct vmm *vmm, const struct vinsn *in)
{
    struct vtable t = vmm->v.gdt;
    enum emu result = load_table(vmm, in, &t);
    if (result == EMU_DONE) {
        vseg_hold(vmm, &t);
        vmm->v.gdt = t;
        desc_sync(vmm);
    }
    return result;
}

enum emu emulate_lidt(struct vmm *vmm, const struct vinsn *in)
{
    return load_table(vmm, in, &vmm->v.idt);
}

static enum emu store_table(struct vmm *vmm, const struct vinsn *in, const struct vtable *t)
{
    if (!in->mem) {
        return fault(vmm, 6, 0);
    }
    /* the base first, as the processor does: CR2 says which was refused */
    return seg_write(vmm, in->seg, in->ea + 2, 4, t->base) &&
                   seg_write(vmm, in->seg, in->ea, 2, t->limit)
               ? EMU_DONE
               : EMU_FAULT;
}

enum emu emulate_sgdt(struct vmm *vmm, const struct vinsn *in)
{
    return store_table(vmm, in, &vmm->v.gdt);
}

enum emu emulate_sidt(struct vmm *vmm, const struct vinsn *in)
{
    return store_table(vmm, in, &vmm->v.idt);
}

/* ---- LDTR, TR */

/* The descriptor of a system segment of one of two types; EMU_DONE or EMU_FAULT. */
static enum emu system_need(struct vmm *vmm, const struct vinsn *in, uint16_t *sel,
                            struct vdesc *d, unsigned type_a, unsigned type_b)
{
    uint32_t v;
    if (vmm->v.cpl != 0) {
        return gp(vmm, 0);
    }
    if (!vrm_read(vmm, in, 2, &v)) {
        return EMU_FAULT;
    }
    *sel = (uint16_t)v;
    if (type_a == LDT && (v & ~3u) == 0) {
        return EMU_DONE; /* no LDT */
    }
    if ((v & 4) || !desc_fetch(vmm, *sel, d) ||
        (desc_type(d) != type_a && desc_type(d) != type_b)) {
        return gp(vmm, v & ~3u);
    }
    return d->hi & DESC_P ? EMU_DONE : fault(vmm, 11, v & ~3u);
}

enum emu emulate_lldt(struct vmm *vmm, const struct vinsn *in)
{
    uint16_t sel;
    struct vdesc d = {0, 0, 0};
    enum emu result = system_need(vmm, in, &sel, &d, LDT, LDT);
    if (result == EMU_DONE) {
        vmm->v.ldtr = sel & ~3u ? sel : 0;
        vmm->v.ldt = (struct vtable){desc_base(&d), desc_limit(&d)};
        desc_sync(vmm);
    }
    return result;
}

enum emu emulate_ltr(struct vmm *vmm, const struct vinsn *in)
{
    uint16_t sel;
    struct vdesc d = {0, 0, 0};
    uint8_t hi[4];
    enum emu result = system_need(vmm, in, &sel, &d, TSS16, TSS32);
    if (result != EMU_DONE) {
        return result;
    }
    store_le32(hi, d.hi | BUSY << 8);
    if (!gl_write(vmm, d.la + 4, hi, 4, 0)) {
        return EMU_FAULT;
    }
    vmm->v.tr = sel;
    vmm->v.tss = (struct vtable){desc_base(&d), desc_limit(&d)};
    return EMU_DONE;
}

enum emu emulate_sldt(struct vmm *vmm, const struct vinsn *in)
{
    return vrm_write16(vmm, in, vmm->v.ldtr) ? EMU_DONE : EMU_FAULT;
}

enum emu emulate_str(struct vmm *vmm, const struct vinsn *in)
{
    return vrm_write16(vmm, in, vmm->v.tr) ? EMU_DONE : EMU_FAULT;
}
