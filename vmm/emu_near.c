/* vmm/emu_near.c -- instructions that are not sensitive at all, and trap because the strategy
 * `rewrite` has replaced them: near transfers whose target has to be scanned before it runs,
 * and stores into traced pages.
 */
#include "vmm/emulate.h"
#include "vmm/rewrite.h"

static enum emu jump_near(struct vmm *vmm, const struct vinsn *in, uint32_t eip)
{
    vmm->frame.eip = in->size == 4 ? eip : eip & 0xFFFF;
    return EMU_JUMPED;
}

static enum emu call_near(struct vmm *vmm, const struct vinsn *in, uint32_t eip)
{
    const uint32_t back = vmm->frame.eip + in->len;
    if (!vstack_push(vmm, in->size, &back, 1)) {
        return EMU_FAULT;
    }
    vmm->scan_depth = 0;
    return jump_near(vmm, in, eip);
}

enum emu emulate_call_direct(struct vmm *vmm, const struct vinsn *in)
{
    uint32_t eip = vmm->frame.eip + in->len + in->imm;
    rewrite_link(vmm, in->size == 4 ? eip : eip & 0xFFFF);
    return call_near(vmm, in, eip);
}

enum emu emulate_call_indirect(struct vmm *vmm, const struct vinsn *in)
{
    uint32_t eip;
    return vrm_read(vmm, in, in->size, &eip) ? call_near(vmm, in, eip) : EMU_FAULT;
}

enum emu emulate_jmp_indirect(struct vmm *vmm, const struct vinsn *in)
{
    uint32_t eip;
    if (!vrm_read(vmm, in, in->size, &eip)) {
        return EMU_FAULT;
    }
    vmm->scan_depth = rewrite_depth(vmm);
    return jump_near(vmm, in, eip);
}

enum emu emulate_ret_near(struct vmm *vmm, const struct vinsn *in)
{
    uint32_t eip;
    if (!vstack_peek(vmm, 0, in->size, &eip)) {
        return EMU_FAULT;
    }
    vstack_drop(vmm, in->size + in->imm);
    return jump_near(vmm, in, eip);
}

/* MOV to memory: 88 89 from a register, C6 C7 an immediate. */
enum emu emulate_store(struct vmm *vmm, const struct vinsn *in)
{
    unsigned size = in->code & 1 ? in->size : 1;
    uint32_t v = in->imm;
    laddr la;
    struct walk w;
    if (in->code < 0xC0) {
        v = size == 1 && in->reg >= 4 ? vmm->frame.gpr[in->reg - 4] >> 8
                                      : vmm->frame.gpr[in->reg];
    }
    bool traced = seg_linear(vmm, in->seg, in->ea, size, true, &la) && walk(vmm, la, 0, &w) &&
                  (w.ga >> PAGE_SHIFT >= vmm->guest_frames || vmm->trace[w.ga >> PAGE_SHIFT]);
    if (!traced) {
        rewrite_undo(vmm);
        return EMU_LEFT; /* it runs by itself */
    }
    return seg_write(vmm, in->seg, in->ea, size, v) ? EMU_DONE : EMU_FAULT;
}
