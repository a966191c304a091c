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
    {"386", 0x308, FEATURES_386, 3, 0},
    {"486", 0x435, FEATURES_486, 4, 0},
    {"pentium", 0x525, FEATURES_PENTIUM, 5, 0},
    {"pentiummmx", 0x543, FEATURES_PENTIUMMMX, 5, 0},
    {"pentiumpro", 0x619, FEATURES_PENTIUMPRO, 6, 0x06040A42}, /* 8 + 8 KiB, 256 KiB */
    {"pentium2", 0x652, FEATURES_PENTIUM2, 6, 0x0C040843},     /* 16 + 16 KiB, 512 KiB */
    {"pentium3", 0x683, FEATURES_PENTIUM3, 6, 0x0C040882},     /* 16 + 16 KiB, 256 KiB */
    {"pentium4", 0xF41, FEATURES_PENTIUM4, 15, 0x007C7040},    /* 16 KiB, 12 Ku-op, 1 MiB */
    {NULL, 0, 0, 0, 0},
};
static const char default_model[] = "pentiumpro";

static const struct feature_name {
    const char *name;
    uint32_t feature; /* enum cpu_feature; 0: we lack it */
    int8_t cpuid;     /* bit of CPUID.1:EDX, or -1 */
} feature_names[] = {
    {"i486ops", FEAT_I486OPS, -1}, {"fpu", FEAT_FPU, 0},    {"vme", FEAT_VME, 1},
    {"cpuid", FEAT_CPUID, -1},     {"de", FEAT_DE, 2},      {"pse", FEAT_PSE, 3},
    {"tsc", FEAT_TSC, 4},          {"msr", FEAT_MSR, 5},    {"pae", FEAT_PAE, 6},
    {"mce", FEAT_MCE, 7},          {"cx8", FEAT_CX8, 8},    {"apic", FEAT_APIC, 9},
    {"sep", FEAT_SEP, 11},         {"mtrr", FEAT_MTRR, 12}, {"pge", FEAT_PGE, 13},
    {"mca", FEAT_MCA, 14},         {"cmov", FEAT_CMOV, 15}, {"pat", FEAT_PAT, 16},
    {"pse36", FEAT_PSE36, 17},     {"mmx", FEAT_MMX, 23},   {"fxsr", FEAT_FXSR, 24},
    {"sse", FEAT_SSE, 25},         {"sse2", FEAT_SSE2, 26}, {"sse3", FEAT_SSE3, -1},
    {"clflush", FEAT_CLFLUSH, 19}, {"pmc", FEAT_PMC, -1},   {"nopl", FEAT_NOPL, -1},
    {"nx", FEAT_NX, -1},           {"umip", FEAT_UMIP, -1}, {"popek", 0, -1},
    {"popek-iret", 0, -1},
};

const char *cpu_model_help(void)
{
    return "-cpu MODEL[,+FEATURE][,-FEATURE]...\n"
           "  386         80386DX, with BSWAP, INVD and WBINVD: they came with the 486, but "
           "the\n"
           "              firmware uses them; 386,-i486ops is strict; 386,+fpu adds a 387\n"
           "  486         i486DX2: x87, XADD CMPXCHG INVLPG CPUID, alignment check, CR0.WP\n"
           "  pentium     CR4, 4 MB pages, TSC, MSRs, CMPXCHG8B, I/O breakpoints, VME\n"
           "  pentiummmx  pentium with MMX and RDPMC\n"
           "  pentiumpro  CMOV, SYSENTER, PAE, global pages, long NOPs, local APIC, MTRRs,\n"
           "              machine check architecture, performance counters\n"
           "              (default)\n"
           "  pentium2    pentiumpro with MMX, FXSAVE, PAT, PSE-36\n"
           "  pentium3    pentium2 with SSE\n"
           "  pentium4    pentium3 with SSE2, SSE3, CLFLUSH, NX; family 15\n"
           "Features: i486ops fpu cpuid vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca\n"
           "  cmov pat pse36 pmc nopl mmx fxsr sse sse2 sse3 clflush nx umip\n"
           "Not implemented yet: popek popek-iret\n";
}

/* ---- "pentium,-tsc,+cmov" */

/* What a feature is made of comes with it, and goes away with it. */
static const struct {
    uint32_t feature, base;
} foundations[] = {
    {FEAT_MMX, FEAT_FPU},  {FEAT_FXSR, FEAT_FPU},  {FEAT_SSE, FEAT_FXSR | FEAT_MMX},
    {FEAT_SSE2, FEAT_SSE}, {FEAT_SSE3, FEAT_SSE2},
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
        if (add && f->feature == 0) {
            return error_set(err, "-cpu +%s: not implemented yet", f->name);
        }
        *features =
            add ? feature_added(*features, f->feature) : feature_dropped(*features, f->feature);
        return 0;
    }
    return error_set(err, "-cpu: '%.*s' is not +FEATURE or -FEATURE; -cpu help lists them",
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

/* ---- SDM 2A CPUID */

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

/* Leaves 80000002h to 80000004h: 48 characters, NUL behind them. */
static void brand_string(uint32_t part, uint32_t out[4])
{
    static const char text[48] = "Intel(R) Pentium(R) 4 CPU";
    for (unsigned n = 0; n < 16; n++) {
        out[n / 4] |= (uint32_t)(uint8_t)text[16 * part + n] << 8 * (n % 4);
    }
}

/* NX and UMIP are told of in leaves that came with them, the Pentium 4's name in others. false:
 * this processor has no such leaf. */
static bool later_leaf(const struct cpu *cpu, uint32_t leaf, uint32_t out[4])
{
    enum { UMIP = 1 << 2, NX = 1 << 20 };
    bool named = cpu_models[cpu->sys->model].family == 15;
    uint32_t last = 0x80000000u + (named ? 4 : cpu->features & FEAT_NX ? 1 : 0);
    if (leaf >= 0x80000000u && leaf <= last && last != 0x80000000u) {
        out[0] = leaf == 0x80000000u ? last : 0;
        out[3] = leaf == 0x80000001u && (cpu->features & FEAT_NX) ? NX : 0;
        if (leaf >= 0x80000002u) {
            brand_string(leaf - 0x80000002u, out);
        }
        return true;
    }
    if (leaf > 2 && leaf <= 7 && (cpu->features & FEAT_UMIP)) {
        out[2] = leaf == 7 ? UMIP : 0;
        return true;
    }
    return false;
}

static void signature_leaf(const struct cpu *cpu, uint32_t out[4])
{
    out[0] = cpu_models[cpu->sys->model].signature;
    out[1] = cpu->features & FEAT_CLFLUSH ? 8 << 8 : 0; /* lines of 64 bytes; APIC ID 0 */
    out[2] = cpu->features & FEAT_SSE3 ? 1 : 0;
    out[3] = feature_bits(cpu);
}

/* A leaf beyond the last answers as the last one does; so do the extended ones where there are
 * none. */
void cpuid(struct cpu *cpu, uint32_t leaf, uint32_t out[4])
{
    const struct cpu_model *m = &cpu_models[cpu->sys->model];
    uint32_t last = cpu->features & FEAT_UMIP ? 7 : m->family >= 6 ? 2 : 1;
    memset(out, 0, 4 * sizeof *out);
    if (later_leaf(cpu, leaf, out)) {
        return;
    }
    if (leaf == 0) {
        out[0] = last;
        out[1] = 0x756E6547; /* "Genu" */
        out[3] = 0x49656E69; /* "ineI" */
        out[2] = 0x6C65746E; /* "ntel" */
    } else if (leaf == 1 || last == 1) {
        signature_leaf(cpu, out);
    } else {
        out[0] = m->family == 15 ? 0x605B5001 : 0x03020101; /* TLBs … */
        out[3] = m->caches;                                 /* … and caches */
    }
}
