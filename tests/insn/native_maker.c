/* tests/insn/native_maker.c -- see native_maker.h. */
#include <stdlib.h>
#include <string.h>

#include "cpu/engine.h"
#include "tests/insn/native_maker.h"

bool row_is_named(const struct insn_row *row, const char *name)
{
    return strcmp(row->name, name) == 0;
}

/* Hygon's are AMD's, under another name that compilers do not know. */
enum maker { MAKER_AMD = 1, MAKER_INTEL = 2, MAKER_OTHER = 4 };

static enum maker host_maker(void)
{
    const char *told = getenv("TERRAPIN_NATIVE_MAKER");
    if (told != NULL) {
        return strcmp(told, "amd") == 0     ? MAKER_AMD
               : strcmp(told, "intel") == 0 ? MAKER_INTEL
                                            : MAKER_OTHER;
    }
#if defined(__x86_64__)
    __builtin_cpu_init();
    return __builtin_cpu_is("amd")     ? MAKER_AMD
           : __builtin_cpu_is("intel") ? MAKER_INTEL
                                       : MAKER_OTHER;
#else
    return MAKER_OTHER;
#endif
}

static enum maker maker(void)
{
    static enum maker m;
    m = m ? m : host_maker();
    return m;
}

bool maker_is_amd(void)
{
    return maker() == MAKER_AMD;
}

bool keeps_fip(void)
{
    return maker() == MAKER_INTEL;
}

/* ---- by instruction */

enum { ALL = MAKER_AMD | MAKER_INTEL | MAKER_OTHER, NOT_AMD = MAKER_INTEL | MAKER_OTHER };
enum { NOT_INTEL = MAKER_AMD | MAKER_OTHER };

static const struct {
    const char *name;
    unsigned makers, latitude;
} latitudes[] = {
    {"INSB", ALL, RIGHTS_FIRST},
    {"INSV", ALL, RIGHTS_FIRST},
    {"OUTSB", ALL, RIGHTS_FIRST},
    {"OUTSV", ALL, RIGHTS_FIRST},
    {"MOVSB", NOT_AMD, ORDER},
    {"MOVSV", NOT_AMD, ORDER},
    {"CMPSB", ALL, ORDER},
    {"CMPSV", ALL, ORDER},
    {"PUSH_Ev", NOT_AMD, ORDER},
    {"POP_Ev", NOT_AMD, ORDER},
    {"PUSHA", ALL, ORDER | STORED},
    {"POPA", ALL, ORDER | LOADED},
    {"ENTER", ALL, ORDER | STORED | PROBED},
    {"RETF", ALL, ORDER},
    {"RETF_Iw", ALL, ORDER},
    {"IRET", ALL, ORDER},
    {"CALL_Ap", ALL, ORDER | STORED},
    {"CALLF_M", ALL, ORDER | STORED},
    {"CALL_Jz", ALL, ORDER | STORED},
    {"CALL_Ev", ALL, ORDER | STORED},
    {"JMPF_M", NOT_AMD, ORDER},
    {"LES_GvM", NOT_AMD, ORDER},
    {"LDS_GvM", NOT_AMD, ORDER},
    {"LSS_GvM", NOT_AMD, ORDER},
    {"LFS_GvM", NOT_AMD, ORDER},
    {"LGS_GvM", NOT_AMD, ORDER},
    {"BOUND", NOT_AMD, ORDER},
    {"ARPL", ALL, UNCHANGED},
    {"CMPXCHG8B_M", NOT_AMD, UNALIGNED},
    {"FNSTENV", ALL, ORDER | STORED},
    {"FNSAVE", ALL, ORDER | STORED},
    {"FLDENV", ALL, ORDER | LOADED},
    {"FRSTOR", ALL, ORDER | LOADED},
    {"FXSAVE", ALL, ORDER | STORED},
    {"FXSAVE", NOT_AMD, UNALIGNED},
    {"FXRSTOR", ALL, ORDER | LOADED},
    {"FXRSTOR", NOT_AMD, UNALIGNED},
    {"FLD_m80", ALL, ORDER},
    {"FSTP_m80", ALL, ORDER | STORED},
    {"FBLD", ALL, ORDER},
    {"FBLD", NOT_AMD, UNALIGNED},
    {"FBSTP", ALL, ORDER | STORED},
    {"FBSTP", NOT_AMD, UNALIGNED},
    {"MASKMOVDQU", ALL, UNALIGNED | ORDER | STORED},
    {"MASKMOVQ", NOT_INTEL, MMX_FIRST},
    {"MASKMOVQ", NOT_AMD, UNALIGNED | ORDER | STORED},
    {"CVTPI2PS_VN", NOT_INTEL, MMX_FIRST},
    {"CVTPS2PI", NOT_INTEL, MMX_FIRST},
    {"CVTTPS2PI", NOT_INTEL, MMX_FIRST},
    {"CVTPD2PI", NOT_INTEL, MMX_FIRST},
    {"CVTTPD2PI", NOT_INTEL, MMX_FIRST},
    {"MOVUPS_VW", ALL, UNALIGNED},
    {"MOVUPS_WV", ALL, UNALIGNED},
    {"MOVUPD_VW", ALL, UNALIGNED},
    {"MOVUPD_WV", ALL, UNALIGNED},
    {"MOVDQU_VW", ALL, UNALIGNED},
    {"MOVDQU_WV", ALL, UNALIGNED},
    {"LDDQU", ALL, UNALIGNED},
    {"RCPPS", ALL, APPROXIMATE},
    {"RCPSS", ALL, APPROXIMATE},
    {"RSQRTPS", ALL, APPROXIMATE},
    {"RSQRTSS", ALL, APPROXIMATE},
};

unsigned latitude_of(const struct insn_row *row)
{
    unsigned l = 0;
    for (unsigned k = 0; k < ARRAY_LEN(latitudes); k++) {
        if (row_is_named(row, latitudes[k].name) && (latitudes[k].makers & maker())) {
            l |= latitudes[k].latitude;
        }
    }
    return l;
}

enum { PF_WRITE = 2 }; /* of its error code */

/* ---- by circumstances. AMD's processors and the engine agree about all of this. */

static bool one_each(const struct native_result *h, const struct native_result *g, unsigned a,
                     unsigned b)
{
    return (h->vector == a && g->vector == b) || (h->vector == b && g->vector == a);
}

void forget_int1(const struct native_case *c, const struct insn_row *row,
                 struct native_result *h, const struct native_result *g)
{
    if (row_is_named(row, "INT1") && h->vector == EXC_DB && h->eip == c->eip) {
        h->eip = g->eip;
    }
}

bool maker_orders_faults(const struct native_result *h, const struct native_result *g)
{
    if (maker_is_amd() || h->eip != g->eip) {
        return false;
    }
    if (one_each(h, g, EXC_PF, EXC_AC)) { /* SDM 3A table 6-2: both are of its last class */
        return true;
    }
    if (h->vector != EXC_PF || g->vector != EXC_PF) {
        return false;
    }
    /* Which page of an access that crosses into another, … */
    uint32_t apart = h->cr2 / NATIVE_PAGE - g->cr2 / NATIVE_PAGE;
    /* … and whether the load of what is going to be stored counts as a store, is not said. */
    return apart == 1 || apart == UINT32_MAX ||
           (h->cr2 == g->cr2 && (h->error ^ g->error) == PF_WRITE && (g->error & PF_WRITE));
}

static bool faults(const struct native_case *c, const struct native_result *r)
{
    return r->eip == c->eip && r->vector != EXC_DB && r->vector != EXC_BP;
}

static bool uses_flat(const struct native_case *c)
{
    for (unsigned k = 0; k < SEG_COUNT; k++) {
        if (c->sel[k] == ldt_selector(SEG_FLAT)) {
            return true;
        }
    }
    return false;
}

static bool may_lock(const struct insn_row *row, const struct insn_cold *cold)
{
    return cold->flags & CF_MEM && (cold->flags & CF_LOCK || (row->code & ~1u) == 0x86);
}

/* The last byte is the segment's last, too. */
static bool ends_with_segment(const struct native_case *c, const struct insn_cold *cold)
{
    return c->eip + cold->len == native_ldt[c->sel[SEG_CS] >> 3].limit + 1;
}

bool maker_may_fault(const struct native_case *c, const struct insn_row *row,
                     const struct insn_cold *cold, const struct native_result *h,
                     const struct native_result *g)
{
    if (maker_is_amd()) {
        /* Now and then a jump that is taken looks at what lies behind it first (family 1Ah in a
         * virtual machine, one in some thousands of such cases, and mostly not again). */
        return h->vector == EXC_GP && h->eip == c->eip && !faults(c, g) &&
               ends_with_segment(c, cold) && row_family(row) == FAMILY_CONTROL;
    }
    /* A locked access across lines of the cache: kernels may have it trapped. */
    if (may_lock(row, cold) && h->vector == EXC_AC && !(c->eflags & FL_AC)) {
        return true;
    }
    /* Accesses beyond FFFFFFFFh in a segment of 4 GiB fault, or wrap (SDM 3A 5.3). */
    if (uses_flat(c) && (one_each(h, g, EXC_PF, EXC_GP) || one_each(h, g, EXC_PF, EXC_SS))) {
        return true;
    }
    /* Shifted by 0, an operand in memory need not be stored again. */
    if (row_family(row) == FAMILY_SHIFT && faults(c, g) != faults(c, h)) {
        return shift_count(c, row, cold) == 0;
    }
    /* A store that an unmasked exception forbids need not have a good address. */
    return row->x87 && cold->flags & CF_MEM && faults(c, g) != faults(c, h) &&
           (h->fx[2] | g->fx[2]) & 0x80;
}
