/* vmm/emu_io.c -- IN OUT INS OUTS: forwarded to the board, once the virtual processor's IOPL or
 * I/O permission bitmap lets them through (SDM 1 18.5).
 */
#include "vmm/emulate.h"

static bool bitmap_allows(struct vmm *vmm, uint16_t port, unsigned size)
{
    uint8_t bytes[2];
    uint32_t mask = (1u << size) - 1;
    if (vmm->v.tss.limit < 103 || !gl_read(vmm, vmm->v.tss.base + 102, bytes, 2, 0)) {
        return false;
    }
    uint32_t at = load_le16(bytes) + port / 8u;
    if (at + 1 > vmm->v.tss.limit || !gl_read(vmm, vmm->v.tss.base + at, bytes, 2, 0)) {
        return false;
    }
    return !(load_le16(bytes) >> port % 8 & mask);
}

static bool may(struct vmm *vmm, uint16_t port, unsigned size)
{
    return vmm->v.cpl <= vmm->v.iopl || bitmap_allows(vmm, port, size);
}

static unsigned width(const struct vinsn *in)
{
    return in->code & 1 ? in->size : 1;
}

static uint16_t port_of(const struct vmm *vmm, const struct vinsn *in)
{
    bool immediate = in->code >= 0xE4 && in->code <= 0xE7;
    return (uint16_t)(immediate ? in->imm : vmm->frame.gpr[HW_EDX]);
}

enum emu emulate_in(struct vmm *vmm, const struct vinsn *in)
{
    unsigned size = width(in);
    uint16_t port = port_of(vmm, in);
    if (!may(vmm, port, size)) {
        return gp(vmm, 0);
    }
    uint32_t keep = size == 4 ? 0 : UINT32_MAX << 8 * size;
    uint32_t *eax = &vmm->frame.gpr[HW_EAX];
    *eax = (*eax & keep) | (hw_in(vmm->hw, port, size) & ~keep);
    charge(vmm->meter, COST_DEVICE);
    return EMU_DONE;
}

enum emu emulate_out(struct vmm *vmm, const struct vinsn *in)
{
    unsigned size = width(in);
    uint16_t port = port_of(vmm, in);
    if (!may(vmm, port, size)) {
        return gp(vmm, 0);
    }
    uint32_t keep = size == 4 ? 0 : UINT32_MAX << 8 * size;
    hw_out(vmm->hw, port, vmm->frame.gpr[HW_EAX] & ~keep, size);
    charge(vmm->meter, COST_DEVICE);
    return EMU_DONE;
}

/* One element an exit: REP goes on from the registers when the guest is entered again. */
static void next_element(struct vmm *vmm, const struct vinsn *in, unsigned index, unsigned size)
{
    enum { DF = 0x400 };
    uint32_t mask = in->addr32 ? UINT32_MAX : 0xFFFF, *r = &vmm->frame.gpr[index];
    uint32_t by = vmm->frame.eflags & DF ? 0u - size : size;
    *r = (*r & ~mask) | ((*r + by) & mask);
}

static enum emu again(struct vmm *vmm, const struct vinsn *in)
{
    uint32_t mask = in->addr32 ? UINT32_MAX : 0xFFFF, *ecx = &vmm->frame.gpr[HW_ECX];
    if (!in->rep) {
        return EMU_DONE;
    }
    *ecx = (*ecx & ~mask) | ((*ecx - 1) & mask);
    return *ecx & mask ? EMU_JUMPED : EMU_DONE;
}

static bool nothing_to_do(const struct vmm *vmm, const struct vinsn *in)
{
    uint32_t mask = in->addr32 ? UINT32_MAX : 0xFFFF;
    return in->rep && (vmm->frame.gpr[HW_ECX] & mask) == 0;
}

enum emu emulate_ins(struct vmm *vmm, const struct vinsn *in)
{
    unsigned size = width(in);
    uint16_t port = port_of(vmm, in);
    uint32_t mask = in->addr32 ? UINT32_MAX : 0xFFFF, old;
    uint32_t ea = vmm->frame.gpr[HW_EDI] & mask;
    if (nothing_to_do(vmm, in)) {
        return EMU_DONE;
    }
    if (!may(vmm, port, size)) {
        return gp(vmm, 0);
    }
    /* a port read cannot be taken back: is there room for it? */
    if (!seg_read(vmm, HW_ES, ea, size, &old) || !seg_write(vmm, HW_ES, ea, size, old) ||
        !seg_write(vmm, HW_ES, ea, size, hw_in(vmm->hw, port, size))) {
        return EMU_FAULT;
    }
    charge(vmm->meter, COST_DEVICE);
    next_element(vmm, in, HW_EDI, size);
    return again(vmm, in);
}

enum emu emulate_outs(struct vmm *vmm, const struct vinsn *in)
{
    unsigned size = width(in), seg = in->seg == HW_SEGS ? HW_DS : in->seg;
    uint16_t port = port_of(vmm, in);
    uint32_t mask = in->addr32 ? UINT32_MAX : 0xFFFF, v;
    if (nothing_to_do(vmm, in)) {
        return EMU_DONE;
    }
    if (!may(vmm, port, size)) {
        return gp(vmm, 0);
    }
    if (!seg_read(vmm, seg, vmm->frame.gpr[HW_ESI] & mask, size, &v)) {
        return EMU_FAULT;
    }
    hw_out(vmm->hw, port, v, size);
    charge(vmm->meter, COST_DEVICE);
    next_element(vmm, in, HW_ESI, size);
    return again(vmm, in);
}
