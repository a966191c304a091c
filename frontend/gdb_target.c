/* frontend/gdb_target.c -- the registers that a debugger sees, and their description for it.
 *
 * Numbers 0 to 40 are those that GDB gives the i386 by itself: general registers, EIP, EFLAGS,
 * segments, x87, SSE. They are what g and G carry. The rest is the system's, for p and P: a
 * debugger finds it in the description (qXfer:features:read:target.xml).
 */
#include "frontend/gdb_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum feature { CORE, SSE, SYSTEM };

static const struct gdb_register {
    enum feature feature;
    const char *name;
    const char *core[2]; /* the machine's names: low bytes, the rest or NULL */
    uint8_t size;
    const char *type, *group; /* in the description; group may be NULL */
} registers[] = {
#define GENERAL(name, type)                                                                    \
    {                                                                                          \
        CORE, name, {name}, 4, type, NULL                                                      \
    }
#define STACK(n)                                                                               \
    {                                                                                          \
        CORE, "st" n, {"st" n ".m", "st" n ".se"}, 10, "i387_ext", NULL                        \
    }
#define X87(name)                                                                              \
    {                                                                                          \
        CORE, name, {name}, 4, "int", "float"                                                  \
    }
#define XMM(n)                                                                                 \
    {                                                                                          \
        SSE, "xmm" n, {"xmm" n ".lo", "xmm" n ".hi"}, 16, "vec128", NULL                       \
    }
#define SYS(name, core, type)                                                                  \
    {                                                                                          \
        SYSTEM, name, {core}, 4, type, "system"                                                \
    }
    GENERAL("eax", "int32"),
    GENERAL("ecx", "int32"),
    GENERAL("edx", "int32"),
    GENERAL("ebx", "int32"),
    GENERAL("esp", "data_ptr"),
    GENERAL("ebp", "data_ptr"),
    GENERAL("esi", "int32"),
    GENERAL("edi", "int32"),
    GENERAL("eip", "code_ptr"),
    GENERAL("eflags", "eflags"),
    GENERAL("cs", "int32"),
    GENERAL("ss", "int32"),
    GENERAL("ds", "int32"),
    GENERAL("es", "int32"),
    GENERAL("fs", "int32"),
    GENERAL("gs", "int32"),
    STACK("0"),
    STACK("1"),
    STACK("2"),
    STACK("3"),
    STACK("4"),
    STACK("5"),
    STACK("6"),
    STACK("7"),
    X87("fctrl"),
    X87("fstat"),
    X87("ftag"),
    X87("fiseg"),
    X87("fioff"),
    X87("foseg"),
    X87("fooff"),
    X87("fop"),
    XMM("0"),
    XMM("1"),
    XMM("2"),
    XMM("3"),
    XMM("4"),
    XMM("5"),
    XMM("6"),
    XMM("7"),
    {SSE, "mxcsr", {"mxcsr"}, 4, "mxcsr", "vector"},
    SYS("cs_base", "cs.base", "uint32"),
    SYS("ss_base", "ss.base", "uint32"),
    SYS("ds_base", "ds.base", "uint32"),
    SYS("es_base", "es.base", "uint32"),
    SYS("fs_base", "fs.base", "uint32"),
    SYS("gs_base", "gs.base", "uint32"),
    SYS("cr0", "cr0", "cr0"),
    SYS("cr2", "cr2", "uint32"),
    SYS("cr3", "cr3", "uint32"),
    SYS("cr4", "cr4", "cr4"),
    SYS("efer", "efer", "uint32"),
    SYS("gdtr_base", "gdtr.base", "uint32"),
    SYS("gdtr_limit", "gdtr.limit", "uint32"),
    SYS("idtr_base", "idtr.base", "uint32"),
    SYS("idtr_limit", "idtr.limit", "uint32"),
    SYS("ldtr", "ldtr", "uint32"),
    SYS("ldtr_base", "ldtr.base", "uint32"),
    SYS("ldtr_limit", "ldtr.limit", "uint32"),
    SYS("tr", "tr", "uint32"),
    SYS("tr_base", "tr.base", "uint32"),
    SYS("tr_limit", "tr.limit", "uint32"),
    SYS("dr0", "dr0", "uint32"),
    SYS("dr1", "dr1", "uint32"),
    SYS("dr2", "dr2", "uint32"),
    SYS("dr3", "dr3", "uint32"),
    SYS("dr6", "dr6", "uint32"),
    SYS("dr7", "dr7", "uint32"),
};

unsigned gdb_register_size(unsigned n)
{
    return n < ARRAY_LEN(registers) ? registers[n].size : 0;
}

unsigned gdb_registers_in_g(void)
{
    unsigned n = 0;
    while (registers[n].feature != SYSTEM) {
        n++;
    }
    return n;
}

static void put_le(uint8_t *out, uint64_t v, unsigned n)
{
    for (unsigned k = 0; k < n; k++) {
        out[k] = (uint8_t)(v >> 8 * k);
    }
}

static uint64_t get_le(const uint8_t *in, unsigned n)
{
    uint64_t v = 0;
    for (unsigned k = 0; k < n; k++) {
        v |= (uint64_t)in[k] << 8 * k;
    }
    return v;
}

void gdb_register_get(const struct machine *m, unsigned n, uint8_t *out)
{
    const struct gdb_register *r = &registers[n];
    unsigned low = r->size < 8 ? r->size : 8;
    uint64_t v = 0; /* a register that this processor lacks is 0 */
    machine_reg_get(m, r->core[0], &v);
    put_le(out, v, low);
    if (r->core[1] != NULL) {
        v = 0;
        machine_reg_get(m, r->core[1], &v);
        put_le(out + low, v, r->size - low);
    }
}

/* What does not change is not set: loading a selector again would load its descriptor again. */
bool gdb_register_set(struct machine *m, unsigned n, const uint8_t *in)
{
    const struct gdb_register *r = &registers[n];
    unsigned low = r->size < 8 ? r->size : 8;
    uint8_t now[GDB_REG_LONGEST];
    gdb_register_get(m, n, now);
    if (memcmp(now, in, r->size) == 0) {
        return true;
    }
    return machine_reg_set(m, r->core[0], get_le(in, low)) &&
           (r->core[1] == NULL ||
            machine_reg_set(m, r->core[1], get_le(in + low, r->size - low)));
}

/* ---- the description */

struct bit {
    uint8_t start;
    const char *name;
};

static const struct bit eflags[] = {
    {0, "CF"},  {2, "PF"},   {4, "AF"},   {6, "ZF"},  {7, "SF"},  {8, "TF"},
    {9, "IF"},  {10, "DF"},  {11, "OF"},  {14, "NT"}, {16, "RF"}, {17, "VM"},
    {18, "AC"}, {19, "VIF"}, {20, "VIP"}, {21, "ID"},
};
static const struct bit mxcsr[] = {
    {0, "IE"}, {1, "DE"}, {2, "ZE"}, {3, "OE"},  {4, "UE"},  {5, "PE"},  {6, "DAZ"},
    {7, "IM"}, {8, "DM"}, {9, "ZM"}, {10, "OM"}, {11, "UM"}, {12, "PM"}, {15, "FZ"},
};
static const struct bit cr0[] = {
    {0, "PE"},  {1, "MP"},  {2, "EM"},  {3, "TS"},  {4, "ET"},  {5, "NE"},
    {16, "WP"}, {18, "AM"}, {29, "NW"}, {30, "CD"}, {31, "PG"},
};
static const struct bit cr4[] = {
    {0, "VME"}, {1, "PVI"}, {2, "TSD"}, {3, "DE"},   {4, "PSE"},    {5, "PAE"},
    {6, "MCE"}, {7, "PGE"}, {8, "PCE"}, {9, "FXSR"}, {10, "XMMEX"}, {11, "UMIP"},
};

struct xml {
    char *text;
    size_t n, cap;
};

static void PRINTF_LIKE(2, 3) add(struct xml *x, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(x->text + x->n, x->cap - x->n, format, args);
    va_end(args);
    x->n += n > 0 && (size_t)n < x->cap - x->n ? (size_t)n : 0;
}

static void add_flags(struct xml *x, const char *id, const struct bit *bits, size_t n)
{
    add(x, "<flags id=\"%s\" size=\"4\">\n", id);
    for (size_t k = 0; k < n; k++) {
        add(x, "<field name=\"%s\" start=\"%u\" end=\"%u\"/>\n", bits[k].name, bits[k].start,
            bits[k].start);
    }
    add(x, "</flags>\n");
}

/* The forms in which an XMM register can be seen. */
static void add_vectors(struct xml *x)
{
    static const struct {
        const char *field, *type;
        unsigned count;
    } views[] = {{"v4_float", "ieee_single", 4}, {"v2_double", "ieee_double", 2},
                 {"v16_int8", "int8", 16},       {"v8_int16", "int16", 8},
                 {"v4_int32", "int32", 4},       {"v2_int64", "int64", 2}};
    for (size_t k = 0; k < ARRAY_LEN(views); k++) {
        add(x, "<vector id=\"%s_t\" type=\"%s\" count=\"%u\"/>\n", views[k].field,
            views[k].type, views[k].count);
    }
    add(x, "<union id=\"vec128\">\n");
    for (size_t k = 0; k < ARRAY_LEN(views); k++) {
        add(x, "<field name=\"%s\" type=\"%s_t\"/>\n", views[k].field, views[k].field);
    }
    add(x, "<field name=\"uint128\" type=\"uint128\"/>\n</union>\n");
}

static void begin_feature(struct xml *x, enum feature f)
{
    static const char *const names[] = {
        [CORE] = "org.gnu.gdb.i386.core",
        [SSE] = "org.gnu.gdb.i386.sse",
        [SYSTEM] = "org.terrapin.i386.system",
    };
    add(x, "<feature name=\"%s\">\n", names[f]);
    switch (f) {
    case CORE: add_flags(x, "eflags", eflags, ARRAY_LEN(eflags)); break;
    case SSE:
        add_vectors(x);
        add_flags(x, "mxcsr", mxcsr, ARRAY_LEN(mxcsr));
        break;
    case SYSTEM:
        add_flags(x, "cr0", cr0, ARRAY_LEN(cr0));
        add_flags(x, "cr4", cr4, ARRAY_LEN(cr4));
        break;
    }
}

/* GDB takes the later of the architecture that it is told here and that of its file, or of `set
 * architecture`. So 16-bit code without a file is shown as such, i386 can be had at any time,
 * and a kernel's file decides for itself. No osabi: what runs here is no process of one. */
static const char *architecture(const struct machine *m)
{
    enum { CODE32 = 1 << 10 };
    uint64_t attr = 0;
    machine_reg_get(m, "cs.attr", &attr);
    return attr & CODE32 ? "i386" : "i8086";
}

char *gdb_target_xml(const struct machine *m, size_t *len)
{
    struct xml x = {.cap = 16384};
    x.text = malloc(x.cap);
    if (x.text == NULL) {
        return NULL;
    }
    add(&x,
        "<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n"
        "<target>\n<architecture>%s</architecture>\n<osabi>none</osabi>\n",
        architecture(m));
    for (unsigned n = 0; n < ARRAY_LEN(registers); n++) {
        const struct gdb_register *r = &registers[n];
        if (n == 0 || r->feature != registers[n - 1].feature) {
            add(&x, "%s", n == 0 ? "" : "</feature>\n");
            begin_feature(&x, r->feature);
        }
        add(&x, "<reg name=\"%s\" bitsize=\"%u\" type=\"%s\" regnum=\"%u\"", r->name,
            r->size * 8u, r->type, n);
        if (r->group != NULL) {
            add(&x, " group=\"%s\"", r->group);
        }
        add(&x, "/>\n");
    }
    add(&x, "</feature>\n</target>\n");
    *len = x.n;
    return x.text;
}
