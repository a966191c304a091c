/* vmm/shadow.c -- shadow page tables: what the real MMU walks while the guest believes in its
 * own. Seven jobs, numbered below as they come up in a guest's life:
 *
 *   (1) start       the monitor's own corner, present in every address space
 *   (2) find        the shadow of a guest table, made when first needed
 *   (3) trace       stores into what has a shadow must be seen: it is write-protected
 *   (4) entry       guest-physical becomes machine; rights become what the ring needs
 *   (5) fault       hidden (ours to fill), true (the guest's own), or a traced store
 *   (6) open/close  one traced store is let through, then compared
 *   (7) load        CR3, for this address space and this view
 *
 * A shadow entry exists only while the guest's entry that it was made from says the same; so
 * the guest sees a processor that has no stale translations. What a guest entry lacks
 * (accessed, dirty) is set when the shadow entry is made; a clean page is shadowed read-only,
 * so that the first store comes here.
 *
 * NOT IMPLEMENTED: PAE; large pages stay 4 KB pages in the shadow; PAT and cache bits.
 */
#include "vmm/rewrite.h"

#include <string.h>

enum pte { PTE_P = 1, PTE_W = 2, PTE_U = 4, PTE_A = 0x20, PTE_D = 0x40, PDE_BIG = 0x80 };
enum { CR4_PSE = 0x10, OWN_SLOT = VMM_LINEAR >> 22 };
#define FRAME(entry) ((entry) >> PAGE_SHIFT)

static maddr table_ma(const struct vmm *vmm, const struct table *t)
{
    return (maddr)(FRAME_TABLES + (t - vmm->table)) << PAGE_SHIFT;
}

static void entry_set(struct vmm *vmm, struct table *t, unsigned n, uint32_t v)
{
    if (t->entry[n] != v) {
        t->entry[n] = v;
        hw_store32(vmm->hw, table_ma(vmm, t) + 4 * n, v);
    }
}

/* ---- (1) start */

void shadow_start(struct vmm *vmm)
{
    uint8_t ones[PAGE_SIZE];
    memset(ones, 0xFF, sizeof ones);
    hw_write(vmm->hw, FRAME_OPEN_BUS << PAGE_SHIFT, ones, sizeof ones);
    for (uint32_t n = 0; n < FRAME_TABLES; n++) { /* the supervisor's, and read-only */
        hw_store32(vmm->hw, (FRAME_OWN_TABLE << PAGE_SHIFT) + 4 * n,
                   n << PAGE_SHIFT | PTE_A | PTE_D | PTE_P);
    }
}

enum view view_now(const struct vmm *vmm)
{
    bool two = vmm->ring == 3 || vmm->code != NULL;
    return two && vmm->v.cpl == 3 ? VIEW_USER : VIEW_KERNEL;
}

/* ---- (2) find */

static void table_clear(struct vmm *vmm, struct table *t)
{
    for (unsigned n = 0; n < 1024; n++) {
        entry_set(vmm, t, n, 0);
    }
}

/* No directory leads there any more. */
static void unlink_table(struct vmm *vmm, const struct table *gone)
{
    for (unsigned n = 0; n < TABLES; n++) {
        struct table *t = &vmm->table[n];
        for (unsigned k = 0; t->kind == TABLE_DIR && k < 1024; k++) {
            if (t->entry[k] != 0 && k != OWN_SLOT &&
                FRAME(t->entry[k]) == FRAME(table_ma(vmm, gone))) {
                entry_set(vmm, t, k, 0);
            }
        }
    }
}

/* Out of tables: all begin anew. Crude, and rare. */
static void drop_all(struct vmm *vmm)
{
    for (unsigned n = 0; n < TABLES; n++) {
        if (vmm->table[n].kind != TABLE_FREE) {
            table_clear(vmm, &vmm->table[n]);
            vmm->table[n].kind = TABLE_FREE;
            vmm->count.tables_dropped++;
        }
    }
    for (uint32_t gfn = 0; gfn < vmm->guest_frames; gfn++) {
        vmm->trace[gfn] &= (uint8_t)~TRACE_TABLE;
    }
}

/* What rights mean has changed (CR0.WP, paging on or off, CR4.PSE). */
void shadow_flush(struct vmm *vmm)
{
    drop_all(vmm);
}

static struct table *find(struct vmm *vmm, enum table_kind kind, uint32_t gfn, uint8_t rights)
{
    uint8_t view = (uint8_t)view_now(vmm);
    for (unsigned n = 0; n < TABLES; n++) {
        struct table *t = &vmm->table[n];
        if (t->kind == kind && t->gfn == gfn && t->rights == rights && t->view == view) {
            return t;
        }
    }
    return NULL;
}

/* NULL: there is no free one; the caller drops all, and starts over from the root. */
static struct table *make(struct vmm *vmm, enum table_kind kind, uint32_t gfn, uint8_t rights)
{
    struct table *t = NULL;
    for (unsigned n = 0; n < TABLES && t == NULL; n++) {
        t = vmm->table[n].kind == TABLE_FREE ? &vmm->table[n] : NULL;
    }
    if (t == NULL) {
        return NULL;
    }
    t->kind = (uint8_t)kind;
    t->gfn = gfn;
    t->rights = rights;
    t->view = (uint8_t)view_now(vmm);
    vmm->count.tables_made++;
    if (kind == TABLE_DIR) {
        entry_set(vmm, t, OWN_SLOT, FRAME_OWN_TABLE << PAGE_SHIFT | PTE_A | PTE_W | PTE_P);
    }
    if (kind != TABLE_BIG && (vmm->v.cr0 & HW_PG)) {
        trace_add(vmm, gfn, TRACE_TABLE);
    }
    return t;
}

static struct table *find_or_make(struct vmm *vmm, enum table_kind kind, uint32_t gfn,
                                  uint8_t rights)
{
    struct table *t = find(vmm, kind, gfn, rights);
    return t != NULL ? t : make(vmm, kind, gfn, rights);
}

/* ---- (3) trace */

static void write_protect(struct vmm *vmm, uint32_t mfn)
{
    for (unsigned n = 0; n < TABLES; n++) {
        struct table *t = &vmm->table[n];
        for (unsigned k = 0; (t->kind == TABLE_LEAF || t->kind == TABLE_BIG) && k < 1024; k++) {
            if ((t->entry[k] & PTE_W) && FRAME(t->entry[k]) == mfn) {
                entry_set(vmm, t, k, t->entry[k] & ~(uint32_t)PTE_W);
            }
        }
    }
}

void trace_add(struct vmm *vmm, uint32_t gfn, enum trace why)
{
    uint32_t mfn;
    if (guest_frame(vmm, gfn, &mfn)) {
        if (vmm->trace[gfn] == 0) {
            write_protect(vmm, mfn);
        }
        vmm->trace[gfn] |= (uint8_t)why;
    }
}

/* So many stores, and no entry wanted in between: is this a page table still? It is let go; if
 * it is one, it will be back. */
enum { FLOOD = 512 };
static bool flooded(struct vmm *vmm, uint32_t gfn)
{
    if (!(vmm->trace[gfn] & TRACE_TABLE) || ++vmm->flood[gfn] < FLOOD) {
        return false;
    }
    for (unsigned n = 0; n < TABLES; n++) {
        struct table *t = &vmm->table[n];
        if ((t->kind == TABLE_DIR || t->kind == TABLE_LEAF) && t->gfn == gfn) {
            table_clear(vmm, t);
            unlink_table(vmm, t);
            t->kind = TABLE_FREE;
            vmm->count.tables_dropped++;
        }
    }
    vmm->trace[gfn] &= (uint8_t)~TRACE_TABLE;
    vmm->flood[gfn] = 0;
    return true;
}

/* The guest frame has been stored to: shadow entries whose origin has changed go. */
void shadow_written(struct vmm *vmm, uint32_t gfn)
{
    charge(vmm->meter, COST_RESYNC);
    bool gone = flooded(vmm, gfn);
    for (unsigned n = 0; n < TABLES && !gone; n++) {
        struct table *t = &vmm->table[n];
        if ((t->kind != TABLE_DIR && t->kind != TABLE_LEAF) || t->gfn != gfn) {
            continue;
        }
        for (unsigned k = 0; k < 1024; k++) {
            bool own = t->kind == TABLE_DIR && k == OWN_SLOT;
            if (t->entry[k] != 0 && !own &&
                t->seen[k] != gp_load32(vmm, gfn << PAGE_SHIFT | 4 * k)) {
                entry_set(vmm, t, k, 0);
                vmm->count.entries_dropped++;
            }
        }
    }
    if (vmm->trace[gfn] & TRACE_DESC) {
        desc_sync(vmm);
    }
    if (vmm->trace[gfn] & TRACE_CODE) {
        rewrite_written(vmm, gfn);
    }
}

/* The kernel's view of the frame, or of its copy, is to be filled anew. */
void shadow_unmap_code(struct vmm *vmm, uint32_t gfn)
{
    uint32_t mfn;
    guest_frame(vmm, gfn, &mfn);
    for (unsigned n = 0; n < TABLES; n++) {
        struct table *t = &vmm->table[n];
        bool leaf = (t->kind == TABLE_LEAF || t->kind == TABLE_BIG) && t->view == VIEW_KERNEL;
        for (unsigned k = 0; leaf && k < 1024; k++) {
            uint32_t frame = FRAME(t->entry[k]);
            if (t->entry[k] != 0 && (frame == mfn || frame == code_copy(mfn))) {
                entry_set(vmm, t, k, 0);
            }
        }
    }
}

/* ---- (4) entry */

/* For ring 1 the processor's own U bit tells kernel and program apart. In ring 3 both are
 * "user", and the view decides: what the program may not have is not in its tables. A kernel
 * that runs with CR0.WP clear stores into read-only pages: such a page is then the kernel's
 * alone, until the program next reads it. */
static uint32_t leaf_rights(const struct vmm *vmm, const struct walk *w, bool write)
{
    bool user_ok = w->rights & PTE_U, write_ok = w->rights & PTE_W;
    bool kernel = vmm->v.cpl != 3, forced = write && !write_ok && kernel;
    uint32_t bits = PTE_P | PTE_A | PTE_D;
    bits |= write_ok || forced ? PTE_W : 0u;
    bits |= vmm->ring == 3 || (user_ok && !forced) ? PTE_U : 0u;
    return bits;
}

static uint32_t leaf_entry(const struct vmm *vmm, const struct walk *w, bool write)
{
    uint32_t mfn, gfn = w->ga >> PAGE_SHIFT;
    uint32_t bits = leaf_rights(vmm, w, write);
    bool there = guest_frame(vmm, gfn, &mfn);
    if (!there || vmm->trace[gfn] || !(w->pte & PTE_D)) {
        bits &= ~(uint32_t)PTE_W;
    }
    if (view_now(vmm) == VIEW_KERNEL && code_state(vmm, gfn) == CODE_LIVE) {
        mfn = code_copy(mfn);
    }
    return mfn << PAGE_SHIFT | bits;
}

/* The shadow of this address space's directory. Paging off: one that maps all 1:1. */
static struct table *root(struct vmm *vmm)
{
    bool paging = vmm->v.cr0 & HW_PG;
    uint32_t gfn = paging ? FRAME(vmm->v.cr3) : UINT32_MAX;
    struct table *t = find_or_make(vmm, TABLE_DIR, gfn, 0);
    if (t == NULL) {
        drop_all(vmm);
        t = make(vmm, TABLE_DIR, gfn, 0);
    }
    return t;
}

/* The shadow table for la below the root. Rights are all in the leaves. */
static struct table *leaf(struct vmm *vmm, laddr la, const struct walk *w)
{
    uint8_t rights = w->flat ? 7 : (uint8_t)(w->pde & (w->big ? 7 | PTE_D : 7));
    struct table *t = NULL, *dir = NULL;
    for (unsigned turn = 0; turn < 2 && t == NULL; turn++) {
        dir = root(vmm);
        t = w->flat  ? find_or_make(vmm, TABLE_BIG, (la >> 22) << 10, rights)
            : w->big ? find_or_make(vmm, TABLE_BIG, FRAME(w->pde & 0xFFC00000u), rights)
                     : find_or_make(vmm, TABLE_LEAF, FRAME(w->pde), rights);
        if (t == NULL) {
            drop_all(vmm);
        }
    }
    if (!w->flat && dir->gfn < vmm->guest_frames) { /* used, so it is one */
        vmm->flood[dir->gfn] = 0;
    }
    if (t->kind == TABLE_LEAF && t->gfn < vmm->guest_frames) {
        vmm->flood[t->gfn] = 0;
    }
    dir->seen[la >> 22] = w->pde;
    entry_set(vmm, dir, la >> 22, table_ma(vmm, t) | PTE_A | PTE_U | PTE_W | PTE_P);
    return t;
}

/* ---- (5) fault */

/* The kernel wants a page whose code has changed. A fetch? Then EIP is on that page, or the
 * instruction's end is. Else it is data for once. */
static bool stale(struct vmm *vmm, laddr la, bool write, uint32_t gfn)
{
    struct vdesc d = {0, 0, 0};
    if (view_now(vmm) != VIEW_KERNEL || code_state(vmm, gfn) != CODE_STALE) {
        return false;
    }
    vseg_desc(vmm, HW_CS, &d);
    laddr eip = desc_base(&d) + vmm->frame.eip;
    bool fetch = FRAME(la) == FRAME(eip) || (!(la & PAGE_MASK) && la - eip < 15);
    if (fetch && !write) {
        rewrite_revive(vmm, la);
    } else {
        rewrite_stray(vmm, gfn);
    }
    return code_state(vmm, gfn) == CODE_STALE;
}

enum shadow_result shadow_fault(struct vmm *vmm, laddr la, bool write)
{
    struct walk w;
    unsigned how = WALK_MARK | (write ? WALK_WRITE : 0u) | (vmm->v.cpl == 3 ? WALK_USER : 0u);
    if (!walk(vmm, la, how, &w)) {
        vmm->fault = (struct vfault){.vector = 14, .has_code = true, .code = w.code, .cr2 = la};
        return SHADOW_TRUE_FAULT;
    }
    if (la >= VMM_LINEAR) { /* the guest's own pages there are out of its reach */
        vmm->fault = (struct vfault){.vector = 14, .has_code = true, .cr2 = la};
        vmm->fault.code = (write ? 2u : 0u) | (vmm->v.cpl == 3 ? 4u : 0u);
        return SHADOW_TRUE_FAULT;
    }
    uint32_t gfn = w.ga >> PAGE_SHIFT;
    if (stale(vmm, la, write, gfn)) {
        return SHADOW_TRACED;
    }
    struct table *t = leaf(vmm, la, &w);
    unsigned n = la >> 12 & 0x3FF;
    t->seen[n] = w.pte;
    entry_set(vmm, t, n, leaf_entry(vmm, &w, write));
    charge(vmm->meter, COST_FILL);
    return write && (gfn >= vmm->guest_frames || vmm->trace[gfn]) ? SHADOW_TRACED
                                                                  : SHADOW_FILLED;
}

/* ---- (6) open, close */

void shadow_open(struct vmm *vmm, laddr la, bool write)
{
    struct walk w;
    uint32_t mfn;
    if (vmm->open == ARRAY_LEN(vmm->opened) || !walk(vmm, la, 0, &w)) {
        return;
    }
    struct table *t = leaf(vmm, la, &w);
    unsigned n = la >> 12 & 0x3FF;
    guest_frame(vmm, w.ga >> PAGE_SHIFT, &mfn); /* and not a copy of code */
    t->seen[n] = w.pte;
    uint32_t bits = leaf_rights(vmm, &w, write) & ~(uint32_t)PTE_W;
    entry_set(vmm, t, n, mfn << PAGE_SHIFT | bits | (write ? PTE_W : 0u));
    vmm->opened[vmm->open].gfn = w.ga >> PAGE_SHIFT;
    vmm->opened[vmm->open].table = t;
    vmm->opened[vmm->open].entry = n;
    vmm->open++;
}

/* Read-only again; then: what is different? */
void shadow_close(struct vmm *vmm)
{
    while (vmm->open > 0) {
        uint32_t mfn, gfn = vmm->opened[--vmm->open].gfn;
        bool there = guest_frame(vmm, gfn, &mfn);
        struct table *t = vmm->opened[vmm->open].table;
        unsigned n = vmm->opened[vmm->open].entry;
        uint32_t closed = t->entry[n] & ~(uint32_t)PTE_W; /* all others are closed already */
        entry_set(vmm, t, n, code_state(vmm, gfn) != CODE_NONE ? 0 : closed);
        if (there) {
            shadow_written(vmm, gfn);
        } else { /* nothing is there to keep what was stored */
            uint8_t ones[PAGE_SIZE];
            memset(ones, 0xFF, sizeof ones);
            hw_write(vmm->hw, mfn << PAGE_SHIFT, ones, sizeof ones);
        }
    }
}

/* ---- (7) load */

void shadow_load(struct vmm *vmm)
{
    maddr ma = table_ma(vmm, root(vmm));
    if (ma != vmm->root) {
        vmm->root = ma;
        hw_load_cr3(vmm->hw, ma);
    }
}
