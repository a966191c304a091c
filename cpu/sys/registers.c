/* cpu/sys/registers.c -- the registers by name that cpu_reg_get() has beside the common ones:
 *
 *   st0.m st0.se …      significand, sign and exponent of ST(n)
 *   fctrl fstat ftag    x87 words; fstat has TOP, ftag two bits a register
 *   fiseg fioff foseg fooff fop
 *   xmm0.lo xmm0.hi …   halves
 *   mxcsr efer
 *   cs.base cs.attr …   attr: descriptor bits 40 to 47, and from 8 on 52 to 55
 *   ldtr.base ldtr.limit tr.base tr.limit
 */
#include "cpu/sys/sys.h"

#include <string.h>

#include "cpu/simd.h"
#include "cpu/x87.h"

enum kind {
    ST_M,
    ST_SE,
    XMM_LO,
    XMM_HI,
    MXCSR,
    FCTRL,
    FSTAT,
    FTAG,
    FISEG,
    FIOFF,
    FOSEG,
    FOOFF,
    FOP,
    SEG_BASE,
    SEG_ATTR,
    LDT_BASE,
    LDT_LIMIT,
    TASK_BASE,
    TASK_LIMIT,
    EFER,
};

#define EIGHT(NAME, FIELD, KIND)                                                               \
    {NAME "0." FIELD, KIND, 0}, {NAME "1." FIELD, KIND, 1}, {NAME "2." FIELD, KIND, 2},        \
        {NAME "3." FIELD, KIND, 3}, {NAME "4." FIELD, KIND, 4}, {NAME "5." FIELD, KIND, 5},    \
        {NAME "6." FIELD, KIND, 6},                                                            \
    {                                                                                          \
        NAME "7." FIELD, KIND, 7                                                               \
    }

static const struct name {
    const char *name;
    uint8_t kind, n;
} names[] = {
    EIGHT("st", "m", ST_M),
    EIGHT("st", "se", ST_SE),
    EIGHT("xmm", "lo", XMM_LO),
    EIGHT("xmm", "hi", XMM_HI),
    {"mxcsr", MXCSR, 0},
    {"fctrl", FCTRL, 0},
    {"fstat", FSTAT, 0},
    {"ftag", FTAG, 0},
    {"fiseg", FISEG, 0},
    {"fioff", FIOFF, 0},
    {"foseg", FOSEG, 0},
    {"fooff", FOOFF, 0},
    {"fop", FOP, 0},
    {"es.base", SEG_BASE, SEG_ES},
    {"cs.base", SEG_BASE, SEG_CS},
    {"ss.base", SEG_BASE, SEG_SS},
    {"ds.base", SEG_BASE, SEG_DS},
    {"fs.base", SEG_BASE, SEG_FS},
    {"gs.base", SEG_BASE, SEG_GS},
    {"es.attr", SEG_ATTR, SEG_ES},
    {"cs.attr", SEG_ATTR, SEG_CS},
    {"ss.attr", SEG_ATTR, SEG_SS},
    {"ds.attr", SEG_ATTR, SEG_DS},
    {"fs.attr", SEG_ATTR, SEG_FS},
    {"gs.attr", SEG_ATTR, SEG_GS},
    {"ldtr.base", LDT_BASE, 0},
    {"ldtr.limit", LDT_LIMIT, 0},
    {"tr.base", TASK_BASE, 0},
    {"tr.limit", TASK_LIMIT, 0},
    {"efer", EFER, 0},
};

static const struct name *find(const char *name)
{
    for (unsigned n = 0; n < ARRAY_LEN(names); n++) {
        if (strcmp(names[n].name, name) == 0) {
            return &names[n];
        }
    }
    return NULL;
}

bool register_get(const struct cpu *cpu, const char *name, uint64_t *value)
{
    const struct name *r = find(name);
    const struct x87 *f = &cpu->x87;
    const struct cpu_sys *sys = cpu->sys;
    if (r == NULL) {
        return false;
    }
    switch ((enum kind)r->kind) {
    case ST_M: *value = f->reg[(f->top + r->n) & 7].m; break;
    case ST_SE: *value = f->reg[(f->top + r->n) & 7].se; break;
    case XMM_LO: *value = cpu->xmm[r->n].lo; break;
    case XMM_HI: *value = cpu->xmm[r->n].hi; break;
    case MXCSR: *value = cpu->mxcsr; break;
    case FCTRL: *value = f->control; break;
    case FSTAT: *value = x87_status_word(f); break;
    case FTAG: *value = x87_tag_word(f); break;
    case FISEG: *value = f->cs; break;
    case FIOFF: *value = f->ip; break;
    case FOSEG: *value = f->ds; break;
    case FOOFF: *value = f->dp; break;
    case FOP: *value = f->opcode; break;
    case SEG_BASE: *value = cpu->seg[r->n].base; break;
    case SEG_ATTR: *value = sys->seg[r->n].attr; break;
    case LDT_BASE: *value = sys->ldtr.base; break;
    case LDT_LIMIT: *value = sys->ldtr.limit; break;
    case TASK_BASE: *value = sys->tr.base; break;
    case TASK_LIMIT: *value = sys->tr.limit; break;
    case EFER: *value = sys->msr.efer; break;
    }
    return true;
}

/* ---- setting; what goes with a descriptor, or decides how code is read, is not settable */

static bool x87_word_set(struct cpu *cpu, enum kind kind, uint32_t v)
{
    struct x87 *f = &cpu->x87;
    switch (kind) {
    case FCTRL: x87_set_control(cpu, v); break;
    case FSTAT: x87_set_status(f, v); break;
    case FTAG: x87_set_tags(f, v); return true;
    case FISEG: f->cs = (uint16_t)v; return true;
    case FIOFF: f->ip = v; return true;
    case FOSEG: f->ds = (uint16_t)v; return true;
    case FOOFF: f->dp = v; return true;
    case FOP: f->opcode = v & 0x7FF; return true;
    default: return false;
    }
    x87_poked(cpu);
    return true;
}

bool register_set(struct cpu *cpu, const char *name, uint64_t value)
{
    const struct name *r = find(name);
    struct x87 *f = &cpu->x87;
    if (r == NULL) {
        return false;
    }
    switch ((enum kind)r->kind) {
    case ST_M: f->reg[(f->top + r->n) & 7].m = value; return true;
    case ST_SE: f->reg[(f->top + r->n) & 7].se = (uint16_t)value; return value <= UINT16_MAX;
    case XMM_LO: cpu->xmm[r->n].lo = value; return true;
    case XMM_HI: cpu->xmm[r->n].hi = value; return true;
    case MXCSR: cpu->mxcsr = (uint32_t)value & mxcsr_bits(cpu); return true;
    case SEG_BASE:
        cpu->seg[r->n].base = (uint32_t)value;
        seg_update(cpu, r->n);
        sys_update_flat(cpu);
        return value <= UINT32_MAX;
    default: return value <= UINT32_MAX && x87_word_set(cpu, r->kind, (uint32_t)value);
    }
}
