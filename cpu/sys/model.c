/* cpu/sys/model.c -- processor models: what each has, how it is asked for, what CPUID says.
 *
 * Signatures are those of steppings that were sold: 80386DX D1 (03 08), i486DX2 SL-enhanced
 * (04 35), Pentium P54C C2 (05 25), Pentium with MMX P55C xB1 (05 43), Pentium Pro sB1 (06 19:
 * the first for which software finds SYSENTER usable, SDM 2B SYSENTER), Pentium II dB0 (06 52),
 * Pentium III cB0 (06 83), Pentium 4 E0 on 90 nm (0F 41: with NX, without 64 bits). They stand
 * in EDX after reset and in CPUID.1:EAX.
 *
 * The 486 is a DX2 with its x87 on the chip; a 386 has one if it is bought beside (+fpu: a
 * 387).
 *
 * A feature that we lack is neither advertised nor accepted by "+name": of the Pentium 4,
 * MONITOR, hyper-threading, thermal control and debug store.
 */
#include <string.h>

#include "cpu/sys/sys.h"

enum {
    FEATURES_386 = FEAT_I486OPS,
    FEATURES_486 = FEATURES_386 | FEAT_486 | FEAT_CPUID | FEAT_FPU,
    FEATURES_PENTIUM = FEATURES_486 | FEAT_VME | FEAT_DE | FEAT_PSE | FEAT_TSC | FEAT_MSR |
                       FEAT_MCE | FEAT_CX8,
    FEATURES_PENTIUMPRO = FEATURES_PENTIUM | FEAT_PAE | FEAT_SEP | FEAT_PGE | FEAT_CMOV |
                          FEAT_PMC | FEAT_NOPL | FEAT_APIC | FEAT_MTRR | FEAT_MCA,
    FEATURES_PENTIUMMMX = FEATURES_PENTIUM | FEAT_PMC | FEAT_MMX,
    FEATURES_PENTIUM2 = FEATURES_PENTIUMPRO | FEAT_PAT | FEAT_PSE36 | FEAT_MMX | FEAT_FXSR,
    FEATURES_PENTIUM3 = FEATURES_PENTIUM2 | FEAT_SSE,
    FEATURES_PENTIUM4 = FEATURES_PENTIUM3 | FEAT_SSE2 | FEAT_SSE3 | FEAT_CLFLUSH | FEAT_NX,
};

const struct cpu_model cpu_models[] = {
    {"386", 0x308, FEATURES_386, 3, 1, 0, 0, 0},
    {"486", 0x435, FEATURES_486, 4, 1, 0, 0, 0},
    {"pentium", 0x525, FEATURES_PENTIUM, 5, 1, 0, 0, 0},
    {"pentiummmx", 0x543, FEATURES_PENTIUMMMX, 5, 1, 0, 0, 0},
    /* 8 + 8 KiB, 256 KiB; 16 + 16, 512; 16 + 16, 256; 16 KiB, 12 Ku-op, 1 MiB */
    {"pentiumpro", 0x619, FEATURES_PENTIUMPRO, 6, 2, 0, 0x03020101, 0x06040A42},
    {"pentium2", 0x652, FEATURES_PENTIUM2, 6, 2, 0, 0x03020101, 0x0C040843},
    {"pentium3", 0x683, FEATURES_PENTIUM3, 6, 2, 2, 0x03020101, 0x0C040882},
    {"pentium4", 0xF41, FEATURES_PENTIUM4, 15, 5, 0, 0x605B5001, 0x007C7040},
    {NULL, 0, 0, 0, 0, 0, 0, 0},
};
static const char default_model[] = "pentium4";

static const struct feature_name {
    const char *name;
    uint32_t feature; /* enum cpu_feature */
    int8_t cpuid;     /* bit of CPUID.1:EDX, or -1 */
} feature_names[] = {
    {"i486ops", FEAT_I486OPS, -1},
    {"fpu", FEAT_FPU, 0},
    {"vme", FEAT_VME, 1},
    {"cpuid", FEAT_CPUID, -1},
    {"de", FEAT_DE, 2},
    {"pse", FEAT_PSE, 3},
    {"tsc", FEAT_TSC, 4},
    {"msr", FEAT_MSR, 5},
    {"pae", FEAT_PAE, 6},
    {"mce", FEAT_MCE, 7},
    {"cx8", FEAT_CX8, 8},
    {"apic", FEAT_APIC, 9},
    {"sep", FEAT_SEP, 11},
    {"mtrr", FEAT_MTRR, 12},
    {"pge", FEAT_PGE, 13},
    {"mca", FEAT_MCA, 14},
    {"cmov", FEAT_CMOV, 15},
    {"pat", FEAT_PAT, 16},
    {"pse36", FEAT_PSE36, 17},
    {"mmx", FEAT_MMX, 23},
    {"fxsr", FEAT_FXSR, 24},
    {"sse", FEAT_SSE, 25},
    {"sse2", FEAT_SSE2, 26},
    {"sse3", FEAT_SSE3, -1},
    {"clflush", FEAT_CLFLUSH, 19},
    {"pmc", FEAT_PMC, -1},
    {"nopl", FEAT_NOPL, -1},
    {"nx", FEAT_NX, -1},
    {"umip", FEAT_UMIP, -1},
    {"popek", FEAT_POPEK, -1},
    {"popek-iret", FEAT_POPEK_IRET, -1},
};

const char *cpu_model_help(void)
{
    return "-cpu MODEL[,+FEATURE][,-FEATURE]...; without -cpu a pentium4\n"
           "  386         80386DX, with BSWAP, INVD and WBINVD: they came with the 486, but "
           "the\n"
           "              firmware uses them; 386,-i486ops is strict; 386,+fpu adds a 387\n"
           "  486         i486DX2: x87, XADD CMPXCHG INVLPG CPUID, alignment check, CR0.WP\n"
           "  pentium     CR4, 4 MB pages, TSC, MSRs, CMPXCHG8B, I/O breakpoints, VME\n"
           "  pentiummmx  pentium with MMX and RDPMC\n"
           "  pentiumpro  CMOV, SYSENTER, PAE, global pages, long NOPs, local APIC, MTRRs,\n"
           "              machine check architecture, performance counters; no MMX\n"
           "  pentium2    pentiumpro with MMX, FXSAVE, PAT, PSE-36\n"
           "  pentium3    pentium2 with SSE\n"
           "  pentium4    pentium3 with SSE2, SSE3, CLFLUSH, NX; family 15: its performance\n"
           "              counters stand still\n"
           "Features: i486ops fpu cpuid vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca\n"
           "  cmov pat pse36 pmc nopl mmx fxsr sse sse2 sse3 clflush nx umip. What one is\n"
           "  built upon comes with it, and takes it along: -sse is without sse2 and sse3, "
           "too.\n"
           "Never sold: popek, a processor on which the 17 sensitive instructions that trap "
           "on\n"
           "  no x86 raise #GP outside ring 0 of protected mode (for terrapin lab; ordinary "
           "systems\n"
           "  do not run on it); popek-iret, IRET does, too.\n";
}

/* ---- "pentium,-tsc,+cmov" */

/* What a feature is made of comes with it, and goes away with it. Each row is below those that
 * its base has. */
static const struct {
    uint32_t feature, base;
} foundations[] = {
    {FEAT_PSE36, FEAT_PSE},         {FEAT_MCA, FEAT_MCE | FEAT_MSR},
    {FEAT_APIC, FEAT_MSR},          {FEAT_SEP, FEAT_MSR},
    {FEAT_MTRR, FEAT_MSR},          {FEAT_PAT, FEAT_MSR},
    {FEAT_NX, FEAT_PAE | FEAT_MSR}, {FEAT_MMX, FEAT_FPU},
    {FEAT_FXSR, FEAT_FPU},          {FEAT_SSE, FEAT_FXSR | FEAT_MMX},
    {FEAT_SSE2, FEAT_SSE},          {FEAT_SSE3, FEAT_SSE2},
};

static uint32_t feature_added(uint32_t features, uint32_t f)
{
    features |= f;
    for (unsigned n = ARRAY_LEN(foundations); n-- > 0;) {
        features |= features & foundations[n].feature ? foundations[n].base : 0;
    }
    return features;
}

static uint32_t feature_dropped(uint32_t features, uint32_t f)
{
    features &= ~f;
    for (unsigned n = 0; n < ARRAY_LEN(foundations); n++) {
        if (foundations[n].base & ~features) {
            features &= ~foundations[n].feature;
        }
    }
    return features;
}

struct word {
    const char *text;
    size_t len;
};

/* Takes the word up to the next comma off *rest, which becomes NULL after the last one. */
static struct word next_word(const char **rest)
{
    const char *comma = strchr(*rest, ',');
    struct word w = {*rest, comma ? (size_t)(comma - *rest) : strlen(*rest)};
    *rest = comma ? comma + 1 : NULL;
    return w;
}

static bool word_is(const struct word *w, const char *name)
{
    return strlen(name) == w->len && memcmp(w->text, name, w->len) == 0;
}

static int printed(const struct word *w) /* for %.*s */
{
    return w->len < 40 ? (int)w->len : 40;
}

static int find_model(const struct word *w, unsigned *model, struct error *err)
{
    for (unsigned n = 0; cpu_models[n].name != NULL; n++) {
        if (word_is(w, cpu_models[n].name)) {
            *model = n;
            return 0;
        }
    }
    return error_set(err, "-cpu %.*s: no such model; -cpu help lists them", printed(w),
                     w->text);
}

/* "+name" or "-name" */
static int apply_feature(const struct word *w, uint32_t *features, struct error *err)
{
    bool add = w->len > 1 && w->text[0] == '+', drop = w->len > 1 && w->text[0] == '-';
    struct word name = {w->text + 1, w->len - 1};
    for (unsigned n = 0; (add || drop) && n < ARRAY_LEN(feature_names); n++) {
        const struct feature_name *f = &feature_names[n];
        if (!word_is(&name, f->name)) {
            continue;
        }
        *features =
            add ? feature_added(*features, f->feature) : feature_dropped(*features, f->feature);
        return 0;
    }
    if (add || drop) {
        return error_set(err, "-cpu %.*s: no such feature; -cpu help lists them", printed(w),
                         w->text);
    }
    return error_set(err, "-cpu: '%.*s' is neither +FEATURE nor -FEATURE; -cpu help lists them",
                     printed(w), w->text);
}

int model_parse(const char *text, unsigned *model, uint32_t *features, struct error *err)
{
    const char *rest = text ? text : default_model;
    struct word w = next_word(&rest);
    if (find_model(&w, model, err) < 0) {
        return -1;
    }
    *features = cpu_models[*model].features;
    while (rest != NULL) {
        w = next_word(&rest);
        if (apply_feature(&w, features, err) < 0) {
            return -1;
        }
    }
    return 0;
}

int cpu_model_check(const char *model, struct error *err)
{
    unsigned n;
    uint32_t features;
    return model_parse(model, &n, &features, err);
}

bool cpu_model_same(const char *a, const char *b)
{
    unsigned model_a, model_b;
    uint32_t features_a, features_b;
    return model_parse(a, &model_a, &features_a, NULL) == 0 &&
           model_parse(b, &model_b, &features_b, NULL) == 0 && model_a == model_b &&
           features_a == features_b;
}

const char *cpu_model_default(void)
{
    return default_model;
}

/* ---- SDM 2A CPUID
 *
 * The Pentium III's serial number (leaf 3) is off, as firmware leaves it: its last leaf is 2.
 */

#define CPUID_APIC (UINT32_C(1) << 9)

/* Bit 9 says whether there is a local APIC that is enabled by IA32_APIC_BASE. */
static uint32_t feature_bits(const struct cpu *cpu)
{
    uint32_t edx = 0;
    for (unsigned n = 0; n < ARRAY_LEN(feature_names); n++) {
        const struct feature_name *f = &feature_names[n];
        if (f->cpuid >= 0 && (cpu->features & f->feature)) {
            edx |= 1u << f->cpuid;
        }
    }
    return cpu->sys->apic_base & APIC_BASE_ENABLE ? edx : edx & ~CPUID_APIC;
}

/* Leaves 80000002h to 80000004h: 48 characters, NUL behind them. What is left out is the speed,
 * which -mips decides. */
static void brand_string(uint32_t part, uint32_t out[4])
{
    static const char text[48] = "Intel(R) Pentium(R) 4 CPU";
    for (unsigned n = 0; n < 16; n++) {
        out[n / 4] |= (uint32_t)(uint8_t)text[16 * part + n] << 8 * (n % 4);
    }
}

/* The Pentium 4's own; where only NX was added, the leaf that tells of it. false: there is none
 * such. */
static bool extended_leaf(const struct cpu *cpu, uint32_t leaf, uint32_t out[4])
{
    enum { NX = 1 << 20 };
    bool nx = cpu->features & FEAT_NX, own = cpu_models[cpu->sys->model].family == 15;
    uint32_t last = own ? 0x80000008u : nx ? 0x80000001u : 0;
    if (leaf < 0x80000000u || leaf > last) {
        return false;
    }
    switch (leaf) {
    case 0x80000000u: out[0] = last; break;
    case 0x80000001u: out[3] = nx ? NX : 0; break;
    case 0x80000002u:
    case 0x80000003u:
    case 0x80000004u: brand_string(leaf - 0x80000002u, out); break;
    case 0x80000006u: out[2] = 1024 << 16 | 6 << 12 | 64; break; /* L2: KiB, 8 ways, line */
    case 0x80000008u: out[0] = 32 << 8 | 36; break; /* bits of an address: linear, physical */
    default: break;
    }
    return true;
}

static void signature_leaf(const struct cpu *cpu, uint32_t out[4])
{
    const struct cpu_model *m = &cpu_models[cpu->sys->model];
    out[0] = m->signature;
    out[1] = m->brand;
    if (cpu->features & FEAT_CLFLUSH) {
        out[1] |= 64 / 8 << 8; /* bytes that it writes back; APIC ID 0 */
    }
    out[2] = cpu->features & FEAT_SSE3 ? 1 : 0;
    out[3] = feature_bits(cpu);
}

/* Leaf 4, cache by cache: kind, level, "needs no software", one thread; ways, sectors and line,
 * each less 1; sets less 1. */
static void cache_leaf(uint32_t index, uint32_t out[4])
{
    static const uint32_t caches[][3] = {
        {1 | 1 << 5 | 1 << 8, 7 << 22 | 63, 31},             /* data, 16 KiB */
        {3 | 2 << 5 | 1 << 8, 7 << 22 | 1 << 12 | 63, 1023}, /* L2, 1 MiB, two lines a sector */
    };
    if (index < ARRAY_LEN(caches)) {
        memcpy(out, caches[index], sizeof caches[index]);
    }
}

static uint32_t last_leaf(const struct cpu *cpu)
{
    return cpu->features & FEAT_UMIP ? 7 : cpu_models[cpu->sys->model].last;
}

/* Old systems that cannot stand more than two leaves have the firmware set a bit. */
static void vendor_leaf(const struct cpu *cpu, uint32_t out[4])
{
    bool limited = cpu->sys->msr.misc_enable & MISC_LIMIT_CPUID;
    out[0] = limited ? 2 : last_leaf(cpu);
    out[1] = 0x756E6547; /* "Genu" */
    out[3] = 0x49656E69; /* "ineI" */
    out[2] = 0x6C65746E; /* "ntel" */
}

/* A leaf beyond the last answers as the last one does; so do the extended ones where there are
 * none. Leaves 3 (serial number), 5 (MONITOR) and 6 are zero. */
void cpuid(const struct cpu *cpu, uint32_t leaf, uint32_t index, uint32_t out[4])
{
    enum { UMIP = 1 << 2 };
    const struct cpu_model *m = &cpu_models[cpu->sys->model];
    memset(out, 0, 4 * sizeof *out);
    if (extended_leaf(cpu, leaf, out)) {
        return;
    }
    switch (leaf > last_leaf(cpu) ? last_leaf(cpu) : leaf) {
    case 0: vendor_leaf(cpu, out); break;
    case 1: signature_leaf(cpu, out); break;
    case 2:
        out[0] = m->tlbs;
        out[3] = m->caches;
        break;
    case 4:
        if (m->last >= 4) {
            cache_leaf(index, out);
        }
        break;
    case 7: out[2] = UMIP; break;
    default: break;
    }
}
