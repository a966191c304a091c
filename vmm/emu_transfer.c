/* vmm/emu_transfer.c -- far CALL, JMP, RET and IRET: from one code segment to another, and from
 * one level to another (SDM 3A 5.8; 2A CALL, IRET).
 *
 * NOT IMPLEMENTED: call gates, task gates and TSS (the laboratory ends there, and says so);
 * IRET to virtual-8086 mode, or with NT set.
 */
#include "vmm/emulate.h"

static bool is_code(const struct vdesc *d)
{
    return (d->hi & (DESC_S | DESC_CODE)) == (DESC_S | DESC_CODE);
}

/* The target of a jump or call, which keeps its level. */
enum emu vtarget_check(struct vmm *vmm, uint16_t sel, uint32_t eip)
{
    struct vdesc d;
    unsigned cpl = vmm->v.cpl;
    if (!desc_fetch(vmm, sel, &d)) {
        return gp(vmm, sel & ~3u);
    }
    if (!is_code(&d)) {
        unsigned type = desc_type(&d);
        if (type == 1 || type == 4 || type == 5 || type == 9 || type == 12) {
            vmm_lost(vmm, "a far transfer through a gate or TSS (selector %04x)", sel);
            return EMU_LOST;
        }
        return gp(vmm, sel & ~3u);
    }
    bool ok = d.hi & DESC_C ? desc_dpl(&d) <= cpl : (sel & 3u) <= cpl && desc_dpl(&d) == cpl;
    if (!ok) {
        return gp(vmm, sel & ~3u);
    }
    if (!(d.hi & DESC_P)) {
        return fault(vmm, 11, sel & ~3u);
    }
    return eip > desc_limit(&d) ? gp(vmm, 0) : EMU_DONE;
}

static enum emu jump(struct vmm *vmm, uint16_t sel, uint32_t eip)
{
    enum emu result = vtarget_check(vmm, sel, eip);
    if (result != EMU_DONE) {
        return result;
    }
    vseg_set(vmm, HW_CS, real_sel(vmm, sel));
    vmm->frame.eip = eip;
    return EMU_JUMPED;
}

static enum emu call(struct vmm *vmm, const struct vinsn *in, uint16_t sel, uint32_t eip)
{
    const uint32_t back[2] = {virtual_sel(vmm, HW_CS), vmm->frame.eip + in->len};
    enum emu result = vtarget_check(vmm, sel, eip);
    if (result != EMU_DONE) {
        return result;
    }
    return vstack_push(vmm, in->size, back, 2) ? jump(vmm, sel, eip) : EMU_FAULT;
}

static bool pointer(struct vmm *vmm, const struct vinsn *in, uint32_t *eip, uint32_t *sel)
{
    return seg_read(vmm, in->seg, in->ea, in->size, eip) &&
           seg_read(vmm, in->seg, in->ea + in->size, 2, sel);
}

enum emu emulate_jmp_far(struct vmm *vmm, const struct vinsn *in)
{
    return jump(vmm, in->sel, in->imm);
}

enum emu emulate_call_far(struct vmm *vmm, const struct vinsn *in)
{
    return call(vmm, in, in->sel, in->imm);
}

enum emu emulate_jmp_mem(struct vmm *vmm, const struct vinsn *in)
{
    uint32_t eip, sel;
    if (!in->mem) {
        return fault(vmm, 6, 0);
    }
    return pointer(vmm, in, &eip, &sel) ? jump(vmm, (uint16_t)sel, eip) : EMU_FAULT;
}

enum emu emulate_call_mem(struct vmm *vmm, const struct vinsn *in)
{
    uint32_t eip, sel;
    if (!in->mem) {
        return fault(vmm, 6, 0);
    }
    return pointer(vmm, in, &eip, &sel) ? call(vmm, in, (uint16_t)sel, eip) : EMU_FAULT;
}

/* ---- back: RET, IRET */

/* What the new level may not have is taken away (SDM 3A 5.8.6). */
static void null_inner_segments(struct vmm *vmm)
{
    static const uint8_t data[] = {HW_ES, HW_DS, HW_FS, HW_GS};
    for (unsigned n = 0; n < ARRAY_LEN(data); n++) {
        struct vdesc d;
        bool there = desc_fetch(vmm, vmm->frame.seg[data[n]], &d);
        bool conforming = there && is_code(&d) && (d.hi & DESC_C);
        if (!there || (desc_dpl(&d) < vmm->v.cpl && !conforming)) {
            vseg_set(vmm, data[n], 0);
        }
    }
}

enum emu vreturn_check(struct vmm *vmm, uint16_t cs, uint32_t eip)
{
    struct vdesc d;
    unsigned rpl = cs & 3u;
    if (!desc_fetch(vmm, cs, &d) || !is_code(&d) || rpl < vmm->v.cpl) {
        return gp(vmm, cs & ~3u);
    }
    if (d.hi & DESC_C ? desc_dpl(&d) > rpl : desc_dpl(&d) != rpl) {
        return gp(vmm, cs & ~3u);
    }
    if (!(d.hi & DESC_P)) {
        return fault(vmm, 11, cs & ~3u);
    }
    return eip > desc_limit(&d) ? gp(vmm, 0) : EMU_DONE;
}

static enum emu outer_stack_check(struct vmm *vmm, uint16_t ss, unsigned rpl)
{
    struct vdesc d;
    if (!desc_fetch(vmm, ss, &d)) {
        return gp(vmm, ss & ~3u);
    }
    bool writable = (d.hi & (DESC_S | DESC_CODE | DESC_W)) == (DESC_S | DESC_W);
    if ((ss & 3u) != rpl || desc_dpl(&d) != rpl || !writable) {
        return gp(vmm, ss & ~3u);
    }
    return d.hi & DESC_P ? EMU_DONE : fault(vmm, 12, ss & ~3u);
}

/* n: values on the stack up to CS included, or flags (IRET); pop: bytes that RET drops. */
static enum emu far_return(struct vmm *vmm, const struct vinsn *in, unsigned n, uint32_t pop)
{
    uint32_t eip, cs, esp = 0, ss = 0, size = in->size;
    if (!vstack_peek(vmm, 0, size, &eip) || !vstack_peek(vmm, 1, size, &cs)) {
        return EMU_FAULT;
    }
    enum emu result = vreturn_check(vmm, (uint16_t)cs, eip);
    if (result != EMU_DONE) {
        return result;
    }
    unsigned rpl = cs & 3;
    if (rpl == vmm->v.cpl) {
        vstack_drop(vmm, n * size + pop);
    } else {
        if (!vstack_peek(vmm, n + pop / size, size, &esp) ||
            !vstack_peek(vmm, n + pop / size + 1, size, &ss)) {
            return EMU_FAULT;
        }
        result = outer_stack_check(vmm, (uint16_t)ss, rpl);
        if (result != EMU_DONE) {
            return result;
        }
        vmm->v.cpl = rpl;
        vseg_set(vmm, HW_SS, real_sel(vmm, (uint16_t)ss));
        vmm->frame.gpr[HW_ESP] = esp + pop;
        null_inner_segments(vmm);
    }
    vseg_set(vmm, HW_CS, real_sel(vmm, (uint16_t)cs));
    vmm->frame.eip = eip;
    return EMU_JUMPED;
}

enum emu emulate_retf(struct vmm *vmm, const struct vinsn *in)
{
    return far_return(vmm, in, 2, in->imm);
}

enum emu emulate_iret(struct vmm *vmm, const struct vinsn *in)
{
    uint32_t flags;
    unsigned cpl = vmm->v.cpl;
    if (!vstack_peek(vmm, 2, in->size, &flags)) {
        return EMU_FAULT;
    }
    bool v86 = in->size == 4 && (flags & HW_VM) && cpl == 0;
    if ((vmm->frame.eflags & HW_NT) || v86) {
        vmm_lost(vmm, v86 ? "IRET to virtual-8086 mode" : "IRET with NT set");
        return EMU_LOST;
    }
    enum emu result = far_return(vmm, in, 3, 0);
    if (result == EMU_JUMPED) {
        virtual_flags_set(vmm, flags, in->size, cpl);
        vmm->frame.eflags |= in->size == 4 ? flags & HW_RF : 0;
    }
    return result;
}
