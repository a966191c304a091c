/* cpu/sys/control.c -- control and debug registers, and the instructions that
 * concern the processor as a whole: HLT CPUID SYSENTER INVLPG … (SDM 3A 2.5, 2.8).
 *
 * What differs between models is data: the features decide which bits of CR0 and CR4 exist.
 *
 * NOT IMPLEMENTED: breakpoints on the processor's own accesses (descriptor tables, TSS);
 * effects of CR0.CD and NW (stored); system management mode.
 */
#include "cpu/sys/sys.h"

/* ---- control registers */

static uint32_t cr0_bits(const struct cpu *cpu)
{
    uint32_t bits = CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_PG;
    if (cpu->features & FEAT_486) {
        return bits | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD;
    }
    return bits | CR0_ET; /* which coprocessor, 387 or 287: no bit has an effect here */
}

static uint32_t cr4_bits(const struct cpu *cpu)
{
    static const struct {
        uint32_t feature, bits;
    } table[] = {
        {FEAT_VME, CR4_VME | CR4_PVI}, {FEAT_TSC, CR4_TSD},   {FEAT_DE, CR4_DE},
        {FEAT_PSE, CR4_PSE},           {FEAT_PAE, CR4_PAE},   {FEAT_MCE, CR4_MCE},
        {FEAT_PGE, CR4_PGE},           {FEAT_PMC, CR4_PCE},   {FEAT_FXSR, CR4_OSFXSR},
        {FEAT_SSE, CR4_OSXMMEXCPT},    {FEAT_UMIP, CR4_UMIP},
    };
    uint32_t bits = 0;
    for (unsigned n = 0; n < ARRAY_LEN(table); n++) {
        bits |= cpu->features & table[n].feature ? table[n].bits : 0;
    }
    return bits;
}

bool has_cr4(const struct cpu *cpu)
{
    return cr4_bits(cpu) != 0;
}

bool control_valid(const struct cpu *cpu, unsigned n, uint32_t v)
{
    bool paging_alone = (v & CR0_PG) && !(v & CR0_PE), through = (v & CR0_NW) && !(v & CR0_CD);
    if (n == 0) {
        return !(v & ~(cr0_bits(cpu) | CR0_ET)) && !paging_alone && !through;
    }
    return !(v & ~cr4_bits(cpu));
}

/* Reserved bits are not stored; since the 486, ET is wired to 1 (SDM 3A 2.5). */
static bool cr0_set(struct cpu *cpu, uint32_t v)
{
    struct cpu_sys *sys = cpu->sys;
    uint32_t old = sys->cr0;
    v = (v & cr0_bits(cpu)) | (cpu->features & FEAT_486 ? CR0_ET : 0u);
    if (!control_valid(cpu, 0, v)) {
        return false;
    }
    /* SDM 3A 4.4.1: these reload the PDPTEs. */
    bool pdptes =
        (v & CR0_PG) && (sys->cr4 & CR4_PAE) && ((v ^ old) & (CR0_CD | CR0_NW | CR0_PG));
    if (pdptes && !pae_load(cpu, sys->cr3)) {
        return false;
    }
    sys->cr0 = v;
    if (pdptes || ((v ^ old) & (CR0_WP | CR0_PG))) {
        shadow_select(cpu);
    }
    if ((v ^ old) & (CR0_PE | CR0_AM | CR0_EM | CR0_TS | CR0_NE)) {
        sys_update(cpu);
    }
    return true;
}

static bool cr3_set(struct cpu *cpu, uint32_t v)
{
    struct cpu_sys *sys = cpu->sys;
    if ((sys->cr0 & CR0_PG) && (sys->cr4 & CR4_PAE) && !pae_load(cpu, v)) {
        return false;
    }
    sys->cr3 = v;
    shadow_select(cpu);
    return true;
}

static bool cr4_set(struct cpu *cpu, uint32_t v)
{
    struct cpu_sys *sys = cpu->sys;
    uint32_t changed = sys->cr4 ^ v;
    if (!control_valid(cpu, 4, v)) {
        return false;
    }
    bool pdptes = (v & CR4_PAE) && (sys->cr0 & CR0_PG) &&
                  (changed & (CR4_PAE | CR4_PGE | CR4_PSE)); /* SDM 3A 4.4.1 */
    if (pdptes && !pae_load(cpu, sys->cr3)) {
        return false;
    }
    sys->cr4 = v;
    if (pdptes || (changed & (CR4_PSE | CR4_PAE))) {
        shadow_select(cpu);
    }
    if (changed & CR4_OSFXSR) {
        sys_update(cpu);
    }
    debug_update(cpu);
    return true;
}

bool control_set(struct cpu *cpu, unsigned n, uint32_t v)
{
    switch (n) {
    case 0: return cr0_set(cpu, v);
    case 2: cpu->sys->cr2 = v; return true;
    case 3: return cr3_set(cpu, v);
    case 4: return cr4_set(cpu, v);
    default: return false;
    }
}

bool control_exists(const struct cpu *cpu, unsigned n)
{
    return n == 0 || n == 2 || n == 3 || (n == 4 && has_cr4(cpu));
}

/* SDM 2B MOV (control registers): always 32 bits, always registers. */
EMULATE(MOV_RdCd)
{
    const struct cpu_sys *sys = cpu->sys;
    if (!control_exists(cpu, i->a)) {
        raise_ud(cpu);
    }
    cpu->r[i->b] = i->a == 0   ? sys->cr0
                   : i->a == 2 ? sys->cr2
                   : i->a == 3 ? sys->cr3
                               : sys->cr4;
    return RESUME;
}

EMULATE(MOV_CdRd)
{
    if (!control_exists(cpu, i->a)) {
        raise_ud(cpu);
    }
    if (!control_set(cpu, i->a, cpu->r[i->b])) {
        raise_gp(cpu, 0);
    }
    return RESUME;
}

/* SDM 2B SMSW: the 286's view of CR0, open to everyone unless CR4.UMIP. Memory gets 16 bits. */
EMULATE(SMSW)
{
    umip_check(cpu);
    rm_write(cpu, i, cpu->sys->cr0, rm_is_mem(cpu, i) ? 2 : op_size(insn_cold(cpu, i)));
    return RESUME;
}

/* SDM 2A LMSW: PE MP EM TS; PE can be set, never cleared. */
EMULATE(LMSW)
{
    uint32_t v = rm_read(cpu, i, 2), cr0 = cpu->sys->cr0, bits = CR0_MP | CR0_EM | CR0_TS;
    cr0_set(cpu, (cr0 & ~bits) | (v & (bits | CR0_PE)));
    return RESUME;
}

EMULATE(CLTS)
{
    (void)i;
    cpu->sys->cr0 &= ~(uint32_t)CR0_TS;
    sys_update(cpu);
    return RESUME;
}

/* The page maps are coherent with the tables: nothing in them can be stale (shadow.h). */
EMULATE(INVLPG)
{
    (void)cpu, (void)i;
    return RESUME;
}

/* Caches are not modelled, so there is nothing to lose or to write back. */
EMULATE(INVD)
{
    (void)cpu, (void)i;
    return RESUME;
}

EMULATE(WBINVD)
{
    (void)cpu, (void)i;
    return RESUME;
}

/* ---- debug registers (SDM 3B 17.2) */

/* Which breakpoints are enabled: DR7.Ln or Gn, of the kind that R/Wn says. Those on data take
 * the page maps away, so that every access comes by mmu_before(). */
void debug_update(struct cpu *cpu)
{
    struct cpu_sys *sys = cpu->sys;
    uint32_t dr7 = sys->dr[7];
    unsigned mask[4] = {0}; /* by R/W */
    for (unsigned n = 0; n < 4; n++) {
        if (dr7 >> 2 * n & 3) {
            mask[dr7 >> (16 + 4 * n) & 3] |= 1u << n;
        }
    }
    sys->break_code = (uint8_t)mask[0];
    sys->break_io = (uint8_t)(sys->cr4 & CR4_DE ? mask[2] : 0);
    sys->break_write = (uint8_t)(mask[1] | mask[3]);
    sys->break_read = (uint8_t)mask[3];
    sys_update(cpu);
    if (sys->break_code) {
        engine_leave(cpu);
    }
}

/* A breakpoint of 2 or 4 bytes ignores the low bits of its address (SDM 3B 17.2.5). */
uint32_t debug_hits(const struct cpu *cpu, uint8_t mask, uint32_t at, unsigned size)
{
    static const uint8_t length[4] = {1, 2, 4, 4}; /* LENn = 2 is undefined */
    const struct cpu_sys *sys = cpu->sys;
    uint32_t hits = 0;
    for (unsigned n = 0; mask >> n; n++) {
        uint32_t len = length[sys->dr[7] >> (18 + 4 * n) & 3], first = sys->dr[n] & ~(len - 1);
        if ((mask >> n & 1) && (at - first < len || first - at < size)) {
            hits |= 1u << n;
        }
    }
    return hits;
}

/* DR4 and DR5 are other names of DR6 and DR7, unless CR4.DE says that they do not exist. With
 * DR7.GD every touch is a #DB, so that a debugger can own the registers. */
static unsigned debug_number(struct cpu *cpu, unsigned n)
{
    struct cpu_sys *sys = cpu->sys;
    if (n == 4 || n == 5) {
        if (sys->cr4 & CR4_DE) {
            raise_ud(cpu);
        }
        n += 2;
    }
    if (sys->dr[7] & DR7_GD) {
        sys->dr[6] |= DR6_BD;
        trap_raise(cpu, NULL, EXC_DB, 0);
    }
    return n;
}

EMULATE(MOV_RdDd)
{
    cpu->r[i->b] = cpu->sys->dr[debug_number(cpu, i->a)];
    return RESUME;
}

EMULATE(MOV_DdRd)
{
    unsigned n = debug_number(cpu, i->a);
    uint32_t v = cpu->r[i->b];
    if (n == 6) {
        v = (v & 0xE00F) | 0xFFFF0FF0u; /* reserved bits are wired (SDM 3B figure 17-1) */
    } else if (n == 7) {
        v = (v & 0xFFFF23FFu) | 0x400;
    }
    cpu->sys->dr[n] = v;
    debug_update(cpu);
    return RESUME;
}

/* ---- the rest */

/* SDM 2A HLT: eip is that of the next instruction while the processor sleeps. */
EMULATE(HLT)
{
    (void)i;
    cpu->sys->activity = HALTED;
    perf_update(cpu);
    engine_leave(cpu);
    return RESUME;
}

EMULATE(CPUID)
{
    uint32_t out[4];
    (void)i;
    cpuid(cpu, cpu->r[EAX], cpu->r[ECX], out);
    cpu->r[EAX] = out[0];
    cpu->r[EBX] = out[1];
    cpu->r[ECX] = out[2];
    cpu->r[EDX] = out[3];
    return RESUME;
}

/* Both segments of either instruction are flat by definition: no table is read (SDM 2B
 * SYSENTER, SYSEXIT). */
static void flat_segments(struct cpu *cpu, uint16_t cs, unsigned level)
{
    const uint32_t dpl = (uint32_t)level << 13;
    struct descriptor code = {.lo = 0x0000FFFF, .hi = 0x00CF9B00 | dpl};
    struct descriptor data = {.lo = 0x0000FFFF, .hi = 0x00CF9300 | dpl};
    seg_load_cs(cpu, cs, &code, level);
    seg_set(cpu, SEG_SS, (uint16_t)(((cs & ~3u) + 8) | level), &data);
    sys_update(cpu);
}

static uint16_t sysenter_selector(struct cpu *cpu)
{
    uint16_t cs = (uint16_t)(cpu->sys->sysenter_cs & 0xFFFC);
    if (!(cpu->sys->cr0 & CR0_PE) || cs == 0) {
        raise_gp(cpu, 0);
    }
    return cs;
}

EMULATE(SYSENTER)
{
    (void)i;
    uint16_t cs = sysenter_selector(cpu);
    eflags_set(cpu, 0, FL_VM | FL_IF | FL_RF);
    flat_segments(cpu, cs, 0);
    cpu->r[ESP] = cpu->sys->sysenter_esp;
    cpu->eip = cpu->sys->sysenter_eip;
    return JUMPED;
}

EMULATE(SYSEXIT)
{
    (void)i;
    uint16_t cs = sysenter_selector(cpu);
    if (cpl(cpu) != 0) {
        raise_gp(cpu, 0);
    }
    flat_segments(cpu, (uint16_t)(cs + 16), 3);
    cpu->r[ESP] = cpu->r[ECX];
    cpu->eip = cpu->r[EDX];
    return JUMPED;
}
