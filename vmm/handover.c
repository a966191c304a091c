/* vmm/handover.c -- see the header. */
#include "vmm/handover.h"

#include "vmm/emulate.h"

bool guest_load(struct hw *plain, const uint8_t *bytes, uint32_t size, uint32_t ram)
{
    if (size > ram - GUEST_AT || size > 0x80000) {
        return false;
    }
    hw_write(plain, GUEST_AT, bytes, size);
    hw_real_mode(plain, GUEST_AT);
    return true;
}

/* ---- is it time? */

static bool reversible(struct hw *plain, const struct hw_state *s, unsigned seg)
{
    uint16_t sel = s->frame.seg[seg];
    uint8_t bytes[8];
    if ((sel & ~3u) == 0) {
        return seg != HW_CS && seg != HW_SS;
    }
    if ((sel & 4) || (sel | 7u) > s->gdt_limit) {
        return false; /* a guest that starts with an LDT has to wait for a better moment */
    }
    hw_read(plain, s->gdt + (sel & 0xFFF8), bytes, 8); /* paging is off */
    struct vdesc d = {load_le32(bytes), load_le32(bytes + 4), 0};
    uint32_t attr = (d.hi >> 8 & 0xFF) | (d.hi >> 12 & 0xF00);
    return s->base[seg] == desc_base(&d) && (s->attr[seg] | 1) == (attr | 1);
}

static bool ready(struct hw *plain)
{
    struct hw_state s;
    hw_look(plain, &s);
    if (!(s.cr0 & HW_PE) || (s.cr0 & HW_PG) || (s.frame.seg[HW_CS] & 3) != 0) {
        return false;
    }
    for (unsigned seg = 0; seg < HW_SEGS; seg++) {
        if (!reversible(plain, &s, seg)) {
            return false;
        }
    }
    return true;
}

enum hw_stop handover_run(struct hw *plain, uint64_t until)
{
    for (uint64_t tick = 1; tick <= until; tick++) {
        enum hw_stop why = hw_run(plain, tick);
        if (why != HW_LIMIT) {
            return why;
        }
        if (ready(plain)) {
            return HW_TRAP;
        }
    }
    return HW_LIMIT;
}

/* ---- the monitor's side */

static void copy_memory(struct vmm *vmm, struct hw *plain)
{
    uint8_t page[PAGE_SIZE];
    for (uint32_t gfn = 0; gfn < vmm->guest_frames; gfn++) {
        uint32_t mfn;
        guest_frame(vmm, gfn, &mfn);
        hw_read(plain, gfn << PAGE_SHIFT, page, PAGE_SIZE);
        hw_write(vmm->hw, mfn << PAGE_SHIFT, page, PAGE_SIZE);
    }
}

static void copy_registers(struct vmm *vmm, const struct hw_state *s)
{
    vmm->frame = s->frame;
    vmm->v = (struct vcpu){.cr0 = s->cr0,
                           .cr2 = s->cr2,
                           .cr3 = s->cr3,
                           .cr4 = s->cr4,
                           .gdt = {s->gdt, s->gdt_limit},
                           .idt = {s->idt, s->idt_limit},
                           .interrupts = s->frame.eflags & HW_IF,
                           .iopl = s->frame.eflags >> 12 & 3};
    vmm->frame.eflags = (s->frame.eflags & ~(uint32_t)HW_IOPL) | HW_IF;
    vmm->frame.seg[HW_CS] = real_sel(vmm, s->frame.seg[HW_CS]);
    vmm->frame.seg[HW_SS] = real_sel(vmm, s->frame.seg[HW_SS]);
}

/* Every gate leads to ring 0, and none may be used from below: INT n traps as #GP. */
static void make_idt(struct vmm *vmm)
{
    enum { GATE = 0x8E00 };
    for (unsigned n = 0; n < 256; n++) {
        hw_store32(vmm->hw, (FRAME_IDT << PAGE_SHIFT) + 8 * n, (uint32_t)SEL_CODE << 16);
        hw_store32(vmm->hw, (FRAME_IDT << PAGE_SHIFT) + 8 * n + 4, GATE);
    }
}

/* The monitor's TSS has an I/O permission bitmap beyond its end: no port without a trap. (With
 * zeros in its place the first ports would be everybody's.) */
enum { TSS_BYTES = 104 };

bool handover(struct vmm *vmm, struct hw *plain)
{
    struct hw_state s;
    hw_look(plain, &s);
    copy_memory(vmm, plain);
    copy_registers(vmm, &s);
    make_idt(vmm);
    hw_store32(vmm->hw, (FRAME_TSS << PAGE_SHIFT) + 100, (uint32_t)TSS_BYTES << 16);
    desc_start(vmm);
    shadow_start(vmm);
    shadow_load(vmm);
    bool ok = hw_start(vmm->hw, &(struct hw_start){
                                    .cr3 = vmm->root,
                                    .entry_ma = FRAME_ENTRY << PAGE_SHIFT,
                                    .entry = VMM_LINEAR + (FRAME_ENTRY << PAGE_SHIFT),
                                    .gdt = VMM_LINEAR + (FRAME_GDT << PAGE_SHIFT),
                                    .idt = VMM_LINEAR + (FRAME_IDT << PAGE_SHIFT),
                                    .gdt_limit = 0xFFFF,
                                    .idt_limit = 256 * 8 - 1,
                                    .code = SEL_CODE,
                                    .tss = SEL_TSS,
                                });
    fpu_update(vmm);
    desc_sync(vmm);
    return ok;
}
