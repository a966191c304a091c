/* tests/unit/test_cpu_model.c -- cpu/sys/model.c: names, features, reset values, CPUID; and
 * what the features decide: which instructions, flags and control register bits exist. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/pm_fixture.h"

static const struct {
    const char *text;
    bool ok;
    const char *says; /* part of the error */
} names[] = {
    {"386", true, NULL},
    {"486", true, NULL},
    {"pentium", true, NULL},
    {"pentiumpro", true, NULL},
    {"386,-i486ops", true, NULL},
    {"pentiumpro,-tsc,-pae", true, NULL},
    {"pentium,+cmov,-cmov,+sep", true, NULL},
    {"pentiumpro,-fpu", true, NULL},
    {"386,+fpu", true, NULL},
    {"386,-fpu", true, NULL}, /* taking away what is not there */
    {"pentium2", true, NULL},
    {"pentiummmx,-mmx", true, NULL},
    {"pentium3,+tsc", true, NULL},
    {"pentium4,-sse3,-clflush", true, NULL},
    {"pentium4,-sse", true, NULL},
    {"pentiumpro,+popek", true, NULL},
    {"pentiumpro,+popek-iret", true, NULL},
    {"pentium,+mmx", true, NULL},
    {"z80", false, "no such model"},
    {"", false, "help"},
    {"38", false, "help"},
    {"3866", false, "help"},
    {"486,", false, "+FEATURE"},
    {"486,tsc", false, "'tsc'"},
    {"486,+", false, "'+'"},
    {"486,+ts", false, "+ts: no such feature"},
    {"486,+tscs", false, "+tscs: no such feature"},
};

START_TEST(parsing)
{
    struct error err = {""};
    int got = cpu_model_check(names[_i].text, &err);
    ck_assert_msg((got == 0) == names[_i].ok, "%s: %s", names[_i].text, err.text);
    if (!names[_i].ok) {
        const char *want = names[_i].says;
        ck_assert_msg(strstr(err.text, want) != NULL, "%s: %s", names[_i].text, err.text);
        ck_assert_ptr_eq(strchr(err.text, '\n'), NULL);
    }
}
END_TEST

START_TEST(long_name)
{
    struct error err;
    char text[2000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    ck_assert_int_eq(cpu_model_check(text, &err), -1);
    ck_assert_int_eq(cpu_model_check(NULL, &err), 0);
    ck_assert_str_eq(cpu_model_default(), "pentium4");
}
END_TEST

START_TEST(help)
{
    const char *text = cpu_model_help();
    static const char *const words[] = {"386,-i486ops", "pentiumpro", "BSWAP", "popek-iret",
                                        "without -cpu a pentium4"};
    for (unsigned n = 0; n < ARRAY_LEN(words); n++) {
        ck_assert_msg(strstr(text, words[n]) != NULL, "%s", words[n]);
    }
}
END_TEST

static const struct {
    const char *model;
    uint32_t signature, cr0;
} models[] = {
    {"386", 0x308, 0},
    {"386,+fpu", 0x308, 0x10},
    {"486", 0x435, 0x60000010},
    {"pentium", 0x525, 0x60000010},
    {"pentiumpro", 0x619, 0x60000010},
    {"pentiummmx", 0x543, 0x60000010},
    {"pentium2", 0x652, 0x60000010},
    {"pentium3", 0x683, 0x60000010},
    {"pentium4", 0xF41, 0x60000010},
};

/* What one is built upon comes and goes with it: the left side is the same as the right. */
static const char *const equal[][2] = {
    {"pentium4", "pentium4,-sse3,+sse3"},
    {"pentium4,-sse", "pentium4,-sse3,-sse2,-sse"},
    {"pentium4,-fpu", "pentium4,-sse3,-sse2,-sse,-fxsr,-mmx,-fpu"},
    {"pentium4,-mmx", "pentium4,-sse3,-sse2,-sse,-mmx"},
    {"pentium4,-pae", "pentium4,-nx,-pae"},
    {"pentium4,-msr", "pentium4,-nx,-pat,-mtrr,-sep,-apic,-mca,-msr"},
    {"pentium2,-pse", "pentium2,-pse36,-pse"},
    {"386,+sse", "386,+fpu,+mmx,+fxsr,+sse"},
};

START_TEST(foundations)
{
    const char *a = equal[_i][0], *b = equal[_i][1];
    ck_assert_msg(cpu_model_same(a, b), "%s and %s", a, b);
}
END_TEST

/* SDM 3A table 9-1 */
START_TEST(reset_values)
{
    static const struct {
        const char *name;
        uint32_t value;
    } regs[] = {
        {"eax", 0},
        {"ebx", 0},
        {"ecx", 0},
        {"esi", 0},
        {"edi", 0},
        {"ebp", 0},
        {"esp", 0},
        {"eip", 0xFFF0},
        {"eflags", 2},
        {"cs", 0xF000},
        {"ss", 0},
        {"ds", 0},
        {"es", 0},
        {"fs", 0},
        {"gs", 0},
        {"ldtr", 0},
        {"tr", 0},
        {"gdtr.base", 0},
        {"gdtr.limit", 0xFFFF},
        {"idtr.base", 0},
        {"idtr.limit", 0xFFFF},
        {"cr2", 0},
        {"cr3", 0},
        {"cr4", 0},
        {"dr0", 0},
        {"dr3", 0},
        {"dr6", 0xFFFF0FF0},
        {"dr7", 0x400},
    };
    struct cpu_fixture fx;
    cpu_fixture_init(&fx, &(struct cpu_config){.model = models[_i].model});
    for (unsigned n = 0; n < ARRAY_LEN(regs); n++) {
        ck_assert_msg(cpu_fixture_get(&fx, regs[n].name) == regs[n].value, "%s", regs[n].name);
    }
    ck_assert_uint_eq(cpu_fixture_get(&fx, "edx"), models[_i].signature);
    ck_assert_uint_eq(cpu_fixture_get(&fx, "cr0"), models[_i].cr0);
    ck_assert_uint_eq(cpu_pc(fx.cpu), 0xFFFFFFF0u);
    cpu_fixture_free(&fx);
}
END_TEST

/* Runs code in real mode at 0:7C00 up to its HLT; every vector leads to a HLT at 0:500+vector.
 * Returns the vector reached, or -1 for the HLT that ends the code. */
static int run_real(struct cpu_fixture *fx, const uint8_t *code, unsigned len)
{
    uint8_t hlt = 0xF4, entry[4];
    for (unsigned v = 0; v < 256; v++) {
        store_le32(entry, 0x500 + v);
        cpu_fixture_load(fx, 4 * v, entry, 4);
        cpu_fixture_load(fx, 0x500 + v, &hlt, 1);
    }
    cpu_fixture_load(fx, 0x7C00, code, len);
    cpu_fixture_load(fx, 0x7C00 + len, &hlt, 1);
    cpu_fixture_set(fx, "cs", 0);
    cpu_fixture_set(fx, "eip", 0x7C00);
    cpu_fixture_set(fx, "esp", 0x7000);
    ck_assert_int_eq(cpu_run(fx->cpu, fx->tick + 1000), CPU_HALTED);
    uint32_t eip = (uint32_t)cpu_fixture_get(fx, "eip") - 1;
    return eip == 0x7C00 + len ? -1 : (int)eip - 0x500;
}

#define CODE(...)                                                                              \
    sizeof((uint8_t[]){__VA_ARGS__}),                                                          \
    {                                                                                          \
        __VA_ARGS__                                                                            \
    }
/* Both values into CR0.ET and back; INT 6 if one does not stick. */
#define TRY_ET                                                                                 \
    0xB0, 0x10, 0x0F, 0x22, 0xC0, 0x0F, 0x20, 0xC2, 0x38, 0xC2, 0x75, 12, 0x30, 0xC0, 0x0F,    \
        0x22, 0xC0, 0x0F, 0x20, 0xC2, 0x38, 0xC2, 0x74, 0x02, 0xCD, 0x06
enum { OK = -1, UD = 6, GP = 13 };
static const struct {
    const char *what, *model;
    int vector;
    unsigned len;
    uint8_t code[26];
} presence[] = {
    {"BSWAP", "386", OK, CODE(0x66, 0x0F, 0xC8)},
    {"BSWAP", "386,-i486ops", UD, CODE(0x66, 0x0F, 0xC8)},
    {"INVD", "386", OK, CODE(0x0F, 0x08)},
    {"WBINVD", "386,-i486ops", UD, CODE(0x0F, 0x09)},
    {"XADD", "386", UD, CODE(0x0F, 0xC0, 0xC0)},
    {"XADD", "486", OK, CODE(0x0F, 0xC0, 0xC0)},
    {"INVLPG", "386", UD, CODE(0x0F, 0x01, 0x3F)},
    {"INVLPG", "486", OK, CODE(0x0F, 0x01, 0x3F)},
    {"CPUID", "386", UD, CODE(0x0F, 0xA2)},
    {"CPUID", "486", OK, CODE(0x0F, 0xA2)},
    {"CPUID", "486,-cpuid", UD, CODE(0x0F, 0xA2)},
    {"RDTSC", "486", UD, CODE(0x0F, 0x31)},
    {"RDTSC", "pentium", OK, CODE(0x0F, 0x31)},
    {"RDTSC", "pentium,-tsc", UD, CODE(0x0F, 0x31)},
    {"RDPMC", "pentium", UD, CODE(0x66, 0x31, 0xC9, 0x0F, 0x33)},
    {"RDPMC", "pentiumpro", OK, CODE(0x66, 0x31, 0xC9, 0x0F, 0x33)},
    {"RDPMC", "pentiumpro,-pmc", UD, CODE(0x66, 0x31, 0xC9, 0x0F, 0x33)},
    {"RDPMC 2", "pentiumpro", GP, CODE(0x66, 0xB9, 2, 0, 0, 0, 0x0F, 0x33)},
    {"RDPMC 17, short", "pentium4", OK, CODE(0x66, 0xB9, 17, 0, 0, 0x80, 0x0F, 0x33)},
    {"RDPMC 18", "pentium4", GP, CODE(0x66, 0xB9, 18, 0, 0, 0, 0x0F, 0x33)},
    {"CMPXCHG", "386", UD, CODE(0x0F, 0xB1, 0xC8)},
    {"CMPXCHG", "486", OK, CODE(0x0F, 0xB1, 0xC8)},
    {"CMPXCHG8B", "486", UD, CODE(0x0F, 0xC7, 0x0E, 0, 0x40)},
    {"CMPXCHG8B", "pentium", OK, CODE(0x0F, 0xC7, 0x0E, 0, 0x40)},
    {"SYSENTER", "pentiummmx", UD, CODE(0x0F, 0x34)},
    {"CMOVZ", "pentium", UD, CODE(0x0F, 0x44, 0xC0)},
    {"CMOVZ", "pentiumpro", OK, CODE(0x0F, 0x44, 0xC0)},
    {"FUCOMI", "pentium", UD, CODE(0xDB, 0xE8)},
    {"FUCOMI", "pentiumpro", OK, CODE(0xDB, 0xE8)},
    {"FUCOMI", "pentiumpro,-cmov", UD, CODE(0xDB, 0xE8)},
    {"FUCOMI", "pentium,-fpu", OK, CODE(0xDB, 0xE8)}, /* goes to nobody */
    {"reserved x87 code", "486", UD, CODE(0xD9, 0xD1)},
    {"reserved x87 code", "386", OK, CODE(0xD9, 0xD1)},
    {"reserved x87 code", "386,+fpu", UD, CODE(0xD9, 0xD1)},
    {"NOPL", "pentium", UD, CODE(0x0F, 0x1F, 0xC0)},
    {"NOPL", "pentiumpro", OK, CODE(0x0F, 0x1F, 0xC0)},
    {"read CR4", "486", UD, CODE(0x0F, 0x20, 0xE0)},
    {"read CR4", "pentium", OK, CODE(0x0F, 0x20, 0xE0)},
    {"CR4.PSE", "pentium", OK, CODE(0x66, 0xB8, 0x10, 0, 0, 0, 0x0F, 0x22, 0xE0)},
    {"CR4.PAE", "pentium", GP, CODE(0x66, 0xB8, 0x20, 0, 0, 0, 0x0F, 0x22, 0xE0)},
    {"CR4.PAE", "pentiumpro", OK, CODE(0x66, 0xB8, 0x20, 0, 0, 0, 0x0F, 0x22, 0xE0)},
    {"CR4.VME, PVI", "pentium", OK, CODE(0x66, 0xB8, 0x03, 0, 0, 0, 0x0F, 0x22, 0xE0)},
    {"CR4.VME", "pentiumpro,-vme", GP, CODE(0x66, 0xB8, 0x01, 0, 0, 0, 0x0F, 0x22, 0xE0)},
    {"CR4.UMIP", "pentiumpro", GP, CODE(0x66, 0xB8, 0, 8, 0, 0, 0x0F, 0x22, 0xE0)},
    {"CR4.UMIP", "pentiumpro,+umip", OK, CODE(0x66, 0xB8, 0, 8, 0, 0, 0x0F, 0x22, 0xE0)},
    {"CR4, bit 31", "pentiumpro", GP, CODE(0x66, 0xB8, 0, 0, 0, 0x80, 0x0F, 0x22, 0xE0)},
    {"read CR1", "pentiumpro", UD, CODE(0x0F, 0x20, 0xC8)},
    {"write CR5", "pentiumpro", UD, CODE(0x0F, 0x22, 0xE8)},
    {"MSR of the TSC", "pentium", OK, CODE(0x66, 0xB9, 0x10, 0, 0, 0, 0x0F, 0x32)},
    {"MSR of the TSC", "pentium,-tsc", GP, CODE(0x66, 0xB9, 0x10, 0, 0, 0, 0x0F, 0x32)},
    {"MSR 12345h", "pentium", GP, CODE(0x66, 0xB9, 0x45, 0x23, 1, 0, 0x0F, 0x32)},
    {"MSR 174h", "pentium", GP, CODE(0x66, 0xB9, 0x74, 1, 0, 0, 0x0F, 0x30)},
    {"MSR 174h", "pentiumpro", OK, CODE(0x66, 0xB9, 0x74, 1, 0, 0, 0x0F, 0x30)},
    {"APIC base", "pentiumpro", OK, CODE(0x66, 0xB9, 0x1B, 0, 0, 0, 0x0F, 0x32)},
    {"APIC base", "pentium", GP, CODE(0x66, 0xB9, 0x1B, 0, 0, 0, 0x0F, 0x32)},
    {"APIC base", "pentiumpro,-apic", GP, CODE(0x66, 0xB9, 0x1B, 0, 0, 0, 0x0F, 0x32)},
    {"PADDB", "pentium", UD, CODE(0x0F, 0xFC, 0xC1)},
    {"PADDB", "pentiummmx", OK, CODE(0x0F, 0xFC, 0xC1)},
    {"PADDB", "pentiummmx,-fpu", UD, CODE(0x0F, 0xFC, 0xC1)},
    {"PADDB", "pentium2,-mmx", UD, CODE(0x0F, 0xFC, 0xC1)},
    {"PADDB", "386,+mmx", OK, CODE(0x0F, 0xFC, 0xC1)},
    {"PAVGB", "pentium2", UD, CODE(0x0F, 0xE0, 0xC1)},
    {"FXSAVE", "pentiumpro", UD, CODE(0x0F, 0xAE, 0x06, 0, 0x40)},
    {"FXSAVE", "pentium2", OK, CODE(0x0F, 0xAE, 0x06, 0, 0x40)},
    {"FXSAVE, not aligned", "pentium2", GP, CODE(0x0F, 0xAE, 0x06, 8, 0x40)},
    {"FXSAVE of a register", "pentium2", UD, CODE(0x0F, 0xAE, 0xC0)},
    {"CR4.OSFXSR", "pentium2", OK, CODE(0x66, 0xB8, 0, 2, 0, 0, 0x0F, 0x22, 0xE0)},
    {"CR4.OSFXSR", "pentiumpro", GP, CODE(0x66, 0xB8, 0, 2, 0, 0, 0x0F, 0x22, 0xE0)},
    {"CR4.OSXMMEXCPT", "pentium3", OK, CODE(0x66, 0xB8, 0, 4, 0, 0, 0x0F, 0x22, 0xE0)},
    {"ADDPS without OSFXSR", "pentium3", UD, CODE(0x0F, 0x58, 0xC1)},
    {"PAVGB", "pentium3", OK, CODE(0x0F, 0xE0, 0xC1)}, /* MMX registers: as MMX */
    {"ADDPS with OSFXSR", "pentium3", OK,
     CODE(0x66, 0xB8, 0, 2, 0, 0, 0x0F, 0x22, 0xE0, 0x0F, 0x58, 0xC1)},
    {"ADDPD with OSFXSR", "pentium3", UD,
     CODE(0x66, 0xB8, 0, 2, 0, 0, 0x0F, 0x22, 0xE0, 0x66, 0x0F, 0x58, 0xC1)},
    {"SFENCE", "pentium3", OK, CODE(0x0F, 0xAE, 0xF8)},
    {"SFENCE", "pentium2", UD, CODE(0x0F, 0xAE, 0xF8)},
    {"LFENCE", "pentium3", UD, CODE(0x0F, 0xAE, 0xE8)},
    {"LFENCE", "pentium4", OK, CODE(0x0F, 0xAE, 0xE8)},
    {"CLFLUSH", "pentium4", OK, CODE(0x0F, 0xAE, 0x3E, 0, 0x40)},
    {"CLFLUSH", "pentium4,-clflush", UD, CODE(0x0F, 0xAE, 0x3E, 0, 0x40)},
    {"MOVNTI", "pentium4", OK, CODE(0x0F, 0xC3, 0x06, 0, 0x40)},
    {"FISTTP", "pentium4,-sse3", UD, CODE(0xDF, 0x0E, 0, 0x40)},
    {"FISTTP", "pentium4", OK, CODE(0xDF, 0x0E, 0, 0x40)},
    {"CR4.OSXMMEXCPT", "pentium2", GP, CODE(0x66, 0xB8, 0, 4, 0, 0, 0x0F, 0x22, 0xE0)},
    {"SYSENTER in real mode", "pentiumpro", GP, CODE(0x0F, 0x34)},
    {"SLDT in real mode", "pentiumpro", UD, CODE(0x0F, 0x00, 0xC0)},
    {"PG without PE", "386", GP, CODE(0x66, 0xB8, 0, 0, 0, 0x80, 0x0F, 0x22, 0xC0)},
    {"NW without CD", "486", GP, CODE(0x66, 0xB8, 0, 0, 0, 0x20, 0x0F, 0x22, 0xC0)},
    {"ET can be set and cleared", "386", OK, CODE(TRY_ET)},
    {"ET can be set and cleared", "486", UD, CODE(TRY_ET)},
    {"NW is nothing", "386", OK, CODE(0x66, 0xB8, 0, 0, 0, 0x20, 0x0F, 0x22, 0xC0)},
};

START_TEST(instructions)
{
    struct cpu_fixture fx;
    cpu_fixture_init(&fx, &(struct cpu_config){.model = presence[_i].model});
    int got = run_real(&fx, presence[_i].code, presence[_i].len);
    ck_assert_msg(got == presence[_i].vector, "%s on %s: %d, want %d", presence[_i].what,
                  presence[_i].model, got, presence[_i].vector);
    cpu_fixture_free(&fx);
}
END_TEST

/* ---- IA32_APIC_BASE (SDM 3A 10.4.3, 10.4.4) */

static uint64_t base_heard;
static unsigned bases_heard;

static void on_apic_base(void *ctx, uint64_t value)
{
    (void)ctx;
    base_heard = value;
    bases_heard++;
}

static int write_base(struct cpu_fixture *fx, uint32_t high, uint32_t low)
{
    static const uint8_t code[] = {0x66, 0xB9, 0x1B, 0, 0, 0, 0x0F, 0x30};
    cpu_fixture_set(fx, "edx", high);
    cpu_fixture_set(fx, "eax", low);
    return run_real(fx, code, sizeof code);
}

START_TEST(apic_base)
{
    static const struct {
        uint32_t high, low;
        bool ok;
    } want[] = {
        {0, 0xFEE00900, true},  {0, 0x00005800, true},  {0xF, 0xFFFFF800, true},
        {0, 0xFEE00100, true},  {0, 0xFEE00801, false}, {0, 0xFEE00880, false},
        {0, 0xFEE00A00, false}, {0, 0xFEE00C00, false}, {0x10, 0xFEE00900, false},
    };
    static const uint8_t cpuid_1[] = {0x66, 0xB8, 1, 0, 0, 0, 0x0F, 0xA2};
    struct cpu_fixture fx;
    cpu_fixture_init(&fx, &(struct cpu_config){.model = "pentiumpro"});
    cpu_free(fx.cpu);
    fx.bus.apic_base = on_apic_base;
    struct error err;
    fx.cpu =
        cpu_new(&(struct cpu_config){.model = "pentiumpro"}, &fx.bus, fx.ph, &fx.notes, &err);
    ck_assert_ptr_nonnull(fx.cpu);
    ck_assert_uint_eq(cpu_apic_base(fx.cpu), 0xFEE00900);
    bases_heard = 0;
    uint64_t value = (uint64_t)want[_i].high << 32 | want[_i].low;
    ck_assert_int_eq(write_base(&fx, want[_i].high, want[_i].low), want[_i].ok ? OK : GP);
    ck_assert_uint_eq(bases_heard, want[_i].ok);
    if (want[_i].ok) {
        ck_assert_uint_eq(base_heard, value);
        ck_assert_uint_eq(cpu_apic_base(fx.cpu), value);
        cpu_reset(fx.cpu, false);
        ck_assert_int_eq(write_base(&fx, want[_i].high, want[_i].low), OK);
        cpu_init(fx.cpu);
        ck_assert_int_eq(run_real(&fx, cpuid_1, sizeof cpuid_1), OK);
        ck_assert_uint_eq(cpu_fixture_get(&fx, "edx") >> 9 & 1, value >> 11 & 1);
    }
    uint64_t now = cpu_apic_base(fx.cpu);
    cpu_init(fx.cpu);
    ck_assert_uint_eq(cpu_apic_base(fx.cpu), now); /* INIT# leaves it */
    ck_assert_uint_eq(cpu_fixture_get(&fx, "eip"), 0xFFF0);
    cpu_reset(fx.cpu, false);
    ck_assert_uint_eq(cpu_apic_base(fx.cpu), 0xFEE00900);
    cpu_fixture_free(&fx);
}
END_TEST

START_TEST(no_apic)
{
    struct cpu_fixture fx;
    cpu_fixture_init(&fx, &(struct cpu_config){.model = "pentiumpro,-apic"});
    ck_assert_uint_eq(cpu_apic_base(fx.cpu), 0);
    ck_assert_int_eq(write_base(&fx, 0, 0xFEE00900), GP);
    cpu_fixture_free(&fx);
}
END_TEST

/* PUSHFD; POP EAX; XOR EAX, bits; PUSH EAX; POPFD; PUSHFD; POP EBX: which bits stuck? Software
 * tells a 386 from a 486 by AC, and CPUID's presence by ID. */
START_TEST(flags)
{
    static const struct {
        const char *model;
        uint32_t stuck;
    } want[] = {
        {"386", 0},
        {"486,-cpuid", 1u << 18},
        {"486", 1u << 18 | 1u << 21},
        {"pentiumpro", 1u << 18 | 1u << 21},
        {"pentium4", 1u << 18 | 1u << 21},
    };
    static const uint8_t code[] = {0x66, 0x9C, 0x66, 0x58, 0x66, 0x35, 0x00, 0x00, 0x3C,
                                   0x00, 0x66, 0x50, 0x66, 0x9D, 0x66, 0x9C, 0x66, 0x5B};
    struct cpu_fixture fx;
    cpu_fixture_init(&fx, &(struct cpu_config){.model = want[_i].model});
    ck_assert_int_eq(run_real(&fx, code, sizeof code), -1);
    ck_assert_uint_eq(cpu_fixture_get(&fx, "ebx") & 0x3C0000, want[_i].stuck);
    cpu_fixture_free(&fx);
}
END_TEST

/* SDM 2A CPUID. 486 and Pentium know leaf 1, the P6 leaf 2; a leaf beyond the last answers as
 * the last one. */
static const struct {
    const char *model;
    uint32_t leaf, index, eax, ebx, ecx, edx;
} leaves[] = {
    {"486", 0, 0, 1, 0x756E6547, 0x6C65746E, 0x49656E69},
    {"486", 1, 0, 0x435, 0, 0, 1},
    {"pentium", 0, 0, 1, 0x756E6547, 0x6C65746E, 0x49656E69},
    {"pentium", 1, 0, 0x525, 0, 0, 0x1BF},
    {"pentium", 2, 0, 0x525, 0, 0, 0x1BF},
    {"pentium", 0x80000000, 0, 0x525, 0, 0, 0x1BF},
    {"pentiummmx", 1, 0, 0x543, 0, 0, 0x8001BF},
    {"pentiumpro", 0, 0, 2, 0x756E6547, 0x6C65746E, 0x49656E69},
    {"pentiumpro", 1, 0, 0x619, 0, 0, 0xFBFF},
    {"pentiumpro,-apic", 1, 0, 0x619, 0, 0, 0xF9FF},
    {"pentiumpro,-cmov,-tsc", 1, 0, 0x619, 0, 0, 0x7BEF},
    {"pentiumpro", 2, 0, 0x03020101, 0, 0, 0x06040A42},
    {"pentiumpro", 4, 0, 0x03020101, 0, 0, 0x06040A42},
    {"pentiumpro", 0x80000000, 0, 0x03020101, 0, 0, 0x06040A42},
    {"pentiumpro,+umip", 0, 0, 7, 0x756E6547, 0x6C65746E, 0x49656E69},
    {"pentiumpro,+umip", 4, 0, 0, 0, 0, 0},
    {"pentiumpro,+umip", 7, 0, 0, 0, 4, 0},
    {"pentiumpro,+umip", 8, 0, 0, 0, 4, 0},
    {"pentiumpro,+nx", 0x80000000, 0, 0x80000001, 0, 0, 0},
    {"pentiumpro,+nx", 0x80000001, 0, 0, 0, 0, 0x100000},
    {"pentiumpro,+nx", 0x80000002, 0, 0x03020101, 0, 0, 0x06040A42},
    {"pentium2", 1, 0, 0x652, 0, 0, 0x183FBFF},
    {"pentium2,-fpu", 1, 0, 0x652, 0, 0, 0x3FBFE},
    {"pentium2", 2, 0, 0x03020101, 0, 0, 0x0C040843},
    {"pentium3", 1, 0, 0x683, 2, 0, 0x383FBFF},
    {"pentium3,-mmx", 1, 0, 0x683, 2, 0, 0x103FBFF},
    {"pentium3,+sse2", 1, 0, 0x683, 2, 0, 0x783FBFF},
    {"pentium3", 2, 0, 0x03020101, 0, 0, 0x0C040882},
    {"pentium3", 3, 0, 0x03020101, 0, 0, 0x0C040882},
    {"pentium4", 0, 0, 5, 0x756E6547, 0x6C65746E, 0x49656E69},
    {"pentium4", 1, 0, 0xF41, 0x800, 1, 0x78BFBFF},
    {"pentium4,-sse3,-clflush", 1, 0, 0xF41, 0, 0, 0x783FBFF},
    {"pentium4", 2, 0, 0x605B5001, 0, 0, 0x007C7040},
    {"pentium4", 3, 0, 0, 0, 0, 0},
    {"pentium4", 4, 0, 0x121, 0x1C0003F, 31, 0},
    {"pentium4", 4, 1, 0x143, 0x1C0103F, 1023, 0},
    {"pentium4", 4, 2, 0, 0, 0, 0},
    {"pentium4", 4, UINT32_MAX, 0, 0, 0, 0},
    {"pentium4", 5, 0, 0, 0, 0, 0},
    {"pentium4", 6, 0, 0, 0, 0, 0},
    {"pentium4,+umip", 7, 0, 0, 0, 4, 0},
    {"pentium4", 0x80000000, 0, 0x80000008, 0, 0, 0},
    {"pentium4", 0x80000001, 0, 0, 0, 0, 0x100000},
    {"pentium4,-nx", 0x80000001, 0, 0, 0, 0, 0},
    {"pentium4", 0x80000002, 0, 0x65746E49, 0x2952286C, 0x6E655020, 0x6D756974},
    {"pentium4", 0x80000004, 0, 0, 0, 0, 0},
    {"pentium4", 0x80000006, 0, 0, 0, 0x04006040, 0},
    {"pentium4", 0x80000008, 0, 0x2024, 0, 0, 0},
    {"pentium4", 0x80000009, 0, 0, 0, 0, 0},
};

START_TEST(cpuid_leaves)
{
    static const uint8_t code[] = {0x0F, 0xA2};
    struct cpu_fixture fx;
    cpu_fixture_init(&fx, &(struct cpu_config){.model = leaves[_i].model});
    cpu_fixture_set(&fx, "eax", leaves[_i].leaf);
    cpu_fixture_set(&fx, "ecx", leaves[_i].index);
    ck_assert_int_eq(run_real(&fx, code, sizeof code), -1);
    ck_assert_uint_eq(cpu_fixture_get(&fx, "eax"), leaves[_i].eax);
    ck_assert_uint_eq(cpu_fixture_get(&fx, "ebx"), leaves[_i].ebx);
    ck_assert_uint_eq(cpu_fixture_get(&fx, "ecx"), leaves[_i].ecx);
    ck_assert_uint_eq(cpu_fixture_get(&fx, "edx"), leaves[_i].edx);
    cpu_fixture_free(&fx);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("cpu_model");
    TCase *tc = tcase_create("model");
    tcase_add_loop_test(tc, parsing, 0, ARRAY_LEN(names));
    tcase_add_loop_test(tc, foundations, 0, ARRAY_LEN(equal));
    tcase_add_test(tc, long_name);
    tcase_add_test(tc, help);
    tcase_add_loop_test(tc, reset_values, 0, ARRAY_LEN(models));
    tcase_add_loop_test(tc, instructions, 0, ARRAY_LEN(presence));
    tcase_add_loop_test(tc, apic_base, 0, 9);
    tcase_add_test(tc, no_apic);
    tcase_add_loop_test(tc, flags, 0, 5);
    tcase_add_loop_test(tc, cpuid_leaves, 0, ARRAY_LEN(leaves));
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_ENV);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
