/* vmm/memory.c -- the guest's memory: the physical-to-machine map, and the guest's own page
 * tables, walked in software as the virtual processor would walk them (SDM 3A 4.3).
 */
#include "vmm/vmm.h"

enum pte { PTE_P = 1, PTE_W = 2, PTE_U = 4, PTE_A = 0x20, PTE_D = 0x40, PDE_BIG = 0x80 };
enum { CR4_PSE = 0x10 };

/* Guest frames lie backwards, in every other machine frame: nothing that is contiguous for the
 * guest is so in the machine. Whoever forgets to translate will notice. */
bool guest_frame(const struct vmm *vmm, uint32_t gfn, uint32_t *mfn)
{
    if (gfn >= vmm->guest_frames) {
        *mfn = FRAME_OPEN_BUS;
        return false;
    }
    *mfn = FRAME_GUEST + 2 * (vmm->guest_frames - 1 - gfn);
    return true;
}

static maddr machine(const struct vmm *vmm, gaddr ga, bool *there)
{
    uint32_t mfn;
    *there = guest_frame(vmm, ga >> PAGE_SHIFT, &mfn);
    return mfn << PAGE_SHIFT | (ga & PAGE_MASK);
}

uint32_t gp_load32(struct vmm *vmm, gaddr ga)
{
    bool there;
    return hw_load32(vmm->hw, machine(vmm, ga, &there));
}

void gp_store32(struct vmm *vmm, gaddr ga, uint32_t v)
{
    bool there;
    maddr ma = machine(vmm, ga, &there);
    if (there) {
        hw_store32(vmm->hw, ma, v);
    }
}

/* ---- the walk */

/* May this access be, with these rights? (SDM 3A 4.6) */
static bool allowed(const struct vmm *vmm, unsigned rights, unsigned how)
{
    bool user = how & WALK_USER;
    bool write_protected = user || (vmm->v.cr0 & HW_WP);
    bool may_write = (rights & PTE_W) || !write_protected;
    return (!user || (rights & PTE_U)) && (!(how & WALK_WRITE) || may_write);
}

static bool page_fault(struct walk *w, unsigned how, bool present)
{
    w->code = (present ? 1u : 0u) | (how & WALK_WRITE ? 2u : 0u) | (how & WALK_USER ? 4u : 0u);
    return false;
}

static void mark(struct vmm *vmm, gaddr at, uint32_t *entry, uint32_t bits)
{
    if ((*entry & bits) != bits) {
        *entry |= bits;
        gp_store32(vmm, at, *entry);
    }
}

static bool walk_big(struct vmm *vmm, laddr la, unsigned how, gaddr pde_at, struct walk *w)
{
    w->big = true;
    w->rights = w->pde & 7;
    if (!allowed(vmm, w->rights, how)) {
        return page_fault(w, how, true);
    }
    if (how & WALK_MARK) {
        mark(vmm, pde_at, &w->pde, PTE_A | (how & WALK_WRITE ? PTE_D : 0u));
    }
    w->pte = w->pde;
    w->ga = (w->pde & 0xFFC00000u) | (la & 0x3FFFFF);
    return true;
}

bool walk(struct vmm *vmm, laddr la, unsigned how, struct walk *w)
{
    *w = (struct walk){0};
    if (!(vmm->v.cr0 & HW_PG)) {
        w->ga = la;
        w->flat = true;
        w->rights = PTE_P | PTE_W | PTE_U;
        w->pte = PTE_D;
        return true;
    }
    charge(vmm->meter, COST_WALK);
    gaddr pde_at = (vmm->v.cr3 & ~(uint32_t)PAGE_MASK) | (la >> 22) * 4;
    w->pde = gp_load32(vmm, pde_at);
    if (!(w->pde & PTE_P)) {
        return page_fault(w, how, false);
    }
    if ((w->pde & PDE_BIG) && (vmm->v.cr4 & CR4_PSE)) {
        return walk_big(vmm, la, how, pde_at, w);
    }
    gaddr pte_at = (w->pde & ~(uint32_t)PAGE_MASK) | (la >> 12 & 0x3FF) * 4;
    w->pte = gp_load32(vmm, pte_at);
    if (!(w->pte & PTE_P)) {
        return page_fault(w, how, false);
    }
    w->rights = w->pde & w->pte & 7;
    if (!allowed(vmm, w->rights, how)) {
        return page_fault(w, how, true);
    }
    if (how & WALK_MARK) {
        mark(vmm, pde_at, &w->pde, PTE_A);
        mark(vmm, pte_at, &w->pte, PTE_A | (how & WALK_WRITE ? PTE_D : 0u));
    }
    w->ga = (w->pte & ~(uint32_t)PAGE_MASK) | (la & PAGE_MASK);
    return true;
}

/* ---- linear memory, as the virtual processor reaches it */

static bool reach(struct vmm *vmm, laddr la, unsigned how, gaddr *ga)
{
    struct walk w;
    if (!walk(vmm, la, how | WALK_MARK, &w)) {
        vmm->fault = (struct vfault){.vector = 14, .has_code = true, .code = w.code, .cr2 = la};
        return false;
    }
    *ga = w.ga;
    return true;
}

/* Pieces that do not cross a page. All are looked up before the first is touched. */
static bool probe(struct vmm *vmm, laddr la, uint32_t len, unsigned how)
{
    gaddr ga;
    bool ok = reach(vmm, la, how, &ga);
    laddr last = la + len - 1;
    if (ok && (last & ~(uint32_t)PAGE_MASK) != (la & ~(uint32_t)PAGE_MASK)) {
        ok = reach(vmm, last & ~(uint32_t)PAGE_MASK, how, &ga);
    }
    return ok;
}

static uint32_t piece(laddr la, uint32_t len)
{
    uint32_t room = PAGE_SIZE - (la & PAGE_MASK);
    return len < room ? len : room;
}

bool gl_read(struct vmm *vmm, laddr la, void *out, uint32_t len, unsigned how)
{
    uint8_t *p = out;
    gaddr ga;
    bool there;
    if (len == 0 || !probe(vmm, la, len, how)) {
        return len == 0;
    }
    for (uint32_t n; len != 0; la += n, p += n, len -= n) {
        n = piece(la, len);
        if (!reach(vmm, la, how, &ga)) {
            return false;
        }
        hw_read(vmm->hw, machine(vmm, ga, &there), p, n);
    }
    return true;
}

/* The monitor's own stores pass no trace: it looks by itself. */
bool gl_write(struct vmm *vmm, laddr la, const void *in, uint32_t len, unsigned how)
{
    const uint8_t *p = in;
    gaddr ga;
    bool there;
    if (!probe(vmm, la, len, how | WALK_WRITE)) {
        return false;
    }
    for (uint32_t n; len != 0; la += n, p += n, len -= n) {
        n = piece(la, len);
        if (!reach(vmm, la, how | WALK_WRITE, &ga)) {
            return false;
        }
        maddr ma = machine(vmm, ga, &there);
        if (there) {
            hw_write(vmm->hw, ma, p, n);
            if (vmm->trace[ga >> PAGE_SHIFT]) {
                shadow_written(vmm, ga >> PAGE_SHIFT);
            }
        }
    }
    return true;
}
