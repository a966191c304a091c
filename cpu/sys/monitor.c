/* cpu/sys/monitor.c -- the trap side of trap-and-emulate: which body emulates which row, and
 * what the engine is told of the result.
 *
 * Every row of insn.def whose class is not USER must have a body emu_<body>() in this
 * directory; the table below does not link without it. Privileged rows are checked here, once
 * for all.
 */
#include "cpu/sys/sys.h"

// clang-format off
#define DECLARE_USER(b)
#define DECLARE_PRIV(b) extern emu_fn emu_##b;
#define DECLARE_IOPL(b) extern emu_fn emu_##b;
#define DECLARE_HOLE(b) extern emu_fn emu_##b;
#define DECLARE_GATE(b) extern emu_fn emu_##b;
#define INSN(id, code, body, shape, opn, cls, feat, rd, wr, un, props)        DECLARE_##cls(body)
#define INSG(id, code, digit, body, shape, opn, cls, feat, rd, wr, un, props) DECLARE_##cls(body)
#define INSR(id, code, digit, body, shape, opn, cls, feat, rd, wr, un, props)        DECLARE_##cls(body)
#define INSX(id, code, digit, rm, body, shape, opn, cls, feat, rd, wr, un, props) DECLARE_##cls(body)
#define INSV(id, code, digit, prefix, needs, body, shape, opn, feat, rd, wr, un, props)
#include "cpu/insn.def"
#undef INSN
#undef INSG
#undef INSR
#undef INSX
#undef INSV

#define EMU_USER(b) NULL
#define EMU_PRIV(b) emu_##b
#define EMU_IOPL(b) emu_##b
#define EMU_HOLE(b) emu_##b
#define EMU_GATE(b) emu_##b
#define INSN(id, code, body, shape, opn, cls, feat, rd, wr, un, props)        [I_##id] = EMU_##cls(body),
#define INSG(id, code, digit, body, shape, opn, cls, feat, rd, wr, un, props) [I_##id] = EMU_##cls(body),
#define INSR(id, code, digit, body, shape, opn, cls, feat, rd, wr, un, props)        [I_##id] = EMU_##cls(body),
#define INSX(id, code, digit, rm, body, shape, opn, cls, feat, rd, wr, un, props) [I_##id] = EMU_##cls(body),
#define INSV(id, code, digit, prefix, needs, body, shape, opn, feat, rd, wr, un, props) [I_##id] = emu_SIMD,
extern emu_fn emu_SIMD;
static emu_fn *const emu_table[I_COUNT] = {
#include "cpu/insn.def"
};
#undef INSN
#undef INSG
#undef INSR
#undef INSX
#undef INSV
// clang-format on

/* An opcode that does not exist is #UD before its privilege is looked at (SDM 3A table 6-2:
 * decoding comes first): MOV of CR1, 5, 6, 7, and of CR4 on a processor without. */
static bool names_nothing(const struct cpu *cpu, const struct insn *i, unsigned id)
{
    return (id == I_MOV_RdCd || id == I_MOV_CdRd) && !control_exists(cpu, i->a);
}

/* The processor that Popek and Goldberg would have wanted (-cpu MODEL,+popek): outside level 0
 * of protected mode each of the seventeen is privileged. IRET, which is none of them, apart. */
static bool popek_traps(const struct cpu *cpu, unsigned id)
{
    uint32_t feature = id == I_IRET ? FEAT_POPEK_IRET : FEAT_POPEK;
    return UNLIKELY(cpu->features & feature) && protected_mode(cpu) && cpl(cpu) != 0;
}

/* Sensitive, and not privileged. The laboratory looks on where the level is not 0. */
static enum verdict emulate_hole(struct cpu *cpu, const struct insn *i, unsigned id,
                                 struct census_site *site)
{
    uint32_t eflags = eflags_get(cpu);
    if (popek_traps(cpu, id)) {
        raise_gp(cpu, 0);
    }
    bool watched = UNLIKELY(cpu->sys->lab != NULL) && protected_mode(cpu) && cpl(cpu) != 0;
    if (watched) {
        cpu->sys->lab(cpu->sys->lab_ctx, insn_rows[id].name, insn_cold(cpu, i)->len, false);
    }
    enum verdict verdict = emu_table[id](cpu, i);
    census_judge(cpu, i, id, eflags, site);
    if (watched && cpu->sys->lab != NULL) {
        cpu->sys->lab(cpu->sys->lab_ctx, insn_rows[id].name, insn_cold(cpu, i)->len, true);
    }
    return verdict;
}

/* CPL is 0 in real mode and 3 in virtual-8086 mode, so one comparison serves all modes (SDM 3A
 * 5.9: privileged instructions). */
enum verdict monitor_emulate(struct cpu *cpu, const struct insn *i, unsigned id)
{
    struct census_site *site = census_count(cpu, id);
    cpu->stats.traps++;
    if (insn_rows[id].cls == CLASS_HOLE && UNLIKELY(sensitive_watched(cpu))) {
        return emulate_hole(cpu, i, id, site);
    }
    if (insn_rows[id].cls == CLASS_PRIV && cpl(cpu) != 0) {
        if (names_nothing(cpu, i, id)) {
            raise_ud(cpu);
        }
        raise_gp(cpu, 0);
    }
    return emu_table[id](cpu, i);
}

/* ---- what the engine sees */

/* A block starts at eip <= eip_max only if all of it is sure to lie inside CS: it spans less
 * than 256 bytes. In a segment smaller than that the run loop steps (cpu.c). */
static void update_limits(struct cpu *cpu)
{
    uint32_t limit = cpu->sys->seg[SEG_CS].limit;
    cpu->cs_limit = limit;
    cpu->eip_max = limit < 255 ? 0 : limit - 255;
    if (limit < 255) {
        engine_leave(cpu);
    }
}

void sys_update_flat(struct cpu *cpu)
{
    const uint8_t data = 1 << SEG_ES | 1 << SEG_SS | 1 << SEG_DS;
    const struct cpu_sys *sys = cpu->sys;
    uint32_t bits = 0;
    if (cpu->mode & MODE_PROT) {
        bits |= sys->whole & 1 << SEG_FS ? MODE_FS : 0;
        bits |= sys->whole & 1 << SEG_GS && cpu->mode & MODE_USER ? MODE_GS : 0;
        bits |= (sys->flat & data) == data && cpu->mode & MODE_STACK32 ? MODE_FLAT : 0;
    }
    cpu->mode = (cpu->mode & ~(uint32_t)(MODE_FLAT | MODE_FS | MODE_GS)) | bits;
}

void sys_update_code(struct cpu *cpu)
{
    const struct cpu_sys *sys = cpu->sys;
    cpu->mode = (sys->seg[SEG_CS].attr & ATTR_DB ? MODE_CODE32 : 0u) |
                (sys->seg[SEG_SS].attr & ATTR_DB ? MODE_STACK32 : 0u) |
                ((sys->cr0 & CR0_PE) && !vm86(cpu) ? MODE_PROT : 0u) |
                (sys->cpl == 3 ? MODE_USER : 0u) | x87_mode(cpu);
    sys_update_flat(cpu);
    update_limits(cpu);
    shadow_show(cpu);
    perf_update(cpu);
}

void sys_update(struct cpu *cpu)
{
    for (unsigned seg = 0; seg < SEG_COUNT; seg++) {
        seg_update(cpu, seg);
    }
    sys_update_code(cpu);
}

/* ---- EFLAGS: the arithmetic flags and DF are kept apart, for the engine */

uint32_t eflags_get(const struct cpu *cpu)
{
    return cpu->sys->eflags | FL_ONE | flags_get(&cpu->flags) | (cpu->df ? FL_DF : 0u);
}

/* Bits that this processor's EFLAGS has beside the arithmetic flags and DF. */
uint32_t eflags_bits(const struct cpu *cpu)
{
    return FL_TF | FL_IF | FL_IOPL | FL_NT | FL_RF | FL_VM |
           (cpu->features & FEAT_486 ? FL_AC : 0u) | (cpu->features & FEAT_CPUID ? FL_ID : 0u) |
           (cpu->features & FEAT_VME ? FL_VIF | FL_VIP : 0u);
}

void eflags_set(struct cpu *cpu, uint32_t v, uint32_t mask)
{
    struct cpu_sys *sys = cpu->sys;
    if (mask & FL_ARITH) {
        uint32_t keep = FL_ARITH & ~mask;
        flags_set(&cpu->flags, (v & mask) | (keep ? flags_get(&cpu->flags) & keep : 0u));
    }
    if (mask & FL_DF) {
        cpu->df = v & FL_DF ? 1 : 0;
    }
    mask &= eflags_bits(cpu);
    uint32_t old = sys->eflags;
    sys->eflags = (old & ~mask) | (v & mask);
    uint32_t changed = old ^ sys->eflags;
    if (changed & (FL_VM | FL_AC)) {
        sys_update(cpu);
    }
    bool wakes = (changed & sys->eflags & FL_IF) && sys->intr;
    if (wakes || (sys->eflags & (FL_TF | FL_RF))) {
        engine_leave(cpu); /* the run loop takes the interrupt, or steps */
    }
}

/* ---- helpers of the bodies: state is exact */

_Noreturn void raise_gp(struct cpu *cpu, uint32_t code)
{
    trap_raise(cpu, NULL, EXC_GP, code);
}

_Noreturn void raise_ud(struct cpu *cpu)
{
    trap_raise(cpu, NULL, EXC_UD, 0);
}

void umip_check(struct cpu *cpu)
{
    if ((cpu->sys->cr4 & CR4_UMIP) && cpl(cpu) != 0) {
        raise_gp(cpu, 0);
    }
}

uint32_t rm_read(struct cpu *cpu, const struct insn *i, unsigned size)
{
    if (!rm_is_mem(cpu, i)) {
        return size == 4 ? cpu->r[i->b] : reg16(cpu, i->b);
    }
    eaddr ea = insn_ea(cpu, i);
    return size == 4 ? lmem_r32(cpu, i, i->seg, ea) : lmem_r16(cpu, i, i->seg, ea);
}

void rm_write(struct cpu *cpu, const struct insn *i, uint32_t v, unsigned size)
{
    if (rm_is_mem(cpu, i)) {
        if (size == 4) {
            lmem_w32(cpu, i, i->seg, insn_ea(cpu, i), v);
        } else {
            lmem_w16(cpu, i, i->seg, insn_ea(cpu, i), v);
        }
    } else if (size == 4) {
        cpu->r[i->b] = v;
    } else {
        reg16_set(cpu, i->b, v);
    }
}
