/* vmm/emu_segment.c -- segment registers and descriptors: MOV PUSH POP LDS …, LAR LSL VERR
 * VERW.
 *
 * Ten of the seventeen. On real hardware they look at the real level and the shadow tables, and
 * answer; here they look at the virtual level and the guest's own tables.
 */
#include "vmm/emulate.h"

/* ---- loads (SDM 2B MOV; 3A 5.5, 5.7) */

static enum emu stack_check(struct vmm *vmm, uint16_t sel, struct vdesc *d)
{
    unsigned cpl = vmm->v.cpl;
    if (!desc_fetch(vmm, sel, d)) {
        return gp(vmm, sel & ~3u);
    }
    bool writable = (d->hi & (DESC_S | DESC_CODE | DESC_W)) == (DESC_S | DESC_W);
    if ((sel & 3u) != cpl || desc_dpl(d) != cpl || !writable) {
        return gp(vmm, sel & ~3u);
    }
    return d->hi & DESC_P ? EMU_DONE : fault(vmm, 12, sel & ~3u);
}

static enum emu data_check(struct vmm *vmm, uint16_t sel, struct vdesc *d)
{
    if (!desc_fetch(vmm, sel, d)) {
        return gp(vmm, sel & ~3u);
    }
    bool code = d->hi & DESC_CODE, conforming = code && (d->hi & DESC_C);
    bool readable = (d->hi & DESC_S) && (!code || (d->hi & DESC_W));
    bool low = desc_dpl(d) < vmm->v.cpl || desc_dpl(d) < (sel & 3u);
    if (!readable || (low && !conforming)) {
        return gp(vmm, sel & ~3u);
    }
    return d->hi & DESC_P ? EMU_DONE : fault(vmm, 11, sel & ~3u);
}

enum emu segment_check(struct vmm *vmm, unsigned seg, uint16_t sel, struct vdesc *d)
{
    *d = (struct vdesc){0, DESC_A, 0};
    if (seg == HW_CS || seg >= HW_SEGS) {
        return fault(vmm, 6, 0);
    }
    if (seg != HW_SS && (sel & ~3u) == 0) {
        return EMU_DONE;
    }
    return seg == HW_SS ? stack_check(vmm, sel, d) : data_check(vmm, sel, d);
}

enum emu segment_load(struct vmm *vmm, unsigned seg, uint16_t sel)
{
    struct vdesc d;
    enum emu result = segment_check(vmm, seg, sel, &d);
    if (result != EMU_DONE) {
        return result;
    }
    if (!(d.hi & DESC_A)) {
        uint8_t hi[4];
        store_le32(hi, d.hi | DESC_A);
        if (!gl_write(vmm, d.la + 4, hi, 4, 0)) {
            return EMU_FAULT;
        }
    }
    vseg_set(vmm, seg, seg == HW_SS ? real_sel(vmm, sel) : sel);
    vmm->v.shadow = seg == HW_SS;
    return EMU_DONE;
}

enum emu emulate_mov_to_seg(struct vmm *vmm, const struct vinsn *in)
{
    uint32_t v;
    return vrm_read(vmm, in, 2, &v) ? segment_load(vmm, in->reg, (uint16_t)v) : EMU_FAULT;
}

enum emu emulate_mov_from_seg(struct vmm *vmm, const struct vinsn *in)
{
    if (in->reg >= HW_SEGS) {
        return fault(vmm, 6, 0);
    }
    return vrm_write16(vmm, in, virtual_sel(vmm, in->reg)) ? EMU_DONE : EMU_FAULT;
}

/* 06 0E 16 1E, 0F A0, 0F A8; POP is one more. */
static unsigned seg_of(uint16_t code)
{
    return code == 0x1A0 || code == 0x1A1 ? HW_FS : code >= 0x100 ? HW_GS : (unsigned)code >> 3;
}

/* Processors since the 486 store 16 bits, whatever the size of the slot (SDM 2B PUSH). */
enum emu emulate_push_seg(struct vmm *vmm, const struct vinsn *in)
{
    uint32_t to = (vmm->frame.gpr[HW_ESP] - in->size) & stack_mask(vmm);
    if (!seg_write(vmm, HW_SS, to, 2, virtual_sel(vmm, seg_of(in->code)))) {
        return EMU_FAULT;
    }
    vstack_drop(vmm, 0u - in->size);
    return EMU_DONE;
}

enum emu emulate_pop_seg(struct vmm *vmm, const struct vinsn *in)
{
    uint32_t v;
    if (!vstack_peek(vmm, 0, in->size, &v)) {
        return EMU_FAULT;
    }
    uint32_t mask = stack_mask(vmm), esp = vmm->frame.gpr[HW_ESP];
    enum emu result = segment_load(vmm, seg_of(in->code), (uint16_t)v);
    if (result == EMU_DONE) {
        vmm->frame.gpr[HW_ESP] = (esp & ~mask) | ((esp + in->size) & mask);
    }
    return result;
}

enum emu emulate_lxs(struct vmm *vmm, const struct vinsn *in)
{
    unsigned seg = in->code == 0xC4    ? HW_ES
                   : in->code == 0xC5  ? HW_DS
                   : in->code == 0x1B2 ? HW_SS
                   : in->code == 0x1B4 ? HW_FS
                                       : HW_GS;
    uint32_t off, sel;
    if (!in->mem) {
        return fault(vmm, 6, 0);
    }
    if (!seg_read(vmm, in->seg, in->ea, in->size, &off) ||
        !seg_read(vmm, in->seg, in->ea + in->size, 2, &sel)) {
        return EMU_FAULT;
    }
    enum emu result = segment_load(vmm, seg, (uint16_t)sel);
    if (result == EMU_DONE) {
        reg_write(vmm, in->reg, in->size, off);
        vmm->v.shadow = false;
    }
    return result;
}

/* ---- questions (SDM 2A LAR, LSL; 2B VERR) */

static enum emu answer(struct vmm *vmm, bool yes)
{
    vmm->frame.eflags = (vmm->frame.eflags & ~(uint32_t)HW_ZF) | (yes ? HW_ZF : 0u);
    return EMU_DONE;
}

/* types: the system types that have an answer, by bit; bit 16: segments. */
static bool visible(struct vmm *vmm, uint16_t sel, uint32_t types, struct vdesc *d)
{
    if (!desc_fetch(vmm, sel, d)) {
        return false;
    }
    bool conforming = (d->hi & (DESC_S | DESC_CODE | DESC_C)) == (DESC_S | DESC_CODE | DESC_C);
    bool high = desc_dpl(d) >= vmm->v.cpl && desc_dpl(d) >= (sel & 3u);
    return (conforming || high) && (types >> desc_type(d) & 1);
}

enum {
    TYPES_LSL = 1 << 16 | 1 << 1 | 1 << 2 | 1 << 3 | 1 << 9 | 1 << 11,
    TYPES_LAR = TYPES_LSL | 1 << 4 | 1 << 5 | 1 << 12
};

enum emu emulate_lar(struct vmm *vmm, const struct vinsn *in)
{
    uint32_t sel;
    struct vdesc d;
    if (!vrm_read(vmm, in, 2, &sel)) {
        return EMU_FAULT;
    }
    bool yes = visible(vmm, (uint16_t)sel, TYPES_LAR, &d);
    if (yes) {
        reg_write(vmm, in->reg, in->size, d.hi & 0x00FFFF00);
    }
    return answer(vmm, yes);
}

enum emu emulate_lsl(struct vmm *vmm, const struct vinsn *in)
{
    uint32_t sel;
    struct vdesc d;
    if (!vrm_read(vmm, in, 2, &sel)) {
        return EMU_FAULT;
    }
    bool yes = visible(vmm, (uint16_t)sel, TYPES_LSL, &d);
    if (yes) {
        reg_write(vmm, in->reg, in->size, desc_limit(&d));
    }
    return answer(vmm, yes);
}

enum emu emulate_verr(struct vmm *vmm, const struct vinsn *in)
{
    uint32_t sel;
    struct vdesc d;
    if (!vrm_read(vmm, in, 2, &sel)) {
        return EMU_FAULT;
    }
    bool seen = visible(vmm, (uint16_t)sel, 1 << 16, &d);
    return answer(vmm, seen && (!(d.hi & DESC_CODE) || (d.hi & DESC_W)));
}

enum emu emulate_verw(struct vmm *vmm, const struct vinsn *in)
{
    uint32_t sel;
    struct vdesc d;
    if (!vrm_read(vmm, in, 2, &sel)) {
        return EMU_FAULT;
    }
    bool seen = visible(vmm, (uint16_t)sel, 1 << 16, &d);
    return answer(vmm, seen && !(d.hi & DESC_CODE) && (d.hi & DESC_W));
}
