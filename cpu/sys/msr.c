/* cpu/sys/msr.c -- model-specific registers: RDMSR WRMSR, and RDTSC RDPMC (SDM 4, table of the
 * P6 family; SDM 3A 11.11 MTRRs, 11.12 PAT; SDM 3B 15.3 machine check).
 *
 * One table, msr_rows: which registers there are, in which families and with which features,
 * and how each is read and written. What is not in it is #GP(0); so are writes to registers
 * that are read-only, and reserved bits where the SDM says so.
 *
 *   00-01     P5_MC_ADDR, TYPE       no bus error ever happened: 0
 *   17        PLATFORM_ID            0
 *   2A        EBL_CR_POWERON         bits 1-4, 6, 7, 26 are the BIOS's to set; the others say
 *                                    how the pins stood at reset: 66 MHz bus, agent 0
 *   79, 8B    BIOS_UPDT_TRIG, SIGN   microcode updates are taken and ignored: the signature
 *                                    stays what software last wrote
 *   179-17B   MCG_CAP, STATUS, CTL   five banks (Pentium 4: four)
 *   1D9       DEBUGCTLMSR            stored
 *   1DB-1DE   LASTBRANCH, LASTINT    0; of a Pentium 4 1D7, 1D8, 1DA and 680-6CF
 *   1E0       ROB_CR_BKUPTMPDR6      bit 2, fast strings: stored
 *   200-2FF   MTRRs, PAT             stored: caches are not modelled
 *   C0000080  EFER                   NXE; there is no long mode
 *   400-413   machine-check banks    CTL stored; STATUS and ADDR say "no error" and can be
 *                                    cleared; a P6 has no MISC
 *
 * Families: 5 is the Pentium, 6 the P6, 15 the Pentium 4, whose MISC_ENABLE (1A0) says that it
 * has neither performance monitoring nor branch trace; so its registers for them are not there
 * (300-3F2), and RDPMC reads counters that stand still.
 *
 * NOT IMPLEMENTED: machine-check errors (none happen); last-branch recording and single step on
 * branches; the Pentium's test registers and counters (MSRs 2-13h); the P6's control of its
 * L2 cache (88-8Ah, 116-11Eh).
 */
#include <stddef.h>
#include <string.h>

#include "cpu/sys/sys.h"

uint64_t tsc_read(const struct cpu *cpu)
{
    return cpu->now + cpu->sys->tsc_offset;
}

static unsigned family(const struct cpu *cpu)
{
    return cpu_models[cpu->sys->model].family;
}

/* ---- the table's form */

enum families { F_ANY = 0, F_P6 = 1, F_P4 = 2, F_P6_P4 = F_P6 | F_P4 };

typedef uint64_t msr_get(const struct cpu *cpu, unsigned n);
typedef bool msr_set(struct cpu *cpu, unsigned n, uint64_t v); /* false: #GP */

struct msr_row {
    uint32_t first, count;
    uint32_t feature; /* enum cpu_feature */
    uint8_t families;
    msr_get *get; /* NULL with no `at`: cannot be read */
    msr_set *set; /* NULL with no `writable`: cannot be written */
    uint16_t at;  /* of those that are merely stored: place in struct msrs, + 1 … */
    bool loose;   /* … other bits than these: lost, or #GP */
    uint64_t writable;
};

static uint64_t get_zero(const struct cpu *cpu, unsigned n)
{
    (void)cpu, (void)n;
    return 0;
}

static bool set_nothing(struct cpu *cpu, unsigned n, uint64_t v)
{
    (void)cpu, (void)n, (void)v;
    return true;
}

/* ---- time, local APIC, SYSENTER */

static uint64_t get_tsc(const struct cpu *cpu, unsigned n)
{
    (void)n;
    return tsc_read(cpu);
}

/* P6 processors take only the lower half of a TSC written, and clear the upper (SDM 3B 17.15).
 */
static bool set_tsc(struct cpu *cpu, unsigned n, uint64_t v)
{
    (void)n;
    cpu->sys->tsc_offset = (family(cpu) == 6 ? (uint32_t)v : v) - cpu->now;
    return true;
}

static uint64_t get_apic_base(const struct cpu *cpu, unsigned n)
{
    (void)n;
    return cpu->sys->apic_base;
}

/* The global enable flag shows in CPUID at once (SDM 3A 10.4.3). */
static bool set_apic_base(struct cpu *cpu, unsigned n, uint64_t v)
{
    (void)n;
    if (v & ~APIC_BASE_WRITABLE) {
        return false;
    }
    cpu->sys->apic_base = v;
    if (cpu->bus.apic_base != NULL) {
        *cpu->tick = cpu->now;
        cpu->bus.apic_base(cpu->bus.ctx, v);
    }
    return true;
}

static uint64_t get_sysenter(const struct cpu *cpu, unsigned n)
{
    const struct cpu_sys *sys = cpu->sys;
    return n == 0 ? sys->sysenter_cs : n == 1 ? sys->sysenter_esp : sys->sysenter_eip;
}

static bool set_sysenter(struct cpu *cpu, unsigned n, uint64_t v)
{
    struct cpu_sys *sys = cpu->sys;
    uint32_t *reg = n == 0   ? &sys->sysenter_cs
                    : n == 1 ? &sys->sysenter_esp
                             : &sys->sysenter_eip;
    *reg = (uint32_t)v;
    return true;
}

/* ---- performance counters, debug control */

static uint64_t get_evntsel(const struct cpu *cpu, unsigned n)
{
    return cpu->sys->msr.evntsel[n];
}

static bool set_perfctr(struct cpu *cpu, unsigned n, uint64_t v)
{
    perf_write(cpu, n, v);
    return true;
}

/* Also trace messages, and pins (P6) or a trace buffer (Pentium 4). */
enum debugctl_bits {
    DEBUGCTL_LBR = 1,
    DEBUGCTL_BTF = 2,
    DEBUGCTL_P6 = 0x7F,
    DEBUGCTL_P4 = 0x1F
};

static uint64_t get_debugctl(const struct cpu *cpu, unsigned n)
{
    (void)n;
    return cpu->sys->msr.debugctl;
}

static bool set_debugctl(struct cpu *cpu, unsigned n, uint64_t v)
{
    (void)n;
    if (v & ~(uint64_t)(family(cpu) == 15 ? DEBUGCTL_P4 : DEBUGCTL_P6)) {
        return false;
    }
    if (v & (DEBUGCTL_LBR | DEBUGCTL_BTF)) {
        note(cpu->notes, NOTE_cpu_debugctl);
    }
    cpu->sys->msr.debugctl = v;
    return true;
}

/* ---- machine check (SDM 3B 15.3) */

enum { MCG_CTL_P = 0x100, MCG_STATUS_BITS = 7 };
enum mc_register { MC_CTL, MC_STATUS, MC_ADDR, MC_MISC };

static unsigned mc_banks(const struct cpu *cpu)
{
    return family(cpu) == 15 ? 4 : MC_BANKS;
}

static uint64_t get_mcg_cap(const struct cpu *cpu, unsigned n)
{
    (void)n;
    return MCG_CTL_P | mc_banks(cpu);
}

/* Bits that a P6 wires to 1 in STATUS of bank 0 and of MC4, the fourth (SDM 4, P6 table). With
 * VAL clear they mean nothing. */
static uint64_t get_mc(const struct cpu *cpu, unsigned n)
{
    static const uint64_t wired[MC_BANKS] = {
        [0] = UINT64_C(1) << 60,
        [3] = UINT64_C(1) << 61 | UINT64_C(1) << 57 | 1 << 4 | 1,
    };
    if (n % 4 == MC_CTL) {
        return cpu->sys->msr.mc_ctl[n / 4];
    }
    return n % 4 == MC_STATUS && family(cpu) == 6 ? wired[n / 4] : 0;
}

/* CTL: all errors on or all off on a P6; STATUS and ADDR: only to be cleared. */
static bool set_mc(struct cpu *cpu, unsigned n, uint64_t v)
{
    if (n % 4 != MC_CTL) {
        return v == 0;
    }
    if (family(cpu) == 6 && v != 0 && v != UINT64_MAX) {
        return false;
    }
    cpu->sys->msr.mc_ctl[n / 4] = v;
    return true;
}

static bool mc_exists(const struct cpu *cpu, unsigned n)
{
    bool no_address = family(cpu) == 6 && n / 4 == 3;
    return n / 4 < mc_banks(cpu) && n % 4 != MC_MISC && !(n % 4 == MC_ADDR && no_address);
}

/* ---- memory types (SDM 3A 11.11.2, 11.12.2) */

enum { MTRR_CAP = 0x508, MTRR_DEFAULT_BITS = 0xCFF, MTRR_VALID = 0x800 };
#define PHYSICAL_PAGES UINT64_C(0xFFFFFF000) /* 36-bit addresses */
#define PAT_RESET      UINT64_C(0x0007040600070406)

static uint64_t get_mtrr_cap(const struct cpu *cpu, unsigned n)
{
    (void)cpu, (void)n;
    return MTRR_CAP; /* fixed ranges, write-combining, so many variable ones: */
}

/* UC WC WT WP WB; in the PAT also 7, UC-. */
static bool type_valid(uint64_t type)
{
    return type <= 6 && type != 2 && type != 3;
}

static bool set_mtrr_default(struct cpu *cpu, unsigned n, uint64_t v)
{
    (void)n;
    if ((v & ~(uint64_t)MTRR_DEFAULT_BITS) || !type_valid(v & 0xFF)) {
        return false;
    }
    cpu->sys->msr.mtrr_default = v;
    return true;
}

/* PhysBase and PhysMask by turns. */
static bool set_mtrr_variable(struct cpu *cpu, unsigned n, uint64_t v)
{
    bool base = n % 2 == 0;
    if ((v & ~(PHYSICAL_PAGES | (base ? 0xFFu : MTRR_VALID))) ||
        (base && !type_valid(v & 0xFF))) {
        return false;
    }
    cpu->sys->msr.mtrr_variable[n] = v;
    return true;
}

static bool types_valid(uint64_t v, bool pat)
{
    for (unsigned n = 0; n < 64; n += 8) {
        uint64_t type = v >> n & 0xFF;
        if (!type_valid(type) && !(pat && type == 7)) {
            return false;
        }
    }
    return true;
}

static bool set_fixed(struct cpu *cpu, unsigned first, unsigned n, uint64_t v)
{
    if (!types_valid(v, false)) {
        return false;
    }
    cpu->sys->msr.mtrr_fixed[first + n] = v;
    return true;
}

static bool set_fixed_64k(struct cpu *cpu, unsigned n, uint64_t v)
{
    return set_fixed(cpu, 0, n, v);
}

static bool set_fixed_16k(struct cpu *cpu, unsigned n, uint64_t v)
{
    return set_fixed(cpu, 1, n, v);
}

static bool set_fixed_4k(struct cpu *cpu, unsigned n, uint64_t v)
{
    return set_fixed(cpu, 3, n, v);
}

static bool set_pat(struct cpu *cpu, unsigned n, uint64_t v)
{
    (void)n;
    if (!types_valid(v, true)) {
        return false;
    }
    cpu->sys->msr.pat = v;
    return true;
}

/* ---- EFER (SDM 3A 2.2.1) */

static bool set_efer(struct cpu *cpu, unsigned n, uint64_t v)
{
    (void)n;
    if (v & ~(uint64_t)EFER_NXE) {
        return false;
    }
    cpu->sys->msr.efer = v;
    shadow_select(cpu);
    return true;
}

/* ---- the table */

#define POWERON_BITS     UINT64_C(0x40000DE)
#define ROB_FAST_STRINGS 4
#define MISC_ENABLE_BITS UINT64_C(0x400001) /* fast strings, limit of CPUID's leaves */
#define MISC_ENABLE_ONES UINT64_C(0x1800)   /* no branch trace, no precise sampling */
#define UPPER_HALF       UINT64_C(0xFFFFFFFF00000000)
#define AT(member)       (uint16_t)(offsetof(struct msrs, member) + 1)

// clang-format off
static const struct msr_row msr_rows[] = {
    {0x000, 2, FEAT_MCE, F_ANY, get_zero, set_nothing, 0, false, 0},
    {0x010, 1, FEAT_TSC, F_ANY, get_tsc, set_tsc, 0, false, 0},
    {0x017, 1, FEAT_BASE, F_P6_P4, get_zero, NULL, 0, false, 0},
    {0x01B, 1, FEAT_APIC, F_ANY, get_apic_base, set_apic_base, 0, false, 0},
    {0x02A, 1, FEAT_BASE, F_P6, NULL, NULL, AT(poweron), true, POWERON_BITS},
    {0x02A, 3, FEAT_BASE, F_P4, get_zero, set_nothing, 0, false, 0},
    {0x079, 1, FEAT_BASE, F_P6_P4, NULL, set_nothing, 0, false, 0},
    {0x08B, 1, FEAT_BASE, F_P6_P4, NULL, NULL, AT(bios_sign), true, UPPER_HALF},
    {0x0C1, PERF_COUNTERS, FEAT_PMC, F_P6, perf_read, set_perfctr, 0, false, 0},
    {0x0FE, 1, FEAT_MTRR, F_ANY, get_mtrr_cap, NULL, 0, false, 0},
    {0x174, 3, FEAT_SEP, F_ANY, get_sysenter, set_sysenter, 0, false, 0},
    {0x179, 1, FEAT_MCA, F_ANY, get_mcg_cap, NULL, 0, false, 0},
    {0x17A, 1, FEAT_MCA, F_ANY, NULL, NULL, AT(mcg_status), false, MCG_STATUS_BITS},
    {0x17B, 1, FEAT_MCA, F_ANY, NULL, NULL, AT(mcg_ctl), false, UINT64_MAX},
    {0x186, PERF_COUNTERS, FEAT_PMC, F_P6, get_evntsel, perf_select, 0, false, 0},
    {0x1A0, 1, FEAT_BASE, F_P4, NULL, NULL, AT(misc_enable), true, MISC_ENABLE_BITS},
    {0x1A1, 1, FEAT_BASE, F_P4, get_zero, NULL, 0, false, 0},
    {0x1D7, 2, FEAT_BASE, F_P4, get_zero, NULL, 0, false, 0},
    {0x1D9, 1, FEAT_BASE, F_P6_P4, get_debugctl, set_debugctl, 0, false, 0},
    {0x1DA, 1, FEAT_BASE, F_P4, get_zero, NULL, 0, false, 0},
    {0x1DB, 4, FEAT_BASE, F_P6, get_zero, NULL, 0, false, 0},
    {0x1E0, 1, FEAT_BASE, F_P6, NULL, NULL, AT(rob_control), true, ROB_FAST_STRINGS},
    {0x200, 2 * MTRR_VARIABLE, FEAT_MTRR, F_ANY, NULL, set_mtrr_variable, AT(mtrr_variable), false, 0},
    {0x250, 1, FEAT_MTRR, F_ANY, NULL, set_fixed_64k, AT(mtrr_fixed[0]), false, 0},
    {0x258, 2, FEAT_MTRR, F_ANY, NULL, set_fixed_16k, AT(mtrr_fixed[1]), false, 0},
    {0x268, 8, FEAT_MTRR, F_ANY, NULL, set_fixed_4k, AT(mtrr_fixed[3]), false, 0},
    {0x277, 1, FEAT_PAT, F_ANY, NULL, set_pat, AT(pat), false, 0},
    {0x2FF, 1, FEAT_MTRR, F_ANY, NULL, set_mtrr_default, AT(mtrr_default), false, 0},
    {0xC0000080, 1, FEAT_NX, F_ANY, NULL, set_efer, AT(efer), false, 0},
    {0x400, 4 * MC_BANKS, FEAT_MCA, F_ANY, get_mc, set_mc, 0, false, 0},
    {0x680, 16, FEAT_BASE, F_P4, get_zero, set_nothing, 0, false, 0},
    {0x6C0, 16, FEAT_BASE, F_P4, get_zero, set_nothing, 0, false, 0},
};
// clang-format on

enum { FIRST_MC = 0x400 };

static bool row_holds(const struct cpu *cpu, const struct msr_row *row, uint32_t msr)
{
    unsigned mine = family(cpu) == 6 ? F_P6 : family(cpu) == 15 ? F_P4 : 0;
    return msr - row->first < row->count && (row->families == F_ANY || row->families & mine) &&
           (cpu->features & row->feature) == row->feature &&
           (row->first != FIRST_MC || mc_exists(cpu, msr - FIRST_MC));
}

static const struct msr_row *msr_find(const struct cpu *cpu, uint32_t msr)
{
    for (unsigned n = 0; n < ARRAY_LEN(msr_rows); n++) {
        if (row_holds(cpu, &msr_rows[n], msr)) {
            return &msr_rows[n];
        }
    }
    return NULL;
}

static uint8_t *stored_at(const struct cpu *cpu, const struct msr_row *row, unsigned n)
{
    return (uint8_t *)&cpu->sys->msr + row->at - 1 + n * sizeof(uint64_t);
}

static bool msr_read(const struct cpu *cpu, uint32_t msr, uint64_t *v)
{
    const struct msr_row *row = msr_find(cpu, msr);
    if (row == NULL || (row->get == NULL && row->at == 0)) {
        return false;
    }
    if (row->get != NULL) {
        *v = row->get(cpu, msr - row->first);
    } else {
        memcpy(v, stored_at(cpu, row, msr - row->first), sizeof *v);
    }
    return true;
}

static bool msr_write(struct cpu *cpu, uint32_t msr, uint64_t v)
{
    const struct msr_row *row = msr_find(cpu, msr);
    if (row == NULL || (row->set == NULL && row->writable == 0)) {
        return false;
    }
    if (row->set != NULL) {
        return row->set(cpu, msr - row->first, v);
    }
    if ((v & ~row->writable) && !row->loose) {
        return false;
    }
    uint64_t old, now;
    uint8_t *at = stored_at(cpu, row, msr - row->first);
    memcpy(&old, at, sizeof old);
    now = (old & ~row->writable) | (v & row->writable);
    memcpy(at, &now, sizeof now);
    return true;
}

/* SDM 3A table 9-1, 11.11.5, 11.12.4, 3B 15.6. INIT# leaves all of them as they are. */
void msr_reset(struct cpu *cpu, bool power_on)
{
    struct msrs *m = &cpu->sys->msr;
    uint64_t bios_sign = m->bios_sign;
    memset(m, 0, sizeof *m);
    m->bios_sign = power_on ? 0 : bios_sign;
    m->rob_control = ROB_FAST_STRINGS;
    m->misc_enable = MISC_ENABLE_ONES | 1;
    m->pat = PAT_RESET;
}

/* ---- the instructions */

static void set_edx_eax(struct cpu *cpu, uint64_t v)
{
    cpu->r[EAX] = (uint32_t)v;
    cpu->r[EDX] = (uint32_t)(v >> 32);
}

EMULATE(RDMSR)
{
    uint64_t v;
    (void)i;
    if (!msr_read(cpu, cpu->r[ECX], &v)) {
        raise_gp(cpu, 0);
    }
    set_edx_eax(cpu, v);
    return RESUME;
}

EMULATE(WRMSR)
{
    (void)i;
    if (!msr_write(cpu, cpu->r[ECX], (uint64_t)cpu->r[EDX] << 32 | cpu->r[EAX])) {
        raise_gp(cpu, 0);
    }
    return RESUME;
}

EMULATE(RDTSC)
{
    (void)i;
    if ((cpu->sys->cr4 & CR4_TSD) && cpl(cpu) != 0) {
        raise_gp(cpu, 0);
    }
    set_edx_eax(cpu, tsc_read(cpu));
    return RESUME;
}

/* SDM 2B RDPMC: a Pentium 4 has 18 counters, and can be asked for a lower half alone. */
EMULATE(RDPMC)
{
    enum { COUNTERS_P4 = 18, HALF = 0x7FFFFFFF };
    (void)i;
    bool p4 = family(cpu) == 15;
    uint32_t n = p4 ? cpu->r[ECX] & HALF : cpu->r[ECX];
    if ((!(cpu->sys->cr4 & CR4_PCE) && cpl(cpu) != 0) ||
        n >= (p4 ? COUNTERS_P4 : PERF_COUNTERS)) {
        raise_gp(cpu, 0);
    }
    set_edx_eax(cpu, p4 ? 0 : perf_read(cpu, n));
    return RESUME;
}
