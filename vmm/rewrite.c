/* vmm/rewrite.c -- see the header. In order: bits, copies, the scan, and what makes a scan go
 * out of date.
 */
#include "vmm/rewrite.h"

#include <string.h>

#include "vmm/emulate.h"
#include "vmm/flow.h"
#include "vmm/oracle.h"

enum { HLT = 0xF4, STRAYS_MOST = 4096, WORK_MOST = 1024 };

static bool bit(const uint8_t *map, unsigned n)
{
    return map[n / 8] >> n % 8 & 1;
}

static void set_bit(uint8_t *map, unsigned n)
{
    map[n / 8] |= (uint8_t)(1u << n % 8);
}

static void clear_bit(uint8_t *map, unsigned n)
{
    map[n / 8] &= (uint8_t) ~(1u << n % 8);
}

/* ---- where is this code? */

struct place {
    laddr la;
    uint32_t gfn;
    unsigned off;
    struct code_page *page;
};

/* false: it is not there, or there is no memory. The scan's own walks are in its price. */
static bool find(struct vmm *vmm, laddr la, struct place *p)
{
    struct walk w;
    uint64_t walks = vmm->meter->events[COST_WALK];
    bool there = walk(vmm, la, 0, &w) && w.ga >> PAGE_SHIFT < vmm->guest_frames;
    vmm->meter->events[COST_WALK] = walks;
    if (there) {
        p->la = la;
        p->gfn = w.ga >> PAGE_SHIFT;
        p->off = w.ga & PAGE_MASK;
        p->page = &vmm->code[p->gfn];
    }
    return there && la < VMM_LINEAR;
}

static bool code_segment(struct vmm *vmm, laddr *base, bool *code32)
{
    struct vdesc d;
    if (!vseg_desc(vmm, HW_CS, &d)) {
        return false;
    }
    *base = desc_base(&d);
    *code32 = d.hi & DESC_D;
    return true;
}

static bool find_eip(struct vmm *vmm, struct place *p)
{
    laddr base;
    bool code32;
    return code_segment(vmm, &base, &code32) && find(vmm, base + vmm->frame.eip, p);
}

/* ---- copies */

static maddr copy_ma(const struct vmm *vmm, const struct place *p)
{
    uint32_t mfn;
    guest_frame(vmm, p->gfn, &mfn);
    return code_copy(mfn) << PAGE_SHIFT | p->off;
}

static void patch(struct vmm *vmm, const struct place *p)
{
    static const uint8_t hlt = HLT;
    if (!bit(p->page->patched, p->off)) {
        set_bit(p->page->patched, p->off);
        hw_write(vmm->hw, copy_ma(vmm, p), &hlt, 1);
        vmm->count.rewritten++;
        charge(vmm->meter, COST_PATCH);
        oracle_replaced(vmm->oracle, p->la, true);
    }
}

static void unpatch(struct vmm *vmm, const struct place *p)
{
    clear_bit(p->page->patched, p->off);
    hw_write(vmm->hw, copy_ma(vmm, p), &p->page->original[p->off], 1);
    charge(vmm->meter, COST_PATCH);
    oracle_replaced(vmm->oracle, p->la, false);
}

/* Makes the page live, with nothing scanned; the entries that were known stay. */
static void copy_page(struct vmm *vmm, uint32_t gfn)
{
    struct code_page *page = &vmm->code[gfn];
    uint32_t mfn;
    guest_frame(vmm, gfn, &mfn);
    hw_read(vmm->hw, mfn << PAGE_SHIFT, page->original, PAGE_SIZE);
    hw_write(vmm->hw, code_copy(mfn) << PAGE_SHIFT, page->original, PAGE_SIZE);
    memset(page->start, 0, sizeof page->start);
    memset(page->covered, 0, sizeof page->covered);
    memset(page->patched, 0, sizeof page->patched);
    page->strays = 0;
    page->before = NO_FRAME;
    page->state = CODE_LIVE;
    vmm->count.code_pages++;
    trace_add(vmm, gfn, TRACE_CODE);
    shadow_unmap_code(vmm, gfn);
}

/* ---- the scan */

struct work {
    laddr la;
    int depth;
};
struct scan {
    struct vmm *vmm;
    bool code32;
    unsigned n;
    struct work todo[WORK_MOST];
};

/* entry: not only what stands before it leads here. */
static void later(struct scan *s, laddr la, int depth, bool entry)
{
    struct place p;
    if (s->n == WORK_MOST || !find(s->vmm, la, &p)) {
        s->vmm->count.not_followed++;
        return;
    }
    if (entry || p.off == 0) {
        set_bit(p.page->entry, p.off);
        p.page->entry_depth[p.off] = (int16_t)depth;
    }
    s->todo[s->n++] = (struct work){la, depth};
}

/* The page at la is about to be executed. Was it stale, all that led there is looked at again.
 */
static void enliven(struct scan *s, laddr la, const struct place *p)
{
    bool stale = p->page->state == CODE_STALE;
    if (p->page->state == CODE_LIVE) {
        return;
    }
    copy_page(s->vmm, p->gfn);
    for (unsigned off = 0; stale && off < PAGE_SIZE; off++) {
        if (bit(p->page->entry, off)) {
            later(s, (la & ~(laddr)PAGE_MASK) + off, p->page->entry_depth[off], true);
        }
    }
}

/* The bytes at la, as far as they are there. */
static unsigned bytes_at(struct vmm *vmm, laddr la, uint8_t bytes[FLOW_LONGEST])
{
    unsigned got = 0;
    while (got < FLOW_LONGEST) {
        struct place p;
        uint32_t mfn;
        if (!find(vmm, la + got, &p)) {
            break;
        }
        unsigned room = PAGE_SIZE - p.off, n = FLOW_LONGEST - got;
        n = n < room ? n : room;
        guest_frame(vmm, p.gfn, &mfn);
        hw_read(vmm->hw, mfn << PAGE_SHIFT | p.off, bytes + got, n);
        got += n;
    }
    return got;
}

static int depth_after(const struct flow *f, int depth)
{
    if (f->stack == STACK_LOST || depth == DEPTH_UNKNOWN) {
        return DEPTH_UNKNOWN;
    }
    int by = f->bytes > 20000 || f->bytes < -20000 ? 20000 : f->bytes;
    int after = f->stack == STACK_BY      ? depth + by
                : f->stack == STACK_FRAME ? 4 - by
                : f->bytes == depth       ? DEPTH_UNKNOWN /* the return address itself */
                                          : depth;
    return after > 30000 || after < -30000 ? DEPTH_UNKNOWN : after;
}

/* Does what is called take its return address off the stack? Then the CALL is only a PUSH, and
 * what follows it need not be code. */
static bool takes_return_address(struct vmm *vmm, laddr la, bool code32)
{
    int depth = 0;
    for (unsigned turn = 0; turn < 8; turn++) {
        uint8_t bytes[FLOW_LONGEST];
        struct flow f;
        unsigned n = bytes_at(vmm, la, bytes);
        if (!flow_decode(bytes, n, code32, &f) || f.kind != FLOW_NEXT) {
            return false;
        }
        depth = depth_after(&f, depth);
        if (depth == DEPTH_UNKNOWN || depth < 0) {
            return depth < 0 && depth != DEPTH_UNKNOWN;
        }
        la += f.len;
    }
    return false;
}

/* Marks bytes as an instruction's. false: some are another's. */
static bool cover(struct vmm *vmm, struct code_page *page, unsigned off, unsigned len)
{
    for (unsigned k = 0; k < len; k++) {
        if (bit(page->covered, off + k)) {
            vmm->count.overlaps++;
            return false;
        }
    }
    for (unsigned k = 0; k < len; k++) {
        set_bit(page->covered, off + k);
    }
    return true;
}

/* An instruction that is new here is noted. false: it overlaps another. */
static bool note(struct scan *s, laddr la, const struct place *p, unsigned len)
{
    unsigned room = PAGE_SIZE - p->off, here = len < room ? len : room;
    struct place q;
    if (here < len) {
        if (!find(s->vmm, la + here, &q)) {
            return false;
        }
        enliven(s, la + here, &q);
        if (!cover(s->vmm, q.page, 0, len - here)) {
            return false;
        }
        q.page->before = p->gfn;
    }
    if (!cover(s->vmm, p->page, p->off, here)) {
        return false;
    }
    set_bit(p->page->start, p->off);
    return true;
}

static bool linked(struct vmm *vmm, laddr la)
{
    struct place p;
    return find(vmm, la, &p) && p.page->state == CODE_LIVE && bit(p.page->start, p.off);
}

static void call(struct scan *s, const struct place *p, const struct flow *f, laddr next,
                 int depth)
{
    laddr target = next + f->target;
    if (takes_return_address(s->vmm, target, s->code32)) {
        later(s, target, depth == DEPTH_UNKNOWN ? depth : depth + 4, true);
        return;
    }
    if (!linked(s->vmm, target)) {
        patch(s->vmm, p);
    }
    later(s, next, depth, true);
}

/* What this instruction leads to; and: is it to be replaced? */
static void follow(struct scan *s, const struct place *p, const struct flow *f, laddr next,
                   int depth)
{
    int after = depth_after(f, depth);
    bool replace = f->sensitive || f->kind == FLOW_CALL_INDIRECT ||
                   f->kind == FLOW_JUMP_INDIRECT || (f->kind == FLOW_RET && depth != 0);
    if (replace) {
        patch(s->vmm, p);
    }
    switch (f->kind) {
    case FLOW_CALL_INDIRECT: later(s, next, after, true); break;
    case FLOW_NEXT: later(s, next, after, false); break;
    case FLOW_BRANCH:
        later(s, next, after, false);
        later(s, next + f->target, after, true);
        break;
    case FLOW_JUMP: later(s, next + f->target, after, true); break;
    case FLOW_CALL: call(s, p, f, next, after); break;
    default: break;
    }
}

/* One instruction. */
static void look(struct scan *s, laddr la, int depth)
{
    struct place p;
    struct flow f;
    uint8_t bytes[FLOW_LONGEST];
    if (!find(s->vmm, la, &p)) {
        return;
    }
    enliven(s, la, &p);
    bool known = bit(p.page->start, p.off);
    if (known) {
        if (p.page->depth[p.off] == depth || p.page->depth[p.off] == DEPTH_UNKNOWN) {
            return;
        }
        depth = DEPTH_UNKNOWN; /* two ways lead here, and disagree */
    }
    unsigned n = bytes_at(s->vmm, la, bytes);
    if (!flow_decode(bytes, n, s->code32, &f) || (!known && !note(s, la, &p, f.len))) {
        return;
    }
    p.page->depth[p.off] = (int16_t)depth;
    if (!known) {
        s->vmm->count.scanned++;
        charge(s->vmm->meter, COST_SCAN);
    }
    follow(s, &p, &f, la + f.len, depth);
}

static void run_scan(struct scan *s)
{
    while (s->n > 0) {
        struct work w = s->todo[--s->n];
        look(s, w.la, w.depth);
    }
}

static void scan_from(struct vmm *vmm, laddr la, int depth)
{
    laddr base;
    struct scan s = {.vmm = vmm};
    if (code_segment(vmm, &base, &s.code32)) {
        later(&s, la, depth, true);
        run_scan(&s);
    }
}

/* ---- asked by the rest of the monitor */

void rewrite_enter(struct vmm *vmm)
{
    struct place p;
    laddr base;
    bool code32;
    int depth = vmm->scan_depth;
    if (vmm->code == NULL || vmm->v.cpl == 3 || !code_segment(vmm, &base, &code32)) {
        return;
    }
    vmm->scan_depth = DEPTH_UNKNOWN;
    laddr la = base + vmm->frame.eip;
    if (!find(vmm, la, &p)) {
        return; /* the guest's page fault will come of it */
    }
    if (p.page->state == CODE_LIVE && bit(p.page->start, p.off)) {
        p.page->strays = 0;
    } else {
        scan_from(vmm, la, depth);
    }
}

bool rewrite_here(struct vmm *vmm)
{
    struct place p;
    return vmm->code != NULL && vmm->v.cpl != 3 && find_eip(vmm, &p) &&
           p.page->state == CODE_LIVE && bit(p.page->patched, p.off);
}

int rewrite_depth(struct vmm *vmm)
{
    struct place p;
    bool known = find_eip(vmm, &p) && p.page->state == CODE_LIVE && bit(p.page->start, p.off);
    return known ? p.page->depth[p.off] : DEPTH_UNKNOWN;
}

void rewrite_link(struct vmm *vmm, uint32_t eip)
{
    struct place p;
    laddr base;
    bool code32;
    if (!code_segment(vmm, &base, &code32)) {
        return;
    }
    if (!linked(vmm, base + eip)) {
        scan_from(vmm, base + eip, 0);
    }
    if (linked(vmm, base + eip) && find_eip(vmm, &p) && bit(p.page->patched, p.off)) {
        unpatch(vmm, &p);
    }
}

bool rewrite_store(struct vmm *vmm)
{
    struct place p;
    struct vinsn in;
    struct vfault keep = vmm->fault;
    bool known = vmm->code != NULL && vmm->v.cpl != 3 && find_eip(vmm, &p) &&
                 p.page->state == CODE_LIVE && bit(p.page->start, p.off);
    bool can = known && decode_insn(vmm, emulate_table, &in) && in.op != NULL &&
               in.op->emulate == emulate_store;
    vmm->fault = keep;
    if (can) {
        patch(vmm, &p);
    }
    return can;
}

void rewrite_undo(struct vmm *vmm)
{
    struct place p;
    if (find_eip(vmm, &p)) {
        unpatch(vmm, &p);
    }
}

/* ---- code that changes */

static void make_stale(struct vmm *vmm, uint32_t gfn)
{
    vmm->code[gfn].state = CODE_STALE;
    vmm->code[gfn].strays = 0;
    vmm->count.code_changes++;
    shadow_unmap_code(vmm, gfn);
}

/* Data beside the code go into the copy; what changes code makes the page stale, and the page
 * before it, if an instruction of that ends here. */
void rewrite_written(struct vmm *vmm, uint32_t gfn)
{
    struct code_page *page = &vmm->code[gfn];
    uint8_t now[PAGE_SIZE];
    uint32_t mfn;
    unsigned changed = 0, first = PAGE_SIZE;
    if (page->state != CODE_LIVE) {
        return;
    }
    guest_frame(vmm, gfn, &mfn);
    hw_read(vmm->hw, mfn << PAGE_SHIFT, now, PAGE_SIZE);
    for (unsigned off = 0; off < PAGE_SIZE; off++) {
        if (now[off] == page->original[off]) {
            continue;
        }
        if (bit(page->covered, off)) {
            changed++;
            first = off < first ? off : first;
        } else {
            page->original[off] = now[off];
            hw_write(vmm->hw, code_copy(mfn) << PAGE_SHIFT | off, &now[off], 1);
        }
    }
    if (changed == 0 && ++page->strays > STRAYS_MOST) {
        make_stale(vmm, gfn); /* data alone? Its next fetch would tell */
    } else if (changed > 0) {
        make_stale(vmm, gfn);
        if (first < FLOW_LONGEST && page->before != NO_FRAME &&
            vmm->code[page->before].state == CODE_LIVE) {
            make_stale(vmm, page->before);
        }
    }
}

void rewrite_revive(struct vmm *vmm, laddr la)
{
    struct place p;
    laddr base;
    struct scan s = {.vmm = vmm};
    if (code_segment(vmm, &base, &s.code32) && find(vmm, la, &p)) {
        enliven(&s, la, &p);
        run_scan(&s);
    }
}

void rewrite_stray(struct vmm *vmm, uint32_t gfn)
{
    struct code_page *page = &vmm->code[gfn];
    if (++page->strays > STRAYS_MOST) {
        memset(page->entry, 0, sizeof page->entry);
        page->state = CODE_NONE;
        vmm->trace[gfn] &= (uint8_t)~TRACE_CODE;
        shadow_unmap_code(vmm, gfn);
    }
}
