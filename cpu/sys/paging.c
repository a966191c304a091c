/* cpu/sys/paging.c -- linear to physical: the walk of the guest's page tables.
 *
 * The tables (SDM 3A 4.3, 4.4) are walked when an access misses the page maps; what the walk
 * found is entered into the shadow page tables (shadow.c), so that the next access hits
 * (lmem.h). Those are exactly coherent: the guest sees a processor without a TLB, where every
 * access obeys the tables as they stand, which the SDM always permits (3A 4.10).
 *
 * The jobs of this file, in order:
 *   (1) walk       find the entries that translate an address, and what they allow
 *   (2) mark       set their accessed and dirty bits
 *   (3) translate  the whole of it for one access, or #PF
 *   (4) show       without side effects
 *
 * Formats: 32-bit with 4 KiB and (CR4.PSE) 4 MiB pages, the latter anywhere in 36 bits of
 * physical addresses where there is PSE-36; PAE with 4 KiB and 2 MiB pages, 36-bit physical
 * addresses and (EFER.NXE) pages that cannot be executed. Global pages need nothing: there is
 * no TLB that they could survive in. Tables are read from RAM and ROM only; a table in a
 * device's registers reads as all ones.
 *
 * NX is looked at when code is fetched from a page for the first time: that comes by
 * mmu_translate(). The jump cache and the links between blocks lead only where the map of code
 * has an entry, or the same page has one (block.h). The maps of data know nothing of it.
 */
#include <stdio.h>
#include <string.h>

#include "cpu/sys/shadow.h"
#include "cpu/sys/sys.h"

enum pte_bits {
    PTE_P = 1,
    PTE_W = 2,
    PTE_U = 4,
    PTE_A = 0x20,
    PTE_D = 0x40,
    PTE_PS = 0x80,
    PTE_WU = PTE_W | PTE_U,
};
enum pf_code { PF_P = 1, PF_W = 2, PF_U = 4, PF_RSVD = 8, PF_I = 16 };
#define PTE_NX (UINT64_C(1) << 63)

static paddr a20_mask(const struct cpu *cpu)
{
    return cpu->sys->a20 ? ~(paddr)0 : ~((paddr)1 << 20);
}

static bool pae(const struct cpu *cpu)
{
    return cpu->sys->cr4 & CR4_PAE;
}

static bool nxe(const struct cpu *cpu)
{
    return pae(cpu) && (cpu->sys->msr.efer & EFER_NXE);
}

/* ---- (1) walk */

struct walk {
    paddr page;        /* physical address of the 4 KiB page … */
    uint32_t rights;   /* PTE_W and PTE_U as all levels allow them … */
    bool dirty;        /* … whether the last level says so … */
    bool no_fetch;     /* … and whether any forbids execution */
    uint32_t fault;    /* if there is no translation: PF_P and PF_RSVD of the error code */
    unsigned levels;   /* entries used: 1 for a large page */
    paddr at[2];       /* where they stand */
    uint64_t entry[2]; /* and what they say */
};

static uint64_t entry_read(const struct cpu *cpu, paddr at)
{
    if (phys_is_io(cpu->ph, at)) {
        return pae(cpu) ? UINT64_MAX : UINT32_MAX;
    }
    uint64_t v = phys_read(cpu->ph, at, 4);
    return pae(cpu) ? v | (uint64_t)phys_read(cpu->ph, at + 4, 4) << 32 : v;
}

/* Bits that must be 0: above the 36 bits of a physical address, but for NX if that is on; in an
 * entry for a large page also those between its flags and its frame, of which PSE-36 uses 13 to
 * 16 (SDM 3A tables 4-4, 4-9 to 4-11). */
static uint64_t reserved_bits(const struct cpu *cpu, bool large)
{
    if (!pae(cpu)) {
        return !large ? 0 : cpu->features & FEAT_PSE36 ? 0x3E0000 : 0x3FE000;
    }
    uint64_t high = ~(uint64_t)0 << 36 & ~(nxe(cpu) ? PTE_NX : 0);
    return large ? high | 0x1FE000 : high;
}

static paddr large_page(const struct cpu *cpu, uint64_t e)
{
    uint64_t upper = pae(cpu) ? e & UINT64_C(0xF00000000) : (e >> 13 & 0xF) << 32;
    return upper | ((uint32_t)e & ~(shadow_span(cpu) - 1));
}

/* Reads the entry at `at` as the next level. false: the walk ends with w->fault. */
static bool step(const struct cpu *cpu, struct walk *w, paddr at, bool large_allowed,
                 bool *large)
{
    uint64_t e = entry_read(cpu, at);
    w->at[w->levels] = at;
    w->entry[w->levels++] = e;
    *large = large_allowed && (e & PTE_PS);
    if (!(e & PTE_P)) {
        w->fault = 0;
        return false;
    }
    if (e & reserved_bits(cpu, *large)) {
        w->fault = PF_P | PF_RSVD;
        return false;
    }
    w->rights &= (uint32_t)e;
    w->dirty = e & PTE_D;
    w->no_fetch |= (e & PTE_NX) != 0; /* 0 in 32-bit entries, reserved without NXE */
    return true;
}

static bool directory_base(const struct cpu *cpu, struct walk *w, laddr la, paddr *base)
{
    const struct cpu_sys *sys = cpu->sys;
    unsigned n = la >> 30;
    if (!pae(cpu)) {
        *base = sys->cr3 & 0xFFFFF000u;
        return true;
    }
    if (!(sys->pdpte_lo[n] & PTE_P)) {
        w->fault = 0;
        return false;
    }
    *base = (sys->pdpte_lo[n] & 0xFFFFF000u) | (uint64_t)(sys->pdpte_hi[n] & 0xF) << 32;
    return true;
}

static paddr directory_entry(const struct cpu *cpu, paddr base, laddr la)
{
    paddr index = pae(cpu) ? la >> 21 & 511 : la >> 22;
    return (base + index * shadow_entry_size(cpu)) & a20_mask(cpu);
}

bool mmu_directory(const struct cpu *cpu, laddr la, struct shadow_source *src)
{
    struct walk w;
    paddr base;
    if (!directory_base(cpu, &w, la, &base)) {
        return false;
    }
    paddr at = directory_entry(cpu, base, la);
    *src = (struct shadow_source){at, TABLE_ABOVE, pae(cpu) ? la & 0xC0000000u : 0,
                                  entry_read(cpu, at)};
    return true;
}

/* false: no translation; w->fault says why. Rights are for the caller to look at. */
static bool walk(const struct cpu *cpu, laddr la, struct walk *w)
{
    const uint64_t frame = 0xFFFFFF000; /* of 32-bit entries: the same 20 bits */
    laddr span = shadow_span(cpu);
    unsigned size = shadow_entry_size(cpu);
    bool large, large_allowed = pae(cpu) || (cpu->sys->cr4 & CR4_PSE);
    paddr base;
    *w = (struct walk){.rights = PTE_WU};
    if (!directory_base(cpu, w, la, &base)) {
        return false;
    }
    if (!step(cpu, w, directory_entry(cpu, base, la), large_allowed, &large)) {
        return false;
    }
    if (large) {
        w->page = large_page(cpu, w->entry[0]) | (la & (span - 1) & ~(laddr)PAGE_MASK);
    } else {
        base = w->entry[0] & frame;
        paddr index = (la & (span - 1)) >> PAGE_SHIFT;
        if (!step(cpu, w, (base + index * size) & a20_mask(cpu), false, &large)) {
            return false;
        }
        w->page = w->entry[1] & frame;
    }
    w->page &= a20_mask(cpu);
    return true;
}

static bool may_write(const struct cpu *cpu, const struct walk *w, bool user)
{
    return (w->rights & PTE_W) || (!user && !(cpu->sys->cr0 & CR0_WP));
}

static bool permitted(const struct cpu *cpu, const struct walk *w, enum access access,
                      bool user)
{
    return (!user || (w->rights & PTE_U)) &&
           (access != ACCESS_WRITE || may_write(cpu, w, user)) &&
           (access != ACCESS_FETCH || !w->no_fetch);
}

static bool pointers_read(const struct cpu *cpu, uint32_t cr3, uint32_t lo[4], uint32_t hi[4])
{
    paddr at = cr3 & 0xFFFFFFE0u & a20_mask(cpu);
    for (unsigned n = 0; n < 4; n++, at += 8) {
        bool io = phys_is_io(cpu->ph, at);
        lo[n] = io ? UINT32_MAX : phys_read(cpu->ph, at, 4);
        hi[n] = io ? UINT32_MAX : phys_read(cpu->ph, at + 4, 4);
        if ((lo[n] & PTE_P) && ((lo[n] & 0x1E6) || (hi[n] & ~0xFu))) {
            return false;
        }
    }
    return true;
}

bool pae_valid(const struct cpu *cpu, uint32_t cr3)
{
    uint32_t lo[4], hi[4];
    return pointers_read(cpu, cr3, lo, hi);
}

/* PDPTEs are read once, when CR3 is loaded or PAE paging begins (SDM 3A 4.4.1). */
bool pae_load(struct cpu *cpu, uint32_t cr3)
{
    struct cpu_sys *sys = cpu->sys;
    uint32_t lo[4], hi[4];
    if (!pointers_read(cpu, cr3, lo, hi)) {
        return false;
    }
    memcpy(sys->pdpte_lo, lo, sizeof lo);
    memcpy(sys->pdpte_hi, hi, sizeof hi);
    return true;
}

/* ---- (2) mark */

/* Accessed on every level, dirty on the last. All flags are in an entry's low half. */
static void mark(struct cpu *cpu, struct walk *w, bool write)
{
    for (unsigned n = 0; n < w->levels; n++) {
        bool last = n == w->levels - 1;
        uint32_t old = (uint32_t)w->entry[n], want = old | PTE_A | (last && write ? PTE_D : 0u);
        if (want != old && !phys_is_io(cpu->ph, w->at[n])) {
            shadow_mark(cpu, w->at[n], want);
            w->entry[n] |= want;
        }
    }
    w->dirty |= write;
}

/* ---- (3) translate */

static _Noreturn void page_fault(struct cpu *cpu, const struct insn *i, laddr la, uint32_t code)
{
    cpu->sys->cr2 = la;
    trap_raise_page(cpu, i, la, code);
}

static void fill(struct cpu *cpu, laddr la, const struct walk *w, bool user, bool fetch)
{
    const struct shadow_source sources[2] = {
        {w->at[0], TABLE_ABOVE, pae(cpu) ? la & 0xC0000000u : 0, w->entry[0]},
        {w->at[1], TABLE_LAST, la & ~(shadow_span(cpu) - 1), w->entry[1]},
    };
    const struct shadow_rights rights = {
        .user = user, .write = w->dirty && may_write(cpu, w, user), .fetch = fetch};
    shadow_fill(cpu, la, w->page, &rights, sources, w->levels);
}

paddr mmu_translate(struct cpu *cpu, const struct insn *i, laddr la, enum access access,
                    bool user)
{
    bool write = access == ACCESS_WRITE, fetch = access == ACCESS_FETCH;
    struct walk w;
    cpu->stats.misses[user][access]++;
    if (write) {
        shadow_note_write(cpu, la);
    }
    if (!(cpu->sys->cr0 & CR0_PG)) {
        paddr pa = la & a20_mask(cpu);
        shadow_fill(cpu, la, pa, &(struct shadow_rights){user, true, fetch}, NULL, 0);
        return pa;
    }
    uint32_t code = (write ? PF_W : 0u) | (user ? PF_U : 0u) | (fetch && nxe(cpu) ? PF_I : 0u);
    if (!walk(cpu, la, &w)) {
        page_fault(cpu, i, la, code | w.fault);
    }
    if (!permitted(cpu, &w, access, user)) {
        page_fault(cpu, i, la, code | PF_P);
    }
    mark(cpu, &w, write);
    fill(cpu, la, &w, user, fetch);
    if (cpu->attention && i != NULL && !cpu->synced) {
        engine_divert(cpu, i); /* an A or D bit fell into the code that is running */
    }
    return w.page | (la & PAGE_MASK);
}

/* ---- (4) show */

bool mmu_peek(const struct cpu *cpu, laddr la, paddr *pa)
{
    struct walk w;
    if (!(cpu->sys->cr0 & CR0_PG)) {
        *pa = la & a20_mask(cpu);
        return true;
    }
    if (!walk(cpu, la, &w)) {
        return false;
    }
    *pa = w.page | (la & PAGE_MASK);
    return true;
}

struct run { /* of pages that are mapped alike, one after the other */
    laddr la;
    paddr pa;
    uint64_t len;
    uint32_t rights;
};

static void run_show(const struct run *r, cpu_put_fn *put, void *ctx)
{
    char line[80];
    if (r->len != 0) {
        snprintf(line, sizeof line, "%08x-%08x -> %09llx %c%c\n", (unsigned)r->la,
                 (unsigned)(r->la + (r->len - 1)), (unsigned long long)r->pa,
                 r->rights & PTE_U ? 'u' : '-', r->rights & PTE_W ? 'w' : '-');
        put(ctx, line);
    }
}

/* The guest's mapping as its tables stand, since that is what every access obeys. */
void tlb_info(const struct cpu *cpu, cpu_put_fn *put, void *ctx)
{
    struct run r = {0, 0, 0, 0};
    struct walk w;
    uint64_t la = 0;
    if (!(cpu->sys->cr0 & CR0_PG)) {
        put(ctx, cpu->sys->a20
                     ? "paging is off: physical = linear\n"
                     : "paging is off: physical = linear without bit 20 (A20 closed)\n");
        return;
    }
    while (la <= UINT32_MAX) {
        bool mapped = walk(cpu, (laddr)la, &w);
        laddr step_len = w.levels == 2 ? PAGE_SIZE : shadow_span(cpu);
        if (!mapped || r.len == 0 || w.rights != r.rights || w.page != r.pa + r.len) {
            run_show(&r, put, ctx);
            r = (struct run){(laddr)la, w.page, 0, w.rights};
        }
        r.len = mapped ? r.len + step_len : 0;
        la += step_len;
    }
    run_show(&r, put, ctx);
}
