/* vmm/desc.c -- shadow descriptor tables: the GDT and LDT that the processor sees while the
 * guest believes in its own.
 *
 * What becomes of a guest descriptor: a segment of level 0 becomes one of level 1, with
 * -vmm-ring 3 of level 3 (and is missing while a program runs); its limit ends below the
 * monitor; it is marked accessed. Gates, TSS and LDT descriptors become nothing at all, so that
 * whoever uses one traps. While the kernel runs, code segments of level 3 are "not present":
 * its IRET to a program then traps, which of itself it would not. The last three entries are
 * the monitor's own.
 *
 * The guest's tables are traced like page tables: a store into one brings the shadow up to
 * date.
 *
 * NOT IMPLEMENTED: the accessed bit in the guest's own descriptors; segments that expand down
 * and reach the monitor (they become nothing).
 */
#include "vmm/vmm.h"

#define TABLE_LINEAR(frame, view) (VMM_LINEAR + (((frame) + 16u * (view)) << PAGE_SHIFT))
enum { ENTRIES = 8192, OWN_ENTRIES = SEL_HELD >> 3, TYPE_TSS32 = 9, TYPE_LDT = 2 };

uint32_t desc_base(const struct vdesc *d)
{
    return d->lo >> 16 | (d->hi & 0xFF) << 16 | (d->hi & 0xFF000000u);
}

uint32_t desc_limit(const struct vdesc *d)
{
    uint32_t limit = (d->lo & 0xFFFF) | (d->hi & 0xF0000);
    return d->hi & DESC_G ? limit << 12 | 0xFFF : limit;
}

unsigned real_ring(const struct vmm *vmm, unsigned cpl)
{
    return cpl > vmm->ring ? cpl : vmm->ring;
}

uint16_t real_sel(const struct vmm *vmm, uint16_t sel)
{
    return (uint16_t)((sel & ~3u) | real_ring(vmm, vmm->v.cpl));
}

uint16_t virtual_sel(const struct vmm *vmm, unsigned seg)
{
    uint16_t sel = vmm->frame.seg[seg];
    return seg == HW_CS || seg == HW_SS ? (uint16_t)((sel & ~3u) | vmm->v.cpl) : sel;
}

bool desc_fetch(struct vmm *vmm, uint16_t sel, struct vdesc *d)
{
    const struct vtable *t = sel & 4 ? &vmm->v.ldt : &vmm->v.gdt;
    uint8_t bytes[8];
    struct vfault keep = vmm->fault;
    if ((sel & ~3u) == 0 || (sel | 7u) > t->limit || ((sel & 4) && vmm->v.ldtr == 0)) {
        return false;
    }
    d->la = t->base + (sel & 0xFFF8);
    if (!gl_read(vmm, d->la, bytes, 8, 0)) {
        vmm->fault = keep;
        return false;
    }
    d->lo = load_le32(bytes);
    d->hi = load_le32(bytes + 4);
    return true;
}

/* ---- one descriptor */

/* Cuts the segment short of the monitor. false: nothing of it would be left. */
static bool truncate(struct vdesc *d)
{
    uint32_t base = desc_base(d), limit = desc_limit(d);
    bool down = !(d->hi & DESC_CODE) && (d->hi & DESC_C);
    if (down) {
        uint64_t top = base + (uint64_t)(d->hi & DESC_D ? UINT32_MAX : 0xFFFFu);
        return top < VMM_LINEAR;
    }
    if (base >= VMM_LINEAR) {
        return false;
    }
    uint32_t room = VMM_LINEAR - base; /* bytes */
    if (limit < room) {
        return true;
    }
    uint32_t units = d->hi & DESC_G ? room >> 12 : room;
    if (units == 0) {
        return false;
    }
    d->lo = (d->lo & 0xFFFF0000u) | ((units - 1) & 0xFFFF);
    d->hi = (d->hi & ~0xF0000u) | ((units - 1) & 0xF0000);
    return true;
}

static struct vdesc shadow_of(const struct vmm *vmm, struct vdesc d, enum view view)
{
    const struct vdesc nothing = {0, 0, 0};
    bool conforming = (d.hi & (DESC_CODE | DESC_C)) == (DESC_CODE | DESC_C);
    unsigned dpl = desc_dpl(&d), real = dpl < vmm->ring ? vmm->ring : dpl;
    if (!(d.hi & DESC_S) || (view == VIEW_USER && dpl != 3 && !conforming)) {
        return nothing;
    }
    if (!truncate(&d)) {
        return nothing;
    }
    if (view == VIEW_KERNEL && dpl == 3 && (d.hi & DESC_CODE) && !conforming) {
        d.hi &= ~(uint32_t)DESC_P;
    }
    d.hi = (d.hi & ~(3u << 13)) | real << 13 | DESC_A;
    return d;
}

/* ---- the tables */

static void put(struct vmm *vmm, unsigned frame, enum view view, unsigned n, struct vdesc d)
{
    maddr ma = ((frame + 16u * view) << PAGE_SHIFT) + 8 * n;
    hw_store32(vmm->hw, ma, d.lo);
    hw_store32(vmm->hw, ma + 4, d.hi);
}

static struct vdesc descriptor(uint32_t base, uint32_t limit, uint32_t access)
{
    return (struct vdesc){
        .lo = base << 16 | (limit & 0xFFFF),
        .hi = (base & 0xFF000000u) | (limit & 0xF0000) | access | (base >> 16 & 0xFF),
    };
}

static void own_entries(struct vmm *vmm, enum view view)
{
    const laddr tss = VMM_LINEAR + (FRAME_TSS << PAGE_SHIFT);
    const struct vdesc code = {.lo = 0xFFFF, .hi = 0x00CF9B00}; /* flat, level 0 */
    put(vmm, FRAME_GDT, view, SEL_CODE >> 3, code);
    put(vmm, FRAME_GDT, view, SEL_TSS >> 3, descriptor(tss, 103, DESC_P | TYPE_TSS32 << 8));
    put(vmm, FRAME_GDT, view, SEL_LDT >> 3,
        descriptor(TABLE_LINEAR(FRAME_LDT, view), 0xFFFF, DESC_P | TYPE_LDT << 8));
}

void desc_start(struct vmm *vmm)
{
    own_entries(vmm, VIEW_KERNEL);
    own_entries(vmm, VIEW_USER);
}

/* Selectors reach no further, whatever an LDT's descriptor says. */
static uint32_t table_limit(const struct vtable *t)
{
    return t->limit < 0xFFFF ? t->limit : 0xFFFF;
}

/* Traces the guest frames that hold the table. */
static void trace_table(struct vmm *vmm, const struct vtable *t)
{
    uint32_t limit = table_limit(t);
    for (uint32_t off = 0; off <= limit; off += PAGE_SIZE) {
        struct walk w;
        uint32_t last = limit < off + PAGE_MASK ? limit : off + PAGE_MASK;
        const laddr ends[2] = {t->base + off, t->base + last};
        for (unsigned n = 0; n < 2 && vmm->desc_gfns < ARRAY_LEN(vmm->desc_gfn); n++) {
            if (walk(vmm, ends[n], 0, &w) && w.ga >> PAGE_SHIFT < vmm->guest_frames) {
                trace_add(vmm, w.ga >> PAGE_SHIFT, TRACE_DESC);
                vmm->desc_gfn[vmm->desc_gfns++] = w.ga >> PAGE_SHIFT;
            }
        }
    }
}

/* The guest's table, `count` entries from entry n on. The processor reads each when it needs
 * it: where not all are mapped, some may be. What is not mapped is nothing. */
enum { PIECE = 64 };
static void read_piece(struct vmm *vmm, const struct vtable *t, unsigned n, unsigned count,
                       struct vdesc out[PIECE])
{
    uint8_t bytes[8 * PIECE];
    struct vfault keep = vmm->fault;
    bool there = gl_read(vmm, t->base + 8 * n, bytes, 8 * count, 0);
    for (unsigned k = 0; k < count; k++) {
        uint8_t *at = bytes + 8 * k;
        out[k] = (struct vdesc){0, 0, 0};
        if (there || gl_read(vmm, t->base + 8 * (n + k), at, 8, 0)) {
            out[k].lo = load_le32(at);
            out[k].hi = load_le32(at + 4);
        }
    }
    vmm->fault = keep;
}

static void sync_table(struct vmm *vmm, unsigned frame, uint16_t ti)
{
    const struct vtable *t = ti ? &vmm->v.ldt : &vmm->v.gdt;
    unsigned most = ti ? ENTRIES : OWN_ENTRIES, which = ti ? 1 : 0;
    unsigned n = 0, entries = ti && vmm->v.ldtr == 0 ? 0 : (table_limit(t) + 1) / 8;
    struct vdesc piece[PIECE];
    entries = entries < most ? entries : most;
    for (; n < entries; n++) {
        if (n % PIECE == 0) {
            read_piece(vmm, t, n, entries - n < PIECE ? entries - n : PIECE, piece);
        }
        struct vdesc d = n == 0 && !ti ? (struct vdesc){0, 0, 0} : piece[n % PIECE];
        put(vmm, frame, VIEW_KERNEL, n, shadow_of(vmm, d, VIEW_KERNEL));
        put(vmm, frame, VIEW_USER, n, shadow_of(vmm, d, VIEW_USER));
    }
    for (unsigned k = n; k < vmm->desc_entries[which]; k++) {
        put(vmm, frame, VIEW_KERNEL, k, (struct vdesc){0, 0, 0});
        put(vmm, frame, VIEW_USER, k, (struct vdesc){0, 0, 0});
    }
    vmm->desc_entries[which] = (uint16_t)n;
}

void desc_sync(struct vmm *vmm)
{
    vmm->count.desc_syncs++;
    while (vmm->desc_gfns > 0) {
        vmm->trace[vmm->desc_gfn[--vmm->desc_gfns]] &= (uint8_t)~TRACE_DESC;
    }
    sync_table(vmm, FRAME_GDT, 0);
    sync_table(vmm, FRAME_LDT, 4);
    if (!vmm->para.promised) {
        trace_table(vmm, &vmm->v.gdt);
    }
    if (vmm->v.ldtr != 0) {
        trace_table(vmm, &vmm->v.ldt);
    }
    vmm->view_valid = false;
}

void desc_load(struct vmm *vmm)
{
    enum view view = vmm->v.cpl == 3 ? VIEW_USER : VIEW_KERNEL;
    if (!vmm->view_valid || view != vmm->loaded_view) {
        vmm->loaded_view = view;
        vmm->view_valid = true;
        hw_load_gdt(vmm->hw, TABLE_LINEAR(FRAME_GDT, view), 0xFFFF);
        hw_load_ldt(vmm->hw, vmm->v.ldtr != 0 ? SEL_LDT : 0);
    }
}

/* ---- segments in use
 *
 * The hidden parts of the registers cannot be read; so an operand's address is computed from
 * the guest's table as it stands. A guest that loads GDTR and goes on using what it had (SDM 3A
 * 3.4.3 lets it; systems do when they start) keeps it in a descriptor of the monitor's. One
 * that stores into a descriptor in use is not understood; nor does it help who reads such a
 * selector without a trap.
 */

/* A segment of 4 GB that does not begin at 0 goes around the end of linear memory: programs
 * find their thread's data at small negative offsets. The cut takes those away. A segment that
 * expands down has them, and nothing else: offsets from the one that is linear 0, up to -1. */
static struct vdesc turned(const struct vmm *vmm, struct vdesc d, enum view view)
{
    uint32_t units = (0u - desc_base(&d) + PAGE_MASK) >> PAGE_SHIFT;
    struct vdesc s = shadow_of(vmm, d, view);
    if (s.hi != 0) {
        s.lo = (s.lo & 0xFFFF0000u) | ((units - 1) & 0xFFFF);
        s.hi = (s.hi & ~0xF0000u) | ((units - 1) & 0xF0000) | DESC_C | DESC_G | DESC_D;
    }
    return s;
}

bool desc_turn(struct vmm *vmm, unsigned seg, uint32_t ea)
{
    struct vdesc d;
    uint16_t sel = vmm->frame.seg[seg];
    unsigned frame = sel & 4 ? FRAME_LDT : FRAME_GDT;
    if (vmm->held[seg].on || !desc_fetch(vmm, sel, &d)) {
        return false;
    }
    uint32_t base = desc_base(&d), la = base + ea;
    bool whole = (d.hi & (DESC_S | DESC_CODE | DESC_C | DESC_D)) == (DESC_S | DESC_D) &&
                 desc_limit(&d) == UINT32_MAX;
    if (!whole || base == 0 || base >= VMM_LINEAR || la >= VMM_LINEAR - 16) {
        return false;
    }
    bool around = la < base;
    uint32_t now = hw_load32(vmm->hw, (frame << PAGE_SHIFT) + (sel & 0xFFF8) + 4);
    if (around == ((now & DESC_C) != 0)) {
        return false; /* it was refused for another reason */
    }
    for (enum view view = VIEW_KERNEL; view < VIEWS; view++) {
        put(vmm, frame, view, sel >> 3,
            around ? turned(vmm, d, view) : shadow_of(vmm, d, view));
    }
    return true;
}

bool vseg_desc(struct vmm *vmm, unsigned seg, struct vdesc *d)
{
    if (vmm->held[seg].on) {
        *d = vmm->held[seg].d;
        return true;
    }
    return desc_fetch(vmm, vmm->frame.seg[seg], d);
}

void vseg_set(struct vmm *vmm, unsigned seg, uint16_t sel)
{
    vmm->frame.seg[seg] = sel;
    vmm->held[seg].on = false;
}

void vseg_hold(struct vmm *vmm, const struct vtable *t)
{
    const struct vtable old_table = vmm->v.gdt;
    for (unsigned seg = 0; seg < HW_SEGS; seg++) {
        struct vdesc old, new = {0, 0, 0};
        uint16_t sel = vmm->frame.seg[seg];
        if (vmm->held[seg].on || (sel & 4) || !desc_fetch(vmm, sel, &old)) {
            continue;
        }
        vmm->v.gdt = *t;
        bool there = desc_fetch(vmm, sel, &new);
        vmm->v.gdt = old_table;
        if (there && old.lo == new.lo && (old.hi | DESC_A) == (new.hi | DESC_A)) {
            continue;
        }
        vmm->held[seg] = (struct held){true, sel, old};
        put(vmm, FRAME_GDT, VIEW_KERNEL, (SEL_HELD >> 3) + seg,
            shadow_of(vmm, old, VIEW_KERNEL));
        put(vmm, FRAME_GDT, VIEW_USER, (SEL_HELD >> 3) + seg, shadow_of(vmm, old, VIEW_USER));
    }
}

void vseg_enter(struct vmm *vmm)
{
    for (unsigned seg = 0; seg < HW_SEGS; seg++) {
        if (vmm->held[seg].on) {
            vmm->held[seg].sel = vmm->frame.seg[seg];
            vmm->frame.seg[seg] = (uint16_t)((SEL_HELD + 8 * seg) | (vmm->frame.seg[seg] & 3));
        }
    }
}

/* Does the register still hold it? The guest may have loaded another. */
void vseg_left(struct vmm *vmm)
{
    for (unsigned seg = 0; seg < HW_SEGS; seg++) {
        struct held *h = &vmm->held[seg];
        if (h->on && (vmm->frame.seg[seg] & ~3u) == SEL_HELD + 8 * seg) {
            vmm->frame.seg[seg] = h->sel;
        } else {
            h->on = false;
        }
    }
}

static bool segment_fault(struct vmm *vmm, unsigned seg)
{
    vmm->fault = (struct vfault){.vector = seg == HW_SS ? 12 : 13, .has_code = true};
    return false;
}

bool desc_inside(const struct vdesc *d, uint32_t ea, uint32_t len)
{
    bool down = !(d->hi & DESC_CODE) && (d->hi & DESC_C);
    uint32_t limit = desc_limit(d), last = ea + len - 1;
    uint32_t top = d->hi & DESC_D ? UINT32_MAX : 0xFFFF;
    return down ? ea > limit && last >= ea && last <= top : last >= ea && last <= limit;
}

bool seg_linear(struct vmm *vmm, unsigned seg, uint32_t ea, uint32_t len, bool write, laddr *la)
{
    struct vdesc d;
    if (!vseg_desc(vmm, seg, &d) || !(d.hi & DESC_P)) {
        return segment_fault(vmm, seg);
    }
    bool code = d.hi & DESC_CODE;
    if (!desc_inside(&d, ea, len) || (write && (code || !(d.hi & DESC_W)))) {
        return segment_fault(vmm, seg);
    }
    *la = desc_base(&d) + ea;
    return true;
}

uint32_t stack_mask(struct vmm *vmm)
{
    struct vdesc d;
    bool big = !vseg_desc(vmm, HW_SS, &d) || (d.hi & DESC_D);
    return big ? UINT32_MAX : 0xFFFF;
}
