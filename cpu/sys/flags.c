/* cpu/sys/flags.c -- CLI STI PUSHF POPF: the flags that are not the program's own (SDM
 * 1 3.4.3).
 *
 * IOPL, IF, VM and the like decide what a program may do, yet PUSHF shows them and POPF drops
 * silently what it may not change: two of the holes that keep classic x86 from being
 * virtualized by trap-and-emulate (class HOLE in insn.def). CLI and STI, by contrast, fault.
 *
 * NOT IMPLEMENTED: virtual-8086 mode extensions and protected-mode virtual interrupts (CR4.VME,
 * PVI, EFLAGS.VIF, VIP); CPUID does not advertise them, CR4 refuses them.
 */
#include "cpu/sys/sys.h"

/* In real mode CPL and so the answer is 0; in virtual-8086 mode CPL is 3, which leaves IOPL 3.
 */
static bool may_change_if(const struct cpu *cpu)
{
    return cpl(cpu) <= iopl(cpu);
}

/* SDM 2A CLI */
EMULATE(CLI)
{
    (void)i;
    if (!may_change_if(cpu)) {
        raise_gp(cpu, 0);
    }
    eflags_set(cpu, 0, FL_IF);
    return RESUME;
}

/* SDM 2B STI: if interrupts were off, they stay off for one more instruction, so that STI; HLT
 * and STI; RET lose none. */
EMULATE(STI)
{
    (void)i;
    if (!may_change_if(cpu)) {
        raise_gp(cpu, 0);
    }
    if (!(cpu->sys->eflags & FL_IF)) {
        shadow_set(cpu, SHADOW_STI);
    }
    eflags_set(cpu, FL_IF, FL_IF);
    return RESUME;
}

/* In virtual-8086 mode both need IOPL 3 (SDM 3A 20.2.7: the instructions that IOPL gates
 * there). */
static void check_v86(struct cpu *cpu)
{
    if (vm86(cpu) && iopl(cpu) < 3) {
        raise_gp(cpu, 0);
    }
}

/* SDM 2B PUSHF: VM and RF read as 0 in the image. */
EMULATE(PUSHF)
{
    check_v86(cpu);
    uint32_t image = eflags_get(cpu) & ~(uint32_t)(FL_VM | FL_RF);
    if (op_size(insn_cold(cpu, i)) == 4) {
        push32(cpu, i, image);
    } else {
        push16(cpu, i, image);
    }
    return RESUME;
}

/* SDM 2B POPF, table 4-16: who may change what. Nothing of this faults. */
static uint32_t popf_mask(const struct cpu *cpu, unsigned size)
{
    uint32_t mask = FL_ARITH | FL_DF | FL_TF | FL_NT;
    if (may_change_if(cpu)) {
        mask |= FL_IF;
    }
    if (cpl(cpu) == 0) {
        mask |= FL_IOPL;
    }
    return size == 4 ? mask | FL_AC | FL_ID : mask;
}

EMULATE(POPF)
{
    unsigned size = op_size(insn_cold(cpu, i));
    uint32_t sp = cpu->r[ESP];
    check_v86(cpu);
    uint32_t image = size == 4 ? lmem_r32(cpu, i, SEG_SS, sp & stack_mask(cpu))
                               : lmem_r16(cpu, i, SEG_SS, sp & stack_mask(cpu));
    stack_set(cpu, sp + size);
    eflags_set(cpu, image, popf_mask(cpu, size));
    return RESUME;
}
