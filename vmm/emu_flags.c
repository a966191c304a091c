/* vmm/emu_flags.c -- CLI STI PUSHF POPF HLT, INT n: the interrupt flag and what waits for it.
 *
 * The real IF stays set whatever the guest does. CLI and STI trap (IOPL is 0 and the ring is
 * not); PUSHF and POPF do so only on the what-if processor, and that is the whole trouble.
 */
#include "vmm/emulate.h"

static bool may_change_if(const struct vmm *vmm)
{
    return vmm->v.cpl <= vmm->v.iopl;
}

enum emu emulate_cli(struct vmm *vmm, const struct vinsn *in)
{
    (void)in;
    if (!may_change_if(vmm)) {
        return gp(vmm, 0);
    }
    vmm->v.interrupts = false;
    return EMU_DONE;
}

/* If interrupts were off they stay so for one more instruction (SDM 2B STI). */
enum emu emulate_sti(struct vmm *vmm, const struct vinsn *in)
{
    (void)in;
    if (!may_change_if(vmm)) {
        return gp(vmm, 0);
    }
    vmm->v.shadow = !vmm->v.interrupts;
    vmm->v.interrupts = true;
    return EMU_DONE;
}

enum emu emulate_hlt(struct vmm *vmm, const struct vinsn *in)
{
    (void)in;
    if (vmm->v.cpl != 0) {
        return gp(vmm, 0);
    }
    vmm->v.halted = true;
    return EMU_DONE;
}

enum emu emulate_pushf(struct vmm *vmm, const struct vinsn *in)
{
    uint32_t image = virtual_flags(vmm) & ~(uint32_t)HW_RF;
    return vstack_push(vmm, in->size, &image, 1) ? EMU_DONE : EMU_FAULT;
}

enum emu emulate_popf(struct vmm *vmm, const struct vinsn *in)
{
    uint32_t image;
    if (!vstack_peek(vmm, 0, in->size, &image)) {
        return EMU_FAULT;
    }
    vstack_drop(vmm, in->size);
    virtual_flags_set(vmm, image, in->size, vmm->v.cpl);
    return EMU_DONE;
}

static enum emu software_interrupt(struct vmm *vmm, const struct vinsn *in, uint8_t vector)
{
    const struct vfault f = {.vector = vector};
    inject(vmm, &f, true, vmm->frame.eip + in->len);
    return EMU_LEFT;
}

enum emu emulate_int(struct vmm *vmm, const struct vinsn *in)
{
    return software_interrupt(vmm, in, (uint8_t)in->imm);
}

enum emu emulate_int3(struct vmm *vmm, const struct vinsn *in)
{
    return software_interrupt(vmm, in, 3);
}

enum emu emulate_into(struct vmm *vmm, const struct vinsn *in)
{
    enum { OF = 0x800 };
    return vmm->frame.eflags & OF ? software_interrupt(vmm, in, 4) : EMU_DONE;
}
