/* vmm/inject.c -- virtual interrupts and exceptions: what the processor would do with the
 * guest's IDT and TSS if the guest were alone (SDM 3A 6.12, 6.15), done in software.
 *
 * The real IF is always set: the board's interrupts come to the monitor, which keeps them until
 * the guest's own IF lets them through.
 *
 * NOT IMPLEMENTED: task gates, 16-bit gates, virtual-8086 mode.
 */
#include "vmm/vmm.h"

#include <stdio.h>
#include <string.h>

/* ---- flags: those of the virtual processor are in the frame, but for IF and IOPL */

uint32_t virtual_flags(const struct vmm *vmm)
{
    uint32_t real = vmm->frame.eflags & ~(uint32_t)(HW_IF | HW_IOPL | HW_VM);
    return real | (vmm->v.interrupts ? HW_IF : 0u) | vmm->v.iopl << 12;
}

/* SDM 2B POPF, table 4-16. */
void virtual_flags_set(struct vmm *vmm, uint32_t v, unsigned size, unsigned cpl)
{
    uint32_t mask = size == 4 ? 0x00247FD5u : 0x7FD5u; /* AC, ID; none that is reserved */
    mask &= ~(uint32_t)(HW_IF | HW_IOPL);
    vmm->frame.eflags = (vmm->frame.eflags & ~mask) | (v & mask) | HW_IF | 2;
    if (cpl <= vmm->v.iopl) {
        vmm->v.interrupts = v & HW_IF;
    }
    if (cpl == 0) {
        vmm->v.iopl = v >> 12 & 3;
    }
}

/* ---- the handler */

struct handler {
    uint16_t cs;
    uint32_t eip;
    bool trap_gate;
    unsigned cpl; /* at which it runs */
    uint16_t ss;  /* if that is an inner level */
    uint32_t esp;
};

static bool refuse(struct vmm *vmm, uint8_t vector, uint32_t code)
{
    vmm->fault = (struct vfault){.vector = vector, .has_code = true, .code = code};
    return false;
}

static bool find_gate(struct vmm *vmm, uint8_t vector, bool software, struct handler *h)
{
    uint8_t bytes[8];
    uint32_t code = vector * 8u + 2 + (software ? 0 : 1);
    if (vector * 8u + 7 > vmm->v.idt.limit) {
        return refuse(vmm, 13, code);
    }
    if (!gl_read(vmm, vmm->v.idt.base + vector * 8u, bytes, 8, 0)) {
        return false;
    }
    uint32_t lo = load_le32(bytes), hi = load_le32(bytes + 4);
    unsigned type = hi >> 8 & 0x1F;
    if (type == 5 || type == 6 || type == 7) {
        vmm_lost(vmm, "vector %u: a task gate or 16-bit gate", vector);
        return true;
    }
    if ((type != 14 && type != 15) || (software && (hi >> 13 & 3) < vmm->v.cpl)) {
        return refuse(vmm, 13, code);
    }
    if (!(hi & DESC_P)) {
        return refuse(vmm, 11, code);
    }
    *h = (struct handler){.cs = (uint16_t)(lo >> 16),
                          .eip = (hi & 0xFFFF0000u) | (lo & 0xFFFF),
                          .trap_gate = type == 15};
    return true;
}

static bool find_level(struct vmm *vmm, struct handler *h, uint32_t ext)
{
    struct vdesc d;
    if (!desc_fetch(vmm, h->cs, &d)) {
        return refuse(vmm, 13, (h->cs & ~3u) | ext);
    }
    bool code = (d.hi & (DESC_S | DESC_CODE)) == (DESC_S | DESC_CODE);
    if (!code || desc_dpl(&d) > vmm->v.cpl) {
        return refuse(vmm, 13, (h->cs & ~3u) | ext);
    }
    if (!(d.hi & DESC_P)) {
        return refuse(vmm, 11, (h->cs & ~3u) | ext);
    }
    h->cpl = d.hi & DESC_C ? vmm->v.cpl : desc_dpl(&d);
    h->ss = vmm->frame.seg[HW_SS];
    h->esp = vmm->frame.gpr[HW_ESP];
    if (h->cpl < vmm->v.cpl && vmm->para.esp0 != 0) { /* … that a hypercall has named */
        h->esp = vmm->para.esp0;
        h->ss = vmm->para.ss0;
        bool ok = desc_fetch(vmm, h->ss, &d) && desc_dpl(&d) == h->cpl && (d.hi & DESC_W);
        return ok || refuse(vmm, 10, (h->ss & ~3u) | ext);
    }
    if (h->cpl < vmm->v.cpl) { /* the inner stack, from the TSS (SDM 3A figure 7-2) */
        uint8_t bytes[8];
        if (h->cpl * 8 + 11 > vmm->v.tss.limit) {
            return refuse(vmm, 10, vmm->v.tr | ext);
        }
        if (!gl_read(vmm, vmm->v.tss.base + 4 + 8 * h->cpl, bytes, 8, 0)) {
            return false;
        }
        h->esp = load_le32(bytes);
        h->ss = load_le16(bytes + 4);
        if (!desc_fetch(vmm, h->ss, &d) || desc_dpl(&d) != h->cpl || !(d.hi & DESC_W)) {
            return refuse(vmm, 10, (h->ss & ~3u) | ext);
        }
    }
    return true;
}

static bool push_frame(struct vmm *vmm, const struct handler *h, const struct vfault *f,
                       uint32_t flags, uint32_t eip, uint32_t ext)
{
    uint8_t bytes[24];
    unsigned n = 0;
    struct vdesc d = {0, 0, 0};
    bool inner = h->cpl < vmm->v.cpl;
    bool there = inner ? desc_fetch(vmm, h->ss, &d) : vseg_desc(vmm, HW_SS, &d);
    if (f->has_code) {
        store_le32(bytes + 4 * n++, f->code);
    }
    store_le32(bytes + 4 * n++, eip);
    store_le32(bytes + 4 * n++, virtual_sel(vmm, HW_CS));
    store_le32(bytes + 4 * n++, flags);
    if (inner) {
        store_le32(bytes + 4 * n++, vmm->frame.gpr[HW_ESP]);
        store_le32(bytes + 4 * n++, virtual_sel(vmm, HW_SS));
    }
    uint32_t mask = d.hi & DESC_D ? UINT32_MAX : 0xFFFF, esp = h->esp - 4 * n;
    if (!there || !desc_inside(&d, esp & mask, 4 * n)) {
        return refuse(vmm, 12, (inner ? h->ss & ~3u : 0) | ext);
    }
    if (!gl_write(vmm, desc_base(&d) + (esp & mask), bytes, 4 * n,
                  h->cpl == 3 ? WALK_USER : 0)) {
        return false;
    }
    vmm->frame.gpr[HW_ESP] = (h->esp & ~mask) | (esp & mask);
    return true;
}

/* false: vmm->fault happened on the way. */
static bool deliver(struct vmm *vmm, const struct vfault *f, bool software, bool fault,
                    uint32_t eip)
{
    struct handler h = {0};
    if (!find_gate(vmm, f->vector, software, &h)) {
        return false;
    }
    if (vmm->end != VMM_RUNNING) {
        return true;
    }
    uint32_t flags = virtual_flags(vmm) | (fault ? HW_RF : 0u);
    uint32_t ext = software ? 0 : 1;
    if (!find_level(vmm, &h, ext) || !push_frame(vmm, &h, f, flags, eip, ext)) {
        return false;
    }
    bool inner = h.cpl < vmm->v.cpl;
    vmm->v.cpl = h.cpl;
    vseg_set(vmm, HW_CS, real_sel(vmm, h.cs));
    if (inner) { /* else SS stays as it is, also where its descriptor does not */
        vseg_set(vmm, HW_SS, real_sel(vmm, h.ss));
    }
    vmm->frame.eip = h.eip;
    vmm->frame.eflags &= ~(uint32_t)(HW_TF | HW_NT | HW_RF | HW_VM);
    vmm->v.interrupts = vmm->v.interrupts && h.trap_gate;
    vmm->v.halted = vmm->v.shadow = false;
    vmm->v.general_detect = vmm->v.general_detect && (software || f->vector != 1);
    charge(vmm->meter, COST_INJECT);
    return true;
}

/* ---- faults on the way (SDM 3A table 6-5) */

static unsigned severity(uint8_t vector)
{
    bool contributory = vector == 0 || (vector >= 10 && vector <= 13);
    return vector == 14 ? 2 : contributory ? 1 : vector == 8 ? 3 : 0;
}

void inject(struct vmm *vmm, const struct vfault *f, bool software, uint32_t eip)
{
    struct vfault now = *f;
    bool fault =
        !software && f->vector < 32 && f->vector != 1 && f->vector != 3 && f->vector != 4;
    for (unsigned turn = 0; turn < 4; turn++) {
        if (now.vector == 14 && !software) {
            vmm->v.cr2 = now.cr2;
        }
        if (deliver(vmm, &now, software, fault, eip)) {
            return;
        }
        unsigned first = software ? 0 : severity(now.vector);
        unsigned second = severity(vmm->fault.vector);
        if (first == 3) {
            break;
        }
        bool twice = first == 2 ? second != 0 : first == 1 && second == 1;
        now = twice ? (struct vfault){.vector = 8, .has_code = true} : vmm->fault;
        fault = true;
        eip = software ? vmm->frame.eip : eip;
        software = false;
    }
    snprintf(vmm->why, sizeof vmm->why, "vector %u, error code %x, at %04x:%08x, CR2 %08x",
             f->vector, (unsigned)f->code, virtual_sel(vmm, HW_CS), (unsigned)vmm->frame.eip,
             (unsigned)f->cr2);
    vmm->end = VMM_SHUTDOWN;
}

void inject_fault(struct vmm *vmm)
{
    struct vfault f = vmm->fault;
    vmm->count.injected_exceptions++;
    inject(vmm, &f, false, vmm->frame.eip);
}

/* ---- interrupts */

void interrupt_arrived(struct vmm *vmm, uint8_t vector)
{
    vmm->v.pending[vector / 32] |= 1u << vector % 32;
}

void inject_pending(struct vmm *vmm)
{
    if (!vmm->v.interrupts || vmm->v.shadow) {
        return;
    }
    for (unsigned n = 0; n < 256; n++) {
        if (vmm->v.pending[n / 32] >> n % 32 & 1) {
            const struct vfault f = {.vector = (uint8_t)n};
            vmm->v.pending[n / 32] &= ~(1u << n % 32);
            vmm->count.injected_interrupts++;
            vmm->v.halted = false;
            inject(vmm, &f, false, vmm->frame.eip);
            return;
        }
    }
}
