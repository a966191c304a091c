/* cpu/sys/x87.c -- who may use the x87, and how its exceptions reach software (SDM
 * 3A 2.5, 13.4; SDM 1 8.7, appendix D).
 *
 * The engine executes x87 instructions that sys_update() has made decodable: MODE_FPU. All
 * others come here: as long as CR0.EM or TS asks for a trap, while an unmasked exception waits
 * for somebody to see it (MODE_FPU_ERROR), or for ever, without an x87.
 *
 * CR0.NE = 1: a waiting instruction meets a pending exception by #MF. NE = 0, the PC's way: it
 * asserts FERR#, which the board turns into IRQ 13, and the processor freezes before that
 * instruction until an interrupt comes. The handler writes port F0h; the board answers with
 * IGNNE#, under which instructions execute in spite of the exception, until FERR# goes away
 * with it.
 *
 * FERR# is raised by the waiting instruction, as in Pentium and P6 processors, not by the one
 * that failed.
 */
#include "cpu/simd.h"

#include "cpu/sys/sys.h"
#include "cpu/x87.h"

static bool error_pending(const struct cpu *cpu)
{
    const struct cpu_sys *sys = cpu->sys;
    return (cpu->x87.status & X87_ES) && ((sys->cr0 & CR0_NE) || !sys->ignne);
}

uint32_t x87_mode(const struct cpu *cpu)
{
    if (!(cpu->features & FEAT_FPU) || (cpu->sys->cr0 & (CR0_EM | CR0_TS))) {
        return 0;
    }
    bool sse = (cpu->features & FEAT_SSE) && (cpu->sys->cr4 & CR4_OSFXSR);
    return MODE_FPU | (error_pending(cpu) ? MODE_FPU_ERROR : 0u) | (sse ? MODE_SSE : 0u);
}

static void ferr_set(struct cpu *cpu, bool level)
{
    if (cpu->sys->ferr != level) {
        cpu->sys->ferr = level;
        if (cpu->bus.ferr) {
            cpu->bus.ferr(cpu->bus.ctx, level);
        }
    }
}

void x87_error_changed(struct cpu *cpu, const struct insn *i)
{
    cpu->mode = (cpu->mode & ~(uint32_t)(MODE_FPU | MODE_FPU_ERROR | MODE_SSE)) | x87_mode(cpu);
    if (!(cpu->x87.status & X87_ES)) {
        *cpu->tick = cpu->now - insn_cold(cpu, i)->rest;
        ferr_set(cpu, false);
    }
    engine_divert(cpu, i);
}

/* Between instructions; what is pending is made known by the next one that waits. */
void x87_poked(struct cpu *cpu)
{
    struct x87 *f = &cpu->x87;
    bool now = x87_unmasked(cpu, f->status) != 0;
    f->status = (uint16_t)(f->status & ~(X87_ES | X87_BUSY));
    f->status |= now ? X87_ES | X87_BUSY : 0;
    if (!now) {
        ferr_set(cpu, false);
    }
    sys_update(cpu);
}

void cpu_set_ignne(struct cpu *cpu, bool level)
{
    if (cpu->sys->ignne != level) {
        cpu->sys->ignne = level;
        sys_update(cpu);
        engine_leave(cpu);
    }
}

/* What the reset pin does (SDM 3A table 9-1): registers are zero, not empty. */
void x87_reset(struct cpu *cpu)
{
    cpu->x87 = (struct x87){.control = X87_CONTROL_ONE, .full = 0xFF};
    ferr_set(cpu, false);
}

/* A waiting instruction meets a pending exception: #MF, or the freeze, which is HLT with EIP at
 * this instruction. */
static enum verdict report_error(struct cpu *cpu)
{
    struct cpu_sys *sys = cpu->sys;
    if (sys->cr0 & CR0_NE) {
        trap_raise(cpu, NULL, EXC_MF, 0);
    }
    debug_forget(cpu); /* nothing was executed that TF could follow */
    sys->activity = HALTED;
    engine_leave(cpu);
    ferr_set(cpu, true);
    return JUMPED;
}

/* SDM 2B WAIT: TS says that the coprocessor still belongs to another task. EM does not matter.
 */
EMULATE(WAIT)
{
    (void)i;
    uint32_t bits = CR0_MP | CR0_TS;
    if ((cpu->sys->cr0 & bits) == bits) {
        trap_raise(cpu, NULL, EXC_NM, 0);
    }
    return error_pending(cpu) ? report_error(cpu) : RESUME;
}

/* Without a coprocessor the bus stays silent, nothing is stored. Software finds that out by
 * FNINIT, FNSTSW, FNSTCW. */
EMULATE(ESC)
{
    (void)i;
    if (cpu->sys->cr0 & (CR0_EM | CR0_TS)) {
        trap_raise(cpu, NULL, EXC_NM, 0);
    }
    if (error_pending(cpu)) {
        return report_error(cpu);
    }
    note(cpu->notes, NOTE_cpu_fpu);
    return RESUME;
}

/* An MMX or SSE instruction that the mode bits do not let execute: why (SDM 3A 12.1, 13.1;
 * tables 22-4 to 22-9). FXSAVE and FXRSTOR belong to the x87's instructions, but mind no
 * pending exception. */
EMULATE(SIMD)
{
    const struct cpu_sys *sys = cpu->sys;
    unsigned needs = insn_rows[insn_cold(cpu, i)->id].needs;
    bool xmm = needs == NEEDS_SSE || needs == NEEDS_BOTH;
    if (needs != NEEDS_FXSR && ((sys->cr0 & CR0_EM) || (xmm && !(sys->cr4 & CR4_OSFXSR)))) {
        raise_ud(cpu);
    }
    if (sys->cr0 & (CR0_EM | CR0_TS)) {
        trap_raise(cpu, NULL, EXC_NM, 0);
    }
    return report_error(cpu);
}

/* SDM 3A 6.15 interrupt 19. State is that before the instruction, MXCSR's flags apart. */
_Noreturn void sse_error(struct cpu *cpu, const struct insn *i)
{
    trap_raise(cpu, i, cpu->sys->cr4 & CR4_OSXMMEXCPT ? EXC_XM : EXC_UD, 0);
}
